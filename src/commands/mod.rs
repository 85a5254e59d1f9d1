//! The command line: reads the words, sets the clock, runs one verb, prints what it found.

mod advice;
mod alerts;
mod alias;
mod call;
mod check;
mod clock;
mod compare;
mod completions;
mod config;
mod consent;
mod demo;
mod example;
mod fetch;
mod flags;
mod help;
mod history;
mod ingest;
mod init;
mod judged;
mod lists;
mod log;
mod man;
mod mark_report;
mod menu;
mod messages;
mod monitor;
mod not_stored;
mod output;
mod problems;
mod promote;
mod raw_words;
mod recipe;
mod redo;
mod register;
mod retire;
mod rollback;
mod run_log;
mod season;
mod show;
mod status;
mod store;
mod swept;
mod switched;
mod tag;
mod undo;
mod usage;
mod versions;
mod warnings;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use call::Call;
use clock::{Clock, clock, system_clock};
use flags::Globals;
use output::{Folding, Report, Screen};
use raw_words::{colour_of, is_json, meant_exit_map, meant_wishes};
use run_log::{Ended, Entry, Wishes};

use crate::domain::names::ModelName;
use crate::notify;
use crate::policy::environment::Environment;
use crate::ui::colour::{ColourChoice, ColourEnvironment, Palette, use_colour};
use crate::ui::exit::ExitStatus;
use crate::ui::interrupt::StopFlag;
use crate::ui::problem::Problem;
use crate::ui::prompt;
use crate::ui::table::terminal_width;
use crate::ui::time::Times;

/// Keeps every version of a model, notices when the live one becomes worse, and puts the better one back
#[derive(Parser, Debug)]
#[command(
    name = "modelguard",
    version,
    disable_help_subcommand = true,
    infer_subcommands = false,
    max_term_width = 100
)]
struct Cli {
    #[command(flatten)]
    globals: Globals,

    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand, Debug)]
enum Verb {
    Status(status::Args),
    Check(check::Args),
    Compare(compare::Args),
    Monitor(monitor::Args),
    Alerts(alerts::Args),
    Demo(demo::Args),
    Menu(menu::Args),
    Init(init::Args),
    Register(register::Args),
    Ingest(ingest::Args),
    Promote(promote::Args),
    Rollback(rollback::Args),
    Undo(undo::Args),
    Redo(redo::Args),
    History(history::Args),
    Show(show::Args),
    Fetch(fetch::Args),
    Tag(tag::Args),
    Retire(retire::Args),
    Alias(alias::Args),
    Season(season::Args),
    Log(log::Args),
    Store(store::Args),
    Config(config::Args),
    Recipe(recipe::Args),
    Completions(completions::Args),
    Man(man::Args),
    Help(help::Args),
}

/// What every verb gives back.
type Outcome = Result<Box<dyn Report>, Problem>;

fn dispatch(call: &Call, verb: Verb) -> Outcome {
    match verb {
        Verb::Demo(args) => demo::run(call, &args, &|words, now, voice| {
            let environment = Environment {
                now: Some(now.to_owned()),
                db: None,
                config: None,
                model: None,
                ..call.environment.clone()
            };
            again(call, words, environment, voice)
        }),
        Verb::Menu(_) => menu::run(
            call,
            &menu::CommandLine {
                renewed: &|model| renewed(call, model),
                run: &|words| again(call, words, call.environment.clone(), Voice::Folded),
            },
        ),
        Verb::Status(args) => status::run(call, &args),
        Verb::Check(args) => check::run(call, &args),
        Verb::Compare(args) => compare::run(call, &args),
        Verb::Monitor(args) => monitor::run(call, &args),
        Verb::Alerts(args) => alerts::run(call, args),
        Verb::Init(args) => init::run(call, args),
        Verb::Register(args) => register::run(call, args),
        Verb::Ingest(args) => ingest::run(call, args),
        Verb::Promote(args) => promote::run(call, args),
        Verb::Rollback(args) => rollback::run(call, args),
        Verb::Undo(args) => undo::run(call, args),
        Verb::Redo(args) => redo::run(call, &args),
        Verb::History(args) => history::run(call, &args),
        Verb::Show(args) => show::run(call, &args),
        Verb::Fetch(args) => fetch::run(call, &args),
        Verb::Tag(args) => tag::run(call, args),
        Verb::Retire(args) => retire::run(call, &args),
        Verb::Alias(args) => alias::run(call, &args),
        Verb::Season(args) => season::run(call, &args),
        Verb::Log(args) => log::run(call, &args),
        Verb::Store(args) => store::run(call, &args),
        Verb::Config(args) => config::run(call, &args),
        Verb::Recipe(args) => recipe::run(call, &args),
        Verb::Completions(args) => completions::run(call, &args),
        Verb::Man(args) => man::run(call, &args),
        Verb::Help(args) => help::run(call, &args),
    }
}

/// The tree of commands and options, for help, completions and tests.
#[must_use]
pub fn tree() -> clap::Command {
    Cli::command()
}

/// Runs the tool with the words of its command line, the program's name first.
#[must_use]
pub fn main(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = words.into_iter().collect();
    let environment = Environment::read();
    // One that can't be read maps nothing; `run` tells it and does nothing else.
    let exit_map = meant_exit_map(&words, &environment).unwrap_or_default();
    let as_json = is_json(&words);
    std::panic::set_hook(Box::new(move |panic| {
        if notify::catches_panics() {
            return run_log::caught(panic.location());
        }
        let problem = run_log::panicked(&panic.to_string());
        output::print_problem(&problem, as_json, Palette::plain(), Folding::None);
    }));
    let status = std::panic::catch_unwind(AssertUnwindSafe(|| {
        // Without handlers a signal simply ends the run, which every command withstands.
        let stop = StopFlag::listen().unwrap_or_default();
        let (voice, origin) = (Voice::Loud, Origin::Shell);
        run(&words, environment, &stop, Manner { voice, origin })
    }));
    let status = status.unwrap_or(ExitStatus::Bug);
    ExitCode::from(exit_map.code(status))
}

/// How a run prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voice {
    Loud,
    /// What the menu runs: no line is wider than its window.
    Folded,
    /// `demo --json` runs its commands without a word.
    Mute,
}

impl Voice {
    const fn folding(self) -> Folding {
        match self {
            Self::Folded => Folding::ToWindow,
            Self::Loud | Self::Mute => Folding::None,
        }
    }
}

/// Who gave the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Shell,
    /// A command of this process, which is in the folder of `-C` already.
    Command,
}

/// How a run came about, and whether it is heard.
#[derive(Clone, Copy, Debug)]
struct Manner {
    voice: Voice,
    origin: Origin,
}

/// Runs one command and writes it into the tool's own log.
fn run(
    words: &[OsString],
    environment: Environment,
    stop: &StopFlag,
    manner: Manner,
) -> ExitStatus {
    let parsed = Cli::command()
        .try_get_matches_from(words)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let wishes = match &parsed {
        Ok(cli) => Wishes::of(&cli.globals, &environment),
        Err(_) => meant_wishes(words),
    };
    let clock = clock(&environment);
    // A clock that can't be read stops the command, not its line in the log.
    let logged_clock = clock.clone().or_else(|_| system_clock());
    let Ok(logged_clock) = logged_clock else {
        return answer(parsed, clock, environment, words, stop, manner, None).status;
    };
    let entry = Entry::begin(words, &wishes, &environment, logged_clock);
    let ended = std::panic::catch_unwind(AssertUnwindSafe(|| {
        if let Err(problem) = meant_exit_map(words, &environment) {
            let is_terminal = std::io::stderr().is_terminal();
            let palette = palette(colour_of(words), &environment, is_terminal);
            return failed(&problem, words, palette, manner.voice.folding());
        }
        answer(
            parsed,
            clock,
            environment,
            words,
            stop,
            manner,
            Some(&entry),
        )
    }));
    entry.end(ended.unwrap_or(Ended {
        code: Some("MG9901"),
        ..Ended::with(ExitStatus::Bug)
    }))
}

fn failed(problem: &Problem, words: &[OsString], palette: Palette, folding: Folding) -> Ended {
    let status = output::print_problem(problem, is_json(words), palette, folding);
    Ended {
        code: Some(problem.code),
        ..Ended::with(status)
    }
}

/// Does what the words say, and prints what came of it.
fn answer(
    parsed: Result<Cli, clap::Error>,
    clock: Result<Clock, Problem>,
    environment: Environment,
    words: &[OsString],
    stop: &StopFlag,
    Manner { voice, origin }: Manner,
    entry: Option<&Entry>,
) -> Ended {
    let stderr_is_terminal = std::io::stderr().is_terminal();
    let mut cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let answered = if error.kind() == ErrorKind::DisplayHelp && help::is_short(words) {
                output::answer(&help::short())
            } else {
                usage::command_line(&error, words)
            };
            let palette = palette(colour_of(words), &environment, stderr_is_terminal);
            return match answered {
                Ok(()) => Ended::with(ExitStatus::Ok),
                Err(problem) => failed(&problem, words, palette, voice.folding()),
            };
        }
    };
    let palette_of_errors = palette(cli.globals.colour, &environment, stderr_is_terminal);
    let verb = match cli.verb {
        Some(verb) if !matches!(verb, Verb::Menu(_)) => verb,
        _ if can_show_menu(&cli.globals, &environment) => Verb::Menu(menu::Args {}),
        menu => {
            let is_menu = menu.is_some();
            let status = help::instead_of_menu(cli.globals.json, is_menu, palette_of_errors);
            return Ended::with(status);
        }
    };
    if voice == Voice::Mute {
        cli.globals.quiet = 2;
    }
    let entered = match origin {
        Origin::Shell => enter(&cli.globals),
        Origin::Command => Ok(()),
    };
    let outcome = entered.and_then(|()| {
        let folding = voice.folding();
        clock.and_then(|clock| prepare(cli.globals, environment, words, stop, clock, folding))
    });
    let outcome = outcome.and_then(|mut call| {
        if let Some(entry) = entry {
            call.logs(entry.path(), entry.trouble());
        }
        let report = dispatch(&call, verb)?;
        let verdict = report.verdict();
        let status = match voice {
            Voice::Loud | Voice::Folded => output::print_report(&call, report.as_ref())?,
            Voice::Mute => report.exit(),
        };
        Ok(Ended {
            verdict,
            ..Ended::with(status)
        })
    });
    let folding = voice.folding();
    outcome.unwrap_or_else(|problem| failed(&problem, words, palette_of_errors, folding))
}

/// Runs a further command as the shell would: what `demo` plays and the menu offers.
fn again<W: AsRef<str>>(
    call: &Call,
    words: &[W],
    environment: Environment,
    voice: Voice,
) -> ExitStatus {
    let words: Vec<OsString> = std::iter::once("modelguard")
        .chain(words.iter().map(AsRef::as_ref))
        .map(OsString::from)
        .collect();
    let environment = Environment {
        // It is for who started this command.
        exit_map: None,
        log_file: Some(call.log_path.clone().unwrap_or_else(|| "none".into())),
        ..environment
    };
    let origin = Origin::Command;
    run(&words, environment, &call.stop, Manner { voice, origin })
}

/// The same run with the clock and the window of now, on one model.
fn renewed(call: &Call, model: Option<&ModelName>) -> Result<Call, Problem> {
    let globals = Globals {
        model: model.cloned(),
        ..call.globals.clone()
    };
    let words = std::iter::once("modelguard".to_owned()).chain(call.words.iter().cloned());
    let words: Vec<OsString> = words.map(OsString::from).collect();
    let clock = clock(&call.environment)?;
    let environment = call.environment.clone();
    prepare(
        globals,
        environment,
        &words,
        &call.stop,
        clock,
        Folding::ToWindow,
    )
}

/// Whether somebody is there to choose from the menu.
fn can_show_menu(globals: &Globals, environment: &Environment) -> bool {
    let can_ask = prompt::can_ask(
        std::io::stdin().is_terminal(),
        std::io::stderr().is_terminal(),
        environment.ci,
        globals.no_input,
    );
    can_ask && std::io::stdout().is_terminal() && !globals.json
}

fn palette(choice: ColourChoice, environment: &Environment, is_terminal: bool) -> Palette {
    let variables = ColourEnvironment {
        no_color: environment.no_color.then_some("1"),
        force_color: environment.force_color.then_some("1"),
        clicolor_force: None,
        term: environment.term.as_deref(),
    };
    Palette::new(use_colour(choice, variables, is_terminal))
}

/// Goes where `-C` says.
fn enter(globals: &Globals) -> Result<(), Problem> {
    Environment::enter(&globals.directory).map_err(|error| {
        Problem::new(
            "MG0107",
            format!(
                "the folder {} can't be entered",
                globals.directory.display()
            ),
        )
        .cause(error.to_string())
        .hint("name one that exists: `modelguard -C DIR …`")
    })
}

fn prepare(
    mut globals: Globals,
    environment: Environment,
    words: &[OsString],
    stop: &StopFlag,
    clock: Clock,
    folding: Folding,
) -> Result<Call, Problem> {
    if globals.verbose == 0 && globals.quiet == 0 {
        let named = environment.verbosity().map_err(problems::variable)?;
        globals.verbose = named.unwrap_or(0);
    }
    let stdout_is_terminal = std::io::stdout().is_terminal();
    let screen = Screen {
        palette: palette(globals.colour, &environment, stdout_is_terminal),
        width: stdout_is_terminal.then(terminal_width).flatten(),
        folding,
        times: Times::for_stream(stdout_is_terminal, clock.now.micros()),
    };
    let words = words
        .iter()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    Ok(Call::new(
        globals,
        environment,
        clock,
        words,
        screen,
        stop.clone(),
    ))
}
