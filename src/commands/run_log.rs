//! What one run leaves in the tool's own log: when, what, how long, how it ended, and what it committed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

use serde_json::json;

use super::call::command_line;
use super::clock::Clock;
use super::flags::Globals;
use super::output;
use crate::domain::holders::OperationId;
use crate::domain::time::Timestamp;
use crate::domain::verdict::Verdict;
use crate::files::FileError;
use crate::files::logfile::{self, Level, Log, Place};
use crate::policy::environment::Environment;
use crate::policy::folders;
use crate::ui::exit::ExitStatus;
use crate::ui::line::one_line;
use crate::ui::problem::Problem;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    pub status: ExitStatus,
    pub verdict: Option<Verdict>,
    /// The code of the problem that ended it.
    pub code: Option<&'static str>,
}

impl Ended {
    pub const fn with(status: ExitStatus) -> Self {
        Self {
            status,
            verdict: None,
            code: None,
        }
    }
}

/// The options that concern the log, read from words that may make no sense as a whole.
#[derive(Clone, Debug)]
pub struct Wishes {
    pub directory: PathBuf,
    pub log_file: Option<PathBuf>,
    pub actor: Option<String>,
    pub quiet: bool,
    pub json: bool,
    pub verbose: u8,
}

impl Wishes {
    pub fn of(globals: &Globals, environment: &Environment) -> Self {
        let named = environment.verbosity().ok().flatten();
        let is_flagged = globals.quiet > 0 || globals.verbose > 0;
        Self {
            directory: globals.directory.clone(),
            log_file: globals.log_file.clone(),
            actor: globals.actor.clone(),
            quiet: globals.quiet > 0,
            json: globals.json,
            verbose: if is_flagged {
                globals.verbose
            } else {
                named.unwrap_or(0)
            },
        }
    }

    fn place(&self, environment: &Environment) -> Place {
        match self.log_file.as_ref().or(environment.log_file.as_ref()) {
            Some(path) if path.as_os_str() == "none" => Place::Nowhere,
            Some(path) => {
                let path = self.directory.join(path);
                Place::Named(std::path::absolute(&path).unwrap_or(path))
            }
            None => folders::log(environment).map_or(Place::Nowhere, Place::Daily),
        }
    }
}

/// A run that has begun.
#[derive(Debug)]
pub struct Entry {
    log: Log,
    trouble: Option<String>,
    began: Instant,
    now: Timestamp,
    is_overridden: bool,
    command: String,
    directory: String,
    actor: String,
    tells: bool,
    mutes: bool,
    /// What the command around this one has committed so far.
    around: Vec<OperationId>,
}

/// The log of the command that was started, for a panic.
static OF_PROCESS: OnceLock<(Log, String)> = OnceLock::new();

impl Entry {
    /// Opens the log. That it can't be written is told once and stops nothing.
    pub fn begin(
        words: &[OsString],
        wishes: &Wishes,
        environment: &Environment,
        clock: Clock,
    ) -> Self {
        let now = clock.now;
        let opened = Log::open(&wishes.place(environment), &now.day(), clock.is_overridden);
        let trouble = opened.as_ref().err().map(not_logged);
        let log = opened.unwrap_or_default();
        if let Some(trouble) = trouble.as_ref().filter(|_| !wishes.quiet && !wishes.json) {
            output::stderr(&format!("warning: {}\n", one_line(trouble)));
        }
        if OF_PROCESS.set((log.clone(), now.to_string())).is_ok() && wishes.verbose > 1 {
            logfile::listen(&log, now.to_string(), |text| {
                output::stderr(&format!("note: {}\n", one_line(text)));
            });
        }
        let words = words.iter().skip(1).map(|word| word.to_string_lossy());
        let actor = wishes.actor.as_deref().unwrap_or(environment.actor());
        Self {
            log,
            trouble,
            began: clock.began,
            now,
            is_overridden: clock.is_overridden,
            command: command_line(words),
            directory: std::path::absolute(".")
                .map(|folder| folder.display().to_string())
                .unwrap_or_default(),
            actor: actor.to_owned(),
            tells: wishes.verbose > 0,
            mutes: wishes.quiet || wishes.json,
            around: logfile::take_committed(Vec::new()),
        }
    }

    /// Why there is no log, for the warnings of a document.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Where a command that this one runs writes.
    pub fn path(&self) -> Option<&Path> {
        self.log.path()
    }

    /// Writes the line.
    pub fn end(mut self, ended: Ended) -> ExitStatus {
        let around = std::mem::take(&mut self.around);
        let operations: Vec<_> = logfile::take_committed(around)
            .iter()
            .map(ToString::to_string)
            .collect();
        let Ended {
            status,
            verdict,
            code,
        } = ended;
        let duration_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        if self.tells {
            let mut text = format!(
                "ended with {} ({}) after {duration_ms} ms",
                status.code(),
                status.name()
            );
            if !operations.is_empty() {
                text.push_str(&format!(", recorded {}", operations.join(", ")));
            }
            output::stderr(&(text + "\n"));
        }
        let level = match status {
            ExitStatus::Bug => Level::Error,
            _ => Level::Info,
        };
        let written = self.log.append(
            level,
            "command",
            &self.now.to_string(),
            json!({
                "clock": if self.is_overridden { "override" } else { "system" },
                "command": self.command,
                "directory": self.directory,
                "actor": self.actor,
                "duration_ms": duration_ms,
                "exit_code": status.code(),
                "status": status.name(),
                "verdict": verdict.map(Verdict::name),
                "error_code": code,
                "operations": operations,
            }),
        );
        if let Err(error) = written
            && !self.mutes
        {
            output::stderr(&format!("warning: {}\n", one_line(&not_logged(&error))));
        }
        status
    }
}

fn not_logged(error: &FileError) -> String {
    format!("no log is written: {error}")
}

/// Notes in the log where an attempt to send broke off. The panic's own words may hold a secret.
pub fn caught(place: Option<&std::panic::Location<'_>>) {
    let Some((log, at)) = OF_PROCESS.get() else {
        return;
    };
    let place = place.map_or_else(String::new, |place| format!(" at {place}"));
    let text = format!("an attempt to send broke off{place}");
    // The attempt is told as one that failed; without a log there is no more to say.
    let _ = log.append(Level::Error, "panic", at, json!({ "text": text }));
}

/// Tells a panic, on stderr and in the log.
pub fn panicked(panic: &str) -> Problem {
    let problem = Problem::new("MG9901", "internal error").cause(panic);
    let problem = problem.hint("please report it with the command that you ran");
    let Some((log, at)) = OF_PROCESS.get() else {
        return problem;
    };
    let written = log.append(Level::Error, "panic", at, json!({ "text": panic }));
    match log.path().filter(|_| written.is_ok()) {
        Some(path) => problem.hint(format!("look into the log {}", path.display())),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::example::noon;
    use crate::files::read;

    #[test]
    fn a_panic_is_a_line_of_its_own_and_its_hint_names_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let wishes = Wishes {
            directory: folder.path().to_owned(),
            log_file: Some("own.jsonl".into()),
            actor: None,
            quiet: false,
            json: false,
            verbose: 0,
        };
        let words = ["modelguard", "show", "a b"].map(OsString::from);
        let environment = Environment::default();
        let entry = Entry::begin(&words, &wishes, &environment, noon());
        let path = folder.path().join("own.jsonl");
        assert_eq!(entry.path(), Some(path.as_path()));
        let problem = panicked("index out of bounds\nat src/x.rs:1");
        assert_eq!(problem.exit, ExitStatus::Bug);
        assert!(problem.hints[1].contains(&path.display().to_string()));
        let ended = Ended {
            code: Some("MG9901"),
            ..Ended::with(ExitStatus::Bug)
        };
        assert_eq!(entry.end(ended), ExitStatus::Bug);
        let text = read::text(&path, 1 << 20).unwrap();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert_eq!(lines[0]["event"], "panic");
        assert_eq!(lines[0]["text"], "index out of bounds\nat src/x.rs:1");
        assert_eq!(lines[1]["command"], "modelguard show 'a b'");
        assert_eq!(lines[1]["exit_code"], 70);
        assert_eq!(lines[1]["error_code"], "MG9901");
        for line in lines {
            assert_eq!(line["level"], "error");
        }
    }
}
