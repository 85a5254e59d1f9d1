//! Says whether a version can have gone live at the time that somebody gives.

use super::SwitchError;
use crate::domain::holders::VersionId;
use crate::domain::names::AliasName;
use crate::domain::time::Timestamp;
use crate::store::aliases::{self, Periods};
use crate::store::models::Model;
use crate::store::{Tx, versions};

/// When the present tenure began is on record, and whose rows came in since then: it is not said anew.
///
/// # Errors
/// The version is live already, since another time; the store can't be read.
pub fn refuse_another(
    tx: &Tx<'_>,
    model: &Model,
    alias: &AliasName,
    version: VersionId,
    since: Timestamp,
) -> Result<(), SwitchError> {
    if aliases::holders(tx, model.id, alias)?.holder() != Some(version) {
        return Ok(());
    }
    let present = aliases::periods(tx, model.id, alias, Periods::PresentTenure)?;
    let from = present.first().and_then(|period| period.from);
    if from == Some(since) {
        return Ok(());
    }
    let version = versions::get(tx, version)?.name;
    Err(SwitchError::HoldsAlready { version, from })
}

/// A version that goes live at a given time can't do so in the future, nor before the present one did.
///
/// # Errors
/// It would, or the store can't be read.
pub fn checked(
    tx: &Tx<'_>,
    model: &Model,
    alias: &AliasName,
    since: Timestamp,
    now: Timestamp,
) -> Result<Timestamp, SwitchError> {
    if since > now {
        return Err(SwitchError::SinceInFuture { since });
    }
    // The newest period, whether it is still open or an undo has ended it.
    let periods = aliases::periods(tx, model.id, alias, Periods::All)?;
    let begin = periods.last().and_then(|period| period.to.or(period.from));
    match begin {
        Some(begin) if since < begin => Err(SwitchError::SinceTooEarly { since, begin }),
        _ => Ok(since),
    }
}
