//! Where the user's own folders are: the home folder, and the one for the trust list and the log.

use std::path::PathBuf;

use directories::{BaseDirs, ProjectDirs};

use super::environment::Environment;

/// The user's home folder: as the environment says, else as the system does (a job may run without `HOME`).
#[must_use]
pub fn home(environment: &Environment) -> Option<PathBuf> {
    environment
        .home
        .clone()
        .filter(|home| home.is_absolute())
        .or_else(|| BaseDirs::new().map(|folders| folders.home_dir().to_owned()))
}

/// The folder for what modelguard remembers about this user, outside every project. It may not exist yet.
///
/// `XDG_STATE_HOME` wins on every system; as its standard says, it counts only where it is absolute. `None`: the
/// system knows no home folder.
#[must_use]
pub fn state(environment: &Environment) -> Option<PathBuf> {
    let named = environment
        .xdg_state_home
        .as_ref()
        .filter(|folder| folder.is_absolute());
    match named {
        Some(folder) => Some(folder.join("modelguard")),
        None => ProjectDirs::from("", "", "modelguard").map(|folders| {
            let local = folders.data_local_dir();
            folders.state_dir().unwrap_or(local).to_owned()
        }),
    }
}

/// The folder of the tool's own log, if the environment names a home or a state folder.
///
/// What the system knows besides is not asked: a job that was started with a bare environment leaves no trace in the
/// home folder of whoever started it.
#[must_use]
pub fn log(environment: &Environment) -> Option<PathBuf> {
    let named = [&environment.xdg_state_home, &environment.home];
    let absolute =
        |folder: &Option<PathBuf>| folder.as_ref().is_some_and(|path| path.is_absolute());
    named
        .into_iter()
        .any(absolute)
        .then(|| state(environment))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absolute_xdg_folder_wins_and_a_relative_one_is_ignored() {
        let mut environment = Environment {
            xdg_state_home: Some(PathBuf::from("/state")),
            home: Some(PathBuf::from("/home/me")),
            ..Environment::default()
        };
        assert_eq!(
            state(&environment),
            Some(PathBuf::from("/state/modelguard"))
        );
        assert_eq!(home(&environment), Some(PathBuf::from("/home/me")));
        environment.xdg_state_home = Some(PathBuf::from("state"));
        assert_eq!(log(&environment), state(&environment));
        let fallback = state(&environment);
        assert!(
            fallback.is_none_or(|folder| folder.is_absolute() && folder.ends_with("modelguard"))
        );
    }

    #[test]
    fn without_a_home_in_the_environment_there_is_no_log() {
        assert_eq!(log(&Environment::default()), None);
        let relative = Environment {
            xdg_state_home: Some(PathBuf::from("state")),
            home: Some(PathBuf::from(".")),
            ..Environment::default()
        };
        assert_eq!(log(&relative), None);
        let state_only = Environment {
            xdg_state_home: Some(PathBuf::from("/state")),
            ..Environment::default()
        };
        assert_eq!(log(&state_only), Some(PathBuf::from("/state/modelguard")));
    }
}
