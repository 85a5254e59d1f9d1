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
mod configuring;
mod demo;
mod documents;
mod fetch;
mod fetching;
mod helping;
mod history;
mod ingest;
mod init;
mod listing;
mod log;
mod looking;
mod marking;
mod monitor;
mod probabilities;
mod questions;
mod registering;
mod retire;
mod rows;
mod show;
mod sick_stores;
mod status;
mod store;
mod support;
mod switching;
mod tag;
mod tampering;
mod together;
mod verifying;
