//! `init`: a project is made once, whoever comes first, and a store takes further models.

use crate::support::Sandbox;

#[test]
fn a_project_is_made_once() {
    let sandbox = Sandbox::empty();
    let made = sandbox.json("init --model churn --task classification");
    assert_eq!(made["created"], true);
    assert_eq!(made["task"], "classification");
    let policy = std::fs::read(sandbox.file("modelguard.toml")).unwrap();
    let again = sandbox.json("init --model churn");
    assert_eq!(again["created"], false);
    assert_eq!(
        policy,
        std::fs::read(sandbox.file("modelguard.toml")).unwrap()
    );
    assert_eq!(sandbox.number("SELECT count(*) FROM operation"), 1);
}

#[test]
fn a_new_model_needs_a_task() {
    let sandbox = Sandbox::empty();
    let run = sandbox.fails("init --model churn", 2, "MG0101");
    let run = run.tells("--task classification");
    assert!(run.stderr.contains("--task regression"), "{run:#?}");
    assert!(!sandbox.store().exists() && !sandbox.file("modelguard.toml").exists());
    sandbox.run("init --task clustering").expect(2);
    sandbox.run("init --model a/b --task regression").expect(2);
    assert!(!sandbox.store().exists());
}

#[test]
fn the_folder_names_the_model() {
    let sandbox = Sandbox::empty();
    let made = sandbox.json("init prices --task regression");
    assert_eq!(made["model"], "prices");
    assert!(sandbox.file("prices/modelguard.db").is_file());
    assert!(!sandbox.store().exists());
    sandbox.ok("-C prices history").says("No version of prices");
    sandbox.fails("init .hidden --task regression", 2, "MG0101");
}

#[test]
fn a_store_takes_a_second_model_whatever_the_case() {
    let sandbox = Sandbox::new();
    assert_eq!(
        sandbox.json("init --model prices --task regression")["created"],
        true
    );
    assert_eq!(
        sandbox.json("init --model Prices --task regression")["created"],
        false
    );
    let run = sandbox.fails("init --model churn --task regression", 2, "MG0107");
    assert!(
        run.stderr.contains("its task is classification"),
        "{run:#?}"
    );
    assert_eq!(sandbox.number("SELECT count(*) FROM model"), 2);
}

#[test]
fn a_policy_is_never_written_over() {
    let sandbox = Sandbox::empty();
    sandbox.write("modelguard.toml", b"[check]\nmin_rows = 50\n");
    sandbox
        .ok("init --model churn --task classification --preset original")
        .tells("stays as it is");
    let policy = std::fs::read_to_string(sandbox.file("modelguard.toml")).unwrap();
    assert_eq!(policy, "[check]\nmin_rows = 50\n");
    sandbox.ok("config validate");
}

#[test]
fn both_presets_are_policies_without_a_fault() {
    for task in ["classification", "regression"] {
        for preset in ["default", "original"] {
            let sandbox = Sandbox::empty();
            sandbox.ok(&format!("init --model m --task {task} --preset {preset}"));
            sandbox.ok("config validate").says("also for the task of m");
            let keys = sandbox.json("config show")["keys"].clone();
            let evidence = keys.as_array().unwrap().iter();
            let mut evidence = evidence.filter(|key| key["key"] == "check.evidence");
            let expected = if preset == "original" {
                "recorded"
            } else {
                "live"
            };
            assert_eq!(evidence.next().unwrap()["value"], expected);
        }
    }
}

#[test]
fn what_it_says_next_can_be_pasted() {
    let sandbox = Sandbox::empty();
    let run = sandbox.ok("init sub --model churn --task classification");
    assert!(run.stderr.contains("  cd sub\n"), "{run:#?}");
    let next: Vec<_> = run
        .stderr
        .lines()
        .filter(|line| line.starts_with("  modelguard "))
        .collect();
    assert_eq!(next.len(), 7, "{run:#?}");
    sandbox.write("sub/MODEL-FILE", b"model");
    sandbox.write(
        "sub/HELDOUT.csv",
        b"id,prediction,truth\n1,a,a\n2,b,a\n3,b,b\n",
    );
    let words = |line: &str| {
        line.trim_start()
            .trim_start_matches("modelguard ")
            .to_owned()
    };
    sandbox.run_in("sub", &words(next[0])).expect(0);
    let promote = format!("{} --yes", words(next[1]));
    sandbox.run_in("sub", &promote).expect(0);
    sandbox.write("sub/PREDICTIONS.csv", b"id,prediction\n9,a\n");
    sandbox.write("sub/TRUTH.csv", b"id,truth\n9,a\n");
    for (line, status) in next[2..].iter().zip([0, 0, 4, 4, 0]) {
        sandbox.run_in("sub", &words(line)).expect(status);
    }
}

#[test]
fn what_is_refused_leaves_no_folder_behind() {
    let sandbox = Sandbox::empty();
    let run = sandbox.run_words(&["init", "my model", "--task", "regression"]);
    run.expect(2).tells("--model NAME");
    assert!(!sandbox.file("my model").exists());
    sandbox.fails("init shop", 2, "MG0101");
    assert!(!sandbox.file("shop").exists());
}

#[test]
fn a_store_in_a_folder_that_is_not_there_says_how_the_folder_is_made() {
    let sandbox = Sandbox::empty();
    sandbox.write("modelguard.toml", b"[store]\npath = \"sub/my store.db\"\n");
    let folder = std::fs::canonicalize(sandbox.path()).unwrap().join("sub");
    let cure = format!("hint: `mkdir -p {}`", folder.display());
    let line = "init --model churn --task classification";
    sandbox.fails(line, 1, "MG0407").tells(&cure);
    assert!(!folder.exists());
    std::fs::create_dir(&folder).unwrap();
    sandbox.ok(line);
}

#[test]
fn a_policy_that_can_not_be_written_is_named_with_its_whole_path() {
    let sandbox = Sandbox::empty();
    // Nobody, root neither, makes a file there.
    let run = sandbox.run_with("-C /proc init --model m --task regression", |_| {});
    run.expect(1)
        .tells("error: /proc/modelguard.toml: can't be written");
}
