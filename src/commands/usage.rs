//! Says what is wrong with a command line, and which word would do.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::output;
use crate::domain::nearest::edits;
use crate::ui::problem::Problem;

/// The options of the original tool and what they are called now.
const FORMER_OPTIONS: [(&str, &str); 10] = [
    ("--check", "modelguard check"),
    ("--auto-rollback", "modelguard monitor --auto-rollback"),
    (
        "--no-auto-rollback",
        "modelguard monitor --no-auto-rollback",
    ),
    ("--status", "modelguard status"),
    ("--history", "modelguard history"),
    ("--degradation-history", "modelguard alerts list"),
    ("--compare", "modelguard compare A B"),
    ("--rollback", "modelguard rollback VERSION"),
    ("--rollback-previous", "modelguard rollback --previous"),
    ("--threshold", "modelguard check --threshold 5.0"),
];

/// What clap has to say: help and version are answers, all else is a usage error.
///
/// # Errors
/// The command line makes no sense, or the answer can't be written.
pub fn command_line(error: &clap::Error, words: &[OsString]) -> Result<(), Problem> {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        return output::answer(&error.render().to_string());
    }
    Err(usage(error, words))
}

/// The option of the original tool that stands where a command should, and what it is called now.
fn former(words: &[OsString]) -> Option<(&'static str, &'static str)> {
    let tree = super::tree();
    let mut before_command = words.iter().skip(1).map_while(|word| {
        word.to_str()
            .filter(|word| tree.find_subcommand(word).is_none())
    });
    before_command.find_map(|word| {
        let name = word.split_once('=').map_or(word, |(name, _)| name);
        FORMER_OPTIONS
            .into_iter()
            .find(|(former, _)| *former == name)
    })
}

/// ` store verify`: the command among the words, as deep as they go.
fn command_of(words: &[OsString]) -> String {
    let words = words.iter().skip(1).filter_map(|word| word.to_str());
    reached(words).1
}

/// The command that those words name, as deep as they go, and how it is called.
fn reached<'a>(words: impl Iterator<Item = &'a str>) -> (clap::Command, String) {
    let mut command = super::tree();
    let mut path = String::new();
    for word in words {
        if let Some(below) = command.find_subcommand(word) {
            path.push_str(&format!(" {word}"));
            command = below.clone();
        }
    }
    (command, path)
}

/// Whether the command that those words name takes all models with `--all`.
pub fn takes_all(words: &[String]) -> bool {
    let (command, _) = reached(words.iter().map(String::as_str));
    let mut options = command.get_arguments();
    options.any(|option| option.get_long() == Some("all"))
}

/// Words of other tools, and the command that does here what they do there.
const OTHER_WORDS: [(&str, &str); 14] = [
    ("add", "register"),
    ("delete", "retire"),
    ("deploy", "promote"),
    ("diff", "compare"),
    ("download", "fetch"),
    ("get", "fetch"),
    ("list", "history"),
    ("ls", "history"),
    ("remove", "retire"),
    ("revert", "rollback"),
    ("rm", "retire"),
    ("validate", "config validate"),
    ("verify", "store verify"),
    ("versions", "history"),
];

fn called_otherwise(given: &str) -> Option<&'static str> {
    let found = OTHER_WORDS.into_iter().find(|(word, _)| *word == given);
    found.map(|(_, command)| command)
}

/// A group of commands that was named without one of them.
fn group(path: &str) -> Problem {
    let tree = super::tree();
    let mut command = &tree;
    for word in path.split_whitespace() {
        command = command.find_subcommand(word).unwrap_or(command);
    }
    let below: Vec<_> = command
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    Problem::new(
        "MG0101",
        format!(
            "`modelguard{path}` goes on with one of: {}",
            below.join(", ")
        ),
    )
    .hint(format!("`modelguard{path} --help`"))
}

fn usage(error: &clap::Error, words: &[OsString]) -> Problem {
    let rendered = error.render().to_string();
    let message = rendered
        .lines()
        .next()
        .unwrap_or("the command line makes no sense")
        .trim_start_matches("error: ")
        .trim_end_matches(':')
        .to_owned();
    if let Some((former, now)) = former(words) {
        return Problem::new("MG0108", format!("{former} is a command of its own now"))
            .hint(format!("`{now}`"));
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return group(&command_of(words));
    }
    let mut problem = Problem::new("MG0101", message);
    let listed: Vec<_> = rendered
        .lines()
        .skip(1)
        .take_while(|line| !line.is_empty())
        .map(str::trim)
        .collect();
    if !listed.is_empty() && error.kind() == ErrorKind::MissingRequiredArgument {
        problem = problem.cause(format!("missing: {}", listed.join(", ")));
    }
    let suggestion = [
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedValue,
    ]
    .into_iter()
    .find_map(|kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    });
    let help = format!("`modelguard{} --help`", command_of(words));
    let given = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(given)) => Some(given.as_str()),
        _ => None,
    };
    if let Some(other) = given.and_then(called_otherwise) {
        return problem.hint(format!("it is called `modelguard {other}` here; {help}"));
    }
    // Alike in sound is not enough: `list` is no `register`.
    let suggestion = suggestion.filter(|suggestion| {
        given.is_none_or(|given| {
            edits(given, suggestion).is_some_and(|edits| edits <= 2 && edits * 2 < given.len())
        })
    });
    let choices = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(choices)) if choices.len() > 1 => choices.join(", "),
        _ => String::new(),
    };
    match suggestion {
        Some(suggestion) => problem.hint(format!("did you mean {suggestion}? {help}")),
        None if choices.is_empty() => problem.hint(help),
        None => problem.hint(format!("it is one of {choices}; {help}")),
    }
}

#[cfg(test)]
mod tests;
