//! What can be wrong with a file: its path, the place in it, and the trouble.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::columns::divided;
use super::values::{excerpt, whole};
use crate::domain::nearest::{edits, nearest};

/// Trouble with a file. It always names the file, and the place in it where there is one.
#[derive(Debug)]
pub struct FileError {
    pub path: PathBuf,
    /// Counted from 1.
    pub line: Option<u64>,
    /// Counted from 1, in bytes from the beginning of the line.
    pub column: Option<u64>,
    /// In a box, so that results stay small.
    pub kind: Box<FileErrorKind>,
}

/// The trouble itself, without the place. Displayed, it has the system's reason, wherever it is told.
#[derive(Debug, thiserror::Error)]
pub enum FileErrorKind {
    #[error("there is no such file")]
    Missing,
    #[error("can't be read: {0}")]
    Unreadable(io::Error),
    #[error("can't be written: {0}")]
    Unwritable(io::Error),
    #[error("exists already")]
    Exists,
    #[error("is locked by another process ({waited_ms} ms waited)")]
    Locked { waited_ms: u64 },

    #[error("is a directory, not a file")]
    Directory,
    #[error("is not a directory")]
    NotDirectory,
    #[error("is {0}; only regular files and directories are taken")]
    Special(&'static str),
    #[error("is {0}, and no file takes its place")]
    Irreplaceable(&'static str),
    #[error("changed while it was read")]
    Changed,
    #[error("the archive's entry {0} would leave its directory, or is neither file nor directory")]
    UnsafeEntry(String),
    #[error("is larger than the limit of {limit_bytes} bytes")]
    TooLarge { limit_bytes: u64 },

    #[error("is empty")]
    Empty,
    #[error("has no row")]
    NoRows,
    #[error("is {what}, which this build does not read")]
    Unsupported { what: &'static str },
    #[error("is {what}, not text")]
    OtherFormat { what: &'static str },
    #[error("is {what}-compressed, and {}", if *.cut { "ends too early" } else { "broken" })]
    Compressed { what: &'static str, cut: bool },
    #[error("is no sound Parquet: {0}")]
    ParquetSyntax(String),
    #[error("is Parquet that is not read: {0}")]
    ParquetUnsupported(String),
    #[error("gives more than {limit_bytes} bytes, and Parquet is read from its end")]
    PipeTooLong { limit_bytes: usize },
    #[error("byte {byte:#04x} is not UTF-8{guess}")]
    NotText { byte: u8, guess: &'static str },
    #[error("is UTF-16 text, not UTF-8 (convert it: iconv -f UTF-16 -t UTF-8)")]
    Utf16,
    #[error("a zero byte: this is binary data, not text")]
    Binary,
    #[error("ends too early: {0}")]
    Truncated(&'static str),
    #[error("is no CSV: {0}")]
    CsvSyntax(&'static str),
    #[error("is no JSON: {0}")]
    JsonSyntax(String),
    #[error("the line is longer than the limit of {limit_bytes} bytes")]
    LineTooLong { limit_bytes: usize },
    #[error("the blank lines up to here are longer than the limit of {limit_bytes} bytes")]
    BlankTooLong { limit_bytes: usize },
    #[error("{have} columns, the limit is {limit}")]
    TooManyColumns { have: usize, limit: usize },
    #[error("a column's name is longer than the limit of {limit_bytes} bytes")]
    NameTooLong { limit_bytes: usize },
    #[error("the key {} occurs twice in one object", excerpt(.name))]
    DuplicateKey { name: String },
    #[error("the first line holds numbers only; it must name the columns")]
    NoHeader,

    #[error("no column for {field}: wanted {}, the file has {}", listed(.wanted), listed(.have))]
    MissingColumn {
        field: String,
        /// Names that would have served.
        wanted: Vec<String>,
        have: Vec<String>,
        /// Those of `have` that look most like one of `wanted`, at most three.
        nearest: Vec<String>,
    },
    #[error("neither the name nor a column says whether it is predictions or truth; the file has {}", listed(.have))]
    UnknownKind { have: Vec<String> },
    #[error("column {} (for {field}) is {what}, not one plain value a row", excerpt(.name))]
    ColumnType {
        name: String,
        field: String,
        what: &'static str,
    },
    #[error("{field} could be any of {}", listed(.names))]
    AmbiguousColumns { field: String, names: Vec<String> },
    #[error("column {} is mapped to {first} and to {second}", excerpt(.name))]
    SharedColumn {
        name: String,
        first: String,
        second: String,
    },
    #[error("the key {} (for {field}) does not occur in the first records", excerpt(.name))]
    LateColumn { name: String, field: String },
    #[error("{0}")]
    Columns(String),
}

/// Which remedy an error calls for; the edge makes exit statuses of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileErrorClass {
    /// Missing, unreadable, unwritable.
    Io,
    /// A target is there already.
    Exists,
    /// Somebody else holds the lock.
    Locked,
    /// What the file holds can't be used.
    Content,
    /// The file is sound, but its columns do not fit what was asked.
    Columns,
}

impl FileErrorKind {
    /// This trouble with a file as a whole.
    #[must_use]
    pub fn of(self, path: &Path) -> FileError {
        FileError {
            path: path.to_owned(),
            line: None,
            column: None,
            kind: Box::new(self),
        }
    }

    /// This trouble on a line.
    #[must_use]
    pub fn on(self, path: &Path, line: u64) -> FileError {
        FileError {
            line: Some(line),
            ..self.of(path)
        }
    }

    /// This trouble at a byte of a line; `offset` counts from 0.
    #[must_use]
    pub fn at(self, path: &Path, line: u64, offset: usize) -> FileError {
        FileError {
            column: Some(u64::try_from(offset).unwrap_or(u64::MAX).saturating_add(1)),
            ..self.on(path, line)
        }
    }
}

impl FileError {
    /// An error of the system while reading.
    #[must_use]
    pub fn reading(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound => FileErrorKind::Missing,
            io::ErrorKind::IsADirectory => FileErrorKind::Directory,
            _ => FileErrorKind::Unreadable(source),
        }
        .of(path)
    }

    /// An error of the system while writing.
    #[must_use]
    pub fn writing(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AlreadyExists => FileErrorKind::Exists,
            _ => FileErrorKind::Unwritable(source),
        }
        .of(path)
    }

    #[must_use]
    pub fn class(&self) -> FileErrorClass {
        use FileErrorKind as Kind;
        match &*self.kind {
            Kind::Missing | Kind::Unreadable(_) | Kind::Unwritable(_) | Kind::Irreplaceable(_) => {
                FileErrorClass::Io
            }
            Kind::Exists => FileErrorClass::Exists,
            Kind::Locked { .. } => FileErrorClass::Locked,
            Kind::MissingColumn { .. }
            | Kind::UnknownKind { .. }
            | Kind::AmbiguousColumns { .. }
            | Kind::SharedColumn { .. }
            | Kind::LateColumn { .. }
            | Kind::ColumnType { .. }
            | Kind::Columns(_) => FileErrorClass::Columns,
            _ => FileErrorClass::Content,
        }
    }

    /// The field for which no fitting column was found, and the column that may be meant.
    #[must_use]
    pub fn unfit_column(&self) -> Option<(&str, Option<&str>)> {
        use FileErrorKind as Kind;
        match &*self.kind {
            Kind::MissingColumn { field, nearest, .. } => {
                Some((field, nearest.first().map(String::as_str)))
            }
            Kind::AmbiguousColumns { field, names } => {
                let first = names.first()?;
                // Of two columns with one name none can be named.
                let differ = names.iter().any(|name| name != first);
                differ.then_some((field.as_str(), Some(first.as_str())))
            }
            Kind::LateColumn { name, field } => Some((field, Some(name))),
            Kind::ColumnType { field, .. } => Some((field, None)),
            _ => None,
        }
    }

    /// What to do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        use FileErrorKind as Kind;
        if let Some(options) = self.divided_options() {
            return Some(format!("`--map` is repeated for each column: `{options}`"));
        }
        match &*self.kind {
            Kind::MissingColumn { field, nearest, .. } => Some(match nearest.first() {
                Some(name) if whole(name).is_some() => {
                    format!("did you mean `--map {field}={name}`?")
                }
                // Nothing asks for these but whoever named their columns.
                _ if matches!(field.as_str(), "time" | "version") => format!(
                    "name it: `--map {field}=COLUMN`; or take `{field}` out of `[columns]`, and it is looked for by its \
                     known names and may be absent"
                ),
                _ => format!("name it: `--map {field}=COLUMN`"),
            }),
            Kind::AmbiguousColumns { names, .. }
                if names.iter().all(|name| Some(name) == names.first()) =>
            {
                Some("give one of the columns another name".to_owned())
            }
            Kind::AmbiguousColumns { field, names } => Some(format!(
                "name one: `--map {field}={}`",
                names
                    .first()
                    .and_then(|name| whole(name))
                    .unwrap_or("COLUMN")
            )),
            Kind::LateColumn { name, field } => Some(format!(
                "name it: `--map {field}={}`",
                whole(name).unwrap_or("COLUMN")
            )),
            Kind::Missing => Some(match near_names(&self.path).first() {
                Some(name) => format!("did you mean {}?", excerpt(name)),
                None => {
                    "a path begins in the current folder, or in the one that -C names".to_owned()
                }
            }),
            Kind::ColumnType { field, .. } => Some(format!("name another: `--map {field}=COLUMN`")),
            _ => self.advice().map(str::to_owned),
        }
    }

    /// The options that were meant, where several columns were named in one.
    fn divided_options(&self) -> Option<String> {
        let FileErrorKind::MissingColumn { field, wanted, .. } = &*self.kind else {
            return None;
        };
        let [wanted] = wanted.as_slice() else {
            return None;
        };
        let choices = divided(field, wanted)?;
        let options = choices
            .iter()
            .map(|choice| format!("--map {}", excerpt(choice)));
        Some(options.collect::<Vec<_>>().join(" "))
    }

    /// What always helps.
    fn advice(&self) -> Option<&'static str> {
        use FileErrorKind as Kind;
        Some(match &*self.kind {
            Kind::CsvSyntax(_) => {
                "a field that holds quotes is quoted itself, with each of them doubled"
            }
            Kind::NoHeader => "name the columns in a first line: `id,predicted_at,prediction`",
            Kind::Truncated(what) if what.contains("quote") => {
                "close the quote, or double it where it belongs to the text"
            }
            Kind::Truncated(_) => "look at what wrote the file: its last lines are missing",
            Kind::JsonSyntax(_) => {
                "one object a line: {\"id\": \"a\", \"prediction\": 0.5}, and null where there is no value"
            }
            Kind::DuplicateKey { .. } => "write each key once",
            Kind::UnknownKind { .. } => {
                "say it in the name: `pred_1.csv` or `truth_1.csv`; or name its column in the policy: `[columns]` with \
                 `prediction = \"COLUMN\"` or `truth = \"COLUMN\"`"
            }
            Kind::Unsupported { what: "Parquet" } => {
                "a build with the feature `parquet` reads it, and a default build has it; or give CSV or JSON lines"
            }
            Kind::Unsupported {
                what: "gzip-compressed" | "zstd-compressed",
            } if cfg!(not(feature = "compression")) => {
                "a build with the feature `compression` reads it, and a default build has it; or unpack it first"
            }
            Kind::Unsupported {
                what: "a compressed Parquet file",
            } => "unpack it first: Parquet is compressed within",
            Kind::OtherFormat { .. } => "leave out `--input-format`",
            Kind::PipeTooLong { .. } => "write it to a file, and give its name instead of `-`",
            Kind::Unsupported { .. } => "give it as plain CSV or as JSON, one object a line",
            Kind::Empty | Kind::NoRows => {
                "look at what wrote it: an empty input is never taken for \"no predictions\""
            }
            Kind::Directory => "name the file in it; only `register` takes a folder",
            Kind::Unreadable(_) => "give this user the right to read it",
            Kind::Changed => "wait until it is written, and run the command again",
            Kind::Exists => "give another name, or remove the file that is there",
            Kind::Unwritable(_) | Kind::NotDirectory => {
                "name a folder that exists and that this user may write"
            }
            Kind::Irreplaceable(_) => "give the name of a plain file",
            Kind::Locked { .. } => "run the command again",
            _ => return None,
        })
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(out, ", line {line}")?;
        }
        if let Some(column) = self.column {
            write!(out, ", byte {column}")?;
        }
        write!(out, ": {}", self.kind)
    }
}

impl Error for FileError {}

/// Names of a file's folder that are written much like its own.
fn near_names(path: &Path) -> Vec<String> {
    /// A folder of data may hold any number of files.
    const LOOKED_AT: usize = 1_000;
    let Some(wanted) = path.file_name().and_then(|name| name.to_str()) else {
        return Vec::new();
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries
        .take(LOOKED_AT)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let near = nearest(names, |name| {
        // Two letters of a short name are most of it.
        edits(wanted, name).filter(|edits| edits * 3 < name.len())
    });
    near.into_iter()
        .map(|name| path.with_file_name(name).display().to_string())
        .collect()
}

/// Names in a row, cut after twelve.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| excerpt(name)).collect();
    let text = shown.join(", ");
    if names.is_empty() {
        "none".to_owned()
    } else if names.len() > SHOWN {
        format!("{text} and {} more", names.len() - SHOWN)
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_said_as_far_as_it_is_known() {
        let path = Path::new("data/a.csv");
        assert_eq!(
            FileErrorKind::Empty.of(path).to_string(),
            "data/a.csv: is empty"
        );
        assert_eq!(
            FileErrorKind::Binary.at(path, 3, 6).to_string(),
            "data/a.csv, line 3, byte 7: a zero byte: this is binary data, not text"
        );
        assert_eq!(
            FileErrorKind::LineTooLong { limit_bytes: 7 }
                .on(path, 9)
                .to_string(),
            "data/a.csv, line 9: the line is longer than the limit of 7 bytes"
        );
    }

    #[test]
    fn long_lists_of_names_are_cut_and_control_characters_do_not_pass() {
        let many: Vec<String> = (0..40).map(|n| format!("c{n}")).collect();
        assert!(listed(&many).ends_with("c11 and 28 more"));
        assert_eq!(listed(&[]), "none");
        assert_eq!(listed(&["a\u{1b}[2J".to_owned()]), "a\\u{1b}[2J");
    }

    #[test]
    fn what_the_system_says_is_told_wherever_the_trouble_is() {
        let denied = FileError::reading(
            Path::new("x"),
            io::Error::from(io::ErrorKind::PermissionDenied),
        );
        assert_eq!(denied.to_string(), "x: can't be read: permission denied");
        assert_eq!(denied.class(), FileErrorClass::Io);
        let missing = FileError::reading(Path::new("x"), io::Error::from(io::ErrorKind::NotFound));
        assert!(matches!(*missing.kind, FileErrorKind::Missing));
        assert_eq!(
            FileErrorKind::Directory.of(Path::new("x")).class(),
            FileErrorClass::Content
        );
    }
}
