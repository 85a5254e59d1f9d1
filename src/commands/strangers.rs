//! Warns of a policy that names models which the store does not have.

use super::call::Call;
use super::output::Warning;
use super::problems;
use crate::policy::strangers::{Stranger, strangers};
use crate::store::models;
use crate::ui::problem::Problem;
use crate::workflows::session::Session;

/// A warning for each place of the policy that names another model than those of the store.
///
/// # Errors
/// The store can't be read.
pub fn warnings(call: &Call, session: &mut Session) -> Result<Vec<Warning>, Problem> {
    let (Some(text), Some(path)) = (&session.found.source_text, &session.found.policy_path) else {
        return Ok(Vec::new());
    };
    let known = session.store.read(models::list);
    let known = known.map_err(|error| problems::store(call, error))?;
    let known: Vec<_> = known.iter().map(|model| &model.name).collect();
    Ok(strangers(text, path, &known).iter().map(warning).collect())
}

/// What to know of such a place.
pub fn warning(stranger: &Stranger) -> Warning {
    Warning {
        code: "unknown_model",
        text: stranger.message.clone(),
    }
}
