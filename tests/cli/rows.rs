//! Feeds a store with predictions and their truth: what the tests of judging have in common.

use serde_json::Value;

use crate::support::Sandbox;

pub const HOUR: u64 = 3_600;
pub const DAY: u64 = 24 * HOUR;

/// A project of numbers whose policy is the default one, with these keys in `[check]` besides.
pub fn numbers(check: &str) -> Sandbox {
    project("regression", check)
}

/// A project of classes.
pub fn classes(check: &str) -> Sandbox {
    project("classification", check)
}

fn project(task: &str, check: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.ok(&format!("init --model m --task {task}"));
    sandbox.write("modelguard.toml", format!("[check]\n{check}\n").as_bytes());
    sandbox
}

/// Registers a version under a name; `more` are further words of `register`.
pub fn version(sandbox: &Sandbox, name: &str, more: &str) {
    let path = sandbox.write("model.bin", name.as_bytes());
    let path = path.display();
    sandbox.ok(&format!("register {path} --version-id {name} {more}"));
}

/// A project of the original's policy whose live version `v2` is worse than `v1` below it, by recorded metrics.
#[cfg(feature = "net")]
pub fn degraded() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.ok("init --model m --task regression --preset original");
    for (name, rmse) in [("v1", "10"), ("v2", "14")] {
        version(
            &sandbox,
            name,
            &format!("--metric rmse={rmse} --metric r2=0.8"),
        );
        sandbox.ok(&format!("promote {name} --yes"));
    }
    sandbox
}

/// Predictions of one call, each `(prediction, truth)` as it stands in the file; no truth is no line of it.
pub struct Fed<'a> {
    /// Names the ids.
    pub tag: &'a str,
    /// Unix seconds of the first prediction; the others follow a second apart.
    pub from: u64,
    pub rows: Vec<(String, Option<String>)>,
    /// Further words of `ingest predictions`.
    pub more: &'a str,
}

/// Brings rows in, and their truth with the label time of the prediction.
pub fn feed(sandbox: &Sandbox, fed: &Fed<'_>) {
    let mut predictions = "id,predicted_at,prediction\n".to_owned();
    let mut truth = "id,truth,truth_at\n".to_owned();
    for (number, (prediction, true_value)) in fed.rows.iter().enumerate() {
        let (id, at) = (format!("{}{number}", fed.tag), fed.from + number as u64);
        predictions.push_str(&format!("{id},{at},{prediction}\n"));
        if let Some(true_value) = true_value {
            truth.push_str(&format!("{id},{true_value},{at}\n"));
        }
    }
    sandbox.write("p.csv", predictions.as_bytes());
    sandbox.ok(&format!("ingest predictions p.csv {}", fed.more));
    if fed.rows.iter().any(|(_, truth)| truth.is_some()) {
        sandbox.write("t.csv", truth.as_bytes());
        sandbox.ok("ingest truth t.csv");
    }
}

/// Rows of numbers that are off by `error`, to both sides in turn.
pub fn off_by(error: f64, count: usize) -> Vec<(String, Option<String>)> {
    (0..count)
        .map(|row| {
            let truth = (row % 17) as f64;
            let side = if row % 2 == 0 { error } else { -error };
            ((truth + side).to_string(), Some(truth.to_string()))
        })
        .collect()
}

/// Rows of two classes of which one in `every` is wrong.
pub fn wrong_one_in(every: usize, count: usize) -> Vec<(String, Option<String>)> {
    let word = |yes: bool| if yes { "yes" } else { "no" };
    (0..count)
        .map(|row| {
            let truth = row % 3 == 0;
            let wrong = row % every == 0;
            (
                word(truth != wrong).to_owned(),
                Some(word(truth).to_owned()),
            )
        })
        .collect()
}

/// The codes of the reasons of a check's document.
pub fn codes(check: &Value) -> Vec<String> {
    check["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason["code"].as_str().unwrap().to_owned())
        .collect()
}
