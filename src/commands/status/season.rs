//! Which season it is for a model and what that asks for, as `status` tells it.

use serde_json::{Value, json};

use crate::commands::call::Call;
use crate::commands::output::Screen;
use crate::workflows::seasons::Turn;

/// The season of this moment.
pub struct Now {
    turn: Turn,
    /// What makes its version live, or gives it one.
    command: String,
}

impl Now {
    /// `call`: of the season's model.
    pub fn of(call: &Call, turn: Turn) -> Self {
        Self {
            command: call.follow_up(&if turn.version.is_none() {
                format!("alias set {} REF", turn.season.alias)
            } else {
                "season apply --dry-run".to_owned()
            }),
            turn,
        }
    }

    fn is_due(&self) -> bool {
        self.turn.had.is_none()
    }

    pub fn data(&self) -> Value {
        let Turn {
            season,
            version,
            had,
            ..
        } = &self.turn;
        json!({
            "alias": season.alias.to_string(),
            "from_at": season.from.to_string(),
            "to_at": season.to.to_string(),
            "version": version.as_ref().map(|version| version.name.to_string()),
            "had_version": had.as_ref().map(|version| version.name.to_string()),
            "due": self.is_due(),
        })
    }

    /// `winter since 2026-11-01: 20260105 is to become live: `…``.
    pub fn text(&self, screen: &Screen) -> String {
        let turn = &self.turn;
        let alias = &turn.season.alias;
        let since = screen.times.show(turn.season.from.micros());
        let command = &self.command;
        let wants = match (&turn.had, &turn.version) {
            (Some(had), _) if Some(had) == turn.live.as_ref() => "its version is live".to_owned(),
            (Some(had), _) => format!("had its turn with {}", had.name),
            (None, None) => format!("nobody holds @{alias}: `{command}`"),
            (None, Some(version)) if turn.is_bad || version.retired_reason.is_some() => format!(
                "{} is not made live by itself, being {}",
                version.name,
                if turn.is_bad { "bad" } else { "retired" }
            ),
            (None, Some(version)) => {
                format!("{} is not live yet: `{command}`", version.name)
            }
        };
        format!("{alias} since {since}: {wants}")
    }
}
