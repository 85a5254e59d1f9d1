//! What goes wrong while a Parquet file is read, and how it passes through the `parquet` crate's own errors.

use std::io;

use parquet::errors::ParquetError;

use super::super::error::FileErrorKind;
use super::super::values::excerpt;
use super::thrift::Broken;

#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("the file can't be read on")]
    Io(#[source] io::Error),
    /// What is broken.
    #[error("{0}")]
    Broken(String),
    /// What is sound, but not read here.
    #[error("{0}")]
    Unsupported(String),
}

impl Trouble {
    pub fn broken(text: impl Into<String>) -> Self {
        Self::Broken(text.into())
    }

    /// What the crate says, or what was said through it.
    pub fn from_crate(error: ParquetError) -> Self {
        match error {
            ParquetError::External(inner) => match inner.downcast::<Self>() {
                Ok(trouble) => *trouble,
                Err(other) => Self::Broken(excerpt(&other.to_string())),
            },
            ParquetError::General(text) | ParquetError::EOF(text) => Self::Broken(excerpt(&text)),
            ParquetError::NYI(text) => Self::Unsupported(excerpt(&text)),
            other => Self::Broken(excerpt(&other.to_string())),
        }
    }

    pub fn into_crate(self) -> ParquetError {
        ParquetError::External(Box::new(self))
    }

    /// The trouble with the file; `place` is where in it, if that is known.
    pub fn kind(self, place: Option<&str>) -> FileErrorKind {
        let placed = |text: String| match place {
            Some(place) => format!("{place}: {text}"),
            None => text,
        };
        match self {
            Self::Io(source) => FileErrorKind::Unreadable(source),
            Self::Broken(text) => FileErrorKind::ParquetSyntax(placed(text)),
            Self::Unsupported(text) => FileErrorKind::ParquetUnsupported(placed(text)),
        }
    }
}

impl From<Broken> for Trouble {
    fn from(broken: Broken) -> Self {
        Self::broken(match broken {
            Broken::Short => "it ends in the middle",
            Broken::Malformed => "its bytes make no sense",
        })
    }
}
