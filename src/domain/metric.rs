//! Which metrics exist, and which way each is better.

use std::fmt;
use std::str::FromStr;

use super::nearest::{edits, nearest};

/// What a model predicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Task {
    Classification,
    Regression,
}

impl Task {
    /// The word for it in the policy, the store and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Classification => "classification",
            Self::Regression => "regression",
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A task is `classification` or `regression`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a task is classification or regression, not {0}")]
pub struct UnknownTask(pub String);

impl FromStr for Task {
    type Err = UnknownTask;

    fn from_str(text: &str) -> Result<Self, UnknownTask> {
        match text {
            "classification" => Ok(Self::Classification),
            "regression" => Ok(Self::Regression),
            other => Err(UnknownTask(other.to_owned())),
        }
    }
}

/// Which way a metric gets better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    HigherIsBetter,
    LowerIsBetter,
    /// Neither way is better; such a metric never decides.
    None,
}

impl Direction {
    /// The word for it in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HigherIsBetter => "higher_is_better",
            Self::LowerIsBetter => "lower_is_better",
            Self::None => "none",
        }
    }
}

/// A metric that modelguard computes itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    Rmse,
    Mae,
    Mape,
    MeanError,
    R2,
    Accuracy,
    Precision,
    Recall,
    F1,
    RocAuc,
    LogLoss,
    Brier,
}

impl Metric {
    /// All of them, in the order in which they are printed.
    pub const ALL: [Self; 12] = [
        Self::Rmse,
        Self::Mae,
        Self::Mape,
        Self::MeanError,
        Self::R2,
        Self::Accuracy,
        Self::Precision,
        Self::Recall,
        Self::F1,
        Self::RocAuc,
        Self::LogLoss,
        Self::Brier,
    ];

    /// The name in the policy, on the command line and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rmse => "rmse",
            Self::Mae => "mae",
            Self::Mape => "mape",
            Self::MeanError => "mean_error",
            Self::R2 => "r2",
            Self::Accuracy => "accuracy",
            Self::Precision => "precision",
            Self::Recall => "recall",
            Self::F1 => "f1",
            Self::RocAuc => "roc_auc",
            Self::LogLoss => "log_loss",
            Self::Brier => "brier",
        }
    }

    /// Which way it gets better. The only place that knows.
    #[must_use]
    pub const fn direction(self) -> Direction {
        match self {
            Self::Rmse | Self::Mae | Self::Mape | Self::LogLoss | Self::Brier => {
                Direction::LowerIsBetter
            }
            Self::R2
            | Self::Accuracy
            | Self::Precision
            | Self::Recall
            | Self::F1
            | Self::RocAuc => Direction::HigherIsBetter,
            Self::MeanError => Direction::None,
        }
    }

    /// The task whose predictions it measures.
    #[must_use]
    pub const fn task(self) -> Task {
        match self {
            Self::Rmse | Self::Mae | Self::Mape | Self::MeanError | Self::R2 => Task::Regression,
            Self::Accuracy
            | Self::Precision
            | Self::Recall
            | Self::F1
            | Self::RocAuc
            | Self::LogLoss
            | Self::Brier => Task::Classification,
        }
    }

    /// Whether it needs class probabilities, not only the predicted class.
    #[must_use]
    pub const fn needs_probabilities(self) -> bool {
        matches!(self, Self::RocAuc | Self::LogLoss | Self::Brier)
    }

    /// The values that it can have, both ends included.
    #[must_use]
    pub const fn range(self) -> (f64, f64) {
        match self {
            Self::Rmse | Self::Mae | Self::Mape | Self::LogLoss => (0.0, f64::MAX),
            Self::MeanError => (f64::MIN, f64::MAX),
            Self::R2 => (f64::MIN, 1.0),
            Self::Accuracy
            | Self::Precision
            | Self::Recall
            | Self::F1
            | Self::RocAuc
            | Self::Brier => (0.0, 1.0),
        }
    }

    /// How much worse `current` is than `baseline`, in percent of the baseline's size.
    ///
    /// Positive is worse, whatever the direction: `100 · (current − baseline)/|baseline|`, the sign turned
    /// where higher is better. `None` for a metric without direction, a baseline of 0, or a number that is not finite.
    #[must_use]
    pub fn worse_pct(self, baseline: f64, current: f64) -> Option<f64> {
        let change_pct = 100.0 * (current - baseline) / baseline.abs();
        let worse_pct = match self.direction() {
            Direction::HigherIsBetter => -change_pct,
            Direction::LowerIsBetter => change_pct,
            Direction::None => return None,
        };
        // Turning the sign of "no change" must not print as -0.
        worse_pct.is_finite().then_some(worse_pct + 0.0)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// Metrics of other tools that look like one of ours and are none of them.
const OTHERS: [&str; 8] = [
    "mse", "msle", "rmsle", "smape", "wmape", "mpe", "mdae", "mcc",
];

/// The metric that a name perhaps meant, where it is none: `acuracy`, `ROC-AUC`, `Accuracy`, `auc`.
#[must_use]
pub fn meant(name: &str) -> Option<Metric> {
    if name.parse::<Metric>().is_ok() || OTHERS.contains(&name) {
        return None;
    }
    let plain = name.to_ascii_lowercase().replace(['-', '.', '@'], "_");
    let plain = plain.strip_suffix("_score").unwrap_or(&plain);
    if plain == "auc" || plain == "rocauc" {
        return Some(Metric::RocAuc);
    }
    if OTHERS.contains(&plain) {
        return None;
    }
    let near = nearest(Metric::ALL, |metric| {
        let edits = edits(plain, metric.name())?;
        // Two letters of a short word are most of it.
        (edits * 3 < metric.name().len()).then_some(edits)
    });
    near.into_iter().next()
}

/// The text names no metric.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a metric; {guess}there are {names}", guess = guess(.0), names = names())]
pub struct UnknownMetric(pub String);

fn guess(name: &str) -> String {
    meant(name).map_or_else(String::new, |metric| format!("did you mean {metric}? "))
}

fn names() -> String {
    Metric::ALL.map(Metric::name).join(", ")
}

impl FromStr for Metric {
    type Err = UnknownMetric;

    fn from_str(text: &str) -> Result<Self, UnknownMetric> {
        Self::ALL
            .into_iter()
            .find(|metric| metric.name() == text)
            .ok_or_else(|| UnknownMetric(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_name_reads_back() {
        for metric in Metric::ALL {
            assert_eq!(metric.name().parse(), Ok(metric));
        }
        assert!("auc".parse::<Metric>().is_err());
    }

    #[test]
    fn a_name_that_is_nearly_one_is_known() {
        for (name, metric) in [
            ("acuracy", Metric::Accuracy),
            ("Accuracy", Metric::Accuracy),
            ("accuracy_score", Metric::Accuracy),
            ("ROC-AUC", Metric::RocAuc),
            ("auc", Metric::RocAuc),
            ("logloss", Metric::LogLoss),
            ("f1_score", Metric::F1),
            ("RMSE", Metric::Rmse),
        ] {
            assert_eq!(meant(name), Some(metric), "{name}");
        }
        for name in ["accuracy", "mse", "MSE", "lift", "f2", "latency_ms", "n"] {
            assert_eq!(meant(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_none_is_told_with_those_that_there_are() {
        let said = "acuracy".parse::<Metric>().unwrap_err().to_string();
        assert!(
            said.starts_with("acuracy is not a metric; did you mean accuracy? there are rmse, ")
        );
        assert!(said.ends_with("log_loss, brier"));
    }

    #[test]
    fn worse_is_positive_in_both_directions() {
        assert_eq!(Metric::Rmse.worse_pct(10.0, 11.0), Some(10.0));
        assert_eq!(Metric::R2.worse_pct(0.8, 0.6), Some(25.000_000_000_000_007));
        assert_eq!(Metric::R2.worse_pct(-0.5, -1.0), Some(100.0));
        assert_eq!(Metric::Rmse.worse_pct(10.0, 9.0), Some(-10.0));
    }

    #[test]
    fn an_undefined_change_is_none() {
        assert_eq!(Metric::Mae.worse_pct(0.0, 1.0), None);
        assert_eq!(Metric::Mae.worse_pct(1.0, f64::NAN), None);
        assert_eq!(Metric::MeanError.worse_pct(1.0, 2.0), None);
    }

    fn number() -> impl Strategy<Value = f64> {
        prop_oneof![
            -1e6..1e6_f64,
            Just(0.0),
            Just(-0.0),
            Just(1.0),
            Just(f64::MAX),
            Just(f64::MIN_POSITIVE),
            Just(f64::NAN),
            Just(f64::INFINITY),
        ]
    }

    proptest! {
        #[test]
        fn worse_is_positive_only_where_the_metric_moved_in_its_bad_direction(
            baseline in number(),
            current in number(),
        ) {
            for metric in Metric::ALL {
                let Some(worse_pct) = metric.worse_pct(baseline, current) else { continue };
                prop_assert!(worse_pct.is_finite());
                match metric.direction() {
                    Direction::HigherIsBetter => prop_assert_eq!(worse_pct > 0.0, current < baseline),
                    Direction::LowerIsBetter => prop_assert_eq!(worse_pct > 0.0, current > baseline),
                    Direction::None => prop_assert!(false, "a metric without direction got a percentage"),
                }
            }
        }

        #[test]
        fn what_is_no_number_has_no_percentage(current in number()) {
            for metric in Metric::ALL {
                for baseline in [0.0, -0.0, f64::NAN] {
                    prop_assert_eq!(metric.worse_pct(baseline, current), None);
                }
                prop_assert_eq!(metric.worse_pct(1.0, f64::NAN), None);
                prop_assert_eq!(metric.worse_pct(1.0, f64::INFINITY), None);
            }
        }

        #[test]
        fn opposite_directions_have_opposite_signs(baseline in 0.1..1e3_f64, current in -1e3..1e3_f64) {
            let higher = Metric::Accuracy.worse_pct(baseline, current);
            let lower = Metric::LogLoss.worse_pct(baseline, current);
            prop_assert_eq!(higher.map(|pct| -pct + 0.0), lower);
        }
    }

    #[test]
    fn every_metric_belongs_to_one_task_and_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> =
            Metric::ALL.into_iter().map(Metric::name).collect();
        assert_eq!(names.len(), Metric::ALL.len());
        for metric in Metric::ALL {
            assert_eq!(metric.name(), metric.to_string());
            if metric.needs_probabilities() {
                assert_eq!(metric.task(), Task::Classification);
            }
        }
        let regression = Metric::ALL.iter().filter(|m| m.task() == Task::Regression);
        assert_eq!(regression.count(), 5);
    }

    #[test]
    fn tasks_read_back_and_nothing_else_does() {
        for task in [Task::Classification, Task::Regression] {
            assert_eq!(task.name().parse(), Ok(task));
            assert_eq!(task.to_string(), task.name());
        }
        for text in ["", "Classification", "ranking", " regression"] {
            assert_eq!(text.parse::<Task>(), Err(UnknownTask(text.to_owned())));
        }
    }

    #[test]
    fn directions_have_the_words_of_the_json() {
        assert_eq!(Metric::R2.direction().name(), "higher_is_better");
        assert_eq!(Metric::Rmse.direction().name(), "lower_is_better");
        assert_eq!(Metric::MeanError.direction().name(), "none");
    }
}
