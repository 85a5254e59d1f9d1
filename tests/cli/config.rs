//! `config`: which files are meant, who set each key, everything that is wrong, and what has to be trusted.

use serde_json::{Value, json};

use crate::support::{Sandbox, keys};

/// A project with this policy and no store.
fn policy(text: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write("modelguard.toml", text.as_bytes());
    sandbox
}

/// A project whose policy puts the store beside its folder.
fn reaching_out() -> Sandbox {
    policy("[store]\npath = \"../elsewhere.db\"\n")
}

fn key<'a>(data: &'a Value, name: &str) -> &'a Value {
    let mut found = data["keys"].as_array().unwrap().iter();
    let found = found.find(|key| key["key"] == name);
    found.unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn path_names_both_files_also_where_they_are_not_there() {
    let sandbox = Sandbox::empty();
    let data = sandbox.json("config path");
    assert_eq!(keys(&data), ["db_path", "keys", "policy_path", "trusted"]);
    assert_eq!(data["policy_path"], Value::Null);
    let db = data["db_path"].as_str().unwrap();
    assert!(db.ends_with("project/modelguard.db"), "{db}");
    assert!(!sandbox.store().exists());
    sandbox.ok("config path").says("none; the defaults hold");
    sandbox.write("modelguard.toml", b"[store]\npath = \"data/m.db\"\n");
    let data = sandbox.json("config path");
    assert!(
        data["db_path"]
            .as_str()
            .unwrap()
            .ends_with("project/data/m.db")
    );
    assert!(
        data["policy_path"]
            .as_str()
            .unwrap()
            .ends_with("project/modelguard.toml")
    );
    assert_eq!(data["trusted"], true);
}

#[test]
fn show_has_every_key_with_its_origin() {
    let sandbox = policy("[check]\nthreshold_pct = 4\n\n[models.prices.check]\nmin_rows = 500\n");
    let data = sandbox.json("config show --origin");
    for found in data["keys"].as_array().unwrap() {
        assert_eq!(
            keys(found),
            [
                "key",
                "line_number",
                "origin",
                "unit",
                "value",
                "written_key"
            ]
        );
    }
    let threshold = key(&data, "check.threshold_pct");
    assert_eq!(threshold["value"], "4.0");
    assert_eq!(threshold["origin"], "policy");
    assert_eq!(threshold["line_number"], 2);
    let rows = key(&data, "check.min_rows");
    assert_eq!(rows["value"], "200");
    assert_eq!(rows["origin"], "default");
    assert_eq!(rows["line_number"], Value::Null);
    // For that model another value holds, and its own key says so.
    let data = sandbox.json("config show --origin -m prices");
    let rows = key(&data, "check.min_rows");
    assert_eq!(rows["value"], "500");
    assert_eq!(rows["line_number"], 5);
    assert_eq!(rows["written_key"], "models.prices.check.min_rows");
}

#[test]
fn show_knows_the_models_of_the_store_where_there_is_one() {
    let sandbox = policy("default_model = \"bb\"\n");
    // Before `init` nobody knows which models there will be.
    assert_eq!(
        key(&sandbox.json("config show -m bb"), "default_model")["value"],
        "bb"
    );
    sandbox.ok("init --task regression --model prices");
    sandbox
        .fails("config show -m bb", 10, "MG0202")
        .tells("there is: prices");
    sandbox
        .run_where("MODELGUARD_MODEL", "bb", "config show")
        .expect(10);
    sandbox.ok("config show -m Prices");
    // What the policy says is shown, also where it is mistaken.
    assert_eq!(
        key(&sandbox.json("config show"), "default_model")["value"],
        "bb"
    );
    sandbox.ok("config path -m bb");
}

#[test]
fn the_table_shows_origins_only_when_asked() {
    let sandbox = policy("[check]\nthreshold_pct = 4\n");
    let with = sandbox.ok("config show --origin").stdout;
    let line = |text: &str| {
        let found = text.lines().find(|line| line.contains("threshold_pct"));
        found.unwrap().to_owned()
    };
    assert!(line(&with).contains("policy, line 2"), "{with}");
    let without = sandbox.ok("config show").stdout;
    assert!(!line(&without).contains("policy"), "{without}");
    assert!(line(&without).contains('4'), "{without}");
}

#[test]
fn flags_and_variables_are_origins_too() {
    let sandbox = policy("[store]\nlock_timeout = \"1s\"\n");
    let origin = |run: crate::support::Run| {
        let data = run.expect(0).document()["data"].clone();
        let timeout = key(&data, "store.lock_timeout");
        json!([timeout["value"], timeout["origin"]])
    };
    let line = "config show --json";
    let variable = "MODELGUARD_LOCK_TIMEOUT";
    assert_eq!(origin(sandbox.run(line))[1], "policy");
    assert_eq!(
        origin(sandbox.run_where(variable, "2s", line))[1],
        "environment"
    );
    let flagged = format!("{line} --lock-timeout 3s");
    assert_eq!(
        origin(sandbox.run_where(variable, "2s", &flagged))[1],
        "flag"
    );
}

#[test]
fn validate_finds_nothing_in_what_init_writes() {
    let sandbox = Sandbox::new();
    sandbox.ok("config validate").says("nothing is wrong");
    let data = sandbox.json("config validate");
    assert_eq!(keys(&data), ["checks", "path", "trusted"]);
    let checks = data["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 1);
    assert_eq!(
        keys(&checks[0]),
        [
            "code",
            "column_number",
            "hint",
            "line_number",
            "name",
            "outcome",
            "text"
        ]
    );
    assert_eq!(checks[0]["outcome"], "ok");
    sandbox.leaves_the_store("config validate", 0);
    Sandbox::empty()
        .ok("config validate")
        .says("There is no policy here");
}

#[test]
fn validate_tells_all_that_is_wrong_with_its_place() {
    let sandbox = policy(
        "colour = \"red\"\n[check]\ntreshold_pct = 4\nmin_rows = \"many\"\nmetric = \"nonsense\"\n\n[action]\non_degraded = \"panic\"\n",
    );
    let run = sandbox.run("config validate --json").expect(2);
    assert_eq!(run.stderr, "");
    let checks = run.document()["data"]["checks"].clone();
    let told: Vec<_> = checks
        .as_array()
        .unwrap()
        .iter()
        .map(|check| {
            json!([
                check["name"],
                check["line_number"],
                check["code"],
                check["outcome"]
            ])
        })
        .collect();
    for expected in [
        json!(["colour", 1, "MG0303", "fail"]),
        json!(["check.treshold_pct", 3, "MG0303", "fail"]),
        json!(["check.min_rows", 4, "MG0304", "fail"]),
        json!(["check.metric", 5, "MG0304", "fail"]),
        json!(["action.on_degraded", 8, "MG0304", "fail"]),
    ] {
        assert!(told.contains(&expected), "no {expected} in {told:#?}");
    }
    assert_eq!(told.len(), 5, "{told:#?}");
    let text = sandbox.run("config validate").expect(2).stdout;
    assert!(text.ends_with("5 problems\n"), "{text}");
    assert!(text.contains("did you mean `threshold_pct`?"), "{text}");
    assert!(text.contains("modelguard.toml:3:1"), "{text}");
    assert!(text.contains("^^^^^^^^^^^^"), "{text}");
}

#[test]
fn each_way_to_be_wrong_has_its_code_and_status() {
    for (text, status, code) in [
        ("[check\n", 2, "MG0302"),
        ("a = 1\n", 2, "MG0303"),
        ("[check]\nthreshold_pct = 0\n", 2, "MG0304"),
        ("[check]\nthreshold_pct = nan\n", 2, "MG0304"),
        (
            "[check]\nwindow = \"n=100\"\nmin_rows = 200\nmode = \"threshold\"\n",
            2,
            "MG0305",
        ),
        ("requires = \">=99\"\n", 13, "MG0306"),
        ("[check]\ndecide_on = [\"mean_error\"]\n", 2, "MG0304"),
        (
            "[check]\ndecide_on = [\"rmse\", \"accuracy\"]\n",
            2,
            "MG0304",
        ),
    ] {
        let sandbox = policy(text);
        let run = sandbox.run("config validate --json").expect(status);
        let checks = run.document()["data"]["checks"].clone();
        assert_eq!(checks[0]["code"], code, "{text}");
        // Any other command stops at the same, before it does anything.
        let run = sandbox.run("status --json").expect(status);
        let problem = run.problem();
        assert_eq!(problem["code"], code, "{text}");
        let path = problem["details"]["path"].as_str().unwrap();
        assert!(path.ends_with("modelguard.toml"), "{problem}");
        assert!(problem["details"].get("line_number").is_some(), "{problem}");
        let run = sandbox.run("status").expect(status);
        // Two keys that clash are both shown.
        let most = if code == "MG0305" { 6 } else { 4 };
        assert!(run.stderr.lines().count() <= most, "{run:#?}");
    }
}

#[test]
fn a_share_where_percents_are_meant_is_told_by_validate_and_by_every_check() {
    let sandbox = Sandbox::new();
    sandbox.write("modelguard.toml", b"[check]\nthreshold_pct = 0.05\n");
    let run = sandbox.ok("config validate");
    assert!(run.stdout.contains("nothing is wrong"), "{run:?}");
    run.tells("warning: check.threshold_pct is 0.05: that is 0.05 %")
        .tells("for 5 % write 5.0");
    let data = sandbox.json("config validate");
    let check = &data["checks"][0];
    assert_eq!(
        (&check["name"], &check["outcome"]),
        (&"check.threshold_pct".into(), &"warn".into())
    );
    sandbox.register("model");
    for line in ["check", "monitor"] {
        let run = sandbox.run(line).expect(4);
        run.tells("warning: threshold_pct is 0.05: that is 0.05 %");
    }
    sandbox.write("modelguard.toml", b"[check]\nthreshold_pct = 0.5\n");
    let run = sandbox.ok("config validate");
    assert!(!run.stderr.contains("warning"), "{run:?}");
}

#[test]
fn a_policy_that_cannot_be_read_is_a_failure() {
    let sandbox = Sandbox::empty();
    sandbox.write("latin.toml", b"# caf\xe9\n");
    std::fs::create_dir(sandbox.file("folder.toml")).unwrap();
    for line in ["config validate", "config show"] {
        sandbox.fails(&format!("{line} --config none.toml"), 1, "MG0308");
    }
    sandbox.fails("config validate none.toml", 1, "MG0308");
    sandbox.fails("config validate folder.toml", 1, "MG0301");
    sandbox.fails("config validate latin.toml", 2, "MG0302");
}

#[test]
fn a_metric_of_another_task_is_found_where_the_store_is_known() {
    let sandbox = Sandbox::new();
    sandbox.write("modelguard.toml", b"[check]\nmetric = \"rmse\"\n");
    sandbox
        .run("config validate")
        .expect(2)
        .says("classification");
    // A file that was named may be another project's.
    sandbox.ok("config validate modelguard.toml");
}

#[test]
fn a_policy_that_leaves_its_folder_stops_everything_until_it_is_trusted() {
    let sandbox = reaching_out();
    for line in [
        "status",
        "check",
        "monitor",
        "log",
        "register x",
        "promote latest --yes",
    ] {
        sandbox
            .fails(line, 2, "MG0307")
            .tells("modelguard config trust");
    }
    // The list is the one of whoever was refused, and without the variable the usual one.
    let of_list = format!(
        "`XDG_STATE_HOME={} modelguard config trust`",
        sandbox.state().display()
    );
    sandbox.run("status").expect(2).tells(&of_list);
    sandbox
        .run_with("status", |command| {
            command.env_remove("XDG_STATE_HOME");
        })
        .expect(2)
        .tells("read it, then `modelguard config trust`");
    // A folder that somebody else wrote must not make a store where it likes either.
    sandbox
        .run("init --task regression --model m")
        .expect(2)
        .tells("MG0307");
    assert!(!sandbox.path().join("../elsewhere.db").exists());
    let data = sandbox.json("config path");
    assert_eq!(data["trusted"], false);
    sandbox.ok("config path").says("not trusted");
    let data = sandbox.json("config trust --yes");
    assert_eq!(keys(&data), ["changed", "lines", "policy_path", "trusted"]);
    assert_eq!(data["changed"], true);
    assert_eq!(data["trusted"], true);
    assert!(data["lines"][0].as_str().unwrap().contains("elsewhere.db"));
    assert_eq!(sandbox.json("config trust --yes")["changed"], false);
    sandbox.ok("init --task regression --model m");
    sandbox.ok("status");
    assert!(sandbox.path().join("../elsewhere.db").exists());
}

#[test]
fn validate_says_that_a_policy_has_to_be_trusted_first() {
    let sandbox = Sandbox::new();
    let channel =
        "[check]\nwindow = \"7d\"\n[[notify]]\nkind = \"command\"\ncommand = [\"true\"]\n";
    sandbox.write("modelguard.toml", channel.as_bytes());
    // It is sound, so the status is 0; but every other command refuses it.
    let run = sandbox.ok("config validate").says("nothing is wrong");
    let trust = format!(
        "XDG_STATE_HOME={} modelguard config trust",
        sandbox.state().display()
    );
    let warning = "warning: this policy reaches outside its folder and was not trusted yet: \
        modelguard.toml:3  channel \"command\" runs \"true\"; every command that opens the store refuses it \
        (MG0307): read it, then `";
    assert_eq!(run.stderr, format!("{warning}{trust}`\n"));
    let document = sandbox.ok("config validate --json").document();
    assert_eq!(document["data"]["trusted"], false);
    assert_eq!(document["warnings"][0]["code"], "untrusted");
    let check = &document["data"]["checks"][0];
    assert_eq!(
        (&check["name"], &check["outcome"], &check["code"]),
        (&"trust".into(), &"warn".into(), &"MG0307".into())
    );
    assert_eq!(check["line_number"], 3);
    assert_eq!(check["hint"], format!("read it, then `{trust}`"));
    sandbox
        .ok("config validate modelguard.toml")
        .tells(&format!("`{trust} modelguard.toml`"));
    sandbox.ok("config trust --yes");
    let run = sandbox.ok("config validate");
    assert_eq!(run.stderr, "");
    assert_eq!(sandbox.json("config validate")["trusted"], true);
    // Any edit asks again, also one of another key.
    let edited = channel.replace("7d", "8d");
    sandbox.write("modelguard.toml", edited.as_bytes());
    sandbox.ok("config validate").tells("config trust");
    sandbox.fails("status", 2, "MG0307");
    // A name that is never found is named by whoever uses it, which is consent.
    sandbox.write("other.toml", edited.as_bytes());
    assert_eq!(sandbox.ok("config validate other.toml").stderr, "");
    let named = sandbox.json("config validate --config other.toml");
    assert_eq!(named["trusted"], true);
    sandbox.write("modelguard.toml", b"[check]\ntreshold = 4\n");
    let wrong = sandbox.run("config validate --json").expect(2).document();
    assert_eq!(wrong["data"]["trusted"], Value::Null);
}

#[test]
fn trust_needs_an_answer() {
    let sandbox = reaching_out();
    sandbox
        .fails("config trust", 2, "MG0102")
        .tells("modelguard config trust --yes");
    sandbox.fails("status", 2, "MG0307");
    let list = sandbox.state().join("modelguard/trusted-policies.jsonl");
    assert!(!list.exists(), "something was written");
    sandbox.ok("config trust --yes").tells("elsewhere.db");
    sandbox.fails("status", 10, "MG0201");
}

#[test]
fn a_policy_that_changed_has_to_be_trusted_again() {
    let sandbox = reaching_out();
    sandbox.ok("config trust --yes");
    sandbox.fails("status", 10, "MG0201");
    let path = sandbox.file("modelguard.toml");
    let trusted = std::fs::read(&path).unwrap();
    std::fs::write(&path, "[store]\npath = \"../another.db\"\n").unwrap();
    sandbox.fails("status", 2, "MG0307");
    // What was trusted stays so.
    std::fs::write(&path, &trusted).unwrap();
    sandbox.fails("status", 10, "MG0201");
    // The same words in another folder are another policy.
    sandbox.write("sub/modelguard.toml", &trusted);
    let run = sandbox.run_in("sub", "status").expect(2);
    assert!(run.stderr.contains("MG0307"), "{run:#?}");
}

#[test]
fn naming_a_policy_or_a_store_is_consent() {
    let sandbox = reaching_out();
    sandbox.fails("status --config modelguard.toml", 10, "MG0201");
    let run = sandbox.run_where("MODELGUARD_CONFIG", "modelguard.toml", "status");
    assert!(run.expect(10).stderr.contains("MG0201"));
    sandbox.fails("status --db own.db", 10, "MG0201");
    let data = sandbox.json("config trust --config modelguard.toml --yes");
    assert_eq!(data["changed"], false);
    // Consent for once is not trust.
    sandbox.fails("status", 2, "MG0307");
}

#[test]
fn what_stays_within_its_folder_needs_no_trust() {
    let sandbox = policy("[store]\npath = \"data/../m.db\"\n");
    sandbox.ok("config trust").says("needs no trust");
    Sandbox::empty()
        .ok("config trust")
        .says("There is no policy here");
    sandbox.fails("config trust other.toml --yes", 2, "MG0107");
    // A link is followed before it is judged.
    std::os::unix::fs::symlink(sandbox.state(), sandbox.file("data")).unwrap();
    sandbox.write("modelguard.toml", b"[store]\npath = \"data/m.db\"\n");
    sandbox.fails("status", 2, "MG0307");
}

#[test]
fn a_verb_is_needed() {
    let sandbox = Sandbox::empty();
    sandbox.run("config").expect(2);
    sandbox
        .fails("config vaildate", 2, "MG0101")
        .tells("validate");
}

#[test]
fn paths_are_told_before_anything_is_there() {
    let sandbox = Sandbox::empty();
    let data = sandbox.json("config path");
    assert_eq!(data["policy_path"], Value::Null);
    assert!(data["db_path"].as_str().unwrap().ends_with("modelguard.db"));
    sandbox.ok("config path").says("none; the defaults hold");
    sandbox.ok("config validate").says("the defaults hold");
    sandbox.ok("config show").says("check.threshold_pct");
    sandbox.ok("config trust --yes").says("nothing needs trust");
    sandbox.fails("status", 10, "MG0201");
}

#[test]
fn every_key_says_who_set_it() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "modelguard.toml",
        b"[check]\nmin_rows = 50\n[models.churn.check]\nthreshold_pct = 7.5\n",
    );
    let data = sandbox.json("config show --lock-timeout 9s");
    assert_eq!(key(&data, "check.min_rows")["value"], "50");
    assert_eq!(key(&data, "check.min_rows")["origin"], "policy");
    assert_eq!(key(&data, "check.min_rows")["line_number"], 2);
    assert_eq!(key(&data, "check.threshold_pct")["value"], "5.0");
    assert_eq!(key(&data, "store.lock_timeout")["value"], "9s");
    assert_eq!(key(&data, "store.lock_timeout")["origin"], "flag");
    let of_model = sandbox.json("config show -m churn");
    assert_eq!(key(&of_model, "check.threshold_pct")["value"], "7.5");
    sandbox
        .ok("config show --origin -m churn")
        .says("policy, line 4: models.churn.check.threshold_pct")
        .says("policy, line 2");
    let plain = sandbox.ok("config show");
    assert!(!plain.stdout.contains("line 2"), "{plain:#?}");
}

#[test]
fn every_problem_is_reported_with_its_place() {
    let sandbox = Sandbox::new();
    sandbox.write("bad.toml", b"[check]\ntreshold_pct = 4\nmin_rows = -1\n");
    let run = sandbox.run("config validate bad.toml").expect(2);
    let run = run
        .says("bad.toml:2:1")
        .says("did you mean `threshold_pct`?")
        .says("bad.toml:3:12")
        .says("2 problems");
    assert!(run.stdout.contains("^^^^"), "{run:#?}");
    let run = sandbox.run("config validate bad.toml --json").expect(2);
    let checks = run.document()["data"]["checks"].clone();
    assert_eq!(checks[0]["outcome"], "fail");
    assert_eq!(checks[0]["code"], "MG0303");
    assert_eq!(checks[0]["line_number"], 2);
    assert_eq!(checks[1]["name"], "check.min_rows");
    assert_eq!(checks.as_array().unwrap().len(), 2);
}

#[test]
fn a_good_policy_is_held_against_the_tasks_of_the_store() {
    let sandbox = Sandbox::new();
    sandbox
        .ok("config validate")
        .says("also for the task of churn");
    let checks = sandbox.json("config validate")["checks"].clone();
    assert_eq!(checks[0]["outcome"], "ok");
    sandbox.write("modelguard.toml", b"[check]\nmetric = \"rmse\"\n");
    sandbox.run("config validate").expect(2).says("rmse");
    // Of a file that was named nobody knows whose it is.
    sandbox.ok("config validate modelguard.toml");
}

#[test]
fn a_policy_for_another_modelguard_or_of_no_toml_is_told_apart() {
    let sandbox = Sandbox::new();
    sandbox.fails("config validate absent.toml", 1, "MG0308");
    sandbox.write("future.toml", b"requires = \">=99\"\n");
    sandbox
        .run("config validate future.toml")
        .expect(13)
        .says("MG0306");
    sandbox.write("broken.toml", b"[check\n");
    sandbox
        .run("config validate broken.toml")
        .expect(2)
        .says("MG0302");
}

#[test]
fn what_reaches_outside_needs_trust_once() {
    let sandbox = Sandbox::new();
    sandbox.ok("config trust").says("needs no trust");
    sandbox.write("modelguard.toml", b"[store]\npath = \"../elsewhere.db\"\n");
    sandbox.fails("status", 2, "MG0307").tells("config trust");
    assert_eq!(sandbox.json("config path")["trusted"], false);
    sandbox
        .fails("config trust", 2, "MG0102")
        .tells("lets a policy reach outside its folder");
    let run = sandbox.run("config trust --yes --json").expect(0);
    let data = &run.document()["data"];
    assert_eq!(
        (&data["changed"], &data["trusted"]),
        (&json!(true), &json!(true))
    );
    assert!(data["lines"][0].as_str().unwrap().contains("elsewhere.db"));
    assert_eq!(sandbox.json("config trust")["changed"], false);
    assert_eq!(sandbox.json("config path")["trusted"], true);
    sandbox.fails("status", 10, "MG0201");
    // Another text at the same place is another policy.
    sandbox.write("modelguard.toml", b"[store]\npath = \"../elsewhere2.db\"\n");
    sandbox.fails("status", 2, "MG0307");
    // Naming it is consent.
    sandbox
        .ok("config trust --config modelguard.toml")
        .says("which is consent");
    sandbox.fails("status --config modelguard.toml", 10, "MG0201");
}

#[test]
fn trust_can_name_the_file_of_another_project() {
    let sandbox = Sandbox::new();
    sandbox.write("sub/.git/x", b"");
    sandbox.write(
        "sub/modelguard.toml",
        b"[store]\npath = \"../modelguard.db\"\n",
    );
    sandbox.fails("-C sub status", 2, "MG0307");
    sandbox
        .ok("config trust sub/modelguard.toml --yes")
        .says("is trusted now");
    sandbox.ok("-C sub status");
    sandbox.write("other.toml", b"");
    sandbox.fails("config trust other.toml --yes", 2, "MG0107");
}

#[test]
fn who_is_refused_reads_no_words_of_a_command_and_who_agrees_reads_all() {
    let words = "command = [\"curl\", \"-H\", \"Authorization: Bearer hunter2hunter\", \"https://hooks.example/T0/xyz\"]";
    let forms = [
        format!("[[notify]]\nkind = \"command\"\n{words}\n"),
        format!("notify = [{{kind = \"command\", {words}}}]\n"),
    ];
    for form in forms {
        let sandbox = Sandbox::empty();
        sandbox.ok("init --task regression --model m");
        sandbox.write("modelguard.toml", form.as_bytes());
        let told = "channel \"command\" runs \"curl\" and 3 more words";
        let refused = [
            sandbox.fails("status", 2, "MG0307").tells(told),
            sandbox.run("status --json").expect(2),
            sandbox.ok("config validate").tells(told),
            sandbox.ok("config validate --json"),
        ];
        for run in refused {
            for secret in ["hunter2", "xyz"] {
                assert!(!run.stdout.contains(secret), "{run:#?}");
                assert!(!run.stderr.contains(secret), "{run:#?}");
            }
        }
        let line = sandbox.json("config trust --yes")["lines"][0].clone();
        let line = line.as_str().unwrap();
        assert!(
            line.ends_with(
                "\"Authorization: Bearer hunter2hunter\" \"https://hooks.example/T0/xyz\""
            ),
            "{line}"
        );
    }
}

#[test]
fn an_unknown_key_of_a_channel_in_a_list_shows_no_value() {
    for text in [
        "notify = [{kind = \"slack\", url_env = \"URL\", pasword = \"hunter2hunter\"}]\n",
        "notify = [\n  {kind = \"slack\", url_env = \"URL\",\n   pasword = \"hunter2hunter\"},\n]\n",
        "[[notify]]\nkind = \"email\"\nto = [\n  \"a@example.org\",\n[\"b\"]\n]\npasword = \"hunter2hunter\"\n",
    ] {
        let sandbox = policy(text);
        let run = sandbox.run("config validate").expect(2);
        assert!(
            run.stderr.contains("pasword") || run.stdout.contains("pasword"),
            "{run:#?}"
        );
        assert!(!run.stdout.contains("hunter2"), "{run:#?}");
        assert!(!run.stderr.contains("hunter2"), "{run:#?}");
    }
}
