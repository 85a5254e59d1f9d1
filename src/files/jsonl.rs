//! Reads JSON lines: one object a line, numbers kept as they are written, no key twice.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::path::Path;

use super::error::{FileError, FileErrorKind};
use super::input::Lines;
use super::json_text::{check, decoded, members};
use super::record::{Record, Stored};
use super::table::{COLUMN_LIMIT, NAME_LIMIT_BYTES};

/// Columns are known from so many records, or from as many as fit into so many bytes.
const FIRST_RECORDS: usize = 100;
const FIRST_BYTES: usize = 256 * 1024;

/// The objects of a text, the keys of the first ones known.
pub(super) struct JsonRecords {
    lines: Lines,
    columns: Vec<String>,
    index: HashMap<String, usize>,
    /// For each column the stamp of the object that had it last; 0: none had it yet.
    last_seen: Vec<u64>,
    stamp: u64,
    /// Objects that were read for their keys only, with the lines on which they stand.
    waiting: VecDeque<(u64, String)>,
    final_columns: bool,
}

impl JsonRecords {
    /// Reads the first objects for their keys.
    ///
    /// # Errors
    /// There is no object, or one of the first breaks the rules of JSON or a limit.
    pub(super) fn open(lines: Lines) -> Result<Self, FileError> {
        let mut records = Self {
            lines,
            columns: Vec::new(),
            index: HashMap::new(),
            last_seen: Vec::new(),
            stamp: 0,
            waiting: VecDeque::new(),
            final_columns: false,
        };
        let mut bytes = 0;
        while records.waiting.len() < FIRST_RECORDS && bytes < FIRST_BYTES {
            let mut raw = String::new();
            if !records.next_line(&mut raw)? {
                records.final_columns = true;
                break;
            }
            let line = records.lines.line_number();
            records.columns_of(&raw, line)?;
            bytes += raw.len();
            records.waiting.push_back((line, raw));
        }
        if records.waiting.is_empty() {
            return Err(FileErrorKind::Empty.of(records.path()));
        }
        Ok(records)
    }

    pub(super) fn path(&self) -> &Path {
        self.lines.path()
    }

    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    pub(super) const fn columns_are_final(&self) -> bool {
        self.final_columns
    }

    pub(super) fn lines(&self) -> &Lines {
        &self.lines
    }

    pub(super) fn expect_column(&mut self, name: &str) -> usize {
        if let Some(column) = self.index.get(name) {
            return *column;
        }
        self.add(name)
    }

    pub(super) fn absent_column(&self) -> Option<&str> {
        let column = self.last_seen.iter().position(|stamp| *stamp == 0)?;
        self.columns.get(column).map(String::as_str)
    }

    /// Reads the next object; blank lines are passed over.
    ///
    /// # Errors
    /// The text can't be read, or breaks the rules of JSON or a limit.
    pub(super) fn next_record(&mut self, record: &mut Record) -> Result<bool, FileError> {
        let line = if let Some((line, raw)) = self.waiting.pop_front() {
            *record.raw_mut() = raw;
            line
        } else if self.next_line(record.raw_mut())? {
            self.lines.line_number()
        } else {
            return Ok(false);
        };
        record.line_number = line;
        let raw = std::mem::take(record.raw_mut());
        let entries = self.columns_of(&raw, line)?;
        record.resize(self.columns.len());
        for (column, value) in entries {
            let stored = self.stored(&raw, line, value, record)?;
            record.set(column, stored);
        }
        *record.raw_mut() = raw;
        Ok(true)
    }

    /// The next line that is not blank.
    fn next_line(&mut self, raw: &mut String) -> Result<bool, FileError> {
        loop {
            raw.clear();
            if !self.lines.next_line(raw, 0)? {
                return Ok(false);
            }
            if !raw.trim().is_empty() {
                return Ok(true);
            }
        }
    }

    /// Checks an object and finds the column of each of its values.
    fn columns_of(
        &mut self,
        raw: &str,
        line: u64,
    ) -> Result<Vec<(usize, Range<usize>)>, FileError> {
        check(raw).map_err(|(kind, offset)| kind.at(self.lines.path(), line, offset))?;
        self.stamp += 1;
        let mut found = Vec::new();
        for (key, value) in members(raw) {
            let name = decoded(raw.get(key.clone()).unwrap_or_default())
                .map_err(|kind| kind.at(self.lines.path(), line, key.start))?;
            // Most objects have the same keys in the same order.
            let guess = found.len();
            let column = if self.columns.get(guess).is_some_and(|known| *known == name) {
                guess
            } else if let Some(column) = self.index.get(name.as_ref()) {
                *column
            } else {
                self.new_column(&name, line, key.start)?
            };
            if let Some(seen) = self.last_seen.get_mut(column) {
                if *seen == self.stamp {
                    let name = name.into_owned();
                    let path = self.lines.path();
                    return Err(FileErrorKind::DuplicateKey { name }.at(path, line, key.start));
                }
                *seen = self.stamp;
            }
            found.push((column, value));
        }
        Ok(found)
    }

    fn new_column(&mut self, name: &str, line: u64, offset: usize) -> Result<usize, FileError> {
        let refused = if name.len() > NAME_LIMIT_BYTES {
            Some(FileErrorKind::NameTooLong {
                limit_bytes: NAME_LIMIT_BYTES,
            })
        } else if self.columns.len() >= COLUMN_LIMIT {
            Some(FileErrorKind::TooManyColumns {
                have: self.columns.len() + 1,
                limit: COLUMN_LIMIT,
            })
        } else {
            None
        };
        match refused {
            Some(kind) => Err(kind.at(self.lines.path(), line, offset)),
            None => Ok(self.add(name)),
        }
    }

    fn add(&mut self, name: &str) -> usize {
        let column = self.columns.len();
        self.columns.push(name.to_owned());
        self.last_seen.push(0);
        self.index.insert(name.to_owned(), column);
        column
    }

    /// Where the text of a value lies.
    fn stored(
        &self,
        raw: &str,
        line: u64,
        value: Range<usize>,
        record: &mut Record,
    ) -> Result<Stored, FileError> {
        let text = raw.get(value.clone()).unwrap_or_default();
        Ok(match text.as_bytes().first() {
            None | Some(b'n') => Stored::Empty,
            Some(b't' | b'f') => Stored::Raw(value),
            Some(b'{' | b'[') => Stored::Nested,
            Some(b'"') => match decoded(text) {
                Ok(Cow::Borrowed(_)) => Stored::Raw(value.start + 1..value.end - 1),
                Ok(Cow::Owned(decoded)) => record.keep(&decoded),
                Err(kind) => return Err(kind.at(self.lines.path(), line, value.start)),
            },
            Some(_) => Stored::Number(value),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::tests::{all, source};
    use super::super::table::{Format, Table};
    use super::*;

    fn trouble(text: &str) -> String {
        match all("a.jsonl", text) {
            Ok((columns, rows)) => panic!("{columns:?} {rows:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn numbers_stay_as_written_and_text_is_decoded() {
        let text = r#"{"a": 007e1, "b": 1}"#;
        assert!(trouble(text).contains("line 1, byte"));
        let (columns, rows) = all(
            "a",
            concat!(
                r#" { "a" : 123456789012345678901234567890 , "b\u0041" : 1.50,"c":-1e5, "d":"x\ty" } "#,
                "\n",
                r#"{"d":"é","a":true,"c":null,"bA":[1,{"x":"]}"}]}"#,
                "\r\n",
                r#"{"e":{},"a":"","c":0}"#,
            ),
        )
        .unwrap();
        assert_eq!(columns, ["a", "bA", "c", "d", "e"]);
        assert_eq!(
            rows,
            [
                "1: #123456789012345678901234567890|#1.50|#-1e5|x\ty|_",
                "2: true|{}|_|é|_",
                "3: _|_|#0|_|{}",
            ]
        );
    }

    #[test]
    fn broken_json_is_named_with_its_place() {
        for (text, expected) in [
            (
                "{\"a\":1}\n{\"a\":NaN}\n",
                "a.jsonl, line 2, byte 6: is no JSON: NaN and Infinity are no JSON numbers; write null",
            ),
            (
                "{\"a\": -Infinity}",
                "NaN and Infinity are no JSON numbers; write null",
            ),
            (
                "[{\"a\":1}]",
                "a.jsonl, line 1, byte 1: is no JSON: an array; write one object a line",
            ),
            (
                "  7\n",
                "a.jsonl, line 1, byte 3: is no JSON: a line holds one object, in braces",
            ),
            (
                "{\n\"a\":1\n}\n",
                "a.jsonl, line 1, byte 2: is no JSON: the object does not end on its line; write one object a line",
            ),
            (
                "{\"a\":1}\n{\"a\":\"x",
                "a.jsonl, line 2, byte 8: ends too early: in the middle of an object",
            ),
            (
                "{\"a\":1,\"b\":2,\"a\":3}",
                "a.jsonl, line 1, byte 14: the key a occurs twice in one object",
            ),
            (
                "{\"a\":1}{\"a\":2}",
                "a.jsonl, line 1, byte 8: is no JSON: trailing characters",
            ),
            (
                "{\"a\":\"\\ud800\"}",
                "a.jsonl, line 1, byte 6: is no JSON: ",
            ),
            ("{\"a\":01}", "line 1, byte 7: is no JSON: invalid number"),
            (
                "{'a':1}",
                "line 1, byte 2: is no JSON: key must be a string",
            ),
            (
                "{\"a\":1,}",
                "line 1, byte 8: is no JSON: key must be a string",
            ),
        ] {
            let said = trouble(text);
            assert!(said.contains(expected), "{text:?}: {said}");
        }
    }

    #[test]
    fn keys_that_come_late_are_appended_and_expected_ones_found() {
        let mut text = "{\"id\":1}\n".repeat(150);
        text.push_str("{\"id\":2,\"truth\":3}\n");
        let mut table = Table::open(&source("a.jsonl", &text), Format::Auto).unwrap();
        assert!(!table.columns_are_final());
        assert_eq!(table.columns(), ["id"]);
        assert_eq!(table.expect_column("truth"), Some(1));
        assert_eq!(table.expect_column("truth"), Some(1));
        assert_eq!(table.expect_column("never"), Some(2));
        let mut record = Record::default();
        while table.next_record(&mut record).unwrap() {
            let late = record.line_number == 151;
            assert_eq!(
                record.cell(1) == super::super::record::Cell::Number("3"),
                late
            );
        }
        assert_eq!(table.absent_column(), Some("never"));
        let short = Table::open(&source("a.jsonl", "{\"id\":1}"), Format::Auto).unwrap();
        assert!(short.columns_are_final());
        assert_eq!(all("a.jsonl", text).unwrap().0, ["id", "truth"]);
    }

    #[test]
    fn an_object_may_be_deep_and_may_have_no_keys() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(all("a.jsonl", deep).unwrap().1, ["1: {}"]);
        assert_eq!(all("a.jsonl", "{}\n{ }").unwrap().1, ["1: ", "2: "]);
    }

    #[test]
    fn more_keys_than_the_limit_are_refused_even_over_many_lines() {
        let lines: Vec<String> = (0..=COLUMN_LIMIT)
            .map(|n| format!("{{\"k{n}\":1}}"))
            .collect();
        let text = lines.join("\n");
        assert!(trouble(&text).contains("line 10001, byte 2: 10001 columns, the limit is 10000"));
        let long = format!("{{\"{}\":1}}", "k".repeat(NAME_LIMIT_BYTES + 1));
        assert!(trouble(&long).contains("longer than the limit of 4096 bytes"));
    }
}
