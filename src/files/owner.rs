//! Which process owns something unfinished, and whether it still lives.

use std::path::Path;

use super::read;

/// A process on this machine since its last start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub pid: u32,
    /// Names the start of the machine; empty where the system does not say.
    pub boot: String,
}

impl Owner {
    /// The running process.
    #[must_use]
    pub fn present() -> Self {
        let boot = read::text(Path::new("/proc/sys/kernel/random/boot_id"), 128);
        Self {
            pid: std::process::id(),
            boot: boot.map_or_else(|_| String::new(), |text| text.trim().to_owned()),
        }
    }

    /// Whether it is certain that the process is gone: another start of the machine, or no process of that id.
    ///
    /// Where the system does not tell, nobody is certain, and what it owns stays.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        let present = Self::present();
        if self.boot.is_empty() || present.boot.is_empty() {
            return false;
        }
        self.boot != present.boot
            || matches!(
                read::kind_of(Path::new(&format!("/proc/{}", self.pid))),
                Ok(read::PathKind::Absent)
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_process_is_not_gone_and_another_boot_is() {
        let present = Owner::present();
        assert!(!present.is_gone());
        if !present.boot.is_empty() {
            let rebooted = Owner {
                boot: "another".into(),
                ..present.clone()
            };
            assert!(rebooted.is_gone());
            let dead = Owner {
                pid: u32::MAX,
                ..present
            };
            assert!(dead.is_gone());
        }
    }

    #[test]
    fn where_the_system_does_not_tell_nobody_is_gone() {
        let unknown = Owner {
            pid: u32::MAX,
            boot: String::new(),
        };
        assert!(!unknown.is_gone());
    }

    #[test]
    fn the_present_process_is_always_the_same() {
        assert_eq!(Owner::present(), Owner::present());
        assert_eq!(Owner::present().pid, std::process::id());
    }
}
