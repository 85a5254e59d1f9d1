//! What is wrong with a policy, and where in the file: the line, carets, and what was perhaps meant.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::domain::nearest::{self, edits};

/// What kind of trouble a policy makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// The text is not TOML.
    Syntax,
    /// A key that no modelguard of this version knows.
    UnknownKey,
    /// A value of the wrong type, no word of the key's choices, or out of range.
    BadValue,
    /// Two keys that can't both be meant.
    Clash,
    /// The policy asks for another modelguard.
    Requires,
    /// The file can't be read.
    Unreadable,
    /// The file that was named does not exist.
    Missing,
    /// A discovered policy reaches outside its folder and was never trusted.
    Untrusted,
}

/// One problem of a policy. Displayed, it is one sentence without the place; [`PolicyError::excerpt`] shows that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PolicyError {
    pub kind: ProblemKind,
    /// The key in full, as in `models.churn.check.window`.
    pub key: Option<String>,
    pub message: String,
    /// What was perhaps meant, the likeliest first; at most three.
    pub suggestion: Vec<String>,
    pub path: PathBuf,
    place: Option<Box<Place>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
    span: Option<Range<usize>>,
    excerpt: String,
}

/// A part of the text to point at, and what to say there.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub span: Range<usize>,
    pub note: String,
}

impl PolicyError {
    /// A problem without a place in the text.
    #[must_use]
    pub fn new(kind: ProblemKind, path: &Path, message: impl Into<String>) -> Self {
        Self {
            kind,
            key: None,
            message: printable(&message.into()),
            suggestion: Vec::new(),
            path: path.to_owned(),
            place: None,
        }
    }

    /// The same problem at `mark`.
    #[must_use]
    pub(super) fn at(mut self, text: &str, mark: Mark) -> Self {
        let (line, column) = position(text, mark.span.start);
        let excerpt = excerpt(&self.path, text, &mark);
        self.place = Some(Box::new(Place {
            line,
            column,
            span: Some(mark.span),
            excerpt,
        }));
        self
    }

    /// The same problem at a place in a file that is no text.
    #[must_use]
    pub(super) fn on_line(mut self, line: u64, column: u64) -> Self {
        let number = |counted: u64| usize::try_from(counted).unwrap_or(usize::MAX);
        let (line, column) = (number(line), number(column));
        self.place = Some(Box::new(Place {
            line,
            column,
            span: None,
            excerpt: heading(2, &self.path, line, column),
        }));
        self
    }

    /// The line of the place, from 1.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.place.as_ref().map(|place| place.line)
    }

    /// The column of the place in characters, from 1.
    #[must_use]
    pub fn column(&self) -> Option<usize> {
        self.place.as_ref().map(|place| place.column)
    }

    /// The bytes of the text that the problem is about.
    #[must_use]
    pub fn span(&self) -> Option<Range<usize>> {
        self.place.as_ref().and_then(|place| place.span.clone())
    }

    /// The file's name with line and column, the line itself, and carets below it. No line break at its end.
    #[must_use]
    pub fn excerpt(&self) -> Option<&str> {
        self.place.as_ref().map(|place| place.excerpt.as_str())
    }
}

/// Columns of a line that are shown; a longer one is cut with `…` around the carets.
const SHOWN_COLUMNS: usize = 100;
/// Columns of a cut line that are shown before the carets.
const SHOWN_BEFORE: usize = 30;

/// Where the byte `at` is: line and column, both from 1, the column in characters.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(at)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    let column = before[line_start..]
        .chars()
        .filter(|c| *c != BYTE_ORDER_MARK)
        .count()
        + 1;
    (line, column)
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// `  --> modelguard.toml:14:1`
fn heading(gutter: usize, path: &Path, line: usize, column: usize) -> String {
    let name = printable(&path.display().to_string());
    format!("{:gutter$}--> {name}:{line}:{column}", "")
}

fn excerpt(path: &Path, text: &str, mark: &Mark) -> String {
    let (line, column) = position(text, mark.span.start);
    let gutter = line.to_string().len().max(2);
    let heading = heading(gutter, path, line, column);
    let (source, carets) = underlined(text, &mark.span);
    let pointed = format!("{carets} {}", mark.note);
    let (pointed, margin) = (pointed.trim_end(), "");
    format!("{heading}\n{line:>gutter$} | {source}\n{margin:gutter$} | {pointed}")
}

/// The line that holds the beginning of `span`, as it is shown, and blanks and carets to stand below it.
fn underlined(text: &str, span: &Range<usize>) -> (String, String) {
    let start = text.floor_char_boundary(span.start);
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let line_end = text[start..]
        .find('\n')
        .map_or(text.len(), |newline| start + newline);
    let line = text[line_start..line_end].trim_end_matches('\r');
    let pieces: Vec<_> = line
        .char_indices()
        .map(|(at, c)| (line_start + at, shown(c)))
        .collect();
    let first = pieces.partition_point(|(at, _)| *at < start);
    let last = pieces.partition_point(|(at, _)| *at < span.end).max(first);

    let width = |pieces: &[(usize, String)]| -> usize {
        pieces.iter().map(|(_, piece)| columns(piece)).sum()
    };
    let mut from = 0;
    let mut to = pieces.len();
    if width(&pieces) > SHOWN_COLUMNS {
        while width(&pieces[from..first]) > SHOWN_BEFORE {
            from += 1;
        }
        while width(&pieces[from..to]) > SHOWN_COLUMNS {
            to -= 1;
        }
    }
    let before = if from > 0 { "…" } else { "" };
    let after = if to < pieces.len() { "…" } else { "" };
    let middle: String = pieces[from..to]
        .iter()
        .map(|(_, piece)| piece.as_str())
        .collect();
    let blanks = columns(before) + width(&pieces[from..first.min(to)]);
    let carets = width(&pieces[first.min(to)..last.min(to)]).max(1);
    (
        format!("{before}{middle}{after}").trim_end().to_owned(),
        format!("{}{}", " ".repeat(blanks), "^".repeat(carets)),
    )
}

/// The text with what a terminal would obey, or reorder, written out.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(shown).collect()
}

fn shown(c: char) -> String {
    match c {
        '\t' => "    ".to_owned(),
        BYTE_ORDER_MARK => String::new(),
        // Control characters, and those that turn the direction of writing.
        c if c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
        {
            c.escape_unicode().to_string()
        }
        c => c.to_string(),
    }
}

/// How many terminal columns the text takes, nearly: wide scripts and pictures take two, combining marks none.
fn columns(text: &str) -> usize {
    text.chars()
        .map(|c| match u32::from(c) {
            0x300..=0x36f | 0x200b..=0x200d | 0xfe00..=0xfe0f => 0,
            0x1100..=0x115f
            | 0x2e80..=0xa4cf
            | 0xac00..=0xd7a3
            | 0xf900..=0xfaff
            | 0xfe30..=0xfe6f
            | 0xff00..=0xff60
            | 0xffe0..=0xffe6
            | 0x1f300..=0x1faff
            | 0x20000..=0x3fffd => 2,
            _ => 1,
        })
        .sum()
}

/// The nearest of `known` to `given`, the likeliest first, at most three.
///
/// Near is two edits or fewer, or one edit from its beginning up to a `_`: `treshold` is near `threshold_pct`.
/// Case, and `-` for `_`, are no edits.
pub(super) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let plain = |text: &str| text.to_ascii_lowercase().replace('-', "_");
    let given = plain(given);
    nearest::nearest(known, |name| {
        let whole = plain(name);
        let beginnings = whole.match_indices('_').map(|(at, _)| &whole[..at]);
        let of_beginning = beginnings.filter_map(|part| Some(edits(&given, part)? + 1));
        let fewest = of_beginning.chain(edits(&given, &whole)).min();
        // As many edits as letters make any word of any other.
        fewest.filter(|edits| *edits < given.chars().count())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str, needle: &str, note: &str) -> String {
        let start = text.find(needle).unwrap();
        let mark = Mark {
            span: start..start + needle.len(),
            note: note.to_owned(),
        };
        excerpt(Path::new("modelguard.toml"), text, &mark)
    }

    #[test]
    fn carets_stand_below_the_key() {
        assert_eq!(
            show(
                "[check]\ntreshold = 4\n",
                "treshold",
                "did you mean `threshold_pct`?"
            ),
            "  --> modelguard.toml:2:1\n 2 | treshold = 4\n   | ^^^^^^^^ did you mean `threshold_pct`?"
        );
    }

    #[test]
    fn tabs_wide_and_combining_characters_keep_the_carets_in_place() {
        assert_eq!(
            show("a\t= \"模型e\u{301}\" x", "x", ""),
            "  --> modelguard.toml:1:12\n 1 | a    = \"模型e\u{301}\" x\n   |                ^"
        );
    }

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        let shown = show("k = \"\u{1b}[31m\u{202e}\"\r\n", "k", "");
        assert_eq!(
            shown,
            "  --> modelguard.toml:1:1\n 1 | k = \"\\u{1b}[31m\\u{202e}\"\n   | ^"
        );
        assert_eq!(printable("a\nb\u{9b}"), "a\\u{a}b\\u{9b}");
    }

    #[test]
    fn a_long_line_is_cut_around_the_carets() {
        let text = format!("k = \"{}HERE{}\"", "a".repeat(5_000), "b".repeat(5_000));
        let shown = show(&text, "HERE", "");
        let lines: Vec<_> = shown.lines().collect();
        assert!(
            lines[1].contains("…aaa") && lines[1].ends_with("b…"),
            "{shown}"
        );
        assert!(lines[1].chars().count() < 120);
        let at = lines[1].chars().position(|c| c == 'H');
        assert_eq!(lines[2].chars().position(|c| c == '^'), at);
        assert!(lines[2].ends_with("^^^^"));
    }

    #[test]
    fn a_span_over_several_lines_or_at_the_end_is_pointed_at_where_it_begins() {
        assert_eq!(
            excerpt(
                Path::new("p"),
                "k = '''a\nb'''\n",
                &Mark {
                    span: 4..13,
                    note: String::new()
                }
            ),
            "  --> p:1:5\n 1 | k = '''a\n   |     ^^^^"
        );
        assert_eq!(
            excerpt(
                Path::new("p"),
                "k = ",
                &Mark {
                    span: 4..4,
                    note: "here".to_owned()
                }
            ),
            "  --> p:1:5\n 1 | k =\n   |     ^ here"
        );
    }

    #[test]
    fn slips_of_the_hand_are_near_and_other_words_are_not() {
        let known = [
            "threshold_pct",
            "min_rows",
            "max_age",
            "mode",
            "metric",
            "id",
            "time",
            "truth_time",
        ];
        for (given, expected) in [
            ("treshold", &["threshold_pct"][..]),
            ("threshold", &["threshold_pct"]),
            ("threshold-pct", &["threshold_pct"]),
            ("MinRows", &["min_rows"]),
            ("min_row", &["min_rows"]),
            ("metrics", &["metric"]),
            ("tiem", &["time"]),
            ("di", &["id"]),
            ("x", &[]),
            ("", &[]),
            ("notify", &[]),
            (&"m".repeat(100_000), &[]),
        ] {
            assert_eq!(nearest(given, known), expected, "{given}");
        }
    }
}
