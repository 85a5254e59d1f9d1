//! Finds classes that came in and can hardly be meant: predicted ones that never turn out true, and other spellings.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::evidence::Value;
use crate::domain::holders::VersionId;
use crate::files::columns::FileKind;
use crate::store::labels::{self, Known};
use crate::store::{StoreError, Tx};

/// With more classes than this nobody reads a list of them.
const CLASSES_LIMIT: usize = 200;
/// So many rows have to say which classes there are before another one is odd.
const KNOWN_ROWS: u64 = 30;
/// So many odd classes are named.
const NAMED: usize = 3;

/// The classes that came in, and how often each.
#[derive(Debug, Default)]
pub struct Labels {
    predicted: BTreeMap<String, u64>,
    truth: BTreeMap<String, u64>,
}

/// A class that came in and that nothing else has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OddLabel {
    pub kind: FileKind,
    pub label: String,
    pub rows_count: u64,
    /// The known class that is written alike but for the case of its letters.
    pub twin: Option<String>,
}

impl Labels {
    /// Counts a value, if it is a class.
    pub fn note(&mut self, kind: FileKind, value: Option<&Value>) {
        let Some(Value::Class(label)) = value else {
            return;
        };
        let counts = match kind {
            FileKind::Predictions => &mut self.predicted,
            FileKind::Truth => &mut self.truth,
        };
        if let Some(count) = counts.get_mut(label) {
            *count += 1;
        } else if counts.len() < CLASSES_LIMIT {
            counts.insert(label.clone(), 1);
        }
    }

    /// The odd ones among them, the most frequent first.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn odd(
        &self,
        tx: &Tx<'_>,
        model: i64,
        versions: &[VersionId],
    ) -> Result<Vec<OddLabel>, StoreError> {
        let mut odd = Vec::new();
        if !self.predicted.is_empty() {
            let mut known = labels::true_ones(tx, model, versions)?;
            // The truths of this very file are among those that count; of many the rare ones may not have been seen.
            known.labels.extend(self.truth.keys().cloned());
            odd.extend(among(&self.predicted, &known, FileKind::Predictions));
        } else if !self.truth.is_empty() {
            let known = labels::predicted_ones(tx, model)?;
            // A class that is never predicted is a rare one, and nothing to wonder at.
            let misspelt = among(&self.truth, &known, FileKind::Truth);
            odd.extend(misspelt.into_iter().filter(|odd| odd.twin.is_some()));
        }
        odd.sort_by_key(|odd| std::cmp::Reverse(odd.rows_count));
        odd.truncate(NAMED);
        Ok(odd)
    }
}

fn among(counts: &BTreeMap<String, u64>, known: &Known, kind: FileKind) -> Vec<OddLabel> {
    let unknown = counts
        .iter()
        .filter(|(label, _)| !known.labels.contains(*label));
    unknown
        .map(|(label, rows_count)| OddLabel {
            kind,
            label: label.clone(),
            rows_count: *rows_count,
            twin: twin(label, &known.labels),
        })
        .filter(|odd| odd.twin.is_some() || known.rows_count >= KNOWN_ROWS)
        .collect()
}

fn twin(label: &str, known: &BTreeSet<String>) -> Option<String> {
    let folded = label.to_lowercase();
    known
        .iter()
        .find(|known| known.to_lowercase() == folded)
        .cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(labels: &[(&str, u64)]) -> BTreeMap<String, u64> {
        let labels = labels.iter();
        labels
            .map(|(label, count)| ((*label).to_owned(), *count))
            .collect()
    }

    fn known(labels: &[&str], rows_count: u64) -> Known {
        Known {
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            rows_count,
        }
    }

    fn names(of: &[(&str, u64)], known: &Known) -> Vec<(String, Option<String>)> {
        let odd = among(&counted(of), known, FileKind::Predictions);
        odd.into_iter().map(|odd| (odd.label, odd.twin)).collect()
    }

    #[test]
    fn a_class_that_nothing_has_is_odd_once_there_is_something_to_go_by() {
        let given = [("maybe", 2), ("no", 3), ("yes", 3)];
        let odd = [("maybe".to_owned(), None)];
        assert_eq!(names(&given, &known(&["no", "yes"], 30)), odd);
        assert_eq!(names(&given, &known(&["no", "yes"], 29)), []);
        assert_eq!(names(&given, &known(&[], 0)), []);
    }

    #[test]
    fn another_case_is_odd_at_once() {
        assert_eq!(
            names(&[("YES", 1), ("no", 1)], &known(&["no", "yes"], 2)),
            [("YES".to_owned(), Some("yes".to_owned()))]
        );
    }

    #[test]
    fn a_column_of_numbers_is_not_kept_whole() {
        let mut labels = Labels::default();
        for number in 0..1_000 {
            let value = Value::Class(number.to_string());
            labels.note(FileKind::Predictions, Some(&value));
        }
        labels.note(FileKind::Predictions, Some(&Value::Number(1.0)));
        labels.note(FileKind::Predictions, None);
        assert_eq!(labels.predicted.len(), CLASSES_LIMIT);
        assert!(labels.truth.is_empty());
    }
}
