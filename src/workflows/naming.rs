//! Which model and which version a person means.

use crate::domain::names::{ModelName, NameSyntax, Reference, ReferenceTarget};
use crate::domain::nearest::{edits, nearest};
use crate::store::models::{self, Model};
use crate::store::versions::{self, Version};
use crate::store::{StoreError, Tx, aliases};

/// How many names an error lists.
const LISTED: usize = 5;

/// A name means nothing here, or too much.
#[derive(Debug, thiserror::Error)]
pub enum NamingError {
    #[error("there is no model {name}")]
    NoModel { name: ModelName, have: Vec<String> },
    #[error("the store has several models and none is named")]
    SeveralModels { have: Vec<String> },
    #[error("the store has no model")]
    NoModels,
    #[error("{reference} names model {named}, but the model is {chosen}")]
    OtherModel {
        reference: String,
        named: ModelName,
        chosen: ModelName,
    },
    #[error("version {given} is not in model {model}")]
    NoVersion {
        given: String,
        model: ModelName,
        near: Vec<String>,
    },
    #[error("{total} versions of model {model} begin with {given}")]
    Ambiguous {
        given: String,
        model: ModelName,
        near: Vec<String>,
        total: u64,
    },
    #[error("model {0} has no version yet")]
    NoVersions(ModelName),
    #[error("no version of model {model} holds @{alias}")]
    NobodyHolds { model: ModelName, alias: String },
    #[error("nothing lies {below} below @{alias} of model {model}")]
    NothingBelow {
        model: ModelName,
        alias: String,
        below: usize,
        entries: usize,
    },
    #[error(transparent)]
    Syntax(#[from] NameSyntax),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The model that is meant: the one that is named, else the only one.
///
/// # Errors
/// It does not exist, or there are several and none is named.
pub fn model(tx: &Tx<'_>, named: Option<&ModelName>) -> Result<Model, NamingError> {
    let names = |models: &[Model]| models.iter().map(|model| model.name.to_string()).collect();
    if let Some(name) = named {
        return match models::find(tx, name)? {
            Some(model) => Ok(model),
            None => Err(NamingError::NoModel {
                name: name.clone(),
                have: names(&models::list(tx)?),
            }),
        };
    }
    let mut models = models::list(tx)?;
    match models.len() {
        0 => Err(NamingError::NoModels),
        1 => Ok(models.remove(0)),
        _ => Err(NamingError::SeveralModels {
            have: names(&models),
        }),
    }
}

/// The version of `model` that a reference means.
///
/// # Errors
/// It names another model, nothing, or more than one version.
pub fn version(tx: &Tx<'_>, model: &Model, reference: &Reference) -> Result<Version, NamingError> {
    if let Some(named) = &reference.model
        && !named.as_str().eq_ignore_ascii_case(model.name.as_str())
    {
        return Err(NamingError::OtherModel {
            reference: reference.to_string(),
            named: named.clone(),
            chosen: model.name.clone(),
        });
    }
    match &reference.target {
        ReferenceTarget::Latest => versions::latest(tx, model.id)?
            .ok_or_else(|| NamingError::NoVersions(model.name.clone())),
        ReferenceTarget::Version(text) => by_text(tx, model, text),
        ReferenceTarget::Alias { alias, below } => {
            let holders = aliases::holders(tx, model.id, alias)?;
            if holders.holder().is_none() {
                return Err(NamingError::NobodyHolds {
                    model: model.name.clone(),
                    alias: alias.to_string(),
                });
            }
            let id = holders
                .below(*below)
                .ok_or_else(|| NamingError::NothingBelow {
                    model: model.name.clone(),
                    alias: alias.to_string(),
                    below: *below,
                    entries: holders.entries().len(),
                })?;
            Ok(versions::get(tx, id)?)
        }
    }
}

fn by_text(tx: &Tx<'_>, model: &Model, text: &str) -> Result<Version, NamingError> {
    if let Some(version) = versions::find(tx, model.id, text)? {
        return Ok(version);
    }
    let (near, total) = versions::names_with_prefix(tx, model.id, text, LISTED)?;
    if let ([only], 1) = (near.as_slice(), total) {
        return versions::find(tx, model.id, only)?
            .ok_or_else(|| NamingError::NoVersions(model.name.clone()));
    }
    let given = text.to_owned();
    let model_name = model.name.clone();
    if total > 1 {
        return Err(NamingError::Ambiguous {
            given,
            model: model_name,
            near,
            total,
        });
    }
    let (all, _) = versions::names_with_prefix(tx, model.id, "", 1_000)?;
    let near = nearest(all, |name| edits(text, name));
    Err(NamingError::NoVersion {
        given,
        model: model_name,
        near,
    })
}

#[cfg(test)]
mod tests;
