//! Evaluations: what each check saw and said, kept for ever.

use rusqlite::{OptionalExtension, Row, named_params};

use super::{Result, StoreError, Tx, instant};
use crate::domain::holders::{OperationId, VersionId};
use crate::domain::time::Timestamp;
use crate::domain::verdict::{EvaluationId, Severity, Verdict};

/// What a check is about to record.
#[derive(Clone, Debug)]
pub struct NewEvaluation<'a> {
    pub model: i64,
    /// `None`: no version was live.
    pub version: Option<VersionId>,
    /// The check, or the rollback that it led to.
    pub operation: OperationId,
    pub checked_at: Timestamp,
    pub verdict: Verdict,
    pub severity: Option<Severity>,
    pub was_live: bool,
    /// False: by rules that were given for this check alone.
    pub by_policy: bool,
    /// Of the live version, when it was checked.
    pub tenure: Option<i64>,
    /// All that the check saw, as JSON.
    pub document: &'a str,
}

/// A recorded check.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    pub id: EvaluationId,
    pub version: Option<VersionId>,
    pub operation: OperationId,
    pub checked_at: Timestamp,
    pub verdict: Verdict,
    pub severity: Option<Severity>,
    pub was_live: bool,
    pub tenure: Option<i64>,
    pub document: String,
}

/// Adds an evaluation behind the newest.
///
/// # Errors
/// The store can't be written.
pub fn insert(tx: &Tx<'_>, new: &NewEvaluation<'_>) -> Result<EvaluationId> {
    tx.sql.execute(
        "INSERT INTO evaluation (model_id, version_id, operation_id, checked_at, verdict, severity, was_live,
             by_policy, tenure, document)
         VALUES (:model, :version, :operation, :checked_at, :verdict, :severity, :was_live,
             :by_policy, :tenure, :document)",
        named_params! {
            ":model": new.model,
            ":version": new.version.map(|version| version.0),
            ":operation": new.operation.0,
            ":checked_at": new.checked_at.micros(),
            ":verdict": new.verdict.name(),
            ":severity": new.severity.map(Severity::name),
            ":was_live": new.was_live,
            ":by_policy": new.by_policy,
            ":tenure": new.tenure,
            ":document": new.document,
        },
    )?;
    Ok(EvaluationId(tx.sql.last_insert_rowid()))
}

pub(super) const NEWEST_OF_MODEL: &str =
    "SELECT id, version_id, operation_id, checked_at, verdict, severity, was_live, tenure, document
     FROM evaluation WHERE model_id = :model AND was_live = 1 AND by_policy >= :by_policy ORDER BY id DESC LIMIT 1";

fn evaluation(row: &Row<'_>) -> Result<Evaluation> {
    let verdict: String = row.get(4)?;
    let severity: Option<String> = row.get(5)?;
    Ok(Evaluation {
        id: EvaluationId(row.get(0)?),
        version: row.get::<_, Option<i64>>(1)?.map(VersionId),
        operation: OperationId(row.get(2)?),
        checked_at: instant(row, 3)?,
        verdict: Verdict::from_name(&verdict)
            .ok_or_else(|| StoreError::meaningless("verdict", verdict))?,
        severity: severity
            .map(|word| {
                Severity::from_name(&word).ok_or_else(|| StoreError::meaningless("severity", word))
            })
            .transpose()?,
        was_live: row.get(6)?,
        tenure: row.get(7)?,
        document: row.get(8)?,
    })
}

/// The newest check of what was live in a model, whichever version that was; with `by_policy` none by rules that were
/// given for one check alone.
///
/// # Errors
/// The store can't be read.
pub fn newest_of_live(tx: &Tx<'_>, model: i64, by_policy: bool) -> Result<Option<Evaluation>> {
    let mut statement = tx.sql.prepare_cached(NEWEST_OF_MODEL)?;
    let mut rows = statement.query(named_params! { ":model": model, ":by_policy": by_policy })?;
    rows.next()?.map(evaluation).transpose()
}

/// The newest check of a version, live or not.
///
/// # Errors
/// The store can't be read.
pub fn newest_of(tx: &Tx<'_>, version: VersionId) -> Result<Option<Evaluation>> {
    let mut statement = tx.sql.prepare_cached(
        "SELECT id, version_id, operation_id, checked_at, verdict, severity, was_live, tenure, document
         FROM evaluation WHERE version_id = :version ORDER BY id DESC LIMIT 1",
    )?;
    let mut rows = statement.query(named_params! { ":version": version.0 })?;
    rows.next()?.map(evaluation).transpose()
}

/// When a tenure was last judged healthy or degraded by the policy; what other rules see is no sight of it.
///
/// # Errors
/// The store can't be read.
pub fn last_decided_at(tx: &Tx<'_>, version: VersionId, tenure: i64) -> Result<Option<Timestamp>> {
    let micros: Option<i64> = tx
        .sql
        .prepare_cached(
            "SELECT checked_at FROM evaluation
             WHERE version_id = :version AND tenure = :tenure AND was_live = 1 AND by_policy = 1
               AND verdict <> 'insufficient_data'
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row(
            named_params! { ":version": version.0, ":tenure": tenure },
            |row| row.get(0),
        )
        .optional()?;
    micros
        .map(|micros| {
            Timestamp::from_micros(micros)
                .map_err(|_| StoreError::meaningless("time", micros.to_string()))
        })
        .transpose()
}

/// One check of a tenure by the policy, and what its first deciding metric was.
#[derive(Clone, Debug, PartialEq)]
pub struct TrendPoint {
    pub checked_at: Timestamp,
    pub verdict: Verdict,
    pub metric: String,
    pub value: Option<f64>,
    /// The ends of the value's interval.
    pub bounds: Option<(f64, f64)>,
}

/// The newest checks of a tenure, at most `limit`, the oldest first. Rules that were given for one check alone make
/// another line and are left out.
///
/// # Errors
/// The store can't be read.
pub fn trend(tx: &Tx<'_>, version: VersionId, tenure: i64, limit: u64) -> Result<Vec<TrendPoint>> {
    let mut statement = tx.sql.prepare_cached(
        "SELECT checked_at, verdict,
             ifnull(json_extract(document, '$.metrics[0].name'), ''),
             json_extract(document, '$.metrics[0].value'),
             json_extract(document, '$.metrics[0].ci_low'),
             json_extract(document, '$.metrics[0].ci_high')
         FROM evaluation
         WHERE version_id = :version AND tenure = :tenure AND was_live = 1 AND by_policy = 1
         ORDER BY id DESC LIMIT :limit",
    )?;
    let mut rows = statement.query(named_params! {
        ":version": version.0, ":tenure": tenure, ":limit": super::signed(limit),
    })?;
    let mut points = Vec::new();
    while let Some(row) = rows.next()? {
        let verdict: String = row.get(1)?;
        let (low, high): (Option<f64>, Option<f64>) = (row.get(4)?, row.get(5)?);
        points.push(TrendPoint {
            checked_at: instant(row, 0)?,
            verdict: Verdict::from_name(&verdict)
                .ok_or_else(|| StoreError::meaningless("verdict", verdict))?,
            metric: row.get(2)?,
            value: row.get(3)?,
            bounds: low.zip(high),
        });
    }
    points.reverse();
    Ok(points)
}

/// All that a check saw, as JSON.
///
/// # Errors
/// The store can't be read.
pub fn document(tx: &Tx<'_>, id: EvaluationId) -> Result<Option<String>> {
    Ok(tx
        .sql
        .prepare_cached("SELECT document FROM evaluation WHERE id = :id")?
        .query_row(named_params! { ":id": id.0 }, |row| row.get(0))
        .optional()?)
}

#[cfg(test)]
mod tests;
