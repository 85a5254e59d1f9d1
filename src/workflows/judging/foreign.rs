//! Finds out whether the truth of rows is written in classes that nothing about their version has.

use super::super::reference_numbers;
use crate::domain::metric::Task;
use crate::domain::policy::ModelPolicy;
use crate::domain::sample::Sample;
use crate::judge::foreign::{ForeignClasses, foreign_classes};
use crate::store::versions::Version;
use crate::store::{StoreError, Tx, labels};

/// The true classes of rows, where neither their predictions nor the other samples nor anything else that is known of
/// their version has one of them.
///
/// What else is known is asked for only where it matters: the version's own reference sample, which need not be its
/// baseline, and what it predicted at first. A version that collapsed to one class had the others then.
///
/// # Errors
/// The store can't be read.
pub fn foreign_truth(
    tx: &Tx<'_>,
    (version, task): (&Version, Task),
    policy: &ModelPolicy,
    rows: &Sample,
    others: &[&Sample],
) -> Result<Option<ForeignClasses>, StoreError> {
    if foreign_classes(rows, others.iter().copied()).is_none() {
        return Ok(None);
    }
    let own = reference_numbers::sample(tx, version, task, policy)?;
    let Some(foreign) = foreign_classes(rows, others.iter().copied().chain(&own)) else {
        return Ok(None);
    };
    Ok(foreign.beside(&labels::first_ones(tx, version.id)?))
}
