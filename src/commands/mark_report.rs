//! How `tag` and `retire` report the version that they marked.

use serde_json::{Value, json};

use super::call::Call;
use super::output::{Report, Screen};
use super::problems;
use crate::store::models::Model;
use crate::ui::line::one_line;
use crate::ui::problem::Problem;
use crate::workflows::marking::{MarkError, Marked};

/// A version that was marked, or was so before.
pub struct Marking {
    schema: &'static str,
    model: String,
    marked: Marked,
}

impl Marking {
    pub fn new(schema: &'static str, model: &Model, marked: Marked) -> Self {
        Self {
            schema,
            model: model.name.to_string(),
            marked,
        }
    }

    fn sentence(&self) -> String {
        let version = &self.marked.version;
        let name = &version.name;
        if self.marked.operation.is_none() {
            return format!("{name} is so already; nothing was changed.");
        }
        match (self.schema, &version.retired_reason) {
            ("retire", Some(reason)) => format!("Retired {name}: {}", one_line(reason)),
            ("retire", None) => format!("{name} is not retired any more."),
            _ => {
                let tags = version.metadata.tags.iter();
                let tags: Vec<_> = tags.map(|(key, value)| format!("{key}={value}")).collect();
                let tags = if tags.is_empty() {
                    "no tags".to_owned()
                } else {
                    tags.join(" ")
                };
                let note = version.metadata.note.as_ref();
                let note = note.map_or_else(String::new, |note| format!("; note: {note}"));
                format!("Tagged {name}: {}", one_line(&format!("{tags}{note}")))
            }
        }
    }
}

impl Report for Marking {
    fn schema(&self) -> &'static str {
        self.schema
    }

    fn data(&self) -> Value {
        let version = &self.marked.version;
        json!({
            "changed": self.marked.operation.is_some(),
            "model": self.model,
            "version": version.name.to_string(),
            "retired": version.retired_reason.is_some(),
            "reason": version.retired_reason,
            "tags": version.metadata.tags,
            "note": version.metadata.note,
            "operation_id": self.marked.operation.map(|id| id.to_string()),
        })
    }

    fn text(&self, _: &Screen) -> String {
        self.sentence() + "\n"
    }
}

/// Why a version can't be marked.
pub fn problem(call: &Call, error: MarkError) -> Problem {
    let message = error.to_string();
    match error {
        MarkError::IsLive { .. } => Problem::new("MG0603", message).hint(format!(
            "make another one live first: `{}`; `{}` lists all",
            call.follow_up("promote REF"),
            call.follow_up("history")
        )),
        MarkError::Naming(error) => problems::naming(call, error),
    }
}
