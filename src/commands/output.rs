//! Prints what a command found: the answer on stdout, the conversation on stderr, or one JSON document.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::call::Call;
use crate::domain::verdict::Verdict;
use crate::ui::colour::Palette;
use crate::ui::exit::ExitStatus;
use crate::ui::problem::Problem;
use crate::ui::time::Times;

/// How the answer is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    pub palette: Palette,
    /// `None`: a pipe; nothing is cut.
    pub width: Option<usize>,
    pub times: Times,
}

/// Something to know beside the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub code: &'static str,
    pub text: String,
}

/// The result of a command, in every form that it is printed in.
pub trait Report {
    /// The command's name in the JSON schema: `check` of `modelguard.check/1`.
    fn schema(&self) -> &'static str;

    /// The JSON document's `data`.
    fn data(&self) -> Value;

    /// The answer, for stdout; ends with a line feed unless empty.
    fn text(&self, screen: &Screen) -> String;

    /// What is said beside the answer, for stderr.
    fn aside(&self, _screen: &Screen) -> String {
        String::new()
    }

    /// The exit status follows from what was found, never from a flag set on the way.
    fn exit(&self) -> ExitStatus {
        ExitStatus::Ok
    }

    /// What was judged, if anything was.
    fn verdict(&self) -> Option<Verdict> {
        None
    }

    fn warnings(&self) -> Vec<Warning> {
        Vec::new()
    }

    /// Whether `-q` prints the answer: a judging command has news only when its state changed.
    fn is_news(&self) -> bool {
        true
    }
}

/// Prints a report and gives its exit status. A closed pipe is no failure.
///
/// # Errors
/// Standard output can't be written.
pub fn print_report(call: &Call, report: &dyn Report) -> Result<ExitStatus, Problem> {
    let exit = report.exit();
    let quiet = call.globals.quiet;
    if call.globals.json {
        let document = envelope(call, report, exit);
        let text = if call.stdout_is_terminal {
            serde_json::to_string_pretty(&document)
        } else {
            serde_json::to_string(&document)
        };
        return answer(&(text.unwrap_or_default() + "\n")).map(|()| exit);
    }
    if quiet >= 2 {
        return Ok(exit);
    }
    if quiet == 0 {
        for warning in report.warnings() {
            stderr(&format!("warning: {}\n", warning.text));
        }
        stderr(&report.aside(&call.screen));
    }
    if quiet == 0 || report.is_news() {
        return answer(&report.text(&call.screen)).map(|()| exit);
    }
    Ok(exit)
}

fn envelope(call: &Call, report: &dyn Report, exit: ExitStatus) -> Value {
    let warnings: Vec<_> = report
        .warnings()
        .into_iter()
        .map(|warning| json!({ "code": warning.code, "text": warning.text }))
        .collect();
    let (policy_path, db_path) = call.paths();
    json!({
        "schema": format!("modelguard.{}/1", report.schema()),
        "tool_version": env!("CARGO_PKG_VERSION"),
        "generated_at": call.now.to_string(),
        "db_path": db_path,
        "policy_path": policy_path,
        "command": call.command_line(),
        "exit_code": exit.code(),
        "verdict": report.verdict().map(Verdict::name),
        "data": report.data(),
        "warnings": warnings,
    })
}

/// Prints a problem: four lines, or one line of JSON.
pub fn print_problem(problem: &Problem, as_json: bool, palette: Palette) -> ExitStatus {
    if as_json {
        stderr(&format!("{}\n", problem.to_json()));
    } else {
        stderr(&problem.render(palette));
    }
    problem.exit
}

/// Writes to stdout.
///
/// # Errors
/// It is closed, or its disk is full.
pub fn stdout(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes to stderr; nobody can be told where that fails.
pub fn stderr(text: &str) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes an answer to stdout. Whoever closed it has enough, which is no failure.
///
/// # Errors
/// It can't be written: its disk is full.
pub fn answer(text: &str) -> Result<(), Problem> {
    match stdout(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Problem::new("MG0517", "standard output can't be written").cause(error.to_string()))
        }
        _ => Ok(()),
    }
}
