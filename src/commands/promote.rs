//! `promote`: makes a version the live one.

use super::Outcome;
use super::call::Call;
use super::flags::LiveFlags;
use super::{problems, switched};
use crate::domain::names::{AliasName, Reference};
use crate::ui::problem::Problem;
use crate::workflows::switching::Wish;

/// Make a version the live one
///
/// Puts it on top of the stack of holders. The version that was live lies below it and is where
/// `rollback` goes back to.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard promote latest --yes --reason \"ticket 812\"
  modelguard promote 20131104_090000 --since 2013-11-17T09:30:00Z --dry-run

Exit status: 0 done, already so, or answered no; 2 no terminal and no --yes, a --since that can't be; 10 no such version
Effect: changes the live model")]
pub struct Args {
    /// The version: its name, a unique beginning of it, latest, @ALIAS
    #[arg(value_name = "REF")]
    version: Reference,

    /// The alias to promote to
    #[arg(long, value_name = "ALIAS", default_value = "production")]
    to: AliasName,

    /// When it really went live; not in the future, not before the present one did
    #[arg(long, value_name = "TIME")]
    since: Option<String>,

    #[command(flatten)]
    live: LiveFlags,
}

pub fn run(call: &Call, args: Args) -> Outcome {
    let since = call.time("--since", args.since.as_deref())?;
    if since.is_some() && !args.to.is_production() {
        let message = format!(
            "--since says when a version went live, and @{} is not",
            args.to
        );
        return Err(Problem::new("MG0101", message)
            .hint("leave --since out, or promote to production: without `--to`"));
    }
    let mut session = switched::open(call, &args.live)?;
    let model = call.model_of(&mut session, &args.version)?;
    let version = session
        .version(&model, &args.version)
        .map_err(|error| problems::naming(call, error))?
        .id;
    let wish = if args.to.is_production() {
        Wish::Promote { version, since }
    } else {
        Wish::SetAlias(version)
    };
    switched::switch(call, &mut session, &model, &args.to, &wish, &args.live)
}
