//! Who holds an alias, who held it when, and the one function that changes it.

use rusqlite::{OptionalExtension, named_params};

use super::{Result, StoreError, Tx, instant_or_none};
use crate::domain::holders::{Holders, OperationId, VersionId};
use crate::domain::names::AliasName;
use crate::domain::operation::{ViewChange, stack_from_text};
use crate::domain::time::Timestamp;

const STACK: &str =
    "SELECT operation.stack FROM alias JOIN operation ON operation.id = alias.operation_id
     WHERE alias.model_id = :model AND alias.name = :alias";

/// The stack of holders of an alias; empty where nobody holds it.
///
/// # Errors
/// The store can't be read.
pub fn holders(tx: &Tx<'_>, model: i64, alias: &AliasName) -> Result<Holders> {
    let text: Option<String> = tx
        .sql
        .prepare_cached(STACK)?
        .query_row(
            named_params! { ":model": model, ":alias": alias.as_str() },
            |row| row.get(0),
        )
        .optional()?;
    let entries = text.map_or(Ok(Vec::new()), |text| {
        stack_from_text(&text).ok_or_else(|| StoreError::meaningless("stack", text))
    })?;
    Ok(Holders::from_bottom(entries))
}

/// One alias of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub alias: AliasName,
    pub version: VersionId,
    /// When the present period began; `None` for the first holder of production, which has no beginning.
    pub since: Option<Timestamp>,
    /// The operation that put the holder there.
    pub operation: OperationId,
}

const LIST: &str = "SELECT alias.name, alias.version_id, period.from_at, alias.operation_id
     FROM alias
     LEFT JOIN period ON period.model_id = alias.model_id AND period.alias = alias.name AND period.to_at IS NULL
     WHERE alias.model_id = :model ORDER BY alias.name";

/// Every alias of a model that somebody holds, by name.
///
/// # Errors
/// The store can't be read.
pub fn list(tx: &Tx<'_>, model: i64) -> Result<Vec<Held>> {
    let mut statement = tx.sql.prepare_cached(LIST)?;
    let mut rows = statement.query(named_params! { ":model": model })?;
    let mut held = Vec::new();
    while let Some(row) = rows.next()? {
        let alias: String = row.get(0)?;
        held.push(Held {
            alias: alias
                .parse()
                .map_err(|_| StoreError::meaningless("alias", alias))?,
            version: VersionId(row.get(1)?),
            since: instant_or_none(row, 2)?,
            operation: OperationId(row.get(3)?),
        });
    }
    Ok(held)
}

/// A stretch of time in which a version held an alias without interruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub version: VersionId,
    /// Periods of the same tenure share it.
    pub tenure: i64,
    /// `None`: no beginning.
    pub from: Option<Timestamp>,
    /// `None`: still holds.
    pub to: Option<Timestamp>,
    pub from_operation: OperationId,
    pub to_operation: Option<OperationId>,
}

impl Period {
    /// Whether an instant lies in it: from its beginning (included) to its end (excluded).
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at < to)
    }
}

/// Which periods are wanted.
#[derive(Clone, Copy, Debug)]
pub enum Periods {
    /// Of every holder, oldest first.
    All,
    /// Of one version.
    Of(VersionId),
    /// Of the tenure of the present holder.
    PresentTenure,
}

/// The periods of an alias, oldest first.
///
/// # Errors
/// The store can't be read.
pub fn periods(tx: &Tx<'_>, model: i64, alias: &AliasName, which: Periods) -> Result<Vec<Period>> {
    let condition = match which {
        Periods::All => ":version IS NULL",
        Periods::Of(_) => "version_id = :version",
        Periods::PresentTenure => {
            ":version IS NULL AND tenure = (SELECT tenure FROM period
                 WHERE model_id = :model AND alias = :alias AND to_at IS NULL)"
        }
    };
    let version = match which {
        Periods::Of(version) => Some(version.0),
        Periods::All | Periods::PresentTenure => None,
    };
    let mut statement = tx.sql.prepare_cached(&format!(
        "SELECT version_id, tenure, from_at, to_at, from_operation_id, to_operation_id FROM period
         WHERE model_id = :model AND alias = :alias AND {condition} ORDER BY id"
    ))?;
    let mut rows = statement
        .query(named_params! { ":model": model, ":alias": alias.as_str(), ":version": version })?;
    let mut periods = Vec::new();
    while let Some(row) = rows.next()? {
        periods.push(Period {
            version: VersionId(row.get(0)?),
            tenure: row.get(1)?,
            from: instant_or_none(row, 2)?,
            to: instant_or_none(row, 3)?,
            from_operation: OperationId(row.get(4)?),
            to_operation: row.get::<_, Option<i64>>(5)?.map(OperationId),
        });
    }
    Ok(periods)
}

/// A change of who holds an alias.
#[derive(Clone, Debug)]
pub struct Switch<'a> {
    pub model: i64,
    pub alias: &'a AliasName,
    /// The stack after it.
    pub after: Holders,
    /// When the new holder takes over; not before the present period began.
    pub at: Timestamp,
    /// False: the very first holder of production has no beginning, so that predictions from before the store count.
    pub at_was_given: bool,
    /// The change or undo that this takes back.
    pub restores: Option<OperationId>,
    /// The present holder is left because it is degraded.
    pub left_degraded: bool,
}

/// Changes the holder: the alias, the periods, and what the operation has to record.
///
/// The rows name `operation`: the caller has to append what it gets as the operation of that id.
///
/// # Errors
/// The store can't be written.
pub fn switch(tx: &Tx<'_>, operation: OperationId, switch: Switch<'_>) -> Result<ViewChange> {
    let Switch { model, alias, .. } = switch;
    let from = holders(tx, model, alias)?.holder();
    let to = switch.after.holder();
    end_period(tx, &switch, operation)?;
    match to {
        None => {
            tx.sql.execute(
                "DELETE FROM alias WHERE model_id = :model AND name = :alias",
                named_params! { ":model": model, ":alias": alias.as_str() },
            )?;
        }
        Some(version) => {
            begin_period(tx, &switch, version, operation)?;
            tx.sql.execute(
                "INSERT INTO alias (model_id, name, version_id, operation_id)
                 VALUES (:model, :alias, :version, :operation)
                 ON CONFLICT (model_id, name)
                 DO UPDATE SET version_id = excluded.version_id, operation_id = excluded.operation_id",
                named_params! {
                    ":model": model, ":alias": alias.as_str(), ":version": version.0, ":operation": operation.0,
                },
            )?;
        }
    }
    Ok(ViewChange {
        alias: alias.as_str().to_owned(),
        from,
        to,
        stack: switch.after.entries().to_vec(),
        restores: switch.restores,
        left_degraded: switch.left_degraded,
    })
}

fn end_period(tx: &Tx<'_>, switch: &Switch<'_>, operation: OperationId) -> Result<()> {
    // A clock that was turned back must not end a period before it began.
    tx.sql.execute(
        "UPDATE period SET to_at = max(:at, ifnull(from_at, :at)), to_operation_id = :operation
         WHERE model_id = :model AND alias = :alias AND to_at IS NULL",
        named_params! {
            ":model": switch.model, ":alias": switch.alias.as_str(), ":at": switch.at.micros(),
            ":operation": operation.0,
        },
    )?;
    Ok(())
}

fn begin_period(
    tx: &Tx<'_>,
    switch: &Switch<'_>,
    version: VersionId,
    operation: OperationId,
) -> Result<()> {
    let parameters = named_params! { ":model": switch.model, ":alias": switch.alias.as_str() };
    let last_end: Option<i64> = tx
        .sql
        .query_row(
            "SELECT to_at FROM period WHERE model_id = :model AND alias = :alias ORDER BY id DESC LIMIT 1",
            parameters,
            |row| row.get(0),
        )
        .optional()?;
    let from = match last_end {
        Some(end) => Some(switch.at.micros().max(end)),
        None => (switch.at_was_given || !switch.alias.is_production()).then(|| switch.at.micros()),
    };
    let continued: Option<i64> = tx
        .sql
        .query_row(
            "SELECT tenure FROM period
             WHERE model_id = :model AND alias = :alias AND version_id = :version AND to_operation_id = :restores",
            named_params! {
                ":model": switch.model, ":alias": switch.alias.as_str(), ":version": version.0,
                ":restores": switch.restores.map(|id| id.0),
            },
            |row| row.get(0),
        )
        .optional()?;
    let id: i64 = tx
        .sql
        .query_row("SELECT ifnull(max(id), 0) + 1 FROM period", [], |row| {
            row.get(0)
        })?;
    tx.sql.execute(
        "INSERT INTO period (id, model_id, alias, version_id, tenure, from_at, from_operation_id)
         VALUES (:id, :model, :alias, :version, :tenure, :from, :operation)",
        named_params! {
            ":id": id, ":model": switch.model, ":alias": switch.alias.as_str(), ":version": version.0,
            ":tenure": continued.unwrap_or(id), ":from": from, ":operation": operation.0,
        },
    )?;
    Ok(())
}

#[cfg(test)]
mod tests;
