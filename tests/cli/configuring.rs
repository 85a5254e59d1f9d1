//! `config`: which files are meant, what every key is set to, everything that is wrong, and what is trusted.

use serde_json::{Value, json};

use crate::support::Sandbox;

fn key<'a>(data: &'a Value, name: &str) -> &'a Value {
    let keys = data["keys"].as_array().unwrap();
    keys.iter().find(|key| key["key"] == name).unwrap()
}

#[test]
fn paths_are_told_before_anything_is_there() {
    let sandbox = Sandbox::empty();
    let data = sandbox.json("config path");
    assert_eq!(data["policy_path"], Value::Null);
    assert!(data["db_path"].as_str().unwrap().ends_with("modelguard.db"));
    sandbox.ok("config path").says("none; the defaults hold");
    sandbox.ok("config validate").says("the defaults hold");
    sandbox.ok("config show").says("check.threshold_pct");
    sandbox.ok("config trust --yes").says("nothing needs trust");
    sandbox.fails("status", 10, "MG0201");
}

#[test]
fn every_key_says_who_set_it() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "modelguard.toml",
        b"[check]\nmin_rows = 50\n[models.churn.check]\nthreshold_pct = 7.5\n",
    );
    let data = sandbox.json("config show --lock-timeout 9s");
    assert_eq!(key(&data, "check.min_rows")["value"], "50");
    assert_eq!(key(&data, "check.min_rows")["origin"], "policy");
    assert_eq!(key(&data, "check.min_rows")["line_number"], 2);
    assert_eq!(key(&data, "check.threshold_pct")["value"], "5.0");
    assert_eq!(key(&data, "store.lock_timeout")["value"], "9s");
    assert_eq!(key(&data, "store.lock_timeout")["origin"], "flag");
    let of_model = sandbox.json("config show -m churn");
    assert_eq!(key(&of_model, "check.threshold_pct")["value"], "7.5");
    sandbox
        .ok("config show --origin -m churn")
        .says("policy, line 4: models.churn.check.threshold_pct")
        .says("policy, line 2");
    let plain = sandbox.ok("config show");
    assert!(!plain.stdout.contains("line 2"), "{plain:#?}");
}

#[test]
fn every_problem_is_reported_with_its_place() {
    let sandbox = Sandbox::new();
    sandbox.write("bad.toml", b"[check]\ntreshold_pct = 4\nmin_rows = -1\n");
    let run = sandbox.run("config validate bad.toml").expect(2);
    let run = run
        .says("bad.toml:2:1")
        .says("did you mean `threshold_pct`?")
        .says("bad.toml:3:12")
        .says("2 problems");
    assert!(run.stdout.contains("^^^^"), "{run:#?}");
    let run = sandbox.run("config validate bad.toml --json").expect(2);
    let checks = run.document()["data"]["checks"].clone();
    assert_eq!(checks[0]["outcome"], "fail");
    assert_eq!(checks[0]["code"], "MG0303");
    assert_eq!(checks[0]["line_number"], 2);
    assert_eq!(checks[1]["name"], "check.min_rows");
    assert_eq!(checks.as_array().unwrap().len(), 2);
}

#[test]
fn a_good_policy_is_held_against_the_tasks_of_the_store() {
    let sandbox = Sandbox::new();
    sandbox
        .ok("config validate")
        .says("also for the task of churn");
    let checks = sandbox.json("config validate")["checks"].clone();
    assert_eq!(checks[0]["outcome"], "ok");
    sandbox.write("modelguard.toml", b"[check]\nmetric = \"rmse\"\n");
    sandbox.run("config validate").expect(2).says("rmse");
    // Of a file that was named nobody knows whose it is.
    sandbox.ok("config validate modelguard.toml");
}

#[test]
fn a_policy_that_cannot_be_read_is_a_failure() {
    let sandbox = Sandbox::new();
    sandbox.fails("config validate absent.toml", 1, "MG0308");
    sandbox.write("future.toml", b"requires = \">=99\"\n");
    sandbox
        .run("config validate future.toml")
        .expect(13)
        .says("MG0306");
    sandbox.write("broken.toml", b"[check\n");
    sandbox
        .run("config validate broken.toml")
        .expect(2)
        .says("MG0302");
}

#[test]
fn what_reaches_outside_needs_trust_once() {
    let sandbox = Sandbox::new();
    sandbox.ok("config trust").says("needs no trust");
    sandbox.write("modelguard.toml", b"[store]\npath = \"../elsewhere.db\"\n");
    sandbox.fails("status", 2, "MG0307").tells("config trust");
    assert_eq!(sandbox.json("config path")["trusted"], false);
    sandbox
        .fails("config trust", 2, "MG0102")
        .tells("lets a policy reach outside its folder");
    let run = sandbox.run("config trust --yes --json").expect(0);
    let data = &run.document()["data"];
    assert_eq!(
        (&data["changed"], &data["trusted"]),
        (&json!(true), &json!(true))
    );
    assert!(data["lines"][0].as_str().unwrap().contains("elsewhere.db"));
    assert_eq!(sandbox.json("config trust")["changed"], false);
    assert_eq!(sandbox.json("config path")["trusted"], true);
    sandbox.fails("status", 10, "MG0201");
    // Another text at the same place is another policy.
    sandbox.write("modelguard.toml", b"[store]\npath = \"../elsewhere2.db\"\n");
    sandbox.fails("status", 2, "MG0307");
    // Naming it is consent.
    sandbox
        .ok("config trust --config modelguard.toml")
        .says("which is consent");
    sandbox.fails("status --config modelguard.toml", 10, "MG0201");
}

#[test]
fn trust_can_name_the_file_of_another_project() {
    let sandbox = Sandbox::new();
    sandbox.write("sub/.git/x", b"");
    sandbox.write(
        "sub/modelguard.toml",
        b"[store]\npath = \"../modelguard.db\"\n",
    );
    sandbox.fails("-C sub status", 2, "MG0307");
    sandbox
        .ok("config trust sub/modelguard.toml --yes")
        .says("is trusted now");
    sandbox.ok("-C sub status");
    sandbox.write("other.toml", b"");
    sandbox.fails("config trust other.toml --yes", 2, "MG0107");
}
