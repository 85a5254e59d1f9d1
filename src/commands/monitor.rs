//! `monitor`: checks what is live and does what the policy says; the command for cron.

mod inbox;
mod one;

use serde_json::{Value, json};

use inbox::Inbox;
use one::One;

use super::call::Call;
use super::flags::JudgeFlags;
use super::messages::{self, Listeners};
use super::output::{Report, Screen, Warning};
use super::{Outcome, advice, judged, problems, swept, warnings};
use crate::domain::hash::Hash;
use crate::domain::policy::OnDegraded;
use crate::domain::verdict::Verdict;
use crate::store::models::Model;
use crate::store::operations;
use crate::ui::exit::{ExitStatus, worst};
use crate::ui::interrupt::Signal;
use crate::ui::problem::Problem;
use crate::workflows::delivering::Sent;
use crate::workflows::monitoring::{self, ActionStatus, Monitored};
use crate::workflows::session::Session;

/// Check what is live, and act as the policy says
///
/// First takes in what services dropped into the policy's `ingest.inbox`; whatever becomes of those files, the exit
/// status is the verdict's. Never asks: the option or the policy is the consent. An alert acts once; `alerts ack --rearm` lets it act again.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard monitor
  modelguard monitor --auto-rollback -q
  modelguard monitor --all --dry-run

Exit status: 0 healthy; 3 degraded, nothing was changed; 4 insufficient data; 5 degraded and rolled back;
6 degraded, a rollback is wanted and there is nowhere to go. With --all the worst of all models
Effect: may change the live model")]
pub struct Args {
    /// Roll back if degraded
    #[arg(long, conflicts_with = "no_auto_rollback")]
    auto_rollback: bool,

    /// Only alert, whatever the policy says
    #[arg(long)]
    no_auto_rollback: bool,

    /// Every model of the store; a failure in one does not stop the others
    #[arg(long)]
    all: bool,

    /// Say what would be done and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Tell nobody: no message about this run is queued or sent
    #[arg(long)]
    no_notify: bool,

    #[command(flatten)]
    judge: JudgeFlags,
}

pub fn run(call: &Call, args: &Args) -> Outcome {
    let mut session = swept::open(call, args.dry_run)?;
    let listeners = Listeners::of(call, &session, args.no_notify || args.dry_run);
    let models = if args.all {
        call.all_models(&mut session)?
    } else {
        vec![call.model(&mut session)?]
    };
    // Read before anything is done, so that nothing that is done goes untold.
    let ahead = warnings::of_clock(call, &mut session, &models)?;
    if let ([model], false) = (models.as_slice(), args.all) {
        let mut one = monitor_one(call, &mut session, model, &listeners, args)?;
        // Where no file came in there is nothing to report, and the failure is the answer.
        if one.inbox.swept.files.is_empty() {
            if one.result.is_err() && !args.no_notify && !args.dry_run {
                // What waits does not wait for a model that can be judged; what comes of it is in the store.
                let _ = listeners.deliver(call, &mut session);
            }
            one.result = Ok(one.result?);
        }
        return finish(
            call,
            &mut session,
            args,
            &listeners,
            ahead,
            (vec![one], None),
        );
    }
    let mut found = Vec::new();
    let mut stopped = None;
    for model in &models {
        if found.is_empty() {
            call.check_stop()?;
        } else if let Some(signal) = call.stop.requested() {
            stopped = Some(signal);
            break;
        }
        let call = call.of_model(&model.name, true);
        let one = monitor_one(&call, &mut session, model, &listeners, args);
        found.push(one.unwrap_or_else(|problem| One {
            model: model.name.to_string(),
            inbox: Inbox::default(),
            result: Err(problem),
            advice: String::new(),
            rollback: String::new(),
            undo_command: None,
        }));
    }
    finish(
        call,
        &mut session,
        args,
        &listeners,
        ahead,
        (found, stopped),
    )
}

fn monitor_one(
    call: &Call,
    session: &mut Session,
    model: &Model,
    listeners: &Listeners,
    args: &Args,
) -> Result<One, Problem> {
    let mut policy = args.judge.rules(call, &session.found, model)?;
    if args.auto_rollback {
        policy.action.on_degraded = OnDegraded::Rollback;
    } else if args.no_auto_rollback {
        policy.action.on_degraded = OnDegraded::Alert;
    }
    let inbox = Inbox::sweep(call, session, model, listeners, args.dry_run)?;
    let monitored = monitoring::monitor(
        &mut session.store,
        &session.author,
        model,
        &policy,
        &listeners.audience(),
        args.dry_run,
    )
    .map_err(|error| problems::judge(call, error));
    let done = monitored.as_ref().ok();
    let operation = done.and_then(|monitored| monitored.action.operation);
    let advice = done.map_or_else(String::new, |monitored| {
        let judgement = &monitored.checked.judgement;
        let blocked = monitored.action.status == ActionStatus::Impossible;
        let stays = blocked || monitored.action.wanted == Some(OnDegraded::Alert);
        let mut advice = advice::advice(call, session, judgement);
        if stays {
            advice += &advice::way_out(call, session, judgement, blocked);
        }
        advice
    });
    Ok(One {
        advice,
        rollback: call.follow_up("rollback"),
        model: model.name.to_string(),
        inbox,
        undo_command: operation.map(|operation| call.follow_up(&format!("undo {operation}"))),
        result: monitored.map(Box::new),
    })
}

fn finish(
    call: &Call,
    session: &mut Session,
    args: &Args,
    listeners: &Listeners,
    ahead: Vec<Warning>,
    (models, stopped): (Vec<One>, Option<Signal>),
) -> Outcome {
    // What failed before is due too, whoever queued it. Nothing of it can take the verdict back.
    let told = if args.no_notify || args.dry_run {
        Ok(Vec::new())
    } else {
        listeners.deliver(call, session)
    };
    let (sent, not_told) = match told {
        Ok(sent) => (sent, None),
        Err(problem) => (Vec::new(), Some(problem)),
    };
    // What was decided and done is told, even if the store is busy by now.
    let mut beside = warnings::of_names(call, session).unwrap_or_default();
    beside.extend(ahead);
    let head = session.store.read(operations::head).ok();
    Ok(Box::new(Found {
        models,
        sent,
        not_told,
        open_secrets: listeners.warnings(),
        beside,
        head: head.map(|(_, head)| head),
        dry_run: args.dry_run,
        all: args.all,
        stopped,
        all_metrics: call.globals.verbose > 0,
        news_only: call.globals.quiet > 0,
        rearm: call.follow_up("alerts ack"),
    }))
}

struct Found {
    models: Vec<One>,
    /// What was sent, about these models or others.
    sent: Vec<Sent>,
    /// Why nothing could be sent.
    not_told: Option<Problem>,
    open_secrets: Vec<Warning>,
    /// Models that the policy names and the store does not have; a store that is ahead of the clock.
    beside: Vec<Warning>,
    /// None: the store could not be read any more.
    head: Option<Hash>,
    dry_run: bool,
    all: bool,
    /// Ctrl-C or SIGTERM came, and the models after those that are told of were not looked at.
    stopped: Option<Signal>,
    all_metrics: bool,
    news_only: bool,
    rearm: String,
}

impl Found {
    fn monitored(&self) -> impl Iterator<Item = &Monitored> {
        self.models
            .iter()
            .filter_map(|one| one.result.as_ref().ok())
            .map(|monitored| &**monitored)
    }

    /// The warning, with the model where there are several.
    fn prefixed(&self, one: &One, warning: Warning) -> Warning {
        Warning {
            text: if self.all {
                format!("{}: {}", one.model, warning.text)
            } else {
                warning.text
            },
            ..warning
        }
    }

    fn nothing_sent(&self) -> Option<Warning> {
        let problem = self.not_told.as_ref()?;
        Some(Warning {
            code: "not_delivered",
            text: format!("no message was sent: {}; a later run does", problem.message),
        })
    }

    /// What was done, or why nothing was.
    fn action_line(&self, one: &One, monitored: &Monitored) -> String {
        let action = &monitored.action;
        let name = |version: Option<&crate::store::versions::Version>| {
            version.map_or_else(|| "nobody".to_owned(), |version| version.name.to_string())
        };
        let live = name(monitored.checked.judgement.version.as_ref());
        let target = name(action.target.as_ref().map(|target| &target.version));
        let unjudged = match &action.target {
            Some(target) if !target.was_judged && target.was_checked => {
                let name = &target.version.name;
                format!(" {name} was checked and never had enough data to be judged.")
            }
            Some(target) if !target.was_judged => {
                format!(" {target} was never judged.", target = target.version.name)
            }
            _ => String::new(),
        };
        match (action.wanted, action.status) {
            (Some(OnDegraded::Rollback), ActionStatus::Done) => {
                let undo = one.undo_command.as_deref().unwrap_or_default();
                format!("Rolled back to {target} (was {live}).{unjudged} undo: {undo}\n")
            }
            (Some(OnDegraded::Rollback), ActionStatus::DryRun) => {
                format!("Would roll back to {target} (is {live}).{unjudged}\n")
            }
            (_, ActionStatus::Impossible) => {
                "Not rolled back: no version lies below that is neither bad nor retired (nowhere to go)\n".to_owned()
            }
            (_, ActionStatus::Refused) => {
                let id = monitored
                    .checked
                    .alert()
                    .map_or_else(|| "ID".to_owned(), |id| id.to_string());
                format!(
                    "Not rolled back to {target}: alert {id} has acted (already_acted). By hand: `{}`; to let it act again: `{} {id} --rearm`\n",
                    one.rollback, self.rearm
                )
            }
            _ => String::new(),
        }
    }
}

impl Report for Found {
    fn schema(&self) -> &'static str {
        "monitor"
    }

    fn data(&self) -> Value {
        let models: Vec<_> = self.models.iter().map(|one| one.data(&self.sent)).collect();
        json!({ "models": models, "dry_run": self.dry_run, "head_blake3": self.head.map(|head| head.to_string()) })
    }

    fn text(&self, screen: &Screen) -> String {
        let mut text = String::new();
        for one in &self.models {
            text.push_str(&if self.news_only {
                swept::news(&one.inbox.swept)
            } else {
                swept::summary(&one.inbox.swept)
            });
            let Ok(monitored) = &one.result else {
                continue;
            };
            if self.news_only && !monitored.is_news() {
                continue;
            }
            text.push_str(&judged::text(screen, &monitored.checked, self.all_metrics));
            text.push_str(&self.action_line(one, monitored));
        }
        if self.models.is_empty() {
            text.push_str("The store has no model.\n");
        }
        if self.dry_run {
            text.push_str("Dry run: nothing was changed.\n");
        }
        if let Some(head) = self.head
            && self
                .monitored()
                .any(|monitored| monitored.action.operation.is_some())
        {
            text.push_str(&format!("head {head}\n"));
        }
        text + &messages::required_failures(&self.sent)
    }

    fn aside(&self, _: &Screen) -> String {
        self.monitored()
            .map(|monitored| judged::information(&monitored.checked.judgement))
            .collect()
    }

    fn failures(&self) -> Vec<Problem> {
        let failed = self.models.iter().filter_map(|one| {
            let problem = one.result.as_ref().err()?.clone();
            Some(if self.all {
                problem.about(&one.model)
            } else {
                problem
            })
        });
        failed.collect()
    }

    fn afterwards(&self, _: &Screen) -> String {
        let advice = self.models.iter().map(|one| one.advice.as_str());
        messages::summary(&self.sent) + &advice.collect::<String>()
    }

    fn exit(&self) -> ExitStatus {
        if let Some(signal) = self.stopped {
            return signal.exit();
        }
        if self.models.is_empty() {
            return ExitStatus::Insufficient;
        }
        let told = messages::exit(&self.sent);
        worst(self.models.iter().map(One::exit).chain([told]))
    }

    fn verdict(&self) -> Option<Verdict> {
        let of = |wanted| self.models.iter().any(|one| one.verdict() == Some(wanted));
        [
            Verdict::Degraded,
            Verdict::InsufficientData,
            Verdict::Healthy,
        ]
        .into_iter()
        .find(|verdict| of(*verdict))
    }

    fn warnings(&self) -> Vec<Warning> {
        let of_one = |one: &One| {
            let judged = one.result.as_ref().ok();
            let judged = judged.map(|monitored| judged::warnings(&monitored.checked.judgement));
            let mut warnings = one.inbox.warnings();
            warnings.extend(judged.unwrap_or_default());
            warnings
        };
        let models = self.models.iter();
        let mut warnings = self.beside.clone();
        warnings.extend(models.flat_map(|one| {
            let warnings = of_one(one).into_iter();
            warnings.map(|warning| self.prefixed(one, warning))
        }));
        warnings.extend(self.open_secrets.iter().cloned());
        warnings.extend(messages::failures(&self.sent));
        warnings.extend(self.nothing_sent());
        warnings
    }

    fn alarms(&self) -> Vec<Warning> {
        let lasting = self.models.iter().flat_map(|one| {
            let trouble = one.inbox.lasting_trouble();
            trouble.map(|warning| self.prefixed(one, warning))
        });
        let mut alarms: Vec<_> = lasting.collect();
        alarms.extend(messages::new_failures(&self.sent));
        alarms.extend(self.nothing_sent());
        alarms
    }

    fn is_news(&self) -> bool {
        self.models
            .iter()
            .any(|one| one.result.is_err() || swept::is_news(&one.inbox.swept))
            || self.monitored().any(Monitored::is_news)
            || messages::exit(&self.sent) != ExitStatus::Ok
    }
}

#[cfg(test)]
mod tests;
