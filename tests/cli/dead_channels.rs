//! Channels that are out of order, and what waits for them: nobody else waits, and cron hears of it once.

use crate::messages::{add_to_policy, events, project, state, states};
use crate::rows::{DAY, HOUR};
use crate::support::Sandbox;

/// A channel whose file can't be written.
const DEAD: &str = "\n[[notify]]\nname = \"ops\"\nkind = \"file\"\npath = \"no/x.jsonl\"\n";
const FILE: &str = "\n[[notify]]\nname = \"team\"\nkind = \"file\"\npath = \"alerts.jsonl\"\n";

/// A project with nowhere to go back to, and an inbox with so many files that are refused.
fn with_refused_files(files_count: usize, policy: &str) -> Sandbox {
    let sandbox = project("");
    sandbox.ok("retire v1 --reason old");
    sandbox.ok("retire v2 --reason old");
    let inbox = "\n[models.m.ingest]\ninbox = \"inbox/\"\n";
    add_to_policy(&sandbox, &format!("{policy}{inbox}"));
    std::fs::create_dir(sandbox.file("inbox")).unwrap();
    for number in 1..=files_count {
        sandbox.write(&format!("inbox/truth_{number}.csv"), b"nonsense\n");
    }
    sandbox
}

#[test]
fn a_channel_with_more_than_one_run_sends_keeps_no_other_from_its_messages() {
    let sandbox = project(&format!("{DEAD}{FILE}"));
    sandbox.run("check").expect(3);
    // Each about an alert of its own, and all of them older than what waits for the other channel.
    let sql = "UPDATE delivery SET id = 100000 WHERE channel = 'team';
        WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1200)
        INSERT INTO delivery (id, name, model_id, alert_id, channel, event, message, state, queued_at, next_attempt_at,
                              attempts_count)
        SELECT 1000 + n, name || n, model_id, 1000 + n, channel, event, message, state, queued_at, next_attempt_at, 0
        FROM delivery, number WHERE channel = 'ops'";
    sandbox
        .sql()
        .execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}"))
        .unwrap();
    // The alerts themselves are missing.
    sandbox.run_on_broken("alerts flush").expect(1).says(
        "Told team (file): degraded.\nNot told ops (file): degraded; 1,200 others wait behind it.\n",
    );
    assert_eq!(events(&sandbox, "alerts.jsonl"), ["degraded"]);
    let attempts = "SELECT sum(attempts_count) FROM delivery WHERE channel = 'ops'";
    assert_eq!(sandbox.number(attempts), 1);
    // None of them is tried before its time.
    sandbox.run_on_broken("monitor").expect(5);
    assert_eq!(sandbox.number(attempts), 1);
}

#[test]
fn cron_hears_once_of_a_dead_channel_and_once_that_it_was_given_up() {
    let sandbox = with_refused_files(8, DEAD);
    let mut mails = Vec::new();
    for hour in (0..10 * 24).step_by(8) {
        let run = sandbox.run("monitor -q").expect(6);
        if !run.stderr.is_empty() {
            mails.push((hour, run.stderr));
        }
        sandbox.set_clock(sandbox.clock() + 8 * HOUR);
    }
    let hours: Vec<_> = mails.iter().map(|(hour, _)| *hour).collect();
    assert_eq!(hours, [0, 7 * 24], "{mails:#?}");
    for (mail, end) in mails.iter().zip([
        "; a later run tries again\n",
        "; it was given up, with 8 others\n",
    ]) {
        let lines: Vec<_> = mail
            .1
            .lines()
            .filter(|line| line.contains("channel ops"))
            .collect();
        assert_eq!(lines.len(), 1, "{mails:#?}");
        assert!(mail.1.ends_with(end), "{mails:#?}");
    }
    let given_up = "SELECT count(*) FROM delivery WHERE state = 'failed'";
    assert_eq!(sandbox.number(given_up), 9);
    // Whoever was not told is told again: of the version, and of all files in one message.
    assert_eq!(
        states(&sandbox)[9..]
            .iter()
            .map(|(event, state, _)| (event.as_str(), state.as_str()))
            .collect::<Vec<_>>(),
        [("blocked", "queued"), ("refused_file", "queued")]
    );
    std::fs::create_dir(sandbox.file("no")).unwrap();
    sandbox.ok("alerts flush");
    sandbox.run("monitor -q").expect(6);
    assert_eq!(events(&sandbox, "no/x.jsonl"), ["blocked", "refused_file"]);
    // It took something, so that its next failure is news.
    std::fs::remove_dir_all(sandbox.file("no")).unwrap();
    sandbox.set_clock(sandbox.clock() + 2 * DAY);
    sandbox
        .run("monitor -q")
        .expect(6)
        .tells("channel ops did not take the message (reminder): ");
}

#[test]
fn a_message_that_is_never_taken_keeps_the_channel_from_no_other() {
    let script = "test $MODELGUARD_EVENT != degraded && cat >> told.jsonl";
    let channel = format!(
        "\n[[notify]]\nname = \"team\"\nkind = \"command\"\ncommand = [\"sh\", \"-c\", \"{script}\"]\n"
    );
    let sandbox = with_refused_files(2, &channel);
    sandbox.ok("config trust --yes");
    sandbox.run("check").expect(3);
    sandbox.run("ingest inbox").expect(2);
    sandbox
        .run("alerts flush")
        .expect(1)
        .says("Not told team (command): degraded; 2 others wait behind it.\n");
    sandbox
        .run("alerts flush")
        .expect(1)
        .says("Told team (command): refused file, refused file.\n");
    assert_eq!(
        states(&sandbox),
        [
            state("degraded", "queued", 2),
            state("refused_file", "delivered", 1),
            state("refused_file", "delivered", 1)
        ]
    );
}

#[test]
fn a_failure_is_noted_at_the_moment_when_it_happened() {
    let sandbox = project(DEAD);
    sandbox.run("monitor").expect(5);
    let waited = "SELECT first_failed_at - queued_at FROM delivery";
    assert!(
        sandbox.number(waited) > 0,
        "the run's own clock stands still"
    );
    let next = "SELECT next_attempt_at - first_failed_at FROM delivery";
    assert_eq!(sandbox.number(next), 60_000_000);
}
