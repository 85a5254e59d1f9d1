//! Whether the store is whole: the invariants, which are views that must be empty.

use super::{Result, Tx, count};

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
