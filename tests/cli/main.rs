//! Drives the built binary as people and jobs do: one module a verb.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests run programs, touch the disk and open the store past the tool"
)]

mod alerts;
mod check;
mod compare;
mod configuring;
mod demo;
mod documents;
mod fetching;
mod helping;
mod ingest;
mod init;
mod listing;
mod looking;
mod marking;
mod monitor;
mod probabilities;
mod questions;
mod registering;
mod rows;
mod sick_stores;
mod status;
mod support;
mod switching;
mod tampering;
mod together;
mod verifying;
