//! `ingest`: rows come in whole or not at all, with their version, and truth finds its predictions.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{BEGINNING, FIRST_VERSION, Run, Sandbox, finish};

/// Three predictions of 5 January 2026, after the first version was registered.
const ROWS: &str = "id,predicted_at,prediction\n\
    a,2026-01-05T14:30:23Z,yes\n\
    b,2026-01-05T14:30:24Z,no\n\
    c,2026-01-05T14:30:24Z,\n";

/// A project with one version that is live and has no beginning.
fn live() -> Sandbox {
    let (sandbox, names) = Sandbox::with_versions(1);
    assert_eq!(names, [FIRST_VERSION]);
    sandbox.ok("promote latest --yes");
    sandbox
}

fn count(sandbox: &Sandbox, table: &str) -> i64 {
    sandbox.number(&format!("SELECT count(*) FROM {table}"))
}

/// id, version and truth of the predictions that count, in the order of version and id.
fn seen(sandbox: &Sandbox) -> Vec<(String, String, Option<String>)> {
    let connection = sandbox.sql();
    let mut statement = connection
        .prepare(
            "SELECT prediction_id, model_version, actual_value FROM model_predictions ORDER BY 2, 1",
        )
        .unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn predictions_come_in_once() {
    let sandbox = live();
    sandbox.write("p.csv", ROWS.as_bytes());
    let before = sandbox.leaves_the_store("ingest predictions p.csv --dry-run", 0);
    before.says("Would store 3 predictions").says("Dry run");
    let dry = sandbox.json("ingest predictions p.csv --dry-run");
    assert_eq!(dry["changed"], false);
    assert_eq!(dry["dry_run"], true);
    assert_eq!(dry["batch_id"], Value::Null);
    assert_eq!(dry["rows_stored_count"], 3);
    let stored = sandbox.json("ingest predictions p.csv");
    assert_eq!(stored["changed"], true);
    assert_eq!(stored["batch_id"], "b_1");
    assert_eq!(stored["operation_id"], "op_4");
    for (key, value) in [
        ("rows_read_count", 3),
        ("rows_stored_count", 3),
        ("rows_skipped_count", 0),
        ("rows_rejected_count", 0),
        ("rows_failed_count", 1),
        ("truth_joined_count", 0),
        ("truth_waiting_count", 3),
    ] {
        assert_eq!(stored[key], value, "{key}");
    }
    assert_eq!(stored["first_at"], "2026-01-05T14:30:23Z");
    assert_eq!(stored["last_at"], "2026-01-05T14:30:24Z");
    assert_eq!(
        stored["attribution"],
        serde_json::json!([
            { "version": FIRST_VERSION, "by": "held_at", "role": "live", "rows_count": 3 }
        ])
    );
    let again = sandbox.leaves_the_store("ingest predictions p.csv", 0);
    again.says("The same file came in as batch b_1; nothing was changed.");
    let again = sandbox.json("ingest predictions p.csv");
    assert_eq!(
        (&again["changed"], &again["batch_id"]),
        (&false.into(), &"b_1".into())
    );
    // The same rows in another file say nothing new.
    sandbox.write("more.csv", format!("{ROWS}\n").as_bytes());
    sandbox
        .leaves_the_store("ingest predictions more.csv", 0)
        .says("3 rows were there already. Nothing was changed.");
    sandbox.write(
        "more.csv",
        format!("{ROWS}d,2026-01-05T14:30:25Z,no\n").as_bytes(),
    );
    let more = sandbox.json("ingest predictions more.csv");
    assert_eq!(
        (&more["rows_stored_count"], &more["rows_skipped_count"]),
        (&1.into(), &3.into())
    );
    assert_eq!(count(&sandbox, "model_predictions"), 4);
}

#[test]
fn the_words_name_batch_range_and_versions() {
    let sandbox = live();
    sandbox.write("p.csv", ROWS.as_bytes());
    let run = sandbox.ok("ingest predictions p.csv");
    assert_eq!(
        run.stdout,
        format!(
            "Stored 3 predictions, 2026-01-05T14:30:23Z – 2026-01-05T14:30:24Z (batch b_1). By time: all count \
             for {FIRST_VERSION}, whose tenure is the first and has no beginning. 1 of them failed: empty, NaN or \
             infinite. 3 predictions of the model wait for their truth.\n"
        )
    );
    assert_eq!(
        run.stderr,
        "Columns: id ← id, time ← predicted_at, prediction ← prediction\n"
    );
    sandbox.write("t.csv", b"id,truth\na,yes\nb,\nz,no\n");
    let run = sandbox.ok("ingest truth t.csv");
    assert_eq!(
        run.stdout,
        "Joined 1 label; 2 predictions wait (batch b_2). 1 label belongs to no prediction yet and is kept. \
         1 row has no truth yet.\n"
    );
    sandbox.write("t.csv", b"id,truth\na,no\n");
    sandbox.ok("ingest truth t.csv --on-conflict revise").says(
        "Joined 1 label (1 revised, the old ones kept in history); 2 predictions wait (batch b_3).",
    );
}

#[test]
fn nobody_is_live_and_no_version_was_given() {
    let (sandbox, _) = Sandbox::with_versions(1);
    sandbox.write("p.csv", ROWS.as_bytes());
    sandbox.write("untimed.csv", b"id,prediction\na,yes\n");
    let before = sandbox.store_bytes();
    for file in ["p.csv", "untimed.csv"] {
        sandbox
            .fails(&format!("ingest predictions {file}"), 10, "MG0211")
            .tells("promote latest")
            .tells("--version REF");
    }
    assert_eq!(before, sandbox.store_bytes());
    let shadow = sandbox.json("ingest predictions p.csv --version latest");
    assert_eq!(shadow["attribution"][0]["by"], "flag");
    assert_eq!(shadow["attribution"][0]["role"], "shadow");
}

#[test]
fn without_any_version_the_first_step_is_to_register_one() {
    let sandbox = Sandbox::new();
    sandbox.write("p.csv", ROWS.as_bytes());
    sandbox.write("untimed.csv", b"id,prediction\na,yes\n");
    for file in ["p.csv", "untimed.csv"] {
        let run = sandbox
            .fails(&format!("ingest predictions {file}"), 10, "MG0211")
            .tells("`modelguard register PATH`, `modelguard promote latest`");
        assert!(!run.stderr.contains("--version"), "{run:#?}");
    }
}

#[test]
fn rows_count_for_the_version_that_was_live_when_they_were_predicted() {
    let (sandbox, names) = Sandbox::with_versions(2);
    sandbox.ok(&format!("promote {} --yes", names[0]));
    let switch = sandbox.clock();
    sandbox.ok(&format!("promote {} --yes", names[1]));
    let text = format!(
        "id,ts,y_pred\nold,2020-01-01,yes\nbefore,{},yes\nat,{switch},no\n",
        switch - 1
    );
    sandbox.write("p.csv", text.as_bytes());
    sandbox.ok("ingest predictions p.csv");
    // Without times the present holder predicted now.
    sandbox.write("untimed.csv", b"id,pred\nuntimed,yes\n");
    let now = sandbox.clock();
    let untimed = sandbox.json("ingest predictions untimed.csv");
    assert_eq!(untimed["attribution"][0]["by"], "present_holder");
    assert_eq!(untimed["attribution"][0]["version"], names[1].as_str());
    assert_eq!(
        sandbox.number(
            "SELECT predicted_at / 1000000 FROM prediction WHERE prediction_id = 'untimed'"
        ),
        i64::try_from(now).unwrap()
    );
    // A column wins over the time, and where it is empty the time decides.
    let text = format!(
        "id,ts,y_pred,version\nnamed,{switch},yes,{0}\nprefix,{switch},yes, {0} \nempty,{switch},yes,\n",
        names[0]
    );
    sandbox.write("c.csv", text.as_bytes());
    let by_column = sandbox.json("ingest predictions c.csv");
    let attribution = by_column["attribution"].as_array().unwrap();
    assert_eq!(attribution[0]["by"], "column");
    assert_eq!(attribution[0]["role"], "shadow");
    assert_eq!(attribution[1]["by"], "held_at");
    let of = |name: &str| -> Vec<String> {
        let seen = seen(&sandbox).into_iter();
        seen.filter(|row| row.1 == name).map(|row| row.0).collect()
    };
    assert_eq!(of(&names[0]), ["before", "named", "old", "prefix"]);
    assert_eq!(of(&names[1]), ["at", "empty", "untimed"]);
}

#[test]
fn a_row_from_before_the_first_beginning_is_nobodys() {
    let (sandbox, _) = Sandbox::with_versions(1);
    sandbox.ok(&format!("promote latest --since @{BEGINNING} --yes"));
    let text = format!(
        "id,ts,prediction\na,{},yes\nb,{BEGINNING},yes\n",
        BEGINNING - 1
    );
    sandbox.write("p.csv", text.as_bytes());
    let run = sandbox.fails("ingest predictions p.csv", 2, "MG0507");
    run.tells("p.csv, line 2, column ts")
        .tells("lies before 2026-01-05T14:30:22Z");
    let kept = sandbox.json("ingest predictions p.csv --max-rejects 1 --reject-file bad.csv");
    assert_eq!(kept["rows_rejected_count"], 1);
    assert_eq!(kept["rejects"][0]["code"], "no_holder");
    let aside = std::fs::read_to_string(sandbox.file("bad.csv")).unwrap();
    assert!(aside.contains("no_holder"), "{aside}");
    assert!(
        aside.contains(&format!("a,{},yes", BEGINNING - 1)),
        "{aside}"
    );
}

#[test]
fn lines_that_are_no_rows_store_nothing_unless_they_may() {
    let sandbox = live();
    let text = "id,ts,prediction,version\n\
                a,2026-01-05,yes,\n,2026-01-05,yes,\nc,yesterday,no,\nd,2030-01-01,no,\ne,2026-01-05,no,v9\n";
    sandbox.write("p.csv", text.as_bytes());
    let run = sandbox.leaves_the_store("ingest predictions p.csv", 2);
    run.tells("p.csv, line 3, column id")
        .tells("4 of 5 lines are no rows");
    let problem = sandbox.run("ingest predictions p.csv --json").problem();
    let rejects = problem["details"]["rejects"].as_array().unwrap();
    let codes: Vec<_> = rejects
        .iter()
        .map(|reject| reject["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        codes,
        [
            "id_empty",
            "time_unreadable",
            "time_in_future",
            "unknown_version"
        ]
    );
    for reject in rejects {
        assert_eq!(reject["path"], "p.csv");
        assert!(
            reject["line_number"].is_u64() && reject["column"].is_string(),
            "{reject}"
        );
    }
    sandbox.leaves_the_store(
        "ingest predictions p.csv --max-rejects 3 --reject-file bad.csv",
        2,
    );
    let aside = std::fs::read_to_string(sandbox.file("bad.csv")).unwrap();
    assert_eq!(aside.lines().count(), 5, "{aside}");
    let run = sandbox.ok("ingest predictions p.csv --max-rejects 4");
    run.tells("warning: 4 of 5 lines are no rows");
    assert_eq!(count(&sandbox, "prediction"), 1);
    sandbox.write("ok.csv", ROWS.as_bytes());
    sandbox.fails(
        "ingest predictions ok.csv --reject-file no/such/bad.csv",
        1,
        "MG0517",
    );
}

#[test]
fn a_line_with_a_field_too_many_or_too_few_is_a_reject_like_any_other() {
    let sandbox = live();
    let text =
        "id,ts,prediction\na,2026-01-05,yes\nb,2026-01-05,yes,x\nc,2026-01-05\nd,2026-01-05,no\n";
    sandbox.write("p.csv", text.as_bytes());
    sandbox
        .fails("ingest predictions p.csv", 2, "MG0507")
        .tells("p.csv, line 3, column prediction: 4 fields, but the header has 3")
        .tells("2 of 4 lines are no rows");
    let stored = sandbox.json("ingest predictions p.csv --max-rejects 2 --reject-file bad.csv");
    assert_eq!(stored["rows_stored_count"], 2);
    assert_eq!(stored["rejects"][0]["code"], "field_count");
    let aside = std::fs::read_to_string(sandbox.file("bad.csv")).unwrap();
    assert!(aside.contains("\"b,2026-01-05,yes,x\""), "{aside}");
    assert!(aside.contains("\"c,2026-01-05\""), "{aside}");
    sandbox.write("t.csv", b"id,truth\na,yes\nd,no,\n");
    let truth = sandbox.json("ingest truth t.csv --max-rejects 1");
    assert_eq!(truth["truth_joined_count"], 1);
}

#[test]
fn a_prediction_never_changes() {
    let sandbox = live();
    sandbox.write("p.csv", ROWS.as_bytes());
    sandbox.ok("ingest predictions p.csv");
    let other = ROWS.replace("b,2026-01-05T14:30:24Z,no", "b,2026-01-05T14:30:24Z,yes");
    sandbox.write("other.csv", other.as_bytes());
    sandbox.leaves_the_store("ingest predictions other.csv", 2);
    sandbox
        .fails("ingest predictions other.csv", 2, "MG0512")
        .tells(
            "other.csv, line 3, column prediction: id b has the prediction yes, and no is stored",
        )
        .tells("--on-conflict skip");
    let run = sandbox.run("ingest predictions other.csv --on-conflict revise");
    run.expect(2).tells("MG0101");
    let skipped = sandbox.json("ingest predictions other.csv --on-conflict skip");
    assert_eq!(
        (&skipped["changed"], &skipped["rows_skipped_count"]),
        (&false.into(), &3.into())
    );
    sandbox.write(
        "twice.csv",
        b"id,ts,prediction\nx,2026-01-05,yes\ny,2026-01-05,no\nx,2026-01-05,no\n",
    );
    sandbox
        .fails("ingest predictions twice.csv", 2, "MG0515")
        .tells(
            "twice.csv, line 4, column prediction: id x has the prediction no, and yes on line 2",
        );
    let first = sandbox.json("ingest predictions twice.csv --on-conflict skip");
    assert_eq!(
        (&first["rows_stored_count"], &first["rows_skipped_count"]),
        (&2.into(), &1.into())
    );
    // What was skipped then is not forgotten: without skip it is an error still.
    sandbox.fails("ingest predictions twice.csv", 2, "MG0515");
}

#[test]
fn truth_reaches_every_version_whenever_it_predicted() {
    let (sandbox, names) = Sandbox::with_versions(2);
    sandbox.write("p.csv", ROWS.as_bytes());
    sandbox.write(
        "t.csv",
        b"id,label,label_ts\na,yes,2026-01-05T14:30:25Z\nz,no,2026-01-05T14:30:25Z\n",
    );
    sandbox.ok(&format!("ingest predictions p.csv --version {}", names[0]));
    let truth = sandbox.json("ingest truth t.csv");
    assert_eq!(
        (&truth["truth_stored_count"], &truth["truth_joined_count"]),
        (&2.into(), &1.into())
    );
    assert_eq!(truth["truth_waiting_count"], 2);
    sandbox.ok(&format!("ingest predictions p.csv --version {}", names[1]));
    let yes = || Some("yes".to_owned());
    let truths: Vec<_> = seen(&sandbox).into_iter().map(|row| row.2).collect();
    assert_eq!(truths, [yes(), None, None, yes(), None, None]);
    sandbox.write("t2.csv", b"id,label\na,no\n");
    sandbox.leaves_the_store("ingest truth t2.csv", 2);
    sandbox
        .fails("ingest truth t2.csv", 2, "MG0512")
        .tells("--on-conflict revise");
    let revised = sandbox.json("ingest truth t2.csv --on-conflict revise");
    assert_eq!(revised["rows_revised_count"], 1);
    assert_eq!(seen(&sandbox)[0].2.as_deref(), Some("no"));
    // The older truth holds again where the revision is taken back.
    sandbox.ok(&format!(
        "ingest undo {}",
        revised["batch_id"].as_str().unwrap()
    ));
    assert_eq!(seen(&sandbox)[0].2, yes());
}

#[test]
fn a_predictions_file_may_bring_the_truth_later() {
    let sandbox = live();
    let text = "id,ts,prediction,actual\na,2026-01-05,yes,\nb,2026-01-05,no,nan\n";
    sandbox.write("p.csv", text.as_bytes());
    let first = sandbox.json("ingest predictions p.csv");
    assert_eq!(
        (&first["truth_stored_count"], &first["truth_empty_count"]),
        (&0.into(), &2.into())
    );
    let text = text.replace("yes,", "yes,no");
    sandbox.write("p.csv", text.as_bytes());
    let second = sandbox.json("ingest predictions p.csv");
    assert_eq!(second["changed"], true);
    assert_eq!(
        (&second["rows_stored_count"], &second["rows_skipped_count"]),
        (&0.into(), &2.into())
    );
    assert_eq!(
        (&second["truth_stored_count"], &second["truth_joined_count"]),
        (&1.into(), &1.into())
    );
    assert_eq!(seen(&sandbox)[0].2.as_deref(), Some("no"));
}

#[test]
fn labels_that_fit_nothing_are_a_warning() {
    let sandbox = live();
    sandbox.write("p.csv", ROWS.as_bytes());
    sandbox.ok("ingest predictions p.csv");
    sandbox.write("t.csv", b"id,truth\nA,yes\nB,no\n");
    let run = sandbox.ok("ingest truth t.csv --json");
    assert_eq!(
        run.document()["warnings"][0]["code"],
        "no_prediction_matches"
    );
}

#[test]
fn a_batch_is_taken_back_and_comes_again() {
    let sandbox = live();
    sandbox.write("p.csv", ROWS.as_bytes());
    sandbox.ok("ingest list").says("Nothing was ingested yet.");
    sandbox.ok("ingest predictions p.csv");
    let undone = sandbox.json("ingest undo b_1");
    assert_eq!(
        (&undone["changed"], &undone["rows_count"]),
        (&true.into(), &3.into())
    );
    assert_eq!(count(&sandbox, "model_predictions"), 0);
    assert_eq!(count(&sandbox, "prediction"), 3, "nothing is deleted");
    let again = sandbox
        .leaves_the_store("ingest undo b_1 --json", 0)
        .document();
    assert_eq!(again["data"]["changed"], false);
    sandbox.fails("ingest undo b_9", 10, "MG0207");
    sandbox.run("ingest undo x").expect(2);
    assert_eq!(sandbox.json("ingest predictions p.csv")["batch_id"], "b_2");
    let list = sandbox.json("ingest list");
    let states: Vec<_> = list["batches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|batch| &batch["state"])
        .collect();
    assert_eq!(states, ["visible", "undone"]);
    assert_eq!(list["total_count"], 2);
    let list = sandbox.leaves_the_store("ingest list -n 1", 0);
    list.says("b_2")
        .says("1 more: `modelguard ingest list -n 2`");
    assert_eq!(
        sandbox.number("SELECT count(*) FROM operation WHERE kind = 'ingest_undo'"),
        1
    );
}

/// Batch B repeated a row of batch A. When A goes, the row goes; B's file has it to give again.
#[test]
fn what_another_batch_said_first_can_be_said_again_when_that_one_is_undone() {
    let sandbox = live();
    sandbox.write("a.csv", b"id,ts,prediction\nx,2026-01-05,yes\n");
    sandbox.write(
        "b.csv",
        b"id,ts,prediction\nx,2026-01-05,yes\ny,2026-01-05,no\n",
    );
    sandbox.ok("ingest predictions a.csv");
    sandbox.ok("ingest predictions b.csv");
    sandbox.ok("ingest undo b_1");
    assert_eq!(seen(&sandbox).len(), 1);
    let again = sandbox.json("ingest predictions b.csv");
    assert_eq!(
        (&again["rows_stored_count"], &again["rows_skipped_count"]),
        (&1.into(), &1.into())
    );
    assert_eq!(seen(&sandbox).len(), 2);
}

#[test]
fn csv_json_and_standard_input_are_the_same() {
    let sandbox = live();
    let crlf = format!("\u{feff}{}", ROWS.replace('\n', "\r\n"));
    let run = sandbox.run_with_input("ingest predictions - --json", crlf.as_bytes());
    assert_eq!(run.expect(0).document()["data"]["rows_stored_count"], 3);
    let json = "{\"id\":\"a\",\"ts\":\"2026-01-05T14:30:23Z\",\"prediction\":\"yes\"}\n\
                {\"id\":\"b\",\"ts\":1767623424,\"prediction\":\"no\"}\n\
                {\"id\":\"c\",\"ts\":1767623424000,\"prediction\":null}\n";
    sandbox.write("p.jsonl", json.as_bytes());
    let same = sandbox.json("ingest predictions p.jsonl");
    assert_eq!(
        (&same["changed"], &same["rows_skipped_count"]),
        (&false.into(), &3.into())
    );
    // The same standard input again is the same request.
    let run = sandbox.run_with_input("ingest predictions - --json", crlf.as_bytes());
    assert_eq!(run.document()["data"]["batch_id"], "b_1");
}

#[test]
fn columns_are_mapped_by_flag_and_policy() {
    let sandbox = live();
    let policy = sandbox.file("modelguard.toml");
    std::fs::write(
        &policy,
        "[columns]\ntime = \"scored_at\"\ntruth = \"churned\"\n",
    )
    .unwrap();
    sandbox.write(
        "p.csv",
        b"customer,scored_at,score,p1,p0\n7,2026-01-05,yes,0.75,0.25\n7,2026-01-06T00:00:00Z,no,0.25,0.75\n",
    );
    sandbox.set_clock(BEGINNING + 86_400);
    let stored = sandbox.json(
        "ingest predictions p.csv --map id=customer+scored_at --map prediction=score \
         --map proba.yes=p1 --map proba.no=p0",
    );
    assert_eq!(stored["rows_stored_count"], 2);
    assert_eq!(
        stored["mapping"],
        "id ← customer + scored_at, time ← scored_at, prediction ← score, proba.yes ← p1, proba.no ← p0"
    );
    assert_eq!(
        sandbox.number("SELECT count(*) FROM label_set WHERE labels = '[\"no\",\"yes\"]'"),
        1
    );
    sandbox.write("t.csv", b"customer,scored_at,churned\n7,2026-01-05,no\n");
    let truth = sandbox.json("ingest truth t.csv --map id=customer+scored_at");
    assert_eq!(truth["truth_joined_count"], 1);
    sandbox.fails("ingest truth t.csv --map id=nope", 2, "MG0505");
    sandbox
        .run("ingest truth t.csv --map nope=x")
        .expect(2)
        .tells("MG0101");
}

#[test]
fn a_column_of_the_policy_that_a_file_can_do_without_is_a_warning_and_one_that_decides_is_not() {
    let sandbox = live();
    let policy = "[columns]\ntime = \"scored_at\"\ntruth_time = \"known_at\"\n";
    std::fs::write(sandbox.file("modelguard.toml"), policy).unwrap();
    sandbox.write("h.csv", b"id,prediction,truth\n1,yes,yes\n2,no,yes\n");
    sandbox.write("m", b"other");
    sandbox.ok("register m --note other --reference h.csv");
    sandbox
        .fails(
            "register m --note third --reference h.csv --map time=scored_at",
            2,
            "MG0505",
        )
        .tells("no column for time");
    // Without the time, its rows would count as predicted now.
    sandbox.write("p.csv", ROWS.replace("predicted_at", "ts").as_bytes());
    sandbox
        .fails("ingest predictions p.csv", 2, "MG0505")
        .tells("take `time` out of `[columns]`");
    sandbox.ok("ingest predictions p.csv --map time=ts");
    sandbox.write("t.csv", b"id,truth\na,yes\n");
    let truth = sandbox.ok("ingest truth t.csv --json").document();
    assert_eq!(truth["data"]["truth_joined_count"], 1);
    assert_eq!(truth["warnings"][0]["code"], "column_absent");
    sandbox
        .ok("ingest truth t.csv --dry-run --map id=id")
        .says("nothing was changed");
    sandbox.write("u.csv", b"id,truth\nb,no\n");
    sandbox.ok("ingest truth u.csv").tells(
        "warning: no column known_at, which `[columns]` names for truth_time: the truth counts as known now",
    );
    sandbox.fails("ingest truth t.csv --map truth_time=known_at", 2, "MG0505");
}

#[test]
fn predictions_whose_times_are_not_mapped_are_a_warning_and_so_are_other_times_later() {
    let sandbox = live();
    sandbox.set_clock(BEGINNING + 86_400);
    let rows =
        b"customer,scored_at,prediction\n1,2026-01-05T14:40:00Z,yes\n2,2026-01-05T14:41:00Z,no\n";
    sandbox.write("p.csv", rows);
    sandbox
        .ok("ingest predictions p.csv --map id=customer")
        .tells(
            "warning: column scored_at holds times, and no column is the time of the predictions",
        )
        .tells("`--map time=scored_at`")
        .tells("or for every file in `[columns]`: `time = \"scored_at\"`; before that, `modelguard ingest undo b_1`");
    let again = "ingest predictions p.csv --map id=customer --map time=scored_at";
    sandbox
        .leaves_the_store(again, 0)
        .says("2 rows were there already. Nothing was changed.")
        .tells("warning: 2 rows are there already with another time")
        .tells("`modelguard ingest undo b_1`");
    sandbox
        .leaves_the_store(&format!("-m churn --db modelguard.db {again}"), 0)
        .tells("`modelguard --db modelguard.db -m churn ingest undo b_1`");
    sandbox.ok("ingest undo b_1");
    let run = sandbox.ok(&format!("{again} --json")).document();
    assert_eq!(run["data"]["rows_stored_count"], 2);
    assert_eq!(run["warnings"], serde_json::json!([]));
    // The same rows in a file of another day, with the times that they had.
    let more = [&rows[..], b"3,2026-01-05T14:42:00Z,no\n"].concat();
    sandbox.write("q.csv", &more);
    let run = sandbox.ok("ingest predictions q.csv --map id=customer --map time=scored_at --json");
    assert_eq!(run.document()["data"]["rows_skipped_count"], 2);
    assert_eq!(run.document()["warnings"], serde_json::json!([]));
    // A file without times does not contradict any.
    sandbox.write("r.csv", b"id,prediction\n1,yes\n4,no\n");
    let run = sandbox.ok("ingest predictions r.csv --json");
    assert_eq!(run.document()["data"]["rows_skipped_count"], 1);
    assert_eq!(run.document()["warnings"], serde_json::json!([]));
}

#[test]
fn several_columns_in_one_option_are_told_apart_by_a_hint() {
    let sandbox = live();
    sandbox.write(
        "p.csv",
        b"customer,region,scored_at,prediction\n1,n,2026-01-05,yes\n",
    );
    for (option, hint) in [
        (
            "id=customer,time=scored_at",
            "--map id=customer --map time=scored_at",
        ),
        (
            "id=customer+region,time=scored_at",
            "--map id=customer+region --map time=scored_at",
        ),
    ] {
        sandbox
            .fails(
                &format!("ingest predictions p.csv --map {option}"),
                2,
                "MG0505",
            )
            .tells(&format!("`--map` is repeated for each column: `{hint}`"));
    }
    sandbox
        .fails("ingest predictions p.csv --map id=customer,x", 2, "MG0505")
        .tells("did you mean `--map id=customer`?");
    // A column may be called so.
    sandbox.write("q.csv", b"\"a,id=b\",prediction\n1,yes\n");
    sandbox.ok("ingest predictions q.csv --map id=a,id=b");
    for line in ["ingest predictions --help", "register --help"] {
        let help = sandbox.ok(line).stdout.to_lowercase();
        assert!(help.contains("repeat it for each"), "{help}");
    }
}

#[test]
fn paths_are_relative_to_the_directory_that_is_named() {
    let sandbox = live();
    sandbox.write("p.csv", ROWS.as_bytes());
    std::fs::create_dir(sandbox.file("elsewhere")).unwrap();
    let mut command = sandbox.command(&["-C", "..", "ingest", "predictions", "p.csv"]);
    command.current_dir(sandbox.file("elsewhere"));
    finish(&["-C", "..", "ingest"], command, &[])
        .expect(0)
        .says("Stored 3 predictions");
}

/// File name, bytes, exit status, code, and what the message must say beside the file's name.
type Broken = (&'static str, &'static [u8], i32, &'static str, &'static str);

const BROKEN: [Broken; 14] = [
    (
        "quote.csv",
        b"id,prediction\na,\"yes\n",
        2,
        "MG0503",
        "line 2",
    ),
    (
        "fields.csv",
        b"id,prediction\na,yes,extra\n",
        2,
        "MG0507",
        "line 2",
    ),
    (
        "latin.csv",
        b"id,prediction\na,caf\xe9\n",
        2,
        "MG0502",
        "line 2, byte 6",
    ),
    ("utf16.csv", b"\xff\xfei\0d\0", 2, "MG0502", "UTF-16"),
    ("columns.csv", b"id,y\na,yes\n", 2, "MG0505", "prediction"),
    (
        "twins.csv",
        b"id,Prediction,prediction\na,yes,no\n",
        2,
        "MG0506",
        "Prediction",
    ),
    ("empty.csv", b"", 2, "MG0510", "empty"),
    ("header.csv", b"id,prediction\n", 2, "MG0510", "empty"),
    (
        "binary.csv",
        b"id,prediction\na,\0\x01\n",
        2,
        "MG0502",
        "line 2",
    ),
    (
        "parquet.csv",
        b"PAR1\x15\x04",
        2,
        if cfg!(feature = "parquet") {
            "MG0519"
        } else {
            "MG0502"
        },
        "Parquet",
    ),
    (
        "cut.jsonl",
        b"{\"id\":1,\"prediction\":\"yes\"}\n{\"id\":2,\"pre",
        2,
        "MG0504",
        "line 2",
    ),
    (
        "nan.jsonl",
        b"{\"id\":1,\"prediction\":NaN}\n",
        2,
        "MG0504",
        "line 1",
    ),
    (
        "inf.csv",
        b"id,prediction,truth\na,yes,inf\n",
        2,
        "MG0507",
        "line 2, column truth",
    ),
    ("numbers.csv", b"1,2\n3,4\n", 2, "MG0503", "column"),
];

#[test]
fn broken_input_is_refused_with_its_place_and_stores_nothing() {
    let sandbox = live();
    for (name, bytes, status, code, place) in BROKEN {
        sandbox.write(name, bytes);
        let line = format!("ingest predictions {name}");
        sandbox.leaves_the_store(&line, status);
        sandbox.fails(&line, status, code).tells(name).tells(place);
    }
    std::fs::create_dir(sandbox.file("folder")).unwrap();
    sandbox
        .fails("ingest predictions folder", 2, "MG0511")
        .tells("folder");
    sandbox
        .fails("ingest truth gone.csv", 1, "MG0501")
        .tells("gone.csv");
    let mut long = b"id,prediction\na,".to_vec();
    long.resize(17 << 20, b'x');
    sandbox.write("long.csv", &long);
    sandbox
        .leaves_the_store("ingest predictions long.csv", 2)
        .tells("16777216");
    assert_eq!(count(&sandbox, "batch"), 0);
}

/// More rows than one transaction takes.
fn many(rows: usize) -> String {
    let mut text = "id,prediction\n".to_owned();
    for row in 0..rows {
        text.push_str(&format!("r{row},yes\n"));
    }
    text
}

#[test]
fn more_rows_than_a_transaction_takes_come_in_whole() {
    let sandbox = live();
    let text = many(50_001);
    sandbox.write("p.csv", text.as_bytes());
    sandbox
        .leaves_the_store("ingest predictions p.csv --dry-run", 0)
        .says("Would store 50,001");
    assert_eq!(
        sandbox.json("ingest predictions p.csv")["rows_stored_count"],
        50_001
    );
    assert_eq!(sandbox.json("ingest predictions p.csv")["changed"], false);
    // Read to its end, the standard input turns out to be the same.
    let run = sandbox.run_with_input("ingest predictions - --json", text.as_bytes());
    assert_eq!(run.document()["data"]["batch_id"], "b_1");
    assert_eq!(
        (count(&sandbox, "batch"), count(&sandbox, "prediction")),
        (1, 50_001)
    );
    // The last line is none: nothing stays of the lines before it.
    sandbox.write("q.csv", (text.replace("\nr", "\nq") + ",yes\n").as_bytes());
    sandbox
        .fails("ingest predictions q.csv", 2, "MG0507")
        .tells("line 50003");
    assert_eq!(
        (count(&sandbox, "batch"), count(&sandbox, "prediction")),
        (1, 50_001)
    );
    // The last line contradicts what is there.
    sandbox.write("q.csv", (text.replace("\nr", "\nq") + "r0,no\n").as_bytes());
    sandbox
        .fails("ingest predictions q.csv", 2, "MG0512")
        .tells("line 50003");
    assert_eq!(
        (count(&sandbox, "batch"), count(&sandbox, "prediction")),
        (1, 50_001)
    );
    sandbox.write("q.csv", (text.replace("\nr", "\nq") + "\"").as_bytes());
    sandbox.run("ingest predictions q.csv").expect(2);
    assert_eq!(
        (count(&sandbox, "batch"), count(&sandbox, "prediction")),
        (1, 50_001)
    );
}

/// Starts an ingest from standard input, waits until its first rows are in the store, and gives a signal.
fn interrupted(sandbox: &Sandbox, signal: &str) -> Run {
    let words = ["ingest", "predictions", "-"];
    let mut command = sandbox.command(&words);
    command.stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(many(60_000).as_bytes()).unwrap();
    stdin.flush().unwrap();
    let began = std::time::Instant::now();
    while count(sandbox, "batch") == 0 {
        assert!(began.elapsed().as_secs() < 60, "no batch was begun");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let id = child.id().to_string();
    let killed = std::process::Command::new("kill")
        .args([signal, &id])
        .status();
    assert!(killed.unwrap().success());
    // Something has to come before the process looks up from its input.
    let _ = stdin.write_all(b"x,yes\n");
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    use std::os::unix::process::ExitStatusExt as _;
    Run {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        status: output
            .status
            .code()
            .unwrap_or_else(|| 128 + output.status.signal().unwrap_or(0)),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn an_interrupt_leaves_nothing() {
    let sandbox = live();
    interrupted(&sandbox, "-INT").expect(130);
    assert_eq!(
        (count(&sandbox, "batch"), count(&sandbox, "prediction")),
        (0, 0)
    );
}

#[test]
fn what_a_killed_process_left_counts_nowhere_and_is_reaped() {
    let sandbox = live();
    interrupted(&sandbox, "-KILL").expect(137);
    assert_eq!(count(&sandbox, "batch"), 1);
    assert_eq!(count(&sandbox, "model_predictions"), 0);
    sandbox.ok("ingest list").says("Nothing was ingested yet.");
    sandbox.write("p.csv", ROWS.as_bytes());
    sandbox.ok("ingest predictions p.csv");
    assert_eq!(
        (count(&sandbox, "batch"), count(&sandbox, "prediction")),
        (1, 3)
    );
}

#[test]
fn eight_at_once_store_one_batch() {
    let sandbox = live();
    sandbox.write("p.csv", ROWS.as_bytes());
    let children: Vec<_> = (0..8)
        .map(|_| {
            sandbox
                .command(&["ingest", "predictions", "p.csv", "--json"])
                .spawn()
                .unwrap()
        })
        .collect();
    let mut changed = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        changed += i32::from(document["data"]["changed"] == true);
        assert_eq!(document["data"]["batch_id"], "b_1");
    }
    assert_eq!(changed, 1);
    assert_eq!(
        (count(&sandbox, "batch"), count(&sandbox, "prediction")),
        (1, 3)
    );
}

#[test]
fn two_models_do_not_share_their_truth() {
    let sandbox = live();
    sandbox.ok("init --model other --task classification");
    sandbox.write("model.bin", b"other");
    sandbox.ok("-m other register model.bin --alias production");
    sandbox.write("p.csv", ROWS.as_bytes());
    sandbox.write("t.csv", b"id,truth\na,yes\n");
    sandbox.ok("-m churn ingest predictions p.csv");
    sandbox.ok("-m other ingest predictions p.csv");
    sandbox.ok("-m other ingest truth t.csv");
    let labelled: Vec<_> = seen(&sandbox).into_iter().filter_map(|row| row.2).collect();
    assert_eq!(labelled.len(), 1);
    sandbox.fails("-m churn ingest undo b_2", 10, "MG0207");
    sandbox.fails("ingest predictions p.csv", 2, "MG0103");
}

#[test]
fn rejects_are_never_put_over_the_project_s_own_files_or_the_input() {
    use std::os::unix::fs::FileTypeExt as _;
    let (sandbox, versions) = Sandbox::with_versions(1);
    sandbox.ok(&format!("promote {} --yes", versions[0]));
    let rows = b"id,prediction\n1,yes\n,no\n";
    sandbox.write("p.csv", rows);
    let made = std::process::Command::new("mkfifo")
        .arg(sandbox.file("pipe"))
        .status();
    assert!(made.unwrap().success());
    for name in ["modelguard.db", "modelguard.toml", "./p.csv", "pipe"] {
        let line = format!("ingest predictions p.csv --max-rejects 5 --reject-file {name}");
        sandbox.leaves_the_store(&line, 1);
        sandbox.fails(&line, 1, "MG0517");
    }
    assert_eq!(std::fs::read(sandbox.file("p.csv")).unwrap(), rows);
    let kind = std::fs::symlink_metadata(sandbox.file("pipe")).unwrap();
    assert!(kind.file_type().is_fifo());
    sandbox.ok("ingest predictions p.csv --max-rejects 5 --reject-file r.csv");
    assert!(sandbox.file("r.csv").is_file());
}

#[test]
fn the_predictions_of_another_version_are_told_apart_by_a_hint() {
    let sandbox = live();
    sandbox.write("p.csv", ROWS.as_bytes());
    sandbox.ok("ingest predictions p.csv");
    let other = ROWS.replace("Z,no", "Z,yes");
    sandbox.write("other.csv", other.as_bytes());
    sandbox
        .fails("ingest predictions other.csv", 2, "MG0512")
        .tells("`--version REF`")
        .tells("`modelguard promote REF --since TIME`");
}

/// Even what is taken back has the disk waited for once SQLite has begun a journal.
#[test]
fn a_file_that_is_refused_for_its_lines_writes_nothing_at_all() {
    let (sandbox, _) = Sandbox::with_versions(1);
    sandbox.ok("promote latest --yes");
    let journal = format!("{}-journal", sandbox.store().display());
    let written = || {
        let of = |path: &std::path::Path| fs::metadata(path).unwrap().modified().unwrap();
        (of(journal.as_ref()), of(&sandbox.store()))
    };
    sandbox.write("p.csv", b"id,prediction\na,yes\n,no\n");
    sandbox.write("t.csv", b"id,truth\na,yes\n,no\n");
    let before = written();
    for kind in ["predictions p.csv", "truth t.csv"] {
        sandbox.fails(&format!("ingest {kind}"), 2, "MG0507");
        assert_eq!(written(), before, "{kind}");
    }
    sandbox.ok("ingest predictions p.csv --max-rejects 1");
    assert_ne!(written(), before);
}

#[test]
fn a_file_without_a_single_row_is_refused_however_many_rejects_are_allowed() {
    let sandbox = live();
    sandbox.write(
        "p.csv",
        b"id,ts,prediction\n,2026-01-05,yes\n,2026-01-05,no\n",
    );
    sandbox.leaves_the_store("ingest predictions p.csv --max-rejects 99", 2);
    let run = sandbox.fails("ingest predictions p.csv --max-rejects 99", 2, "MG0507");
    run.tells("none of 2 lines is a row")
        .tells("--map FIELD=COLUMN");
    assert_eq!(count(&sandbox, "batch"), 0);
    sandbox.write("one.csv", b"id,ts,prediction\n,2026-01-05,yes\n");
    sandbox
        .fails("ingest predictions one.csv --max-rejects 1", 2, "MG0507")
        .tells("the only line is no row");
}

#[test]
fn rows_after_a_rollback_are_not_said_to_be_of_a_tenure_without_a_beginning() {
    let (sandbox, names) = Sandbox::with_versions(2);
    sandbox.ok(&format!("promote {} --yes", names[0]));
    sandbox.ok(&format!("promote {} --yes", names[1]));
    sandbox.ok("rollback --yes");
    let at = sandbox.clock() - 1;
    sandbox.set_clock(at + 60);
    sandbox.write(
        "p.csv",
        format!("id,ts,prediction\nx,{at},yes\n").as_bytes(),
    );
    let run = sandbox.ok("ingest predictions p.csv");
    let run = run.says(&format!("By time: all count for {}.", names[0]));
    assert!(!run.stdout.contains("no beginning"), "{run:#?}");
    sandbox.write("q.csv", b"id,ts,prediction\ny,2020-01-01,yes\n");
    sandbox
        .ok("ingest predictions q.csv")
        .says("whose tenure is the first and has no beginning");
}

/// A named pipe.
fn pipe(sandbox: &Sandbox, name: &str) -> PathBuf {
    let path = fs::canonicalize(sandbox.path()).unwrap().join(name);
    let made = Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    path
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < end, "never {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether the process has opened what lies there.
fn has_open(child: &Child, path: &Path) -> bool {
    let folder = format!("/proc/{}/fd", child.id());
    let mut open = fs::read_dir(folder).unwrap();
    open.any(|entry| fs::read_link(entry.unwrap().path()).is_ok_and(|to| to == path))
}

/// Whether the process handles SIGTERM by now.
fn listens(child: &Child) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let (_, caught) = status.split_once("SigCgt:").unwrap();
    let caught = caught.split_whitespace().next().unwrap();
    u64::from_str_radix(caught, 16).unwrap() & (1 << 14) != 0
}

fn signalled(child: Child, signal: &str) -> Output {
    let sent = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    child.wait_with_output().unwrap()
}

#[test]
fn a_signal_ends_the_wait_for_a_pipe_and_for_standard_input() {
    let sandbox = live();
    let path = pipe(&sandbox, "p.csv");
    let lines = [
        "ingest predictions p.csv",
        "ingest predictions p.csv --dry-run",
        "ingest truth p.csv",
        "register p.csv --metric accuracy=0.9",
        "register MODEL --reference p.csv",
    ];
    sandbox.write("MODEL", b"model");
    for line in lines {
        for (signal, status) in [("-TERM", 143), ("-INT", 130)] {
            for has_writer in [false, true] {
                let words: Vec<_> = line.split(' ').collect();
                let child = sandbox.command(&words).spawn().unwrap();
                let mut writer = None;
                if has_writer {
                    // It waits for the reader.
                    let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
                    file.write_all(b"id,prediction,truth\na,yes,").unwrap();
                    writer = Some(file);
                } else {
                    until("open", || has_open(&child, &path));
                }
                let output = signalled(child, signal);
                let told = String::from_utf8_lossy(&output.stderr).into_owned();
                assert_eq!(output.status.code(), Some(status), "{line} {signal} {told}");
                assert!(
                    told.contains("error: interrupted"),
                    "{line} {signal} {told}"
                );
                drop(writer);
            }
        }
    }
    let words = ["ingest", "predictions", "-"];
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut command = sandbox.command(&words);
    let child = command.stdin(reader).spawn().unwrap();
    writer.write_all(b"id,prediction\n").unwrap();
    until("listening", || listens(&child));
    assert_eq!(signalled(child, "-TERM").status.code(), Some(143));
    let stored = ["prediction", "batch", "version"].map(|table| count(&sandbox, table));
    assert_eq!(stored, [0, 0, 1]);
    // What comes through a pipe in pieces is read whole.
    let child = sandbox
        .command(&["ingest", "predictions", "p.csv"])
        .spawn()
        .unwrap();
    let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    for piece in ["id,predic", "tion\na,yes\n", "b,no\n"] {
        file.write_all(piece.as_bytes()).unwrap();
    }
    drop(file);
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.starts_with("Stored 2 predictions"), "{told}");
}

#[test]
fn a_dry_run_that_waits_for_its_rows_keeps_nobody_from_writing() {
    let sandbox = live();
    let path = pipe(&sandbox, "p.csv");
    let words = ["ingest", "predictions", "p.csv", "--dry-run"];
    let child = sandbox.command(&words).spawn().unwrap();
    let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all(b"id,prediction\n").unwrap();
    // More than is looked at to see what it is, and then more than one transaction has; what the pipe and the reader
    // hold was not taken yet.
    for (from, to) in [(0, 2_000), (2_000, 80_000)] {
        let rows = (from..to).map(|row| format!("a{row},yes\n"));
        file.write_all(rows.collect::<String>().as_bytes()).unwrap();
        sandbox.write("t.csv", format!("id,truth\na{from},yes\n").as_bytes());
        sandbox.ok("ingest truth t.csv --lock-timeout 0s");
    }
    drop(file);
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.starts_with("Would store 80,000 predictions"), "{told}");
}

#[test]
fn classes_that_nothing_else_has_are_a_warning() {
    let (sandbox, names) = Sandbox::with_versions(1);
    sandbox.ok(&format!("promote {} --yes", names[0]));
    let rows = |label: &str, from: usize, count: usize| {
        let lines = (from..from + count).map(|id| format!("{id},2026-01-05,{label}\n"));
        format!("id,ts,prediction\n{}", lines.collect::<String>())
    };
    let truth = |label: &str, count: usize| {
        let lines = (0..count).map(|id| format!("{id},{label}\n"));
        format!("id,truth\n{}", lines.collect::<String>())
    };
    let warned = |line: &str| -> Vec<String> {
        let document = sandbox.ok(&format!("{line} --json")).document();
        let warnings = document["warnings"].as_array().unwrap();
        let odd = warnings
            .iter()
            .filter(|warning| warning["code"] == "label_unseen");
        odd.map(|warning| warning["text"].as_str().unwrap().to_owned())
            .collect()
    };
    sandbox.write("p.csv", rows("yes", 0, 40).as_bytes());
    assert_eq!(
        warned("ingest predictions p.csv"),
        [""; 0],
        "nothing to go by"
    );
    sandbox.write("shouted.csv", truth("Yes", 2).as_bytes());
    assert_eq!(
        warned("ingest truth shouted.csv --dry-run"),
        [
            "2 labels are of the class Yes, which no prediction or reference sample has; \
             there is yes, and classes are compared with their case"
        ]
    );
    sandbox.write("rare.csv", truth("no", 1).as_bytes());
    assert_eq!(
        warned("ingest truth rare.csv --dry-run"),
        ["1 label is of the class no, which no prediction, reference sample or earlier truth has"]
    );
    sandbox.write("t.csv", truth("yes", 40).as_bytes());
    assert_eq!(warned("ingest truth t.csv"), [""; 0]);
    sandbox.write("q.csv", rows("maybe", 100, 3).as_bytes());
    assert_eq!(
        warned("ingest predictions q.csv"),
        ["3 predictions are of the class maybe, which no truth or reference sample has"]
    );
    sandbox.write("r.csv", rows("YES", 200, 1).as_bytes());
    assert_eq!(
        warned("ingest predictions r.csv"),
        [
            "1 prediction is of the class YES, which no truth or reference sample has; \
          there is yes, and classes are compared with their case"
        ]
    );
}

/// 30 truths are needed before a class is odd that none of them has.
#[test]
fn the_truths_of_a_file_speak_once_for_the_classes_that_there_are() {
    let (sandbox, names) = Sandbox::with_versions(1);
    sandbox.ok(&format!("promote {} --yes", names[0]));
    let file = |count: usize| {
        let lines = (0..count).map(|id| format!("{count}_{id},2026-01-05,yes,yes\n"));
        let lines: String = lines.collect();
        format!("id,ts,prediction,truth\n{lines}{count}_x,2026-01-05,maybe,\n")
    };
    for (count, warnings) in [(29, 0), (30, 1)] {
        sandbox.write("p.csv", file(count).as_bytes());
        let run = sandbox.ok("ingest predictions p.csv --dry-run --json");
        let document = run.document();
        let told = document["warnings"].as_array().unwrap().iter();
        let odd = told.filter(|warning| warning["code"] == "label_unseen");
        assert_eq!(odd.count(), warnings, "{count}: {document:#}");
    }
}

#[test]
fn truth_that_comes_first_is_no_alarm_and_is_told_when_predictions_find_it() {
    let sandbox = live();
    sandbox.write("t.csv", b"id,truth\na,yes\nb,no\n");
    let run = sandbox.ok("ingest truth t.csv --json");
    assert_eq!(run.document()["warnings"], serde_json::json!([]));
    sandbox.write("p.csv", ROWS.as_bytes());
    sandbox
        .ok("ingest predictions p.csv --dry-run")
        .says("2 of them have a truth that was there already.");
    let stored = sandbox.json("ingest predictions p.csv");
    assert_eq!(stored["rows_labelled_count"], 2);
}

#[test]
fn a_date_without_marks_is_not_taken_for_a_moment_of_1970() {
    let sandbox = live();
    sandbox.write("p.csv", b"id,ts,prediction\na,20260104,yes\n");
    sandbox
        .fails("ingest predictions p.csv", 2, "MG0507")
        .tells("20260104 is a date or Unix seconds of 1970")
        .tells("write 2026-01-04 or 20260104.0");
    sandbox.write(
        "q.csv",
        b"id,ts,prediction\na,20260104.0,yes\nb,20261399,yes\n",
    );
    sandbox.ok("ingest predictions q.csv");
    sandbox.fails("history --since 20260104", 2, "MG0107");
}
