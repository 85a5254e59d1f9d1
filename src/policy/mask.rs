//! The policy's text as it may be shown: a secret that somebody wrote into it is blotted out.

use std::ops::Range;

use super::channels::NOTIFY;
use super::foreign_values::{is_channel_key, of_lines, of_toml};
use crate::domain::policy::{is_mail_host, port_behind};

/// A key that holds one of these words, in any case, holds a secret, unless its ending says where one is kept.
const WORDS: [&str; 6] = ["url", "pass", "token", "secret", "key", "hook"];
const BLANKS: [char; 2] = [' ', '\t'];
/// What the tokens of well-known services begin with. No name of a variable or a file is likely to.
const TOKENS: [&str; 14] = [
    "xoxa-",
    "xoxb-",
    "xoxe-",
    "xoxe.",
    "xoxp-",
    "xoxr-",
    "xoxs-",
    "xapp-",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
];
/// Where Slack's addresses lead, which are secrets as a whole.
const HOOKS: &str = "hooks.slack.com/";

/// Whether a key of that name would hold a secret itself.
pub(super) fn is_secret(key: &str) -> bool {
    matches!(Kind::of(key), Some(Kind::Secret))
}

/// The text with a mark for every character of a value whose key is one of a secret, or one that `[[notify]]` does not
/// have, of a value that is no name of a variable or a file where the key ends in `_env` or `_file`, of a host that holds
/// more, of what a command's program is given, and of every address with more than a host. Every other character stays
/// at its place, so that carets fit.
///
/// Works on text that is not TOML too: that is when a line is shown most often.
pub(super) fn masked(text: &str) -> String {
    let Some(foreign) = of_toml(text) else {
        let channels = of_lines(text);
        let mut out = blotted(text, Some(&channels));
        for stray in channels.iter().flat_map(|channel| strays(text, channel)) {
            let marks: String = out[stray.clone()].chars().map(blot).collect();
            out.replace_range(stray, &marks);
        }
        return out;
    };
    let mut out = blotted(text, Some(&[]));
    // Each mark has as many bytes as what it stands for, so that places are the same in both.
    for value in foreign {
        let marks: String = out[value.clone()].chars().map(blot).collect();
        out.replace_range(value, &marks);
    }
    out
}

/// What stands in the lines of a channel and is neither a key with its equals sign nor a heading nor a comment: where
/// the text is no TOML, any of it may be a secret.
fn strays(text: &str, channel: &Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = channel.start;
    for line in text[channel.clone()].split_inclusive('\n') {
        let begin = at + line.len() - line.trim_start().len();
        let end = at + line.trim_end().len();
        at += line.len();
        if begin >= end {
            continue;
        }
        let shown = &text[begin..end];
        let inner = shown.trim_start_matches(['{', '[', '"', '\'', ' ', '\t']);
        let (key, behind) = inner.split_at(inner.find(|c| !is_bare(c)).unwrap_or(inner.len()));
        let behind = behind.trim_start_matches(['"', '\'', ' ', '\t']);
        let is_mark = !shown.contains(char::is_alphanumeric);
        if is_mark || shown.starts_with('#') || super::foreign_values::heading(line).is_some() {
            continue;
        }
        // The list of channels in one line, with colons for equals signs.
        let is_list = key == NOTIFY && behind.contains(':');
        if behind.starts_with('=') && !is_list {
            continue;
        }
        let known = is_list || is_channel_key(key);
        let from = end - inner.len() + key.len();
        found.push(if known { from } else { begin }..end);
    }
    found
}

/// A sentence that may quote a value, with a mark for every character of an address with more than a host.
pub(super) fn without_addresses(text: &str) -> String {
    blotted(text, None)
}

/// With `channels`, where the keys are a channel's, what keys say counts; without, addresses alone.
fn blotted(text: &str, channels: Option<&[Range<usize>]>) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut copied, mut from) = (0, 0);
    loop {
        let sign = channels.and_then(|_| text[from..].find('='));
        let address = text[from..].find("://");
        let (at, secret) = match (sign, address) {
            (None, None) => break,
            (Some(sign), address) if address.is_none_or(|address| sign < address) => {
                let at = from + sign;
                let channels = channels.unwrap_or_default();
                let of_channel = channels.iter().any(|channel| channel.contains(&at));
                (at + 1, value(text, at, of_channel))
            }
            (_, Some(address)) => (from + address + 3, whole_address(text, from + address)),
            (Some(_), None) => break,
        };
        from = at;
        if let Some(secret) = secret.filter(|secret| secret.end > copied) {
            let begin = secret.start.max(copied);
            out.push_str(&text[copied..begin]);
            out.extend(text[begin..secret.end].chars().map(blot));
            copied = secret.end;
            from = from.max(copied);
        }
    }
    out + &text[copied..]
}

/// A mark of as many bytes, because places in the text are counted in bytes as well as in characters.
const fn blot(c: char) -> char {
    match (c, c.len_utf8()) {
        ('\n' | '\r', _) => c,
        (_, 1) => '*',
        (_, 2) => '·',
        (_, 3) => '•',
        _ => '🞄',
    }
}

/// What a key says of its value.
enum Kind {
    Secret,
    /// The value names a file that holds it.
    File,
    /// The value names a variable that holds it.
    Variable,
    /// The value names a server, and holds one where there is more.
    Host,
    /// The value is a program and what it is given, which may hold one.
    Program,
}

impl Kind {
    fn of(key: &str) -> Option<Self> {
        let key = key.to_ascii_lowercase();
        if key == "host" {
            Some(Self::Host)
        } else if key == "command" {
            Some(Self::Program)
        } else if key == "ca_file" {
            Some(Self::File)
        } else if !WORDS.iter().any(|word| key.contains(word)) {
            None
        } else if key.ends_with("_file") {
            Some(Self::File)
        } else if key.ends_with("_env") {
            Some(Self::Variable)
        } else {
            Some(Self::Secret)
        }
    }
}

/// The value behind the equals sign at `sign`, if it has to be blotted out.
fn value(text: &str, sign: usize, of_channel: bool) -> Option<Range<usize>> {
    let key = key_before(&text[..sign]);
    let kind = match Kind::of(key) {
        // A slip in the name of a secret's key is in no list of words.
        None if of_channel && key != NOTIFY && !is_channel_key(key) => Kind::Secret,
        kind => kind?,
    };
    let behind = &text[sign + 1..];
    let begin = text.len() - behind.trim_start_matches(BLANKS).len();
    let range = begin..begin + value_length(&text[begin..]);
    let inner = text[range.clone()].trim_matches(['"', '\'']);
    let is_source = match kind {
        Kind::Secret => inner.is_empty(),
        Kind::Variable => is_variable(inner) && !is_token(inner),
        Kind::File => !inner.contains("://") && !is_token(inner),
        // Of an address without a user what is secret is blotted out as in any other.
        Kind::Host => {
            let is_address = inner.contains("://") && !inner.contains('@');
            let is_server = is_mail_host(inner) || port_behind(inner).is_some();
            inner.is_empty() || is_address || is_server
        }
        Kind::Program => {
            let hidden = behind_program(&text[range])?;
            return Some(begin + hidden.start..begin + hidden.end);
        }
    };
    (!is_source).then_some(range)
}

/// Of the words of a command those behind the first, which names the program; all where that may be a secret or where
/// it is no list.
fn behind_program(value: &str) -> Option<Range<usize>> {
    let Some(words) = value.strip_prefix('[') else {
        return Some(0..value.len());
    };
    let begin = value.len() - words.trim_start().len();
    let length = quoted_length(&value[begin..]);
    let program = &value[begin..begin + length];
    let is_name = !program.contains("://")
        && !program.contains(['=', ' ', '\t'])
        && !is_token(program.trim_matches(['"', '\'']));
    let from = if is_name { begin + length } else { begin };
    let to = value.trim_end_matches(']').len().max(from);
    (!value[from..to].trim().is_empty()).then_some(from..to)
}

/// The last part of the key that the text ends with.
fn key_before(text: &str) -> &str {
    let line = text.rsplit('\n').next().unwrap_or_default();
    let line = line.trim_end_matches(BLANKS);
    if let Some(quote) = line.chars().next_back().filter(|c| matches!(c, '"' | '\'')) {
        return line[..line.len() - 1]
            .rsplit(quote)
            .next()
            .unwrap_or_default();
    }
    line.rsplit(|c| !is_bare(c)).next().unwrap_or_default()
}

fn is_bare(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

/// Whether the text can be the name of an environment variable.
pub(super) fn is_variable(text: &str) -> bool {
    let mut bytes = text.bytes();
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    bytes.next().is_some_and(letter) && bytes.all(|byte| letter(byte) || byte.is_ascii_digit())
}

/// Whether the text is a secret by its own looks.
pub(super) fn is_token(text: &str) -> bool {
    let text = text.trim_start();
    let begins = TOKENS.iter().any(|token| text.starts_with(token));
    begins || text.to_ascii_lowercase().contains(HOOKS)
}

/// How long the value is that the text begins with: to where TOML ends it, and to the end of the line where something
/// follows that can't follow a value.
fn value_length(text: &str) -> usize {
    let length = match text.chars().next() {
        Some('"' | '\'') => quoted_length(text),
        Some('[' | '{') => bracketed_length(text),
        _ => return line_length(text),
    };
    let rest = &text[length..];
    let rest = &rest[..line_length(rest)];
    let behind = rest.trim_start_matches(BLANKS);
    let is_comment = behind.starts_with('#') && behind.len() < rest.len();
    if behind.is_empty() || behind.starts_with([',', ']', '}']) || is_comment {
        length
    } else {
        length + rest.len()
    }
}

fn line_length(text: &str) -> usize {
    text.find(['\n', '\r']).unwrap_or(text.len())
}

/// How long the text in quotes is that the text begins with; without its closing quote to the end of the line, or of
/// the whole where it may have several lines.
fn quoted_length(text: &str) -> usize {
    let quotes = ["\"\"\"", "'''", "\"", "'"];
    let Some(quote) = quotes.into_iter().find(|quote| text.starts_with(quote)) else {
        return 0;
    };
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(quote.len()) {
        if escaped {
            escaped = false;
        } else if text[at..].starts_with(quote) {
            return at + quote.len();
        } else if quote.len() == 1 && matches!(c, '\n' | '\r') {
            return at;
        } else {
            escaped = c == '\\' && quote.starts_with('"');
        }
    }
    text.len()
}

/// How long the list or table is that the text begins with; without its closing bracket all of the text.
fn bracketed_length(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(c) = text[at..].chars().next() {
        at += match c {
            '"' | '\'' => quoted_length(&text[at..]),
            '#' => line_length(&text[at..]),
            other => other.len_utf8(),
        };
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The address around the `://` at `colon`, if it has more than a host: a path or credentials may be secret.
fn whole_address(text: &str, colon: usize) -> Option<Range<usize>> {
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let scheme = text[..colon].trim_end_matches(is_scheme).len();
    let quote = text[..scheme]
        .chars()
        .next_back()
        .filter(|c| matches!(c, '"' | '\''));
    let rest = &text[colon + 3..];
    let ends = |c: char| match quote {
        Some(quote) => c == quote || matches!(c, '\n' | '\r'),
        None => c.is_whitespace() || "\"'`,;)]}".contains(c),
    };
    let length = rest.find(ends).unwrap_or(rest.len());
    let rest = &rest[..length];
    let has_more = rest
        .split_once(['/', '?', '#'])
        .is_some_and(|(_, more)| !more.is_empty());
    (has_more || rest.contains('@')).then_some(scheme..colon + 3 + length)
}

#[cfg(test)]
mod tests;
