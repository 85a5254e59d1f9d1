//! A terminal of its own for one command: keys go in, and its screen is rebuilt by a real parser of its codes.

use std::io::Write as _;
use std::num::NonZero;
use std::process::Command;
use std::time::{Duration, Instant};

use expectrl::process::unix::WaitStatus;
use expectrl::session::OsSession;

use crate::support::Sandbox;

/// A command on its terminal.
pub struct Window {
    session: OsSession,
    parser: vt100::Parser,
    ended: bool,
}

/// What is left of a command and its terminal.
#[derive(Debug)]
pub struct Closed {
    pub status: i32,
    pub rows: Vec<String>,
}

/// A command whose streams are left to the terminal.
pub fn for_terminal(sandbox: &Sandbox, words: &[&str]) -> Command {
    let prepared = sandbox.command(words);
    let mut command = Command::new(prepared.get_program());
    command.args(prepared.get_args());
    surround(&prepared, &mut command);
    command
}

fn surround(prepared: &Command, command: &mut Command) {
    command
        .current_dir(prepared.get_current_dir().unwrap())
        .env_clear()
        .envs(
            prepared
                .get_envs()
                .filter_map(|(key, value)| Some((key, value?))),
        );
}

fn size(number: u16) -> NonZero<u16> {
    number.try_into().unwrap()
}

impl Window {
    /// Starts a command on a terminal of that size.
    pub fn open(sandbox: &Sandbox, words: &[&str], (columns, rows): (u16, u16)) -> Self {
        Self::open_with(sandbox, words, (columns, rows), |_| {})
    }

    /// Starts a command that `prepare` sets up further.
    pub fn open_with(
        sandbox: &Sandbox,
        words: &[&str],
        (columns, rows): (u16, u16),
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        let prepared = sandbox.command(words);
        // The terminal of a test begins without echo and in no particular size.
        let begin = format!("stty sane cols {columns} rows {rows}; exec \"$0\" \"$@\"");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &begin]);
        command.arg(prepared.get_program());
        command.args(prepared.get_args());
        surround(&prepared, &mut command);
        command.env("PATH", "/usr/bin:/bin");
        prepare(&mut command);
        let mut session = OsSession::spawn(command).unwrap();
        // The library gives it a size of its own, at times after `stty` has run.
        let process = session.get_process_mut();
        process.set_window_size(columns, rows).unwrap();
        Self {
            session,
            parser: vt100::Parser::new(size(rows), size(columns), 0),
            ended: false,
        }
    }

    pub fn press(&mut self, keys: &str) {
        self.session.write_all(keys.as_bytes()).unwrap();
        self.session.flush().unwrap();
    }

    pub fn resize(&mut self, (columns, rows): (u16, u16)) {
        self.parser.screen_mut().set_size(size(rows), size(columns));
        let process = self.session.get_process_mut();
        process.set_window_size(columns, rows).unwrap();
    }

    /// Changes the size as terminals do that wrap what became too wide.
    pub fn resize_and_wrap(&mut self, (columns, rows): (u16, u16)) {
        let screen = self.parser.screen();
        let (last, column) = screen.cursor_position();
        let lines = screen.rows(0, screen.size().1.get());
        let mut lines: Vec<_> = lines.take(usize::from(last) + 1).collect();
        if let Some(line) = lines.last_mut() {
            *line = format!("{line:<width$}", width = usize::from(column));
        }
        let mut parser = vt100::Parser::new(size(rows), size(columns), 0);
        parser.process(lines.join("\r\n").as_bytes());
        self.parser = parser;
        let process = self.session.get_process_mut();
        process.set_window_size(columns, rows).unwrap();
    }

    pub fn send(&self, signal: &str) {
        let process = self.session.get_process().pid();
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{signal} {process}")])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Reads what came; false once the terminal is closed and nothing is left.
    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        match self.session.try_read(&mut bytes) {
            Ok(0) => return false,
            Ok(count) => self.parser.process(&bytes[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                std::thread::sleep(Duration::from_millis(2));
            }
            // What the system says where the other side is gone.
            Err(_) => return false,
        }
        true
    }

    /// Reads until the screen is so.
    #[track_caller]
    pub fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while !holds(self) {
            let open = !self.ended && Instant::now() < end;
            assert!(open, "never {what}: {:#?}", self.rows());
            self.ended = !self.read();
        }
    }

    /// Reads until the line of the cursor holds the text.
    #[track_caller]
    pub fn waits_at(&mut self, text: &str) {
        self.until(text, |window| window.cursor_row().contains(text));
    }

    /// The rows of the screen that hold something.
    pub fn rows(&self) -> Vec<String> {
        let screen = self.parser.screen();
        let rows = screen.rows(0, screen.size().1.get());
        rows.map(|row| row.trim_end().to_owned())
            .filter(|row| !row.is_empty())
            .collect()
    }

    pub fn shows(&self, text: &str) -> bool {
        self.rows().iter().any(|row| row.contains(text))
    }

    /// How many rows hold the text.
    pub fn count(&self, text: &str) -> usize {
        self.rows().iter().filter(|row| row.contains(text)).count()
    }

    fn cursor_row(&self) -> String {
        let screen = self.parser.screen();
        let mut rows = screen.rows(0, screen.size().1.get());
        rows.nth(screen.cursor_position().0.into()).unwrap()
    }

    /// Whether a line went on in the next row.
    pub fn is_wrapped(&self) -> bool {
        let screen = self.parser.screen();
        (0..screen.size().0.get()).any(|row| screen.row_wrapped(row))
    }

    pub fn hides_cursor(&self) -> bool {
        self.parser.screen().hide_cursor()
    }

    /// Waits for the end, which leaves the cursor to be seen at the beginning of a line.
    #[track_caller]
    pub fn close(mut self) -> Closed {
        self.until("the end", |window| window.ended);
        assert!(!self.hides_cursor(), "{:#?}", self.rows());
        let place = self.parser.screen().cursor_position();
        assert_eq!(place.1, 0, "{:#?}", self.rows());
        let status = match self.session.get_process().wait().unwrap() {
            WaitStatus::Exited(_, status) => status,
            WaitStatus::Signaled(_, signal, _) => 128 + signal as i32,
            other => panic!("{other:?}"),
        };
        Closed {
            status,
            rows: self.rows(),
        }
    }
}
