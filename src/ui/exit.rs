//! Lists the exit statuses, what each means, and which of several is the worst.

pub mod map;

/// How a command ended, told apart by `$?` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExitStatus {
    /// Done; healthy; already so; a person said no.
    Ok,
    /// Could not do its work: an unreadable file, I/O.
    Failed,
    /// A bad command line, bad content of a file, or a question that nobody could be asked.
    Usage,
    /// Degraded, or refused by a rule; nothing was changed.
    Negative,
    /// Cannot decide yet.
    Insufficient,
    /// Degraded and rolled back.
    Acted,
    /// Degraded and nowhere to go, or the switch failed: page a human.
    Blocked,
    /// No store, model, version, alias or batch of that name; nothing below; nothing to undo.
    NotFound,
    /// The lock was not obtained in time.
    Busy,
    /// A hash that does not match, a damaged store, a broken chain.
    Integrity,
    /// Store or policy needs another modelguard.
    Version,
    /// A mistake in modelguard itself.
    Bug,
    /// Ended by Ctrl-C.
    Interrupted,
    /// Ended by SIGTERM.
    Terminated,
}

impl ExitStatus {
    /// All statuses, in ascending order of their code.
    pub const ALL: [Self; 14] = [
        Self::Ok,
        Self::Failed,
        Self::Usage,
        Self::Negative,
        Self::Insufficient,
        Self::Acted,
        Self::Blocked,
        Self::NotFound,
        Self::Busy,
        Self::Integrity,
        Self::Version,
        Self::Bug,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// All statuses, the worst first.
    ///
    /// What stops the whole run (a signal) outranks what one model said. The rest is the order in
    /// which a person should look: data that may be lost, then a model that needs a hand, then
    /// what could not be judged.
    const WORST_FIRST: [Self; 14] = [
        Self::Terminated,
        Self::Interrupted,
        Self::Integrity,
        Self::Blocked,
        Self::Bug,
        Self::Version,
        Self::Failed,
        Self::NotFound,
        Self::Busy,
        Self::Usage,
        Self::Negative,
        Self::Acted,
        Self::Insufficient,
        Self::Ok,
    ];

    /// Gives the number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Negative => 3,
            Self::Insufficient => 4,
            Self::Acted => 5,
            Self::Blocked => 6,
            Self::NotFound => 10,
            Self::Busy => 11,
            Self::Integrity => 12,
            Self::Version => 13,
            Self::Bug => 70,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// Gives the word used in documents and help.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Negative => "negative",
            Self::Insufficient => "insufficient",
            Self::Acted => "acted",
            Self::Blocked => "blocked",
            Self::NotFound => "not found",
            Self::Busy => "busy",
            Self::Integrity => "integrity",
            Self::Version => "version",
            Self::Bug => "bug",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
        }
    }

    /// Says in one line what the status tells a script.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "done; healthy; already so; or answered with no",
            Self::Failed => "could not do its work: an unreadable file, I/O",
            Self::Usage => "bad command line or file content; or nobody there to ask",
            Self::Negative => "degraded, or refused by a rule; nothing was changed",
            Self::Insufficient => "cannot decide yet; the reasons are listed",
            Self::Acted => "degraded and rolled back",
            Self::Blocked => "degraded, but nowhere to go back to: page a human",
            Self::NotFound => "no such thing; nothing below; nothing to undo",
            Self::Busy => "the store is locked by another process",
            Self::Integrity => "damaged store, wrong hash, broken or unexpected chain",
            Self::Version => "store or policy needs another modelguard or an upgrade",
            Self::Bug => "internal error",
            Self::Interrupted => "Ctrl-C",
            Self::Terminated => "SIGTERM",
        }
    }

    /// Gives the place in the order of badness, 0 for the worst.
    fn rank(self) -> usize {
        Self::WORST_FIRST
            .iter()
            .position(|status| *status == self)
            .unwrap_or(Self::WORST_FIRST.len())
    }
}

/// Chooses the worst of several statuses; `Ok` if there are none.
pub fn worst(statuses: impl IntoIterator<Item = ExitStatus>) -> ExitStatus {
    statuses
        .into_iter()
        .min_by_key(|status| status.rank())
        .unwrap_or(ExitStatus::Ok)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_the_documented_ones_in_ascending_order() {
        let codes: Vec<u8> = ExitStatus::ALL.iter().map(|s| s.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 70, 130, 143]);
    }

    #[test]
    fn names_and_meanings_are_unique_and_fit_a_line() {
        let names: BTreeSet<_> = ExitStatus::ALL.iter().map(|s| s.name()).collect();
        let meanings: BTreeSet<_> = ExitStatus::ALL.iter().map(|s| s.meaning()).collect();
        assert_eq!(names.len(), 14);
        assert_eq!(meanings.len(), 14);
        assert!(meanings.iter().all(|m| !m.is_empty() && m.len() <= 59));
    }

    #[test]
    fn every_status_has_one_place_in_the_order_of_badness() {
        let ranks: BTreeSet<_> = ExitStatus::ALL.iter().map(|s| s.rank()).collect();
        assert_eq!(ranks, (0..14).collect());
    }

    #[test]
    fn the_worst_of_every_pair_follows_the_documented_order() {
        let order = [143, 130, 12, 6, 70, 13, 1, 10, 11, 2, 3, 5, 4, 0];
        let place = |s: ExitStatus| order.iter().position(|code| *code == s.code());
        for a in ExitStatus::ALL {
            for b in ExitStatus::ALL {
                let expected = if place(a) <= place(b) { a } else { b };
                assert_eq!(worst([a, b]), expected, "{a:?} and {b:?}");
                assert_eq!(worst([b, a]), expected, "{b:?} and {a:?}");
            }
        }
    }

    #[test]
    fn nothing_at_all_is_ok() {
        assert_eq!(worst([]), ExitStatus::Ok);
        assert_eq!(worst([ExitStatus::Acted]), ExitStatus::Acted);
    }

    #[test]
    fn no_data_is_worse_than_healthy_and_better_than_degraded() {
        use ExitStatus::{Insufficient, Negative, Ok};
        assert_eq!(worst([Ok, Insufficient, Ok]), Insufficient);
        assert_eq!(worst([Insufficient, Negative, Ok]), Negative);
    }
}
