//! The SQLite file: what is kept in it, and the one way to change it.

pub mod alerts;
pub mod aliases;
pub mod artifact_reader;
pub mod artifacts;
pub mod batches;
pub mod coverage;
pub mod error;
pub mod evaluations;
pub mod evidence;
#[cfg(test)]
pub(crate) mod example;
pub mod hours;
pub mod labels;
pub mod maintain;
pub mod models;
mod open;
pub mod operations;
pub mod outbox;
pub mod predictions;
pub mod references;
pub mod truths;
pub mod values;
pub mod verify;
pub mod versions;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Row, Transaction, TransactionBehavior};

use crate::domain::time::Timestamp;

use crate::domain::holders::OperationId;
use crate::domain::operation::{Author, NewOperation};
use crate::files::logfile;

pub use error::{Result, StoreError};
pub use open::{Access, Created, SCHEMA, backup_path};

/// An open store.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    /// The layout that opening it found and brought up to date.
    upgraded_from: Option<u32>,
}

/// One transaction. Only [`Store`] makes one; functions of this room take it and begin none.
#[derive(Debug)]
pub struct Tx<'store> {
    sql: Transaction<'store>,
}

/// What a change did, and whether it is kept.
#[derive(Debug)]
pub struct Change<T> {
    value: T,
    operations: Vec<NewOperation>,
    keep: bool,
}

impl<T> Change<T> {
    /// Everything is as it was: the transaction is rolled back.
    pub const fn nothing(value: T) -> Self {
        Self {
            value,
            operations: Vec::new(),
            keep: false,
        }
    }

    /// A change that the log records.
    pub fn recorded(value: T, operation: NewOperation) -> Self {
        Self::recorded_all(value, vec![operation])
    }

    /// A change that the log records as several operations.
    pub const fn recorded_all(value: T, operations: Vec<NewOperation>) -> Self {
        Self {
            value,
            operations,
            keep: true,
        }
    }

    /// Makes something else of what the change returns.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Change<U> {
        Change {
            value: make(self.value),
            operations: self.operations,
            keep: self.keep,
        }
    }

    /// What it did, without the change.
    pub fn into_value(self) -> T {
        self.value
    }

    /// Rows that nothing refers to yet; the log does not speak of them.
    pub const fn staged(value: T) -> Self {
        Self {
            value,
            operations: Vec::new(),
            keep: true,
        }
    }
}

impl Store {
    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The layout that opening it found, if it was an older one and is up to date now.
    #[must_use]
    pub const fn upgraded_from(&self) -> Option<u32> {
        self.upgraded_from
    }

    /// Runs `act` in one IMMEDIATE transaction, appends its operations to the log, and commits; or does nothing.
    ///
    /// The only entry that begins a writing transaction. The operations get the ids from
    /// [`Tx::next_operation`] on, in their order.
    ///
    /// # Errors
    /// What `act` returns; the lock was not obtained in time; SQLite could not write.
    pub fn change<T, E: From<StoreError>>(
        &mut self,
        author: &Author,
        act: impl FnOnce(&Tx<'_>) -> Result<Change<T>, E>,
    ) -> Result<T, E> {
        let path = self.path.clone();
        let named = |error: rusqlite::Error| StoreError::Sql(error).at(&path);
        let sql = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(named)?;
        let tx = Tx { sql };
        let change = act(&tx)?;
        if !change.keep {
            tx.sql.rollback().map_err(named)?;
            return Ok(change.value);
        }
        let mut appended = Vec::new();
        for operation in &change.operations {
            let id = operations::append(&tx, author, operation).map_err(|error| error.at(&path))?;
            appended.push(id);
        }
        tx.sql.commit().map_err(named)?;
        logfile::committed(&appended);
        Ok(change.value)
    }

    /// Runs `look` in one transaction, so that all that it reads is of one moment.
    ///
    /// # Errors
    /// What `look` returns, or the store can't be read.
    pub fn read<T, E: From<StoreError>>(
        &mut self,
        look: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let path = self.path.clone();
        let named = |error: rusqlite::Error| StoreError::Sql(error).at(&path);
        let sql = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Deferred)
            .map_err(named)?;
        let tx = Tx { sql };
        let value = look(&tx)?;
        tx.sql.rollback().map_err(named)?;
        Ok(value)
    }
}

impl Tx<'_> {
    /// The id that the first operation of this transaction will have.
    ///
    /// # Errors
    /// The log can't be read.
    pub fn next_operation(&self) -> Result<OperationId> {
        operations::head(self).map(|(last, _)| OperationId(last.map_or(1, |id| id.0 + 1)))
    }
}

/// A count of a row; SQLite knows signed numbers only.
fn count(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(index)
        .map(|count| u64::try_from(count).unwrap_or(0))
}

/// A count on its way into a row.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// An instant of a row.
fn instant(row: &Row<'_>, index: usize) -> Result<Timestamp> {
    let micros = row.get::<_, i64>(index)?;
    Timestamp::from_micros(micros).map_err(|_| StoreError::meaningless("time", micros.to_string()))
}

/// An instant of a row that may be absent.
fn instant_or_none(row: &Row<'_>, index: usize) -> Result<Option<Timestamp>> {
    row.get::<_, Option<i64>>(index)?
        .map(|micros| {
            Timestamp::from_micros(micros)
                .map_err(|_| StoreError::meaningless("time", micros.to_string()))
        })
        .transpose()
}
