//! The bytes of versions, in pieces of at most 1 MiB.

use rusqlite::{OptionalExtension, named_params};

use super::versions::ArtifactKind;
use super::{Result, StoreError, Tx, count, signed};
use crate::domain::hash::Hash;
use crate::domain::time::Timestamp;
use crate::files::hash::hash_bytes;
use crate::files::owner::Owner;

/// The most bytes that one piece has.
pub const CHUNK_BYTES: usize = 1 << 20;

/// The ready artifact of that hash.
///
/// # Errors
/// The store can't be read.
pub fn find(tx: &Tx<'_>, blake3: Hash, kind: ArtifactKind) -> Result<Option<i64>> {
    Ok(tx
        .sql
        .prepare_cached(
            "SELECT id FROM artifact WHERE blake3 = :blake3 AND kind = :kind AND state = 'ready'",
        )?
        .query_row(
            named_params! { ":blake3": blake3.0, ":kind": kind.name() },
            |row| row.get(0),
        )
        .optional()?)
}

/// Begins an artifact that nothing refers to until it is finished.
///
/// # Errors
/// The store can't be written.
pub fn begin(tx: &Tx<'_>, kind: ArtifactKind, owner: &Owner, at: Timestamp) -> Result<i64> {
    tx.sql.execute(
        "INSERT INTO artifact (state, kind, owner_pid, owner_boot, started_at)
         VALUES ('pending', :kind, :pid, :boot, :at)",
        named_params! {
            ":kind": kind.name(), ":pid": owner.pid, ":boot": owner.boot, ":at": at.micros(),
        },
    )?;
    Ok(tx.sql.last_insert_rowid())
}

/// Appends one piece; bytes that the store has already are shared.
///
/// # Errors
/// The store can't be written.
pub fn append_chunk(tx: &Tx<'_>, artifact: i64, sequence: u64, bytes: &[u8]) -> Result<()> {
    let blake3 = hash_bytes(bytes);
    let known: Option<i64> = tx
        .sql
        .prepare_cached("SELECT id FROM chunk WHERE blake3 = :blake3")?
        .query_row(named_params! { ":blake3": blake3.0 }, |row| row.get(0))
        .optional()?;
    let chunk = match known {
        Some(id) => id,
        None => {
            tx.sql
                .prepare_cached(
                    "INSERT INTO chunk (blake3, size_bytes, data) VALUES (:blake3, :size_bytes, :data)",
                )?
                .execute(named_params! {
                    ":blake3": blake3.0, ":size_bytes": signed(bytes.len() as u64), ":data": bytes,
                })?;
            tx.sql.last_insert_rowid()
        }
    };
    tx.sql
        .prepare_cached(
            "INSERT INTO artifact_chunk (artifact_id, sequence, chunk_id) VALUES (:artifact, :sequence, :chunk)",
        )?
        .execute(named_params! {
            ":artifact": artifact, ":sequence": signed(sequence), ":chunk": chunk,
        })?;
    Ok(())
}

/// What the bytes of a finished artifact are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    pub blake3: Hash,
    pub size_bytes: u64,
    pub chunks_count: u64,
}

/// Makes an artifact ready. Where another one of the same bytes became ready meanwhile, that one is returned.
///
/// # Errors
/// The store can't be written.
pub fn finish(tx: &Tx<'_>, artifact: i64, kind: ArtifactKind, content: Content) -> Result<i64> {
    if let Some(other) = find(tx, content.blake3, kind)? {
        discard(tx, artifact)?;
        return Ok(other);
    }
    let changed = tx.sql.execute(
        "UPDATE artifact SET state = 'ready', blake3 = :blake3, size_bytes = :size_bytes, chunks_count = :chunks_count
         WHERE id = :id",
        named_params! {
            ":blake3": content.blake3.0, ":size_bytes": signed(content.size_bytes),
            ":chunks_count": signed(content.chunks_count), ":id": artifact,
        },
    )?;
    if changed != 1 {
        return Err(StoreError::Vanished("artifact"));
    }
    Ok(artifact)
}

/// Removes an unfinished artifact and the pieces that nothing else uses. A finished one stays as it is.
///
/// # Errors
/// The store can't be written.
pub fn discard(tx: &Tx<'_>, artifact: i64) -> Result<()> {
    let parameters = named_params! { ":artifact": artifact };
    let mut statement = tx.sql.prepare_cached(
        "SELECT DISTINCT chunk_id FROM artifact_chunk
         WHERE artifact_id = (SELECT id FROM artifact WHERE id = :artifact AND state = 'pending')",
    )?;
    let chunks = statement
        .query_map(parameters, |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    tx.sql.execute(
        "DELETE FROM artifact_chunk
         WHERE artifact_id = (SELECT id FROM artifact WHERE id = :artifact AND state = 'pending')",
        parameters,
    )?;
    for chunk in chunks {
        tx.sql
            .prepare_cached(
                "DELETE FROM chunk WHERE id = :chunk
                 AND NOT EXISTS (SELECT 1 FROM artifact_chunk WHERE chunk_id = :chunk)",
            )?
            .execute(named_params! { ":chunk": chunk })?;
    }
    tx.sql.execute(
        "DELETE FROM artifact WHERE id = :artifact AND state = 'pending'",
        parameters,
    )?;
    Ok(())
}

/// Removes what dead processes left unfinished, and says how many artifacts that were.
///
/// # Errors
/// The store can't be written.
pub fn reap(tx: &Tx<'_>) -> Result<u64> {
    let mut statement = tx
        .sql
        .prepare_cached("SELECT id, owner_pid, owner_boot FROM artifact WHERE state = 'pending'")?;
    let pending = statement
        .query_map([], |row| {
            let owner = Owner {
                pid: row.get(1)?,
                boot: row.get(2)?,
            };
            Ok((row.get::<_, i64>(0)?, owner))
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

/// How many bytes the pieces of an artifact take in the store; those that it repeats count once.
///
/// # Errors
/// The store can't be read.
pub fn stored_bytes(tx: &Tx<'_>, artifact: i64) -> Result<u64> {
    Ok(tx
        .sql
        .prepare_cached(
            "SELECT ifnull(sum(size_bytes), 0) FROM chunk
             WHERE id IN (SELECT chunk_id FROM artifact_chunk WHERE artifact_id = :artifact)",
        )?
        .query_row(named_params! { ":artifact": artifact }, |row| count(row, 0))?)
}

/// An artifact that versions can refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    pub id: i64,
    pub blake3: Hash,
    pub size_bytes: u64,
}

/// Every ready artifact.
///
/// # Errors
/// The store can't be read.
pub fn list_ready(tx: &Tx<'_>) -> Result<Vec<Ready>> {
    let mut statement = tx
        .sql
        .prepare("SELECT id, blake3, size_bytes FROM artifact WHERE state = 'ready' ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok(Ready {
            id: row.get(0)?,
            blake3: Hash(row.get(1)?),
            size_bytes: count(row, 2)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

#[cfg(test)]
mod tests;
