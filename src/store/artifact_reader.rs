//! Reads an artifact's bytes as a stream, one piece in memory at a time, and checks them at its end.
//!
//! Each piece is a transaction of its own: artifacts never change, and a slow reader must not keep writers waiting.

use std::io::{self, Read};

use rusqlite::{OptionalExtension, named_params};

use super::{Result, Store, StoreError, count};
use crate::domain::hash::Hash;
use crate::files::hash::Hasher;

/// The bytes of an artifact. What was read is good only once [`ArtifactReader::finish`] says so.
pub struct ArtifactReader<'store> {
    store: &'store mut Store,
    artifact: i64,
    expected: Hash,
    chunks_count: u64,
    sequence: u64,
    piece: Vec<u8>,
    taken: usize,
    hasher: Hasher,
    failure: Option<StoreError>,
}

/// Begins to read an artifact.
///
/// # Errors
/// There is no finished artifact of that row, or the store can't be read.
pub fn open(store: &mut Store, artifact: i64) -> Result<ArtifactReader<'_>> {
    let (expected, chunks_count) = store.read(|tx| {
        tx.sql
            .prepare_cached(
                "SELECT blake3, chunks_count FROM artifact WHERE id = :id AND state = 'ready'",
            )?
            .query_row(named_params! { ":id": artifact }, |row| {
                Ok((Hash(row.get(0)?), count(row, 1)?))
            })
            .optional()?
            .ok_or_else(|| StoreError::meaningless("artifact", artifact.to_string()))
    })?;
    Ok(ArtifactReader {
        store,
        artifact,
        expected,
        chunks_count,
        sequence: 0,
        piece: Vec::new(),
        taken: 0,
        hasher: Hasher::new(),
        failure: None,
    })
}

impl ArtifactReader<'_> {
    /// Reads what is left and compares the hash of the whole; says how many bytes it was.
    ///
    /// # Errors
    /// The bytes are not those that were registered, some are missing, or the store can't be read.
    pub fn finish(mut self) -> Result<u64> {
        if self.failure.is_none() {
            // What fails here is kept in `failure`.
            let _ = io::copy(&mut self, &mut io::sink());
        }
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let found = self.hasher.hash();
        if found == self.expected {
            Ok(self.hasher.bytes_count())
        } else {
            Err(StoreError::ArtifactHash {
                expected: self.expected,
                found,
            })
        }
    }

    /// Takes the next piece; false at the end.
    fn next_piece(&mut self) -> Result<bool> {
        if self.sequence == self.chunks_count {
            return Ok(false);
        }
        let sequence = i64::try_from(self.sequence).unwrap_or(i64::MAX);
        let artifact = self.artifact;
        let piece: Option<Vec<u8>> = self.store.read(|tx| {
            let piece = tx
                .sql
                .prepare_cached(
                    "SELECT chunk.data FROM artifact_chunk JOIN chunk ON chunk.id = artifact_chunk.chunk_id
                     WHERE artifact_chunk.artifact_id = :artifact AND artifact_chunk.sequence = :sequence",
                )?
                .query_row(
                    named_params! { ":artifact": artifact, ":sequence": sequence },
                    |row| row.get(0),
                )
                .optional()?;
            Ok::<_, StoreError>(piece)
        })?;
        self.piece = piece.ok_or(StoreError::ArtifactTorn(self.expected))?;
        self.hasher.update(&self.piece);
        self.taken = 0;
        self.sequence += 1;
        Ok(true)
    }
}

impl Read for ArtifactReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.piece.len() {
            match self.next_piece() {
                Ok(true) => {}
                Ok(false) => return Ok(0),
                Err(error) => {
                    let told = io::Error::other(error.to_string());
                    self.failure = Some(error);
                    return Err(told);
                }
            }
        }
        let left = self.piece.get(self.taken..).unwrap_or_default();
        let count = left.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), left.get(..count)) {
            to.copy_from_slice(from);
        }
        self.taken += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
