//! Tests of how a check is told: the headline, the reasons, a line a metric, what it rests on.

#![cfg(test)]

use super::super::example::{OPERATION, checked, decision, judged, judgement, screen, source};
use super::*;
use crate::domain::metric::Metric;
use crate::domain::verdict::{AlertId, AlertKind, EvaluationId, Reason, Severity};
use crate::judge::Undefined;
use crate::workflows::judging::Information;
use crate::workflows::recording::Touched;

fn accuracy(outcome: MetricOutcome, worse_pct: f64) -> Judged {
    judged(Metric::Accuracy, outcome, 0.49, worse_pct)
}

fn healthy() -> Judgement {
    judgement(
        decision(Verdict::Healthy, vec![]),
        vec![accuracy(MetricOutcome::Healthy, 2.0)],
    )
}

fn told(of: Judgement) -> String {
    text(&screen(), &checked(of), false)
}

fn headline_of(of: Judgement) -> String {
    told(of).lines().next().unwrap().to_owned()
}

#[test]
fn a_verdict_has_one_exit_status() {
    let codes = [
        Verdict::Healthy,
        Verdict::Degraded,
        Verdict::InsufficientData,
    ]
    .map(|verdict| exit_of(verdict).code());
    assert_eq!(codes, [0, 3, 4]);
}

#[test]
fn a_healthy_check_is_told_with_its_resolution_its_numbers_and_its_evidence() {
    assert_eq!(
        told(healthy()),
        "churn  v2  healthy, would have noticed +8.5 % or more\n  \
         accuracy  0.490 [0.480, 0.500]   reference 0.500   worse by 2.0 %   limit 0.475   n 1,731\n  \
         evidence: 1,731 live rows, 1,731 of 2,000 predictions have their truth; 1,700 by time, \
         31 by --version; by chance 2.0 % of healthy checks say degraded\n"
    );
}

#[test]
fn recorded_numbers_have_no_resolution_no_interval_and_no_rows() {
    let mut of = healthy();
    of.rules.evidence = EvidenceKind::Recorded;
    of.decision.detectable_pct = None;
    of.decision.reasons = vec![Reason::new(ReasonCode::RecordedMetricsOnly, "x".to_owned())];
    of.metrics[0].current = Some(Number::recorded(0.49));
    of.window.rows_count = 0;
    assert_eq!(
        told(of),
        "churn  v2  healthy: no recorded metric is worse by more than the threshold\n  \
         accuracy  0.490   reference 0.500   worse by 2.0 %   limit 0.475\n  \
         recorded metrics only, no interval\n"
    );
}

#[test]
fn a_degraded_check_says_how_bad_it_is() {
    let mut of = healthy();
    of.decision.verdict = Verdict::Degraded;
    of.decision.severity = Some(Severity::High);
    of.metrics = vec![accuracy(MetricOutcome::Degraded, 17.0)];
    assert_eq!(headline_of(of), "churn  v2  degraded, severity high");
}

#[test]
fn the_first_reason_stands_in_the_headline_and_the_others_below_it() {
    let mut of = healthy();
    of.decision = decision(
        Verdict::InsufficientData,
        vec![
            Reason::new(ReasonCode::TooFew, "9 labelled rows".to_owned()),
            Reason::new(ReasonCode::Stale, "the newest label is 9 d old".to_owned()),
        ],
    );
    of.window.rows_count = 9;
    let said = told(of);
    let mut lines = said.lines();
    assert_eq!(
        lines.next(),
        Some("churn  v2  insufficient data: 9 labelled rows (too_few)")
    );
    assert_eq!(
        lines.next(),
        Some("  also: the newest label is 9 d old (stale)")
    );
    assert!(
        !said.contains("accuracy"),
        "too few rows show no numbers: {said}"
    );
    assert!(!said.contains("by chance"), "nothing was decided: {said}");
}

#[test]
fn a_degraded_check_that_is_stale_too_says_so() {
    let mut of = healthy();
    of.decision = decision(
        Verdict::Degraded,
        vec![
            Reason::new(ReasonCode::Stale, "old labels".to_owned()),
            Reason::new(
                ReasonCode::OverThreshold,
                "accuracy worse by 20 %".to_owned(),
            ),
        ],
    );
    let said = told(of);
    assert!(said.contains("\n  also: old labels (stale)\n"), "{said}");
    assert!(
        !said.contains("over_threshold"),
        "the metric's line says it: {said}"
    );
}

#[test]
fn with_all_metrics_also_those_are_shown_that_decide_nothing() {
    let mut of = healthy();
    let mut shown = judged(Metric::F1, MetricOutcome::Healthy, 0.6, -20.0);
    shown.decides = false;
    of.metrics.push(shown);
    let of = checked(of);
    assert!(!text(&screen(), &of, false).contains("f1"));
    let all = text(&screen(), &of, true);
    assert!(
        all.contains("better by 20.0 %   limit 0.475   n 1,731   shown only\n"),
        "{all}"
    );
}

#[test]
fn a_metric_without_a_comparison_says_what_it_lacks() {
    let baseline = source(BaselineKind::Reference, false);
    let line = |outcome, source| metric_line(&accuracy(outcome, 2.0), source);
    let undefined = line(
        MetricOutcome::Undefined(Undefined::ConstantTruth),
        Some(&baseline),
    );
    assert!(
        undefined.contains("reference 0.500   undefined   n 1,731"),
        "{undefined}"
    );
    let alone = line(MetricOutcome::NoBaseline, None);
    assert!(
        alone.contains("]   nothing to compare with   n 1,731"),
        "{alone}"
    );
    let shown = line(MetricOutcome::Shown, None);
    assert!(
        !shown.contains("worse") && !shown.contains("limit"),
        "{shown}"
    );
}

#[test]
fn a_metric_without_a_value_shows_a_dash_and_few_rows_are_approximate() {
    let mut metric = accuracy(MetricOutcome::Healthy, 2.0);
    metric.current.as_mut().unwrap().approximate = true;
    assert!(metric_line(&metric, None).contains("n 1,731   approximate\n"));
    metric.current = None;
    assert!(metric_line(&metric, None).starts_with("  accuracy  -   "));
}

#[test]
fn a_baseline_is_named_by_its_kind_and_another_version_by_its_name() {
    let name = |kind, bad| baseline_name(&source(kind, bad));
    assert_eq!(name(BaselineKind::Reference, false), "reference");
    assert_eq!(name(BaselineKind::Recorded, false), "recorded");
    assert_eq!(name(BaselineKind::Previous, false), "previous v1");
    assert_eq!(name(BaselineKind::Previous, true), "previous v1 (bad)");
    assert_eq!(name(BaselineKind::Season, false), "the season before, v1");
    assert_eq!(name(BaselineKind::Version, false), "v1");
    assert_eq!(name(BaselineKind::Version, true), "v1 (bad)");
}

#[test]
fn a_bad_baseline_is_one_warning_however_many_metrics_use_it() {
    let mut of = healthy();
    assert!(warnings(&of).is_empty());
    of.sources = vec![source(BaselineKind::Previous, true)];
    of.metrics
        .push(judged(Metric::F1, MetricOutcome::Healthy, 0.6, -20.0));
    let said = warnings(&of);
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].code, "baseline_bad");
    for metric in &mut of.metrics {
        metric.decides = false;
    }
    assert!(
        warnings(&of).is_empty(),
        "what does not decide needs no warning"
    );
}

#[test]
fn a_version_that_is_not_live_and_none_at_all_are_told_apart() {
    let mut of = healthy();
    of.is_live = false;
    let said = told(of.clone());
    assert!(
        said.starts_with("churn  v2 (not live)  healthy, "),
        "{said}"
    );
    assert!(said.contains("evidence: 1,731 shadow rows"), "{said}");
    let none = Reason::new(ReasonCode::NoVersion, "no version is live".to_owned());
    of.is_live = true;
    of.version = None;
    of.decision = decision(Verdict::InsufficientData, vec![none]);
    of.metrics.clear();
    assert_eq!(
        told(of),
        "churn  insufficient data: no version is live (no_version)\n"
    );
}

#[test]
fn without_predictions_there_is_no_line_about_them() {
    let mut of = healthy();
    of.coverage.predictions_count = 0;
    assert!(!told(of).contains("evidence:"));
}

#[test]
fn a_share_of_chance_below_a_thousandth_is_not_worth_a_word() {
    let mut of = healthy();
    of.decision.healthy_flagged_ratio = Some(0.000_9);
    assert!(!told(of.clone()).contains("by chance"));
    of.decision.healthy_flagged_ratio = Some(0.001);
    assert!(told(of).contains("by chance 0.1 % of healthy checks"));
}

#[test]
fn an_alert_is_told_only_where_it_was_recorded() {
    let touched = |id, news| Touched {
        id,
        kind: AlertKind::Degraded,
        news,
    };
    let mut found = checked(healthy());
    found.alerts = vec![touched(Some(AlertId(3)), AlertNews::Opened)];
    assert!(!text(&screen(), &found, false).contains("Alert"));
    found.evaluation = Some(EvaluationId(7));
    for (news, words) in [
        (AlertNews::Opened, ".  Alert a_3 (degraded) opened\n"),
        (AlertNews::Open, ".  Alert a_3 (degraded) is open\n"),
        (AlertNews::Resolved, ".  Alert a_3 resolved: recovered\n"),
    ] {
        found.alerts = vec![touched(Some(AlertId(3)), news)];
        let said = text(&screen(), &found, false);
        assert!(said.contains(words), "{said}");
    }
    found.alerts = vec![touched(None, AlertNews::Opened)];
    assert!(!text(&screen(), &found, false).contains("Alert"));
}

#[test]
fn the_document_has_the_ids_under_which_it_is_stored() {
    let mut found = checked(healthy());
    let data = check_data(&found);
    assert_eq!(data["verdict"], "healthy");
    assert_eq!(data["evaluation_id"], Value::Null);
    assert_eq!(data["operation_id"], Value::Null);
    found.evaluation = Some(EvaluationId(7));
    found.operation = Some(OPERATION);
    found.alerts = [AlertNews::Resolved, AlertNews::Open]
        .into_iter()
        .zip([3, 4])
        .map(|(news, id)| Touched {
            id: Some(AlertId(id)),
            kind: AlertKind::Blind,
            news,
        })
        .collect();
    let data = check_data(&found);
    assert_eq!(data["evaluation_id"], "e_7");
    assert_eq!(data["operation_id"], "op_41");
    assert_eq!(
        data["alert_id"], "a_4",
        "a resolved alert is not about this check"
    );
    assert_eq!(data["version"], "v2");
    assert_eq!(data["metrics"][0]["name"], "accuracy");
}

#[test]
fn what_recorded_metrics_say_is_told_as_information() {
    let mut of = healthy();
    assert_eq!(information(&of), "");
    let mut undefined = judged(Metric::F1, MetricOutcome::Healthy, 0.6, 0.0);
    undefined.compared = None;
    let mut missing = judged(Metric::LogLoss, MetricOutcome::NoBaseline, 0.6, 0.0);
    missing.baseline = None;
    of.information = Some(Information {
        baseline: "v1".parse().unwrap(),
        metrics: vec![accuracy(MetricOutcome::Healthy, 2.0), undefined, missing],
    });
    assert_eq!(
        information(&of),
        "for information, recorded metrics only, compared with v1:\n  \
         accuracy  0.490   there 0.500   worse by 2.0 %\n  \
         f1  0.600   there 0.500   undefined\n"
    );
}
