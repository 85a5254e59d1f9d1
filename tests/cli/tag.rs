//! `tag`: sets and removes tags and the note, once, and keeps in the log what was said.

use serde_json::{Value, json};

use crate::support::{Sandbox, keys};

fn operations(sandbox: &Sandbox) -> i64 {
    sandbox.number("SELECT count(*) FROM operation")
}

#[test]
fn tags_are_set_changed_and_taken_away() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    let data = sandbox.json("tag latest stage=new owner=ml");
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
    assert_eq!(data["version"], json!(versions[0]));
    assert_eq!(data["tags"], json!({ "stage": "new", "owner": "ml" }));
    assert_eq!(data["operation_id"], "op_3");
    let data = sandbox.json("tag latest stage=reviewed owner=");
    assert_eq!(data["tags"], json!({ "stage": "reviewed" }));
    assert_eq!(
        sandbox.json("show latest")["tags"],
        json!({ "stage": "reviewed" })
    );
    sandbox.ok("tag latest stage=").says("no tags");
}

#[test]
fn a_value_may_hold_what_a_key_may_not() {
    let (sandbox, _) = Sandbox::with_versions(1);
    sandbox
        .run_words(&["tag", "latest", "query=a=b c, d"])
        .expect(0);
    assert_eq!(
        sandbox.json("show latest")["tags"],
        json!({ "query": "a=b c, d" })
    );
    for line in ["tag latest stage", "tag latest =x"] {
        sandbox.fails(line, 2, "MG0101").tells("K=V");
    }
    sandbox.fails("tag latest a=1 a=2", 2, "MG0107");
    sandbox.fails("tag latest", 2, "MG0101");
    assert_eq!(operations(&sandbox), 3);
}

#[test]
fn the_note_is_replaced_and_an_empty_one_goes() {
    let (sandbox, _) = Sandbox::with_versions(1);
    sandbox
        .run_words(&["tag", "latest", "--note", "ticket 812"])
        .expect(0)
        .says("ticket 812");
    sandbox.ok("tag latest stage=new");
    assert_eq!(sandbox.json("show latest")["note"], "ticket 812");
    sandbox
        .run_words(&["tag", "latest", "--note", ""])
        .expect(0);
    assert_eq!(sandbox.json("show latest")["note"], Value::Null);
}

#[test]
fn the_same_again_changes_nothing() {
    let (sandbox, _) = Sandbox::with_versions(1);
    sandbox.ok("tag latest stage=new --note checked");
    let before = operations(&sandbox);
    for line in [
        "tag latest stage=new",
        "tag latest --note checked",
        "tag latest other=",
    ] {
        sandbox.ok(line).says("nothing was changed");
        let data = sandbox.json(line);
        assert_eq!(data["changed"], false);
        assert_eq!(data["operation_id"], Value::Null);
    }
    assert_eq!(operations(&sandbox), before);
}

#[test]
fn the_log_says_what_the_tags_became() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    sandbox.ok("tag latest stage=new --note checked");
    let operation = sandbox.json("log -n 1")["operations"][0].clone();
    assert_eq!(operation["kind"], "tag");
    assert_eq!(operation["version"], json!(versions[0]));
    assert_eq!(
        operation["detail"],
        json!({ "tags": { "stage": "new" }, "note": "checked" })
    );
}

#[test]
fn a_tag_never_changes_who_is_live() {
    let (sandbox, versions) = Sandbox::with_versions(2);
    sandbox.ok(&format!("promote {} --yes", versions[0]));
    sandbox.ok(&format!("tag {} stage=new", versions[1]));
    assert_eq!(sandbox.holder("production"), Some(versions[0].clone()));
    // It only records, so there is nothing to take back.
    sandbox.fails("undo op_5 --yes", 2, "MG0105");
    sandbox.fails("tag nobody a=b", 10, "MG0203");
    sandbox.fails("tag @winter a=b", 10, "MG0204");
}

#[test]
fn what_tags_were_stays_in_the_log() {
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
