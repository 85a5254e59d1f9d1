//! Tests of how a model is shown from above.

#![cfg(test)]

use super::super::example::{OPERATION, minute, model as a_model, standing, text, version};
use super::*;
use crate::domain::evidence::Coverage;
use crate::domain::metric::Task;
use crate::domain::verdict::EvaluationId;
use crate::store::aliases::Held;
use crate::store::evaluations::Evaluation;

fn empty() -> Overview {
    Overview {
        model: a_model(Task::Classification),
        production: None,
        has_versions: true,
        below: vec![],
        below_count: 0,
        last_check: None,
        aside: None,
        alerts_open_count: 0,
        messages_queued_count: 0,
        messages_failed_count: 0,
    }
}

fn live() -> Production {
    Production {
        version: version("v2", 2),
        held: Held {
            alias: "production".parse().unwrap(),
            version: version("v2", 2).id,
            since: Some(minute(60)),
            operation: OPERATION,
        },
        coverage: Coverage {
            predictions_count: 2_000,
            truth_count: 1_500,
            ..Coverage::default()
        },
        newest_label_at: Some(minute(600)),
        is_bad: false,
        standing: standing(None),
        tenure: Some(1),
    }
}

fn check(verdict: Verdict, severity: Option<Severity>) -> LastCheck {
    LastCheck {
        evaluation: Evaluation {
            id: EvaluationId(7),
            version: Some(version("v2", 2).id),
            operation: OPERATION,
            checked_at: minute(700),
            verdict,
            severity,
            was_live: true,
            tenure: Some(1),
            document: String::new(),
        },
        version: Some(version("v2", 2)),
        is_of_tenure: true,
        document: json!({
            "evidence": "live",
            "detectable_pct": 8.5,
            "reasons": [{ "code": "too_few", "text": "9 labelled rows" }],
            "coverage": { "lag_p50_s": 7_200 },
            "metrics": [
                { "name": "f1", "decides": false, "value": 0.1 },
                {
                    "name": "accuracy", "decides": true, "value": 0.941, "ci_low": 0.93,
                    "ci_high": 0.951, "rows_count": 1_731, "worse_pct": -2.6,
                },
            ],
        }),
    }
}

fn found(models: Vec<Overview>) -> Found {
    Found {
        next: models
            .iter()
            .map(|_| Next {
                make_live: "`modelguard promote latest`".to_owned(),
                check: "modelguard check".to_owned(),
            })
            .collect(),
        inboxes: models.iter().map(|_| Inbox::None).collect(),
        seasons: models.iter().map(|_| None).collect(),
        models,
        head: Hash([0xab; 32]),
        warnings: vec![],
        alerts_command: "modelguard alerts list --open".to_owned(),
        flush_command: "modelguard alerts flush".to_owned(),
    }
}

fn line_of(overview: Overview, label: &str) -> String {
    let said = text(&found(vec![overview]));
    let line = said
        .lines()
        .find(|line| line.trim_start().starts_with(label));
    line.unwrap_or_default().trim_start().to_owned()
}

#[test]
fn a_model_that_has_just_begun_says_what_to_do() {
    assert_eq!(
        text(&found(vec![empty()])),
        "churn  classification\n  live     nobody: `modelguard promote latest`\n  \
         verdict  never checked: `modelguard check`\n"
    );
    let data = found(vec![empty()]).data();
    let churn = &data["models"][0];
    for key in ["production", "last_check", "truth", "inbox"] {
        assert_eq!(churn[key], Value::Null, "{key}");
    }
    assert_eq!(churn["below"], json!([]));
}

#[test]
fn all_that_is_known_is_shown_in_this_order() {
    let overview = Overview {
        production: Some(live()),
        below: vec![Below {
            version: version("v1", 1),
            is_bad: true,
            standing: standing(Some(Verdict::Degraded)),
        }],
        below_count: 1,
        last_check: Some(check(Verdict::Healthy, None)),
        alerts_open_count: 2,
        ..empty()
    };
    assert_eq!(
        text(&found(vec![overview])),
        "churn  classification\n  \
         live     v2  since 2026-01-01T01:00:00Z (op_41)\n  \
         below    v1 (bad, degraded when last judged)\n  \
         verdict  healthy, would have noticed +8.5 % or more, 2026-01-01T11:40:00Z\n           \
         accuracy 0.941 [0.930, 0.951], better by 2.6 %, n 1,731\n  \
         truth    1,500 of 2,000 predictions (75.0 %), 500 wait; newest 2026-01-01T10:00:00Z; median lag 2 h\n  \
         alerts   2 open: `modelguard alerts list --open`\n"
    );
}

#[test]
fn models_are_parted_by_an_empty_line() {
    let said = text(&found(vec![empty(), empty()]));
    assert_eq!(said.matches("\n\nchurn").count(), 1);
    assert_eq!(text(&found(vec![])), "");
}

#[test]
fn the_first_holder_is_live_from_the_beginning_and_a_retired_one_says_so() {
    let mut production = live();
    production.held.since = None;
    production.version.retired_reason = Some("x".to_owned());
    let overview = Overview {
        production: Some(production),
        ..empty()
    };
    assert_eq!(
        line_of(overview.clone(), "live"),
        "live     v2  from the beginning (op_41), retired"
    );
    let data = found(vec![overview]).data();
    assert_eq!(data["models"][0]["production"]["since_at"], Value::Null);
}

#[test]
fn three_entries_below_are_named_and_the_others_counted() {
    let below = |name: &str| Below {
        version: version(name, 1),
        is_bad: false,
        standing: standing(None),
    };
    let mut retired = below("c");
    retired.version.retired_reason = Some("x".to_owned());
    let overview = Overview {
        below: vec![below("a"), below("b"), retired, below("d")],
        below_count: 12,
        ..empty()
    };
    assert_eq!(
        line_of(overview.clone(), "below"),
        "below    a (never judged); b (never judged); c (retired, never judged); 9 more"
    );
    let data = found(vec![overview]).data();
    let listed = &data["models"][0]["below"];
    assert_eq!(listed.as_array().map(Vec::len), Some(4));
    assert_eq!(listed[2]["retired"], true);
    assert_eq!(listed[0]["last_verdict"], Value::Null);
    assert_eq!(data["models"][0]["below_count"], 12);
}

#[test]
fn each_verdict_is_followed_by_what_belongs_to_it() {
    let verdict = |check| {
        let overview = Overview {
            production: Some(live()),
            last_check: Some(check),
            ..empty()
        };
        line_of(overview, "verdict")
    };
    assert_eq!(
        verdict(check(Verdict::Degraded, Some(Severity::Critical))),
        "verdict  degraded, severity critical, 2026-01-01T11:40:00Z"
    );
    assert_eq!(
        verdict(check(Verdict::InsufficientData, None)),
        "verdict  insufficient data: 9 labelled rows (too_few), 2026-01-01T11:40:00Z"
    );
    let mut recorded = check(Verdict::Healthy, None);
    recorded.document["evidence"] = json!("recorded");
    recorded.document["detectable_pct"] = Value::Null;
    assert_eq!(
        verdict(recorded),
        "verdict  healthy (recorded metrics only), 2026-01-01T11:40:00Z"
    );
}

#[test]
fn a_check_of_what_was_live_before_is_told_as_such() {
    let mut old = check(Verdict::Healthy, None);
    old.version = Some(version("v1", 1));
    old.is_of_tenure = false;
    let overview = |production, check: &LastCheck| Overview {
        production,
        last_check: Some(check.clone()),
        ..empty()
    };
    let said = ", of v1, which was live then";
    let now = overview(Some(live()), &old);
    assert_eq!(
        line_of(now.clone(), "verdict"),
        "verdict  not checked since it became live: `modelguard check`"
    );
    let before = line_of(now.clone(), "before:");
    assert!(
        before.starts_with("before: healthy") && before.ends_with(said),
        "{before}"
    );
    let data = found(vec![now]).data();
    assert_eq!(
        data["models"][0]["last_check"]["of_present_tenure"],
        json!(false)
    );
    assert_eq!(data["models"][0]["truth"]["lag_p50_s"], Value::Null);
    assert!(line_of(overview(None, &old), "verdict").ends_with(said));
    old.version = Some(version("v2", 2));
    let before = line_of(overview(Some(live()), &old), "before:");
    assert!(before.ends_with(", when it was live before"), "{before}");
    old.version = None;
    let before = line_of(overview(Some(live()), &old), "before:");
    assert!(before.ends_with(", when nobody was live"), "{before}");
}

#[test]
fn a_bad_version_that_is_live_is_called_bad_and_why() {
    let of = |verdict| Overview {
        production: Some(Production {
            is_bad: true,
            standing: standing(verdict),
            ..live()
        }),
        ..empty()
    };
    let judged = of(Some(Verdict::Degraded));
    assert!(line_of(judged.clone(), "live").ends_with("(op_41), bad: degraded when last judged"));
    assert!(line_of(of(None), "live").ends_with(", bad: it was left because it was degraded"));
    let production = |overview| found(vec![overview]).data()["models"][0]["production"].clone();
    assert_eq!(production(judged)["bad"], true);
    let fine = Overview {
        production: Some(live()),
        ..empty()
    };
    assert_eq!(production(fine)["bad"], false);
}

#[test]
fn a_check_without_a_deciding_metric_shows_no_numbers() {
    let mut without = check(Verdict::InsufficientData, None);
    without.document["metrics"] = json!([]);
    assert_eq!(numbers_text(&without), None);
    without.document["metrics"] = json!([{ "name": "rmse", "decides": true, "value": null }]);
    assert_eq!(numbers_text(&without), None);
    without.document["metrics"] = json!([{ "name": "rmse", "decides": true, "value": 4.2 }]);
    assert_eq!(numbers_text(&without).as_deref(), Some("rmse 4.20"));
}

#[test]
fn the_last_check_as_json_is_that_of_its_first_deciding_metric() {
    let overview = Overview {
        production: Some(live()),
        last_check: Some(check(Verdict::Degraded, Some(Severity::Low))),
        ..empty()
    };
    let data = found(vec![overview]).data();
    let last = &data["models"][0]["last_check"];
    assert_eq!(last["evaluation_id"], "e_7");
    assert_eq!(last["metric"], "accuracy");
    assert_eq!(last["value"], 0.941);
    assert_eq!(last["severity"], "low");
    assert_eq!(last["verdict"], "degraded");
    assert_eq!(last["reasons"][0]["code"], "too_few");
}

#[test]
fn a_tenure_without_predictions_has_no_share_of_truth() {
    let mut production = live();
    production.coverage = Coverage::default();
    let overview = Overview {
        production: Some(production),
        ..empty()
    };
    assert_eq!(
        line_of(overview.clone(), "truth"),
        "truth    no predictions in this tenure"
    );
    let data = found(vec![overview]).data();
    let truth = &data["models"][0]["truth"];
    assert_eq!(truth["coverage_ratio"], Value::Null);
    assert_eq!(truth["pending_count"], 0);
    assert_eq!(truth["lag_p50_s"], Value::Null);
}
