//! `season`: versions that take turns with the calendar, once a season, and never against what somebody did since.

use serde_json::{Value, json};

use crate::rows::{DAY, HOUR};
use crate::support::{Run, Sandbox, finish, keys};

/// 2027-06-01T00:00:00Z. 2028 is a leap year.
const JUNE_2027: u64 = 1_811_808_000;
const NOVEMBER_2027: u64 = JUNE_2027 + 153 * DAY;
const MARCH_2028: u64 = NOVEMBER_2027 + 121 * DAY;
const NOVEMBER_2028: u64 = MARCH_2028 + 245 * DAY;
const MARCH_2029: u64 = NOVEMBER_2028 + 120 * DAY;

const POLICY: &str = "[season]\nwinter = \"11-01\"\nsummer = \"03-01\"\n";

/// In June the version `warm` is live and summer's, and `cold` is winter's. `policy` is what the file says besides.
fn project(policy: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.set_clock(JUNE_2027 - HOUR);
    sandbox.ok("init --model m --task regression");
    sandbox.write("modelguard.toml", format!("{policy}{POLICY}").as_bytes());
    version(&sandbox, "warm", "r2=0.80");
    version(&sandbox, "cold", "r2=0.81");
    for line in [
        "promote warm --yes",
        "alias set summer warm --yes",
        "alias set winter cold --yes",
    ] {
        sandbox.ok(line);
    }
    sandbox
}

fn version(sandbox: &Sandbox, name: &str, metric: &str) {
    let path = sandbox.write("model.bin", name.as_bytes());
    let path = path.display();
    sandbox.ok(&format!(
        "register {path} --version-id {name} --metric {metric}"
    ));
}

fn at(sandbox: &Sandbox, clock: u64, line: &str) -> Run {
    sandbox.set_clock(clock);
    sandbox.run(line)
}

fn applied(sandbox: &Sandbox, clock: u64) -> Value {
    let run = at(sandbox, clock, "season apply --yes --json").expect(0);
    let document = run.document();
    assert_eq!(document["schema"], "modelguard.season_apply/1");
    document["data"].clone()
}

fn operations(sandbox: &Sandbox) -> i64 {
    sandbox.number("SELECT count(*) FROM operation")
}

#[test]
fn in_two_years_of_days_each_season_acts_once_on_its_first_day() {
    let sandbox = project("");
    let before = operations(&sandbox);
    let mut changes = Vec::new();
    for day in 0..731 {
        let clock = JUNE_2027 + day * DAY + 5 * HOUR;
        sandbox.set_clock(clock);
        let words = ["season", "apply", "--yes", "--json", "-q"];
        let run = finish(&words, sandbox.command(&words), &[]).expect(0);
        let data = run.document()["data"].clone();
        if data["changed"] == true {
            changes.push((clock - 5 * HOUR, data["to_version"].clone()));
        } else {
            assert_eq!(data["operation_id"], Value::Null);
            assert_eq!(data["to_version"], data["from_version"]);
        }
    }
    assert_eq!(
        changes,
        [
            (NOVEMBER_2027, json!("cold")),
            (MARCH_2028, json!("warm")),
            (NOVEMBER_2028, json!("cold")),
            (MARCH_2029, json!("warm")),
        ]
    );
    assert_eq!(operations(&sandbox), before + 4);
    let log = sandbox.json("log --kind promote -n 1");
    assert_eq!(
        log["operations"][0]["reason"],
        "season summer since 2029-03-01T00:00:00Z"
    );
    sandbox.ok("store verify");
}

#[test]
fn the_first_instant_of_the_day_is_the_season() {
    let sandbox = project("");
    assert_eq!(applied(&sandbox, NOVEMBER_2027 - 1)["changed"], false);
    assert_eq!(applied(&sandbox, NOVEMBER_2027)["changed"], true);
}

#[test]
fn a_job_that_slept_acts_on_the_season_that_is_and_on_no_other() {
    let sandbox = project("");
    let data = applied(&sandbox, NOVEMBER_2028 + 40 * DAY);
    assert_eq!(data["to_version"], "cold");
    assert_eq!(data["stack"], json!(["warm", "cold"]));
}

#[test]
fn what_somebody_changes_within_a_season_stays_until_the_next() {
    for line in ["rollback --yes", "undo --yes", "promote other --yes"] {
        let sandbox = project("");
        version(&sandbox, "other", "r2=0.82");
        assert_eq!(applied(&sandbox, NOVEMBER_2027)["changed"], true);
        at(&sandbox, NOVEMBER_2027 + DAY, line).expect(0);
        let live = sandbox.holder("production");
        assert_ne!(live.as_deref(), Some("cold"));
        for day in [1, 2, 60, 120] {
            let data = applied(&sandbox, NOVEMBER_2027 + day * DAY + HOUR);
            assert_eq!(data["changed"], false, "{line}, day {day}");
            assert_eq!(sandbox.holder("production"), live);
        }
        at(&sandbox, NOVEMBER_2027 + 2 * DAY, "season apply --yes")
            .expect(0)
            .says("Season winter has had its turn with cold")
            .says("stays until 2028-03-01T00:00:00Z");
        applied(&sandbox, MARCH_2028);
        assert_eq!(sandbox.holder("production").as_deref(), Some("warm"));
        assert_eq!(applied(&sandbox, NOVEMBER_2028)["to_version"], "cold");
    }
}

#[test]
fn another_version_for_a_season_that_had_its_turn_waits_for_the_next() {
    let sandbox = project("");
    applied(&sandbox, NOVEMBER_2027);
    version(&sandbox, "colder", "r2=0.82");
    sandbox.ok("alias set winter colder --yes");
    let data = applied(&sandbox, NOVEMBER_2027 + 9 * DAY);
    assert_eq!(
        (&data["changed"], &data["to_version"]),
        (&json!(false), &json!("cold"))
    );
    applied(&sandbox, MARCH_2028);
    assert_eq!(applied(&sandbox, NOVEMBER_2028)["to_version"], "colder");
}

/// Winter's version is rolled back by `monitor`, because its recorded metric is worse.
fn with_a_bad_winter() -> Sandbox {
    let sandbox = project(
        "[check]\nevidence = \"recorded\"\nbaseline = \"previous\"\nmetric = \"r2\"\n\n[action]\non_degraded = \"rollback\"\n\n",
    );
    version(&sandbox, "frozen", "r2=0.40");
    sandbox.ok("alias set winter frozen --yes");
    assert_eq!(applied(&sandbox, NOVEMBER_2027)["to_version"], "frozen");
    at(&sandbox, NOVEMBER_2027 + DAY, "monitor").expect(5);
    assert_eq!(sandbox.holder("production").as_deref(), Some("warm"));
    sandbox
}

#[test]
fn an_automatic_rollback_is_not_fought() {
    let sandbox = with_a_bad_winter();
    for day in [1, 2, 100] {
        let data = applied(&sandbox, NOVEMBER_2027 + day * DAY + 2 * HOUR);
        assert_eq!(data["changed"], false);
    }
}

#[test]
fn a_bad_version_is_refused_every_day_until_the_alias_has_another() {
    let sandbox = with_a_bad_winter();
    assert_eq!(
        applied(&sandbox, MARCH_2028)["changed"],
        false,
        "warm is live"
    );
    for day in [0, 1, 30] {
        sandbox.set_clock(NOVEMBER_2028 + day * DAY);
        let run = sandbox.fails("season apply --yes", 3, "MG0607");
        assert!(run.stderr.contains("promote @winter"), "{run:#?}");
        assert_eq!(sandbox.holder("production").as_deref(), Some("warm"));
    }
    sandbox.leaves_the_store("season apply --dry-run", 3);
    sandbox.ok("alias set winter cold --yes");
    assert_eq!(
        applied(&sandbox, NOVEMBER_2028 + 31 * DAY)["to_version"],
        "cold"
    );
}

#[test]
fn a_persons_promote_of_a_bad_version_is_its_turn() {
    let sandbox = with_a_bad_winter();
    at(&sandbox, NOVEMBER_2028, "promote @winter --yes").expect(0);
    let data = applied(&sandbox, NOVEMBER_2028 + HOUR);
    assert_eq!(
        (&data["changed"], &data["to_version"]),
        (&json!(false), &json!("frozen"))
    );
}

#[test]
fn a_retired_version_is_refused() {
    let sandbox = project("");
    sandbox.ok("retire cold --reason leaks");
    sandbox.set_clock(NOVEMBER_2027);
    let run = sandbox.fails("season apply --yes", 3, "MG0607");
    assert!(run.stderr.contains("it is retired: leaks"), "{run:#?}");
}

#[test]
fn an_alias_that_nobody_holds_says_how_to_set_it() {
    let sandbox = project("");
    sandbox.ok("alias remove winter --yes");
    sandbox.set_clock(NOVEMBER_2027);
    let run = sandbox.fails("season apply --yes", 10, "MG0204");
    assert!(
        run.stderr.contains("`modelguard alias set winter VERSION`"),
        "{run:#?}"
    );
}

#[test]
fn without_seasons_there_is_nothing_to_apply_and_an_empty_list() {
    let sandbox = project("");
    sandbox.write("modelguard.toml", b"");
    sandbox.fails("season apply --yes", 10, "MG0214");
    assert_eq!(sandbox.json("season list"), json!({ "seasons": [] }));
    sandbox.ok("season list").says("No seasons");
}

#[test]
fn it_asks_and_a_dry_run_only_looks() {
    let sandbox = project("");
    sandbox.set_clock(NOVEMBER_2027);
    let run = sandbox.fails("season apply", 2, "MG0102");
    assert!(run.stderr.contains("season apply --yes"), "{run:#?}");
    sandbox.set_clock(NOVEMBER_2027);
    sandbox
        .leaves_the_store("season apply --dry-run", 0)
        .says("m: warm")
        .says("Dry run: nothing was changed.");
    let data = sandbox.json("season apply --dry-run");
    assert_eq!(
        (&data["dry_run"], &data["changed"]),
        (&json!(true), &json!(false))
    );
    let done = sandbox.json("season apply --yes");
    assert_eq!(keys(&data), keys(&done));
    assert_eq!(done["undo_command"], "modelguard undo op_7");
    let again = sandbox.json("season apply --yes");
    assert_eq!(
        keys(&again),
        keys(&done),
        "the same keys where nothing is to be done"
    );
    sandbox.leaves_the_store("season apply", 0);
}

#[test]
fn a_quiet_job_speaks_on_the_day_of_the_change() {
    let sandbox = project("");
    let said = |clock| at(&sandbox, clock, "season apply --yes -q").expect(0);
    assert_eq!(said(NOVEMBER_2027 - DAY).stdout, "");
    let run = said(NOVEMBER_2027);
    assert!(
        run.stdout.starts_with("Promoted cold (was warm)"),
        "{run:#?}"
    );
    let run = said(NOVEMBER_2027 + DAY);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
}

#[test]
fn the_list_is_in_the_order_of_the_year_and_marks_the_present_one() {
    let sandbox = project("");
    sandbox.ok("alias remove winter --yes");
    sandbox.set_clock(NOVEMBER_2027 + DAY);
    let data = sandbox.json("season list");
    assert_eq!(
        data["seasons"],
        json!([
            {
                "alias": "summer", "from_day": "03-01", "version": "warm", "active": false,
                "next_at": "2028-03-01T00:00:00Z",
            },
            {
                "alias": "winter", "from_day": "11-01", "version": null, "active": true,
                "next_at": "2028-11-01T00:00:00Z",
            },
        ])
    );
    let table = sandbox.leaves_the_store("season list", 0).stdout;
    let line = |name: &str| table.lines().find(|line| line.contains(name)).unwrap();
    assert!(line("@winter").starts_with('*'), "{table}");
    assert!(!line("@summer").starts_with('*'), "{table}");
}

#[test]
fn a_models_own_seasons_take_the_place_of_the_common_ones() {
    let sandbox = project("");
    let policy = format!("{POLICY}\n[models.M.season]\nwinter = \"12-15\"\n");
    sandbox.write("modelguard.toml", policy.as_bytes());
    let data = sandbox.json("season list");
    assert_eq!(data["seasons"].as_array().unwrap().len(), 1);
    let december = NOVEMBER_2027 + 44 * DAY;
    // A season alone lasts a year; the one before this day began in December too.
    let data = applied(&sandbox, december - 1);
    assert_eq!(data["to_version"], "cold");
    at(&sandbox, december, "season list").says("2028-12-15T00:00:00Z");
}

#[test]
fn what_is_no_season_is_said_before_anything_is_done() {
    let sandbox = project("");
    for (policy, said) in [
        ("winter = \"02-29\"", "every fourth year"),
        ("winter = \"13-01\"", "no day of the year"),
        ("a = \"05-01\"\nb = \"05-01\"", "only one can be live"),
        ("production = \"05-01\"", "no season"),
        ("\"not a name\" = \"05-01\"", "no alias name"),
        (
            "winter = \"11-01\"\nWinter = \"12-01\"",
            "`season.Winter` has to be written in lower case: winter",
        ),
    ] {
        sandbox.write(
            "modelguard.toml",
            format!("[season]\n{policy}\n").as_bytes(),
        );
        let run = sandbox.run("season apply --yes").expect(2);
        assert!(run.stderr.contains(said), "{policy}: {run:#?}");
    }
}

#[test]
fn the_policy_as_it_is_shown_has_each_season_and_its_line() {
    let sandbox = project("");
    let shown = sandbox.json("config show");
    let seasons: Vec<_> = shown["keys"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|key| key["key"].as_str().unwrap().starts_with("season."))
        .map(|key| (&key["key"], &key["value"]))
        .collect();
    assert_eq!(
        seasons,
        [
            (&json!("season.summer"), &json!("03-01")),
            (&json!("season.winter"), &json!("11-01")),
        ]
    );
    sandbox
        .ok("config show --origin")
        .says("season.winter")
        .says("policy, line 2");
}

#[test]
fn status_says_which_season_it_is_and_what_it_asks_for() {
    let sandbox = project("");
    at(&sandbox, JUNE_2027, "status")
        .expect(0)
        .says("season   summer since 2027-03-01T00:00:00Z: its version is live");
    at(&sandbox, NOVEMBER_2027, "status").expect(0).says(
        "season   winter since 2027-11-01T00:00:00Z: cold is not live yet: `modelguard season apply --dry-run`",
    );
    let season = sandbox.json("status")["models"][0]["season"].clone();
    assert_eq!(
        season,
        json!({
            "alias": "winter",
            "from_at": "2027-11-01T00:00:00Z",
            "to_at": "2028-03-01T00:00:00Z",
            "version": "cold",
            "had_version": null,
            "due": true,
        })
    );
    sandbox.ok("season apply --yes");
    sandbox.ok("status").says(": its version is live");
    sandbox.ok("rollback --yes");
    sandbox.ok("status").says(": had its turn with cold");
    let season = sandbox.json("status")["models"][0]["season"].clone();
    assert_eq!(
        (&season["due"], &season["had_version"]),
        (&json!(false), &json!("cold"))
    );
    sandbox.ok("alias remove winter --yes");
    at(&sandbox, NOVEMBER_2028, "status")
        .expect(0)
        .says("nobody holds @winter: `modelguard alias set winter REF`");
    sandbox.ok("alias set winter cold --yes");
    sandbox.ok("retire cold --reason old");
    sandbox
        .ok("status")
        .says("cold is not made live by itself, being retired");
    sandbox.write("modelguard.toml", b"");
    let without = sandbox.ok("status").stdout;
    assert!(!without.contains("season"), "{without}");
    assert_eq!(sandbox.json("status")["models"][0]["season"], Value::Null);
}

#[test]
fn an_alias_that_is_nearly_a_season_is_told_so_and_is_set() {
    let sandbox = project("");
    sandbox
        .ok("alias set wniter cold --yes")
        .tells("warning: @wniter is no season of the policy; did you mean @winter, which is one?");
    assert_eq!(sandbox.holder("wniter").as_deref(), Some("cold"));
    let run = sandbox.ok("alias set wniter warm --yes --json");
    let document = run.document();
    assert_eq!(document["schema"], "modelguard.alias_set/1");
    assert_eq!(document["warnings"][0]["code"], "nearly_a_season");
    for alias in ["winter", "challenger"] {
        let run = sandbox.ok(&format!("alias set {alias} warm --yes"));
        assert!(!run.stderr.contains("did you mean"), "{run:?}");
    }
}

#[test]
fn of_all_models_those_with_seasons_act_and_a_failure_stops_no_other() {
    let sandbox = project("");
    sandbox.ok("init --model other --task regression");
    for (line, text) in [("old", "a"), ("new", "b")] {
        let path = sandbox.write("model.bin", text.as_bytes());
        let path = path.display();
        sandbox.ok(&format!("register {path} -m other --version-id {line}"));
    }
    sandbox.ok("promote old -m other --yes");
    sandbox.ok("alias set winter new -m other --yes");
    sandbox.ok("init --model third --task regression");
    let all = |day: u64, status: i32| {
        sandbox.set_clock(NOVEMBER_2027 + day * DAY);
        let run = sandbox
            .run("season apply --all --yes --json")
            .expect(status);
        let document = run.document();
        assert_eq!(document["schema"], "modelguard.season_apply_all/1");
        document["data"]["models"].clone()
    };
    // Nobody holds @winter of the third: exit 10, and the others are switched all the same.
    let models = all(0, 10);
    let seen: Vec<_> = models
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["model"].clone(),
                one["exit_code"].clone(),
                one["change"]["to_version"].clone(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (json!("m"), json!(0), json!("cold")),
            (json!("other"), json!(0), json!("new")),
            (json!("third"), json!(10), Value::Null),
        ]
    );
    let hints = &models[2]["error"]["hints"];
    assert!(
        hints
            .to_string()
            .contains("-m third alias set winter VERSION"),
        "{models:#}"
    );
    sandbox.write(
        "modelguard.toml",
        b"[models.m.season]\nwinter = \"11-01\"\n[models.other.season]\nwinter = \"11-01\"\n",
    );
    let models = all(1, 0);
    assert_eq!(models.as_array().map(Vec::len), Some(2), "{models:#}");
    assert_eq!(models[0]["change"]["changed"], false);
    let quiet = sandbox.ok("season apply --all --yes -q");
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    sandbox.fails("season apply --all --yes -m m", 2, "MG0101");
    sandbox.write("modelguard.toml", b"");
    sandbox.fails("season apply --all --yes", 10, "MG0214");
}

#[test]
fn a_version_that_was_live_before_anybody_held_the_alias_has_not_had_its_turn() {
    let sandbox = Sandbox::empty();
    sandbox.set_clock(JUNE_2027);
    sandbox.ok("init --model m --task regression");
    sandbox.write("modelguard.toml", POLICY.as_bytes());
    for name in ["a", "b", "c"] {
        version(&sandbox, name, "r2=0.8");
    }
    sandbox.ok("promote a --yes");
    for (day, line) in [
        (4, "promote b --yes"),
        (5, "promote c --yes"),
        (9, "alias set winter a --yes"),
        (10, "alias set winter b --yes"),
    ] {
        at(&sandbox, NOVEMBER_2027 + day * DAY, line).expect(0);
    }
    let data = applied(&sandbox, NOVEMBER_2027 + 11 * DAY);
    assert_eq!(
        (&data["changed"], &data["to_version"]),
        (&json!(true), &json!("b"))
    );
}

#[test]
fn an_alias_that_was_given_and_taken_back_twice_is_still_no_turn() {
    let sandbox = project("");
    for (day, line) in [
        (1, "alias set winter warm --yes"),
        (2, "undo --yes"),
        (3, "redo --yes"),
        (4, "undo --yes"),
    ] {
        at(&sandbox, NOVEMBER_2027 + day * DAY, line).expect(0);
    }
    let data = applied(&sandbox, NOVEMBER_2027 + 5 * DAY);
    assert_eq!(
        (&data["changed"], &data["to_version"]),
        (&json!(true), &json!("cold"))
    );
}

/// The models m and other, whose season is due, and third, of which nobody holds the season's alias.
fn three_models() -> Sandbox {
    let sandbox = project("");
    for model in ["other", "third"] {
        sandbox.ok(&format!("init --model {model} --task regression"));
        for version in ["warm", "cold"] {
            let path = sandbox.write("model.bin", format!("{model} {version}").as_bytes());
            let path = path.display();
            sandbox.ok(&format!(
                "register {path} -m {model} --version-id {version}"
            ));
        }
        sandbox.ok(&format!("promote warm -m {model} --yes"));
    }
    sandbox.ok("alias set winter cold -m other --yes");
    sandbox.set_clock(NOVEMBER_2027);
    sandbox
}

#[test]
fn a_model_that_fails_is_told_with_its_name_cause_and_remedy_however_quietly() {
    let sandbox = three_models();
    sandbox.ok("retire cold -m other --reason leaks");
    for quiet in ["", " -q", " -qq"] {
        sandbox.set_clock(NOVEMBER_2027);
        let line = format!("season apply --all --yes{quiet}");
        let run = sandbox.run(&line).expect(10);
        for told in [
            "error: other: season winter has begun and cold is not made live by itself\n",
            "  cause: it is retired: leaks\n",
            "`modelguard -m other promote @winter`\n",
            "   code: MG0607 ",
            "error: third: season winter has begun and no version holds @winter\n",
            "`modelguard -m third alias set winter VERSION`\n",
            "   code: MG0204 ",
        ] {
            assert_eq!(
                run.stderr.matches(told).count(),
                1,
                "{line} {told}: {run:#?}"
            );
        }
        assert!(!run.stdout.contains("other"), "{line}: {run:#?}");
    }
    let run = sandbox.run("season apply --all --yes --json").expect(10);
    assert_eq!(run.stderr, "", "the document has it");
}

#[test]
fn of_several_models_each_command_that_is_proposed_names_its_own() {
    let sandbox = three_models();
    sandbox
        .ok("status")
        .says("cold is not live yet: `modelguard -m m season apply --dry-run`")
        .says("cold is not live yet: `modelguard -m other season apply --dry-run`")
        .says("nobody holds @winter: `modelguard -m third alias set winter REF`");
    sandbox
        .run("season apply --all --dry-run")
        .expect(10)
        .says("to take it back: `modelguard -m m undo`")
        .says("to take it back: `modelguard -m other undo`");
    sandbox.set_clock(NOVEMBER_2027);
    let run = sandbox.run("season apply --all --yes").expect(10);
    let undo = run.stdout.lines().find(|line| line.starts_with("other  "));
    let (_, undo) = undo.unwrap().split_once("undo: modelguard ").unwrap();
    assert!(undo.starts_with("-m other undo op_"), "{run:#?}");
    sandbox.ok(&format!("{undo} --yes"));
    let of = |model: &str| sandbox.json(&format!("-m {model} status"))["models"][0].clone();
    assert_eq!(of("other")["production"]["version"], "warm");
    assert_eq!(of("m")["production"]["version"], "cold");
}
