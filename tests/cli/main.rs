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
mod ingest;
mod init;
mod monitor;
mod status;
