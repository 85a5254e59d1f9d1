//! The last step of an ingest: settles the batch against what is there, makes it visible, and says what came in.

use std::collections::BTreeMap;

use super::intake::Intake;
use super::labels::OddLabels;
use super::repeats::{already, answers, request_hash};
use super::staging::Staging;
use super::{IngestError, Ingested};
use crate::domain::evidence::BatchId;
use crate::domain::holders::VersionId;
use crate::domain::operation::{NewOperation, OperationKind};
use crate::files::columns::FileKind;
use crate::store::batches::{self, BatchReport};
use crate::store::predictions::{self, OnConflict, Settled};
use crate::store::{Change, StoreError, Tx, hours, labels, truths, versions};

/// Makes the batch visible, or leaves everything as it was where it has nothing new.
pub fn conclude(
    tx: &Tx<'_>,
    staging: &Staging<'_>,
    intake: &Intake<'_>,
) -> Result<Change<Ingested>, IngestError> {
    intake.refuse_too_many(staging.request.max_rejects)?;
    let rejects = intake.found_rejects();
    let (Some((batch, attributor)), Some(finished)) = (staging.begun(), intake.finished()) else {
        return Err(IngestError::Stopped);
    };
    let (model, request) = (staging.model, staging.request);
    let hash = request_hash(finished.hash, model, &staging.mapping, request.version);
    if let Some(same) = batches::find_same(tx, hash)?
        && answers(&same, request.on_conflict)
    {
        return unchanged(tx, staging, batch, already(model, request, &same));
    }
    // Without times of its own a file says nothing of when the rows that it repeats were predicted.
    let moved = match staging.mapping.time {
        Some(_) => predictions::moved(tx, batch)?,
        None => None,
    };
    let settled = settle(tx, staging, batch, intake)?;
    let mut ingested = Ingested {
        model: model.name.clone(),
        kind: request.kind,
        source: intake.path().to_path_buf(),
        changed: false,
        dry_run: request.dry_run,
        batch: None,
        operation: None,
        same_as: None,
        report: BatchReport::default(),
        versions: BTreeMap::new(),
        without_beginning: attributor.without_beginning(),
        odd_labels: OddLabels::default(),
        has_predictions: true,
        rejects: rejects.named().to_vec(),
        zone_missing_count: intake.zone_missing_count(),
        absent_columns: staging.mapping.absent.clone(),
        likely_times: intake.likely_times().to_vec(),
        moved,
    };
    let has_news =
        predictions::held(tx, batch)?.rows_count > 0 || truths::met(tx, batch)?.rows_count > 0;
    if has_news {
        // The rows must be visible before it can be said what they met.
        batches::make_visible(tx, batch, hash)?;
    }
    ingested.report = report(tx, staging, intake, batch, &settled)?;
    if !has_news {
        return unchanged(tx, staging, batch, ingested);
    }
    let mut ids = Vec::new();
    for attributed in &ingested.report.attribution {
        let id = VersionId(attributed.version);
        let name = versions::get(tx, id)?.name.to_string();
        if ingested.versions.insert(attributed.version, name).is_none() {
            ids.push(id);
        }
    }
    ingested.odd_labels = staging.labels.odd(tx, model.id, &ids, batch)?;
    ingested.has_predictions = labels::has_predictions(tx, model.id)?;
    batches::set_report(tx, batch, &ingested.report)?;
    if request.dry_run {
        return Ok(Change::nothing(ingested));
    }
    ingested.changed = true;
    ingested.batch = Some(batch);
    ingested.operation = Some(tx.next_operation()?);
    let operation = NewOperation {
        version: request.version,
        detail: serde_json::json!({
            "batch_id": batch.to_string(),
            "kind": request.kind.name(),
            "source": intake.path().to_string_lossy(),
            "source_blake3": finished.hash.to_string(),
            "rows_stored_count": ingested.report.rows_stored_count,
            "truth_stored_count": ingested.report.truth_stored_count,
        })
        .to_string(),
        ..NewOperation::recording(OperationKind::Ingest, model.id)
    };
    Ok(Change::recorded(ingested, operation))
}

/// Nothing is kept: neither of this transaction nor of the earlier ones.
fn unchanged(
    tx: &Tx<'_>,
    staging: &Staging<'_>,
    batch: BatchId,
    ingested: Ingested,
) -> Result<Change<Ingested>, IngestError> {
    if staging.committed().is_none() {
        return Ok(Change::nothing(ingested));
    }
    batches::discard(tx, batch)?;
    Ok(Change::staged(ingested))
}

/// What was settled, of the predictions and of the truths.
struct BothSettled {
    predictions: Settled,
    truths: Settled,
}

fn settle(
    tx: &Tx<'_>,
    staging: &Staging<'_>,
    batch: BatchId,
    intake: &Intake<'_>,
) -> Result<BothSettled, IngestError> {
    let on_conflict = staging.request.on_conflict;
    let refuse = |kind: FileKind, settled: Settled| {
        if settled.conflicts.is_empty() {
            return Ok(settled);
        }
        let column = match kind {
            FileKind::Predictions => &staging.mapping.prediction,
            FileKind::Truth => &staging.mapping.truth,
        };
        Err(IngestError::Conflicts {
            path: intake.path().to_path_buf(),
            kind,
            column: column
                .as_ref()
                .map(|column| column.name.clone())
                .unwrap_or_default(),
            count: settled.conflicts_count,
            conflicts: settled.conflicts,
        })
    };
    // A prediction never changes.
    let on_prediction = match on_conflict {
        OnConflict::Revise => OnConflict::Error,
        other => other,
    };
    Ok(BothSettled {
        predictions: refuse(
            FileKind::Predictions,
            predictions::settle(tx, batch, on_prediction)?,
        )?,
        truths: refuse(FileKind::Truth, truths::settle(tx, batch, on_conflict)?)?,
    })
}

fn report(
    tx: &Tx<'_>,
    staging: &Staging<'_>,
    intake: &Intake<'_>,
    batch: BatchId,
    settled: &BothSettled,
) -> Result<BatchReport, StoreError> {
    let held = predictions::held(tx, batch)?;
    let met = truths::met(tx, batch)?;
    let (rows_stored_count, skipped) = match staging.request.kind {
        FileKind::Predictions => (held.rows_count, &settled.predictions),
        FileKind::Truth => (met.rows_count, &settled.truths),
    };
    Ok(BatchReport {
        rows_read_count: intake.rows_count(),
        rows_stored_count,
        rows_skipped_count: skipped.repeats_count + skipped.conflicts_count,
        conflicts_skipped_count: settled.predictions.conflicts_count
            + settled.truths.conflicts_count,
        rows_revised_count: settled.truths.revised_count,
        rows_rejected_count: intake.found_rejects().count(),
        rows_failed_count: held.failed_count,
        rows_labelled_count: held.labelled_count,
        truth_stored_count: met.rows_count,
        truth_joined_count: met.joined_count,
        truth_waiting_count: hours::waiting(tx, staging.model.id)?,
        truth_empty_count: intake.truth_empty_count(),
        attribution: predictions::attributed(tx, batch)?,
        first_at_us: held.first_at.map(|at| at.micros()),
        last_at_us: held.last_at.map(|at| at.micros()),
        mapping: staging.mapping.to_string(),
    })
}
