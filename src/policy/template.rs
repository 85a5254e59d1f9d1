//! The policy that `init` writes: short, commented, and good to edit.

use std::fmt;
use std::str::FromStr;

use crate::domain::metric::Task;
use crate::domain::names::ModelName;
use crate::domain::policy::UnknownChoice;

/// What kind of policy to begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// Judges live rows and alerts.
    #[default]
    Default,
    /// The inherited flow: compares recorded metrics with those of the previous version and rolls back.
    Original,
}

impl Preset {
    /// Their words on the command line.
    pub const WORDS: &'static [&'static str] = &["default", "original"];

    /// The word for it on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Original => "original",
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for Preset {
    type Err = UnknownChoice;

    fn from_str(text: &str) -> Result<Self, UnknownChoice> {
        match text {
            "default" => Ok(Self::Default),
            "original" => Ok(Self::Original),
            other => Err(UnknownChoice {
                given: other.to_owned(),
                choices: Self::WORDS,
            }),
        }
    }
}

/// The text of a new policy for a first model.
#[must_use]
pub fn template(model: &ModelName, task: Task, preset: Preset) -> String {
    let version = concat!(
        env!("CARGO_PKG_VERSION_MAJOR"),
        ".",
        env!("CARGO_PKG_VERSION_MINOR")
    );
    let head = format!(
        "\
# The policy of modelguard for {model} ({task}).
# `modelguard config show --origin` lists every key; `modelguard help policy` explains them.
# A line that begins with # holds the default or is an example.
requires = \">={version}\"
#default_model = \"{model}\"     # what a command means without -m, once there are several models
"
    );
    match preset {
        Preset::Default => head + &live(task) + EXAMPLES,
        Preset::Original => head + &recorded(task) + EXAMPLES,
    }
}

fn live(task: Task) -> String {
    let metrics = match task {
        Task::Regression => {
            "#decide_on = [\"rmse\"]         # only these can say degraded; also mae, mape, r2"
        }
        Task::Classification => {
            "#decide_on = [\"accuracy\"]     # only these can say degraded; also precision, recall, f1, roc_auc, log_loss, brier"
        }
    };
    format!(
        "
[columns]                     # found by their usual names; name those that are not
#id = \"id\"                    # several joined: \"customer_id+scored_at\"
#time = \"predicted_at\"
#prediction = \"prediction\"
#truth = \"truth\"

[check]
{metrics}
threshold_pct = 5.0           # how much worse than the baseline a metric may be, in percent
baseline = \"auto\"             # its reference sample, else its recorded metrics, else the previous version
window = \"n=1000\"             # the newest labelled live rows; also \"7d\" or \"all\"
min_rows = 200                # with fewer the verdict is insufficient data
max_age = \"7d\"                # with no label newer than this it is never healthy

[action]
on_degraded = \"alert\"         # or \"rollback\": monitor goes back by itself
"
    )
}

/// What no project needs and most come to want, each as an example.
const EXAMPLES: &str = "
[ingest]
#inbox = \"inbox/\"             # monitor first takes in the files that services rename into this folder

#[[notify]]                   # who is told that a version is degraded, what was done, and when all is well again
#kind = \"slack\"               # or \"webhook\", \"email\", \"command\", \"file\"; `modelguard alerts test` tries it
#url_file = \"secrets/slack-url\"   # the first line of that file is the address

#[season]                     # the day on which the version of an alias takes over: `modelguard season apply`
#summer = \"03-01\"
#winter = \"11-01\"
";

fn recorded(task: Task) -> String {
    let metrics = match task {
        Task::Regression => "[\"r2\", \"rmse\"]",
        Task::Classification => "[\"accuracy\"]",
    };
    format!(
        "
[check]
mode = \"threshold\"
evidence = \"recorded\"         # compares metrics recorded at registration, without live rows; \"live\" judges those
baseline = \"previous\"         # the version that was live before
decide_on = {metrics}
threshold_pct = 5.0           # how much worse a metric may be, in percent

[action]
on_degraded = \"rollback\"      # monitor goes back by itself; \"alert\" only tells
target = \"previous\"
"
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::domain::metric::Metric;
    use crate::domain::policy::{
        BaselineChoice, EvidenceKind, Mode, OnDegraded, Policy, TargetChoice,
    };
    use crate::policy::load::parse;

    fn policy(task: Task, preset: Preset) -> (String, Policy) {
        let text = template(&"churn.v-2".parse().unwrap(), task, preset);
        let policy = parse(&text, Path::new("modelguard.toml")).unwrap();
        (text, policy)
    }

    /// With the keys that are commented out taken as written.
    fn uncommented(text: &str) -> Policy {
        let lines = text.lines().map(|line| match line.strip_prefix('#') {
            Some(key) if !key.starts_with(' ') => key,
            _ => line,
        });
        let text: Vec<_> = lines.collect();
        parse(&text.join("\n"), Path::new("modelguard.toml")).unwrap()
    }

    #[test]
    fn the_default_preset_means_the_defaults() {
        for task in [Task::Regression, Task::Classification] {
            let (text, policy) = policy(task, Preset::Default);
            assert_eq!(policy.common(), Policy::default().common());
            assert_eq!(policy.store, Policy::default().store);
            assert_eq!(policy.default_model, None);
            let uncommented = uncommented(&text);
            assert!(uncommented.common().broken_for(task).is_empty());
            assert_eq!(uncommented.default_model.unwrap().as_str(), "churn.v-2");
        }
    }

    #[test]
    fn the_original_preset_is_the_inherited_flow() {
        for (task, metrics) in [
            (Task::Regression, vec![Metric::R2, Metric::Rmse]),
            (Task::Classification, vec![Metric::Accuracy]),
        ] {
            let (text, policy) = policy(task, Preset::Original);
            assert_eq!(policy.check.mode, Mode::Threshold);
            assert_eq!(policy.check.evidence, EvidenceKind::Recorded);
            assert_eq!(policy.check.baseline, BaselineChoice::Previous);
            assert_eq!(policy.check.threshold_pct.to_bits(), 5.0_f64.to_bits());
            assert_eq!(policy.check.decide_on, Some(metrics));
            assert_eq!(policy.action.on_degraded, OnDegraded::Rollback);
            assert_eq!(policy.action.target, TargetChoice::Previous);
            assert!(policy.common().broken_for(task).is_empty());
            uncommented(&text);
        }
    }

    #[test]
    fn inbox_channels_and_seasons_are_there_to_be_uncommented() {
        for preset in [Preset::Default, Preset::Original] {
            let (text, policy) = policy(Task::Regression, preset);
            assert_eq!(policy.ingest.inbox, None);
            assert!(policy.channels.is_empty() && policy.season.is_empty());
            let uncommented = uncommented(&text);
            assert_eq!(uncommented.ingest.inbox.as_deref(), Some("inbox/"));
            assert_eq!(uncommented.channels.len(), 1);
            assert_eq!(uncommented.season.iter().count(), 2);
        }
    }

    #[test]
    fn the_lines_keep_to_a_readable_width_and_presets_have_names() {
        for preset in [Preset::Default, Preset::Original] {
            assert_eq!(preset.name().parse(), Ok(preset));
            let (text, _) = policy(Task::Classification, preset);
            assert!(
                text.lines().all(|line| line.chars().count() <= 120),
                "{text}"
            );
            assert!(text.ends_with('\n'));
        }
        assert!("guard".parse::<Preset>().is_err());
    }
}
