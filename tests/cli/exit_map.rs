//! `--exit-map`: other numbers for the shell, for verdicts, failures and mistakes alike; JSON keeps the tool's own.

use serde_json::Value;

use crate::support::{Run, Sandbox};

fn document(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn a_verdict_is_mapped_and_its_document_keeps_the_status() {
    let (sandbox, _) = Sandbox::with_versions(1);
    sandbox.ok("promote latest --yes");
    for (map, status) in [
        ("nagios", 3),
        ("airflow", 99),
        ("zero", 0),
        ("4=0,5=0", 0),
        ("3=0", 4),
    ] {
        let run = sandbox.run(&format!("check --json --exit-map {map}"));
        let run = run.expect(status);
        assert_eq!(document(&run)["exit_code"], 4, "{map}");
        assert_eq!(document(&run)["verdict"], "insufficient_data", "{map}");
        let run = sandbox.run(&format!("--exit-map={map} monitor --json"));
        let run = run.expect(status);
        assert_eq!(document(&run)["exit_code"], 4, "{map}");
        assert_eq!(document(&run)["data"]["models"][0]["exit_code"], 4, "{map}");
    }
    sandbox.run("status --exit-map nagios").expect(0);
    sandbox.run("status --exit-map 0=7").expect(7);
}

#[test]
fn the_flag_beats_the_variable() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let with = |variable: &str, line: &str| {
        let run = sandbox.run_where("MODELGUARD_EXIT_MAP", variable, line);
        run.status
    };
    assert_eq!(with("airflow", "check"), 99);
    assert_eq!(with("airflow", "check --exit-map zero"), 0);
    assert_eq!(with("nonsense", "check --exit-map zero"), 0);
    assert_eq!(with("", "check"), 4);
    // Of two flags the one behind the verb counts.
    assert_eq!(
        with("airflow", "--exit-map nagios check --exit-map zero"),
        0
    );
}

#[test]
fn failures_and_mistyped_words_are_mapped_too() {
    let sandbox = Sandbox::empty();
    for (line, status) in [
        ("status", 10),
        ("statsu", 2),
        ("status --unknown", 2),
        ("", 2),
        ("-C missing status", 2),
        ("promote", 2),
    ] {
        sandbox.run(line).expect(status);
        for form in ["--exit-map nagios", "--exit-map=nagios"] {
            let run = sandbox.run(&format!("--json {form} {line}")).expect(3);
            assert_eq!(run.problem()["exit_code"], status, "{line}");
        }
        let run = sandbox.run_where("MODELGUARD_EXIT_MAP", "nagios", line);
        run.expect(3);
        // What is no answer stays a failure.
        sandbox
            .run(&format!("--exit-map zero {line}"))
            .expect(status);
    }
    sandbox.run("--exit-map nagios --help").expect(0);
    // Behind `--` there are no options.
    sandbox.run("show -- --exit-map=nagios").expect(2);
}

#[test]
fn a_mistake_of_the_tool_itself_is_mapped() {
    let sandbox = Sandbox::empty();
    let demo = |line: &str| sandbox.run_where("MODELGUARD_LOCK_TIMEOUT", "soon", line);
    demo("demo -q").expect(70).tells("MG9901");
    demo("demo -q --exit-map nagios").expect(3).tells("MG9901");
}

#[test]
fn a_map_that_is_none_stops_everything_and_maps_nothing() {
    let (sandbox, _) = Sandbox::with_versions(1);
    for map in ["nagois", "7=0", "4=256", "4", "4=0,4=1", "2=0,x"] {
        let line = format!("promote latest --yes --exit-map {map}");
        let run = sandbox.leaves_the_store(&line, 2);
        run.tells(map.split(',').next().unwrap()).tells("MG0101");
        let line = "promote latest --yes";
        let before = sandbox.store_bytes();
        let run = sandbox.run_where("MODELGUARD_EXIT_MAP", map, line);
        run.expect(2).tells("MODELGUARD_EXIT_MAP").tells("MG0109");
        assert!(before == sandbox.store_bytes(), "{map}");
    }
    let run = sandbox.run_where("MODELGUARD_EXIT_MAP", "nagois", "status --json");
    assert_eq!(run.expect(2).problem()["code"], "MG0109");
    sandbox.run("status --exit-map").expect(2);
    // It is a command that failed, in the log as well.
    let log = sandbox
        .state()
        .join("modelguard/modelguard-rehearsal-2026-01-05.jsonl");
    let lines = std::fs::read_to_string(log).unwrap();
    let count = |code: &str| lines.matches(&format!("\"error_code\":\"{code}\"")).count();
    assert_eq!((count("MG0101"), count("MG0109")), (7, 7));
    // A flag that is none does not fall back on the variable.
    let run = sandbox.run_where("MODELGUARD_EXIT_MAP", "2=0", "status --exit-map nagois");
    run.expect(2);
}

#[test]
fn the_commands_of_the_demo_end_as_they_are_whatever_the_map() {
    let sandbox = Sandbox::empty();
    let run = sandbox.run_where("MODELGUARD_EXIT_MAP", "zero", "demo");
    run.expect(0)
        .says("(exit status 5: degraded and rolled back)");
}
