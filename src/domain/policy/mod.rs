//! What a policy says: every key that exists, typed, with its default and what one model overrides.

mod addresses;
mod channels;
mod choices;
mod doubts;
mod inboxes;
mod requires;
mod rules;

use std::collections::BTreeMap;

pub use addresses::{
    is_mail_address, is_mail_host, is_this_machine, port_behind, without_brackets,
};
pub use channels::{Carrier, Channel, DeliveryRules, Filter, Mailer, SecretSource};
pub use choices::{
    BaselineChoice, Encryption, EventKind, EvidenceKind, Mode, OnDegraded, ScoreIs, TargetChoice,
    UnknownBaseline, UnknownChoice, UnknownWindow, Window,
};
pub use requires::{RangeSyntax, VersionRange};
pub use rules::{Broken, Violation, read_lock_timeout};

use crate::domain::metric::{Metric, Task};
use crate::domain::names::ModelName;
use crate::domain::season::Seasons;
use crate::domain::time::Length;

/// The policy: what was written over the defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// The range of modelguard versions that may act on it, as written; any without it.
    pub requires: Option<String>,
    /// The model that a command means when none is named; without it the only one.
    pub default_model: Option<ModelName>,
    pub store: StoreRules,
    pub columns: ColumnRules,
    pub check: CheckRules,
    pub action: ActionRules,
    pub ingest: IngestRules,
    pub season: Seasons,
    /// The channels of `[[notify]]`, in the file's order.
    pub channels: Vec<Channel>,
    pub delivery: DeliveryRules,
    /// What `[models.NAME.…]` says, under the name as written. Names differ in more than case.
    pub models: BTreeMap<ModelName, Overrides>,
}

/// Where the store is, and how long to wait for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreRules {
    /// The path as written; relative to the policy file.
    pub path: String,
    /// How long to wait for a lock.
    pub lock_timeout: Length,
}

/// Which column of the data holds what; `None` leaves it to detection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnRules {
    /// May join several: `customer_id+scored_at`.
    pub id: Option<String>,
    pub time: Option<String>,
    pub prediction: Option<String>,
    pub truth: Option<String>,
    pub truth_time: Option<String>,
    pub version: Option<String>,
    pub score: Option<String>,
    pub score_is: Option<ScoreIs>,
    /// The positive class's label, not a column.
    pub positive: Option<String>,
    /// The column of P(class), by the class's label.
    pub proba: BTreeMap<String, String>,
}

/// How a verdict is reached.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckRules {
    pub mode: Mode,
    pub evidence: EvidenceKind,
    /// `None`: by task, see [`CheckRules::metric_for`].
    pub metric: Option<Metric>,
    /// `None`: the metric alone, see [`CheckRules::deciding`]. Never empty.
    pub decide_on: Option<Vec<Metric>>,
    pub threshold_pct: f64,
    pub baseline: BaselineChoice,
    pub window: Window,
    pub min_rows: u64,
    pub max_age: Length,
    pub blind_after: Length,
    pub must_detect_pct: f64,
}

/// What is done about a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionRules {
    pub on_degraded: OnDegraded,
    pub target: TargetChoice,
}

/// How data comes in by itself; also as written for one model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IngestRules {
    /// The folder that services drop files into, as written: relative to the policy file. `None`: there is none.
    pub inbox: Option<String>,
}

/// What was written for one model, or for all of them: `None` is "not written".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    pub columns: ColumnRules,
    pub check: CheckOverrides,
    pub action: ActionOverrides,
    pub ingest: IngestRules,
    pub season: Seasons,
}

/// [`CheckRules`] as written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckOverrides {
    pub mode: Option<Mode>,
    pub evidence: Option<EvidenceKind>,
    pub metric: Option<Metric>,
    pub decide_on: Option<Vec<Metric>>,
    pub threshold_pct: Option<f64>,
    pub baseline: Option<BaselineChoice>,
    pub window: Option<Window>,
    pub min_rows: Option<u64>,
    pub max_age: Option<Length>,
    pub blind_after: Option<Length>,
    pub must_detect_pct: Option<f64>,
}

/// [`ActionRules`] as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActionOverrides {
    pub on_degraded: Option<OnDegraded>,
    pub target: Option<TargetChoice>,
}

/// The rules that hold for one model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelPolicy {
    pub columns: ColumnRules,
    pub check: CheckRules,
    pub action: ActionRules,
    pub ingest: IngestRules,
    pub season: Seasons,
}

impl Default for StoreRules {
    fn default() -> Self {
        Self {
            path: "modelguard.db".to_owned(),
            lock_timeout: Length::from_seconds(5),
        }
    }
}

impl Default for CheckRules {
    fn default() -> Self {
        Self {
            mode: Mode::Threshold,
            evidence: EvidenceKind::Live,
            metric: None,
            decide_on: None,
            threshold_pct: 5.0,
            baseline: BaselineChoice::Auto,
            window: Window::Rows(1_000),
            min_rows: 200,
            max_age: Length::from_days(7),
            blind_after: Length::from_days(3),
            must_detect_pct: 50.0,
        }
    }
}

impl Default for ActionRules {
    fn default() -> Self {
        Self {
            on_degraded: OnDegraded::Alert,
            target: TargetChoice::Previous,
        }
    }
}

impl Policy {
    /// The rules for `model`: its own keys over the common ones. Names are compared without regard to case.
    #[must_use]
    pub fn for_model(&self, model: &ModelName) -> ModelPolicy {
        let common = self.common();
        match self.overrides(model) {
            Some((_, overrides)) => common.with(overrides),
            None => common,
        }
    }

    /// The rules for a model that the policy does not name.
    #[must_use]
    pub fn common(&self) -> ModelPolicy {
        ModelPolicy {
            columns: self.columns.clone(),
            check: self.check.clone(),
            action: self.action,
            ingest: self.ingest.clone(),
            season: self.season.clone(),
        }
    }

    /// What the policy says for `model` alone, and the name under which it does.
    #[must_use]
    pub fn overrides(&self, model: &ModelName) -> Option<(&ModelName, &Overrides)> {
        self.models
            .iter()
            .find(|(name, _)| name.as_str().eq_ignore_ascii_case(model.as_str()))
    }
}

impl ModelPolicy {
    /// These rules with what `written` sets in their place. A `proba` table replaces the other one as a whole,
    /// because two models seldom share their classes; so does a `season` table, because half a year of one model is
    /// none of another.
    #[must_use]
    pub fn with(mut self, written: &Overrides) -> Self {
        fn set<T: Clone>(place: &mut T, written: Option<&T>) {
            if let Some(value) = written {
                place.clone_from(value);
            }
        }
        fn set_option<T: Clone>(place: &mut Option<T>, written: Option<&T>) {
            if written.is_some() {
                *place = written.cloned();
            }
        }
        let (columns, check, action) = (&mut self.columns, &mut self.check, &mut self.action);
        set_option(&mut columns.id, written.columns.id.as_ref());
        set_option(&mut columns.time, written.columns.time.as_ref());
        set_option(&mut columns.prediction, written.columns.prediction.as_ref());
        set_option(&mut columns.truth, written.columns.truth.as_ref());
        set_option(&mut columns.truth_time, written.columns.truth_time.as_ref());
        set_option(&mut columns.version, written.columns.version.as_ref());
        set_option(&mut columns.score, written.columns.score.as_ref());
        set_option(&mut columns.score_is, written.columns.score_is.as_ref());
        set_option(&mut columns.positive, written.columns.positive.as_ref());
        if !written.columns.proba.is_empty() {
            columns.proba.clone_from(&written.columns.proba);
        }
        set(&mut check.mode, written.check.mode.as_ref());
        set(&mut check.evidence, written.check.evidence.as_ref());
        set_option(&mut check.metric, written.check.metric.as_ref());
        set_option(&mut check.decide_on, written.check.decide_on.as_ref());
        set(
            &mut check.threshold_pct,
            written.check.threshold_pct.as_ref(),
        );
        set(&mut check.baseline, written.check.baseline.as_ref());
        set(&mut check.window, written.check.window.as_ref());
        set(&mut check.min_rows, written.check.min_rows.as_ref());
        set(&mut check.max_age, written.check.max_age.as_ref());
        set(&mut check.blind_after, written.check.blind_after.as_ref());
        set(
            &mut check.must_detect_pct,
            written.check.must_detect_pct.as_ref(),
        );
        set(&mut action.on_degraded, written.action.on_degraded.as_ref());
        set(&mut action.target, written.action.target.as_ref());
        set_option(&mut self.ingest.inbox, written.ingest.inbox.as_ref());
        if !written.season.is_empty() {
            self.season.clone_from(&written.season);
        }
        self
    }
}

impl CheckRules {
    /// The metric that a check is about: the written one, else RMSE; for classes log loss where there are
    /// probabilities, else accuracy.
    #[must_use]
    pub fn metric_for(&self, task: Task, has_probabilities: bool) -> Metric {
        self.metric.unwrap_or(match task {
            Task::Regression => Metric::Rmse,
            Task::Classification if has_probabilities => Metric::LogLoss,
            Task::Classification => Metric::Accuracy,
        })
    }

    /// The metrics that can say degraded: the written ones, else the metric of the check alone.
    #[must_use]
    pub fn deciding(&self, task: Task, has_probabilities: bool) -> Vec<Metric> {
        self.decide_on
            .clone()
            .unwrap_or_else(|| vec![self.metric_for(task, has_probabilities)])
    }
}

/// One part of a dotted key as TOML writes it: bare where it can be, else in quotes.
#[must_use]
pub fn key_part(part: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !part.is_empty() && part.bytes().all(bare) {
        part.to_owned()
    } else {
        text_value(part)
    }
}

/// A text as TOML writes it, in quotes.
#[must_use]
pub fn text_value(text: &str) -> String {
    let mut written = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' | '\\' => written.extend(['\\', character]),
            _ if character.is_control() => {
                written.push_str(&format!("\\u{:04X}", u32::from(character)));
            }
            _ => written.push(character),
        }
    }
    written + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_model_overrides_key_by_key_and_its_name_has_no_case() {
        let mut policy = Policy::default();
        let seasons = |alias: &str| {
            let mut seasons = Seasons::default();
            seasons.insert(alias.parse().unwrap(), "11-01".parse().unwrap());
            seasons
        };
        policy.season = seasons("winter");
        policy.columns.id = Some("row".to_owned());
        policy.columns.proba = BTreeMap::from([("yes".to_owned(), "p1".to_owned())]);
        let overrides = Overrides {
            columns: ColumnRules {
                time: Some("when".to_owned()),
                proba: BTreeMap::from([("red".to_owned(), "p_red".to_owned())]),
                ..ColumnRules::default()
            },
            check: CheckOverrides {
                threshold_pct: Some(3.0),
                ..CheckOverrides::default()
            },
            action: ActionOverrides {
                target: Some(TargetChoice::LastGood),
                ..ActionOverrides::default()
            },
            ingest: IngestRules {
                inbox: Some("in/churn".to_owned()),
            },
            season: seasons("autumn"),
        };
        policy.models.insert("Churn".parse().unwrap(), overrides);
        let churn = policy.for_model(&"cHURN".parse().unwrap());
        assert_eq!(churn.columns.id.as_deref(), Some("row"));
        assert_eq!(churn.columns.time.as_deref(), Some("when"));
        assert_eq!(churn.columns.proba.keys().collect::<Vec<_>>(), ["red"]);
        assert_eq!(churn.check.threshold_pct.to_bits(), 3.0_f64.to_bits());
        assert_eq!(churn.check.min_rows, 200);
        assert_eq!(churn.season, seasons("autumn"));
        assert_eq!(policy.common().season, seasons("winter"));
        assert_eq!(churn.action.target, TargetChoice::LastGood);
        assert_eq!(churn.action.on_degraded, OnDegraded::Alert);
        assert_eq!(churn.ingest.inbox.as_deref(), Some("in/churn"));
        assert_eq!(policy.for_model(&"other".parse().unwrap()), policy.common());
    }

    #[test]
    fn the_metric_is_chosen_by_task_unless_written() {
        let mut check = CheckRules::default();
        assert_eq!(check.metric_for(Task::Regression, true), Metric::Rmse);
        assert_eq!(
            check.metric_for(Task::Classification, true),
            Metric::LogLoss
        );
        assert_eq!(
            check.deciding(Task::Classification, false),
            [Metric::Accuracy]
        );
        check.metric = Some(Metric::F1);
        assert_eq!(check.deciding(Task::Classification, true), [Metric::F1]);
        check.decide_on = Some(vec![Metric::Recall]);
        assert_eq!(check.deciding(Task::Classification, true), [Metric::Recall]);
    }

    #[test]
    fn a_part_of_a_key_is_quoted_only_where_it_must_be() {
        assert_eq!(key_part("yes"), "yes");
        assert_eq!(key_part("a.b"), "\"a.b\"");
        assert_eq!(key_part(""), "\"\"");
        assert_eq!(
            key_part("a\0\u{7f}\n\u{200b}"),
            "\"a\\u0000\\u007F\\u000A\u{200b}\""
        );
        assert_eq!(text_value(r#"a"b\c'd"#), r#""a\"b\\c'd""#);
    }
}
