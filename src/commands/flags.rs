//! The options that every command takes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgAction, Args};

use super::call::Call;
use super::problems;
use crate::domain::holders::OperationId;
use crate::domain::metric::Metric;
use crate::domain::names::ModelName;
use crate::domain::policy::{
    BaselineChoice, CheckOverrides, EvidenceKind, Mode, ModelPolicy, Overrides, Window,
    read_lock_timeout,
};
use crate::domain::time::Length;
use crate::policy::discover::Discovered;
use crate::policy::load;
use crate::store::models::Model;
use crate::ui::colour::ColourChoice;
use crate::ui::exit::map::ExitMap;
use crate::ui::problem::Problem;

/// Options of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of every command")]
pub struct Globals {
    /// Work as if started in DIR
    #[arg(
        short = 'C',
        long = "directory",
        global = true,
        value_name = "DIR",
        default_value = ".",
        hide_default_value = true
    )]
    pub directory: PathBuf,

    /// The store [env: MODELGUARD_DB; default: the policy's store.path]
    #[arg(long, global = true, value_name = "FILE")]
    pub db: Option<PathBuf>,

    /// The policy [env: MODELGUARD_CONFIG; default: the nearest modelguard.toml upwards]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The model [env: MODELGUARD_MODEL; default: default_model, or the only one]
    #[arg(short, long, global = true, value_name = "NAME")]
    pub model: Option<ModelName>,

    /// Print one JSON document on stdout; errors as JSON on stderr
    #[arg(long, global = true)]
    pub json: bool,

    /// auto, always or never
    #[arg(long = "color", global = true, value_name = "WHEN", default_value = "auto", hide_default_value = true, value_parser = |text: &str| text.parse::<ColourChoice>())]
    pub colour: ColourChoice,

    /// No status lines; a judging command prints only when its state changed. Twice: nothing
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub quiet: u8,

    /// Say which policy, store and model were chosen, and how it ended. Twice: all it notes [env: MODELGUARD_LOG]
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// No progress bars
    #[arg(long, global = true)]
    pub no_progress: bool,

    /// Never ask: what needs an answer ends with exit status 2
    #[arg(long, global = true)]
    pub no_input: bool,

    /// How long to wait for the store [env: MODELGUARD_LOCK_TIMEOUT; default: 5s]
    #[arg(long, global = true, value_name = "TIME", value_parser = read_lock_timeout)]
    pub lock_timeout: Option<Length>,

    /// Who acts, for the log [env: MODELGUARD_ACTOR; default: the system's user]
    #[arg(long, global = true, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub actor: Option<String>,

    /// The tool's own log, or none [env: MODELGUARD_LOG_FILE; default: a file a day in the state folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,

    /// Other numbers for the shell: nagios, airflow, zero, or pairs such as 4=0,5=0 [env: MODELGUARD_EXIT_MAP]
    // `main` reads it from the raw words, so that it also holds where they make no sense; here it is checked.
    #[arg(long, global = true, value_name = "MAP")]
    pub exit_map: Option<ExitMap>,
}

/// Options of what changes the live version.
#[derive(Args, Clone, Debug, Default)]
pub struct LiveFlags {
    /// Don't ask
    #[arg(short, long)]
    pub yes: bool,

    /// Show the plan and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// Options that override the policy for one judgement.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Instead of the policy, for this run")]
pub struct JudgeFlags {
    /// How to decide: threshold
    #[arg(long, value_name = "MODE")]
    pub mode: Option<Mode>,

    /// What to look at: live rows, or recorded metrics
    #[arg(long, value_name = "live|recorded")]
    pub evidence: Option<EvidenceKind>,

    /// What to compare with: auto, reference, recorded, previous or a version
    #[arg(long, value_name = "BASELINE")]
    pub baseline: Option<BaselineChoice>,

    /// A metric that can say degraded; may be repeated
    #[arg(long, value_name = "METRIC")]
    pub metric: Vec<Metric>,

    /// How much worse a metric may be, in percent
    #[arg(long, value_name = "PCT", value_parser = parse_pct)]
    pub threshold: Option<f64>,

    /// Which labelled rows: n=1000 (the newest), 7d or all
    #[arg(long, value_name = "WINDOW")]
    pub window: Option<Window>,

    /// Labelled rows below which nothing is decided
    #[arg(long, value_name = "N")]
    pub min_rows: Option<u64>,
}

impl JudgeFlags {
    /// The rules for one model: the policy's, with these options in their place.
    ///
    /// # Errors
    /// The policy is not for a model of this task, or the options break a rule of the policy.
    pub fn rules(
        &self,
        call: &Call,
        found: &Discovered,
        model: &Model,
    ) -> Result<ModelPolicy, Problem> {
        if let (Some(text), Some(path)) = (&found.source_text, &found.policy_path) {
            let wrong = load::check_task(text, path, &model.name, model.task);
            if let Some(first) = wrong.into_iter().next() {
                return Err(problems::of_task(call, first, model));
            }
        }
        self.over(&found.policy.for_model(&model.name), model)
    }

    fn over(&self, policy: &ModelPolicy, model: &Model) -> Result<ModelPolicy, Problem> {
        let written = Overrides {
            check: CheckOverrides {
                mode: self.mode,
                evidence: self.evidence,
                metric: self.metric.first().copied(),
                decide_on: (!self.metric.is_empty()).then(|| self.metric.clone()),
                threshold_pct: self.threshold,
                baseline: self.baseline.clone(),
                window: self.window,
                min_rows: self.min_rows,
                ..CheckOverrides::default()
            },
            ..Overrides::default()
        };
        let policy = policy.clone().with(&written);
        let broken = policy
            .broken()
            .into_iter()
            .chain(policy.broken_for(model.task));
        match broken.into_iter().next() {
            None => Ok(policy),
            Some(broken) => Err(Problem::new(
                "MG0107",
                format!("with these options `{}` {}", broken.key, broken.message),
            )
            .hint("change the option, or the key in the policy")),
        }
    }
}

/// Reads a number of percent, which is written without the sign.
fn parse_pct(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').trim_end();
    match (number.parse::<f64>(), number.len() == text.len()) {
        (Ok(pct), true) => Ok(pct),
        (Ok(_), false) => Err(format!("it is in percent: write {number}")),
        (Err(_), _) => Err("that is no number; 5 stands for 5 %".to_owned()),
    }
}

/// How many rows a list has at most: one or more.
pub fn parse_limit(text: &str) -> Result<u64, String> {
    match text.parse() {
        Ok(0) => Err("a list has 1 row or more".to_owned()),
        Ok(limit) => Ok(limit),
        Err(_) => Err(format!("{text} is no count")),
    }
}

/// Reads `K=V`.
pub fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as K=V".to_owned()),
    }
}

/// `K=V` pairs by their key.
///
/// # Errors
/// A key is given twice.
pub fn pairs(
    option: &str,
    given: Vec<(String, String)>,
) -> Result<BTreeMap<String, String>, Problem> {
    let mut pairs = BTreeMap::new();
    for (key, value) in given {
        if pairs.insert(key.clone(), value).is_some() {
            return Err(Problem::new(
                "MG0107",
                format!("{option} {key} is given twice"),
            ));
        }
    }
    Ok(pairs)
}

/// Reads `op_41`, or its bare number.
pub fn parse_operation(text: &str) -> Result<OperationId, String> {
    let digits = text.strip_prefix("op_").unwrap_or(text);
    // A number may have a sign, an operation has none.
    let is_bare = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_bare
        .then(|| digits.parse().ok())
        .flatten()
        .filter(|id| *id > 0)
        .map(OperationId)
        .ok_or_else(|| "an operation is written op_41".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::example::model;
    use crate::domain::metric::Task;
    use crate::domain::policy::Policy;

    fn common() -> ModelPolicy {
        Policy::default().common()
    }

    #[test]
    fn an_operation_is_read_with_its_prefix_or_bare() {
        assert_eq!(parse_operation("op_41"), Ok(OperationId(41)));
        assert_eq!(parse_operation("41"), Ok(OperationId(41)));
        for text in [
            "",
            "op_",
            "op_0",
            "0",
            "-1",
            "op_-1",
            "+5",
            "op_+5",
            "op_x",
            "op_op_1",
            "4.0",
            " 4",
            "99999999999999999999",
        ] {
            assert!(parse_operation(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_pair_is_split_at_its_first_equals_sign() {
        let pair = |key: &str, value: &str| Ok((key.to_owned(), value.to_owned()));
        assert_eq!(parse_pair("k=v"), pair("k", "v"));
        assert_eq!(parse_pair("k=a=b"), pair("k", "a=b"));
        assert_eq!(parse_pair("k="), pair("k", ""));
        assert!(parse_pair("=v").is_err());
        assert!(parse_pair("k").is_err());
    }

    #[test]
    fn a_key_that_is_given_twice_is_refused_whatever_its_values() {
        let given = |pairs: &[(&str, &str)]| {
            let owned = pairs.iter();
            let owned = owned.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            super::pairs("--tag", owned.collect())
        };
        assert_eq!(given(&[("b", "1"), ("a", "2")]).unwrap().len(), 2);
        let refused = given(&[("a", "1"), ("a", "1")]).unwrap_err();
        assert_eq!(refused.code, "MG0107");
        assert_eq!(refused.message, "--tag a is given twice");
    }

    #[test]
    fn without_options_the_policy_holds() {
        let policy = common();
        let same = JudgeFlags::default().over(&policy, &model(Task::Regression));
        assert_eq!(same.unwrap(), policy);
    }

    #[test]
    fn an_option_stands_in_the_place_of_its_key_and_of_no_other() {
        let flags = JudgeFlags {
            threshold: Some(7.5),
            metric: vec![Metric::Mae, Metric::Rmse],
            window: Some(Window::Rows(50)),
            min_rows: Some(30),
            baseline: Some(BaselineChoice::Previous),
            ..JudgeFlags::default()
        };
        let policy = common();
        let over = flags.over(&policy, &model(Task::Regression)).unwrap();
        assert!((over.check.threshold_pct - 7.5).abs() < 1e-12);
        assert_eq!(over.check.metric, Some(Metric::Mae));
        assert_eq!(over.check.decide_on, Some(vec![Metric::Mae, Metric::Rmse]));
        assert_eq!(over.check.window, Window::Rows(50));
        assert_eq!(over.check.min_rows, 30);
        assert_eq!(over.check.baseline, BaselineChoice::Previous);
        assert_eq!(over.check.evidence, policy.check.evidence);
        assert_eq!(over.check.max_age, policy.check.max_age);
        assert_eq!(over.action, policy.action);
        assert_eq!(over.columns, policy.columns);
    }

    #[test]
    fn an_option_that_breaks_a_rule_is_a_usage_error() {
        let of_the_other_task = JudgeFlags {
            metric: vec![Metric::Accuracy],
            ..JudgeFlags::default()
        };
        let without_direction = JudgeFlags {
            metric: vec![Metric::MeanError],
            ..JudgeFlags::default()
        };
        let not_above_zero = JudgeFlags {
            threshold: Some(-1.0),
            ..JudgeFlags::default()
        };
        for flags in [of_the_other_task, without_direction, not_above_zero] {
            let problem = flags.over(&common(), &model(Task::Regression)).unwrap_err();
            assert_eq!(problem.code, "MG0107", "{problem}");
            assert_eq!(problem.exit.code(), 2);
            assert!(
                problem.message.starts_with("with these options `"),
                "{problem}"
            );
        }
    }
}
