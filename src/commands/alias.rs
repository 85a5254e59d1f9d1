//! `alias`: free names that hold a version, and who holds them.

use serde_json::{Value, json};

use super::call::Call;
use super::flags::LiveFlags;
use super::output::{Report, Screen, Warning};
use super::switched::{self, Retold};
use super::{Outcome, problems};
use crate::domain::names::{AliasName, Reference, VersionName};
use crate::domain::nearest::{edits, nearest};
use crate::domain::season::Seasons;
use crate::domain::time::Timestamp;
use crate::store::{Access, StoreError, aliases, versions};
use crate::ui::problem::Problem;
use crate::ui::table::{Column, Table};
use crate::workflows::switching::{self, Wish};

/// Names that hold a version: list, set, remove
///
/// What is live is the alias production; promote, rollback and undo change that one.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard alias list
  modelguard alias set challenger latest --yes

Exit status: 0 done; 2 a change of production; 10 no such version or alias
Effect: list reads only; set and remove change who holds an alias")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand, Debug)]
enum Verb {
    List(ListArgs),
    Set(SetArgs),
    Remove(RemoveArgs),
}

/// Every alias, its holder and its stack
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard alias list

Exit status: 0 done
Effect: reads only")]
struct ListArgs {}

/// Give an alias to a version
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard alias set challenger latest --yes

Exit status: 0 done, already so, or answered no; 2 the alias is production, or no terminal and no --yes;
10 no such version
Effect: changes who holds an alias, never what is live")]
struct SetArgs {
    /// The alias
    #[arg(value_name = "NAME")]
    alias: AliasName,

    /// The version: its name, a unique beginning of it, latest, @ALIAS, @ALIAS~N
    #[arg(value_name = "REF")]
    version: Reference,

    #[command(flatten)]
    live: LiveFlags,
}

/// Take an alias away from its version
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard alias set winter latest --yes
  modelguard alias remove winter --dry-run

Exit status: 0 done, or answered no; 2 the alias is production, or no terminal and no --yes; 10 nobody holds it
Effect: changes who holds an alias, never what is live")]
struct RemoveArgs {
    /// The alias
    #[arg(value_name = "NAME")]
    alias: AliasName,

    #[command(flatten)]
    live: LiveFlags,
}

pub fn run(call: &Call, args: &Args) -> Outcome {
    match &args.verb {
        Verb::List(ListArgs {}) => list(call),
        Verb::Set(args) => set(call, args),
        Verb::Remove(args) => remove(call, args),
    }
}

/// What is live has its own commands, which keep the stack of former holders.
fn refuse_production(call: &Call, alias: &AliasName, instead: &str) -> Result<(), Problem> {
    if !alias.is_production() {
        return Ok(());
    }
    Err(Problem::new(
        "MG0106",
        "the alias production says what is live, and is not set or removed by hand",
    )
    .hint(format!("`{}`", call.follow_up(instead))))
}

fn set(call: &Call, args: &SetArgs) -> Outcome {
    refuse_production(call, &args.alias, &format!("promote {}", args.version))?;
    let mut session = switched::open(call, &args.live)?;
    let model = call.model_of(&mut session, &args.version)?;
    let version = session
        .version(&model, &args.version)
        .map_err(|error| problems::naming(call, error))?;
    let wish = Wish::SetAlias(version.id);
    let nearly = nearly_a_season(&args.alias, &session.policy(&model).season);
    let inner = switched::switch(call, &mut session, &model, &args.alias, &wish, &args.live)?;
    Ok(Box::new(Retold {
        schema: inner.schema(),
        warnings: nearly.into_iter().collect(),
        inner,
    }))
}

/// An alias that is no season and nearly one: the season would have no version.
fn nearly_a_season(alias: &AliasName, seasons: &Seasons) -> Option<Warning> {
    if seasons.iter().any(|(season, _)| season == alias) {
        return None;
    }
    let known = seasons.iter().map(|(season, _)| season.as_str());
    let near = nearest(known, |season| edits(alias.as_str(), season));
    let near = near.first()?;
    Some(Warning {
        code: "nearly_a_season",
        text: format!("@{alias} is no season of the policy; did you mean @{near}, which is one?"),
    })
}

fn remove(call: &Call, args: &RemoveArgs) -> Outcome {
    refuse_production(call, &args.alias, "undo")?;
    let (mut session, model) = switched::begin(call, &args.live)?;
    switched::switch(
        call,
        &mut session,
        &model,
        &args.alias,
        &Wish::RemoveAlias,
        &args.live,
    )
}

fn list(call: &Call) -> Outcome {
    let mut session = call.session(Access::Read)?;
    let model = call.model(&mut session)?;
    let (held, has_versions) = session
        .store
        .read(|tx| {
            let has_versions = versions::latest(tx, model.id)?.is_some();
            let held = aliases::list(tx, model.id)?.into_iter().map(|held| {
                let holders = aliases::holders(tx, model.id, &held.alias)?;
                Ok(Holding {
                    alias: held.alias,
                    version: versions::get(tx, held.version)?.name,
                    since: held.since,
                    stack: switching::stack_names(tx, &holders)?,
                })
            });
            let held = held.collect::<Result<Vec<_>, StoreError>>()?;
            Ok::<_, StoreError>((held, has_versions))
        })
        .map_err(|error| problems::store(call, error))?;
    let promote = call.follow_up("promote latest");
    let way = if has_versions {
        format!("`{promote}`")
    } else {
        format!("`{}`, then `{promote}`", call.follow_up("register PATH"))
    };
    Ok(Box::new(List {
        empty: format!("No alias of {} is held: {way}\n", model.name),
        held,
    }))
}

struct Holding {
    alias: AliasName,
    version: VersionName,
    since: Option<Timestamp>,
    /// The bottom entry first.
    stack: Vec<VersionName>,
}

struct List {
    held: Vec<Holding>,
    empty: String,
}

impl Report for List {
    fn schema(&self) -> &'static str {
        "alias_list"
    }

    fn data(&self) -> Value {
        let aliases: Vec<_> = self
            .held
            .iter()
            .map(|held| {
                json!({
                    "alias": held.alias.to_string(),
                    "version": held.version.to_string(),
                    "since_at": held.since.map(|since| since.to_string()),
                    "stack": held.stack.iter().map(ToString::to_string).collect::<Vec<_>>(),
                })
            })
            .collect();
        json!({ "aliases": aliases })
    }

    fn text(&self, screen: &Screen) -> String {
        if self.held.is_empty() {
            return self.empty.clone();
        }
        let mut table = Table::new(vec![
            Column::words("", 0),
            Column::words("alias", 0),
            Column::words("version", 0),
            Column::words("since", 1),
            Column::words("below", 2),
        ]);
        for held in &self.held {
            let mark = if held.alias.is_production() { "*" } else { "" };
            let below: Vec<_> = held
                .stack
                .iter()
                .rev()
                .skip(1)
                .map(ToString::to_string)
                .collect();
            table.row(vec![
                mark.to_owned(),
                format!("@{}", held.alias),
                held.version.to_string(),
                held.since
                    .map_or_else(|| "…".to_owned(), |since| screen.times.show(since.micros())),
                if below.is_empty() {
                    "-".to_owned()
                } else {
                    below.join(", ")
                },
            ]);
        }
        table.render_painted(screen.width, screen.palette)
    }
}
