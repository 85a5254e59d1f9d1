//! Whom a command tells, and what came of telling them.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};

use super::call::{Call, absolute, quoted};
use super::output::Warning;
use super::problems;
use crate::domain::notification::Event;
use crate::domain::policy::{Channel, DeliveryRules, SecretSource};
use crate::domain::verdict::AlertId;
use crate::policy::discover::{Discovered, Origin};
use crate::policy::secrets;
use crate::store::outbox::{Delivery, DeliveryState};
use crate::ui::exit::ExitStatus;
use crate::ui::line::one_line;
use crate::ui::number::count;
use crate::ui::problem::Problem;
use crate::workflows::announcing::{Audience, Told};
use crate::workflows::delivering::{self, Sent, Terms};
use crate::workflows::session::Session;

/// So many messages of a channel are named one by one; of more it is said how many there are.
const NAMED: usize = 3;

/// The channels of a policy, apart from the session that they are used with.
#[derive(Clone, Debug)]
pub struct Listeners {
    pub channels: Vec<Channel>,
    rules: DeliveryRules,
    folder: PathBuf,
    began: Instant,
    command: String,
}

impl Listeners {
    /// Those of the session's policy; with `mute` nobody is told anything.
    pub fn of(call: &Call, session: &Session, mute: bool) -> Self {
        let found = &session.found;
        let channels = if mute {
            &[][..]
        } else {
            &found.policy.channels
        };
        Self {
            channels: channels.to_vec(),
            rules: found.policy.delivery,
            folder: found.folder().to_owned(),
            began: call.began,
            command: command(found),
        }
    }

    pub fn audience(&self) -> Audience<'_> {
        Audience {
            channels: &self.channels,
            remind_after: self.rules.remind_after,
            command: &self.command,
        }
    }

    pub fn terms(&self, all: bool) -> Terms<'_> {
        Terms {
            channels: &self.channels,
            rules: self.rules,
            folder: &self.folder,
            began: self.began,
            all,
        }
    }

    /// Sends what is due.
    ///
    /// # Errors
    /// The store can't be read or written.
    pub fn deliver(&self, call: &Call, session: &mut Session) -> Result<Vec<Sent>, Problem> {
        let terms = self.terms(false);
        let is_stopped = || call.stop.requested().is_some();
        delivering::deliver(&mut session.store, &session.author, &terms, &is_stopped)
            .map(|sending| sending.sent)
            .map_err(|error| problems::store(call, error))
    }

    /// Secrets that lie open.
    pub fn warnings(&self) -> Vec<Warning> {
        let sources = self.channels.iter().flat_map(|channel| {
            secrets::sources(channel)
                .into_iter()
                .map(move |(what, source)| (channel, what, source))
        });
        sources
            .filter_map(|(channel, what, source)| {
                let close = open_secret(source, &self.folder)?;
                Some(Warning {
                    code: "open_secret",
                    text: format!(
                        "others may read the file with the {what} of channel {}: `{close}`",
                        channel.name
                    ),
                })
            })
            .collect()
    }
}

/// What keeps others from reading the secret's file, where they may.
pub fn open_secret(source: &SecretSource, folder: &Path) -> Option<String> {
    let SecretSource::File(path) = source else {
        return None;
    };
    secrets::is_open_to_others(source, folder).then(|| {
        let path = absolute(&folder.join(path));
        format!("chmod 600 {}", quoted(&path.display().to_string()))
    })
}

/// What a further command begins with, wherever it is pasted.
fn command(found: &Discovered) -> String {
    let absolute = |path: &std::path::Path| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        quoted(&path.display().to_string())
    };
    let mut words = format!("modelguard -C {}", absolute(found.folder()));
    if let Some(policy) = found.policy_path.as_deref().filter(|_| found.explicit) {
        words.push_str(&format!(" --config {}", absolute(policy)));
    }
    if matches!(found.store_origin, Origin::Flag | Origin::Environment) {
        words.push_str(&format!(" --db {}", absolute(&found.store_path)));
    }
    words
}

/// `deliveries[]` of what a run sent about one alert.
pub fn sent_data(sent: &[Sent], alert: Option<AlertId>) -> Vec<Value> {
    let about = sent
        .iter()
        .filter(|one| one.alert.is_some() && one.alert == alert);
    about.map(one_sent).collect()
}

/// The same about an alert of a check, with what waits and who was told before.
pub fn told_data(sent: &[Sent], told: &[Told], alert: Option<AlertId>) -> Vec<Value> {
    let mut deliveries = sent_data(sent, alert);
    for told in told.iter().filter(|told| Some(told.alert) == alert) {
        let is_sent = sent.iter().any(|one| {
            one.alert == alert && one.channel == told.channel && Some(one.event) == told.event
        });
        if !is_sent {
            let state = told
                .event
                .map_or("deduplicated", |_| DeliveryState::Queued.name());
            deliveries.push(json!({
                "channel": told.channel,
                "event": told.event.map(Event::name),
                "state": state,
                "attempts_count": 0,
                "error": null,
            }));
        }
    }
    deliveries
}

/// `deliveries[]` of all that a run sent.
pub fn all_sent(sent: &[Sent]) -> Vec<Value> {
    sent.iter().map(one_sent).collect()
}

fn one_sent(sent: &Sent) -> Value {
    json!({
        "channel": sent.channel,
        "event": sent.event.name(),
        "state": sent.state.name(),
        "attempts_count": sent.attempts_count,
        "error": sent.last_error,
    })
}

/// `deliveries[]` as the outbox has them.
pub fn queued_data(deliveries: &[Delivery]) -> Vec<Value> {
    deliveries
        .iter()
        .map(|delivery| {
            json!({
                "channel": delivery.channel,
                "event": delivery.message.event.name(),
                "state": delivery.state.name(),
                "attempts_count": delivery.attempts_count,
                "error": delivery.last_error,
                "delivery_id": delivery.message.delivery_id,
                "queued_at": delivery.queued_at.to_string(),
                "settled_at": delivery.settled_at.map(|at| at.to_string()),
            })
        })
        .collect()
}

/// The names of the channels that something was to be sent through.
fn channels(sent: &[Sent]) -> Vec<&str> {
    let mut names: Vec<&str> = sent.iter().map(|one| one.channel.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// `ops (file)`, or `channel file` for one that has no name of its own.
fn who(sent: &Sent) -> String {
    match sent.kind {
        Some(kind) if kind != sent.channel => format!("{} ({kind})", sent.channel),
        _ => format!("channel {}", sent.channel),
    }
}

/// A line for each channel that took something.
pub fn summary(sent: &[Sent]) -> String {
    let mut text = String::new();
    for name in channels(sent) {
        let of = sent.iter().filter(|one| one.channel == name);
        let delivered: Vec<_> = of
            .filter(|one| one.state == DeliveryState::Delivered)
            .collect();
        if let Some(one) = delivered.first() {
            text.push_str(&format!("Told {}: {}.\n", who(one), events(&delivered)));
        }
    }
    text
}

/// What a few messages are about, or how many of each kind there are.
fn events(sent: &[&Sent]) -> String {
    let names = sent.iter().map(|one| one.event.name());
    let names: Vec<_> = names.map(|event| event.replace('_', " ")).collect();
    if names.len() <= NAMED {
        return names.join(", ");
    }
    let mut counted: Vec<(&str, u64)> = Vec::new();
    for name in &names {
        match counted.iter_mut().find(|(known, _)| known == name) {
            Some((_, number)) => *number += 1,
            None => counted.push((name, 1)),
        }
    }
    let of_each = match counted.as_slice() {
        [(only, _)] => (*only).to_owned(),
        several => {
            let several = several.iter();
            let several = several.map(|(name, number)| format!("{} {name}", count(*number)));
            several.collect::<Vec<_>>().join(", ")
        }
    };
    format!("{} messages ({of_each})", count(names.len() as u64))
}

/// A line for each channel that did not take what it was offered, with what waits behind that, and one for each that
/// was not offered all.
pub fn missed(sent: &[Sent]) -> String {
    let mut text = String::new();
    for name in channels(sent) {
        let of = || sent.iter().filter(|one| one.channel == name);
        if let Some(refused) = of().find(|one| one.error.is_some()) {
            let event = refused.event.name().replace('_', " ");
            let behind = match of().filter(|one| one.is_held_up).count() {
                0 => String::new(),
                1 => "; 1 other waits behind it".to_owned(),
                others => format!("; {} others wait behind it", count(others as u64)),
            };
            let given_up = match given_up_with(sent, refused) {
                0 => String::new(),
                others => format!("; {} given up", were(others)),
            };
            let who = who(refused);
            text.push_str(&format!("Not told {who}: {event}{behind}{given_up}.\n"));
        }
        let left: Vec<_> = of().filter(|one| one.is_left()).collect();
        if let Some(one) = left.first() {
            let messages = match left.len() {
                1 => "1 message".to_owned(),
                number => format!("{} messages", count(number as u64)),
            };
            text.push_str(&format!(
                "Left for the next run, {}: {messages}.\n",
                who(one)
            ));
        }
    }
    text
}

/// How many messages were given up without an attempt, because one of their channel failed.
fn given_up_with(sent: &[Sent], tried: &Sent) -> usize {
    let others = sent.iter().filter(|one| {
        let is_of_channel = one.channel == tried.channel;
        is_of_channel && one.state == DeliveryState::Failed && one.error.is_none()
    });
    others.count()
}

fn were(others: usize) -> String {
    match others {
        1 => "1 other was".to_owned(),
        others => format!("{} others were", count(others as u64)),
    }
}

/// A line for each channel whose messages wait for the next run that sends.
pub fn waiting(told: &[Told]) -> String {
    let mut text = String::new();
    for one in told {
        if let Some(event) = one.event {
            let event = event.name().replace('_', " ");
            text.push_str(&format!(
                "For {}: {event}, sent by the next `monitor` or `alerts flush`\n",
                one.channel
            ));
        }
    }
    text
}

/// What did not arrive.
pub fn failures(sent: &[Sent]) -> Vec<Warning> {
    warnings(sent, |_| true)
}

/// What did not arrive and is news: a channel failed, or a message for it was given up, for the first time since it took
/// something. A required channel has a line of the answer; whoever asked the run to stop knows that it was.
pub fn new_failures(sent: &[Sent]) -> Vec<Warning> {
    warnings(sent, |one| one.is_news && !one.required)
}

fn warnings(sent: &[Sent], is_told: impl Fn(&Sent) -> bool) -> Vec<Warning> {
    let told = sent.iter().filter(|one| is_told(one));
    let failed = told.filter_map(|one| Some((one, one.error.as_deref()?)));
    failed
        .map(|(one, error)| {
            let others = given_up_with(sent, one);
            let next = match (one.state, others) {
                (DeliveryState::Failed, 0) => "it was given up".to_owned(),
                (DeliveryState::Failed, 1) => "it was given up, with 1 other".to_owned(),
                (DeliveryState::Failed, others) => {
                    format!("it was given up, with {} others", count(others as u64))
                }
                (_, 0) => "a later run tries again".to_owned(),
                (_, others) => format!("a later run tries again; {} given up", were(others)),
            };
            Warning {
                code: "not_delivered",
                text: format!(
                    "channel {} did not take the message ({}): {}; {next}",
                    one.channel,
                    one.event.name(),
                    one_line(error)
                ),
            }
        })
        .collect()
}

/// A line for each required channel that was not reached.
pub fn required_failures(sent: &[Sent]) -> String {
    let failed = sent.iter().filter(|one| one.required);
    failed
        .filter_map(|one| {
            let error = one_line(one.error.as_deref()?).into_owned();
            let (channel, event) = (&one.channel, one.event.name());
            Some(format!(
                "Not told {channel}, which is required: {event}: {error}\n"
            ))
        })
        .collect()
}

/// Failed, if a required channel was not reached.
pub fn exit(sent: &[Sent]) -> ExitStatus {
    let missed = sent.iter().any(|one| one.required && one.error.is_some());
    if missed {
        ExitStatus::Failed
    } else {
        ExitStatus::Ok
    }
}

#[cfg(test)]
mod tests;
