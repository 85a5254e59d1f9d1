//! The clock of a run: read once, here, and passed down.

use std::time::SystemTime;

use super::problems;
use crate::domain::time::Timestamp;
use crate::policy::environment::Environment;
use crate::ui::problem::Problem;

/// The clock of the run, and whether `MODELGUARD_NOW` sets it.
///
/// # Errors
/// The variable holds no time, or the system's clock makes no sense.
pub fn clock(environment: &Environment) -> Result<(Timestamp, bool), Problem> {
    match environment.now().map_err(problems::variable)? {
        Some(now) => Ok((now, true)),
        None => system_now().map(|now| (now, false)),
    }
}

/// The one place that reads the system's clock.
///
/// # Errors
/// It makes no sense.
#[expect(
    clippy::disallowed_methods,
    reason = "the clock is read once, here, and passed down"
)]
pub fn system_now() -> Result<Timestamp, Problem> {
    let broken =
        |cause: String| Problem::new("MG9901", "the system's clock makes no sense").cause(cause);
    let since_epoch = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_err(|error| broken(error.to_string()))?;
    i64::try_from(since_epoch.as_micros())
        .ok()
        .and_then(|micros| Timestamp::from_micros(micros).ok())
        .ok_or_else(|| broken(format!("{} s since 1970", since_epoch.as_secs())))
}
