//! `help`, `completions` and `man`: what the tool says of itself, without a store and without a network.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Sandbox, keys};

const TOPICS: [&str; 7] = [
    "refs",
    "exit-codes",
    "environment",
    "json",
    "policy",
    "time",
    "statistics",
];

/// Every command, as words, from the tree itself.
fn commands() -> Vec<String> {
    fn below(command: &clap::Command, words: &str, found: &mut Vec<String>) {
        for subcommand in command.get_subcommands() {
            let words = format!("{words} {}", subcommand.get_name());
            found.push(words.trim().to_owned());
            below(subcommand, &words, found);
        }
    }
    let mut found = Vec::new();
    below(&modelguard::commands::tree(), "", &mut found);
    found
}

#[test]
fn every_topic_has_a_page_and_is_listed() {
    let sandbox = Sandbox::empty();
    let overview = sandbox.ok("help").stdout;
    for topic in TOPICS {
        let page = sandbox.ok(&format!("help {topic}")).stdout;
        assert!(page.lines().count() > 3, "{page}");
        let listed = overview
            .lines()
            .any(|line| line.trim_start().starts_with(topic));
        assert!(listed, "{topic} is not in {overview}");
        let data = sandbox.json(&format!("help {topic}"));
        assert_eq!(keys(&data), ["text"]);
        assert_eq!(data["text"], page);
    }
}

#[test]
fn every_command_is_explained_with_examples_and_its_effect() {
    let sandbox = Sandbox::empty();
    let commands = commands();
    assert!(commands.len() > 30, "{commands:?}");
    let mut lacking = Vec::new();
    for command in commands {
        let page = sandbox.ok(&format!("help {command}")).stdout;
        for part in ["Examples:\n  modelguard ", "Exit status: ", "Effect: "] {
            if !page.contains(part) {
                lacking.push(format!("no {part:?} in the help of {command}"));
            }
        }
        assert!(
            page.contains(&format!("Usage: modelguard {command}")),
            "{page}"
        );
        let long = sandbox.ok(&format!("{command} --help")).stdout;
        assert_eq!(long.lines().next(), page.lines().next(), "{command}");
        let short = sandbox.ok(&format!("{command} -h")).stdout;
        assert!(short.lines().count() <= long.lines().count(), "{command}");
    }
    assert_eq!(lacking, Vec::<String>::new());
}

#[test]
fn every_code_that_a_problem_names_can_be_looked_up() {
    let sandbox = Sandbox::empty();
    let run = sandbox.run("status").expect(10);
    let code = run.stderr.split("`modelguard help ").nth(1).unwrap();
    let code = code.split('`').next().unwrap();
    let page = sandbox.ok(&format!("help {code}")).stdout;
    assert!(page.starts_with("MG0201: no store\n"), "{page}");
    assert!(page.contains("exit status 10"), "{page}");
    for part in ["\nMeaning\n", "\nCause\n", "\nRemedy\n", "\nExample\n"] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    assert_eq!(page, sandbox.ok("help mg0201").stdout);
}

#[test]
fn what_is_unknown_is_not_found_and_the_nearest_suggested() {
    let sandbox = Sandbox::empty();
    for (word, near) in [
        ("promot", "promote"),
        ("exit-code", "exit-codes"),
        ("MG020l", "MG0201"),
    ] {
        sandbox
            .fails(&format!("help {word}"), 10, "MG0212")
            .tells(&format!("`modelguard help {near}`"));
    }
    sandbox.fails("help MG9999", 10, "MG0212");
    sandbox.fails("help alias st", 10, "MG0212");
    sandbox
        .fails("help somethingelse", 10, "MG0212")
        .tells("`modelguard help` lists them");
}

#[test]
fn the_short_help_is_an_answer_and_fits_a_small_terminal() {
    let sandbox = Sandbox::empty();
    let short = sandbox.ok("-h").stdout;
    assert!(short.lines().count() <= 25, "{short}");
    for verb in ["status", "check", "monitor", "rollback", "demo"] {
        assert!(short.contains(verb), "no {verb} in {short}");
    }
    let long = sandbox.ok("--help").stdout;
    for command in commands().iter().filter(|command| !command.contains(' ')) {
        let listed = long
            .lines()
            .any(|line| line.trim_start().split(' ').next() == Some(command));
        assert!(listed, "no {command} in {long}");
    }
    let version = sandbox.ok("--version").stdout;
    assert_eq!(
        version,
        format!("modelguard {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(sandbox.ok("-V").stdout, version);
}

#[test]
fn help_needs_no_policy_that_can_be_read() {
    let sandbox = Sandbox::empty();
    sandbox.write("modelguard.toml", b"[[[");
    for line in [
        "help",
        "help MG0302",
        "completions bash",
        "man",
        "--help",
        "promote -h",
    ] {
        sandbox.ok(line);
    }
    assert!(!sandbox.store().exists());
}

/// Whether a shell is there to ask.
fn is_there(shell: &str) -> bool {
    let asked = Command::new(shell)
        .args(["-c", "true"])
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}

#[test]
fn completions_parse_in_their_shells() {
    let sandbox = Sandbox::empty();
    for shell in ["bash", "zsh", "fish"] {
        let script = sandbox.ok(&format!("completions {shell}")).stdout;
        for word in ["modelguard", "rollback", "lock-timeout", "last-good"] {
            assert!(script.contains(word), "no {word} for {shell}");
        }
        let data = sandbox.json(&format!("completions {shell}"));
        assert_eq!(data["text"], script);
        if is_there(shell) {
            let path = sandbox.write("completions", script.as_bytes());
            let parsed = Command::new(shell).arg("-n").arg(path).output().unwrap();
            assert!(parsed.status.success(), "{shell}: {parsed:?}");
        }
    }
    sandbox.fails("completions tcsh", 2, "MG0101");
    sandbox.fails("completions", 2, "MG0101");
}

#[test]
fn bash_completes_a_command_and_an_option() {
    let sandbox = Sandbox::empty();
    if !is_there("bash") {
        return;
    }
    let script = sandbox.ok("completions bash").stdout;
    let path = sandbox.write("completions.bash", script.as_bytes());
    let complete = |typed: &str| {
        let words: Vec<_> = typed.split(' ').collect();
        let last = words.len() - 1;
        let asked = format!(
            "source {}; COMP_WORDS=({typed}); COMP_CWORD={last}; \
             _modelguard modelguard '{}' '{}'; echo \"${{COMPREPLY[@]}}\"",
            path.display(),
            words[last],
            words[last - 1],
        );
        let output = Command::new("bash").args(["-c", &asked]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(complete("modelguard promo"), "promote");
    assert_eq!(complete("modelguard rollback --last"), "--last-good");
    assert_eq!(complete("modelguard store up"), "upgrade");
}

#[test]
fn a_manual_page_for_every_command_and_no_other() {
    let sandbox = Sandbox::empty();
    let data = sandbox.json("man --dir man/man1");
    assert_eq!(keys(&data), ["paths", "text"]);
    let mut written: Vec<_> = std::fs::read_dir(sandbox.file("man/man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    written.sort();
    let mut expected: Vec<_> = commands()
        .iter()
        .map(|command| format!("modelguard-{}.1", command.replace(' ', "-")))
        .chain(["modelguard.1".to_owned()])
        .collect();
    expected.sort();
    assert_eq!(written, expected);
    assert_eq!(data["paths"].as_array().unwrap().len(), expected.len());
    for name in written {
        let page = std::fs::read_to_string(sandbox.file("man/man1").join(&name)).unwrap();
        assert!(page.contains(".TH "), "{name}");
        assert!(page.contains(".SH NAME"), "{name}");
    }
    // Again: the pages are replaced.
    sandbox.ok("man --dir man/man1");
}

#[test]
fn the_page_itself_goes_to_standard_output() {
    let sandbox = Sandbox::empty();
    let page = sandbox.ok("man").stdout;
    assert!(page.contains(".TH modelguard"), "{page}");
    assert_eq!(sandbox.json("man")["text"], Value::String(page));
    sandbox.write("file", b"x");
    sandbox.fails("man --dir file", 1, "MG0517");
    sandbox.fails("man --dir file/sub", 1, "MG0517");
}
