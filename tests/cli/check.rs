//! `check`: never healthy by mistake; what it compares with; what it records.

use serde_json::Value;

use crate::rows::{DAY, Fed, HOUR, classes, codes, feed, numbers, off_by, version, wrong_one_in};
use crate::support::{BEGINNING, Sandbox};

/// One version, live, with recorded metrics.
fn live(check: &str, recorded: &str) -> Sandbox {
    let sandbox = numbers(check);
    version(&sandbox, "v1", recorded);
    sandbox.ok("promote v1 --yes");
    sandbox
}

fn fed(sandbox: &Sandbox, rows: Vec<(String, Option<String>)>) {
    let fed = Fed {
        tag: "r",
        from: BEGINNING,
        rows,
        more: "",
    };
    sandbox.set_clock(BEGINNING + HOUR);
    feed(sandbox, &fed);
}

/// Runs `check --json` and gives its document's data.
fn check(sandbox: &Sandbox, words: &str, status: i32) -> Value {
    let run = sandbox.run(&format!("check --json {words}")).expect(status);
    let document = run.document();
    let verdict = match status {
        0 => "healthy",
        3 => "degraded",
        _ => "insufficient_data",
    };
    assert_eq!(document["verdict"], verdict, "{document:#}");
    document["data"].clone()
}

const RMSE: &str = "--metric rmse=1";

type Situation = (&'static str, fn() -> Sandbox, i32, &'static [&'static str]);

const NEVER_HEALTHY: &[Situation] = &[
    ("no version", || numbers(""), 4, &["no_version"]),
    (
        "no baseline",
        || {
            let sandbox = live("", "");
            fed(&sandbox, off_by(1.0, 200));
            sandbox
        },
        4,
        &["no_baseline"],
    ),
    ("no predictions", || live("", RMSE), 4, &["no_predictions"]),
    (
        "no truth",
        || {
            let sandbox = live("", RMSE);
            let unlabelled = off_by(1.0, 200)
                .into_iter()
                .map(|(prediction, _)| (prediction, None));
            fed(&sandbox, unlabelled.collect());
            sandbox
        },
        4,
        &["no_truth"],
    ),
    (
        "37 labels of 200",
        || {
            let sandbox = live("", RMSE);
            let mut rows = off_by(1.0, 200);
            rows.iter_mut().skip(37).for_each(|row| row.1 = None);
            fed(&sandbox, rows);
            sandbox
        },
        4,
        &["too_few"],
    ),
    (
        "37 bad labels of 200",
        || {
            let sandbox = live("", RMSE);
            fed(&sandbox, off_by(9.0, 37));
            sandbox
        },
        4,
        &["too_few"],
    ),
    (
        "constant truth and R²",
        || {
            let sandbox = live("decide_on = [\"r2\"]", "--metric rmse=1 --metric r2=0.8");
            let mut rows = off_by(1.0, 200);
            rows.iter_mut()
                .for_each(|row| *row = ("3".to_owned(), Some("2".to_owned())));
            fed(&sandbox, rows);
            sandbox
        },
        4,
        &["undefined_metric"],
    ),
    (
        "R² of the baseline at the floor",
        || {
            let sandbox = live("decide_on = [\"r2\"]", "--metric rmse=1 --metric r2=0.1");
            fed(&sandbox, off_by(1.0, 200));
            sandbox
        },
        4,
        &["undefined_metric"],
    ),
    (
        "R² recorded without RMSE",
        || {
            let sandbox = live("decide_on = [\"r2\"]", "--metric r2=0.8");
            fed(&sandbox, off_by(1.0, 200));
            sandbox
        },
        4,
        &["undefined_metric"],
    ),
    (
        "a baseline of 0",
        || {
            let sandbox = live("", "--metric rmse=0");
            fed(&sandbox, off_by(1.0, 200));
            sandbox
        },
        4,
        &["undefined_metric"],
    ),
    (
        "last label older than max_age",
        || {
            let sandbox = live("", RMSE);
            fed(&sandbox, off_by(1.0, 200));
            sandbox.set_clock(BEGINNING + 8 * DAY);
            sandbox
        },
        4,
        &["stale"],
    ),
    (
        "too coarse",
        || {
            let sandbox = live("must_detect_pct = 6", RMSE);
            let mut rows = off_by(0.9, 200);
            rows.iter_mut().step_by(20).for_each(|row| {
                row.0 = (row.1.as_ref().unwrap().parse::<f64>().unwrap() + 1.6).to_string();
            });
            fed(&sandbox, rows);
            sandbox
        },
        4,
        &["too_coarse"],
    ),
    (
        "more than 1 % failed predictions",
        || {
            let sandbox = live("", RMSE);
            let mut rows = off_by(0.8, 500);
            rows.iter_mut()
                .step_by(80)
                .for_each(|row| row.0 = "nan".to_owned());
            fed(&sandbox, rows);
            sandbox
        },
        4,
        &["failed_predictions"],
    ),
    (
        "many failed predictions",
        || {
            let sandbox = live("", RMSE);
            let mut rows = off_by(0.9, 500);
            rows.iter_mut()
                .step_by(5)
                .for_each(|row| row.0 = String::new());
            fed(&sandbox, rows);
            sandbox
        },
        3,
        &["failed_predictions", "over_threshold"],
    ),
    (
        "a feed that turned to NaN, its labels still to come",
        || {
            let sandbox = live("", RMSE);
            let mut rows = off_by(0.9, 400);
            rows.extend((0..100).map(|_| ("nan".to_owned(), None)));
            fed(&sandbox, rows);
            sandbox
        },
        4,
        &["failed_predictions"],
    ),
];

#[test]
fn never_healthy_by_mistake() {
    for (situation, make, status, reasons) in NEVER_HEALTHY {
        let sandbox = make();
        let clock = sandbox.clock();
        for words in ["", "--no-record"] {
            sandbox.set_clock(clock);
            let found = check(&sandbox, words, *status);
            assert_eq!(codes(&found), *reasons, "{situation}: {found:#}");
        }
        sandbox.set_clock(clock);
        let monitored = sandbox.run("monitor").expect(*status);
        assert!(
            !monitored.stdout.contains("healthy,"),
            "{situation}: {monitored:#?}"
        );
    }
}

#[test]
fn a_healthy_version_says_what_would_have_been_noticed() {
    let sandbox = live("", RMSE);
    fed(&sandbox, off_by(1.01, 400));
    let found = check(&sandbox, "", 0);
    let metric = &found["metrics"][0];
    assert_eq!(
        (&metric["name"], &metric["decides"], &metric["rows_count"]),
        (&"rmse".into(), &true.into(), &400.into())
    );
    assert_eq!(metric["baseline"]["kind"], "recorded");
    assert_eq!(metric["baseline"]["version"], "v1");
    assert!(found["detectable_pct"].as_f64().unwrap() >= 5.0);
    assert_eq!(found["coverage"]["truth_count"], 400);
    assert_eq!(
        found["attribution"],
        serde_json::json!([{ "by": "held_at", "role": "live", "rows_count": 400 }])
    );
    assert_eq!(found["tenure"]["from_at"], Value::Null);
    assert_eq!(found["window"]["label"], "n=1000");
    for key in [
        "guard",
        "drift",
        "segments",
        "where",
        "evaluation_id",
        "alert_id",
        "healthy_flagged_ratio",
        "as_of_at",
        "role",
        "mode",
        "evidence",
        "severity",
    ] {
        assert!(found.get(key).is_some(), "{key}");
    }
    sandbox
        .run("check")
        .expect(0)
        .says("m  v1  healthy, would have noticed +5.0 % or more")
        .says("rmse  1.01 [1.01, 1.01]   recorded 1.00   worse by 1.0 %   limit 1.05   n 400")
        .says("evidence: 400 live rows, 400 of 400 predictions have their truth; 400 by time");
}

#[test]
fn options_take_the_place_of_the_policy() {
    let sandbox = live("", "--metric rmse=1 --metric mae=1.2");
    fed(&sandbox, off_by(1.04, 400));
    check(&sandbox, "", 0);
    check(&sandbox, "--threshold 3", 3);
    check(&sandbox, "--metric mae", 0);
    check(&sandbox, "--metric mae --metric rmse --threshold 3", 3);
    assert_eq!(codes(&check(&sandbox, "--min-rows 401", 4)), ["too_few"]);
    let found = check(&sandbox, "--window n=250", 0);
    assert_eq!(found["window"]["rows_count"], 250);
    sandbox.fails("check --window n=100", 2, "MG0107");
    sandbox.fails("check --metric accuracy", 2, "MG0107");
    sandbox.fails("check --metric mean_error", 2, "MG0107");
    sandbox.fails("check --threshold 0", 2, "MG0107");
    sandbox.fails("check --metric nonsense", 2, "MG0101");
    sandbox.fails("check --evidence recorded --baseline recorded", 2, "MG0107");
    sandbox.fails("check nothing", 10, "MG0203");
    sandbox.fails("check --baseline nothing", 10, "MG0203");
}

#[test]
fn a_check_is_one_operation_that_holds_its_document() {
    let sandbox = live("", RMSE);
    fed(&sandbox, off_by(1.5, 400));
    let before = sandbox.number("SELECT count(*) FROM operation");
    let found = check(&sandbox, "", 3);
    assert_eq!(sandbox.number("SELECT count(*) FROM operation"), before + 1);
    assert_eq!(
        (&found["evaluation_id"], &found["alert_id"]),
        (&"e_1".into(), &"a_1".into())
    );
    assert_eq!(found["operation_id"], format!("op_{}", before + 1));
    let (document, detail): (String, String) = sandbox
        .sql()
        .query_row(
            "SELECT document, detail FROM evaluation JOIN operation ON operation.id = operation_id",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    let detail: Value = serde_json::from_str(&detail).unwrap();
    assert_eq!(
        detail["document_blake3"],
        modelguard::files::hash::hash_bytes(document.as_bytes()).to_string()
    );
    assert_eq!(detail["alerts"][0]["state"], "opened");
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["metrics"], found["metrics"]);
    // Again: the alert is the same one and stays open.
    let again = check(&sandbox, "", 3);
    assert_eq!(
        (&again["evaluation_id"], &again["alert_id"]),
        (&"e_2".into(), &"a_1".into())
    );
    assert_eq!(sandbox.number("SELECT count(*) FROM alert"), 1);
    assert_eq!(
        sandbox.holder("production").as_deref(),
        Some("v1"),
        "check never acts"
    );
}

#[test]
fn a_version_that_is_not_live_is_judged_on_its_shadow_rows_and_opens_no_alert() {
    let sandbox = live("", RMSE);
    fed(&sandbox, off_by(1.0, 300));
    version(&sandbox, "v2", RMSE);
    let shadow = Fed {
        tag: "s",
        from: BEGINNING + 10,
        rows: off_by(2.0, 300),
        more: "--version v2",
    };
    feed(&sandbox, &shadow);
    let found = check(&sandbox, "v2", 3);
    assert_eq!(
        (&found["role"], &found["tenure"]),
        (&"shadow".into(), &Value::Null)
    );
    assert_eq!(found["attribution"][0]["by"], "flag");
    assert_eq!(sandbox.number("SELECT count(*) FROM alert"), 0);
    sandbox
        .run("check v2")
        .expect(3)
        .says("v2 (not live)")
        .says("300 shadow rows");
    // Without numbers of its own it is compared with what is live.
    version(&sandbox, "v3", "");
    let nothing = check(&sandbox, "v3", 4);
    assert_eq!(codes(&nothing), ["no_predictions"]);
    let compared = check(&sandbox, "v2 --baseline previous", 3);
    let baseline = &compared["metrics"][0]["baseline"];
    assert_eq!(
        (&baseline["kind"], &baseline["version"], &baseline["origin"]),
        (&"previous".into(), &"v1".into(), &"live_rows".into())
    );
    assert_eq!(baseline["rows_count"], 300);
    check(&sandbox, "", 0);
}

#[test]
fn every_baseline_is_found_where_the_policy_says() {
    let sandbox = numbers("min_rows = 50");
    let reference: String = std::iter::once("id,prediction,truth\n".to_owned())
        .chain((0..60).map(|row| {
            format!(
                "h{row},{},{row}\n",
                if row % 2 == 0 { row + 2 } else { row - 2 }
            )
        }))
        .collect();
    sandbox.write("reference.csv", reference.as_bytes());
    version(&sandbox, "v1", "--metric rmse=1 --reference reference.csv");
    sandbox.ok("promote v1 --yes");
    fed(&sandbox, off_by(3.0, 60));
    let baseline = |words: &str, status| {
        let found = check(&sandbox, words, status);
        let baseline = &found["metrics"][0]["baseline"];
        (
            baseline["origin"].as_str().unwrap_or("").to_owned(),
            baseline["value"].as_f64(),
        )
    };
    assert_eq!(baseline("", 3), ("reference_sample".to_owned(), Some(2.0)));
    assert_eq!(
        baseline("--baseline reference", 3),
        ("reference_sample".to_owned(), Some(2.0))
    );
    assert_eq!(
        baseline("--baseline recorded", 3),
        ("recorded_metrics".to_owned(), Some(1.0))
    );
    let none = check(&sandbox, "--baseline previous", 4);
    assert_eq!(none["reasons"][0]["text"], "no version lies below v1");
    // Its own reference is what a named version stands for.
    assert_eq!(
        baseline("--baseline v1", 3),
        ("reference_sample".to_owned(), Some(2.0))
    );
    version(&sandbox, "v2", "");
    sandbox.set_clock(BEGINNING + 2 * HOUR);
    sandbox.ok("promote v2 --yes");
    sandbox.set_clock(BEGINNING + 3 * HOUR);
    let later = Fed {
        tag: "l",
        from: BEGINNING + 2 * HOUR + 60,
        rows: off_by(2.5, 60),
        more: "",
    };
    feed(&sandbox, &later);
    // v1 was judged degraded, and it is all there is: the output says so.
    let found = sandbox.run("check --json").expect(3).document();
    let metric = &found["data"]["metrics"][0];
    assert_eq!(
        (&metric["baseline"]["kind"], &metric["baseline"]["bad"]),
        (&"previous".into(), &true.into())
    );
    assert_eq!(found["warnings"][0]["code"], "baseline_bad");
    assert_eq!(found["data"]["tenure"]["from_at"], "2026-01-05T16:30:22Z");
}

#[test]
fn accuracy_is_judged_where_nothing_has_probabilities() {
    let sandbox = classes("");
    version(
        &sandbox,
        "v1",
        "--metric accuracy=0.95 --metric log_loss=0.2",
    );
    sandbox.ok("promote v1 --yes");
    fed(&sandbox, wrong_one_in(20, 400));
    let found = check(&sandbox, "", 0);
    assert_eq!(found["metrics"][0]["name"], "accuracy");
    // Asked for, log loss can't be computed.
    assert_eq!(
        codes(&check(&sandbox, "--metric log_loss", 4)),
        ["undefined_metric"]
    );
}

#[test]
fn without_rows_the_recorded_metrics_are_told_and_decide_nothing() {
    let sandbox = numbers("");
    version(&sandbox, "v1", "--metric rmse=10 --metric r2=0.8");
    version(&sandbox, "v2", "--metric rmse=14 --metric r2=0.6");
    sandbox.ok("promote v1 --yes");
    sandbox.ok("promote v2 --yes");
    sandbox
        .run("check")
        .expect(4)
        .says("insufficient data: no live predictions in this tenure (no_predictions)")
        .tells("for information, recorded metrics only, compared with v1:")
        .tells("rmse  14.0   there 10.0   worse by 40.0 %");
    let found = check(&sandbox, "", 4);
    assert_eq!(found["information"]["baseline_version"], "v1");
    assert_eq!(sandbox.number("SELECT count(*) FROM alert"), 0);
    let recorded = check(&sandbox, "--evidence recorded", 3);
    assert_eq!(
        codes(&recorded),
        ["recorded_metrics_only", "over_threshold"]
    );
    assert_eq!(recorded["detectable_pct"], Value::Null);
    sandbox
        .run("check --evidence recorded")
        .expect(3)
        .says("recorded metrics only, no interval");
}

#[test]
fn blindness_is_one_alert_that_the_next_healthy_check_resolves() {
    let sandbox = live("", RMSE);
    sandbox.set_clock(BEGINNING + 2 * DAY);
    assert_eq!(check(&sandbox, "", 4)["alert_id"], Value::Null);
    sandbox.set_clock(BEGINNING + 3 * DAY + HOUR);
    assert_eq!(check(&sandbox, "", 4)["alert_id"], "a_1");
    sandbox.set_clock(BEGINNING + 4 * DAY);
    assert_eq!(check(&sandbox, "", 4)["alert_id"], "a_1");
    let alerts = sandbox.json("alerts list --open");
    assert_eq!(alerts["alerts"][0]["kind"], "blind");
    assert_eq!(
        alerts["alerts"][0]["reason"],
        "no check could decide for 3d: no live predictions in this tenure"
    );
    let now = sandbox.clock();
    let rows = Fed {
        tag: "r",
        from: now - HOUR,
        rows: off_by(1.0, 300),
        more: "",
    };
    feed(&sandbox, &rows);
    let found = sandbox.run("check").expect(0);
    assert!(
        found.stdout.contains("Alert a_1 resolved: recovered"),
        "{found:#?}"
    );
    assert_eq!(
        sandbox.json("alerts list --open")["alerts"],
        serde_json::json!([])
    );
    // From the last sight on it takes three days again.
    sandbox.set_clock(now + 10 * DAY);
    assert_eq!(
        check(&sandbox, "", 4)["alert_id"],
        "a_1",
        "stale for too long"
    );
    assert_eq!(sandbox.number("SELECT count(*) FROM alert"), 1);
}

#[test]
fn quiet_checks_print_only_a_change_of_state() {
    let sandbox = live("", RMSE);
    assert_eq!(
        sandbox.run("check -q").expect(4).stdout,
        "",
        "a tenure that begins is no news"
    );
    fed(&sandbox, off_by(1.0, 300));
    sandbox.run("check -q").expect(0).says("healthy");
    assert_eq!(sandbox.run("check -q").expect(0).stdout, "");
    assert_eq!(sandbox.run("check -qq").expect(0).stdout, "");
    sandbox
        .run("check -q --threshold 0.001 --baseline recorded --min-rows 301")
        .expect(4)
        .says("insufficient data");
    let json = sandbox.run("check -q --json").expect(0);
    assert!(!json.stdout.is_empty(), "a document is always printed");
}

#[test]
fn a_former_holder_is_told_that_its_live_rows_are_not_the_question() {
    let sandbox = live("", RMSE);
    fed(&sandbox, off_by(1.0, 300));
    version(&sandbox, "v2", RMSE);
    sandbox.ok("promote v2 --yes");
    let run = sandbox.run("check v1").expect(4);
    let run = run.says(
        "no predictions by v1 from when it was not live; what it predicted while it was live is not judged again",
    );
    assert!(!run.stdout.contains("shadow"), "{run:#?}");
    run.tells("`modelguard ingest predictions FILE --version v1`")
        .tells("`modelguard compare v1 @production`");
}

#[test]
fn after_a_rollback_the_next_step_is_named() {
    let sandbox = live("", RMSE);
    version(&sandbox, "v2", RMSE);
    sandbox.ok("promote v2 --yes");
    sandbox.set_clock(BEGINNING + HOUR);
    sandbox.ok("rollback --yes");
    sandbox
        .run("check")
        .expect(4)
        .says("no live predictions in this tenure")
        .tells("hint: bring in what v1 predicted since 2026-01-05T15:30:22Z: `modelguard ingest predictions FILE`");
    sandbox
        .run("monitor")
        .expect(4)
        .tells("`modelguard ingest predictions FILE`");
    let quiet = sandbox.run("check -q").expect(4);
    assert_eq!(quiet.stderr, "", "{quiet:#?}");
}

#[test]
fn a_metric_of_probabilities_says_that_the_sample_has_none() {
    let sandbox = classes("");
    sandbox.write(
        "ref.csv",
        b"id,prediction,truth\n1,yes,yes\n2,no,no\n3,yes,no\n",
    );
    version(&sandbox, "v1", "--reference ref.csv");
    sandbox.ok("promote v1 --yes");
    fed(&sandbox, wrong_one_in(7, 300));
    sandbox
        .run("check --metric roc_auc")
        .expect(4)
        .says("roc_auc needs class probabilities")
        .says("the reference sample of v1 has none (no_baseline)");
}

#[test]
fn old_labels_say_which_key_allows_them_and_how_the_clock_is_set() {
    let sandbox = live("", RMSE);
    fed(&sandbox, off_by(1.0, 300));
    sandbox.set_clock(BEGINNING + 30 * DAY);
    sandbox
        .run("check")
        .expect(4)
        .says("old, check.max_age allows 7d (stale)")
        .tells("MODELGUARD_NOW=2026-01-05T");
}
