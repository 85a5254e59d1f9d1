//! `menu`: eight everyday commands to choose from, each shown as it is typed.

mod header;
mod versions;

use serde_json::{Value, json};

use super::call::{Call, command_line};
use super::output::{Report, Screen};
use super::{Outcome, consent, output};
use crate::domain::names::ModelName;
use crate::store::{Access, models};
use crate::ui::colour::ColourChoice;
use crate::ui::exit::ExitStatus;
use crate::ui::fold::fold_command;
use crate::ui::interrupt::{Signal, StopFlag};
use crate::ui::problem::Problem;
use crate::ui::prompt::{self, Find, Given, List, PromptError};
use crate::ui::table::terminal_width;

/// The items, in their order.
const ITEMS: [&str; 8] = [
    "1 Show model status",
    "2 Check degradation",
    "3 Quick rollback",
    "4 Full monitoring",
    "5 Manual rollback to version",
    "6 Compare versions",
    "7 Show history",
    "8 Exit",
];
/// So many versions the history shows unless told otherwise.
const HISTORY_LIMIT: u64 = 10;

/// Choose from a menu what to do
///
/// What bare `modelguard` does on a terminal. Each item prints the command that it runs; a change shows its plan and asks
/// first. Esc goes back and leaves the menu; Ctrl-C ends it; neither changes anything. Needs a terminal.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard menu
  modelguard -C project -m churn menu

Exit status: 0 left; 2 no terminal; 130 Ctrl-C
Effect: what the chosen commands have; rollback and monitoring may change the live model, and ask")]
pub struct Args {}

/// What the menu needs of the command line.
pub struct CommandLine<'a> {
    /// The menu's own run with the clock of now, on that model.
    pub renewed: &'a dyn Fn(Option<&ModelName>) -> Result<Call, Problem>,
    /// Runs a command in this process.
    pub run: &'a dyn Fn(&[String]) -> ExitStatus,
}

pub fn run(call: &Call, line: &CommandLine<'_>) -> Outcome {
    let mut menu = Menu {
        line,
        stop: &call.stop,
        model: call.globals.model.clone(),
    };
    let exit = match menu.choose_model(call) {
        Ok(None) => menu.serve()?,
        Ok(Some(exit)) => exit,
        Err(problem) => return Err(problem),
    };
    Ok(Box::new(Left { exit }))
}

struct Menu<'a> {
    line: &'a CommandLine<'a>,
    stop: &'a StopFlag,
    /// The model that every command is told.
    model: Option<ModelName>,
}

/// How an item or a question within it went.
enum Step {
    /// The menu comes again.
    Again,
    End(ExitStatus),
}

impl Menu<'_> {
    /// Asks for the model where there are several and none is named; gives the status if the menu ends here.
    fn choose_model(&mut self, call: &Call) -> Result<Option<ExitStatus>, Problem> {
        // What is wrong with the store is told by the header and by each item.
        let Ok(mut session) = call.open_session(Access::Read) else {
            return Ok(None);
        };
        if session.found.model.is_some() {
            return Ok(None);
        }
        let Ok(mut models) = session.store.read(models::list) else {
            return Ok(None);
        };
        drop(session);
        if models.len() < 2 {
            return Ok(None);
        }
        let items: Vec<_> = models
            .iter()
            .map(|model| format!("{}  {}", model.name, model.task))
            .collect();
        match self.choose("Which model?", &items, Find::ByText, 0)? {
            Given::This(index) => {
                self.model = Some(models.swap_remove(index).name);
                Ok(None)
            }
            Given::Left => Ok(Some(ExitStatus::Ok)),
            Given::Interrupted => Ok(Some(self.interrupted())),
        }
    }

    fn serve(&self) -> Result<ExitStatus, Problem> {
        let call = (self.line.renewed)(self.model.as_ref())?;
        if header::lacks_store(&call) {
            let line = |words: &[String]| typed("  ", words);
            let mut init = carried(&call);
            init.extend(["init", "--task", "classification"].map(str::to_owned));
            let told = format!(
                "No store yet. To make one:\n{}To look around in an example:\n{}",
                line(&init),
                line(&["demo".to_owned()])
            );
            output::stderr(&call.screen.folding.of(&told));
        }
        let items = ITEMS.map(str::to_owned);
        let mut marked = 0;
        loop {
            let call = (self.line.renewed)(self.model.as_ref())?;
            let title = header::header(&call);
            marked = match self.choose(&title, &items, Find::ByNumber, marked)? {
                Given::This(index) => index,
                Given::Left => return Ok(ExitStatus::Ok),
                Given::Interrupted => return Ok(self.interrupted()),
            };
            if marked == ITEMS.len() - 1 {
                return Ok(ExitStatus::Ok);
            }
            // The menu may have been open for long.
            let call = (self.line.renewed)(self.model.as_ref())?;
            let step = self.item(&call, marked).unwrap_or_else(|problem| {
                output::print_problem(&problem, false, call.screen.palette, call.screen.folding);
                ended(problem.exit)
            });
            if let Step::End(exit) = step {
                return Ok(exit);
            }
            if self.stop.requested().is_some() {
                return Ok(self.interrupted());
            }
            output::stderr("\n");
        }
    }

    fn item(&self, call: &Call, index: usize) -> Result<Step, Problem> {
        let run = |words: &[&str]| Ok(ended(self.command(call, words)));
        match index {
            0 => run(&["status"]),
            1 => run(&["check"]),
            2 => run(&["rollback", "--previous"]),
            3 => self.monitor(call),
            4 => self.roll_back_to(call),
            5 => self.compare(call),
            _ => match prompt::number("How many versions?", HISTORY_LIMIT, self.stop) {
                Ok(Given::This(limit)) => run(&["history", &limit.to_string()]),
                Ok(Given::Left) => Ok(Step::Again),
                Ok(Given::Interrupted) => Ok(Step::End(self.interrupted())),
                Err(error) => Err(no_terminal(error)),
            },
        }
    }

    /// Shows what monitoring would do. Where it might change the live model, it does so after a yes; else it does the
    /// rest, and without a yes it goes back nowhere, whatever came in since.
    fn monitor(&self, call: &Call) -> Result<Step, Problem> {
        use ExitStatus::{Acted, Blocked, Insufficient, Negative, Ok as Healthy};
        let exit = self.command(call, &["monitor", "--auto-rollback", "--dry-run"]);
        match exit {
            Negative | Acted | Blocked => {}
            Healthy | Insufficient => {
                let words = ["monitor", "--no-auto-rollback"];
                return Ok(ended(self.command(call, &words)));
            }
            _ => return Ok(ended(exit)),
        }
        let question = "Monitor for real?";
        if consent::agree(call, "", question, false, "may change the live model")?.yes {
            return Ok(ended(self.command(call, &["monitor", "--auto-rollback"])));
        }
        output::stderr(&call.screen.folding.of("Nothing changed.\n"));
        Ok(Step::Again)
    }

    fn roll_back_to(&self, call: &Call) -> Result<Step, Problem> {
        let versions = versions::read(call)?;
        let eligible: Vec<_> = versions
            .iter()
            .filter(|one| one.can_become_live())
            .collect();
        if eligible.is_empty() {
            output::stderr(
                &call
                    .screen
                    .folding
                    .of("There is no other version to go back to.\n"),
            );
            return Ok(Step::Again);
        }
        let items: Vec<_> = eligible.iter().map(|one| one.label.clone()).collect();
        match self.choose("Go back to which version?", &items, Find::ByText, 0)? {
            Given::This(index) => {
                let words = ["rollback", &eligible[index].name];
                Ok(ended(self.command(call, &words)))
            }
            Given::Left => Ok(Step::Again),
            Given::Interrupted => Ok(Step::End(self.interrupted())),
        }
    }

    fn compare(&self, call: &Call) -> Result<Step, Problem> {
        let mut versions = versions::read(call)?;
        if versions.len() < 2 {
            output::stderr(
                &call
                    .screen
                    .folding
                    .of("There are no two versions to compare.\n"),
            );
            return Ok(Step::Again);
        }
        let mut chosen = Vec::new();
        for title in ["Compare which version?", "With which one?"] {
            let items: Vec<_> = versions.iter().map(|one| one.label.clone()).collect();
            match self.choose(title, &items, Find::ByText, 0)? {
                Given::This(index) => chosen.push(versions.remove(index).name),
                Given::Left => return Ok(Step::Again),
                Given::Interrupted => return Ok(Step::End(self.interrupted())),
            }
        }
        let words = ["compare", chosen[0].as_str(), chosen[1].as_str()];
        Ok(ended(self.command(call, &words)))
    }

    /// Prints a command as it can be pasted, and runs it.
    fn command(&self, call: &Call, words: &[&str]) -> ExitStatus {
        let mut all = carried(call);
        all.extend(words.iter().map(|word| (*word).to_owned()));
        output::stderr(&typed("$ ", &all));
        (self.line.run)(&all)
    }

    fn choose(
        &self,
        title: &str,
        items: &[String],
        find: Find,
        marked: usize,
    ) -> Result<Given<usize>, Problem> {
        let list = List {
            title,
            items,
            find,
            marked,
        };
        prompt::choose(&list, self.stop).map_err(no_terminal)
    }

    fn interrupted(&self) -> ExitStatus {
        self.stop.requested().unwrap_or(Signal::Interrupt).exit()
    }
}

/// A command as it can be pasted, in lines that are no wider than the window.
fn typed(prefix: &str, words: &[String]) -> String {
    let line = format!("{prefix}{}\n", command_line(words));
    fold_command(&line, terminal_width().unwrap_or(usize::MAX))
}

/// A command that a signal ended ends the menu as well.
const fn ended(exit: ExitStatus) -> Step {
    match exit {
        ExitStatus::Interrupted | ExitStatus::Terminated => Step::End(exit),
        _ => Step::Again,
    }
}

/// What of the menu's own options every command is given.
fn carried(call: &Call) -> Vec<String> {
    let globals = &call.globals;
    let mut words = call.choosing_options();
    let mut option = |name: &str, value: Option<String>| {
        words.extend(
            value
                .map(|value| [name.to_owned(), value])
                .into_iter()
                .flatten(),
        );
    };
    option("--actor", globals.actor.clone());
    option(
        "--lock-timeout",
        globals.lock_timeout.map(|time| time.to_string()),
    );
    let colour = match globals.colour {
        ColourChoice::Auto => None,
        ColourChoice::Always => Some("always"),
        ColourChoice::Never => Some("never"),
    };
    option("--color", colour.map(str::to_owned));
    words
}

fn no_terminal(error: PromptError) -> Problem {
    Problem::new("MG0102", "the menu needs a terminal").cause(error.to_string())
}

/// The menu was left.
struct Left {
    exit: ExitStatus,
}

impl Report for Left {
    fn schema(&self) -> &'static str {
        "menu"
    }

    fn data(&self) -> Value {
        json!({})
    }

    fn text(&self, _: &Screen) -> String {
        String::new()
    }

    fn exit(&self) -> ExitStatus {
        self.exit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::example::call;

    #[test]
    fn the_options_that_chose_the_store_are_carried_over() {
        assert_eq!(carried(&call(&["menu"])), Vec::<String>::new());
        let run = call(&[
            "-C",
            "my dir",
            "--db",
            "s.db",
            "-m",
            "churn",
            "--color",
            "never",
            "--actor",
            "a b",
            "--lock-timeout",
            "2s",
            "menu",
        ]);
        assert_eq!(
            carried(&run),
            [
                "-C",
                "my dir",
                "--db",
                "s.db",
                "-m",
                "churn",
                "--actor",
                "a b",
                "--lock-timeout",
                "2s",
                "--color",
                "never"
            ]
        );
    }

    #[test]
    fn only_a_signal_ends_the_menu() {
        for exit in ExitStatus::ALL {
            let is_end = matches!(ended(exit), Step::End(_));
            assert_eq!(is_end, [130, 143].contains(&exit.code()), "{exit:?}");
        }
    }

    #[test]
    fn each_item_begins_with_its_number() {
        for (index, item) in ITEMS.iter().enumerate() {
            assert!(item.starts_with(&format!("{} ", index + 1)), "{item}");
        }
    }
}
