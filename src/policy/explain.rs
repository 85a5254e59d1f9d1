//! What every key is set to and who set it, and the example file that shows them all.

use std::fmt::Write as _;

use super::channel_keys::CHANNEL_KEYS;
use super::channels::NOTIFY;
use super::diagnose::position;
use super::discover::{Discovered, Origin};
use super::document::Document;
use super::keys::{KEYS, Key, MODELS};
use crate::domain::names::{AliasName, ModelName};
use crate::domain::policy::{ModelPolicy, key_part};

/// One key, as `config show` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyValue {
    /// The key without `models.NAME.`: `check.window`.
    pub key: String,
    /// Without TOML's quotes; `None`: not written, and there is no default.
    pub value: Option<String>,
    pub origin: Origin,
    /// The key as the policy has it (`models.churn.check.window`) and its line, where the policy sets it.
    pub written: Option<(String, usize)>,
    /// What the value counts or names.
    pub unit: &'static str,
    /// What holds while there is no value.
    pub without: &'static str,
}

/// Every key that exists, in the order of the documentation, as it holds for `model`, or for a model that the
/// policy does not name.
#[must_use]
pub fn keys(discovered: &Discovered, model: Option<&ModelName>) -> Vec<KeyValue> {
    let policy = &discovered.policy;
    let rules = model.map_or_else(|| policy.common(), |model| policy.for_model(model));
    let own_name = model
        .and_then(|model| policy.overrides(model))
        .map(|(name, _)| name);
    let text = discovered.source_text.as_deref();
    let document = text.zip(discovered.policy_path.as_deref());
    let document = document.map(|(text, path)| Document::of(text, path));
    let row = |known: &Key, key: String, value: Option<String>| {
        let seen = document
            .as_ref()
            .and_then(|document| document.written(own_name, &key));
        let line = |at: usize| text.map_or(0, |text| position(text, at).0);
        KeyValue {
            key,
            value,
            origin: if seen.is_some() {
                Origin::Policy
            } else {
                Origin::Default
            },
            written: seen.map(|seen| (seen.name, line(seen.key_span.start))),
            unit: known.unit,
            without: known.without,
        }
    };
    let mut rows = Vec::new();
    for known in KEYS {
        let labelled = labelled(known, &rules);
        if !labelled.is_empty() {
            let labelled = labelled.into_iter();
            rows.extend(labelled.map(|(key, value)| row(known, key, Some(value))));
            continue;
        }
        let row = row(known, known.name.to_owned(), (known.show)(policy, &rules));
        rows.push(overruled(row, discovered));
    }
    for (index, channel) in policy.channels.iter().enumerate() {
        // What is secret is not read here; what is shown is where it is.
        let shown = CHANNEL_KEYS.iter().filter_map(|known| {
            let value = known.value(channel)?;
            Some(KeyValue {
                key: format!("{NOTIFY}[{}].{}", index + 1, known.name),
                value: Some(value),
                origin: Origin::Policy,
                written: None,
                unit: "",
                without: "",
            })
        });
        rows.extend(shown);
    }
    rows
}

/// The keys that one with a name of any kind stands for, and their values.
fn labelled(known: &Key, rules: &ModelPolicy) -> Vec<(String, String)> {
    match known.name {
        "columns.proba.LABEL" => {
            let classes = rules.columns.proba.iter();
            let key = |label: &str| format!("columns.proba.{}", key_part(label));
            classes
                .map(|(label, column)| (key(label), column.clone()))
                .collect()
        }
        "season.ALIAS" => {
            let key = |alias: &AliasName| format!("season.{}", key_part(alias.as_str()));
            let seasons = rules.season.by_day().into_iter();
            seasons
                .map(|(alias, from)| (key(alias), from.to_string()))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The same, where a flag or a variable has the last word.
fn overruled(row: KeyValue, discovered: &Discovered) -> KeyValue {
    let (value, origin) = match row.key.as_str() {
        "store.path" => (
            Some(discovered.store_path.display().to_string()),
            discovered.store_origin,
        ),
        "store.lock_timeout" => (
            Some(discovered.lock_timeout.to_string()),
            discovered.lock_timeout_origin,
        ),
        "default_model" => (
            discovered.model.as_ref().map(ToString::to_string),
            discovered.model_origin,
        ),
        _ => return row,
    };
    match origin {
        Origin::Default | Origin::Policy => row,
        Origin::Flag | Origin::Environment => KeyValue {
            value,
            origin,
            written: None,
            ..row
        },
    }
}

/// What the example file begins with.
const EXAMPLE_HEADER: &str = "\
# Every key of modelguard's policy with its reason, unit and default. Copy what you need into `modelguard.toml`.
# A key has a # without a blank before it: take that away to set it. As it stands, the file changes nothing, and the
# keys with a default are set to it; those without one are examples. A key that is not here is an error.
";

/// What it ends with.
const EXAMPLE_FOOTER: &str = "
# Any key of [columns], [check], [action], [ingest] and [season] for one model, over the common ones. A name
# with a dot needs quotes.
#[models.churn.check]
#threshold_pct = 10.0
";

/// The text of `modelguard.toml.example`.
#[must_use]
pub fn example() -> String {
    let mut out = EXAMPLE_HEADER.to_owned();
    let mut table = "";
    // Writing to a String can't fail.
    for key in KEYS {
        if key.table() != table {
            table = key.table();
            let _ = write!(out, "\n[{table}]");
        }
        let holds = match key.default {
            Some(default) => format!("Default: {default}."),
            None => format!("Without it: {}.", key.without),
        };
        out.push('\n');
        for text in [key.meaning, &format!("Unit: {}. {holds}", key.unit)] {
            for line in wrapped(text) {
                let _ = writeln!(out, "# {line}");
            }
        }
        let leaf = Key::exemplary(key.leaf());
        let _ = writeln!(out, "#{leaf} = {}", key.example);
    }
    debug_assert!(EXAMPLE_FOOTER.contains(MODELS));
    out.push_str(EXAMPLE_FOOTER);
    out
}

/// Lines of at most 110 characters.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + 1 + word.len() <= 110 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
