//! Tests of single values: each type in each spelling that TOML has, and what is said of the others.

#![cfg(test)]

use std::path::Path;

use super::super::load::{check_all, parse};
use crate::domain::metric::Metric;
use crate::domain::policy::{BaselineChoice, Policy};
use crate::domain::time::Length;

fn good(text: &str) -> Policy {
    parse(text, Path::new("p.toml")).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What is said of a text that has just one fault, and where: the line and the column.
fn fault(text: &str) -> (String, Option<(usize, usize)>) {
    let problems = check_all(text, Path::new("p.toml"));
    assert_eq!(problems.len(), 1, "{text}: {problems:?}");
    let excerpt = problems[0].excerpt().unwrap_or_default();
    let place = problems[0].line().zip(problems[0].column());
    (format!("{} {excerpt}", problems[0]), place)
}

fn pct(value: &str) -> f64 {
    good(&format!("[check]\nthreshold_pct = {value}\n"))
        .check
        .threshold_pct
}

#[test]
fn a_number_of_percent_is_whole_or_not() {
    for (text, value) in [
        ("4", 4.0),
        ("4.0", 4.0),
        ("+4.5", 4.5),
        ("45e-1", 4.5),
        ("0x0A", 10.0),
        ("1_0", 10.0),
    ] {
        assert!((pct(text) - value).abs() < 1e-12, "{text}");
    }
}

#[test]
fn what_is_no_percentage_is_refused() {
    for (value, said) in [
        ("\"5\"", "takes a number of percent such as 5.0, not a text"),
        (
            "\"5 %\"",
            "takes a number of percent such as 5.0, not a text",
        ),
        (
            "true",
            "takes a number of percent such as 5.0, not a boolean",
        ),
        ("[5]", "takes a number of percent such as 5.0, not a list"),
        ("{ a = 5 }", "not a table"),
        (
            "2026-01-01",
            "takes a number of percent such as 5.0, not a date",
        ),
        ("99999999999", "is too large a number"),
    ] {
        let (told, place) = fault(&format!("[check]\nthreshold_pct = {value}\n"));
        assert!(told.contains("threshold_pct"), "{told}");
        assert!(told.contains(said), "{value}: {told}");
        assert_eq!(place.map(|place| place.0), Some(2), "{told}");
    }
    for value in ["nan", "inf", "-inf", "-1"] {
        let problems = check_all(
            &format!("[check]\nthreshold_pct = {value}\n"),
            Path::new("p.toml"),
        );
        assert_eq!(problems.len(), 1, "{value}");
    }
}

#[test]
fn a_number_of_rows_is_whole_and_not_negative() {
    let rows = |value: &str| {
        good(&format!("[check]\nmin_rows = {value}\n"))
            .check
            .min_rows
    };
    assert_eq!(rows("300"), 300);
    assert_eq!(rows("3_00"), 300);
    assert_eq!(rows("0x10"), 16);
    for (value, said) in [
        ("-5", "is -5: it can't be negative"),
        (
            "2.0",
            "takes a whole number of rows such as 200, not a number",
        ),
        (
            "\"200\"",
            "takes a whole number of rows such as 200, not a text",
        ),
    ] {
        let (told, place) = fault(&format!("[check]\nmin_rows = {value}\n"));
        assert!(told.contains(said), "{told}");
        assert_eq!(place, Some((2, 12)), "{told}");
    }
}

#[test]
fn a_length_of_time_has_its_unit() {
    let age = |value: &str| good(&format!("[check]\nmax_age = {value}\n")).check.max_age;
    assert_eq!(age("\"7d\""), Length::from_days(7));
    assert_eq!(age("'36h'"), Length::from_seconds(36 * 3_600));
    let (bare, _) = fault("[check]\nmax_age = 7\n");
    assert!(bare.contains("not a number without unit"), "{bare}");
    for unit in ["\"7d\"", "\"7h\"", "\"7s\""] {
        assert!(bare.contains(unit), "{bare}");
    }
    for value in ["\"7 parsecs\"", "\"\"", "\"-7d\"", "\"d\""] {
        let (told, _) = fault(&format!("[check]\nmax_age = {value}\n"));
        assert!(
            told.contains("takes a length of time such as \"7d\""),
            "{told}"
        );
    }
}

#[test]
fn a_metric_is_known_by_the_names_that_others_give_it() {
    for (given, meant) in [
        ("auc", "roc_auc"),
        ("AUC", "roc_auc"),
        ("logloss", "log_loss"),
        ("mse", "rmse"),
        ("r2_score", "r2"),
        ("brier_score", "brier"),
        ("acuracy", "accuracy"),
    ] {
        let (told, _) = fault(&format!("[check]\nmetric = \"{given}\"\n"));
        let hint = format!("did you mean `{meant}`?");
        assert!(
            told.contains(&hint) || told.contains(&format!("did you mean \"{meant}\"?")),
            "{told}"
        );
    }
    let (told, _) = fault("[check]\nmetric = \"xyzzyx\"\n");
    assert!(
        told.contains("not one of the metrics") && !told.contains("did you mean"),
        "{told}"
    );
    for metric in Metric::ALL {
        let problems = check_all(
            &format!("[check]\nmetric = \"{}\"\n", metric.name()),
            Path::new("p.toml"),
        );
        let directed = metric != Metric::MeanError;
        assert_eq!(problems.is_empty(), directed, "{metric}");
    }
}

#[test]
fn deciding_metrics_are_a_list() {
    let decide = |value: &str| {
        let text = format!("[check]\nmetric = \"rmse\"\ndecide_on = {value}\n");
        good(&text).check.decide_on
    };
    assert_eq!(
        decide("[\"rmse\", \"r2\"]"),
        Some(vec![Metric::Rmse, Metric::R2])
    );
    let (told, _) = fault("[check]\ndecide_on = \"rmse\"\n");
    assert!(told.contains("takes a list of metrics such as"), "{told}");
    let (told, place) = fault("[check]\ndecide_on = [\"rmse\", \"rsme\"]\n");
    assert!(told.contains("\"rsme\""), "{told}");
    assert_eq!(place, Some((2, 22)), "the one that is wrong: {told}");
}

#[test]
fn a_list_of_metrics_tells_every_name_that_is_none_and_what_is_wrong_with_the_others() {
    let told = |list: &str| -> Vec<String> {
        let text = format!("[check]\ndecide_on = {list}\n");
        let problems = check_all(&text, Path::new("p.toml"));
        let told = problems.iter().map(ToString::to_string);
        told.map(|told| {
            told.split(", not one")
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
    };
    let undirected =
        "`check.decide_on` names mean_error, which has no direction and can't say degraded";
    assert_eq!(
        told("[\"mean_error\", \"acuracy\", \"rsme\"]"),
        [
            undirected,
            "`check.decide_on` names \"acuracy\"",
            "`check.decide_on` names \"rsme\""
        ]
    );
    assert_eq!(
        told("[\"rmse\", \"f1\", \"acuracy\"]").len(),
        2,
        "it mixes tasks as well"
    );
    // What is left when nothing could be read is no empty list.
    assert_eq!(
        told("[\"acuracy\"]"),
        ["`check.decide_on` names \"acuracy\""]
    );
}

#[test]
fn a_choice_names_all_words_and_the_nearest() {
    let (told, _) = fault("[action]\non_degraded = \"rolback\"\n");
    assert!(
        told.contains("\"alert\"") && told.contains("\"rollback\""),
        "{told}"
    );
    assert!(told.contains("did you mean"), "{told}");
    let (told, _) = fault("[action]\non_degraded = 3\n");
    assert!(told.contains("not a whole number"), "{told}");
}

#[test]
fn a_slip_in_a_baseline_is_not_taken_for_a_version() {
    let baseline = |value: &str| {
        good(&format!("[check]\nbaseline = \"{value}\"\n"))
            .check
            .baseline
    };
    assert_eq!(baseline("previous"), BaselineChoice::Previous);
    for version in ["20260101_000000", "@winter", "churn:previos"] {
        assert!(
            matches!(baseline(version), BaselineChoice::Version(_)),
            "{version}"
        );
    }
    let (told, _) = fault("[check]\nbaseline = \"previos\"\n");
    assert!(
        told.contains("a version of that name is written MODEL:previos"),
        "{told}"
    );
    assert!(told.contains("did you mean"), "{told}");
}

#[test]
fn a_name_is_not_empty() {
    for text in ["[columns]\nid = \"\"\n", "[columns]\nid = \" \"\n"] {
        let (told, place) = fault(text);
        assert!(
            told.contains("is empty: leave the key out instead"),
            "{told}"
        );
        assert_eq!(place, Some((2, 6)));
    }
    let (told, _) = fault("[columns]\nid = 3\n");
    assert!(
        told.contains("takes a text in quotes, not a whole number"),
        "{told}"
    );
}
