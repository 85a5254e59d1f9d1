//! `store`: every kind of damage is found by the check that is meant for it, and an upgrade keeps what was.

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::rows;
use crate::sick_stores::make_old;
use crate::support::{Run, Sandbox, keys};

/// A store that has something in every table.
fn full() -> Sandbox {
    let sandbox = rows::classes("min_rows = 50\nwindow = \"all\"\nthreshold_pct = 5");
    rows::version(&sandbox, "v1", "--metric accuracy=0.95");
    rows::version(&sandbox, "v2", "--metric accuracy=0.95 --tag stage=new");
    sandbox.ok("promote v1 --yes");
    sandbox.ok("promote v2 --yes");
    let from = sandbox.clock();
    sandbox.set_clock(from + 1_000);
    let rows = rows::wrong_one_in(3, 200);
    let (tag, more) = ("r", "");
    let fed = rows::Fed {
        tag,
        from,
        rows,
        more,
    };
    rows::feed(&sandbox, &fed);
    sandbox.run("check").expect(3);
    sandbox
}

/// Changes the store past the tool and past its own triggers.
fn plant(sandbox: &Sandbox, damage: &str) {
    let connection = sandbox.sql();
    let triggers: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for trigger in triggers {
        connection
            .execute_batch(&format!("DROP TRIGGER {trigger}"))
            .unwrap();
    }
    connection
        .execute_batch(&format!(
            "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; {damage}"
        ))
        .unwrap();
}

/// The names of the checks that failed.
fn failed(run: &Run) -> Vec<String> {
    let data = run.document()["data"].clone();
    let checks = data["checks"].as_array().unwrap().iter();
    checks
        .filter(|check| check["outcome"] == "fail")
        .map(|check| check["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Plants damage; `store verify` has to find it by that check, with that code, and name it.
#[track_caller]
fn found(damage: &str, check: &str, code: &str, named: &str) {
    let sandbox = full();
    plant(&sandbox, damage);
    let before = sandbox.store_bytes();
    let run = sandbox.run_on_broken("store verify --json").expect(12);
    assert!(failed(&run).contains(&check.to_owned()), "{run:#?}");
    let data = run.document()["data"].clone();
    let mut checks = data["checks"].as_array().unwrap().iter();
    let told = checks.find(|told| told["name"] == check).unwrap();
    assert_eq!(told["code"], code, "{run:#?}");
    assert!(told["text"].as_str().unwrap().contains(named), "{run:#?}");
    assert_eq!(told["hint"], format!("`modelguard help {code}`"));
    let run = sandbox.run_on_broken("store verify").expect(12);
    let line = run.stdout.lines().find(|line| line.contains(check));
    let line = line.unwrap();
    assert!(line.starts_with("FAIL") && line.contains(code), "{run:#?}");
    assert!(run.stdout.ends_with("the store is not what was written.\n"));
    assert!(before == sandbox.store_bytes(), "looking changed the store");
}

#[test]
fn a_whole_store_passes_every_check() {
    let sandbox = full();
    let data = sandbox.json("store verify");
    assert_eq!(
        keys(&data),
        [
            "artifacts_count",
            "checks",
            "head_blake3",
            "operations_count"
        ]
    );
    let names: Vec<_> = data["checks"].as_array().unwrap().iter().collect();
    for check in &names {
        assert_eq!(keys(check), ["code", "hint", "name", "outcome", "text"]);
        assert_eq!(check["outcome"], "ok", "{check}");
        assert_eq!(check["code"], Value::Null);
    }
    let names: Vec<_> = names.iter().map(|check| check["name"].clone()).collect();
    assert_eq!(
        json!(names),
        json!([
            "sqlite",
            "references",
            "log",
            "pieces",
            "artifacts",
            "evaluations",
            "schema",
            "invariants"
        ])
    );
    assert_eq!(data["artifacts_count"], 2);
    let log = sandbox.json("log");
    assert_eq!(data["head_blake3"], log["head_blake3"]);
    assert_eq!(data["operations_count"], log["total_count"]);
    sandbox
        .leaves_the_store("store verify", 0)
        .says("The store holds what was written.");
}

#[test]
fn an_index_that_lost_a_row_is_found() {
    found(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = 'CREATE INDEX evaluation_model ON evaluation (model_id, checked_at)'
         WHERE name = 'evaluation_model';",
        "sqlite",
        "MG0402",
        "evaluation_model",
    );
}

#[test]
fn a_value_that_its_column_forbids_is_found() {
    found(
        "UPDATE evaluation SET verdict = 'splendid'",
        "sqlite",
        "MG0402",
        "evaluation",
    );
}

#[test]
fn a_row_that_refers_to_nothing_is_found() {
    found(
        "UPDATE alert SET evaluation_id = 4711",
        "references",
        "MG0412",
        "alert 1 refers to a row of evaluation that is not there",
    );
}

#[test]
fn a_changed_operation_is_found() {
    found(
        "UPDATE operation SET actor = 'somebody' WHERE id = 4",
        "log",
        "MG0410",
        "op_4",
    );
}

#[test]
fn an_operation_that_is_missing_is_found() {
    found(
        "DELETE FROM operation WHERE id = 2",
        "log",
        "MG0410",
        "op_2: the operation is missing",
    );
}

#[test]
fn a_changed_piece_is_found_and_so_is_its_artifact() {
    let damage = "UPDATE chunk SET data = CAST('xx' AS BLOB) WHERE id = 2";
    found(damage, "pieces", "MG0409", "was changed");
    found(damage, "artifacts", "MG0409", "(of m:v2)");
}

#[test]
fn pieces_in_another_order_are_found() {
    // Each piece is whole, and the artifact is not.
    found(
        "UPDATE artifact_chunk SET chunk_id = 3 - chunk_id",
        "artifacts",
        "MG0409",
        "(of m:v1)",
    );
}

#[test]
fn a_changed_document_of_a_check_is_found() {
    found(
        "UPDATE evaluation SET document = json_set(document, '$.severity', 'low')",
        "evaluations",
        "MG0412",
        "was changed",
    );
}

#[test]
fn every_rule_between_tables_that_is_broken_is_named() {
    for (damage, rule) in [
        ("DELETE FROM alias", "invariant_alias_is_top_of_stack"),
        (
            "UPDATE alias SET version_id = 1",
            "invariant_holder_has_open_period",
        ),
        (
            "UPDATE period SET from_at = 1 WHERE to_at IS NULL",
            "invariant_periods_do_not_overlap",
        ),
        (
            "UPDATE period SET tenure = (SELECT min(id) FROM period)",
            "invariant_tenure_has_one_version",
        ),
        (
            "INSERT INTO model SELECT 99, 'other', task, created_at FROM model;
             UPDATE version SET model_id = 99 WHERE id = 1",
            "invariant_model_is_the_same",
        ),
        (
            "UPDATE artifact SET chunks_count = 2",
            "invariant_artifact_is_whole",
        ),
        (
            "UPDATE artifact SET state = 'pending' WHERE id = 1",
            "invariant_version_has_artifact",
        ),
        (
            "UPDATE prediction SET truth_id = NULL WHERE id = 1",
            "invariant_prediction_has_newest_truth",
        ),
        (
            "UPDATE prediction_hour SET failed_count = failed_count + 1",
            "invariant_hours_count_the_rows",
        ),
        (
            "DELETE FROM prediction_hour",
            "invariant_hours_count_the_rows",
        ),
        (
            "UPDATE prediction_hour SET labelled_count = labelled_count - 1 WHERE labelled_count > 0",
            "invariant_hours_count_the_rows",
        ),
        (
            "UPDATE batch SET operation_id = 1",
            "invariant_batch_has_operation",
        ),
        (
            "UPDATE alert SET acted_operation_id = 1",
            "invariant_alert_acted_by_rollback",
        ),
        (
            "UPDATE evaluation SET operation_id = 1",
            "invariant_evaluation_has_operation",
        ),
    ] {
        found(damage, "invariants", "MG0412", rule);
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let sandbox = full();
    plant(
        &sandbox,
        "UPDATE chunk SET data = CAST('xx' AS BLOB) WHERE id = 1;
         UPDATE operation SET reason = 'forged' WHERE id = 2;
         DELETE FROM alias",
    );
    let run = sandbox.run_on_broken("store verify --json").expect(12);
    assert_eq!(
        failed(&run),
        ["log", "pieces", "artifacts", "schema", "invariants"]
    );
    let data = run.document()["data"].clone();
    // A broken chain has no head that anybody should keep.
    assert_eq!(data["head_blake3"], Value::Null);
}

#[test]
fn an_expected_head_is_a_check_of_its_own() {
    let sandbox = full();
    let log = sandbox.json("log");
    let older = log["operations"][3]["entry_blake3"].as_str().unwrap();
    let data = sandbox.json(&format!("store verify --expect-head {older}"));
    let checks = data["checks"].as_array().unwrap();
    let mut names = checks.iter().map(|check| &check["name"]);
    assert!(names.any(|name| name == "expected_head"), "{data}");
    let other = "ab".repeat(32);
    let line = format!("store verify --expect-head {other} --json");
    let run = sandbox.run(&line).expect(12);
    assert_eq!(failed(&run), ["expected_head"]);
    sandbox
        .run(&format!("store verify --expect-head {other}"))
        .expect(12)
        .says("MG0411");
    for nonsense in ["abc", "", "zz"] {
        let run = sandbox.run_words(&["store", "verify", "--expect-head", nonsense]);
        assert_eq!(run.status, 2, "{run:#?}");
    }
}

#[test]
fn a_store_of_the_newest_layout_needs_no_upgrade() {
    let (sandbox, _) = Sandbox::with_versions(1);
    sandbox
        .leaves_the_store("store upgrade", 0)
        .says("nothing was changed");
    let data = sandbox.json("store upgrade");
    assert_eq!(
        keys(&data),
        ["backup_path", "changed", "from_schema_id", "to_schema_id"]
    );
    assert_eq!(data["changed"], false);
    assert_eq!(data["backup_path"], Value::Null);
    assert_eq!(data["from_schema_id"], data["to_schema_id"]);
    assert!(!sandbox.file("modelguard.db.v1.bak").exists());
}

#[test]
fn an_upgrade_is_told_and_logged() {
    let (sandbox, _) = Sandbox::with_versions(1);
    make_old(&sandbox);
    let run = sandbox.run_on_broken("store upgrade").expect(0);
    assert!(run.stdout.contains("modelguard.db.v1.bak"), "{run:#?}");
    assert_eq!(sandbox.json("store upgrade")["changed"], false);
    let newest = sandbox.json("log")["operations"][0].clone();
    assert_eq!(newest["kind"], "upgrade");
    assert_eq!(newest["command_line"], "modelguard store upgrade");
}

#[test]
fn a_copy_that_cannot_be_written_stops_the_upgrade() {
    let (sandbox, _) = Sandbox::with_versions(1);
    make_old(&sandbox);
    std::fs::create_dir(sandbox.file("modelguard.db.v1.bak")).unwrap();
    sandbox.write("modelguard.db.v1.bak/full", b"x");
    let before = sandbox.store_bytes();
    let run = sandbox.run_on_broken("store upgrade").expect(1);
    assert!(run.stderr.lines().count() <= 4, "{run:#?}");
    assert!(before == sandbox.store_bytes());
}

#[test]
fn a_store_in_use_is_busy() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let holder: Connection = sandbox.sql();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    for line in ["store verify", "store upgrade"] {
        let line = format!("{line} --lock-timeout 20ms");
        let run = sandbox.run_on_broken(&line).expect(11);
        assert!(run.stderr.contains("MG0404"), "{run:#?}");
    }
}

#[test]
fn no_store_is_not_found() {
    let sandbox = Sandbox::empty();
    for line in ["store verify", "store upgrade"] {
        sandbox.fails(line, 10, "MG0201");
    }
    sandbox.run("store").expect(2);
    sandbox.fails("store verfy", 2, "MG0101").tells("verify");
}

/// The checks that failed, with their codes.
fn failed_with_codes(run: &Run) -> Vec<(String, String)> {
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
fn every_check_is_named() {
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
        failed_with_codes(&run.expect(12)),
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
        let found = failed_with_codes(&run);
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
        failed_with_codes(&run),
        [
            ("evaluations".into(), "MG0412".into()),
            ("schema".into(), "MG0402".into())
        ]
    );
    assert!(run.stdout.contains("e_1 of op_4 was changed"), "{run:#?}");
}
