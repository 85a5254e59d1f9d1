//! A log that somebody edited past the tool: what a store finds out by itself, and what takes a head from elsewhere.

use rusqlite::Connection;

use crate::support::Sandbox;

/// Edits the log as somebody would who knows how: without its triggers, which are put back.
fn forge(connection: &Connection, edit: impl FnOnce(&Connection)) {
    let triggers: Vec<(String, String)> = connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for (name, _) in &triggers {
        connection
            .execute_batch(&format!("DROP TRIGGER {name}"))
            .unwrap();
    }
    edit(connection);
    for (_, sql) in triggers {
        connection.execute_batch(&sql).unwrap();
    }
}

fn change_a_reason(connection: &Connection) {
    connection
        .execute("UPDATE operation SET reason = 'forged' WHERE id = 4", [])
        .unwrap();
}

/// A store with five operations, and the head of its log.
fn store() -> (Sandbox, String) {
    let (sandbox, versions) = Sandbox::with_versions(2);
    for version in &versions {
        sandbox.ok(&format!("promote {version} --yes --reason agreed"));
    }
    let head = sandbox.json("log")["head_blake3"]
        .as_str()
        .unwrap()
        .to_owned();
    (sandbox, head)
}

/// Gives every operation the hash that its content asks for, as a forger would who knows the rule.
fn recompute(sandbox: &Sandbox) {
    use modelguard::domain::hash::Hash;
    use modelguard::domain::operation::canonical_bytes;
    use modelguard::domain::time::Length;
    use modelguard::files::hash::hash_bytes;
    use modelguard::store::operations::{Filter, list};
    use modelguard::store::{Access, Store};

    let connection = sandbox.sql();
    let author = modelguard::domain::operation::Author {
        at: modelguard::domain::time::Timestamp::from_micros(0).unwrap(),
        clock_overridden: true,
        actor: "forger".into(),
        host: "elsewhere".into(),
        command_line: String::new(),
    };
    let timeout = Length::from_seconds(5);
    let mut store = Store::open(&sandbox.store(), Access::Read, timeout, &author).unwrap();
    let (mut operations, _) = store.read(|tx| list(tx, &Filter::default(), 100)).unwrap();
    drop(store);
    operations.reverse();
    let mut previous = Hash::ZERO;
    for operation in operations {
        let bytes = canonical_bytes(
            operation.id,
            &operation.author,
            &operation.content,
            previous,
        );
        let entry = hash_bytes(&bytes);
        connection
            .execute(
                "UPDATE operation SET previous_blake3 = ?1, entry_blake3 = ?2 WHERE id = ?3",
                rusqlite::params![previous.0, entry.0, operation.id.0],
            )
            .unwrap();
        previous = entry;
    }
}

#[test]
fn an_edited_row_is_found_and_named() {
    let (sandbox, head) = store();
    let connection = sandbox.sql();
    forge(&connection, change_a_reason);
    let run = sandbox.run_on_broken("store verify").expect(12);
    assert!(run.stdout.contains("op_4"), "{run:#?}");
    let run = sandbox
        .run_on_broken(&format!("store verify --expect-head {head}"))
        .expect(12);
    assert!(run.stdout.contains("op_4"), "{run:#?}");
}

#[test]
fn a_recomputed_chain_is_found_by_a_head_from_elsewhere() {
    let (sandbox, head) = store();
    let connection = sandbox.sql();
    forge(&connection, |connection| {
        change_a_reason(connection);
        recompute(&sandbox);
    });
    sandbox.run_on_broken("store verify").expect(0);
    let run = sandbox
        .run_on_broken(&format!("store verify --expect-head {head}"))
        .expect(12);
    assert!(
        run.stdout.contains("MG0411") || run.stderr.contains("MG0411"),
        "{run:#?}"
    );
}

#[test]
fn a_shortened_log_is_found_by_a_head_from_elsewhere() {
    let (sandbox, head) = store();
    let connection = sandbox.sql();
    // The last two operations, with all that they did.
    forge(&connection, |connection| {
        connection
            .execute_batch(
                "PRAGMA foreign_keys = OFF; DELETE FROM alias; DELETE FROM period;
                 DELETE FROM operation WHERE id >= 4;",
            )
            .unwrap();
    });
    sandbox.run_on_broken("store verify").expect(0);
    let run = sandbox
        .run_on_broken(&format!("store verify --expect-head {head}"))
        .expect(12);
    assert!(
        run.stdout.contains("MG0411") || run.stderr.contains("MG0411"),
        "{run:#?}"
    );
}

#[test]
fn a_log_without_its_triggers_is_found() {
    let (sandbox, _) = store();
    let connection = sandbox.sql();
    connection
        .execute_batch(
            "DROP TRIGGER operation_never_changes; DROP VIEW invariant_holder_has_open_period",
        )
        .unwrap();
    sandbox
        .run_on_broken("store verify")
        .expect(12)
        .says("trigger operation_never_changes")
        .says("view invariant_holder_has_open_period");
}

#[test]
fn an_older_head_is_still_contained() {
    let (sandbox, head) = store();
    sandbox.ok("undo --yes");
    sandbox.ok(&format!("store verify --expect-head {head}"));
}

#[test]
fn the_log_refuses_what_sql_can_do() {
    let (sandbox, _) = store();
    let connection = sandbox.sql();
    for statement in [
        "UPDATE operation SET reason = 'x' WHERE id = 2",
        "DELETE FROM operation WHERE id = 5",
        "DELETE FROM operation",
        "INSERT OR REPLACE INTO operation SELECT * FROM operation WHERE id = 2",
        "INSERT INTO operation SELECT 99, at, clock, kind, model_id, version_id, alias, from_version_id, to_version_id,
             stack, restores_operation_id, left_degraded, actor, host, command_line, reason, detail, previous_blake3,
             entry_blake3 FROM operation WHERE id = 2",
    ] {
        let refused = connection.execute(statement, []).unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{statement}: {refused}");
    }
    sandbox.ok("store verify");
}
