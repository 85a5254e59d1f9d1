//! Warns of what can hardly be meant: a policy that names models which the store does not have, a store that speaks of a
//! time which is still to come, and rows with classes that nothing else has, ids that no prediction has, columns that are
//! named and not there, or times that are not theirs.

use super::call::{Call, quoted};
use super::output::Warning;
use super::problems;
use crate::domain::policy::text_value;
use crate::files::columns::{Field, FileKind};
use crate::files::values::{excerpt, whole};
use crate::policy::discover::Discovered;
use crate::policy::strangers::{Stranger, strangers};
use crate::store::batches::BatchReport;
use crate::store::models::{self, Model};
use crate::ui::number::count;
use crate::ui::problem::Problem;
use crate::workflows::ahead::{Ahead, ahead};
use crate::workflows::ingesting::{ForeignLabels, Ingested, OddLabel};
use crate::workflows::session::Session;

/// A warning for each place of the policy that names another model than those of the store.
///
/// # Errors
/// The store can't be read.
pub fn of_names(call: &Call, session: &mut Session) -> Result<Vec<Warning>, Problem> {
    let known = session.store.read(models::list);
    let known = known.map_err(|error| problems::store(call, error))?;
    Ok(of_named(&session.found, &known))
}

/// The same, where the models of the store were read already.
pub fn of_named(found: &Discovered, known: &[Model]) -> Vec<Warning> {
    let (Some(text), Some(path)) = (&found.source_text, &found.policy_path) else {
        return Vec::new();
    };
    let known: Vec<_> = known.iter().map(|model| &model.name).collect();
    let strangers = strangers(text, path, &known);
    strangers.iter().map(of_stranger).collect()
}

/// What to know of such a place.
pub fn of_stranger(stranger: &Stranger) -> Warning {
    Warning {
        code: "unknown_model",
        text: stranger.message.clone(),
    }
}

/// A warning where the newest operation, or the tenure of what is live in these models, lies after this run's clock.
///
/// # Errors
/// The store can't be read.
pub fn of_clock<'a>(
    call: &Call,
    session: &mut Session,
    models: impl IntoIterator<Item = &'a Model>,
) -> Result<Vec<Warning>, Problem> {
    let now = session.now();
    let found = session
        .store
        .read(|tx| ahead(tx, models, now))
        .map_err(|error| problems::store(call, error))?;
    Ok(found
        .map(|found| of_ahead(call, &found))
        .into_iter()
        .collect())
}

/// What to know of a store that is ahead.
pub fn of_ahead(call: &Call, found: &Ahead) -> Warning {
    let why = if found.clock_overridden {
        "MODELGUARD_NOW set its clock"
    } else {
        "a clock is wrong, or was"
    };
    Warning {
        code: "store_ahead",
        text: format!(
            "{} is of {}, and by this run's clock it is {}: {why}. What was made before then counts for no version \
             that became live with it: `{}`",
            found.operation,
            found.at,
            call.now,
            call.follow_up(&format!("log {}", found.operation)),
        ),
    }
}

/// How a file came in, which decides what can be done about it.
#[derive(Clone, Copy)]
pub struct Way<'a> {
    /// What a further command on the same model begins with.
    pub command: &'a str,
    /// It lay in an inbox, and no option said anything of it.
    pub is_swept: bool,
}

/// What is doubtful about a file that came in.
pub fn of_rows(ingested: &Ingested, way: Way<'_>) -> Vec<Warning> {
    let odd = &ingested.odd_labels;
    let foreign = odd.foreign.iter().map(foreign_words);
    let odd_labels = foreign.chain(odd.labels.iter().map(odd_words));
    let mut warnings: Vec<_> = odd_labels
        .map(|text| Warning {
            code: "label_unseen",
            text,
        })
        .collect();
    let report = &ingested.report;
    if report.truth_stored_count > 0 && report.truth_joined_count == 0 && ingested.has_predictions {
        warnings.push(Warning {
            code: "no_prediction_matches",
            text: format!(
                "none of {} labels has the id of a prediction that is stored; look at the mapping of the id",
                count(report.truth_stored_count)
            ),
        });
    }
    warnings.extend(likely_time_words(ingested, way));
    if let Some(moved) = &ingested.moved {
        let (are, their) = match moved.rows_count {
            1 => ("row is", "its"),
            _ => ("rows are", "their"),
        };
        warnings.push(Warning {
            code: "times_differ",
            text: format!(
                "{} {are} there already with another time, and {their} time there holds; to bring in the new one, \
                 take back what is there: `{} ingest undo {}`",
                count(moved.rows_count),
                way.command,
                moved.batch
            ),
        });
    }
    let absent = ingested.absent_columns.iter();
    warnings.extend(absent.filter_map(|(field, column)| absent_words(report, field, column)));
    warnings
}

/// What may be the time of predictions that came in as of now.
fn likely_time_words(ingested: &Ingested, way: Way<'_>) -> Option<Warning> {
    let name = ingested.likely_times.first()?;
    let came_in = ingested.report.rows_stored_count > 0;
    let names: Vec<_> = ingested
        .likely_times
        .iter()
        .take(3)
        .map(|name| excerpt(name))
        .collect();
    let column = if names.len() == 1 {
        "column"
    } else {
        "columns"
    };
    let holds = if names.len() == 1 { "holds" } else { "hold" };
    let again = match ingested.batch {
        Some(batch) => format!("; before that, `{} ingest undo {batch}`", way.command),
        None => String::new(),
    };
    let named = whole(name).unwrap_or("COLUMN");
    let key = format!("`time = {}`", text_value(named));
    let how = if way.is_swept {
        format!("name it in `[columns]`: {key}")
    } else {
        let option = quoted(&format!("time={named}"));
        format!("name it: `--map {option}`, or for every file in `[columns]`: {key}")
    };
    came_in.then(|| Warning {
        code: "time_unmapped",
        text: format!(
            "{column} {} {holds} times, and no column is the time of the predictions: they count as made now; \
             {how}{again}",
            names.join(", ")
        ),
    })
}

/// What follows from a column that the policy names and the file does not have; `None` where that is as usual.
fn absent_words(report: &BatchReport, field: &Field, column: &str) -> Option<Warning> {
    let follows = match field {
        Field::TruthTime if report.truth_stored_count > 0 => "the truth counts as known now",
        Field::Score | Field::Probability(_) if report.rows_stored_count > 0 => {
            "no probabilities came in"
        }
        _ => return None,
    };
    Some(Warning {
        code: "column_absent",
        text: format!(
            "no column {}, which `[columns]` names for {field}: {follows}",
            excerpt(column)
        ),
    })
}

/// `no label has a class that any prediction or reference sample has: 0, 1; they have no, yes`.
fn foreign_words(foreign: &ForeignLabels) -> String {
    let (what, others) = match foreign.kind {
        FileKind::Predictions => ("prediction", "truth or reference sample"),
        FileKind::Truth => ("label", "prediction or reference sample"),
    };
    let classes = foreign.classes.shown(excerpt);
    format!(
        "no {what} has a class that any {others} has: {}; they have {}",
        classes.found_words(),
        classes.known_words()
    )
}

/// What is odd about a class.
fn odd_words(odd: &OddLabel) -> String {
    let label = excerpt(&odd.label);
    let (what, others) = match odd.kind {
        FileKind::Predictions => ("predictions are", "truth or reference sample"),
        // Earlier truth may have it in the same wrong case.
        FileKind::Truth if odd.twin.is_some() => ("labels are", "prediction or reference sample"),
        FileKind::Truth => (
            "labels are",
            "prediction, reference sample or earlier truth",
        ),
    };
    let what = if odd.rows_count == 1 {
        what.replace("s are", " is")
    } else {
        what.to_owned()
    };
    let twin = odd.twin.as_ref().map_or_else(String::new, |twin| {
        format!(
            "; there is {}, and classes are compared with their case",
            excerpt(twin)
        )
    });
    format!(
        "{} {what} of the class {label}, which no {others} has{twin}",
        count(odd.rows_count)
    )
}
