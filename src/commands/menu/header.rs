//! What stands above the menu: the model, its live version, the last verdict and its age.

use crate::commands::call::Call;
use crate::commands::problems;
use crate::store::Access;
use crate::ui::problem::Problem;
use crate::workflows::overview::{Overview, overview};

/// The header, or in one line what keeps it from being known.
pub fn header(call: &Call) -> String {
    match look(call) {
        Ok(found) => told(call, &found),
        Err(problem) => format!("modelguard: {}", problem.message),
    }
}

/// Whether there is nothing to work on yet.
pub fn lacks_store(call: &Call) -> bool {
    look(call).is_err_and(|problem| problem.code == "MG0201")
}

fn look(call: &Call) -> Result<Overview, Problem> {
    let mut session = call.open_session(Access::Read)?;
    let model = call.model(&mut session)?;
    session
        .store
        .read(|tx| overview(tx, &model))
        .map_err(|error| problems::store(call, error))
}

fn told(call: &Call, found: &Overview) -> String {
    let live = found.production.as_ref().map(|live| &live.version);
    let name = live.map_or_else(|| "nobody".to_owned(), |live| live.name.to_string());
    let verdict = found.last_check.as_ref().map_or_else(
        || "never checked".to_owned(),
        |check| {
            let age = call.screen.times.show(check.evaluation.checked_at.micros());
            let of = match (&check.version, live) {
                _ if check.is_of_tenure => String::new(),
                (Some(judged), Some(live)) if judged.id == live.id => " (before)".to_owned(),
                (Some(judged), _) => format!(" (of {})", judged.name),
                (None, None) => String::new(),
                (None, Some(_)) => " (of nobody)".to_owned(),
            };
            format!("{}, {age}{of}", check.evaluation.verdict.words())
        },
    );
    format!("{}: live {name}; {verdict}", found.model.name)
}
