//! What a check says: verdict, reasons, severity, alert.

use std::fmt;
use std::str::FromStr;

/// The three answers of a check. An error is never one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    Healthy,
    Degraded,
    InsufficientData,
}

impl Verdict {
    /// The word in the store and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::InsufficientData => "insufficient_data",
        }
    }

    /// The word for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::InsufficientData => "insufficient data",
        }
    }

    /// Reads the word of the store.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Healthy, Self::Degraded, Self::InsufficientData]
            .into_iter()
            .find(|verdict| verdict.name() == name)
    }
}

/// What checks said of a version. In a few words it is the same wherever the version is spoken of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// By the last check, whatever its rules.
    pub last: Option<Verdict>,
    /// By the last check by the policy: none by rules that were given for one check alone.
    pub by_policy: Option<Verdict>,
    /// By the last check that decided: healthy or degraded. A healthy by rules that were given for that check alone is
    /// none: it makes no version a target, as it clears none.
    pub decided: Option<Verdict>,
    /// A later check by the policy could not decide.
    pub is_undecided_since: bool,
}

impl fmt::Display for Standing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.decided, self.last) {
            (Some(decided), _) if self.is_undecided_since => {
                write!(out, "{decided} when last judged, insufficient data since")
            }
            (Some(decided), _) => write!(out, "{decided} when last judged"),
            (None, None) => out.write_str("never judged"),
            (None, _) if self.by_policy.is_some() => {
                out.write_str("insufficient data when last checked")
            }
            (None, Some(Verdict::InsufficientData)) => {
                out.write_str("insufficient data when last checked")
            }
            (None, Some(last)) => write!(out, "{last} by other rules than the policy's"),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.words())
    }
}

/// Why a verdict is what it is. The order is the order in which reasons are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReasonCode {
    NoVersion,
    NoBaseline,
    NoPredictions,
    NoTruth,
    TooFew,
    ForeignClasses,
    Stale,
    UndefinedMetric,
    FailedPredictions,
    TooCoarse,
    RecordedMetricsOnly,
    OverThreshold,
}

impl ReasonCode {
    /// The word in JSON and in parentheses behind a sentence.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoVersion => "no_version",
            Self::NoBaseline => "no_baseline",
            Self::NoPredictions => "no_predictions",
            Self::NoTruth => "no_truth",
            Self::TooFew => "too_few",
            Self::ForeignClasses => "foreign_classes",
            Self::Stale => "stale",
            Self::UndefinedMetric => "undefined_metric",
            Self::FailedPredictions => "failed_predictions",
            Self::TooCoarse => "too_coarse",
            Self::RecordedMetricsOnly => "recorded_metrics_only",
            Self::OverThreshold => "over_threshold",
        }
    }

    /// Whether it keeps a check from saying healthy.
    #[must_use]
    pub const fn is_insufficient(self) -> bool {
        !matches!(self, Self::RecordedMetricsOnly | Self::OverThreshold)
    }
}

/// A reason with its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    pub code: ReasonCode,
    /// One sentence for people, without the code.
    pub text: String,
    /// What there is, where it can be counted.
    pub have_count: Option<u64>,
    /// What is needed, where it can be counted.
    pub need_count: Option<u64>,
}

impl Reason {
    #[must_use]
    pub const fn new(code: ReasonCode, text: String) -> Self {
        Self {
            code,
            text,
            have_count: None,
            need_count: None,
        }
    }

    #[must_use]
    pub const fn counted(code: ReasonCode, text: String, have: u64, need: u64) -> Self {
        Self {
            code,
            text,
            have_count: Some(have),
            need_count: Some(need),
        }
    }
}

/// How bad a degradation is, by its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// From the percentage by which the worst deciding metric became worse: 20 and more critical, 15 high, 10 medium.
    #[must_use]
    pub fn from_worse_pct(worse_pct: f64) -> Self {
        if worse_pct >= 20.0 {
            Self::Critical
        } else if worse_pct >= 15.0 {
            Self::High
        } else if worse_pct >= 10.0 {
            Self::Medium
        } else {
            Self::Low
        }
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.name() == name)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// What an alert is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlertKind {
    /// The live version became worse.
    Degraded,
    /// For too long no check could decide.
    Blind,
    /// A file of the inbox can't be used. It is about that file and no version, and only a person resolves it.
    RefusedFile,
}

impl AlertKind {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Degraded => "degraded",
            Self::Blind => "blind",
            Self::RefusedFile => "refused_file",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Degraded, Self::Blind, Self::RefusedFile]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// An evaluation's row: what one check saw and said; printed as `e_7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EvaluationId(pub i64);

impl fmt::Display for EvaluationId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "e_{}", self.0)
    }
}

/// An alert's row, printed as `a_1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AlertId(pub i64);

impl fmt::Display for AlertId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "a_{}", self.0)
    }
}

/// A text names no alert.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no alert; they are written a_1, a_2, …")]
pub struct AlertSyntax(pub String);

impl FromStr for AlertId {
    type Err = AlertSyntax;

    fn from_str(text: &str) -> Result<Self, AlertSyntax> {
        let digits = text.strip_prefix("a_").unwrap_or(text);
        match digits.parse() {
            Ok(number) if number > 0 && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(Self(number))
            }
            _ => Err(AlertSyntax(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_written_with_their_letter() {
        assert_eq!("a_12".parse(), Ok(AlertId(12)));
        assert_eq!("12".parse(), Ok(AlertId(12)));
        assert_eq!(AlertId(12).to_string(), "a_12");
        for text in ["", "a_", "a_0", "a_-1", "a_+1", "e_1", "a_1x"] {
            assert!(text.parse::<AlertId>().is_err(), "{text}");
        }
    }

    #[test]
    fn severity_counts_from_ten_percent() {
        for (worse_pct, severity) in [
            (5.1, Severity::Low),
            (9.999, Severity::Low),
            (10.0, Severity::Medium),
            (15.0, Severity::High),
            (20.0, Severity::Critical),
            (-30.0, Severity::Low),
        ] {
            assert_eq!(Severity::from_worse_pct(worse_pct), severity, "{worse_pct}");
        }
    }

    #[test]
    fn only_these_reasons_leave_healthy_possible() {
        assert!(!ReasonCode::OverThreshold.is_insufficient());
        assert!(!ReasonCode::RecordedMetricsOnly.is_insufficient());
        assert!(ReasonCode::Stale.is_insufficient());
        assert!(ReasonCode::ForeignClasses.is_insufficient());
    }
}
