//! `config trust`: lets a policy that was found by looking for it reach outside its folder.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::commands::call::Call;
use crate::commands::output::{Report, Screen};
use crate::commands::{Outcome, consent, problems};
use crate::policy::discover::{Discovered, Given, POLICY_FILE, discover};
use crate::policy::environment::Environment;
use crate::policy::{folders, trust};
use crate::ui::problem::Problem;

/// Let a policy reach outside its folder
///
/// Shows what a policy that is found by looking for it would write, send or run outside its folder, and asks. What is
/// trusted is this text at this place: after any change of it the question comes again.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard config trust
  modelguard config trust --yes

Exit status: 0 done, trusted already, nothing to trust, or answered no; 2 no terminal and no --yes
Effect: writes the user's list of trusted policies, nothing else")]
pub struct Args {
    /// The modelguard.toml; without it the one that a command here would use
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Don't ask
    #[arg(short, long)]
    yes: bool,
}

pub fn run(call: &Call, args: &Args) -> Outcome {
    let found = found(call, args.file.as_deref())?;
    let lines = trust::outside(&found);
    let ending = |state| {
        Box::new(Trusted {
            path: found
                .policy_path
                .as_ref()
                .map(|path| path.display().to_string()),
            named: found.explicit,
            lines: lines.clone(),
            state,
        })
    };
    let (Some(path), Some(text), false) =
        (&found.policy_path, &found.source_text, lines.is_empty())
    else {
        return Ok(ending(State::NothingToTrust));
    };
    let Some(folder) = folders::state(&call.environment) else {
        return Err(Problem::new(
            "MG0517",
            "there is no folder for the list of trusted policies",
        )
        .cause("the system knows no home folder")
        .hint("set `XDG_STATE_HOME`"));
    };
    let fingerprint = trust::fingerprint(text, path);
    if trust::is_trusted(fingerprint, &folder).map_err(|error| problems::file(&error))? {
        return Ok(ending(State::TrustedAlready));
    }
    let plan = format!(
        "{} reaches outside its folder:\n  {}\n",
        path.display(),
        lines.join("\n  ")
    );
    let deed = "lets a policy reach outside its folder";
    if !consent::agree(call, &plan, "Trust it?", args.yes, deed)?.yes {
        return Ok(ending(State::Refused));
    }
    trust::trust(fingerprint, path, call.now, &folder).map_err(|error| problems::file(&error))?;
    Ok(ending(State::TrustedNow))
}

/// The policy as a command without `--db` finds it.
pub fn found(call: &Call, file: Option<&Path>) -> Result<Discovered, Problem> {
    let mut given = Given {
        db: None,
        ..call.given()
    };
    let mut environment = Environment {
        db: None,
        ..call.environment.clone()
    };
    if let Some(file) = file {
        if file.file_name() != Some(POLICY_FILE.as_ref()) {
            return Err(Problem::new(
                "MG0107",
                format!("{} is never found by looking for it", file.display()),
            )
            .cause(format!("only a file named {POLICY_FILE} is"))
            .hint("name it with `--config FILE`: that is consent"));
        }
        let folder = file
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        given.directory = folder.unwrap_or(Path::new(".")).to_owned();
        given.config = None;
        environment.config = None;
    }
    discover(&given, &environment).map_err(|error| problems::discover(call, error))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    TrustedNow,
    TrustedAlready,
    NothingToTrust,
    Refused,
}

struct Trusted {
    path: Option<String>,
    /// It was named with `--config`, which is consent.
    named: bool,
    /// What it would do outside its folder.
    lines: Vec<String>,
    state: State,
}

impl Report for Trusted {
    fn schema(&self) -> &'static str {
        "config_trust"
    }

    fn data(&self) -> Value {
        json!({
            "changed": self.state == State::TrustedNow,
            "policy_path": self.path,
            "trusted": self.state != State::Refused,
            "lines": self.lines,
        })
    }

    fn text(&self, _: &Screen) -> String {
        let path = self.path.as_deref().unwrap_or("modelguard.toml");
        match self.state {
            State::TrustedNow => format!("{path} is trusted now, as it stands.\n"),
            State::TrustedAlready => format!("{path} is trusted already; nothing changed.\n"),
            State::Refused => "Nothing changed.\n".to_owned(),
            State::NothingToTrust if self.path.is_none() => {
                "There is no policy here, so nothing needs trust.\n".to_owned()
            }
            State::NothingToTrust if self.named => {
                format!("{path} was named, which is consent; nothing changed.\n")
            }
            State::NothingToTrust => {
                format!("{path} stays within its folder and needs no trust.\n")
            }
        }
    }
}
