//! Predictions: brings them in, and settles those whose key is there already.

use rusqlite::named_params;

use super::batches::Attributed;
use super::values::{self, LabelSets};
use super::{Result, StoreError, Tx, count, signed};
use crate::domain::evidence::{Attribution, BatchId, Probabilities, Role, Value};
use crate::domain::holders::VersionId;
use crate::domain::names::PRODUCTION;
use crate::domain::time::Timestamp;

/// What to do with a row whose key is there with another value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnConflict {
    /// Nothing of the batch is stored.
    Error,
    /// What was there stays.
    Skip,
    /// Truth only: the new value holds, the old one stays in history.
    Revise,
}

impl OnConflict {
    /// The word for it on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Skip => "skip",
            Self::Revise => "revise",
        }
    }
}

/// A row whose key is there with another value.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    pub line_number: u64,
    pub prediction_id: String,
    /// What is there; `None` is a failed prediction.
    pub kept: Option<Value>,
    /// What the row says.
    pub found: Option<Value>,
    /// The line of the same batch that came first, if it is that one.
    pub earlier_line_number: Option<u64>,
}

/// What became of the rows of a batch whose keys were there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settled {
    /// Removed because they say what is there.
    pub repeats_count: u64,
    /// Rows that say something else: removed under `Skip`, still there under `Error`.
    pub conflicts_count: u64,
    /// The first conflicts, under `Error` only.
    pub conflicts: Vec<Conflict>,
    /// Rows that replace an older value, under `Revise` only.
    pub revised_count: u64,
}

/// How many conflicts are named.
pub const CONFLICTS_NAMED: usize = 20;

/// A prediction on its way into a pending batch.
#[derive(Clone, Copy, Debug)]
pub struct NewPrediction<'a> {
    pub version: VersionId,
    pub line_number: u64,
    pub prediction_id: &'a str,
    pub predicted_at: Timestamp,
    pub attribution: Attribution,
    /// `None`: it failed.
    pub value: Option<&'a Value>,
    pub probabilities: Option<&'a Probabilities>,
}

/// Adds a prediction to a pending batch.
///
/// # Errors
/// The store can't be written.
pub fn insert(
    tx: &Tx<'_>,
    sets: &mut LabelSets,
    batch: BatchId,
    new: &NewPrediction<'_>,
) -> Result<()> {
    let (value, class) = values::columns(new.value);
    let probabilities = new
        .probabilities
        .map(|probabilities| sets.columns(tx, probabilities))
        .transpose()?;
    let (label_set, probabilities) = probabilities.unzip();
    tx.sql
        .prepare_cached(
            "INSERT INTO prediction (version_id, batch_id, line_number, prediction_id, predicted_at, attribution,
                 value, class, failed, label_set_id, probabilities)
             VALUES (:version, :batch, :line, :id, :predicted_at, :attribution,
                 :value, :class, :failed, :label_set, :probabilities)",
        )?
        .execute(named_params! {
            ":version": new.version.0, ":batch": batch.0, ":line": signed(new.line_number),
            ":id": new.prediction_id, ":predicted_at": new.predicted_at.micros(),
            ":attribution": new.attribution.name(), ":value": value, ":class": class,
            ":failed": new.value.is_none(), ":label_set": label_set, ":probabilities": probabilities,
        })?;
    Ok(())
}

/// The first row of the batch with the same key. The index has a key's rows in the order of their ids.
const EARLIER_IN_BATCH: &str = "
    SELECT later.id AS new_id,
           (SELECT first.id FROM prediction AS first
            WHERE first.prediction_id = later.prediction_id AND first.version_id = later.version_id
              AND first.batch_id = :batch
            ORDER BY first.id LIMIT 1) AS old_id
    FROM prediction AS later WHERE later.batch_id = :batch";

/// The visible row with the same key.
const VISIBLE: &str = "
    SELECT later.id AS new_id, visible.id AS old_id
    FROM prediction AS later
    CROSS JOIN prediction AS visible
      ON visible.prediction_id = later.prediction_id AND visible.version_id = later.version_id
    CROSS JOIN batch ON batch.id = visible.batch_id AND batch.state = 'visible'
    WHERE later.batch_id = :batch";

/// The time is no part of the value.
const SAME: &str = "new.value IS old.value AND new.class IS old.class
    AND new.label_set_id IS old.label_set_id AND new.probabilities IS old.probabilities";

/// Rows of a pending batch that are there already, with another time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    pub rows_count: u64,
    /// The first batch that they are in.
    pub batch: BatchId,
}

/// The repeats of a pending batch, which is not settled yet, whose time is not the one that is there.
///
/// # Errors
/// The store can't be read.
pub fn moved(tx: &Tx<'_>, batch: BatchId) -> Result<Option<Moved>> {
    let query = format!(
        "WITH pair AS ({VISIBLE})
         SELECT count(*), min(old.batch_id)
         FROM pair
         CROSS JOIN prediction AS new ON new.id = pair.new_id
         CROSS JOIN prediction AS old ON old.id = pair.old_id
         WHERE new.predicted_at <> old.predicted_at AND {SAME}"
    );
    let mut statement = tx.sql.prepare_cached(&query)?;
    let (rows_count, first) = statement.query_row(named_params! { ":batch": batch.0 }, |row| {
        Ok((count(row, 0)?, row.get::<_, Option<i64>>(1)?))
    })?;
    Ok(first.map(|first| Moved {
        rows_count,
        batch: BatchId(first),
    }))
}

/// Removes from a pending batch what is there already, and finds what contradicts it: first within the batch, where
/// the first row holds, then against visible batches.
///
/// # Errors
/// The store can't be written.
pub fn settle(tx: &Tx<'_>, batch: BatchId, on_conflict: OnConflict) -> Result<Settled> {
    let mut settled = Settled::default();
    for pairs in [EARLIER_IN_BATCH, VISIBLE] {
        let with = format!(
            "WITH pair AS ({pairs}),
                  twin AS (SELECT new.id, new.line_number, new.prediction_id, new.value, new.class,
                                  old.value AS old_value, old.class AS old_class,
                                  CASE old.batch_id WHEN :batch THEN old.line_number END AS earlier, {SAME} AS same
                           FROM pair
                           CROSS JOIN prediction AS new ON new.id = pair.new_id
                           CROSS JOIN prediction AS old ON old.id = pair.old_id
                           WHERE pair.new_id <> pair.old_id)"
        );
        settle_pairs(tx, batch, on_conflict, "prediction", &with, &mut settled)?;
        if !settled.conflicts.is_empty() {
            break;
        }
    }
    Ok(settled)
}

/// Settles the rows of a batch that `with` calls `twin`; under `Revise` those that contradict stay, uncounted.
pub(super) fn settle_pairs(
    tx: &Tx<'_>,
    batch: BatchId,
    on_conflict: OnConflict,
    table: &str,
    with: &str,
    settled: &mut Settled,
) -> Result<()> {
    let parameters = named_params! { ":batch": batch.0 };
    let remove = |which: &str| {
        tx.sql
            .prepare_cached(&format!(
                "{with} DELETE FROM {table} WHERE id IN (SELECT id FROM twin WHERE {which})"
            ))?
            .execute(parameters)
    };
    settled.repeats_count += remove("same")? as u64;
    match on_conflict {
        OnConflict::Skip => settled.conflicts_count += remove("NOT same")? as u64,
        OnConflict::Revise => {}
        OnConflict::Error => {
            let mut statement = tx.sql.prepare_cached(&format!(
                "{with} SELECT line_number, prediction_id, old_value, old_class, value, class, earlier
                 FROM twin WHERE NOT same"
            ))?;
            let mut rows = statement.query(parameters)?;
            while let Some(row) = rows.next()? {
                settled.conflicts_count += 1;
                if settled.conflicts.len() < CONFLICTS_NAMED {
                    settled.conflicts.push(Conflict {
                        line_number: count(row, 0)?,
                        prediction_id: row.get(1)?,
                        kept: values::value(row, 2)?,
                        found: values::value(row, 4)?,
                        earlier_line_number: match row.get::<_, Option<i64>>(6)? {
                            Some(_) => Some(count(row, 6)?),
                            None => None,
                        },
                    });
                }
            }
        }
    }
    Ok(())
}

/// What a pending batch holds after it was settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    pub rows_count: u64,
    pub failed_count: u64,
    /// Those that have their truth.
    pub labelled_count: u64,
    pub first_at: Option<Timestamp>,
    pub last_at: Option<Timestamp>,
}

/// Counts the predictions of a batch.
///
/// # Errors
/// The store can't be read.
pub fn held(tx: &Tx<'_>, batch: BatchId) -> Result<Held> {
    let mut statement = tx.sql.prepare_cached(
        "SELECT count(*), ifnull(sum(failed), 0), min(predicted_at), max(predicted_at), count(label_at)
         FROM prediction WHERE batch_id = :batch",
    )?;
    let mut rows = statement.query(named_params! { ":batch": batch.0 })?;
    match rows.next()? {
        None => Ok(Held::default()),
        Some(row) => Ok(Held {
            rows_count: count(row, 0)?,
            failed_count: count(row, 1)?,
            first_at: super::instant_or_none(row, 2)?,
            last_at: super::instant_or_none(row, 3)?,
            labelled_count: count(row, 4)?,
        }),
    }
}

/// How many predictions of a batch count for which version, why, and in which role as the tenures are now.
///
/// # Errors
/// The store can't be read.
pub fn attributed(tx: &Tx<'_>, batch: BatchId) -> Result<Vec<Attributed>> {
    let mut statement = tx.sql.prepare_cached(
        "SELECT prediction.version_id, prediction.attribution,
                EXISTS (SELECT 1 FROM period
                        WHERE period.version_id = prediction.version_id AND period.alias = :production
                          AND (period.from_at IS NULL OR period.from_at <= prediction.predicted_at)
                          AND (period.to_at IS NULL OR period.to_at > prediction.predicted_at)) AS is_live,
                count(*)
         FROM prediction WHERE prediction.batch_id = :batch
         GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3",
    )?;
    let mut rows =
        statement.query(named_params! { ":batch": batch.0, ":production": PRODUCTION })?;
    let mut attributed = Vec::new();
    while let Some(row) = rows.next()? {
        let by: String = row.get(1)?;
        let role = if row.get(2)? {
            Role::Live
        } else {
            Role::Shadow
        };
        attributed.push(Attributed::new(
            VersionId(row.get(0)?),
            Attribution::from_name(&by)
                .ok_or_else(|| StoreError::meaningless("attribution", by))?,
            role,
            count(row, 3)?,
        ));
    }
    Ok(attributed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evidence::Labelled;
    use crate::store::example::{Example, P, T, author, minute, probabilities, staged};
    use crate::store::values::RowReader;
    use crate::store::{Change, batches};

    #[test]
    fn a_repeat_is_skipped_and_another_value_is_a_conflict() {
        let mut example = Example::new();
        let v = example.version("a");
        let w = example.version("b");
        example.ingest(
            &[P(v, "1", 0, Some(1.0)), P(v, "2", 0, None)],
            &[],
            OnConflict::Error,
        );
        let again = [
            P(v, "1", 7, Some(1.0)),
            P(v, "2", 0, None),
            P(w, "1", 0, Some(9.0)),
        ];
        let (_, settled, _) = example.ingest(&again, &[], OnConflict::Error);
        assert_eq!((settled.repeats_count, settled.conflicts_count), (2, 0));
        assert_eq!(example.carried().len(), 3);
        let before = example.bytes();
        let other = [P(v, "1", 0, Some(1.5)), P(v, "2", 0, Some(0.0))];
        let (_, settled, _) = example.ingest(&other, &[], OnConflict::Error);
        assert_eq!(
            settled.conflicts,
            [
                Conflict {
                    line_number: 2,
                    prediction_id: "1".into(),
                    kept: Some(Value::Number(1.0)),
                    found: Some(Value::Number(1.5)),
                    earlier_line_number: None,
                },
                Conflict {
                    line_number: 3,
                    prediction_id: "2".into(),
                    kept: None,
                    found: Some(Value::Number(0.0)),
                    earlier_line_number: None,
                },
            ]
        );
        assert_eq!(example.bytes(), before);
        let (_, settled, _) = example.ingest(&other, &[], OnConflict::Skip);
        assert_eq!((settled.repeats_count, settled.conflicts_count), (0, 2));
        assert_eq!(settled.conflicts, []);
        example.assert_whole();
    }

    #[test]
    fn within_a_batch_the_first_row_holds() {
        let mut example = Example::new();
        let v = example.version("a");
        let rows = [
            P(v, "1", 0, Some(1.0)),
            P(v, "1", 1, Some(1.0)),
            P(v, "1", 2, Some(2.0)),
        ];
        let (_, settled, _) = example.ingest(&rows, &[], OnConflict::Error);
        assert_eq!((settled.repeats_count, settled.conflicts_count), (1, 1));
        assert_eq!(settled.conflicts[0].line_number, 4);
        assert_eq!(settled.conflicts[0].earlier_line_number, Some(2));
        let (batch, settled, _) = example.ingest(&rows, &[], OnConflict::Skip);
        assert_eq!((settled.repeats_count, settled.conflicts_count), (1, 1));
        let kept = example.read(|tx| held(tx, batch));
        assert_eq!((kept.rows_count, kept.failed_count), (1, 0));
        assert_eq!(
            (kept.first_at, kept.last_at),
            (Some(minute(0)), Some(minute(0)))
        );
        example.assert_whole();
    }

    #[test]
    fn one_id_in_every_row_is_settled_in_time() {
        let mut example = Example::new();
        let v = example.version("a");
        let rows: Vec<_> = (0..30_000)
            .map(|n| P(v, "same", 0, Some(f64::from(n % 2))))
            .collect();
        let began = std::time::Instant::now();
        let (_, settled, _) = example.ingest(&rows, &[], OnConflict::Error);
        assert_eq!(
            (settled.repeats_count, settled.conflicts_count),
            (14_999, 15_000)
        );
        assert_eq!(settled.conflicts.len(), CONFLICTS_NAMED);
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    }

    #[test]
    fn undone_rows_are_no_conflict() {
        let mut example = Example::new();
        let v = example.version("a");
        let (batch, ..) = example.ingest(&[P(v, "1", 0, Some(1.0))], &[], OnConflict::Error);
        example.undo(batch);
        let (_, settled, _) = example.ingest(&[P(v, "1", 0, Some(2.0))], &[], OnConflict::Error);
        assert_eq!(settled, Settled::default());
        example.assert_whole();
    }

    #[test]
    fn probabilities_are_part_of_the_value_and_the_order_of_columns_is_not() {
        let mut example = Example::new();
        let v = example.version("a");
        let model = example.model;
        let given = [
            probabilities(&[("no", 0.25), ("yes", 0.75)]),
            probabilities(&[("yes", 0.75), ("no", 0.25)]),
            probabilities(&[("yes", 0.25), ("no", 0.75)]),
        ];
        let (settled, read) = example
            .store
            .change(&author(), |tx| {
                let batch = staged(tx, model, &[], &[T("1", 1.0, 1)])?;
                let mut sets = LabelSets::default();
                for (line, probabilities) in (2..).zip(&given) {
                    let new = NewPrediction {
                        version: v,
                        line_number: line,
                        prediction_id: "1",
                        predicted_at: minute(0),
                        attribution: Attribution::Column,
                        value: Some(&Value::Class("yes".into())),
                        probabilities: Some(probabilities),
                    };
                    insert(tx, &mut sets, batch, &new)?;
                }
                let settled = settle(tx, batch, OnConflict::Skip)?;
                batches::make_visible(tx, batch, crate::domain::hash::Hash([9; 32]))?;
                let read: Labelled = {
                    let mut statement = tx.sql.prepare(
                        "SELECT prediction.value, prediction.class, label_set_id, probabilities, truth.value,
                                truth.class
                         FROM prediction JOIN truth ON truth.id = truth_id",
                    )?;
                    let mut rows = statement.query([])?;
                    RowReader::default().labelled(tx, rows.next()?.unwrap(), 0)?
                };
                Ok::<_, StoreError>(Change::nothing((settled, read)))
            })
            .unwrap();
        assert_eq!((settled.repeats_count, settled.conflicts_count), (1, 1));
        assert_eq!(read.prediction, Some(Value::Class("yes".into())));
        assert_eq!(read.probabilities, Some(given[0].clone()));
        assert_eq!(read.truth, Value::Number(1.0));
    }

    #[test]
    fn no_query_scans_the_predictions() {
        let mut example = Example::new();
        for pairs in [EARLIER_IN_BATCH, VISIBLE] {
            let plan = example.plan(&pairs.replace(":batch", "1"));
            assert!(!plan.is_empty());
            for step in plan {
                assert!(!step.starts_with("SCAN"), "{step}");
                assert!(!step.contains("TEMP B-TREE"), "{step}");
            }
        }
    }
}
