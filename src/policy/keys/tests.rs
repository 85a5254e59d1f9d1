//! Tests of the table of keys: names, tables, and that each key is read into its own place and no other.

#![cfg(test)]

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::domain::time::Length;
use crate::policy::load::{check_all, parse};

fn policy(text: &str) -> Policy {
    parse(text, Path::new("p.toml")).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// `key = example` within its table, or within a model's.
fn written(key: &Key, within: &str) -> String {
    let leaf = Key::exemplary(key.leaf());
    match (within, key.table()) {
        ("", "") => format!("{leaf} = {}\n", key.example),
        ("", table) => format!("[{table}]\n{leaf} = {}\n", key.example),
        (within, table) => format!("[{within}.{table}]\n{leaf} = {}\n", key.example),
    }
}

/// Everything that is shown of a policy, by the key's name.
fn shown(policy: &Policy, rules: &ModelPolicy) -> Vec<(&'static str, Option<String>)> {
    KEYS.iter()
        .map(|key| (key.name, (key.show)(policy, rules)))
        .collect()
}

#[test]
fn names_are_unique_and_keys_of_a_table_stand_together() {
    let names: BTreeSet<_> = KEYS.iter().map(|key| key.name).collect();
    assert_eq!(names.len(), KEYS.len());
    let mut tables: Vec<_> = KEYS.iter().map(Key::table).collect();
    tables.dedup();
    let distinct: BTreeSet<_> = tables.iter().collect();
    assert_eq!(distinct.len(), tables.len(), "{tables:?}");
    assert_eq!(tables[0], "", "keys of no table can only stand at the top");
}

#[test]
fn a_name_is_its_table_and_its_leaf() {
    for key in KEYS {
        let joined = if key.table().is_empty() {
            key.leaf().to_owned()
        } else {
            format!("{}.{}", key.table(), key.leaf())
        };
        assert_eq!(joined, key.name);
    }
}

#[test]
fn every_length_in_the_words_about_a_key_is_one_that_can_be_written() {
    let mut lengths = 0;
    for key in KEYS {
        let texts = [key.unit, key.without, key.meaning];
        for word in texts.iter().flat_map(|text| text.split([' ', ',', ';'])) {
            let word = word.trim_matches(['.', '`', '"', '(', ')']);
            let digits = word.bytes().take_while(u8::is_ascii_digit).count();
            let unit = &word[digits..];
            if digits > 0 && !unit.is_empty() && unit.bytes().all(|byte| byte.is_ascii_lowercase())
            {
                lengths += 1;
                assert!(word.parse::<Length>().is_ok(), "{}: {word}", key.name);
            }
        }
    }
    assert!(lengths >= 6, "{lengths}");
}

#[test]
fn every_key_says_what_it_counts_what_it_is_for_and_what_holds_without_it() {
    for key in KEYS {
        assert!(!key.unit.is_empty(), "{}", key.name);
        assert!(key.meaning.ends_with('.'), "{}", key.name);
        assert_eq!(
            key.default.is_some(),
            key.without.is_empty(),
            "{}",
            key.name
        );
        assert!(!key.example.is_empty(), "{}", key.name);
    }
}

#[test]
fn every_example_is_read_where_it_stands() {
    for key in KEYS {
        // A key may need another beside it; then that is what is said, and never that it can't be read.
        for problem in check_all(&written(key, ""), Path::new("p.toml")) {
            let said = problem.to_string();
            assert!(
                !said.contains("takes") && !said.contains("unknown"),
                "{}: {said}",
                key.name
            );
        }
    }
}

#[test]
fn a_key_changes_what_is_shown_of_itself_alone() {
    let before = shown(&Policy::default(), &Policy::default().common());
    for (text, changed) in [
        ("default_model = \"churn\"\n", "default_model"),
        ("[store]\nlock_timeout = \"9s\"\n", "store.lock_timeout"),
        ("[check]\nthreshold_pct = 7\n", "check.threshold_pct"),
        ("[check]\nwindow = \"7d\"\n", "check.window"),
        ("[check]\nmin_rows = 7\n", "check.min_rows"),
        ("[check]\nmax_age = \"9d\"\n", "check.max_age"),
        ("[check]\nblind_after = \"9d\"\n", "check.blind_after"),
        ("[check]\nmust_detect_pct = 60\n", "check.must_detect_pct"),
        ("[check]\nbaseline = \"previous\"\n", "check.baseline"),
        ("[check]\nevidence = \"recorded\"\n", "check.evidence"),
        (
            "[action]\non_degraded = \"rollback\"\n",
            "action.on_degraded",
        ),
        ("[action]\ntarget = \"last-good\"\n", "action.target"),
        ("[season]\nwinter = \"11-01\"\n", "season.ALIAS"),
        ("[columns]\nid = \"customer\"\n", "columns.id"),
        ("[columns]\ntruth = \"churned\"\n", "columns.truth"),
        ("[ingest]\ninbox = \"in\"\n", "ingest.inbox"),
    ] {
        let policy = policy(text);
        let after = shown(&policy, &policy.common());
        let differing: Vec<_> = before
            .iter()
            .zip(&after)
            .filter(|(before, after)| before != after)
            .map(|(before, _)| before.0)
            .collect();
        assert_eq!(differing, [changed], "{text}");
    }
}

#[test]
fn a_models_own_key_holds_for_it_alone_in_any_case() {
    let policy = policy("[check]\nmin_rows = 300\n\n[models.Churn.check]\nmin_rows = 9\n");
    let rows = |name: &str| policy.for_model(&name.parse().unwrap()).check.min_rows;
    assert_eq!(rows("churn"), 9);
    assert_eq!(rows("CHURN"), 9);
    assert_eq!(rows("fraud"), 300);
    assert_eq!(policy.common().check.min_rows, 300);
}

#[test]
fn what_belongs_to_the_whole_is_not_overridden_by_a_model() {
    for key in KEYS {
        let of_a_model = check_all(&written(key, "models.churn"), Path::new("p.toml"));
        let unknown = of_a_model.iter().any(|problem| {
            problem
                .to_string()
                .contains("holds for all models and can't stand in [models.churn]")
        });
        if key.table().is_empty() {
            assert!(!key.is_per_model(), "{}", key.name);
        } else {
            assert_eq!(unknown, !key.is_per_model(), "{}: {of_a_model:?}", key.name);
        }
    }
}

#[test]
fn the_same_model_twice_in_two_spellings_is_refused() {
    let text = "[models.churn.check]\nmin_rows = 1\n\n[models.Churn.check]\nmin_rows = 2\n";
    assert!(!check_all(text, Path::new("p.toml")).is_empty());
}

#[test]
fn a_value_in_the_place_of_a_table_and_a_table_in_the_place_of_a_value_are_refused() {
    for text in [
        "check = 3\n",
        "[check.min_rows]\nx = 1\n",
        "models = 3\n",
        "[models]\nchurn = 3\n",
    ] {
        assert!(!check_all(text, Path::new("p.toml")).is_empty(), "{text}");
    }
}

#[test]
fn every_fault_is_told_in_the_order_of_the_text() {
    let text =
        "[check]\nmin_rows = \"x\"\nthreshold_pct = \"y\"\nwindw = 1\n\n[action]\ntarget = 3\n";
    let problems = check_all(text, Path::new("p.toml"));
    let lines: Vec<_> = problems
        .iter()
        .filter_map(|problem| problem.line())
        .collect();
    assert_eq!(lines, [2, 3, 4, 7]);
}

#[test]
fn dotted_keys_and_inline_tables_are_the_same_policy() {
    let table = policy("[check]\nmin_rows = 9\n");
    assert_eq!(policy("check.min_rows = 9\n"), table);
    assert_eq!(policy("check = { min_rows = 9 }\n"), table);
    assert_eq!(policy("[check] # rules\r\nmin_rows = 9 # few\r\n"), table);
}
