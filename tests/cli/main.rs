//! Drives the built binary as people and jobs do: one module a verb.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests run programs, touch the disk and open the store past the tool"
)]

mod rows;
mod support;

mod alerts;
mod check;
mod compare;
mod demo;
mod documents;
mod ingest;
mod init;
mod monitor;
mod sick_stores;
mod status;
mod tampering;
mod together;
