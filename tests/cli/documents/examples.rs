//! Every example of help and documents runs in a copy of the demo's finished store.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};

use super::commands::{assert_none, documented, leaves};
use super::json::Keys;
use super::reading::{statuses, typed};
use crate::support::{Run, finish};

/// An hour after the demo's last command.
const NOW: &str = "2013-11-17T10:00:00Z";

/// The demo, played to its end.
pub struct Played {
    folder: tempfile::TempDir,
    /// What it printed, both streams in their order.
    pub printed: String,
}

/// Plays the demo once a test run.
pub fn played() -> &'static Played {
    static PLAYED: OnceLock<Played> = OnceLock::new();
    PLAYED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let run = shell("modelguard demo 2>&1", folder.path());
        assert_eq!(run.status, 0, "{run:#?}");
        Played {
            folder,
            printed: run.stdout,
        }
    })
}

/// A copy of the demo's folder that goes away with it.
pub fn copied() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    let from = played().folder.path().join("modelguard-demo");
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

/// Runs a line as a person types it.
pub fn shell(line: &str, folder: &Path) -> Run {
    let binary = Path::new(env!("CARGO_BIN_EXE_modelguard"));
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", line])
        .current_dir(folder)
        .env_clear()
        .env("PATH", search_path(binary.parent().unwrap()))
        .env("HOME", folder.join("home"))
        .env("XDG_STATE_HOME", folder.join("state"))
        .env("USER", "ana")
        .env("MODELGUARD_ACTOR", "ana")
        .env("MODELGUARD_NOW", NOW)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    finish(&[line], command, &[])
}

/// The binary's folder, and those of `cat` and its kind.
fn search_path(first: &Path) -> std::ffi::OsString {
    let others = ["/usr/bin", "/bin"].map(PathBuf::from);
    std::env::join_paths(std::iter::once(first.to_path_buf()).chain(others)).unwrap()
}

/// Where the words of the last `modelguard` begin and end in a line: up to a pipe, a redirection or a comment.
fn words(line: &str) -> Option<(usize, usize)> {
    let begin = line.rfind("modelguard ")?;
    let mut quote = None;
    for (at, character) in line.char_indices().skip_while(|(at, _)| *at < begin) {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, '|' | '>' | ';' | '#' | '&') => return Some((begin, at)),
            _ => {}
        }
    }
    Some((begin, line.len()))
}

/// The line with `--json` among the words of `modelguard`, and without what follows them.
fn as_json(line: &str) -> String {
    let (_, end) = words(line).unwrap();
    format!("{} --json", line[..end].trim_end())
}

/// The command that a line runs: the first one of the tree among its words, the longest where two begin there.
fn command_of(line: &str, paths: &[String]) -> Option<String> {
    let (begin, end) = words(line)?;
    let typed: Vec<_> = line[begin..end].split_whitespace().skip(1).collect();
    let place = |path: &str| {
        let path: Vec<_> = path.split(' ').collect();
        typed.windows(path.len()).position(|part| part == path)
    };
    paths
        .iter()
        .filter_map(|path| Some((place(path)?, path)))
        .min_by_key(|(place, path)| (*place, usize::MAX - path.len()))
        .map(|(_, path)| path.clone())
}

/// The keys of a section's `JSON:` line.
fn listed_keys(section: &str) -> BTreeSet<String> {
    let line = section.lines().find(|line| line.starts_with("JSON: "));
    let parts = line.unwrap_or_default().split('`');
    parts.skip(1).step_by(2).map(str::to_owned).collect()
}

/// What is wrong with an example.
fn problems(
    line: &str,
    paths: &[String],
    documented: &BTreeMap<String, String>,
    keys: &Keys,
) -> Vec<String> {
    let Some(path) = command_of(line, paths) else {
        return vec![format!("{line}: no command of the tree")];
    };
    let Some(section) = documented.get(&path) else {
        return vec![format!("{line}: {path} has no section in docs/cli.md")];
    };
    if path == "menu" {
        // It needs a terminal, and its own test gives it one.
        return Vec::new();
    }
    let allowed = statuses(section);
    let mut problems = Vec::new();
    let folder = copied();
    let run = shell(line, folder.path());
    if !allowed.contains(&run.status) {
        problems.push(format!(
            "{line}: status {} is not in docs/cli.md\n{}",
            run.status, run.stderr
        ));
    }
    // Nothing to redo is an answer; a bad command line or a broken store is none.
    if [1, 2].contains(&run.status) || run.status > 10 {
        problems.push(format!(
            "{line}: an example that fails with {}\n{}",
            run.status, run.stderr
        ));
    }
    if line.contains(" --json") || line.contains(" --as ") || line.contains(" -o - ") {
        // JSON already, or rows or bytes that leave no place for a document.
        return problems;
    }
    let folder = copied();
    let json = shell(&as_json(line), folder.path());
    if json.status != run.status {
        problems.push(format!(
            "{line}: {} and with --json {}\n{}",
            run.status, json.status, json.stderr
        ));
        return problems;
    }
    let last = json.stdout.lines().last().unwrap_or_default();
    if run.status == 10 {
        let problem: Option<serde_json::Value> = serde_json::from_str(&json.stderr).ok();
        if problem.is_none_or(|problem| problem["exit_code"] != 10) || !last.is_empty() {
            problems.push(format!("{line} --json: no problem in JSON: {json:#?}"));
        }
        return problems;
    }
    let document: serde_json::Value = match serde_json::from_str(last) {
        Ok(document) => document,
        Err(error) => {
            problems.push(format!(
                "{line} --json: {error}: {}{}",
                json.stdout, json.stderr
            ));
            return problems;
        }
    };
    let schema = document["schema"].as_str().unwrap_or_default();
    let name = path.replace(' ', "_");
    if schema != format!("modelguard.{name}/1") {
        problems.push(format!(
            "{line} --json: schema {schema:?} is not modelguard.{name}/1"
        ));
    }
    if document["exit_code"] != json.status {
        problems.push(format!(
            "{line} --json: exit_code {}",
            document["exit_code"]
        ));
    }
    let listed = listed_keys(section);
    let there: BTreeSet<_> = keys.top(&path);
    if listed != there {
        problems.push(format!(
            "docs/cli.md: the JSON: line of {path} should have {there:?}"
        ));
    }
    problems.extend(
        keys.problems(&path, &document["data"])
            .into_iter()
            .map(|problem| format!("{line} --json: {problem}")),
    );
    problems
}

#[test]
fn every_example_runs_and_its_document_is_described() {
    let documented = documented();
    let keys = Keys::read();
    let leaves = leaves();
    let paths: Vec<_> = leaves.iter().map(|leaf| leaf.path.clone()).collect();
    let mut lines: Vec<String> = leaves.iter().flat_map(|leaf| leaf.examples()).collect();
    lines.extend(documented.values().flat_map(|section| typed(section)));
    lines.sort();
    lines.dedup();
    played();
    let queue = Mutex::new(lines);
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let Some(line) = queue.lock().unwrap().pop() else {
                        return;
                    };
                    let problems = problems(&line, &paths, &documented, &keys);
                    found.lock().unwrap().extend(problems);
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    found.sort();
    assert_none(&found);
}

#[test]
fn the_command_of_a_line_is_found() {
    let paths = ["ingest predictions", "ingest list", "help", "ingest"].map(str::to_owned);
    for (line, expected) in [
        ("modelguard ingest list --limit 3", Some("ingest list")),
        (
            "cat a.csv | modelguard -C x ingest predictions - > out",
            Some("ingest predictions"),
        ),
        ("modelguard help ingest", Some("help")),
        ("modelguard --version", None),
    ] {
        assert_eq!(command_of(line, &paths).as_deref(), expected, "{line}");
    }
    assert_eq!(
        as_json("X=1 modelguard log 'a|b' | head"),
        "X=1 modelguard log 'a|b' --json"
    );
    assert_eq!(
        as_json("modelguard fetch x -o - > y"),
        "modelguard fetch x -o - --json"
    );
}
