//! The README's session is what the demo prints.

use super::examples::played;
use super::reading::{between, document};

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
fn the_readme_is_short() {
    let readme = document("README.md");
    assert!(readme.lines().count() < 200);
    for command in ["cargo run --release -- demo", "cargo test"] {
        assert!(readme.contains(command), "{command}");
    }
}
