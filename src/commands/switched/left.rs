//! Says that the version that was to be left had been left before.

use serde_json::{Value, json};

use crate::commands::output::{Report, Screen};
use crate::domain::names::PRODUCTION;
use crate::domain::names::VersionName;
use crate::domain::operation::OperationKind;

/// Another version than the one that was meant holds the alias.
pub struct Left {
    pub kind: OperationKind,
    pub model: String,
    pub alias: String,
    /// Who was meant.
    pub given: String,
    /// Everybody who holds the alias, the lowest first.
    pub stack: Vec<VersionName>,
    pub actor: String,
    pub reason: Option<String>,
    pub dry_run: bool,
}

impl Report for Left {
    fn schema(&self) -> &'static str {
        self.kind.name()
    }

    fn data(&self) -> Value {
        let stack: Vec<_> = self.stack.iter().map(ToString::to_string).collect();
        let holder = stack.last();
        json!({
            "changed": false,
            "model": self.model,
            "alias": self.alias,
            "from_version": holder,
            "to_version": holder,
            "stack": stack,
            "operation_id": null,
            "reason": self.reason,
            "actor": self.actor,
            "activation": [],
            "undo_command": null,
            "dry_run": self.dry_run,
        })
    }

    fn text(&self, _: &Screen) -> String {
        let lost = if self.alias == PRODUCTION {
            "is not live".to_owned()
        } else {
            format!("does not hold @{}", self.alias)
        };
        format!("{} {lost} any more; nothing changed.\n", self.given)
    }
}
