//! How values are kept in columns: numbers, classes, and probabilities beside the set of labels that they speak of.

use std::collections::HashMap;
use std::rc::Rc;

use rusqlite::{OptionalExtension, Row, named_params};

use super::{Result, StoreError, Tx};
use crate::domain::evidence::{Labelled, Probabilities, Value};

/// A value as its two columns: the number, the class.
pub(super) fn columns(value: Option<&Value>) -> (Option<f64>, Option<&str>) {
    match value {
        Some(Value::Number(number)) => (Some(*number), None),
        Some(Value::Class(label)) => (None, Some(label)),
        None => (None, None),
    }
}

/// The value in two columns that follow one another.
pub(super) fn value(row: &Row<'_>, first: usize) -> Result<Option<Value>> {
    if let Some(number) = row.get::<_, Option<f64>>(first)? {
        return Ok(Some(Value::Number(number)));
    }
    Ok(row.get::<_, Option<String>>(first + 1)?.map(Value::Class))
}

/// One set of labels as it was handed in: its row, and the order in which the row has the labels.
#[derive(Debug)]
struct KnownSet {
    labels: Rc<[String]>,
    id: i64,
    order: Vec<usize>,
}

/// Finds the row of a set of labels, or makes it; remembers what it found.
///
/// It must not outlive a transaction that was rolled back.
#[derive(Debug, Default)]
pub struct LabelSets {
    known: Vec<KnownSet>,
}

impl LabelSets {
    /// Probabilities as two columns: the row of their label set, and the numbers in its order.
    ///
    /// The labels are kept in sorted order, so that the same probabilities are the same bytes whatever the order of
    /// a file's columns.
    pub(super) fn columns(
        &mut self,
        tx: &Tx<'_>,
        probabilities: &Probabilities,
    ) -> Result<(i64, Vec<u8>)> {
        let known = self.known(tx, &probabilities.labels)?;
        let numbers = known
            .order
            .iter()
            .filter_map(|place| probabilities.values.get(*place));
        Ok((known.id, numbers.flat_map(|p| p.to_le_bytes()).collect()))
    }

    fn known(&mut self, tx: &Tx<'_>, labels: &Rc<[String]>) -> Result<&KnownSet> {
        let place = self
            .known
            .iter()
            .position(|set| Rc::ptr_eq(&set.labels, labels));
        let place = match place {
            Some(place) => place,
            None => {
                let mut order: Vec<usize> = (0..labels.len()).collect();
                order.sort_by_key(|place| labels.get(*place));
                let sorted: Vec<_> = order
                    .iter()
                    .filter_map(|place| labels.get(*place))
                    .collect();
                let id = set_id(tx, &serde_json::json!(sorted).to_string())?;
                self.known.push(KnownSet {
                    labels: Rc::clone(labels),
                    id,
                    order,
                });
                self.known.len() - 1
            }
        };
        self.known
            .get(place)
            .ok_or_else(|| StoreError::meaningless("label set", place.to_string()))
    }
}

fn set_id(tx: &Tx<'_>, labels: &str) -> Result<i64> {
    let known = tx
        .sql
        .prepare_cached("SELECT id FROM label_set WHERE labels = :labels")?
        .query_row(named_params! { ":labels": labels }, |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    tx.sql
        .prepare_cached("INSERT INTO label_set (labels) VALUES (:labels)")?
        .execute(named_params! { ":labels": labels })?;
    Ok(tx.sql.last_insert_rowid())
}

/// Reads labelled rows; equal label sets are shared between them.
#[derive(Debug, Default)]
pub(super) struct RowReader {
    sets: HashMap<i64, Rc<[String]>>,
}

impl RowReader {
    /// Reads six columns that follow one another: a prediction's value and class, label set and probabilities, and
    /// the value and class of its truth.
    pub(super) fn labelled(
        &mut self,
        tx: &Tx<'_>,
        row: &Row<'_>,
        first: usize,
    ) -> Result<Labelled> {
        let probabilities = match row.get::<_, Option<i64>>(first + 2)? {
            None => None,
            Some(set) => {
                let bytes = row
                    .get_ref(first + 3)?
                    .as_blob()
                    .map_err(rusqlite::Error::from)?;
                let values = bytes
                    .as_chunks::<8>()
                    .0
                    .iter()
                    .map(|bytes| f64::from_le_bytes(*bytes));
                Some(Probabilities {
                    labels: self.labels(tx, set)?,
                    values: values.collect(),
                })
            }
        };
        Ok(Labelled {
            prediction: value(row, first)?,
            truth: value(row, first + 4)?
                .ok_or_else(|| StoreError::meaningless("truth", "nothing"))?,
            probabilities,
        })
    }

    fn labels(&mut self, tx: &Tx<'_>, id: i64) -> Result<Rc<[String]>> {
        if let Some(labels) = self.sets.get(&id) {
            return Ok(Rc::clone(labels));
        }
        let text: String = tx
            .sql
            .prepare_cached("SELECT labels FROM label_set WHERE id = :id")?
            .query_row(named_params! { ":id": id }, |row| row.get(0))?;
        let labels: Vec<String> =
            serde_json::from_str(&text).map_err(|_| StoreError::meaningless("label set", text))?;
        let labels: Rc<[String]> = labels.into();
        self.sets.insert(id, Rc::clone(&labels));
        Ok(labels)
    }
}
