//! `register`: keeps a version of a model: its bytes, and what is known of it.

mod metrics;
mod reference;

use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use self::reference::Reference;
use super::call::Call;
use super::output::{Report, Screen, Warning};
use super::{Outcome, consent, flags, problems, switched};
use crate::domain::holders::VersionId;
use crate::domain::names::{AliasName, VersionName};
use crate::files::columns::ColumnChoice;
use crate::files::input::Source;
use crate::files::{FileErrorKind, directory, read};
use crate::store::Access;
use crate::store::models::Model;
use crate::store::versions::{ArtifactKind, Metadata};
use crate::ui::line::one_line;
use crate::ui::number;
use crate::ui::problem::Problem;
use crate::ui::progress::Progress;
use crate::workflows::registering::{
    self, RegisterError, Registered, Registration, Staged, Stager,
};
use crate::workflows::session::Session;
use crate::workflows::switching::{self, Plan, Switched};

/// Keep a version of a model: its file or folder, with what is known of it
///
/// Prints the version's id. The same bytes with the same metadata are the same version.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard register feed_delay.json --metric accuracy=0.94 --param depth=6 --tag git=1f2e3d
  modelguard register clock_times.json --metrics metrics_clock_times.json --note \"retrained\"

Exit status: 0 done, or it was there already; 1 the file can't be read; 2 a bad metric or reference file;
3 --version-id belongs to another version
Effect: records; with --alias it may change the live model, and asks if the alias is another version's")]
pub struct Args {
    /// The artifact: a file, a folder, or - for standard input
    #[arg(value_name = "PATH")]
    path: PathBuf,

    /// A metric that was measured in training: accuracy=0.94
    #[arg(long, value_name = "NAME=VALUE", value_parser = metrics::parse_metric)]
    metric: Vec<(String, f64)>,

    /// A JSON file with one object of metrics
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,

    /// A parameter of the training
    #[arg(long, value_name = "K=V", value_parser = flags::parse_pair)]
    param: Vec<(String, String)>,

    /// A tag; can be changed later
    #[arg(long, value_name = "K=V", value_parser = flags::parse_pair)]
    tag: Vec<(String, String)>,

    /// A note; can be changed later
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,

    /// A held-out sample with predictions and truth: the baseline of this version
    #[arg(long, value_name = "FILE")]
    reference: Option<PathBuf>,

    /// Which column of the reference sample is which: prediction=y_pred, truth=y, proba.yes=p1 …; repeat it for each
    #[arg(long, value_name = "FIELD=COLUMN")]
    map: Vec<ColumnChoice>,

    /// An alias that the version takes; production makes it the live one
    #[arg(long, value_name = "ALIAS")]
    alias: Option<AliasName>,

    /// An id of your own instead of the time of registration
    #[arg(long, value_name = "ID")]
    version_id: Option<VersionName>,

    /// Don't ask
    #[arg(short, long)]
    yes: bool,
}

pub fn run(call: &Call, args: Args) -> Outcome {
    let metadata = Metadata {
        metrics: metrics::metrics(args.metrics.as_deref(), &args.metric)?,
        params: flags::pairs("--param", args.param)?,
        tags: flags::pairs("--tag", args.tag)?,
        note: args.note,
    };
    let mut session = call.session(Access::Write)?;
    let model = call.model(&mut session)?;
    let reference = args
        .reference
        .as_deref()
        .map(|path| Reference::read(call, &session, &model, path, &args.map))
        .transpose()?;
    let staged = stage(call, &mut session, &args.path)?;
    let file_name = args.path.file_name().map_or_else(
        || "-".to_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    let mut registration = Registration {
        model: &model,
        name: args.version_id.as_ref(),
        file_name: &file_name,
        metadata: &metadata,
        reference_blake3: reference.as_ref().map(|reference| reference.sample.blake3),
        alias: None,
    };
    let mut is_plan_told = false;
    if let Some(alias) = &args.alias {
        let agreed = agree_to_alias(call, &mut session, &staged, &registration, alias, args.yes);
        match agreed {
            Ok(Some(held)) => {
                registration.alias = Some((alias, held.holder));
                is_plan_told = held.is_plan_told;
            }
            refused => {
                // Whatever happens to what was staged, the refusal is what counts.
                let _ = registering::forget(&mut session.store, &session.author, &staged);
                return refused.map(|_| Box::new(Unchanged { model }) as Box<dyn Report>);
            }
        }
    }
    let registered = registering::register(
        &mut session.store,
        &session.author,
        &staged,
        &registration,
        |tx, version| match &reference {
            Some(reference) => reference.insert(tx, version),
            None => Ok(()),
        },
    )
    .map_err(|error| problem(call, &args.path, error))?;
    let switched = registered
        .switched
        .as_ref()
        .map(|(plan, operation)| finished(&mut session, plan, *operation))
        .transpose()
        .map_err(|error| problems::store(call, error))?;
    let undo_command = switched
        .as_ref()
        .and_then(|switched| switched::undo_command(call, switched));
    Ok(Box::new(Kept {
        is_plan_told,
        model,
        registered,
        switched,
        undo_command,
        actor: session.author.actor.clone(),
        reference,
    }))
}

/// An alias that was agreed to change.
struct Held {
    /// Who has it now.
    holder: Option<VersionId>,
    /// As of [`consent::Agreed`]; where nobody had to agree, nothing was told.
    is_plan_told: bool,
}

/// Who holds the alias, once it was agreed that the version takes it; `None`: the answer was no. Asks only where the
/// alias is another version's.
fn agree_to_alias(
    call: &Call,
    session: &mut Session,
    staged: &Staged,
    registration: &Registration<'_>,
    alias: &AliasName,
    yes: bool,
) -> Result<Option<Held>, Problem> {
    let model = registration.model;
    let policy = session.policy(model);
    let now = session.now();
    let (holder, known) = session
        .store
        .read(|tx| {
            let holders = crate::store::aliases::holders(tx, model.id, alias)?;
            let holder = holders
                .holder()
                .map(|id| crate::store::versions::get(tx, id))
                .transpose()?;
            let Some(same) = registering::known(tx, staged, registration)? else {
                return Ok((holder, None));
            };
            let wish = registering::wish(alias, same);
            let mut plan = switching::plan(tx, model, alias, &wish, now)?;
            plan.look_at_references(tx, &policy)?;
            Ok((holder, Some(plan)))
        })
        .map_err(|error| problems::switch(call, error))?;
    let Some(holder) = holder else {
        return Ok(Some(Held {
            holder: None,
            is_plan_told: false,
        }));
    };
    let held = |is_plan_told| {
        Some(Held {
            holder: Some(holder.id),
            is_plan_told,
        })
    };
    if let Some(plan) = known {
        let flags = flags::LiveFlags {
            yes,
            ..flags::LiveFlags::default()
        };
        if !plan.changes {
            return Ok(held(false));
        }
        let agreed = consent::agree_to_plan(call, &plan, &flags)?;
        return Ok(held(agreed.is_plan_told).filter(|_| agreed.yes));
    }
    let plan = format!(
        "{} @{alias}: {} → the version that is registered now\nto take it back: `{}`\n",
        model.name,
        holder.name,
        call.follow_up("undo")
    );
    let (question, deed) = if alias.is_production() {
        ("Promote?", "changes the live model".to_owned())
    } else {
        ("Change the alias?", format!("changes who holds @{alias}"))
    };
    let agreed = consent::agree(call, &plan, question, yes, &deed)?;
    Ok(held(agreed.is_plan_told).filter(|_| agreed.yes))
}

fn stage(call: &Call, session: &mut Session, path: &Path) -> Result<Staged, Problem> {
    let from_stdin = path.as_os_str() == "-";
    let kind = if from_stdin {
        read::PathKind::Other
    } else {
        read::kind_of(path).map_err(|error| problems::file(&error))?
    };
    let (artifact_kind, total) = match kind {
        read::PathKind::Absent => {
            return Err(problems::file(&FileErrorKind::Missing.of(path)));
        }
        read::PathKind::Directory => (ArtifactKind::Directory, None),
        read::PathKind::File { size_bytes } => (ArtifactKind::File, Some(size_bytes)),
        read::PathKind::Other => (ArtifactKind::File, None),
    };
    let mut progress = Progress::new("register", total, call.progress_mode()).in_bytes();
    let mut done = 0;
    let mut ticking = |bytes: usize| {
        done += bytes as u64;
        progress.tick(done);
        call.stop.requested().is_none()
    };
    let stager = Stager::new(&mut session.store, &session.author, artifact_kind);
    let staged = stager.stage(|out| {
        let mut out = Ticking {
            out,
            tick: &mut ticking,
        };
        if artifact_kind == ArtifactKind::Directory {
            return directory::pack(path, &mut out).map_err(|error| match call.stop.requested() {
                Some(_) => RegisterError::Stopped,
                None => RegisterError::File(error),
            });
        }
        let mut source = Source::from_argument(path, call.patience()).reader()?;
        io::copy(&mut source, &mut out)
            .map(|_| ())
            .map_err(|error| stopped_or(call, error))
    });
    staged.map_err(|error| problem(call, path, error))
}

fn stopped_or(call: &Call, error: io::Error) -> RegisterError {
    if call.stop.requested().is_some() {
        RegisterError::Stopped
    } else {
        RegisterError::Source(error)
    }
}

/// Counts what passes, and stops when told to.
struct Ticking<'a> {
    out: &'a mut dyn io::Write,
    tick: &'a mut dyn FnMut(usize) -> bool,
}

impl io::Write for Ticking<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        if (self.tick)(written) {
            Ok(written)
        } else {
            Err(io::Error::other("asked to stop"))
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn problem(call: &Call, path: &Path, error: RegisterError) -> Problem {
    let message = error.to_string();
    match error {
        RegisterError::NameTaken { name, .. } => Problem::new("MG0601", message).hint(format!(
            "choose another id, or look at it: `{}`",
            call.follow_up(&format!("show {name}"))
        )),
        RegisterError::Stopped => match call.check_stop() {
            Err(problem) => problem,
            Ok(()) => Problem::new("MG0110", message),
        },
        RegisterError::Empty => Problem::new("MG0510", format!("{} is empty", path.display()))
            .hint("register the model's file or folder"),
        RegisterError::File(error) => problems::file(&error),
        RegisterError::Source(cause) => {
            Problem::new("MG0501", format!("{} can't be read", path.display()))
                .cause(cause.to_string())
        }
        RegisterError::Name(_) => Problem::new("MG0107", message),
        RegisterError::Switch(error) => problems::switch(call, error),
        RegisterError::Store(error) => problems::store(call, error),
    }
}

fn finished(
    session: &mut Session,
    plan: &Plan,
    operation: Option<crate::domain::holders::OperationId>,
) -> Result<Switched, crate::store::StoreError> {
    let stack = session
        .store
        .read(|tx| switching::stack_names(tx, &plan.after))?;
    Ok(Switched {
        plan: plan.clone(),
        operation,
        stack,
    })
}

/// The answer to the question about the alias was no.
struct Unchanged {
    model: Model,
}

impl Report for Unchanged {
    fn schema(&self) -> &'static str {
        "register"
    }

    fn data(&self) -> Value {
        json!({
            "model": self.model.name.to_string(),
            "version": null,
            "created": false,
            "changed": false,
            "size_bytes": null,
            "stored_bytes": null,
            "artifact_blake3": null,
            "operation_id": null,
            "reference": null,
            "alias": null,
        })
    }

    fn text(&self, _: &Screen) -> String {
        String::new()
    }

    fn aside(&self, _: &Screen) -> String {
        "Nothing changed.\n".to_owned()
    }
}

struct Kept {
    /// Whoever reads it was told beforehand what speaks against the change.
    is_plan_told: bool,
    model: Model,
    registered: Registered,
    switched: Option<Switched>,
    undo_command: Option<String>,
    actor: String,
    reference: Option<Reference>,
}

impl Report for Kept {
    fn schema(&self) -> &'static str {
        "register"
    }

    fn data(&self) -> Value {
        let version = &self.registered.version;
        json!({
            "model": self.model.name.to_string(),
            "version": version.name.to_string(),
            "created": self.registered.created,
            "changed": self.registered.created
                || self.switched.as_ref().is_some_and(|switched| switched.operation.is_some()),
            "size_bytes": version.size_bytes,
            "stored_bytes": self.registered.stored_bytes,
            "artifact_blake3": version.artifact_blake3.to_string(),
            "operation_id": self.registered.operation.map(|id| id.to_string()),
            "reference": self.reference.as_ref().map(Reference::data),
            "alias": self.switched.as_ref().map(|switched| {
                let mut data = switched::switched_data(switched, None, &self.actor);
                data["undo_command"] = json!(self.undo_command);
                data
            }),
        })
    }

    fn text(&self, _: &Screen) -> String {
        format!("{}\n", self.registered.version.name)
    }

    fn aside(&self, _: &Screen) -> String {
        let version = &self.registered.version;
        let size = number::bytes(version.size_bytes);
        let mut text = if self.registered.created {
            format!("Registered {} ({size})\n", one_line(&version.file_name))
        } else {
            format!(
                "{} was registered before as {}\n",
                one_line(&version.file_name),
                version.name
            )
        };
        if let Some(reference) = &self.reference {
            text.push_str(&reference.text());
        }
        if let Some(switched) = &self.switched
            && switched.operation.is_some()
        {
            let undo = self.undo_command.as_deref().unwrap_or_default();
            text.push_str(&format!(
                "{}. undo: {undo}\n",
                switched::sentence(&switched.plan)
            ));
        }
        text
    }

    fn warnings(&self) -> Vec<Warning> {
        let of_reference = self.reference.iter().flat_map(Reference::warnings);
        metrics::warnings(&self.registered.version.metadata.metrics)
            .into_iter()
            .chain(of_reference)
            .chain(self.alarms())
            .collect()
    }

    fn alarms(&self) -> Vec<Warning> {
        let switched = self.switched.as_ref().filter(|_| !self.is_plan_told);
        switched
            .map(|switched| consent::against(&switched.plan))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
