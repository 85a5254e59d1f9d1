//! Reads Parquet row by row: the columns that are wanted, a page of each at a time, as the text that CSV would have.

mod column;
mod delta;
mod footer;
mod meaning;
mod page_header;
mod pages;
mod schema;
mod thrift;
mod trouble;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{FileError, FileErrorKind};
use super::record::{Record, Stored};
use super::seekable::Seekable;
use super::values::excerpt;
use crate::domain::hash::Hash;
use column::Column;
use footer::Footer;
use meaning::Meaning;
use pages::{Current, Held, Pages};
use schema::Leaf;
use trouble::Trouble;

pub(super) const MAGIC: &[u8] = footer::MAGIC;

/// The rows of a Parquet file, its footer read.
pub(super) struct ParquetRecords {
    path: PathBuf,
    file: Arc<Seekable>,
    held: Arc<Held>,
    footer: Footer,
    names: Vec<String>,
    wanted: Vec<Wanted>,
    /// The row group that comes next.
    next_group: usize,
    rows_left: u64,
    rows_given: u64,
    limit_bytes: usize,
    text: String,
}

/// A column that is read.
struct Wanted {
    index: usize,
    leaf: Leaf,
    /// Of the row group at hand.
    column: Option<Column>,
}

impl ParquetRecords {
    /// Reads the footer. All columns that can be read are wanted until [`ParquetRecords::select`].
    ///
    /// # Errors
    /// The file is no Parquet, or its footer is broken or breaks a limit.
    pub(super) fn open(path: &Path, file: Seekable, limit_bytes: usize) -> Result<Self, FileError> {
        let begins = file
            .read_at(
                0,
                MAGIC
                    .len()
                    .min(usize::try_from(file.size_bytes()).unwrap_or(0)),
            )
            .map_err(|source| FileError::reading(path, source))?;
        if begins != MAGIC {
            let text = "its first bytes are not PAR1".to_owned();
            return Err(FileErrorKind::ParquetSyntax(text).of(path));
        }
        let footer = Footer::read(&file).map_err(|kind| kind.of(path))?;
        let names = footer
            .fields
            .iter()
            .map(|field| field.name.clone())
            .collect();
        let mut records = Self {
            path: path.to_owned(),
            file: Arc::new(file),
            held: Arc::default(),
            names,
            wanted: Vec::new(),
            footer,
            next_group: 0,
            rows_left: 0,
            rows_given: 0,
            limit_bytes,
            text: String::new(),
        };
        let readable = records.footer.fields.iter().enumerate();
        records.wanted = readable
            .filter_map(|(index, field)| Some(Wanted::new(index, field.leaf.ok()?)))
            .collect();
        Ok(records)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn columns(&self) -> &[String] {
        &self.names
    }

    /// Reads these columns from now on, and no others. Called before the first row.
    ///
    /// # Errors
    /// What a column is that can't be read, and its index.
    pub(super) fn select(&mut self, columns: &[usize]) -> Result<(), (usize, &'static str)> {
        let mut wanted: Vec<Wanted> = Vec::new();
        for index in columns.iter().copied() {
            let known = wanted.iter().any(|wanted| wanted.index == index);
            if let Some(field) = self.footer.fields.get(index).filter(|_| !known) {
                let leaf = field.leaf.map_err(|what| (index, what))?;
                wanted.push(Wanted::new(index, leaf));
            }
        }
        self.wanted = wanted;
        Ok(())
    }

    pub(super) fn holds_times(&self, column: usize) -> bool {
        let field = self.footer.fields.get(column);
        let leaf = field.and_then(|field| field.leaf.ok());
        leaf.is_some_and(|leaf| matches!(leaf.meaning, Meaning::Date | Meaning::Timestamp { .. }))
    }

    /// Reads the next row.
    ///
    /// # Errors
    /// The file can't be read on, or its values are broken or too long.
    pub(super) fn next_record(&mut self, record: &mut Record) -> Result<bool, FileError> {
        while self.rows_left == 0 {
            if !self.open_group()? {
                return Ok(false);
            }
        }
        self.rows_left -= 1;
        self.rows_given += 1;
        record.line_number = self.rows_given;
        let mut size_bytes = 0;
        for wanted in &mut self.wanted {
            self.text.clear();
            let Some(column) = &mut wanted.column else {
                continue;
            };
            let is_there = match column.write_next(&mut self.text) {
                Ok(is_there) => is_there,
                Err(trouble) => {
                    let name = self.names.get(wanted.index).map_or("", String::as_str);
                    let place = format!("column {}", excerpt(name));
                    let kind = trouble.kind(Some(&place));
                    return Err(kind.on(&self.path, self.rows_given));
                }
            };
            size_bytes += self.text.len();
            if size_bytes > self.limit_bytes {
                let kind = FileErrorKind::LineTooLong {
                    limit_bytes: self.limit_bytes,
                };
                return Err(kind.on(&self.path, self.rows_given));
            }
            let stored = if is_there {
                record.keep(&self.text)
            } else {
                Stored::Empty
            };
            record.set(wanted.index, stored);
        }
        Ok(true)
    }

    /// Begins the next row group that has rows; false: there is none.
    fn open_group(&mut self) -> Result<bool, FileError> {
        for wanted in &mut self.wanted {
            wanted.column = None;
        }
        // An empty group may say nothing sound of its columns, which begin nowhere.
        let rest = self.footer.groups.get(self.next_group..);
        let empty = rest.map_or(0, |groups| {
            let empty = groups.iter().take_while(|group| group.rows_count == 0);
            empty.count()
        });
        self.next_group += empty;
        let Some(group) = self.footer.groups.get(self.next_group) else {
            return Ok(false);
        };
        if self.wanted.is_empty() {
            let text = "it has no column that can be read".to_owned();
            return Err(FileErrorKind::ParquetUnsupported(text).of(&self.path));
        }
        self.next_group += 1;
        let leaves: Vec<Leaf> = self.wanted.iter().map(|wanted| wanted.leaf).collect();
        let place = format!("row group {}", self.next_group);
        let broken = |trouble: Trouble| trouble.kind(Some(&place)).of(&self.path);
        let chunks = self.footer.chunks(group, &leaves).map_err(broken)?;
        for (wanted, chunk) in self.wanted.iter_mut().zip(chunks) {
            let current = Arc::<Current>::default();
            let pages = Pages::new(
                Arc::clone(&self.file),
                Arc::clone(&self.held),
                Arc::clone(&current),
                wanted.leaf,
                chunk,
                group.rows_count,
            );
            let column = pages.and_then(|pages| Column::new(wanted.leaf, &current, pages));
            wanted.column = Some(column.map_err(broken)?);
        }
        self.rows_left = group.rows_count;
        Ok(true)
    }

    /// The hash and the size of the whole file.
    ///
    /// # Errors
    /// It can't be read, or changed since it was opened.
    pub(super) fn whole(&self) -> Result<(Hash, u64), FileError> {
        self.file.whole(&self.path)
    }

    /// What a record holds of the columns that are read, as JSON.
    pub(super) fn shown(&self, record: &Record) -> String {
        let mut object = serde_json::Map::new();
        for wanted in &self.wanted {
            let name = self.names.get(wanted.index).cloned().unwrap_or_default();
            let value = match record.cell(wanted.index) {
                super::record::Cell::Text(text) => text.into(),
                _ => serde_json::Value::Null,
            };
            object.insert(name, value);
        }
        serde_json::Value::Object(object).to_string()
    }
}

impl Wanted {
    const fn new(index: usize, leaf: Leaf) -> Self {
        Self {
            index,
            leaf,
            column: None,
        }
    }
}

#[cfg(test)]
mod mutations;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod write;
