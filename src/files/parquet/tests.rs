//! What Parquet's writers write is read as CSV would have it, and what is broken is named.

use std::path::PathBuf;

use super::super::columns::{ColumnChoices, FileKind};
use super::super::error::{FileError, FileErrorClass, FileErrorKind};
use super::super::input::Source;
use super::super::mapping::Wanted;
use super::super::record::{Cell, Record};
use super::super::rows::Rows;
use super::super::seekable::Seekable;
use super::super::table::tests::source;
use super::super::table::{COLUMN_LIMIT, Format, Table};
use super::ParquetRecords;
use super::write::{Written, file};
use crate::domain::metric::Task;
use crate::domain::time::Timestamp;

pub fn fixture(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/parquet");
    std::fs::read(folder.join(name)).unwrap()
}

/// For each cell its text, or `None`.
type Cells = Vec<Vec<Option<String>>>;

/// The names of all columns, and all rows of those that can be read.
fn cells(name: &str, bytes: impl AsRef<[u8]>) -> Result<(Vec<String>, Cells), FileError> {
    let mut table = Table::open(&source(name, bytes), Format::Auto)?;
    let columns = table.columns().to_vec();
    let mut record = Record::default();
    let mut rows = Vec::new();
    while table.next_record(&mut record)? {
        let line = rows.len() as u64 + 1;
        assert!(record.line_number == line || table.format() != Format::Parquet);
        rows.push(
            (0..columns.len())
                .map(|column| match record.cell(column) {
                    Cell::Text(text) => Some(text.to_owned()),
                    Cell::Empty => None,
                    other => panic!("{other:?}"),
                })
                .collect(),
        );
    }
    Ok((columns, rows))
}

fn predictions(source: &Source, task: Task, flags: &[&str]) -> Result<Vec<String>, FileError> {
    let choices = ColumnChoices {
        columns: flags.iter().map(|flag| flag.parse().unwrap()).collect(),
        ..ColumnChoices::default()
    };
    let wanted = Wanted {
        kind: FileKind::Predictions,
        task,
        choices: &choices,
    };
    let now = Timestamp::read("2026-03-01").unwrap().at;
    let mut rows = Rows::open(source, Format::Auto, wanted, now)?;
    let mut read = Vec::new();
    while let Some(row) = rows.next_prediction()? {
        // Lines are counted otherwise: a CSV has a header.
        let row = row
            .map(|mut row| {
                row.line_number = 0;
                row
            })
            .map_err(|mut reject| {
                reject.line_number = 0;
                reject
            });
        read.push(format!("{row:?}"));
    }
    Ok(read)
}

fn trouble(bytes: impl AsRef<[u8]>) -> String {
    let error = cells("a.parquet", bytes).unwrap_err();
    assert_eq!(error.class(), FileErrorClass::Content, "{error}");
    error.to_string()
}

#[test]
fn every_type_is_what_it_is_elsewhere() {
    let expected: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&fixture("types.json")).unwrap();
    let (columns, rows) = cells("types.parquet", fixture("types.parquet")).unwrap();
    assert_eq!(rows.len(), 3);
    let mut compared = 0;
    for (at, name) in columns.iter().enumerate() {
        let Some(texts) = expected.get(name) else {
            assert!(
                ["list", "structure", "map", "clock", "fixed"].contains(&name.as_str()),
                "{name}"
            );
            continue;
        };
        for (row, text) in rows.iter().zip(texts.as_array().unwrap()) {
            assert_eq!(row[at].as_deref(), text.as_str(), "{name}");
            compared += 1;
        }
    }
    assert_eq!(compared, 3 * expected.len());
}

#[test]
fn decimals_of_every_width_and_old_times_are_the_same() {
    let (columns, rows) = cells("a", fixture("decimals.parquet")).unwrap();
    assert_eq!(columns, ["dec9", "dec18", "dec38"]);
    for (at, nines) in [(0, 7), (1, 16), (2, 36)] {
        assert_eq!(rows[0][at].as_deref(), Some("-0.05"));
        assert_eq!(rows[1][at], Some(format!("{}.99", "9".repeat(nines))));
        assert_eq!(rows[2][at], None);
    }
    let (_, rows) = cells("a", fixture("int96.parquet")).unwrap();
    assert_eq!(rows[0][1].as_deref(), Some("2026-01-05T10:00:00.000000007"));
    assert_eq!(rows[1][1].as_deref(), Some("1969-12-31T23:59:59.000000007"));
    assert_eq!(rows[1][0].as_deref(), Some("9007199254740993"));
}

#[test]
fn columns_that_hold_no_plain_values_are_refused_by_name_and_only_if_they_are_mapped() {
    let bytes = fixture("types.parquet");
    let read = |prediction: &str| {
        let prediction = format!("prediction={prediction}");
        let flags = ["id=last", prediction.as_str()];
        predictions(&source("t.parquet", &bytes), Task::Classification, &flags)
    };
    assert_eq!(read("category").unwrap().len(), 3);
    for (name, what) in [
        ("list", "a list"),
        ("structure", "a structure"),
        ("map", "a map"),
        ("clock", "a time of day"),
        ("fixed", "bytes of a fixed length"),
    ] {
        let error = read(name).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "t.parquet: column {name} (for prediction) is {what}, not one plain value a row"
            )
        );
        assert_eq!(error.class(), FileErrorClass::Columns);
        assert_eq!(
            error.hint().unwrap(),
            "name another: `--map prediction=COLUMN`"
        );
    }
}

#[test]
fn the_same_rows_come_from_csv_and_from_every_way_of_writing_parquet() {
    let csv = source("rows.csv", fixture("rows.csv"));
    for (task, flags) in [
        (Task::Regression, &[][..]),
        (Task::Regression, &["prediction=count", "id=id+ts"]),
    ] {
        let expected = predictions(&csv, task, flags).unwrap();
        assert_eq!(expected.len(), 1_500);
        for name in ["rows.parquet", "encodings.parquet"] {
            let mut read = predictions(&source(name, fixture(name)), task, flags).unwrap();
            assert_eq!(read.len(), expected.len(), "{name}");
            for (read, expected) in read.drain(..).zip(&expected) {
                assert_eq!(read, *expected, "{name}");
            }
        }
    }
    let expected = predictions(&csv, Task::Classification, &["prediction=flag"]).unwrap();
    for name in ["rows.parquet", "encodings.parquet"] {
        let source = source(name, fixture(name));
        let flags = ["prediction=flag"];
        let read = predictions(&source, Task::Classification, &flags).unwrap();
        // pandas writes True into the CSV, which is the same label.
        assert_eq!(read, expected, "{name}");
    }
    let (_, all) = cells("rows.csv", fixture("rows.csv")).unwrap();
    let (_, lengths) = cells("a", fixture("lengths.parquet")).unwrap();
    for (one, other) in lengths.iter().zip(&all) {
        assert_eq!(one[0], other[0]);
    }
    assert_eq!(lengths.len(), all.len());
}

#[test]
fn pages_may_be_packed_and_what_is_not_read_is_named() {
    let (_, plain) = cells("a", fixture("none.parquet")).unwrap();
    assert_eq!(plain.len(), 200);
    for name in ["gzip", "zstd", "lz4", "checksums"] {
        let (_, rows) = cells("a", fixture(&format!("{name}.parquet"))).unwrap();
        assert_eq!(rows, plain, "{name}");
    }
    let error = cells("a", fixture("brotli.parquet")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a: is Parquet that is not read: row group 1: its pages are packed with Brotli; write it with snappy, gzip or zstd"
    );
}

#[test]
fn a_page_that_does_not_fit_its_checksum_is_refused() {
    let sound = fixture("checksums.parquet");
    // A byte of an id, well within the first page.
    let at = sound
        .windows(9)
        .position(|window| window == b"customer-")
        .unwrap();
    let mut wrong = sound;
    wrong[at] ^= 1;
    assert_eq!(
        trouble(&wrong),
        "a.parquet, line 1: is no sound Parquet: column id: the checksum of a page does not fit"
    );
}

#[test]
fn frames_of_pandas_and_polars_keep_their_types() {
    for name in ["pandas.parquet", "polars.parquet"] {
        let read = predictions(&source(name, fixture(name)), Task::Classification, &[]).unwrap();
        let expected = predictions(
            &source(
                "a.csv",
                "id,predicted_at,prediction,truth,proba_yes\n\
                 007,2026-01-05T10:00:00+01:00,yes,True,0.75\n\
                 1e5,2026-01-05T10:00:00+01:00,no,,0.25\n\
                 ü,2026-01-05T10:00:00+01:00,yes,False,\n",
            ),
            Task::Classification,
            &[],
        )
        .unwrap();
        assert_eq!(read, expected, "{name}");
        let (columns, rows) = cells(name, fixture(name)).unwrap();
        let rank = columns.iter().position(|column| column == "rank").unwrap();
        let ranks: Vec<_> = rows.iter().map(|row| row[rank].as_deref()).collect();
        assert_eq!(ranks, [Some("1"), None, Some("3")], "{name}");
    }
}

#[test]
fn a_time_without_zone_is_counted_and_one_with_zone_is_not() {
    let bytes = fixture("types.parquet");
    for (name, missing) in [
        ("ts_ns_none", true),
        ("ts_us_utc", false),
        ("ts_ms_europe_berlin", false),
        ("date", true),
    ] {
        let time = format!("time={name}");
        let flags = ["id=last", "prediction=f64", time.as_str()];
        let read = predictions(&source("a.parquet", &bytes), Task::Regression, &flags).unwrap();
        let said = format!("zone_missing: {missing}");
        assert!(read[0].contains(&said), "{name}: {}", read[0]);
        // Nanoseconds are cut.
        let micros = read[0].contains("Timestamp(1767607200000000)");
        assert!(micros || name != "ts_ns_none", "{}", read[0]);
    }
}

#[test]
fn nasty_ids_come_through_as_they_are() {
    let ids = [
        "007",
        "1e5",
        " x ",
        "\"q\"",
        "a,b",
        "l1\nl2",
        "l1\r\nl2",
        "é\u{301}",
        "😀",
        "NaN",
        "null",
        "\u{feff}x",
        "\t",
    ];
    let written = Written {
        ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        ..Written::default()
    };
    let (_, rows) = cells("a.parquet", file(&written)).unwrap();
    let read: Vec<_> = rows.iter().map(|row| row[0].as_deref().unwrap()).collect();
    assert_eq!(read, ids);
    // A zero character and an empty id are no ids, as in JSON.
    let written = Written {
        ids: vec!["a\0b".to_owned(), String::new()],
        ..Written::default()
    };
    let bytes = file(&written);
    let read = predictions(&source("a.parquet", &bytes), Task::Regression, &[]).unwrap();
    assert!(read[0].contains("ZeroCharacter"), "{}", read[0]);
    assert!(read[1].contains("IdEmpty"), "{}", read[1]);
}

#[test]
fn row_groups_of_any_size_are_one_table() {
    for rows_per_group in [1, 7, 1_024, 5_000] {
        let written = Written {
            ids: (0..3_000).map(|id| format!("id-{id}")).collect(),
            rows_per_group,
            ..Written::default()
        };
        let bytes = file(&written);
        let (_, rows) = cells("a", &bytes).unwrap();
        assert_eq!(rows.len(), 3_000, "{rows_per_group}");
        let sound = rows.iter().enumerate().all(|(at, row)| {
            row[0] == Some(format!("id-{at}")) && row[1] == Some(format!("{:?}", at as f64 / 8.0))
        });
        assert!(sound, "{rows_per_group}");
        let finished = Table::open(&source("a", &bytes), Format::Auto)
            .unwrap()
            .finish()
            .unwrap();
        assert_eq!(finished.hash, crate::files::hash::hash_bytes(&bytes));
        assert_eq!(finished.size_bytes, bytes.len() as u64);
        assert_eq!(finished.records_count, 3_000);
    }
    let (columns, rows) = cells("a", file(&Written::default())).unwrap();
    assert_eq!((columns.len(), rows.len()), (3, 0));
}

#[test]
fn a_record_is_shown_as_json_of_the_mapped_columns() {
    let choices = ColumnChoices::default();
    let wanted = Wanted {
        kind: FileKind::Predictions,
        task: Task::Regression,
        choices: &choices,
    };
    let now = Timestamp::read("2026-03-01").unwrap().at;
    let written = Written {
        ids: vec!["\"7\"".to_owned(), String::new()],
        ..Written::default()
    };
    let bytes = source("a", file(&written));
    let mut rows = Rows::open(&bytes, Format::Auto, wanted, now).unwrap();
    rows.next_prediction().unwrap();
    assert_eq!(
        rows.raw(),
        r#"{"id":"\"7\"","prediction":"0.0","truth":null}"#
    );
    rows.next_prediction().unwrap();
    assert_eq!(
        rows.raw(),
        r#"{"id":null,"prediction":"0.125","truth":"0.25"}"#
    );
}

#[test]
fn a_file_on_the_disk_is_read_as_one_in_memory_and_must_not_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    let bytes = fixture("rows.parquet");
    std::fs::write(&path, &bytes).unwrap();
    let on_disk = Source::File(path.clone());
    let in_memory = source("rows.parquet", &bytes);
    let read = |source| predictions(source, Task::Regression, &[]).unwrap();
    assert_eq!(read(&on_disk), read(&in_memory));
    let finished = Table::open(&on_disk, Format::Auto).unwrap().finish();
    assert_eq!(
        finished.unwrap().hash,
        crate::files::hash::hash_bytes(&bytes)
    );
    let mut table = Table::open(&on_disk, Format::Auto).unwrap();
    assert!(table.next_record(&mut Record::default()).unwrap());
    std::fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, b"x"))
        .unwrap();
    let error = table.finish().unwrap_err();
    assert!(matches!(*error.kind, FileErrorKind::Changed), "{error}");
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let bytes = fixture("polars.parquet");
    for length in 4..bytes.len() {
        let error = trouble(&bytes[..length]);
        assert!(
            error.starts_with("a.parquet: is no sound Parquet: it"),
            "{length}: {error}"
        );
    }
    // By its name alone.
    assert_eq!(
        trouble(b"id,prediction\n1,2\n"),
        "a.parquet: is no sound Parquet: its first bytes are not PAR1"
    );
    assert_eq!(trouble(b""), "a.parquet: is empty");
    let mut encrypted = bytes;
    let end = encrypted.len() - 1;
    encrypted[end] = b'E';
    assert_eq!(
        trouble(&encrypted),
        "a.parquet: is Parquet that is not read: its footer is encrypted"
    );
}

#[test]
fn a_footer_that_lies_about_its_length_is_refused() {
    let bytes = fixture("polars.parquet");
    let at = bytes.len() - 8;
    for (length, said) in [
        (u32::MAX, "its footer claims 4294967295 bytes"),
        (0, "the footer: it ends in the middle"),
        (3, "the footer: "),
    ] {
        let mut lying = bytes.clone();
        lying[at..at + 4].copy_from_slice(&length.to_le_bytes());
        let error = trouble(&lying);
        assert!(error.contains(said), "{length}: {error}");
    }
}

#[test]
fn more_columns_than_the_limit_are_refused_with_the_limit() {
    let wide = |count: usize| {
        file(&Written {
            ids: vec!["1".to_owned()],
            more_columns: count - 3,
            ..Written::default()
        })
    };
    let bytes = wide(COLUMN_LIMIT);
    let read = predictions(&source("a", &bytes), Task::Regression, &[]).unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!(
        trouble(wide(COLUMN_LIMIT + 1)),
        "a.parquet: 10001 columns, the limit is 10000"
    );
    let long = Written {
        name: "n".repeat(5_000),
        ..Written::default()
    };
    assert_eq!(
        trouble(file(&long)),
        "a.parquet: a column's name is longer than the limit of 4096 bytes"
    );
}

#[test]
fn a_row_over_the_limit_is_refused_with_the_limit() {
    let written = Written {
        ids: vec!["x".repeat(60), "x".repeat(70)],
        ..Written::default()
    };
    let bytes = file(&written);
    let mut table = Table::open_within(&source("a", &bytes), Format::Auto, 64).unwrap();
    let mut record = Record::default();
    assert!(table.next_record(&mut record).unwrap());
    let error = table.next_record(&mut record).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a, line 2: the line is longer than the limit of 64 bytes"
    );
}

#[test]
fn text_that_is_no_text_is_named_with_its_row() {
    let written = Written {
        ids: vec!["abcdef".to_owned(), "uvwxyz".to_owned()],
        ..Written::default()
    };
    let mut bytes = file(&written);
    let at = bytes
        .windows(6)
        .position(|window| window == b"uvwxyz")
        .unwrap();
    bytes[at + 2] = 0xff;
    assert_eq!(
        trouble(&bytes),
        "a.parquet, line 2: is no sound Parquet: column id: byte 0xff is not UTF-8"
    );
}

#[test]
fn a_named_format_holds_and_the_other_one_is_named() {
    let parquet = fixture("polars.parquet");
    let open = |name: &str, bytes: &[u8], format| {
        Table::open(&source(name, bytes), format).map(|table| table.format())
    };
    assert_eq!(
        open("a.csv", &parquet, Format::Auto).unwrap(),
        Format::Parquet
    );
    assert_eq!(
        open("a", &parquet, Format::Parquet).unwrap(),
        Format::Parquet
    );
    let error = open("a.parquet", &parquet, Format::Csv).unwrap_err();
    assert_eq!(error.to_string(), "a.parquet: is Parquet, not text");
    let error = open("a.csv", b"id\n", Format::Parquet).unwrap_err();
    assert!(error.to_string().contains("its first bytes are not PAR1"));
    let packed = crate::files::compress::tests::gzip(&parquet);
    let error = open("a.parquet.gz", &packed, Format::Auto).unwrap_err();
    assert!(
        error.to_string().contains("a compressed Parquet file"),
        "{error}"
    );
}

#[test]
fn memory_stays_bounded_while_a_long_file_is_read() {
    let written = Written {
        ids: (0..200_000).map(|id| id.to_string()).collect(),
        rows_per_group: 50_000,
        ..Written::default()
    };
    let bytes = file(&written);
    let all_bytes = bytes.len() as u64;
    let path = PathBuf::from("a");
    let mut records = ParquetRecords::open(&path, Seekable::Bytes(bytes), 1 << 20).unwrap();
    let mut record = Record::default();
    let mut most_bytes = 0;
    let mut rows = 0;
    loop {
        record.clear();
        if !records.next_record(&mut record).unwrap() {
            break;
        }
        rows += 1;
        most_bytes = most_bytes.max(records.held.bytes());
        assert!(record.held_bytes() < 4_096);
    }
    assert_eq!(rows, 200_000);
    assert!(all_bytes > 1_000_000);
    // A page of 100 rows of each of three columns, and not nothing.
    assert!((1_000..8_192).contains(&most_bytes), "{most_bytes}");
}

#[test]
fn empty_row_groups_are_passed_over_and_a_file_of_them_has_no_row() {
    for count in [0_usize, 1, 3_000] {
        let written = Written {
            ids: (0..count).map(|id| format!("id-{id}")).collect(),
            empty_groups: true,
            ..Written::default()
        };
        let (columns, rows) = cells("a", file(&written)).unwrap();
        assert_eq!((columns.len(), rows.len()), (3, count));
    }
    let (columns, rows) = cells("empty.parquet", fixture("empty.parquet")).unwrap();
    assert_eq!((columns.len(), rows.len()), (2, 0));
}
