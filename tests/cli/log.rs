//! `log`: every change, who made it and why, and the hash that stands for all of them.

use serde_json::{Value, json};

use crate::history::project;
use crate::support::{BEGINNING, Sandbox, keys};

/// Ids of the operations in the order of the document.
fn ids(data: &Value) -> Vec<String> {
    let operations = data["operations"].as_array().unwrap().iter();
    operations
        .map(|operation| operation["operation_id"].as_str().unwrap().to_owned())
        .collect()
}

/// init, two registrations, two promotions, a rollback: op_1 to op_6.
fn six() -> (Sandbox, Vec<String>) {
    let (sandbox, versions) = Sandbox::with_versions(2);
    sandbox.ok(&format!("promote {} --yes", versions[0]));
    sandbox.ok(&format!("promote {} --yes --reason agreed", versions[1]));
    sandbox.ok("rollback --yes --reason worse");
    (sandbox, versions)
}

#[test]
fn the_newest_come_first_and_the_head_comes_last() {
    let (sandbox, _) = six();
    let data = sandbox.json("log");
    assert_eq!(keys(&data), ["head_blake3", "operations", "total_count"]);
    assert_eq!(ids(&data), ["op_6", "op_5", "op_4", "op_3", "op_2", "op_1"]);
    assert_eq!(data["head_blake3"], data["operations"][0]["entry_blake3"]);
    let head = data["head_blake3"].as_str().unwrap();
    let text = sandbox.ok("log").stdout;
    assert_eq!(text.lines().last().unwrap(), format!("head {head}"));
    assert_eq!(head.len(), 64);
}

#[test]
fn each_operation_names_the_one_before_it() {
    let (sandbox, _) = six();
    let operations = sandbox.json("log")["operations"].clone();
    let operations = operations.as_array().unwrap();
    for pair in operations.windows(2) {
        assert_eq!(pair[0]["prev_blake3"], pair[1]["entry_blake3"]);
    }
    let first = operations.last().unwrap();
    assert_eq!(first["prev_blake3"], json!("0".repeat(64)));
}

#[test]
fn an_operation_has_all_that_was_recorded() {
    let (sandbox, versions) = six();
    let data = sandbox.json("log op_6");
    assert_eq!(ids(&data), ["op_6"]);
    let rollback = &data["operations"][0];
    assert_eq!(
        keys(rollback),
        [
            "actor",
            "alias",
            "clock",
            "command_line",
            "committed_at",
            "detail",
            "entry_blake3",
            "from_version",
            "host",
            "kind",
            "left_degraded",
            "model",
            "operation_id",
            "prev_blake3",
            "reason",
            "restores_operation_id",
            "stack",
            "to_version",
            "version",
        ]
    );
    assert_eq!(rollback["kind"], "rollback");
    assert_eq!(rollback["actor"], "tester");
    assert_eq!(rollback["reason"], "worse");
    assert_eq!(rollback["alias"], "production");
    assert_eq!(rollback["from_version"], json!(versions[1]));
    assert_eq!(rollback["to_version"], json!(versions[0]));
    assert_eq!(rollback["stack"], json!([versions[0]]));
    assert_eq!(rollback["clock"], "override");
    assert_eq!(
        rollback["command_line"],
        "modelguard rollback --yes --reason worse"
    );
    let text = sandbox.ok("log 6").stdout;
    for shown in ["op_6 rollback", "worse", "tester@", "(MODELGUARD_NOW)"] {
        assert!(text.contains(shown), "no {shown} in {text}");
    }
    assert_eq!(sandbox.json("log op_1")["operations"][0]["kind"], "init");
}

#[test]
fn an_undo_names_what_it_took_back() {
    let (sandbox, _) = six();
    sandbox.ok("undo --yes");
    let operation = &sandbox.json("log op_7")["operations"][0];
    assert_eq!(operation["kind"], "undo");
    assert_eq!(operation["restores_operation_id"], "op_6");
}

#[test]
fn a_list_that_stops_gives_the_command_that_shows_all() {
    let (sandbox, _) = six();
    let text = sandbox.ok("log -n 2").stdout;
    assert!(text.contains("4 more: `modelguard log -n 6`"), "{text}");
    let data = sandbox.json("log -n 2");
    assert_eq!(ids(&data), ["op_6", "op_5"]);
    assert_eq!(data["total_count"], 6);
    // The head is that of the log, not of the list.
    assert_eq!(data["head_blake3"], sandbox.json("log")["head_blake3"]);
    let text = sandbox.ok("log -n 1 --kind promote --since 1d").stdout;
    let line = text.lines().find(|line| line.contains("more")).unwrap();
    let command = line.split('`').nth(1).unwrap();
    let command = command.strip_prefix("modelguard ").unwrap();
    assert_eq!(ids(&sandbox.json(command)), ["op_5", "op_4"]);
}

#[test]
fn kinds_are_chosen_and_a_mistyped_one_is_suggested() {
    let (sandbox, _) = six();
    assert_eq!(
        ids(&sandbox.json("log --kind promote,rollback")),
        ["op_6", "op_5", "op_4"]
    );
    assert_eq!(
        ids(&sandbox.json("log --kind promote --kind init")),
        ["op_5", "op_4", "op_1"]
    );
    assert_eq!(ids(&sandbox.json("log --kind check")).len(), 0);
    sandbox.ok("log --kind check").says("No operation");
    sandbox
        .fails("log --kind promot", 2, "MG0101")
        .tells("promote");
    sandbox
        .fails("log --kind nonsense", 2, "MG0101")
        .tells("alias_set");
}

#[test]
fn since_is_a_time_or_an_age() {
    let (sandbox, _) = six();
    let since = BEGINNING + 3;
    assert_eq!(
        ids(&sandbox.json(&format!("log --since @{since}"))),
        ["op_6", "op_5"]
    );
    assert_eq!(ids(&sandbox.json("log --since 2026-01-06")).len(), 0);
    sandbox.fails("log --since sometime", 2, "MG0107");
}

#[test]
fn rows_for_a_program_are_those_of_the_document() {
    let (sandbox, _) = six();
    let operations = sandbox.json("log")["operations"].clone();
    let lines = sandbox.ok("log --as jsonl").stdout;
    let parsed = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let parsed: Vec<Value> = parsed.collect();
    assert_eq!(parsed, *operations.as_array().unwrap());
    let table = sandbox.ok("log --as csv -n 3").stdout;
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header = reader.headers().unwrap().clone();
    let mut heads: Vec<_> = header.iter().collect();
    heads.sort_unstable();
    assert_eq!(heads, keys(&operations[0]));
    assert_eq!(reader.records().map(Result::unwrap).count(), 3);
    let both = sandbox.run("log --as jsonl --json").expect(2);
    assert_eq!(both.problem()["code"], "MG0101");
}

#[test]
fn one_operation_takes_no_filter() {
    let (sandbox, _) = six();
    for line in [
        "log op_1 -n 2",
        "log op_1 --kind init",
        "log op_1 --since 1d",
        "log op_x",
        "log op_0",
        "log op_-1",
    ] {
        sandbox.fails(line, 2, "MG0101");
    }
    sandbox.fails("log op_99", 10, "MG0209");
    sandbox.fails("log 99999999999999999999", 2, "MG0101");
}

#[test]
fn one_model_is_chosen_by_name() {
    let (sandbox, _) = six();
    sandbox.ok("init --model prices --task regression");
    assert_eq!(ids(&sandbox.json("log")).len(), 7);
    assert_eq!(ids(&sandbox.json("log -m prices")), ["op_7"]);
    assert_eq!(ids(&sandbox.json("log -m churn")).len(), 6);
    // An operation is named by its number, whatever model is chosen.
    assert_eq!(ids(&sandbox.json("log op_7 -m churn")), ["op_7"]);
    sandbox.fails("log -m none", 10, "MG0202");
}

#[test]
fn the_log_tells_who_did_what_and_why() {
    let (sandbox, versions) = project();
    let data = sandbox.json("log");
    let kinds = data["operations"].as_array().unwrap().iter();
    let kinds: Vec<_> = kinds.map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "retire", "promote", "register", "promote", "register", "init"
        ]
    );
    let promote = &data["operations"][1];
    assert_eq!(promote["operation_id"], "op_5");
    assert_eq!(promote["actor"], "tester");
    assert_eq!(promote["reason"], "better");
    assert_eq!(promote["clock"], "override");
    assert_eq!(promote["alias"], "production");
    assert_eq!(promote["from_version"], json!(versions[0]));
    assert_eq!(promote["to_version"], json!(versions[1]));
    assert_eq!(promote["stack"], json!(versions));
    assert_eq!(
        promote["command_line"],
        "modelguard promote latest --yes --reason better"
    );
    // Each entry follows from the one before it, and the head is the newest.
    assert_eq!(data["operations"][0]["entry_blake3"], data["head_blake3"]);
    assert_eq!(
        promote["entry_blake3"],
        data["operations"][0]["prev_blake3"]
    );
    let head = data["head_blake3"].as_str().unwrap();
    let text = sandbox.ok("log").stdout;
    assert_eq!(text.lines().last(), Some(format!("head {head}").as_str()));
    sandbox.ok(&format!("store verify --expect-head {head}"));
}

#[test]
fn the_log_is_searched_by_kind_and_time() {
    let (sandbox, _) = project();
    let data = sandbox.json("log --kind promote,retire -n 2");
    assert_eq!(data["total_count"], 3);
    assert_eq!(data["operations"].as_array().unwrap().len(), 2);
    sandbox
        .ok("log --kind promote -n 1")
        .says("1 more: `modelguard log -n 2 --kind promote`");
    let since = format!("log --since @{}", BEGINNING + 3);
    assert_eq!(sandbox.json(&since)["total_count"], 1);
    sandbox
        .ok("log --kind undo")
        .says("No operation")
        .says("head ");
    sandbox
        .run("log --kind promot")
        .expect(2)
        .tells("did you mean promote?");
    sandbox
        .run("log --kind nonsense")
        .expect(2)
        .tells("the kinds are init,");
}

#[test]
fn one_operation_is_told_whole() {
    let (sandbox, versions) = project();
    sandbox.ok("undo --yes");
    let data = sandbox.json("log op_7");
    assert_eq!(data["operations"][0]["restores_operation_id"], "op_5");
    assert_eq!(data["operations"].as_array().unwrap().len(), 1);
    sandbox
        .ok("log op_7")
        .says("operation  op_7 undo")
        .says("takes back op_5")
        .says(&format!(
            "what       churn @production {} → {}",
            versions[1], versions[0]
        ));
    assert_eq!(sandbox.json("log 7"), data);
    sandbox.fails("log op_99", 10, "MG0209");
    sandbox.run("log op_x").expect(2);
    sandbox.run("log op_1 --kind init").expect(2);
}
