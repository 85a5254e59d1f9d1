//! Compares what was recorded when versions were registered: a verdict of its own, or told where there are no rows.

use std::collections::BTreeMap;

use super::{Information, JudgeError, Judgement, baselines, of_all_metrics, rules};
use crate::domain::metric::{Direction, Metric, Task};
use crate::domain::policy::{CheckRules, ModelPolicy};
use crate::judge::judged::{Judged, judge_recorded};
use crate::judge::verdict::{Basis, decide};
use crate::store::Tx;
use crate::store::versions::Version;

/// Compares recorded metrics with those of the baseline version.
pub(super) fn by_recorded(
    tx: &Tx<'_>,
    policy: &ModelPolicy,
    judgement: Judgement,
    version: &Version,
) -> Result<Judgement, JudgeError> {
    let check = &judgement.rules;
    let gathered = baselines::recorded(tx, policy, &judgement, version)?;
    let metrics = recorded_metrics(judgement.model.task, check, version, gathered.baseline());
    let decision = decide(&Basis::Recorded, &metrics, &gathered.missing, &rules(check));
    Ok(Judgement {
        sources: gathered.sources,
        metrics,
        decision,
        ..judgement
    })
}

fn recorded_metrics(
    task: Task,
    check: &CheckRules,
    version: &Version,
    baseline: Option<&BTreeMap<String, f64>>,
) -> Vec<Judged> {
    let current = &version.metadata.metrics;
    let deciding = baselines::deciding_recorded(check, task, current, baseline);
    let judge = |metric: Metric, decides| {
        let of = |metrics: &BTreeMap<String, f64>| metrics.get(metric.name()).copied();
        judge_recorded(
            metric,
            decides,
            of(current),
            baseline.and_then(of),
            check.threshold_pct,
        )
    };
    let mut metrics = of_all_metrics(task, &deciding, judge);
    metrics
        .retain(|judged| judged.decides || judged.current.is_some() || judged.baseline.is_some());
    metrics
}

/// What recorded metrics say where there are no rows.
pub(super) fn information(
    tx: &Tx<'_>,
    policy: &ModelPolicy,
    judgement: &Judgement,
    version: &Version,
) -> Result<Option<Information>, JudgeError> {
    let gathered = baselines::recorded(tx, policy, judgement, version)?;
    let Some(source) = gathered.sources.first() else {
        return Ok(None);
    };
    let mut metrics = recorded_metrics(
        judgement.model.task,
        &judgement.rules,
        version,
        gathered.baseline(),
    );
    metrics.retain(|judged| {
        judged.current.is_some()
            && judged.baseline.is_some()
            && judged.metric.direction() != Direction::None
    });
    Ok((!metrics.is_empty()).then(|| Information {
        baseline: source.version.clone(),
        metrics,
    }))
}
