//! Tests of what `store verify` says: one line a check, the code that explains a failure, the exit status.

#![cfg(test)]

use std::path::PathBuf;

use super::*;
use crate::commands::example::{call, screen, text};
use crate::domain::holders::OperationId;

fn chain(contains_expected: bool) -> Chain {
    Chain {
        operations_count: 1_234,
        head: Hash([0xab; 32]),
        contains_expected,
    }
}

fn path() -> PathBuf {
    PathBuf::from("m.db")
}

#[test]
fn a_whole_store_says_so_and_exits_with_0() {
    let mut verified = Verified::default();
    let run = call(&["store", "verify"]);
    verified
        .listed(&run, "sqlite", "MG0402", Ok(vec![]), "the pages are sound")
        .unwrap();
    verified.chain(&run, Ok(chain(true)), None).unwrap();
    assert_eq!(
        text(&verified),
        format!(
            "ok    sqlite         the pages are sound\n\
             ok    log            1,234 operations, chain intact\n\
             head {}\nThe store holds what was written.\n",
            "ab".repeat(32)
        )
    );
    assert_eq!(verified.exit(), ExitStatus::Ok);
    assert_eq!(verified.data()["operations_count"], 1_234);
    assert_eq!(verified.data()["checks"][0]["outcome"], "ok");
    assert_eq!(verified.data()["checks"][0]["hint"], Value::Null);
}

#[test]
fn one_failure_among_many_makes_the_store_untrue() {
    let mut verified = Verified::default();
    let run = call(&["store", "verify"]);
    let faults = vec!["page 3".to_owned(), "page 4\nok    all".to_owned()];
    verified
        .listed(&run, "sqlite", "MG0402", Ok(faults), "fine")
        .unwrap();
    verified
        .listed(&run, "references", "MG0412", Ok(vec![]), "fine")
        .unwrap();
    let said = text(&verified);
    assert!(
        said.starts_with("FAIL  sqlite         page 3; page 4"),
        "{said}"
    );
    assert!(
        said.contains("  (`modelguard help MG0402`)\nok    references     fine\n"),
        "{said}"
    );
    assert!(said.ends_with("1 of 2 checks failed: the store is not what was written.\n"));
    assert_eq!(said.lines().count(), 3, "a fault forges no line: {said}");
    assert_eq!(verified.exit().code(), 12);
    let check = &verified.data()["checks"][0];
    assert_eq!(check["outcome"], "fail");
    assert_eq!(check["code"], "MG0402");
    assert_eq!(check["hint"], "`modelguard help MG0402`");
}

#[test]
fn an_expected_head_is_a_check_of_its_own() {
    let run = call(&["store", "verify"]);
    for (contains, code, words) in [(true, 0, "is in"), (false, 12, "is not in")] {
        let mut verified = Verified::default();
        let head = Some(Hash([0xcd; 32]));
        verified.chain(&run, Ok(chain(contains)), head).unwrap();
        let said = text(&verified);
        assert!(
            said.contains(&format!("{} {words} the chain", "cd".repeat(32))),
            "{said}"
        );
        assert_eq!(verified.exit().code(), code);
        assert_eq!(verified.checks.len(), 2);
    }
}

#[test]
fn a_broken_chain_has_no_head() {
    let mut verified = Verified::default();
    let broken = StoreError::ChainBroken {
        id: OperationId(4),
        cause: "its hash is another".to_owned(),
    };
    verified
        .chain(&call(&["store", "verify"]), Err(broken), Some(Hash::ZERO))
        .unwrap();
    let said = text(&verified);
    assert!(
        said.starts_with("FAIL  log            op_4: its hash is another"),
        "{said}"
    );
    assert!(!said.contains("\nhead "), "{said}");
    assert_eq!(
        verified.checks.len(),
        1,
        "nothing is expected of a broken chain"
    );
    assert_eq!(verified.data()["head_blake3"], Value::Null);
    assert_eq!(verified.data()["checks"][0]["code"], "MG0410");
}

#[test]
fn what_can_not_be_read_now_is_a_problem_and_all_else_a_finding() {
    let run = call(&["store", "verify"]);
    let of = |error| finding::<()>(&run, Err(error));
    let cause = || "why".to_owned();
    for (error, code) in [
        (StoreError::Busy { path: path() }, "MG0404"),
        (StoreError::HotJournal { path: path() }, "MG0408"),
        (
            StoreError::Forbidden {
                path: path(),
                cause: cause(),
            },
            "MG0403",
        ),
        (
            StoreError::Io {
                path: path(),
                cause: cause(),
            },
            "MG0407",
        ),
    ] {
        assert_eq!(of(error).unwrap_err().code, code);
    }
    let damaged = StoreError::Damaged {
        path: path(),
        cause: cause(),
    };
    assert_eq!(of(damaged), Ok(Err("why".to_owned())));
    let torn = StoreError::ArtifactTorn(Hash([0x11; 32]));
    let told = of(torn).unwrap().unwrap_err();
    assert!(told.contains("1111"), "{told}");
}

#[test]
fn colour_only_repeats_the_words() {
    let mut verified = Verified::default();
    verified.add("sqlite", None, "fine".to_owned());
    verified.add("log", Some("MG0410"), "broken".to_owned());
    let painted = verified.text(&Screen {
        palette: crate::ui::colour::Palette::new(true),
        ..screen()
    });
    assert_ne!(painted, text(&verified));
    assert_eq!(
        anstream::adapter::strip_str(&painted).to_string(),
        text(&verified)
    );
}
