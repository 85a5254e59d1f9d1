//! `tag`, `retire` and `alias list`: what is said of a version after it was registered.

use serde_json::json;

use crate::support::Sandbox;

#[test]
fn tags_are_set_changed_and_taken_away() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    let data = sandbox.json("tag latest stage=new owner=ana --note first");
    assert_eq!(data["changed"], true);
    assert_eq!(data["version"], json!(versions[0]));
    assert_eq!(data["tags"], json!({ "owner": "ana", "stage": "new" }));
    assert_eq!(data["note"], "first");
    assert_eq!(data["operation_id"], "op_3");
    let data = sandbox.json("tag latest stage=reviewed owner=");
    assert_eq!(data["tags"], json!({ "stage": "reviewed" }));
    assert_eq!(data["note"], "first");
    let again = sandbox.json("tag latest stage=reviewed");
    assert_eq!(again["changed"], false);
    assert_eq!(again["operation_id"], json!(null));
    let run = sandbox
        .run_words(&["tag", "latest", "--note", ""])
        .expect(0);
    assert!(!run.stdout.contains("note"), "{run:#?}");
    let shown = sandbox.json("show latest");
    assert_eq!(shown["note"], json!(null));
    assert_eq!(shown["tags"], json!({ "stage": "reviewed" }));
    // What they were stays in the log.
    let log = sandbox.json("log op_3");
    assert_eq!(log["operations"][0]["detail"]["tags"]["owner"], "ana");
}

#[test]
fn a_tag_needs_a_key_and_a_version() {
    let (sandbox, _) = Sandbox::with_versions(1);
    for line in ["tag latest", "tag latest =x", "tag latest stage", "tag"] {
        sandbox.run(line).expect(2);
    }
    sandbox.fails("tag latest a=1 a=2", 2, "MG0107");
    sandbox.fails("tag @production a=1", 10, "MG0204");
    sandbox.fails("tag 1999 a=1", 10, "MG0203");
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
            { "alias": "winter", "version": versions[0], "since_at": null, "stack": [versions[0]] },
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
