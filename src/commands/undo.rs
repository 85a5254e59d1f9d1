//! `undo`: takes back the newest change of who holds an alias.

use super::Outcome;
use super::call::Call;
use super::flags::LiveFlags;
use super::{flags, problems, switched};
use crate::domain::holders::OperationId;
use crate::domain::names::AliasName;
use crate::store::{StoreError, models, operations};
use crate::workflows::naming::NamingError;
use crate::workflows::switching::Wish;

/// Take back the newest promote, rollback or alias change
///
/// Restores the stack of holders before it. Twice takes back two changes; `redo` mirrors it. It
/// never touches another model.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard undo --dry-run
  modelguard undo --yes

Exit status: 0 done, undone already, or answered no; 2 no terminal and no --yes, or an operation that only
records; 3 newer changes must be undone first; 10 nothing to undo, no such operation
Effect: changes the live model")]
pub struct Args {
    /// The operation to take back, as `log` prints it: op_41
    #[arg(value_name = "OP", value_parser = flags::parse_operation)]
    operation: Option<OperationId>,

    #[command(flatten)]
    live: LiveFlags,
}

pub fn run(call: &Call, args: Args) -> Outcome {
    let mut session = switched::open(call, &args.live)?;
    // An operation knows its model, so that a pasted undo needs no -m.
    let of_operation = match args.operation {
        Some(id) if call.globals.model.is_none() => session
            .store
            .read(|tx| {
                let model = operations::find(tx, id)?.and_then(|operation| operation.content.model);
                let models = models::list(tx)?;
                Ok(models.into_iter().find(|known| Some(known.id) == model))
            })
            .map_err(|error: StoreError| problems::naming(call, NamingError::Store(error)))?,
        _ => None,
    };
    let model = match of_operation {
        Some(model) => model,
        None => call.model(&mut session)?,
    };
    let wish = Wish::Undo(args.operation);
    let alias = AliasName::production();
    switched::switch(call, &mut session, &model, &alias, &wish, &args.live)
}
