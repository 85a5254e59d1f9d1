//! The pages of the guide are sessions: each is typed from top to bottom in a fresh folder, and prints what it shows.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::documents::reading::{document, path};
use crate::support::{Run, assert_whole, finish};

/// What stands between the commands in the output of a session.
const MARK: &str = "~~ next command ~~";

/// A command of a page.
struct Step {
    command: String,
    /// The first line of what it prints, and the line after the last one, counted from 0.
    from: usize,
    to: usize,
}

/// What a command printed, both streams in their order.
struct Printed {
    lines: Vec<String>,
    status: i32,
}

/// The commands of the `console` blocks: `$ ` begins one, `> ` goes on with it.
fn steps(page: &[String]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut in_block = false;
    for (number, line) in page.iter().enumerate() {
        if line.starts_with("```") {
            in_block = line == "```console";
        } else if !in_block {
            continue;
        } else if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step {
                command: command.to_owned(),
                from: number + 1,
                to: number + 1,
            });
        } else {
            let step = steps.last_mut().expect("a block begins with a command");
            match line.strip_prefix("> ").filter(|_| step.from == number) {
                Some(more) => {
                    step.command.push('\n');
                    step.command.push_str(more);
                    step.from = number + 1;
                }
                None => assert!(step.to == number, "a block begins with a command: {line}"),
            }
            step.to = number + 1;
        }
    }
    steps
}

/// Types the commands into one shell, in a folder that holds the demo's files.
fn typed(steps: &[Step], folder: &Path) -> Vec<Printed> {
    let project = folder.join("flights");
    std::fs::create_dir_all(project.join(".git")).unwrap();
    for entry in std::fs::read_dir(path("fixtures/demo")).unwrap() {
        let file = entry.unwrap().path();
        if file
            .extension()
            .is_some_and(|end| end == "csv" || end == "json")
        {
            std::fs::copy(&file, project.join(file.file_name().unwrap())).unwrap();
        }
    }
    let mut script = "exec 2>&1\n".to_owned();
    for step in steps {
        script.push_str(&format!(
            "{}\nprintf '\\n%s %s\\n' '{MARK}' \"$?\"\n",
            step.command
        ));
    }
    let run = shell(&script, folder, &project);
    let mut lines = run.stdout.lines();
    let mut all = Vec::new();
    for step in steps {
        let mut printed: Vec<String> = Vec::new();
        let status = loop {
            let line = lines.next().unwrap_or_else(|| {
                panic!("the shell ended at {:?}: {printed:#?}", step.command);
            });
            match line.strip_prefix(MARK) {
                Some(status) => break status.trim().parse().unwrap(),
                None => printed.push(line.to_owned()),
            }
        };
        // The mark's own line break.
        assert_eq!(printed.pop().as_deref(), Some(""), "{}", step.command);
        all.push(Printed {
            lines: printed,
            status,
        });
    }
    assert_whole(&project.join("modelguard.db"), "a page of the guide");
    all
}

fn shell(script: &str, folder: &Path, project: &Path) -> Run {
    let binary = Path::new(env!("CARGO_BIN_EXE_modelguard"));
    let search_path = format!("{}:/usr/bin:/bin", binary.parent().unwrap().display());
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", script])
        .current_dir(project)
        .env_clear()
        .env("PATH", search_path)
        .env("HOME", folder.join("home"))
        .env("LC_ALL", "C")
        .env("MODELGUARD_ACTOR", "you")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    finish(&["sh"], command, &[])
}

/// Whether a line is as shown; `[..]` is any text.
fn is_line(shown: &str, line: &str) -> bool {
    let mut parts = shown.split("[..]");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Whether the lines are as shown; a line `...` is any number of them.
fn is_output(shown: &[String], lines: &[String]) -> bool {
    match shown.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first == "..." => {
            (0..=lines.len()).any(|skipped| is_output(rest, &lines[skipped..]))
        }
        Some((first, rest)) => lines
            .split_first()
            .is_some_and(|(line, others)| is_line(first, line) && is_output(rest, others)),
    }
}

/// The line without what is different on each machine: its name, folders and hashes.
fn elided(line: &str, folder: &Path, host: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_modelguard"))
        .parent()
        .unwrap();
    let mut line = line.to_owned();
    for here in [folder, binary] {
        line = line.replace(&here.display().to_string(), "[..]");
    }
    // The machine's name makes a column wide.
    if let Some((actor, rest)) = line.split_once(&format!("@{host}")) {
        let gap = if rest.trim().is_empty() { "" } else { "  " };
        line = format!("{actor}@[..]{gap}{}", rest.trim_start());
    } else if let Some(head) = line.strip_suffix("reason")
        && line.starts_with("operation ")
    {
        line = format!("{}[..]reason", head.trim_end());
    }
    let words: Vec<_> = line
        .split(' ')
        .map(|word| {
            let is_hash = word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
            if is_hash { "[..]" } else { word }
        })
        .collect();
    words.join(" ")
}

/// What this machine calls itself.
fn host() -> String {
    let output = Command::new("uname").arg("-n").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Plays a page; with `UPDATE_DOCUMENTS` it is written as it went.
fn plays(name: &str) {
    let file = format!("docs/guide/{name}.md");
    let page: Vec<String> = document(&file).lines().map(str::to_owned).collect();
    let steps = steps(&page);
    assert!(steps.len() >= 5, "{file} has hardly a command");
    let folder = tempfile::tempdir().unwrap();
    let printed = typed(&steps, folder.path());
    let mut written = page.clone();
    let mut problems = Vec::new();
    let host = host();
    for (step, printed) in steps.iter().zip(&printed).rev() {
        let place = format!("{file}:{}: $ {}", step.from, step.command);
        if printed.status != 0 {
            // A reader is told by `; echo $?`.
            problems.push(format!("{place}\nends with {} unsaid", printed.status));
        }
        let shown = &page[step.from..step.to];
        if !is_output(shown, &printed.lines) {
            problems.push(format!(
                "{place}\nshows\n{}\nand printed\n{}",
                shown.join("\n"),
                printed.lines.join("\n")
            ));
            let lines = printed.lines.iter();
            let elided = lines.map(|line| elided(line, folder.path(), &host));
            written.splice(step.from..step.to, elided.collect::<Vec<_>>());
        }
    }
    problems.reverse();
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        std::fs::write(path(&file), written.join("\n") + "\n").unwrap();
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

const PAGES: [&str; 7] = [
    "hourly-monitoring",
    "after-training",
    "incident",
    "versions",
    "seasons",
    "alerts",
    "audit",
];

#[test]
fn an_hourly_job_takes_files_in_goes_back_and_speaks_on_a_change_only() {
    plays("hourly-monitoring");
}

#[test]
fn a_trained_model_runs_in_the_shadow_and_is_compared_before_it_goes_live() {
    plays("after-training");
}

#[test]
fn an_incident_is_looked_at_rolled_back_and_taken_back() {
    plays("incident");
}

#[test]
fn versions_are_listed_named_retired_and_fetched() {
    plays("versions");
}

#[test]
fn a_season_changes_over_once_on_its_day() {
    plays("seasons");
}

#[test]
fn alerts_reach_a_file_and_a_program_that_was_broken_at_first() {
    plays("alerts");
}

#[test]
fn an_audit_finds_who_did_what_and_a_store_that_was_put_back() {
    plays("audit");
}

#[test]
fn every_page_is_played_linked_and_short() {
    let mut there: Vec<String> = std::fs::read_dir(path("docs/guide"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
        .filter(|name| name != "README")
        .collect();
    there.sort();
    let mut played = PAGES.map(str::to_owned);
    played.sort();
    assert_eq!(there, played);
    let index = document("docs/guide/README.md");
    for name in PAGES {
        assert!(index.contains(&format!("({name}.md)")), "{name}");
        let lines = document(&format!("docs/guide/{name}.md")).lines().count();
        assert!(lines <= 130, "{name} has {lines} lines");
    }
    assert!(document("README.md").contains("(docs/guide/README.md)"));
}

#[test]
fn a_page_that_shows_something_else_is_found() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    for (shown, printed, expected) in [
        ("a\nb", "a\nb", true),
        ("a", "a\nb", false),
        ("a\nb", "a", false),
        ("a\n...\nd", "a\nb\nc\nd", true),
        ("a\n...\nd", "a\nb\nc", false),
        ("...", "", true),
        ("head [..]", "head 12ab", true),
        ("x [..]y [..]", "x 1y 2", true),
        ("x [..]y [..]", "x 1 2", false),
        ("[..] end", "the end of", false),
    ] {
        let found = is_output(&lines(shown), &lines(printed));
        assert_eq!(found, expected, "{shown:?} {printed:?}");
    }
    let hash = "0f".repeat(32);
    for (line, expected) in [
        (format!("head {hash}"), "head [..]"),
        ("op_1  me@box        why".to_owned(), "op_1  me@[..]  why"),
        ("op_1  me@box  ".to_owned(), "op_1  me@[..]"),
        (
            "operation  by     reason".to_owned(),
            "operation  by[..]reason",
        ),
        ("in /x/flights/a.db".to_owned(), "in [..]/flights/a.db"),
    ] {
        assert_eq!(elided(&line, Path::new("/x"), "box"), expected);
    }
    let page = lines("text\n```sh\n$ no\n```\n```console\n$ cat <<E\n> x\n> E\nx\n> y\n$ b\n```");
    let steps = steps(&page);
    let commands: Vec<_> = steps.iter().map(|step| step.command.as_str()).collect();
    assert_eq!(commands, ["cat <<E\nx\nE", "b"]);
    assert_eq!(page[steps[0].from..steps[0].to], ["x", "> y"]);
    assert_eq!(page[steps[1].from..steps[1].to], [""; 0]);
}
