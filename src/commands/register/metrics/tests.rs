//! Tests of what a metric may be, and of two sources of the same one.

#![cfg(test)]

use super::*;

#[test]
fn a_metric_is_a_plain_name_and_a_finite_number() {
    assert_eq!(parse_metric("rmse=4.2"), Ok(("rmse".to_owned(), 4.2)));
    assert_eq!(
        parse_metric("recall@5= 1e-3 "),
        Ok(("recall@5".to_owned(), 1e-3))
    );
    for text in [
        "rmse",
        "=4",
        "rmse=",
        "rmse=x",
        "rmse=nan",
        "rmse=inf",
        "rmse=1e400",
        "a b=1",
        "ä=1",
        "rmse=1,5",
    ] {
        assert!(parse_metric(text).is_err(), "{text}");
    }
}

fn given(words: &[&str]) -> Vec<(String, f64)> {
    words
        .iter()
        .map(|word| parse_metric(word).unwrap())
        .collect()
}

fn from_file(content: &str, words: &[&str]) -> Result<BTreeMap<String, f64>, Problem> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.json");
    crate::files::write::create_new(&path, content.as_bytes()).unwrap();
    metrics(Some(&path), &given(words))
}

#[test]
fn metrics_of_a_file_and_of_options_come_together() {
    let found = from_file("{\"rmse\": 4.2, \"n\": 3}", &["r2=0.5"]).unwrap();
    let names: Vec<_> = found.keys().collect();
    assert_eq!(names, ["n", "r2", "rmse"]);
    assert!(metrics(None, &[]).unwrap().is_empty());
}

#[test]
fn the_same_metric_twice_is_refused_only_with_another_value() {
    assert!(from_file("{\"rmse\": 4.2}", &["rmse=4.2"]).is_ok());
    let problem = from_file("{\"rmse\": 4.2}", &["rmse=4.3"]).unwrap_err();
    assert_eq!((problem.code, problem.exit.code()), ("MG0513", 2));
    assert_eq!(problem.message, "rmse is given twice");
}

#[test]
fn a_file_of_metrics_is_one_object_of_numbers() {
    for content in [
        "",
        "[1]",
        "3",
        "{\"rmse\": \"4.2\"}",
        "{\"rmse\": null}",
        "{\"rmse\": {\"mean\": 1}}",
        "{\"a b\": 1}",
        "{\"rmse\": 1e400}",
        "{\"rmse\": NaN}",
    ] {
        let problem = from_file(content, &[]).unwrap_err();
        assert_eq!(problem.code, "MG0513", "{content}");
        assert_eq!(problem.causes.len(), 1, "{content}");
        assert_eq!(problem.hints.len(), 1, "{content}");
    }
}

#[test]
fn a_metric_of_ours_lies_in_its_range_and_a_name_of_others_may_be_any_number() {
    for text in ["accuracy=1", "accuracy=0", "rmse=0", "r2=-3", "gini=-7"] {
        assert!(parse_metric(text).is_ok(), "{text}");
    }
    for text in [
        "accuracy=1.01",
        "accuracy=-0.1",
        "rmse=-1",
        "r2=1.5",
        "roc_auc=2",
    ] {
        assert!(parse_metric(text).is_err(), "{text}");
    }
}

#[test]
fn a_name_that_stands_twice_in_a_file_is_refused_also_with_the_same_value() {
    let problem = from_file("{\"rmse\": 1, \"rmse\": 1}", &[]).unwrap_err();
    assert_eq!(problem.causes, ["rmse is there twice"]);
}
