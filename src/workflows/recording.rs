//! Records a judgement: the evaluation, what becomes of its alerts, and the operation that says so.

use serde_json::json;

use crate::domain::holders::OperationId;
use crate::domain::names::Reference;
use crate::domain::operation::{Author, NewOperation, OperationKind};
use crate::domain::policy::ModelPolicy;
use crate::domain::time::Timestamp;
use crate::domain::verdict::{AlertId, AlertKind, EvaluationId, ReasonCode, Severity, Verdict};
use crate::files::hash::hash_bytes;
use crate::judge::action::{AlertChange, AlertState, is_blind};
use crate::store::alerts::{self, Alert, Occurrence};
use crate::store::evaluations::{self, NewEvaluation, TrendPoint};
use crate::store::models::Model;
use crate::store::{Change, Store, StoreError, Tx};

use super::announcing::{Audience, announce};
use super::judging::{JudgeError, Judgement, document, judge};

/// What a check did with an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertNews {
    Opened,
    /// It was open before.
    Open,
    Resolved,
}

impl AlertNews {
    /// The word for it in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Open => "open",
            Self::Resolved => "resolved",
        }
    }
}

/// An alert that a check touched, or would touch.
#[derive(Clone, Debug, PartialEq)]
pub struct Touched {
    /// `None`: it would be a new one, and nothing is recorded.
    pub id: Option<AlertId>,
    pub kind: AlertKind,
    pub news: AlertNews,
}

/// A judgement and what was recorded of it.
#[derive(Clone, Debug)]
pub struct Checked {
    pub judgement: Judgement,
    /// `None`: nothing was recorded.
    pub evaluation: Option<EvaluationId>,
    pub operation: Option<OperationId>,
    pub alerts: Vec<Touched>,
    /// Something is otherwise than at the check before.
    pub is_news: bool,
    /// The checks of the tenure so far, the oldest first; this one is the last if it was recorded.
    pub trend: Vec<TrendPoint>,
}

/// So many checks of a tenure make its trend.
const TREND_LIMIT: u64 = 50;

impl Checked {
    /// The alert about what this check found.
    #[must_use]
    pub fn alert(&self) -> Option<AlertId> {
        self.alerts
            .iter()
            .find(|touched| touched.news != AlertNews::Resolved)
            .and_then(|touched| touched.id)
    }
}

/// Judges, and where there is an audience, be it nobody, records it and queues what that has to hear in the same
/// transaction. `by_policy` is false where the rules were given for
/// this check alone.
///
/// # Errors
/// A reference means no version, or the store can't be read or written.
pub fn check(
    store: &mut Store,
    author: &Author,
    model: &Model,
    policy: &ModelPolicy,
    reference: Option<&Reference>,
    by_policy: bool,
    audience: Option<&Audience<'_>>,
) -> Result<Checked, JudgeError> {
    let judged = |tx: &Tx<'_>| {
        let judgement = judge(tx, model, policy, reference, author.at)?;
        Ok::<_, JudgeError>(Judgement {
            by_policy,
            ..judgement
        })
    };
    let Some(audience) = audience else {
        return store.read(|tx| {
            let judgement = judged(tx)?;
            Ok(unrecorded(tx, judgement)?)
        });
    };
    store.change(author, |tx| {
        let judgement = judged(tx)?;
        let operation = tx.next_operation()?;
        let (checked, detail) = recorded(tx, judgement, operation)?;
        announce(tx, audience, author, &checked, None)?;
        let content = NewOperation {
            version: checked.judgement.version.as_ref().map(|version| version.id),
            detail,
            ..NewOperation::recording(OperationKind::Check, model.id)
        };
        Ok(Change::recorded(checked, content))
    })
}

/// What a check would find and change, recorded nowhere.
///
/// # Errors
/// The store can't be read.
pub fn unrecorded(tx: &Tx<'_>, judgement: Judgement) -> Result<Checked, StoreError> {
    let changed = differs_from_before(tx, &judgement)?;
    let alerts = expected_alerts(tx, &judgement)?;
    Ok(Checked {
        is_news: changed || alerts.iter().any(|touched| touched.news != AlertNews::Open),
        trend: trend(tx, &judgement)?,
        judgement,
        evaluation: None,
        operation: None,
        alerts,
    })
}

/// Records a judgement under the operation that is to be appended; gives that one's detail too.
///
/// # Errors
/// The store can't be written.
pub fn recorded(
    tx: &Tx<'_>,
    judgement: Judgement,
    operation: OperationId,
) -> Result<(Checked, String), StoreError> {
    let changed = differs_from_before(tx, &judgement)?;
    let mut touched = expected_alerts(tx, &judgement)?;
    let text = document(&judgement).to_string();
    let decision = &judgement.decision;
    let evaluation = evaluations::insert(
        tx,
        &NewEvaluation {
            model: judgement.model.id,
            version: judgement.version.as_ref().map(|version| version.id),
            operation,
            checked_at: judgement.at,
            verdict: decision.verdict,
            severity: decision.severity,
            was_live: judgement.is_live,
            by_policy: judgement.by_policy,
            tenure: judgement.tenure.as_ref().map(|tenure| tenure.id),
            document: &text,
        },
    )?;
    if resolves(&judgement) {
        alerts::resolve_all(tx, judgement.model.id, judgement.at)?;
    }
    for touched in &mut touched {
        if touched.news != AlertNews::Resolved
            && let Some(version) = &judgement.version
        {
            let occurrence = Occurrence {
                model: judgement.model.id,
                version: version.id,
                kind: touched.kind,
                severity: severity(touched.kind, &judgement),
                message: &message(touched.kind, &judgement),
                evaluation,
                at: judgement.at,
            };
            touched.id = Some(alerts::open(tx, &occurrence)?);
        }
    }
    let checked = Checked {
        is_news: changed
            || touched
                .iter()
                .any(|touched| touched.news != AlertNews::Open),
        trend: trend(tx, &judgement)?,
        evaluation: Some(evaluation),
        operation: Some(operation),
        alerts: touched,
        judgement,
    };
    let decision = &checked.judgement.decision;
    let detail = json!({
        "evaluation_id": evaluation.to_string(),
        "document_blake3": hash_bytes(text.as_bytes()).to_string(),
        "verdict": decision.verdict.name(),
        "severity": decision.severity.map(Severity::name),
        "alerts": checked.alerts.iter().map(|touched| json!({
            "alert_id": touched.id.map(|id| id.to_string()),
            "kind": touched.kind.name(),
            "state": touched.news.name(),
        })).collect::<Vec<_>>(),
    });
    Ok((checked, detail.to_string()))
}

/// How the deciding metric went in the tenure that was judged.
fn trend(tx: &Tx<'_>, judgement: &Judgement) -> Result<Vec<TrendPoint>, StoreError> {
    match (&judgement.version, &judgement.tenure) {
        (Some(version), Some(tenure)) => evaluations::trend(tx, version.id, tenure.id, TREND_LIMIT),
        _ => Ok(Vec::new()),
    }
}

/// Whether alerts end. Rules that were given for one check alone may open an alert, and never close one.
fn resolves(judgement: &Judgement) -> bool {
    judgement.is_live && judgement.by_policy && judgement.decision.verdict == Verdict::Healthy
}

/// Whether the verdict is another one than that of the check before it in the same tenure, or for a version that is not
/// live of the check before it. A new tenure that can't be judged yet is what everybody expects, and no news.
fn differs_from_before(tx: &Tx<'_>, judgement: &Judgement) -> Result<bool, StoreError> {
    let verdict = judgement.decision.verdict;
    let before = match &judgement.version {
        Some(version) if !judgement.is_live => evaluations::newest_of(tx, version.id)?,
        _ => {
            let tenure = judgement.tenure.as_ref().map(|tenure| tenure.id);
            // What other rules said is no before of what the policy says.
            evaluations::newest_of_live(tx, judgement.model.id, judgement.by_policy)?
                .filter(|before| before.tenure == tenure)
        }
    };
    Ok(match before {
        Some(before) => before.verdict != verdict,
        None => verdict != Verdict::InsufficientData,
    })
}

/// What becomes of the alerts of what is live; a check of another version touches none.
fn expected_alerts(tx: &Tx<'_>, judgement: &Judgement) -> Result<Vec<Touched>, StoreError> {
    let (Some(version), true) = (&judgement.version, judgement.is_live) else {
        return Ok(Vec::new());
    };
    let kind = match judgement.decision.verdict {
        Verdict::Healthy if !resolves(judgement) => return Ok(Vec::new()),
        Verdict::Healthy => {
            let mut resolved = Vec::new();
            for id in alerts::open_about_versions(tx, judgement.model.id)? {
                resolved.extend(alerts::get(tx, id)?.map(|alert| Touched {
                    id: Some(id),
                    kind: alert.kind,
                    news: AlertNews::Resolved,
                }));
            }
            return Ok(resolved);
        }
        Verdict::Degraded => AlertKind::Degraded,
        Verdict::InsufficientData if blind(tx, judgement)? => AlertKind::Blind,
        Verdict::InsufficientData => return Ok(Vec::new()),
    };
    let existing = alerts::find(tx, version.id, kind)?;
    let news = match state(existing.as_ref()).again() {
        AlertChange::Open | AlertChange::Reopen => AlertNews::Opened,
        AlertChange::Keep => AlertNews::Open,
    };
    Ok(vec![Touched {
        id: existing.map(|alert| alert.id),
        kind,
        news,
    }])
}

fn state(alert: Option<&Alert>) -> AlertState {
    match alert {
        None => AlertState::Never,
        Some(alert) if alert.is_open() => AlertState::Open,
        Some(_) => AlertState::Resolved,
    }
}

fn blind(tx: &Tx<'_>, judgement: &Judgement) -> Result<bool, StoreError> {
    let (Some(version), Some(tenure)) = (&judgement.version, &judgement.tenure) else {
        return Ok(false);
    };
    let decided = evaluations::last_decided_at(tx, version.id, tenure.id)?;
    let since: Timestamp = decided.map_or(tenure.watched_since, |at| at.max(tenure.watched_since));
    Ok(is_blind(
        judgement.decision.verdict,
        since,
        judgement.at,
        judgement.rules.blind_after,
    ))
}

/// Blindness and files have no size: they are always medium.
fn severity(kind: AlertKind, judgement: &Judgement) -> Severity {
    match kind {
        AlertKind::Degraded => judgement.decision.severity.unwrap_or(Severity::Low),
        AlertKind::Blind | AlertKind::RefusedFile => Severity::Medium,
    }
}

/// One sentence about what was found.
#[must_use]
pub fn message(kind: AlertKind, judgement: &Judgement) -> String {
    let reasons = &judgement.decision.reasons;
    match kind {
        AlertKind::Degraded => reasons
            .iter()
            .find(|reason| reason.code == ReasonCode::OverThreshold)
            .map_or_else(|| "degraded".to_owned(), |reason| reason.text.clone()),
        // No check speaks of a file.
        AlertKind::Blind | AlertKind::RefusedFile => {
            let why = reasons.first().map_or("", |reason| reason.text.as_str());
            format!(
                "no check could decide for {}: {why}",
                judgement.rules.blind_after
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::holders::VersionId;
    use crate::domain::metric::{Direction, Metric};
    use crate::domain::policy::{BaselineChoice, EvidenceKind, Policy};
    use crate::store::example::{Example, author, minute};
    use crate::store::models;

    fn policy(decide_on: &[Metric], threshold_pct: f64) -> ModelPolicy {
        let mut policy = Policy::default().common();
        policy.check.evidence = EvidenceKind::Recorded;
        policy.check.baseline = BaselineChoice::Previous;
        policy.check.decide_on = Some(decide_on.to_vec());
        policy.check.threshold_pct = threshold_pct;
        policy
    }

    fn checked(example: &mut Example, policy: &ModelPolicy, at: i64) -> Checked {
        let model = example.read(|tx| Ok(models::list(tx)?.remove(0)));
        let author = Author {
            at: minute(at),
            ..author()
        };
        check(
            &mut example.store,
            &author,
            &model,
            policy,
            None,
            true,
            Some(&Audience::NOBODY),
        )
        .unwrap()
    }

    /// Numbers around zero and of every size, of either sign, always finite.
    fn any_number() -> impl Strategy<Value = f64> {
        prop_oneof![
            Just(0.0),
            -2.0..2.0_f64,
            -1e-9..1e-9_f64,
            -1e12..1e12_f64,
            prop::num::f64::NORMAL,
        ]
    }

    const NUMBERS: [Metric; 4] = [Metric::Rmse, Metric::Mae, Metric::Mape, Metric::R2];

    fn set(example: &mut Example, version: VersionId, values: &[f64]) {
        for (metric, value) in NUMBERS.into_iter().zip(values) {
            example.metric(version, metric.name(), *value);
        }
    }

    #[test]
    fn no_alert_opens_where_no_deciding_metric_moved_in_its_bad_direction() {
        let mut example = Example::new();
        let (older, newer) = (example.version("older"), example.version("newer"));
        example.promote(older, None);
        example.promote(newer, Some(1));
        let model = example.model;
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(300));
        let example = std::cell::RefCell::new(example);
        let strategy = (
            prop::collection::vec(any_number(), 4),
            prop::collection::vec(any_number(), 4),
            prop::sample::subsequence(NUMBERS.to_vec(), 1..=4),
            0.1..40.0_f64,
        );
        runner
            .run(&strategy, |(before, after, decide_on, threshold_pct)| {
                let example = &mut *example.borrow_mut();
                set(example, older, &before);
                set(example, newer, &after);
                let found = checked(example, &policy(&decide_on, threshold_pct), 10);
                let worse = NUMBERS.into_iter().zip(before.iter().zip(&after)).any(
                    |(metric, (before, after))| {
                        decide_on.contains(&metric)
                            && match metric.direction() {
                                Direction::HigherIsBetter => after < before,
                                Direction::LowerIsBetter => after > before,
                                Direction::None => false,
                            }
                    },
                );
                let degraded = found.judgement.decision.verdict == Verdict::Degraded;
                prop_assert!(worse || !degraded);
                let opened = found
                    .alerts
                    .iter()
                    .any(|touched| touched.news == AlertNews::Opened);
                prop_assert!(degraded || !opened);
                // The next case begins without an open alert.
                example
                    .store
                    .change(&author(), |tx| {
                        alerts::resolve_all(tx, model, minute(11))?;
                        Ok::<_, StoreError>(Change::staged(()))
                    })
                    .unwrap();
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn a_check_is_news_where_its_tenure_says_something_else() {
        let mut example = Example::new();
        let (older, newer) = (example.version("older"), example.version("newer"));
        example.promote(older, None);
        let policy = policy(&[Metric::Rmse], 5.0);
        assert!(
            !checked(&mut example, &policy, 1).is_news,
            "nobody expects more of a new tenure"
        );
        example.metric(older, "rmse", 1.0);
        example.metric(newer, "rmse", 1.0);
        example.promote(newer, Some(2));
        let healthy = checked(&mut example, &policy, 3);
        assert_eq!(healthy.judgement.decision.verdict, Verdict::Healthy);
        assert!(healthy.is_news);
        assert!(!checked(&mut example, &policy, 4).is_news);
        example.metric(newer, "rmse", 2.0);
        let degraded = checked(&mut example, &policy, 5);
        assert!(degraded.is_news);
        assert_eq!(degraded.alert(), Some(AlertId(1)));
        assert!(!checked(&mut example, &policy, 6).is_news);
        example.metric(newer, "rmse", 1.0);
        let recovered = checked(&mut example, &policy, 7);
        assert!(recovered.is_news);
        assert_eq!(recovered.alerts[0].news, AlertNews::Resolved);
        assert_eq!(
            recovered.alert(),
            None,
            "what is resolved is not what this check found"
        );
    }

    #[test]
    fn blindness_begins_with_the_promotion_where_a_tenure_has_no_beginning() {
        let mut example = Example::new();
        let version = example.version("only");
        example.promote(version, None);
        let policy = policy(&[Metric::Rmse], 5.0);
        let three_days = 3 * 24 * 60;
        assert!(
            checked(&mut example, &policy, three_days - 1)
                .alerts
                .is_empty()
        );
        let blind = checked(&mut example, &policy, three_days);
        assert_eq!(blind.alerts[0].kind, AlertKind::Blind);
        assert_eq!(blind.alerts[0].news, AlertNews::Opened);
        let still = checked(&mut example, &policy, three_days + 60);
        assert_eq!(
            (still.alerts[0].id, still.alerts[0].news),
            (Some(AlertId(1)), AlertNews::Open)
        );
        let alert = example.read(|tx| alerts::get(tx, AlertId(1))).unwrap();
        assert_eq!(alert.severity, Severity::Medium);
        assert_eq!(
            alert.message,
            "no check could decide for 3d: no version lies below only"
        );
        // A new tenure is not blind from its first minute.
        let next = example.version("next");
        example.promote(next, Some(three_days + 90));
        assert!(
            checked(&mut example, &policy, three_days + 100)
                .alerts
                .is_empty()
        );
    }
}

#[cfg(test)]
mod over_time;
