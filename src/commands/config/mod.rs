//! `config`: where policy and store are, what every key is set to, what is wrong, what is trusted.

mod show;
mod trust;
mod validate;

use super::Outcome;
use super::call::Call;
use crate::files::read::{PathKind, kind_of};
use crate::policy::discover::Discovered;
use crate::store::models::{self, Model};
use crate::store::{Access, Store};

/// The policy: where it is, what it says, what is wrong with it
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard config path
  modelguard config show --origin
  modelguard config validate

Exit status: 0 done; 1 the policy can't be read; 2 it is wrong; 13 it needs another modelguard
Effect: path, show and validate read only; trust writes the user's own list")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand, Debug)]
enum Verb {
    Path(show::PathArgs),
    Show(show::ShowArgs),
    Validate(validate::Args),
    Trust(trust::Args),
}

pub fn run(call: &Call, args: &Args) -> Outcome {
    match &args.verb {
        Verb::Path(args) => show::path(call, args),
        Verb::Show(args) => show::show(call, args),
        Verb::Validate(args) => validate::run(call, args),
        Verb::Trust(args) => trust::run(call, args),
    }
}

/// The models of the store that is meant; `None`: there is none that can be read.
fn models_of(call: &Call, found: &Discovered) -> Option<Vec<Model>> {
    let there = kind_of(&found.store_path);
    if !matches!(there, Ok(PathKind::File { .. })) {
        return None;
    }
    let (path, timeout) = (&found.store_path, found.lock_timeout);
    let mut store = Store::open(path, Access::Read, timeout, &call.author()).ok()?;
    store.read(models::list).ok()
}
