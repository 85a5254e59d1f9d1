//! Which discovered policies may reach outside their folder: those that the user trusted once.

use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use super::channels::NOTIFY;
use super::diagnose::{Mark, PolicyError, ProblemKind, position, printable};
use super::discover::{Discovered, Origin};
use super::document::Document;
use super::environment::Environment;
use super::folders;
use super::keys::MODELS;
use super::mask::{masked, without_addresses};
use crate::domain::hash::Hash;
use crate::domain::policy::{Carrier, Mailer, Policy, SecretSource, key_part};
use crate::domain::time::Timestamp;
use crate::files::read::PathKind;
use crate::files::{self, FileError};

/// The list's name in the user's state folder.
const LIST: &str = "trusted-policies.jsonl";
/// Some hundred thousand policies.
const LIST_BYTES: u64 = 64 << 20;
/// The version of the list's lines.
const FORMAT: u64 = 1;

/// What a discovered policy would run, write or send outside its folder, one line each, as it is to be shown.
/// Empty for a policy that was named: naming it is consent.
#[must_use]
pub fn outside(discovered: &Discovered) -> Vec<String> {
    let reaches = reaches(discovered, Words::All).into_iter();
    reaches.map(|reach| reach.line).collect()
}

/// How much of a command is repeated.
#[derive(Clone, Copy, Debug)]
enum Words {
    /// To somebody who reads it and agrees.
    All,
    /// What it is given may hold a secret, and whoever is refused may have a log.
    Program,
}

/// One thing that a policy would do outside its folder.
struct Reach {
    /// The key or the table that says so, as the file has it.
    key: String,
    /// Where the file says so.
    span: Option<Range<usize>>,
    /// The place, the key or the channel, and where it leads.
    line: String,
}

fn reaches(discovered: &Discovered, words: Words) -> Vec<Reach> {
    let Some(path) = discovered
        .policy_path
        .as_ref()
        .filter(|_| !discovered.explicit)
    else {
        return Vec::new();
    };
    let text = discovered.source_text.as_deref().unwrap_or_default();
    let document = Document::of(text, path);
    let name = path.file_name().map(|name| name.to_string_lossy());
    let name = name.unwrap_or_default();
    let reach = |key: String, span: Option<Range<usize>>, says: String| {
        let line = span.as_ref().map_or_else(String::new, |span| {
            format!(":{}", position(text, span.start).0)
        });
        let line = printable(&format!("{name}{line}  {says}"));
        Reach { key, span, line }
    };
    let at_key = |key: &str, says: String| {
        let seen = document.written(None, key);
        let span = seen.map(|seen| seen.value_span);
        reach(key.to_owned(), span, format!("{key} = {says}"))
    };
    let mut reaches = Vec::new();
    if let Some(store) = store_outside(discovered) {
        let says = format!(
            "{:?}: the store is {}",
            discovered.policy.store.path,
            store.display()
        );
        reaches.push(at_key("store.path", says));
    }
    for (key, inbox) in inboxes(&discovered.policy) {
        let folder = followed(&discovered.folder().join(inbox));
        if !folder.starts_with(followed(discovered.folder())) {
            let says = format!(
                "{inbox:?}: files of {} are taken in and moved",
                folder.display()
            );
            reaches.push(at_key(&key, says));
        }
    }
    for (index, channel) in discovered.policy.channels.iter().enumerate() {
        if let Some(does) = leaves(&channel.carrier, discovered.folder(), words) {
            let span = document.channel_spans.get(index).cloned();
            let says = format!("channel {:?} {does}", channel.name);
            reaches.push(reach(NOTIFY.to_owned(), span, says));
        }
    }
    reaches
}

/// The word as far as it can be a program's name: what stands behind a blank or an equals sign may be a secret that
/// somebody took for a shell's.
fn name_of(program: &str) -> &str {
    program.split([' ', '\t', '=']).next().unwrap_or_default()
}

/// What a channel runs, or sends or writes outside the folder: the end of a sentence that it begins.
fn leaves(carrier: &Carrier, folder: &Path, shown: Words) -> Option<String> {
    match carrier {
        Carrier::Webhook { url, .. } => {
            Some(format!("posts messages to the address in {}", kept(url)))
        }
        Carrier::Slack { url, .. } => Some(format!(
            "posts messages to Slack, at the address in {}",
            kept(url)
        )),
        Carrier::Email { to, mailer, .. } => Some(match mailer {
            Mailer::Smtp { host, .. } => format!("mails {} through {host}", to.join(", ")),
            Mailer::Sendmail { program } => {
                let program = match shown {
                    Words::Program => name_of(program),
                    Words::All => program,
                };
                format!("runs {program:?}, with mail to {}", to.join(", "))
            }
        }),
        Carrier::Command { words } => {
            let quoted = |words: &[String]| {
                let words: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
                words.join(" ")
            };
            Some(match (shown, words.as_slice()) {
                (Words::Program, [program]) => format!("runs {:?}", name_of(program)),
                (Words::Program, [program, _]) => {
                    format!("runs {:?} and 1 more word", name_of(program))
                }
                (Words::Program, [program, others @ ..]) => {
                    let program = name_of(program);
                    format!("runs {program:?} and {} more words", others.len())
                }
                (_, words) => format!("runs {}", quoted(words)),
            })
        }
        Carrier::File { path } => {
            let file = followed(&folder.join(path));
            let is_outside = !file.starts_with(followed(folder));
            is_outside.then(|| format!("writes messages to {}", file.display()))
        }
    }
}

/// Where a secret is kept, by name.
fn kept(source: &SecretSource) -> String {
    match source {
        SecretSource::File(path) => format!("the file {path}"),
        SecretSource::Variable(name) => format!("the variable {name}"),
    }
}

/// The store, if it lies elsewhere because the policy says so.
fn store_outside(discovered: &Discovered) -> Option<PathBuf> {
    if matches!(discovered.store_origin, Origin::Flag | Origin::Environment) {
        return None;
    }
    let folder = followed(discovered.folder());
    let store = followed(&discovered.store_path);
    // The file itself may be a link to nowhere, which would be followed when the store is created.
    let unclear = files::look::exists(&store) && files::read::canonical(&store).is_err();
    let is_within = store.starts_with(&folder) && store != folder && !unclear;
    (!is_within).then_some(store)
}

/// Every inbox with the key that names it.
fn inboxes(policy: &Policy) -> Vec<(String, &str)> {
    const KEY: &str = "ingest.inbox";
    let common = policy.ingest.inbox.as_deref();
    let common = common.map(|inbox| (KEY.to_owned(), inbox));
    let own = policy.models.iter().filter_map(|(model, written)| {
        let key = format!("{MODELS}.{}.{KEY}", key_part(model.as_str()));
        Some((key, written.ingest.inbox.as_deref()?))
    });
    common.into_iter().chain(own).collect()
}

/// What a policy is trusted by: its text *and* its place, since the same words reach elsewhere from another folder.
#[must_use]
pub fn fingerprint(text: &str, path: &Path) -> Hash {
    let mut bytes = followed(path).into_os_string().into_encoded_bytes();
    bytes.push(0);
    bytes.extend_from_slice(text.as_bytes());
    files::hash::hash_bytes(&bytes)
}

/// Lets a policy through that stays within its folder, was named, or is on the user's list.
///
/// # Errors
/// It is none of these ([`ProblemKind::Untrusted`]), or the list can't be read.
pub fn require(discovered: &Discovered, environment: &Environment) -> Result<(), PolicyError> {
    let reaches = reaches(discovered, Words::Program);
    let (Some(first), Some(path), Some(text)) = (
        reaches.first(),
        &discovered.policy_path,
        &discovered.source_text,
    ) else {
        return Ok(());
    };
    if let Some(folder) = folders::state(environment) {
        let trusted = is_trusted(fingerprint(text, path), &folder).map_err(|error| {
            let message = format!("the trust list {error}");
            PolicyError::new(ProblemKind::Unreadable, &error.path, message)
        })?;
        if trusted {
            return Ok(());
        }
    }
    let others = match reaches.len() {
        1 => String::new(),
        number => format!(" (and {} more)", number - 1),
    };
    let message = format!(
        "this policy reaches outside its folder and was not trusted yet: {}{others}",
        without_addresses(&first.line)
    );
    let mut problem = PolicyError::new(ProblemKind::Untrusted, path, message);
    let Some(span) = first.span.clone() else {
        return Err(problem);
    };
    problem.key = Some(first.key.clone());
    let note = "leads outside the folder of this file".to_owned();
    Err(problem.at(&masked(text), Mark { span, note }))
}

/// Whether the fingerprint is on the list in `state_folder`. No list: no.
///
/// # Errors
/// There is a list and it can't be read.
pub fn is_trusted(fingerprint: Hash, state_folder: &Path) -> Result<bool, FileError> {
    let wanted = fingerprint.to_string();
    let lines = lines(state_folder)?;
    Ok(lines
        .iter()
        .any(|line| hash_of(line).as_deref() == Some(&wanted)))
}

/// Puts the fingerprint on the list. `path` and `now` are there for people who read it. Twice is as once.
///
/// # Errors
/// The list can't be read or written.
pub fn trust(
    fingerprint: Hash,
    path: &Path,
    now: Timestamp,
    state_folder: &Path,
) -> Result<(), FileError> {
    let hash = fingerprint.to_string();
    let mut lines = lines(state_folder)?;
    lines.retain(|line| hash_of(line).as_deref() != Some(&hash));
    let line = serde_json::json!({
        "format": FORMAT,
        "hash": hash,
        "path": path.to_string_lossy(),
        "trusted_at": now.to_string(),
    });
    lines.push(line.to_string());
    files::write::create_directory_all(state_folder)?;
    files::write::replace(
        &state_folder.join(LIST),
        (lines.join("\n") + "\n").as_bytes(),
    )
}

/// The list's lines; those of a newer modelguard are kept as they are.
fn lines(state_folder: &Path) -> Result<Vec<String>, FileError> {
    let list = state_folder.join(LIST);
    if files::read::kind_of(&list)? == PathKind::Absent {
        return Ok(Vec::new());
    }
    let text = files::read::text(&list, LIST_BYTES)?;
    let lines = text.lines().filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}

/// The hash of a line of this format; a line that is damaged trusts nothing.
fn hash_of(line: &str) -> Option<String> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    let is_known = line.get("format").and_then(serde_json::Value::as_u64) == Some(FORMAT);
    let hash = line.get("hash").and_then(serde_json::Value::as_str);
    hash.filter(|_| is_known).map(str::to_owned)
}

/// The path with links and `..` followed as far as it exists; what does not exist yet is kept as written.
#[must_use]
pub fn followed(path: &Path) -> PathBuf {
    let mut done = PathBuf::new();
    for part in path.components() {
        match part {
            // What is done has no links, so the folder above it is the one the system would go to.
            Component::ParentDir => {
                done.pop();
            }
            Component::CurDir => {}
            part => done.push(part),
        }
        if let Ok(real) = files::read::canonical(&done) {
            done = real;
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::discover::{Given, discover};

    fn project(policy: &str) -> (tempfile::TempDir, Discovered) {
        let temporary = tempfile::tempdir().unwrap();
        let root = files::read::canonical(temporary.path()).unwrap();
        files::write::create_directory_all(&root.join("project/sub")).unwrap();
        files::write::create_directory_all(&root.join("project/.git")).unwrap();
        files::write::replace(&root.join("project/modelguard.toml"), policy.as_bytes()).unwrap();
        let given = Given {
            directory: root.join("project/sub"),
            ..Given::default()
        };
        let discovered = discover(&given, &Environment::default()).unwrap();
        (temporary, discovered)
    }

    /// A user who never trusted anything.
    fn nobody(discovered: &Discovered) -> Environment {
        Environment {
            xdg_state_home: Some(discovered.folder().join("state")),
            ..Environment::default()
        }
    }

    fn store(path: &str) -> String {
        format!("# where it lies\n[store]\npath = {path:?}\n")
    }

    #[test]
    fn a_store_within_the_folder_needs_no_trust() {
        for policy in [
            String::new(),
            store("x.db"),
            store("sub/x.db"),
            store("new/../x.db"),
            store("./sub/../x.db"),
        ] {
            let (_keep, discovered) = project(&policy);
            assert_eq!(outside(&discovered), Vec::<String>::new(), "{policy}");
            assert_eq!(require(&discovered, &nobody(&discovered)), Ok(()));
        }
    }

    #[test]
    fn a_store_elsewhere_is_shown_with_its_line() {
        for path in [
            "../x.db",
            "sub/../../x.db",
            "new/../../x.db",
            "/elsewhere/x.db",
            "../project",
        ] {
            let (_keep, discovered) = project(&store(path));
            let lines = outside(&discovered);
            assert_eq!(lines.len(), 1, "{path}");
            assert!(
                lines[0].starts_with("modelguard.toml:3  store.path = "),
                "{lines:?}"
            );
        }
    }

    #[test]
    fn an_inbox_elsewhere_is_shown_with_the_key_that_names_it() {
        let (_keep, discovered) = project("[ingest]\ninbox = \"sub/../in\"\n");
        assert_eq!(outside(&discovered), Vec::<String>::new());
        let text = "[ingest]\ninbox = \"../in\"\n[models.\"a.b\".ingest]\ninbox = \"/srv/in\"\n";
        let (_keep, mut discovered) = project(text);
        let lines = outside(&discovered);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("modelguard.toml:2  ingest.inbox = \"../in\": files of /"));
        assert!(
            lines[1].starts_with("modelguard.toml:4  models.\"a.b\".ingest.inbox = "),
            "{lines:?}"
        );
        let problem = require(&discovered, &nobody(&discovered)).unwrap_err();
        assert_eq!(problem.key.as_deref(), Some("ingest.inbox"));
        // Naming the store is no consent to what is taken in elsewhere.
        discovered.store_origin = Origin::Flag;
        assert_eq!(outside(&discovered).len(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_also_those_that_lead_nowhere() {
        let (keep, discovered) = project(&store("sub/link/x.db"));
        assert!(outside(&discovered).is_empty());
        std::os::unix::fs::symlink(keep.path(), discovered.folder().join("sub/link")).unwrap();
        assert_eq!(outside(&discovered).len(), 1);

        let (keep, discovered) = project("");
        let link = discovered.folder().join("modelguard.db");
        std::os::unix::fs::symlink(keep.path().join("not-yet.db"), &link).unwrap();
        assert_eq!(outside(&discovered).len(), 1);
    }

    #[test]
    fn naming_the_policy_or_the_store_is_consent() {
        let (_keep, mut discovered) = project(&store("../x.db"));
        assert_eq!(
            require(&discovered, &nobody(&discovered)).unwrap_err().kind,
            ProblemKind::Untrusted
        );
        discovered.explicit = true;
        assert_eq!(require(&discovered, &nobody(&discovered)), Ok(()));
        discovered.explicit = false;
        discovered.store_origin = Origin::Flag;
        assert_eq!(require(&discovered, &nobody(&discovered)), Ok(()));
    }

    #[test]
    fn trust_holds_for_this_text_at_this_place() {
        let (keep, discovered) = project(&store("../x.db"));
        let user = Environment {
            xdg_state_home: Some(keep.path().join("state")),
            ..Environment::default()
        };
        let state = folders::state(&user).unwrap();
        let now = Timestamp::read("2026-01-05T14:30:22Z").unwrap().at;
        let (text, path) = (
            discovered.source_text.clone().unwrap(),
            discovered.policy_path.clone().unwrap(),
        );
        assert!(require(&discovered, &user).is_err());
        trust(fingerprint(&text, &path), &path, now, &state).unwrap();
        trust(fingerprint(&text, &path), &path, now, &state).unwrap();
        assert_eq!(require(&discovered, &user), Ok(()));
        assert_eq!(lines(&state).unwrap().len(), 1);

        let mut edited = discovered.clone();
        edited.source_text = Some(format!("{text}# edited"));
        assert!(require(&edited, &user).is_err());
        assert_ne!(
            fingerprint(&text, &path),
            fingerprint(&text, &path.with_file_name("other.toml"))
        );
    }

    #[test]
    fn a_damaged_line_trusts_nothing_and_a_newer_one_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let hash = files::hash::hash_bytes(b"a");
        let list = format!(
            "{{\"format\":2,\"hash\":\"{hash}\",\"by\":\"x\"}}\n{hash}\n{{\"hash\":\"{hash}\"}}\n"
        );
        files::write::replace(&folder.path().join(LIST), list.as_bytes()).unwrap();
        assert!(!is_trusted(hash, folder.path()).unwrap());
        let now = Timestamp::read("2026-01-05").unwrap().at;
        trust(hash, Path::new("p"), now, folder.path()).unwrap();
        assert!(is_trusted(hash, folder.path()).unwrap());
        assert_eq!(lines(folder.path()).unwrap().len(), 4);
    }
}
