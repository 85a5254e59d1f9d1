//! Reads what another process writes, and waits for it no longer than somebody wants to.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::error::{FileError, FileErrorKind};

/// Whether somebody still waits. It is asked several times a second.
#[derive(Clone)]
pub struct Patience(Arc<dyn Fn() -> bool>);

impl Patience {
    /// As long as this is true.
    #[must_use]
    pub fn while_true(waits: impl Fn() -> bool + 'static) -> Self {
        Self(Arc::new(waits))
    }

    fn is_over(&self) -> bool {
        !(self.0)()
    }
}

impl fmt::Debug for Patience {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Patience")
    }
}

/// A named pipe, a device or standard input. A plain read of it can't be ended: the system takes it up again after
/// a signal.
pub struct Pipe {
    file: File,
    patience: Patience,
}

impl Pipe {
    /// Opens what lies at a path. A named pipe that nobody writes to is opened all the same.
    ///
    /// # Errors
    /// It is missing or can't be read.
    pub fn open(path: &Path, patience: Patience) -> Result<Self, FileError> {
        let file = open_at_once(path)?;
        Ok(Self { file, patience })
    }

    /// Standard input.
    ///
    /// # Errors
    /// It is closed.
    pub fn standard_input(patience: Patience) -> io::Result<Self> {
        let file = standard_input()?;
        Ok(Self { file, patience })
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.patience.is_over() {
                return Err(io::Error::other("nobody waits for it any more"));
            }
            if !has_something(&self.file)? {
                continue;
            }
            match self.file.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
    }
}

/// Opens a regular file and nothing else: a named pipe would be waited for.
///
/// # Errors
/// It is missing, no regular file, or can't be read.
pub fn open_regular(path: &Path) -> Result<File, FileError> {
    let file = open_at_once(path)?;
    let metadata = file.metadata();
    let metadata = metadata.map_err(|source| FileError::reading(path, source))?;
    if metadata.is_dir() {
        return Err(FileErrorKind::Directory.of(path));
    }
    if !metadata.is_file() {
        return Err(FileErrorKind::Special("a device, socket or named pipe").of(path));
    }
    Ok(file)
}

fn open_at_once(path: &Path) -> Result<File, FileError> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits());
        options.custom_flags(flags.unwrap_or_default());
    }
    let opened = options.open(path);
    opened.map_err(|source| FileError::reading(path, source))
}

/// Without the buffer that the standard library keeps, whose bytes no waiting would see.
#[cfg(unix)]
fn standard_input() -> io::Result<File> {
    use std::os::fd::AsFd as _;
    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
fn standard_input() -> io::Result<File> {
    use std::os::windows::io::AsHandle as _;
    Ok(io::stdin().as_handle().try_clone_to_owned()?.into())
}

/// Waits a moment for bytes or the end.
#[cfg(unix)]
fn has_something(file: &File) -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    const MOMENT: Timespec = Timespec {
        tv_sec: 0,
        tv_nsec: 100_000_000,
    };
    match poll(&mut [PollFd::new(file, PollFlags::IN)], Some(&MOMENT)) {
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Elsewhere a read waits.
#[cfg(not(unix))]
fn has_something(_: &File) -> io::Result<bool> {
    Ok(true)
}
