//! Keeps every version of a model, notices when the live one becomes worse, and puts the better one back.
#![cfg_attr(
    test,
    expect(
        clippy::disallowed_methods,
        clippy::float_cmp,
        reason = "tests touch the disk and compare exact values"
    )
)]

pub mod commands;
pub mod domain;
pub mod files;
#[cfg(feature = "net")]
pub mod http;
pub mod judge;
pub mod notify;
pub mod policy;
pub mod process;
pub mod store;
pub mod ui;
pub mod workflows;
