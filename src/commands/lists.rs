//! Lists for other programs: `--as csv` and `--as jsonl`, and when to say that there is more.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::call::Call;
use crate::files::csv::write_csv;
use crate::ui::problem::Problem;

/// How the rows of a list are written for another program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFormat {
    Csv,
    Jsonl,
}

impl RowFormat {
    /// Refuses `--as` beside `--json`: clap can't, for `--json` belongs to every command.
    ///
    /// # Errors
    /// Both were given.
    pub fn alone(format: Option<Self>, call: &Call) -> Result<Option<Self>, Problem> {
        if format.is_some() && call.globals.json {
            return Err(
                Problem::new("MG0101", "--as and --json are two forms of one answer")
                    .hint("leave one of them out"),
            );
        }
        Ok(format)
    }

    /// Writes rows; each is an object that has `keys`. Objects and lists in it are JSON within CSV.
    pub fn write(self, keys: &[&str], rows: &[Value]) -> String {
        match self {
            Self::Csv => write_csv(
                keys,
                rows.iter()
                    .map(|row| keys.iter().map(|key| cell(&row[key]))),
            ),
            Self::Jsonl => rows.iter().map(|row| format!("{row}\n")).collect(),
        }
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl fmt::Display for RowFormat {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        })
    }
}

impl FromStr for RowFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Csv, Self::Jsonl]
            .into_iter()
            .find(|format| format.to_string() == text)
            .ok_or_else(|| "write csv or jsonl".to_owned())
    }
}

/// `34 more: \`modelguard history 44\``, where a list stops before its end.
pub fn more(shown: usize, total: u64, command: impl FnOnce(u64) -> String) -> String {
    let left = total.saturating_sub(shown as u64);
    if left == 0 {
        String::new()
    } else {
        format!("{left} more: `{}`\n", command(total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rows_keep_their_keys_and_their_json() {
        let rows = [json!({ "a": "x,y", "b": null, "c": [1, 2], "d": 0.5 })];
        let keys = ["a", "b", "c", "d"];
        assert_eq!(
            RowFormat::Csv.write(&keys, &rows),
            "a,b,c,d\n\"x,y\",,\"[1,2]\",0.5\n"
        );
        assert_eq!(
            RowFormat::Jsonl.write(&keys, &rows),
            "{\"a\":\"x,y\",\"b\":null,\"c\":[1,2],\"d\":0.5}\n"
        );
        assert_eq!(RowFormat::Csv.write(&keys, &[]), "a,b,c,d\n");
        assert_eq!(RowFormat::Jsonl.write(&keys, &[]), "");
    }

    #[test]
    fn only_a_list_that_stops_says_so() {
        let command = |total| format!("modelguard history {total}");
        assert_eq!(more(10, 44, command), "34 more: `modelguard history 44`\n");
        assert_eq!(more(10, 10, command), "");
    }
}
