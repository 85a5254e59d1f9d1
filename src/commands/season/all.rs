//! `season apply --all`: every model that has seasons, each for itself.

use serde_json::{Value, json};

use crate::commands::call::Call;
use crate::commands::flags::LiveFlags;
use crate::commands::output::{Report, Screen, Warning};
use crate::commands::{Outcome, switched};
use crate::store::models::Model;
use crate::ui::exit::{ExitStatus, worst};
use crate::ui::interrupt::{Signal, StopFlag};
use crate::ui::problem::Problem;

pub fn apply(call: &Call, flags: &LiveFlags) -> Outcome {
    let mut session = switched::open(call, flags)?;
    let models = call.all_models(&mut session)?;
    let has_seasons = |model: &Model| !session.policy(model).season.is_empty();
    let models: Vec<_> = models.into_iter().filter(has_seasons).collect();
    if models.is_empty() {
        return Err(
            Problem::new("MG0214", "the policy has no seasons for any model")
                .hint("name them under [season] in the policy, as in `winter = \"11-01\"`"),
        );
    }
    call.check_stop()?;
    let (models, stopped) = each(&call.stop, &models, |model| {
        let call = call.of_model(&model.name, true);
        super::apply(&call, &mut session, model, flags)
    });
    Ok(Box::new(All {
        models,
        stopped,
        news_only: call.globals.quiet > 0,
    }))
}

/// Does it to each model, until a signal comes or Ctrl-C answers a question; what stopped it before the last one.
fn each(
    stop: &StopFlag,
    models: &[Model],
    mut apply: impl FnMut(&Model) -> Outcome,
) -> (Vec<One>, Option<Signal>) {
    let mut done = Vec::new();
    for model in models {
        if let Some(signal) = stop.requested().filter(|_| !done.is_empty()) {
            return (done, Some(signal));
        }
        let one = One {
            result: apply(model),
            model: model.name.to_string(),
        };
        // At a question Ctrl-C is a key, and no signal.
        let signal = [Signal::Interrupt, Signal::Terminate]
            .into_iter()
            .find(|signal| signal.exit() == one.exit());
        done.push(one);
        if signal.is_some() {
            return (done, signal);
        }
    }
    (done, None)
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
    /// Ctrl-C or SIGTERM came; nothing was done to the models after those that are told of.
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
            Err(_) => None,
        });
        told.collect()
    }

    fn aside(&self, screen: &Screen) -> String {
        self.reports().map(|report| report.aside(screen)).collect()
    }

    fn failures(&self) -> Vec<Problem> {
        let failed = self.models.iter().filter_map(|one| {
            let problem = one.result.as_ref().err()?;
            Some(problem.clone().about(&one.model))
        });
        failed.collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::example::model;
    use crate::commands::problems;
    use crate::domain::metric::Task;

    struct Done;

    impl Report for Done {
        fn schema(&self) -> &'static str {
            "season_apply"
        }

        fn data(&self) -> Value {
            json!({})
        }

        fn text(&self, _: &Screen) -> String {
            "done\n".to_owned()
        }
    }

    /// How many of three models were looked at and how that ended, where something happens at one of them.
    fn at(number: usize, what: impl Fn(&StopFlag) -> Outcome) -> (usize, u8) {
        let stop = StopFlag::default();
        let models = [(); 3].map(|()| model(Task::Regression));
        let mut seen = 0;
        let (models, stopped) = each(&stop, &models, |_| {
            seen += 1;
            if seen == number {
                what(&stop)
            } else {
                Ok(Box::new(Done))
            }
        });
        assert_eq!(models.len(), seen);
        let all = All {
            models,
            stopped,
            news_only: false,
        };
        (seen, all.exit().code())
    }

    #[test]
    fn ctrl_c_at_a_question_ends_the_run_whichever_model_it_is_about() {
        for (signal, code) in [(Signal::Interrupt, 130), (Signal::Terminate, 143)] {
            for number in 1..=3 {
                let interrupted = |_: &StopFlag| Err(problems::interrupted(signal));
                assert_eq!(at(number, interrupted), (number, code));
            }
        }
    }

    #[test]
    fn a_signal_counts_only_where_a_model_is_left_out() {
        let signal = |stop: &StopFlag| -> Outcome {
            stop.raise(Signal::Terminate);
            Ok(Box::new(Done))
        };
        assert_eq!(at(1, signal), (1, 143));
        assert_eq!(at(2, signal), (2, 143));
        assert_eq!(at(3, signal), (3, 0), "everything was done");
    }
}
