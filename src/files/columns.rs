//! Which fields rows have, the names under which their columns are found, and how a person names a column instead.

use std::fmt;
use std::str::FromStr;

use super::values::canonical_label;

/// What a column can be.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    Id,
    Time,
    Prediction,
    Truth,
    TruthTime,
    Version,
    Score,
    /// P(class), with the class in its canonical form.
    Probability(String),
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Needs id and prediction; may have the truth as well.
    Predictions,
    /// Needs id and truth.
    Truth,
}

impl FileKind {
    /// The word for it on the command line, in the store and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Predictions => "predictions",
            Self::Truth => "truth",
        }
    }

    /// What the name of a file says that it holds: one of its words says truth or prediction. `None` where none
    /// does, or some say the one and some the other. A word is a run of letters.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        let words = || name.split(|letter: char| !letter.is_alphabetic());
        let has = |known: &[&str]| words().any(|word| known.contains(&word));
        let truth = has(&["truth", "truths", "label", "labels", "actual", "actuals"]);
        let predictions = has(&["pred", "preds", "predicted", "prediction", "predictions"]);
        match (predictions, truth) {
            (true, false) => Some(Self::Predictions),
            (false, true) => Some(Self::Truth),
            _ => None,
        }
    }
}

/// What a score says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreMeaning {
    /// P(positive class).
    Positive,
    /// P(predicted class).
    Predicted,
}

impl ScoreMeaning {
    /// The word for it in the policy.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Positive => "positive",
            Self::Predicted => "predicted",
        }
    }
}

/// Who named a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `--map`: the column must be there.
    Flag,
    /// The policy, which speaks of all files: a column that this file can do without may be absent.
    Policy,
}

/// A column that was named for a field; for the id several may be joined with `+`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnChoice {
    pub field: Field,
    pub column: String,
    pub origin: Origin,
}

/// All that was named by a person; the rest is detected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnChoices {
    pub columns: Vec<ColumnChoice>,
    pub score_is: Option<ScoreMeaning>,
    /// The positive class, in any spelling.
    pub positive: Option<String>,
    /// The file is a held-out sample: when it was predicted and by which version decides nothing.
    pub of_sample: bool,
}

/// A text names no field, or no column for one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnSyntax {
    #[error(
        "{0} is no field; there are id, time, prediction, truth, truth_time, version, score and proba.LABEL"
    )]
    UnknownField(String),
    #[error("{0} maps nothing; write FIELD=COLUMN")]
    NoColumn(String),
    #[error("a score is positive or predicted, not {0}")]
    UnknownMeaning(String),
}

impl Field {
    /// The names that are looked for, best first, without regard to case.
    #[must_use]
    pub const fn candidates(&self) -> &'static [&'static str] {
        match self {
            Self::Id => &["id", "prediction_id"],
            Self::Time => &["predicted_at", "ts", "timestamp", "time"],
            Self::Prediction => &["prediction", "y_pred", "predicted", "pred"],
            Self::Truth => &["truth", "y_true", "actual", "label"],
            Self::TruthTime => &["truth_at", "label_ts", "labelled_at"],
            Self::Version => &["version", "model_version"],
            Self::Score | Self::Probability(_) => &[],
        }
    }
}

/// The word for it in `--map` and in the policy.
impl fmt::Display for Field {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id => out.write_str("id"),
            Self::Time => out.write_str("time"),
            Self::Prediction => out.write_str("prediction"),
            Self::Truth => out.write_str("truth"),
            Self::TruthTime => out.write_str("truth_time"),
            Self::Version => out.write_str("version"),
            Self::Score => out.write_str("score"),
            Self::Probability(label) => write!(out, "proba.{label}"),
        }
    }
}

impl FromStr for Field {
    type Err = ColumnSyntax;

    fn from_str(text: &str) -> Result<Self, ColumnSyntax> {
        Ok(match text {
            "id" => Self::Id,
            "time" => Self::Time,
            "prediction" => Self::Prediction,
            "truth" => Self::Truth,
            "truth_time" => Self::TruthTime,
            "version" => Self::Version,
            "score" => Self::Score,
            _ => match text.strip_prefix("proba.").map(canonical_label) {
                Some(label) if !label.is_empty() => Self::Probability(label),
                _ => return Err(ColumnSyntax::UnknownField(text.to_owned())),
            },
        })
    }
}

impl FromStr for ScoreMeaning {
    type Err = ColumnSyntax;

    fn from_str(text: &str) -> Result<Self, ColumnSyntax> {
        match text {
            "positive" => Ok(Self::Positive),
            "predicted" => Ok(Self::Predicted),
            other => Err(ColumnSyntax::UnknownMeaning(other.to_owned())),
        }
    }
}

/// Several choices that were written as one, `id=a,time=b`: each by itself. `None`: it is one.
pub(super) fn divided(field: &str, column: &str) -> Option<Vec<String>> {
    let mut parts = column.split(',').map(str::trim);
    let mut choices = vec![format!("{field}={}", parts.next()?)];
    for part in parts {
        part.parse::<ColumnChoice>().ok()?;
        choices.push(part.to_owned());
    }
    (choices.len() > 1).then_some(choices)
}

/// Reads `--map FIELD=COLUMN`. The first `=` divides, so that a column's name may have one.
impl FromStr for ColumnChoice {
    type Err = ColumnSyntax;

    fn from_str(text: &str) -> Result<Self, ColumnSyntax> {
        match text.split_once('=') {
            Some((field, column)) if !column.trim().is_empty() => Ok(Self {
                field: field.trim().parse()?,
                column: column.trim().to_owned(),
                origin: Origin::Flag,
            }),
            _ => Err(ColumnSyntax::NoColumn(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_a_file_holds_by_a_word_and_not_by_letters_within_one() {
        use FileKind::{Predictions, Truth};
        for (name, kind) in [
            ("pred_2026-01-05T14.csv", Some(Predictions)),
            ("churn-predictions7.jsonl", Some(Predictions)),
            ("PREDS.csv", Some(Predictions)),
            ("labels.csv", Some(Truth)),
            ("2026_actual_14.csv", Some(Truth)),
            ("truth.csv", Some(Truth)),
            ("pred_and_truth.csv", None),
            ("predator.csv", None),
            ("labelled.csv", None),
            ("2026010514.csv", None),
            ("", None),
        ] {
            assert_eq!(FileKind::of_name(name), kind, "{name}");
        }
    }

    #[test]
    fn fields_read_back_as_written() {
        for text in [
            "id",
            "time",
            "prediction",
            "truth",
            "truth_time",
            "version",
            "score",
            "proba.yes",
            "proba.a.b",
        ] {
            assert_eq!(
                text.parse::<Field>().map(|field| field.to_string()),
                Ok(text.to_owned())
            );
        }
        assert_eq!("proba.1.0".parse(), Ok(Field::Probability("1".to_owned())));
        for text in ["", "ID", "proba.", "proba", "probability", "segment.x"] {
            assert!(text.parse::<Field>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_map_divides_at_its_first_equals_sign() {
        let choice: ColumnChoice = "id=customer_id+scored_at".parse().unwrap();
        assert_eq!(choice.field, Field::Id);
        assert_eq!(choice.column, "customer_id+scored_at");
        assert_eq!(choice.origin, Origin::Flag);
        let choice: ColumnChoice = "truth=a=b".parse().unwrap();
        assert_eq!(choice.column, "a=b");
        for text in ["id", "id=", "=x", "nope=x", "id= "] {
            assert!(text.parse::<ColumnChoice>().is_err(), "{text}");
        }
        assert_eq!("positive".parse(), Ok(ScoreMeaning::Positive));
        assert!("Positive".parse::<ScoreMeaning>().is_err());
    }

    #[test]
    fn no_name_is_looked_for_for_two_fields() {
        let fields = [
            Field::Id,
            Field::Time,
            Field::Prediction,
            Field::Truth,
            Field::TruthTime,
            Field::Version,
        ];
        let mut names: Vec<_> = fields.iter().flat_map(Field::candidates).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(fields.iter().all(|field| !field.candidates().is_empty()));
        assert!(
            Field::Score.candidates().is_empty(),
            "only when it is named"
        );
    }

    #[test]
    fn a_mapping_that_can_not_be_read_says_what_would_be_one() {
        let said = |text: &str| text.parse::<ColumnChoice>().unwrap_err().to_string();
        assert_eq!(said("id"), "id maps nothing; write FIELD=COLUMN");
        assert!(said("idd=x").starts_with("idd is no field; there are id, time, "));
        let meaning = "both".parse::<ScoreMeaning>().unwrap_err();
        assert_eq!(
            meaning.to_string(),
            "a score is positive or predicted, not both"
        );
    }

    #[test]
    fn the_words_for_kinds_and_meanings_read_back() {
        for meaning in [ScoreMeaning::Positive, ScoreMeaning::Predicted] {
            assert_eq!(meaning.name().parse(), Ok(meaning));
        }
        assert_eq!(FileKind::Predictions.name(), "predictions");
        assert_eq!(FileKind::Truth.name(), "truth");
    }

    #[test]
    fn blanks_around_field_and_column_do_not_count() {
        let choice: ColumnChoice = " truth = y ".parse().unwrap();
        assert_eq!((choice.field, choice.column.as_str()), (Field::Truth, "y"));
    }
}
