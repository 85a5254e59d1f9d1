//! Truth in other classes than the predictions: told when it comes in, and never a verdict on the model.

use std::fs;

use serde_json::{Value, json};

use crate::rows::{DAY, Fed, HOUR, classes, codes, feed, version, wrong_one_in};
use crate::support::{BEGINNING, Run, Sandbox};

type Rows = Vec<(String, Option<String>)>;

/// Whoever writes the truth as 0 and 1.
fn recoded(rows: Rows) -> Rows {
    let digit = |label: String| if label == "yes" { "1" } else { "0" }.to_owned();
    let rows = rows.into_iter();
    rows.map(|(prediction, truth)| (prediction, truth.map(digit)))
        .collect()
}

/// `v1` lies below the live `v2`; both came with a reference sample of yes and no that is wrong in one row of ten.
fn two_versions(check: &str) -> Sandbox {
    let sandbox = classes(check);
    let mut reference = "id,prediction,truth\n".to_owned();
    for (row, (prediction, truth)) in wrong_one_in(10, 300).into_iter().enumerate() {
        reference.push_str(&format!("h{row},{prediction},{}\n", truth.unwrap()));
    }
    sandbox.write("reference.csv", reference.as_bytes());
    for name in ["v1", "v2"] {
        version(&sandbox, name, "--reference reference.csv");
        sandbox.ok(&format!("promote {name} --yes"));
        sandbox.set_clock(sandbox.clock() + 60);
    }
    sandbox.set_clock(BEGINNING + HOUR);
    sandbox
}

fn fed(sandbox: &Sandbox, tag: &str, rows: Rows) {
    let fed = Fed {
        tag,
        from: sandbox.clock(),
        rows,
        more: "",
    };
    sandbox.set_clock(sandbox.clock() + HOUR);
    feed(sandbox, &fed);
}

fn doubts(run: &Run) -> Vec<String> {
    let document = run.document();
    let warnings = document["warnings"].as_array().unwrap().iter();
    let odd = warnings.filter(|warning| warning["code"] == "label_unseen");
    odd.map(|warning| warning["text"].as_str().unwrap().to_owned())
        .collect()
}

const NONE_IS_KNOWN: &str =
    "no label has a class that any prediction or reference sample has: 0, 1; they have no, yes";

/// The files of `feed`, without bringing them in.
fn files(sandbox: &Sandbox, rows: &Rows) -> [String; 2] {
    let mut predictions = "id,predicted_at,prediction\n".to_owned();
    let mut truth = "id,truth\n".to_owned();
    for (row, (prediction, true_class)) in rows.iter().enumerate() {
        let at = sandbox.clock() - 600 + row as u64;
        predictions.push_str(&format!("r{row},{at},{prediction}\n"));
        truth.push_str(&format!("r{row},{}\n", true_class.as_deref().unwrap()));
    }
    [predictions, truth]
}

#[test]
fn truth_in_another_coding_is_told_at_once_and_rolls_no_good_model_back() {
    let sandbox = two_versions("");
    let [predictions, truth] = files(&sandbox, &recoded(wrong_one_in(10, 300)));
    sandbox.write("p.csv", predictions.as_bytes());
    sandbox.write("t.csv", truth.as_bytes());
    sandbox.ok("ingest predictions p.csv");
    for words in ["--dry-run", ""] {
        let run = sandbox.ok(&format!("ingest truth t.csv --json {words}"));
        assert_eq!(doubts(&run), [NONE_IS_KNOWN], "{words}");
    }
    let run = sandbox.run("check --json").expect(4);
    let found = &run.document()["data"];
    assert_eq!(codes(found), ["foreign_classes"], "{found:#}");
    assert_eq!(
        found["foreign_classes"],
        json!({ "true": ["0", "1"], "known": ["no", "yes"] })
    );
    let told = sandbox.run("check").expect(4);
    assert!(
        told.stdout.starts_with(
            "m  v2  insufficient data: none of 300 labels has a class that predictions or baseline have: 0, 1; \
             they have no, yes (foreign_classes)\n  evidence:"
        ),
        "{told:#?}"
    );
    assert!(
        told.stderr.contains("`modelguard ingest undo BATCH`"),
        "{told:#?}"
    );
    let run = sandbox.run("monitor --auto-rollback --json").expect(4);
    assert_eq!(run.document()["verdict"], "insufficient_data");
    assert_eq!(sandbox.holder("production").as_deref(), Some("v2"));
    assert_eq!(sandbox.number("SELECT count(*) FROM alert"), 0);
    // That nothing can be told is told in time.
    sandbox.set_clock(BEGINNING + 4 * DAY);
    sandbox.run("monitor --auto-rollback").expect(4);
    let kind = "SELECT count(*) FROM alert WHERE kind = 'blind'";
    assert_eq!(sandbox.number(kind), 1);
    assert_eq!(sandbox.holder("production").as_deref(), Some("v2"));
    // The truth as the predictions have it mends all.
    sandbox.ok("ingest undo b_2");
    let [_, truth] = files(&sandbox, &wrong_one_in(10, 300));
    sandbox.write("t.csv", truth.as_bytes());
    assert_eq!(doubts(&sandbox.ok("ingest truth t.csv --json")), [""; 0]);
    let run = sandbox.run("check --json").expect(0);
    assert_eq!(run.document()["data"]["foreign_classes"], Value::Null);
}

#[test]
fn an_inbox_tells_it_with_the_name_of_the_file() {
    let sandbox = two_versions("[ingest]\ninbox = \"inbox\"");
    let inbox = sandbox.file("inbox");
    fs::create_dir(&inbox).unwrap();
    let [predictions, truth] = files(&sandbox, &recoded(wrong_one_in(10, 300)));
    fs::write(inbox.join("1_predictions.csv"), predictions).unwrap();
    fs::write(inbox.join("2_truth.csv"), truth).unwrap();
    let run = sandbox.run("monitor --auto-rollback --json").expect(4);
    assert_eq!(doubts(&run), [format!("2_truth.csv: {NONE_IS_KNOWN}")]);
    assert_eq!(sandbox.holder("production").as_deref(), Some("v2"));
}

#[test]
fn predictions_that_bring_foreign_truth_along_are_told_so_once() {
    let sandbox = two_versions("");
    let mut both = "id,prediction,truth\n".to_owned();
    for (row, (prediction, truth)) in recoded(wrong_one_in(10, 60)).into_iter().enumerate() {
        both.push_str(&format!("r{row},{prediction},{}\n", truth.unwrap()));
    }
    sandbox.write("both.csv", both.as_bytes());
    let run = sandbox.ok("ingest predictions both.csv --json");
    assert_eq!(doubts(&run), [NONE_IS_KNOWN]);
}

#[test]
fn a_true_class_that_nothing_has_is_told_the_first_time() {
    let sandbox = two_versions("");
    fed(&sandbox, "a", wrong_one_in(10, 100));
    sandbox.write("p.csv", b"id,prediction\nx1,yes\nx2,no\n");
    sandbox.ok("ingest predictions p.csv");
    sandbox.write("t.csv", b"id,truth\nx1,maybe\nx2,no\n");
    let text =
        "1 label is of the class maybe, which no prediction, reference sample or earlier truth has";
    assert_eq!(doubts(&sandbox.ok("ingest truth t.csv --json")), [text]);
    sandbox.write("p.csv", b"id,prediction\nx3,yes\n");
    sandbox.ok("ingest predictions p.csv");
    sandbox.write("t.csv", b"id,truth\nx3,maybe\n");
    assert_eq!(doubts(&sandbox.ok("ingest truth t.csv --json")), [""; 0]);
}

/// All predictions are `no` and all truth is `yes`, which the reference sample has.
#[test]
fn a_model_that_collapsed_to_one_class_is_degraded_and_rolled_back() {
    let sandbox = two_versions("");
    let rows = (0..300).map(|_| ("no".to_owned(), Some("yes".to_owned())));
    fed(&sandbox, "c", rows.collect());
    let run = sandbox.run("check --json").expect(3);
    assert_eq!(codes(&run.document()["data"]), ["over_threshold"]);
    sandbox.run("monitor --auto-rollback").expect(5);
    assert_eq!(sandbox.holder("production").as_deref(), Some("v1"));
}

/// Recorded numbers hold no class: what the version predicted or gave probabilities before it collapsed has to tell.
#[test]
fn without_a_sample_the_first_predictions_say_which_classes_a_version_has() {
    let collapsed = || (0..300).map(|_| ("no".to_owned(), Some("yes".to_owned())));
    let live = || {
        let sandbox = classes("");
        version(&sandbox, "v1", "--metric accuracy=0.9");
        sandbox.ok("promote v1 --yes");
        sandbox.set_clock(BEGINNING + HOUR);
        sandbox
    };
    let of = |sandbox: &Sandbox, status: i32| {
        let run = sandbox.run("check --json").expect(status);
        codes(&run.document()["data"])
    };
    let unknown = live();
    fed(&unknown, "c", collapsed().collect());
    assert_eq!(of(&unknown, 4), ["foreign_classes"]);
    let predicted = live();
    fed(&predicted, "a", vec![("yes".to_owned(), None)]);
    fed(&predicted, "c", collapsed().collect());
    assert_eq!(of(&predicted, 3), ["over_threshold"]);
    let given = live();
    let row = format!("id,predicted_at,prediction,proba_no,proba_yes\na,{BEGINNING},no,0.9,0.1\n");
    given.write("p.csv", row.as_bytes());
    given.ok("ingest predictions p.csv");
    fed(&given, "c", collapsed().collect());
    assert_eq!(of(&given, 3), ["over_threshold"]);
}

#[test]
fn a_number_is_one_class_however_it_is_written() {
    let sandbox = classes("");
    version(&sandbox, "v1", "--metric accuracy=0.9");
    sandbox.ok("promote v1 --yes");
    sandbox.set_clock(BEGINNING + HOUR);
    let written = |label: &str| if label == "yes" { "1.0" } else { "0.0" }.to_owned();
    let rows = recoded(wrong_one_in(20, 300)).into_iter();
    let rows = rows.zip(wrong_one_in(20, 300));
    let rows = rows.map(|((_, truth), (prediction, _))| (written(&prediction), truth));
    fed(&sandbox, "n", rows.collect());
    let run = sandbox.run("check --json").expect(0);
    assert_eq!(run.document()["data"]["foreign_classes"], Value::Null);
}

#[test]
fn two_versions_against_foreign_truth_are_no_comparison() {
    let sandbox = two_versions("");
    for (name, every) in [("v1", 3), ("v2", 10)] {
        let rows = wrong_one_in(every, 200).into_iter();
        let fed = Fed {
            tag: "s",
            from: BEGINNING + HOUR,
            rows: rows.map(|(prediction, _)| (prediction, None)).collect(),
            more: &format!("--version {name}"),
        };
        feed(&sandbox, &fed);
    }
    let truth = |rows: Rows| {
        let lines = rows.into_iter().enumerate();
        let lines = lines.map(|(row, (_, truth))| format!("s{row},{}\n", truth.unwrap()));
        format!("id,truth\n{}", lines.collect::<String>())
    };
    sandbox.write("t.csv", truth(recoded(wrong_one_in(10, 200))).as_bytes());
    sandbox.ok("ingest truth t.csv");
    let run = sandbox.run("compare v1 v2 --json").expect(4);
    let data = &run.document()["data"];
    assert_eq!(codes(data), ["foreign_classes"], "{data:#}");
    assert_eq!(data["overall"], "insufficient_data");
    sandbox.run("compare v1 v2").expect(4).says(
        "none of 200 labels has a class that predictions or reference samples have: 0, 1; they have no, yes \
         (foreign_classes)",
    );
    sandbox.write("u.csv", truth(wrong_one_in(10, 200)).as_bytes());
    sandbox.ok("ingest truth u.csv --on-conflict revise");
    sandbox.run("compare v1 v2").expect(0).says("v2 is better");
}
