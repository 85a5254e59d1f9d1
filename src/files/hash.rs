//! Computes content hashes (BLAKE3-256) of bytes, streams and files.

use std::io::{self, Read, Write};
use std::path::Path;

use super::error::FileError;
use super::pipe::open_regular;
use crate::domain::hash::Hash;

/// Hashes bytes that come in pieces.
#[derive(Clone, Default)]
pub struct Hasher {
    inner: blake3::Hasher,
    bytes_count: u64,
}

impl Hasher {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.inner.update(bytes);
        self.bytes_count += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    }

    /// How many bytes went in so far.
    #[must_use]
    pub const fn bytes_count(&self) -> u64 {
        self.bytes_count
    }

    /// The hash of all that went in so far.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash(*self.inner.finalize().as_bytes())
    }
}

/// So that a stream can be copied into it.
impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Passes a stream on and hashes what passes.
pub struct HashingReader<R> {
    inner: R,
    hasher: Hasher,
}

impl<R: Read> HashingReader<R> {
    pub fn new(inner: R) -> Self {
        Self {
            inner,
            hasher: Hasher::new(),
        }
    }

    /// The hash of all bytes that passed so far.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hasher.hash()
    }

    /// How many bytes passed so far.
    #[must_use]
    pub const fn bytes_count(&self) -> u64 {
        self.hasher.bytes_count()
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// The hash of bytes in memory.
#[must_use]
pub fn hash_bytes(bytes: &[u8]) -> Hash {
    Hash(*blake3::hash(bytes).as_bytes())
}

/// The hash of a stream to its end, and its length in bytes.
///
/// # Errors
/// The stream can't be read.
pub fn hash_reader(reader: &mut impl Read) -> io::Result<(Hash, u64)> {
    let mut hasher = Hasher::new();
    io::copy(reader, &mut hasher)?;
    Ok((hasher.hash(), hasher.bytes_count()))
}

/// The hash of a file, and its length in bytes.
///
/// # Errors
/// The file is missing, no regular one, or can't be read.
pub fn hash_file(path: &Path) -> Result<(Hash, u64), FileError> {
    let failed = |source| FileError::reading(path, source);
    let mut file = open_regular(path)?;
    hash_reader(&mut file).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the test vectors that BLAKE3 publishes (input length 0).
    const OF_NOTHING: &str = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

    #[test]
    fn nothing_has_its_published_hash() {
        assert_eq!(hash_bytes(b"").to_string(), OF_NOTHING);
        assert_eq!(Hasher::new().hash().to_string(), OF_NOTHING);
    }

    #[test]
    fn pieces_stream_and_file_agree() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        let whole = hash_bytes(&bytes);
        let mut pieces = Hasher::new();
        bytes.chunks(777).for_each(|piece| pieces.update(piece));
        assert_eq!(pieces.hash(), whole);
        assert_eq!(
            hash_reader(&mut bytes.as_slice()).unwrap(),
            (whole, 200_000)
        );
        let mut passing = HashingReader::new(bytes.as_slice());
        io::copy(&mut passing, &mut io::sink()).unwrap();
        assert_eq!((passing.hash(), passing.bytes_count()), (whole, 200_000));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(hash_file(&path).unwrap(), (whole, 200_000));
        assert!(hash_file(&folder.path().join("b")).is_err());
        assert!(hash_file(folder.path()).is_err());
    }
}
