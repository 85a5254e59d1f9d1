//! Turns the stream of a packed directory back into one, beside its target and then whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use super::directory::{Listing, set_mode};
use super::error::{FileError, FileErrorKind};
use super::write::{claim, parent, sync_directory};

/// An archive unpacked under a temporary name. Dropped without [`Unpacked::commit`], it is removed.
#[derive(Debug)]
pub struct Unpacked {
    temporary: PathBuf,
    target: PathBuf,
    committed: bool,
}

/// Unpacks a tar stream into a new directory beside `target`, reading the stream to its end.
///
/// Nothing is visible at `target` before [`Unpacked::commit`], so the stream's hash can be compared first.
///
/// # Errors
/// `target` is there already; the stream can't be read or is cut short; an entry is a link or a device, has an
/// absolute path or one with `..`, or occurs twice.
pub fn unpack(reader: &mut impl Read, target: &Path) -> Result<Unpacked, FileError> {
    if fs::symlink_metadata(target).is_ok() {
        return Err(FileErrorKind::Exists.of(target));
    }
    let (temporary, ()) = claim(target, |path| fs::create_dir(path))?;
    let unpacked = Unpacked {
        temporary,
        target: target.to_owned(),
        committed: false,
    };
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::UnexpectedEof => {
            FileErrorKind::Truncated("in the middle of the archive").of(target)
        }
        _ => FileErrorKind::Unreadable(source).of(target),
    };
    let mut archive = tar::Archive::new(reader);
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let inside = safe_path(&entry)
            .ok_or_else(|| FileErrorKind::UnsafeEntry(named(&entry)).of(target))?;
        let path = unpacked.temporary.join(inside);
        let written = |source| FileErrorKind::Unwritable(source).of(&path);
        if entry.header().entry_type().is_dir() {
            fs::create_dir_all(&path).map_err(written)?;
            continue;
        }
        fs::create_dir_all(parent(&path)).map_err(written)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|source| match source.kind() {
                io::ErrorKind::AlreadyExists => {
                    FileErrorKind::UnsafeEntry(named(&entry)).of(target)
                }
                _ => written(source),
            })?;
        copy_entry(&mut entry, &mut file).map_err(|trouble| match trouble {
            Side::Reading(source) => unreadable(source),
            Side::Writing(source) => written(source),
        })?;
        let executable = entry.header().mode().is_ok_and(|mode| mode & 0o100 != 0);
        set_mode(&path, if executable { 0o755 } else { 0o644 }).map_err(written)?;
        file.sync_all().map_err(written)?;
    }
    // What stands after the archive's end belongs to the stream's hash as well.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(unreadable)?;
    Ok(unpacked)
}

/// Which side of a copy failed.
enum Side {
    Reading(io::Error),
    Writing(io::Error),
}

/// Copies an entry's bytes; the archive may end before the size that its header promised.
fn copy_entry(entry: &mut tar::Entry<'_, impl Read>, file: &mut File) -> Result<(), Side> {
    let mut left = entry.size();
    let mut buffer = vec![0; 64 * 1024];
    while left > 0 {
        let count = match entry.read(&mut buffer) {
            Ok(0) => return Err(Side::Reading(io::ErrorKind::UnexpectedEof.into())),
            Ok(count) => count,
            Err(source) if source.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => return Err(Side::Reading(source)),
        };
        file.write_all(buffer.get(..count).unwrap_or_default())
            .map_err(Side::Writing)?;
        left = left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
    }
    Ok(())
}

fn named(entry: &tar::Entry<'_, impl Read>) -> String {
    super::values::excerpt(&String::from_utf8_lossy(&entry.path_bytes()))
}

/// The entry's path, if it stays inside and the entry is a file or directory.
fn safe_path(entry: &tar::Entry<'_, impl Read>) -> Option<PathBuf> {
    let kind = entry.header().entry_type();
    if !matches!(kind, tar::EntryType::Regular | tar::EntryType::Directory) {
        return None;
    }
    let path = entry.path().ok()?;
    let plain = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    (plain && path.components().next().is_some()).then(|| path.into_owned())
}

impl Unpacked {
    /// Where it lies until it is committed.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.temporary
    }

    /// Gives the directory its name, durably.
    ///
    /// # Errors
    /// The target appeared in the meantime, or renaming failed.
    pub fn commit(mut self) -> Result<(), FileError> {
        if fs::symlink_metadata(&self.target).is_ok() {
            return Err(FileErrorKind::Exists.of(&self.target));
        }
        for directory in Listing::of(&self.temporary)?.directories() {
            sync_directory(directory)?;
        }
        sync_directory(&self.temporary)?;
        fs::rename(&self.temporary, &self.target)
            .map_err(|source| FileError::writing(&self.target, source))?;
        self.committed = true;
        sync_directory(&parent(&self.target))
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        if !self.committed {
            // Nothing better can be done here; the name says whose it was.
            let _ = fs::remove_dir_all(&self.temporary);
        }
    }
}
