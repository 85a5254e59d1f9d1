//! `config validate`: everything that is wrong with a policy, not only the first.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::commands::call::{Call, quoted};
use crate::commands::messages::open_secret;
use crate::commands::output::{Report, Screen, Warning};
use crate::commands::{Outcome, problems, swept, warnings};
use crate::domain::policy::Policy;
use crate::policy::diagnose::{PolicyError, ProblemKind};
use crate::policy::discover::Discovered;
use crate::policy::{self, discover, load, secrets, trust};
use crate::store::models;
use crate::ui::exit::{self, ExitStatus};
use crate::ui::number;
use crate::ui::problem::Problem;
use crate::workflows::sweeping::places;

/// Everything that is wrong with a policy
///
/// Unknown keys, values that can't be, keys that clash, and, where there is a store, metrics that the task of a model
/// does not have. Warns of models that the store does not have, of secrets that are not where the policy says, or that
/// other users can read, of a share where percents are meant, and of a policy that is found here and has to be trusted
/// before any other command obeys it.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard config validate
  modelguard config validate modelguard.toml --json

Exit status: 0 nothing is wrong; 1 it can't be read; 2 something is wrong; 13 it needs another modelguard
Effect: reads only")]
pub struct Args {
    /// The policy; without it the one that a command here would use
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

pub fn run(call: &Call, args: &Args) -> Outcome {
    let found = match &args.file {
        Some(file) => Some(file.clone()),
        None => discover::find(&call.given(), &call.environment)
            .map_err(|error| problems::discover(call, error))?
            .map(|found| found.path),
    };
    let Some(path) = found else {
        return Ok(Box::new(Validated {
            path: None,
            problems: Vec::new(),
            doubts: Vec::new(),
            untrusted: None,
            trusted: Some(true),
            judged: Vec::new(),
        }));
    };
    let text = load::read_text(&path).map_err(|error| unread(call, args, error))?;
    // What a command here works with; a policy that was named by hand may be another project's.
    let here = call.discover().ok();
    let own = here.as_ref().filter(|_| args.file.is_none());
    let wrong = load::check_all(&text, &path);
    // What is wrong for a task can be said of a good policy only, and only where the tasks are known.
    let known = if wrong.is_empty() {
        own.map_or_else(Vec::new, |found| tasks(call, found))
    } else {
        Vec::new()
    };
    let mut foreign: Vec<(PolicyError, &models::Model)> = Vec::new();
    for model in &known {
        for problem in load::check_task(&text, &path, &model.name, model.task) {
            if foreign.iter().all(|(known, _)| *known != problem) {
                foreign.push((problem, model));
            }
        }
    }
    let foreign = foreign.into_iter().map(|(error, model)| {
        let problem = problems::of_task(call, error.clone(), model);
        Told {
            problem,
            ..told(call, error)
        }
    });
    // Whether two inboxes are one is known of the models in the store, and where links lead.
    let misplaced = own
        .filter(|_| !known.is_empty())
        .and_then(|found| places::misplaced(found, &known, call.log_path.as_deref()))
        .map(|error| Told {
            problem: swept::misplaced(&error),
            key: Some("ingest.inbox".to_owned()),
            line: None,
            column: None,
        });
    let folder = path.parent().unwrap_or(Path::new(""));
    let policy = load::parse(&text, &path).ok();
    let doubts = policy.map_or_else(Vec::new, |policy| {
        let mut doubts = unknown(&text, &path, &known);
        doubts.extend(meant(&policy));
        doubts.extend(secrets_of(&policy, folder));
        doubts
    });
    let trust = untrusted(call, own, args.file.as_deref());
    let problems = wrong.into_iter().map(|error| told(call, error));
    Ok(Box::new(Validated {
        path: Some(shown(&path)),
        problems: problems.chain(foreign).chain(misplaced).collect(),
        doubts,
        trusted: trust.as_ref().map(Option::is_none),
        untrusted: trust.flatten(),
        judged: known
            .into_iter()
            .map(|model| model.name.to_string())
            .collect(),
    }))
}

/// Why there is nothing to look at. A file that was named as an argument is named otherwise as such.
fn unread(call: &Call, args: &Args, error: PolicyError) -> Problem {
    let is_missing = error.kind == ProblemKind::Missing;
    let mut problem = problems::policy(call, error);
    if is_missing && args.file.is_some() {
        problem.hints = vec![format!(
            "name another: `modelguard config validate FILE`; without one it is that which a command here would use: `{}`",
            call.follow_up("config path")
        )];
    }
    problem
}

/// Why the commands that find the policy refuse it, if they do; `None`: it is not known of a policy that is wrong.
fn untrusted(call: &Call, own: Option<&Discovered>, file: Option<&Path>) -> Option<Option<Told>> {
    let named;
    let found = match file {
        None => own?,
        // Another name is never found by looking for it, and naming a policy is consent.
        Some(file) if file.file_name() != Some(discover::POLICY_FILE.as_ref()) => {
            return Some(None);
        }
        Some(_) => {
            named = super::trust::found(call, file).ok()?;
            &named
        }
    };
    let refused = trust::require(found, &call.environment).err();
    Some(refused.map(|error| {
        let mut told = told(call, error);
        let words = match file {
            Some(file) => format!("config trust {}", quoted(&file.display().to_string())),
            None => "config trust".to_owned(),
        };
        told.problem.hints = vec![problems::trust_hint(call, &words)];
        told
    }))
}

/// Something that is not wrong and is hardly meant.
struct Doubtful {
    /// What it is about.
    name: String,
    line: Option<usize>,
    warning: Warning,
}

/// Models that the policy names and the store does not have.
fn unknown(text: &str, path: &Path, known: &[models::Model]) -> Vec<Doubtful> {
    let known: Vec<_> = known.iter().map(|model| &model.name).collect();
    let found = policy::strangers::strangers(text, path, &known).into_iter();
    found
        .map(|stranger| Doubtful {
            warning: warnings::of_stranger(&stranger),
            line: stranger.line,
            name: stranger.key,
        })
        .collect()
}

/// Values that are allowed and hardly meant.
fn meant(policy: &Policy) -> Vec<Doubtful> {
    let doubts = policy.doubts().into_iter();
    doubts
        .map(|doubt| Doubtful {
            warning: Warning {
                code: "threshold_tiny",
                text: format!("{} {}", doubt.key, doubt.message),
            },
            name: doubt.key,
            line: None,
        })
        .collect()
}

/// Secrets that are not where the policy says, or that others can read. None of them is kept.
fn secrets_of(policy: &Policy, folder: &Path) -> Vec<Doubtful> {
    let mut doubts = Vec::new();
    for channel in &policy.channels {
        for (what, source) in secrets::sources(channel) {
            let text = match secrets::read(source, folder) {
                Err(error) => Some(error.to_string()),
                Ok(_) => open_secret(source, folder)
                    .map(|close| format!("others may read the file with the {what}: `{close}`")),
            };
            doubts.extend(text.map(|text| Doubtful {
                name: format!("notify {}", channel.name),
                line: None,
                warning: Warning {
                    code: "secret",
                    text: format!("channel {}: {text}", channel.name),
                },
            }));
        }
    }
    doubts
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// The models of the store that belongs to the policy, where it can be read.
fn tasks(call: &Call, found: &Discovered) -> Vec<models::Model> {
    super::models_of(call, found).unwrap_or_default()
}

/// A problem, for people and for programs.
struct Told {
    problem: Problem,
    key: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
}

fn told(call: &Call, error: PolicyError) -> Told {
    Told {
        key: error.key.clone(),
        line: error.line(),
        column: error.column(),
        problem: problems::policy(call, error),
    }
}

struct Validated {
    /// `None`: there is no policy.
    path: Option<String>,
    problems: Vec<Told>,
    doubts: Vec<Doubtful>,
    /// Why every other command refuses it.
    untrusted: Option<Told>,
    /// `None`: it is wrong, so that nobody asks.
    trusted: Option<bool>,
    /// The models of the store for whose task it was read.
    judged: Vec<String>,
}

impl Validated {
    fn fine(&self) -> String {
        match &self.path {
            None => "There is no policy here, and the defaults hold.".to_owned(),
            Some(path) if self.judged.is_empty() => format!("{path}: nothing is wrong."),
            Some(path) => format!(
                "{path}: nothing is wrong, also for the task of {}.",
                self.judged.join(", ")
            ),
        }
    }
}

impl Report for Validated {
    fn schema(&self) -> &'static str {
        "config_validate"
    }

    fn data(&self) -> Value {
        let check = |told: &Told, name: &str, outcome: &str| {
            json!({
                "name": name,
                "outcome": outcome,
                "text": told.problem.message,
                "hint": told.problem.hints.first(),
                "code": told.problem.code,
                "line_number": told.line,
                "column_number": told.column,
            })
        };
        let problems = self.problems.iter();
        let mut checks: Vec<_> = problems
            .map(|told| check(told, told.key.as_deref().unwrap_or("policy"), "fail"))
            .collect();
        let is_fine = checks.is_empty();
        checks.extend(self.doubts.iter().map(|doubt| {
            json!({
                "name": doubt.name,
                "outcome": "warn",
                "text": doubt.warning.text,
                "hint": null,
                "code": null,
                "line_number": doubt.line,
                "column_number": null,
            })
        }));
        checks.extend(
            self.untrusted
                .iter()
                .map(|told| check(told, "trust", "warn")),
        );
        if is_fine {
            checks.push(json!({
                "name": "policy",
                "outcome": "ok",
                "text": self.fine(),
                "hint": null,
                "code": null,
                "line_number": null,
                "column_number": null,
            }));
        }
        json!({ "path": self.path, "trusted": self.trusted, "checks": checks })
    }

    fn text(&self, screen: &Screen) -> String {
        if self.problems.is_empty() {
            return self.fine() + "\n";
        }
        let mut text: String = self
            .problems
            .iter()
            .map(|told| told.problem.render(screen.palette))
            .collect();
        let count = self.problems.len();
        text.push_str(&format!(
            "{} problem{}\n",
            number::count(count as u64),
            if count == 1 { "" } else { "s" }
        ));
        text
    }

    fn warnings(&self) -> Vec<Warning> {
        let doubts = self.doubts.iter().map(|doubt| doubt.warning.clone());
        let untrusted = self.untrusted.iter().map(|told| Warning {
            code: "untrusted",
            text: format!(
                "{}; every command that opens the store refuses it ({}): {}",
                told.problem.message,
                told.problem.code,
                told.problem.hints.join(", or ")
            ),
        });
        doubts.chain(untrusted).collect()
    }

    fn exit(&self) -> ExitStatus {
        exit::worst(self.problems.iter().map(|told| told.problem.exit))
    }
}
