//! Stores that are missing, foreign, damaged, forbidden, locked, older or newer: each has its exit status, and none is
//! taken for a healthy one.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use rusqlite::Connection;

use crate::support::{Sandbox, finish};

/// Makes the store one of the first layout: the views are gone, and so is what the second migration recorded.
pub fn make_old(sandbox: &Sandbox) {
    let connection = sandbox.sql();
    let views: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'view'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for view in views {
        connection
            .execute_batch(&format!("DROP VIEW {view}"))
            .unwrap();
    }
    connection
        .execute_batch(
            "DELETE FROM refinery_schema_history WHERE version > 1;
             PRAGMA user_version = 1;",
        )
        .unwrap();
}

const READING: [&str; 6] = [
    "status",
    "history",
    "log",
    "alerts list",
    "ingest list",
    "show latest",
];
const WRITING: [&str; 4] = [
    "check",
    "monitor",
    "promote latest --yes",
    "retire latest --reason old",
];

fn all() -> impl Iterator<Item = &'static str> {
    READING.into_iter().chain(WRITING)
}

#[test]
fn no_store_is_not_found() {
    let sandbox = Sandbox::empty();
    for line in all() {
        sandbox.fails(line, 10, "MG0201").tells("modelguard init");
    }
    assert!(!sandbox.store().exists());
}

#[test]
fn what_is_no_store_is_refused_and_left_as_it_is() {
    let sqlite_of_another = {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.db");
        Connection::open(&path)
            .unwrap()
            .execute_batch("CREATE TABLE t (x)")
            .unwrap();
        std::fs::read(path).unwrap()
    };
    for bytes in [
        b"".to_vec(),
        b"just text\n".to_vec(),
        vec![0; 70_000],
        sqlite_of_another,
    ] {
        let sandbox = Sandbox::empty();
        std::fs::write(sandbox.store(), &bytes).unwrap();
        for line in all() {
            let run = sandbox.run_on_broken(line).expect(12);
            assert!(run.stderr.contains("MG0401"), "{run:#?}");
            assert!(run.stderr.lines().count() <= 4, "{run:#?}");
        }
        assert_eq!(sandbox.store_bytes(), bytes);
    }
}

#[test]
fn a_folder_is_no_store() {
    let sandbox = Sandbox::empty();
    std::fs::create_dir(sandbox.store()).unwrap();
    sandbox.fails("status", 12, "MG0401");
}

#[test]
fn damage_is_said_by_whatever_meets_it() {
    let (sandbox, versions) = Sandbox::with_versions(2);
    sandbox.ok(&format!("promote {} --yes", versions[0]));
    let whole = sandbox.store_bytes();
    // The page of the schema, without the header that says what the file is.
    let mut bytes = whole.clone();
    bytes[100..4_000].fill(0xff);
    std::fs::write(sandbox.store(), &bytes).unwrap();
    for line in all() {
        let run = sandbox.run_on_broken(line).expect(12);
        assert!(run.stderr.contains("MG0402"), "{run:#?}");
    }
    // A file that lost its end.
    std::fs::write(sandbox.store(), &whole[..whole.len() / 2]).unwrap();
    let run = sandbox.run_on_broken("store verify").expect(12);
    assert!(
        run.stdout.contains("fail") || run.stderr.contains("MG0402"),
        "{run:#?}"
    );
}

#[test]
fn a_byte_of_an_artifact_that_changed_is_found() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    sandbox
        .sql()
        .execute("UPDATE chunk SET data = X'6D6F64656C2031'", [])
        .unwrap();
    let out = sandbox.file("out.bin");
    let run = sandbox
        .run_on_broken(&format!("fetch {} -o {}", versions[0], out.display()))
        .expect(12);
    assert!(run.stderr.contains("MG0409"), "{run:#?}");
    assert!(!out.exists());
    let verified = sandbox.run_on_broken("store verify").expect(12);
    assert!(verified.stdout.contains("fail"), "{verified:#?}");
}

/// Runs a command as a user who owns nothing; `None` where that is not possible here.
fn as_nobody(sandbox: &Sandbox, line: &str) -> Option<crate::support::Run> {
    // The binary's own folder may be closed to others.
    let binary = std::env::temp_dir().join(format!("modelguard-{}", std::process::id()));
    std::fs::copy(env!("CARGO_BIN_EXE_modelguard"), &binary).unwrap();
    std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .arg(&binary)
        .args(line.split_whitespace())
        .current_dir(sandbox.path())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let possible = Command::new("setpriv")
        .args(["--reuid", "65534", "true"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let run = possible.then(|| finish(&[line], command, &[]));
    let _ = std::fs::remove_file(binary);
    run
}

#[test]
fn a_store_that_may_not_be_read_is_a_failure() {
    let (sandbox, _) = Sandbox::with_versions(1);
    for folder in [
        sandbox.path(),
        sandbox.path().parent().unwrap().to_path_buf(),
    ] {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    std::fs::set_permissions(sandbox.store(), std::fs::Permissions::from_mode(0o600)).unwrap();
    for line in ["status", "check"] {
        let Some(run) = as_nobody(&sandbox, line) else {
            // Not root, or no setpriv: there is no other user to be.
            return;
        };
        assert_eq!(run.status, 1, "{run:#?}");
        assert!(run.stderr.contains("MG0403"), "{run:#?}");
    }
    // May be read, not written: looking works, recording does not.
    std::fs::set_permissions(sandbox.store(), std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(as_nobody(&sandbox, "history").unwrap().status, 0);
    let run = as_nobody(&sandbox, "check").unwrap();
    assert_eq!(run.status, 1, "{run:#?}");
    assert!(run.stderr.contains("MG0403"), "{run:#?}");
}

#[test]
fn a_journal_of_another_user_is_named_with_what_gives_it_the_rights_of_the_store() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let set = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set(sandbox.path().parent().unwrap(), 0o755);
    set(&sandbox.path(), 0o777);
    set(&sandbox.store(), 0o666);
    let journal = sandbox.file("modelguard.db-journal");
    std::fs::write(&journal, b"").unwrap();
    set(&journal, 0o644);
    let Some(run) = as_nobody(&sandbox, "check") else {
        return;
    };
    assert_eq!(run.status, 1, "{run:#?}");
    let place = std::fs::canonicalize(&journal).unwrap();
    let (place, cure) = (
        place.display(),
        format!("sudo chmod 666 {}", place.display()),
    );
    for part in [
        "MG0403",
        &format!("cause: {place} belongs to root, and this user may not write it"),
        &format!("hint: give it the rights of the store: `{cure}`"),
    ] {
        assert!(run.stderr.contains(part), "no {part} in {run:#?}");
    }
    // Besides, nobody has no home for a log.
    let warnings = run.stderr.matches("warning: ").count();
    assert_eq!(run.stderr.lines().count(), 4 + warnings, "{run:#?}");
    // Looking needs no journal, and the cure is one.
    assert_eq!(as_nobody(&sandbox, "status").unwrap().status, 0);
    set(&journal, 0o666);
    assert_eq!(as_nobody(&sandbox, "check").unwrap().status, 4);
}

#[test]
fn a_locked_store_is_busy() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    let holder = sandbox.sql();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    for line in ["status", "check", "monitor"] {
        let run = sandbox
            .run_on_broken(&format!("{line} --lock-timeout 50ms"))
            .expect(11);
        assert!(run.stderr.contains("MG0404"), "{run:#?}");
    }
    holder.execute_batch("ROLLBACK").unwrap();
    sandbox.ok(&format!("promote {} --yes", versions[0]));
}

#[test]
fn a_store_of_a_newer_modelguard_is_refused_untouched() {
    let (sandbox, _) = Sandbox::with_versions(1);
    sandbox
        .sql()
        .execute_batch("PRAGMA user_version = 99")
        .unwrap();
    let before = sandbox.store_bytes();
    for line in all().chain(["store upgrade", "init --model other --task regression"]) {
        let run = sandbox.run_on_broken(line).expect(13);
        assert!(run.stderr.contains("MG0405"), "{run:#?}");
    }
    assert!(before == sandbox.store_bytes());
}

#[test]
fn an_older_store_is_only_read_after_an_upgrade() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    make_old(&sandbox);
    let before = sandbox.store_bytes();
    for line in READING {
        sandbox
            .run_on_broken(line)
            .expect(13)
            .tells("store upgrade");
    }
    let dry = format!("promote {} --dry-run", versions[0]);
    sandbox.run_on_broken(&dry).expect(13);
    assert!(before == sandbox.store_bytes());
    let data = sandbox.json("store upgrade");
    assert_eq!(data["from_schema_id"], "1");
    assert_eq!(data["to_schema_id"], "2");
    let copy = Connection::open(sandbox.file("modelguard.db.v1.bak")).unwrap();
    let layout: i64 = copy
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    let kept: String = copy
        .query_row("SELECT name FROM version", [], |row| row.get(0))
        .unwrap();
    assert_eq!((layout, kept), (1, versions[0].clone()));
    sandbox.ok("status");
    sandbox.ok("store verify");
}

#[test]
fn a_writing_command_upgrades_by_itself_and_keeps_a_copy() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    make_old(&sandbox);
    sandbox.ok(&format!("promote {} --yes", versions[0]));
    assert!(sandbox.file("modelguard.db.v1.bak").is_file());
    let kinds = sandbox.json("log")["operations"].clone();
    assert_eq!(kinds[0]["kind"], "promote");
    assert_eq!(kinds[1]["kind"], "upgrade");
    sandbox.ok("store verify");
}

#[test]
fn a_writer_that_was_killed_leaves_a_store_that_opens() {
    let sandbox = Sandbox::new();
    for round in 0..6 {
        let mut command = sandbox.command(&["register", "-"]);
        command.stdin(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // More than one transaction's worth, and never the end.
        let bytes: Vec<u8> = (0..20_000_000_u32)
            .map(|byte| (byte.wrapping_mul(2_654_435_761) >> (round + 8)) as u8)
            .collect();
        std::io::Write::write_all(&mut stdin, &bytes).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        sandbox.ok("status");
        assert_eq!(sandbox.number("SELECT count(*) FROM version"), 0);
    }
    sandbox.register("a small one");
    assert_eq!(
        sandbox.number("SELECT count(*) FROM artifact WHERE state = 'pending'"),
        0
    );
    assert_eq!(sandbox.number("SELECT count(*) FROM chunk"), 1);
    sandbox.ok("store verify");
}
