//! Which process owns something unfinished, and whether it still lives.

use std::path::Path;

use super::read;

/// A process on this machine since its last start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub pid: u32,
    /// The machine, its start and the name space of its process ids; empty where the system does not say.
    pub boot: String,
}

impl Owner {
    /// The running process.
    #[must_use]
    pub fn present() -> Self {
        let line = |path: &str| {
            read::text(Path::new(path), 256).map_or_else(|_| String::new(), |t| t.trim().to_owned())
        };
        let boot = line("/proc/sys/kernel/random/boot_id");
        let namespace = read::link(Path::new("/proc/self/ns/pid")).unwrap_or_default();
        Self {
            pid: std::process::id(),
            boot: if boot.is_empty() || namespace.is_empty() {
                String::new()
            } else {
                format!("{} {boot} {namespace}", line("/proc/sys/kernel/hostname"))
            },
        }
    }

    /// Whether it is certain that the process is gone: another start of this machine, or no process of that id here.
    ///
    /// A process of another machine or container can't be seen from here: nobody is certain, and what it owns stays. So
    /// it is where the system does not tell.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        let present = Self::present();
        let parts = |boot: &str| {
            let mut parts = boot.splitn(3, ' ').map(str::to_owned);
            Some((parts.next()?, parts.next()?, parts.next()?))
        };
        let (Some(owner), Some(here)) = (parts(&self.boot), parts(&present.boot)) else {
            return false;
        };
        if owner.0 != here.0 {
            return false;
        }
        if owner.1 != here.1 {
            return true;
        }
        owner.2 == here.2
            && matches!(
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
        if present.boot.is_empty() {
            return;
        }
        let mut parts: Vec<_> = present.boot.split(' ').map(str::to_owned).collect();
        let owner = |pid, parts: &[String]| Owner {
            pid,
            boot: parts.join(" "),
        };
        assert!(owner(u32::MAX, &parts).is_gone(), "no such process");
        parts[2] = "pid:[1]".into();
        assert!(!owner(u32::MAX, &parts).is_gone(), "another container");
        parts[1] = "another".into();
        assert!(owner(1, &parts).is_gone(), "another start of this machine");
        parts[0] = "elsewhere".into();
        assert!(!owner(1, &parts).is_gone(), "another machine");
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
