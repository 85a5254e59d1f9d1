//! Tests of whose a prediction is: the flag, the column, who held production then, who holds it now, or nobody.
#![cfg(test)]

use super::*;
use crate::domain::metric::Task;
use crate::files::columns::FileKind;
use crate::files::mapping::Column;
use crate::files::rows::Prediction;
use crate::store::example::minute;
use crate::workflows::example::Scene;
use crate::workflows::switching::Wish;

/// Version a without a beginning, then b from minute 10, then a again from minute 20.
fn scene() -> (Scene, [VersionId; 2]) {
    let mut scene = Scene::new();
    let (a, b) = (scene.version("20260105_a"), scene.version("20260105_b"));
    scene.promote(a, 0);
    scene.promote(b, 10);
    scene.wish(&Wish::RollBackOne, 20).unwrap();
    (scene, [a, b])
}

fn column(name: &str) -> Option<Column> {
    let name = name.to_owned();
    Some(Column { name, index: 0 })
}

fn mapping() -> Mapping {
    Mapping {
        kind: FileKind::Predictions,
        task: Task::Regression,
        id: Vec::new(),
        time: column("ts"),
        prediction: None,
        truth: None,
        truth_time: None,
        version: column("model_version"),
        score: None,
        probabilities: Vec::new(),
        positive: None,
        absent: Vec::new(),
    }
}

fn row(at: Option<i64>, version: Option<&str>) -> PredictionRow {
    PredictionRow {
        line_number: 7,
        id: "x".to_owned(),
        predicted_at: at.map(minute),
        prediction: Prediction::Number(1.0),
        probabilities: None,
        score: None,
        truth: None,
        truth_at: None,
        version: version.map(str::to_owned),
        zone_missing: false,
    }
}

fn asked(
    scene: &mut Scene,
    given: Option<VersionId>,
    row: &PredictionRow,
) -> Result<Result<Whose, Reject>, IngestError> {
    let model = scene.model.clone();
    scene.store().read(|tx| {
        let mut attributor = Attributor::load(tx, &model, given, minute(500))?;
        attributor.whose(tx, row, &mapping())
    })
}

fn found(scene: &mut Scene, row: &PredictionRow) -> (VersionId, Attribution) {
    let whose = asked(scene, None, row).unwrap().unwrap();
    (whose.version, whose.by)
}

fn refused(scene: &mut Scene, row: &PredictionRow) -> Reject {
    asked(scene, None, row).unwrap().unwrap_err()
}

#[test]
fn a_time_tells_who_held_production_then() {
    let (mut scene, [a, b]) = scene();
    for (at, version) in [(-1_000_000, a), (9, a), (10, b), (19, b), (20, a), (400, a)] {
        assert_eq!(
            found(&mut scene, &row(Some(at), None)),
            (version, Attribution::HeldAt),
            "{at}"
        );
    }
}

#[test]
fn without_a_time_it_is_the_present_holder_now() {
    let (mut scene, [a, _]) = scene();
    let whose = asked(&mut scene, None, &row(None, None)).unwrap().unwrap();
    let expected = Whose {
        version: a,
        by: Attribution::PresentHolder,
        predicted_at: minute(500),
    };
    assert_eq!(whose, expected);
}

#[test]
fn the_flag_goes_before_the_column_and_the_column_before_the_time() {
    let (mut scene, [a, b]) = scene();
    let named = row(Some(5), Some("20260105_b"));
    let whose = asked(&mut scene, Some(a), &named).unwrap().unwrap();
    assert_eq!((whose.version, whose.by), (a, Attribution::Flag));
    assert_eq!(whose.predicted_at, minute(5), "the time stays the row's");
    assert_eq!(found(&mut scene, &named), (b, Attribution::Column));
}

#[test]
fn a_column_names_a_version_whole_or_by_a_unique_beginning() {
    let (mut scene, [_, b]) = scene();
    let c = scene.version("20260106_c");
    assert_eq!(found(&mut scene, &row(None, Some("20260106"))).0, c);
    assert_eq!(found(&mut scene, &row(None, Some("20260105_b"))).0, b);
    assert_eq!(found(&mut scene, &row(None, Some("taxi:20260106"))).0, c);
}

#[test]
fn a_column_that_names_no_version_rejects_its_row() {
    let (mut scene, _) = scene();
    for (text, why) in [
        ("20260105", "2 versions of model taxi begin with 20260105"),
        ("nowhere", "version nowhere is not in model taxi"),
        ("latest", "latest is no version's name"),
        ("@production", "@production is no version's name"),
        (
            "churn:20260105_a",
            "churn:20260105_a names model churn, but the model is taxi",
        ),
    ] {
        let reject = refused(&mut scene, &row(Some(5), Some(text)));
        assert_eq!(reject.code, RejectCode::UnknownVersion);
        assert_eq!(reject.text, why);
        assert_eq!(
            (reject.line_number, reject.column.as_str()),
            (7, "model_version")
        );
    }
}

#[test]
fn what_a_text_means_is_looked_up_once() {
    let (mut scene, [_, b]) = scene();
    let model = scene.model.clone();
    let (first, second) = scene
        .store()
        .read(|tx| {
            let mut attributor = Attributor::load(tx, &model, None, minute(500))?;
            let named = row(None, Some("20260105_b"));
            let first = attributor.whose(tx, &named, &mapping())?;
            attributor.model.name = "elsewhere".parse().unwrap();
            attributor.model.id = 99;
            Ok::<_, IngestError>((first, attributor.whose(tx, &named, &mapping())?))
        })
        .unwrap();
    assert_eq!(first.unwrap().version, b);
    assert_eq!(second.unwrap().version, b);
}

#[test]
fn where_nobody_ever_held_production_nothing_is_stored() {
    let mut scene = Scene::new();
    let a = scene.version("a");
    for at in [None, Some(5)] {
        let nobody = asked(&mut scene, None, &row(at, None));
        assert!(
            matches!(
                nobody,
                Err(IngestError::NoHolder {
                    has_versions: true,
                    ..
                })
            ),
            "{at:?}"
        );
        let given = asked(&mut scene, Some(a), &row(at, None));
        assert_eq!(given.unwrap().unwrap().version, a);
    }
}

#[test]
fn a_time_before_the_first_version_went_live_rejects_its_row() {
    let mut scene = Scene::new();
    let version = scene.version("a");
    let since = Some(minute(-60));
    scene.wish(&Wish::Promote { version, since }, 0).unwrap();
    assert_eq!(found(&mut scene, &row(Some(-60), None)).0, version);
    let reject = refused(&mut scene, &row(Some(-61), None));
    assert_eq!(reject.code, RejectCode::NoHolder);
    assert_eq!(reject.column, "ts");
    assert_eq!(
        reject.text,
        "2025-12-31T22:59:00Z lies before 2025-12-31T23:00:00Z, when the first version went live"
    );
}

#[test]
fn a_time_at_which_the_alias_was_empty_rejects_its_row() {
    let mut scene = Scene::new();
    let a = scene.version("a");
    scene.promote(a, 0);
    scene.wish(&Wish::Undo(None), 10).unwrap();
    let reject = refused(&mut scene, &row(Some(15), None));
    assert_eq!(reject.text, "no version was live at 2026-01-01T00:15:00Z");
    assert_eq!(found(&mut scene, &row(Some(5), None)).0, a);
    let now = asked(&mut scene, None, &row(None, None));
    assert!(matches!(
        now,
        Err(IngestError::NoHolder {
            has_versions: true,
            ..
        })
    ));
    scene.promote(a, 20);
    let reject = refused(&mut scene, &row(Some(15), None));
    assert_eq!(reject.code, RejectCode::NoHolder, "the gap stays");
}

#[test]
fn the_first_holder_is_told_where_rows_fell_into_its_tenure_without_a_beginning() {
    let (mut scene, [a, _]) = scene();
    let model = scene.model.clone();
    let told = |scene: &mut Scene, minutes: &[i64]| {
        let model = model.clone();
        scene.store().read(|tx| {
            let mut attributor = Attributor::load(tx, &model, None, minute(500))?;
            for at in minutes {
                attributor
                    .whose(tx, &row(Some(*at), None), &mapping())?
                    .unwrap();
            }
            Ok::<_, IngestError>(attributor.without_beginning())
        })
    };
    assert_eq!(told(&mut scene, &[5]).unwrap(), Some(a));
    assert_eq!(told(&mut scene, &[5, 15]).unwrap(), Some(a));
    assert_eq!(told(&mut scene, &[]).unwrap(), None);
    assert_eq!(
        told(&mut scene, &[25]).unwrap(),
        None,
        "the tenure after the rollback began with it"
    );
    assert_eq!(told(&mut scene, &[5, 25]).unwrap(), None);
    let mut other = Scene::new();
    let version = other.version("a");
    let since = Some(minute(-60));
    other.wish(&Wish::Promote { version, since }, 0).unwrap();
    assert_eq!(told(&mut other, &[5]).unwrap(), None);
}
