//! The versions of a model: what was registered, when, with which metrics.

use std::collections::BTreeMap;

use rusqlite::{Row, named_params};

use super::{Result, StoreError, Tx, count, instant, signed};
use crate::domain::hash::Hash;
use crate::domain::holders::VersionId;
use crate::domain::names::{PRODUCTION, VersionName};
use crate::domain::time::Timestamp;
use crate::domain::verdict::{Standing, Verdict};

/// Whether an artifact is a file or a directory (kept as one tar stream).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArtifactKind {
    File,
    Directory,
}

impl ArtifactKind {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
        }
    }
}

/// What a person says of a version when registering it; part of the version's identity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    pub metrics: BTreeMap<String, f64>,
    pub params: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    pub note: Option<String>,
}

/// A version about to be registered; its artifact is stored already.
#[derive(Clone, Debug)]
pub struct NewVersion<'a> {
    pub model: i64,
    pub name: &'a VersionName,
    pub artifact: i64,
    pub file_name: &'a str,
    pub metadata: &'a Metadata,
    /// Of the metadata and the reference sample, as registered.
    pub metadata_blake3: Hash,
    pub registered_at: Timestamp,
}

/// A registered version.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    pub id: VersionId,
    pub model: i64,
    pub number: i64,
    pub name: VersionName,
    pub artifact: i64,
    pub artifact_kind: ArtifactKind,
    pub artifact_blake3: Hash,
    pub size_bytes: u64,
    pub chunks_count: u64,
    pub file_name: String,
    pub registered_at: Timestamp,
    pub metadata: Metadata,
    /// Why it must never be an automatic target again.
    pub retired_reason: Option<String>,
    /// Rows of its reference sample; 0 without one.
    pub reference_rows_count: u64,
}

const SELECT: &str = "SELECT version.id, version.model_id, version.number, version.name, version.artifact_id,
        artifact.kind, artifact.blake3, artifact.size_bytes, artifact.chunks_count, version.file_name,
        version.registered_at, version.params, version.tags, version.note, version.retired_reason,
        ifnull(reference.rows_count, 0),
        (SELECT json_group_object(name, value) FROM version_metric WHERE version_id = version.id)
     FROM version
     JOIN artifact ON artifact.id = version.artifact_id
     LEFT JOIN reference ON reference.version_id = version.id";

fn texts(what: &'static str, json: &str) -> Result<BTreeMap<String, String>> {
    serde_json::from_str(json).map_err(|_| StoreError::meaningless(what, json))
}

fn version(row: &Row<'_>) -> Result<Version> {
    let name: String = row.get(3)?;
    let kind: String = row.get(5)?;
    let metrics: String = row.get(16)?;
    Ok(Version {
        id: VersionId(row.get(0)?),
        model: row.get(1)?,
        number: row.get(2)?,
        name: name
            .parse()
            .map_err(|_| StoreError::meaningless("version name", name))?,
        artifact: row.get(4)?,
        artifact_kind: match kind.as_str() {
            "file" => ArtifactKind::File,
            "directory" => ArtifactKind::Directory,
            _ => return Err(StoreError::meaningless("artifact kind", kind)),
        },
        artifact_blake3: Hash(row.get(6)?),
        size_bytes: count(row, 7)?,
        chunks_count: count(row, 8)?,
        file_name: row.get(9)?,
        registered_at: instant(row, 10)?,
        metadata: Metadata {
            metrics: serde_json::from_str(&metrics)
                .map_err(|_| StoreError::meaningless("metrics", metrics))?,
            params: texts("params", &row.get::<_, String>(11)?)?,
            tags: texts("tags", &row.get::<_, String>(12)?)?,
            note: row.get(13)?,
        },
        retired_reason: row.get(14)?,
        reference_rows_count: count(row, 15)?,
    })
}

fn one(
    tx: &Tx<'_>,
    condition: &str,
    parameters: &[(&str, &dyn rusqlite::ToSql)],
) -> Result<Option<Version>> {
    let mut statement = tx
        .sql
        .prepare_cached(&format!("{SELECT} WHERE {condition}"))?;
    let mut rows = statement.query(parameters)?;
    rows.next()?.map(version).transpose()
}

/// Adds a version behind the newest of its model.
///
/// # Errors
/// The name is taken, or the store can't be written.
pub fn insert(tx: &Tx<'_>, new: &NewVersion<'_>) -> Result<VersionId> {
    let json = |map: &BTreeMap<String, String>| serde_json::json!(map).to_string();
    tx.sql.execute(
        "INSERT INTO version (model_id, number, name, artifact_id, file_name, metadata_blake3, registered_at,
             params, tags, note)
         VALUES (:model, (SELECT ifnull(max(number), 0) + 1 FROM version WHERE model_id = :model), :name, :artifact,
             :file_name, :metadata_blake3, :at, :params, :tags, :note)",
        named_params! {
            ":model": new.model,
            ":name": new.name.as_str(),
            ":artifact": new.artifact,
            ":file_name": new.file_name,
            ":metadata_blake3": new.metadata_blake3.0,
            ":at": new.registered_at.micros(),
            ":params": json(&new.metadata.params),
            ":tags": json(&new.metadata.tags),
            ":note": new.metadata.note,
        },
    )?;
    let id = VersionId(tx.sql.last_insert_rowid());
    for (name, value) in &new.metadata.metrics {
        tx.sql.execute(
            "INSERT INTO version_metric (version_id, name, value) VALUES (:version, :name, :value)",
            named_params! { ":version": id.0, ":name": name, ":value": value },
        )?;
    }
    Ok(id)
}

/// The version in that row.
///
/// # Errors
/// There is no such row, which no reference of the store allows, or the store can't be read.
pub fn get(tx: &Tx<'_>, id: VersionId) -> Result<Version> {
    one(tx, "version.id = :id", &[(":id", &id.0)])?
        .ok_or_else(|| StoreError::meaningless("version", id.0.to_string()))
}

/// The version of exactly that name.
///
/// # Errors
/// The store can't be read.
pub fn find(tx: &Tx<'_>, model: i64, name: &str) -> Result<Option<Version>> {
    one(
        tx,
        "version.model_id = :model AND version.name = :name",
        &[(":model", &model), (":name", &name)],
    )
}

/// The version that was registered with these bytes and this metadata.
///
/// # Errors
/// The store can't be read.
pub fn find_same(
    tx: &Tx<'_>,
    model: i64,
    artifact: i64,
    metadata_blake3: Hash,
) -> Result<Option<Version>> {
    one(
        tx,
        "version.artifact_id = :artifact AND version.model_id = :model AND version.metadata_blake3 = :metadata
         ORDER BY version.number LIMIT 1",
        &[
            (":artifact", &artifact),
            (":model", &model),
            (":metadata", &metadata_blake3.0),
        ],
    )
}

/// The newest version that is not retired.
///
/// # Errors
/// The store can't be read.
pub fn latest(tx: &Tx<'_>, model: i64) -> Result<Option<Version>> {
    one(
        tx,
        "version.model_id = :model AND version.retired_reason IS NULL ORDER BY version.number DESC LIMIT 1",
        &[(":model", &model)],
    )
}

/// The names that begin with `prefix`, newest first, at most `limit`; and how many there are.
///
/// # Errors
/// The store can't be read.
pub fn names_with_prefix(
    tx: &Tx<'_>,
    model: i64,
    prefix: &str,
    limit: usize,
) -> Result<(Vec<String>, u64)> {
    let parameters = named_params! { ":model": model, ":prefix": prefix };
    const BEGINS: &str = "model_id = :model AND substr(name, 1, length(:prefix)) = :prefix";
    let total = tx.sql.query_row(
        &format!("SELECT count(*) FROM version WHERE {BEGINS}"),
        parameters,
        |row| count(row, 0),
    )?;
    let mut statement = tx.sql.prepare_cached(&format!(
        "SELECT name FROM version WHERE {BEGINS} ORDER BY number DESC"
    ))?;
    let names = statement.query_map(parameters, |row| row.get(0))?;
    let names = names
        .take(limit)
        .collect::<rusqlite::Result<Vec<String>>>()?;
    Ok((names, total))
}

/// The newest versions, at most `limit`, registered in the given span; and how many there are in all.
///
/// # Errors
/// The store can't be read.
pub fn list(
    tx: &Tx<'_>,
    model: i64,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    limit: u64,
) -> Result<(Vec<Version>, u64)> {
    const PASSES: &str = "version.model_id = :model
         AND (:since IS NULL OR version.registered_at >= :since)
         AND (:until IS NULL OR version.registered_at < :until)";
    let since = since.map(Timestamp::micros);
    let until = until.map(Timestamp::micros);
    let total = tx.sql.query_row(
        &format!("SELECT count(*) FROM version WHERE {PASSES}"),
        named_params! { ":model": model, ":since": since, ":until": until },
        |row| count(row, 0),
    )?;
    let mut statement = tx.sql.prepare_cached(&format!(
        "{SELECT} WHERE {PASSES} ORDER BY version.number DESC LIMIT :limit"
    ))?;
    let mut rows = statement.query(named_params! {
        ":model": model, ":since": since, ":until": until, ":limit": signed(limit),
    })?;
    let mut versions = Vec::new();
    while let Some(row) = rows.next()? {
        versions.push(version(row)?);
    }
    Ok((versions, total))
}

/// Replaces tags and note.
///
/// # Errors
/// The store can't be written.
pub fn set_tags(
    tx: &Tx<'_>,
    id: VersionId,
    tags: &BTreeMap<String, String>,
    note: Option<&str>,
) -> Result<()> {
    tx.sql.execute(
        "UPDATE version SET tags = :tags, note = :note WHERE id = :id",
        named_params! { ":tags": serde_json::json!(tags).to_string(), ":note": note, ":id": id.0 },
    )?;
    Ok(())
}

/// Retires a version, or takes that back with `None`.
///
/// # Errors
/// The store can't be written.
pub fn set_retired(tx: &Tx<'_>, id: VersionId, reason: Option<&str>) -> Result<()> {
    tx.sql.execute(
        "UPDATE version SET retired_reason = :reason WHERE id = :id",
        named_params! { ":reason": reason, ":id": id.0 },
    )?;
    Ok(())
}

/// A promote clears as long as it stands; an undo as long as neither it nor the change that it went back to was taken
/// back: no redo of it, and no later undo of an older change that was not itself redone.
const BLAME: &str = "WITH cleared (at) AS (SELECT ifnull((
         SELECT clearing.id FROM operation AS clearing
         WHERE clearing.to_version_id = :version AND clearing.alias = :production
           AND (clearing.kind = 'promote' AND NOT EXISTS (
                    SELECT 1 FROM operation AS undo
                    WHERE undo.restores_operation_id = clearing.id AND NOT EXISTS (
                        SELECT 1 FROM operation AS redo WHERE redo.restores_operation_id = undo.id))
             OR clearing.kind = 'undo'
                AND NOT EXISTS (
                    SELECT 1 FROM operation AS redo WHERE redo.restores_operation_id = clearing.id)
                AND NOT EXISTS (
                    SELECT 1 FROM operation AS older
                    WHERE older.model_id = clearing.model_id AND older.alias = :production AND older.kind = 'undo'
                      AND older.id > clearing.id
                      AND older.restores_operation_id < clearing.restores_operation_id
                      AND NOT EXISTS (
                          SELECT 1 FROM operation AS redo WHERE redo.restores_operation_id = older.id)))
         ORDER BY clearing.id DESC LIMIT 1), 0))
     SELECT EXISTS (SELECT 1 FROM operation AS leaving, cleared
                    WHERE leaving.from_version_id = :version AND leaving.alias = :production
                      AND leaving.left_degraded = 1 AND leaving.restores_operation_id IS NULL
                      AND leaving.id > cleared.at
                      AND NOT EXISTS (
                          SELECT 1 FROM operation AS undo
                          WHERE undo.restores_operation_id = leaving.id AND NOT EXISTS (
                              SELECT 1 FROM operation AS redo WHERE redo.restores_operation_id = undo.id))),
         ifnull((SELECT verdict = 'degraded' FROM evaluation, cleared
                    WHERE version_id = :version
                      AND (verdict = 'degraded' OR (verdict = 'healthy' AND by_policy = 1))
                      AND operation_id > cleared.at
                    ORDER BY evaluation.id DESC LIMIT 1), 0)";

/// Why automatic acts must keep away from a version. A later promote of it, or an undo that brought it back, clears
/// both; what was itself taken back does neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blame {
    /// It was left because it was degraded, which no check clears.
    pub was_left: bool,
    /// The last verdict that decided says degraded.
    pub is_degraded: bool,
}

impl Blame {
    /// Whether there is any.
    #[must_use]
    pub const fn is_bad(self) -> bool {
        self.was_left || self.is_degraded
    }
}

/// Why automatic acts must keep away from a version, if they must.
///
/// # Errors
/// The store can't be read.
pub fn blame(tx: &Tx<'_>, id: VersionId) -> Result<Blame> {
    Ok(tx.sql.prepare_cached(BLAME)?.query_row(
        named_params! { ":version": id.0, ":production": PRODUCTION },
        |row| {
            Ok(Blame {
                was_left: row.get(0)?,
                is_degraded: row.get(1)?,
            })
        },
    )?)
}

/// Whether automatic acts must keep away from a version.
///
/// # Errors
/// The store can't be read.
pub fn is_bad(tx: &Tx<'_>, id: VersionId) -> Result<bool> {
    blame(tx, id).map(Blame::is_bad)
}

const STANDING: &str = "WITH
         decided (id) AS (
             SELECT id FROM evaluation
             WHERE version_id = :version AND (verdict = 'degraded' OR (verdict = 'healthy' AND by_policy = 1))
             ORDER BY id DESC LIMIT 1),
         by_policy (id) AS (
             SELECT id FROM evaluation WHERE version_id = :version AND by_policy = 1 ORDER BY id DESC LIMIT 1)
     SELECT (SELECT verdict FROM evaluation WHERE version_id = :version ORDER BY id DESC LIMIT 1),
            (SELECT verdict FROM evaluation, by_policy WHERE evaluation.id = by_policy.id),
            (SELECT verdict FROM evaluation, decided WHERE evaluation.id = decided.id),
            ifnull((SELECT by_policy.id > decided.id FROM by_policy, decided), 0)";

/// What checks said of a version.
///
/// # Errors
/// The store can't be read.
pub fn standing(tx: &Tx<'_>, id: VersionId) -> Result<Standing> {
    let (words, is_undecided_since): ([Option<String>; 3], bool) = tx
        .sql
        .prepare_cached(STANDING)?
        .query_row(named_params! { ":version": id.0 }, |row| {
            Ok(([row.get(0)?, row.get(1)?, row.get(2)?], row.get(3)?))
        })?;
    let verdict = |word: Option<String>| {
        let read = |word: String| {
            Verdict::from_name(&word).ok_or_else(|| StoreError::meaningless("verdict", word))
        };
        word.map(read).transpose()
    };
    let [last, by_policy, decided] = words;
    Ok(Standing {
        last: verdict(last)?,
        by_policy: verdict(by_policy)?,
        decided: verdict(decided)?,
        is_undecided_since,
    })
}

#[cfg(test)]
mod tests;
