//! Tests of marking: tags, notes, and that what is live can't be retired.
#![cfg(test)]

use super::*;
use crate::domain::holders::VersionId;
use crate::workflows::example::{Scene, at};

fn scene() -> (Scene, VersionId) {
    let mut scene = Scene::new();
    let a = scene.version("a");
    (scene, a)
}

fn reference(text: &str) -> Reference {
    text.parse().unwrap()
}

fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs.iter();
    pairs
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn tagged(scene: &mut Scene, pairs: &[(&str, &str)], note: Option<&str>) -> Marked {
    let model = scene.model.clone();
    let new = NewTags {
        tags: tags(pairs),
        note: note.map(str::to_owned),
    };
    tag(scene.store(), &at(0), &model, &reference("a"), &new).unwrap()
}

fn retired(scene: &mut Scene, text: &str, reason: &str) -> Result<Marked, MarkError> {
    let model = scene.model.clone();
    retire(scene.store(), &at(0), &model, &reference(text), reason)
}

fn unretired(scene: &mut Scene, why: Option<&str>) -> Marked {
    let model = scene.model.clone();
    unretire(scene.store(), &at(0), &model, &reference("a"), why).unwrap()
}

#[test]
fn tags_are_added_replaced_and_taken_away_one_by_one() {
    let (mut scene, _) = scene();
    tagged(&mut scene, &[("team", "pricing"), ("stage", "new")], None);
    let marked = tagged(&mut scene, &[("stage", "old"), ("team", "")], None);
    assert_eq!(marked.version.metadata.tags, tags(&[("stage", "old")]));
    let operation = scene.operation(marked.operation.unwrap());
    assert_eq!(operation.content.kind, OperationKind::Tag);
    assert_eq!(
        operation.content.detail,
        r#"{"tags":{"stage":"old"},"note":null}"#
    );
    scene.example.assert_whole();
}

#[test]
fn a_note_stays_unless_it_is_named_and_goes_when_it_is_empty() {
    let (mut scene, a) = scene();
    tagged(&mut scene, &[], Some("first try"));
    tagged(&mut scene, &[("a", "b")], None);
    assert_eq!(scene.seen(a).metadata.note.as_deref(), Some("first try"));
    tagged(&mut scene, &[], Some(""));
    assert_eq!(scene.seen(a).metadata.note, None);
    assert_eq!(scene.seen(a).metadata.tags, tags(&[("a", "b")]));
}

#[test]
fn what_is_marked_so_already_is_not_logged() {
    let (mut scene, _) = scene();
    tagged(&mut scene, &[("a", "b")], Some("n"));
    let before = scene.example.bytes();
    for (pairs, note) in [
        (&[("a", "b")][..], Some("n")),
        (&[], None),
        (&[("never", "")], None),
    ] {
        let marked = tagged(&mut scene, pairs, note);
        assert_eq!(marked.operation, None);
    }
    assert_eq!(scene.example.bytes(), before);
}

#[test]
fn a_version_is_retired_for_a_reason_until_that_is_taken_back() {
    let (mut scene, a) = scene();
    let marked = retired(&mut scene, "a", "leaks the target").unwrap();
    assert_eq!(
        marked.version.retired_reason.as_deref(),
        Some("leaks the target")
    );
    let operation = scene.operation(marked.operation.unwrap()).content;
    assert_eq!(operation.kind, OperationKind::Retire);
    assert_eq!(operation.reason.as_deref(), Some("leaks the target"));
    let again = retired(&mut scene, "a", "leaks the target").unwrap();
    assert_eq!(again.operation, None);
    let other = retired(&mut scene, "a", "is too slow").unwrap();
    assert!(other.operation.is_some(), "another reason is a change");

    let back = unretired(&mut scene, Some("checked again"));
    let operation = scene.operation(back.operation.unwrap()).content;
    assert_eq!(operation.kind, OperationKind::Unretire);
    assert_eq!(operation.reason.as_deref(), Some("checked again"));
    assert_eq!(scene.seen(a).retired_reason, None);
    assert_eq!(unretired(&mut scene, None).operation, None);
    scene.example.assert_whole();
}

#[test]
fn what_is_live_can_not_be_retired_and_what_was_live_can() {
    let (mut scene, a) = scene();
    let b = scene.version("b");
    scene.promote(a, 10);
    for text in ["a", "@production"] {
        let refused = retired(&mut scene, text, "leaks").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "a is live in model taxi and can't be retired"
        );
    }
    scene.promote(b, 20);
    assert!(retired(&mut scene, "a", "leaks").is_ok());
    assert!(scene.seen(a).retired_reason.is_some());
}

#[test]
fn a_retired_version_that_was_made_live_by_hand_can_be_taken_back() {
    let (mut scene, a) = scene();
    retired(&mut scene, "a", "leaks").unwrap();
    scene.promote(a, 10);
    assert!(unretired(&mut scene, None).operation.is_some());
}

#[test]
fn a_version_that_is_not_there_is_not_marked() {
    let (mut scene, _) = scene();
    let refused = retired(&mut scene, "nowhere", "leaks").unwrap_err();
    assert_eq!(refused.to_string(), "version nowhere is not in model taxi");
}
