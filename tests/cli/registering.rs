//! `register` and `fetch`: what goes in comes out, byte for byte, once.

use serde_json::json;

use crate::support::Sandbox;

#[test]
fn the_same_bytes_with_the_same_metadata_are_one_version() {
    let sandbox = Sandbox::new();
    sandbox.write("m.bin", b"model");
    let first = sandbox.json("register m.bin --metric accuracy=0.9 --tag git=1f --param depth=6");
    assert_eq!(first["created"], true);
    let again = sandbox.json("register m.bin --metric accuracy=0.9 --tag git=1f --param depth=6");
    assert_eq!(again["created"], false);
    assert_eq!(again["version"], first["version"]);
    let other = sandbox.json("register m.bin --metric accuracy=0.91");
    assert_eq!(other["created"], true);
    assert_eq!(other["artifact_blake3"], first["artifact_blake3"]);
    assert_eq!(sandbox.number("SELECT count(*) FROM artifact"), 1);
}

#[test]
fn versions_of_one_second_have_names_of_their_own() {
    let sandbox = Sandbox::new();
    let clock = sandbox.clock();
    let names: Vec<_> = (0..3)
        .map(|number| {
            sandbox.set_clock(clock);
            sandbox.register(&format!("{number}"))
        })
        .collect();
    assert_eq!(
        names,
        ["20260105_143022", "20260105_143022_2", "20260105_143022_3"]
    );
}

#[test]
fn what_goes_in_comes_out() {
    let sandbox = Sandbox::new();
    for (name, size) in [("small", 10), ("piece", 1 << 20), ("large", 20_000_003)] {
        let bytes: Vec<u8> = (0..size as u32)
            .map(|byte| (byte.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        sandbox.write(name, &bytes);
        let version = sandbox.ok(&format!("register {name}")).stdout;
        sandbox.ok(&format!("fetch {} -o out-{name}", version.trim()));
        assert!(
            std::fs::read(sandbox.file(&format!("out-{name}"))).unwrap() == bytes,
            "{name}"
        );
    }
    sandbox.ok("store verify");
}

#[test]
fn nothing_is_no_artifact() {
    let sandbox = Sandbox::new();
    sandbox.write("empty", b"");
    sandbox.fails("register empty", 2, "MG0510");
    sandbox.leaves_the_store("register -", 2);
}

#[test]
fn an_impossible_metric_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("m", b"m");
    for metric in [
        "rmse=-4",
        "r2=1.5",
        "accuracy=1.01",
        "log_loss=-0.1",
        "roc_auc=-1",
    ] {
        let run = sandbox.leaves_the_store(&format!("register m --metric {metric}"), 2);
        assert!(run.stderr.contains("can't be"), "{run:#?}");
    }
    sandbox.write("twice.json", b"{\"r2\": 0.9, \"r2\": 0.1}");
    sandbox.fails("register m --metrics twice.json", 2, "MG0513");
    sandbox.ok("register m --metric r2=-3 --metric mean_error=-1 --metric own=-7");
}

#[test]
fn a_name_cannot_move_the_cursor() {
    let sandbox = Sandbox::new();
    sandbox.write("a\nb\u{1b}[31m", b"m");
    let run = sandbox.run_words(&["register", "a\nb\u{1b}[31m"]).expect(0);
    assert!(!run.stderr.contains('\u{1b}'), "{run:#?}");
    assert_eq!(run.stderr.lines().count(), 1, "{run:#?}");
}

#[test]
fn an_alias_that_the_version_holds_already_is_no_question() {
    let sandbox = Sandbox::new();
    sandbox.write("m", b"m");
    sandbox.ok("register m --alias winter");
    let again = sandbox.json("register m --alias winter");
    assert_eq!(again["changed"], false);
}

#[test]
fn the_project_s_own_files_are_spared() {
    let sandbox = Sandbox::new();
    sandbox.register("model");
    for own in [
        "modelguard.db",
        "./modelguard.toml",
        "modelguard.db-journal",
    ] {
        sandbox.leaves_the_store(&format!("fetch latest -o {own} --overwrite"), 1);
    }
}

#[test]
fn a_folder_comes_back_as_a_folder() {
    let sandbox = Sandbox::new();
    sandbox.write("model/weights.bin", b"weights");
    sandbox.write("model/sub/config.json", b"{}");
    let version = sandbox.ok("register model").stdout;
    let again = sandbox.json("register model");
    assert_eq!(again["created"], false);
    sandbox.ok(&format!("fetch {} -o out", version.trim()));
    assert_eq!(
        std::fs::read(sandbox.file("out/weights.bin")).unwrap(),
        b"weights"
    );
    assert_eq!(
        std::fs::read(sandbox.file("out/sub/config.json")).unwrap(),
        b"{}"
    );
}

#[test]
fn standard_input_is_an_artifact_too() {
    let sandbox = Sandbox::new();
    let run = sandbox
        .run_with_input("register - --json", b"from a pipe")
        .expect(0);
    assert_eq!(run.document()["data"]["size_bytes"], 11);
    let run = sandbox.run("fetch latest -o -").expect(0);
    assert_eq!(run.stdout, "from a pipe");
}

#[test]
fn an_id_of_another_version_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("a", b"a");
    sandbox.write("b", b"b");
    sandbox.ok("register a --version-id v1");
    assert_eq!(sandbox.json("register a --version-id v1")["created"], false);
    sandbox.fails("register b --version-id v1", 3, "MG0601");
    sandbox.fails("register a --version-id v1 --note other", 3, "MG0601");
    sandbox.run("register a --version-id latest").expect(2);
    assert_eq!(sandbox.number("SELECT count(*) FROM version"), 1);
}

#[test]
fn broken_metrics_are_refused_and_nothing_is_stored() {
    let sandbox = Sandbox::new();
    sandbox.write("m", b"m");
    for metrics in [
        "{\"a\": NaN}",
        "{\"a\": 1e999}",
        "[1]",
        "{\"a\": \"x\"}",
        "{",
        "",
        "\u{1}\u{0}",
    ] {
        sandbox.write("metrics.json", metrics.as_bytes());
        let run = sandbox.leaves_the_store("register m --metrics metrics.json", 2);
        assert!(run.stderr.contains("metrics.json"), "{run:#?}");
        assert!(run.stderr.lines().count() <= 4, "{run:#?}");
    }
    for metric in [
        "accuracy",
        "accuracy=",
        "accuracy=nan",
        "accuracy=inf",
        "=1",
        "a b=1",
    ] {
        sandbox
            .run_words(&["register", "m", "--metric", metric])
            .expect(2);
    }
    sandbox.leaves_the_store("register m --metrics missing.json", 1);
    sandbox.leaves_the_store("register missing", 1);
    sandbox.fails("register m --metric a=1 --metric a=2", 2, "MG0513");
    assert_eq!(sandbox.number("SELECT count(*) FROM version"), 0);
}

#[test]
fn a_reference_sample_says_what_it_will_show() {
    let sandbox = Sandbox::new();
    sandbox.write("m", b"m");
    let mut rows = "id,prediction,truth\n".to_owned();
    for row in 0..500 {
        let truth = if row % 10 == 0 { "no" } else { "yes" };
        rows.push_str(&format!("r{row},yes,{truth}\n"));
    }
    sandbox.write("heldout.csv", rows.as_bytes());
    let reference = sandbox.json("register m --reference heldout.csv")["reference"].clone();
    assert_eq!(reference["rows_count"], 500);
    assert_eq!(reference["metric"], "accuracy");
    assert_eq!(reference["value"], 0.9);
    // 0.9 less 5 %.
    assert!((reference["limit_value"].as_f64().unwrap() - 0.855).abs() < 1e-12);
    assert!(
        reference["rows_for_20_pct_count"].as_u64() > reference["rows_for_50_pct_count"].as_u64()
    );
    sandbox.write("blind.csv", b"id,prediction\na,yes\n");
    sandbox.leaves_the_store("register m --reference blind.csv --note other", 2);
    sandbox.write("odd.csv", b"id,prediction,truth\na,yes,yes\na,no,yes\n");
    let run = sandbox.leaves_the_store("register m --reference odd.csv --note other", 2);
    assert!(run.stderr.contains("line 3"), "{run:#?}");
}

#[test]
fn an_alias_of_nobody_is_taken_without_a_question_and_another_s_only_after_one() {
    let sandbox = Sandbox::new();
    sandbox.write("a", b"a");
    sandbox.write("b", b"b");
    let first = sandbox.json("register a --alias production");
    assert_eq!(first["alias"]["changed"], true);
    assert_eq!(first["alias"]["operation_id"], json!("op_3"));
    let run = sandbox.leaves_the_store("register b --alias production", 2);
    assert!(run.stderr.contains("MG0102"), "{run:#?}");
    let second = sandbox.json("register b --alias production --yes");
    assert_eq!(
        sandbox.holder("production"),
        second["version"].as_str().map(str::to_owned)
    );
    assert_eq!(sandbox.json("log")["operations"][0]["kind"], "promote");
}

#[test]
fn an_old_version_that_takes_an_alias_is_warned_of_as_promote_warns() {
    let sandbox = Sandbox::empty();
    sandbox.ok("init --model m --task regression --preset original");
    let old = "register old --version-id v1 --metric rmse=14";
    sandbox.write("old", b"old");
    sandbox.write("new", b"new");
    sandbox.ok("register new --version-id v2 --metric rmse=10 --alias production");
    sandbox.ok(&format!("{old} --alias production --yes"));
    sandbox.run("check").expect(3);
    sandbox.ok("rollback v2 --yes");
    sandbox.ok("retire v1 --reason leaks");
    let warnings = [
        "warning: v1 is bad: it was left because it was degraded, or judged so last\n",
        "warning: v1 is retired: leaks\n",
    ];
    let refused = sandbox.leaves_the_store(&format!("{old} --alias production"), 2);
    assert!(refused.stderr.contains("MG0102"), "{refused:#?}");
    // Told once, with the plan and the name; -q keeps what speaks against it.
    for (quiet, plans) in [("", 1), ("-q ", 0)] {
        let run = sandbox.ok(&format!("{quiet}{old} --alias production --yes"));
        assert_eq!(run.stdout, "v1\n");
        for warning in warnings {
            assert_eq!(run.stderr.matches(warning).count(), 1, "{run:#?}");
        }
        assert_eq!(run.stderr.matches("m: v2 (").count(), plans, "{run:#?}");
        assert_eq!(run.stderr.matches(" → v1 (").count(), plans, "{run:#?}");
        sandbox.ok("undo --yes");
    }
    let promoted = sandbox.ok("-q promote v1 --yes");
    assert_eq!(promoted.stderr, warnings.concat());
    sandbox.ok("undo --yes");
    for line in [
        format!("{old} --alias production --yes --json"),
        "promote v1 --yes --json".to_owned(),
    ] {
        let found = sandbox.run(&line).expect(0).document()["warnings"].clone();
        let codes: Vec<_> = found
            .as_array()
            .unwrap()
            .iter()
            .map(|warning| &warning["code"])
            .collect();
        assert_eq!(codes, ["target_bad", "target_retired"], "{line}");
        assert_eq!(found[1]["text"], "v1 is retired: leaks");
        sandbox.ok("undo --yes");
    }
    // Nobody is asked about an alias of nobody, and warned all the same.
    let run = sandbox.ok(&format!("{old} --alias winter"));
    for warning in warnings {
        assert_eq!(run.stderr.matches(warning).count(), 1, "{run:#?}");
    }
    let again = sandbox.ok(&format!("{old} --alias winter"));
    assert!(!again.stderr.contains("warning"), "{again:#?}");
}

#[test]
fn fetch_writes_over_nothing() {
    let sandbox = Sandbox::new();
    sandbox.register("model");
    sandbox.write("taken", b"mine");
    sandbox.run("fetch latest -o taken").expect(1);
    assert_eq!(std::fs::read(sandbox.file("taken")).unwrap(), b"mine");
    sandbox.run("fetch latest -o no/such/folder/out").expect(1);
}

#[test]
fn a_metric_that_is_nearly_one_is_a_warning() {
    let sandbox = Sandbox::new();
    sandbox.write("m.bin", b"x");
    let run = sandbox.ok("register m.bin --metric acuracy=0.9 --metric lift=3 --json");
    let warnings = run.document()["warnings"].clone();
    assert_eq!(warnings.as_array().unwrap().len(), 1, "{warnings}");
    assert_eq!(warnings[0]["code"], "metric_unknown");
    assert_eq!(
        warnings[0]["text"],
        "acuracy is kept and shown, and never judged; did you mean accuracy?"
    );
    sandbox
        .fails("check --metric acuracy", 2, "MG0101")
        .tells("did you mean accuracy?")
        .tells("rmse, mae, mape");
}

#[test]
fn measurements_are_no_reference_sample_of_classes() {
    let sandbox = Sandbox::new();
    sandbox.write("m.bin", b"x");
    let rows: String = (0..30)
        .map(|row| format!("{row},0.{row}1,{}.5\n", row * 3))
        .collect();
    let sample = format!("id,prediction,truth\n{rows}");
    sandbox.write("ref.csv", sample.as_bytes());
    sandbox
        .fails("register m.bin --reference ref.csv", 2, "MG0516")
        .tells(
            "its predictions are numbers with a fraction, and the model's task is classification",
        )
        .tells("--task regression");
    assert_eq!(sandbox.number("SELECT count(*) FROM version"), 0);
    let rows: String = (0..30)
        .map(|row| format!("{row},{}.5,{}\n", row % 4, row % 5))
        .collect();
    let sample = format!("id,prediction,truth\n{rows}");
    sandbox.write("stars.csv", sample.as_bytes());
    let run = sandbox.ok("register m.bin --reference stars.csv --json");
    assert_eq!(run.document()["warnings"], serde_json::json!([]));
    let rows: String = (0..80)
        .map(|row| format!("{row},{row},{}\n", row + 1))
        .collect();
    let sample = format!("id,prediction,truth\n{rows}");
    sandbox.write("counts.csv", sample.as_bytes());
    let run = sandbox.ok("register m.bin --reference counts.csv --json");
    assert_eq!(run.document()["warnings"][0]["code"], "many_classes");
}
