//! Warns of a policy that names models which the store does not have.

use super::call::Call;
use super::output::Warning;
use super::problems;
use crate::policy::discover::Discovered;
use crate::policy::strangers::{Stranger, strangers};
use crate::store::models::{self, Model};
use crate::ui::problem::Problem;
use crate::workflows::session::Session;

/// A warning for each place of the policy that names another model than those of the store.
///
/// # Errors
/// The store can't be read.
pub fn warnings(call: &Call, session: &mut Session) -> Result<Vec<Warning>, Problem> {
    let known = session.store.read(models::list);
    let known = known.map_err(|error| problems::store(call, error))?;
    Ok(of(&session.found, &known))
}

/// The same, where the models of the store were read already.
pub fn of(found: &Discovered, known: &[Model]) -> Vec<Warning> {
    let (Some(text), Some(path)) = (&found.source_text, &found.policy_path) else {
        return Vec::new();
    };
    let known: Vec<_> = known.iter().map(|model| &model.name).collect();
    strangers(text, path, &known).iter().map(warning).collect()
}

/// What to know of such a place.
pub fn warning(stranger: &Stranger) -> Warning {
    Warning {
        code: "unknown_model",
        text: stranger.message.clone(),
    }
}
