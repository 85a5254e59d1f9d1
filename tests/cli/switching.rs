//! `promote`, `rollback`, `undo`, `redo`, `alias`: who is live, and how to take it back.

use serde_json::json;

use crate::support::{BEGINNING, Sandbox};

/// Three versions, promoted one after the other.
fn three() -> (Sandbox, Vec<String>) {
    let (sandbox, versions) = Sandbox::with_versions(3);
    for version in &versions {
        sandbox.ok(&format!("promote {version} --yes"));
    }
    (sandbox, versions)
}

fn live(sandbox: &Sandbox) -> String {
    sandbox.holder("production").unwrap_or_default()
}

#[test]
fn rolling_back_twice_goes_two_versions_back() {
    let (sandbox, versions) = three();
    sandbox
        .ok("rollback --yes")
        .says("Rolled back to")
        .says("undo: modelguard undo op_");
    assert_eq!(live(&sandbox), versions[1]);
    sandbox.ok("rollback --previous --yes");
    assert_eq!(live(&sandbox), versions[0]);
    sandbox.fails("rollback --yes", 10, "MG0205");
    assert_eq!(live(&sandbox), versions[0]);
}

#[test]
fn undo_is_no_toggle_and_redo_mirrors_it() {
    let (sandbox, versions) = three();
    sandbox.ok("undo --yes");
    sandbox.ok("undo --yes");
    assert_eq!(live(&sandbox), versions[0]);
    sandbox.ok("redo --yes");
    assert_eq!(live(&sandbox), versions[1]);
    sandbox.ok("redo --yes");
    assert_eq!(live(&sandbox), versions[2]);
    sandbox.fails("redo --yes", 10, "MG0206");
    for _ in 0..3 {
        sandbox.ok("undo --yes");
    }
    assert_eq!(sandbox.holder("production"), None);
    sandbox.fails("undo --yes", 10, "MG0206");
    sandbox.fails("rollback --yes", 10, "MG0204");
}

#[test]
fn a_printed_undo_can_be_pasted_and_repeated() {
    let (sandbox, versions) = three();
    let data = sandbox.json("rollback --yes");
    let undo = data["undo_command"].as_str().unwrap();
    let line = undo.strip_prefix("modelguard ").unwrap();
    sandbox.ok(&format!("{line} --yes"));
    assert_eq!(live(&sandbox), versions[2]);
    let again = sandbox.json(&format!("{line} --yes"));
    assert_eq!(again["changed"], false);
    assert_eq!(live(&sandbox), versions[2]);
}

#[test]
fn an_older_change_is_not_undone_below_newer_ones() {
    let (sandbox, _) = three();
    let run = sandbox.fails("undo op_5 --yes", 3, "MG0602");
    assert!(run.stderr.contains("op_7, op_6"), "{run:#?}");
    sandbox.fails("undo op_2 --yes", 2, "MG0105");
    sandbox.fails("undo op_99 --yes", 10, "MG0209");
    sandbox.run("undo nonsense --yes").expect(2);
}

#[test]
fn undo_never_touches_another_model() {
    let (sandbox, versions) = three();
    sandbox.ok("init --model prices --task regression");
    sandbox.write("p.bin", b"prices");
    sandbox.ok("register p.bin -m prices --alias production");
    sandbox.fails("undo --yes", 2, "MG0103");
    sandbox.ok("undo --yes -m churn");
    assert_eq!(live_of(&sandbox, "churn"), Some(versions[1].clone()));
    assert!(live_of(&sandbox, "prices").is_some());
    sandbox.ok("undo --yes -m prices");
    assert_eq!(live_of(&sandbox, "prices"), None);
    sandbox.fails("undo --yes -m prices", 10, "MG0206");
    assert_eq!(live_of(&sandbox, "churn"), Some(versions[1].clone()));
}

fn live_of(sandbox: &Sandbox, model: &str) -> Option<String> {
    let status = sandbox.json(&format!("status -m {model}"));
    let version = &status["models"][0]["production"]["version"];
    version.as_str().map(str::to_owned)
}

#[test]
fn a_retry_with_from_changes_nothing_more() {
    let (sandbox, versions) = three();
    let line = format!("rollback --from {} --yes", versions[2]);
    assert_eq!(sandbox.json(&line)["changed"], true);
    let again = sandbox.json(&line);
    assert_eq!(again["changed"], false);
    assert_eq!(
        again["stack"],
        serde_json::json!([versions[0], versions[1]])
    );
    assert_eq!(live(&sandbox), versions[1]);
    // Also where nothing lies below, and for whoever only looks.
    sandbox.ok("rollback --yes");
    let looked = sandbox.json(&format!("{line} --dry-run"));
    assert_eq!(
        (&looked["changed"], &looked["dry_run"]),
        (&false.into(), &true.into())
    );
    sandbox.fails("rollback --from nobody --yes", 10, "MG0203");
}

#[test]
fn promoting_what_is_live_changes_nothing() {
    let (sandbox, versions) = three();
    let before = sandbox.number("SELECT count(*) FROM operation");
    let data = sandbox.json(&format!("promote {} --yes", versions[2]));
    assert_eq!(data["changed"], false);
    assert_eq!(data["operation_id"], json!(null));
    assert_eq!(before, sandbox.number("SELECT count(*) FROM operation"));
}

#[test]
fn rollback_to_a_version_pops_to_it_or_puts_it_on_top() {
    let (sandbox, versions) = three();
    let data = sandbox.json(&format!("rollback {} --yes", versions[0]));
    assert_eq!(data["stack"], json!([versions[0]]));
    let never_live = sandbox.register("never live");
    let data = sandbox.json(&format!("rollback {never_live} --yes"));
    assert_eq!(data["stack"], json!([versions[0], never_live]));
    sandbox.fails("rollback --last-good --yes", 10, "MG0210");
}

#[test]
fn a_plan_without_a_terminal_needs_a_yes() {
    let (sandbox, versions) = three();
    for line in [
        "rollback",
        "undo",
        "promote latest~",
        "redo",
        "alias set a latest",
    ] {
        let line = line.replace("latest~", &versions[0]);
        let run = sandbox.leaves_the_store(&line, if line == "redo" { 10 } else { 2 });
        if line != "redo" {
            assert!(run.stderr.contains("MG0102"), "{run:#?}");
            assert!(run.stderr.contains("--yes"), "{run:#?}");
        }
    }
    assert_eq!(live(&sandbox), versions[2]);
}

#[test]
fn a_dry_run_shows_the_plan_and_changes_no_byte() {
    let (sandbox, versions) = three();
    sandbox.ok("undo --yes");
    for line in [
        "rollback --dry-run",
        "undo --dry-run",
        "redo --dry-run",
        "rollback --dry-run --json",
        "promote latest --dry-run",
        "monitor --auto-rollback --dry-run",
    ] {
        let status = if line.starts_with("monitor") { 4 } else { 0 };
        sandbox.leaves_the_store(line, status);
    }
    sandbox
        .leaves_the_store("rollback --dry-run", 0)
        .says(&format!("→ {}", versions[0]))
        .says("nothing was changed");
}

#[test]
fn since_says_when_it_really_went_live() {
    let (sandbox, versions) = Sandbox::with_versions(2);
    let at = |seconds: u64| format!("@{seconds}");
    sandbox.fails(
        &format!(
            "promote {} --since {} --yes",
            versions[0],
            at(sandbox.clock() + 900)
        ),
        2,
        "MG0605",
    );
    sandbox.ok(&format!(
        "promote {} --since {} --yes",
        versions[0],
        at(BEGINNING - 90_000)
    ));
    sandbox.fails(
        &format!(
            "promote {} --since {} --yes",
            versions[1],
            at(BEGINNING - 90_001)
        ),
        2,
        "MG0605",
    );
    sandbox.ok(&format!(
        "promote {} --since {} --yes",
        versions[1],
        at(BEGINNING - 3_600)
    ));
    let history = sandbox.json("history");
    let periods = &history["versions"][1]["periods"][0];
    assert_eq!(periods["from_at"], "2026-01-04T13:30:22Z");
    assert_eq!(periods["to_at"], "2026-01-05T13:30:22Z");
    sandbox.fails("promote latest --since nonsense --yes", 2, "MG0107");
}

#[test]
fn a_retired_version_is_no_target_but_by_hand() {
    let (sandbox, versions) = three();
    sandbox.fails(&format!("retire {} --reason old", versions[2]), 3, "MG0603");
    sandbox.ok(&format!("retire {} --reason old", versions[1]));
    sandbox.ok("rollback --dry-run").says("retired: old");
    let four = sandbox.register("four");
    sandbox.ok(&format!("retire {four} --reason broken"));
    let latest = sandbox.json("show latest");
    assert_ne!(latest["version"], json!(four));
    sandbox.ok(&format!("retire {four} --reason mistake --cancel"));
    assert_eq!(sandbox.json("show latest")["version"], json!(four));
}

#[test]
fn free_aliases_have_stacks_of_their_own() {
    let (sandbox, versions) = three();
    sandbox.ok(&format!("alias set winter {} --yes", versions[0]));
    sandbox.ok(&format!("alias set winter {} --yes", versions[1]));
    let data = sandbox.json("rollback --alias winter --yes");
    assert_eq!(data["to_version"], json!(versions[0]));
    assert_eq!(live(&sandbox), versions[2]);
    assert_eq!(sandbox.json("show @winter")["version"], json!(versions[0]));
    sandbox.ok("alias remove winter --yes");
    assert_eq!(sandbox.holder("winter"), None);
    sandbox.ok("undo --yes");
    assert_eq!(sandbox.holder("winter"), Some(versions[0].clone()));
    for line in [
        "alias set production latest --yes",
        "alias remove PRODUCTION --yes",
    ] {
        sandbox.fails(line, 2, "MG0106");
    }
    sandbox.fails("alias remove summer --yes", 10, "MG0204");
    sandbox.fails("show @summer", 10, "MG0204");
}

#[test]
fn references_name_versions_in_every_way() {
    let (sandbox, versions) = three();
    let shown = |reference: &str| sandbox.json(&format!("show {reference}"))["version"].clone();
    assert_eq!(shown("@production"), json!(versions[2]));
    assert_eq!(shown("@production~2"), json!(versions[0]));
    assert_eq!(shown("churn@production~1"), json!(versions[1]));
    assert_eq!(shown(&format!("churn:{}", versions[0])), json!(versions[0]));
    assert_eq!(shown("latest"), json!(versions[2]));
    sandbox.fails("show @production~3", 10, "MG0205");
    sandbox.fails("show 2026", 10, "MG0203");
    sandbox.fails("show prices@production -m churn", 2, "MG0104");
    let run = sandbox.run("show a/b").expect(2);
    assert!(run.stderr.contains("names no version"), "{run:#?}");
}

#[test]
fn the_order_of_versions_is_that_of_registration() {
    let sandbox = Sandbox::new();
    sandbox.set_clock(BEGINNING + 500);
    sandbox.register("first");
    // The clock was turned back.
    sandbox.set_clock(BEGINNING);
    let second = sandbox.register("second");
    assert_eq!(sandbox.json("show latest")["version"], json!(second));
}

#[test]
fn a_plan_says_how_it_is_taken_back() {
    let (sandbox, versions) = Sandbox::with_versions(2);
    let plan = sandbox.ok(&format!("promote {} --dry-run", versions[0]));
    plan.says("to take it back: `modelguard undo`");
    sandbox.ok(&format!("promote {} --yes", versions[0]));
    let plan = sandbox.ok("undo --dry-run");
    plan.says("to take it back: `modelguard redo`");
}

#[test]
fn how_it_is_taken_back_is_said_once() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    let run = sandbox.ok(&format!("promote {} --yes", versions[0]));
    let run = run.says("undo: modelguard undo op_");
    assert!(!run.stderr.contains("to take it back"), "{run:#?}");
    sandbox
        .ok("undo --dry-run")
        .says("to take it back: `modelguard redo`");
}
