//! The tool's own log: one line a command, in a file a day or in a named one, and never a reason to fail.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Sandbox, finish};

fn folder(sandbox: &Sandbox) -> PathBuf {
    sandbox.state().join("modelguard")
}

fn lines_of(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'), "{text}");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
        .collect()
}

/// The lines of the day of the sandbox's first command.
fn lines(sandbox: &Sandbox) -> Vec<Value> {
    lines_of(&folder(sandbox).join("modelguard-rehearsal-2026-01-05.jsonl"))
}

fn last(sandbox: &Sandbox) -> Value {
    lines(sandbox).pop().unwrap()
}

#[test]
fn every_command_leaves_one_line() {
    let sandbox = Sandbox::new();
    let path = sandbox.write("my model.bin", b"x");
    let before = lines(&sandbox).len();
    for (words, status, verdict, code) in [
        (vec!["status"], 0, Value::Null, Value::Null),
        (
            vec!["register", path.to_str().unwrap(), "--alias", "production"],
            0,
            Value::Null,
            Value::Null,
        ),
        (
            vec!["check", "--json"],
            4,
            json!("insufficient_data"),
            Value::Null,
        ),
        (
            vec!["monitor", "-qq"],
            4,
            json!("insufficient_data"),
            Value::Null,
        ),
        (vec!["show", "nobody"], 10, Value::Null, json!("MG0203")),
        (vec!["statsu"], 2, Value::Null, json!("MG0101")),
        (
            vec!["-C", "missing", "status"],
            2,
            Value::Null,
            json!("MG0107"),
        ),
        (vec!["help", "refs"], 0, Value::Null, Value::Null),
        (vec!["--version"], 0, Value::Null, Value::Null),
    ] {
        let count = lines(&sandbox).len();
        sandbox.run_words(&words).expect(status);
        assert_eq!(lines(&sandbox).len(), count + 1, "{words:?}");
        let line = last(&sandbox);
        assert_eq!(line["event"], "command");
        assert_eq!(line["exit_code"], status, "{line}");
        assert_eq!(line["verdict"], verdict, "{line}");
        assert_eq!(line["error_code"], code, "{line}");
        assert_eq!(line["clock"], "override");
        assert_eq!(line["actor"], "tester");
        assert!(line["duration_ms"].as_u64().unwrap() < 60_000, "{line}");
        let here = std::fs::canonicalize(sandbox.path()).unwrap();
        assert_eq!(line["directory"], here.to_str().unwrap());
    }
    assert_eq!(lines(&sandbox).len(), before + 9);
    let quoted = format!(
        "modelguard register '{}' --alias production",
        path.display()
    );
    assert_eq!(lines(&sandbox)[before + 1]["command"], quoted);
    assert_eq!(lines(&sandbox)[before]["at"], "2026-01-05T14:30:22Z");
}

#[test]
fn a_line_names_the_operations_that_the_command_committed() {
    let sandbox = Sandbox::empty();
    sandbox.ok("init --model churn --task classification");
    assert_eq!(last(&sandbox)["operations"], json!(["op_1"]));
    sandbox.ok("init --model prices --task regression");
    assert_eq!(last(&sandbox)["operations"], json!(["op_2"]));
    sandbox.write("model.bin", b"x");
    sandbox.ok("-m churn register model.bin --alias production");
    assert_eq!(last(&sandbox)["operations"], json!(["op_3", "op_4"]));
    for line in [
        "status",
        "-m churn undo --dry-run",
        "-m churn log",
        "-m churn check --no-record",
    ] {
        sandbox.run(line);
        assert_eq!(last(&sandbox)["operations"], json!([]), "{line}");
    }
    sandbox.ok("-m churn undo --yes");
    assert_eq!(last(&sandbox)["operations"], json!(["op_5"]));
    // The same again changes nothing.
    sandbox.ok("-m churn register model.bin");
    assert_eq!(last(&sandbox)["operations"], json!([]));
}

#[test]
fn a_day_has_a_file_and_the_newest_fourteen_are_kept() {
    let (sandbox, _) = Sandbox::with_versions(1);
    std::fs::write(folder(&sandbox).join("modelguard-old.jsonl"), "mine").unwrap();
    for day in 1..=20 {
        let now = format!("2026-03-{day:02}T23:59:59Z");
        sandbox
            .run_where("MODELGUARD_NOW", &now, "status")
            .expect(0);
    }
    let mut names: Vec<_> = std::fs::read_dir(folder(&sandbox))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut expected: Vec<_> = (7..=20)
        .map(|day| format!("modelguard-rehearsal-2026-03-{day:02}.jsonl"))
        .collect();
    expected.insert(0, "modelguard-old.jsonl".to_owned());
    assert_eq!(names, expected);
    // Another zone's evening is the next day.
    let now = "2026-03-20T23:00:00-02:00";
    sandbox.run_where("MODELGUARD_NOW", now, "status").expect(0);
    assert!(
        folder(&sandbox)
            .join("modelguard-rehearsal-2026-03-21.jsonl")
            .is_file()
    );
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder(&sandbox)), 0o700);
    assert_eq!(
        mode(&folder(&sandbox).join("modelguard-rehearsal-2026-03-21.jsonl")),
        0o600
    );
}

#[test]
fn a_clock_that_was_set_neither_removes_a_day_nor_counts_as_one() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let present = || {
        let entries = std::fs::read_dir(folder(&sandbox)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect::<BTreeSet<_>>()
    };
    // Fourteen days of the system's clock, all older than what is rehearsed.
    let days: Vec<_> = (1..=14)
        .map(|day| format!("modelguard-2025-12-{day:02}.jsonl"))
        .collect();
    for day in &days {
        std::fs::write(folder(&sandbox).join(day), "").unwrap();
    }
    for day in 1..=20 {
        let now = format!("2099-03-{day:02}");
        sandbox
            .run_where("MODELGUARD_NOW", &now, "status")
            .expect(0);
    }
    let rehearsed = |name: &&String| name.starts_with("modelguard-rehearsal-");
    let names = present();
    assert!(days.iter().all(|day| names.contains(day)), "{names:?}");
    assert_eq!(names.iter().filter(rehearsed).count(), 14);
    // The system's own day takes the place of its oldest, and of no rehearsal.
    let run = sandbox.run_with("status", |command| {
        command.env_remove("MODELGUARD_NOW");
    });
    run.expect(0);
    let after = present();
    assert!(!after.contains(&days[0]), "{after:?}");
    assert!(days[1..].iter().all(|day| after.contains(day)), "{after:?}");
    assert_eq!(after.iter().filter(rehearsed).count(), 14);
    assert_eq!(after.len(), 28);
}

#[test]
fn a_named_file_takes_the_lines_instead() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let before = lines(&sandbox).len();
    std::fs::create_dir(sandbox.file("sub")).unwrap();
    sandbox.ok("status --log-file own.jsonl");
    sandbox
        .run_where("MODELGUARD_LOG_FILE", "own.jsonl", "status")
        .expect(0);
    // The flag wins, `none` is no file, and a path is read from -C.
    sandbox.run_where("MODELGUARD_LOG_FILE", "none", "status --log-file own.jsonl");
    sandbox.run_where("MODELGUARD_LOG_FILE", "own.jsonl", "status --log-file none");
    sandbox
        .run_in("sub", "-C .. status --log-file own.jsonl")
        .expect(0);
    sandbox
        .run_in("sub", "-C .. statsu --log-file=own.jsonl")
        .expect(2);
    assert_eq!(lines_of(&sandbox.file("own.jsonl")).len(), 5);
    assert!(!sandbox.file("none").exists());
    assert!(!sandbox.file("sub/own.jsonl").exists());
    assert_eq!(lines(&sandbox).len(), before);
    // A day later it is the same file.
    let line = "status --log-file own.jsonl";
    sandbox
        .run_where("MODELGUARD_NOW", "2026-02-01", line)
        .expect(0);
    assert_eq!(lines_of(&sandbox.file("own.jsonl")).len(), 6);
    let mode = std::fs::metadata(sandbox.file("own.jsonl")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_log_that_cannot_be_written_is_one_warning_and_no_failure() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let table = sandbox.write("table.csv", b"id,truth\n1,a\n");
    for place in [
        "no/such/file",
        ".",
        "table.csv",
        "modelguard.db",
        "modelguard.toml",
        "/dev/full",
    ] {
        let before = sandbox.store_bytes();
        let run = sandbox.ok(&format!("status --log-file {place}"));
        assert_eq!(
            run.stderr.matches("warning: no log is written: ").count(),
            1,
            "{run:#?}"
        );
        assert_eq!(run.stderr.lines().count(), 1, "{run:#?}");
        let quiet = sandbox.ok(&format!("status -q --log-file {place}"));
        assert_eq!(quiet.stderr, "");
        let run = sandbox.ok(&format!("status --json --log-file {place}"));
        assert_eq!(run.stderr, "");
        let warnings = run.document()["warnings"].clone();
        if place != "/dev/full" {
            assert_eq!(warnings[0]["code"], "log_unwritable", "{place}");
        }
        assert!(before == sandbox.store_bytes(), "{place}");
        // A failure stays what it is.
        sandbox
            .run(&format!("show nobody --log-file {place}"))
            .expect(10)
            .tells("MG0203");
    }
    assert_eq!(std::fs::read(table).unwrap(), b"id,truth\n1,a\n");
    // The state folder is a file.
    std::fs::remove_dir_all(folder(&sandbox)).unwrap();
    std::fs::write(folder(&sandbox), "x").unwrap();
    sandbox.ok("status").tells("warning: no log is written: ");
    // Of a demo it is told once.
    let run = sandbox.ok("demo");
    assert_eq!(
        run.stderr.matches("no log is written").count(),
        1,
        "{run:#?}"
    );
}

#[test]
fn without_a_home_there_is_no_log_and_no_word_about_it() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let before = lines(&sandbox).len();
    let run = sandbox.run_with("status", |command| {
        command.env_remove("HOME").env_remove("XDG_STATE_HOME");
    });
    assert_eq!(run.expect(0).stderr, "");
    assert_eq!(lines(&sandbox).len(), before);
    // With a home only, the folder is below it.
    let run = sandbox.run_with("status", |command| {
        command.env_remove("XDG_STATE_HOME");
    });
    run.expect(0);
    let home = sandbox.state().with_file_name("home");
    let state = home.join(".local/state/modelguard/modelguard-rehearsal-2026-01-05.jsonl");
    assert_eq!(lines_of(&state).len(), 1);
}

#[test]
fn the_commands_of_the_demo_are_logged_once_each() {
    let sandbox = Sandbox::empty();
    let shown = sandbox.ok("demo").stdout;
    let run = shown
        .lines()
        .filter(|line| line.starts_with("$ MODELGUARD_NOW="))
        .count();
    let lines = lines(&sandbox);
    assert_eq!(lines.len(), run + 1);
    assert_eq!(lines[run]["command"], "modelguard demo");
    assert_eq!(lines[run]["operations"], json!([]));
    assert_eq!(lines[0]["at"], "2013-11-01T09:00:00Z");
    let all: Vec<_> = lines
        .iter()
        .flat_map(|line| line["operations"].as_array().unwrap().clone())
        .collect();
    let store = rusqlite::Connection::open(sandbox.file("modelguard-demo/modelguard.db")).unwrap();
    let count: i64 = store
        .query_row("SELECT count(*) FROM operation", [], |row| row.get(0))
        .unwrap();
    let expected: Vec<_> = (1..=count).map(|id| json!(format!("op_{id}"))).collect();
    assert_eq!(all, expected);
    let verdicts: Vec<_> = lines
        .iter()
        .filter(|line| line["command"] == "modelguard monitor")
        .map(|line| line["exit_code"].clone())
        .collect();
    assert_eq!(verdicts, [0, 5, 4, 0]);
}

#[test]
fn lines_of_processes_at_once_do_not_mix() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let before = lines(&sandbox).len();
    for _ in 0..5 {
        let children: Vec<_> = (0..8)
            .map(|number| {
                let note = "x".repeat(number * 3_000);
                let mut command = sandbox.command(&["log", "--kind", note.as_str()]);
                command.spawn().unwrap()
            })
            .collect();
        for child in children {
            child.wait_with_output().unwrap();
        }
    }
    assert_eq!(lines(&sandbox).len(), before + 40);
}

#[test]
fn verbose_tells_how_it_ended_and_twice_what_was_noted() {
    let sandbox = Sandbox::empty();
    let run = sandbox.ok("init --model churn --task classification -vv --json");
    assert_eq!(run.document()["data"]["model"], "churn");
    for said in [
        "note: ",
        "note: committed op_1\n",
        "ended with 0 (ok) after ",
        " ms, recorded op_1\n",
    ] {
        assert!(run.stderr.contains(said), "no {said} in {run:#?}");
    }
    let notes = lines(&sandbox);
    let notes: Vec<_> = notes
        .iter()
        .filter(|line| line["event"] == "note")
        .collect();
    assert!(
        notes.iter().any(|line| line["text"] == "committed op_1"),
        "{notes:?}"
    );
    assert!(notes.iter().all(|line| line["level"] == "debug"));

    let run = sandbox.run("check -v").expect(4);
    assert!(
        run.stderr.contains("ended with 4 (insufficient) after "),
        "{run:#?}"
    );
    assert!(!run.stderr.contains("note: "), "{run:#?}");
    let with = |level: &str, line: &str| sandbox.run_where("MODELGUARD_LOG", level, line);
    assert!(with("info", "status").stderr.contains("ended with 0"));
    assert_eq!(with("warn", "status").stderr, "");
    assert_eq!(with("info", "status -q").stderr, "");
    assert!(with("warn", "status -v").stderr.contains("ended with 0"));
    assert!(
        with("loud", "status -v")
            .expect(0)
            .stderr
            .contains("ended with 0")
    );
    let run = with("loud", "status").expect(2);
    assert!(
        run.stderr.contains("MODELGUARD_LOG") && run.stderr.contains("MG0109"),
        "{run:#?}"
    );
    let run = with("debug", "alerts ack a_1").expect(10);
    assert!(run.stderr.contains("ended with 10 (not found)"), "{run:#?}");
}

#[test]
fn every_key_of_a_line_is_described() {
    let sandbox = Sandbox::empty();
    sandbox.ok("init --model churn --task classification -vv");
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/json.md")).unwrap();
    let section = text
        .split("\n## ")
        .find(|part| part.starts_with("The log"))
        .unwrap();
    let described: BTreeSet<_> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let written: Vec<_> = lines(&sandbox);
    let mut found: BTreeSet<_> = written
        .iter()
        .flat_map(|line| line.as_object().unwrap().keys())
        .map(String::as_str)
        .collect();
    // Only a panic and a note have these.
    found.extend(["text", "source"]);
    assert_eq!(found, described);
}

#[test]
fn a_reader_that_went_away_still_leaves_a_line() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = sandbox.command(&["history"]);
    command.stdout(writer);
    finish(&["history"], command, &[]).expect(0);
    assert_eq!(last(&sandbox)["command"], "modelguard history");
}
