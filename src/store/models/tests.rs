//! Tests of models: a name is taken in any case, and comes back as it was given.
#![cfg(test)]

use super::*;
use crate::store::example::{Example, author, minute};
use crate::store::{Change, StoreError};

fn name(text: &str) -> ModelName {
    text.parse().unwrap()
}

#[test]
fn a_model_is_found_in_any_case_under_the_name_that_it_was_given() {
    let mut example = Example::new();
    example.other_model("Churn", Task::Classification);
    for spelling in ["Churn", "churn", "CHURN"] {
        let found = example.read(|tx| find(tx, &name(spelling))).unwrap();
        assert_eq!(found.name.as_str(), "Churn");
        assert_eq!(found.task, Task::Classification);
    }
    assert_eq!(example.read(|tx| find(tx, &name("churn2"))), None);
}

#[test]
fn a_name_is_taken_in_any_case() {
    let mut example = Example::new();
    let taken = example.store.change(&author(), |tx| {
        let model = insert(tx, &name("TAXI"), Task::Regression, minute(0))?;
        Ok::<_, StoreError>(Change::staged(model))
    });
    let said = taken.unwrap_err().to_string();
    assert!(said.contains("UNIQUE"), "{said}");
}

#[test]
fn models_are_listed_by_name_without_regard_to_case() {
    let mut example = Example::new();
    for other in ["Zebra", "apple", "Mango"] {
        example.other_model(other, Task::Regression);
    }
    let names: Vec<_> = example
        .read(list)
        .into_iter()
        .map(|model| model.name.to_string())
        .collect();
    assert_eq!(names, ["apple", "Mango", "taxi", "Zebra"]);
}

#[test]
fn a_task_of_another_program_is_named() {
    let mut example = Example::new();
    let sql = "PRAGMA ignore_check_constraints = ON; UPDATE model SET task = 'ranking'";
    let said = example.planted(sql, |tx| Ok(list(tx).unwrap_err().to_string()));
    assert_eq!(said, "the stored task \"ranking\" has no meaning");
}
