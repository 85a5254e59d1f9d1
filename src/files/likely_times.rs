//! Finds columns that no field has and that hold nothing but times: one of them is likely when it was predicted.

use super::columns::FileKind;
use super::mapping::Mapping;
use super::record::{Cell, Record};
use super::table::Table;
use crate::domain::time::Timestamp;

/// The columns that could still be times.
#[derive(Debug, Default)]
pub(super) struct LikelyTimes {
    left: Vec<Column>,
}

#[derive(Debug)]
struct Column {
    index: usize,
    name: String,
    /// A time was there; an empty column says nothing.
    is_seen: bool,
}

impl LikelyTimes {
    /// Looks at the columns of predictions for which nobody knows the time.
    pub fn of(table: &Table, mapping: &Mapping) -> Self {
        if mapping.kind != FileKind::Predictions || mapping.time.is_some() {
            return Self::default();
        }
        let mapped = mapping.columns();
        let columns = (0..).zip(table.columns());
        let free = columns.filter(|(index, _)| mapped.iter().all(|(_, of)| of.index != *index));
        let left = free.filter_map(|(index, name)| {
            let by_type = table.holds_times(index);
            (by_type != Some(false)).then(|| Column {
                index,
                name: name.clone(),
                is_seen: by_type == Some(true),
            })
        });
        Self {
            left: left.collect(),
        }
    }

    /// A column with anything else than a time is none of them.
    pub fn look(&mut self, record: &Record) {
        self.left
            .retain_mut(|column| match record.cell(column.index) {
                Cell::Empty => true,
                Cell::Text(text) if is_written_time(text) => {
                    column.is_seen = true;
                    true
                }
                Cell::Text(_) | Cell::Number(_) | Cell::Nested => false,
            });
    }

    /// Their names.
    pub fn names(&self) -> Vec<String> {
        let seen = self.left.iter().filter(|column| column.is_seen);
        seen.map(|column| column.name.clone()).collect()
    }
}

/// Any number could be Unix seconds.
fn is_written_time(text: &str) -> bool {
    text.trim().parse::<f64>().is_err() && Timestamp::read(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::columns::ColumnChoices;
    use super::super::mapping::Wanted;
    use super::super::rows::Rows;
    use super::super::table::{Format, tests::source};
    use super::*;
    use crate::domain::metric::Task;

    fn found(text: &str, flags: &[&str]) -> Vec<String> {
        let choices = ColumnChoices {
            columns: flags.iter().map(|flag| flag.parse().unwrap()).collect(),
            ..ColumnChoices::default()
        };
        let wanted = Wanted {
            kind: FileKind::Predictions,
            task: Task::Regression,
            choices: &choices,
        };
        let now = Timestamp::read("2026-01-10").unwrap().at;
        let mut rows = Rows::open(&source("a", text), Format::Auto, wanted, now).unwrap();
        while rows.next_prediction().unwrap().is_some() {}
        rows.likely_times()
    }

    #[test]
    fn a_column_of_nothing_but_times_is_one_and_one_of_numbers_is_not() {
        let text = "id,prediction,scored_at,day,seconds,note,none\n\
                    1,2,2026-01-05T10:00:00Z,2026-01-05,1767600000,2026-01-05,\n\
                    2,2,2026-01-05 10:00,,1767600001,late,\n";
        assert_eq!(found(text, &[]), ["scored_at", "day"]);
        assert_eq!(found(text, &["time=day"]), [""; 0]);
        assert_eq!(
            found(text, &["truth_time=day", "truth=seconds"]),
            ["scored_at"]
        );
        let json = "{\"id\":1,\"prediction\":2,\"at\":\"2026-01-05\",\"n\":1767600000}";
        assert_eq!(found(json, &[]), ["at"]);
    }
}
