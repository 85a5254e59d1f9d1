//! Where each model's inbox lies, and which of them can't be meant: a shared one, or one that holds the project.

use std::path::{Path, PathBuf};

use crate::domain::names::ModelName;
use crate::domain::policy::{Carrier, ModelPolicy, SecretSource};
use crate::files::FileError;
use crate::files::inbox;
use crate::policy::discover::Discovered;
use crate::policy::secrets;
use crate::policy::trust::followed;
use crate::store::models::Model;

/// The folder of a model's inbox, if the policy names one.
#[must_use]
pub fn inbox_of(found: &Discovered, policy: &ModelPolicy) -> Option<PathBuf> {
    let inbox = policy.ingest.inbox.as_deref()?;
    // Without the slash at its end, and without `./`.
    Some(found.folder().join(inbox).components().collect())
}

/// An inbox that can't be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misplaced {
    #[error("the models {one} and {other} share the inbox {}", .folder.display())]
    Shared {
        one: ModelName,
        other: ModelName,
        folder: PathBuf,
    },
    #[error("the inbox {} holds {}, which would be taken for data", .folder.display(), .what.display())]
    HoldsProject { folder: PathBuf, what: PathBuf },
}

/// The first inbox of these models that can't be meant; links are followed. `log` is the tool's own log, if it is
/// written.
#[must_use]
pub fn misplaced(found: &Discovered, models: &[Model], log: Option<&Path>) -> Option<Misplaced> {
    let own = own_files(found, log);
    let inboxes: Vec<_> = models
        .iter()
        .filter_map(|model| {
            let folder = inbox_of(found, &found.policy.for_model(&model.name))?;
            Some((&model.name, followed(&folder), folder))
        })
        .collect();
    for (index, (name, real, folder)) in inboxes.iter().enumerate() {
        if let Some(what) = own.iter().find(|own| holds(real, own)) {
            return Some(Misplaced::HoldsProject {
                folder: folder.clone(),
                what: what.clone(),
            });
        }
        let twin = inboxes[..index]
            .iter()
            .find(|(_, other, _)| real.starts_with(other) || other.starts_with(real));
        if let Some((twin, ..)) = twin {
            return Some(Misplaced::Shared {
                one: (*twin).clone(),
                other: (*name).clone(),
                folder: folder.clone(),
            });
        }
    }
    None
}

/// What modelguard itself reads and writes: a file channel in an inbox would feed that with what it tells.
fn own_files(found: &Discovered, log: Option<&Path>) -> Vec<PathBuf> {
    let mut own: Vec<_> = found.policy_path.iter().cloned().collect();
    own.push(found.store_path.clone());
    own.extend(log.map(Path::to_path_buf));
    for channel in &found.policy.channels {
        let mut named: Vec<&str> = secrets::sources(channel)
            .into_iter()
            .filter_map(|(_, source)| match source {
                SecretSource::File(path) => Some(path.as_str()),
                SecretSource::Variable(_) => None,
            })
            .collect();
        if let Carrier::File { path } = &channel.carrier {
            named.push(path);
        }
        own.extend(named.into_iter().map(|path| found.folder().join(path)));
    }
    own
}

fn holds(folder: &Path, path: &Path) -> bool {
    followed(path).starts_with(folder)
}

/// An inbox, looked at from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    pub folder: PathBuf,
    pub waiting_count: usize,
    pub rejected_count: usize,
}

/// Counts what waits and what was refused, and changes nothing.
///
/// # Errors
/// There is no such folder, or it can't be read.
pub fn outlook(folder: &Path) -> Result<Outlook, FileError> {
    let listing = inbox::look(folder)?;
    Ok(Outlook {
        folder: folder.to_owned(),
        waiting_count: listing.waiting.len() + listing.claimed_count,
        rejected_count: inbox::rejected_count(folder)?,
    })
}
