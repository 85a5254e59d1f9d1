//! `help`, `-h`, `completions` and `man`: what the tool says of itself, offline.

use crate::support::Sandbox;

/// Every command of the tree, with its words.
fn commands() -> Vec<Vec<String>> {
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
    for words in commands().iter().filter(|words| words.len() == 1) {
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
    for words in commands() {
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
        for words in commands() {
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
    assert_eq!(paths.len(), commands().len() + 1);
    for words in commands() {
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
