//! The options that every command takes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgAction, Args};

use crate::domain::holders::OperationId;
use crate::domain::metric::Metric;
use crate::domain::names::ModelName;
use crate::domain::policy::{
    BaselineChoice, CheckOverrides, EvidenceKind, Mode, ModelPolicy, Overrides, Window,
    read_lock_timeout,
};
use crate::domain::time::Length;
use crate::store::models::Model;
use crate::ui::colour::ColourChoice;
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

    /// Say which policy, store and model were chosen, and by what
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
    #[arg(long, value_name = "PCT")]
    pub threshold: Option<f64>,

    /// Which labelled rows: n=1000 (the newest), 7d or all
    #[arg(long, value_name = "WINDOW")]
    pub window: Option<Window>,

    /// Labelled rows below which nothing is decided
    #[arg(long, value_name = "N")]
    pub min_rows: Option<u64>,
}

impl JudgeFlags {
    /// The policy for one model with these options in its place.
    ///
    /// # Errors
    /// The policy is not for a model of this task, or the options break a rule of the policy.
    pub fn over(&self, policy: &ModelPolicy, model: &Model) -> Result<ModelPolicy, Problem> {
        if let Some(broken) = policy.broken_for(model.task).first() {
            return Err(
                Problem::new("MG0304", format!("`{}` {}", broken.key, broken.message)).hint(
                    format!("say it for another model: `[models.{}.check]`", model.name),
                ),
            );
        }
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
    text.strip_prefix("op_")
        .unwrap_or(text)
        .parse()
        .ok()
        .filter(|id| *id > 0)
        .map(OperationId)
        .ok_or_else(|| "an operation is written op_41".to_owned())
}
