//! Tests of what is known of a version: its aliases, when it was live and what ended that.
#![cfg(test)]

use super::*;
use crate::domain::holders::VersionId;
use crate::domain::verdict::Verdict;
use crate::store::example::minute;
use crate::workflows::example::Scene;
use crate::workflows::switching::Wish;

fn known(scene: &mut Scene, version: VersionId) -> Facts {
    let model = scene.model.clone();
    scene
        .example
        .read(|tx| facts(tx, &model, vec![versions::get(tx, version)?]))
        .remove(0)
}

#[test]
fn a_version_that_never_held_anything_has_no_facts() {
    let mut scene = Scene::new();
    let a = scene.version("a");
    let known = known(&mut scene, a);
    assert_eq!(known.version.id, a);
    assert_eq!((known.aliases.len(), known.live.len()), (0, 0));
    assert_eq!((known.bad, known.standing.last), (false, None));
    assert!(!known.is_production());
}

#[test]
fn every_stretch_says_what_ended_it() {
    let mut scene = Scene::new();
    let (a, b) = (scene.version("a"), scene.version("b"));
    scene.promote(a, 0);
    let promote = scene.promote(b, 10);
    let rollback = scene
        .wish(&Wish::RollBackOne, 20)
        .unwrap()
        .operation
        .unwrap();
    scene.wish(&Wish::Undo(None), 30).unwrap();
    let of_a = known(&mut scene, a);
    let undo = OperationId(rollback.0 + 1);
    assert_eq!(
        of_a.live,
        [
            Stretch {
                from: None,
                end: Some((minute(10), promote, OperationKind::Promote)),
            },
            Stretch {
                from: Some(minute(20)),
                end: Some((minute(30), undo, OperationKind::Undo)),
            },
        ]
    );
    let of_b = known(&mut scene, b);
    assert_eq!(
        of_b.live,
        [
            Stretch {
                from: Some(minute(10)),
                end: Some((minute(20), rollback, OperationKind::Rollback)),
            },
            Stretch {
                from: Some(minute(30)),
                end: None,
            },
        ]
    );
    assert!(of_b.is_production() && !of_a.is_production());
}

#[test]
fn the_aliases_of_a_version_are_its_own_by_name() {
    let mut scene = Scene::new();
    let (a, b) = (scene.version("a"), scene.version("b"));
    for (alias, version) in [("winter", a), ("challenger", a), ("summer", b)] {
        let alias = alias.parse().unwrap();
        scene.wish_on(&alias, &Wish::SetAlias(version), 5).unwrap();
    }
    scene.promote(a, 10);
    let known = known(&mut scene, a);
    let names: Vec<_> = known.aliases.iter().map(AliasName::as_str).collect();
    assert_eq!(names, ["challenger", "production", "winter"]);
    assert_eq!(known.live.len(), 1, "only production makes live");
}

#[test]
fn facts_come_in_the_order_of_the_versions_that_were_asked_for() {
    let mut scene = Scene::new();
    let (a, b) = (scene.version("a"), scene.version("b"));
    scene.example.evaluate(a, Verdict::Degraded);
    let model = scene.model.clone();
    let known = scene.example.read(|tx| {
        let asked = vec![versions::get(tx, b)?, versions::get(tx, a)?];
        facts(tx, &model, asked)
    });
    let told: Vec<_> = known
        .iter()
        .map(|facts| (facts.version.id, facts.bad, facts.standing.last))
        .collect();
    assert_eq!(told, [(b, false, None), (a, true, Some(Verdict::Degraded))]);
}
