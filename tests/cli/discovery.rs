//! Where a command finds its policy and its store: upwards to the repository's root, and nowhere else.

use crate::support::Sandbox;

fn store_of(sandbox: &Sandbox, folder: &str) -> String {
    let run = sandbox.run_in(folder, "config path --json").expect(0);
    let path = run.document()["data"]["db_path"]
        .as_str()
        .unwrap()
        .to_owned();
    let project = sandbox.path().canonicalize().unwrap();
    let path = std::path::Path::new(&path);
    let within = path.strip_prefix(project).unwrap_or(path);
    within.display().to_string()
}

#[test]
fn a_policy_is_found_from_any_folder_below_it() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    std::fs::create_dir_all(sandbox.file("a/b/c")).unwrap();
    for folder in ["a", "a/b/c"] {
        assert_eq!(store_of(&sandbox, folder), "modelguard.db");
        let run = sandbox.run_in(folder, "history").expect(0);
        assert!(run.stdout.contains(&versions[0]), "{run:#?}");
    }
}

#[test]
fn the_nearest_policy_wins() {
    let sandbox = Sandbox::new();
    sandbox.write("a/modelguard.toml", b"[store]\npath = \"own.db\"\n");
    std::fs::create_dir_all(sandbox.file("a/b")).unwrap();
    assert_eq!(store_of(&sandbox, "a/b"), "a/own.db");
    let run = sandbox.run_in("a/b", "status").expect(10);
    assert!(run.stderr.contains("MG0201"), "{run:#?}");
}

#[test]
fn the_search_ends_at_the_root_of_a_repository() {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.file("inner/.git")).unwrap();
    std::fs::create_dir_all(sandbox.file("inner/deep")).unwrap();
    for folder in ["inner", "inner/deep"] {
        let run = sandbox.run_in(folder, "status").expect(10);
        assert!(run.stderr.contains("MG0201"), "{run:#?}");
        let run = sandbox.run_in(folder, "config path --json").expect(0);
        assert!(run.document()["data"]["policy_path"].is_null(), "{run:#?}");
    }
    // A worktree's root has a file of that name.
    sandbox.write("tree/.git", b"gitdir: elsewhere\n");
    sandbox.run_in("tree", "status").expect(10);
}

#[test]
fn a_store_without_a_policy_is_found_only_beside_one() {
    let (sandbox, _) = Sandbox::with_versions(1);
    std::fs::remove_file(sandbox.file("modelguard.toml")).unwrap();
    sandbox.ok("history");
    std::fs::create_dir(sandbox.file("a")).unwrap();
    let run = sandbox.run_in("a", "history").expect(10);
    assert!(run.stderr.contains("MG0201"), "{run:#?}");
    assert_eq!(store_of(&sandbox, "a"), "a/modelguard.db");
}

#[test]
fn a_named_store_is_relative_to_the_folder_and_not_to_the_policy() {
    let (sandbox, _) = Sandbox::with_versions(1);
    std::fs::create_dir(sandbox.file("a")).unwrap();
    let run = sandbox.run_in("a", "history --db modelguard.db").expect(10);
    assert!(run.stderr.contains("a/modelguard.db"), "{run:#?}");
    sandbox
        .run_in("a", "history --db ../modelguard.db")
        .expect(0);
}

#[test]
fn only_init_makes_a_store() {
    let sandbox = Sandbox::empty();
    sandbox.write("x.bin", b"x");
    for line in [
        "status",
        "history",
        "check",
        "monitor",
        "register x.bin",
        "ingest predictions x.bin",
        "log",
        "store upgrade",
        "history --db named.db",
    ] {
        sandbox
            .fails(line, 10, "MG0201")
            .tells("init --task classification");
    }
    let names: Vec<_> = std::fs::read_dir(sandbox.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".git" && name != "x.bin")
        .collect();
    assert_eq!(names, Vec::<String>::new());
}

#[test]
fn the_paths_of_a_document_are_those_that_were_used() {
    let (sandbox, _) = Sandbox::with_versions(1);
    std::fs::create_dir(sandbox.file("a")).unwrap();
    let document = sandbox.run_in("a", "history --json").expect(0).document();
    for (key, name) in [
        ("db_path", "modelguard.db"),
        ("policy_path", "modelguard.toml"),
    ] {
        let path = std::path::PathBuf::from(document[key].as_str().unwrap());
        assert!(path.is_absolute(), "{document}");
        assert_eq!(
            path.canonicalize().unwrap(),
            sandbox.file(name).canonicalize().unwrap()
        );
    }
}

#[test]
fn a_policy_in_the_home_folder_is_not_for_what_lies_below() {
    let sandbox = Sandbox::empty();
    let home = sandbox.path().parent().unwrap().join("home");
    std::fs::write(home.join("modelguard.toml"), "[check]\nmin_rows = 77\n").unwrap();
    std::fs::create_dir(home.join("project")).unwrap();
    let rows = |folder: &str| {
        let folder = home.join(folder);
        let run = sandbox.run_with("config path --json", |command| {
            command.current_dir(folder);
        });
        run.expect(0).document()["data"]["policy_path"].is_null()
    };
    assert!(!rows("."));
    assert!(rows("project"));
}
