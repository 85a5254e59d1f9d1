//! Tests of versions: order, names, what is found by what, and which of them automatic acts keep away from.
#![cfg(test)]

use super::*;
use crate::domain::metric::Task;
use crate::domain::operation::OperationKind::{AliasSet, Promote, Redo, Rollback, Undo};
use crate::domain::verdict::Verdict::{Degraded, Healthy, InsufficientData};
use crate::store::example::{Example, View, author, minute};
use crate::store::{Change, artifacts};

fn found(example: &mut Example, id: VersionId) -> Version {
    example.read(|tx| get(tx, id))
}

fn bad(example: &mut Example, id: VersionId) -> bool {
    example.read(|tx| is_bad(tx, id))
}

/// Adds a version of the artifact that `a` has, with this metadata.
fn described(
    example: &mut Example,
    name: &str,
    metadata: &Metadata,
    identity: u8,
    at: i64,
) -> Result<VersionId> {
    let model = example.model;
    let name: VersionName = name.parse().unwrap();
    example.store.change(&author(), |tx| {
        let artifact = artifacts::list_ready(tx)?[0].id;
        let new = NewVersion {
            model,
            name: &name,
            artifact,
            file_name: "model.bin",
            metadata,
            metadata_blake3: Hash([identity; 32]),
            registered_at: minute(at),
        };
        insert(tx, &new).map(Change::staged)
    })
}

fn metadata() -> Metadata {
    let text = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    };
    Metadata {
        metrics: BTreeMap::from([("rmse".to_owned(), 0.1), ("größe".to_owned(), -0.0)]),
        params: text(&[("depth", "7"), ("say", "\"so\"\n")]),
        tags: text(&[("team", "été")]),
        note: Some("first try; 'quoted'".to_owned()),
    }
}

#[test]
fn a_version_comes_back_as_it_was_registered() {
    let mut example = Example::new();
    example.version("a");
    let id = described(&mut example, "b", &metadata(), 7, 30).unwrap();
    let version = found(&mut example, id);
    assert_eq!(version.metadata, metadata());
    assert_eq!(version.number, 2);
    assert_eq!(version.name.as_str(), "b");
    assert_eq!(version.file_name, "model.bin");
    assert_eq!(version.registered_at, minute(30));
    assert_eq!((version.size_bytes, version.chunks_count), (1, 1));
    assert_eq!(version.artifact_kind, ArtifactKind::File);
    assert_eq!(version.retired_reason, None);
    assert_eq!(version.reference_rows_count, 0);
    example.assert_whole();
}

#[test]
fn versions_are_numbered_in_each_model_apart() {
    let mut example = Example::new();
    let (a, b) = (example.version("a"), example.version("b"));
    example.other_model("churn", Task::Classification);
    let other = example.version("a");
    for (id, number) in [(a, 1), (b, 2), (other, 1)] {
        assert_eq!(found(&mut example, id).number, number);
    }
}

#[test]
fn a_name_belongs_to_one_version_of_a_model() {
    let mut example = Example::new();
    let a = example.version("a");
    let taken = described(&mut example, "a", &Metadata::default(), 1, 0).unwrap_err();
    assert!(taken.to_string().contains("UNIQUE"), "{taken}");
    let model = example.model;
    assert_eq!(
        example
            .read(|tx| find(tx, model, "a"))
            .map(|found| found.id),
        Some(a)
    );
    assert_eq!(example.read(|tx| find(tx, model, "A")), None, "case counts");
    assert_eq!(example.read(|tx| find(tx, model + 1, "a")), None);
}

#[test]
fn the_same_bytes_with_the_same_metadata_are_the_same_version() {
    let mut example = Example::new();
    example.version("a");
    let first = described(&mut example, "b", &Metadata::default(), 1, 0).unwrap();
    described(&mut example, "c", &Metadata::default(), 1, 0).unwrap();
    let artifact = found(&mut example, first).artifact;
    let model = example.model;
    let mut same = |model, artifact, identity| {
        example
            .read(|tx| find_same(tx, model, artifact, Hash([identity; 32])))
            .map(|version| version.id)
    };
    assert_eq!(same(model, artifact, 1), Some(first), "the older of two");
    assert_eq!(same(model, artifact, 2), None);
    assert_eq!(same(model, artifact + 1, 1), None);
    assert_eq!(same(model + 1, artifact, 1), None);
}

#[test]
fn the_latest_is_the_last_registered_that_is_not_retired() {
    let mut example = Example::new();
    let model = example.model;
    assert_eq!(example.read(|tx| latest(tx, model)), None);
    let (z, a) = (example.version("z"), example.version("a"));
    let newest = |example: &mut Example| {
        example
            .read(|tx| latest(tx, model))
            .map(|version| version.id)
    };
    assert_eq!(
        newest(&mut example),
        Some(a),
        "by registration, not by name"
    );
    let retire = |example: &mut Example, id, reason| {
        example
            .store
            .change(&author(), |tx| {
                set_retired(tx, id, reason).map(Change::staged)
            })
            .unwrap();
    };
    retire(&mut example, a, Some("leaks"));
    assert_eq!(
        found(&mut example, a).retired_reason.as_deref(),
        Some("leaks")
    );
    assert_eq!(newest(&mut example), Some(z));
    retire(&mut example, z, Some("old"));
    assert_eq!(newest(&mut example), None);
    retire(&mut example, a, None);
    assert_eq!(newest(&mut example), Some(a));
}

#[test]
fn names_are_found_by_how_they_begin_newest_first() {
    let mut example = Example::new();
    for name in ["20260105_1", "20260105_2", "20260106_1", "20260105_3"] {
        example.version(name);
    }
    let model = example.model;
    let mut begin =
        |prefix: &str, limit| example.read(|tx| names_with_prefix(tx, model, prefix, limit));
    assert_eq!(
        begin("20260105", 2),
        (vec!["20260105_3".to_owned(), "20260105_2".to_owned()], 3)
    );
    assert_eq!(begin("20260106", 5), (vec!["20260106_1".to_owned()], 1));
    assert_eq!(begin("", 0), (vec![], 4));
    for pattern in ["%", "2026010_", "*", "2026[0]"] {
        assert_eq!(begin(pattern, 5), (vec![], 0), "{pattern} is no pattern");
    }
}

#[test]
fn versions_are_listed_newest_first_within_a_span() {
    let mut example = Example::new();
    example.version("a");
    for (name, at) in [("b", 10), ("c", 20), ("d", 30)] {
        described(&mut example, name, &Metadata::default(), 1, at).unwrap();
    }
    let model = example.model;
    let mut names = |since: Option<i64>, until: Option<i64>, limit| {
        let (versions, total) =
            example.read(|tx| list(tx, model, since.map(minute), until.map(minute), limit));
        let names: Vec<_> = versions
            .iter()
            .map(|version| version.name.to_string())
            .collect();
        (names.concat(), total)
    };
    assert_eq!(names(None, None, 10), ("dcba".to_owned(), 4));
    assert_eq!(names(None, None, 2), ("dc".to_owned(), 4));
    assert_eq!(names(Some(10), None, 10), ("dcb".to_owned(), 3));
    assert_eq!(names(Some(10), Some(30), 10), ("cb".to_owned(), 2));
    assert_eq!(names(Some(31), None, 10), (String::new(), 0));
}

#[test]
fn tags_and_note_are_replaced_and_nothing_else() {
    let mut example = Example::new();
    example.version("a");
    let id = described(&mut example, "b", &metadata(), 7, 0).unwrap();
    let tags = BTreeMap::from([("stage".to_owned(), "old".to_owned())]);
    example
        .store
        .change(&author(), |tx| {
            set_tags(tx, id, &tags, None).map(Change::staged)
        })
        .unwrap();
    let after = found(&mut example, id).metadata;
    assert_eq!((after.tags, after.note), (tags, None));
    assert_eq!(
        (after.params, after.metrics),
        (metadata().params, metadata().metrics)
    );
}

#[test]
fn a_row_that_is_not_there_is_an_error_and_not_a_version() {
    let mut example = Example::new();
    let said = example.read(|tx| Ok(get(tx, VersionId(9)).unwrap_err().to_string()));
    assert_eq!(said, "the stored version \"9\" has no meaning");
}

#[test]
fn words_of_another_program_are_named() {
    let mut example = Example::new();
    let a = example.version("a");
    for (sql, said) in [
        (
            "UPDATE version SET name = 'a b'",
            "the stored version name \"a b\" has no meaning",
        ),
        (
            "UPDATE version SET params = '[1]'",
            "the stored params \"[1]\" has no meaning",
        ),
        (
            "UPDATE version SET tags = '{\"a\": 1}'",
            "the stored tags \"{\\\"a\\\": 1}\" has no meaning",
        ),
    ] {
        let found = example.planted(sql, |tx| Ok(get(tx, a).unwrap_err().to_string()));
        assert_eq!(found, said);
    }
}

#[test]
fn a_version_that_was_never_judged_is_not_bad() {
    let mut example = Example::new();
    let a = example.version("a");
    assert!(!bad(&mut example, a));
    assert_eq!(example.read(|tx| standing(tx, a)), Standing::default());
}

#[test]
fn the_last_verdict_that_decided_makes_a_version_bad() {
    for (verdicts, expected) in [
        (&[Degraded][..], true),
        (&[Degraded, Healthy], false),
        (&[Degraded, InsufficientData], true),
        (
            &[Healthy, Degraded, InsufficientData, InsufficientData],
            true,
        ),
        (&[Healthy, InsufficientData], false),
        (&[InsufficientData], false),
    ] {
        let mut example = Example::new();
        let (a, b) = (example.version("a"), example.version("b"));
        for verdict in verdicts {
            example.evaluate(a, *verdict);
        }
        assert_eq!(bad(&mut example, a), expected, "{verdicts:?}");
        assert!(!bad(&mut example, b), "another version");
        let found = example.read(|tx| standing(tx, a));
        assert_eq!(found.last.as_ref(), verdicts.last());
        let expected = verdicts
            .iter()
            .rfind(|verdict| **verdict != InsufficientData);
        assert_eq!(found.decided.as_ref(), expected);
        example.assert_whole();
    }
}

#[test]
fn a_version_that_was_left_because_it_was_degraded_is_bad_whatever_a_later_check_says() {
    let mut example = Example::new();
    let (a, b) = (example.version("a"), example.version("b"));
    example.promote(a, None);
    example.promote(b, Some(10));
    example.view(View {
        left_degraded: true,
        ..View::of(Rollback, &[a])
    });
    assert!(bad(&mut example, b));
    assert!(!bad(&mut example, a), "where it went to");
    example.evaluate(b, Healthy);
    assert!(bad(&mut example, b));
}

/// Makes the newest check one by rules that were given for it alone.
const BY_OTHER_RULES: &str = "DROP TRIGGER evaluation_never_changes;
     UPDATE evaluation SET by_policy = 0 WHERE id = (SELECT max(id) FROM evaluation);
     CREATE TRIGGER evaluation_never_changes BEFORE UPDATE ON evaluation BEGIN SELECT 1; END";

#[test]
fn a_healthy_by_rules_of_one_check_clears_nothing_and_a_degraded_makes_bad() {
    let mut example = Example::new();
    let (a, b) = (example.version("a"), example.version("b"));
    let by_hand = |example: &mut Example, version, verdict| {
        example.evaluate(version, verdict);
        example.tampered(BY_OTHER_RULES);
    };
    example.evaluate(a, Degraded);
    by_hand(&mut example, a, Healthy);
    assert!(bad(&mut example, a));
    example.evaluate(a, Healthy);
    assert!(!bad(&mut example, a), "by the policy it is healthy");
    by_hand(&mut example, b, Degraded);
    assert!(bad(&mut example, b));
}

#[test]
fn what_checks_by_other_rules_say_is_apart_from_the_last_by_the_policy() {
    let said = |checks: &[(Verdict, bool)]| {
        let mut example = Example::new();
        let a = example.version("a");
        for (verdict, by_policy) in checks {
            example.evaluate(a, *verdict);
            if !by_policy {
                example.tampered(BY_OTHER_RULES);
            }
        }
        let found = example.read(|tx| standing(tx, a));
        (found.by_policy, found.to_string())
    };
    for (checks, by_policy, words) in [
        (
            &[(Degraded, true), (InsufficientData, false)][..],
            Some(Degraded),
            "degraded when last judged",
        ),
        (
            &[(Degraded, true), (InsufficientData, true)],
            Some(InsufficientData),
            "degraded when last judged, insufficient data since",
        ),
        (
            &[(InsufficientData, true), (Degraded, false)],
            Some(InsufficientData),
            "degraded when last judged",
        ),
        (
            &[(Healthy, true), (Degraded, false)],
            Some(Healthy),
            "degraded when last judged",
        ),
        (
            &[(Healthy, false)],
            None,
            "healthy by other rules than the policy's",
        ),
        (
            &[(InsufficientData, false)],
            None,
            "insufficient data when last checked",
        ),
    ] {
        let expected = (by_policy, words.to_owned());
        assert_eq!(said(checks), expected, "{checks:?}");
    }
}

#[test]
fn a_rollback_by_hand_from_a_good_version_leaves_it_good() {
    let mut example = Example::new();
    let (a, b) = (example.version("a"), example.version("b"));
    example.promote(a, None);
    example.promote(b, Some(10));
    example.view(View::of(Rollback, &[a]));
    assert!(!bad(&mut example, b));
}

#[test]
fn a_promote_by_hand_clears_leaving_and_verdict() {
    let mut example = Example::new();
    let (a, b) = (example.version("a"), example.version("b"));
    example.promote(a, None);
    example.promote(b, Some(10));
    example.evaluate(b, Degraded);
    example.view(View {
        left_degraded: true,
        ..View::of(Rollback, &[a])
    });
    assert!(bad(&mut example, b));
    example.view(View::of(Promote, &[a, b]));
    assert!(!bad(&mut example, b));
    example.evaluate(b, Degraded);
    assert!(bad(&mut example, b), "a later verdict counts again");
    example.assert_whole();
}

#[test]
fn an_undo_that_brings_it_back_clears_it_and_redo_of_the_leaving_sets_it_again() {
    let mut example = Example::new();
    let (a, b) = (example.version("a"), example.version("b"));
    example.promote(a, None);
    example.promote(b, Some(10));
    let left = example.view(View {
        left_degraded: true,
        ..View::of(Rollback, &[a])
    });
    let undo = example.view(View {
        restores: Some(left),
        ..View::of(Undo, &[a, b])
    });
    assert!(!bad(&mut example, b));
    example.view(View {
        restores: Some(undo),
        left_degraded: true,
        ..View::of(Redo, &[a])
    });
    assert!(bad(&mut example, b));
    example.assert_whole();
}

#[test]
fn going_back_to_a_version_does_not_clear_it() {
    let mut example = Example::new();
    let (a, b) = (example.version("a"), example.version("b"));
    example.promote(a, None);
    example.evaluate(a, Degraded);
    example.promote(b, Some(10));
    example.view(View::of(Rollback, &[a]));
    assert!(bad(&mut example, a), "a rollback is no praise");
}

#[test]
fn only_production_makes_bad_and_clears() {
    let mut example = Example::new();
    let (a, b) = (example.version("a"), example.version("b"));
    let winter = View {
        alias: "winter",
        ..View::of(AliasSet, &[])
    };
    example.view(View {
        after: &[a],
        ..winter
    });
    example.view(View {
        after: &[a, b],
        left_degraded: true,
        ..winter
    });
    assert!(!bad(&mut example, a), "left by another alias");
    example.evaluate(a, Degraded);
    example.view(View {
        after: &[a, b, a],
        ..winter
    });
    assert!(bad(&mut example, a), "taken by another alias");
}

#[test]
fn whether_a_version_is_bad_is_read_from_indexes() {
    let mut example = Example::new();
    let few = ["SCAN cleared", "SCAN decided", "SCAN by_policy"];
    for query in [BLAME, STANDING] {
        for step in example.plan(query) {
            let is_scan = step.starts_with("SCAN") && !few.contains(&step.as_str());
            assert!(!is_scan || step == "SCAN CONSTANT ROW", "{step}");
        }
    }
    let condition = format!("{SELECT} WHERE version.id = :id");
    for step in example.plan(&condition) {
        assert!(!step.starts_with("SCAN"), "{step}");
    }
}
