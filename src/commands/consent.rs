//! Shows what would change and asks: the one way to a yes.

use super::call::Call;
use super::flags::LiveFlags;
use super::output::Warning;
use super::{output, problems};
use crate::domain::operation::OperationKind;
use crate::ui::interrupt::Signal;
use crate::ui::number;
use crate::ui::problem::Problem;
use crate::ui::prompt::{self, Answer, PromptError};
use crate::workflows::switching::{Party, Plan};

/// How the line of a plan begins that says how the change is taken back.
pub const BACK: &str = "to take it back: ";

/// The answer to a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// Whether to go ahead.
    pub yes: bool,
    /// Whoever reads the answer has read the plan. A program that reads JSON has not.
    pub is_plan_told: bool,
}

/// Asks whether to go ahead: `--yes`, or a person's yes to the plan. `deed` says in an error what the command does that
/// it has to ask for.
///
/// # Errors
/// There is no terminal to ask on; Ctrl-C came.
pub fn agree(
    call: &Call,
    plan: &str,
    question: &str,
    yes: bool,
    deed: &str,
) -> Result<Agreed, Problem> {
    let answered = |yes, is_told| {
        Ok(Agreed {
            yes,
            is_plan_told: is_told && !call.globals.json,
        })
    };
    if yes {
        let is_told = call.globals.quiet == 0;
        if is_told {
            // What was done says itself how it is taken back.
            let told = plan.lines().filter(|line| !line.starts_with(BACK));
            let told: String = told.map(|line| format!("{line}\n")).collect();
            output::stderr(&call.screen.folding.of(&told));
        }
        return answered(true, is_told);
    }
    if !call.can_ask() {
        let command = call.command_line();
        return Err(Problem::new(
            "MG0102",
            format!("`{command}` {deed} and there is no terminal to ask"),
        )
        .hint(format!("`{command} --yes`")));
    }
    output::stderr(&call.screen.folding.of(plan));
    match prompt::confirm(question, &call.stop) {
        Ok(Answer::Yes) => answered(true, true),
        Ok(Answer::No) => answered(false, true),
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

/// Asks whether to go ahead with a change of who is live.
///
/// # Errors
/// As [`agree`].
pub fn agree_to_plan(call: &Call, plan: &Plan, flags: &LiveFlags) -> Result<Agreed, Problem> {
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
    agree(call, &plan_text(call, plan), question, flags.yes, &deed)
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
    for warning in against(plan) {
        text.push_str(&warning.line());
    }
    let back = match plan.kind {
        OperationKind::Undo => "redo",
        _ => "undo",
    };
    text.push_str(&format!("{BACK}`{}`\n", call.follow_up(back)));
    text
}

/// What speaks against where a plan goes.
pub fn against(plan: &Plan) -> Vec<Warning> {
    let Some(to) = plan.to.as_ref().filter(|_| plan.changes) else {
        return Vec::new();
    };
    let name = &to.version.name;
    let bad = to.bad.then(|| Warning {
        code: "target_bad",
        text: format!("{name} is bad: it was left because it was degraded, or judged so last"),
    });
    let retired = to.version.retired_reason.as_ref().map(|reason| Warning {
        code: "target_retired",
        text: format!("{name} is retired: {reason}"),
    });
    bad.into_iter().chain(retired).collect()
}

fn described(party: &Party, live: Option<String>) -> String {
    let verdict = match live {
        Some(_) => party
            .standing
            .by_policy
            .map(|verdict| verdict.words().to_owned()),
        None => party.standing.last.map(|_| party.standing.to_string()),
    };
    let metrics = party
        .version
        .metadata
        .metrics
        .iter()
        .take(if party.reference.is_some() { 0 } else { 3 })
        .map(|(name, value)| format!("{name} {}", number::value(*value)));
    // What was recorded once must not read as what the live rows say.
    let metrics = metrics.enumerate().map(|(index, metric)| match index {
        0 => format!("recorded {metric}"),
        _ => metric,
    });
    let reference = party
        .reference
        .map(|(metric, value)| format!("{metric} {} on its reference", number::value(value)));
    let facts: Vec<_> = live
        .into_iter()
        .chain(verdict)
        .chain(metrics)
        .chain(reference)
        .collect();
    if facts.is_empty() {
        party.version.name.to_string()
    } else {
        format!("{} ({})", party.version.name, facts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::example::{call, minute, model, standing, version, with_metrics};
    use crate::domain::metric::Task;
    use crate::domain::verdict::Verdict;
    use crate::workflows::switching::example::plan;

    fn party(name: &str, last_verdict: Option<Verdict>) -> Party {
        Party {
            version: version(name, 1),
            bad: false,
            standing: standing(last_verdict),
            reference: None,
        }
    }

    fn promote(from: Option<Party>, to: Option<Party>) -> Plan {
        let alias = "production".parse().unwrap();
        let kind = OperationKind::Promote;
        plan(
            model(Task::Regression),
            alias,
            kind,
            (from, to),
            minute(720),
        )
    }

    #[test]
    fn a_plan_says_from_where_to_where_and_how_to_take_it_back() {
        let run = call(&["promote", "v2"]);
        assert_eq!(
            plan_text(&run, &promote(None, Some(party("v2", None)))),
            "churn: nobody → v2\nto take it back: `modelguard undo`\n"
        );
        let emptied = promote(Some(party("v1", None)), None);
        assert!(plan_text(&run, &emptied).starts_with("churn: v1 → nobody\n"));
    }

    #[test]
    fn what_is_live_is_described_by_its_age_and_what_comes_by_its_last_verdict() {
        let run = call(&["promote", "v2"]);
        let mut plan = promote(
            Some(party("v1", Some(Verdict::Degraded))),
            Some(party("v2", Some(Verdict::InsufficientData))),
        );
        plan.from_since = Some(minute(600));
        let told = plan_text(&run, &plan);
        let first = told.lines().next().unwrap();
        assert_eq!(
            first,
            "churn: v1 (live 2 h, degraded) → v2 (insufficient data when last checked)"
        );
    }

    #[test]
    fn three_recorded_metrics_are_enough() {
        let run = call(&["promote", "v2"]);
        let mut to = party("v2", None);
        let metrics = [("a", 0.5), ("b", 1234.0), ("c", 3.0), ("d", 4.0)];
        to.version = with_metrics(to.version, &metrics);
        let told = plan_text(&run, &promote(None, Some(to)));
        assert!(
            told.contains("v2 (recorded a 0.500, b 1,234, c 3.00)\n"),
            "{told}"
        );
    }

    #[test]
    fn what_speaks_against_a_version_is_a_warning_line() {
        let run = call(&["promote", "v2"]);
        let mut to = party("v2", None);
        to.bad = true;
        to.version.retired_reason = Some("wrong labels".to_owned());
        let told = plan_text(&run, &promote(None, Some(to)));
        assert!(told.contains(
            "\nwarning: v2 is bad: it was left because it was degraded, or judged so last\n\
             warning: v2 is retired: wrong labels\n"
        ));
        let mut from = party("v1", None);
        from.bad = true;
        let left = plan_text(&run, &promote(Some(from), None));
        assert!(
            !left.contains("warning"),
            "only where it goes counts: {left}"
        );
    }

    #[test]
    fn a_hostile_reason_forges_no_line_of_the_plan() {
        let run = call(&["promote", "v2"]);
        let mut to = party("v2", None);
        to.version.retired_reason = Some("old\nchurn: v9 → v8\u{1b}[2K".to_owned());
        let told = plan_text(&run, &promote(None, Some(to)));
        assert_eq!(told.lines().count(), 3, "{told}");
        assert!(!told.contains('\u{1b}'));
    }

    #[test]
    fn another_alias_is_named() {
        let mut plan = promote(None, Some(party("v2", None)));
        plan.alias = "winter".parse().unwrap();
        let told = plan_text(&call(&["alias", "set", "winter", "v2"]), &plan);
        assert!(told.starts_with("churn @winter: nobody → v2\n"), "{told}");
    }

    #[test]
    fn a_yes_needs_no_terminal() {
        let run = call(&["-q", "promote", "v2", "--yes"]);
        let agreed = agree(&run, "plan\n", "Promote?", true, "changes");
        let expected = |is_plan_told| {
            Ok(Agreed {
                yes: true,
                is_plan_told,
            })
        };
        assert_eq!(agreed, expected(false));
        for (words, is_plan_told) in [
            (&["promote", "v2", "--yes"] as &[&str], true),
            (&["--json", "promote", "v2", "--yes"], false),
        ] {
            let agreed = agree(&call(words), "", "Promote?", true, "changes");
            assert_eq!(agreed, expected(is_plan_told), "{words:?}");
        }
    }

    #[test]
    fn without_a_terminal_the_command_is_told_again_with_its_yes() {
        let run = call(&["--no-input", "--actor", "a b", "promote", "v2"]);
        let plan = promote(None, Some(party("v2", None)));
        let problem = agree_to_plan(&run, &plan, &LiveFlags::default()).unwrap_err();
        assert_eq!(problem.code, "MG0102");
        assert_eq!(problem.exit.code(), 2);
        assert_eq!(
            problem.hints,
            ["`modelguard --no-input --actor 'a b' promote v2 --yes`"]
        );
        assert!(
            problem.message.contains("changes the live model"),
            "{problem}"
        );
    }

    #[test]
    fn an_alias_that_is_not_production_does_not_change_the_live_model() {
        let run = call(&["--no-input", "alias", "set", "winter", "v2"]);
        let mut plan = promote(None, Some(party("v2", None)));
        plan.alias = "winter".parse().unwrap();
        let problem = agree_to_plan(&run, &plan, &LiveFlags::default()).unwrap_err();
        assert!(
            problem.message.contains("changes who holds @winter"),
            "{problem}"
        );
    }
}
