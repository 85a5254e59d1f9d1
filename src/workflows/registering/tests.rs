//! Tests of registering: one version for the same bytes and words, and nothing half way in.
#![cfg(test)]

use crate::store::aliases;
use std::collections::BTreeMap;

use super::*;
use crate::domain::evidence::{Labelled, ReferenceRow, Value};
use crate::store::artifact_reader;
use crate::store::example::minute;
use crate::store::references;
use crate::workflows::example::{Scene, at};

/// What is registered in a test, but for its bytes.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    kind: ArtifactKind,
    name: Option<&'a str>,
    metadata: &'a Metadata,
    reference: Option<Hash>,
    alias: Option<&'a str>,
    at: i64,
}

fn plain(metadata: &Metadata) -> Wanted<'_> {
    Wanted {
        kind: ArtifactKind::File,
        name: None,
        metadata,
        reference: None,
        alias: None,
        at: 0,
    }
}

fn staged(scene: &mut Scene, kind: ArtifactKind, bytes: &[u8]) -> Staged {
    Stager::new(scene.store(), &at(0), kind)
        .stage(|out| out.write_all(bytes).map_err(RegisterError::Source))
        .unwrap()
}

fn registered(
    scene: &mut Scene,
    bytes: &[u8],
    wanted: Wanted<'_>,
) -> Result<Registered, RegisterError> {
    let staged = staged(scene, wanted.kind, bytes);
    let name = wanted.name.map(|name| name.parse().unwrap());
    let alias: Option<AliasName> = wanted.alias.map(|alias| alias.parse().unwrap());
    let model = scene.model.clone();
    // Whoever holds it when it is asked has agreed.
    let holder = alias.as_ref().and_then(|alias| {
        let holders = scene
            .example
            .read(|tx| aliases::holders(tx, model.id, alias));
        holders.holder()
    });
    let registration = Registration {
        model: &model,
        name: name.as_ref(),
        file_name: "model.bin",
        metadata: wanted.metadata,
        reference_blake3: wanted.reference,
        alias: alias.as_ref().map(|alias| (alias, holder)),
    };
    let add = |_: &Tx<'_>, _| Ok(());
    register(scene.store(), &at(wanted.at), &staged, &registration, add)
}

fn bytes_of(scene: &mut Scene, version: &Version) -> Vec<u8> {
    let mut reader = artifact_reader::open(&mut scene.example.store, version.artifact).unwrap();
    let mut bytes = Vec::new();
    std::io::copy(&mut reader, &mut bytes).unwrap();
    reader.finish().unwrap();
    bytes
}

/// How many artifacts, pieces and versions there are.
fn counts(scene: &mut Scene) -> [i64; 3] {
    ["artifact", "chunk", "version"]
        .map(|table| scene.example.count(&format!("SELECT id FROM {table}")))
}

/// Bytes of that many MiB, none of whose pieces is like another.
fn mebibytes(count: usize, more: usize) -> Vec<u8> {
    (0..count * CHUNK_BYTES + more)
        .map(|index| (index / 251 + index / CHUNK_BYTES) as u8)
        .collect()
}

#[test]
fn a_version_is_named_by_the_second_and_logged() {
    let mut scene = Scene::new();
    let none = Metadata::default();
    let first = registered(&mut scene, b"one", plain(&none)).unwrap();
    assert!(first.created);
    assert_eq!(first.version.name.as_str(), "20260101_000000");
    assert_eq!(first.version.registered_at, minute(0));
    assert_eq!(bytes_of(&mut scene, &first.version), b"one");
    let operation = scene.operation(first.operation.unwrap());
    assert_eq!(operation.content.kind, OperationKind::Register);
    assert_eq!(operation.content.version, Some(first.version.id));
    let detail: serde_json::Value = serde_json::from_str(&operation.content.detail).unwrap();
    assert_eq!(detail["version"], "20260101_000000");
    assert_eq!(detail["size_bytes"], 3);
    assert_eq!(detail["artifact_blake3"], hash_bytes(b"one").to_string());
    scene.example.assert_whole();
}

#[test]
fn versions_of_the_same_second_are_counted() {
    let mut scene = Scene::new();
    let none = Metadata::default();
    let names: Vec<_> = [&b"one"[..], b"two", b"three"]
        .into_iter()
        .map(|bytes| {
            registered(&mut scene, bytes, plain(&none))
                .unwrap()
                .version
                .name
        })
        .collect();
    let names: Vec<_> = names.iter().map(VersionName::as_str).collect();
    assert_eq!(
        names,
        ["20260101_000000", "20260101_000000_2", "20260101_000000_3"]
    );
}

#[test]
fn the_same_bytes_with_the_same_words_are_the_same_version() {
    let mut scene = Scene::new();
    let none = Metadata::default();
    let first = registered(&mut scene, b"one", plain(&none)).unwrap();
    let before = scene.example.bytes();
    let later = Wanted {
        at: 99,
        ..plain(&none)
    };
    let again = registered(&mut scene, b"one", later).unwrap();
    assert!(!again.created);
    assert_eq!(again.operation, None);
    assert_eq!(again.version, first.version);
    assert_eq!(scene.example.bytes(), before);
}

/// Each differs from the first in one thing that belongs to a version's identity.
#[test]
fn other_words_make_another_version_that_shares_the_bytes() {
    let text = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
    let metrics = |value: f64| BTreeMap::from([("rmse".to_owned(), value)]);
    let of = |metadata: Metadata, reference: Option<u8>| (metadata, reference);
    let none = Metadata::default;
    let identities = [
        of(none(), None),
        of(none(), Some(1)),
        of(none(), Some(2)),
        of(
            Metadata {
                params: text("a", "b"),
                ..none()
            },
            None,
        ),
        of(
            Metadata {
                tags: text("a", "b"),
                ..none()
            },
            None,
        ),
        of(
            Metadata {
                tags: text("ab", ""),
                ..none()
            },
            None,
        ),
        of(
            Metadata {
                note: Some(String::new()),
                ..none()
            },
            None,
        ),
        of(
            Metadata {
                note: Some("a".into()),
                ..none()
            },
            None,
        ),
        of(
            Metadata {
                metrics: metrics(0.1),
                ..none()
            },
            None,
        ),
        of(
            Metadata {
                metrics: metrics(0.1 + f64::EPSILON),
                ..none()
            },
            None,
        ),
    ];
    let mut scene = Scene::new();
    for (metadata, reference) in &identities {
        let wanted = Wanted {
            reference: reference.map(|byte| Hash([byte; 32])),
            ..plain(metadata)
        };
        let first = registered(&mut scene, b"one", wanted).unwrap();
        assert!(first.created, "{metadata:?} {reference:?}");
        let again = registered(&mut scene, b"one", wanted).unwrap();
        assert_eq!(again.version.id, first.version.id);
    }
    assert_eq!(counts(&mut scene), [1, 1, identities.len() as i64]);
    scene.example.assert_whole();
}

#[test]
fn a_folder_is_another_artifact_than_a_file_of_the_same_bytes() {
    let mut scene = Scene::new();
    let none = Metadata::default();
    registered(&mut scene, b"one", plain(&none)).unwrap();
    let folder = Wanted {
        kind: ArtifactKind::Directory,
        ..plain(&none)
    };
    let second = registered(&mut scene, b"one", folder).unwrap();
    assert!(second.created);
    assert_eq!(counts(&mut scene), [2, 1, 2]);
}

#[test]
fn the_same_bytes_in_another_model_are_another_version() {
    let mut scene = Scene::new();
    let none = Metadata::default();
    let first = registered(&mut scene, b"one", plain(&none)).unwrap();
    scene.model = scene.other_model("churn", crate::domain::metric::Task::Classification);
    let second = registered(&mut scene, b"one", plain(&none)).unwrap();
    assert!(second.created);
    assert_eq!(second.version.name, first.version.name);
    assert_eq!(second.version.artifact, first.version.artifact);
    scene.example.assert_whole();
}

#[test]
fn a_name_that_other_bytes_have_is_refused_and_nothing_stays() {
    let mut scene = Scene::new();
    let none = Metadata::default();
    let named = Wanted {
        name: Some("v1"),
        ..plain(&none)
    };
    registered(&mut scene, b"one", named).unwrap();
    let before = scene.example.bytes();
    let note = Metadata {
        note: Some("other words".into()),
        ..Metadata::default()
    };
    let of_other_words = Wanted {
        metadata: &note,
        ..named
    };
    for (bytes, wanted) in [(&b"two"[..], named), (b"one", of_other_words)] {
        let error = registered(&mut scene, bytes, wanted).unwrap_err();
        assert_eq!(
            error.to_string(),
            "version v1 of model taxi has other bytes or other metadata"
        );
    }
    assert_eq!(scene.example.bytes(), before);
    let again = registered(&mut scene, b"one", named).unwrap();
    assert!(!again.created, "with its own bytes the name is no other's");
}

#[test]
fn a_given_name_that_is_free_does_not_rename_a_version_that_is_there() {
    let mut scene = Scene::new();
    let none = Metadata::default();
    registered(&mut scene, b"one", plain(&none)).unwrap();
    let named = Wanted {
        name: Some("v1"),
        ..plain(&none)
    };
    let again = registered(&mut scene, b"one", named).unwrap();
    assert!(!again.created);
    assert_eq!(again.version.name.as_str(), "20260101_000000");
}

#[test]
fn a_version_and_its_alias_are_two_operations_of_one_transaction() {
    let mut scene = Scene::new();
    let none = Metadata::default();
    let live = Wanted {
        alias: Some("production"),
        ..plain(&none)
    };
    let first = registered(&mut scene, b"one", live).unwrap();
    let (plan, switched) = first.switched.unwrap();
    assert_eq!(plan.kind, OperationKind::Promote);
    assert_eq!(first.operation, Some(OperationId(2)));
    assert_eq!(switched, Some(OperationId(3)));
    assert_eq!(scene.stack(), [first.version.id]);
    let winter = Wanted {
        alias: Some("winter"),
        ..plain(&none)
    };
    let again = registered(&mut scene, b"one", winter).unwrap();
    assert_eq!(again.operation, None, "the version was there");
    let (plan, switched) = again.switched.unwrap();
    assert_eq!(plan.kind, OperationKind::AliasSet);
    assert_eq!(switched, Some(OperationId(4)));
    let before = scene.example.bytes();
    let nothing = registered(&mut scene, b"one", live).unwrap();
    let (plan, switched) = nothing.switched.unwrap();
    assert_eq!((plan.changes, switched), (false, None));
    assert_eq!(scene.example.bytes(), before);
    scene.example.assert_whole();
}

#[test]
fn pieces_are_cut_at_one_mebibyte() {
    for (mebi, more, pieces) in [(0, 1, 1), (1, 0, 1), (1, 1, 2), (2, 0, 2)] {
        let mut scene = Scene::new();
        let bytes = mebibytes(mebi, more);
        let none = Metadata::default();
        let version = registered(&mut scene, &bytes, plain(&none))
            .unwrap()
            .version;
        assert_eq!(version.chunks_count, pieces, "{mebi} MiB + {more}");
        assert_eq!(version.size_bytes, bytes.len() as u64);
        assert_eq!(bytes_of(&mut scene, &version), bytes);
        scene.example.assert_whole();
    }
}

#[test]
fn it_does_not_matter_in_which_portions_the_bytes_come() {
    let mut scene = Scene::new();
    let bytes = mebibytes(2, 77);
    let whole = staged(&mut scene, ArtifactKind::File, &bytes);
    for portion in [1_000, 65_536, CHUNK_BYTES - 1, CHUNK_BYTES + 1] {
        let portions = Stager::new(scene.store(), &at(0), ArtifactKind::File)
            .stage(|out| {
                for part in bytes.chunks(portion) {
                    out.write_all(part).map_err(RegisterError::Source)?;
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(portions.content, whole.content, "{portion}");
    }
}

#[test]
fn what_is_small_is_written_only_with_its_version() {
    let mut scene = Scene::new();
    let before = scene.example.bytes();
    staged(&mut scene, ArtifactKind::File, &mebibytes(8, 0));
    assert_eq!(scene.example.bytes(), before);
}

#[test]
fn what_is_large_is_written_ahead_and_seen_only_with_its_version() {
    let mut scene = Scene::new();
    let bytes = mebibytes(11, 5);
    let large = staged(&mut scene, ArtifactKind::File, &bytes);
    assert_eq!(counts(&mut scene), [1, 9, 0], "nine pieces went ahead");
    let found = scene
        .example
        .read(|tx| artifacts::find(tx, large.content.blake3, ArtifactKind::File));
    assert_eq!(found, None);
    scene.example.assert_whole();
    drop(large);

    let none = Metadata::default();
    let first = registered(&mut scene, &bytes, plain(&none))
        .unwrap()
        .version;
    assert_eq!(first.chunks_count, 12);
    assert_eq!(bytes_of(&mut scene, &first), bytes);
    let again = registered(&mut scene, &bytes, plain(&none)).unwrap();
    assert!(!again.created);
    let note = Metadata {
        note: Some("other words".into()),
        ..Metadata::default()
    };
    let shared = registered(&mut scene, &bytes, plain(&note)).unwrap();
    assert_eq!(shared.version.artifact, first.artifact);
    assert_eq!(
        counts(&mut scene),
        [2, 12, 2],
        "the artifact, and the unfinished one of a process that lives"
    );
    scene.example.assert_whole();
}

#[test]
fn a_large_file_whose_name_is_taken_leaves_nothing() {
    let mut scene = Scene::new();
    let none = Metadata::default();
    let named = Wanted {
        name: Some("v1"),
        ..plain(&none)
    };
    registered(&mut scene, b"one", named).unwrap();
    let error = registered(&mut scene, &mebibytes(9, 1), named).unwrap_err();
    assert!(matches!(error, RegisterError::NameTaken { .. }));
    assert_eq!(counts(&mut scene), [1, 1, 1]);
}

#[test]
fn bytes_that_stop_coming_leave_nothing() {
    let mut scene = Scene::new();
    let stopped = Stager::new(scene.store(), &at(0), ArtifactKind::File).stage(|out| {
        out.write_all(&mebibytes(10, 0))
            .map_err(RegisterError::Source)?;
        Err(RegisterError::Stopped)
    });
    assert!(matches!(stopped, Err(RegisterError::Stopped)));
    assert_eq!(counts(&mut scene), [0, 0, 0]);
}

#[test]
fn what_a_dead_process_left_goes_with_the_next_registration() {
    let mut scene = Scene::new();
    let large = staged(&mut scene, ArtifactKind::File, &mebibytes(9, 0));
    drop(large);
    if Owner::present().boot.is_empty() {
        return; // Where the system does not tell, nothing is ever reaped.
    }
    scene
        .example
        .tampered("UPDATE artifact SET owner_pid = 4294967295");
    let none = Metadata::default();
    registered(&mut scene, b"one", plain(&none)).unwrap();
    assert_eq!(counts(&mut scene), [1, 1, 1]);
    scene.example.assert_whole();
}

#[test]
fn a_reference_sample_comes_with_its_version_or_neither_does() {
    let mut scene = Scene::new();
    let (model, none) = (scene.model.clone(), Metadata::default());
    let registration = Registration {
        model: &model,
        name: None,
        file_name: "model.bin",
        metadata: &none,
        reference_blake3: Some(Hash([3; 32])),
        alias: None,
    };
    let row = ReferenceRow {
        prediction_id: "1".into(),
        predicted_at: None,
        labelled: Labelled {
            prediction: Some(Value::Number(1.0)),
            truth: Value::Number(2.0),
            probabilities: None,
        },
    };
    let one = staged(&mut scene, ArtifactKind::File, b"one");
    let before = scene.example.bytes();
    let failed = register(scene.store(), &at(0), &one, &registration, |tx, version| {
        references::insert(
            tx,
            version,
            "x.csv",
            Hash([3; 32]),
            std::slice::from_ref(&row),
        )?;
        Err(StoreError::Missing("x.csv".into()))
    });
    assert!(failed.is_err());
    assert_eq!(scene.example.bytes(), before);
    let done = register(scene.store(), &at(0), &one, &registration, |tx, version| {
        references::insert(
            tx,
            version,
            "x.csv",
            Hash([3; 32]),
            std::slice::from_ref(&row),
        )
    });
    assert_eq!(done.unwrap().version.reference_rows_count, 1);
    let asked_again = std::cell::Cell::new(false);
    register(scene.store(), &at(0), &one, &registration, |_, _| {
        asked_again.set(true);
        Ok(())
    })
    .unwrap();
    assert!(!asked_again.get(), "the version has its sample already");
    scene.example.assert_whole();
}

#[test]
fn nothing_is_no_artifact() {
    let mut scene = Scene::new();
    let before = scene.example.bytes();
    let empty = Stager::new(scene.store(), &at(0), ArtifactKind::File).stage(|_| Ok(()));
    assert_eq!(empty.unwrap_err().to_string(), "there are no bytes to keep");
    assert_eq!(scene.example.bytes(), before);
}

#[test]
fn an_alias_that_changed_hands_since_it_was_agreed_is_not_taken() {
    let mut scene = Scene::new();
    let (a, b) = (scene.version("a"), scene.version("b"));
    scene.promote(a, 0);
    let (model, none) = (scene.model.clone(), Metadata::default());
    let production = AliasName::production();
    let take = |scene: &mut Scene, agreed| {
        let registration = Registration {
            model: &model,
            name: None,
            file_name: "model.bin",
            metadata: &none,
            reference_blake3: None,
            alias: Some((&production, agreed)),
        };
        let one = staged(scene, ArtifactKind::File, b"one");
        register(scene.store(), &at(5), &one, &registration, |_, _| Ok(()))
    };
    for agreed in [None, Some(b)] {
        let refused = take(&mut scene, agreed).unwrap_err();
        let RegisterError::Switch(SwitchError::ChangedMeanwhile { .. }) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(scene.stack(), [a]);
    }
    assert_eq!(
        scene.example.count("SELECT id FROM version"),
        2,
        "nor registered"
    );
    let taken = take(&mut scene, Some(a)).unwrap();
    assert_eq!(scene.stack(), [a, taken.version.id]);
    take(&mut scene, None).unwrap();
    assert_eq!(scene.stack().len(), 2, "who holds it already takes nothing");
    scene.example.assert_whole();
}

#[test]
fn what_is_known_already_is_found_before_anything_is_written() {
    let mut scene = Scene::new();
    let (model, none) = (scene.model.clone(), Metadata::default());
    let registration = |reference_blake3| Registration {
        model: &model,
        name: None,
        file_name: "model.bin",
        metadata: &none,
        reference_blake3,
        alias: None,
    };
    let one = staged(&mut scene, ArtifactKind::File, b"one");
    let look = |scene: &mut Scene, reference| {
        let registration = registration(reference);
        scene.example.read(|tx| known(tx, &one, &registration))
    };
    assert_eq!(look(&mut scene, None), None);
    let version = registered(&mut scene, b"one", plain(&none))
        .unwrap()
        .version;
    assert_eq!(look(&mut scene, None), Some(version.id));
    assert_eq!(look(&mut scene, Some(Hash([1; 32]))), None);
}

#[test]
fn staged_bytes_that_nobody_wants_any_more_go() {
    let mut scene = Scene::new();
    let large = staged(&mut scene, ArtifactKind::File, &mebibytes(9, 0));
    assert_eq!(counts(&mut scene)[0], 1);
    forget(scene.store(), &at(0), &large).unwrap();
    assert_eq!(counts(&mut scene), [0, 0, 0]);
}
