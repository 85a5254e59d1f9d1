use super::*;

const DAY: &str = "2026-01-05";

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn append(log: &Log, number: usize) -> Result<(), FileError> {
    log.append(Level::Info, "test", "now", json!({ "number": number }))
}

#[test]
fn a_day_has_a_file_that_is_the_users_own() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("a/b");
    for number in 0..2 {
        let log = Log::open(&Place::Daily(inner.clone()), DAY, false).unwrap();
        append(&log, number).unwrap();
        assert_eq!(
            log.path(),
            Some(inner.join("modelguard-2026-01-05.jsonl").as_path())
        );
    }
    let lines = lines(&inner.join("modelguard-2026-01-05.jsonl"));
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1]["number"], 1);
    assert_eq!(lines[1]["level"], "info");
    assert!(lines[1].to_string().starts_with(BEGINNING));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&inner.join("modelguard-2026-01-05.jsonl")), 0o600);
        assert_eq!(mode(&inner), 0o700);
    }
}

#[test]
fn fourteen_days_are_kept_and_nothing_else_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::Daily(folder.path().to_owned());
    let strangers = [
        "modelguard-2020-01-01.jsonl.bak",
        "modelguard-2020-01.jsonl",
        "modelguard-2020-1-011.jsonl",
        "modelguard-abcd-ef-gh.jsonl",
        "other-2020-01-01.jsonl",
        "trusted-policies.jsonl",
    ];
    for name in strangers {
        fs::write(folder.path().join(name), b"x").unwrap();
    }
    fs::create_dir(folder.path().join("modelguard-2020-02-02.jsonl")).unwrap();
    for day in 1..=20 {
        Log::open(&place, &format!("2026-01-{day:02}"), false).unwrap();
    }
    let names: std::collections::BTreeSet<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for day in 1..=20 {
        let name = format!("modelguard-2026-01-{day:02}.jsonl");
        assert_eq!(names.contains(&name), day > 6, "{name}");
    }
    assert!(strangers.iter().all(|name| names.contains(*name)));
    assert_eq!(names.len(), 14 + strangers.len() + 1);
    // A clock that was set back begins a file that is older than all, and can still be written to.
    let log = Log::open(&place, "2013-11-01", false).unwrap();
    append(&log, 1).unwrap();
    assert_eq!(
        lines(&folder.path().join("modelguard-2013-11-01.jsonl")).len(),
        1
    );
}

#[test]
fn a_named_file_is_one_file_and_has_to_be_a_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.log");
    let place = Place::Named(path.clone());
    for day in ["2026-01-05", "2026-02-05"] {
        append(&Log::open(&place, day, false).unwrap(), 1).unwrap();
    }
    assert_eq!(lines(&path).len(), 2);
    for content in ["id,truth\n", "SQLite format 3\0", "{\"id\":1}\n", "{"] {
        fs::write(&path, content).unwrap();
        let error = Log::open(&place, DAY, false).unwrap_err().to_string();
        assert!(error.contains("no log of modelguard"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
    fs::write(&path, b"").unwrap();
    append(&Log::open(&place, DAY, false).unwrap(), 1).unwrap();
    let at = |path: &Path| Log::open(&Place::Named(path.to_owned()), DAY, false);
    assert!(at(folder.path()).is_err());
    assert!(at(&folder.path().join("no/such")).is_err());
    assert!(at(Path::new("/dev/null")).is_ok());
    assert!(append(&at(Path::new("/dev/full")).unwrap(), 1).is_err());
}

#[test]
fn no_log_is_written_to_without_a_word() {
    let log = Log::open(&Place::Nowhere, DAY, false).unwrap();
    assert_eq!(log.path(), None);
    append(&log, 1).unwrap();
}

#[test]
fn lines_of_many_writers_never_mix() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::Daily(folder.path().to_owned());
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let place = &place;
            scope.spawn(move || {
                for number in 0..100 {
                    let log = Log::open(place, DAY, false).unwrap();
                    let more = json!({ "writer": writer, "long": "x".repeat(number * 97) });
                    log.append(Level::Info, "test", "now", more).unwrap();
                }
            });
        }
    });
    let lines = lines(&folder.path().join("modelguard-2026-01-05.jsonl"));
    assert_eq!(lines.len(), 800);
    assert!(lines.iter().all(|line| line["writer"].is_number()));
}

#[test]
fn what_is_committed_within_a_command_is_its_own() {
    let ids = |numbers: &[i64]| {
        numbers
            .iter()
            .map(|id| OperationId(*id))
            .collect::<Vec<_>>()
    };
    let around = take_committed(Vec::new());
    committed(&ids(&[1]));
    let outer = take_committed(Vec::new());
    committed(&ids(&[2, 3]));
    assert_eq!(take_committed(outer), ids(&[2, 3]));
    committed(&ids(&[4]));
    assert_eq!(take_committed(around), ids(&[1, 4]));
}

#[test]
fn what_other_libraries_note_is_not_passed_on() {
    use log::Log as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.jsonl");
    let notes = Notes {
        log: Log::open(&Place::Named(path.clone()), DAY, false).unwrap(),
        at: "now".to_owned(),
        tell: |_| {},
    };
    for target in [
        "ureq::run",
        "rustls",
        "modelguardian",
        "modelguard::files",
        "refinery_core::traits",
    ] {
        let arguments = format_args!("password=hunter2");
        let record = log::Record::builder()
            .target(target)
            .args(arguments)
            .build();
        notes.log(&record);
    }
    let sources: Vec<_> = lines(&path)
        .iter()
        .map(|line| line["source"].clone())
        .collect();
    assert_eq!(sources, ["modelguard::files", "refinery_core::traits"]);
}
