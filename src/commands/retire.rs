//! `retire`: keeps a version away from everything automatic, without deleting it.

use super::Outcome;
use super::call::Call;
use super::mark_report::{self, Marking};
use crate::domain::names::Reference;
use crate::store::Access;
use crate::ui::problem::Problem;
use crate::workflows::marking;

/// Keep a version, but never again as an automatic target
///
/// `latest` skips it too. By hand it can still be promoted, with a warning.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard retire 20131104_090000 --reason \"trained on the wrong table\"
  modelguard retire 20131104_090000 --cancel

Exit status: 0 done, or it was so already; 2 no reason; 3 it is live; 10 no such version
Effect: records")]
pub struct Args {
    /// The version: its name, a unique beginning of it, latest, @ALIAS, @ALIAS~N
    #[arg(value_name = "REF")]
    version: Reference,

    /// Why, for the log and for whoever wants to promote it
    #[arg(long, value_name = "TEXT", required_unless_present = "cancel")]
    reason: Option<String>,

    /// Take it back
    #[arg(long)]
    cancel: bool,
}

pub fn run(call: &Call, args: &Args) -> Outcome {
    let reason = args.reason.as_deref().map(str::trim);
    if reason.is_some_and(str::is_empty) {
        return Err(Problem::new("MG0107", "--reason is empty")
            .hint("say why, for whoever wants to promote it"));
    }
    let mut session = call.session(Access::Write)?;
    let model = call.model_of(&mut session, &args.version)?;
    let (store, author) = (&mut session.store, &session.author);
    let marked = match reason {
        Some(reason) if !args.cancel => {
            marking::retire(store, author, &model, &args.version, reason)
        }
        why => marking::unretire(store, author, &model, &args.version, why),
    };
    let marked = marked.map_err(|error| mark_report::problem(call, error))?;
    Ok(Box::new(Marking::new("retire", &model, marked)))
}
