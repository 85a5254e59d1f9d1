//! `season apply --all`: every model that has seasons, each for itself.

use serde_json::{Value, json};

use crate::commands::call::Call;
use crate::commands::flags::LiveFlags;
use crate::commands::output::{Report, Screen, Warning};
use crate::commands::{Outcome, switched};
use crate::ui::exit::{ExitStatus, worst};
use crate::ui::interrupt::Signal;
use crate::ui::problem::Problem;

pub fn apply(call: &Call, flags: &LiveFlags) -> Outcome {
    let mut session = switched::open(call, flags)?;
    let models = call.all_models(&mut session)?;
    let mut found = Vec::new();
    for model in models {
        if session.policy(&model).season.is_empty() {
            continue;
        }
        if found.is_empty() {
            call.check_stop()?;
        } else if call.stop.requested().is_some() {
            break;
        }
        found.push(One {
            result: super::apply(call, &mut session, &model, flags, true),
            model: model.name.to_string(),
        });
    }
    if found.is_empty() {
        return Err(
            Problem::new("MG0214", "the policy has no seasons for any model")
                .hint("name them under [season] in the policy, as in `winter = \"11-01\"`"),
        );
    }
    Ok(Box::new(All {
        models: found,
        stopped: call.stop.requested(),
        news_only: call.globals.quiet > 0,
    }))
}

/// One model and what came of its season.
struct One {
    model: String,
    result: Outcome,
}

impl One {
    fn exit(&self) -> ExitStatus {
        match &self.result {
            Ok(report) => report.exit(),
            Err(problem) => problem.exit,
        }
    }
}

struct All {
    models: Vec<One>,
    /// Ctrl-C or SIGTERM came; the models after those that are told of were not looked at.
    stopped: Option<Signal>,
    news_only: bool,
}

impl All {
    fn reports(&self) -> impl Iterator<Item = &dyn Report> {
        let reports = self
            .models
            .iter()
            .filter_map(|one| one.result.as_ref().ok());
        reports.map(|report| &**report)
    }
}

impl Report for All {
    fn schema(&self) -> &'static str {
        "season_apply_all"
    }

    fn data(&self) -> Value {
        let models: Vec<_> = self
            .models
            .iter()
            .map(|one| {
                json!({
                    "model": one.model,
                    "exit_code": one.exit().code(),
                    "change": one.result.as_ref().ok().map(|report| report.data()),
                    "error": one.result.as_ref().err().map(Problem::to_json),
                })
            })
            .collect();
        json!({ "models": models })
    }

    fn text(&self, screen: &Screen) -> String {
        let told = self.models.iter().filter_map(|one| match &one.result {
            Ok(report) if self.news_only && !report.is_news() => None,
            Ok(report) => Some(format!("{}  {}", one.model, report.text(screen))),
            Err(problem) => Some(format!("{}  failed: {}\n", one.model, problem.message)),
        });
        told.collect()
    }

    fn aside(&self, screen: &Screen) -> String {
        let told = self.models.iter().map(|one| match &one.result {
            Ok(report) => report.aside(screen),
            Err(problem) => problem.render(screen.palette),
        });
        told.collect()
    }

    fn exit(&self) -> ExitStatus {
        if let Some(signal) = self.stopped {
            return signal.exit();
        }
        worst(self.models.iter().map(One::exit))
    }

    fn warnings(&self) -> Vec<Warning> {
        self.reports().flat_map(Report::warnings).collect()
    }

    fn is_news(&self) -> bool {
        self.models.iter().any(|one| one.result.is_err()) || self.reports().any(Report::is_news)
    }
}
