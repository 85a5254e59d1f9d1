//! Tests of what an error becomes: the code, the exit status, a hint that can be pasted, four lines at most.

#![cfg(test)]

use std::io;
use std::path::{Path, PathBuf};

use super::super::example::{call, minute};
use super::*;
use crate::domain::hash::Hash;
use crate::domain::holders::OperationId;
use crate::domain::names::{NameSyntax, Reference};
use crate::domain::operation::OperationKind;
use crate::ui::colour::Palette;

/// One row of a table: what is to be told, its code, its exit status, its hint.
type Row<'a> = (Problem, &'static str, u8, &'a str);

fn hold(rows: Vec<Row<'_>>) {
    for (problem, code, exit, hint) in rows {
        assert_eq!(problem.code, code, "{problem}");
        assert_eq!(problem.exit.code(), exit, "{problem}");
        assert_eq!(problem.hints.join(" | "), hint, "{problem}");
        let told = problem.render(Palette::plain());
        assert!(told.lines().count() <= 4, "{told}");
        assert!(told.starts_with("error: "), "{told}");
        assert!(told.contains(&format!("modelguard help {code}")), "{told}");
        // What is within back-ticks is pasted: each of them is closed, and none is empty.
        assert_eq!(told.matches('`').count() % 2, 0, "{told}");
        assert!(!told.contains("``"), "{told}");
        // A hint with nothing behind its colon helps nobody.
        assert!(
            problem
                .hints
                .iter()
                .all(|hint| !hint.trim_end().ends_with(':')),
            "{told}"
        );
    }
}

fn path() -> PathBuf {
    PathBuf::from("m.db")
}

fn cause() -> String {
    "what SQLite says".to_owned()
}

#[test]
fn every_trouble_with_a_store_has_its_code_and_its_remedy() {
    let run = call(&["status"]);
    let tell = |error| store(&run, error);
    hold(vec![
        (
            tell(StoreError::Missing(path())),
            "MG0201",
            10,
            "`modelguard init --task classification` makes one | say where it lies: `-C DIR`, or `--db FILE`",
        ),
        (
            tell(StoreError::Foreign {
                path: path(),
                cause: cause(),
            }),
            "MG0401",
            12,
            "name another with `--db FILE`",
        ),
        (
            tell(StoreError::Damaged {
                path: path(),
                cause: cause(),
            }),
            "MG0402",
            12,
            "put a copy back; `modelguard help MG0402` says how",
        ),
        (
            tell(StoreError::Forbidden {
                path: path(),
                cause: cause(),
            }),
            "MG0403",
            1,
            "give this user the right to read and write the file and its folder",
        ),
        (
            tell(StoreError::Busy { path: path() }),
            "MG0404",
            11,
            "wait longer: `--lock-timeout 60s`",
        ),
        (
            tell(StoreError::HotJournal { path: path() }),
            "MG0408",
            11,
            "copy the store and its journal to where they can be written, and open them there",
        ),
        (
            tell(StoreError::Newer {
                path: path(),
                found: 9,
                known: 3,
            }),
            "MG0405",
            13,
            "use the modelguard that wrote it, or a newer one",
        ),
        (
            tell(StoreError::Older {
                path: path(),
                found: 1,
                known: 3,
            }),
            "MG0406",
            13,
            "`modelguard store upgrade` keeps a copy and brings it up to date",
        ),
        (
            tell(StoreError::Io {
                path: path(),
                cause: cause(),
            }),
            "MG0407",
            1,
            "make room or give the right to write, and run the command again",
        ),
        (
            tell(StoreError::ArtifactHash {
                expected: Hash([1; 32]),
                found: Hash([2; 32]),
            }),
            "MG0409",
            12,
            "register the file again from its source",
        ),
        (
            tell(StoreError::ArtifactTorn(Hash([1; 32]))),
            "MG0409",
            12,
            "register the file again from its source",
        ),
        (
            tell(StoreError::ChainBroken {
                id: OperationId(4),
                cause: cause(),
            }),
            "MG0410",
            12,
            "compare with a copy of the store; `modelguard help MG0410` says what this means",
        ),
        (
            tell(StoreError::Meaningless {
                what: "verdict",
                value: "fine".to_owned(),
            }),
            "MG0402",
            12,
            "the store was changed by another program; put a copy back",
        ),
        (
            tell(StoreError::Output(io::Error::other("full"))),
            "MG0517",
            1,
            "make room there, or name another path",
        ),
        (
            tell(StoreError::Sql(rusqlite::Error::InvalidQuery)),
            "MG9901",
            70,
            "this is a bug: please report it with the command that you ran",
        ),
    ]);
}

#[test]
fn a_journal_gets_the_owner_and_the_mode_that_the_store_has() {
    let told = |user, mode| {
        let rights = |user, mode| Rights {
            user,
            group: 7,
            mode,
        };
        let error = StoreError::Journal {
            path: path(),
            journal: "my dir/m.db-journal".into(),
            rights: rights(u32::MAX, 0o644),
            wanted: rights(user, mode),
        };
        store(&call(&["check"]), error)
    };
    let beginning = "give it the rights of the store: `";
    hold(vec![
        (
            told(5, 0o644),
            "MG0403",
            1,
            &format!("{beginning}sudo chown 5:7 'my dir/m.db-journal'`"),
        ),
        (
            told(u32::MAX, 0o666),
            "MG0403",
            1,
            &format!("{beginning}sudo chmod 666 'my dir/m.db-journal'`"),
        ),
        (
            told(5, 0o666),
            "MG0403",
            1,
            &format!(
                "{beginning}sudo chown 5:7 'my dir/m.db-journal' && sudo chmod 666 'my dir/m.db-journal'`"
            ),
        ),
    ]);
    assert!(told(5, 0o666).causes[0].contains("belongs to user 4294967295, "));
}

#[test]
fn what_sqlite_says_stands_in_the_cause_and_not_in_the_message() {
    let run = call(&["status"]);
    for error in [
        StoreError::Foreign {
            path: path(),
            cause: cause(),
        },
        StoreError::Damaged {
            path: path(),
            cause: cause(),
        },
        StoreError::Forbidden {
            path: path(),
            cause: cause(),
        },
        StoreError::Io {
            path: path(),
            cause: cause(),
        },
        StoreError::ChainBroken {
            id: OperationId(4),
            cause: cause(),
        },
    ] {
        let problem = store(&run, error);
        assert_eq!(problem.causes, [cause()]);
        assert!(!problem.message.contains("SQLite"), "{problem}");
    }
    let newer = store(
        &run,
        StoreError::Newer {
            path: path(),
            found: 9,
            known: 3,
        },
    );
    assert_eq!(
        newer.message,
        "the store m.db was written by a newer modelguard"
    );
    assert_eq!(newer.causes, ["its layout is 9, this one knows up to 3"]);
    let older = store(
        &run,
        StoreError::Older {
            path: path(),
            found: 1,
            known: 3,
        },
    );
    assert_eq!(older.causes, ["its layout is 1, and now it is 3"]);
    let torn = StoreError::ArtifactHash {
        expected: Hash([0x11; 32]),
        found: Hash([0x22; 32]),
    };
    let torn = store(&run, torn);
    assert!(
        torn.message.contains("1111") && torn.causes[0].contains("2222"),
        "{torn}"
    );
}

#[test]
fn a_hint_keeps_the_options_that_chose_the_store() {
    let run = call(&["--db", "my store.db", "-m", "churn", "status"]);
    let problem = store(
        &run,
        StoreError::Older {
            path: path(),
            found: 1,
            known: 3,
        },
    );
    assert_eq!(
        problem.hints,
        [
            "`modelguard --db 'my store.db' -m churn store upgrade` keeps a copy and brings it up to date"
        ]
    );
}

fn reference(text: &str) -> NamingError {
    match text.parse::<Reference>() {
        Err(error) => NamingError::Syntax(error),
        Ok(reference) => panic!("{reference} can be read"),
    }
}

#[test]
fn every_name_that_means_nothing_has_its_code_and_its_remedy() {
    let run = call(&["status"]);
    let tell = |error| naming(&run, error);
    let churn = || "churn".parse().unwrap();
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    hold(vec![
        (
            tell(NamingError::NoModel {
                name: churn(),
                have: texts(&["fraud", "prices"]),
            }),
            "MG0202",
            10,
            "there is: fraud, prices",
        ),
        (
            tell(NamingError::SeveralModels {
                have: texts(&["fraud", "prices"]),
            }),
            "MG0103",
            2,
            "name one: `-m fraud` or `-m prices`",
        ),
        (
            tell(NamingError::NoModels),
            "MG0202",
            10,
            "`modelguard init --task classification` adds one",
        ),
        (
            tell(NamingError::OtherModel {
                reference: "fraud@production".to_owned(),
                named: "fraud".parse().unwrap(),
                chosen: churn(),
            }),
            "MG0104",
            2,
            "add `-m fraud`, or leave the model out of it",
        ),
        (
            tell(NamingError::NoVersion {
                given: "v9".to_owned(),
                model: churn(),
                near: texts(&[]),
            }),
            "MG0203",
            10,
            "`modelguard history` lists all",
        ),
        (
            tell(NamingError::NoVersion {
                given: "v9".to_owned(),
                model: churn(),
                near: texts(&["v1", "v2"]),
            }),
            "MG0203",
            10,
            "did you mean v1 or v2? `modelguard history` lists all",
        ),
        (
            tell(NamingError::Ambiguous {
                given: "v".to_owned(),
                model: churn(),
                near: texts(&["v1", "v2"]),
                total: 2,
            }),
            "MG0203",
            10,
            "they are v1, v2; `modelguard history` lists all",
        ),
        (
            tell(NamingError::Ambiguous {
                given: "v".to_owned(),
                model: churn(),
                near: texts(&["v1", "v2"]),
                total: 3,
            }),
            "MG0203",
            10,
            "they are v1, v2, …; `modelguard history` lists all",
        ),
        (
            tell(NamingError::NoVersions(churn())),
            "MG0203",
            10,
            "`modelguard register PATH`",
        ),
        (
            tell(NamingError::NobodyHolds {
                model: churn(),
                alias: "production".to_owned(),
            }),
            "MG0204",
            10,
            "`modelguard promote latest`",
        ),
        (
            tell(NamingError::NothingBelow {
                model: churn(),
                alias: "production".to_owned(),
                below: 3,
                entries: 2,
            }),
            "MG0205",
            10,
            "`modelguard alias list` shows the stack",
        ),
        (tell(reference("@")), "MG0104", 2, "`modelguard help refs`"),
        (
            tell(NamingError::Store(StoreError::Busy { path: path() })),
            "MG0404",
            11,
            "wait longer: `--lock-timeout 60s`",
        ),
    ]);
}

#[test]
fn a_model_that_is_not_in_an_empty_store_is_made_by_init() {
    let nothing = NamingError::NoModel {
        name: "churn".parse().unwrap(),
        have: vec![],
    };
    let problem = naming(&call(&["status"]), nothing);
    hold(vec![(
        problem,
        "MG0202",
        10,
        "`modelguard init --model churn --task classification` adds one",
    )]);
}

#[test]
fn the_holder_of_another_alias_is_set_by_alias_and_not_by_promote() {
    let nobody = NamingError::NobodyHolds {
        model: "churn".parse().unwrap(),
        alias: "winter".to_owned(),
    };
    let problem = naming(&call(&["status"]), nobody);
    assert_eq!(problem.hints, ["`modelguard alias list` lists all"]);
}

#[test]
fn a_stack_of_one_entry_is_counted_in_the_singular() {
    let below = |entries| NamingError::NothingBelow {
        model: "churn".parse().unwrap(),
        alias: "production".to_owned(),
        below: 3,
        entries,
    };
    let run = call(&["status"]);
    assert_eq!(naming(&run, below(1)).causes, ["its stack has 1 entry"]);
    assert_eq!(naming(&run, below(2)).causes, ["its stack has 2 entries"]);
}

#[test]
fn every_switch_that_can_not_be_made_has_its_code_and_its_remedy() {
    let run = call(&["undo"]);
    let tell = |error| switch(&run, error);
    let churn = || "churn".parse().unwrap();
    let log = "`modelguard log` lists them";
    hold(vec![
        (
            tell(SwitchError::NobodyHolds {
                model: churn(),
                alias: "production".parse().unwrap(),
            }),
            "MG0204",
            10,
            "`modelguard promote latest`",
        ),
        (
            tell(SwitchError::NobodyHolds {
                model: churn(),
                alias: "winter".parse().unwrap(),
            }),
            "MG0204",
            10,
            "`modelguard alias list` lists all",
        ),
        (
            tell(SwitchError::NothingBelow {
                model: churn(),
                holder: "v1".parse().unwrap(),
            }),
            "MG0205",
            10,
            "go to a version by its name: `modelguard history` lists all",
        ),
        (
            tell(SwitchError::NoLastGood(churn())),
            "MG0210",
            10,
            "choose one yourself: `modelguard history` lists all, `rollback REF` goes there",
        ),
        (
            tell(SwitchError::NothingToUndo(churn())),
            "MG0206",
            10,
            "`modelguard log` lists what was done",
        ),
        (
            tell(SwitchError::NothingToRedo(churn())),
            "MG0206",
            10,
            "go to a version by its name: `modelguard history` lists all",
        ),
        (
            tell(SwitchError::NewerStand {
                id: OperationId(3),
                model: churn(),
                newer: vec![OperationId(9), OperationId(7)],
            }),
            "MG0602",
            3,
            "undo those first: `modelguard undo op_9`",
        ),
        (
            tell(SwitchError::NoOperation(OperationId(3))),
            "MG0209",
            10,
            log,
        ),
        (
            tell(SwitchError::NotUndoable {
                id: OperationId(3),
                kind: OperationKind::Check,
            }),
            "MG0105",
            2,
            log,
        ),
        (
            tell(SwitchError::SinceInFuture { since: minute(1) }),
            "MG0605",
            2,
            "give the time at which it really went live, or leave --since out",
        ),
        (
            tell(SwitchError::SinceTooEarly {
                since: minute(0),
                begin: minute(1),
            }),
            "MG0605",
            2,
            "`--since 2026-01-01T00:01:00Z` is the earliest",
        ),
        (
            tell(SwitchError::ChangedMeanwhile {
                alias: "production".parse().unwrap(),
            }),
            "MG0606",
            3,
            "look first: `modelguard status`",
        ),
        (
            tell(SwitchError::Store(StoreError::Busy { path: path() })),
            "MG0404",
            11,
            "wait longer: `--lock-timeout 60s`",
        ),
    ]);
}

#[test]
fn a_judgement_that_fails_tells_what_it_failed_of() {
    let run = call(&["check"]);
    let codes = [
        JudgeError::Naming(NamingError::NoModels),
        JudgeError::Switch(SwitchError::NoOperation(OperationId(1))),
        JudgeError::Store(StoreError::Busy { path: path() }),
    ]
    .map(|error| judge(&run, error).code);
    assert_eq!(codes, ["MG0202", "MG0209", "MG0404"]);
}

#[test]
fn every_trouble_with_a_file_has_its_code_and_its_exit_status() {
    use FileErrorKind as Kind;
    let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
    let text = |text: &str| text.to_owned();
    let unreadable = [Kind::Missing, Kind::Unreadable(denied()), Kind::Changed];
    let unwritable = [
        Kind::Unwritable(denied()),
        Kind::Exists,
        Kind::Irreplaceable("a pipe"),
        Kind::Locked { waited_ms: 5 },
        Kind::NotDirectory,
    ];
    let unstorable = [
        Kind::Special("a pipe"),
        Kind::UnsafeEntry(text("../x")),
        Kind::TooLarge { limit_bytes: 1 },
    ];
    let no_parquet = [
        Kind::ParquetSyntax(text("x")),
        Kind::ParquetUnsupported(text("x")),
        Kind::PipeTooLong { limit_bytes: 1 },
    ];
    let no_plain_column = [Kind::ColumnType {
        name: text("a"),
        field: text("id"),
        what: "a list",
    }];
    let torn = [
        Kind::Compressed {
            what: "gzip",
            cut: true,
        },
        Kind::Compressed {
            what: "zstd",
            cut: false,
        },
    ];
    let no_text = [
        Kind::Unsupported { what: "Parquet" },
        Kind::OtherFormat { what: "Parquet" },
        Kind::NotText {
            byte: 0xff,
            guess: "",
        },
        Kind::Utf16,
        Kind::Binary,
        Kind::Truncated("within a character"),
    ];
    let no_csv = [
        Kind::CsvSyntax("a quote within a field"),
        Kind::NoHeader,
        Kind::Truncated("within a quoted field"),
    ];
    let no_json = [
        Kind::Truncated("within an object"),
        Kind::JsonSyntax(text("x")),
        Kind::DuplicateKey { name: text("id") },
    ];
    let missing_column = [
        Kind::MissingColumn {
            field: text("id"),
            wanted: vec![text("id")],
            have: vec![],
            nearest: vec![],
        },
        Kind::LateColumn {
            name: text("a"),
            field: text("id"),
        },
        Kind::Columns(text("x")),
    ];
    let two_columns = [
        Kind::AmbiguousColumns {
            field: text("time"),
            names: vec![text("ts"), text("time")],
        },
        Kind::SharedColumn {
            name: text("a"),
            first: text("id"),
            second: text("time"),
        },
    ];
    let too_wide = [
        Kind::TooManyColumns { have: 2, limit: 1 },
        Kind::NameTooLong { limit_bytes: 1 },
    ];
    let too_long = [
        Kind::LineTooLong { limit_bytes: 1 },
        Kind::BlankTooLong { limit_bytes: 1 },
    ];
    let table: [(&str, u8, Vec<Kind>); 15] = [
        ("MG0501", 1, unreadable.into()),
        ("MG0517", 1, unwritable.into()),
        ("MG0511", 2, vec![Kind::Directory]),
        ("MG0514", 2, unstorable.into()),
        ("MG0510", 2, vec![Kind::Empty]),
        ("MG0502", 2, no_text.into()),
        ("MG0503", 2, no_csv.into()),
        ("MG0504", 2, no_json.into()),
        ("MG0508", 2, too_long.into()),
        ("MG0509", 2, too_wide.into()),
        ("MG0505", 2, missing_column.into()),
        ("MG0506", 2, two_columns.into()),
        ("MG0519", 2, no_parquet.into()),
        ("MG0520", 2, no_plain_column.into()),
        ("MG0521", 2, torn.into()),
    ];
    for (code, exit, kinds) in table {
        for kind in kinds {
            let problem = file(&kind.at(Path::new("a.csv"), 3, 4));
            assert_eq!(problem.code, code, "{problem}");
            assert_eq!(problem.exit.code(), exit, "{problem}");
            assert!(
                problem.message.starts_with("a.csv, line 3, byte 5: "),
                "{problem}"
            );
            let told = problem.render(Palette::plain());
            assert!(told.lines().count() <= 4, "{told}");
            assert_eq!(told.matches('`').count() % 2, 0, "{told}");
        }
    }
}

#[test]
fn what_the_system_says_of_a_file_is_told_once() {
    let denied = io::Error::from(io::ErrorKind::PermissionDenied);
    let said = denied.to_string();
    let problem = file(&FileError::reading(Path::new("a.csv"), denied));
    assert_eq!(problem.message, format!("a.csv: can't be read: {said}"));
    assert_eq!(problem.causes, [""; 0]);
    assert!(
        file(&FileErrorKind::Empty.of(Path::new("a.csv")))
            .causes
            .is_empty()
    );
}

#[test]
fn a_variable_that_can_not_be_read_is_shown_with_one_that_can() {
    let tell = |name| {
        variable(BadVariable {
            variable: name,
            value: "x\ny".to_owned(),
            reason: "it is no time".to_owned(),
        })
    };
    hold(vec![
        (
            tell("MODELGUARD_NOW"),
            "MG0109",
            2,
            "`MODELGUARD_NOW=2026-01-31T14:00:00Z`",
        ),
        (
            tell("MODELGUARD_LOCK_TIMEOUT"),
            "MG0109",
            2,
            "`MODELGUARD_LOCK_TIMEOUT=5s`",
        ),
        (
            tell("MODELGUARD_MODEL"),
            "MG0109",
            2,
            "`MODELGUARD_MODEL=NAME`",
        ),
    ]);
    assert_eq!(
        tell("MODELGUARD_NOW").message,
        r#"MODELGUARD_NOW is "x\ny""#
    );
}

#[test]
fn a_signal_decides_the_exit_status() {
    hold(vec![
        (interrupted(Signal::Interrupt), "MG0110", 130, ""),
        (interrupted(Signal::Terminate), "MG0110", 143, ""),
    ]);
}

#[test]
fn a_name_is_told_with_its_rules() {
    let syntax = NameSyntax::Name("a b".to_owned(), "version");
    let problem = naming(&call(&["status"]), NamingError::Syntax(syntax));
    assert!(
        problem.message.starts_with("\"a b\" is no version name: "),
        "{problem}"
    );
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let problem = discover(&call(&["status"]), DiscoverError::NoFolder("gone".into()));
    hold(vec![(
        problem,
        "MG0107",
        2,
        "name one that exists: `modelguard -C DIR …`",
    )]);
}
