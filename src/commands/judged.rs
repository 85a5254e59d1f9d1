//! Says what a check found: the lines that check and monitor print alike, and their document.

use serde_json::{Value, json};

use super::output::{Screen, Warning};
use crate::domain::evidence::Attribution;
use crate::domain::policy::EvidenceKind;
use crate::domain::verdict::{ReasonCode, Verdict};
use crate::judge::judged::{Judged, MetricOutcome, Number};
use crate::store::evaluations::TrendPoint;
use crate::ui::exit::ExitStatus;
use crate::ui::number;
use crate::workflows::judging::{BaselineKind, Judgement, Source, document};
use crate::workflows::recording::{AlertNews, Checked};

/// The exit status of a verdict that nothing was done about.
pub const fn exit_of(verdict: Verdict) -> ExitStatus {
    match verdict {
        Verdict::Healthy => ExitStatus::Ok,
        Verdict::Degraded => ExitStatus::Negative,
        Verdict::InsufficientData => ExitStatus::Insufficient,
    }
}

/// The document of a check, with the ids under which it is stored.
pub fn check_data(checked: &Checked) -> Value {
    let mut data = document(&checked.judgement);
    data["evaluation_id"] = json!(checked.evaluation.map(|id| id.to_string()));
    data["alert_id"] = json!(checked.alert().map(|id| id.to_string()));
    data["operation_id"] = json!(checked.operation.map(|id| id.to_string()));
    data["trend"] = checked.trend.iter().map(trend_point).collect();
    data
}

fn trend_point(point: &TrendPoint) -> Value {
    json!({
        "checked_at": point.checked_at.to_string(),
        "verdict": point.verdict.name(),
        "metric": point.metric,
        "value": point.value,
        "ci_low": point.bounds.map(|bounds| bounds.0),
        "ci_high": point.bounds.map(|bounds| bounds.1),
    })
}

/// What to know beside the verdict.
pub fn warnings(judgement: &Judgement) -> Vec<Warning> {
    let used = judgement
        .deciding()
        .filter_map(|judged| judgement.source(judged));
    let mut warnings: Vec<Warning> = used
        .filter(|source| source.is_bad)
        .map(|source| Warning {
            code: "baseline_bad",
            text: format!(
                "the baseline {} is bad: it was left because it was degraded, or judged so last",
                source.version
            ),
        })
        .collect();
    warnings.dedup();
    let doubt = judgement.rules.threshold_doubt();
    warnings.extend(doubt.map(|text| Warning {
        code: "threshold_tiny",
        text: format!("threshold_pct {text}"),
    }));
    if !judgement.by_policy && judgement.decision.verdict == Verdict::Healthy {
        warnings.push(Warning {
            code: "other_rules",
            text: "judged by other rules than the policy's: no alert is resolved by it".to_owned(),
        });
    }
    warnings
}

/// The verdict, why, the numbers, and what they rest on.
pub fn text(screen: &Screen, checked: &Checked, all_metrics: bool) -> String {
    let judgement = &checked.judgement;
    let mut text = headline(screen, checked);
    for reason in further_reasons(judgement) {
        text.push_str(&format!("  also: {reason}\n"));
    }
    let reasons = &judgement.decision.reasons;
    let is_foreign = reasons
        .iter()
        .any(|reason| reason.code == ReasonCode::ForeignClasses);
    let enough = judgement.rules.evidence == EvidenceKind::Recorded
        || (judgement.window.rows_count >= judgement.rules.min_rows && !is_foreign);
    let shown = judgement.metrics.iter().filter(|judged| {
        (judged.current.is_some() || judged.baseline.is_some())
            && (all_metrics || (enough && judged.decides))
    });
    for judged in shown {
        text.push_str(&metric_line(judged, judgement.source(judged)));
    }
    text.push_str(&evidence_line(judgement));
    text
}

fn headline(screen: &Screen, checked: &Checked) -> String {
    let judgement = &checked.judgement;
    let decision = &judgement.decision;
    let name = judgement.model.name.as_str();
    let version = judgement
        .version
        .as_ref()
        .map_or_else(String::new, |version| format!("  {}", version.name));
    let verdict = screen.palette.verdict(decision.verdict.words());
    let why = match decision.verdict {
        Verdict::Healthy => match decision.detectable_pct {
            Some(pct) => format!(", would have noticed {} or more", number::resolution(pct)),
            None => ": no recorded metric is worse by more than the threshold".to_owned(),
        },
        Verdict::Degraded => decision
            .severity
            .map_or_else(String::new, |severity| format!(", severity {severity}")),
        Verdict::InsufficientData => decision
            .reasons
            .iter()
            .find(|reason| reason.code.is_insufficient())
            .map_or_else(String::new, |reason| {
                format!(": {} ({})", reason.text, reason.code.name())
            }),
    };
    let role = if judgement.is_live { "" } else { " (not live)" };
    let alerts = alert_words(checked);
    format!("{name}{version}{role}  {verdict}{why}{alerts}\n")
}

fn alert_words(checked: &Checked) -> String {
    let mut words = String::new();
    for touched in &checked.alerts {
        let id = match (touched.id, checked.evaluation) {
            (Some(id), Some(_)) => id.to_string(),
            // Nothing was recorded, so nothing was opened.
            _ => continue,
        };
        words.push_str(&match touched.news {
            AlertNews::Opened => format!(".  Alert {id} ({}) opened", touched.kind.name()),
            AlertNews::Open => format!(".  Alert {id} ({}) is open", touched.kind.name()),
            AlertNews::Resolved => format!(".  Alert {id} resolved: recovered"),
        });
    }
    words
}

/// The reasons that the headline and the metrics do not say.
fn further_reasons(judgement: &Judgement) -> Vec<String> {
    let decision = &judgement.decision;
    let in_headline = usize::from(decision.verdict == Verdict::InsufficientData);
    decision
        .reasons
        .iter()
        .filter(|reason| reason.code.is_insufficient())
        .skip(in_headline)
        .map(|reason| format!("{} ({})", reason.text, reason.code.name()))
        .collect()
}

/// `  accuracy  0.941 [0.930, 0.951]   reference 0.917   better by 2.6 %   limit 0.871   n 1,731`
pub fn metric_line(judged: &Judged, source: Option<&Source>) -> String {
    let mut parts = vec![format!(
        "  {}  {}",
        judged.metric,
        judged
            .current
            .as_ref()
            .map_or_else(|| "-".to_owned(), estimate)
    )];
    if let (Some(source), Some(baseline)) = (source, &judged.baseline) {
        parts.push(format!(
            "{} {}",
            baseline_name(source),
            number::value(baseline.value)
        ));
    }
    let compared = judged.compared.as_ref();
    match judged.outcome {
        MetricOutcome::Undefined(_) => parts.push("undefined".to_owned()),
        MetricOutcome::NoBaseline => parts.push("nothing to compare with".to_owned()),
        MetricOutcome::Shown => {}
        MetricOutcome::Healthy | MetricOutcome::Degraded => {
            let worse_pct = compared.and_then(|compared| compared.worse_pct);
            parts.extend(worse_pct.map(number::change));
            let limit = compared.and_then(|compared| compared.limit_value);
            parts.extend(limit.map(|limit| format!("limit {}", number::value(limit))));
        }
    }
    if let Some(current) = &judged.current {
        parts.extend(
            current
                .rows_count
                .map(|count| format!("n {}", number::count(count))),
        );
        if current.approximate {
            parts.push("approximate".to_owned());
        }
    }
    if !judged.decides {
        parts.push("shown only".to_owned());
    }
    parts.join("   ") + "\n"
}

/// A value with its interval, where it has one.
pub fn estimate(of: &Number) -> String {
    match of.bounds {
        Some((low, high)) => number::interval(of.value, low, high),
        None => number::value(of.value),
    }
}

fn baseline_name(source: &Source) -> String {
    let bad = if source.is_bad { " (bad)" } else { "" };
    match source.kind {
        BaselineKind::Reference | BaselineKind::Recorded => source.kind.name().to_owned(),
        BaselineKind::Previous => format!("previous {}{bad}", source.version),
        BaselineKind::Season => format!("the season before, {}{bad}", source.version),
        BaselineKind::Version => format!("{}{bad}", source.version),
    }
}

/// Which evidence it was, whose rows, and how many.
fn evidence_line(judgement: &Judgement) -> String {
    if judgement.version.is_none() {
        return String::new();
    }
    if judgement.rules.evidence == EvidenceKind::Recorded {
        return "  recorded metrics only, no interval\n".to_owned();
    }
    let coverage = &judgement.coverage;
    if coverage.predictions_count == 0 {
        return String::new();
    }
    let by: Vec<_> = judgement
        .window
        .attribution
        .iter()
        .map(|(by, count)| format!("{} {}", number::count(*count), attribution_words(*by)))
        .collect();
    let by = if by.is_empty() {
        String::new()
    } else {
        format!("; {}", by.join(", "))
    };
    let flagged = judgement
        .decision
        .healthy_flagged_ratio
        .filter(|ratio| *ratio >= 0.001 && is_decided(judgement))
        .map_or_else(String::new, |ratio| {
            format!(
                "; by chance {} of healthy checks say degraded",
                number::percent(100.0 * ratio)
            )
        });
    format!(
        "  evidence: {} {} rows, {} of {} predictions have their truth{by}{flagged}\n",
        number::count(judgement.window.rows_count),
        judgement.role().name(),
        number::count(coverage.truth_count),
        number::count(coverage.predictions_count),
    )
}

fn is_decided(judgement: &Judgement) -> bool {
    judgement
        .decision
        .reasons
        .iter()
        .all(|reason| reason.code != ReasonCode::TooFew)
}

const fn attribution_words(by: Attribution) -> &'static str {
    match by {
        Attribution::Flag => "by --version",
        Attribution::Column => "by the version column",
        Attribution::HeldAt => "by time",
        Attribution::PresentHolder => "to the present holder",
    }
}

/// What recorded metrics say where there are no rows to judge.
pub fn information(judgement: &Judgement) -> String {
    let Some(told) = &judgement.information else {
        return String::new();
    };
    let mut text = format!(
        "for information, recorded metrics only, compared with {}:\n",
        told.baseline
    );
    for judged in &told.metrics {
        if let (Some(current), Some(baseline)) = (&judged.current, &judged.baseline) {
            let change = judged
                .compared
                .as_ref()
                .and_then(|compared| compared.worse_pct)
                .map_or_else(|| "undefined".to_owned(), number::change);
            text.push_str(&format!(
                "  {}  {}   there {}   {change}\n",
                judged.metric,
                number::value(current.value),
                number::value(baseline.value)
            ));
        }
    }
    text
}

#[cfg(test)]
mod tests;
