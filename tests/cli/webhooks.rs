//! What arrives at a real web server, and what a sender says when it does not.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use modelguard::domain::policy::{Carrier, Channel, Filter, SecretSource};
use modelguard::notify::{Limits, Secrets, SendError, send};
use serde_json::Value;

use super::http_server::{Behaviour, Certificate, Server, answer, certificate};
use crate::support::message;

/// Nothing here needs so long on a busy machine; what ends because of it is a failure.
const LONG: u64 = 60_000;

struct Sender {
    folder: tempfile::TempDir,
    ca_file: Option<String>,
    secrets: Secrets,
    is_slack: bool,
}

impl Sender {
    fn to(url: String) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            ca_file: None,
            secrets: Secrets {
                url: Some(url),
                ..Secrets::default()
            },
            is_slack: false,
        }
    }

    fn trusting(mut self, pem: &str) -> Self {
        std::fs::write(self.folder.path().join("ca.pem"), pem).unwrap();
        self.ca_file = Some("ca.pem".to_owned());
        self
    }

    fn with_token(mut self, token: &str) -> Self {
        self.secrets.token = Some(token.to_owned());
        self
    }

    fn send(&self, millis: u64) -> Result<(), SendError> {
        let source = || SecretSource::Variable("NOT_READ_HERE".to_owned());
        let ca_file = self.ca_file.clone();
        let channel = Channel {
            name: "ops".to_owned(),
            carrier: match self.is_slack {
                true => Carrier::Slack {
                    url: source(),
                    ca_file,
                },
                false => Carrier::Webhook {
                    url: source(),
                    token: Some(source()),
                    ca_file,
                },
            },
            passes: Filter::default(),
            required: false,
        };
        let limits = Limits::of(Duration::from_millis(millis));
        send(
            &channel,
            &message(),
            &self.secrets,
            self.folder.path(),
            &limits,
        )
    }

    #[track_caller]
    fn fails(&self, millis: u64, text: &str) -> SendError {
        let error = self.send(millis).unwrap_err();
        assert!(error.text.contains(text), "{error:?}");
        assert!(!error.text.contains("localhost"), "{error:?}");
        error
    }
}

fn served(certificate: Option<&Certificate>, behaviours: &[Behaviour]) -> (Server, Sender) {
    let server = Server::start(certificate, behaviours);
    let scheme = if certificate.is_some() {
        "https"
    } else {
        "http"
    };
    let mut sender = Sender::to(server.url(scheme, "/hook?key=1"));
    if let Some(certificate) = certificate {
        sender = sender.trusting(&certificate.ca_pem);
    }
    (server, sender)
}

#[test]
fn a_webhook_gets_the_message_with_its_id_and_the_token() {
    let certificate = certificate("localhost", false);
    let (server, sender) = served(Some(&certificate), &[answer(204)]);
    sender.with_token("opensesame").send(LONG).unwrap();
    let request = server.request();
    assert_eq!(request.line, "POST /hook?key=1 HTTP/1.1");
    assert_eq!(request.header("authorization"), Some("Bearer opensesame"));
    let id = request.header("x-modelguard-delivery");
    assert_eq!(id, Some("20260105T143022-7-ops"));
    let kind = request.header("content-type");
    assert_eq!(kind, Some("application/json; charset=utf-8"));
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body["schema"], "modelguard.notification/1");
    assert_eq!(body["delivery_id"], "20260105T143022-7-ops");
    assert_eq!(body["lines"][0], "accuracy 0.91 → 0.80");
}

#[test]
fn slack_gets_blocks_and_no_token() {
    let (server, mut sender) = served(None, &[answer(200)]);
    sender.is_slack = true;
    sender.send(LONG).unwrap();
    let request = server.request();
    assert_eq!(request.header("authorization"), None);
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body["text"], "churn is degraded");
    assert_eq!(body["blocks"][0]["type"], "header");
}

#[test]
fn a_server_in_trouble_is_tried_again_under_the_same_id() {
    let trouble = Behaviour::Answer(500, String::new(), "disk full\n".to_owned());
    let (server, sender) = served(None, &[trouble, answer(200)]);
    let error = sender.fails(LONG, "the server answered 500 (disk full)");
    assert!(!error.is_permanent);
    sender.send(LONG).unwrap();
    let ids = [server.request(), server.request()]
        .map(|request| request.header("x-modelguard-delivery").map(str::to_owned));
    assert_eq!(ids[0], ids[1]);
    assert!(ids[0].is_some());
}

#[test]
fn what_the_message_or_the_address_is_refused_for_is_permanent() {
    for (status, is_permanent) in [
        (400, true),
        (401, false),
        (403, false),
        (404, true),
        (408, false),
        (410, true),
        (413, true),
        (425, false),
        (429, false),
        (500, false),
        (502, false),
        (503, false),
    ] {
        let (_server, sender) = served(None, &[answer(status)]);
        let error = sender.fails(LONG, &format!("answered {status}"));
        assert_eq!(error.is_permanent, is_permanent, "{error:?}");
    }
}

/// However an answer is drawn out, the whole attempt has one end.
#[test]
fn a_slow_server_costs_no_more_than_the_time_limit() {
    let certificate = certificate("localhost", false);
    for certificate in [None, Some(&certificate)] {
        for (behaviour, text) in [
            (Behaviour::Silence, "no answer within 700 ms"),
            (Behaviour::DripHeaders, "no answer within 700 ms"),
            (Behaviour::DripBody(500), "the server answered 500"),
        ] {
            let (_server, sender) = served(certificate, std::slice::from_ref(&behaviour));
            let began = Instant::now();
            let error = sender.fails(700, text);
            let took = began.elapsed();
            assert!(took < Duration::from_secs(20), "{behaviour:?}: {took:?}");
            assert!(!error.is_permanent);
        }
    }
}

/// The status says that it was taken; what follows is of no interest.
#[test]
fn a_success_whose_body_never_ends_is_a_success() {
    let (_server, sender) = served(None, &[Behaviour::DripBody(200)]);
    let began = Instant::now();
    sender.send(LONG).unwrap();
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_server_that_never_shakes_hands_costs_no_more_than_the_time_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let began = Instant::now();
    let sender = Sender::to(format!("https://localhost:{port}/"));
    sender.fails(500, "no answer within 500 ms");
    assert!(began.elapsed() < Duration::from_secs(20));
    sender.fails(0, "there was no time left for it");
}

#[test]
fn a_redirect_is_not_followed_and_its_target_not_named() {
    for status in [301, 302, 303, 307, 308] {
        let target = Server::start(None, &[answer(200)]);
        let header = format!("Location: {}\r\n", target.url("http", "/elsewhere"));
        let (server, sender) = served(None, &[Behaviour::Answer(status, header, String::new())]);
        let error = sender
            .with_token("opensesame")
            .fails(LONG, &format!("answered {status}"));
        assert!(!error.text.contains("elsewhere"), "{error}");
        server.request();
        assert_eq!(target.connections(), 0, "{status} was followed");
        assert_eq!(server.connections(), 1);
    }
}

#[test]
fn a_certificate_that_cannot_be_trusted_gets_no_message() {
    let good = certificate("localhost", false);
    let other_authority = certificate("localhost", false);
    let other_name = certificate("example.com", false);
    let expired = certificate("localhost", true);
    for (certificate, ca_pem, text) in [
        (&good, None, "signed by nobody who is trusted"),
        (
            &good,
            Some(&other_authority.ca_pem),
            "signed by nobody who is trusted",
        ),
        (
            &other_name,
            Some(&other_name.ca_pem),
            "the certificate is for another name",
        ),
        (
            &expired,
            Some(&expired.ca_pem),
            "the certificate has expired",
        ),
    ] {
        let server = Server::start(Some(certificate), &[answer(200)]);
        let mut sender = Sender::to(server.url("https", "/hook"));
        if let Some(pem) = ca_pem {
            sender = sender.trusting(pem);
        }
        let error = sender.fails(LONG, text);
        assert!(!error.is_permanent);
        assert!(server.nothing_came(), "a message came through");
    }
    // The common authorities stay trusted beside one's own; a file that holds none is named as such.
    let (_server, sender) = served(Some(&good), &[answer(200)]);
    sender.send(LONG).unwrap();
    sender
        .trusting("no certificate\n")
        .fails(LONG, "holds no certificate");
}

#[test]
fn what_is_not_there_is_said_without_its_address() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let refused = Sender::to(format!("http://localhost:{port}/hook"));
    let error = refused.fails(LONG, "no connection: connection refused");
    assert!(!error.is_permanent);
    let unknown = Sender::to("http://no-such-host.invalid/hook".to_owned());
    let error = unknown.fails(LONG, "the name of its host can't be resolved");
    assert!(!error.is_permanent && !error.text.contains("invalid"));
    for (behaviour, text) in [
        (Behaviour::HangUp, "no connection: "),
        (Behaviour::Gibberish, "its answer is not HTTP"),
    ] {
        let (_server, sender) = served(None, &[behaviour]);
        sender.fails(LONG, text);
    }
    for address in [
        "",
        "ftp://localhost/",
        "localhost:80/hook",
        "http://",
        "https://local host/",
    ] {
        Sender::to(address.to_owned()).fails(LONG, "the address is none that begins with https://");
    }
    let (_server, sender) = served(None, &[answer(200)]);
    sender
        .with_token("two\r\nlines")
        .fails(LONG, "a header can't hold");
}

#[test]
fn a_server_that_repeats_the_secrets_is_not_quoted() {
    // "Canary-URL-secret" and "Canary-token" with what base64 makes of them.
    let repeats = [
        "Canary-URL-secret",
        "canary-url-s",
        "Q2FuYXJ5LVVSTC1zZWNyZXQ=",
        "Canary-token/+",
        "Canary-token%2F%2B",
        "Q2FuYXJ5LXRva2VuLys=",
    ];
    let mut behaviours: Vec<_> = repeats
        .iter()
        .map(|said| Behaviour::Answer(404, String::new(), format!("no such hook: {said}")))
        .collect();
    behaviours.push(Behaviour::Echo(403));
    let server = Server::start(None, &behaviours);
    let url = server.url("http", "/Canary-URL-secret");
    let sender = Sender::to(url).with_token("Canary-token/+");
    for _ in &behaviours {
        let text = sender.send(LONG).unwrap_err().text;
        assert!(
            text == "the server answered 404" || text == "the server answered 403",
            "{text}"
        );
    }
    let unreachable = Sender::to("https://user:Canary-URL-secret@127.0.0.1:1/".to_owned());
    let text = unreachable.send(LONG).unwrap_err().text;
    assert!(!text.contains("anary"), "{text}");
}
