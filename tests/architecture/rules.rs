//! The tables: which room may import which, and which file owns an outside crate.

/// The library as `main.rs` names it.
pub const LIBRARY: &str = "modelguard";

/// A room, and the rooms it may import. Closed: who may import A may import all that A may.
pub const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("judge", &["domain"]),
    ("files", &["domain"]),
    ("process", &[]),
    ("http", &[]),
    ("store", &["domain", "judge", "files"]),
    ("policy", &["domain", "files"]),
    ("deploy", &["domain", "files", "process"]),
    ("notify", &["domain", "files", "process", "http"]),
    ("bundle", &["domain", "files", "http"]),
    ("ui", &["domain"]),
    (
        "workflows",
        &[
            "domain", "judge", "files", "process", "http", "store", "policy", "deploy", "notify",
            "bundle",
        ],
    ),
    (
        "commands",
        &[
            "domain",
            "judge",
            "files",
            "process",
            "http",
            "store",
            "policy",
            "deploy",
            "notify",
            "bundle",
            "ui",
            "workflows",
        ],
    ),
    (
        "main",
        &[
            "domain",
            "judge",
            "files",
            "process",
            "http",
            "store",
            "policy",
            "deploy",
            "notify",
            "bundle",
            "ui",
            "workflows",
            "commands",
        ],
    ),
];

/// Files of `commands/` that are no verb. Every verb may use them; they use no verb, except `mod`.
pub const NO_VERBS: &[&str] = &[
    "advice",
    "call",
    "clock",
    "consent",
    "flags",
    "judged",
    "lists",
    "mark_report",
    "messages",
    "not_stored",
    "output",
    "problems",
    "raw_words",
    "run_log",
    "swept",
    "switched",
    "usage",
    "versions",
    "warnings",
];

/// Something from outside, the only files that may name it, and what the others do instead.
pub struct Owned {
    pub path: &'static [&'static str],
    /// A folder ends in `/`; `x/y.rs` means `x/y/` as well.
    pub owners: &'static [&'static str],
    pub instead: &'static str,
}

const fn owned(
    path: &'static [&'static str],
    owners: &'static [&'static str],
    instead: &'static str,
) -> Owned {
    Owned {
        path,
        owners,
        instead,
    }
}

/// The longest path that fits decides.
pub const OWNED: &[Owned] = &[
    owned(&["anstream"], &["ui/"], "ask ui"),
    owned(&["anstyle"], &["ui/"], "ask ui"),
    owned(&["blake3"], &["files/hash.rs"], "ask files::hash"),
    owned(&["bytes"], &["files/parquet.rs"], "use Vec<u8>"),
    owned(
        &["chrono"],
        &["domain/time.rs", "ui/time.rs"],
        "use domain::time",
    ),
    owned(
        &["chrono", "Local"],
        &["ui/time.rs"],
        "the time zone of the machine is for the screen only",
    ),
    owned(&["clap"], &["commands/"], "parse with FromStr"),
    owned(&["clap_complete"], &["commands/"], "parse with FromStr"),
    owned(&["clap_mangen"], &["commands/"], "parse with FromStr"),
    owned(&["csv"], &["files/csv.rs"], "ask files::csv"),
    owned(&["dialoguer"], &["ui/prompt.rs"], "ask ui::prompt"),
    owned(
        &["directories"],
        &["policy/folders.rs"],
        "ask policy::folders",
    ),
    owned(&["fastcdc"], &["store/chunks.rs"], "ask store::chunks"),
    owned(&["flate2"], &["files/compress.rs"], "ask files::compress"),
    owned(&["indicatif"], &["ui/progress.rs"], "ask ui::progress"),
    owned(&["lettre"], &["notify/email.rs"], "ask notify::email"),
    owned(&["lz4_flex"], &["files/compress.rs"], "ask files::compress"),
    owned(&["log"], &["files/logfile.rs"], "ask files::logfile"),
    owned(&["maud"], &["ui/html.rs"], "ask ui::html"),
    owned(&["parquet"], &["files/parquet.rs"], "ask files::parquet"),
    owned(&["refinery"], &["store/"], "ask store"),
    owned(&["rusqlite"], &["store/"], "ask store"),
    owned(
        &["serde_json"],
        &[
            "files/",
            "process.rs",
            "http.rs",
            "store/",
            "policy/",
            "deploy/",
            "notify/",
            "bundle/",
            "ui/",
            "workflows/",
            "commands/",
        ],
        "domain and judge know no format",
    ),
    owned(&["signal_hook"], &["ui/interrupt.rs"], "ask ui::interrupt"),
    owned(&["snap"], &["files/compress.rs"], "ask files::compress"),
    owned(&["statrs"], &["judge/special.rs"], "ask judge::special"),
    owned(&["strsim"], &["domain/nearest.rs"], "ask domain::nearest"),
    owned(&["tabled"], &["ui/table.rs"], "ask ui::table"),
    owned(
        &["tar"],
        &["files/directory.rs", "files/unpack.rs"],
        "ask files::directory",
    ),
    owned(&["terminal_size"], &["ui/"], "ask ui"),
    owned(&["toml"], &["policy/"], "ask policy"),
    owned(
        &["rustix"],
        &["files/pipe.rs", "process.rs", "ui/prompt.rs"],
        "ask files::pipe, process, or ui::prompt",
    ),
    owned(&["ureq"], &["http.rs"], "ask http"),
    owned(&["webpki_root_certs"], &["http.rs"], "ask http"),
    owned(&["zstd"], &["files/compress.rs"], "ask files::compress"),
    owned(&["std", "fs"], &["files/"], "ask files"),
    owned(&["std", "os", "unix", "fs"], &["files/"], "ask files"),
    owned(&["std", "os", "windows", "fs"], &["files/"], "ask files"),
    owned(
        &["std", "env"],
        &["policy/environment.rs"],
        "ask policy::environment",
    ),
    owned(
        &["std", "env", "args"],
        &[],
        "an argument need not be Unicode",
    ),
    owned(
        &["std", "env", "args_os"],
        &["main.rs"],
        "take the words as an argument",
    ),
    owned(
        &["std", "env", "var_os"],
        &["policy/environment.rs", "process.rs"],
        "ask policy::environment",
    ),
    owned(
        &["std", "os", "unix", "process"],
        &["process.rs"],
        "ask process",
    ),
    owned(&["std", "process", "Child"], &["process.rs"], "ask process"),
    owned(
        &["std", "process", "Command"],
        &["process.rs"],
        "ask process",
    ),
    owned(&["std", "process", "Stdio"], &["process.rs"], "ask process"),
    owned(
        &["std", "process", "exit"],
        &[],
        "return an exit status from main",
    ),
    owned(
        &["std", "process", "abort"],
        &[],
        "return an exit status from main",
    ),
    owned(
        &["std", "time", "SystemTime"],
        &["commands/clock.rs"],
        "take `now` as an argument",
    ),
    owned(
        &["std", "time", "UNIX_EPOCH"],
        &["commands/clock.rs"],
        "take `now` as an argument",
    ),
];

/// Crates that every file may name.
pub const ANYWHERE: &[&str] = &["serde", "thiserror"];

/// A public signature that shows one of these passes it on without naming it.
pub const NOT_IN_SIGNATURES: &[&str] = &["rusqlite"];

/// Values that carry no connection, so that an error type may hold them.
pub const HARMLESS_IN_SIGNATURES: &[&[&str]] = &[&["rusqlite", "Error"], &["rusqlite", "Result"]];

pub fn may_import(from: &str, to: &str) -> bool {
    from == to
        || ROOMS
            .iter()
            .any(|(room, may)| *room == from && may.contains(&to))
}

pub fn is_room(name: &str) -> bool {
    ROOMS.iter().any(|(room, _)| *room == name)
}

impl Owned {
    /// The row that decides about a path, if any does.
    pub fn of(path: &[String]) -> Option<&'static Owned> {
        OWNED
            .iter()
            .filter(|row| begins_with(path, row.path))
            .max_by_key(|row| row.path.len())
    }

    /// A row that lies below a path: whoever has the path by another name reaches it unseen.
    pub fn below(path: &[String]) -> Option<&'static Owned> {
        OWNED.iter().find(|row| {
            row.path.len() > path.len() && path.iter().zip(row.path).all(|(a, b)| a == b)
        })
    }

    pub fn allows(&self, file: &str) -> bool {
        self.owners.iter().any(|owner| {
            file == *owner
                || file.starts_with(&format!(
                    "{}/",
                    owner.trim_end_matches(['/']).trim_end_matches(".rs")
                ))
        })
    }

    /// Whether all that lies in a module belongs to an owner.
    pub fn covers(&self, module: &[String]) -> bool {
        self.owners.iter().any(|owner| {
            let owner = owner
                .trim_end_matches('/')
                .trim_end_matches(".rs")
                .trim_end_matches("/mod");
            begins_with(module, &owner.split('/').collect::<Vec<_>>())
        })
    }
}

pub fn begins_with(path: &[String], start: &[&str]) -> bool {
    path.len() >= start.len() && path.iter().zip(start).all(|(a, b)| a == b)
}
