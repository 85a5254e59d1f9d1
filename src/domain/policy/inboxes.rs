//! Which inboxes can't be meant: no folder of their own, or one that two models would share.

use std::path::{Component, Path};

use super::rules::{Broken, one};
use super::{Policy, key_part};

/// The key of a folder that services drop files into.
const KEY: &str = "ingest.inbox";

/// What is wrong with an inbox as it is written.
pub(super) fn broken(inbox: &str) -> Option<Broken> {
    if inbox.trim().is_empty() || inbox.contains('\0') {
        return Some(one(KEY, "names no folder"));
    }
    if inbox.starts_with('~') {
        let why = "~ is not replaced by a home folder here; write the path in full";
        return Some(one(KEY, format!("is {inbox:?}: {why}")));
    }
    let steps = steps(inbox);
    if steps.iter().all(|step| *step == "..") {
        let why = "every file of the project's own folder would be taken for data";
        return Some(one(
            KEY,
            format!("is {inbox:?}: {why}; name a folder below it"),
        ));
    }
    None
}

impl Policy {
    /// The models whose inboxes overlap: whose is a file that lies there?
    pub(super) fn shared_inboxes(&self) -> Vec<Broken> {
        let own: Vec<_> = self
            .models
            .iter()
            .filter_map(|(name, written)| Some((name, written.ingest.inbox.as_deref()?)))
            .collect();
        let key = |name: &str| format!("models.{}.{KEY}", key_part(name));
        let mut found = Vec::new();
        for (index, (name, inbox)) in own.iter().enumerate() {
            let twin = own[..index].iter().find(|(_, other)| overlap(other, inbox));
            if let Some((twin, _)) = twin {
                found.push(Broken {
                    key: key(name.as_str()),
                    other: Some(key(twin.as_str())),
                    message: format!(
                        "lies in the inbox of {twin}, or that one in it: each model needs a folder of its own"
                    ),
                });
            }
        }
        found
    }
}

/// Whether two folders are the same or one lies in the other, by their names alone.
fn overlap(one: &str, other: &str) -> bool {
    let (one, other) = (steps(one), steps(other));
    one.starts_with(&other) || other.starts_with(&one)
}

/// The steps to a folder, without those that lead nowhere.
fn steps(path: &str) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    for part in Path::new(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if steps.last().is_some_and(|last| last != "..") => {
                steps.pop();
            }
            part => steps.push(part.as_os_str().to_string_lossy().into_owned()),
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::{IngestRules, Overrides};

    #[test]
    fn an_inbox_is_a_folder_below_or_beside_the_project_and_never_the_project_itself() {
        for bad in ["", " ", "a\0b", "~/in", ".", "./", "in/..", "..", "../.."] {
            assert!(broken(bad).is_some(), "{bad:?}");
        }
        for good in ["inbox", "inbox/", "./in/box", "../in", "/srv/in"] {
            assert_eq!(broken(good), None, "{good:?}");
        }
    }

    #[test]
    fn two_models_have_two_folders_and_neither_lies_in_the_other() {
        for (one, other, is_shared) in [
            ("inbox", "inbox/", true),
            ("in", "./x/../in", true),
            ("in", "in/done", true),
            ("in/b", "in", true),
            ("in/a", "in/b", false),
            ("in", "inbox", false),
            ("/in", "in", false),
        ] {
            let mut policy = Policy::default();
            for (name, inbox) in [("a", one), ("b", other)] {
                let inbox = Some(inbox.to_owned());
                let written = Overrides {
                    ingest: IngestRules { inbox },
                    ..Overrides::default()
                };
                policy.models.insert(name.parse().unwrap(), written);
            }
            let found = policy.violations();
            assert_eq!(!found.is_empty(), is_shared, "{one} and {other}: {found:?}");
        }
    }
}
