//! The README's session is what the demo prints.

use super::examples::{played, shell};
use super::reading::{between, document, path};

#[test]
fn the_session_in_the_readme_is_what_the_demo_prints() {
    let readme = document("README.md");
    let session = between(
        &readme,
        "```console\n$ cargo run --release -- demo\n",
        "\n```",
    );
    let mut rest = played().printed.as_str();
    let parts = session.split("\n…\n");
    for part in parts {
        let part = part.trim_matches('\n');
        let Some(at) = rest.find(part) else {
            panic!("the README shows\n{part}\nand what the demo printed goes on with\n{rest}");
        };
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn the_five_commands_of_the_readme_work() {
    let readme = document("README.md");
    let commands = between(&readme, "## Five commands\n\n```sh\n", "\n```");
    assert_eq!(commands.matches("modelguard ").count(), 5);
    let folder = tempfile::tempdir().unwrap();
    // All files lie in the folder in which the commands are pasted.
    let project = folder.path();
    for (from, to) in [
        ("clock_times.json", "model.pkl"),
        ("reference_clock_times.csv", "holdout.csv"),
        ("1_week_shadow.csv", "predictions.csv"),
        ("1_week_truth.csv", "truth.csv"),
    ] {
        std::fs::copy(path("fixtures/demo").join(from), project.join(to)).unwrap();
    }
    let run = shell(&format!("set -e\n{commands}"), folder.path());
    assert_eq!(run.status, 0, "{run:#?}");
    assert!(
        run.stdout.contains("churn  20131117_100000  healthy"),
        "{run:#?}"
    );
}

#[test]
fn the_readme_is_short() {
    let readme = document("README.md");
    assert!(readme.lines().count() < 200);
    for command in ["cargo run --release -- demo", "cargo test"] {
        assert!(readme.contains(command), "{command}");
    }
}
