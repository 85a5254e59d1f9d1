//! Which classes a model or a version is known to have: those of its truths and predictions, and of reference samples.

use std::collections::BTreeSet;

use rusqlite::named_params;

use super::{Result, Tx, count};
use crate::domain::evidence::BatchId;
use crate::domain::holders::VersionId;

/// So many rows of a model's newest visible batches are looked at: rare classes are among them.
const LOOKED_AT: u32 = 20_000;
/// So many of these batches are looked into, also where they have few rows or none of the kind: a large store costs no
/// more than a small one.
const BATCHES_LOOKED_INTO: u32 = 1_000;

/// The classes that are known, and how many rows say so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    pub labels: BTreeSet<String>,
    pub rows_count: u64,
}

impl Known {
    fn add(&mut self, label: String, rows_count: u64) {
        self.labels.insert(label);
        self.rows_count += rows_count;
    }
}

/// The classes that turned out true: of the newest visible truths of a model but for those of one batch, and in the
/// reference samples of these versions.
///
/// # Errors
/// The store can't be read.
pub fn true_ones(
    tx: &Tx<'_>,
    model: i64,
    versions: &[VersionId],
    besides: Option<BatchId>,
) -> Result<Known> {
    let mut known = Known::default();
    let mut statement = tx.sql.prepare_cached(
        "SELECT class, count(*)
         FROM (SELECT truth.class AS class
               FROM (SELECT id FROM batch WHERE model_id = :model AND state = 'visible' AND id IS NOT :besides
                     ORDER BY id DESC LIMIT :batches) AS newest
               CROSS JOIN truth ON truth.batch_id = newest.id LIMIT :limit)
         WHERE class IS NOT NULL GROUP BY class",
    )?;
    let mut rows = statement.query(named_params! {
        ":model": model, ":besides": besides.map(|batch| batch.0),
        ":batches": BATCHES_LOOKED_INTO, ":limit": LOOKED_AT,
    })?;
    while let Some(row) = rows.next()? {
        known.add(row.get(0)?, count(row, 1)?);
    }
    for version in versions {
        let mut statement = tx.sql.prepare_cached(
            "SELECT truth_class, count(*)
             FROM (SELECT truth_class FROM reference_row WHERE version_id = :version ORDER BY sequence LIMIT :limit)
             WHERE truth_class IS NOT NULL GROUP BY truth_class",
        )?;
        let mut rows =
            statement.query(named_params! { ":version": version.0, ":limit": LOOKED_AT })?;
        while let Some(row) = rows.next()? {
            known.add(row.get(0)?, count(row, 1)?);
        }
    }
    Ok(known)
}

/// The classes of the newest visible predictions of a model.
///
/// # Errors
/// The store can't be read.
pub fn predicted_ones(tx: &Tx<'_>, model: i64) -> Result<Known> {
    let mut known = Known::default();
    let mut statement = tx.sql.prepare_cached(
        "SELECT class, count(*)
         FROM (SELECT prediction.class AS class
               FROM (SELECT id FROM batch WHERE model_id = :model AND state = 'visible'
                     ORDER BY id DESC LIMIT :batches) AS newest
               CROSS JOIN prediction ON prediction.batch_id = newest.id LIMIT :limit)
         WHERE class IS NOT NULL GROUP BY class",
    )?;
    let mut rows = statement.query(named_params! {
        ":model": model, ":batches": BATCHES_LOOKED_INTO, ":limit": LOOKED_AT,
    })?;
    while let Some(row) = rows.next()? {
        known.add(row.get(0)?, count(row, 1)?);
    }
    Ok(known)
}

/// The classes in the newest reference samples of a model, predicted or true.
///
/// # Errors
/// The store can't be read.
pub fn of_references(tx: &Tx<'_>, model: i64) -> Result<Known> {
    let mut known = Known::default();
    let mut statement = tx.sql.prepare_cached(
        "WITH newest AS MATERIALIZED
             (SELECT id FROM version WHERE model_id = :model ORDER BY id DESC LIMIT 20),
         row AS MATERIALIZED
             (SELECT reference_row.class, reference_row.truth_class
              FROM newest CROSS JOIN reference_row ON reference_row.version_id = newest.id LIMIT :limit)
         SELECT class, count(*) FROM row WHERE class IS NOT NULL GROUP BY class
         UNION ALL SELECT truth_class, 0 FROM row WHERE truth_class IS NOT NULL GROUP BY truth_class",
    )?;
    let mut rows = statement.query(named_params! { ":model": model, ":limit": LOOKED_AT })?;
    while let Some(row) = rows.next()? {
        known.add(row.get(0)?, count(row, 1)?);
    }
    Ok(known)
}

/// The classes of a version's first visible predictions: those that it predicted, and those that it gave probabilities.
/// What it predicts now may be fewer.
///
/// # Errors
/// The store can't be read.
pub fn first_ones(tx: &Tx<'_>, version: VersionId) -> Result<BTreeSet<String>> {
    let mut statement = tx.sql.prepare_cached(
        "WITH first AS MATERIALIZED
             (SELECT prediction.class, prediction.label_set_id
              FROM prediction CROSS JOIN batch ON batch.id = prediction.batch_id AND batch.state = 'visible'
              WHERE prediction.version_id = :version ORDER BY prediction.predicted_at LIMIT :limit)
         SELECT class FROM first WHERE class IS NOT NULL GROUP BY class
         UNION ALL
         SELECT label.value
         FROM label_set, json_each(label_set.labels) AS label
         WHERE label_set.id IN (SELECT label_set_id FROM first)",
    )?;
    let labels = statement.query_map(
        named_params! { ":version": version.0, ":limit": LOOKED_AT },
        |row| row.get(0),
    )?;
    Ok(labels.collect::<std::result::Result<_, _>>()?)
}

/// Whether any prediction of a model counts.
///
/// # Errors
/// The store can't be read.
pub fn has_predictions(tx: &Tx<'_>, model: i64) -> Result<bool> {
    let query = "SELECT EXISTS (SELECT 1 FROM version JOIN prediction_hour ON prediction_hour.version_id = version.id
                                WHERE version.model_id = :model AND prediction_hour.predictions_count > 0)";
    let mut statement = tx.sql.prepare_cached(query)?;
    Ok(statement.query_row(named_params! { ":model": model }, |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::example::Example;

    /// A model of classes beside the example's, and a batch of each with these rows; the other one's is the newer.
    fn planted(
        look: impl Fn(&Tx<'_>) -> Result<Known>,
        table: &str,
        state: &str,
        rows: u32,
    ) -> Known {
        let mut example = Example::new();
        example.other_model("other", crate::domain::metric::Task::Classification);
        let version = example.version("a");
        let columns = match table {
            "truth" => "model_id, batch_id, line_number, prediction_id, class, label_at",
            _ => {
                "version_id, batch_id, line_number, prediction_id, class, predicted_at, attribution, failed"
            }
        };
        assert_eq!(version.0, 1);
        let values = |owner: &str, batch: u8, class: &str| {
            let more = if table == "truth" { "" } else { ", 'flag', 0" };
            format!("SELECT {owner}, {batch}, value, 'id' || value, '{class}', value{more}")
        };
        let other = if table == "truth" { "2" } else { "1" };
        let batch = |id: u8, model: u8, state: &str| {
            format!(
                "INSERT INTO batch (id, model_id, kind, state, owner_pid, owner_boot, source, started_at, report, operation_id,
                     request_blake3)
                 VALUES ({id}, {model}, 'truth', '{state}', 1, 'b', 's', 1, '{{}}', 1, zeroblob(32));"
            )
        };
        let sql = format!(
            "{}{}{}
             INSERT INTO {table} ({columns}) {} FROM (SELECT 1 AS value UNION SELECT 2);
             INSERT INTO {table} ({columns})
                 WITH RECURSIVE n (value) AS (SELECT 10 UNION ALL SELECT value + 1 FROM n WHERE value < 9 + {rows})
                 {} FROM n;
             INSERT INTO {table} ({columns}) {} FROM (SELECT 3 AS value);",
            batch(1, 1, "visible"),
            batch(2, 2, "visible"),
            batch(3, 1, state),
            values("1", 1, "yes"),
            values(other, 2, "theirs"),
            values("1", 3, "no"),
        );
        example.planted(&sql, look)
    }

    fn names(known: &Known) -> Vec<&str> {
        known.labels.iter().map(String::as_str).collect()
    }

    #[test]
    fn the_rows_of_another_model_hide_none_and_those_that_do_not_count_are_not_known() {
        for table in ["truth", "prediction"] {
            let look = |tx: &Tx<'_>| match table {
                "truth" => true_ones(tx, 1, &[], None),
                _ => predicted_ones(tx, 1),
            };
            let known = planted(look, table, "pending", LOOKED_AT + 1);
            assert_eq!(names(&known), ["yes"], "{table}");
            assert_eq!(known.rows_count, 2, "{table}");
            let known = planted(look, table, "visible", 1);
            assert_eq!(names(&known), ["no", "yes"], "{table}");
            assert_eq!(known.rows_count, 3, "{table}");
        }
    }

    /// An old row in the first of so many batches, and so many new ones in the last: what is known of either kind.
    fn known_of(batches: u32, new_rows: u32) -> [Known; 2] {
        let mut example = Example::new();
        example.version("a");
        let sql = format!(
            "WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < {batches})
             INSERT INTO batch (id, model_id, kind, state, owner_pid, owner_boot, source, started_at, report,
                 operation_id, request_blake3)
             SELECT value, 1, 'truth', 'visible', 1, 'b', 's', 1, '{{}}', 1, zeroblob(32) FROM n;
             CREATE TEMP TABLE line AS
                 WITH RECURSIVE n (value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM n WHERE value < {new_rows})
                 SELECT value, iif(value, {batches}, 1) AS batch, iif(value, 'new', 'old') AS class FROM n;
             INSERT INTO truth (model_id, batch_id, line_number, prediction_id, class, label_at)
                 SELECT 1, batch, value, 'id' || value, class, 1 FROM line;
             INSERT INTO prediction (version_id, batch_id, line_number, prediction_id, class, predicted_at,
                     attribution, failed)
                 SELECT 1, batch, value, 'id' || value, class, 1, 'flag', 0 FROM line;
             DROP TABLE line;"
        );
        example.planted(&sql, |tx| {
            Ok([true_ones(tx, 1, &[], None)?, predicted_ones(tx, 1)?])
        })
    }

    #[test]
    fn of_a_model_with_few_rows_the_newest_batches_alone_are_looked_into() {
        for known in known_of(BATCHES_LOOKED_INTO, 2) {
            assert_eq!(names(&known), ["new", "old"]);
            assert_eq!(known.rows_count, 3);
        }
        for known in known_of(BATCHES_LOOKED_INTO + 1, 2) {
            assert_eq!(names(&known), ["new"]);
        }
    }

    #[test]
    fn of_more_rows_than_are_looked_at_the_newest_are_known() {
        for known in known_of(2, LOOKED_AT) {
            assert_eq!(names(&known), ["new"]);
            assert_eq!(known.rows_count, u64::from(LOOKED_AT));
        }
    }

    #[test]
    fn one_batch_can_be_left_out() {
        let look = |tx: &Tx<'_>| true_ones(tx, 1, &[], Some(BatchId(3)));
        assert_eq!(names(&planted(look, "truth", "visible", 1)), ["yes"]);
    }

    #[test]
    fn the_first_predictions_of_a_version_that_count_say_its_classes() {
        let look = |tx: &Tx<'_>| {
            Ok(Known {
                labels: first_ones(tx, VersionId(1))?,
                rows_count: 0,
            })
        };
        let of = |state| planted(look, "prediction", state, 1);
        assert_eq!(names(&of("visible")), ["no", "theirs", "yes"]);
        assert_eq!(names(&of("pending")), ["theirs", "yes"]);
    }

    #[test]
    fn the_newest_batches_are_found_by_their_index_and_read_as_far_as_needed() {
        let mut example = Example::new();
        let model = example.model;
        let traced = example.traced(|tx| {
            true_ones(tx, model, &[], None)?;
            predicted_ones(tx, model)?;
            of_references(tx, model)?;
            first_ones(tx, VersionId(1))?;
            Ok(())
        });
        let plan_of = |example: &mut Example, part: &str| {
            let sql = traced.iter().find(|sql| sql.contains(part)).unwrap();
            example.plan(sql).join("\n")
        };
        let plan = plan_of(&mut example, "AS label");
        assert!(!plan.contains("ORDER BY"), "{plan}");
        assert!(
            plan.contains("SEARCH prediction USING INDEX prediction_time (version_id=?)"),
            "{plan}"
        );
        let plan = plan_of(&mut example, "row AS MATERIALIZED");
        let (rows, order) = (plan.find("SEARCH reference_row"), plan.rfind("ORDER BY"));
        assert!(rows > order, "only the versions are sorted: {plan}");
        let mut planned = Vec::new();
        for sql in traced.iter().filter(|sql| sql.contains("FROM batch")) {
            let table = match sql.contains("truth") {
                true => "truth",
                false => "prediction",
            };
            let plan = example.plan(sql);
            let has = |words: &str| plan.iter().any(|step| step.contains(words));
            assert!(
                has("SEARCH batch USING INDEX batch_model (model_id=?)"),
                "{plan:#?}"
            );
            let rows = format!("SEARCH {table} USING INDEX {table}_batch (batch_id=?)");
            assert!(has(&rows), "{plan:#?}");
            assert!(!has("ORDER BY"), "{plan:#?}");
            planned.push(table);
        }
        planned.sort_unstable();
        assert_eq!(planned, ["prediction", "truth"]);
    }
}
