//! `status`: what is live, what lies below it, what the last check said, and whether somebody has to look.

mod inbox;
mod season;

use serde_json::{Value, json};

use inbox::Inbox;

use super::call::Call;
use super::output::{Report, Screen, Warning};
use super::{Outcome, problems, warnings};
use crate::domain::hash::Hash;
use crate::domain::names::ModelName;
use crate::domain::time::Timestamp;
use crate::domain::verdict::{Severity, Verdict};
use crate::policy::discover::Discovered;
use crate::store::models::{self, Model};
use crate::store::{Access, Tx, operations};
use crate::ui::number;
use crate::workflows::ahead::{self, Ahead};
use crate::workflows::naming::{self, NamingError};
use crate::workflows::overview::{Below, LastCheck, Overview, Production, overview};
use crate::workflows::seasons::{self, Turn};

/// Show what is live and how it does
///
/// Of every model, or of the one that -m names. Judges nothing: it shows the last verdict and its age.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard status
  modelguard status --json

Exit status: 0 shown; 10 no store, no such model
Effect: reads only")]
pub struct Args {}

pub fn run(call: &Call, _: &Args) -> Outcome {
    let mut session = call.session(Access::Read)?;
    let named = Call::named_model(&session);
    let now = session.now();
    let (store, found) = (&mut session.store, &session.found);
    let seen = store.read(|tx| look(tx, found, named.as_ref(), now));
    let seen = seen.map_err(|error| problems::naming(call, error))?;
    let mut warnings = warnings::of_named(found, &seen.known);
    warnings.extend(seen.ahead.map(|found| warnings::of_ahead(call, &found)));
    let models = seen.models;
    let of_many = models.len() > 1;
    let calls: Vec<_> = models
        .iter()
        .map(|model| call.of_model(&model.model.name, of_many))
        .collect();
    let next = calls.iter().zip(&models);
    let next = next.map(|(call, model)| Next::of(call, model)).collect();
    let seasons = calls.iter().zip(seen.turns);
    let seasons = seasons.map(|(call, turn)| Some(season::Now::of(call, turn?)));
    let inboxes = models.iter().map(|model| Inbox::of(&session, model));
    Ok(Box::new(Found {
        seasons: seasons.collect(),
        next,
        inboxes: inboxes.collect(),
        models,
        head: seen.head,
        warnings,
        alerts_command: call.follow_up("alerts list --open"),
        flush_command: call.follow_up("alerts flush"),
    }))
}

/// What the store says at one moment.
struct Seen {
    models: Vec<Overview>,
    /// In the same order.
    turns: Vec<Option<Turn>>,
    /// All models of the store.
    known: Vec<Model>,
    ahead: Option<Ahead>,
    head: Hash,
}

/// Looks at the model that is named, or at all.
fn look(
    tx: &Tx<'_>,
    found: &Discovered,
    named: Option<&ModelName>,
    now: Timestamp,
) -> Result<Seen, NamingError> {
    let known = models::list(tx)?;
    let models = match named {
        Some(name) => vec![naming::model(tx, Some(name))?],
        None => known.clone(),
    };
    let turn = |model: &Model| {
        let seasons = found.policy.for_model(&model.name).season;
        seasons::turn(tx, model, &seasons, now)
    };
    let overviews = models.iter().map(|model| overview(tx, model));
    Ok(Seen {
        models: overviews.collect::<Result<_, _>>()?,
        turns: models.iter().map(turn).collect::<Result<_, _>>()?,
        ahead: ahead::ahead(tx, &models, now)?,
        head: operations::head(tx)?.1,
        known,
    })
}

/// The commands that may come next for a model, as they can be pasted; those that make a version live in back-ticks.
struct Next {
    make_live: String,
    check: String,
}

impl Next {
    fn of(call: &Call, model: &Overview) -> Self {
        Self {
            make_live: if model.has_versions {
                format!("`{}`", call.follow_up("promote latest"))
            } else {
                format!(
                    "`{}`, then `{}`",
                    call.follow_up("register PATH"),
                    call.follow_up("promote latest")
                )
            },
            check: call.follow_up("check"),
        }
    }
}

struct Found {
    models: Vec<Overview>,
    /// In the same order.
    next: Vec<Next>,
    /// In the same order.
    inboxes: Vec<Inbox>,
    /// In the same order.
    seasons: Vec<Option<season::Now>>,
    head: Hash,
    warnings: Vec<Warning>,
    alerts_command: String,
    flush_command: String,
}

impl Report for Found {
    fn schema(&self) -> &'static str {
        "status"
    }

    fn data(&self) -> Value {
        let models = self.models.iter().zip(&self.inboxes).zip(&self.seasons);
        let models: Vec<_> = models
            .map(|((model, inbox), season)| {
                let mut data = model_data(model);
                data["season"] = season.as_ref().map_or(Value::Null, season::Now::data);
                data["inbox"] = inbox.data();
                data
            })
            .collect();
        json!({ "models": models, "head_blake3": self.head.to_string() })
    }

    fn warnings(&self) -> Vec<Warning> {
        self.warnings.clone()
    }

    fn text(&self, screen: &Screen) -> String {
        let mut text = String::new();
        let models = self.models.iter().zip(&self.next);
        let beside = self.inboxes.iter().zip(&self.seasons);
        for ((model, next), (inbox, season)) in models.zip(beside) {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&self.model_text(screen, model, next, inbox, season.as_ref()));
        }
        text
    }
}

fn model_data(model: &Overview) -> Value {
    let production = model.production.as_ref();
    let below: Vec<_> = model
        .below
        .iter()
        .map(|below| {
            json!({
                "version": below.version.name.to_string(),
                "bad": below.is_bad,
                "retired": below.version.retired_reason.is_some(),
                "last_verdict": below.standing.by_policy.map(Verdict::name),
            })
        })
        .collect();
    json!({
        "model": model.model.name.to_string(),
        "task": model.model.task.name(),
        "production": production.map(|live| json!({
            "version": live.version.name.to_string(),
            "since_at": live.held.since.map(|at| at.to_string()),
            "operation_id": live.held.operation.to_string(),
            "bad": live.is_bad,
        })),
        "below": below,
        "below_count": model.below_count,
        "last_check": model.last_check.as_ref().map(check_data),
        "truth": production.map(|live| truth_data(live, model.last_check.as_ref())),
        "activation": [],
        "alerts_open_count": model.alerts_open_count,
        "messages_queued_count": model.messages_queued_count,
        "messages_failed_count": model.messages_failed_count,
        "season": null,
        "inbox": null,
    })
}

/// The first metric that decides.
fn deciding(check: &LastCheck) -> Option<&Value> {
    check.document["metrics"]
        .as_array()?
        .iter()
        .find(|metric| metric["decides"] == true)
}

fn check_data(check: &LastCheck) -> Value {
    let metric = |key: &str| deciding(check).map_or(Value::Null, |metric| metric[key].clone());
    json!({
        "evaluation_id": check.evaluation.id.to_string(),
        "version": check.version.as_ref().map(|version| version.name.to_string()),
        "of_present_tenure": check.is_of_tenure,
        "checked_at": check.evaluation.checked_at.to_string(),
        "verdict": check.evaluation.verdict.name(),
        "severity": check.evaluation.severity.map(Severity::name),
        "evidence": check.document["evidence"],
        "metric": metric("name"),
        "value": metric("value"),
        "ci_low": metric("ci_low"),
        "ci_high": metric("ci_high"),
        "rows_count": metric("rows_count"),
        "worse_pct": metric("worse_pct"),
        "detectable_pct": check.document["detectable_pct"],
        "reasons": check.document["reasons"],
    })
}

fn truth_data(live: &Production, check: Option<&LastCheck>) -> Value {
    let (predictions, truth) = (live.coverage.predictions_count, live.coverage.truth_count);
    json!({
        "predictions_count": predictions,
        "truth_count": truth,
        "coverage_ratio": (predictions > 0).then(|| truth as f64 / predictions as f64),
        "pending_count": predictions.saturating_sub(truth),
        "lag_p50_s": lag(check),
        "newest_at": live.newest_label_at.map(|at| at.to_string()),
    })
}

/// The median lag, as the last check of the tenure measured it.
fn lag(check: Option<&LastCheck>) -> Option<u64> {
    check.filter(|check| check.is_of_tenure)?.document["coverage"]["lag_p50_s"].as_u64()
}

impl Found {
    fn model_text(
        &self,
        screen: &Screen,
        model: &Overview,
        next: &Next,
        inbox: &Inbox,
        season: Option<&season::Now>,
    ) -> String {
        let mut lines = vec![format!("{}  {}", model.model.name, model.model.task)];
        let mut line = |label: &str, content: String| lines.push(format!("  {label:<8} {content}"));
        match &model.production {
            None => line("live", format!("nobody: {}", next.make_live)),
            Some(live) => {
                let since = live.held.since.map_or_else(
                    || "from the beginning".to_owned(),
                    |at| format!("since {}", screen.times.show(at.micros())),
                );
                let retired = if live.version.retired_reason.is_some() {
                    ", retired"
                } else {
                    ""
                };
                let (name, operation) = (&live.version.name, live.held.operation);
                let bad = if live.is_bad {
                    format!(", bad: {}", bad_because(live))
                } else {
                    String::new()
                };
                line(
                    "live",
                    format!("{name}  {since} ({operation}){retired}{bad}"),
                );
            }
        }
        if !model.below.is_empty() {
            let mut names: Vec<_> = model.below.iter().take(3).map(below_text).collect();
            if model.below_count > names.len() {
                names.push(format!("{} more", model.below_count - names.len()));
            }
            line("below", names.join("; "));
        }
        if let Some(season) = season {
            line("season", season.text(screen));
        }
        let live = model.production.as_ref();
        match &model.last_check {
            None if model.aside.is_some() => line(
                "verdict",
                format!("never checked by the policy: `{}`", next.check),
            ),
            None => line("verdict", format!("never checked: `{}`", next.check)),
            Some(check) => {
                let text = verdict_text(screen, check);
                if live.is_some() && !check.is_of_tenure {
                    let command = &next.check;
                    line(
                        "verdict",
                        format!("not checked since it became live: `{command}`"),
                    );
                    line("", format!("before: {text}{}", of_whom(check, live)));
                } else {
                    line("verdict", text + &of_whom(check, live));
                }
                if let Some(numbers) = numbers_text(check) {
                    line("", numbers);
                }
            }
        }
        if let Some(aside) = &model.aside {
            let verdict = screen.palette.verdict(aside.verdict.words());
            let at = screen.times.show(aside.checked_at.micros());
            line("", format!("by other rules since: {verdict}, {at}"));
        }
        if let Some(live) = live {
            line("truth", truth_text(screen, live, model.last_check.as_ref()));
        }
        if model.alerts_open_count > 0 {
            let count = model.alerts_open_count;
            line("alerts", format!("{count} open: `{}`", self.alerts_command));
        }
        if let Some(text) = messages_text(model, &self.flush_command) {
            line("messages", text);
        }
        if let Some(text) = inbox.text() {
            line("inbox", text);
        }
        lines.join("\n") + "\n"
    }
}

/// What did not arrive; `None`: nothing waits and nothing was given up.
fn messages_text(model: &Overview, flush: &str) -> Option<String> {
    let (queued, failed) = (model.messages_queued_count, model.messages_failed_count);
    let mut parts = Vec::new();
    if queued > 0 {
        parts.push(format!("{} not sent yet: `{flush}`", number::count(queued)));
    }
    if failed > 0 {
        parts.push(format!("{} given up", number::count(failed)));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn below_text(below: &Below) -> String {
    let mut marks = Vec::new();
    if below.is_bad {
        marks.push("bad".to_owned());
    }
    if below.version.retired_reason.is_some() {
        marks.push("retired".to_owned());
    }
    marks.push(below.standing.to_string());
    format!("{} ({})", below.version.name, marks.join(", "))
}

/// Why automatic acts keep away from what is live.
fn bad_because(live: &Production) -> &'static str {
    if live.standing.decided == Some(Verdict::Degraded) {
        "degraded when last judged"
    } else {
        "it was left because it was degraded"
    }
}

/// Who was live at a check, where it is not what is live now, since that became live.
fn of_whom(check: &LastCheck, live: Option<&Production>) -> String {
    match (&check.version, live) {
        _ if check.is_of_tenure => String::new(),
        (None, None) => String::new(),
        (None, Some(_)) => ", when nobody was live".to_owned(),
        (Some(judged), Some(live)) if judged.id == live.version.id => {
            ", when it was live before".to_owned()
        }
        (Some(judged), _) => format!(", of {}, which was live then", judged.name),
    }
}

fn verdict_text(screen: &Screen, check: &LastCheck) -> String {
    let evaluation = &check.evaluation;
    let mut text = screen.palette.verdict(evaluation.verdict.words());
    if let Some(severity) = evaluation.severity {
        text.push_str(&format!(", severity {severity}"));
    }
    if evaluation.verdict == Verdict::Healthy
        && let Some(pct) = check.document["detectable_pct"].as_f64()
    {
        text.push_str(&format!(
            ", would have noticed {} or more",
            number::resolution(pct)
        ));
    }
    if evaluation.verdict == Verdict::InsufficientData {
        let first = &check.document["reasons"][0];
        let words = |key: &str| first[key].as_str().unwrap_or_default().to_owned();
        text.push_str(&format!(": {} ({})", words("text"), words("code")));
    }
    if check.document["evidence"] == "recorded" {
        text.push_str(" (recorded metrics only)");
    }
    text.push_str(&format!(
        ", {}",
        screen.times.show(evaluation.checked_at.micros())
    ));
    text
}

fn numbers_text(check: &LastCheck) -> Option<String> {
    let metric = deciding(check)?;
    let of = |key: &str| metric[key].as_f64();
    let value = of("value")?;
    let estimate = match (of("ci_low"), of("ci_high")) {
        (Some(low), Some(high)) => number::interval(value, low, high),
        _ => number::value(value),
    };
    let change =
        of("worse_pct").map_or_else(String::new, |pct| format!(", {}", number::change(pct)));
    let rows = metric["rows_count"]
        .as_u64()
        .map_or_else(String::new, |rows| format!(", n {}", number::count(rows)));
    Some(format!(
        "{} {estimate}{change}{rows}",
        metric["name"].as_str()?
    ))
}

fn truth_text(screen: &Screen, live: &Production, check: Option<&LastCheck>) -> String {
    let (predictions, truth) = (live.coverage.predictions_count, live.coverage.truth_count);
    if predictions == 0 {
        return "no predictions in this tenure".to_owned();
    }
    let share = 100.0 * truth as f64 / predictions as f64;
    let mut text = format!(
        "{} of {} predictions ({}), {} wait",
        number::count(truth),
        number::count(predictions),
        number::percent(share),
        number::count(predictions.saturating_sub(truth)),
    );
    if let Some(at) = live.newest_label_at {
        text.push_str(&format!("; newest {}", screen.times.show(at.micros())));
    }
    if let Some(lag) = lag(check) {
        let lag = number::duration(lag.saturating_mul(1_000_000));
        text.push_str(&format!("; median lag {lag}"));
    }
    text
}

#[cfg(test)]
mod tests;
