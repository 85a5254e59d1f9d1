//! Finds truth that is written in other classes than the predictions: rows that can't be compared.

use std::collections::BTreeSet;

use super::words;
use crate::domain::sample::{ClassSample, Sample};

/// So many classes are named in a sentence.
const NAMED: usize = 5;

/// Classes that came in, and the ones that are known: they have none in common. Both sorted, without repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignClasses {
    pub found: Vec<String>,
    pub known: Vec<String>,
}

impl ForeignClasses {
    /// The same ones, unless one of those found is among `more`, which are known too.
    #[must_use]
    pub fn beside(self, more: &BTreeSet<String>) -> Option<Self> {
        if self.found.iter().any(|label| more.contains(label)) {
            return None;
        }
        let known: BTreeSet<String> = self.known.into_iter().chain(more.clone()).collect();
        Some(Self {
            found: self.found,
            known: known.into_iter().collect(),
        })
    }

    /// The same ones as they can be shown to people.
    #[must_use]
    pub fn shown(&self, show: impl Fn(&str) -> String) -> Self {
        let each = |labels: &[String]| labels.iter().map(|label| show(label)).collect();
        Self {
            found: each(&self.found),
            known: each(&self.known),
        }
    }

    /// `none of 200 labels has a class that predictions or baseline have: 0, 1; they have no, yes`.
    #[must_use]
    pub fn sentence(&self, labels_count: u64, others: &str) -> String {
        format!(
            "none of {} has a class that {others} have: {}; they have {}",
            words::counted(labels_count, "label", "labels"),
            self.found_words(),
            self.known_words()
        )
    }

    /// `0, 1`.
    #[must_use]
    pub fn found_words(&self) -> String {
        listed(&self.found)
    }

    /// `no, yes`.
    #[must_use]
    pub fn known_words(&self) -> String {
        listed(&self.known)
    }
}

fn listed(labels: &[String]) -> String {
    let first: Vec<&str> = labels.iter().take(NAMED).map(String::as_str).collect();
    match labels.len().saturating_sub(NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// The classes that are true in these rows where none of them is predicted there and none is known from the other
/// samples; `None` where there is one, for numbers, and where nothing is predicted.
///
/// Of another sample its predictions are known, and its truth if that has a class in common with them: truth that is
/// foreign there too says nothing of how the model writes its classes.
#[must_use]
pub fn foreign_classes<'a>(
    rows: &Sample,
    others: impl IntoIterator<Item = &'a Sample>,
) -> Option<ForeignClasses> {
    let Sample::Classes(rows) = rows else {
        return None;
    };
    let found = true_ones(rows);
    let mut known = predicted_ones(rows);
    if known.is_empty() || found.is_empty() {
        return None;
    }
    for other in others {
        let Sample::Classes(other) = other else {
            continue;
        };
        let (truth, predicted) = (true_ones(other), predicted_ones(other));
        if !truth.is_disjoint(&predicted) {
            known.extend(truth);
        }
        known.extend(predicted);
    }
    let names = |labels: &BTreeSet<&str>| labels.iter().map(|label| (*label).to_owned()).collect();
    found.is_disjoint(&known).then(|| ForeignClasses {
        found: names(&found),
        known: names(&known),
    })
}

fn true_ones(sample: &ClassSample) -> BTreeSet<&str> {
    named(sample, sample.truth.iter().copied())
}

fn predicted_ones(sample: &ClassSample) -> BTreeSet<&str> {
    named(sample, sample.prediction.iter().copied().flatten())
}

fn named(sample: &ClassSample, classes: impl Iterator<Item = usize>) -> BTreeSet<&str> {
    let classes: BTreeSet<usize> = classes.collect();
    let labels = classes.iter().filter_map(|class| sample.labels.get(*class));
    labels.map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::NumberSample;

    /// Rows as `(truth, prediction)`; an empty prediction failed.
    fn sample(rows: &[(&str, &str)]) -> Sample {
        let all = rows
            .iter()
            .flat_map(|(truth, prediction)| [*truth, *prediction]);
        let labels: BTreeSet<&str> = all.filter(|label| !label.is_empty()).collect();
        let labels: Vec<String> = labels.into_iter().map(str::to_owned).collect();
        let place = |label: &str| labels.iter().position(|known| known == label);
        Sample::Classes(ClassSample {
            truth: rows.iter().map(|row| place(row.0).unwrap()).collect(),
            prediction: rows.iter().map(|row| place(row.1)).collect(),
            probabilities: vec![None; rows.len()],
            positive: None,
            labels,
        })
    }

    fn words(rows: &Sample, others: &[Sample]) -> Option<(String, String)> {
        let foreign = foreign_classes(rows, others)?;
        Some((foreign.found_words(), foreign.known_words()))
    }

    fn told(found: &str, known: &str) -> Option<(String, String)> {
        Some((found.to_owned(), known.to_owned()))
    }

    const RECODED: &[(&str, &str)] = &[("1", "yes"), ("0", "no"), ("1", "yes")];

    #[test]
    fn truth_in_another_coding_is_foreign_with_and_without_a_baseline() {
        let rows = sample(RECODED);
        assert_eq!(words(&rows, &[]), told("0, 1", "no, yes"));
        let baseline = sample(&[("yes", "yes"), ("no", "yes"), ("maybe", "no")]);
        assert_eq!(words(&rows, &[baseline]), told("0, 1", "maybe, no, yes"));
    }

    #[test]
    fn one_class_in_common_is_enough_to_compare() {
        assert_eq!(words(&sample(&[("1", "yes"), ("yes", "no")]), &[]), None);
        let right = sample(&[("yes", "yes"), ("no", "no")]);
        assert_eq!(words(&right, &[]), None);
    }

    #[test]
    fn a_model_that_collapsed_to_one_class_is_not_foreign_where_another_sample_has_the_true_one() {
        let collapsed = sample(&[("b", "a"), ("b", "a")]);
        assert_eq!(words(&collapsed, &[]), told("b", "a"));
        let once_predicted = sample(&[("a", "b"), ("a", "a")]);
        assert_eq!(words(&collapsed, &[once_predicted]), None);
        let once_true = sample(&[("b", "a"), ("a", "a")]);
        assert_eq!(words(&collapsed, &[once_true]), None);
    }

    #[test]
    fn truth_that_is_foreign_in_the_other_sample_too_makes_none_known() {
        let rows = sample(RECODED);
        let reference = sample(&[("0", "no"), ("1", "no")]);
        assert_eq!(words(&rows, &[reference]), told("0, 1", "no, yes"));
    }

    #[test]
    fn without_predictions_rows_or_classes_nothing_is_foreign() {
        assert_eq!(words(&sample(&[("1", ""), ("0", "")]), &[]), None);
        assert_eq!(words(&sample(&[]), &[]), None);
        let numbers = Sample::Numbers(NumberSample {
            truth: vec![1.0],
            prediction: vec![Some(2.0)],
        });
        assert_eq!(words(&numbers, &[]), None);
        let failed_once = sample(&[("1", ""), ("0", "no")]);
        assert_eq!(words(&failed_once, &[]), told("0, 1", "no"));
    }

    #[test]
    fn what_is_known_from_elsewhere_counts_and_is_told() {
        let foreign = || foreign_classes(&sample(RECODED), &[]).unwrap();
        let of = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
        assert_eq!(foreign().beside(&of(&["1"])), None);
        let more = foreign().beside(&of(&["maybe", "no"])).unwrap();
        assert_eq!(more.known, ["maybe", "no", "yes"]);
        assert_eq!(
            more.shown(str::to_uppercase).known_words(),
            "MAYBE, NO, YES"
        );
    }

    #[test]
    fn of_many_classes_the_first_are_named() {
        let labels: Vec<String> = (1..=7).map(|label| label.to_string()).collect();
        assert_eq!(listed(&labels), "1, 2, 3, 4, 5 and 2 more");
        assert_eq!(listed(&labels[..5]), "1, 2, 3, 4, 5");
    }
}
