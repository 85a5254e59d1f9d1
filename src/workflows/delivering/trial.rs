//! Sends a message through each of several channels, all at once as a delivery does; nothing is queued.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::hearing::{Heard, hear};
use super::{GRACE, STOPPING, Terms, is_certain, said, secrets_of, secrets_of_all};
use crate::domain::notification::Message;
use crate::domain::policy::Channel;
use crate::notify::{self, Limits, SendError};

/// What came of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    Taken,
    Failed(String),
    /// The run was asked to stop before that was known.
    Stopped,
}

/// Sends each message through its channel, within the time that a delivery has.
#[must_use]
pub fn send_now(
    letters: &[(&Channel, Message)],
    terms: &Terms<'_>,
    is_stopped: &dyn Fn() -> bool,
) -> Vec<Tried> {
    let total = Duration::from_millis(terms.rules.total_timeout.millis());
    let until = Instant::now() + total.saturating_sub(GRACE);
    let attempt = Duration::from_millis(terms.rules.attempt_timeout.millis());
    let limits = Limits {
        timeout: attempt.min(total.saturating_sub(2 * GRACE)),
        stop: Arc::new(AtomicBool::new(false)),
    };
    let everyone = secrets_of_all(terms);
    let mut results: Vec<Option<Result<(), SendError>>> = vec![None; letters.len()];
    let (say, heard) = mpsc::channel();
    for (number, (channel, message)) in letters.iter().enumerate() {
        let secrets = secrets_of(channel, terms.folder).map_err(|error| error.to_string());
        let started = secrets.and_then(|secrets| {
            let (channel, message) = ((*channel).clone(), message.clone());
            let (folder, limits, say) = (terms.folder.to_owned(), limits.clone(), say.clone());
            let work = move || {
                let sent = notify::send(&channel, &message, &secrets, &folder, &limits);
                // Nobody listens any more once the time is over.
                let _ = say.send((number, sent));
            };
            let started = thread::Builder::new().spawn(work);
            started.map_err(|error| format!("no thread can be started for it: {error}"))
        });
        if let Err(error) = started {
            results[number] = Some(Err(SendError::again(error)));
        }
    }
    drop(say);
    let mut was_stopped = false;
    loop {
        match hear(&heard, until, is_stopped) {
            Heard::Report((number, sent)) => results[number] = Some(sent),
            Heard::Over => break,
            Heard::Stopped => {
                was_stopped = true;
                limits.stop.store(true, Ordering::Relaxed);
                let until = Instant::now() + STOPPING;
                while let Heard::Report((number, sent)) = hear(&heard, until, &|| false) {
                    results[number] = Some(sent).filter(is_certain);
                }
                break;
            }
        }
    }
    let outcome = |result| match result {
        Some(Ok(())) => Tried::Taken,
        Some(Err(error)) => Tried::Failed(said(error, &everyone).text),
        None if was_stopped => Tried::Stopped,
        None => Tried::Failed(format!("no answer within {}", terms.rules.total_timeout)),
    };
    results.into_iter().map(outcome).collect()
}
