//! Compares two versions: on the predictions that both made, else each on its own rows, else by recorded metrics.

use crate::domain::evidence::EvidenceRow;
use crate::domain::metric::{Direction, Metric, Task};
use crate::domain::policy::ModelPolicy;
use crate::domain::sample::Sample;
use crate::domain::time::Timestamp;
use crate::domain::verdict::{Reason, ReasonCode};
use crate::files::values::excerpt;
use crate::judge::Undefined;
use crate::judge::foreign::ForeignClasses;
use crate::judge::interval::{APPROXIMATE_BELOW, Confidence};
use crate::judge::judged::Number;
use crate::judge::metrics::{measure, pooled_mean_loss};
use crate::judge::paired::{Difference, paired_difference, unpaired_difference};
use crate::store::coverage::Rows;
use crate::store::evidence::{shared, window};
use crate::store::models::Model;
use crate::store::versions::Version;
use crate::store::{StoreError, Tx, labels};

use super::judging::{foreign_truth, limit, sample_of};
use super::reference_numbers;

/// What two versions were compared on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Labelled predictions of the same ids, in any role.
    SharedIds,
    /// Each on its own labelled rows.
    OwnWindows,
    Recorded,
}

impl On {
    /// The word for it in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SharedIds => "shared_ids",
            Self::OwnWindows => "own_windows",
            Self::Recorded => "recorded",
        }
    }
}

/// Which version a metric favours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Favours {
    A,
    B,
    /// The interval of the difference holds zero.
    Neither,
    InsufficientData,
}

impl Favours {
    /// The word for it in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "a_better",
            Self::B => "b_better",
            Self::Neither => "indistinguishable",
            Self::InsufficientData => "insufficient_data",
        }
    }
}

/// One metric of two versions.
#[derive(Clone, Debug)]
pub struct Pair {
    pub metric: Metric,
    /// Whether the answer as a whole rests on it.
    pub decides: bool,
    pub a: Option<Number>,
    pub b: Option<Number>,
    pub a_recorded: Option<f64>,
    pub b_recorded: Option<f64>,
    /// On the reference sample of the version, whatever was recorded: two samples are alike, two sources are not.
    pub a_reference: Option<f64>,
    pub b_reference: Option<f64>,
    pub difference: Option<Difference>,
    pub undefined: Option<Undefined>,
    /// `None`: the metric has no better direction.
    pub favours: Option<Favours>,
}

/// Two versions, compared.
#[derive(Clone, Debug)]
pub struct Comparison {
    pub model: Model,
    pub a: Version,
    pub b: Version,
    pub on: On,
    pub a_rows_count: u64,
    pub b_rows_count: u64,
    /// The first and the last prediction.
    pub from_at: Option<Timestamp>,
    pub to_at: Option<Timestamp>,
    pub confidence: Confidence,
    pub pairs: Vec<Pair>,
    pub overall: Favours,
    pub reasons: Vec<Reason>,
}

/// Compares two versions of a model on the window of the policy; `only` these metrics where some are named.
///
/// # Errors
/// The store can't be read.
pub fn compare(
    tx: &Tx<'_>,
    model: &Model,
    policy: &ModelPolicy,
    (a, b): (Version, Version),
    only: &[Metric],
    confidence: Confidence,
    now: Timestamp,
) -> Result<Comparison, StoreError> {
    let reach = limit(policy.check.window, now);
    let (mut a_rows, mut b_rows): (Vec<_>, Vec<_>) =
        shared(tx, a.id, b.id, reach)?.into_iter().unzip();
    let mut on = On::SharedIds;
    if a_rows.len() < 2 {
        on = On::OwnWindows;
        a_rows = window(tx, a.id, Rows::Any, reach)?;
        b_rows = window(tx, b.id, Rows::Any, reach)?;
        if a_rows.len() < 2 || b_rows.len() < 2 {
            on = On::Recorded;
        }
    }
    let (a_sample, b_sample) = (
        sample_of(&a_rows, model.task, policy),
        sample_of(&b_rows, model.task, policy),
    );
    let deciding = if only.is_empty() {
        deciding(policy, model.task, on, (&a_sample, &b_sample), (&a, &b))
    } else {
        only.to_vec()
    };
    let others = Metric::ALL
        .into_iter()
        .filter(|metric| only.is_empty() && metric.task() == model.task);
    let mut metrics = deciding.clone();
    metrics.extend(others.filter(|metric| !deciding.contains(metric)));
    let references = (
        reference_numbers::sample(tx, &a, model.task, policy)?,
        reference_numbers::sample(tx, &b, model.task, policy)?,
    );
    let foreign = match on {
        On::Recorded => None,
        On::SharedIds | On::OwnWindows => foreign_to_either(
            tx,
            policy,
            model.task,
            [(&a, &a_sample), (&b, &b_sample)],
            &[references.0.as_ref(), references.1.as_ref()],
        )?,
    };
    let mut pairs: Vec<Pair> = metrics
        .into_iter()
        .map(|metric| {
            let pair = Pair {
                metric,
                decides: deciding.contains(&metric),
                a: None,
                b: None,
                a_recorded: a.metadata.metrics.get(metric.name()).copied(),
                b_recorded: b.metadata.metrics.get(metric.name()).copied(),
                a_reference: reference_numbers::value(references.0.as_ref(), metric),
                b_reference: reference_numbers::value(references.1.as_ref(), metric),
                difference: None,
                undefined: None,
                favours: None,
            };
            match on {
                On::Recorded => by_recorded(pair),
                On::SharedIds | On::OwnWindows => {
                    by_rows(pair, on, &a_sample, &b_sample, confidence)
                }
            }
        })
        .collect();
    if foreign.is_some() {
        let judged = pairs.iter_mut().filter(|pair| pair.favours.is_some());
        judged.for_each(|pair| pair.favours = Some(Favours::InsufficientData));
    }
    pairs.retain(|pair| pair.decides || pair.a.is_some() || pair.b.is_some());
    let overall = overall(&pairs);
    let times = |rows: &[EvidenceRow]| -> Vec<Timestamp> {
        rows.iter().map(|row| row.predicted_at).collect()
    };
    let times = [times(&a_rows), times(&b_rows)].concat();
    let by_rows = on != On::Recorded;
    Ok(Comparison {
        model: model.clone(),
        on,
        a_rows_count: a_rows.len() as u64,
        b_rows_count: b_rows.len() as u64,
        from_at: times.iter().min().copied().filter(|_| by_rows),
        to_at: times.iter().max().copied().filter(|_| by_rows),
        confidence,
        reasons: reasons(
            on,
            &pairs,
            a_rows.len().min(b_rows.len()) as u64,
            foreign.as_ref(),
        ),
        pairs,
        overall,
        a,
        b,
    })
}

fn deciding(
    policy: &ModelPolicy,
    task: Task,
    on: On,
    (a_sample, b_sample): (&Sample, &Sample),
    (a, b): (&Version, &Version),
) -> Vec<Metric> {
    let has = |sample: &Sample| match sample {
        Sample::Classes(sample) => sample.has_probabilities(),
        Sample::Numbers(_) => false,
    };
    let recorded = |metric: Metric| {
        [a, b]
            .iter()
            .all(|version| version.metadata.metrics.contains_key(metric.name()))
    };
    let has_probabilities = match on {
        On::Recorded => recorded(Metric::LogLoss),
        On::SharedIds | On::OwnWindows => has(a_sample) && has(b_sample),
    };
    policy.check.deciding(task, has_probabilities)
}

fn by_recorded(mut pair: Pair) -> Pair {
    pair.a = pair.a_recorded.map(Number::recorded);
    pair.b = pair.b_recorded.map(Number::recorded);
    let direction = pair.metric.direction();
    pair.favours = match (direction, pair.a_recorded, pair.b_recorded) {
        (Direction::None, ..) => None,
        (_, Some(a), Some(b)) => Some(better(direction, a - b, a - b)),
        _ => {
            pair.undefined = Some(Undefined::NotRecorded);
            Some(Favours::InsufficientData)
        }
    };
    pair
}

fn by_rows(mut pair: Pair, on: On, a: &Sample, b: &Sample, confidence: Confidence) -> Pair {
    let cost = pooled_mean_loss(pair.metric, &[a, b]);
    let of = |sample| measure(pair.metric, sample, cost, confidence);
    let (of_a, of_b) = (of(a), of(b));
    let difference = match (&of_a, &of_b, on) {
        (Ok(_), Ok(_), On::SharedIds) => paired_difference(pair.metric, a, b, cost, confidence),
        (Ok(of_a), Ok(of_b), _) => unpaired_difference(of_a, of_b, confidence),
        (Err(why), ..) | (_, Err(why), _) => Err(*why),
    };
    pair.a = of_a.as_ref().ok().map(Number::from);
    pair.b = of_b.as_ref().ok().map(Number::from);
    let direction = pair.metric.direction();
    pair.favours = match (&difference, direction) {
        (_, Direction::None) => None,
        (Err(_), _) => Some(Favours::InsufficientData),
        (Ok(difference), _) if difference.approximate => Some(Favours::InsufficientData),
        (Ok(difference), _) => Some(better(direction, difference.low, difference.high)),
    };
    pair.undefined = difference.as_ref().err().copied();
    pair.difference = difference.ok();
    pair
}

/// Which version a difference `a − b` between these two numbers favours.
fn better(direction: Direction, low: f64, high: f64) -> Favours {
    let higher = match direction {
        Direction::HigherIsBetter => Favours::A,
        Direction::LowerIsBetter | Direction::None => Favours::B,
    };
    let lower = if higher == Favours::A {
        Favours::B
    } else {
        Favours::A
    };
    if low > 0.0 {
        higher
    } else if high < 0.0 {
        lower
    } else {
        Favours::Neither
    }
}

/// The true classes of the rows of either version, where nothing that is known of both has one of them, and how many
/// rows these are: the two are then told apart by how the truth is written. Fewer rows than an interval needs say nothing.
fn foreign_to_either(
    tx: &Tx<'_>,
    policy: &ModelPolicy,
    task: Task,
    [a, b]: [(&Version, &Sample); 2],
    references: &[Option<&Sample>],
) -> Result<Option<(u64, ForeignClasses)>, StoreError> {
    for ((version, rows), (other, rows_of_other)) in [(a, b), (b, a)] {
        if rows.rows_count() < APPROXIMATE_BELOW {
            continue;
        }
        let references = references.iter().flatten().copied();
        let others: Vec<&Sample> = references.chain([rows_of_other]).collect();
        let foreign = foreign_truth(tx, (version, task), policy, rows, &others)?;
        let Some(foreign) = foreign else {
            continue;
        };
        if let Some(foreign) = foreign.beside(&labels::first_ones(tx, other.id)?) {
            return Ok(Some((rows.rows_count() as u64, foreign)));
        }
    }
    Ok(None)
}

/// What the deciding metrics say together: one version where none of them speaks for the other.
fn overall(pairs: &[Pair]) -> Favours {
    let any = |wanted| {
        pairs
            .iter()
            .any(|pair| pair.decides && pair.favours == Some(wanted))
    };
    match (any(Favours::A), any(Favours::B)) {
        (true, false) => Favours::A,
        (false, true) => Favours::B,
        (true, true) => Favours::Neither,
        (false, false) if any(Favours::Neither) && !any(Favours::InsufficientData) => {
            Favours::Neither
        }
        (false, false) => Favours::InsufficientData,
    }
}

fn reasons(
    on: On,
    pairs: &[Pair],
    rows_count: u64,
    foreign: Option<&(u64, ForeignClasses)>,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let deciding = || pairs.iter().filter(|pair| pair.decides);
    let insufficient = |pair: &&Pair| pair.favours == Some(Favours::InsufficientData);
    let nothing = on == On::Recorded && deciding().all(|pair| insufficient(&pair));
    if nothing {
        let text = "they share no labelled predictions, have no labelled rows of their own, and no recorded metric in common";
        reasons.push(Reason::new(ReasonCode::NoTruth, text.to_owned()));
    }
    let approximate = |pair: &Pair| {
        pair.difference
            .is_some_and(|difference| difference.approximate)
    };
    if foreign.is_none() && deciding().any(|pair| insufficient(&pair) && approximate(pair)) {
        let need = APPROXIMATE_BELOW as u64;
        let text = format!("too few rows for an interval to be trusted, {need} needed");
        reasons.push(Reason::counted(ReasonCode::TooFew, text, rows_count, need));
    }
    if let Some((labels_count, foreign)) = foreign {
        let foreign = foreign.shown(excerpt);
        let text = foreign.sentence(*labels_count, "predictions or reference samples");
        reasons.push(Reason::counted(ReasonCode::ForeignClasses, text, 0, 1));
    }
    let undefined: Vec<_> = deciding()
        .filter_map(|pair| pair.undefined.map(|why| format!("{}: {why}", pair.metric)))
        .collect();
    if foreign.is_none() && !undefined.is_empty() && !nothing {
        reasons.push(Reason::new(
            ReasonCode::UndefinedMetric,
            undefined.join("; "),
        ));
    }
    if on == On::Recorded && !nothing {
        let text = "compares two recorded numbers, without an interval".to_owned();
        reasons.push(Reason::new(ReasonCode::RecordedMetricsOnly, text));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(metric: Metric, decides: bool, favours: Option<Favours>) -> Pair {
        Pair {
            metric,
            decides,
            a: None,
            b: None,
            a_recorded: None,
            b_recorded: None,
            a_reference: None,
            b_reference: None,
            difference: None,
            undefined: None,
            favours,
        }
    }

    #[test]
    fn the_better_version_depends_on_the_direction() {
        let (higher, lower) = (Direction::HigherIsBetter, Direction::LowerIsBetter);
        assert_eq!(better(higher, 0.1, 0.2), Favours::A);
        assert_eq!(better(higher, -0.2, -0.1), Favours::B);
        assert_eq!(better(lower, 0.1, 0.2), Favours::B);
        assert_eq!(better(lower, -0.2, -0.1), Favours::A);
        for direction in [higher, lower] {
            assert_eq!(better(direction, -0.1, 0.2), Favours::Neither);
            assert_eq!(
                better(direction, 0.0, 0.2),
                Favours::Neither,
                "zero is still inside"
            );
        }
    }

    #[test]
    fn versions_that_win_one_metric_each_are_not_told_apart() {
        let all = |favours: &[(bool, Favours)]| {
            let pairs: Vec<_> = favours
                .iter()
                .map(|(decides, favours)| pair(Metric::Rmse, *decides, Some(*favours)))
                .collect();
            overall(&pairs)
        };
        use Favours::{A, B, InsufficientData, Neither};
        assert_eq!(all(&[(true, A), (true, Neither)]), A);
        assert_eq!(all(&[(true, A), (true, B)]), Neither);
        assert_eq!(
            all(&[(true, A), (false, B)]),
            A,
            "what does not decide has no say"
        );
        assert_eq!(all(&[(true, B), (true, InsufficientData)]), B);
        assert_eq!(
            all(&[(true, Neither), (true, InsufficientData)]),
            InsufficientData
        );
        assert_eq!(all(&[(true, Neither)]), Neither);
        assert_eq!(all(&[]), InsufficientData);
    }

    #[test]
    fn recorded_numbers_favour_the_better_one() {
        let of = |metric, a, b| {
            by_recorded(Pair {
                a_recorded: a,
                b_recorded: b,
                ..pair(metric, true, None)
            })
            .favours
        };
        assert_eq!(of(Metric::Rmse, Some(1.0), Some(2.0)), Some(Favours::A));
        assert_eq!(of(Metric::R2, Some(-1.0), Some(0.5)), Some(Favours::B));
        assert_eq!(of(Metric::R2, Some(0.5), Some(0.5)), Some(Favours::Neither));
        assert_eq!(
            of(Metric::Rmse, Some(1.0), None),
            Some(Favours::InsufficientData)
        );
        assert_eq!(of(Metric::MeanError, Some(1.0), Some(2.0)), None);
    }

    #[test]
    fn reasons_say_what_is_missing() {
        let codes = |on, pairs: &[Pair]| -> Vec<_> {
            reasons(on, pairs, 3, None)
                .into_iter()
                .map(|reason| reason.code)
                .collect()
        };
        let nothing = pair(Metric::Rmse, true, Some(Favours::InsufficientData));
        assert_eq!(codes(On::Recorded, &[nothing]), [ReasonCode::NoTruth]);
        let told = pair(Metric::Rmse, true, Some(Favours::A));
        assert_eq!(
            codes(On::Recorded, std::slice::from_ref(&told)),
            [ReasonCode::RecordedMetricsOnly]
        );
        assert_eq!(codes(On::SharedIds, &[told]), []);
        let undefined = Pair {
            undefined: Some(Undefined::OneClass),
            ..pair(Metric::RocAuc, true, Some(Favours::InsufficientData))
        };
        assert_eq!(
            codes(On::SharedIds, &[undefined]),
            [ReasonCode::UndefinedMetric]
        );
    }
}

#[cfg(test)]
mod on_rows;
