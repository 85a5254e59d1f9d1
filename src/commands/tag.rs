//! `tag`: changes the tags and the note of a version.

use super::call::Call;
use super::mark_report::{self, Marking};
use super::{Outcome, flags};
use crate::domain::names::Reference;
use crate::store::Access;
use crate::workflows::marking::{self, NewTags};

/// Change the tags and the note of a version
///
/// `K=` without a value takes a tag away, and an empty --note the note. What they were stays in the log.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard tag latest stage=reviewed --note \"ticket 812\"
  modelguard tag latest stage=

Exit status: 0 done, or it was so already; 2 no K=V; 10 no such version
Effect: records")]
pub struct Args {
    /// The version: its name, a unique beginning of it, latest, @ALIAS, @ALIAS~N
    #[arg(value_name = "REF")]
    version: Reference,

    /// Tags to set; K= takes one away
    #[arg(value_name = "K=V", value_parser = flags::parse_pair, required_unless_present = "note")]
    tags: Vec<(String, String)>,

    /// The note, in place of the one that is there
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

pub fn run(call: &Call, args: Args) -> Outcome {
    let new = NewTags {
        tags: flags::pairs("the tag", args.tags)?,
        note: args.note,
    };
    let mut session = call.session(Access::Write)?;
    let model = call.model_of(&mut session, &args.version)?;
    let marked = marking::tag(
        &mut session.store,
        &session.author,
        &model,
        &args.version,
        &new,
    )
    .map_err(|error| mark_report::problem(call, error))?;
    Ok(Box::new(Marking::new("tag", &model, marked)))
}
