//! `alerts test`: sends a message that means nothing, so that a channel is known to work before it has to.

use serde_json::{Value, json};

use crate::commands::Outcome;
use crate::commands::call::Call;
use crate::commands::messages::Listeners;
use crate::commands::output::{Report, Screen, Warning};
use crate::domain::nearest::{edits, nearest};
use crate::domain::notification::{Event, Message};
use crate::domain::policy::Channel;
use crate::files::hash::hash_bytes;
use crate::store::Access;
use crate::ui::exit::ExitStatus;
use crate::ui::line::one_line;
use crate::ui::problem::Problem;
use crate::workflows::delivering;

pub fn run(call: &Call, name: Option<&str>) -> Outcome {
    let session = call.session(Access::Read)?;
    let listeners = Listeners::of(&session, false);
    let is_meant =
        |channel: &&Channel| name.is_none_or(|name| channel.name.eq_ignore_ascii_case(name));
    let channels: Vec<_> = listeners.channels.iter().filter(is_meant).collect();
    if channels.is_empty() {
        return Err(missing(name, &listeners));
    }
    let author = &session.author;
    let model = Call::named_model(&session)
        .map_or_else(|| "modelguard".to_owned(), |model| model.to_string());
    let mut tried = Vec::new();
    for channel in channels {
        call.check_stop()?;
        let seed = format!(
            "{} {} {} {}",
            author.at,
            author.host,
            std::process::id(),
            channel.name
        );
        let digits = hash_bytes(seed.as_bytes()).to_string();
        let message = Message {
            delivery_id: format!("mg-{}", &digits[..32]),
            event: Event::Test,
            at: author.at,
            host: author.host.clone(),
            model: model.clone(),
            version: None,
            alert: None,
            severity: None,
            title: format!("{model}: a test of channel {}", channel.name),
            lines: vec!["Nothing happened. Somebody ran `modelguard alerts test`.".to_owned()],
            undo_command: None,
            head_blake3: None,
        };
        let sent = delivering::send_now(channel, &message, &listeners.terms(true));
        tried.push(Tried {
            channel: channel.name.clone(),
            error: sent.err().map(|error| error.to_string()),
        });
    }
    Ok(Box::new(Tested {
        tried,
        warnings: listeners.warnings(),
    }))
}

fn missing(name: Option<&str>, listeners: &Listeners) -> Problem {
    let names: Vec<&str> = listeners
        .channels
        .iter()
        .map(|channel| channel.name.as_str())
        .collect();
    match name {
        Some(name) if !names.is_empty() => {
            let near = nearest(names.iter().copied(), |known| edits(known, name));
            let hint = match near.first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the channels are {}", names.join(", ")),
            };
            Problem::new("MG0215", format!("the policy has no channel {name:?}")).hint(hint)
        }
        _ => Problem::new("MG0215", "the policy has no channel to tell anybody through")
            .hint("write one: `[[notify]]`, `kind = \"file\"`, `path = \"alerts.jsonl\"`; `modelguard help MG0215` shows others"),
    }
}

struct Tried {
    channel: String,
    error: Option<String>,
}

struct Tested {
    tried: Vec<Tried>,
    warnings: Vec<Warning>,
}

impl Report for Tested {
    fn schema(&self) -> &'static str {
        "alerts_test"
    }

    fn data(&self) -> Value {
        let deliveries: Vec<_> = self
            .tried
            .iter()
            .map(|one| {
                json!({
                    "channel": one.channel,
                    "event": Event::Test.name(),
                    "state": if one.error.is_some() { "failed" } else { "delivered" },
                    "attempts_count": 1,
                    "error": one.error,
                })
            })
            .collect();
        json!({ "deliveries": deliveries })
    }

    fn text(&self, _: &Screen) -> String {
        let line = |one: &Tried| match &one.error {
            None => format!("{}: it was taken\n", one.channel),
            Some(error) => format!("{}: failed: {}\n", one.channel, one_line(error)),
        };
        self.tried.iter().map(line).collect()
    }

    fn exit(&self) -> ExitStatus {
        if self.tried.iter().any(|one| one.error.is_some()) {
            ExitStatus::Failed
        } else {
            ExitStatus::Ok
        }
    }

    fn warnings(&self) -> Vec<Warning> {
        self.warnings.clone()
    }
}
