//! Lets one process at a time do something: an advisory lock on a file beside what it protects.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::error::{FileError, FileErrorKind};
use crate::domain::time::Length;

/// A held lock; the system releases it when this is dropped or the process dies. The file stays.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Takes the lock at `path`, waiting at most `timeout`; creates the file if it is absent.
    ///
    /// # Errors
    /// Another process held it all the time ([`FileErrorKind::Locked`]), or the file can't be opened.
    pub fn take(path: &Path, timeout: Length) -> Result<Self, FileError> {
        let failed = |source| FileError::writing(path, source);
        let started = Instant::now();
        let limit = Duration::from_millis(timeout.millis());
        let mut pause = Duration::from_millis(1);
        loop {
            let file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(path)
                .map_err(failed)?;
            match file.try_lock() {
                // A former holder may have removed the file in the meantime: then this is a lock on nothing.
                Ok(()) if is_still_at(&file, path) => {
                    return Ok(Self {
                        path: path.to_owned(),
                        file,
                    });
                }
                Ok(()) => continue,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
            let waited = started.elapsed();
            if waited >= limit {
                let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
                return Err(FileErrorKind::Locked { waited_ms }.of(path));
            }
            sleep(pause.min(limit.saturating_sub(waited)));
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    /// Removes the lock's file while it is held, then releases it.
    ///
    /// # Errors
    /// The file can't be removed.
    pub fn remove(self) -> Result<(), FileError> {
        let removed = fs::remove_file(&self.path);
        drop(self.file);
        removed.map_err(|source| FileError::writing(&self.path, source))
    }
}

#[cfg(unix)]
fn is_still_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(held), Ok(there)) => held.dev() == there.dev() && held.ino() == there.ino(),
        _ => false,
    }
}

/// Elsewhere an open file can't be removed.
#[cfg(not(unix))]
fn is_still_at(_: &File, _: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn a_second_taker_waits_and_then_gives_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = Lock::take(&path, Length::from_seconds(0)).unwrap();
        let refused = Lock::take(&path, "30ms".parse().unwrap()).unwrap_err();
        assert!(matches!(*refused.kind, FileErrorKind::Locked { waited_ms } if waited_ms >= 30));
        drop(held);
        Lock::take(&path, Length::from_seconds(0)).unwrap();
        assert!(path.exists());
    }

    #[test]
    fn one_at_a_time_although_the_file_is_removed_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let inside = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        let lock = Lock::take(&path, Length::from_seconds(60)).unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        lock.remove().unwrap();
                    }
                });
            }
        });
        assert!(!path.exists());
    }

    #[test]
    fn a_lock_that_was_removed_can_be_taken_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let none = Length::from_seconds(0);
        Lock::take(&path, none).unwrap().remove().unwrap();
        assert!(!path.exists());
        Lock::take(&path, none).unwrap();
    }

    #[test]
    fn two_locks_do_not_know_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let none = Length::from_seconds(0);
        let one = Lock::take(&folder.path().join("one"), none).unwrap();
        let other = Lock::take(&folder.path().join("other"), none);
        assert!(other.is_ok());
        drop(one);
    }

    #[test]
    fn where_no_file_can_be_the_lock_fails_and_does_not_wait() {
        let folder = tempfile::tempdir().unwrap();
        let began = Instant::now();
        let hour = Length::from_seconds(3_600);
        for path in [
            folder.path().join("none").join("lock"),
            folder.path().into(),
        ] {
            let error = Lock::take(&path, hour).unwrap_err();
            assert!(
                matches!(*error.kind, FileErrorKind::Unwritable(_)),
                "{error}"
            );
            assert_eq!(error.path, path);
        }
        assert!(began.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn what_the_file_holds_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        crate::files::write::create_new(&path, b"words").unwrap();
        drop(Lock::take(&path, Length::from_seconds(0)).unwrap());
        assert_eq!(crate::files::read::text(&path, 100).unwrap(), "words");
    }
}
