//! What a version is compared with: finds the version that the policy means, and its numbers.

use std::collections::BTreeMap;

use crate::domain::evidence;
use crate::domain::holders::VersionId;
use crate::domain::metric::{Metric, Task};
use crate::domain::names::{AliasName, VersionName};
use crate::domain::policy::{BaselineChoice, CheckRules, ModelPolicy};
use crate::domain::sample::Sample;
use crate::domain::season::Season;
use crate::judge::baseline::{Standard, is_about_log_loss, recorded_metric};
use crate::store::aliases::{self, Period, Periods};
use crate::store::coverage::{self, Rows};
use crate::store::evidence::{WindowLimit, window};
use crate::store::versions::{self, Version};
use crate::store::{StoreError, Tx, references};

use super::super::naming;
use super::same_season::SameSeason;
use super::{JudgeError, Judgement, sample_of};

/// Whose numbers a version is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaselineKind {
    /// Its own reference sample.
    Reference,
    /// Its own recorded metrics.
    Recorded,
    /// The version before it.
    Previous,
    /// The same season a year before: its own rows, or the version that the season had then.
    Season,
    /// A version that was named.
    Version,
}

impl BaselineKind {
    /// The word for it in JSON and for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Recorded => "recorded",
            Self::Previous => "previous",
            Self::Season => "season",
            Self::Version => "version",
        }
    }
}

/// Where the numbers of a baseline come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    ReferenceSample,
    /// Labelled rows of the time when it was live.
    LiveRows,
    RecordedMetrics,
}

impl Origin {
    /// The word for it in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReferenceSample => "reference_sample",
            Self::LiveRows => "live_rows",
            Self::RecordedMetrics => "recorded_metrics",
        }
    }
}

/// Numbers to compare with.
#[derive(Clone, Debug)]
pub struct Source {
    pub kind: BaselineKind,
    pub version: VersionName,
    /// The version was left because it was degraded, or judged so last.
    pub is_bad: bool,
    pub origin: Origin,
    pub standard: Standard,
}

/// What was found, the nearest first.
#[derive(Debug)]
pub(super) struct Gathered {
    pub sources: Vec<Source>,
    /// What is missing, for people.
    pub missing: String,
}

impl Gathered {
    /// The recorded metrics of the first source.
    pub fn baseline(&self) -> Option<&BTreeMap<String, f64>> {
        match &self.sources.first()?.standard {
            Standard::Recorded(metrics) => Some(metrics),
            Standard::Rows(_) => None,
        }
    }
}

/// The metrics that decide over rows.
pub(super) fn deciding(
    check: &CheckRules,
    task: Task,
    window: &Sample,
    standards: &[Standard],
) -> Vec<Metric> {
    let window_has_some = match window {
        Sample::Classes(sample) => sample.probabilities.iter().any(Option::is_some),
        Sample::Numbers(_) => false,
    };
    check.deciding(task, is_about_log_loss(window_has_some, standards))
}

/// The metrics that decide over recorded numbers.
pub(super) fn deciding_recorded(
    check: &CheckRules,
    task: Task,
    current: &BTreeMap<String, f64>,
    baseline: Option<&BTreeMap<String, f64>>,
) -> Vec<Metric> {
    if check.decide_on.is_some() || check.metric.is_some() {
        return check.deciding(task, false);
    }
    let usual = [check.metric_for(task, true), check.metric_for(task, false)];
    match baseline.and_then(|baseline| recorded_metric(&usual, current, baseline)) {
        Some(metric) => vec![metric],
        None => check.deciding(task, false),
    }
}

/// Gathers as many sources as it takes until the deciding metrics have something to be compared with.
pub(super) fn gather(
    tx: &Tx<'_>,
    policy: &ModelPolicy,
    judgement: &Judgement,
    version: &Version,
    window: &Sample,
) -> Result<Gathered, JudgeError> {
    let check = &policy.check;
    let finder = Finder {
        tx,
        policy,
        judgement,
        version,
    };
    let mut sources: Vec<Source> = Vec::new();
    let enough = |sources: &[Source]| {
        let standards: Vec<_> = sources
            .iter()
            .map(|source| source.standard.clone())
            .collect();
        let deciding = deciding(check, judgement.model.task, window, &standards);
        let offered = |metric: &Metric| standards.iter().any(|standard| standard.offers(*metric));
        deciding.iter().all(offered)
    };
    let missing = match &check.baseline {
        BaselineChoice::Reference => {
            sources.extend(finder.own_reference()?);
            format!("{} has no reference sample", version.name)
        }
        BaselineChoice::Recorded => {
            sources.extend(finder.own_recorded());
            format!("{} has no recorded value of it", version.name)
        }
        BaselineChoice::Previous => finder.add_previous(&mut sources, enough)?,
        BaselineChoice::Version(reference) => {
            let other = naming::version(tx, &judgement.model, reference)?;
            sources.extend(finder.numbers_of(&other, BaselineKind::Version)?);
            finder.has_nothing(&other)
        }
        BaselineChoice::Auto => {
            sources.extend(finder.own_reference()?);
            if !enough(&sources) {
                sources.extend(finder.own_recorded());
            }
            let mut missing = String::new();
            if !enough(&sources) {
                missing = format!(
                    "{} has no reference sample and no recorded value of it, and {}",
                    version.name,
                    finder.add_previous(&mut sources, enough)?
                );
            }
            missing
        }
    };
    let missing = without_probabilities(check, judgement, window, &sources).unwrap_or(missing);
    Ok(Gathered { sources, missing })
}

/// What is missing where a deciding metric needs class probabilities and the rows that it would be compared with, or
/// that are judged, have none: then another baseline is no help.
fn without_probabilities(
    check: &CheckRules,
    judgement: &Judgement,
    window: &Sample,
    sources: &[Source],
) -> Option<String> {
    let standards: Vec<_> = sources
        .iter()
        .map(|source| source.standard.clone())
        .collect();
    let metric = deciding(check, judgement.model.task, window, &standards)
        .into_iter()
        .find(|metric| {
            metric.needs_probabilities()
                && !standards.iter().any(|standard| standard.offers(*metric))
        })?;
    let rows_of = sources
        .iter()
        .find(|source| matches!(source.standard, Standard::Rows(_)));
    let who = match (rows_of, window) {
        (Some(source), _) if source.origin == Origin::ReferenceSample => {
            format!("the reference sample of {} has none", source.version)
        }
        (Some(source), _) => format!("the rows of {} have none", source.version),
        (None, Sample::Classes(rows)) if rows.truth.is_empty() || rows.has_probabilities() => {
            return None;
        }
        (None, _) => "the rows have none".to_owned(),
    };
    Some(format!(
        "{metric} needs class probabilities (columns proba_LABEL, or a score), and {who}"
    ))
}

/// The recorded metrics of the baseline version.
pub(super) fn recorded(
    tx: &Tx<'_>,
    policy: &ModelPolicy,
    judgement: &Judgement,
    version: &Version,
) -> Result<Gathered, JudgeError> {
    let check = &judgement.rules;
    let (other, kind, nobody) = match &check.baseline {
        BaselineChoice::Version(reference) => {
            let other = naming::version(tx, &judgement.model, reference)?;
            (Some(other), BaselineKind::Version, String::new())
        }
        _ => {
            let of_season = SameSeason::of(tx, policy, judgement, version)?
                .and_then(|same| same.below)
                .filter(|below| !below.metadata.metrics.is_empty());
            let (other, kind) = match of_season {
                Some(below) => (Some(below), BaselineKind::Season),
                None => (previous(tx, judgement, version)?, BaselineKind::Previous),
            };
            (other, kind, nothing_below(judgement, version))
        }
    };
    let Some(other) = other.filter(|other| other.id != version.id) else {
        return Ok(Gathered {
            sources: Vec::new(),
            missing: nobody,
        });
    };
    Ok(Gathered {
        missing: format!("{} has no recorded value of it", other.name),
        sources: vec![Source {
            kind,
            is_bad: versions::is_bad(tx, other.id)?,
            origin: Origin::RecordedMetrics,
            standard: Standard::Recorded(other.metadata.metrics.clone()),
            version: other.name,
        }],
    })
}

fn nothing_below(judgement: &Judgement, version: &Version) -> String {
    if judgement.is_live {
        format!("no version lies below {}", version.name)
    } else {
        format!("no version is live or lies below {}", version.name)
    }
}

/// The newest entry below the version's own that is not bad, else the newest below; for a version that is not on the
/// stack, what is live.
fn previous(
    tx: &Tx<'_>,
    judgement: &Judgement,
    version: &Version,
) -> Result<Option<Version>, StoreError> {
    let holders = aliases::holders(tx, judgement.model.id, &AliasName::production())?;
    let below: Vec<VersionId> = if holders.entries().contains(&version.id) {
        holders
            .lower_than(version.id)
            .filter(|id| *id != version.id)
            .collect()
    } else {
        holders.holder().into_iter().collect()
    };
    for id in &below {
        if !versions::is_bad(tx, *id)? {
            return versions::get(tx, *id).map(Some);
        }
    }
    below.first().map(|id| versions::get(tx, *id)).transpose()
}

struct Finder<'a, 'store> {
    tx: &'a Tx<'store>,
    policy: &'a ModelPolicy,
    judgement: &'a Judgement,
    version: &'a Version,
}

impl Finder<'_, '_> {
    fn sample<R: AsRef<evidence::Labelled>>(&self, rows: &[R]) -> Sample {
        sample_of(rows, self.judgement.model.task, self.policy)
    }

    fn source(
        &self,
        kind: BaselineKind,
        version: &Version,
        origin: Origin,
        standard: Standard,
    ) -> Result<Source, StoreError> {
        let of_another = match kind {
            BaselineKind::Reference | BaselineKind::Recorded => false,
            BaselineKind::Previous | BaselineKind::Version => true,
            BaselineKind::Season => version.id != self.version.id,
        };
        Ok(Source {
            kind,
            version: version.name.clone(),
            is_bad: of_another && versions::is_bad(self.tx, version.id)?,
            origin,
            standard,
        })
    }

    fn reference(
        &self,
        kind: BaselineKind,
        version: &Version,
    ) -> Result<Option<Source>, StoreError> {
        if version.reference_rows_count == 0 {
            return Ok(None);
        }
        let rows = references::rows(self.tx, version.id)?;
        let standard = Standard::Rows(self.sample(&rows));
        self.source(kind, version, Origin::ReferenceSample, standard)
            .map(Some)
    }

    fn own_reference(&self) -> Result<Option<Source>, StoreError> {
        self.reference(BaselineKind::Reference, self.version)
    }

    fn own_recorded(&self) -> Option<Source> {
        let metrics = &self.version.metadata.metrics;
        (!metrics.is_empty()).then(|| Source {
            kind: BaselineKind::Recorded,
            version: self.version.name.clone(),
            is_bad: false,
            origin: Origin::RecordedMetrics,
            standard: Standard::Recorded(metrics.clone()),
        })
    }

    /// Adds the numbers of the same season a year before and, unless they are enough, of the previous version; says
    /// what is missing where it has none.
    fn add_previous(
        &self,
        sources: &mut Vec<Source>,
        enough: impl Fn(&[Source]) -> bool,
    ) -> Result<String, StoreError> {
        let season = SameSeason::of(self.tx, self.policy, self.judgement, self.version)?;
        if let Some(same) = season {
            let kind = BaselineKind::Season;
            let within = Some(&same.season);
            let own = self.live_rows(self.version, kind, within)?;
            match (own, same.below) {
                (Some(own), _) => sources.push(own),
                (None, Some(below)) => match self.live_rows(&below, kind, within)? {
                    Some(rows) => sources.push(rows),
                    None => sources.extend(self.numbers_of(&below, kind)?),
                },
                (None, None) => {}
            }
            if enough(sources) {
                return Ok(String::new());
            }
        }
        match previous(self.tx, self.judgement, self.version)? {
            Some(previous) => {
                sources.extend(self.numbers_of(&previous, BaselineKind::Previous)?);
                Ok(self.has_nothing(&previous))
            }
            None => Ok(nothing_below(self.judgement, self.version)),
        }
    }

    fn has_nothing(&self, other: &Version) -> String {
        format!(
            "{} has no reference sample, fewer than {} labelled live rows of earlier tenures and no recorded value of it",
            other.name, self.policy.check.min_rows
        )
    }

    /// The numbers of another version, the best there are: its reference sample, else all its labelled live rows of
    /// earlier tenures, else its recorded metrics.
    fn numbers_of(&self, other: &Version, kind: BaselineKind) -> Result<Vec<Source>, StoreError> {
        let mut sources = Vec::new();
        sources.extend(self.reference(kind, other)?);
        if sources.is_empty() {
            sources.extend(self.live_rows(other, kind, None)?);
        }
        if !other.metadata.metrics.is_empty() {
            let standard = Standard::Recorded(other.metadata.metrics.clone());
            sources.push(self.source(kind, other, Origin::RecordedMetrics, standard)?);
        }
        Ok(sources)
    }

    /// All labelled live rows of a version's earlier tenures, or those within a season; none if they are too few.
    fn live_rows(
        &self,
        other: &Version,
        kind: BaselineKind,
        within: Option<&Season>,
    ) -> Result<Option<Source>, StoreError> {
        let production = AliasName::production();
        let of_other = Periods::Of(other.id);
        let periods = aliases::periods(self.tx, self.judgement.model.id, &production, of_other)?;
        // What is judged is never compared with itself.
        let judged = self.judgement.tenure.as_ref().map(|tenure| tenure.id);
        let earlier: Vec<Period> = periods
            .into_iter()
            .filter(|period| Some(period.tenure) != judged)
            .filter_map(|period| match within {
                Some(season) => clipped(period, season),
                None => Some(period),
            })
            .collect();
        let rows = Rows::Live(&earlier);
        let there = coverage::coverage(self.tx, other.id, rows)?.truth_count;
        if earlier.is_empty() || there < self.policy.check.min_rows {
            return Ok(None);
        }
        let rows = window(self.tx, other.id, rows, WindowLimit::All)?;
        let standard = Standard::Rows(self.sample(&rows));
        self.source(kind, other, Origin::LiveRows, standard)
            .map(Some)
    }
}

/// The part of a period that lies in a season.
fn clipped(period: Period, season: &Season) -> Option<Period> {
    let from = period
        .from
        .map_or(season.from, |from| from.max(season.from));
    let to = period.to.map_or(season.to, |to| to.min(season.to));
    (from < to).then_some(Period {
        from: Some(from),
        to: Some(to),
        ..period
    })
}

#[cfg(test)]
mod tests;
