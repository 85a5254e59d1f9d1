//! Command lines that make no sense: exit status 2, what would make sense, and at most four lines.

use crate::support::Sandbox;

#[test]
fn a_mistyped_word_is_answered_with_the_nearest() {
    let sandbox = Sandbox::new();
    for (line, near) in [
        ("statsu", "status"),
        ("rolback", "rollback"),
        ("alias sett a latest", "set"),
        ("history --sinc 1d", "--since"),
        ("promote latest --dryrun", "--dry-run"),
    ] {
        sandbox.fails(line, 2, "MG0101").tells(near);
    }
}

#[test]
fn no_command_is_abbreviated_and_none_has_another_name() {
    let sandbox = Sandbox::new();
    for line in ["stat", "hist", "roll", "ls", "list", "ab", "gate x"] {
        sandbox.fails(line, 2, "MG0101");
    }
}

#[test]
fn the_former_options_name_their_commands() {
    let sandbox = Sandbox::new();
    for (line, now) in [
        ("--check", "modelguard check"),
        ("--check --threshold 3", "modelguard check"),
        ("--auto-rollback", "modelguard monitor --auto-rollback"),
        (
            "--no-auto-rollback",
            "modelguard monitor --no-auto-rollback",
        ),
        ("--status", "modelguard status"),
        ("--history", "modelguard history"),
        ("--history 5", "modelguard history"),
        ("--degradation-history", "modelguard alerts list"),
        ("--compare v1 v2", "modelguard compare"),
        ("--rollback v1", "modelguard rollback"),
        ("--rollback=v1", "modelguard rollback"),
        ("--rollback-previous", "modelguard rollback --previous"),
        ("--threshold 3", "modelguard check --threshold"),
        ("--threshold=3", "modelguard check --threshold"),
        ("-C . --check", "modelguard check"),
    ] {
        sandbox.fails(line, 2, "MG0108").tells(now);
        sandbox.leaves_the_store(line, 2);
    }
}

#[test]
fn a_former_word_behind_a_command_is_that_command_s_mistake() {
    let sandbox = Sandbox::new();
    sandbox.fails("status --check", 2, "MG0101");
    sandbox.fails("show --history", 2, "MG0101");
}

#[test]
fn bare_without_a_terminal_is_the_short_help_and_a_failure() {
    let sandbox = Sandbox::new();
    let run = sandbox.run("").expect(2);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("Usage: modelguard"), "{run:#?}");
    assert!(run.stderr.lines().count() <= 25, "{run:#?}");
    sandbox.run("-m churn").expect(2);
    sandbox.leaves_the_store("", 2);
}

#[test]
fn a_group_without_its_verb_is_a_usage_error() {
    let sandbox = Sandbox::new();
    for line in ["alias", "alerts", "ingest", "store", "config"] {
        let run = sandbox.run(line).expect(2);
        assert!(run.stderr.lines().count() <= 4, "{run:#?}");
        assert!(run.stderr.contains("MG0101"), "{run:#?}");
        assert!(
            run.stderr.contains(&format!("modelguard {line} --help")),
            "{run:#?}"
        );
    }
}

#[test]
fn what_is_missing_is_named() {
    let sandbox = Sandbox::new();
    for (line, missing) in [
        ("register", "<PATH>"),
        ("promote", "<REF>"),
        ("show", "<REF>"),
        ("fetch latest", "--output <PATH>"),
        ("alias set winter", "<REF>"),
        ("compare", "<A>"),
        ("retire latest", "--reason <TEXT>"),
        ("ingest predictions", "<FILE>"),
        ("completions", "<SHELL>"),
    ] {
        sandbox.fails(line, 2, "MG0101").tells(missing);
    }
}

#[test]
fn values_that_cannot_be_are_refused_before_the_store_is_opened() {
    let sandbox = Sandbox::empty();
    for line in [
        "history x",
        "log -n -1",
        "check --threshold five",
        "check --window n=x",
        "check --min-rows -3",
        "check --mode sometimes",
        "check --metric nonsense",
        "monitor --evidence none",
        "undo op",
        "status --lock-timeout 5",
        "status --lock-timeout nonsense",
        "status --lock-timeout 25h",
        "status --lock-timeout 365d",
        "status -m a/b",
        "show a/b",
        "show @",
        "show @production~x",
        "show churn@",
        "ingest truth x.csv --on-conflict maybe",
        "register x --metric accuracy",
        "register x --version-id a/b",
        "init --task guessing",
    ] {
        let run = sandbox.run(line).expect(2);
        assert!(run.stderr.lines().count() <= 4, "{run:#?}");
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn what_a_person_typed_cannot_draw_on_the_terminal() {
    let sandbox = Sandbox::new();
    for words in [
        &["show", "a\u{1b}[2J\nerror: b"] as &[&str],
        &["\u{1b}[31mred"],
        &["history", "--since", "\u{1b}]0;title\u{7}"],
        &["register", "no\nfile\u{1b}[1m"],
        &["help", "\u{1b}[2Jx\ny"],
        &["-C", "no\u{1b}[2Jfolder", "status"],
    ] {
        let run = sandbox.run_words(words);
        assert!(run.status != 0, "{run:#?}");
        assert!(!run.stderr.contains('\u{1b}'), "{run:?}");
        assert!(!run.stderr.contains('\u{7}'), "{run:?}");
        assert!(run.stderr.lines().count() <= 4, "{run:?}");
    }
}

#[test]
fn every_error_is_at_most_four_lines_with_its_code_last() {
    let (sandbox, versions) = Sandbox::with_versions(3);
    for version in &versions {
        sandbox.ok(&format!("promote {version} --yes"));
    }
    sandbox.write("folder/x", b"x");
    sandbox.write("broken.csv", b"id,prediction\n1,\"open\n");
    sandbox.write("empty.csv", b"");
    for line in [
        "show nobody",
        "show 2026",
        "show @winter",
        "show @production~9",
        "show other@production",
        "undo op_5",
        "undo op_1 --yes",
        "undo op_5 --yes",
        "undo op_99 --yes",
        "redo --yes",
        "rollback --last-good --yes",
        "rollback --from nobody --yes",
        "rollback nobody --yes",
        "promote latest --since 2099-01-01 --yes",
        "alias set production latest --yes",
        "alias remove winter --yes",
        "retire @production --reason x",
        "register missing",
        "register folder/missing",
        "fetch latest -o folder",
        "ingest predictions missing.csv",
        "ingest predictions broken.csv",
        "ingest predictions empty.csv",
        "ingest truth folder",
        "ingest undo b_9",
        "alerts show a_9",
        "alerts ack a_9",
        "compare latest nobody",
        "log op_99",
        "help nothing",
        "config validate none.toml",
        "init --model other",
        "init --model churn --task regression",
        "status -m none",
        "status --db none.db",
        "status --db folder",
        "status --config none.toml",
    ] {
        let run = sandbox.run(line);
        assert!(![0, 70].contains(&run.status), "{run:#?}");
        let lines: Vec<_> = run.stderr.lines().collect();
        assert!((2..=4).contains(&lines.len()), "{run:#?}");
        assert!(lines[0].starts_with("error: "), "{run:#?}");
        assert!(!lines[0].ends_with('.'), "{run:#?}");
        let last = lines[lines.len() - 1];
        assert!(last.starts_with("   code: MG"), "{run:#?}");
        assert!(run.stderr.ends_with("`)\n"), "{run:#?}");
        assert_eq!(run.stdout, "", "{run:#?}");
    }
}
