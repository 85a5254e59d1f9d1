//! Several messages that wait for one channel: which of them one that is not taken holds up, and which are tried.

use crate::http_server::{Behaviour, Server, answer};
use crate::rows::{self, HOUR};
use crate::support::{Sandbox, ended};

/// A message about a version and two about files wait.
fn waiting(notify: &str) -> Sandbox {
    waiting_with(2, notify)
}

fn waiting_with(files_count: usize, notify: &str) -> Sandbox {
    let sandbox = rows::degraded();
    let policy = std::fs::read_to_string(sandbox.file("modelguard.toml")).unwrap();
    let policy = format!("{policy}\n[models.m.ingest]\ninbox = \"inbox/\"\n{notify}");
    sandbox.write("modelguard.toml", policy.as_bytes());
    sandbox.run("--config modelguard.toml check").expect(3);
    std::fs::create_dir(sandbox.file("inbox")).unwrap();
    for number in 1..=files_count {
        let name = format!("truth_{number}.csv");
        std::fs::write(sandbox.file("inbox").join(name), "nonsense\n").unwrap();
    }
    sandbox
        .run("--config modelguard.toml ingest inbox")
        .expect(2);
    sandbox
}

fn states(sandbox: &Sandbox) -> Vec<(String, i64)> {
    let sql = sandbox.sql();
    let mut statement = sql
        .prepare("SELECT state, attempts_count FROM delivery ORDER BY id")
        .unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().map(Result::unwrap).collect()
}

fn all(expected: [(&str, i64); 3]) -> Vec<(String, i64)> {
    let owned = |(state, attempts): (&str, i64)| (state.to_owned(), attempts);
    expected.map(owned).to_vec()
}

const WEBHOOK: &str = "[[notify]]\nkind = \"webhook\"\nname = \"hook\"\nurl_env = \"HOOK\"\n";
const FLUSH: &str = "--config modelguard.toml alerts flush";

#[test]
fn a_message_that_is_refused_for_good_holds_up_no_other_alert() {
    let sandbox = waiting(WEBHOOK);
    let server = Server::start(None, &[answer(404), answer(200)]);
    let url = server.url("http", "/hook");
    let run = sandbox.run_where("HOOK", &url, FLUSH).expect(1);
    assert_eq!(
        run.stdout,
        "Told hook (webhook): refused file, refused file.\nNot told hook (webhook): degraded.\n"
    );
    let expected = all([("queued", 1), ("delivered", 1), ("delivered", 1)]);
    assert_eq!(states(&sandbox), expected);
}

#[test]
fn a_channel_that_is_out_of_order_is_asked_once_in_a_run() {
    let sandbox = waiting(WEBHOOK);
    let server = Server::start(None, &[answer(503), answer(200)]);
    let url = server.url("http", "/hook");
    let run = sandbox.run_where("HOOK", &url, FLUSH).expect(1);
    assert_eq!(
        run.stdout,
        "Not told hook (webhook): degraded; 2 others wait behind it.\n"
    );
    let expected = all([("queued", 1), ("queued", 0), ("queued", 0)]);
    assert_eq!(states(&sandbox), expected);
    sandbox.run_where("HOOK", &url, FLUSH).expect(0);
}

#[test]
fn what_there_was_no_time_for_was_not_tried_and_is_never_given_up_for_it() {
    let notify = "[[notify]]\nkind = \"command\"\nname = \"slow\"\ncommand = [\"sleep\", \"3\"]\n\
                  [delivery]\ntotal_timeout = \"6s\"\n";
    let sandbox = waiting(notify);
    sandbox.set_clock(sandbox.clock() + 30 * 24 * HOUR);
    let run = sandbox.run(FLUSH).expect(1);
    assert_eq!(
        run.stdout,
        "Told slow (command): degraded.\nLeft for the next run, slow (command): 2 messages.\n"
    );
    let expected = all([("delivered", 1), ("queued", 0), ("queued", 0)]);
    assert_eq!(states(&sandbox), expected);
}

#[test]
fn a_channel_keeps_its_messages_when_its_name_is_written_otherwise() {
    let sandbox = waiting(WEBHOOK);
    let policy = std::fs::read_to_string(sandbox.file("modelguard.toml")).unwrap();
    let policy = policy.replace("name = \"hook\"", "name = \"HOOK\"");
    sandbox.write("modelguard.toml", policy.as_bytes());
    let server = Server::start(None, &[answer(200)]);
    let url = server.url("http", "/hook");
    sandbox.run_where("HOOK", &url, FLUSH).expect(0);
}

#[test]
fn a_death_in_the_middle_of_a_backlog_sends_one_message_twice_at_most() {
    let sandbox = waiting_with(40, WEBHOOK);
    let mut behaviours: Vec<_> = (0..30).map(|_| answer(200)).collect();
    behaviours.extend([Behaviour::KillAfterReading, answer(200)]);
    let server = Server::start(None, &behaviours);
    let words: Vec<_> = FLUSH.split_whitespace().collect();
    let mut command = sandbox.command(&words);
    command.env("HOOK", server.url("http", "/hook"));
    let child = command.spawn().unwrap();
    server.kills(child.id());
    assert_eq!(ended(&words, child, &[]).status, 128 + 9);
    let url = server.url("http", "/hook");
    sandbox.run_where("HOOK", &url, FLUSH).expect(0);
    let requests = server.requests();
    let mut ids: Vec<_> = requests
        .iter()
        .map(|request| request.header("x-modelguard-delivery").unwrap())
        .collect();
    assert_eq!(ids.len(), 42, "41 messages, one of them twice");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 41);
}
