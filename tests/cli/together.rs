//! Many processes at once: nothing is lost, nothing is doubled, and everybody ends well.

use std::process::Child;

use serde_json::Value;

use crate::support::{Run, Sandbox, assert_whole, finish};

/// Starts a command eight times at once and waits for all.
fn eight(sandbox: &Sandbox, words: impl Fn(usize) -> Vec<String>) -> Vec<Run> {
    let commands: Vec<_> = (0..8)
        .map(|number| {
            let words = words(number);
            let mut command = sandbox.command(&words);
            command.env("MODELGUARD_LOCK_TIMEOUT", "60s");
            (words, command)
        })
        .collect();
    let threads: Vec<_> = commands
        .into_iter()
        .map(|(words, command)| {
            std::thread::spawn(move || {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                finish(&words, command, &[])
            })
        })
        .collect();
    threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect()
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

fn created(runs: &[Run]) -> usize {
    runs.iter()
        .filter(|run| run.document()["data"]["created"] == true)
        .count()
}

#[test]
fn eight_that_make_a_project_make_one() {
    let sandbox = Sandbox::empty();
    let runs = eight(&sandbox, |_| {
        words("init --model churn --task classification --json")
    });
    for run in &runs {
        assert_eq!(run.status, 0, "{run:#?}");
    }
    assert_eq!(created(&runs), 1, "{runs:#?}");
    assert_eq!(sandbox.number("SELECT count(*) FROM model"), 1);
    assert_eq!(sandbox.number("SELECT count(*) FROM operation"), 1);
    let left: Vec<_> = std::fs::read_dir(sandbox.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn two_hundred_files_of_eight_processes_are_two_hundred_versions() {
    let sandbox = Sandbox::new();
    for number in 0..200 {
        sandbox.write(
            &format!("m{number}.bin"),
            format!("model {number}").as_bytes(),
        );
    }
    // Each process is a shell that registers 25 files, one after the other.
    let binary = env!("CARGO_BIN_EXE_modelguard");
    let children: Vec<Child> = (0..8)
        .map(|process| {
            let script: String = (process * 25..process * 25 + 25)
                .map(|number| format!("'{binary}' register m{number}.bin -q || exit $?\n"))
                .collect();
            std::process::Command::new("/bin/sh")
                .args(["-c", &script])
                .current_dir(sandbox.path())
                .env_clear()
                .env("HOME", sandbox.path())
                .env("MODELGUARD_NOW", "2026-01-06T00:00:00Z")
                .env("MODELGUARD_LOCK_TIMEOUT", "120s")
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(sandbox.number("SELECT count(*) FROM version"), 200);
    for what in ["name", "number", "artifact_id"] {
        let query = format!("SELECT count(DISTINCT {what}) FROM version");
        assert_eq!(sandbox.number(&query), 200, "{what}");
    }
    let registered = "SELECT count(*) FROM operation WHERE kind = 'register'";
    assert_eq!(sandbox.number(registered), 200);
    assert_whole(&sandbox.store(), "200 registrations");
    sandbox.ok("store verify");
}

#[test]
fn the_same_bytes_of_eight_processes_are_one_version() {
    let sandbox = Sandbox::new();
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|byte| (byte % 251) as u8).collect();
    sandbox.write("model.bin", &bytes);
    let runs = eight(&sandbox, |_| words("register model.bin --json"));
    for run in &runs {
        assert_eq!(run.status, 0, "{run:#?}");
    }
    assert_eq!(created(&runs), 1, "{runs:#?}");
    for table in ["version", "artifact"] {
        let query = format!("SELECT count(*) FROM {table}");
        assert_eq!(sandbox.number(&query), 1, "{table}");
    }
    assert_whole(&sandbox.store(), "the same bytes eight times");
}

#[test]
fn two_rollbacks_from_the_same_version_go_back_once() {
    let (sandbox, versions) = Sandbox::with_versions(3);
    for version in &versions {
        sandbox.ok(&format!("promote {version} --yes"));
    }
    let from = versions[2].clone();
    let runs = eight(&sandbox, |_| {
        words(&format!("rollback --from {from} --yes --json"))
    });
    let changed = |run: &Run| run.document()["data"]["changed"] == Value::Bool(true);
    for run in &runs {
        assert!(run.status == 0 || run.stderr.contains("MG0606"), "{run:#?}");
    }
    let ended_well = runs.iter().filter(|run| run.status == 0);
    assert_eq!(
        ended_well.filter(|run| changed(run)).count(),
        1,
        "{runs:#?}"
    );
    assert_eq!(sandbox.holder("production"), Some(versions[1].clone()));
}

#[test]
fn an_old_store_is_migrated_by_one_of_eight_writers() {
    let sandbox = Sandbox::new();
    crate::sick_stores::make_old(&sandbox);
    let runs = eight(&sandbox, |number| {
        words(&format!("init --model m{number} --task regression --json"))
    });
    for run in &runs {
        assert_eq!(run.status, 0, "{run:#?}");
    }
    assert_eq!(created(&runs), 8);
    let upgrades = "SELECT count(*) FROM operation WHERE kind = 'upgrade'";
    assert_eq!(sandbox.number(upgrades), 1);
    assert_eq!(sandbox.number("SELECT count(*) FROM model"), 9);
    assert!(sandbox.file("modelguard.db.v1.bak").is_file());
    assert!(!sandbox.file("modelguard.db.upgrade.lock").exists());
    assert_whole(&sandbox.store(), "the migration");
}
