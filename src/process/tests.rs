use super::*;

fn run_words(words: &[&str], input: &[u8], millis: u64) -> Result<Ended, ProcessError> {
    let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
    run(&Program {
        words: &words,
        folder: Path::new("/"),
        variables: &[("MODELGUARD_EVENT", "degraded")],
        input,
        timeout: Duration::from_millis(millis),
        stop: &AtomicBool::new(false),
    })
}

fn shell(script: &str, millis: u64) -> Result<Ended, ProcessError> {
    run_words(&["sh", "-c", script], b"", millis)
}

#[test]
#[cfg(unix)]
fn words_are_words_and_nothing_of_them_is_a_shells() {
    let said = run_words(&["printf", "%s|", "$HOME", "a b", "; exit 9"], b"", 20_000).unwrap();
    assert_eq!(said.stdout, "$HOME|a b|; exit 9|");
    assert_eq!(said.status, Some(0));
}

#[test]
#[cfg(unix)]
fn the_environment_is_bare() {
    // cargo sets many variables for a test, none of which a program has to see.
    let said = shell("env", 20_000).unwrap().stdout;
    let mut names: Vec<_> = said
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .filter(|name| !["PWD", "SHLVL", "_", "OLDPWD"].contains(name))
        .collect();
    names.sort_unstable();
    let may = ["HOME", "LANG", "MODELGUARD_EVENT", "PATH"];
    assert!(names.iter().all(|name| may.contains(name)), "{names:?}");
    assert!(names.contains(&"MODELGUARD_EVENT") && names.contains(&"PATH"));
}

#[test]
#[cfg(unix)]
fn what_it_says_is_kept_up_to_a_limit_and_it_never_waits() {
    let said = shell("yes | head -c 1000000; echo end >&2; exit 7", 60_000).unwrap();
    assert_eq!(said.stdout.len(), KEPT_BYTES);
    assert_eq!((said.stderr.as_str(), said.status), ("end\n", Some(7)));
}

#[test]
#[cfg(unix)]
fn input_that_nobody_reads_holds_nobody_up() {
    let input = vec![b'x'; 10 << 20];
    assert_eq!(
        run_words(&["true"], &input, 60_000).unwrap().status,
        Some(0)
    );
    let said = run_words(&["wc", "-c"], &input, 60_000).unwrap();
    assert_eq!(said.stdout.trim(), (10 << 20).to_string());
}

#[test]
#[cfg(unix)]
fn when_the_time_is_up_all_that_it_started_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let script = format!("sleep 600 & echo $! > {}; wait", file.display());
    let error = shell(&script, 1500).unwrap_err();
    assert!(matches!(error, ProcessError::Time { .. }), "{error}");
    let pid = std::fs::read_to_string(file).unwrap();
    // A killed process may still wait for its new parent to look.
    let state = || std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    let is_gone = || state().map_or(true, |stat| stat.contains(") Z "));
    let until = Instant::now() + Duration::from_secs(20);
    while !is_gone() && Instant::now() < until {
        std::thread::yield_now();
    }
    assert!(is_gone(), "{:?}", state());
}

#[test]
#[cfg(unix)]
fn what_leaves_the_group_is_not_waited_for_and_not_claimed_to_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let script = format!("setsid sleep 60 & echo $! > {}; sleep 600", file.display());
    let began = Instant::now();
    let error = shell(&script, 1500).unwrap_err();
    let took = began.elapsed();
    let pid = std::fs::read_to_string(file).unwrap();
    let ended = std::process::Command::new("kill").arg(pid.trim()).status();
    assert!(ended.unwrap().success(), "it was stopped after all");
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert_eq!(
        error.to_string(),
        "sh did not end within 1500 ms and was killed, with its process group"
    );
}

#[test]
#[cfg(unix)]
fn what_it_leaves_running_is_not_waited_for() {
    let began = Instant::now();
    let said = shell("echo started; sleep 60 &", 30_000).unwrap();
    assert_eq!((said.stdout.as_str(), said.status), ("started\n", Some(0)));
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn what_cannot_be_run_is_named() {
    let error = run_words(&["/no/such/program"], b"", 1000).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("/no/such/program can't be run")
    );
    assert!(matches!(
        run_words(&[], b"", 1000),
        Err(ProcessError::NoWords)
    ));
}

#[test]
#[cfg(unix)]
fn a_signal_is_no_status() {
    assert_eq!(shell("kill -9 $$", 20_000).unwrap().status, None);
}

#[test]
fn what_is_not_kept_is_not_passed_on() {
    let heard = listen(io::repeat(b'x').take(1 << 20)).unwrap();
    let parts: Vec<_> = heard.iter().map(|part| part.len()).collect();
    assert_eq!(parts.iter().sum::<usize>(), KEPT_BYTES);
    assert!(parts.iter().all(|length| *length > 0), "{parts:?}");
}

#[test]
#[cfg(unix)]
fn a_program_that_has_to_stop_is_killed_at_once_and_said_to_be() {
    let stop = AtomicBool::new(false);
    let words = ["sleep", "600"].map(str::to_owned);
    let program = Program {
        words: &words,
        folder: Path::new("/"),
        variables: &[],
        input: b"",
        timeout: Duration::from_secs(600),
        stop: &stop,
    };
    let began = Instant::now();
    let error = std::thread::scope(|scope| {
        let run = scope.spawn(|| run(&program).unwrap_err());
        stop.store(true, Ordering::Relaxed);
        run.join().unwrap()
    });
    assert!(matches!(error, ProcessError::Stopped { .. }), "{error}");
    assert!(began.elapsed() < Duration::from_secs(60));
}
