//! Reads any bytes as Parquet: predictions and truths of both tasks; an error must name the file.
#![no_main]

use std::path::{Path, PathBuf};

use libfuzzer_sys::fuzz_target;
use modelguard::domain::metric::Task;
use modelguard::domain::time::Timestamp;
use modelguard::files::FileError;
use modelguard::files::columns::{ColumnChoices, FileKind};
use modelguard::files::input::Source;
use modelguard::files::mapping::Wanted;
use modelguard::files::rows::Rows;
use modelguard::files::table::{Format, Table};

const NAME: &str = "fuzz.parquet";
const NOW: &str = "2026-01-31T00:00:00Z";
const LIMIT_BYTES: usize = 4_096;

fn read(bytes: &[u8], kind: FileKind, task: Task) -> Result<(), FileError> {
    let source = Source::Bytes {
        name: PathBuf::from(NAME),
        bytes: bytes.to_vec(),
    };
    let choices = ColumnChoices::default();
    let wanted = Wanted {
        kind,
        task,
        choices: &choices,
    };
    let Ok(now) = Timestamp::read(NOW) else {
        return Ok(());
    };
    let table = Table::open_within(&source, Format::Parquet, LIMIT_BYTES)?;
    let mut rows = Rows::of(table, wanted, now.at)?;
    match kind {
        FileKind::Predictions => while rows.next_prediction()?.is_some() {},
        FileKind::Truth => while rows.next_truth()?.is_some() {},
    }
    let finished = rows.finish()?;
    assert_eq!(finished.size_bytes, bytes.len() as u64);
    Ok(())
}

fuzz_target!(|bytes: &[u8]| {
    for kind in [FileKind::Predictions, FileKind::Truth] {
        for task in [Task::Regression, Task::Classification] {
            if let Err(error) = read(bytes, kind, task) {
                assert_eq!(error.path, Path::new(NAME));
            }
        }
    }
});
