//! Truths: brings them in, settles those whose id has one already, and hands each to the predictions of its id.

use rusqlite::named_params;

use super::predictions::{OnConflict, Settled, settle_pairs};
use super::{Result, Tx, count, signed, values};
use crate::domain::evidence::{BatchId, Value};
use crate::domain::time::Timestamp;

/// A truth on its way into a pending batch.
#[derive(Clone, Copy, Debug)]
pub struct NewTruth<'a> {
    pub model: i64,
    pub line_number: u64,
    pub prediction_id: &'a str,
    pub value: &'a Value,
    pub label_at: Timestamp,
}

/// Adds a truth to a pending batch.
///
/// # Errors
/// The store can't be written.
pub fn insert(tx: &Tx<'_>, batch: BatchId, new: &NewTruth<'_>) -> Result<()> {
    let (value, class) = values::columns(Some(new.value));
    tx.sql
        .prepare_cached(
            "INSERT INTO truth (model_id, batch_id, line_number, prediction_id, value, class, label_at)
             VALUES (:model, :batch, :line, :id, :value, :class, :label_at)",
        )?
        .execute(named_params! {
            ":model": new.model, ":batch": batch.0, ":line": signed(new.line_number), ":id": new.prediction_id,
            ":value": value, ":class": class, ":label_at": new.label_at.micros(),
        })?;
    Ok(())
}

/// The first row of the batch with the same id, which holds unless truths are revised.
const FIRST_IN_BATCH: &str = "
    SELECT later.id AS new_id,
           (SELECT first.id FROM truth AS first
            WHERE first.prediction_id = later.prediction_id AND first.model_id = later.model_id
              AND first.batch_id = :batch
            ORDER BY first.id LIMIT 1) AS old_id
    FROM truth AS later WHERE later.batch_id = :batch";

/// The row of the batch before it with the same id: what a revision within the batch revises.
const BEFORE_IN_BATCH: &str = "
    SELECT later.id AS new_id,
           (SELECT before.id FROM truth AS before
            WHERE before.prediction_id = later.prediction_id AND before.model_id = later.model_id
              AND before.batch_id = :batch AND before.id < later.id
            ORDER BY before.id DESC LIMIT 1) AS old_id
    FROM truth AS later WHERE later.batch_id = :batch";

/// The truth that holds now, for the first row of the batch with that id.
const HOLDING: &str = "
    SELECT later.id AS new_id,
           (SELECT holding.id FROM truth AS holding
            CROSS JOIN batch ON batch.id = holding.batch_id AND batch.state = 'visible'
            WHERE holding.prediction_id = later.prediction_id AND holding.model_id = later.model_id
            ORDER BY batch.operation_id DESC, holding.id DESC LIMIT 1) AS old_id
    FROM truth AS later
    WHERE later.batch_id = :batch
      AND NOT EXISTS (SELECT 1 FROM truth AS first
                      WHERE first.prediction_id = later.prediction_id AND first.model_id = later.model_id
                        AND first.batch_id = :batch AND first.id < later.id)";

/// Removes from a pending batch the truths that hold already, and finds those that contradict: first within the
/// batch, then against the truth that holds now. Its time is no part of a truth's value.
///
/// # Errors
/// The store can't be written.
pub fn settle(tx: &Tx<'_>, batch: BatchId, on_conflict: OnConflict) -> Result<Settled> {
    let within = match on_conflict {
        OnConflict::Error | OnConflict::Skip => FIRST_IN_BATCH,
        OnConflict::Revise => BEFORE_IN_BATCH,
    };
    let mut settled = Settled::default();
    for pairs in [within, HOLDING] {
        let with = format!(
            "WITH pair AS ({pairs}),
                  twin AS (SELECT new.id, new.line_number, new.prediction_id, new.value, new.class,
                                  old.value AS old_value, old.class AS old_class,
                                  CASE old.batch_id WHEN :batch THEN old.line_number END AS earlier,
                                  new.value IS old.value AND new.class IS old.class AS same
                           FROM pair
                           CROSS JOIN truth AS new ON new.id = pair.new_id
                           CROSS JOIN truth AS old ON old.id = pair.old_id
                           WHERE pair.new_id <> pair.old_id)"
        );
        settle_pairs(tx, batch, on_conflict, "truth", &with, &mut settled)?;
        if !settled.conflicts.is_empty() {
            return Ok(settled);
        }
    }
    if on_conflict == OnConflict::Revise {
        for pairs in [BEFORE_IN_BATCH, HOLDING] {
            settled.revised_count += revised(tx, batch, pairs)?;
        }
    }
    Ok(settled)
}

/// How many rows that are left have a row that they revise.
fn revised(tx: &Tx<'_>, batch: BatchId, pairs: &str) -> Result<u64> {
    Ok(tx
        .sql
        .prepare_cached(&format!("SELECT count(old_id) FROM ({pairs})"))?
        .query_row(named_params! { ":batch": batch.0 }, |row| count(row, 0))?)
}

/// The truth that a prediction carries: the newest visible one of its id, if the prediction is visible itself.
const CARRIED: &str = "(truth_id, label_at) = (
    SELECT truth.id, truth.label_at
    FROM batch AS own
    CROSS JOIN version ON version.id = prediction.version_id
    CROSS JOIN truth ON truth.prediction_id = prediction.prediction_id AND truth.model_id = version.model_id
    CROSS JOIN batch AS source ON source.id = truth.batch_id AND source.state = 'visible'
    WHERE own.id = prediction.batch_id AND own.state = 'visible'
    ORDER BY source.operation_id DESC, truth.id DESC LIMIT 1)";

/// Gives the predictions that a batch touches the truth that holds now: its own rows, and the rows of every version
/// of the model whose ids it has truths for. Used when a batch becomes visible and when it is undone.
///
/// # Errors
/// The store can't be written.
pub(super) fn relabel(tx: &Tx<'_>, batch: BatchId) -> Result<()> {
    let parameters = named_params! { ":batch": batch.0 };
    tx.sql.execute(
        &format!(
            "UPDATE prediction SET {CARRIED}
             WHERE batch_id = :batch
               AND (truth_id IS NOT NULL
                    OR EXISTS (SELECT 1 FROM truth WHERE truth.prediction_id = prediction.prediction_id))"
        ),
        parameters,
    )?;
    tx.sql.execute(
        &format!(
            "UPDATE prediction SET {CARRIED}
             WHERE id IN (SELECT other.id FROM truth
                          CROSS JOIN prediction AS other ON other.prediction_id = truth.prediction_id
                          CROSS JOIN version ON version.id = other.version_id AND version.model_id = truth.model_id
                          WHERE truth.batch_id = :batch)"
        ),
        parameters,
    )?;
    Ok(())
}

/// What the truths of a batch met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Met {
    /// Truths that the batch holds.
    pub rows_count: u64,
    /// Ids among them that some visible prediction has.
    pub joined_count: u64,
}

/// Counts the truths of a batch, and those that belong to a visible prediction of their model.
///
/// # Errors
/// The store can't be read.
pub fn met(tx: &Tx<'_>, batch: BatchId) -> Result<Met> {
    Ok(tx
        .sql
        .prepare_cached(
            "SELECT count(*), count(DISTINCT CASE WHEN EXISTS (
                 SELECT 1 FROM prediction
                 CROSS JOIN version ON version.id = prediction.version_id AND version.model_id = truth.model_id
                 CROSS JOIN batch ON batch.id = prediction.batch_id AND batch.state = 'visible'
                 WHERE prediction.prediction_id = truth.prediction_id) THEN truth.prediction_id END)
             FROM truth WHERE batch_id = :batch",
        )?
        .query_row(named_params! { ":batch": batch.0 }, |row| {
            Ok(Met {
                rows_count: count(row, 0)?,
                joined_count: count(row, 1)?,
            })
        })?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::example::{Example, P, T};

    /// The truth that each visible prediction carries, in the order of version and id.
    fn carried(example: &mut Example) -> Vec<Option<f64>> {
        example
            .carried()
            .into_iter()
            .map(|(_, _, truth)| truth)
            .collect()
    }

    #[test]
    fn truth_reaches_every_version_also_those_that_predict_later() {
        let mut example = Example::new();
        let v = example.version("a");
        let w = example.version("b");
        example.ingest(
            &[P(v, "1", 0, Some(1.0)), P(v, "2", 0, Some(1.0))],
            &[],
            OnConflict::Error,
        );
        let (batch, ..) = example.ingest(&[], &[T("1", 5.0, 9), T("3", 7.0, 9)], OnConflict::Error);
        assert_eq!(carried(&mut example), [Some(5.0), None]);
        let met_now = example.read(|tx| met(tx, batch));
        assert_eq!((met_now.rows_count, met_now.joined_count), (2, 1));
        example.ingest(
            &[P(w, "1", 3, Some(2.0)), P(v, "3", 3, Some(2.0))],
            &[],
            OnConflict::Error,
        );
        assert_eq!(
            carried(&mut example),
            [Some(5.0), None, Some(7.0), Some(5.0)]
        );
        example.assert_whole();
        example.undo(batch);
        assert_eq!(carried(&mut example), [None; 4]);
        example.assert_whole();
    }

    #[test]
    fn a_revision_holds_until_it_is_undone() {
        let mut example = Example::new();
        let v = example.version("a");
        example.ingest(
            &[P(v, "1", 0, Some(1.0))],
            &[T("1", 5.0, 9)],
            OnConflict::Error,
        );
        let (_, _, settled) = example.ingest(&[], &[T("1", 6.0, 9)], OnConflict::Error);
        assert_eq!(settled.conflicts_count, 1);
        assert_eq!(settled.conflicts[0].kept, Some(Value::Number(5.0)));
        let (_, _, settled) = example.ingest(&[], &[T("1", 6.0, 9)], OnConflict::Skip);
        assert_eq!((settled.conflicts_count, settled.revised_count), (1, 0));
        assert_eq!(carried(&mut example), [Some(5.0)]);
        let (revision, _, settled) = example.ingest(&[], &[T("1", 6.0, 9)], OnConflict::Revise);
        assert_eq!((settled.conflicts_count, settled.revised_count), (0, 1));
        assert_eq!(carried(&mut example), [Some(6.0)]);
        // What holds now is repeated, not what held once.
        let (_, _, settled) = example.ingest(&[], &[T("1", 6.0, 11)], OnConflict::Error);
        assert_eq!((settled.repeats_count, settled.conflicts_count), (1, 0));
        let (back, _, settled) = example.ingest(&[], &[T("1", 5.0, 12)], OnConflict::Revise);
        assert_eq!(settled.revised_count, 1);
        assert_eq!(carried(&mut example), [Some(5.0)]);
        example.assert_whole();
        example.undo(back);
        assert_eq!(carried(&mut example), [Some(6.0)]);
        example.undo(revision);
        assert_eq!(carried(&mut example), [Some(5.0)]);
        example.assert_whole();
    }

    #[test]
    fn within_a_batch_revisions_follow_the_lines() {
        let mut example = Example::new();
        let v = example.version("a");
        example.ingest(
            &[P(v, "1", 0, Some(1.0))],
            &[T("1", 1.0, 1)],
            OnConflict::Error,
        );
        let lines = [
            T("1", 1.0, 2),
            T("1", 2.0, 3),
            T("1", 2.0, 4),
            T("1", 1.0, 5),
            T("1", 3.0, 6),
        ];
        let (_, _, settled) = example.ingest(&[], &lines, OnConflict::Skip);
        assert_eq!((settled.repeats_count, settled.conflicts_count), (2, 3));
        let (batch, _, settled) = example.ingest(&[], &lines, OnConflict::Revise);
        assert_eq!((settled.repeats_count, settled.revised_count), (2, 3));
        assert_eq!(carried(&mut example), [Some(3.0)]);
        assert_eq!(
            example.read(|tx| met(tx, batch)),
            Met {
                rows_count: 3,
                joined_count: 1
            }
        );
        example.assert_whole();
    }

    #[test]
    fn predictions_that_come_back_find_their_truth_again() {
        let mut example = Example::new();
        let v = example.version("a");
        let (first, ..) = example.ingest(&[P(v, "1", 0, Some(1.0))], &[], OnConflict::Error);
        example.ingest(&[], &[T("1", 5.0, 9)], OnConflict::Error);
        example.undo(first);
        assert_eq!(carried(&mut example), []);
        example.ingest(&[P(v, "1", 0, Some(2.0))], &[], OnConflict::Error);
        assert_eq!(carried(&mut example), [Some(5.0)]);
        example.assert_whole();
    }

    #[test]
    fn undoing_predictions_with_truth_takes_the_truth_from_other_batches_too() {
        let mut example = Example::new();
        let v = example.version("a");
        let w = example.version("b");
        let (both, ..) = example.ingest(
            &[P(v, "1", 0, Some(1.0))],
            &[T("1", 5.0, 9)],
            OnConflict::Error,
        );
        example.ingest(&[P(w, "1", 70, Some(1.0))], &[], OnConflict::Error);
        assert_eq!(carried(&mut example), [Some(5.0), Some(5.0)]);
        example.undo(both);
        assert_eq!(carried(&mut example), [None]);
        example.assert_whole();
    }

    #[test]
    fn one_id_in_every_row_is_settled_in_time() {
        let mut example = Example::new();
        let v = example.version("a");
        example.ingest(&[P(v, "same", 0, Some(1.0))], &[], OnConflict::Error);
        let rows: Vec<_> = (0..20_000)
            .map(|n| T("same", f64::from(n % 2), 1))
            .collect();
        let began = std::time::Instant::now();
        let (_, _, settled) = example.ingest(&[], &rows, OnConflict::Revise);
        assert_eq!((settled.repeats_count, settled.revised_count), (0, 19_999));
        assert_eq!(carried(&mut example), [Some(1.0)]);
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
        example.assert_whole();
    }

    /// Any order of ingests and undos leaves the store whole: the invariants say what each prediction must carry and
    /// what the counters must count.
    #[test]
    fn any_order_of_ingests_and_undos_leaves_the_store_whole() {
        for seed in 1..=6_u64 {
            let mut example = Example::new();
            let versions = [example.version("a"), example.version("b")];
            let mut state = seed;
            let mut draw = |below: u64| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 33) % below
            };
            let ids = ["1", "2", "3", "4"];
            let mut batches = Vec::new();
            for _ in 0..40 {
                let mut predictions = Vec::new();
                let mut truths = Vec::new();
                for _ in 0..draw(5) {
                    let value = (draw(4) > 0).then(|| draw(2) as f64);
                    let minute = draw(300) as i64 - 150;
                    let id = ids[draw(4) as usize];
                    predictions.push(P(versions[draw(2) as usize], id, minute, value));
                }
                for _ in 0..draw(4) {
                    truths.push(T(ids[draw(4) as usize], draw(3) as f64, draw(500) as i64));
                }
                let policy = [OnConflict::Error, OnConflict::Skip, OnConflict::Revise];
                match draw(4) {
                    0 if !batches.is_empty() => {
                        let which = draw(batches.len() as u64) as usize;
                        example.undo(batches[which]);
                    }
                    _ => {
                        let how = policy[draw(3) as usize];
                        let (batch, one, two) = example.ingest(&predictions, &truths, how);
                        if one.conflicts.is_empty() && two.conflicts.is_empty() {
                            batches.push(batch);
                        }
                    }
                }
                example.assert_whole();
            }
            assert!(batches.len() > 5);
        }
    }

    #[test]
    fn no_query_scans() {
        let mut example = Example::new();
        let relabel = format!("UPDATE prediction SET {CARRIED} WHERE batch_id = 1");
        for query in [FIRST_IN_BATCH, BEFORE_IN_BATCH, HOLDING, &relabel] {
            let plan = example.plan(&query.replace(":batch", "1"));
            assert!(!plan.is_empty());
            for step in plan {
                assert!(!step.starts_with("SCAN"), "{step}");
            }
        }
    }
}
