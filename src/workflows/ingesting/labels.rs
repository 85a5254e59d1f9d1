//! Finds classes that came in and can hardly be meant: predicted ones that never turn out true, true ones that are never
//! predicted, and other spellings.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::evidence::{BatchId, Value};
use crate::domain::holders::VersionId;
use crate::files::columns::FileKind;
use crate::judge::foreign::ForeignClasses;
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

/// What is odd about the classes that came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OddLabels {
    /// One by one, the most frequent first.
    pub labels: Vec<OddLabel>,
    /// Instead of them: nothing else has any class of the file.
    pub foreign: Option<ForeignLabels>,
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

/// All classes that came in, where the known ones are others altogether.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignLabels {
    pub kind: FileKind,
    pub classes: ForeignClasses,
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

    /// The odd ones among them; `batch` holds them.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn odd(
        &self,
        tx: &Tx<'_>,
        model: i64,
        versions: &[VersionId],
        batch: BatchId,
    ) -> Result<OddLabels, StoreError> {
        let mut odd = OddLabels::default();
        if !self.truth.is_empty() {
            let mut known = labels::predicted_ones(tx, model)?;
            known.labels.extend(self.predicted.keys().cloned());
            let references = labels::of_references(tx, model)?;
            known.labels.extend(references.labels);
            known.rows_count += references.rows_count;
            // Truth in foreign classes vouches for no further truth in them.
            let mut earlier = labels::true_ones(tx, model, &[], Some(batch))?.labels;
            if earlier.is_disjoint(&known.labels) {
                earlier.clear();
            }
            odd = among(&self.truth, &known, &earlier, FileKind::Truth);
        }
        // Where the truth of a file is foreign to its predictions, these need not be told to be foreign to it.
        if !self.predicted.is_empty() && odd.foreign.is_none() {
            let mut known = labels::true_ones(tx, model, versions, None)?;
            // The truths of this very file are among those that count; of many the rare ones may not have been seen.
            known.labels.extend(self.truth.keys().cloned());
            let none = BTreeSet::new();
            let predicted = among(&self.predicted, &known, &none, FileKind::Predictions);
            odd.labels.extend(predicted.labels);
            odd.foreign = predicted.foreign;
        }
        odd.labels
            .sort_by_key(|odd| std::cmp::Reverse(odd.rows_count));
        odd.labels.truncate(NAMED);
        Ok(odd)
    }
}

/// The odd ones among classes; those in `met` are not odd unless they are a known one in another case.
fn among(
    counts: &BTreeMap<String, u64>,
    known: &Known,
    met: &BTreeSet<String>,
    kind: FileKind,
) -> OddLabels {
    let unknown = counts
        .iter()
        .filter(|(label, _)| !known.labels.contains(*label));
    let labels: Vec<OddLabel> = unknown
        .map(|(label, rows_count)| OddLabel {
            kind,
            label: label.clone(),
            rows_count: *rows_count,
            twin: twin(label, &known.labels),
        })
        .filter(|odd| odd.twin.is_some() || !met.contains(&odd.label))
        .collect();
    let says_which = known.rows_count >= KNOWN_ROWS;
    // Two classes against two others are no rare ones, however few the rows.
    let are_foreign = counts.len() > 1
        && labels.len() == counts.len()
        && labels.iter().all(|odd| odd.twin.is_none())
        && (says_which || known.labels.len() > 1);
    if are_foreign {
        return OddLabels {
            labels: Vec::new(),
            foreign: Some(ForeignLabels {
                kind,
                classes: ForeignClasses {
                    found: counts.keys().cloned().collect(),
                    known: known.labels.iter().cloned().collect(),
                },
            }),
        };
    }
    OddLabels {
        labels: labels
            .into_iter()
            .filter(|odd| odd.twin.is_some() || says_which)
            .collect(),
        foreign: None,
    }
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
        let odd = among(&counted(of), known, &BTreeSet::new(), FileKind::Predictions);
        odd.labels
            .into_iter()
            .map(|odd| (odd.label, odd.twin))
            .collect()
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

    fn foreign(of: &[(&str, u64)], known: &Known) -> bool {
        let odd = among(&counted(of), known, &BTreeSet::new(), FileKind::Truth);
        assert!(odd.foreign.is_none() || odd.labels.is_empty());
        odd.foreign.is_some()
    }

    #[test]
    fn classes_of_which_none_is_known_are_foreign_together() {
        let recoded = [("0", 9), ("1", 9)];
        assert!(foreign(&recoded, &known(&["no", "yes"], 2)));
        assert!(foreign(&recoded, &known(&["no"], 30)));
        assert!(!foreign(&recoded, &known(&["no"], 29)), "a rare one");
        assert!(!foreign(&recoded, &known(&[], 0)), "nothing to go by");
        assert!(!foreign(&recoded, &known(&["1", "no"], 30)));
        assert!(
            !foreign(&[("1", 9)], &known(&["no", "yes"], 30)),
            "one is told as one"
        );
        let twins = [("No", 9), ("1", 9)];
        assert!(!foreign(&twins, &known(&["no", "yes"], 30)));
    }

    #[test]
    fn a_class_that_was_true_before_is_odd_only_in_another_case() {
        let met = BTreeSet::from(["No".to_owned(), "maybe".to_owned()]);
        let given = counted(&[("No", 1), ("maybe", 2), ("never", 3), ("yes", 4)]);
        let odd = among(&given, &known(&["no", "yes"], 30), &met, FileKind::Truth);
        let names: Vec<_> = odd.labels.iter().map(|odd| odd.label.as_str()).collect();
        assert_eq!(names, ["No", "never"]);
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
