//! Puts what the metrics say together: the verdict, its reasons, its severity and what it would have noticed.

use super::foreign::ForeignClasses;
use super::judged::{Judged, MetricOutcome};
use super::threshold::ThresholdOutcome;
use super::words;
use crate::domain::time::Length;
use crate::domain::verdict::{Reason, ReasonCode, Severity, Verdict};

/// The share of failed predictions above which a version is never called healthy.
const FAILED_RATIO: f64 = 0.01;

/// By which numbers a verdict is reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    pub threshold_pct: f64,
    /// Labelled rows below which nothing is decided.
    pub min_rows: u64,
    pub max_age: Length,
    pub must_detect_pct: f64,
}

/// How much there is to judge by.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// What the rows belong to, for the sentences: `in this tenure`.
    pub place: String,
    /// The sentence where there is no prediction.
    pub no_predictions: String,
    /// Labelled or not.
    pub predictions_count: u64,
    pub labelled_count: u64,
    /// Labelled rows that are judged.
    pub window_rows_count: u64,
    pub window_failed_count: u64,
    /// Predictions since the first one of the window, labelled or not, and how many of them failed.
    pub since_count: u64,
    pub since_failed_count: u64,
    /// How long ago the newest label became known.
    pub newest_label_age: Option<Length>,
    /// It lies in the future: the clock was turned back.
    pub newest_label_is_ahead: bool,
    /// The true classes of the window, where nothing else has any of them; as they are shown to people.
    pub foreign: Option<ForeignClasses>,
}

/// What a check decides on.
#[derive(Clone, Debug, PartialEq)]
pub enum Basis {
    /// Nobody holds the alias.
    NoVersion,
    Rows(Evidence),
    Recorded,
}

/// A verdict with all that it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    pub verdict: Verdict,
    /// All that apply, in the order of [`ReasonCode`].
    pub reasons: Vec<Reason>,
    pub severity: Option<Severity>,
    /// How much worse the worst of the deciding metrics is.
    pub worse_pct: Option<f64>,
    /// The smallest worsening that every deciding metric would have noticed.
    pub detectable_pct: Option<f64>,
    /// The share of checks of an unchanged version that say degraded, at least.
    pub healthy_flagged_ratio: Option<f64>,
}

/// Decides.
///
/// Any deciding metric degraded: degraded. Else whatever keeps a check from saying healthy: insufficient data. Fewer
/// rows than `min_rows` decide nothing, whichever way the numbers point, and neither does truth in foreign classes; then
/// what other rows could change is not said.
/// `no_baseline` says what is missing, for people.
#[must_use]
pub fn decide(basis: &Basis, judged: &[Judged], no_baseline: &str, rules: &Rules) -> Decision {
    let deciding = || judged.iter().filter(|judged| judged.decides);
    let mut reasons = Vec::new();
    if *basis == Basis::NoVersion {
        reasons.push(Reason::new(
            ReasonCode::NoVersion,
            "no version is live".to_owned(),
        ));
        return decision(Verdict::InsufficientData, reasons, None, None, None);
    }
    let evidence = match basis {
        Basis::Rows(evidence) => Some(evidence),
        Basis::NoVersion | Basis::Recorded => None,
    };
    let enough = evidence.is_none_or(|evidence| evidence.window_rows_count >= rules.min_rows);
    let foreign = evidence
        .filter(|_| enough)
        .and_then(|evidence| Some((evidence, evidence.foreign.as_ref()?)));
    let comparable = enough && foreign.is_none();
    if deciding().any(|judged| judged.outcome == MetricOutcome::NoBaseline)
        || deciding().next().is_none()
    {
        reasons.push(Reason::new(ReasonCode::NoBaseline, no_baseline.to_owned()));
    }
    reasons.extend(evidence.and_then(|evidence| rows_missing(evidence, rules)));
    reasons.extend(foreign.map(|(evidence, foreign)| foreign_truth(evidence, foreign)));
    reasons.extend(evidence.and_then(|evidence| stale(evidence, rules)));
    reasons.extend(undefined(deciding(), comparable));
    reasons.extend(evidence.and_then(failed));
    let most = |number: fn(&ThresholdOutcome) -> Option<f64>| {
        deciding()
            .filter_map(|judged| judged.compared.as_ref().and_then(number))
            .max_by(f64::total_cmp)
    };
    let detectable_pct = most(|compared| compared.detectable_pct);
    reasons.extend(
        detectable_pct
            .filter(|pct| comparable && *pct > rules.must_detect_pct)
            .map(|pct| too_coarse(pct, rules)),
    );
    if *basis == Basis::Recorded {
        reasons.push(Reason::new(
            ReasonCode::RecordedMetricsOnly,
            "compares two recorded numbers, without an interval".to_owned(),
        ));
    }
    let degraded = comparable && deciding().any(|judged| judged.outcome == MetricOutcome::Degraded);
    if degraded {
        reasons.push(over_threshold(deciding(), rules));
    }
    let verdict = if degraded {
        Verdict::Degraded
    } else if reasons.iter().any(|reason| reason.code.is_insufficient()) {
        Verdict::InsufficientData
    } else {
        Verdict::Healthy
    };
    let flagged = most(|compared| compared.healthy_flagged_ratio);
    let worse_pct = most(|compared| compared.worse_pct);
    decision(verdict, reasons, worse_pct, detectable_pct, flagged)
}

fn decision(
    verdict: Verdict,
    reasons: Vec<Reason>,
    worse_pct: Option<f64>,
    detectable_pct: Option<f64>,
    healthy_flagged_ratio: Option<f64>,
) -> Decision {
    Decision {
        severity: (verdict == Verdict::Degraded)
            .then(|| Severity::from_worse_pct(worse_pct.unwrap_or(0.0))),
        verdict,
        reasons,
        worse_pct,
        detectable_pct,
        healthy_flagged_ratio,
    }
}

fn rows_missing(evidence: &Evidence, rules: &Rules) -> Option<Reason> {
    let Evidence {
        place,
        no_predictions,
        predictions_count: predictions,
        labelled_count: labelled,
        window_rows_count: rows,
        ..
    } = evidence;
    if *predictions == 0 {
        let text = no_predictions.clone();
        Some(Reason::counted(ReasonCode::NoPredictions, text, 0, 1))
    } else if *labelled == 0 {
        let text = match predictions {
            1 => "the only prediction has no truth yet".to_owned(),
            _ => format!(
                "none of {} has its truth",
                words::counted(*predictions, "prediction", "predictions")
            ),
        };
        Some(Reason::counted(
            ReasonCode::NoTruth,
            text,
            0,
            rules.min_rows,
        ))
    } else if *rows < rules.min_rows {
        let place = if rows < labelled {
            "in the window"
        } else {
            place
        };
        let text = format!(
            "{} {place}, {} needed",
            words::counted(*rows, "labelled row", "labelled rows"),
            words::count(rules.min_rows)
        );
        Some(Reason::counted(
            ReasonCode::TooFew,
            text,
            *rows,
            rules.min_rows,
        ))
    } else {
        None
    }
}

fn foreign_truth(evidence: &Evidence, foreign: &ForeignClasses) -> Reason {
    let text = foreign.sentence(evidence.window_rows_count, "predictions or baseline");
    Reason::counted(ReasonCode::ForeignClasses, text, 0, 1)
}

fn stale(evidence: &Evidence, rules: &Rules) -> Option<Reason> {
    if evidence.newest_label_is_ahead {
        let text = "the newest label lies in the future: the clock was turned back".to_owned();
        return Some(Reason::new(ReasonCode::Stale, text));
    }
    let age = evidence
        .newest_label_age
        .filter(|age| *age > rules.max_age)?;
    let text = format!(
        "the newest label is {} old, check.max_age allows {}",
        words::age(age),
        rules.max_age
    );
    Some(Reason::new(ReasonCode::Stale, text))
}

fn undefined<'a>(deciding: impl Iterator<Item = &'a Judged>, comparable: bool) -> Option<Reason> {
    let texts: Vec<_> = deciding
        .filter(|judged| comparable || !judged.rows_could_help)
        .filter_map(|judged| match judged.outcome {
            MetricOutcome::Undefined(why) => Some(format!("{}: {why}", judged.metric)),
            _ => None,
        })
        .collect();
    (!texts.is_empty()).then(|| Reason::new(ReasonCode::UndefinedMetric, texts.join("; ")))
}

/// The larger of two shares: of the labelled rows that are judged, and of all predictions since the first of these.
/// The second sees a feed that turned to NaN while its labels are still to come.
fn failed(evidence: &Evidence) -> Option<Reason> {
    let share = |failed: u64, of: u64| failed as f64 / of.max(1) as f64;
    let (window, since) = (
        (evidence.window_failed_count, evidence.window_rows_count),
        (evidence.since_failed_count, evidence.since_count),
    );
    let (failed, of) = if share(since.0, since.1) > share(window.0, window.1) {
        since
    } else {
        window
    };
    if share(failed, of) <= FAILED_RATIO {
        return None;
    }
    let text = format!(
        "{} of {} failed, at most 1 % may",
        words::count(failed),
        words::counted(of, "prediction", "predictions")
    );
    let allowed = of / 100;
    Some(Reason::counted(
        ReasonCode::FailedPredictions,
        text,
        failed,
        allowed,
    ))
}

fn too_coarse(detectable_pct: f64, rules: &Rules) -> Reason {
    let text = format!(
        "would only have noticed +{} or more, +{} is asked for",
        words::percent(detectable_pct),
        words::percent(rules.must_detect_pct)
    );
    Reason::new(ReasonCode::TooCoarse, text)
}

fn over_threshold<'a>(deciding: impl Iterator<Item = &'a Judged>, rules: &Rules) -> Reason {
    let texts: Vec<_> = deciding
        .filter(|judged| judged.outcome == MetricOutcome::Degraded)
        .filter_map(|judged| {
            let worse_pct = judged.compared.as_ref()?.worse_pct?;
            let worse = words::percent(worse_pct);
            Some(format!("{} worse by {worse}", judged.metric))
        })
        .collect();
    // As it is written in the policy: rounded, a small one would be another.
    let text = format!("{}, more than {} %", texts.join("; "), rules.threshold_pct);
    Reason::new(ReasonCode::OverThreshold, text)
}

#[cfg(test)]
mod tests;
