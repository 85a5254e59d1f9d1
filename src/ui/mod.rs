//! Decides what people see: tables, numbers, times, prompts, progress, problems, exit statuses.

pub mod catalogue;
pub mod colour;
pub mod exit;
pub mod fold;
pub mod interrupt;
pub mod line;
pub mod number;
pub mod problem;
pub mod progress;
pub mod prompt;
pub mod table;
pub mod time;
pub mod topics;
