//! The formats in which predictions and truth come in: the same rows whatever the format, and nothing of a broken one.

use crate::support::Sandbox;

/// A project of numbers with one version that is live.
fn live() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.ok("init --model churn --task regression");
    sandbox.register("model");
    sandbox.ok("promote latest --yes");
    sandbox
}

/// Rows as they are stored, numbers by their bits.
#[cfg(feature = "compression")]
fn stored(sandbox: &Sandbox) -> Vec<String> {
    let connection = sandbox.sql();
    let mut statement = connection
        .prepare(
            "SELECT prediction.prediction_id, prediction.predicted_at, prediction.value, prediction.failed, truth.value
             FROM prediction LEFT JOIN truth ON truth.id = prediction.truth_id ORDER BY prediction.id",
        )
        .unwrap();
    let rows = statement
        .query_map([], |row| {
            let (value, truth): (Option<f64>, Option<f64>) = (row.get(2)?, row.get(4)?);
            let id: String = row.get(0)?;
            let (at, failed): (i64, i64) = (row.get(1)?, row.get(3)?);
            let (value, truth) = (value.map(f64::to_bits), truth.map(f64::to_bits));
            Ok(format!("{id:?} {at} {value:?} {failed} {truth:?}"))
        })
        .unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn nothing_is_stored(sandbox: &Sandbox) {
    for table in ["batch", "prediction", "truth"] {
        let count = sandbox.number(&format!("SELECT count(*) FROM {table}"));
        assert_eq!(count, 0, "{table}");
    }
}

#[cfg(feature = "compression")]
mod compressed {
    use std::io::Write as _;

    use super::*;

    const ROWS: &str = "id,prediction,truth\n007,0.5,1\n\"a\nb\",nan,\n";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::bulk::compress(bytes, 1).unwrap()
    }

    #[test]
    fn compressed_files_and_pipes_are_the_same_rows() {
        let plain = live();
        plain.write("p.csv", ROWS.as_bytes());
        plain.ok("ingest predictions p.csv");
        let expected = stored(&plain);
        let json = "{\"id\":\"007\",\"prediction\":0.5,\"truth\":1}\n{\"id\":\"a\\nb\",\"prediction\":null}\n";
        let members = [gzip(&ROWS.as_bytes()[..9]), gzip(&ROWS.as_bytes()[9..])].concat();
        for (name, bytes) in [
            ("p.csv.gz", gzip(ROWS.as_bytes())),
            ("p.csv.zst", zstd(ROWS.as_bytes())),
            ("p.jsonl.gz", gzip(json.as_bytes())),
            ("p", zstd(json.as_bytes())),
            ("several.csv.gz", members),
        ] {
            let sandbox = live();
            sandbox.write(name, &bytes);
            sandbox.ok(&format!("ingest predictions {name}"));
            assert_eq!(stored(&sandbox), expected, "{name}");
            let again = sandbox.json(&format!("ingest predictions {name}"));
            assert_eq!(again["changed"], false, "{name}");
            let sandbox = live();
            sandbox
                .run_with_input("ingest predictions -", &bytes)
                .expect(0);
            assert_eq!(stored(&sandbox), expected, "{name} through a pipe");
        }
    }

    #[test]
    fn a_compressed_file_that_is_cut_stores_nothing() {
        let sandbox = live();
        // More rows than one transaction takes: the first ones were stored when the cut is met.
        let many: String = (0..60_000).map(|id| format!("r{id},{id}\n")).collect();
        let csv = format!("id,prediction\n{many}");
        for (name, packed) in [
            ("p.csv.gz", gzip(csv.as_bytes())),
            ("p.csv.zst", zstd(csv.as_bytes())),
        ] {
            sandbox.write(name, &packed[..packed.len() - 9]);
            let line = format!("ingest predictions {name}");
            sandbox
                .fails(&line, 2, "MG0521")
                .tells("ends too early")
                .tells(name);
            nothing_is_stored(&sandbox);
        }
        // A few compressed bytes that become a long line.
        let bomb = gzip(&[b"id,prediction\na,".as_slice(), &[b'1'; 17 << 20]].concat());
        sandbox.write("bomb.csv.gz", &bomb);
        sandbox
            .leaves_the_store("ingest predictions bomb.csv.gz", 2)
            .tells("16777216");
        nothing_is_stored(&sandbox);
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_build_without_parquet_says_which_one_reads_it() {
    let sandbox = live();
    for (name, bytes) in [
        ("p.parquet", b"PAR1\x15\x04".as_slice()),
        ("p", b"PAR1\x15\x04"),
        ("q.parquet", b"id,prediction\na,1\n"),
    ] {
        sandbox.write(name, bytes);
        let line = format!("ingest predictions {name}");
        sandbox.leaves_the_store(&line, 2);
        sandbox
            .fails(&line, 2, "MG0502")
            .tells("is Parquet, which this build does not read")
            .tells("a build with the feature `parquet` reads it");
    }
    sandbox.write("p.csv", b"id,prediction\na,1\n");
    sandbox
        .run("ingest predictions p.csv --input-format parquet")
        .expect(2)
        .tells("a build with the feature `parquet` reads it");
    sandbox
        .run("register model.bin --tag a=b --reference p.parquet")
        .expect(2)
        .tells("a build with the feature `parquet` reads it");
    nothing_is_stored(&sandbox);
}

#[cfg(feature = "parquet")]
mod parquet_files {
    use std::sync::Arc;

    use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::types::Type;

    use super::*;
    use crate::support::finish;

    struct Row {
        id: String,
        /// Microseconds.
        at: i64,
        prediction: f64,
        truth: Option<f64>,
    }

    /// splitmix64.
    fn random(state: &mut u64) -> u64 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Ids that programs like to change, and numbers with all their bits.
    fn nasty(count: usize) -> Vec<Row> {
        let mut state = 20_260_105;
        (0..count)
            .map(|row| {
                let id = match row % 9 {
                    0 => format!("{row:09}"),
                    1 => format!("{row}e5"),
                    2 => format!(" {row} "),
                    3 => format!("\"{row}\""),
                    4 => format!("{row}\nline"),
                    5 => format!("{row}\r\n,;\t"),
                    6 => format!("é\u{301}日😀{row}"),
                    7 => format!("{row}.0"),
                    _ => format!("{}", random(&mut state)),
                };
                let fraction = (random(&mut state) >> 11) as f64 / (1_u64 << 53) as f64;
                let prediction = (fraction - 0.5) * 1e3;
                let truth = (row % 7 != 0).then(|| prediction + fraction / 3.0);
                Row {
                    id,
                    at: 1_767_623_423_000_000 + row as i64,
                    prediction: if row % 1_000 == 5 {
                        f64::NAN
                    } else {
                        prediction
                    },
                    truth,
                }
            })
            .collect()
    }

    fn csv(rows: &[Row]) -> Vec<u8> {
        let mut text = "id,ts,prediction,truth\n".to_owned();
        for row in rows {
            let truth = row.truth.map(|truth| truth.to_string()).unwrap_or_default();
            let id = row.id.replace('"', "\"\"");
            let at = time(row.at);
            text.push_str(&format!("\"{id}\",{at},{},{truth}\n", row.prediction));
        }
        text.into_bytes()
    }

    fn json_lines(rows: &[Row]) -> Vec<u8> {
        let mut text = String::new();
        for row in rows {
            let (id, at) = (row.id.as_str(), time(row.at));
            let (prediction, truth) = (row.prediction, row.truth);
            let object =
                serde_json::json!({ "id": id, "ts": at, "prediction": prediction, "truth": truth });
            text.push_str(&object.to_string());
            text.push('\n');
        }
        text.into_bytes()
    }

    /// All within one second.
    fn time(micros: i64) -> String {
        format!("2026-01-05T14:30:23.{:06}Z", micros % 1_000_000)
    }

    fn parquet(rows: &[Row]) -> Vec<u8> {
        let column = |name: &str, physical, repetition, logical| {
            let builder = Type::primitive_type_builder(name, physical)
                .with_repetition(repetition)
                .with_logical_type(logical);
            Arc::new(builder.build().unwrap())
        };
        let required = Repetition::REQUIRED;
        let stamp = LogicalType::timestamp(true, TimeUnit::MICROS);
        let text = Some(LogicalType::String);
        let schema = Type::group_type_builder("schema")
            .with_fields(vec![
                column("id", Physical::BYTE_ARRAY, required, text),
                column("ts", Physical::INT64, required, Some(stamp)),
                column("prediction", Physical::DOUBLE, required, None),
                column("truth", Physical::DOUBLE, Repetition::OPTIONAL, None),
            ])
            .build()
            .unwrap();
        let mut bytes = Vec::new();
        let properties = Arc::new(WriterProperties::builder().build());
        let mut writer =
            SerializedFileWriter::new(&mut bytes, Arc::new(schema), properties).unwrap();
        for rows in rows.chunks(30_000) {
            let mut group = writer.next_row_group().unwrap();
            let ids: Vec<ByteArray> = rows.iter().map(|row| row.id.as_str().into()).collect();
            let times: Vec<i64> = rows.iter().map(|row| row.at).collect();
            let predictions: Vec<f64> = rows.iter().map(|row| row.prediction).collect();
            let truths: Vec<f64> = rows.iter().filter_map(|row| row.truth).collect();
            let there: Vec<i16> = rows.iter().map(|row| row.truth.is_some().into()).collect();
            let mut column = group.next_column().unwrap().unwrap();
            let typed = column.typed::<ByteArrayType>();
            typed.write_batch(&ids, None, None).unwrap();
            column.close().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            let typed = column.typed::<Int64Type>();
            typed.write_batch(&times, None, None).unwrap();
            column.close().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            let typed = column.typed::<DoubleType>();
            typed.write_batch(&predictions, None, None).unwrap();
            column.close().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            let typed = column.typed::<DoubleType>();
            typed.write_batch(&truths, Some(&there), None).unwrap();
            column.close().unwrap();
            group.close().unwrap();
        }
        writer.close().unwrap();
        bytes
    }

    #[test]
    fn a_hundred_thousand_nasty_rows_are_the_same_in_every_format() {
        type Write = fn(&[Row]) -> Vec<u8>;
        let rows = nasty(100_000);
        let mut sample = nasty(300);
        sample.retain(|row| row.prediction.is_finite());
        let mut seen = Vec::new();
        for (ending, write) in [
            ("csv", csv as Write),
            ("jsonl", json_lines),
            ("parquet", parquet),
        ] {
            let sandbox = Sandbox::empty();
            sandbox.ok("init --model churn --task regression");
            sandbox.write("model.bin", b"model");
            sandbox.write(&format!("r.{ending}"), &write(&sample));
            sandbox.ok(&format!("register model.bin --reference r.{ending}"));
            sandbox.ok("promote latest --yes");
            sandbox.write(&format!("p.{ending}"), &write(&rows));
            let data = sandbox.json(&format!("ingest predictions p.{ending}"));
            assert_eq!(data["rows_stored_count"], 100_000, "{ending}");
            assert_eq!(data["rows_failed_count"], 100, "{ending}");
            // JSON has every digit that is needed to read a number back to its last bit.
            let check = sandbox.run("check --window all --json").document();
            assert!(check["data"]["metrics"][0]["value"].is_number(), "{check}");
            seen.push((stored(&sandbox), check["data"].clone()));
        }
        let (expected, rest) = seen.split_first().unwrap();
        assert_eq!(expected.0.len(), 100_000);
        for other in rest {
            assert_eq!(expected.0.len(), other.0.len());
            for (one, other) in expected.0.iter().zip(&other.0) {
                assert_eq!(one, other);
            }
            assert_eq!(expected.1, other.1);
        }
    }

    #[test]
    fn parquet_goes_in_as_predictions_truth_and_reference_from_file_and_pipe() {
        let rows = nasty(400);
        let bytes = parquet(&rows);
        let sandbox = live();
        sandbox.write("p.parquet", &bytes);
        sandbox
            .leaves_the_store("ingest predictions p.parquet --dry-run", 0)
            .says("Would store 400 predictions");
        sandbox.ok("ingest predictions p.parquet");
        let again = sandbox.json("ingest predictions p.parquet --input-format parquet");
        assert_eq!(again["changed"], false);
        let piped = live();
        piped
            .run_with_input("ingest predictions -", &bytes)
            .expect(0);
        assert_eq!(stored(&sandbox), stored(&piped));
        let truth = live();
        truth.write("p.parquet", &bytes);
        let data = truth.json("ingest truth p.parquet");
        assert_eq!(data["rows_read_count"], 400);
        assert_eq!(data["truth_stored_count"], 342);
        // A reference needs an answer in each row.
        let sample: Vec<Row> = nasty(300)
            .into_iter()
            .filter(|row| row.prediction.is_finite())
            .collect();
        let mut said = Vec::new();
        for (name, bytes) in [("r.csv", csv(&sample)), ("r.parquet", parquet(&sample))] {
            let sandbox = live();
            sandbox.write(name, &bytes);
            sandbox.write("new.bin", b"new");
            let data = sandbox.json(&format!("register new.bin --reference {name}"));
            said.push(data["reference"].clone());
        }
        assert!(said[0]["value"].is_number(), "{:?}", said[0]);
        assert_eq!(said[0], said[1]);
    }

    #[test]
    fn rejects_of_parquet_are_put_aside_as_json() {
        let mut rows = nasty(3);
        rows[1].id = String::new();
        let sandbox = live();
        sandbox.write("p.parquet", &parquet(&rows));
        sandbox
            .fails("ingest predictions p.parquet", 2, "MG0507")
            .tells("line 2, column id");
        sandbox.ok("ingest predictions p.parquet --max-rejects 1 --reject-file r.csv");
        let aside = std::fs::read_to_string(sandbox.file("r.csv")).unwrap();
        assert!(
            aside.contains("p.parquet,2,id,id_empty,no id,\"{\"\"id\"\":null,\"\"ts\"\":"),
            "{aside}"
        );
        assert_eq!(stored(&sandbox).len(), 2);
    }

    #[test]
    fn a_pipe_that_is_too_long_for_parquet_says_what_to_do() {
        let sandbox = live();
        let mut long = b"PAR1".to_vec();
        long.resize((64 << 20) + 1, 0);
        sandbox
            .run_with_input("ingest predictions -", &long)
            .expect(2)
            .tells("MG0519")
            .tells("write it to a file");
        nothing_is_stored(&sandbox);
    }

    /// A file of the columns id and prediction, written by hand so that it can lie.
    struct Handmade {
        /// The column of ids, with the header of its page.
        ids: Vec<u8>,
        codec: i64,
        rows: i64,
        columns: i64,
        /// How many row groups the list claims.
        groups: Option<u64>,
        dictionary: bool,
    }

    impl Default for Handmade {
        fn default() -> Self {
            let page = text_page();
            Self {
                ids: data_page(2, page.len() as i64, page.len() as i64, 0, &page),
                codec: 0,
                rows: 2,
                columns: 2,
                groups: None,
                dictionary: false,
            }
        }
    }

    fn varint(mut number: u64, out: &mut Vec<u8>) {
        while number >= 0x80 {
            out.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        out.push(number.to_le_bytes()[0]);
    }

    /// A field: its header, and a number.
    fn number(header: u8, number: i64, out: &mut Vec<u8>) {
        out.push(header);
        varint((number << 1 ^ number >> 63).cast_unsigned(), out);
    }

    fn name(header: u8, name: &[u8], out: &mut Vec<u8>) {
        out.push(header);
        varint(name.len() as u64, out);
        out.extend_from_slice(name);
    }

    /// Two ids, plain.
    fn text_page() -> Vec<u8> {
        b"\x01\0\0\0a\x01\0\0\0b".to_vec()
    }

    fn data_page(values: i64, unpacked: i64, packed: i64, encoding: i64, page: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        number(0x15, 0, &mut out);
        number(0x15, unpacked, &mut out);
        number(0x15, packed, &mut out);
        out.push(0x2c);
        number(0x15, values, &mut out);
        number(0x15, encoding, &mut out);
        number(0x15, 3, &mut out);
        number(0x15, 3, &mut out);
        out.extend([0, 0]);
        out.extend_from_slice(page);
        out
    }

    fn dictionary_page(values: i64, page: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        number(0x15, 2, &mut out);
        number(0x15, page.len() as i64, &mut out);
        number(0x15, page.len() as i64, &mut out);
        out.push(0x4c);
        number(0x15, values, &mut out);
        number(0x15, 0, &mut out);
        out.extend([0, 0]);
        out.extend_from_slice(page);
        out
    }

    impl Handmade {
        fn bytes(&self) -> Vec<u8> {
            let mut out = b"PAR1".to_vec();
            let ids_at = out.len() as i64;
            out.extend_from_slice(&self.ids);
            let numbers_at = out.len() as i64;
            let numbers = [0.5_f64.to_le_bytes(), 1.5_f64.to_le_bytes()].concat();
            out.extend(data_page(2, 16, 16, 0, &numbers));
            let end = out.len() as i64;
            let mut footer = Vec::new();
            number(0x15, 1, &mut footer);
            footer.extend([0x19, 0x3c]);
            name(0x48, b"schema", &mut footer);
            number(0x15, self.columns, &mut footer);
            footer.push(0);
            for (column, physical) in [(b"id".as_slice(), 6), (b"prediction", 5)] {
                number(0x15, physical, &mut footer);
                number(0x25, 0, &mut footer);
                name(0x18, column, &mut footer);
                footer.push(0);
            }
            number(0x16, self.rows, &mut footer);
            footer.push(0x19);
            match self.groups {
                None => footer.push(0x1c),
                Some(groups) => {
                    footer.push(0xfc);
                    varint(groups, &mut footer);
                }
            }
            footer.extend([0x19, 0x2c]);
            for (physical, codec, from, to) in
                [(6, self.codec, ids_at, numbers_at), (5, 0, numbers_at, end)]
            {
                number(0x26, 0, &mut footer);
                footer.push(0x1c);
                number(0x15, physical, &mut footer);
                number(0x35, codec, &mut footer);
                number(0x16, self.rows, &mut footer);
                number(0x16, to - from, &mut footer);
                number(0x16, to - from, &mut footer);
                number(0x26, from, &mut footer);
                if self.dictionary {
                    number(0x26, from, &mut footer);
                }
                footer.extend([0, 0]);
            }
            number(0x16, end, &mut footer);
            number(0x16, self.rows, &mut footer);
            footer.extend([0, 0]);
            out.extend_from_slice(&footer);
            out.extend(u32::try_from(footer.len()).unwrap().to_le_bytes());
            out.extend_from_slice(b"PAR1");
            out
        }
    }

    /// Runs a command that may use 600 MB of addresses, of which the libraries take a part.
    fn run_in_little_memory(sandbox: &Sandbox, line: &str) -> crate::support::Run {
        let words: Vec<_> = line.split_whitespace().collect();
        let inner = sandbox.command(&words);
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", "ulimit -v 600000 && exec \"$0\" \"$@\""])
            .arg(inner.get_program())
            .args(inner.get_args())
            .current_dir(sandbox.path())
            .env_clear()
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        for (name, value) in inner.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        finish(&words, command, &[])
    }

    #[test]
    fn a_file_that_lies_costs_neither_memory_nor_time_and_changes_nothing() {
        const MOST: i64 = i32::MAX as i64;
        let sandbox = live();
        let page = text_page();
        let size = page.len() as i64;
        sandbox.write("sound.parquet", &Handmade::default().bytes());
        let sound = run_in_little_memory(&sandbox, "ingest predictions sound.parquet --dry-run");
        sound.expect(0).says("Would store 2 predictions");
        let mut gzip_bomb = Vec::new();
        {
            use std::io::Write as _;
            let mut packed =
                flate2::write::GzEncoder::new(&mut gzip_bomb, flate2::Compression::best());
            packed.write_all(&vec![0; 256 << 20]).unwrap();
        }
        let bomb_size = gzip_bomb.len() as i64;
        // A delta-encoded list of 2³¹ − 1 lengths, all zero.
        let lengths = [0x80, 0x01, 4, 0xff, 0xff, 0xff, 0xff, 0x07, 0];
        let lies = [
            (
                "unpacked size",
                Handmade {
                    ids: data_page(2, MOST, size, 0, &page),
                    codec: 1,
                    ..Handmade::default()
                },
            ),
            (
                "gzip size",
                Handmade {
                    ids: data_page(2, MOST, size, 0, &page),
                    codec: 2,
                    ..Handmade::default()
                },
            ),
            (
                "zstd size",
                Handmade {
                    ids: data_page(2, MOST, size, 0, &page),
                    codec: 6,
                    ..Handmade::default()
                },
            ),
            (
                "lz4 size",
                Handmade {
                    ids: data_page(2, MOST, size, 0, &page),
                    codec: 7,
                    ..Handmade::default()
                },
            ),
            (
                "gzip bomb",
                Handmade {
                    ids: data_page(2, size, bomb_size, 0, &gzip_bomb),
                    codec: 2,
                    ..Handmade::default()
                },
            ),
            (
                "packed size",
                Handmade {
                    ids: data_page(2, MOST, MOST, 0, &page),
                    ..Handmade::default()
                },
            ),
            (
                "negative size",
                Handmade {
                    ids: data_page(2, -1, -1, 0, &page),
                    ..Handmade::default()
                },
            ),
            (
                "values of a page",
                Handmade {
                    ids: data_page(MOST, size, size, 0, &page),
                    ..Handmade::default()
                },
            ),
            (
                "values of a dictionary",
                Handmade {
                    ids: dictionary_page(MOST, &page),
                    dictionary: true,
                    ..Handmade::default()
                },
            ),
            (
                "lengths",
                Handmade {
                    ids: data_page(2, 9, 9, 6, &lengths),
                    ..Handmade::default()
                },
            ),
            (
                "lengths, values and rows that agree",
                Handmade {
                    ids: data_page(MOST, 9, 9, 6, &lengths),
                    rows: MOST,
                    ..Handmade::default()
                },
            ),
            (
                "prefixes",
                Handmade {
                    ids: data_page(2, 9, 9, 7, &lengths),
                    ..Handmade::default()
                },
            ),
            (
                "no dictionary",
                Handmade {
                    ids: data_page(2, size, size, 8, &page),
                    ..Handmade::default()
                },
            ),
            (
                "unknown encoding",
                Handmade {
                    ids: data_page(2, size, size, 77, &page),
                    ..Handmade::default()
                },
            ),
            (
                "rows",
                Handmade {
                    rows: i64::MAX,
                    ..Handmade::default()
                },
            ),
            (
                "more rows",
                Handmade {
                    rows: 3,
                    ..Handmade::default()
                },
            ),
            (
                "negative rows",
                Handmade {
                    rows: -1,
                    ..Handmade::default()
                },
            ),
            (
                "row groups",
                Handmade {
                    groups: Some(u64::MAX),
                    ..Handmade::default()
                },
            ),
            (
                "fewer columns",
                Handmade {
                    columns: 1,
                    ..Handmade::default()
                },
            ),
            (
                "more columns",
                Handmade {
                    columns: 3,
                    ..Handmade::default()
                },
            ),
            (
                "no columns",
                Handmade {
                    columns: 0,
                    ..Handmade::default()
                },
            ),
            (
                "codec",
                Handmade {
                    codec: 99,
                    ..Handmade::default()
                },
            ),
        ];
        for (what, lie) in lies {
            sandbox.write("lie.parquet", &lie.bytes());
            let before = sandbox.store_bytes();
            let run = run_in_little_memory(&sandbox, "ingest predictions lie.parquet").expect(2);
            assert!(
                run.stderr.contains("lie.parquet") && run.stderr.contains("MG0519"),
                "{what}: {run:#?}"
            );
            assert!(
                run.stderr.lines().count() <= 4 && !run.stderr.contains("panic"),
                "{what}: {run:#?}"
            );
            assert!(before == sandbox.store_bytes(), "{what}");
        }
        for columns in [i64::from(i32::MAX), 10_001] {
            let lie = Handmade {
                columns,
                ..Handmade::default()
            };
            sandbox.write("lie.parquet", &lie.bytes());
            run_in_little_memory(&sandbox, "ingest predictions lie.parquet")
                .expect(2)
                .tells("MG0509")
                .tells("the limit is 10000");
        }
        nothing_is_stored(&sandbox);
    }

    #[test]
    fn parquet_that_is_broken_is_refused_by_name_and_stores_nothing() {
        let sandbox = live();
        let sound = parquet(&nasty(60_000));
        let end = sound.len();
        let mut damaged = sound.clone();
        // The header of a page in the second row group, which is met when the rows of the first were stored.
        let first = sound.len() / 2;
        for byte in &mut damaged[first..first + 4_000] {
            *byte = 0xff;
        }
        for (name, bytes, said) in [
            ("cut.parquet", &sound[..end - 1], "it ends too early"),
            ("half.parquet", &sound[..end / 2], "it ends too early"),
            ("magic.parquet", &sound[1..], "its first bytes are not PAR1"),
            (
                "text.parquet",
                b"id,prediction\n1,2\n",
                "its first bytes are not PAR1",
            ),
            ("damaged.parquet", &damaged, "column "),
        ] {
            sandbox.write(name, bytes);
            let line = format!("ingest predictions {name}");
            sandbox.fails(&line, 2, "MG0519").tells(name).tells(said);
            nothing_is_stored(&sandbox);
        }
        sandbox.write("sound.parquet", &sound);
        sandbox
            .fails(
                "ingest predictions sound.parquet --input-format csv",
                2,
                "MG0502",
            )
            .tells("is Parquet, not text");
        sandbox
            .fails(
                "ingest predictions sound.parquet --map prediction=y",
                2,
                "MG0505",
            )
            .tells("--map prediction=");
        sandbox
            .fails(
                "ingest predictions sound.parquet --map prediction=id --map id=prediction",
                2,
                "MG0507",
            )
            .tells("is no number");
        nothing_is_stored(&sandbox);
        let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/parquet");
        let types = fixtures.join("types.parquet");
        let line = format!(
            "ingest predictions {} --map id=last --map prediction=list",
            types.display()
        );
        sandbox
            .fails(&line, 2, "MG0520")
            .tells("column list (for prediction) is a list");
        let brotli = fixtures.join("brotli.parquet");
        sandbox
            .fails(
                &format!("ingest predictions {}", brotli.display()),
                2,
                "MG0519",
            )
            .tells("Brotli");
        nothing_is_stored(&sandbox);
    }
}
