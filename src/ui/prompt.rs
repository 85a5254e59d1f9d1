//! Asks a person yes or no on the terminal, default no, and leaves the terminal as it was.

use std::fmt;
use std::io::{self, IsTerminal};

use dialoguer::Confirm;
use dialoguer::console::Term;
use dialoguer::theme::Theme;

use super::interrupt::StopFlag;
use super::line::one_line;
use super::table::cut;

/// The room that the choice and the answer take beside the question.
const ANSWER_WIDTH: usize = " [y/N] interrupted".len();

/// What a person answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Yes,
    /// No, Enter or Esc.
    No,
    /// Ctrl-C or SIGTERM; which of them is known by the [`StopFlag`].
    Interrupted,
}

/// Why a question could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    #[error("there is no terminal to ask on")]
    NoTerminal,
    #[error("the terminal could not be read or written: {0}")]
    Terminal(#[source] io::Error),
}

/// Says whether anybody can be asked.
///
/// Both streams count: the question is written on stderr, and dialoguer would read the keys from
/// the controlling terminal even where stdin is a pipe, past an answer that waits in it.
pub const fn can_ask(
    stdin_is_terminal: bool,
    stderr_is_terminal: bool,
    ci: bool,
    no_input: bool,
) -> bool {
    stdin_is_terminal && stderr_is_terminal && !ci && !no_input
}

/// Asks on stderr; Enter and Esc mean no.
///
/// The question takes one line, cut to the terminal, because dialoguer clears only one. The cursor
/// is visible and the line ended on every way out.
///
/// # Errors
///
/// Fails without a terminal, instead of waiting for keys that nobody can press.
pub fn confirm(question: &str, stop: &StopFlag) -> Result<Answer, PromptError> {
    let terminal = Term::stderr();
    if !io::stdin().is_terminal() || !terminal.is_term() {
        return Err(PromptError::NoTerminal);
    }
    if stop.requested().is_some() {
        return Ok(Answer::Interrupted);
    }
    let columns = usize::from(terminal.size().1);
    let question = cut(
        &one_line(question),
        columns.saturating_sub(ANSWER_WIDTH + 1).max(1),
    );

    let asking = stop.while_asking();
    let answer = Confirm::with_theme(&OneLine)
        .with_prompt(&question)
        .default(false)
        .interact_on_opt(&terminal);
    let answer = match answer {
        Ok(Some(true)) => Ok(Answer::Yes),
        Ok(Some(false) | None) => Ok(Answer::No),
        Err(dialoguer::Error::IO(error)) if error.kind() == io::ErrorKind::Interrupted => {
            Ok(Answer::Interrupted)
        }
        Err(dialoguer::Error::IO(error)) => Err(PromptError::Terminal(error)),
    };
    if !matches!(answer, Ok(Answer::Yes | Answer::No)) {
        // dialoguer returned from within its wait, with the question still open on its line. What
        // fails here fails on a terminal that is gone.
        let _ = terminal.clear_line();
        let _ = terminal.write_line(&format!("{question} [y/N] interrupted"));
    }
    let _ = terminal.show_cursor();
    drop(asking);

    // A signal that came with the last key still counts: nothing was changed yet.
    if stop.requested().is_some() {
        answer.map(|_| Answer::Interrupted)
    } else {
        answer
    }
}

/// Shows question and answer as one plain line.
struct OneLine;

impl Theme for OneLine {
    fn format_confirm_prompt(
        &self,
        line: &mut dyn fmt::Write,
        question: &str,
        _default: Option<bool>,
    ) -> fmt::Result {
        write!(line, "{question} [y/N] ")
    }

    fn format_confirm_prompt_selection(
        &self,
        line: &mut dyn fmt::Write,
        question: &str,
        answer: Option<bool>,
    ) -> fmt::Result {
        let word = if answer == Some(true) { "yes" } else { "no" };
        write!(line, "{question} [y/N] {word}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_needs_both_streams_and_nobody_who_forbids_it() {
        for bits in 0_u8..16 {
            let [stdin, stderr, ci, no_input] = [1, 2, 4, 8].map(|bit| bits & bit != 0);
            let expected = bits & 0b1111 == 0b0011;
            assert_eq!(can_ask(stdin, stderr, ci, no_input), expected, "{bits:04b}");
        }
    }

    #[cfg(unix)]
    mod terminal {
        use std::io::Write;
        use std::num::NonZero;
        use std::time::{Duration, Instant};

        use expectrl::session::OsSession;

        use super::*;

        const QUESTION: &str = "Roll back?";

        /// What is left on the terminal after a question.
        struct Left {
            answer: Answer,
            line: String,
            screen: String,
        }

        /// Runs the ignored test below on a pseudo-terminal of its own.
        struct Asked {
            session: OsSession,
            screen: vt100::Parser,
            seen: Vec<u8>,
        }

        impl Asked {
            fn new(columns: u16) -> Self {
                // The terminal of a test begins without echo and in no particular size.
                let begin = format!("stty sane cols {columns} rows 24; exec \"$0\" \"$@\"");
                let mut command = std::process::Command::new("sh");
                command.args(["-c", &begin]);
                command.arg(std::env::current_exe().expect("because it is running"));
                command.args([
                    "--ignored",
                    "--exact",
                    "--nocapture",
                    "--test-threads=1",
                    "ui::prompt::tests::terminal::asks_on_its_terminal",
                ]);
                let session = OsSession::spawn(command).expect("because a terminal can be had");
                let screen = vt100::Parser::new(
                    NonZero::new(24).expect("because it is not 0"),
                    NonZero::new(columns).expect("because it is not 0"),
                    0,
                );
                let mut asked = Self {
                    session,
                    screen,
                    seen: Vec::new(),
                };
                asked.read_until("[y/N]");
                asked.read_until("\u{1b}[?25l");
                asked
            }

            fn read_until(&mut self, text: &str) {
                let end = Instant::now() + Duration::from_secs(20);
                while Instant::now() < end {
                    if String::from_utf8_lossy(&self.seen).contains(text) {
                        return;
                    }
                    let mut bytes = [0; 4096];
                    match self.session.try_read(&mut bytes) {
                        Ok(0) => break,
                        Ok(count) => {
                            self.seen.extend_from_slice(&bytes[..count]);
                            self.screen.process(&bytes[..count]);
                        }
                        Err(_) => std::thread::sleep(Duration::from_millis(5)),
                    }
                }
                panic!("no {text:?} in {:?}", String::from_utf8_lossy(&self.seen));
            }

            fn press(mut self, keys: &str) -> Left {
                self.session
                    .write_all(keys.as_bytes())
                    .expect("because it waits for a key");
                self.session.flush().expect("because it waits for a key");
                self.answer()
            }

            /// Sends a signal to the thread that asks. A test never runs in the main thread, where
            /// the tool asks and where the system delivers the signal of a whole process.
            #[cfg(target_os = "linux")]
            fn send(self, signal: &str) -> Left {
                // It waits for a key a moment after it has turned the echo off.
                let end = Instant::now() + Duration::from_secs(20);
                while self.session.get_process().get_echo().unwrap_or(true) && Instant::now() < end
                {
                    std::thread::sleep(Duration::from_millis(5));
                }
                std::thread::sleep(Duration::from_millis(100));
                let tasks = format!("/proc/{}/task", self.session.get_process().pid());
                let thread = std::fs::read_dir(tasks)
                    .expect("because the process is alive")
                    .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
                    .max()
                    .expect("because the process has a thread");
                let sent = std::process::Command::new("sh")
                    .args(["-c", &format!("kill -{signal} {thread}")])
                    .status()
                    .expect("because there is a shell");
                assert!(sent.success());
                self.answer()
            }

            /// Gives what is left, after checking that the terminal is as it was.
            fn answer(mut self) -> Left {
                self.read_until("the end");
                assert!(!self.screen.screen().hide_cursor(), "the cursor is hidden");
                let echoes = self.session.get_process().get_echo();
                assert!(
                    echoes.expect("because the terminal is open"),
                    "the keys are not echoed"
                );
                let rows: Vec<String> = self
                    .screen
                    .screen()
                    .rows(0, self.screen.screen().size().1.get())
                    .collect();
                let questions: Vec<&String> =
                    rows.iter().filter(|row| row.contains("[y/N]")).collect();
                assert_eq!(questions.len(), 1, "residue: {rows:?}");
                let all = rows.join("\n");
                let answer = [Answer::Yes, Answer::No, Answer::Interrupted]
                    .into_iter()
                    .find(|answer| all.contains(&format!("answer {answer:?}")))
                    .unwrap_or_else(|| panic!("no answer: {rows:?}"));
                Left {
                    answer,
                    line: questions[0].trim_end().to_owned(),
                    screen: all,
                }
            }
        }

        #[test]
        #[ignore = "waits for a key: run on a pseudo-terminal by the tests below"]
        fn asks_on_its_terminal() {
            if !io::stdin().is_terminal() {
                return;
            }
            let stop = StopFlag::listen().expect("because handlers are allowed");
            let question = format!("{QUESTION} {}", "It is long. ".repeat(9));
            let answer = confirm(&question, &stop).expect("because there is a terminal");
            let signal = stop.requested();
            eprintln!("answer {answer:?}\nsignal {signal:?}\nthe end");
        }

        #[test]
        fn y_means_yes_and_the_question_stays_readable() {
            let Left { answer, line, .. } = Asked::new(80).press("y");
            assert_eq!(answer, Answer::Yes);
            assert!(line.starts_with(QUESTION), "{line}");
            assert!(line.ends_with("… [y/N] yes"), "{line}");
        }

        #[test]
        fn n_enter_and_escape_mean_no() {
            for keys in ["n", "\r", "\u{1b}"] {
                let Left { answer, line, .. } = Asked::new(80).press(keys);
                assert_eq!(answer, Answer::No, "{keys:?}");
                assert!(line.ends_with("[y/N] no"), "{line}");
            }
        }

        #[test]
        fn another_key_is_no_answer() {
            let Left { answer, .. } = Asked::new(80).press("xj \u{4}\u{1a}y");
            assert_eq!(answer, Answer::Yes);
        }

        #[test]
        fn ctrl_c_interrupts_and_leaves_no_residue() {
            let Left { answer, line, .. } = Asked::new(40).press("\u{3}");
            assert_eq!(answer, Answer::Interrupted);
            assert!(line.ends_with("[y/N] interrupted"), "{line}");
            assert!(line.chars().count() <= 40, "{line}");
        }

        #[cfg(target_os = "linux")]
        #[test]
        fn a_signal_from_outside_interrupts_too() {
            for (signal, seen) in [("INT", "Interrupt"), ("TERM", "Terminate")] {
                let left = Asked::new(80).send(signal);
                assert_eq!(left.answer, Answer::Interrupted, "{signal}");
                assert!(left.line.ends_with("[y/N] interrupted"), "{}", left.line);
                assert!(
                    left.screen.contains(&format!("signal Some({seen})")),
                    "{}",
                    left.screen
                );
            }
        }
    }
}
