//! Which models the policy names that the store does not have: a mistyped name sets rules for nobody.

use std::path::Path;

use super::channels::NOTIFY;
use super::diagnose::position;
use super::document::Document;
use super::keys::MODELS;
use crate::domain::names::ModelName;
use crate::domain::nearest::{edits, nearest};
use crate::domain::policy::{Policy, key_part};

/// A place of the policy that names a model which is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// The key in full: `models.chrun`.
    pub key: String,
    /// The line of the key, from 1; of a channel that of its table.
    pub line: Option<usize>,
    /// A sentence that names the place, the model and what was perhaps meant.
    pub message: String,
}

/// Every place of a good policy that names another model than these; none where there is no model yet. Names are
/// compared without regard to case.
#[must_use]
pub fn strangers(text: &str, path: &Path, known: &[&ModelName]) -> Vec<Stranger> {
    let document = Document::of(text, path);
    if known.is_empty() {
        return Vec::new();
    }
    let line_of = |at: usize| position(text, at).0;
    let key_line = |key: &str| {
        let seen = document.written(None, key)?;
        Some(line_of(seen.key_span.start))
    };
    let mut found: Vec<_> = named(&document.policy)
        .into_iter()
        .filter(|place| !known.iter().any(|model| same(model, place.model)))
        .map(|place| {
            let line = match place.channel {
                Some(index) => document
                    .channel_spans
                    .get(index)
                    .map(|span| line_of(span.start)),
                None => key_line(&place.key),
            };
            Stranger {
                message: told(&place, line, path, known),
                line,
                key: place.key,
            }
        })
        .collect();
    found.sort_by_key(|stranger| stranger.line);
    found
}

/// One place that names a model.
struct Place<'a> {
    key: String,
    /// As it is said: `[models.chrun]`.
    shown: String,
    model: &'a ModelName,
    /// Which channel's filter it is.
    channel: Option<usize>,
}

fn named(policy: &Policy) -> Vec<Place<'_>> {
    let mut places = Vec::new();
    places.extend(policy.default_model.iter().map(|model| Place {
        key: "default_model".to_owned(),
        shown: "default_model".to_owned(),
        model,
        channel: None,
    }));
    places.extend(policy.models.keys().map(|model| {
        let key = format!("{MODELS}.{}", key_part(model.as_str()));
        Place {
            shown: format!("[{key}]"),
            key,
            model,
            channel: None,
        }
    }));
    for (index, channel) in policy.channels.iter().enumerate() {
        let models = channel.passes.models.iter().flatten();
        places.extend(models.map(|model| Place {
            key: format!("{NOTIFY}[{}].models", index + 1),
            shown: format!("the channel {}", channel.name),
            model,
            channel: Some(index),
        }));
    }
    places
}

fn told(place: &Place<'_>, line: Option<usize>, path: &Path, known: &[&ModelName]) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let line = line.map_or_else(String::new, |line| format!(":{line}"));
    let given = place.model.as_str().to_ascii_lowercase();
    // Of a short name nearly every other one is two letters away.
    let near = nearest(known, |model| {
        edits(&given, &model.as_str().to_ascii_lowercase()).filter(|edits| edits * 2 <= given.len())
    });
    let near: Vec<_> = near.into_iter().map(|model| model.as_str()).collect();
    let meant = match near.as_slice() {
        [] => String::new(),
        near => format!("; did you mean {}?", near.join(" or ")),
    };
    format!(
        "{file}{line}: {} names the model {}, which the store does not have{meant}",
        place.shown, place.model
    )
}

fn same(one: &ModelName, other: &ModelName) -> bool {
    one.as_str().eq_ignore_ascii_case(other.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, known: &[&str]) -> Vec<(String, Option<usize>, String)> {
        let known: Vec<ModelName> = known.iter().map(|name| name.parse().unwrap()).collect();
        let known: Vec<_> = known.iter().collect();
        let found = strangers(text, Path::new("dir/modelguard.toml"), &known).into_iter();
        found
            .map(|stranger| (stranger.key, stranger.line, stranger.message))
            .collect()
    }

    #[test]
    fn each_place_that_names_nobody_is_said_with_its_line_and_who_was_meant() {
        let text = "default_model = \"chrun\"\n\n[models.chrun.check]\nthreshold_pct = 3\n\n\
                    [[notify]]\nkind = \"file\"\npath = \"a.jsonl\"\nmodels = [\"churn\", \"xy\"]\n";
        let place = |key: &str, line, message: &str| {
            let message = format!("modelguard.toml:{line}: {message}");
            (key.to_owned(), Some(line), message)
        };
        assert_eq!(
            found(text, &["churn", "ab"]),
            [
                place(
                    "default_model",
                    1,
                    "default_model names the model chrun, which the store does not have; did you mean churn?"
                ),
                place(
                    "models.chrun",
                    3,
                    "[models.chrun] names the model chrun, which the store does not have; did you mean churn?"
                ),
                place(
                    "notify[1].models",
                    6,
                    "the channel file names the model xy, which the store does not have"
                ),
            ]
        );
    }

    #[test]
    fn case_parts_no_names_and_a_store_without_models_knows_none() {
        let text = "default_model = \"Churn\"\n[models.CHURN.check]\nmin_rows = 300\n";
        assert_eq!(found(text, &["churn"]), []);
        assert_eq!(found(text, &[]), []);
        assert_eq!(found(text, &["prices"]).len(), 2);
    }
}
