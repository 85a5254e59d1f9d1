//! Judges a version: gathers its evidence and what it is compared with, and decides.

mod baselines;
mod document;
mod foreign;
mod recorded;
mod same_season;
mod seen;

use crate::domain::evidence::{self, Attribution, Coverage, Role};
use crate::domain::metric::{Metric, Task};
use crate::domain::names::{AliasName, Reference, VersionName};
use crate::domain::policy::{CheckRules, EvidenceKind, ModelPolicy, Window};
use crate::domain::sample::Sample;
use crate::domain::time::{Length, Timestamp};
use crate::files::values::{canonical_label, excerpt};
use crate::judge::baseline::Standard;
use crate::judge::foreign::ForeignClasses;
use crate::judge::interval::Confidence;
use crate::judge::judged::{Judged, judge_rows};
use crate::judge::verdict::{Basis, Decision, Evidence, Rules, decide};
use crate::store::aliases::{self, Period, Periods};
use crate::store::coverage::{self, Rows};
use crate::store::evidence::{WindowLimit, newest_label_at};
use crate::store::models::Model;
use crate::store::versions::{self, Version};
use crate::store::{StoreError, Tx, operations};

use seen::Seen;

use super::naming::{self, NamingError};
use super::switching::SwitchError;

pub use baselines::{BaselineKind, Origin, Source};
pub use document::{document, metric_document};
pub use foreign::foreign_truth;

/// How far the clocks of two machines may be apart.
const CLOCK_TOLERANCE: Length = Length::from_seconds(300);

/// Why nothing was judged.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    #[error(transparent)]
    Naming(#[from] NamingError),
    #[error(transparent)]
    Switch(#[from] SwitchError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The stretch of time in which the live version has been live.
#[derive(Clone, Debug, PartialEq)]
pub struct Tenure {
    pub id: i64,
    /// `None`: it has no beginning.
    pub from_at: Option<Timestamp>,
    /// When the present period began; where it has no beginning, when it was promoted.
    pub watched_since: Timestamp,
}

/// The labelled rows that were judged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowFacts {
    pub rows_count: u64,
    /// The first and the last prediction.
    pub from_at: Option<Timestamp>,
    pub to_at: Option<Timestamp>,
    pub attribution: Vec<(Attribution, u64)>,
    pub lag_p50: Option<Length>,
}

/// What recorded metrics say where there are no rows: told, and never a verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Information {
    pub baseline: VersionName,
    pub metrics: Vec<Judged>,
}

/// What a check saw and says.
#[derive(Clone, Debug)]
pub struct Judgement {
    pub model: Model,
    /// `None`: no version is live.
    pub version: Option<Version>,
    pub is_live: bool,
    /// False: by rules that were given for this check alone.
    pub by_policy: bool,
    pub rules: CheckRules,
    pub at: Timestamp,
    pub tenure: Option<Tenure>,
    pub window: WindowFacts,
    pub coverage: Coverage,
    pub newest_label_at: Option<Timestamp>,
    pub sources: Vec<Source>,
    pub metrics: Vec<Judged>,
    /// The true classes of a window of enough rows, where nothing that is known of the version has any of them.
    pub foreign: Option<ForeignClasses>,
    pub decision: Decision,
    pub information: Option<Information>,
}

impl Judgement {
    /// What its rows are to the version.
    #[must_use]
    pub const fn role(&self) -> Role {
        if self.is_live {
            Role::Live
        } else {
            Role::Shadow
        }
    }

    /// The baseline that a metric was compared with.
    #[must_use]
    pub fn source(&self, judged: &Judged) -> Option<&Source> {
        judged
            .baseline_index
            .and_then(|index| self.sources.get(index))
    }

    /// The metrics that decide.
    pub fn deciding(&self) -> impl Iterator<Item = &Judged> {
        self.metrics.iter().filter(|judged| judged.decides)
    }
}

/// Judges what is live, or the version that a reference names, by the rules of a policy.
///
/// # Errors
/// A reference means no version, or the store can't be read.
pub fn judge(
    tx: &Tx<'_>,
    model: &Model,
    policy: &ModelPolicy,
    reference: Option<&Reference>,
    now: Timestamp,
) -> Result<Judgement, JudgeError> {
    let production = AliasName::production();
    let holders = aliases::holders(tx, model.id, &production)?;
    let version = match reference.filter(|reference| !is_production(reference, model)) {
        Some(reference) => Some(naming::version(tx, model, reference)?),
        None => holders
            .holder()
            .map(|id| versions::get(tx, id))
            .transpose()?,
    };
    let is_live = version.as_ref().map(|version| version.id) == holders.holder();
    let judgement = Judgement {
        model: model.clone(),
        version: None,
        is_live,
        by_policy: true,
        rules: policy.check.clone(),
        at: now,
        tenure: None,
        window: WindowFacts::default(),
        coverage: Coverage::default(),
        newest_label_at: None,
        sources: Vec::new(),
        metrics: Vec::new(),
        foreign: None,
        decision: decide(&Basis::NoVersion, &[], "", &rules(&policy.check)),
        information: None,
    };
    let Some(version) = version else {
        return Ok(judgement);
    };
    let judgement = Judgement {
        tenure: if is_live {
            tenure(tx, model, &production)?
        } else {
            None
        },
        version: Some(version.clone()),
        ..judgement
    };
    match policy.check.evidence {
        EvidenceKind::Live => by_rows(tx, policy, judgement, &version, now),
        EvidenceKind::Recorded => recorded::by_recorded(tx, policy, judgement, &version),
    }
}

/// Whether a reference means what is live; then nobody being live is a verdict and not an error.
fn is_production(reference: &Reference, model: &Model) -> bool {
    reference.target == Reference::production().target
        && reference
            .model
            .as_ref()
            .is_none_or(|named| named.as_str().eq_ignore_ascii_case(model.name.as_str()))
}

const fn rules(check: &CheckRules) -> Rules {
    Rules {
        threshold_pct: check.threshold_pct,
        min_rows: check.min_rows,
        max_age: check.max_age,
        must_detect_pct: check.must_detect_pct,
    }
}

fn tenure(tx: &Tx<'_>, model: &Model, alias: &AliasName) -> Result<Option<Tenure>, StoreError> {
    let periods = aliases::periods(tx, model.id, alias, Periods::PresentTenure)?;
    let (Some(first), Some(present)) = (periods.first(), periods.last()) else {
        return Ok(None);
    };
    // A back-dated promote was not watched before it was made.
    let watched_since = operations::find(tx, present.from_operation)?
        .map(|promoted| promoted.author.at)
        .max(present.from);
    Ok(watched_since.map(|watched_since| Tenure {
        id: first.tenure,
        from_at: first.from,
        watched_since,
    }))
}

fn by_rows(
    tx: &Tx<'_>,
    policy: &ModelPolicy,
    judgement: Judgement,
    version: &Version,
    now: Timestamp,
) -> Result<Judgement, JudgeError> {
    let (model, check) = (judgement.model.clone(), &policy.check);
    let periods: Vec<Period> = aliases::periods(
        tx,
        model.id,
        &AliasName::production(),
        if judgement.is_live {
            Periods::PresentTenure
        } else {
            Periods::Of(version.id)
        },
    )?;
    let rows = if judgement.is_live {
        Rows::Live(&periods)
    } else {
        Rows::Shadow(&periods)
    };
    let coverage = coverage::coverage(tx, version.id, rows)?;
    let limit = limit(check.window, now);
    let Seen {
        sample,
        facts,
        newest_label_at: newest,
    } = seen::look(tx, version.id, rows, limit, model.task, policy)?;
    let newest_label_at = match newest {
        Some(at) => Some(at),
        None => newest_label_at(tx, version.id, rows)?,
    };
    let (since_failed_count, since_count) = match facts.from_at {
        Some(from) => coverage::failed_since(tx, version.id, rows, from)?,
        None => (0, 0),
    };
    let gathered = baselines::gather(tx, policy, &judgement, version, &sample)?;
    let standards: Vec<_> = gathered
        .sources
        .iter()
        .map(|source| source.standard.clone())
        .collect();
    let deciding = baselines::deciding(check, model.task, &sample, &standards);
    let judge = |metric, decides| {
        judge_rows(
            metric,
            decides,
            &sample,
            &standards,
            check.threshold_pct,
            Confidence::NINETY_FIVE,
        )
    };
    let metrics = of_all_metrics(model.task, &deciding, judge);
    let samples: Vec<&Sample> = standards
        .iter()
        .filter_map(|standard| match standard {
            Standard::Rows(sample) => Some(sample),
            Standard::Recorded(_) => None,
        })
        .collect();
    let foreign = if facts.rows_count >= check.min_rows {
        foreign_truth(tx, (version, model.task), policy, &sample, &samples)?
    } else {
        None
    };
    let evidence = Evidence {
        place: place(&judgement),
        no_predictions: no_predictions(&judgement, !periods.is_empty()),
        predictions_count: coverage.predictions_count,
        labelled_count: coverage.truth_count,
        window_rows_count: facts.rows_count,
        window_failed_count: sample.failed_count() as u64,
        since_count,
        since_failed_count,
        newest_label_age: newest_label_at.map(|at| now.since(at)),
        newest_label_is_ahead: newest_label_at.is_some_and(|at| at > now.later_by(CLOCK_TOLERANCE)),
        foreign: foreign.as_ref().map(|foreign| foreign.shown(excerpt)),
    };
    let no_baseline = gathered.missing;
    let decision = decide(
        &Basis::Rows(evidence),
        &metrics,
        &no_baseline,
        &rules(check),
    );
    let information = if coverage.truth_count == 0 {
        recorded::information(tx, policy, &judgement, version)?
    } else {
        None
    };
    Ok(Judgement {
        window: facts,
        coverage,
        newest_label_at,
        sources: gathered.sources,
        metrics,
        foreign,
        decision,
        information,
        ..judgement
    })
}

fn place(judgement: &Judgement) -> String {
    match (&judgement.version, judgement.is_live) {
        (Some(version), false) => format!("from when {} was not live", version.name),
        _ => "in this tenure".to_owned(),
    }
}

/// What is said where there is nothing to judge. Who asks about a former holder may well look for the rows that it made
/// while it was live, and is told that these are not the question.
fn no_predictions(judgement: &Judgement, was_live_before: bool) -> String {
    match (&judgement.version, judgement.is_live) {
        (Some(version), false) => {
            let name = &version.name;
            let earlier = if was_live_before {
                "; what it predicted while it was live is not judged again"
            } else {
                ""
            };
            format!("no predictions by {name} from when it was not live{earlier}")
        }
        _ => "no live predictions in this tenure".to_owned(),
    }
}

/// The deciding metrics first, in their order, then the other ones of the task.
fn of_all_metrics(
    task: Task,
    deciding: &[Metric],
    judge: impl Fn(Metric, bool) -> Judged,
) -> Vec<Judged> {
    let others = Metric::ALL
        .into_iter()
        .filter(|metric| metric.task() == task && !deciding.contains(metric));
    deciding
        .iter()
        .map(|metric| judge(*metric, true))
        .chain(others.map(|metric| judge(metric, false)))
        .collect()
}

/// How far back a window goes.
#[must_use]
pub fn limit(window: Window, now: Timestamp) -> WindowLimit {
    match window {
        Window::Rows(rows) => WindowLimit::Rows(rows),
        Window::Age(length) => WindowLimit::Since(now.earlier_by(length)),
        Window::All => WindowLimit::All,
    }
}

/// The rows as metrics take them, with the class that the policy calls positive.
#[must_use]
pub fn sample_of<R: AsRef<evidence::Labelled>>(
    rows: &[R],
    task: Task,
    policy: &ModelPolicy,
) -> Sample {
    let positive = policy.columns.positive.as_deref().map(canonical_label);
    evidence::sample(rows, task, positive.as_deref())
}

#[cfg(test)]
mod tests;
