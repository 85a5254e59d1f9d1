//! Whose prediction a row is: the version that was given, or named in the row, or live at the time of the prediction.

use std::collections::HashMap;

use super::IngestError;
use crate::domain::evidence::Attribution;
use crate::domain::holders::VersionId;
use crate::domain::names::{AliasName, Reference, ReferenceTarget};
use crate::domain::time::Timestamp;
use crate::files::mapping::Mapping;
use crate::files::rejects::{Reject, RejectCode};
use crate::files::rows::PredictionRow;
use crate::store::aliases::{self, Period, Periods};
use crate::store::models::Model;
use crate::store::{StoreError, Tx, versions};
use crate::workflows::naming::{self, NamingError};

/// A row's version, and why it is that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whose {
    pub version: VersionId,
    pub by: Attribution,
    pub predicted_at: Timestamp,
}

/// Who held production when, as it was when the ingest began.
#[derive(Debug)]
pub struct Attributor {
    model: Model,
    given: Option<VersionId>,
    periods: Vec<Period>,
    now: Timestamp,
    /// Whether rows fell by time into the first tenure, and into others of the version that had it.
    into_first: bool,
    into_others: bool,
    /// What a column's texts mean; an error is the text of the reject.
    known: HashMap<String, Result<VersionId, String>>,
}

impl Attributor {
    pub fn load(
        tx: &Tx<'_>,
        model: &Model,
        given: Option<VersionId>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            model: model.clone(),
            given,
            periods: aliases::periods(tx, model.id, &AliasName::production(), Periods::All)?,
            now,
            into_first: false,
            into_others: false,
            known: HashMap::new(),
        })
    }

    /// The first holder, if its tenure has no beginning and all rows that are its own by time fell into that one.
    pub fn without_beginning(&self) -> Option<VersionId> {
        let first = self.periods.first()?;
        let is_meant = first.from.is_none() && self.into_first && !self.into_others;
        is_meant.then_some(first.version)
    }

    fn note_tenure(&mut self, period: &Period) {
        if let Some(first) = self.periods.first()
            && first.version == period.version
        {
            let is_first = first.tenure == period.tenure;
            self.into_first |= is_first;
            self.into_others |= !is_first;
        }
    }

    /// Says whose a row is, or why it is nobody's.
    pub fn whose(
        &mut self,
        tx: &Tx<'_>,
        row: &PredictionRow,
        mapping: &Mapping,
    ) -> Result<Result<Whose, Reject>, IngestError> {
        let now = self.now;
        let whose = |version, by| {
            Ok(Ok(Whose {
                version,
                by,
                predicted_at: row.predicted_at.unwrap_or(now),
            }))
        };
        if let Some(version) = self.given {
            return whose(version, Attribution::Flag);
        }
        let reject = |column: &Option<crate::files::mapping::Column>, code, text| {
            Ok(Err(Reject {
                line_number: row.line_number,
                column: column
                    .as_ref()
                    .map(|column| column.name.clone())
                    .unwrap_or_default(),
                code,
                text,
            }))
        };
        if let Some(text) = &row.version {
            return match self.named(tx, text)? {
                Ok(version) => Ok(Ok(Whose {
                    version,
                    by: Attribution::Column,
                    predicted_at: row.predicted_at.unwrap_or(self.now),
                })),
                Err(why) => reject(&mapping.version, RejectCode::UnknownVersion, why),
            };
        }
        let Some(predicted_at) = row.predicted_at else {
            return match self.periods.iter().rev().find(|period| period.to.is_none()) {
                Some(present) => whose(present.version, Attribution::PresentHolder),
                None => Err(self.nobody(tx)),
            };
        };
        let holder = self
            .periods
            .iter()
            .rev()
            .find(|period| period.contains(predicted_at))
            .copied();
        if let Some(period) = &holder {
            self.note_tenure(period);
        }
        match (holder, self.periods.first()) {
            (Some(period), _) => whose(period.version, Attribution::HeldAt),
            (None, None) => Err(self.nobody(tx)),
            (None, Some(first)) => {
                let text = match first.from.filter(|from| predicted_at < *from) {
                    Some(from) => format!(
                        "{predicted_at} lies before {from}, when the first version went live"
                    ),
                    None => format!("no version was live at {predicted_at}"),
                };
                reject(&mapping.time, RejectCode::NoHolder, text)
            }
        }
    }

    /// Nobody holds production.
    fn nobody(&self, tx: &Tx<'_>) -> IngestError {
        match versions::latest(tx, self.model.id) {
            Ok(latest) => IngestError::NoHolder {
                model: self.model.name.clone(),
                has_versions: latest.is_some(),
            },
            Err(error) => error.into(),
        }
    }

    /// The version that a cell names: whole, or by a unique beginning of its name.
    fn named(&mut self, tx: &Tx<'_>, text: &str) -> Result<Result<VersionId, String>, IngestError> {
        if let Some(known) = self.known.get(text) {
            return Ok(known.clone());
        }
        // In a file "latest" or an alias would mean another version tomorrow.
        let reference = text
            .parse::<Reference>()
            .ok()
            .filter(|reference| matches!(reference.target, ReferenceTarget::Version(_)));
        let found = match reference {
            None => Err(format!(
                "{} is no version's name",
                crate::files::values::excerpt(text)
            )),
            Some(reference) => match naming::version(tx, &self.model, &reference) {
                Ok(version) => Ok(version.id),
                Err(NamingError::Store(error)) => return Err(error.into()),
                Err(error) => Err(error.to_string()),
            },
        };
        self.known.insert(text.to_owned(), found.clone());
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
