//! `history`, `show` and `log`: what is there, who was live when, and what was done.

use serde_json::{Value, json};

use crate::support::{BEGINNING, FIRST_VERSION, Sandbox};

/// Two versions, of which the second took over; the first is retired.
fn project() -> (Sandbox, Vec<String>) {
    let sandbox = Sandbox::new();
    let mut versions = Vec::new();
    for (name, options) in [
        (
            "a",
            "--metric accuracy=0.9 --metric f1=0.8 --alias production",
        ),
        (
            "b",
            "--metric accuracy=0.93 --param depth=6 --tag stage=new",
        ),
    ] {
        sandbox.write(name, name.as_bytes());
        let run = sandbox.ok(&format!("register {name} {options}"));
        versions.push(run.stdout.trim().to_owned());
    }
    sandbox.ok("promote latest --yes --reason better");
    sandbox.ok(&format!("retire {} --reason old", versions[0]));
    (sandbox, versions)
}

#[test]
fn history_says_who_was_live_when() {
    let (sandbox, versions) = project();
    let data = sandbox.json("history");
    assert_eq!(data["total_count"], 2);
    let newest = &data["versions"][0];
    let older = &data["versions"][1];
    assert_eq!(newest["version"], json!(versions[1]));
    assert_eq!(newest["is_production"], true);
    assert_eq!(newest["params"], json!({ "depth": "6" }));
    assert_eq!(newest["tags"], json!({ "stage": "new" }));
    assert_eq!(newest["metrics"], json!({ "accuracy": 0.93 }));
    assert_eq!(
        newest["periods"],
        json!([{ "from_at": "2026-01-05T14:30:24Z", "to_at": null, "ended_by": null, "ended_operation_id": null }])
    );
    assert_eq!(older["version"], FIRST_VERSION);
    assert_eq!(older["retired"], true);
    assert_eq!(older["retired_reason"], "old");
    assert_eq!(
        older["periods"],
        json!([{ "from_at": null, "to_at": "2026-01-05T14:30:24Z", "ended_by": "promote",
                 "ended_operation_id": "op_5" }])
    );
    let table = sandbox.ok("history").stdout;
    let lines: Vec<_> = table.lines().collect();
    assert!(
        lines[1].starts_with(&format!("*  {}", versions[1])),
        "{table}"
    );
    assert!(
        lines[2].starts_with(&format!("   {}", versions[0])),
        "{table}"
    );
    assert!(lines[2].contains("retired"), "{table}");
}

#[test]
fn a_version_that_was_live_twice_has_two_periods() {
    let (sandbox, versions) = Sandbox::with_versions(2);
    for version in [&versions[0], &versions[1], &versions[0]] {
        sandbox.ok(&format!("promote {version} --yes"));
    }
    sandbox.ok("undo --yes");
    let data = sandbox.json(&format!("show {}", versions[0]));
    let ended = data["periods"].as_array().unwrap().iter();
    let ended: Vec<_> = ended.map(|period| period["ended_by"].clone()).collect();
    assert_eq!(ended, [json!("promote"), json!("undo")]);
    sandbox
        .ok(&format!("show {}", versions[0]))
        .says("(undo op_7)");
}

#[test]
fn history_stops_and_says_how_to_see_more() {
    let (sandbox, versions) = Sandbox::with_versions(12);
    let run = sandbox.ok("history");
    assert_eq!(run.stdout.lines().count(), 12);
    let run = run.says("2 more: `modelguard history 12`");
    assert!(!run.stdout.contains(&versions[1]), "{run:#?}");
    assert_eq!(sandbox.ok("history 12").stdout.lines().count(), 13);
    sandbox
        .ok("history 1 --since 2026-01-05")
        .says("11 more: `modelguard history 12 --since 2026-01-05`");
    let since = format!("history --since @{}", BEGINNING + 10);
    assert_eq!(sandbox.json(&since)["total_count"], 2);
    let until = format!("history --until @{}", BEGINNING + 10);
    assert_eq!(sandbox.json(&until)["total_count"], 10);
    sandbox.fails("history --since yesterday", 2, "MG0107");
    sandbox.run("history many").expect(2);
}

#[test]
fn a_model_without_versions_says_what_to_do() {
    let sandbox = Sandbox::new();
    sandbox.ok("history").says("`modelguard register PATH`");
    assert_eq!(sandbox.json("history")["versions"], json!([]));
    sandbox.ok("alias list").says("`modelguard promote latest`");
    sandbox.fails("show latest", 10, "MG0203");
    sandbox.fails("history -m prices", 10, "MG0202");
}

#[test]
fn several_models_have_to_be_told_apart() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    sandbox.ok("init --model prices --task regression");
    for line in ["history", "alias list", "show latest"] {
        sandbox.fails(line, 2, "MG0103");
    }
    let shown = sandbox.json(&format!("show churn:{}", versions[0]));
    assert_eq!(shown["model"], "churn");
    sandbox.ok("history -m prices").says("No version of prices");
    // The log is the store's.
    assert_eq!(sandbox.json("log")["total_count"], 3);
    assert_eq!(sandbox.json("log -m prices")["total_count"], 1);
}

#[test]
fn lists_are_rows_for_other_programs() {
    let (sandbox, versions) = project();
    for (line, first) in [("history", "version,"), ("log", "operation_id,")] {
        let csv = sandbox.ok(&format!("{line} --as csv")).stdout;
        assert!(csv.starts_with(first), "{csv}");
        let rows = sandbox.ok(&format!("{line} --as jsonl")).stdout;
        assert_eq!(rows.lines().count() + 1, csv.lines().count(), "{csv}{rows}");
        let elements = &sandbox.json(line)[if line == "log" {
            "operations"
        } else {
            "versions"
        }];
        for (row, element) in rows.lines().zip(elements.as_array().unwrap()) {
            assert_eq!(&serde_json::from_str::<Value>(row).unwrap(), element);
        }
        sandbox.run(&format!("{line} --as table")).expect(2);
    }
    let csv = sandbox.ok("history --as csv").stdout;
    assert!(
        csv.contains(&versions[0]) && csv.contains(&versions[1]),
        "{csv}"
    );
}

#[test]
fn show_tells_all_of_a_version() {
    let (sandbox, versions) = project();
    let data = sandbox.json("show @production");
    assert_eq!(data["version"], json!(versions[1]));
    assert_eq!(
        (&data["size_bytes"], &data["stored_bytes"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (&data["chunks_count"], &data["imports"]),
        (&json!(1), &Value::Null)
    );
    assert_eq!(data["aliases"], json!(["production"]));
    sandbox
        .ok("show @production~1")
        .says(&format!("version     {} of churn\n", versions[0]))
        .says("retired     old")
        .says("metrics     accuracy 0.900, f1 0.800");
    sandbox
        .fails("show 2031", 10, "MG0203")
        .tells("modelguard history");
    sandbox
        .fails("show 20260105_143932", 10, "MG0203")
        .tells("did you mean 20260105_143023 or 20260105_143022?");
}

#[test]
fn what_repeats_within_an_artifact_is_stored_once() {
    let sandbox = Sandbox::new();
    sandbox.write("zeros", &vec![0; 3 << 20]);
    sandbox.ok("register zeros");
    let data = sandbox.json("show latest");
    assert_eq!(data["size_bytes"], 3 << 20);
    assert_eq!(data["stored_bytes"], 1 << 20);
    assert_eq!(data["chunks_count"], 3);
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

#[test]
fn looking_changes_no_byte() {
    let (sandbox, _) = project();
    for line in [
        "history",
        "show latest",
        "log",
        "alias list",
        "store verify",
        "fetch latest -o out",
        "config show",
        "config validate",
    ] {
        sandbox.leaves_the_store(line, 0);
    }
}
