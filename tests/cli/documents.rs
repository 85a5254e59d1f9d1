//! The documents say what the tool does: every command has its section, every example runs, every key is described.

mod commands;
mod examples;
mod generated;
mod json;
pub mod reading;
mod session;
mod states;
