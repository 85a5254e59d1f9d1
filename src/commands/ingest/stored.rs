//! What came in with a file, as it is told and as JSON.

use serde_json::{Value, json};

use crate::commands::not_stored::{reject_data, told};
use crate::commands::output::{Report, Screen, Warning};
use crate::commands::warnings::{self, Way};
use crate::domain::time::Timestamp;
use crate::files::columns::FileKind;
use crate::store::batches::{Attributed, BatchReport};
use crate::ui::number::count;
use crate::workflows::ingesting::Ingested;

/// What an ingest found.
pub struct Stored {
    pub ingested: Ingested,
    /// What a further command on the same model begins with.
    pub command: String,
    pub duration_ms: u64,
}

/// The counts of a batch, as every command prints them.
pub fn counts(report: &BatchReport, name: &dyn Fn(i64) -> Option<String>) -> Value {
    let attribution: Vec<Value> = report
        .attribution
        .iter()
        .map(|attributed| {
            json!({
                "version": name(attributed.version),
                "by": attributed.by,
                "role": attributed.role,
                "rows_count": attributed.rows_count,
            })
        })
        .collect();
    json!({
        "rows_read_count": report.rows_read_count,
        "rows_stored_count": report.rows_stored_count,
        "rows_skipped_count": report.rows_skipped_count,
        "rows_revised_count": report.rows_revised_count,
        "rows_rejected_count": report.rows_rejected_count,
        "rows_failed_count": report.rows_failed_count,
        "rows_labelled_count": report.rows_labelled_count,
        "truth_stored_count": report.truth_stored_count,
        "truth_joined_count": report.truth_joined_count,
        "truth_waiting_count": report.truth_waiting_count,
        "truth_empty_count": report.truth_empty_count,
        "attribution": attribution,
        "first_at": report.first_at_us.and_then(moment),
        "last_at": report.last_at_us.and_then(moment),
        "mapping": report.mapping,
    })
}

fn moment(micros: i64) -> Option<String> {
    Timestamp::from_micros(micros).ok().map(|at| at.to_string())
}

impl Report for Stored {
    fn schema(&self) -> &'static str {
        match self.ingested.kind {
            FileKind::Predictions => "ingest_predictions",
            FileKind::Truth => "ingest_truth",
        }
    }

    fn data(&self) -> Value {
        let ingested = &self.ingested;
        let path = ingested.source.to_string_lossy();
        let rejects: Vec<Value> = ingested
            .rejects
            .iter()
            .map(|reject| reject_data(&path, reject))
            .collect();
        let batch = ingested.batch.or(ingested.same_as);
        let mut data = json!({
            "changed": ingested.changed,
            "dry_run": ingested.dry_run,
            "model": ingested.model.to_string(),
            "batch_id": batch.map(|id| id.to_string()),
            "operation_id": ingested.operation.map(|id| id.to_string()),
            "source": path,
        });
        let names = |id| ingested.versions.get(&id).cloned();
        if let (Value::Object(data), Value::Object(counts)) =
            (&mut data, counts(&ingested.report, &names))
        {
            data.extend(counts);
        }
        data["rejects"] = json!(rejects);
        data["duration_ms"] = json!(self.duration_ms);
        data
    }

    fn text(&self, screen: &Screen) -> String {
        let ingested = &self.ingested;
        let report = &ingested.report;
        if let Some(same) = ingested.same_as {
            return format!("The same file came in as batch {same}; nothing was changed.\n");
        }
        let mut sentences = match ingested.kind {
            _ if report.rows_stored_count == 0 && report.truth_stored_count == 0 => vec![],
            FileKind::Predictions => self.predictions(screen),
            FileKind::Truth => self.truths(),
        };
        let has_news = !sentences.is_empty();
        if report.rows_skipped_count > report.conflicts_skipped_count {
            let repeats = report.rows_skipped_count - report.conflicts_skipped_count;
            let were = if repeats == 1 { "was" } else { "were" };
            sentences.push(format!("{} {were} there already.", rows(repeats)));
        }
        if report.conflicts_skipped_count > 0 {
            let left_out = match report.conflicts_skipped_count {
                1 => "contradicts what was there and was left out",
                _ => "contradict what was there and were left out",
            };
            sentences.push(format!(
                "{} {left_out}.",
                rows(report.conflicts_skipped_count)
            ));
        }
        if report.truth_empty_count > 0 {
            let have = if report.truth_empty_count == 1 {
                "has"
            } else {
                "have"
            };
            sentences.push(format!(
                "{} {have} no truth yet.",
                rows(report.truth_empty_count)
            ));
        }
        if !has_news {
            sentences.push("Nothing was changed.".to_owned());
        } else if ingested.dry_run {
            sentences.push("Dry run: nothing was changed.".to_owned());
        }
        sentences.join(" ") + "\n"
    }

    fn aside(&self, _: &Screen) -> String {
        format!("Columns: {}\n", self.ingested.report.mapping)
    }

    fn warnings(&self) -> Vec<Warning> {
        let ingested = &self.ingested;
        let report = &ingested.report;
        let mut warnings = Vec::new();
        if ingested.zone_missing_count > 0 {
            warnings.push(Warning {
                code: "no_time_zone",
                text: format!(
                    "{} without a time zone; the times were taken as UTC",
                    rows(ingested.zone_missing_count)
                ),
            });
        }
        if let Some(first) = ingested.rejects.first() {
            warnings.push(Warning {
                code: "rows_rejected",
                text: format!(
                    "{} of {} lines are no rows and were left out; the first: {}, {}",
                    count(report.rows_rejected_count),
                    count(report.rows_read_count),
                    ingested.source.display(),
                    told(first)
                ),
            });
        }
        let way = Way {
            command: &self.command,
            is_swept: false,
        };
        warnings.extend(warnings::of_rows(ingested, way));
        warnings
    }
}

/// `1 row`, `12,431 rows`.
pub fn rows(number: u64) -> String {
    format!(
        "{} {}",
        count(number),
        if number == 1 { "row" } else { "rows" }
    )
}

impl Stored {
    fn batch(&self) -> String {
        self.ingested
            .batch
            .map_or_else(String::new, |id| format!(" (batch {id})"))
    }

    fn would(&self, done: &str, planned: &str) -> String {
        if self.ingested.dry_run { planned } else { done }.to_owned()
    }

    fn predictions(&self, screen: &Screen) -> Vec<String> {
        let report = &self.ingested.report;
        let range = match (report.first_at_us, report.last_at_us) {
            (Some(first), Some(last)) if first == last => format!(", {}", screen.times.date(first)),
            (Some(first), last) => format!(", {}", screen.times.range(first, last)),
            _ => String::new(),
        };
        let mut sentences = vec![format!(
            "{} {} {}{range}{}.",
            self.would("Stored", "Would store"),
            count(report.rows_stored_count),
            if report.rows_stored_count == 1 {
                "prediction"
            } else {
                "predictions"
            },
            self.batch()
        )];
        sentences.extend(self.attribution());
        if report.rows_failed_count > 0 {
            sentences.push(format!(
                "{} of them failed: empty, NaN or infinite.",
                count(report.rows_failed_count)
            ));
        }
        let found = report
            .rows_labelled_count
            .saturating_sub(report.truth_joined_count);
        if found > 0 {
            sentences.push(format!(
                "{} of them {} truth that was there already.",
                count(found),
                if found == 1 { "has a" } else { "have a" }
            ));
        }
        if report.truth_stored_count > 0 {
            sentences.push(format!("{}.", self.joined()));
        } else if report.truth_joined_count == 0 && report.truth_waiting_count > 0 {
            sentences.push(if report.truth_waiting_count == 1 {
                "1 prediction of the model waits for its truth.".to_owned()
            } else {
                format!(
                    "{} predictions of the model wait for their truth.",
                    count(report.truth_waiting_count)
                )
            });
        }
        sentences
    }

    fn truths(&self) -> Vec<String> {
        let report = &self.ingested.report;
        let mut sentences = vec![format!("{}{}.", self.joined(), self.batch())];
        // Several labels of one id are one join.
        let strangers = report
            .truth_stored_count
            .saturating_sub(report.truth_joined_count + report.rows_revised_count);
        if strangers > 0 {
            let (labels, are) = match strangers {
                1 => ("label belongs", "is"),
                _ => ("labels belong", "are"),
            };
            sentences.push(format!(
                "{} {labels} to no prediction yet and {are} kept.",
                count(strangers)
            ));
        }
        sentences
    }

    /// `Joined 8,123 labels (14 revised, the old ones kept in history); 4,308 predictions wait`.
    fn joined(&self) -> String {
        let report = &self.ingested.report;
        let revised = if report.rows_revised_count > 0 {
            format!(
                " ({} revised, the old ones kept in history)",
                count(report.rows_revised_count)
            )
        } else {
            String::new()
        };
        format!(
            "{} {} {}{revised}; {} {}",
            self.would("Joined", "Would join"),
            count(report.truth_joined_count),
            if report.truth_joined_count == 1 {
                "label"
            } else {
                "labels"
            },
            count(report.truth_waiting_count),
            if report.truth_waiting_count == 1 {
                "prediction waits"
            } else {
                "predictions wait"
            },
        )
    }

    /// Whose the predictions are, a sentence for each way of knowing it.
    fn attribution(&self) -> Vec<String> {
        let report = &self.ingested.report;
        let ways = [
            ("flag", "As given"),
            ("column", "By column"),
            ("held_at", "By time"),
            ("present_holder", "Without times, as predicted now"),
        ];
        ways.iter()
            .filter_map(|(by, words)| {
                let of_way: Vec<&Attributed> = report
                    .attribution
                    .iter()
                    .filter(|attributed| attributed.by == *by)
                    .collect();
                let all = of_way.len() == 1 && report.attribution.len() == 1;
                let parts: Vec<String> = of_way
                    .iter()
                    .map(|attributed| self.share(attributed, all))
                    .collect();
                (!parts.is_empty()).then(|| format!("{words}: {}.", parts.join(", ")))
            })
            .collect()
    }

    fn share(&self, attributed: &Attributed, all: bool) -> String {
        let ingested = &self.ingested;
        let name = ingested.versions.get(&attributed.version);
        let name = name.map_or("a version", String::as_str);
        let number = if all {
            "all".to_owned()
        } else {
            count(attributed.rows_count)
        };
        let verb = if !all && attributed.rows_count == 1 {
            "counts"
        } else {
            "count"
        };
        let mut text = format!("{number} {verb} for {name}");
        let by_time = attributed.by == "held_at";
        if by_time
            && ingested
                .without_beginning
                .is_some_and(|id| id.0 == attributed.version)
        {
            text.push_str(", whose tenure is the first and has no beginning");
        } else if !by_time && attributed.role == "shadow" {
            text.push_str(" (shadow: it was not live then)");
        }
        text
    }
}

#[cfg(test)]
mod tests;
