//! `fetch`: writes the bytes of a version, and only if they are those that were registered.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::call::Call;
use super::output::{Report, Screen};
use super::{Outcome, problems};
use crate::domain::names::Reference;
use crate::files::unpack::unpack;
use crate::files::write::{Existing, ReplaceFile};
use crate::files::{FileError, FileErrorKind};
use crate::store::artifact_reader::{self, ArtifactReader};
use crate::store::versions::{ArtifactKind, Version};
use crate::store::{Access, Store, StoreError};
use crate::ui::interrupt::StopFlag;
use crate::ui::number;
use crate::ui::problem::Problem;
use crate::ui::progress::Progress;

/// How many bytes are copied at a time.
const PIECE_BYTES: usize = 256 << 10;

/// Write a version's file or folder, verified while writing
///
/// It appears at PATH whole, and only if its bytes are those that were registered.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard fetch @production -o model.json
  modelguard fetch latest -o - > copy.json

Exit status: 0 done; 1 PATH can't be written, or is there already and --overwrite is missing; 10 no such
version; 12 the bytes are not those that were registered
Effect: reads only")]
pub struct Args {
    /// The version: its name, a unique beginning of it, latest, @ALIAS, @ALIAS~N
    #[arg(value_name = "REF")]
    version: Reference,

    /// Where to; - is standard output, on which a folder is one tar stream
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,

    /// Take the place of a file that is there; never of a folder
    #[arg(long)]
    overwrite: bool,
}

/// Why nothing was written.
enum FetchError {
    Store(StoreError),
    File(FileError),
    Stopped,
    /// Whoever read standard output has enough.
    Closed,
}

impl From<StoreError> for FetchError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

pub fn run(call: &Call, args: &Args) -> Outcome {
    let to_stdout = args.output.as_os_str() == "-";
    if to_stdout && call.globals.json {
        return Err(Problem::new(
            "MG0101",
            "standard output can't take both the bytes and a JSON document",
        )
        .hint("write to a file: `-o PATH`"));
    }
    let mut session = call.session(Access::Read)?;
    if !to_stdout {
        call.spare_own_files(&args.output, &[])?;
    }
    let model = call.model_of(&mut session, &args.version)?;
    let version = session
        .version(&model, &args.version)
        .map_err(|error| problems::naming(call, error))?;
    let mut progress =
        Progress::new("fetch", Some(version.size_bytes), call.progress_mode()).in_bytes();
    let store = &mut session.store;
    let mut done = 0;
    let mut tick = |bytes: usize| {
        done += bytes as u64;
        progress.tick(done);
    };
    let written = if to_stdout {
        stream(store, &version, &call.stop, &mut tick)
    } else if version.artifact_kind == ArtifactKind::Directory {
        folder(store, &version, &args.output, &call.stop, &mut tick)
    } else {
        let existing = if args.overwrite {
            Existing::Replace
        } else {
            Existing::Refuse
        };
        file(
            store,
            &version,
            &args.output,
            existing,
            &call.stop,
            &mut tick,
        )
    };
    drop(progress);
    let fetched = Fetched {
        model: model.name.to_string(),
        path: (!to_stdout).then(|| args.output.display().to_string()),
        whole: written.is_ok(),
        version,
    };
    match written {
        Ok(()) | Err(FetchError::Closed) => Ok(Box::new(fetched)),
        Err(FetchError::Store(error)) => Err(problems::store(call, error)),
        Err(FetchError::Stopped) => match call.check_stop() {
            Err(problem) => Err(problem),
            Ok(()) => Err(Problem::new("MG0110", "interrupted; nothing was written")),
        },
        Err(FetchError::File(error)) => {
            if matches!(*error.kind, FileErrorKind::Directory) {
                // A folder in the way of what is to be written, not one in the place of an input.
                return Err(Problem::new("MG0517", error.to_string())
                    .hint("give a file that is not there yet: `-o PATH`"));
            }
            let exists = matches!(*error.kind, FileErrorKind::Exists);
            let problem = problems::file(&error);
            Err(match (exists, fetched.version.artifact_kind) {
                (true, ArtifactKind::File) => problem.hint("`--overwrite` takes its place"),
                (true, ArtifactKind::Directory) => {
                    problem.hint("give a folder that is not there yet: `-o PATH`")
                }
                (false, _) => problem,
            })
        }
    }
}

/// Counts what passes, and ends the stream when told to.
struct Ticking<'a, R> {
    inner: R,
    stop: &'a StopFlag,
    tick: &'a mut dyn FnMut(usize),
}

impl<R: Read> Read for Ticking<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.requested().is_some() {
            return Err(io::Error::other("asked to stop"));
        }
        let count = self.inner.read(buffer)?;
        (self.tick)(count);
        Ok(count)
    }
}

/// Copies all bytes; `write` fails with its own kind of error.
fn copy(
    reader: &mut Ticking<'_, &mut ArtifactReader<'_>>,
    mut write: impl FnMut(&[u8]) -> Result<(), FetchError>,
) -> Result<(), FetchError> {
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => write(buffer.get(..count).unwrap_or_default())?,
            Err(_) if reader.stop.requested().is_some() => return Err(FetchError::Stopped),
            // The reader kept why, and says it when it is finished.
            Err(_) => return Ok(()),
        }
    }
}

fn file(
    store: &mut Store,
    version: &Version,
    target: &Path,
    existing: Existing,
    stop: &StopFlag,
    tick: &mut dyn FnMut(usize),
) -> Result<(), FetchError> {
    let mut out = ReplaceFile::create(target, existing).map_err(FetchError::File)?;
    let mut reader = artifact_reader::open(store, version.artifact)?;
    let mut ticking = Ticking {
        inner: &mut reader,
        stop,
        tick,
    };
    copy(&mut ticking, |bytes| {
        out.append(bytes).map_err(FetchError::File)
    })?;
    reader.finish()?;
    out.commit().map_err(FetchError::File)
}

fn folder(
    store: &mut Store,
    version: &Version,
    target: &Path,
    stop: &StopFlag,
    tick: &mut dyn FnMut(usize),
) -> Result<(), FetchError> {
    let mut reader = artifact_reader::open(store, version.artifact)?;
    let unpacked = unpack(
        &mut Ticking {
            inner: &mut reader,
            stop,
            tick,
        },
        target,
    );
    if stop.requested().is_some() {
        return Err(FetchError::Stopped);
    }
    if let Err(error) = &unpacked
        && matches!(*error.kind, FileErrorKind::Exists)
    {
        return unpacked.map(|_| ()).map_err(FetchError::File);
    }
    // Bytes that are not those of the artifact are why an archive makes no sense, so they are told first.
    reader.finish()?;
    unpacked
        .and_then(|unpacked| unpacked.commit())
        .map_err(FetchError::File)
}

fn stream(
    store: &mut Store,
    version: &Version,
    stop: &StopFlag,
    tick: &mut dyn FnMut(usize),
) -> Result<(), FetchError> {
    let mut reader = artifact_reader::open(store, version.artifact)?;
    let mut out = io::stdout().lock();
    let failed = |error: io::Error| {
        if error.kind() == io::ErrorKind::BrokenPipe {
            FetchError::Closed
        } else {
            FetchError::Store(StoreError::Output(error))
        }
    };
    let mut ticking = Ticking {
        inner: &mut reader,
        stop,
        tick,
    };
    copy(&mut ticking, |bytes| out.write_all(bytes).map_err(failed))?;
    out.flush().map_err(failed)?;
    reader.finish()?;
    Ok(())
}

struct Fetched {
    model: String,
    version: Version,
    /// `None`: standard output.
    path: Option<String>,
    /// False: whoever read standard output had enough before its end.
    whole: bool,
}

impl Report for Fetched {
    fn schema(&self) -> &'static str {
        "fetch"
    }

    fn data(&self) -> Value {
        json!({
            "model": self.model,
            "version": self.version.name.to_string(),
            "path": self.path,
            "size_bytes": self.version.size_bytes,
            "artifact_blake3": self.version.artifact_blake3.to_string(),
        })
    }

    fn text(&self, _: &Screen) -> String {
        String::new()
    }

    fn aside(&self, _: &Screen) -> String {
        if !self.whole {
            return String::new();
        }
        let to = self.path.as_deref().unwrap_or("standard output");
        format!(
            "Wrote {} to {to} ({}); its hash matches\n",
            self.version.name,
            number::bytes(self.version.size_bytes)
        )
    }
}
