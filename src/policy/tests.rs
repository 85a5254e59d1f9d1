//! The policy as a whole: bad ones and what is said about them, the example file, and mutated text.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::diagnose::{PolicyError, ProblemKind};
use super::discover::{Discovered, Given, Origin, discover};
use super::document::Document;
use super::environment::Environment;
use super::keys::{KEYS, Key};
use super::load::{check_all, parse};
use super::{explain, load, template};
use crate::domain::metric::{Metric, Task};
use crate::domain::policy::{Policy, ScoreIs};
use crate::files;

const NAME: &str = "modelguard.toml";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The bad policies and, beside each, the file with what is said about it.
#[expect(
    clippy::disallowed_methods,
    reason = "this test reads what lies in the fixtures' folder"
)]
fn bad() -> Vec<(PathBuf, String)> {
    let folder = root().join("fixtures/policy/bad");
    let mut found: Vec<_> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .map(|path| {
            let text = files::read::text(&path, 1 << 20).unwrap();
            (path.with_extension("stderr"), text)
        })
        .collect();
    found.sort();
    found
}

fn said(problems: &[PolicyError]) -> String {
    let mut out = String::new();
    for problem in problems {
        writeln!(
            out,
            "error: {problem}\n{}\n",
            problem.excerpt().unwrap_or_default()
        )
        .unwrap();
    }
    out
}

#[test]
fn every_bad_policy_is_answered_as_written_beside_it() {
    let bad = bad();
    assert!(bad.len() >= 20);
    for (expected, text) in bad {
        let problems = check_all(&text, Path::new(NAME));
        let wanted = files::read::text(&expected, 1 << 20).unwrap();
        assert_eq!(said(&problems), wanted, "{}", expected.display());
        for problem in &problems {
            let shown = problem.excerpt().unwrap_or_default();
            assert!(
                shown.lines().count() <= 3,
                "with its message four lines: {shown}"
            );
        }
        assert_eq!(parse(&text, Path::new(NAME)), Err(problems[0].clone()));
    }
}

#[test]
#[ignore = "writes the texts that the test above compares; read the difference before committing it"]
fn rewrite_what_is_said_about_bad_policies() {
    for (expected, text) in bad() {
        let said = said(&check_all(&text, Path::new(NAME)));
        files::write::replace(&expected, said.as_bytes()).unwrap();
    }
    let example = root().join("modelguard.toml.example");
    files::write::replace(&example, explain::example().as_bytes()).unwrap();
}

#[test]
fn metrics_of_the_other_task_are_shown_where_they_are_written() {
    let text = "[check]\nmetric = \"rmse\"\n\n[models.Churn.check]\nmetric = \"f1\"\n";
    let problems = |model: &str, task| {
        let found = load::check_task(text, Path::new(NAME), &model.parse().unwrap(), task);
        found
            .iter()
            .map(|problem| problem.line().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(problems("churn", Task::Regression), [5]);
    assert_eq!(problems("churn", Task::Classification), [0; 0]);
    assert_eq!(problems("other", Task::Classification), [2]);
    assert_eq!(problems("other", Task::Regression), [0; 0]);
}

#[test]
fn a_newer_policy_is_refused_before_its_keys_are_looked_at() {
    let text = "requires = \">=0.9\"\n[check]\nnew = 1\n";
    let problems = |version| Document::read(text, Path::new(NAME), version).problems;
    assert_eq!(problems("0.8.0").len(), 1);
    assert_eq!(problems("0.8.0")[0].kind, ProblemKind::Requires);
    assert_eq!(problems("0.9.0")[0].kind, ProblemKind::UnknownKey);
}

#[test]
fn the_example_file_is_the_table_of_keys() {
    let example = files::read::text(&root().join("modelguard.toml.example"), 1 << 20).unwrap();
    assert_eq!(
        example,
        explain::example(),
        "run the ignored test that rewrites it"
    );
    assert!(example.lines().all(|line| line.chars().count() <= 120));
}

#[test]
fn the_example_changes_nothing_as_it_stands_and_holds_the_defaults() {
    let example = explain::example();
    assert_eq!(parse(&example, Path::new(NAME)), Ok(Policy::default()));

    let uncommented: Vec<_> = example
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if !key.starts_with(' ') => key,
            _ => line,
        })
        .collect();
    let uncommented = uncommented.join("\n");
    let policy = parse(&uncommented, Path::new(NAME)).unwrap();
    let document = Document::of(&uncommented, Path::new(NAME));
    for key in KEYS {
        let name = Key::exemplary(key.name);
        assert!(
            document.written(None, &name).is_some(),
            "{name} is not in the example"
        );
    }
    // What has no default is an example, and this is all of it.
    let mut expected = Policy {
        requires: Some(">=0.1, <1".to_owned()),
        default_model: "churn".parse().ok(),
        ..Policy::default()
    };
    let column = |name: &str| Some(name.to_owned());
    let columns = &mut expected.columns;
    columns.id = column("customer_id+scored_at");
    columns.time = column("scored_at");
    columns.prediction = column("y_pred");
    columns.truth = column("y_true");
    columns.truth_time = column("labelled_at");
    columns.version = column("model_version");
    columns.score = column("score");
    columns.score_is = Some(ScoreIs::Positive);
    columns.positive = column("yes");
    columns.proba = BTreeMap::from([("yes".to_owned(), "p_yes".to_owned())]);
    expected.check.metric = Some(Metric::Rmse);
    expected.check.decide_on = Some(vec![Metric::Rmse, Metric::R2]);
    expected.ingest.inbox = Some("inbox/".to_owned());
    let churn = policy.models.keys().next().unwrap();
    assert_eq!(
        policy.for_model(churn).check.threshold_pct.to_bits(),
        10.0_f64.to_bits()
    );
    let winter = ("winter".parse().unwrap(), "11-01".parse().unwrap());
    expected.season.insert(winter.0, winter.1);
    expected.models = policy.models.clone();
    assert_eq!(policy, expected);
}

#[test]
fn every_default_of_the_table_is_the_one_that_holds() {
    let (policy, rules) = (Policy::default(), Policy::default().common());
    let mut names = BTreeSet::new();
    for key in KEYS {
        assert!(names.insert(key.name), "{} is there twice", key.name);
        let shown = (key.show)(&policy, &rules);
        assert_eq!(shown.is_some(), key.default.is_some(), "{}", key.name);
        assert_eq!(
            key.without.is_empty(),
            key.default.is_some(),
            "{}",
            key.name
        );
        assert!(
            !key.unit.is_empty() && key.meaning.ends_with('.'),
            "{}",
            key.name
        );
        if let (Some(shown), Some(default)) = (shown, key.default) {
            let number = |text: &str| text.parse::<f64>().ok().map(f64::to_bits);
            let default = default.trim_matches('"');
            assert!(
                shown == default || number(&shown) == number(default),
                "{}",
                key.name
            );
        }
    }
}

fn discovered(text: &str) -> (tempfile::TempDir, Discovered) {
    let folder = tempfile::tempdir().unwrap();
    files::write::replace(&folder.path().join(NAME), text.as_bytes()).unwrap();
    let given = Given {
        directory: folder.path().to_owned(),
        ..Given::default()
    };
    let discovered = discover(&given, &Environment::default()).unwrap();
    (folder, discovered)
}

#[test]
fn each_key_says_who_set_it() {
    let text = "[check]\nthreshold_pct = 4\n\n[columns.proba]\nyes = \"p1\"\n\"a b\" = \"p0\"\n\n[models.Churn.check]\nmin_rows = 300\n";
    let (_keep, mut discovered) = discovered(text);
    discovered.lock_timeout_origin = Origin::Flag;
    discovered.lock_timeout = "9s".parse().unwrap();
    let model = "churn".parse().unwrap();
    let rows = explain::keys(&discovered, Some(&model));
    let row = |key: &str| {
        let row = rows.iter().find(|row| row.key == key).unwrap();
        (row.value.as_deref(), row.origin, row.written.clone())
    };
    let written = |key: &str, line| Some((key.to_owned(), line));
    assert_eq!(rows.len(), KEYS.len() + 1);
    assert_eq!(
        row("check.threshold_pct"),
        (
            Some("4.0"),
            Origin::Policy,
            written("check.threshold_pct", 2)
        )
    );
    assert_eq!(
        row("check.min_rows"),
        (
            Some("300"),
            Origin::Policy,
            written("models.Churn.check.min_rows", 9)
        )
    );
    assert_eq!(row("check.window"), (Some("n=1000"), Origin::Default, None));
    assert_eq!(row("check.metric"), (None, Origin::Default, None));
    assert_eq!(row("store.lock_timeout"), (Some("9s"), Origin::Flag, None));
    assert_eq!(
        row("columns.proba.\"a b\""),
        (
            Some("p0"),
            Origin::Policy,
            written("columns.proba.\"a b\"", 6)
        )
    );
    let common = explain::keys(&discovered, None);
    assert!(
        common
            .iter()
            .any(|row| row.key == "check.min_rows" && row.origin == Origin::Default)
    );
}

/// guard.md's splitmix64: the same texts on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound.max(1) as u64).unwrap()
    }
}

const PIECES: &[&str] = &[
    "[",
    "]",
    "[[",
    "]]",
    "=",
    ".",
    "\"",
    "'",
    "'''",
    "\"\"\"",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "#",
    ",",
    "{",
    "}",
    "\\",
    "\\u001b",
    "\u{feff}",
    "\u{0}",
    "\u{1b}",
    "\u{202e}",
    "é",
    "模",
    "e\u{301}",
    "😀",
    "-1",
    "1e999",
    "nan",
    "inf",
    "0",
    "9223372036854775808",
    "0x_1",
    "true",
    "1979-05-27",
    "models",
    "[models.a.check]\n",
    "[models.\"\".check]\n",
    "check",
    "columns.proba.",
    "\"n=1\"",
    "\"0d\"",
    "min_rows = 1\n",
    "threshold_pct = -0.0\n",
    "[store]\n",
    "path = \"\"\n",
    "decide_on = []\n",
    "evidence = \"recorded\"\n",
    "baseline = \"recorded\"\n",
    "requires = \">=9\"\n",
    "a = {b = {c = [1, {d = 2}]}}\n",
];

fn mutated(text: &str, random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random.below(4) {
        let mut place = |text: &str| text.floor_char_boundary(random.below(text.len() + 1));
        let (a, b) = (place(&text), place(&text));
        let (from, to) = (a.min(b), a.max(b));
        match random.below(6) {
            0 => text.insert_str(a, PIECES[random.below(PIECES.len())]),
            1 => text.truncate(a),
            2 => {
                let to = text.floor_char_boundary(to.min(from + 8)).max(from);
                text.replace_range(from..to, "");
            }
            3 => {
                let copied = text[from..to].to_owned();
                text.insert_str(
                    text.floor_char_boundary(random.below(text.len() + 1)),
                    &copied,
                );
            }
            4 => {
                let to = text.floor_char_boundary(to.min(from + 4)).max(from);
                text.replace_range(from..to, PIECES[random.below(PIECES.len())]);
            }
            _ => {
                let mut lines: Vec<_> = text.lines().collect();
                if !lines.is_empty() {
                    let (a, b) = (random.below(lines.len()), random.below(lines.len()));
                    lines.swap(a, b);
                    lines[a] = lines[a].trim_start_matches('#');
                }
                text = lines.join("\n");
            }
        }
    }
    text
}

#[test]
fn mutated_policies_never_panic_and_problems_point_inside_the_text() {
    let mut seeds: Vec<_> = bad().into_iter().map(|(_, text)| text).collect();
    seeds.push(explain::example());
    let model = "churn".parse().unwrap();
    for preset in [template::Preset::Default, template::Preset::Original] {
        seeds.push(template::template(&model, Task::Classification, preset));
    }
    let mut random = Random(20_260_105);
    let mut kinds = BTreeMap::new();
    for _ in 0..20_000 {
        let seed = random.below(seeds.len());
        let text = mutated(&seeds[seed], &mut random);
        let document = Document::of(&text, Path::new(NAME));
        if document.problems.is_empty() {
            assert!(document.policy.violations().is_empty(), "{text}");
        }
        for problem in &document.problems {
            *kinds.entry(format!("{:?}", problem.kind)).or_insert(0_u32) += 1;
            assert!(
                problem.key.is_some() || problem.kind == ProblemKind::Syntax,
                "{problem:?}\n{text}"
            );
            let span = problem
                .span()
                .unwrap_or_else(|| panic!("{problem:?}\n{text}"));
            assert!(
                span.start <= span.end && span.end <= text.len(),
                "{problem:?}\n{text}"
            );
            let line = text.split('\n').nth(problem.line().unwrap() - 1);
            let length = line
                .unwrap_or_else(|| panic!("{problem:?}\n{text}"))
                .chars()
                .count();
            assert!(
                (1..=length + 1).contains(&problem.column().unwrap()),
                "{problem:?}\n{text}"
            );
            let shown = format!("{problem}{}", problem.excerpt().unwrap());
            assert!(
                !shown.chars().any(|c| c.is_control() && c != '\n'),
                "{shown:?}"
            );
            assert!(
                shown.lines().all(|line| line.chars().count() < 1_000),
                "{shown}"
            );
        }
    }
    // The inputs reach every kind of problem that a text can have.
    let reached: Vec<_> = kinds.keys().map(String::as_str).collect();
    assert_eq!(
        reached,
        ["BadValue", "Clash", "Requires", "Syntax", "UnknownKey"]
    );
}

#[test]
fn a_file_that_is_no_policy_is_named_with_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(NAME);
    let problem = || load::read(&path).unwrap_err();
    assert_eq!(problem().kind, ProblemKind::Missing);
    files::write::replace(&path, b"[check]\nmode = \"\xff\"\n").unwrap();
    assert_eq!(problem().kind, ProblemKind::Syntax);
    assert_eq!((problem().line(), problem().column()), (Some(2), Some(9)));
    assert!(
        problem()
            .excerpt()
            .unwrap()
            .ends_with("modelguard.toml:2:9")
    );
    files::write::replace(&path, &vec![b'#'; (1 << 20) + 1]).unwrap();
    assert!(
        problem()
            .to_string()
            .ends_with("is larger than the limit of 1048576 bytes")
    );
    files::write::create_directory_all(&folder.path().join("d")).unwrap();
    let problem = load::read(&folder.path().join("d")).unwrap_err();
    assert!(problem.to_string().contains("is a directory"), "{problem}");
    assert_eq!(problem.kind, ProblemKind::Unreadable);
}

#[test]
fn a_text_that_is_too_large_is_refused_by_its_size() {
    let problems = check_all(&"#".repeat((1 << 20) + 1), Path::new(NAME));
    assert_eq!(problems.len(), 1);
    assert!(problems[0].to_string().contains("at most 1048576 are read"));
}
