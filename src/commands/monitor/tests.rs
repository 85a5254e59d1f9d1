//! Tests of how a run of monitor is told: what was done or not, the exit status of each end, several models at once.

#![cfg(test)]

use super::super::example::{
    OPERATION, checked, decision, judged as one_metric, judgement, text, version,
};
use super::*;
use crate::domain::metric::Metric;
use crate::domain::verdict::{AlertId, AlertKind, EvaluationId};
use crate::judge::judged::MetricOutcome;
use crate::workflows::monitoring::{Action, Target};
use crate::workflows::recording::{AlertNews, Touched};

fn monitored(verdict: Verdict, wanted: Option<OnDegraded>, status: ActionStatus) -> Monitored {
    let outcome = match verdict {
        Verdict::Degraded => MetricOutcome::Degraded,
        _ => MetricOutcome::Healthy,
    };
    let metric = one_metric(Metric::Accuracy, outcome, 0.49, 2.0);
    let target = matches!(
        status,
        ActionStatus::Done | ActionStatus::Refused | ActionStatus::DryRun
    );
    Monitored {
        checked: checked(judgement(decision(verdict, vec![]), vec![metric])),
        action: Action {
            wanted,
            status,
            target: target.then(|| Target {
                version: version("v1", 1),
                was_judged: true,
                was_checked: true,
            }),
            operation: (status == ActionStatus::Done).then_some(OPERATION),
        },
    }
}

fn degraded(status: ActionStatus) -> Monitored {
    monitored(Verdict::Degraded, Some(OnDegraded::Rollback), status)
}

fn found(models: Vec<Result<Monitored, Problem>>) -> Found {
    let models = models.into_iter().map(|result| One {
        rollback: "modelguard rollback".to_owned(),
        model: "churn".to_owned(),
        inbox: Inbox::default(),
        advice: String::new(),
        undo_command: result
            .as_ref()
            .ok()
            .and_then(|monitored| monitored.action.operation)
            .map(|operation| format!("modelguard undo {operation}")),
        result: result.map(Box::new),
    });
    Found {
        models: models.collect(),
        sent: Vec::new(),
        not_told: None,
        open_secrets: Vec::new(),
        beside: vec![],
        head: Some(Hash([0xab; 32])),
        dry_run: false,
        all: false,
        stopped: None,
        all_metrics: false,
        news_only: false,
        rearm: "modelguard alerts ack".to_owned(),
    }
}

fn one(monitored: Monitored) -> Found {
    found(vec![Ok(monitored)])
}

#[test]
fn without_the_head_of_the_log_the_rest_is_told() {
    let mut report = one(degraded(ActionStatus::Done));
    assert!(text(&report).contains("head abab"));
    report.head = None;
    assert!(text(&report).contains("Rolled back to v1"));
    assert!(!text(&report).contains("head "));
    assert!(report.data()["head_blake3"].is_null());
}

#[test]
fn every_end_of_a_run_has_its_exit_status() {
    use ActionStatus as Status;
    let alert = Some(OnDegraded::Alert);
    for (end, code) in [
        (monitored(Verdict::Healthy, None, Status::None), 0),
        (monitored(Verdict::InsufficientData, None, Status::None), 4),
        (monitored(Verdict::Degraded, alert, Status::Done), 3),
        (monitored(Verdict::Degraded, alert, Status::None), 3),
        (degraded(Status::Refused), 3),
        (degraded(Status::DryRun), 3),
        (degraded(Status::Done), 5),
        (degraded(Status::Impossible), 6),
    ] {
        let status = end.action.status;
        let report = one(end);
        assert_eq!(report.exit().code(), code, "{status:?}");
        assert_eq!(report.data()["models"][0]["exit_code"], code, "{status:?}");
        assert_eq!(
            report.data()["models"][0]["action"]["status"],
            status.name()
        );
    }
}

#[test]
fn a_store_without_a_model_can_not_be_judged() {
    let report = found(vec![]);
    assert_eq!(report.exit(), ExitStatus::Insufficient);
    assert_eq!(report.verdict(), None);
    assert_eq!(text(&report), "The store has no model.\n");
}

#[test]
fn the_worst_of_several_models_is_the_runs_exit_status() {
    let healthy = || Ok(monitored(Verdict::Healthy, None, ActionStatus::None));
    let insufficient = || {
        Ok(monitored(
            Verdict::InsufficientData,
            None,
            ActionStatus::None,
        ))
    };
    let acted = || Ok(degraded(ActionStatus::Done));
    let blocked = || Ok(degraded(ActionStatus::Impossible));
    let busy = || Err(Problem::new("MG0404", "busy"));
    let exit = |models| found(models).exit().code();
    assert_eq!(exit(vec![healthy(), insufficient()]), 4);
    assert_eq!(exit(vec![insufficient(), acted(), healthy()]), 5);
    assert_eq!(exit(vec![acted(), blocked()]), 6);
    assert_eq!(exit(vec![acted(), busy()]), 11);
    assert_eq!(exit(vec![healthy(), healthy()]), 0);
}

#[test]
fn the_worst_verdict_of_several_models_is_the_runs_verdict() {
    let of = |verdict| Ok(monitored(verdict, None, ActionStatus::None));
    let say = |models| found(models).verdict();
    let (good, bad, unknown) = (
        || of(Verdict::Healthy),
        || of(Verdict::Degraded),
        || of(Verdict::InsufficientData),
    );
    assert_eq!(
        say(vec![good(), unknown()]),
        Some(Verdict::InsufficientData)
    );
    assert_eq!(say(vec![unknown(), bad(), good()]), Some(Verdict::Degraded));
    assert_eq!(say(vec![good()]), Some(Verdict::Healthy));
    let failed = Err(Problem::new("MG0404", "busy"));
    assert_eq!(say(vec![failed]), None);
}

#[test]
fn a_rollback_is_told_with_its_way_back_and_the_new_head() {
    let said = text(&one(degraded(ActionStatus::Done)));
    assert!(
        said.contains("\nRolled back to v1 (was v2). undo: modelguard undo op_41\nhead abab"),
        "{said}"
    );
    let mut unjudged = degraded(ActionStatus::Done);
    let target = unjudged.action.target.as_mut().unwrap();
    (target.was_judged, target.was_checked) = (false, false);
    let said = text(&one(unjudged));
    assert!(
        said.contains("Rolled back to v1 (was v2). v1 was never judged. undo: "),
        "{said}"
    );
}

#[test]
fn a_dry_run_says_what_it_would_do_and_that_it_did_not() {
    let mut report = one(degraded(ActionStatus::DryRun));
    report.dry_run = true;
    let said = text(&report);
    assert!(
        said.ends_with("Would roll back to v1 (is v2).\nDry run: nothing was changed.\n"),
        "{said}"
    );
    assert_eq!(report.data()["dry_run"], true);
}

#[test]
fn without_a_target_a_person_is_told_that_there_is_nowhere_to_go() {
    let said = text(&one(degraded(ActionStatus::Impossible)));
    assert!(
        said.contains("Not rolled back: no version lies below"),
        "{said}"
    );
    assert!(!said.contains("head "), "nothing was changed: {said}");
}

#[test]
fn an_alert_that_has_acted_names_both_ways_on() {
    let mut refused = degraded(ActionStatus::Refused);
    refused.checked.evaluation = Some(EvaluationId(1));
    refused.checked.alerts = vec![Touched {
        id: Some(AlertId(3)),
        kind: AlertKind::Degraded,
        news: AlertNews::Open,
    }];
    let report = one(refused);
    let said = text(&report);
    assert!(
        said.contains(
            "Not rolled back to v1: alert a_3 has acted (already_acted). By hand: `modelguard rollback`; \
             to let it act again: `modelguard alerts ack a_3 --rearm`\n"
        ),
        "{said}"
    );
    let data = report.data();
    assert_eq!(data["models"][0]["action"]["refused_by"], "already_acted");
    assert_eq!(
        data["models"][0]["alerts"],
        json!([{ "alert_id": "a_3", "kind": "degraded", "state": "open", "deliveries": [] }])
    );
}

#[test]
fn an_action_as_json_says_from_where_to_where() {
    let data = one(degraded(ActionStatus::Done)).data();
    assert_eq!(
        data["models"][0]["action"],
        json!({
            "wanted": "rollback",
            "status": "done",
            "refused_by": null,
            "from_version": "v2",
            "to_version": "v1",
            "to_was_judged": true,
            "operation_id": "op_41",
            "undo_command": "modelguard undo op_41",
            "activation": [],
        })
    );
    let healthy = one(monitored(Verdict::Healthy, None, ActionStatus::None)).data();
    assert_eq!(healthy["models"][0]["action"]["wanted"], "none");
    assert_eq!(healthy["models"][0]["error"], Value::Null);
}

#[test]
fn a_model_that_fails_keeps_its_place_and_its_error() {
    let problem = Problem::new("MG0404", "the store m.db is busy").hint("wait");
    let mut report = found(vec![
        Err(problem.clone()),
        Ok(monitored(Verdict::Healthy, None, ActionStatus::None)),
    ]);
    assert!(text(&report).starts_with("churn  v2  healthy"));
    assert_eq!(report.failures(), std::slice::from_ref(&problem));
    report.all = true;
    assert_eq!(report.failures(), [problem.about("churn")]);
    assert_eq!(
        report.failures()[0].message,
        "churn: the store m.db is busy"
    );
    assert!(report.is_news());
    let data = report.data();
    assert_eq!(data["models"][0]["error"]["code"], "MG0404");
    assert_eq!(data["models"][0]["check"], Value::Null);
    assert_eq!(data["models"][0]["exit_code"], 11);
    assert_eq!(data["models"][1]["exit_code"], 0);
}

#[test]
fn quietly_only_what_changed_is_told() {
    let same = || monitored(Verdict::Healthy, None, ActionStatus::None);
    let mut changed = same();
    changed.checked.is_news = true;
    changed.checked.judgement.version = Some(version("v9", 9));
    let mut report = found(vec![Ok(same()), Ok(changed)]);
    assert!(report.is_news());
    report.news_only = true;
    let said = text(&report);
    assert!(said.contains("v9") && !said.contains("v2"), "{said}");
    assert!(!one(same()).is_news());
    assert!(
        one(degraded(ActionStatus::Done)).is_news(),
        "a rollback is news"
    );
}

#[test]
fn with_all_a_warning_names_its_model() {
    let mut report = one(monitored(Verdict::Healthy, None, ActionStatus::None));
    let Ok(monitored) = &mut report.models[0].result else {
        panic!("it was monitored")
    };
    monitored.checked.judgement.sources[0].is_bad = true;
    assert!(
        report.warnings()[0]
            .text
            .starts_with("the baseline v1 is bad")
    );
    report.all = true;
    assert!(
        report.warnings()[0]
            .text
            .starts_with("churn: the baseline v1 is bad")
    );
}

#[test]
fn a_run_that_was_stopped_exits_with_its_signal_whatever_it_found() {
    for (signal, code) in [(Signal::Interrupt, 130), (Signal::Terminate, 143)] {
        let mut report = one(degraded(ActionStatus::Done));
        report.stopped = Some(signal);
        assert_eq!(report.exit().code(), code);
        assert_eq!(report.data()["models"][0]["exit_code"], 5);
    }
}
