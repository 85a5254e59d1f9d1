//! What stands above the menu: the model, its live version, the last verdict and its age.

use crate::commands::call::Call;
use crate::commands::problems;
use crate::files::look;
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
    call.discover().is_ok_and(|found| {
        problems::require_trust(call, &found).is_ok() && !look::exists(&found.store_path)
    })
}

fn look(call: &Call) -> Result<Overview, Problem> {
    let mut session = call.open_session(Access::Read)?;
    let model = call.model(&mut session)?;
    session
        .store
        .read(|tx| overview(tx, &model))
        .map_err(|error| problems::store(call, error))
}

/// The short form of what `status` says: first what keeps automatic acts away, since a narrow window cuts the rest.
fn told(call: &Call, found: &Overview) -> String {
    let live = found.production.as_ref();
    let name = live.map_or_else(|| "nobody".to_owned(), |live| live.version.name.to_string());
    let bad = live.is_some_and(|live| live.is_bad);
    let retired = live.is_some_and(|live| live.version.retired_reason.is_some());
    let checked = match &found.last_check {
        None if found.aside.is_some() => "never checked by the policy".to_owned(),
        None => "never checked".to_owned(),
        Some(check) => {
            let age = call.screen.times.show(check.evaluation.checked_at.micros());
            let verdict = format!("{}, {age}", check.evaluation.verdict.words());
            let of = match (&check.version, live) {
                (Some(judged), Some(live)) if judged.id == live.version.id => String::new(),
                (Some(judged), _) => format!(" (of {})", judged.name),
                (None, None) => String::new(),
                (None, Some(_)) => " (of nobody)".to_owned(),
            };
            if live.is_some() && !check.is_of_tenure {
                format!("not checked since; before: {verdict}{of}")
            } else {
                format!("{verdict}{of}")
            }
        }
    };
    let marks = [(bad, "bad"), (retired, "retired")];
    let marks = marks.into_iter().filter(|(holds, _)| *holds);
    let words: Vec<_> = marks
        .map(|(_, mark)| mark.to_owned())
        .chain([checked])
        .collect();
    format!("{}: live {name}; {}", found.model.name, words.join(", "))
}
