//! Takes the files of an inbox, one after the other; those that can't be used are put aside many at once.
//!
//! To make things durable is what takes time: each refused file alone would wait for it a dozen times.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::refusing::{self, Refused};
use super::{Explain, FileState, Halt, SweptFile, Visit, is_lasting, is_refusal, kind, waiting};
use crate::domain::operation::Author;
use crate::files::FileError;
use crate::files::hash::hash_file;
use crate::files::inbox::{Claimed, Inbox, Watched};
use crate::files::input::Source;
use crate::store::Store;
use crate::workflows::ingesting::{IngestError, ingest};

/// So many files at most are put aside at once: each has a document open meanwhile.
const AT_ONCE: usize = 100;

/// A sweep that goes on.
pub struct Taking<'a, 'tick> {
    store: &'a mut Store,
    author: &'a Author,
    visit: &'a Visit<'a>,
    inbox: &'a Inbox,
    explain: Explain<'a>,
    tick: &'tick mut dyn FnMut(u64) -> bool,
    files: Vec<SweptFile>,
    /// Claimed, and to be put aside; each with its place in `files`.
    refused: Vec<(usize, Refused<'a>)>,
}

impl<'a, 'tick> Taking<'a, 'tick> {
    pub fn new(
        store: &'a mut Store,
        author: &'a Author,
        visit: &'a Visit<'a>,
        inbox: &'a Inbox,
        explain: Explain<'a>,
        tick: &'tick mut dyn FnMut(u64) -> bool,
    ) -> Self {
        Self {
            store,
            author,
            visit,
            inbox,
            explain,
            tick,
            files: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// What became of the files, in the order in which they were taken.
    pub fn into_files(self) -> Vec<SweptFile> {
        self.files
    }

    /// Takes the files of these names; says why it ended before the last.
    pub fn take_all(&mut self, names: &[OsString]) -> Option<Halt> {
        let halt = names.iter().find_map(|name| self.next(name).err());
        if let Some(Halt::Store(_)) = halt {
            // Who waited for a busy store in vain waits once.
            for (_, refused) in self.refused.drain(..) {
                put_back(&refused.claimed);
            }
        }
        let aside = self.put_aside();
        halt.or(aside.err())
    }

    fn next(&mut self, name: &OsStr) -> Result<(), Halt> {
        if !(self.tick)(0) {
            return Err(Halt::Stopped);
        }
        let file = self.take(name)?;
        self.files.extend(file);
        if self.refused.len() >= AT_ONCE {
            self.put_aside()?;
        }
        Ok(())
    }

    /// Takes one file; `None`: it is gone.
    fn take(&mut self, name: &OsStr) -> Result<Option<SweptFile>, Halt> {
        let path = self.inbox.path(name);
        let file = waiting(path.clone());
        let watched = match self.inbox.watch(name) {
            Ok(Some(watched)) => watched,
            Ok(None) => return Ok(None),
            Err(error) => return Ok(Some(self.stays(file, error.into()))),
        };
        let kind = match kind(self.visit, name, &path) {
            Ok(kind) => kind,
            Err(error) => {
                return self
                    .not_stored(name, &watched, file, error.into())
                    .map(Some);
            }
        };
        let file = SweptFile {
            kind: Some(kind),
            ..file
        };
        let source = Source::File(path);
        let request = self.visit.request(&source, kind);
        let model = self.visit.model;
        let ingested = match ingest(self.store, self.author, model, &request, self.tick) {
            Ok(ingested) => ingested,
            Err(error) => return self.not_stored(name, &watched, file, error).map(Some),
        };
        let mut file = SweptFile {
            state: if ingested.changed {
                FileState::Ingested
            } else {
                FileState::Seen
            },
            batch: ingested.batch.or(ingested.same_as),
            rows_stored_count: ingested.report.rows_stored_count,
            ingested: ingested.changed.then(|| Box::new(ingested)),
            ..file
        };
        match self.move_to_done(name, &watched) {
            Ok(moved_to) => file.moved_to = moved_to,
            // Its rows are in; the next sweep knows it and tries to move it again.
            Err(error) => file = self.stays(file, error.into()),
        }
        Ok(Some(file))
    }

    /// `None`: a newer file has its name by now, and waits.
    fn move_to_done(&self, name: &OsStr, watched: &Watched) -> Result<Option<PathBuf>, FileError> {
        let Some(claimed) = self.inbox.claim(name, watched)? else {
            return Ok(None);
        };
        claimed.done().map(Some).inspect_err(|_| put_back(&claimed))
    }

    fn stays(&self, file: SweptFile, error: IngestError) -> SweptFile {
        let is_stuck = is_lasting(&error);
        let why = (self.explain)(file.kind, error);
        SweptFile {
            why: Some(why),
            is_stuck,
            ..file
        }
    }

    /// A file that can't be used is claimed, to be put aside with others; until then it is one that waits.
    fn not_stored(
        &mut self,
        name: &OsStr,
        watched: &Watched,
        file: SweptFile,
        error: IngestError,
    ) -> Result<SweptFile, Halt> {
        match error {
            IngestError::Stopped => return Err(Halt::Stopped),
            IngestError::Store(error) => return Err(Halt::Store(error)),
            error if !is_refusal(&error) => return Ok(self.stays(file, error)),
            _ => {}
        }
        let why = (self.explain)(file.kind, error);
        let file = SweptFile {
            why: Some(why.clone()),
            ..file
        };
        let claimed = match self.inbox.claim(name, watched) {
            Ok(Some(claimed)) => claimed,
            // It is another file by now, or grows: what was read is not what lies there.
            Ok(None) => return Ok(file),
            Err(error) => return Ok(self.stays(file, error.into())),
        };
        match hash_file(claimed.path()) {
            Ok((hash, _)) => {
                let refused = Refused {
                    claimed,
                    path: file.path.clone(),
                    hash,
                    why,
                };
                self.refused.push((self.files.len(), refused));
                Ok(file)
            }
            Err(error) => {
                put_back(&claimed);
                Ok(self.stays(file, error.into()))
            }
        }
    }

    /// Puts the files aside that were refused since the last time.
    fn put_aside(&mut self) -> Result<(), Halt> {
        let (places, refused): (Vec<_>, Vec<_>) = self.refused.drain(..).unzip();
        let became = match refusing::refuse(self.store, self.author, self.visit, &refused) {
            Ok(became) => became,
            Err(error) => {
                refused.iter().for_each(|one| put_back(&one.claimed));
                return Err(Halt::Store(error));
            }
        };
        for ((place, refused), became) in places.into_iter().zip(&refused).zip(became) {
            let file = self.files[place].clone();
            self.files[place] = match became {
                Ok((alert, moved_to)) => SweptFile {
                    state: FileState::Rejected,
                    moved_to: Some(moved_to),
                    alert,
                    ..file
                },
                Err(error) => {
                    put_back(&refused.claimed);
                    self.stays(file, error.into())
                }
            };
        }
        Ok(())
    }
}

/// What went wrong is worth more than what goes wrong now; what stays claimed goes back at the next visit.
fn put_back(claimed: &Claimed<'_>) {
    let _ = claimed.put_back();
}
