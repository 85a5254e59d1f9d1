//! Tables of the documents that repeat what the sources say.

use modelguard::policy::keys::KEYS;
use modelguard::ui::catalogue::ENTRIES;
use modelguard::ui::exit::ExitStatus;

use super::reading::{between, document};

/// The marked part of the document is that text. `UPDATE_DOCUMENTS=1` writes it instead.
#[track_caller]
fn assert_holds(name: &str, mark: &str, expected: &str) {
    let (from, to) = (format!("<!-- {mark} -->"), format!("<!-- /{mark} -->"));
    let text = document(name);
    let found = between(&text, &from, &to);
    if found == expected.trim() {
        return;
    }
    let wanted = format!("{from}\n{}\n{to}", expected.trim());
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        let start = text.find(&from).unwrap();
        let end = text.find(&to).unwrap() + to.len();
        let new = format!("{}{wanted}{}", &text[..start], &text[end..]);
        std::fs::write(super::reading::path(name), new).unwrap();
        return;
    }
    panic!("{name} should have:\n{wanted}");
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn every_exit_status_is_listed() {
    let mut table = "| status | name | meaning |\n| --: | --- | --- |\n".to_owned();
    for status in ExitStatus::ALL {
        let (code, name, meaning) = (status.code(), status.name(), status.meaning());
        table.push_str(&format!("| {code} | {name} | {meaning} |\n"));
    }
    assert_holds("docs/exit-codes.md", "statuses", &table);
}

#[test]
fn every_error_code_is_listed() {
    let mut table = "| code | kind | status | what |\n| --- | --- | --: | --- |\n".to_owned();
    for entry in ENTRIES {
        let status = entry.exit.code();
        let (code, kind, title) = (entry.code, entry.kind, cell(entry.title));
        table.push_str(&format!("| {code} | `{kind}` | {status} | {title} |\n"));
    }
    assert_holds("docs/exit-codes.md", "errors", &table);
}

#[test]
fn every_policy_key_is_listed() {
    let mut table =
        "| key | default | unit | per model | meaning |\n| --- | --- | --- | --- | --- |\n"
            .to_owned();
    for key in KEYS {
        let default = match key.default {
            Some(default) => format!("`{default}`"),
            None => format!("({})", cell(key.without)),
        };
        table.push_str(&format!(
            "| `{}` | {default} | {} | {} | {} |\n",
            key.name,
            cell(key.unit),
            if key.is_per_model() { "yes" } else { "" },
            cell(key.meaning)
        ));
    }
    assert_holds("docs/policy.md", "keys", &table);
}
