//! Reads keys and lines from the terminal, and tells a key from a signal and from a new size of the window.

use std::io::{self, IsTerminal};

use dialoguer::console::{Key, Term};

use super::PromptError;
use super::raw::{Raw, Waited};
use crate::ui::interrupt::{Asking, Resizes, StopFlag};
use crate::ui::line::one_line;
use crate::ui::table::{cut, text_width};

/// The room that an answer takes behind its question.
const ANSWER_WIDTH: usize = "interrupted".len() + 1;
/// Ctrl-D, which ends a terminal's input.
const CTRL_D: char = '\u{4}';
/// Ctrl-U, which takes back what was typed.
const CTRL_U: char = '\u{15}';

/// What came from the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    Key(Key),
    /// The window has another size now.
    Resized,
    /// Ctrl-D, or the terminal ended.
    End,
    /// Ctrl-C, or a signal.
    Interrupted,
}

/// How a line ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// Enter, behind this text.
    Line(String),
    /// Esc or Ctrl-D.
    Left,
    /// Ctrl-C, or a signal.
    Interrupted,
}

/// The terminal while something is asked.
///
/// It never hides the cursor, so that no way out can leave it hidden, not even SIGKILL.
pub struct Keyboard<'a> {
    terminal: Term,
    stop: &'a StopFlag,
    resizes: Resizes,
    // The mode is restored before a second Ctrl-C may end the process again.
    raw: Raw,
    _asking: Asking<'a>,
}

impl<'a> Keyboard<'a> {
    /// Takes hold of the terminal.
    ///
    /// # Errors
    ///
    /// Fails without a terminal, instead of waiting for keys that nobody can press.
    pub fn open(stop: &'a StopFlag) -> Result<Self, PromptError> {
        let terminal = Term::stderr();
        if !io::stdin().is_terminal() || !terminal.is_term() {
            return Err(PromptError::NoTerminal);
        }
        Ok(Self {
            terminal,
            stop,
            resizes: Resizes::listen(),
            _asking: stop.while_asking(),
            raw: Raw::enter(),
        })
    }

    /// Gives rows and columns of the window, for what is drawn next.
    pub fn size(&self) -> (usize, usize) {
        // Only a change after this makes what is drawn wrong.
        self.resizes.take();
        let (rows, columns) = self.terminal.size();
        (usize::from(rows).max(1), usize::from(columns).max(1))
    }

    /// Says whether Ctrl-C or SIGTERM came.
    pub fn is_stopped(&self) -> bool {
        self.stop.requested().is_some()
    }

    /// Waits for a key.
    ///
    /// # Errors
    ///
    /// Fails on a terminal that cannot be read.
    pub fn press(&self) -> Result<Press, PromptError> {
        let waited = loop {
            if self.is_stopped() {
                return Ok(Press::Interrupted);
            }
            if self.resizes.take() {
                return Ok(Press::Resized);
            }
            match self.raw.wait() {
                Waited::Nothing => {}
                waited => break waited,
            }
        };
        match self.terminal.read_key_raw() {
            // Where reading itself waits, any signal that breaks it looks like Ctrl-C to the console.
            Ok(Key::CtrlC) => {
                let may_be_signal = waited == Waited::Unknown && !self.is_stopped();
                Ok(if may_be_signal && self.resizes.take() {
                    Press::Resized
                } else {
                    Press::Interrupted
                })
            }
            Ok(Key::Char(CTRL_D)) => Ok(Press::End),
            Ok(key) => Ok(Press::Key(key)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Press::End),
            Err(error) => Err(PromptError::Terminal(error)),
        }
    }

    /// Writes to the terminal.
    ///
    /// # Errors
    ///
    /// Fails on a terminal that cannot be written.
    pub fn write(&self, text: &str) -> Result<(), PromptError> {
        self.terminal.write_str(text).map_err(PromptError::Terminal)
    }

    /// Asks for a line of text behind a question and its choice; the line stays open for [`Keyboard::end_line`].
    ///
    /// It is drawn anew after each key, cut to the window, so that it never wraps.
    ///
    /// # Errors
    ///
    /// Fails on a terminal that cannot be read or written.
    pub fn line(&self, question: &str, choice: &str) -> Result<Typed, PromptError> {
        let mut text = String::new();
        let mut drawn = 0;
        loop {
            let (_, columns) = self.size();
            if columns <= drawn {
                // What is open may have been wrapped by the narrower window, so a line begins below.
                self.write("\r\n")?;
            }
            let line = shown(question, choice, &text, columns);
            drawn = text_width(&line);
            self.write(&format!("\r\u{1b}[2K{line}"))?;
            match self.press()? {
                Press::Key(Key::Enter) => return Ok(Typed::Line(text)),
                Press::Key(Key::Escape) | Press::End => return Ok(Typed::Left),
                Press::Interrupted => return Ok(Typed::Interrupted),
                Press::Key(key) => edit(&mut text, &key),
                Press::Resized => {}
            }
        }
    }

    /// Ends the open line with its answer.
    ///
    /// # Errors
    ///
    /// Fails on a terminal that cannot be written.
    pub fn end_line(&self, question: &str, choice: &str, answer: &str) -> Result<(), PromptError> {
        let line = shown(question, choice, answer, self.size().1);
        self.write(&format!("\r\u{1b}[2K{line}\r\n"))
    }

    /// Says something in the place of the open line.
    ///
    /// # Errors
    ///
    /// Fails on a terminal that cannot be written.
    pub fn say(&self, text: &str) -> Result<(), PromptError> {
        let room = self.size().1.saturating_sub(1).max(1);
        self.write(&format!("\r\u{1b}[2K{}\r\n", cut(&one_line(text), room)))
    }
}

/// Changes a text by a key; one that edits nothing is passed over.
pub fn edit(text: &mut String, key: &Key) {
    match key {
        Key::Backspace => {
            text.pop();
        }
        Key::Char(CTRL_U) => text.clear(),
        Key::Char(character) if !character.is_control() => text.push(*character),
        _ => {}
    }
}

/// The end of a text that fits.
pub fn tail(text: &str, width: usize) -> &str {
    let mut tail = text;
    while text_width(tail) > width {
        let mut characters = tail.chars();
        characters.next();
        tail = characters.as_str();
    }
    tail
}

/// One line of question, choice and answer, which leaves the last column free.
fn shown(question: &str, choice: &str, answer: &str, columns: usize) -> String {
    let room = columns.saturating_sub(1).max(1);
    let taken = text_width(choice) + ANSWER_WIDTH;
    let question = cut(&one_line(question), room.saturating_sub(taken).max(1));
    let begin = format!("{question}{choice} ");
    let answer = one_line(answer);
    let answer = tail(&answer, room.saturating_sub(text_width(&begin)));
    cut(&format!("{begin}{answer}"), room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_never_reaches_the_last_column() {
        for columns in 1..60 {
            for answer in ["", "yes", "a very long answer that was typed 漢字漢字"] {
                let line = shown(
                    "Roll back 漢字 from here to there?",
                    " [y/N]",
                    answer,
                    columns,
                );
                assert!(
                    text_width(&line) <= columns.saturating_sub(1).max(1),
                    "{columns} {line}"
                );
            }
        }
        assert_eq!(shown("Undo?", " [y/N]", "no", 80), "Undo? [y/N] no");
    }

    #[test]
    fn of_a_long_answer_the_end_is_seen() {
        assert_eq!(tail("abcdef", 3), "def");
        assert_eq!(tail("漢字", 3), "字");
        assert_eq!(tail("a", 0), "");
    }

    #[test]
    fn keys_edit_a_text_and_controls_do_not() {
        let mut text = String::new();
        for key in [
            Key::Backspace,
            Key::Char('a'),
            Key::Char('\u{1a}'),
            Key::Char('é'),
        ] {
            edit(&mut text, &key);
        }
        assert_eq!(text, "aé");
        edit(&mut text, &Key::Backspace);
        assert_eq!(text, "a");
        edit(&mut text, &Key::Char(CTRL_U));
        assert_eq!(text, "");
    }
}
