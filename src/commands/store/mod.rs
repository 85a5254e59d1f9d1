//! `store`: looks after the file: proves that it is whole, brings an older one up to date.

mod upgrade;
mod verify;

use super::Outcome;
use super::call::Call;

/// Look after the store: verify, upgrade
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard store verify
  modelguard store upgrade

Exit status: 0 done; 11 the store is busy; 12 the store is not what was written; 13 it needs a newer modelguard
Effect: verify reads only; upgrade changes the layout of the file, and keeps a copy")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand, Debug)]
enum Verb {
    Verify(verify::Args),
    Upgrade(upgrade::Args),
}

pub fn run(call: &Call, args: &Args) -> Outcome {
    match &args.verb {
        Verb::Verify(args) => verify::run(call, args),
        Verb::Upgrade(args) => upgrade::run(call, args),
    }
}
