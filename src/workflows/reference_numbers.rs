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
