//! Sends what waits for one channel, one message after the other, and reports each.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::time::{Duration, Instant};

use super::failing::is_out_of_order;
use crate::domain::policy::{Carrier, Channel};
use crate::notify::{self, Limits, Secrets, SendError};
use crate::store::outbox::Delivery;

/// What one channel has to send.
pub(super) struct Work {
    pub(super) channel: Channel,
    pub(super) secrets: Secrets,
    pub(super) folder: PathBuf,
    pub(super) queue: Vec<Delivery>,
    pub(super) attempt_timeout: Duration,
    /// With less time than this, and than an attempt may take, none begins but the first.
    pub(super) least_left: Duration,
    pub(super) deadline: Instant,
    /// Once it is set, nothing is sent any more, and what is on its way is given up where that is possible.
    pub(super) stop: Arc<AtomicBool>,
}

/// What one channel says of its queue.
pub(super) enum Report {
    Begun(i64),
    /// Answered once it is settled: what a death leaves unsettled comes twice, and that is one message a channel.
    Ended(i64, Result<(), SendError>, Sender<()>),
}

impl Work {
    /// Until the channel is [out of order](is_out_of_order) or the time is over. What is refused otherwise holds up only
    /// what [waits behind it](Delivery::waits_behind).
    pub(super) fn send_all(self, reports: &Sender<Report>) {
        let mut held_up: Vec<&Delivery> = Vec::new();
        let mut is_first = true;
        for delivery in &self.queue {
            if held_up.iter().any(|older| delivery.waits_behind(older)) {
                // What waits behind this one waits as well.
                held_up.push(delivery);
                continue;
            }
            let left = self.deadline.saturating_duration_since(Instant::now());
            // What an attempt that is cut short has delivered is delivered once more.
            let least = self.attempt_timeout.min(self.least_left);
            let is_over = left.is_zero() || !is_first && left < least;
            if is_over || self.stop.load(Ordering::Relaxed) {
                return;
            }
            is_first = false;
            // Nobody listens any more once the time is over.
            if reports.send(Report::Begun(delivery.id)).is_err() {
                return;
            }
            let result = self.attempt(delivery, left.min(self.attempt_timeout));
            let mut ends = false;
            if let Err(error) = &result {
                ends = is_out_of_order(delivery, error);
                if error.reached.is_empty() {
                    held_up.push(delivery);
                }
            }
            let (settled, is_settled) = mpsc::channel();
            let report = Report::Ended(delivery.id, result, settled);
            if reports.send(report).is_err() || ends || is_settled.recv().is_err() {
                return;
            }
        }
    }

    fn attempt(&self, delivery: &Delivery, timeout: Duration) -> Result<(), SendError> {
        let mut channel = self.channel.clone();
        if let Carrier::Email { to, .. } = &mut channel.carrier {
            to.retain(|address| !delivery.reached.contains(address));
            if to.is_empty() {
                return Ok(());
            }
        }
        let (message, secrets) = (&delivery.message, &self.secrets);
        let limits = Limits {
            timeout,
            stop: Arc::clone(&self.stop),
        };
        notify::send(&channel, message, secrets, &self.folder, &limits)
    }
}

/// The messages of a channel in the order of their attempts: what was tried least comes first, so that one that is never
/// taken does not keep all others from the channel. Nothing comes before what it [waits behind](Delivery::waits_behind).
pub(super) fn in_turn(queue: Vec<Delivery>) -> Vec<Delivery> {
    let mut ranked: Vec<(u64, Delivery)> = Vec::with_capacity(queue.len());
    for delivery in queue {
        let older = ranked.iter();
        let older = older.filter(|(_, older)| delivery.waits_behind(older));
        let behind = older.map(|(rank, _)| *rank).max();
        ranked.push((delivery.attempts_count.max(behind.unwrap_or(0)), delivery));
    }
    // Stable: among equals the oldest comes first.
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, delivery)| delivery).collect()
}
