//! The job of a snippet that makes the season's version live: one for all models, or for the one that is named.

use super::{Name, Project, quoting};
use crate::domain::names::ModelName;
use crate::policy::discover::Discovered;

/// Silent until it changes something; while nobody holds the alias, or a bad version does, each run says so.
const APPLY: [&str; 4] = ["season", "apply", "--yes", "-q"];
/// The same of every model that has seasons when it runs.
const APPLY_ALL: [&str; 5] = ["season", "apply", "--all", "--yes", "-q"];

/// What a crontab or systemd needs besides; nothing where no model has seasons.
///
/// A season begins at midnight in UTC, which is at any hour of a local day, and what failed is due an hour later.
pub fn of(name: Name, project: &Project, found: &Discovered, models: &[ModelName]) -> String {
    let has = |model: &ModelName| !found.policy.for_model(model).season.is_empty();
    let (has_seasons, words) = match &found.model {
        Some(model) => (has(model), project.with(&APPLY)),
        None if models.is_empty() => (!found.policy.season.is_empty(), project.with(&APPLY_ALL)),
        None => (models.iter().any(has), project.with(&APPLY_ALL)),
    };
    match name {
        _ if !has_seasons => String::new(),
        Name::Systemd => units(project, &words),
        _ => format!("7 * * * *  {}\n", quoting::cron(&words)),
    }
}

/// A service and its timer.
fn units(project: &Project, words: &[String]) -> String {
    let main = &project.unit;
    let unit = format!("{main}-season");
    let (user, command) = (project.user_line(), quoting::systemd(words));
    format!(
        "
# The policy has seasons: two more units, and `systemctl enable --now {unit}.timer`.

# /etc/systemd/system/{unit}.service
[Unit]
Description=modelguard makes the version of the season live
OnFailure={main}-failed.service

[Service]
Type=oneshot
{user}
ExecStart={command}

# /etc/systemd/system/{unit}.timer
[Unit]
Description=modelguard looks for a new season every hour

[Timer]
OnCalendar=*-*-* *:07:00
Persistent=true

[Install]
WantedBy=timers.target
"
    )
}
