//! What was meant by the words of a command line, where they may make no sense as a whole.

use std::ffi::OsString;

use super::problems;
use super::run_log::Wishes;
use crate::policy::environment::{BadVariable, Environment};
use crate::ui::colour::ColourChoice;
use crate::ui::exit::map::{BadExitMap, ExitMap};
use crate::ui::problem::Problem;

/// What `--exit-map` or its variable makes of the statuses.
///
/// It is read from the raw words, so that it holds for a command line that makes no sense, too: to Nagios a mistyped
/// command is UNKNOWN, while the bare status would be CRITICAL. A bad map in the words maps nothing; clap tells it.
pub fn meant_exit_map(words: &[OsString], environment: &Environment) -> Result<ExitMap, Problem> {
    let given: Vec<_> = values_of(words, "--exit-map")
        .map(|value| value.parse::<ExitMap>())
        .collect();
    if given.is_empty() {
        let Some(value) = &environment.exit_map else {
            return Ok(ExitMap::default());
        };
        return value.parse().map_err(|reason: BadExitMap| {
            problems::variable(BadVariable {
                variable: "MODELGUARD_EXIT_MAP",
                value: value.clone(),
                reason: reason.to_string(),
            })
        });
    }
    let maps: Result<Vec<_>, _> = given.into_iter().collect();
    // Of one before the verb and one behind it, clap takes the last.
    Ok(maps
        .ok()
        .and_then(|mut maps| maps.pop())
        .unwrap_or_default())
}

/// What an option is given in words that may make no sense as a whole: `--name value` and `--name=value`.
fn values_of<'a>(words: &'a [OsString], name: &str) -> impl Iterator<Item = &'a str> {
    let options = words.iter().take_while(|word| *word != "--");
    let words: Vec<_> = options
        .map(|word| word.to_str().unwrap_or_default())
        .collect();
    let values =
        words
            .iter()
            .enumerate()
            .filter_map(|(index, word)| match word.strip_prefix(name)? {
                "" => words.get(index + 1).copied(),
                joined => joined.strip_prefix('='),
            });
    values.collect::<Vec<_>>().into_iter()
}

/// What words that make no sense as a whole say about the log.
pub fn meant_wishes(words: &[OsString]) -> Wishes {
    let last = |names: [&str; 2]| {
        let values = names.into_iter().flat_map(|name| values_of(words, name));
        values.last().map(str::to_owned)
    };
    Wishes {
        directory: last(["-C", "--directory"])
            .unwrap_or_else(|| ".".to_owned())
            .into(),
        log_file: last(["--log-file", "--log-file"]).map(Into::into),
        actor: None,
        quiet: words
            .iter()
            .any(|word| word == "-q" || word == "-qq" || word == "--quiet"),
        json: is_json(words),
        verbose: 0,
    }
}

/// Whether JSON was meant, which must be known before the words are understood.
pub fn is_json(words: &[OsString]) -> bool {
    words.iter().any(|word| word == "--json")
}

/// What `--color` says, where the words as a whole make no sense.
pub fn colour_of(words: &[OsString]) -> ColourChoice {
    values_of(words, "--color")
        .next()
        .and_then(|value| value.parse().ok())
        .unwrap_or(ColourChoice::Auto)
}
