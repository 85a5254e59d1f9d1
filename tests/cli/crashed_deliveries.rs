//! Deliveries whose sender is killed on the way: the next run delivers, at most one message comes twice.

use crate::http_server::{Behaviour, Request, Server, answer};
use crate::rows::HOUR;
use crate::support::{Run, Sandbox, ended};

/// A project whose live version has become worse, and a channel to a web server.
fn degraded(notify: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.ok("init --model m --task regression --preset original");
    for (name, rmse) in [("v1", "10"), ("v2", "10.1"), ("v3", "14")] {
        let path = sandbox.write("model.bin", name.as_bytes());
        let path = path.display();
        sandbox.ok(&format!(
            "register {path} --version-id {name} --metric rmse={rmse} --metric r2=0.8"
        ));
        sandbox.ok(&format!("promote {name} --yes"));
    }
    let policy = std::fs::read_to_string(sandbox.file("modelguard.toml")).unwrap();
    sandbox.write(
        "modelguard.toml",
        format!("{policy}\n{notify}\n").as_bytes(),
    );
    sandbox
}

const WEBHOOK: &str = "[[notify]]\nkind = \"webhook\"\nname = \"hook\"\nurl_env = \"HOOK\"\n";

/// `monitor`, an hour after the one before, told to the server as the one to kill.
fn monitor(sandbox: &Sandbox, server: &Server) -> Run {
    sandbox.set_clock(sandbox.clock() + HOUR);
    let words = ["monitor", "--config", "modelguard.toml", "--json"];
    let mut command = sandbox.command(&words);
    command.env("HOOK", server.url("http", "/hook"));
    let child = command.spawn().unwrap();
    server.kills(child.id());
    ended(&words, child, &[])
}

fn id(request: &Request) -> String {
    request.header("x-modelguard-delivery").unwrap().to_owned()
}

#[test]
fn a_run_that_is_killed_while_it_delivers_is_made_good_by_the_next() {
    for (behaviour, came_before) in [
        (Behaviour::KillBeforeReading, 0),
        (Behaviour::KillAfterReading, 1),
    ] {
        let sandbox = degraded(WEBHOOK);
        let server = Server::start(None, &[behaviour, answer(200)]);
        assert_eq!(monitor(&sandbox, &server).status, 128 + 9);
        let first = server.requests();
        assert_eq!(first.len(), came_before, "{first:#?}");
        // The verdict and its act were there before anything was sent.
        assert_eq!(sandbox.holder("production").as_deref(), Some("v2"));

        let run = monitor(&sandbox, &server);
        assert_eq!(run.status, 0, "{run:#?}");
        let second = server.requests();
        let events = second.iter().map(|request| {
            let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
            (body["event"].as_str().unwrap().to_owned(), id(request))
        });
        let (events, ids): (Vec<_>, Vec<_>) = events.unzip();
        assert_eq!(events, ["degraded", "recovered"], "{run:#?}");
        if let Some(first) = first.first() {
            assert_eq!(id(first), ids[0], "the same message came under another id");
        }
        monitor(&sandbox, &server).expect(0);
        assert_eq!(server.requests().len(), 0, "it came once more");
    }
}

#[test]
#[cfg(unix)]
fn a_run_that_is_killed_between_verdict_and_delivery_is_made_good_by_the_next() {
    // The first time the program ends the process that started it, before it has done anything.
    let script = "mkdir first 2> /dev/null && kill -9 $PPID; cat >> told";
    let sandbox = degraded(&format!(
        "[[notify]]\nkind = \"command\"\nname = \"teller\"\ncommand = [\"sh\", \"-c\", \"{script}\"]\n"
    ));
    let words = "monitor --config modelguard.toml";
    assert_eq!(sandbox.run(words).status, 128 + 9);
    assert_eq!(sandbox.holder("production").as_deref(), Some("v2"));
    sandbox.set_clock(sandbox.clock() + HOUR);
    sandbox.ok(words);
    let told = std::fs::read_to_string(sandbox.file("told")).unwrap();
    let mut ids: Vec<_> = told
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|message| message["event"] == "degraded")
        .map(|message| message["delivery_id"].as_str().unwrap().to_owned())
        .collect();
    let times = ids.len();
    ids.dedup();
    assert!((1..=2).contains(&times) && ids.len() == 1, "{told}");
}
