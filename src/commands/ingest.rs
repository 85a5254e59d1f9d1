//! `ingest`: brings predictions and truth into the store, lists what came in, takes a batch back.

mod batches;
mod inbox;
mod stored;

use std::path::PathBuf;
use std::time::Instant;

use super::call::Call;
use super::{Outcome, flags, not_stored, problems};
use crate::domain::evidence::BatchId;
use crate::domain::names::Reference;
use crate::files::columns::{ColumnChoice, FileKind};
use crate::files::input::Source;
use crate::files::table::Format;
use crate::store::Access;
use crate::store::predictions::OnConflict;
use crate::ui::problem::Problem;
use crate::ui::progress::Progress;
use crate::workflows::ingesting::{self, Request, columns};

/// Bring in what models predicted and what turned out true
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard ingest predictions 1_week_live.csv --dry-run
  modelguard ingest inbox --dry-run
  modelguard ingest list

Exit status: 0 done; 1 the file can't be read; 2 the file can't be used; 10 nobody is live, or no such batch
Effect: list reads only; predictions, truth, inbox and undo record")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    Predictions(PredictionArgs),
    Truth(TruthArgs),
    Inbox(inbox::Args),
    List(ListArgs),
    Undo(UndoArgs),
}

/// Bring in predictions, from CSV, JSON lines or Parquet; truth as well if the file has it
///
/// A prediction counts for the version that --version or a column names, else for the version
/// that was live when it was made. All rows come in, or none.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard ingest predictions 1_week_live.csv --dry-run
  modelguard ingest predictions 1_week_shadow.csv --version latest --map id=id --on-conflict skip

Exit status: 0 stored, or it was there already; 1 the file can't be read; 2 the file is broken,
its columns don't fit, lines are no rows, or they contradict what is stored; 10 nobody is live
and no version was given
Effect: records")]
struct PredictionArgs {
    /// The version that predicted: its name, a unique beginning of it, latest, @ALIAS
    #[arg(long, value_name = "REF")]
    version: Option<Reference>,

    /// error: nothing is stored if an id has another prediction already; skip: the first one stays
    #[arg(long, value_name = "WHAT", default_value = "error", value_parser = ["error", "skip"])]
    on_conflict: String,

    #[command(flatten)]
    file: FileArgs,
}

/// Bring in what turned out true, from CSV, JSON lines or Parquet
///
/// Truth belongs to the model and the id, and reaches every version that predicted the id, also
/// those that predict it later.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard ingest truth 1_week_truth.csv --dry-run
  modelguard ingest truth 1_week_truth.csv --map id=id --map truth=truth --on-conflict revise

Exit status: 0 stored, or it was there already; 1 the file can't be read; 2 the file is broken,
its columns don't fit, lines are no rows, or they contradict what is stored
Effect: records")]
struct TruthArgs {
    /// error: nothing is stored if an id has another truth already; skip: the first one stays; revise: the new
    /// one holds, the old one stays in history
    #[arg(long, value_name = "WHAT", default_value = "error", value_parser = ["error", "skip", "revise"])]
    on_conflict: String,

    #[command(flatten)]
    file: FileArgs,
}

/// How a file is read.
#[derive(clap::Args, Debug)]
struct FileArgs {
    /// The file, or - for standard input
    #[arg(value_name = "FILE")]
    path: PathBuf,

    /// Which column is which field: id, time, prediction, truth, truth_time, version, score, proba.LABEL;
    /// id=A+B joins columns. Repeat it for each field
    #[arg(long, value_name = "FIELD=COLUMN")]
    map: Vec<ColumnChoice>,

    /// auto, csv, jsonl or parquet
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    input_format: Format,

    /// Write the lines that are no rows into this CSV, each with its reason
    #[arg(long, value_name = "FILE")]
    reject_file: Option<PathBuf>,

    /// Store the other rows if no more lines than this are none
    #[arg(long, value_name = "N", default_value_t = 0)]
    max_rejects: u64,

    /// Find everything out and store nothing
    #[arg(long)]
    dry_run: bool,
}

/// List the batches that came in, the newest first
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard ingest list
  modelguard ingest list -n 50 --json

Exit status: 0 listed
Effect: reads only")]
struct ListArgs {
    /// How many
    #[arg(short = 'n', long, value_name = "LIMIT", default_value_t = 10, value_parser = flags::parse_limit)]
    limit: u64,
}

/// Take a batch's evidence back; nothing is deleted
///
/// Its rows no longer count, and where it had revised a truth the older one holds again. The same
/// file can be brought in again.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard ingest undo b_1

Exit status: 0 taken back, or it was already; 10 no such batch
Effect: records")]
struct UndoArgs {
    /// The batch, as `ingest list` names it
    #[arg(value_name = "BATCH")]
    batch: BatchId,
}

pub fn run(call: &Call, args: Args) -> Outcome {
    match args.what {
        What::Predictions(args) => {
            let on_conflict = on_conflict(&args.on_conflict);
            let version = args.version.as_ref();
            bring_in(
                call,
                &args.file,
                FileKind::Predictions,
                on_conflict,
                version,
            )
        }
        What::Truth(args) => {
            let on_conflict = on_conflict(&args.on_conflict);
            bring_in(call, &args.file, FileKind::Truth, on_conflict, None)
        }
        What::Inbox(args) => inbox::run(call, &args),
        What::List(args) => batches::list(call, args.limit),
        What::Undo(args) => batches::undo(call, args.batch),
    }
}

/// Only the words that the option takes come here.
fn on_conflict(word: &str) -> OnConflict {
    match word {
        "skip" => OnConflict::Skip,
        "revise" => OnConflict::Revise,
        _ => OnConflict::Error,
    }
}

fn bring_in(
    call: &Call,
    args: &FileArgs,
    kind: FileKind,
    on_conflict: OnConflict,
    version: Option<&Reference>,
) -> Outcome {
    let began = Instant::now();
    if args.dry_run {
        // An older store would be brought up to date by opening it for writing.
        drop(call.session(Access::Read)?);
    }
    let mut session = call.session(Access::Write)?;
    if let Some(rejects) = &args.reject_file {
        call.spare_own_files(rejects, &[&args.path])?;
    }
    let model = call.model(&mut session)?;
    let version = version
        .map(|reference| session.version(&model, reference))
        .transpose()
        .map_err(|error| problems::naming(call, error))?;
    let choices = columns::choices(&session.policy(&model).columns, &args.map)
        .map_err(|error| Problem::new("MG0304", "[columns]").cause(error.to_string()))?;
    let source = Source::from_argument(&args.path, call.patience());
    let request = Request {
        source: &source,
        kind,
        format: args.input_format,
        choices: &choices,
        version: version.map(|version| version.id),
        on_conflict,
        reject_file: args.reject_file.as_deref(),
        max_rejects: args.max_rejects,
        dry_run: args.dry_run,
    };
    let mut progress = Progress::new("reading rows", None, call.progress_mode());
    let ingested = ingesting::ingest(
        &mut session.store,
        &session.author,
        &model,
        &request,
        &mut |rows_count| {
            progress.tick(rows_count);
            call.stop.requested().is_none()
        },
    );
    progress.finish();
    let ingested = ingested.map_err(|error| {
        not_stored::problem(call, request.kind, request.reject_file.is_some(), error)
    })?;
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Box::new(stored::Stored {
        command: call.beginning(),
        ingested,
        duration_ms,
    }))
}
