//! Tests of the document: every key has its value or null, and nothing in it depends on where it is stored.
#![cfg(test)]

use serde_json::json;

use super::*;
use crate::domain::policy::EvidenceKind;
use crate::workflows::example::Scene;

fn degraded() -> Scene {
    let mut scene = Scene::new();
    let (a, b) = (scene.version("a"), scene.version("b"));
    scene.reference(b, 100, 1.0);
    scene.promote(a, 0);
    scene.promote(b, 100);
    scene.rows(b, 100, 50, 2.0);
    scene
}

fn written(scene: &mut Scene) -> Value {
    document(&scene.check(500).judgement)
}

#[test]
fn a_document_says_what_was_judged_and_by_which_rules() {
    let mut scene = degraded();
    let document = written(&mut scene);
    for (key, value) in [
        ("model", json!("taxi")),
        ("version", json!("b")),
        ("role", json!("live")),
        ("severity", json!("critical")),
        ("mode", json!("threshold")),
        ("evidence", json!("live")),
        ("as_of_at", json!("2026-01-01T08:20:00Z")),
        ("evaluation_id", Value::Null),
        ("alert_id", Value::Null),
        ("guard", Value::Null),
        ("drift", json!([])),
        ("information", Value::Null),
    ] {
        assert_eq!(document[key], value, "{key}");
    }
    assert_eq!(
        document["tenure"],
        json!({ "from_at": "2026-01-01T01:40:00Z", "rows_count": 50 })
    );
    assert_eq!(
        document["window"],
        json!({
            "label": "n=1000",
            "from_at": "2026-01-01T01:40:00Z",
            "to_at": "2026-01-01T02:29:00Z",
            "rows_count": 50,
        })
    );
    assert_eq!(
        document["attribution"],
        json!([{ "by": "flag", "role": "live", "rows_count": 50 }])
    );
    assert_eq!(
        document["coverage"],
        json!({
            "predictions_count": 50, "truth_count": 50, "failed_count": 0, "truth_empty_count": null,
            "coverage_ratio": 1.0, "min_rows_count": 20, "newest_label_at": "2026-01-01T02:30:00Z",
            "lag_p50_s": 60,
        })
    );
}

#[test]
fn the_deciding_metric_has_value_interval_baseline_and_limit() {
    let mut scene = degraded();
    let document = written(&mut scene);
    let rmse = &document["metrics"][0];
    for (key, value) in [
        ("name", json!("rmse")),
        ("direction", json!("lower_is_better")),
        ("decides", json!(true)),
        ("value", json!(2.0)),
        ("rows_count", json!(50)),
        ("confidence_ratio", json!(0.95)),
        ("worse_pct", json!(100.0)),
        ("threshold_pct", json!(5.0)),
        ("outcome", json!("degraded")),
        ("undefined_text", Value::Null),
    ] {
        assert_eq!(rmse[key], value, "{key}");
    }
    let baseline = &rmse["baseline"];
    assert_eq!(baseline["kind"], "reference");
    assert_eq!(baseline["version"], "b");
    assert_eq!(baseline["origin"], "reference_sample");
    assert_eq!(baseline["bad"], false);
    assert_eq!(baseline["value"], 1.0);
    assert_eq!(baseline["rows_count"], 100);
    let low = rmse["ci_low"].as_f64().unwrap();
    let high = rmse["ci_high"].as_f64().unwrap();
    assert!(low <= 2.0 && 2.0 <= high, "{low} {high}");
}

#[test]
fn a_metric_without_a_direction_is_shown_and_not_judged() {
    let mut scene = degraded();
    let document = written(&mut scene);
    let metrics = document["metrics"].as_array().unwrap();
    let bias = metrics
        .iter()
        .find(|metric| metric["name"] == "mean_error")
        .unwrap();
    assert_eq!(bias["outcome"], "shown");
    assert_eq!(bias["decides"], false);
    assert_eq!(bias["worse_pct"], Value::Null);
}

#[test]
fn without_a_version_there_is_nothing_but_the_reason() {
    let mut scene = Scene::new();
    let document = written(&mut scene);
    for key in ["version", "tenure", "severity", "detectable_pct"] {
        assert_eq!(document[key], Value::Null, "{key}");
    }
    assert_eq!(document["metrics"], json!([]));
    assert_eq!(
        document["coverage"]["coverage_ratio"],
        Value::Null,
        "0 of 0"
    );
    assert_eq!(
        document["reasons"],
        json!([{
            "code": "no_version", "text": "no version is live", "have_count": null, "need_count": null,
            "since_at": null,
        }])
    );
}

#[test]
fn recorded_evidence_has_neither_window_nor_coverage_nor_interval() {
    let mut scene = degraded();
    scene.policy.check.evidence = EvidenceKind::Recorded;
    let [a, b] = [1, 2].map(crate::domain::holders::VersionId);
    scene.example.metric(a, "rmse", 1.0);
    scene.example.metric(b, "rmse", 1.2);
    let document = written(&mut scene);
    assert_eq!(document["evidence"], "recorded");
    for key in [
        "window",
        "coverage",
        "detectable_pct",
        "healthy_flagged_ratio",
    ] {
        assert_eq!(document[key], Value::Null, "{key}");
    }
    let rmse = &document["metrics"][0];
    for key in ["ci_low", "ci_high", "rows_count", "confidence_ratio"] {
        assert_eq!(rmse[key], Value::Null, "{key}");
    }
    assert_eq!(rmse["baseline"]["kind"], "previous");
    assert_eq!(document["reasons"][0]["code"], "recorded_metrics_only");
}

#[test]
fn an_undefined_metric_says_why() {
    let mut scene = degraded();
    scene.policy.check.decide_on = Some(vec![crate::domain::metric::Metric::R2]);
    scene.policy.check.baseline = crate::domain::policy::BaselineChoice::Recorded;
    scene
        .example
        .metric(crate::domain::holders::VersionId(2), "r2", 0.9);
    let document = written(&mut scene);
    let r2 = &document["metrics"][0];
    assert_eq!(r2["outcome"], "undefined");
    let why = r2["undefined_text"].as_str().unwrap();
    assert!(!why.is_empty());
    assert_eq!(document["reasons"][0]["code"], "undefined_metric");
}

#[test]
fn what_is_told_without_rows_names_the_version_it_is_compared_with() {
    let mut scene = Scene::new();
    let (a, b) = (scene.version("a"), scene.version("b"));
    for (version, minutes, rmse) in [(a, 0, 2.0), (b, 10, 3.0)] {
        scene.promote(version, minutes);
        scene.example.metric(version, "rmse", rmse);
    }
    let document = written(&mut scene);
    let told = &document["information"];
    assert_eq!(told["baseline_version"], "a");
    assert_eq!(told["metrics"][0]["name"], "rmse");
    assert_eq!(told["metrics"][0]["outcome"], "degraded");
    assert_eq!(
        document["severity"],
        Value::Null,
        "it is told, and no verdict"
    );
}

#[test]
fn the_same_judgement_is_the_same_text() {
    let mut scene = degraded();
    let judgement = scene.check(500).judgement;
    assert_eq!(
        document(&judgement).to_string(),
        document(&judgement).to_string()
    );
    let later = scene.check(500).judgement;
    assert_eq!(
        document(&judgement),
        document(&later),
        "it does not name the evaluation under which it is stored"
    );
}
