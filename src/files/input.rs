//! Reads the lines of a file or of standard input: text checked, lines bounded, every raw byte hashed.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::{FileError, FileErrorKind};
use super::hash::Hasher;
use super::read;
use crate::domain::hash::Hash;

/// The longest line or record that is read: 16 MiB.
pub const LINE_LIMIT_BYTES: usize = 16 * 1024 * 1024;

const CHUNK_BYTES: usize = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where bytes come from.
#[derive(Clone, Debug)]
pub enum Source {
    File(PathBuf),
    StandardInput,
    /// Bytes in memory, under the name that errors give them.
    Bytes {
        name: PathBuf,
        bytes: Vec<u8>,
    },
}

impl Source {
    /// `-` is standard input, all else a file.
    #[must_use]
    pub fn from_argument(argument: &Path) -> Self {
        if argument == Path::new("-") {
            Self::StandardInput
        } else {
            Self::File(argument.to_owned())
        }
    }

    /// The name under which errors and rejects speak of it.
    #[must_use]
    pub fn name(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::StandardInput => Path::new("standard input"),
            Self::Bytes { name, .. } => name,
        }
    }

    /// Its raw bytes.
    ///
    /// # Errors
    /// The file is missing, a directory, or can't be read.
    pub fn reader(&self) -> Result<Box<dyn Read>, FileError> {
        Ok(match self {
            Self::File(path) => Box::new(read::open(path)?),
            Self::StandardInput => Box::new(io::stdin().lock()),
            Self::Bytes { bytes, .. } => Box::new(io::Cursor::new(bytes.clone())),
        })
    }
}

/// The lines of a text, without its byte order mark.
pub struct Lines {
    path: PathBuf,
    reader: Box<dyn Read>,
    chunk: Vec<u8>,
    /// What of `chunk` is not consumed yet.
    start: usize,
    end: usize,
    ended: bool,
    hasher: Hasher,
    line_number: u64,
    limit_bytes: usize,
}

impl Lines {
    /// Opens a text; a record longer than `limit_bytes` will be refused.
    ///
    /// # Errors
    /// It can't be read, is empty, is UTF-16, or is a format that is known not to be text.
    pub fn open(source: &Source, limit_bytes: usize) -> Result<Self, FileError> {
        let mut lines = Self {
            path: source.name().to_owned(),
            reader: source.reader()?,
            chunk: vec![0; CHUNK_BYTES],
            start: 0,
            end: 0,
            ended: false,
            hasher: Hasher::new(),
            line_number: 0,
            limit_bytes,
        };
        // A pipe may give a few bytes at a time; what a file is shows in its first ones.
        while lines.end < 4_096 && !lines.ended {
            lines.fill()?;
        }
        let first = lines.peek();
        if first.is_empty() {
            return Err(FileErrorKind::Empty.of(&lines.path));
        }
        if is_utf16(first) {
            return Err(FileErrorKind::Utf16.of(&lines.path));
        }
        if let Some(what) = known_format(first) {
            return Err(FileErrorKind::Unsupported { what }.of(&lines.path));
        }
        if first.starts_with(BYTE_ORDER_MARK) {
            lines.start = BYTE_ORDER_MARK.len();
        }
        Ok(lines)
    }

    /// The name of what is read.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number of the line that was read last, counted from 1.
    #[must_use]
    pub const fn line_number(&self) -> u64 {
        self.line_number
    }

    /// The longest record in bytes.
    #[must_use]
    pub const fn limit_bytes(&self) -> usize {
        self.limit_bytes
    }

    /// Some of what comes next, at least one byte unless the text is at its end.
    #[must_use]
    pub fn peek(&self) -> &[u8] {
        self.chunk.get(self.start..self.end).unwrap_or_default()
    }

    /// The hash of all raw bytes that were read so far: of all, after the last line.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hasher.hash()
    }

    /// How many raw bytes were read so far.
    #[must_use]
    pub const fn bytes_read(&self) -> u64 {
        self.hasher.bytes_count()
    }

    /// Appends the next line with its line end to `record`, which began on line `first_line` if it has text already.
    /// False: there is none.
    ///
    /// # Errors
    /// The text can't be read, the record grows beyond the limit, or the line is no text.
    pub fn next_line(&mut self, record: &mut String, first_line: u64) -> Result<bool, FileError> {
        let mut line: Vec<u8> = Vec::new();
        let limit = self.limit_bytes.saturating_sub(record.len());
        loop {
            let ready = self.peek();
            if ready.is_empty() {
                if self.ended {
                    break;
                }
                self.fill()?;
                continue;
            }
            let at = ready.iter().position(|byte| *byte == b'\n');
            let taken = at.map_or(ready.len(), |at| at + 1);
            let content = line.len() + at.unwrap_or(taken);
            // One more than the limit may be the CR of a line end.
            let ends_in_return = ready
                .get(..at.unwrap_or(taken))
                .is_some_and(|bytes| bytes.ends_with(b"\r"));
            if content > limit + usize::from(ends_in_return) {
                let line = if record.is_empty() {
                    self.line_number + 1
                } else {
                    first_line
                };
                return Err(FileErrorKind::LineTooLong {
                    limit_bytes: self.limit_bytes,
                }
                .on(&self.path, line));
            }
            line.extend_from_slice(ready.get(..taken).unwrap_or_default());
            self.start += taken;
            if at.is_some() {
                break;
            }
        }
        if line.is_empty() {
            return Ok(false);
        }
        self.line_number += 1;
        let last = !line.ends_with(b"\n");
        let text = read::check_text(&line, last)
            .map_err(|(kind, offset)| kind.at(&self.path, self.line_number, offset))?;
        record.push_str(text);
        Ok(true)
    }

    /// Reads on; nothing of the chunk is lost.
    fn fill(&mut self) -> Result<(), FileError> {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
        let room = self.chunk.get_mut(self.end..).unwrap_or_default();
        match self.reader.read(room) {
            Ok(0) => self.ended = true,
            Ok(count) => {
                let read = self.chunk.get(self.end..self.end + count);
                self.hasher.update(read.unwrap_or_default());
                self.end += count;
            }
            Err(source) if source.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(FileError::reading(&self.path, source)),
        }
        Ok(())
    }
}

/// By its mark, or by ASCII letters with a zero byte after or before each.
fn is_utf16(first: &[u8]) -> bool {
    match first {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        [a, 0, b, 0, ..] | [0, a, 0, b, ..] => *a != 0 && *b != 0 && a.is_ascii() && b.is_ascii(),
        _ => false,
    }
}

/// Formats that people have at hand instead of text, by their first bytes.
fn known_format(first: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 8] = [
        (b"PAR1", "Parquet"),
        (b"\x1f\x8b", "gzip-compressed"),
        (b"\x28\xb5\x2f\xfd", "zstd-compressed"),
        (b"\xfd7zXZ\0", "xz-compressed"),
        (b"BZh", "bzip2-compressed"),
        (b"PK\x03\x04", "a zip archive or an Excel sheet"),
        (b"ARROW1", "an Arrow or Feather file"),
        (b"SQLite format 3\0", "a SQLite database"),
    ];
    KNOWN
        .iter()
        .find(|(magic, _)| first.starts_with(magic))
        .map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn lines(bytes: &[u8], limit: usize) -> Result<Vec<String>, FileError> {
        let source = Source::Bytes {
            name: PathBuf::from("a.csv"),
            bytes: bytes.to_vec(),
        };
        let mut lines = Lines::open(&source, limit)?;
        let mut all = Vec::new();
        loop {
            let mut line = String::new();
            if !lines.next_line(&mut line, 0)? {
                assert_eq!(lines.hash(), crate::files::hash::hash_bytes(bytes));
                assert_eq!(lines.bytes_read(), bytes.len() as u64);
                return Ok(all);
            }
            all.push(line);
        }
    }

    #[test]
    fn lines_keep_their_ends_and_lose_the_mark() {
        assert_eq!(
            lines("\u{feff}a\r\n\nb".as_bytes(), 10).unwrap(),
            ["a\r\n", "\n", "b"]
        );
    }

    #[test]
    fn the_limit_counts_the_line_without_its_end() {
        for ok in ["12345\n", "12345\r\n", "12345", "12345\n12345\n"] {
            assert!(lines(ok.as_bytes(), 5).is_ok(), "{ok:?}");
        }
        for long in ["123456\n", "1\n123456", "1\n123456\r\n"] {
            let error = lines(long.as_bytes(), 5).unwrap_err();
            assert!(
                error
                    .to_string()
                    .ends_with("the line is longer than the limit of 5 bytes"),
                "{error}"
            );
            assert_eq!(
                error.line,
                Some(if long.starts_with("1\n") { 2 } else { 1 })
            );
        }
    }

    #[test]
    fn lines_longer_than_a_chunk_come_whole() {
        let long = "é".repeat(CHUNK_BYTES);
        let text = format!("{long}\nx\n{long}");
        let read = lines(text.as_bytes(), LINE_LIMIT_BYTES).unwrap();
        assert_eq!(read.concat(), text);
        assert_eq!(read.len(), 3);
    }

    #[test]
    fn a_reader_that_gives_little_at_a_time_is_read_all_the_same() {
        struct Drip(Vec<u8>, usize);
        impl Read for Drip {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                if self.1.is_multiple_of(3) {
                    self.1 += 1;
                    return Err(io::ErrorKind::Interrupted.into());
                }
                self.1 += 1;
                if self.0.is_empty() || buffer.is_empty() {
                    return Ok(0);
                }
                buffer[0] = self.0.remove(0);
                Ok(1)
            }
        }
        let bytes = "\u{feff}a,é\n".repeat(3_000).into_bytes();
        let source = Source::Bytes {
            name: PathBuf::from("x"),
            bytes: b"x".to_vec(),
        };
        let mut lines = Lines::open(&source, 100).unwrap();
        lines.reader = Box::new(Drip(bytes.clone(), 0));
        lines.start = lines.end;
        lines.ended = false;
        lines.hasher = Hasher::new();
        let mut all = String::new();
        while {
            let mut line = String::new();
            let more = lines.next_line(&mut line, 0).unwrap();
            all.push_str(&line);
            more
        } {}
        assert_eq!(all.into_bytes(), bytes);
        assert_eq!(lines.hash(), crate::files::hash::hash_bytes(&bytes));
    }

    #[test]
    fn standard_input_has_a_name() {
        assert!(matches!(
            Source::from_argument(Path::new("-")),
            Source::StandardInput
        ));
        assert_eq!(Source::StandardInput.name(), Path::new("standard input"));
        assert_eq!(
            Source::from_argument(Path::new("./-")).name(),
            Path::new("./-")
        );
    }
}
