//! Writes Parquet for tests: ids, predictions in eighths, and truths of which every third is missing.

use std::sync::Arc;

use parquet::basic::{Encoding, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, FloatType};
use parquet::file::properties::{WriterProperties, WriterVersion};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnPath, Type, TypePtr};

pub struct Written {
    pub ids: Vec<String>,
    pub rows_per_group: usize,
    /// A row group without rows before each one and at the end.
    pub empty_groups: bool,
    /// The name of the column of ids.
    pub name: String,
    /// Columns of numbers behind the three.
    pub more_columns: usize,
    pub second_version: bool,
    pub dictionary: bool,
    /// Of the ids.
    pub encoding: Option<Encoding>,
}

impl Default for Written {
    fn default() -> Self {
        Self {
            ids: Vec::new(),
            rows_per_group: 1_000,
            empty_groups: false,
            name: "id".to_owned(),
            more_columns: 0,
            second_version: false,
            dictionary: false,
            encoding: None,
        }
    }
}

fn column(name: &str, physical: Physical, repetition: Repetition) -> TypePtr {
    let text = (physical == Physical::BYTE_ARRAY).then_some(LogicalType::String);
    let builder = Type::primitive_type_builder(name, physical)
        .with_repetition(repetition)
        .with_logical_type(text);
    Arc::new(builder.build().unwrap())
}

pub fn file(written: &Written) -> Vec<u8> {
    let mut fields = vec![
        column(&written.name, Physical::BYTE_ARRAY, Repetition::REQUIRED),
        column("prediction", Physical::DOUBLE, Repetition::REQUIRED),
        column("truth", Physical::FLOAT, Repetition::OPTIONAL),
    ];
    fields.extend(
        (0..written.more_columns)
            .map(|at| column(&format!("c{at}"), Physical::FLOAT, Repetition::OPTIONAL)),
    );
    let schema = Type::group_type_builder("schema")
        .with_fields(fields)
        .build()
        .unwrap();
    let mut properties = WriterProperties::builder()
        .set_dictionary_enabled(written.dictionary)
        .set_data_page_row_count_limit(100)
        .set_write_batch_size(50)
        .set_writer_version(if written.second_version {
            WriterVersion::PARQUET_2_0
        } else {
            WriterVersion::PARQUET_1_0
        });
    if let Some(encoding) = written.encoding {
        properties =
            properties.set_column_encoding(ColumnPath::from(written.name.as_str()), encoding);
    }
    let mut bytes = Vec::new();
    let mut writer =
        SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::new(properties.build()))
            .unwrap();
    for (group, ids) in written.ids.chunks(written.rows_per_group).enumerate() {
        if written.empty_groups {
            write_empty_group(&mut writer);
        }
        let mut group_writer = writer.next_row_group().unwrap();
        let first = group * written.rows_per_group;
        write_group(&mut group_writer, ids, first, written.more_columns);
        group_writer.close().unwrap();
    }
    if written.empty_groups {
        write_empty_group(&mut writer);
    }
    writer.close().unwrap();
    bytes
}

fn write_empty_group<W: std::io::Write + Send>(writer: &mut SerializedFileWriter<W>) {
    let mut group = writer.next_row_group().unwrap();
    while let Some(column) = group.next_column().unwrap() {
        column.close().unwrap();
    }
    group.close().unwrap();
}

fn write_group<W: std::io::Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    ids: &[String],
    first: usize,
    more_columns: usize,
) {
    let texts: Vec<ByteArray> = ids.iter().map(|id| id.as_str().into()).collect();
    let mut column = group.next_column().unwrap().unwrap();
    let typed = column.typed::<ByteArrayType>();
    typed.write_batch(&texts, None, None).unwrap();
    column.close().unwrap();
    let rows = first..first + ids.len();
    let numbers: Vec<f64> = rows.clone().map(|row| row as f64 / 8.0).collect();
    let mut column = group.next_column().unwrap().unwrap();
    let typed = column.typed::<DoubleType>();
    typed.write_batch(&numbers, None, None).unwrap();
    column.close().unwrap();
    let levels: Vec<i16> = rows.clone().map(|row| i16::from(row % 3 != 0)).collect();
    let truths: Vec<f32> = rows
        .filter(|row| row % 3 != 0)
        .map(|row| row as f32 / 4.0)
        .collect();
    for _ in 0..=more_columns {
        let mut column = group.next_column().unwrap().unwrap();
        let typed = column.typed::<FloatType>();
        typed.write_batch(&truths, Some(&levels), None).unwrap();
        column.close().unwrap();
    }
}
