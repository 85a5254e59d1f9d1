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
use crate::ui::interrupt::Signal;
use crate::ui::line::one_line;
use crate::ui::problem::Problem;
use crate::workflows::delivering::UNANSWERED;
use crate::workflows::delivering::trial::{self, Tried};

pub fn run(call: &Call, name: Option<&str>) -> Outcome {
    let session = call.session(Access::Read)?;
    let listeners = Listeners::of(call, &session, false);
    let is_meant =
        |channel: &&Channel| name.is_none_or(|name| channel.name.eq_ignore_ascii_case(name));
    let channels: Vec<_> = listeners.channels.iter().filter(is_meant).collect();
    if channels.is_empty() {
        return Err(missing(name, &listeners));
    }
    let author = &session.author;
    let model = Call::named_model(&session)
        .map_or_else(|| "modelguard".to_owned(), |model| model.to_string());
    call.check_stop()?;
    let letter = |channel: &Channel| {
        let seed = format!(
            "{} {} {} {}",
            author.at,
            author.host,
            std::process::id(),
            channel.name
        );
        let digits = hash_bytes(seed.as_bytes()).to_string();
        Message {
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
        }
    };
    let letters: Vec<_> = channels
        .into_iter()
        .map(|channel| (channel, letter(channel)))
        .collect();
    let is_stopped = || call.stop.requested().is_some();
    let tried = trial::send_now(&letters, &listeners.terms(true), &is_stopped);
    let was_stopped = tried.contains(&Tried::Stopped);
    let names = letters.iter().map(|(channel, _)| channel.name.clone());
    Ok(Box::new(Tested {
        stopped: call.stop.requested().filter(|_| was_stopped),
        tried: names.zip(tried).collect(),
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

struct Tested {
    /// What came of each channel, by its name.
    tried: Vec<(String, Tried)>,
    /// What kept some from being known.
    stopped: Option<Signal>,
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
            .map(|(channel, tried)| {
                let (state, error) = match tried {
                    Tried::Taken => ("delivered", None),
                    Tried::Failed(error) => ("failed", Some(error.as_str())),
                    Tried::Stopped => ("unknown", Some(UNANSWERED)),
                };
                json!({
                    "channel": channel,
                    "event": Event::Test.name(),
                    "state": state,
                    "attempts_count": 1,
                    "error": error,
                })
            })
            .collect();
        json!({ "deliveries": deliveries })
    }

    fn text(&self, _: &Screen) -> String {
        let line = |(channel, tried): &(String, Tried)| match tried {
            Tried::Taken => format!("{channel}: it was taken\n"),
            Tried::Failed(error) => format!("{channel}: failed: {}\n", one_line(error)),
            Tried::Stopped => format!("{channel}: not known: {UNANSWERED}\n"),
        };
        self.tried.iter().map(line).collect()
    }

    fn exit(&self) -> ExitStatus {
        if let Some(signal) = self.stopped {
            return signal.exit();
        }
        if self.tried.iter().any(|(_, tried)| *tried != Tried::Taken) {
            ExitStatus::Failed
        } else {
            ExitStatus::Ok
        }
    }

    fn warnings(&self) -> Vec<Warning> {
        self.warnings.clone()
    }
}
