//! `ingest inbox`: takes in what services dropped, as `monitor` does before it checks.

use serde_json::{Value, json};

use crate::commands::call::Call;
use crate::commands::messages::Listeners;
use crate::commands::output::{Report, Screen, Warning};
use crate::commands::{Outcome, swept};
use crate::ui::exit::{ExitStatus, worst};
use crate::ui::line::one_line;
use crate::ui::problem::Problem;
use crate::workflows::sweeping::{FileState, Swept, SweptFile};

/// Take in the files that services renamed into the inbox
///
/// In the order of their names, each once. `monitor` does the same before it checks. A name that begins with a dot or
/// ends with .tmp or .part waits. What came in is moved to `done`, what can't be used to `rejected` with the reason
/// beside it, and one alert tells of it.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard ingest inbox
  modelguard ingest inbox --dry-run

Exit status: 0 all came in, or nothing waits; 1 a file or the folder can't be read or moved; 2 a file was refused, or would be;
10 the policy names no inbox, there is no such folder, or nobody is live; 11 another run takes in the same inbox
Effect: records; with --dry-run reads only")]
pub struct Args {
    /// Read what waits, say what would be refused, and touch nothing
    #[arg(long)]
    dry_run: bool,
}

pub fn run(call: &Call, args: &Args) -> Outcome {
    let mut session = swept::open(call, args.dry_run)?;
    let model = call.model(&mut session)?;
    let listeners = Listeners::of(call, &session, args.dry_run);
    let Some(swept) = swept::sweep(call, &mut session, &model, &listeners, args.dry_run) else {
        return Err(Problem::new(
            "MG0213",
            format!("the policy names no inbox for {}", model.name),
        )
        .hint("add to modelguard.toml: `[ingest]` with `inbox = \"inbox/\"`"));
    };
    let mut swept = swept?;
    let halted = swept::halted(call, &mut swept);
    match halted {
        Some(problem) if swept.files.is_empty() => Err(problem),
        halted => Ok(Box::new(Found {
            model: model.name.to_string(),
            command: call.beginning(),
            swept,
            halted,
            dry_run: args.dry_run,
        })),
    }
}

struct Found {
    model: String,
    /// What a further command about it begins with.
    command: String,
    swept: Swept,
    /// Why not all files were looked at.
    halted: Option<Problem>,
    dry_run: bool,
}

impl Report for Found {
    fn schema(&self) -> &'static str {
        "ingest_inbox"
    }

    fn data(&self) -> Value {
        let is_changed =
            |file: &SweptFile| file.state == FileState::Ingested || file.moved_to.is_some();
        json!({
            "changed": self.swept.files.iter().any(is_changed),
            "dry_run": self.dry_run,
            "model": self.model,
            "inbox": swept::data(&self.swept),
            "error": self.halted.as_ref().map(Problem::to_json),
        })
    }

    fn text(&self, _: &Screen) -> String {
        let mut text: String = self.swept.files.iter().map(line).collect();
        text.push_str(&swept::summary(&self.swept));
        if self.swept.files.is_empty() {
            text.push_str("Nothing waits in the inbox.\n");
        } else if self.dry_run {
            text.push_str("Dry run: nothing was changed.\n");
        }
        text
    }

    fn aside(&self, screen: &Screen) -> String {
        let halted = self.halted.as_ref();
        halted.map_or_else(String::new, |problem| problem.render(screen.palette))
    }

    fn exit(&self) -> ExitStatus {
        let halted = self.halted.as_ref().map(|problem| problem.exit);
        worst(swept::exits(&self.swept).chain(halted))
    }

    fn warnings(&self) -> Vec<Warning> {
        swept::warnings(&self.swept, &self.command)
    }

    fn alarms(&self) -> Vec<Warning> {
        let halted = self.halted.as_ref().map(swept::warning);
        halted
            .into_iter()
            .chain(swept::staying(&self.swept))
            .collect()
    }
}

/// `pred_14.csv  predictions  12 rows (batch b_1)`.
fn line(file: &SweptFile) -> String {
    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
    let kind = file.kind.map_or("unknown", |kind| kind.name());
    let batch = file
        .batch
        .map_or_else(String::new, |id| format!(" (batch {id})"));
    let became = match file.state {
        FileState::Ingested => format!("{}{batch}", super::stored::rows(file.rows_stored_count)),
        FileState::Seen => format!("known{batch}"),
        FileState::Rejected => "refused".to_owned(),
        FileState::Unusable => "would be refused".to_owned(),
        FileState::Waiting => "waits".to_owned(),
    };
    format!("{}  {kind}  {became}\n", one_line(&name))
}
