//! `status`: everything at a glance, of all models.

use serde_json::{Value, json};

use crate::rows::{Fed, HOUR, feed, numbers, off_by, version};
use crate::support::BEGINNING;

#[test]
fn a_new_model_has_nothing_and_says_what_to_do() {
    let sandbox = numbers("");
    let status = sandbox.json("status");
    let model = &status["models"][0];
    assert_eq!(model["model"], "m");
    assert_eq!(model["task"], "regression");
    for key in ["production", "last_check", "truth", "inbox"] {
        assert_eq!(model[key], Value::Null, "{key}");
    }
    for key in ["below", "activation"] {
        assert_eq!(model[key], json!([]), "{key}");
    }
    assert_eq!(status["head_blake3"].as_str().unwrap().len(), 64);
    sandbox
        .leaves_the_store("status", 0)
        .says("nobody: `modelguard register PATH`, then `modelguard promote latest`\n")
        .says("never checked");
}

#[test]
fn what_is_live_what_lies_below_and_the_last_verdict() {
    let sandbox = numbers("");
    for name in ["v1", "v2", "v3"] {
        version(&sandbox, name, "--metric rmse=1");
        sandbox.ok(&format!("promote {name} --yes"));
    }
    sandbox.ok("retire v1 --reason old");
    let mut rows = off_by(1.01, 300);
    rows.iter_mut().skip(250).for_each(|row| row.1 = None);
    let fed = Fed {
        tag: "r",
        from: sandbox.clock(),
        rows,
        more: "",
    };
    sandbox.set_clock(BEGINNING + HOUR);
    feed(&sandbox, &fed);
    sandbox.ok("check");
    let status = sandbox.json("status");
    let model = &status["models"][0];
    assert_eq!(model["production"]["version"], "v3");
    assert!(
        model["production"]["operation_id"]
            .as_str()
            .unwrap()
            .starts_with("op_")
    );
    assert_eq!(
        model["below"],
        json!([
            { "version": "v2", "bad": false, "retired": false, "last_verdict": null },
            { "version": "v1", "bad": false, "retired": true, "last_verdict": null },
        ])
    );
    let check = &model["last_check"];
    for (key, value) in [
        ("evaluation_id", "e_1"),
        ("verdict", "healthy"),
        ("metric", "rmse"),
        ("evidence", "live"),
    ] {
        assert_eq!(check[key], value, "{key}");
    }
    assert!(check["detectable_pct"].as_f64().unwrap() >= 5.0);
    assert!((check["worse_pct"].as_f64().unwrap() - 1.0).abs() < 1e-6);
    let truth = &model["truth"];
    assert_eq!(
        (
            &truth["predictions_count"],
            &truth["truth_count"],
            &truth["pending_count"]
        ),
        (&300.into(), &250.into(), &50.into())
    );
    assert_eq!(
        (&truth["lag_p50_s"], &truth["coverage_ratio"]),
        (&0.into(), &json!(250.0 / 300.0))
    );
    assert!(truth["newest_at"].is_string());
    sandbox
        .leaves_the_store("status", 0)
        .says("live     v3  since 2026-")
        .says("below    v2 (never judged); v1 (retired, never judged)")
        .says("verdict  healthy, would have noticed +5.0 % or more")
        .says("truth    250 of 300 predictions (83.3 %), 50 wait");
}

#[test]
fn all_models_are_shown_and_one_that_is_named() {
    let sandbox = numbers("");
    sandbox.ok("init --model other --task classification");
    let names = |words: &str| {
        let status = sandbox.json(words);
        let models = status["models"].as_array().unwrap();
        models
            .iter()
            .map(|model| model["model"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("status"), ["m", "other"]);
    assert_eq!(names("status -m other"), ["other"]);
    sandbox.fails("status -m none", 10, "MG0202");
}

#[test]
fn at_most_ten_below_are_listed() {
    let sandbox = numbers("");
    for number in 0..13 {
        version(&sandbox, &format!("v{number}"), "");
        sandbox.ok(&format!("promote v{number} --yes"));
    }
    let model = sandbox.json("status")["models"][0].clone();
    assert_eq!(model["below"].as_array().unwrap().len(), 10);
    assert_eq!(model["below_count"], 12);
    sandbox.run("status").expect(0).says("; 9 more");
}

#[test]
fn a_check_by_other_rules_never_stands_for_the_policy_s() {
    let sandbox = numbers("");
    version(&sandbox, "v1", "--metric rmse=1");
    sandbox.ok("promote v1 --yes");
    let fed = Fed {
        tag: "r",
        from: sandbox.clock(),
        rows: off_by(1.02, 300),
        more: "",
    };
    sandbox.set_clock(BEGINNING + HOUR);
    feed(&sandbox, &fed);
    sandbox.run("check --threshold 40").expect(0);
    let status = sandbox.ok("status");
    let status = status.says("never checked by the policy: `modelguard check`");
    status.says("by other rules since: healthy, 2026-");
    assert_eq!(
        sandbox.json("status")["models"][0]["last_check"],
        Value::Null
    );
    sandbox.ok("check");
    let status = sandbox
        .ok("status")
        .says("verdict  healthy, would have noticed");
    assert!(!status.stdout.contains("by other rules"), "{status:#?}");
    sandbox.run("check --threshold 1").expect(3);
    sandbox
        .ok("status")
        .says("verdict  healthy, would have noticed")
        .says("by other rules since: degraded, 2026-");
    let model = sandbox.json("status")["models"][0].clone();
    assert_eq!(model["last_check"]["evaluation_id"], "e_2");
}

#[test]
fn a_check_by_other_rules_is_the_last_verdict_nowhere() {
    let sandbox = numbers("evidence = \"recorded\"");
    version(&sandbox, "v1", "--metric rmse=1");
    version(&sandbox, "v2", "--metric rmse=2");
    for name in ["v1", "v2"] {
        sandbox.ok(&format!("promote {name} --yes"));
    }
    sandbox.run("check").expect(3);
    version(&sandbox, "v3", "--metric rmse=1");
    sandbox.ok("promote v3 --yes");
    sandbox.run("check v2 --evidence live").expect(4);
    let below = sandbox.json("status")["models"][0]["below"][0].clone();
    let known = sandbox.json("show v2");
    for document in [&below, &known] {
        assert_eq!(document["version"], "v2");
        assert_eq!(document["last_verdict"], "degraded");
    }
    sandbox
        .ok("status")
        .says("below    v2 (bad, degraded when last judged)");
    sandbox
        .ok("rollback --dry-run")
        .says("→ v2 (degraded when last judged, ");
    sandbox.ok("show v2").says("degraded when last judged\n");
    // By the policy it is another matter.
    sandbox.write("modelguard.toml", b"[check]\nevidence = \"live\"\n");
    sandbox.run("check v2").expect(4);
    sandbox
        .ok("status")
        .says("v2 (bad, degraded when last judged, insufficient data since)");
}

#[test]
fn what_was_only_ever_undecided_is_told_in_the_same_words_everywhere() {
    let sandbox = numbers("");
    for name in ["v1", "v2"] {
        version(&sandbox, name, "--metric rmse=1");
        sandbox.ok(&format!("promote {name} --yes"));
        sandbox.run("check").expect(4);
    }
    sandbox
        .ok("status")
        .says("below    v1 (insufficient data when last checked)");
    sandbox
        .ok("rollback --dry-run")
        .says("→ v1 (insufficient data when last checked, recorded rmse 1.00)");
    let fed = Fed {
        tag: "r",
        from: sandbox.clock(),
        rows: off_by(2.0, 300),
        more: "",
    };
    sandbox.set_clock(BEGINNING + HOUR);
    feed(&sandbox, &fed);
    sandbox
        .run("monitor --auto-rollback")
        .expect(5)
        .says("v1 was checked and never had enough data to be judged.");
    sandbox
        .ok("promote v2 --dry-run")
        .says("→ v2 (degraded when last judged, recorded rmse 1.00)");
}

#[test]
fn a_version_that_came_back_shows_no_row_and_no_verdict_of_before() {
    let sandbox = numbers("");
    for name in ["v1", "v2"] {
        version(&sandbox, name, "--metric rmse=1");
        sandbox.ok(&format!("promote {name} --yes"));
    }
    let fed = Fed {
        tag: "r",
        from: sandbox.clock(),
        rows: off_by(2.0, 300),
        more: "",
    };
    sandbox.set_clock(BEGINNING + 900);
    feed(&sandbox, &fed);
    sandbox.run("check").expect(3).tells(
        "hint: v1 lies below; what going back would change: `modelguard rollback --dry-run`",
    );
    sandbox
        .ok("status")
        .says(", bad: degraded when last judged");
    assert_eq!(
        sandbox.json("status")["models"][0]["production"]["bad"],
        true
    );
    sandbox.ok("rollback --yes");
    sandbox
        .ok("status")
        .says("verdict  not checked since it became live: `modelguard check`")
        .says("before: degraded, severity")
        .says(", of v2, which was live then");
    sandbox.ok("promote v2 --yes");
    sandbox
        .ok("status")
        .says("truth    no predictions in this tenure")
        .says(", when it was live before");
    let model = sandbox.json("status")["models"][0].clone();
    assert_eq!(model["truth"]["predictions_count"], 0);
    assert_eq!(model["last_check"]["of_present_tenure"], false);
    assert_eq!(model["production"]["bad"], false, "a promote clears it");
}

#[test]
fn a_store_that_is_ahead_of_the_clock_is_told_until_the_clock_has_caught_up() {
    let sandbox = numbers("");
    for name in ["v1", "v2"] {
        version(&sandbox, name, "--metric rmse=1");
    }
    sandbox.ok("promote v1 --yes");
    let (now, later) = (sandbox.clock(), sandbox.clock() + 365 * 24 * HOUR);
    sandbox.set_clock(later);
    sandbox.ok("promote v2 --yes");
    let told = "by this run's clock it is 2026-01-05T";
    for (line, status) in [("status", 0), ("check", 4), ("monitor", 4), ("status", 0)] {
        sandbox.set_clock(now);
        sandbox
            .run(line)
            .expect(status)
            .tells(told)
            .tells("MODELGUARD_NOW set its clock");
        sandbox.set_clock(now);
        let document = sandbox.run(&format!("{line} --json")).document();
        assert_eq!(document["warnings"][0]["code"], "store_ahead", "{line}");
    }
    sandbox.set_clock(later);
    let caught_up = sandbox.ok("status");
    assert!(!caught_up.stderr.contains("warning"), "{caught_up:?}");
}
