//! Hand-made values for the tests of this room: a run of the tool, a version, a judgement.

#![cfg(test)]

use std::collections::BTreeMap;
use std::time::Instant;

use clap::Parser;

use super::Cli;
use super::call::Call;
use super::clock::Clock;
use super::output::{Folding, Report, Screen};
use crate::domain::evidence::{Attribution, Coverage};
use crate::domain::hash::Hash;
use crate::domain::holders::{OperationId, VersionId};
use crate::domain::metric::{Metric, Task};
use crate::domain::operation::Author;
use crate::domain::policy::CheckRules;
use crate::domain::time::Timestamp;
use crate::domain::verdict::{Reason, Standing, Verdict};
use crate::judge::baseline::Standard;
use crate::judge::judged::{Judged, MetricOutcome, Number};
use crate::judge::threshold::{Outcome, ThresholdOutcome};
use crate::judge::verdict::Decision;
use crate::policy::environment::Environment;
use crate::store::models::Model;
use crate::store::versions::{ArtifactKind, Metadata, Version};
use crate::ui::colour::Palette;
use crate::ui::interrupt::StopFlag;
use crate::ui::time::Times;
use crate::workflows::judging::{BaselineKind, Judgement, Origin, Source, WindowFacts};
use crate::workflows::recording::Checked;

/// A moment of 1 January 2026.
pub fn minute(minutes: i64) -> Timestamp {
    let start = Timestamp::read("2026-01-01").unwrap().at;
    Timestamp::from_micros(start.micros() + minutes * 60_000_000).unwrap()
}

/// What is known of a version whose only check, if there was one, was by the policy.
pub fn standing(verdict: Option<Verdict>) -> Standing {
    Standing {
        last: verdict,
        by_policy: verdict,
        decided: verdict.filter(|verdict| *verdict != Verdict::InsufficientData),
        is_undecided_since: false,
    }
}

/// The clock at noon.
pub fn noon() -> Clock {
    Clock {
        now: minute(720),
        is_overridden: false,
        began: Instant::now(),
    }
}

/// A run with these words on a pipe, at noon, by ann on host h.
pub fn call(words: &[&str]) -> Call {
    let line = std::iter::once("modelguard").chain(words.iter().copied());
    let cli = Cli::try_parse_from(line).unwrap();
    let environment = Environment {
        actor: Some("ann".to_owned()),
        host: Some("h".to_owned()),
        ..Environment::default()
    };
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    Call::new(
        cli.globals,
        environment,
        noon(),
        words,
        screen(),
        StopFlag::default(),
    )
}

/// A pipe without colour.
pub fn screen() -> Screen {
    Screen {
        palette: Palette::plain(),
        folding: Folding::None,
        width: None,
        times: Times::Absolute,
    }
}

pub fn text(report: &dyn Report) -> String {
    report.text(&screen())
}

pub fn model(task: Task) -> Model {
    Model {
        id: 1,
        name: "churn".parse().unwrap(),
        task,
    }
}

/// A version without metadata; its number is its id.
pub fn version(name: &str, id: i64) -> Version {
    Version {
        id: VersionId(id),
        model: 1,
        number: id,
        name: name.parse().unwrap(),
        artifact: id,
        artifact_kind: ArtifactKind::File,
        artifact_blake3: Hash([7; 32]),
        size_bytes: 1_500,
        chunks_count: 1,
        file_name: "model.bin".to_owned(),
        registered_at: minute(id),
        metadata: Metadata::default(),
        retired_reason: None,
        reference_rows_count: 0,
    }
}

pub fn with_metrics(mut version: Version, metrics: &[(&str, f64)]) -> Version {
    let named = metrics.iter();
    version.metadata.metrics = named
        .map(|(name, value)| ((*name).to_owned(), *value))
        .collect();
    version
}

pub fn author() -> Author {
    Author {
        at: minute(720),
        clock_overridden: false,
        actor: "ann".to_owned(),
        host: "h".to_owned(),
        command_line: "modelguard monitor".to_owned(),
    }
}

pub const OPERATION: OperationId = OperationId(41);

/// What a metric says whose value is `value` on 1,731 rows, against 0.5 of the baseline.
pub fn judged(metric: Metric, outcome: MetricOutcome, value: f64, worse_pct: f64) -> Judged {
    Judged {
        metric,
        decides: true,
        current: Some(Number {
            value,
            bounds: Some((value - 0.01, value + 0.01)),
            rows_count: Some(1_731),
            approximate: false,
        }),
        baseline: Some(Number::recorded(0.5)),
        baseline_index: Some(0),
        outcome,
        compared: Some(ThresholdOutcome {
            outcome: match outcome {
                MetricOutcome::Degraded => Outcome::Degraded,
                MetricOutcome::Undefined(why) => Outcome::Undefined(why),
                _ => Outcome::Healthy,
            },
            change_value: Some(value - 0.5),
            worse_pct: Some(worse_pct),
            limit_value: Some(0.475),
            detectable_pct: Some(8.5),
            healthy_flagged_ratio: Some(0.02),
        }),
        rows_could_help: false,
    }
}

pub fn source(kind: BaselineKind, is_bad: bool) -> Source {
    Source {
        kind,
        version: "v1".parse().unwrap(),
        is_bad,
        origin: Origin::ReferenceSample,
        standard: Standard::Recorded(BTreeMap::new()),
    }
}

pub fn decision(verdict: Verdict, reasons: Vec<Reason>) -> Decision {
    Decision {
        verdict,
        reasons,
        severity: None,
        worse_pct: None,
        detectable_pct: Some(8.5),
        healthy_flagged_ratio: Some(0.02),
    }
}

/// Version v2 of churn is live and was judged by one metric on 1,731 rows.
pub fn judgement(decision: Decision, metrics: Vec<Judged>) -> Judgement {
    Judgement {
        model: model(Task::Classification),
        version: Some(version("v2", 2)),
        is_live: true,
        by_policy: true,
        rules: CheckRules::default(),
        at: minute(720),
        tenure: None,
        window: WindowFacts {
            rows_count: 1_731,
            from_at: Some(minute(0)),
            to_at: Some(minute(700)),
            attribution: vec![(Attribution::HeldAt, 1_700), (Attribution::Flag, 31)],
            lag_p50: None,
        },
        coverage: Coverage {
            predictions_count: 2_000,
            truth_count: 1_731,
            failed_count: 0,
            first_at: Some(minute(0)),
            last_at: Some(minute(700)),
        },
        newest_label_at: Some(minute(710)),
        sources: vec![source(BaselineKind::Reference, false)],
        metrics,
        decision,
        foreign: None,
        information: None,
    }
}

/// The judgement, recorded nowhere.
pub fn checked(judgement: Judgement) -> Checked {
    Checked {
        judgement,
        evaluation: None,
        operation: None,
        alerts: Vec::new(),
        told: Vec::new(),
        is_news: false,
        trend: Vec::new(),
    }
}
