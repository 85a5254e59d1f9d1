//! `show`: one version, with all that is known of it.

use serde_json::{Value, json};

use crate::history::project;
use crate::support::{Sandbox, keys};

#[test]
fn the_document_is_that_of_history_and_more() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    sandbox.ok(&format!("promote {} --yes", versions[0]));
    let shown = sandbox.json("show latest");
    let listed = sandbox.json("history")["versions"][0].clone();
    for key in keys(&listed) {
        assert_eq!(shown[key], listed[key], "{key}");
    }
    let more: Vec<_> = keys(&shown)
        .into_iter()
        .filter(|key| listed.get(key).is_none())
        .collect();
    assert_eq!(more, ["chunks_count", "imports", "model", "stored_bytes"]);
    assert_eq!(shown["model"], "churn");
    assert_eq!(shown["chunks_count"], 1);
    assert_eq!(shown["size_bytes"], 7);
    assert_eq!(shown["imports"], Value::Null);
}

#[test]
fn people_read_each_fact_on_a_line_of_its_own() {
    let sandbox = Sandbox::new();
    let path = sandbox.write("model.bin", b"bytes");
    let path = path.to_str().unwrap();
    sandbox
        .run_words(&[
            "register",
            path,
            "--metric",
            "accuracy=0.91",
            "--param",
            "depth=6",
            "--tag",
            "stage=new",
            "--note",
            "after the holidays",
            "--alias",
            "production",
        ])
        .expect(0);
    let text = sandbox.ok("show @production").stdout;
    let line = |label: &str| {
        let found = text.lines().find(|line| line.starts_with(label));
        found.unwrap_or_else(|| panic!("no {label} in {text}"))
    };
    assert!(
        line("version").ends_with("20260105_143022 of churn, live"),
        "{text}"
    );
    assert!(line("artifact").contains("model.bin, file, 5 B"), "{text}");
    assert!(line("metrics").contains("accuracy 0.91"), "{text}");
    assert!(line("params").contains("depth=6"), "{text}");
    assert!(line("tags").contains("stage=new"), "{text}");
    assert!(line("note").contains("after the holidays"), "{text}");
    assert!(line("aliases").contains("@production"), "{text}");
    assert!(line("verdict").contains("never judged"), "{text}");
    assert!(!text.contains("retired"), "{text}");
}

#[test]
fn what_stands_in_a_note_cannot_draw_on_the_terminal() {
    let sandbox = Sandbox::new();
    let path = sandbox.write("model.bin", b"bytes");
    let note = "one\nversion    forged\u{1b}[2J";
    sandbox
        .run_words(&["register", path.to_str().unwrap(), "--note", note])
        .expect(0);
    let text = sandbox.ok("show latest").stdout;
    assert!(!text.contains('\u{1b}'), "{text:?}");
    let versions = text.lines().filter(|line| line.starts_with("version"));
    assert_eq!(versions.count(), 1, "{text}");
    assert_eq!(sandbox.json("show latest")["note"], note);
}

#[test]
fn a_retired_version_says_why() {
    let (sandbox, versions) = Sandbox::with_versions(2);
    sandbox
        .run_words(&["retire", &versions[0], "--reason", "the wrong table"])
        .expect(0);
    let shown = sandbox.ok(&format!("show {}", versions[0]));
    assert!(shown.stdout.contains("the wrong table"), "{shown:#?}");
    let data = sandbox.json(&format!("show {}", versions[0]));
    assert_eq!(data["retired"], true);
    assert_eq!(data["retired_reason"], "the wrong table");
}

#[test]
fn a_folder_is_told_from_a_file() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/a.bin", b"a");
    sandbox.write("folder/b/c.bin", b"c");
    sandbox.ok("register folder");
    assert_eq!(sandbox.json("show latest")["format"], json!("directory"));
    sandbox.register("a file");
    assert_eq!(sandbox.json("show latest")["format"], json!("file"));
}

#[test]
fn a_version_that_is_not_there_is_not_found() {
    let sandbox = Sandbox::new();
    sandbox.fails("show latest", 10, "MG0203");
    sandbox.register("a");
    sandbox.fails("show 20270101_000000", 10, "MG0203");
    sandbox.fails("show churn:2027", 10, "MG0203");
    sandbox.fails("show @production", 10, "MG0204");
    sandbox.fails("show prices:2026", 10, "MG0202");
    sandbox.run("show").expect(2).tells("missing: <REF>");
    sandbox.run("show latest latest").expect(2);
}

#[test]
fn a_name_that_is_nearly_one_is_suggested() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    let mistyped = versions[0].replace("143022", "143023");
    sandbox
        .fails(&format!("show {mistyped}"), 10, "MG0203")
        .tells(&versions[0]);
}

#[test]
fn show_tells_all_of_a_version() {
    let (sandbox, versions) = project();
    let data = sandbox.json("show @production");
    assert_eq!(data["version"], json!(versions[1]));
    assert_eq!(
        (&data["size_bytes"], &data["stored_bytes"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (&data["chunks_count"], &data["imports"]),
        (&json!(1), &Value::Null)
    );
    assert_eq!(data["aliases"], json!(["production"]));
    sandbox
        .ok("show @production~1")
        .says(&format!("version     {} of churn\n", versions[0]))
        .says("retired     old")
        .says("metrics     accuracy 0.900, f1 0.800");
    sandbox
        .fails("show 2031", 10, "MG0203")
        .tells("modelguard history");
    sandbox
        .fails("show 20260105_143932", 10, "MG0203")
        .tells("did you mean 20260105_143023 or 20260105_143022?");
}

#[test]
fn what_repeats_within_an_artifact_is_stored_once() {
    let sandbox = Sandbox::new();
    sandbox.write("zeros", &vec![0; 3 << 20]);
    sandbox.ok("register zeros");
    let data = sandbox.json("show latest");
    assert_eq!(data["size_bytes"], 3 << 20);
    assert_eq!(data["stored_bytes"], 1 << 20);
    assert_eq!(data["chunks_count"], 3);
}
