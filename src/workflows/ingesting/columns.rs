//! Which columns are looked for: what the command line names, then the policy, then the known names.

use crate::domain::metric::Task;
use crate::domain::policy::{ColumnRules, ScoreIs};
use crate::files::columns::{
    ColumnChoice, ColumnChoices, ColumnSyntax, Field, FileKind, Origin, ScoreMeaning,
};
use crate::files::mapping::Wanted;

/// What the command line and the policy say of a file's columns.
///
/// # Errors
/// A label of the policy is none.
pub fn choices(rules: &ColumnRules, flags: &[ColumnChoice]) -> Result<ColumnChoices, ColumnSyntax> {
    let mut columns = flags.to_vec();
    let named = [
        (Field::Id, &rules.id),
        (Field::Time, &rules.time),
        (Field::Prediction, &rules.prediction),
        (Field::Truth, &rules.truth),
        (Field::TruthTime, &rules.truth_time),
        (Field::Version, &rules.version),
        (Field::Score, &rules.score),
    ];
    let mut from_policy = |field, column: &str| {
        columns.push(ColumnChoice {
            field,
            column: column.to_owned(),
            origin: Origin::Policy,
        });
    };
    for (field, column) in named {
        if let Some(column) = column {
            from_policy(field, column);
        }
    }
    for (label, column) in &rules.proba {
        from_policy(format!("proba.{label}").parse()?, column);
    }
    Ok(ColumnChoices {
        columns,
        score_is: rules.score_is.map(|meaning| match meaning {
            ScoreIs::Positive => ScoreMeaning::Positive,
            ScoreIs::Predicted => ScoreMeaning::Predicted,
        }),
        positive: rules.positive.clone(),
        of_sample: false,
    })
}

/// What is looked for in a file of one model.
pub fn wanted<'a>(kind: FileKind, task: Task, choices: &'a ColumnChoices) -> Wanted<'a> {
    Wanted {
        kind,
        task,
        choices,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn flags_come_before_the_policy_and_labels_are_canonical() {
        let rules = ColumnRules {
            id: Some("a+b".to_owned()),
            score_is: Some(ScoreIs::Positive),
            positive: Some("yes".to_owned()),
            proba: BTreeMap::from([("1.0".to_owned(), "p1".to_owned())]),
            ..ColumnRules::default()
        };
        let flags = ["id=row".parse().unwrap()];
        let choices = choices(&rules, &flags).unwrap();
        let read: Vec<_> = choices
            .columns
            .iter()
            .map(|choice| {
                (
                    choice.field.to_string(),
                    choice.column.as_str(),
                    choice.origin,
                )
            })
            .collect();
        assert_eq!(
            read,
            [
                ("id".to_owned(), "row", Origin::Flag),
                ("id".to_owned(), "a+b", Origin::Policy),
                ("proba.1".to_owned(), "p1", Origin::Policy),
            ]
        );
        assert_eq!(choices.score_is, Some(ScoreMeaning::Positive));
        assert_eq!(choices.positive.as_deref(), Some("yes"));
    }
}
