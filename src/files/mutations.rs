//! Feeds the readers a hundred thousand damaged files: they never panic, and an error names the file and the line.

use std::path::Path;

use super::columns::{ColumnChoices, FileKind, ScoreMeaning};
use super::error::{FileError, FileErrorClass, FileErrorKind};
use super::mapping::Wanted;
use super::rows::Rows;
use super::table::tests::source;
use super::table::{Format, Table};
use crate::domain::hash::Hash;
use crate::domain::metric::Task;
use crate::domain::time::Timestamp;

/// Sound files: what they hold, the end of their name, their bytes.
const SEEDS: [(FileKind, &str, &[u8]); 11] = [
    (
        FileKind::Predictions,
        "csv",
        b"id,ts,prediction,truth\n1,2026-01-05T10:00:00Z,0.5,0.25\n2,2026-01-05 10:00,nan,\n3,1767600000,1e5,-0.0\n",
    ),
    (
        FileKind::Predictions,
        "csv",
        b"\xef\xbb\xbfprediction_id;y_pred;actual\r\n007;\"a;b\";x\r\n8;\"say \"\"hi\"\"\";\"l1\r\nl2\"\r\n",
    ),
    (
        FileKind::Predictions,
        "tsv",
        b"id\tprediction\tproba_a\tproba_b\tversion\n1\ta\t0.25\t0.75\tv1\n2\tb\t1\t0\t\n",
    ),
    (
        FileKind::Predictions,
        "csv",
        b"customer,scored_at,y_pred,label,label_ts\nc+1,2026-01-01,yes,True,2026-01-02\n\nc\\2,2026-01-02,no,FALSE,\n",
    ),
    (
        FileKind::Truth,
        "csv",
        b"ID,truth\n\"a\",1\n\"b\",2\n\"c\",inf\n",
    ),
    (
        FileKind::Predictions,
        "jsonl",
        b"{\"id\":1,\"ts\":1767600000,\"prediction\":0.5,\"truth\":null}\n{\"id\":\"2\",\"prediction\":1e3,\"x\":{\"y\":[1,{}]}}\n",
    ),
    (
        FileKind::Predictions,
        "json",
        b"{\"id\":\"\\u00e9\\n\",\"prediction\":\"a\",\"proba_a\":0.5}\r\n\r\n{\"prediction\":true,\"id\":12345678901234567890123}",
    ),
    (
        FileKind::Truth,
        "ndjson",
        b" { \"id\" : \"x\" , \"truth\" : -1.5e-3 } \n{\"id\":\"y\",\"truth\":\"NaN\",\"truth_at\":\"2026-01-05\"}\n",
    ),
    (
        FileKind::Predictions,
        "csv",
        "id,prediction\nз,日本\n😀,é\n".as_bytes(),
    ),
    (FileKind::Predictions, "csv", b"id,prediction\n"),
    (FileKind::Predictions, "jsonl", b"{}\n"),
];

const TOKENS: [&[u8]; 40] = [
    b"\"",
    b"\"\"",
    b",",
    b";",
    b"\t",
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"\\",
    b"\\u",
    b"\\ud83d",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xef\xbb\xbf",
    b"nan",
    b"NaN",
    b"inf",
    b"-Infinity",
    b"null",
    b"true",
    b"1e999",
    b"-0.0",
    b"99999999999999999999999",
    b"1,5",
    b"id",
    b"prediction",
    b"truth",
    b"proba_",
    b"2026-13-01",
    b" ",
    b"+",
    b"\"id\":1,",
    b"\xff\xfe",
];

/// splitmix64: the same files on every run and machine.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap_or(0)
    }
}

fn damaged(numbers: &mut Numbers, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..numbers.below(5) {
        let at = numbers.below(bytes.len() + 1);
        match numbers.below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << numbers.below(8),
            1 if at < bytes.len() => bytes[at] = numbers.next().to_le_bytes()[0],
            2 => bytes.truncate(at),
            3 => {
                let end = (at + numbers.below(8)).min(bytes.len());
                bytes.drain(at..end);
            }
            4 => {
                let end = (at + numbers.below(40)).min(bytes.len());
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            5 => {
                let (_, _, other) = SEEDS[numbers.below(SEEDS.len())];
                let from = numbers.below(other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ => {
                let token = TOKENS[numbers.below(TOKENS.len())];
                bytes.splice(at..at, token.iter().copied());
            }
        }
    }
    bytes
}

/// What reading one file as rows came to.
#[derive(Debug, PartialEq)]
struct Outcome {
    rows: Vec<String>,
    hash: Hash,
}

fn read(bytes: &[u8], name: &str, kind: FileKind, task: Task) -> Result<Outcome, FileError> {
    let mut choices = ColumnChoices {
        score_is: Some(ScoreMeaning::Predicted),
        ..ColumnChoices::default()
    };
    if bytes.starts_with(b"customer") {
        choices
            .columns
            .push("id=customer+scored_at".parse().unwrap());
    }
    let wanted = Wanted {
        kind,
        task,
        choices: &choices,
    };
    let now = Timestamp::read("2026-02-01").unwrap().at;
    let table = Table::open_within(&source(name, bytes), Format::Auto, 256)?;
    let mut rows = Rows::of(table, wanted, now)?;
    let mut read = Vec::new();
    match kind {
        FileKind::Predictions => {
            while let Some(row) = rows.next_prediction()? {
                if let Ok(row) = &row {
                    assert!(!row.id.trim().is_empty() && !row.id.contains('\0'));
                    let finite = |p: &f64| (0.0..=1.0).contains(p);
                    assert!(row.probabilities.iter().flatten().all(finite));
                    assert!(
                        row.predicted_at
                            .is_none_or(|at| at <= now.later_by("5m".parse().unwrap()))
                    );
                }
                read.push(format!("{row:?}"));
            }
        }
        FileKind::Truth => {
            while let Some(row) = rows.next_truth()? {
                read.push(format!("{row:?}"));
            }
        }
    }
    let finished = rows.finish()?;
    assert_eq!(finished.records_count, read.len() as u64);
    assert_eq!(finished.size_bytes, bytes.len() as u64);
    Ok(Outcome {
        rows: read,
        hash: finished.hash,
    })
}

/// An error about the content of a line names that line; one about the whole file can't.
fn check(error: &FileError, name: &str, bytes: &[u8]) {
    use FileErrorKind as Kind;
    assert_eq!(error.path, Path::new(name));
    let text = error.to_string();
    assert!(
        text.starts_with(name) && !text.chars().any(char::is_control),
        "{text:?}"
    );
    let whole = matches!(
        *error.kind,
        Kind::Empty | Kind::Utf16 | Kind::Unsupported { .. } | Kind::NoHeader
    );
    match error.class() {
        FileErrorClass::Content if !whole => {
            let line = error.line.unwrap_or(0);
            let lines = bytes.split(|byte| *byte == b'\n').count() as u64;
            assert!(line >= 1 && line <= lines, "{text:?}");
        }
        FileErrorClass::Content | FileErrorClass::Columns => {}
        other => panic!("{other:?}: {text:?}"),
    }
    let column = error.column.unwrap_or(1);
    assert!(column >= 1 && column <= bytes.len() as u64 + 1, "{text:?}");
}

/// Reads `count` damaged files; says how many were read and how many refused.
fn run(seed: u64, count: usize) -> (usize, usize) {
    let mut numbers = Numbers(seed);
    let (mut fine, mut refused) = (0, 0);
    for turn in 0..count {
        let (kind, ending, seed) = SEEDS[numbers.below(SEEDS.len())];
        let bytes = damaged(&mut numbers, seed);
        // One in four is read as what it is not.
        let (kind, name) = match numbers.below(8) {
            0 => (
                [FileKind::Predictions, FileKind::Truth][numbers.below(2)],
                "a".to_owned(),
            ),
            1 => (kind, ["a.csv", "a.jsonl"][numbers.below(2)].to_owned()),
            _ => (kind, format!("a.{ending}")),
        };
        let name = name.as_str();
        let task = [Task::Regression, Task::Classification][numbers.below(2)];
        let first = read(&bytes, name, kind, task);
        match &first {
            Ok(outcome) => {
                assert_eq!(outcome.hash, super::hash::hash_bytes(&bytes));
                fine += 1;
            }
            Err(error) => {
                check(error, name, &bytes);
                refused += 1;
            }
        }
        // Reading is the same each time; looked at now and then, for it doubles the work.
        if turn % 16 == 0 {
            let again = read(&bytes, name, kind, task);
            match (first, again) {
                (Ok(first), Ok(again)) => assert_eq!(first, again),
                (Err(first), Err(again)) => assert_eq!(first.to_string(), again.to_string()),
                (first, again) => panic!("{first:?} {again:?}"),
            }
        }
    }
    (fine, refused)
}

#[test]
fn a_hundred_thousand_damaged_files_are_read_or_refused_with_their_place() {
    const THREADS: u64 = 4;
    const EACH: usize = 26_000;
    let counts = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..THREADS)
            .map(|seed| scope.spawn(move || run(seed, EACH)))
            .collect();
        runs.into_iter()
            .map(|run| run.join().unwrap())
            .fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1))
    });
    assert!(counts.0 + counts.1 >= 100_000);
    // Neither side is a rarity: the damage reaches deep, and much of it is still a file.
    assert!(counts.0 > 10_000 && counts.1 > 10_000, "{counts:?}");
}
