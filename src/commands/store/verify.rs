//! `store verify`: proves that the store holds what was written: pages, log, artifacts, documents, invariants.

use serde_json::{Value, json};

use crate::commands::call::Call;
use crate::commands::output::{Report, Screen};
use crate::commands::{Outcome, problems};
use crate::domain::hash::Hash;
use crate::store::artifacts::Ready;
use crate::store::operations::Chain;
use crate::store::{
    Access, Store, StoreError, artifact_reader, artifacts, maintain, operations, verify,
};
use crate::ui::colour::Tone;
use crate::ui::exit::ExitStatus;
use crate::ui::line::one_line;
use crate::ui::number;
use crate::ui::problem::Problem;
use crate::ui::progress::Progress;

/// Prove that the store holds what was written
///
/// Checks the file's pages, every reference, the chain of the log, every artifact's bytes, the documents of the
/// checks, and the rules that must hold between tables. A chain that was computed anew, or cut at its end, is whole
/// in itself: --expect-head with a hash from an old `log`, alert or report finds that.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard store verify
  modelguard store verify --json

Exit status: 0 all is as it was written; 11 busy; 12 something is not, or the expected head is not in the chain
Effect: reads only")]
pub struct Args {
    /// A head hash that `log` printed once: the chain has to contain it
    #[arg(long, value_name = "HASH")]
    expect_head: Option<Hash>,
}

pub fn run(call: &Call, args: &Args) -> Outcome {
    let mut session = call.session(Access::Read)?;
    let store = &mut session.store;
    let mut verified = Verified::default();
    let pages = store.read(verify::faults_of_pages);
    verified.listed(
        call,
        "sqlite",
        "MG0402",
        pages,
        "the file's pages and indexes are sound",
    )?;
    let references = store.read(verify::dangling_references);
    verified.listed(
        call,
        "references",
        "MG0412",
        references,
        "every row refers to rows that are there",
    )?;
    let chain = store.read(|tx| operations::verify_chain(tx, args.expect_head));
    verified.chain(call, chain, args.expect_head)?;
    verified.bytes(call, store)?;
    let documents = store.read(verify::check_documents);
    let counted = documents
        .as_ref()
        .map_or(0, |documents| documents.documents_count);
    verified.listed(
        call,
        "evaluations",
        "MG0412",
        documents.map(|documents| {
            let wrong = documents.wrong.iter();
            wrong.map(|name| format!("{name} was changed")).collect()
        }),
        &format!(
            "{} documents of checks match the log",
            number::count(counted)
        ),
    )?;
    verified.listed(
        call,
        "schema",
        "MG0402",
        store.read(maintain::schema_differences),
        "tables, triggers and views are those of this layout",
    )?;
    let violations = store.read(maintain::violations);
    verified.listed(
        call,
        "invariants",
        "MG0412",
        violations.map(|violations| {
            let broken = violations.into_iter();
            let named = broken.map(|(view, rows)| format!("{view}: {rows} rows"));
            named.collect()
        }),
        "every rule between tables holds",
    )?;
    Ok(Box::new(verified))
}

/// One thing that was looked at.
struct Check {
    name: &'static str,
    /// What is known, or what is wrong.
    text: String,
    /// The code that explains the failure; `None`: nothing is wrong.
    failure: Option<&'static str>,
}

#[derive(Default)]
struct Verified {
    checks: Vec<Check>,
    chain: Option<Chain>,
    artifacts_count: u64,
}

/// A store that can't be read now is a problem of its own; everything else is a finding.
fn finding<T>(call: &Call, result: Result<T, StoreError>) -> Result<Result<T, String>, Problem> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(
            error @ (StoreError::Busy { .. }
            | StoreError::HotJournal { .. }
            | StoreError::Forbidden { .. }
            | StoreError::Io { .. }),
        ) => Err(problems::store(call, error)),
        Err(StoreError::ChainBroken { id, cause }) => Ok(Err(format!("{id}: {cause}"))),
        Err(StoreError::Damaged { cause, .. }) => Ok(Err(cause)),
        Err(error) => Ok(Err(error.to_string())),
    }
}

impl Verified {
    fn add(&mut self, name: &'static str, failure: Option<&'static str>, text: String) {
        self.checks.push(Check {
            name,
            text,
            failure,
        });
    }

    /// A check that lists what is wrong.
    fn listed(
        &mut self,
        call: &Call,
        name: &'static str,
        code: &'static str,
        faults: Result<Vec<String>, StoreError>,
        fine: &str,
    ) -> Result<(), Problem> {
        match finding(call, faults)? {
            Ok(faults) if faults.is_empty() => self.add(name, None, fine.to_owned()),
            Ok(faults) => self.add(name, Some(code), faults.join("; ")),
            Err(text) => self.add(name, Some(code), text),
        }
        Ok(())
    }

    fn chain(
        &mut self,
        call: &Call,
        chain: Result<Chain, StoreError>,
        expected: Option<Hash>,
    ) -> Result<(), Problem> {
        match finding(call, chain)? {
            Err(text) => self.add("log", Some("MG0410"), text),
            Ok(chain) => {
                self.chain = Some(chain);
                let count = number::count(chain.operations_count);
                self.add("log", None, format!("{count} operations, chain intact"));
                if let Some(expected) = expected {
                    let failure = (!chain.contains_expected).then_some("MG0411");
                    let is = if chain.contains_expected {
                        "is"
                    } else {
                        "is not"
                    };
                    self.add(
                        "expected_head",
                        failure,
                        format!("{expected} {is} in the chain"),
                    );
                }
            }
        }
        Ok(())
    }

    /// Hashes every piece and every artifact. Each look is a transaction of its own, so that writers get their turn.
    fn bytes(&mut self, call: &Call, store: &mut Store) -> Result<(), Problem> {
        let known = store.read(|tx| Ok((artifacts::list_ready(tx)?, verify::pieces_bytes(tx)?)));
        let (ready, total) = match finding(call, known)? {
            Ok(known) => known,
            Err(text) => {
                self.add("artifacts", Some("MG0402"), text);
                return Ok(());
            }
        };
        let total = total
            + ready
                .iter()
                .map(|artifact| artifact.size_bytes)
                .sum::<u64>();
        let mut progress = Progress::new("verify", Some(total), call.progress_mode()).in_bytes();
        let done = self.pieces(call, store, &mut progress)?;
        self.artifacts(call, store, &ready, &mut progress, done)?;
        progress.finish();
        Ok(())
    }

    fn pieces(
        &mut self,
        call: &Call,
        store: &mut Store,
        progress: &mut Progress,
    ) -> Result<u64, Problem> {
        let (mut after, mut counted, mut done) = (0, 0, 0);
        let mut wrong: Vec<String> = Vec::new();
        loop {
            call.check_stop()?;
            let pieces = match finding(call, store.read(|tx| verify::check_pieces(tx, after)))? {
                Ok(pieces) => pieces,
                Err(text) => {
                    wrong.push(text);
                    break;
                }
            };
            let Some(last) = pieces.last else { break };
            after = last;
            counted += pieces.pieces_count;
            done += pieces.size_bytes;
            wrong.extend(
                pieces
                    .wrong
                    .iter()
                    .map(|hash| format!("piece {hash} was changed")),
            );
            progress.tick(done);
        }
        let fine = format!("{} pieces match their hashes", number::count(counted));
        self.listed(call, "pieces", "MG0409", Ok(wrong), &fine)?;
        Ok(done)
    }

    fn artifacts(
        &mut self,
        call: &Call,
        store: &mut Store,
        ready: &[Ready],
        progress: &mut Progress,
        mut done: u64,
    ) -> Result<(), Problem> {
        let mut wrong = Vec::new();
        for artifact in ready {
            call.check_stop()?;
            let checked =
                artifact_reader::open(store, artifact.id).and_then(|reader| reader.finish());
            if let Err(text) = finding(call, checked)? {
                let named = store.read(|tx| verify::versions_of_artifact(tx, artifact.id));
                let versions = finding(call, named)?.unwrap_or_default().join(", ");
                wrong.push(format!("{text} (of {versions})"));
            }
            done += artifact.size_bytes;
            progress.tick(done);
        }
        self.artifacts_count = ready.len() as u64;
        let fine = format!(
            "{} artifacts match their hashes",
            number::count(self.artifacts_count)
        );
        self.listed(call, "artifacts", "MG0409", Ok(wrong), &fine)
    }

    fn failures(&self) -> usize {
        self.checks
            .iter()
            .filter(|check| check.failure.is_some())
            .count()
    }
}

impl Report for Verified {
    fn schema(&self) -> &'static str {
        "store_verify"
    }

    fn data(&self) -> Value {
        let checks: Vec<_> = self
            .checks
            .iter()
            .map(|check| {
                json!({
                    "name": check.name,
                    "outcome": if check.failure.is_some() { "fail" } else { "ok" },
                    "text": check.text,
                    "hint": check.failure.map(|code| format!("`modelguard help {code}`")),
                    "code": check.failure,
                })
            })
            .collect();
        json!({
            "checks": checks,
            "head_blake3": self.chain.map(|chain| chain.head.to_string()),
            "operations_count": self.chain.map(|chain| chain.operations_count),
            "artifacts_count": self.artifacts_count,
        })
    }

    fn text(&self, screen: &Screen) -> String {
        let mut text = String::new();
        for check in &self.checks {
            let (word, tone) = match check.failure {
                None => ("ok  ", Tone::Good),
                Some(_) => ("FAIL", Tone::Bad),
            };
            let more = check
                .failure
                .map_or_else(String::new, |code| format!("  (`modelguard help {code}`)"));
            text.push_str(&format!(
                "{}  {:<13}  {}{more}\n",
                screen.palette.paint(tone, word),
                check.name,
                one_line(&check.text)
            ));
        }
        if let Some(chain) = self.chain {
            text.push_str(&format!("head {}\n", chain.head));
        }
        match self.failures() {
            0 => text.push_str("The store holds what was written.\n"),
            count => text.push_str(&format!(
                "{count} of {} checks failed: the store is not what was written.\n",
                self.checks.len()
            )),
        }
        text
    }

    fn exit(&self) -> ExitStatus {
        if self.failures() == 0 {
            ExitStatus::Ok
        } else {
            ExitStatus::Integrity
        }
    }
}

#[cfg(test)]
mod tests;
