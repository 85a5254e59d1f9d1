//! The log: appends an operation, reads operations, and proves that none was changed.

use rusqlite::{OptionalExtension, Row, named_params};

use super::{Result, StoreError, Tx, count};
use crate::domain::hash::Hash;
use crate::domain::holders::{OperationId, UndoHistory, VersionId, ViewKind, ViewStep};
use crate::domain::operation::{
    Author, NewOperation, Operation, OperationKind, ViewChange, canonical_bytes, stack_from_text,
    stack_text,
};
use crate::domain::time::Timestamp;
use crate::files::hash::hash_bytes;

/// The newest operation and its entry hash; an empty log has [`Hash::ZERO`].
///
/// # Errors
/// The log can't be read.
pub fn head(tx: &Tx<'_>) -> Result<(Option<OperationId>, Hash)> {
    let row = tx
        .sql
        .prepare_cached("SELECT id, entry_blake3 FROM operation ORDER BY id DESC LIMIT 1")?
        .query_row([], |row| Ok((OperationId(row.get(0)?), hash(row, 1)?)))
        .optional()?;
    Ok(row.map_or((None, Hash::ZERO), |(id, entry)| (Some(id), entry)))
}

/// Appends one operation behind the newest.
///
/// # Errors
/// The log can't be written.
pub(super) fn append(tx: &Tx<'_>, author: &Author, content: &NewOperation) -> Result<OperationId> {
    let (last, previous) = head(tx)?;
    let id = OperationId(last.map_or(1, |id| id.0 + 1));
    let entry = hash_bytes(&canonical_bytes(id, author, content, previous));
    let view = content.view.as_ref();
    tx.sql
        .prepare_cached(
            "INSERT INTO operation (id, at, clock, kind, model_id, version_id, alias, from_version_id, to_version_id,
                 stack, restores_operation_id, left_degraded, actor, host, command_line, reason, detail,
                 previous_blake3, entry_blake3)
             VALUES (:id, :at, :clock, :kind, :model, :version, :alias, :from, :to,
                 :stack, :restores, :left_degraded, :actor, :host, :command_line, :reason, :detail,
                 :previous, :entry)",
        )?
        .execute(named_params! {
            ":id": id.0,
            ":at": author.at.micros(),
            ":clock": if author.clock_overridden { "override" } else { "system" },
            ":kind": content.kind.name(),
            ":model": content.model,
            ":version": content.version.map(|version| version.0),
            ":alias": view.map(|view| view.alias.as_str()),
            ":from": view.and_then(|view| view.from).map(|version| version.0),
            ":to": view.and_then(|view| view.to).map(|version| version.0),
            ":stack": view.map(|view| stack_text(&view.stack)),
            ":restores": view.and_then(|view| view.restores).map(|id| id.0),
            ":left_degraded": view.map(|view| view.left_degraded),
            ":actor": author.actor,
            ":host": author.host,
            ":command_line": author.command_line,
            ":reason": content.reason,
            ":detail": content.detail,
            ":previous": previous.0,
            ":entry": entry.0,
        })?;
    Ok(id)
}

const COLUMNS: &str = "id, at, clock, kind, model_id, version_id, alias, from_version_id, to_version_id, stack,
     restores_operation_id, left_degraded, actor, host, command_line, reason, detail, previous_blake3, entry_blake3";

fn hash(row: &Row<'_>, index: usize) -> rusqlite::Result<Hash> {
    row.get::<_, [u8; 32]>(index).map(Hash)
}

fn operation(row: &Row<'_>) -> Result<Operation> {
    let kind: String = row.get(3)?;
    let alias: Option<String> = row.get(6)?;
    let stack: Option<String> = row.get(9)?;
    let clock: String = row.get(2)?;
    let clock_overridden = match clock.as_str() {
        "override" => true,
        "system" => false,
        _ => return Err(StoreError::meaningless("clock", clock)),
    };
    let view = match alias {
        None => None,
        Some(alias) => {
            let text = stack.unwrap_or_default();
            Some(ViewChange {
                alias,
                from: row.get::<_, Option<i64>>(7)?.map(VersionId),
                to: row.get::<_, Option<i64>>(8)?.map(VersionId),
                stack: stack_from_text(&text)
                    .ok_or_else(|| StoreError::meaningless("stack", text))?,
                restores: row.get::<_, Option<i64>>(10)?.map(OperationId),
                left_degraded: row.get::<_, Option<bool>>(11)?.unwrap_or(false),
            })
        }
    };
    let at: i64 = row.get(1)?;
    Ok(Operation {
        id: OperationId(row.get(0)?),
        author: Author {
            at: Timestamp::from_micros(at)
                .map_err(|_| StoreError::meaningless("time", at.to_string()))?,
            clock_overridden,
            actor: row.get(12)?,
            host: row.get(13)?,
            command_line: row.get(14)?,
        },
        content: NewOperation {
            kind: OperationKind::from_name(&kind)
                .ok_or_else(|| StoreError::meaningless("operation kind", kind))?,
            model: row.get(4)?,
            version: row.get::<_, Option<i64>>(5)?.map(VersionId),
            view,
            reason: row.get(15)?,
            detail: row.get(16)?,
        },
        previous: hash(row, 17)?,
        entry: hash(row, 18)?,
    })
}

/// One operation, if it exists.
///
/// # Errors
/// The log can't be read.
pub fn find(tx: &Tx<'_>, id: OperationId) -> Result<Option<Operation>> {
    let mut statement = tx
        .sql
        .prepare_cached(&format!("SELECT {COLUMNS} FROM operation WHERE id = :id"))?;
    let mut rows = statement.query(named_params! { ":id": id.0 })?;
    rows.next()?.map(operation).transpose()
}

/// Which operations of the log are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub model: Option<i64>,
    /// Empty: every kind.
    pub kinds: Vec<OperationKind>,
    pub since: Option<Timestamp>,
}

/// The newest operations that pass, at most `limit`, the newest first; and how many pass in all.
///
/// # Errors
/// The log can't be read.
pub fn list(tx: &Tx<'_>, filter: &Filter, limit: usize) -> Result<(Vec<Operation>, u64)> {
    let kinds: Vec<_> = filter.kinds.iter().map(|kind| kind.name()).collect();
    let kinds = serde_json::json!(kinds).to_string();
    let parameters = named_params! {
        ":model": filter.model,
        ":kinds": kinds,
        ":since": filter.since.map(Timestamp::micros),
    };
    const PASSES: &str = "(:model IS NULL OR model_id IS NULL OR model_id = :model)
         AND (:since IS NULL OR at >= :since)
         AND (:kinds = '[]' OR kind IN (SELECT value FROM json_each(:kinds)))";
    let total = tx.sql.query_row(
        &format!("SELECT count(*) FROM operation WHERE {PASSES}"),
        parameters,
        |row| count(row, 0),
    )?;
    let mut statement = tx.sql.prepare(&format!(
        "SELECT {COLUMNS} FROM operation WHERE {PASSES} ORDER BY id DESC"
    ))?;
    let mut rows = statement.query(parameters)?;
    let mut operations = Vec::new();
    while operations.len() < limit {
        let Some(row) = rows.next()? else { break };
        operations.push(operation(row)?);
    }
    Ok((operations, total))
}

/// What undo and redo of a model may take back.
///
/// # Errors
/// The log can't be read.
pub fn undo_history(tx: &Tx<'_>, model: i64) -> Result<UndoHistory> {
    let mut statement = tx.sql.prepare_cached(
        "SELECT id, kind, restores_operation_id FROM operation
         WHERE model_id = :model AND alias IS NOT NULL ORDER BY id",
    )?;
    let steps = statement.query_map(named_params! { ":model": model }, |row| {
        let kind: String = row.get(1)?;
        let restores = row.get::<_, Option<i64>>(2)?.map(OperationId);
        Ok(ViewStep {
            id: OperationId(row.get(0)?),
            kind: match (kind.as_str(), restores) {
                ("undo", Some(change)) => ViewKind::Undo(change),
                ("redo", Some(undo)) => ViewKind::Redo(undo),
                _ => ViewKind::Change,
            },
        })
    })?;
    let steps = steps.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(UndoHistory::from_steps(steps))
}

/// The stack of an alias after the newest of its operations before `id`, the bottom entry first.
///
/// # Errors
/// The log can't be read.
pub fn stack_before(
    tx: &Tx<'_>,
    model: i64,
    alias: &str,
    id: OperationId,
) -> Result<Vec<VersionId>> {
    let text: Option<String> = tx
        .sql
        .prepare_cached(
            "SELECT stack FROM operation
             WHERE model_id = :model AND alias = :alias AND id < :id ORDER BY id DESC LIMIT 1",
        )?
        .query_row(
            named_params! { ":model": model, ":alias": alias, ":id": id.0 },
            |row| row.get(0),
        )
        .optional()?;
    text.map_or(Ok(Vec::new()), |text| {
        stack_from_text(&text).ok_or_else(|| StoreError::meaningless("stack", text))
    })
}

/// What walking the whole log found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    pub operations_count: u64,
    pub head: Hash,
    /// Whether the hash that was expected stands in the chain.
    pub contains_expected: bool,
}

/// Recomputes every entry hash from the first operation on.
///
/// # Errors
/// [`StoreError::ChainBroken`] names the first row that does not follow from the one before it.
pub fn verify_chain(tx: &Tx<'_>, expected: Option<Hash>) -> Result<Chain> {
    let mut statement = tx
        .sql
        .prepare(&format!("SELECT {COLUMNS} FROM operation ORDER BY id"))?;
    let mut rows = statement.query([])?;
    let mut chain = Chain {
        operations_count: 0,
        head: Hash::ZERO,
        contains_expected: expected.is_none(),
    };
    let mut next = 1;
    while let Some(row) = rows.next()? {
        let broken = |id, cause: &str| StoreError::ChainBroken {
            id: OperationId(id),
            cause: cause.to_owned(),
        };
        let id: i64 = row.get(0)?;
        let operation = operation(row).map_err(|error| broken(id, &error.to_string()))?;
        if id != next {
            return Err(broken(next, "the operation is missing"));
        }
        if operation.previous != chain.head {
            return Err(broken(id, "it does not follow the operation before it"));
        }
        let bytes = canonical_bytes(
            operation.id,
            &operation.author,
            &operation.content,
            operation.previous,
        );
        if hash_bytes(&bytes) != operation.entry {
            return Err(broken(id, "its content does not match its hash"));
        }
        chain.head = operation.entry;
        chain.operations_count += 1;
        chain.contains_expected |= expected == Some(operation.entry);
        next += 1;
    }
    Ok(chain)
}

#[cfg(test)]
mod tests;
