//! `demo`: the story goes as told, and its printed commands do the same by hand in another folder.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Run, Sandbox, assert_whole, finish};

const OLDER: &str = "20131101_090000";
const NEWER: &str = "20131104_090000";

/// A printed command and the exit status that the demo saw.
struct Printed {
    line: String,
    status: i32,
}

fn printed(stdout: &str) -> Vec<Printed> {
    let mut commands: Vec<Printed> = Vec::new();
    for line in stdout.lines() {
        if let Some(command) = line.strip_prefix("$ MODELGUARD_NOW=") {
            commands.push(Printed {
                line: format!("MODELGUARD_NOW={command}"),
                status: 0,
            });
        } else if let Some(status) = line.strip_prefix("(exit status ") {
            let number = status.split(':').next().unwrap().parse().unwrap();
            commands.last_mut().unwrap().status = number;
        }
    }
    commands
}

/// Runs a printed line in a folder as a shell does.
fn by_hand(line: &str, folder: &Path) -> Run {
    let binary = Path::new(env!("CARGO_BIN_EXE_modelguard"));
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", line])
        .current_dir(folder)
        .env_clear()
        .env("PATH", binary.parent().unwrap())
        .env("HOME", folder)
        .env("USER", "tester")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    finish(&[line], command, &[])
}

/// What each check in a store said, in order.
fn verdicts(store: &Path) -> Vec<(String, i64)> {
    let connection = rusqlite::Connection::open(store).unwrap();
    let mut statement = connection
        .prepare("SELECT verdict, version_id FROM evaluation ORDER BY id")
        .unwrap();
    statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn live(folder: &Path) -> Value {
    let run = by_hand("MODELGUARD_NOW=2013-11-18 modelguard status --json", folder).expect(0);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    document["data"]["models"][0]["production"]["version"].clone()
}

#[test]
fn the_printed_commands_do_the_same_by_hand() {
    let sandbox = Sandbox::empty();
    let shown = sandbox.run("demo").expect(0).stdout;
    let first = sandbox.file("modelguard-demo");
    let commands = printed(&shown);
    assert!(commands.len() > 15, "{shown}");
    assert!(shown.contains("ONE fault is injected"), "{shown}");

    let second = sandbox.file("by-hand");
    std::fs::create_dir(&second).unwrap();
    for entry in std::fs::read_dir(&first).unwrap() {
        let path = entry.unwrap().path();
        let is_input = path
            .extension()
            .is_some_and(|ending| ending == "csv" || ending == "json" || ending == "toml");
        if is_input {
            std::fs::copy(&path, second.join(path.file_name().unwrap())).unwrap();
        }
    }
    for command in &commands {
        let run = by_hand(&command.line, &second);
        assert_eq!(run.status, command.status, "{run:#?}");
        // Only the folder's own name is another one.
        let said = run.stdout.replace("by-hand", "modelguard-demo");
        for line in said.lines() {
            assert!(shown.contains(line), "by hand {line:?} is new: {run:#?}");
        }
    }
    let (first, second) = (first.join("modelguard.db"), second.join("modelguard.db"));
    assert_eq!(verdicts(&first), verdicts(&second));
    assert_eq!(
        verdicts(&first)
            .iter()
            .map(|(verdict, _)| verdict.as_str())
            .collect::<Vec<_>>(),
        ["healthy", "degraded", "insufficient_data", "healthy"]
    );
    for store in [&first, &second] {
        assert_whole(store, "the demo");
        assert_eq!(live(store.parent().unwrap()), OLDER);
    }
}

#[test]
fn going_back_truly_helps_on_the_faulty_flights() {
    let sandbox = Sandbox::empty();
    sandbox.run("demo story").expect(0);
    let folder = sandbox.file("story");
    let run = by_hand(
        &format!("MODELGUARD_NOW=2013-11-18 modelguard compare {NEWER} {OLDER} --json"),
        &folder,
    )
    .expect(0);
    let data = serde_json::from_str::<Value>(&run.stdout).unwrap()["data"].clone();
    assert_eq!(data["on"]["kind"], "shared_ids");
    let accuracy = data["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .find(|metric| metric["name"] == "accuracy")
        .unwrap();
    assert_eq!(accuracy["outcome"], "b_better", "{data:#}");
    assert!(accuracy["diff_high"].as_f64().unwrap() < -0.08, "{data:#}");
}

#[test]
fn its_json_says_what_is_live_at_the_end() {
    let sandbox = Sandbox::empty();
    let run = sandbox.run("demo --json").expect(0);
    assert_eq!(run.stdout.lines().count(), 1, "{run:#?}");
    assert_eq!(run.document()["data"]["live_version"], OLDER);
}

#[test]
fn a_taken_folder_is_left_alone() {
    let sandbox = Sandbox::empty();
    sandbox.write("modelguard-demo/mine.txt", b"mine");
    sandbox.run("demo").expect(0).says("$ cd modelguard-demo-2");
    let kept: Vec<_> = std::fs::read_dir(sandbox.file("modelguard-demo"))
        .unwrap()
        .collect();
    assert_eq!(kept.len(), 1);
}
