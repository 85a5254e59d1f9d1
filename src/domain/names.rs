//! What things are called: models, versions, aliases, and references to a version.

use std::fmt;
use std::str::FromStr;

/// A text breaks the rules for a name or a reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameSyntax {
    #[error(
        "{0:?} is no {1} name: it begins with a letter or digit and goes on with letters, digits, . _ or -, at most 128"
    )]
    Name(String, &'static str),
    #[error(
        "{0:?} names no version: write VERSION, a prefix of one, latest, @ALIAS or @ALIAS~N, or MODEL@ALIAS, MODEL:VERSION"
    )]
    Reference(String),
    #[error("{0} is a word of its own and no {1} name")]
    Reserved(String, &'static str),
}

/// The alias that "live" means.
pub const PRODUCTION: &str = "production";

fn checked(text: &str, kind: &'static str) -> Result<String, NameSyntax> {
    let mut bytes = text.bytes();
    let starts = bytes.next().is_some_and(|b| b.is_ascii_alphanumeric());
    let goes_on = bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    if starts && goes_on && text.len() <= 128 {
        Ok(text.to_owned())
    } else {
        Err(NameSyntax::Name(text.to_owned(), kind))
    }
}

/// A model's name, unique in its store without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelName(String);

impl ModelName {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for ModelName {
    type Err = NameSyntax;

    fn from_str(text: &str) -> Result<Self, NameSyntax> {
        checked(text, "model").map(Self)
    }
}

/// A free name that holds one version of a model. It is compared without regard to case, and kept in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AliasName(String);

impl FromStr for AliasName {
    type Err = NameSyntax;

    fn from_str(text: &str) -> Result<Self, NameSyntax> {
        let name = checked(text, "alias")?.to_ascii_lowercase();
        if name == "latest" {
            return Err(NameSyntax::Reserved(name, "alias"));
        }
        Ok(Self(name))
    }
}

impl fmt::Display for AliasName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl AliasName {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The alias that "live" means.
    #[must_use]
    pub fn production() -> Self {
        Self(PRODUCTION.to_owned())
    }

    #[must_use]
    pub fn is_production(&self) -> bool {
        self.0 == PRODUCTION
    }
}

/// A version's name: `YYYYMMDD_HHMMSS`, `_2` and so on where that is taken, or one that was given.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VersionName(String);

impl VersionName {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VersionName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for VersionName {
    type Err = NameSyntax;

    fn from_str(text: &str) -> Result<Self, NameSyntax> {
        if text == "latest" {
            return Err(NameSyntax::Reserved(text.to_owned(), "version"));
        }
        checked(text, "version").map(Self)
    }
}

/// How a person names a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The model, where the text names one.
    pub model: Option<ModelName>,
    pub target: ReferenceTarget,
}

/// What a reference points at within its model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceTarget {
    /// A version's name or a unique prefix of one.
    Version(String),
    /// The newest version that is not retired.
    Latest,
    /// The entry `below` the top of an alias's stack; 0 is the holder.
    Alias { alias: AliasName, below: usize },
}

impl Reference {
    /// The live version.
    #[must_use]
    pub fn production() -> Self {
        Self {
            model: None,
            target: ReferenceTarget::Alias {
                alias: AliasName::production(),
                below: 0,
            },
        }
    }
}

impl FromStr for Reference {
    type Err = NameSyntax;

    fn from_str(text: &str) -> Result<Self, NameSyntax> {
        let wrong = || NameSyntax::Reference(text.to_owned());
        if let Some((model, alias)) = text.split_once('@') {
            let model = (!model.is_empty())
                .then(|| model.parse())
                .transpose()
                .map_err(|_: NameSyntax| wrong())?;
            let (alias, below) = match alias.split_once('~') {
                None => (alias, 0),
                Some((alias, below)) => (alias, below.parse().map_err(|_| wrong())?),
            };
            let alias = alias.parse().map_err(|_: NameSyntax| wrong())?;
            return Ok(Self {
                model,
                target: ReferenceTarget::Alias { alias, below },
            });
        }
        let (model, version) = match text.split_once(':') {
            None => (None, text),
            Some((model, version)) => (
                Some(model.parse().map_err(|_: NameSyntax| wrong())?),
                version,
            ),
        };
        let target = if version == "latest" {
            ReferenceTarget::Latest
        } else {
            checked(version, "version").map_err(|_| wrong())?;
            ReferenceTarget::Version(version.to_owned())
        };
        Ok(Self { model, target })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let model = self.model.as_ref().map_or("", ModelName::as_str);
        match &self.target {
            ReferenceTarget::Alias { alias, below: 0 } => write!(out, "{model}@{alias}"),
            ReferenceTarget::Alias { alias, below } => write!(out, "{model}@{alias}~{below}"),
            ReferenceTarget::Latest if self.model.is_none() => out.write_str("latest"),
            ReferenceTarget::Latest => write!(out, "{model}:latest"),
            ReferenceTarget::Version(version) if self.model.is_none() => out.write_str(version),
            ReferenceTarget::Version(version) => write!(out, "{model}:{version}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_read_back_as_written() {
        for text in [
            "20260105_143022",
            "2026",
            "latest",
            "@production",
            "@winter~2",
            "churn@production",
            "churn:20260105_143022",
            "churn:latest",
        ] {
            assert_eq!(
                text.parse::<Reference>().map(|r| r.to_string()),
                Ok(text.to_owned())
            );
        }
    }

    #[test]
    fn malformed_references_are_refused() {
        for text in [
            "", "@", "@~1", "@a~x", "a b", "a:b:c", ":v", "@a@b", "../x", "m@",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }

    #[test]
    fn names_keep_to_their_alphabet() {
        for text in ["a", "A.b_c-1", "0x"] {
            assert!(text.parse::<ModelName>().is_ok(), "{text}");
        }
        for text in ["", ".a", "-a", "a/b", "ä", "a b", &"a".repeat(129)] {
            assert!(text.parse::<ModelName>().is_err(), "{text}");
        }
        assert!("latest".parse::<VersionName>().is_err());
        assert!("Latest".parse::<AliasName>().is_err());
    }

    #[test]
    fn an_alias_is_one_in_whatever_case_it_is_written() {
        let alias = |text: &str| text.parse::<AliasName>();
        assert_eq!(alias("Winter"), alias("winter"));
        assert_eq!(alias("PRODUCTION"), Ok(AliasName::production()));
        assert_eq!(
            "@Winter~1".parse::<Reference>(),
            "@winter~1".parse::<Reference>()
        );
    }
}
