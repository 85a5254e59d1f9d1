//! Reads the held-out sample that a version is registered with: predictions with truth.

use super::columns::wanted;
use super::staging::{ProbabilityColumns, value_of};
use crate::domain::evidence::{Labelled, ReferenceRow, Value};
use crate::domain::hash::Hash;
use crate::domain::metric::Task;
use crate::domain::time::Timestamp;
use crate::files::columns::{ColumnChoices, FileKind};
use crate::files::error::FileError;
use crate::files::input::Source;
use crate::files::rejects::Reject;
use crate::files::rows::{Prediction, Rows};
use crate::files::table::Format;

/// A reference sample.
#[derive(Debug)]
pub struct Sample {
    pub rows: Vec<ReferenceRow>,
    pub blake3: Hash,
    /// Rows without truth, which it can't use.
    pub truth_empty_count: u64,
}

/// Why a file is no reference sample.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("line {}, column {}: {}", .0.line_number, .0.column, .0.text)]
    Reject(Reject),
    #[error("the id {id} is there twice, on line {line_number} and before")]
    Twice { id: String, line_number: u64 },
    #[error("no column holds the truth")]
    NoTruth,
    #[error("no row has its truth")]
    NoRows,
}

/// Reads a whole sample into memory; one line that is no row fails it.
///
/// # Errors
/// The file is broken, its columns don't fit, or no row has its truth.
pub fn read(
    source: &Source,
    task: Task,
    choices: &ColumnChoices,
    now: Timestamp,
) -> Result<Sample, SampleError> {
    let choices = ColumnChoices {
        of_sample: true,
        ..choices.clone()
    };
    let wanted = wanted(FileKind::Predictions, task, &choices);
    let mut file = Rows::open(source, Format::Auto, wanted, now)?;
    if file.mapping().truth.is_none() {
        return Err(SampleError::NoTruth);
    }
    let columns = ProbabilityColumns::of(file.mapping());
    let mut ids = std::collections::HashSet::new();
    let mut rows = Vec::new();
    let mut truth_empty_count = 0;
    while let Some(row) = file.next_prediction()? {
        let row = row.map_err(SampleError::Reject)?;
        let Some(truth) = &row.truth else {
            truth_empty_count += 1;
            continue;
        };
        if !ids.insert(row.id.clone()) {
            return Err(SampleError::Twice {
                id: row.id,
                line_number: row.line_number,
            });
        }
        rows.push(ReferenceRow {
            predicted_at: row.predicted_at,
            labelled: Labelled {
                prediction: match &row.prediction {
                    Prediction::Failed => None,
                    Prediction::Number(number) => Some(Value::Number(*number)),
                    Prediction::Class(label) => Some(Value::Class(label.clone())),
                },
                truth: value_of(truth),
                probabilities: columns.of_row(&row),
            },
            prediction_id: row.id,
        });
    }
    let blake3 = file.finish()?.hash;
    if rows.is_empty() {
        return Err(SampleError::NoRows);
    }
    Ok(Sample {
        rows,
        blake3,
        truth_empty_count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn read_text(text: &str, task: Task) -> Result<Sample, SampleError> {
        let source = Source::Bytes {
            name: PathBuf::from("holdout.csv"),
            bytes: text.as_bytes().to_vec(),
        };
        let now = Timestamp::read("2026-01-10").unwrap().at;
        read(&source, task, &ColumnChoices::default(), now)
    }

    #[test]
    fn rows_with_truth_are_the_sample() {
        let text = "id,ts,prediction,truth,proba_no,proba_yes\n\
                    1,2026-01-01,yes,no,0.25,0.75\n2,2026-01-02,,yes,,\n3,2026-01-03,no,,1,0\n";
        let sample = read_text(text, Task::Classification).unwrap();
        assert_eq!((sample.rows.len(), sample.truth_empty_count), (2, 1));
        let first = &sample.rows[0];
        assert_eq!(
            first.predicted_at,
            Some(Timestamp::read("2026-01-01").unwrap().at)
        );
        assert_eq!(first.labelled.truth, Value::Class("no".into()));
        let probabilities = first.labelled.probabilities.as_ref().unwrap();
        assert_eq!(*probabilities.labels, ["no".to_owned(), "yes".to_owned()]);
        assert_eq!(probabilities.values, [0.25, 0.75]);
        assert_eq!(sample.rows[1].labelled.prediction, None);
        assert_eq!(
            sample.blake3,
            crate::files::hash::hash_bytes(text.as_bytes())
        );
    }

    #[test]
    fn what_is_no_sample_says_why() {
        for (text, expected) in [
            ("id,prediction\n1,2\n", "no column holds the truth"),
            ("id,prediction,truth\n1,2,\n", "no row has its truth"),
            (
                "id,prediction,truth\n1,2,3\n1,2,3\n",
                "the id 1 is there twice, on line 3 and before",
            ),
            (
                "id,prediction,truth\n1,x,3\n",
                "line 2, column prediction: x is no number",
            ),
            ("id,truth\n1,2\n", "holdout.csv: no column for prediction"),
        ] {
            let error = read_text(text, Task::Regression).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
