//! Reads a file's rows in portions that fit into memory, counts them, and puts lines that are no rows aside.

use std::path::{Path, PathBuf};

use super::columns::wanted;
use super::{IngestError, Request, refuse_empty};
use crate::domain::metric::Task;
use crate::domain::time::Timestamp;
use crate::files::columns::FileKind;
use crate::files::error::FileError;
use crate::files::mapping::Mapping;
use crate::files::rejects::{Reject, RejectFile};
use crate::files::rows::{PredictionRow, Rows, TruthRow};
use crate::files::table::Finished;

/// So many rows are stored in one transaction.
const PORTION_ROWS: usize = 50_000;
/// And not many more bytes than this.
const PORTION_BYTES: usize = 32 << 20;
/// So many portions of what is waited for are held in memory by a dry run, before it keeps others from writing.
const PORTIONS_AHEAD: usize = 8;
/// What a row takes beside its texts, roughly.
const ROW_BYTES: usize = 256;
/// So many rejects are named.
const REJECTS_NAMED: usize = 20;

/// A row of either kind of file.
#[derive(Debug)]
pub enum Line {
    Prediction(PredictionRow),
    Truth(TruthRow),
}

/// A row that was read, with its record where that may have to be put aside.
#[derive(Debug)]
pub struct Taken {
    pub line: Line,
    pub raw: String,
}

/// Lines that are no rows.
pub struct Rejects {
    path: PathBuf,
    file: Option<RejectFile>,
    named: Vec<Reject>,
    count: u64,
    allowed: u64,
}

impl Rejects {
    /// Counts one more, names it if it is one of the first, and writes it to the reject file.
    pub fn add(&mut self, reject: Reject, raw: &str) -> Result<(), FileError> {
        self.count += 1;
        if let Some(file) = &mut self.file {
            file.add(&self.path, &reject, raw)?;
        }
        if self.named.len() < REJECTS_NAMED {
            self.named.push(reject);
        }
        Ok(())
    }

    /// Whether nothing will be stored.
    pub const fn are_too_many(&self) -> bool {
        self.count > self.allowed
    }

    pub const fn count(&self) -> u64 {
        self.count
    }

    pub fn named(&self) -> &[Reject] {
        &self.named
    }
}

/// A file that is being read.
pub struct Intake<'a> {
    request: &'a Request<'a>,
    /// `None` once all was read.
    rows: Option<Rows>,
    /// Read already, and for the next portion.
    held: Option<Taken>,
    mapping: Mapping,
    rejects: Rejects,
    finished: Option<Finished>,
    likely_times: Vec<String>,
    rows_count: u64,
    truth_empty_count: u64,
    zone_missing_count: u64,
}

impl<'a> Intake<'a> {
    /// Opens the file, finds its columns, and begins the reject file.
    pub fn open(request: &'a Request<'a>, task: Task, now: Timestamp) -> Result<Self, IngestError> {
        let wanted = wanted(request.kind, task, request.choices);
        let rows = Rows::open(request.source, request.format, wanted, now)?;
        let file = request.reject_file.map(RejectFile::create).transpose()?;
        Ok(Self {
            request,
            held: None,
            mapping: rows.mapping().clone(),
            rejects: Rejects {
                path: rows.path().to_path_buf(),
                file,
                named: Vec::new(),
                count: 0,
                allowed: request.max_rejects,
            },
            rows: Some(rows),
            finished: None,
            likely_times: Vec::new(),
            rows_count: 0,
            truth_empty_count: 0,
            zone_missing_count: 0,
        })
    }

    /// The next portion; `None` after the last.
    pub fn next(
        &mut self,
        tick: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Option<Vec<Taken>>, IngestError> {
        if self.has_ended() {
            return Ok(None);
        }
        let mut portion: Vec<Taken> = Vec::new();
        let mut size_bytes = 0;
        if let Some(held) = self.held.take() {
            portion.push(held);
        }
        loop {
            if !tick(self.rows_count) {
                return Err(IngestError::Stopped);
            }
            let Some(taken) = self.one()? else { break };
            size_bytes += ROW_BYTES + 2 * taken.size_bytes();
            if portion.len() >= PORTION_ROWS || size_bytes > PORTION_BYTES {
                self.held = Some(taken);
                return Ok(Some(portion));
            }
            portion.push(taken);
        }
        if let Some(rows) = self.rows.take() {
            self.likely_times = rows.likely_times();
            self.finished = Some(rows.finish()?);
        }
        refuse_empty(&self.rejects.path, self.rows_count)?;
        Ok(Some(portion))
    }

    /// The first portions: as many as are read before others are kept from writing. Of a file that lies there only the
    /// first, which it mostly has no more than; nobody is waited for after that.
    pub fn ahead(
        &mut self,
        tick: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Vec<Vec<Taken>>, IngestError> {
        let wanted = match self.request.source.is_waited_for() {
            true => PORTIONS_AHEAD,
            false => 1,
        };
        let mut ahead = Vec::new();
        while ahead.len() < wanted
            && let Some(portion) = self.next(tick)?
        {
            ahead.push(portion);
        }
        Ok(ahead)
    }

    /// The next row; lines that are none are put aside on the way.
    fn one(&mut self) -> Result<Option<Taken>, IngestError> {
        let Some(rows) = &mut self.rows else {
            return Ok(None);
        };
        let keeps_raw = self.request.reject_file.is_some();
        loop {
            let read = match self.request.kind {
                FileKind::Predictions => {
                    rows.next_prediction()?.map(|row| row.map(Line::Prediction))
                }
                FileKind::Truth => rows.next_truth()?.map(|row| row.map(Line::Truth)),
            };
            let Some(read) = read else { return Ok(None) };
            self.rows_count += 1;
            match read {
                Err(reject) => self.rejects.add(reject, &rows.raw())?,
                Ok(line) => {
                    let (has_truth, zone_missing) = match &line {
                        Line::Prediction(row) => (row.truth.is_some(), row.zone_missing),
                        Line::Truth(row) => (row.truth.is_some(), row.zone_missing),
                    };
                    self.truth_empty_count += u64::from(!has_truth && self.mapping.truth.is_some());
                    self.zone_missing_count += u64::from(zone_missing);
                    let raw = if keeps_raw {
                        rows.raw().into_owned()
                    } else {
                        String::new()
                    };
                    return Ok(Some(Taken { line, raw }));
                }
            }
        }
    }

    pub const fn has_ended(&self) -> bool {
        self.rows.is_none()
    }

    pub const fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    pub const fn rejects(&mut self) -> &mut Rejects {
        &mut self.rejects
    }

    /// The rejects that were found so far.
    pub const fn found_rejects(&self) -> &Rejects {
        &self.rejects
    }

    /// However many are allowed: a file without a single row has its columns mapped wrongly.
    pub fn refuse_too_many(&self, allowed: u64) -> Result<(), IngestError> {
        let rejects = &self.rejects;
        if !rejects.are_too_many() && rejects.count() < self.rows_count {
            return Ok(());
        }
        Err(IngestError::Rejected {
            path: rejects.path.clone(),
            count: rejects.count(),
            rows_count: self.rows_count,
            allowed,
            rejects: rejects.named().to_vec(),
        })
    }

    pub fn path(&self) -> &Path {
        &self.rejects.path
    }

    /// What was read, once all was.
    pub const fn finished(&self) -> Option<&Finished> {
        self.finished.as_ref()
    }

    /// Columns that may be the time for which there is none, once all was read.
    pub fn likely_times(&self) -> &[String] {
        &self.likely_times
    }

    pub const fn rows_count(&self) -> u64 {
        self.rows_count
    }

    pub const fn truth_empty_count(&self) -> u64 {
        self.truth_empty_count
    }

    pub const fn zone_missing_count(&self) -> u64 {
        self.zone_missing_count
    }

    /// Makes the reject file appear, if the file was read to its end.
    pub fn put_rejects_aside(&mut self) -> Result<(), FileError> {
        match self.rejects.file.take().filter(|_| self.rows.is_none()) {
            Some(file) => file.commit(),
            None => Ok(()),
        }
    }
}

impl Taken {
    fn size_bytes(&self) -> usize {
        let id = match &self.line {
            Line::Prediction(row) => {
                let probabilities = row.probabilities.as_ref().map_or(0, |p| p.len() * 8);
                row.id.len() + probabilities
            }
            Line::Truth(row) => row.id.len(),
        };
        id + self.raw.len()
    }
}
