//! Sends what the outbox holds: each channel for itself, all within one time limit, each message settled on its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::domain::notification::{Event, Message};
use crate::domain::operation::Author;
use crate::domain::policy::{Channel, DeliveryRules};
use crate::domain::time::{Length, Timestamp};
use crate::domain::verdict::AlertId;
use crate::notify::{self, Secrets, SendError};
use crate::policy::channel_keys;
use crate::policy::secrets::{self, SecretError};
use crate::store::outbox::{self, Delivery, DeliveryState, Settlement};
use crate::store::{Change, Store, StoreError, operations};

/// The first wait after a failure; each further failure doubles it.
const FIRST_WAIT: Length = Length::from_seconds(60);
/// The longest wait, which is also that after a failure that trying again can't help.
const LONGEST_WAIT: Length = Length::from_seconds(6 * 3_600);
/// How long after its own time limit a channel may take to say that it was late.
const GRACE: Duration = Duration::from_millis(200);
/// A claim lasts as long as a delivery may take and so much more, in which it is noted how the attempts ended.
const NOTING: Duration = Duration::from_secs(60);

/// How messages are sent.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    pub channels: &'a [Channel],
    pub rules: DeliveryRules,
    /// Where the policy's relative paths begin.
    pub folder: &'a Path,
    /// When the run began whose clock stands still.
    pub began: Instant,
    /// Also what would wait, because it failed a short while ago.
    pub all: bool,
}

/// What came of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    pub channel: String,
    pub required: bool,
    pub alert: Option<AlertId>,
    pub event: Event,
    pub state: DeliveryState,
    /// With this one.
    pub attempts_count: u64,
    /// Why this attempt failed; `None`: it did not, or none was made.
    pub error: Option<String>,
    /// Why the last attempt failed, also where that was one of an earlier run.
    pub last_error: Option<String>,
    /// What its channel is; `None`: the policy has no such channel.
    pub kind: Option<&'static str>,
}

impl Sent {
    /// Whether an attempt was made; behind a failure of its channel there is none.
    #[must_use]
    pub fn was_tried(&self) -> bool {
        self.error.is_some() || self.state == DeliveryState::Delivered
    }
}

/// What a run made of the outbox.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sending {
    pub sent: Vec<Sent>,
    /// So many messages were left to other runs that are sending.
    pub elsewhere_count: u64,
}

/// Sends what is due and settles each message in a transaction of its own.
///
/// What another process is sending is left to it. A channel whose message fails is not asked again in this run.
///
/// # Errors
/// The store can't be read or written; what was sent and not settled by then may arrive once more.
pub fn deliver(
    store: &mut Store,
    author: &Author,
    terms: &Terms<'_>,
) -> Result<Sending, StoreError> {
    let began = Instant::now();
    let (_, head) = store.read(operations::head)?;
    let total = Duration::from_millis(terms.rules.total_timeout.millis());
    let moment = after(author.at, terms.began.elapsed());
    let until = after(moment, total + NOTING);
    let claimed = store.change(author, |tx| {
        let claimed = outbox::claim(tx, moment, until, terms.all)?;
        Ok::<_, StoreError>(if claimed.due.is_empty() {
            Change::nothing(claimed)
        } else {
            Change::staged(claimed)
        })
    })?;
    // The time that is left is for noting how the last attempts ended.
    let deadline = began + total.saturating_sub(2 * GRACE);
    let mut run = Run {
        store,
        author,
        terms,
        sent: Vec::new(),
        everyone: secrets_of_all(terms),
    };
    let mut queues: BTreeMap<String, Vec<Delivery>> = BTreeMap::new();
    for delivery in claimed.due {
        queues
            .entry(delivery.channel.clone())
            .or_default()
            .push(delivery);
    }
    let (reports, heard) = mpsc::channel();
    let mut sending: BTreeMap<String, Vec<Delivery>> = BTreeMap::new();
    for (name, mut queue) in queues {
        for delivery in &mut queue {
            delivery.message.head_blake3 = Some(head.to_string());
        }
        match run.ready(&name) {
            Err(error) => run.failed_at_once(queue, &error)?,
            Ok((channel, secrets)) => {
                let work = Work {
                    channel,
                    secrets,
                    folder: terms.folder.to_owned(),
                    messages: queue
                        .iter()
                        .map(|one| (one.id, one.message.clone()))
                        .collect(),
                    attempt_timeout: Duration::from_millis(terms.rules.attempt_timeout.millis()),
                    deadline,
                };
                let reports = reports.clone();
                // Unlike `thread::spawn` no panic where the system has no more threads.
                let started = thread::Builder::new().spawn(move || work.send_all(&reports));
                match started {
                    Ok(_) => {
                        sending.insert(name, queue);
                    }
                    Err(error) => {
                        let error = format!("no thread can be started for it: {error}");
                        run.failed_at_once(queue, &error)?;
                    }
                }
            }
        }
    }
    drop(reports);
    run.settle_all(&heard, sending, deadline + GRACE)?;
    Ok(Sending {
        sent: run.sent,
        elsewhere_count: claimed.elsewhere_count,
    })
}

/// Sends one message now through one channel; nothing is queued.
///
/// # Errors
/// A secret can't be had, or it was not taken.
pub fn send_now(channel: &Channel, message: &Message, terms: &Terms<'_>) -> Result<(), SendError> {
    let secrets =
        secrets_of(channel, terms.folder).map_err(|error| SendError::again(error.to_string()))?;
    let timeout = Duration::from_millis(terms.rules.attempt_timeout.millis());
    let everyone = secrets_of_all(terms);
    notify::send(channel, message, &secrets, terms.folder, timeout)
        .map_err(|error| said(error, &everyone))
}

/// The secrets of all channels, as far as they can be had.
fn secrets_of_all(terms: &Terms<'_>) -> Vec<Secrets> {
    let channels = terms.channels.iter();
    channels
        .filter_map(|channel| secrets_of(channel, terms.folder).ok())
        .collect()
}

/// The error without a secret of any channel.
fn said(error: SendError, everyone: &[Secrets]) -> SendError {
    let text = everyone
        .iter()
        .fold(error.text, |text, secrets| secrets.out_of(text));
    SendError { text, ..error }
}

fn secrets_of(channel: &Channel, folder: &Path) -> Result<Secrets, SecretError> {
    let mut found = Secrets::default();
    for (what, source) in secrets::sources(channel) {
        let value = Some(secrets::read(source, folder)?);
        match what {
            "url" => found.url = value,
            "token" => found.token = value,
            _ => found.password = value,
        }
    }
    Ok(found)
}

/// What one channel has to send.
struct Work {
    channel: Channel,
    secrets: Secrets,
    folder: PathBuf,
    messages: Vec<(i64, Message)>,
    attempt_timeout: Duration,
    deadline: Instant,
}

type Report = (i64, Result<(), SendError>);

impl Work {
    /// Until one fails or the time is over.
    fn send_all(self, reports: &Sender<Report>) {
        for (id, message) in &self.messages {
            let left = self.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let timeout = left.min(self.attempt_timeout);
            let result = notify::send(&self.channel, message, &self.secrets, &self.folder, timeout);
            let failed = result.is_err();
            // Nobody listens any more once the time is over.
            if reports.send((*id, result)).is_err() || failed {
                return;
            }
        }
    }
}

struct Run<'a> {
    store: &'a mut Store,
    author: &'a Author,
    terms: &'a Terms<'a>,
    sent: Vec<Sent>,
    everyone: Vec<Secrets>,
}

impl Run<'_> {
    /// The channel and what it needs, or why nothing can be sent through it.
    fn ready(&self, name: &str) -> Result<(Channel, Secrets), String> {
        let mut channels = self.terms.channels.iter();
        let channel = channels
            .find(|channel| channel.name == name)
            .ok_or_else(|| format!("the policy has no channel {name:?}"))?;
        let secrets = secrets_of(channel, self.terms.folder).map_err(|error| error.to_string())?;
        Ok((channel.clone(), secrets))
    }

    /// The first message counts as tried; those behind it wait as they would behind any failure.
    fn failed_at_once(&mut self, queue: Vec<Delivery>, error: &str) -> Result<(), StoreError> {
        let error = SendError::again(error);
        let mut queue = queue.into_iter();
        if let Some(first) = queue.next() {
            self.settle(&first, Some(Err(error)))?;
        }
        queue.try_for_each(|delivery| self.settle(&delivery, None))
    }

    fn settle_all(
        &mut self,
        heard: &Receiver<Report>,
        mut sending: BTreeMap<String, Vec<Delivery>>,
        until: Instant,
    ) -> Result<(), StoreError> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok((id, result)) = heard.recv_timeout(left) else {
                break;
            };
            for queue in sending.values_mut() {
                if let Some(index) = queue.iter().position(|delivery| delivery.id == id) {
                    let delivery = queue.remove(index);
                    let failed = result.is_err();
                    self.settle(&delivery, Some(result))?;
                    if failed {
                        for delivery in std::mem::take(queue) {
                            self.settle(&delivery, None)?;
                        }
                    }
                    break;
                }
            }
        }
        // Whoever has not reported by now did not get through: the first of its queue was under way.
        let limit = self.terms.rules.total_timeout;
        let late = SendError::again(format!("no answer within {limit}"));
        for queue in sending.into_values() {
            let mut queue = queue.into_iter();
            if let Some(first) = queue.next() {
                self.settle(&first, Some(Err(late.clone())))?;
            }
            queue.try_for_each(|delivery| self.settle(&delivery, None))?;
        }
        Ok(())
    }

    /// Records what came of a message; `None`: it was not tried.
    fn settle(
        &mut self,
        delivery: &Delivery,
        result: Option<Result<(), SendError>>,
    ) -> Result<(), StoreError> {
        let result = result.map(|result| result.map_err(|error| said(error, &self.everyone)));
        let now = self.author.at;
        let attempts_count = delivery.attempts_count + u64::from(result.is_some());
        let error = result.as_ref().and_then(|result| result.as_ref().err());
        let settlement = match (&result, error) {
            (None, _) => Settlement::Released,
            (_, None) => Settlement::Delivered,
            (_, Some(error)) => {
                let age = now.micros() - delivery.queued_at.micros();
                if age >= self.terms.rules.give_up_after.micros() {
                    Settlement::GivenUp(&error.text)
                } else {
                    let wait = wait(attempts_count, error.is_permanent);
                    Settlement::Again(&error.text, later(now, wait))
                }
            }
        };
        self.store.change(self.author, |tx| {
            outbox::settle(tx, delivery.id, now, settlement)?;
            Ok::<_, StoreError>(Change::staged(()))
        })?;
        let channel = self
            .terms
            .channels
            .iter()
            .find(|channel| channel.name == delivery.channel);
        self.sent.push(Sent {
            channel: delivery.channel.clone(),
            required: channel.is_some_and(|channel| channel.required),
            alert: delivery.message.alert,
            event: delivery.message.event,
            state: match settlement {
                Settlement::Delivered => DeliveryState::Delivered,
                Settlement::GivenUp(_) => DeliveryState::Failed,
                Settlement::Again(..) | Settlement::Released => DeliveryState::Queued,
            },
            attempts_count,
            error: error.map(|error| error.text.clone()),
            last_error: match (&result, error) {
                (None, _) => delivery.last_error.clone(),
                (Some(_), error) => error.map(|error| error.text.clone()),
            },
            kind: channel.map(|channel| channel_keys::kind(&channel.carrier)),
        });
        Ok(())
    }
}

/// The moment so long after another one.
fn after(at: Timestamp, length: Duration) -> Timestamp {
    let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(at.micros().saturating_add(micros)).unwrap_or(at)
}

/// How long to wait after the n-th failure: a minute, doubled each time, at most six hours.
fn wait(attempts_count: u64, is_permanent: bool) -> Length {
    let doublings = u32::try_from(attempts_count.saturating_sub(1)).unwrap_or(u32::MAX);
    let factor = 2_u64.checked_pow(doublings).unwrap_or(u64::MAX);
    let seconds = FIRST_WAIT.seconds().saturating_mul(factor);
    if is_permanent || seconds > LONGEST_WAIT.seconds() {
        LONGEST_WAIT
    } else {
        Length::from_seconds(seconds)
    }
}

fn later(now: Timestamp, wait: Length) -> Timestamp {
    Timestamp::from_micros(now.micros().saturating_add(wait.micros())).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_six_hours() {
        let waits: Vec<_> = (1..=11).map(|n| wait(n, false).seconds() / 60).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
        assert_eq!(wait(u64::MAX, false), LONGEST_WAIT);
        assert_eq!(wait(1, true), LONGEST_WAIT);
    }
}
