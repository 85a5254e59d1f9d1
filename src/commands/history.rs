//! `history`: the versions of a model, newest first, and when each was live.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::call::{Call, quoted};
use super::lists::{self, RowFormat};
use super::output::{Report, Screen};
use super::{Outcome, flags, problems, versions};
use crate::domain::verdict::Verdict;
use crate::store::Access;
use crate::ui::colour::Tone;
use crate::ui::number;
use crate::ui::table::{Column, Table};
use crate::workflows::facts::{Facts, facts};

/// So many metrics have a column of their own.
const METRICS_SHOWN: usize = 4;
/// So many stretches of being live are written in one cell.
const STRETCHES_SHOWN: usize = 2;

/// The versions of a model, newest first, and when each was live
///
/// `*` marks what is live.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard history
  modelguard history 50 --since 30d
  modelguard history --as csv

Exit status: 0 done, also without any version; 2 several models and none named; 10 no such model
Effect: reads only")]
pub struct Args {
    /// How many at most
    #[arg(value_name = "LIMIT", default_value_t = 10, value_parser = flags::parse_limit)]
    limit: u64,

    /// Only versions registered since then: a time, or an age such as 7d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,

    /// Only versions registered before then
    #[arg(long, value_name = "TIME")]
    until: Option<String>,

    /// Rows for another program: csv or jsonl
    #[arg(long = "as", value_name = "FORMAT")]
    rows: Option<RowFormat>,
}

pub fn run(call: &Call, args: &Args) -> Outcome {
    let rows = RowFormat::alone(args.rows, call)?;
    let since = call.time("--since", args.since.as_deref())?;
    let until = call.time("--until", args.until.as_deref())?;
    let mut session = call.session(Access::Read)?;
    let model = call.model(&mut session)?;
    let (versions, total) = session
        .store
        .read(|tx| {
            let (found, total) =
                crate::store::versions::list(tx, model.id, since, until, args.limit)?;
            Ok((facts(tx, &model, found)?, total))
        })
        .map_err(|error| problems::store(call, error))?;
    let options = options(args);
    Ok(Box::new(History {
        more: lists::more(versions.len(), total, |total| {
            call.follow_up(&format!("history {total}{options}"))
        }),
        empty: format!(
            "No version of {} is registered{}: `{}`\n",
            model.name,
            if since.or(until).is_some() {
                " then"
            } else {
                " yet"
            },
            call.follow_up(if since.or(until).is_some() {
                "history"
            } else {
                "register PATH"
            }),
        ),
        versions,
        total,
        rows,
    }))
}

/// The options that choose the versions, as they are pasted.
fn options(args: &Args) -> String {
    let given = [("--since", &args.since), ("--until", &args.until)];
    let given = given
        .into_iter()
        .filter_map(|(option, value)| Some((option, value.as_ref()?)));
    given
        .map(|(option, value)| format!(" {option} {}", quoted(value)))
        .collect()
}

struct History {
    versions: Vec<Facts>,
    total: u64,
    more: String,
    empty: String,
    rows: Option<RowFormat>,
}

impl History {
    /// The metrics that most versions have, by name.
    fn metrics(&self) -> Vec<&str> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for facts in &self.versions {
            for name in facts.version.metadata.metrics.keys() {
                *counts.entry(name).or_default() += 1;
            }
        }
        let mut names: Vec<_> = counts.into_iter().collect();
        names.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        names.truncate(METRICS_SHOWN);
        names.sort_unstable();
        names.into_iter().map(|(name, _)| name).collect()
    }

    fn table(&self, screen: &Screen) -> Table {
        let metrics = self.metrics();
        let any = |has: fn(&Facts) -> bool| self.versions.iter().any(has);
        let (states, aliases, notes) = (
            any(|facts| !versions::state(facts).0.is_empty()),
            any(|facts| facts.aliases.iter().any(|alias| !alias.is_production())),
            any(|facts| facts.version.metadata.note.is_some()),
        );
        let mut columns = vec![
            Column::words("", 0),
            Column::words("version", 0),
            Column::words("registered", 4),
            Column::words("live", 1),
        ];
        columns.extend(metrics.iter().map(|name| Column::numbers(*name, 2)));
        columns.push(Column::words("last verdict", 1));
        columns.extend(states.then(|| Column::words("state", 0)));
        columns.extend(aliases.then(|| Column::words("aliases", 3)));
        columns.push(Column::numbers("size", 5));
        columns.extend(notes.then(|| Column::words("note", 6)));
        let mut table = Table::new(columns);
        for facts in &self.versions {
            let version = &facts.version;
            let is_live = facts.is_production();
            let mark = if is_live { "*" } else { "" };
            let mut cells = vec![
                mark.to_owned(),
                version.name.to_string(),
                screen.times.show(version.registered_at.micros()),
                live(facts, screen),
            ];
            cells.extend(metrics.iter().map(|name| {
                let value = version.metadata.metrics.get(*name);
                value.map_or_else(|| "-".to_owned(), |value| number::value(*value))
            }));
            let verdict = cells.len();
            cells.push(
                facts
                    .standing
                    .by_policy
                    .map_or("-", Verdict::words)
                    .to_owned(),
            );
            let (state, tone) = versions::state(facts);
            cells.extend(states.then(|| state.to_owned()));
            cells.extend(aliases.then(|| {
                let named = facts.aliases.iter().filter(|alias| !alias.is_production());
                named
                    .map(|alias| format!("@{alias}"))
                    .collect::<Vec<_>>()
                    .join(" ")
            }));
            cells.push(number::bytes(version.size_bytes));
            cells.extend(notes.then(|| version.metadata.note.clone().unwrap_or_default()));
            table.row(cells);
            table.tone(1, is_live.then_some(Tone::Strong));
            let said = facts.standing.by_policy.map(Verdict::name);
            table.tone(verdict, said.and_then(Tone::of_verdict));
            if states {
                table.tone(verdict + 1, tone);
            }
        }
        table
    }
}

/// When it was live, the newest stretch first.
fn live(facts: &Facts, screen: &Screen) -> String {
    if facts.live.is_empty() {
        return "-".to_owned();
    }
    let newest = facts.live.iter().rev().take(STRETCHES_SHOWN);
    let mut text = newest
        .map(|stretch| versions::live(stretch, screen.times))
        .collect::<Vec<_>>()
        .join(", ");
    let left = facts.live.len().saturating_sub(STRETCHES_SHOWN);
    if left > 0 {
        text.push_str(&format!(", {left} earlier"));
    }
    text
}

impl Report for History {
    fn schema(&self) -> &'static str {
        "history"
    }

    fn data(&self) -> Value {
        let versions: Vec<_> = self.versions.iter().map(versions::document).collect();
        json!({ "versions": versions, "total_count": self.total })
    }

    fn text(&self, screen: &Screen) -> String {
        if let Some(format) = self.rows {
            let rows: Vec<_> = self.versions.iter().map(versions::document).collect();
            return format.write(versions::KEYS, &rows);
        }
        if self.versions.is_empty() && self.total == 0 {
            return self.empty.clone();
        }
        let table = self.table(screen);
        table.render_painted(screen.width, screen.palette) + &self.more
    }
}

#[cfg(test)]
mod tests;
