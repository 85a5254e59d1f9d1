//! The policy file: found, read, explained, trusted.

pub mod channel_keys;
pub mod channels;
pub mod diagnose;
pub mod discover;
mod document;
pub mod environment;
pub mod explain;
pub mod folders;
mod foreign_values;
pub mod keys;
pub mod load;
mod mask;
pub mod secrets;
pub mod strangers;
mod suggest;
pub mod template;
mod tests;
pub mod trust;
mod values;
