//! Says that the policy names a metric which a model does not have by its task, and which ones it has.

use super::call::Call;
use super::problems;
use crate::domain::metric::{Direction, Metric};
use crate::domain::policy::key_part;
use crate::policy::diagnose::PolicyError;
use crate::store::models::Model;
use crate::ui::problem::Problem;

/// The problem that such a key of the policy is for this model.
pub fn problem(call: &Call, error: PolicyError, model: &Model) -> Problem {
    let own_table = format!("models.{}", key_part(model.name.as_str()));
    let is_common = error
        .key
        .as_deref()
        .is_some_and(|key| !key.starts_with("models."));
    let decides =
        |metric: &Metric| metric.task() == model.task && metric.direction() != Direction::None;
    let names: Vec<_> = Metric::ALL
        .into_iter()
        .filter(decides)
        .map(Metric::name)
        .collect();
    let problem = problems::policy(call, error).hint(format!(
        "take one of {}: {}",
        model.task,
        names.join(", ")
    ));
    if is_common {
        problem.hint(format!("give this model its own in `[{own_table}.check]`"))
    } else {
        problem
    }
}
