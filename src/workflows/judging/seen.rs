//! The labelled rows of a window as metrics take them, and what is told of them; a long window is never held as rows.

use crate::domain::evidence::{Attribution, EvidenceRow, Gathered};
use crate::domain::metric::Task;
use crate::domain::policy::ModelPolicy;
use crate::domain::sample::Sample;
use crate::domain::time::{Length, Timestamp};
use crate::files::values::canonical_label;
use crate::store::coverage::Rows;
use crate::store::evidence::{WindowLimit, visit, window};
use crate::store::{StoreError, Tx};

use super::WindowFacts;
use crate::domain::holders::VersionId;

/// What a window holds.
pub(super) struct Seen {
    pub sample: Sample,
    pub facts: WindowFacts,
    pub newest_label_at: Option<Timestamp>,
}

/// What is told of rows, gathered one by one.
#[derive(Default)]
struct Told {
    from_at: Option<Timestamp>,
    to_at: Option<Timestamp>,
    newest_label_at: Option<Timestamp>,
    by: [u64; Attribution::ALL.len()],
    lags: Vec<Length>,
}

/// Looks at a window; one without a limit of rows is read one row at a time.
///
/// # Errors
/// The store can't be read.
pub(super) fn look(
    tx: &Tx<'_>,
    version: VersionId,
    rows: Rows<'_>,
    limit: WindowLimit,
    task: Task,
    policy: &ModelPolicy,
) -> Result<Seen, StoreError> {
    let mut told = Told::default();
    let since = match limit {
        WindowLimit::Since(since) => Some(Some(since)),
        WindowLimit::All => Some(None),
        WindowLimit::Rows(_) => None,
    };
    let positive = policy.columns.positive.as_deref().map(canonical_label);
    let mut gathered = Gathered::of(task);
    let mut take = |row: &EvidenceRow| {
        told.note(row);
        gathered.push(&row.labelled);
    };
    match since {
        Some(since) => visit(tx, version, rows, since, &mut |row| {
            take(&row);
            Ok(())
        })?,
        None => window(tx, version, rows, limit)?.iter().for_each(&mut take),
    }
    let sample = gathered.finish(positive.as_deref());
    Ok(Seen {
        sample,
        newest_label_at: told.newest_label_at,
        facts: told.facts(),
    })
}

impl Told {
    fn note(&mut self, row: &EvidenceRow) {
        let at = row.predicted_at;
        self.from_at = Some(self.from_at.map_or(at, |first| first.min(at)));
        self.to_at = Some(self.to_at.map_or(at, |last| last.max(at)));
        self.newest_label_at = self.newest_label_at.max(Some(row.label_at));
        for (count, by) in self.by.iter_mut().zip(Attribution::ALL) {
            *count += u64::from(by == row.attribution);
        }
        self.lags.push(row.label_at.since(at));
    }

    fn facts(mut self) -> WindowFacts {
        let counted = Attribution::ALL.into_iter().zip(self.by);
        self.lags.sort_unstable();
        WindowFacts {
            rows_count: self.lags.len() as u64,
            from_at: self.from_at,
            to_at: self.to_at,
            attribution: counted.filter(|(_, count)| *count > 0).collect(),
            // The lower one of two in the middle.
            lag_p50: self
                .lags
                .get(self.lags.len().saturating_sub(1) / 2)
                .copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::AliasName;
    use crate::store::aliases::{Periods, periods};
    use crate::workflows::example::Scene;

    /// The same rows, read one by one and as a whole.
    #[test]
    fn a_window_without_a_limit_holds_what_a_large_enough_one_does() {
        let mut scene = Scene::new();
        let version = scene.version("v1");
        scene.promote(version, 0);
        scene.rows(version, 1, 301, 0.25);
        let (model, policy) = (scene.model.id, scene.policy.clone());
        let seen = |scene: &mut Scene, limit| {
            scene.example.read(|tx| {
                let present = periods(tx, model, &AliasName::production(), Periods::PresentTenure)?;
                let rows = Rows::Live(&present);
                look(tx, version, rows, limit, Task::Regression, &policy)
            })
        };
        let whole = seen(&mut scene, WindowLimit::Rows(1_000));
        assert_eq!(whole.facts.rows_count, 301);
        assert_eq!(whole.facts.lag_p50, Some(Length::from_seconds(60)));
        assert_eq!(whole.facts.attribution.len(), 1);
        let long_ago = Timestamp::from_micros(0).unwrap();
        for limit in [WindowLimit::All, WindowLimit::Since(long_ago)] {
            let one_by_one = seen(&mut scene, limit);
            assert_eq!(one_by_one.sample, whole.sample);
            assert_eq!(one_by_one.facts, whole.facts);
            assert_eq!(one_by_one.newest_label_at, whole.newest_label_at);
        }
        let newest = whole.newest_label_at.unwrap();
        let last = seen(&mut scene, WindowLimit::Since(newest));
        assert_eq!(last.facts.rows_count, 1);
        assert_eq!(last.facts.lag_p50, Some(Length::from_seconds(60)));
    }

    #[test]
    fn nothing_is_told_of_no_rows() {
        let mut scene = Scene::new();
        let version = scene.version("v1");
        let policy = scene.policy.clone();
        let seen = scene.example.read(|tx| {
            look(
                tx,
                version,
                Rows::Any,
                WindowLimit::All,
                Task::Regression,
                &policy,
            )
        });
        assert_eq!(seen.facts, WindowFacts::default());
        assert_eq!(seen.newest_label_at, None);
        assert_eq!(seen.sample.rows_count(), 0);
    }
}
