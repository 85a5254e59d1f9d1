//! A model with versions and rows for the tests of this room.

#![cfg(test)]

use super::announcing::Audience;
use super::judging::JudgeError;
use super::monitoring::{Monitored, monitor};
use super::recording::{Checked, check};
use super::switching::{self, SwitchError, Switched, Wish};
use crate::domain::evidence::{Labelled, ReferenceRow, Value};
use crate::domain::hash::Hash;
use crate::domain::holders::{OperationId, VersionId};
use crate::domain::metric::Task;
use crate::domain::names::AliasName;
use crate::domain::operation::{Author, Operation};
use crate::domain::policy::{Channel, ModelPolicy, Policy};
use crate::domain::time::Length;
use crate::store::example::{Example, P, T, author, minute};
use crate::store::models::{self, Model};
use crate::store::predictions::OnConflict;
use crate::store::versions::{self, Version};
use crate::store::{Change, Store, StoreError, aliases, operations, references};

/// The regression model `taxi`, judged on twenty rows and more.
pub struct Scene {
    pub example: Example,
    pub model: Model,
    pub policy: ModelPolicy,
    /// Who is told; a reminder comes after a day.
    pub channels: Vec<Channel>,
}

fn audience(channels: &[Channel]) -> Audience<'_> {
    Audience {
        channels,
        remind_after: Length::from_days(1),
        command: "modelguard -C /srv/taxi",
    }
}

/// Who acts at a minute.
pub fn at(minutes: i64) -> Author {
    Author {
        at: minute(minutes),
        ..author()
    }
}

impl Scene {
    pub fn new() -> Self {
        let mut example = Example::new();
        let model = example.read(|tx| Ok(models::list(tx)?.remove(0)));
        let mut policy = Policy::default().common();
        policy.check.min_rows = 20;
        Self {
            example,
            model,
            policy,
            channels: Vec::new(),
        }
    }

    pub fn store(&mut self) -> &mut Store {
        &mut self.example.store
    }

    pub fn version(&mut self, name: &str) -> VersionId {
        self.example.version(name)
    }

    /// Another model, which the example's own methods then speak of.
    pub fn other_model(&mut self, name: &str, task: Task) -> Model {
        self.example.other_model(name, task);
        let id = self.example.model;
        let mut models = self.example.read(models::list);
        models.retain(|model| model.id == id);
        models.remove(0)
    }

    pub fn seen(&mut self, version: VersionId) -> Version {
        self.example.read(|tx| versions::get(tx, version))
    }

    pub fn operation(&mut self, id: OperationId) -> Operation {
        self.example.read(|tx| operations::find(tx, id)).unwrap()
    }

    /// Production's stack, the bottom entry first.
    pub fn stack(&mut self) -> Vec<VersionId> {
        let model = self.model.id;
        let production = AliasName::production();
        self.example
            .read(|tx| aliases::holders(tx, model, &production))
            .entries()
            .to_vec()
    }

    pub fn wish(&mut self, wish: &Wish, minutes: i64) -> Result<Switched, SwitchError> {
        self.wish_on(&AliasName::production(), wish, minutes)
    }

    pub fn wish_on(
        &mut self,
        alias: &AliasName,
        wish: &Wish,
        minutes: i64,
    ) -> Result<Switched, SwitchError> {
        let model = self.model.clone();
        let store = self.store();
        switching::carry_out(store, &at(minutes), &model, alias, wish, None, None)
    }

    /// Promotes and gives the operation.
    pub fn promote(&mut self, version: VersionId, minutes: i64) -> OperationId {
        let since = None;
        let wish = Wish::Promote { version, since };
        self.wish(&wish, minutes).unwrap().operation.unwrap()
    }

    /// Labelled predictions of a version, one a minute, each `error` off to one side or the other.
    pub fn rows(&mut self, version: VersionId, from: i64, count: i64, error: f64) {
        let ids: Vec<_> = (0..count)
            .map(|row| format!("{}-{from}-{row}", version.0))
            .collect();
        let truth = |row: usize| (row % 10) as f64;
        let side = |row: usize| if row.is_multiple_of(2) { error } else { -error };
        let minutes = || (from..).zip(ids.iter().map(String::as_str).enumerate());
        let predictions: Vec<_> = minutes()
            .map(|(at, (row, id))| P(version, id, at, Some(truth(row) + side(row))))
            .collect();
        let truths: Vec<_> = minutes()
            .map(|(at, (row, id))| T(id, truth(row), at + 1))
            .collect();
        self.example
            .ingest(&predictions, &truths, OnConflict::Error);
    }

    /// A held-out sample of a version, each row `error` off.
    pub fn reference(&mut self, version: VersionId, count: usize, error: f64) {
        let rows: Vec<_> = (0..count)
            .map(|row| {
                let truth = (row % 10) as f64;
                let side = if row % 2 == 0 { error } else { -error };
                ReferenceRow {
                    prediction_id: format!("r{row}"),
                    predicted_at: None,
                    labelled: Labelled {
                        prediction: Some(Value::Number(truth + side)),
                        truth: Value::Number(truth),
                        probabilities: None,
                    },
                }
            })
            .collect();
        self.store()
            .change(&author(), |tx| {
                references::insert(tx, version, "held-out.csv", Hash([9; 32]), &rows)?;
                Ok::<_, StoreError>(Change::staged(()))
            })
            .unwrap();
    }

    /// Checks what is live and records it.
    pub fn check(&mut self, minutes: i64) -> Checked {
        let (model, policy) = (self.model.clone(), self.policy.clone());
        let channels = self.channels.clone();
        let audience = Some(&audience(&channels));
        check(
            self.store(),
            &at(minutes),
            &model,
            &policy,
            None,
            true,
            audience,
        )
        .unwrap()
    }

    /// Checks what is live by rules that are given for this check alone.
    pub fn check_by(&mut self, policy: &ModelPolicy, minutes: i64) -> Checked {
        let model = self.model.clone();
        let store = self.store();
        check(
            store,
            &at(minutes),
            &model,
            policy,
            None,
            false,
            Some(&Audience::NOBODY),
        )
        .unwrap()
    }

    /// Checks a version that is named, and records it.
    pub fn check_of(&mut self, reference: &str, minutes: i64) -> Result<Checked, JudgeError> {
        let (model, policy) = (self.model.clone(), self.policy.clone());
        let reference = reference.parse().unwrap();
        let store = self.store();
        check(
            store,
            &at(minutes),
            &model,
            &policy,
            Some(&reference),
            true,
            Some(&Audience::NOBODY),
        )
    }

    pub fn monitor(&mut self, minutes: i64) -> Monitored {
        self.monitored(minutes, false)
    }

    pub fn dry_monitor(&mut self, minutes: i64) -> Monitored {
        self.monitored(minutes, true)
    }

    fn monitored(&mut self, minutes: i64, dry_run: bool) -> Monitored {
        let (model, policy) = (self.model.clone(), self.policy.clone());
        let channels = self.channels.clone();
        let audience = audience(&channels);
        monitor(
            self.store(),
            &at(minutes),
            &model,
            &policy,
            &audience,
            dry_run,
        )
        .unwrap()
    }
}
