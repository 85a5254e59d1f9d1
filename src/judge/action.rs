//! Chooses what to do about a verdict: whether to act, whether a model is watched blindly, what becomes of its alerts.

use crate::domain::policy::OnDegraded;
use crate::domain::time::{Length, Timestamp};
use crate::domain::verdict::Verdict;

/// What follows from a verdict on the live version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act<T> {
    /// It is not degraded.
    Nothing,
    /// Degraded; people are told and nothing else is wanted.
    Alert,
    /// Degraded, and there is nowhere to go.
    Impossible,
    /// Degraded, and its alert has acted once.
    AlreadyActed,
    /// Degraded: go back to this version.
    GoBack(T),
}

/// Chooses the act. Nowhere to go comes before having acted, so that it is said every time.
#[must_use]
pub fn choose<T>(
    verdict: Verdict,
    on_degraded: OnDegraded,
    target: Option<T>,
    has_acted: bool,
) -> Act<T> {
    match (verdict, on_degraded, target) {
        (Verdict::Healthy | Verdict::InsufficientData, _, _) => Act::Nothing,
        (Verdict::Degraded, OnDegraded::Alert, _) => Act::Alert,
        (Verdict::Degraded, OnDegraded::Rollback, None) => Act::Impossible,
        (Verdict::Degraded, OnDegraded::Rollback, Some(_)) if has_acted => Act::AlreadyActed,
        (Verdict::Degraded, OnDegraded::Rollback, Some(target)) => Act::GoBack(target),
    }
}

/// Whether for too long no check could decide. `since` is the last verdict that decided, or when the tenure began.
#[must_use]
pub fn is_blind(verdict: Verdict, since: Timestamp, now: Timestamp, blind_after: Length) -> bool {
    verdict == Verdict::InsufficientData && now.since(since) >= blind_after
}

/// The one alert of a model, version and kind, as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertState {
    /// There never was one.
    Never,
    Open,
    Resolved,
}

/// What becomes of it where its condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertChange {
    /// A new row: news.
    Open,
    /// The same row opens again: news.
    Reopen,
    /// It is open already; its numbers are brought up to date.
    Keep,
}

impl AlertState {
    /// What a further occurrence makes of it.
    #[must_use]
    pub const fn again(self) -> AlertChange {
        match self {
            Self::Never => AlertChange::Open,
            Self::Open => AlertChange::Keep,
            Self::Resolved => AlertChange::Reopen,
        }
    }
}

impl AlertChange {
    /// Whether people have to be told.
    #[must_use]
    pub const fn is_news(self) -> bool {
        matches!(self, Self::Open | Self::Reopen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nowhere_to_go_comes_before_having_acted() {
        let degraded =
            |target, has_acted| choose(Verdict::Degraded, OnDegraded::Rollback, target, has_acted);
        assert_eq!(degraded(None::<u8>, true), Act::Impossible);
        assert_eq!(degraded(None, false), Act::Impossible);
        assert_eq!(degraded(Some(1), true), Act::AlreadyActed);
        assert_eq!(degraded(Some(1), false), Act::GoBack(1));
        assert_eq!(
            choose(Verdict::Degraded, OnDegraded::Alert, Some(1), false),
            Act::Alert
        );
        for verdict in [Verdict::Healthy, Verdict::InsufficientData] {
            let act = choose(verdict, OnDegraded::Rollback, Some(1), false);
            assert_eq!(act, Act::Nothing);
        }
    }

    #[test]
    fn blindness_is_measured_from_the_last_sight() {
        let at = |text: &str| Timestamp::read(text).unwrap().at;
        let (since, three_days) = (at("2026-01-01"), Length::from_days(3));
        let blind = |verdict, now: &str| is_blind(verdict, since, at(now), three_days);
        assert!(!blind(Verdict::InsufficientData, "2026-01-03T23:59:59Z"));
        assert!(blind(Verdict::InsufficientData, "2026-01-04"));
        assert!(!blind(Verdict::Healthy, "2026-02-01"));
        assert!(!blind(Verdict::Degraded, "2026-02-01"));
        assert!(
            !blind(Verdict::InsufficientData, "2025-01-01"),
            "a clock that was turned back"
        );
    }

    #[test]
    fn an_alert_is_one_row_for_ever() {
        assert_eq!(AlertState::Never.again(), AlertChange::Open);
        assert_eq!(AlertState::Open.again(), AlertChange::Keep);
        assert_eq!(AlertState::Resolved.again(), AlertChange::Reopen);
        assert!(!AlertChange::Keep.is_news());
    }
}
