//! The hourly counters of visible predictions: kept exact by every change, so that nobody has to count rows.

use rusqlite::named_params;

use super::{Result, Tx, count};
use crate::domain::evidence::BatchId;

/// The visible rows that a batch touches: its own, and those that carry or may carry one of its truths. Each once.
const TOUCHED: &str = "
    SELECT prediction.id FROM batch
    CROSS JOIN prediction ON prediction.batch_id = batch.id
    WHERE batch.id = :batch AND batch.state = 'visible'
    UNION ALL
    SELECT prediction.id FROM truth
    CROSS JOIN prediction ON prediction.prediction_id = truth.prediction_id AND prediction.batch_id <> :batch
    CROSS JOIN version ON version.id = prediction.version_id AND version.model_id = truth.model_id
    CROSS JOIN batch ON batch.id = prediction.batch_id AND batch.state = 'visible'
    WHERE truth.batch_id = :batch
      AND NOT EXISTS (SELECT 1 FROM truth AS first
                      WHERE first.prediction_id = truth.prediction_id AND first.model_id = truth.model_id
                        AND first.batch_id = :batch AND first.id < truth.id)";

/// Rounded down, also before 1970.
const HOUR: &str =
    "prediction.predicted_at / 3600000000 - (prediction.predicted_at % 3600000000 < 0)";

/// Takes the rows that a batch touches out of the counters, as they are now. Before its state or its truths change.
pub(super) fn subtract(tx: &Tx<'_>, batch: BatchId) -> Result<()> {
    tx.sql.execute(
        &format!(
            "UPDATE prediction_hour SET
                 predictions_count = prediction_hour.predictions_count - gone.predictions_count,
                 failed_count = prediction_hour.failed_count - gone.failed_count,
                 labelled_count = prediction_hour.labelled_count - gone.labelled_count
             FROM (SELECT prediction.version_id, {HOUR} AS hour, count(*) AS predictions_count,
                          sum(prediction.failed) AS failed_count, count(prediction.label_at) AS labelled_count
                   FROM ({TOUCHED}) AS touched CROSS JOIN prediction ON prediction.id = touched.id
                   GROUP BY 1, 2) AS gone
             WHERE prediction_hour.version_id = gone.version_id AND prediction_hour.hour = gone.hour"
        ),
        named_params! { ":batch": batch.0 },
    )?;
    Ok(())
}

/// Puts the rows that a batch touches into the counters, as they are now. After its state and its truths changed.
pub(super) fn add(tx: &Tx<'_>, batch: BatchId) -> Result<()> {
    tx.sql.execute(
        &format!(
            "INSERT INTO prediction_hour (version_id, hour, predictions_count, failed_count, labelled_count)
             SELECT prediction.version_id, {HOUR}, count(*), sum(prediction.failed), count(prediction.label_at)
             FROM ({TOUCHED}) AS touched CROSS JOIN prediction ON prediction.id = touched.id
             WHERE true
             GROUP BY 1, 2
             ON CONFLICT (version_id, hour) DO UPDATE SET
                 predictions_count = predictions_count + excluded.predictions_count,
                 failed_count = failed_count + excluded.failed_count,
                 labelled_count = labelled_count + excluded.labelled_count"
        ),
        named_params! { ":batch": batch.0 },
    )?;
    Ok(())
}

/// How many visible predictions of a model have no truth.
///
/// # Errors
/// The store can't be read.
pub fn waiting(tx: &Tx<'_>, model: i64) -> Result<u64> {
    Ok(tx
        .sql
        .prepare_cached(
            "SELECT ifnull(sum(prediction_hour.predictions_count - prediction_hour.labelled_count), 0)
             FROM version JOIN prediction_hour ON prediction_hour.version_id = version.id
             WHERE version.model_id = :model",
        )?
        .query_row(named_params! { ":model": model }, |row| count(row, 0))?)
}
