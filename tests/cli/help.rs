//! `help`, `completions` and `man`: what the tool says of itself, without a store and without a network.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Sandbox, keys};

const TOPICS: [&str; 8] = [
    "refs",
    "words",
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
    sandbox
        .fails("help MG9999", 10, "MG0212")
        .tells("hint: `modelguard help` lists them");
    sandbox
        .fails("help mg0522", 10, "MG0212")
        .tells("did you mean `modelguard help MG0502`?");
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

/// Every command of the tree, with its words.
fn commands_in_words() -> Vec<Vec<String>> {
    fn below(command: &clap::Command, words: &[String], all: &mut Vec<Vec<String>>) {
        for subcommand in command.get_subcommands() {
            let mut words = words.to_vec();
            words.push(subcommand.get_name().to_owned());
            all.push(words.clone());
            below(subcommand, &words, all);
        }
    }
    let mut all = Vec::new();
    below(&modelguard::commands::tree(), &[], &mut all);
    all
}

#[test]
fn bare_modelguard_says_the_short_help() {
    let sandbox = Sandbox::empty();
    let short = sandbox.ok("-h").stdout;
    assert!(short.lines().count() <= 25, "{short}");
    for group in ["look ", "record ", "act ", "start "] {
        assert!(short.lines().any(|line| line.starts_with(group)), "{short}");
    }
    assert!(short.contains("modelguard rollback"), "{short}");
    // Nobody is there to read it: it was a mistake.
    let bare = sandbox.run("").expect(2);
    assert_eq!(bare.stderr, short);
    assert_eq!(bare.stdout, "");
    assert_eq!(sandbox.run("--json").expect(2).problem()["code"], "MG0101");
}

#[test]
fn the_long_help_lists_every_command() {
    let sandbox = Sandbox::empty();
    let long = sandbox.ok("--help").stdout;
    let help = sandbox.ok("help").stdout;
    for words in commands_in_words().iter().filter(|words| words.len() == 1) {
        let begins = format!("  {} ", words[0]);
        assert!(
            long.lines().any(|line| line.starts_with(&begins)),
            "{words:?}"
        );
        assert!(
            help.lines().any(|line| line.starts_with(&begins)),
            "{words:?}"
        );
    }
}

#[test]
fn help_explains_commands_topics_and_codes() {
    let sandbox = Sandbox::empty();
    for words in commands_in_words() {
        let line = words.join(" ");
        let help = sandbox.ok(&format!("help {line}")).stdout;
        let asked = sandbox.ok(&format!("{line} --help")).stdout;
        // Where no option has a long text, clap spaces the options otherwise.
        let what = |text: &str| {
            text.split("\nOptions")
                .next()
                .unwrap()
                .trim_end()
                .to_owned()
        };
        assert_eq!(what(&help), what(&asked));
    }
    for topic in [
        "refs",
        "exit-codes",
        "environment",
        "json",
        "policy",
        "time",
        "statistics",
    ] {
        assert!(!sandbox.ok(&format!("help {topic}")).stdout.is_empty());
    }
    sandbox.ok("help MG0203").says("Remedy");
    assert_eq!(
        sandbox.ok("help mg0203").stdout,
        sandbox.ok("help MG0203").stdout
    );
    let data = sandbox.json("help refs");
    assert_eq!(data["text"], sandbox.ok("help refs").stdout);
}

#[test]
fn a_mistyped_word_is_answered_with_the_nearest() {
    let sandbox = Sandbox::empty();
    for (given, meant) in [("staus", "status"), ("ref", "refs"), ("mg0230", "MG0203")] {
        sandbox
            .fails(&format!("help {given}"), 10, "MG0212")
            .tells(&format!("modelguard help {meant}"));
    }
    sandbox
        .fails("help nonsense", 10, "MG0212")
        .tells("`modelguard help` lists them");
    sandbox.fails("help alias sett", 10, "MG0212");
    sandbox
        .fails("rollbak", 2, "MG0101")
        .tells("did you mean rollback?");
}

#[test]
fn every_error_that_is_printed_has_a_page() {
    let sandbox = Sandbox::empty();
    for entry in modelguard::ui::catalogue::ENTRIES {
        sandbox
            .ok(&format!("help {}", entry.code))
            .says(&format!("exit status {}", entry.exit.code()));
    }
}

#[test]
fn completions_know_every_command() {
    let sandbox = Sandbox::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = sandbox.ok(&format!("completions {shell}")).stdout;
        for words in commands_in_words() {
            assert!(
                script.contains(&words[words.len() - 1]),
                "{shell}: {words:?}"
            );
        }
    }
    sandbox.run("completions cmd").expect(2);
    assert!(sandbox.json("completions bash")["text"].is_string());
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let sandbox = Sandbox::empty();
    sandbox.ok("man").says(".TH modelguard 1");
    let data = sandbox.json("man --dir man1");
    let paths = data["paths"].as_array().unwrap();
    assert_eq!(paths.len(), commands_in_words().len() + 1);
    for words in commands_in_words() {
        let name = format!("modelguard-{}", words.join("-"));
        let page = std::fs::read_to_string(sandbox.file(&format!("man1/{name}.1"))).unwrap();
        assert!(page.contains(&format!(".TH {name} 1")), "{page}");
    }
    sandbox.ok("man --dir man1");
    sandbox.write("file", b"");
    sandbox.fails("man --dir file/below", 1, "MG0517");
}

#[test]
fn a_bad_option_points_at_the_help_of_the_whole_command() {
    let sandbox = Sandbox::empty();
    for (line, hint) in [
        (
            "store verify --expect-head ab",
            "`modelguard store verify --help`",
        ),
        (
            "ingest truth x.csv --no",
            "`modelguard ingest truth --help`",
        ),
        ("alias sett a b", "`modelguard alias --help`"),
        ("nonsense", "`modelguard --help`"),
    ] {
        sandbox.fails(line, 2, "MG0101").tells(hint);
    }
}
