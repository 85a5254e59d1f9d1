//! Plans, asks, switches and reports: what promote, rollback, undo, redo and alias do alike.

use serde_json::{Value, json};

use super::Outcome;
use super::call::Call;
use super::consent;
use super::flags::LiveFlags;
use super::output::{Report, Screen};
use super::problems;
use crate::domain::names::AliasName;
use crate::domain::operation::OperationKind;
use crate::store::Access;
use crate::store::models::Model;
use crate::ui::problem::Problem;
use crate::workflows::session::Session;
use crate::workflows::switching::{self, Plan, Switched, Wish};

/// Does what a wish says, after it was agreed to; or shows what it would do.
///
/// # Errors
/// The wish can't be granted, nobody can be asked, or the store can't be written.
pub fn switch(
    call: &Call,
    session: &mut Session,
    model: &Model,
    alias: &AliasName,
    wish: &Wish,
    flags: &LiveFlags,
) -> Outcome {
    let now = session.now();
    let (plan, stack) = session
        .store
        .read(|tx| {
            let plan = switching::plan(tx, model, alias, wish, now)?;
            let stack = switching::stack_names(tx, &plan.after)?;
            Ok((plan, stack))
        })
        .map_err(|error| problems::switch(call, error))?;
    let unchanged = |plan, kept| Ending {
        switched: Switched {
            plan,
            operation: None,
            stack,
        },
        kept,
        reason: flags.reason.clone(),
        actor: session.author.actor.clone(),
        undo_command: None,
    };
    if !plan.changes {
        return Ok(Box::new(unchanged(plan, Kept::AlreadySo)));
    }
    if flags.dry_run {
        let text = consent::plan_text(call, &plan);
        return Ok(Box::new(unchanged(plan, Kept::DryRun(text))));
    }
    if !consent::agree_to_plan(call, &plan, flags)? {
        return Ok(Box::new(unchanged(plan, Kept::Refused)));
    }
    let switched = switching::carry_out(
        &mut session.store,
        &session.author,
        model,
        alias,
        wish,
        Some(&plan),
        flags.reason.clone(),
    )
    .map_err(|error| problems::switch(call, error))?;
    let undo_command = undo_command(call, &switched);
    Ok(Box::new(Ending {
        switched,
        kept: Kept::Changed,
        reason: flags.reason.clone(),
        actor: session.author.actor.clone(),
        undo_command,
    }))
}

/// Opens the store as the flags need it: a dry run only looks.
///
/// # Errors
/// The store can't be opened.
pub fn open(call: &Call, flags: &LiveFlags) -> Result<Session, Problem> {
    call.session(if flags.dry_run {
        Access::Read
    } else {
        Access::Write
    })
}

/// How a change is taken back: an undo by redo, everything else by undo.
pub fn undo_command(call: &Call, switched: &Switched) -> Option<String> {
    let operation = switched.operation?;
    Some(match switched.plan.kind {
        OperationKind::Undo => call.follow_up("redo"),
        OperationKind::Redo => call.follow_up("undo"),
        _ => call.follow_up(&format!("undo {operation}")),
    })
}

/// Why everything stayed as it was, or that it did not.
enum Kept {
    Changed,
    AlreadySo,
    Refused,
    /// With the plan.
    DryRun(String),
}

struct Ending {
    switched: Switched,
    kept: Kept,
    reason: Option<String>,
    actor: String,
    undo_command: Option<String>,
}

impl Report for Ending {
    fn schema(&self) -> &'static str {
        self.switched.plan.kind.name()
    }

    fn data(&self) -> Value {
        let mut data = switched_data(&self.switched, self.reason.as_deref(), &self.actor);
        data["undo_command"] = json!(self.undo_command);
        data["dry_run"] = json!(matches!(self.kept, Kept::DryRun(_)));
        data
    }

    fn text(&self, _: &Screen) -> String {
        let plan = &self.switched.plan;
        match &self.kept {
            Kept::Changed => {
                let undo = self.undo_command.as_deref().unwrap_or_default();
                format!("{}. undo: {undo}\n", sentence(plan))
            }
            Kept::AlreadySo => format!("{}; nothing was changed.\n", already(plan)),
            Kept::Refused => "Nothing changed.\n".to_owned(),
            Kept::DryRun(text) => format!("{text}Dry run: nothing was changed.\n"),
        }
    }
}

/// The JSON document of a change, without how to take it back.
pub fn switched_data(switched: &Switched, reason: Option<&str>, actor: &str) -> Value {
    let plan = &switched.plan;
    let name = |party: &Option<switching::Party>| {
        party.as_ref().map(|party| party.version.name.to_string())
    };
    let stack: Vec<_> = switched.stack.iter().map(ToString::to_string).collect();
    json!({
        "changed": switched.operation.is_some(),
        "model": plan.model.name.to_string(),
        "alias": plan.alias.to_string(),
        "from_version": name(&plan.from),
        "to_version": name(&plan.to),
        "stack": stack,
        "operation_id": switched.operation.map(|id| id.to_string()),
        "reason": reason,
        "actor": actor,
        "activation": [],
    })
}

/// What was done, without a full stop.
pub fn sentence(plan: &Plan) -> String {
    let name = |party: &Option<switching::Party>| {
        party.as_ref().map_or_else(
            || "nobody".to_owned(),
            |party| party.version.name.to_string(),
        )
    };
    let (from, to) = (name(&plan.from), name(&plan.to));
    let alias = &plan.alias;
    match plan.kind {
        OperationKind::Promote => format!("Promoted {to} (was {from})"),
        OperationKind::Rollback => format!("Rolled back to {to} (was {from})"),
        OperationKind::Undo if plan.to.is_none() => {
            format!("Undone: nobody holds @{alias} (was {from})")
        }
        OperationKind::Undo => format!("Undone: @{alias} is {to} again (was {from})"),
        OperationKind::Redo => format!("Redone: @{alias} is {to} again (was {from})"),
        OperationKind::AliasRemove => format!("Removed @{alias} (was {from})"),
        _ => format!("@{alias} is {to} now (was {from})"),
    }
}

fn already(plan: &Plan) -> String {
    match (&plan.kind, &plan.to) {
        (OperationKind::Undo, _) => "That is undone already".to_owned(),
        (_, Some(to)) => format!("{} holds @{} already", to.version.name, plan.alias),
        (_, None) => format!("Nobody holds @{}", plan.alias),
    }
}
