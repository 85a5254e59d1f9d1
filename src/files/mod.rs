//! Bytes and rows on disk: how files are read, checked, hashed, mapped to fields, and written whole or not at all.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the room that touches the disk"
)]

pub mod columns;
#[cfg(feature = "compression")]
mod compress;
pub mod csv;
mod detect;
pub mod directory;
pub mod error;
pub mod hash;
pub mod inbox;
pub mod input;
mod json_text;
mod jsonl;
mod likely_times;
mod line;
pub mod lock;
pub mod logfile;
pub mod look;
pub mod mapping;
pub mod owner;
#[cfg(feature = "parquet")]
mod parquet;
pub mod pipe;
pub mod read;
pub mod record;
pub mod rejects;
pub mod rows;
#[cfg(feature = "parquet")]
mod seekable;
pub mod table;
pub mod unpack;
pub mod user;
pub mod values;
pub mod write;

#[cfg(test)]
mod broken_input;
#[cfg(test)]
mod mutations;

pub use error::{FileError, FileErrorClass, FileErrorKind};
