//! Puts rows into a pending batch: whose each prediction is, its value, its probabilities, its truth.

use std::rc::Rc;

use super::attribution::Attributor;
use super::intake::{Line, Rejects, Taken};
use super::labels::Labels;
use super::{IngestError, Request};
use crate::domain::evidence::{BatchId, Probabilities, Value};
use crate::domain::time::Timestamp;
use crate::files::columns::{FileKind, ScoreMeaning};
use crate::files::mapping::Mapping;
use crate::files::owner::Owner;
use crate::files::rows::{Prediction, PredictionRow, Truth, TruthRow};
use crate::store::batches::{self, NewBatch};
use crate::store::models::Model;
use crate::store::predictions::{self, NewPrediction};
use crate::store::truths::{self, NewTruth};
use crate::store::values::LabelSets;
use crate::store::{StoreError, Tx};

/// A batch that rows come into.
pub struct Staging<'a> {
    pub model: &'a Model,
    pub request: &'a Request<'a>,
    pub mapping: Mapping,
    /// The classes that came in.
    pub labels: Labels,
    at: Timestamp,
    columns: ProbabilityColumns,
    sets: LabelSets,
    batch: Option<BatchId>,
    attributor: Option<Attributor>,
    /// Some of its rows are committed.
    is_committed: bool,
}

impl<'a> Staging<'a> {
    pub fn new(
        model: &'a Model,
        request: &'a Request<'a>,
        mapping: &Mapping,
        at: Timestamp,
    ) -> Self {
        Self {
            model,
            request,
            mapping: mapping.clone(),
            labels: Labels::default(),
            at,
            columns: ProbabilityColumns::of(mapping),
            sets: LabelSets::default(),
            batch: None,
            attributor: None,
            is_committed: false,
        }
    }

    /// Stores a portion of rows. Rows that are nobody's are rejects; where there are too many, no row is stored.
    pub fn stage(
        &mut self,
        tx: &Tx<'_>,
        rows: Vec<Taken>,
        rejects: &mut Rejects,
    ) -> Result<(), IngestError> {
        // Of a file that can't come in no batch is begun: the disk is waited for even where that is taken back.
        if self.batch.is_none() && !rejects.are_too_many() {
            self.begin(tx)?;
        }
        let mut attributor = match self.attributor.take() {
            Some(attributor) => attributor,
            None => Attributor::load(tx, self.model, self.request.version, self.at)?,
        };
        for Taken { line, raw } in rows {
            match line {
                Line::Prediction(row) => match attributor.whose(tx, &row, &self.mapping)? {
                    Err(reject) => rejects.add(reject, &raw)?,
                    Ok(whose) => {
                        let Some(batch) = self.open_batch(rejects) else {
                            continue;
                        };
                        self.store_prediction(tx, batch, &row, whose)?;
                        let (line, truth) = (row.line_number, row.truth.as_ref());
                        self.store_truth(tx, batch, line, &row.id, truth, row.truth_at)?;
                    }
                },
                Line::Truth(TruthRow {
                    line_number,
                    id,
                    truth,
                    truth_at,
                    ..
                }) => {
                    if let Some(batch) = self.open_batch(rejects) {
                        self.store_truth(tx, batch, line_number, &id, truth.as_ref(), truth_at)?;
                    }
                }
            }
        }
        self.attributor = Some(attributor);
        Ok(())
    }

    /// Where a row goes; `None`: nothing will be stored.
    fn open_batch(&self, rejects: &Rejects) -> Option<BatchId> {
        self.batch.filter(|_| !rejects.are_too_many())
    }

    fn begin(&mut self, tx: &Tx<'_>) -> Result<(), StoreError> {
        batches::reap(tx)?;
        let batch = batches::begin(
            tx,
            NewBatch {
                model: self.model.id,
                kind: self.request.kind,
                source: &self.request.source.name().to_string_lossy(),
                owner: &Owner::present(),
                at: self.at,
            },
        )?;
        self.batch = Some(batch);
        Ok(())
    }

    fn store_prediction(
        &mut self,
        tx: &Tx<'_>,
        batch: BatchId,
        row: &PredictionRow,
        whose: super::attribution::Whose,
    ) -> Result<(), StoreError> {
        let value = match &row.prediction {
            Prediction::Failed => None,
            Prediction::Number(number) => Some(Value::Number(*number)),
            Prediction::Class(label) => Some(Value::Class(label.clone())),
        };
        self.labels.note(FileKind::Predictions, value.as_ref());
        let probabilities = self.columns.of_row(row);
        let new = NewPrediction {
            version: whose.version,
            line_number: row.line_number,
            prediction_id: &row.id,
            predicted_at: whose.predicted_at,
            attribution: whose.by,
            value: value.as_ref(),
            probabilities: probabilities.as_ref(),
        };
        predictions::insert(tx, &mut self.sets, batch, &new)
    }

    fn store_truth(
        &mut self,
        tx: &Tx<'_>,
        batch: BatchId,
        line_number: u64,
        id: &str,
        truth: Option<&Truth>,
        truth_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let Some(truth) = truth else {
            return Ok(());
        };
        let value = value_of(truth);
        self.labels.note(FileKind::Truth, Some(&value));
        let new = NewTruth {
            model: self.model.id,
            line_number,
            prediction_id: id,
            value: &value,
            label_at: truth_at.unwrap_or(self.at),
        };
        truths::insert(tx, batch, &new)
    }

    /// What was staged is committed.
    pub const fn commit(&mut self) {
        self.is_committed = true;
    }

    /// The batch, if some of its rows are committed.
    pub fn committed(&self) -> Option<BatchId> {
        self.batch.filter(|_| self.is_committed)
    }

    /// The batch and whose its rows are, once there was a portion.
    pub fn begun(&self) -> Option<(BatchId, &Attributor)> {
        self.batch.zip(self.attributor.as_ref())
    }
}

/// A truth as the domain has it.
pub fn value_of(truth: &Truth) -> Value {
    match truth {
        Truth::Number(number) => Value::Number(*number),
        Truth::Class(label) => Value::Class(label.clone()),
    }
}

/// The labels that a file's probabilities speak of.
pub struct ProbabilityColumns {
    labels: Rc<[String]>,
    positive: Rc<[String]>,
}

impl ProbabilityColumns {
    pub fn of(mapping: &Mapping) -> Self {
        Self {
            labels: mapping
                .probabilities
                .iter()
                .map(|(label, _)| label.clone())
                .collect(),
            positive: mapping.positive.iter().cloned().collect(),
        }
    }

    /// The probabilities of a row. A score that is P(predicted class) says nothing of the other classes: none.
    pub fn of_row(&self, row: &PredictionRow) -> Option<Probabilities> {
        if let Some(values) = &row.probabilities {
            return Some(Probabilities {
                labels: Rc::clone(&self.labels),
                values: values.to_vec(),
            });
        }
        match row.score {
            Some((ScoreMeaning::Positive, p)) if !self.positive.is_empty() => Some(Probabilities {
                labels: Rc::clone(&self.positive),
                values: vec![p],
            }),
            _ => None,
        }
    }
}
