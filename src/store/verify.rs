//! Proves that what the file holds is what was written: pages, references, pieces, documents.

use rusqlite::{named_params, params};

use super::{Result, StoreError, Tx, count};
use crate::domain::hash::Hash;
use crate::files::hash::hash_bytes;

/// How many faults of one kind are listed.
const LISTED: usize = 10;
/// So many pieces are read in one transaction, so that writers get their turn.
const PIECES_AT_ONCE: i64 = 64;

/// What SQLite finds wrong with the file's pages and indexes; empty if nothing.
///
/// # Errors
/// The store can't be read.
pub fn faults_of_pages(tx: &Tx<'_>) -> Result<Vec<String>> {
    let mut statement = tx.sql.prepare("PRAGMA integrity_check(10)")?;
    let lines = statement
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<String>>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}

/// Rows that refer to rows that are not there; at most ten.
///
/// # Errors
/// The store can't be read.
pub fn dangling_references(tx: &Tx<'_>) -> Result<Vec<String>> {
    let mut statement = tx.sql.prepare("PRAGMA foreign_key_check")?;
    let rows = statement.query_map([], |row| {
        let table: String = row.get(0)?;
        let id: Option<i64> = row.get(1)?;
        let parent: String = row.get(2)?;
        let id = id.map_or_else(String::new, |id| format!(" {id}"));
        Ok(format!(
            "{table}{id} refers to a row of {parent} that is not there"
        ))
    })?;
    Ok(rows.take(LISTED).collect::<rusqlite::Result<_>>()?)
}

/// What one look at the next pieces found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    /// The last piece that was looked at; `None`: there are no more.
    pub last: Option<i64>,
    pub pieces_count: u64,
    pub size_bytes: u64,
    /// Pieces whose bytes do not have the hash that they are filed under.
    pub wrong: Vec<Hash>,
}

/// Hashes the next pieces after `after`.
///
/// # Errors
/// The store can't be read.
pub fn check_pieces(tx: &Tx<'_>, after: i64) -> Result<Pieces> {
    let mut statement = tx.sql.prepare_cached(
        "SELECT id, blake3, data FROM chunk WHERE id > :after ORDER BY id LIMIT :limit",
    )?;
    let mut rows = statement.query(named_params! { ":after": after, ":limit": PIECES_AT_ONCE })?;
    let mut pieces = Pieces::default();
    while let Some(row) = rows.next()? {
        let expected = Hash(row.get(1)?);
        let data = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        if hash_bytes(data) != expected {
            pieces.wrong.push(expected);
        }
        pieces.last = Some(row.get(0)?);
        pieces.pieces_count += 1;
        pieces.size_bytes += data.len() as u64;
    }
    Ok(pieces)
}

/// The bytes of all pieces together.
///
/// # Errors
/// The store can't be read.
pub fn pieces_bytes(tx: &Tx<'_>) -> Result<u64> {
    Ok(tx
        .sql
        .query_row("SELECT ifnull(sum(size_bytes), 0) FROM chunk", [], |row| {
            count(row, 0)
        })?)
}

/// The versions that an artifact belongs to, as `churn:20260105_143022`.
///
/// # Errors
/// The store can't be read.
pub fn versions_of_artifact(tx: &Tx<'_>, artifact: i64) -> Result<Vec<String>> {
    let mut statement = tx.sql.prepare_cached(
        "SELECT model.name || ':' || version.name FROM version JOIN model ON model.id = version.model_id
         WHERE version.artifact_id = :artifact ORDER BY version.id",
    )?;
    let names = statement.query_map(named_params! { ":artifact": artifact }, |row| row.get(0))?;
    Ok(names.collect::<rusqlite::Result<_>>()?)
}

/// Documents of evaluations, compared with the hash that the log keeps of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    pub documents_count: u64,
    /// Evaluations whose document is not the one that was recorded, as `e_7 of op_12`.
    pub wrong: Vec<String>,
}

/// Hashes the document of every evaluation of which the log keeps a hash.
///
/// # Errors
/// The store can't be read.
pub fn check_documents(tx: &Tx<'_>) -> Result<Documents> {
    let mut statement = tx.sql.prepare(
        "SELECT evaluation.id, operation.id, evaluation.document,
                json_extract(operation.detail, '$.document_blake3')
         FROM evaluation JOIN operation ON operation.id = evaluation.operation_id
         WHERE json_extract(operation.detail, '$.document_blake3') IS NOT NULL ORDER BY evaluation.id",
    )?;
    let mut rows = statement.query(params![])?;
    let mut documents = Documents::default();
    while let Some(row) = rows.next()? {
        let (id, operation): (i64, i64) = (row.get(0)?, row.get(1)?);
        let document: String = row.get(2)?;
        let expected: String = row.get(3)?;
        let expected: Hash = expected
            .parse()
            .map_err(|_| StoreError::meaningless("document hash", expected.clone()))?;
        documents.documents_count += 1;
        if hash_bytes(document.as_bytes()) != expected {
            documents.wrong.push(format!("e_{id} of op_{operation}"));
        }
    }
    Ok(documents)
}

#[cfg(test)]
mod tests;
