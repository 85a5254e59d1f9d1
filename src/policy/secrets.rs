//! Reads a secret from where the policy says that it is kept, at the moment of use. It is shown nowhere.

use std::path::Path;

use super::environment::Environment;
use crate::domain::policy::{Carrier, Channel, Mailer, SecretSource};
use crate::files::{self, read};

/// A secret is one line.
const LIMIT_BYTES: u64 = 64 << 10;

/// Why a secret can't be had; names its source and never what is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("the secret's file {0}")]
    File(String),
    #[error("the secret's file {0} begins with an empty line")]
    EmptyFile(String),
    #[error("the secret's variable {0} is not set")]
    Variable(String),
}

/// The secret; `folder` is where relative paths begin.
///
/// # Errors
/// The file can't be read or has no first line; the variable is not set.
pub fn read(source: &SecretSource, folder: &Path) -> Result<String, SecretError> {
    match source {
        SecretSource::Variable(name) => {
            Environment::variable(name).ok_or_else(|| SecretError::Variable(name.clone()))
        }
        SecretSource::File(path) => {
            let place = folder.join(path);
            let text = read::text(&place, LIMIT_BYTES)
                .map_err(|error| SecretError::File(error.to_string()))?;
            match text.lines().next().map(str::trim) {
                Some(line) if !line.is_empty() => Ok(line.to_owned()),
                _ => Err(SecretError::EmptyFile(place.display().to_string())),
            }
        }
    }
}

/// Every secret that a channel names, by what it is for.
#[must_use]
pub fn sources(channel: &Channel) -> Vec<(&'static str, &SecretSource)> {
    let named: [(&'static str, Option<&SecretSource>); 2] = match &channel.carrier {
        Carrier::Webhook { url, token, .. } => [("url", Some(url)), ("token", token.as_ref())],
        Carrier::Slack { url, .. } => [("url", Some(url)), ("token", None)],
        Carrier::Email {
            mailer: Mailer::Smtp { password, .. },
            ..
        } => [("password", password.as_ref()), ("token", None)],
        Carrier::Email { .. } | Carrier::Command { .. } | Carrier::File { .. } => {
            [("url", None), ("token", None)]
        }
    };
    let named = named.into_iter();
    named
        .filter_map(|(what, source)| Some((what, source?)))
        .collect()
}

/// Whether others than its user may read the secret's file.
#[must_use]
pub fn is_open_to_others(source: &SecretSource, folder: &Path) -> bool {
    match source {
        SecretSource::File(path) => files::look::is_open_to_others(&folder.join(path)),
        SecretSource::Variable(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_file_is_the_secret_without_what_surrounds_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| SecretSource::File(name.to_owned());
        files::write::replace(&folder.path().join("a"), b"  s3cret \nrest\n").unwrap();
        files::write::replace(&folder.path().join("b"), b"\nrest\n").unwrap();
        assert_eq!(read(&file("a"), folder.path()).unwrap(), "s3cret");
        let empty = read(&file("b"), folder.path()).unwrap_err();
        assert!(matches!(empty, SecretError::EmptyFile(_)));
        let absent = read(&file("c"), folder.path()).unwrap_err().to_string();
        assert!(absent.contains("/c"), "{absent}");
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let source = SecretSource::Variable("MODELGUARD_TEST_NO_SUCH_SECRET".to_owned());
        assert_eq!(
            read(&source, Path::new(".")).unwrap_err().to_string(),
            "the secret's variable MODELGUARD_TEST_NO_SUCH_SECRET is not set"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_seen() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "x").unwrap();
        for (mode, open) in [(0o600, false), (0o640, true), (0o604, true)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let source = SecretSource::File("a".to_owned());
            assert_eq!(is_open_to_others(&source, folder.path()), open, "{mode:o}");
        }
    }
}
