//! Warns of rows that came in and can hardly be meant: classes that nothing else has, ids that no prediction has,
//! columns that are named and not there, times that are not those of the rows.

use super::call::quoted;
use super::output::Warning;
use crate::files::columns::{Field, FileKind};
use crate::files::values::excerpt;
use crate::store::batches::BatchReport;
use crate::ui::number::count;
use crate::workflows::ingesting::{ForeignLabels, Ingested, OddLabel};

/// What is doubtful about a file that came in.
pub fn warnings(ingested: &Ingested) -> Vec<Warning> {
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
    warnings.extend(likely_time_words(ingested));
    if let Some(moved) = &ingested.moved {
        let (are, their) = match moved.rows_count {
            1 => ("row is", "its"),
            _ => ("rows are", "their"),
        };
        warnings.push(Warning {
            code: "times_differ",
            text: format!(
                "{} {are} there already with another time, and {their} time there holds; to bring in the new one, \
                 take back what is there: `ingest undo {}`",
                count(moved.rows_count),
                moved.batch
            ),
        });
    }
    let absent = ingested.absent_columns.iter();
    warnings.extend(absent.filter_map(|(field, column)| absent_words(report, field, column)));
    warnings
}

/// What may be the time of predictions that came in as of now.
fn likely_time_words(ingested: &Ingested) -> Option<Warning> {
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
        Some(batch) => format!("; before that, `ingest undo {batch}`"),
        None => String::new(),
    };
    came_in.then(|| Warning {
        code: "time_unmapped",
        text: format!(
            "{column} {} {holds} times, and no column is the time of the predictions: they count as made now; \
             name it: `--map {}`, or for every file in `[columns]`{again}",
            names.join(", "),
            quoted(&format!("time={}", excerpt(name)))
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
