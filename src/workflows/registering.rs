//! Registers a version: stores its bytes, then makes it one of the model's versions, whole or not at all.

use std::io::{self, Write};

use crate::domain::hash::Hash;
use crate::domain::holders::{OperationId, VersionId};
use crate::domain::names::{AliasName, NameSyntax, VersionName};
use crate::domain::operation::{Author, NewOperation, OperationKind};
use crate::files::error::FileError;
use crate::files::hash::{Hasher, hash_bytes};
use crate::files::owner::Owner;
use crate::store::artifacts::{self, CHUNK_BYTES, Content};
use crate::store::models::Model;
use crate::store::versions::{self, ArtifactKind, Metadata, NewVersion, Version};
use crate::store::{Change, Store, StoreError, Tx};

use super::switching::{self, Plan, SwitchError, Wish};

/// So many pieces are held in memory and written in one transaction; what has no more is stored in a single one.
const PIECES_A_TRANSACTION: usize = 8;

/// Why a version was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("version {name} of model {model} has other bytes or other metadata")]
    NameTaken { name: VersionName, model: String },
    #[error("the run was asked to stop")]
    Stopped,
    #[error("there are no bytes to keep")]
    Empty,
    #[error("the artifact can't be read")]
    Source(#[source] io::Error),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Name(#[from] NameSyntax),
    #[error(transparent)]
    Switch(#[from] SwitchError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes an artifact's bytes and puts them into the store, invisible until [`register`] refers to them.
pub struct Stager<'a> {
    store: &'a mut Store,
    author: &'a Author,
    kind: ArtifactKind,
    owner: Owner,
    hasher: Hasher,
    size_bytes: u64,
    chunks_count: u64,
    piece: Vec<u8>,
    pieces: Vec<Vec<u8>>,
    /// The unfinished artifact, once there was more than one transaction's worth.
    pending: Option<i64>,
    failure: Option<StoreError>,
}

/// Bytes that wait for a version to refer to them.
#[derive(Debug)]
pub struct Staged {
    pub kind: ArtifactKind,
    pub content: Content,
    /// What no transaction has written yet.
    pieces: Vec<Vec<u8>>,
    pending: Option<i64>,
}

impl<'a> Stager<'a> {
    #[must_use]
    pub fn new(store: &'a mut Store, author: &'a Author, kind: ArtifactKind) -> Self {
        Self {
            store,
            author,
            kind,
            owner: Owner::present(),
            hasher: Hasher::new(),
            size_bytes: 0,
            chunks_count: 0,
            piece: Vec::new(),
            pieces: Vec::new(),
            pending: None,
            failure: None,
        }
    }

    /// Reads all of `fill`'s bytes. On failure nothing stays in the store.
    ///
    /// # Errors
    /// `fill` fails, the run is asked to stop, or the store can't be written.
    pub fn stage(
        mut self,
        fill: impl FnOnce(&mut dyn Write) -> Result<(), RegisterError>,
    ) -> Result<Staged, RegisterError> {
        match fill(&mut self).and_then(|()| self.cut().map_err(RegisterError::Store)) {
            Ok(()) if self.size_bytes == 0 => Err(RegisterError::Empty),
            Ok(()) => Ok(Staged {
                kind: self.kind,
                content: Content {
                    blake3: self.hasher.hash(),
                    size_bytes: self.size_bytes,
                    chunks_count: self.chunks_count,
                },
                pieces: self.pieces,
                pending: self.pending,
            }),
            Err(error) => {
                let error = self.failure.take().map_or(error, RegisterError::Store);
                // What fails now is not what anybody has to know; the next writer reaps what stays.
                let _ = discard(self.store, self.author, self.pending);
                Err(error)
            }
        }
    }

    /// Ends the piece that is being filled.
    fn cut(&mut self) -> Result<(), StoreError> {
        if self.piece.is_empty() {
            return Ok(());
        }
        self.pieces.push(std::mem::take(&mut self.piece));
        self.chunks_count += 1;
        if self.pieces.len() > PIECES_A_TRANSACTION {
            self.write_out()?;
        }
        Ok(())
    }

    fn write_out(&mut self) -> Result<(), StoreError> {
        let pieces = std::mem::take(&mut self.pieces);
        let first = self.chunks_count - pieces.len() as u64;
        let (kind, owner, pending, at) = (self.kind, &self.owner, self.pending, self.author.at);
        let artifact = self.store.change(self.author, |tx| {
            let artifact = match pending {
                Some(artifact) => artifact,
                None => artifacts::begin(tx, kind, owner, at)?,
            };
            append(tx, artifact, first, &pieces)?;
            Ok::<_, StoreError>(Change::staged(artifact))
        })?;
        self.pending = Some(artifact);
        Ok(())
    }
}

fn append(tx: &Tx<'_>, artifact: i64, first: u64, pieces: &[Vec<u8>]) -> Result<(), StoreError> {
    for (sequence, piece) in (first..).zip(pieces) {
        artifacts::append_chunk(tx, artifact, sequence, piece)?;
    }
    Ok(())
}

fn discard(store: &mut Store, author: &Author, pending: Option<i64>) -> Result<(), StoreError> {
    let Some(artifact) = pending else {
        return Ok(());
    };
    store.change(author, |tx| {
        artifacts::discard(tx, artifact)?;
        Ok(Change::staged(()))
    })
}

impl Write for Stager<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = CHUNK_BYTES - self.piece.len();
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.piece.extend_from_slice(taken);
        self.hasher.update(taken);
        self.size_bytes += taken.len() as u64;
        if self.piece.len() == CHUNK_BYTES
            && let Err(error) = self.cut()
        {
            let told = io::Error::other(error.to_string());
            self.failure = Some(error);
            return Err(told);
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is to be registered.
#[derive(Debug)]
pub struct Registration<'a> {
    pub model: &'a Model,
    /// A name that was given; else the second of the registration names it.
    pub name: Option<&'a VersionName>,
    pub file_name: &'a str,
    pub metadata: &'a Metadata,
    /// The hash of the reference sample's file, where there is one: it is part of the version's identity.
    pub reference_blake3: Option<Hash>,
    /// The alias that the version takes, and who held it when that was agreed to.
    pub alias: Option<(&'a AliasName, Option<VersionId>)>,
}

/// What was registered.
#[derive(Debug)]
pub struct Registered {
    pub version: Version,
    /// False: the model had this version already.
    pub created: bool,
    /// What its pieces take, each counted once.
    pub stored_bytes: u64,
    pub operation: Option<OperationId>,
    /// The change of the alias, where one was wanted.
    pub switched: Option<(Plan, Option<OperationId>)>,
}

/// Makes staged bytes a version, in one transaction; with `alias` the version takes it in the same one.
///
/// `add_reference` writes the reference sample of a new version.
///
/// # Errors
/// The given name belongs to another version, the alias can't be taken, or the store can't be written.
pub fn register(
    store: &mut Store,
    author: &Author,
    staged: &Staged,
    registration: &Registration<'_>,
    add_reference: impl FnOnce(&Tx<'_>, VersionId) -> Result<(), StoreError>,
) -> Result<Registered, RegisterError> {
    let registered = store.change(author, |tx| {
        artifacts::reap(tx)?;
        in_transaction(tx, author, staged, registration, add_reference)
    });
    if registered.is_err() {
        // The first error is the one to tell; the next writer reaps what stays.
        let _ = discard(store, author, staged.pending);
    }
    registered
}

fn in_transaction(
    tx: &Tx<'_>,
    author: &Author,
    staged: &Staged,
    registration: &Registration<'_>,
    add_reference: impl FnOnce(&Tx<'_>, VersionId) -> Result<(), StoreError>,
) -> Result<Change<Registered>, RegisterError> {
    let model = registration.model;
    let metadata_blake3 = identity(registration.metadata, registration.reference_blake3);
    let known = artifacts::find(tx, staged.content.blake3, staged.kind)?;
    let same = match known {
        Some(artifact) => versions::find_same(tx, model.id, artifact, metadata_blake3)?,
        None => None,
    };
    if let Some(name) = registration.name
        && let Some(holder) = versions::find(tx, model.id, name.as_str())?
        && same.as_ref().is_none_or(|same| same.id != holder.id)
    {
        return Err(RegisterError::NameTaken {
            name: name.clone(),
            model: model.name.to_string(),
        });
    }
    let mut operations = Vec::new();
    let first = tx.next_operation()?;
    let (id, created) = match &same {
        Some(version) => {
            if let Some(pending) = staged.pending {
                artifacts::discard(tx, pending)?;
            }
            (version.id, false)
        }
        None => {
            let artifact = stored(tx, author, staged, known)?;
            let name = match registration.name {
                Some(name) => name.clone(),
                None => free_name(tx, model.id, author)?,
            };
            let new = NewVersion {
                model: model.id,
                name: &name,
                artifact,
                file_name: registration.file_name,
                metadata: registration.metadata,
                metadata_blake3,
                registered_at: author.at,
            };
            let id = versions::insert(tx, &new)?;
            add_reference(tx, id)?;
            operations.push(NewOperation {
                version: Some(id),
                detail: serde_json::json!({
                    "version": name.as_str(),
                    "artifact_blake3": staged.content.blake3.to_string(),
                    "metadata_blake3": metadata_blake3.to_string(),
                    "size_bytes": staged.content.size_bytes,
                })
                .to_string(),
                ..NewOperation::recording(OperationKind::Register, model.id)
            });
            (id, true)
        }
    };
    let switched = match registration.alias {
        None => None,
        Some((alias, agreed)) => {
            let next = OperationId(first.0 + i64::from(created));
            let (plan, operation) = take_alias(tx, author, model, id, (alias, agreed), next)?;
            let switched = operation.as_ref().map(|_| next);
            operations.extend(operation);
            Some((plan, switched))
        }
    };
    let version = versions::get(tx, id)?;
    let registered = Registered {
        stored_bytes: artifacts::stored_bytes(tx, version.artifact)?,
        version,
        created,
        operation: created.then_some(first),
        switched,
    };
    Ok(if !operations.is_empty() {
        Change::recorded_all(registered, operations)
    } else if staged.pending.is_some() {
        Change::staged(registered)
    } else {
        Change::nothing(registered)
    })
}

/// The version that these bytes and this metadata are already, if the model has it.
///
/// # Errors
/// The store can't be read.
pub fn known(
    tx: &Tx<'_>,
    staged: &Staged,
    registration: &Registration<'_>,
) -> Result<Option<VersionId>, StoreError> {
    let metadata_blake3 = identity(registration.metadata, registration.reference_blake3);
    let Some(artifact) = artifacts::find(tx, staged.content.blake3, staged.kind)? else {
        return Ok(None);
    };
    let same = versions::find_same(tx, registration.model.id, artifact, metadata_blake3)?;
    Ok(same.map(|version| version.id))
}

/// Lets staged bytes go.
///
/// # Errors
/// The store can't be written.
pub fn forget(store: &mut Store, author: &Author, staged: &Staged) -> Result<(), StoreError> {
    discard(store, author, staged.pending)
}

/// The staged bytes as a ready artifact.
fn stored(
    tx: &Tx<'_>,
    author: &Author,
    staged: &Staged,
    known: Option<i64>,
) -> Result<i64, StoreError> {
    let artifact = match (known, staged.pending) {
        (Some(known), None) => return Ok(known),
        (_, Some(pending)) => pending,
        (None, None) => artifacts::begin(tx, staged.kind, &Owner::present(), author.at)?,
    };
    let first = staged.content.chunks_count - staged.pieces.len() as u64;
    append(tx, artifact, first, &staged.pieces)?;
    artifacts::finish(tx, artifact, staged.kind, staged.content)
}

/// That a version takes an alias.
#[must_use]
pub fn wish(alias: &AliasName, version: VersionId) -> Wish {
    if alias.is_production() {
        Wish::Promote {
            version,
            since: None,
        }
    } else {
        Wish::SetAlias(version)
    }
}

fn take_alias(
    tx: &Tx<'_>,
    author: &Author,
    model: &Model,
    version: VersionId,
    (alias, agreed): (&AliasName, Option<VersionId>),
    operation: OperationId,
) -> Result<(Plan, Option<NewOperation>), SwitchError> {
    let plan = switching::plan(tx, model, alias, &wish(alias, version), author.at)?;
    if !plan.changes {
        return Ok((plan, None));
    }
    if plan.from.as_ref().map(|from| from.version.id) != agreed {
        return Err(SwitchError::ChangedMeanwhile {
            alias: alias.clone(),
        });
    }
    let change = plan.apply(tx, operation, None, "{}".to_owned())?;
    Ok((plan, Some(change)))
}

/// The second of the registration, with `_2`, `_3` behind it where that is taken.
fn free_name(tx: &Tx<'_>, model: i64, author: &Author) -> Result<VersionName, RegisterError> {
    let base = author.at.version_name();
    let mut name = base.clone();
    let mut number = 2_u64;
    while versions::find(tx, model, &name)?.is_some() {
        name = format!("{base}_{number}");
        number += 1;
    }
    Ok(name.parse()?)
}

/// What makes two registrations of the same bytes the same version.
fn identity(metadata: &Metadata, reference: Option<Hash>) -> Hash {
    let metrics: Vec<_> = metadata
        .metrics
        .iter()
        .map(|(name, value)| (name, value.to_bits()))
        .collect();
    let text = serde_json::json!([
        metrics,
        metadata.params,
        metadata.tags,
        metadata.note,
        reference.map(|hash| hash.to_string()),
    ])
    .to_string();
    hash_bytes(text.as_bytes())
}

#[cfg(test)]
mod tests;
