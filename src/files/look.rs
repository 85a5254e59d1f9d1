//! What is at a path, without opening or following it.

#![expect(
    clippy::disallowed_methods,
    reason = "files is the room that touches the disk"
)]

use std::path::Path;

/// Whether there is anything at the path, be it a link that leads nowhere.
#[must_use]
pub fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// A number for the file system that holds the path; `None` where the system does not say.
#[must_use]
pub fn device(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        path.metadata().ok().map(|metadata| metadata.dev())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Whether others than its user may read the file. No where there is none, or the system knows no such rights.
#[must_use]
pub fn is_open_to_others(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        path.metadata()
            .is_ok_and(|metadata| metadata.mode() & 0o044 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leads_nowhere_exists_and_a_folder_shares_its_device_with_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!exists(&folder.path().join("a")));
        let inside = folder.path().join("b");
        crate::files::write::create_new(&inside, b"").unwrap();
        assert!(exists(&inside));
        assert_eq!(device(&inside), device(folder.path()));
        #[cfg(unix)]
        {
            let link = folder.path().join("c");
            std::os::unix::fs::symlink(folder.path().join("gone"), &link).unwrap();
            assert!(exists(&link));
        }
    }
}
