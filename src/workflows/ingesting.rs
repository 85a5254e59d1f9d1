//! Brings a file of predictions or truth into the store, whole or not at all.

mod attribution;
pub mod columns;
mod conclusion;
mod intake;
mod labels;
pub mod reference;
mod repeats;
mod staging;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::domain::evidence::BatchId;
use crate::domain::holders::{OperationId, VersionId};
use crate::domain::metric::Task;
use crate::domain::names::ModelName;
use crate::domain::operation::{Author, NewOperation, OperationKind};
use crate::domain::time::Timestamp;
use crate::files::columns::{ColumnChoices, Field, FileKind};
use crate::files::error::{FileError, FileErrorKind};
use crate::files::input::Source;
use crate::files::rejects::Reject;
use crate::files::table::Format;
use crate::store::batches::{self, Batch, BatchReport};
use crate::store::models::Model;
use crate::store::predictions::{Conflict, Moved, OnConflict};
use crate::store::{Change, Store, StoreError};

pub use labels::{ForeignLabels, OddLabel, OddLabels};

use conclusion::conclude;
use intake::Intake;
use repeats::{already, known};
use staging::Staging;

/// What is to be brought in.
#[derive(Debug)]
pub struct Request<'a> {
    pub source: &'a Source,
    pub kind: FileKind,
    pub format: Format,
    pub choices: &'a ColumnChoices,
    /// Whose predictions they are, where that was said.
    pub version: Option<VersionId>,
    pub on_conflict: OnConflict,
    /// Where lines that are no rows are put aside.
    pub reject_file: Option<&'a Path>,
    /// More of them, and nothing is stored.
    pub max_rejects: u64,
    /// Everything is found out, and nothing is stored.
    pub dry_run: bool,
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Ingested {
    pub model: ModelName,
    pub kind: FileKind,
    pub source: PathBuf,
    pub changed: bool,
    pub dry_run: bool,
    /// The batch that is new.
    pub batch: Option<BatchId>,
    pub operation: Option<OperationId>,
    /// The batch that holds the same file already.
    pub same_as: Option<BatchId>,
    pub report: BatchReport,
    /// The names of the versions that the report speaks of.
    pub versions: BTreeMap<i64, String>,
    /// The version whose first tenure has no beginning, if rows count for it by time.
    pub without_beginning: Option<VersionId>,
    /// Classes that came in and can hardly be meant.
    pub odd_labels: OddLabels,
    /// Whether the model has any prediction that counts.
    pub has_predictions: bool,
    /// The first of the lines that are no rows.
    pub rejects: Vec<Reject>,
    /// Rows with a time that named no zone.
    pub zone_missing_count: u64,
    /// What the policy names, and the file can do without and does not have.
    pub absent_columns: Vec<(Field, String)>,
    /// Columns that may be the time of the predictions, for which there is none.
    pub likely_times: Vec<String>,
    /// Rows that are there already with another time.
    pub moved: Option<Moved>,
}

/// Why nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{}: {count} of {rows_count} rows are none", .path.display())]
    Rejected {
        path: PathBuf,
        count: u64,
        rows_count: u64,
        allowed: u64,
        rejects: Vec<Reject>,
    },
    #[error("{}: {count} rows say something else than what is stored", .path.display())]
    Conflicts {
        path: PathBuf,
        /// What conflicts: the predictions, or the truths.
        kind: FileKind,
        /// The column that conflicts.
        column: String,
        count: u64,
        conflicts: Vec<Conflict>,
    },
    #[error("no version of model {model} holds production, and none was given")]
    NoHolder {
        model: ModelName,
        /// Whether there is one that could.
        has_versions: bool,
    },
    #[error("the run was asked to stop")]
    Stopped,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads a file and stores its rows: up to 50,000 in one transaction, more in a pending batch that one last
/// transaction makes visible. `tick` hears how many rows were read and says whether to go on.
///
/// # Errors
/// The file is broken or its columns don't fit, too many lines are no rows, rows contradict what is there, nobody
/// holds production, the run is asked to stop, or the store can't be written. Nothing is stored then.
pub fn ingest(
    store: &mut Store,
    author: &Author,
    model: &Model,
    request: &Request<'_>,
    tick: &mut dyn FnMut(u64) -> bool,
) -> Result<Ingested, IngestError> {
    let ingested = bring_in(store, author, model, request, tick);
    ingested.map_err(|error| match error {
        // Whoever was asked to stop waits for no pipe any more, and that is no trouble of the file.
        IngestError::File(_) if !tick(0) => IngestError::Stopped,
        error => error,
    })
}

/// Reads a file as [`ingest`] would, without the store: what is wrong with it whatever is stored.
///
/// # Errors
/// The file is broken, its columns don't fit, too many lines are no rows, or the run is asked to stop.
pub fn read_through(
    task: Task,
    request: &Request<'_>,
    now: Timestamp,
    tick: &mut dyn FnMut(u64) -> bool,
) -> Result<(), IngestError> {
    let mut intake = Intake::open(request, task, now)?;
    while intake.next(tick)?.is_some() {}
    intake.refuse_too_many(request.max_rejects)
}

fn bring_in(
    store: &mut Store,
    author: &Author,
    model: &Model,
    request: &Request<'_>,
    tick: &mut dyn FnMut(u64) -> bool,
) -> Result<Ingested, IngestError> {
    let mut intake = Intake::open(request, model.task, author.at)?;
    if let Some(same) = known(store, model, request, intake.mapping())? {
        return Ok(already(model, request, &same));
    }
    let mut staging = Staging::new(model, request, intake.mapping(), author.at);
    let stored = if request.dry_run {
        // Others can write while these rows are waited for, which mostly are all.
        let ahead = intake.ahead(tick)?;
        store.change(author, |tx| {
            for rows in ahead {
                staging.stage(tx, rows, intake.rejects())?;
            }
            while let Some(rows) = intake.next(tick)? {
                staging.stage(tx, rows, intake.rejects())?;
            }
            let change = conclude(tx, &staging, &intake)?;
            Ok(Change::nothing(change.into_value()))
        })
    } else {
        in_transactions(store, author, &mut intake, &mut staging, tick)
    };
    // Also after a failure: it says what to mend.
    intake.put_rejects_aside()?;
    stored
}

fn in_transactions(
    store: &mut Store,
    author: &Author,
    intake: &mut Intake<'_>,
    staging: &mut Staging<'_>,
    tick: &mut dyn FnMut(u64) -> bool,
) -> Result<Ingested, IngestError> {
    let staged = stage_all_but_last(store, author, intake, staging, tick).and_then(|last| {
        store.change(author, |tx| {
            staging.stage(tx, last, intake.rejects())?;
            conclude(tx, staging, intake)
        })
    });
    if staged.is_err()
        && let Some(batch) = staging.committed()
    {
        // What went wrong is worth more than what goes wrong now; a batch that stays is reaped by the next ingest.
        let _ = store.change(author, |tx| {
            batches::discard(tx, batch)?;
            Ok::<_, StoreError>(Change::staged(()))
        });
    }
    staged
}

/// Commits what does not fit into one transaction, and gives the rows for the last one.
fn stage_all_but_last(
    store: &mut Store,
    author: &Author,
    intake: &mut Intake<'_>,
    staging: &mut Staging<'_>,
    tick: &mut dyn FnMut(u64) -> bool,
) -> Result<Vec<intake::Taken>, IngestError> {
    let mut rows = intake.next(tick)?.unwrap_or_default();
    while !intake.has_ended() {
        store.change(author, |tx| {
            staging.stage(tx, std::mem::take(&mut rows), intake.rejects())?;
            Ok::<_, IngestError>(Change::staged(()))
        })?;
        staging.commit();
        rows = intake.next(tick)?.unwrap_or_default();
    }
    Ok(rows)
}

/// What taking a batch's evidence back did.
#[derive(Clone, Debug)]
pub struct Undone {
    pub batch: Batch,
    /// False: it was undone before.
    pub changed: bool,
    pub operation: Option<OperationId>,
}

/// Takes a batch's evidence back and deletes nothing; `None` where the model has no such batch.
///
/// # Errors
/// The store can't be written.
pub fn undo(
    store: &mut Store,
    author: &Author,
    model: &Model,
    id: BatchId,
) -> Result<Option<Undone>, StoreError> {
    store.change(author, |tx| {
        let Some(batch) = batches::find(tx, model.id, id)? else {
            return Ok(Change::nothing(None));
        };
        if batch.operation.is_none() {
            return Ok(Change::nothing(None));
        }
        if !batches::undo(tx, id)? {
            return Ok(Change::nothing(Some(Undone {
                batch,
                changed: false,
                operation: None,
            })));
        }
        let operation = NewOperation {
            detail: serde_json::json!({ "batch_id": id.to_string(), "source": batch.source })
                .to_string(),
            ..NewOperation::recording(OperationKind::IngestUndo, model.id)
        };
        let undone = Undone {
            batch,
            changed: true,
            operation: Some(tx.next_operation()?),
        };
        Ok(Change::recorded(Some(undone), operation))
    })
}

/// An input without a single row is never taken for "no predictions".
fn refuse_empty(path: &Path, rows_count: u64) -> Result<(), FileError> {
    if rows_count == 0 {
        return Err(FileErrorKind::NoRows.of(path));
    }
    Ok(())
}
