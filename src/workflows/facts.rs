//! What is known of a version beside what was registered: its aliases, when it was live, what was said of it.

use crate::domain::holders::OperationId;
use crate::domain::names::AliasName;
use crate::domain::operation::OperationKind;
use crate::domain::time::Timestamp;
use crate::domain::verdict::Standing;
use crate::store::aliases::{self, Held, Periods};
use crate::store::models::Model;
use crate::store::versions::{self, Version};
use crate::store::{StoreError, Tx, operations};

/// A stretch of time in which a version was live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// `None`: it has no beginning, being the first.
    pub from: Option<Timestamp>,
    /// When and by what it ended; `None`: it has not.
    pub end: Option<(Timestamp, OperationId, OperationKind)>,
}

/// A version and what is known of it now.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    pub version: Version,
    /// By name.
    pub aliases: Vec<AliasName>,
    /// Automatic acts keep away from it.
    pub bad: bool,
    /// The oldest first.
    pub live: Vec<Stretch>,
    pub standing: Standing,
}

impl Facts {
    /// Whether it is live.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.aliases.iter().any(AliasName::is_production)
    }
}

/// What is known of versions of a model.
///
/// # Errors
/// The store can't be read.
pub fn facts(tx: &Tx<'_>, model: &Model, versions: Vec<Version>) -> Result<Vec<Facts>, StoreError> {
    let held = aliases::list(tx, model.id)?;
    versions
        .into_iter()
        .map(|version| of_one(tx, model, &held, version))
        .collect()
}

fn of_one(
    tx: &Tx<'_>,
    model: &Model,
    held: &[Held],
    version: Version,
) -> Result<Facts, StoreError> {
    let production = AliasName::production();
    let periods = aliases::periods(tx, model.id, &production, Periods::Of(version.id))?;
    let live = periods.into_iter().map(|period| {
        let end = match (period.to, period.to_operation) {
            (Some(to), Some(id)) => operations::find(tx, id)?
                .map(|operation| (to, operation.id, operation.content.kind)),
            _ => None,
        };
        Ok(Stretch {
            from: period.from,
            end,
        })
    });
    let of_version = held.iter().filter(|held| held.version == version.id);
    Ok(Facts {
        aliases: of_version.map(|held| held.alias.clone()).collect(),
        bad: versions::is_bad(tx, version.id)?,
        live: live.collect::<Result<_, StoreError>>()?,
        standing: versions::standing(tx, version.id)?,
        version,
    })
}

#[cfg(test)]
mod tests;
