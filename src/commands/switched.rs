//! Plans, asks, switches and reports: what promote, rollback, undo, redo and alias do alike.

mod left;

use serde_json::{Value, json};

use super::Outcome;
use super::call::Call;
use super::consent;
use super::flags::LiveFlags;
use super::output::{Report, Screen, Warning};
use super::problems;
use crate::domain::names::AliasName;
use crate::domain::operation::OperationKind;
use crate::store::models::Model;
use crate::store::versions::Version;
use crate::store::{Access, aliases};
use crate::ui::exit::ExitStatus;
use crate::ui::problem::Problem;
use crate::workflows::session::Session;
use crate::workflows::switching::{self, Plan, SwitchError, Switched, Wish};
use left::Left;

/// Why a wish was not granted.
pub enum Unswitched {
    /// Somebody else changed who holds the alias after the plan was made.
    Overtaken(Problem),
    Otherwise(Problem),
}

impl From<Problem> for Unswitched {
    fn from(problem: Problem) -> Self {
        Self::Otherwise(problem)
    }
}

impl From<Unswitched> for Problem {
    fn from(reason: Unswitched) -> Self {
        match reason {
            Unswitched::Overtaken(problem) | Unswitched::Otherwise(problem) => problem,
        }
    }
}

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
    Ok(try_switch(call, session, model, alias, None, wish, flags)?)
}

/// The same, as long as that version still holds the alias; else nothing is to be done.
///
/// # Errors
/// Those of [`switch`].
pub fn switch_from(
    call: &Call,
    session: &mut Session,
    model: &Model,
    alias: &AliasName,
    from: Option<&Version>,
    wish: &Wish,
    flags: &LiveFlags,
) -> Outcome {
    let switched = match try_switch(call, session, model, alias, from, wish, flags) {
        // Whoever was faster may have done just this: that is looked at once more.
        Err(Unswitched::Overtaken(problem) | Unswitched::Otherwise(problem))
            if problem.exit != ExitStatus::Interrupted
                && problem.exit != ExitStatus::Terminated
                && from.is_some_and(|from| is_left(session, model, alias, from)) =>
        {
            try_switch(call, session, model, alias, from, wish, flags)
        }
        switched => switched,
    };
    Ok(switched?)
}

/// Whether it is known that the version does not hold the alias any more.
fn is_left(session: &mut Session, model: &Model, alias: &AliasName, from: &Version) -> bool {
    let holders = session
        .store
        .read(|tx| aliases::holders(tx, model.id, alias));
    holders.is_ok_and(|holders| holders.holder() != Some(from.id))
}

/// The same for whoever has an answer to being overtaken.
///
/// # Errors
/// Those of [`switch`].
pub fn try_switch(
    call: &Call,
    session: &mut Session,
    model: &Model,
    alias: &AliasName,
    from: Option<&Version>,
    wish: &Wish,
    flags: &LiveFlags,
) -> Result<Box<dyn Report>, Unswitched> {
    let now = session.now();
    let policy = session.policy(model);
    let looked = session.store.read(|tx| {
        if let Some(from) = from {
            let holders = aliases::holders(tx, model.id, alias)?;
            if holders.holder() != Some(from.id) {
                return Ok(Err((from, switching::stack_names(tx, &holders)?)));
            }
        }
        let mut plan = switching::plan(tx, model, alias, wish, now)?;
        plan.look_at_references(tx, &policy)?;
        let stack = switching::stack_names(tx, &plan.after)?;
        Ok::<_, SwitchError>(Ok((plan, stack)))
    });
    let (plan, stack) = match looked.map_err(|error| problems::switch(call, error))? {
        Ok(planned) => planned,
        Err((from, stack)) => {
            return Ok(Box::new(Left {
                kind: OperationKind::Rollback,
                model: model.name.to_string(),
                alias: alias.to_string(),
                given: from.name.to_string(),
                stack,
                actor: session.author.actor.clone(),
                reason: flags.reason.clone(),
                dry_run: flags.dry_run,
            }));
        }
    };
    let unchanged = |plan, kept| Ending {
        // A dry run's plan is its answer.
        is_plan_told: !call.globals.json,
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
    let agreed = consent::agree_to_plan(call, &plan, flags)?;
    if !agreed.yes {
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
    .map_err(|error| {
        let is_overtaken = matches!(error, SwitchError::ChangedMeanwhile { .. });
        let problem = problems::switch(call, error);
        if is_overtaken {
            Unswitched::Overtaken(problem)
        } else {
            Unswitched::Otherwise(problem)
        }
    })?;
    let undo_command = undo_command(call, &switched);
    Ok(Box::new(Ending {
        is_plan_told: agreed.is_plan_told,
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

/// Opens the store as [`open`] does, and the model that is meant.
///
/// # Errors
/// The store can't be opened, or no model is meant.
pub fn begin(call: &Call, flags: &LiveFlags) -> Result<(Session, Model), Problem> {
    let mut session = open(call, flags)?;
    let model = call.model(&mut session)?;
    Ok((session, model))
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
    /// Whoever reads the answer was told by the plan what speaks against the change.
    is_plan_told: bool,
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

    fn warnings(&self) -> Vec<Warning> {
        self.alarms()
    }

    /// `-q` shows no plan where nobody is asked.
    fn alarms(&self) -> Vec<Warning> {
        if self.is_plan_told {
            Vec::new()
        } else {
            consent::against(&self.switched.plan)
        }
    }
}

/// A change as another verb tells it: under a name of its own, with more to know beside it.
pub struct Retold {
    pub inner: Box<dyn Report>,
    pub schema: &'static str,
    pub warnings: Vec<Warning>,
}

impl Report for Retold {
    fn schema(&self) -> &'static str {
        self.schema
    }

    fn data(&self) -> Value {
        self.inner.data()
    }

    fn text(&self, screen: &Screen) -> String {
        self.inner.text(screen)
    }

    fn aside(&self, screen: &Screen) -> String {
        self.inner.aside(screen)
    }

    fn exit(&self) -> ExitStatus {
        self.inner.exit()
    }

    fn warnings(&self) -> Vec<Warning> {
        let mut warnings = self.inner.warnings();
        warnings.extend(self.warnings.iter().cloned());
        warnings
    }

    fn alarms(&self) -> Vec<Warning> {
        self.inner.alarms()
    }

    fn afterwards(&self, screen: &Screen) -> String {
        self.inner.afterwards(screen)
    }

    fn is_news(&self) -> bool {
        self.inner.is_news()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::example::{OPERATION, call, minute, model, standing, text, version};
    use crate::domain::metric::Task;
    use crate::ui::exit::ExitStatus;
    use crate::workflows::switching::Party;
    use crate::workflows::switching::example;

    fn party(name: &str) -> Option<Party> {
        Some(Party {
            version: version(name, 1),
            bad: false,
            standing: standing(None),
            reference: None,
        })
    }

    fn plan(kind: OperationKind, alias: &str, from: Option<Party>, to: Option<Party>) -> Plan {
        let alias = alias.parse().unwrap();
        example::plan(
            model(Task::Regression),
            alias,
            kind,
            (from, to),
            minute(720),
        )
    }

    fn ending(plan: Plan, kept: Kept) -> Ending {
        let changed = matches!(kept, Kept::Changed);
        let switched = Switched {
            plan,
            operation: changed.then_some(OPERATION),
            stack: vec!["v1".parse().unwrap(), "v2".parse().unwrap()],
        };
        Ending {
            undo_command: undo_command(&call(&["promote", "v2"]), &switched),
            is_plan_told: true,
            switched,
            kept,
            reason: Some("better".to_owned()),
            actor: "ann".to_owned(),
        }
    }

    #[test]
    fn every_change_has_a_sentence_of_its_own() {
        use OperationKind as Kind;
        let say = |kind, alias| sentence(&plan(kind, alias, party("v1"), party("v2")));
        assert_eq!(say(Kind::Promote, "production"), "Promoted v2 (was v1)");
        assert_eq!(
            say(Kind::Rollback, "production"),
            "Rolled back to v2 (was v1)"
        );
        assert_eq!(
            say(Kind::Undo, "production"),
            "Undone: @production is v2 again (was v1)"
        );
        assert_eq!(
            say(Kind::Redo, "winter"),
            "Redone: @winter is v2 again (was v1)"
        );
        assert_eq!(say(Kind::AliasSet, "winter"), "@winter is v2 now (was v1)");
        let removed = plan(Kind::AliasRemove, "winter", party("v1"), None);
        assert_eq!(sentence(&removed), "Removed @winter (was v1)");
    }

    #[test]
    fn an_undo_of_the_first_promote_leaves_nobody() {
        let undone = plan(OperationKind::Undo, "production", party("v1"), None);
        assert_eq!(
            sentence(&undone),
            "Undone: nobody holds @production (was v1)"
        );
        let first = plan(OperationKind::Promote, "production", None, party("v1"));
        assert_eq!(sentence(&first), "Promoted v1 (was nobody)");
    }

    #[test]
    fn a_change_is_taken_back_by_undo_and_an_undo_by_redo() {
        for (kind, command) in [
            (OperationKind::Promote, "modelguard undo op_41"),
            (OperationKind::Rollback, "modelguard undo op_41"),
            (OperationKind::AliasSet, "modelguard undo op_41"),
            (OperationKind::AliasRemove, "modelguard undo op_41"),
            (OperationKind::Undo, "modelguard redo"),
            (OperationKind::Redo, "modelguard undo"),
        ] {
            let done = ending(
                plan(kind, "winter", party("v1"), party("v2")),
                Kept::Changed,
            );
            assert_eq!(done.undo_command.as_deref(), Some(command), "{kind}");
            assert_eq!(done.schema(), kind.name());
            let said = text(&done);
            assert!(said.ends_with(&format!(". undo: {command}\n")), "{said}");
        }
    }

    #[test]
    fn whatever_became_of_a_wish_is_no_failure() {
        let production = || {
            plan(
                OperationKind::Promote,
                "production",
                party("v1"),
                party("v2"),
            )
        };
        for (kept, said, dry_run) in [
            (
                Kept::AlreadySo,
                "v2 holds @production already; nothing was changed.\n",
                false,
            ),
            (Kept::Refused, "Nothing changed.\n", false),
            (
                Kept::DryRun("churn: v1 → v2\n".to_owned()),
                "churn: v1 → v2\nDry run: nothing was changed.\n",
                true,
            ),
        ] {
            let report = ending(production(), kept);
            assert_eq!(report.exit(), ExitStatus::Ok);
            assert_eq!(text(&report), said);
            let data = report.data();
            assert_eq!(data["changed"], false);
            assert_eq!(data["dry_run"], dry_run);
            assert_eq!(data["operation_id"], Value::Null);
            assert_eq!(data["undo_command"], Value::Null);
        }
    }

    #[test]
    fn what_was_so_already_is_said_of_the_wish() {
        let already = |kind, to| already(&plan(kind, "winter", party("v1"), to));
        assert_eq!(
            already(OperationKind::Undo, party("v2")),
            "That is undone already"
        );
        assert_eq!(
            already(OperationKind::AliasSet, party("v2")),
            "v2 holds @winter already"
        );
        assert_eq!(
            already(OperationKind::AliasRemove, None),
            "Nobody holds @winter"
        );
    }

    #[test]
    fn a_change_as_json_names_both_versions_the_stack_and_the_way_back() {
        let wish = plan(
            OperationKind::Promote,
            "production",
            party("v1"),
            party("v2"),
        );
        assert_eq!(
            ending(wish, Kept::Changed).data(),
            json!({
                "changed": true,
                "model": "churn",
                "alias": "production",
                "from_version": "v1",
                "to_version": "v2",
                "stack": ["v1", "v2"],
                "operation_id": "op_41",
                "reason": "better",
                "actor": "ann",
                "activation": [],
                "undo_command": "modelguard undo op_41",
                "dry_run": false,
            })
        );
    }
}
