//! `recipe`: a ready snippet for this project and another program: cron, systemd, Airflow, CI, Nagios, Prometheus.

mod quoting;
mod seasons;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::{Value, json};

use super::call::Call;
use super::output::{Report, Screen, Warning};
use super::{Outcome, problems};
use crate::domain::names::ModelName;
use crate::domain::policy::SecretSource;
use crate::files::read::{PathKind, kind_of};
use crate::policy::discover::Discovered;
use crate::policy::environment::Environment;
use crate::policy::{folders, secrets, trust};
use crate::store::{Access, Store, models};
use crate::ui::problem::Problem;
use crate::workflows::naming::NamingError;

/// A ready snippet for this project: a schedule, a check of a monitoring system, a job of CI
///
/// With the absolute paths of this program and this project, quoted as the other program reads them, and its exit
/// statuses mapped to what that program understands.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard recipe cron
  modelguard recipe systemd
  modelguard recipe airflow > modelguard_hourly.py

Exit status: 0 printed; 2 a path that no snippet can carry, several models and none named
Effect: reads only")]
pub struct Args {
    /// cron, systemd, airflow, github, gitlab, windows, nagios, prometheus or python
    #[arg(value_name = "NAME", hide_possible_values = true)]
    name: Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    Cron,
    Systemd,
    Airflow,
    Github,
    Gitlab,
    Windows,
    Nagios,
    Prometheus,
    Python,
}

impl Name {
    const fn text(self) -> &'static str {
        match self {
            Self::Cron => "cron",
            Self::Systemd => "systemd",
            Self::Airflow => "airflow",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Windows => "windows",
            Self::Nagios => "nagios",
            Self::Prometheus => "prometheus",
            Self::Python => "python",
        }
    }

    const fn template(self) -> &'static str {
        match self {
            Self::Cron => include_str!("recipe/cron.txt"),
            Self::Systemd => include_str!("recipe/systemd.txt"),
            Self::Airflow => include_str!("recipe/airflow.txt"),
            Self::Github => include_str!("recipe/github.txt"),
            Self::Gitlab => include_str!("recipe/gitlab.txt"),
            Self::Windows => include_str!("recipe/windows.txt"),
            Self::Nagios => include_str!("recipe/nagios.txt"),
            Self::Prometheus => include_str!("recipe/prometheus.txt"),
            Self::Python => include_str!("recipe/python.txt"),
        }
    }

    /// Whether its commands judge one model: those that act take all.
    const fn is_for_one_model(self) -> bool {
        matches!(
            self,
            Self::Github | Self::Gitlab | Self::Nagios | Self::Python
        )
    }
}

pub fn run(call: &Call, args: &Args) -> Outcome {
    let found = call.discover()?;
    let project = Project::of(call, &found)?;
    let models = models_of(call, &found);
    let is_open = found.model.is_none() && models.len() > 1;
    if is_open && args.name.is_for_one_model() {
        let have = models.iter().map(ToString::to_string).collect();
        return Err(problems::naming(call, NamingError::SeveralModels { have }));
    }
    let mut warnings = Vec::new();
    if matches!(kind_of(&found.store_path), Ok(PathKind::Absent)) {
        warnings.push(Warning {
            code: "no_store",
            text: format!(
                "there is no store here yet: `{}` makes one",
                call.follow_up("init --task classification")
            ),
        });
    }
    let trust = command_line_of(&project, &["config", "trust"]);
    let reaches_out = !trust::outside(&found).is_empty();
    let untrusted = problems::require_trust(call, &found).is_err();
    if untrusted {
        warnings.push(Warning {
            code: "trust_needed",
            text: format!(
                "the policy reaches outside its folder: as the user of the job, once and after each edit of it, `{trust}`"
            ),
        });
    }
    let variables = variables(&found);
    if !variables.is_empty() {
        warnings.push(Warning {
            code: "variables_needed",
            text: format!(
                "channels of the policy read {}, which the job does not have by itself: set them there, or keep these secrets in files (url_file, token_file, password_file)",
                variables.join(", ")
            ),
        });
    }
    let mut monitor = vec!["monitor", "--auto-rollback"];
    if is_open {
        monitor.push("--all");
    }
    let once = match (reaches_out, untrusted) {
        (false, _) => String::new(),
        (true, true) => {
            format!("# once, as this user, and after each edit of the policy: {trust}\n")
        }
        (true, false) => {
            format!("# The policy is trusted as it stands; after each edit of it: {trust}\n")
        }
    };
    let lines = Lines {
        once,
        seasons: seasons::of(args.name, &project, &found, &models),
    };
    Ok(Box::new(Snippet {
        name: args.name,
        text: fill(args.name, &project, &monitor, &lines),
        warnings,
    }))
}

/// The environment variables that the channels of the policy name, each once.
fn variables(found: &Discovered) -> Vec<&str> {
    let mut names: Vec<_> = found
        .policy
        .channels
        .iter()
        .flat_map(secrets::sources)
        .filter_map(|(_, source)| match source {
            SecretSource::Variable(name) => Some(name.as_str()),
            SecretSource::File(_) => None,
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What a snippet has where a policy asks for it.
struct Lines {
    once: String,
    seasons: String,
}

/// What the commands of a snippet begin with.
struct Project {
    /// What sets the variable by which the job finds the list of trusted policies; empty where nothing has to.
    environment: Vec<String>,
    /// The program, `-C`, and what chooses policy, store and model.
    words: Vec<String>,
    folder: String,
    /// What names the job: letters, digits and dashes.
    unit: String,
    /// The user's name, where it is one.
    user: Option<String>,
    /// The user's home folder, where a unit can name it.
    home: Option<String>,
}

impl Project {
    fn of(call: &Call, found: &Discovered) -> Result<Self, Problem> {
        let absolute = |path: &Path| -> Result<String, Problem> {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
            let text = path
                .to_str()
                .filter(|text| !text.contains(char::is_control));
            text.map(str::to_owned).ok_or_else(|| {
                let message = format!(
                    "the path {} can't be written into a snippet",
                    path.display()
                );
                Problem::new("MG0107", message)
                    .cause("it is no UTF-8 text, or holds a line feed or another control character")
                    .hint("use it through a link with a plain name")
            })
        };
        let program = Environment::program().map_err(|error| {
            Problem::new("MG0107", "the system does not say where this program lies")
                .cause(error.to_string())
        })?;
        let folder = absolute(Path::new("."))?;
        let mut words = vec![absolute(&program)?, "-C".to_owned(), folder.clone()];
        let given = |flag: &Option<PathBuf>, variable: &Option<PathBuf>| {
            flag.clone().or_else(|| variable.clone())
        };
        for (option, path) in [
            (
                "--config",
                given(&call.globals.config, &call.environment.config),
            ),
            ("--db", given(&call.globals.db, &call.environment.db)),
        ] {
            if let Some(path) = path {
                words.extend([option.to_owned(), absolute(&path)?]);
            }
        }
        let state = call.environment.xdg_state_home.as_deref();
        let environment = match state.filter(|folder| folder.is_absolute()) {
            Some(folder) if !trust::outside(found).is_empty() => vec![
                "/usr/bin/env".to_owned(),
                format!("XDG_STATE_HOME={}", absolute(folder)?),
            ],
            _ => Vec::new(),
        };
        let mut unit = format!("modelguard-{}", plain(&folder));
        // A model that the policy names needs no option.
        let model = call.globals.model.as_ref().or(found.model.as_ref());
        let named = call.globals.model.is_some() || call.environment.model.is_some();
        if let Some(model) = model.filter(|_| named) {
            words.extend(["-m".to_owned(), model.to_string()]);
            unit = format!("{unit}-{}", plain(model.as_str()));
        }
        let user = call.environment.user.clone().filter(|user| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            !user.is_empty() && user.bytes().all(plain) && !user.starts_with('-')
        });
        let home = folders::home(&call.environment).and_then(|home| absolute(&home).ok());
        Ok(Self {
            environment,
            words,
            folder,
            unit,
            user,
            home,
        })
    }

    /// Whose job it is, as a unit of systemd says it. One that names nobody has no home folder either, and finds no list
    /// of trusted policies.
    fn user_line(&self) -> String {
        if let Some(user) = &self.user {
            return format!("User={user}");
        }
        let nobody = "# User= whoever owns the store".to_owned();
        match &self.home {
            Some(home) => {
                let home = quoting::systemd(&[format!("HOME={home}")]);
                format!("{nobody}\nEnvironment={home}")
            }
            None => nobody,
        }
    }

    fn with(&self, words: &[&str]) -> Vec<String> {
        let own = self.environment.iter().chain(&self.words).cloned();
        let more = words.iter().map(|word| (*word).to_owned());
        own.chain(more).collect()
    }
}

/// The last part of a path in letters, digits and dashes.
fn plain(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or_default();
    let parts = name.split(|character: char| !character.is_ascii_alphanumeric());
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        "project".to_owned()
    } else {
        parts.join("-").to_lowercase()
    }
}

fn command_line_of(project: &Project, words: &[&str]) -> String {
    quoting::shell(&project.with(words))
}

/// The models of the store, as far as it can be read; a snippet is also for a store that is yet to come.
fn models_of(call: &Call, found: &Discovered) -> Vec<ModelName> {
    if problems::require_trust(call, found).is_err() {
        return Vec::new();
    }
    let store = Store::open(
        &found.store_path,
        Access::Read,
        found.lock_timeout,
        &call.author(),
    );
    let listed = store.and_then(|mut store| store.read(models::list));
    let models = listed.unwrap_or_default().into_iter();
    models.map(|model| model.name).collect()
}

/// Puts the commands of a project into a template.
fn fill(name: Name, project: &Project, monitor: &[&str], lines: &Lines) -> String {
    let monitor_with = |more: &[&str]| project.with(&[monitor, more].concat());
    let quiet = monitor_with(&["-q"]);
    let mapped = monitor_with(&["-q", "--exit-map", "4=0,5=0"]);
    let skipping = monitor_with(&["--json", "-q", "--exit-map", "airflow"]);
    let compare = project.with(&["compare", "latest", "--exit-map", "4=0"]);
    let compare_json = project.with(&["compare", "latest", "--json", "--exit-map", "4=0"]);
    let check = |more: &[&str]| project.with(&[&["check"], more].concat());
    let in_template = quoting::shell_in_template;
    let value = |token: &str| -> Option<String> {
        Some(match (name, token) {
            (_, "folder") => project.folder.clone(),
            (_, "unit") => project.unit.clone(),
            (_, "once") => lines.once.clone(),
            (_, "seasons") => lines.seasons.clone(),
            (_, "user") => project.user_line(),
            (Name::Cron, "monitor") => quoting::cron(&quiet),
            (Name::Systemd, "monitor") => quoting::systemd(&monitor_with(&[])),
            (Name::Airflow, "monitor") => quoting::python(&in_template(&skipping)),
            (Name::Github, "check") => in_template(&check(&["--exit-map", "4=0"])),
            (Name::Gitlab, "check") => in_template(&check(&[])),
            (Name::Nagios, "check") => quoting::nagios(&check(&["--exit-map", "nagios"])),
            (_, "compare") => in_template(&compare),
            (_, "compare_json") => in_template(&compare_json),
            (_, "program") => quoting::xml(&project.words[0]),
            (_, "arguments") => {
                quoting::xml(&quoting::windows(&mapped[project.environment.len() + 1..]))
            }
            (_, "status") => quoting::shell(&project.with(&["status", "--json"])),
            (_, "words") => quoting::python_list(&project.with(&[])),
            _ => return None,
        })
    };
    replaced(name.template(), value)
}

/// Puts values in the place of `<<name>>`, once: what a value holds is not read again.
fn replaced(template: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("<<") {
        text.push_str(before);
        match behind
            .split_once(">>")
            .and_then(|(token, after)| Some((value(token)?, after)))
        {
            Some((value, after)) => {
                text.push_str(&value);
                rest = after;
            }
            None => {
                text.push_str("<<");
                rest = behind;
            }
        }
    }
    text + rest
}

struct Snippet {
    name: Name,
    text: String,
    warnings: Vec<Warning>,
}

impl Report for Snippet {
    fn schema(&self) -> &'static str {
        "recipe"
    }

    fn data(&self) -> Value {
        json!({ "name": self.name.text(), "text": self.text })
    }

    fn text(&self, _: &Screen) -> String {
        self.text.clone()
    }

    fn warnings(&self) -> Vec<Warning> {
        self.warnings.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(folder: &str) -> Project {
        Project {
            environment: Vec::new(),
            words: ["/bin/modelguard", "-C", folder]
                .map(str::to_owned)
                .to_vec(),
            folder: folder.to_owned(),
            unit: format!("modelguard-{}", plain(folder)),
            user: None,
            home: None,
        }
    }

    #[test]
    fn every_place_of_a_template_is_filled() {
        for name in Name::value_variants() {
            let lines = Lines {
                once: String::new(),
                seasons: String::new(),
            };
            let text = fill(*name, &project("/srv/churn"), &["monitor"], &lines);
            assert!(!text.contains("<<"), "{text}");
            assert!(text.contains("/bin/modelguard") && text.contains("/srv/churn"));
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"));
            for line in text.lines() {
                assert!(
                    line.chars().count() <= 120 || line.contains("/bin/modelguard"),
                    "{line}"
                );
            }
            assert_eq!(name.to_possible_value().unwrap().get_name(), name.text());
        }
    }

    #[test]
    fn what_a_value_holds_is_not_read_again() {
        let text = replaced("a <<x>> b <<y>> << c", |token| match token {
            "x" => Some("<<y>>".to_owned()),
            "y" => Some("1".to_owned()),
            _ => None,
        });
        assert_eq!(text, "a <<y>> b 1 << c");
    }

    #[test]
    fn a_job_is_named_after_its_folder() {
        for (folder, expected) in [
            ("/srv/churn", "churn"),
            ("/srv/It's 100% Churn", "it-s-100-churn"),
            ("/", "project"),
            ("/srv/模型", "project"),
        ] {
            assert_eq!(plain(folder), expected);
        }
    }
}
