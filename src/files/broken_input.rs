//! Every way in which a table can be broken that people meet: the file is named, and the place in it.

use super::columns::{ColumnChoices, FileKind};
use super::error::{FileErrorClass, FileErrorKind};
use super::input::{LINE_LIMIT_BYTES, Source};
use super::mapping::Wanted;
use super::record::Record;
use super::rows::Rows;
use super::table::tests::{all, source};
use super::table::{COLUMN_LIMIT, Format, Table};
use crate::domain::metric::Task;
use crate::domain::time::Timestamp;

fn said(name: &str, bytes: impl AsRef<[u8]>) -> String {
    match all(name, bytes) {
        Ok((columns, rows)) => panic!("{columns:?} {rows:?}"),
        Err(error) => {
            assert_eq!(error.class(), FileErrorClass::Content);
            error.to_string()
        }
    }
}

#[test]
fn marks_and_line_ends_of_other_systems_are_fine() {
    let plain = all("a.csv", "id,p\n1,2\n").unwrap();
    for text in [
        "\u{feff}id,p\n1,2\n",
        "id,p\r\n1,2\r\n",
        "\u{feff}id,p\r\n1,2",
    ] {
        assert_eq!(all("a.csv", text).unwrap(), plain, "{text:?}");
    }
    let plain = all("a.jsonl", "{\"id\":1}\n").unwrap();
    for text in ["\u{feff}{\"id\":1}\r\n", "{\"id\":1}", "{\"id\":1}\n\n\n"] {
        assert_eq!(all("a.jsonl", text).unwrap(), plain, "{text:?}");
    }
}

#[test]
fn nothing_and_next_to_nothing_are_empty_but_a_header_is_not() {
    for name in ["a.csv", "a.jsonl", "a"] {
        for text in ["", "\n", " \r\n\n\t\n"] {
            assert_eq!(said(name, text), format!("{name}: is empty"), "{text:?}");
        }
    }
    assert_eq!(said("a.csv", "\u{feff}"), "a.csv: is empty");
    let (columns, rows) = all("a.csv", "id,prediction\n").unwrap();
    assert_eq!((columns.len(), rows.len()), (2, 0));
}

#[test]
fn other_encodings_are_named() {
    assert_eq!(
        said("a.csv", b"id,p\n1,caf\xe9\n"),
        "a.csv, line 2, byte 6: byte 0xe9 is not UTF-8 (Latin-1 or Windows-1252? convert it: iconv -f WINDOWS-1252 -t UTF-8)"
    );
    assert_eq!(
        said("a.jsonl", b"{\"id\":\"\xff\xff\"}\n"),
        "a.jsonl, line 1, byte 8: byte 0xff is not UTF-8"
    );
    assert_eq!(
        said("a.csv", b"id,p\n1,\xc3"),
        "a.csv, line 2, byte 3: ends too early: in the middle of a character"
    );
    let text = "id,p\n1,2\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [
        [b"\xff\xfe".as_slice(), &little].concat(),
        [b"\xfe\xff".as_slice(), &big].concat(),
        little,
        big,
    ] {
        assert!(said("a.csv", bytes).starts_with("a.csv: is UTF-16 text"));
    }
}

#[test]
fn binary_data_is_named_by_its_kind_or_by_its_first_zero_byte() {
    for (bytes, what) in [
        #[cfg(not(feature = "parquet"))]
        (b"PAR1\x15\x04".as_slice(), "is Parquet"),
        #[cfg(not(feature = "compression"))]
        (b"\x1f\x8b\x08\0", "is gzip-compressed"),
        #[cfg(not(feature = "compression"))]
        (b"\x28\xb5\x2f\xfd\x24", "is zstd-compressed"),
        (
            b"PK\x03\x04\x14\0".as_slice(),
            "is a zip archive or an Excel sheet",
        ),
        (b"BZh91AY", "is bzip2-compressed"),
        (b"SQLite format 3\0\x10", "is a SQLite database"),
    ] {
        let text = said("data", bytes);
        assert!(
            text.starts_with("data: ") && text.contains(what) && text.contains("does not read"),
            "{text}"
        );
    }
    // By its name alone, and by its content in spite of its name.
    assert!(said("a.parquet", b"PAR1").contains("Parquet"));
    assert!(said("a.csv", b"PAR1").contains("Parquet"));
    assert_eq!(
        said("a.csv", b"id,p\n1,\0\n"),
        "a.csv, line 2, byte 3: a zero byte: this is binary data, not text"
    );
}

#[test]
fn what_this_build_does_not_read_says_which_build_does() {
    let hint = |name: &str, bytes: &[u8]| match all(name, bytes) {
        Ok(read) => panic!("{read:?}"),
        Err(error) => error.hint().unwrap_or_default(),
    };
    let parquet = [
        hint("a", b"PAR1"),
        hint("a.parquet", b"id,prediction\n"),
        hint("a.csv", b"PAR1"),
    ];
    let compressed = [
        hint("a.csv.gz", b"\x1f\x8b\x08\0"),
        hint("a", b"\x28\xb5\x2f\xfd\x24"),
    ];
    for (hints, feature, has_it) in [
        (&parquet[..], "parquet", cfg!(feature = "parquet")),
        (&compressed, "compression", cfg!(feature = "compression")),
    ] {
        let said = format!("a build with the feature `{feature}` reads it");
        for hint in hints {
            assert_eq!(hint.starts_with(&said), !has_it, "{hint}");
        }
    }
}

#[cfg(feature = "compression")]
#[test]
fn compressed_text_is_read_as_if_it_were_not() {
    use super::compress::tests::{gzip, zstd};
    let csv = "\u{feff}id,p\r\n007,\"a\nb\"\r\n";
    let json = "{\"id\":\"007\",\"p\":1e5}\n";
    for pack in [gzip, zstd] {
        for (name, text) in [("a.csv", csv), ("a.jsonl", json)] {
            let plain = all(name, text).unwrap();
            for ending in ["", ".gz", ".zst"] {
                let name = format!("{name}{ending}");
                assert_eq!(all(&name, pack(text.as_bytes())).unwrap(), plain);
            }
        }
        // The hash is that of the file, so that the same file again is known.
        let packed = pack(csv.as_bytes());
        let table = Table::open(&source("a.gz", &packed), Format::Auto).unwrap();
        let finished = table.finish().unwrap();
        assert_eq!(finished.hash, super::hash::hash_bytes(&packed));
        assert_eq!(finished.size_bytes, packed.len() as u64);
        let members = [pack(b"id,p\n1,"), pack(b"2\n")].concat();
        let (_, rows) = all("a.csv.gz", members).unwrap();
        assert_eq!(rows, ["2: 1|2"]);
        assert_eq!(said("a.gz", pack(b"")), "a.gz: is empty");
        assert_eq!(
            said("a.gz", pack(&pack(csv.as_bytes()))),
            "a.gz: is compressed twice, which this build does not read"
        );
        assert_eq!(
            said("a.csv.gz", pack(b"id,p\n1,\0\n")),
            "a.csv.gz, line 2, byte 3: a zero byte: this is binary data, not text"
        );
    }
}

#[cfg(feature = "compression")]
#[test]
fn compressed_text_that_is_cut_or_damaged_is_refused_wherever_it_is() {
    use super::compress::tests::{gzip, zstd};
    let rows: String = (0..300).map(|id| format!("{id},{}\n", id * id)).collect();
    let text = format!("id,p\n{rows}");
    for (what, packed) in [
        ("gzip", gzip(text.as_bytes())),
        ("zstd", zstd(text.as_bytes())),
    ] {
        for length in 4..packed.len() {
            assert_eq!(
                said("a.csv", &packed[..length]),
                format!("a.csv: is {what}-compressed, and ends too early"),
                "{length}"
            );
        }
        let behind = [packed.as_slice(), b"more than a header takes"].concat();
        assert_eq!(
            said("a.csv", behind),
            format!("a.csv: is {what}-compressed, and broken")
        );
    }
}

#[cfg(feature = "compression")]
#[test]
fn a_few_bytes_that_become_many_cost_neither_memory_nor_time() {
    use super::compress::tests::{gzip, zstd};
    const LIMIT: usize = 64 * 1024;
    let refused = |name: &str, bytes: &[u8]| {
        Table::open_within(&source(name, bytes), Format::Auto, LIMIT)
            .and_then(Table::finish)
            .unwrap_err()
            .to_string()
    };
    for pack in [gzip, zstd] {
        for (line, what) in [
            ("x", "the line is longer"),
            ("\n", "the blank lines up to here are longer"),
            (" \r\n", "the blank lines up to here are longer"),
        ] {
            let many = line.repeat(2 * LIMIT / line.len());
            for (name, text) in [
                ("a.csv", format!("id\n1\n{many}2\n")),
                ("a.jsonl", format!("{{\"id\":1}}\n{many}{{\"id\":2}}\n")),
            ] {
                let packed = pack(text.as_bytes());
                assert!(packed.len() < LIMIT / 32);
                let said = refused(name, &packed);
                assert!(
                    said.contains(&format!("{what} than the limit of 65536 bytes")),
                    "{said}"
                );
            }
        }
    }
    // With rows between them, any number of blank lines is fine.
    let rows = format!("id\n{}", format!("1\n{}", "\n".repeat(LIMIT / 2)).repeat(4));
    let table = Table::open_within(&source("a.csv", rows), Format::Auto, LIMIT).unwrap();
    assert_eq!(table.finish().unwrap().records_count, 4);
}

#[test]
fn a_line_over_the_limit_is_refused_with_the_limit() {
    let at_limit = format!("id,p\n1,{}\n", "x".repeat(LINE_LIMIT_BYTES - 2));
    let (_, rows) = all("a.csv", &at_limit).unwrap();
    assert_eq!(rows.len(), 1);
    let over = format!("id,p\n1,2\n1,{}\n", "x".repeat(LINE_LIMIT_BYTES - 1));
    assert_eq!(
        said("a.csv", over),
        "a.csv, line 3: the line is longer than the limit of 16777216 bytes"
    );
    // A record counts as a whole: quoted line breaks do not reset the limit.
    let quoted = format!("id,p\n1,\"{}\"\n", "x\n".repeat(100));
    let refused = Table::open_within(&source("a.csv", quoted), Format::Auto, 100)
        .and_then(Table::finish)
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a.csv, line 2, byte 3: the line is longer than the limit of 100 bytes"
    );
    let object = format!("{{\"id\":\"{}\"}}", "x".repeat(100));
    assert!(Table::open_within(&source("a.jsonl", object), Format::Auto, 100).is_err());
}

#[test]
fn more_columns_than_the_limit_are_refused_with_the_limit() {
    let header = |count: usize| {
        let names: Vec<String> = (0..count).map(|n| format!("c{n}")).collect();
        names.join(",")
    };
    assert_eq!(all("a.csv", header(COLUMN_LIMIT)).unwrap().0.len(), 10_000);
    assert_eq!(
        said("a.csv", header(COLUMN_LIMIT + 1)),
        "a.csv, line 1: 10001 columns, the limit is 10000"
    );
    let keys: Vec<String> = (0..=COLUMN_LIMIT).map(|n| format!("\"k{n}\":1")).collect();
    let object = format!("{{{}}}", keys.join(","));
    assert!(said("a.jsonl", object).contains("10001 columns, the limit is 10000"));
    let long = format!("{},b\n", "a".repeat(5_000));
    assert_eq!(
        said("a.csv", long),
        "a.csv, line 1: a column's name is longer than the limit of 4096 bytes"
    );
}

#[test]
fn directories_and_absent_files_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path| {
        Table::open(&Source::File(path), Format::Auto)
            .err()
            .unwrap()
    };
    let directory = open(folder.path().to_owned());
    assert!(matches!(*directory.kind, FileErrorKind::Directory));
    assert_eq!(directory.class(), FileErrorClass::Content);
    assert!(directory.to_string().contains("is a directory, not a file"));
    let absent = open(folder.path().join("nowhere.csv"));
    assert!(matches!(*absent.kind, FileErrorKind::Missing));
    assert_eq!(absent.class(), FileErrorClass::Io);
    assert!(absent.to_string().contains("nowhere.csv"));
}

#[test]
fn a_file_cut_anywhere_is_whole_up_to_a_line_or_an_error_with_its_place() {
    let json = "{\"id\":\"1\",\"prediction\":0.5}\n{\"id\":\"é\",\"prediction\":null}\n";
    for length in 1..json.len() {
        match all("a.jsonl", &json.as_bytes()[..length]) {
            Ok((_, rows)) => {
                let end = &json[..length];
                assert!(
                    end.ends_with('}') || end.ends_with('\n'),
                    "{end:?}: {rows:?}"
                );
            }
            Err(error) => {
                assert!(
                    matches!(*error.kind, FileErrorKind::Truncated(_)),
                    "{error}"
                );
                assert!(error.line.is_some() && error.column.is_some(), "{error}");
            }
        }
    }
}

#[test]
fn a_missing_column_is_no_fault_of_the_content() {
    let choices = ColumnChoices::default();
    let wanted = Wanted {
        kind: FileKind::Predictions,
        task: Task::Regression,
        choices: &choices,
    };
    let now = Timestamp::read("2026-01-01").unwrap().at;
    let error = Rows::open(&source("a.csv", "x,y\n"), Format::Csv, wanted, now)
        .err()
        .unwrap();
    assert_eq!(error.class(), FileErrorClass::Columns);
    assert!(error.to_string().starts_with("a.csv: no column for id"));
    assert_eq!(error.hint().unwrap(), "name it: `--map id=COLUMN`");
}

#[test]
fn memory_stays_bounded_while_a_long_file_is_read() {
    let text = format!("id,p\n{}", "1,2\n".repeat(200_000));
    let mut table = Table::open(&source("a.csv", text), Format::Auto).unwrap();
    let mut record = Record::default();
    while table.next_record(&mut record).unwrap() {
        assert!(record.held_bytes() < 4_096);
    }
}
