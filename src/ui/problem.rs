//! Tells a failure in four lines, or as one line of JSON: what, why, what to do, and its code.

use std::fmt;

use serde_json::{Map, Value, json};

use super::catalogue;
use super::colour::{Palette, Tone};
use super::exit::ExitStatus;
use super::line::one_line;

/// A failure as a person or a program is told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// `MG0203`; `modelguard help MG0203` explains it.
    pub code: &'static str,
    /// A sentence without a full stop that names what failed: a path, a value, a line.
    pub message: String,
    /// Why, in the order of importance.
    pub causes: Vec<String>,
    /// What to do, each so that it can be pasted.
    pub hints: Vec<String>,
    /// By default that of the code.
    pub exit: ExitStatus,
    /// The place in a policy file, its line and a caret, for the eye; stands for the causes there.
    pub excerpt: Option<String>,
    /// What a program may want besides, such as `rejects`; absent in the four lines.
    pub details: Option<Value>,
}

impl Problem {
    /// Makes a problem with the exit status of its code.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            exit: catalogue::entry_or_bug(code).exit,
            excerpt: None,
            details: None,
        }
    }

    /// Adds a cause.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Replaces the exit status of the code.
    #[must_use]
    pub fn exit(mut self, exit: ExitStatus) -> Self {
        self.exit = exit;
        self
    }

    /// Shows the place in a file: `  --> modelguard.toml:14:1`, the line, the caret.
    #[must_use]
    pub fn excerpt(mut self, excerpt: impl Into<String>) -> Self {
        self.excerpt = Some(excerpt.into());
        self
    }

    /// Adds what only programs read.
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// Names first what it is about, where several things are told of.
    #[must_use]
    pub fn about(mut self, name: &str) -> Self {
        self.message = format!("{name}: {}", self.message);
        self
    }

    /// Gives the snake_case word for the kind of problem: `not_found`.
    pub fn kind(&self) -> &'static str {
        catalogue::entry_or_bug(self.code).kind
    }

    /// Writes the problem for people, each line with its line feed.
    ///
    /// At most four lines, or the excerpt between the first and its hint. Text from outside cannot
    /// add a line or move the cursor.
    pub fn render(&self, palette: Palette) -> String {
        let label = palette.paint(Tone::Bad, "error:");
        let mut text = format!("{label} {}\n", one_line(&self.message));
        let hints = self.joined_hints();
        match &self.excerpt {
            Some(excerpt) => {
                // A tab would move the caret away from what it points at.
                let excerpt = excerpt.trim_end().replace('\t', " ");
                let lines: Vec<_> = excerpt.lines().map(one_line).collect();
                text.push_str(&lines.join("\n"));
                if !hints.is_empty() {
                    // What the carets say and what to do are two sentences.
                    text.push_str(if excerpt.ends_with('^') { " " } else { "; " });
                    text.push_str(&hints);
                }
                text.push_str(&format!("   (`modelguard help {}`)\n", self.code));
            }
            None => {
                let mut line = |label: &str, content: &str| {
                    if !content.is_empty() {
                        let label = palette.paint(Tone::Faint, label);
                        text.push_str(&format!("{label} {content}\n"));
                    }
                };
                let causes: Vec<_> = self.causes.iter().map(|cause| one_line(cause)).collect();
                line("  cause:", &causes.join("; "));
                line("   hint:", &hints);
                line(
                    "   code:",
                    &format!("{0} (`modelguard help {0}`)", self.code),
                );
            }
        }
        text
    }

    /// Joins the hints with `, or `; after a question mark the next one begins a sentence.
    fn joined_hints(&self) -> String {
        let mut text = String::new();
        for hint in &self.hints {
            if text.ends_with('?') {
                text.push(' ');
            } else if !text.is_empty() {
                text.push_str(", or ");
            }
            text.push_str(&one_line(hint));
        }
        text
    }

    /// Gives the problem for programs, `modelguard.error/1`.
    ///
    /// `details` is there only where a problem has any.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("schema".to_owned(), json!("modelguard.error/1"));
        object.insert("code".to_owned(), json!(self.code));
        object.insert("kind".to_owned(), json!(self.kind()));
        object.insert("message".to_owned(), json!(self.message));
        object.insert("causes".to_owned(), json!(self.causes));
        object.insert("hints".to_owned(), json!(self.hints));
        object.insert("exit_code".to_owned(), json!(self.exit.code()));
        if let Some(details) = &self.details {
            object.insert("details".to_owned(), details.clone());
        }
        Value::Object(object)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", one_line(&self.message))
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    fn ambiguous() -> Problem {
        Problem::new("MG0203", "version 20260105 is not in model churn")
            .cause("2 versions begin with that text")
            .hint("did you mean 20260105_143022 or 20260105_180000?")
            .hint("`modelguard history -m churn` lists all")
    }

    #[test]
    fn a_problem_is_four_lines() {
        let expected = [
            "error: version 20260105 is not in model churn",
            "  cause: 2 versions begin with that text",
            "   hint: did you mean 20260105_143022 or 20260105_180000? `modelguard history -m churn` lists all",
            "   code: MG0203 (`modelguard help MG0203`)",
            "",
        ];
        assert_eq!(ambiguous().render(Palette::plain()), expected.join("\n"));
    }

    #[test]
    fn what_is_not_known_has_no_line() {
        let text =
            Problem::new("MG0203", "version x is not in model churn").render(Palette::plain());
        assert_eq!(
            text,
            "error: version x is not in model churn\n   code: MG0203 (`modelguard help MG0203`)\n"
        );
    }

    #[test]
    fn several_hints_are_alternatives() {
        let text = Problem::new("MG0201", "no store")
            .hint("`modelguard init`")
            .hint("`--db FILE`")
            .render(Palette::plain());
        assert!(text.contains("\n   hint: `modelguard init`, or `--db FILE`\n"));
    }

    #[test]
    fn several_causes_share_a_line() {
        let text = Problem::new("MG0407", "the store could not be written")
            .cause("no space left on device")
            .cause("4 kB are free")
            .render(Palette::plain());
        assert!(text.contains("\n  cause: no space left on device; 4 kB are free\n"));
    }

    #[test]
    fn a_policy_problem_shows_its_place() {
        let problem = Problem::new("MG0303", "unknown key `treshold` in [check]")
            .excerpt("  --> modelguard.toml:14:1\n14 | treshold = 4\n   | ^^^^^^^^\n")
            .hint("did you mean `threshold_pct`?");
        let expected = [
            "error: unknown key `treshold` in [check]",
            "  --> modelguard.toml:14:1",
            "14 | treshold = 4",
            "   | ^^^^^^^^ did you mean `threshold_pct`?   (`modelguard help MG0303`)",
            "",
        ];
        assert_eq!(problem.render(Palette::plain()), expected.join("\n"));
    }

    #[test]
    fn a_hostile_file_name_forges_no_line() {
        let name = "x.csv\nerror: all is well\r\u{1b}[2K\u{202e}";
        let text = Problem::new("MG0501", format!("{name} cannot be read"))
            .cause(name)
            .hint(name)
            .render(Palette::plain());
        assert_eq!(text.lines().count(), 4);
        assert!(!text.contains('\u{1b}') && !text.contains('\r') && !text.contains('\u{202e}'));
        let text = Problem::new("MG0303", "m")
            .excerpt("  --> a\u{1b}[31m:1:1\n1 |\tkey\n  | ^^^")
            .render(Palette::plain());
        assert_eq!(text.lines().count(), 4);
        assert!(text.contains("a\\u{1b}[31m") && text.contains("1 | key"));
    }

    #[test]
    fn colour_only_repeats_the_words() {
        let painted = ambiguous().render(Palette::new(true));
        assert_ne!(painted, ambiguous().render(Palette::plain()));
        assert_eq!(
            anstream::adapter::strip_str(&painted).to_string(),
            ambiguous().render(Palette::plain())
        );
    }

    #[test]
    fn json_is_one_line_in_a_fixed_order() {
        let problem = Problem::new("MG0203", "version \"a\nb\" is not in model churn").hint("h");
        assert_eq!(
            problem.to_json().to_string(),
            r#"{"schema":"modelguard.error/1","code":"MG0203","kind":"not_found","message":"version \"a\nb\" is not in model churn","causes":[],"hints":["h"],"exit_code":10}"#
        );
    }

    #[test]
    fn details_are_for_programs_only() {
        let problem = Problem::new("MG0507", "3 rows were rejected")
            .details(json!({"rejects": [{"line_number": 3}]}));
        assert_eq!(problem.to_json()["details"]["rejects"][0]["line_number"], 3);
        assert!(!problem.render(Palette::plain()).contains("line_number"));
    }

    #[test]
    fn the_exit_status_is_that_of_the_code_unless_replaced() {
        assert_eq!(Problem::new("MG0404", "locked").exit, ExitStatus::Busy);
        assert_eq!(
            Problem::new("MG0404", "m").exit(ExitStatus::Failed).exit,
            ExitStatus::Failed
        );
        assert_eq!(Problem::new("MG0402", "damaged").kind(), "integrity");
        assert_eq!(
            ambiguous().to_string(),
            "version 20260105 is not in model churn"
        );
    }
}
