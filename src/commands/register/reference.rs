//! Reads the held-out sample of a version, and says at once what a check will be able to see with it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::super::call::Call;
use super::super::output::Warning;
use super::super::problems;
use crate::domain::evidence::{ReferenceRow, Value};
use crate::domain::holders::VersionId;
use crate::domain::metric::{Metric, Task};
use crate::domain::policy::Window;
use crate::domain::sample::Sample as Measured;
use crate::files::columns::ColumnChoice;
use crate::files::input::Source;
use crate::judge::interval::{Confidence, Estimate};
use crate::judge::metrics::measure;
use crate::judge::plan;
use crate::judge::threshold::{BaselineNumber, live_outcome};
use crate::store::models::Model;
use crate::store::{StoreError, Tx, references};
use crate::ui::number;
use crate::ui::problem::Problem;
use crate::workflows::ingesting::columns::choices;
use crate::workflows::ingesting::reference::{Sample, SampleError, read};
use crate::workflows::judging;
use crate::workflows::session::Session;

/// A reference sample and what it is worth.
pub struct Reference {
    pub sample: Sample,
    path: PathBuf,
    metric: Metric,
    /// `None`: the metric has no value on it.
    estimate: Option<Estimate>,
    /// Where the metric would be called degraded.
    limit_value: Option<f64>,
    /// The rows of a full window.
    window_rows_count: u64,
    threshold_pct: f64,
    /// 0 for numbers.
    classes_count: usize,
}

/// Fewer classes than this are no sign of anything.
const CLASSES_MANY: usize = 50;

impl Reference {
    /// Reads the file and measures the metric that a check will decide by.
    ///
    /// # Errors
    /// It is no sample with truth.
    pub fn read(
        call: &Call,
        session: &Session,
        model: &Model,
        path: &Path,
        flags: &[ColumnChoice],
    ) -> Result<Self, Problem> {
        let policy = session.policy(model);
        let choices = choices(&policy.columns, flags).map_err(|error| {
            Problem::new("MG0107", "the columns can't be mapped").cause(error.to_string())
        })?;
        let source = Source::from_argument(path, call.patience());
        let sample = read(&source, model.task, &choices, call.now).map_err(|error| {
            match call.check_stop() {
                Err(stopped) => stopped,
                Ok(()) => problem(path, error),
            }
        })?;
        if let Some(cause) = no_classes(&sample.rows, model.task) {
            return Err(unusable(path)
                .cause(cause)
                .hint("a model of numbers: `modelguard init --model NAME --task regression`")
                .hint("the probability of a class: `--map proba.LABEL=COLUMN`"));
        }
        let measured = judging::sample_of(&sample.rows, model.task, &policy);
        let has_probabilities = match &measured {
            Measured::Classes(classes) => classes.has_probabilities(),
            Measured::Numbers(_) => false,
        };
        let deciding = policy.check.deciding(model.task, has_probabilities);
        let metric = deciding
            .first()
            .copied()
            .unwrap_or_else(|| policy.check.metric_for(model.task, has_probabilities));
        let estimate = measure(metric, &measured, None, Confidence::NINETY_FIVE).ok();
        let threshold_pct = policy.check.threshold_pct;
        let limit_value = estimate.as_ref().and_then(|estimate| {
            let baseline = BaselineNumber::from(estimate);
            live_outcome(metric, baseline, estimate, threshold_pct).limit_value
        });
        Ok(Self {
            path: path.to_path_buf(),
            metric,
            estimate,
            limit_value,
            window_rows_count: match policy.check.window {
                Window::Rows(rows) => rows,
                Window::Age(_) | Window::All => policy.check.min_rows,
            },
            threshold_pct,
            classes_count: match &measured {
                Measured::Classes(classes) => classes.labels.len(),
                Measured::Numbers(_) => 0,
            },
            sample,
        })
    }

    /// Writes its rows.
    ///
    /// # Errors
    /// The store can't be written.
    pub fn insert(&self, tx: &Tx<'_>, version: VersionId) -> Result<(), StoreError> {
        let source = self.path.display().to_string();
        references::insert(tx, version, &source, self.sample.blake3, &self.sample.rows)
    }

    fn detectable_pct(&self) -> Option<f64> {
        let estimate = self.estimate.as_ref()?;
        plan::detectable_pct(estimate, self.threshold_pct, self.window_rows_count)
    }

    pub fn data(&self) -> serde_json::Value {
        let needed = |pct| {
            let estimate = self.estimate.as_ref()?;
            plan::rows_needed(estimate, self.threshold_pct, pct)
        };
        json!({
            "rows_count": self.sample.rows.len(),
            "truth_empty_count": self.sample.truth_empty_count,
            "metric": self.metric.name(),
            "value": self.estimate.as_ref().map(|estimate| estimate.value),
            "ci_low": self.estimate.as_ref().map(|estimate| estimate.low),
            "ci_high": self.estimate.as_ref().map(|estimate| estimate.high),
            "limit_value": self.limit_value,
            "detectable_pct": self.detectable_pct(),
            "rows_for_20_pct_count": needed(20.0),
            "rows_for_50_pct_count": needed(50.0),
        })
    }

    /// What the sample is worth, in a line.
    pub fn text(&self) -> String {
        let rows = number::count(self.sample.rows.len() as u64);
        let Some(estimate) = &self.estimate else {
            return format!(
                "Reference sample: {rows} rows; {} has no value on it\n",
                self.metric
            );
        };
        let notice = self.detectable_pct().map_or_else(String::new, |pct| {
            format!(
                "; a window of {} rows would notice {} or more",
                number::count(self.window_rows_count),
                number::resolution(pct)
            )
        });
        format!(
            "Reference sample: {rows} rows, {} {}{notice}\n",
            self.metric,
            number::interval(estimate.value, estimate.low, estimate.high)
        )
    }

    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if self.estimate.is_none() {
            warnings.push(Warning {
                code: "undefined_metric",
                text: format!(
                    "{} can't be measured on {}: checks with this baseline will say insufficient data",
                    self.metric,
                    self.path.display()
                ),
            });
        }
        if self.classes_count > CLASSES_MANY && self.classes_count * 4 > self.sample.rows.len() {
            warnings.push(Warning {
                code: "many_classes",
                text: format!(
                    "{} has {} different classes in {} rows; is this a model of numbers (`--task regression`)?",
                    self.path.display(),
                    number::count(self.classes_count as u64),
                    number::count(self.sample.rows.len() as u64)
                ),
            });
        }
        if self.sample.truth_empty_count > 0 {
            warnings.push(Warning {
                code: "truth_empty",
                text: match self.sample.truth_empty_count {
                    1 => format!(
                        "1 row of {} has no truth and is left out",
                        self.path.display()
                    ),
                    count => format!(
                        "{} rows of {} have no truth and are left out",
                        number::count(count),
                        self.path.display()
                    ),
                },
            });
        }
        warnings
    }
}

/// Why the values of a sample can't be classes: most of them are numbers with a fraction, and hardly any is there twice.
fn no_classes(rows: &[ReferenceRow], task: Task) -> Option<String> {
    if task != Task::Classification {
        return None;
    }
    let predictions: Vec<&Value> = rows
        .iter()
        .filter_map(|row| row.labelled.prediction.as_ref())
        .collect();
    let truths: Vec<&Value> = rows.iter().map(|row| &row.labelled.truth).collect();
    [("predictions", predictions), ("truths", truths)]
        .into_iter()
        .find(|(_, values)| are_measurements(values))
        .map(|(which, _)| {
            format!("its {which} are numbers with a fraction, and the model's task is {task}")
        })
}

fn are_measurements(values: &[&Value]) -> bool {
    /// A scale of half points is a set of classes.
    const FEW: usize = 10;
    let fractions: Vec<&str> = values
        .iter()
        .filter_map(|value| match value {
            Value::Class(label) => Some(label.as_str()),
            Value::Number(_) => None,
        })
        .filter(|label| {
            label
                .parse::<f64>()
                .is_ok_and(|number| number.fract() != 0.0)
        })
        .collect();
    let different: BTreeSet<&str> = fractions.iter().copied().collect();
    fractions.len() * 2 > values.len() && (different.len() > FEW || different.len() == values.len())
}

fn unusable(path: &Path) -> Problem {
    Problem::new(
        "MG0516",
        format!("{} can't be a reference sample", path.display()),
    )
}

fn problem(path: &Path, error: SampleError) -> Problem {
    let unusable = || unusable(path);
    let cause = error.to_string();
    match error {
        SampleError::File(error) => problems::file(&error),
        SampleError::NoTruth => unusable()
            .cause(cause)
            .hint("name the column: `--map truth=COLUMN`"),
        SampleError::Reject(_) | SampleError::Twice { .. } | SampleError::NoRows => {
            unusable().cause(cause)
        }
    }
}

#[cfg(test)]
mod tests;
