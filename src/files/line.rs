//! Reads the cells of one record by the rules for ids, times, predictions, truths and probabilities.

use super::mapping::{Column, Mapping};
use super::record::{Cell, Record, Uneven};
use super::rejects::{Reject, RejectCode};
use super::rows::{Prediction, PredictionRow, Truth, TruthRow};
use super::values::{LabelReading, NumberReading, excerpt, label, number};
use crate::domain::metric::Task;
use crate::domain::time::{TimeSyntax, Timestamp};

/// Probabilities are often written with two or three digits, so their sum may be a little over 1.
const MOST_OF_ALL_CLASSES: f64 = 1.02;

/// One record on its way to a row.
pub(super) struct Line<'a> {
    pub record: &'a Record,
    pub mapping: &'a Mapping,
    /// Times after this are rejected.
    pub latest: Timestamp,
    /// A time that was read so far named no zone.
    pub zone_missing: bool,
}

impl Line<'_> {
    pub fn prediction_row(mut self) -> Result<PredictionRow, Reject> {
        let mapping = self.mapping;
        self.check_length()?;
        let id = self.id()?;
        let predicted_at = match &mapping.time {
            None => None,
            Some(column) => match self.time(column)? {
                None => return Err(self.reject(column, RejectCode::TimeEmpty, "no time")),
                some => some,
            },
        };
        let prediction = self.prediction()?;
        let failed = prediction == Prediction::Failed;
        let probabilities = if failed || mapping.probabilities.is_empty() {
            None
        } else {
            let columns = mapping.probabilities.iter();
            let values: Box<[f64]> = columns
                .map(|(_, column)| self.probability(column))
                .collect::<Result<_, _>>()?;
            self.check_sum(&values)?;
            Some(values)
        };
        let score = match &mapping.score {
            Some((meaning, column)) if !failed => Some((*meaning, self.probability(column)?)),
            _ => None,
        };
        let (truth, truth_at) = self.truth()?;
        let version = match &mapping.version {
            Some(column) => self.text(column)?.map(|text| text.trim().to_owned()),
            None => None,
        };
        Ok(PredictionRow {
            line_number: self.record.line_number,
            id,
            predicted_at,
            prediction,
            probabilities,
            score,
            truth,
            truth_at,
            version: version.filter(|text| !text.is_empty()),
            zone_missing: self.zone_missing,
        })
    }

    pub fn truth_row(mut self) -> Result<TruthRow, Reject> {
        self.check_length()?;
        let id = self.id()?;
        let (truth, truth_at) = self.truth()?;
        Ok(TruthRow {
            line_number: self.record.line_number,
            id,
            truth,
            truth_at,
            zone_missing: self.zone_missing,
        })
    }

    fn reject(&self, column: &Column, code: RejectCode, text: impl Into<String>) -> Reject {
        Reject {
            line_number: self.record.line_number,
            column: column.name.clone(),
            code,
            text: text.into(),
        }
    }

    fn check_length(&self) -> Result<(), Reject> {
        let Some(uneven) = &self.record.uneven else {
            return Ok(());
        };
        let Uneven { have, want, column } = uneven;
        let fields = if *have == 1 { "field" } else { "fields" };
        let advice = if have > want {
            "; a field that holds a comma or a line end is quoted: \"a, b\""
        } else {
            ""
        };
        Err(Reject {
            line_number: self.record.line_number,
            column: column.clone(),
            code: RejectCode::FieldCount,
            text: format!("{have} {fields}, but the header has {want}{advice}"),
        })
    }

    /// The text of a cell; `None` if it is empty.
    fn text(&self, column: &Column) -> Result<Option<&str>, Reject> {
        match self.record.cell(column.index) {
            Cell::Empty => Ok(None),
            Cell::Text(text) if text.contains('\0') => {
                Err(self.reject(column, RejectCode::ZeroCharacter, "a zero character"))
            }
            Cell::Text(text) | Cell::Number(text) => Ok(Some(text)),
            Cell::Nested => Err(self.reject(
                column,
                RejectCode::Nested,
                "an object or array where one value is wanted",
            )),
        }
    }

    /// The id as it is written; of several columns joined with `+`, where `\` and `+` within one stand behind a `\`,
    /// so that different parts never join to the same id.
    fn id(&self) -> Result<String, Reject> {
        let mut id = String::new();
        for (at, column) in self.mapping.id.iter().enumerate() {
            let text = match self.text(column)? {
                Some(text) if !text.trim().is_empty() => text,
                _ => return Err(self.reject(column, RejectCode::IdEmpty, "no id")),
            };
            if let [_] = self.mapping.id.as_slice() {
                return Ok(text.to_owned());
            }
            if at > 0 {
                id.push('+');
            }
            for character in text.chars() {
                if matches!(character, '+' | '\\') {
                    id.push('\\');
                }
                id.push(character);
            }
        }
        Ok(id)
    }

    fn time(&mut self, column: &Column) -> Result<Option<Timestamp>, Reject> {
        let text = match self.text(column)? {
            Some(text) if !text.trim().is_empty() => text,
            _ => return Ok(None),
        };
        let reading = Timestamp::read(text).map_err(|error| {
            let text = match error {
                TimeSyntax::DateOrSeconds { .. } => error.to_string(),
                _ => format!("{} is no time", excerpt(text)),
            };
            self.reject(column, RejectCode::TimeUnreadable, text)
        })?;
        if reading.at > self.latest {
            let text = format!("{} lies in the future", reading.at);
            return Err(self.reject(column, RejectCode::TimeInFuture, text));
        }
        self.zone_missing |= !reading.zone_named;
        Ok(Some(reading.at))
    }

    fn prediction(&self) -> Result<Prediction, Reject> {
        let Some(column) = &self.mapping.prediction else {
            return Ok(Prediction::Failed);
        };
        let text = self.text(column)?.unwrap_or_default();
        match self.mapping.task {
            Task::Regression => match number(text) {
                NumberReading::Finite(number) => Ok(Prediction::Number(number)),
                NumberReading::NoNumber(advice) => Err(self.no_number(column, text, advice)),
                _ => Ok(Prediction::Failed),
            },
            Task::Classification => match label(text) {
                LabelReading::Label(label) => Ok(Prediction::Class(label)),
                _ => Ok(Prediction::Failed),
            },
        }
    }

    /// The truth and its time; no time is read for a truth that is not there.
    fn truth(&mut self) -> Result<(Option<Truth>, Option<Timestamp>), Reject> {
        let mapping = self.mapping;
        let Some(column) = &mapping.truth else {
            return Ok((None, None));
        };
        let text = self.text(column)?.unwrap_or_default();
        let truth = match mapping.task {
            Task::Regression => match number(text) {
                NumberReading::Finite(number) => Truth::Number(number),
                NumberReading::Empty | NumberReading::NaN => return Ok((None, None)),
                NumberReading::Infinite => return Err(self.infinite(column)),
                NumberReading::NoNumber(advice) => {
                    return Err(self.no_number(column, text, advice));
                }
            },
            Task::Classification => match label(text) {
                LabelReading::Label(label) => Truth::Class(label),
                LabelReading::Empty | LabelReading::NaN => return Ok((None, None)),
                LabelReading::Infinite => return Err(self.infinite(column)),
            },
        };
        let at = match &mapping.truth_time {
            Some(column) => self.time(column)?,
            None => None,
        };
        Ok((Some(truth), at))
    }

    fn infinite(&self, column: &Column) -> Reject {
        self.reject(
            column,
            RejectCode::TruthInfinite,
            "a truth can't be infinite",
        )
    }

    fn no_number(&self, column: &Column, text: &str, advice: Option<&str>) -> Reject {
        let mut said = format!("{} is no number", excerpt(text));
        if let Some(advice) = advice {
            said.push_str("; ");
            said.push_str(advice);
        }
        self.reject(column, RejectCode::NoNumber, said)
    }

    /// More than one class can't be certain. Less than 1 is left: a class without a column has the rest.
    fn check_sum(&self, values: &[f64]) -> Result<(), Reject> {
        let sum: f64 = values.iter().sum();
        match self.mapping.probabilities.first() {
            Some((_, column)) if sum > MOST_OF_ALL_CLASSES => {
                let said = format!("the probabilities of all classes add up to {sum:.3}");
                Err(self.reject(column, RejectCode::ProbabilityRange, said))
            }
            _ => Ok(()),
        }
    }

    fn probability(&self, column: &Column) -> Result<f64, Reject> {
        let text = self.text(column)?.unwrap_or_default();
        match number(text) {
            // Adding zero makes a negative zero positive.
            NumberReading::Finite(p) if (0.0..=1.0).contains(&p) => Ok(p + 0.0),
            NumberReading::NoNumber(advice) => Err(self.no_number(column, text, advice)),
            NumberReading::Empty => {
                let said = "no probability, although there is a prediction";
                Err(self.reject(column, RejectCode::ProbabilityEmpty, said))
            }
            _ => {
                let said = format!("{} is no probability", excerpt(text));
                Err(self.reject(column, RejectCode::ProbabilityRange, said))
            }
        }
    }
}
