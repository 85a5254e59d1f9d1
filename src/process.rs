//! Runs a program without a shell, in a bare environment, within a time limit that holds for its process group.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// As much of each stream as is kept; the rest is read and dropped.
const KEPT_BYTES: usize = 8 << 10;
/// How long what a program has said is waited for once it has ended: something that it left running may hold the pipe.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// What a program is given of our own environment.
const INHERITED: [&str; 4] = ["PATH", "HOME", "LANG", "SYSTEMROOT"];

/// A program and what it is given.
pub struct Program<'a> {
    /// The first one is the program; with a slash it is a path relative to `folder`.
    pub words: &'a [String],
    /// Where it runs.
    pub folder: &'a Path,
    /// Beside `PATH`, `HOME` and `LANG`, which it gets as they are.
    pub variables: &'a [(&'static str, &'a str)],
    /// Its standard input.
    pub input: &'a [u8],
    pub timeout: Duration,
    /// Once it is set, the time is up.
    pub stop: &'a AtomicBool,
}

/// How a program ended by itself, and the beginning of what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// None where a signal ended it.
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A program did not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    #[error("there is no program to run")]
    NoWords,
    #[error("{program} can't be run: {source}")]
    Start { program: String, source: io::Error },
    #[error("{program} did not end within {} ms and was killed, with its process group", .timeout.as_millis())]
    Time { program: String, timeout: Duration },
    #[error("{program} was killed, with its process group, because the run was asked to stop")]
    Stopped { program: String },
}

/// Runs it and waits for its end. When the time is up or `stop` is set, it and its process group are killed: what it
/// started, except for what left the group (`setsid`), which nobody waits for either.
///
/// # Errors
/// It can't be started, did not end in time, or was stopped.
pub fn run(program: &Program<'_>) -> Result<Ended, ProcessError> {
    let until = Instant::now() + program.timeout;
    let Some((first, rest)) = program.words.split_first() else {
        return Err(ProcessError::NoWords);
    };
    let started = |source| ProcessError::Start {
        program: first.clone(),
        source,
    };
    let mut child = start(first, rest, program).map_err(started)?;
    let ended = attend(&mut child, program, until);
    if !matches!(ended, Ok(Some(_))) {
        kill(&mut child);
    }
    ended.map_err(started)?.ok_or_else(|| {
        let first = first.clone();
        if program.stop.load(Ordering::Relaxed) {
            ProcessError::Stopped { program: first }
        } else {
            let timeout = program.timeout;
            ProcessError::Time {
                program: first,
                timeout,
            }
        }
    })
}

/// Gives it its input, listens, and waits for its end until then. None: it has not ended.
fn attend(child: &mut Child, program: &Program<'_>, until: Instant) -> io::Result<Option<Ended>> {
    if let Some(mut stdin) = child.stdin.take() {
        let input = program.input.to_vec();
        // A program that does not read its input must hold nobody up; the thread ends with it.
        in_background(move || drop(stdin.write_all(&input)))?;
    }
    let stdout = child.stdout.take().map(listen).transpose()?;
    let stderr = child.stderr.take().map(listen).transpose()?;
    let status = wait(child, until, program.stop)?;
    Ok(status.map(|status| Ended {
        status: status.code(),
        stdout: stdout.map(|heard| collect(&heard)).unwrap_or_default(),
        stderr: stderr.map(|heard| collect(&heard)).unwrap_or_default(),
    }))
}

/// Unlike `thread::spawn` no panic where the system has no more threads.
fn in_background(work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().spawn(work).map(drop)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the file that runs programs, and what they inherit is read where they are started"
)]
fn start(first: &str, rest: &[String], program: &Program<'_>) -> io::Result<Child> {
    let path = match first.contains('/') {
        // The program's own folder is changed before it is looked for.
        true => std::path::absolute(program.folder.join(first))?,
        false => PathBuf::from(first),
    };
    let mut command = Command::new(path);
    command
        .args(rest)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if !program.folder.as_os_str().is_empty() {
        command.current_dir(program.folder);
    }
    for name in INHERITED {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.envs(program.variables.iter().copied());
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        command.process_group(0);
    }
    command.spawn()
}

/// Waits for the end until then, or until it has to stop. None: it has not ended.
fn wait(child: &mut Child, until: Instant, stop: &AtomicBool) -> io::Result<Option<ExitStatus>> {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        let left = until.checked_duration_since(Instant::now());
        let Some(left) = left.filter(|_| !stop.load(Ordering::Relaxed)) else {
            return Ok(None);
        };
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Ends a program and all that belongs to its process group.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    {
        // The group has the number of the child, which is not reaped yet, so the number is nobody else's.
        let group = i32::try_from(child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        if let Some(group) = group {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
    // Already ended is as good.
    let _ = child.kill();
    let _ = child.wait();
}

/// Reads a stream to its end in a thread, so that a program never waits for us, and passes on its beginning.
fn listen(mut stream: impl Read + Send + 'static) -> io::Result<Receiver<Vec<u8>>> {
    let (say, heard): (Sender<Vec<u8>>, _) = channel();
    in_background(move || {
        let (mut buffer, mut kept) = ([0; 4096], 0);
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            let wanted = length.min(KEPT_BYTES - kept);
            if wanted > 0 {
                kept += wanted;
                // Nobody listens any more once the program was stopped.
                let _ = say.send(buffer[..wanted].to_vec());
            }
        }
    })?;
    Ok(heard)
}

fn collect(heard: &Receiver<Vec<u8>>) -> String {
    let until = Instant::now() + LAST_WORDS;
    let mut bytes = Vec::new();
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match heard.recv_timeout(left) {
            Ok(more) => bytes.extend(more),
            Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => break,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
