//! Puts files aside that can't be used: one alert for each, the reason beside it, and no row of it in the store.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Visit, Why};
use crate::domain::hash::Hash;
use crate::domain::operation::{Author, NewOperation, OperationKind};
use crate::domain::verdict::AlertId;
use crate::files::FileError;
use crate::files::inbox::{Aside, Claimed, put_aside};
use crate::store::alerts::{self, RefusedFile};
use crate::store::{Change, Store, StoreError, Tx};
use crate::workflows::announcing::announce_refused;

/// A file to put aside.
#[derive(Debug)]
pub struct Refused<'a> {
    pub claimed: Claimed<'a>,
    /// Where it lay.
    pub path: PathBuf,
    pub hash: Hash,
    pub why: Why,
}

/// The alert if it is news, and where the file lies.
pub type Became = Result<(Option<AlertId>, PathBuf), FileError>;

/// Opens the alerts, all in one transaction, writes why, and moves the files, in this order: after a crash between them
/// the next sweep finds the alerts open and goes on.
///
/// # Errors
/// The store can't be written: no file was moved. Or of one file, as [`put_aside`].
pub fn refuse(
    store: &mut Store,
    author: &Author,
    visit: &Visit<'_>,
    refused: &[Refused<'_>],
) -> Result<Vec<Became>, StoreError> {
    if refused.is_empty() {
        return Ok(Vec::new());
    }
    let alerts = store.change(author, |tx| {
        let mut operations = Vec::new();
        let mut alerts = Vec::new();
        for file in refused {
            let told = tell(tx, author, visit, file)?;
            alerts.push(told.as_ref().map(|(alert, _)| *alert));
            operations.extend(told.map(|(_, operation)| operation));
        }
        Ok::<_, StoreError>(if operations.is_empty() {
            Change::nothing(alerts)
        } else {
            Change::recorded_all(alerts, operations)
        })
    })?;
    let files: Vec<_> = refused
        .iter()
        .map(|file| Aside {
            claimed: &file.claimed,
            document: document(author, file),
            mark: file.hash.to_string(),
        })
        .collect();
    let moved = alerts.into_iter().zip(put_aside(&files));
    Ok(moved
        .map(|(alert, moved_to)| Ok((alert, moved_to?)))
        .collect())
}

/// Opens the alert about the file and gives what the log records; `None`: it is open already.
fn tell(
    tx: &Tx<'_>,
    author: &Author,
    visit: &Visit<'_>,
    file: &Refused<'_>,
) -> Result<Option<(AlertId, NewOperation)>, StoreError> {
    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
    let about = RefusedFile {
        model: visit.model.id,
        name: &name,
        hash: file.hash,
        message: &file.why.message,
        at: author.at,
    };
    let Some(alert) = alerts::open_file(tx, &about)? else {
        return Ok(None);
    };
    announce_refused(tx, &visit.audience, author, alert, &name)?;
    let operation = NewOperation {
        reason: Some(file.why.message.clone()),
        detail: json!({
            "alert_id": alert.to_string(),
            "source": file.path.to_string_lossy(),
            "source_blake3": file.hash.to_string(),
            "error_code": file.why.code,
        })
        .to_string(),
        ..NewOperation::recording(OperationKind::Refuse, visit.model.id)
    };
    Ok(Some((alert, operation)))
}

/// The problem, and of which file it speaks.
fn document(author: &Author, file: &Refused<'_>) -> String {
    let mut document = file.why.document.clone();
    if let Value::Object(document) = &mut document {
        document.insert("source".to_owned(), json!(file.path.to_string_lossy()));
        document.insert("source_blake3".to_owned(), json!(file.hash.to_string()));
        document.insert("refused_at".to_owned(), json!(author.at.to_string()));
    }
    format!("{document:#}\n")
}
