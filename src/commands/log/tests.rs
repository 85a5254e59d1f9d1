//! Tests of how operations are listed and told.

#![cfg(test)]

use super::super::example::{author, minute, text};
use super::*;
use crate::domain::operation::{NewOperation, ViewChange};
use crate::domain::time::Timestamp;

fn operation(kind: OperationKind) -> Operation {
    Operation {
        id: OperationId(41),
        author: author(),
        content: NewOperation {
            version: Some(VersionId(2)),
            ..NewOperation::recording(kind, 1)
        },
        previous: Hash([0xaa; 32]),
        entry: Hash([0xbb; 32]),
    }
}

fn recording() -> Row {
    Row {
        operation: operation(OperationKind::Check),
        model: Some("churn".to_owned()),
        version: Some("v2".to_owned()),
        from: None,
        to: None,
        stack: vec![],
    }
}

fn rollback() -> Row {
    let mut row = Row {
        from: Some("v2".to_owned()),
        to: Some("v1".to_owned()),
        stack: vec!["v1".to_owned()],
        ..recording()
    };
    row.operation = operation(OperationKind::Rollback);
    row.operation.content.reason = Some("it is worse".to_owned());
    row.operation.content.view = Some(ViewChange {
        alias: "production".to_owned(),
        from: Some(VersionId(2)),
        to: Some(VersionId(1)),
        stack: vec![VersionId(1)],
        restores: None,
        left_degraded: true,
    });
    row
}

fn log(rows: Vec<Row>) -> Log {
    Log {
        total: rows.len() as u64,
        rows,
        head: Hash([0xbb; 32]),
        more: String::new(),
        one: false,
        format: None,
    }
}

fn args(kind: Vec<OperationKind>, since: Option<&str>) -> Args {
    Args {
        operation: None,
        limit: 10,
        kind,
        since: since.map(str::to_owned),
        rows: None,
    }
}

#[test]
fn what_was_chosen_is_chosen_again_by_the_further_command() {
    assert_eq!(options(&args(vec![], None)), "");
    let kinds = vec![OperationKind::Promote, OperationKind::Rollback];
    assert_eq!(
        options(&args(kinds, Some("7d"))),
        " --kind promote,rollback --since 7d"
    );
}

#[test]
fn a_time_with_a_space_is_quoted_so_that_it_can_be_pasted() {
    assert_eq!(
        options(&args(vec![], Some("2026-01-01 00:05"))),
        " --since '2026-01-01 00:05'"
    );
}

#[test]
fn a_kind_is_read_by_its_name_and_a_wrong_one_gets_the_nearest() {
    for kind in OperationKind::ALL {
        assert_eq!(parse_kind(kind.name()), Ok(kind));
    }
    assert_eq!(
        parse_kind("promot"),
        Err("did you mean promote?".to_owned())
    );
    let all = parse_kind("xyzzyx").unwrap_err();
    assert!(
        all.starts_with("the kinds are ") && all.contains("rollback"),
        "{all}"
    );
}

#[test]
fn a_change_says_from_whom_to_whom_and_a_record_says_of_what() {
    assert_eq!(rollback().what(), "churn @production v2 → v1");
    assert_eq!(recording().what(), "churn v2");
    let mut first = rollback();
    first.from = None;
    assert_eq!(first.what(), "churn @production nobody → v1");
    let mut of_the_store = recording();
    (of_the_store.model, of_the_store.version) = (None, None);
    assert_eq!(of_the_store.what(), "");
}

#[test]
fn the_document_has_the_keys_of_the_csv_in_their_order() {
    for row in [recording(), rollback()] {
        let document = row.document();
        let keys: Vec<_> = document.as_object().unwrap().keys().collect();
        assert_eq!(keys, KEYS);
    }
}

#[test]
fn a_change_as_json_has_what_a_record_has_not() {
    let change = rollback().document();
    assert_eq!(change["alias"], "production");
    assert_eq!(change["from_version"], "v2");
    assert_eq!(change["stack"], json!(["v1"]));
    assert_eq!(change["left_degraded"], true);
    assert_eq!(change["restores_operation_id"], Value::Null);
    assert_eq!(change["clock"], "system");
    assert_eq!(change["detail"], json!({}));
    let record = recording().document();
    assert_eq!(record["alias"], Value::Null);
    assert_eq!(record["left_degraded"], Value::Null);
    let mut overridden = recording();
    overridden.operation.author.clock_overridden = true;
    overridden.operation.content.detail = "{\"rows\":3}".to_owned();
    assert_eq!(overridden.document()["clock"], "override");
    assert_eq!(overridden.document()["detail"]["rows"], 3);
}

#[test]
fn one_operation_is_told_with_all_that_is_recorded() {
    let mut row = rollback();
    row.operation.author.clock_overridden = true;
    row.operation.content.detail = "{\"alert_id\":\"a_1\"}".to_owned();
    let view = row.operation.content.view.as_mut().unwrap();
    view.restores = Some(OperationId(7));
    let report = Log {
        one: true,
        ..log(vec![row])
    };
    let (aa, bb) = ("aa".repeat(32), "bb".repeat(32));
    assert_eq!(
        text(&report),
        format!(
            "operation  op_41 rollback\n\
             at         2026-01-01T12:00:00Z (MODELGUARD_NOW)\n\
             what       churn @production v2 → v1\n\
             stack      v1\n\
             takes back op_7\n\
             by         ann@h\n\
             command    modelguard monitor\n\
             reason     it is worse\n\
             detail     {{\"alert_id\":\"a_1\"}}\n\
             after      {aa}\n\
             entry      {bb}\n\
             head {bb}\n"
        )
    );
}

#[test]
fn one_operation_leaves_out_what_it_has_not_and_a_reason_forges_no_line() {
    let mut row = recording();
    row.operation.content.reason = Some("x\nentry      0000\u{1b}[2K".to_owned());
    let said = text(&Log {
        one: true,
        ..log(vec![row])
    });
    for absent in ["stack", "takes back", "detail", "MODELGUARD_NOW"] {
        assert!(!said.contains(absent), "{said}");
    }
    assert_eq!(
        said.lines()
            .filter(|line| line.starts_with("entry"))
            .count(),
        1
    );
    assert!(!said.contains('\u{1b}'));
}

#[test]
fn a_list_ends_with_the_head_also_where_it_is_empty() {
    let head = format!("head {}\n", "bb".repeat(32));
    assert_eq!(
        text(&log(vec![])),
        format!("No operation is of that kind.\n{head}")
    );
    let mut report = log(vec![rollback(), recording()]);
    report.more = "3 more: `modelguard log -n 5`\n".to_owned();
    report.total = 5;
    let said = text(&report);
    assert!(
        said.ends_with(&format!("3 more: `modelguard log -n 5`\n{head}")),
        "{said}"
    );
    assert!(said.contains("op_41"));
    let data = report.data();
    assert_eq!(data["total_count"], 5);
    assert_eq!(data["operations"].as_array().map(Vec::len), Some(2));
    assert_eq!(data["head_blake3"], "bb".repeat(32));
}

#[test]
fn rows_for_a_program_are_rows_and_nothing_else() {
    let written = |format| {
        let mut report = log(vec![rollback()]);
        report.format = Some(format);
        report.more = "3 more".to_owned();
        text(&report)
    };
    let csv = written(RowFormat::Csv);
    assert_eq!(csv.lines().count(), 2);
    assert_eq!(csv.lines().next(), Some(KEYS.join(",").as_str()));
    let jsonl = written(RowFormat::Jsonl);
    assert_eq!(jsonl.lines().count(), 1);
    let row: Value = serde_json::from_str(&jsonl).unwrap();
    assert_eq!(row["committed_at"], minute(720).to_string());
    assert_eq!(
        Timestamp::read("2026-01-01T12:00:00Z").unwrap().at,
        minute(720)
    );
}
