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
     FROM evaluation WHERE model_id = :model AND was_live = 1 ORDER BY id DESC LIMIT 1";

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

/// The newest check of what was live in a model, whichever version that was.
///
/// # Errors
/// The store can't be read.
pub fn newest_of_live(tx: &Tx<'_>, model: i64) -> Result<Option<Evaluation>> {
    let mut statement = tx.sql.prepare_cached(NEWEST_OF_MODEL)?;
    let mut rows = statement.query(named_params! { ":model": model })?;
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

/// When a tenure was last judged healthy or degraded.
///
/// # Errors
/// The store can't be read.
pub fn last_decided_at(tx: &Tx<'_>, version: VersionId, tenure: i64) -> Result<Option<Timestamp>> {
    let micros: Option<i64> = tx
        .sql
        .prepare_cached(
            "SELECT checked_at FROM evaluation
             WHERE version_id = :version AND tenure = :tenure AND was_live = 1 AND verdict <> 'insufficient_data'
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
mod tests {
    use super::*;
    use crate::store::Change;
    use crate::store::example::{Example, author, minute};

    struct Check {
        version: Option<VersionId>,
        verdict: Verdict,
        was_live: bool,
        tenure: Option<i64>,
        at: i64,
    }

    fn record(example: &mut Example, check: &Check) -> EvaluationId {
        let model = example.model;
        example
            .store
            .change(&author(), |tx| {
                let new = NewEvaluation {
                    model,
                    version: check.version,
                    operation: OperationId(1),
                    checked_at: minute(check.at),
                    verdict: check.verdict,
                    severity: (check.verdict == Verdict::Degraded).then_some(Severity::High),
                    was_live: check.was_live,
                    by_policy: true,
                    tenure: check.tenure,
                    document: "{\"seen\":1}",
                };
                Ok::<_, StoreError>(Change::staged(insert(tx, &new)?))
            })
            .unwrap()
    }

    #[test]
    fn the_newest_of_what_was_live_is_not_that_of_a_shadow() {
        let mut example = Example::new();
        let (a, b) = (example.version("a"), example.version("b"));
        let model = example.model;
        assert_eq!(example.read(|tx| newest_of_live(tx, model)), None);
        let live = Check {
            version: Some(a),
            verdict: Verdict::Degraded,
            was_live: true,
            tenure: Some(1),
            at: 1,
        };
        let shadow = Check {
            version: Some(b),
            verdict: Verdict::Healthy,
            was_live: false,
            tenure: None,
            at: 2,
        };
        let (first, second) = (record(&mut example, &live), record(&mut example, &shadow));
        let newest = example.read(|tx| newest_of_live(tx, model)).unwrap();
        assert_eq!(
            (newest.id, newest.version, newest.tenure),
            (first, Some(a), Some(1))
        );
        assert_eq!(
            (newest.verdict, newest.severity),
            (Verdict::Degraded, Some(Severity::High))
        );
        let of_b = example.read(|tx| newest_of(tx, b)).unwrap();
        assert_eq!(
            (of_b.id, of_b.was_live, of_b.checked_at),
            (second, false, minute(2))
        );
        let nobody = Check {
            version: None,
            verdict: Verdict::InsufficientData,
            was_live: true,
            tenure: None,
            at: 3,
        };
        let third = record(&mut example, &nobody);
        assert_eq!(
            example.read(|tx| newest_of_live(tx, model)).unwrap().id,
            third
        );
        let document = example.read(|tx| document(tx, first)).unwrap();
        assert_eq!(document, "{\"seen\":1}");
        assert_eq!(
            example.read(|tx| super::document(tx, EvaluationId(99))),
            None
        );
    }

    #[test]
    fn only_verdicts_that_decided_in_that_tenure_count_as_sight() {
        let mut example = Example::new();
        let a = example.version("a");
        let decided = |example: &mut Example| example.read(|tx| last_decided_at(tx, a, 1));
        let check = |verdict, was_live, tenure, at| Check {
            version: Some(a),
            verdict,
            was_live,
            tenure,
            at,
        };
        record(
            &mut example,
            &check(Verdict::InsufficientData, true, Some(1), 1),
        );
        assert_eq!(decided(&mut example), None);
        record(&mut example, &check(Verdict::Healthy, true, Some(1), 2));
        record(
            &mut example,
            &check(Verdict::InsufficientData, true, Some(1), 3),
        );
        record(&mut example, &check(Verdict::Degraded, true, Some(2), 4));
        record(&mut example, &check(Verdict::Degraded, false, None, 5));
        assert_eq!(decided(&mut example), Some(minute(2)));
    }

    #[test]
    fn what_was_seen_is_never_changed() {
        let mut example = Example::new();
        let a = example.version("a");
        let check = Check {
            version: Some(a),
            verdict: Verdict::Healthy,
            was_live: true,
            tenure: Some(1),
            at: 1,
        };
        record(&mut example, &check);
        for sql in [
            "UPDATE evaluation SET verdict = 'degraded', severity = 'low'",
            "DELETE FROM evaluation",
            "INSERT OR REPLACE INTO evaluation SELECT * FROM evaluation",
        ] {
            let refused = example.store.change(&author(), |tx| {
                tx.sql.execute_batch(sql)?;
                Ok::<_, StoreError>(Change::staged(()))
            });
            assert!(
                refused.unwrap_err().to_string().contains("append-only"),
                "{sql}"
            );
        }
    }
}
