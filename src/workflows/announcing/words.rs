//! What is said of a check, an alert and what was done: title, lines, undo.

use crate::domain::holders::OperationId;
use crate::domain::names::ModelName;
use crate::domain::notification::{Event, Message};
use crate::domain::operation::Author;
use crate::judge::judged::Judged;
use crate::store::alerts::Alert;

use super::Audience;
use crate::workflows::monitoring::{Action, ActionStatus};
use crate::workflows::recording::Checked;

pub(super) fn note(audience: &Audience<'_>, alert: &Alert) -> String {
    format!(
        "`{} alerts ack {}` takes note of it.",
        audience.command, alert.id
    )
}

pub(super) fn told(
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
        match format!("{:.1}", pct.abs()).as_str() {
            "0.0" => text.push_str(", unchanged"),
            by if pct > 0.0 => text.push_str(&format!(", worse by {by} %")),
            by => text.push_str(&format!(", better by {by} %")),
        }
    }
    if let Some(rows) = current.rows_count {
        text.push_str(&format!(", on {rows} rows"));
    }
    Some(text)
}

/// Three digits that count, without an exponent where people would not write one.
pub(super) fn short(value: f64) -> String {
    let digits = if value == 0.0 {
        0
    } else {
        (2 - value.abs().log10().floor() as i32).clamp(0, 12)
    };
    format!("{value:.*}", digits.unsigned_abs() as usize)
}

pub(super) fn message(author: &Author, alert: &Alert, event: Event) -> Message {
    Message {
        delivery_id: String::new(),
        event,
        at: author.at,
        host: author.host.clone(),
        model: alert.model.to_string(),
        version: alert.version.as_ref().map(ToString::to_string),
        alert: Some(alert.id),
        severity: Some(alert.severity),
        title: String::new(),
        lines: Vec::new(),
        undo_command: None,
        head_blake3: None,
    }
}
