//! Bytes and rows on disk: how files are read, checked, hashed, mapped to fields, and written whole or not at all.

pub mod error;
pub mod hash;
pub mod lock;
pub mod owner;
pub mod read;
pub mod values;
pub mod write;

pub use error::{FileError, FileErrorClass, FileErrorKind};
