//! Lines that are no rows: why, and the file into which they are put aside.

use std::fmt;
use std::path::Path;

use super::csv::write_csv;
use super::error::{FileError, FileErrorKind};
use super::read::{PathKind, begins_with, kind_of};
use super::write::{Existing, ReplaceFile};

/// Why a line is no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Counted from 1; where the record begins.
    pub line_number: u64,
    /// The name of the column that is to blame.
    pub column: String,
    pub code: RejectCode,
    /// For people.
    pub text: String,
}

/// Why, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RejectCode {
    /// More or fewer fields than the header has.
    FieldCount,
    IdEmpty,
    TimeEmpty,
    TimeUnreadable,
    TimeInFuture,
    NoNumber,
    TruthInfinite,
    ProbabilityEmpty,
    ProbabilityRange,
    Nested,
    ZeroCharacter,
    /// The version's name is malformed or unknown; found by whoever knows the versions.
    UnknownVersion,
    /// No version was live at the time of the prediction; found by whoever knows the versions.
    NoHolder,
    /// The same id again with other values; found by whoever stores the rows.
    Conflict,
}

impl RejectCode {
    /// The word for it in JSON and in the reject file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FieldCount => "field_count",
            Self::IdEmpty => "id_empty",
            Self::TimeEmpty => "time_empty",
            Self::TimeUnreadable => "time_unreadable",
            Self::TimeInFuture => "time_in_future",
            Self::NoNumber => "no_number",
            Self::TruthInfinite => "truth_infinite",
            Self::ProbabilityEmpty => "probability_empty",
            Self::ProbabilityRange => "probability_range",
            Self::Nested => "nested_value",
            Self::ZeroCharacter => "zero_character",
            Self::UnknownVersion => "unknown_version",
            Self::NoHolder => "no_holder",
            Self::Conflict => "conflict",
        }
    }
}

impl fmt::Display for RejectCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A CSV of rejects, each with the record as it stands in its file. It appears when it is committed.
pub struct RejectFile {
    file: ReplaceFile,
}

impl RejectFile {
    /// Begins the file with its header. A file of rejects that is there already will be replaced, any other is left
    /// alone.
    ///
    /// # Errors
    /// Something else is there, or it can't be written.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        const HEADER: [&str; 6] = ["path", "line_number", "column", "code", "text", "record"];
        let header = write_csv(&HEADER, [[""; 0]; 0]);
        // A pipe would be waited for for ever; what is no file is refused below.
        if matches!(kind_of(path)?, PathKind::File { .. }) && !begins_with(path, header.as_bytes())?
        {
            return Err(FileErrorKind::Exists.of(path));
        }
        let mut file = ReplaceFile::create(path, Existing::Replace)?;
        file.append(header.as_bytes())?;
        Ok(Self { file })
    }

    /// Adds a reject of the file `from`; `raw` is its record as it stands there.
    ///
    /// # Errors
    /// It can't be written.
    pub fn add(&mut self, from: &Path, reject: &Reject, raw: &str) -> Result<(), FileError> {
        let path = from.to_string_lossy();
        let line = reject.line_number.to_string();
        let row = [
            path.as_ref(),
            line.as_str(),
            reject.column.as_str(),
            reject.code.name(),
            reject.text.as_str(),
            raw,
        ];
        // The row stands in the header's place: there is none here.
        self.file.append(write_csv(&row, [[""; 0]; 0]).as_bytes())
    }

    /// Makes the file appear.
    ///
    /// # Errors
    /// It can't be written.
    pub fn commit(self) -> Result<(), FileError> {
        self.file.commit()
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::tests::all;
    use super::*;

    #[test]
    fn rejects_are_put_aside_as_they_stand() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejects.csv");
        let mut file = RejectFile::create(&path).unwrap();
        let reject = Reject {
            line_number: 7,
            column: "p".to_owned(),
            code: RejectCode::NoNumber,
            text: "1,5 is no number".to_owned(),
        };
        file.add(Path::new("a.csv"), &reject, "x,\"1,5\"").unwrap();
        assert!(!path.exists());
        file.commit().unwrap();
        let (columns, rows) = all("r.csv", std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(
            columns.join(" "),
            "path line_number column code text record"
        );
        assert_eq!(rows, ["2: a.csv|7|p|no_number|1,5 is no number|x,\"1,5\""]);
        assert!(RejectFile::create(&folder.path().join("no/such.csv")).is_err());
    }
}
