//! `help`, and what bare `modelguard` and `-h` say: commands, topics, and what an error code means.

use std::ffi::OsString;

use serde_json::{Value, json};

use super::Outcome;
use super::call::Call;
use super::output::{self, Folding, Report, Screen};
use crate::domain::nearest::{edits, nearest};
use crate::ui::colour::Palette;
use crate::ui::exit::ExitStatus;
use crate::ui::problem::Problem;
use crate::ui::{catalogue, topics};

/// Help on a command, a topic or an error code
///
/// Without a word it lists every command. Topics: refs, words, exit-codes, environment, json, policy, time, statistics.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard help promote
  modelguard help refs
  modelguard help MG0203

Exit status: 0 done; 10 no such command, topic or code
Effect: reads only")]
pub struct Args {
    /// A command (`alias set`), a topic (`refs`) or a code (`MG0203`)
    #[arg(value_name = "TOPIC|CODE|COMMAND")]
    words: Vec<String>,
}

pub fn run(_: &Call, args: &Args) -> Outcome {
    let text = match args.words.as_slice() {
        [] => Some(overview()),
        [word] => topics::find(word)
            .map(str::to_owned)
            .or_else(|| catalogue::page(word))
            .or_else(|| command(&args.words)),
        words => command(words),
    };
    match text {
        Some(text) => Ok(Box::new(Help {
            text: text.trim_end().to_owned() + "\n",
        })),
        None => Err(unknown(&args.words.join(" "))),
    }
}

/// Every command, and the topics.
fn overview() -> String {
    let mut tree = super::tree();
    format!(
        "{}\n\nTopics of `modelguard help TOPIC`:\n{}",
        tree.render_long_help().to_string().trim_end(),
        topics::list()
    )
}

/// The long help of a command.
fn command(words: &[String]) -> Option<String> {
    let mut tree = super::tree();
    tree.build();
    let mut command = &mut tree;
    for word in words {
        command = command.find_subcommand_mut(word)?;
    }
    Some(command.render_long_help().to_string())
}

fn unknown(given: &str) -> Problem {
    let tree = super::tree();
    let commands = tree.get_subcommands().map(clap::Command::get_name);
    let codes = catalogue::ENTRIES.iter().map(|entry| entry.code);
    let known = topics::names().chain(codes).map(str::to_owned);
    let known = known.chain(commands.map(str::to_owned));
    let upper = given.to_uppercase();
    let near = nearest(known, |name| {
        let fewest = edits(given, name).min(edits(&upper, name))?;
        // Two digits of a code are another trouble unless they were swapped; two letters of a short word are most of it.
        let is_code = catalogue::ENTRIES.iter().any(|entry| entry.code == name);
        let is_near = if is_code {
            fewest < 2 || letters(&upper) == letters(name)
        } else {
            fewest * 2 < name.len()
        };
        is_near.then_some(fewest)
    });
    let problem = Problem::new(
        "MG0212",
        format!("there is no command, topic or error code {given}"),
    );
    match near.first() {
        Some(name) => problem.hint(format!("did you mean `modelguard help {name}`?")),
        None => problem.hint("`modelguard help` lists them"),
    }
}

/// The letters and digits of a word in their own order, by which a swap is seen.
fn letters(word: &str) -> Vec<char> {
    let mut letters: Vec<_> = word.chars().collect();
    letters.sort_unstable();
    letters
}

struct Help {
    text: String,
}

impl Report for Help {
    fn schema(&self) -> &'static str {
        "help"
    }

    fn data(&self) -> Value {
        json!({ "text": self.text })
    }

    fn text(&self, _: &Screen) -> String {
        self.text.clone()
    }
}

/// The commands of every day, by what they are for.
const EVERY_DAY: [(&str, &[&str]); 4] = [
    ("look", &["status", "history", "check", "compare"]),
    ("record", &["init", "register", "ingest"]),
    ("act", &["monitor", "promote", "rollback", "undo", "redo"]),
    ("start", &["demo", "menu"]),
];

/// Bare `modelguard` and `menu` where nobody can choose.
pub fn instead_of_menu(as_json: bool, is_menu: bool, palette: Palette) -> ExitStatus {
    if as_json {
        let problem = if is_menu {
            Problem::new("MG0102", "the menu is for people at a terminal")
        } else {
            Problem::new("MG0101", "there is no command")
        };
        let problem = problem.hint("`modelguard help` lists the commands");
        return output::print_problem(&problem, true, palette, Folding::None);
    }
    output::stderr(&short());
    if is_menu {
        output::stderr(NO_MENU);
    }
    ExitStatus::Usage
}

/// Why `menu` did nothing but that.
const NO_MENU: &str =
    "The menu needs a terminal for stdin, stdout and stderr, and neither `--no-input` nor `CI`.\n";

/// What bare `modelguard` and `-h` say, in 25 lines.
pub fn short() -> String {
    let tree = super::tree();
    let about = |command: &clap::Command| command.get_about().map(ToString::to_string);
    let mut text = format!(
        "{}\n\nUsage: modelguard [OPTIONS] COMMAND\n\n",
        about(&tree).unwrap_or_default()
    );
    for (group, names) in EVERY_DAY {
        let mut label = group;
        for command in names.iter().filter_map(|name| tree.find_subcommand(name)) {
            let what = about(command).unwrap_or_default();
            text.push_str(&format!("{label:<7} {:<9} {what}\n", command.get_name()));
            label = "";
        }
    }
    text.push_str(
        "
  modelguard demo                                    # the whole story, on real flights
  modelguard register model.pkl --alias production   # keep a version and make it live
  modelguard rollback                                # go back to the one before

All commands and options: `modelguard --help`; about one: `modelguard help COMMAND`;
what the words mean: `modelguard help words`
",
    );
    text
}

/// Whether the words ask for the short help of the whole tool: `-h` before any command.
pub fn is_short(words: &[OsString]) -> bool {
    let tree = super::tree();
    let mut before_command = words.iter().skip(1).take_while(|word| {
        word.to_str()
            .is_none_or(|word| tree.find_subcommand(word).is_none())
    });
    before_command.any(|word| word == "-h")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_help_fits_a_small_terminal() {
        let text = short();
        assert!(text.lines().count() <= 25, "{text}");
        for line in text.lines() {
            assert!(line.chars().count() <= 110, "{line}");
        }
    }

    #[test]
    fn only_h_before_a_command_is_the_short_help() {
        let words = |line: &str| -> Vec<OsString> { line.split(' ').map(OsString::from).collect() };
        assert!(is_short(&words("modelguard -h")));
        assert!(is_short(&words("modelguard --json -h promote")));
        assert!(!is_short(&words("modelguard promote -h")));
        assert!(!is_short(&words("modelguard --help")));
    }
}
