//! Opens a file or standard input, and reads its lines: unpacked, text checked, lines bounded, every raw byte hashed.

use std::cell::RefCell;
#[cfg(feature = "parquet")]
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

#[cfg(feature = "compression")]
use super::compress::Compression;
use super::error::{FileError, FileErrorKind};
use super::hash::Hasher;
use super::pipe::{Patience, Pipe, open_regular};
use super::read::{self, PathKind};
#[cfg(feature = "parquet")]
use super::seekable::Seekable;
use crate::domain::hash::Hash;

/// The longest line or record that is read: 16 MiB.
pub const LINE_LIMIT_BYTES: usize = 16 * 1024 * 1024;

const CHUNK_BYTES: usize = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where bytes come from.
#[derive(Clone, Debug)]
pub enum Source {
    File(PathBuf),
    /// A named pipe or device.
    Pipe(PathBuf, Patience),
    StandardInput(Patience),
    /// Bytes in memory, under the name that errors give them.
    Bytes {
        name: PathBuf,
        bytes: Vec<u8>,
    },
}

impl Source {
    /// `-` is standard input, all else a file. What another process writes is waited for with `patience`.
    #[must_use]
    pub fn from_argument(argument: &Path, patience: Patience) -> Self {
        if argument == Path::new("-") {
            Self::StandardInput(patience)
        } else if matches!(read::kind_of(argument), Ok(PathKind::Other)) {
            Self::Pipe(argument.to_owned(), patience)
        } else {
            Self::File(argument.to_owned())
        }
    }

    /// Whether another process writes it at this moment, at its own pace.
    #[must_use]
    pub const fn is_waited_for(&self) -> bool {
        matches!(self, Self::Pipe(..) | Self::StandardInput(_))
    }

    /// The name under which errors and rejects speak of it.
    #[must_use]
    pub fn name(&self) -> &Path {
        match self {
            Self::File(path) | Self::Pipe(path, _) => path,
            Self::StandardInput(_) => Path::new("standard input"),
            Self::Bytes { name, .. } => name,
        }
    }

    /// Its raw bytes.
    ///
    /// # Errors
    /// It is missing, a directory, no file where one was meant, or can't be read.
    pub fn reader(&self) -> Result<Box<dyn Read>, FileError> {
        Ok(match self {
            Self::File(path) => Box::new(open_regular(path)?),
            Self::Pipe(path, patience) => Box::new(Pipe::open(path, patience.clone())?),
            Self::StandardInput(patience) => Box::new(
                Pipe::standard_input(patience.clone())
                    .map_err(|source| FileError::reading(self.name(), source))?,
            ),
            Self::Bytes { bytes, .. } => Box::new(io::Cursor::new(bytes.clone())),
        })
    }
}

/// So much of the beginning is looked at to see what a file is.
const FIRST_BYTES: usize = 4_096;
/// What can't be read from its end is held in memory for that, up to so much.
#[cfg(feature = "parquet")]
const PIPE_LIMIT_BYTES: usize = 64 << 20;

/// An opened file or pipe, the first of its bytes known.
pub(super) struct Input {
    path: PathBuf,
    first: Vec<u8>,
    reader: Box<dyn Read>,
    /// A regular file, which can be read anywhere.
    #[cfg(feature = "parquet")]
    file: Option<File>,
}

impl Input {
    /// Opens it and reads its beginning.
    ///
    /// # Errors
    /// It can't be read, or is empty.
    pub(super) fn open(source: &Source) -> Result<Self, FileError> {
        let path = source.name().to_owned();
        #[cfg(feature = "parquet")]
        let mut file = None;
        let reader: Box<dyn Read> = match source {
            #[cfg(feature = "parquet")]
            Source::File(path) => {
                let opened = open_regular(path)?;
                let again = opened.try_clone();
                file = Some(again.map_err(|source| FileError::reading(path, source))?);
                Box::new(opened)
            }
            other => other.reader()?,
        };
        let mut input = Self {
            path,
            first: Vec::new(),
            reader,
            #[cfg(feature = "parquet")]
            file,
        };
        input.first = beginning(&mut input.reader)
            .map_err(|source| FileError::reading(&input.path, source))?;
        if input.first.is_empty() {
            return Err(FileErrorKind::Empty.of(&input.path));
        }
        Ok(input)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Some of the first bytes, at least one.
    pub(super) fn first(&self) -> &[u8] {
        &self.first
    }

    /// The same as something that can be read anywhere.
    ///
    /// # Errors
    /// It is a pipe that gives more than is held in memory, or can't be read.
    #[cfg(feature = "parquet")]
    pub(super) fn seekable(self) -> Result<Seekable, FileError> {
        let failed = |source| FileError::reading(&self.path, source);
        if let Some(file) = self.file {
            let metadata = file.metadata().map_err(failed)?;
            return Ok(Seekable::File { file, metadata });
        }
        let mut bytes = self.first;
        let room = PIPE_LIMIT_BYTES
            .saturating_sub(bytes.len())
            .saturating_add(1);
        self.reader
            .take(room as u64)
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if bytes.len() > PIPE_LIMIT_BYTES {
            return Err(FileErrorKind::PipeTooLong {
                limit_bytes: PIPE_LIMIT_BYTES,
            }
            .of(&self.path));
        }
        Ok(Seekable::Bytes(bytes))
    }
}

/// As many bytes as show what a file is. A pipe may give a few at a time.
fn beginning(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut first = Vec::with_capacity(FIRST_BYTES);
    reader.take(FIRST_BYTES as u64).read_to_end(&mut first)?;
    Ok(first)
}

/// The raw bytes of a text, before they are unpacked.
#[derive(Default)]
struct Raw {
    hasher: Hasher,
    /// The system could not read on; else what goes wrong is in the bytes.
    failed: bool,
}

struct RawReader {
    reader: Box<dyn Read>,
    raw: Rc<RefCell<Raw>>,
}

impl Read for RawReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let outcome = self.reader.read(buffer);
        let mut raw = self.raw.borrow_mut();
        match &outcome {
            Ok(count) => raw.hasher.update(buffer.get(..*count).unwrap_or_default()),
            Err(error) => raw.failed = error.kind() != io::ErrorKind::Interrupted,
        }
        outcome
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
    raw: Rc<RefCell<Raw>>,
    /// How the text is compressed.
    compressed: Option<&'static str>,
    line_number: u64,
    /// The blank lines that were read last, without one that is not blank between them.
    blank_bytes: usize,
    limit_bytes: usize,
}

impl Lines {
    /// Takes an input for a text, unpacks it where it is compressed; a record longer than `limit_bytes` will be
    /// refused.
    ///
    /// # Errors
    /// It can't be read, is empty, is UTF-16, or is a format that is known not to be text.
    pub(super) fn of(input: Input, limit_bytes: usize) -> Result<Self, FileError> {
        let raw = Rc::new(RefCell::new(Raw::default()));
        #[cfg(feature = "compression")]
        let compression = Compression::of(&input.first);
        let whole = io::Cursor::new(input.first).chain(input.reader);
        let reader = Box::new(RawReader {
            reader: Box::new(whole),
            raw: Rc::clone(&raw),
        });
        #[cfg(feature = "compression")]
        let (reader, compressed) = match compression {
            Some(compression) => (
                compression
                    .reader(reader)
                    .map_err(|source| FileError::reading(&input.path, source))?,
                Some(compression.name()),
            ),
            None => (reader as Box<dyn Read>, None),
        };
        #[cfg(not(feature = "compression"))]
        let compressed = None;
        let mut lines = Self {
            path: input.path,
            reader,
            chunk: vec![0; CHUNK_BYTES],
            start: 0,
            end: 0,
            ended: false,
            raw,
            compressed,
            line_number: 0,
            blank_bytes: 0,
            limit_bytes,
        };
        while lines.end < FIRST_BYTES && !lines.ended {
            lines.fill()?;
        }
        let first = lines.peek();
        if first.is_empty() {
            return Err(FileErrorKind::Empty.of(&lines.path));
        }
        if is_utf16(first) {
            return Err(FileErrorKind::Utf16.of(&lines.path));
        }
        if let Some(kind) = no_text(first, compressed.is_some()) {
            return Err(kind.of(&lines.path));
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
        self.raw.borrow().hasher.hash()
    }

    /// How many raw bytes were read so far.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.raw.borrow().hasher.bytes_count()
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
        self.bound_blank_lines(&line)?;
        let last = !line.ends_with(b"\n");
        let text = read::check_text(&line, last)
            .map_err(|(kind, offset)| kind.at(&self.path, self.line_number, offset))?;
        record.push_str(text);
        Ok(true)
    }

    /// A few compressed bytes can be any number of blank lines: between two that are not there may be no more of them
    /// than one line may have.
    fn bound_blank_lines(&mut self, line: &[u8]) -> Result<(), FileError> {
        if line.iter().all(u8::is_ascii_whitespace) {
            self.blank_bytes += line.len();
        } else {
            self.blank_bytes = 0;
        }
        if self.blank_bytes > self.limit_bytes {
            let limit_bytes = self.limit_bytes;
            let kind = FileErrorKind::BlankTooLong { limit_bytes };
            return Err(kind.on(&self.path, self.line_number));
        }
        Ok(())
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
            Ok(count) => self.end += count,
            Err(source) if source.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => {
                return Err(match self.compressed {
                    Some(what) if !self.raw.borrow().failed => {
                        let cut = source.kind() == io::ErrorKind::UnexpectedEof;
                        FileErrorKind::Compressed { what, cut }.of(&self.path)
                    }
                    _ => FileError::reading(&self.path, source),
                });
            }
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
fn no_text(first: &[u8], was_compressed: bool) -> Option<FileErrorKind> {
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
    let (_, what) = *KNOWN.iter().find(|(magic, _)| first.starts_with(magic))?;
    Some(match what {
        "Parquet" if was_compressed => FileErrorKind::Unsupported {
            what: "a compressed Parquet file",
        },
        "Parquet" if cfg!(feature = "parquet") => FileErrorKind::OtherFormat { what },
        _ if was_compressed && what.ends_with("-compressed") => FileErrorKind::Unsupported {
            what: "compressed twice",
        },
        _ => FileErrorKind::Unsupported { what },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn lines(bytes: &[u8], limit: usize) -> Result<Vec<String>, FileError> {
        let source = Source::Bytes {
            name: PathBuf::from("a.csv"),
            bytes: bytes.to_vec(),
        };
        let mut lines = Lines::of(Input::open(&source)?, limit)?;
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
        let mut reader = Drip(bytes.clone(), 0);
        let first = beginning(&mut reader).unwrap();
        let input = Input {
            path: PathBuf::from("x"),
            first,
            reader: Box::new(reader),
            #[cfg(feature = "parquet")]
            file: None,
        };
        let mut lines = Lines::of(input, 100).unwrap();
        let mut all = String::new();
        while {
            let mut line = String::new();
            let more = lines.next_line(&mut line, 0).unwrap();
            all.push_str(&line);
            more
        } {}
        let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap();
        assert!(all.into_bytes() == text, "all but the first mark");
        assert_eq!(lines.hash(), crate::files::hash::hash_bytes(&bytes));
    }

    #[test]
    fn standard_input_has_a_name() {
        let patience = Patience::while_true(|| true);
        let source = |path: &str| Source::from_argument(Path::new(path), patience.clone());
        assert!(matches!(source("-"), Source::StandardInput(_)));
        assert_eq!(source("-").name(), Path::new("standard input"));
        assert_eq!(source("./-").name(), Path::new("./-"));
        assert!(matches!(source("./-"), Source::File(_)));
    }
}
