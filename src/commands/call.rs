//! One run of the tool: its words, options, clock and screen, and how it comes by a store and a model.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::clock::Clock;
use super::flags::Globals;
use super::output::{self, Screen};
use super::problems;
use crate::domain::names::ModelName;
use crate::domain::names::Reference;
use crate::domain::operation::Author;
use crate::domain::time::Timestamp;
use crate::files::pipe::Patience;
use crate::files::read::canonical;
use crate::policy::discover::{Discovered, Given, Origin, discover};
use crate::policy::environment::Environment;
use crate::store::models::{self, Model};
use crate::store::{Access, SCHEMA, Store, backup_path};
use crate::ui::interrupt::StopFlag;
use crate::ui::problem::Problem;
use crate::ui::progress;
use crate::ui::prompt;
use crate::workflows::naming::{self, NamingError};
use crate::workflows::session::Session;

/// One run of the tool.
#[derive(Clone, Debug)]
pub struct Call {
    pub globals: Globals,
    pub environment: Environment,
    /// Read once; it stands still.
    pub now: Timestamp,
    /// When it was read.
    pub began: Instant,
    /// `MODELGUARD_NOW` set it.
    pub clock_overridden: bool,
    /// The words behind the program's name, as they were typed.
    pub words: Vec<String>,
    pub screen: Screen,
    pub stdout_is_terminal: bool,
    pub stderr_is_terminal: bool,
    pub stop: StopFlag,
    /// The tool's own log.
    pub log_path: Option<PathBuf>,
    /// Why there is none, though there should be.
    pub log_trouble: Option<String>,
    /// The policy and the store that were found, for the JSON envelope.
    found: RefCell<(Option<PathBuf>, Option<PathBuf>)>,
}

impl Call {
    #[must_use]
    pub fn new(
        globals: Globals,
        environment: Environment,
        clock: Clock,
        words: Vec<String>,
        screen: Screen,
        stop: StopFlag,
    ) -> Self {
        Self {
            globals,
            environment,
            now: clock.now,
            began: clock.began,
            clock_overridden: clock.is_overridden,
            words,
            screen,
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            stop,
            log_path: None,
            log_trouble: None,
            found: RefCell::default(),
        }
    }

    /// Says where the run is logged, or why it is not.
    pub fn logs(&mut self, path: Option<&Path>, trouble: Option<&str>) {
        self.log_path = path.map(Path::to_path_buf);
        self.log_trouble = trouble.map(str::to_owned);
    }

    /// The whole command as it can be pasted into a shell.
    #[must_use]
    pub fn command_line(&self) -> String {
        command_line(&self.words)
    }

    /// A further command on the same store, as it can be pasted: with the options that chose it.
    #[must_use]
    pub fn follow_up(&self, words: &str) -> String {
        format!("{} {words}", self.beginning())
    }

    /// What every further command on the same store begins with.
    #[must_use]
    pub fn beginning(&self) -> String {
        let options = self.choosing_options();
        let options = options.iter().map(|word| format!(" {}", quoted(word)));
        format!("modelguard{}", options.collect::<String>())
    }

    /// The run as that of one model: what it proposes names the model. `of_many`: a command that names none would be
    /// refused.
    #[must_use]
    pub fn of_model(&self, model: &ModelName, of_many: bool) -> Cow<'_, Self> {
        if !of_many {
            return Cow::Borrowed(self);
        }
        let mut call = self.clone();
        call.globals.model = Some(model.clone());
        Cow::Owned(call)
    }

    /// The options that chose policy, store and model, as words.
    #[must_use]
    pub fn choosing_options(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut option = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                words.extend([name.to_owned(), value]);
            }
        };
        let directory = self.globals.directory.as_path();
        let elsewhere = directory != Path::new(".");
        option("-C", elsewhere.then(|| directory.display().to_string()));
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        option("--config", path(&self.globals.config));
        option("--db", path(&self.globals.db));
        option("-m", self.globals.model.as_ref().map(ToString::to_string));
        words
    }

    /// Who commits.
    #[must_use]
    pub fn author(&self) -> Author {
        Author {
            at: self.now,
            clock_overridden: self.clock_overridden,
            actor: self
                .globals
                .actor
                .clone()
                .unwrap_or_else(|| self.environment.actor().to_owned()),
            host: self.environment.host().to_owned(),
            command_line: self.command_line(),
        }
    }

    /// What the command line says about policy, store and model.
    #[must_use]
    pub fn given(&self) -> Given {
        Given {
            // The process was started in -C already.
            directory: PathBuf::from("."),
            config: self.globals.config.clone(),
            db: self.globals.db.clone(),
            model: self.globals.model.clone(),
            lock_timeout: self.globals.lock_timeout,
        }
    }

    /// The policy and the place of the store, without the question whether the policy is trusted.
    ///
    /// # Errors
    /// The policy can't be read or breaks a rule; a variable of the environment holds nonsense.
    pub fn discover(&self) -> Result<Discovered, Problem> {
        let given = self.given();
        let found =
            discover(&given, &self.environment).map_err(|error| problems::discover(self, error))?;
        *self.found.borrow_mut() = (found.policy_path.clone(), Some(found.store_path.clone()));
        if self.globals.verbose > 0 {
            output::stderr(&self.screen.folding.of(&told(&found)));
        }
        Ok(found)
    }

    /// The policy in that place and nowhere else: what `init` works with.
    ///
    /// # Errors
    /// As [`Call::discover`].
    pub fn discover_in(&self, folder: &Path, policy: &Path) -> Result<Discovered, Problem> {
        let given = Given {
            directory: folder.to_path_buf(),
            config: Some(absolute(policy)),
            db: self.globals.db.as_deref().map(absolute),
            ..self.given()
        };
        let mut found =
            discover(&given, &self.environment).map_err(|error| problems::discover(self, error))?;
        // Only who names the policy consents to what it does outside its folder.
        found.explicit = self.globals.config.is_some() || self.environment.config.is_some();
        *self.found.borrow_mut() = (found.policy_path.clone(), Some(found.store_path.clone()));
        Ok(found)
    }

    /// Policy and store paths for the JSON envelope, where they are known.
    #[must_use]
    pub fn paths(&self) -> (Option<String>, Option<String>) {
        let found = self.found.borrow();
        let text = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        (text(&found.0), text(&found.1))
    }

    /// Refuses an output that would take the place of the store, its journal, the policy or one of `others`.
    ///
    /// # Errors
    /// It would.
    pub fn spare_own_files(&self, output: &Path, others: &[&Path]) -> Result<(), Problem> {
        let found = self.found.borrow();
        let journal = found.1.as_ref().map(|store| {
            let mut name = store.clone().into_os_string();
            name.push("-journal");
            PathBuf::from(name)
        });
        let own = found.0.iter().chain(&found.1).chain(&journal);
        let mut spared = own.map(PathBuf::as_path).chain(others.iter().copied());
        let wanted = place(output);
        if spared.any(|path| place(path) == wanted) {
            let message = format!(
                "{} is in use here, and is not overwritten",
                output.display()
            );
            return Err(Problem::new("MG0517", message).hint("give another name"));
        }
        Ok(())
    }

    /// Opens the store, and says so where it had to be brought up to date.
    ///
    /// # Errors
    /// The policy is broken or not trusted; there is no store, or it can't be opened.
    pub fn session(&self, access: Access) -> Result<Session, Problem> {
        let session = self.open_session(access)?;
        if let Some(from) = session.store.upgraded_from()
            && self.globals.quiet == 0
            && !self.globals.json
        {
            let path = session.store.path();
            let told = format!(
                "The store was upgraded from layout {from} to {SCHEMA}; what it was is {}\n",
                backup_path(path, from).display()
            );
            output::stderr(&self.screen.folding.of(&told));
        }
        Ok(session)
    }

    /// Opens the store.
    ///
    /// # Errors
    /// As [`Call::session`].
    pub fn open_session(&self, access: Access) -> Result<Session, Problem> {
        let found = self.discover()?;
        problems::require_trust(self, &found)?;
        let author = self.author();
        let store = Store::open(&found.store_path, access, found.lock_timeout, &author)
            .map_err(|error| problems::store(self, error))?;
        Ok(Session {
            store,
            found,
            author,
        })
    }

    /// The model that is meant.
    ///
    /// # Errors
    /// It does not exist, or there are several and none is named.
    pub fn model(&self, session: &mut Session) -> Result<Model, Problem> {
        let named = session.found.model.clone();
        let found = session.store.read(|tx| naming::model(tx, named.as_ref()));
        found.map_err(|error| {
            let of_policy = session.found.model_origin == Origin::Policy;
            let is_unknown = matches!(error, NamingError::NoModel { .. });
            let problem = problems::naming(self, error);
            match &session.found.policy_path {
                Some(path) if of_policy && is_unknown => {
                    problem.cause(format!("default_model in {} names it", path.display()))
                }
                _ => problem,
            }
        })
    }

    /// The model that is meant, where the command also names a version: `churn@production` names its model.
    ///
    /// # Errors
    /// As [`Call::model`]. That the reference names another model than `-m` is found by whoever reads it.
    pub fn model_of(&self, session: &mut Session, reference: &Reference) -> Result<Model, Problem> {
        let chosen = matches!(
            session.found.model_origin,
            Origin::Flag | Origin::Environment
        );
        match &reference.model {
            Some(named) if !chosen => session
                .store
                .read(|tx| naming::model(tx, Some(named)))
                .map_err(|error| problems::naming(self, error)),
            _ => self.model(session),
        }
    }

    /// Reads the time that an option gives: a moment, or an age such as `7d`.
    ///
    /// # Errors
    /// It is none.
    pub fn time(&self, option: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
        text.map(|text| {
            Timestamp::read_argument(text, self.now).map_err(|error| {
                Problem::new("MG0107", format!("{option} {text}"))
                    .cause(error.to_string())
                    .hint(format!(
                        "an age will do, or a time: `{option} 7d`, `{option} 2026-01-31`"
                    ))
            })
        })
        .transpose()
    }

    /// The model that this run names: by `-m` or the environment, not by the policy.
    #[must_use]
    pub fn named_model(session: &Session) -> Option<ModelName> {
        let named = matches!(
            session.found.model_origin,
            Origin::Flag | Origin::Environment
        );
        session.found.model.clone().filter(|_| named)
    }

    /// All models of the store, for `--all`; none may be named besides.
    ///
    /// # Errors
    /// One is named, or the store can't be read.
    pub fn all_models(&self, session: &mut Session) -> Result<Vec<Model>, Problem> {
        if Self::named_model(session).is_some() {
            return Err(Problem::new("MG0101", "--all and -m say different things")
                .hint("leave one of them out"));
        }
        let models = session.store.read(models::list);
        models.map_err(|error| problems::store(self, error))
    }

    /// Whether a question can be asked.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        prompt::can_ask(
            std::io::stdin().is_terminal(),
            self.stderr_is_terminal,
            self.environment.ci,
            self.globals.no_input,
        )
    }

    /// How progress is shown.
    #[must_use]
    pub fn progress_mode(&self) -> progress::Mode {
        progress::Mode::choose(
            self.stderr_is_terminal,
            self.globals.no_progress || self.globals.json,
            self.environment.ci,
            self.globals.quiet > 0,
        )
    }

    /// How long what another process writes is waited for: until Ctrl-C or SIGTERM.
    #[must_use]
    pub fn patience(&self) -> Patience {
        let stop = self.stop.clone();
        Patience::while_true(move || stop.requested().is_none())
    }

    /// Fails if the run was asked to stop.
    ///
    /// # Errors
    /// Ctrl-C or SIGTERM came.
    pub fn check_stop(&self) -> Result<(), Problem> {
        match self.stop.requested() {
            None => Ok(()),
            Some(signal) => Err(problems::interrupted(signal)),
        }
    }
}

/// What `-v` says: what was found, and who said so.
fn told(found: &Discovered) -> String {
    let policy = match &found.policy_path {
        None => "none, so the defaults hold".to_owned(),
        Some(path) if found.explicit => format!("{}, named", path.display()),
        Some(path) => format!("{}, found from here upwards", path.display()),
    };
    let model = found.model.as_ref().map_or_else(
        || "none named".to_owned(),
        |model| format!("{model} ({})", found.model_origin),
    );
    format!(
        "policy: {policy}\nstore: {} ({})\nmodel: {model}\nlock timeout: {} ({})\n",
        found.store_path.display(),
        found.store_origin,
        found.lock_timeout,
        found.lock_timeout_origin
    )
}

/// Where a path leads, also if nothing is there yet.
fn place(path: &Path) -> PathBuf {
    if let Ok(there) = canonical(path) {
        return there;
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    match (canonical(folder), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_path_buf(),
    }
}

/// The path as it is found from anywhere.
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

/// The program's name and those words, as a POSIX shell reads them back.
pub fn command_line(words: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let words = words.into_iter().map(|word| quoted(word.as_ref()));
    std::iter::once("modelguard".to_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A word as a POSIX shell reads it back.
pub fn quoted(word: &str) -> String {
    let plain = !word.is_empty()
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_./:=@~,+%".contains(&byte));
    if plain && !word.starts_with('~') {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::example::{call, minute};
    use crate::domain::time::Length;

    #[test]
    fn the_command_line_is_what_was_typed_as_a_shell_reads_it() {
        let run = call(&["promote", "v1", "--reason", "it's better"]);
        assert_eq!(
            run.command_line(),
            r"modelguard promote v1 --reason 'it'\''s better'"
        );
    }

    #[test]
    fn a_further_command_goes_to_the_same_store_and_model() {
        assert_eq!(call(&["status"]).follow_up("log"), "modelguard log");
        let run = call(&[
            "-C", "my dir", "--config", "p.toml", "--db", "s.db", "-m", "churn", "status",
        ]);
        assert_eq!(
            run.follow_up("undo op_1"),
            "modelguard -C 'my dir' --config p.toml --db s.db -m churn undo op_1"
        );
    }

    #[test]
    fn what_only_shapes_the_output_is_not_handed_on() {
        let run = call(&[
            "status",
            "--json",
            "-q",
            "-v",
            "--no-input",
            "--color",
            "never",
        ]);
        assert_eq!(run.follow_up("log"), "modelguard log");
    }

    #[test]
    fn the_actor_is_named_by_the_option_before_the_environment() {
        let author = call(&["status"]).author();
        assert_eq!((author.actor.as_str(), author.host.as_str()), ("ann", "h"));
        assert_eq!(author.at, minute(720));
        assert_eq!(author.command_line, "modelguard status");
        assert!(!author.clock_overridden);
        assert_eq!(call(&["--actor", "ben", "status"]).author().actor, "ben");
    }

    #[test]
    fn a_time_is_a_moment_or_an_age() {
        let run = call(&["log"]);
        let read = |text| run.time("--since", Some(text));
        assert_eq!(run.time("--since", None), Ok(None));
        assert_eq!(read("2026-01-01 00:05"), Ok(Some(minute(5))));
        assert_eq!(read("2h"), Ok(Some(minute(600))));
        let problem = read("yesterday").unwrap_err();
        assert_eq!(problem.code, "MG0107");
        assert_eq!(problem.message, "--since yesterday");
        assert_eq!(problem.causes.len(), 1);
        assert_eq!(
            problem.hints,
            ["an age will do, or a time: `--since 7d`, `--since 2026-01-31`"]
        );
    }

    #[test]
    fn nobody_is_asked_where_that_was_forbidden() {
        assert!(!call(&["status", "--no-input"]).can_ask());
        let mut run = call(&["status"]);
        run.stderr_is_terminal = false;
        assert!(!run.can_ask());
    }

    #[test]
    fn a_run_that_nobody_stopped_goes_on() {
        assert_eq!(call(&["status"]).check_stop(), Ok(()));
    }

    #[test]
    fn before_anything_was_looked_for_no_path_is_known() {
        assert_eq!(call(&["--db", "x.db", "status"]).paths(), (None, None));
    }

    #[test]
    fn what_was_found_is_told_with_who_said_so() {
        let mut found = Discovered {
            directory: "/x".into(),
            policy_path: None,
            explicit: false,
            policy: crate::domain::policy::Policy::default(),
            source_text: None,
            store_path: "m.db".into(),
            store_origin: Origin::Default,
            model: None,
            model_origin: Origin::Default,
            lock_timeout: Length::from_seconds(5),
            lock_timeout_origin: Origin::Flag,
        };
        let told_of = |found: &Discovered| told(found);
        let default = told_of(&found);
        assert!(default.starts_with("policy: none, so the defaults hold\nstore: m.db ("));
        assert!(default.contains("\nmodel: none named\nlock timeout: 5s ("));
        found.policy_path = Some("p.toml".into());
        assert!(told_of(&found).starts_with("policy: p.toml, found from here upwards\n"));
        found.explicit = true;
        assert!(told_of(&found).starts_with("policy: p.toml, named\n"));
        found.model = Some("churn".parse().unwrap());
        assert!(told_of(&found).contains("\nmodel: churn ("));
    }

    #[test]
    fn words_are_quoted_only_where_a_shell_needs_it() {
        for (word, expected) in [
            ("promote", "promote"),
            ("@production~1", "@production~1"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("~x", "'~x'"),
            ("$(rm)", "'$(rm)'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }
}
