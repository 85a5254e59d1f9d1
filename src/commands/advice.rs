//! Says what a person can do where a check could not decide, or where a degraded version stays live.

use super::call::Call;
use crate::domain::names::AliasName;
use crate::domain::verdict::{ReasonCode, Verdict};
use crate::store::StoreError;
use crate::store::aliases;
use crate::store::versions::{self, Blame, Version};
use crate::workflows::judging::Judgement;
use crate::workflows::session::Session;

/// So many reasons are answered; the first ones are what keeps the others from mattering.
const ANSWERED: usize = 2;

/// A line of advice for each of the first reasons, nothing where the check decided.
pub fn advice(call: &Call, session: &mut Session, judgement: &Judgement) -> String {
    let of_model = judgement.model.id;
    // As in `way_out`, nothing that can't be read takes the verdict back.
    let latest = session.store.read(|tx| versions::latest(tx, of_model));
    let has_versions = latest.map_or(true, |latest| latest.is_some());
    lines(call, judgement, has_versions)
}

fn lines(call: &Call, judgement: &Judgement, has_versions: bool) -> String {
    if judgement.decision.verdict != Verdict::InsufficientData {
        return String::new();
    }
    let command = |words: &str| call.follow_up(words);
    let lines = judgement
        .decision
        .reasons
        .iter()
        .filter_map(|reason| about(reason.code, judgement, has_versions, &command))
        .take(ANSWERED);
    lines.map(|line| format!("hint: {line}\n")).collect()
}

/// A line of what to do about a degraded version that stays live; nothing where none does. `blocked`: a rollback was
/// wanted and found no version to go to.
pub fn way_out(call: &Call, session: &mut Session, judgement: &Judgement, blocked: bool) -> String {
    if judgement.decision.verdict != Verdict::Degraded || !judgement.is_live {
        return String::new();
    }
    let below = session.store.read(|tx| {
        let holders = aliases::holders(tx, judgement.model.id, &AliasName::production())?;
        let below = holders
            .lower()
            .find(|id| Some(*id) != holders.holder())
            .map(|id| Ok::<_, StoreError>((versions::get(tx, id)?, versions::blame(tx, id)?)));
        below.transpose()
    });
    // The verdict stands and is recorded; that its advice can't be read takes nothing from it.
    let below = below.ok().flatten();
    let command = |words: &str| call.follow_up(words);
    format!("hint: {}\n", out_to(below.as_ref(), blocked, &command))
}

fn out_to(
    below: Option<&(Version, Blame)>,
    blocked: bool,
    command: &dyn Fn(&str) -> String,
) -> String {
    let Some((below, blame)) = below else {
        return format!(
            "no other version lies below to go back to; make another one live: `{}`, then `{}`",
            command("register PATH"),
            command("promote latest")
        );
    };
    let name = &below.name;
    let back = command("rollback --dry-run");
    if !blocked {
        return format!("{name} lies below; what going back would change: `{back}`");
    }
    if blame.was_left {
        let back = command(&format!("rollback {name}"));
        return format!(
            "by hand there is a way back to {name}: `{back}`; by itself none, since it was left because it was \
             degraded: that is cleared by no check, only by a promote of it or an undo"
        );
    }
    let cancel = format!("`{}`", command(&format!("retire {name} --cancel")));
    let check = format!("`{}`", command(&format!("check {name}")));
    let unblocked = match (below.retired_reason.is_some(), blame.is_degraded) {
        (true, true) => format!("once it is neither retired nor degraded: {cancel}, then {check}"),
        (true, false) => format!("once it is not retired: {cancel}"),
        (false, _) => format!("once a check finds it healthy: {check}"),
    };
    format!("by hand there is a way back to {name}: `{back}`; by itself {unblocked}")
}

fn about(
    code: ReasonCode,
    judgement: &Judgement,
    has_versions: bool,
    command: &dyn Fn(&str) -> String,
) -> Option<String> {
    let version = judgement.version.as_ref();
    let name = version.map_or_else(String::new, |version| version.name.to_string());
    match code {
        ReasonCode::NoVersion if !has_versions => {
            Some(format!("register one: `{}`", command("register PATH")))
        }
        ReasonCode::NoVersion => Some(format!("make one live: `{}`", command("promote latest"))),
        ReasonCode::NoBaseline => Some(format!(
            "a version gets numbers to be compared with when it is registered (`--reference FILE`, \
             `--metric NAME=VALUE`); or name another one: `{}`",
            command("check --baseline REF")
        )),
        ReasonCode::NoPredictions if !judgement.is_live => Some(format!(
            "bring in what it predicts beside the live one: `{}`; or set all its rows against another's: `{}`",
            command(&format!("ingest predictions FILE --version {name}")),
            command(&format!("compare {name} @production"))
        )),
        ReasonCode::NoPredictions => {
            let since = judgement.tenure.as_ref().and_then(|tenure| tenure.from_at);
            let since = since.map_or_else(String::new, |since| format!(" since {since}"));
            Some(format!(
                "bring in what {name} predicted{since}: `{}`",
                command("ingest predictions FILE")
            ))
        }
        ReasonCode::NoTruth => Some(format!(
            "bring in the truth, once it is known: `{}`",
            command("ingest truth FILE")
        )),
        ReasonCode::TooFew => Some(
            "more rows and their truth come with `ingest`; how many it takes says check.min_rows"
                .to_owned(),
        ),
        ReasonCode::ForeignClasses => Some(format!(
            "write the labels as the predictions have them: take back what came in (`{}`, then `{}`) and bring the truth \
             in again; if they are right, a reference sample says so (`register --reference FILE`)",
            command("ingest list"),
            command("ingest undo BATCH")
        )),
        ReasonCode::Stale => {
            let newest = judgement.newest_label_at?;
            (newest < judgement.at).then(|| {
                format!(
                    "bring in newer truth, or set check.max_age; to judge data of the past set the clock: \
                     `MODELGUARD_NOW={newest} {}`",
                    command("check")
                )
            })
        }
        ReasonCode::UndefinedMetric
        | ReasonCode::FailedPredictions
        | ReasonCode::TooCoarse
        | ReasonCode::RecordedMetricsOnly
        | ReasonCode::OverThreshold => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::example::{call, decision, judgement, minute};
    use crate::domain::verdict::Reason;
    use crate::workflows::judging::Tenure;

    fn insufficient(codes: &[ReasonCode]) -> Judgement {
        let reasons = codes.iter().map(|code| Reason::new(*code, "x".to_owned()));
        judgement(
            decision(Verdict::InsufficientData, reasons.collect()),
            vec![],
        )
    }

    fn told(of: &Judgement) -> String {
        lines(&call(&["check"]), of, true)
    }

    #[test]
    fn a_check_that_decided_needs_no_advice() {
        let healthy = judgement(decision(Verdict::Healthy, vec![]), vec![]);
        assert_eq!(told(&healthy), "");
    }

    #[test]
    fn a_new_tenure_is_told_since_when_its_rows_are_wanted() {
        let mut of = insufficient(&[ReasonCode::NoPredictions]);
        of.tenure = Some(Tenure {
            id: 2,
            from_at: Some(minute(60)),
            watched_since: minute(60),
        });
        assert_eq!(
            told(&of),
            "hint: bring in what v2 predicted since 2026-01-01T01:00:00Z: `modelguard ingest predictions FILE`\n"
        );
        of.is_live = false;
        assert!(told(&of).contains("`modelguard ingest predictions FILE --version v2`"));
        assert!(told(&of).contains("`modelguard compare v2 @production`"));
    }

    #[test]
    fn old_labels_name_their_key_and_the_clock() {
        let mut of = insufficient(&[ReasonCode::Stale]);
        of.newest_label_at = Some(minute(5));
        of.at = minute(100_000);
        let said = told(&of);
        assert!(said.contains("check.max_age"), "{said}");
        assert!(
            said.contains("`MODELGUARD_NOW=2026-01-01T00:05:00Z modelguard check`"),
            "{said}"
        );
    }

    #[test]
    fn a_degraded_version_that_stays_has_a_way_out() {
        let command = |words: &str| call(&["check"]).follow_up(words);
        let of = |was_left, is_degraded| Blame {
            was_left,
            is_degraded,
        };
        let mut below = (crate::commands::example::version("v1", 1), of(false, true));
        assert_eq!(
            out_to(Some(&below), false, &command),
            "v1 lies below; what going back would change: `modelguard rollback --dry-run`"
        );
        let blocked = out_to(Some(&below), true, &command);
        assert!(blocked.contains("`modelguard check v1`"), "{blocked}");
        below.0.retired_reason = Some("old".to_owned());
        let blocked = out_to(Some(&below), true, &command);
        assert_eq!(
            blocked,
            "by hand there is a way back to v1: `modelguard rollback --dry-run`; by itself once it is neither retired \
             nor degraded: `modelguard retire v1 --cancel`, then `modelguard check v1`"
        );
        below.1 = of(false, false);
        let blocked = out_to(Some(&below), true, &command);
        assert!(
            blocked.ends_with("once it is not retired: `modelguard retire v1 --cancel`"),
            "{blocked}"
        );
        below.1 = of(true, false);
        let blocked = out_to(Some(&below), true, &command);
        assert!(
            blocked.contains("`modelguard rollback v1`; by itself none")
                && !blocked.contains("`modelguard retire")
                && !blocked.contains("`modelguard check"),
            "{blocked}"
        );
        assert!(out_to(None, true, &command).contains("`modelguard promote latest`"));
    }

    #[test]
    fn of_several_models_the_one_is_named_and_two_reasons_are_answered() {
        let of = insufficient(&[
            ReasonCode::NoBaseline,
            ReasonCode::NoTruth,
            ReasonCode::TooFew,
        ]);
        let run = call(&["monitor", "--all"]);
        let said = lines(&run.of_model(&of.model.name, true), &of, true);
        assert_eq!(said.lines().count(), 2, "{said}");
        assert!(
            said.contains("`modelguard -m churn ingest truth FILE`"),
            "{said}"
        );
    }
}
