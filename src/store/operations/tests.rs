//! Tests of the log: it only grows, and whoever changed a row of it is found.
#![cfg(test)]

use super::*;
use crate::domain::operation::OperationKind::{AliasSet, Promote, Redo, Rollback, Undo};
use crate::store::example::{Example, View, author, minute};
use crate::store::{Change, Store};

/// Six operations: init, two registers, two promotes and a rollback.
fn log() -> Example {
    let mut example = Example::new();
    let (a, b) = (example.version("a"), example.version("b"));
    example.promote(a, None);
    example.promote(b, Some(10));
    example.view(View {
        left_degraded: true,
        ..View::of(Rollback, &[a])
    });
    example
}

fn chain(example: &mut Example) -> Chain {
    example.read(|tx| verify_chain(tx, None))
}

/// Where the log is found to be broken once these statements ran, and why.
fn broken_after(example: &mut Example, sql: &str) -> Option<(i64, String)> {
    let damage =
        format!("DROP TRIGGER operation_never_changes; DROP TRIGGER operation_never_goes; {sql}");
    example.planted(&damage, |tx| match verify_chain(tx, None) {
        Ok(_) => Ok(None),
        Err(StoreError::ChainBroken { id, cause }) => Ok(Some((id.0, cause))),
        Err(other) => Err(other),
    })
}

#[test]
fn an_untouched_log_is_whole() {
    let mut example = log();
    let whole = chain(&mut example);
    assert_eq!(whole.operations_count, 6);
    let (last, head) = example.read(head);
    assert_eq!((last, head), (Some(OperationId(6)), whole.head));
    assert!(whole.contains_expected);
}

#[test]
fn the_hash_of_an_entry_covers_the_one_before_it() {
    let mut example = log();
    let operations: Vec<_> = (1..=6)
        .map(|id| example.read(|tx| find(tx, OperationId(id))).unwrap())
        .collect();
    assert_eq!(operations[0].previous, Hash::ZERO);
    for pair in operations.windows(2) {
        assert_eq!(pair[1].previous, pair[0].entry);
    }
    assert_eq!(example.read(|tx| find(tx, OperationId(7))), None);
}

#[test]
fn the_log_refuses_update_delete_and_replace() {
    let mut example = log();
    let before = chain(&mut example);
    let columns = "id, at, clock, kind, model_id, version_id, alias, from_version_id, to_version_id, stack,
         restores_operation_id, left_degraded, actor, host, command_line, reason, detail, previous_blake3, entry_blake3";
    for sql in [
        "UPDATE operation SET actor = 'nobody'".to_owned(),
        "DELETE FROM operation".to_owned(),
        "DELETE FROM operation WHERE id = 6".to_owned(),
        format!(
            "INSERT OR REPLACE INTO operation ({columns}) SELECT {columns} FROM operation WHERE id = 6"
        ),
        format!(
            "INSERT OR REPLACE INTO operation ({columns}) SELECT {columns} FROM operation WHERE id = 1"
        ),
        format!("REPLACE INTO operation ({columns}) SELECT {columns} FROM operation"),
    ] {
        assert_eq!(example.refusal(&sql), "the log is append-only", "{sql}");
    }
    assert_eq!(chain(&mut example), before);
}

#[test]
fn the_log_refuses_a_row_that_does_not_follow() {
    let mut example = log();
    let values = "'system', 'init', 'a', 'h', 'c', '{}'";
    let insert = |id: &str, previous: &str| {
        format!(
            "INSERT INTO operation (id, at, previous_blake3, entry_blake3, clock, kind, actor, host, command_line, detail)
             VALUES ({id}, 0, {previous}, zeroblob(32), {values})"
        )
    };
    let newest = "(SELECT entry_blake3 FROM operation WHERE id = 6)";
    for (id, previous) in [("8", newest), ("0", newest), ("7", "zeroblob(32)")] {
        assert_eq!(
            example.refusal(&insert(id, previous)),
            "the log is append-only",
            "{id} {previous}"
        );
    }
    let accepted = example.planted(&insert("7", newest), |tx| find(tx, OperationId(7)));
    assert!(accepted.is_some(), "the trigger refuses no more than that");
}

/// One edit of each column of a view operation and of a recording one.
#[test]
fn an_edit_of_any_column_is_found_at_its_row() {
    let mut example = log();
    let content = "its content does not match its hash";
    for (column, value) in [
        ("at", "at + 1"),
        ("clock", "'system'"),
        ("model_id", "NULL"),
        ("version_id", "2"),
        ("alias", "'winter'"),
        ("from_version_id", "1"),
        ("to_version_id", "2"),
        ("to_version_id", "NULL"),
        ("stack", "'[]'"),
        ("stack", "'[2]'"),
        ("left_degraded", "0"),
        ("kind", "'promote'"),
        ("actor", "'nobody'"),
        ("actor", "''"),
        ("host", "'elsewhere'"),
        ("command_line", "command_line || ' '"),
        ("reason", "''"),
        ("detail", "'{ }'"),
        ("entry_blake3", "zeroblob(32)"),
    ] {
        let sql = format!("UPDATE operation SET {column} = {value} WHERE id = 6");
        let found = broken_after(&mut example, &sql);
        assert_eq!(found, Some((6, content.to_owned())), "{sql}");
    }
    let link = "UPDATE operation SET previous_blake3 = zeroblob(32) WHERE id = 6";
    let does_not_follow = "it does not follow the operation before it";
    assert_eq!(
        broken_after(&mut example, link),
        Some((6, does_not_follow.to_owned()))
    );
    let in_between = "UPDATE operation SET actor = 'nobody' WHERE id = 3";
    assert_eq!(
        broken_after(&mut example, in_between),
        Some((3, content.to_owned()))
    );
}

#[test]
fn an_edit_of_what_an_undo_restores_is_found() {
    let mut example = log();
    let versions = [VersionId(1), VersionId(2)];
    example.view(View {
        restores: Some(OperationId(6)),
        ..View::of(Undo, &versions)
    });
    let sql = "UPDATE operation SET restores_operation_id = 5 WHERE id = 7";
    assert_eq!(
        broken_after(&mut example, sql).map(|found| found.0),
        Some(7)
    );
}

#[test]
fn words_that_mean_nothing_break_the_chain_at_their_row() {
    let mut example = log();
    let sql = "UPDATE operation SET kind = 'vanish' WHERE id = 2";
    assert_eq!(
        broken_after(&mut example, sql),
        Some((
            2,
            "the stored operation kind \"vanish\" has no meaning".to_owned()
        ))
    );
    let sql = "UPDATE operation SET stack = '[ 1 ]' WHERE id = 4";
    assert_eq!(
        broken_after(&mut example, sql),
        Some((4, "the stored stack \"[ 1 ]\" has no meaning".to_owned())),
        "another way to write the same stack is an edit, too"
    );
}

#[test]
fn a_missing_operation_is_found() {
    let mut example = log();
    for (id, sql) in [
        (1, "DELETE FROM operation WHERE id = 1"),
        (3, "DELETE FROM operation WHERE id = 3"),
        (3, "DELETE FROM operation WHERE id IN (3, 4)"),
    ] {
        let sql = format!("PRAGMA defer_foreign_keys = ON; {sql}");
        assert_eq!(
            broken_after(&mut example, &sql),
            Some((id, "the operation is missing".to_owned()))
        );
    }
}

/// Rewrites the log from `id` on, hashes included, as somebody would who knows how they are made.
fn recompute_from(tx: &Tx<'_>, id: i64, edit: impl Fn(&mut Operation)) -> Result<()> {
    let (last, _) = head(tx)?;
    let mut previous = find(tx, OperationId(id - 1))?.map_or(Hash::ZERO, |before| before.entry);
    for id in id..=last.unwrap().0 {
        let mut operation = find(tx, OperationId(id))?.unwrap();
        edit(&mut operation);
        let bytes = canonical_bytes(
            operation.id,
            &operation.author,
            &operation.content,
            previous,
        );
        let entry = hash_bytes(&bytes);
        tx.sql.execute(
            "UPDATE operation SET actor = :actor, previous_blake3 = :previous, entry_blake3 = :entry WHERE id = :id",
            named_params! { ":actor": operation.author.actor, ":previous": previous.0, ":entry": entry.0, ":id": id },
        )?;
        previous = entry;
    }
    Ok(())
}

#[test]
fn a_recomputed_chain_is_found_by_a_head_that_was_kept_elsewhere() {
    let mut example = log();
    let kept = chain(&mut example).head;
    let middle = example.read(|tx| find(tx, OperationId(2))).unwrap().entry;
    let forged = example.planted("DROP TRIGGER operation_never_changes", |tx| {
        recompute_from(tx, 3, |operation| operation.author.actor = "nobody".into())?;
        Ok([None, Some(kept), Some(middle)].map(|expected| verify_chain(tx, expected).unwrap()))
    });
    let [alone, with_head, with_middle] = forged;
    assert_eq!(alone.operations_count, 6);
    assert_ne!(
        alone.head, kept,
        "it hangs together, and yet it is another one"
    );
    assert!(!with_head.contains_expected);
    assert!(
        with_middle.contains_expected,
        "up to there nothing was changed"
    );
}

#[test]
fn a_shortened_log_is_found_only_by_a_head_that_was_kept_elsewhere() {
    let mut example = log();
    let kept = chain(&mut example).head;
    let sql = "DROP TRIGGER operation_never_goes; PRAGMA defer_foreign_keys = ON; DELETE FROM operation WHERE id > 4";
    let (alone, with_head) = example.planted(sql, |tx| {
        Ok((verify_chain(tx, None)?, verify_chain(tx, Some(kept))?))
    });
    assert_eq!(alone.operations_count, 4);
    assert!(!with_head.contains_expected);
}

#[test]
fn any_head_that_was_ever_printed_stands_in_the_chain() {
    let mut example = log();
    let mut contains = |expected| {
        example
            .read(|tx| verify_chain(tx, Some(expected)))
            .contains_expected
    };
    assert!(!contains(Hash::ZERO), "every log would contain it");
    assert!(!contains(Hash([1; 32])));
    for id in 1..=6 {
        let entry = example.read(|tx| find(tx, OperationId(id))).unwrap().entry;
        assert!(
            example
                .read(|tx| verify_chain(tx, Some(entry)))
                .contains_expected,
            "{id}"
        );
    }
}

#[test]
fn an_operation_comes_back_as_it_was_appended() {
    let mut example = Example::new();
    let a = example.version("a");
    let model = example.model;
    let content = NewOperation {
        version: Some(a),
        reason: Some("because 'it' \"leaks\"\n".into()),
        detail: r#"{"größe":1}"#.into(),
        ..NewOperation::recording(OperationKind::Retire, model)
    };
    let author = Author {
        at: minute(-5),
        clock_overridden: false,
        actor: "someone; DROP TABLE operation".into(),
        host: String::new(),
        command_line: "modelguard retire a".into(),
    };
    example
        .store
        .change(&author, |_| {
            Ok::<_, StoreError>(Change::recorded((), content.clone()))
        })
        .unwrap();
    let operation = example.read(|tx| find(tx, OperationId(3))).unwrap();
    assert_eq!(operation.content, content);
    assert_eq!(operation.author, author);
    chain(&mut example);
}

#[test]
fn a_change_that_fails_or_is_nothing_leaves_no_operation() {
    let mut example = log();
    let before = (chain(&mut example), example.bytes());
    let store: &mut Store = &mut example.store;
    let nothing = store.change(&author(), |tx| {
        tx.sql.execute("DELETE FROM period", [])?;
        Ok::<_, StoreError>(Change::nothing(7))
    });
    assert_eq!(nothing.unwrap(), 7);
    let failed = store.change(&author(), |tx| {
        tx.sql.execute("DELETE FROM period", [])?;
        Err::<Change<()>, _>(StoreError::meaningless("thing", "x"))
    });
    assert!(failed.is_err());
    assert_eq!((chain(&mut example), example.bytes()), before);
    example.assert_whole();
}

#[test]
fn several_operations_of_one_change_follow_each_other() {
    let mut example = Example::new();
    let model = example.model;
    let first = example
        .store
        .change(&author(), |tx| {
            let kinds = [OperationKind::Register, OperationKind::Tag];
            let operations = kinds.map(|kind| NewOperation::recording(kind, model));
            let change = Change::recorded_all(tx.next_operation()?, operations.to_vec());
            Ok::<_, StoreError>(change)
        })
        .unwrap();
    assert_eq!(first, OperationId(2));
    let kinds: Vec<_> = [2, 3]
        .map(|id| example.read(|tx| find(tx, OperationId(id))).unwrap())
        .map(|operation| operation.content.kind)
        .to_vec();
    assert_eq!(kinds, [OperationKind::Register, OperationKind::Tag]);
    assert_eq!(chain(&mut example).operations_count, 3);
}

#[test]
fn the_log_is_listed_newest_first_and_filtered() {
    let mut example = log();
    let taxi = example.model;
    example.other_model("churn", crate::domain::metric::Task::Classification);
    let churn = example.model;
    let upgrade = NewOperation::without_model(OperationKind::Upgrade);
    let late = Author {
        at: minute(60),
        ..author()
    };
    example
        .store
        .change(&late, |_| {
            Ok::<_, StoreError>(Change::recorded((), upgrade))
        })
        .unwrap();
    let mut ids = |filter: &Filter, limit| {
        let (operations, total) = example.read(|tx| list(tx, filter, limit));
        let ids: Vec<_> = operations.iter().map(|operation| operation.id.0).collect();
        (ids, total)
    };
    let of = |model| Filter {
        model: Some(model),
        ..Filter::default()
    };
    assert_eq!(ids(&Filter::default(), 3), (vec![8, 7, 6], 8));
    assert_eq!(ids(&of(taxi), 9), (vec![8, 6, 5, 4, 3, 2, 1], 7));
    assert_eq!(
        ids(&of(churn), 9),
        (vec![8, 7], 2),
        "what is of no model is of all"
    );
    let views = Filter {
        kinds: vec![Promote, Rollback],
        ..Filter::default()
    };
    assert_eq!(ids(&views, 9), (vec![6, 5, 4], 3));
    assert_eq!(ids(&views, 0), (vec![], 3));
    let since = Filter {
        since: Some(minute(60)),
        ..Filter::default()
    };
    assert_eq!(ids(&since, 9), (vec![8], 1));
}

#[test]
fn the_stack_before_an_operation_is_that_of_its_own_alias() {
    let mut example = log();
    let (a, b) = (VersionId(1), VersionId(2));
    example.view(View {
        alias: "winter",
        ..View::of(AliasSet, &[b])
    });
    let model = example.model;
    let mut before =
        |alias: &str, id| example.read(|tx| stack_before(tx, model, alias, OperationId(id)));
    assert_eq!(before("production", 4), []);
    assert_eq!(before("production", 5), [a]);
    assert_eq!(before("production", 6), [a, b]);
    assert_eq!(before("production", 99), [a], "the newest");
    assert_eq!(before("winter", 7), []);
    assert_eq!(before("winter", 8), [b]);
    let other_model = example.read(|tx| stack_before(tx, model + 1, "production", OperationId(9)));
    assert_eq!(other_model, []);
}

#[test]
fn what_can_be_undone_and_redone_is_read_from_the_log() {
    let mut example = log();
    let versions = [VersionId(1), VersionId(2)];
    let model = example.model;
    let history = |example: &mut Example| {
        let history = example.read(|tx| undo_history(tx, model));
        (history.undoable(), history.redoable())
    };
    let op = OperationId;
    assert_eq!(history(&mut example), (Some(op(6)), None));
    example.view(View {
        restores: Some(op(6)),
        ..View::of(Undo, &versions)
    });
    assert_eq!(history(&mut example), (Some(op(5)), Some((op(7), op(6)))));
    example.view(View {
        restores: Some(op(7)),
        ..View::of(Redo, &versions[..1])
    });
    assert_eq!(history(&mut example), (Some(op(6)), None));
    let other = example.read(|tx| undo_history(tx, model + 1));
    assert_eq!((other.undoable(), other.redoable()), (None, None));
}
