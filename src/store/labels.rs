//! Which classes a model is known to have: those of its newest truths and predictions, and of reference samples.

use std::collections::BTreeSet;

use rusqlite::named_params;

use super::{Result, Tx, count};
use crate::domain::holders::VersionId;

/// So many of the newest rows are looked at: rare classes are among them, and a large store costs no more than a small
/// one.
const LOOKED_AT: u32 = 20_000;

/// The classes that are known, and how many rows say so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub labels: BTreeSet<String>,
    pub rows_count: u64,
}

impl Known {
    fn add(&mut self, label: String, rows_count: u64) {
        self.labels.insert(label);
        self.rows_count += rows_count;
    }
}

/// The classes that turned out true: of the newest truths of a model, and in the reference samples of these versions.
///
/// # Errors
/// The store can't be read.
pub fn true_ones(tx: &Tx<'_>, model: i64, versions: &[VersionId]) -> Result<Known> {
    let mut known = Known::default();
    let mut statement = tx.sql.prepare_cached(
        "SELECT class, count(*)
         FROM (SELECT model_id, class FROM truth ORDER BY id DESC LIMIT :limit)
         WHERE model_id = :model AND class IS NOT NULL GROUP BY class",
    )?;
    let mut rows = statement.query(named_params! { ":model": model, ":limit": LOOKED_AT })?;
    while let Some(row) = rows.next()? {
        known.add(row.get(0)?, count(row, 1)?);
    }
    for version in versions {
        let mut statement = tx.sql.prepare_cached(
            "SELECT truth_class, count(*)
             FROM (SELECT truth_class FROM reference_row WHERE version_id = :version ORDER BY sequence LIMIT :limit)
             WHERE truth_class IS NOT NULL GROUP BY truth_class",
        )?;
        let mut rows =
            statement.query(named_params! { ":version": version.0, ":limit": LOOKED_AT })?;
        while let Some(row) = rows.next()? {
            known.add(row.get(0)?, count(row, 1)?);
        }
    }
    Ok(known)
}

/// The classes of the newest predictions of a model.
///
/// # Errors
/// The store can't be read.
pub fn predicted_ones(tx: &Tx<'_>, model: i64) -> Result<Known> {
    let mut known = Known::default();
    let mut statement = tx.sql.prepare_cached(
        "SELECT newest.class, count(*)
         FROM (SELECT version_id, class FROM prediction ORDER BY id DESC LIMIT :limit) AS newest
              JOIN version ON version.id = newest.version_id
         WHERE version.model_id = :model AND newest.class IS NOT NULL GROUP BY newest.class",
    )?;
    let mut rows = statement.query(named_params! { ":model": model, ":limit": LOOKED_AT })?;
    while let Some(row) = rows.next()? {
        known.add(row.get(0)?, count(row, 1)?);
    }
    Ok(known)
}

/// Whether any prediction of a model counts.
///
/// # Errors
/// The store can't be read.
pub fn has_predictions(tx: &Tx<'_>, model: i64) -> Result<bool> {
    let query = "SELECT EXISTS (SELECT 1 FROM version JOIN prediction_hour ON prediction_hour.version_id = version.id
                                WHERE version.model_id = :model AND prediction_hour.predictions_count > 0)";
    let mut statement = tx.sql.prepare_cached(query)?;
    Ok(statement.query_row(named_params! { ":model": model }, |row| row.get(0))?)
}
