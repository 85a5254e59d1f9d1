//! Tests of what a reference sample is said to be worth.

#![cfg(test)]

use super::*;
use crate::domain::hash::Hash;
use crate::domain::sample::NumberSample;
use crate::files::FileErrorKind;
use crate::files::rejects::{Reject, RejectCode};

fn estimate() -> Estimate {
    let truth: Vec<f64> = (0..400).map(f64::from).collect();
    let off = truth.iter().map(|t| Some(t + 1.0 + (t * 0.7).sin()));
    let prediction = off.collect();
    let sample = Measured::Numbers(NumberSample { truth, prediction });
    measure(Metric::Mae, &sample, None, Confidence::NINETY_FIVE).unwrap()
}

fn reference(estimate: Option<Estimate>, truth_empty_count: u64) -> Reference {
    Reference {
        sample: Sample {
            rows: vec![],
            blake3: Hash::ZERO,
            truth_empty_count,
        },
        path: "held_out.csv".into(),
        metric: Metric::Mae,
        limit_value: estimate.as_ref().map(|estimate| 1.05 * estimate.value),
        estimate,
        window_rows_count: 1_000,
        threshold_pct: 5.0,
        classes_count: 2,
    }
}

#[test]
fn a_sample_says_what_a_full_window_would_notice() {
    let reference = reference(Some(estimate()), 0);
    let pct = reference.detectable_pct().unwrap();
    assert!(pct > 5.0, "never less than the threshold: {pct}");
    let said = reference.text();
    assert!(said.starts_with("Reference sample: 0 rows, mae "), "{said}");
    let notice = format!(
        "; a window of 1,000 rows would notice {} or more\n",
        number::resolution(pct)
    );
    assert!(said.ends_with(&notice), "{said}");
    assert!(reference.warnings().is_empty());
}

#[test]
fn more_rows_are_needed_for_less() {
    let data = reference(Some(estimate()), 0).data();
    let few = data["rows_for_50_pct_count"].as_u64().unwrap();
    let many = data["rows_for_20_pct_count"].as_u64().unwrap();
    assert!(few < many, "{few} {many}");
    assert_eq!(data["metric"], "mae");
    assert!(data["ci_low"].as_f64() < data["value"].as_f64());
    assert!(data["limit_value"].as_f64() > data["value"].as_f64());
}

#[test]
fn a_sample_without_a_value_is_a_warning_and_has_no_numbers() {
    let reference = reference(None, 0);
    assert_eq!(
        reference.text(),
        "Reference sample: 0 rows; mae has no value on it\n"
    );
    let warnings = reference.warnings();
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].code, "undefined_metric");
    let data = reference.data();
    for key in [
        "value",
        "ci_low",
        "detectable_pct",
        "rows_for_20_pct_count",
        "limit_value",
    ] {
        assert_eq!(data[key], serde_json::Value::Null, "{key}");
    }
}

#[test]
fn rows_without_truth_are_counted_in_a_warning() {
    let said = |count| {
        let warnings = reference(Some(estimate()), count).warnings();
        assert_eq!(warnings[0].code, "truth_empty");
        warnings[0].text.clone()
    };
    assert_eq!(
        said(1),
        "1 row of held_out.csv has no truth and is left out"
    );
    assert_eq!(
        said(1_200),
        "1,200 rows of held_out.csv have no truth and are left out"
    );
}

#[test]
fn every_unusable_sample_has_its_code() {
    let tell = |error| problem(Path::new("held_out.csv"), error);
    let reject = Reject {
        line_number: 7,
        column: "y".to_owned(),
        code: RejectCode::NoNumber,
        text: "abc is no number".to_owned(),
    };
    let twice = SampleError::Twice {
        id: "42".to_owned(),
        line_number: 9,
    };
    for (error, code, cause) in [
        (SampleError::NoTruth, "MG0516", "no column holds the truth"),
        (SampleError::NoRows, "MG0516", "no row has its truth"),
        (
            SampleError::Reject(reject),
            "MG0516",
            "line 7, column y: abc is no number",
        ),
        (
            twice,
            "MG0516",
            "the id 42 is there twice, on line 9 and before",
        ),
    ] {
        let problem = tell(error);
        assert_eq!((problem.code, problem.exit.code()), (code, 2));
        assert_eq!(problem.message, "held_out.csv can't be a reference sample");
        assert_eq!(problem.causes, [cause]);
    }
    let empty = FileErrorKind::Empty.of(Path::new("held_out.csv"));
    assert_eq!(tell(SampleError::File(empty)).code, "MG0510");
    assert_eq!(
        tell(SampleError::NoTruth).hints,
        ["name the column: `--map truth=COLUMN`"]
    );
}
