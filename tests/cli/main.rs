//! Drives the built binary as people and jobs do: one module a verb.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests run programs, touch the disk and open the store past the tool"
)]

mod alerts;
mod alias;
mod check;
mod compare;
mod config;
mod demo;
mod discovery;
mod documents;
mod environment;
mod exit_map;
mod fetch;
mod globals;
mod help;
mod history;
mod inbox;
mod ingest;
mod init;
mod log;
mod mistakes;
mod monitor;
mod probabilities;
mod questions;
mod registering;
mod retire;
mod rows;
mod season;
mod several_models;
mod show;
mod sick_stores;
mod status;
mod store;
mod support;
mod switching;
mod tag;
mod tampering;
mod together;
