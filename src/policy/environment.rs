//! Reads the process's environment, once; everything else is given what it says.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::domain::names::ModelName;
use crate::domain::policy::read_lock_timeout;
use crate::domain::time::{Length, Timestamp};
use crate::files;

/// More than the system says about a process or a host.
const LIMIT_BYTES: u64 = 64 << 10;

/// What the environment says. A variable that is empty counts as not set. `Environment::default()` says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `MODELGUARD_DB`
    pub db: Option<PathBuf>,
    /// `MODELGUARD_CONFIG`
    pub config: Option<PathBuf>,
    /// `MODELGUARD_MODEL`
    pub model: Option<String>,
    /// `MODELGUARD_NOW`
    pub now: Option<String>,
    /// `MODELGUARD_ACTOR`
    pub actor: Option<String>,
    /// `MODELGUARD_LOCK_TIMEOUT`
    pub lock_timeout: Option<String>,
    /// `MODELGUARD_LOG`
    pub log: Option<String>,
    /// `MODELGUARD_LOG_FILE`
    pub log_file: Option<PathBuf>,
    /// `MODELGUARD_EXIT_MAP`
    pub exit_map: Option<String>,
    /// `CI`, unless it is `false` or `0`.
    pub ci: bool,
    /// `NO_COLOR`
    pub no_color: bool,
    /// `FORCE_COLOR` or `CLICOLOR_FORCE`, unless it is `0`.
    pub force_color: bool,
    /// `TERM`
    pub term: Option<String>,
    /// `HOME`, on Windows `USERPROFILE`.
    pub home: Option<PathBuf>,
    /// `XDG_STATE_HOME`
    pub xdg_state_home: Option<PathBuf>,
    /// `USER`, `LOGNAME` or `USERNAME`
    pub user: Option<String>,
    /// What the system says about who runs this, where no variable does.
    pub account: Option<String>,
    /// The host that the system names, else `HOSTNAME` or `COMPUTERNAME`.
    pub host: Option<String>,
}

/// A variable holds what it can't.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable}={value:?}: {reason}")]
pub struct BadVariable {
    pub variable: &'static str,
    pub value: String,
    pub reason: String,
}

impl Environment {
    /// Reads all of it. What a variable holds is judged by who asks for it.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the file that reads the environment"
    )]
    pub fn read() -> Self {
        Self::from_variables(|name| env::var_os(name))
            .with_host_of_the_system()
            .with_account_of_the_system()
    }

    /// One variable by its name, at this moment: a secret, which is not kept.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the file that reads the environment"
    )]
    pub fn variable(name: &str) -> Option<String> {
        env::var(name).ok().filter(|value| !value.is_empty())
    }

    /// Makes `folder` the process's current one: every relative path begins there from now on.
    ///
    /// # Errors
    /// There is no such folder, or it may not be entered.
    pub fn enter(folder: &Path) -> std::io::Result<()> {
        env::set_current_dir(folder)
    }

    /// Where the running program lies; links are followed where the system does so.
    ///
    /// # Errors
    /// The system does not say.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the file that asks about the process"
    )]
    pub fn program() -> std::io::Result<PathBuf> {
        env::current_exe()
    }

    /// The same from any source of variables.
    #[must_use]
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let text = |name: &str| set(name).map(|value| value.to_string_lossy().into_owned());
        let path = |name: &str| set(name).map(PathBuf::from);
        let is_on = |name: &str| text(name).is_some_and(|value| value != "0" && value != "false");
        Self {
            db: path("MODELGUARD_DB"),
            config: path("MODELGUARD_CONFIG"),
            model: text("MODELGUARD_MODEL"),
            now: text("MODELGUARD_NOW"),
            actor: text("MODELGUARD_ACTOR"),
            lock_timeout: text("MODELGUARD_LOCK_TIMEOUT"),
            log: text("MODELGUARD_LOG"),
            log_file: path("MODELGUARD_LOG_FILE"),
            exit_map: text("MODELGUARD_EXIT_MAP"),
            ci: is_on("CI"),
            no_color: set("NO_COLOR").is_some(),
            force_color: is_on("FORCE_COLOR") || is_on("CLICOLOR_FORCE"),
            term: text("TERM"),
            home: path("HOME").or_else(|| path("USERPROFILE")),
            xdg_state_home: path("XDG_STATE_HOME"),
            user: ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(text),
            account: None,
            host: ["HOSTNAME", "COMPUTERNAME"].into_iter().find_map(text),
        }
    }

    /// A container sets `HOSTNAME` or not; the kernel always knows.
    fn with_host_of_the_system(mut self) -> Self {
        const FILES: [&str; 2] = ["/proc/sys/kernel/hostname", "/etc/hostname"];
        let named = FILES.iter().find_map(|file| first_line(Path::new(file)));
        self.host = named.or(self.host);
        self
    }

    /// A service often runs without `USER`. Where the system has no name for it, its number is better than nothing.
    fn with_account_of_the_system(mut self) -> Self {
        if self.user.is_none() {
            let status = files::read::text(Path::new("/proc/self/status"), LIMIT_BYTES);
            let number = status.ok().and_then(|status| user_number(&status));
            self.account = number
                .map(|number| files::user::name_of(number).unwrap_or(format!("uid {number}")));
        }
        self
    }

    /// Who acts: `MODELGUARD_ACTOR`, else the user of the operating system.
    #[must_use]
    pub fn actor(&self) -> &str {
        let named = [&self.actor, &self.user, &self.account];
        let actor = named.into_iter().find_map(|name| name.as_deref());
        actor.unwrap_or("unknown")
    }

    /// The host that it acts on.
    #[must_use]
    pub fn host(&self) -> &str {
        self.host.as_deref().unwrap_or("unknown")
    }

    /// The clock that `MODELGUARD_NOW` sets.
    ///
    /// # Errors
    /// The variable holds no time.
    pub fn now(&self) -> Result<Option<Timestamp>, BadVariable> {
        read("MODELGUARD_NOW", self.now.as_deref(), |text| {
            Timestamp::read(text).map(|reading| reading.at)
        })
    }

    /// The model that `MODELGUARD_MODEL` names.
    ///
    /// # Errors
    /// The variable holds no name of a model.
    pub fn model(&self) -> Result<Option<ModelName>, BadVariable> {
        read("MODELGUARD_MODEL", self.model.as_deref(), str::parse)
    }

    /// How much is told that `MODELGUARD_LOG` sets, as a number of `-v`.
    ///
    /// # Errors
    /// The variable holds no level.
    pub fn verbosity(&self) -> Result<Option<u8>, BadVariable> {
        read("MODELGUARD_LOG", self.log.as_deref(), |text| match text {
            "warn" => Ok(0),
            "info" => Ok(1),
            "debug" => Ok(2),
            _ => Err("it is warn, info (as -v) or debug (as -vv)"),
        })
    }

    /// The time to wait that `MODELGUARD_LOCK_TIMEOUT` sets.
    ///
    /// # Errors
    /// The variable holds no length of time.
    pub fn lock_timeout(&self) -> Result<Option<Length>, BadVariable> {
        read(
            "MODELGUARD_LOCK_TIMEOUT",
            self.lock_timeout.as_deref(),
            read_lock_timeout,
        )
    }
}

fn read<T, E: std::fmt::Display>(
    variable: &'static str,
    value: Option<&str>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<T>, BadVariable> {
    value
        .map(|value| {
            parse(value).map_err(|error| BadVariable {
                variable,
                value: value.to_owned(),
                reason: error.to_string(),
            })
        })
        .transpose()
}

fn first_line(path: &Path) -> Option<String> {
    let text = files::read::text(path, LIMIT_BYTES).ok()?;
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

/// The number of the user, from what Linux says about a process.
fn user_number(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::from_variables(|name| {
            let set = variables.iter().find(|(variable, _)| *variable == name);
            set.map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        let names = [
            "MODELGUARD_DB",
            "MODELGUARD_NOW",
            "NO_COLOR",
            "CI",
            "FORCE_COLOR",
            "HOME",
            "USER",
        ];
        assert_eq!(
            environment(&names.map(|name| (name, ""))),
            Environment::default()
        );
    }

    #[test]
    fn switches_are_on_unless_they_say_no() {
        assert!(environment(&[("CI", "true")]).ci);
        assert!(!environment(&[("CI", "false")]).ci);
        assert!(environment(&[("NO_COLOR", "0")]).no_color);
        assert!(environment(&[("CLICOLOR_FORCE", "1")]).force_color);
        assert!(!environment(&[("FORCE_COLOR", "0")]).force_color);
    }

    #[test]
    fn values_are_typed_and_a_bad_one_names_its_variable() {
        let good = environment(&[
            ("MODELGUARD_NOW", "2013-11-23T09:00:00Z"),
            ("MODELGUARD_MODEL", "flights"),
            ("MODELGUARD_LOCK_TIMEOUT", "250ms"),
        ]);
        assert_eq!(
            good.now().unwrap().unwrap().to_string(),
            "2013-11-23T09:00:00Z"
        );
        assert_eq!(good.model().unwrap().unwrap().as_str(), "flights");
        assert_eq!(good.lock_timeout().unwrap().unwrap().millis(), 250);
        assert_eq!(Environment::default().now(), Ok(None));
        for (level, verbosity) in [("warn", 0), ("info", 1), ("debug", 2)] {
            let set = environment(&[("MODELGUARD_LOG", level)]);
            assert_eq!(set.verbosity(), Ok(Some(verbosity)));
        }
        assert!(
            environment(&[("MODELGUARD_LOG", "loud")])
                .verbosity()
                .is_err()
        );

        let bad = environment(&[("MODELGUARD_NOW", "noon"), ("MODELGUARD_LOCK_TIMEOUT", "5")]);
        assert_eq!(
            bad.now().unwrap_err().to_string(),
            "MODELGUARD_NOW=\"noon\": noon is no time; write 2026-01-31T14:00:00Z, 2026-01-31 or Unix seconds"
        );
        assert_eq!(
            bad.lock_timeout().unwrap_err().variable,
            "MODELGUARD_LOCK_TIMEOUT"
        );
    }

    #[test]
    fn the_actor_is_the_named_one_else_the_user() {
        assert_eq!(
            environment(&[("USER", "ana"), ("MODELGUARD_ACTOR", "deploy")]).actor(),
            "deploy"
        );
        assert_eq!(environment(&[("LOGNAME", "ana")]).actor(), "ana");
        assert_eq!(Environment::default().actor(), "unknown");
        assert_eq!(user_number("Name:\tx\nUid:\t1000\t1000\n"), Some(1_000));
        assert_eq!(user_number(""), None);
    }

    #[test]
    fn the_real_environment_names_an_actor_and_a_host() {
        let real = Environment::read();
        assert!(!real.actor().is_empty());
        assert!(!real.host().contains('\n'));
    }
}
