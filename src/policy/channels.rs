//! Reads the channels of `[[notify]]`: which keys each kind has, and what is wrong with one.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::channel_keys::{CHANNEL_KEYS, KINDS};
use super::diagnose::nearest;
use super::mask::is_secret;
use super::values::{Value, Wrong};
use crate::domain::policy::{
    Carrier, Channel, Encryption, EventKind, Filter, Mailer, SecretSource, is_mail_address,
    is_this_machine,
};

/// The table's name.
pub(super) const NOTIFY: &str = "notify";

/// What is wrong with a channel, where it stands.
pub(super) struct Fault {
    pub message: String,
    pub span: Range<usize>,
    pub suggestion: Vec<String>,
    pub is_unknown_key: bool,
}

/// Reads the list of channels, each with the place of its table; what is wrong goes to `faults`.
pub(super) fn read(
    value: &Spanned<DeValue<'_>>,
    faults: &mut Vec<Fault>,
) -> Vec<(Channel, Range<usize>)> {
    let Some(list) = value.get_ref().as_array() else {
        faults.push(Fault {
            message: format!("`{NOTIFY}` is a list of tables, each written [[{NOTIFY}]]"),
            span: value.span(),
            suggestion: Vec::new(),
            is_unknown_key: false,
        });
        return Vec::new();
    };
    let mut channels: Vec<(Channel, Range<usize>)> = Vec::new();
    for entry in list {
        let Some(table) = entry.get_ref().as_table() else {
            faults.push(fault("a channel is a table", entry.span()));
            continue;
        };
        let before = faults.len();
        let Some(channel) = channel(table, entry.span(), faults) else {
            continue;
        };
        let mut others = channels.iter().map(|(other, _)| &other.name);
        if others.any(|other| other.eq_ignore_ascii_case(&channel.name)) {
            let message = format!(
                "two channels are called {:?}: give one a `name` of its own",
                channel.name
            );
            faults.push(fault(
                message,
                find(table, "name").map_or_else(|| entry.span(), Spanned::span),
            ));
        }
        if faults.len() == before {
            channels.push((channel, entry.span()));
        }
    }
    channels
}

fn fault(message: impl Into<String>, span: Range<usize>) -> Fault {
    Fault {
        message: message.into(),
        span,
        suggestion: Vec::new(),
        is_unknown_key: false,
    }
}

fn find<'a, 'text>(table: &'a DeTable<'text>, name: &str) -> Option<&'a Spanned<DeValue<'text>>> {
    table.get(name)
}

/// One channel's table, read key by key.
struct Reader<'a, 'text> {
    table: &'a DeTable<'text>,
    span: Range<usize>,
    faults: &'a mut Vec<Fault>,
}

impl<'text> Reader<'_, 'text> {
    fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Value<'_, 'text>) -> Result<T, Wrong>,
    ) -> Option<T> {
        let value = find(self.table, name)?;
        match read(&Value(value)) {
            Ok(value) => Some(value),
            Err(wrong) => {
                let blank = if wrong.message.starts_with(':') {
                    ""
                } else {
                    " "
                };
                self.faults.push(Fault {
                    message: format!("`{NOTIFY}.{name}`{blank}{}", wrong.message),
                    span: wrong.span,
                    suggestion: wrong.suggestion,
                    is_unknown_key: false,
                });
                None
            }
        }
    }

    fn text(&mut self, name: &str) -> Option<String> {
        self.optional(name, |value| value.name())
    }

    fn missing(&mut self, what: &str) {
        self.faults.push(fault(
            format!("this channel needs {what}"),
            self.span.clone(),
        ));
    }

    /// A secret's source, by either of its two keys.
    fn secret(&mut self, name: &str) -> Option<SecretSource> {
        let file = self.optional(&format!("{name}_file"), |value| value.file());
        let variable = self.optional(&format!("{name}_env"), |value| value.variable());
        match (file, variable) {
            (Some(_), Some(_)) => {
                self.faults.push(fault(
                    format!("`{name}_file` and `{name}_env` say different things: leave one out"),
                    self.span.clone(),
                ));
                None
            }
            (Some(file), None) => Some(SecretSource::File(file)),
            (None, variable) => variable.map(SecretSource::Variable),
        }
    }

    fn addresses(&mut self) -> Option<Vec<String>> {
        self.optional("to", |value| {
            value.texts("a list of addresses such as [\"ana@example.org\"]")
        })
    }
}

fn channel(table: &DeTable<'_>, span: Range<usize>, faults: &mut Vec<Fault>) -> Option<Channel> {
    let mut reader = Reader {
        table,
        span,
        faults,
    };
    let kind = reader.optional("kind", |value| value.word(KINDS));
    if find(table, "kind").is_none() {
        reader.missing(&format!("a `kind`: {}", KINDS.join(", ")));
    }
    unknown_keys(&mut reader, kind);
    let kind = kind?;
    let name = reader.text("name").unwrap_or_else(|| kind.to_owned());
    let passes = Filter {
        min_severity: reader.optional("min_severity", |value| value.severity()),
        models: reader.optional("models", |value| {
            value.list("a list of models such as [\"churn\"]")
        }),
        events: reader.optional("events", |value| value.choices(EventKind::WORDS)),
    };
    let required = reader
        .optional("required", |value| value.boolean())
        .unwrap_or(false);
    let carrier = carrier(&mut reader, kind)?;
    Some(Channel {
        name,
        carrier,
        passes,
        required,
    })
}

/// Keys that no kind has, or not this one; secrets in clear get a hint of their own.
fn unknown_keys(reader: &mut Reader<'_, '_>, kind: Option<&str>) {
    for (written, _) in reader.table {
        let name: &str = written.get_ref();
        let known = CHANNEL_KEYS.iter().find(|key| key.name == name);
        match (known, kind) {
            (None, _) if is_secret(name) => {
                let mut fault = fault(
                    format!("`{name}` is a secret and is not written here: name where it is kept"),
                    written.span(),
                );
                let kept = kept_by(name, kind);
                fault.suggestion = vec![format!("{kept}_file"), format!("{kept}_env")];
                reader.faults.push(fault);
            }
            (None, _) => {
                let names = CHANNEL_KEYS.iter().map(|key| key.name);
                let suggestion = nearest(name, names)
                    .into_iter()
                    .map(str::to_owned)
                    .collect();
                reader.faults.push(Fault {
                    message: format!("unknown key `{name}` in [[{NOTIFY}]]"),
                    span: written.span(),
                    suggestion,
                    is_unknown_key: true,
                });
            }
            (Some(key), Some(kind)) if !key.kinds.is_empty() && !key.kinds.contains(&kind) => {
                reader.faults.push(fault(
                    format!(
                        "a {kind} channel has no `{name}`; {} has",
                        key.kinds.join(" or ")
                    ),
                    written.span(),
                ));
            }
            _ => {}
        }
    }
}

fn carrier(reader: &mut Reader<'_, '_>, kind: &str) -> Option<Carrier> {
    match kind {
        "webhook" | "slack" => {
            let url = reader.secret("url");
            if url.is_none() {
                reader.missing("`url_file` or `url_env`, where its address is kept");
            }
            let token = reader.secret("token");
            let ca_file = reader.optional("ca_file", |value| value.file());
            Some(if kind == "slack" {
                Carrier::Slack { url: url?, ca_file }
            } else {
                Carrier::Webhook {
                    url: url?,
                    token,
                    ca_file,
                }
            })
        }
        "email" => email(reader),
        "command" => {
            let words = reader.optional("command", |value| {
                value.texts("a list such as [\"notify-send\", \"modelguard\"]")
            });
            match words {
                Some(words) => Some(Carrier::Command { words }),
                None => {
                    if find(reader.table, "command").is_none() {
                        reader.missing("a `command`: the program and its arguments");
                    }
                    None
                }
            }
        }
        _ => match reader.text("path") {
            Some(path) => Some(Carrier::File { path }),
            None => {
                if find(reader.table, "path").is_none() {
                    reader.missing("a `path`");
                }
                None
            }
        },
    }
}

fn email(reader: &mut Reader<'_, '_>) -> Option<Carrier> {
    let (from, to) = (reader.text("from"), reader.addresses());
    for (key, value) in [("from", from.is_some()), ("to", to.is_some())] {
        if !value && find(reader.table, key).is_none() {
            reader.missing(&format!("`{key}`"));
        }
    }
    for address in from.iter().chain(to.iter().flatten()) {
        if !is_mail_address(address) {
            let span = reader.span.clone();
            reader
                .faults
                .push(fault(format!("{address:?} is no e-mail address"), span));
        }
    }
    let host = reader.optional("host", |value| value.mail_host());
    let sendmail = reader.text("sendmail");
    let encryption = reader
        .optional("encryption", |value| value.choice(Encryption::WORDS))
        .unwrap_or(Encryption::StartTls);
    let port = reader.optional("port", |value| value.port());
    let user = reader.text("user");
    let password = reader.secret("password");
    let ca_file = reader.optional("ca_file", |value| value.file());
    let mailer = match (host, sendmail) {
        (Some(host), None) => {
            if encryption == Encryption::None && !is_this_machine(&host) {
                let place = find(reader.table, "encryption")
                    .map_or_else(|| reader.span.clone(), Spanned::span);
                reader.faults.push(fault(
                    format!("`encryption = \"none\"` is for this machine alone, not for {host}"),
                    place,
                ));
            }
            if user.is_some() != password.is_some() {
                reader.missing("both `user` and `password_file` or `password_env`, or neither");
            }
            Some(Mailer::Smtp {
                host,
                port: port.unwrap_or(match encryption {
                    Encryption::StartTls => 587,
                    Encryption::Tls => 465,
                    Encryption::None => 25,
                }),
                encryption,
                user,
                password,
                ca_file,
            })
        }
        (None, Some(program)) => Some(Mailer::Sendmail { program }),
        (Some(_), Some(_)) => {
            let span = reader.span.clone();
            reader.faults.push(fault(
                "`host` and `sendmail` say different things: leave one out",
                span,
            ));
            None
        }
        (None, None) => {
            let is_there = |key| find(reader.table, key).is_some();
            if !is_there("host") && !is_there("sendmail") {
                reader.missing("`host`, or `sendmail`");
            }
            None
        }
    };
    Some(Carrier::Email {
        from: from?,
        to: to?,
        mailer: mailer?,
    })
}

/// What the two keys begin with that say where a secret is kept which somebody wrote down under this key.
fn kept_by(key: &str, kind: Option<&str>) -> &'static str {
    let key = key.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| key.contains(word));
    match kind {
        _ if has(&["pass"]) => "password",
        _ if key == "token" => "token",
        Some("slack") => "url",
        _ if has(&["url", "hook"]) => "url",
        Some("email") => "password",
        _ => "token",
    }
}

#[cfg(test)]
mod tests;
