//! Every command of the tree is documented, in its own help and in `docs/cli.md`.

use std::collections::{BTreeMap, BTreeSet};

use clap::Command;

use super::reading::{rows, sections, statuses, typed};

/// A command that does something itself.
pub struct Leaf {
    /// `ingest predictions`.
    pub path: String,
    command: Command,
}

impl Leaf {
    /// The end of its long help: examples, exit statuses, effect.
    fn ending(&self) -> String {
        let ending = self.command.get_after_long_help();
        format!(
            "\n{}\n",
            ending.map(ToString::to_string).unwrap_or_default()
        )
    }

    /// The lines of its help's examples.
    pub fn examples(&self) -> Vec<String> {
        self.ending()
            .lines()
            .skip_while(|line| line.trim() != "Examples:")
            .skip(1)
            .take_while(|line| line.starts_with("  "))
            .map(|line| line.trim().to_owned())
            .collect()
    }

    /// The statuses of its help's `Exit status:` line.
    fn statuses(&self) -> BTreeSet<i32> {
        let help = self.ending();
        let text = paragraph(&help, "Exit status:").unwrap_or_default();
        text.split(';')
            .flat_map(|part| {
                let numbers = part.trim().split(|character: char| {
                    !(character.is_ascii_digit() || character == ',' || character == ' ')
                });
                let first = numbers.into_iter().next().unwrap_or_default().to_owned();
                first
                    .split([',', ' '])
                    .filter_map(|number| number.parse().ok())
                    .collect::<Vec<i32>>()
            })
            .collect()
    }

    fn effect(&self) -> Option<String> {
        paragraph(&self.ending(), "Effect:")
    }
}

/// What follows a word at the beginning of a line, up to the next one of its kind.
fn paragraph(help: &str, word: &str) -> Option<String> {
    let (_, rest) = help.split_once(&format!("\n{word}"))?;
    let ends = ["\nEffect:", "\nExit status:", "\n\n"];
    let end = ends.iter().filter_map(|end| rest.find(end)).min();
    let text = &rest[..end.unwrap_or(rest.len())];
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Every command that has no further ones below it.
pub fn leaves() -> Vec<Leaf> {
    fn collect(command: &Command, path: &str, leaves: &mut Vec<Leaf>) {
        let below: Vec<_> = command
            .get_subcommands()
            .filter(|below| below.get_name() != "help" || command.get_name() == "modelguard")
            .collect();
        if below.is_empty() {
            leaves.push(Leaf {
                path: path.to_owned(),
                command: command.clone(),
            });
        }
        for below in below {
            let path = format!("{path} {}", below.get_name());
            collect(below, path.trim(), leaves);
        }
    }
    // Not built: what `help` adds to each group is no command of ours.
    let tree = modelguard::commands::tree();
    let mut leaves = Vec::new();
    collect(&tree, "", &mut leaves);
    assert!(leaves.len() > 6);
    leaves
}

/// The sections of `docs/cli.md` that are about commands.
pub fn documented() -> BTreeMap<String, String> {
    let mut sections = sections("docs/cli.md");
    sections.retain(|_, text| text.contains("Effect: "));
    sections
}

/// What is missing is listed whole, so that one run tells all.
#[track_caller]
pub fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn clap_finds_no_mistake_in_the_tree() {
    modelguard::commands::tree().debug_assert();
}

#[test]
fn every_command_takes_json() {
    let tree = modelguard::commands::tree();
    let json = tree.get_arguments().find(|arg| arg.get_id() == "json");
    assert!(json.is_some_and(clap::Arg::is_global_set));
}

#[test]
fn every_command_says_its_examples_statuses_and_effect() {
    let mut problems = Vec::new();
    for leaf in leaves() {
        let path = &leaf.path;
        if leaf.examples().is_empty() {
            problems.push(format!("{path}: no Examples: in its help"));
        }
        if !leaf.statuses().contains(&0) {
            problems.push(format!("{path}: no Exit status: with 0 in its help"));
        }
        if leaf.effect().is_none_or(|effect| effect.is_empty()) {
            problems.push(format!("{path}: no Effect: in its help"));
        }
        if leaf.command.get_about().is_none() {
            problems.push(format!("{path}: its help does not say what it does"));
        }
    }
    assert_none(&problems);
}

#[test]
fn every_command_has_its_section() {
    let documented = documented();
    let mut problems = Vec::new();
    for leaf in leaves() {
        let path = &leaf.path;
        let Some(section) = documented.get(path) else {
            problems.push(format!("{path}: no section in docs/cli.md"));
            continue;
        };
        for argument in leaf.command.get_arguments() {
            let name = match argument.get_long() {
                Some(long) => format!("--{long}"),
                None => argument
                    .get_value_names()
                    .and_then(|names| names.first())
                    .map_or_else(|| argument.get_id().to_string(), ToString::to_string),
            };
            // The last row of each table of options names those of every changing command together.
            let is_documented = rows(section)
                .iter()
                .any(|row| row[0].contains(&name) && !row[0].contains(&format!("{name}-")));
            let is_common =
                argument.is_global_set() || ["help", "version"].contains(&name.as_str());
            if !is_common && name != "--help" && !is_documented {
                problems.push(format!("{path}: {name} has no row in docs/cli.md"));
            }
        }
        let effect = leaf.effect().unwrap_or_default();
        if !section.contains(&format!("Effect: {effect}\n")) {
            problems.push(format!("{path}: docs/cli.md should say `Effect: {effect}`"));
        }
        let here = statuses(section);
        let missing: Vec<_> = leaf.statuses().difference(&here).copied().collect();
        if !missing.is_empty() {
            problems.push(format!(
                "{path}: statuses {missing:?} of its help are not in docs/cli.md"
            ));
        }
        if typed(section).is_empty() {
            problems.push(format!("{path}: no example in docs/cli.md"));
        }
        if !section.contains("JSON: ") {
            problems.push(format!("{path}: no JSON: line in docs/cli.md"));
        }
    }
    let known: BTreeSet<_> = leaves().into_iter().map(|leaf| leaf.path).collect();
    for path in documented.keys().filter(|path| !known.contains(*path)) {
        problems.push(format!("docs/cli.md: {path} is no command"));
    }
    assert_none(&problems);
}
