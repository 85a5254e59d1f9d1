//! `config path` and `config show`: which files are meant, what every key is set to and who set it.

use serde_json::{Value, json};

use crate::commands::call::Call;
use crate::commands::output::{Report, Screen};
use crate::commands::{Outcome, problems};
use crate::policy::discover::{Discovered, Origin};
use crate::policy::explain::{KeyValue, keys};
use crate::policy::trust;
use crate::store::models::Model;
use crate::ui::colour::Tone;
use crate::ui::problem::Problem;
use crate::ui::table::{Column, Table};
use crate::workflows::naming::NamingError;

/// Which policy and which store a command here would use
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard config path

Exit status: 0 done, also where the files are not there yet; 1 the policy can't be read; 2 it is wrong
Effect: reads only")]
pub struct PathArgs {}

/// Every key of the policy and what it is set to
///
/// With -m as it holds for that model.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard config show
  modelguard config show --origin

Exit status: 0 done; 1 the policy can't be read; 2 it is wrong; 10 the store has no such model
Effect: reads only")]
pub struct ShowArgs {
    /// Who set each key: the policy and its line, a flag, the environment, or nobody
    #[arg(long)]
    origin: bool,
}

pub fn path(call: &Call, _: &PathArgs) -> Outcome {
    explained(call, Form::Paths)
}

pub fn show(call: &Call, args: &ShowArgs) -> Outcome {
    explained(
        call,
        if args.origin {
            Form::KeysAndOrigins
        } else {
            Form::Keys
        },
    )
}

fn explained(call: &Call, form: Form) -> Outcome {
    let found = call.discover()?;
    if form != Form::Paths {
        require_model(call, &found)?;
    }
    Ok(Box::new(Explained {
        form,
        policy_path: found
            .policy_path
            .as_ref()
            .map(|path| path.display().to_string()),
        db_path: found.store_path.display().to_string(),
        trusted: trust::require(&found, &call.environment).is_ok(),
        keys: keys(&found, found.model.as_ref()),
    }))
}

/// Refuses a model that the run names and the store does not have. A policy is shown whatever its `default_model` is,
/// and where there is no store yet nobody knows which models it will have.
fn require_model(call: &Call, found: &Discovered) -> Result<(), Problem> {
    let by_the_run = matches!(found.model_origin, Origin::Flag | Origin::Environment);
    let (Some(name), true) = (&found.model, by_the_run) else {
        return Ok(());
    };
    let Some(models) = super::models_of(call, found) else {
        return Ok(());
    };
    let is_named = |model: &Model| {
        let have = model.name.as_str();
        have.eq_ignore_ascii_case(name.as_str())
    };
    if models.iter().any(is_named) {
        return Ok(());
    }
    let have = models.iter().map(|model| model.name.to_string()).collect();
    let name = name.clone();
    Err(problems::naming(call, NamingError::NoModel { name, have }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Paths,
    Keys,
    KeysAndOrigins,
}

struct Explained {
    form: Form,
    /// `None`: there is none, and the defaults hold.
    policy_path: Option<String>,
    db_path: String,
    trusted: bool,
    keys: Vec<KeyValue>,
}

/// The policy's line, where it set the key for one model the key in full, else the word for who did.
fn origin(key: &KeyValue) -> String {
    match &key.written {
        Some((name, line)) if *name == key.key => format!("policy, line {line}"),
        Some((name, line)) => format!("policy, line {line}: {name}"),
        None => key.origin.name().to_owned(),
    }
}

impl Report for Explained {
    fn schema(&self) -> &'static str {
        match self.form {
            Form::Paths => "config_path",
            Form::Keys | Form::KeysAndOrigins => "config_show",
        }
    }

    fn data(&self) -> Value {
        let keys: Vec<_> = self
            .keys
            .iter()
            .map(|key| {
                json!({
                    "key": key.key,
                    "value": key.value,
                    "origin": key.origin.name(),
                    "line_number": key.written.as_ref().map(|(_, line)| line),
                    "written_key": key.written.as_ref().map(|(name, _)| name),
                    "unit": key.unit,
                })
            })
            .collect();
        json!({
            "policy_path": self.policy_path,
            "db_path": self.db_path,
            "trusted": self.trusted,
            "keys": keys,
        })
    }

    fn text(&self, screen: &Screen) -> String {
        let policy = self.policy_path.as_deref();
        let paths = format!(
            "policy  {}{}\nstore   {}\n",
            policy.unwrap_or("none; the defaults hold"),
            if self.trusted {
                ""
            } else {
                "  (not trusted: `modelguard config trust`)"
            },
            self.db_path
        );
        if self.form == Form::Paths {
            return paths;
        }
        let with_origin = self.form == Form::KeysAndOrigins;
        let mut columns = vec![Column::words("key", 0), Column::words("value", 0)];
        columns.extend(with_origin.then(|| Column::words("origin", 0)));
        columns.push(Column::words("unit", 1));
        let mut table = Table::new(columns);
        for key in &self.keys {
            let mut cells = vec![key.key.clone()];
            cells.push(
                key.value
                    .clone()
                    .unwrap_or_else(|| format!("- ({})", key.without)),
            );
            cells.extend(with_origin.then(|| origin(key)));
            cells.push(key.unit.to_owned());
            table.row(cells);
            table.tone(1, key.value.is_none().then_some(Tone::Faint));
        }
        format!(
            "{paths}\n{}",
            table.render_painted(screen.width, screen.palette)
        )
    }
}
