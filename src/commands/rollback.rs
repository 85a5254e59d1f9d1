//! `rollback`: goes back to a version that was live before.

use super::Outcome;
use super::call::Call;
use super::flags::LiveFlags;
use super::{problems, switched};
use crate::domain::names::{AliasName, Reference};
use crate::workflows::switching::Wish;

/// Go back to a version that was live before
///
/// Takes entries off the stack of holders: one (--previous, the default), or all above VERSION.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard rollback --yes
  modelguard rollback --last-good --dry-run
  modelguard rollback --from 20131104_090000 --yes

Exit status: 0 done, already so, or answered no; 2 no terminal and no --yes; 10 nothing lies below,
no such version, or none was healthy
Effect: changes the live model")]
pub struct Args {
    /// The version to go back to; one that was never live is put on top
    #[arg(value_name = "REF", conflicts_with_all = ["previous", "last_good"])]
    version: Option<Reference>,

    /// Go one entry back (the default)
    #[arg(long, conflicts_with = "last_good")]
    previous: bool,

    /// Go back to the newest one that was healthy when last judged
    #[arg(long)]
    last_good: bool,

    /// Only if this version is still live; else change nothing. Makes a retry safe
    #[arg(long, value_name = "VERSION")]
    from: Option<Reference>,

    /// The alias to go back on
    #[arg(long, value_name = "ALIAS", default_value = "production")]
    alias: AliasName,

    #[command(flatten)]
    live: LiveFlags,
}

pub fn run(call: &Call, args: Args) -> Outcome {
    let mut session = switched::open(call, &args.live)?;
    let model = match args.version.as_ref().or(args.from.as_ref()) {
        Some(named) => call.model_of(&mut session, named)?,
        None => call.model(&mut session)?,
    };
    let named = |error| problems::naming(call, error);
    let from = args
        .from
        .as_ref()
        .map(|from| session.version(&model, from))
        .transpose()
        .map_err(named)?;
    let wish = match &args.version {
        Some(version) => Wish::RollBackTo(session.version(&model, version).map_err(named)?.id),
        None if args.last_good => Wish::RollBackToLastGood,
        None => Wish::RollBackOne,
    };
    let (alias, flags) = (&args.alias, &args.live);
    let from = from.as_ref();
    switched::switch_from(call, &mut session, &model, alias, from, &wish, flags)
}
