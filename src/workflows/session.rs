//! What a verb works with: the open store, the policy, and who acts when.

use crate::domain::names::Reference;
use crate::domain::operation::Author;
use crate::domain::policy::ModelPolicy;
use crate::domain::time::Timestamp;
use crate::policy::discover::Discovered;
use crate::store::Store;
use crate::store::models::Model;
use crate::store::versions::Version;

use super::naming::{self, NamingError};

/// An open store with everything that a verb needs to know.
#[derive(Debug)]
pub struct Session {
    pub store: Store,
    pub found: Discovered,
    pub author: Author,
}

impl Session {
    /// The moment of this run.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.author.at
    }

    /// The rules for one model.
    #[must_use]
    pub fn policy(&self, model: &Model) -> ModelPolicy {
        self.found.policy.for_model(&model.name)
    }

    /// The version that a reference means.
    ///
    /// # Errors
    /// It means none, or more than one.
    pub fn version(
        &mut self,
        model: &Model,
        reference: &Reference,
    ) -> Result<Version, NamingError> {
        self.store.read(|tx| naming::version(tx, model, reference))
    }
}
