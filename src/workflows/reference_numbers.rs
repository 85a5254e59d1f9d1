//! What the reference sample of a version says of it: told where nothing was recorded, and never a verdict.

use crate::domain::metric::{Metric, Task};
use crate::domain::policy::ModelPolicy;
use crate::domain::sample::Sample;
use crate::judge::interval::Confidence;
use crate::judge::metrics::measure;
use crate::store::versions::Version;
use crate::store::{StoreError, Tx, references};

use super::judging::sample_of;

/// The sample of a version, where it has one.
///
/// # Errors
/// The store can't be read.
pub fn sample(
    tx: &Tx<'_>,
    version: &Version,
    task: Task,
    policy: &ModelPolicy,
) -> Result<Option<Sample>, StoreError> {
    if version.reference_rows_count == 0 {
        return Ok(None);
    }
    let rows = references::rows(tx, version.id)?;
    Ok(Some(sample_of(&rows, task, policy)))
}

/// A metric of a sample, where it has a value.
#[must_use]
pub fn value(sample: Option<&Sample>, metric: Metric) -> Option<f64> {
    let estimate = measure(metric, sample?, None, Confidence::NINETY_FIVE).ok()?;
    Some(estimate.value)
}

/// What is told of versions that stand side by side, instead of what was recorded: the sample of whichever has no
/// recorded metric; of all, if one has none and all have a sample, so that like is compared with like.
///
/// # Errors
/// The store can't be read.
pub fn told(
    tx: &Tx<'_>,
    versions: &[&Version],
    task: Task,
    policy: &ModelPolicy,
) -> Result<Vec<Option<(Metric, f64)>>, StoreError> {
    let is_recorded = |version: &Version| !version.metadata.metrics.is_empty();
    if versions.iter().all(|version| is_recorded(version)) {
        return Ok(vec![None; versions.len()]);
    }
    let of = |version: &&Version| deciding(tx, version, task, policy);
    let mut told = versions.iter().map(of).collect::<Result<Vec<_>, _>>()?;
    if told.contains(&None) {
        for (told, version) in told.iter_mut().zip(versions) {
            *told = told.take().filter(|_| !is_recorded(version));
        }
    }
    Ok(told)
}

/// The metric that a check would decide by, and its value on the sample.
///
/// # Errors
/// The store can't be read.
pub fn deciding(
    tx: &Tx<'_>,
    version: &Version,
    task: Task,
    policy: &ModelPolicy,
) -> Result<Option<(Metric, f64)>, StoreError> {
    let Some(sample) = sample(tx, version, task, policy)? else {
        return Ok(None);
    };
    let has_probabilities = match &sample {
        Sample::Classes(sample) => sample.has_probabilities(),
        Sample::Numbers(_) => false,
    };
    let metrics = policy.check.deciding(task, has_probabilities);
    let mut found = metrics
        .into_iter()
        .filter_map(|metric| Some((metric, value(Some(&sample), metric)?)));
    Ok(found.next())
}
