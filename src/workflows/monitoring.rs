//! Checks what is live and does what the policy says about it, in one transaction.

use serde_json::{Value, json};

use crate::domain::holders::OperationId;
use crate::domain::names::AliasName;
use crate::domain::operation::{Author, NewOperation, OperationKind};
use crate::domain::policy::{ModelPolicy, OnDegraded, TargetChoice};
use crate::domain::verdict::{AlertKind, Verdict};
use crate::judge::action::{Act, choose};
use crate::store::alerts;
use crate::store::models::Model;
use crate::store::versions::Version;
use crate::store::{Change, Store, StoreError, Tx, aliases, versions};

use super::announcing::{Audience, announce};
use super::judging::{JudgeError, Judgement, judge};
use super::recording::{self, Checked};
use super::switching::{self, Plan, Wish};

/// What came of the wish to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionStatus {
    /// There was none.
    None,
    Done,
    /// The alert has acted already.
    Refused,
    /// There is nowhere to go.
    Impossible,
    /// It would have been done.
    DryRun,
}

impl ActionStatus {
    /// The word for it in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Impossible => "impossible",
            Self::DryRun => "dry_run",
        }
    }
}

/// What was wanted and done about a verdict.
#[derive(Clone, Debug)]
pub struct Action {
    /// `None`: nothing, because the verdict is not degraded.
    pub wanted: Option<OnDegraded>,
    pub status: ActionStatus,
    /// Where it went, or would have.
    pub target: Option<Target>,
    /// The rollback.
    pub operation: Option<OperationId>,
}

/// A version to go back to.
#[derive(Clone, Debug)]
pub struct Target {
    pub version: Version,
    /// A check of it decided at some time.
    pub was_judged: bool,
    /// A check of it was made at some time, whether it decided or not.
    pub was_checked: bool,
}

/// What one run found and did about one model.
#[derive(Clone, Debug)]
pub struct Monitored {
    pub checked: Checked,
    pub action: Action,
}

impl Monitored {
    /// Whether something is otherwise than it was at the run before.
    #[must_use]
    pub fn is_news(&self) -> bool {
        self.checked.is_news || self.action.operation.is_some()
    }
}

/// Checks what is live and acts, or says with `dry_run` what it would do.
///
/// Verdict, alert, messages, alias and operation are one transaction, which reads who is live inside it: two runs at once act
/// once.
///
/// # Errors
/// A reference of the policy means no version, or the store can't be read or written.
pub fn monitor(
    store: &mut Store,
    author: &Author,
    model: &Model,
    policy: &ModelPolicy,
    audience: &Audience<'_>,
    dry_run: bool,
) -> Result<Monitored, JudgeError> {
    if dry_run {
        return store.read(|tx| {
            let judgement = judge(tx, model, policy, None, author.at)?;
            let mut action = intended(tx, &judgement, policy)?;
            if action.status == ActionStatus::Done {
                action.status = ActionStatus::DryRun;
            }
            Ok(Monitored {
                checked: recording::unrecorded(tx, judgement)?,
                action,
            })
        });
    }
    store.change(author, |tx| {
        let judgement = judge(tx, model, policy, None, author.at)?;
        let mut action = intended(tx, &judgement, policy)?;
        let operation = tx.next_operation()?;
        let plan = plan(tx, model, &action, author)?;
        let (mut checked, detail) = recording::recorded(tx, judgement, operation)?;
        let content = match plan {
            Some(plan) => {
                if let Some(alert) = checked.alert() {
                    alerts::set_acted(tx, alert, operation)?;
                }
                action.operation = Some(operation);
                let reason = recording::message(AlertKind::Degraded, &checked.judgement);
                plan.apply(tx, operation, Some(reason), detail)?
            }
            None => NewOperation {
                version: checked.judgement.version.as_ref().map(|version| version.id),
                detail: with_action(&detail, &action),
                ..NewOperation::recording(OperationKind::Check, model.id)
            },
        };
        checked.told = announce(tx, audience, author, &checked, Some(&action))?;
        Ok(Change::recorded(Monitored { checked, action }, content))
    })
}

fn plan(
    tx: &Tx<'_>,
    model: &Model,
    action: &Action,
    author: &Author,
) -> Result<Option<Plan>, JudgeError> {
    match (&action.target, action.wanted, action.status) {
        (Some(target), Some(OnDegraded::Rollback), ActionStatus::Done) => {
            let wish = Wish::RollBackTo(target.version.id);
            let production = AliasName::production();
            let mut plan = switching::plan(tx, model, &production, &wish, author.at)?;
            plan.leave_degraded();
            Ok(Some(plan))
        }
        _ => Ok(None),
    }
}

/// What has to be done about a judgement, as if it were done.
fn intended(
    tx: &Tx<'_>,
    judgement: &Judgement,
    policy: &ModelPolicy,
) -> Result<Action, StoreError> {
    let verdict = judgement.decision.verdict;
    let on_degraded = policy.action.on_degraded;
    let (Some(version), Verdict::Degraded) = (&judgement.version, verdict) else {
        return Ok(Action {
            wanted: None,
            status: ActionStatus::None,
            target: None,
            operation: None,
        });
    };
    let target = match on_degraded {
        OnDegraded::Alert => None,
        OnDegraded::Rollback => {
            let holders = aliases::holders(tx, judgement.model.id, &AliasName::production())?;
            let healthy_only = policy.action.target == TargetChoice::LastGood;
            switching::automatic_target(tx, &holders, healthy_only)?
        }
    };
    let has_acted = alerts::find(tx, version.id, AlertKind::Degraded)?
        .is_some_and(|alert| alert.acted_operation.is_some());
    let status = match choose(verdict, on_degraded, target, has_acted) {
        Act::Nothing => ActionStatus::None,
        Act::Alert | Act::GoBack(_) => ActionStatus::Done,
        Act::Impossible => ActionStatus::Impossible,
        Act::AlreadyActed => ActionStatus::Refused,
    };
    let target = match target {
        None => None,
        Some(id) => {
            let standing = versions::standing(tx, id)?;
            Some(Target {
                version: versions::get(tx, id)?,
                was_judged: standing.decided.is_some(),
                was_checked: standing.by_policy.is_some(),
            })
        }
    };
    Ok(Action {
        wanted: Some(on_degraded),
        status,
        target,
        operation: None,
    })
}

/// The detail of a check that was to act and did not says why.
fn with_action(detail: &str, action: &Action) -> String {
    if matches!(action.status, ActionStatus::None | ActionStatus::Done) {
        return detail.to_owned();
    }
    match serde_json::from_str::<Value>(detail) {
        Ok(mut detail) => {
            detail["action"] = json!(action.status.name());
            detail.to_string()
        }
        Err(_) => detail.to_owned(),
    }
}

#[cfg(test)]
mod tests;
