//! `history`: the newest versions first, which one is live, what speaks against the others, and that there is more.

use serde_json::{Value, json};

use crate::rows;
use crate::support::{BEGINNING, FIRST_VERSION, Sandbox, keys};

/// The names in the order of the document.
fn names(data: &Value) -> Vec<String> {
    let versions = data["versions"].as_array().unwrap();
    let names = versions.iter().map(|version| &version["version"]);
    names
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

/// The line of the table that speaks of a version.
fn line_of<'a>(table: &'a str, version: &str) -> &'a str {
    let found = table.lines().find(|line| line.contains(version));
    found.unwrap_or_else(|| panic!("no {version} in {table}"))
}

#[test]
fn the_newest_come_first_and_the_live_one_is_marked() {
    let (sandbox, versions) = Sandbox::with_versions(3);
    sandbox.ok(&format!("promote {} --yes", versions[1]));
    let table = sandbox.ok("history").stdout;
    let listed: Vec<_> = table.lines().skip(1).collect();
    for (line, version) in listed.iter().zip(versions.iter().rev()) {
        assert!(line.contains(version.as_str()), "{table}");
        assert_eq!(line.starts_with('*'), version == &versions[1], "{table}");
    }
    assert_eq!(listed.len(), 3, "{table}");
    let data = sandbox.json("history");
    assert_eq!(
        names(&data),
        [2, 1, 0].map(|index: usize| versions[index].clone())
    );
    let live = data["versions"].as_array().unwrap().iter();
    let live: Vec<_> = live
        .map(|version| version["is_production"].clone())
        .collect();
    assert_eq!(live, [false, true, false]);
}

#[test]
fn a_version_of_the_document_has_all_that_is_known() {
    let sandbox = Sandbox::new();
    sandbox.write("model.bin", b"bytes");
    sandbox.ok("register model.bin --metric accuracy=0.9 --param depth=6 --tag stage=new --note first --alias winter");
    let data = sandbox.json("history");
    assert_eq!(keys(&data), ["total_count", "versions"]);
    assert_eq!(
        keys(&data["versions"][0]),
        [
            "aliases",
            "artifact_blake3",
            "bad",
            "file_name",
            "format",
            "is_production",
            "last_verdict",
            "metrics",
            "note",
            "params",
            "periods",
            "reference_rows_count",
            "registered_at",
            "retired",
            "retired_reason",
            "size_bytes",
            "tags",
            "version",
        ]
    );
    let version = &data["versions"][0];
    assert_eq!(version["metrics"], json!({ "accuracy": 0.9 }));
    assert_eq!(version["params"], json!({ "depth": "6" }));
    assert_eq!(version["tags"], json!({ "stage": "new" }));
    assert_eq!(version["note"], "first");
    assert_eq!(version["aliases"], json!(["winter"]));
    assert_eq!(version["size_bytes"], 5);
    assert_eq!(version["registered_at"], "2026-01-05T14:30:22Z");
    let table = sandbox.ok("history").stdout;
    for shown in ["accuracy", "0.9", "@winter", "first"] {
        assert!(table.contains(shown), "no {shown} in {table}");
    }
}

#[test]
fn a_list_that_stops_gives_the_command_that_shows_all() {
    let (sandbox, versions) = Sandbox::with_versions(12);
    let table = sandbox.ok("history").stdout;
    assert!(!table.contains(&versions[1]), "{table}");
    assert!(
        table.ends_with("2 more: `modelguard history 12`\n"),
        "{table}"
    );
    let table = sandbox.ok("history 3").stdout;
    assert!(
        table.ends_with("9 more: `modelguard history 12`\n"),
        "{table}"
    );
    assert!(!sandbox.ok("history 12").stdout.contains("more"));
    let data = sandbox.json("history 3");
    assert_eq!(names(&data).len(), 3);
    assert_eq!(data["total_count"], 12);
}

#[test]
fn the_command_for_more_keeps_the_options_and_works() {
    let (sandbox, _) = Sandbox::with_versions(5);
    let since = format!("@{}", BEGINNING + 1);
    let db = sandbox.store();
    let db = db.display();
    let run = sandbox.ok(&format!("history 2 --since {since} -m churn --db {db}"));
    let more = run.stdout.lines().last().unwrap();
    let (count, command) = more.split_once(" more: `modelguard ").unwrap();
    assert_eq!(count, "2");
    let all = sandbox.ok(command.trim_end_matches('`')).stdout;
    assert_eq!(all.lines().count(), 5, "{all}");
}

#[test]
fn since_is_included_and_until_is_not() {
    let (sandbox, versions) = Sandbox::with_versions(4);
    let at = |index: u64| format!("@{}", BEGINNING + index);
    let data = sandbox.json(&format!("history --since {} --until {}", at(1), at(3)));
    assert_eq!(
        names(&data),
        [2, 1].map(|index: usize| versions[index].clone())
    );
    assert_eq!(data["total_count"], 2);
    assert_eq!(names(&sandbox.json("history --since 2026-01-06")).len(), 0);
    assert_eq!(names(&sandbox.json("history --until 2026-01-05")).len(), 0);
    assert_eq!(names(&sandbox.json("history --since 1d")).len(), 4);
    sandbox
        .ok("history --since 2026-01-06")
        .says("No version of churn is registered then");
}

#[test]
fn nothing_registered_says_how_to_begin() {
    let sandbox = Sandbox::new();
    sandbox.ok("history").says("`modelguard register PATH`");
    assert_eq!(names(&sandbox.json("history")).len(), 0);
    assert_eq!(sandbox.ok("history --as jsonl").stdout, "");
}

#[test]
fn rows_for_a_program_are_those_of_the_document() {
    let sandbox = Sandbox::new();
    let path = sandbox.write("model.bin", b"a");
    let path = path.to_str().unwrap();
    let note = "one, \"two\"\nthree";
    let register = ["register", path, "--note", note, "--metric", "accuracy=0.5"];
    sandbox.run_words(&register).expect(0);
    sandbox.register("b");
    let versions = sandbox.json("history")["versions"].clone();

    let lines = sandbox.ok("history --as jsonl").stdout;
    let parsed = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    assert_eq!(
        parsed.collect::<Vec<Value>>(),
        *versions.as_array().unwrap()
    );

    let table = sandbox.ok("history --as csv").stdout;
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let header = reader.headers().unwrap().clone();
    let mut heads: Vec<_> = header.iter().collect();
    heads.sort_unstable();
    assert_eq!(heads, keys(&versions[0]));
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    let cell = |row: usize, key: &str| {
        let column = header.iter().position(|head| head == key).unwrap();
        records[row][column].to_owned()
    };
    assert_eq!(records.len(), 2);
    assert_eq!(cell(1, "note"), note);
    assert_eq!(cell(1, "metrics"), "{\"accuracy\":0.5}");
    assert_eq!(cell(0, "note"), "");
    assert_eq!(cell(0, "version"), versions[0]["version"].as_str().unwrap());
    // The limit counts for rows too, and a row is nothing but a row.
    assert_eq!(sandbox.ok("history 1 --as jsonl").stdout.lines().count(), 1);
}

#[test]
fn bad_and_retired_versions_say_so() {
    let sandbox = rows::classes("threshold_pct = 5\nmin_rows = 100\nwindow = \"all\"");
    rows::version(&sandbox, "good", "--metric accuracy=0.95");
    rows::version(&sandbox, "weak", "--metric accuracy=0.95");
    rows::version(&sandbox, "old", "");
    sandbox.ok("promote good --yes");
    sandbox.ok("promote weak --yes");
    let from = sandbox.clock();
    sandbox.set_clock(from + 2_000);
    let fed = rows::Fed {
        tag: "w",
        from,
        rows: rows::wrong_one_in(2, 400),
        more: "",
    };
    rows::feed(&sandbox, &fed);
    sandbox.run("check").expect(3);
    sandbox.ok("retire old --reason replaced");
    let table = sandbox.ok("history").stdout;
    assert!(line_of(&table, "weak").contains("degraded"), "{table}");
    assert!(line_of(&table, "weak").contains("bad"), "{table}");
    assert!(line_of(&table, "old").contains("retired"), "{table}");
    assert!(!line_of(&table, "good").contains("bad"), "{table}");
    let data = sandbox.json("history");
    let facts = |index: usize| {
        let version = &data["versions"][index];
        json!([
            version["version"],
            version["bad"],
            version["retired"],
            version["last_verdict"]
        ])
    };
    assert_eq!(facts(0), json!(["old", false, true, null]));
    assert_eq!(facts(1), json!(["weak", true, false, "degraded"]));
    assert_eq!(facts(2), json!(["good", false, false, null]));
    assert_eq!(data["versions"][0]["retired_reason"], "replaced");
    // Rules that were given for one check are not the policy's.
    sandbox.run("check --min-rows 5000").expect(4);
    let table = sandbox.ok("history").stdout;
    assert!(line_of(&table, "weak").contains("degraded"), "{table}");
    let verdict = sandbox.json("history")["versions"][1]["last_verdict"].clone();
    assert_eq!(verdict, "degraded");
}

#[test]
fn the_stretches_of_being_live_name_what_ended_them() {
    let (sandbox, versions) = Sandbox::with_versions(2);
    sandbox.ok(&format!("promote {} --yes", versions[0]));
    sandbox.ok(&format!("promote {} --yes", versions[1]));
    sandbox.ok("rollback --yes");
    let data = sandbox.json("history");
    let newest = &data["versions"][0]["periods"];
    assert_eq!(newest[0]["ended_by"], "rollback");
    assert_eq!(newest[0]["ended_operation_id"], "op_6");
    assert_eq!(newest[0]["from_at"], "2026-01-05T14:30:25Z");
    assert_eq!(newest[0]["to_at"], "2026-01-05T14:30:26Z");
    let oldest = data["versions"][1]["periods"].as_array().unwrap();
    assert_eq!(oldest.len(), 2);
    // The first holder of all has no beginning, the present one no end.
    assert_eq!(oldest[0]["from_at"], Value::Null);
    assert_eq!(oldest[0]["ended_by"], "promote");
    assert_eq!(oldest[1]["to_at"], Value::Null);
}

#[test]
fn what_cannot_be_a_limit_or_a_time_is_a_usage_error() {
    let (sandbox, _) = Sandbox::with_versions(1);
    for line in [
        "history -1",
        "history ten",
        "history 1.5",
        "history --as xml",
    ] {
        sandbox.fails(line, 2, "MG0101");
    }
    sandbox.fails("history --since yesterday", 2, "MG0107");
    sandbox.fails("history --until 2026-02-30", 2, "MG0107");
    let both = sandbox.run("history --as csv --json").expect(2);
    assert_eq!(both.problem()["code"], "MG0101");
    sandbox.fails("history -m prices", 10, "MG0202");
}

#[test]
fn looking_leaves_the_store_as_it_is() {
    let (sandbox, _) = Sandbox::with_versions(2);
    for line in [
        "history",
        "history 1 --json",
        "show latest",
        "log",
        "log op_1",
    ] {
        sandbox.leaves_the_store(line, 0);
    }
}

#[test]
fn a_list_stops_at_its_limit_and_says_how_to_see_the_rest() {
    let (sandbox, versions) = Sandbox::with_versions(12);
    let shown = sandbox.leaves_the_store("history", 0);
    let shown = shown.says("2 more: `modelguard history 12`").stdout;
    assert!(shown.contains(&versions[11]) && !shown.contains(&versions[1]));
    let all = sandbox.ok("history 12").stdout;
    assert!(versions.iter().all(|version| all.contains(version)));
    assert!(!all.contains("more:"), "{all}");
    let document = sandbox.json("history 3");
    assert_eq!(document["versions"].as_array().unwrap().len(), 3);
    assert_eq!(document["versions"][0]["version"], versions[11].as_str());
    assert_eq!(document["total_count"], 12);
    // One operation made the store, and each version is one.
    sandbox
        .leaves_the_store("log", 0)
        .says("3 more: `modelguard log -n 13`");
}

#[test]
fn rows_for_another_program_have_no_envelope() {
    let (sandbox, versions) = Sandbox::with_versions(2);
    for (list, key) in [("history", "versions"), ("log", "operations")] {
        let csv = sandbox.ok(&format!("{list} --as csv")).stdout;
        let lines = sandbox.ok(&format!("{list} --as jsonl")).stdout;
        let rows: Vec<serde_json::Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let document = sandbox.json(list);
        assert_eq!(document[key], serde_json::Value::from(rows.clone()));
        assert_eq!(csv.lines().count(), rows.len() + 1, "{csv}");
        assert!(csv.contains(&versions[1]), "{csv}");
    }
    assert!(
        sandbox
            .ok("history --as csv")
            .stdout
            .starts_with("version,registered_at,")
    );
}

#[test]
fn rows_and_a_document_can_not_both_be_given() {
    let (sandbox, _) = Sandbox::with_versions(1);
    for list in ["history", "log", "alerts list"] {
        let both = sandbox
            .run(&format!("{list} --as csv --json"))
            .expect(2)
            .problem();
        assert_eq!(both["code"], "MG0101", "{list}");
        sandbox.fails(&format!("{list} --as xml"), 2, "MG0101");
    }
}

/// Two versions, of which the second took over; the first is retired.
pub fn project() -> (Sandbox, Vec<String>) {
    let sandbox = Sandbox::new();
    let mut versions = Vec::new();
    for (name, options) in [
        (
            "a",
            "--metric accuracy=0.9 --metric f1=0.8 --alias production",
        ),
        (
            "b",
            "--metric accuracy=0.93 --param depth=6 --tag stage=new",
        ),
    ] {
        sandbox.write(name, name.as_bytes());
        let run = sandbox.ok(&format!("register {name} {options}"));
        versions.push(run.stdout.trim().to_owned());
    }
    sandbox.ok("promote latest --yes --reason better");
    sandbox.ok(&format!("retire {} --reason old", versions[0]));
    (sandbox, versions)
}

#[test]
fn history_says_who_was_live_when() {
    let (sandbox, versions) = project();
    let data = sandbox.json("history");
    assert_eq!(data["total_count"], 2);
    let newest = &data["versions"][0];
    let older = &data["versions"][1];
    assert_eq!(newest["version"], json!(versions[1]));
    assert_eq!(newest["is_production"], true);
    assert_eq!(newest["params"], json!({ "depth": "6" }));
    assert_eq!(newest["tags"], json!({ "stage": "new" }));
    assert_eq!(newest["metrics"], json!({ "accuracy": 0.93 }));
    assert_eq!(
        newest["periods"],
        json!([{ "from_at": "2026-01-05T14:30:24Z", "to_at": null, "ended_by": null, "ended_operation_id": null }])
    );
    assert_eq!(older["version"], FIRST_VERSION);
    assert_eq!(older["retired"], true);
    assert_eq!(older["retired_reason"], "old");
    assert_eq!(
        older["periods"],
        json!([{ "from_at": null, "to_at": "2026-01-05T14:30:24Z", "ended_by": "promote",
                 "ended_operation_id": "op_5" }])
    );
    let table = sandbox.ok("history").stdout;
    let lines: Vec<_> = table.lines().collect();
    assert!(
        lines[1].starts_with(&format!("*  {}", versions[1])),
        "{table}"
    );
    assert!(
        lines[2].starts_with(&format!("   {}", versions[0])),
        "{table}"
    );
    assert!(lines[2].contains("retired"), "{table}");
}

#[test]
fn a_version_that_was_live_twice_has_two_periods() {
    let (sandbox, versions) = Sandbox::with_versions(2);
    for version in [&versions[0], &versions[1], &versions[0]] {
        sandbox.ok(&format!("promote {version} --yes"));
    }
    sandbox.ok("undo --yes");
    let data = sandbox.json(&format!("show {}", versions[0]));
    let ended = data["periods"].as_array().unwrap().iter();
    let ended: Vec<_> = ended.map(|period| period["ended_by"].clone()).collect();
    assert_eq!(ended, [json!("promote"), json!("undo")]);
    sandbox
        .ok(&format!("show {}", versions[0]))
        .says("(undo op_7)");
}

#[test]
fn history_stops_and_says_how_to_see_more() {
    let (sandbox, versions) = Sandbox::with_versions(12);
    let run = sandbox.ok("history");
    assert_eq!(run.stdout.lines().count(), 12);
    let run = run.says("2 more: `modelguard history 12`");
    assert!(!run.stdout.contains(&versions[1]), "{run:#?}");
    assert_eq!(sandbox.ok("history 12").stdout.lines().count(), 13);
    sandbox
        .ok("history 1 --since 2026-01-05")
        .says("11 more: `modelguard history 12 --since 2026-01-05`");
    let since = format!("history --since @{}", BEGINNING + 10);
    assert_eq!(sandbox.json(&since)["total_count"], 2);
    let until = format!("history --until @{}", BEGINNING + 10);
    assert_eq!(sandbox.json(&until)["total_count"], 10);
    sandbox.fails("history --since yesterday", 2, "MG0107");
    sandbox.run("history many").expect(2);
}

#[test]
fn a_model_without_versions_says_what_to_do() {
    let sandbox = Sandbox::new();
    sandbox.ok("history").says("`modelguard register PATH`");
    assert_eq!(sandbox.json("history")["versions"], json!([]));
    sandbox
        .ok("alias list")
        .says("is held: `modelguard register PATH`, then `modelguard promote latest`");
    sandbox.fails("show latest", 10, "MG0203");
    sandbox.fails("history -m prices", 10, "MG0202");
}

#[test]
fn several_models_have_to_be_told_apart() {
    let (sandbox, versions) = Sandbox::with_versions(1);
    sandbox.ok("init --model prices --task regression");
    for line in ["history", "alias list", "show latest"] {
        sandbox.fails(line, 2, "MG0103");
    }
    let shown = sandbox.json(&format!("show churn:{}", versions[0]));
    assert_eq!(shown["model"], "churn");
    sandbox.ok("history -m prices").says("No version of prices");
    // The log is the store's.
    assert_eq!(sandbox.json("log")["total_count"], 3);
    assert_eq!(sandbox.json("log -m prices")["total_count"], 1);
}

#[test]
fn lists_are_rows_for_other_programs() {
    let (sandbox, versions) = project();
    for (line, first) in [("history", "version,"), ("log", "operation_id,")] {
        let csv = sandbox.ok(&format!("{line} --as csv")).stdout;
        assert!(csv.starts_with(first), "{csv}");
        let rows = sandbox.ok(&format!("{line} --as jsonl")).stdout;
        assert_eq!(rows.lines().count() + 1, csv.lines().count(), "{csv}{rows}");
        let elements = &sandbox.json(line)[if line == "log" {
            "operations"
        } else {
            "versions"
        }];
        for (row, element) in rows.lines().zip(elements.as_array().unwrap()) {
            assert_eq!(&serde_json::from_str::<Value>(row).unwrap(), element);
        }
        sandbox.run(&format!("{line} --as table")).expect(2);
    }
    let csv = sandbox.ok("history --as csv").stdout;
    assert!(
        csv.contains(&versions[0]) && csv.contains(&versions[1]),
        "{csv}"
    );
}

#[test]
fn looking_changes_no_byte() {
    let (sandbox, _) = project();
    for line in [
        "history",
        "show latest",
        "log",
        "alias list",
        "store verify",
        "fetch latest -o out",
        "config show",
        "config validate",
    ] {
        sandbox.leaves_the_store(line, 0);
    }
}
