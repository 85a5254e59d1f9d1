//! `log`: what was done, by whom and why, with the hash that stands for all of it.

mod recorded;

use std::collections::HashMap;

use serde_json::{Value, json};

use super::call::{Call, quoted};
use super::lists::{self, RowFormat};
use super::output::{Report, Screen};
use super::{Outcome, flags, problems};
use crate::domain::hash::Hash;
use crate::domain::holders::{OperationId, VersionId};
use crate::domain::nearest::{edits, nearest};
use crate::domain::operation::{Operation, OperationKind};
use crate::policy::discover::Origin;
use crate::store::operations::{self, Filter};
use crate::store::{Access, StoreError, Tx, models, versions};
use crate::ui::line::one_line;
use crate::ui::problem::Problem;
use crate::ui::table::{Column, Table};

/// What was done, by whom and why
///
/// The last line is the head: the hash of the newest operation, which covers all before it. Keep it elsewhere, and
/// `store verify --expect-head HASH` finds a log that was rewritten or shortened.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard log
  modelguard log --kind promote,rollback -n 50
  modelguard log op_1
  modelguard log --since 30d --as jsonl

Exit status: 0 done; 10 no such operation or model
Effect: reads only")]
pub struct Args {
    /// One operation, with all that is recorded of it
    #[arg(value_name = "OP", value_parser = flags::parse_operation, conflicts_with_all = ["limit", "kind", "since"])]
    operation: Option<OperationId>,

    /// How many at most
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10, value_parser = flags::parse_limit)]
    limit: u64,

    /// Only these kinds: promote, rollback, undo, check, ingest, register, …
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = parse_kind)]
    kind: Vec<OperationKind>,

    /// Only since then: a time, or an age such as 7d
    #[arg(long, value_name = "TIME")]
    since: Option<String>,

    /// Rows for another program: csv or jsonl
    #[arg(long = "as", value_name = "FORMAT")]
    rows: Option<RowFormat>,
}

fn parse_kind(text: &str) -> Result<OperationKind, String> {
    OperationKind::from_name(text).ok_or_else(|| {
        let names = OperationKind::ALL.map(OperationKind::name);
        let near = nearest(names, |name| edits(text, name));
        match near.first() {
            Some(name) => format!("did you mean {name}?"),
            None => format!("the kinds are {}", names.join(", ")),
        }
    })
}

pub fn run(call: &Call, args: &Args) -> Outcome {
    let format = RowFormat::alone(args.rows, call)?;
    let since = call.time("--since", args.since.as_deref())?;
    let mut session = call.session(Access::Read)?;
    // The log is the store's; a default model does not hide the others.
    let chosen = matches!(
        session.found.model_origin,
        Origin::Flag | Origin::Environment
    );
    let model = match args.operation {
        None if chosen => Some(call.model(&mut session)?.id),
        _ => None,
    };
    let filter = Filter {
        model,
        kinds: args.kind.clone(),
        since,
    };
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let found = session
        .store
        .read(|tx| {
            let (found, total) = match args.operation {
                None => operations::list(tx, &filter, limit)?,
                Some(id) => match operations::find(tx, id)? {
                    Some(operation) => (vec![operation], 1),
                    None => return Ok(None),
                },
            };
            let (_, head) = operations::head(tx)?;
            let mut names = Names::of(tx)?;
            let rows = found
                .into_iter()
                .map(|operation| row(tx, &mut names, operation));
            Ok(Some((rows.collect::<Result<Vec<_>, _>>()?, total, head)))
        })
        .map_err(|error: StoreError| problems::store(call, error))?;
    let Some((rows, total, head)) = found else {
        let id = args.operation.map_or_else(String::new, |id| id.to_string());
        return Err(
            Problem::new("MG0209", format!("there is no operation {id}"))
                .hint(format!("`{}` lists the newest", call.follow_up("log"))),
        );
    };
    let options = options(args);
    Ok(Box::new(Log {
        more: lists::more(rows.len(), total, |total| {
            call.follow_up(&format!("log -n {total}{options}"))
        }),
        rows,
        total,
        head,
        one: args.operation.is_some(),
        format,
    }))
}

/// The options that choose the operations, as they are pasted.
fn options(args: &Args) -> String {
    let kinds: Vec<_> = args.kind.iter().map(|kind| kind.name()).collect();
    let mut options = String::new();
    if !kinds.is_empty() {
        options.push_str(&format!(" --kind {}", kinds.join(",")));
    }
    if let Some(since) = &args.since {
        options.push_str(&format!(" --since {}", quoted(since)));
    }
    options
}

/// An operation with the names of what it speaks of.
struct Row {
    operation: Operation,
    model: Option<String>,
    version: Option<String>,
    from: Option<String>,
    to: Option<String>,
    stack: Vec<String>,
}

/// The names of models and versions, each looked up once.
struct Names {
    models: HashMap<i64, String>,
    versions: HashMap<VersionId, String>,
}

impl Names {
    fn of(tx: &Tx<'_>) -> Result<Self, StoreError> {
        let models = models::list(tx)?.into_iter();
        Ok(Self {
            models: models
                .map(|model| (model.id, model.name.to_string()))
                .collect(),
            versions: HashMap::new(),
        })
    }

    fn version(&mut self, tx: &Tx<'_>, id: VersionId) -> Result<String, StoreError> {
        if let Some(name) = self.versions.get(&id) {
            return Ok(name.clone());
        }
        let name = versions::get(tx, id)?.name.to_string();
        self.versions.insert(id, name.clone());
        Ok(name)
    }
}

fn row(tx: &Tx<'_>, names: &mut Names, operation: Operation) -> Result<Row, StoreError> {
    let content = &operation.content;
    let view = content.view.as_ref();
    let mut named = |id: Option<VersionId>| id.map(|id| names.version(tx, id)).transpose();
    let version = named(content.version)?;
    let from = named(view.and_then(|view| view.from))?;
    let to = named(view.and_then(|view| view.to))?;
    let stack = view.map_or(&[][..], |view| &view.stack).iter();
    Ok(Row {
        version,
        from,
        to,
        stack: stack
            .map(|id| names.version(tx, *id))
            .collect::<Result<_, _>>()?,
        model: content.model.and_then(|id| names.models.get(&id).cloned()),
        operation,
    })
}

struct Log {
    rows: Vec<Row>,
    total: u64,
    head: Hash,
    more: String,
    /// One operation was asked for.
    one: bool,
    format: Option<RowFormat>,
}

/// The keys of [`Row::document`], for CSV.
const KEYS: &[&str] = &[
    "operation_id",
    "committed_at",
    "kind",
    "actor",
    "host",
    "command_line",
    "reason",
    "model",
    "version",
    "alias",
    "from_version",
    "to_version",
    "stack",
    "restores_operation_id",
    "left_degraded",
    "clock",
    "detail",
    "prev_blake3",
    "entry_blake3",
];

impl Row {
    fn document(&self) -> Value {
        let Operation {
            id,
            author,
            content,
            previous,
            entry,
        } = &self.operation;
        let view = content.view.as_ref();
        json!({
            "operation_id": id.to_string(),
            "committed_at": author.at.to_string(),
            "kind": content.kind.name(),
            "actor": author.actor,
            "host": author.host,
            "command_line": author.command_line,
            "reason": content.reason,
            "model": self.model,
            "version": self.version,
            "alias": view.map(|view| &view.alias),
            "from_version": self.from,
            "to_version": self.to,
            "stack": self.stack,
            "restores_operation_id": view.and_then(|view| view.restores).map(|id| id.to_string()),
            "left_degraded": view.map(|view| view.left_degraded),
            "clock": if author.clock_overridden { "override" } else { "system" },
            "detail": serde_json::from_str::<Value>(&content.detail).unwrap_or(Value::Null),
            "prev_blake3": previous.to_string(),
            "entry_blake3": entry.to_string(),
        })
    }

    /// What it did, to what: `churn @production 20261120_091500 → 20261101_080000`, `churn 600 predictions, b_2`.
    fn what(&self) -> String {
        let mut words: Vec<String> = self.model.iter().cloned().collect();
        match &self.operation.content.view {
            Some(view) => {
                let name =
                    |name: &Option<String>| name.clone().unwrap_or_else(|| "nobody".to_owned());
                words.push(format!("@{}", view.alias));
                words.push(format!("{} → {}", name(&self.from), name(&self.to)));
            }
            None => words.extend(self.version.clone()),
        }
        let content = &self.operation.content;
        words.extend(recorded::words(content.kind, &content.detail));
        words.retain(|word| !word.is_empty());
        words.join(" ")
    }

    /// All that is recorded of it.
    fn lines(&self, screen: &Screen) -> String {
        let Operation {
            id,
            author,
            content,
            previous,
            entry,
        } = &self.operation;
        let clock = if author.clock_overridden {
            " (MODELGUARD_NOW)"
        } else {
            ""
        };
        let restores = content.view.as_ref().and_then(|view| view.restores);
        let mut text = String::new();
        let mut line = |label: &str, value: &str| {
            if !value.is_empty() {
                text.push_str(&format!("{label:<10} {}\n", one_line(value)));
            }
        };
        line("operation", &format!("{id} {}", content.kind));
        line(
            "at",
            &format!("{}{clock}", screen.times.date(author.at.micros())),
        );
        line("what", &self.what());
        line("stack", &self.stack.join(", "));
        line(
            "takes back",
            &restores.map_or_else(String::new, |id| id.to_string()),
        );
        line("by", &format!("{}@{}", author.actor, author.host));
        line("command", &author.command_line);
        line("reason", content.reason.as_deref().unwrap_or_default());
        if content.detail != "{}" {
            line("detail", &content.detail);
        }
        line("after", &previous.to_string());
        line("entry", &entry.to_string());
        text
    }
}

impl Log {
    fn table(&self, screen: &Screen) -> Table {
        let mut table = Table::new(vec![
            Column::words("operation", 0),
            Column::words("at", 1),
            Column::words("kind", 0),
            Column::words("what", 0),
            Column::words("by", 3),
            Column::words("reason", 2),
        ]);
        for row in &self.rows {
            let Operation {
                id,
                author,
                content,
                ..
            } = &row.operation;
            table.row(vec![
                id.to_string(),
                screen.times.date(author.at.micros()),
                content.kind.name().to_owned(),
                row.what(),
                format!("{}@{}", author.actor, author.host),
                content.reason.clone().unwrap_or_default(),
            ]);
        }
        table
    }
}

impl Report for Log {
    fn schema(&self) -> &'static str {
        "log"
    }

    fn data(&self) -> Value {
        let operations: Vec<_> = self.rows.iter().map(Row::document).collect();
        json!({
            "operations": operations,
            "total_count": self.total,
            "head_blake3": self.head.to_string(),
        })
    }

    fn text(&self, screen: &Screen) -> String {
        if let Some(format) = self.format {
            let rows: Vec<_> = self.rows.iter().map(Row::document).collect();
            return format.write(KEYS, &rows);
        }
        let list = match self.rows.first() {
            Some(row) if self.one => row.lines(screen),
            Some(_) => self
                .table(screen)
                .render_painted(screen.width, screen.palette),
            None => "No operation is of that kind.\n".to_owned(),
        };
        format!("{list}{}head {}\n", self.more, self.head)
    }
}

#[cfg(test)]
mod tests;
