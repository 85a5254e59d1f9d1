//! Warns of rows that came in and can hardly be meant: classes that nothing else has, ids that no prediction has,
//! columns that are named and not there.

use super::output::Warning;
use crate::files::columns::{Field, FileKind};
use crate::files::values::excerpt;
use crate::store::batches::BatchReport;
use crate::ui::number::count;
use crate::workflows::ingesting::{Ingested, OddLabel};

/// What is doubtful about a file that came in.
pub fn warnings(ingested: &Ingested) -> Vec<Warning> {
    let odd_labels = ingested.odd_labels.iter().map(|odd| Warning {
        code: "label_unseen",
        text: odd_words(odd),
    });
    let mut warnings: Vec<_> = odd_labels.collect();
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
    let absent = ingested.absent_columns.iter();
    warnings.extend(absent.filter_map(|(field, column)| absent_words(report, field, column)));
    warnings
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

/// What is odd about a class.
fn odd_words(odd: &OddLabel) -> String {
    let label = excerpt(&odd.label);
    let (what, others) = match odd.kind {
        FileKind::Predictions => ("predictions are", "truth or reference sample"),
        FileKind::Truth => ("labels are", "prediction"),
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
