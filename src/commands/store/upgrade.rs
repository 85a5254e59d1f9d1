//! `store upgrade`: brings a store of an older modelguard up to date, and keeps what it was.

use serde_json::{Value, json};

use crate::commands::Outcome;
use crate::commands::call::Call;
use crate::commands::output::{Report, Screen};
use crate::store::{Access, SCHEMA, backup_path};

/// Bring a store of an older modelguard up to date
///
/// Copies it to FILE.vN.bak first. Every other command that writes does the same by itself.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard store upgrade

Exit status: 0 done, or it was up to date; 1 the copy can't be written; 11 busy; 13 it needs a newer modelguard
Effect: records; changes the layout of the file")]
pub struct Args {}

pub fn run(call: &Call, _: &Args) -> Outcome {
    let session = call.open_session(Access::Write)?;
    let path = session.store.path();
    let from = session.store.upgraded_from();
    Ok(Box::new(Upgraded {
        path: path.display().to_string(),
        backup: from.map(|from| backup_path(path, from).display().to_string()),
        from,
    }))
}

struct Upgraded {
    path: String,
    /// `None`: it was up to date.
    from: Option<u32>,
    backup: Option<String>,
}

impl Report for Upgraded {
    fn schema(&self) -> &'static str {
        "store_upgrade"
    }

    fn data(&self) -> Value {
        json!({
            "changed": self.from.is_some(),
            "from_schema_id": self.from.unwrap_or(SCHEMA).to_string(),
            "to_schema_id": SCHEMA.to_string(),
            "backup_path": self.backup,
        })
    }

    fn text(&self, _: &Screen) -> String {
        let path = &self.path;
        match (self.from, &self.backup) {
            (Some(from), Some(backup)) => {
                format!("Upgraded {path} from layout {from} to {SCHEMA}; what it was is {backup}\n")
            }
            _ => format!("{path} has layout {SCHEMA}, which is the newest; nothing was changed.\n"),
        }
    }
}
