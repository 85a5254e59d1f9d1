//! Writes a judgement as the JSON document that is stored, hashed and printed.

use serde_json::{Value, json};

use super::{Information, Judgement, Source};
use crate::domain::policy::EvidenceKind;
use crate::domain::time::Timestamp;
use crate::domain::verdict::{Reason, Severity};
use crate::judge::interval::Confidence;
use crate::judge::judged::{Judged, MetricOutcome, Number};

/// All that a check saw and says, without the ids under which it is stored.
#[must_use]
pub fn document(judgement: &Judgement) -> Value {
    let rules = &judgement.rules;
    let decision = &judgement.decision;
    let live = rules.evidence == EvidenceKind::Live;
    let instant = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let role = judgement.role().name();
    let attribution: Vec<_> = judgement
        .window
        .attribution
        .iter()
        .map(|(by, count)| json!({ "by": by.name(), "role": role, "rows_count": count }))
        .collect();
    let coverage = &judgement.coverage;
    let coverage_ratio = (coverage.predictions_count > 0)
        .then(|| coverage.truth_count as f64 / coverage.predictions_count as f64);
    let metrics: Vec<_> = judgement
        .metrics
        .iter()
        .map(|judged| metric_document(judged, judgement.source(judged), rules.threshold_pct))
        .collect();
    json!({
        "model": judgement.model.name.to_string(),
        "version": judgement.version.as_ref().map(|version| version.name.to_string()),
        "role": role,
        "verdict": decision.verdict.name(),
        "evaluation_id": null,
        "alert_id": null,
        "severity": decision.severity.map(Severity::name),
        "mode": rules.mode.name(),
        "evidence": rules.evidence.name(),
        "as_of_at": judgement.at.to_string(),
        "tenure": judgement.tenure.as_ref().map(|tenure| json!({
            "from_at": instant(tenure.from_at),
            "rows_count": coverage.truth_count,
        })),
        "window": live.then(|| json!({
            "label": rules.window.to_string(),
            "from_at": instant(judgement.window.from_at),
            "to_at": instant(judgement.window.to_at),
            "rows_count": judgement.window.rows_count,
        })),
        "attribution": attribution,
        "metrics": metrics,
        "guard": null,
        "healthy_flagged_ratio": decision.healthy_flagged_ratio,
        "detectable_pct": decision.detectable_pct,
        "coverage": live.then(|| json!({
            "predictions_count": coverage.predictions_count,
            "truth_count": coverage.truth_count,
            "failed_count": coverage.failed_count,
            "truth_empty_count": null,
            "coverage_ratio": coverage_ratio,
            "min_rows_count": rules.min_rows,
            "newest_label_at": instant(judgement.newest_label_at),
            "lag_p50_s": judgement.window.lag_p50.map(|lag| lag.seconds()),
        })),
        "drift": [],
        "segments": [],
        "where": [],
        "reasons": decision.reasons.iter().map(reason).collect::<Vec<_>>(),
        "foreign_classes": judgement.foreign.as_ref().map(|foreign| json!({
            "true": foreign.found,
            "known": foreign.known,
        })),
        "information": judgement.information.as_ref().map(|told| information(told, rules.threshold_pct)),
    })
}

/// One metric as the document has it.
#[must_use]
pub fn metric_document(judged: &Judged, source: Option<&Source>, threshold_pct: f64) -> Value {
    let mut document = number(judged.current.as_ref());
    let compared = judged.compared.as_ref();
    let baseline = source.map(|source| {
        let mut baseline = number(judged.baseline.as_ref());
        baseline["kind"] = json!(source.kind.name());
        baseline["version"] = json!(source.version.to_string());
        baseline["origin"] = json!(source.origin.name());
        baseline["bad"] = json!(source.is_bad);
        baseline
    });
    let (outcome, undefined) = match judged.outcome {
        MetricOutcome::Healthy => ("healthy", None),
        MetricOutcome::Degraded => ("degraded", None),
        MetricOutcome::Undefined(why) => ("undefined", Some(why.to_string())),
        MetricOutcome::NoBaseline => ("no_baseline", None),
        MetricOutcome::Shown => ("shown", None),
    };
    let has_interval = judged
        .current
        .as_ref()
        .is_some_and(|current| current.bounds.is_some());
    document["name"] = json!(judged.metric.name());
    document["direction"] = json!(judged.metric.direction().name());
    document["decides"] = json!(judged.decides);
    document["confidence_ratio"] = json!(has_interval.then(|| Confidence::NINETY_FIVE.ratio()));
    document["baseline"] = json!(baseline);
    document["change_value"] = json!(compared.and_then(|compared| compared.change_value));
    document["worse_pct"] = json!(compared.and_then(|compared| compared.worse_pct));
    document["threshold_pct"] = json!(threshold_pct);
    document["limit_value"] = json!(compared.and_then(|compared| compared.limit_value));
    document["detectable_pct"] = json!(compared.and_then(|compared| compared.detectable_pct));
    document["outcome"] = json!(outcome);
    document["undefined_text"] = json!(undefined);
    document
}

fn number(number: Option<&Number>) -> Value {
    let bounds = number.and_then(|number| number.bounds);
    json!({
        "value": number.map(|number| number.value),
        "ci_low": bounds.map(|bounds| bounds.0),
        "ci_high": bounds.map(|bounds| bounds.1),
        "rows_count": number.and_then(|number| number.rows_count),
    })
}

fn reason(reason: &Reason) -> Value {
    json!({
        "code": reason.code.name(),
        "text": reason.text,
        "have_count": reason.have_count,
        "need_count": reason.need_count,
        "since_at": null,
    })
}

fn information(told: &Information, threshold_pct: f64) -> Value {
    let metrics: Vec<_> = told
        .metrics
        .iter()
        .map(|judged| metric_document(judged, None, threshold_pct))
        .collect();
    json!({ "baseline_version": told.baseline.to_string(), "metrics": metrics })
}

#[cfg(test)]
mod tests;
