//! Tests of how two versions are compared in words and in JSON.

#![cfg(test)]

use super::super::example::{minute, model, text, version};
use super::*;
use crate::domain::metric::Task;
use crate::domain::verdict::{Reason, ReasonCode};
use crate::judge::Undefined;
use crate::judge::paired::{Difference, Test};

fn number(value: f64, rows: u64) -> Option<Number> {
    Some(Number {
        value,
        bounds: Some((value - 0.01, value + 0.01)),
        rows_count: Some(rows),
        approximate: false,
    })
}

fn pair(favours: Option<Favours>) -> Pair {
    Pair {
        metric: Metric::Accuracy,
        decides: true,
        a: number(0.9, 500),
        b: number(0.8, 500),
        a_recorded: Some(0.91),
        b_recorded: None,
        a_reference: None,
        b_reference: None,
        difference: Some(Difference {
            value: 0.1,
            low: 0.05,
            high: 0.15,
            standard_error: 0.02,
            p_value: Some(0.001),
            test: Test::Normal,
            sign_p_value: Some(0.002),
            approximate: false,
        }),
        undefined: None,
        favours,
    }
}

fn found(on: On, overall: Favours) -> Found {
    Found {
        comparison: Comparison {
            model: model(Task::Classification),
            a: version("v1", 1),
            b: version("v2", 2),
            on,
            a_rows_count: 500,
            b_rows_count: 500,
            from_at: Some(minute(0)),
            to_at: Some(minute(60)),
            confidence: Confidence::NINETY_FIVE,
            pairs: vec![pair(Some(overall))],
            overall,
            reasons: vec![],
        },
    }
}

#[test]
fn only_what_can_not_be_told_has_an_exit_status_of_its_own() {
    for (overall, code, words, name) in [
        (Favours::A, 0, "overall: v1 is better\n", "a_better"),
        (Favours::B, 0, "overall: v2 is better\n", "b_better"),
        (
            Favours::Neither,
            0,
            "overall: no difference can be told\n",
            "indistinguishable",
        ),
        (
            Favours::InsufficientData,
            4,
            "overall: insufficient data to tell\n",
            "insufficient_data",
        ),
    ] {
        let report = found(On::SharedIds, overall);
        assert_eq!(report.exit().code(), code);
        assert!(text(&report).ends_with(words), "{}", text(&report));
        assert_eq!(report.data()["overall"], name);
        assert_eq!(report.data()["metrics"][0]["outcome"], name);
    }
}

#[test]
fn the_first_line_says_on_what() {
    let first = |on| {
        let mut report = found(on, Favours::A);
        report.comparison.b_rows_count = 1_400;
        text(&report).lines().next().unwrap().to_owned()
    };
    assert_eq!(
        first(On::SharedIds),
        "churn  v1 against v2 on 500 shared predictions, 2026-01-01T00:00:00Z – 2026-01-01T01:00:00Z"
    );
    assert_eq!(
        first(On::OwnWindows),
        "churn  v1 against v2 each on its own rows (500 and 1,400), \
         2026-01-01T00:00:00Z – 2026-01-01T01:00:00Z"
    );
    assert_eq!(
        first(On::Recorded),
        "churn  v1 against v2 by recorded metrics only, no interval"
    );
}

#[test]
fn a_row_has_both_values_the_difference_and_what_it_says() {
    let row = found(On::SharedIds, Favours::A).row(&pair(Some(Favours::A)));
    assert_eq!(
        row,
        [
            "accuracy",
            "0.900 [0.890, 0.910]",
            "0.800 [0.790, 0.810]",
            "+0.100 [+0.050, +0.150]",
            "v1 better",
            "500",
            "0.910 / -",
        ]
    );
}

#[test]
fn each_outcome_of_a_metric_has_its_words() {
    let report = found(On::SharedIds, Favours::A);
    let says = |favours, undefined| {
        let mut pair = pair(favours);
        pair.undefined = undefined;
        report.row(&pair)[4].clone()
    };
    assert_eq!(says(Some(Favours::A), None), "v1 better");
    assert_eq!(says(Some(Favours::B), None), "v2 better");
    assert_eq!(says(Some(Favours::Neither), None), "no difference");
    assert_eq!(says(Some(Favours::InsufficientData), None), "too few rows");
    assert_eq!(says(None, None), "-");
    assert_eq!(says(Some(Favours::A), Some(Undefined::OneRow)), "undefined");
}

#[test]
fn what_is_not_there_is_a_dash_and_what_does_not_decide_is_in_brackets() {
    let report = found(On::SharedIds, Favours::A);
    let mut bare = pair(None);
    bare.decides = false;
    (bare.a, bare.b, bare.difference, bare.a_recorded) = (None, None, None, None);
    assert_eq!(
        report.row(&bare),
        ["(accuracy)", "-", "-", "-", "-", "-", "-"]
    );
    let mut unequal = pair(None);
    unequal.b = number(0.8, 1_400);
    assert_eq!(report.row(&unequal)[5], "500 / 1,400");
}

#[test]
fn recorded_metrics_are_no_rows_and_their_difference_has_no_interval() {
    let mut report = found(On::Recorded, Favours::A);
    let pair = &mut report.comparison.pairs[0];
    pair.difference = None;
    pair.b_recorded = Some(0.81);
    let data = report.data();
    assert_eq!(data["a"]["rows_count"], Value::Null);
    assert_eq!(data["on"]["kind"], "recorded");
    assert_eq!(data["on"]["rows_count"], Value::Null);
    let metric = &data["metrics"][0];
    let difference = metric["diff_value"].as_f64().unwrap();
    assert!((difference - 0.1).abs() < 1e-12, "{difference}");
    for key in [
        "diff_low",
        "diff_high",
        "p_value",
        "confidence_ratio",
        "approximate",
    ] {
        assert_eq!(metric[key], Value::Null, "{key}");
    }
}

#[test]
fn recorded_values_beside_rows_are_never_a_difference() {
    let mut report = found(On::OwnWindows, Favours::Neither);
    let pair = &mut report.comparison.pairs[0];
    pair.difference = None;
    pair.b_recorded = Some(0.81);
    assert_eq!(report.data()["metrics"][0]["diff_value"], Value::Null);
    assert_eq!(report.data()["on"]["rows_count"], Value::Null);
    assert_eq!(report.data()["a"]["rows_count"], 500);
}

#[test]
fn a_metric_as_json_has_its_direction_its_interval_and_its_tests() {
    let data = found(On::SharedIds, Favours::A).data();
    assert_eq!(data["on"]["rows_count"], 500);
    let metric = &data["metrics"][0];
    assert_eq!(metric["name"], "accuracy");
    assert_eq!(metric["direction"], Metric::Accuracy.direction().name());
    assert_eq!(metric["diff_low"], 0.05);
    assert_eq!(metric["confidence_ratio"], 0.95);
    assert_eq!(metric["p_value"], 0.001);
    assert_eq!(metric["sign_p_value"], 0.002);
    assert_eq!(metric["undefined_text"], Value::Null);
}

#[test]
fn reasons_stand_below_the_table_and_in_the_document() {
    let mut report = found(On::SharedIds, Favours::InsufficientData);
    let text_of = "9 shared rows, 30 needed".to_owned();
    report.comparison.reasons = vec![Reason::counted(ReasonCode::TooFew, text_of, 9, 30)];
    assert!(text(&report).contains("\n9 shared rows, 30 needed (too_few)\noverall: "));
    assert_eq!(
        report.data()["reasons"],
        json!([{
            "code": "too_few",
            "text": "9 shared rows, 30 needed",
            "have_count": 9,
            "need_count": 30,
            "since_at": null,
        }])
    );
}
