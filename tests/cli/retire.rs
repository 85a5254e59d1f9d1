//! `retire`: a version that nothing automatic chooses any more, until that is taken back.

use serde_json::{Value, json};

use crate::support::{Sandbox, keys};

#[test]
fn a_retired_version_is_kept_and_named_with_its_reason() {
    let (sandbox, versions) = Sandbox::with_versions(2);
    let line = format!("retire {} --reason replaced", versions[0]);
    let data = sandbox.json(&line);
    assert_eq!(
        keys(&data),
        [
            "changed",
            "model",
            "note",
            "operation_id",
            "reason",
            "retired",
            "tags",
            "version"
        ]
    );
    assert_eq!(data["changed"], true);
    assert_eq!(data["retired"], true);
    assert_eq!(data["reason"], "replaced");
    let again = sandbox.json(&line);
    assert_eq!(again["changed"], false);
    assert_eq!(again["operation_id"], Value::Null);
    sandbox.ok(&format!("fetch {} -o out.bin", versions[0]));
    let operation = sandbox.json("log -n 1")["operations"][0].clone();
    assert_eq!(operation["kind"], "retire");
    assert_eq!(operation["reason"], "replaced");
}

#[test]
fn another_reason_is_another_operation() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    sandbox.ok(&format!("retire {} --reason one", versions[0]));
    let data = sandbox.json(&format!("retire {} --reason two", versions[0]));
    assert_eq!(data["changed"], true);
    assert_eq!(data["reason"], "two");
}

#[test]
fn the_live_version_is_refused_and_nothing_changes() {
    let (sandbox, versions) = Sandbox::with_versions(2);
    sandbox.ok(&format!("promote {} --yes", versions[0]));
    sandbox
        .fails("retire @production --reason bad", 3, "MG0603")
        .tells("`modelguard history` lists all");
    sandbox.leaves_the_store("retire @production --reason bad", 3);
    // An alias other than production does not protect.
    sandbox.ok(&format!("alias set winter {} --yes", versions[1]));
    sandbox.ok("retire @winter --reason bad");
}

#[test]
fn cancel_takes_it_back_and_says_why() {
    let (sandbox, versions) = Sandbox::with_versions(2);
    sandbox.ok(&format!("retire {} --reason wrong", versions[1]));
    assert_eq!(sandbox.json("show latest")["version"], json!(versions[0]));
    let line = format!("retire {} --cancel --reason mistake", versions[1]);
    let data = sandbox.json(&line);
    assert_eq!(data["retired"], false);
    assert_eq!(data["reason"], Value::Null);
    let operation = sandbox.json("log -n 1")["operations"][0].clone();
    assert_eq!(operation["kind"], "unretire");
    assert_eq!(operation["reason"], "mistake");
    assert_eq!(sandbox.json("show latest")["version"], json!(versions[1]));
    assert_eq!(sandbox.json(&line)["changed"], false);
    sandbox
        .ok(&format!("retire {} --cancel", versions[0]))
        .says("nothing was changed");
}

#[test]
fn latest_needs_a_version_that_is_not_retired() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    sandbox.ok("retire latest --reason old");
    sandbox.fails("show latest", 10, "MG0203");
    sandbox.fails("promote latest --yes", 10, "MG0203");
    // By hand it is still there, with a warning.
    sandbox
        .ok(&format!("promote {} --yes", versions[0]))
        .tells("is retired: old");
    assert_eq!(sandbox.holder("production"), Some(versions[0].clone()));
}

#[test]
fn a_reason_is_needed_and_has_to_say_something() {
    let (sandbox, _) = Sandbox::with_versions(1);
    sandbox
        .fails("retire latest", 2, "MG0101")
        .tells("--reason");
    let run = sandbox.run_words(&["retire", "latest", "--reason", " "]);
    assert!(run.expect(2).stderr.contains("MG0107"));
    sandbox.fails("retire nobody --reason x", 10, "MG0203");
    assert_eq!(sandbox.number("SELECT count(*) FROM operation"), 2);
}

#[test]
fn retiring_is_recorded_and_can_be_taken_back() {
    let (sandbox, versions) = Sandbox::with_versions(2);
    let line = format!("retire {} --reason leak", versions[1]);
    let data = sandbox.json(&line);
    assert_eq!(data["changed"], true);
    assert_eq!(data["retired"], true);
    assert_eq!(data["reason"], "leak");
    assert_eq!(sandbox.json(&line)["changed"], false);
    assert_eq!(sandbox.json("show latest")["version"], json!(versions[0]));
    let back = sandbox.json(&format!("retire {} --cancel --reason checked", versions[1]));
    assert_eq!(
        (&back["changed"], &back["retired"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(sandbox.json("show latest")["version"], json!(versions[1]));
    let log = sandbox.json("log -n 2");
    assert_eq!(log["operations"][0]["kind"], "unretire");
    assert_eq!(log["operations"][0]["reason"], "checked");
    assert_eq!(log["operations"][1]["reason"], "leak");
    let again = sandbox.json(&format!("retire {} --cancel", versions[1]));
    assert_eq!(again["changed"], false);
}

#[test]
fn the_live_version_is_not_retired_and_a_reason_is_needed() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    sandbox.ok("promote latest --yes");
    sandbox
        .fails("retire latest --reason old", 3, "MG0603")
        .tells("`modelguard history` lists all");
    assert_eq!(sandbox.json("show latest")["retired"], false);
    sandbox.run(&format!("retire {}", versions[0])).expect(2);
    sandbox
        .run_words(&["retire", &versions[0], "--reason", " "])
        .expect(2)
        .tells("MG0107");
    sandbox.fails("retire nothing --reason old", 10, "MG0203");
}
