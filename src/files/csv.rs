//! Reads CSV strictly and writes it: what a lenient reader would guess at is an error with its place.

use std::io::{self, Read};
use std::path::Path;

use super::error::{FileError, FileErrorKind};
use super::input::Lines;
use super::record::{Record, Uneven};
use super::table::{COLUMN_LIMIT, NAME_LIMIT_BYTES};

/// The records of a CSV, its header read.
pub(super) struct CsvRecords {
    lines: Lines,
    columns: Vec<String>,
    delimiter: u8,
    reader: ::csv::Reader<Feeder>,
    fields: ::csv::StringRecord,
}

/// Gives the CSV reader one checked record at a time, so that it never reads ahead.
#[derive(Default)]
struct Feeder {
    record: Vec<u8>,
    given: usize,
}

impl Read for Feeder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut rest = self.record.get(self.given..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

impl CsvRecords {
    /// Reads the header: the first line that is not blank.
    ///
    /// # Errors
    /// There is none, it breaks the rules of CSV, or it has too many or too long names.
    pub(super) fn open(mut lines: Lines) -> Result<Self, FileError> {
        let mut raw = String::new();
        loop {
            raw.clear();
            if !lines.next_line(&mut raw, 0)? {
                return Err(FileErrorKind::Empty.of(lines.path()));
            }
            if !raw.trim().is_empty() {
                break;
            }
        }
        let delimiter = delimiter_of(&raw);
        let first_line = lines.line_number();
        let scan = complete(&mut lines, &mut raw, first_line, delimiter)?;
        if scan.fields > COLUMN_LIMIT {
            return Err(FileErrorKind::TooManyColumns {
                have: scan.fields,
                limit: COLUMN_LIMIT,
            }
            .on(lines.path(), first_line));
        }
        let reader = ::csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(Feeder::default());
        let mut records = Self {
            lines,
            columns: Vec::new(),
            delimiter,
            reader,
            fields: ::csv::StringRecord::new(),
        };
        records.split(&raw, first_line)?;
        if records
            .fields
            .iter()
            .any(|name| name.len() > NAME_LIMIT_BYTES)
        {
            return Err(FileErrorKind::NameTooLong {
                limit_bytes: NAME_LIMIT_BYTES,
            }
            .on(records.path(), first_line));
        }
        records.columns = records
            .fields
            .iter()
            .map(|name| name.trim().to_owned())
            .collect();
        Ok(records)
    }

    pub(super) fn path(&self) -> &Path {
        self.lines.path()
    }

    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    pub(super) fn delimiter(&self) -> char {
        char::from(self.delimiter)
    }

    pub(super) fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Reads the next record; blank lines are passed over. Quotes say where it ends, so that one with more or fewer
    /// fields than the header does not harm those behind it.
    ///
    /// # Errors
    /// The text can't be read, or breaks the rules of CSV or a limit.
    pub(super) fn next_record(&mut self, record: &mut Record) -> Result<bool, FileError> {
        let raw = record.raw_mut();
        loop {
            raw.clear();
            if !self.lines.next_line(raw, 0)? {
                return Ok(false);
            }
            if !matches!(raw.as_str(), "\n" | "\r\n" | "\r") {
                break;
            }
        }
        let line = self.lines.line_number();
        let want = self.columns.len();
        let have = complete(&mut self.lines, raw, line, self.delimiter)?.fields;
        record.line_number = line;
        if have != want {
            let blamed = have.min(want.saturating_sub(1));
            record.uneven = Some(Uneven {
                have,
                want,
                column: self.columns.get(blamed).cloned().unwrap_or_default(),
            });
            return Ok(true);
        }
        self.split(record.raw_mut(), line)?;
        for (column, field) in self.fields.iter().enumerate() {
            let stored = record.keep(field);
            record.set(column, stored);
        }
        Ok(true)
    }

    /// Splits a complete record into `fields`.
    fn split(&mut self, raw: &str, line: u64) -> Result<(), FileError> {
        let feeder = self.reader.get_mut();
        let content = raw.strip_suffix('\n').unwrap_or(raw);
        let content = content.strip_suffix('\r').unwrap_or(content);
        feeder.record.clear();
        feeder.record.extend_from_slice(content.as_bytes());
        feeder.record.push(b'\n');
        feeder.given = 0;
        match self.reader.read_record(&mut self.fields) {
            Ok(true) => Ok(()),
            Ok(false) => {
                Err(FileErrorKind::CsvSyntax("a record without a field")
                    .on(self.lines.path(), line))
            }
            Err(error) => {
                Err(FileErrorKind::Unreadable(io::Error::other(error)).on(self.lines.path(), line))
            }
        }
    }
}

/// A comma if the header has one outside quotes, else a semicolon or a tab if it has exactly one of the two.
fn delimiter_of(header: &str) -> u8 {
    let mut quoted = false;
    let (mut comma, mut semicolon, mut tab) = (false, false, false);
    for byte in header.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => comma = true,
            b';' if !quoted => semicolon = true,
            b'\t' if !quoted => tab = true,
            _ => {}
        }
    }
    match (comma, semicolon, tab) {
        (false, true, false) => b';',
        (false, false, true) => b'\t',
        _ => b',',
    }
}

/// What a look over a record's bytes has found.
struct Scan {
    state: State,
    fields: usize,
    /// Where the open quote stands.
    opened: (u64, usize),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    AfterQuote,
}

/// Appends lines to `raw` until the record that it begins is complete, and checks its quotes.
fn complete(
    lines: &mut Lines,
    raw: &mut String,
    first_line: u64,
    delimiter: u8,
) -> Result<Scan, FileError> {
    let mut scan = Scan {
        state: State::FieldStart,
        fields: 1,
        opened: (first_line, 0),
    };
    let mut from = 0;
    loop {
        let line = raw.as_bytes().get(from..).unwrap_or_default();
        let number = lines.line_number();
        scan.line(line, number, delimiter)
            .map_err(|(text, offset)| {
                FileErrorKind::CsvSyntax(text).at(lines.path(), number, offset)
            })?;
        if scan.state != State::Quoted {
            return Ok(scan);
        }
        from = raw.len();
        let (line, offset) = scan.opened;
        // A quote that is never closed makes one long record of all that follows: it is named, not its end.
        let more = lines
            .next_line(raw, first_line)
            .map_err(|error| match *error.kind {
                kind @ FileErrorKind::LineTooLong { .. } => kind.at(lines.path(), line, offset),
                kind => FileError {
                    kind: Box::new(kind),
                    ..error
                },
            })?;
        if !more {
            return Err(
                FileErrorKind::Truncated("the quote that opens here is never closed").at(
                    lines.path(),
                    line,
                    offset,
                ),
            );
        }
    }
}

impl Scan {
    /// Goes over one line with its end; the error is what is wrong and where.
    fn line(
        &mut self,
        line: &[u8],
        number: u64,
        delimiter: u8,
    ) -> Result<(), (&'static str, usize)> {
        let content = line.strip_suffix(b"\n").unwrap_or(line);
        let length = content.strip_suffix(b"\r").unwrap_or(content).len();
        for (offset, byte) in line.iter().copied().enumerate() {
            if offset >= length && self.state != State::Quoted {
                break;
            }
            self.state = match (self.state, byte) {
                (State::FieldStart, b'"') => {
                    self.opened = (number, offset);
                    State::Quoted
                }
                (State::Quoted, b'"') => State::AfterQuote,
                (State::AfterQuote, b'"') | (State::Quoted, _) => State::Quoted,
                (_, byte) if byte == delimiter => {
                    self.fields += 1;
                    State::FieldStart
                }
                (_, b'\r') => return Err(("a carriage return without a line feed", offset)),
                (State::AfterQuote, _) => return Err(("text after a closing quote", offset)),
                (State::Plain, b'"') => return Err(("a quote in the middle of a field", offset)),
                (State::FieldStart | State::Plain, _) => State::Plain,
            };
        }
        Ok(())
    }
}

/// Writes rows as CSV with a header; fields with commas, quotes or line breaks are quoted.
#[must_use]
pub fn write_csv<R>(header: &[&str], rows: R) -> String
where
    R: IntoIterator,
    R::Item: IntoIterator<Item: AsRef<[u8]>>,
{
    let mut writer = ::csv::WriterBuilder::new()
        .flexible(true)
        .from_writer(Vec::new());
    let mut fine = writer.write_record(header).is_ok();
    for row in rows {
        fine &= writer.write_record(row).is_ok();
    }
    debug_assert!(fine, "writing to memory can't fail");
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::table::tests::all;
    use super::*;

    fn trouble(text: &str) -> String {
        match all("a.csv", text) {
            Ok((columns, rows)) => panic!("{columns:?} {rows:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn fields_come_as_they_are_written() {
        let (columns, rows) = all(
            "a.csv",
            "id, prediction ,\"a,b\"\n007,1e5,\" x \"\n\"\",\"\"\"\",\"l1\nl2\"\n\n,,\n",
        )
        .unwrap();
        assert_eq!(columns, ["id", "prediction", "a,b"]);
        assert_eq!(rows, ["2: 007|1e5| x ", "3: _|\"|l1\nl2", "6: _|_|_"]);
    }

    #[test]
    fn blank_lines_and_missing_line_ends_do_not_matter() {
        for text in [
            "\n \r\na,b\n1,2\n",
            "a,b\r\n\r\n1,2",
            "a,b\n1,2\r",
            "a,b\n1,2\n\n\n",
        ] {
            let (columns, rows) = all("a.csv", text).unwrap();
            assert_eq!((columns.len(), rows.len()), (2, 1), "{text:?}");
            assert!(rows[0].ends_with(": 1|2"));
        }
        assert_eq!(all("a.csv", "a,b").unwrap().1.len(), 0);
    }

    #[test]
    fn semicolons_and_tabs_are_found() {
        for (text, delimiter, columns) in [
            ("a;b;c\n", ';', 3),
            ("a\tb\n", '\t', 2),
            ("a;x,b\n", ',', 2),
            ("\"a,x\";b\n", ';', 2),
            ("a;b\tc\n", ',', 1),
            ("a\n", ',', 1),
        ] {
            let source = super::super::table::tests::source("a", text);
            let table =
                super::super::table::Table::open(&source, super::super::table::Format::Auto)
                    .unwrap();
            assert_eq!(table.delimiter(), Some(delimiter), "{text:?}");
            assert_eq!(table.columns().len(), columns, "{text:?}");
        }
    }

    #[test]
    fn broken_quotes_are_named_with_their_place() {
        for (text, expected) in [
            (
                "id,p\n1,a\"b\n",
                "a.csv, line 2, byte 4: is no CSV: a quote in the middle of a field",
            ),
            (
                "id,p\n1, \"b\"\n",
                "a.csv, line 2, byte 4: is no CSV: a quote in the middle of a field",
            ),
            (
                "id,p\n1,\"b\" \n",
                "a.csv, line 2, byte 6: is no CSV: text after a closing quote",
            ),
            (
                "id,p\n1,\"b\nc,d\n",
                "a.csv, line 2, byte 3: ends too early: the quote that opens here is never closed",
            ),
            (
                "id,p\n1,\"x\ny\"z\n",
                "a.csv, line 3, byte 3: is no CSV: text after a closing quote",
            ),
            (
                "id,p\r1,2\r3,4",
                "a.csv, line 1, byte 5: is no CSV: a carriage return without a line feed",
            ),
        ] {
            assert_eq!(trouble(text), expected);
        }
    }

    #[test]
    fn a_record_of_another_length_is_told_with_its_column_and_harms_no_other() {
        let text = "id,p\n1,2\n1,2,3\n\n1\n\"a\nb\",2,3,\n4,5\n";
        let (_, rows) = all("a.csv", text).unwrap();
        assert_eq!(
            rows,
            [
                "2: 1|2",
                "3: 3 of 2, p",
                "5: 1 of 2, p",
                "6: 4 of 2, p",
                "8: 4|5"
            ]
        );
        let (_, rows) = all("a.csv", "id,p,q\n1\n").unwrap();
        assert_eq!(rows, ["2: 1 of 3, p"]);
        let (_, rows) = all("a.csv", "id\n1,2\n").unwrap();
        assert_eq!(rows, ["2: 2 of 1, id"]);
    }

    #[test]
    fn what_is_written_reads_back() {
        let rows = [
            ["1", "a,b"],
            ["2", "say \"x\""],
            ["3", "l1\r\nl2"],
            ["", ""],
        ];
        let text = write_csv(&["id", "note"], rows);
        let (columns, back) = all("a.csv", &text).unwrap();
        assert_eq!(columns, ["id", "note"]);
        assert_eq!(
            back,
            ["2: 1|a,b", "3: 2|say \"x\"", "4: 3|l1\r\nl2", "6: _|_"]
        );
    }
}
