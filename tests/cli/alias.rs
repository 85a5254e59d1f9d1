//! `alias`: free names, who holds them, and that production is not one of them.

use serde_json::{Value, json};

use crate::support::{Sandbox, keys};

/// Two versions, the first live.
fn two() -> (Sandbox, Vec<String>) {
    let (sandbox, versions) = Sandbox::with_versions(2);
    sandbox.ok(&format!("promote {} --yes", versions[0]));
    (sandbox, versions)
}

#[test]
fn the_list_names_holders_and_stacks() {
    let (sandbox, versions) = two();
    sandbox.ok(&format!("alias set winter {} --yes", versions[0]));
    sandbox.ok(&format!("alias set winter {} --yes", versions[1]));
    let data = sandbox.json("alias list");
    assert_eq!(keys(&data), ["aliases"]);
    let aliases = data["aliases"].as_array().unwrap();
    assert_eq!(aliases.len(), 2);
    for alias in aliases {
        assert_eq!(keys(alias), ["alias", "since_at", "stack", "version"]);
    }
    let winter = aliases.iter().find(|alias| alias["alias"] == "winter");
    let winter = winter.unwrap();
    assert_eq!(winter["version"], json!(versions[1]));
    assert_eq!(winter["stack"], json!([versions[0], versions[1]]));
    assert_eq!(winter["since_at"], "2026-01-05T14:30:26Z");
    let table = sandbox.ok("alias list").stdout;
    let line = |name: &str| table.lines().find(|line| line.contains(name)).unwrap();
    assert!(line("@production").starts_with('*'), "{table}");
    assert!(!line("@winter").starts_with('*'), "{table}");
    assert!(line("@winter").contains(&versions[1]), "{table}");
}

#[test]
fn no_alias_says_how_to_have_one() {
    let (sandbox, _) = Sandbox::with_versions(1);
    sandbox
        .ok("alias list")
        .says("is held: `modelguard promote latest`");
    assert_eq!(sandbox.json("alias list"), json!({ "aliases": [] }));
    sandbox.leaves_the_store("alias list", 0);
}

#[test]
fn setting_an_alias_is_one_change_that_can_be_taken_back() {
    let (sandbox, versions) = two();
    let data = sandbox.json(&format!("alias set winter {} --yes", versions[1]));
    for key in [
        "changed",
        "model",
        "alias",
        "from_version",
        "to_version",
        "stack",
        "operation_id",
        "reason",
        "actor",
        "undo_command",
    ] {
        assert!(data.get(key).is_some(), "no {key} in {data}");
    }
    assert_eq!(data["changed"], true);
    assert_eq!(data["alias"], "winter");
    assert_eq!(data["from_version"], Value::Null);
    assert_eq!(data["to_version"], json!(versions[1]));
    assert_eq!(data["actor"], "tester");
    let undo = data["undo_command"].as_str().unwrap();
    assert_eq!(undo, "modelguard undo op_5");
    sandbox.ok("undo op_5 --yes");
    assert_eq!(sandbox.holder("winter"), None);
    assert_eq!(sandbox.holder("production"), Some(versions[0].clone()));
}

#[test]
fn the_same_holder_again_changes_nothing() {
    let (sandbox, _) = two();
    sandbox.ok("alias set winter latest --yes");
    let before = sandbox.number("SELECT count(*) FROM operation");
    let data = sandbox.json("alias set winter latest --yes");
    assert_eq!(data["changed"], false);
    assert_eq!(data["operation_id"], Value::Null);
    assert_eq!(sandbox.number("SELECT count(*) FROM operation"), before);
}

#[test]
fn removing_an_alias_leaves_its_version() {
    let (sandbox, versions) = two();
    sandbox.ok("alias set winter latest --yes");
    let data = sandbox.json("alias remove winter --yes");
    assert_eq!(data["changed"], true);
    assert_eq!(data["from_version"], json!(versions[1]));
    assert_eq!(data["to_version"], Value::Null);
    assert_eq!(data["stack"], json!([]));
    sandbox.ok(&format!("show {}", versions[1]));
    sandbox.fails("alias remove winter --yes", 10, "MG0204");
    sandbox.ok("undo --yes");
    assert_eq!(sandbox.holder("winter"), Some(versions[1].clone()));
}

#[test]
fn without_a_terminal_a_yes_is_needed_and_named() {
    let (sandbox, versions) = two();
    sandbox.ok(&format!("alias set winter {} --yes", versions[0]));
    for line in ["alias set winter latest", "alias remove winter"] {
        sandbox
            .leaves_the_store(line, 2)
            .tells(&format!("`modelguard {line} --yes`"));
        sandbox.fails(line, 2, "MG0102");
    }
}

#[test]
fn a_dry_run_shows_the_plan_and_leaves_every_byte() {
    let (sandbox, versions) = two();
    sandbox.ok(&format!("alias set winter {} --yes", versions[0]));
    sandbox
        .leaves_the_store("alias set winter latest --dry-run", 0)
        .says(&versions[1]);
    sandbox.leaves_the_store("alias remove winter --dry-run", 0);
    let run = sandbox.leaves_the_store("alias set winter latest --dry-run --json", 0);
    let data = run.document()["data"].clone();
    assert_eq!(data["changed"], false);
    assert_eq!(data["to_version"], json!(versions[1]));
    sandbox.leaves_the_store("alias remove summer --dry-run", 10);
}

#[test]
fn production_is_reserved_and_the_right_verb_is_named() {
    let (sandbox, versions) = two();
    sandbox
        .fails("alias set production latest --yes", 2, "MG0106")
        .tells("modelguard promote latest");
    sandbox
        .fails("alias remove Production --yes", 2, "MG0106")
        .tells("modelguard undo");
    assert_eq!(sandbox.holder("production"), Some(versions[0].clone()));
}

#[test]
fn what_is_no_name_or_no_version_is_refused() {
    let (sandbox, _) = two();
    for name in ["-x", "a~1", "@winter", "a/b", ""] {
        let run = sandbox.run_words(&["alias", "set", name, "latest", "--yes"]);
        assert_eq!(run.status, 2, "{run:#?}");
    }
    sandbox.fails("alias set winter nobody --yes", 10, "MG0203");
    sandbox.fails("alias set winter @summer --yes", 10, "MG0204");
    sandbox.fails("alias set winter", 2, "MG0101");
    sandbox.run("alias").expect(2);
    assert_eq!(
        sandbox.json("alias list")["aliases"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn the_reason_is_in_the_log() {
    let (sandbox, _) = two();
    sandbox.ok("alias set winter latest --yes --reason season");
    sandbox.ok("alias remove winter --yes --reason over");
    let operations = sandbox.json("log -n 2")["operations"].clone();
    assert_eq!(operations[0]["kind"], "alias_remove");
    assert_eq!(operations[0]["reason"], "over");
    assert_eq!(operations[1]["kind"], "alias_set");
    assert_eq!(operations[1]["reason"], "season");
}

#[test]
fn the_case_of_an_alias_does_not_matter_and_latest_is_none() {
    let (sandbox, names) = two();
    sandbox.ok(&format!("alias set Winter {} --yes", names[0]));
    sandbox.ok(&format!("alias set winter {} --yes", names[1]));
    let shown = sandbox.json("show @WINTER");
    assert_eq!(shown["version"], names[1].as_str());
    assert_eq!(sandbox.holder("winter").as_deref(), Some(names[1].as_str()));
    assert_eq!(
        sandbox.number("SELECT count(*) FROM alias WHERE name LIKE 'winter'"),
        1
    );
    sandbox.fails("alias set Latest latest --yes", 2, "MG0101");
}

#[test]
fn aliases_are_listed_with_their_stacks() {
    let (sandbox, versions) = Sandbox::with_versions(2);
    sandbox.ok(&format!("promote {} --yes", versions[0]));
    sandbox.ok(&format!("promote {} --yes", versions[1]));
    let set = sandbox.run(&format!("alias set winter {} --json --yes", versions[0]));
    assert_eq!(set.document()["schema"], "modelguard.alias_set/1");
    assert_eq!(
        sandbox.json("alias list")["aliases"],
        json!([
            { "alias": "production", "version": versions[1], "since_at": "2026-01-05T14:30:25Z", "stack": versions },
            { "alias": "winter", "version": versions[0], "since_at": "2026-01-05T14:30:26Z", "stack": [versions[0]] },
        ])
    );
    sandbox
        .ok("alias list")
        .says(&format!("*  @production  {}", versions[1]));
    assert_eq!(
        sandbox.json("history")["versions"][1]["aliases"],
        json!(["winter"])
    );
    // Its own plan, its own words.
    sandbox
        .run("alias remove winter")
        .expect(2)
        .tells("changes who holds @winter and there is no terminal");
    sandbox.leaves_the_store("alias remove winter --dry-run", 0);
    sandbox.leaves_the_store("alias set winter latest --dry-run", 0);
    let removed = sandbox.json("alias remove winter --yes");
    assert_eq!(removed["to_version"], json!(null));
    assert_eq!(removed["stack"], json!([]));
}
