//! `monitor`: hours of cron, with live rows and with recorded metrics only.

use serde_json::Value;

use crate::rows::{self, Fed, HOUR};
use crate::support::{Run, Sandbox};

/// Runs `monitor` an hour after the command before it; gives the exit status and the model's document.
pub fn an_hour_later(sandbox: &Sandbox, words: &str) -> (i32, Value) {
    sandbox.set_clock(sandbox.clock() + HOUR - 1);
    let run = sandbox.run(&format!("monitor --json {words}"));
    let status = run.status;
    (status, run.document()["data"]["models"][0].clone())
}

fn project(task: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.ok(&format!("init --model m --task {task} --preset original"));
    sandbox
}

/// Registers a version with recorded metrics.
fn version(sandbox: &Sandbox, name: &str, metrics: &str) {
    let path = sandbox.write("model.bin", name.as_bytes());
    let metrics: Vec<_> = metrics
        .split(' ')
        .map(|metric| format!("--metric {metric}"))
        .collect();
    sandbox.ok(&format!(
        "register {} --version-id {name} {}",
        path.display(),
        metrics.join(" ")
    ));
}

const GOOD: &str = "r2=0.80 rmse=10";
const GOOD_TOO: &str = "r2=0.81 rmse=10.1";
const BAD: &str = "r2=0.60 rmse=14";

/// Three versions, good, good, bad, promoted in this order; registered in the order of `order`.
fn three(order: [usize; 3]) -> Sandbox {
    let sandbox = project("regression");
    let all = [("v1", GOOD), ("v2", GOOD_TOO), ("v3", BAD)];
    for index in order {
        version(&sandbox, all[index].0, all[index].1);
    }
    for (name, _) in all {
        sandbox.ok(&format!("promote {name} --yes"));
    }
    sandbox
}

const ORDERS: [[usize; 3]; 6] = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
];

#[test]
fn six_hours_of_cron_with_recorded_metrics() {
    for order in ORDERS {
        let sandbox = three(order);
        let (status, found) = an_hour_later(&sandbox, "");
        assert_eq!(status, 5, "{found:#}");
        assert_eq!(found["action"]["from_version"], "v3");
        assert_eq!(found["action"]["to_version"], "v2");
        assert_eq!(found["action"]["to_was_judged"], false);
        assert_eq!(found["alerts"][0]["state"], "opened");
        assert_eq!(found["check"]["severity"], "critical");
        assert_eq!(sandbox.holder("production").as_deref(), Some("v2"));
        for hour in 2..=6 {
            let (status, found) = an_hour_later(&sandbox, "");
            assert_eq!(status, 0, "hour {hour}: {found:#}");
            let resolved = if hour == 2 { "resolved" } else { "" };
            assert_eq!(found["alerts"][0]["state"].as_str().unwrap_or(""), resolved);
        }
        sandbox.ok("undo --yes");
        assert_eq!(sandbox.holder("production").as_deref(), Some("v3"));
        let (status, found) = an_hour_later(&sandbox, "");
        assert_eq!(status, 3, "{found:#}");
        assert_eq!(found["action"]["refused_by"], "already_acted");
        assert_eq!(found["action"]["status"], "refused");
        assert_eq!(found["alerts"][0]["alert_id"], "a_1");
        assert_eq!(
            found["alerts"][0]["state"], "opened",
            "the same alert opens again"
        );
        assert_eq!(sandbox.number("SELECT count(*) FROM alert"), 1);
        assert_eq!(sandbox.holder("production").as_deref(), Some("v3"));
    }
}

#[test]
fn an_alert_that_is_rearmed_acts_again() {
    let sandbox = three([0, 1, 2]);
    assert_eq!(an_hour_later(&sandbox, "").0, 5);
    sandbox.ok("undo --yes");
    assert_eq!(an_hour_later(&sandbox, "").0, 3);
    let noted = sandbox.json("alerts ack a_1");
    assert_eq!(
        (&noted["changed"], &noted["rearmed"]),
        (&true.into(), &false.into())
    );
    assert_eq!(an_hour_later(&sandbox, "").0, 3);
    assert_eq!(sandbox.json("alerts ack a_1")["changed"], false);
    let rearmed = sandbox.json("alerts ack a_1 --rearm");
    assert_eq!(
        (&rearmed["changed"], &rearmed["rearmed"]),
        (&true.into(), &true.into())
    );
    let (status, found) = an_hour_later(&sandbox, "");
    assert_eq!(
        (status, found["action"]["to_version"].as_str()),
        (5, Some("v2"))
    );
}

#[test]
fn nowhere_to_go_is_said_every_hour_with_one_alert() {
    for order in ORDERS {
        let sandbox = three(order);
        // Both good versions were left because they were degraded, in the eyes of a stricter check.
        for name in ["v1", "v2"] {
            let strict = "--threshold 0.01 --evidence recorded --baseline";
            let other = if name == "v1" { "v2" } else { "v1" };
            sandbox
                .run(&format!("check {name} {strict} {other}"))
                .expect(3);
        }
        let mut operations = Vec::new();
        for _ in 0..6 {
            let (status, found) = an_hour_later(&sandbox, "");
            assert_eq!(status, 6, "{found:#}");
            assert_eq!(found["action"]["status"], "impossible");
            assert_eq!(found["action"]["refused_by"], Value::Null);
            operations.push(found["check"]["operation_id"].clone());
        }
        sandbox
            .run("monitor")
            .expect(6)
            .tells("by hand there is a way back to v2: `modelguard rollback --dry-run`")
            .tells("`modelguard check v2`");
        operations.dedup();
        assert_eq!(operations.len(), 6, "each run is an operation");
        assert_eq!(sandbox.number("SELECT count(*) FROM alert"), 1);
        assert_eq!(sandbox.holder("production").as_deref(), Some("v3"));
    }
}

#[test]
fn a_version_that_was_left_is_no_way_back_by_itself_and_no_check_is_proposed() {
    let sandbox = project("regression");
    for (name, metrics) in [("v1", GOOD), ("v2", GOOD_TOO), ("v3", BAD)] {
        version(&sandbox, name, metrics);
    }
    for line in ["promote v1 --yes", "promote v2 --yes"] {
        sandbox.ok(line);
    }
    sandbox.run("check v2 --threshold 0.01").expect(3);
    // It is left for that, and put back on top, which takes nothing from it.
    for line in [
        "rollback --yes",
        "rollback v2 --yes",
        "retire v1 --reason old",
        "promote v3 --yes",
    ] {
        sandbox.ok(line);
    }
    let (status, found) = an_hour_later(&sandbox, "");
    assert_eq!(status, 6, "{found:#}");
    // Healthy by the policy.
    sandbox.run("check v2").expect(0);
    for retired in [false, true] {
        if retired {
            sandbox.ok("retire v2 --reason older");
        }
        let run = sandbox
            .run("monitor")
            .expect(6)
            .tells("by hand there is a way back to v2: `modelguard rollback v2`; by itself none");
        for useless in ["modelguard check", "--cancel"] {
            assert!(!run.stderr.contains(useless), "{run:#?}");
        }
    }
    sandbox.ok("rollback v2 --yes");
    assert_eq!(sandbox.holder("production").as_deref(), Some("v2"));
}

#[test]
fn quiet_runs_print_only_news() {
    let sandbox = three([0, 1, 2]);
    let quiet = || {
        sandbox.set_clock(sandbox.clock() + HOUR - 1);
        sandbox.run("monitor -q")
    };
    let acted = quiet().expect(5);
    for part in [
        "degraded, severity critical",
        "Alert a_1 (degraded) opened",
        "Rolled back to v2 (was v3)",
        "undo: modelguard undo op_",
        "head ",
    ] {
        assert!(acted.stdout.contains(part), "{part} in {acted:#?}");
    }
    let recovered = quiet().expect(0);
    assert!(
        recovered.stdout.contains("Alert a_1 resolved: recovered"),
        "{recovered:#?}"
    );
    let nothing = quiet().expect(0);
    assert_eq!((nothing.stdout.as_str(), nothing.stderr.as_str()), ("", ""));
}

#[test]
fn a_dry_run_says_what_it_would_do_and_changes_no_byte() {
    let sandbox = three([0, 1, 2]);
    let dry = sandbox.leaves_the_store("monitor --dry-run --json", 3);
    let found = &dry.document()["data"]["models"][0];
    assert_eq!(found["action"]["status"], "dry_run");
    assert_eq!(found["action"]["to_version"], "v2");
    assert_eq!(found["check"]["evaluation_id"], Value::Null);
    assert_eq!(found["alerts"][0]["alert_id"], Value::Null);
    sandbox
        .leaves_the_store("monitor --dry-run", 3)
        .says("Would roll back to v2 (is v3)");
    sandbox.leaves_the_store("check --no-record", 3);
}

#[test]
fn without_consent_nothing_is_rolled_back() {
    let sandbox = three([0, 1, 2]);
    let (status, found) = an_hour_later(&sandbox, "--no-auto-rollback");
    assert_eq!(status, 3, "{found:#}");
    assert_eq!(found["action"]["wanted"], "alert");
    assert_eq!(sandbox.holder("production").as_deref(), Some("v3"));
    sandbox.fails("monitor --auto-rollback --no-auto-rollback", 2, "MG0101");
    let (status, found) = an_hour_later(&sandbox, "");
    assert_eq!(status, 5, "{found:#}");
    assert_eq!(
        found["alerts"][0]["state"], "open",
        "the alert of the hour before"
    );
}

#[test]
fn one_operation_and_one_evaluation_a_run() {
    let sandbox = three([0, 1, 2]);
    let operations = || sandbox.number("SELECT count(*) FROM operation");
    let before = operations();
    let (_, found) = an_hour_later(&sandbox, "");
    assert_eq!(operations(), before + 1);
    assert_eq!(
        found["action"]["operation_id"],
        found["check"]["operation_id"]
    );
    let of_evaluation = sandbox.number("SELECT operation_id FROM evaluation");
    assert_eq!(
        found["action"]["operation_id"],
        format!("op_{of_evaluation}")
    );
    assert_eq!(
        sandbox.number("SELECT acted_operation_id FROM alert"),
        of_evaluation
    );
    let kind: String = sandbox
        .sql()
        .query_row(
            "SELECT kind || ' ' || reason FROM operation ORDER BY id DESC",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(
        kind,
        "rollback r2 worse by 25.9 %; rmse worse by 38.6 %, more than 5 %"
    );
    let matches = sandbox.number(
        "SELECT json_extract(detail, '$.evaluation_id') = 'e_1' FROM operation ORDER BY id DESC",
    );
    assert_eq!(matches, 1);
    an_hour_later(&sandbox, "");
    assert_eq!(operations(), before + 2);
}

#[test]
fn all_models_are_handled_and_the_worst_is_the_exit_status() {
    let sandbox = three([0, 1, 2]);
    sandbox.ok("init --model other --task classification");
    sandbox.fails("monitor", 2, "MG0103");
    // The policy decides on metrics of the other task: that fails for one model, and the other one is handled.
    let run = sandbox.run("monitor --all --json --dry-run").expect(2);
    let models = run.document()["data"]["models"].clone();
    assert_eq!(models[0]["action"]["status"], "dry_run");
    assert_eq!(models[1]["error"]["code"], "MG0304");
    for line in ["monitor --all --dry-run", "monitor --all -q --dry-run"] {
        let run = sandbox.run(line).expect(2).tells("error: other: ");
        assert_eq!(run.stderr.matches("help MG0304").count(), 1, "{run:#?}");
        assert!(!run.stdout.contains("other"), "{run:#?}");
    }
    let policy = std::fs::read_to_string(sandbox.file("modelguard.toml")).unwrap();
    let own = "\n[models.other.check]\ndecide_on = [\"accuracy\"]\n";
    sandbox.write("modelguard.toml", (policy + own).as_bytes());
    let run = sandbox.run("monitor --all --json").expect(5);
    let document = run.document();
    assert_eq!(document["verdict"], "degraded");
    let codes: Vec<_> = document["data"]["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["model"].as_str().unwrap(),
                one["exit_code"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(codes, [("m", 5), ("other", 4)]);
    sandbox.run("monitor --all").expect(4);
    sandbox.ok("undo -m m --yes");
    sandbox
        .run("monitor --all")
        .expect(3)
        .says("By hand: `modelguard -m m rollback`; to let it act again: `modelguard alerts ack a_1 --rearm`");
    sandbox.fails("check -m other --metric rmse", 2, "MG0107");
}

#[test]
fn no_two_versions_is_no_baseline() {
    let sandbox = project("regression");
    version(&sandbox, "v1", GOOD);
    let none = sandbox.run("monitor --json").expect(4);
    assert_eq!(
        none.document()["data"]["models"][0]["check"]["reasons"][0]["code"],
        "no_version"
    );
    sandbox.ok("promote v1 --yes");
    let alone = sandbox.run("monitor --json").expect(4);
    let reasons = alone.document()["data"]["models"][0]["check"]["reasons"].clone();
    assert_eq!(reasons[0]["code"], "no_baseline");
    assert_eq!(reasons[0]["text"], "no version lies below v1");
    assert_eq!(reasons[1]["code"], "recorded_metrics_only");
}

/// Two hours in which each of the three versions was live, the last of them bad, with the rows of that time.
///
/// With `recorded` each version has its training's RMSE for a baseline, else the rows of the version before it.
fn three_live(order: [usize; 3], recorded: bool) -> Sandbox {
    let sandbox = rows::numbers("");
    let metric = if recorded { "--metric rmse=1" } else { "" };
    let all = [("v1", 1.0), ("v2", 1.02), ("v3", 1.5)];
    for index in order {
        rows::version(&sandbox, all[index].0, metric);
    }
    let begin = sandbox.clock();
    for (number, (name, error)) in (0..).zip(all) {
        let from = begin + number * 2 * HOUR;
        sandbox.set_clock(from);
        sandbox.ok(&format!("promote {name} --yes"));
        sandbox.set_clock(from + HOUR);
        rows::feed(
            &sandbox,
            &Fed {
                tag: name,
                from: from + 60,
                rows: rows::off_by(error, 250),
                more: "",
            },
        );
    }
    sandbox
}

#[test]
fn two_undos_make_no_target_of_a_version_that_was_left_degraded() {
    let sandbox = three_live([0, 1, 2], true);
    let shadow = |name: &str, tag: &str| {
        let more = format!("--version {name}");
        let rows = Fed {
            tag,
            from: sandbox.clock() - HOUR / 2,
            rows: rows::off_by(3.0, 250),
            more: &more,
        };
        rows::feed(&sandbox, &rows);
        sandbox.run(&format!("check {name}")).expect(3);
    };
    shadow("v1", "first ");
    shadow("v2", "second ");
    sandbox.ok("rollback v2 --yes");
    sandbox.run("check").expect(4);
    sandbox.ok("promote v3 --yes");
    sandbox.ok("undo --yes");
    sandbox.ok("undo --yes");
    assert_eq!(sandbox.holder("production").as_deref(), Some("v3"));
    let status = sandbox.json("status");
    let below = &status["models"][0]["below"];
    assert_eq!(
        (&below[0]["version"], &below[0]["bad"]),
        (&"v2".into(), &true.into())
    );
    let (status, found) = an_hour_later(&sandbox, "--auto-rollback");
    assert_eq!(status, 6, "{found:#}");
    assert_eq!(sandbox.holder("production").as_deref(), Some("v3"));
}

#[test]
fn six_hours_of_cron_without_new_rows() {
    for (order, recorded) in ORDERS.into_iter().zip([true, false].into_iter().cycle()) {
        let sandbox = three_live(order, recorded);
        let cron = || an_hour_later(&sandbox, "--auto-rollback");
        let (status, found) = cron();
        assert_eq!(status, 5, "{found:#}");
        assert_eq!(found["action"]["to_version"], "v2");
        for _ in 2..=6 {
            let (status, found) = cron();
            assert_eq!(status, 4, "{found:#}");
            let reason = &found["check"]["reasons"][0];
            assert_eq!(reason["code"], "no_predictions", "a new tenure begins");
            assert_eq!(sandbox.holder("production").as_deref(), Some("v2"));
        }
        sandbox.ok("undo --yes");
        let (status, found) = cron();
        assert_eq!(status, 3, "{found:#}");
        assert_eq!(found["action"]["refused_by"], "already_acted");
        assert_eq!(
            found["check"]["window"]["rows_count"], 250,
            "its rows count again"
        );
        assert_eq!(sandbox.number("SELECT count(*) FROM alert"), 1);
    }
}

#[test]
fn six_hours_of_cron_with_healthy_rows_of_the_restored_version() {
    for (order, recorded) in ORDERS.into_iter().zip([false, true].into_iter().cycle()) {
        let sandbox = three_live(order, recorded);
        let cron = || an_hour_later(&sandbox, "--auto-rollback");
        assert_eq!(cron().0, 5);
        for hour in 2..=6 {
            let rows = Fed {
                tag: &format!("h{hour}-"),
                from: sandbox.clock() + 60,
                rows: rows::off_by(1.02, 250),
                more: "",
            };
            sandbox.set_clock(sandbox.clock() + HOUR / 2);
            rows::feed(&sandbox, &rows);
            let (status, found) = cron();
            assert_eq!(status, 0, "hour {hour}: {found:#}");
            let state = if hour == 2 { "resolved" } else { "" };
            assert_eq!(found["alerts"][0]["state"].as_str().unwrap_or(""), state);
            assert_eq!(found["check"]["coverage"]["truth_count"], 250 * (hour - 1));
        }
        sandbox.ok("undo --yes");
        let (status, found) = cron();
        assert_eq!(status, 3, "{found:#}");
        assert_eq!(found["action"]["refused_by"], "already_acted");
        assert_eq!(found["alerts"][0]["alert_id"], "a_1");
        assert_eq!(found["alerts"][0]["state"], "opened");
        assert_eq!(sandbox.number("SELECT count(*) FROM alert"), 1);
    }
}

#[test]
fn nowhere_to_go_with_live_rows() {
    let sandbox = three_live([2, 0, 1], true);
    for name in ["v1", "v2"] {
        let shadow = Fed {
            tag: &format!("shadow {name} "),
            from: sandbox.clock() - HOUR / 2,
            rows: rows::off_by(3.0, 250),
            more: &format!("--version {name}"),
        };
        rows::feed(&sandbox, &shadow);
        sandbox.run(&format!("check {name}")).expect(3);
    }
    for _ in 0..6 {
        let (status, found) = an_hour_later(&sandbox, "--auto-rollback");
        assert_eq!(status, 6, "{found:#}");
    }
    assert_eq!(sandbox.number("SELECT count(*) FROM alert"), 1);
    sandbox
        .run("monitor --auto-rollback")
        .expect(6)
        .says("nowhere to go");
    assert_eq!(
        sandbox.run("monitor --auto-rollback -q").expect(6).stdout,
        "",
        "one alert, one mail"
    );
}

#[test]
fn two_runs_at_once_act_once() {
    let sandbox = three([0, 1, 2]);
    let words = ["monitor", "--auto-rollback", "--json"];
    let children: Vec<_> = (0..4)
        .map(|_| sandbox.command(&words).spawn().unwrap())
        .collect();
    let mut statuses: Vec<_> = children
        .into_iter()
        .map(|child| child.wait_with_output().unwrap().status.code().unwrap())
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [0, 0, 0, 5]);
    let rollbacks = "SELECT count(*) FROM operation WHERE kind = 'rollback'";
    assert_eq!(sandbox.number(rollbacks), 1);
    crate::support::assert_whole(&sandbox.store(), "two runs at once");
}

/// Starts two processes and waits for their ends. With `together` the store is locked until both have it open.
fn two_at_once(sandbox: &Sandbox, line: &str, together: bool) -> Vec<Run> {
    let lock = sandbox.sql();
    if together {
        lock.execute_batch("BEGIN EXCLUSIVE").unwrap();
    }
    let words: Vec<_> = line.split(' ').collect();
    let mut children: Vec<_> = (0..2)
        .map(|_| sandbox.command(&words).spawn().unwrap())
        .collect();
    let store = std::fs::canonicalize(sandbox.store()).unwrap();
    let waits = |child: &mut std::process::Child| {
        let open = std::fs::read_dir(format!("/proc/{}/fd", child.id()));
        let has_it = open.into_iter().flatten().any(|descriptor| {
            let target = std::fs::read_link(descriptor.unwrap().path());
            target.is_ok_and(|path| path == store)
        });
        !has_it && child.try_wait().unwrap().is_none()
    };
    for child in &mut children {
        while together && waits(child) {
            std::thread::yield_now();
        }
    }
    if together {
        lock.execute_batch("ROLLBACK").unwrap();
    }
    children
        .into_iter()
        .map(|child| crate::support::ended(&words, child, &[]))
        .collect()
}

#[test]
fn of_two_runs_at_once_one_goes_back_and_the_other_leaves_in_silence() {
    let sandbox = three_live([0, 1, 2], true);
    let before = sandbox.store_bytes();
    let clock = sandbox.clock() + HOUR;
    for round in 0..12 {
        std::fs::write(sandbox.store(), &before).unwrap();
        sandbox.set_clock(clock);
        let (line, together) = match round % 4 {
            0 => ("monitor --auto-rollback -q --lock-timeout 60s", true),
            1 => ("monitor --auto-rollback -q --lock-timeout 60s --all", true),
            2 => ("monitor --auto-rollback -q --lock-timeout 60s", false),
            _ => ("monitor --auto-rollback -q --lock-timeout 1ms", false),
        };
        let mut runs = two_at_once(&sandbox, line, together);
        runs.sort_by_key(|run| run.status);
        let statuses: Vec<_> = runs.iter().map(|run| run.status).collect();
        match (statuses.as_slice(), round % 4) {
            ([4, 5], _) => assert_eq!((runs[0].stdout.as_str(), runs[0].stderr.as_str()), ("", "")),
            // A reader can hold up who writes for longer than both wait.
            ([5, 11] | [11, 11], 3) => {}
            _ => panic!("round {round}: {runs:#?}"),
        }
        for run in &runs {
            match run.status {
                5 => assert!(
                    run.stdout.contains("Rolled back to v2 (was v3)"),
                    "{run:#?}"
                ),
                11 => assert!(run.stderr.contains("MG0404"), "{run:#?}"),
                _ => {}
            }
        }
        let acted = i64::from(statuses.contains(&5));
        let rollbacks = "SELECT count(*) FROM operation WHERE kind = 'rollback'";
        assert_eq!(sandbox.number(rollbacks), acted, "round {round}: {runs:#?}");
        assert_eq!(sandbox.number("SELECT count(*) FROM alert"), acted);
        let live = if acted == 1 { "v2" } else { "v3" };
        assert_eq!(sandbox.holder("production").as_deref(), Some(live));
        crate::support::assert_whole(&sandbox.store(), "two runs at once");
    }
}

#[test]
fn quiet_hours_of_several_models_are_silent_until_one_has_news() {
    let sandbox = three([0, 1, 2]);
    sandbox.ok("init --model other --task regression");
    let hour = || {
        sandbox.set_clock(sandbox.clock() + HOUR - 1);
        sandbox.run("monitor --all -q")
    };
    let acted = hour().expect(5);
    assert!(acted.stdout.contains("Rolled back to v2"), "{acted:#?}");
    assert!(
        !acted.stdout.contains("other"),
        "no version yet is no news: {acted:#?}"
    );
    let recovered = hour().expect(4);
    assert!(recovered.stdout.contains("recovered"), "{recovered:#?}");
    for _ in 0..3 {
        let silent = hour().expect(4);
        assert_eq!((silent.stdout.as_str(), silent.stderr.as_str()), ("", ""));
    }
    // An error of one model is told every time.
    let policy = std::fs::read_to_string(sandbox.file("modelguard.toml")).unwrap();
    let broken = policy + "\n[models.other.check]\nbaseline = \"nobody\"\n";
    sandbox.write("modelguard.toml", broken.as_bytes());
    sandbox.ok("-m other register model.bin --alias production");
    for _ in 0..2 {
        hour().expect(10).tells("error: other: version nobody is ");
    }
}

#[test]
fn last_good_goes_past_what_was_never_judged() {
    let sandbox = three([0, 1, 2]);
    let policy = std::fs::read_to_string(sandbox.file("modelguard.toml")).unwrap();
    let policy = policy.replace("target = \"previous\"", "target = \"last-good\"");
    sandbox.write("modelguard.toml", policy.as_bytes());
    let (status, found) = an_hour_later(&sandbox, "");
    assert_eq!(status, 6, "nothing below was ever healthy: {found:#}");
    // Rules of one check alone make nobody good.
    sandbox.run("check v1 --baseline v2").expect(0);
    let (status, found) = an_hour_later(&sandbox, "");
    assert_eq!(status, 6, "{found:#}");
    let other = policy.replace("baseline = \"previous\"", "baseline = \"v2\"");
    sandbox.write("modelguard.toml", other.as_bytes());
    sandbox.run("check v1").expect(0);
    sandbox.write("modelguard.toml", policy.as_bytes());
    let (status, found) = an_hour_later(&sandbox, "");
    assert_eq!(status, 5, "{found:#}");
    assert_eq!(found["action"]["to_version"], "v1");
    assert_eq!(found["action"]["to_was_judged"], true);
}

/// The store was locked, by somebody else, while a message was on its way.
#[test]
fn a_rollback_is_told_even_if_the_store_is_busy_afterwards() {
    let sandbox = three([0, 1, 2]);
    let policy = std::fs::read_to_string(sandbox.file("modelguard.toml")).unwrap_or_default();
    let script = "touch sending; while [ ! -e locked ]; do sleep 0.05; done";
    let notify = format!(
        "{policy}\n[delivery]\nattempt_timeout = \"60s\"\ntotal_timeout = \"60s\"\n\
         [[notify]]\nkind = \"command\"\ncommand = [\"sh\", \"-c\", {script:?}]\n"
    );
    sandbox.write("modelguard.toml", notify.as_bytes());
    sandbox.ok("config trust --yes");
    let words = ["monitor", "--auto-rollback", "--lock-timeout", "50ms"];
    let mut child = sandbox.command(&words).spawn().unwrap();
    while !sandbox.file("sending").exists() {
        assert!(child.try_wait().unwrap().is_none(), "nothing is sent");
        std::thread::yield_now();
    }
    let holder = sandbox.sql();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    sandbox.write("locked", b"");
    let run = crate::support::ended(&words, child, &[]).expect(5);
    assert!(run.stdout.contains("Rolled back to "), "{run:#?}");
    assert!(!run.stdout.contains("head "), "{run:#?}");
    drop(holder);
    sandbox.ok("alerts flush");
}
