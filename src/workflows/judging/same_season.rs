//! Finds what a season's version is compared with before the version below it: the same season a year before.

use super::Judgement;
use crate::domain::policy::ModelPolicy;
use crate::domain::season::Season;
use crate::store::versions::{self, Version};
use crate::store::{StoreError, Tx, aliases};

/// The same season a year before.
pub(super) struct SameSeason {
    pub season: Season,
    /// The newest version below on the alias of the season that is not bad: the one that the season had before.
    pub below: Option<Version>,
}

impl SameSeason {
    /// None unless the version is live and holds the alias of the season that it is: what is live for another reason
    /// is compared as ever.
    pub fn of(
        tx: &Tx<'_>,
        policy: &ModelPolicy,
        judgement: &Judgement,
        version: &Version,
    ) -> Result<Option<Self>, StoreError> {
        let present = policy.season.at(judgement.at);
        let Some(present) = present.filter(|_| judgement.is_live) else {
            return Ok(None);
        };
        let holders = aliases::holders(tx, judgement.model.id, &present.alias)?;
        let Some(season) = policy.season.before(&present) else {
            return Ok(None);
        };
        if holders.holder() != Some(version.id) {
            return Ok(None);
        }
        let mut below = None;
        for id in holders.lower() {
            if id != version.id && !versions::is_bad(tx, id)? {
                below = Some(versions::get(tx, id)?);
                break;
            }
        }
        Ok(Some(Self { season, below }))
    }
}
