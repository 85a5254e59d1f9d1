//! `season`: which season's version should be live, and the job that makes it so.

mod all;

use serde_json::{Value, json};

use super::call::Call;
use super::flags::LiveFlags;
use super::output::{Report, Screen};
use super::switched::{self, Retold, Unswitched};
use super::{Outcome, problems};
use crate::domain::names::{AliasName, VersionName};
use crate::domain::time::Timestamp;
use crate::store::models::Model;
use crate::store::versions::Version;
use crate::store::{Access, aliases};
use crate::ui::problem::Problem;
use crate::ui::table::{Column, Table};
use crate::workflows::seasons::{self, Listed, Turn};
use crate::workflows::session::Session;
use crate::workflows::switching::{self, Wish};

/// Versions that take turns with the calendar: list, apply
///
/// [season] in the policy says on which day which alias begins; it holds until the next one does.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard season list
  modelguard season apply --yes

Exit status: 0 done; 3 the season's version is bad; 10 no seasons, or nobody holds the alias
Effect: list reads only; apply changes the live model")]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand, Debug)]
enum Verb {
    List(ListArgs),
    Apply(ApplyArgs),
}

/// Every season, when it begins, and who holds its alias
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard season list

Exit status: 0 done, also without seasons
Effect: reads only")]
struct ListArgs {}

/// Make the version of the present season the live one, once a season
///
/// For an hourly job. Once a version of the season has been live since it began, nothing is changed any more: what
/// somebody rolled back or promoted since then stays until the next season begins.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard season apply --dry-run
  modelguard season apply --yes -q

Exit status: 0 done, already so, or answered no; 2 no terminal and no --yes; 3 the season's version is bad or retired;
10 no seasons, or nobody holds the season's alias. With --all the worst of all models
Effect: changes the live model")]
struct ApplyArgs {
    /// Every model that has seasons; a failure in one does not stop the others
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    live: LiveFlags,
}

pub fn run(call: &Call, args: &Args) -> Outcome {
    match &args.verb {
        Verb::List(ListArgs {}) => list(call),
        Verb::Apply(args) if args.all => all::apply(call, &args.live),
        Verb::Apply(args) => {
            let (mut session, model) = switched::begin(call, &args.live)?;
            apply(call, &mut session, &model, &args.live)
        }
    }
}

fn list(call: &Call) -> Outcome {
    let mut session = call.session(Access::Read)?;
    let model = call.model(&mut session)?;
    let (seasons, now) = (session.policy(&model).season, session.now());
    let listed = session
        .store
        .read(|tx| seasons::list(tx, &model, &seasons, now))
        .map_err(|error| problems::store(call, error))?;
    Ok(Box::new(List { listed }))
}

fn apply(call: &Call, session: &mut Session, model: &Model, live: &LiveFlags) -> Outcome {
    let production = AliasName::production();
    let (turn, stack) = look(call, session, model)?;
    let Some(turn) = turn else {
        let message = format!("the policy has no seasons for model {}", model.name);
        return Err(Problem::new("MG0214", message)
            .hint("name them under [season] in the policy, as in `winter = \"11-01\"`"));
    };
    if turn.had.is_some() {
        let said = stays(&turn);
        return Ok(Box::new(nothing_done(
            session, model, live, &turn, &stack, said,
        )));
    }
    let version = eligible(call, &turn)?;
    let wish = Wish::Promote {
        version: version.id,
        since: None,
    };
    let flags =
        LiveFlags {
            reason: Some(live.reason.clone().unwrap_or_else(|| {
                format!("season {} since {}", turn.season.alias, turn.season.from)
            })),
            ..live.clone()
        };
    match switched::try_switch(call, session, model, &production, None, &wish, &flags) {
        Ok(inner) => Ok(Box::new(Retold {
            schema: "season_apply",
            warnings: Vec::new(),
            inner,
        })),
        Err(Unswitched::Overtaken(problem)) => {
            // What they did may be what was wanted.
            let (turn, stack) = look(call, session, model)?;
            let id = |version: &Option<Version>| version.as_ref().map(|version| version.id);
            match turn
                .filter(|turn| id(&turn.live).is_some() && id(&turn.live) == id(&turn.version))
            {
                Some(turn) => {
                    let said = is_live(&turn);
                    Ok(Box::new(nothing_done(
                        session, model, live, &turn, &stack, said,
                    )))
                }
                None => Err(problem),
            }
        }
        Err(Unswitched::Otherwise(problem)) => Err(problem),
    }
}

/// The season of this moment, and who holds production: the names of the stack.
fn look(
    call: &Call,
    session: &mut Session,
    model: &Model,
) -> Result<(Option<Turn>, Vec<VersionName>), Problem> {
    let (seasons, now) = (session.policy(model).season, session.now());
    let found = session.store.read(|tx| {
        let turn = seasons::turn(tx, model, &seasons, now)?;
        let holders = aliases::holders(tx, model.id, &AliasName::production())?;
        Ok((turn, switching::stack_names(tx, &holders)?))
    });
    found.map_err(|error| problems::store(call, error))
}

fn nothing_done(
    session: &Session,
    model: &Model,
    live: &LiveFlags,
    turn: &Turn,
    stack: &[VersionName],
    said: String,
) -> Stays {
    Stays {
        model: model.name.to_string(),
        live: turn.live.as_ref().map(|live| live.name.to_string()),
        stack: stack.iter().map(ToString::to_string).collect(),
        reason: live.reason.clone(),
        actor: session.author.actor.clone(),
        dry_run: live.dry_run,
        said,
    }
}

/// The version to make live, unless an automatic act must leave it alone.
fn eligible<'a>(call: &Call, turn: &'a Turn) -> Result<&'a Version, Problem> {
    let alias = &turn.season.alias;
    let Some(version) = &turn.version else {
        let message = format!("season {alias} has begun and no version holds @{alias}");
        let set = call.follow_up(&format!("alias set {alias} VERSION"));
        return Err(Problem::new("MG0204", message).hint(format!("`{set}`")));
    };
    let cause = match &version.retired_reason {
        Some(reason) => format!("it is retired: {reason}"),
        None if turn.is_bad => "it was left because it was degraded, or judged so last".to_owned(),
        None => return Ok(version),
    };
    let message = format!(
        "season {alias} has begun and {} is not made live by itself",
        version.name
    );
    Err(Problem::new("MG0607", message).cause(cause).hint(format!(
        "give @{alias} to another version, or do it by hand: `{}`",
        call.follow_up(&format!("promote @{alias}"))
    )))
}

fn name(version: Option<&Version>) -> String {
    version.map_or_else(|| "nobody".to_owned(), |version| version.name.to_string())
}

fn is_live(turn: &Turn) -> String {
    let (live, alias) = (name(turn.live.as_ref()), &turn.season.alias);
    format!("{live} is live already, for season {alias}; nothing was changed.\n")
}

/// Why there is nothing to do.
fn stays(turn: &Turn) -> String {
    let (had, live) = (name(turn.had.as_ref()), name(turn.live.as_ref()));
    let alias = &turn.season.alias;
    if had == live {
        return is_live(turn);
    }
    format!(
        "Season {alias} has had its turn with {had}; {live} is live and stays until {}. Nothing was changed.\n",
        turn.season.to
    )
}

/// Nothing was to be done.
struct Stays {
    model: String,
    live: Option<String>,
    stack: Vec<String>,
    reason: Option<String>,
    actor: String,
    dry_run: bool,
    said: String,
}

impl Report for Stays {
    fn schema(&self) -> &'static str {
        "season_apply"
    }

    fn data(&self) -> Value {
        json!({
            "changed": false,
            "model": self.model,
            "alias": AliasName::production().to_string(),
            "from_version": self.live,
            "to_version": self.live,
            "stack": self.stack,
            "operation_id": null,
            "reason": self.reason,
            "actor": self.actor,
            "activation": [],
            "undo_command": null,
            "dry_run": self.dry_run,
        })
    }

    fn text(&self, _: &Screen) -> String {
        self.said.clone()
    }

    /// A job with `-q` speaks when it changes something.
    fn is_news(&self) -> bool {
        false
    }
}

struct List {
    listed: Vec<Listed>,
}

impl Report for List {
    fn schema(&self) -> &'static str {
        "season_list"
    }

    fn data(&self) -> Value {
        let seasons: Vec<_> = self
            .listed
            .iter()
            .map(|season| {
                let version = season.version.as_ref();
                json!({
                    "alias": season.alias.to_string(),
                    "from_day": season.from_day.to_string(),
                    "version": version.map(|version| version.name.to_string()),
                    "active": season.is_active,
                    "next_at": season.next_at.map(|at: Timestamp| at.to_string()),
                })
            })
            .collect();
        json!({ "seasons": seasons })
    }

    fn text(&self, screen: &Screen) -> String {
        if self.listed.is_empty() {
            return "No seasons: [season] in the policy names them, as in winter = \"11-01\".\n"
                .to_owned();
        }
        let mut table = Table::new(vec![
            Column::words("", 0),
            Column::words("season", 0),
            Column::words("from", 0),
            Column::words("version", 0),
            Column::words("next", 1),
        ]);
        for season in &self.listed {
            let mark = if season.is_active { "*" } else { "" };
            let version = season.version.as_ref();
            table.row(vec![
                mark.to_owned(),
                format!("@{}", season.alias),
                season.from_day.to_string(),
                version.map_or_else(|| "-".to_owned(), |version| version.name.to_string()),
                season
                    .next_at
                    .map_or_else(|| "-".to_owned(), |at| at.to_string()),
            ]);
        }
        table.render_painted(screen.width, screen.palette)
    }
}
