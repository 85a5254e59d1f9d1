//! `alerts`: what people had to be told, and that somebody took note.

mod ack;
mod flush;
mod list;
mod show;
mod test;

use serde_json::{Value, json};

use super::call::Call;
use super::lists::RowFormat;
use super::{Outcome, flags, messages};
use crate::domain::verdict::{AlertId, Severity};
use crate::store::alerts::{self, Alert};
use crate::store::outbox::Delivery;
use crate::store::{StoreError, Tx};
use crate::ui::problem::Problem;

/// Look at alerts, and take note of them
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard alerts list --open
  modelguard alerts show a_1
  modelguard alerts ack a_1 --note \"the feed is repaired\"
  modelguard alerts ack a_1 --rearm
  modelguard alerts test
  modelguard alerts flush

Exit status: 0 done; 1 a message was not taken; 10 no such alert or channel
Effect: list, show and test read only; ack and flush record")]
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
        #[arg(short = 'n', long, value_name = "N", default_value_t = 10, value_parser = flags::parse_limit)]
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
    /// It stays open until what is live is healthy; that of a refused file is resolved by it. With --rearm it may
    /// roll back once more.
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
    /// Send all messages that wait
    ///
    /// Also those that would wait longer, because their channel failed a short while ago. Each channel is offered one
    /// after the other. Of a channel that is out of order the others wait, untried; behind one that it refuses for good
    /// wait only those about the same alert, and the recovery from it. What another run is sending is left to it, and
    /// counted.
    #[command(after_long_help = "\
Examples:
  modelguard alerts flush

Exit status: 0 nothing waits any more, or another run is sending it; 1 a message was not taken
Effect: records what arrived")]
    Flush,
    /// Send a message that means nothing
    ///
    /// Through one channel of the policy, or through all of them. Nothing of it is kept.
    #[command(after_long_help = "\
Examples:
  modelguard alerts test
  modelguard alerts test team

Exit status: 0 all took it; 1 one did not; 10 the policy has no such channel
Effect: reads only, and sends")]
    Test {
        /// The channel's name
        #[arg(value_name = "CHANNEL")]
        channel: Option<String>,
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
        } => list::run(call, limit, severity, open, format),
        Verb::Show { id } => show::run(call, id),
        Verb::Ack { id, rearm, note } => ack::run(call, id, rearm, note),
        Verb::Flush => flush::run(call),
        Verb::Test { channel } => test::run(call, channel.as_deref()),
    }
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

fn state(alert: &Alert) -> &'static str {
    match (alert.resolved_at, alert.acked_at) {
        (Some(_), _) => "resolved",
        (None, Some(_)) => "acknowledged",
        (None, None) => "open",
    }
}

fn alert_data(alert: &Alert, deliveries: &[Delivery]) -> Value {
    json!({
        "alert_id": alert.id.to_string(),
        "opened_at": alert.opened_at.to_string(),
        "resolved_at": alert.resolved_at.map(|at| at.to_string()),
        "acked_at": alert.acked_at.map(|at| at.to_string()),
        "severity": alert.severity.name(),
        "kind": alert.kind.name(),
        "model": alert.model.to_string(),
        "version": alert.version.as_ref().map(ToString::to_string),
        "reason": alert.message,
        "state": state(alert),
        "evaluation_id": alert.evaluation.map(|id| id.to_string()),
        "acted_operation_id": alert.acted_operation.map(|id| id.to_string()),
        "deliveries": messages::queued_data(deliveries),
    })
}
