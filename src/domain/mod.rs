//! The words: names, times, metrics, holders, operations, verdicts. Pure; nothing here reads a clock or a disk.

pub mod evidence;
pub mod hash;
pub mod holders;
pub mod metric;
pub mod names;
pub mod nearest;
pub mod notification;
pub mod operation;
pub mod policy;
pub mod sample;
pub mod season;
pub mod time;
pub mod verdict;
