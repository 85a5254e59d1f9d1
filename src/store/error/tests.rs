//! Tests of what an SQLite error becomes: the cause that a person can do something about.
#![cfg(test)]

use std::path::Path;

use rusqlite::ffi;

use super::*;

fn named(extended_code: i32) -> StoreError {
    let error = rusqlite::Error::SqliteFailure(ffi::Error::new(extended_code), None);
    StoreError::Sql(error).at(Path::new("m.db"))
}

#[test]
fn every_cause_that_a_person_can_act_on_has_its_name() {
    let told = |code| named(code).to_string();
    for code in [
        ffi::SQLITE_BUSY,
        ffi::SQLITE_LOCKED,
        ffi::SQLITE_BUSY_SNAPSHOT,
    ] {
        assert_eq!(told(code), "the store m.db is busy");
    }
    for code in [ffi::SQLITE_CORRUPT, ffi::SQLITE_CORRUPT_INDEX] {
        assert_eq!(told(code), "the store m.db is damaged");
    }
    assert_eq!(told(ffi::SQLITE_NOTADB), "m.db is no modelguard store");
    for code in [ffi::SQLITE_PERM, ffi::SQLITE_READONLY, ffi::SQLITE_AUTH] {
        assert_eq!(told(code), "no permission for the store m.db");
    }
    for code in [
        ffi::SQLITE_FULL,
        ffi::SQLITE_IOERR,
        ffi::SQLITE_IOERR_WRITE,
        ffi::SQLITE_CANTOPEN,
    ] {
        assert_eq!(told(code), "the store m.db can't be written");
    }
}

#[test]
fn a_journal_that_can_not_be_replayed_is_no_missing_permission() {
    for code in [ffi::SQLITE_READONLY_ROLLBACK, ffi::SQLITE_READONLY_RECOVERY] {
        assert!(matches!(named(code), StoreError::HotJournal { .. }));
    }
    assert_eq!(
        named(ffi::SQLITE_READONLY_ROLLBACK).to_string(),
        "a crashed writer left m.db-journal, and it can't be replayed on a read-only medium"
    );
}

#[test]
fn what_has_no_known_cause_stays_what_it_is() {
    assert!(matches!(named(ffi::SQLITE_CONSTRAINT), StoreError::Sql(_)));
    let error = StoreError::Sql(rusqlite::Error::InvalidQuery).at(Path::new("m.db"));
    assert!(matches!(error, StoreError::Sql(_)));
    let known = StoreError::ArtifactTorn(Hash::ZERO).at(Path::new("m.db"));
    assert!(matches!(known, StoreError::ArtifactTorn(_)));
}

#[test]
fn a_message_names_what_it_speaks_of() {
    let broken = StoreError::ChainBroken {
        id: OperationId(7),
        cause: "x".into(),
    };
    assert_eq!(broken.to_string(), "the log is broken at op_7");
    let meaningless = StoreError::meaningless("clock", "sun\ndial");
    assert_eq!(
        meaningless.to_string(),
        "the stored clock \"sun\\ndial\" has no meaning"
    );
}
