//! Finds the policy and the store that a command means, and says who named them.

use std::fmt;
use std::path::{Path, PathBuf};

use super::diagnose::PolicyError;
use super::document::Document;
use super::environment::{BadVariable, Environment};
use super::{folders, load};
use crate::domain::names::ModelName;
use crate::domain::policy::Policy;
use crate::domain::time::Length;
use crate::files;
use crate::files::read::PathKind;

/// The policy's file name.
pub const POLICY_FILE: &str = "modelguard.toml";

/// Who set a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    Default,
    Policy,
    Flag,
    Environment,
}

impl Origin {
    /// The word for it in tables and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Policy => "policy",
            Self::Flag => "flag",
            Self::Environment => "environment",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// What the command line says. Relative paths begin at `directory`, as if the command had been started there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// `-C`; empty is the current folder.
    pub directory: PathBuf,
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--db`
    pub db: Option<PathBuf>,
    /// `-m`
    pub model: Option<ModelName>,
    /// `--lock-timeout`
    pub lock_timeout: Option<Length>,
}

/// What a command works with.
#[derive(Clone, Debug, PartialEq)]
pub struct Discovered {
    /// `-C` without links, absolute.
    pub directory: PathBuf,
    /// The policy file, absolute; `None`: there is none and the defaults hold.
    pub policy_path: Option<PathBuf>,
    /// Whether the policy was named (`--config`, `MODELGUARD_CONFIG`) and not found by looking for it.
    pub explicit: bool,
    pub policy: Policy,
    /// The policy's text.
    pub source_text: Option<String>,
    /// The store, absolute; it may not exist.
    pub store_path: PathBuf,
    pub store_origin: Origin,
    /// The model that `-m`, `MODELGUARD_MODEL` or `default_model` names.
    pub model: Option<ModelName>,
    pub model_origin: Origin,
    pub lock_timeout: Length,
    pub lock_timeout_origin: Origin,
}

impl Discovered {
    /// The project's folder: that of the policy, else where the command runs.
    #[must_use]
    pub fn folder(&self) -> &Path {
        let beside = self.policy_path.as_deref().and_then(Path::parent);
        beside.unwrap_or(&self.directory)
    }
}

/// Why there is nothing to work with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiscoverError {
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error(transparent)]
    Variable(#[from] BadVariable),
    #[error("there is no folder {0}")]
    NoFolder(PathBuf),
}

/// A policy file, not yet read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub path: PathBuf,
    /// Whether it was named and not found by looking for it.
    pub explicit: bool,
}

/// Finds and reads the policy, and decides where the store is. Whether the store exists is not looked at.
///
/// # Errors
/// `-C` is no folder, the policy is named and missing, or can't be read, or is refused; a variable holds nonsense.
pub fn discover(given: &Given, environment: &Environment) -> Result<Discovered, DiscoverError> {
    let directory = start(given)?;
    let found = find(given, environment)?;
    let (policy, source_text) = match &found {
        Some(found) => load::read(&found.path).map(|(policy, text)| (policy, Some(text)))?,
        None => (Policy::default(), None),
    };
    let explicit = found.as_ref().is_some_and(|found| found.explicit);
    let policy_path = found.map(|found| found.path);

    let document = source_text.as_deref().zip(policy_path.as_deref());
    let document = document.map(|(text, path)| Document::of(text, path));
    let written = |key| match &document {
        Some(document) if document.written(None, key).is_some() => Origin::Policy,
        _ => Origin::Default,
    };
    let (store_path, store_origin) = match (&given.db, &environment.db) {
        (Some(path), _) => (directory.join(path), Origin::Flag),
        (None, Some(path)) => (directory.join(path), Origin::Environment),
        (None, None) => {
            let beside = policy_path.as_deref().and_then(Path::parent);
            let path = beside.unwrap_or(&directory).join(&policy.store.path);
            (path, written("store.path"))
        }
    };
    let (model, model_origin) = match &given.model {
        Some(model) => (Some(model.clone()), Origin::Flag),
        None => match environment.model()? {
            Some(model) => (Some(model), Origin::Environment),
            None => (policy.default_model.clone(), written("default_model")),
        },
    };
    let (lock_timeout, lock_timeout_origin) = match given.lock_timeout {
        Some(length) => (length, Origin::Flag),
        None => match environment.lock_timeout()? {
            Some(length) => (length, Origin::Environment),
            None => (policy.store.lock_timeout, written("store.lock_timeout")),
        },
    };
    drop(document);
    Ok(Discovered {
        directory,
        policy_path,
        explicit,
        policy,
        source_text,
        store_path,
        store_origin,
        model,
        model_origin,
        lock_timeout,
        lock_timeout_origin,
    })
}

/// Finds the policy file: `--config`, else `MODELGUARD_CONFIG`, else the nearest [`POLICY_FILE`] from `-C` upwards.
/// A file that was named is not looked for: reading it says if it is missing.
///
/// # Errors
/// `-C` is no folder.
pub fn find(given: &Given, environment: &Environment) -> Result<Option<Found>, DiscoverError> {
    let directory = start(given)?;
    if let Some(path) = given.config.as_ref().or(environment.config.as_ref()) {
        let path = directory.join(path);
        return Ok(Some(Found {
            path,
            explicit: true,
        }));
    }
    let home = folders::home(environment).and_then(|home| files::read::canonical(&home).ok());
    let path = nearest(&directory, home.as_deref());
    Ok(path.map(|path| Found {
        path,
        explicit: false,
    }))
}

fn start(given: &Given) -> Result<PathBuf, DiscoverError> {
    let named = if given.directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        &given.directory
    };
    files::read::canonical(named)
        .ok()
        .filter(|folder| matches!(files::read::kind_of(folder), Ok(PathKind::Directory)))
        .ok_or_else(|| DiscoverError::NoFolder(named.to_owned()))
}

/// The nearest policy from `start` upwards. The search ends
/// - at a repository's root (a folder with `.git`), which is still looked at;
/// - before the home folder: a policy there is for commands that run in the home folder itself, not for all below;
/// - at the border of a file system.
///
/// A link that leads nowhere counts as found, so that a broken policy is an error and not the defaults.
fn nearest(start: &Path, home: Option<&Path>) -> Option<PathBuf> {
    let device = files::look::device(start);
    for folder in start.ancestors() {
        if folder != start && (Some(folder) == home || files::look::device(folder) != device) {
            return None;
        }
        let candidate = folder.join(POLICY_FILE);
        if files::look::exists(&candidate) {
            return Some(candidate);
        }
        if Some(folder) == home || files::look::exists(&folder.join(".git")) {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn folder(names: &[&str]) -> (TempDir, PathBuf) {
        let temporary = tempfile::tempdir().unwrap();
        let root = files::read::canonical(temporary.path()).unwrap();
        for name in names {
            let path = root.join(name);
            if name.ends_with('/') {
                files::write::create_directory_all(&path).unwrap();
            } else {
                files::write::create_directory_all(path.parent().unwrap()).unwrap();
                files::write::replace(&path, b"").unwrap();
            }
        }
        (temporary, root)
    }

    fn environment(root: &Path) -> Environment {
        Environment {
            home: Some(root.join("home")),
            ..Environment::default()
        }
    }

    fn found(root: &Path, start: &str) -> Option<PathBuf> {
        let given = Given {
            directory: root.join(start),
            ..Given::default()
        };
        let found = find(&given, &environment(root)).unwrap()?;
        assert!(!found.explicit);
        Some(found.path.strip_prefix(root).unwrap().to_owned())
    }

    #[test]
    fn the_nearest_policy_upwards_is_found() {
        let (_keep, root) = folder(&[
            "a/modelguard.toml",
            "a/b/c/",
            "a/d/modelguard.toml",
            "home/",
            ".git/",
        ]);
        for (start, expected) in [
            ("a", Some("a/modelguard.toml")),
            ("a/b/c", Some("a/modelguard.toml")),
            ("a/d", Some("a/d/modelguard.toml")),
            ("home", None),
        ] {
            assert_eq!(found(&root, start), expected.map(PathBuf::from), "{start}");
        }
    }

    #[test]
    fn the_search_ends_at_a_repository_and_before_the_home_folder() {
        let (_keep, root) = folder(&[
            "modelguard.toml",
            "repository/.git",
            "repository/in/",
            "own/.git/",
            "own/modelguard.toml",
            "own/in/",
            "home/modelguard.toml",
            "home/project/",
            "free/",
        ]);
        for (start, expected) in [
            ("free", Some("modelguard.toml")),
            ("repository/in", None),
            ("own/in", Some("own/modelguard.toml")),
            ("home/project", None),
            ("home", Some("home/modelguard.toml")),
        ] {
            assert_eq!(found(&root, start), expected.map(PathBuf::from), "{start}");
        }
    }

    #[test]
    fn a_link_that_leads_nowhere_is_an_error_and_not_the_defaults() {
        #[cfg(unix)]
        {
            let (_keep, root) = folder(&["home/", ".git/", "a/"]);
            std::os::unix::fs::symlink(root.join("gone"), root.join("a/modelguard.toml")).unwrap();
            let given = Given {
                directory: root.join("a"),
                ..Given::default()
            };
            let error = discover(&given, &environment(&root)).unwrap_err();
            assert!(
                error.to_string().starts_with("there is no policy "),
                "{error}"
            );
        }
    }

    #[test]
    fn flag_beats_environment_beats_policy_beats_default() {
        let (_keep, root) = folder(&["home/", ".git/", "p/q/"]);
        let directory = root.join("p/q");
        let mut given = Given {
            directory: directory.clone(),
            ..Given::default()
        };
        let mut environment = environment(&root);
        let plain = discover(&given, &environment).unwrap();
        assert_eq!(plain.policy_path, None);
        assert_eq!(
            (plain.store_path, plain.store_origin),
            (directory.join("modelguard.db"), Origin::Default)
        );

        let text = "default_model = \"a\"\n[store]\npath = \"x.db\"\nlock_timeout = \"9s\"\n";
        files::write::replace(&root.join("p/modelguard.toml"), text.as_bytes()).unwrap();
        let policy = discover(&given, &environment).unwrap();
        assert_eq!(policy.folder(), root.join("p"));
        assert_eq!(
            (policy.store_path, policy.store_origin),
            (root.join("p/x.db"), Origin::Policy)
        );
        assert_eq!(
            (policy.lock_timeout.seconds(), policy.lock_timeout_origin),
            (9, Origin::Policy)
        );
        assert_eq!(
            (policy.model.unwrap().as_str(), policy.model_origin),
            ("a", Origin::Policy)
        );

        environment.db = Some(PathBuf::from("e.db"));
        environment.model = Some("b".to_owned());
        environment.lock_timeout = Some("8s".to_owned());
        let from_environment = discover(&given, &environment).unwrap();
        assert_eq!(from_environment.store_path, directory.join("e.db"));
        assert_eq!(from_environment.store_origin, Origin::Environment);
        assert_eq!(from_environment.model.unwrap().as_str(), "b");
        assert_eq!(from_environment.lock_timeout.seconds(), 8);

        environment.lock_timeout = Some("soon".to_owned());
        assert!(matches!(
            discover(&given, &environment),
            Err(DiscoverError::Variable(_))
        ));

        given.db = Some(PathBuf::from("/f.db"));
        given.model = Some("c".parse().unwrap());
        given.lock_timeout = Some(Length::from_seconds(7));
        let from_flags = discover(&given, &environment).unwrap();
        assert_eq!(
            (from_flags.store_path, from_flags.store_origin),
            (PathBuf::from("/f.db"), Origin::Flag)
        );
        assert_eq!(
            (from_flags.model.unwrap().as_str(), from_flags.model_origin),
            ("c", Origin::Flag)
        );
        assert_eq!(
            (
                from_flags.lock_timeout.seconds(),
                from_flags.lock_timeout_origin
            ),
            (7, Origin::Flag)
        );
    }

    #[test]
    fn a_named_policy_is_explicit_and_its_store_lies_beside_it() {
        let (_keep, root) = folder(&["home/", ".git/", "p/one.toml", "q/two.toml", "here/"]);
        let mut given = Given {
            directory: root.join("here"),
            ..Given::default()
        };
        let mut environment = environment(&root);
        environment.config = Some(PathBuf::from("../p/one.toml"));
        let named = discover(&given, &environment).unwrap();
        assert!(named.explicit);
        assert_eq!(named.store_path, root.join("here/../p/modelguard.db"));
        given.config = Some(root.join("q/two.toml"));
        assert_eq!(
            discover(&given, &environment).unwrap().folder(),
            root.join("q")
        );
        given.config = Some(root.join("q/three.toml"));
        assert!(matches!(
            discover(&given, &environment),
            Err(DiscoverError::Policy(_))
        ));
        given.directory = root.join("nowhere");
        assert!(matches!(
            discover(&given, &environment),
            Err(DiscoverError::NoFolder(_))
        ));
    }
}
