//! The jobs of a snippet that make the season's version live, one for each model that has seasons.

use super::{Name, Project, plain, quoting};
use crate::domain::names::ModelName;
use crate::policy::discover::Discovered;

/// Once a day. Silent but on the day of the change; while nobody holds the alias, or a bad version does, each day says so.
const APPLY: [&str; 4] = ["season", "apply", "--yes", "-q"];

/// What a crontab or systemd needs besides; nothing where no model has seasons. `is_open`: a job names its model.
pub fn of(
    name: Name,
    project: &Project,
    found: &Discovered,
    models: &[ModelName],
    is_open: bool,
) -> String {
    let has = |model: &ModelName| !found.policy.for_model(model).season.is_empty();
    let jobs: Vec<Option<&ModelName>> = if is_open {
        models.iter().filter(|model| has(model)).map(Some).collect()
    } else {
        let one = match found.model.as_ref().or(models.first()) {
            Some(model) => has(model),
            None => !found.policy.season.is_empty(),
        };
        if one { vec![None] } else { Vec::new() }
    };
    let jobs = jobs.into_iter().map(|model| {
        let mut words = project.with(&APPLY);
        words.extend(
            model
                .into_iter()
                .flat_map(|model| ["-m".to_owned(), model.to_string()]),
        );
        (model, words)
    });
    match name {
        Name::Systemd => jobs
            .map(|(model, words)| units(project, model, &words))
            .collect(),
        _ => jobs
            .map(|(_, words)| format!("7 0 * * *  {}\n", quoting::cron(&words)))
            .collect(),
    }
}

/// A service and its timer.
fn units(project: &Project, model: Option<&ModelName>, words: &[String]) -> String {
    let of_model = model.map_or_else(String::new, |model| format!("-{}", plain(model.as_str())));
    let main = &project.unit;
    let unit = format!("{main}-season{of_model}");
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
Description=modelguard looks for a new season every day

[Timer]
OnCalendar=*-*-* 00:07:00
Persistent=true

[Install]
WantedBy=timers.target
"
    )
}
