//! `check`: judges a version, records what it found, and never changes what is live.

use serde_json::Value;

use super::call::Call;
use super::flags::JudgeFlags;
use super::messages::{self, Listeners};
use super::output::{Report, Screen, Warning};
use super::{Outcome, advice, judged, problems, warnings};
use crate::domain::names::Reference;
use crate::domain::verdict::Verdict;
use crate::store::Access;
use crate::ui::exit::ExitStatus;
use crate::workflows::recording::{self, Checked};

/// Judge whether a version became worse
///
/// Judges what is live on its labelled predictions, by the policy. Records the verdict and opens or resolves the alert;
/// never changes what is live. A version that is not live is judged on its shadow rows and opens no alert.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard check
  modelguard check --threshold 3 --no-record
  modelguard check 20131104_090000 --json

Exit status: 0 healthy; 3 degraded; 4 insufficient data, with the reasons; 10 no such version
Effect: records; with --no-record reads only")]
pub struct Args {
    /// The version to judge; what is live without it
    #[arg(value_name = "REF")]
    version: Option<Reference>,

    /// Record nothing, open no alert
    #[arg(long)]
    no_record: bool,

    #[command(flatten)]
    judge: JudgeFlags,
}

pub fn run(call: &Call, args: &Args) -> Outcome {
    let access = if args.no_record {
        Access::Read
    } else {
        Access::Write
    };
    let mut session = call.session(access)?;
    let model = call.model(&mut session)?;
    let of_policy = session.policy(&model);
    let policy = args.judge.rules(call, &session.found, &model)?;
    let mut beside = warnings::of_names(call, &mut session)?;
    beside.extend(warnings::of_clock(call, &mut session, [&model])?);
    let listeners = Listeners::of(call, &session, false);
    let checked = recording::check(
        &mut session.store,
        &session.author,
        &model,
        &policy,
        args.version.as_ref(),
        policy.check == of_policy.check,
        (!args.no_record).then(|| listeners.audience()).as_ref(),
    )
    .map_err(|error| problems::judge(call, error))?;
    Ok(Box::new(Found {
        advice: advice::advice(call, &mut session, &checked.judgement)
            + &advice::way_out(call, &mut session, &checked.judgement, false),
        checked,
        beside,
        all_metrics: call.globals.verbose > 0,
    }))
}

struct Found {
    checked: Checked,
    advice: String,
    /// What to know of the policy and of the store.
    beside: Vec<Warning>,
    all_metrics: bool,
}

impl Report for Found {
    fn schema(&self) -> &'static str {
        "check"
    }

    fn data(&self) -> Value {
        judged::check_data(&self.checked)
    }

    fn text(&self, screen: &Screen) -> String {
        judged::text(screen, &self.checked, self.all_metrics)
    }

    fn aside(&self, _: &Screen) -> String {
        judged::information(&self.checked.judgement)
    }

    fn afterwards(&self, _: &Screen) -> String {
        messages::waiting(&self.checked.told) + &self.advice
    }

    fn exit(&self) -> ExitStatus {
        judged::exit_of(self.checked.judgement.decision.verdict)
    }

    fn verdict(&self) -> Option<Verdict> {
        Some(self.checked.judgement.decision.verdict)
    }

    fn warnings(&self) -> Vec<Warning> {
        let mut warnings = self.beside.clone();
        warnings.extend(judged::warnings(&self.checked.judgement));
        warnings
    }

    fn is_news(&self) -> bool {
        self.checked.is_news
    }
}
