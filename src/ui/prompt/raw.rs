//! Keeps the terminal from echoing keys and acting on them while something is asked, and waits for them.

#[cfg(unix)]
use rustix::event::{PollFd, PollFlags, Timespec, poll};
#[cfg(unix)]
use rustix::io::Errno;
#[cfg(unix)]
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

/// After so long a wait for a key is given up. A signal that comes just before a wait does not break it.
#[cfg(unix)]
const WAIT: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};

/// The terminal of stdin in raw mode, until this is dropped.
///
/// The console takes the mode for one key at a time. A key that comes between two of them would be
/// echoed into what is drawn, and its line feed would move all of it.
pub struct Raw {
    #[cfg(unix)]
    before: Option<Termios>,
}

impl Raw {
    /// Changes the mode; where that is impossible, keys are echoed now and then.
    #[cfg(unix)]
    pub fn enter() -> Self {
        let stdin = std::io::stdin();
        let before = tcgetattr(&stdin).ok();
        if let Some(before) = &before {
            let mut raw = before.clone();
            raw.make_raw();
            // A line feed written by others still begins a line.
            raw.output_modes = before.output_modes;
            let _ = tcsetattr(&stdin, OptionalActions::Drain, &raw);
        }
        Self { before }
    }

    /// Elsewhere there is no such mode.
    #[cfg(not(unix))]
    pub fn enter() -> Self {
        Self {}
    }

    /// Waits a moment for a key. A signal ends the wait without one.
    #[cfg(unix)]
    pub fn wait(&self) -> Waited {
        let stdin = std::io::stdin();
        let mut asked = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut asked, Some(&WAIT)) {
            Ok(0) | Err(Errno::INTR) => Waited::Nothing,
            Ok(_) if asked[0].revents().contains(PollFlags::IN) => Waited::Key,
            Ok(_) | Err(_) => Waited::Unknown,
        }
    }

    /// Elsewhere reading itself waits.
    #[cfg(not(unix))]
    pub fn wait(&self) -> Waited {
        Waited::Unknown
    }
}

/// What a wait for a key led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waited {
    /// One can be read without waiting.
    Key,
    Nothing,
    /// The terminal can't be waited for; reading it waits, or tells what is wrong.
    Unknown,
}

#[cfg(unix)]
impl Drop for Raw {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Drain, before);
        }
    }
}
