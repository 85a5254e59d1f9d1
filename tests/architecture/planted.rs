//! Violations that must be found and look-alikes that must not be, as files to add to the tree.

/// Files, and a part of what is found in the first of them.
pub struct Violation {
    pub name: &'static str,
    pub files: &'static [(&'static str, &'static str)],
    pub found: &'static str,
}

pub struct LookAlike {
    pub name: &'static str,
    pub files: &'static [(&'static str, &'static str)],
}

const fn bad(
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    found: &'static str,
) -> Violation {
    Violation { name, files, found }
}

const fn good(name: &'static str, files: &'static [(&'static str, &'static str)]) -> LookAlike {
    LookAlike { name, files }
}

pub const VIOLATIONS: &[Violation] = &[
    // Rooms.
    bad(
        "a plain import",
        &[("domain/planted.rs", "use crate::store::Store;")],
        "domain must not import room store (crate::store::Store)",
    ),
    bad(
        "an import under another name",
        &[(
            "judge/planted.rs",
            "use crate::store as s;\nfn f() { s::open(); }",
        )],
        "judge must not import room store (s::open)",
    ),
    bad(
        "a name in nested groups",
        &[(
            "files/planted.rs",
            "use crate::{domain::{time::Time, metric}, policy::{self as p}};",
        )],
        "files must not import room policy",
    ),
    bad(
        "a glob of a room",
        &[("ui/planted.rs", "use crate::workflows::*;")],
        "ui must not import room workflows",
    ),
    bad(
        "a path upwards",
        &[(
            "domain/planted.rs",
            "mod inner { fn f() { super::super::super::store::open(); } }",
        )],
        "domain must not import room store",
    ),
    bad(
        "a path upwards from a file that is a room",
        &[("http.rs", "fn f() { super::files::read(); }")],
        "http must not import room files",
    ),
    bad(
        "a path in an expression",
        &[(
            "workflows/planted.rs",
            "fn f() { crate::ui::table::print(); }",
        )],
        "workflows must not import room ui",
    ),
    bad(
        "a path in a type",
        &[("store/planted.rs", "fn f(_: &crate::policy::Policy) {}")],
        "store must not import room policy",
    ),
    bad(
        "a path in a pattern",
        &[(
            "judge/planted.rs",
            "fn f(x: u8) { match x { crate::files::LIMIT => {} _ => {} } }",
        )],
        "judge must not import room files",
    ),
    bad(
        "a trait that is implemented",
        &[(
            "domain/planted.rs",
            "struct S;\nimpl crate::ui::Report for S {}",
        )],
        "domain must not import room ui",
    ),
    bad(
        "a bound",
        &[(
            "domain/planted.rs",
            "fn f<T>() where T: crate::judge::Loss {}",
        )],
        "domain must not import room judge",
    ),
    bad(
        "a generic argument",
        &[(
            "notify/planted.rs",
            "fn f() { let _ = Vec::<crate::store::Row>::new(); }",
        )],
        "notify must not import room store",
    ),
    bad(
        "a path through `Self as`",
        &[(
            "domain/planted.rs",
            "fn f() { <u8 as crate::files::Hashed>::hash(); }",
        )],
        "domain must not import room files",
    ),
    bad(
        "a path in println!",
        &[(
            "bundle/planted.rs",
            "fn f() { println!(\"{}\", crate::store::open()); }",
        )],
        "bundle must not import room store",
    ),
    bad(
        "an import in a macro's body",
        &[(
            "deploy/planted.rs",
            "macro_rules! m { () => { use crate::{store as s}; s::open(); } }",
        )],
        "deploy must not import room store (s::open)",
    ),
    bad(
        "$crate",
        &[(
            "ui/planted.rs",
            "macro_rules! m { () => { $crate::store::open() } }",
        )],
        "ui must not import room store",
    ),
    bad(
        "a macro of another room",
        &[("domain/planted.rs", "fn f() { crate::store::sql!(); }")],
        "domain must not import room store",
    ),
    bad(
        "serde's `with`",
        &[(
            "domain/planted.rs",
            "#[derive(Serialize)]\nstruct S { #[serde(with = \"crate::files::hex\")] x: u8 }",
        )],
        "domain must not import room files",
    ),
    bad(
        "serde's `default` under cfg_attr",
        &[(
            "judge/planted.rs",
            "struct S { #[cfg_attr(unix, serde(default = \"crate::policy::start\"))] x: u8 }",
        )],
        "judge must not import room policy",
    ),
    bad(
        "an attribute that takes a path",
        &[(
            "store/planted.rs",
            "struct S { #[arg(value_parser = crate::ui::parse)] x: u8 }",
        )],
        "store must not import room ui",
    ),
    bad(
        "an import inside a function",
        &[(
            "policy/planted.rs",
            "fn f() { use crate::store as files; files::open(); }",
        )],
        "policy must not import room store (files::open)",
    ),
    bad(
        "a module inside a function",
        &[(
            "domain/planted.rs",
            "fn f() { mod m { use super::super::super::store as s; fn g() { s::open(); } } }",
        )],
        "domain must not import room store (s::open)",
    ),
    bad(
        "a type under another name",
        &[(
            "judge/planted.rs",
            "type S = crate::store::Store;\nfn f() { S::open(); }",
        )],
        "judge must not import room store (S::open)",
    ),
    bad(
        "a child's import, used by its parent",
        &[
            (
                "domain/planted/mod.rs",
                "mod child;\nfn f() { child::s::open(); }",
            ),
            ("domain/planted/child.rs", "pub use crate::store as s;"),
        ],
        "domain must not import room store (child::s::open)",
    ),
    bad(
        "a name that came with a glob",
        &[
            (
                "domain/planted/mod.rs",
                "mod child;\nuse child::*;\nfn f() { s::open(); }",
            ),
            ("domain/planted/child.rs", "pub use crate::store as s;"),
        ],
        "domain must not import room store (s::open)",
    ),
    bad(
        "a word that was written raw",
        &[("domain/planted.rs", "use crate::r#store::Store;")],
        "domain must not import room store",
    ),
    bad(
        "a folder that is no room",
        &[("helpers/mod.rs", "fn f() {}")],
        "`helpers` is no room",
    ),
    bad(
        "the list of rooms that exports",
        &[("lib.rs", "pub mod store;\npub use store::Store;")],
        "lib.rs is the list of rooms",
    ),
    // Verbs.
    bad(
        "a verb that imports a verb",
        &[
            ("commands/planted.rs", "use super::planted_too::run;"),
            ("commands/planted_too.rs", "pub fn run() {}"),
        ],
        "verb planted must not import verb planted_too",
    ),
    bad(
        "a verb that a neighbour passes on",
        &[
            ("commands/planted.rs", "fn f() { super::output::again(); }"),
            ("commands/output.rs", "pub use super::planted_too::again;"),
            ("commands/planted_too.rs", "pub fn again() {}"),
        ],
        "verb planted must not import verb planted_too",
    ),
    // Owners.
    bad(
        "std under another name",
        &[(
            "store/planted.rs",
            "use std as s;\nfn f() { s::fs::write(\"a\", \"b\"); }",
        )],
        "std::fs belongs to files/ (s::fs::write)",
    ),
    bad(
        "std with two colons before it",
        &[(
            "deploy/planted.rs",
            "fn f() { ::std::fs::remove_file(\"a\"); }",
        )],
        "std::fs belongs to files/",
    ),
    bad(
        "a glob of std",
        &[(
            "store/planted.rs",
            "use std::*;\nfn f() { fs::read(\"a\"); }",
        )],
        "the glob hides std::fs",
    ),
    bad(
        "symbolic links",
        &[("deploy/planted.rs", "use std::os::unix::fs::symlink;")],
        "std::os::unix::fs belongs to files/",
    ),
    bad(
        "the environment",
        &[(
            "files/planted.rs",
            "use std::env;\nfn f() { let _ = env::var(\"HOME\"); }",
        )],
        "std::env belongs to policy/environment.rs (env::var)",
    ),
    bad(
        "a program started elsewhere",
        &[(
            "notify/planted.rs",
            "use std::process::{self, ExitCode};\nfn f() { process::Command::new(\"a\"); }",
        )],
        "std::process::Command belongs to process.rs",
    ),
    bad(
        "an end without main",
        &[("commands/planted.rs", "fn f() { std::process::exit(1) }")],
        "std::process::exit belongs to nobody",
    ),
    bad(
        "the clock",
        &[(
            "workflows/planted.rs",
            "use std::time::{Duration, SystemTime};",
        )],
        "std::time::SystemTime belongs to commands/clock.rs",
    ),
    bad(
        "a database outside the store",
        &[(
            "workflows/planted.rs",
            "fn f() { let _ = rusqlite::params![1]; }",
        )],
        "rusqlite belongs to store/",
    ),
    bad(
        "a crate in a derive",
        &[("workflows/planted.rs", "#[derive(clap::Args)]\nstruct S;")],
        "clap belongs to commands/",
    ),
    bad(
        "a crate in another file of the owner's room",
        &[("files/planted.rs", "use csv::ReaderBuilder;")],
        "csv belongs to files/csv.rs",
    ),
    bad(
        "a crate under another name",
        &[("files/planted.rs", "use blake3 as b;")],
        "blake3 belongs to files/hash.rs",
    ),
    bad(
        "JSON in the pure rooms",
        &[("domain/planted.rs", "fn f(_: serde_json::Value) {}")],
        "serde_json belongs to other rooms",
    ),
    bad(
        "the machine's time zone",
        &[("domain/time.rs", "use chrono::{DateTime, Local};")],
        "chrono::Local belongs to ui/time.rs",
    ),
    // What passes an owned crate on.
    bad(
        "pub use of an owned crate",
        &[("store/planted.rs", "pub use rusqlite::Connection;")],
        "`pub use` passes rusqlite on",
    ),
    bad(
        "pub(super) use that leaves the owner",
        &[("ui/table.rs", "pub(super) use tabled::Table;")],
        "`pub use` passes tabled on",
    ),
    bad(
        "pub use of the whole of std",
        &[("files/planted.rs", "pub use std as s;")],
        "`pub use` passes std::fs on",
    ),
    bad(
        "a connection that a method returns",
        &[(
            "store/planted.rs",
            "use rusqlite::Connection as C;\nimpl S { pub fn raw(&self) -> &C { &self.0 } }",
        )],
        "rusqlite in the public signature of fn raw",
    ),
    bad(
        "a public field",
        &[(
            "store/planted.rs",
            "pub struct S { pub(crate) inner: rusqlite::Connection }",
        )],
        "rusqlite in the public signature of struct S",
    ),
    bad(
        "an alias of the store",
        &[
            (
                "store/planted.rs",
                "use super::planted_too::C;\npub fn raw() -> Option<C> { None }",
            ),
            (
                "store/planted_too.rs",
                "pub(super) type C = rusqlite::Connection;",
            ),
        ],
        "rusqlite in the public signature of fn raw",
    ),
    bad(
        "Deref",
        &[(
            "store/planted.rs",
            "impl std::ops::Deref for S { type Target = rusqlite::Connection; }",
        )],
        "rusqlite in the public signature of impl std::ops::Deref",
    ),
    bad(
        "AsRef",
        &[(
            "store/planted.rs",
            "impl AsRef<rusqlite::Connection> for S {}",
        )],
        "rusqlite in the public signature of impl AsRef",
    ),
    bad(
        "a trait that shows a row",
        &[(
            "store/planted.rs",
            "pub trait T { fn read(row: &rusqlite::Row<'_>); }",
        )],
        "rusqlite in the public signature of trait T",
    ),
    bad(
        "pub(super) at the top of a room",
        &[(
            "store/mod.rs",
            "pub(super) fn raw() -> rusqlite::Connection { todo!() }",
        )],
        "rusqlite in the public signature of fn raw",
    ),
    bad(
        "a glob that would hide a signature",
        &[("store/planted.rs", "use rusqlite::*;")],
        "no glob of rusqlite",
    ),
    // What would blind the test.
    bad(
        "the root under another name",
        &[("domain/planted.rs", "use crate as c;")],
        "imports the crate's root",
    ),
    bad(
        "a glob of the root",
        &[("ui/planted.rs", "use crate::*;")],
        "imports the crate's root",
    ),
    bad(
        "the root out of a group",
        &[("ui/planted.rs", "use crate::{self as c, domain::time};")],
        "imports the crate's root",
    ),
    bad(
        "the root from below",
        &[("process.rs", "use super::*;")],
        "imports the crate's root",
    ),
    bad(
        "the library under another name",
        &[("main.rs", "use modelguard as m;\nfn main() {}")],
        "imports the crate's root",
    ),
    bad(
        "a module from elsewhere",
        &[("store/planted.rs", "#[path = \"../../x.rs\"]\nmod x;")],
        "`#[path]` hides",
    ),
    bad(
        "a module from elsewhere, at times",
        &[(
            "store/planted.rs",
            "#[cfg_attr(unix, path = \"x.rs\")]\nmod x;",
        )],
        "`#[path]` hides",
    ),
    bad(
        "code that is included",
        &[("store/planted.rs", "include!(\"x.rs\");")],
        "`include!` hides",
    ),
    bad(
        "code that is included inside a macro",
        &[(
            "store/planted.rs",
            "fn f() { vec![std::include!(\"x.rs\")]; }",
        )],
        "`include!` hides",
    ),
    bad(
        "include! under another name",
        &[("store/planted.rs", "use core::include as i;\ni!(\"x.rs\");")],
        "`include!` hides",
    ),
    bad(
        "extern crate",
        &[("store/planted.rs", "extern crate csv as c;")],
        "`extern crate csv`",
    ),
    bad(
        "code that is not for tests only",
        &[(
            "domain/planted.rs",
            "#[cfg(any(test, unix))]\nmod x { use crate::store; }",
        )],
        "domain must not import room store",
    ),
    bad(
        "no Rust",
        &[("domain/planted.rs", "fn f( {")],
        "cannot be parsed",
    ),
];

pub const LOOK_ALIKES: &[LookAlike] = &[
    good(
        "a verb that is called like a room",
        &[
            (
                "commands/planted/mod.rs",
                "mod store;\nfn f() { store::run(); }",
            ),
            ("commands/planted/store.rs", "pub fn run() {}"),
        ],
    ),
    good(
        "a module that is called like a crate",
        &[
            (
                "domain/planted/mod.rs",
                "mod csv;\nfn f() { csv::read(); self::csv::read(); }",
            ),
            ("domain/planted/csv.rs", "pub fn read() {}"),
        ],
    ),
    good(
        "a variable that is called like a crate",
        &[(
            "workflows/planted.rs",
            "fn f() { let csv = 1; let log = csv.max(2); println!(\"{csv} {}\", log); }",
        )],
    ),
    good(
        "a link in a comment",
        &[(
            "domain/planted.rs",
            "//! See [`crate::store::Store`].\n/// Not [`std::fs::write`].\nfn f() { /* crate::ui */ }",
        )],
    ),
    good(
        "a path in a text",
        &[(
            "domain/planted.rs",
            "#[serde(rename = \"crate::store::x\")]\nstruct S;\nfn f() { println!(\"crate::store::open()\"); }",
        )],
    ),
    good(
        "tests",
        &[(
            "domain/planted.rs",
            "#[cfg(test)]\nmod tests { use crate::store::*; fn f() { std::fs::read(\"a\"); } }\n\
             #[cfg(all(test, unix))]\nfn g() { crate::ui::f(); }\n#[test]\nfn h() { std::env::var(\"A\"); }",
        )],
    ),
    good(
        "tests in a file of their own",
        &[
            ("domain/planted/mod.rs", "#[cfg(test)]\nmod tests;"),
            ("domain/planted/tests.rs", "use crate::store::*;"),
        ],
    ),
    good(
        "what a room may import",
        &[(
            "store/planted.rs",
            "use crate::{domain::time::Time, files as f, judge};\n\
             use super::planted_too;\nfn f() { f::x(); crate::files::hash::y(); }",
        )],
    ),
    good(
        "what lies beside the owned part of std",
        &[(
            "workflows/planted.rs",
            "use std::process::ExitCode;\nuse std::time::{Duration, Instant};\n\
             use std::{path::Path, io::Read as _};\nconst N: &str = std::env!(\"CARGO_PKG_NAME\");\n\
             const T: &str = include_str!(\"x.txt\");\nfn f() { println!(\"{}\", std::env!(\"A\")); }",
        )],
    ),
    good(
        "an owner at home",
        &[
            (
                "files/csv.rs",
                "use csv::ReaderBuilder;\nuse std::fs::File;",
            ),
            (
                "policy/environment.rs",
                "use std::env;\nfn f() { env::var_os(\"A\"); }",
            ),
            (
                "main.rs",
                "fn main() { modelguard::commands::run(std::env::args_os()); }",
            ),
        ],
    ),
    good(
        "a connection inside the store",
        &[(
            "store/planted.rs",
            "use rusqlite::{Connection, Row};\npub struct S { inner: Connection }\n\
             impl S { pub(super) fn raw(&self) -> &Connection { &self.inner } }\n\
             pub fn f() { let _: Option<Row> = None; }\n\
             pub enum E { Sqlite(rusqlite::Error) }\n\
             impl From<rusqlite::Error> for E { fn from(e: rusqlite::Error) -> E { E::Sqlite(e) } }\n\
             impl rusqlite::types::ToSql for S {}\npub(super) use rusqlite::params;",
        )],
    ),
    good(
        "a method after generic arguments in a macro",
        &[(
            "judge/planted.rs",
            "fn f() { assert!(Vec::<f64>::log(1.0) > x.log::<u8>()); }",
        )],
    ),
    good(
        "a verb that shares what is no verb",
        &[
            (
                "commands/planted.rs",
                "use super::output::Envelope;\nuse crate::commands::flags;",
            ),
            ("commands/output.rs", "pub struct Envelope;"),
            ("commands/flags.rs", ""),
        ],
    ),
];
