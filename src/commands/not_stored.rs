//! Why a file was not stored: the first line that is to blame, and what to do about it.

use serde_json::{Value, json};

use super::call::Call;
use super::problems;
use crate::files::columns::FileKind;
use crate::files::rejects::{Reject, RejectCode};
use crate::files::values::excerpt;
use crate::store::predictions::Conflict;
use crate::ui::number;
use crate::ui::problem::Problem;
use crate::workflows::ingesting::IngestError;

/// The problem that a failed ingest of a file of that kind is. `puts_aside`: lines that are no rows go to a file.
pub fn problem(call: &Call, of: FileKind, puts_aside: bool, error: IngestError) -> Problem {
    let message = error.to_string();
    match error {
        IngestError::File(error) => problems::file(&error),
        IngestError::Store(error) => problems::store(call, error),
        IngestError::Stopped => match call.check_stop() {
            Err(problem) => problem,
            Ok(()) => Problem::new("MG0110", message),
        },
        IngestError::NoHolder { has_versions, .. } => {
            let promote = call.follow_up("promote latest");
            let problem = Problem::new("MG0211", message);
            if has_versions {
                problem
                    .hint(format!("promote one: `{promote}`"))
                    .hint("give the version: `--version REF`")
            } else {
                problem.cause("it has no version yet").hint(format!(
                    "register one, then promote it: `{}`, `{promote}`",
                    call.follow_up("register PATH")
                ))
            }
        }
        IngestError::Rejected {
            path,
            count,
            rows_count,
            allowed,
            rejects,
        } => {
            let first = rejects.first().map_or_else(String::new, told);
            let pieces: Vec<Value> = rejects
                .iter()
                .map(|reject| reject_data(&path.to_string_lossy(), reject))
                .collect();
            let aside = if puts_aside {
                format!("store the others: `--max-rejects {count}`")
            } else {
                format!("put them aside: `--max-rejects {count} --reject-file rejects.csv`")
            };
            let problem = Problem::new("MG0507", format!("{}, {first}", path.display()));
            let problem = if count == rows_count && rows_count > 1 {
                problem
                    .cause(format!(
                        "none of {} lines is a row",
                        number::count(rows_count)
                    ))
                    .hint("correct them, or map the columns otherwise: `--map FIELD=COLUMN`")
            } else if count == rows_count {
                problem
                    .cause("the only line is no row")
                    .hint("correct it, or map the columns otherwise: `--map FIELD=COLUMN`")
            } else {
                problem
                    .cause(format!(
                        "{} of {} lines are no rows, and --max-rejects allows {}",
                        number::count(count),
                        number::count(rows_count),
                        number::count(allowed)
                    ))
                    .hint(format!("correct them, or {aside}"))
            };
            problem.details(json!({ "rejects": pieces, "rows_rejected_count": count }))
        }
        IngestError::Conflicts {
            path,
            kind,
            column,
            count,
            conflicts,
        } => {
            let pieces: Vec<Value> = conflicts
                .iter()
                .map(|conflict| {
                    let reject = Reject {
                        line_number: conflict.line_number,
                        column: column.clone(),
                        code: RejectCode::Conflict,
                        text: contradiction(kind, conflict),
                    };
                    reject_data(&path.to_string_lossy(), &reject)
                })
                .collect();
            let first = conflicts.first();
            let within_the_file =
                first.is_some_and(|conflict| conflict.earlier_line_number.is_some());
            let place = first.map_or_else(String::new, |conflict| {
                format!(
                    "line {}, column {}: {}",
                    conflict.line_number,
                    excerpt(&column),
                    contradiction(kind, conflict)
                )
            });
            let code = if within_the_file { "MG0515" } else { "MG0512" };
            let problem = Problem::new(code, format!("{}, {place}", path.display()))
                .cause(format!(
                    "{} such row{}; nothing was stored",
                    number::count(count),
                    if count == 1 { "" } else { "s" }
                ))
                .details(json!({ "rejects": pieces, "rows_conflicting_count": count }));
            match (kind, of) {
                (FileKind::Truth, FileKind::Truth) => problem.hint(
                    "take the new ones and keep the old ones in history: `--on-conflict revise`, \
                     keep the first ones: `--on-conflict skip`",
                ),
                (FileKind::Predictions, _) if !within_the_file => problem
                    .hint("keep the first ones: `--on-conflict skip`")
                    .hint(format!(
                        "are they another version's? Say whose: `--version REF`, or since when it was live: `{}`",
                        call.follow_up("promote REF --since TIME")
                    )),
                _ => problem.hint("keep the first ones: `--on-conflict skip`"),
            }
        }
    }
}

/// `line 7, column y_pred: abc is no number`.
pub fn told(reject: &Reject) -> String {
    format!(
        "line {}, column {}: {}",
        reject.line_number,
        excerpt(&reject.column),
        reject.text
    )
}

/// A line that is no row, for programs.
pub fn reject_data(path: &str, reject: &Reject) -> Value {
    json!({
        "path": path,
        "line_number": reject.line_number,
        "column": reject.column,
        "code": reject.code.name(),
        "text": reject.text,
    })
}

fn contradiction(kind: FileKind, conflict: &Conflict) -> String {
    let value = |value: &Option<crate::domain::evidence::Value>| {
        value.as_ref().map_or_else(
            || "no value (failed)".to_owned(),
            |value| excerpt(&value.to_string()),
        )
    };
    let what = match kind {
        FileKind::Predictions => "prediction",
        FileKind::Truth => "truth",
    };
    let (kept, found) = (value(&conflict.kept), value(&conflict.found));
    let difference = if kept == found {
        "other class probabilities".to_owned()
    } else {
        format!("the {what} {found}")
    };
    let id = excerpt(&conflict.prediction_id);
    match conflict.earlier_line_number {
        Some(line) => format!("id {id} has {difference}, and {kept} on line {line}"),
        None => format!("id {id} has {difference}, and {kept} is stored"),
    }
}

#[cfg(test)]
mod tests;
