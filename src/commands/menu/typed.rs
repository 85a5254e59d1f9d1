//! A command as a person types it, in lines that are no wider than the window and can be pasted as they are.

use crate::commands::call::quoted;
use crate::ui::table::text_width;

/// What stays free at the right edge, as in the lists.
const MARGIN: usize = 2;
/// A window below this is too narrow to read a command in.
const NARROWEST: usize = 14;
/// What a line that goes on begins with.
const INDENT: &str = "    ";
/// What ends a line of which the next one is a part: behind a word, and within one.
const GOES_ON: &str = " \\";
const WITHIN: &str = "\\";

/// `$ modelguard rollback --previous`, with a backslash before each end of a line that a shell must not see.
pub fn typed(prefix: &str, words: &[String], width: Option<usize>) -> String {
    let room = width.map_or(usize::MAX, |width| {
        width.max(NARROWEST).saturating_sub(MARGIN)
    });
    let mut lines = Lines {
        room,
        done: String::new(),
        line: format!("{prefix}modelguard"),
    };
    for (index, word) in words.iter().enumerate() {
        lines.word(word, index + 1 == words.len());
    }
    lines.done + &lines.line + "\n"
}

struct Lines {
    room: usize,
    done: String,
    line: String,
}

impl Lines {
    fn word(&mut self, word: &str, is_last: bool) {
        let end = if is_last { 0 } else { text_width(GOES_ON) };
        let fits = |begin: &str, word: &str, end: usize| {
            text_width(begin)
                .saturating_add(text_width(word))
                .saturating_add(end)
                <= self.room
        };
        let text = quoted(word);
        let joined = format!("{} ", self.line);
        if fits(&joined, &text, end) {
            self.line = joined + &text;
            return;
        }
        let mut rest = word;
        let mut begin = INDENT;
        let mut before = std::mem::take(&mut self.line) + GOES_ON;
        while !fits(begin, &quoted(rest), end) {
            // The longest beginning that fits; one character where none does.
            let ends = rest.char_indices().skip(1).map(|(at, _)| at);
            let mut fitting =
                ends.take_while(|at| fits(begin, &quoted(&rest[..*at]), text_width(WITHIN)));
            let first = rest.chars().next().map_or(0, char::len_utf8);
            let (part, others) = rest.split_at(fitting.by_ref().last().unwrap_or(first));
            if others.is_empty() {
                break;
            }
            self.done.push_str(&before);
            self.done.push('\n');
            before = format!("{begin}{}{WITHIN}", quoted(part));
            // What begins the next line belongs to the same word.
            begin = "";
            rest = others;
        }
        self.done.push_str(&before);
        self.done.push('\n');
        self.line = format!("{begin}{}", quoted(rest));
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn words(line: &[&str]) -> Vec<String> {
        line.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_command_that_fits_is_one_line() {
        let status = words(&["-C", "my dir", "status"]);
        let line = "$ modelguard -C 'my dir' status\n";
        assert_eq!(typed("$ ", &status, None), line);
        assert_eq!(typed("$ ", &status, Some(33)), line);
        assert_eq!(
            typed("$ ", &status, Some(32)),
            "$ modelguard -C 'my dir' \\\n    status\n"
        );
    }

    /// The words that a shell finds in the text.
    fn pasted(text: &str) -> Vec<String> {
        let script = format!("modelguard() {{ printf '%s\\n' \"$@\"; }}\n{text}");
        let output = Command::new("/bin/sh")
            .args(["-c", &script])
            .output()
            .unwrap();
        assert!(output.status.success(), "{text}: {output:?}");
        let found = String::from_utf8(output.stdout).unwrap();
        found.lines().map(str::to_owned).collect()
    }

    #[test]
    fn no_line_is_wider_and_a_shell_reads_the_same_words() {
        let commands: [&[&str]; 4] = [
            &["status"],
            &["rollback", "--previous"],
            &[
                "-C",
                "it's \\ a dir/of $HOME `x` \"y\"",
                "--db",
                "other.db",
                "-m",
                "churn",
                "monitor",
                "--dry-run",
            ],
            &[
                "-C",
                "~/a/rather/long/path/without/any/blank/in/it",
                "compare",
                "20260105_143022",
                "ünïcödé 漢字漢字漢字漢字漢字漢字",
            ],
        ];
        for command in commands {
            let command = words(command);
            for width in [14, 15, 16, 20, 21, 30, 40, 41, 60, 80] {
                let text = typed("", &command, Some(width));
                let widest = text.lines().map(text_width).max().unwrap();
                assert!(widest <= width - MARGIN, "{width}: {text}");
                assert_eq!(pasted(&text), command, "{width}: {text}");
            }
        }
    }

    #[test]
    fn a_word_that_is_wider_than_the_window_goes_on_at_the_edge() {
        assert_eq!(
            typed(
                "$ ",
                &words(&["-C", "projects/of this year", "status"]),
                Some(20)
            ),
            "$ modelguard -C \\\n    projects/of\\\n' this year' \\\n    status\n"
        );
    }
}
