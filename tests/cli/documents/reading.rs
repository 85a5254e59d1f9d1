//! Reads the documents: sections, tables, and the commands in them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A file of the repository.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A document's text.
pub fn document(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The sections of a document by their heading, with the text below each up to the next heading.
pub fn sections(name: &str) -> BTreeMap<String, String> {
    let mut sections: BTreeMap<String, String> = BTreeMap::new();
    let mut heading = String::new();
    let mut in_block = false;
    for line in document(name).lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        }
        match line.strip_prefix('#').filter(|_| !in_block) {
            Some(rest) => {
                heading = rest.trim_start_matches('#').trim().to_owned();
                let before = sections.insert(heading.clone(), String::new());
                assert!(before.is_none(), "{name}: two sections {heading:?}");
            }
            None => {
                let section = sections.entry(heading.clone()).or_default();
                section.push_str(line);
                section.push('\n');
            }
        }
    }
    sections
}

/// The rows of all tables of a section: their cells, without the head.
pub fn rows(section: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut table: Vec<Vec<String>> = Vec::new();
    for line in section.lines().chain([""]) {
        if line.starts_with('|') {
            // A bar within a cell is written \|.
            let hidden = line.replace("\\|", "\u{1}");
            let cells = hidden.trim_matches('|').split('|');
            table.push(
                cells
                    .map(|cell| cell.trim().replace('\u{1}', "|"))
                    .collect(),
            );
        } else {
            rows.extend(table.drain(..).skip(2));
        }
    }
    rows
}

/// The exit statuses of a section's tables: rows whose first cell is a list of numbers.
pub fn statuses(section: &str) -> BTreeSet<i32> {
    rows(section)
        .iter()
        .filter_map(|row| {
            row[0]
                .split(',')
                .map(|number| number.trim().parse().ok())
                .collect::<Option<Vec<i32>>>()
        })
        .flatten()
        .collect()
}

/// The lines that a reader is to type: `$ …` in code blocks.
pub fn typed(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.strip_prefix("$ "))
        .map(str::to_owned)
        .collect()
}

/// What stands between two marks of a document.
pub fn between<'text>(text: &'text str, from: &str, to: &str) -> &'text str {
    let (_, rest) = text
        .split_once(from)
        .unwrap_or_else(|| panic!("no {from:?}"));
    let (inner, _) = rest.split_once(to).unwrap_or_else(|| panic!("no {to:?}"));
    inner.trim()
}

#[test]
fn tables_are_read_without_their_heads() {
    let section = "| a | b |\n| -- | --: |\n| 1, 2 | x \\| y |\n\ntext\n\n| h |\n| - |\n| no |\n";
    let expected: [&[&str]; 2] = [&["1, 2", "x | y"], &["no"]];
    assert_eq!(rows(section), expected);
    assert_eq!(statuses(section), BTreeSet::from([1, 2]));
}
