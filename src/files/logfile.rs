//! Appends to the tool's own log, JSON lines in a file a day or in one named file, and remembers what to write there.

use std::cell::RefCell;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::pipe::open_regular;
use super::{FileError, FileErrorKind};
use crate::domain::holders::OperationId;

/// How many daily files are kept.
pub const KEPT_DAYS: usize = 14;

/// The format of a line, and how every line begins.
const SCHEMA: &str = "modelguard.log/1";
const BEGINNING: &str = r#"{"schema":"modelguard.log/"#;

/// Where the log is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Nowhere,
    /// A file a day in this folder, the newest kept.
    Daily(PathBuf),
    /// This one file, which only grows.
    Named(PathBuf),
}

/// An open log; clones write to the same file.
#[derive(Clone, Debug, Default)]
pub struct Log {
    open: Option<(Arc<File>, PathBuf)>,
}

impl Log {
    /// Opens the log of a day (`2026-01-05`), and where that is a new file, removes the old ones.
    ///
    /// # Errors
    /// The file or its folder can't be written, or a named file holds something else.
    pub fn open(place: &Place, day: &str) -> Result<Self, FileError> {
        let (file, path) = match place {
            Place::Nowhere => return Ok(Self::default()),
            Place::Daily(folder) => {
                let path = folder.join(format!("{PREFIX}{day}{ENDING}"));
                (daily(folder, &path)?, path)
            }
            Place::Named(path) => (named(path)?, path.clone()),
        };
        let open = Some((Arc::new(file), path));
        Ok(Self { open })
    }

    /// The file, if there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.open.as_ref().map(|(_, path)| path.as_path())
    }

    /// Appends one line in one write, so that lines of several processes never mix.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn append(
        &self,
        level: Level,
        event: &str,
        at: &str,
        more: Value,
    ) -> Result<(), FileError> {
        let Some((file, path)) = &self.open else {
            return Ok(());
        };
        let mut line = json!({
            "schema": SCHEMA,
            "at": at,
            "level": level.name(),
            "event": event,
            "tool_version": env!("CARGO_PKG_VERSION"),
            "process_id": std::process::id(),
        });
        if let (Some(line), Value::Object(more)) = (line.as_object_mut(), more) {
            line.extend(more);
        }
        write_once(file, format!("{line}\n").as_bytes())
            .map_err(|source| FileError::writing(path, source))
    }
}

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Error,
    Info,
    Debug,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

const PREFIX: &str = "modelguard-";
const ENDING: &str = ".jsonl";

fn write_once(mut file: &File, line: &[u8]) -> io::Result<()> {
    loop {
        return match file.write(line) {
            Ok(written) if written == line.len() => Ok(()),
            Ok(_) => Err(io::Error::from(io::ErrorKind::WriteZero)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
    }
}

/// Opens for appending. What it creates is the user's own.
fn appending(path: &Path, create: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(create);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

fn daily(folder: &Path, path: &Path) -> Result<File, FileError> {
    let failed = |source| FileError::writing(path, source);
    match appending(path, false) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened.map_err(failed),
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder
        .create(folder)
        .map_err(|source| FileError::writing(folder, source))?;
    let file = appending(path, true).map_err(failed)?;
    prune(folder, path);
    Ok(file)
}

/// Removes the daily files but the newest, and never the one just begun. What is no daily file of ours stays.
fn prune(folder: &Path, begun: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut days: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter(|entry| entry.file_name().to_str().is_some_and(is_daily))
        .map(|entry| entry.path())
        .collect();
    days.sort_unstable_by(|a, b| b.cmp(a));
    for old in days.into_iter().skip(KEPT_DAYS) {
        if old != begun && fs::remove_file(&old).is_ok() {
            log::debug!("removed {}", old.display());
        }
    }
}

/// Whether a name is `modelguard-2026-01-05.jsonl`.
fn is_daily(name: &str) -> bool {
    let day = name
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(ENDING));
    day.is_some_and(|day| {
        day.len() == 10
            && day.bytes().enumerate().all(|(index, byte)| match index {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            })
    })
}

/// Opens a named file, unless it is something other than a log: nothing is appended to a store or a table by mistake.
fn named(path: &Path) -> Result<File, FileError> {
    let file = appending(path, true).map_err(|source| FileError::writing(path, source))?;
    let kind = file
        .metadata()
        .map_err(|source| FileError::writing(path, source))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.file_type().is_char_device() {
            return Ok(file);
        }
    }
    if !kind.is_file() {
        return Err(FileErrorKind::Irreplaceable("no regular file").of(path));
    }
    let mut beginning = Vec::new();
    let limit = BEGINNING.len() as u64;
    (&file)
        .take(limit)
        .read_to_end(&mut beginning)
        .map_err(|source| FileError::writing(path, source))?;
    if beginning.is_empty() || beginning == BEGINNING.as_bytes() {
        Ok(file)
    } else {
        Err(FileErrorKind::Irreplaceable("no log of modelguard").of(path))
    }
}

/// Whether a file is a log that this tool has written. One that can't be read is none.
#[must_use]
pub fn is_log(path: &Path) -> bool {
    let limit = BEGINNING.len() as u64;
    let mut beginning = Vec::new();
    let read = open_regular(path).map(|file| file.take(limit).read_to_end(&mut beginning));
    matches!(read, Ok(Ok(_))) && beginning == BEGINNING.as_bytes()
}

thread_local! {
    /// What the running command has committed. Every change of a store passes here, also one that opening it makes.
    static COMMITTED: RefCell<Vec<OperationId>> = const { RefCell::new(Vec::new()) };
}

/// Notes operations that are on disk.
pub fn committed(operations: &[OperationId]) {
    COMMITTED.with_borrow_mut(|all| all.extend_from_slice(operations));
    for operation in operations {
        log::debug!("committed {operation}");
    }
}

/// Takes the operations noted since the last time, and puts `before` in their place: those of the command around.
#[must_use]
pub fn take_committed(before: Vec<OperationId>) -> Vec<OperationId> {
    COMMITTED.replace(before)
}

/// Passes what the program and its migrations note on to the log and to `tell`. Only the first call counts.
pub fn listen(log: &Log, at: String, tell: fn(&str)) {
    let notes = Notes {
        log: log.clone(),
        at,
        tell,
    };
    if log::set_boxed_logger(Box::new(notes)).is_ok() {
        log::set_max_level(log::LevelFilter::Debug);
    }
}

/// Receives what is noted through the `log` crate. Nothing of it goes to stdout.
struct Notes {
    log: Log,
    /// The beginning of the run.
    at: String,
    tell: fn(&str),
}

impl log::Log for Notes {
    /// Other libraries may note what they send, and with it a secret.
    fn enabled(&self, about: &log::Metadata<'_>) -> bool {
        let part = about.target().split("::").next().unwrap_or_default();
        part == env!("CARGO_PKG_NAME") || part.starts_with("refinery")
    }

    fn log(&self, record: &log::Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let text = record.args().to_string();
        (self.tell)(&text);
        let more = json!({ "source": record.target(), "text": text });
        // Its trouble was told when the log was opened.
        let _ = self.log.append(Level::Debug, "note", &self.at, more);
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests;
