//! Marks a version: tags, a note, and that it is never to be an automatic target again.

use std::collections::BTreeMap;

use serde_json::json;

use super::naming::{self, NamingError};
use crate::domain::holders::OperationId;
use crate::domain::names::{AliasName, ModelName, Reference, VersionName};
use crate::domain::operation::{Author, NewOperation, OperationKind};
use crate::store::models::Model;
use crate::store::versions::{self, Version};
use crate::store::{Change, Store, StoreError, aliases};

/// Why a version can't be marked.
#[derive(Debug, thiserror::Error)]
pub enum MarkError {
    #[error("{version} is live in model {model} and can't be retired")]
    IsLive {
        model: ModelName,
        version: VersionName,
    },
    #[error(transparent)]
    Naming(#[from] NamingError),
}

impl From<StoreError> for MarkError {
    fn from(error: StoreError) -> Self {
        Self::Naming(NamingError::Store(error))
    }
}

/// A version as it is marked now.
#[derive(Clone, Debug)]
pub struct Marked {
    pub version: Version,
    /// `None`: it was marked so before.
    pub operation: Option<OperationId>,
}

/// Which tags a version gets or loses, and its note.
#[derive(Clone, Debug, Default)]
pub struct NewTags {
    /// An empty value takes the tag away.
    pub tags: BTreeMap<String, String>,
    /// `None`: the note stays; an empty one goes.
    pub note: Option<String>,
}

/// Changes the tags and the note of a version.
///
/// # Errors
/// The reference means no version, or the store can't be written.
pub fn tag(
    store: &mut Store,
    author: &Author,
    model: &Model,
    reference: &Reference,
    new: &NewTags,
) -> Result<Marked, MarkError> {
    store.change(author, |tx| {
        let version = naming::version(tx, model, reference)?;
        let before = &version.metadata;
        let mut tags = before.tags.clone();
        for (key, value) in &new.tags {
            if value.is_empty() {
                tags.remove(key);
            } else {
                tags.insert(key.clone(), value.clone());
            }
        }
        let note = match &new.note {
            None => before.note.clone(),
            Some(note) => Some(note.clone()).filter(|note| !note.is_empty()),
        };
        if tags == before.tags && note == before.note {
            let operation = None;
            return Ok(Change::nothing(Marked { version, operation }));
        }
        versions::set_tags(tx, version.id, &tags, note.as_deref())?;
        let operation = NewOperation {
            version: Some(version.id),
            detail: json!({ "tags": tags, "note": note }).to_string(),
            ..NewOperation::recording(OperationKind::Tag, model.id)
        };
        let marked = Marked {
            version: versions::get(tx, version.id)?,
            operation: Some(tx.next_operation()?),
        };
        Ok(Change::recorded(marked, operation))
    })
}

/// Retires a version for a reason.
///
/// # Errors
/// It is live, the reference means no version, or the store can't be written.
pub fn retire(
    store: &mut Store,
    author: &Author,
    model: &Model,
    reference: &Reference,
    reason: &str,
) -> Result<Marked, MarkError> {
    set_retired(store, author, model, reference, Some(reason), None)
}

/// Takes back that a version is retired.
///
/// # Errors
/// The reference means no version, or the store can't be written.
pub fn unretire(
    store: &mut Store,
    author: &Author,
    model: &Model,
    reference: &Reference,
    why: Option<&str>,
) -> Result<Marked, MarkError> {
    set_retired(store, author, model, reference, None, why)
}

fn set_retired(
    store: &mut Store,
    author: &Author,
    model: &Model,
    reference: &Reference,
    retired: Option<&str>,
    why: Option<&str>,
) -> Result<Marked, MarkError> {
    store.change(author, |tx| {
        let version = naming::version(tx, model, reference)?;
        let live = aliases::holders(tx, model.id, &AliasName::production())?.holder();
        if retired.is_some() && live == Some(version.id) {
            return Err(MarkError::IsLive {
                model: model.name.clone(),
                version: version.name,
            });
        }
        if version.retired_reason.as_deref() == retired {
            let operation = None;
            return Ok(Change::nothing(Marked { version, operation }));
        }
        versions::set_retired(tx, version.id, retired)?;
        let kind = if retired.is_some() {
            OperationKind::Retire
        } else {
            OperationKind::Unretire
        };
        let operation = NewOperation {
            version: Some(version.id),
            reason: retired.or(why).map(str::to_owned),
            ..NewOperation::recording(kind, model.id)
        };
        let marked = Marked {
            version: versions::get(tx, version.id)?,
            operation: Some(tx.next_operation()?),
        };
        Ok(Change::recorded(marked, operation))
    })
}

#[cfg(test)]
mod tests;
