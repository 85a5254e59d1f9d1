//! One model of a run of `monitor`: what came of it, as JSON and as an exit status.

use serde_json::{Value, json};

use super::inbox::Inbox;
use crate::commands::{judged, messages, swept};
use crate::domain::policy::OnDegraded;
use crate::domain::verdict::Verdict;
use crate::ui::exit::ExitStatus;
use crate::ui::problem::Problem;
use crate::workflows::delivering::Sent;
use crate::workflows::monitoring::{ActionStatus, Monitored};

/// One model and what came of it.
pub struct One {
    pub model: String,
    pub inbox: Inbox,
    pub result: Result<Box<Monitored>, Problem>,
    pub advice: String,
    /// How to go back by hand.
    pub rollback: String,
    pub undo_command: Option<String>,
}

impl One {
    pub fn exit(&self) -> ExitStatus {
        match &self.result {
            Err(problem) => problem.exit,
            Ok(monitored) => match (monitored.action.wanted, monitored.action.status) {
                (Some(OnDegraded::Rollback), ActionStatus::Done) => ExitStatus::Acted,
                (_, ActionStatus::Impossible) => ExitStatus::Blocked,
                _ => judged::exit_of(monitored.checked.judgement.decision.verdict),
            },
        }
    }

    pub fn data(&self, sent: &[Sent]) -> Value {
        let monitored = match &self.result {
            Ok(monitored) => monitored,
            Err(problem) => {
                return json!({
                    "model": self.model,
                    "exit_code": self.exit().code(),
                    "inbox": swept::data(&self.inbox.swept),
                    "check": null,
                    "helps": null,
                    "action": null,
                    "alerts": swept::alerts(&self.inbox.swept, sent),
                    "error": problem.to_json(),
                });
            }
        };
        let action = &monitored.action;
        let live = monitored.checked.judgement.version.as_ref();
        let mut alerts = swept::alerts(&self.inbox.swept, sent);
        alerts.extend(monitored.checked.alerts.iter().map(|touched| {
            json!({
                "alert_id": touched.id.map(|id| id.to_string()),
                "kind": touched.kind.name(),
                "state": touched.news.name(),
                "deliveries": messages::told_data(sent, &monitored.checked.told, touched.id),
            })
        }));
        json!({
            "model": self.model,
            "exit_code": self.exit().code(),
            "inbox": swept::data(&self.inbox.swept),
            "check": judged::check_data(&monitored.checked),
            "helps": null,
            "action": {
                "wanted": action.wanted.map_or("none", OnDegraded::name),
                "status": action.status.name(),
                "refused_by": (action.status == ActionStatus::Refused).then_some("already_acted"),
                "from_version": live.map(|version| version.name.to_string()),
                "to_version": action.target.as_ref().map(|target| target.version.name.to_string()),
                "to_was_judged": action.target.as_ref().map(|target| target.was_judged),
                "operation_id": action.operation.map(|operation| operation.to_string()),
                "undo_command": self.undo_command,
                "activation": [],
            },
            "alerts": alerts,
            "error": null,
        })
    }

    pub fn verdict(&self) -> Option<Verdict> {
        let monitored = self.result.as_ref().ok()?;
        Some(monitored.checked.judgement.decision.verdict)
    }
}
