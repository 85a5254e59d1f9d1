//! Where the user's own folders are: the home folder, and the one for the trust list.

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
        let fallback = state(&environment);
        assert!(
            fallback.is_none_or(|folder| folder.is_absolute() && folder.ends_with("modelguard"))
        );
    }
}
