//! Writes files whole or not at all: a temporary file beside the target, synced, then renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::{FileError, FileErrorKind};

/// The longest name that file systems take.
pub const NAME_BYTES: usize = 255;

/// What to do if the target is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Takes its place, and its permissions.
    Replace,
    /// Leaves it alone and fails with [`FileErrorKind::Exists`].
    Refuse,
}

/// A file that appears at its target when it is committed. Dropped before, it leaves nothing behind.
///
/// A link at the target is itself replaced, not what it points at.
#[derive(Debug)]
pub struct ReplaceFile {
    target: PathBuf,
    temporary: PathBuf,
    file: File,
    existing: Existing,
    committed: bool,
}

impl ReplaceFile {
    /// Begins a file beside its target.
    ///
    /// # Errors
    /// The target names no file, is a directory, a device, socket or pipe, or is there although `existing` refuses
    /// that; the directory can't be written.
    pub fn create(target: &Path, existing: Existing) -> Result<Self, FileError> {
        match fs::symlink_metadata(target) {
            Ok(found) if found.is_dir() => return Err(FileErrorKind::Directory.of(target)),
            Ok(_) => {
                // Also behind a link: whoever has the rights would take /dev/null away from everybody.
                let behind = fs::metadata(target).ok();
                if behind.is_some_and(|behind| !behind.is_file() && !behind.is_dir()) {
                    let what = "a device, socket or named pipe";
                    return Err(FileErrorKind::Irreplaceable(what).of(target));
                }
                if existing == Existing::Refuse {
                    return Err(FileErrorKind::Exists.of(target));
                }
            }
            Err(_) => {}
        }
        let (temporary, file) = claim(target, |path| {
            OpenOptions::new().write(true).create_new(true).open(path)
        })?;
        Ok(Self {
            target: target.to_owned(),
            temporary,
            file,
            existing,
            committed: false,
        })
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// They can't be written, for example because the disk is full.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.file
            .write_all(bytes)
            .map_err(|source| FileError::writing(&self.target, source))
    }

    /// Makes the file appear at its target, durably.
    ///
    /// # Errors
    /// Syncing or renaming failed; the target is as it was before. With [`Existing::Refuse`] also if the target
    /// appeared in the meantime.
    pub fn commit(self) -> Result<(), FileError> {
        self.sync()?;
        let folder = parent(&self.target);
        self.publish()?;
        sync_directory(&folder)
    }

    /// Makes durable what was appended.
    ///
    /// # Errors
    /// The system refuses.
    pub fn sync(&self) -> Result<(), FileError> {
        let synced = self.file.sync_all();
        synced.map_err(|source| FileError::writing(&self.target, source))
    }

    /// Makes the file appear at its target: durably if it was synced, and once its folder is.
    ///
    /// # Errors
    /// Renaming failed; the target is as it was before. With [`Existing::Refuse`] also if the target appeared in the
    /// meantime.
    pub fn publish(mut self) -> Result<(), FileError> {
        let failed = |source| FileError::writing(&self.target, source);
        match self.existing {
            Existing::Replace => {
                if let Ok(found) = fs::metadata(&self.target) {
                    fs::set_permissions(&self.temporary, found.permissions()).map_err(failed)?;
                }
                fs::rename(&self.temporary, &self.target).map_err(failed)?;
            }
            Existing::Refuse => rename_new(&self.temporary, &self.target)?,
        }
        self.committed = true;
        Ok(())
    }
}

impl Write for ReplaceFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for ReplaceFile {
    fn drop(&mut self) {
        if !self.committed {
            // Nothing better can be done here; the name says whose it was.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Replaces a file's content as a whole, durably.
///
/// # Errors
/// As [`ReplaceFile`].
pub fn replace(target: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_whole(target, bytes, Existing::Replace)
}

/// Creates a file as a whole, durably, and never over another.
///
/// # Errors
/// As [`ReplaceFile`].
pub fn create_new(target: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_whole(target, bytes, Existing::Refuse)
}

fn write_whole(target: &Path, bytes: &[u8], existing: Existing) -> Result<(), FileError> {
    let mut file = ReplaceFile::create(target, existing)?;
    file.append(bytes)?;
    file.commit()
}

/// Gives a finished, synced file its name, durably and never over another; `temporary` is gone afterwards, unless it
/// fails.
///
/// # Errors
/// As [`rename_new`], or the folder can't be synced.
pub fn publish_new(temporary: &Path, target: &Path) -> Result<(), FileError> {
    rename_new(temporary, target)?;
    sync_directory(&parent(target))
}

/// Gives a file another name, never over another file. It is durable once both folders are synced.
///
/// Where the file system has no hard links the check and the renaming are two steps.
///
/// # Errors
/// The target is there already, or neither linking nor renaming works.
pub fn rename_new(from: &Path, target: &Path) -> Result<(), FileError> {
    let failed = |source| FileError::writing(target, source);
    match fs::hard_link(from, target) {
        Ok(()) => fs::remove_file(from).map_err(failed),
        Err(source) if source.kind() == io::ErrorKind::AlreadyExists => Err(failed(source)),
        Err(_) => {
            if fs::symlink_metadata(target).is_ok() {
                return Err(FileErrorKind::Exists.of(target));
            }
            fs::rename(from, target).map_err(failed)
        }
    }
}

/// Adds one line to a file that may not be there yet, in one write, so that lines of two processes never mix.
/// A new file is for its user alone.
///
/// # Errors
/// The file can't be opened or written.
pub fn append_line(path: &Path, line: &str) -> Result<(), FileError> {
    appended(path, line).map(drop)
}

/// The same, and the line outlives a power failure.
///
/// # Errors
/// The file can't be opened, written or synced.
pub fn append_line_durably(path: &Path, line: &str) -> Result<(), FileError> {
    let file = appended(path, line)?;
    match file.sync_all() {
        // Some file systems have nothing to wait for, and say so.
        Err(source) if source.kind() != io::ErrorKind::InvalidInput => {
            Err(FileError::writing(path, source))
        }
        _ => Ok(()),
    }
}

fn appended(path: &Path, line: &str) -> Result<File, FileError> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options
        .open(path)
        .map_err(|source| FileError::writing(path, source))?;
    // A full disk may have left half a line, which the next one must not go on with.
    let begin = if ends_within_a_line(path) { "\n" } else { "" };
    write_or_cut_back(&mut file, format!("{begin}{line}\n").as_bytes())
        .map_err(|source| FileError::writing(path, source))?;
    Ok(file)
}

/// Writes all bytes at the end of a file; where that fails, takes those that were written away again, unless another
/// process has written behind them.
fn write_or_cut_back(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    use std::io::Seek;
    let mut written = 0;
    while written < bytes.len() {
        let failure = match file.write(&bytes[written..]) {
            Ok(0) => io::ErrorKind::WriteZero.into(),
            Ok(count) => {
                written += count;
                continue;
            }
            Err(source) if source.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => source,
        };
        if written > 0
            && let Ok(end) = file.stream_position()
            && file.metadata().is_ok_and(|found| found.len() == end)
        {
            // The failure to write is what is told; half a line is what the next one begins behind.
            let _ = file.set_len(end - written as u64);
        }
        return Err(failure);
    }
    Ok(())
}

fn ends_within_a_line(path: &Path) -> bool {
    use std::io::{Read, Seek, SeekFrom};
    let is_file = fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() > 0);
    let last = || -> io::Result<u8> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::End(-1))?;
        let mut byte = [0];
        file.read_exact(&mut byte)?;
        Ok(byte[0])
    };
    is_file && last().is_ok_and(|byte| byte != b'\n')
}

/// Creates a directory and those above it that are absent.
///
/// # Errors
/// One can't be created, or something else has the name.
pub fn create_directory_all(path: &Path) -> Result<(), FileError> {
    fs::create_dir_all(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            FileErrorKind::NotDirectory.of(path)
        }
        _ => FileErrorKind::Unwritable(source).of(path),
    })
}

/// Removes a file and says whether there was one.
///
/// # Errors
/// It is there and can't be removed.
pub fn remove_if_there(path: &Path) -> Result<bool, FileError> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(FileErrorKind::Unwritable(source).of(path)),
    }
}

/// Makes the names in a directory durable; nothing on systems that have no such call.
///
/// # Errors
/// The system refuses, other than by not knowing the call.
pub fn sync_directory(path: &Path) -> Result<(), FileError> {
    if !cfg!(unix) {
        return Ok(());
    }
    match File::open(path).and_then(|directory| directory.sync_all()) {
        Err(source)
            if !matches!(
                source.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Err(FileError::writing(path, source))
        }
        _ => Ok(()),
    }
}

/// A name beside `target` that is nobody's: `.NAME.mg-PID-N.tmp`, of a long name its end alone.
///
/// # Errors
/// The path does not end in a name.
pub fn temporary_beside(target: &Path) -> Result<PathBuf, FileError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let name = target
        .file_name()
        .ok_or_else(|| FileErrorKind::Directory.of(target))?;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let behind = format!(".mg-{}-{number}.tmp", std::process::id());
    let room = NAME_BYTES - 1 - behind.len();
    let mut hidden = std::ffi::OsString::from(".");
    if name.len() <= room {
        hidden.push(name);
    } else {
        let text = name.to_string_lossy();
        let mut ends = text.char_indices().map(|(at, _)| &text[at..]);
        hidden.push(ends.find(|end| end.len() <= room).unwrap_or_default());
    }
    hidden.push(behind);
    Ok(target.with_file_name(hidden))
}

/// Creates an empty file beside `target` under a name that nobody had, not even a process of our id that died.
///
/// # Errors
/// The directory can't be written.
pub fn claim_beside(target: &Path) -> Result<PathBuf, FileError> {
    claim(target, |path| {
        File::options().write(true).create_new(true).open(path)
    })
    .map(|(path, _)| path)
}

/// Creates something under a temporary name; a name left by a dead process with our id is passed over.
pub(super) fn claim<T>(
    target: &Path,
    create: impl Fn(&Path) -> io::Result<T>,
) -> Result<(PathBuf, T), FileError> {
    let mut attempts_left = 1_000;
    loop {
        let path = temporary_beside(target)?;
        match create(&path) {
            Ok(made) => return Ok((path, made)),
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists && attempts_left > 0 => {
                attempts_left -= 1;
            }
            Err(source) => return Err(FileErrorKind::Unwritable(source).of(target)),
        }
    }
}

/// The directory that holds a path.
pub(super) fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn an_abandoned_file_leaves_nothing_and_the_old_content_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        replace(&path, b"one").unwrap();
        let mut file = ReplaceFile::create(&path, Existing::Replace).unwrap();
        file.append(b"two").unwrap();
        assert_eq!(names(folder.path()).len(), 2);
        drop(file);
        assert_eq!(names(folder.path()), ["a"]);
        assert_eq!(fs::read(&path).unwrap(), b"one");
    }

    #[test]
    fn a_new_file_never_takes_the_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let mut late = ReplaceFile::create(&path, Existing::Refuse).unwrap();
        late.append(b"late").unwrap();
        create_new(&path, b"first").unwrap();
        assert!(matches!(
            *late.commit().unwrap_err().kind,
            FileErrorKind::Exists
        ));
        assert!(matches!(
            *create_new(&path, b"x").unwrap_err().kind,
            FileErrorKind::Exists
        ));
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn of_many_that_publish_at_once_one_wins() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let won = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..8_u8)
                .map(|n| {
                    scope.spawn({
                        let path = &path;
                        move || create_new(path, &[n; 10]).is_ok()
                    })
                })
                .collect();
            takers
                .into_iter()
                .filter(|_| true)
                .map(|taker| taker.join().unwrap())
                .filter(|won| *won)
                .count()
        });
        assert_eq!(won, 1);
        assert_eq!(fs::read(&path).unwrap().len(), 10);
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[cfg(unix)]
    #[test]
    fn permissions_of_the_replaced_file_stay() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        replace(&path, b"one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn copies_and_directories() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("x/y");
        create_directory_all(&inner).unwrap();
        create_directory_all(&inner).unwrap();
        let to = inner.join("a");
        replace(&to, b"abc").unwrap();
        assert!(matches!(
            *create_directory_all(&to).unwrap_err().kind,
            FileErrorKind::NotDirectory
        ));
        assert!(matches!(
            *replace(&inner, b"").unwrap_err().kind,
            FileErrorKind::Directory
        ));
        assert!(remove_if_there(&to).unwrap());
        assert!(!remove_if_there(&to).unwrap());
        assert!(replace(&inner.join("no/such"), b"").is_err());
        assert!(replace(Path::new("/"), b"").is_err());
    }

    #[test]
    fn names_left_by_a_dead_process_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let taken = std::cell::Cell::new(3);
        let (path, ()) = claim(&target, |_| {
            if taken.get() == 0 {
                return Ok(());
            }
            taken.set(taken.get() - 1);
            Err(io::Error::from(io::ErrorKind::AlreadyExists))
        })
        .unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let inner = name
            .strip_prefix(".a.mg-")
            .and_then(|n| n.strip_suffix(".tmp"));
        assert!(inner.is_some_and(|n| n.contains('-')), "{name}");
    }

    #[test]
    fn a_line_begins_anew_behind_half_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.jsonl");
        append_line(&path, "one").unwrap();
        append_line(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        fs::write(&path, "one\n{\"ha").unwrap();
        append_line_durably(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n{\"ha\ntwo\n");
    }
}
