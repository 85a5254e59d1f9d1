//! Puts into the outbox what people have to hear of a check: once for each change of state.

use crate::domain::holders::OperationId;
use crate::domain::names::ModelName;
use crate::domain::notification::{Event, Message};
use crate::domain::operation::Author;
use crate::domain::policy::Channel;
use crate::domain::time::Length;
use crate::domain::verdict::{AlertId, AlertKind, Severity};
use crate::files::hash::hash_bytes;
use crate::judge::judged::Judged;
use crate::store::alerts::{self, Alert};
use crate::store::outbox::{self, Delivery};
use crate::store::{StoreError, Tx, operations};

use super::monitoring::{Action, ActionStatus};
use super::recording::{AlertNews, Checked};

/// Whom to tell, and what a message has to know of the command line.
#[derive(Clone, Copy, Debug)]
pub struct Audience<'a> {
    pub channels: &'a [Channel],
    pub remind_after: Length,
    /// What `undo op_41` stands behind, so that it can be pasted anywhere: `modelguard -C /srv/churn -m churn`.
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
/// live or about a file, and of the recovery if it heard of the trouble.
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
        for id in alerts::open_of(self.tx, judgement.model.id)? {
            let is_touched = checked.alerts.iter().any(|touched| touched.id == Some(id));
            let Some(alert) = alerts::get(self.tx, id)?.filter(|_| !is_touched) else {
                continue;
            };
            if alert.version_id.is_some() && alert.version_id != live {
                continue;
            }
            let heard = heard(self.tx, &alert)?;
            for channel in self.audience.channels {
                let heard = of_channel(&heard, channel);
                if let Some(event) = self.reminder(&alert, &heard) {
                    let message = Message {
                        title: format!("{}: alert {} is still open", alert.model, alert.id),
                        lines: vec![alert.message.clone(), note(self.audience, &alert)],
                        ..message(self.author, &alert, event)
                    };
                    self.queue(&alert, channel, message)?;
                }
            }
        }
        Ok(())
    }

    /// A reminder, if it is time for one to a channel that heard this.
    fn reminder(&self, alert: &Alert, heard: &[&Delivery]) -> Option<Event> {
        let last = heard.iter().map(|one| one.queued_at).max()?;
        let waited = self.author.at.micros() - last.micros();
        let after = self.audience.remind_after.micros();
        let is_due = after > 0 && waited >= after;
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

fn of_channel<'a>(heard: &'a [Delivery], channel: &Channel) -> Vec<&'a Delivery> {
    let same = |one: &&Delivery| one.channel.eq_ignore_ascii_case(&channel.name);
    heard.iter().filter(same).collect()
}

fn note(audience: &Audience<'_>, alert: &Alert) -> String {
    format!(
        "`{} alerts ack {}` takes note of it.",
        audience.command, alert.id
    )
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

fn told(
    author: &Author,
    audience: &Audience<'_>,
    checked: &Checked,
    alert: &Alert,
    event: Event,
    action: Option<&Action>,
) -> Message {
    let judgement = &checked.judgement;
    let version = judgement.version.as_ref();
    let live = version.map_or_else(
        || "nothing live".to_owned(),
        |version| version.name.to_string(),
    );
    let model = &judgement.model.name;
    let severity = alert.severity;
    let title = match event {
        Event::Recovered => format!("{model} {live} is healthy again"),
        Event::Blind => format!("{model} {live} can't be judged"),
        Event::Blocked => {
            format!("{model} {live} is degraded ({severity}) and there is nowhere to go")
        }
        Event::Reminder => format!("{model} {live}: alert {} is still open", alert.id),
        _ => format!("{model} {live} is degraded ({severity})"),
    };
    let mut lines = vec![alert.message.clone()];
    if event == Event::Recovered {
        lines = vec![format!(
            "Alert {} ({}) is resolved.",
            alert.id,
            alert.kind.name()
        )];
    }
    lines.extend(
        judgement
            .metrics
            .iter()
            .filter(|judged| judged.decides)
            .filter_map(numbers),
    );
    let undo = action.and_then(|action| {
        let target = action.target.as_ref()?;
        let undo = undo(audience, model, action.operation?);
        lines.push(format!(
            "Rolled back to {} (was {live}).",
            target.version.name
        ));
        lines.push(format!("undo: {undo}"));
        Some(undo)
    });
    if action.is_some_and(|action| action.status == ActionStatus::Refused) {
        lines.push(format!(
            "Not rolled back: alert {id} has acted before. `{} alerts ack {id} --rearm` lets it act again.",
            audience.command,
            id = alert.id
        ));
    }
    if event == Event::Blocked {
        lines.push(
            "Not rolled back: no version lies below that is neither bad nor retired.".to_owned(),
        );
    }
    Message {
        title,
        lines,
        undo_command: undo,
        ..message(author, alert, event)
    }
}

fn undo(audience: &Audience<'_>, model: &ModelName, operation: OperationId) -> String {
    format!("{} -m {model} undo {operation}", audience.command)
}

/// `rmse now 0.412 [0.398, 0.427], baseline 0.389, worse by 5.9 %, on 1000 rows`
fn numbers(judged: &Judged) -> Option<String> {
    let current = judged.current.as_ref()?;
    let mut text = format!("{} now {}", judged.metric, short(current.value));
    if let Some((low, high)) = current.bounds {
        text.push_str(&format!(" [{}, {}]", short(low), short(high)));
    }
    if let Some(baseline) = &judged.baseline {
        text.push_str(&format!(", baseline {}", short(baseline.value)));
    }
    if let Some(pct) = judged
        .compared
        .as_ref()
        .and_then(|compared| compared.worse_pct)
    {
        let word = if pct > 0.0 { "worse" } else { "better" };
        text.push_str(&format!(", {word} by {:.1} %", pct.abs()));
    }
    if let Some(rows) = current.rows_count {
        text.push_str(&format!(", on {rows} rows"));
    }
    Some(text)
}

/// Three digits that count, without an exponent where people would not write one.
fn short(value: f64) -> String {
    let digits = if value == 0.0 {
        0
    } else {
        (2 - value.abs().log10().floor() as i32).clamp(0, 12)
    };
    format!("{value:.*}", digits.unsigned_abs() as usize)
}

fn message(author: &Author, alert: &Alert, event: Event) -> Message {
    Message {
        delivery_id: String::new(),
        event,
        at: author.at,
        host: author.host.clone(),
        model: alert.model.to_string(),
        version: alert.version.as_ref().map(ToString::to_string),
        alert: Some(alert.id),
        severity: Some(alert.severity)
            .filter(|_| alert.kind != AlertKind::RefusedFile || alert.severity > Severity::Low),
        title: String::new(),
        lines: Vec::new(),
        undo_command: None,
        head_blake3: None,
    }
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
