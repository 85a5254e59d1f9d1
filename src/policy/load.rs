//! Reads the policy's file: the typed policy, or everything that is wrong with it.

use std::path::Path;

use super::diagnose::{PolicyError, ProblemKind};
use super::document::{Document, MAX_BYTES};
use crate::domain::metric::Task;
use crate::domain::names::ModelName;
use crate::domain::policy::Policy;
use crate::files::read::PathKind;
use crate::files::{self, FileErrorClass};

/// Reads the policy file.
///
/// # Errors
/// There is no such file, it can't be read, or [`parse`] refuses its text.
pub fn read(path: &Path) -> Result<(Policy, String), PolicyError> {
    let text = read_text(path)?;
    parse(&text, path).map(|policy| (policy, text))
}

/// Reads the policy file's text.
///
/// # Errors
/// There is no such file, or it can't be read, or it is no text (which counts as bad syntax).
pub fn read_text(path: &Path) -> Result<String, PolicyError> {
    match files::read::kind_of(path) {
        Ok(PathKind::Absent) => {
            let message = format!("there is no policy {}", path.display());
            return Err(PolicyError::new(ProblemKind::Missing, path, message));
        }
        Ok(PathKind::Directory) => {
            let message = format!("the policy {} is a directory, not a file", path.display());
            return Err(PolicyError::new(ProblemKind::Unreadable, path, message));
        }
        _ => {}
    }
    files::read::text(path, MAX_BYTES).map_err(|error| {
        let is_content = error.class() == FileErrorClass::Content;
        let kind = if is_content {
            ProblemKind::Syntax
        } else {
            ProblemKind::Unreadable
        };
        let message = format!("the policy {error}");
        let problem = PolicyError::new(kind, path, message);
        match (error.line, error.column) {
            (Some(line), Some(column)) => problem.on_line(line, column),
            _ => problem,
        }
    })
}

/// Reads the policy's text. `path` is only named in problems.
///
/// # Errors
/// The first problem: one of `requires` before any other, else the first in the text.
pub fn parse(text: &str, path: &Path) -> Result<Policy, PolicyError> {
    let document = Document::of(text, path);
    match document.problems.into_iter().next() {
        Some(problem) => Err(problem),
        None => Ok(document.policy),
    }
}

/// Every problem of the policy's text, in the text's order; none if the policy is good. Where the text is not
/// TOML, or asks for another modelguard, only that is said: the rest can't be known.
#[must_use]
pub fn check_all(text: &str, path: &Path) -> Vec<PolicyError> {
    Document::of(text, path).problems
}

/// What a good policy gets wrong for a model of this task: metrics that the task does not have.
#[must_use]
pub fn check_task(text: &str, path: &Path, model: &ModelName, task: Task) -> Vec<PolicyError> {
    let mut document = Document::of(text, path);
    document.judge_task(model, task);
    document.problems
}
