//! Turns Ctrl-C and SIGTERM into a flag that long work looks at, and a second Ctrl-C into an exit.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use signal_hook::SigId;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};
use signal_hook::low_level::unregister;

use super::exit::ExitStatus;

/// What asked the tool to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

impl Signal {
    /// Gives the exit status of a run that the signal ended.
    pub const fn exit(self) -> ExitStatus {
        match self {
            Self::Interrupt => ExitStatus::Interrupted,
            Self::Terminate => ExitStatus::Terminated,
        }
    }
}

/// Remembers that the tool was asked to stop; clones share what they remember.
///
/// The default listens to no signal, which is what tests want.
#[derive(Debug, Clone, Default)]
pub struct StopFlag {
    interrupted: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
    /// Set by the first Ctrl-C; a Ctrl-C that finds it set ends the process in the handler.
    exits_at_once: Arc<AtomicBool>,
    /// The action that sets `exits_at_once`; absent while a question is open.
    arming: Arc<Mutex<Option<SigId>>>,
}

impl StopFlag {
    /// Starts to listen for both signals.
    ///
    /// # Errors
    ///
    /// Fails where the system refuses a signal handler.
    pub fn listen() -> io::Result<Self> {
        let flag = Self::default();
        // Actions run in the order of registration: the exit looks before the first Ctrl-C arms it.
        register_conditional_shutdown(
            SIGINT,
            i32::from(ExitStatus::Interrupted.code()),
            Arc::clone(&flag.exits_at_once),
        )?;
        register(SIGINT, Arc::clone(&flag.interrupted))?;
        register(SIGTERM, Arc::clone(&flag.terminated))?;
        flag.arm()?;
        Ok(flag)
    }

    /// Says whether to stop, and why. SIGTERM counts more than Ctrl-C, since a supervisor waits.
    pub fn requested(&self) -> Option<Signal> {
        if self.terminated.load(Ordering::SeqCst) {
            Some(Signal::Terminate)
        } else if self.interrupted.load(Ordering::SeqCst) {
            Some(Signal::Interrupt)
        } else {
            None
        }
    }

    /// As if the signal had come.
    #[cfg(test)]
    pub fn raise(&self, signal: Signal) {
        let flag = match signal {
            Signal::Interrupt => &self.interrupted,
            Signal::Terminate => &self.terminated,
        };
        flag.store(true, Ordering::SeqCst);
    }

    /// Holds the immediate exit back while a question is open.
    ///
    /// Only an open question changes the terminal's mode, so an exit from within the handler would
    /// leave that behind, with what the question drew.
    pub(super) fn while_asking(&self) -> Asking<'_> {
        let held = self.arming().take().is_some_and(unregister);
        Asking { flag: self, held }
    }

    fn arm(&self) -> io::Result<()> {
        let action = register(SIGINT, Arc::clone(&self.exits_at_once))?;
        *self.arming() = Some(action);
        Ok(())
    }

    fn arming(&self) -> std::sync::MutexGuard<'_, Option<SigId>> {
        self.arming.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notices that the window changed its size.
///
/// The signal also breaks the wait for a key, so that a question can be drawn anew at once.
#[derive(Debug)]
pub(super) struct Resizes {
    happened: Arc<AtomicBool>,
    action: Option<SigId>,
}

impl Resizes {
    /// Starts to listen; where that is impossible, a key shows the new size.
    pub(super) fn listen() -> Self {
        let happened = Arc::new(AtomicBool::new(false));
        #[cfg(unix)]
        let action = register(signal_hook::consts::SIGWINCH, Arc::clone(&happened)).ok();
        #[cfg(not(unix))]
        let action = None;
        Self { happened, action }
    }

    /// Says whether it happened since the last time.
    pub(super) fn take(&self) -> bool {
        self.happened.swap(false, Ordering::SeqCst)
    }
}

impl Drop for Resizes {
    fn drop(&mut self) {
        if let Some(action) = self.action.take() {
            unregister(action);
        }
    }
}

/// An open question; when it is dropped, a second Ctrl-C exits at once again.
#[derive(Debug)]
pub(super) struct Asking<'a> {
    flag: &'a StopFlag,
    held: bool,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if self.held {
            // Registering succeeded before; without it a second Ctrl-C would merely be graceful.
            let _ = self.flag.arm();
            if self.flag.interrupted.load(Ordering::SeqCst) {
                self.flag.exits_at_once.store(true, Ordering::SeqCst);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_requested_before_a_signal() {
        assert_eq!(StopFlag::default().requested(), None);
    }

    #[test]
    fn clones_share_what_they_remember() {
        let flag = StopFlag::default();
        let clone = flag.clone();
        clone.interrupted.store(true, Ordering::SeqCst);
        assert_eq!(flag.requested(), Some(Signal::Interrupt));
        clone.terminated.store(true, Ordering::SeqCst);
        assert_eq!(flag.requested(), Some(Signal::Terminate));
    }

    #[test]
    fn each_signal_has_its_exit_status() {
        assert_eq!(Signal::Interrupt.exit().code(), 130);
        assert_eq!(Signal::Terminate.exit().code(), 143);
    }

    #[test]
    fn a_flag_that_listens_to_nothing_can_ask_too() {
        let flag = StopFlag::default();
        drop(flag.while_asking());
        assert_eq!(flag.requested(), None);
    }

    #[cfg(unix)]
    mod signals {
        use std::process::{Command, Stdio};

        use signal_hook::low_level::raise;

        use super::*;

        /// Runs one of the ignored tests below alone in a process of its own, since handlers are
        /// the property of a whole process, and gives its exit status.
        fn alone(name: &str) -> Option<i32> {
            Command::new(std::env::current_exe().expect("because it is running"))
                .args([
                    "--ignored",
                    "--exact",
                    &format!("ui::interrupt::tests::signals::{name}"),
                ])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .expect("because the test binary can be run")
                .code()
        }

        #[test]
        fn the_first_signal_only_sets_the_flag() {
            assert_eq!(alone("alone_first"), Some(0));
        }

        #[test]
        fn the_second_ctrl_c_exits_at_once() {
            assert_eq!(alone("alone_second"), Some(130));
        }

        #[test]
        fn a_new_size_is_noticed_once() {
            let resizes = Resizes::listen();
            assert!(!resizes.take());
            raise(signal_hook::consts::SIGWINCH).expect("because raising is allowed");
            assert!(resizes.take());
            assert!(!resizes.take());
        }

        #[test]
        fn an_open_question_holds_the_exit_back_until_it_is_closed() {
            assert_eq!(alone("alone_asking"), Some(0));
            assert_eq!(alone("alone_asked"), Some(130));
        }

        #[test]
        #[ignore = "sets signal handlers: run alone by the tests above"]
        fn alone_first() {
            let flag = StopFlag::listen().expect("because handlers are allowed");
            raise(SIGINT).expect("because raising is allowed");
            assert_eq!(flag.requested(), Some(Signal::Interrupt));
            raise(SIGTERM).expect("because raising is allowed");
            raise(SIGTERM).expect("because raising is allowed");
            assert_eq!(flag.requested(), Some(Signal::Terminate));
        }

        #[test]
        #[ignore = "sets signal handlers: run alone by the tests above"]
        fn alone_second() {
            let _flag = StopFlag::listen().expect("because handlers are allowed");
            raise(SIGINT).expect("because raising is allowed");
            raise(SIGINT).expect("because raising is allowed");
        }

        #[test]
        #[ignore = "sets signal handlers: run alone by the tests above"]
        fn alone_asking() {
            let flag = StopFlag::listen().expect("because handlers are allowed");
            let asking = flag.while_asking();
            raise(SIGINT).expect("because raising is allowed");
            raise(SIGINT).expect("because raising is allowed");
            assert_eq!(flag.requested(), Some(Signal::Interrupt));
            drop(asking);
        }

        #[test]
        #[ignore = "sets signal handlers: run alone by the tests above"]
        fn alone_asked() {
            let flag = StopFlag::listen().expect("because handlers are allowed");
            let asking = flag.while_asking();
            raise(SIGINT).expect("because raising is allowed");
            drop(asking);
            raise(SIGINT).expect("because raising is allowed");
        }
    }
}
