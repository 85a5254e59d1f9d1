//! The questions of promote, rollback and undo on a real pseudo-terminal.

use std::time::Duration;

use expectrl::{Eof, Expect as _, Session};

use crate::support::Sandbox;
use crate::window::for_terminal;

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
    let mut session = Session::spawn(for_terminal(sandbox, words)).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(20)));
    let question = session.expect("[y/N]").unwrap();
    let mut shown = question.before().to_vec();
    shown.extend_from_slice(question.get(0).unwrap());
    // A key that comes before the terminal listens for single ones is lost, as it is for people; they press again.
    session.set_expect_timeout(Some(Duration::from_secs(3)));
    let mut pressed = 0;
    let rest = loop {
        session.send(keys).unwrap();
        pressed += 1;
        match session.expect(Eof) {
            Err(expectrl::Error::ExpectTimeout) if pressed < 8 => {}
            rest => break rest.unwrap(),
        }
    };
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
const CTRL_D: &str = "\u{4}";

#[test]
fn yes_changes_and_the_plan_was_shown_before() {
    let (sandbox, versions) = two();
    let (status, shown) = asked(&sandbox, &["rollback"], "y\r");
    assert_eq!(status, 0, "{shown}");
    assert_eq!(sandbox.holder("production"), Some(versions[0].clone()));
    let plan = shown.find(&versions[0]).unwrap();
    assert!(plan < shown.find("[y/N]").unwrap(), "{shown}");
    assert!(shown.contains("Rolled back"), "{shown}");
    assert!(!screen(&shown).screen().hide_cursor(), "{shown:?}");
}

#[test]
fn what_speaks_against_a_version_is_told_once() {
    let (sandbox, versions) = two();
    sandbox.ok(&format!("retire {} --reason old", versions[0]));
    let again = sandbox.write("again.bin", b"model 0");
    let again = again.display().to_string();
    let against = format!("{} is retired", versions[0]);
    for words in [
        &["promote", &versions[0]] as &[&str],
        &["-q", "promote", &versions[0]],
        &["-q", "register", &again, "--alias", "production"],
    ] {
        let (status, shown) = asked(&sandbox, words, "y\r");
        assert_eq!(status, 0, "{shown}");
        assert_eq!(shown.matches(&against).count(), 1, "{words:?} {shown}");
        sandbox.ok(&format!("promote {} --yes", versions[1]));
    }
    // Who is not asked is told none the less.
    sandbox
        .ok(&format!("-q promote {} --yes", versions[0]))
        .tells(&against);
}

#[test]
fn no_enter_and_escape_change_nothing() {
    let (sandbox, versions) = two();
    for keys in ["n\r", "\r", ESC, CTRL_D] {
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
fn maybe_is_asked_again_and_changes_nothing() {
    let (sandbox, versions) = two();
    let before = sandbox.store_bytes();
    let mut session = Session::spawn(for_terminal(&sandbox, &["rollback"])).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(20)));
    session.expect("[y/N]").unwrap();
    for words in ["maybe\r", "yess\r", "nothing\r"] {
        session.send(words).unwrap();
        session.expect("type yes or no, not").unwrap();
        session.expect("[y/N]").unwrap();
        assert!(before == sandbox.store_bytes(), "{words:?}");
    }
    session.send("yes\r").unwrap();
    session.expect("Rolled back").unwrap();
    session.expect(Eof).unwrap();
    assert_eq!(sandbox.holder("production"), Some(versions[0].clone()));
}

#[test]
fn yes_to_undo_and_promote() {
    let (sandbox, versions) = two();
    let (status, shown) = asked(&sandbox, &["undo"], "y\r");
    assert_eq!(status, 0, "{shown}");
    assert_eq!(sandbox.holder("production"), Some(versions[0].clone()));
    let (status, shown) = asked(&sandbox, &["promote", "latest"], "y\r");
    assert_eq!(status, 0, "{shown}");
    assert_eq!(sandbox.holder("production"), Some(versions[1].clone()));
}

#[test]
fn what_changes_while_the_question_is_open_is_not_done() {
    let (sandbox, versions) = two();
    let mut session = Session::spawn(for_terminal(&sandbox, &["rollback"])).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(20)));
    session.expect("[y/N]").unwrap();
    let third = sandbox.register("third");
    sandbox.ok(&format!("promote {third} --yes"));
    session.send("y\r").unwrap();
    session.expect("MG0606").unwrap();
    assert_eq!(sandbox.holder("production"), Some(third));
    assert_ne!(sandbox.holder("production"), Some(versions[0].clone()));
}

#[test]
fn a_rollback_from_a_version_that_another_run_left_meanwhile_has_nothing_to_do() {
    let (sandbox, versions) = two();
    let words = ["rollback", "--from", versions[1].as_str(), "--previous"];
    let mut session = Session::spawn(for_terminal(&sandbox, &words)).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(20)));
    session.expect("[y/N]").unwrap();
    sandbox.ok("rollback --yes");
    let before = sandbox.number("SELECT count(*) FROM operation");
    session.send("y\r").unwrap();
    session.expect("is not live any more").unwrap();
    session.expect(Eof).unwrap();
    assert_eq!(
        sandbox.number("SELECT count(*) FROM operation"),
        before,
        "one rollback was wanted"
    );
    assert_eq!(sandbox.holder("production"), Some(versions[0].clone()));
}

#[test]
fn a_season_that_another_run_applied_meanwhile_is_applied() {
    for other_is_live in [false, true] {
        let (sandbox, versions) = two();
        let cold = sandbox.register("cold");
        sandbox.ok(&format!("alias set winter {cold} --yes"));
        sandbox.write("modelguard.toml", b"[season]\nwinter = \"11-01\"\n");
        let before = sandbox.number("SELECT count(*) FROM operation");
        let words = ["season", "apply"];
        let mut session = Session::spawn(for_terminal(&sandbox, &words)).unwrap();
        session.set_expect_timeout(Some(Duration::from_secs(20)));
        session.expect("[y/N]").unwrap();
        let run = sandbox.ok("season apply --yes --json");
        assert_eq!(run.document()["data"]["changed"], true);
        if other_is_live {
            // What it is now is not what was wanted.
            sandbox.ok(&format!("promote {} --yes", versions[0]));
            session.send("y\r").unwrap();
            session.expect("MG0606").unwrap();
            assert_eq!(sandbox.holder("production"), Some(versions[0].clone()));
            continue;
        }
        session.send("y\r").unwrap();
        session
            .expect("is live already, for season winter")
            .unwrap();
        session.expect(expectrl::Eof).unwrap();
        let after = sandbox.number("SELECT count(*) FROM operation");
        assert_eq!(after, before + 1);
        assert_eq!(sandbox.holder("production"), Some(cold));
    }
}

#[test]
fn ctrl_c_at_the_season_of_one_model_leaves_the_others_alone() {
    let sandbox = Sandbox::empty();
    sandbox.write("modelguard.toml", b"[season]\nwinter = \"11-01\"\n");
    for model in ["a", "b", "c"] {
        sandbox.ok(&format!("init --model {model} --task regression"));
        for version in ["warm", "cold"] {
            let path = sandbox.write("model.bin", format!("{model} {version}").as_bytes());
            let path = path.display();
            sandbox.ok(&format!(
                "register {path} -m {model} --version-id {version}"
            ));
        }
        sandbox.ok(&format!("promote warm -m {model} --yes"));
        sandbox.ok(&format!("alias set winter cold -m {model} --yes"));
    }
    let before = sandbox.number("SELECT count(*) FROM operation");
    let words = ["season", "apply", "--all"];
    let (status, shown) = asked(&sandbox, &words, CTRL_C);
    assert_eq!(status, 130, "{shown}");
    assert!(shown.contains("a: warm → cold"), "{shown}");
    assert!(
        shown.contains(" a: interrupted; nothing was changed"),
        "{shown}"
    );
    for other in ["b: ", "c: "] {
        assert!(!shown.contains(other), "{shown}");
    }
    let after = sandbox.number("SELECT count(*) FROM operation");
    assert_eq!(after, before);
}

#[test]
fn an_alias_is_set_and_taken_away_by_a_yes_only() {
    let (sandbox, versions) = two();
    let set = ["alias", "set", "winter", &versions[0]];
    let (status, shown) = asked(&sandbox, &set, "n\r");
    assert_eq!(status, 0, "{shown}");
    assert!(shown.contains("Nothing changed."), "{shown}");
    assert_eq!(sandbox.holder("winter"), None);
    let (status, shown) = asked(&sandbox, &set, "y\r");
    assert_eq!(status, 0, "{shown}");
    assert_eq!(sandbox.holder("winter"), Some(versions[0].clone()));
    let (status, shown) = asked(&sandbox, &["alias", "remove", "winter"], ESC);
    assert_eq!(status, 0, "{shown}");
    assert_eq!(sandbox.holder("winter"), Some(versions[0].clone()));
    let (status, shown) = asked(&sandbox, &["alias", "remove", "winter"], CTRL_C);
    assert_eq!(status, 130, "{shown}");
    let (status, shown) = asked(&sandbox, &["alias", "remove", "winter"], "y\r");
    assert_eq!(status, 0, "{shown}");
    assert_eq!(sandbox.holder("winter"), None);
}

#[test]
fn a_no_is_a_document_that_says_so() {
    let (sandbox, versions) = two();
    let (status, shown) = asked(&sandbox, &["rollback", "--json"], "n\r");
    assert_eq!(status, 0, "{shown}");
    assert!(shown.contains("\"changed\": false"), "{shown}");
    assert_eq!(sandbox.holder("production"), Some(versions[1].clone()));
}

#[test]
fn trust_shows_what_reaches_outside_and_asks() {
    let sandbox = Sandbox::empty();
    sandbox.write("modelguard.toml", b"[store]\npath = \"../elsewhere.db\"\n");
    for keys in ["n\r", "\r", ESC, CTRL_D] {
        let (status, shown) = asked(&sandbox, &["config", "trust"], keys);
        assert_eq!(status, 0, "{shown}");
        let plan = shown.find("elsewhere.db").unwrap();
        assert!(plan < shown.find("[y/N]").unwrap(), "{shown}");
        assert!(shown.contains("Nothing changed."), "{shown}");
        sandbox.fails("status", 2, "MG0307");
    }
    let (status, shown) = asked(&sandbox, &["config", "trust"], CTRL_C);
    assert_eq!(status, 130, "{shown}");
    sandbox.fails("status", 2, "MG0307");
    let (status, shown) = asked(&sandbox, &["config", "trust"], "y\r");
    assert_eq!(status, 0, "{shown}");
    sandbox.fails("status", 10, "MG0201");
}

/// Runs a command on a terminal that asks nothing.
fn on_terminal(sandbox: &Sandbox, words: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let mut command = for_terminal(sandbox, words);
    command.envs(variables.iter().copied());
    let mut session = Session::spawn(command).unwrap();
    session.set_expect_timeout(Some(Duration::from_secs(20)));
    let shown = session.expect(Eof).unwrap();
    let shown = shown.get(0).unwrap().to_vec();
    let status = match session.get_process().wait().unwrap() {
        expectrl::process::unix::WaitStatus::Exited(_, status) => status,
        other => panic!("{other:?}"),
    };
    (status, String::from_utf8_lossy(&shown).into_owned())
}

#[test]
fn a_terminal_has_colour_unless_told_otherwise() {
    let (sandbox, _) = two();
    let painted = |words: &[&str], variables: &[(&str, &str)]| {
        let (status, shown) = on_terminal(&sandbox, words, variables);
        assert_eq!(status, 0, "{shown}");
        shown.contains("\u{1b}[1m") || shown.contains("\u{1b}[3")
    };
    assert!(painted(&["history"], &[]));
    assert!(!painted(&["history"], &[("NO_COLOR", "1")]));
    assert!(painted(&["history"], &[("NO_COLOR", "")]));
    assert!(!painted(&["history"], &[("TERM", "dumb")]));
    assert!(!painted(&["history", "--color", "never"], &[]));
}

#[test]
fn nothing_is_asked_where_ci_says_so_or_no_input_is_given() {
    let (sandbox, versions) = two();
    for (words, variables) in [
        (
            &["rollback"] as &[&str],
            &[("CI", "true")] as &[(&str, &str)],
        ),
        (&["rollback", "--no-input"], &[]),
    ] {
        let (status, shown) = on_terminal(&sandbox, words, variables);
        assert_eq!(status, 2, "{shown}");
        assert!(shown.contains("MG0102"), "{shown}");
    }
    assert_eq!(sandbox.holder("production"), Some(versions[1].clone()));
}

#[test]
fn a_new_version_that_takes_production_is_asked_for_as_a_promotion() {
    let (sandbox, _) = two();
    sandbox.write("new.bin", b"new");
    let register = |alias| ["register", "new.bin", "--alias", alias];
    let (status, shown) = asked(&sandbox, &register("production"), ESC);
    assert_eq!(status, 0, "{shown}");
    assert!(shown.contains("Promote?"), "{shown}");
    sandbox.ok("alias set winter latest --yes");
    let (_, shown) = asked(&sandbox, &register("winter"), ESC);
    assert!(shown.contains("Change the alias?"), "{shown}");
}
