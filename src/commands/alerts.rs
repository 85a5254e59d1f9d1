//! `alerts`: what people had to be told, and that somebody took note.

use serde_json::{Value, json};

use super::call::Call;
use super::lists::{self, RowFormat};
use super::output::{Report, Screen};
use super::{Outcome, problems};
use crate::domain::hash::Hash;
use crate::domain::holders::OperationId;
use crate::domain::operation::{NewOperation, OperationKind};
use crate::domain::verdict::{AlertId, Severity};
use crate::store::alerts::{self, Alert, Filter};
use crate::store::{Access, Change, StoreError, Tx, evaluations, operations};
use crate::ui::colour::Tone;
use crate::ui::exit::ExitStatus;
use crate::ui::problem::Problem;
use crate::ui::table::{Column, Table};
use crate::workflows::judging::JudgeError;
use crate::workflows::naming::{self, NamingError};

/// Look at alerts, and take note of them
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard alerts list --open
  modelguard alerts show a_1
  modelguard alerts ack a_1 --note \"the feed is repaired\"
  modelguard alerts ack a_1 --rearm

Exit status: 0 done; 10 no such alert
Effect: list and show read only; ack records")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand, Debug)]
enum Verb {
    /// List alerts, last opened first
    ///
    /// Of all models, or of the one that -m names.
    #[command(after_long_help = "\
Examples:
  modelguard alerts list
  modelguard alerts list --open --severity critical

Exit status: 0 listed
Effect: reads only")]
    List {
        /// At most so many
        #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
        limit: u64,

        /// Only of this severity: low, medium, high or critical
        #[arg(long, value_name = "SEVERITY", value_parser = parse_severity)]
        severity: Option<Severity>,

        /// Only those that are open
        #[arg(long)]
        open: bool,

        /// Rows for another program: csv or jsonl
        #[arg(long = "as", value_name = "FORMAT")]
        format: Option<RowFormat>,
    },
    /// Show one alert
    #[command(after_long_help = "\
Examples:
  modelguard alerts show a_1

Exit status: 0 shown; 10 no such alert
Effect: reads only")]
    Show {
        /// The alert: a_1
        #[arg(value_name = "ID")]
        id: AlertId,
    },
    /// Take note of an alert
    ///
    /// It stays open until what is live is healthy. With --rearm it may roll back once more.
    #[command(after_long_help = "\
Examples:
  modelguard alerts ack a_1 --note \"the feed is repaired\"
  modelguard alerts ack a_1 --rearm

Exit status: 0 noted, or noted before; 10 no such alert
Effect: records")]
    Ack {
        /// The alert: a_1
        #[arg(value_name = "ID")]
        id: AlertId,

        /// Let it act once more
        #[arg(long)]
        rearm: bool,

        /// A note for the log
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
}

fn parse_severity(text: &str) -> Result<Severity, String> {
    Severity::from_name(text).ok_or_else(|| "write low, medium, high or critical".to_owned())
}

pub fn run(call: &Call, args: Args) -> Outcome {
    match args.verb {
        Verb::List {
            limit,
            severity,
            open,
            format,
        } => list(call, limit, severity, open, format),
        Verb::Show { id } => show(call, id),
        Verb::Ack { id, rearm, note } => acknowledge(call, id, rearm, note),
    }
}

fn list(
    call: &Call,
    limit: u64,
    severity: Option<Severity>,
    open_only: bool,
    format: Option<RowFormat>,
) -> Outcome {
    if call.globals.json && format.is_some() {
        return Err(
            Problem::new("MG0101", "--as and --json are two forms of one answer")
                .hint("leave one of them out"),
        );
    }
    let mut session = call.session(Access::Read)?;
    let named = Call::named_model(&session);
    let listed = session
        .store
        .read(|tx| {
            let model = match &named {
                Some(name) => Some(naming::model(tx, Some(name))?.id),
                None => None,
            };
            let filter = Filter {
                model,
                severity,
                open_only,
            };
            let (alerts, total) = alerts::list(tx, filter, limit)?;
            Ok::<_, NamingError>((alerts, total, operations::head(tx)?.1))
        })
        .map_err(|error| problems::naming(call, error))?;
    let (alerts, total, head) = listed;
    Ok(Box::new(Listed {
        more: call.follow_up(&format!("alerts list -n {total}")),
        alerts,
        total,
        head,
        format,
    }))
}

/// The alert of that id, of the model that `-m` names if it names one.
fn found(tx: &Tx<'_>, call: &Call, id: AlertId) -> Result<Option<Alert>, StoreError> {
    let named = call.globals.model.as_ref();
    Ok(alerts::get(tx, id)?.filter(|alert| {
        named.is_none_or(|named| named.as_str().eq_ignore_ascii_case(alert.model.as_str()))
    }))
}

fn missing(call: &Call, id: AlertId) -> Problem {
    Problem::new("MG0208", format!("there is no alert {id}"))
        .hint(format!("`{}` lists them", call.follow_up("alerts list")))
}

fn show(call: &Call, id: AlertId) -> Outcome {
    let mut session = call.session(Access::Read)?;
    let (alert, head, document) = session
        .store
        .read(|tx| {
            let alert = found(tx, call, id)?;
            let document = match &alert {
                Some(alert) => evaluations::document(tx, alert.evaluation)?,
                None => None,
            };
            Ok((alert, operations::head(tx)?.1, document))
        })
        .map_err(|error: StoreError| problems::store(call, error))?;
    let alert = alert.ok_or_else(|| missing(call, id))?;
    Ok(Box::new(Shown {
        check: document.and_then(|text| serde_json::from_str(&text).ok()),
        alert,
        head,
    }))
}

fn acknowledge(call: &Call, id: AlertId, rearm: bool, note: Option<String>) -> Outcome {
    let mut session = call.session(Access::Write)?;
    let author = session.author.clone();
    let done = session.store.change(&author, |tx| {
        let Some(alert) = found(tx, call, id)? else {
            return Ok(Change::nothing(None));
        };
        let rearms = rearm && alert.acted_operation.is_some();
        if alert.acked_at.is_some() && !rearms && note.is_none() {
            return Ok(Change::nothing(Some((alert, None))));
        }
        let operation = tx.next_operation()?;
        alerts::acknowledge(tx, id, author.at, rearm)?;
        let content = NewOperation {
            version: Some(alert.version_id),
            reason: note.clone(),
            detail: json!({ "alert_id": id.to_string(), "rearm": rearms }).to_string(),
            ..NewOperation::recording(OperationKind::Acknowledge, alert.model_id)
        };
        Ok::<_, StoreError>(Change::recorded(Some((alert, Some(operation))), content))
    });
    let done = done.map_err(|error| problems::judge(call, JudgeError::Store(error)))?;
    let (alert, operation) = done.ok_or_else(|| missing(call, id))?;
    Ok(Box::new(Acknowledged {
        id,
        operation,
        rearmed: rearm && alert.acted_operation.is_some(),
        is_open: alert.is_open(),
    }))
}

/// The keys of a row, in their order.
const KEYS: [&str; 13] = [
    "alert_id",
    "opened_at",
    "resolved_at",
    "acked_at",
    "severity",
    "kind",
    "model",
    "version",
    "reason",
    "state",
    "evaluation_id",
    "acted_operation_id",
    "deliveries",
];

fn state(alert: &Alert) -> &'static str {
    match (alert.resolved_at, alert.acked_at) {
        (Some(_), _) => "resolved",
        (None, Some(_)) => "acknowledged",
        (None, None) => "open",
    }
}

fn alert_data(alert: &Alert) -> Value {
    json!({
        "alert_id": alert.id.to_string(),
        "opened_at": alert.opened_at.to_string(),
        "resolved_at": alert.resolved_at.map(|at| at.to_string()),
        "acked_at": alert.acked_at.map(|at| at.to_string()),
        "severity": alert.severity.name(),
        "kind": alert.kind.name(),
        "model": alert.model.to_string(),
        "version": alert.version.to_string(),
        "reason": alert.message,
        "state": state(alert),
        "evaluation_id": alert.evaluation.to_string(),
        "acted_operation_id": alert.acted_operation.map(|id| id.to_string()),
        "deliveries": [],
    })
}

struct Listed {
    alerts: Vec<Alert>,
    total: u64,
    head: Hash,
    more: String,
    format: Option<RowFormat>,
}

impl Report for Listed {
    fn schema(&self) -> &'static str {
        "alerts_list"
    }

    fn data(&self) -> Value {
        let alerts: Vec<_> = self.alerts.iter().map(alert_data).collect();
        json!({ "alerts": alerts, "total_count": self.total, "head_blake3": self.head.to_string() })
    }

    fn text(&self, screen: &Screen) -> String {
        if let Some(format) = self.format {
            let rows: Vec<_> = self.alerts.iter().map(alert_data).collect();
            return format.write(&KEYS, &rows);
        }
        if self.alerts.is_empty() {
            return "No alerts.\n".to_owned();
        }
        let mut table = Table::new(vec![
            Column::words("alert", 0),
            Column::words("opened", 1),
            Column::words("state", 0),
            Column::words("severity", 2),
            Column::words("kind", 0),
            Column::words("model", 3),
            Column::words("version", 0),
            Column::words("reason", 4),
        ]);
        for alert in &self.alerts {
            table.row(vec![
                alert.id.to_string(),
                screen.times.show(alert.opened_at.micros()),
                state(alert).to_owned(),
                alert.severity.to_string(),
                alert.kind.name().to_owned(),
                alert.model.to_string(),
                alert.version.to_string(),
                alert.message.clone(),
            ]);
            table.tone(2, alert.is_open().then_some(Tone::Bad));
        }
        let mut text = table.render_painted(screen.width, screen.palette);
        text.push_str(&lists::more(self.alerts.len(), self.total, |_| {
            self.more.clone()
        }));
        text
    }

    fn aside(&self, _: &Screen) -> String {
        format!("head {}\n", self.head)
    }
}

struct Shown {
    alert: Alert,
    /// The newest check that found its condition.
    check: Option<Value>,
    head: Hash,
}

impl Report for Shown {
    fn schema(&self) -> &'static str {
        "alerts_show"
    }

    fn data(&self) -> Value {
        let mut data = alert_data(&self.alert);
        data["check"] = json!(self.check);
        data["head_blake3"] = json!(self.head.to_string());
        data
    }

    fn text(&self, screen: &Screen) -> String {
        let alert = &self.alert;
        let time = |at: Option<crate::domain::time::Timestamp>| {
            screen
                .times
                .show_if(at.map(crate::domain::time::Timestamp::micros))
        };
        let acted = alert.acted_operation.map_or_else(
            || "has not rolled back".to_owned(),
            |id| format!("has rolled back by {id}, and acts again only after `--rearm`"),
        );
        format!(
            "{id}  {model}  {version}  {kind}, severity {severity}, {state}\n  {message}\n  \
             opened {opened}, noted {noted}, resolved {resolved}; newest check {check}\n  {acted}\n",
            id = alert.id,
            model = alert.model,
            version = alert.version,
            kind = alert.kind.name(),
            severity = alert.severity,
            state = state(alert),
            message = alert.message,
            opened = screen.times.show(alert.opened_at.micros()),
            noted = time(alert.acked_at),
            resolved = time(alert.resolved_at),
            check = alert.evaluation,
        )
    }

    fn aside(&self, _: &Screen) -> String {
        format!("head {}\n", self.head)
    }
}

struct Acknowledged {
    id: AlertId,
    operation: Option<OperationId>,
    rearmed: bool,
    is_open: bool,
}

impl Report for Acknowledged {
    fn schema(&self) -> &'static str {
        "alerts_ack"
    }

    fn data(&self) -> Value {
        json!({
            "changed": self.operation.is_some(),
            "alert_id": self.id.to_string(),
            "rearmed": self.rearmed,
            "operation_id": self.operation.map(|id| id.to_string()),
            "deliveries": [],
        })
    }

    fn text(&self, _: &Screen) -> String {
        let id = self.id;
        match (self.operation, self.rearmed) {
            (None, _) => format!("{id} was noted before; nothing was changed.\n"),
            (Some(_), true) => format!("Noted {id}. It may roll back once more.\n"),
            (Some(_), false) if self.is_open => {
                format!("Noted {id}. It stays open until what is live is healthy.\n")
            }
            (Some(_), false) => format!("Noted {id}. It is resolved.\n"),
        }
    }

    fn exit(&self) -> ExitStatus {
        ExitStatus::Ok
    }
}
