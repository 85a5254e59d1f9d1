use std::path::Path;
use std::time::{Duration, Instant};

use super::*;
use crate::domain::notification::Event;
use crate::domain::policy::Filter;
use crate::domain::time::Timestamp;
use crate::domain::verdict::Severity;

pub(super) fn message() -> Message {
    Message {
        delivery_id: "d-7-ops".to_owned(),
        event: Event::Degraded,
        at: Timestamp::read("2026-01-05T14:30:22Z").unwrap().at,
        host: "ops.example".to_owned(),
        model: "churn".to_owned(),
        version: Some("20260105_143022".to_owned()),
        alert: None,
        severity: Some(Severity::High),
        title: "churn is degraded: RMSE > 5 % worse".to_owned(),
        lines: vec![
            "rolled back to 20260101_000000".to_owned(),
            "<!channel> & ``` *é*".to_owned(),
        ],
        undo_command: None,
        head_blake3: None,
    }
}

fn through(carrier: Carrier, folder: &Path, millis: u64) -> Result<(), SendError> {
    let channel = Channel {
        name: "test".to_owned(),
        carrier,
        passes: Filter::default(),
        required: false,
    };
    let limits = Limits::of(Duration::from_millis(millis));
    send(&channel, &message(), &Secrets::default(), folder, &limits)
}

fn words(words: &[&str]) -> Carrier {
    Carrier::Command {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
    }
}

#[test]
fn a_file_gets_one_line_of_json_for_each_message() {
    let folder = tempfile::tempdir().unwrap();
    let file = || Carrier::File {
        path: "alerts.jsonl".to_owned(),
    };
    through(file(), folder.path(), 100).unwrap();
    through(file(), folder.path(), 100).unwrap();
    let text = std::fs::read_to_string(folder.path().join("alerts.jsonl")).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    let value: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!(value["delivery_id"], "d-7-ops");
    assert_eq!(value["schema"], "modelguard.notification/1");
    let absent = Carrier::File {
        path: "no/such/folder".to_owned(),
    };
    assert!(
        !through(absent, folder.path(), 100)
            .unwrap_err()
            .is_permanent
    );
}

#[test]
#[cfg(unix)]
fn a_command_gets_the_message_as_json_and_its_event_as_a_variable() {
    let folder = tempfile::tempdir().unwrap();
    let script = "cat > got.json; echo \"$MODELGUARD_EVENT $MODELGUARD_DELIVERY\" > variables";
    through(words(&["sh", "-c", script]), folder.path(), 20_000).unwrap();
    let text = std::fs::read_to_string(folder.path().join("got.json")).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["title"], message().title);
    let variables = std::fs::read_to_string(folder.path().join("variables")).unwrap();
    assert_eq!(variables, "degraded d-7-ops\n");
}

#[test]
#[cfg(unix)]
fn a_command_that_fails_says_why_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo; echo 'no pager on duty' >&2; echo more >&2; exit 3";
    let error = through(words(&["sh", "-c", script]), folder.path(), 20_000).unwrap_err();
    assert_eq!(error.to_string(), "sh ended with 3 (no pager on duty)");
    assert!(!error.is_permanent);
}

#[test]
#[cfg(unix)]
fn a_local_mail_program_gets_the_mail_with_its_recipients() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("mailer");
    std::fs::write(&program, "#!/bin/sh\necho \"$@\" > words; cat > mail\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let carrier = |to: &str| Carrier::Email {
        from: "modelguard@example.com".to_owned(),
        to: vec![to.to_owned()],
        mailer: Mailer::Sendmail {
            program: "./mailer".to_owned(),
        },
    };
    through(carrier("ana@example.com"), folder.path(), 20_000).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("words"), "-t -i\n");
    let mail = read("mail");
    assert!(mail.contains("\nTo: ana@example.com\n"), "{mail}");
    assert!(mail.contains("\nMessage-ID: <d-7-ops@ops.example>\n"));
    assert!(!mail.contains('\r'));
    let error = through(carrier("no address"), folder.path(), 20_000).unwrap_err();
    assert!(error.is_permanent);
}

#[test]
#[cfg(not(feature = "net"))]
fn without_network_code_a_channel_that_needs_it_says_so() {
    use crate::domain::policy::SecretSource;
    let webhook = Carrier::Webhook {
        url: SecretSource::Variable("HOOK".to_owned()),
        token: None,
        ca_file: None,
    };
    let error = through(webhook, Path::new(""), 100).unwrap_err();
    assert!(error.text.contains("no network code"), "{error}");
}

#[test]
#[cfg(unix)]
fn a_command_that_hangs_ends_with_its_time() {
    let began = Instant::now();
    let error = through(words(&["sh", "-c", "sleep 60"]), Path::new("/"), 100).unwrap_err();
    assert!(error.text.contains("did not end within 100 ms"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[test]
fn what_a_program_says_of_another_channels_secret_is_not_repeated() {
    let other = Secrets {
        token: Some("CANARYs3cr3tTok9".to_owned()),
        ..Secrets::default()
    };
    let out = |text: &str| other.out_of(text.to_owned());
    assert_eq!(
        out("sh ended with 3 (it is down)"),
        "sh ended with 3 (it is down)"
    );
    assert_eq!(out("sh ended with 3 (CANARYs3cr3tTok9)"), "sh ended with 3");
    // base64 of "token CANARYs3cr3tTok9", cut.
    assert_eq!(
        out("sh ended with 3 (dG9rZW4gQ0FOQVJZczNjcjN0)"),
        "sh ended with 3"
    );
    assert!(!out("no CANARYs3cr3tTok9 there").contains("CANARY"));
}

#[test]
fn a_panic_of_an_attempt_is_caught_and_marked_and_no_other_is() {
    assert!(!catches_panics());
    let caught = catching(|| {
        assert!(catches_panics());
        std::panic::resume_unwind(Box::new("a secret"));
    });
    assert!(caught.is_err());
    assert!(!catches_panics());
    assert!(catching(|| 1).is_ok());
}

#[test]
#[cfg(feature = "net")]
fn nothing_is_handed_to_a_mail_server_by_a_run_that_was_asked_to_stop() {
    use crate::domain::policy::Encryption;
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let channel = Channel {
        name: "test".to_owned(),
        carrier: Carrier::Email {
            from: "a@example.com".to_owned(),
            to: vec!["b@example.com".to_owned()],
            mailer: Mailer::Smtp {
                host: "127.0.0.1".to_owned(),
                port: server.local_addr().unwrap().port(),
                encryption: Encryption::None,
                user: None,
                password: None,
                ca_file: None,
            },
        },
        passes: Filter::default(),
        required: false,
    };
    let limits = Limits::of(Duration::from_secs(5));
    limits
        .stop
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let secrets = Secrets::default();
    let error = send(&channel, &message(), &secrets, Path::new(""), &limits).unwrap_err();
    assert!(!error.is_permanent, "{error}");
    assert_eq!(
        server.accept().unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock
    );
}
