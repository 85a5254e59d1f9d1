//! The held-out sample that a version was registered with: its rows, each with truth, never part of a window.

use rusqlite::named_params;

use super::values::{self, LabelSets, RowReader};
use super::{Result, Tx, instant_or_none, signed};
use crate::domain::evidence::ReferenceRow;
use crate::domain::hash::Hash;
use crate::domain::holders::VersionId;

/// Gives a new version its reference sample; one without rows is none.
///
/// # Errors
/// It has one already, or the store can't be written.
pub fn insert(
    tx: &Tx<'_>,
    version: VersionId,
    source: &str,
    source_blake3: Hash,
    rows: &[ReferenceRow],
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    tx.sql.execute(
        "INSERT INTO reference (version_id, source, source_blake3, rows_count)
         VALUES (:version, :source, :source_blake3, :rows_count)",
        named_params! {
            ":version": version.0, ":source": source, ":source_blake3": source_blake3.0,
            ":rows_count": signed(rows.len() as u64),
        },
    )?;
    let mut sets = LabelSets::default();
    let mut statement = tx.sql.prepare_cached(
        "INSERT INTO reference_row (version_id, sequence, prediction_id, predicted_at, value, class, failed,
             label_set_id, probabilities, truth_value, truth_class)
         VALUES (:version, :sequence, :id, :predicted_at, :value, :class, :failed,
             :label_set, :probabilities, :truth_value, :truth_class)",
    )?;
    for (sequence, row) in (0..).zip(rows) {
        let labelled = &row.labelled;
        let (value, class) = values::columns(labelled.prediction.as_ref());
        let (truth_value, truth_class) = values::columns(Some(&labelled.truth));
        let probabilities = labelled
            .probabilities
            .as_ref()
            .map(|probabilities| sets.columns(tx, probabilities))
            .transpose()?;
        let (label_set, probabilities) = probabilities.unzip();
        statement.execute(named_params! {
            ":version": version.0, ":sequence": signed(sequence), ":id": row.prediction_id,
            ":predicted_at": row.predicted_at.map(|at| at.micros()),
            ":value": value, ":class": class, ":failed": labelled.prediction.is_none(),
            ":label_set": label_set, ":probabilities": probabilities,
            ":truth_value": truth_value, ":truth_class": truth_class,
        })?;
    }
    Ok(())
}

/// The reference sample of a version in the order in which it was given; empty without one.
///
/// # Errors
/// The store can't be read.
pub fn rows(tx: &Tx<'_>, version: VersionId) -> Result<Vec<ReferenceRow>> {
    let mut reader = RowReader::default();
    let mut statement = tx.sql.prepare_cached(
        "SELECT prediction_id, predicted_at, value, class, label_set_id, probabilities, truth_value, truth_class
         FROM reference_row WHERE version_id = :version ORDER BY sequence",
    )?;
    let mut found = statement.query(named_params! { ":version": version.0 })?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        rows.push(ReferenceRow {
            prediction_id: row.get(0)?,
            predicted_at: instant_or_none(row, 1)?,
            labelled: reader.labelled(tx, row, 2)?,
        });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evidence::{Labelled, Value};
    use crate::store::example::{Example, author, minute, probabilities};
    use crate::store::{Change, StoreError, versions};

    #[test]
    fn a_sample_reads_back_in_its_order() {
        let mut example = Example::new();
        let v = example.version("a");
        let w = example.version("b");
        let row = |id: &str, prediction: Option<&str>, p: Option<f64>| ReferenceRow {
            prediction_id: id.into(),
            predicted_at: p.map(|_| minute(3)),
            labelled: Labelled {
                prediction: prediction.map(|label| Value::Class(label.into())),
                truth: Value::Class("yes".into()),
                probabilities: p.map(|p| probabilities(&[("no", 1.0 - p), ("yes", p)])),
            },
        };
        let given = vec![row("z", Some("no"), Some(0.25)), row("a", None, None)];
        let read = example
            .store
            .change(&author(), |tx| {
                insert(tx, v, "holdout.csv", Hash([1; 32]), &given)?;
                insert(tx, w, "empty.csv", Hash([1; 32]), &[])?;
                let counts = [
                    versions::get(tx, v)?.reference_rows_count,
                    versions::get(tx, w)?.reference_rows_count,
                ];
                Ok::<_, StoreError>(Change::staged((rows(tx, v)?, rows(tx, w)?, counts)))
            })
            .unwrap();
        assert_eq!(read, (given, vec![], [2, 0]));
        example.assert_whole();
    }
}
