//! Whether a request was answered before: the same file, model, kind, mapping and version.

use std::collections::BTreeMap;

use super::{IngestError, Ingested, OddLabels, Request};
use crate::domain::hash::Hash;
use crate::domain::holders::VersionId;
use crate::files::hash::{hash_bytes, hash_file};
use crate::files::input::Source;
use crate::files::mapping::Mapping;
use crate::files::read::{self, PathKind};
use crate::store::Store;
use crate::store::batches::{self, Batch, BatchReport};
use crate::store::models::Model;
use crate::store::predictions::OnConflict;

/// What makes two calls the same request.
pub fn request_hash(
    file: Hash,
    model: &Model,
    mapping: &Mapping,
    version: Option<VersionId>,
) -> Hash {
    let text = serde_json::json!([
        file.to_string(),
        model.id,
        mapping.record_text(),
        version.map(|version| version.0),
    ])
    .to_string();
    hash_bytes(text.as_bytes())
}

/// Whether a batch that dropped conflicting rows is still the answer to a request with this rule.
pub fn answers(batch: &Batch, on_conflict: OnConflict) -> bool {
    on_conflict == OnConflict::Skip || batch.report.conflicts_skipped_count == 0
}

/// The batch of the same request, before anything is read of a file that can be read twice.
pub fn known(
    store: &mut Store,
    model: &Model,
    request: &Request<'_>,
    mapping: &Mapping,
) -> Result<Option<Batch>, IngestError> {
    let Source::File(path) = request.source else {
        return Ok(None);
    };
    if !matches!(read::kind_of(path)?, PathKind::File { .. }) {
        return Ok(None);
    }
    let (file, _) = hash_file(path)?;
    let hash = request_hash(file, model, mapping, request.version);
    let same = store.read(|tx| batches::find_same(tx, hash))?;
    Ok(same.filter(|batch| answers(batch, request.on_conflict)))
}

/// The same file again.
pub fn already(model: &Model, request: &Request<'_>, same: &Batch) -> Ingested {
    Ingested {
        model: model.name.clone(),
        kind: request.kind,
        source: request.source.name().to_path_buf(),
        changed: false,
        dry_run: request.dry_run,
        batch: None,
        operation: None,
        same_as: Some(same.id),
        report: BatchReport {
            mapping: same.report.mapping.clone(),
            ..BatchReport::default()
        },
        versions: BTreeMap::new(),
        without_beginning: None,
        odd_labels: OddLabels::default(),
        has_predictions: true,
        rejects: Vec::new(),
        zone_missing_count: 0,
        absent_columns: Vec::new(),
        likely_times: Vec::new(),
        moved: None,
    }
}
