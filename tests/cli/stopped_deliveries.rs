//! Deliveries that are asked to stop: they end at once, and the next run delivers what was on its way.

use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use modelguard::domain::operation::Author;
use modelguard::domain::time::{Length, Timestamp};
use modelguard::policy::load;
use modelguard::store::{Access, Store};
use modelguard::workflows::delivering::{Terms, deliver};

#[cfg(feature = "net")]
use crate::http_server::{Behaviour, Server, answer};
use crate::messages::{add_to_policy, events, project, state, states, until_claimed};
use crate::support::{Run, Sandbox, ended};

/// Much less than the ten minutes for which the channels here would wait, and enough for a busy machine.
const SOON: Duration = Duration::from_secs(15);
const LIMITS: &str = "\n[delivery]\ntotal_timeout = \"10m\"\nattempt_timeout = \"10m\"\n";

/// Channels whose programs hang as long as there is a file `hold`, and say before who they are.
fn hanging(more: &str) -> Sandbox {
    let script =
        "echo $$ > pid.new; mv pid.new pid; test -e hold && exec sleep 600; cat >> alerts.jsonl";
    let sandbox = project("");
    add_to_policy(
        &sandbox,
        &format!(
            "{LIMITS}[[notify]]\nname = \"team\"\nkind = \"command\"\n\
             command = [\"sh\", \"-c\", \"{script}\"]\n{more}"
        ),
    );
    sandbox.ok("config trust --yes");
    sandbox.write("hold", b"");
    sandbox
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < end, "it never came to this: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until the channel's program runs, and gives its number.
fn program(sandbox: &Sandbox) -> String {
    let path = sandbox.file("pid");
    until("the program runs", || path.exists());
    let number = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    number.trim().to_owned()
}

/// Sends the signal and waits for the end, which has to come soon.
fn signalled(child: Child, signal: &str) -> Run {
    let number = child.id().to_string();
    let sent = Command::new("kill").args([signal, &number]).status();
    assert!(sent.unwrap().success());
    let began = Instant::now();
    let run = ended(&[signal], child, &[]);
    assert!(began.elapsed() < SOON, "{:?} {run:#?}", began.elapsed());
    run
}

#[test]
fn a_signal_ends_a_delivery_and_not_the_verdict() {
    for (line, signal) in [
        ("monitor", "-TERM"),
        ("monitor", "-INT"),
        ("monitor --all", "-TERM"),
    ] {
        let sandbox = hanging("");
        let child = until_claimed(&sandbox, line);
        let program = program(&sandbox);
        let run = signalled(child, signal).expect(5).tells(
            "channel team did not take the message (degraded): \
             the run was asked to stop before there was an answer; a later run tries again",
        );
        assert!(!run.stderr.contains("Told"), "{run:#?}");
        assert!(
            !Path::new(&format!("/proc/{program}")).exists(),
            "the program goes on"
        );
        // It is no failure of the channel, so that nothing waits for it.
        assert_eq!(states(&sandbox), [state("degraded", "queued", 0)]);
        let claimed = "SELECT count(*) FROM delivery WHERE owner_pid IS NOT NULL";
        assert_eq!(sandbox.number(claimed), 0);
        std::fs::remove_file(sandbox.file("hold")).unwrap();
        sandbox
            .run("monitor")
            .expect(0)
            .tells("Told team (command): degraded, recovered.");
        assert_eq!(events(&sandbox, "alerts.jsonl"), ["degraded", "recovered"]);
    }
}

#[test]
fn a_required_channel_that_a_signal_kept_from_is_missed() {
    let sandbox = hanging("required = true\n");
    let child = until_claimed(&sandbox, "monitor");
    program(&sandbox);
    signalled(child, "-TERM")
        .expect(1)
        .says("Not told team, which is required: degraded: the run was asked to stop");
}

#[test]
fn a_flush_that_is_asked_to_stop_has_not_done_its_work() {
    let sandbox = hanging("[[notify]]\nname = \"log\"\nkind = \"file\"\npath = \"log.jsonl\"\n");
    sandbox.run("check").expect(3);
    for (signal, status) in [("-TERM", 143), ("-INT", 130)] {
        let child = until_claimed(&sandbox, "alerts flush");
        program(&sandbox);
        let run = signalled(child, signal).expect(status);
        assert!(
            run.stdout.contains("Not told team (command): degraded."),
            "{run:#?}"
        );
        assert_eq!(states(&sandbox)[0], state("degraded", "queued", 0));
    }
    assert_eq!(
        events(&sandbox, "log.jsonl"),
        ["degraded"],
        "nobody kept it from that"
    );
    std::fs::remove_file(sandbox.file("hold")).unwrap();
    sandbox
        .ok("alerts flush")
        .says("Told team (command): degraded.");
}

#[cfg(feature = "net")]
#[test]
fn a_server_that_is_silent_holds_up_nobody_who_is_asked_to_stop() {
    let webhook =
        format!("{LIMITS}[[notify]]\nkind = \"webhook\"\nname = \"hook\"\nurl_env = \"HOOK\"\n");
    let sandbox = project("");
    add_to_policy(&sandbox, &webhook);
    sandbox.ok("config trust --yes");
    sandbox.run("check").expect(3);
    let server = Server::start(None, &[Behaviour::Silence, answer(200)]);
    let words = ["alerts", "flush"];
    let mut command = sandbox.command(&words);
    let child = command.env("HOOK", server.url("http", "/hook")).spawn();
    until("a connection", || server.connections() == 1);
    signalled(child.unwrap(), "-TERM").expect(143);
    assert_eq!(states(&sandbox), [state("degraded", "queued", 0)]);
    let url = server.url("http", "/hook");
    sandbox.run_where("HOOK", &url, "alerts flush").expect(0);
    let ids: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.header("x-modelguard-delivery").unwrap().to_owned())
        .collect();
    assert!(
        ids.len() == 2 && ids[0] == ids[1],
        "the same once more: {ids:?}"
    );
}

#[test]
fn a_test_of_channels_that_is_asked_to_stop_tells_what_it_knows() {
    let sandbox = hanging("[[notify]]\nname = \"log\"\nkind = \"file\"\npath = \"log.jsonl\"\n");
    for (signal, status) in [("-TERM", 143), ("-INT", 130)] {
        let stopped = |words: &[&str]| {
            let _ = std::fs::remove_file(sandbox.file("log.jsonl"));
            let child = sandbox.command(words).spawn().unwrap();
            let program = program(&sandbox);
            until("the other one is told", || {
                sandbox.file("log.jsonl").exists()
            });
            (signalled(child, signal).expect(status), program)
        };
        let (run, program) = stopped(&["alerts", "test"]);
        assert_eq!(
            run.stdout,
            "team: not known: the run was asked to stop before there was an answer\n\
             log: it was taken\n"
        );
        assert!(!Path::new(&format!("/proc/{program}")).exists());
        let (run, _) = stopped(&["alerts", "test", "--json"]);
        let deliveries = run.document()["data"]["deliveries"].clone();
        assert_eq!(deliveries[0]["state"], "unknown");
        assert_eq!(
            deliveries[0]["error"],
            "the run was asked to stop before there was an answer"
        );
        assert_eq!(deliveries[1]["state"], "delivered");
    }
}

#[test]
fn a_test_of_all_channels_takes_no_longer_than_a_delivery() {
    let channels: String = (1..=8)
        .map(|number| {
            format!(
                "[[notify]]\nname = \"n{number}\"\nkind = \"command\"\n\
                 command = [\"sleep\", \"600\"]\n"
            )
        })
        .collect();
    let sandbox = project("");
    let limits = "\n[delivery]\ntotal_timeout = \"3s\"\nattempt_timeout = \"10m\"\n";
    add_to_policy(&sandbox, &format!("{limits}{channels}"));
    sandbox.ok("config trust --yes");
    let began = Instant::now();
    let run = sandbox.run("alerts test").expect(1);
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    let expected: String = (1..=8)
        .map(|number| {
            format!(
                "n{number}: failed: sleep did not end within 2600 ms and was killed, with its process group\n"
            )
        })
        .collect();
    assert_eq!(run.stdout, expected);
}

#[test]
fn a_run_that_was_asked_to_stop_before_it_delivers_begins_nothing() {
    let sandbox = project(
        "[[notify]]\nname = \"log\"\nkind = \"file\"\npath = \"log.jsonl\"\n\
         [[notify]]\nkind = \"file\"\npath = \"other.jsonl\"\n",
    );
    sandbox.run("check").expect(3);
    sandbox.run("promote v1 --yes").expect(0);
    sandbox.set_clock(sandbox.clock() + 3_600);
    sandbox.run("check").expect(0);
    let path = sandbox.file("modelguard.toml");
    let policy = load::parse(&std::fs::read_to_string(&path).unwrap(), &path).unwrap();
    let now = i64::try_from(sandbox.clock()).unwrap() * 1_000_000;
    let author = Author {
        at: Timestamp::from_micros(now).unwrap(),
        clock_overridden: true,
        actor: "cron".to_owned(),
        host: "srv1".to_owned(),
        command_line: "modelguard monitor".to_owned(),
    };
    let lock = Length::from_seconds(5);
    let mut store = Store::open(&sandbox.store(), Access::Write, lock, &author).unwrap();
    let terms = Terms {
        channels: &policy.channels,
        rules: policy.delivery,
        folder: &sandbox.path(),
        began: Instant::now(),
        all: true,
    };
    let sent = deliver(&mut store, &author, &terms, &|| true).unwrap().sent;
    drop(store);
    let told: Vec<_> = sent
        .iter()
        .map(|one| {
            (
                one.channel.as_str(),
                one.was_cut_short,
                one.error.as_deref(),
            )
        })
        .collect();
    let why = Some("the run was asked to stop before it was sent");
    // One message of each channel tells of it.
    assert_eq!(
        told,
        [
            ("log", true, why),
            ("file", true, why),
            ("log", false, None),
            ("file", false, None),
        ]
    );
    assert!(events(&sandbox, "log.jsonl").is_empty());
    let queued = |event: &str| state(event, "queued", 0);
    let all = ["degraded", "degraded", "recovered", "recovered"].map(queued);
    assert_eq!(states(&sandbox), all);
    sandbox.ok("alerts flush");
    assert_eq!(events(&sandbox, "log.jsonl"), ["degraded", "recovered"]);
}

#[test]
fn a_store_that_fails_in_the_middle_leaves_no_program_running() {
    let first = "echo 1 > sending; while ! test -e locked; do sleep 0.05; done";
    let sandbox = hanging(&format!(
        "[[notify]]\nname = \"first\"\nkind = \"command\"\ncommand = [\"sh\", \"-c\", \"{first}\"]\n"
    ));
    let words = ["monitor", "--lock-timeout", "50ms"];
    let child = sandbox.command(&words).spawn().unwrap();
    let program = program(&sandbox);
    until("the first one sends", || sandbox.file("sending").exists());
    // That the first one has taken its message can't be noted.
    let holder = sandbox.sql();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    sandbox.write("locked", b"");
    let began = Instant::now();
    ended(&words, child, &[]).expect(5);
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    let goes_on = Path::new(&format!("/proc/{program}")).exists();
    if goes_on {
        let _ = Command::new("kill").args(["-9", &program]).status();
    }
    assert!(!goes_on, "the program goes on");
    drop(holder);
    std::fs::remove_file(sandbox.file("hold")).unwrap();
    sandbox.ok("alerts flush");
}
