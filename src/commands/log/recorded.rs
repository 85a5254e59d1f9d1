//! Says in few words what an operation recorded that changed nothing of who is live: which rows, which verdict.

use serde_json::Value;

use crate::domain::operation::OperationKind;
use crate::domain::verdict::Verdict;
use crate::ui::number;

/// `600 predictions, b_2`, `degraded`; nothing where the kind or its version says all, or where the detail has no such
/// words.
pub fn words(kind: OperationKind, detail: &str) -> Option<String> {
    let detail: Value = serde_json::from_str(detail).ok()?;
    let text = |key: &str| detail[key].as_str();
    match kind {
        OperationKind::Init => text("task").map(str::to_owned),
        OperationKind::Ingest => {
            let mut parts: Vec<String> = rows(&detail).into_iter().collect();
            parts.extend(text("batch_id").map(str::to_owned));
            Some(parts.join(", "))
        }
        OperationKind::IngestUndo => text("batch_id").map(str::to_owned),
        OperationKind::Refuse => {
            let file = text("source").map(|source| {
                let name = source.rsplit(['/', '\\']).next();
                name.unwrap_or(source)
            });
            let parts: Vec<_> = file.into_iter().chain(text("alert_id")).collect();
            Some(parts.join(", "))
        }
        OperationKind::Check => {
            let verdict = text("verdict").and_then(Verdict::from_name)?;
            Some(verdict.words().to_owned())
        }
        OperationKind::Acknowledge => {
            let alert = text("alert_id")?;
            Some(match detail["rearm"].as_bool() {
                Some(true) => format!("{alert}, rearmed"),
                _ => alert.to_owned(),
            })
        }
        OperationKind::Upgrade => {
            let layout = |key: &str| detail[key].as_u64();
            let (from, to) = (layout("from_schema_id")?, layout("to_schema_id")?);
            Some(format!("layout {from} → {to}"))
        }
        OperationKind::Register
        | OperationKind::Tag
        | OperationKind::Retire
        | OperationKind::Unretire
        | OperationKind::Promote
        | OperationKind::Rollback
        | OperationKind::Undo
        | OperationKind::Redo
        | OperationKind::AliasSet
        | OperationKind::AliasRemove => None,
    }
}

/// `600 predictions`, `1 truth`, `600 predictions, 20 truths`.
fn rows(detail: &Value) -> Option<String> {
    let count = |key: &str| detail[key].as_u64();
    let told = |count: u64, noun: &str| {
        let s = if count == 1 { "" } else { "s" };
        format!("{} {noun}{s}", number::count(count))
    };
    let (rows, truths) = (count("rows_stored_count"), count("truth_stored_count"));
    match detail["kind"].as_str()? {
        "truth" => Some(told(truths.or(rows)?, "truth")),
        _ => {
            let predictions = told(rows?, "prediction");
            Some(match truths {
                Some(truths) if truths > 0 => format!("{predictions}, {}", told(truths, "truth")),
                _ => predictions,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(kind: OperationKind, detail: Value) -> Option<String> {
        words(kind, &detail.to_string())
    }

    #[test]
    fn rows_are_counted_and_their_batch_is_named() {
        let of = |kind: &str, rows: u64, truths: u64| {
            let detail = json!({
                "batch_id": "b_2", "kind": kind, "source": "/x/a.csv",
                "rows_stored_count": rows, "truth_stored_count": truths,
            });
            said(OperationKind::Ingest, detail).unwrap()
        };
        assert_eq!(of("predictions", 1_600, 0), "1,600 predictions, b_2");
        assert_eq!(of("predictions", 1, 1), "1 prediction, 1 truth, b_2");
        assert_eq!(of("truth", 20, 20), "20 truths, b_2");
        let undone = said(OperationKind::IngestUndo, json!({ "batch_id": "b_2" }));
        assert_eq!(undone.as_deref(), Some("b_2"));
    }

    #[test]
    fn a_check_says_its_verdict_and_an_alert_its_name() {
        for (kind, detail, expected) in [
            (
                OperationKind::Check,
                json!({ "verdict": "insufficient_data" }),
                "insufficient data",
            ),
            (
                OperationKind::Refuse,
                json!({ "alert_id": "a_6", "source": "/srv/inbox/bad.csv" }),
                "bad.csv, a_6",
            ),
            (
                OperationKind::Acknowledge,
                json!({ "alert_id": "a_6", "rearm": false }),
                "a_6",
            ),
            (
                OperationKind::Acknowledge,
                json!({ "alert_id": "a_6", "rearm": true }),
                "a_6, rearmed",
            ),
            (
                OperationKind::Upgrade,
                json!({ "from_schema_id": 1, "to_schema_id": 2 }),
                "layout 1 → 2",
            ),
        ] {
            assert_eq!(said(kind, detail).as_deref(), Some(expected), "{kind}");
        }
    }

    #[test]
    fn what_the_detail_does_not_have_is_not_said() {
        for kind in OperationKind::ALL {
            let told = words(kind, "{}").unwrap_or_default();
            assert_eq!(told, "", "{kind}");
            assert_eq!(words(kind, ""), None, "{kind}");
        }
    }
}
