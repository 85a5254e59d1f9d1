//! Puts a file aside that can't be used: one alert for it, the reason beside it, and no row of it in the store.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Visit, Why};
use crate::domain::hash::Hash;
use crate::domain::operation::{Author, NewOperation, OperationKind};
use crate::domain::verdict::AlertId;
use crate::files::FileError;
use crate::files::hash::hash_file;
use crate::files::inbox::Claimed;
use crate::store::alerts::{self, RefusedFile};
use crate::store::{Change, Store, StoreError};
use crate::workflows::announcing::announce_refused;

/// Why a file could not be put aside.
#[derive(Debug)]
pub enum RefuseError {
    File(FileError),
    Store(StoreError),
}

impl From<FileError> for RefuseError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<StoreError> for RefuseError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Opens the alert, writes why, and moves the file, in this order: after a crash between them the next sweep finds the
/// alert open and goes on. Gives the alert if it is news, and where the file lies.
pub fn refuse(
    store: &mut Store,
    author: &Author,
    visit: &Visit<'_>,
    claimed: &Claimed<'_>,
    path: &Path,
    why: &Why,
) -> Result<(Option<AlertId>, PathBuf), RefuseError> {
    let (hash, _) = hash_file(claimed.path())?;
    let alert = tell(store, author, visit, path, hash, why)?;
    let document = document(author, path, hash, why);
    let moved_to = claimed.rejected(document.as_bytes(), &hash.to_string())?;
    Ok((alert, moved_to))
}

/// Opens the alert about the file and logs it; `None`: it is open already.
fn tell(
    store: &mut Store,
    author: &Author,
    visit: &Visit<'_>,
    path: &Path,
    hash: Hash,
    why: &Why,
) -> Result<Option<AlertId>, StoreError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    store.change(author, |tx| {
        let file = RefusedFile {
            model: visit.model.id,
            name: &name,
            hash,
            message: &why.message,
            at: author.at,
        };
        let Some(alert) = alerts::open_file(tx, &file)? else {
            return Ok(Change::nothing(None));
        };
        announce_refused(tx, &visit.audience, author, alert, &name)?;
        let operation = NewOperation {
            reason: Some(why.message.clone()),
            detail: json!({
                "alert_id": alert.to_string(),
                "source": path.to_string_lossy(),
                "source_blake3": hash.to_string(),
                "error_code": why.code,
            })
            .to_string(),
            ..NewOperation::recording(OperationKind::Refuse, visit.model.id)
        };
        Ok(Change::recorded(Some(alert), operation))
    })
}

/// The problem, and of which file it speaks.
fn document(author: &Author, path: &Path, hash: Hash, why: &Why) -> String {
    let mut document = why.document.clone();
    if let Value::Object(document) = &mut document {
        document.insert("source".to_owned(), json!(path.to_string_lossy()));
        document.insert("source_blake3".to_owned(), json!(hash.to_string()));
        document.insert("refused_at".to_owned(), json!(author.at.to_string()));
    }
    format!("{document:#}\n")
}
