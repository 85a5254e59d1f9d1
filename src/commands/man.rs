//! `man`: the manual pages, one a command.

use std::io;
use std::path::PathBuf;

use clap_mangen::Man;
use serde_json::{Value, json};

use super::call::Call;
use super::output::{Report, Screen};
use super::{Outcome, problems};
use crate::files::write::{create_directory_all, replace};
use crate::ui::problem::Problem;

/// The manual page, or with --dir one for every command
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  modelguard man > modelguard.1
  modelguard man --dir man1

Exit status: 0 done; 1 the folder can't be written
Effect: reads only; --dir writes files into that folder")]
pub struct Args {
    /// A folder for the pages of all commands
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub fn run(_: &Call, args: &Args) -> Outcome {
    let mut tree = super::tree();
    tree.build();
    let Some(folder) = &args.dir else {
        let page = page(&tree, "modelguard")?;
        return Ok(Box::new(Pages {
            text: String::from_utf8_lossy(&page).into_owned(),
            files: Vec::new(),
        }));
    };
    create_directory_all(folder).map_err(|error| problems::file(&error))?;
    let mut pages = Vec::new();
    collect(&tree, "modelguard", &mut pages)?;
    let mut files = Vec::new();
    for (name, page) in pages {
        let path = folder.join(format!("{name}.1"));
        replace(&path, &page).map_err(|error| problems::file(&error))?;
        files.push(path.display().to_string());
    }
    Ok(Box::new(Pages {
        text: format!("Wrote {} pages to {}\n", files.len(), folder.display()),
        files,
    }))
}

/// The page of a command and those of its subcommands: `modelguard-alias-set`.
fn collect(
    command: &clap::Command,
    name: &str,
    pages: &mut Vec<(String, Vec<u8>)>,
) -> Result<(), Problem> {
    pages.push((name.to_owned(), page(command, name)?));
    for subcommand in command.get_subcommands() {
        collect(
            subcommand,
            &format!("{name}-{}", subcommand.get_name()),
            pages,
        )?;
    }
    Ok(())
}

fn page(command: &clap::Command, name: &str) -> Result<Vec<u8>, Problem> {
    let mut page = Vec::new();
    let written: io::Result<()> = Man::new(command.clone()).title(name).render(&mut page);
    written.map_err(|error| {
        Problem::new("MG9901", "a manual page can't be made").cause(error.to_string())
    })?;
    Ok(page)
}

struct Pages {
    /// The page itself, or what was written.
    text: String,
    files: Vec<String>,
}

impl Report for Pages {
    fn schema(&self) -> &'static str {
        "man"
    }

    fn data(&self) -> Value {
        json!({ "text": self.text, "paths": self.files })
    }

    fn text(&self, _: &Screen) -> String {
        self.text.clone()
    }
}
