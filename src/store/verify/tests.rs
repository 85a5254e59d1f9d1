//! Tests of the proof: each kind of damage is found, named, and found alone.
#![cfg(test)]

use super::*;
use crate::domain::operation::{NewOperation, OperationKind};
use crate::domain::verdict::Verdict;
use crate::store::evaluations::{self, NewEvaluation};
use crate::store::example::{Example, author, minute};
use crate::store::{Change, artifacts};

#[test]
fn a_whole_store_has_no_faults() {
    let mut example = Example::new();
    let a = example.version("a");
    example.promote(a, None);
    assert_eq!(example.read(faults_of_pages), [""; 0]);
    assert_eq!(example.read(dangling_references), [""; 0]);
    let pieces = example.read(|tx| check_pieces(tx, 0));
    let expected = Pieces {
        last: Some(1),
        pieces_count: 1,
        size_bytes: 1,
        wrong: Vec::new(),
    };
    assert_eq!(pieces, expected);
    assert_eq!(example.read(|tx| check_pieces(tx, 1)), Pieces::default());
    assert_eq!(example.read(check_documents), Documents::default());
}

#[test]
fn a_row_that_breaks_a_constraint_is_a_fault_of_the_file() {
    let mut example = Example::new();
    example.version("a");
    let sql = "PRAGMA ignore_check_constraints = ON; UPDATE model SET task = 'ranking';
               PRAGMA ignore_check_constraints = OFF";
    example.tampered(sql);
    let faults = example.read(faults_of_pages);
    assert_eq!(faults, ["CHECK constraint failed in model"]);
}

#[test]
fn a_reference_to_nothing_names_both_ends() {
    let mut example = Example::new();
    example.version("a");
    let sql = "PRAGMA defer_foreign_keys = ON;
               UPDATE artifact_chunk SET chunk_id = 77; UPDATE version SET artifact_id = 88";
    let mut found = example.planted(sql, dangling_references);
    found.sort();
    assert_eq!(
        found,
        [
            "artifact_chunk refers to a row of chunk that is not there",
            "version 1 refers to a row of artifact that is not there",
        ]
    );
}

#[test]
fn only_ten_dangling_rows_are_listed() {
    let mut example = Example::new();
    for number in 0..12 {
        example.version(&format!("v{number}"));
    }
    let sql = "PRAGMA defer_foreign_keys = ON; DELETE FROM chunk";
    assert_eq!(example.planted(sql, dangling_references).len(), LISTED);
}

#[test]
fn pieces_are_looked_at_in_turns_and_wrong_ones_named() {
    let mut example = Example::new();
    for number in 0..70 {
        example.version(&format!("v{number:02}"));
    }
    let expected = hash_bytes(b"v65");
    let sql = "UPDATE chunk SET data = CAST('XXX' AS BLOB) WHERE data = CAST('v65' AS BLOB)";
    let (first, second, third) = example.planted(sql, |tx| {
        let first = check_pieces(tx, 0)?;
        let second = check_pieces(tx, first.last.unwrap())?;
        let third = check_pieces(tx, second.last.unwrap())?;
        Ok((first, second, third))
    });
    assert_eq!((first.pieces_count, first.size_bytes), (64, 192));
    assert_eq!(first.wrong, []);
    assert_eq!((second.pieces_count, second.wrong), (6, vec![expected]));
    assert_eq!(third, Pieces::default());
    assert_eq!(example.read(pieces_bytes), 210);
}

#[test]
fn the_versions_of_an_artifact_are_named_with_their_models() {
    let mut example = Example::new();
    example.version("a");
    example.other_model("churn", crate::domain::metric::Task::Classification);
    example.version("a");
    example.version("b");
    let artifacts = example.read(artifacts::list_ready);
    let names: Vec<_> = artifacts
        .iter()
        .map(|artifact| example.read(|tx| versions_of_artifact(tx, artifact.id)))
        .collect();
    assert_eq!(names, [vec!["taxi:a", "churn:a"], vec!["churn:b"]]);
}

/// A check whose operation keeps a hash of that text.
fn evaluation(example: &mut Example, document: &str, hashed: &str) {
    let model = example.model;
    let recorded = example.store.change(&author(), |tx| {
        let new = NewEvaluation {
            model,
            version: None,
            operation: tx.next_operation()?,
            checked_at: minute(0),
            verdict: Verdict::InsufficientData,
            severity: None,
            was_live: true,
            by_policy: true,
            tenure: None,
            document,
        };
        evaluations::insert(tx, &new)?;
        let detail = serde_json::json!({ "document_blake3": hashed });
        let operation = NewOperation {
            detail: detail.to_string(),
            ..NewOperation::recording(OperationKind::Check, model)
        };
        Ok::<_, StoreError>(Change::recorded((), operation))
    });
    recorded.unwrap();
}

#[test]
fn a_document_that_is_not_the_recorded_one_is_found() {
    let mut example = Example::new();
    evaluation(&mut example, "{}", &hash_bytes(b"{}").to_string());
    assert_eq!(example.read(check_documents).wrong, [""; 0]);
    evaluation(&mut example, "{}", &hash_bytes(b"{ }").to_string());
    let found = example.read(check_documents);
    assert_eq!(found.documents_count, 2);
    assert_eq!(found.wrong, ["e_2 of op_3"]);

    let edit = "DROP TRIGGER evaluation_never_changes;
                UPDATE evaluation SET document = '{\"verdict\":\"healthy\"}' WHERE id = 1";
    let wrong = example.planted(edit, check_documents).wrong;
    assert_eq!(wrong, ["e_1 of op_2", "e_2 of op_3"]);
}

#[test]
fn a_check_that_kept_no_hash_proves_nothing_and_hurts_nothing() {
    let mut example = Example::new();
    let a = example.version("a");
    example.evaluate(a, Verdict::Healthy);
    assert_eq!(example.read(check_documents), Documents::default());
}

#[test]
fn a_hash_that_is_none_is_named() {
    let mut example = Example::new();
    evaluation(&mut example, "{}", "abc");
    let said = example.read(|tx| Ok(check_documents(tx).unwrap_err().to_string()));
    assert_eq!(said, "the stored document hash \"abc\" has no meaning");
}
