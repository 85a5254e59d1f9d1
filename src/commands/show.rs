//! `show`: everything that is known of one version.

use serde_json::{Value, json};

use super::call::Call;
use super::output::{Report, Screen};
use super::{Outcome, problems, versions};
use crate::domain::names::Reference;
use crate::store::{Access, artifacts};
use crate::ui::line::one_line;
use crate::ui::number;
use crate::workflows::facts::{Facts, facts};
use crate::workflows::naming;

/// Everything that is known of one version
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard show @production
  modelguard show latest --json

Exit status: 0 done; 10 no such version
Effect: reads only")]
pub struct Args {
    /// The version: its name, a unique beginning of it, latest, @ALIAS, @ALIAS~N
    #[arg(value_name = "REF")]
    version: Reference,
}

pub fn run(call: &Call, args: &Args) -> Outcome {
    let mut session = call.session(Access::Read)?;
    let model = call.model_of(&mut session, &args.version)?;
    let shown = session
        .store
        .read(|tx| {
            let version = naming::version(tx, &model, &args.version)?;
            let stored_bytes = artifacts::stored_bytes(tx, version.artifact)?;
            let facts = facts(tx, &model, vec![version])?;
            Ok(facts.into_iter().next().map(|facts| Shown {
                model: model.name.to_string(),
                facts,
                stored_bytes,
            }))
        })
        .map_err(|error| problems::naming(call, error))?;
    match shown {
        Some(shown) => Ok(Box::new(shown)),
        None => Err(crate::ui::problem::Problem::new(
            "MG9901",
            "the version was found and is not there",
        )),
    }
}

struct Shown {
    model: String,
    facts: Facts,
    stored_bytes: u64,
}

impl Report for Shown {
    fn schema(&self) -> &'static str {
        "show"
    }

    fn data(&self) -> Value {
        let mut data = versions::document(&self.facts);
        data["model"] = json!(self.model);
        data["chunks_count"] = json!(self.facts.version.chunks_count);
        data["stored_bytes"] = json!(self.stored_bytes);
        // What a pickle would import; unknown, as nothing looks into the bytes.
        data["imports"] = Value::Null;
        data
    }

    fn text(&self, screen: &Screen) -> String {
        let facts = &self.facts;
        let version = &facts.version;
        let mut text = String::new();
        let mut line = |label: &str, value: &str| {
            if !value.is_empty() {
                text.push_str(&format!("{label:<11} {}\n", one_line(value)));
            }
        };
        let joined = |parts: Vec<String>| parts.join(", ");
        let pairs = |pairs: &std::collections::BTreeMap<String, String>| {
            joined(
                pairs
                    .iter()
                    .map(|(key, value)| format!("{key}={value}"))
                    .collect(),
            )
        };
        let live = if facts.is_production() { ", live" } else { "" };
        line(
            "version",
            &format!("{} of {}{live}", version.name, self.model),
        );
        line(
            "registered",
            &screen.times.date(version.registered_at.micros()),
        );
        line(
            "artifact",
            &format!(
                "{}, {}, {}",
                version.file_name,
                version.artifact_kind.name(),
                number::bytes(version.size_bytes)
            ),
        );
        line("blake3", &version.artifact_blake3.to_string());
        let metrics = version.metadata.metrics.iter();
        line(
            "metrics",
            &joined(
                metrics
                    .map(|(name, value)| format!("{name} {}", number::value(*value)))
                    .collect(),
            ),
        );
        line("params", &pairs(&version.metadata.params));
        line("tags", &pairs(&version.metadata.tags));
        line("note", version.metadata.note.as_deref().unwrap_or_default());
        if version.reference_rows_count > 0 {
            let rows = number::count(version.reference_rows_count);
            line("reference", &format!("{rows} rows"));
        }
        line(
            "aliases",
            &joined(
                facts
                    .aliases
                    .iter()
                    .map(|alias| format!("@{alias}"))
                    .collect(),
            ),
        );
        for (index, stretch) in facts.live.iter().enumerate() {
            let label = if index == 0 { "live" } else { "" };
            let mut text = versions::live(stretch, screen.times);
            if let Some((_, id, kind)) = stretch.end {
                text.push_str(&format!(" ({kind} {id})"));
            }
            line(label, &text);
        }
        line("verdict", &facts.standing.to_string());
        if facts.bad {
            line(
                "bad",
                "it was left because it was degraded, or judged so last",
            );
        }
        line(
            "retired",
            version.retired_reason.as_deref().unwrap_or_default(),
        );
        text
    }
}
