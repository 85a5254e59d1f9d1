//! Sweeps a model's inbox for the verbs that do, and tells what became of its files.

use std::borrow::Cow;
use std::path::Path;

use serde_json::{Value, json};

use super::call::{Call, quoted};
use super::messages::{self, Listeners};
use super::output::Warning;
use super::warnings::{self, Way};
use super::{not_stored, problems};
use crate::domain::policy::{key_part, text_value};
use crate::domain::verdict::AlertKind;
use crate::files::columns::FileKind;
use crate::files::inbox::LOG;
use crate::files::values::whole;
use crate::files::{FileError, FileErrorKind};
use crate::store::Access;
use crate::store::models::{self, Model};
use crate::ui::catalogue;
use crate::ui::exit::ExitStatus;
use crate::ui::line::one_line;
use crate::ui::number::count;
use crate::ui::problem::Problem;
use crate::ui::progress::Progress;
use crate::workflows::delivering::Sent;
use crate::workflows::ingesting::{IngestError, columns};
use crate::workflows::recording::AlertNews;
use crate::workflows::session::Session;
use crate::workflows::sweeping::places::{self, Misplaced};
use crate::workflows::sweeping::{self, FileState, Halt, Swept, SweptFile, Visit, Why};

/// Opens the store for taking in what waits, unless the policy's inboxes can't be meant. A dry run only looks.
///
/// # Errors
/// The store can't be opened, or [`require_apart`] refuses.
pub fn open(call: &Call, dry_run: bool) -> Result<Session, Problem> {
    let mut session = call.session(if dry_run { Access::Read } else { Access::Write })?;
    require_apart(call, &mut session)?;
    Ok(session)
}

/// Refuses a policy by which a file would be taken for two models, or the project for data.
///
/// # Errors
/// The policy is such a one, or the store can't be read.
fn require_apart(call: &Call, session: &mut Session) -> Result<(), Problem> {
    let models = session.store.read(models::list);
    let models = models.map_err(|error| problems::store(call, error))?;
    let log = call.log_path.as_deref();
    places::misplaced(&session.found, &models, log).map_or(Ok(()), |error| Err(misplaced(&error)))
}

/// What is wrong with an inbox that can't be meant.
pub fn misplaced(error: &Misplaced) -> Problem {
    let message = error.to_string();
    match error {
        Misplaced::Shared { other, .. } => Problem::new("MG0305", message)
            .cause("nobody could say whose a file is that lies there")
            .hint(format!(
                "give each its own: `[models.{}.ingest]` with `inbox = \"inbox/{other}/\"`",
                key_part(other.as_str())
            )),
        Misplaced::HoldsProject { .. } => Problem::new("MG0304", message)
            .hint("name a folder for nothing else: `inbox = \"inbox/\"`"),
    }
}

/// Takes in what waits in the model's inbox; `None`: the policy names none. With `dry_run` only looks.
///
/// # Errors
/// There is no such folder, it can't be written, or another sweep goes on in it.
pub fn sweep(
    call: &Call,
    session: &mut Session,
    model: &Model,
    listeners: &Listeners,
    dry_run: bool,
) -> Option<Result<Swept, Problem>> {
    let policy = session.policy(model);
    let folder = places::inbox_of(&session.found, &policy)?;
    let choices = match columns::choices(&policy.columns, &[]) {
        Ok(choices) => choices,
        Err(error) => {
            return Some(Err(
                Problem::new("MG0304", "[columns]").cause(error.to_string())
            ));
        }
    };
    let visit = Visit {
        model,
        folder: &folder,
        choices: &choices,
        lock_timeout: session.found.lock_timeout,
        audience: listeners.audience(),
    };
    let explain = |kind, error| explain(call, kind, error);
    let mut progress = Progress::new("reading rows", None, call.progress_mode());
    let mut tick = |rows_count| {
        progress.tick(rows_count);
        call.stop.requested().is_none()
    };
    let found = if dry_run {
        sweeping::preview(&visit, session.author.at, &explain, &mut tick)
    } else {
        let (store, author) = (&mut session.store, &session.author);
        sweeping::sweep(store, author, &visit, &explain, &mut tick)
    };
    progress.finish();
    Some(found.map_err(|error| unusable(&folder, &error)))
}

/// No file of the inbox can be taken.
fn unusable(folder: &Path, error: &FileError) -> Problem {
    match &*error.kind {
        FileErrorKind::Missing => {
            Problem::new("MG0213", format!("there is no inbox {}", folder.display()))
                .cause("the policy names it, and nobody made the folder")
                .hint(format!(
                    "`mkdir -p {}`",
                    quoted(&folder.display().to_string())
                ))
        }
        FileErrorKind::Locked { .. } => {
            Problem::new("MG0518", format!("the inbox {} is busy", folder.display()))
                .cause("another run takes its files in")
                .hint("wait longer: `--lock-timeout 60s`")
        }
        _ => problems::file(error),
    }
}

/// Why a file was not stored. Options of a command line that there was none of are given as a command.
fn explain(call: &Call, kind: Option<FileKind>, error: IngestError) -> Why {
    let command = call.beginning();
    let of = kind.unwrap_or(FileKind::Predictions);
    let named = match &error {
        IngestError::File(error) => error.unfit_column().map(|(field, column)| {
            let column = column.and_then(whole).unwrap_or("COLUMN");
            (field.to_owned(), column.to_owned())
        }),
        _ => None,
    };
    let mut problem = not_stored::problem(call, of, false, error);
    if let Some((field, column)) = named {
        let option = quoted(&format!("{field}={column}"));
        let key = match field.strip_prefix("proba.") {
            Some(label) => format!("proba.{}", key_part(label)),
            None => field,
        };
        problem.hints = vec![
            format!(
                "name it for every file: `[columns]` with `{key} = {}`",
                text_value(&column)
            ),
            format!(
                "once by hand: `{command} ingest {} FILE --map {option}`",
                of.name()
            ),
        ];
    } else if problem.hints.iter().any(|hint| hint.contains("`--")) {
        problem = problem.hint(format!(
            "with that option by hand: `{command} ingest {} FILE`",
            of.name()
        ));
    }
    Why {
        code: problem.code,
        message: problem.message.clone(),
        document: problem.to_json(),
    }
}

/// The files as JSON.
pub fn data(swept: &Swept) -> Value {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let files = swept.files.iter().map(|file| {
        json!({
            "path": text(&file.path),
            "kind": file.kind.map(FileKind::name),
            "state": file.state.name(),
            "batch_id": file.batch.map(|id| id.to_string()),
            "error_code": file.why.as_ref().map(|why| why.code),
            "moved_to_path": file.moved_to.as_deref().map(text),
            "alert_id": file.alert.map(|id| id.to_string()),
        })
    });
    Value::Array(files.collect())
}

/// The alerts that the sweep opened, as JSON.
pub fn alerts(swept: &Swept, sent: &[Sent]) -> Vec<Value> {
    let opened = swept.files.iter().filter_map(|file| file.alert);
    opened
        .map(|id| {
            json!({
                "alert_id": id.to_string(),
                "kind": AlertKind::RefusedFile.name(),
                "state": AlertNews::Opened.name(),
                "deliveries": messages::sent_data(sent, Some(id)),
            })
        })
        .collect()
}

/// `Inbox: 2 files came in (1,204 rows), 1 was known, 1 was refused.`; empty where there was nothing.
pub fn summary(swept: &Swept) -> String {
    let of = |state| swept.files.iter().filter(move |file| file.state == state);
    let files = |number: usize| {
        let noun = if number == 1 { "file" } else { "files" };
        format!("{} {noun}", count(number as u64))
    };
    let was = |number: usize| if number == 1 { "was" } else { "were" };
    let mut parts = Vec::new();
    let ingested = of(FileState::Ingested).count();
    if ingested > 0 {
        let rows: u64 = of(FileState::Ingested)
            .map(|file| file.rows_stored_count)
            .sum();
        parts.push(format!(
            "{} came in ({} rows)",
            files(ingested),
            count(rows)
        ));
    }
    let seen = of(FileState::Seen).count();
    if seen > 0 {
        parts.push(format!("{} {} known", files(seen), was(seen)));
    }
    let rejected = of(FileState::Rejected).count();
    if rejected > 0 {
        parts.push(format!("{} {} refused", files(rejected), was(rejected)));
    }
    let unusable = of(FileState::Unusable).count();
    if unusable > 0 {
        parts.push(format!("{} would be refused", files(unusable)));
    }
    let waiting = of(FileState::Waiting).count();
    if waiting > 0 {
        let waits = if waiting == 1 { "waits" } else { "wait" };
        parts.push(format!("{} {waits}", files(waiting)));
    }
    if parts.is_empty() {
        return String::new();
    }
    format!("Inbox: {}.\n", parts.join(", "))
}

/// The files that were refused for the first time, a line each: what `-q` tells.
pub fn news(swept: &Swept) -> String {
    let opened = swept.files.iter().filter(|file| file.alert.is_some());
    opened
        .map(|file| format!("Refused {}\n", one_line(&told(file))))
        .collect()
}

/// Whether a file was refused for the first time.
pub fn is_news(swept: &Swept) -> bool {
    swept.files.iter().any(|file| file.alert.is_some())
}

/// `x.csv (MG0503; alert a_3; now inbox/rejected/x.csv): …`.
fn told(file: &SweptFile) -> String {
    let (code, message) = file
        .why
        .as_ref()
        .map_or(("", ""), |why| (why.code, why.message.as_str()));
    let mut place = vec![code.to_owned()];
    place.extend(file.alert.map(|id| format!("alert {id}")));
    if let Some(moved_to) = &file.moved_to {
        place.push(format!("now {}", moved_to.display()));
    }
    format!("{} ({}): {message}", name(file), place.join("; "))
}

fn name(file: &SweptFile) -> Cow<'_, str> {
    file.path.file_name().unwrap_or_default().to_string_lossy()
}

/// What there is to know beside the counts. `command`: what a further one [begins with](Call::beginning).
pub fn warnings(swept: &Swept, command: &str) -> Vec<Warning> {
    let way = Way {
        command,
        is_swept: true,
    };
    let mut warnings = Vec::new();
    let troubled = swept.files.iter().filter(|file| file.why.is_some());
    warnings.extend(troubled.map(trouble));
    for file in &swept.files {
        let doubts = file.ingested.iter();
        warnings.extend(doubts.flat_map(|ingested| {
            let doubts = warnings::of_rows(ingested, way).into_iter();
            doubts.map(|warning| Warning {
                text: format!("{}: {}", one_line(&name(file)), warning.text),
                ..warning
            })
        }));
    }
    for (path, what) in &swept.odd {
        let (code, not) = if *what == LOG {
            ("own_log", "no data")
        } else {
            ("no_file", "no file")
        };
        warnings.push(Warning {
            code,
            text: format!("{} is {what}, {not}, and stays", path.display()),
        });
    }
    warnings
}

/// What became of a file that is not simply in.
fn trouble(file: &SweptFile) -> Warning {
    let (code, what) = match file.state {
        FileState::Rejected => ("file_refused", "refused"),
        FileState::Unusable => ("file_unusable", "would be refused:"),
        FileState::Waiting => ("file_waits", "still in the inbox:"),
        FileState::Ingested | FileState::Seen => ("file_not_moved", "came in and was not moved:"),
    };
    Warning {
        code,
        text: format!("{what} {}", told(file)),
    }
}

/// The first of the files that stay in the inbox until somebody mends what keeps them there, and how many more do.
pub fn stuck(swept: &Swept) -> Option<Warning> {
    first_of(swept.files.iter().filter(|file| file.is_stuck))
}

/// The first of the files that stay in the inbox, whatever keeps them there, and how many more do.
pub fn staying(swept: &Swept) -> Option<Warning> {
    let stays = |file: &&SweptFile| match file.state {
        FileState::Rejected | FileState::Unusable => false,
        FileState::Ingested | FileState::Seen | FileState::Waiting => file.why.is_some(),
    };
    first_of(swept.files.iter().filter(stays))
}

fn first_of<'a>(mut files: impl Iterator<Item = &'a SweptFile>) -> Option<Warning> {
    let first = trouble(files.next()?);
    let more = match files.count() {
        0 => String::new(),
        1 => "; and 1 more file stays in the inbox".to_owned(),
        number => format!(
            "; and {} more files stay in the inbox",
            count(number as u64)
        ),
    };
    Some(Warning {
        text: first.text + &more,
        ..first
    })
}

/// The warning that a problem is to a command that goes on.
pub fn warning(problem: &Problem) -> Warning {
    let causes = problem.causes.iter().chain(&problem.hints);
    let more: String = causes.map(|text| format!("; {text}")).collect();
    Warning {
        code: "inbox_not_swept",
        text: format!("{} ({}){more}", problem.message, problem.code),
    }
}

/// Why a sweep ended early, if it did.
pub fn halted(call: &Call, swept: &mut Swept) -> Option<Problem> {
    match swept.halt.take()? {
        Halt::Store(error) => Some(problems::store(call, error)),
        Halt::File(error) => Some(problems::file(&error)),
        Halt::Stopped => call.check_stop().err().map(|problem| Problem {
            message: "interrupted; files that were not taken in yet stay in the inbox".to_owned(),
            ..problem
        }),
    }
}

/// The statuses of what went wrong with single files.
pub fn exits(swept: &Swept) -> impl Iterator<Item = ExitStatus> + '_ {
    swept
        .files
        .iter()
        .filter_map(|file| file.why.as_ref())
        .map(|why| catalogue::entry_or_bug(why.code).exit)
}
