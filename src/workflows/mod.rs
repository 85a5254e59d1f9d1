//! What several verbs do the same way. Knows no command line and no screen: it takes what was agreed to.

pub mod ahead;
pub mod announcing;
pub mod comparing;
pub mod delivering;
#[cfg(test)]
mod example;
pub mod facts;
pub mod ingesting;
pub mod judging;
pub mod marking;
pub mod monitoring;
pub mod naming;
pub mod overview;
pub mod recording;
pub mod reference_numbers;
pub mod registering;
pub mod seasons;
pub mod session;
pub mod sweeping;
pub mod switching;
