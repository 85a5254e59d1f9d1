//! The command that lets a policy reach outside its folder, as it can be pasted: with the folder of the user's list.

use super::call::{Call, quoted};

/// What to do about a policy that is not trusted. `words` is `config trust`, with the file where one was named.
///
/// The list of who has run into it may be another than that of the shell into which this is pasted: cron and systemd
/// have an environment of their own.
pub fn hint(call: &Call, words: &str) -> String {
    let state = call.environment.xdg_state_home.as_deref();
    let state = state.filter(|folder| folder.is_absolute());
    let state = state.map_or_else(String::new, |folder| {
        format!("XDG_STATE_HOME={} ", quoted(&folder.display().to_string()))
    });
    format!("read it, then `{state}{}`", call.follow_up(words))
}
