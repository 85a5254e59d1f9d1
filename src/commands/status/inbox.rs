//! What lies in a model's inbox, as `status` tells it.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::files::inbox::REJECTED;
use crate::ui::line::one_line;
use crate::workflows::overview::Overview;
use crate::workflows::session::Session;
use crate::workflows::sweeping::places::{self, Outlook};

/// What lies in a model's inbox.
pub enum Inbox {
    /// The policy names none.
    None,
    /// It can't be looked into: why, in one line.
    Closed {
        folder: PathBuf,
        why: String,
    },
    Open(Outlook),
}

impl Inbox {
    pub fn of(session: &Session, model: &Overview) -> Self {
        let Some(folder) = places::inbox_of(&session.found, &session.policy(&model.model)) else {
            return Self::None;
        };
        match places::outlook(&folder) {
            Ok(outlook) => Self::Open(outlook),
            Err(error) => Self::Closed {
                why: one_line(&error.to_string()).into_owned(),
                folder,
            },
        }
    }

    pub fn data(&self) -> Value {
        let (folder, waiting, rejected) = match self {
            Self::None => return Value::Null,
            Self::Closed { folder, .. } => (folder, None, None),
            Self::Open(outlook) => (
                &outlook.folder,
                Some(outlook.waiting_count),
                Some(outlook.rejected_count),
            ),
        };
        json!({
            "path": folder.to_string_lossy(),
            "waiting_count": waiting,
            "rejected_count": rejected,
        })
    }

    /// Where somebody has to look, or the next run has work.
    pub fn text(&self) -> Option<String> {
        let outlook = match self {
            Self::None => return None,
            Self::Closed { why, .. } => return Some(why.clone()),
            Self::Open(outlook) => outlook,
        };
        let files = |count: usize| if count == 1 { "file" } else { "files" };
        let mut parts = Vec::new();
        let waiting = outlook.waiting_count;
        if waiting > 0 {
            let waits = if waiting == 1 { "waits" } else { "wait" };
            parts.push(format!("{waiting} {} {waits}", files(waiting)));
        }
        let rejected = outlook.rejected_count;
        if rejected > 0 {
            let place = outlook.folder.join(REJECTED);
            parts.push(format!(
                "{rejected} {} refused: {}",
                files(rejected),
                one_line(&place.display().to_string())
            ));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}
