//! `compare`: the same predictions first, then own rows, then recorded numbers; and an honest "can't tell".

use serde_json::Value;

use crate::rows::{Fed, HOUR, classes, codes, feed, numbers, off_by, version, wrong_one_in};
use crate::support::{BEGINNING, Sandbox};

/// Two versions; v1 is live.
fn two(sandbox: Sandbox, metrics: [&str; 2]) -> Sandbox {
    version(&sandbox, "v1", metrics[0]);
    version(&sandbox, "v2", metrics[1]);
    sandbox.ok("promote v1 --yes");
    sandbox.set_clock(BEGINNING + HOUR);
    sandbox
}

fn fed(sandbox: &Sandbox, tag: &str, rows: Vec<(String, Option<String>)>, more: &str) {
    let fed = Fed {
        tag,
        from: BEGINNING,
        rows,
        more,
    };
    feed(sandbox, &fed);
}

fn compare(sandbox: &Sandbox, words: &str, status: i32) -> Value {
    let run = sandbox
        .run(&format!("compare --json {words}"))
        .expect(status);
    run.document()["data"].clone()
}

#[test]
fn shared_predictions_are_compared_pair_by_pair() {
    let sandbox = two(numbers(""), ["--metric rmse=1", "--metric rmse=1.2"]);
    fed(&sandbox, "r", off_by(1.0, 300), "");
    fed(&sandbox, "r", off_by(1.4, 300), "--version v2");
    let found = compare(&sandbox, "v2", 0);
    assert_eq!(found["on"]["kind"], "shared_ids");
    assert_eq!(found["on"]["rows_count"], 300);
    assert_eq!(
        (&found["a"]["version"], &found["b"]["version"]),
        (&"v2".into(), &"v1".into())
    );
    assert_eq!(found["overall"], "b_better");
    let rmse = &found["metrics"][0];
    assert_eq!(
        (&rmse["name"], &rmse["decides"]),
        (&"rmse".into(), &true.into())
    );
    let number = |key: &str| rmse[key].as_f64().unwrap();
    assert!((number("diff_value") - 0.4).abs() < 1e-9);
    assert!(number("diff_low") > 0.39 && number("diff_high") < 0.41);
    assert!(number("a_low") <= number("a_value") && number("a_value") <= number("a_high"));
    assert_eq!(
        (&rmse["a_rows_count"], &rmse["b_rows_count"]),
        (&300.into(), &300.into())
    );
    assert_eq!(
        (&rmse["a_recorded_value"], &rmse["b_recorded_value"]),
        (&1.2.into(), &1.0.into())
    );
    assert_eq!(rmse["outcome"], "b_better");
    let bias = found["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .find(|metric| metric["name"] == "mean_error")
        .unwrap();
    assert_eq!(bias["outcome"], Value::Null, "no direction is better");
    sandbox
        .leaves_the_store("compare v2", 0)
        .says("v2 against v1 on 300 shared predictions")
        .says("overall: v1 is better");
    // The other way round it is the other one.
    assert_eq!(compare(&sandbox, "v1 v2", 0)["overall"], "a_better");
}

#[test]
fn without_shared_predictions_each_stands_on_its_own_rows() {
    let sandbox = two(classes(""), ["", ""]);
    fed(&sandbox, "r", wrong_one_in(20, 400), "");
    fed(&sandbox, "s", wrong_one_in(4, 500), "--version v2");
    let found = compare(&sandbox, "v1 v2", 0);
    assert_eq!(found["on"]["kind"], "own_windows");
    assert_eq!(found["on"]["rows_count"], Value::Null);
    assert_eq!(
        (&found["a"]["rows_count"], &found["b"]["rows_count"]),
        (&400.into(), &500.into())
    );
    assert_eq!(
        (&found["metrics"][0]["name"], &found["overall"]),
        (&"accuracy".into(), &"a_better".into())
    );
    let window = compare(&sandbox, "v1 v2 --window n=100 --metric accuracy", 0);
    assert_eq!(window["a"]["rows_count"], 100);
    assert_eq!(window["metrics"].as_array().unwrap().len(), 1);
    let wide = compare(&sandbox, "v1 v2 --confidence 0.999 --metric accuracy", 0);
    assert_eq!(wide["metrics"][0]["confidence_ratio"], 0.999);
}

#[test]
fn equal_versions_are_not_told_apart() {
    let sandbox = two(classes(""), ["", ""]);
    fed(&sandbox, "r", wrong_one_in(20, 400), "");
    fed(&sandbox, "r", wrong_one_in(19, 400), "--version v2");
    let found = compare(&sandbox, "v1 v2", 0);
    assert_eq!(found["overall"], "indistinguishable");
    sandbox
        .run("compare v1 v2")
        .expect(0)
        .says("no difference can be told");
}

#[test]
fn recorded_numbers_are_compared_without_an_interval_and_it_says_so() {
    let sandbox = two(
        numbers(""),
        ["--metric rmse=1 --metric r2=0.8", "--metric rmse=1.2"],
    );
    let found = compare(&sandbox, "v1 v2", 0);
    assert_eq!(
        (&found["on"]["kind"], &found["overall"]),
        (&"recorded".into(), &"a_better".into())
    );
    assert_eq!(codes(&found), ["recorded_metrics_only"]);
    assert_eq!(found["metrics"][0]["diff_low"], Value::Null);
    let r_squared = &found["metrics"][1];
    assert_eq!(
        (&r_squared["outcome"], &r_squared["b_value"]),
        (&"insufficient_data".into(), &Value::Null)
    );
    sandbox
        .run("compare v1 v2")
        .expect(0)
        .says("by recorded metrics only, no interval");
}

#[test]
fn too_little_to_tell_is_4() {
    let sandbox = two(numbers(""), ["", ""]);
    let nothing = compare(&sandbox, "v1 v2", 4);
    assert_eq!(codes(&nothing), ["no_truth"]);
    fed(&sandbox, "r", off_by(1.0, 29), "");
    fed(&sandbox, "r", off_by(9.0, 29), "--version v2");
    let few = compare(&sandbox, "v1 v2", 4);
    assert_eq!(
        (&few["on"]["kind"], codes(&few)),
        (&"shared_ids".into(), vec!["too_few".to_owned()])
    );
    assert_eq!(few["reasons"][0]["need_count"], 30);
}

#[test]
fn mistakes_are_told() {
    let sandbox = two(numbers(""), ["", ""]);
    sandbox.fails("compare v9", 10, "MG0203");
    sandbox.fails("compare v1 --metric accuracy", 2, "MG0107");
    sandbox.fails("compare v1 --confidence 1", 2, "MG0107");
    sandbox.fails("compare", 2, "MG0101");
    let nobody = numbers("");
    version(&nobody, "v1", "");
    nobody.fails("compare v1", 10, "MG0204");
}

#[test]
fn a_version_that_is_compared_with_itself_is_told_so_and_is_no_mistake() {
    let sandbox = numbers("");
    version(&sandbox, "v1", "--metric rmse=1");
    sandbox.ok("promote v1 --yes");
    for line in ["compare v1", "compare v1 latest"] {
        let run = sandbox.run(line);
        assert!(matches!(run.status, 0 | 4), "{run:?}");
        assert!(run.stderr.contains("v1 is compared with itself"), "{run:?}");
        assert_eq!(
            run.stdout,
            "m  v1 is the one and the other: no difference\n"
        );
    }
}

#[test]
fn versions_with_a_reference_sample_alone_are_shown_by_it_and_told_apart_by_nothing() {
    let sandbox = classes("");
    sandbox.write(
        "good.csv",
        b"id,prediction,truth\n1,yes,yes\n2,no,no\n3,yes,yes\n4,no,no\n",
    );
    sandbox.write(
        "fair.csv",
        b"id,prediction,truth\n1,yes,yes\n2,no,no\n3,yes,no\n4,no,no\n",
    );
    version(&sandbox, "v1", "--reference good.csv");
    version(&sandbox, "v2", "--reference fair.csv");
    sandbox.ok("promote v1 --yes");
    sandbox
        .ok("promote v2 --dry-run")
        .says("v1 (accuracy 1.00 on its reference) → v2 (accuracy 0.750 on its reference)");
    let run = sandbox.run("compare v2 v1").expect(4);
    run.says("reference sample").says("0.750 / 1.00");
    let found = sandbox.run("compare v2 v1 --json").expect(4).document()["data"].clone();
    let metric = &found["metrics"][0];
    assert_eq!(metric["name"], "accuracy");
    assert_eq!(metric["a_reference_value"], 0.75);
    assert_eq!(metric["b_reference_value"], 1.0);
    assert_eq!(metric["a_recorded_value"], Value::Null);
    assert_eq!(found["overall"], "insufficient_data");
    version(&sandbox, "v3", "--metric accuracy=0.9 --reference fair.csv");
    // A recorded number and one of a sample are not alike: both are shown by their samples.
    sandbox
        .ok("promote v3 --dry-run")
        .says("v1 (accuracy 1.00 on its reference) → v3 (accuracy 0.750 on its reference)");
    let run = sandbox.run("compare v3 v1").expect(4);
    run.says("0.900 / -").says("0.750 / 1.00");
    let found = sandbox.run("compare v3 v1 --json").expect(4).document()["data"].clone();
    assert_eq!(found["metrics"][0]["a_recorded_value"], 0.9);
    assert_eq!(found["metrics"][0]["a_reference_value"], 0.75);
    // Where both were recorded, or one has no sample, what was recorded is told.
    version(&sandbox, "v4", "--metric accuracy=0.8");
    sandbox
        .ok("promote v4 --dry-run")
        .says("v1 (accuracy 1.00 on its reference) → v4 (recorded accuracy 0.800)");
    sandbox.ok("promote v4 --yes");
    sandbox
        .ok("promote v3 --dry-run")
        .says("accuracy 0.800) → v3 (recorded accuracy 0.900)");
}
