//! Prints what a command found: the answer on stdout, the conversation on stderr, or one JSON document.

use std::borrow::Cow;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::call::Call;
use crate::domain::verdict::Verdict;
use crate::ui::colour::Palette;
use crate::ui::exit::ExitStatus;
use crate::ui::fold::fold;
use crate::ui::line::one_line;
use crate::ui::problem::Problem;
use crate::ui::table::terminal_width;
use crate::ui::time::Times;

/// Whether lines that are wider than the window are folded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Folding {
    /// The terminal wraps them, and a wider window shows them whole again.
    #[default]
    None,
    /// In the menu: none of its lines is wider.
    ToWindow,
}

impl Folding {
    /// The text as it is printed.
    pub fn of(self, text: &str) -> Cow<'_, str> {
        match terminal_width() {
            Some(width) if self == Self::ToWindow => fold(text, width).into(),
            _ => text.into(),
        }
    }
}

/// How the answer is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    pub palette: Palette,
    /// `None`: a pipe; nothing is cut.
    pub width: Option<usize>,
    pub folding: Folding,
    pub times: Times,
}

/// Something to know beside the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub code: &'static str,
    pub text: String,
}

impl Warning {
    /// Writes it for people. Text from outside can't add a line or move the cursor.
    pub fn line(&self) -> String {
        format!("warning: {}\n", one_line(&self.text))
    }
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

    /// Those warnings that `-q` keeps too: a job's owner hears of them by no other way.
    fn alarms(&self) -> Vec<Warning> {
        Vec::new()
    }

    /// What failed while the rest went on; told like the failure of a command, whatever `-q` says.
    fn failures(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// What is told beside the answer, and makes sense only after it.
    fn afterwards(&self, _: &Screen) -> String {
        String::new()
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
    let folding = call.screen.folding;
    let failures = report.failures().into_iter();
    let failures: String = failures
        .map(|problem| problem.render(call.screen.palette))
        .collect();
    if quiet >= 2 {
        stderr(&folding.of(&failures));
        return Ok(exit);
    }
    let warnings = if quiet == 0 {
        report.warnings()
    } else {
        report.alarms()
    };
    for warning in warnings {
        stderr(&folding.of(&warning.line()));
    }
    if quiet == 0 {
        stderr(&folding.of(&report.aside(&call.screen)));
    }
    if quiet == 0 || report.is_news() {
        answer(&folding.of(&report.text(&call.screen)))?;
    }
    stderr(&folding.of(&failures));
    if quiet == 0 {
        stderr(&folding.of(&report.afterwards(&call.screen)));
    }
    Ok(exit)
}

fn envelope(call: &Call, report: &dyn Report, exit: ExitStatus) -> Value {
    let unlogged = call.log_trouble.iter().map(|text| Warning {
        code: "log_unwritable",
        text: text.clone(),
    });
    let warnings: Vec<_> = report
        .warnings()
        .into_iter()
        .chain(unlogged)
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
pub fn print_problem(
    problem: &Problem,
    as_json: bool,
    palette: Palette,
    folding: Folding,
) -> ExitStatus {
    if as_json {
        stderr(&format!("{}\n", problem.to_json()));
    } else {
        stderr(&folding.of(&problem.render(palette)));
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
    written(stdout(text))
}

fn written(result: io::Result<()>) -> Result<(), Problem> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Problem::new("MG0517", "standard output can't be written").cause(error.to_string()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::example::call;

    struct Found {
        verdict: Option<Verdict>,
    }

    impl Report for Found {
        fn schema(&self) -> &'static str {
            "check"
        }

        fn data(&self) -> Value {
            json!({ "answer": 42 })
        }

        fn text(&self, _: &Screen) -> String {
            "42\n".to_owned()
        }

        fn verdict(&self) -> Option<Verdict> {
            self.verdict
        }

        fn warnings(&self) -> Vec<Warning> {
            vec![Warning {
                code: "odd",
                text: "that is odd".to_owned(),
            }]
        }
    }

    #[test]
    fn a_report_that_says_nothing_else_is_good_news() {
        let report = Found { verdict: None };
        assert_eq!(report.exit(), ExitStatus::Ok);
        assert_eq!(report.verdict(), None);
        assert!(report.is_news());
        assert_eq!(report.aside(&crate::commands::example::screen()), "");
    }

    #[test]
    fn the_envelope_has_its_keys_in_this_order() {
        let run = call(&["--json", "check"]);
        let document = envelope(&run, &Found { verdict: None }, ExitStatus::Ok);
        let keys: Vec<_> = document.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            [
                "schema",
                "tool_version",
                "generated_at",
                "db_path",
                "policy_path",
                "command",
                "exit_code",
                "verdict",
                "data",
                "warnings",
            ]
        );
        assert_eq!(document["schema"], "modelguard.check/1");
        assert_eq!(document["generated_at"], "2026-01-01T12:00:00Z");
        assert_eq!(document["command"], "modelguard --json check");
        assert_eq!(document["data"]["answer"], 42);
        assert_eq!(
            document["warnings"],
            json!([{ "code": "odd", "text": "that is odd" }])
        );
    }

    #[test]
    fn the_envelope_says_the_verdict_in_the_words_of_the_store() {
        let run = call(&["--json", "check"]);
        for (verdict, word) in [
            (None, Value::Null),
            (Some(Verdict::Healthy), json!("healthy")),
            (Some(Verdict::Degraded), json!("degraded")),
            (Some(Verdict::InsufficientData), json!("insufficient_data")),
        ] {
            let document = envelope(&run, &Found { verdict }, ExitStatus::Negative);
            assert_eq!(document["verdict"], word);
            assert_eq!(document["exit_code"], 3);
        }
    }

    #[test]
    fn a_hostile_name_in_a_warning_forges_no_line() {
        let warning = Warning {
            code: "odd",
            text: "x.csv\nerror: all is lost\u{1b}[2K".to_owned(),
        };
        let line = warning.line();
        assert!(line.starts_with("warning: x.csv") && line.ends_with('\n'));
        assert_eq!(line.lines().count(), 1);
        assert!(!line.contains('\u{1b}'));
    }

    #[test]
    fn a_closed_pipe_is_no_failure_and_a_full_disk_is_one() {
        let broken = io::Error::from(io::ErrorKind::BrokenPipe);
        assert_eq!(written(Err(broken)), Ok(()));
        assert_eq!(written(Ok(())), Ok(()));
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let problem = written(Err(full)).unwrap_err();
        assert_eq!(problem.code, "MG0517");
        assert_eq!(problem.exit, ExitStatus::Failed);
    }
}
