//! The inbox, as `monitor` sweeps it: before the check, and without a say in how the run ends.

use crate::commands::call::Call;
use crate::commands::messages::Listeners;
use crate::commands::output::Warning;
use crate::commands::swept;
use crate::store::models::Model;
use crate::ui::exit::ExitStatus;
use crate::ui::problem::Problem;
use crate::workflows::session::Session;
use crate::workflows::sweeping::Swept;

/// What came of a model's inbox. Nothing of it changes the exit status.
#[derive(Default)]
pub struct Inbox {
    pub swept: Swept,
    /// Why not all of its files were looked at.
    pub trouble: Option<Problem>,
    /// What a further command about the model begins with.
    command: String,
}

impl Inbox {
    /// Takes in what waits.
    ///
    /// # Errors
    /// Only that the run was asked to stop.
    pub fn sweep(
        call: &Call,
        session: &mut Session,
        model: &Model,
        listeners: &Listeners,
        dry_run: bool,
    ) -> Result<Self, Problem> {
        match swept::sweep(call, session, model, listeners, dry_run) {
            None => Ok(Self::default()),
            Some(Err(problem)) => Ok(Self {
                trouble: Some(problem),
                ..Self::default()
            }),
            Some(Ok(mut swept)) => match swept::halted(call, &mut swept) {
                Some(problem) if call.stop.requested().is_some() => Err(problem),
                trouble => Ok(Self {
                    swept,
                    trouble,
                    command: call.beginning(),
                }),
            },
        }
    }

    /// Why no file comes in, or some stay, until somebody does something. That another run is at it is no such reason.
    pub fn lasting_trouble(&self) -> impl Iterator<Item = Warning> {
        let trouble = self.trouble.as_ref();
        let lasts = trouble.filter(|problem| problem.exit != ExitStatus::Busy);
        lasts
            .map(swept::warning)
            .into_iter()
            .chain(swept::stuck(&self.swept))
    }

    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = swept::warnings(&self.swept, &self.command);
        warnings.extend(self.trouble.as_ref().map(swept::warning));
        warnings
    }
}
