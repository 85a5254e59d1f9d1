//! Folds lines to the width of a window: words stay whole, and what stands in backquotes can be pasted as it is.

use anstream::adapter::strip_str;

use super::table::text_width;

/// What a line that goes on begins with, beyond the beginning of the line itself.
const INDENT: usize = 4;
/// A window below this is too narrow to read in: lines are as wide as this.
pub const NARROWEST: usize = 14;
/// What a shell reads as no end of a line.
const GOES_ON: &str = "\\";

/// Folds every line that is wider; a command in backquotes goes on behind a backslash.
pub fn fold(text: &str, width: usize) -> String {
    folded(text, width, false)
}

/// Folds a line that is a command as a whole.
pub fn fold_command(line: &str, width: usize) -> String {
    folded(line, width, true)
}

fn folded(text: &str, width: usize, is_command: bool) -> String {
    let width = width.max(NARROWEST);
    let lines = text.split_inclusive('\n').map(|line| {
        let (content, end) = match line.strip_suffix('\n') {
            Some(content) => (content, "\n"),
            None => (line, ""),
        };
        if seen_width(content) <= width {
            return line.to_owned();
        }
        Folder::new(content, width, is_command).lines(content) + end
    });
    lines.collect()
}

/// The width without the codes for colours, which take none.
fn seen_width(text: &str) -> usize {
    text_width(&strip_str(text).to_string())
}

/// Where in a command a character stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    /// A single backquote in a line is no command's.
    is_single: bool,
    is_command: bool,
    is_quoted: bool,
    /// A backslash stands before it.
    is_escaped: bool,
}

struct Folder {
    width: usize,
    indent: usize,
    place: Place,
    done: String,
    line: String,
}

impl Folder {
    fn new(content: &str, width: usize, is_command: bool) -> Self {
        let begin = content.len() - content.trim_start_matches(' ').len();
        Self {
            width,
            indent: (begin + INDENT).min(width / 3),
            place: Place {
                is_single: content.matches('`').count() == 1,
                is_command,
                ..Place::default()
            },
            done: String::new(),
            line: String::new(),
        }
    }

    fn lines(mut self, content: &str) -> String {
        let mut rest = content;
        while !rest.is_empty() {
            let spaces = rest.len() - rest.trim_start_matches(' ').len();
            let length = self.unbroken(&rest[spaces..]);
            let (word, others) = rest.split_at(spaces + length);
            self.word(word, spaces, others.is_empty());
            rest = others;
        }
        self.done + &self.line
    }

    /// How much of the text stays in one line: a word, or a command where it fits.
    fn unbroken(&self, text: &str) -> usize {
        let until_space = |from: usize| text[from..].find(' ').map_or(text.len(), |at| from + at);
        let word = until_space(0);
        let opening = text[..word].find('`').filter(|_| !self.place.is_command);
        let closing = opening.and_then(|at| Some(at + 1 + text[at + 1..].find('`')?));
        closing
            .map(until_space)
            .filter(|end| self.indent + seen_width(&text[..*end]) <= self.width)
            .unwrap_or(word)
    }

    /// Adds a word, whose first so many characters are the spaces before it.
    fn word(&mut self, text: &str, spaces: usize, is_last: bool) {
        let after = text[spaces..].chars().fold(self.place, Place::after);
        // Room for the backslash, should the next word not fit.
        let end = if after.is_command && !is_last {
            1 + GOES_ON.len()
        } else {
            0
        };
        if seen_width(&self.line) + seen_width(text) + end <= self.width {
            self.line.push_str(text);
            self.place = after;
            return;
        }
        let may_break = !self.line.trim_start().is_empty() && spaces > 0 && !self.place.is_quoted;
        let word = if may_break {
            if self.place.is_command {
                self.line.push(' ');
                self.line.push_str(GOES_ON);
            }
            self.end_line();
            self.line = " ".repeat(self.indent);
            &text[spaces..]
        } else {
            text
        };
        self.characters(word, end);
    }

    /// Adds a word that may be wider than a line.
    fn characters(&mut self, word: &str, end: usize) {
        let mut characters = word.chars().peekable();
        while let Some(character) = characters.next() {
            let next = self.place.after(character);
            let reserved = match characters.peek() {
                // The two stay together.
                Some(escaped) if next.is_escaped => {
                    seen_width(&escaped.to_string()) + GOES_ON.len()
                }
                Some(_) => next.closing().len(),
                None => end,
            };
            let wider = format!("{}{character}", self.line);
            let fits = seen_width(&wider) + reserved <= self.width;
            if !fits && !self.place.is_escaped && !self.line.trim_start().is_empty() {
                self.line.push_str(self.place.closing());
                self.end_line();
                if self.place.is_quoted {
                    self.line.push('\'');
                }
            }
            self.line.push(character);
            self.place = next;
        }
    }

    fn end_line(&mut self) {
        self.done.push_str(self.line.trim_end_matches(' '));
        self.done.push('\n');
        self.line.clear();
    }
}

impl Place {
    const fn after(self, character: char) -> Self {
        let Self {
            is_single,
            is_command,
            is_quoted,
            is_escaped,
        } = self;
        let is_bare = !is_escaped && !is_quoted;
        Self {
            is_single,
            is_command: is_command != (character == '`' && is_bare && !is_single),
            is_quoted: is_quoted != (character == '\'' && is_command && !is_escaped),
            is_escaped: character == '\\' && is_command && is_bare,
        }
    }

    /// What ends a line within a word.
    const fn closing(self) -> &'static str {
        match (self.is_command, self.is_quoted) {
            (false, _) => "",
            (true, false) => GOES_ON,
            (true, true) => "'\\",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;
    use crate::ui::colour::{Palette, Tone};

    #[test]
    fn what_fits_stays_as_it_is() {
        let text = "live     v2  r2 0.810\n\n  twelve\n";
        assert_eq!(fold(text, 21), text);
    }

    #[test]
    fn words_stay_whole_and_what_follows_is_indented() {
        assert_eq!(
            fold("warning: v3 is bad: it was left, degraded\nnext\n", 21),
            "warning: v3 is bad:\n    it was left,\n    degraded\nnext\n"
        );
        assert_eq!(
            fold("  cause: there is no such file", 20),
            "  cause: there is no\n      such file"
        );
    }

    #[test]
    fn a_word_that_is_wider_than_the_window_goes_on_at_the_edge() {
        assert_eq!(
            fold("in /a/path/without/a/blank/in/it", 16),
            "in\n    /a/path/with\nout/a/blank/in/i\nt"
        );
        assert_eq!(
            fold_command("$ modelguard -C 'projects/of this year' status", 20),
            "$ modelguard -C \\\n    'projects/of t'\\\n'his year' status"
        );
    }

    #[test]
    fn a_command_that_fits_stays_in_one_line() {
        assert_eq!(
            fold("hint: look at it with `modelguard show v1`, or not", 30),
            "hint: look at it with\n    `modelguard show v1`, or\n    not"
        );
        assert_eq!(
            fold("hint: look at it with `modelguard show v1`, or not", 20),
            "hint: look at it\n    with\n    `modelguard \\\n    show v1`, or not"
        );
    }

    #[test]
    fn colours_take_no_room() {
        let painted = Palette::new(true).paint(Tone::Bad, "error:");
        let line = format!("{painted} all fits in here");
        assert_eq!(fold(&line, 23), line);
        assert_eq!(fold(&line, 22), format!("{painted} all fits in\n    here"));
    }

    /// The words that a shell finds in the text.
    fn pasted(text: &str) -> String {
        let script = format!("modelguard() {{ printf '<%s>' \"$@\"; }}\n{text}");
        let output = Command::new("/bin/sh")
            .args(["-c", &script])
            .output()
            .unwrap();
        assert!(output.status.success(), "{text}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn no_line_is_wider_and_a_shell_reads_the_same_words() {
        for command in [
            "modelguard status",
            "modelguard rollback --previous",
            r#"modelguard -C 'it'\''s \ a dir/of $HOME `x` "y"' --db other.db -m churn monitor --dry-run"#,
            "modelguard -C '~/a/rather/long/path' compare 20260105_143022 'ünïcödé 漢字漢字漢字漢字漢字'",
            r"modelguard ''\'''\'''\'''\'''\'''\'''\'' x 'a'\'' '\''b' y",
        ] {
            let meant = pasted(command);
            for width in (14..80).step_by(3) {
                let hint = format!("   hint: try `{command}` first");
                let (bare, hint) = (fold_command(command, width), fold(&hint, width));
                let (begin, end) = (hint.find('`').unwrap(), hint.rfind('`').unwrap());
                for (text, shown) in [
                    (bare.as_str(), bare.as_str()),
                    (&hint[begin + 1..end], &hint),
                ] {
                    let widest = shown.lines().map(text_width).max().unwrap();
                    assert!(widest <= width, "{width}: {shown}");
                    assert_eq!(pasted(text), meant, "{width}: {shown}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_line_is_wider(text in "[a-zé漢 :.\n]{0,200}", width in 14..60_usize) {
            let folded = fold(&text, width);
            let bare = |text: &str| text.replace([' ', '\n'], "");
            prop_assert_eq!(bare(&folded), bare(&text));
            for line in folded.lines() {
                prop_assert!(text_width(line) <= width, "{}", folded);
            }
        }
    }
}
