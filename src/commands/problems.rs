//! Turns every room's errors into problems: the code, and the hint that can be pasted.

mod policies;

pub use policies::{of_task, policy, require_trust, trust_hint};

use std::path::Path;

use super::call::{Call, quoted};
use super::usage;
use crate::domain::names::PRODUCTION;
use crate::files::user::{self, Rights};
use crate::files::{FileError, FileErrorKind};
use crate::policy::discover::DiscoverError;
use crate::policy::environment::BadVariable;
use crate::store::StoreError;
use crate::ui::interrupt::Signal;
use crate::ui::problem::Problem;
use crate::workflows::judging::JudgeError;
use crate::workflows::naming::NamingError;
use crate::workflows::switching::SwitchError;

/// A value of the environment that can't be read.
pub fn variable(error: BadVariable) -> Problem {
    let example = match error.variable {
        "MODELGUARD_NOW" => "2026-01-31T14:00:00Z",
        "MODELGUARD_LOCK_TIMEOUT" => "5s",
        "MODELGUARD_EXIT_MAP" => "nagios",
        "MODELGUARD_LOG" => "debug",
        _ => "NAME",
    };
    Problem::new("MG0109", format!("{} is {:?}", error.variable, error.value))
        .cause(error.reason)
        .hint(format!("`{}={example}`", error.variable))
}

/// The run was asked to stop.
pub fn interrupted(signal: Signal) -> Problem {
    Problem::new("MG0110", "interrupted; nothing was changed").exit(signal.exit())
}

/// No policy or store to work with.
pub fn discover(call: &Call, error: DiscoverError) -> Problem {
    match error {
        DiscoverError::Policy(error) => policy(call, error),
        DiscoverError::Variable(error) => variable(error),
        DiscoverError::NoFolder(path) => {
            Problem::new("MG0107", format!("there is no folder {}", path.display()))
                .hint("name one that exists: `modelguard -C DIR …`")
        }
    }
}

/// What is wrong with the store.
pub fn store(call: &Call, error: StoreError) -> Problem {
    // An error from within a transaction does not know the file.
    let error = match call.paths().1 {
        Some(path) => error.at(std::path::Path::new(&path)),
        None => error,
    };
    let message = error.to_string();
    let upgrade = call.follow_up("store upgrade");
    match error {
        StoreError::Missing(_) => Problem::new("MG0201", message)
            .hint(format!(
                "`{}` makes one",
                call.follow_up("init --task classification")
            ))
            .hint("say where it lies: `-C DIR`, or `--db FILE`"),
        StoreError::Foreign { cause, .. } => Problem::new("MG0401", message)
            .cause(cause)
            .hint("name another with `--db FILE`"),
        StoreError::Damaged { cause, .. } => Problem::new("MG0402", message)
            .cause(cause)
            .hint("put a copy back; `modelguard help MG0402` says how"),
        StoreError::Forbidden { cause, .. } => Problem::new("MG0403", message)
            .cause(cause)
            .hint("give this user the right to read and write the file and its folder"),
        StoreError::Busy { .. } => Problem::new("MG0404", message)
            .cause("another process holds its lock")
            .hint("wait longer: `--lock-timeout 60s`"),
        StoreError::HotJournal { .. } => Problem::new("MG0408", message).hint(
            "copy the store and its journal to where they can be written, and open them there",
        ),
        StoreError::Newer { found, known, .. } => Problem::new("MG0405", message)
            .cause(format!(
                "its layout is {found}, this one knows up to {known}"
            ))
            .hint("use the modelguard that wrote it, or a newer one"),
        StoreError::Older { found, known, .. } => Problem::new("MG0406", message)
            .cause(format!("its layout is {found}, and now it is {known}"))
            .hint(format!("`{upgrade}` keeps a copy and brings it up to date")),
        StoreError::Journal {
            journal,
            rights,
            wanted,
            ..
        } => {
            let owner = user::name_of(rights.user).unwrap_or(format!("user {}", rights.user));
            Problem::new("MG0403", message)
                .cause(format!(
                    "{} belongs to {owner}, and this user may not write it",
                    journal.display()
                ))
                .hint(format!(
                    "give it the rights of the store: `{}`",
                    regranting(&journal, rights, wanted)
                ))
        }
        StoreError::NoFolder { folder, .. } => Problem::new("MG0407", message).hint(format!(
            "`mkdir -p {}`",
            quoted(&folder.display().to_string())
        )),
        StoreError::Io { cause, .. } => Problem::new("MG0407", message)
            .cause(cause)
            .hint("make room or give the right to write, and run the command again"),
        StoreError::ArtifactHash { found, .. } => Problem::new("MG0409", message)
            .cause(format!("its bytes hash to {found}"))
            .hint("register the file again from its source"),
        StoreError::ArtifactTorn(_) => {
            Problem::new("MG0409", message).hint("register the file again from its source")
        }
        StoreError::ChainBroken { cause, .. } => Problem::new("MG0410", message).cause(cause).hint(
            "compare with a copy of the store; `modelguard help MG0410` says what this means",
        ),
        StoreError::Meaningless { .. } => Problem::new("MG0402", message)
            .hint("the store was changed by another program; put a copy back"),
        StoreError::Vanished(_) => Problem::new("MG0404", message)
            .cause("another process took this one for dead")
            .hint("run the command again"),
        StoreError::Output(error) => Problem::new("MG0517", message)
            .cause(error.to_string())
            .hint("make room there, or name another path"),
        StoreError::Sql(error) => Problem::new("MG9901", "SQLite refused a statement")
            .cause(error.to_string())
            .hint("this is a bug: please report it with the command that you ran"),
    }
}

/// What gives a file other rights than it has.
fn regranting(path: &Path, has: Rights, wanted: Rights) -> String {
    let path = quoted(&path.display().to_string());
    let mut commands = Vec::new();
    if (has.user, has.group) != (wanted.user, wanted.group) {
        commands.push(format!(
            "sudo chown {}:{} {path}",
            wanted.user, wanted.group
        ));
    }
    if has.mode != wanted.mode {
        commands.push(format!("sudo chmod {:o} {path}", wanted.mode));
    }
    commands.join(" && ")
}

/// What is wrong with a file.
pub fn file(error: &FileError) -> Problem {
    use FileErrorKind as Kind;
    let code = match &*error.kind {
        Kind::Missing | Kind::Unreadable(_) | Kind::Changed => "MG0501",
        Kind::Unwritable(_)
        | Kind::Exists
        | Kind::Irreplaceable(_)
        | Kind::Locked { .. }
        | Kind::NotDirectory => "MG0517",
        Kind::Directory => "MG0511",
        Kind::Special(_) | Kind::UnsafeEntry(_) | Kind::TooLarge { .. } => "MG0514",
        Kind::Empty | Kind::NoRows => "MG0510",
        Kind::Unsupported { .. } | Kind::NotText { .. } | Kind::Utf16 | Kind::Binary => "MG0502",
        Kind::OtherFormat { .. } => "MG0502",
        Kind::ParquetSyntax(_) | Kind::ParquetUnsupported(_) | Kind::PipeTooLong { .. } => "MG0519",
        Kind::ColumnType { .. } => "MG0520",
        Kind::Compressed { .. } => "MG0521",
        Kind::CsvSyntax(_) | Kind::NoHeader => "MG0503",
        // Of a CSV only a quote can be left open; a text of any kind can end within a character.
        Kind::Truncated(what) if what.contains("quote") => "MG0503",
        Kind::Truncated(what) if what.contains("character") => "MG0502",
        Kind::Truncated(_) | Kind::JsonSyntax(_) | Kind::DuplicateKey { .. } => "MG0504",
        Kind::LineTooLong { .. } | Kind::BlankTooLong { .. } => "MG0508",
        Kind::TooManyColumns { .. } | Kind::NameTooLong { .. } => "MG0509",
        Kind::MissingColumn { .. }
        | Kind::UnknownKind { .. }
        | Kind::LateColumn { .. }
        | Kind::Columns(_) => "MG0505",
        Kind::AmbiguousColumns { .. } | Kind::SharedColumn { .. } => "MG0506",
    };
    let problem = Problem::new(code, error.to_string());
    let Some(hint) = error.hint() else {
        return problem;
    };
    let Some((field, Some(column))) = error.unfit_column() else {
        return problem.hint(hint);
    };
    // The room of files knows no shell.
    let choice = format!("{field}={column}");
    problem.hint(hint.replace(&format!("{choice}`"), &format!("{}`", quoted(&choice))))
}

/// `-m churn` or `-m prices`: the first three.
fn options(models: &[String]) -> String {
    let options = models.iter().take(3).map(|name| format!("`-m {name}`"));
    options.collect::<Vec<_>>().join(" or ")
}

/// A name means nothing, or too much.
pub fn naming(call: &Call, error: NamingError) -> Problem {
    let message = error.to_string();
    match error {
        NamingError::NoModel { name, have } if have.is_empty() => {
            // What -m said is in every follow-up already.
            let named = match call.globals.model {
                Some(_) => String::new(),
                None => format!(" --model {name}"),
            };
            Problem::new("MG0202", message).hint(format!(
                "`{}` adds one",
                call.follow_up(&format!("init{named} --task classification"))
            ))
        }
        NamingError::NoModel { have, .. } => {
            Problem::new("MG0202", message).hint(format!("there is: {}", have.join(", ")))
        }
        NamingError::SeveralModels { have } => Problem::new("MG0103", message)
            .cause(format!("there is: {}", have.join(", ")))
            .hint(if usage::takes_all(&call.words) {
                format!("name one: {}, or take all: `--all`", options(&have))
            } else {
                format!("name one: {}", options(&have))
            }),
        NamingError::NoModels => Problem::new("MG0202", message).hint(format!(
            "`{}` adds one",
            call.follow_up("init --task classification")
        )),
        NamingError::OtherModel { named, .. } => Problem::new("MG0104", message)
            .hint(format!("add `-m {named}`, or leave the model out of it")),
        NamingError::NoVersion { near, .. } => {
            let problem = Problem::new("MG0203", message);
            let lists = format!("`{}` lists all", call.follow_up("history"));
            if near.is_empty() {
                problem.hint(lists)
            } else {
                problem.hint(format!("did you mean {}? {lists}", near.join(" or ")))
            }
        }
        NamingError::Ambiguous { near, total, .. } => {
            let more = if total > near.len() as u64 {
                ", …"
            } else {
                ""
            };
            Problem::new("MG0203", message).hint(format!(
                "they are {}{more}; `{}` lists all",
                near.join(", "),
                call.follow_up("history")
            ))
        }
        NamingError::NoVersions(_) => {
            Problem::new("MG0203", message).hint(format!("`{}`", call.follow_up("register PATH")))
        }
        NamingError::NobodyHolds { alias, .. } => {
            Problem::new("MG0204", message).hint(holders_hint(call, alias == PRODUCTION))
        }
        NamingError::NothingBelow { entries, .. } => {
            let noun = if entries == 1 { "entry" } else { "entries" };
            Problem::new("MG0205", message)
                .cause(format!("its stack has {entries} {noun}"))
                .hint(format!(
                    "`{}` shows the stack",
                    call.follow_up("alias list")
                ))
        }
        NamingError::Syntax(_) => Problem::new("MG0104", message).hint("`modelguard help refs`"),
        NamingError::Store(error) => store(call, error),
    }
}

/// What to do where nobody holds an alias.
fn holders_hint(call: &Call, is_production: bool) -> String {
    if is_production {
        format!("`{}`", call.follow_up("promote latest"))
    } else {
        format!("`{}` lists all", call.follow_up("alias list"))
    }
}

/// Nothing could be judged.
pub fn judge(call: &Call, error: JudgeError) -> Problem {
    match error {
        JudgeError::Naming(error) => naming(call, error),
        JudgeError::Switch(error) => switch(call, error),
        JudgeError::Store(error) => store(call, error),
    }
}

/// A change of who is live that can't be made.
pub fn switch(call: &Call, error: SwitchError) -> Problem {
    let message = error.to_string();
    let log = format!("`{}` lists them", call.follow_up("log"));
    let history = call.follow_up("history");
    let by_name = format!("go to a version by its name: `{history}` lists all");
    match error {
        SwitchError::NobodyHolds { alias, .. } => {
            Problem::new("MG0204", message).hint(holders_hint(call, alias.is_production()))
        }
        SwitchError::NothingBelow { .. } => Problem::new("MG0205", message).hint(by_name),
        SwitchError::NoLastGood(_) => Problem::new("MG0210", message).hint(format!(
            "choose one yourself: `{}` lists all, `rollback REF` goes there",
            call.follow_up("history")
        )),
        SwitchError::NothingToUndo(_) => Problem::new("MG0206", message)
            .hint(format!("`{}` lists what was done", call.follow_up("log"))),
        SwitchError::NothingToRedo(_) => Problem::new("MG0206", message)
            .cause("only an undo can be redone, and only until something else changes")
            .hint(by_name),
        SwitchError::NewerStand { newer, .. } => {
            let first = newer.first().map_or_else(String::new, ToString::to_string);
            Problem::new("MG0602", message).hint(format!(
                "undo those first: `{}`",
                call.follow_up(&format!("undo {first}"))
            ))
        }
        SwitchError::NoOperation(_) => Problem::new("MG0209", message).hint(log),
        SwitchError::NotUndoable { .. } => Problem::new("MG0105", message)
            .cause("only promote, rollback and alias operations of this model can")
            .hint(log),
        SwitchError::SinceInFuture { .. } => Problem::new("MG0605", message)
            .hint("give the time at which it really went live, or leave --since out"),
        SwitchError::SinceTooEarly { begin, .. } => {
            Problem::new("MG0605", message).hint(format!("`--since {begin}` is the earliest"))
        }
        SwitchError::HoldsAlready { version, .. } => Problem::new("MG0605", message)
            .cause("when it went live is on record, and whose rows came in since then")
            .hint(format!(
                "leave --since out; rows from before are its own with `{}`",
                call.follow_up(&format!("ingest predictions FILE --version {version}"))
            )),
        SwitchError::ChangedMeanwhile { .. } => Problem::new("MG0606", message)
            .cause("somebody else switched it; nothing was changed by you")
            .hint(format!("look first: `{}`", call.follow_up("status"))),
        SwitchError::Store(error) => store(call, error),
    }
}

#[cfg(test)]
mod tests;
