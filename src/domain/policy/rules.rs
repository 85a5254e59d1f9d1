//! Which policies can't be meant: values out of range, and keys that together can never, or always, say healthy.

use super::inboxes;
use super::{
    CheckRules, ColumnRules, EvidenceKind, ModelPolicy, Policy, ScoreIs, Window, key_part,
};
use crate::domain::metric::{Direction, Metric, Task};
use crate::domain::names::ModelName;
use crate::domain::season::Seasons;
use crate::domain::time::{Length, TimeSyntax};

/// A rule that a policy breaks, with the key to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The key as `[check]` has it, without `models.NAME.`: `check.window`.
    pub key: String,
    /// The second key, where two clash.
    pub other: Option<String>,
    /// A sentence without the key's name at its beginning: "is 0: it must be …".
    pub message: String,
}

/// A broken rule and whose rules break it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// `None`: the rules for all models.
    pub model: Option<ModelName>,
    pub broken: Broken,
}

pub(super) fn one(key: &str, message: impl Into<String>) -> Broken {
    Broken {
        key: key.to_owned(),
        other: None,
        message: message.into(),
    }
}

fn clash(key: &str, other: &str, message: impl Into<String>) -> Broken {
    Broken {
        other: Some(other.to_owned()),
        ..one(key, message)
    }
}

/// A day: nobody waits longer for a lock, and the store counts its milliseconds in 31 bits.
const LONGEST_LOCK_TIMEOUT: Length = Length::from_days(1);

/// Between these a delivery can be told from one that hangs, and a command still ends.
const SHORTEST_DELIVERY: Length = Length::from_seconds(1);
const LONGEST_DELIVERY: Length = Length::from_seconds(600);
/// A server that restarts is back by then.
const SHORTEST_GIVE_UP: Length = Length::from_seconds(3600);

/// Reads how long to wait for a lock, under the same limit as `store.lock_timeout`.
///
/// # Errors
/// It is no length of time, or more than a day.
pub fn read_lock_timeout(text: &str) -> Result<Length, String> {
    let length: Length = text
        .parse()
        .map_err(|error: TimeSyntax| error.to_string())?;
    if length > LONGEST_LOCK_TIMEOUT {
        return Err(format!("{length} is too long: it must be at most 1d"));
    }
    Ok(length)
}

impl Policy {
    /// Every rule that the policy breaks. What a model merely inherits is said once, for all models.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let mut found: Vec<_> = self.store_rules();
        found.extend(self.shared_inboxes());
        found.extend(self.common().broken());
        let common = found.clone();
        let mut found: Vec<_> = found
            .into_iter()
            .map(|broken| Violation {
                model: None,
                broken,
            })
            .collect();
        for (name, overrides) in &self.models {
            let merged = self.common().with(overrides).broken();
            let own = merged.into_iter().filter(|broken| !common.contains(broken));
            found.extend(own.map(|broken| Violation {
                model: Some(name.clone()),
                broken,
            }));
        }
        found
    }

    fn store_rules(&self) -> Vec<Broken> {
        let mut found = Vec::new();
        let path = &self.store.path;
        if path.trim().is_empty() || path.contains('\0') {
            found.push(one("store.path", "names no file"));
        } else if path.starts_with('~') {
            found.push(one(
                "store.path",
                format!(
                    "is {path:?}: ~ is not replaced by a home folder here; write the path in full"
                ),
            ));
        }
        if self.store.lock_timeout > LONGEST_LOCK_TIMEOUT {
            found.push(one(
                "store.lock_timeout",
                format!("is {}: it must be at most 1d", self.store.lock_timeout),
            ));
        }
        let delivery = self.delivery;
        for (key, length) in [
            ("delivery.total_timeout", delivery.total_timeout),
            ("delivery.attempt_timeout", delivery.attempt_timeout),
        ] {
            if !(SHORTEST_DELIVERY..=LONGEST_DELIVERY).contains(&length) {
                found.push(one(key, format!("is {length}: it must be 1s to 10m")));
            }
        }
        if delivery.give_up_after < SHORTEST_GIVE_UP {
            found.push(one(
                "delivery.give_up_after",
                format!("is {}: it must be at least 1h", delivery.give_up_after),
            ));
        }
        let names: Vec<_> = self.models.keys().map(ModelName::as_str).collect();
        for (index, name) in names.iter().enumerate() {
            if let Some(twin) = names[..index]
                .iter()
                .find(|twin| twin.eq_ignore_ascii_case(name))
            {
                found.push(clash(
                    &format!("models.{}", key_part(name)),
                    &format!("models.{}", key_part(twin)),
                    "is written twice: the names of models differ in more than case",
                ));
            }
        }
        found
    }
}

impl ModelPolicy {
    /// Every rule that the rules for one model break.
    #[must_use]
    pub fn broken(&self) -> Vec<Broken> {
        let mut found = ranges(&self.check);
        found.extend(deciding(&self.check));
        found.extend(columns(&self.columns));
        found.extend(self.ingest.inbox.as_deref().and_then(inboxes::broken));
        found.extend(seasons(&self.season));
        match self.check.evidence {
            EvidenceKind::Live => found.extend(never_healthy(&self.check)),
            EvidenceKind::Recorded if self.check.baseline.is_the_version_itself() => {
                found.push(clash(
                    "check.baseline",
                    "check.evidence",
                    format!(
                        "is {}: with recorded evidence a version would be compared with itself and always be healthy; \
                         write previous or another version",
                        self.check.baseline
                    ),
                ));
            }
            EvidenceKind::Recorded => {}
        }
        found
    }

    /// Every rule that these rules break for a model of this task: metrics of the other one.
    #[must_use]
    pub fn broken_for(&self, task: Task) -> Vec<Broken> {
        let foreign = |metric: &&Metric| metric.task() != task;
        let metric = self
            .check
            .metric
            .iter()
            .map(|metric| ("check.metric", metric));
        let listed = self.check.decide_on.iter().flatten();
        metric
            .chain(listed.map(|metric| ("check.decide_on", metric)))
            .filter(|(_, metric)| foreign(metric))
            .map(|(key, metric)| {
                one(
                    key,
                    format!(
                        "names {metric}, a metric of {}; this model does {task}",
                        metric.task()
                    ),
                )
            })
            .collect()
    }
}

fn ranges(check: &CheckRules) -> Vec<Broken> {
    let mut found = Vec::new();
    let threshold = check.threshold_pct;
    if !(threshold > 0.0 && threshold < 100.0) {
        found.push(one(
            "check.threshold_pct",
            format!("is {threshold}: it must be above 0 and below 100 percent"),
        ));
    }
    let must_detect = check.must_detect_pct;
    if !(must_detect > 0.0 && must_detect.is_finite()) {
        found.push(one(
            "check.must_detect_pct",
            format!("is {must_detect}: it must be above 0 percent and finite"),
        ));
    }
    if check.min_rows < 2 {
        found.push(one(
            "check.min_rows",
            format!(
                "is {}: it must be at least 2 rows, fewer have no spread",
                check.min_rows
            ),
        ));
    }
    if check.max_age == Length::from_seconds(0) {
        found.push(one("check.max_age", "is 0: every label would be too old"));
    }
    match check.window {
        Window::Rows(0) => found.push(one("check.window", "is n=0: it must hold at least 1 row")),
        Window::Age(length) if length == Length::from_seconds(0) => {
            found.push(one("check.window", "is 0 long: it would never hold a row"));
        }
        Window::Rows(_) | Window::Age(_) | Window::All => {}
    }
    found
}

fn deciding(check: &CheckRules) -> Vec<Broken> {
    let mut found = Vec::new();
    let undirected = |metric: Metric| metric.direction() == Direction::None;
    let cannot = "has no direction and can't say degraded";
    let Some(listed) = &check.decide_on else {
        if let Some(metric) = check.metric.filter(|metric| undirected(*metric)) {
            found.push(one(
                "check.metric",
                format!("is {metric}, which {cannot}; name others in `decide_on`"),
            ));
        }
        return found;
    };
    if listed.is_empty() {
        found.push(one(
            "check.decide_on",
            "is empty: nothing could ever say degraded",
        ));
    }
    for (index, metric) in listed.iter().enumerate() {
        let before = listed[..index].iter().filter(|other| *other == metric);
        if before.count() == 1 {
            found.push(one("check.decide_on", format!("names {metric} twice")));
        }
        if undirected(*metric) {
            found.push(one(
                "check.decide_on",
                format!("names {metric}, which {cannot}"),
            ));
        }
    }
    let of = |task| listed.iter().find(move |metric| metric.task() == task);
    let tasks = (of(Task::Regression), of(Task::Classification));
    if let (Some(numbers), Some(classes)) = tasks {
        found.push(one(
            "check.decide_on",
            format!(
                "mixes {numbers} of regression with {classes} of classification: no model has both"
            ),
        ));
    } else if let (Some(metric), Some(first)) = (check.metric, listed.first())
        && metric.task() != first.task()
    {
        found.push(clash(
            "check.decide_on",
            "check.metric",
            format!(
                "names {first}, a metric of {}, and `metric` is {metric}, of {}: no model has both",
                first.task(),
                metric.task()
            ),
        ));
    }
    found
}

fn never_healthy(check: &CheckRules) -> Vec<Broken> {
    let mut found = Vec::new();
    if let Window::Rows(count) = check.window
        && (1..check.min_rows).contains(&count)
    {
        found.push(clash(
            "check.window",
            "check.min_rows",
            format!(
                "holds {count} rows and `min_rows` is {}: that can never be healthy",
                check.min_rows
            ),
        ));
    }
    if check.must_detect_pct > 0.0 && check.must_detect_pct <= check.threshold_pct {
        found.push(clash(
            "check.must_detect_pct",
            "check.threshold_pct",
            format!(
                "is {} and `threshold_pct` is {}: a change below the threshold is never noticed, so that can never be healthy",
                check.must_detect_pct, check.threshold_pct
            ),
        ));
    }
    found
}

fn columns(columns: &ColumnRules) -> Vec<Broken> {
    let mut found = Vec::new();
    if columns.score.is_some() && columns.score_is.is_none() {
        found.push(one(
            "columns.score",
            "needs `score_is`: \"positive\" or \"predicted\", whose probability it holds",
        ));
    }
    if columns.score_is == Some(ScoreIs::Positive) && columns.positive.is_none() {
        found.push(one(
            "columns.score_is",
            "is positive and needs `positive`, the label of that class",
        ));
    }
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    if let (Some(prediction), Some(truth)) = (&columns.prediction, &columns.truth)
        && same(prediction, truth)
    {
        found.push(clash(
            "columns.prediction",
            "columns.truth",
            format!("and `truth` are the same column {truth:?}: every prediction would be right"),
        ));
    }
    let classes: Vec<_> = columns.proba.iter().collect();
    for (index, (label, column)) in classes.iter().enumerate() {
        if let Some((twin, _)) = classes[..index]
            .iter()
            .find(|(_, other)| same(other, column))
        {
            found.push(clash(
                &format!("columns.proba.{}", key_part(label)),
                &format!("columns.proba.{}", key_part(twin)),
                format!("is the column {column:?}, which is that of another class"),
            ));
        }
    }
    found
}

fn seasons(seasons: &Seasons) -> Vec<Broken> {
    let key = |alias: &str| format!("season.{}", key_part(alias));
    let mut found = Vec::new();
    let all: Vec<_> = seasons.iter().collect();
    for (index, (alias, from)) in all.iter().enumerate() {
        if alias.is_production() {
            found.push(one(
                &key(alias.as_str()),
                "is what is live and no season; name the alias that holds the season's version",
            ));
        }
        if let Some((twin, _)) = all[..index].iter().find(|(_, other)| other == from) {
            found.push(clash(
                &key(alias.as_str()),
                &key(twin.as_str()),
                format!("begins on {from}, as another season does: only one can be live"),
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::{BaselineChoice, Overrides};

    /// A change to the default rules and the keys of the rules that it breaks.
    type Case = (
        fn(&mut ModelPolicy),
        &'static [(&'static str, Option<&'static str>)],
    );

    const CASES: &[Case] = &[
        (|_| {}, &[]),
        (
            |rules| rules.check.threshold_pct = 0.0,
            &[("check.threshold_pct", None)],
        ),
        (
            |rules| rules.check.threshold_pct = f64::NAN,
            &[("check.threshold_pct", None)],
        ),
        (
            |rules| {
                rules.check.threshold_pct = 100.0;
                rules.check.must_detect_pct = 200.0;
            },
            &[("check.threshold_pct", None)],
        ),
        (
            |rules| rules.check.must_detect_pct = f64::INFINITY,
            &[("check.must_detect_pct", None)],
        ),
        (
            |rules| rules.check.must_detect_pct = -1.0,
            &[("check.must_detect_pct", None)],
        ),
        (
            |rules| rules.check.min_rows = 1,
            &[("check.min_rows", None)],
        ),
        (
            |rules| rules.check.max_age = Length::from_seconds(0),
            &[("check.max_age", None)],
        ),
        (
            |rules| rules.check.blind_after = Length::from_seconds(0),
            &[],
        ),
        (
            |rules| rules.check.window = Window::Rows(0),
            &[("check.window", None)],
        ),
        (
            |rules| rules.check.window = Window::Age(Length::from_seconds(0)),
            &[("check.window", None)],
        ),
        (|rules| rules.check.window = Window::Rows(200), &[]),
        (|rules| rules.check.window = Window::All, &[]),
        (
            |rules| rules.check.window = Window::Rows(199),
            &[("check.window", Some("check.min_rows"))],
        ),
        (
            |rules| rules.check.min_rows = 1_001,
            &[("check.window", Some("check.min_rows"))],
        ),
        (
            |rules| {
                rules.check.window = Window::Rows(100);
                rules.check.evidence = EvidenceKind::Recorded;
            },
            &[],
        ),
        (
            |rules| rules.check.must_detect_pct = 5.0,
            &[("check.must_detect_pct", Some("check.threshold_pct"))],
        ),
        (|rules| rules.check.must_detect_pct = 5.1, &[]),
        (
            |rules| rules.check.metric = Some(Metric::MeanError),
            &[("check.metric", None)],
        ),
        (
            |rules| {
                rules.check.metric = Some(Metric::MeanError);
                rules.check.decide_on = Some(vec![Metric::Rmse]);
            },
            &[],
        ),
        (
            |rules| rules.check.decide_on = Some(vec![]),
            &[("check.decide_on", None)],
        ),
        (
            |rules| rules.check.decide_on = Some(vec![Metric::MeanError]),
            &[("check.decide_on", None)],
        ),
        (
            |rules| rules.check.decide_on = Some(vec![Metric::R2, Metric::R2]),
            &[("check.decide_on", None)],
        ),
        (
            |rules| rules.check.decide_on = Some(vec![Metric::R2, Metric::Accuracy]),
            &[("check.decide_on", None)],
        ),
        (
            |rules| {
                rules.check.metric = Some(Metric::Rmse);
                rules.check.decide_on = Some(vec![Metric::Accuracy]);
            },
            &[("check.decide_on", Some("check.metric"))],
        ),
        (
            |rules| {
                rules.check.evidence = EvidenceKind::Recorded;
                rules.check.baseline = BaselineChoice::Recorded;
            },
            &[("check.baseline", Some("check.evidence"))],
        ),
        (
            |rules| {
                rules.check.evidence = EvidenceKind::Recorded;
                rules.check.baseline = BaselineChoice::Previous;
            },
            &[],
        ),
        (
            |rules| rules.columns.score = Some("p".to_owned()),
            &[("columns.score", None)],
        ),
        (
            |rules| rules.columns.score_is = Some(ScoreIs::Positive),
            &[("columns.score_is", None)],
        ),
        (
            |rules| {
                rules.columns.score = Some("p".to_owned());
                rules.columns.score_is = Some(ScoreIs::Positive);
                rules.columns.positive = Some("yes".to_owned());
            },
            &[],
        ),
        (
            |rules| {
                rules.columns.prediction = Some("y".to_owned());
                rules.columns.truth = Some("Y".to_owned());
            },
            &[("columns.prediction", Some("columns.truth"))],
        ),
        (
            |rules| {
                rules.columns.proba.insert("no".to_owned(), "p".to_owned());
                rules.columns.proba.insert("yes".to_owned(), "P".to_owned());
            },
            &[("columns.proba.yes", Some("columns.proba.no"))],
        ),
    ];

    #[test]
    fn each_rule_names_the_keys_that_break_it() {
        for (number, (change, expected)) in CASES.iter().enumerate() {
            let mut rules = Policy::default().common();
            change(&mut rules);
            let found = rules.broken();
            let keys: Vec<_> = found
                .iter()
                .map(|b| (b.key.as_str(), b.other.as_deref()))
                .collect();
            assert_eq!(&keys, expected, "case {number}: {found:?}");
        }
    }

    #[test]
    fn a_model_repeats_no_violation_that_it_inherits() {
        let mut policy = Policy::default();
        policy.check.min_rows = 1;
        let mut overrides = Overrides::default();
        overrides.check.threshold_pct = Some(0.0);
        policy.models.insert("a".parse().unwrap(), overrides);
        let found = policy.violations();
        let keys: Vec<_> = found
            .iter()
            .map(|found| {
                (
                    found.model.as_ref().map(ModelName::as_str),
                    found.broken.key.as_str(),
                )
            })
            .collect();
        assert_eq!(
            keys,
            [(None, "check.min_rows"), (Some("a"), "check.threshold_pct")]
        );
    }

    #[test]
    fn the_store_is_a_file_and_is_not_waited_for_longer_than_a_day() {
        for (path, timeout, broken) in [
            ("modelguard.db", 5, 0),
            ("", 5, 1),
            ("a\0b", 5, 1),
            ("~/x.db", 86_400, 1),
            ("x", 86_401, 1),
        ] {
            let mut policy = Policy::default();
            policy.store.path = path.to_owned();
            policy.store.lock_timeout = Length::from_seconds(timeout);
            assert_eq!(policy.violations().len(), broken, "{path:?}");
        }
    }

    #[test]
    fn two_names_that_differ_in_case_clash() {
        let mut policy = Policy::default();
        for name in ["churn", "Churn"] {
            policy
                .models
                .insert(name.parse().unwrap(), Overrides::default());
        }
        let found = policy.violations();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].broken.other.as_deref(), Some("models.Churn"));
    }

    #[test]
    fn metrics_of_the_other_task_are_found() {
        let mut rules = Policy::default().common();
        rules.check.metric = Some(Metric::Rmse);
        rules.check.decide_on = Some(vec![Metric::Rmse, Metric::R2]);
        assert!(rules.broken_for(Task::Regression).is_empty());
        assert_eq!(rules.broken_for(Task::Classification).len(), 3);
    }
}
