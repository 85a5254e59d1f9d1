//! What arrives at a real mail server, and what a sender says when it does not.
//!
//! The server is aiosmtpd from PyPI: `scripts/test_notifications.sh` fetches it and runs these.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use modelguard::domain::notification::Message;
use modelguard::domain::policy::{Carrier, Channel, Encryption, Filter, Mailer, SecretSource};
use modelguard::notify::{Limits, Secrets, SendError, send};
use serde_json::Value;

use crate::rows;
use crate::support::message;

/// Nothing here needs so long on a busy machine; what ends because of it is a failure.
const LONG: u64 = 60_000;
const PASSWORD: &str = "Canary/+secret";

/// The server's process; it ends with its standard input.
struct Server {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
    said: Receiver<Value>,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let python =
            std::env::var("MODELGUARD_TEST_PYTHON").expect("scripts/test_notifications.sh sets it");
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(python)
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/servers/smtp_server.py"
            ))
            .arg(folder.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (say, said) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = say.send(serde_json::from_str::<Value>(&line).unwrap());
            }
        });
        let first = said.recv_timeout(Duration::from_secs(60)).unwrap();
        let port = u16::try_from(first["port"].as_u64().unwrap()).unwrap();
        Self {
            child,
            folder,
            port,
            said,
        }
    }

    /// The next message, which has to come.
    fn mail(&self) -> Value {
        loop {
            let said = self.said.recv_timeout(Duration::from_secs(60)).unwrap();
            if said.get("sender").is_some() {
                return said;
            }
        }
    }

    /// Whether no message has come so far.
    fn has_no_mail(&self) -> bool {
        self.said
            .try_iter()
            .all(|said| said.get("sender").is_none())
    }

    fn sender(&self, encryption: Encryption) -> Sender<'_> {
        Sender {
            server: self,
            host: "localhost",
            encryption,
            user: None,
            password: None,
            trusts: true,
            to: vec!["ana@example.com"],
        }
    }
}

#[derive(Clone)]
struct Sender<'a> {
    server: &'a Server,
    host: &'static str,
    encryption: Encryption,
    user: Option<&'static str>,
    password: Option<&'static str>,
    trusts: bool,
    to: Vec<&'static str>,
}

/// What a mail has to encode, to stuff and to fold.
fn awkward() -> Message {
    Message {
        title: "Zoë's model is 20 % worse".to_owned(),
        lines: vec![
            "accuracy 0.91 → 0.80".to_owned(),
            ".".to_owned(),
            ".hidden = yes ".to_owned(),
            "x".repeat(300),
        ],
        version: None,
        severity: None,
        undo_command: None,
        ..message()
    }
}

impl Sender<'_> {
    fn send(&self, millis: u64) -> Result<(), SendError> {
        let channel = Channel {
            name: "mail".to_owned(),
            carrier: Carrier::Email {
                from: "modelguard@example.com".to_owned(),
                to: self.to.iter().map(|to| (*to).to_owned()).collect(),
                mailer: Mailer::Smtp {
                    host: self.host.to_owned(),
                    port: self.server.port,
                    encryption: self.encryption,
                    user: self.user.map(str::to_owned),
                    password: Some(SecretSource::Variable("NOT_READ_HERE".to_owned())),
                    ca_file: self.trusts.then(|| "ca.pem".to_owned()),
                },
            },
            passes: Filter::default(),
            required: false,
        };
        let secrets = Secrets {
            password: self.password.map(str::to_owned),
            ..Secrets::default()
        };
        let folder = self.server.folder.path();
        send(
            &channel,
            &awkward(),
            &secrets,
            folder,
            &Limits::of(Duration::from_millis(millis)),
        )
    }

    #[track_caller]
    fn fails(&self, millis: u64, text: &str, is_permanent: bool) -> String {
        let error = self.send(millis).unwrap_err();
        assert!(error.text.contains(text), "{error:?}");
        assert_eq!(error.is_permanent, is_permanent, "{error:?}");
        assert!(!error.text.contains("anary"), "{error:?}");
        error.text
    }
}

#[test]
#[ignore = "scripts/test_notifications.sh fetches the mail server"]
fn a_mail_arrives_encrypted_with_its_id_and_every_letter() {
    for (name, encryption) in [("tls", Encryption::Tls), ("starttls", Encryption::StartTls)] {
        let server = Server::start(&[
            "--encryption",
            name,
            "--user",
            "guard",
            "--password",
            PASSWORD,
        ]);
        let mut sender = server.sender(encryption);
        sender.user = Some("guard");
        sender.password = Some(PASSWORD);
        sender.to = vec!["ana@example.com", "zoe@example.com"];
        sender.send(LONG).unwrap();
        let mail = server.mail();
        assert_eq!(mail["encrypted"], true);
        assert_eq!(mail["login"], "guard");
        assert_eq!(mail["sender"], "modelguard@example.com");
        assert_eq!(
            mail["recipients"],
            serde_json::json!(["ana@example.com", "zoe@example.com"])
        );
        let headers = &mail["headers"];
        assert_eq!(headers["message-id"], "<20260105T143022-7-ops@ops.example>");
        assert_eq!(headers["x-modelguard-delivery"], "20260105T143022-7-ops");
        assert_eq!(headers["subject"], "[modelguard] Zoë's model is 20 % worse");
        assert_eq!(headers["date"], "Mon, 05 Jan 2026 14:30:22 +0000");
        assert_eq!(mail["defects"], serde_json::json!([]));
        let body = format!("{}\n\n{}\n", awkward().title, awkward().lines.join("\n"));
        assert_eq!(mail["body"].as_str().unwrap().replace("\r\n", "\n"), body);
    }
}

#[test]
#[ignore = "scripts/test_notifications.sh fetches the mail server"]
fn without_encryption_only_on_this_machine() {
    let server = Server::start(&[]);
    let mut sender = server.sender(Encryption::None);
    sender.send(LONG).unwrap();
    assert_eq!(server.mail()["encrypted"], false);
    sender.host = "mail.example.com";
    sender.fails(
        LONG,
        "for a mail server on this machine only, not for mail.example.com",
        true,
    );
}

#[test]
#[ignore = "scripts/test_notifications.sh fetches the mail server"]
fn a_server_that_is_not_trusted_gets_neither_password_nor_message() {
    for (name, encryption) in [("tls", Encryption::Tls), ("starttls", Encryption::StartTls)] {
        let server = Server::start(&[
            "--encryption",
            name,
            "--user",
            "guard",
            "--password",
            PASSWORD,
        ]);
        let mut sender = server.sender(encryption);
        sender.user = Some("guard");
        sender.password = Some(PASSWORD);
        sender.trusts = false;
        sender.fails(LONG, "no secure connection to localhost", false);
        // The certificate is for localhost.
        sender.trusts = true;
        sender.host = "127.0.0.1";
        sender.fails(LONG, "no secure connection to 127.0.0.1", false);
        assert!(server.has_no_mail());
    }
}

#[test]
#[ignore = "scripts/test_notifications.sh fetches the mail server"]
fn a_server_without_starttls_gets_nothing() {
    let server = Server::start(&[]);
    server
        .sender(Encryption::StartTls)
        .fails(LONG, "offers no STARTTLS; nothing was sent", false);
    assert!(server.has_no_mail());
}

#[test]
#[ignore = "scripts/test_notifications.sh fetches the mail server"]
fn a_wrong_password_is_said_without_it() {
    for repeats in [&[][..], &["--repeats-password"]] {
        let arguments = [
            "--encryption",
            "tls",
            "--user",
            "guard",
            "--password",
            "another",
        ];
        let server = Server::start(&[&arguments[..], repeats].concat());
        let mut sender = server.sender(Encryption::Tls);
        sender.user = Some("guard");
        sender.password = Some(PASSWORD);
        let text = sender.fails(LONG, "did not accept user and password", false);
        // With its bracket: a port may hold the same digits.
        assert_eq!(text.contains("(535 "), repeats.is_empty(), "{text}");
        assert!(server.has_no_mail());
    }
}

#[test]
#[ignore = "scripts/test_notifications.sh fetches the mail server"]
fn a_refused_recipient_is_named_and_the_others_get_it() {
    let gone = "gone@example.com";
    let server = Server::start(&["--refuse", gone, "--put-off", "busy@example.com"]);
    let mut sender = server.sender(Encryption::None);
    sender.to = vec![gone];
    let text = sender.fails(LONG, "refused gone@example.com", true);
    assert!(
        text.contains("550") && text.contains("no such mailbox"),
        "{text}"
    );
    sender.to = vec!["busy@example.com"];
    sender.fails(LONG, "put busy@example.com off (450", false);
    sender.to = vec![gone, "busy@example.com"];
    let text = sender.fails(LONG, "put busy@example.com off", false);
    assert!(text.ends_with("; nobody has it"), "{text}");
    assert!(server.has_no_mail());

    sender.to = vec![gone, "ana@example.com"];
    let error = sender.send(LONG).unwrap_err();
    let text = &error.text;
    assert!(text.contains("refused gone@example.com") && error.is_permanent);
    assert!(text.ends_with("; the others have it"), "{text}");
    assert_eq!(error.reached, ["ana@example.com"]);
    assert_eq!(
        server.mail()["recipients"],
        serde_json::json!(["ana@example.com"])
    );
}

#[test]
#[ignore = "scripts/test_notifications.sh fetches the mail server"]
fn who_has_a_mail_gets_it_no_second_time_because_of_one_who_was_put_off() {
    let busy = "busy@example.com";
    let server = Server::start(&["--put-off", busy]);
    let sandbox = rows::degraded();
    let policy = std::fs::read_to_string(sandbox.file("modelguard.toml")).unwrap();
    let notify = |port: u16| {
        format!(
            "{policy}\n[[notify]]\nkind = \"email\"\nfrom = \"guard@example.com\"\n\
             to = [\"ana@example.com\", \"{busy}\"]\nhost = \"localhost\"\nport = {port}\nencryption = \"none\"\n"
        )
    };
    sandbox.write("modelguard.toml", notify(server.port).as_bytes());
    sandbox.run("--config modelguard.toml check").expect(3);
    for _ in 0..2 {
        sandbox
            .run("--config modelguard.toml alerts flush")
            .expect(1);
    }
    assert_eq!(
        server.mail()["recipients"],
        serde_json::json!(["ana@example.com"])
    );
    assert!(server.has_no_mail());
    let patient = Server::start(&[]);
    sandbox.write("modelguard.toml", notify(patient.port).as_bytes());
    sandbox.ok("--config modelguard.toml alerts flush");
    assert_eq!(patient.mail()["recipients"], serde_json::json!([busy]));
}

#[test]
#[ignore = "scripts/test_notifications.sh fetches the mail server"]
fn a_mailbox_that_is_gone_keeps_the_recovery_from_nobody_else() {
    let gone = "gone@example.com";
    let server = Server::start(&["--refuse", gone]);
    let sandbox = rows::degraded();
    let policy = std::fs::read_to_string(sandbox.file("modelguard.toml")).unwrap();
    let policy = format!(
        "{policy}\n[[notify]]\nkind = \"email\"\nfrom = \"guard@example.com\"\n\
         to = [\"ana@example.com\", \"{gone}\"]\nhost = \"localhost\"\nport = {}\nencryption = \"none\"\n",
        server.port
    );
    sandbox.write("modelguard.toml", policy.as_bytes());
    let subject = |mail: &Value| mail["headers"]["subject"].as_str().unwrap().to_owned();
    sandbox.run("--config modelguard.toml check").expect(3);
    let flush = "--config modelguard.toml alerts flush";
    sandbox.run(flush).expect(1);
    let first = subject(&server.mail());
    assert!(first.contains("m v2 is degraded"), "{first}");
    sandbox.ok("--config modelguard.toml promote v1 --yes");
    sandbox.ok("--config modelguard.toml check");
    sandbox.run(flush).expect(1);
    let second = subject(&server.mail());
    assert!(second.contains("m v1 is healthy again"), "{second}");
    sandbox.set_clock(sandbox.clock() + 8 * rows::DAY);
    sandbox.run(flush).expect(1);
    sandbox.ok("--config modelguard.toml check");
    sandbox.ok(flush);
    assert!(server.has_no_mail());
}

#[test]
#[ignore = "scripts/test_notifications.sh fetches the mail server"]
fn a_refused_message_is_not_tried_again() {
    let server = Server::start(&["--refuse-message"]);
    server
        .sender(Encryption::None)
        .fails(LONG, "refused the message (554", true);
}

#[test]
#[ignore = "scripts/test_notifications.sh fetches the mail server"]
fn a_server_that_never_answers_costs_no_more_than_the_time_limit() {
    for silent in ["at-once", "drip", "after-message"] {
        for encryption in [Encryption::None, Encryption::Tls] {
            // Over TLS "at once" is before the handshake.
            let is_tls = encryption == Encryption::Tls && silent != "at-once";
            let name = if is_tls { "tls" } else { "none" };
            let server = Server::start(&["--silent", silent, "--encryption", name]);
            let began = Instant::now();
            let sender = server.sender(encryption);
            let text = "the mail server did not finish within 1500 ms";
            sender.fails(1500, text, false);
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "{silent}: {:?}",
                began.elapsed()
            );
        }
    }
}

#[test]
#[ignore = "scripts/test_notifications.sh fetches the mail server"]
fn a_server_that_speaks_no_tls_is_not_spoken_to() {
    let server = Server::start(&[]);
    let sender = server.sender(Encryption::Tls);
    sender.fails(LONG, "no secure connection to localhost", false);
    assert!(server.has_no_mail());
}

#[test]
#[ignore = "scripts/test_notifications.sh fetches the mail server"]
fn a_server_that_is_not_there_is_named() {
    let mut server = Server::start(&[]);
    drop(server.child.stdin.take());
    server.child.wait().unwrap();
    let text = server
        .sender(Encryption::None)
        .fails(LONG, "no connection to localhost:", false);
    assert!(text.to_lowercase().contains("refused"), "{text}");
}
