//! The batches that came in: listed, and taken back.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::stored::counts;
use crate::commands::call::Call;
use crate::commands::output::{Report, Screen, Warning};
use crate::commands::{Outcome, problems};
use crate::domain::evidence::BatchId;
use crate::domain::holders::VersionId;
use crate::files::columns::FileKind;
use crate::files::look;
use crate::store::batches::{self, Batch};
use crate::store::{Access, StoreError, versions};
use crate::ui::line::one_line;
use crate::ui::number::count;
use crate::ui::problem::Problem;
use crate::ui::table::{Column, Table};
use crate::workflows::ingesting::{self, Undone};
use crate::workflows::sweeping::places;

pub fn list(call: &Call, limit: u64) -> Outcome {
    let mut session = call.session(Access::Read)?;
    let model = call.model(&mut session)?;
    let listed = session.store.read(|tx| {
        let (batches, total) = batches::list(tx, model.id, limit)?;
        let mut names = BTreeMap::new();
        for attributed in batches.iter().flat_map(|batch| &batch.report.attribution) {
            let id = attributed.version;
            if let std::collections::btree_map::Entry::Vacant(place) = names.entry(id) {
                place.insert(versions::get(tx, VersionId(id))?.name.to_string());
            }
        }
        Ok::<_, StoreError>(Listed {
            batches,
            total,
            names,
            more: call.follow_up(&format!("ingest list -n {total}")),
        })
    });
    Ok(Box::new(
        listed.map_err(|error| problems::store(call, error))?,
    ))
}

struct Listed {
    batches: Vec<Batch>,
    total: u64,
    names: BTreeMap<i64, String>,
    /// The command that lists all.
    more: String,
}

impl Report for Listed {
    fn schema(&self) -> &'static str {
        "ingest_list"
    }

    fn data(&self) -> Value {
        let name = |id| self.names.get(&id).cloned();
        let batches: Vec<Value> = self
            .batches
            .iter()
            .map(|batch| {
                let mut data = json!({
                    "batch_id": batch.id.to_string(),
                    "kind": batch.kind.name(),
                    "state": batch.state.name(),
                    "source": batch.source,
                    "ingested_at": batch.started_at.to_string(),
                    "operation_id": batch.operation.map(|id| id.to_string()),
                    "undone_operation_id": batch.undone_operation.map(|id| id.to_string()),
                });
                if let (Value::Object(data), Value::Object(counts)) =
                    (&mut data, counts(&batch.report, &name))
                {
                    data.extend(counts);
                }
                data
            })
            .collect();
        json!({ "batches": batches, "total_count": self.total })
    }

    fn text(&self, screen: &Screen) -> String {
        if self.batches.is_empty() {
            return "Nothing was ingested yet.\n".to_owned();
        }
        let mut table = Table::new(vec![
            Column::words("batch", 0),
            Column::words("when", 1),
            Column::words("kind", 0),
            Column::words("state", 0),
            Column::numbers("stored", 0),
            Column::numbers("skipped", 2),
            Column::numbers("rejected", 3),
            Column::words("source", 1),
        ]);
        for batch in &self.batches {
            table.row(vec![
                batch.id.to_string(),
                screen.times.show(batch.started_at.micros()),
                batch.kind.name().to_owned(),
                batch.state.name().to_owned(),
                count(batch.report.rows_stored_count),
                count(batch.report.rows_skipped_count),
                count(batch.report.rows_rejected_count),
                batch.source.clone(),
            ]);
        }
        let mut text = table.render(screen.width);
        let left = self.total.saturating_sub(self.batches.len() as u64);
        if left > 0 {
            text.push_str(&format!("{} more: `{}`\n", count(left), self.more));
        }
        text
    }
}

pub fn undo(call: &Call, id: BatchId) -> Outcome {
    let mut session = call.session(Access::Write)?;
    let model = call.model(&mut session)?;
    let undone = ingesting::undo(&mut session.store, &session.author, &model, id)
        .map_err(|error| problems::store(call, error))?;
    match undone {
        Some(undone) => {
            let inbox = places::inbox_of(&session.found, &session.policy(&model));
            let source = PathBuf::from(&undone.batch.source);
            let is_in = |folder: PathBuf| source.parent() == Some(folder.as_path());
            let waits = inbox.is_some_and(is_in) && look::exists(&source);
            Ok(Box::new(TakenBack {
                undone,
                waiting: waits.then_some(source),
            }))
        }
        None => Err(
            Problem::new("MG0207", format!("model {} has no batch {id}", model.name))
                .hint(format!("`{}` lists all", call.follow_up("ingest list"))),
        ),
    }
}

struct TakenBack {
    undone: Undone,
    /// A file that lies in the inbox where the batch's file lay, most likely the same.
    waiting: Option<PathBuf>,
}

impl TakenBack {
    fn rows_count(&self) -> u64 {
        self.undone.batch.report.rows_stored_count
    }
}

impl Report for TakenBack {
    fn schema(&self) -> &'static str {
        "ingest_undo"
    }

    fn data(&self) -> Value {
        json!({
            "changed": self.undone.changed,
            "batch_id": self.undone.batch.id.to_string(),
            "rows_count": if self.undone.changed { self.rows_count() } else { 0 },
            "operation_id": self.undone.operation.map(|id| id.to_string()),
        })
    }

    fn text(&self, _: &Screen) -> String {
        let batch = &self.undone.batch;
        if !self.undone.changed {
            return format!(
                "Batch {} was taken back before; nothing was changed.\n",
                batch.id
            );
        }
        let what = match (batch.kind, self.rows_count()) {
            (FileKind::Predictions, 1) => "prediction no longer counts",
            (FileKind::Predictions, _) => "predictions no longer count",
            (FileKind::Truth, 1) => "label no longer counts",
            (FileKind::Truth, _) => "labels no longer count",
        };
        format!(
            "Took batch {} back: {} {what}. Nothing was deleted; the same file can come in again.\n",
            batch.id,
            count(self.rows_count())
        )
    }

    fn warnings(&self) -> Vec<Warning> {
        let waiting = self.waiting.iter();
        let waiting = waiting.map(|path| Warning {
            code: "file_waits",
            text: format!(
                "{} lies in the inbox, and the next sweep takes it in; if it is to stay out, take it away",
                one_line(&path.to_string_lossy())
            ),
        });
        waiting.collect()
    }
}
