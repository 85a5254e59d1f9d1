//! `init`: makes a project: policy, store, and a model; on a store that exists, adds a model.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::call::{Call, absolute, quoted};
use super::output::{Report, Screen, Warning};
use super::{Outcome, problems};
use crate::domain::metric::Task;
use crate::domain::names::ModelName;
use crate::domain::operation::{NewOperation, OperationKind};
use crate::files::write::{create_directory_all, create_new};
use crate::files::{FileErrorKind, read};
use crate::policy::discover::POLICY_FILE;
use crate::policy::template::{Preset, template};
use crate::store::models::{self, Model};
use crate::store::{Access, Change, Created, Store, StoreError, Tx};
use crate::ui::problem::Problem;

/// Make a project: a policy, a store, a model
///
/// On a store that exists it adds a model. It never writes over a policy.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard init churn --task classification
  modelguard init --model prices --task regression --preset original

Exit status: 0 done, or it was there already; 1 the folder can't be written; 2 a new model without --task
Effect: records")]
pub struct Args {
    /// The project's folder
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,

    /// classification or regression; needed for a new model
    #[arg(long)]
    task: Option<Task>,

    /// default, or original: recorded metrics only, 5 %, automatic rollback
    #[arg(long, default_value = "default")]
    preset: Preset,
}

pub fn run(call: &Call, args: Args) -> Outcome {
    let folder = &args.folder;
    let name = model_name(call, folder)?;
    // As a person finds it who does not know where the command ran.
    let place = absolute(folder);
    // Here and nowhere above: a new project begins in its own folder.
    let policy_path = call
        .globals
        .config
        .clone()
        .or_else(|| call.environment.config.clone())
        .map_or_else(|| place.join(POLICY_FILE), |path| absolute(&path));
    let exists = !matches!(read::kind_of(&policy_path), Ok(read::PathKind::Absent));
    // What can be refused is refused before anything is made.
    let new_task = if exists {
        None
    } else {
        Some(task(&args, &name)?)
    };
    create_directory_all(&place).map_err(|error| problems::file(&error))?;
    if let Some(task) = new_task {
        let text = template(&name, task, args.preset);
        match create_new(&policy_path, text.as_bytes()) {
            Err(error) if !matches!(*error.kind, FileErrorKind::Exists) => {
                return Err(problems::file(&error));
            }
            _ => {}
        }
    }
    let found = call.discover_in(folder, &policy_path)?;
    problems::require_trust(call, &found)?;
    let author = call.author();
    let add = |tx: &Tx<'_>, task| add_model(tx, &name, task, author.at);
    let mut created = None;
    if matches!(read::kind_of(&found.store_path), Ok(read::PathKind::Absent)) {
        let task = task(&args, &name)?;
        let new = Store::create(&found.store_path, &author, |tx| add(tx, task))
            .map_err(|error| problems::store(call, error))?;
        if let Created::New(model) = new {
            created = Some(model);
        }
    }
    let (model, created) = match created {
        Some(model) => (model, true),
        None => add_to_existing(call, &args, &name, &found.store_path, found.lock_timeout)?,
    };
    Ok(Box::new(Made {
        db_path: found.store_path.display().to_string(),
        policy_path: found
            .policy_path
            .unwrap_or(policy_path)
            .display()
            .to_string(),
        next: next_commands(call, folder, &model),
        model,
        created,
        kept_policy: exists && args.preset == Preset::Original,
    }))
}

fn add_model(
    tx: &Tx<'_>,
    name: &ModelName,
    task: Task,
    at: crate::domain::time::Timestamp,
) -> Result<Change<Model>, StoreError> {
    let model = models::insert(tx, name, task, at)?;
    let operation = NewOperation {
        detail: json!({ "model": name.as_str(), "task": task.name() }).to_string(),
        ..NewOperation::recording(OperationKind::Init, model.id)
    };
    Ok(Change::recorded(model, operation))
}

/// Adds the model to a store that exists, unless it has it.
fn add_to_existing(
    call: &Call,
    args: &Args,
    name: &ModelName,
    path: &std::path::Path,
    lock_timeout: crate::domain::time::Length,
) -> Result<(Model, bool), Problem> {
    let author = call.author();
    let stored = |error| problems::store(call, error);
    let mut store = Store::open(path, Access::Write, lock_timeout, &author).map_err(stored)?;
    let known = store.read(|tx| models::find(tx, name)).map_err(stored)?;
    if let Some(model) = known {
        return match args.task {
            Some(task) if task != model.task => Err(Problem::new(
                "MG0107",
                format!(
                    "model {} exists, and its task is {}",
                    model.name, model.task
                ),
            )
            .hint("give the new model another name: `--model NAME`")),
            _ => Ok((model, false)),
        };
    }
    let task = task(args, name)?;
    let added = store.change(&author, |tx| match models::find(tx, name)? {
        Some(model) => Ok(Change::nothing((model, false))),
        None => {
            add_model(tx, name, task, author.at).map(|change| change.map(|model| (model, true)))
        }
    });
    added.map_err(stored)
}

fn task(args: &Args, name: &ModelName) -> Result<Task, Problem> {
    args.task.ok_or_else(|| {
        Problem::new(
            "MG0101",
            format!("model {name} is new, and --task is missing"),
        )
        .hint("`--task classification`")
        .hint("`--task regression`")
    })
}

/// `--model`, else the folder's name.
fn model_name(call: &Call, folder: &std::path::Path) -> Result<ModelName, Problem> {
    if let Some(name) = call.globals.model.clone() {
        return Ok(name);
    }
    if let Some(name) = call.environment.model().map_err(problems::variable)? {
        return Ok(name);
    }
    let absolute = read::canonical(folder).unwrap_or_else(|_| folder.to_path_buf());
    let base = absolute
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    base.parse().map_err(|_| {
        Problem::new(
            "MG0101",
            format!("the folder's name {base:?} is no model name"),
        )
        .hint("name the model: `--model NAME`")
    })
}

fn next_commands(call: &Call, folder: &Path, model: &Model) -> Vec<String> {
    // Where policy or store were named, the paths begin where this command began; else in the project's folder.
    let named = call.globals.db.is_some() || call.globals.config.is_some();
    let elsewhere = !named && folder != Path::new(".");
    let place = match &call.globals.model {
        Some(model) if elsewhere => format!("modelguard -m {model}"),
        None if elsewhere => "modelguard".to_owned(),
        _ => call.follow_up("").trim_end().to_owned(),
    };
    let enter = elsewhere.then(|| {
        let folder = match call.globals.directory.as_path() {
            here if here == Path::new(".") => folder.to_path_buf(),
            start => start.join(folder),
        };
        format!("cd {}", quoted(&folder.display().to_string()))
    });
    let metric = match model.task {
        Task::Classification => "accuracy=0.93",
        Task::Regression => "rmse=4.2",
    };
    let commands = [
        format!("{place} register MODEL-FILE --metric {metric} --reference HELDOUT.csv"),
        format!("{place} promote latest"),
        format!("{place} ingest predictions PREDICTIONS.csv"),
        format!("{place} ingest truth TRUTH.csv"),
        format!("{place} check"),
        format!("{place} monitor"),
        format!("{place} recipe cron"),
    ];
    enter.into_iter().chain(commands).collect()
}

struct Made {
    db_path: String,
    policy_path: String,
    model: Model,
    created: bool,
    next: Vec<String>,
    kept_policy: bool,
}

impl Report for Made {
    fn schema(&self) -> &'static str {
        "init"
    }

    fn data(&self) -> Value {
        json!({
            "db_path": self.db_path,
            "policy_path": self.policy_path,
            "model": self.model.name.to_string(),
            "task": self.model.task.name(),
            "created": self.created,
        })
    }

    fn text(&self, _: &Screen) -> String {
        let made = if self.created {
            "Made"
        } else {
            "There is already"
        };
        format!(
            "{made} model {} ({}) in {}; the policy is {}\n",
            self.model.name, self.model.task, self.db_path, self.policy_path
        )
    }

    fn afterwards(&self, _: &Screen) -> String {
        format!("Next:\n  {}\n", self.next.join("\n  "))
    }

    fn warnings(&self) -> Vec<Warning> {
        if !self.kept_policy {
            return Vec::new();
        }
        vec![Warning {
            code: "policy_kept",
            text: format!(
                "{} was there already and stays as it is: --preset original was not written",
                self.policy_path
            ),
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::example::{call, model, screen, text};

    fn made(created: bool, kept_policy: bool) -> Made {
        Made {
            db_path: "m.db".to_owned(),
            policy_path: "p.toml".to_owned(),
            model: model(Task::Classification),
            created,
            next: vec!["a".to_owned(), "b".to_owned()],
            kept_policy,
        }
    }

    #[test]
    fn a_model_is_made_or_was_there() {
        assert_eq!(
            text(&made(true, false)),
            "Made model churn (classification) in m.db; the policy is p.toml\n"
        );
        assert_eq!(
            text(&made(false, false)),
            "There is already model churn (classification) in m.db; the policy is p.toml\n"
        );
        assert_eq!(made(true, false).afterwards(&screen()), "Next:\n  a\n  b\n");
        assert_eq!(
            made(false, false).data(),
            json!({
                "db_path": "m.db",
                "policy_path": "p.toml",
                "model": "churn",
                "task": "classification",
                "created": false,
            })
        );
    }

    #[test]
    fn a_preset_that_was_not_written_is_a_warning() {
        assert!(made(true, false).warnings().is_empty());
        let warnings = made(true, true).warnings();
        assert_eq!(warnings.len(), 1);
        assert_eq!(warnings[0].code, "policy_kept");
        assert!(warnings[0].text.contains("p.toml was there already"));
    }

    #[test]
    fn the_next_commands_parse_and_fit_the_task() {
        for (task, metric) in [
            (Task::Classification, "accuracy=0.93"),
            (Task::Regression, "rmse=4.2"),
        ] {
            let next = next_commands(&call(&["init"]), Path::new("."), &model(task));
            assert!(next[0].contains(metric), "{}", next[0]);
            // From the first version to the schedule.
            let verbs: Vec<_> = next
                .iter()
                .filter_map(|line| line.split(' ').nth(1))
                .collect();
            assert_eq!(
                verbs.join(" "),
                "register promote ingest ingest check monitor recipe"
            );
            for line in next {
                let words: Vec<_> = line.split(' ').collect();
                let parsed = crate::commands::tree().try_get_matches_from(&words);
                assert!(parsed.is_ok(), "{line}");
            }
        }
    }

    #[test]
    fn the_next_commands_are_for_the_project_s_folder_and_say_how_to_get_there() {
        let next = |words: &[&str], folder: &str| {
            let next = next_commands(&call(words), Path::new(folder), &model(Task::Regression));
            let wanted = |line: &&String| line.starts_with("cd ") || line.contains(" promote ");
            next.iter().filter(wanted).cloned().collect::<Vec<_>>()
        };
        let promote = "modelguard promote latest";
        assert_eq!(next(&["init"], "."), [promote]);
        assert_eq!(
            next(&["-C", "a", "init"], "."),
            ["modelguard -C a promote latest"]
        );
        assert_eq!(next(&["init", "shop"], "shop"), ["cd shop", promote]);
        assert_eq!(
            next(&["-C", "a", "init", "shop"], "shop"),
            ["cd a/shop", promote]
        );
        assert_eq!(
            next(&["init", "my shop"], "my shop"),
            ["cd 'my shop'", promote]
        );
        assert_eq!(
            next(&["--db", "x.db", "init", "shop"], "shop"),
            ["modelguard --db x.db promote latest"]
        );
        assert_eq!(
            next(&["init", "shop", "--model", "churn"], "shop"),
            ["cd shop", "modelguard -m churn promote latest"]
        );
        assert_eq!(
            next(&["init", "--model", "churn"], "."),
            ["modelguard -m churn promote latest"]
        );
    }

    #[test]
    fn a_new_model_needs_its_task() {
        let args = |task| Args {
            folder: ".".into(),
            task,
            preset: Preset::Default,
        };
        let name = "churn".parse().unwrap();
        assert_eq!(
            task(&args(Some(Task::Regression)), &name),
            Ok(Task::Regression)
        );
        let problem = task(&args(None), &name).unwrap_err();
        assert_eq!(problem.exit.code(), 2);
        assert_eq!(problem.hints.len(), 2);
    }

    #[test]
    fn a_model_is_called_as_was_said_else_as_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let good = folder.path().join("shop");
        let bad = folder.path().join("-shop");
        create_directory_all(&good).unwrap();
        create_directory_all(&bad).unwrap();
        let named = call(&["init", "--model", "churn"]);
        assert_eq!(model_name(&named, &bad).unwrap().as_str(), "churn");
        let mut run = call(&["init"]);
        assert_eq!(model_name(&run, &good).unwrap().as_str(), "shop");
        let problem = model_name(&run, &bad).unwrap_err();
        assert_eq!(problem.code, "MG0101");
        assert_eq!(problem.hints, ["name the model: `--model NAME`"]);
        run.environment.model = Some("prices".to_owned());
        assert_eq!(model_name(&run, &bad).unwrap().as_str(), "prices");
    }
}
