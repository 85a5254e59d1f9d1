//! Where secrets turn up: nowhere, whatever fails and whoever asks. A canary stands in every place of a secret.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::http_server::{Behaviour, Server};
use crate::support::{Run, Sandbox, finish};

/// Unlike anything else, with letters that base64 and addresses write otherwise.
const ADDRESS: &str = "Qx7Address/7f3A9c?k=Zw1tscher+Q8";
const SLACK: &str = "T0Zeisig/B0Stieglitz/xV9q2LmT7rKd";
const TOKEN: &str = "Jv2Token/+9d2E7b==";
const PASSWORD: &str = "Zr5 Pässwörd/+~5e1B";
/// So many bytes in a row are a part of a canary.
const PART: usize = 8;

/// Every part of every form of every canary, in small letters.
struct Parts {
    /// By the first two bytes, which nearly all that is looked at has not.
    begins: Vec<bool>,
    canaries: HashMap<Vec<u8>, &'static str>,
}

fn beginning(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

fn parts() -> Parts {
    let mut parts = Parts {
        begins: vec![false; 1 << 16],
        canaries: HashMap::new(),
    };
    for canary in [ADDRESS, SLACK, TOKEN, PASSWORD] {
        for form in forms(canary) {
            for part in form.windows(PART) {
                let part = part.to_ascii_lowercase();
                parts.begins[beginning(&part)] = true;
                parts.canaries.insert(part, canary);
            }
        }
    }
    parts
}

/// As it is, in addresses, as JSON writes it, and in base64 of both kinds, wherever it begins.
fn forms(canary: &str) -> Vec<Vec<u8>> {
    let percent: String = canary
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02x}"),
        })
        .collect();
    let ascii: String = canary
        .chars()
        .map(|letter| match letter {
            ' '..='~' => letter.to_string(),
            other => format!("\\u{:04x}", u32::from(other)),
        })
        .collect();
    let mut forms = vec![
        canary.as_bytes().to_vec(),
        percent.into_bytes(),
        ascii.into_bytes(),
    ];
    for before in 0..3 {
        let bytes = [&b"???"[..before], canary.as_bytes()].concat();
        let whole = base64(&bytes);
        let inner = whole[before * 8 / 6 + usize::from(before > 0)..whole.len() - 1].to_owned();
        forms.push(inner.replace('+', "-").replace('/', "_").into_bytes());
        forms.push(inner.into_bytes());
    }
    forms
}

/// Base64 without padding, written with texts of bits so that it shares nothing with what it checks.
fn base64(bytes: &[u8]) -> String {
    let letters: Vec<char> = ('A'..='Z')
        .chain('a'..='z')
        .chain('0'..='9')
        .chain(['+', '/'])
        .collect();
    let mut bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    while !bits.len().is_multiple_of(6) {
        bits.push('0');
    }
    let groups = bits.as_bytes().chunks(6);
    groups
        .map(|group| {
            let text = std::str::from_utf8(group).unwrap();
            letters[usize::from_str_radix(text, 2).unwrap()]
        })
        .collect()
}

/// The canary of which these bytes hold a part.
fn found_in(parts: &Parts, bytes: &[u8]) -> Option<&'static str> {
    let lower = bytes.to_ascii_lowercase();
    let mut windows = lower.windows(PART);
    windows.find_map(|window| match parts.begins[beginning(window)] {
        true => parts.canaries.get(window).copied(),
        false => None,
    })
}

/// Every file below a folder that holds a part of a canary, those of `secrets/` apart.
fn leaks_below(parts: &Parts, folder: &Path) -> Vec<String> {
    let mut leaks = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().unwrap() != "secrets" {
                leaks.extend(leaks_below(parts, &path));
            }
        } else if let Some(canary) = found_in(parts, &std::fs::read(&path).unwrap()) {
            leaks.push(format!("{canary} in {}", path.display()));
        }
    }
    leaks
}

/// A mail server that takes no password and says which one it got.
fn mail_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            std::thread::spawn(move || -> std::io::Result<()> {
                let mut writer = stream.try_clone()?;
                writer.write_all(b"220 mail.example ESMTP\r\n")?;
                for line in BufReader::new(stream).lines() {
                    let line = line?;
                    let answer = match line.split(' ').next() {
                        Some("EHLO") => "250-mail.example\r\n250 AUTH PLAIN\r\n".to_owned(),
                        Some("AUTH") => format!("535 not {line}, which is {PASSWORD}\r\n"),
                        _ => "221 bye\r\n".to_owned(),
                    };
                    writer.write_all(answer.as_bytes())?;
                }
                Ok(())
            });
        }
    });
    port
}

struct Nest {
    sandbox: Sandbox,
    hook: Server,
    slack: Server,
    parts: Parts,
}

impl Nest {
    /// A model that has become worse, and four channels none of which works. Each server repeats what it was sent.
    fn new() -> Self {
        let sandbox = Sandbox::empty();
        sandbox.ok("init --model m --task regression --preset original");
        for (name, metrics) in [("v1", "r2=0.80"), ("v2", "r2=0.60")] {
            let path = sandbox.write("model.bin", name.as_bytes());
            let path = path.display();
            sandbox.ok(&format!(
                "register {path} --version-id {name} --metric {metrics}"
            ));
            sandbox.ok(&format!("promote {name} --yes"));
        }
        // One of them alone gives each away that looks for whole secrets, or for one form of them.
        let mut repeats: Vec<_> = [
            ADDRESS.as_bytes().to_vec(),
            TOKEN.as_bytes()[..PART + 2].to_vec(),
        ]
        .into_iter()
        .chain(forms(ADDRESS))
        .chain(forms(TOKEN))
        .map(|said| String::from_utf8(said).unwrap())
        .map(|said| Behaviour::Answer(503, String::new(), format!("no {said}!")))
        .collect();
        repeats.push(Behaviour::Echo(404));
        let hook = Server::start(None, &repeats);
        // A redirect to where the secret stands in another form.
        let target = format!("Location: http://127.0.0.1:1/{SLACK}\r\n");
        let redirect = Behaviour::Answer(302, target, SLACK.to_owned());
        let slack = Server::start(None, &[redirect, Behaviour::HangUp, Behaviour::Gibberish]);
        let policy = std::fs::read_to_string(sandbox.file("modelguard.toml")).unwrap();
        let port = mail_server();
        let notify = format!(
            r#"
[delivery]
attempt_timeout = "5s"

[[notify]]
kind = "webhook"
name = "hook"
url_env = "HOOK"
token_env = "HOOK_TOKEN"
required = true

[[notify]]
kind = "slack"
name = "room"
url_file = "secrets/slack"

[[notify]]
kind = "email"
name = "mail"
from = "guard@example.com"
to = ["ana@example.com"]
host = "127.0.0.1"
port = {port}
encryption = "none"
user = "guard"
password_file = "secrets/password"

[[notify]]
kind = "command"
name = "program"
command = ["sh", "-c", "env >&2; env; exit 1"]
"#
        );
        sandbox.write("modelguard.toml", format!("{policy}\n{notify}").as_bytes());
        sandbox.write(
            "secrets/slack",
            format!("{}\n", slack.url("http", &format!("/services/{SLACK}"))).as_bytes(),
        );
        sandbox.write("secrets/password", format!("{PASSWORD}\n").as_bytes());
        Self {
            sandbox,
            hook,
            slack,
            parts: parts(),
        }
    }

    fn run(&self, line: &str) -> Run {
        let run = self.sandbox.run_with(line, |command| {
            self.name_secrets(command);
        });
        self.assert_clean(&run);
        run
    }

    fn name_secrets(&self, command: &mut Command) {
        command
            .env("HOOK", self.hook.url("http", &format!("/{ADDRESS}")))
            .env("HOOK_TOKEN", TOKEN)
            .env("MODELGUARD_CONFIG", "modelguard.toml");
    }

    #[track_caller]
    fn assert_clean(&self, run: &Run) {
        for text in [&run.stdout, &run.stderr] {
            assert_eq!(found_in(&self.parts, text.as_bytes()), None, "{run:#?}");
        }
    }

    fn leaks(&self) -> Vec<String> {
        leaks_below(&self.parts, self.sandbox.path().parent().unwrap())
    }
}

/// Every command but `demo`, which has a project of its own; those first that make deliveries fail.
const LINES: [&str; 43] = [
    "recipe cron",
    "alerts test hook",
    "alerts test room",
    "alerts test mail",
    "alerts test program",
    "alerts test no-such-channel",
    "monitor --dry-run",
    "monitor",
    "alerts flush",
    "alerts list",
    "alerts show a_1",
    "alerts ack a_1",
    "check",
    "compare v1 v2",
    "config path",
    "config show",
    "config validate",
    "config trust --yes",
    "history",
    "log",
    "show v1",
    "status",
    "store verify",
    "store upgrade",
    "ingest list",
    "ingest predictions model.bin",
    "ingest truth model.bin",
    "ingest inbox",
    "ingest undo 1",
    "alias list",
    "alias set winter v1 --yes",
    "alias remove winter --yes",
    "season list",
    "season apply --yes",
    "register model.bin --version-id v3",
    "promote v1 --yes",
    "undo --yes",
    "redo --yes",
    "rollback --yes",
    "tag v1 owner=ana",
    "retire v1",
    "fetch v1 -o fetched.bin --overwrite",
    "init --model other --task classification",
];
/// Those that answer without a project.
const WITHOUT_PROJECT: [&str; 4] = ["completions bash", "help notify", "man", "help MG0801"];

/// The words of every command that does something.
fn commands(command: &clap::Command, before: &str, found: &mut Vec<String>) {
    for inner in command.get_subcommands() {
        let words = format!("{before}{} ", inner.get_name());
        if inner.has_subcommands() {
            commands(inner, &words, found);
        } else {
            found.push(words);
        }
    }
}

#[test]
fn every_command_is_looked_at() {
    let mut found = Vec::new();
    commands(&modelguard::commands::tree(), "", &mut found);
    assert!(found.len() > 30, "{found:?}");
    // The demo has no secret, and the menu runs these very commands.
    found.retain(|words| words != "demo " && words != "menu ");
    let lines = LINES.into_iter().chain(WITHOUT_PROJECT);
    let lines: Vec<_> = lines.map(|line| format!("{line} ")).collect();
    found.retain(|words| lines.iter().all(|line| !line.starts_with(words.as_str())));
    assert_eq!(found, Vec::<String>::new(), "add them to LINES");
}

#[test]
fn no_command_says_or_keeps_any_part_of_a_secret() {
    let nest = Nest::new();
    let until_all_was_said = ["alerts test hook"; 6];
    let lines = until_all_was_said.into_iter().chain(LINES);
    for line in lines.chain(WITHOUT_PROJECT) {
        for more in ["", " -vv", " --json"] {
            nest.run(&format!("{line}{more}"));
        }
    }
    assert_eq!(nest.leaks(), Vec::<String>::new());
    // All of it was worth a look: the servers were asked, and the failures were noted.
    assert!(nest.hook.connections() > 2 && nest.slack.connections() > 2);
    let errors = nest
        .sandbox
        .number("SELECT count(*) FROM delivery WHERE last_error IS NOT NULL");
    assert!(errors >= 4, "{errors} errors were noted");
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    let nest = Nest::new();
    let policy = std::fs::read_to_string(nest.sandbox.file("modelguard.toml")).unwrap();
    let with = |key: &str, value: &str| {
        policy.replace(
            "kind = \"slack\"",
            &format!("kind = \"slack\"\n{key} = {value}"),
        )
    };
    for wrong in [
        policy.replace(
            "url_env = \"HOOK\"",
            &format!("url = \"https://example.com/{ADDRESS}\""),
        ),
        policy.replace("\"HOOK_TOKEN\"", &format!("\"{TOKEN}\"")),
        policy.replace(
            "\"secrets/password\"",
            &format!("\"secrets/password\"\npassword = \"{PASSWORD}\""),
        ),
        policy.replace(
            "url_file = \"secrets/slack\"",
            &format!("url_file = \"https://example.com/{SLACK}\""),
        ),
        policy.replace(
            "kind = \"slack\"",
            &format!("kind = \"slack\"\nurl = https://example.com/{SLACK}"),
        ),
        // Where a name belongs that it could be.
        policy.replace("\"HOOK_TOKEN\"", "\"ghp_Jv2Token9d2E7b\""),
        policy.replace("\"secrets/slack\"", &format!("\"xoxb-{SLACK}\"")),
        policy.replace(
            "\"secrets/slack\"",
            &format!("\"hooks.slack.com/services/{SLACK}\""),
        ),
        // Under names of their own, and where a value is looked at that no key gives away.
        with(
            "webhook_url",
            &format!("\"https://example.com/services/{SLACK}\""),
        ),
        with(
            "Slack_URL",
            &format!("\"https://example.com/services/{SLACK}\""),
        ),
        with("smtp_password", &format!("\"{PASSWORD}\"")),
        with("api_token", &format!("\"{TOKEN}\"")),
        with("secret", &format!("\"{TOKEN}\"")),
        with("secret", &format!("[\n  \"{TOKEN}\", 1 1\n]")),
        with("API_KEY", &format!("\"\"\"\n{TOKEN}\n\"\"\" 1")),
        with("pass", &format!("\"{PASSWORD}\"{PASSWORD}\"")),
        with("hook", &format!("\"{SLACK}")),
        with(
            "where",
            &format!("\"https://example.com/services/{SLACK}\""),
        ),
        with("port", &format!("\"https://example.com/services/{SLACK}\"")),
        with(
            "min_severity",
            &format!("\"https://guard:{SLACK}@example.com\""),
        ),
        policy.replace(
            "\"ana@example.com\"",
            &format!("\"https://example.com/{SLACK}\""),
        ),
        policy.replace(
            "kind = \"slack\"",
            &format!("kind = \"https://example.com/{SLACK}\""),
        ),
    ] {
        assert_ne!(wrong, policy);
        nest.sandbox.write("modelguard.toml", wrong.as_bytes());
        for line in [
            "config validate",
            "config show",
            "monitor",
            "alerts test hook",
            "status",
        ] {
            for more in ["", " -vv", " --json"] {
                nest.run(&format!("{line}{more}"));
            }
        }
    }
}

/// The tests above would find a leak in each of its forms, wherever it is.
#[test]
fn a_planted_leak_is_found() {
    let nest = Nest::new();
    for canary in [ADDRESS, SLACK, TOKEN, PASSWORD] {
        let mut planted = forms(canary);
        planted.push(base64(format!("\0guard\0{canary}").as_bytes()).into_bytes());
        planted.push(canary.to_uppercase().into_bytes());
        planted.push(canary.as_bytes()[3..PART + 3].to_vec());
        for form in planted {
            let bytes = [b"before ", &form[..], b" after"].concat();
            let shown = String::from_utf8_lossy(&bytes).into_owned();
            assert_eq!(found_in(&nest.parts, &bytes), Some(canary), "{shown}");
            nest.sandbox.write("sub/planted", &bytes);
            assert_eq!(nest.leaks().len(), 1, "{shown}");
        }
    }
    nest.sandbox.write("sub/planted", b"nothing");
    let table = format!("CREATE TABLE planted (x TEXT); INSERT INTO planted VALUES ('{TOKEN}')");
    nest.sandbox.sql().execute_batch(&table).unwrap();
    assert_eq!(nest.leaks().len(), 1);
}

/// With a little less memory than a delivery needs, the library that posts panics: its thread can't be started. How
/// little that is, is found by trying.
#[test]
#[cfg(target_os = "linux")]
fn a_panic_says_no_secret() {
    let nest = Nest::new();
    let (mut panics, mut arrived) = (0, false);
    let mut limit_kib = 16_000;
    while !arrived && limit_kib < 400_000 {
        let script = format!("ulimit -v {limit_kib} && exec \"$0\" alerts test hook -vv");
        let words = ["-c", &script, env!("CARGO_BIN_EXE_modelguard")];
        let mut command = nest.sandbox.command(&["unused"]);
        let variables: Vec<_> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        command = Command::new("sh");
        command
            .args(words)
            .current_dir(nest.sandbox.path())
            .env_clear()
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        nest.name_secrets(&mut command);
        let began = Instant::now();
        let run = finish(&words, command, &[]);
        nest.assert_clean(&run);
        // It does not wait for an attempt that is no more.
        assert!(began.elapsed() < Duration::from_secs(12), "{run:#?}");
        // It is told as an attempt that failed, and as nothing else.
        if run.stdout.contains("the attempt broke off") {
            assert!(!run.stderr.contains("MG9901"), "{run:#?}");
            panics += 1;
        }
        arrived = nest.hook.connections() > 0;
        limit_kib += 500;
    }
    assert!(arrived, "no limit lets a message through");
    assert!(panics > 0, "nothing panicked");
    assert_eq!(nest.leaks(), Vec::<String>::new());
}
