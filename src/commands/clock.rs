//! The clock of a run: read once, here, and passed down.

use std::time::{Instant, SystemTime};

use super::problems;
use crate::domain::time::Timestamp;
use crate::policy::environment::Environment;
use crate::ui::problem::Problem;

/// The clock of a run, which stands still.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    pub now: Timestamp,
    /// `MODELGUARD_NOW` set it.
    pub is_overridden: bool,
    /// When it was read: what has passed since is missing from `now`.
    pub began: Instant,
}

/// The clock of the run.
///
/// # Errors
/// `MODELGUARD_NOW` holds no time, or the system's clock makes no sense.
pub fn clock(environment: &Environment) -> Result<Clock, Problem> {
    match environment.now().map_err(problems::variable)? {
        Some(now) => Ok(Clock {
            now,
            is_overridden: true,
            began: Instant::now(),
        }),
        None => system_clock(),
    }
}

/// The system's clock: this is the one place that reads it.
///
/// # Errors
/// It makes no sense.
#[expect(
    clippy::disallowed_methods,
    reason = "the clock is read once, here, and passed down"
)]
pub fn system_clock() -> Result<Clock, Problem> {
    let began = Instant::now();
    let broken =
        |cause: String| Problem::new("MG9901", "the system's clock makes no sense").cause(cause);
    let since_epoch = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_err(|error| broken(error.to_string()))?;
    let now = i64::try_from(since_epoch.as_micros())
        .ok()
        .and_then(|micros| Timestamp::from_micros(micros).ok())
        .ok_or_else(|| broken(format!("{} s since 1970", since_epoch.as_secs())))?;
    Ok(Clock {
        now,
        is_overridden: false,
        began,
    })
}
