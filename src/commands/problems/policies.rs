//! What is wrong with a policy, as the problem that it is: with the command that trusts it, and the metrics that a task has.

use crate::commands::call::{Call, quoted};
use crate::domain::metric::{Direction, Metric};
use crate::domain::policy::key_part;
use crate::policy::diagnose::{PolicyError, ProblemKind};
use crate::policy::discover::Discovered;
use crate::policy::trust;
use crate::store::models::Model;
use crate::ui::problem::Problem;

/// What is wrong with a policy.
pub fn policy(call: &Call, error: PolicyError) -> Problem {
    let code = match error.kind {
        ProblemKind::Unreadable => "MG0301",
        ProblemKind::Syntax => "MG0302",
        ProblemKind::UnknownKey => "MG0303",
        ProblemKind::BadValue => "MG0304",
        ProblemKind::Clash => "MG0305",
        ProblemKind::Requires => "MG0306",
        ProblemKind::Untrusted => "MG0307",
        ProblemKind::Missing => "MG0308",
    };
    let mut problem = Problem::new(code, error.to_string()).details(serde_json::json!({
        "path": error.path.display().to_string(),
        "line_number": error.line(),
        "column_number": error.column(),
        "key": error.key,
    }));
    if let Some(excerpt) = error.excerpt() {
        problem = problem.excerpt(excerpt);
    } else {
        let place = error.path.display().to_string();
        if !problem.message.contains(&place) {
            problem = problem.cause(format!("in {place}"));
        }
    }
    match error.kind {
        ProblemKind::Missing => problem.hint("name another with `--config FILE`, or leave it out"),
        ProblemKind::Untrusted => problem.hint(trust_hint(call, "config trust")),
        _ => problem,
    }
}

/// Refuses a discovered policy that reaches outside its folder and was never trusted.
///
/// # Errors
/// It does, and was not.
pub fn require_trust(call: &Call, found: &Discovered) -> Result<(), Problem> {
    trust::require(found, &call.environment).map_err(|error| policy(call, error))
}

/// What to do about a policy that is not trusted. `words` is `config trust`, with the file where one was named.
///
/// The list of who has run into it may be another than that of the shell into which this is pasted: cron and systemd
/// have an environment of their own.
pub fn trust_hint(call: &Call, words: &str) -> String {
    let state = call.environment.xdg_state_home.as_deref();
    let state = state.filter(|folder| folder.is_absolute());
    let state = state.map_or_else(String::new, |folder| {
        format!("XDG_STATE_HOME={} ", quoted(&folder.display().to_string()))
    });
    format!("read it, then `{state}{}`", call.follow_up(words))
}

/// The problem that such a key of the policy is for this model.
pub fn of_task(call: &Call, error: PolicyError, model: &Model) -> Problem {
    let own_table = format!("models.{}", key_part(model.name.as_str()));
    let is_common = error
        .key
        .as_deref()
        .is_some_and(|key| !key.starts_with("models."));
    let decides =
        |metric: &Metric| metric.task() == model.task && metric.direction() != Direction::None;
    let names: Vec<_> = Metric::ALL
        .into_iter()
        .filter(decides)
        .map(Metric::name)
        .collect();
    let problem =
        policy(call, error).hint(format!("take one of {}: {}", model.task, names.join(", ")));
    if is_common {
        problem.hint(format!("give this model its own in `[{own_table}.check]`"))
    } else {
        problem
    }
}
