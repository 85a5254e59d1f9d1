//! Shows what would change and asks: the one way to a yes.

use super::call::Call;
use super::flags::LiveFlags;
use super::{output, problems};
use crate::domain::operation::OperationKind;
use crate::ui::interrupt::Signal;
use crate::ui::number;
use crate::ui::problem::Problem;
use crate::ui::prompt::{self, Answer, PromptError};
use crate::workflows::switching::{Party, Plan};

/// Whether to go ahead with a change of what is live: `--yes`, or a person's yes to the plan.
///
/// # Errors
/// There is no terminal to ask on; Ctrl-C came.
pub fn agree(call: &Call, plan: &str, question: &str, yes: bool) -> Result<bool, Problem> {
    ask(call, plan, question, yes, "changes the live model")
}

/// Whether to go ahead. `deed` says in an error what the command does that it has to ask for.
///
/// # Errors
/// As [`agree`].
pub fn ask(
    call: &Call,
    plan: &str,
    question: &str,
    yes: bool,
    deed: &str,
) -> Result<bool, Problem> {
    if yes {
        if call.globals.quiet == 0 {
            output::stderr(plan);
        }
        return Ok(true);
    }
    if !call.can_ask() {
        let verb = call.words.join(" ");
        return Err(Problem::new(
            "MG0102",
            format!("`{verb}` {deed} and there is no terminal to ask"),
        )
        .hint(format!("`{} --yes`", call.command_line())));
    }
    output::stderr(plan);
    match prompt::confirm(question, &call.stop) {
        Ok(Answer::Yes) => Ok(true),
        Ok(Answer::No) => Ok(false),
        Ok(Answer::Interrupted) => {
            let signal = call.stop.requested().unwrap_or(Signal::Interrupt);
            Err(problems::interrupted(signal))
        }
        Err(PromptError::NoTerminal) => Err(Problem::new("MG0102", "there is no terminal to ask")
            .hint(format!("`{} --yes`", call.command_line()))),
        Err(PromptError::Terminal(error)) => {
            Err(Problem::new("MG0102", "the terminal can't be read").cause(error.to_string()))
        }
    }
}

/// Whether to go ahead with a change of who is live.
///
/// # Errors
/// As [`agree`].
pub fn agree_to_plan(call: &Call, plan: &Plan, flags: &LiveFlags) -> Result<bool, Problem> {
    let question = match plan.kind {
        OperationKind::Promote => "Promote?",
        OperationKind::Rollback => "Roll back?",
        OperationKind::Undo => "Undo?",
        OperationKind::Redo => "Redo?",
        _ => "Change the alias?",
    };
    let deed = if plan.alias.is_production() {
        "changes the live model".to_owned()
    } else {
        format!("changes who holds @{}", plan.alias)
    };
    ask(call, &plan_text(call, plan), question, flags.yes, &deed)
}

/// The plan: from, to, what each scored, what speaks against it, how to take it back.
pub fn plan_text(call: &Call, plan: &Plan) -> String {
    let alias = if plan.alias.is_production() {
        String::new()
    } else {
        format!(" @{}", plan.alias)
    };
    let from = plan.from.as_ref().map_or_else(
        || "nobody".to_owned(),
        |from| {
            let live = plan.from_since.map(|since| {
                let length = call.now.since(since);
                format!("live {}", number::duration(length.micros().unsigned_abs()))
            });
            described(from, live)
        },
    );
    let to = plan
        .to
        .as_ref()
        .map_or_else(|| "nobody".to_owned(), |to| described(to, None));
    let mut text = format!("{}{alias}: {from} → {to}\n", plan.model.name);
    if let Some(to) = &plan.to {
        let name = &to.version.name;
        if to.bad {
            text.push_str(&format!(
                "warning: {name} is bad: it was left because it was degraded, or judged so last\n"
            ));
        }
        if let Some(reason) = &to.version.retired_reason {
            text.push_str(&format!("warning: {name} is retired: {reason}\n"));
        }
    }
    let back = match plan.kind {
        OperationKind::Undo => "redo",
        _ => "undo",
    };
    text.push_str(&format!("to take it back: `{}`\n", call.follow_up(back)));
    text
}

fn described(party: &Party, live: Option<String>) -> String {
    let verdict = party.last_verdict.map(|verdict| match live {
        Some(_) => verdict.words().to_owned(),
        None => format!("{} when last judged", verdict.words()),
    });
    let metrics = party
        .version
        .metadata
        .metrics
        .iter()
        .take(3)
        .map(|(name, value)| format!("{name} {}", number::value(*value)));
    let facts: Vec<_> = live.into_iter().chain(verdict).chain(metrics).collect();
    if facts.is_empty() {
        party.version.name.to_string()
    } else {
        format!("{} ({})", party.version.name, facts.join(", "))
    }
}
