//! Sends what the outbox holds: each channel for itself, all within one time limit, each message settled on its own.

mod failing;
mod hearing;
mod queue;
pub mod trial;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use hearing::{Heard, hear};
use queue::{Report, Work, in_turn};

use crate::domain::notification::Event;
use crate::domain::operation::Author;
use crate::domain::policy::{Channel, DeliveryRules};
use crate::domain::time::Timestamp;
use crate::domain::verdict::AlertId;
use crate::notify::{Secrets, SendError};
use crate::policy::channel_keys;
use crate::policy::secrets::{self, SecretError};
use crate::store::outbox::{self, Delivery, DeliveryState, Settlement};
use crate::store::{Change, Store, StoreError, operations};

/// How long after its own time limit a channel may take to say that it was late.
const GRACE: Duration = Duration::from_millis(200);
/// A claim lasts as long as a delivery may take and so much more, in which it is noted how the attempts ended.
const NOTING: Duration = Duration::from_secs(60);
/// How long the attempts that are under way are waited for once the run was asked to stop.
const STOPPING: Duration = Duration::from_millis(500);
/// Why it is not known whether a message of such a run was taken.
pub const UNANSWERED: &str = "the run was asked to stop before there was an answer";
/// Why a message of such a run was not sent.
const UNSENT: &str = "the run was asked to stop before it was sent";

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

impl Terms<'_> {
    /// What the clock of the run would say now: its own stands still where it began.
    fn moment(&self, author: &Author) -> Timestamp {
        author.at.later_by(self.began.elapsed().into())
    }
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
    /// The run was asked to stop, which is no failure of the channel: the outbox has the message as it was.
    pub was_cut_short: bool,
    /// No attempt was made, because of one that failed in this run.
    pub is_held_up: bool,
    /// A failure, and the first one of the channel since it took a message, or the first with which one was given up.
    pub is_news: bool,
    /// Why the last attempt failed, also where that was one of an earlier run.
    pub last_error: Option<String>,
    /// What its channel is; `None`: the policy has no such channel.
    pub kind: Option<&'static str>,
}

impl Sent {
    /// Whether it was not sent and nothing of this run speaks against it: there was no time, or no room.
    #[must_use]
    pub fn is_left(&self) -> bool {
        self.error.is_none() && self.state == DeliveryState::Queued && !self.is_held_up
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
/// What another process is sending is left to it. A channel that is out of order is not asked again in this run, and what
/// waits for it has failed with it; one that refuses a message for good is asked with the others. Once `is_stopped`, what
/// has not been taken by then is left to the next run, which may send again what was on its way.
///
/// # Errors
/// The store can't be read or written; what was sent and not settled by then may arrive once more.
pub fn deliver(
    store: &mut Store,
    author: &Author,
    terms: &Terms<'_>,
    is_stopped: &dyn Fn() -> bool,
) -> Result<Sending, StoreError> {
    let began = Instant::now();
    let total = Duration::from_millis(terms.rules.total_timeout.millis());
    let moment = terms.moment(author);
    let until = moment.later_by((total + NOTING).into());
    let claimed = store.change(author, |tx| {
        let claimed = outbox::claim(tx, moment, until, terms.all)?;
        Ok::<_, StoreError>(if claimed.due.is_empty() {
            Change::nothing(claimed)
        } else {
            Change::staged(claimed)
        })
    })?;
    let mut sending = Sending {
        sent: Vec::new(),
        elsewhere_count: claimed.elsewhere_count,
    };
    if claimed.due.is_empty() {
        return Ok(sending);
    }
    let (_, head) = store.read(operations::head)?;
    // The time that is left is for noting how the last attempts ended.
    let deadline = began + total.saturating_sub(2 * GRACE);
    let mut run = Run {
        store,
        author,
        terms,
        open: BTreeMap::new(),
        sent: Vec::new(),
        left: claimed.left,
        failed: Vec::new(),
        everyone: secrets_of_all(terms),
        stop: Arc::new(AtomicBool::new(false)),
    };
    let mut queues: BTreeMap<String, Vec<Delivery>> = BTreeMap::new();
    for mut delivery in claimed.due {
        delivery.message.head_blake3 = Some(head.to_string());
        run.open.insert(delivery.id, delivery.clone());
        let queue = queues.entry(delivery.channel.to_ascii_lowercase());
        queue.or_default().push(delivery);
    }
    let (reports, heard) = mpsc::channel();
    let settled = run
        .start(queues, deadline, reports, is_stopped)
        .and_then(|()| run.settle_all(&heard, deadline + GRACE, is_stopped));
    if let Err(error) = settled {
        // Nothing more can be noted; a program that went on would have no time limit any more.
        run.stop.store(true, Ordering::Relaxed);
        let until = Instant::now() + STOPPING;
        while let Heard::Report(_) = hear(&heard, until, &|| false) {}
        return Err(error);
    }
    for one in std::mem::take(&mut run.left) {
        let sent = run.untried(&one);
        run.sent.push(sent);
    }
    sending.sent = run.sent;
    Ok(sending)
}

/// The secrets of all channels, each as far as it can be had.
fn secrets_of_all(terms: &Terms<'_>) -> Vec<Secrets> {
    let readable = |channel| {
        let mut found = Secrets::default();
        for (what, source) in secrets::sources(channel) {
            if let Ok(value) = secrets::read(source, terms.folder) {
                keep(&mut found, what, value);
            }
        }
        found
    };
    terms.channels.iter().map(readable).collect()
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
        keep(&mut found, what, secrets::read(source, folder)?);
    }
    Ok(found)
}

fn keep(found: &mut Secrets, what: &str, value: String) {
    match what {
        "url" => found.url = Some(value),
        "token" => found.token = Some(value),
        _ => found.password = Some(value),
    }
}

struct Run<'a> {
    store: &'a mut Store,
    author: &'a Author,
    terms: &'a Terms<'a>,
    /// What is claimed and not settled.
    open: BTreeMap<i64, Delivery>,
    sent: Vec<Sent>,
    /// What is due and more than one run sends.
    left: Vec<Delivery>,
    /// What was tried, and nobody has it.
    failed: Vec<Delivery>,
    everyone: Vec<Secrets>,
    /// Ends the attempts.
    stop: Arc<AtomicBool>,
}

impl Run<'_> {
    fn channel(&self, name: &str) -> Option<&Channel> {
        let mut channels = self.terms.channels.iter();
        channels.find(|channel| channel.name.eq_ignore_ascii_case(name))
    }

    /// The channel and what it needs, or why nothing can be sent through it.
    fn ready(&self, name: &str) -> Result<(Channel, Secrets), String> {
        let channel = self
            .channel(name)
            .ok_or_else(|| format!("the policy has no channel {name:?}"))?;
        let secrets = secrets_of(channel, self.terms.folder).map_err(|error| error.to_string())?;
        Ok((channel.clone(), secrets))
    }

    /// Begins with the channels, each in a thread of its own, which reports.
    fn start(
        &mut self,
        queues: BTreeMap<String, Vec<Delivery>>,
        deadline: Instant,
        reports: Sender<Report>,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<(), StoreError> {
        let rules = self.terms.rules;
        for queue in queues.into_values().map(in_turn) {
            if is_stopped() {
                break;
            }
            let Some(first) = queue.first().map(|first| (first.id, first.channel.clone())) else {
                continue;
            };
            let ready = self.ready(&first.1).and_then(|(channel, secrets)| {
                let work = Work {
                    channel,
                    secrets,
                    folder: self.terms.folder.to_owned(),
                    queue,
                    attempt_timeout: Duration::from_millis(rules.attempt_timeout.millis()),
                    least_left: Duration::from_millis(rules.total_timeout.millis()) / 2,
                    deadline,
                    stop: Arc::clone(&self.stop),
                };
                let reports = reports.clone();
                // Unlike `thread::spawn` no panic where the system has no more threads.
                let started = thread::Builder::new().spawn(move || work.send_all(&reports));
                started.map_err(|error| format!("no thread can be started for it: {error}"))
            });
            // It counts as tried.
            if let Err(error) = ready {
                self.settle(first.0, Err(SendError::again(error)))?;
            }
        }
        Ok(())
    }

    fn settle_all(
        &mut self,
        heard: &Receiver<Report>,
        until: Instant,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<(), StoreError> {
        let mut under_way = BTreeSet::new();
        loop {
            match hear(heard, until, is_stopped) {
                Heard::Report(Report::Begun(id)) => {
                    under_way.insert(id);
                }
                Heard::Report(Report::Ended(id, result, settled)) => {
                    under_way.remove(&id);
                    self.settle(id, result)?;
                    // A channel that failed waits for no answer.
                    let _ = settled.send(());
                }
                Heard::Over => break,
                Heard::Stopped => {
                    self.stop_all(heard, &mut under_way)?;
                    return self.release_rest(&under_way);
                }
            }
        }
        // Whoever has not reported by now did not get through, and ends.
        self.stop.store(true, Ordering::Relaxed);
        let limit = self.terms.rules.total_timeout;
        for id in under_way {
            let late = SendError::again(format!("no answer within {limit}"));
            self.settle(id, Err(late))?;
        }
        self.release(&BTreeMap::new())
    }

    /// Ends the attempts that are under way, and notes what has arrived by then.
    fn stop_all(
        &mut self,
        heard: &Receiver<Report>,
        under_way: &mut BTreeSet<i64>,
    ) -> Result<(), StoreError> {
        self.stop.store(true, Ordering::Relaxed);
        let until = Instant::now() + STOPPING;
        while let Heard::Report(report) = hear(heard, until, &|| false) {
            match report {
                Report::Begun(id) => {
                    under_way.insert(id);
                }
                // Whoever waits for it to be settled ends now.
                Report::Ended(id, result, _) if is_certain(&result) => {
                    under_way.remove(&id);
                    self.settle(id, result)?;
                }
                Report::Ended(..) => {}
            }
        }
        Ok(())
    }

    /// Lets go of what the run was kept from by being asked to stop. Of each channel one message tells of it: the one
    /// that was under way, or else the first, unless the others wait behind a failure anyway.
    fn release_rest(&mut self, under_way: &BTreeSet<i64>) -> Result<(), StoreError> {
        let failed = self.sent.iter().filter(|one| one.error.is_some());
        let mut told: BTreeSet<String> = failed.map(|one| one.channel.clone()).collect();
        let mut cut_short = BTreeMap::new();
        for delivery in self.open.values() {
            if under_way.contains(&delivery.id) {
                cut_short.insert(delivery.id, UNANSWERED);
                told.insert(delivery.channel.clone());
            }
        }
        for delivery in self.open.values() {
            if told.insert(delivery.channel.clone()) {
                cut_short.insert(delivery.id, UNSENT);
            }
        }
        self.release(&cut_short)
    }

    /// Lets go of all that is open: of what was not tried, and of what was cut short, with the reason for that.
    fn release(&mut self, cut_short: &BTreeMap<i64, &str>) -> Result<(), StoreError> {
        let ids: Vec<i64> = self.open.keys().copied().collect();
        if ids.is_empty() {
            return Ok(());
        }
        self.store.change(self.author, |tx| {
            outbox::release(tx, &ids)?;
            Ok::<_, StoreError>(Change::staged(()))
        })?;
        for (id, mut delivery) in std::mem::take(&mut self.open) {
            let why = cut_short.get(&id).map(|why| (*why).to_owned());
            if why.is_some() {
                delivery.last_error.clone_from(&why);
            }
            let was_cut_short = why.is_some();
            let sent = Sent {
                was_cut_short,
                error: why,
                ..self.untried(&delivery)
            };
            self.sent.push(sent);
        }
        Ok(())
    }

    /// Records what came of a message, and where its channel is out of order, of all others that are for it.
    fn settle(&mut self, id: i64, result: Result<(), SendError>) -> Result<(), StoreError> {
        let Some(mut delivery) = self.open.remove(&id) else {
            return Ok(());
        };
        let now = self.terms.moment(self.author);
        delivery.attempts_count += 1;
        let Err(error) = result else {
            self.store.change(self.author, |tx| {
                outbox::settle(tx, id, now, Settlement::Delivered, &[])?;
                Ok::<_, StoreError>(Change::staged(()))
            })?;
            delivery.last_error = None;
            let sent = self.said(&delivery, DeliveryState::Delivered, None);
            self.sent.push(sent);
            return Ok(());
        };
        let error = said(error, &self.everyone);
        self.fail(delivery, error, now)
    }

    /// What is said of a message that no attempt was made for.
    fn untried(&self, delivery: &Delivery) -> Sent {
        let mut failed = self.failed.iter();
        Sent {
            is_held_up: failed.any(|older| delivery.waits_behind(older)),
            ..self.said(delivery, DeliveryState::Queued, None)
        }
    }

    fn said(&self, delivery: &Delivery, state: DeliveryState, error: Option<String>) -> Sent {
        let channel = self.channel(&delivery.channel);
        Sent {
            channel: delivery.channel.clone(),
            required: channel.is_some_and(|channel| channel.required),
            alert: delivery.message.alert,
            event: delivery.message.event,
            state,
            attempts_count: delivery.attempts_count,
            error,
            was_cut_short: false,
            is_held_up: false,
            is_news: false,
            last_error: delivery.last_error.clone(),
            kind: channel.map(|channel| channel_keys::kind(&channel.carrier)),
        }
    }
}

/// Whether it is known what came of an attempt that may have been cut short: who was reached stays reached.
fn is_certain(result: &Result<(), SendError>) -> bool {
    result
        .as_ref()
        .map_or_else(|error| !error.reached.is_empty(), |()| true)
}
