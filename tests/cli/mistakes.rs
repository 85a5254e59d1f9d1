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
fn a_policy_that_is_not_there_is_told_once() {
    let sandbox = Sandbox::new();
    let run = sandbox.fails("--config nope.toml status", 1, "MG0308");
    assert_eq!(run.stderr.matches("nope.toml").count(), 1, "{run:#?}");
    assert_eq!(run.stderr.lines().count(), 3, "{run:#?}");
}

#[test]
fn what_can_not_be_written_says_why() {
    let sandbox = Sandbox::empty();
    let run = sandbox.run("init --task regression --db nowhere/m.db");
    assert_eq!(run.status, 1, "{run:#?}");
    for part in ["nowhere/m.db", "there is no folder ", "`mkdir -p /"] {
        assert!(run.stderr.contains(part), "{part} {run:#?}");
    }
    assert!(run.stderr.lines().count() <= 4, "{run:#?}");
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

#[test]
fn a_group_lists_what_it_goes_on_with() {
    let sandbox = Sandbox::new();
    for (line, below) in [
        ("alias", "list, set, remove"),
        ("config", "path, show, validate, trust"),
        ("store", "verify, upgrade"),
        ("alerts", "list, show, ack"),
        ("ingest", "predictions, truth, inbox, list, undo"),
    ] {
        sandbox
            .fails(line, 2, "MG0101")
            .tells(&format!("`modelguard {line}` goes on with one of: "))
            .tells(below);
    }
}

#[test]
fn a_word_of_another_tool_is_answered_with_ours_and_never_with_what_only_sounds_alike() {
    let sandbox = Sandbox::new();
    for (line, now) in [
        ("list", "`modelguard history`"),
        ("deploy x", "`modelguard promote`"),
        ("revert", "`modelguard rollback`"),
    ] {
        let run = sandbox.fails(line, 2, "MG0101").tells(now);
        assert!(!run.stderr.contains("did you mean"), "{run:#?}");
    }
    let run = sandbox.fails("sta", 2, "MG0101");
    assert!(!run.stderr.contains("did you mean"), "{run:#?}");
}

#[test]
fn a_threshold_is_written_without_its_sign() {
    let sandbox = Sandbox::new();
    sandbox
        .fails("check --threshold 5%", 2, "MG0101")
        .tells("it is in percent: write 5");
}

#[test]
fn a_list_has_a_row_or_more() {
    let sandbox = Sandbox::new();
    for line in [
        "history 0",
        "log -n 0",
        "alerts list -n 0",
        "ingest list -n 0",
    ] {
        sandbox
            .fails(line, 2, "MG0101")
            .tells("a list has 1 row or more");
    }
}

#[test]
fn of_several_models_all_are_offered() {
    let sandbox = Sandbox::new();
    sandbox.ok("init --model prices --task regression");
    sandbox
        .fails("history", 2, "MG0103")
        .tells("name one: `-m churn` or `-m prices`");
}

#[test]
fn without_a_store_every_way_to_one_is_named() {
    let sandbox = Sandbox::empty();
    sandbox
        .fails("status", 10, "MG0201")
        .tells("`modelguard init --task classification` makes one")
        .tells("`-C DIR`, or `--db FILE`");
}

#[test]
fn a_file_that_is_not_there_is_answered_with_one_that_is_called_alike() {
    let sandbox = Sandbox::new();
    sandbox.write("holdout.csv", b"x");
    sandbox
        .fails("ingest truth holdoit.csv", 1, "MG0501")
        .tells("did you mean holdout.csv?");
    sandbox
        .fails("register nothing_like_it.bin", 1, "MG0501")
        .tells("or in the one that -C names");
}

#[test]
fn every_trouble_with_a_file_says_what_to_do() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    sandbox.ok(&format!("promote {} --yes", versions[0]));
    sandbox.write("folder/x", b"x");
    sandbox.write("uneven.csv", b"id,prediction\n1,a,b\n");
    sandbox.write("open.csv", b"id,prediction\n1,\"open\n");
    sandbox.write("numbers.csv", b"1,2\n3,4\n");
    sandbox.write("header.csv", b"id,prediction\n");
    sandbox.write("empty.csv", b"");
    sandbox.write("cut.jsonl", b"{\"id\": 1, \"prediction\"");
    sandbox.write("array.jsonl", b"[1]\n");
    for (file, status, code, hint) in [
        (
            "uneven.csv",
            2,
            "MG0507",
            "a field that holds a comma or a line end is quoted",
        ),
        ("open.csv", 2, "MG0503", "hint: close the quote"),
        (
            "numbers.csv",
            2,
            "MG0503",
            "hint: name the columns in a first line",
        ),
        ("header.csv", 2, "MG0510", "header.csv: has no row"),
        ("empty.csv", 2, "MG0510", "hint: look at what wrote it"),
        ("cut.jsonl", 2, "MG0504", "hint: "),
        ("array.jsonl", 2, "MG0504", "hint: one object a line"),
        ("folder", 2, "MG0511", "hint: name the file in it"),
    ] {
        sandbox
            .fails(&format!("ingest predictions {file}"), status, code)
            .tells(hint);
    }
    sandbox
        .fails("ingest predictions open.csv", 2, "MG0503")
        .tells("line 2, byte ");
    sandbox
        .fails("fetch latest -o no/such/file", 1, "MG0517")
        .tells("hint: name a folder that exists");
}
