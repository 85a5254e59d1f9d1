//! Tests of what a look from above shows: who is live since when, who lies below, and the last check.
#![cfg(test)]

use super::*;
use crate::domain::verdict::Verdict;
use crate::store::example::{P, minute};
use crate::store::predictions::OnConflict;
use crate::workflows::example::Scene;
use crate::workflows::switching::Wish;

fn seen(scene: &mut Scene) -> Overview {
    let model = scene.model.clone();
    scene.example.read(|tx| overview(tx, &model))
}

fn names(overview: &Overview) -> Vec<&str> {
    let below = overview.below.iter();
    below.map(|below| below.version.name.as_str()).collect()
}

#[test]
fn a_model_without_a_live_version_shows_nothing() {
    let mut scene = Scene::new();
    scene.version("a");
    let overview = seen(&mut scene);
    assert!(overview.production.is_none() && overview.last_check.is_none());
    assert_eq!((overview.below.len(), overview.below_count), (0, 0));
    assert_eq!(overview.alerts_open_count, 0);
}

#[test]
fn each_version_below_is_listed_once_newest_first() {
    let mut scene = Scene::new();
    let [a, b, c] = ["a", "b", "c"].map(|name| scene.version(name));
    for (minutes, version) in [(0, a), (1, b), (2, a), (3, c), (4, b), (5, c)] {
        scene.promote(version, minutes);
    }
    scene.example.evaluate(a, Verdict::Degraded);
    scene.example.evaluate(b, Verdict::Healthy);
    let overview = seen(&mut scene);
    assert_eq!(names(&overview), ["b", "a"], "not what is live");
    let [of_b, of_a] = &overview.below[..] else {
        panic!("there are two")
    };
    assert_eq!(
        (of_b.is_bad, of_b.standing.by_policy),
        (false, Some(Verdict::Healthy))
    );
    assert_eq!(
        (of_a.is_bad, of_a.standing.by_policy),
        (true, Some(Verdict::Degraded))
    );
}

#[test]
fn of_a_tall_stack_ten_are_described_and_all_are_counted() {
    let mut scene = Scene::new();
    for number in 0..14 {
        let version = scene.version(&format!("v{number:02}"));
        scene.promote(version, number);
    }
    let overview = seen(&mut scene);
    assert_eq!((overview.below.len(), overview.below_count), (10, 13));
    assert_eq!(names(&overview)[0], "v12");
}

#[test]
fn the_coverage_is_that_of_the_present_tenure() {
    let mut scene = Scene::new();
    let (a, b) = (scene.version("a"), scene.version("b"));
    scene.promote(a, 0);
    scene.promote(b, 100);
    scene.rows(b, 10, 20, 1.0);
    scene.rows(b, 100, 30, 1.0);
    let unlabelled = [P(b, "x", 140, Some(1.0)), P(b, "y", 141, None)];
    scene.example.ingest(&unlabelled, &[], OnConflict::Error);
    let live = seen(&mut scene).production.unwrap();
    assert_eq!(live.version.id, b);
    assert_eq!(live.held.since, Some(minute(100)));
    let coverage = &live.coverage;
    assert_eq!((coverage.predictions_count, coverage.truth_count), (32, 30));
    assert_eq!(coverage.failed_count, 1);
    assert_eq!(live.newest_label_at, Some(minute(130)));
    scene.wish(&Wish::RollBackOne, 200).unwrap();
    let live = seen(&mut scene).production.unwrap();
    assert_eq!(live.version.id, a);
    assert_eq!(live.coverage.predictions_count, 0);
}

#[test]
fn a_tenure_counts_no_row_of_its_first_hour_that_lies_before_it() {
    let mut scene = Scene::new();
    let (a, b) = (scene.version("a"), scene.version("b"));
    scene.promote(a, 0);
    scene.promote(b, 5);
    scene.rows(b, 5, 10, 1.0);
    scene.wish(&Wish::RollBackOne, 20).unwrap();
    scene.promote(b, 30);
    let counts = |scene: &mut Scene| {
        let coverage = seen(scene).production.unwrap().coverage;
        (coverage.predictions_count, coverage.truth_count)
    };
    assert_eq!(counts(&mut scene), (0, 0));
    scene.rows(b, 40, 3, 1.0);
    assert_eq!(counts(&mut scene), (3, 3));
    scene.rows(b, 100, 40, 1.0);
    assert_eq!(counts(&mut scene), (43, 43), "and whole hours");
}

#[test]
fn the_last_check_is_that_of_what_was_live_then() {
    let mut scene = Scene::new();
    let (a, b) = (scene.version("a"), scene.version("b"));
    scene.promote(a, 0);
    scene.check(10);
    scene.promote(b, 20);
    scene.check_of("a", 30).unwrap();
    let last = seen(&mut scene).last_check.unwrap();
    assert_eq!(last.version.unwrap().id, a, "a check of a shadow is none");
    assert_eq!(last.evaluation.checked_at, minute(10));
    assert_eq!(last.document["version"], "a");
    assert!(!last.is_of_tenure);
    scene.check(40);
    assert!(seen(&mut scene).last_check.unwrap().is_of_tenure);
    scene.wish(&Wish::Undo(None), 50).unwrap();
    assert!(!seen(&mut scene).last_check.unwrap().is_of_tenure);
    scene.wish(&Wish::Redo, 60).unwrap();
    let last = seen(&mut scene).last_check.unwrap();
    assert!(last.is_of_tenure, "a redo continues the tenure");
    scene.wish(&Wish::RollBackOne, 70).unwrap();
    scene.promote(b, 80);
    let last = seen(&mut scene).last_check.unwrap();
    assert!(!last.is_of_tenure, "the same version in a tenure before");
}

#[test]
fn a_document_that_is_no_json_is_shown_as_none() {
    let mut scene = Scene::new();
    let a = scene.version("a");
    scene.promote(a, 0);
    scene.check(10);
    let model = scene.model.clone();
    let damage = "DROP TRIGGER evaluation_never_changes; PRAGMA ignore_check_constraints = ON;
                  UPDATE evaluation SET document = '{'";
    let overview = scene.example.planted(damage, |tx| overview(tx, &model));
    assert_eq!(overview.last_check.unwrap().document, Value::Null);
}

#[test]
fn open_alerts_are_counted() {
    let mut scene = Scene::new();
    let (a, b) = (scene.version("a"), scene.version("b"));
    scene.reference(b, 100, 1.0);
    scene.promote(a, 0);
    scene.promote(b, 10);
    scene.rows(b, 20, 50, 2.0);
    scene.check(100);
    assert_eq!(seen(&mut scene).alerts_open_count, 1);
    scene.policy.check.window = "n=30".parse().unwrap();
    scene.rows(b, 200, 30, 1.0);
    scene.check(300);
    assert_eq!(seen(&mut scene).alerts_open_count, 0);
}
