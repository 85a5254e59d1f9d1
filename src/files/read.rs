//! Reads whole small files, looks at paths, and opens large ones for streaming.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::{FileError, FileErrorKind};

/// What is at a path; links are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    Absent,
    File {
        size_bytes: u64,
    },
    Directory,
    /// A device, a socket, a named pipe.
    Other,
}

/// Looks at a path.
///
/// # Errors
/// The system does not say, for example for want of permission.
pub fn kind_of(path: &Path) -> Result<PathKind, FileError> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => Ok(PathKind::File {
            size_bytes: found.len(),
        }),
        Ok(found) if found.is_dir() => Ok(PathKind::Directory),
        Ok(_) => Ok(PathKind::Other),
        Err(source)
            if matches!(
                source.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(PathKind::Absent)
        }
        Err(source) => Err(FileError::reading(path, source)),
    }
}

/// Where a symbolic link leads, as it is written.
///
/// # Errors
/// It is none, or can't be read.
pub fn link(path: &Path) -> Result<String, FileError> {
    fs::read_link(path)
        .map(|target| target.to_string_lossy().into_owned())
        .map_err(|source| FileError::reading(path, source))
}

/// Whether a file begins with these bytes.
///
/// # Errors
/// It can't be read.
pub fn begins_with(path: &Path, bytes: &[u8]) -> Result<bool, FileError> {
    let mut beginning = Vec::new();
    open(path)?
        .take(bytes.len() as u64)
        .read_to_end(&mut beginning)
        .map_err(|source| FileError::reading(path, source))?;
    Ok(beginning == bytes)
}

/// The path without links and relative parts.
///
/// # Errors
/// There is nothing at the path.
pub fn canonical(path: &Path) -> Result<PathBuf, FileError> {
    fs::canonicalize(path).map_err(|source| FileError::reading(path, source))
}

/// Opens a regular file, device or pipe for streaming.
///
/// # Errors
/// It is missing, a directory, or can't be read.
pub fn open(path: &Path) -> Result<File, FileError> {
    let failed = |source| FileError::reading(path, source);
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(FileErrorKind::Directory.of(path));
    }
    Ok(file)
}

/// Reads a small file whole.
///
/// # Errors
/// As [`open`]; also if it holds more than `limit_bytes`.
pub fn bytes(path: &Path, limit_bytes: u64) -> Result<Vec<u8>, FileError> {
    let mut content = Vec::new();
    let size = open(path)?
        .take(limit_bytes.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(|source| FileError::reading(path, source))?;
    if u64::try_from(size).unwrap_or(u64::MAX) > limit_bytes {
        return Err(FileErrorKind::TooLarge { limit_bytes }.of(path));
    }
    Ok(content)
}

/// Reads a small text file whole, without its byte order mark.
///
/// # Errors
/// As [`bytes`]; also, with its place, a byte that is not UTF-8 or zero.
pub fn text(path: &Path, limit_bytes: u64) -> Result<String, FileError> {
    let mut content = bytes(path, limit_bytes)?;
    if content.starts_with(b"\xff\xfe") || content.starts_with(b"\xfe\xff") {
        return Err(FileErrorKind::Utf16.of(path));
    }
    if content.starts_with(b"\xef\xbb\xbf") {
        content.drain(..3);
    }
    for (number, line) in (1..).zip(content.split(|byte| *byte == b'\n')) {
        check_text(line, false).map_err(|(kind, offset)| kind.at(path, number, offset))?;
    }
    String::from_utf8(content).map_err(|_| FileErrorKind::Binary.of(path))
}

/// Whether a line is UTF-8 without zero bytes; else the trouble and its offset. `last`: the input ends with it.
pub(super) fn check_text(line: &[u8], last: bool) -> Result<&str, (FileErrorKind, usize)> {
    let text = std::str::from_utf8(line).map_err(|trouble| {
        let offset = trouble.valid_up_to();
        if let Some(zero) = line.iter().take(offset).position(|byte| *byte == 0) {
            return (FileErrorKind::Binary, zero);
        }
        if trouble.error_len().is_none() && last {
            return (
                FileErrorKind::Truncated("in the middle of a character"),
                offset,
            );
        }
        let byte = line.get(offset).copied().unwrap_or_default();
        let next = line.get(offset + 1).copied().unwrap_or(b'\n');
        // In Latin-1 and its kin a letter with an accent stands alone between ASCII bytes.
        let guess = if byte >= 0xa0 && next.is_ascii() {
            " (Latin-1 or Windows-1252? convert it: iconv -f WINDOWS-1252 -t UTF-8)"
        } else {
            ""
        };
        (FileErrorKind::NotText { byte, guess }, offset)
    })?;
    match line.iter().position(|byte| *byte == 0) {
        Some(zero) => Err((FileErrorKind::Binary, zero)),
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(content: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        fs::write(&path, content).unwrap();
        match text(&path, 100) {
            Ok(text) => text,
            Err(error) => error
                .to_string()
                .replace(&path.display().to_string(), "a.toml"),
        }
    }

    #[test]
    fn text_loses_its_mark_and_keeps_the_rest() {
        assert_eq!(said("\u{feff}a = 1\r\n# é".as_bytes()), "a = 1\r\n# é");
    }

    #[test]
    fn what_is_no_text_is_named_with_its_place() {
        assert_eq!(
            said(b"a\nb\xe9 c"),
            "a.toml, line 2, byte 2: byte 0xe9 is not UTF-8 (Latin-1 or Windows-1252? convert it: iconv -f WINDOWS-1252 -t UTF-8)"
        );
        assert!(said(b"a\nb\0").starts_with("a.toml, line 2, byte 2: a zero byte"));
        assert!(said(b"\xff\xfea\0").contains("UTF-16"));
        assert_eq!(
            said(&[b'a'; 101]),
            "a.toml: is larger than the limit of 100 bytes"
        );
    }

    #[test]
    fn paths_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, b"abc").unwrap();
        assert_eq!(kind_of(&path).unwrap(), PathKind::File { size_bytes: 3 });
        assert_eq!(kind_of(folder.path()).unwrap(), PathKind::Directory);
        assert_eq!(kind_of(&path.join("b")).unwrap(), PathKind::Absent);
        assert!(matches!(
            *open(folder.path()).unwrap_err().kind,
            FileErrorKind::Directory
        ));
        assert!(matches!(
            *bytes(&folder.path().join("b"), 9).unwrap_err().kind,
            FileErrorKind::Missing
        ));
        assert!(canonical(&path.join("b")).is_err());
    }
}
