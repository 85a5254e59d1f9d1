//! The inbox: what services rename into it comes in once, whole or not at all, whoever dies at whatever moment.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Run, Sandbox, assert_whole, finish};

const POLICY: &str = "[ingest]\ninbox = \"inbox/\"\n";

/// A project of numbers whose one version is live, with an inbox.
fn project() -> Sandbox {
    let sandbox = without_holder();
    let version = sandbox.register("model");
    sandbox.ok(&format!("promote {version} --yes"));
    sandbox
}

fn without_holder() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.ok("init --model m --task regression");
    sandbox.write("modelguard.toml", POLICY.as_bytes());
    fs::create_dir(sandbox.file("inbox")).unwrap();
    sandbox
}

/// As a service does it: a name that waits, then another one.
fn drop_in(sandbox: &Sandbox, name: &str, text: &str) {
    let temporary = sandbox.write(&format!("inbox/.{name}.tmp"), text.as_bytes());
    fs::rename(temporary, sandbox.file("inbox").join(name)).unwrap();
}

/// `count` predictions whose ids begin with `tag`.
fn predictions(tag: &str, count: usize) -> String {
    let rows = (0..count).map(|row| format!("{tag}{row},{}\n", row % 7));
    format!("id,prediction\n{}", rows.collect::<String>())
}

/// Names in a folder of the inbox that are not hidden, sorted.
fn names(sandbox: &Sandbox, folder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(sandbox.file("inbox").join(folder)) else {
        return Vec::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    names
}

/// The files that lie in the inbox itself.
fn waiting(sandbox: &Sandbox) -> Vec<String> {
    let mut names = names(sandbox, "");
    names.retain(|name| name != "done" && name != "rejected");
    names
}

/// `name state` of each file, in the order of the document.
fn states(inbox: &Value) -> Vec<String> {
    let files = inbox.as_array().unwrap().iter();
    files
        .map(|file| {
            let path = Path::new(file["path"].as_str().unwrap());
            let name = path.file_name().unwrap().to_str().unwrap();
            format!("{name} {}", file["state"].as_str().unwrap())
        })
        .collect()
}

fn swept(sandbox: &Sandbox, status: i32) -> Value {
    let run = sandbox.run("ingest inbox --json").expect(status);
    run.document()["data"]["inbox"].clone()
}

fn rows(sandbox: &Sandbox) -> (i64, i64) {
    let count = |table: &str| {
        sandbox.number(&format!(
            "SELECT count(*) FROM {table} JOIN batch ON batch.id = {table}.batch_id AND batch.state = 'visible'"
        ))
    };
    (count("prediction"), count("truth"))
}

#[test]
fn monitor_takes_files_in_by_name_before_it_judges() {
    let sandbox = project();
    drop_in(&sandbox, "b_labels.csv", "id,truth\na0,1\na1,2\n");
    drop_in(&sandbox, "a_pred.csv", &predictions("a", 3));
    let run = sandbox.run("monitor --json").expect(4);
    let model = &run.document()["data"]["models"][0];
    assert_eq!(
        states(&model["inbox"]),
        ["a_pred.csv ingested", "b_labels.csv ingested"]
    );
    assert_eq!(model["inbox"][0]["kind"], "predictions");
    assert_eq!(model["inbox"][0]["batch_id"], "b_1");
    assert_eq!(model["inbox"][0]["error_code"], Value::Null);
    assert_eq!(model["inbox"][1]["kind"], "truth");
    // The check of the same run sees them.
    assert_eq!(model["check"]["coverage"]["truth_count"], 2);
    assert_eq!(rows(&sandbox), (3, 2));
    assert_eq!(names(&sandbox, "done"), ["a_pred.csv", "b_labels.csv"]);
    assert_eq!(waiting(&sandbox), [""; 0]);
    sandbox.run("monitor").expect(4).says("insufficient data");
    drop_in(&sandbox, "c_pred.csv", &predictions("c", 2));
    let run = sandbox.run("monitor").expect(4);
    assert!(
        run.stdout.starts_with("Inbox: 1 file came in (2 rows).\n"),
        "{run:#?}"
    );
    sandbox
        .ok("ingest inbox")
        .says("Nothing waits in the inbox.");
}

#[test]
fn columns_tell_what_a_file_holds_where_its_name_does_not() {
    let sandbox = project();
    drop_in(&sandbox, "1.csv", &predictions("a", 2));
    drop_in(&sandbox, "2.jsonl", "{\"id\":\"a0\",\"y_true\":1}\n");
    drop_in(&sandbox, "3.csv", "id,prediction,truth\nb0,1,1\nb1,2,\n");
    // A prediction beside the truth is of no interest in a file of labels.
    drop_in(&sandbox, "4_labels.csv", "id,prediction,truth\na1,9,2\n");
    let inbox = swept(&sandbox, 0);
    let kinds: Vec<_> = (0..4).map(|file| inbox[file]["kind"].clone()).collect();
    assert_eq!(kinds, ["predictions", "truth", "predictions", "truth"]);
    assert_eq!(rows(&sandbox), (4, 3));
}

#[test]
fn of_a_file_that_says_nothing_its_kind_is_not_guessed() {
    let sandbox = project();
    drop_in(&sandbox, "notes.csv", "day,comment\n1,rain\n");
    let inbox = swept(&sandbox, 2);
    assert_eq!(inbox[0]["kind"], Value::Null);
    assert_eq!(inbox[0]["error_code"], "MG0505");
    let why = sandbox.file("inbox/rejected/notes.csv.error.json");
    let why: Value = serde_json::from_slice(&fs::read(why).unwrap()).unwrap();
    let message = why["message"].as_str().unwrap();
    assert!(
        message.ends_with(
            "neither the name nor a column says whether it is predictions or truth; \
             the file has day, comment"
        ),
        "{message}"
    );
    let hints = why["hints"].to_string();
    for part in ["pred_1.csv", "truth_1.csv", "[columns]", "prediction = "] {
        assert!(hints.contains(part), "{part} {hints}");
    }
    assert!(!hints.contains("--map"), "{hints}");
    drop_in(&sandbox, "notes.csv", "day,comment\n2,rain\n");
    let run = sandbox.run("ingest inbox").expect(2);
    assert!(
        run.stdout.contains("notes.csv  unknown  refused"),
        "{run:#?}"
    );
    drop_in(&sandbox, "numbers.csv", "1,2\n3,4\n");
    assert_eq!(swept(&sandbox, 2)[0]["error_code"], "MG0503");
}

#[test]
fn what_is_told_of_a_refused_file_names_where_it_lies_now() {
    let sandbox = project();
    let told = |number: u32| {
        let alert = sandbox.json(&format!("alerts show a_{number}"));
        let log = sandbox.json("log --kind refuse -n 1");
        let operation = &log["operations"][0];
        assert_eq!(alert["reason"], operation["reason"]);
        let lies = operation["detail"]["moved_to_path"]
            .as_str()
            .unwrap()
            .to_owned();
        let reason = alert["reason"].as_str().unwrap().to_owned();
        assert!(reason.starts_with(&lies), "{reason}");
        (lies, reason)
    };
    let inbox = fs::canonicalize(sandbox.file("inbox")).unwrap();
    drop_in(&sandbox, "x.csv", "id,predcition\na0,1\n");
    swept(&sandbox, 2);
    let (lies, reason) = told(1);
    assert_eq!(Path::new(&lies), inbox.join("rejected/x.csv"));
    let lay = inbox.join("x.csv");
    assert!(!reason.contains(lay.to_str().unwrap()), "{reason}");
    sandbox.ok("alerts list").says("rejected/x.csv");
    sandbox.ok("alerts show a_1").says("rejected/x.csv");
    // Its name is taken by then: the other file's own is told, and there it is.
    drop_in(&sandbox, "x.csv", "id,predcition\na1,1\n");
    swept(&sandbox, 2);
    let (lies, _) = told(2);
    assert_ne!(Path::new(&lies), inbox.join("rejected/x.csv"));
    assert_eq!(fs::read(&lies).unwrap(), b"id,predcition\na1,1\n");
    assert!(Path::new(&format!("{lies}.error.json")).is_file());
}

#[test]
fn a_column_that_does_not_fit_is_named_in_the_policy_for_all_files() {
    let sandbox = project();
    drop_in(&sandbox, "pred_1.csv", "id,predcition\na0,1\n");
    swept(&sandbox, 2);
    let why = sandbox.file("inbox/rejected/pred_1.csv.error.json");
    let why: Value = serde_json::from_slice(&fs::read(why).unwrap()).unwrap();
    assert_eq!(
        why["hints"],
        serde_json::json!([
            "name it for every file: `[columns]` with `prediction = \"predcition\"`",
            "once by hand: `modelguard ingest predictions FILE --map prediction=predcition`"
        ])
    );
    let policy = format!("{POLICY}[columns]\nprediction = \"predcition\"\n");
    sandbox.write("modelguard.toml", policy.as_bytes());
    let rejected = sandbox.file("inbox/rejected/pred_1.csv");
    fs::rename(rejected, sandbox.file("inbox/pred_1.csv")).unwrap();
    assert_eq!(states(&swept(&sandbox, 0)), ["pred_1.csv ingested"]);
}

#[test]
fn a_hint_about_a_column_can_be_pasted_or_names_none() {
    let sandbox = project();
    sandbox.ok("init --model other --task regression");
    let long = "x".repeat(60);
    for (name, wanted, header, hints) in [
        (
            "pred_1.csv",
            "prediction",
            "\"predict\"\"ion\"",
            [
                r#"name it for every file: `[columns]` with `prediction = "predict\"ion"`"#,
                r#"once by hand: `modelguard -m m ingest predictions FILE --map 'prediction=predict"ion'`"#,
            ],
        ),
        (
            "pred_2.csv",
            &format!("{long}a"),
            &format!("{long}b"),
            [
                r#"name it for every file: `[columns]` with `prediction = "COLUMN"`"#,
                "once by hand: `modelguard -m m ingest predictions FILE --map prediction=COLUMN`",
            ],
        ),
    ] {
        let policy = format!(
            "[models.m.ingest]\ninbox = \"inbox/\"\n[columns]\nprediction = \"{wanted}\"\n"
        );
        sandbox.write("modelguard.toml", policy.as_bytes());
        drop_in(&sandbox, name, &format!("id,{header}\na0,1\n"));
        sandbox.run("-m m ingest inbox").expect(2);
        let why = sandbox.file(&format!("inbox/rejected/{name}.error.json"));
        let why: Value = serde_json::from_slice(&fs::read(why).unwrap()).unwrap();
        assert_eq!(why["hints"], serde_json::json!(hints), "{why:#}");
    }
}

#[test]
fn a_time_that_is_not_mapped_is_named_in_the_policy_since_an_inbox_has_no_options() {
    let sandbox = project();
    sandbox.ok("init --model other --task regression");
    sandbox.write(
        "modelguard.toml",
        b"[models.m.ingest]\ninbox = \"inbox/\"\n",
    );
    let rows = "id,prediction,scored on\na0,1,2026-01-05T14:40:00Z\n";
    drop_in(&sandbox, "pred_1.csv", rows);
    let run = sandbox.run("monitor --all");
    for part in [
        "; name it in `[columns]`: `time = \"scored on\"`",
        "; before that, `modelguard -m m ingest undo b_1`",
    ] {
        assert!(run.stderr.contains(part), "{part} {run:#?}");
    }
    assert!(!run.stderr.contains("--map"), "{run:#?}");
}

#[test]
fn what_is_doubtful_about_a_file_is_told_with_its_name() {
    let sandbox = Sandbox::empty();
    sandbox.ok("init --model m --task classification");
    sandbox.write("modelguard.toml", POLICY.as_bytes());
    fs::create_dir(sandbox.file("inbox")).unwrap();
    let version = sandbox.register("model");
    sandbox.ok(&format!("promote {version} --yes"));
    drop_in(&sandbox, "a.csv", "id,prediction\na0,yes\na1,no\n");
    swept(&sandbox, 0);
    let case = "1 label is of the class Yes, which no prediction or reference sample has; there is yes, and classes are compared \
                with their case";
    drop_in(&sandbox, "truth_1.csv", "id,truth\na0,Yes\n");
    let run = sandbox.run("monitor --json").expect(4);
    let warning = &run.document()["warnings"][0];
    assert_eq!(warning["code"], "label_unseen");
    assert_eq!(warning["text"], format!("truth_1.csv: {case}"));
    drop_in(&sandbox, "truth_2.csv", "id,truth\na1,No\n");
    let run = sandbox.run("ingest inbox").expect(0);
    assert!(
        run.stderr
            .contains("truth_2.csv: 1 label is of the class No,"),
        "{run:#?}"
    );
    drop_in(&sandbox, "truth_3.csv", "id,truth\nz9,yes\n");
    let run = sandbox.run("ingest inbox --json").expect(0);
    assert_eq!(
        run.document()["warnings"][0]["code"],
        "no_prediction_matches"
    );
    // Known already: told once.
    drop_in(&sandbox, "truth_4.csv", "id,truth\nz9,yes\n");
    let run = sandbox.run("ingest inbox --json").expect(0);
    assert_eq!(run.document()["warnings"], serde_json::json!([]));
}

#[test]
fn a_file_that_was_not_renamed_yet_is_never_read() {
    let sandbox = project();
    for name in [".a.csv", "b.csv.tmp", "c.csv.part", "D.CSV.TMP"] {
        sandbox.write(&format!("inbox/{name}"), b"id,prediction\na0,1\na1");
    }
    assert_eq!(states(&swept(&sandbox, 0)), [""; 0]);
    assert_eq!(
        sandbox.json("status")["models"][0]["inbox"]["waiting_count"],
        0
    );
    assert_eq!(rows(&sandbox), (0, 0));
    assert!(sandbox.file("inbox/.a.csv").is_file());
    assert_eq!(waiting(&sandbox), ["D.CSV.TMP", "b.csv.tmp", "c.csv.part"]);
    assert_eq!(sandbox.number("SELECT count(*) FROM alert"), 0);
}

#[test]
fn the_same_file_twice_is_one_batch() {
    let sandbox = project();
    let text = predictions("a", 5);
    drop_in(&sandbox, "x.csv", &text);
    drop_in(&sandbox, "y.csv", &text);
    let inbox = swept(&sandbox, 0);
    assert_eq!(states(&inbox), ["x.csv ingested", "y.csv seen"]);
    assert_eq!(inbox[1]["batch_id"], "b_1");
    drop_in(&sandbox, "x.csv", &text);
    assert_eq!(states(&swept(&sandbox, 0)), ["x.csv seen"]);
    let done = names(&sandbox, "done");
    assert_eq!(done.len(), 3, "{done:?}");
    for name in ["x.csv", "y.csv"] {
        assert!(done.iter().any(|one| one == name), "{done:?}");
    }
    assert_eq!(rows(&sandbox), (5, 0));
    let ingested = "SELECT count(*) FROM operation WHERE kind = 'ingest'";
    assert_eq!(sandbox.number(ingested), 1);
}

/// All that a refused file must leave as it is.
fn evidence(sandbox: &Sandbox) -> Vec<i64> {
    [
        "prediction",
        "truth",
        "batch",
        "prediction_hour",
        "evaluation",
    ]
    .map(|table| sandbox.number(&format!("SELECT count(*) FROM {table}")))
    .to_vec()
}

#[test]
fn a_refused_file_changes_no_evidence_and_is_named_in_one_alert() {
    let sandbox = project();
    drop_in(&sandbox, "good.csv", &predictions("a", 4));
    swept(&sandbox, 0);
    let before = evidence(&sandbox);
    let bad = "id,prediction\nb0,1\nb1,abc\n";
    drop_in(&sandbox, "bad.csv", bad);
    drop_in(&sandbox, "conflict.csv", "id,prediction\na0,99\n");
    drop_in(&sandbox, "preds.csv", "id,x\nb0,1\n");
    let inbox = swept(&sandbox, 2);
    assert_eq!(
        states(&inbox),
        [
            "bad.csv rejected",
            "conflict.csv rejected",
            "preds.csv rejected"
        ]
    );
    let codes: Vec<_> = (0..3)
        .map(|file| inbox[file]["error_code"].clone())
        .collect();
    assert_eq!(codes, ["MG0507", "MG0512", "MG0505"]);
    assert_eq!(evidence(&sandbox), before);
    assert_eq!(
        names(&sandbox, "rejected"),
        [
            "bad.csv",
            "bad.csv.error.json",
            "conflict.csv",
            "conflict.csv.error.json",
            "preds.csv",
            "preds.csv.error.json"
        ]
    );
    assert_eq!(
        fs::read_to_string(sandbox.file("inbox/rejected/bad.csv")).unwrap(),
        bad
    );
    let why = fs::read_to_string(sandbox.file("inbox/rejected/bad.csv.error.json")).unwrap();
    let why: Value = serde_json::from_str(&why).unwrap();
    assert_eq!(why["code"], "MG0507");
    assert!(
        why["message"].as_str().unwrap().contains("line 3"),
        "{why:#}"
    );
    assert!(why["causes"].is_array() && !why["hints"].as_array().unwrap().is_empty());
    assert_eq!(
        why["source"],
        sandbox.file("inbox/bad.csv").to_str().unwrap()
    );

    let alerts = sandbox.json("alerts list");
    assert_eq!(alerts["total_count"], 3, "{alerts:#}");
    let alert = &alerts["alerts"][2];
    assert_eq!(alert["kind"], "refused_file");
    assert_eq!(alert["severity"], "medium");
    assert_eq!(alert["version"], Value::Null);
    assert!(
        alert["reason"]
            .as_str()
            .unwrap()
            .contains("inbox/rejected/bad.csv")
    );
    sandbox.ok("alerts list").says("refused_file");
    sandbox.ok("alerts show a_1").says("bad.csv");
    let logged = sandbox.json("log --kind refuse");
    assert_eq!(logged["operations"].as_array().unwrap().len(), 3);
    sandbox.ok("store verify");

    // The same file again: put aside again, and told of once.
    drop_in(&sandbox, "bad.csv", bad);
    let again = swept(&sandbox, 2);
    assert_eq!(again[0]["alert_id"], Value::Null);
    let documents = names(&sandbox, "rejected").into_iter();
    let documents =
        documents.filter(|name| name.starts_with("bad.") && name.ends_with(".csv.error.json"));
    assert_eq!(documents.count(), 2);
    assert_eq!(sandbox.json("alerts list")["total_count"], 3);
    let inbox = &sandbox.json("status")["models"][0]["inbox"];
    assert_eq!(
        (&inbox["waiting_count"], &inbox["rejected_count"]),
        (&0.into(), &4.into())
    );
    sandbox.ok("status").says("4 files refused: ");

    sandbox
        .ok("alerts ack a_1 --note repaired")
        .says("Noted a_1. It is resolved.");
    assert_eq!(sandbox.json("alerts list --open")["total_count"], 2);
    drop_in(&sandbox, "bad.csv", bad);
    assert_eq!(swept(&sandbox, 2)[0]["alert_id"], "a_1");
}

/// How often the store was changed: SQLite counts its commits in the header.
fn changes(sandbox: &Sandbox) -> u32 {
    let header = &fs::read(sandbox.store()).unwrap()[24..28];
    u32::from_be_bytes(header.try_into().unwrap())
}

#[test]
fn many_refused_files_are_told_of_in_few_changes_and_each_in_its_place() {
    let sandbox = project();
    let is_good = |file: usize| file.is_multiple_of(60);
    for file in 0..150 {
        let text = if is_good(file) {
            predictions(&format!("f{file}_"), 1)
        } else {
            format!("id,prediction\nz{file},abc\n")
        };
        drop_in(&sandbox, &format!("pred_{file:03}.csv"), &text);
    }
    let before = changes(&sandbox);
    let inbox = swept(&sandbox, 2);
    // One for each good file, and one for every hundred bad ones.
    assert_eq!(changes(&sandbox) - before, 3 + 2);
    let mut alerts = 0;
    for (index, state) in states(&inbox).iter().enumerate() {
        let (word, folder) = if is_good(index) {
            assert_eq!(inbox[index]["alert_id"], Value::Null);
            ("ingested", "done")
        } else {
            alerts += 1;
            assert_eq!(inbox[index]["alert_id"], format!("a_{alerts}"));
            ("rejected", "rejected")
        };
        assert_eq!(*state, format!("pred_{index:03}.csv {word}"));
        let moved = sandbox.file(&format!("inbox/{folder}/pred_{index:03}.csv"));
        assert_eq!(inbox[index]["moved_to_path"], moved.to_str().unwrap());
        assert!(moved.is_file());
    }
    assert_eq!(alerts, 147);
    let document = sandbox.file("inbox/rejected/pred_149.csv.error.json");
    let document: Value = serde_json::from_slice(&fs::read(document).unwrap()).unwrap();
    let source = sandbox.file("inbox/pred_149.csv");
    assert_eq!(document["source"], source.to_str().unwrap());
    let logged = sandbox.number("SELECT count(*) FROM operation WHERE kind = 'refuse'");
    assert_eq!((logged, rows(&sandbox)), (147, (3, 0)));
    assert_eq!(waiting(&sandbox), [""; 0]);
    sandbox.ok("store verify");
}

#[test]
fn a_refused_file_whose_place_is_taken_lies_beside_it_and_keeps_no_other_waiting() {
    let sandbox = project();
    for name in ["1.csv", "2.csv", "3.csv"] {
        drop_in(&sandbox, name, &format!("nothing {name}\n"));
    }
    fs::create_dir_all(sandbox.file("inbox/rejected")).unwrap();
    // Where its document would lie is something else.
    let beside = sandbox.file("inbox/rejected/2.csv.error.json");
    fs::create_dir(&beside).unwrap();
    let inbox = swept(&sandbox, 2);
    assert_eq!(
        states(&inbox),
        ["1.csv rejected", "2.csv rejected", "3.csv rejected"]
    );
    let place = |file: usize| inbox[file]["moved_to_path"].as_str().unwrap().to_owned();
    assert!(place(0).ends_with("/1.csv") && place(2).ends_with("/3.csv"));
    assert!(!place(1).ends_with("/2.csv"), "{inbox:#}");
    assert!(beside.is_dir());
    assert_eq!(waiting(&sandbox), [""; 0]);
}

#[test]
fn the_verdict_alone_decides_how_monitor_ends() {
    let sandbox = project();
    drop_in(&sandbox, "bad.csv", "nothing\n");
    let run = sandbox.run("monitor --json").expect(4);
    let document = run.document();
    let model = &document["data"]["models"][0];
    assert_eq!(states(&model["inbox"]), ["bad.csv rejected"]);
    assert_eq!(model["alerts"][0]["kind"], "refused_file");
    assert_eq!(model["alerts"][0]["state"], "opened");
    assert_eq!(document["warnings"][0]["code"], "file_refused");
    // A mail of cron names it, once.
    drop_in(&sandbox, "worse.csv", "nothing at all\n");
    let run = sandbox.run("monitor -q").expect(4);
    assert!(run.stdout.starts_with("Refused worse.csv (MG"), "{run:#?}");
    assert_eq!(sandbox.run("monitor -q").expect(4).stdout, "");
    drop_in(&sandbox, "worse.csv", "nothing at all\n");
    assert_eq!(sandbox.run("monitor -q").expect(4).stdout, "");
}

#[test]
fn a_healthy_verdict_leaves_the_alert_of_a_file_open() {
    let sandbox = project();
    sandbox.write(
        "modelguard.toml",
        format!("{POLICY}[check]\nmin_rows = 20\nthreshold_pct = 40\nbaseline = \"reference\"\nmust_detect_pct = 900\n").as_bytes(),
    );
    let both = |tag: &str| {
        let rows = (0..100).map(|row| {
            let side = if row % 2 == 0 { 1 } else { -1 };
            format!("{tag}{row},{},{row}\n", row + side)
        });
        format!("id,prediction,truth\n{}", rows.collect::<String>())
    };
    sandbox.write("reference.csv", both("r").as_bytes());
    sandbox.write("model.bin", b"better");
    sandbox.ok("register model.bin --version-id better --reference reference.csv");
    sandbox.ok("promote better --yes");
    drop_in(&sandbox, "1.csv", "nothing\n");
    drop_in(&sandbox, "2.csv", &both("a"));
    let run = sandbox.run("monitor --json").expect(0);
    assert_eq!(run.document()["verdict"], "healthy");
    sandbox.run("monitor").expect(0);
    let open = sandbox.json("alerts list --open");
    assert_eq!(open["alerts"][0]["kind"], "refused_file");
    assert_eq!(open["total_count"], 1);
}

#[test]
fn a_file_without_a_version_to_count_for_waits_until_there_is_one() {
    let sandbox = without_holder();
    drop_in(&sandbox, "1_labels.csv", "id,truth\na0,1\n");
    drop_in(&sandbox, "2_pred.csv", &predictions("a", 1));
    drop_in(&sandbox, "3.csv", "nothing\n");
    let inbox = swept(&sandbox, 10);
    assert_eq!(
        states(&inbox),
        [
            "1_labels.csv ingested",
            "2_pred.csv waiting",
            "3.csv rejected"
        ],
        "no version is live, and the others are taken all the same"
    );
    assert_eq!(inbox[1]["error_code"], "MG0211");
    assert_eq!(waiting(&sandbox), ["2_pred.csv"]);
    let version = sandbox.register("model");
    sandbox.ok(&format!("promote {version} --yes"));
    assert_eq!(states(&swept(&sandbox, 0)), ["2_pred.csv ingested"]);
    assert_eq!(rows(&sandbox), (1, 1));
}

#[test]
fn what_is_no_file_stays_and_is_told() {
    let sandbox = project();
    let inbox = sandbox.file("inbox");
    fs::create_dir(inbox.join("sub")).unwrap();
    sandbox.write("outside.csv", predictions("a", 1).as_bytes());
    std::os::unix::fs::symlink("../outside.csv", inbox.join("link.csv")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(inbox.join("s.csv")).unwrap();
    let run = sandbox.run("ingest inbox --json").expect(0);
    let document = run.document();
    assert_eq!(states(&document["data"]["inbox"]), [""; 0]);
    let warnings = document["warnings"].as_array().unwrap();
    let told: Vec<_> = warnings
        .iter()
        .map(|warning| warning["text"].as_str().unwrap())
        .collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].ends_with("link.csv is a symbolic link, no file, and stays"));
    assert_eq!(waiting(&sandbox), ["link.csv", "s.csv", "sub"]);
    assert_eq!(rows(&sandbox), (0, 0));
}

#[test]
fn a_file_that_cant_be_moved_comes_in_once_and_stays() {
    let sandbox = project();
    // Another file system, to which nothing can be renamed.
    std::os::unix::fs::symlink("/proc", sandbox.file("inbox/done")).unwrap();
    drop_in(&sandbox, "a.csv", &predictions("a", 3));
    let run = sandbox.run("ingest inbox --json").expect(1);
    let document = run.document();
    assert_eq!(states(&document["data"]["inbox"]), ["a.csv ingested"]);
    let warning = &document["warnings"][0];
    assert_eq!(warning["code"], "file_not_moved");
    let text = warning["text"].as_str().unwrap();
    assert!(text.contains("is not a directory"), "why not: {text}");
    assert_eq!(waiting(&sandbox), ["a.csv"]);
    assert_eq!(states(&swept(&sandbox, 1)), ["a.csv seen"]);
    assert_eq!(rows(&sandbox), (3, 0));
    assert_eq!(sandbox.number("SELECT count(*) FROM alert"), 0);
    fs::remove_file(sandbox.file("inbox/done")).unwrap();
    assert_eq!(states(&swept(&sandbox, 0)), ["a.csv seen"]);
    assert_eq!(names(&sandbox, "done"), ["a.csv"]);
}

#[test]
fn what_was_taken_back_comes_in_again_only_where_its_file_lies_in_the_inbox() {
    let sandbox = project();
    let text = predictions("a", 3);
    drop_in(&sandbox, "a.csv", &text);
    swept(&sandbox, 0);
    let run = sandbox.ok("ingest undo b_1 --json");
    assert_eq!(run.document()["warnings"], serde_json::json!([]));
    assert_eq!(states(&swept(&sandbox, 0)), [""; 0], "it lies in done");
    assert_eq!(rows(&sandbox), (0, 0));
    drop_in(&sandbox, "a.csv", &text);
    let inbox = swept(&sandbox, 0);
    assert_eq!(states(&inbox), ["a.csv ingested"], "dropped again");
    assert_eq!(inbox[0]["batch_id"], "b_2");
    assert_eq!(rows(&sandbox), (3, 0));

    // It can't be moved: the undo says that it is still there.
    fs::remove_dir_all(sandbox.file("inbox/done")).unwrap();
    std::os::unix::fs::symlink("/proc", sandbox.file("inbox/done")).unwrap();
    drop_in(&sandbox, "b.csv", &predictions("b", 2));
    assert_eq!(states(&swept(&sandbox, 1)), ["b.csv ingested"]);
    let run = sandbox.ok("ingest undo b_3 --json");
    let warning = &run.document()["warnings"][0];
    assert_eq!(warning["code"], "file_waits");
    assert!(
        warning["text"]
            .as_str()
            .unwrap()
            .contains("inbox/b.csv lies"),
        "{warning}"
    );
    fs::remove_file(sandbox.file("inbox/b.csv")).unwrap();
    sandbox.ok("ingest undo b_3").says("was taken back before");
    assert_eq!(states(&swept(&sandbox, 0)), [""; 0]);
    assert_eq!(rows(&sandbox), (3, 0));
}

/// Makes a named pipe.
fn pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
}

#[test]
fn a_pipe_is_never_opened() {
    let sandbox = project();
    for name in ["inbox/1.csv", "inbox/2_pred.csv", "inbox/done"] {
        pipe(&sandbox.file(name));
    }
    for (line, status) in [
        ("ingest inbox", 0),
        ("ingest inbox --dry-run", 0),
        ("monitor", 4),
    ] {
        let run = sandbox.run(line).expect(status);
        let words = "1.csv is a device, socket or named pipe, no file, and stays";
        assert!(run.stderr.contains(words), "{run:#?}");
    }
    assert_eq!(waiting(&sandbox), ["1.csv", "2_pred.csv"]);
    fs::remove_file(sandbox.file("inbox/.modelguard.lock")).unwrap();
    pipe(&sandbox.file("inbox/.modelguard.lock"));
    sandbox
        .fails("ingest inbox", 1, "MG0517")
        .tells("named pipe");
    drop_in(&sandbox, "3_pred.csv", &predictions("a", 1));
    let run = sandbox.run("monitor --json").expect(4);
    assert_eq!(run.document()["warnings"][0]["code"], "inbox_not_swept");
}

#[test]
fn a_busy_store_moves_nothing() {
    let sandbox = project();
    drop_in(&sandbox, "1.csv", &predictions("a", 3));
    drop_in(&sandbox, "2.csv", "nothing\n");
    let lock = sandbox.sql();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    for command in ["ingest inbox", "monitor"] {
        let run = sandbox.run_on_broken(&format!("{command} --lock-timeout 50ms"));
        assert_eq!(run.status, 11, "{run:#?}");
        assert_eq!(run.stdout, "", "{run:#?}");
        assert!(run.stderr.contains("MG0404"), "{run:#?}");
        assert_eq!(waiting(&sandbox), ["1.csv", "2.csv"]);
        assert_eq!(names(&sandbox, "rejected"), [""; 0]);
    }
    lock.execute_batch("ROLLBACK").unwrap();
    assert_eq!(
        states(&swept(&sandbox, 2)),
        ["1.csv ingested", "2.csv rejected"]
    );
}

#[test]
fn a_missing_folder_is_told_to_cron_until_it_is_there() {
    let sandbox = project();
    fs::remove_dir(sandbox.file("inbox")).unwrap();
    for _ in 0..2 {
        let run = sandbox.run("monitor -q").expect(4);
        assert_eq!(run.stdout, "");
        let told: Vec<_> = run.stderr.lines().collect();
        assert_eq!(told.len(), 1, "{run:#?}");
        assert!(
            told[0].starts_with("warning: there is no inbox ")
                && told[0].contains("(MG0213)")
                && told[0].contains("`mkdir -p "),
            "{run:#?}"
        );
        assert_eq!(sandbox.run("monitor -qq").expect(4).stderr, "");
    }
    fs::create_dir(sandbox.file("inbox")).unwrap();
    assert_eq!(sandbox.run("monitor -q").expect(4).stderr, "");
}

#[test]
fn files_that_stay_because_they_cant_be_moved_are_told_to_cron_every_time() {
    let sandbox = project();
    // Another file system, to which nothing can be renamed.
    for name in ["done", "rejected"] {
        std::os::unix::fs::symlink("/proc", sandbox.file("inbox").join(name)).unwrap();
    }
    drop_in(&sandbox, "a_pred.csv", &predictions("a", 3));
    drop_in(&sandbox, "b_pred.csv", &predictions("b", 3));
    drop_in(&sandbox, "c_pred.csv", "id,wrong\na,1\n");
    for run in 0..2 {
        let run_of = sandbox.run("monitor -q").expect(4);
        let told: Vec<_> = run_of.stderr.lines().collect();
        assert_eq!(told.len(), 1, "run {run}: {run_of:#?}");
        assert!(
            told[0].starts_with("warning: came in and was not moved: a_pred.csv (MG")
                && told[0].ends_with("; and 2 more files stay in the inbox"),
            "{run_of:#?}"
        );
        assert_eq!(sandbox.run("monitor -qq").expect(4).stderr, "");
    }
    fs::remove_file(sandbox.file("inbox/done")).unwrap();
    let run = sandbox.run("monitor -q").expect(4);
    let line = "warning: still in the inbox: c_pred.csv (MG";
    assert!(run.stderr.starts_with(line), "{run:#?}");
    assert_eq!(run.stderr.lines().count(), 1, "{run:#?}");
    fs::remove_file(sandbox.file("inbox/rejected")).unwrap();
    assert_eq!(sandbox.run("monitor -q").expect(4).stderr, "");
    assert_eq!(waiting(&sandbox), [""; 0]);
}

#[test]
fn a_quiet_sweep_names_the_first_of_the_files_that_stay() {
    let sandbox = without_holder();
    drop_in(&sandbox, "1_bad.csv", "nothing\n");
    let run = sandbox.run("ingest inbox -q").expect(2);
    assert_eq!(run.stderr, "", "it is put aside: {run:#?}");
    drop_in(&sandbox, "2_pred.csv", &predictions("a", 1));
    drop_in(&sandbox, "3_pred.csv", &predictions("b", 1));
    let run = sandbox.run("ingest inbox -q").expect(10);
    assert!(
        run.stderr
            .starts_with("warning: still in the inbox: 2_pred.csv (MG0211)")
            && run
                .stderr
                .ends_with("; and 1 more file stays in the inbox\n"),
        "{run:#?}"
    );
    let version = sandbox.register("model");
    sandbox.ok(&format!("promote {version} --yes"));
    // Another file system, to which nothing can be renamed.
    std::os::unix::fs::symlink("/proc", sandbox.file("inbox/done")).unwrap();
    let run = sandbox.run("ingest inbox -q").expect(1);
    let line = "warning: came in and was not moved: 2_pred.csv (MG";
    assert!(run.stderr.starts_with(line), "{run:#?}");
    assert_eq!(run.stderr.lines().count(), 1, "{run:#?}");
    assert_eq!(sandbox.run("ingest inbox -qq").expect(1).stderr, "");
    fs::remove_file(sandbox.file("inbox/done")).unwrap();
    assert_eq!(sandbox.run("ingest inbox -q").expect(0).stderr, "");
}

#[test]
fn a_quiet_sweep_says_why_it_ended_early_and_what_it_refused_goes_back() {
    let sandbox = project();
    drop_in(&sandbox, "1.csv", "nothing\n");
    drop_in(&sandbox, "2.csv", &predictions("a", 3));
    let lock = sandbox.sql();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let run = sandbox.run_on_broken("ingest inbox -q --lock-timeout 50ms");
    assert_eq!(run.status, 11, "{run:#?}");
    let told: Vec<_> = run.stderr.lines().collect();
    assert_eq!(told.len(), 2, "{run:#?}");
    assert!(
        told[0].starts_with("warning: ") && told[0].contains("MG0404"),
        "{told:?}"
    );
    assert!(
        told[1].starts_with("warning: still in the inbox: 1.csv (MG"),
        "{told:?}"
    );
    assert_eq!(waiting(&sandbox), ["1.csv", "2.csv"]);
    lock.execute_batch("ROLLBACK").unwrap();
    assert_eq!(
        states(&swept(&sandbox, 2)),
        ["1.csv rejected", "2.csv ingested"]
    );
}

#[test]
fn a_used_inbox_that_may_not_be_written_any_more_is_told_to_cron() {
    use std::os::unix::fs::PermissionsExt as _;
    for folder in ["inbox", "inbox/done"] {
        let sandbox = project();
        drop_in(&sandbox, "a_pred.csv", &predictions("a", 3));
        sandbox.run("monitor -q").expect(4);
        drop_in(&sandbox, "b_pred.csv", &predictions("b", 3));
        let mode = |mode| {
            let permissions = fs::Permissions::from_mode(mode);
            fs::set_permissions(sandbox.file(folder), permissions).unwrap();
        };
        mode(0o555);
        // Root may write everywhere, unless it gives that up.
        let probe = sandbox.file(folder).join(".probe");
        let by: &[&str] = if fs::write(&probe, "").is_ok() {
            fs::remove_file(&probe).unwrap();
            &["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
        } else {
            &["env"]
        };
        let plain = sandbox.command(&["monitor", "-q"]);
        let mut command = Command::new(by[0]);
        command
            .args(&by[1..])
            .arg(plain.get_program())
            .args(plain.get_args())
            .current_dir(sandbox.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", sandbox.state())
            .env("XDG_STATE_HOME", sandbox.state())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let run = finish(by, command, &[]);
        mode(0o755);
        assert_eq!(run.status, 4, "{folder}: {run:#?}");
        let line = "warning: came in and was not moved: b_pred.csv (MG";
        assert!(run.stderr.starts_with(line), "{folder}: {run:#?}");
        assert_eq!(run.stderr.lines().count(), 1, "{folder}: {run:#?}");
    }
}

#[test]
fn a_name_as_long_as_a_name_can_be_is_put_aside_and_beside_its_like() {
    let sandbox = project();
    let long = |begin: &str| {
        let mut name = begin.to_owned();
        while name.len() + "é.csv".len() <= 255 {
            name.push('é');
        }
        name + ".csv"
    };
    let (good, bad) = (long("pred_"), long("pred__"));
    assert!(good.len() >= 254 && bad.len() >= 254);
    for number in 0..2 {
        let place = |name: &str, text: &str| {
            fs::write(sandbox.file("inbox/.x"), text).unwrap();
            fs::rename(sandbox.file("inbox/.x"), sandbox.file("inbox").join(name)).unwrap();
        };
        place(&good, &predictions(&format!("a{number}_"), 3));
        place(&bad, &format!("id,wrong\na,{number}\n"));
        sandbox.run("ingest inbox").expect(2);
        assert_eq!(waiting(&sandbox), [""; 0], "round {number}");
    }
    let done = names(&sandbox, "done");
    assert!(done.len() == 2 && done.contains(&good), "{done:?}");
    let rejected = names(&sandbox, "rejected");
    assert_eq!(rejected.len(), 4, "{rejected:?}");
    let documents = rejected
        .iter()
        .filter_map(|name| name.strip_suffix(".error.json"));
    for name in documents {
        assert!(rejected.iter().any(|other| other == name), "{rejected:?}");
    }
    for name in done.iter().chain(&rejected) {
        let name = name.strip_suffix(".error.json").unwrap_or(name);
        assert!(
            name.starts_with("pred_") && name.ends_with(".csv"),
            "{name}"
        );
    }
    assert_eq!(
        sandbox.json("status")["models"][0]["inbox"]["rejected_count"],
        2
    );
    assert_eq!(rows(&sandbox), (6, 0));
}

#[test]
fn a_missing_folder_is_a_warning_of_monitor_and_no_inbox_of_its_own() {
    let sandbox = project();
    fs::remove_dir(sandbox.file("inbox")).unwrap();
    let run = sandbox.run("monitor --json").expect(4);
    let warning = &run.document()["warnings"][0];
    assert_eq!(warning["code"], "inbox_not_swept");
    assert!(warning["text"].as_str().unwrap().contains("MG0213"));
    sandbox.fails("ingest inbox", 10, "MG0213");
    assert!(!sandbox.file("inbox").exists(), "nobody made it");
    let inbox = &sandbox.json("status")["models"][0]["inbox"];
    assert_eq!(inbox["waiting_count"], Value::Null);
    sandbox.ok("status").says("there is no such file");
    sandbox.write("modelguard.toml", b"");
    sandbox.fails("ingest inbox", 10, "MG0213");
    assert_eq!(sandbox.json("status")["models"][0]["inbox"], Value::Null);
    assert_eq!(
        sandbox.run("monitor --json").expect(4).document()["warnings"],
        serde_json::json!([])
    );
}

/// Everything in the inbox and the store, byte for byte.
fn everything(sandbox: &Sandbox) -> Vec<(String, Vec<u8>)> {
    fn collect(folder: &Path, into: &mut Vec<(String, Vec<u8>)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, into);
            } else {
                into.push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    let mut all = vec![("store".to_owned(), sandbox.store_bytes())];
    collect(&sandbox.file("inbox"), &mut all);
    all.sort();
    all
}

#[test]
fn a_dry_run_lists_and_touches_nothing() {
    let sandbox = project();
    drop_in(&sandbox, "1.csv", &predictions("a", 3));
    drop_in(&sandbox, "2_labels.csv", "nothing\n");
    drop_in(&sandbox, "3.csv", "");
    drop_in(&sandbox, "4.csv", "day,comment\n2,rain\n");
    drop_in(&sandbox, "5_preds.csv", "id,prediction\na,1\nb,x\n");
    let before = everything(&sandbox);
    let run = sandbox.run("ingest inbox --dry-run --json").expect(2);
    let inbox = run.document()["data"]["inbox"].clone();
    assert_eq!(
        states(&inbox),
        [
            "1.csv waiting",
            "2_labels.csv unusable",
            "3.csv unusable",
            "4.csv unusable",
            "5_preds.csv unusable"
        ]
    );
    assert_eq!(inbox[0]["kind"], "predictions");
    assert_eq!(inbox[1]["kind"], "truth");
    assert_eq!(inbox[0]["error_code"], Value::Null);
    let codes: Vec<_> = (1..5).map(|at| inbox[at]["error_code"].clone()).collect();
    assert_eq!(codes, ["MG0505", "MG0510", "MG0505", "MG0507"]);
    sandbox
        .run("ingest inbox --dry-run")
        .expect(2)
        .says("1.csv  predictions  waits")
        .says("3.csv  unknown  would be refused")
        .says("Inbox: 4 files would be refused, 1 file waits.")
        .says("Dry run: nothing was changed.")
        .tells("would be refused: 3.csv (MG0510): ");
    let run = sandbox.run("monitor --dry-run --json").expect(4);
    let model = &run.document()["data"]["models"][0];
    assert_eq!(model["inbox"][0]["state"], "waiting");
    assert!(before == everything(&sandbox), "something changed");
    // The next run does what was said.
    let swept = sandbox.run("ingest inbox --json").expect(2).document()["data"]["inbox"].clone();
    assert_eq!(
        states(&swept),
        [
            "1.csv ingested",
            "2_labels.csv rejected",
            "3.csv rejected",
            "4.csv rejected",
            "5_preds.csv rejected"
        ]
    );
}

#[test]
fn two_models_have_two_inboxes() {
    let sandbox = project();
    sandbox.ok("init --model other --task regression");
    for command in ["monitor --all", "monitor -m m", "ingest inbox -m other"] {
        sandbox.fails(command, 2, "MG0305");
    }
    let run = sandbox.run("config validate").expect(2);
    assert!(format!("{run:?}").contains("share the inbox"), "{run:#?}");
    sandbox.write(
        "modelguard.toml",
        b"[models.m.ingest]\ninbox = \"inbox\"\n[models.other.ingest]\ninbox = \"./inbox/\"\n",
    );
    sandbox.run("status").expect(2).tells("MG0305");
    // The same folder by another name is found where the files are.
    sandbox.write(
        "modelguard.toml",
        b"[models.m.ingest]\ninbox = \"inbox\"\n[models.other.ingest]\ninbox = \"link\"\n",
    );
    std::os::unix::fs::symlink("inbox", sandbox.file("link")).unwrap();
    sandbox.fails("monitor --all", 2, "MG0305");
    fs::remove_file(sandbox.file("link")).unwrap();
    fs::create_dir(sandbox.file("link")).unwrap();
    drop_in(&sandbox, "a_pred.csv", &predictions("a", 2));
    sandbox.write("link/b_labels.csv", b"id,truth\na0,1\n");
    let run = sandbox.run("monitor --all --json").expect(4);
    let models = &run.document()["data"]["models"];
    assert_eq!(states(&models[0]["inbox"]), ["a_pred.csv ingested"]);
    assert_eq!(states(&models[1]["inbox"]), ["b_labels.csv ingested"]);
    assert_eq!(
        sandbox.number("SELECT count(DISTINCT model_id) FROM batch"),
        2
    );
}

#[test]
fn an_inbox_that_holds_the_project_is_refused() {
    let sandbox = project();
    for (inbox, code) in [(".", "MG0304"), ("..", "MG0304"), ("inbox/..", "MG0304")] {
        let policy = format!("[ingest]\ninbox = {inbox:?}\n");
        sandbox.write("modelguard.toml", policy.as_bytes());
        sandbox.fails("ingest inbox", 2, code);
    }
    let policy = format!("[ingest]\ninbox = {:?}\n", sandbox.path());
    sandbox.write("modelguard.toml", policy.as_bytes());
    for command in ["ingest inbox", "monitor", "ingest inbox --dry-run"] {
        sandbox.fails(command, 2, "MG0304");
    }
    assert!(sandbox.store().is_file());
}

/// Otherwise a refused file's message would be the next file that is refused, for ever.
#[test]
fn an_inbox_that_holds_what_modelguard_writes_or_keeps_secret_is_refused() {
    let sandbox = project();
    let inbox = "[ingest]\ninbox = \"inbox\"\n";
    for channel in [
        "kind = \"file\"\npath = \"inbox/messages.jsonl\"\n",
        "kind = \"file\"\npath = \"inbox/done/../messages.jsonl\"\n",
        "kind = \"slack\"\nurl_file = \"inbox/slack\"\n",
    ] {
        let policy = format!("{inbox}[[notify]]\n{channel}");
        sandbox.write("modelguard.toml", policy.as_bytes());
        sandbox.run("config trust --yes");
        drop_in(&sandbox, "bad.csv", "id,prediction\na,b,c\n");
        for command in ["ingest inbox", "monitor", "config validate"] {
            let run = sandbox.run(command).expect(2);
            assert!(
                format!("{run:?}").contains("would be taken for data"),
                "{run:#?}"
            );
        }
        assert_eq!(sandbox.number("SELECT count(*) FROM alert"), 0);
    }
    sandbox.write("modelguard.toml", inbox.as_bytes());
    sandbox.fails("ingest inbox --log-file inbox/log.jsonl", 2, "MG0304");
    fs::remove_file(sandbox.file("inbox/log.jsonl")).unwrap();
    sandbox.run("ingest inbox --log-file log.jsonl").expect(2);
    assert_eq!(sandbox.number("SELECT count(*) FROM alert"), 1);
}

/// Whatever run has put it there: a sweep is refused, any other command writes it.
#[test]
fn a_log_in_the_inbox_is_never_taken_for_data() {
    let sandbox = project();
    sandbox.ok("status --log-file inbox/pred_log.jsonl");
    sandbox.fails("monitor --log-file inbox/other.txt", 2, "MG0304");
    drop_in(&sandbox, "a.csv", &predictions("a", 2));
    drop_in(
        &sandbox,
        "b.jsonl",
        "{\"schema\":\"ours\",\"id\":\"b0\",\"prediction\":1}\n",
    );
    let inbox = &sandbox.json("status")["models"][0]["inbox"];
    assert_eq!(inbox["waiting_count"], 2);
    let logs = ["other.txt", "pred_log.jsonl"];
    for line in ["ingest inbox --dry-run", "ingest inbox", "ingest inbox"] {
        let run = sandbox.run(&format!("{line} --json")).expect(0);
        let document = run.document();
        let warnings = document["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), 2, "{document:#}");
        for (warning, name) in warnings.iter().zip(logs) {
            assert_eq!(warning["code"], "own_log");
            let text = warning["text"].as_str().unwrap();
            let end = format!("{name} is a log of modelguard, no data, and stays");
            assert!(text.ends_with(&end), "{text}");
        }
    }
    assert_eq!(waiting(&sandbox), logs);
    assert_eq!(names(&sandbox, "done"), ["a.csv", "b.jsonl"]);
    assert_eq!(sandbox.number("SELECT count(*) FROM alert"), 0);
    assert_eq!(rows(&sandbox), (3, 0));
}

#[test]
fn an_inbox_elsewhere_needs_trust_once() {
    let sandbox = project();
    fs::create_dir(sandbox.file("../drop")).unwrap();
    fs::write(sandbox.file("../drop/a.csv"), predictions("a", 2)).unwrap();
    sandbox.write("modelguard.toml", b"[ingest]\ninbox = \"../drop\"\n");
    for command in ["ingest inbox", "monitor", "status"] {
        sandbox.fails(command, 2, "MG0307");
    }
    assert!(sandbox.file("../drop/a.csv").is_file());
    let trust = sandbox.json("config trust --yes");
    assert!(
        trust["lines"][0]
            .as_str()
            .unwrap()
            .starts_with("modelguard.toml:2  ingest.inbox = ")
    );
    assert_eq!(states(&swept(&sandbox, 0)), ["a.csv ingested"]);
    assert!(sandbox.file("../drop/done/a.csv").is_file());
}

/// `names` of the files that are to come in, each with ten rows of its own, and the others.
struct Load {
    good: usize,
    rows_each: usize,
}

impl Load {
    /// Good files, a copy of each third, and bad files.
    fn fill(&self, sandbox: &Sandbox) {
        for file in 0..self.good {
            let text = predictions(&format!("f{file}_"), self.rows_each);
            drop_in(sandbox, &format!("pred_{file:03}.csv"), &text);
            if file % 3 == 0 {
                drop_in(sandbox, &format!("pred_{file:03}_copy.csv"), &text);
            }
        }
        drop_in(sandbox, "0_bad.csv", "id,prediction\ny0,1\ny1,abc\n");
        drop_in(sandbox, "pred_bad.csv", "id,prediction\nz0,1\nz1,abc\n");
        drop_in(sandbox, "pred_bad2.csv", "nothing\n");
    }

    fn files(&self) -> usize {
        self.good + self.good.div_ceil(3)
    }

    /// Every row is there once, every file where it belongs, and one alert tells of each bad one.
    fn assert_done(&self, sandbox: &Sandbox, after: &str) {
        assert_whole(&sandbox.store(), after);
        let all = (self.good * self.rows_each) as i64;
        assert_eq!(rows(sandbox), (all, 0), "{after}");
        let ids = "SELECT count(DISTINCT prediction_id) FROM prediction";
        assert_eq!(sandbox.number(ids), all, "{after}");
        assert_eq!(waiting(sandbox), [""; 0], "{after}");
        let done = names(sandbox, "done");
        assert_eq!(done.len(), self.files(), "{after}: {done:?}");
        assert_eq!(
            names(sandbox, "rejected"),
            [
                "0_bad.csv",
                "0_bad.csv.error.json",
                "pred_bad.csv",
                "pred_bad.csv.error.json",
                "pred_bad2.csv",
                "pred_bad2.csv.error.json"
            ],
            "{after}"
        );
        assert_eq!(sandbox.number("SELECT count(*) FROM alert"), 3, "{after}");
        let refused = "SELECT count(*) FROM operation WHERE kind = 'refuse'";
        assert_eq!(sandbox.number(refused), 3, "{after}");
        let ingested = "SELECT count(*) FROM operation WHERE kind = 'ingest'";
        assert_eq!(sandbox.number(ingested), self.good as i64, "{after}");
        sandbox.ok("store verify");
    }
}

/// A sweep that runs by itself.
fn start(sandbox: &Sandbox, line: &str) -> std::process::Child {
    let words: Vec<_> = line.split_whitespace().collect();
    let mut command = sandbox.command(&words);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

#[test]
fn kill_9_at_any_point_of_a_sweep_loses_and_doubles_no_row() {
    let load = Load {
        good: 40,
        rows_each: 2,
    };
    let mut killed = 0;
    for round in 0..10_u64 {
        let sandbox = project();
        load.fill(&sandbox);
        // Moments that no two rounds share, from before the first file to within the last.
        for step in 0..60_u64 {
            let line = if step % 2 == 0 {
                "ingest inbox"
            } else {
                "monitor"
            };
            let mut child = start(&sandbox, line);
            let micros = 2_500 + (step * 7_919 + round * 1_543) % 24_000;
            std::thread::sleep(Duration::from_micros(micros));
            child.kill().unwrap();
            let status = child.wait().unwrap();
            killed += usize::from(status.code().is_none());
            if waiting(&sandbox).is_empty() {
                break;
            }
        }
        let end = sandbox.run("ingest inbox");
        assert!([0, 2].contains(&end.status), "{end:#?}");
        load.assert_done(&sandbox, &format!("round {round}"));
    }
    assert!(killed > 20, "only {killed} sweeps were killed");
}

#[test]
fn what_a_death_between_two_steps_leaves_is_finished_by_the_next_sweep() {
    let load = Load {
        good: 3,
        rows_each: 4,
    };
    let at = |sandbox: &Sandbox, name: &str| sandbox.file("inbox").join(name);
    let bad_hash = |sandbox: &Sandbox| {
        // What the tool itself says of it.
        let document = at(sandbox, "rejected/pred_bad.csv.error.json");
        let document: Value = serde_json::from_slice(&fs::read(document).unwrap()).unwrap();
        document["source_blake3"].as_str().unwrap().to_owned()
    };
    type Step = fn(&Path);
    let steps: [(&str, Step); 6] = [
        ("stored, not moved", |inbox| {
            fs::rename(inbox.join("done/pred_001.csv"), inbox.join("pred_001.csv")).unwrap();
        }),
        ("stored and claimed", |inbox| {
            fs::rename(
                inbox.join("done/pred_001.csv"),
                inbox.join(".taking/pred_001.csv"),
            )
            .unwrap();
        }),
        ("claimed and in done", |inbox| {
            fs::hard_link(
                inbox.join("done/pred_001.csv"),
                inbox.join(".taking/pred_001.csv"),
            )
            .unwrap();
        }),
        ("told of, not put aside", |inbox| {
            fs::remove_file(inbox.join("rejected/pred_bad.csv.error.json")).unwrap();
            fs::rename(
                inbox.join("rejected/pred_bad.csv"),
                inbox.join(".taking/pred_bad.csv"),
            )
            .unwrap();
        }),
        ("the reason written, not put aside", |inbox| {
            fs::rename(
                inbox.join("rejected/pred_bad.csv"),
                inbox.join(".taking/pred_bad.csv"),
            )
            .unwrap();
        }),
        ("claimed and in rejected", |inbox| {
            fs::hard_link(
                inbox.join("rejected/pred_bad.csv"),
                inbox.join(".taking/pred_bad.csv"),
            )
            .unwrap();
        }),
    ];
    for (what, step) in steps {
        let sandbox = project();
        load.fill(&sandbox);
        swept(&sandbox, 2);
        load.assert_done(&sandbox, what);
        let hash = bad_hash(&sandbox);
        step(&sandbox.file("inbox"));
        let status =
            if what.contains("told") || what.contains("reason") || what.contains("rejected") {
                2
            } else {
                0
            };
        let found = swept(&sandbox, status);
        assert_eq!(found.as_array().unwrap().len(), 1, "{what}: {found:#}");
        load.assert_done(&sandbox, what);
        assert_eq!(bad_hash(&sandbox), hash, "{what}");
        let log = sandbox.json("log --kind refuse");
        for operation in log["operations"].as_array().unwrap() {
            let lies = operation["detail"]["moved_to_path"].as_str().unwrap();
            assert!(Path::new(lies).is_file(), "{what}: {lies}");
        }
    }
}

#[test]
fn sweeps_at_the_same_time_store_each_row_once() {
    let load = Load {
        good: 20,
        rows_each: 50,
    };
    let sandbox = project();
    load.fill(&sandbox);
    let children: Vec<_> = ["ingest inbox", "monitor", "ingest inbox", "monitor"]
        .iter()
        .map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            let mut command = sandbox.command(&words);
            command.arg("--lock-timeout").arg("60s");
            command.spawn().unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(
            [0, 2, 4].contains(&output.status.code().unwrap()),
            "{output:?}"
        );
    }
    load.assert_done(&sandbox, "four sweeps at once");
}

#[test]
fn a_second_sweep_leaves_cleanly_while_the_first_one_works() {
    let sandbox = project();
    drop_in(&sandbox, "a.csv", &predictions("a", 2));
    let lock = fs::File::create(sandbox.file("inbox/.modelguard.lock")).unwrap();
    lock.lock().unwrap();
    sandbox.fails("ingest inbox --lock-timeout 50ms", 11, "MG0518");
    let run = sandbox.run("monitor --lock-timeout 50ms --json").expect(4);
    assert_eq!(run.document()["warnings"][0]["code"], "inbox_not_swept");
    assert_eq!(waiting(&sandbox), ["a.csv"]);
    drop(lock);
    assert_eq!(states(&swept(&sandbox, 0)), ["a.csv ingested"]);
}

#[test]
fn ctrl_c_stops_between_files_or_within_one_and_leaves_whole_ones() {
    let sandbox = project();
    for file in 0..200 {
        let text = predictions(&format!("f{file}_"), 300);
        drop_in(&sandbox, &format!("pred_{file:03}.csv"), &text);
    }
    for line in ["ingest inbox", "monitor"] {
        let before = names(&sandbox, "done").len();
        let words: Vec<_> = line.split_whitespace().collect();
        let mut command = sandbox.command(&words);
        command.process_group(0);
        let child = command.spawn().unwrap();
        let started = Instant::now();
        while names(&sandbox, "done").len() < before + 5 {
            assert!(started.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(2));
        }
        let pid = child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-INT", &pid])
                .status()
                .unwrap()
                .success()
        );
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{output:?}");
        let done = names(&sandbox, "done").len();
        assert!(done > before && done < 200, "{done}");
        assert_eq!(waiting(&sandbox).len() + done, 200);
        // The last one may have been stored and not yet moved.
        let stored = rows(&sandbox).0 as usize / 300;
        assert!(stored == done || stored == done + 1, "{stored} and {done}");
        assert_whole(&sandbox.store(), line);
    }
    swept(&sandbox, 0);
    assert_eq!(rows(&sandbox), (60_000, 0));
}

#[test]
fn a_service_that_reuses_one_name_loses_no_file() {
    let sandbox = project();
    let mut sweeps = Vec::new();
    let started = Instant::now();
    for file in 0..40 {
        let text = predictions(&format!("f{file}_"), 20);
        // A service that does not look would overwrite what was not taken yet: this one waits.
        while sandbox.file("inbox/pred.csv").exists() {
            assert!(started.elapsed() < Duration::from_secs(120));
            if sweeps.len() < 3 {
                sweeps.push(start(&sandbox, "ingest inbox"));
            }
            sweeps.retain_mut(|sweep| sweep.try_wait().unwrap().is_none());
            std::thread::sleep(Duration::from_millis(1));
        }
        drop_in(&sandbox, "pred.csv", &text);
    }
    for mut sweep in sweeps {
        sweep.wait().unwrap();
    }
    swept(&sandbox, 0);
    assert_eq!(rows(&sandbox), (800, 0));
    assert_eq!(names(&sandbox, "done").len(), 40);
    assert_whole(&sandbox.store(), "forty files of one name");
}

#[test]
fn the_services_example_in_the_documents_works() {
    let sandbox = project();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/inbox.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, code) = page.split_once("```python\n").unwrap();
    let (code, _) = code.split_once("```").unwrap();
    let call =
        "\ndrop_in('inbox', 'pred_1.csv', ['id', 'prediction'], [['a0', 1.5], ['a1', 2.5]])\n";
    sandbox.write("service.py", format!("{code}{call}").as_bytes());
    let python = Command::new("python3")
        .arg("service.py")
        .current_dir(sandbox.path())
        .output()
        .unwrap();
    assert!(python.status.success(), "{python:?}");
    assert_eq!(waiting(&sandbox), ["pred_1.csv"]);
    assert_eq!(states(&swept(&sandbox, 0)), ["pred_1.csv ingested"]);
    assert_eq!(rows(&sandbox), (2, 0));
}

#[test]
fn names_from_outside_are_told_safely() {
    let sandbox = project();
    let name = "bad\u{1b}[2J\n.csv";
    fs::write(sandbox.file("inbox").join(name), "nothing\n").unwrap();
    let run: Run = sandbox.run("ingest inbox").expect(2);
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains('\u{1b}'), "{run:#?}");
    }
    assert!(run.stdout.contains("bad\\u{1b}[2J\\n.csv"), "{run:#?}");
    let run = sandbox.ok("alerts list");
    assert!(!run.stdout.contains('\u{1b}'), "{run:#?}");
    // A name that is no Unicode is kept as it is.
    use std::os::unix::ffi::OsStrExt as _;
    let odd = std::ffi::OsStr::from_bytes(b"pred_\xff.csv");
    fs::write(sandbox.file("inbox").join(odd), predictions("a", 1)).unwrap();
    assert_eq!(states(&swept(&sandbox, 0)), ["pred_\u{fffd}.csv ingested"]);
    assert!(sandbox.file("inbox/done").join(odd).is_file());
}
