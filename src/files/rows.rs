//! Turns the records of a table into typed rows, or says of a line why it is none.

use std::borrow::Cow;
use std::path::Path;

use super::columns::{FileKind, ScoreMeaning};
use super::error::{FileError, FileErrorKind};
use super::input::Source;
use super::likely_times::LikelyTimes;
use super::line::Line;
use super::mapping::{Mapping, Wanted};
use super::record::Record;
use super::rejects::Reject;
use super::table::{Finished, Format, Table};
use super::values::excerpt;
use crate::domain::time::{Length, Timestamp};

/// What a model said.
#[derive(Clone, Debug, PartialEq)]
pub enum Prediction {
    /// Empty, NaN or infinite: the model gave no answer. Kept, never dropped.
    Failed,
    /// Finite.
    Number(f64),
    /// In canonical form.
    Class(String),
}

/// What turned out true.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    /// Finite.
    Number(f64),
    /// In canonical form.
    Class(String),
}

/// A line of a predictions file.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictionRow {
    pub line_number: u64,
    pub id: String,
    /// `None`: no column holds a time.
    pub predicted_at: Option<Timestamp>,
    pub prediction: Prediction,
    /// P(class) in the order of [`Mapping::probabilities`], each in [0, 1]; `None` without such columns and for a
    /// failed prediction.
    pub probabilities: Option<Box<[f64]>>,
    /// In [0, 1]; `None` without such a column and for a failed prediction.
    pub score: Option<(ScoreMeaning, f64)>,
    /// `None`: no column holds a truth, or it is empty here.
    pub truth: Option<Truth>,
    /// `None`: unknown; the moment of ingest counts.
    pub truth_at: Option<Timestamp>,
    /// `None`: no column names a version, or it is empty here.
    pub version: Option<String>,
    /// A time of this row named no zone and was taken as UTC.
    pub zone_missing: bool,
}

/// A line of a truth file.
#[derive(Clone, Debug, PartialEq)]
pub struct TruthRow {
    pub line_number: u64,
    pub id: String,
    /// `None`: empty or NaN.
    pub truth: Option<Truth>,
    /// `None`: unknown; the moment of ingest counts.
    pub truth_at: Option<Timestamp>,
    /// A time of this row named no zone and was taken as UTC.
    pub zone_missing: bool,
}

/// The rows of one file.
pub struct Rows {
    table: Table,
    mapping: Mapping,
    /// Times after this are rejected.
    latest: Timestamp,
    record: Record,
    likely_times: LikelyTimes,
    /// Columns that were looked at for being missed.
    known_columns: usize,
}

/// How far the clocks of two machines may be apart.
const CLOCK_TOLERANCE: Length = Length::from_seconds(300);

impl Rows {
    /// Opens a file and finds its columns. `now` bounds the times that are believed.
    ///
    /// # Errors
    /// As [`Table::open`] and [`Mapping::resolve`].
    pub fn open(
        source: &Source,
        format: Format,
        wanted: Wanted<'_>,
        now: Timestamp,
    ) -> Result<Self, FileError> {
        Self::of(Table::open(source, format)?, wanted, now)
    }

    /// The rows of an opened table.
    ///
    /// # Errors
    /// As [`Mapping::resolve`].
    pub fn of(mut table: Table, wanted: Wanted<'_>, now: Timestamp) -> Result<Self, FileError> {
        let mapping = Mapping::resolve(&mut table, wanted)?;
        let columns = mapping.columns();
        let indices: Vec<usize> = columns.iter().map(|(_, column)| column.index).collect();
        if let Err((index, what)) = table.select(&indices) {
            let refused = columns.iter().find(|(_, column)| column.index == index);
            let (field, name) = refused.map_or_else(Default::default, |(field, column)| {
                (field.to_string(), column.name.clone())
            });
            return Err(FileErrorKind::ColumnType { name, field, what }.of(table.path()));
        }
        Ok(Self {
            known_columns: table.columns().len(),
            likely_times: LikelyTimes::of(&table, &mapping),
            table,
            mapping,
            latest: now.later_by(CLOCK_TOLERANCE),
            record: Record::default(),
        })
    }

    #[must_use]
    pub const fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    #[must_use]
    pub const fn table(&self) -> &Table {
        &self.table
    }

    /// The name of what is read.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.table.path()
    }

    /// Columns that no field has and that held nothing but times so far, where no column is the time of predictions.
    #[must_use]
    pub fn likely_times(&self) -> Vec<String> {
        self.likely_times.names()
    }

    /// The record that the last row or reject was made of, as it stands in the file; of Parquet the mapped columns as
    /// JSON.
    #[must_use]
    pub fn raw(&self) -> Cow<'_, str> {
        self.table.shown(&self.record)
    }

    /// The next line of a predictions file; `None` after the last.
    ///
    /// # Errors
    /// The file can't be read on, or is none with these columns.
    pub fn next_prediction(&mut self) -> Result<Option<Result<PredictionRow, Reject>>, FileError> {
        debug_assert_eq!(self.mapping.kind, FileKind::Predictions);
        Ok(self.advance()?.then(|| self.line().prediction_row()))
    }

    /// The next line of a truth file; `None` after the last.
    ///
    /// # Errors
    /// The file can't be read on, or is none with these columns.
    pub fn next_truth(&mut self) -> Result<Option<Result<TruthRow, Reject>>, FileError> {
        debug_assert_eq!(self.mapping.kind, FileKind::Truth);
        Ok(self.advance()?.then(|| self.line().truth_row()))
    }

    /// Reads what is left and says what the whole was.
    ///
    /// # Errors
    /// As [`Rows::next_prediction`].
    pub fn finish(mut self) -> Result<Finished, FileError> {
        while self.advance()? {}
        self.table.finish()
    }

    fn line(&self) -> Line<'_> {
        Line {
            record: &self.record,
            mapping: &self.mapping,
            latest: self.latest,
            zone_missing: false,
        }
    }

    fn advance(&mut self) -> Result<bool, FileError> {
        let more = self.table.next_record(&mut self.record)?;
        let late = self.table.columns().get(self.known_columns..);
        for name in late.unwrap_or_default() {
            if let Some(field) = self.mapping.would_take(name) {
                let kind = FileErrorKind::LateColumn {
                    name: name.clone(),
                    field: field.to_string(),
                };
                return Err(kind.on(self.table.path(), self.record.line_number));
            }
        }
        self.known_columns = self.table.columns().len();
        self.likely_times.look(&self.record);
        if let Some(name) = self.table.absent_column().filter(|_| !more) {
            let kind = FileErrorKind::Columns(format!("no object has the key {}", excerpt(name)));
            return Err(kind.of(self.table.path()));
        }
        Ok(more)
    }
}

#[cfg(test)]
mod tests {
    use super::super::columns::ColumnChoices;
    use super::super::table::tests::source;
    use super::*;
    use crate::domain::metric::Task;

    fn now() -> Timestamp {
        Timestamp::read("2026-01-10T00:00:00Z").unwrap().at
    }

    fn open(text: &str, kind: FileKind, task: Task, choices: &ColumnChoices) -> Rows {
        let wanted = Wanted {
            kind,
            task,
            choices,
        };
        Rows::open(&source("a", text), Format::Auto, wanted, now()).unwrap()
    }

    type Outcome<T> = Vec<Result<T, Reject>>;

    fn predictions(text: &str, task: Task, flags: &[&str]) -> Outcome<PredictionRow> {
        let mut choices = ColumnChoices {
            score_is: Some(ScoreMeaning::Predicted),
            ..ColumnChoices::default()
        };
        choices.columns = flags.iter().map(|flag| flag.parse().unwrap()).collect();
        let mut rows = open(text, FileKind::Predictions, task, &choices);
        std::iter::from_fn(|| rows.next_prediction().unwrap()).collect()
    }

    fn truths(text: &str, task: Task) -> Outcome<TruthRow> {
        let mut rows = open(text, FileKind::Truth, task, &ColumnChoices::default());
        std::iter::from_fn(|| rows.next_truth().unwrap()).collect()
    }

    /// `code@line:column`, or `ok`.
    fn codes<T>(outcome: &Outcome<T>) -> Vec<String> {
        outcome
            .iter()
            .map(|row| match row {
                Ok(_) => "ok".to_owned(),
                Err(reject) => {
                    format!("{}@{}:{}", reject.code, reject.line_number, reject.column)
                }
            })
            .collect()
    }

    fn first(text: &str, task: Task, flags: &[&str]) -> PredictionRow {
        predictions(text, task, flags).remove(0).unwrap()
    }

    #[test]
    fn a_full_row_is_read() {
        let row = first(
            "id,ts,prediction,truth,truth_at,version,proba_no,proba_yes\n\
             7,2026-01-05T10:00:00+01:00,yes,no,2026-01-06 00:00:00,20260101_000000,0.25,0.75\n",
            Task::Classification,
            &[],
        );
        assert_eq!(
            row,
            PredictionRow {
                line_number: 2,
                id: "7".to_owned(),
                predicted_at: Some(Timestamp::read("2026-01-05T09:00:00Z").unwrap().at),
                prediction: Prediction::Class("yes".to_owned()),
                probabilities: Some(Box::new([0.25, 0.75])),
                score: None,
                truth: Some(Truth::Class("no".to_owned())),
                truth_at: Some(Timestamp::read("2026-01-06").unwrap().at),
                version: Some("20260101_000000".to_owned()),
                zone_missing: true,
            }
        );
    }

    #[test]
    fn csv_and_json_lines_give_the_same_rows() {
        let csv =
            "id,ts,prediction,truth\n007,1767600000,0.5,\n8,2026-01-05,,1e3\n9,2026-01-05,-0.0,2\n";
        let json = concat!(
            r#"{"id":"007","ts":1767600000,"prediction":0.5,"truth":null}"#,
            "\n",
            r#"{"id":8,"ts":"2026-01-05","truth":1e3,"prediction":null}"#,
            "\n",
            r#"{"id":9,"ts":"2026-01-05","prediction":"-0.0","truth":2}"#,
        );
        let from_csv = predictions(csv, Task::Regression, &[]);
        let from_json = predictions(json, Task::Regression, &[]);
        let bare = |rows: Outcome<PredictionRow>| -> Vec<PredictionRow> {
            rows.into_iter()
                .map(|row| PredictionRow {
                    line_number: 0,
                    ..row.unwrap()
                })
                .collect()
        };
        assert_eq!(bare(from_csv), bare(from_json));
    }

    #[test]
    fn a_prediction_without_an_answer_failed_and_is_kept() {
        for text in ["", " ", "nan", "NaN", "inf", "-Infinity", "1e999"] {
            let csv = format!("id,prediction,note\n1,{text},x\n");
            let row = first(&csv, Task::Regression, &[]);
            assert_eq!(row.prediction, Prediction::Failed, "{text:?}");
        }
        for text in ["", "nan", "-inf"] {
            let csv = format!("id,prediction,proba_a\n1,{text},garbage\n");
            let row = first(&csv, Task::Classification, &[]);
            assert_eq!(row.prediction, Prediction::Failed, "{text:?}");
            assert_eq!(row.probabilities, None);
        }
        let json = "{\"id\":1,\"prediction\":2}\n{\"id\":2}\n{\"id\":3,\"prediction\":null}";
        let failed = predictions(json, Task::Regression, &[])
            .into_iter()
            .filter(|row| row.as_ref().unwrap().prediction == Prediction::Failed)
            .count();
        assert_eq!(failed, 2);
    }

    #[test]
    fn text_that_is_no_number_is_a_reject() {
        let rows = predictions(
            "id,prediction\n1,abc\n2,\"1,5\"\n3,1_000\n4,0x1\n5,2\n",
            Task::Regression,
            &[],
        );
        assert_eq!(
            codes(&rows),
            [
                "no_number@2:prediction",
                "no_number@3:prediction",
                "no_number@4:prediction",
                "no_number@5:prediction",
                "ok"
            ]
        );
        assert_eq!(
            rows[1].as_ref().unwrap_err().text,
            "1,5 is no number; write a decimal point and no thousands separators"
        );
        let json = predictions("{\"id\":1,\"prediction\":true}", Task::Regression, &[]);
        assert_eq!(codes(&json), ["no_number@1:prediction"]);
    }

    #[test]
    fn truths_may_wait_but_may_not_be_infinite() {
        let rows = truths("id,truth\n1,\n2,NaN\n3,inf\n4,x\n5,0.5\n", Task::Regression);
        assert_eq!(
            codes(&rows),
            [
                "ok",
                "ok",
                "truth_infinite@4:truth",
                "no_number@5:truth",
                "ok"
            ]
        );
        assert_eq!(rows[0].as_ref().unwrap().truth, None);
        assert_eq!(rows[1].as_ref().unwrap().truth, None);
        let rows = truths(
            "id,truth\n1,nan\n2,inf\n3,1.0\n4,TRUE\n",
            Task::Classification,
        );
        assert_eq!(codes(&rows), ["ok", "truth_infinite@3:truth", "ok", "ok"]);
        let classes: Vec<_> = rows.into_iter().filter_map(|row| row.ok()?.truth).collect();
        assert_eq!(
            classes,
            [
                Truth::Class("1".to_owned()),
                Truth::Class("true".to_owned())
            ]
        );
    }

    #[test]
    fn times_must_be_there_readable_and_past() {
        let rows = predictions(
            "id,ts,prediction\n\
             1,,0\n2,yesterday,0\n3,2026-01-10T00:05:00Z,0\n4,2026-01-10T00:05:01Z,0\n5,2026-01-01,0\n",
            Task::Regression,
            &[],
        );
        assert_eq!(
            codes(&rows),
            [
                "time_empty@2:ts",
                "time_unreadable@3:ts",
                "ok",
                "time_in_future@5:ts",
                "ok"
            ]
        );
        assert!(rows[4].as_ref().unwrap().zone_missing);
        assert!(!rows[2].as_ref().unwrap().zone_missing);
        let rows = truths(
            "id,truth,truth_at\n1,,soon\n2,1,soon\n3,1,\n4,1,2027-01-01\n",
            Task::Regression,
        );
        assert_eq!(
            codes(&rows),
            [
                "ok",
                "time_unreadable@3:truth_at",
                "ok",
                "time_in_future@5:truth_at"
            ]
        );
        assert_eq!(rows[2].as_ref().unwrap().truth_at, None);
    }

    #[test]
    fn probabilities_lie_between_zero_and_one() {
        let rows = predictions(
            "id,prediction,proba_a\n1,a,1\n2,a,-0.0\n3,a,1.0001\n4,a,\n5,a,nan\n6,a,x\n7,a,-1e-9\n8,,\n",
            Task::Classification,
            &[],
        );
        assert_eq!(
            codes(&rows),
            [
                "ok",
                "ok",
                "probability_range@4:proba_a",
                "probability_empty@5:proba_a",
                "probability_range@6:proba_a",
                "no_number@7:proba_a",
                "probability_range@8:proba_a",
                "ok",
            ]
        );
        let zero = rows[1].as_ref().unwrap().probabilities.as_ref().unwrap()[0];
        assert_eq!(zero.to_bits(), 0.0_f64.to_bits());
        let rows = predictions(
            "id,prediction,s\n1,a,0.9\n2,a,9\n3,,x\n",
            Task::Classification,
            &["score=s"],
        );
        assert_eq!(codes(&rows), ["ok", "probability_range@3:s", "ok"]);
        assert_eq!(
            rows[0].as_ref().unwrap().score,
            Some((ScoreMeaning::Predicted, 0.9))
        );
        assert_eq!(rows[2].as_ref().unwrap().score, None);
    }

    #[test]
    fn ids_stay_text_and_huge_numbers_keep_every_digit() {
        let json = concat!(
            r#"{"id":123456789012345678901234567890,"prediction":1}"#,
            "\n",
            r#"{"id":123456789012345678901234567891,"prediction":1}"#,
            "\n",
            r#"{"id":1.50,"prediction":1}"#,
            "\n",
            r#"{"id":"","prediction":1}"#,
            "\n",
            r#"{"id":[1],"prediction":1}"#,
            "\n",
            r#"{"id":"a\u0000b","prediction":1}"#,
            "\n",
            r#"{"id":true,"prediction":1,"note":{"x":[]}}"#,
        );
        let rows = predictions(json, Task::Regression, &[]);
        assert_eq!(
            codes(&rows),
            [
                "ok",
                "ok",
                "ok",
                "id_empty@4:id",
                "nested_value@5:id",
                "zero_character@6:id",
                "ok"
            ]
        );
        let ids: Vec<String> = rows
            .into_iter()
            .filter_map(|row| Some(row.ok()?.id))
            .collect();
        assert_eq!(
            ids,
            [
                "123456789012345678901234567890",
                "123456789012345678901234567891",
                "1.50",
                "true"
            ]
        );
        let csv = predictions(
            "id,prediction\n007,1\n 7,1\n1e5,1\n ,1\n",
            Task::Regression,
            &[],
        );
        assert_eq!(codes(&csv)[3], "id_empty@5:id");
        assert_eq!(csv[0].as_ref().unwrap().id, "007");
        assert_eq!(csv[1].as_ref().unwrap().id, " 7");
        assert_eq!(csv[2].as_ref().unwrap().id, "1e5");
    }

    #[test]
    fn different_parts_never_join_to_the_same_id() {
        let parts = ["a", "+", "\\", "a+", "+a", "\\+", "a\\", "++", "\\\\", "b"];
        let lines: Vec<String> = parts
            .iter()
            .flat_map(|x| parts.iter().map(move |y| format!("{x},{y},1")))
            .collect();
        let csv = format!("x,y,prediction\n{}", lines.join("\n"));
        let rows = predictions(&csv, Task::Regression, &["id=x+y"]);
        let ids: std::collections::HashSet<String> =
            rows.into_iter().map(|row| row.unwrap().id).collect();
        assert_eq!(ids.len(), parts.len() * parts.len());
        let row = first(
            "x,y,prediction\nc1,2026-01-01,1\n",
            Task::Regression,
            &["id=x+y"],
        );
        assert_eq!(row.id, "c1+2026-01-01");
        let rows = predictions("x,y,prediction\nc1,,1\n", Task::Regression, &["id=x+y"]);
        assert_eq!(codes(&rows), ["id_empty@2:y"]);
    }

    #[test]
    fn a_row_without_a_version_or_a_time_column_says_so() {
        let row = first("id,prediction,version\n1,2, v1 \n", Task::Regression, &[]);
        assert_eq!(row.version.as_deref(), Some("v1"));
        assert_eq!(row.predicted_at, None);
        let row = first("id,prediction,version\n1,2,\n", Task::Regression, &[]);
        assert_eq!(row.version, None);
    }

    #[test]
    fn a_key_that_comes_late_is_an_error_not_a_silent_loss() {
        let mut json = "{\"id\":1,\"prediction\":2}\n".repeat(200);
        json.push_str(
            "{\"id\":2,\"prediction\":2,\"note\":1}\n{\"id\":3,\"prediction\":1,\"Truth\":5}\n",
        );
        let choices = ColumnChoices::default();
        let rows = open(&json, FileKind::Predictions, Task::Regression, &choices);
        let error = rows.finish().unwrap_err();
        assert_eq!(
            error.to_string(),
            "a, line 202: the key Truth (for truth) does not occur in the first records"
        );
        assert_eq!(error.hint().unwrap(), "name it: `--map truth=Truth`");
        // Named, it is taken; and a key that never comes is an error as well.
        let rows = predictions(&json, Task::Regression, &["truth=Truth"]);
        assert_eq!(rows[201].as_ref().unwrap().truth, Some(Truth::Number(5.0)));
        let mut choices = ColumnChoices::default();
        choices.columns.push("truth=Never".parse().unwrap());
        let rows = open(&json, FileKind::Predictions, Task::Regression, &choices);
        assert_eq!(
            rows.finish().unwrap_err().to_string(),
            "a: no object has the key Never"
        );
    }

    #[test]
    fn the_hash_and_the_count_are_known_at_the_end() {
        let csv = "id,prediction\n1,2\n2,x\n";
        let choices = ColumnChoices::default();
        let mut rows = open(csv, FileKind::Predictions, Task::Regression, &choices);
        assert!(rows.next_prediction().unwrap().unwrap().is_ok());
        assert_eq!(rows.raw(), "1,2");
        assert!(rows.next_prediction().unwrap().unwrap().is_err());
        assert_eq!(rows.raw(), "2,x");
        let finished = rows.finish().unwrap();
        assert_eq!(finished.records_count, 2);
        assert_eq!(
            finished.hash,
            crate::files::hash::hash_bytes(csv.as_bytes())
        );
    }

    #[test]
    fn a_zero_character_is_a_reject_of_its_column() {
        let json = "{\"id\":\"a\\u0000b\",\"prediction\":1}\n{\"id\":\"a\",\"prediction\":1}";
        let rows = predictions(json, Task::Regression, &[]);
        assert_eq!(codes(&rows), ["zero_character@1:id", "ok"]);
    }

    #[test]
    fn an_object_where_a_value_is_wanted_is_a_reject_and_elsewhere_no_matter() {
        let json = "{\"id\":1,\"prediction\":[0.5],\"note\":{\"a\":1}}\n\
                    {\"id\":2,\"prediction\":1,\"note\":{\"a\":1}}";
        let rows = predictions(json, Task::Regression, &[]);
        assert_eq!(codes(&rows), ["nested_value@1:prediction", "ok"]);
    }

    #[test]
    fn an_id_of_blanks_is_none_and_blanks_around_an_id_are_its_own() {
        let rows = predictions("id,prediction\n ,1\n x ,2\n", Task::Regression, &[]);
        assert_eq!(codes(&rows), ["id_empty@2:id", "ok"]);
        assert_eq!(rows[1].as_ref().unwrap().id, " x ");
    }

    #[test]
    fn one_empty_part_of_a_joined_id_is_no_id() {
        let csv = "a,b,prediction\n1,,1\n1,2,1\n";
        let rows = predictions(csv, Task::Regression, &["id=a+b"]);
        assert_eq!(codes(&rows), ["id_empty@2:b", "ok"]);
        assert_eq!(rows[1].as_ref().unwrap().id, "1+2");
    }

    #[test]
    fn the_name_of_a_version_is_trimmed_and_a_blank_one_is_none() {
        let csv = "id,prediction,version\n1,1, v1 \n2,1,  \n3,1,\n";
        let rows = predictions(csv, Task::Regression, &[]);
        let versions: Vec<_> = rows
            .iter()
            .map(|row| row.as_ref().unwrap().version.as_deref())
            .collect();
        assert_eq!(versions, [Some("v1"), None, None]);
    }

    #[test]
    fn the_time_of_a_truth_that_is_not_there_is_not_read() {
        let csv = "id,truth,truth_at\n1,,nonsense\n2,1,nonsense\n3,1,\n";
        let rows = truths(csv, Task::Regression);
        assert_eq!(codes(&rows), ["ok", "time_unreadable@3:truth_at", "ok"]);
        assert_eq!(rows[0].as_ref().unwrap().truth_at, None);
        assert_eq!(rows[2].as_ref().unwrap().truth_at, None);
    }

    #[test]
    fn five_minutes_ahead_of_the_clock_is_not_yet_the_future() {
        let csv = "id,ts,prediction\n1,2026-01-10T00:05:00Z,1\n2,2026-01-10T00:05:01Z,1\n";
        let rows = predictions(csv, Task::Regression, &[]);
        assert_eq!(codes(&rows), ["ok", "time_in_future@3:ts"]);
    }

    #[test]
    fn only_a_row_that_named_no_zone_says_so() {
        let csv =
            "id,ts,prediction\n1,2026-01-05 00:00:00,1\n2,2026-01-05T00:00:00Z,1\n3,1767600000,1\n";
        let rows = predictions(csv, Task::Regression, &[]);
        let missing: Vec<_> = rows
            .iter()
            .map(|row| row.as_ref().unwrap().zone_missing)
            .collect();
        assert_eq!(missing, [true, false, false]);
    }

    #[test]
    fn a_negative_zero_is_a_probability_and_reads_as_zero() {
        let row = first(
            "id,prediction,proba_a,proba_b\n1,a,-0.0,1\n",
            Task::Classification,
            &[],
        );
        let values = row.probabilities.unwrap();
        assert!(values[0].is_sign_positive());
        assert_eq!(*values, [0.0, 1.0]);
    }

    #[test]
    fn the_same_class_is_the_same_class_however_it_is_written() {
        let csv = "id,prediction,truth\n1,1.0,1\n2,01,1\n3,yes,Yes\n";
        let rows = predictions(csv, Task::Classification, &[]);
        let same: Vec<_> = rows
            .iter()
            .map(|row| {
                let row = row.as_ref().unwrap();
                match (&row.prediction, &row.truth) {
                    (Prediction::Class(one), Some(Truth::Class(other))) => one == other,
                    _ => panic!("both are classes"),
                }
            })
            .collect();
        assert_eq!(same, [true, false, false]);
    }
}
