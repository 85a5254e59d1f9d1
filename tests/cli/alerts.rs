//! `alerts`: listed, shown, noted, rearmed.

use serde_json::Value;

use crate::rows::{Fed, HOUR, feed, numbers, off_by, version};
use crate::support::{BEGINNING, Sandbox};

/// A live version that was judged degraded, critically.
fn degraded() -> Sandbox {
    let sandbox = numbers("");
    version(&sandbox, "v1", "--metric rmse=1");
    sandbox.ok("promote v1 --yes");
    sandbox.set_clock(BEGINNING + HOUR);
    let fed = Fed {
        tag: "r",
        from: BEGINNING,
        rows: off_by(1.5, 300),
        more: "",
    };
    feed(&sandbox, &fed);
    sandbox.run("check").expect(3);
    sandbox
}

#[test]
fn alerts_are_listed_for_people_and_programs() {
    let sandbox = degraded();
    let listed = sandbox.json("alerts list");
    let alert = &listed["alerts"][0];
    for (key, value) in [
        ("alert_id", "a_1"),
        ("severity", "critical"),
        ("kind", "degraded"),
        ("model", "m"),
        ("version", "v1"),
        ("reason", "rmse worse by 50 %, more than 5 %"),
        ("state", "open"),
        ("evaluation_id", "e_1"),
    ] {
        assert_eq!(alert[key], value, "{key}");
    }
    assert_eq!(
        (
            &alert["resolved_at"],
            &alert["acked_at"],
            &alert["acted_operation_id"]
        ),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(listed["head_blake3"].as_str().unwrap().len(), 64);
    for (words, count) in [
        ("--severity critical", 1),
        ("--severity low", 0),
        ("--open", 1),
        ("-n 1", 1),
        ("-m m", 1),
    ] {
        let found = sandbox.json(&format!("alerts list {words}"));
        assert_eq!(found["alerts"].as_array().unwrap().len(), count, "{words}");
    }
    sandbox
        .leaves_the_store("alerts list", 0)
        .says("a_1")
        .says("rmse worse by 50 %")
        .tells("head ");
    let csv = sandbox.ok("alerts list --as csv").stdout;
    assert!(csv.starts_with("alert_id,opened_at,"), "{csv}");
    assert!(csv.contains("a_1,2026-01-05T"), "{csv}");
    let line: Value = serde_json::from_str(&sandbox.ok("alerts list --as jsonl").stdout).unwrap();
    assert_eq!(&line, alert);
    sandbox.fails("alerts list --severity bad", 2, "MG0101");
    let both = sandbox.run("alerts list --as csv --json").expect(2);
    assert_eq!(both.problem()["code"], "MG0101");
    sandbox.fails("alerts list -m other", 10, "MG0202");
}

#[test]
fn one_alert_is_shown_with_the_check_that_found_it() {
    let sandbox = degraded();
    let shown = sandbox.json("alerts show a_1");
    assert_eq!(shown["alert_id"], "a_1");
    assert_eq!(shown["check"]["metrics"][0]["name"], "rmse");
    sandbox
        .leaves_the_store("alerts show a_1", 0)
        .says("a_1  m  v1  degraded, severity critical, open")
        .says("has not rolled back");
    sandbox.fails("alerts show a_2", 10, "MG0208");
    sandbox.fails("alerts show b_2", 2, "MG0101");
}

#[test]
fn a_note_is_an_operation_and_the_alert_stays_open() {
    let sandbox = degraded();
    let operations = || sandbox.number("SELECT count(*) FROM operation");
    let before = operations();
    let noted = sandbox
        .run_words(&[
            "alerts",
            "ack",
            "a_1",
            "--note",
            "the feed is repaired",
            "--json",
        ])
        .expect(0)
        .document()["data"]
        .clone();
    assert_eq!(
        (&noted["changed"], &noted["alert_id"], &noted["rearmed"]),
        (&true.into(), &"a_1".into(), &false.into())
    );
    assert_eq!(operations(), before + 1);
    let reason: String = sandbox
        .sql()
        .query_row(
            "SELECT reason FROM operation WHERE kind = 'acknowledge'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(reason, "the feed is repaired");
    assert_eq!(
        sandbox.json("alerts list --open")["alerts"][0]["state"],
        "acknowledged"
    );
    sandbox
        .leaves_the_store("alerts ack a_1", 0)
        .says("noted before");
    // Nothing has acted, so there is nothing to rearm.
    sandbox.leaves_the_store("alerts ack a_1 --rearm", 0);
    sandbox.fails("alerts ack a_7", 10, "MG0208");
    assert_eq!(sandbox.json("status")["models"][0]["alerts_open_count"], 1);
}

#[test]
fn an_alert_that_opens_again_wants_to_be_noted_again() {
    let sandbox = degraded();
    sandbox.ok("alerts ack a_1");
    let opened = sandbox.json("alerts show a_1")["opened_at"].clone();
    // A laxer check finds nothing wrong and resolves it.
    sandbox
        .run("check --threshold 49 --min-rows 2 --baseline recorded")
        .expect(3);
    let better = Fed {
        tag: "b",
        from: sandbox.clock(),
        rows: off_by(1.0, 1_000),
        more: "",
    };
    sandbox.set_clock(sandbox.clock() + HOUR);
    feed(&sandbox, &better);
    sandbox
        .run("check")
        .expect(0)
        .says("Alert a_1 resolved: recovered");
    assert_eq!(sandbox.json("alerts show a_1")["state"], "resolved");
    let worse = Fed {
        tag: "w",
        from: sandbox.clock(),
        rows: off_by(2.0, 1_000),
        more: "",
    };
    sandbox.set_clock(sandbox.clock() + HOUR);
    feed(&sandbox, &worse);
    sandbox
        .run("check")
        .expect(3)
        .says("Alert a_1 (degraded) opened");
    let shown = sandbox.json("alerts show a_1");
    assert_eq!(
        (&shown["state"], &shown["acked_at"]),
        (&"open".into(), &Value::Null)
    );
    assert_ne!(shown["opened_at"], opened);
    assert_eq!(shown["reason"], "rmse worse by 100 %, more than 5 %");
}
