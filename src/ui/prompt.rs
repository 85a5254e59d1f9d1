//! Asks a person on the terminal: yes or no (default no), a number, one of a list; and leaves the terminal as it was.

mod keyboard;
mod list;
mod raw;

use std::io;

use keyboard::{Keyboard, Typed};
pub use list::{Find, List, choose};

use super::interrupt::StopFlag;

/// What a person answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Yes,
    /// No, Enter, Esc or Ctrl-D.
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
/// Both streams count: the question is written on stderr, and the console would read the keys from
/// the controlling terminal even where stdin is a pipe, past an answer that waits in it.
pub const fn can_ask(
    stdin_is_terminal: bool,
    stderr_is_terminal: bool,
    ci: bool,
    no_input: bool,
) -> bool {
    stdin_is_terminal && stderr_is_terminal && !ci && !no_input
}

/// What a person gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given<T> {
    This(T),
    /// Esc or Ctrl-D.
    Left,
    /// Ctrl-C or SIGTERM.
    Interrupted,
}

/// Asks on stderr for a whole line: `y`, `yes`, `n` or `no`. An empty line, Esc and Ctrl-D mean no;
/// anything else is asked again.
///
/// # Errors
///
/// Fails without a terminal, instead of waiting for keys that nobody can press.
pub fn confirm(question: &str, stop: &StopFlag) -> Result<Answer, PromptError> {
    let asked = Question {
        text: question,
        choice: " [y/N]",
        complaint: "type yes or no, not",
        left: "no",
    };
    let given = ask(&asked, stop, |line| {
        let yes = read_yes_or_no(line)?;
        Some((yes, if yes { "yes" } else { "no" }.to_owned()))
    })?;
    Ok(match given {
        Given::This(true) => Answer::Yes,
        Given::This(false) | Given::Left => Answer::No,
        Given::Interrupted => Answer::Interrupted,
    })
}

/// Asks on stderr for a number above 0; an empty line means the default.
///
/// # Errors
///
/// As [`confirm`].
pub fn number(question: &str, default: u64, stop: &StopFlag) -> Result<Given<u64>, PromptError> {
    let asked = Question {
        text: question,
        choice: &format!(" [{default}]"),
        complaint: "type a number above 0, not",
        left: "",
    };
    ask(&asked, stop, |line| {
        let number = match line {
            "" => default,
            digits => digits.parse().ok().filter(|number| *number > 0)?,
        };
        Some((number, number.to_string()))
    })
}

fn read_yes_or_no(line: &str) -> Option<bool> {
    match line.to_lowercase().as_str() {
        "y" | "yes" => Some(true),
        "" | "n" | "no" => Some(false),
        _ => None,
    }
}

/// What is asked, and what is said where the answer makes no sense or none is given.
struct Question<'a> {
    text: &'a str,
    choice: &'a str,
    complaint: &'a str,
    left: &'a str,
}

/// Asks until `read` understands the line; it also says how the answer is shown.
fn ask<T>(
    asked: &Question<'_>,
    stop: &StopFlag,
    read: impl Fn(&str) -> Option<(T, String)>,
) -> Result<Given<T>, PromptError> {
    let keyboard = Keyboard::open(stop)?;
    let end = |answer: &str| keyboard.end_line(asked.text, asked.choice, answer);
    loop {
        let typed = keyboard.line(asked.text, asked.choice)?;
        // A signal that came with the last key still counts: nothing was changed yet.
        if keyboard.is_stopped() || typed == Typed::Interrupted {
            // What fails here fails on a terminal that is gone.
            let _ = end("interrupted");
            return Ok(Given::Interrupted);
        }
        let Typed::Line(line) = typed else {
            end(asked.left)?;
            return Ok(Given::Left);
        };
        let line = line.trim();
        if let Some((value, shown)) = read(line) {
            end(&shown)?;
            return Ok(Given::This(value));
        }
        keyboard.say(&format!("{} `{line}`", asked.complaint))?;
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

    #[test]
    fn only_four_words_and_an_empty_line_are_answers() {
        for (line, expected) in [
            ("y", Some(true)),
            ("YES", Some(true)),
            ("", Some(false)),
            ("n", Some(false)),
            ("No", Some(false)),
            ("maybe", None),
            ("yesterday", None),
            ("nope", None),
            ("ja", None),
        ] {
            assert_eq!(read_yes_or_no(line), expected, "{line}");
        }
    }

    #[cfg(unix)]
    mod terminal {
        use std::io::{IsTerminal, Write};
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

            fn type_in(&mut self, keys: &str) {
                self.session
                    .write_all(keys.as_bytes())
                    .expect("because it waits for a key");
                self.session.flush().expect("because it waits for a key");
            }

            fn press(mut self, keys: &str) -> Left {
                self.type_in(keys);
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
        fn yes_in_any_case_means_yes_and_the_question_stays_readable() {
            for keys in [
                "y\r",
                "Y\r",
                "yes\r",
                " YeS \r",
                "no\u{15}y\r",
                "yx\u{7f}\r",
            ] {
                let Left { answer, line, .. } = Asked::new(80).press(keys);
                assert_eq!(answer, Answer::Yes, "{keys:?}");
                assert!(line.starts_with(QUESTION), "{line}");
                assert!(line.ends_with("… [y/N] yes"), "{line}");
            }
        }

        #[test]
        fn n_enter_escape_and_the_end_mean_no() {
            for keys in ["n\r", "NO\r", "\r", "\u{1b}", "y\u{1b}", "\u{4}"] {
                let Left { answer, line, .. } = Asked::new(80).press(keys);
                assert_eq!(answer, Answer::No, "{keys:?}");
                assert!(line.ends_with("[y/N] no"), "{line}");
            }
        }

        #[test]
        fn anything_else_is_asked_again() {
            for keys in ["maybe\r", "yn\r", "yess\r", "1\r", "nein\r"] {
                let mut asked = Asked::new(80);
                asked.type_in(keys);
                asked.read_until("type yes or no, not");
                let Left { answer, .. } = asked.press("\r");
                assert_eq!(answer, Answer::No, "{keys:?}");
            }
        }

        #[test]
        fn ctrl_c_interrupts_and_leaves_no_residue() {
            let Left { answer, line, .. } = Asked::new(40).press("ye\u{3}");
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
