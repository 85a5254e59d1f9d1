//! The documents of the states that the demo does not end in: nothing live, nothing below, no rows, bad rows.

use serde_json::Value;

use super::commands::assert_none;
use super::examples::{copied, shell};
use super::json::Keys;

/// What brings a state about without a word, and the commands whose documents show it.
const STATES: [(&str, &[&str]); 14] = [
    (
        "modelguard promote 20131104_090000 --yes -qq",
        &[
            "monitor",
            "status",
            "check",
            "history",
            "log -n 50",
            "rollback --yes",
                        "undo --yes",
            "redo --yes",
        ],
    ),
    (
        "modelguard promote latest --yes -qq",
        &[
            "check --baseline previous",
            "check --evidence recorded --baseline previous",
            "check latest --no-record",
        ],
    ),
    // The alert has acted already.
    (
        "modelguard undo --yes -qq",
        &["monitor", "status", "alerts list", "alerts show a_1"],
    ),
    (
        "rm modelguard.toml; modelguard init --model prices --task regression -qq",
        &[
            "status",
            "monitor --all",
            "-m prices check",
            "-m prices history",
            "-m prices alias list",
            "-m prices alerts list",
        ],
    ),
    (
        "rm modelguard.toml; modelguard init --model prices --task regression -qq; echo x | modelguard -m prices register - --alias production -qq",
        &[
            "status",
            "-m prices monitor",
            "-m prices show latest",
            "-m prices history",
        ],
    ),
    // One model of two can't be judged.
    (
        "modelguard init --model prices --task regression -qq; printf '[models.prices.check]\\nmetric = \"accuracy\"\\n' > modelguard.toml",
        &["monitor --all", "config validate"],
    ),
    (
        "echo x | modelguard register - --metric accuracy=0.5 -qq; echo y | modelguard register - -qq",
        &[
            "compare 20131117_100000",
            "compare latest",
            "check 20131117_100000 --no-record",
        ],
    ),
    (
        "echo x | modelguard register - --alias production --yes -qq",
        &["monitor", "status", "fetch latest -o x"],
    ),
    (
        "printf 'id,prediction,truth\\na,late,late\\nb,late,\\nc,,late\\n,late,late\\n' > rows.csv",
        &[
            "ingest predictions rows.csv --max-rejects 5",
            "ingest list",
            "ingest undo b_13",
            "ingest list",
            "ingest undo b_13",
        ],
    ),
    (
        "mkdir folder && echo x > folder/x",
        &[
            "register folder --tag a=b --param c=d --note e",
            "show latest",
            "fetch latest -o copy",
            "tag latest a= --note ''",
            "retire latest --reason f",
            "history",
            "retire 20131117_100000 --cancel",
        ],
    ),
    (
        "true",
        &[
            "alias set challenger latest --yes",
            "alias list",
            "history",
            "alias remove challenger --yes",
            "alerts ack a_1",
            "alerts ack a_1",
            "alerts list",
            "check --min-rows 5000 --window all --no-record",
            "store verify --expect-head 0000000000000000000000000000000000000000000000000000000000000000",
        ],
    ),
    // A season that is due, one that has had its turn, and the other one.
    (
        "modelguard alias set winter @production --yes -qq; printf '[season]\\nwinter = \"11-01\"\\nsummer = \"03-01\"\\n' > modelguard.toml",
        &[
            "season list",
            "season apply --dry-run",
            "season apply --all --dry-run",
            "season apply --yes",
            "season apply",
            "check --baseline previous",
        ],
    ),
    (
        "rm modelguard.toml",
        &["config path", "config show", "config validate", "config trust"],
    ),
    // Recorded metrics only: degraded, rolled back, nothing below.
    (
        "rm -f modelguard.*; modelguard init --model m --task regression --preset original -qq
         echo a | modelguard register - --metric r2=0.9 --metric rmse=2 --alias production -qq
         echo b | modelguard register - --metric r2=0.5 --metric rmse=3 -qq; modelguard promote latest --yes -qq",
        &[
            "compare latest @production~1",
            "monitor --dry-run",
            "monitor",
            "monitor",
            "status",
            "alerts show a_1",
            "history",
        ],
    ),
];

#[test]
fn every_state_is_described() {
    let keys = Keys::read();
    let mut problems = Vec::new();
    for (before, commands) in STATES {
        let folder = copied();
        let run = shell(before, folder.path());
        assert_eq!(run.status, 0, "{before}: {run:#?}");
        for command in commands {
            let run = shell(&format!("modelguard {command} --json"), folder.path());
            let document: Value = match serde_json::from_str(&run.stdout) {
                Ok(document) => document,
                Err(error) => {
                    problems.push(format!("{before}; {command}: {error} {run:#?}"));
                    continue;
                }
            };
            let schema = document["schema"].as_str().unwrap_or_default();
            let name = schema.trim_start_matches("modelguard.");
            let name = name.trim_end_matches("/1").replace('_', " ");
            problems.extend(
                keys.problems(&name, &document["data"])
                    .into_iter()
                    .map(|problem| format!("{before}; {command}: {problem}")),
            );
        }
    }
    assert_none(&problems);
}
