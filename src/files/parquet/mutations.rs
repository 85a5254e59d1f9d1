//! Feeds the reader tens of thousands of damaged Parquet files: no panic passes, and no claim costs memory or time.

use std::time::{Duration, Instant};

use parquet::basic::Encoding;

use super::super::columns::{ColumnChoices, FileKind};
use super::super::error::{FileError, FileErrorClass};
use super::super::mapping::Wanted;
use super::super::mutations::Numbers;
use super::super::rows::Rows;
use super::super::table::tests::source;
use super::super::table::{Format, Table};
use super::tests::fixture;
use super::write::{Written, file};
use crate::domain::hash::Hash;
use crate::domain::metric::Task;
use crate::domain::time::Timestamp;

const FILES: usize = 24_000;
/// One damaged file may take this long, on a machine that does much else.
const MOST_TIME: Duration = Duration::from_secs(20);

/// Sound files, small so that the damage hits what matters.
fn seeds() -> Vec<Vec<u8>> {
    let ids: Vec<String> = (0..40).map(|id| format!("id-{}", id * id)).collect();
    let small = |written: Written| {
        file(&Written {
            ids: ids.clone(),
            rows_per_group: 25,
            ..written
        })
    };
    let encoded = |encoding, second_version| {
        small(Written {
            encoding: Some(encoding),
            second_version,
            ..Written::default()
        })
    };
    let mut seeds = vec![
        small(Written::default()),
        small(Written {
            dictionary: true,
            ..Written::default()
        }),
        small(Written {
            dictionary: true,
            second_version: true,
            ..Written::default()
        }),
        encoded(Encoding::DELTA_BYTE_ARRAY, true),
        encoded(Encoding::DELTA_LENGTH_BYTE_ARRAY, false),
    ];
    for name in [
        "types", "decimals", "int96", "pandas", "polars", "gzip", "zstd", "lz4",
    ] {
        seeds.push(fixture(&format!("{name}.parquet")));
    }
    seeds
}

/// Numbers that readers stumble over, as Thrift and as plain bytes.
const TOKENS: [&[u8]; 14] = [
    b"PAR1",
    b"\0",
    b"\xff\xff\xff\xff\x0f",
    b"\xfe\xff\xff\xff\x0f",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\x80\x80\x80\x80\x08",
    b"\xff\xff\xff\x7f",
    b"\0\0\0\x80",
    b"\x15\x02",
    b"\x19\xfc\xff\xff\xff\x7f",
    b"\x1c",
    b"\x2c\x15",
    b"\x15\xfe\xff\xff\xff\x0f",
    b"\x80\x01\x04",
];

/// Half of the damage falls into the footer, which says where all the rest is.
fn damaged(numbers: &mut Numbers, seed: &[u8]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    let tail = bytes.len() - 8;
    let length = u32::from_le_bytes(bytes[tail..tail + 4].try_into().unwrap());
    let footer = tail - usize::try_from(length).unwrap();
    for _ in 0..=numbers.below(4) {
        let (from, to) = match numbers.below(8) {
            0 => (0, bytes.len()),
            1..=3 => (4, footer.min(bytes.len())),
            _ => (footer.min(bytes.len()), bytes.len()),
        };
        if to <= from {
            continue;
        }
        let at = from + numbers.below(to - from);
        match numbers.below(8) {
            0 | 1 => bytes[at] ^= 1 << numbers.below(8),
            2 => bytes[at] = numbers.next().to_le_bytes()[0],
            // In place, so that all behind it stays where it was.
            3 | 4 => {
                let token = TOKENS[numbers.below(TOKENS.len())];
                for (byte, new) in bytes[at..].iter_mut().zip(token) {
                    *byte = *new;
                }
            }
            5 => {
                let end = (at + numbers.below(8)).min(bytes.len());
                bytes.drain(at..end);
            }
            6 => {
                let token = TOKENS[numbers.below(TOKENS.len())];
                bytes.splice(at..at, token.iter().copied());
            }
            _ => {
                let end = (at + numbers.below(64)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                let to = numbers.below(bytes.len());
                for (byte, new) in bytes[to..].iter_mut().zip(again) {
                    *byte = new;
                }
            }
        }
    }
    // Often the length is put right again, so that the footer is found.
    if bytes.len() > 12 && numbers.below(2) == 0 {
        let end = bytes.len();
        let length = u32::try_from((end - 8).saturating_sub(footer)).unwrap();
        bytes[end - 8..end - 4].copy_from_slice(&length.to_le_bytes());
        bytes[end - 4..].copy_from_slice(b"PAR1");
    }
    bytes
}

/// More rows than this come of no damage by chance; a file that claims them is read on without end.
const MOST_ROWS: usize = 1_000_000;

fn read(bytes: &[u8], all_columns: bool) -> Result<(Vec<String>, Option<Hash>), FileError> {
    let source = source("a.parquet", bytes);
    let mut read = Vec::new();
    if all_columns {
        let mut table = Table::open_within(&source, Format::Auto, 4_096)?;
        let mut record = super::super::record::Record::default();
        while table.next_record(&mut record)? {
            read.push(table.shown(&record).into_owned());
            if read.len() > MOST_ROWS {
                return Ok((read, None));
            }
        }
        let finished = table.finish()?;
        return Ok((read, Some(finished.hash)));
    }
    let choices = ColumnChoices::default();
    let wanted = Wanted {
        kind: FileKind::Predictions,
        task: Task::Regression,
        choices: &choices,
    };
    let now = Timestamp::read("2026-02-01").unwrap().at;
    let table = Table::open_within(&source, Format::Auto, 4_096)?;
    let mut rows = Rows::of(table, wanted, now)?;
    while let Some(row) = rows.next_prediction()? {
        read.push(format!("{row:?}"));
        if read.len() > MOST_ROWS {
            return Ok((read, None));
        }
    }
    let finished = rows.finish()?;
    Ok((read, Some(finished.hash)))
}

/// Reads damaged files; says how many were read and how many refused.
fn run(seed: u64, count: usize) -> (usize, usize) {
    let seeds = seeds();
    for seed in &seeds {
        let (rows, _) = read(seed, true).unwrap();
        assert!(!rows.is_empty());
    }
    let mut numbers = Numbers(seed);
    let (mut fine, mut refused) = (0, 0);
    for turn in 0..count {
        let sound = &seeds[numbers.below(seeds.len())];
        let bytes = damaged(&mut numbers, sound);
        let all_columns = numbers.below(2) == 0;
        let began = Instant::now();
        let first = read(&bytes, all_columns);
        assert!(began.elapsed() < MOST_TIME, "turn {turn} of {seed}");
        match &first {
            Ok((_, hash)) => {
                let whole = super::super::hash::hash_bytes(&bytes);
                assert!(hash.is_none_or(|hash| hash == whole));
                fine += 1;
            }
            Err(error) => {
                let text = error.to_string();
                assert!(
                    text.starts_with("a.parquet") && !text.chars().any(char::is_control),
                    "{text:?}"
                );
                assert_ne!(error.class(), FileErrorClass::Io, "{text}");
                refused += 1;
            }
        }
        if turn % 16 == 0 {
            match (first, read(&bytes, all_columns)) {
                (Ok(first), Ok(again)) => assert_eq!(first, again),
                (Err(first), Err(again)) => assert_eq!(first.to_string(), again.to_string()),
                (first, again) => panic!("{first:?} {again:?}"),
            }
        }
    }
    (fine, refused)
}

#[test]
fn tens_of_thousands_of_damaged_files_are_read_or_refused() {
    const THREADS: usize = 4;
    let counts = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..THREADS)
            .map(|seed| scope.spawn(move || run(seed as u64, FILES / THREADS)))
            .collect();
        runs.into_iter()
            .map(|run| run.join().unwrap())
            .fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1))
    });
    assert!(counts.0 + counts.1 >= 20_000);
    // Neither side is a rarity: the damage reaches deep, and much of it is still a file.
    assert!(counts.0 > 1_000 && counts.1 > 5_000, "{counts:?}");
}
