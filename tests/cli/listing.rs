//! Lists: how long they are, and their rows for other programs.

use crate::support::Sandbox;

#[test]
fn a_list_stops_at_its_limit_and_says_how_to_see_the_rest() {
    let (sandbox, versions) = Sandbox::with_versions(12);
    let shown = sandbox.leaves_the_store("history", 0);
    let shown = shown.says("2 more: `modelguard history 12`").stdout;
    assert!(shown.contains(&versions[11]) && !shown.contains(&versions[1]));
    let all = sandbox.ok("history 12").stdout;
    assert!(versions.iter().all(|version| all.contains(version)));
    assert!(!all.contains("more:"), "{all}");
    let document = sandbox.json("history 3");
    assert_eq!(document["versions"].as_array().unwrap().len(), 3);
    assert_eq!(document["versions"][0]["version"], versions[11].as_str());
    assert_eq!(document["total_count"], 12);
    // One operation made the store, and each version is one.
    sandbox
        .leaves_the_store("log", 0)
        .says("3 more: `modelguard log -n 13`");
}

#[test]
fn rows_for_another_program_have_no_envelope() {
    let (sandbox, versions) = Sandbox::with_versions(2);
    for (list, key) in [("history", "versions"), ("log", "operations")] {
        let csv = sandbox.ok(&format!("{list} --as csv")).stdout;
        let lines = sandbox.ok(&format!("{list} --as jsonl")).stdout;
        let rows: Vec<serde_json::Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let document = sandbox.json(list);
        assert_eq!(document[key], serde_json::Value::from(rows.clone()));
        assert_eq!(csv.lines().count(), rows.len() + 1, "{csv}");
        assert!(csv.contains(&versions[1]), "{csv}");
    }
    assert!(
        sandbox
            .ok("history --as csv")
            .stdout
            .starts_with("version,registered_at,")
    );
}

#[test]
fn rows_and_a_document_can_not_both_be_given() {
    let (sandbox, _) = Sandbox::with_versions(1);
    for list in ["history", "log", "alerts list"] {
        let both = sandbox
            .run(&format!("{list} --as csv --json"))
            .expect(2)
            .problem();
        assert_eq!(both["code"], "MG0101", "{list}");
        sandbox.fails(&format!("{list} --as xml"), 2, "MG0101");
    }
}
