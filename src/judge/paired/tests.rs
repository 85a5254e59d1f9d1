//! Tests of differences: guard-1's vectors, references on real data, hand values, laws.
#![cfg(test)]

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::domain::metric::Task;
use crate::domain::sample::NumberSample;
use crate::judge::vectors;

const SURE: Confidence = Confidence::NINETY_FIVE;

fn numbers(truth: &[f64], prediction: &[Option<f64>]) -> Sample {
    Sample::Numbers(NumberSample {
        truth: truth.to_vec(),
        prediction: prediction.to_vec(),
    })
}

fn classes(labels: &[&str], truth: &[usize], prediction: &[usize]) -> ClassSample {
    ClassSample {
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        truth: truth.to_vec(),
        prediction: prediction.iter().copied().map(Some).collect(),
        probabilities: vec![None; truth.len()],
        positive: (labels.len() == 2).then_some(1),
    }
}

#[track_caller]
fn close(value: f64, reference: f64, tolerance: f64) {
    assert!(
        (value - reference).abs() <= tolerance * reference.abs().max(1e-3),
        "{value} is not {reference}"
    );
}

#[test]
fn differences_of_means_and_roots_agree_with_the_vectors() {
    let vectors = vectors::read("guard_vectors");
    let (a, b) = (
        vectors::numbers(&vectors["squared"]["a"]),
        vectors::numbers(&vectors["squared"]["b"]),
    );
    let expected = &vectors["squared"]["out"];
    let truth = vec![0.0; a.len()];
    // A loss is |error| as it stands, and a squared error of its root.
    let off = |losses: &[f64], by: fn(f64) -> f64| {
        numbers(
            &truth,
            &losses.iter().map(|l| Some(by(*l))).collect::<Vec<_>>(),
        )
    };
    let same = |loss| loss;
    let mean = paired_difference(Metric::Mae, &off(&a, same), &off(&b, same), None, SURE).unwrap();
    close(mean.value, vectors::number(&expected["mean_diff"]), 1e-9);
    close(mean.low, vectors::number(&expected["lo"]), 1e-9);
    close(mean.high, vectors::number(&expected["hi"]), 1e-9);
    close(
        mean.standard_error,
        vectors::number(&expected["sd_diff"]) / 10.0,
        1e-9,
    );
    close(
        mean.sign_p_value.unwrap(),
        vectors::number(&expected["p_sign"]),
        1e-9,
    );
    let root = paired_difference(
        Metric::Rmse,
        &off(&a, f64::sqrt),
        &off(&b, f64::sqrt),
        None,
        SURE,
    )
    .unwrap();
    close(root.value, vectors::number(&expected["root_diff"]), 1e-9);
    close(root.low, vectors::number(&expected["root_lo"]), 1e-9);
    close(root.high, vectors::number(&expected["root_hi"]), 1e-9);
    assert!(!root.approximate);
}

#[test]
fn discordant_rows_agree_with_the_vectors() {
    let vectors = vectors::read("guard_vectors");
    for case in vectors::list(&vectors["agresti_min"]) {
        let [b, c, n] = ["b", "c", "n"].map(|key| vectors::count(&case[key]));
        let bounds = agresti_min(b, c, n, SURE);
        let expected = vectors::numbers(&case["out"]);
        close(bounds.low, expected[0], 1e-9);
        close(bounds.high, expected[1], 1e-9);
    }
    for case in vectors::list(&vectors["sign_test"]) {
        let p_value = sign_test(vectors::count(&case["b"]), vectors::count(&case["c"]));
        close(p_value, vectors::number(&case["out"]), 1e-9);
    }
}

fn from_fixture(data: &Value, key: &str) -> Sample {
    let model = &data["models"][key];
    if data["labels"].is_null() {
        return Sample::Numbers(NumberSample {
            truth: vectors::numbers(&data["truth"]),
            prediction: vectors::numbers(&model["prediction"])
                .into_iter()
                .map(Some)
                .collect(),
        });
    }
    let labels = vectors::list(&data["labels"]);
    Sample::Classes(ClassSample {
        labels: labels
            .iter()
            .map(|label| label.as_str().unwrap().to_owned())
            .collect(),
        truth: vectors::list(&data["truth"])
            .iter()
            .map(vectors::count)
            .collect(),
        prediction: vectors::list(&model["prediction"])
            .iter()
            .map(|c| Some(vectors::count(c)))
            .collect(),
        probabilities: vectors::list(&model["probabilities"])
            .iter()
            .map(|row| Some(vectors::numbers(row).into()))
            .collect(),
        positive: (labels.len() == 2).then_some(1),
    })
}

#[test]
fn differences_on_real_data_agree_with_the_references() {
    let fixture = vectors::read("metrics");
    let mut delongs = 0;
    for data in vectors::list(&fixture["data"]) {
        let (a, b) = (from_fixture(data, "a"), from_fixture(data, "b"));
        for (name, reference) in data["paired"].as_object().unwrap() {
            let metric: Metric = name.parse().unwrap();
            let paired = paired_difference(metric, &a, &b, None, SURE).unwrap();
            let expected = vectors::number(&reference["value"]);
            assert!(
                (paired.value - expected).abs() <= 1e-9 * expected.abs().max(1.0),
                "{name}"
            );
            let bootstrap = vectors::number(&reference["bootstrap_standard_error"]);
            assert!(
                (paired.standard_error / bootstrap - 1.0).abs() < 0.2,
                "{} {name}: {paired:?} {bootstrap}",
                data["name"]
            );
            let jackknife = vectors::number(&reference["influence_standard_error"]);
            match paired.test {
                Test::McNemar => assert!((paired.standard_error / jackknife - 1.0).abs() < 0.1),
                Test::Normal => {
                    let tolerance = if metric == Metric::RocAuc { 0.03 } else { 1e-5 };
                    assert!(
                        (paired.standard_error / jackknife - 1.0).abs() < tolerance,
                        "{name}"
                    );
                }
            }
            if let Some(delong) = reference["delong_standard_error"].as_f64() {
                close(paired.standard_error, delong, 1e-9);
                delongs += 1;
            }
            if let Some(mcnemar) = reference["mcnemar_p_value"].as_f64() {
                close(paired.p_value.unwrap(), mcnemar, 1e-9);
            }
            // The same rows tell versions apart better than rows of their own.
            let alone = |sample| measure(metric, sample, None, SURE).unwrap();
            let unpaired = unpaired_difference(&alone(&a), &alone(&b), SURE).unwrap();
            assert!((unpaired.value - paired.value).abs() < 1e-9 * paired.value.abs().max(1.0));
            if data["name"] == "diabetes" && metric != Metric::MeanError {
                assert!(paired.standard_error < unpaired.standard_error, "{name}");
            }
        }
    }
    assert_eq!(delongs, 1);
}

#[test]
fn hand_values() {
    // Only a is right in rows 0 to 2, only b in row 3.
    let a = Sample::Classes(classes(
        &["no", "yes"],
        &[1, 1, 1, 1, 0, 0],
        &[1, 1, 1, 0, 0, 0],
    ));
    let b = Sample::Classes(classes(
        &["no", "yes"],
        &[1, 1, 1, 1, 0, 0],
        &[0, 0, 0, 1, 0, 0],
    ));
    let accuracy = paired_difference(Metric::Accuracy, &a, &b, None, SURE).unwrap();
    close(accuracy.value, 2.0 / 6.0, 1e-15);
    close(accuracy.p_value.unwrap(), 2.0 * 5.0 / 16.0, 1e-12);
    assert!(accuracy.approximate);
    let half = SURE.z() * ((5.0 - 4.0 / 8.0) / 64.0_f64).sqrt();
    close(accuracy.high, 2.0 / 8.0 + half, 1e-14);
    // Recall is the same question on the four positive rows.
    let recall = paired_difference(Metric::Recall, &a, &b, None, SURE).unwrap();
    close(recall.value, 0.5, 1e-15);
    close(
        recall.high,
        (2.0_f64 / 6.0 + SURE.z() * ((5.0 - 4.0 / 6.0) / 36.0_f64).sqrt()).min(1.0),
        1e-14,
    );
    assert_eq!(recall.test, Test::McNemar);
    // Independent rows: 3-4-5.
    let number = |value, standard_error| Estimate {
        value,
        low: 0.0,
        high: 0.0,
        standard_error,
        rows_count: 40,
        failed_count: 0,
        effective_count: 40,
        approximate: false,
        influence: Vec::new(),
        classes_count: None,
        unseen_truth_count: 0,
        zero_by_convention: false,
    };
    let unpaired = unpaired_difference(&number(10.0, 3.0), &number(2.0, 4.0), SURE).unwrap();
    close(unpaired.standard_error, 5.0, 1e-15);
    close(unpaired.low, 8.0 - 5.0 * SURE.z(), 1e-15);
    close(unpaired.p_value.unwrap(), 0.109_598_583_399_115_9, 1e-9);
}

#[test]
fn other_rows_are_no_pairs() {
    let a = numbers(&[1.0, 2.0], &[Some(1.0), Some(3.0)]);
    let b = numbers(&[1.0, 2.5], &[Some(1.0), Some(3.0)]);
    let three = numbers(&[1.0, 2.0, 3.0], &[Some(1.0); 3]);
    let compare = |a, b| paired_difference(Metric::Mae, a, b, None, SURE);
    assert_eq!(compare(&a, &b), Err(Undefined::NotPaired));
    assert_eq!(compare(&a, &three), Err(Undefined::NotPaired));
    let yes = Sample::Classes(classes(&["no", "yes"], &[1, 0], &[1, 0]));
    assert_eq!(compare(&a, &yes), Err(Undefined::WrongTask));
    let turned = Sample::Classes(ClassSample {
        positive: Some(0),
        ..classes(&["no", "yes"], &[1, 0], &[1, 0])
    });
    assert_eq!(
        paired_difference(Metric::F1, &yes, &turned, None, SURE),
        Err(Undefined::NotPaired)
    );
}

#[test]
fn labels_that_only_one_version_knows_do_not_shift_the_others() {
    let a = Sample::Classes(classes(&["b", "c"], &[0, 1, 1], &[0, 1, 0]));
    let b = Sample::Classes(ClassSample {
        positive: None,
        ..classes(&["a", "b", "c"], &[1, 2, 2], &[1, 2, 0])
    });
    let accuracy = paired_difference(Metric::Accuracy, &a, &b, None, SURE).unwrap();
    assert!(accuracy.value.abs() < 1e-15);
    // Both are macro averages over their own labels once one of them knows three: (2/3 + 2/3)/2 and (0 + 1 + 2/3)/3.
    let f1 = paired_difference(Metric::F1, &a, &b, None, SURE).unwrap();
    close(f1.value, 2.0 / 3.0 - 5.0 / 9.0, 1e-14);
}

#[test]
fn failures_cost_both_versions_the_same() {
    let truth = [0.0; 4];
    let a = numbers(&truth, &[Some(1.0), Some(1.0), Some(1.0), None]);
    let b = numbers(&truth, &[Some(2.0), Some(2.0), Some(2.0), Some(2.0)]);
    // The pooled mean of 1, 1, 1, 2, 2, 2, 2 is 11/7; a's failure costs 110/7.
    let pooled = paired_difference(Metric::Mae, &a, &b, None, SURE).unwrap();
    close(pooled.value, (3.0 + 110.0 / 7.0) / 4.0 - 2.0, 1e-14);
    let told = paired_difference(Metric::Mae, &a, &b, Some(2.0), SURE).unwrap();
    close(told.value, 23.0 / 4.0 - 2.0, 1e-14);
    let turned = paired_difference(Metric::Mae, &b, &a, None, SURE).unwrap();
    close(turned.value, -pooled.value, 1e-14);
}

#[test]
fn equal_versions_differ_by_nothing_and_classes_stay_unsure() {
    let truth: Vec<usize> = (0..40).map(|row| row % 2).collect();
    let same = Sample::Classes(classes(&["no", "yes"], &truth, &truth));
    for metric in [
        Metric::Accuracy,
        Metric::Precision,
        Metric::Recall,
        Metric::F1,
    ] {
        let difference = paired_difference(metric, &same, &same, None, SURE).unwrap();
        assert!(
            difference.value.abs() < 1e-15 && difference.low < -0.01 && difference.high > 0.01,
            "{metric}"
        );
        close(difference.p_value.unwrap(), 1.0, 1e-12);
    }
    let numbers = numbers(&[1.0, 2.0], &[Some(2.0), Some(2.0)]);
    let difference = paired_difference(Metric::Mae, &numbers, &numbers, None, SURE).unwrap();
    assert_eq!(
        (difference.low, difference.high, difference.p_value),
        (0.0, 0.0, Some(1.0))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn exchanging_the_versions_turns_the_sign(
        rows in prop::collection::vec((0..3_usize, 0..3_usize, 0..3_usize, -5.0..5.0_f64, -5.0..5.0_f64, prop::option::weighted(0.9, -5.0..5.0_f64)), 31..50)
    ) {
        let labels = ["a", "b", "c"];
        let truth: Vec<usize> = rows.iter().map(|row| row.0).collect();
        let pairs = [
            (
                Sample::Classes(classes(&labels, &truth, &rows.iter().map(|r| r.1).collect::<Vec<_>>())),
                Sample::Classes(classes(&labels, &truth, &rows.iter().map(|r| r.2).collect::<Vec<_>>())),
            ),
            (
                numbers(&rows.iter().map(|r| r.3).collect::<Vec<_>>(), &rows.iter().map(|r| Some(r.4)).collect::<Vec<_>>()),
                numbers(&rows.iter().map(|r| r.3).collect::<Vec<_>>(), &rows.iter().map(|r| r.5).collect::<Vec<_>>()),
            ),
        ];
        for (a, b) in &pairs {
            let task = if matches!(a, Sample::Numbers(_)) { Task::Regression } else { Task::Classification };
            for metric in Metric::ALL.into_iter().filter(|m| m.task() == task && !m.needs_probabilities()) {
                let one = paired_difference(metric, a, b, None, SURE).unwrap();
                let two = paired_difference(metric, b, a, None, SURE).unwrap();
                let scale = one.value.abs() + one.standard_error;
                prop_assert!((one.value + two.value).abs() <= 1e-9 * scale);
                prop_assert!((one.low + two.high).abs() <= 1e-9 * scale);
                prop_assert!((one.p_value.unwrap() - two.p_value.unwrap()).abs() <= 1e-9);
                prop_assert!(one.low <= one.high);
            }
        }
    }
}
