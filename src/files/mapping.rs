//! What a mapping is: which column of a table is which field, as rows use it, people read it and a batch keeps it.

use std::fmt;

use serde_json::{Map, Value, json};

use super::columns::{ColumnChoices, Field, FileKind, ScoreMeaning};
use super::detect::{kind, resolve};
use super::error::FileError;
use super::table::Table;
use super::values::canonical_label;
use crate::domain::metric::Task;

/// A column of the table at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub index: usize,
    pub name: String,
}

/// Which column is which field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    pub kind: FileKind,
    pub task: Task,
    /// One column, or several that are joined.
    pub id: Vec<Column>,
    pub time: Option<Column>,
    /// Always there in a predictions file, never in a truth file.
    pub prediction: Option<Column>,
    /// Always there in a truth file.
    pub truth: Option<Column>,
    pub truth_time: Option<Column>,
    pub version: Option<Column>,
    pub score: Option<(ScoreMeaning, Column)>,
    /// The canonical label and its column, in the order of the columns, or as they were named.
    pub probabilities: Vec<(String, Column)>,
    /// The positive class in its canonical form.
    pub positive: Option<String>,
    /// What the policy names, and this file can do without and does not have.
    pub absent: Vec<(Field, String)>,
}

/// What is asked of a table.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub kind: FileKind,
    pub task: Task,
    pub choices: &'a ColumnChoices,
}

const PROBABILITY_PREFIX: &str = "proba_";

impl Mapping {
    /// Finds the columns of a table.
    ///
    /// # Errors
    /// A needed or named column is absent, two are equally good, one would be two fields, or what was named makes no
    /// sense for this kind of file or task.
    pub fn resolve(table: &mut Table, wanted: Wanted<'_>) -> Result<Self, FileError> {
        let path = table.path().to_owned();
        resolve(table, wanted).map_err(|kind| kind.of(&path))
    }

    /// What a table holds by its columns: predictions where it has a column for them, truth where it has only one for
    /// that.
    ///
    /// # Errors
    /// It has neither.
    pub fn kind_of(table: &Table, choices: &ColumnChoices) -> Result<FileKind, FileError> {
        kind(table, choices).map_err(|kind| kind.of(table.path()))
    }

    /// The field for which a column that appears late would have been taken, had it been there from the beginning.
    #[must_use]
    pub fn would_take(&self, name: &str) -> Option<Field> {
        if let Some((field, _)) = self.absent.iter().find(|(_, column)| column == name) {
            return Some(field.clone());
        }
        let free =
            |field: Field, taken: bool| (!taken && is_candidate(&field, name)).then_some(field);
        if self.kind == FileKind::Truth {
            return free(Field::TruthTime, self.truth_time.is_some());
        }
        free(Field::Time, self.time.is_some())
            .or_else(|| free(Field::Truth, self.truth.is_some()))
            .or_else(|| free(Field::TruthTime, self.truth_time.is_some()))
            .or_else(|| free(Field::Version, self.version.is_some()))
            .or_else(|| {
                let label = probability_label(name)?;
                let known = self
                    .probabilities
                    .iter()
                    .any(|(_, column)| column.name == name);
                let wanted = self.task == Task::Classification && self.score.is_none();
                (wanted && !known).then_some(Field::Probability(label))
            })
    }

    /// The mapping as one line of JSON, equal for equal mappings: a batch keeps it.
    #[must_use]
    pub fn record_text(&self) -> String {
        let mut text = Map::new();
        text.insert("kind".to_owned(), json!(self.kind.name()));
        let id: Vec<&str> = self.id.iter().map(|column| column.name.as_str()).collect();
        text.insert("id".to_owned(), json!(id));
        for (field, column) in self.single_columns() {
            text.insert(field.to_string(), json!(column.name));
        }
        for (label, column) in &self.probabilities {
            text.insert(
                Field::Probability(label.clone()).to_string(),
                json!(column.name),
            );
        }
        if let Some((meaning, _)) = &self.score {
            text.insert("score_is".to_owned(), json!(meaning.name()));
        }
        if let Some(positive) = &self.positive {
            text.insert("positive".to_owned(), json!(positive));
        }
        Value::Object(text).to_string()
    }

    /// All columns that are read, each with its field.
    pub(super) fn columns(&self) -> Vec<(Field, &Column)> {
        let ids = self.id.iter().map(|column| (Field::Id, column));
        let probabilities = self
            .probabilities
            .iter()
            .map(|(label, column)| (Field::Probability(label.clone()), column));
        ids.chain(self.single_columns())
            .chain(probabilities)
            .collect()
    }

    /// All fields that have exactly one column, except the probabilities.
    pub(super) fn single_columns(&self) -> Vec<(Field, &Column)> {
        [
            (Field::Time, self.time.as_ref()),
            (Field::Prediction, self.prediction.as_ref()),
            (Field::Truth, self.truth.as_ref()),
            (Field::TruthTime, self.truth_time.as_ref()),
            (Field::Version, self.version.as_ref()),
            (Field::Score, self.score.as_ref().map(|(_, column)| column)),
        ]
        .into_iter()
        .filter_map(|(field, column)| Some((field, column?)))
        .collect()
    }
}

/// For people: `id ← customer_id + scored_at, time ← scored_at, prediction ← y_pred`.
impl fmt::Display for Mapping {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |column: &Column| super::values::excerpt(&column.name);
        let id: Vec<String> = self.id.iter().map(shown).collect();
        write!(out, "id ← {}", id.join(" + "))?;
        for (field, column) in self.single_columns() {
            write!(out, ", {field} ← {}", shown(column))?;
        }
        for (label, column) in &self.probabilities {
            let label = super::values::excerpt(label);
            write!(out, ", proba.{label} ← {}", shown(column))?;
        }
        Ok(())
    }
}

fn is_candidate(field: &Field, name: &str) -> bool {
    field
        .candidates()
        .iter()
        .any(|candidate| candidate.eq_ignore_ascii_case(name))
}

/// The class of a column `proba_LABEL`.
pub(super) fn probability_label(name: &str) -> Option<String> {
    let prefix = name.get(..PROBABILITY_PREFIX.len())?;
    let label = name.get(PROBABILITY_PREFIX.len()..)?;
    let label = canonical_label(label);
    (prefix.eq_ignore_ascii_case(PROBABILITY_PREFIX) && !label.is_empty()).then_some(label)
}

#[cfg(test)]
mod tests {
    use super::super::table::tests::source;
    use super::*;
    use crate::files::table::Format;

    fn mapped(header: &str, task: Task, flags: &[&str]) -> Mapping {
        let choices = ColumnChoices {
            columns: flags.iter().map(|flag| flag.parse().unwrap()).collect(),
            score_is: Some(ScoreMeaning::Predicted),
            ..ColumnChoices::default()
        };
        let wanted = Wanted {
            kind: FileKind::Predictions,
            task,
            choices: &choices,
        };
        let text = format!("{header}\n");
        let mut table = Table::open(&source("a.csv", text), Format::Csv).unwrap();
        Mapping::resolve(&mut table, wanted).unwrap()
    }

    #[test]
    fn a_column_for_predictions_says_predictions_one_for_truth_alone_says_truth_and_others_say_nothing()
     {
        let [predictions, truth] = [Some(FileKind::Predictions), Some(FileKind::Truth)];
        for (header, named, kind) in [
            ("id,Y_Pred", "", predictions),
            ("id,prediction,truth", "", predictions),
            ("id,Truth", "", truth),
            ("id,x", "", None),
            ("id,x", "prediction=x", predictions),
            ("id,x", "truth=x", truth),
            ("id,X,pred", "prediction=x", None),
            ("id,truth,pred", "prediction=x", truth),
            ("id,pred", "truth=pred", truth),
            ("id,truth", "id=truth", None),
        ] {
            let columns = named.parse().into_iter().collect();
            let choices = ColumnChoices {
                columns,
                ..ColumnChoices::default()
            };
            let text = format!("{header}\n1,2,3\n");
            let table = Table::open(&source("a.csv", text), Format::Csv).unwrap();
            let found = Mapping::kind_of(&table, &choices);
            assert_eq!(found.ok(), kind, "{header} {named}");
        }
    }

    #[test]
    fn a_mapping_is_told_in_the_order_of_its_fields_whatever_that_of_the_columns() {
        let mapping = mapped(
            "proba_b,y_true,version,y_pred,ts,id,proba_a,truth_at",
            Task::Classification,
            &[],
        );
        assert_eq!(
            mapping.to_string(),
            "id ← id, time ← ts, prediction ← y_pred, truth ← y_true, truth_time ← truth_at, \
             version ← version, proba.b ← proba_b, proba.a ← proba_a"
        );
    }

    #[test]
    fn the_record_of_a_mapping_does_not_depend_on_where_the_columns_stand() {
        let one = mapped("id,ts,y_pred,note", Task::Regression, &[]);
        let other = mapped("note,y_pred,id,ts", Task::Regression, &[]);
        assert_ne!(one, other);
        assert_eq!(one.record_text(), other.record_text());
        assert!(!one.record_text().contains('\n'));
        let different = mapped("id,ts,y_pred,note", Task::Regression, &["time=note"]);
        assert_ne!(one.record_text(), different.record_text());
    }

    #[test]
    fn the_parts_of_a_joined_id_keep_their_order() {
        let one = mapped("a,b,y_pred", Task::Regression, &["id=a+b"]);
        let other = mapped("a,b,y_pred", Task::Regression, &["id=b+a"]);
        assert!(one.to_string().starts_with("id ← a + b, "));
        assert_ne!(one.record_text(), other.record_text());
    }

    #[test]
    fn a_hostile_column_name_moves_no_cursor() {
        let hostile = mapped(
            "id,y_pred,x\u{1b}[2K",
            Task::Regression,
            &["time=x\u{1b}[2K"],
        );
        let told = hostile.to_string();
        assert!(
            told.contains("time ← x") && !told.contains('\u{1b}'),
            "{told}"
        );
    }

    #[test]
    fn the_class_of_a_column_is_what_follows_its_prefix() {
        let class = |name| probability_label(name);
        assert_eq!(class("proba_yes").as_deref(), Some("yes"));
        assert_eq!(class("PROBA_Yes").as_deref(), Some("Yes"));
        assert_eq!(class("proba_1.0").as_deref(), Some("1"));
        assert_eq!(class("proba_a_b").as_deref(), Some("a_b"));
        for name in ["proba_", "proba", "prob_yes", "xproba_yes", "probä_yes", ""] {
            assert_eq!(class(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_mapped_already_is_not_taken_again() {
        let mapping = mapped("id,ts,y_pred,proba_a", Task::Classification, &[]);
        assert_eq!(mapping.would_take("timestamp"), None);
        assert_eq!(mapping.would_take("proba_a"), None);
        assert_eq!(mapping.would_take("actual"), Some(Field::Truth));
        assert_eq!(mapping.would_take("model_version"), Some(Field::Version));
        let regression = mapped("id,ts,y_pred", Task::Regression, &[]);
        assert_eq!(regression.would_take("proba_a"), None);
    }
}
