//! Lists every error code with its kind, exit status, title and page for `help CODE`.

use super::exit::ExitStatus::{
    self, Bug, Busy, Failed, Integrity, Interrupted, Negative, NotFound, Usage, Version,
};

/// The pages, one file a group of codes.
const PAGES: [&str; 7] = [
    include_str!("catalogue/01_usage.txt"),
    include_str!("catalogue/02_not_found.txt"),
    include_str!("catalogue/03_policy.txt"),
    include_str!("catalogue/04_store.txt"),
    include_str!("catalogue/05_input.txt"),
    include_str!("catalogue/06_refused.txt"),
    include_str!("catalogue/99_bug.txt"),
];

/// The parts of a page, in their order.
const PARTS: [&str; 4] = ["Meaning", "Cause", "Remedy", "Example"];

/// One error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// `MGxxyy`: 01 usage, 02 not found, 03 policy, 04 store, 05 input, 06 refused, 99 bug.
    pub code: &'static str,
    /// What a program branches on: a snake_case word that several codes share.
    pub kind: &'static str,
    /// The exit status of a command that ends with it.
    pub exit: ExitStatus,
    /// Lower case, without a full stop.
    pub title: &'static str,
}

const fn entry(
    code: &'static str,
    kind: &'static str,
    exit: ExitStatus,
    title: &'static str,
) -> Entry {
    Entry {
        code,
        kind,
        exit,
        title,
    }
}

/// Every code, in ascending order.
#[rustfmt::skip] // A table is read by its columns, one code a line.
pub const ENTRIES: &[Entry] = &[
    entry("MG0101", "usage", Usage, "bad command line"),
    entry("MG0102", "usage", Usage, "a question needs a terminal"),
    entry("MG0103", "usage", Usage, "several models, and none was named"),
    entry("MG0104", "usage", Usage, "a REF that cannot be read"),
    entry("MG0105", "usage", Usage, "an operation that only records cannot be undone"),
    entry("MG0106", "usage", Usage, "the alias production is reserved"),
    entry("MG0107", "usage", Usage, "an option with a value that cannot be used"),
    entry("MG0108", "usage", Usage, "an option of the former scripts"),
    entry("MG0109", "usage", Usage, "an environment variable that cannot be read"),
    entry("MG0110", "interrupted", Interrupted, "stopped by Ctrl-C or SIGTERM"),
    entry("MG0201", "not_found", NotFound, "no store"),
    entry("MG0202", "not_found", NotFound, "no such model"),
    entry("MG0203", "not_found", NotFound, "no such version, or several"),
    entry("MG0204", "not_found", NotFound, "no such alias, or nothing holds it"),
    entry("MG0205", "not_found", NotFound, "nothing below the live version"),
    entry("MG0206", "not_found", NotFound, "nothing to undo or to redo"),
    entry("MG0207", "not_found", NotFound, "no such batch"),
    entry("MG0208", "not_found", NotFound, "no such alert"),
    entry("MG0209", "not_found", NotFound, "no such operation"),
    entry("MG0210", "not_found", NotFound, "no version was healthy when last judged"),
    entry("MG0211", "not_found", NotFound, "nothing is live, and no version was given"),
    entry("MG0212", "not_found", NotFound, "no such help topic or error code"),
    entry("MG0213", "not_found", NotFound, "no inbox"),
    entry("MG0214", "not_found", NotFound, "the policy has no seasons"),
    entry("MG0215", "not_found", NotFound, "no such channel"),
    entry("MG0301", "unreadable", Failed, "a policy file that cannot be read"),
    entry("MG0302", "policy", Usage, "a policy file that is not TOML"),
    entry("MG0303", "policy", Usage, "an unknown key in the policy"),
    entry("MG0304", "policy", Usage, "a bad value in the policy"),
    entry("MG0305", "policy", Usage, "two keys of the policy that clash"),
    entry("MG0306", "version", Version, "a policy that requires another modelguard"),
    entry("MG0307", "untrusted", Usage, "a policy that is not trusted"),
    entry("MG0308", "unreadable", Failed, "the named policy file is missing"),
    entry("MG0401", "integrity", Integrity, "a file that is not a modelguard store"),
    entry("MG0402", "integrity", Integrity, "a damaged store"),
    entry("MG0403", "permission", Failed, "no permission for the store"),
    entry("MG0404", "busy", Busy, "the store is locked"),
    entry("MG0405", "version", Version, "a store of a newer modelguard"),
    entry("MG0406", "version", Version, "a store of an older modelguard"),
    entry("MG0407", "io", Failed, "the store could not be read or written"),
    entry("MG0408", "busy", Busy, "an unfinished change on a read-only medium"),
    entry("MG0409", "integrity", Integrity, "an artifact that does not match its hash"),
    entry("MG0410", "integrity", Integrity, "a broken chain of operations"),
    entry("MG0411", "integrity", Integrity, "the expected head is not in the chain"),
    entry("MG0412", "integrity", Integrity, "the store contradicts itself"),
    entry("MG0501", "unreadable", Failed, "an input file that cannot be read"),
    entry("MG0502", "input", Usage, "an input that is not UTF-8 text"),
    entry("MG0503", "input", Usage, "a syntax error in a CSV file"),
    entry("MG0504", "input", Usage, "a syntax error in a JSON file"),
    entry("MG0505", "input", Usage, "a column that is needed is missing"),
    entry("MG0506", "input", Usage, "two columns that fit equally well"),
    entry("MG0507", "input", Usage, "too many rejected rows"),
    entry("MG0508", "input", Usage, "a line over the limit of 16 MiB"),
    entry("MG0509", "input", Usage, "more than 10,000 columns"),
    entry("MG0510", "input", Usage, "an empty input"),
    entry("MG0511", "input", Usage, "a folder where a file was expected"),
    entry("MG0512", "conflict", Usage, "the same key with another value"),
    entry("MG0513", "input", Usage, "a metric that is no finite number"),
    entry("MG0514", "input", Usage, "an artifact that cannot be stored"),
    entry("MG0515", "conflict", Usage, "one id twice in a file, with two values"),
    entry("MG0516", "input", Usage, "a reference sample that cannot be used"),
    entry("MG0517", "unwritable", Failed, "an output that cannot be written"),
    entry("MG0518", "busy", Busy, "the inbox is in use by another run"),
    entry("MG0601", "refused", Negative, "the version id belongs to other bytes"),
    entry("MG0602", "refused", Negative, "newer operations have to be undone first"),
    entry("MG0603", "refused", Negative, "the live version cannot be retired"),
    entry("MG0604", "refused", Negative, "this alert has already acted"),
    entry("MG0605", "refused", Usage, "a beginning that cannot be true"),
    entry("MG0606", "refused", Negative, "somebody else switched it meanwhile"),
    entry("MG0607", "refused", Negative, "the version of the season is bad or retired"),
    entry("MG9901", "bug", Bug, "internal error"),
];

/// What stands for a code that is not in the list, which would itself be a mistake.
const BUG: Entry = ENTRIES[ENTRIES.len() - 1];

/// Finds a code, in upper or lower case.
pub fn find(code: &str) -> Option<&'static Entry> {
    ENTRIES
        .iter()
        .find(|entry| entry.code.eq_ignore_ascii_case(code))
}

/// Finds a code that the tool itself raised.
pub fn entry_or_bug(code: &str) -> &'static Entry {
    find(code).unwrap_or(&BUG)
}

/// Writes the page that `help CODE` shows; `None` where there is no such code.
pub fn page(code: &str) -> Option<String> {
    let entry = find(code)?;
    let mut text = format!(
        "{}: {}\nkind {}, exit status {} ({})\n",
        entry.code,
        entry.title,
        entry.kind,
        entry.exit.code(),
        entry.exit.name()
    );
    for (part, lines) in parts(entry.code) {
        text.push_str(&format!("\n{part}\n"));
        for line in lines {
            text.push_str(&format!("  {line}\n"));
        }
    }
    Some(text)
}

/// Reads the parts of a page: each begins with its name and a colon, on the line or before lines.
fn parts(code: &str) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut parts: Vec<(&'static str, Vec<&'static str>)> = Vec::new();
    let lines = PAGES
        .iter()
        .flat_map(|group| group.lines())
        .skip_while(|line| line.strip_prefix("# ") != Some(code))
        .skip(1)
        .take_while(|line| !line.starts_with("# "));
    for line in lines {
        let begun = PARTS.iter().find_map(|part| {
            let rest = line.strip_prefix(part)?.strip_prefix(':')?;
            Some((*part, rest.trim_start()))
        });
        match (begun, parts.last_mut()) {
            (Some((part, rest)), _) => {
                parts.push((
                    part,
                    if rest.is_empty() {
                        Vec::new()
                    } else {
                        vec![rest]
                    },
                ));
            }
            (None, Some((_, lines))) if !line.is_empty() => lines.push(line),
            _ => {}
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn codes_are_unique_and_sorted() {
        assert!(ENTRIES.windows(2).all(|pair| pair[0].code < pair[1].code));
        for entry in ENTRIES {
            assert_eq!(entry.code.len(), 6);
            assert!(entry.code.starts_with("MG"));
            assert!(entry.code[2..].bytes().all(|byte| byte.is_ascii_digit()));
            assert!(
                entry
                    .kind
                    .bytes()
                    .all(|byte| byte == b'_' || byte.is_ascii_lowercase())
            );
            assert!(!entry.title.is_empty() && !entry.title.ends_with('.'));
        }
    }

    #[test]
    fn every_code_has_a_page_of_four_parts() {
        for entry in ENTRIES {
            let parts = parts(entry.code);
            let names: Vec<_> = parts.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, PARTS, "{}", entry.code);
            for (name, lines) in parts {
                assert!(!lines.is_empty(), "{} has no {name}", entry.code);
            }
            let lines = page(entry.code)
                .expect("because the code is listed")
                .lines()
                .count();
            assert!(lines <= 24, "{} has {lines} lines", entry.code);
        }
    }

    #[test]
    fn no_page_is_without_a_code_and_no_line_is_wide() {
        let mut headings = BTreeSet::new();
        for line in PAGES.iter().flat_map(|group| group.lines()) {
            assert!(line.chars().count() <= 78, "{line}");
            assert_eq!(line.trim_end(), line, "trailing space");
            if let Some(code) = line.strip_prefix("# ") {
                assert!(find(code).is_some(), "{code}");
                assert!(headings.insert(code), "{code} twice");
            }
        }
        assert_eq!(headings.len(), ENTRIES.len());
    }

    #[test]
    fn an_example_shows_a_command() {
        for entry in ENTRIES {
            let page = page(entry.code).expect("because the code is listed");
            let example = page
                .split("\nExample\n")
                .nth(1)
                .expect("because it has that part");
            assert!(example.contains("$ modelguard "), "{}", entry.code);
        }
    }

    #[test]
    fn a_command_in_a_page_exists() {
        const COMMANDS: &str = "status history check compare init register ingest monitor promote \
            rollback undo redo demo show fetch tag retire alias season alerts log store config help \
            completions man";
        let known: BTreeSet<&str> = COMMANDS.split_whitespace().collect();
        let pages = PAGES.iter().flat_map(|group| group.lines());
        let topics = crate::ui::topics::names().filter_map(crate::ui::topics::find);
        for line in pages.chain(topics.flat_map(str::lines)) {
            for after in line.split("modelguard ").skip(1) {
                let commanded = line.contains("$ ") || line.contains("`modelguard ");
                let mut words = after.split_whitespace().peekable();
                while words.peek().is_some_and(|word| word.starts_with('-')) {
                    // An option that stands before the command, and its value.
                    let option = words.next().unwrap_or_default();
                    if ["--db", "-C", "--config", "--lock-timeout"].contains(&option) {
                        words.next();
                    }
                }
                let word = words.next().unwrap_or_default();
                let word = word.trim_matches(|letter: char| !letter.is_ascii_alphabetic());
                assert!(
                    !commanded || word.is_empty() || known.contains(word),
                    "{word:?} in {line:?}"
                );
            }
        }
    }

    #[test]
    fn a_code_is_found_in_either_case_and_its_page_read() {
        assert_eq!(find("mg0203").map(|entry| entry.code), Some("MG0203"));
        assert_eq!(find("MG0000"), None);
        assert_eq!(page("MG0000"), None);
        let text = page("mg0203").expect("because the code is listed");
        assert!(text.starts_with("MG0203: no such version, or several\n"));
        assert!(text.contains("\nkind not_found, exit status 10 (not found)\n"));
        assert!(text.contains("\nRemedy\n  "));
    }

    #[test]
    fn a_code_that_is_not_listed_counts_as_a_bug() {
        assert_eq!(entry_or_bug("MG0000").exit, Bug);
        assert_eq!(entry_or_bug("MG0404").exit, Busy);
    }

    #[test]
    fn every_code_in_the_source_is_listed() {
        fn visit(folder: &Path, unknown: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).expect("because the source is there") {
                let path = entry.expect("because the folder can be read").path();
                if path.is_dir() {
                    visit(&path, unknown);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text = std::fs::read_to_string(&path).expect("because it is source");
                    for quoted in text.split("\"MG").skip(1) {
                        let code = format!("MG{}", quoted.chars().take(4).collect::<String>());
                        let written = quoted.chars().nth(4) == Some('"');
                        if written && code != "MG0000" && find(&code).is_none() {
                            unknown.push(format!("{code} in {}", path.display()));
                        }
                    }
                }
            }
        }
        let mut unknown = Vec::new();
        visit(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut unknown,
        );
        assert_eq!(unknown, Vec::<String>::new());
    }
}
