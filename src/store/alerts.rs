//! Alerts: one row per model, version and kind, ever, or per refused file; it opens, is resolved, and opens again.

use rusqlite::{OptionalExtension as _, Row, named_params};

use super::{Result, StoreError, Tx, count, instant, instant_or_none, signed};
use crate::domain::hash::Hash;
use crate::domain::holders::{OperationId, VersionId};
use crate::domain::names::{ModelName, VersionName};
use crate::domain::time::Timestamp;
use crate::domain::verdict::{AlertId, AlertKind, EvaluationId, Severity};

/// An alert as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    pub id: AlertId,
    pub model: ModelName,
    pub model_id: i64,
    /// `None`: it is about a file.
    pub version: Option<VersionName>,
    pub version_id: Option<VersionId>,
    pub kind: AlertKind,
    pub severity: Severity,
    pub message: String,
    /// Last opened; the log knows the earlier times.
    pub opened_at: Timestamp,
    pub resolved_at: Option<Timestamp>,
    pub acked_at: Option<Timestamp>,
    /// The newest check that found its condition; `None`: it is about a file.
    pub evaluation: Option<EvaluationId>,
    /// The rollback that it led to. Until it is rearmed it leads to no other.
    pub acted_operation: Option<OperationId>,
}

impl Alert {
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.resolved_at.is_none()
    }
}

/// What a check found that people have to be told.
#[derive(Clone, Debug)]
pub struct Occurrence<'a> {
    pub model: i64,
    pub version: VersionId,
    pub kind: AlertKind,
    pub severity: Severity,
    pub message: &'a str,
    pub evaluation: EvaluationId,
    pub at: Timestamp,
}

const SELECT: &str = "SELECT alert.id, model.name, alert.model_id, version.name, alert.version_id, alert.kind,
        alert.severity, alert.message, alert.opened_at, alert.resolved_at, alert.acked_at, alert.evaluation_id,
        alert.acted_operation_id
     FROM alert
     JOIN model ON model.id = alert.model_id
     LEFT JOIN version ON version.id = alert.version_id";

fn alert(row: &Row<'_>) -> Result<Alert> {
    let word = |what, index| -> Result<(&'static str, String)> { Ok((what, row.get(index)?)) };
    let meaningless = |(what, value)| StoreError::meaningless(what, value);
    let model = word("model name", 1)?;
    let version = match row.get::<_, Option<String>>(3)? {
        None => None,
        Some(name) => {
            let parsed = name.parse().ok();
            Some(parsed.ok_or_else(|| meaningless(("version name", name)))?)
        }
    };
    let (kind, severity) = (word("alert kind", 5)?, word("severity", 6)?);
    Ok(Alert {
        id: AlertId(row.get(0)?),
        model: model.1.parse().map_err(|_| meaningless(model))?,
        model_id: row.get(2)?,
        version,
        version_id: row.get::<_, Option<i64>>(4)?.map(VersionId),
        kind: AlertKind::from_name(&kind.1).ok_or_else(|| meaningless(kind))?,
        severity: Severity::from_name(&severity.1).ok_or_else(|| meaningless(severity))?,
        message: row.get(7)?,
        opened_at: instant(row, 8)?,
        resolved_at: instant_or_none(row, 9)?,
        acked_at: instant_or_none(row, 10)?,
        evaluation: row.get::<_, Option<i64>>(11)?.map(EvaluationId),
        acted_operation: row.get::<_, Option<i64>>(12)?.map(OperationId),
    })
}

/// The one alert of that kind about a version, if there ever was one.
///
/// # Errors
/// The store can't be read.
pub fn find(tx: &Tx<'_>, version: VersionId, kind: AlertKind) -> Result<Option<Alert>> {
    let mut statement = tx.sql.prepare_cached(&format!(
        "{SELECT} WHERE alert.model_id = (SELECT model_id FROM version WHERE id = :version)
           AND alert.version_id = :version AND alert.kind = :kind"
    ))?;
    let mut rows =
        statement.query(named_params! { ":version": version.0, ":kind": kind.name() })?;
    rows.next()?.map(alert).transpose()
}

/// The alert of that id.
///
/// # Errors
/// The store can't be read.
pub fn get(tx: &Tx<'_>, id: AlertId) -> Result<Option<Alert>> {
    let mut statement = tx
        .sql
        .prepare_cached(&format!("{SELECT} WHERE alert.id = :id"))?;
    let mut rows = statement.query(named_params! { ":id": id.0 })?;
    rows.next()?.map(alert).transpose()
}

/// Opens the alert of an occurrence: adds its row, opens it again, or brings the open one up to date.
///
/// Only opening sets the time and forgets who took note of it; what it has acted stays.
///
/// # Errors
/// The store can't be written.
pub fn open(tx: &Tx<'_>, occurrence: &Occurrence<'_>) -> Result<AlertId> {
    let id = tx.sql.query_row(
        "INSERT INTO alert (model_id, version_id, kind, severity, message, opened_at, evaluation_id)
         VALUES (:model, :version, :kind, :severity, :message, :at, :evaluation)
         ON CONFLICT (model_id, version_id, kind) DO UPDATE SET
             severity = excluded.severity,
             message = excluded.message,
             evaluation_id = excluded.evaluation_id,
             opened_at = CASE WHEN resolved_at IS NULL THEN opened_at ELSE excluded.opened_at END,
             acked_at = CASE WHEN resolved_at IS NULL THEN acked_at END,
             resolved_at = NULL
         RETURNING id",
        named_params! {
            ":model": occurrence.model, ":version": occurrence.version.0, ":kind": occurrence.kind.name(),
            ":severity": occurrence.severity.name(), ":message": occurrence.message,
            ":at": occurrence.at.micros(), ":evaluation": occurrence.evaluation.0,
        },
        |row| row.get(0),
    )?;
    Ok(AlertId(id))
}

/// A file that can't be used.
#[derive(Clone, Copy, Debug)]
pub struct RefusedFile<'a> {
    pub model: i64,
    pub name: &'a str,
    /// Of its bytes.
    pub hash: Hash,
    pub message: &'a str,
    pub at: Timestamp,
}

/// Opens the alert about a file, or opens it again; `None`: it is open, and everybody was told.
///
/// # Errors
/// The store can't be written.
pub fn open_file(tx: &Tx<'_>, file: &RefusedFile<'_>) -> Result<Option<AlertId>> {
    let id = tx
        .sql
        .query_row(
            "INSERT INTO alert (model_id, kind, subject, severity, message, opened_at)
             VALUES (:model, :kind, :subject, :severity, :message, :at)
             ON CONFLICT (model_id, kind, subject) DO UPDATE SET
                 message = excluded.message,
                 opened_at = excluded.opened_at,
                 acked_at = NULL,
                 resolved_at = NULL
             WHERE resolved_at IS NOT NULL
             RETURNING id",
            named_params! {
                ":model": file.model, ":kind": AlertKind::RefusedFile.name(),
                ":subject": subject(file.name, file.hash), ":severity": Severity::Medium.name(),
                ":message": file.message, ":at": file.at.micros(),
            },
            |row| row.get(0),
        )
        .optional()?;
    Ok(id.map(AlertId))
}

/// The one alert about a file, if there ever was one.
///
/// # Errors
/// The store can't be read.
pub fn find_file(tx: &Tx<'_>, model: i64, name: &str, hash: Hash) -> Result<Option<Alert>> {
    let mut statement = tx.sql.prepare_cached(&format!(
        "{SELECT} WHERE alert.model_id = :model AND alert.kind = :kind AND alert.subject = :subject"
    ))?;
    let mut rows = statement.query(named_params! {
        ":model": model, ":kind": AlertKind::RefusedFile.name(), ":subject": subject(name, hash),
    })?;
    rows.next()?.map(alert).transpose()
}

/// The hash comes first, because its length is known.
fn subject(name: &str, hash: Hash) -> String {
    format!("{hash} {name}")
}

/// Resolves every open alert about versions of a model; gives their ids, oldest first.
///
/// # Errors
/// The store can't be written.
pub fn resolve_all(tx: &Tx<'_>, model: i64, at: Timestamp) -> Result<Vec<AlertId>> {
    let open = open_about_versions(tx, model)?;
    tx.sql.execute(
        "UPDATE alert SET resolved_at = max(:at, opened_at)
         WHERE model_id = :model AND resolved_at IS NULL AND version_id IS NOT NULL",
        named_params! { ":model": model, ":at": at.micros() },
    )?;
    Ok(open)
}

/// The open alerts about versions of a model, oldest first: those that a healthy verdict resolves.
///
/// # Errors
/// The store can't be read.
pub fn open_about_versions(tx: &Tx<'_>, model: i64) -> Result<Vec<AlertId>> {
    let mut statement = tx.sql.prepare_cached(
        "SELECT id FROM alert
         WHERE model_id = :model AND resolved_at IS NULL AND version_id IS NOT NULL ORDER BY id",
    )?;
    let ids = statement.query_map(named_params! { ":model": model }, |row| {
        row.get(0).map(AlertId)
    })?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

/// The open alerts of a model, oldest first.
///
/// # Errors
/// The store can't be read.
pub fn open_of(tx: &Tx<'_>, model: i64) -> Result<Vec<AlertId>> {
    let mut statement = tx.sql.prepare_cached(
        "SELECT id FROM alert WHERE model_id = :model AND resolved_at IS NULL ORDER BY id",
    )?;
    let ids = statement.query_map(named_params! { ":model": model }, |row| {
        row.get(0).map(AlertId)
    })?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

/// Remembers the rollback that an alert led to.
///
/// # Errors
/// The store can't be written.
pub fn set_acted(tx: &Tx<'_>, id: AlertId, operation: OperationId) -> Result<()> {
    tx.sql.execute(
        "UPDATE alert SET acted_operation_id = :operation WHERE id = :id",
        named_params! { ":operation": operation.0, ":id": id.0 },
    )?;
    Ok(())
}

/// Takes note of an alert; with `rearm` it may act once more. What is about a file is resolved by it.
///
/// # Errors
/// The store can't be written.
pub fn acknowledge(tx: &Tx<'_>, id: AlertId, at: Timestamp, rearm: bool) -> Result<()> {
    tx.sql.execute(
        "UPDATE alert SET
             acked_at = ifnull(acked_at, :at),
             resolved_at = CASE WHEN version_id IS NULL THEN ifnull(resolved_at, max(:at, opened_at)) ELSE resolved_at END,
             acted_operation_id = CASE WHEN :rearm THEN NULL ELSE acted_operation_id END
         WHERE id = :id",
        named_params! { ":at": at.micros(), ":rearm": rearm, ":id": id.0 },
    )?;
    Ok(())
}

/// Which alerts are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    pub model: Option<i64>,
    pub severity: Option<Severity>,
    pub open_only: bool,
}

/// The alerts that pass, last opened first, at most `limit`; and how many pass in all.
///
/// # Errors
/// The store can't be read.
pub fn list(tx: &Tx<'_>, filter: Filter, limit: u64) -> Result<(Vec<Alert>, u64)> {
    const PASSES: &str = "(:model IS NULL OR alert.model_id = :model)
         AND (:severity IS NULL OR alert.severity = :severity)
         AND (NOT :open_only OR alert.resolved_at IS NULL)";
    let severity = filter.severity.map(Severity::name);
    let total = tx.sql.query_row(
        &format!("SELECT count(*) FROM alert WHERE {PASSES}"),
        named_params! { ":model": filter.model, ":severity": severity, ":open_only": filter.open_only },
        |row| count(row, 0),
    )?;
    let mut statement = tx.sql.prepare_cached(&format!(
        "{SELECT} WHERE {PASSES} ORDER BY alert.opened_at DESC, alert.id DESC LIMIT :limit"
    ))?;
    let mut rows = statement.query(named_params! {
        ":model": filter.model, ":severity": severity, ":open_only": filter.open_only, ":limit": signed(limit),
    })?;
    let mut alerts = Vec::new();
    while let Some(row) = rows.next()? {
        alerts.push(alert(row)?);
    }
    Ok((alerts, total))
}

#[cfg(test)]
mod tests;
