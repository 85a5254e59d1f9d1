//! `rollback`: goes back to a version that was live before.

use serde_json::{Value, json};

use super::Outcome;
use super::call::Call;
use super::flags::LiveFlags;
use super::output::{Report, Screen};
use super::{problems, switched};
use crate::domain::names::{AliasName, Reference};
use crate::store::aliases;
use crate::workflows::naming;
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
    if let Some(from) = &from {
        let holder = session
            .store
            .read(|tx| {
                let holder = aliases::holders(tx, model.id, &args.alias)?.holder();
                holder.map_or(Ok(None), |id| crate::store::versions::get(tx, id).map(Some))
            })
            .map_err(|error| problems::naming(call, naming::NamingError::Store(error)))?;
        if holder.as_ref().map(|version| version.id) != Some(from.id) {
            return Ok(Box::new(NotLive {
                model: model.name.to_string(),
                alias: args.alias.to_string(),
                given: from.name.to_string(),
                holder: holder.map(|version| version.name.to_string()),
                actor: session.author.actor.clone(),
                reason: args.live.reason,
            }));
        }
    }
    let wish = match &args.version {
        Some(version) => Wish::RollBackTo(session.version(&model, version).map_err(named)?.id),
        None if args.last_good => Wish::RollBackToLastGood,
        None => Wish::RollBackOne,
    };
    let from = from.map(|from| from.id);
    let (alias, flags) = (&args.alias, &args.live);
    switched::switch_from(call, &mut session, &model, alias, from, &wish, flags)
}

/// `--from` names a version that is not live any more.
struct NotLive {
    model: String,
    alias: String,
    given: String,
    holder: Option<String>,
    actor: String,
    reason: Option<String>,
}

impl Report for NotLive {
    fn schema(&self) -> &'static str {
        "rollback"
    }

    fn data(&self) -> Value {
        json!({
            "changed": false,
            "model": self.model,
            "alias": self.alias,
            "from_version": self.holder,
            "to_version": self.holder,
            "stack": [],
            "operation_id": null,
            "reason": self.reason,
            "actor": self.actor,
            "activation": [],
            "undo_command": null,
            "dry_run": false,
        })
    }

    fn text(&self, _: &Screen) -> String {
        format!("{} is not live any more; nothing changed.\n", self.given)
    }
}
