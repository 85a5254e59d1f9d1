//! `store verify` and `store upgrade`: each check is named, and what fails says what and why.

use serde_json::{Value, json};

use crate::support::{Run, Sandbox};

fn failed(run: &Run) -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    let checks = document["data"]["checks"].as_array().unwrap().iter();
    checks
        .filter(|check| check["outcome"] == "fail")
        .map(|check| {
            let text = |key: &str| check[key].as_str().unwrap().to_owned();
            (text("name"), text("code"))
        })
        .collect()
}

#[test]
fn a_whole_store_passes_every_check() {
    let (sandbox, _) = Sandbox::with_versions(2);
    let head = sandbox.json("log")["head_blake3"]
        .as_str()
        .unwrap()
        .to_owned();
    let data = sandbox.json(&format!("store verify --expect-head {head}"));
    assert_eq!(data["head_blake3"], json!(head));
    assert_eq!(data["operations_count"], 3);
    assert_eq!(data["artifacts_count"], 2);
    let names = data["checks"].as_array().unwrap().iter();
    let names: Vec<_> = names.map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "sqlite",
            "references",
            "log",
            "expected_head",
            "pieces",
            "artifacts",
            "evaluations",
            "schema",
            "invariants"
        ]
    );
    sandbox
        .ok("store verify")
        .says("The store holds what was written.");
    sandbox.run("store verify --expect-head 12ab").expect(2);
}

#[test]
fn another_head_is_not_in_the_chain() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let run = sandbox.run(&format!(
        "store verify --json --expect-head {}",
        "ab".repeat(32)
    ));
    assert_eq!(
        failed(&run.expect(12)),
        [("expected_head".into(), "MG0411".into())]
    );
}

#[test]
fn each_kind_of_damage_is_named() {
    for (sql, expected) in [
        (
            "UPDATE chunk SET data = zeroblob(size_bytes)",
            &[("pieces", "MG0409"), ("artifacts", "MG0409")][..],
        ),
        (
            "UPDATE artifact SET blake3 = zeroblob(32)",
            &[("artifacts", "MG0409")],
        ),
        ("DELETE FROM alias", &[("invariants", "MG0412")]),
        (
            "PRAGMA foreign_keys = OFF; DELETE FROM chunk",
            &[
                ("references", "MG0412"),
                ("artifacts", "MG0409"),
                ("invariants", "MG0412"),
            ],
        ),
        (
            "DROP TRIGGER operation_never_changes; UPDATE operation SET actor = 'somebody' WHERE id = 2",
            &[("log", "MG0410"), ("schema", "MG0402")],
        ),
    ] {
        let (sandbox, _) = Sandbox::with_versions(1);
        sandbox.ok("promote latest --yes");
        sandbox.sql().execute_batch(sql).unwrap();
        let run = sandbox.run_on_broken("store verify --json").expect(12);
        let found = failed(&run);
        let found: Vec<_> = found
            .iter()
            .map(|(name, code)| (name.as_str(), code.as_str()))
            .collect();
        assert_eq!(found, expected, "{sql}");
    }
}

#[test]
fn a_damaged_artifact_names_the_versions_it_belongs_to() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    sandbox
        .sql()
        .execute("UPDATE chunk SET data = zeroblob(size_bytes)", [])
        .unwrap();
    sandbox
        .run_on_broken("store verify")
        .expect(12)
        .says(&format!("(of churn:{})", versions[0]))
        .says("2 of 8 checks failed");
}

#[test]
fn an_edited_document_of_a_check_is_found() {
    let (sandbox, _) = Sandbox::with_versions(1);
    sandbox.ok("promote latest --yes");
    sandbox.run("check").expect(4);
    sandbox
        .ok("store verify")
        .says("1 documents of checks match the log");
    sandbox
        .sql()
        .execute_batch(
            "DROP TRIGGER evaluation_never_changes;
             UPDATE evaluation SET document = json_set(document, '$.verdict', 'healthy')",
        )
        .unwrap();
    let run = sandbox.run_on_broken("store verify --json").expect(12);
    assert_eq!(
        failed(&run),
        [
            ("evaluations".into(), "MG0412".into()),
            ("schema".into(), "MG0402".into())
        ]
    );
    assert!(run.stdout.contains("e_1 of op_4 was changed"), "{run:#?}");
}

#[test]
fn a_store_of_today_is_not_upgraded() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let data = sandbox.json("store upgrade");
    assert_eq!(data["changed"], false);
    assert_eq!(data["from_schema_id"], data["to_schema_id"]);
    assert_eq!(data["backup_path"], Value::Null);
    sandbox
        .leaves_the_store("store upgrade", 0)
        .says("nothing was changed");
}
