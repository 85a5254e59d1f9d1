//! Waits for what threads report: until then, and no longer than until the run is asked to stop.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How often whoever waits looks whether to stop.
const LOOK: Duration = Duration::from_millis(50);

/// What came first.
pub(super) enum Heard<T> {
    Report(T),
    /// The time is over, or nobody is left who could report.
    Over,
    /// The run was asked to stop.
    Stopped,
}

pub(super) fn hear<T>(
    reports: &Receiver<T>,
    until: Instant,
    is_stopped: &dyn Fn() -> bool,
) -> Heard<T> {
    loop {
        if is_stopped() {
            return Heard::Stopped;
        }
        let left = until.saturating_duration_since(Instant::now());
        match reports.recv_timeout(left.min(LOOK)) {
            Ok(report) => return Heard::Report(report),
            Err(RecvTimeoutError::Timeout) if !left.is_zero() => {}
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Heard::Over,
        }
    }
}
