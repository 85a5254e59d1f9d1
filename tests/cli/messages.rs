//! Messages: queued with the verdict, delivered after it, in order, once, and again after every kind of death.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::rows::{self, DAY, Fed, HOUR, feed, off_by};
use crate::support::{BEGINNING, Run, Sandbox, finish};

/// A channel that appends to `alerts.jsonl`.
const FILE: &str = "\n[[notify]]\nname = \"team\"\nkind = \"file\"\npath = \"alerts.jsonl\"\n";

pub fn add_to_policy(sandbox: &Sandbox, text: &str) {
    let path = sandbox.file("modelguard.toml");
    let policy = std::fs::read_to_string(&path).unwrap_or_default();
    std::fs::write(path, policy + text).unwrap();
}

/// Versions judged by recorded metrics; `v3` is bad and live, `v2` and `v1` are good and lie below.
pub fn project(policy: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.ok("init --model m --task regression --preset original");
    add_to_policy(&sandbox, policy);
    for (name, rmse, r2) in [
        ("v1", "10", "0.80"),
        ("v2", "10.1", "0.81"),
        ("v3", "14", "0.60"),
    ] {
        rows::version(
            &sandbox,
            name,
            &format!("--metric rmse={rmse} --metric r2={r2}"),
        );
        sandbox.ok(&format!("promote {name} --yes"));
    }
    sandbox
}

/// The lines of a file that a channel appends to.
fn arrived(sandbox: &Sandbox, file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(sandbox.file(file)).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

pub fn events(sandbox: &Sandbox, file: &str) -> Vec<String> {
    let arrived = arrived(sandbox, file).into_iter();
    arrived
        .map(|message| message["event"].as_str().unwrap().to_owned())
        .collect()
}

fn an_hour_later(sandbox: &Sandbox, line: &str) -> Run {
    sandbox.set_clock(sandbox.clock() + HOUR - 1);
    sandbox.run(line)
}

/// The states of all deliveries, oldest first.
pub fn states(sandbox: &Sandbox) -> Vec<(String, String, i64)> {
    let sql = sandbox.sql();
    let mut statement = sql
        .prepare("SELECT event, state, attempts_count FROM delivery ORDER BY id")
        .unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

pub fn state(event: &str, state: &str, attempts: i64) -> (String, String, i64) {
    (event.to_owned(), state.to_owned(), attempts)
}

#[test]
fn a_rollback_is_told_once_and_the_recovery_once() {
    let sandbox = project(FILE);
    let run = an_hour_later(&sandbox, "monitor --json").expect(5);
    let data = &run.document()["data"];
    let told = &data["models"][0]["alerts"][0]["deliveries"];
    assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
    for (key, value) in [
        ("channel", "team"),
        ("event", "degraded"),
        ("state", "delivered"),
    ] {
        assert_eq!(told[0][key], value);
    }
    assert_eq!(told[0]["attempts_count"], 1);
    let message = &arrived(&sandbox, "alerts.jsonl")[0];
    let listed = sandbox.json("alerts list");
    let delivery = &listed["alerts"][0]["deliveries"][0];
    assert_eq!(message["delivery_id"], delivery["delivery_id"]);
    assert_eq!(message["severity"], "critical");
    assert_eq!(
        (&message["model"], &message["version"]),
        (&"m".into(), &"v3".into())
    );
    let undo = message["undo_command"].as_str().unwrap();
    let folder = sandbox.path().canonicalize().unwrap();
    assert!(
        undo.starts_with(&format!("modelguard -C {} -m m undo op_", folder.display())),
        "{undo}"
    );
    let lines = message["lines"].to_string();
    assert!(lines.contains("Rolled back to v2 (was v3)."), "{lines}");
    let head = message["head_blake3"].as_str().unwrap();
    sandbox.ok(&format!("store verify --expect-head {head}"));
    for _ in 0..4 {
        an_hour_later(&sandbox, "monitor").expect(0);
    }
    assert_eq!(events(&sandbox, "alerts.jsonl"), ["degraded", "recovered"]);
    let recovered = &arrived(&sandbox, "alerts.jsonl")[1];
    assert_eq!(recovered["version"], "v2");
    assert_eq!(recovered["title"], "m v2 is healthy again");
    let listed = sandbox.json("alerts list");
    let deliveries = listed["alerts"][0]["deliveries"].as_array().unwrap();
    assert_eq!(deliveries.len(), 2);
    assert_eq!(deliveries[1]["event"], "recovered");
    sandbox
        .ok("alerts show a_1")
        .says("  team: degraded of")
        .says("delivered");
    // After an undo the same alert opens again, and is told again.
    sandbox.ok("undo --yes");
    an_hour_later(&sandbox, "monitor")
        .expect(3)
        .tells("Told team (file): degraded.");
    let again = &arrived(&sandbox, "alerts.jsonl")[2];
    assert!(again["lines"].to_string().contains("--rearm"), "{again}");
    let silent = an_hour_later(&sandbox, "monitor --json")
        .expect(3)
        .document();
    let told = &silent["data"]["models"][0]["alerts"][0]["deliveries"][0];
    assert_eq!(
        (&told["state"], &told["channel"]),
        (&"deduplicated".into(), &"team".into())
    );
    let quiet = an_hour_later(&sandbox, "monitor -q").expect(3);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
}

#[test]
fn a_check_queues_and_flush_delivers() {
    let sandbox = project(FILE);
    sandbox.run("check").expect(3).tells("For team: degraded");
    assert_eq!(states(&sandbox), [state("degraded", "queued", 0)]);
    sandbox
        .ok("status")
        .says("messages")
        .says("1 not sent yet")
        .says("alerts flush");
    let status = sandbox.json("status");
    assert_eq!(status["models"][0]["messages_queued_count"], 1);
    let flushed = sandbox.json("alerts flush");
    assert_eq!(flushed["changed"], true);
    assert_eq!(flushed["deliveries"][0]["state"], "delivered");
    assert_eq!(events(&sandbox, "alerts.jsonl"), ["degraded"]);
    sandbox
        .leaves_the_store("alerts flush", 0)
        .says("Nothing waits.");
    let operations = sandbox.number("SELECT count(*) FROM operation");
    sandbox.leaves_the_store("check --no-record", 3);
    assert_eq!(sandbox.number("SELECT count(*) FROM operation"), operations);
}

#[test]
fn who_says_no_notify_tells_nobody_and_delivers_nothing() {
    let sandbox = project(FILE);
    sandbox
        .run("monitor --no-notify --no-auto-rollback")
        .expect(3);
    assert_eq!(states(&sandbox), []);
    sandbox.run("monitor --dry-run").expect(3);
    assert_eq!(states(&sandbox), []);
    sandbox.run("check").expect(3);
    sandbox
        .run("monitor --no-notify --no-auto-rollback")
        .expect(3);
    assert_eq!(states(&sandbox), [state("degraded", "queued", 0)]);
    assert_eq!(arrived(&sandbox, "alerts.jsonl").len(), 0);
}

#[test]
fn nowhere_to_go_is_told_once_and_called_every_time() {
    let sandbox = project(FILE);
    sandbox.ok("retire v1 --reason old");
    sandbox.ok("retire v2 --reason old");
    for _ in 0..5 {
        an_hour_later(&sandbox, "monitor").expect(6);
    }
    assert_eq!(events(&sandbox, "alerts.jsonl"), ["blocked"]);
    sandbox.set_clock(sandbox.clock() + DAY);
    for _ in 0..5 {
        an_hour_later(&sandbox, "monitor").expect(6);
    }
    assert_eq!(events(&sandbox, "alerts.jsonl"), ["blocked", "reminder"]);
    let noted = sandbox.json("alerts ack a_1");
    let told = noted["deliveries"].as_array().unwrap().iter();
    let told: Vec<_> = told.map(|one| (&one["event"], &one["state"])).collect();
    assert_eq!(
        told,
        [
            (&"blocked".into(), &"delivered".into()),
            (&"reminder".into(), &"delivered".into())
        ]
    );
    sandbox.set_clock(sandbox.clock() + 3 * DAY);
    an_hour_later(&sandbox, "monitor").expect(6);
    assert_eq!(
        events(&sandbox, "alerts.jsonl").len(),
        2,
        "somebody took note"
    );
}

#[test]
fn blindness_is_told_once_and_reminded_of() {
    let sandbox = rows::numbers(FILE.trim_start());
    rows::version(&sandbox, "v1", "--metric rmse=1");
    sandbox.ok("promote v1 --yes");
    sandbox.set_clock(BEGINNING + 3 * DAY);
    for _ in 0..5 {
        an_hour_later(&sandbox, "monitor").expect(4);
    }
    assert_eq!(events(&sandbox, "alerts.jsonl"), ["blind"]);
    feed(
        &sandbox,
        &Fed {
            tag: "r",
            from: sandbox.clock() - HOUR,
            rows: off_by(1.0, 300),
            more: "",
        },
    );
    an_hour_later(&sandbox, "monitor").expect(0);
    assert_eq!(events(&sandbox, "alerts.jsonl"), ["blind", "recovered"]);
}

#[test]
fn a_channel_hears_what_its_filter_lets_through() {
    let policy = format!(
        "{FILE}\n[[notify]]\nname = \"other\"\nkind = \"file\"\npath = \"other.jsonl\"\nmodels = [\"x\"]\n\
         [[notify]]\nname = \"recoveries\"\nkind = \"file\"\npath = \"r.jsonl\"\nevents = [\"recovered\"]\n"
    );
    let sandbox = project(&policy);
    for status in [5, 0] {
        an_hour_later(&sandbox, "monitor").expect(status);
    }
    assert_eq!(events(&sandbox, "alerts.jsonl"), ["degraded", "recovered"]);
    assert_eq!(events(&sandbox, "other.jsonl"), [""; 0]);
    assert_eq!(
        events(&sandbox, "r.jsonl"),
        [""; 0],
        "it did not hear of the trouble"
    );
}

#[test]
fn a_file_that_can_take_half_a_line_is_left_as_it_was() {
    const ROOM: usize = 8 << 20;
    let sandbox = project(FILE);
    let before = " ".repeat(ROOM - 11) + "\n";
    std::fs::write(sandbox.file("alerts.jsonl"), &before).unwrap();
    // As on a full disk, ten bytes go in and no more; without the trap the system would end the process.
    let plain = sandbox.command(&["monitor"]);
    let mut command = sandbox.command(&["monitor"]);
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "trap '' XFSZ; exec prlimit --fsize=\"$0\" \"$@\""])
        .arg(ROOM.to_string())
        .arg(plain.get_program())
        .args(plain.get_args())
        .current_dir(sandbox.path())
        .env("PATH", "/usr/bin:/bin")
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    for (key, value) in command.env_remove("TERM").get_envs() {
        if let Some(value) = value {
            limited.env(key, value);
        }
    }
    let run = finish(&["monitor"], limited, &[]).expect(5);
    assert!(
        run.stderr.contains("channel team did not take the message"),
        "{run:#?}"
    );
    let after = std::fs::read_to_string(sandbox.file("alerts.jsonl")).unwrap();
    assert!(after == before, "{:?}", &after[ROOM - 11..]);
}

#[test]
fn a_dead_channel_holds_up_no_check_and_no_other_channel() {
    let policy = format!("\n[[notify]]\nkind = \"file\"\npath = \"no/such/folder.jsonl\"\n{FILE}");
    let sandbox = project(&policy);
    let run = an_hour_later(&sandbox, "monitor")
        .expect(5)
        .tells("Told team (file): degraded.");
    assert!(
        run.stderr
            .contains("channel file did not take the message (degraded)"),
        "{run:#?}"
    );
    assert!(run.stderr.contains("a later run tries again"), "{run:#?}");
    assert_eq!(
        states(&sandbox),
        [
            state("degraded", "queued", 1),
            state("degraded", "delivered", 1)
        ]
    );
    // Not before its time; a minute later it is.
    sandbox.run("monitor").expect(0);
    assert_eq!(states(&sandbox)[0], state("degraded", "queued", 1));
    sandbox.set_clock(sandbox.clock() + 60);
    sandbox.run("monitor").expect(0);
    assert_eq!(states(&sandbox)[0], state("degraded", "queued", 2));
    // A person's flush does not wait, and what failed is its failure.
    sandbox
        .run("alerts flush")
        .expect(1)
        .tells("channel file did not take");
    std::fs::create_dir_all(sandbox.file("no/such")).unwrap();
    sandbox
        .ok("alerts flush")
        .says("Told channel file: degraded, recovered.");
    assert_eq!(
        events(&sandbox, "no/such/folder.jsonl"),
        ["degraded", "recovered"]
    );
    assert_eq!(events(&sandbox, "alerts.jsonl"), ["degraded", "recovered"]);
}

#[test]
fn what_waits_behind_a_failure_is_told_of_and_was_not_tried() {
    let policy =
        format!("\n[[notify]]\nname = \"ops\"\nkind = \"file\"\npath = \"no/x.jsonl\"\n{FILE}");
    let sandbox = project(&policy);
    an_hour_later(&sandbox, "monitor").expect(5);
    sandbox.ok("alerts list").says("  1 of 2  ");
    an_hour_later(&sandbox, "check").expect(0);
    sandbox.run("alerts flush").expect(1).says(
        "Told team (file): recovered.\nNot told ops (file): degraded; 1 other waits behind it.\n",
    );
    let run = sandbox.run("alerts flush --json").expect(1);
    let document = run.document();
    let deliveries = document["data"]["deliveries"].as_array().unwrap();
    let of_ops: Vec<_> = deliveries
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap_or("-").to_owned();
            let has_error = one["error"].is_string();
            (
                text("event"),
                text("state"),
                one["attempts_count"].as_i64(),
                has_error,
            )
        })
        .collect();
    let row = |event: &str, attempts, has_error| {
        (
            event.to_owned(),
            "queued".to_owned(),
            Some(attempts),
            has_error,
        )
    };
    assert_eq!(
        of_ops,
        [row("degraded", 3, true), row("recovered", 0, false)]
    );
    let warnings = document["warnings"].as_array().unwrap();
    assert_eq!(
        warnings.len(),
        1,
        "what was not tried did not fail: {document}"
    );
    // The order follows the channel: what is behind keeps the reason why it failed itself.
    sandbox
        .sql()
        .execute("UPDATE delivery SET last_error = 'before' WHERE event = 'recovered' AND channel = 'ops'", [])
        .unwrap();
    let run = sandbox.run("alerts flush --json").expect(1);
    let behind = &run.document()["data"]["deliveries"][1];
    assert_eq!(behind["error"], "before", "{behind}");
    let listed = sandbox.ok("alerts list");
    assert!(listed.stdout.contains("  1 of 2  "), "{listed:#?}");
    sandbox.set_clock(sandbox.clock() + 8 * DAY);
    sandbox.run("alerts flush").expect(1);
    sandbox.ok("alerts list").says("  1 of 2, 1 given up  ");
}

#[test]
fn cron_is_told_once_that_a_channel_is_dead_and_once_that_a_message_is_given_up() {
    let sandbox = project("\n[[notify]]\nname = \"ops\"\nkind = \"file\"\npath = \"no/x.jsonl\"\n");
    sandbox.ok("retire v1 --reason old");
    sandbox.ok("retire v2 --reason old");
    let first = an_hour_later(&sandbox, "monitor -q").expect(6);
    assert!(
        first
            .stderr
            .starts_with("warning: channel ops did not take the message (blocked): ")
            && first.stderr.ends_with("; a later run tries again\n")
            && first.stderr.contains("No such file or directory"),
        "{first:#?}"
    );
    for _ in 0..6 {
        sandbox.set_clock(sandbox.clock() + DAY);
        let run = sandbox.run("monitor -q").expect(6);
        assert_eq!(run.stderr, "", "nothing is new");
    }
    sandbox.set_clock(sandbox.clock() + DAY);
    let last = sandbox.run("monitor -q").expect(6);
    let told: Vec<_> = last.stderr.lines().collect();
    assert!(
        told[0].ends_with("; it was given up") && told.len() == 1,
        "{last:#?}"
    );
}

#[test]
fn a_channel_for_which_no_thread_can_be_made_failed() {
    let sandbox = project(FILE);
    // Stacks of so many bytes fit into no memory.
    let run = sandbox.run_where("RUST_MIN_STACK", "70368744177664", "monitor");
    let run = run.expect(5);
    assert!(
        run.stderr.contains(
            "channel team did not take the message (degraded): no thread can be started for it: "
        ),
        "{run:#?}"
    );
    assert_eq!(states(&sandbox), [state("degraded", "queued", 1)]);
    sandbox
        .ok("alerts flush")
        .says("Told team (file): degraded.");
}

#[test]
fn what_fails_for_a_week_is_given_up_and_said() {
    let sandbox = project("\n[[notify]]\nkind = \"file\"\npath = \"no/folder.jsonl\"\n");
    sandbox.ok("retire v1 --reason old");
    sandbox.ok("retire v2 --reason old");
    an_hour_later(&sandbox, "monitor").expect(6);
    for _ in 0..7 {
        sandbox.set_clock(sandbox.clock() + DAY);
        sandbox.run("monitor").expect(6);
    }
    let states = states(&sandbox);
    assert_eq!(
        (states[0].1.as_str(), states[0].2),
        ("failed", 8),
        "{states:?}"
    );
    sandbox.ok("status").says("1 given up");
    sandbox.ok("alerts show a_1").says("given up: ");
}

#[test]
fn a_required_channel_that_fails_is_a_failure_of_the_command() {
    let policy = "\n[[notify]]\nkind = \"file\"\npath = \"no/folder.jsonl\"\nrequired = true\n";
    let sandbox = project(policy);
    let run = an_hour_later(&sandbox, "monitor -q --json").expect(1);
    assert_eq!(
        run.document()["data"]["models"][0]["exit_code"],
        5,
        "what was done is said"
    );
    assert_eq!(sandbox.holder("production").as_deref(), Some("v2"));
    sandbox.set_clock(sandbox.clock() + HOUR);
    sandbox
        .run("monitor -q")
        .expect(1)
        .says("Not told file, which is required: degraded: ");
    let blocked = project(policy);
    blocked.ok("retire v1 --reason old");
    blocked.ok("retire v2 --reason old");
    an_hour_later(&blocked, "monitor").expect(6);
}

#[test]
fn a_run_under_another_policy_throws_no_message_away() {
    let sandbox = project(FILE);
    sandbox.run("check").expect(3);
    let other = sandbox.write(
        "other.toml",
        b"[check]\nevidence = \"recorded\"\nbaseline = \"previous\"\n",
    );
    let line = format!("--config {} monitor", other.display());
    sandbox.run(&line).expect(3);
    assert_eq!(
        states(&sandbox),
        [state("degraded", "queued", 1)],
        "it is tried and kept"
    );
    let line = format!("--config {} alerts flush", other.display());
    sandbox
        .run(&line)
        .expect(1)
        .tells("the policy has no channel \"team\"");
    assert_eq!(states(&sandbox), [state("degraded", "queued", 2)]);
    sandbox
        .ok("alerts flush")
        .says("Told team (file): degraded.");
    sandbox.ok("alerts show a_1").says("team: degraded of");
}

#[test]
fn a_refused_file_is_told_of() {
    let sandbox = project(FILE);
    add_to_policy(&sandbox, "\n[models.m.ingest]\ninbox = \"inbox/\"\n");
    std::fs::create_dir(sandbox.file("inbox")).unwrap();
    sandbox.write("inbox/predictions_1.csv", b"nothing\n1\n");
    let run = sandbox.run("monitor --json").expect(5);
    let alerts = run.document()["data"]["models"][0]["alerts"].clone();
    assert_eq!(alerts[0]["kind"], "refused_file");
    assert_eq!(
        alerts[0]["deliveries"][0]["event"], "refused_file",
        "{alerts:#}"
    );
    assert_eq!(alerts[0]["deliveries"][0]["state"], "delivered");
    assert_eq!(
        events(&sandbox, "alerts.jsonl"),
        ["refused_file", "degraded"]
    );
    let message = &arrived(&sandbox, "alerts.jsonl")[0];
    assert_eq!(message["version"], Value::Null);
    assert!(
        message["lines"].to_string().contains("alerts ack a_1"),
        "{message}"
    );
}

#[test]
fn a_test_message_goes_through_one_channel_or_all_and_leaves_no_trace() {
    let policy = format!(
        "{FILE}\n[[notify]]\nname = \"dead\"\nkind = \"file\"\npath = \"no/x\"\nevents = [\"blind\"]\n"
    );
    let sandbox = project(&policy);
    sandbox
        .leaves_the_store("alerts test TEAM", 0)
        .says("team: it was taken");
    let run = sandbox.run("alerts test --json").expect(1);
    let deliveries = &run.document()["data"]["deliveries"];
    assert_eq!(deliveries[0]["state"], "delivered");
    assert_eq!(deliveries[1]["state"], "failed");
    assert!(
        deliveries[1]["error"].as_str().unwrap().contains("no/x"),
        "{deliveries}"
    );
    assert_eq!(events(&sandbox, "alerts.jsonl"), ["test", "test"]);
    let ids: Vec<_> = arrived(&sandbox, "alerts.jsonl")
        .iter()
        .map(|m| m["delivery_id"].clone())
        .collect();
    assert_ne!(ids[0], ids[1]);
    assert_eq!(states(&sandbox), []);
    sandbox
        .fails("alerts test teem", 10, "MG0215")
        .tells("did you mean `team`?");
    let bare = Sandbox::new();
    bare.fails("alerts test", 10, "MG0215");
}

/// A channel whose program hangs as long as there is a file `hold`.
fn hanging() -> String {
    let script = "test -e hold && exec sleep 20; cat >> alerts.jsonl";
    format!(
        "\n[delivery]\ntotal_timeout = \"60s\"\nattempt_timeout = \"60s\"\n\
         [[notify]]\nname = \"team\"\nkind = \"command\"\ncommand = [\"sh\", \"-c\", \"{script}\"]\n"
    )
}

#[test]
fn a_channel_that_hangs_ends_with_the_time_for_all() {
    let policy = format!(
        "\n[delivery]\ntotal_timeout = \"2s\"\nattempt_timeout = \"1s\"\n{FILE}\n\
         [[notify]]\nname = \"asleep\"\nkind = \"command\"\ncommand = [\"sleep\", \"600\"]\n"
    );
    let sandbox = project("");
    add_to_policy(&sandbox, &policy);
    sandbox.ok("config trust --yes");
    let started = Instant::now();
    let run = an_hour_later(&sandbox, "monitor").expect(5);
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    assert!(
        run.stderr.contains(
            "channel asleep did not take the message (degraded): sleep did not end within 1000 ms"
        ),
        "{run:#?}"
    );
    assert_eq!(events(&sandbox, "alerts.jsonl"), ["degraded"]);
}

#[test]
fn a_channel_writes_into_no_pipe_and_no_folder() {
    let policy = format!(
        "\n[delivery]\ntotal_timeout = \"600s\"\nattempt_timeout = \"600s\"\n{FILE}\n\
         [[notify]]\nname = \"pipe\"\nkind = \"file\"\npath = \"pipe\"\n\
         [[notify]]\nname = \"folder\"\nkind = \"file\"\npath = \".git\"\n"
    );
    let sandbox = project(&policy);
    // A named pipe that nobody reads: whoever opens it to append to it waits for ever.
    let made = Command::new("mkfifo").arg(sandbox.file("pipe")).status();
    assert!(made.unwrap().success());
    let run = sandbox.run("alerts test").expect(1);
    let refused = |name: &str, path: &str| {
        let path = sandbox.path().canonicalize().unwrap().join(path);
        let why = "is no regular file, and a channel of the kind file appends to nothing else";
        format!("{name}: failed: {} {why}\n", path.display())
    };
    let expected = [refused("pipe", "pipe"), refused("folder", ".git")].concat();
    assert_eq!(run.stdout, format!("team: it was taken\n{expected}"));
    an_hour_later(&sandbox, "monitor")
        .expect(5)
        .tells("channel pipe did not take the message (degraded): ")
        .tells("is no regular file")
        .tells("Told team (file): degraded.");
}

/// Starts a command and waits until a delivery is claimed.
pub fn until_claimed(sandbox: &Sandbox, line: &str) -> std::process::Child {
    let words: Vec<_> = line.split_whitespace().collect();
    let mut child = sandbox.command(&words).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(20);
    let is_claimed = || {
        let sql = sandbox.sql();
        sql.busy_timeout(Duration::from_secs(5)).unwrap();
        let query = "SELECT count(*) FROM delivery WHERE owner_pid IS NOT NULL";
        let claimed: i64 = sql.query_row(query, [], |row| row.get(0)).unwrap();
        claimed > 0
    };
    while !is_claimed() {
        if Instant::now() > end {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("nothing was claimed");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

#[test]
fn what_a_killed_run_had_in_its_hands_is_delivered_by_the_next_one() {
    let sandbox = project("");
    add_to_policy(&sandbox, &hanging());
    sandbox.ok("config trust --yes");
    sandbox.write("hold", b"");
    let mut child = until_claimed(&sandbox, "monitor");
    // The verdict stands, its message is on the way, and nobody can end well.
    assert_eq!(sandbox.holder("production").as_deref(), Some("v2"));
    // Another run in the meantime leaves it alone, and does not say that nothing waits.
    let other = sandbox.run("alerts flush").expect(0);
    assert_eq!(other.stdout, "1 message is being sent by another run.\n");
    assert_eq!(other.stderr, "");
    // What is queued meanwhile waits behind it.
    sandbox.run("check").expect(0);
    let flushed = sandbox.json("alerts flush");
    assert_eq!(flushed["elsewhere_count"], 2, "{flushed}");
    assert_eq!(flushed["deliveries"], serde_json::json!([]));
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::remove_file(sandbox.file("hold")).unwrap();
    sandbox
        .run("monitor")
        .expect(0)
        .tells("Told team (command): degraded, recovered.");
    assert_eq!(sandbox.json("alerts flush")["elsewhere_count"], 0);
    assert_eq!(events(&sandbox, "alerts.jsonl"), ["degraded", "recovered"]);
}

#[test]
fn a_claim_that_nobody_can_see_ends_a_minute_after_what_a_delivery_may_take() {
    let sandbox = project("");
    add_to_policy(&sandbox, &hanging());
    sandbox.ok("config trust --yes");
    sandbox.write("hold", b"");
    let claimed_at = sandbox.clock();
    let mut child = until_claimed(&sandbox, "monitor");
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::remove_file(sandbox.file("hold")).unwrap();
    // As if it had run in another container, where nobody can see that it is dead.
    let query = "UPDATE delivery SET owner_boot = 'another machine'";
    assert_eq!(sandbox.sql().execute(query, []).unwrap(), 1);
    // The run's clock stands still; the claim begins when it is made, a while after the run.
    let ends = sandbox.number("SELECT claimed_until / 1000000 FROM delivery");
    let ends = u64::try_from(ends).unwrap();
    assert!((claimed_at + 120..claimed_at + 150).contains(&ends));
    sandbox.set_clock(ends - 5);
    sandbox
        .ok("alerts flush")
        .says("1 message is being sent by another run.");
    sandbox.set_clock(ends + 1);
    sandbox
        .ok("alerts flush")
        .says("Told team (command): degraded.");
}

#[test]
fn two_runs_at_once_send_one_message_once() {
    for _ in 0..5 {
        let sandbox = project(FILE);
        sandbox.run("check").expect(3);
        let words = ["alerts", "flush"];
        let children: Vec<_> = (0..4)
            .map(|_| {
                let command = sandbox.command(&words);
                std::thread::spawn(move || finish(&words, command, &[]))
            })
            .collect();
        for child in children {
            child.join().unwrap().expect(0);
        }
        assert_eq!(events(&sandbox, "alerts.jsonl"), ["degraded"]);
    }
}

#[test]
fn a_policy_that_is_found_and_tells_somebody_outside_has_to_be_trusted() {
    for channel in [
        "kind = \"command\"\ncommand = [\"true\"]",
        "kind = \"slack\"\nurl_env = \"X\"",
        "kind = \"webhook\"\nurl_file = \"x\"",
        "kind = \"email\"\nfrom = \"a@b.example\"\nto = [\"c@d.example\"]\nsendmail = \"/usr/sbin/sendmail\"",
        "kind = \"file\"\npath = \"../alerts.jsonl\"",
    ] {
        let sandbox = project("");
        add_to_policy(&sandbox, &format!("\n[[notify]]\n{channel}\n"));
        let before = sandbox.store_bytes();
        for line in ["monitor", "check", "alerts test", "alerts flush"] {
            sandbox.fails(line, 2, "MG0307").tells("modelguard.toml:");
        }
        assert!(before == sandbox.store_bytes());
        let named = format!(
            "--config {} status",
            sandbox.file("modelguard.toml").display()
        );
        sandbox.ok(&named);
        sandbox.ok("config trust --yes");
        sandbox.ok("status");
    }
    let sandbox = project(FILE);
    sandbox.ok("status");
}

#[test]
fn consent_names_each_channel_at_its_own_line_with_what_it_runs() {
    let sandbox = Sandbox::empty();
    let policy = "[[notify]]\nkind = \"file\"\npath = \"alerts.jsonl\"\n\
        [[notify]]\nkind = \"command\"\nname = \"pager\"\ncommand = [\"sh\", \"-c\", \"rm -rf ~\"]\n\
        [[notify]]\nkind = \"slack\"\nname = \"team\"\nurl_env = \"SLACK_URL\"\n";
    sandbox.write("modelguard.toml", policy.as_bytes());
    let pager = "modelguard.toml:4  channel \"pager\" runs \"sh\" \"-c\" \"rm -rf ~\"";
    let run = sandbox.fails("alerts test", 2, "MG0307");
    let lines: Vec<_> = run.stderr.lines().collect();
    // Its words are for whoever reads and agrees, not for a log.
    let program = "modelguard.toml:4  channel \"pager\" runs \"sh\" and 2 more words";
    assert!(
        lines[0].ends_with(&format!("trusted yet: {program} (and 1 more)")),
        "{run:#?}"
    );
    assert!(lines[1].ends_with("modelguard.toml:4:1"), "{run:#?}");
    assert_eq!(lines[2], " 4 | [[notify]]");
    assert!(
        lines[3].starts_with(
            "   | ^^^^^^^^^^ leads outside the folder of this file; read it, then `XDG_STATE_HOME="
        ),
        "{run:#?}"
    );
    let problem = sandbox.run("alerts test --json").problem();
    assert_eq!(problem["details"]["line_number"], 4, "{problem}");
    let team = "modelguard.toml:8  channel \"team\" posts messages to Slack, at the address in the variable SLACK_URL";
    let trusted = sandbox.json("config trust --yes");
    assert_eq!(trusted["lines"], serde_json::json!([pager, team]));
}

#[test]
fn secrets_are_shown_as_names_and_missing_ones_are_told_of() {
    let policy = "\n[[notify]]\nname = \"hook\"\nkind = \"webhook\"\nurl_file = \"secrets/url\"\ntoken_env = \"HOOK_TOKEN\"\n";
    let sandbox = project("");
    add_to_policy(&sandbox, policy);
    sandbox.ok("config trust --yes");
    sandbox
        .ok("config show")
        .says("notify[1].url_file")
        .says("secrets/url")
        .says("HOOK_TOKEN");
    let checked = sandbox.ok("config validate --json").document();
    let checks = checked["data"]["checks"].to_string();
    assert!(checks.contains("secrets/url"), "{checks}");
    assert!(
        checks.contains("variable HOOK_TOKEN is not set"),
        "{checks}"
    );
    let run = an_hour_later(&sandbox, "monitor").expect(5);
    assert!(
        run.stderr
            .contains("channel hook did not take the message (degraded): the secret's file"),
        "{run:#?}"
    );
    let secret = "https://127.0.0.1:1/s3cret-canary";
    sandbox.write("secrets/url", format!("{secret}\n").as_bytes());
    sandbox.set_clock(sandbox.clock() + HOUR);
    let run = sandbox
        .run_where("HOOK_TOKEN", "t0ken-canary", "monitor -vv")
        .expect(0);
    assert!(run.stderr.contains("others may read the file"), "{run:#?}");
    let store = sandbox.store_bytes();
    for canary in ["s3cret-canary", "t0ken-canary"] {
        assert!(!format!("{run:?}").contains(canary), "{run:#?}");
        assert!(
            !store
                .windows(canary.len())
                .any(|part| part == canary.as_bytes())
        );
    }
}
