//! Classes with probabilities: which metric decides, what it needs, and how failures and unseen classes count.

use serde_json::Value;

use crate::rows::{HOUR, classes, codes, version};
use crate::support::{BEGINNING, Sandbox};

/// A row: the true class, the predicted one, P(yes).
type Row = (&'static str, &'static str, f64);

/// Rows of which one in ten is told wrong, with P(yes) that sure.
fn rows(count: usize, sure: f64) -> Vec<Row> {
    (0..count)
        .map(|row| {
            let truth = if row % 3 == 0 { "yes" } else { "no" };
            let says_yes = (truth == "yes") != (row % 10 == 0);
            let p = if says_yes { sure } else { 1.0 - sure };
            (truth, if says_yes { "yes" } else { "no" }, p)
        })
        .collect()
}

fn table(rows: &[Row], with_truth: bool) -> String {
    let mut text = "id,predicted_at,prediction,proba_yes".to_owned();
    text.push_str(if with_truth { ",truth\n" } else { "\n" });
    for (number, (truth, prediction, p)) in rows.iter().enumerate() {
        let at = BEGINNING - 1_000 + number as u64;
        text.push_str(&format!("r{number},{at},{prediction},{p}"));
        text.push_str(&if with_truth {
            format!(",{truth}\n")
        } else {
            "\n".to_owned()
        });
    }
    text
}

fn truths(rows: &[Row]) -> String {
    let lines = rows.iter().enumerate().map(|(number, row)| {
        let at = BEGINNING - 1_000 + number as u64;
        format!("r{number},{},{at}\n", row.0)
    });
    std::iter::once("id,truth,truth_at\n".to_owned())
        .chain(lines)
        .collect()
}

/// A live version with a reference sample of 400 rows and these live rows.
fn live(check: &str, rows_of_reference: &[Row], live: &[Row]) -> Sandbox {
    let sandbox = classes(check);
    sandbox.write("reference.csv", table(rows_of_reference, true).as_bytes());
    version(&sandbox, "v1", "--reference reference.csv");
    sandbox.ok("promote v1 --yes");
    sandbox.set_clock(BEGINNING + HOUR);
    sandbox.write("p.csv", table(live, false).as_bytes());
    sandbox.ok("ingest predictions p.csv");
    sandbox.write("t.csv", truths(live).as_bytes());
    sandbox.ok("ingest truth t.csv");
    sandbox
}

fn check(sandbox: &Sandbox, words: &str, status: i32) -> Value {
    let run = sandbox.run(&format!("check --json {words}")).expect(status);
    run.document()["data"].clone()
}

fn metric(found: &Value, name: &str) -> Value {
    let metrics = found["metrics"].as_array().unwrap();
    metrics
        .iter()
        .find(|metric| metric["name"] == name)
        .unwrap()
        .clone()
}

#[test]
fn log_loss_decides_where_both_sides_have_probabilities() {
    let sandbox = live("", &rows(400, 0.8), &rows(400, 0.8));
    let found = check(&sandbox, "", 0);
    assert_eq!(found["metrics"][0]["name"], "log_loss");
    assert_eq!(found["metrics"][0]["decides"], true);
    // By hand: nine in ten at -ln 0.8, one at -ln 0.2.
    let by_hand = -(0.9 * 0.8_f64.ln() + 0.1 * 0.2_f64.ln());
    assert!((metric(&found, "log_loss")["value"].as_f64().unwrap() - by_hand).abs() < 1e-9);
    assert!(
        (metric(&found, "brier")["value"].as_f64().unwrap() - (0.9 * 0.04 + 0.1 * 0.64)).abs()
            < 1e-9
    );
    assert!((metric(&found, "accuracy")["value"].as_f64().unwrap() - 0.9).abs() < 1e-9);
    for name in ["accuracy", "precision", "recall", "f1", "roc_auc", "brier"] {
        let shown = metric(&found, name);
        assert_eq!(shown["decides"], false, "{name}");
        assert_eq!(shown["outcome"], "healthy", "{name}");
    }
    sandbox
        .run("check -v")
        .expect(0)
        .says("roc_auc")
        .says("shown only");
}

#[test]
fn probabilities_may_become_worse_while_the_classes_stay_right() {
    let sandbox = live("", &rows(400, 0.8), &rows(400, 0.55));
    let found = check(&sandbox, "", 3);
    assert_eq!(codes(&found), ["over_threshold"]);
    assert_eq!(metric(&found, "log_loss")["outcome"], "degraded");
    assert_eq!(metric(&found, "accuracy")["outcome"], "healthy");
    // What does not decide is shown and says nothing.
    check(&sandbox, "--metric accuracy", 0);
    let other = check(&sandbox, "--metric brier --metric roc_auc", 3);
    assert_eq!(other["metrics"][0]["name"], "brier");
    assert_eq!(
        other["metrics"][1]["outcome"], "healthy",
        "the order of the rows is the same"
    );
}

#[test]
fn one_class_only_is_undefined_for_the_area() {
    let only: Vec<Row> = rows(600, 0.8)
        .into_iter()
        .filter(|row| row.0 == "no")
        .collect();
    let sandbox = live("", &rows(400, 0.8), &only);
    let found = check(&sandbox, "--metric roc_auc", 4);
    assert_eq!(codes(&found), ["undefined_metric"]);
    assert!(
        found["reasons"][0]["text"]
            .as_str()
            .unwrap()
            .contains("only one class")
    );
    assert_eq!(
        found["metrics"][0]["undefined_text"],
        "the truth holds only one class, so there is nothing to tell apart"
    );
}

/// Rows of which one in twenty, told right so far, is of a class that the model does not know.
fn with_a_third_class() -> Vec<Row> {
    let mut unseen = rows(400, 0.8);
    unseen
        .iter_mut()
        .skip(5)
        .step_by(20)
        .for_each(|row| row.0 = "perhaps");
    unseen
}

#[test]
fn one_column_of_three_classes_leaves_log_loss_undefined() {
    let sandbox = live("", &rows(400, 0.8), &with_a_third_class());
    // The sample was judged by log loss, so the question stays the same: nobody can tell any more.
    let found = check(&sandbox, "", 4);
    assert_eq!(found["metrics"][0]["name"], "log_loss");
    assert_eq!(found["reasons"][0]["code"], "undefined_metric");
    let found = check(&sandbox, "--metric accuracy", 3);
    assert_eq!(found["metrics"][0]["outcome"], "degraded");
    assert_eq!(
        metric(&found, "log_loss")["undefined_text"],
        "a row came without class probabilities"
    );
}

#[test]
fn a_class_that_was_never_learnt_costs_the_most_a_row_can_cost() {
    let both = |text: String| {
        let lines = text
            .lines()
            .map(|line| match line.split(',').collect::<Vec<_>>()[..] {
                ["id", ..] => line.replace("proba_yes", "proba_yes,proba_no") + "\n",
                [id, at, prediction, p, ref rest @ ..] => {
                    let other = 1.0 - p.parse::<f64>().unwrap();
                    let rest: String = rest.iter().map(|cell| format!(",{cell}")).collect();
                    format!("{id},{at},{prediction},{p},{other}{rest}\n")
                }
                _ => panic!("{line}"),
            });
        lines.collect::<String>()
    };
    let (reference, live) = (rows(400, 0.8), with_a_third_class());
    let sandbox = classes("");
    sandbox.write("reference.csv", both(table(&reference, true)).as_bytes());
    version(&sandbox, "v1", "--reference reference.csv");
    sandbox.ok("promote v1 --yes");
    sandbox.set_clock(BEGINNING + HOUR);
    sandbox.write("p.csv", both(table(&live, false)).as_bytes());
    sandbox.ok("ingest predictions p.csv");
    sandbox.write("t.csv", truths(&live).as_bytes());
    sandbox.ok("ingest truth t.csv");
    let found = check(&sandbox, "", 3);
    assert_eq!(found["metrics"][0]["name"], "log_loss");
    let by_hand = -(340.0 * 0.8_f64.ln() + 40.0 * 0.2_f64.ln() + 20.0 * 1e-15_f64.ln()) / 400.0;
    assert!((metric(&found, "log_loss")["value"].as_f64().unwrap() - by_hand).abs() < 1e-9);
}

#[test]
fn the_positive_class_can_be_named() {
    let late: Vec<Row> = rows(400, 0.8)
        .into_iter()
        .map(|(truth, prediction, p)| {
            let word = |class| if class == "yes" { "late" } else { "on_time" };
            (word(truth), word(prediction), p)
        })
        .collect();
    let table = |with_truth| table(&late, with_truth).replace("proba_yes", "proba_late");
    let project = |columns: &str| {
        let sandbox = classes("decide_on = [\"recall\"]");
        let policy = std::fs::read_to_string(sandbox.file("modelguard.toml")).unwrap();
        sandbox.write(
            "modelguard.toml",
            format!("{policy}\n[columns]\n{columns}\n").as_bytes(),
        );
        sandbox.write("reference.csv", table(true).as_bytes());
        version(&sandbox, "v1", "--reference reference.csv");
        sandbox.ok("promote v1 --yes");
        sandbox.set_clock(BEGINNING + HOUR);
        sandbox.write("p.csv", table(false).as_bytes());
        sandbox.ok("ingest predictions p.csv");
        sandbox.write("t.csv", truths(&late).as_bytes());
        sandbox.ok("ingest truth t.csv");
        sandbox
    };
    let unnamed = check(&project(""), "", 4);
    assert_eq!(codes(&unnamed), ["undefined_metric"]);
    assert!(
        unnamed["reasons"][0]["text"]
            .as_str()
            .unwrap()
            .contains("positive")
    );
    let named = check(&project("positive = \"late\""), "", 0);
    assert_eq!(named["metrics"][0]["name"], "recall");
}

#[test]
fn versions_are_compared_by_their_probabilities() {
    let sandbox = live("", &rows(400, 0.8), &rows(400, 0.8));
    version(&sandbox, "v2", "");
    sandbox.write("s.csv", table(&rows(400, 0.9), false).as_bytes());
    sandbox.ok("ingest predictions s.csv --version v2");
    let run = sandbox.run("compare v2 --json").expect(0);
    let found = run.document()["data"].clone();
    assert_eq!(
        (&found["on"]["kind"], &found["on"]["rows_count"]),
        (&"shared_ids".into(), &400.into())
    );
    let log_loss = metric(&found, "log_loss");
    assert_eq!(
        (&log_loss["decides"], &log_loss["outcome"]),
        (&true.into(), &"a_better".into())
    );
    let accuracy = metric(&found, "accuracy");
    assert_eq!(
        (&accuracy["outcome"], &accuracy["p_value"]),
        (&"indistinguishable".into(), &1.0.into())
    );
}
