//! `completions`: what a shell has to know to complete commands and options.

use clap_complete::{Shell, generate};
use serde_json::{Value, json};

use super::Outcome;
use super::call::Call;
use super::output::{Report, Screen};

/// Completions of commands and options for a shell
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard completions bash > modelguard.bash

Exit status: 0 done
Effect: reads only")]
pub struct Args {
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

pub fn run(_: &Call, args: &Args) -> Outcome {
    let mut script = Vec::new();
    generate(args.shell, &mut super::tree(), "modelguard", &mut script);
    Ok(Box::new(Completions {
        text: String::from_utf8_lossy(&script).into_owned(),
    }))
}

struct Completions {
    text: String,
}

impl Report for Completions {
    fn schema(&self) -> &'static str {
        "completions"
    }

    fn data(&self) -> Value {
        json!({ "text": self.text })
    }

    fn text(&self, _: &Screen) -> String {
        self.text.clone()
    }
}
