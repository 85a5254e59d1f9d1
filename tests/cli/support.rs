//! A folder of its own, a clock that goes on by a second a command, and the binary in a bare environment.

use std::cell::Cell;
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rusqlite::Connection;
use serde_json::Value;

/// 2026-01-05T14:30:22Z: the moment of the first command.
pub const BEGINNING: u64 = 1_767_623_422;
/// The name of a version that the first command registers.
pub const FIRST_VERSION: &str = "20260105_143022";

/// A project in a folder that goes away with it.
pub struct Sandbox {
    folder: tempfile::TempDir,
    /// Unix seconds of the next command.
    clock: Cell<u64>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Run {
    #[expect(dead_code, reason = "a failed assertion prints it")]
    pub words: Vec<String>,
    /// 128 and the signal where one ended it.
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    /// A folder without a project.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "state", "project"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        // The upward search for a policy ends here.
        std::fs::create_dir(folder.path().join("project/.git")).unwrap();
        Self {
            folder,
            clock: Cell::new(BEGINNING),
        }
    }

    /// A project with the model `churn`, of classes.
    pub fn new() -> Self {
        let sandbox = Self::empty();
        sandbox.ok("init --model churn --task classification");
        sandbox.set_clock(BEGINNING);
        sandbox
    }

    /// A project with `count` versions of the model, each of bytes of its own, none of them live.
    pub fn with_versions(count: usize) -> (Self, Vec<String>) {
        let sandbox = Self::new();
        let names = (0..count)
            .map(|number| sandbox.register(&format!("model {number}")))
            .collect();
        (sandbox, names)
    }

    /// Registers a file of that text and gives the version's name.
    pub fn register(&self, text: &str) -> String {
        let path = self.write("model.bin", text.as_bytes());
        let run = self.ok(&format!("register {}", path.display()));
        run.stdout.trim().to_owned()
    }

    /// The folder in which commands run.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    /// A file of the project.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// The folder of what the tool remembers about its user.
    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// The store's file.
    pub fn store(&self) -> PathBuf {
        self.file("modelguard.db")
    }

    /// The store's bytes.
    pub fn store_bytes(&self) -> Vec<u8> {
        std::fs::read(self.store()).unwrap()
    }

    /// Writes a file of the project.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.file(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Sets the clock of the next command, in Unix seconds.
    pub fn set_clock(&self, seconds: u64) {
        self.clock.set(seconds);
    }

    /// The clock of the next command, in Unix seconds.
    pub fn clock(&self) -> u64 {
        self.clock.get()
    }

    /// A command that is not started yet, one second after the one before it.
    pub fn command<W: AsRef<OsStr>>(&self, words: &[W]) -> Command {
        let now = self.clock.get();
        self.clock.set(now + 1);
        let mut command = Command::new(env!("CARGO_BIN_EXE_modelguard"));
        command
            .args(words)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.folder.path().join("home"))
            .env("XDG_STATE_HOME", self.state())
            .env("USER", "tester")
            .env("TERM", "xterm")
            .env("MODELGUARD_NOW", now.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a command; words are parted by spaces.
    pub fn run(&self, line: &str) -> Run {
        let words: Vec<_> = line.split_whitespace().collect();
        self.run_words(&words)
    }

    /// Runs a command whose words may hold spaces.
    pub fn run_words(&self, words: &[&str]) -> Run {
        let run = finish(words, self.command(words), &[]);
        self.assert_whole(&run);
        run
    }

    /// Runs a command with bytes on its standard input.
    pub fn run_with_input(&self, line: &str, input: &[u8]) -> Run {
        let words: Vec<_> = line.split_whitespace().collect();
        let mut command = self.command(&words);
        command.stdin(Stdio::piped());
        let run = finish(&words, command, input);
        self.assert_whole(&run);
        run
    }

    /// Runs a command that `prepare` sets up further: its variables, its folder, its streams.
    pub fn run_with(&self, line: &str, prepare: impl FnOnce(&mut Command)) -> Run {
        let words: Vec<_> = line.split_whitespace().collect();
        let mut command = self.command(&words);
        prepare(&mut command);
        let run = finish(&words, command, &[]);
        self.assert_whole(&run);
        run
    }

    /// Runs a command with a variable set.
    pub fn run_where(&self, variable: &str, value: &str, line: &str) -> Run {
        self.run_with(line, |command| {
            command.env(variable, value);
        })
    }

    /// Runs a command in a folder of the project.
    pub fn run_in(&self, folder: &str, line: &str) -> Run {
        let folder = self.file(folder);
        self.run_with(line, |command| {
            command.current_dir(folder);
        })
    }

    /// Runs a command on a store that is broken on purpose.
    pub fn run_on_broken(&self, line: &str) -> Run {
        let words: Vec<_> = line.split_whitespace().collect();
        finish(&words, self.command(&words), &[])
    }

    /// Runs a command that has to end with 0.
    pub fn ok(&self, line: &str) -> Run {
        self.run(line).expect(0)
    }

    /// Runs a command with `--json` that has to end with 0, and gives its `data`.
    pub fn json(&self, line: &str) -> Value {
        let run = self.ok(&format!("{line} --json"));
        run.document()["data"].clone()
    }

    /// Runs the command with `--json`; it has to fail with that status and that code.
    pub fn fails(&self, line: &str, status: i32, code: &str) -> Run {
        let run = self.run(line).expect(status);
        assert!(run.stderr.contains(code), "no {code} in {run:#?}");
        assert_eq!(run.stdout, "", "{run:#?}");
        assert!(run.stderr.lines().count() <= 4, "{run:#?}");
        let as_json = self.run(&format!("{line} --json")).expect(status);
        let problem = as_json.problem();
        assert_eq!(problem["code"], code, "{as_json:#?}");
        assert_eq!(problem["exit_code"], status, "{as_json:#?}");
        run
    }

    /// A command that has to leave the store's file as it is, byte for byte.
    pub fn leaves_the_store(&self, line: &str, status: i32) -> Run {
        let before = self.store_bytes();
        let run = self.run(line).expect(status);
        assert!(before == self.store_bytes(), "the store changed: {run:#?}");
        run
    }

    /// A connection to the store past the tool.
    pub fn sql(&self) -> Connection {
        Connection::open(self.store()).unwrap()
    }

    /// One number of the store.
    pub fn number(&self, query: &str) -> i64 {
        self.sql().query_row(query, [], |row| row.get(0)).unwrap()
    }

    /// The version that holds an alias, by the store's own word.
    pub fn holder(&self, alias: &str) -> Option<String> {
        let query = "SELECT version.name FROM alias JOIN version ON version.id = alias.version_id
                     WHERE alias.name = ?1";
        let connection = self.sql();
        let mut statement = connection.prepare(query).unwrap();
        let mut rows = statement.query([alias]).unwrap();
        rows.next().unwrap().map(|row| row.get(0).unwrap())
    }

    /// Every view of the store that must be empty is.
    fn assert_whole(&self, run: &Run) {
        if self.store().is_file() {
            assert_whole(&self.store(), &format!("{run:#?}"));
        }
    }
}

/// The keys of an object, sorted.
#[track_caller]
pub fn keys(object: &Value) -> Vec<&str> {
    let object = object.as_object().unwrap();
    let mut keys: Vec<_> = object.keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// Every view named `invariant_…` of a store is empty.
pub fn assert_whole(store: &Path, after: &str) {
    let connection = Connection::open(store).unwrap();
    let mut statement = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'view' AND name LIKE 'invariant%'")
        .unwrap();
    let views: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(views.len() >= 15, "invariants are missing: {views:?}");
    for view in views {
        let broken: i64 = connection
            .query_row(&format!("SELECT count(*) FROM {view}"), [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(broken, 0, "{view} after {after}");
    }
}

/// Starts a command, feeds it, waits for it.
pub fn finish(words: &[&str], mut command: Command, input: &[u8]) -> Run {
    ended(words, command.spawn().unwrap(), input)
}

/// Feeds a command that was started, waits for it.
pub fn ended(words: &[&str], mut child: Child, input: &[u8]) -> Run {
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not read its input ends before it is written.
        let _ = stdin.write_all(input);
    }
    let output = child.wait_with_output().unwrap();
    Run {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        status: status(output.status),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn status(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

impl Run {
    /// Fails unless the command ended with that status.
    #[track_caller]
    pub fn expect(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }

    /// The JSON document on stdout, with what every one has.
    #[track_caller]
    pub fn document(&self) -> Value {
        let document: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON document ({error}): {self:#?}"));
        assert_eq!(document["exit_code"], self.status, "{self:#?}");
        assert_eq!(self.stdout.matches('\n').count(), 1, "{self:#?}");
        for key in ["schema", "tool_version", "generated_at", "command"] {
            assert!(document[key].is_string(), "{key} in {self:#?}");
        }
        for key in ["db_path", "policy_path", "verdict", "data", "warnings"] {
            assert!(document.get(key).is_some(), "{key} in {self:#?}");
        }
        document
    }

    /// The JSON of the problem on stderr.
    #[track_caller]
    pub fn problem(&self) -> Value {
        serde_json::from_str(&self.stderr)
            .unwrap_or_else(|error| panic!("no JSON problem ({error}): {self:#?}"))
    }

    /// Fails unless stdout holds the text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no {text:?} in {self:#?}");
        self
    }

    /// Fails unless stderr holds the text.
    #[track_caller]
    pub fn tells(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in {self:#?}");
        self
    }
}

/// A message as a channel is given it.
#[cfg(feature = "net")]
pub fn message() -> modelguard::domain::notification::Message {
    use modelguard::domain::notification::{Event, Message};
    use modelguard::domain::time::Timestamp;
    use modelguard::domain::verdict::Severity;

    Message {
        delivery_id: "20260105T143022-7-ops".to_owned(),
        event: Event::Degraded,
        at: Timestamp::read("2026-01-05T14:30:22Z").unwrap().at,
        host: "ops.example".to_owned(),
        model: "churn".to_owned(),
        version: Some("20260105_143022".to_owned()),
        alert: None,
        severity: Some(Severity::High),
        title: "churn is degraded".to_owned(),
        lines: vec!["accuracy 0.91 → 0.80".to_owned()],
        undo_command: Some("modelguard undo -m churn".to_owned()),
        head_blake3: None,
    }
}
