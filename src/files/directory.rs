//! Turns a directory into one stream of bytes: a tar archive that depends on names and contents and nothing else.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::error::{FileError, FileErrorKind};

/// What a directory holds: the paths below it, sorted by their bytes, parents before what is in them.
#[derive(Debug)]
pub struct Listing {
    root: PathBuf,
    entries: Vec<Listed>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Listed {
    /// Relative, with `/` between the parts.
    key: Vec<u8>,
    path: PathBuf,
    is_directory: bool,
}

impl Listing {
    /// Lists a directory with all below it.
    ///
    /// # Errors
    /// It is no directory or can't be read, or something in it is neither a regular file nor a directory: a link,
    /// a socket, a named pipe, a device. The error names that.
    pub fn of(root: &Path) -> Result<Self, FileError> {
        let found = fs::metadata(root).map_err(|source| FileError::reading(root, source))?;
        if !found.is_dir() {
            return Err(FileErrorKind::NotDirectory.of(root));
        }
        let mut entries = Vec::new();
        let mut waiting = vec![(root.to_owned(), Vec::new())];
        while let Some((directory, prefix)) = waiting.pop() {
            let failed = |source| FileError::reading(&directory, source);
            for entry in fs::read_dir(&directory).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let path = entry.path();
                let kind = entry.file_type().map_err(failed)?;
                if let Some(what) = special(kind) {
                    return Err(FileErrorKind::Special(what).of(&path));
                }
                let mut key: Vec<u8> = prefix.clone();
                key.extend_from_slice(entry.file_name().as_encoded_bytes());
                if kind.is_dir() {
                    let mut below = key.clone();
                    below.push(b'/');
                    waiting.push((path.clone(), below));
                }
                entries.push(Listed {
                    key,
                    path,
                    is_directory: kind.is_dir(),
                });
            }
        }
        entries.sort();
        Ok(Self {
            root: root.to_owned(),
            entries,
        })
    }

    /// How many files and directories are below the root.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The directories below the root, the deepest of each branch first.
    pub(super) fn directories(&self) -> impl Iterator<Item = &Path> {
        self.entries
            .iter()
            .rev()
            .filter(|entry| entry.is_directory)
            .map(|entry| entry.path.as_path())
    }

    /// Writes the archive: times and owners are zero, modes 755 or 644; memory does not grow with the files.
    ///
    /// # Errors
    /// A file changed meanwhile or can't be read, or the writer failed ([`FileErrorKind::Unwritable`] of the root).
    pub fn pack(&self, writer: &mut impl Write) -> Result<(), FileError> {
        let mut archive = tar::Builder::new(Watched {
            inner: writer,
            failed: false,
        });
        archive.sparse(false);
        for entry in &self.entries {
            let added = if entry.is_directory {
                let mut header = header(tar::EntryType::Directory, 0, true);
                let key = format_directory(&entry.path, &self.root);
                archive.append_data(&mut header, key, io::empty())
            } else {
                let failed = |source| FileError::reading(&entry.path, source);
                let file = File::open(&entry.path).map_err(failed)?;
                let found = file.metadata().map_err(failed)?;
                let mut header =
                    header(tar::EntryType::Regular, found.len(), is_executable(&found));
                let mut exact = Exact {
                    file,
                    left: found.len(),
                };
                let key = relative(&entry.path, &self.root);
                archive.append_data(&mut header, key, &mut exact)
            };
            if let Err(source) = added {
                return Err(if archive.get_ref().failed {
                    FileErrorKind::Unwritable(source).of(&self.root)
                } else if source.kind() == io::ErrorKind::UnexpectedEof {
                    FileErrorKind::Changed.of(&entry.path)
                } else {
                    FileErrorKind::Unreadable(source).of(&entry.path)
                });
            }
        }
        archive
            .finish()
            .map_err(|source| FileErrorKind::Unwritable(source).of(&self.root))
    }
}

/// Writes a directory as one deterministic tar stream.
///
/// # Errors
/// As [`Listing::of`] and [`Listing::pack`].
pub fn pack(root: &Path, writer: &mut impl Write) -> Result<(), FileError> {
    Listing::of(root)?.pack(writer)
}

fn special(kind: fs::FileType) -> Option<&'static str> {
    if kind.is_file() || kind.is_dir() {
        None
    } else if kind.is_symlink() {
        Some("a symbolic link")
    } else {
        Some("a device, socket or named pipe")
    }
}

fn relative(path: &Path, root: &Path) -> PathBuf {
    path.strip_prefix(root).unwrap_or(path).to_owned()
}

/// Directories end in `/`, so that every tar knows them as such.
fn format_directory(path: &Path, root: &Path) -> PathBuf {
    let mut name = relative(path, root).into_os_string();
    name.push("/");
    PathBuf::from(name)
}

fn header(kind: tar::EntryType, size_bytes: u64, executable: bool) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size_bytes);
    header.set_mode(if executable { 0o755 } else { 0o644 });
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

#[cfg(unix)]
fn is_executable(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    found.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}

#[cfg(unix)]
pub(super) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
pub(super) fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

/// Exactly as many bytes as the header promised; fewer or more are an unexpected end.
struct Exact {
    file: File,
    left: u64,
}

impl Read for Exact {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        let size = u64::try_from(count).unwrap_or(u64::MAX);
        if size > self.left || (count == 0 && self.left > 0 && !buffer.is_empty()) {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        self.left -= size;
        Ok(count)
    }
}

/// Remembers that it was the writer that failed, not a file.
struct Watched<W> {
    inner: W,
    failed: bool,
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes).inspect_err(|source| {
            self.failed |= source.kind() != io::ErrorKind::Interrupted;
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::super::unpack::unpack;
    use super::super::write::parent;
    use super::*;
    use crate::files::hash::hash_bytes;

    fn packed(root: &Path) -> Vec<u8> {
        let mut bytes = Vec::new();
        pack(root, &mut bytes).unwrap();
        bytes
    }

    fn sample(root: &Path, names: &[&str]) {
        for name in names {
            let path = root.join(name);
            fs::create_dir_all(parent(&path)).unwrap();
            fs::write(&path, name.repeat(100)).unwrap();
        }
    }

    fn everything(root: &Path) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        Listing::of(root)
            .unwrap()
            .entries
            .into_iter()
            .map(|e| (e.key, (!e.is_directory).then(|| fs::read(&e.path).unwrap())))
            .collect()
    }

    #[test]
    fn order_of_creation_and_times_do_not_matter() {
        let long = format!("{}/{}", "d".repeat(90), "n".repeat(120));
        let names = ["b/c", "a", "b-c", "é/ü", &long];
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        sample(one.path(), &names);
        fs::create_dir(one.path().join("empty")).unwrap();
        fs::create_dir(two.path().join("empty")).unwrap();
        let reversed: Vec<&str> = names.iter().rev().copied().collect();
        sample(two.path(), &reversed);
        let file = File::options()
            .write(true)
            .open(two.path().join("a"))
            .unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
        assert_eq!(
            hash_bytes(&packed(one.path())),
            hash_bytes(&packed(two.path()))
        );
        let keys: Vec<Vec<u8>> = everything(one.path()).into_iter().map(|e| e.0).collect();
        assert!(keys.is_sorted());
    }

    #[test]
    fn what_was_packed_comes_back_and_packs_to_the_same_bytes() {
        let from = tempfile::tempdir().unwrap();
        let long = format!("{}/{}", "d".repeat(90), "n".repeat(120));
        sample(from.path(), &["b/c/d", "a", &long]);
        fs::create_dir(from.path().join("empty")).unwrap();
        #[cfg(unix)]
        set_mode(&from.path().join("a"), 0o700).unwrap();
        let bytes = packed(from.path());
        let to = tempfile::tempdir().unwrap();
        let target = to.path().join("model");
        let unpacked = unpack(&mut bytes.as_slice(), &target).unwrap();
        assert!(!target.exists());
        unpacked.commit().unwrap();
        assert_eq!(everything(from.path()), everything(&target));
        assert_eq!(packed(&target), bytes);
        assert!(matches!(
            *unpack(&mut bytes.as_slice(), &target).unwrap_err().kind,
            FileErrorKind::Exists
        ));
    }

    #[test]
    fn an_archive_that_is_cut_short_leaves_nothing() {
        let from = tempfile::tempdir().unwrap();
        sample(from.path(), &["a", "b/c"]);
        let bytes = packed(from.path());
        let to = tempfile::tempdir().unwrap();
        let target = to.path().join("model");
        for length in [1, 100, 511, 600, 700] {
            let outcome = unpack(&mut &bytes[..length], &target);
            assert!(outcome.is_err(), "{length}");
        }
        // Not committed: also a whole one leaves nothing.
        drop(unpack(&mut bytes.as_slice(), &target).unwrap());
        assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);
    }

    /// An archive with one entry whose name and kind nobody checked.
    fn hostile(name: &str, kind: tar::EntryType) -> Vec<u8> {
        let mut made = header(kind, 0, false);
        let field = &mut made.as_mut_bytes()[..100];
        field[..name.len()].copy_from_slice(name.as_bytes());
        if kind.is_symlink() || kind.is_hard_link() {
            made.set_link_name("/etc/passwd").unwrap();
        }
        made.set_cksum();
        let mut bytes = made.as_bytes().to_vec();
        bytes.extend([0; 1024]);
        bytes
    }

    #[test]
    fn entries_that_would_leave_the_directory_are_refused() {
        use tar::EntryType as Kind;
        let to = tempfile::tempdir().unwrap();
        let target = to.path().join("inner/model");
        fs::create_dir(to.path().join("inner")).unwrap();
        for (name, kind) in [
            ("../evil", Kind::Regular),
            ("a/../../evil", Kind::Regular),
            ("/tmp/evil-modelguard", Kind::Regular),
            ("..", Kind::Directory),
            ("link", Kind::Symlink),
            ("link", Kind::Link),
            ("pipe", Kind::Fifo),
            ("device", Kind::Char),
        ] {
            let refused = unpack(&mut hostile(name, kind).as_slice(), &target).unwrap_err();
            assert!(
                matches!(*refused.kind, FileErrorKind::UnsafeEntry(_)),
                "{name}: {refused}"
            );
            assert!(refused.to_string().contains(name), "{refused}");
        }
        let mut twice = hostile("a", Kind::Regular);
        twice.truncate(512);
        twice.extend(hostile("a", Kind::Regular));
        assert!(unpack(&mut twice.as_slice(), &target).is_err());
        assert_eq!(fs::read_dir(to.path().join("inner")).unwrap().count(), 0);
        assert_eq!(fs::read_dir(to.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_sockets_are_refused_by_name() {
        let from = tempfile::tempdir().unwrap();
        sample(from.path(), &["a/b"]);
        let link = from.path().join("a/link");
        std::os::unix::fs::symlink("b", &link).unwrap();
        let refused = pack(from.path(), &mut io::sink()).unwrap_err();
        assert_eq!(refused.path, link);
        assert!(matches!(
            *refused.kind,
            FileErrorKind::Special("a symbolic link")
        ));
        fs::remove_file(&link).unwrap();
        let socket = from.path().join("s");
        let _held = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert_eq!(pack(from.path(), &mut io::sink()).unwrap_err().path, socket);
    }

    #[test]
    fn troubles_of_reader_and_writer_are_told_apart() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let from = tempfile::tempdir().unwrap();
        sample(from.path(), &["a"]);
        let listing = Listing::of(from.path()).unwrap();
        let full = listing.pack(&mut Full).unwrap_err();
        assert!(matches!(*full.kind, FileErrorKind::Unwritable(_)));
        fs::remove_file(from.path().join("a")).unwrap();
        let gone = listing.pack(&mut io::sink()).unwrap_err();
        assert!(matches!(*gone.kind, FileErrorKind::Missing));
        let path = from.path().join("b");
        assert!(matches!(
            *Listing::of(&path).unwrap_err().kind,
            FileErrorKind::Missing
        ));
        fs::write(&path, b"").unwrap();
        assert!(matches!(
            *Listing::of(&path).unwrap_err().kind,
            FileErrorKind::NotDirectory
        ));
        assert_eq!(Listing::of(from.path()).unwrap().len(), 1);
    }

    #[test]
    fn a_file_that_grows_or_shrinks_meanwhile_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, b"abc").unwrap();
        for promised in [2, 4] {
            let mut exact = Exact {
                file: File::open(&path).unwrap(),
                left: promised,
            };
            let failed = io::copy(&mut exact, &mut io::sink()).unwrap_err();
            assert_eq!(failed.kind(), io::ErrorKind::UnexpectedEof);
        }
    }
}
