//! Tests of what of a policy's text may be shown.
#![cfg(test)]

use super::*;

#[test]
fn in_text_that_is_no_toml_nothing_of_a_channel_is_shown_but_its_keys() {
    let canary = "Zq7Canary";
    for line in [
        "password: \"Zq7Canary\"",
        "token \"Zq7Canary\"",
        "url: https://h/Zq7Canary",
        "Authorization: Bearer Zq7Canary",
        "command: [\"./x\", \"--token\", \"Zq7Canary\"]",
        "token =\n\"Zq7Canary\"",
        "Zq7Canary",
        "notify = [{kind = \"webhook\", token: \"Zq7Canary\"}]",
    ] {
        let text = format!("[check]\nmin_rows = 5\n[[notify]]\nkind = \"email\"\n{line}\n");
        let shown = masked(&text);
        assert!(!shown.contains(canary), "{shown}");
        assert_eq!(shown.len(), text.len());
        assert!(shown.starts_with("[check]\nmin_rows = 5\n[[notify]]\nkind = \"email\"\n"));
        let alone = masked(&format!("{line}\n[[notify]]\n{line}\n"));
        let behind = alone.split_once("[[notify]]").unwrap().1;
        assert!(!behind.contains(canary), "{alone}");
    }
}

#[test]
fn a_secret_in_the_text_is_blotted_out_and_all_else_stays_where_it_is() {
    for (text, expected) in [
        ("url = \"https://x\" # y", "url = *********** # y"),
        ("url=\"a\\\"b\", x = 1", "url=******, x = 1"),
        (
            "\"password\" = 'p w'\r\nname = 1",
            "\"password\" = *****\r\nname = 1",
        ),
        ("token = abc def\nk = 1", "token = *******\nk = 1"),
        ("url = \"not closed\nk = 1", "url = ***********\nk = 1"),
        ("token = \"\"\"a\nbé\"\"\"\nk", "token = ****\n*·***\nk"),
        (
            "key = \"\"\"a\\\"\"\"b\n\"\"\"\nk",
            "key = *********\n***\nk",
        ),
        ("url_env = \"SLACK_URL\"", "url_env = \"SLACK_URL\""),
        ("url_env = \"https://x\"", "url_env = ***********"),
        ("url_file = \"secrets/url\"", "url_file = \"secrets/url\""),
        ("url_file = \"https://x\"", "url_file = ***********"),
        ("# the url of it", "# the url of it"),
        ("a.url = \"x\" ; token='y'", "a.url = ***************"),
        // As people write them.
        ("webhook_url = \"x\"", "webhook_url = ***"),
        ("smtp_password = \"x\"", "smtp_password = ***"),
        ("API-Token='x'", "API-Token=***"),
        ("\"My Secret\" = \"x\"", "\"My Secret\" = ***"),
        ("URL = \"x\"", "URL = ***"),
        ("api_key = 5", "api_key = *"),
        ("hook = \"\"", "hook = \"\""),
        ("slack_url_env = \"A_B\"", "slack_url_env = \"A_B\""),
        ("SLACK_URL_ENV = \"xoxb-1\"", "SLACK_URL_ENV = ********"),
        ("token_env = \"ghp_1\"", "token_env = *******"),
        ("token_file = \"xoxb-1\"", "token_file = ********"),
        ("token_file = \"./ghp_1\"", "token_file = \"./ghp_1\""),
        // Several lines, and what comes behind a closing quote.
        (
            "token = [\n  \"a]\", # b\n  'c']\nk = 1",
            "token = *\n***********\n******\nk = 1",
        ),
        (
            "{ token = { a = \"b\" }, c = \"d\" }",
            "{ token = ***********, c = \"d\" }",
        ),
        ("tokens = [\n\"a\"\nk", "tokens = *\n***\n*"),
        ("password = \"a\"b\"\nk", "password = *****\nk"),
        ("password = \"a\"#b\"\nk", "password = ******\nk"),
        // Addresses under any key.
        ("host = \"https://x\"", "host = \"https://x\""),
        ("host = \"https://x/\"", "host = \"https://x/\""),
        ("host = \"mail.x\"", "host = \"mail.x\""),
        ("host = \"u:p@x\" # y", "host = ******* # y"),
        ("host = 'u:p\\u0040x'", "host = ************"),
        ("host = \"u:p@smtp://x\"", "host = **************"),
        ("host = \"https://x/a b\"", "host = \"*************\""),
        ("to = [\"smtp://u:p@x\"]", "to = [\"************\"]"),
        ("kind = https://x/a # y", "kind = *********** # y"),
    ] {
        assert_eq!(masked(text), expected);
        assert_eq!(masked(text).len(), text.len());
        assert_eq!(masked(text).chars().count(), text.chars().count());
    }
}

#[test]
fn in_a_channel_the_value_of_every_unknown_key_is_blotted_out() {
    for (text, expected) in [
        (
            "[[notify]]\nkind = \"x\"\npasword = \"abc\"\nto = [\"a\"]\n[check]\npasword = \"abc\"\n",
            "[[notify]]\nkind = \"x\"\npasword = *****\nto = [\"a\"]\n[check]\npasword = \"abc\"\n",
        ),
        (
            "a = 1\n [[ \"notify\" ]]\nauth = {b = 1}\n[[notify]]\n  dsn='x' # y",
            "a = 1\n [[ \"notify\" ]]\nauth = *******\n[[notify]]\n  dsn=*** # y",
        ),
    ] {
        assert_eq!(masked(text), expected);
    }
}

#[test]
fn a_channel_is_one_in_whatever_form_it_is_written() {
    for (text, expected) in [
        // In a list, in one line and in several.
        (
            "notify = [{kind = \"slack\", pasword = \"abc\", to = [\"a\"]}]\n[check]\npasword = \"abc\"\n",
            "notify = [{kind = \"slack\", pasword = *****, to = [\"a\"]}]\n[check]\npasword = \"abc\"\n",
        ),
        (
            "notify = [\n  {kind = \"x\"},\n  {\"dsn\" = 'é', name = \"n\"},\n]\n",
            "notify = [\n  {kind = \"x\"},\n  {\"dsn\" = *·*, name = \"n\"},\n]\n",
        ),
        // Behind a line that begins with a bracket and is no heading.
        (
            "[[notify]]\nto = [\n['a'],\n[ 'b' ]\n]\npasword = \"abc\"\n",
            "[[notify]]\nto = [\n['a'],\n[ 'b' ]\n]\npasword = *****\n",
        ),
        // What is in it is of it too.
        (
            "[[notify]]\nkind = \"x\"\nto.psw = \"a\"\nauth.kind = \"b\"\n[notify.basic]\nname = \"c\"\n",
            "[[notify]]\nkind = \"x\"\nto.psw = ***\nauth.kind = ***\n[notify.basic]\nname = ***\n",
        ),
        (
            "[[notify]]\nto = [{a = 1}, \"x\"]\n[[notify.more]]\na = [1, 2]\nb = []\n",
            "[[notify]]\nto = [*******, \"x\"]\n[[notify.more]]\na = ******\nb = **\n",
        ),
        // As one table, of a model, and with its name misspelt.
        (
            "notify.psw = 'a'\nnotify.kind = 'b'",
            "notify.psw = ***\nnotify.kind = 'b'",
        ),
        (
            "[models.a]\nnotify = [{psw = 5}]",
            "[models.a]\nnotify = [{psw = *}]",
        ),
        ("[[notfy]]\npsw = 'a'", "[[notfy]]\npsw = ***"),
        // No TOML.
        (
            "notify = [{kind = \"slack\", pasword = \"abc\",, }]\n[check]\npasword = \"abc\"\n",
            "notify = [{kind = \"slack\", pasword = *****,, }]\n[check]\npasword = \"abc\"\n",
        ),
        (
            " \"notify\" =[\n{kind = \"x\"},\n{psw = \"abc\"\n[check]\npsw = 1\n",
            " \"notify\" =[\n{kind = \"x\"},\n{psw = *****\n[check]\npsw = 1\n",
        ),
        (
            "[[notify]]\nto = [\n['a'],\n]\npasword = \"abc\" x\n[[notify]] # a, b\npsw = 1",
            "[[notify]]\nto = [\n******\n]\npasword = *******\n[[notify]] # a, b\npsw = *",
        ),
    ] {
        assert_eq!(masked(text), expected);
    }
}

#[test]
fn of_a_command_the_program_alone_is_shown() {
    for (text, expected) in [
        ("command = [\"sh\"]", "command = [\"sh\"]"),
        ("command = [ ]", "command = [ ]"),
        ("command = [curl, \"x\"]", "command = [*********]"),
        (
            "command = [\"sh\", '-c', \"Bearer x\"] # y\nname = 1",
            "command = [\"sh\"******************] # y\nname = 1",
        ),
        (
            "command = [\n  \"sh\",\n  \"a]\",\n]\nname = 1",
            "command = [\n  \"sh\"*\n*******\n]\nname = 1",
        ),
        ("command = [\"https://x/a\"]", "command = [*************]"),
        ("command = [\"xoxb-1\", 2]", "command = [***********]"),
        ("command = \"curl x\"", "command = ********"),
        ("command = [\"sh\", \"a", "command = [\"sh\"****"),
    ] {
        assert_eq!(masked(text), expected);
    }
}

#[test]
fn a_sentence_repeats_no_address() {
    let said = "\"https://x/a\" is no kind; `url = 1` is (http://u@x)";
    let kept = "\"***********\" is no kind; `url = 1` is (**********)";
    assert_eq!(without_addresses(said), kept);
}

#[test]
fn a_variable_has_a_name() {
    for (text, is) in [
        ("A", true),
        ("_a1", true),
        ("", false),
        ("1a", false),
        ("a b", false),
        ("a-b", false),
    ] {
        assert_eq!(is_variable(text), is, "{text}");
    }
}
