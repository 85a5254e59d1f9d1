//! What one record of a table is: its cells, and its text as it stands in the file.

use std::ops::Range;

/// One record of a table.
#[derive(Debug, Default)]
pub struct Record {
    /// The line on which it begins, counted from 1.
    pub line_number: u64,
    /// It has more or fewer fields than the header, and its cells are empty.
    pub(super) uneven: Option<Uneven>,
    raw: String,
    text: String,
    cells: Vec<Stored>,
}

/// How a record does not fit its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Uneven {
    pub have: usize,
    pub want: usize,
    /// The first column that is missing, or the last one, behind which there are more.
    pub column: String,
}

/// Where a cell's text lies.
#[derive(Clone, Debug)]
pub(super) enum Stored {
    Empty,
    /// In the raw text, as it stands.
    Raw(Range<usize>),
    /// A JSON number, in the raw text.
    Number(Range<usize>),
    /// In the decoded text.
    Decoded(Range<usize>),
    Nested,
}

/// What a record holds in one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// An empty CSV field, JSON's `null` or `""`, or no such key.
    Empty,
    Text(&'a str),
    /// A JSON number as it is written, so that `007`-like, huge and exact numbers stay what they are.
    Number(&'a str),
    /// A JSON object or array.
    Nested,
}

impl Record {
    /// What it holds in a column.
    #[must_use]
    pub fn cell(&self, column: usize) -> Cell<'_> {
        match self.cells.get(column) {
            None | Some(Stored::Empty) => Cell::Empty,
            Some(Stored::Nested) => Cell::Nested,
            Some(Stored::Number(range)) => {
                Cell::Number(self.raw.get(range.clone()).unwrap_or_default())
            }
            Some(Stored::Raw(range)) => match self.raw.get(range.clone()) {
                Some(found) if !found.is_empty() => Cell::Text(found),
                _ => Cell::Empty,
            },
            Some(Stored::Decoded(range)) => match self.text.get(range.clone()) {
                Some(found) if !found.is_empty() => Cell::Text(found),
                _ => Cell::Empty,
            },
        }
    }

    /// The record as it stands in the file, without its line end.
    #[must_use]
    pub fn raw(&self) -> &str {
        self.raw.trim_end_matches(['\n', '\r'])
    }

    pub(super) fn clear(&mut self) {
        self.line_number = 0;
        self.uneven = None;
        self.raw.clear();
        self.text.clear();
        self.cells.clear();
    }

    pub(super) fn raw_mut(&mut self) -> &mut String {
        &mut self.raw
    }

    /// How much memory it holds.
    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        let cells = self.cells.capacity() * size_of::<Stored>();
        self.raw.capacity() + self.text.capacity() + cells
    }

    /// Makes room for so many empty cells.
    pub(super) fn resize(&mut self, columns: usize) {
        self.cells.resize(columns, Stored::Empty);
    }

    pub(super) fn set(&mut self, column: usize, stored: Stored) {
        if column >= self.cells.len() {
            self.resize(column + 1);
        }
        if let Some(cell) = self.cells.get_mut(column) {
            *cell = stored;
        }
    }

    /// Keeps a text that does not stand in the raw text as it is.
    pub(super) fn keep(&mut self, text: &str) -> Stored {
        let from = self.text.len();
        self.text.push_str(text);
        Stored::Decoded(from..self.text.len())
    }
}
