//! Tests of what a command line that makes no sense is answered.

#![cfg(test)]

use super::*;

/// The problem that a command line is.
fn line(words: &[&str]) -> Problem {
    let words: Vec<OsString> = std::iter::once("modelguard")
        .chain(words.iter().copied())
        .map(OsString::from)
        .collect();
    let error = super::super::tree()
        .try_get_matches_from(&words)
        .unwrap_err();
    usage(&error, &words)
}

#[test]
fn a_word_that_is_nearly_a_command_gets_the_command() {
    for (words, hint) in [
        (&["promot"][..], "did you mean promote? `modelguard --help`"),
        (
            &["promote", "v1", "--yess"],
            "did you mean --yes? `modelguard promote --help`",
        ),
        (
            &["promote", "v1", "--xyzzyx"],
            "`modelguard promote --help`",
        ),
    ] {
        let problem = line(words);
        assert_eq!(problem.code, "MG0101", "{problem}");
        assert_eq!(problem.exit.code(), 2, "{problem}");
        assert_eq!(problem.hints, [hint]);
    }
}

#[test]
fn a_word_that_is_none_of_a_few_is_answered_with_all_of_them() {
    let problem = line(&["recipe", "foo"]);
    assert_eq!(
        problem.hints,
        [
            "it is one of cron, systemd, airflow, github, gitlab, windows, nagios, prometheus, python; \
             `modelguard recipe --help`"
        ]
    );
    let near = line(&["recipe", "cronn"]);
    assert_eq!(
        near.hints,
        ["did you mean cron? `modelguard recipe --help`"]
    );
}

#[test]
fn the_commands_for_all_models_are_known_by_their_option() {
    let takes_all = |line: &str| {
        let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        takes_all(&words)
    };
    for line in ["monitor", "-C x monitor --json", "season apply --dry-run"] {
        assert!(takes_all(line), "{line}");
    }
    for line in ["check", "season list", "season", "ingest inbox"] {
        assert!(!takes_all(line), "{line}");
    }
}

#[test]
fn what_is_missing_is_listed() {
    let problem = line(&["compare"]);
    assert_eq!(problem.causes, ["missing: <A>"]);
    assert_eq!(problem.exit.code(), 2);
}

#[test]
fn every_option_of_the_former_scripts_is_answered_with_a_command_that_parses() {
    for (former, now) in FORMER_OPTIONS {
        let problem = line(&[former]);
        assert_eq!(problem.code, "MG0108", "{former}");
        assert_eq!(problem.hints, [format!("`{now}`")]);
        let words: Vec<_> = now.split(' ').collect();
        assert!(
            super::super::tree().try_get_matches_from(&words).is_ok(),
            "{now}"
        );
    }
}
