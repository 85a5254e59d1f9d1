//! A store of several models: which one is meant, and what happens where nobody says.

use crate::support::Sandbox;

/// The models churn and prices, each with a version that is live.
fn two() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok("init --model prices --task regression");
    sandbox.write("c.bin", b"churn");
    sandbox.write("p.bin", b"prices");
    sandbox.ok("register c.bin -m churn --alias production --version-id c1");
    sandbox.ok("register p.bin -m prices --alias production --version-id p1");
    sandbox
}

#[test]
fn a_command_for_one_model_lists_them_and_does_nothing() {
    let sandbox = two();
    sandbox.write("d.bin", b"another");
    sandbox.write("rows.csv", b"id,prediction\n1,2\n");
    for line in [
        "history",
        "show latest",
        "check",
        "monitor",
        "compare c1 p1",
        "promote latest --yes",
        "rollback --yes",
        "undo --yes",
        "redo --yes",
        "alias list",
        "alias set a latest --yes",
        "tag latest a=b",
        "retire latest --reason x",
        "fetch latest -o out.bin",
        "register d.bin",
        "ingest predictions rows.csv",
        "ingest truth rows.csv",
    ] {
        let run = sandbox.fails(line, 2, "MG0103");
        assert!(run.stderr.contains("churn, prices"), "{run:#?}");
        sandbox.leaves_the_store(line, 2);
    }
}

#[test]
fn status_and_the_log_speak_of_all() {
    let sandbox = two();
    let status = sandbox.json("status");
    let models = status["models"].as_array().unwrap().iter();
    let models: Vec<_> = models.map(|model| model["model"].clone()).collect();
    assert_eq!(models, ["churn", "prices"]);
    assert_eq!(sandbox.json("log")["total_count"], 6);
    let monitored = sandbox.run("monitor --all --json").expect(4).document();
    assert_eq!(monitored["data"]["models"].as_array().unwrap().len(), 2);
}

#[test]
fn a_name_chooses_whatever_its_case() {
    let sandbox = two();
    for name in ["churn", "CHURN"] {
        let data = sandbox.json(&format!("history -m {name}"));
        assert_eq!(data["versions"][0]["version"], "c1");
    }
    sandbox
        .fails("history -m chrun", 10, "MG0202")
        .tells("churn, prices");
}

#[test]
fn the_policy_names_the_one_that_is_meant() {
    let sandbox = two();
    sandbox.write("modelguard.toml", b"default_model = \"prices\"\n");
    assert_eq!(sandbox.json("show latest")["version"], "p1");
    assert_eq!(sandbox.json("show latest -m churn")["version"], "c1");
    let run = sandbox.run_where("MODELGUARD_MODEL", "churn", "show latest --json");
    assert_eq!(run.document()["data"]["version"], "c1");
    // The others are not hidden from what speaks of all.
    assert_eq!(
        sandbox.json("status")["models"].as_array().unwrap().len(),
        2
    );
    assert_eq!(sandbox.json("log")["total_count"], 6);
    sandbox.write("modelguard.toml", b"default_model = \"none\"\n");
    sandbox.fails("show latest", 10, "MG0202");
}

#[test]
fn a_reference_can_name_its_model() {
    let sandbox = two();
    assert_eq!(sandbox.json("show prices@production")["version"], "p1");
    assert_eq!(sandbox.json("show churn:c1")["model"], "churn");
    assert_eq!(sandbox.json("show prices:latest")["version"], "p1");
    sandbox.fails("show churn:p1", 10, "MG0203");
    sandbox.fails("show churn:c1 -m prices", 2, "MG0104");
    sandbox.ok("tag prices@production a=b");
    assert_eq!(sandbox.json("show p1 -m prices")["tags"]["a"], "b");
}

#[test]
fn a_switch_leaves_the_other_model_alone() {
    let sandbox = two();
    sandbox.write("c2.bin", b"churn 2");
    sandbox.ok("register c2.bin -m churn --version-id c2");
    sandbox.ok("promote churn:c2 --yes");
    let live = |model: &str| {
        let status = sandbox.json(&format!("status -m {model}"));
        status["models"][0]["production"]["version"].clone()
    };
    assert_eq!((live("churn"), live("prices")), ("c2".into(), "p1".into()));
    sandbox.ok("rollback --yes -m churn");
    assert_eq!((live("churn"), live("prices")), ("c1".into(), "p1".into()));
}

#[test]
fn the_same_bytes_belong_to_both() {
    let sandbox = two();
    let before = sandbox.number("SELECT count(*) FROM chunk");
    sandbox.ok("register c.bin -m prices --version-id shared");
    assert_eq!(sandbox.number("SELECT count(*) FROM chunk"), before);
    sandbox.ok("fetch prices:shared -o out.bin");
    assert_eq!(std::fs::read(sandbox.file("out.bin")).unwrap(), b"churn");
}

#[test]
fn a_policy_that_names_nobody_is_warned_of_and_not_refused() {
    let sandbox = Sandbox::new();
    let text = "[models.chrun.check]\nthreshold_pct = 3\n[[notify]]\nkind = \"file\"\n\
                path = \"told.jsonl\"\nmodels = [\"chrun\"]\n";
    sandbox.write("modelguard.toml", text.as_bytes());
    let rules = "modelguard.toml:1: [models.chrun] names the model chrun, which the store does not have; \
                 did you mean churn?";
    let channel = "modelguard.toml:3: the channel file names the model chrun";
    for (line, status) in [
        ("config validate", 0),
        ("status", 0),
        ("check", 4),
        ("monitor", 4),
        ("monitor --all", 4),
    ] {
        let run = sandbox.run(line).expect(status).tells(rules).tells(channel);
        assert_eq!(run.stderr.matches("[models.chrun]").count(), 1, "{run:#?}");
        let document = sandbox
            .run(&format!("{line} --json"))
            .expect(status)
            .document();
        assert_eq!(document["warnings"][0]["code"], "unknown_model", "{line}");
    }
    let check = &sandbox.json("config validate")["checks"][0];
    assert_eq!(check["outcome"], "warn");
    assert_eq!(check["name"], "models.chrun");
    assert_eq!(check["line_number"], 1);

    // Who is told that there is no such model is told who named it.
    sandbox.write("modelguard.toml", b"default_model = \"chrun\"\n");
    sandbox
        .ok("config validate")
        .tells("modelguard.toml:1: default_model names the model chrun");
    sandbox.ok("status").tells("did you mean churn?");
    let run = sandbox.fails("check", 10, "MG0202");
    assert!(run.stderr.contains("cause: default_model in "), "{run:#?}");
    let run = sandbox.fails("check -m chrun", 10, "MG0202");
    assert!(!run.stderr.contains("default_model"), "{run:#?}");
    sandbox.write("modelguard.toml", text.replace("chrun", "Churn").as_bytes());
    assert_eq!(sandbox.ok("status").stderr, "");
}

#[test]
fn a_metric_of_the_other_task_is_shown_in_the_policy_with_those_of_this_one() {
    let sandbox = Sandbox::new();
    sandbox.write("modelguard.toml", b"[check]\nmetric = \"rmse\"\n");
    let metrics =
        "take one of classification: accuracy, precision, recall, f1, roc_auc, log_loss, brier";
    for line in ["check", "config validate"] {
        let run = sandbox.run(line).expect(2);
        let told = run.stderr + &run.stdout;
        for part in [
            "modelguard.toml:2:10",
            "names rmse, a metric of regression; this model does classification",
            metrics,
            "give this model its own in `[models.churn.check]`",
        ] {
            assert!(told.contains(part), "{line}: no {part} in {told}");
        }
    }
    let problem = sandbox.run("check --json").expect(2).problem();
    assert_eq!(problem["details"]["line_number"], 2);
    // What is this model's own already can't be made so.
    let own = b"[models.churn.check]\nmetric = \"rmse\"\n";
    sandbox.write("modelguard.toml", own);
    let run = sandbox.run("monitor").expect(2).tells(metrics);
    assert!(!run.stderr.contains("its own"), "{run:#?}");
}

#[test]
fn what_status_and_a_check_say_to_do_next_works_as_it_stands() {
    let sandbox = Sandbox::new();
    sandbox.ok("init --model prices --task regression");
    sandbox.write("c.bin", b"churn");
    sandbox.ok("register c.bin -m churn");
    let status = sandbox.ok("status").stdout;
    for line in [
        "live     nobody: `modelguard -m churn promote latest`",
        "verdict  never checked: `modelguard -m churn check`",
        "live     nobody: `modelguard -m prices register PATH`",
        "verdict  never checked: `modelguard -m prices check`",
    ] {
        assert!(status.contains(line), "no {line} in {status}");
    }
    sandbox
        .run("-m churn check")
        .expect(4)
        .tells("make one live: `modelguard -m churn promote latest`");
    sandbox
        .run("-m prices check")
        .expect(4)
        .tells("register one: `modelguard -m prices register PATH`");
    let all = sandbox.run("monitor --all").expect(4);
    assert!(
        all.stderr.contains("`modelguard -m prices register PATH`"),
        "{all:#?}"
    );
    assert!(
        all.stderr.contains("`modelguard -m churn promote latest`"),
        "{all:#?}"
    );
    sandbox.ok("-m churn promote latest --yes");
    sandbox.run("-m churn check").expect(4);
}

#[test]
fn a_store_that_is_ahead_is_told_once_and_of_no_single_model() {
    let sandbox = two();
    let now = sandbox.clock();
    sandbox.set_clock(now + 1_000_000);
    sandbox.write("d.bin", b"later");
    sandbox.ok("register d.bin -m prices --alias production --version-id p2 --yes");
    for line in ["monitor --all --dry-run", "monitor --all", "status"] {
        sandbox.set_clock(now);
        let run = sandbox.run(line);
        let told = run.stderr.lines().filter(|line| line.contains(" is of "));
        let told: Vec<_> = told.collect();
        assert_eq!(told.len(), 1, "{line}: {run:#?}");
        assert!(told[0].starts_with("warning: op_"), "{line}: {run:#?}");
    }
}

#[test]
fn why_a_file_of_one_model_was_refused_names_it_in_the_command_that_takes_it_in() {
    let sandbox = two();
    sandbox.write(
        "modelguard.toml",
        b"[models.prices.ingest]\ninbox = \"inbox\"\n[models.prices.columns]\nprediction = \"yhat\"\n",
    );
    sandbox.write("inbox/a_pred.csv", b"id,prediction\nx,1\n");
    sandbox.run("monitor --all").expect(4);
    let why = sandbox.file("inbox/rejected/a_pred.csv.error.json");
    let why = std::fs::read_to_string(why).unwrap();
    assert!(
        why.contains("`modelguard -m prices ingest predictions FILE --map "),
        "{why}"
    );
}
