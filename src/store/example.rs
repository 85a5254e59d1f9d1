//! A small store on disk for tests: one model, some versions, and what was ingested.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;

use rusqlite::trace::{TraceEvent, TraceEventCodes};
use tempfile::TempDir;

use super::predictions::{NewPrediction, OnConflict, Settled};
use super::truths::NewTruth;
use super::values::LabelSets;
use super::versions::{ArtifactKind, Metadata, NewVersion};
use super::{
    Access, Change, Created, Result, Store, StoreError, Tx, aliases, artifacts, batches,
    evaluations, maintain, models, predictions, truths, versions,
};
use crate::domain::evidence::{Attribution, BatchId, Probabilities, Value};
use crate::domain::hash::Hash;
use crate::domain::holders::{Holders, OperationId, VersionId};
use crate::domain::metric::Task;
use crate::domain::names::{AliasName, ModelName, PRODUCTION};
use crate::domain::operation::{Author, NewOperation, OperationKind};
use crate::domain::time::{Length, Timestamp};
use crate::domain::verdict::{EvaluationId, Severity, Verdict};
use crate::files::columns::FileKind;
use crate::files::hash::hash_bytes;
use crate::files::owner::Owner;

/// `2026-01-01T00:00:00Z` plus some minutes.
pub fn minute(minutes: i64) -> Timestamp {
    let start = Timestamp::read("2026-01-01").unwrap().at;
    Timestamp::from_micros(start.micros() + minutes * 60_000_000).unwrap()
}

pub fn author() -> Author {
    Author {
        at: minute(0),
        clock_overridden: true,
        actor: "test".into(),
        host: "test".into(),
        command_line: "modelguard test".into(),
    }
}

/// A prediction of a test.
#[derive(Clone, Copy)]
pub struct P<'a>(pub VersionId, pub &'a str, pub i64, pub Option<f64>);

/// A truth of a test.
#[derive(Clone, Copy)]
pub struct T<'a>(pub &'a str, pub f64, pub i64);

thread_local! {
    static TRACED: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// A change of a holder in a test: production, at minute 0, without a given time.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub kind: OperationKind,
    pub alias: &'a str,
    /// The stack after it, the bottom entry first.
    pub after: &'a [VersionId],
    pub at: i64,
    pub at_was_given: bool,
    pub restores: Option<OperationId>,
    pub left_degraded: bool,
}

impl<'a> View<'a> {
    pub const fn of(kind: OperationKind, after: &'a [VersionId]) -> Self {
        Self {
            kind,
            alias: PRODUCTION,
            after,
            at: 0,
            at_was_given: false,
            restores: None,
            left_degraded: false,
        }
    }
}

pub struct Example {
    pub store: Store,
    pub model: i64,
    folder: TempDir,
    batches_count: u8,
}

impl Example {
    /// A store with the regression model `taxi` and no version.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("modelguard.db");
        let created = Store::create(&path, &author(), |tx| {
            let name = "taxi".parse().unwrap();
            let model = models::insert(tx, &name, Task::Regression, minute(0))?;
            let operation = NewOperation::recording(OperationKind::Init, model.id);
            Ok(Change::recorded(model.id, operation))
        });
        let Created::New(model) = created.unwrap() else {
            panic!("the folder is new")
        };
        let store = Store::open(&path, Access::Write, Length::from_seconds(5), &author()).unwrap();
        Self {
            store,
            model,
            folder,
            batches_count: 0,
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.folder.path().join("modelguard.db")).unwrap()
    }

    /// Registers a version.
    pub fn version(&mut self, name: &str) -> VersionId {
        let model = self.model;
        self.store
            .change(&author(), |tx| {
                let kind = ArtifactKind::File;
                let artifact = artifacts::begin(tx, kind, &Owner::present(), minute(0))?;
                artifacts::append_chunk(tx, artifact, 0, name.as_bytes())?;
                let content = artifacts::Content {
                    blake3: hash_bytes(name.as_bytes()),
                    size_bytes: name.len() as u64,
                    chunks_count: 1,
                };
                let artifact = artifacts::finish(tx, artifact, kind, content)?;
                let id = versions::insert(
                    tx,
                    &NewVersion {
                        model,
                        name: &name.parse().unwrap(),
                        artifact,
                        file_name: "model.bin",
                        metadata: &Metadata::default(),
                        metadata_blake3: Hash::ZERO,
                        registered_at: minute(0),
                    },
                )?;
                let operation = NewOperation {
                    version: Some(id),
                    ..NewOperation::recording(OperationKind::Register, model)
                };
                Ok::<_, StoreError>(Change::recorded(id, operation))
            })
            .unwrap()
    }

    /// Records a metric with a version.
    pub fn metric(&mut self, version: VersionId, name: &str, value: f64) {
        self.store
            .change(&author(), |tx| {
                tx.sql.execute(
                    "INSERT OR REPLACE INTO version_metric (version_id, name, value) VALUES (?1, ?2, ?3)",
                    (version.0, name, value),
                )?;
                Ok::<_, StoreError>(Change::staged(()))
            })
            .unwrap();
    }

    /// Promotes a version; `None`: it is the first holder and has no beginning.
    pub fn promote(&mut self, version: VersionId, at: Option<i64>) {
        let model = self.model;
        let holders = |tx: &Tx<'_>| aliases::holders(tx, model, &AliasName::production());
        let mut after = self.read(holders);
        after.promote(version);
        self.view(View {
            at: at.unwrap_or(0),
            at_was_given: at.is_some(),
            ..View::of(OperationKind::Promote, after.entries())
        });
    }

    /// Changes who holds an alias.
    pub fn view(&mut self, view: View<'_>) -> OperationId {
        let model = self.model;
        let alias: AliasName = view.alias.parse().unwrap();
        self.store
            .change(&author(), |tx| {
                let id = tx.next_operation()?;
                let change = aliases::switch(
                    tx,
                    id,
                    aliases::Switch {
                        model,
                        alias: &alias,
                        after: Holders::from_bottom(view.after.to_vec()),
                        at: minute(view.at),
                        at_was_given: view.at_was_given,
                        restores: view.restores,
                        left_degraded: view.left_degraded,
                    },
                )?;
                let operation = NewOperation {
                    view: Some(change),
                    ..NewOperation::recording(view.kind, model)
                };
                Ok::<_, StoreError>(Change::recorded(id, operation))
            })
            .unwrap()
    }

    /// Records a check of a version.
    pub fn evaluate(&mut self, version: VersionId, verdict: Verdict) -> EvaluationId {
        let model = self.model;
        self.store
            .change(&author(), |tx| {
                let new = evaluations::NewEvaluation {
                    model,
                    version: Some(version),
                    operation: tx.next_operation()?,
                    checked_at: minute(0),
                    verdict,
                    severity: (verdict == Verdict::Degraded).then_some(Severity::High),
                    was_live: false,
                    by_policy: true,
                    tenure: None,
                    document: "{}",
                };
                let id = evaluations::insert(tx, &new)?;
                let operation = NewOperation::recording(OperationKind::Check, model);
                Ok::<_, StoreError>(Change::recorded(id, operation))
            })
            .unwrap()
    }

    /// Adds a second model, which the example's own methods then speak of.
    pub fn other_model(&mut self, name: &str, task: Task) {
        let name: ModelName = name.parse().unwrap();
        self.model = self
            .store
            .change(&author(), |tx| {
                let model = models::insert(tx, &name, task, minute(0))?;
                let operation = NewOperation::recording(OperationKind::Init, model.id);
                Ok::<_, StoreError>(Change::recorded(model.id, operation))
            })
            .unwrap();
    }

    /// What goes wrong when somebody runs these statements; nothing of them stays.
    pub fn refusal(&mut self, sql: &str) -> String {
        let change = self.store.change(&author(), |tx| {
            tx.sql.execute_batch(sql)?;
            Ok::<_, StoreError>(Change::<()>::nothing(()))
        });
        change.expect_err("the statement is refused").to_string()
    }

    /// Runs statements that the store never runs, and keeps what they did.
    pub fn tampered(&mut self, sql: &str) {
        let change = self.store.change(&author(), |tx| {
            tx.sql.execute_batch(sql)?;
            Ok::<_, StoreError>(Change::staged(()))
        });
        change.unwrap();
    }

    /// How many rows a query gives.
    pub fn count(&mut self, sql: &str) -> i64 {
        self.read(|tx| {
            let counted = format!("SELECT count(*) FROM ({sql})");
            Ok(tx.sql.query_row(&counted, [], |row| row.get(0))?)
        })
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("modelguard.db")
    }

    /// Every period in which a version held production.
    pub fn periods(&mut self, version: VersionId) -> Vec<aliases::Period> {
        let model = self.model;
        self.read(|tx| {
            let which = aliases::Periods::Of(version);
            aliases::periods(tx, model, &AliasName::production(), which)
        })
    }

    pub fn read<V>(&mut self, look: impl FnOnce(&Tx<'_>) -> Result<V>) -> V {
        self.store.read(look).unwrap()
    }

    /// Makes a batch visible, or nothing where rows contradict what is there.
    pub fn ingest(
        &mut self,
        predictions: &[P<'_>],
        truths: &[T<'_>],
        on_conflict: OnConflict,
    ) -> (BatchId, Settled, Settled) {
        let model = self.model;
        self.batches_count += 1;
        let request = Hash([self.batches_count; 32]);
        self.store
            .change(&author(), |tx| {
                let batch = staged(tx, model, predictions, truths)?;
                let on_prediction = match on_conflict {
                    OnConflict::Revise => OnConflict::Error,
                    other => other,
                };
                let first = predictions::settle(tx, batch, on_prediction)?;
                let second = truths::settle(tx, batch, on_conflict)?;
                let said = (batch, first.clone(), second.clone());
                if !first.conflicts.is_empty() || !second.conflicts.is_empty() {
                    return Ok::<_, StoreError>(Change::nothing(said));
                }
                batches::make_visible(tx, batch, request)?;
                let operation = NewOperation::recording(OperationKind::Ingest, model);
                Ok(Change::recorded(said, operation))
            })
            .unwrap()
    }

    pub fn undo(&mut self, batch: BatchId) -> bool {
        let model = self.model;
        self.store
            .change(&author(), |tx| {
                let changed = batches::undo(tx, batch)?;
                let operation = NewOperation::recording(OperationKind::IngestUndo, model);
                Ok::<_, StoreError>(if changed {
                    Change::recorded(true, operation)
                } else {
                    Change::nothing(false)
                })
            })
            .unwrap()
    }

    /// The truth that each visible prediction carries, by version and id.
    pub fn carried(&mut self) -> Vec<(i64, String, Option<f64>)> {
        self.read(|tx| {
            let mut statement = tx.sql.prepare(
                "SELECT prediction.version_id, prediction.prediction_id, truth.value
                 FROM prediction
                 JOIN batch ON batch.id = prediction.batch_id AND batch.state = 'visible'
                 LEFT JOIN truth ON truth.id = prediction.truth_id
                 ORDER BY 1, 2",
            )?;
            let rows =
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Runs statements, looks, and takes them back.
    pub fn planted<V>(&mut self, sql: &str, look: impl FnOnce(&Tx<'_>) -> Result<V>) -> V {
        self.store
            .change(&author(), |tx| {
                tx.sql.execute_batch(sql)?;
                Ok::<_, StoreError>(Change::nothing(look(tx)?))
            })
            .unwrap()
    }

    /// The steps of a query's plan; its parameters stay unbound.
    pub fn plan(&mut self, sql: &str) -> Vec<String> {
        self.read(|tx| {
            let mut statement = tx.sql.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let mut rows = statement.raw_query();
            let mut steps = Vec::new();
            while let Some(row) = rows.next()? {
                steps.push(row.get(3)?);
            }
            Ok(steps)
        })
    }

    /// The statements that `look` runs, each once.
    pub fn traced<V>(&mut self, look: impl FnOnce(&Tx<'_>) -> Result<V>) -> BTreeSet<String> {
        fn remember(event: TraceEvent<'_>) {
            if let TraceEvent::Stmt(statement, _) = event {
                TRACED.with_borrow_mut(|traced| traced.insert(statement.sql().into_owned()));
            }
        }
        TRACED.with_borrow_mut(BTreeSet::clear);
        let traces = TraceEventCodes::SQLITE_TRACE_STMT;
        self.store
            .connection
            .trace_v2(traces, Some(remember))
            .unwrap();
        self.read(look);
        self.store
            .connection
            .trace_v2(TraceEventCodes::empty(), None::<fn(TraceEvent<'_>)>)
            .unwrap();
        TRACED.with_borrow_mut(std::mem::take)
    }

    pub fn assert_whole(&mut self) {
        assert_eq!(self.read(maintain::violations), []);
    }
}

/// Rows in a pending batch.
pub fn staged(tx: &Tx<'_>, model: i64, predictions: &[P<'_>], truths: &[T<'_>]) -> Result<BatchId> {
    let batch = batches::begin(
        tx,
        batches::NewBatch {
            model,
            kind: FileKind::Predictions,
            source: "test.csv",
            owner: &Owner::present(),
            at: minute(0),
        },
    )?;
    let mut sets = LabelSets::default();
    for (line, P(version, id, at, value)) in (2..).zip(predictions) {
        let value = value.map(Value::Number);
        let new = NewPrediction {
            version: *version,
            line_number: line,
            prediction_id: id,
            predicted_at: minute(*at),
            attribution: Attribution::Flag,
            value: value.as_ref(),
            probabilities: None,
        };
        self::predictions::insert(tx, &mut sets, batch, &new)?;
    }
    for (line, T(id, value, at)) in (2..).zip(truths) {
        let new = NewTruth {
            model,
            line_number: line,
            prediction_id: id,
            value: &Value::Number(*value),
            label_at: minute(*at),
        };
        self::truths::insert(tx, batch, &new)?;
    }
    Ok(batch)
}

/// Probabilities of a test.
pub fn probabilities(pairs: &[(&str, f64)]) -> Probabilities {
    let labels: Rc<[String]> = pairs.iter().map(|(label, _)| (*label).to_owned()).collect();
    Probabilities {
        labels,
        values: pairs.iter().map(|(_, p)| *p).collect(),
    }
}
