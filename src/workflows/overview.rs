//! Looks at a model from above: what is live, what lies below it, what the last check said. Reads counters, and rows
//! only of the hour in which a tenure began.

use std::collections::HashSet;

use serde_json::Value;

use crate::domain::evidence::Coverage;
use crate::domain::holders::VersionId;
use crate::domain::names::AliasName;
use crate::domain::time::Timestamp;
use crate::domain::verdict::Standing;
use crate::store::aliases::{self, Held, Periods};
use crate::store::coverage::{self, Rows};
use crate::store::evaluations::{self, Evaluation};
use crate::store::models::Model;
use crate::store::versions::{self, Version};
use crate::store::{StoreError, Tx, alerts, outbox};

/// So many entries of the stack are described.
const BELOW_LIMIT: usize = 10;

/// A model, seen from above.
#[derive(Clone, Debug)]
pub struct Overview {
    pub model: Model,
    pub production: Option<Production>,
    /// There is something to make live.
    pub has_versions: bool,
    /// The newest first, at most ten.
    pub below: Vec<Below>,
    /// All that lie below.
    pub below_count: usize,
    /// By the policy.
    pub last_check: Option<LastCheck>,
    /// One of what is live, since then, by rules that were given for it alone.
    pub aside: Option<Evaluation>,
    pub alerts_open_count: usize,
    /// Messages that wait for their channel.
    pub messages_queued_count: u64,
    /// Messages that were given up.
    pub messages_failed_count: u64,
}

/// The live version.
#[derive(Clone, Debug)]
pub struct Production {
    pub version: Version,
    pub held: Held,
    pub is_bad: bool,
    pub standing: Standing,
    /// None where it has no periods, which a whole store never has.
    pub tenure: Option<i64>,
    /// Of the present tenure.
    pub coverage: Coverage,
    pub newest_label_at: Option<Timestamp>,
}

/// A version below the live one.
#[derive(Clone, Debug)]
pub struct Below {
    pub version: Version,
    pub is_bad: bool,
    pub standing: Standing,
}

impl Production {
    /// Whether a check was one of this version since it became live.
    #[must_use]
    pub fn is_of_tenure(&self, evaluation: &Evaluation) -> bool {
        evaluation.version == Some(self.version.id)
            && evaluation.tenure.is_some()
            && evaluation.tenure == self.tenure
    }
}

/// The last check of what was live, by the policy.
#[derive(Clone, Debug)]
pub struct LastCheck {
    pub evaluation: Evaluation,
    /// `None`: nobody was live.
    pub version: Option<Version>,
    /// It is one of what is live now, since that became live.
    pub is_of_tenure: bool,
    /// What it saw, as it was stored.
    pub document: Value,
}

/// Looks at a model.
///
/// # Errors
/// The store can't be read.
pub fn overview(tx: &Tx<'_>, model: &Model) -> Result<Overview, StoreError> {
    let production = AliasName::production();
    let holders = aliases::holders(tx, model.id, &production)?;
    let held = aliases::list(tx, model.id)?
        .into_iter()
        .find(|held| held.alias == production);
    let mut below = Vec::new();
    let mut seen: HashSet<VersionId> = holders.holder().into_iter().collect();
    let lower: Vec<VersionId> = holders.lower().filter(|id| seen.insert(*id)).collect();
    for id in lower.iter().take(BELOW_LIMIT) {
        below.push(Below {
            version: versions::get(tx, *id)?,
            is_bad: versions::is_bad(tx, *id)?,
            standing: versions::standing(tx, *id)?,
        });
    }
    let production = held.map(|held| live(tx, model, held)).transpose()?;
    let last_check = last_check(tx, model, production.as_ref())?;
    let newest = last_check.as_ref().map(|check| check.evaluation.id);
    let (messages_queued_count, messages_failed_count) = outbox::counts(tx, model.id)?;
    Ok(Overview {
        model: model.clone(),
        has_versions: production.is_some() || versions::latest(tx, model.id)?.is_some(),
        aside: evaluations::newest_of_live(tx, model.id, false)?
            .filter(|aside| newest.is_none_or(|newest| aside.id > newest))
            .filter(|aside| {
                production
                    .as_ref()
                    .is_some_and(|live| live.is_of_tenure(aside))
            }),
        production,
        below,
        below_count: lower.len(),
        last_check,
        alerts_open_count: alerts::open_of(tx, model.id)?.len(),
        messages_queued_count,
        messages_failed_count,
    })
}

fn live(tx: &Tx<'_>, model: &Model, held: Held) -> Result<Production, StoreError> {
    let present = Periods::PresentTenure;
    let periods = aliases::periods(tx, model.id, &held.alias, present)?;
    Ok(Production {
        version: versions::get(tx, held.version)?,
        coverage: coverage::counts_alone(tx, held.version, Rows::Live(&periods))?,
        newest_label_at: coverage::newest_label_of(tx, held.version)?,
        is_bad: versions::is_bad(tx, held.version)?,
        standing: versions::standing(tx, held.version)?,
        tenure: periods.first().map(|period| period.tenure),
        held,
    })
}

fn last_check(
    tx: &Tx<'_>,
    model: &Model,
    live: Option<&Production>,
) -> Result<Option<LastCheck>, StoreError> {
    let Some(evaluation) = evaluations::newest_of_live(tx, model.id, true)? else {
        return Ok(None);
    };
    Ok(Some(LastCheck {
        version: evaluation
            .version
            .map(|version| versions::get(tx, version))
            .transpose()?,
        is_of_tenure: live.is_some_and(|live| live.is_of_tenure(&evaluation)),
        document: serde_json::from_str(&evaluation.document).unwrap_or(Value::Null),
        evaluation,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::example::{Example, P, T};
    use crate::store::predictions::OnConflict;

    #[test]
    fn looking_reads_counters_and_scans_no_table_of_rows() {
        let mut example = Example::new();
        let versions = [
            example.version("a"),
            example.version("b"),
            example.version("c"),
        ];
        for (at, version) in [None, Some(60), Some(150)].into_iter().zip(versions) {
            example.promote(version, at);
        }
        let rows = [
            P(versions[2], "x", 160, Some(1.0)),
            P(versions[2], "y", 170, None),
        ];
        example.ingest(&rows, &[T("x", 1.0, 200)], OnConflict::Error);
        let model = example.read(|tx| Ok(crate::store::models::list(tx)?.remove(0)));
        let mut seen = None;
        let traced = example.traced(|tx| {
            seen = Some(overview(tx, &model)?);
            Ok(())
        });
        assert!(traced.len() > 8, "{traced:#?}");
        let seen = seen.unwrap();
        let live = seen.production.unwrap();
        assert_eq!(
            (live.coverage.predictions_count, live.coverage.truth_count),
            (2, 1)
        );
        assert_eq!(seen.below.len(), 2);
        let mut planned = 0;
        for sql in traced {
            for step in example.plan(&sql) {
                let big = [
                    "prediction",
                    "truth",
                    "reference_row",
                    "evaluation",
                    "operation",
                    "version",
                    "delivery",
                    "alert",
                ];
                let scans = big.iter().any(|table| {
                    step == format!("SCAN {table}") || step.starts_with(&format!("SCAN {table} "))
                });
                assert!(!scans, "{step} in {sql}");
                planned += 1;
            }
        }
        assert!(planned > 8);
    }

    #[test]
    fn a_plan_that_scans_is_seen() {
        let mut example = Example::new();
        let plan = example.plan("SELECT count(*) FROM prediction WHERE failed = 1");
        assert_eq!(plan, ["SCAN prediction"]);
    }
}

#[cfg(test)]
mod on_a_stack;
