//! Tests of opening and making a store: whole or not at all, and never another program's file.
#![cfg(test)]
#![expect(
    clippy::disallowed_methods,
    reason = "the tests make files that no part of the tool would make"
)]

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::domain::metric::Task;
use crate::store::example::{Example, author, minute};
use crate::store::{maintain, models, operations};

const SOON: Length = Length::from_seconds(0);

fn opened(path: &Path, access: Access) -> Result<Store> {
    Store::open(path, access, SOON, &author())
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn created(path: &Path) -> Result<Created<i64>> {
    Store::create(path, &author(), |tx| {
        let model = models::insert(tx, &"taxi".parse().unwrap(), Task::Regression, minute(0))?;
        let operation = NewOperation::recording(OperationKind::Init, model.id);
        Ok(Change::recorded(model.id, operation))
    })
}

#[test]
fn a_store_is_made_whole_and_alone() {
    let folder = folder();
    let path = folder.path().join("m.db");
    assert!(matches!(created(&path), Ok(Created::New(1))));
    assert_eq!(names(folder.path()), ["m.db"]);
    let mut store = opened(&path, Access::Read).unwrap();
    assert_eq!(store.path(), path);
    assert_eq!(store.upgraded_from(), None);
    let models = store.read(models::list).unwrap();
    assert_eq!(models.len(), 1);
    assert_eq!(store.read(maintain::violations).unwrap(), []);
}

#[test]
fn a_store_that_can_not_be_filled_leaves_nothing() {
    let folder = folder();
    let path = folder.path().join("m.db");
    let failed = Store::create(&path, &author(), |_| {
        Err::<Change<()>, _>(StoreError::meaningless("thing", "x"))
    });
    assert!(failed.is_err());
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn what_is_there_already_is_left_alone() {
    let folder = folder();
    let path = folder.path().join("m.db");
    fs::write(&path, "mine").unwrap();
    assert!(matches!(created(&path), Ok(Created::Already)));
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    let sub = folder.path().join("sub");
    fs::create_dir(&sub).unwrap();
    assert!(matches!(created(&sub), Ok(Created::Already)));
    assert_eq!(names(folder.path()), ["m.db", "sub"]);
}

#[test]
fn a_store_that_appears_meanwhile_wins() {
    let folder = folder();
    let path = folder.path().join("m.db");
    let made = Store::create(&path, &author(), |_| {
        fs::write(&path, "faster").unwrap();
        let operation = NewOperation::without_model(OperationKind::Init);
        Ok(Change::recorded((), operation))
    });
    assert!(matches!(made, Ok(Created::Already)));
    assert_eq!(fs::read(&path).unwrap(), b"faster");
    assert_eq!(names(folder.path()), ["m.db"]);
}

#[test]
fn nothing_is_made_by_opening() {
    let folder = folder();
    let path = folder.path().join("m.db");
    for access in [Access::Read, Access::Write] {
        assert!(matches!(opened(&path, access), Err(StoreError::Missing(_))));
    }
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn a_file_of_another_kind_is_foreign_and_stays_as_it_is() {
    let folder = folder();
    let path = folder.path().join("m.db");
    for bytes in [&b""[..], b"id,prediction\n", &[0; 4096]] {
        fs::write(&path, bytes).unwrap();
        for access in [Access::Read, Access::Write] {
            let error = opened(&path, access).unwrap_err();
            let StoreError::Foreign { cause, .. } = error else {
                panic!("it is no store: {error:?}")
            };
            assert_eq!(cause == "it is empty", bytes.is_empty(), "{cause}");
        }
        assert_eq!(fs::read(&path).unwrap(), bytes);
        assert_eq!(names(folder.path()), ["m.db"]);
    }
    let error = opened(folder.path(), Access::Write).unwrap_err();
    let StoreError::Foreign { cause, .. } = error else {
        panic!("a folder is no store: {error:?}")
    };
    assert_eq!(cause, "it is no regular file");
}

#[test]
fn an_sqlite_file_of_another_program_is_foreign() {
    let folder = folder();
    let path = folder.path().join("other.db");
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE model (id); PRAGMA user_version = 1;")
        .unwrap();
    drop(other);
    let before = fs::read(&path).unwrap();
    let error = opened(&path, Access::Write).unwrap_err();
    let StoreError::Foreign { cause, .. } = error else {
        panic!("it is not ours: {error:?}")
    };
    assert_eq!(cause, "it is an SQLite file of another program");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_store_of_a_newer_layout_is_refused_for_reading_and_writing() {
    let mut example = Example::new();
    let path = example.path();
    example.tampered("PRAGMA user_version = 3");
    for access in [Access::Read, Access::Write] {
        let error = opened(&path, access).unwrap_err();
        let StoreError::Newer { found, known, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!((found, known), (SCHEMA + 1, SCHEMA));
    }
}

/// A store of layout 1, as the first migration made it.
fn older(path: &Path) {
    let mut connection = Connection::open(path).unwrap();
    embedded::migrations::runner()
        .set_grouped(true)
        .set_target(refinery::Target::Version(1))
        .run(&mut connection)
        .unwrap();
    let insert = "INSERT INTO model (name, task, created_at) VALUES ('old', 'regression', 0)";
    connection.execute(insert, []).unwrap();
}

#[test]
fn an_older_store_is_read_only_after_it_was_brought_up_to_date() {
    let folder = folder();
    let path = folder.path().join("m.db");
    older(&path);
    let before = fs::read(&path).unwrap();
    let error = opened(&path, Access::Read).unwrap_err();
    let StoreError::Older { found, known, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!((found, known), (1, SCHEMA));
    assert_eq!(fs::read(&path).unwrap(), before, "reading changes nothing");
    assert_eq!(names(folder.path()), ["m.db"]);
}

#[test]
fn a_writer_keeps_a_copy_of_an_older_store_and_logs_the_upgrade() {
    let folder = folder();
    let path = folder.path().join("m.db");
    older(&path);
    let mut store = opened(&path, Access::Write).unwrap();
    assert_eq!(store.upgraded_from(), Some(1));
    let (operations, _) = store
        .read(|tx| operations::list(tx, &operations::Filter::default(), 9))
        .unwrap();
    let kinds: Vec<_> = operations
        .iter()
        .map(|operation| operation.content.kind)
        .collect();
    assert_eq!(kinds, [OperationKind::Upgrade]);
    assert_eq!(
        operations[0].content.detail,
        r#"{"from_schema_id":1,"to_schema_id":2}"#
    );
    assert_eq!(store.read(models::list).unwrap().len(), 1);
    assert_eq!(store.read(maintain::violations).unwrap(), []);
    drop(store);

    let copy = backup_path(&path, 1);
    assert_eq!(copy, folder.path().join("m.db.v1.bak"));
    let present: Vec<_> = names(folder.path())
        .into_iter()
        .filter(|name| !name.ends_with("-journal"))
        .collect();
    assert_eq!(present, ["m.db", "m.db.v1.bak"], "and no lock is left");
    let error = opened(&copy, Access::Read).unwrap_err();
    assert!(matches!(error, StoreError::Older { found: 1, .. }));
    let again = opened(&path, Access::Write).unwrap();
    assert_eq!(again.upgraded_from(), None, "once is enough");
}

#[test]
fn a_copy_of_an_earlier_try_is_replaced() {
    let folder = folder();
    let path = folder.path().join("m.db");
    older(&path);
    fs::write(backup_path(&path, 1), "half").unwrap();
    opened(&path, Access::Write).unwrap();
    let copy = Connection::open(backup_path(&path, 1)).unwrap();
    let count: i64 = copy
        .query_row("SELECT count(*) FROM model", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 1);
}

#[test]
fn several_writers_that_find_an_older_store_upgrade_it_once() {
    let folder = folder();
    let path = folder.path().join("m.db");
    older(&path);
    let upgraded: Vec<_> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let patience = Length::from_seconds(30);
                    Store::open(&path, Access::Write, patience, &author())
                        .unwrap()
                        .upgraded_from()
                })
            })
            .collect();
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .collect()
    });
    let first = upgraded.iter().filter(|from| from.is_some()).count();
    assert_eq!(first, 1, "{upgraded:?}");
    let mut store = opened(&path, Access::Write).unwrap();
    let all = operations::Filter::default();
    let (_, total) = store.read(|tx| operations::list(tx, &all, 9)).unwrap();
    assert_eq!(total, 1);
}

#[test]
fn a_reader_can_change_nothing() {
    let mut example = Example::new();
    example.version("a");
    let mut reader = opened(&example.path(), Access::Read).unwrap();
    let refused = reader.change(&author(), |tx| {
        tx.sql.execute("DELETE FROM model", [])?;
        Ok::<_, StoreError>(Change::staged(()))
    });
    let error = refused.unwrap_err();
    assert!(matches!(error, StoreError::Forbidden { .. }), "{error:?}");
}

#[test]
fn who_waits_in_vain_is_told_that_the_store_is_busy() {
    let mut example = Example::new();
    let path = example.path();
    let mut second = opened(&path, Access::Write).unwrap();
    let busy = example.store.change(&author(), |_| {
        let refused = second.change(&author(), |_| Ok::<_, StoreError>(Change::nothing(())));
        Ok::<_, StoreError>(Change::nothing(refused.unwrap_err()))
    });
    assert!(matches!(busy.unwrap(), StoreError::Busy { .. }));
    let free = second.change(&author(), |_| Ok::<_, StoreError>(Change::nothing(7)));
    assert_eq!(free.unwrap(), 7);
}

#[test]
fn a_reader_sees_one_moment() {
    let mut example = Example::new();
    let mut reader = opened(&example.path(), Access::Read).unwrap();
    let count = |tx: &Tx<'_>| Ok::<_, StoreError>(models::list(tx)?.len());
    assert_eq!(reader.read(count).unwrap(), 1);
    example.other_model("churn", Task::Classification);
    assert_eq!(reader.read(count).unwrap(), 2);
}

#[test]
fn what_a_store_is_set_to_is_what_the_design_measured() {
    let example = Example::new();
    let setting = |name: &str| -> String {
        example
            .store
            .connection
            .query_row(&format!("PRAGMA {name}"), [], |row| {
                row.get_ref(0).map(|value| match value {
                    rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                    other => other.as_str().unwrap_or("?").to_owned(),
                })
            })
            .unwrap()
    };
    for (name, value) in [
        ("journal_mode", "truncate"),
        ("synchronous", "2"),
        ("page_size", "16384"),
        ("foreign_keys", "1"),
        ("query_only", "0"),
        ("trusted_schema", "0"),
        ("mmap_size", "0"),
        ("user_version", "2"),
    ] {
        assert_eq!(setting(name), value, "{name}");
    }
}

#[test]
fn a_damaged_page_is_named() {
    let mut example = Example::new();
    for number in 0..40 {
        example.version(&format!("v{number}"));
    }
    let path = example.path();
    let mut bytes = fs::read(&path).unwrap();
    // All but the first page, which says what kind of file it is.
    for byte in bytes.iter_mut().skip(16_384) {
        *byte = 0xa5;
    }
    fs::write(&path, bytes).unwrap();
    let error = opened(&path, Access::Read).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
}

#[cfg(unix)]
#[test]
fn a_store_that_may_not_be_opened_is_forbidden() {
    use std::os::unix::fs::PermissionsExt as _;
    let example = Example::new();
    let path = example.path();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_ok() {
        return; // This user may do everything.
    }
    for access in [Access::Read, Access::Write] {
        let error = opened(&path, access).unwrap_err();
        assert!(matches!(error, StoreError::Forbidden { .. }), "{error:?}");
    }
}
