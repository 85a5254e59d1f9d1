//! Calls of ingest: a batch is pending while its rows come in, then visible whole, and may be undone later.

use rusqlite::{Row, named_params};
use serde::{Deserialize, Serialize};

use super::{Result, StoreError, Tx, hours, instant, signed, truths};
use crate::domain::evidence::{Attribution, BatchId, Role};
use crate::domain::hash::Hash;
use crate::domain::holders::{OperationId, VersionId};
use crate::domain::time::Timestamp;
use crate::files::columns::FileKind;
use crate::files::owner::Owner;

/// Whether a batch's rows count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchState {
    /// Its rows are still coming in, or its process died.
    Pending,
    Visible,
    Undone,
}

impl BatchState {
    /// The word for it in the store and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Visible => "visible",
            Self::Undone => "undone",
        }
    }
}

/// How many rows counted for which version, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attributed {
    /// The version's row.
    pub version: i64,
    /// A word of [`Attribution`].
    pub by: String,
    /// A word of [`Role`], as it was when the batch came in.
    pub role: String,
    pub rows_count: u64,
}

impl Attributed {
    #[must_use]
    pub fn new(version: VersionId, by: Attribution, role: Role, rows_count: u64) -> Self {
        Self {
            version: version.0,
            by: by.name().to_owned(),
            role: role.name().to_owned(),
            rows_count,
        }
    }
}

/// What came in with a batch. Kept as JSON that grows by addition; a count that an older build did not keep is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BatchReport {
    pub rows_read_count: u64,
    /// Predictions, or truths of a truth file.
    pub rows_stored_count: u64,
    /// Repeats of what was there, and conflicts that were skipped.
    pub rows_skipped_count: u64,
    /// Those of the skipped (truth in a predictions file included) that said something else than what was there.
    pub conflicts_skipped_count: u64,
    pub rows_revised_count: u64,
    pub rows_rejected_count: u64,
    pub rows_failed_count: u64,
    /// Predictions that have their truth, which came with them or was there before.
    pub rows_labelled_count: u64,
    pub truth_stored_count: u64,
    pub truth_joined_count: u64,
    pub truth_waiting_count: u64,
    pub truth_empty_count: u64,
    pub attribution: Vec<Attributed>,
    /// Microseconds since the epoch; of the predictions that were stored.
    pub first_at_us: Option<i64>,
    pub last_at_us: Option<i64>,
    /// The mapping of the columns, for people.
    pub mapping: String,
}

/// A batch that is about to come in.
#[derive(Clone, Copy, Debug)]
pub struct NewBatch<'a> {
    pub model: i64,
    pub kind: FileKind,
    pub source: &'a str,
    pub owner: &'a Owner,
    pub at: Timestamp,
}

/// A call of ingest.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    pub id: BatchId,
    pub model: i64,
    pub kind: FileKind,
    pub state: BatchState,
    pub source: String,
    pub started_at: Timestamp,
    pub operation: Option<OperationId>,
    pub undone_operation: Option<OperationId>,
    pub report: BatchReport,
}

/// Begins a batch whose rows nobody sees until it is made visible.
///
/// # Errors
/// The store can't be written.
pub fn begin(tx: &Tx<'_>, new: NewBatch<'_>) -> Result<BatchId> {
    tx.sql.execute(
        "INSERT INTO batch (model_id, kind, state, owner_pid, owner_boot, source, started_at, report)
         VALUES (:model, :kind, 'pending', :pid, :boot, :source, :at, '{}')",
        named_params! {
            ":model": new.model, ":kind": new.kind.name(), ":pid": new.owner.pid, ":boot": new.owner.boot,
            ":source": new.source, ":at": new.at.micros(),
        },
    )?;
    Ok(BatchId(tx.sql.last_insert_rowid()))
}

const SELECT: &str = "SELECT id, model_id, kind, state, source, started_at, operation_id, undone_operation_id, report
     FROM batch";

fn batch(row: &Row<'_>) -> Result<Batch> {
    let kind: String = row.get(2)?;
    let state: String = row.get(3)?;
    let report: String = row.get(8)?;
    Ok(Batch {
        id: BatchId(row.get(0)?),
        model: row.get(1)?,
        kind: [FileKind::Predictions, FileKind::Truth]
            .into_iter()
            .find(|one| one.name() == kind)
            .ok_or_else(|| StoreError::meaningless("kind of batch", kind))?,
        state: [BatchState::Pending, BatchState::Visible, BatchState::Undone]
            .into_iter()
            .find(|one| one.name() == state)
            .ok_or_else(|| StoreError::meaningless("state of batch", state))?,
        source: row.get(4)?,
        started_at: instant(row, 5)?,
        operation: row.get::<_, Option<i64>>(6)?.map(OperationId),
        undone_operation: row.get::<_, Option<i64>>(7)?.map(OperationId),
        report: serde_json::from_str(&report)
            .map_err(|_| StoreError::meaningless("report of a batch", report))?,
    })
}

/// One batch of a model, whatever its state.
///
/// # Errors
/// The store can't be read.
pub fn find(tx: &Tx<'_>, model: i64, id: BatchId) -> Result<Option<Batch>> {
    let mut statement = tx
        .sql
        .prepare_cached(&format!("{SELECT} WHERE id = :id AND model_id = :model"))?;
    let mut rows = statement.query(named_params! { ":id": id.0, ":model": model })?;
    rows.next()?.map(batch).transpose()
}

/// The visible batch of the same request (file, model, kind, mapping, version), if all that it said still holds.
///
/// A row that repeats another batch is kept once, with the earlier batch. So where some batch of the model was undone
/// later, rows of this one may be gone with it, and the same file has something to say again.
///
/// # Errors
/// The store can't be read.
pub fn find_same(tx: &Tx<'_>, request: Hash) -> Result<Option<Batch>> {
    let mut statement = tx.sql.prepare_cached(&format!(
        "{SELECT} WHERE request_blake3 = :request AND state = 'visible'
         AND NOT EXISTS (SELECT 1 FROM batch AS undone
                         WHERE undone.model_id = batch.model_id AND undone.undone_operation_id > batch.operation_id)
         ORDER BY id LIMIT 1"
    ))?;
    let mut rows = statement.query(named_params! { ":request": request.0 })?;
    rows.next()?.map(batch).transpose()
}

/// The newest batches of a model that are or were visible, at most `limit`; and how many there are in all.
///
/// # Errors
/// The store can't be read.
pub fn list(tx: &Tx<'_>, model: i64, limit: u64) -> Result<(Vec<Batch>, u64)> {
    let total = tx.sql.query_row(
        "SELECT count(*) FROM batch WHERE model_id = :model AND state <> 'pending'",
        named_params! { ":model": model },
        |row| super::count(row, 0),
    )?;
    let mut statement = tx.sql.prepare_cached(&format!(
        "{SELECT} WHERE model_id = :model AND state <> 'pending' ORDER BY id DESC LIMIT :limit"
    ))?;
    let mut rows = statement.query(named_params! { ":model": model, ":limit": signed(limit) })?;
    let mut batches = Vec::new();
    while let Some(row) = rows.next()? {
        batches.push(batch(row)?);
    }
    Ok((batches, total))
}

/// Makes a pending batch visible whole: its rows count from here on, its truths reach every prediction of their ids.
///
/// Its repeats and conflicts are settled already. The operation that the caller records must be the first one of this
/// transaction, since the row names its id.
///
/// # Errors
/// The store can't be written.
pub fn make_visible(tx: &Tx<'_>, id: BatchId, request: Hash) -> Result<()> {
    hours::subtract(tx, id)?;
    let changed = tx.sql.execute(
        "UPDATE batch SET state = 'visible', operation_id = :operation, request_blake3 = :request
         WHERE id = :batch AND state = 'pending'",
        named_params! {
            ":operation": tx.next_operation()?.0, ":request": request.0, ":batch": id.0,
        },
    )?;
    if changed != 1 {
        return Err(StoreError::Vanished("batch"));
    }
    truths::relabel(tx, id)?;
    hours::add(tx, id)
}

/// Keeps what is to be said of a batch.
///
/// # Errors
/// The store can't be written.
pub fn set_report(tx: &Tx<'_>, id: BatchId, report: &BatchReport) -> Result<()> {
    tx.sql.execute(
        "UPDATE batch SET report = :report WHERE id = :batch",
        named_params! { ":report": serde_json::json!(report).to_string(), ":batch": id.0 },
    )?;
    Ok(())
}

/// Takes a visible batch's evidence back and deletes nothing. False: it was not visible.
///
/// Older truths hold again where this batch had revised them. The operation that the caller records must be the first
/// one of this transaction.
///
/// # Errors
/// The store can't be written.
pub fn undo(tx: &Tx<'_>, id: BatchId) -> Result<bool> {
    hours::subtract(tx, id)?;
    let changed = tx.sql.execute(
        "UPDATE batch SET state = 'undone', undone_operation_id = :operation
         WHERE id = :batch AND state = 'visible'",
        named_params! { ":operation": tx.next_operation()?.0, ":batch": id.0 },
    )?;
    truths::relabel(tx, id)?;
    hours::add(tx, id)?;
    Ok(changed == 1)
}

/// Removes a pending batch and its rows.
///
/// # Errors
/// The store can't be written.
pub fn discard(tx: &Tx<'_>, id: BatchId) -> Result<()> {
    const PENDING: &str = "(SELECT id FROM batch WHERE id = :batch AND state = 'pending')";
    let parameters = named_params! { ":batch": id.0 };
    for table in ["prediction", "truth"] {
        tx.sql.execute(
            &format!("DELETE FROM {table} WHERE batch_id = {PENDING}"),
            parameters,
        )?;
    }
    tx.sql.execute(
        "DELETE FROM batch WHERE id = :batch AND state = 'pending'",
        parameters,
    )?;
    Ok(())
}

/// Removes what dead processes left pending, and says how many batches that were.
///
/// # Errors
/// The store can't be written.
pub fn reap(tx: &Tx<'_>) -> Result<u64> {
    let mut statement = tx
        .sql
        .prepare_cached("SELECT id, owner_pid, owner_boot FROM batch WHERE state = 'pending'")?;
    let pending = statement
        .query_map([], |row| {
            let owner = Owner {
                pid: row.get(1)?,
                boot: row.get(2)?,
            };
            Ok((BatchId(row.get(0)?), owner))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut reaped = 0;
    for (id, owner) in pending {
        if owner.is_gone() {
            discard(tx, id)?;
            reaped += 1;
        }
    }
    Ok(reaped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::example::{Example, P, T, author, minute, staged};
    use crate::store::predictions::OnConflict;
    use crate::store::{Change, coverage};

    fn predictions_count(example: &mut Example, version: VersionId) -> u64 {
        example
            .read(|tx| coverage::coverage(tx, version, coverage::Rows::Any))
            .predictions_count
    }

    #[test]
    fn rows_count_while_their_batch_is_visible_only() {
        let mut example = Example::new();
        let v = example.version("a");
        let model = example.model;
        let pending = example
            .store
            .change(&author(), |tx| {
                let batch = staged(tx, model, &[P(v, "1", 0, Some(1.0))], &[T("1", 1.0, 5)])?;
                Ok::<_, StoreError>(Change::staged(batch))
            })
            .unwrap();
        example.assert_whole();
        assert_eq!(predictions_count(&mut example, v), 0);
        let (batch, ..) = example.ingest(
            &[P(v, "1", 0, Some(1.0)), P(v, "2", -1, None)],
            &[],
            OnConflict::Error,
        );
        assert_ne!(batch, pending);
        assert_eq!(predictions_count(&mut example, v), 2);
        assert_eq!(
            example.carried(),
            [(v.0, "1".into(), None), (v.0, "2".into(), None)]
        );
        example.assert_whole();
        assert!(example.undo(batch));
        assert!(!example.undo(batch), "it is undone already");
        assert!(!example.undo(pending), "it never was visible");
        assert_eq!(predictions_count(&mut example, v), 0);
        example.assert_whole();
    }

    #[test]
    fn the_same_request_is_known_until_a_batch_is_undone() {
        let mut example = Example::new();
        let v = example.version("a");
        let (first, ..) = example.ingest(&[P(v, "1", 0, Some(1.0))], &[], OnConflict::Error);
        let (second, ..) = example.ingest(&[P(v, "2", 0, Some(1.0))], &[], OnConflict::Error);
        let same = |tx: &Tx<'_>| Ok(find_same(tx, Hash([2; 32]))?.map(|batch| batch.id));
        assert_eq!(example.read(same), Some(second));
        // The second one may have skipped what the first one said.
        example.undo(first);
        assert_eq!(example.read(same), None);
        let (batches, total) = {
            let model = example.model;
            example.read(|tx| list(tx, model, 1))
        };
        assert_eq!((batches.len(), total), (1, 2));
        assert_eq!(batches[0].id, second);
        example.assert_whole();
    }

    #[test]
    fn a_dead_process_leaves_nothing_and_a_living_one_keeps_its_rows() {
        let mut example = Example::new();
        let v = example.version("a");
        let model = example.model;
        let rows = [P(v, "1", 0, Some(1.0))];
        let reaped = example
            .store
            .change(&author(), |tx| {
                let dead = staged(tx, model, &rows, &[T("1", 1.0, 1)])?;
                let living = staged(tx, model, &rows, &[])?;
                tx.sql.execute(
                    "UPDATE batch SET owner_pid = 4294967295 WHERE id = :id",
                    named_params! { ":id": dead.0 },
                )?;
                Ok::<_, StoreError>(Change::staged((dead, living, reap(tx)?)))
            })
            .unwrap();
        let (dead, living, count) = reaped;
        if !Owner::present().boot.is_empty() {
            assert_eq!(count, 1);
            assert_eq!(example.read(|tx| find(tx, model, dead)), None);
        }
        let kept = example.read(|tx| find(tx, model, living)).unwrap();
        assert_eq!(
            (kept.state, kept.started_at),
            (BatchState::Pending, minute(0))
        );
        example.assert_whole();
    }

    #[test]
    fn a_report_reads_back_and_an_older_one_lacks_counts() {
        let mut example = Example::new();
        let v = example.version("a");
        let model = example.model;
        let (id, ..) = example.ingest(&[P(v, "1", 0, Some(1.0))], &[], OnConflict::Error);
        let report = BatchReport {
            rows_read_count: 3,
            attribution: vec![Attributed::new(v, Attribution::HeldAt, Role::Live, 3)],
            first_at_us: Some(-1),
            ..BatchReport::default()
        };
        let kept = example
            .store
            .change(&author(), |tx| {
                set_report(tx, id, &report)?;
                let whole = find(tx, model, id)?;
                tx.sql
                    .execute("UPDATE batch SET report = '{\"new_count\": 1}'", [])?;
                Ok::<_, StoreError>(Change::nothing((whole, find(tx, model, id)?)))
            })
            .unwrap();
        assert_eq!(kept.0.map(|batch| batch.report), Some(report));
        assert_eq!(
            kept.1.map(|batch| batch.report),
            Some(BatchReport::default())
        );
    }
}
