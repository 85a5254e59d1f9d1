//! `fetch`: the bytes that were registered, or none at all.

use std::io::Read as _;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::{Sandbox, keys};

/// Bytes of several pieces that no text could be.
fn big() -> Vec<u8> {
    (0..3_000_000_u32)
        .map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect()
}

/// A project with a version of these bytes.
fn with(bytes: &[u8]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("model.bin", bytes);
    sandbox.ok("register model.bin");
    sandbox
}

/// The names in the project's folder.
fn listing(sandbox: &Sandbox) -> Vec<String> {
    let entries = std::fs::read_dir(sandbox.path()).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_comes_back_byte_for_byte() {
    let bytes = big();
    let sandbox = with(&bytes);
    let run = sandbox.ok("fetch latest -o out.bin");
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("its hash matches"), "{run:#?}");
    assert!(std::fs::read(sandbox.file("out.bin")).unwrap() == bytes);
    let data = sandbox.json("fetch latest -o again.bin");
    assert_eq!(
        keys(&data),
        ["artifact_blake3", "model", "path", "size_bytes", "version"]
    );
    assert_eq!(data["size_bytes"], 3_000_000);
    assert_eq!(data["path"], "again.bin");
    assert_eq!(
        data["artifact_blake3"],
        sandbox.json("show latest")["artifact_blake3"]
    );
}

#[test]
fn standard_output_takes_the_bytes_and_nothing_else() {
    let sandbox = with(b"exactly these\n");
    let run = sandbox.ok("fetch latest -o -");
    assert_eq!(run.stdout, "exactly these\n");
    assert!(run.stderr.contains("standard output"), "{run:#?}");
    assert_eq!(sandbox.ok("fetch latest -o - -q").stderr, "");
    assert!(!sandbox.file("-").exists());
    let both = sandbox.run("fetch latest -o - --json").expect(2);
    assert_eq!(both.stdout, "");
    assert_eq!(both.problem()["code"], "MG0101");
}

#[test]
fn quiet_silences_the_words_and_never_the_bytes() {
    let sandbox = with(b"bytes");
    assert_eq!(sandbox.ok("fetch latest -o - -qq").stdout, "bytes");
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let sandbox = with(&big());
    let mut command = sandbox.command(&["fetch", "latest", "-o", "-"]);
    let mut child = command.spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut first = [0; 10];
    stdout.read_exact(&mut first).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_full_disk_behind_standard_output_is_a_failure() {
    let sandbox = with(&big());
    let run = sandbox.run_with("fetch latest -o -", |command| {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        command.stdout(full.unwrap());
    });
    assert!(run.expect(1).stderr.contains("MG0517"));
}

#[test]
fn a_folder_comes_back_with_its_files() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/weights.bin", b"weights");
    sandbox.write("folder/deep/er/config.json", b"{}");
    sandbox.ok("register folder");
    sandbox.ok("fetch latest -o out");
    let read = |name: &str| std::fs::read(sandbox.file(name)).unwrap();
    assert_eq!(read("out/weights.bin"), b"weights");
    assert_eq!(read("out/deep/er/config.json"), b"{}");
    // What is there already is never mixed with what comes.
    sandbox.write("out/more.txt", b"more");
    sandbox.fails("fetch latest -o out", 1, "MG0517");
    sandbox.run("fetch latest -o out --overwrite").expect(1);
    assert_eq!(read("out/more.txt"), b"more");
}

#[test]
fn a_folder_on_standard_output_is_a_tar_stream() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/a.txt", b"alpha");
    sandbox.write("folder/b/c.txt", b"gamma");
    sandbox.ok("register folder");
    let mut command = sandbox.command(&["fetch", "latest", "-o", "-"]);
    let mut fetch = command.spawn().unwrap();
    let out = sandbox.file("out");
    std::fs::create_dir(&out).unwrap();
    let tar = Command::new("tar")
        .arg("-xf")
        .arg("-")
        .arg("-C")
        .arg(&out)
        .stdin(Stdio::from(fetch.stdout.take().unwrap()))
        .status()
        .unwrap();
    assert!(fetch.wait().unwrap().success());
    assert!(tar.success());
    assert_eq!(std::fs::read(out.join("a.txt")).unwrap(), b"alpha");
    assert_eq!(std::fs::read(out.join("b/c.txt")).unwrap(), b"gamma");
}

#[test]
fn what_is_there_stays_without_overwrite() {
    let sandbox = with(b"new");
    sandbox.write("out.bin", b"old");
    sandbox
        .fails("fetch latest -o out.bin", 1, "MG0517")
        .tells("--overwrite");
    let read = || std::fs::read(sandbox.file("out.bin")).unwrap();
    assert_eq!(read(), b"old");
    sandbox.ok("fetch latest -o out.bin --overwrite");
    assert_eq!(read(), b"new");
}

#[test]
fn a_folder_is_not_replaced_by_a_file_whatever_is_said() {
    let sandbox = with(b"new");
    sandbox.write("taken/file", b"x");
    for line in ["fetch latest -o taken", "fetch latest -o taken --overwrite"] {
        let run = sandbox.fails(line, 1, "MG0517");
        // What would not help is not advised.
        assert!(!run.stderr.contains("--overwrite"), "{run:#?}");
    }
    assert!(sandbox.file("taken/file").is_file());
}

#[test]
fn a_place_that_cannot_be_written_is_a_failure() {
    let sandbox = with(b"bytes");
    sandbox.write("file", b"x");
    sandbox.fails("fetch latest -o missing/out.bin", 1, "MG0517");
    sandbox.fails("fetch latest -o file/out.bin", 1, "MG0517");
    sandbox.run("fetch latest").expect(2).tells("--output");
}

#[test]
fn damaged_bytes_leave_nothing_behind() {
    let sandbox = with(&big());
    sandbox.write("kept.bin", b"kept");
    sandbox
        .sql()
        .execute(
            "UPDATE chunk SET data = CAST(zeroblob(length(data)) AS BLOB) WHERE id = (SELECT max(id) FROM chunk)",
            [],
        )
        .unwrap();
    let before = listing(&sandbox);
    for line in [
        "fetch latest -o out.bin",
        "fetch latest -o kept.bin --overwrite",
    ] {
        let run = sandbox.run_on_broken(line).expect(12);
        assert!(run.stderr.contains("MG0409"), "{run:#?}");
        assert!(run.stderr.lines().count() <= 4, "{run:#?}");
    }
    assert_eq!(listing(&sandbox), before);
    assert_eq!(std::fs::read(sandbox.file("kept.bin")).unwrap(), b"kept");
}

#[test]
fn a_damaged_folder_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    sandbox.write("folder/a.txt", b"alpha");
    sandbox.ok("register folder");
    sandbox
        .sql()
        .execute(
            "UPDATE chunk SET data = CAST(zeroblob(length(data)) AS BLOB)",
            [],
        )
        .unwrap();
    let before = listing(&sandbox);
    let run = sandbox.run_on_broken("fetch latest -o out").expect(12);
    assert!(run.stderr.contains("MG0409"), "{run:#?}");
    assert_eq!(listing(&sandbox), before);
}

#[test]
fn fetching_changes_nothing_in_the_store() {
    let sandbox = with(b"bytes");
    sandbox.leaves_the_store("fetch latest -o out.bin", 0);
    sandbox.fails("fetch nobody -o other.bin", 10, "MG0203");
    sandbox.fails("fetch @production -o other.bin", 10, "MG0204");
    assert!(!sandbox.file("other.bin").exists());
}

/// Makes a named pipe, which stands here for every device.
fn named_pipe(sandbox: &Sandbox, name: &str) {
    let made = Command::new("mkfifo").arg(sandbox.file(name)).status();
    assert!(made.unwrap().success());
}

#[test]
fn the_project_s_own_files_are_never_overwritten() {
    let sandbox = with(b"model");
    let policy = std::fs::read(sandbox.file("modelguard.toml")).unwrap();
    std::os::unix::fs::symlink(sandbox.path(), sandbox.file("same")).unwrap();
    for name in [
        "modelguard.db",
        "./modelguard.db",
        "same/modelguard.db",
        "modelguard.db-journal",
        "modelguard.toml",
    ] {
        let line = format!("fetch latest -o {name} --overwrite");
        sandbox.leaves_the_store(&line, 1);
        let run = sandbox.fails(&line, 1, "MG0517");
        assert!(!run.stderr.contains("--overwrite` takes"), "{run:#?}");
    }
    assert_eq!(
        std::fs::read(sandbox.file("modelguard.toml")).unwrap(),
        policy
    );
    sandbox.ok("store verify");
}

#[test]
fn a_device_or_a_pipe_is_never_replaced_by_a_file() {
    use std::os::unix::fs::FileTypeExt as _;
    let sandbox = with(b"model");
    named_pipe(&sandbox, "pipe");
    std::os::unix::fs::symlink("pipe", sandbox.file("link")).unwrap();
    for line in [
        "fetch latest -o pipe --overwrite",
        "fetch latest -o link --overwrite",
        "fetch latest -o pipe",
    ] {
        sandbox.fails(line, 1, "MG0517").tells("named pipe");
    }
    let kind = std::fs::symlink_metadata(sandbox.file("pipe")).unwrap();
    assert!(kind.file_type().is_fifo());
    assert!(sandbox.file("link").is_symlink());
}

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
