//! The questions of promote, rollback and undo on a real pseudo-terminal.

use std::process::Command;
use std::time::Duration;

use expectrl::{Eof, Expect as _, Session};

use crate::support::Sandbox;

/// Two promoted versions.
fn two() -> (Sandbox, Vec<String>) {
    let (sandbox, versions) = Sandbox::with_versions(2);
    for version in &versions {
        sandbox.ok(&format!("promote {version} --yes"));
    }
    (sandbox, versions)
}

/// Starts a command on a terminal, answers, and gives the exit status and all that the terminal showed.
fn asked(sandbox: &Sandbox, words: &[&str], keys: &str) -> (i32, String) {
    let prepared = sandbox.command(words);
    let mut command = Command::new(prepared.get_program());
    command
        .args(prepared.get_args())
        .current_dir(prepared.get_current_dir().unwrap())
        .env_clear()
        .envs(
            prepared
                .get_envs()
                .filter_map(|(key, value)| Some((key, value?))),
        );
    let mut session = Session::spawn(command).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(20)));
    let question = session.expect("[y/N]").unwrap();
    let mut shown = question.before().to_vec();
    shown.extend_from_slice(question.get(0).unwrap());
    session.send(keys).unwrap();
    let rest = session.expect(Eof).unwrap();
    shown.extend_from_slice(rest.get(0).unwrap());
    let status = match session.get_process().wait().unwrap() {
        expectrl::process::unix::WaitStatus::Exited(_, status) => status,
        expectrl::process::unix::WaitStatus::Signaled(_, signal, _) => 128 + signal as i32,
        other => panic!("{other:?}"),
    };
    (status, String::from_utf8_lossy(&shown).into_owned())
}

/// What the terminal's screen is in the end, by a real parser of its codes.
fn screen(shown: &str) -> vt100::Parser {
    let mut parser = vt100::Parser::new(24.try_into().unwrap(), 120.try_into().unwrap(), 0);
    parser.process(shown.as_bytes());
    parser
}

const ESC: &str = "\u{1b}";
const CTRL_C: &str = "\u{3}";

#[test]
fn yes_changes_and_the_plan_was_shown_before() {
    let (sandbox, versions) = two();
    let (status, shown) = asked(&sandbox, &["rollback"], "y");
    assert_eq!(status, 0, "{shown}");
    assert_eq!(sandbox.holder("production"), Some(versions[0].clone()));
    let plan = shown.find(&versions[0]).unwrap();
    assert!(plan < shown.find("[y/N]").unwrap(), "{shown}");
    assert!(shown.contains("Rolled back"), "{shown}");
    assert!(!screen(&shown).screen().hide_cursor(), "{shown:?}");
}

#[test]
fn no_enter_and_escape_change_nothing() {
    let (sandbox, versions) = two();
    for keys in ["n", "\r", ESC] {
        for words in [
            &["rollback"] as &[&str],
            &["undo"],
            &["promote", &versions[0]],
        ] {
            let before = sandbox.store_bytes();
            let (status, shown) = asked(&sandbox, words, keys);
            assert_eq!(status, 0, "{keys:?} {shown}");
            assert!(shown.contains("Nothing changed."), "{keys:?} {shown}");
            assert!(before == sandbox.store_bytes(), "{keys:?} {shown}");
            assert!(!screen(&shown).screen().hide_cursor(), "{keys:?} {shown:?}");
        }
    }
}

#[test]
fn ctrl_c_ends_with_130_and_changes_nothing() {
    let (sandbox, _) = two();
    for words in [
        &["rollback"] as &[&str],
        &["undo"],
        &["promote", "@production~1"],
    ] {
        let before = sandbox.store_bytes();
        let (status, shown) = asked(&sandbox, words, CTRL_C);
        assert_eq!(status, 130, "{shown}");
        assert!(before == sandbox.store_bytes(), "{shown}");
        assert!(!screen(&shown).screen().hide_cursor(), "{shown:?}");
    }
}

#[test]
fn yes_to_undo_and_promote() {
    let (sandbox, versions) = two();
    let (status, shown) = asked(&sandbox, &["undo"], "y");
    assert_eq!(status, 0, "{shown}");
    assert_eq!(sandbox.holder("production"), Some(versions[0].clone()));
    let (status, shown) = asked(&sandbox, &["promote", "latest"], "y");
    assert_eq!(status, 0, "{shown}");
    assert_eq!(sandbox.holder("production"), Some(versions[1].clone()));
}

#[test]
fn what_changes_while_the_question_is_open_is_not_done() {
    let (sandbox, versions) = two();
    let prepared = sandbox.command(&["rollback"]);
    let mut command = Command::new(prepared.get_program());
    command
        .args(prepared.get_args())
        .current_dir(prepared.get_current_dir().unwrap())
        .env_clear()
        .envs(
            prepared
                .get_envs()
                .filter_map(|(key, value)| Some((key, value?))),
        );
    let mut session = Session::spawn(command).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(20)));
    session.expect("[y/N]").unwrap();
    let third = sandbox.register("third");
    sandbox.ok(&format!("promote {third} --yes"));
    session.send("y").unwrap();
    session.expect("MG0606").unwrap();
    assert_eq!(sandbox.holder("production"), Some(third));
    assert_ne!(sandbox.holder("production"), Some(versions[0].clone()));
}
