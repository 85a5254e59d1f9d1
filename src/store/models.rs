//! The models of a store.

use rusqlite::{OptionalExtension, named_params};

use super::{Result, StoreError, Tx};
use crate::domain::metric::Task;
use crate::domain::names::ModelName;
use crate::domain::time::Timestamp;

/// A model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    pub id: i64,
    pub name: ModelName,
    pub task: Task,
}

/// Adds a model.
///
/// # Errors
/// Its name is taken, in any case, or the store can't be written.
pub fn insert(tx: &Tx<'_>, name: &ModelName, task: Task, at: Timestamp) -> Result<Model> {
    tx.sql.execute(
        "INSERT INTO model (name, task, created_at) VALUES (:name, :task, :at)",
        named_params! { ":name": name.as_str(), ":task": task.name(), ":at": at.micros() },
    )?;
    Ok(Model {
        id: tx.sql.last_insert_rowid(),
        name: name.clone(),
        task,
    })
}

type Raw = (i64, String, String);

fn model((id, name, task): Raw) -> Result<Model> {
    Ok(Model {
        id,
        name: name
            .parse()
            .map_err(|_| StoreError::meaningless("model name", name))?,
        task: task
            .parse()
            .map_err(|_| StoreError::meaningless("task", task))?,
    })
}

/// The model of that name, without regard to case.
///
/// # Errors
/// The store can't be read.
pub fn find(tx: &Tx<'_>, name: &ModelName) -> Result<Option<Model>> {
    tx.sql
        .prepare_cached("SELECT id, name, task FROM model WHERE name = :name")?
        .query_row(named_params! { ":name": name.as_str() }, |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?
        .map(model)
        .transpose()
}

/// Every model, by name.
///
/// # Errors
/// The store can't be read.
pub fn list(tx: &Tx<'_>) -> Result<Vec<Model>> {
    let mut statement = tx
        .sql
        .prepare_cached("SELECT id, name, task FROM model ORDER BY name")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.map(|row| model(row?)).collect()
}

#[cfg(test)]
mod tests;
