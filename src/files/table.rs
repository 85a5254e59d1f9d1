//! Reads a table, CSV, JSON lines or Parquet, record by record: named columns, bounded memory, one hash of all bytes.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::csv::CsvRecords;
use super::error::FileError;
#[cfg(not(feature = "parquet"))]
use super::error::FileErrorKind;
use super::input::{Input, LINE_LIMIT_BYTES, Lines, Source};
use super::jsonl::JsonRecords;
#[cfg(feature = "parquet")]
use super::parquet::ParquetRecords;
use super::record::Record;
use crate::domain::hash::Hash;

/// The most columns that a table may have.
pub const COLUMN_LIMIT: usize = 10_000;
/// The longest name of a column.
pub const NAME_LIMIT_BYTES: usize = 4_096;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Parquet if it begins as one; else as the name ends (`.csv`, `.tsv`, `.jsonl`, `.ndjson`, `.json`, `.parquet`,
    /// `.pq`, that of a compression apart), else JSON if it begins with `{` or `[{`, else CSV.
    Auto,
    Csv,
    JsonLines,
    Parquet,
}

impl Format {
    /// The word for it on the command line and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
            Self::Parquet => "parquet",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A format is `auto`, `csv`, `jsonl` or `parquet`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a format is auto, csv, jsonl or parquet, not {0}")]
pub struct UnknownFormat(pub String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        [Self::Auto, Self::Csv, Self::JsonLines, Self::Parquet]
            .into_iter()
            .find(|format| format.name() == text)
            .ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// An opened table.
pub struct Table {
    records: Records,
    format: Format,
    records_count: u64,
}

enum Records {
    Csv(Box<CsvRecords>),
    Json(Box<JsonRecords>),
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetRecords>),
}

/// What was read, known after the last record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Of all raw bytes.
    pub hash: Hash,
    pub size_bytes: u64,
    pub records_count: u64,
}

impl Table {
    /// Opens a table and reads its columns.
    ///
    /// # Errors
    /// It can't be read, holds no text or nothing, or its header breaks a rule or a limit.
    pub fn open(source: &Source, format: Format) -> Result<Self, FileError> {
        Self::open_within(source, format, LINE_LIMIT_BYTES)
    }

    /// The same with another limit for a line or record.
    ///
    /// # Errors
    /// As [`Table::open`].
    pub fn open_within(
        source: &Source,
        format: Format,
        limit_bytes: usize,
    ) -> Result<Self, FileError> {
        let input = Input::open(source)?;
        let format = match format {
            Format::Auto if is_parquet(input.path(), input.first()) => Format::Parquet,
            named => named,
        };
        if format == Format::Parquet {
            return Self::open_parquet(input, limit_bytes);
        }
        let lines = Lines::of(input, limit_bytes)?;
        let format = match format {
            Format::Auto => detected(lines.path(), lines.peek()),
            named => named,
        };
        let records = if format == Format::JsonLines {
            Records::Json(Box::new(JsonRecords::open(lines)?))
        } else {
            Records::Csv(Box::new(CsvRecords::open(lines)?))
        };
        Ok(Self {
            records,
            format,
            records_count: 0,
        })
    }

    #[cfg(feature = "parquet")]
    fn open_parquet(input: Input, limit_bytes: usize) -> Result<Self, FileError> {
        let path = input.path().to_owned();
        let records = ParquetRecords::open(&path, input.seekable()?, limit_bytes)?;
        Ok(Self {
            records: Records::Parquet(Box::new(records)),
            format: Format::Parquet,
            records_count: 0,
        })
    }

    #[cfg(not(feature = "parquet"))]
    fn open_parquet(input: Input, _: usize) -> Result<Self, FileError> {
        Err(FileErrorKind::Unsupported { what: "Parquet" }.of(input.path()))
    }

    /// Reads only these columns of a format in which columns lie apart. Called before the first record.
    ///
    /// # Errors
    /// What a column is that holds no plain values, and its index.
    pub fn select(&mut self, columns: &[usize]) -> Result<(), (usize, &'static str)> {
        match &mut self.records {
            #[cfg(feature = "parquet")]
            Records::Parquet(records) => records.select(columns),
            _ => {
                let _ = columns;
                Ok(())
            }
        }
    }

    /// Whether a column's type says that it holds times; `None` where only its values do.
    #[must_use]
    pub fn holds_times(&self, column: usize) -> Option<bool> {
        match &self.records {
            #[cfg(feature = "parquet")]
            Records::Parquet(records) => Some(records.holds_times(column)),
            _ => {
                let _ = column;
                None
            }
        }
    }

    /// What a record holds, for people; of a text it is the record as it stands in the file.
    #[must_use]
    pub fn shown<'a>(&self, record: &'a Record) -> Cow<'a, str> {
        match &self.records {
            #[cfg(feature = "parquet")]
            Records::Parquet(records) => Cow::Owned(records.shown(record)),
            _ => Cow::Borrowed(record.raw()),
        }
    }

    /// The name of what is read.
    #[must_use]
    pub fn path(&self) -> &Path {
        match &self.records {
            #[cfg(feature = "parquet")]
            Records::Parquet(records) => records.path(),
            Records::Csv(records) => records.path(),
            Records::Json(records) => records.path(),
        }
    }

    /// The format that was found or named, never [`Format::Auto`].
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// What stands between the fields of a CSV: a comma, a semicolon or a tab.
    #[must_use]
    pub fn delimiter(&self) -> Option<char> {
        match &self.records {
            Records::Csv(records) => Some(records.delimiter()),
            _ => None,
        }
    }

    /// The columns' names in their order. For JSON lines the keys of the first records; a key that occurs later for
    /// the first time is appended then.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        match &self.records {
            Records::Csv(records) => records.columns(),
            Records::Json(records) => records.columns(),
            #[cfg(feature = "parquet")]
            Records::Parquet(records) => records.columns(),
        }
    }

    /// Whether no further column can appear.
    #[must_use]
    pub fn columns_are_final(&self) -> bool {
        match &self.records {
            Records::Json(records) => records.columns_are_final(),
            _ => true,
        }
    }

    /// Gives a column an index although no record has had it yet; `None` where none can come any more.
    pub fn expect_column(&mut self, name: &str) -> Option<usize> {
        match &mut self.records {
            Records::Json(records) if !records.columns_are_final() => {
                Some(records.expect_column(name))
            }
            _ => None,
        }
    }

    /// A column that was expected and that no record had so far.
    #[must_use]
    pub fn absent_column(&self) -> Option<&str> {
        match &self.records {
            Records::Json(records) => records.absent_column(),
            _ => None,
        }
    }

    /// Reads the next record into `record`. False: there is none, and `record` is empty.
    ///
    /// # Errors
    /// The text can't be read, breaks the format's rules or a limit. Nothing after it can be trusted then.
    pub fn next_record(&mut self, record: &mut Record) -> Result<bool, FileError> {
        record.clear();
        let more = match &mut self.records {
            Records::Csv(records) => records.next_record(record)?,
            Records::Json(records) => records.next_record(record)?,
            #[cfg(feature = "parquet")]
            Records::Parquet(records) => records.next_record(record)?,
        };
        self.records_count += u64::from(more);
        Ok(more)
    }

    /// Reads what is left and says what the whole was.
    ///
    /// # Errors
    /// As [`Table::next_record`].
    pub fn finish(mut self) -> Result<Finished, FileError> {
        let mut record = Record::default();
        while self.next_record(&mut record)? {}
        let of_lines = |lines: &Lines| (lines.hash(), lines.bytes_read());
        let (hash, size_bytes) = match &self.records {
            Records::Csv(records) => of_lines(records.lines()),
            Records::Json(records) => of_lines(records.lines()),
            #[cfg(feature = "parquet")]
            Records::Parquet(records) => records.whole()?,
        };
        Ok(Finished {
            hash,
            size_bytes,
            records_count: self.records_count,
        })
    }
}

/// By its first bytes, whatever its name; by its name, so that a broken one is not taken for CSV.
fn is_parquet(path: &Path, first: &[u8]) -> bool {
    const MAGIC: &[u8] = b"PAR1";
    first.starts_with(MAGIC) || matches!(ending(path).as_deref(), Some("parquet" | "pq"))
}

fn ending(path: &Path) -> Option<String> {
    path.extension()
        .map(|text| text.to_string_lossy().to_ascii_lowercase())
}

/// `a.csv.gz` without `.gz`.
fn without_compression(path: &Path) -> Cow<'_, Path> {
    match ending(path).as_deref() {
        Some("gz" | "gzip" | "zst" | "zstd") => Cow::Owned(path.with_extension("")),
        _ => Cow::Borrowed(path),
    }
}

fn detected(path: &Path, first: &[u8]) -> Format {
    match ending(&without_compression(path)).as_deref() {
        Some("csv" | "tsv") => return Format::Csv,
        Some("jsonl" | "ndjson" | "json") => return Format::JsonLines,
        _ => {}
    }
    let mut visible = first.iter().filter(|byte| !byte.is_ascii_whitespace());
    match (visible.next(), visible.next()) {
        (Some(b'{'), _) | (Some(b'['), Some(b'{')) => Format::JsonLines,
        _ => Format::Csv,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::PathBuf;

    use super::super::record::{Cell, Uneven};
    use super::*;

    pub fn source(name: &str, bytes: impl AsRef<[u8]>) -> Source {
        Source::Bytes {
            name: PathBuf::from(name),
            bytes: bytes.as_ref().to_vec(),
        }
    }

    /// All records as text: `line: cell|cell`, numbers of JSON with `#`, empty cells as `_`.
    pub fn all(
        name: &str,
        bytes: impl AsRef<[u8]>,
    ) -> Result<(Vec<String>, Vec<String>), FileError> {
        let mut table = Table::open(&source(name, bytes), Format::Auto)?;
        let mut record = Record::default();
        let mut rows = Vec::new();
        while table.next_record(&mut record)? {
            if let Some(Uneven { have, want, column }) = &record.uneven {
                let line = record.line_number;
                rows.push(format!("{line}: {have} of {want}, {column}"));
                continue;
            }
            let cells: Vec<String> = (0..table.columns().len())
                .map(|column| match record.cell(column) {
                    Cell::Empty => "_".to_owned(),
                    Cell::Text(text) => text.to_owned(),
                    Cell::Number(text) => format!("#{text}"),
                    Cell::Nested => "{}".to_owned(),
                })
                .collect();
            rows.push(format!("{}: {}", record.line_number, cells.join("|")));
        }
        Ok((table.columns().to_vec(), rows))
    }

    #[test]
    fn the_format_follows_the_name_then_the_content() {
        for (name, content, format) in [
            ("a.csv", "{\"a\"", Format::Csv),
            ("a.TSV", "a", Format::Csv),
            ("a.jsonl", "a", Format::JsonLines),
            ("a.ndjson", "a", Format::JsonLines),
            ("a.json", "a", Format::JsonLines),
            ("a", " \n{\"a\":1}", Format::JsonLines),
            ("a.txt", "[ {", Format::JsonLines),
            ("a", "[id],x", Format::Csv),
            ("a", "id,x", Format::Csv),
            ("a.jsonl.gz", "a", Format::JsonLines),
            ("a.CSV.ZST", "{", Format::Csv),
            ("a.gz", "{\"a\":1}", Format::JsonLines),
            ("a.zstd", "id", Format::Csv),
        ] {
            assert_eq!(
                detected(Path::new(name), content.as_bytes()),
                format,
                "{name}"
            );
        }
        assert_eq!("jsonl".parse(), Ok(Format::JsonLines));
        assert!("xml".parse::<Format>().is_err());
    }

    #[test]
    fn the_hash_is_of_the_raw_bytes_and_both_formats_agree_on_cells() {
        let csv = "\u{feff}id,prediction,note\r\n1,0.5,\r\n2,,\"a \"\"b\"\"\r\nc\"\r\n";
        let json = "{\"id\":\"1\",\"prediction\":\"0.5\",\"note\":null}\n\n{\"id\":\"2\",\"note\":\"a \\\"b\\\"\\r\\nc\"}";
        let (columns, from_csv) = all("a.csv", csv).unwrap();
        let (keys, from_json) = all("a.jsonl", json).unwrap();
        assert_eq!(columns, keys);
        assert_eq!(from_csv, ["2: 1|0.5|_", "3: 2|_|a \"b\"\r\nc"]);
        assert_eq!(from_json, ["1: 1|0.5|_", "3: 2|_|a \"b\"\r\nc"]);
        for (name, text) in [("a.csv", csv), ("a.jsonl", json)] {
            let finished = Table::open(&source(name, text), Format::Auto)
                .unwrap()
                .finish()
                .unwrap();
            assert_eq!(
                finished.hash,
                crate::files::hash::hash_bytes(text.as_bytes())
            );
            assert_eq!(finished.size_bytes, text.len() as u64);
            assert_eq!(finished.records_count, 2);
        }
    }

    fn opened(name: &str, text: &str) -> Table {
        Table::open(&source(name, text), Format::Auto).unwrap()
    }

    #[test]
    fn a_named_format_holds_whatever_the_name_says() {
        let json = "{\"id\":1}\n";
        let table = Table::open(&source("a.csv", json), Format::JsonLines).unwrap();
        assert_eq!(table.format(), Format::JsonLines);
        assert_eq!(table.columns(), ["id"]);
        let table = Table::open(&source("a.json", "id,x\n1,2\n"), Format::Csv).unwrap();
        assert_eq!(table.format(), Format::Csv);
        assert_eq!(opened("a", "id,x\n").format(), Format::Csv, "never auto");
    }

    #[test]
    fn the_delimiter_is_that_of_the_header_and_json_has_none() {
        for (header, expected) in [
            ("id,x", Some(',')),
            ("id;x", Some(';')),
            ("id\tx", Some('\t')),
            ("id", Some(',')),
        ] {
            let table = opened("a.csv", &format!("{header}\n"));
            assert_eq!(table.delimiter(), expected, "{header:?}");
        }
        assert_eq!(opened("a.jsonl", "{\"id\":1}").delimiter(), None);
    }

    #[test]
    fn a_csv_has_all_its_columns_from_the_beginning() {
        let mut table = opened("a.csv", "id,x\n1,2\n");
        assert!(table.columns_are_final());
        assert_eq!(table.expect_column("y"), None);
        assert_eq!(table.absent_column(), None);
        assert_eq!(table.path(), Path::new("a.csv"));
    }

    #[test]
    fn a_column_that_was_expected_is_absent_until_a_record_has_it() {
        let many: String = (0..3_000).map(|id| format!("{{\"id\":{id}}}\n")).collect();
        let mut table = opened("a.jsonl", &(many + "{\"id\":1,\"y\":2}\n"));
        assert!(!table.columns_are_final());
        let column = table.expect_column("y").unwrap();
        assert_eq!(table.absent_column(), Some("y"));
        let mut record = Record::default();
        let mut last = false;
        while table.next_record(&mut record).unwrap() {
            last = record.cell(column) == Cell::Number("2");
        }
        assert!(last, "the last record has it");
        assert_eq!(table.absent_column(), None);
    }

    #[test]
    fn after_the_last_record_there_is_an_empty_one() {
        let mut table = opened("a.csv", "id,x\n1,2\n");
        let mut record = Record::default();
        assert!(table.next_record(&mut record).unwrap());
        assert_eq!(record.cell(0), Cell::Text("1"));
        for _ in 0..2 {
            assert!(!table.next_record(&mut record).unwrap());
            assert_eq!(record.cell(0), Cell::Empty);
        }
        assert_eq!(table.finish().unwrap().records_count, 1);
    }

    #[test]
    fn the_whole_is_known_wherever_reading_stopped() {
        let text = "id,x\n1,2\n3,4\n5,6\n";
        let untouched = opened("a.csv", text).finish().unwrap();
        let mut begun = opened("a.csv", text);
        begun.next_record(&mut Record::default()).unwrap();
        assert_eq!(begun.finish().unwrap(), untouched);
        assert_eq!(untouched.records_count, 3);
    }

    #[test]
    fn a_line_over_the_limit_is_named_and_one_of_just_the_limit_passes() {
        let row = |length: usize| format!("id\n{}\n", "x".repeat(length));
        let read = |length: usize| {
            let mut table = Table::open_within(&source("a.csv", row(length)), Format::Csv, 64)?;
            table.next_record(&mut Record::default())
        };
        assert!(read(60).unwrap());
        let error = read(65).unwrap_err();
        assert!(error.to_string().contains("limit of 64 bytes"), "{error}");
        assert_eq!(error.line, Some(2));
    }

    #[test]
    fn a_format_reads_back_as_written() {
        for format in [
            Format::Auto,
            Format::Csv,
            Format::JsonLines,
            Format::Parquet,
        ] {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        let unknown = "CSV".parse::<Format>().unwrap_err();
        assert_eq!(
            unknown.to_string(),
            "a format is auto, csv, jsonl or parquet, not CSV"
        );
    }
}
