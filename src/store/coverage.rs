//! How much there is to judge by: counts from the hourly counters, and from an index where a period begins or ends
//! within an hour.

use rusqlite::{OptionalExtension, named_params};

use super::aliases::Period;
use super::{Result, StoreError, Tx, count};
use crate::domain::evidence::Coverage;
use crate::domain::holders::VersionId;
use crate::domain::time::Timestamp;

const HOUR_MICROS: i64 = 3_600_000_000;

/// Which of a version's rows are meant, by when they were predicted.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    /// Within one of these periods: those of the present tenure, or of earlier ones.
    Live(&'a [Period]),
    /// Outside all of these, which are all the periods in which the version held production.
    Shadow(&'a [Period]),
    /// Whenever.
    Any,
}

/// Instants from the first (included) to the second (excluded); the extremes stand for "always".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub from: i64,
    pub to: i64,
}

impl Span {
    const ALWAYS: Self = Self {
        from: i64::MIN,
        to: i64::MAX,
    };

    pub const fn contains(self, micros: i64) -> bool {
        self.from <= micros && micros < self.to
    }
}

impl Rows<'_> {
    /// The spans of time that are meant, in order, without overlap.
    pub(super) fn spans(self) -> Vec<Span> {
        let sorted = |periods: &[Period]| {
            let mut spans: Vec<Span> = periods
                .iter()
                .map(|period| Span {
                    from: period.from.map_or(i64::MIN, Timestamp::micros),
                    to: period.to.map_or(i64::MAX, Timestamp::micros),
                })
                .filter(|span| span.from < span.to)
                .collect();
            spans.sort_unstable();
            spans
        };
        match self {
            Rows::Live(periods) => sorted(periods),
            Rows::Any => vec![Span::ALWAYS],
            Rows::Shadow(periods) => {
                let mut from = i64::MIN;
                let mut outside = Vec::new();
                for span in sorted(periods) {
                    if from < span.from {
                        outside.push(Span {
                            from,
                            to: span.from,
                        });
                    }
                    from = from.max(span.to);
                }
                if from < i64::MAX {
                    outside.push(Span { from, to: i64::MAX });
                }
                outside
            }
        }
    }
}

/// Counts of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub predictions: u64,
    pub failed: u64,
    pub labelled: u64,
}

impl Counts {
    const fn plus(self, other: Self) -> Self {
        Self {
            predictions: self.predictions + other.predictions,
            failed: self.failed + other.failed,
            labelled: self.labelled + other.labelled,
        }
    }
}

/// Counts the visible rows of a version in some spans.
pub(super) fn counts(tx: &Tx<'_>, version: VersionId, spans: &[Span]) -> Result<Counts> {
    let mut sum = Counts::default();
    for span in spans {
        // The hours that lie in it whole, and what it has of the hours at its ends.
        let first = hour_at_or_after(span.from);
        let end = span.to.div_euclid(HOUR_MICROS);
        if first >= end {
            sum = sum.plus(counted(tx, version, *span)?);
            continue;
        }
        sum = sum.plus(kept(tx, version, first, end)?);
        if span.from > i64::MIN {
            let to = first.saturating_mul(HOUR_MICROS);
            sum = sum.plus(counted(tx, version, Span { to, ..*span })?);
        }
        if span.to < i64::MAX {
            let from = end.saturating_mul(HOUR_MICROS);
            sum = sum.plus(counted(tx, version, Span { from, ..*span })?);
        }
    }
    Ok(sum)
}

const fn hour_at_or_after(micros: i64) -> i64 {
    let hour = micros.div_euclid(HOUR_MICROS);
    if micros.rem_euclid(HOUR_MICROS) == 0 {
        hour
    } else {
        hour + 1
    }
}

/// The counters of the hours from `first` to before `end`.
fn kept(tx: &Tx<'_>, version: VersionId, first: i64, end: i64) -> Result<Counts> {
    Ok(tx
        .sql
        .prepare_cached(
            "SELECT ifnull(sum(predictions_count), 0), ifnull(sum(failed_count), 0), ifnull(sum(labelled_count), 0)
             FROM prediction_hour WHERE version_id = :version AND hour >= :first AND hour < :end",
        )?
        .query_row(
            named_params! { ":version": version.0, ":first": first, ":end": end },
            three_counts,
        )?)
}

pub(super) const COUNT_ROWS: &str =
    "SELECT count(*), ifnull(sum(prediction.failed), 0), count(prediction.label_at)
     FROM prediction INDEXED BY prediction_time
     CROSS JOIN batch ON batch.id = prediction.batch_id AND batch.state = 'visible'
     WHERE prediction.version_id = :version AND prediction.predicted_at >= :from AND prediction.predicted_at < :to";

/// Counts rows one by one; for less than two hours of them.
fn counted(tx: &Tx<'_>, version: VersionId, span: Span) -> Result<Counts> {
    if span.from >= span.to {
        return Ok(Counts::default());
    }
    Ok(tx.sql.prepare_cached(COUNT_ROWS)?.query_row(
        named_params! { ":version": version.0, ":from": span.from, ":to": span.to },
        three_counts,
    )?)
}

fn three_counts(row: &rusqlite::Row<'_>) -> rusqlite::Result<Counts> {
    Ok(Counts {
        predictions: count(row, 0)?,
        failed: count(row, 1)?,
        labelled: count(row, 2)?,
    })
}

/// How much there is to judge a version by.
///
/// # Errors
/// The store can't be read.
pub fn coverage(tx: &Tx<'_>, version: VersionId, rows: Rows<'_>) -> Result<Coverage> {
    let spans = rows.spans();
    let mut coverage = counts_alone(tx, version, rows)?;
    if coverage.predictions_count > 0 {
        for span in &spans {
            coverage.first_at = extreme(tx, version, *span, Extreme::First)?;
            if coverage.first_at.is_some() {
                break;
            }
        }
        for span in spans.iter().rev() {
            coverage.last_at = extreme(tx, version, *span, Extreme::Last)?;
            if coverage.last_at.is_some() {
                break;
            }
        }
    }
    Ok(coverage)
}

/// Counts of predictions, failed ones and labelled ones, without asking when they were made.
///
/// # Errors
/// The store can't be read.
pub fn counts_alone(tx: &Tx<'_>, version: VersionId, rows: Rows<'_>) -> Result<Coverage> {
    let counts = counts(tx, version, &rows.spans())?;
    Ok(Coverage {
        predictions_count: counts.predictions,
        truth_count: counts.labelled,
        failed_count: counts.failed,
        first_at: None,
        last_at: None,
    })
}

/// The newest label time of a version's rows in any role: one step into an index.
///
/// # Errors
/// The store can't be read.
pub fn newest_label_of(tx: &Tx<'_>, version: VersionId) -> Result<Option<Timestamp>> {
    let newest: Option<i64> = tx
        .sql
        .prepare_cached(
            "SELECT max(label_at) FROM prediction INDEXED BY prediction_label
             WHERE version_id = :version AND label_at IS NOT NULL",
        )?
        .query_row(named_params! { ":version": version.0 }, |row| row.get(0))?;
    newest
        .map(|micros| {
            Timestamp::from_micros(micros)
                .map_err(|_| StoreError::meaningless("time", micros.to_string()))
        })
        .transpose()
}

/// How many predictions made since then failed, and how many there are, labelled or not.
///
/// # Errors
/// The store can't be read.
pub fn failed_since(
    tx: &Tx<'_>,
    version: VersionId,
    rows: Rows<'_>,
    since: Timestamp,
) -> Result<(u64, u64)> {
    let spans: Vec<Span> = rows
        .spans()
        .into_iter()
        .map(|span| Span {
            from: span.from.max(since.micros()),
            ..span
        })
        .filter(|span| span.from < span.to)
        .collect();
    let counts = counts(tx, version, &spans)?;
    Ok((counts.failed, counts.predictions))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Extreme {
    First,
    Last,
}

/// The first or last visible prediction of a span: from hour to hour by the counters, within an hour by the index.
fn extreme(
    tx: &Tx<'_>,
    version: VersionId,
    span: Span,
    which: Extreme,
) -> Result<Option<Timestamp>> {
    let (direction, pick) = match which {
        Extreme::First => ("ASC", "min"),
        Extreme::Last => ("DESC", "max"),
    };
    let mut hours = tx.sql.prepare_cached(&format!(
        "SELECT hour FROM prediction_hour
         WHERE version_id = :version AND hour >= :first AND hour <= :last AND predictions_count > 0
         ORDER BY hour {direction}"
    ))?;
    let mut hours = hours.query(named_params! {
        ":version": version.0,
        ":first": span.from.div_euclid(HOUR_MICROS),
        ":last": span.to.div_euclid(HOUR_MICROS),
    })?;
    // Only the hours at the ends can have rows and none of them in the span.
    while let Some(row) = hours.next()? {
        let begin = row.get::<_, i64>(0)?.saturating_mul(HOUR_MICROS);
        let found: Option<i64> = tx
            .sql
            .prepare_cached(&format!(
                "SELECT {pick}(prediction.predicted_at)
                 FROM prediction INDEXED BY prediction_time
                 CROSS JOIN batch ON batch.id = prediction.batch_id AND batch.state = 'visible'
                 WHERE prediction.version_id = :version
                   AND prediction.predicted_at >= :from AND prediction.predicted_at < :to"
            ))?
            .query_row(
                named_params! {
                    ":version": version.0,
                    ":from": begin.max(span.from),
                    ":to": begin.saturating_add(HOUR_MICROS).min(span.to),
                },
                |row| row.get(0),
            )
            .optional()?
            .flatten();
        if let Some(micros) = found {
            return Timestamp::from_micros(micros)
                .map(Some)
                .map_err(|_| StoreError::meaningless("time", micros.to_string()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::holders::OperationId;
    use crate::store::example::{Example, P, T, minute};
    use crate::store::predictions::OnConflict;

    fn period(from: Option<i64>, to: Option<i64>) -> Period {
        Period {
            version: VersionId(1),
            tenure: 1,
            from: from.map(minute),
            to: to.map(minute),
            from_operation: OperationId(1),
            to_operation: None,
        }
    }

    #[test]
    fn shadow_is_what_lies_outside_every_period() {
        let span = |from: Option<i64>, to: Option<i64>| Span {
            from: from.map_or(i64::MIN, |m| minute(m).micros()),
            to: to.map_or(i64::MAX, |m| minute(m).micros()),
        };
        let periods = [
            period(Some(40), Some(50)),
            period(Some(10), Some(20)),
            period(Some(20), Some(30)),
        ];
        assert_eq!(
            Rows::Shadow(&periods).spans(),
            [
                span(None, Some(10)),
                span(Some(30), Some(40)),
                span(Some(50), None)
            ]
        );
        assert_eq!(Rows::Shadow(&[]).spans(), Rows::Any.spans());
        assert_eq!(Rows::Live(&[]).spans(), []);
        assert_eq!(Rows::Shadow(&[period(None, None)]).spans(), []);
        assert_eq!(
            Rows::Shadow(&[period(None, Some(5))]).spans(),
            [span(Some(5), None)]
        );
    }

    #[test]
    fn counts_are_exact_wherever_a_period_begins_and_ends() {
        let mut example = Example::new();
        let v = example.version("a");
        // Every 7 minutes for 14 hours; each third failed, each second labelled.
        let ids: Vec<String> = (0..120).map(|n| n.to_string()).collect();
        let rows: Vec<_> = (0..)
            .zip(&ids)
            .map(|(n, id)| P(v, id, n * 7, (n % 3 > 0).then_some(1.0)))
            .collect();
        let truths: Vec<_> = ids.iter().step_by(2).map(|id| T(id, 1.0, 900)).collect();
        example.ingest(&rows, &truths, OnConflict::Error);
        let (undone, ..) = example.ingest(&[P(v, "undone", 60, None)], &[], OnConflict::Error);
        example.undo(undone);
        let naive = |inside: &dyn Fn(i64) -> bool| {
            let within: Vec<i64> = (0..120).filter(|n| inside(n * 7)).collect();
            let count =
                |which: &dyn Fn(&i64) -> bool| within.iter().filter(|n| which(n)).count() as u64;
            Coverage {
                predictions_count: within.len() as u64,
                truth_count: count(&|n| n % 2 == 0),
                failed_count: count(&|n| n % 3 == 0),
                first_at: within.first().map(|n| minute(n * 7)),
                last_at: within.last().map(|n| minute(n * 7)),
            }
        };
        let borders = [
            None,
            Some(-30),
            Some(0),
            Some(7),
            Some(59),
            Some(60),
            Some(61),
            Some(119),
            Some(120),
            Some(180),
            Some(299),
            Some(420),
            Some(833),
            Some(834),
            Some(2_000),
        ];
        for from in borders {
            for to in borders {
                if from.zip(to).is_some_and(|(from, to)| from > to) {
                    continue;
                }
                let inside =
                    |at: i64| from.is_none_or(|from| at >= from) && to.is_none_or(|to| at < to);
                let periods = [period(from, to)];
                let live = example.read(|tx| coverage(tx, v, Rows::Live(&periods)));
                assert_eq!(live, naive(&inside), "{from:?} {to:?}");
                let shadow = example.read(|tx| coverage(tx, v, Rows::Shadow(&periods)));
                assert_eq!(shadow, naive(&|at| !inside(at)), "outside {from:?} {to:?}");
                let since =
                    example.read(|tx| failed_since(tx, v, Rows::Live(&periods), minute(100)));
                let expected = naive(&|at| inside(at) && at >= 100);
                assert_eq!(since, (expected.failed_count, expected.predictions_count));
            }
        }
        example.assert_whole();
    }

    #[test]
    fn rows_are_counted_through_an_index_only() {
        let mut example = Example::new();
        let plan = example.plan(
            &COUNT_ROWS
                .replace(":version", "1")
                .replace(":from", "2")
                .replace(":to", "3"),
        );
        assert!(
            plan[0].contains("SEARCH prediction USING INDEX prediction_time"),
            "{plan:?}"
        );
        assert!(
            plan.iter().all(|step| !step.starts_with("SCAN")),
            "{plan:?}"
        );
    }
}
