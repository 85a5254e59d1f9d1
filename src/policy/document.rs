//! Walks the policy's TOML: what each key says, where it stands, and which rules the whole breaks.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::channels::{self, NOTIFY};
use super::diagnose::{Mark, PolicyError, ProblemKind, position};
use super::keys::{KEYS, Key, MODELS, Reader};
use super::mask::{masked, without_addresses};
use super::suggest::similar;
use super::values::{Value, type_name};
use crate::domain::metric::Task;
use crate::domain::names::ModelName;
use crate::domain::policy::{Broken, Overrides, Policy, VersionRange, Violation, key_part};

/// The version of this modelguard, which `requires` speaks of.
const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");
/// A policy is written by hand; a larger file is something else.
pub(super) const MAX_BYTES: u64 = 1 << 20;

/// A policy as it was read, for who needs the places of its keys.
pub(super) struct Document<'a> {
    /// As it may be shown: without what a person took for the place of a secret.
    text: String,
    path: &'a Path,
    pub policy: Policy,
    pub seen: Vec<Seen>,
    /// Where the table of each channel of the policy begins, in their order.
    pub channel_spans: Vec<Range<usize>>,
    pub problems: Vec<PolicyError>,
    /// Keys whose list is there but for what could not be read.
    partly_read: Vec<String>,
}

/// A key that the text has.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// The key in full, as in `models.churn.check.window`.
    pub name: String,
    pub key_span: Range<usize>,
    pub value_span: Range<usize>,
    pub is_table: bool,
}

impl<'a> Document<'a> {
    /// Reads the text as this modelguard does.
    pub fn of(text: &'a str, path: &'a Path) -> Self {
        Self::read(text, path, TOOL_VERSION)
    }

    /// Reads the text as a modelguard of another version would.
    pub fn read(text: &'a str, path: &'a Path, tool_version: &str) -> Self {
        let mut document = Self {
            text: masked(text),
            path,
            policy: Policy::default(),
            seen: Vec::new(),
            channel_spans: Vec::new(),
            problems: Vec::new(),
            partly_read: Vec::new(),
        };
        if u64::try_from(text.len()).unwrap_or(u64::MAX) > MAX_BYTES {
            let message = format!(
                "the policy {} has {} bytes; at most {MAX_BYTES} are read",
                path.display(),
                text.len()
            );
            document
                .problems
                .push(PolicyError::new(ProblemKind::Syntax, path, message));
            return document;
        }
        match DeTable::parse(text) {
            Err(error) => document.not_toml(&error),
            Ok(table) => {
                if !document.requires_another(table.get_ref(), tool_version) {
                    document.walk(table.get_ref());
                }
            }
        }
        document
    }

    fn not_toml(&mut self, error: &toml::de::Error) {
        let message = error.message().trim().replace('\n', "; ");
        let problem = PolicyError::new(
            ProblemKind::Syntax,
            self.path,
            format!("this is not TOML: {message}"),
        );
        let span = error.span().unwrap_or(0..0);
        let note = String::new();
        self.problems
            .push(problem.at(&self.text, Mark { span, note }));
    }

    /// Looked at before all else, so that an old modelguard that meets a new key says which one is needed.
    fn requires_another(&mut self, table: &DeTable<'_>, tool_version: &str) -> bool {
        let Some(value) = table.get("requires") else {
            return false;
        };
        let range = value.get_ref().as_str();
        let Some((text, Ok(range))) = range.map(|text| (text, text.parse::<VersionRange>())) else {
            return false;
        };
        if range.allows(tool_version) {
            return false;
        }
        let message =
            format!("this policy requires modelguard {text}; this is modelguard {tool_version}");
        self.problem(
            ProblemKind::Requires,
            "requires",
            message,
            value.span(),
            Vec::new(),
        );
        true
    }

    fn walk(&mut self, table: &DeTable<'_>) {
        let mut common = Overrides::default();
        self.table(table, "", "", &mut common);
        let rules = self.policy.common().with(&common);
        self.policy.columns = rules.columns;
        self.policy.check = rules.check;
        self.policy.action = rules.action;
        self.policy.ingest = rules.ingest;
        self.policy.season = rules.season;
        for violation in self.policy.violations() {
            self.violation(violation);
        }
        self.problems
            .sort_by_key(|problem| problem.span().map_or(0, |span| span.start));
    }

    /// Reads a table: `within` is where it lies among the keys (`check`), `prefix` what stands before that in the
    /// file (`models.churn.`).
    fn table(&mut self, table: &DeTable<'_>, prefix: &str, within: &str, written: &mut Overrides) {
        for (key, value) in table {
            let part = key.get_ref();
            let inner = if within.is_empty() {
                key_part(part)
            } else {
                format!("{within}.{}", key_part(part))
            };
            let name = format!("{prefix}{inner}");
            self.note(&name, key.span(), value);
            let per_model = !prefix.is_empty();
            if !per_model && inner == MODELS {
                self.models(value);
            } else if !per_model && inner == NOTIFY {
                self.channels(value);
            } else if let Some(known) = find(&inner, within, per_model) {
                self.key(known, &name, part, key.span(), value, written);
            } else if is_table(&inner, per_model) {
                match value.get_ref().as_table() {
                    Some(table) => self.table(table, prefix, &inner, written),
                    None => self.not_a_table(&name, value),
                }
            } else {
                self.unknown(&name, prefix, within, part, key.span());
            }
        }
    }

    fn models(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some(models) = value.get_ref().as_table() else {
            return self.not_a_table(MODELS, value);
        };
        for (key, value) in models {
            let model = key.get_ref();
            let name = format!("{MODELS}.{}", key_part(model));
            self.note(&name, key.span(), value);
            let mut written = Overrides::default();
            match value.get_ref().as_table() {
                Some(table) => self.table(table, &format!("{name}."), "", &mut written),
                None => self.not_a_table(&name, value),
            }
            match model.parse::<ModelName>() {
                Ok(model) => {
                    self.policy.models.insert(model, written);
                }
                Err(error) => {
                    self.problem(
                        ProblemKind::BadValue,
                        &name,
                        error.to_string(),
                        key.span(),
                        Vec::new(),
                    );
                }
            }
        }
    }

    fn channels(&mut self, value: &Spanned<DeValue<'_>>) {
        let mut faults = Vec::new();
        let read = channels::read(value, &mut faults);
        (self.policy.channels, self.channel_spans) = read.into_iter().unzip();
        for fault in faults {
            let kind = if fault.is_unknown_key {
                ProblemKind::UnknownKey
            } else {
                ProblemKind::BadValue
            };
            self.problem(kind, NOTIFY, fault.message, fault.span, fault.suggestion);
        }
    }

    fn note(&mut self, name: &str, key_span: Range<usize>, value: &Spanned<DeValue<'_>>) {
        self.seen.push(Seen {
            name: name.to_owned(),
            key_span,
            value_span: value.span(),
            is_table: value.get_ref().is_table(),
        });
    }

    fn key(
        &mut self,
        known: &Key,
        name: &str,
        part: &str,
        key_span: Range<usize>,
        value: &Spanned<DeValue<'_>>,
        written: &mut Overrides,
    ) {
        let result = match known.read {
            Reader::Whole(read) => read(&mut self.policy, &Value(value)),
            Reader::Model(read) => read(written, &Value(value)),
            Reader::Labelled(_) if part.is_empty() => {
                let message = format!("`{name}` has an empty name");
                return self.problem(ProblemKind::BadValue, name, message, key_span, Vec::new());
            }
            Reader::Labelled(read) => read(written, part, &Value(value)),
        };
        let Err(mut wrong) = result else { return };
        if wrong.is_partial {
            self.partly_read.push(name.to_owned());
        }
        let others = std::mem::take(&mut wrong.others);
        for wrong in std::iter::once(wrong).chain(others) {
            let blank = if wrong.message.starts_with(':') {
                ""
            } else {
                " "
            };
            let message = format!("`{name}`{blank}{}", wrong.message);
            self.problem(
                ProblemKind::BadValue,
                name,
                message,
                wrong.span,
                wrong.suggestion,
            );
        }
    }

    fn not_a_table(&mut self, name: &str, value: &Spanned<DeValue<'_>>) {
        let message = format!(
            "`{name}` is a table, written [{name}], not {}",
            type_name(value.get_ref())
        );
        self.problem(
            ProblemKind::BadValue,
            name,
            message,
            value.span(),
            Vec::new(),
        );
    }

    fn unknown(&mut self, name: &str, prefix: &str, within: &str, part: &str, span: Range<usize>) {
        let suggestion = similar(prefix, within, part);
        let place = format!("{prefix}{within}");
        let place = place.trim_end_matches('.');
        let is_common = !prefix.is_empty() && within.is_empty() && is_known(part);
        let suggestion = if is_common { Vec::new() } else { suggestion };
        let part = key_part(part);
        let message = if is_common {
            format!("`{part}` holds for all models and can't stand in [{place}]")
        } else if place.is_empty() {
            format!("unknown key `{part}`")
        } else {
            format!("unknown key `{part}` in [{place}]")
        };
        self.problem(ProblemKind::UnknownKey, name, message, span, suggestion);
    }

    fn problem(
        &mut self,
        kind: ProblemKind,
        key: &str,
        message: String,
        span: Range<usize>,
        suggestion: Vec<String>,
    ) {
        let mut problem = PolicyError::new(kind, self.path, without_addresses(&message));
        problem.key = Some(key.to_owned());
        let note = match suggestion.as_slice() {
            [] => String::new(),
            words => {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("did you mean {}?", words.join(" or "))
            }
        };
        problem.suggestion = suggestion;
        self.problems
            .push(problem.at(&self.text, Mark { span, note }));
    }

    /// A broken rule is shown at the key that was written; what was not written is a default and has no place.
    fn violation(&mut self, Violation { model, broken }: Violation) {
        let Broken {
            key,
            other,
            message,
        } = broken;
        let place = |key: &str| self.written(model.as_ref(), key);
        let (first, second) = (place(&key), other.as_deref().and_then(place));
        let failed = |seen: &Option<Seen>| {
            let failed = |name| {
                self.problems
                    .iter()
                    .any(|p| p.kind != ProblemKind::Clash && p.key.as_ref() == Some(name))
            };
            let name = seen.as_ref().map(|seen| &seen.name);
            name.is_some_and(|name| failed(name) && !self.partly_read.contains(name))
        };
        // A value that could not be read left its default behind, which clashes with nothing that was meant.
        if failed(&first) || failed(&second) {
            return;
        }
        let kind = if other.is_some() {
            ProblemKind::Clash
        } else {
            ProblemKind::BadValue
        };
        let message = without_addresses(&format!("`{key}` {message}"));
        let mut problem = PolicyError::new(kind, self.path, message);
        let span = |seen: Seen| match seen.is_table {
            true => seen.key_span,
            false => seen.value_span,
        };
        let (seen, other) = match (first, second) {
            (Some(first), second) => (first, second),
            (None, Some(second)) => (second, None),
            (None, None) => return self.problems.push(problem),
        };
        problem.key = Some(seen.name.clone());
        let note = other.map_or_else(String::new, |other| {
            format!(
                "clashes with line {}",
                position(&self.text, span(other).start).0
            )
        });
        let mark = Mark {
            span: span(seen),
            note,
        };
        self.problems.push(problem.at(&self.text, mark));
    }

    /// The metrics of the other task that the rules for `model` name.
    pub fn judge_task(&mut self, model: &ModelName, task: Task) {
        let own_name = self.policy.overrides(model).map(|(name, _)| name.clone());
        for broken in self.policy.for_model(model).broken_for(task) {
            self.violation(Violation {
                model: own_name.clone(),
                broken,
            });
        }
    }

    /// Where the value of a key comes from: the model's own table, else the common one.
    pub fn written(&self, model: Option<&ModelName>, key: &str) -> Option<Seen> {
        let find = |name: &str| self.seen.iter().find(|seen| seen.name == name).cloned();
        let prefix = model.map(|model| format!("{MODELS}.{}.{key}", key_part(model.as_str())));
        prefix.and_then(|own| find(&own)).or_else(|| find(key))
    }
}

/// The key of that name; `within` matters for a key that stands for any label.
fn find(inner: &str, within: &str, per_model: bool) -> Option<&'static Key> {
    KEYS.iter()
        .filter(|key| key.is_per_model() || !per_model)
        .find(|key| match key.read {
            Reader::Labelled(_) => key
                .name
                .rsplit_once('.')
                .is_some_and(|(table, _)| table == within),
            Reader::Whole(_) | Reader::Model(_) => key.name == inner,
        })
}

/// Whether a key or table of that name stands at the top of the file.
fn is_known(part: &str) -> bool {
    part == NOTIFY || find(part, "", false).is_some() || is_table(part, false)
}

fn is_table(inner: &str, per_model: bool) -> bool {
    KEYS.iter()
        .filter(|key| key.is_per_model() || !per_model)
        .any(|key| {
            key.name
                .strip_prefix(inner)
                .is_some_and(|rest| rest.starts_with('.'))
        })
}
