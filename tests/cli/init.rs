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
