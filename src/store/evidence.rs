//! The labelled predictions that judging reads: the newest of a version, or those that two versions share.

use std::ops::ControlFlow;

use rusqlite::{Row, named_params};

use super::coverage::{Rows, Span, counts};
use super::values::RowReader;
use super::{Result, StoreError, Tx, instant};
use crate::domain::evidence::{Attribution, EvidenceRow};
use crate::domain::holders::VersionId;
use crate::domain::time::Timestamp;

/// How far back a window goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowLimit {
    /// The newest so many rows.
    Rows(u64),
    /// Rows whose label time is not before this.
    Since(Timestamp),
    All,
}

impl WindowLimit {
    const fn since(self) -> i64 {
        match self {
            Self::Since(at) => at.micros(),
            Self::Rows(_) | Self::All => i64::MIN,
        }
    }

    fn rows(self) -> usize {
        match self {
            Self::Rows(rows) => usize::try_from(rows).unwrap_or(usize::MAX),
            Self::Since(_) | Self::All => usize::MAX,
        }
    }
}

/// Up to this many rows it is cheaper to read all that are meant than to walk past those that are not.
const FEW_ROWS: u64 = 4_096;

// `truth` is looked up for each row that the index gives, never the other way round.
const SELECT: &str =
    "SELECT prediction.prediction_id, prediction.predicted_at, prediction.label_at,
        prediction.attribution, prediction.value, prediction.class, prediction.label_set_id,
        prediction.probabilities, truth.value, truth.class, prediction.id";

/// Newest label first. The index has exactly this order.
pub(super) const NEWEST_FIRST: &str = "
     FROM prediction INDEXED BY prediction_label
     CROSS JOIN truth ON truth.id = prediction.truth_id
     WHERE prediction.version_id = :version AND prediction.label_at >= :since
     ORDER BY prediction.label_at DESC, prediction.predicted_at DESC, prediction.prediction_id DESC";

const OLDEST_FIRST: &str = "
     FROM prediction INDEXED BY prediction_label
     CROSS JOIN truth ON truth.id = prediction.truth_id
     WHERE prediction.version_id = :version AND prediction.label_at >= :since
     ORDER BY prediction.label_at, prediction.predicted_at, prediction.prediction_id";

/// By the time of the prediction.
pub(super) const PREDICTED_WITHIN: &str = "
     FROM prediction INDEXED BY prediction_labelled
     CROSS JOIN truth ON truth.id = prediction.truth_id
     WHERE prediction.version_id = :version AND prediction.label_at IS NOT NULL
       AND prediction.predicted_at >= :from AND prediction.predicted_at < :to";

fn evidence(tx: &Tx<'_>, reader: &mut RowReader, row: &Row<'_>) -> Result<EvidenceRow> {
    let attribution: String = row.get(3)?;
    Ok(EvidenceRow {
        prediction_id: row.get(0)?,
        predicted_at: instant(row, 1)?,
        label_at: instant(row, 2)?,
        attribution: Attribution::from_name(&attribution)
            .ok_or_else(|| StoreError::meaningless("attribution", attribution))?,
        labelled: reader.labelled(tx, row, 4)?,
    })
}

fn sort(rows: &mut [EvidenceRow]) {
    rows.sort_by(|a, b| {
        (a.label_at, a.predicted_at, &a.prediction_id).cmp(&(
            b.label_at,
            b.predicted_at,
            &b.prediction_id,
        ))
    });
}

/// The labelled rows of a window, oldest first: by label time, then time of the prediction, then id.
///
/// All of them are in memory at once: for windows without a limit see [`visit`].
///
/// # Errors
/// The store can't be read.
pub fn window(
    tx: &Tx<'_>,
    version: VersionId,
    rows: Rows<'_>,
    limit: WindowLimit,
) -> Result<Vec<EvidenceRow>> {
    let spans = rows.spans();
    let labelled = counts(tx, version, &spans)?.labelled;
    let wanted = limit.rows();
    let takes_all = match limit {
        WindowLimit::Rows(rows) => labelled <= rows,
        WindowLimit::Since(_) => false,
        WindowLimit::All => true,
    };
    if wanted == 0 || labelled == 0 {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    if takes_all || labelled <= FEW_ROWS {
        for span in spans {
            within(tx, version, span, limit.since(), &mut found)?;
        }
        sort(&mut found);
        found.drain(..found.len().saturating_sub(wanted));
    } else {
        walk(
            tx,
            version,
            &spans,
            NEWEST_FIRST,
            limit.since(),
            &mut |row| {
                found.push(row);
                Ok(if found.len() < wanted {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                })
            },
        )?;
        found.reverse();
    }
    Ok(found)
}

/// Hands over all labelled rows since a label time (or ever), oldest first, one in memory at a time.
///
/// # Errors
/// What `each` returns, or the store can't be read.
pub fn visit(
    tx: &Tx<'_>,
    version: VersionId,
    rows: Rows<'_>,
    since: Option<Timestamp>,
    each: &mut dyn FnMut(EvidenceRow) -> Result<()>,
) -> Result<()> {
    let since = since.map_or(i64::MIN, Timestamp::micros);
    walk(
        tx,
        version,
        &rows.spans(),
        OLDEST_FIRST,
        since,
        &mut |row| {
            each(row)?;
            Ok(ControlFlow::Continue(()))
        },
    )
}

/// The newest label time, if there is a labelled row.
///
/// # Errors
/// The store can't be read.
pub fn newest_label_at(
    tx: &Tx<'_>,
    version: VersionId,
    rows: Rows<'_>,
) -> Result<Option<Timestamp>> {
    let newest = window(tx, version, rows, WindowLimit::Rows(1))?;
    Ok(newest.last().map(|row| row.label_at))
}

fn within(
    tx: &Tx<'_>,
    version: VersionId,
    span: Span,
    since: i64,
    found: &mut Vec<EvidenceRow>,
) -> Result<()> {
    let mut reader = RowReader::default();
    let mut statement = tx
        .sql
        .prepare_cached(&format!("{SELECT}{PREDICTED_WITHIN}"))?;
    let mut rows = statement
        .query(named_params! { ":version": version.0, ":from": span.from, ":to": span.to })?;
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(2)? >= since {
            found.push(evidence(tx, &mut reader, row)?);
        }
    }
    Ok(())
}

/// Walks the index of label times and hands over the rows that were predicted in one of the spans.
fn walk(
    tx: &Tx<'_>,
    version: VersionId,
    spans: &[Span],
    order: &str,
    since: i64,
    each: &mut dyn FnMut(EvidenceRow) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let mut reader = RowReader::default();
    let mut statement = tx.sql.prepare_cached(&format!("{SELECT}{order}"))?;
    let mut rows = statement.query(named_params! { ":version": version.0, ":since": since })?;
    while let Some(row) = rows.next()? {
        let predicted_at: i64 = row.get(1)?;
        if spans.iter().any(|span| span.contains(predicted_at))
            && each(evidence(tx, &mut reader, row)?)?.is_break()
        {
            break;
        }
    }
    Ok(())
}

/// The labelled rows of ids that both versions predicted, in any role, oldest first as in [`window`].
///
/// Both belong to the same model, so each pair has one truth. Walks the labels of the version that has fewer.
///
/// # Errors
/// The store can't be read.
pub fn shared(
    tx: &Tx<'_>,
    a: VersionId,
    b: VersionId,
    limit: WindowLimit,
) -> Result<Vec<(EvidenceRow, EvidenceRow)>> {
    let everywhere = Rows::Any.spans();
    let (a_count, b_count) = (
        counts(tx, a, &everywhere)?.labelled,
        counts(tx, b, &everywhere)?.labelled,
    );
    let (walked, other) = if a_count <= b_count { (a, b) } else { (b, a) };
    let wanted = limit.rows();
    let mut pairs = Vec::new();
    if wanted == 0 || a_count == 0 || b_count == 0 {
        return Ok(pairs);
    }
    walk(
        tx,
        walked,
        &everywhere,
        NEWEST_FIRST,
        limit.since(),
        &mut |row| {
            if let Some(twin) = labelled_twin(tx, other, &row.prediction_id)? {
                pairs.push(if walked == a {
                    (row, twin)
                } else {
                    (twin, row)
                });
            }
            Ok(if pairs.len() < wanted {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            })
        },
    )?;
    pairs.reverse();
    Ok(pairs)
}

pub(super) const OF_ID: &str = "
     FROM prediction INDEXED BY prediction_key
     CROSS JOIN truth ON truth.id = prediction.truth_id
     WHERE prediction.prediction_id = :id AND prediction.version_id = :version
       AND prediction.label_at IS NOT NULL";

fn labelled_twin(tx: &Tx<'_>, version: VersionId, id: &str) -> Result<Option<EvidenceRow>> {
    let mut statement = tx.sql.prepare_cached(&format!("{SELECT}{OF_ID}"))?;
    let mut rows = statement.query(named_params! { ":id": id, ":version": version.0 })?;
    rows.next()?
        .map(|row| evidence(tx, &mut RowReader::default(), row))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evidence::Value;
    use crate::store::example::{Example, P, T, minute};
    use crate::store::predictions::OnConflict;

    fn ids(rows: &[EvidenceRow]) -> Vec<&str> {
        rows.iter().map(|row| row.prediction_id.as_str()).collect()
    }

    #[test]
    fn the_newest_labels_are_the_window() {
        let mut example = Example::new();
        let v = example.version("a");
        example.promote(v, None);
        let rows = [
            P(v, "c", 1, Some(1.0)),
            P(v, "b", 1, Some(1.0)),
            P(v, "a", 2, None),
            P(v, "late", 0, Some(4.0)),
            P(v, "unlabelled", 3, Some(1.0)),
        ];
        let truths = [
            T("a", 1.0, 10),
            T("b", 1.0, 10),
            T("c", 1.0, 10),
            T("late", 2.0, 20),
        ];
        example.ingest(&rows, &truths, OnConflict::Error);
        let periods = example.periods(v);
        let of = |example: &mut Example, limit| {
            example.read(|tx| window(tx, v, Rows::Live(&periods), limit))
        };
        let all = of(&mut example, WindowLimit::All);
        assert_eq!(ids(&all), ["b", "c", "a", "late"]);
        assert_eq!(all[3].labelled.prediction, Some(Value::Number(4.0)));
        assert_eq!(all[3].labelled.truth, Value::Number(2.0));
        assert_eq!(all[2].labelled.prediction, None);
        assert_eq!(
            (all[3].predicted_at, all[3].label_at),
            (minute(0), minute(20))
        );
        assert_eq!(ids(&of(&mut example, WindowLimit::Rows(2))), ["a", "late"]);
        assert_eq!(of(&mut example, WindowLimit::Rows(0)), []);
        let since = WindowLimit::Since(minute(11));
        assert_eq!(ids(&of(&mut example, since)), ["late"]);
        let newest = example.read(|tx| newest_label_at(tx, v, Rows::Live(&periods)));
        assert_eq!(newest, Some(minute(20)));
        let mut seen = Vec::new();
        example.read(|tx| {
            visit(tx, v, Rows::Any, Some(minute(10)), &mut |row| {
                seen.push(row.prediction_id);
                Ok(())
            })
        });
        assert_eq!(seen, ["b", "c", "a", "late"]);
        example.assert_whole();
    }

    #[test]
    fn a_row_is_live_or_shadow_by_the_time_of_its_prediction() {
        let mut example = Example::new();
        let v = example.version("a");
        let w = example.version("b");
        example.promote(v, None);
        example.promote(w, Some(60));
        example.promote(v, Some(120));
        let rows = [
            P(v, "first", 59, Some(1.0)),
            P(v, "between", 60, Some(1.0)),
            P(v, "again", 120, Some(1.0)),
        ];
        let truths = [
            T("first", 1.0, 200),
            T("between", 1.0, 200),
            T("again", 1.0, 200),
        ];
        example.ingest(&rows, &truths, OnConflict::Error);
        let periods = example.periods(v);
        assert_eq!(periods.len(), 2);
        let mut of = |rows: Rows<'_>| {
            let rows = example.read(|tx| window(tx, v, rows, WindowLimit::All));
            rows.into_iter()
                .map(|row| row.prediction_id)
                .collect::<Vec<_>>()
        };
        assert_eq!(of(Rows::Live(&periods)), ["first", "again"]);
        assert_eq!(of(Rows::Live(&periods[1..])), ["again"]);
        assert_eq!(of(Rows::Shadow(&periods)), ["between"]);
        assert_eq!(of(Rows::Any), ["first", "between", "again"]);
        example.assert_whole();
    }

    #[test]
    fn a_long_history_is_walked_from_its_end() {
        let mut example = Example::new();
        let v = example.version("a");
        example.promote(v, Some(0));
        let names: Vec<String> = (0..6_000).map(|n| format!("{n:04}")).collect();
        let rows: Vec<_> = (0..)
            .zip(&names)
            .map(|(n, id)| P(v, id, n - 600, Some(1.0)))
            .collect();
        let truths: Vec<_> = (0..)
            .zip(&names)
            .map(|(n, id)| T(id, 1.0, n + 7_000))
            .collect();
        example.ingest(&rows, &truths, OnConflict::Error);
        let periods = example.periods(v);
        let mut of = |rows: Rows<'_>, limit| example.read(|tx| window(tx, v, rows, limit));
        let newest = of(Rows::Live(&periods), WindowLimit::Rows(3));
        assert_eq!(ids(&newest), ["5997", "5998", "5999"]);
        assert_eq!(of(Rows::Live(&periods), WindowLimit::All).len(), 5_400);
        let since = of(Rows::Live(&periods), WindowLimit::Since(minute(12_998)));
        assert_eq!(ids(&since), ["5998", "5999"]);
        let shadow = of(Rows::Shadow(&periods), WindowLimit::Rows(2));
        assert_eq!(ids(&shadow), ["0598", "0599"]);
    }

    #[test]
    fn shared_rows_are_those_that_both_predicted() {
        let mut example = Example::new();
        let v = example.version("a");
        let w = example.version("b");
        let rows = [
            P(v, "1", 0, Some(1.0)),
            P(v, "2", 1, Some(1.0)),
            P(v, "3", 2, Some(1.0)),
            P(v, "4", 2, Some(1.0)),
            P(w, "2", 5, Some(2.0)),
            P(w, "1", 6, Some(2.0)),
            P(w, "4", 6, Some(2.0)),
        ];
        let truths = [T("1", 1.0, 30), T("2", 1.0, 20), T("3", 1.0, 40)];
        example.ingest(&rows, &truths, OnConflict::Error);
        for (a, b) in [(v, w), (w, v)] {
            let pairs = example.read(|tx| shared(tx, a, b, WindowLimit::All));
            let of_a: Vec<_> = pairs
                .iter()
                .map(|(a, _)| a.prediction_id.as_str())
                .collect();
            let of_b: Vec<_> = pairs
                .iter()
                .map(|(_, b)| b.prediction_id.as_str())
                .collect();
            assert_eq!((of_a, of_b), (vec!["2", "1"], vec!["2", "1"]));
            let first = if a == v { 1.0 } else { 2.0 };
            assert_eq!(pairs[0].0.labelled.prediction, Some(Value::Number(first)));
            let newest = example.read(|tx| shared(tx, a, b, WindowLimit::Rows(1)));
            assert_eq!(newest.len(), 1);
            assert_eq!(newest[0].0.prediction_id, "1");
        }
        example.assert_whole();
    }

    #[test]
    fn every_query_uses_its_index_and_none_sorts() {
        let mut example = Example::new();
        for (query, index) in [
            (NEWEST_FIRST, "prediction_label"),
            (OLDEST_FIRST, "prediction_label"),
            (PREDICTED_WITHIN, "prediction_labelled"),
            (OF_ID, "prediction_key"),
        ] {
            let sql = format!("{SELECT}{query}")
                .replace(":version", "1")
                .replace(":since", "2")
                .replace(":from", "2")
                .replace(":to", "3")
                .replace(":id", "'x'");
            let plan = example.plan(&sql);
            assert!(
                plan[0].starts_with(&format!("SEARCH prediction USING INDEX {index} ")),
                "{plan:?}"
            );
            for step in &plan {
                assert!(
                    !step.starts_with("SCAN") && !step.contains("TEMP B-TREE"),
                    "{plan:?}"
                );
            }
        }
    }
}
