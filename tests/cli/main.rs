//! Drives the built binary as people and jobs do: one module a verb.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests run programs, touch the disk and open the store past the tool"
)]

mod alerts;
mod alias;
#[cfg(feature = "net")]
mod backlogs;
mod check;
mod compare;
mod config;
#[cfg(feature = "net")]
mod crashed_deliveries;
mod demo;
mod discovery;
mod documents;
mod environment;
mod exit_map;
mod fetch;
mod foreign_classes;
mod formats;
mod globals;
mod guide;
mod help;
mod history;
#[cfg(feature = "net")]
mod http_server;
mod inbox;
mod ingest;
mod init;
mod log;
mod logfile;
#[cfg(feature = "net")]
mod mail_servers;
mod menu;
mod messages;
mod mistakes;
mod monitor;
mod probabilities;
mod questions;
mod recipe;
mod registering;
mod retire;
mod rows;
mod season;
#[cfg(feature = "net")]
mod secrets;
mod several_models;
mod show;
mod sick_stores;
mod status;
#[cfg(feature = "net")]
mod stopped_deliveries;
mod store;
mod support;
mod switching;
mod tag;
mod tampering;
mod together;
#[cfg(feature = "net")]
mod webhooks;
mod window;
mod year_of_hours;
