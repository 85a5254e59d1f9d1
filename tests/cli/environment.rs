//! The variables of the environment: what each does, that a flag beats it, and that nonsense is an error.

use serde_json::json;

use crate::support::Sandbox;

#[test]
fn a_store_is_named_by_a_variable_and_a_flag_beats_it() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    std::fs::rename(sandbox.store(), sandbox.file("named.db")).unwrap();
    sandbox.fails("history", 10, "MG0201");
    let db = "MODELGUARD_DB";
    sandbox
        .run_where(db, "named.db", "history")
        .expect(0)
        .says(&versions[0]);
    let run = sandbox.run_where(db, "named.db", "history --db none.db");
    run.expect(10).tells("none.db");
    let run = sandbox.run_where(db, "none.db", "history --db named.db");
    run.expect(0);
    // A variable that is empty is not set.
    let run = sandbox.run_where(db, "", "history --db named.db");
    run.expect(0);
    sandbox.run_where(db, "", "history").expect(10);
}

#[test]
fn a_policy_is_named_by_a_variable_and_a_flag_beats_it() {
    let sandbox = Sandbox::empty();
    sandbox.write("a.toml", b"[check]\nmin_rows = 11\n");
    sandbox.write("b.toml", b"[check]\nmin_rows = 22\n");
    sandbox.write("modelguard.toml", b"[check]\nmin_rows = 33\n");
    let rows = |variable: &str, more: &str| {
        let line = format!("config show --json {more}");
        let run = sandbox.run_where("MODELGUARD_CONFIG", variable, &line);
        let data = run.expect(0).document()["data"].clone();
        let mut keys = data["keys"].as_array().unwrap().iter();
        let key = keys.find(|key| key["key"] == "check.min_rows").unwrap();
        key["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(rows("", ""), "33");
    assert_eq!(rows("a.toml", ""), "11");
    assert_eq!(rows("a.toml", "--config b.toml"), "22");
    let run = sandbox.run_where("MODELGUARD_CONFIG", "none.toml", "config path");
    assert!(run.expect(1).stderr.contains("MG0308"));
}

#[test]
fn a_model_is_named_by_a_variable_and_a_flag_beats_it() {
    let (sandbox, _) = Sandbox::with_versions(1);
    sandbox.ok("init --model prices --task regression");
    let model = "MODELGUARD_MODEL";
    let versions =
        |run: crate::support::Run| run.expect(0).document()["data"]["total_count"].clone();
    assert_eq!(
        versions(sandbox.run_where(model, "churn", "history --json")),
        1
    );
    assert_eq!(
        versions(sandbox.run_where(model, "prices", "history --json")),
        0
    );
    let line = "history --json -m churn";
    assert_eq!(versions(sandbox.run_where(model, "prices", line)), 1);
    let run = sandbox.run_where(model, "none", "history");
    assert!(run.expect(10).stderr.contains("MG0202"));
}

#[test]
fn nonsense_in_a_variable_names_the_variable() {
    let (sandbox, _) = Sandbox::with_versions(1);
    for (variable, value) in [
        ("MODELGUARD_NOW", "noon"),
        ("MODELGUARD_NOW", "2026-02-30"),
        ("MODELGUARD_NOW", "7d"),
        ("MODELGUARD_LOCK_TIMEOUT", "5"),
        ("MODELGUARD_LOCK_TIMEOUT", "soon"),
        ("MODELGUARD_LOCK_TIMEOUT", "-1s"),
        ("MODELGUARD_LOCK_TIMEOUT", "25h"),
        ("MODELGUARD_LOCK_TIMEOUT", "365d"),
        ("MODELGUARD_MODEL", "a/b"),
        ("MODELGUARD_MODEL", "."),
    ] {
        let run = sandbox.run_where(variable, value, "status").expect(2);
        assert!(run.stderr.contains("MG0109"), "{run:#?}");
        assert!(run.stderr.contains(variable), "{run:#?}");
        assert!(run.stderr.contains(value), "{run:#?}");
        assert!(run.stderr.lines().count() <= 4, "{run:#?}");
        assert_eq!(run.stdout, "");
        let run = sandbox
            .run_where(variable, value, "status --json")
            .expect(2);
        assert_eq!(run.problem()["code"], "MG0109");
    }
}

#[test]
fn a_flag_stands_for_a_variable_that_holds_nonsense() {
    let (sandbox, _) = Sandbox::with_versions(1);
    for (variable, line) in [
        ("MODELGUARD_LOCK_TIMEOUT", "status --lock-timeout 1s"),
        ("MODELGUARD_MODEL", "status -m churn"),
    ] {
        sandbox.run_where(variable, "/", line).expect(0);
    }
}

#[test]
fn the_lock_is_waited_for_as_long_as_is_said() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let holder = sandbox.sql();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let wait = |variable: &str, line: &str| {
        let words: Vec<_> = line.split(' ').collect();
        let mut command = sandbox.command(&words);
        command.env("MODELGUARD_LOCK_TIMEOUT", variable);
        let began = std::time::Instant::now();
        let run = crate::support::finish(&words, command, &[]).expect(11);
        assert!(run.stderr.contains("MG0404"), "{run:#?}");
        began.elapsed().as_millis()
    };
    let waited = wait("700ms", "status");
    assert!((700..3_000).contains(&waited), "{waited} ms");
    let waited = wait("60s", "status --lock-timeout 10ms");
    assert!(waited < 3_000, "{waited} ms");
    holder.execute_batch("ROLLBACK").unwrap();
}

#[test]
fn the_clock_is_what_the_variable_says_and_the_log_tells_it() {
    let sandbox = Sandbox::new();
    let path = sandbox.write("model.bin", b"x");
    let line = format!("register {}", path.display());
    let run = sandbox.run_where("MODELGUARD_NOW", "2031-02-03T04:05:06Z", &line);
    assert_eq!(run.expect(0).stdout, "20310203_040506\n");
    let operation = sandbox.json("log -n 1")["operations"][0].clone();
    assert_eq!(operation["committed_at"], "2031-02-03T04:05:06Z");
    assert_eq!(operation["clock"], "override");
    // In another zone, the moment counts.
    let run = sandbox.run_where(
        "MODELGUARD_NOW",
        "2031-02-03T04:05:06+02:00",
        "status --json",
    );
    assert_eq!(run.document()["generated_at"], "2031-02-03T02:05:06Z");
    // Without it, the system's clock.
    let run = sandbox.run_with("tag latest a=b", |command| {
        command.env_remove("MODELGUARD_NOW");
    });
    run.expect(0);
    assert_eq!(sandbox.json("log -n 1")["operations"][0]["clock"], "system");
}

#[test]
fn who_acts_is_the_flag_else_the_variable_else_the_user() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let actor = || sandbox.json("log -n 1")["operations"][0]["actor"].clone();
    sandbox.ok("tag latest a=1");
    assert_eq!(actor(), "tester");
    sandbox.run_where("MODELGUARD_ACTOR", "pipeline", "tag latest a=2");
    assert_eq!(actor(), "pipeline");
    let line = "tag latest a=3 --actor release";
    sandbox.run_where("MODELGUARD_ACTOR", "pipeline", line);
    assert_eq!(actor(), "release");
    let nobody = ["tag", "latest", "a=4", "--actor", ""];
    sandbox.run_words(&nobody).expect(2);
    sandbox.run_with("tag latest a=4", |command| {
        command.env_remove("USER");
    });
    // The system's own file of users has a name for whoever runs this, or nobody has.
    let id = |option: &str| {
        let told = std::process::Command::new("id").arg(option).output();
        String::from_utf8(told.unwrap().stdout).unwrap()
    };
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let (number, name) = (id("-u"), id("-un"));
    let (number, name) = (number.trim(), name.trim());
    if users
        .lines()
        .any(|line| line.starts_with(&format!("{name}:")))
    {
        assert_eq!(actor(), json!(name));
    } else {
        assert_eq!(actor(), json!(format!("uid {number}")));
    }
}

#[test]
fn colour_is_for_terminals_unless_it_is_asked_for() {
    let (sandbox, versions) = Sandbox::with_versions(2);
    sandbox.ok(&format!("promote {} --yes", versions[0]));
    let painted = |variables: &[(&str, &str)], line: &str| {
        let run = sandbox.run_with(line, |command| {
            command.envs(variables.iter().copied());
        });
        run.expect(0).stdout.contains('\u{1b}')
    };
    assert!(!painted(&[], "history"));
    assert!(painted(&[], "history --color always"));
    assert!(painted(&[("FORCE_COLOR", "1")], "history"));
    assert!(painted(&[("CLICOLOR_FORCE", "1")], "history"));
    assert!(!painted(&[("FORCE_COLOR", "0")], "history"));
    assert!(!painted(
        &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")],
        "history"
    ));
    assert!(painted(
        &[("FORCE_COLOR", "1"), ("NO_COLOR", "")],
        "history"
    ));
    assert!(!painted(&[("FORCE_COLOR", "1")], "history --color never"));
    assert!(painted(&[("NO_COLOR", "1")], "history --color always"));
    // Rows and documents for programs have none, whatever is asked for.
    assert!(!painted(&[], "history --color always --as csv"));
    assert!(!painted(&[], "history --color always --json"));
    sandbox.fails("history --color sometimes", 2, "MG0101");
}

#[test]
fn errors_are_painted_by_the_same_rule() {
    let sandbox = Sandbox::empty();
    let plain = sandbox.run("status").expect(10);
    assert!(!plain.stderr.contains('\u{1b}'), "{plain:#?}");
    for line in ["status --color always", "statsu --color always"] {
        let painted = sandbox.run(line);
        assert!(painted.stderr.contains("\u{1b}["), "{painted:#?}");
    }
    for line in ["status --color never", "statsu --color never"] {
        let run = sandbox.run_where("FORCE_COLOR", "1", line);
        assert!(!run.stderr.contains('\u{1b}'), "{run:#?}");
    }
    let run = sandbox.run("status --color always --json").expect(10);
    assert_eq!(run.problem()["code"], "MG0201");
}
