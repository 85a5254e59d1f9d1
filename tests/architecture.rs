//! Holds the rooms apart: who may import whom, who owns which crate, how long a file may be, how many crates there are.

#![expect(
    clippy::disallowed_methods,
    reason = "this test reads the sources and asks cargo"
)]

mod architecture {
    pub mod check;
    pub mod names;
    pub mod planted;
    pub mod rules;
    mod signatures;
    pub mod size;
    mod tokens;
    pub mod warnings;
}

use architecture::check::{Finding, Parsed, Source, check};
use architecture::planted::{LOOK_ALIKES, VIOLATIONS};
use architecture::rules::{ANYWHERE, OWNED, ROOMS};
use architecture::size::{LONGEST_FILE, Lines, lines_of};
use architecture::warnings::codes_of;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Packages that `cargo tree -e normal` lists, our own included. These only fall.
const MOST_CRATES: usize = 171;
const MOST_CRATES_WITHOUT_FEATURES: usize = 134;

/// Lines of tests for each line of the rest.
const FEWEST_TEST_LINES: f64 = 0.7;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// All Rust files below a folder, their paths relative to it.
fn sources_below(folder: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = std::fs::read_dir(&next)
            .unwrap_or_else(|error| panic!("cannot list {}: {error}", next.display()));
        for entry in entries {
            let path = entry
                .expect("a folder that was opened can be listed")
                .path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(folder).expect("it was found below it");
                found.push(Source {
                    path: below.to_string_lossy().replace('\\', "/"),
                    text: read(&path),
                });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn tree() -> Vec<Source> {
    sources_below(&root().join("src"))
}

/// The tree, read once, and what is found in it as it is.
struct Tree {
    files: Vec<Parsed>,
    own: BTreeSet<Finding>,
}

impl Tree {
    fn read() -> Tree {
        let files: Vec<Parsed> = tree().iter().map(Parsed::of).collect();
        let own = check(&files);
        Tree { files, own }
    }

    /// What is found anew once some files are added or replaced.
    fn found_with(&self, planted: &[(&str, &str)]) -> BTreeSet<Finding> {
        let added: Vec<Parsed> = planted
            .iter()
            .map(|(path, text)| {
                Parsed::of(&Source {
                    path: (*path).to_owned(),
                    text: (*text).to_owned(),
                })
            })
            .collect();
        let kept = self
            .files
            .iter()
            .filter(|file| planted.iter().all(|(path, _)| file.path != *path));
        let found = check(kept.chain(&added));
        found.difference(&self.own).cloned().collect()
    }
}

fn listed(findings: &BTreeSet<Finding>) -> String {
    findings
        .iter()
        .map(|finding| format!("\n  {finding}"))
        .collect()
}

#[test]
fn every_room_imports_only_what_it_may() {
    let Tree { files, own } = Tree::read();
    assert!(!files.is_empty(), "there is no source");
    assert!(own.is_empty(), "{}", listed(&own));
}

#[test]
fn every_planted_violation_is_found() {
    let tree = Tree::read();
    let mut missed = String::new();
    for planted in VIOLATIONS {
        let found = tree.found_with(planted.files);
        let (file, _) = planted.files[0];
        if !found
            .iter()
            .any(|finding| finding.file == file && finding.what.contains(planted.found))
        {
            missed += &format!("\n{}: found only{}", planted.name, listed(&found));
        }
    }
    assert!(missed.is_empty(), "{missed}");
}

#[test]
fn no_look_alike_is_found() {
    let tree = Tree::read();
    let mut wrong = String::new();
    for planted in LOOK_ALIKES {
        let found = tree.found_with(planted.files);
        if !found.is_empty() {
            wrong += &format!("\n{}:{}", planted.name, listed(&found));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_table_of_rooms_is_closed() {
    for (room, may) in ROOMS {
        for next in *may {
            let (_, beyond) = ROOMS
                .iter()
                .find(|(name, _)| name == next)
                .unwrap_or_else(|| panic!("{next} has no row"));
            for last in *beyond {
                assert!(
                    may.contains(last),
                    "{room} may import {next}, which may pass on {last}"
                );
            }
        }
    }
}

#[test]
fn every_dependency_has_an_owner() {
    let manifest: toml::Table = read(&root().join("Cargo.toml"))
        .parse()
        .expect("cargo has read it");
    let dependencies = manifest["dependencies"]
        .as_table()
        .expect("dependencies are a table");
    for name in dependencies.keys() {
        let name = name.replace('-', "_");
        assert!(
            ANYWHERE.contains(&name.as_str()) || OWNED.iter().any(|row| row.path[0] == name),
            "{name} has no owner: give it a row in tests/architecture/rules.rs"
        );
    }
}

#[test]
fn no_file_is_too_long() {
    let mut long = String::new();
    for source in tree() {
        let Lines { code, .. } = lines_of(&source.text);
        if code > LONGEST_FILE {
            long += &format!("\n  src/{}: {code} lines, of {LONGEST_FILE}", source.path);
        }
    }
    assert!(long.is_empty(), "{long}");
}

#[test]
fn every_code_of_a_warning_is_in_the_documents_and_no_other() {
    let files: Vec<Parsed> = tree().iter().map(Parsed::of).collect();
    let (codes, hidden) = codes_of(&files);
    assert!(hidden.is_empty(), "no code is written in {hidden:?}");
    let document = read(&root().join("docs/json.md"));
    let (_, section) = document
        .split_once("\n## Warnings\n")
        .expect("there is such a section");
    let (section, _) = section.split_once("\n## ").expect("another one follows");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
    let names = rows.filter_map(|row| row.split(" |").next()).skip(2);
    let described: Vec<_> = names
        .flat_map(|names| names.split(", "))
        .map(str::to_owned)
        .collect();
    let listed: BTreeSet<_> = described.iter().cloned().collect();
    assert_eq!(codes, listed);
    assert_eq!(listed.len(), described.len(), "one is there twice");
    assert!(described.is_sorted(), "{described:?}");
}

#[test]
fn a_code_is_found_wherever_it_is_written_and_tests_have_none() {
    let source = |text: &str| {
        Parsed::of(&Source {
            path: "commands/x.rs".to_owned(),
            text: text.to_owned(),
        })
    };
    let text = r#"
        fn a() -> Warning { Warning { code: "plain", text: "some_text".to_owned() } }
        fn b(old: bool) -> Warning { let (code, what) = if old { ("by_old", "no words") } else { ("by_new", "x") }; Warning { code, text: what.into() } }
        fn e() -> Vec<Warning> { vec![Warning { code: "in_macro", text: x() }] }
        fn c(other: Warning) -> Warning { let error_code = "none_such"; Warning { text: error_code.into(), ..other } }
        #[cfg(test)] mod tests { fn d() -> Warning { Warning { code: "of_test", text: String::new() } } }
    "#;
    let (codes, hidden) = codes_of(&[source(text)]);
    let expected = ["by_new", "by_old", "in_macro", "plain"].map(str::to_owned);
    assert_eq!(codes, BTreeSet::from(expected));
    assert!(hidden.is_empty());
    let (_, hidden) = codes_of(&[source(
        "fn a(code: &str) -> Warning { Warning { code, text } }",
    )]);
    assert_eq!(hidden, ["commands/x.rs"]);
}

#[test]
fn there_are_enough_tests() {
    let (mut code, mut tests) = (0, 0);
    for source in tree() {
        let lines = lines_of(&source.text);
        code += lines.code;
        tests += lines.tests;
    }
    for source in sources_below(&root().join("tests")) {
        tests += source.text.lines().count();
    }
    let ratio = tests as f64 / code.max(1) as f64;
    println!("{code} lines, {tests} lines of tests, {ratio:.2} each");
    assert!(
        ratio >= FEWEST_TEST_LINES,
        "{tests} lines of tests for {code} lines: {ratio:.2}, below {FEWEST_TEST_LINES}"
    );
}

/// Name and version of each package that `cargo tree` lists; one that comes again has a line with `(*)`.
fn crates_with(arguments: &[&str]) -> BTreeSet<(String, String)> {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let output = Command::new(cargo)
        .current_dir(root())
        .args(["tree", "--prefix", "none", "--offline"])
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("cannot run {cargo}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "cargo tree: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    text.lines()
        .filter_map(|line| {
            let mut words = line.split(' ').map(str::to_owned);
            Some((words.next()?, words.next()?))
        })
        .collect()
}

fn names_with(arguments: &[&str]) -> BTreeSet<String> {
    let crates = crates_with(arguments);
    crates.into_iter().map(|(name, _)| name).collect()
}

#[test]
fn the_number_of_crates_only_falls() {
    for (arguments, most) in [
        (&["-e", "normal"][..], MOST_CRATES),
        (
            &["-e", "normal", "--no-default-features"][..],
            MOST_CRATES_WITHOUT_FEATURES,
        ),
    ] {
        let count = crates_with(arguments).len();
        println!("{count} crates {arguments:?}, of {most}");
        assert!(count > 20, "cargo tree told of {count} crates only");
        assert!(
            count <= most,
            "{count} crates {arguments:?}, of {most}: a new crate names its price"
        );
    }
}

#[test]
fn there_is_one_sqlite() {
    let lock: toml::Table = read(&root().join("Cargo.lock"))
        .parse()
        .expect("cargo has read it");
    let packages = lock["package"].as_array().expect("packages are a list");
    let named = |name: &str| {
        packages
            .iter()
            .filter(|package| package["name"].as_str() == Some(name))
            .count()
    };
    assert_eq!(named("libsqlite3-sys"), 1, "two SQLites cannot be linked");
}

/// Asked of what is built, not of Cargo.lock: that also lists what a crate could have with features nobody asks for.
#[test]
fn no_banned_crate_is_built() {
    let every_platform = [
        "-e",
        "normal,build,dev",
        "--all-features",
        "--target",
        "all",
    ];
    let built = names_with(&every_platform);
    assert!(built.contains("rusqlite") && built.contains("insta"));
    for banned in [
        "tokio",
        "openssl",
        "openssl-sys",
        "native-tls",
        "aws-lc-sys",
    ] {
        assert!(!built.contains(banned), "{banned} is banned");
    }
}

/// What speaks to a network, resolves names or encrypts; the default build has it through the feature `net` alone.
const NETWORK_CRATES: [&str; 8] = [
    "lettre",
    "ring",
    "rustls",
    "socket2",
    "ureq",
    "ureq-proto",
    "webpki-root-certs",
    "webpki-roots",
];

#[test]
fn a_build_without_net_has_no_network_code() {
    let normal = ["-e", "normal", "--target", "all"];
    let with = names_with(&normal);
    let without = names_with(&[&normal[..], &["--no-default-features"]].concat());
    for name in NETWORK_CRATES {
        assert!(
            with.contains(name),
            "{name} is not part of the default build"
        );
        assert!(
            !without.contains(name),
            "{name} is part of a build without net"
        );
    }
    // The standard library's sockets are as good as a crate's.
    for source in tree() {
        let may = ["http.rs", "notify/email.rs"].contains(&source.path.as_str());
        let has = source.text.contains("TcpStream") || source.text.contains("UdpSocket");
        assert!(may || !has, "src/{} opens a socket", source.path);
    }
}

/// The oldest Rust is named by Cargo.toml; where a page names one too, it is the same.
#[test]
fn the_oldest_rust_is_named_once() {
    let manifest: toml::Table = read(&root().join("Cargo.toml"))
        .parse()
        .expect("cargo has read it");
    let oldest = manifest["package"]["rust-version"]
        .as_str()
        .expect("it is a text");
    for name in ["clippy.toml", "rustfmt.toml"] {
        let text = read(&root().join(name));
        for key in ["msrv", "rust-version", "rust_version"] {
            assert!(!text.contains(key), "{name} names the oldest Rust again");
        }
    }
    for name in ["README.md", "CONTRIBUTING.md"] {
        let Ok(text) = std::fs::read_to_string(root().join(name)) else {
            continue;
        };
        for part in text.split("Rust 1.").skip(1) {
            let minor: String = part.chars().take_while(char::is_ascii_digit).collect();
            assert_eq!(format!("1.{minor}"), oldest, "{name} names another Rust");
        }
    }
}
