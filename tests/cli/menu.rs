//! The menu on a real terminal: its items, its ways out, small windows, many versions.

use crate::support::Sandbox;
use crate::window::{Closed, Window};

const ESC: &str = "\u{1b}";
const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const DOWN: &str = "\u{1b}[B";
const UP: &str = "\u{1b}[A";
const WIDE: (u16, u16) = (100, 60);

/// The line under the menu, as far as it fits everywhere.
const MENU: &str = "1-8 or arrows";
/// The line under a list.
const SEARCH: &str = "type to search:";

fn version(sandbox: &Sandbox, name: &str, metrics: &str) {
    let path = sandbox.write("model.bin", name.as_bytes());
    sandbox.ok(&format!(
        "register {} --version-id {name} {metrics}",
        path.display()
    ));
}

/// A retired version and three others, good, good and bad, of which the last is live.
fn three() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.ok("init --model m --task regression --preset original");
    version(&sandbox, "v0", "--metric r2=0.7");
    version(&sandbox, "v1", "--metric r2=0.80 --metric rmse=10");
    version(&sandbox, "v2", "--metric r2=0.81 --metric rmse=10.1");
    version(&sandbox, "v3", "--metric r2=0.60 --metric rmse=14");
    sandbox.ok("retire v0 --reason old");
    for name in ["v1", "v2", "v3"] {
        sandbox.ok(&format!("promote {name} --yes"));
    }
    sandbox
}

fn menu(sandbox: &Sandbox) -> Window {
    let mut window = Window::open(sandbox, &["menu"], WIDE);
    window.waits_at(MENU);
    window
}

impl Window {
    /// Chooses an item and waits until its command was shown and the terminal waits for the next answer.
    #[track_caller]
    fn item(&mut self, keys: &str, command: &str, then: &str) {
        self.press(keys);
        self.until(command, |window| window.shows(command));
        self.waits_at(then);
    }

    /// Leaves the menu; nothing of it may stay.
    #[track_caller]
    fn leave(mut self, keys: &str, status: i32) -> Closed {
        self.press(keys);
        self.left(status)
    }

    #[track_caller]
    fn left(self, status: i32) -> Closed {
        let closed = self.close();
        assert_eq!(closed.status, status, "{closed:#?}");
        for text in [
            MENU,
            SEARCH,
            "Show model",
            "> ",
            "live v",
            "live nobody",
            "8 Exit",
        ] {
            let residue = closed.rows.iter().any(|row| row.contains(text));
            assert!(!residue, "{text:?} is left: {closed:#?}");
        }
        closed
    }
}

#[test]
fn every_item_prints_its_command_and_runs_it() {
    let sandbox = three();
    let mut window = menu(&sandbox);
    assert!(
        window.shows("m: live v3; never checked"),
        "{:#?}",
        window.rows()
    );
    let items = [
        "> 1 Show model status",
        "  2 Check degradation",
        "  3 Quick rollback",
        "  4 Full monitoring",
        "  5 Manual rollback to version",
        "  6 Compare versions",
        "  7 Show history",
        "  8 Exit",
    ];
    let rows = window.rows();
    assert_eq!(rows[1..9], items, "{rows:#?}");

    window.item("1\r", "$ modelguard status", MENU);
    assert!(window.shows("below    v2"), "{:#?}", window.rows());
    window.item("2\r", "$ modelguard check", MENU);
    assert!(
        window.shows("m: live v3; bad, degraded, "),
        "{:#?}",
        window.rows()
    );

    window.item(
        "3\r",
        "$ modelguard rollback --previous",
        "Roll back? [y/N]",
    );
    assert!(window.shows("m: v3"), "{:#?}", window.rows());
    window.press("\r");
    window.waits_at(MENU);
    assert_eq!(window.count("Nothing changed."), 1, "{:#?}", window.rows());
    assert_eq!(sandbox.holder("production").as_deref(), Some("v3"));

    window.item(
        "4\r",
        "$ modelguard monitor --auto-rollback --dry-run",
        "[y/N]",
    );
    window.press("no\r");
    window.waits_at(MENU);
    assert_eq!(window.count("Nothing changed."), 2, "{:#?}", window.rows());
    assert_eq!(sandbox.holder("production").as_deref(), Some("v3"));
    window.leave(ESC, 0);

    let mut window = menu(&sandbox);
    window.item(
        "4\r",
        "$ modelguard monitor --auto-rollback --dry-run",
        "[y/N]",
    );
    window.press("y\r");
    window.until("the rollback", |window| {
        window.shows("$ modelguard monitor --auto-rollback")
    });
    window.waits_at(MENU);
    assert_eq!(sandbox.holder("production").as_deref(), Some("v2"));
    assert!(
        window.shows("m: live v2; not checked since; before: degraded, "),
        "{:#?}",
        window.rows()
    );
    assert!(window.shows("(of v3)"), "{:#?}", window.rows());

    window.press("5\r");
    window.waits_at(SEARCH);
    let rows = window.rows();
    let marked = |row: &String| row.contains("v3  bad  r2 0.600, rmse 14.0");
    assert!(rows.iter().any(marked), "{rows:#?}");
    let listed = |name: &str| {
        rows.iter()
            .any(|row| row[2..].starts_with(&format!("{name}  r2")))
    };
    assert!(listed("v1") && !listed("v0") && !listed("v2"), "{rows:#?}");
    window.press("v1");
    window.waits_at("1 of 2, type to search: v1");
    window.item("\r", "$ modelguard rollback v1", "[y/N]");
    window.press("maybe\r");
    window.until("the complaint", |window| window.shows("type yes or no"));
    window.press(ESC);
    window.waits_at(MENU);
    assert_eq!(sandbox.holder("production").as_deref(), Some("v2"));
    window.press("5\r");
    window.waits_at(SEARCH);
    window.press("V1\r");
    window.waits_at("[y/N]");
    window.press("yes\r");
    window.waits_at(MENU);
    assert_eq!(sandbox.holder("production").as_deref(), Some("v1"));
    window.leave("q", 0);

    let mut window = menu(&sandbox);
    window.press("6\r");
    window.waits_at("4 of 4");
    assert!(window.shows("v1  live  r2"), "{:#?}", window.rows());
    assert!(window.shows("v0  retired"), "{:#?}", window.rows());
    window.press("v3\r");
    window.waits_at("3 of 3");
    window.press("v1");
    window.waits_at("1 of 3, type to search: v1");
    window.item("\r", "$ modelguard compare v3 v1", MENU);

    window.press("7\r");
    window.waits_at("How many versions? [10]");
    window.press("none\r");
    window.until("the complaint", |window| {
        window.shows("type a number above 0")
    });
    window.waits_at("[10] ");
    window.item("2\r", "$ modelguard history 2", MENU);
    window.press("7\r");
    window.waits_at("[10]");
    window.item("\r", "$ modelguard history 10", MENU);
    window.leave("8\r", 0);
    assert_eq!(
        sandbox.number("SELECT count(*) FROM operation WHERE kind = 'rollback'"),
        2
    );
}

#[test]
fn the_mark_stays_where_it_was_and_arrows_move_it() {
    let sandbox = three();
    let mut window = menu(&sandbox);
    window.press(UP);
    window.until("the last item", |window| window.shows("> 8 Exit"));
    window.press(DOWN);
    window.press(DOWN);
    window.until("the second item", |window| window.shows("> 2 Check"));
    window.item("\r", "$ modelguard check", MENU);
    assert!(window.shows("> 2 Check"), "{:#?}", window.rows());
    window.press("8");
    window.until("the last item", |window| window.shows("> 8 Exit"));
    window.leave("\r", 0);
}

#[test]
fn keys_typed_ahead_are_taken_and_leave_nothing() {
    let sandbox = three();
    let mut window = Window::open(&sandbox, &["menu"], WIDE);
    window.press("1\r7\r3\r5\rv1\rn\r8\r");
    let closed = window.left(0);
    for command in ["status", "history 3", "rollback v1"] {
        let line = format!("$ modelguard {command}");
        assert!(closed.rows.contains(&line), "{closed:#?}");
    }
    assert_eq!(sandbox.holder("production").as_deref(), Some("v3"));
}

/// The places in which the menu waits for keys: how to come there, and what is shown then.
const PLACES: [(&str, &str); 7] = [
    ("", MENU),
    ("3\r", "[y/N]"),
    ("4\r", "[y/N]"),
    ("5\r", SEARCH),
    ("6\r", "4 of 4"),
    ("6\rv1\r", "3 of 3"),
    ("7\r", "[10]"),
];

#[test]
fn escape_and_ctrl_d_go_back_and_leave_without_a_change() {
    let sandbox = three();
    let before = sandbox.store_bytes();
    for key in [ESC, CTRL_D] {
        for (keys, place) in PLACES {
            let mut window = menu(&sandbox);
            window.press(keys);
            window.waits_at(place);
            if !keys.is_empty() {
                window.press(key);
                window.waits_at(MENU);
            }
            window.leave(key, 0);
            assert!(before == sandbox.store_bytes(), "{keys:?} {key:?}");
        }
    }
}

#[test]
fn ctrl_c_ends_the_menu_anywhere_without_a_change() {
    let sandbox = three();
    let before = sandbox.store_bytes();
    for (keys, place) in PLACES {
        let mut window = menu(&sandbox);
        window.press(keys);
        window.waits_at(place);
        window.leave(CTRL_C, 130);
        assert!(before == sandbox.store_bytes(), "{keys:?}");
    }
}

#[test]
fn a_signal_from_outside_ends_it_too() {
    let sandbox = three();
    let before = sandbox.store_bytes();
    for (signal, status) in [("TERM", 143), ("INT", 130)] {
        for (keys, place) in PLACES {
            let mut window = menu(&sandbox);
            window.press(keys);
            window.waits_at(place);
            window.send(signal);
            window.left(status);
            assert!(before == sandbox.store_bytes(), "{keys:?}");
        }
    }
}

#[test]
fn even_a_killed_list_has_not_hidden_the_cursor() {
    let sandbox = three();
    for (keys, place) in PLACES {
        let mut window = menu(&sandbox);
        window.press(keys);
        window.waits_at(place);
        assert!(!window.hides_cursor());
        window.send("KILL");
    }
}

#[test]
fn monitoring_asks_only_where_it_might_go_back() {
    let sandbox = Sandbox::empty();
    sandbox.ok("init --model m --task regression");
    version(&sandbox, "v1", "--metric rmse=10");
    sandbox.ok("promote v1 --yes");
    let mut window = menu(&sandbox);
    window.item("4\r", "$ modelguard monitor --no-auto-rollback", MENU);
    assert_eq!(window.count("[y/N]"), 0, "{:#?}", window.rows());
    assert!(
        window.shows("m: live v1; insufficient data, "),
        "{:#?}",
        window.rows()
    );
    window.leave(ESC, 0);
    let checks = "SELECT count(*) FROM operation WHERE kind = 'check'";
    assert_eq!(sandbox.number(checks), 1);
    // A healthy one is not asked about either.
    let sandbox = three();
    sandbox.ok("promote v2 --yes");
    version(&sandbox, "v4", "--metric r2=0.82 --metric rmse=10");
    sandbox.ok("promote v4 --yes");
    let mut window = menu(&sandbox);
    window.item("4\r", "$ modelguard monitor --no-auto-rollback", MENU);
    assert!(
        window.shows("m: live v4; healthy, "),
        "{:#?}",
        window.rows()
    );
    window.leave(ESC, 0);
    assert_eq!(sandbox.holder("production").as_deref(), Some("v4"));
}

#[test]
fn a_command_in_a_narrow_window_can_be_pasted() {
    let sandbox = three();
    sandbox.write("a folder of sorts with a long name/.keep", b"");
    std::fs::rename(
        sandbox.store(),
        sandbox.file("a folder of sorts with a long name/other.db"),
    )
    .unwrap();
    let words = [
        "-C",
        "a folder of sorts with a long name",
        "--db",
        "other.db",
        "menu",
    ];
    let mut window = Window::open(&sandbox, &words, (40, 60));
    window.waits_at(MENU);
    window.press("3\r");
    window.waits_at("[y/N]");
    let rows = window.rows();
    let begins = rows.iter().position(|row| row.starts_with("$ ")).unwrap();
    let ends = (begins..).find(|row| !rows[*row].ends_with('\\')).unwrap();
    let command = &rows[begins..=ends];
    assert!(command.len() > 2, "{rows:#?}");
    assert!(
        command.iter().all(|row| row.chars().count() <= 40),
        "{rows:#?}"
    );
    let pasted = command.join("\n").replacen("$ ", "", 1);
    let script = format!("modelguard() {{ printf '<%s>' \"$@\"; }}\n{pasted}");
    let shell = std::process::Command::new("sh")
        .args(["-c", &script])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(shell.stdout).unwrap(),
        "<-C><a folder of sorts with a long name><--db><other.db><rollback><--previous>"
    );
    window.press(ESC);
    window.waits_at(MENU);
    window.leave(ESC, 0);
}

#[test]
fn forty_columns_are_enough_and_no_line_is_wider() {
    let sandbox = three();
    let mut window = Window::open(&sandbox, &["menu"], (40, 24));
    for keys in ["", "5\r", "v", "\u{7f}", ESC, "6\r", "v1\r", ESC] {
        window.press(keys);
        window.waits_at(if ["", ESC].contains(&keys) {
            MENU
        } else {
            "type to"
        });
        assert!(!window.is_wrapped(), "{keys:?} {:#?}", window.rows());
        let widest = window.rows().iter().map(|row| row.chars().count()).max();
        assert!(widest <= Some(38), "{keys:?} {:#?}", window.rows());
    }
    window.leave(ESC, 0);
}

#[test]
fn no_line_of_an_answer_is_wider_than_a_narrow_window() {
    let sandbox = three();
    let sample = "id,prediction,truth\n1,1.5,1\n2,2.5,2\n3,3.5,3\n";
    let (artifact, sample) = (
        sandbox.write("sampled.bin", b"sampled"),
        sandbox.write("a sample with a name of its own.csv", sample.as_bytes()),
    );
    let (artifact, sample) = (artifact.to_str().unwrap(), sample.to_str().unwrap());
    let words = [
        "register",
        artifact,
        "--version-id",
        "v4",
        "--reference",
        sample,
    ];
    sandbox.run_words(&words).expect(0);
    let mut window = Window::open(&sandbox, &["menu"], (40, 120));
    window.waits_at(MENU);
    window.item("1\r", "$ modelguard status", MENU);
    window.item("2\r", "$ modelguard check", MENU);
    window.item("3\r", "$ modelguard rollback", "Roll back? [y/N]");
    window.press("n\r");
    window.waits_at(MENU);
    window.item("4\r", "$ modelguard monitor", "Monitor for real? [y/N]");
    window.press("y\r");
    window.waits_at(MENU);
    window.press("5\r");
    window.waits_at(SEARCH);
    assert!(window.shows("v4  r2 0.625 on its"), "{:#?}", window.rows());
    window.press("v3\r");
    window.waits_at("[y/N]");
    assert!(window.shows("warning: v3 is bad"), "{:#?}", window.rows());
    window.press("n\r");
    window.waits_at(MENU);
    window.press("6\rv3\r");
    window.waits_at("type to");
    window.item("v1\r", "$ modelguard compare v3 v1", MENU);
    window.press("7\r");
    window.waits_at("[10]");
    window.item("\r", "$ modelguard history 10", MENU);
    assert!(!window.is_wrapped(), "{:#?}", window.rows());
    let rows = window.rows();
    for text in ["  difference:", "   version  ", "hint: "] {
        assert!(window.shows(text), "{text}: {rows:#?}");
    }
    // A problem is folded as well.
    window.item("3\r", "$ modelguard rollback", "[y/N]");
    window.press("y\r");
    window.waits_at(MENU);
    window.press("3\r");
    window.until("the problem", |window| {
        window.shows("error: nothing lies below")
    });
    window.waits_at(MENU);
    assert!(!window.is_wrapped(), "{:#?}", window.rows());
    window.leave(ESC, 0);
}

#[test]
fn the_header_says_of_what_is_live_what_status_says() {
    let sandbox = three();
    sandbox.run("check").expect(3);
    sandbox.ok("rollback v2 --yes");
    sandbox.run("check").expect(0);
    let title = |size| {
        let mut window = Window::open(&sandbox, &["menu"], size);
        window.waits_at(MENU);
        let title = window.rows()[0].clone();
        window.leave(ESC, 0);
        title
    };
    assert!(title(WIDE).starts_with("m: live v2; healthy, "));
    // A rollback by hand is no praise: what it goes to stays bad.
    sandbox.ok("rollback v3 --yes");
    sandbox
        .ok("status")
        .says(", bad: degraded when last judged")
        .says("not checked since it became live");
    let wide = title(WIDE);
    let begin = "m: live v3; bad, not checked since; before: healthy, ";
    assert!(wide.starts_with(begin), "{wide}");
    assert!(wide.ends_with(" (of v2)"), "{wide}");
    let narrow = title((40, 24));
    assert!(
        narrow.starts_with("m: live v3; bad, not checked"),
        "{narrow}"
    );
    // A promote clears, and then it was live before.
    sandbox.ok("undo --yes");
    sandbox.ok("promote v3 --yes");
    sandbox.run("check").expect(3);
    sandbox.ok("promote v2 --yes");
    sandbox.ok("promote v3 --yes");
    let again = title(WIDE);
    let begin = "m: live v3; not checked since; before: degraded, ";
    assert!(again.starts_with(begin), "{again}");
    assert!(!again.contains("(of"), "{again}");
}

#[test]
fn a_new_size_of_the_window_draws_it_anew_at_once() {
    let sandbox = three();
    let sizes = [
        (30, 24),
        (120, 24),
        (12, 24),
        (80, 6),
        (80, 2),
        (80, 24),
        (41, 9),
        (100, 40),
    ];
    for (keys, place) in [("", "8 Exit"), ("5\r", "v1")] {
        let mut window = menu(&sandbox);
        window.press(keys);
        window.until(place, |window| window.shows(place));
        for (columns, rows) in sizes {
            window.resize((columns, rows));
            if rows > 2 {
                window.until("drawn anew", |window| {
                    window.count("> ") == 1 && !window.is_wrapped()
                });
                let title = if keys.is_empty() {
                    "m: live"
                } else {
                    "Go back"
                };
                window.until("one title", |window| window.count(title) == 1);
                window.until("one prompt", |window| {
                    window.count("1-8") + window.count("2 of 2") == 1
                });
            }
        }
        if !keys.is_empty() {
            window.press(ESC);
            window.waits_at(MENU);
        }
        window.leave("q", 0);
    }
}

#[test]
fn a_terminal_that_wraps_what_became_too_wide_keeps_nothing_of_the_list() {
    let sandbox = three();
    for (keys, title) in [("", "m: live"), ("5\r", "Go back")] {
        let mut window = menu(&sandbox);
        window.press(keys);
        window.until(title, |window| window.shows(title));
        for (columns, rows) in [(20, 40), (90, 40), (11, 24), (60, 24), (40, 8)] {
            window.resize_and_wrap((columns, rows));
            window.until("drawn anew", |window| {
                window.count(title) == 1 && window.count("> ") == 1 && !window.is_wrapped()
            });
        }
        window.leave(CTRL_C, 130);
    }
}

#[test]
fn a_question_keeps_its_plan_when_the_window_changes() {
    let sandbox = three();
    let mut window = menu(&sandbox);
    window.item("3\r", "$ modelguard rollback --previous", "[y/N]");
    window.resize((90, 50));
    window.press("y");
    window.waits_at("[y/N] y");
    assert!(window.shows("to take it back"), "{:#?}", window.rows());
    window.resize((24, 50));
    window.press("es\r");
    window.waits_at("1-8");
    assert_eq!(sandbox.holder("production").as_deref(), Some("v2"));
    window.press("q");
    window.close();
}

#[test]
fn without_a_store_the_header_says_so_and_the_menu_goes_on() {
    let sandbox = Sandbox::empty();
    let mut window = menu(&sandbox);
    assert!(window.shows("there is no store"), "{:#?}", window.rows());
    for command in ["modelguard init --task classification", "modelguard demo"] {
        let line = format!("  {command}");
        assert!(window.rows().contains(&line), "{:#?}", window.rows());
    }
    for (index, keys) in ["1\r", "2\r", "3\r", "4\r", "5\r", "6\r", "7\r\r"]
        .iter()
        .enumerate()
    {
        window.press(keys);
        window.until("the error", |window| window.count("MG0201") == index + 1);
        window.waits_at(MENU);
    }
    window.leave("8\r", 0);
    assert!(!sandbox.store().exists());
}

#[test]
fn a_model_that_is_not_there_is_told() {
    let sandbox = three();
    let mut window = Window::open(&sandbox, &["-m", "other", "menu"], WIDE);
    window.waits_at(MENU);
    assert!(window.shows("modelguard: "), "{:#?}", window.rows());
    window.item("2\r", "$ modelguard -m other check", MENU);
    window.press("5\r");
    window.until("two errors", |window| window.count("MG02") == 2);
    window.waits_at(MENU);
    window.leave(ESC, 0);
}

#[test]
fn a_model_without_versions_has_nothing_to_choose() {
    let sandbox = Sandbox::new();
    let mut window = menu(&sandbox);
    assert!(
        window.shows("churn: live nobody; never checked"),
        "{:#?}",
        window.rows()
    );
    window.item("5\r", "There is no other version", MENU);
    window.item("6\r", "There are no two versions", MENU);
    window.item("3\r", "$ modelguard rollback --previous", MENU);
    window.leave(ESC, 0);
}

#[test]
fn of_several_models_one_is_chosen_first() {
    let sandbox = three();
    sandbox.ok("init --model winter --task classification");
    let mut window = Window::open(&sandbox, &["menu"], WIDE);
    window.waits_at("2 of 2, type to search");
    assert!(window.shows("Which model?"), "{:#?}", window.rows());
    window.press("wint\r");
    window.waits_at(MENU);
    assert!(window.shows("winter: live nobody"), "{:#?}", window.rows());
    window.item("7\r\r", "$ modelguard -m winter history 10", MENU);
    window.leave(ESC, 0);
    for (key, status) in [(ESC, 0), (CTRL_C, 130)] {
        let mut window = Window::open(&sandbox, &["menu"], WIDE);
        window.waits_at("2 of 2, type to search");
        window.leave(key, status);
    }
    let mut window = Window::open(&sandbox, &["-m", "m", "menu"], WIDE);
    window.waits_at(MENU);
    window.leave(ESC, 0);
}

#[test]
fn what_chose_the_store_is_in_every_command_and_can_be_pasted() {
    let sandbox = three();
    sandbox.write("sub dir/.keep", b"");
    std::fs::rename(sandbox.store(), sandbox.file("sub dir/other.db")).unwrap();
    let words = ["-C", "sub dir", "--db", "other.db", "-m", "m", "menu"];
    let mut window = Window::open(&sandbox, &words, WIDE);
    window.waits_at(MENU);
    assert!(window.shows("m: live v3"), "{:#?}", window.rows());
    let line = "modelguard -C 'sub dir' --db other.db -m m rollback --previous";
    window.item("3\r", &format!("$ {line}"), "[y/N]");
    let back = "`modelguard -C 'sub dir' --db other.db -m m undo`";
    assert!(window.shows(back), "{:#?}", window.rows());
    window.press("y\r");
    window.waits_at(MENU);
    assert!(window.shows("m: live v2"), "{:#?}", window.rows());
    window.leave(ESC, 0);
    let words = ["-C", "sub dir", "--db", "other.db", "-m", "m"];
    let pasted = |more: &[&str]| sandbox.run_words(&[&words, more].concat()).expect(0);
    pasted(&["status"]).says("live     v2");
    pasted(&["log", "--json"]).says(line);
}

#[test]
fn five_hundred_versions_are_searched_and_leave_nothing() {
    let sandbox = three();
    let added = sandbox.sql().execute_batch(
        "INSERT INTO version
         SELECT 1000 + value, model_id, 10 + value, printf('2027_%04d', value), artifact_id,
                file_name, metadata_blake3, registered_at + value, params, tags, note, NULL
         FROM version, json_each((WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n
                                  WHERE i < 496) SELECT json_group_array(i) FROM n))
         WHERE version.name = 'v1';
         INSERT INTO version_metric SELECT id, 'r2', 0.5 FROM version WHERE id > 1000;",
    );
    added.unwrap();
    assert_eq!(sandbox.number("SELECT count(*) FROM version"), 500);
    for window_size in [(100, 40), (40, 10)] {
        let mut window = Window::open(&sandbox, &["menu"], window_size);
        window.waits_at("1-8");
        window.press("5\r");
        window.waits_at("498 of 498");
        assert!(!window.is_wrapped(), "{:#?}", window.rows());
        assert!(window.rows().len() <= 17, "{:#?}", window.rows());
        for _ in 0..40 {
            window.press(DOWN);
        }
        window.until("the mark below", |window| window.shows("> 2027_0456"));
        window.press("2027_0123");
        window.until("the one", |window| window.shows("> 2027_0123  r2 0.500"));
        window.press("x");
        window.waits_at("0 of 498");
        window.press("\r\u{7f}");
        window.until("the one", |window| window.shows("> 2027_0123  r2 0.500"));
        window.press(ESC);
        window.waits_at("1-8");
        assert_eq!(window.count("2027"), 0, "{:#?}", window.rows());
        window.press("6\r");
        window.waits_at("500 of 500");
        window.press("2027_0200\r");
        window.waits_at("499 of 499");
        window.press("v2");
        window.until("v2", |window| window.shows("> v2  r2 0.810"));
        window.press("\r");
        window.waits_at("1-8");
        if window_size.1 > 24 {
            let command = "$ modelguard compare 2027_0200 v2";
            assert!(window.shows(command), "{:#?}", window.rows());
        }
        window.leave(ESC, 0);
    }
}

#[test]
fn bare_on_a_terminal_is_the_menu() {
    let sandbox = three();
    for words in [&[] as &[&str], &["-m", "m"]] {
        let mut window = Window::open(&sandbox, words, WIDE);
        window.waits_at(MENU);
        window.leave(ESC, 0);
    }
}

#[test]
fn without_a_terminal_it_is_the_short_help() {
    let sandbox = three();
    for line in ["", "menu", "--no-input menu"] {
        let run = sandbox.run(line).expect(2).tells("Usage: modelguard");
        assert_eq!(run.stdout, "");
        // Who asked for the menu is told why there is none.
        let why = run.stderr.lines().last().unwrap();
        let is_told = why.starts_with("The menu needs a terminal");
        assert_eq!(is_told, line.contains("menu"), "{run:#?}");
    }
    let run = sandbox.run("menu --json").expect(2);
    assert_eq!(run.problem()["code"], "MG0102");
    assert_eq!(sandbox.run("--json").expect(2).problem()["code"], "MG0101");
    for (words, variable) in [
        (&["menu", "--no-input"] as &[&str], "X"),
        (&["menu"], "CI"),
        (&[], "CI"),
    ] {
        let window = Window::open_with(&sandbox, words, WIDE, |command| {
            command.env(variable, "true");
        });
        let closed = window.close();
        assert_eq!(closed.status, 2, "{closed:#?}");
        let has_usage = closed
            .rows
            .iter()
            .any(|row| row.starts_with("Usage: modelguard"));
        assert!(has_usage, "{closed:#?}");
    }
}
