//! Reads pieces of a file, or of bytes in memory, at any place.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek};
use std::path::Path;

use super::error::{FileError, FileErrorKind};
use super::hash::Hasher;
use crate::domain::hash::Hash;

/// Bytes that can be read anywhere.
pub enum Seekable {
    File { file: File, metadata: Metadata },
    Bytes(Vec<u8>),
}

impl Seekable {
    pub fn size_bytes(&self) -> u64 {
        match self {
            Self::File { metadata, .. } => metadata.len(),
            Self::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// Reads so many bytes. Whoever asks knows that the file has them: memory is given before they are read.
    pub fn read_at(&self, offset: u64, count: usize) -> io::Result<Vec<u8>> {
        let bytes = match self {
            Self::File { file, .. } => {
                let mut file: &File = file;
                let mut bytes = Vec::with_capacity(count);
                file.seek(io::SeekFrom::Start(offset))?;
                file.take(count as u64).read_to_end(&mut bytes)?;
                bytes
            }
            Self::Bytes(all) => {
                let from = usize::try_from(offset).unwrap_or(usize::MAX);
                let rest = all.get(from..).unwrap_or_default();
                rest.get(..count).unwrap_or(rest).to_vec()
            }
        };
        if bytes.len() == count {
            Ok(bytes)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    /// The hash and the size of all bytes.
    ///
    /// # Errors
    /// It can't be read, or changed since it was opened.
    pub fn whole(&self, path: &Path) -> Result<(Hash, u64), FileError> {
        let mut hasher = Hasher::new();
        match self {
            Self::File { file, metadata } => {
                let mut file: &File = file;
                let failed = |source| FileError::reading(path, source);
                file.seek(io::SeekFrom::Start(0)).map_err(failed)?;
                io::copy(&mut file, &mut hasher).map_err(failed)?;
                let now = file.metadata().map_err(failed)?;
                let is_same =
                    now.len() == metadata.len() && now.modified().ok() == metadata.modified().ok();
                if !is_same || hasher.bytes_count() != metadata.len() {
                    return Err(FileErrorKind::Changed.of(path));
                }
            }
            Self::Bytes(bytes) => hasher.update(bytes),
        }
        Ok((hasher.hash(), hasher.bytes_count()))
    }
}
