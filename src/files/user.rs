//! Who a user of this system is by its number, whose a file is, and whether the present user may write it.

#![expect(
    clippy::disallowed_methods,
    reason = "files is the room that touches the disk"
)]

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use super::read;

/// Where a system without a directory service names its users.
const PASSWD: &str = "/etc/passwd";
/// Some hundred thousand users.
const LIMIT_BYTES: u64 = 16 << 20;

/// Whose a file is, and what its mode lets whom do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    pub user: u32,
    pub group: u32,
    /// As `chmod` takes it.
    pub mode: u32,
}

/// The name of the user of that number; `None` where the system's own file of users does not have it.
#[must_use]
pub fn name_of(number: u32) -> Option<String> {
    let users = read::text(Path::new(PASSWD), LIMIT_BYTES).ok()?;
    named(&users, number)
}

/// The same in the text of such a file: `ann:x:1000:1000:…`, the first of that number.
fn named(users: &str, number: u32) -> Option<String> {
    let name = users.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        let found: u32 = parts.nth(1)?.parse().ok()?;
        (found == number).then_some(name)
    });
    name.filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Whose the file is; `None` where there is none, or the system knows no such rights.
#[must_use]
pub fn rights(path: &Path) -> Option<Rights> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = path.metadata().ok()?;
        Some(Rights {
            user: metadata.uid(),
            group: metadata.gid(),
            mode: metadata.mode() & 0o777,
        })
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Whether there is a file that the present user may not write. It is opened and nothing is written.
#[must_use]
pub fn is_forbidden(path: &Path) -> bool {
    let opened = OpenOptions::new().write(true).open(path);
    opened.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_named_by_the_first_line_of_its_number() {
        let users = "# users\nroot:x:0:0:root:/root:/bin/sh\nann:x:1000:100::/home/ann:/bin/sh\n\
                     ben:x:1000:100::/:/bin/sh\n+::::::\n:x:7:7::/:\nbroken:x\nodd:x:-1:0::/:\n";
        assert_eq!(named(users, 0).as_deref(), Some("root"));
        assert_eq!(named(users, 1_000).as_deref(), Some("ann"));
        // A number of a group, a line without a name, nobody.
        for number in [100, 7, 65_534] {
            assert_eq!(named(users, number), None, "{number}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_has_the_rights_that_it_was_given_and_a_missing_one_forbids_nothing() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "x").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(rights(&path).unwrap().mode, 0o640);
        assert!(!is_forbidden(&path));
        assert_eq!(std::fs::read(&path).unwrap(), b"x");
        let absent = folder.path().join("b");
        assert_eq!(rights(&absent), None);
        assert!(!is_forbidden(&absent) && !absent.exists());
    }
}
