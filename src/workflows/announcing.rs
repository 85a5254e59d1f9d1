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
use crate::store::{StoreError, Tx, operations, outbox};

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

/// Queues what a recorded check has to tell.
///
/// # Errors
/// The store can't be read or written.
pub fn announce(
    tx: &Tx<'_>,
    audience: &Audience<'_>,
    author: &Author,
    checked: &Checked,
    action: Option<&Action>,
) -> Result<(), StoreError> {
    if audience.channels.is_empty() {
        return Ok(());
    }
    let mut resolved: Option<Alert> = None;
    for touched in &checked.alerts {
        let Some(alert) = touched
            .id
            .map(|id| alerts::get(tx, id))
            .transpose()?
            .flatten()
        else {
            continue;
        };
        if touched.news == AlertNews::Resolved {
            // One message, however many alerts end with it: that of the most severe.
            if resolved
                .as_ref()
                .is_none_or(|other| alert.severity > other.severity)
            {
                resolved = Some(alert);
            }
        } else if let Some(event) = event(tx, audience, author, &alert, touched.news, action)? {
            let message = told(author, audience, checked, &alert, event, action);
            queue(tx, audience, author, checked.judgement.model.id, message)?;
        }
    }
    if let Some(alert) = resolved {
        let message = told(author, audience, checked, &alert, Event::Recovered, action);
        queue(tx, audience, author, checked.judgement.model.id, message)?;
    }
    Ok(())
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
                "The file lies in rejected/ with the reason beside it. `{} alerts ack {}` takes note of it.",
                audience.command, alert.id
            ),
        ],
        ..message(author, &alert, Event::RefusedFile)
    };
    queue(tx, audience, author, alert.model_id, message)
}

/// What there is to tell about an alert that is open.
fn event(
    tx: &Tx<'_>,
    audience: &Audience<'_>,
    author: &Author,
    alert: &Alert,
    news: AlertNews,
    action: Option<&Action>,
) -> Result<Option<Event>, StoreError> {
    let blocked = action.is_some_and(|action| action.status == ActionStatus::Impossible);
    let state = match alert.kind {
        AlertKind::Blind => Event::Blind,
        _ if blocked => Event::Blocked,
        _ => Event::Degraded,
    };
    let (told_at, told_this) = outbox::last_told(tx, alert.id, alert.opened_at, state)?;
    let acted = action.is_some_and(|action| action.operation.is_some());
    if news == AlertNews::Opened || acted || (state == Event::Blocked && !told_this) {
        return Ok(Some(state));
    }
    let waited = author.at.micros() - told_at.unwrap_or(alert.opened_at).micros();
    let is_due = audience.remind_after.micros() > 0 && waited >= audience.remind_after.micros();
    Ok((alert.acked_at.is_none() && is_due).then_some(Event::Reminder))
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

/// Puts a message into the outbox for each channel that lets it through.
fn queue(
    tx: &Tx<'_>,
    audience: &Audience<'_>,
    author: &Author,
    model: i64,
    message: Message,
) -> Result<(), StoreError> {
    let (last, head) = operations::head(tx)?;
    let next = last.map_or(1, |id| id.0 + 1);
    let passes = |channel: &&Channel| channel.passes.lets_through(&message);
    for channel in audience.channels.iter().filter(passes) {
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
            ..message.clone()
        };
        outbox::queue(tx, model, &channel.name, &message)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
