//! `redo`: takes back the newest undo.

use super::Outcome;
use super::call::Call;
use super::flags::LiveFlags;
use super::switched;
use crate::domain::names::AliasName;
use crate::workflows::switching::Wish;

/// Take back the newest undo
///
/// Possible until the next promote, rollback or alias change.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard redo --dry-run

Exit status: 0 done, or answered no; 2 no terminal and no --yes; 10 nothing to redo
Effect: changes the live model")]
pub struct Args {
    #[command(flatten)]
    live: LiveFlags,
}

pub fn run(call: &Call, args: &Args) -> Outcome {
    let (mut session, model) = switched::begin(call, &args.live)?;
    let alias = AliasName::production();
    switched::switch(call, &mut session, &model, &alias, &Wish::Redo, &args.live)
}
