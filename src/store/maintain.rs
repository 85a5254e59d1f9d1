//! Whether the store is whole: the invariants, which are views that must be empty, and that none of them is missing.

use std::collections::BTreeSet;

use super::{Result, Tx, count, open};

/// The invariants that do not hold, and how many rows break each; empty in a whole store.
///
/// # Errors
/// The store can't be read.
pub fn violations(tx: &Tx<'_>) -> Result<Vec<(String, u64)>> {
    let mut statement = tx.sql.prepare_cached(
        "SELECT name FROM sqlite_schema
         WHERE type = 'view' AND substr(name, 1, length('invariant_')) = 'invariant_' ORDER BY name",
    )?;
    let views = statement
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<String>>>()?;
    let mut violations = Vec::new();
    for view in views {
        // A name of the schema, never one that somebody typed.
        let rows_count =
            tx.sql
                .query_row(&format!("SELECT count(*) FROM \"{view}\""), [], |row| {
                    count(row, 0)
                })?;
        if rows_count > 0 {
            violations.push((view, rows_count));
        }
    }
    Ok(violations)
}

/// The tables, triggers, views and indexes that differ from those of a fresh store: what is missing, changed or more.
///
/// # Errors
/// The store can't be read.
pub fn schema_differences(tx: &Tx<'_>) -> Result<Vec<String>> {
    let fresh = open::fresh_schema()?;
    let found = open::schema_of(&tx.sql)?;
    let differing = fresh.symmetric_difference(&found);
    let names: BTreeSet<_> = differing
        .map(|(kind, name, _)| format!("{kind} {name}"))
        .collect();
    Ok(names.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::example::Example;

    #[test]
    fn a_new_store_is_whole_and_a_broken_one_is_not() {
        let mut example = Example::new();
        let version = example.version("a");
        example.promote(version, None);
        example.assert_whole();
        let broken = example.planted("DELETE FROM alias", violations);
        let names: Vec<_> = broken.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "invariant_alias_is_top_of_stack",
                "invariant_holder_has_open_period"
            ]
        );
    }
}
