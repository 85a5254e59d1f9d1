//! `fetch`: whole and verified, or not at all.

use serde_json::json;

use crate::support::Sandbox;

#[test]
fn it_says_where_the_bytes_are() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    let run = sandbox.run("fetch latest -o out --json").expect(0);
    let data = &run.document()["data"];
    assert_eq!(data["version"], json!(versions[0]));
    assert_eq!(data["path"], "out");
    assert_eq!(data["size_bytes"], 7);
    assert_eq!(
        data["artifact_blake3"],
        sandbox.json("show latest")["artifact_blake3"]
    );
    let run = sandbox
        .ok("fetch latest -o again")
        .tells("its hash matches");
    assert_eq!(run.stdout, "");
}

#[test]
fn it_takes_the_place_of_a_file_only_when_told_to() {
    let (sandbox, _) = Sandbox::with_versions(1);
    sandbox.write("taken", b"mine");
    sandbox
        .fails("fetch latest -o taken", 1, "MG0517")
        .tells("--overwrite");
    assert_eq!(std::fs::read(sandbox.file("taken")).unwrap(), b"mine");
    sandbox.ok("fetch latest -o taken --overwrite");
    assert_eq!(std::fs::read(sandbox.file("taken")).unwrap(), b"model 0");
}

#[test]
fn a_folder_is_never_written_into() {
    let sandbox = Sandbox::new();
    sandbox.write("model/weights.bin", b"weights");
    sandbox.ok("register model");
    sandbox.write("taken/mine", b"mine");
    for line in ["fetch latest -o taken", "fetch latest -o taken --overwrite"] {
        sandbox.fails(line, 1, "MG0517");
    }
    assert_eq!(std::fs::read_dir(sandbox.file("taken")).unwrap().count(), 1);
    // On standard output it is one tar stream.
    let run = sandbox.ok("fetch latest -o -");
    assert!(run.stdout.starts_with("weights.bin"), "{run:#?}");
    sandbox.register("file");
    sandbox.fails("fetch latest -o taken", 1, "MG0517");
}

#[test]
fn bytes_and_a_document_do_not_share_standard_output() {
    let (sandbox, _) = Sandbox::with_versions(1);
    let run = sandbox.run("fetch latest -o - --json").expect(2);
    assert_eq!(run.problem()["code"], "MG0101");
    assert_eq!(run.stdout, "");
}

#[test]
fn changed_bytes_are_never_left_behind() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/weights.bin", b"weights");
    sandbox.ok("register folder");
    sandbox.register("model 0");
    sandbox
        .sql()
        .execute("UPDATE chunk SET data = zeroblob(size_bytes)", [])
        .unwrap();
    for reference in ["latest", "20260105_143022"] {
        let run = sandbox.run_on_broken(&format!("fetch {reference} -o out"));
        assert!(run.expect(12).stderr.contains("MG0409"));
        // A stream has left already when its hash is known: the exit status tells.
        sandbox
            .run_on_broken(&format!("fetch {reference} -o -"))
            .expect(12);
    }
    let mut names: Vec<_> = std::fs::read_dir(sandbox.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("out"))
        .collect();
    names.sort();
    assert_eq!(names, [""; 0]);
}

#[test]
fn lost_pieces_are_found() {
    let (sandbox, _) = Sandbox::with_versions(1);
    sandbox
        .sql()
        .execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM artifact_chunk")
        .unwrap();
    let run = sandbox.run_on_broken("fetch latest -o out").expect(12);
    assert!(run.stderr.contains("lost pieces"), "{run:#?}");
    assert!(!sandbox.file("out").exists());
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let sandbox = Sandbox::new();
    sandbox.write("large", &vec![7; 8 << 20]);
    sandbox.ok("register large");
    let mut child = sandbox
        .command(&["fetch", "latest", "-o", "-"])
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}
