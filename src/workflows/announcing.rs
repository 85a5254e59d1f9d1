//! Puts into the outbox what people have to hear of a check: once for each change of state.

use crate::domain::notification::{Event, Message};
use crate::domain::operation::Author;
use crate::domain::policy::Channel;
use crate::domain::time::{Length, Timestamp};
use crate::domain::verdict::{AlertId, AlertKind};
use crate::files::hash::hash_bytes;
use crate::store::alerts::{self, Alert};
use crate::store::outbox::{self, Delivery, DeliveryState};
use crate::store::{StoreError, Tx, operations};

use super::monitoring::{Action, ActionStatus};
use super::recording::{AlertNews, Checked};
use words::{message, note, told};

mod words;

/// Whom to tell, and what a message has to know of the command line.
#[derive(Clone, Copy, Debug)]
pub struct Audience<'a> {
    pub channels: &'a [Channel],
    pub remind_after: Length,
    /// What `undo op_41` stands behind, so that it can be pasted anywhere: `modelguard -C /srv/churn`.
    pub command: &'a str,
}

impl Audience<'_> {
    /// Nobody is told anything.
    pub const NOBODY: Audience<'static> = Audience {
        channels: &[],
        remind_after: Length::from_seconds(0),
        command: "modelguard",
    };
}

/// What a channel hears of an alert in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub channel: String,
    pub alert: AlertId,
    /// What was queued; `None`: it was told before.
    pub event: Option<Event>,
}

/// Queues what a recorded check has to tell.
///
/// A channel hears once of each alert that opens and of each rollback, again of what stays open on the version that is
/// live or about a file, and of the recovery if it heard of the trouble. What was given up it hears anew.
///
/// # Errors
/// The store can't be read or written.
pub fn announce(
    tx: &Tx<'_>,
    audience: &Audience<'_>,
    author: &Author,
    checked: &Checked,
    action: Option<&Action>,
) -> Result<Vec<Told>, StoreError> {
    let mut announcer = Announcer {
        tx,
        audience,
        author,
        told: Vec::new(),
    };
    if audience.channels.is_empty() {
        return Ok(announcer.told);
    }
    let mut resolved = Vec::new();
    for touched in &checked.alerts {
        let alert = touched.id.map(|id| alerts::get(tx, id)).transpose()?;
        let Some(alert) = alert.flatten() else {
            continue;
        };
        if touched.news == AlertNews::Resolved {
            resolved.push(alert);
        } else {
            announcer.open(checked, &alert, action)?;
        }
    }
    announcer.recovered(checked, &resolved, action)?;
    announcer.others(checked, action)?;
    Ok(announcer.told)
}

struct Announcer<'a> {
    tx: &'a Tx<'a>,
    audience: &'a Audience<'a>,
    author: &'a Author,
    told: Vec<Told>,
}

impl Announcer<'_> {
    /// An alert that the check opened or found open.
    fn open(
        &mut self,
        checked: &Checked,
        alert: &Alert,
        action: Option<&Action>,
    ) -> Result<(), StoreError> {
        let blocked = action.is_some_and(|action| action.status == ActionStatus::Impossible);
        let acted = action.is_some_and(|action| action.operation.is_some());
        let state = match alert.kind {
            AlertKind::Blind => Event::Blind,
            _ if blocked => Event::Blocked,
            _ => Event::Degraded,
        };
        let heard = heard(self.tx, alert)?;
        for channel in self.audience.channels {
            let heard = of_channel(&heard, channel);
            // Who heard that there is nowhere to go has heard that it is degraded.
            let knows = heard.iter().any(|one| {
                let event = one.message.event;
                event == state || (state == Event::Degraded && event == Event::Blocked)
            });
            let event = if acted || !knows {
                Some(state)
            } else {
                self.reminder(alert, &heard)
            };
            self.tell(checked, alert, channel, event, action)?;
        }
        Ok(())
    }

    /// One message for each channel that heard of the trouble, however many alerts end with it: that of the most severe.
    fn recovered(
        &mut self,
        checked: &Checked,
        resolved: &[Alert],
        action: Option<&Action>,
    ) -> Result<(), StoreError> {
        let mut known = Vec::new();
        for alert in resolved {
            known.push((alert, heard(self.tx, alert)?));
        }
        for channel in self.audience.channels {
            let of = |one: &&(&Alert, Vec<Delivery>)| !of_channel(&one.1, channel).is_empty();
            let mut mine: Vec<_> = known.iter().filter(of).map(|(alert, _)| *alert).collect();
            mine.sort_by_key(|alert| std::cmp::Reverse(alert.severity));
            let Some(first) = mine.first() else { continue };
            let mut message = told(
                self.author,
                self.audience,
                checked,
                first,
                Event::Recovered,
                action,
            );
            let endings = mine
                .iter()
                .map(|alert| format!("Alert {} ({}) is resolved.", alert.id, alert.kind.name()));
            message.lines.splice(0..1, endings);
            let live = checked.judgement.version.as_ref();
            message.version = live.map(|version| version.name.to_string());
            self.queue(first, channel, message)?;
        }
        Ok(())
    }

    /// Reminds of open alerts that the check does not speak of. What was left by a rollback waits for the recovery.
    fn others(&mut self, checked: &Checked, action: Option<&Action>) -> Result<(), StoreError> {
        let judgement = &checked.judgement;
        let acted = action.is_some_and(|action| action.operation.is_some());
        if acted || !judgement.is_live {
            return Ok(());
        }
        let live = judgement.version.as_ref().map(|version| version.id);
        let mut files = Vec::new();
        for id in alerts::open_of(self.tx, judgement.model.id)? {
            let is_touched = checked.alerts.iter().any(|touched| touched.id == Some(id));
            let Some(alert) = alerts::get(self.tx, id)?.filter(|_| !is_touched) else {
                continue;
            };
            if alert.acked_at.is_some() || alert.version_id.is_some() && alert.version_id != live {
                continue;
            }
            let heard = heard(self.tx, &alert)?;
            if alert.kind == AlertKind::RefusedFile {
                files.push((alert, heard));
                continue;
            }
            for channel in self.audience.channels {
                let mine = of_channel(&heard, channel);
                let lost = mine
                    .is_empty()
                    .then(|| last_lost(&heard, channel))
                    .flatten();
                let lost = lost.map(|lost| lost.message.event);
                if let Some(event) = lost.or_else(|| self.reminder(&alert, &mine)) {
                    let lines = vec![alert.message.clone()];
                    self.still_open(&alert, channel, event, lines)?;
                }
            }
        }
        self.files(&files)
    }

    /// One message for all refused files of a model: a feed that is broken refuses one each hour. It is a reminder, under
    /// the newest, or the word of what was given up, under the newest of these.
    fn files(&mut self, files: &[(Alert, Vec<Delivery>)]) -> Result<(), StoreError> {
        let Some((newest, _)) = files.last() else {
            return Ok(());
        };
        for channel in self.audience.channels {
            let of = files
                .iter()
                .flat_map(|(_, heard)| of_channel(heard, channel));
            let heard: Vec<_> = of.collect();
            let (alert, event) = match newest_lost(files, channel) {
                Some(lost) if !heard.iter().any(waits) => (lost, Event::RefusedFile),
                _ => match self.reminder(newest, &heard) {
                    Some(event) => (newest, event),
                    None => continue,
                },
            };
            let mut lines = vec![alert.message.clone()];
            match files.len() - 1 {
                0 => {}
                1 => lines.push("1 file more was refused and is unresolved.".to_owned()),
                more => lines.push(format!(
                    "{more} files more were refused and are unresolved."
                )),
            }
            self.still_open(alert, channel, event, lines)?;
        }
        Ok(())
    }

    fn still_open(
        &mut self,
        alert: &Alert,
        channel: &Channel,
        event: Event,
        mut lines: Vec<String>,
    ) -> Result<(), StoreError> {
        lines.push(note(self.audience, alert));
        let message = Message {
            title: format!("{}: alert {} is still open", alert.model, alert.id),
            lines,
            ..message(self.author, alert, event)
        };
        self.queue(alert, channel, message)
    }

    /// A reminder, if it is time for one to a channel that heard this. What waits already tells it.
    fn reminder(&self, alert: &Alert, heard: &[&Delivery]) -> Option<Event> {
        let last = heard.iter().map(arrived_at).max()?;
        let waited = self.author.at.micros() - last.micros();
        let after = self.audience.remind_after.micros();
        let is_due = after > 0 && waited >= after && !heard.iter().any(waits);
        (is_due && alert.acked_at.is_none()).then_some(Event::Reminder)
    }

    fn tell(
        &mut self,
        checked: &Checked,
        alert: &Alert,
        channel: &Channel,
        event: Option<Event>,
        action: Option<&Action>,
    ) -> Result<(), StoreError> {
        if let Some(event) = event {
            let message = told(self.author, self.audience, checked, alert, event, action);
            return self.queue(alert, channel, message);
        }
        self.told.push(Told {
            channel: channel.name.clone(),
            alert: alert.id,
            event: None,
        });
        Ok(())
    }

    fn queue(
        &mut self,
        alert: &Alert,
        channel: &Channel,
        message: Message,
    ) -> Result<(), StoreError> {
        let event = message.event;
        if queue(self.tx, self.author, alert.model_id, channel, message)? {
            self.told.push(Told {
                channel: channel.name.clone(),
                alert: alert.id,
                event: Some(event),
            });
        }
        Ok(())
    }
}

/// What was queued about an alert since it opened last.
fn heard(tx: &Tx<'_>, alert: &Alert) -> Result<Vec<Delivery>, StoreError> {
    let mut heard = outbox::of_alert(tx, alert.id)?;
    let is_end = |one: &Delivery| one.message.event == Event::Recovered;
    if let Some(end) = heard.iter().rposition(is_end) {
        heard.drain(..=end);
    }
    heard.retain(|one| one.queued_at >= alert.opened_at);
    Ok(heard)
}

fn is_for(one: &Delivery, channel: &Channel) -> bool {
    one.channel.eq_ignore_ascii_case(&channel.name)
}

/// Whether it was given up and nobody has it.
fn is_lost(one: &Delivery) -> bool {
    one.state == DeliveryState::Failed && one.reached.is_empty()
}

/// Whether it waits, and nobody has it yet.
fn waits(one: &&Delivery) -> bool {
    one.state == DeliveryState::Queued && one.reached.is_empty()
}

/// When the channel had it: what failed at first came later than it was said.
fn arrived_at(one: &&Delivery) -> Timestamp {
    let was_late = one.state == DeliveryState::Delivered && one.first_failed_at.is_some();
    let settled_at = one.settled_at.filter(|_| was_late);
    settled_at.unwrap_or(one.queued_at)
}

/// What a channel heard or will hear; what was given up it never heard, unless some of its recipients have it.
fn of_channel<'a>(heard: &'a [Delivery], channel: &Channel) -> Vec<&'a Delivery> {
    let same = |one: &&Delivery| is_for(one, channel) && !is_lost(one);
    heard.iter().filter(same).collect()
}

/// The last message for a channel that was given up.
fn last_lost<'a>(heard: &'a [Delivery], channel: &Channel) -> Option<&'a Delivery> {
    let mut newest_first = heard.iter().rev();
    newest_first.find(|one| is_for(one, channel) && is_lost(one))
}

/// The newest file of which a channel never heard because the message was given up, neither by itself nor by a later
/// message about all of them.
fn newest_lost<'a>(files: &'a [(Alert, Vec<Delivery>)], channel: &Channel) -> Option<&'a Alert> {
    let of_all = files.iter().flat_map(|(_, heard)| {
        let mine = heard.iter().filter(|one| is_for(one, channel));
        // The first message about a file is about this one alone.
        let later = mine.enumerate().filter(|(number, one)| {
            (*number > 0 || one.message.event == Event::Reminder) && !is_lost(one)
        });
        later.map(|(_, one)| one.queued_at)
    });
    let of_all = of_all.max();
    let mut newest_first = files.iter().rev();
    let lost = newest_first.find(|(_, heard)| {
        let given_up_at = last_lost(heard, channel).and_then(|lost| lost.settled_at);
        of_channel(heard, channel).is_empty() && given_up_at.is_some() && given_up_at > of_all
    });
    lost.map(|(alert, _)| alert)
}

/// Queues that a file of the inbox was refused.
///
/// # Errors
/// The store can't be read or written.
pub fn announce_refused(
    tx: &Tx<'_>,
    audience: &Audience<'_>,
    author: &Author,
    alert: AlertId,
    name: &str,
) -> Result<(), StoreError> {
    let Some(alert) = alerts::get(tx, alert)? else {
        return Ok(());
    };
    let message = Message {
        title: format!("{}: the inbox refused {name}", alert.model),
        lines: vec![
            alert.message.clone(),
            format!(
                "The file lies in rejected/ with the reason beside it. {}",
                note(audience, &alert)
            ),
        ],
        ..message(author, &alert, Event::RefusedFile)
    };
    for channel in audience.channels {
        queue(tx, author, alert.model_id, channel, message.clone())?;
    }
    Ok(())
}

/// Puts a message into the outbox for a channel that lets it through; says whether it does.
fn queue(
    tx: &Tx<'_>,
    author: &Author,
    model: i64,
    channel: &Channel,
    message: Message,
) -> Result<bool, StoreError> {
    if !channel.passes.lets_through(&message) {
        return Ok(false);
    }
    let (last, head) = operations::head(tx)?;
    let next = last.map_or(1, |id| id.0 + 1);
    // Of the log's head, so that two stores never give the same.
    let seed = format!(
        "{head} {next} {} {:?} {} {}",
        author.at,
        message.alert,
        message.event.name(),
        channel.name
    );
    let digits = hash_bytes(seed.as_bytes()).to_string();
    let message = Message {
        delivery_id: format!("mg-{}", &digits[..32]),
        ..message
    };
    outbox::queue(tx, model, &channel.name, &message)?;
    Ok(true)
}

#[cfg(test)]
mod tests;
