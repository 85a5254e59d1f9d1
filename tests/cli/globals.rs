//! The options of every command: the folder, quiet and verbose, JSON also for errors, and streams that are closed.

use std::process::Stdio;

use serde_json::json;

use crate::support::{Sandbox, finish, keys};

#[test]
fn a_folder_is_entered_before_any_path_is_read() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    std::fs::create_dir(sandbox.file("sub")).unwrap();
    sandbox.write("other.bin", b"other");
    let run = sandbox
        .run_in("sub", "-C .. register other.bin --note here")
        .expect(0);
    let second = run.stdout.trim().to_owned();
    sandbox
        .run_in("sub", &format!("-C .. fetch {} -o out.bin", versions[0]))
        .expect(0);
    assert!(sandbox.file("out.bin").is_file());
    assert!(!sandbox.file("sub/out.bin").exists());
    let run = sandbox.run_in("sub", "history -C .. --db modelguard.db");
    assert!(run.expect(0).stdout.contains(&second));
    sandbox.write("own.toml", b"[store]\npath = \"modelguard.db\"\n");
    let run = sandbox.run_in("sub", "history --directory .. --config own.toml");
    run.expect(0);
}

#[test]
fn what_is_printed_to_go_on_with_keeps_the_folder() {
    let (sandbox, versions) = Sandbox::with_versions(2);
    sandbox.ok(&format!("promote {} --yes", versions[0]));
    std::fs::create_dir(sandbox.file("sub")).unwrap();
    let line = format!("-C .. promote {} --yes --json", versions[1]);
    let run = sandbox.run_in("sub", &line).expect(0);
    let undo = run.document()["data"]["undo_command"].clone();
    assert_eq!(undo, "modelguard -C .. undo op_5");
    let words = undo.as_str().unwrap().strip_prefix("modelguard ").unwrap();
    sandbox.run_in("sub", &format!("{words} --yes")).expect(0);
    assert_eq!(sandbox.holder("production"), Some(versions[0].clone()));
}

#[test]
fn a_folder_that_is_none_is_a_usage_error() {
    let sandbox = Sandbox::new();
    sandbox.write("file", b"x");
    for line in ["-C missing status", "-C file status"] {
        sandbox.fails(line, 2, "MG0107");
    }
    sandbox.run("status -C").expect(2);
}

#[test]
fn options_stand_before_or_behind_the_verb() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let document = |line: &str| sandbox.ok(line).document()["data"].clone();
    let before = document("--json -m churn history 1");
    assert_eq!(before, document("history --json 1 -m churn"));
    assert_eq!(before, document("history 1 --model=churn --json"));
}

#[test]
fn quiet_keeps_the_answer_and_drops_the_words_beside_it() {
    let sandbox = Sandbox::new();
    let path = sandbox.write("model.bin", b"one");
    let run = sandbox.ok(&format!("register {}", path.display()));
    assert!(!run.stderr.is_empty(), "{run:#?}");
    let path = sandbox.write("model.bin", b"two");
    let run = sandbox.ok(&format!("register {} -q", path.display()));
    assert_eq!(run.stderr, "");
    assert_eq!(run.stdout, "20260105_143023\n");
    let run = sandbox.ok("promote latest --yes --quiet");
    assert_eq!(run.stderr, "");
    sandbox.ok("history -q").says("20260105_143022");
}

#[test]
fn twice_quiet_is_the_exit_status_only() {
    let (sandbox, _) = Sandbox::with_versions(1);
    for line in ["history -qq", "status -qq", "promote latest --yes -q -q"] {
        let run = sandbox.ok(line);
        assert_eq!(
            (run.stdout.as_str(), run.stderr.as_str()),
            ("", ""),
            "{line}"
        );
    }
    let run = sandbox.run("check -qq").expect(4);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    // A failure is never silent, and a document was asked for.
    sandbox.run("show nobody -qq").expect(10).tells("MG0203");
    assert_eq!(sandbox.ok("history --json -qq").document()["exit_code"], 0);
}

#[test]
fn verbose_says_what_was_chosen_and_by_what() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let silent = sandbox.ok("history");
    let run = sandbox.ok("history -v");
    assert_eq!(run.stdout, silent.stdout);
    for said in [
        "modelguard.toml",
        "modelguard.db (default)",
        "lock timeout: 5s",
    ] {
        assert!(run.stderr.contains(said), "no {said} in {run:#?}");
    }
    let run = sandbox.ok("history --verbose -m churn --db modelguard.db --lock-timeout 2s");
    for said in ["(flag)", "model: churn (flag)", "lock timeout: 2s (flag)"] {
        assert!(run.stderr.contains(said), "no {said} in {run:#?}");
    }
    let run = sandbox.run_where("MODELGUARD_DB", "modelguard.db", "history -v");
    assert!(run.stderr.contains("(environment)"), "{run:#?}");
    assert_eq!(sandbox.ok("history --json -v").document()["exit_code"], 0);
    let run = sandbox.ok("config validate -v");
    assert_eq!(run.stderr.matches("lock timeout").count(), 1, "{run:#?}");
    // Also where the policy is another's, whose store is not looked for.
    let run = sandbox.ok("config validate modelguard.toml -v");
    assert_eq!(run.stderr.matches("lock timeout").count(), 1, "{run:#?}");
}

#[test]
fn every_document_has_the_same_envelope() {
    let (sandbox, _) = Sandbox::with_versions(1);
    for (line, schema) in [
        ("history", "history"),
        ("show latest", "show"),
        ("log", "log"),
        ("alias list", "alias_list"),
        ("status", "status"),
        ("store verify", "store_verify"),
        ("config path", "config_path"),
        ("config show", "config_show"),
        ("config validate", "config_validate"),
        ("help refs", "help"),
        ("alerts list", "alerts_list"),
        ("ingest list", "ingest_list"),
    ] {
        let run = sandbox.ok(&format!("{line} --json"));
        let document = run.document();
        assert_eq!(
            keys(&document),
            [
                "command",
                "data",
                "db_path",
                "exit_code",
                "generated_at",
                "policy_path",
                "schema",
                "tool_version",
                "verdict",
                "warnings"
            ],
            "{line}"
        );
        assert_eq!(document["schema"], format!("modelguard.{schema}/1"));
        assert_eq!(document["command"], format!("modelguard {line} --json"));
        assert_eq!(document["tool_version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(run.stderr, "", "{line}");
    }
}

#[test]
fn every_error_is_one_line_of_json_with_the_same_keys() {
    let (sandbox, _) = Sandbox::with_versions(1);
    for (line, status, kind) in [
        ("show nobody", 10, "not_found"),
        ("promote latest", 2, "usage"),
        ("frobnicate", 2, "usage"),
        ("history --since never", 2, "usage"),
        ("history --unknown", 2, "usage"),
        ("register", 2, "usage"),
        ("register missing.bin", 1, "unreadable"),
        ("--check", 2, "usage"),
        ("store", 2, "usage"),
        ("", 2, "usage"),
    ] {
        let run = sandbox.run(&format!("--json {line}")).expect(status);
        assert_eq!(run.stdout, "", "{run:#?}");
        assert_eq!(run.stderr.lines().count(), 1, "{run:#?}");
        let problem = run.problem();
        for key in [
            "schema",
            "code",
            "kind",
            "message",
            "causes",
            "hints",
            "exit_code",
        ] {
            assert!(problem.get(key).is_some(), "no {key} in {problem}");
        }
        assert_eq!(problem["schema"], "modelguard.error/1");
        assert_eq!(problem["kind"], kind, "{line}");
        assert_eq!(problem["exit_code"], status);
    }
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let (sandbox, _) = Sandbox::with_versions(1);
    for line in [
        "history",
        "log --json",
        "help",
        "--help",
        "completions bash",
    ] {
        let words: Vec<_> = line.split(' ').collect();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = sandbox.command(&words);
        command.stdout(writer);
        let run = finish(&words, command, &[]).expect(0);
        assert_eq!(run.stderr, "", "{line}");
    }
    // A verdict outlives its reader.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = sandbox.command(&["check"]);
    command.stdout(writer);
    finish(&["check"], command, &[]).expect(4);
}

#[test]
fn a_full_disk_behind_standard_output_is_told() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let on_full = |line: &str| {
        sandbox.run_with(line, |command| {
            let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
            command.stdout(full.unwrap());
        })
    };
    for line in [
        "history",
        "help",
        "--help",
        "-h",
        "--version",
        "history --as csv",
    ] {
        let run = on_full(line).expect(1);
        assert!(run.stderr.contains("MG0517"), "{line}: {run:#?}");
        assert!(run.stderr.lines().count() <= 4, "{run:#?}");
    }
    let run = on_full("history --json").expect(1);
    assert_eq!(run.problem()["code"], "MG0517");
    assert_eq!(run.problem()["exit_code"], 1);
}

#[test]
fn streams_that_are_closed_take_nothing_with_them() {
    let (sandbox, versions) = Sandbox::with_versions(2);
    let binary = env!("CARGO_BIN_EXE_modelguard");
    let run = |tail: &str| {
        let prepared = sandbox.command(&["x"]);
        let mut shell = std::process::Command::new("sh");
        shell
            .args(["-c", &format!("exec {binary} {tail}")])
            .current_dir(sandbox.path())
            .env_clear()
            .envs(
                prepared
                    .get_envs()
                    .filter_map(|(key, value)| Some((key, value?))),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        finish(&[tail], shell, &[]).status
    };
    assert_eq!(run("history >&-"), 0);
    assert_eq!(run("show nobody 2>&-"), 10);
    assert_eq!(
        run(&format!("promote {} --yes <&- >&- 2>&-", versions[0])),
        0
    );
    assert_eq!(sandbox.holder("production"), Some(versions[0].clone()));
    sandbox.ok("store verify");
    let kinds = sandbox.json("log")["operations"][0]["kind"].clone();
    assert_eq!(kinds, json!("promote"));
}

#[test]
fn no_input_never_asks() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    let line = format!("promote {} --no-input", versions[0]);
    sandbox.fails(&line, 2, "MG0102");
    sandbox.ok(&format!("{line} --yes"));
}
