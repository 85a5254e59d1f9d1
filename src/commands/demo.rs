//! `demo`: plays the whole story on real flights, with one injected fault, in a folder of its own.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::call::{Call, quoted};
use super::output::{Report, Screen};
use super::{Outcome, Voice, output, problems};
use crate::domain::names::AliasName;
use crate::domain::time::Length;
use crate::files::read::{PathKind, kind_of};
use crate::files::write::{create_directory_all, create_new};
use crate::policy::environment::Environment;
use crate::store::{Access, Store, Tx, aliases, models, versions};
use crate::ui::exit::ExitStatus;
use crate::ui::problem::Problem;

macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        /// What the demo writes into its folder: name and content.
        const FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../fixtures/demo/", $name)))),+];
    };
}

embedded!(
    "clock_times.json",
    "feed_delay.json",
    "metrics_clock_times.json",
    "metrics_feed_delay.json",
    "reference_clock_times.csv",
    "reference_feed_delay.csv",
    "1_week_live.csv",
    "1_week_shadow.csv",
    "1_week_truth.csv",
    "2_fault_live.csv",
    "2_fault_shadow.csv",
    "2_fault_truth.csv",
    "3_hours_live.csv",
    "3_hours_shadow.csv",
    "3_hours_truth.csv",
    "4_days_live.csv",
    "4_days_shadow.csv",
    "4_days_truth.csv",
);

const POLICY: &str = "\
# The policy of the demo. `modelguard config show` lists every key with its value.
[check]
metric = \"accuracy\"      # how many flights were told right
threshold_pct = 5.0      # degraded: worse than the reference sample by more than this
baseline = \"reference\"   # the held-out sample that came with the version

[action]
on_degraded = \"rollback\" # go back to the version below without asking
";

const OLDER: &str = "20131101_090000";
const NEWER: &str = "20131104_090000";

/// One command of the story: when it runs, its words, and the exit status that it has to give.
struct Step {
    now: &'static str,
    words: &'static [&'static str],
    exit: ExitStatus,
}

const fn step(now: &'static str, words: &'static [&'static str]) -> Step {
    judged(now, words, ExitStatus::Ok)
}

const fn judged(now: &'static str, words: &'static [&'static str], exit: ExitStatus) -> Step {
    Step { now, words, exit }
}

/// A chapter: what to know before it, and its commands.
struct Chapter {
    told: &'static str,
    steps: &'static [Step],
}

const BEGIN: &str = "2013-11-01T09:00:00Z";
const NEW_VERSION: &str = "2013-11-04T09:00:00Z";
const A_WEEK: &str = "2013-11-11T09:00:00Z";
const FAULT: &str = "2013-11-13T09:00:00Z";
const HOURS: &str = "2013-11-13T14:00:00Z";
const DAYS: &str = "2013-11-17T09:00:00Z";

const STORY: &[Chapter] = &[
    Chapter {
        told: "1 November: a project, and the version that works with the two clock times goes live.",
        steps: &[
            step(
                BEGIN,
                &["init", "--model", "flights", "--task", "classification"],
            ),
            step(
                BEGIN,
                &[
                    "register",
                    "clock_times.json",
                    "--metrics",
                    "metrics_clock_times.json",
                    "--reference",
                    "reference_clock_times.csv",
                    "--alias",
                    "production",
                ],
            ),
        ],
    },
    Chapter {
        told: "4 November: a newer version reads the feed's dep_delay; on held-out flights it is a little better.",
        steps: &[
            step(
                NEW_VERSION,
                &[
                    "register",
                    "feed_delay.json",
                    "--metrics",
                    "metrics_feed_delay.json",
                    "--reference",
                    "reference_feed_delay.csv",
                ],
            ),
            step(NEW_VERSION, &["promote", "latest", "--yes"]),
        ],
    },
    Chapter {
        told: "11 November: a week of its predictions, and how the flights landed. The older version ran in the shadow.",
        steps: &[
            step(A_WEEK, &["ingest", "predictions", "1_week_live.csv"]),
            step(
                A_WEEK,
                &[
                    "ingest",
                    "predictions",
                    "1_week_shadow.csv",
                    "--version",
                    OLDER,
                ],
            ),
            step(A_WEEK, &["ingest", "truth", "1_week_truth.csv"]),
            step(A_WEEK, &["monitor"]),
        ],
    },
    Chapter {
        told: "13 November: since two days, unnoticed, the feed sends seconds instead of minutes.",
        steps: &[
            step(FAULT, &["ingest", "predictions", "2_fault_live.csv"]),
            step(
                FAULT,
                &[
                    "ingest",
                    "predictions",
                    "2_fault_shadow.csv",
                    "--version",
                    OLDER,
                ],
            ),
            step(FAULT, &["ingest", "truth", "2_fault_truth.csv"]),
            judged(FAULT, &["monitor"], ExitStatus::Acted),
            step(FAULT, &["compare", NEWER, OLDER]),
        ],
    },
    Chapter {
        told: "The same day, five hours later: the restored version has only begun, so nobody can say yet.",
        steps: &[
            step(HOURS, &["ingest", "predictions", "3_hours_live.csv"]),
            step(
                HOURS,
                &[
                    "ingest",
                    "predictions",
                    "3_hours_shadow.csv",
                    "--version",
                    NEWER,
                ],
            ),
            step(HOURS, &["ingest", "truth", "3_hours_truth.csv"]),
            judged(HOURS, &["monitor"], ExitStatus::Insufficient),
        ],
    },
    Chapter {
        told: "17 November: four days of the restored version.",
        steps: &[
            step(DAYS, &["ingest", "predictions", "4_days_live.csv"]),
            step(
                DAYS,
                &[
                    "ingest",
                    "predictions",
                    "4_days_shadow.csv",
                    "--version",
                    NEWER,
                ],
            ),
            step(DAYS, &["ingest", "truth", "4_days_truth.csv"]),
            step(DAYS, &["monitor"]),
            step(DAYS, &["status"]),
            step(DAYS, &["log"]),
        ],
    },
    Chapter {
        told: "To undo the rollback (the feed is still broken, so this only shows it):",
        steps: &[step(DAYS, &["undo", "--dry-run"])],
    },
];

const INTRODUCTION: &str = "\
Will a flight from Newark land more than 15 minutes late? 4,336 flights of November 2013, two models, in the data's
own weeks: each command shows the clock that it is given.
The flights, both models and their accuracy are real; ONE fault is injected: from 11 November, 11:00 UTC, the feed
sends dep_delay in seconds instead of minutes.
";

/// Play the whole story on real flights, in a folder of its own
///
/// Two versions, one injected fault, the automatic rollback, and how to go on by hand. It needs no
/// network and writes nothing outside the folder but the tool's own log.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard demo

Exit status: 0 the story went as it should; 1 the folder can't be written
Effect: records, in its own folder")]
pub struct Args {
    /// The folder to make; where it is taken, -2, -3 … is added
    #[arg(value_name = "DIR", default_value = "modelguard-demo")]
    folder: PathBuf,
}

/// Runs words at a time as the shell would.
pub type Again<'a> = &'a dyn Fn(&[&str], &str, Voice) -> ExitStatus;

pub fn run(call: &Call, args: &Args, again: Again<'_>) -> Outcome {
    let voice = if call.globals.json || call.globals.quiet > 0 {
        Voice::Mute
    } else {
        Voice::Loud
    };
    let say = |text: &str| {
        if voice == Voice::Loud {
            let _ = output::stdout(text);
        }
    };
    let folder = write_files(&args.folder)?;
    Environment::enter(&folder).map_err(|error| {
        Problem::new("MG0517", format!("{} can't be entered", folder.display()))
            .cause(error.to_string())
    })?;
    say(INTRODUCTION);
    say(&format!("\n$ cd {}\n", quoted(&folder.to_string_lossy())));
    for chapter in STORY {
        say(&format!("\n# {}\n", chapter.told));
        for step in chapter.steps {
            call.check_stop()?;
            say(&format!(
                "$ MODELGUARD_NOW={} modelguard {}\n",
                step.now,
                step.words.join(" ")
            ));
            let exit = again(step.words, step.now, voice);
            if exit != ExitStatus::Ok {
                say(&format!(
                    "(exit status {}: {})\n",
                    exit.code(),
                    exit.meaning()
                ));
            }
            if exit != step.exit {
                call.check_stop()?;
                return Err(Problem::new(
                    "MG9901",
                    format!(
                        "the demo's `{}` ended with exit status {}",
                        step.words.join(" "),
                        exit.code()
                    ),
                )
                .cause(format!("{} was expected", step.exit.code())));
            }
        }
    }
    let live = live_version(call)?;
    Ok(Box::new(Played {
        folder: folder.display().to_string(),
        live,
    }))
}

/// Makes a folder that is not there yet and fills it.
fn write_files(wanted: &Path) -> Result<PathBuf, Problem> {
    let failed = |error: crate::files::FileError| problems::file(&error);
    let mut folder = wanted.to_path_buf();
    let mut number = 2_u64;
    while !matches!(kind_of(&folder).map_err(failed)?, PathKind::Absent) {
        let mut name = wanted.as_os_str().to_os_string();
        name.push(format!("-{number}"));
        folder = PathBuf::from(name);
        number += 1;
    }
    create_directory_all(&folder).map_err(failed)?;
    for (name, content) in FILES {
        create_new(&folder.join(name), content.as_bytes()).map_err(failed)?;
    }
    create_new(
        &folder.join(crate::policy::discover::POLICY_FILE),
        POLICY.as_bytes(),
    )
    .map_err(failed)?;
    Ok(folder)
}

/// Who is live at the end, read from the demo's own store whatever the surroundings say.
fn live_version(call: &Call) -> Result<Option<String>, Problem> {
    let timeout = Length::from_seconds(5);
    let live = |tx: &Tx<'_>| {
        let models = models::list(tx)?;
        let Some(model) = models.first() else {
            return Ok(None);
        };
        let holders = aliases::holders(tx, model.id, &AliasName::production())?;
        let version = holders
            .holder()
            .map(|id| versions::get(tx, id))
            .transpose()?;
        Ok(version.map(|version| version.name.to_string()))
    };
    Store::open(
        Path::new("modelguard.db"),
        Access::Read,
        timeout,
        &call.author(),
    )
    .and_then(|mut store| store.read(live))
    .map_err(|error| problems::store(call, error))
}

struct Played {
    folder: String,
    live: Option<String>,
}

impl Report for Played {
    fn schema(&self) -> &'static str {
        "demo"
    }

    fn data(&self) -> Value {
        json!({
            "db_path": Path::new(&self.folder).join("modelguard.db").display().to_string(),
            "policy_path": Path::new(&self.folder).join("modelguard.toml").display().to_string(),
            "model": "flights",
            "task": "classification",
            "created": true,
            "live_version": self.live,
        })
    }

    fn text(&self, _: &Screen) -> String {
        format!(
            "\nLive at the end: {}. Go on by hand: cd {} && export MODELGUARD_NOW={DAYS}\n\
             MODELGUARD_NOW is the clock of each command, and this store lives in 2013: without it every flight is too \
             old to judge by. In your own project leave it unset.\n",
            self.live.as_deref().unwrap_or("nobody"),
            quoted(&self.folder)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::example::text;
    use crate::domain::time::Timestamp;

    #[test]
    fn what_is_embedded_fits_in_a_megabyte() {
        let bytes: usize = FILES.iter().map(|(_, content)| content.len()).sum();
        assert!(bytes <= 1_000_000, "{bytes}");
    }

    #[test]
    fn every_command_of_the_story_parses() {
        for step in STORY.iter().flat_map(|chapter| chapter.steps) {
            let words = std::iter::once("modelguard").chain(step.words.iter().copied());
            let parsed = crate::commands::tree().try_get_matches_from(words);
            assert!(parsed.is_ok(), "{:?}", step.words);
        }
    }

    #[test]
    fn the_clock_of_the_story_never_goes_back() {
        let times: Vec<_> = STORY
            .iter()
            .flat_map(|chapter| chapter.steps)
            .map(|step| Timestamp::read(step.now).unwrap().at)
            .collect();
        assert!(times.is_sorted());
        assert!(times.len() > 20);
    }

    #[test]
    fn the_story_shows_every_verdict() {
        let steps = || STORY.iter().flat_map(|chapter| chapter.steps);
        let monitors: Vec<_> = steps()
            .filter(|step| step.words == ["monitor"])
            .map(|step| step.exit)
            .collect();
        let expected = [
            ExitStatus::Ok,
            ExitStatus::Acted,
            ExitStatus::Insufficient,
            ExitStatus::Ok,
        ];
        assert_eq!(monitors, expected);
    }

    #[test]
    fn the_policy_of_the_story_is_a_policy() {
        let read = crate::policy::load::parse(POLICY, Path::new("modelguard.toml"));
        let policy = read.unwrap();
        assert_eq!(policy.action.on_degraded.name(), "rollback");
    }

    #[test]
    fn the_end_can_be_pasted_also_from_a_folder_with_a_space() {
        let played = |folder: &str, live: Option<&str>| Played {
            folder: folder.to_owned(),
            live: live.map(str::to_owned),
        };
        assert_eq!(
            text(&played("demo", Some(OLDER))),
            "\nLive at the end: 20131101_090000. Go on by hand: cd demo && export MODELGUARD_NOW=2013-11-17T09:00:00Z\n\
             MODELGUARD_NOW is the clock of each command, and this store lives in 2013: without it every flight is too \
             old to judge by. In your own project leave it unset.\n"
        );
        assert!(text(&played("my demo", None)).starts_with(
            "\nLive at the end: nobody. Go on by hand: cd 'my demo' && export MODELGUARD_NOW="
        ));
        let data = played("my demo", None).data();
        assert_eq!(
            data["db_path"],
            json!(Path::new("my demo").join("modelguard.db"))
        );
        assert_eq!(data["live_version"], Value::Null);
    }

    #[test]
    fn every_file_of_a_step_is_written() {
        for step in STORY.iter().flat_map(|chapter| chapter.steps) {
            for word in step.words {
                if word.ends_with(".csv") || word.ends_with(".json") {
                    assert!(FILES.iter().any(|(name, _)| name == word), "{word}");
                }
            }
        }
    }
}
