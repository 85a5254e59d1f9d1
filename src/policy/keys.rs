//! Every key of the policy, once: its name, default, unit, meaning, how it is read and how it is shown.

use super::values::{Value, Wrong};
use crate::domain::metric::Metric;
use crate::domain::policy::{
    EvidenceKind, Mode, ModelPolicy, OnDegraded, Overrides, Policy, ScoreIs, TargetChoice,
    VersionRange,
};

/// One key that exists.
pub struct Key {
    /// The key in full. A last part in capitals (`columns.proba.LABEL`, `season.ALIAS`) stands for any.
    pub name: &'static str,
    /// The default as TOML writes it.
    pub default: Option<&'static str>,
    /// A value as TOML writes it: the default where there is one.
    pub example: &'static str,
    /// What the value counts or names.
    pub unit: &'static str,
    /// What happens where the key is not written and has no default.
    pub without: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    pub(super) read: Reader,
    pub(super) show: fn(&Policy, &ModelPolicy) -> Option<String>,
}

/// Where a key's value goes.
pub(super) enum Reader {
    /// Into the policy as a whole; no model overrides it.
    Whole(fn(&mut Policy, &Value) -> Result<(), Wrong>),
    /// Into what is written for all models, or for one.
    Model(fn(&mut Overrides, &Value) -> Result<(), Wrong>),
    /// The same, with the last part of the key.
    Labelled(fn(&mut Overrides, &str, &Value) -> Result<(), Wrong>),
}

impl Key {
    /// Whether `[models.NAME.…]` may override it.
    #[must_use]
    pub fn is_per_model(&self) -> bool {
        !matches!(self.read, Reader::Whole(_))
    }

    /// The table it stands in; empty for a key at the top.
    #[must_use]
    pub fn table(&self) -> &'static str {
        self.name.split_once('.').map_or("", |(table, _)| table)
    }

    /// The name within its table.
    #[must_use]
    pub fn leaf(&self) -> &'static str {
        self.name
            .split_once('.')
            .map_or(self.name, |(_, leaf)| leaf)
    }
}

/// What stands for any name in a key, and the name that an example has.
const ANY: [(&str, &str); 2] = [("LABEL", "yes"), ("ALIAS", "winter")];

impl Key {
    /// A name or a leaf as an example writes it.
    #[must_use]
    pub fn exemplary(name: &str) -> String {
        ANY.iter()
            .fold(name.to_owned(), |name, (any, one)| name.replace(any, one))
    }
}

fn set<T>(place: &mut T, value: Result<T, Wrong>) -> Result<(), Wrong> {
    *place = value?;
    Ok(())
}

fn put<T>(place: &mut Option<T>, value: Result<T, Wrong>) -> Result<(), Wrong> {
    *place = Some(value?);
    Ok(())
}

fn words(metrics: &[Metric]) -> String {
    let names: Vec<_> = metrics.iter().map(|metric| metric.name()).collect();
    names.join(", ")
}

/// Without a default: name, example, unit, without, meaning; with one: name, `= default`, unit, meaning.
macro_rules! key {
    ($name:literal, $example:literal, $unit:literal, $without:literal, $meaning:literal, $read:expr, $show:expr) => {
        Key {
            name: $name,
            default: None,
            example: $example,
            unit: $unit,
            without: $without,
            meaning: $meaning,
            read: $read,
            show: $show,
        }
    };
    ($name:literal = $default:literal, $unit:literal, $meaning:literal, $read:expr, $show:expr) => {
        Key {
            name: $name,
            default: Some($default),
            example: $default,
            unit: $unit,
            without: "",
            meaning: $meaning,
            read: $read,
            show: $show,
        }
    };
}

use Reader::{Labelled, Model, Whole};

/// All keys, in the order in which they are explained.
pub const KEYS: &[Key] = &[
    key!(
        "requires",
        "\">=0.1, <1\"",
        "version range",
        "any",
        "Another modelguard than this refuses to act on the policy (exit 13), so that an old one does not judge by half of it.",
        Whole(|policy, value| {
            value.parsed::<VersionRange>("a version range such as \">=0.1, <0.3\"")?;
            put(&mut policy.requires, value.text())
        }),
        |policy, _| policy.requires.clone()
    ),
    key!(
        "default_model",
        "\"churn\"",
        "name of a model",
        "the only one",
        "The model that a command means when -m is not given.",
        Whole(|policy, value| put(
            &mut policy.default_model,
            value.parsed("the name of a model")
        )),
        |policy, _| policy.default_model.as_ref().map(ToString::to_string)
    ),
    key!(
        "store.path" = "\"modelguard.db\"",
        "path, relative to this file",
        "The one SQLite file that holds everything. Outside this folder it needs `modelguard config trust` once.",
        Whole(|policy, value| set(&mut policy.store.path, value.text())),
        |policy, _| Some(policy.store.path.clone())
    ),
    key!(
        "store.lock_timeout" = "\"5s\"",
        "length of time, at most 1d",
        "How long to wait while another process writes; then exit 11.",
        Whole(|policy, value| set(&mut policy.store.lock_timeout, value.length())),
        |policy, _| Some(policy.store.lock_timeout.to_string())
    ),
    key!(
        "columns.id",
        "\"customer_id+scored_at\"",
        "column, or several joined by +",
        "detected",
        "What joins a prediction with its truth.",
        Model(|written, value| put(&mut written.columns.id, value.name())),
        |_, rules| rules.columns.id.clone()
    ),
    key!(
        "columns.time",
        "\"scored_at\"",
        "column",
        "detected",
        "When the prediction was made; it decides whose prediction it is.",
        Model(|written, value| put(&mut written.columns.time, value.name())),
        |_, rules| rules.columns.time.clone()
    ),
    key!(
        "columns.prediction",
        "\"y_pred\"",
        "column",
        "detected",
        "The predicted number or class.",
        Model(|written, value| put(&mut written.columns.prediction, value.name())),
        |_, rules| rules.columns.prediction.clone()
    ),
    key!(
        "columns.truth",
        "\"y_true\"",
        "column",
        "detected",
        "What turned out true.",
        Model(|written, value| put(&mut written.columns.truth, value.name())),
        |_, rules| rules.columns.truth.clone()
    ),
    key!(
        "columns.truth_time",
        "\"labelled_at\"",
        "column",
        "detected",
        "When the truth became known; it decides which labels are the newest.",
        Model(|written, value| put(&mut written.columns.truth_time, value.name())),
        |_, rules| rules.columns.truth_time.clone()
    ),
    key!(
        "columns.version",
        "\"model_version\"",
        "column",
        "detected",
        "Which version predicted the row.",
        Model(|written, value| put(&mut written.columns.version, value.name())),
        |_, rules| rules.columns.version.clone()
    ),
    key!(
        "columns.score",
        "\"score\"",
        "column",
        "not read",
        "One probability a row; needs score_is.",
        Model(|written, value| put(&mut written.columns.score, value.name())),
        |_, rules| rules.columns.score.clone()
    ),
    key!(
        "columns.score_is",
        "\"positive\"",
        "positive | predicted",
        "not read",
        "Whose probability the score is: that of the positive class, or of the predicted one (then log loss, ROC AUC and Brier are unavailable).",
        Model(|written, value| put(&mut written.columns.score_is, value.choice(ScoreIs::WORDS))),
        |_, rules| rules.columns.score_is.map(|choice| choice.to_string())
    ),
    key!(
        "columns.positive",
        "\"yes\"",
        "label of a class",
        "by the data, where it is evident",
        "The class that precision, recall and F1 speak of where there are two.",
        Model(|written, value| put(&mut written.columns.positive, value.name())),
        |_, rules| rules.columns.positive.clone()
    ),
    key!(
        "columns.proba.LABEL",
        "\"p_yes\"",
        "column",
        "detected: proba_LABEL",
        "The probability of the class LABEL; one key for each class. A model's own replace all of the common ones.",
        Labelled(|written, label, value| {
            written
                .columns
                .proba
                .insert(label.to_owned(), value.name()?);
            Ok(())
        }),
        |_, rules| {
            let classes: Vec<_> = rules
                .columns
                .proba
                .iter()
                .map(|(label, column)| format!("{label}={column}"))
                .collect();
            (!classes.is_empty()).then(|| classes.join(", "))
        }
    ),
    key!(
        "check.mode" = "\"threshold\"",
        "threshold",
        "How a check decides: threshold compares a metric with its baseline.",
        Model(|written, value| put(&mut written.check.mode, value.choice(Mode::WORDS))),
        |_, rules| Some(rules.check.mode.to_string())
    ),
    key!(
        "check.evidence" = "\"live\"",
        "live | recorded",
        "What a check looks at: live predictions with their truth, or only the metrics recorded at registration.",
        Model(|written, value| put(
            &mut written.check.evidence,
            value.choice(EvidenceKind::WORDS)
        )),
        |_, rules| Some(rules.check.evidence.to_string())
    ),
    key!(
        "check.metric",
        "\"rmse\"",
        "name of a metric",
        "by task: rmse; log_loss with probabilities, else accuracy",
        "The metric that a check is about.",
        Model(|written, value| put(&mut written.check.metric, value.metric())),
        |_, rules| rules.check.metric.map(|metric| metric.to_string())
    ),
    key!(
        "check.decide_on",
        "[\"rmse\", \"r2\"]",
        "names of metrics",
        "check.metric alone",
        "Only these can say degraded; any one of them does.",
        Model(|written, value| value.metrics(&mut written.check.decide_on)),
        |_, rules| rules.check.decide_on.as_deref().map(words)
    ),
    key!(
        "check.threshold_pct" = "5.0",
        "percent, above 0, below 100",
        "How much worse than its baseline a deciding metric may be; 3 to 10 is usual.",
        Model(|written, value| put(&mut written.check.threshold_pct, value.percent())),
        |_, rules| Some(format!("{:?}", rules.check.threshold_pct))
    ),
    key!(
        "check.baseline" = "\"auto\"",
        "auto | reference | recorded | previous | a version",
        "What a version is compared with. auto: its reference sample, else its recorded metrics, else the previous version.",
        Model(|written, value| put(&mut written.check.baseline, value.baseline())),
        |_, rules| Some(rules.check.baseline.to_string())
    ),
    key!(
        "check.window" = "\"n=1000\"",
        "n=ROWS | length of time | all",
        "Which labelled live rows of the version's tenure count, the newest last.",
        Model(|written, value| put(
            &mut written.check.window,
            value.parsed("a window such as \"n=1000\", \"7d\" or \"all\"")
        )),
        |_, rules| Some(rules.check.window.to_string())
    ),
    key!(
        "check.min_rows" = "200",
        "rows, at least 2",
        "With fewer labelled rows the verdict is insufficient data.",
        Model(|written, value| put(&mut written.check.min_rows, value.rows())),
        |_, rules| Some(rules.check.min_rows.to_string())
    ),
    key!(
        "check.max_age" = "\"7d\"",
        "length of time",
        "With a newest label older than this the verdict is never healthy: old labels say nothing about today.",
        Model(|written, value| put(&mut written.check.max_age, value.length())),
        |_, rules| Some(rules.check.max_age.to_string())
    ),
    key!(
        "check.blind_after" = "\"3d\"",
        "length of time",
        "After so long without a verdict one alert says so.",
        Model(|written, value| put(&mut written.check.blind_after, value.length())),
        |_, rules| Some(rules.check.blind_after.to_string())
    ),
    key!(
        "check.must_detect_pct" = "50",
        "percent, above threshold_pct",
        "Where a degradation of this size could have gone unseen, the verdict is not healthy.",
        Model(|written, value| put(&mut written.check.must_detect_pct, value.percent())),
        |_, rules| Some(format!("{:?}", rules.check.must_detect_pct))
    ),
    key!(
        "action.on_degraded" = "\"alert\"",
        "alert | rollback",
        "What monitor does about a degraded version: tell, or also go back to a better one.",
        Model(|written, value| put(
            &mut written.action.on_degraded,
            value.choice(OnDegraded::WORDS)
        )),
        |_, rules| Some(rules.action.on_degraded.to_string())
    ),
    key!(
        "action.target" = "\"previous\"",
        "previous | last-good",
        "Where an automatic rollback goes: the newest version below that is not bad, or whose last verdict was healthy.",
        Model(|written, value| put(
            &mut written.action.target,
            value.choice(TargetChoice::WORDS)
        )),
        |_, rules| Some(rules.action.target.to_string())
    ),
    key!(
        "ingest.inbox",
        "\"inbox/\"",
        "folder, relative to this file",
        "files come in by `ingest` alone",
        "Where services drop files of predictions and of truth by renaming them in; monitor takes them in first. One for each model. Outside this folder it needs `modelguard config trust` once.",
        Model(|written, value| put(&mut written.ingest.inbox, value.text())),
        |_, rules| rules.ingest.inbox.clone()
    ),
    key!(
        "delivery.total_timeout" = "\"15s\"",
        "length of time, 1s to 10m",
        "All messages of one command together may take no longer; what was not sent by then is tried by the next one.",
        Whole(|policy, value| set(&mut policy.delivery.total_timeout, value.length())),
        |policy, _| Some(policy.delivery.total_timeout.to_string())
    ),
    key!(
        "delivery.attempt_timeout" = "\"5s\"",
        "length of time, 1s to 10m",
        "One attempt to send one message.",
        Whole(|policy, value| set(&mut policy.delivery.attempt_timeout, value.length())),
        |policy, _| Some(policy.delivery.attempt_timeout.to_string())
    ),
    key!(
        "delivery.remind_after" = "\"1d\"",
        "length of time; 0s never",
        "An alert that is open for so long, and of which nobody took note, is told again, and again after as long.",
        Whole(|policy, value| set(&mut policy.delivery.remind_after, value.length())),
        |policy, _| Some(policy.delivery.remind_after.to_string())
    ),
    key!(
        "delivery.give_up_after" = "\"7d\"",
        "length of time, at least 1h",
        "A message that could not be sent for so long after its first failure is given up; `status` and `alerts list` say so.",
        Whole(|policy, value| set(&mut policy.delivery.give_up_after, value.length())),
        |policy, _| Some(policy.delivery.give_up_after.to_string())
    ),
    key!(
        "season.ALIAS",
        "\"11-01\"",
        "month and day, MM-DD, in UTC",
        "no seasons",
        "The day on which the season of the alias ALIAS begins, each year; it holds until the next one begins. `modelguard season apply` then makes the version that holds the alias the live one. A model's own replace all of the common ones.",
        Labelled(|written, alias, value| {
            let alias = value.alias(alias)?;
            let from = value.parsed("a day of the year such as \"11-01\"")?;
            written.season.insert(alias, from);
            Ok(())
        }),
        |_, rules| {
            let seasons: Vec<_> = rules
                .season
                .iter()
                .map(|(alias, from)| format!("{alias}={from}"))
                .collect();
            (!seasons.is_empty()).then(|| seasons.join(", "))
        }
    ),
];

/// What stands before a key of one model.
pub const MODELS: &str = "models";

#[cfg(test)]
mod tests;
