//! The options that every command takes.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use crate::domain::names::ModelName;
use crate::domain::time::Length;
use crate::ui::colour::ColourChoice;

/// Options of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of every command")]
pub struct Globals {
    /// Work as if started in DIR
    #[arg(
        short = 'C',
        long = "directory",
        global = true,
        value_name = "DIR",
        default_value = ".",
        hide_default_value = true
    )]
    pub directory: PathBuf,

    /// The store [env: MODELGUARD_DB; default: the policy's store.path]
    #[arg(long, global = true, value_name = "FILE")]
    pub db: Option<PathBuf>,

    /// The policy [env: MODELGUARD_CONFIG; default: the nearest modelguard.toml upwards]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The model [env: MODELGUARD_MODEL; default: default_model, or the only one]
    #[arg(short, long, global = true, value_name = "NAME")]
    pub model: Option<ModelName>,

    /// Print one JSON document on stdout; errors as JSON on stderr
    #[arg(long, global = true)]
    pub json: bool,

    /// auto, always or never
    #[arg(long = "color", global = true, value_name = "WHEN", default_value = "auto", hide_default_value = true, value_parser = |text: &str| text.parse::<ColourChoice>())]
    pub colour: ColourChoice,

    /// No status lines; a judging command prints only when its state changed. Twice: nothing
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub quiet: u8,

    /// Say which policy, store and model were chosen, and by what
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,

    /// No progress bars
    #[arg(long, global = true)]
    pub no_progress: bool,

    /// Never ask: what needs an answer ends with exit status 2
    #[arg(long, global = true)]
    pub no_input: bool,

    /// How long to wait for the store [env: MODELGUARD_LOCK_TIMEOUT; default: 5s]
    #[arg(long, global = true, value_name = "TIME")]
    pub lock_timeout: Option<Length>,

    /// Who acts, for the log [env: MODELGUARD_ACTOR; default: the system's user]
    #[arg(long, global = true, value_name = "NAME")]
    pub actor: Option<String>,
}

/// Options of what changes the live version.
#[derive(Args, Clone, Debug, Default)]
pub struct LiveFlags {
    /// Don't ask
    #[arg(short, long)]
    pub yes: bool,

    /// Show the plan and change nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Why, for the log
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}
