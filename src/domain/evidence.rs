//! What judging reads: labelled predictions, whose they are, and the sample that metrics are computed from.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::str::FromStr;

use super::metric::Task;
use super::sample::{ClassSample, NumberSample, Sample};
use super::time::Timestamp;

/// One call of ingest, printed as `b_7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BatchId(pub i64);

impl fmt::Display for BatchId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "b_{}", self.0)
    }
}

/// A text names no batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no batch; they are written b_1, b_2, …")]
pub struct BatchSyntax(pub String);

impl FromStr for BatchId {
    type Err = BatchSyntax;

    fn from_str(text: &str) -> Result<Self, BatchSyntax> {
        let digits = text.strip_prefix("b_").unwrap_or(text);
        match digits.parse() {
            Ok(number) if number > 0 && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(Self(number))
            }
            _ => Err(BatchSyntax(text.to_owned())),
        }
    }
}

/// What was predicted or turned out true: always finite, labels in their canonical form.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Number(f64),
    Class(String),
}

/// As a person reads it.
impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(out, "{number}"),
            Self::Class(label) => out.write_str(label),
        }
    }
}

/// Why a prediction counts for its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Attribution {
    /// `--version` said so.
    Flag,
    /// A column said so.
    Column,
    /// The version held production at the time of the prediction.
    HeldAt,
    /// There was no time; the version held production at the time of ingest.
    PresentHolder,
}

impl Attribution {
    pub const ALL: [Self; 4] = [Self::Flag, Self::Column, Self::HeldAt, Self::PresentHolder];

    /// The word for it in the store and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Column => "column",
            Self::HeldAt => "held_at",
            Self::PresentHolder => "present_holder",
        }
    }

    /// Reads its word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// What a row is to its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The version held production when it predicted.
    Live,
    /// It did not.
    Shadow,
    /// It is of the held-out sample that the version was registered with.
    Reference,
}

impl Role {
    /// The word for it in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Shadow => "shadow",
            Self::Reference => "reference",
        }
    }
}

/// P(class) of one row, in the order of the labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Probabilities {
    pub labels: Rc<[String]>,
    pub values: Vec<f64>,
}

/// A prediction beside its truth.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// `None`: it failed (empty, NaN, infinite).
    pub prediction: Option<Value>,
    pub truth: Value,
    pub probabilities: Option<Probabilities>,
}

/// A labelled prediction of a version.
#[derive(Clone, Debug, PartialEq)]
pub struct EvidenceRow {
    pub prediction_id: String,
    pub predicted_at: Timestamp,
    pub label_at: Timestamp,
    pub attribution: Attribution,
    pub labelled: Labelled,
}

/// A row of the held-out sample that a version was registered with.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferenceRow {
    pub prediction_id: String,
    pub predicted_at: Option<Timestamp>,
    pub labelled: Labelled,
}

impl AsRef<Labelled> for EvidenceRow {
    fn as_ref(&self) -> &Labelled {
        &self.labelled
    }
}

impl AsRef<Labelled> for ReferenceRow {
    fn as_ref(&self) -> &Labelled {
        &self.labelled
    }
}

/// How much there is to judge by, labelled or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    pub predictions_count: u64,
    /// Predictions whose truth is known.
    pub truth_count: u64,
    pub failed_count: u64,
    /// When the earliest prediction was made.
    pub first_at: Option<Timestamp>,
    /// When the latest prediction was made.
    pub last_at: Option<Timestamp>,
}

/// The rows as metrics take them, in the same order. `positive` is the class that a person named, in canonical form.
#[must_use]
pub fn sample<R: AsRef<Labelled>>(rows: &[R], task: Task, positive: Option<&str>) -> Sample {
    let mut gathered = Gathered::of(task);
    rows.iter().for_each(|row| gathered.push(row.as_ref()));
    gathered.finish(positive)
}

/// Rows on their way into a sample, each taking a few bytes.
pub enum Gathered {
    Numbers(NumberSample),
    Classes(GatheredClasses),
}

/// Classes of rows by the number of their label, in the order in which labels were met.
#[derive(Default)]
pub struct GatheredClasses {
    numbers: BTreeMap<String, u32>,
    rows: Vec<(u32, Option<u32>)>,
    /// Where a row has some.
    probabilities: Vec<Option<Box<Probabilities>>>,
    /// Of the row before, which mostly are this one's too.
    last_set: Option<Rc<[String]>>,
}

impl Gathered {
    #[must_use]
    pub fn of(task: Task) -> Self {
        match task {
            Task::Regression => Self::Numbers(NumberSample::default()),
            Task::Classification => Self::Classes(GatheredClasses::default()),
        }
    }

    /// Takes a row; one whose truth is of another task is left out.
    pub fn push(&mut self, row: &Labelled) {
        match self {
            Self::Classes(classes) => classes.push(row),
            Self::Numbers(sample) => {
                if let Value::Number(truth) = row.truth {
                    sample.truth.push(truth);
                    sample.prediction.push(match row.prediction {
                        Some(Value::Number(prediction)) => Some(prediction),
                        _ => None,
                    });
                }
            }
        }
    }

    /// The sample; `positive` as in [`sample`].
    #[must_use]
    pub fn finish(self, positive: Option<&str>) -> Sample {
        match self {
            Self::Numbers(sample) => Sample::Numbers(sample),
            Self::Classes(classes) => Sample::Classes(classes.finish(positive)),
        }
    }
}

impl GatheredClasses {
    fn number(&mut self, label: &str) -> u32 {
        if let Some(number) = self.numbers.get(label) {
            return *number;
        }
        let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.numbers.insert(label.to_owned(), number);
        number
    }

    fn class(&mut self, value: &Value) -> u32 {
        match value {
            Value::Class(label) => self.number(label),
            Value::Number(_) => self.number(&value.to_string()),
        }
    }

    fn push(&mut self, row: &Labelled) {
        let truth = self.class(&row.truth);
        let prediction = row.prediction.as_ref().map(|value| self.class(value));
        self.rows.push((truth, prediction));
        if let Some(Probabilities { labels, .. }) = &row.probabilities {
            let is_known = |set: &Rc<[String]>| Rc::ptr_eq(set, labels);
            if !self.last_set.as_ref().is_some_and(is_known) {
                for label in labels.iter() {
                    self.number(label);
                }
                self.last_set = Some(Rc::clone(labels));
            }
        }
        self.probabilities
            .push(row.probabilities.clone().map(Box::new));
    }

    fn finish(mut self, positive: Option<&str>) -> ClassSample {
        // In a window that saw one class only, the named one may be the other; among two others it is a misnomer.
        if let Some(named) = positive.filter(|_| self.numbers.len() < 2) {
            self.number(named);
        }
        let mut places = vec![0; self.numbers.len()];
        for (place, number) in self.numbers.values().enumerate() {
            if let Some(slot) = places.get_mut(*number as usize) {
                *slot = place;
            }
        }
        let place = |number: u32| places.get(number as usize).copied().unwrap_or_default();
        let labels: Vec<String> = self.numbers.into_keys().collect();
        let index: BTreeMap<&str, usize> = labels.iter().map(String::as_str).zip(0..).collect();
        let mut sample = ClassSample {
            positive: match positive {
                Some(named) => index.get(named).copied(),
                None => evident_positive(&labels),
            },
            ..ClassSample::default()
        };
        for (truth, prediction) in &self.rows {
            sample.truth.push(place(*truth));
            sample.prediction.push(prediction.map(place));
        }
        drop(self.rows);
        sample.probabilities = self
            .probabilities
            .into_iter()
            .map(|row| row.and_then(|row| in_order(&row, &index)))
            .collect();
        sample.labels = labels;
        sample
    }
}

/// P(class) in the order of all labels; a class without a column has 0, but of two classes the other has the rest.
/// `None` where one column speaks of more than two classes: the rest can't be divided.
fn in_order(row: &Probabilities, index: &BTreeMap<&str, usize>) -> Option<Box<[f64]>> {
    let mut ordered = vec![0.0; index.len()];
    if let ([_], [p]) = (&*row.labels, row.values.as_slice()) {
        match index.len() {
            0 | 1 => {}
            2 => ordered.fill(1.0 - p),
            _ => return None,
        }
    }
    for (label, p) in row.labels.iter().zip(&row.values) {
        let place = index.get(label.as_str()).copied()?;
        *ordered.get_mut(place)? = *p;
    }
    Some(ordered.into_boxed_slice())
}

/// The class of two that needs no name: `1` of 0 and 1, `true` of false and true, `yes` of no and yes.
fn evident_positive(labels: &[String]) -> Option<usize> {
    const EVIDENT: [[&str; 2]; 3] = [["0", "1"], ["false", "true"], ["no", "yes"]];
    match labels {
        [first, second] => EVIDENT
            .iter()
            .any(|[negative, positive]| {
                first.eq_ignore_ascii_case(negative) && second.eq_ignore_ascii_case(positive)
            })
            .then_some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(label: &str) -> Value {
        Value::Class(label.to_owned())
    }

    fn row(
        prediction: Option<&str>,
        truth: &str,
        p: Option<(&Rc<[String]>, &[f64])>,
    ) -> ReferenceRow {
        ReferenceRow {
            prediction_id: String::new(),
            predicted_at: None,
            labelled: Labelled {
                prediction: prediction.map(class),
                truth: class(truth),
                probabilities: p.map(|(labels, values)| Probabilities {
                    labels: Rc::clone(labels),
                    values: values.to_vec(),
                }),
            },
        }
    }

    fn labels(labels: &[&str]) -> Rc<[String]> {
        labels.iter().map(|label| (*label).to_owned()).collect()
    }

    fn classes_of(rows: &[ReferenceRow], positive: Option<&str>) -> ClassSample {
        match sample(rows, Task::Classification, positive) {
            Sample::Classes(sample) => sample,
            Sample::Numbers(_) => panic!("classes were asked for"),
        }
    }

    #[test]
    fn numbers_keep_failed_predictions() {
        let row = |prediction: Option<f64>, truth| Labelled {
            prediction: prediction.map(Value::Number),
            truth: Value::Number(truth),
            probabilities: None,
        };
        struct Bare(Labelled);
        impl AsRef<Labelled> for Bare {
            fn as_ref(&self) -> &Labelled {
                &self.0
            }
        }
        let rows = [Bare(row(Some(1.5), 2.0)), Bare(row(None, 3.0))];
        assert_eq!(
            sample(&rows, Task::Regression, None),
            Sample::Numbers(NumberSample {
                truth: vec![2.0, 3.0],
                prediction: vec![Some(1.5), None],
            })
        );
    }

    #[test]
    fn one_column_of_two_classes_gives_the_other_the_rest() {
        let set = labels(&["yes"]);
        let rows = [
            row(Some("yes"), "no", Some((&set, &[0.75]))),
            row(None, "yes", None),
        ];
        let sample = classes_of(&rows, None);
        assert_eq!(sample.labels, ["no", "yes"]);
        assert_eq!(sample.truth, [0, 1]);
        assert_eq!(sample.prediction, [Some(1), None]);
        assert_eq!(sample.probabilities, [Some([0.25, 0.75].into()), None]);
        assert_eq!(sample.positive, Some(1));
        assert!(sample.has_probabilities());
    }

    #[test]
    fn one_column_of_three_classes_is_no_distribution() {
        let set = labels(&["a"]);
        let rows = [
            row(Some("a"), "b", Some((&set, &[0.5]))),
            row(Some("c"), "a", Some((&set, &[0.5]))),
        ];
        assert_eq!(classes_of(&rows, None).probabilities, [None, None]);
    }

    #[test]
    fn a_true_class_without_a_column_has_probability_zero() {
        let set = labels(&["a", "b"]);
        let sample = classes_of(&[row(Some("a"), "c", Some((&set, &[0.5, 0.5])))], None);
        assert_eq!(sample.labels, ["a", "b", "c"]);
        assert_eq!(sample.probabilities, [Some([0.5, 0.5, 0.0].into())]);
    }

    #[test]
    fn the_positive_class_is_named_or_evident() {
        let two = |a, b| [row(Some(a), b, None)];
        assert_eq!(classes_of(&two("0", "1"), None).positive, Some(1));
        assert_eq!(classes_of(&two("true", "false"), None).positive, Some(1));
        assert_eq!(classes_of(&two("late", "on_time"), None).positive, None);
        let named = classes_of(&two("late", "on_time"), Some("late"));
        assert_eq!(named.positive, Some(0));
        assert_eq!(classes_of(&two("a", "b"), Some("z")).positive, None);
        let alone = classes_of(&two("no", "no"), Some("yes"));
        assert_eq!((alone.labels.len(), alone.positive), (2, Some(1)));
    }

    #[test]
    fn words_read_back() {
        for one in Attribution::ALL {
            assert_eq!(Attribution::from_name(one.name()), Some(one));
        }
        assert_eq!("b_7".parse(), Ok(BatchId(7)));
        assert_eq!("7".parse(), Ok(BatchId(7)));
        for text in ["", "b_", "b_0", "b_-1", "b_+1", "op_1"] {
            assert!(text.parse::<BatchId>().is_err(), "{text}");
        }
    }
}
