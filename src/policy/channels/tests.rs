//! Tests of `[[notify]]`: what each kind needs, and what is said of the rest.

use std::path::Path;

use super::*;
use crate::domain::verdict::Severity;
use crate::policy::load::{check_all, parse};

fn channels(text: &str) -> Vec<Channel> {
    parse(text, Path::new("modelguard.toml")).unwrap().channels
}

fn faults(text: &str) -> Vec<String> {
    let found = check_all(text, Path::new("modelguard.toml"));
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn every_kind_is_read_with_its_defaults() {
    let read = channels(
        r#"
[[notify]]
kind = "webhook"
url_env = "HOOK"
token_file = "secrets/token"
[[notify]]
kind = "slack"
name = "team"
url_file = "slack"
min_severity = "high"
models = ["churn"]
events = ["degraded", "recovered"]
required = true
[[notify]]
kind = "email"
from = "modelguard@example.org"
to = ["ana@example.org"]
host = "mail.example.org"
user = "m"
password_env = "P"
[[notify]]
kind = "command"
command = ["logger", "-t", "modelguard"]
[[notify]]
kind = "file"
path = "alerts.jsonl"
"#,
    );
    let names: Vec<_> = read.iter().map(|channel| channel.name.as_str()).collect();
    assert_eq!(names, ["webhook", "team", "email", "command", "file"]);
    assert_eq!(
        read[0].carrier,
        Carrier::Webhook {
            url: SecretSource::Variable("HOOK".to_owned()),
            token: Some(SecretSource::File("secrets/token".to_owned())),
            ca_file: None,
        }
    );
    assert!(read[1].required && !read[0].required);
    assert_eq!(read[1].passes.min_severity, Some(Severity::High));
    assert_eq!(
        read[1].passes.events,
        Some(vec![EventKind::Degraded, EventKind::Recovered])
    );
    let Carrier::Email {
        mailer: Mailer::Smtp {
            port, encryption, ..
        },
        ..
    } = &read[2].carrier
    else {
        panic!("{:?}", read[2].carrier);
    };
    assert_eq!((*port, *encryption), (587, Encryption::StartTls));
}

#[test]
fn what_is_wrong_is_said_and_where() {
    for (text, words) in [
        ("[notify]\nkind = \"file\"", "each written [[notify]]"),
        ("[[notify]]\npath = \"x\"", "needs a `kind`"),
        ("[[notify]]\nkind = \"fax\"", "takes one of webhook"),
        ("[[notify]]\nkind = \"file\"", "needs a `path`"),
        ("[[notify]]\nkind = \"slack\"", "`url_file` or `url_env`"),
        (
            "[[notify]]\nkind = \"slack\"\nurl = \"https://h\"",
            "is a secret",
        ),
        (
            "[[notify]]\nkind = \"slack\"\nurl_file = \"a\"\nurl_env = \"b\"",
            "different things",
        ),
        (
            "[[notify]]\nkind = \"file\"\npath = \"x\"\nhost = \"h\"",
            "a file channel has no `host`",
        ),
        (
            "[[notify]]\nkind = \"file\"\npth = \"x\"",
            "unknown key `pth`",
        ),
        (
            "[[notify]]\nkind = \"file\"\npath = \"x\"\nrequired = 1",
            "true or false",
        ),
        (
            "[[notify]]\nkind = \"file\"\npath = \"x\"\nevents = [\"degrade\"]",
            "degraded",
        ),
        (
            "[[notify]]\nkind = \"file\"\npath = \"x\"\nevents = []",
            "is empty",
        ),
        (
            "[[notify]]\nkind = \"command\"\ncommand = \"x\"",
            "a list such as",
        ),
        (
            "[[notify]]\nkind = \"email\"\nfrom = \"a@b\"\nto = [\"c@d\"]",
            "`host`, or `sendmail`",
        ),
        (
            "[[notify]]\nkind = \"email\"\nfrom = \"a@b\"\nto = [\"c d\"]\nhost = \"h\"",
            "no e-mail address",
        ),
        (
            "[[notify]]\nkind = \"email\"\nfrom = \"a@b\"\nto = [\"c@d\"]\nhost = \"h\"\nuser = \"u\"",
            "both `user`",
        ),
        (
            "[[notify]]\nkind = \"email\"\nfrom = \"a@b\"\nto = [\"c@d\"]\nhost = \"h\"\nencryption = \"none\"",
            "for this machine alone",
        ),
        (
            "[[notify]]\nkind = \"email\"\nfrom = \"a@b\"\nto = [\"c@d\"]\nhost = \"h\"\nport = 70000",
            "no port",
        ),
        (
            "[[notify]]\nkind = \"file\"\npath = \"x\"\n[[notify]]\nkind = \"file\"\npath = \"y\"",
            "two channels are called",
        ),
        ("[delivery]\ntotal_timeout = \"1h\"", "1s to 10m"),
        ("[delivery]\ngive_up_after = \"0s\"", "at least 1h"),
        ("[delivery]\ngive_up_after = \"3599s\"", "at least 1h"),
    ] {
        let said = faults(text);
        assert!(
            said.iter().any(|one| one.contains(words)),
            "{text}: {said:?} should have {words}"
        );
    }
}

#[test]
fn the_first_attempt_is_no_reason_for_the_shortest_wait() {
    // The age of a message counts from its first failure, so that no message is given up after one attempt.
    let said = faults("[delivery]\ngive_up_after = \"0s\"");
    let is_plain = said
        .iter()
        .any(|one| one.ends_with("it must be at least 1h"));
    assert!(is_plain, "{said:?}");
}

#[test]
fn a_secret_that_is_written_in_clear_is_not_repeated() {
    let text =
        "[[notify]]\nkind = \"slack\"\nurl = \"https://example.org/Qx7\"\nurl_file = \"a\"\n";
    let found = check_all(text, Path::new("modelguard.toml"));
    assert!(!found.is_empty());
    assert!(!format!("{found:?}").contains("Qx7"), "{found:?}");
}

#[test]
fn a_mail_server_with_more_than_a_host_is_refused_and_not_repeated() {
    for host in [
        "u:PASSWORD@127.0.0.1",
        "smtp://u:PASSWORD@mail.example.org",
        "u:PASSWORD@smtp://mail.example.org",
        "mail.example.org/PASSWORD",
        "mail.example.org PASSWORD",
        "u:PASSWORD\\u0040mail.example.org",
    ] {
        let text = format!(
            "[[notify]]\nkind = \"email\"\nfrom = \"a@b\"\nto = [\"c@d\"]\nhost = \"{host}\"\n"
        );
        let found = check_all(&text, Path::new("modelguard.toml"));
        assert_eq!(found.len(), 1, "{found:?}");
        let said = found[0].to_string();
        assert!(said.contains("names a server alone"), "{said}");
        assert!(!format!("{found:?}").contains("PASSWORD"), "{found:?}");
    }
}

fn faults_of_host(host: &str) -> Vec<String> {
    let text = format!(
        "[[notify]]\nkind = \"email\"\nfrom = \"a@b\"\nto = [\"c@d\"]\nhost = \"{host}\"\n"
    );
    let found = check_all(&text, Path::new("modelguard.toml"));
    found.iter().map(|one| format!("{one} {one:?}")).collect()
}

#[test]
fn a_port_behind_a_mail_server_is_refused_with_the_key_for_it() {
    for (host, port) in [
        ("mail.example:587", 587),
        ("127.0.0.1:25", 25),
        ("[::1]:465", 465),
        ("[fe80::1%2]:1", 1),
        ("2001:db8:1:2:3:4:5:6:65535", 65_535),
    ] {
        let said = faults_of_host(host);
        assert_eq!(said.len(), 1, "{said:?}");
        let wanted = format!("a key of its own: `port = {port}`");
        assert!(said[0].contains(&wanted), "{said:?}");
        assert!(said[0].contains(host), "the line is shown: {said:?}");
    }
    for host in [
        "::",
        "::1",
        "[::1]",
        "2001:db8::25",
        "[2001:db8::25]",
        "::ffff:127.0.0.1",
        "fe80::1%eth0",
        "[fe80::1%2]",
        "1:2:3:4:5:6:7:8",
    ] {
        assert_eq!(faults_of_host(host), [""; 0], "{host}");
    }
    for host in [
        "guard:PASSWORD",
        "mail.example:",
        "mail.example:0",
        "mail.example:70000",
        "mail.example:+25",
        "a:b:25",
        "[::1",
    ] {
        let said = faults_of_host(host);
        assert_eq!(said.len(), 1, "{host}: {said:?}");
        assert!(said[0].contains("names a server alone"), "{said:?}");
        assert!(!said[0].contains(host), "{said:?}");
    }
}

#[test]
fn a_token_where_the_name_of_its_source_belongs_is_refused_and_not_repeated() {
    for (key, value) in [
        ("token_env", "xoxb-17-CANARY"),
        ("token_env", "xapp-1-CANARY"),
        ("token_env", "ghp_CANARY7"),
        ("token_env", "github_pat_CANARY7"),
        ("token_env", "CANARY-7"),
        ("token_env", "7CANARY"),
        ("token_env", "CAN\\u00c4RY"),
        ("token_env", "https://hooks.slack.com/services/CANARY"),
        ("token_file", "xoxb-17-CANARY"),
        ("token_file", " xoxp-17-CANARY"),
        ("token_file", "xapp-1-CANARY"),
        ("token_file", "ghp_CANARY7"),
        ("token_file", "hooks.slack.com/services/T0/CANARY"),
        ("token_file", "HTTPS://hooks.slack.com/services/CANARY"),
        ("ca_file", "ghp_CANARY7"),
        // Keys that there are not.
        ("slack_token_env", "ghp_CANARY7"),
        ("slack_token_file", "xoxb-17-CANARY"),
    ] {
        let text =
            format!("[[notify]]\nkind = \"webhook\"\nurl_env = \"HOOK\"\n{key} = \"{value}\"\n");
        let found = check_all(&text, Path::new("modelguard.toml"));
        assert_eq!(found.len(), 1, "{key} = {value}: {found:?}");
        let said = format!("{found:?} {}", found[0]);
        assert!(said.contains(key), "{said}");
        assert!(!said.contains("CAN"), "{said}");
    }
    for (key, value) in [
        ("token_env", "GHP_TOKEN"),
        ("token_env", "_xoxb_token"),
        ("token_file", "secrets/xoxb-team"),
        ("token_file", "./ghp_token"),
        ("token_file", "slack.com/hook"),
        ("ca_file", "ca.pem"),
    ] {
        let text =
            format!("[[notify]]\nkind = \"webhook\"\nurl_env = \"HOOK\"\n{key} = \"{value}\"\n");
        assert_eq!(faults(&text), [""; 0], "{key} = {value}");
    }
}

#[test]
fn a_mail_server_of_this_machine_needs_no_encryption() {
    for host in ["localhost", "LOCALHOST", "127.0.0.1", "::1", "[::1]"] {
        let text = format!(
            "[[notify]]\nkind = \"email\"\nfrom = \"a@b\"\nto = [\"c@d\"]\nhost = \"{host}\"\nencryption = \"none\""
        );
        assert_eq!(faults(&text), [""; 0], "{host}");
    }
}

#[test]
fn what_sending_would_refuse_is_refused_by_the_policy() {
    for (address, host, words) in [
        ("a..b@c", "localhost", "no e-mail address"),
        ("a@b_c", "localhost", "no e-mail address"),
        ("a(b)@c", "localhost", "no e-mail address"),
        ("a@b", "127.evil.example", "for this machine alone"),
    ] {
        let text = format!(
            "[[notify]]\nkind = \"email\"\nfrom = \"a@b\"\nto = [{address:?}]\nhost = {host:?}\nencryption = \"none\""
        );
        let said = faults(&text);
        assert!(
            said.iter().any(|one| one.contains(words)),
            "{text}: {said:?}"
        );
    }
}

#[test]
fn a_secret_under_any_key_gets_the_hint_where_to_keep_it() {
    for (kind, key, kept) in [
        ("slack", "url", "url"),
        ("slack", "webhook_url", "url"),
        ("slack", "secret", "url"),
        ("webhook", "URL", "url"),
        ("webhook", "api_token", "token"),
        ("webhook", "Secret", "token"),
        ("email", "smtp_password", "password"),
        ("email", "secret", "password"),
    ] {
        let text = format!("[[notify]]\nkind = \"{kind}\"\n{key} = \"Qx7Canary\"\n");
        let found = check_all(&text, Path::new("modelguard.toml"));
        let about = found
            .iter()
            .find(|one| one.message.starts_with(&format!("`{key}` is a secret")))
            .unwrap();
        let wanted = [format!("{kept}_file"), format!("{kept}_env")];
        assert_eq!(about.suggestion, wanted, "{key}");
        assert!(!format!("{found:?}").contains("Qx7"), "{found:?}");
    }
}

#[test]
fn every_key_is_on_the_page() {
    let page = include_str!("../../../docs/notifications.md");
    for key in CHANNEL_KEYS {
        assert!(
            page.contains(&format!("| `{}` |", key.name)),
            "{}",
            key.name
        );
        assert!(page.contains(key.meaning), "{}", key.name);
    }
}
