//! Warns of a store that speaks of a time which is still to come.

use super::call::Call;
use super::output::Warning;
use super::problems;
use crate::store::models::Model;
use crate::ui::problem::Problem;
use crate::workflows::ahead::{Ahead, ahead};
use crate::workflows::session::Session;

/// A warning where the newest operation, or the tenure of what is live in these models, lies after this run's clock.
///
/// # Errors
/// The store can't be read.
pub fn warnings<'a>(
    call: &Call,
    session: &mut Session,
    models: impl IntoIterator<Item = &'a Model>,
) -> Result<Vec<Warning>, Problem> {
    let now = session.now();
    let found = session
        .store
        .read(|tx| ahead(tx, models, now))
        .map_err(|error| problems::store(call, error))?;
    Ok(found
        .map(|found| warning(call, &found))
        .into_iter()
        .collect())
}

/// What to know of a store that is ahead.
pub fn warning(call: &Call, found: &Ahead) -> Warning {
    let why = if found.clock_overridden {
        "MODELGUARD_NOW set its clock"
    } else {
        "a clock is wrong, or was"
    };
    Warning {
        code: "store_ahead",
        text: format!(
            "{} is of {}, and by this run's clock it is {}: {why}. What was made before then counts for no version \
             that became live with it: `{}`",
            found.operation,
            found.at,
            call.now,
            call.follow_up(&format!("log {}", found.operation)),
        ),
    }
}
