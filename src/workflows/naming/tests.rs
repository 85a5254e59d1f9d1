//! Tests of names: what a text means, and what is said when it means nothing or too much.
#![cfg(test)]

use super::*;
use crate::domain::metric::Task;
use crate::domain::operation::OperationKind::{AliasSet, Promote};
use crate::store::example::{Example, View};
use crate::workflows::example::Scene;

fn named(scene: &mut Scene, text: &str) -> Result<String, NamingError> {
    let model = scene.model.clone();
    let reference: Reference = text.parse().unwrap();
    let found = scene.store().read(|tx| version(tx, &model, &reference));
    found.map(|version| version.name.to_string())
}

fn scene(names: &[&str]) -> Scene {
    let mut scene = Scene::new();
    for name in names {
        scene.version(name);
    }
    scene
}

#[test]
fn the_only_model_needs_no_name() {
    let mut scene = scene(&[]);
    let found = scene.store().read(|tx| model(tx, None)).unwrap();
    assert_eq!(found, scene.model);
}

#[test]
fn of_several_models_one_has_to_be_named_in_any_case() {
    let mut scene = scene(&[]);
    scene.other_model("Churn", Task::Classification);
    let error = scene.store().read(|tx| model(tx, None)).unwrap_err();
    let NamingError::SeveralModels { have } = error else {
        panic!("{error:?}")
    };
    assert_eq!(have, ["Churn", "taxi"]);
    let name = "cHURN".parse().unwrap();
    let found = scene.store().read(|tx| model(tx, Some(&name))).unwrap();
    assert_eq!(found.name.as_str(), "Churn");
}

#[test]
fn a_model_that_is_not_there_is_told_with_those_that_are() {
    let mut scene = scene(&[]);
    let name = "churn".parse().unwrap();
    let error = scene.store().read(|tx| model(tx, Some(&name))).unwrap_err();
    assert_eq!(error.to_string(), "there is no model churn");
    let NamingError::NoModel { have, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(have, ["taxi"]);
}

#[test]
fn a_whole_name_wins_over_names_that_it_begins() {
    let mut scene = scene(&["20260105_143022_2", "20260105_143022", "20260105_143022_3"]);
    assert_eq!(
        named(&mut scene, "20260105_143022").unwrap(),
        "20260105_143022"
    );
}

#[test]
fn a_beginning_that_one_version_has_is_enough() {
    let mut scene = scene(&["20260105_143022", "20260106_090000"]);
    assert_eq!(named(&mut scene, "20260106").unwrap(), "20260106_090000");
    assert_eq!(
        named(&mut scene, "taxi:20260105").unwrap(),
        "20260105_143022"
    );
}

#[test]
fn a_beginning_that_several_have_lists_the_newest_and_counts_all() {
    let names: Vec<_> = (1..=7).map(|day| format!("2026010{day}_000000")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut scene = scene(&names);
    let error = named(&mut scene, "202601").unwrap_err();
    assert_eq!(
        error.to_string(),
        "7 versions of model taxi begin with 202601"
    );
    let NamingError::Ambiguous { near, total, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!((near.len(), total), (LISTED, 7));
    assert_eq!(near[0], "20260107_000000");
}

#[test]
fn a_name_that_is_nearly_one_is_told_that_one() {
    let mut scene = scene(&["20260105_143022", "20260105_180000"]);
    let error = named(&mut scene, "20260105_143202").unwrap_err();
    assert_eq!(
        error.to_string(),
        "version 20260105_143202 is not in model taxi"
    );
    let NamingError::NoVersion { near, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(near, ["20260105_143022"]);
    let error = named(&mut scene, "something").unwrap_err();
    assert!(matches!(error, NamingError::NoVersion { near, .. } if near.is_empty()));
}

#[test]
fn the_latest_is_no_retired_one() {
    let mut scene = scene(&["a", "b"]);
    assert_eq!(named(&mut scene, "latest").unwrap(), "b");
    scene
        .example
        .tampered("UPDATE version SET retired_reason = 'leaks' WHERE name = 'b'");
    assert_eq!(named(&mut scene, "latest").unwrap(), "a");
    assert_eq!(
        named(&mut scene, "b").unwrap(),
        "b",
        "by its name it is found"
    );
}

#[test]
fn a_model_without_versions_has_no_latest() {
    let mut scene = scene(&[]);
    let error = named(&mut scene, "latest").unwrap_err();
    assert_eq!(error.to_string(), "model taxi has no version yet");
}

/// Production holds a, b, a from the bottom; winter holds c.
fn held() -> Scene {
    let mut scene = Scene::new();
    let example: &mut Example = &mut scene.example;
    let (a, b, c) = (
        example.version("a"),
        example.version("b"),
        example.version("c"),
    );
    for after in [&[a][..], &[a, b], &[a, b, a]] {
        example.view(View::of(Promote, after));
    }
    example.view(View {
        alias: "winter",
        ..View::of(AliasSet, &[c])
    });
    scene
}

#[test]
fn an_alias_is_its_holder_and_those_below() {
    let mut scene = held();
    for (text, name) in [
        ("@production", "a"),
        ("@production~0", "a"),
        ("@production~1", "b"),
        ("@production~2", "a"),
        ("@winter", "c"),
        ("taxi@production~1", "b"),
        ("TAXI@production", "a"),
    ] {
        assert_eq!(named(&mut scene, text).unwrap(), name, "{text}");
    }
}

#[test]
fn below_the_last_entry_lies_nothing() {
    let mut scene = held();
    let error = named(&mut scene, "@production~3").unwrap_err();
    assert_eq!(
        error.to_string(),
        "nothing lies 3 below @production of model taxi"
    );
    assert!(matches!(
        error,
        NamingError::NothingBelow { entries: 3, .. }
    ));
}

#[test]
fn an_alias_that_nobody_holds_is_said_so_whatever_the_depth() {
    let mut scene = held();
    for text in ["@summer", "@summer~1"] {
        let error = named(&mut scene, text).unwrap_err();
        assert_eq!(error.to_string(), "no version of model taxi holds @summer");
    }
}

#[test]
fn a_reference_to_another_model_is_refused() {
    let mut scene = held();
    scene.other_model("churn", Task::Classification);
    let error = named(&mut scene, "churn@production").unwrap_err();
    assert_eq!(
        error.to_string(),
        "churn@production names model churn, but the model is taxi"
    );
}

#[test]
fn the_versions_of_another_model_are_not_found() {
    let mut scene = held();
    scene.other_model("churn", Task::Classification);
    scene.version("only_in_churn");
    assert!(named(&mut scene, "only").is_err());
    assert_eq!(named(&mut scene, "latest").unwrap(), "c");
}
