//! Where a policy's text has values of a channel under keys that no channel has: any of them may be a secret.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::channel_keys::CHANNEL_KEYS;
use super::channels::NOTIFY;

/// Whether a channel has a key of that name.
pub(super) fn is_channel_key(key: &str) -> bool {
    CHANNEL_KEYS.iter().any(|known| known.name == key)
}

/// The values of text that is TOML, whichever way its channels are written; `None`: it is no TOML.
pub(super) fn of_toml(text: &str) -> Option<Vec<Range<usize>>> {
    let parsed = DeTable::parse(text).ok()?;
    let mut found = Found {
        text,
        values: Vec::new(),
    };
    found.table(parsed.get_ref());
    Some(found.values)
}

struct Found<'text> {
    text: &'text str,
    values: Vec<Range<usize>>,
}

impl Found<'_> {
    /// Nothing but a channel is a table in a list, so that one is known by that where `notify` is misspelt.
    fn table(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            match value.get_ref() {
                DeValue::Array(list) => {
                    for entry in list {
                        match entry.get_ref() {
                            DeValue::Table(channel) => self.channel(channel),
                            // No key has lists in a list; a channel may have come to lie in one.
                            DeValue::Array(_) => self.whole(entry),
                            _ => {}
                        }
                    }
                }
                DeValue::Table(table) if key.get_ref() == NOTIFY => self.channel(table),
                DeValue::Table(table) => self.table(table),
                _ => {}
            }
        }
    }

    fn channel(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            let is_known = is_channel_key(key.get_ref());
            match value.get_ref() {
                // No key of a channel has tables.
                DeValue::Array(list) if is_known => {
                    for entry in list.iter().filter(|entry| entry.get_ref().is_table()) {
                        self.whole(entry);
                    }
                }
                DeValue::Table(_) => self.whole(value),
                _ if is_known => {}
                _ => self.whole(value),
            }
        }
    }

    /// A value with all that is in it. The place of a table with a heading is the heading, and that of one that dotted
    /// keys make is a key.
    fn whole(&mut self, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) if !self.begins_with('{', value) => {
                for (_, value) in table {
                    self.whole(value);
                }
            }
            DeValue::Array(list) if list.iter().any(|entry| self.has_heading(entry)) => {
                for entry in list {
                    self.whole(entry);
                }
            }
            _ => self.values.push(value.span()),
        }
    }

    fn has_heading(&self, value: &Spanned<DeValue<'_>>) -> bool {
        value.get_ref().is_table() && !self.begins_with('{', value)
    }

    fn begins_with(&self, c: char, value: &Spanned<DeValue<'_>>) -> bool {
        self.text[value.span()].starts_with(c)
    }
}

/// Where the channels stand in text that is no TOML, whose keys are told by the equals signs: below a heading, and
/// behind `notify =`.
pub(super) fn of_lines(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let (mut at, mut is_open) = (0, false);
    for line in text.split_inclusive('\n') {
        let begin = at;
        at += line.len();
        let begins = match heading(line) {
            Some(name) => {
                is_open = name.starts_with(NOTIFY);
                is_open
            }
            None => {
                let begins = !is_open && is_list(line);
                is_open |= begins;
                begins
            }
        };
        match found.last_mut() {
            _ if begins => found.push(begin..at),
            Some(last) if is_open => last.end = at,
            _ => {}
        }
    }
    found
}

/// What a line that begins a table calls it. A list within a list, which may begin a line too, has a comma or a value.
pub(super) fn heading(line: &str) -> Option<&str> {
    let inner = line.trim_start().strip_prefix('[')?;
    let inner = inner.split('#').next().unwrap_or_default();
    let is_value = inner.trim_end().ends_with(',') || inner.contains('=');
    (!is_value).then(|| inner.trim_start_matches(['[', ' ', '\t', '"', '\'']))
}

/// Whether a line begins `notify = [`.
fn is_list(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches(['"', '\'']);
    let behind = line.strip_prefix(NOTIFY);
    behind.is_some_and(|behind| {
        let behind = behind.trim_start_matches(['"', '\'', ' ', '\t']);
        behind.starts_with('=')
    })
}
