//! Every key of `[[notify]]`, once: which kinds have it, and what it is for.

use super::secrets;
use crate::domain::policy::{Carrier, Channel, Mailer, SecretSource};

/// A key of `[[notify]]`.
pub struct ChannelKey {
    pub name: &'static str,
    /// The kinds that have it; empty for all.
    pub kinds: &'static [&'static str],
    /// A value as TOML writes it.
    pub example: &'static str,
    pub meaning: &'static str,
}

const fn key(
    name: &'static str,
    kinds: &'static [&'static str],
    example: &'static str,
    meaning: &'static str,
) -> ChannelKey {
    ChannelKey {
        name,
        kinds,
        example,
        meaning,
    }
}

impl ChannelKey {
    /// What a channel has for it; of a secret where it is, never what.
    #[must_use]
    pub fn value(&self, channel: &Channel) -> Option<String> {
        if let Some((secret, kept)) = self
            .name
            .rsplit_once('_')
            .filter(|(_, kept)| matches!(*kept, "file" | "env"))
            && secret != "ca"
        {
            let mut sources = secrets::sources(channel).into_iter();
            return match sources.find(|(what, _)| *what == secret)?.1 {
                SecretSource::File(path) => (kept == "file").then(|| path.clone()),
                SecretSource::Variable(name) => (kept == "env").then(|| name.clone()),
            };
        }
        let passes = &channel.passes;
        match self.name {
            "kind" => Some(kind(&channel.carrier).to_owned()),
            "name" => Some(channel.name.clone()),
            "min_severity" => passes.min_severity.map(|severity| severity.to_string()),
            "models" => passes.models.as_deref().map(joined),
            "events" => passes.events.as_deref().map(joined),
            "required" => Some(channel.required.to_string()),
            other => of_carrier(other, &channel.carrier),
        }
    }
}

/// The word of a channel's kind in the policy.
#[must_use]
pub const fn kind(carrier: &Carrier) -> &'static str {
    match carrier {
        Carrier::Webhook { .. } => "webhook",
        Carrier::Slack { .. } => "slack",
        Carrier::Email { .. } => "email",
        Carrier::Command { .. } => "command",
        Carrier::File { .. } => "file",
    }
}

fn of_carrier(name: &str, carrier: &Carrier) -> Option<String> {
    match (name, carrier) {
        ("ca_file", Carrier::Webhook { ca_file, .. } | Carrier::Slack { ca_file, .. }) => {
            ca_file.clone()
        }
        ("from", Carrier::Email { from, .. }) => Some(from.clone()),
        ("to", Carrier::Email { to, .. }) => Some(to.join(", ")),
        ("command", Carrier::Command { words }) => Some(words.join(" ")),
        ("path", Carrier::File { path }) => Some(path.clone()),
        (name, Carrier::Email { mailer, .. }) => of_mailer(name, mailer),
        _ => None,
    }
}

fn of_mailer(name: &str, mailer: &Mailer) -> Option<String> {
    match (name, mailer) {
        ("sendmail", Mailer::Sendmail { program }) => Some(program.clone()),
        ("host", Mailer::Smtp { host, .. }) => Some(host.clone()),
        ("port", Mailer::Smtp { port, .. }) => Some(port.to_string()),
        ("encryption", Mailer::Smtp { encryption, .. }) => Some(encryption.to_string()),
        ("user", Mailer::Smtp { user, .. }) => user.clone(),
        ("ca_file", Mailer::Smtp { ca_file, .. }) => ca_file.clone(),
        _ => None,
    }
}

fn joined<T: ToString>(all: &[T]) -> String {
    let all: Vec<_> = all.iter().map(ToString::to_string).collect();
    all.join(", ")
}

/// The kinds of channels.
pub const KINDS: &[&str] = &["webhook", "slack", "email", "command", "file"];

const ADDRESSED: &[&str] = &["webhook", "slack"];
const NETWORKED: &[&str] = &["webhook", "slack", "email"];

/// All keys of a channel, in the order in which they are explained.
pub const CHANNEL_KEYS: &[ChannelKey] = &[
    key(
        "kind",
        &[],
        "\"slack\"",
        "webhook, slack, email, command or file.",
    ),
    key(
        "name",
        &[],
        "\"team\"",
        "What the channel is called; the kind without it. Each name once.",
    ),
    key(
        "min_severity",
        &[],
        "\"medium\"",
        "Nothing less severe passes: low, medium, high or critical.",
    ),
    key(
        "models",
        &[],
        "[\"churn\"]",
        "Only these models; all without it.",
    ),
    key(
        "events",
        &[],
        "[\"degraded\", \"recovered\"]",
        "Only these events: degraded, blocked, blind, recovered, reminder, refused_file; all without it.",
    ),
    key(
        "required",
        &[],
        "false",
        "A delivery that fails makes the command that tried it exit 1.",
    ),
    key(
        "url_file",
        ADDRESSED,
        "\"secrets/slack-url\"",
        "A file whose first line is the address, relative to the policy.",
    ),
    key(
        "url_env",
        ADDRESSED,
        "\"SLACK_URL\"",
        "The environment variable that holds the address.",
    ),
    key(
        "token_file",
        &["webhook"],
        "\"secrets/token\"",
        "A file whose first line is sent as `Authorization: Bearer`.",
    ),
    key(
        "token_env",
        &["webhook"],
        "\"HOOK_TOKEN\"",
        "The environment variable that holds it.",
    ),
    key(
        "ca_file",
        NETWORKED,
        "\"ca.pem\"",
        "PEM certificates to trust besides the common ones.",
    ),
    key(
        "from",
        &["email"],
        "\"modelguard@example.org\"",
        "The sender's address.",
    ),
    key(
        "to",
        &["email"],
        "[\"ana@example.org\"]",
        "The recipients' addresses.",
    ),
    key(
        "host",
        &["email"],
        "\"mail.example.org\"",
        "The mail server, without its port.",
    ),
    key(
        "port",
        &["email"],
        "587",
        "Its port: 587 for starttls, 465 for tls, 25 for none without it.",
    ),
    key(
        "encryption",
        &["email"],
        "\"starttls\"",
        "starttls (without it), tls, or none, which only a server on this machine may have.",
    ),
    key(
        "user",
        &["email"],
        "\"modelguard\"",
        "The user of the mail server.",
    ),
    key(
        "password_file",
        &["email"],
        "\"secrets/mail\"",
        "A file whose first line is the password.",
    ),
    key(
        "password_env",
        &["email"],
        "\"MAIL_PASSWORD\"",
        "The environment variable that holds it.",
    ),
    key(
        "sendmail",
        &["email"],
        "\"/usr/sbin/sendmail\"",
        "A local program in the place of host, which takes the mail as `sendmail -t -i` does.",
    ),
    key(
        "command",
        &["command"],
        "[\"notify-send\", \"modelguard\"]",
        "The program and its arguments; no shell. The message is JSON on its standard input.",
    ),
    key(
        "path",
        &["file"],
        "\"alerts.jsonl\"",
        "A file of JSON lines, relative to the policy.",
    ),
];
