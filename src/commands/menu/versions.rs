//! The versions that the menu lets choose from, each as one line.

use crate::commands::call::Call;
use crate::commands::problems;
use crate::domain::metric::Metric;
use crate::store::Access;
use crate::ui::number;
use crate::ui::problem::Problem;
use crate::workflows::facts::{Facts, facts};
use crate::workflows::reference_numbers;

/// A version in a list.
pub struct Listed {
    pub name: String,
    /// What is known of it, the most important first: a narrow window cuts the end.
    pub label: String,
    is_live: bool,
    is_retired: bool,
}

impl Listed {
    /// Whether going back to it can make sense.
    pub const fn can_become_live(&self) -> bool {
        !self.is_live && !self.is_retired
    }
}

/// All versions of the model, the newest first.
///
/// # Errors
/// There is no store or no such model.
pub fn read(call: &Call) -> Result<Vec<Listed>, Problem> {
    let mut session = call.open_session(Access::Read)?;
    let model = call.model(&mut session)?;
    let policy = session.policy(&model);
    session
        .store
        .read(|tx| {
            let all = u64::from(u32::MAX);
            let (versions, _) = crate::store::versions::list(tx, model.id, None, None, all)?;
            let found = facts(tx, &model, versions)?;
            let told = |facts: &Facts| {
                let version = &[&facts.version];
                let reference = reference_numbers::told(tx, version, model.task, &policy)?;
                Ok(listed(facts, reference[0]))
            };
            found.iter().map(told).collect()
        })
        .map_err(|error| problems::store(call, error))
}

fn listed(facts: &Facts, reference: Option<(Metric, f64)>) -> Listed {
    let version = &facts.version;
    let is_live = facts.is_production();
    let is_retired = version.retired_reason.is_some();
    let marks = [
        (is_live, "live"),
        (facts.bad, "bad"),
        (is_retired, "retired"),
    ];
    let marks = marks.into_iter().filter(|(holds, _)| *holds);
    let marks: Vec<_> = marks.map(|(_, mark)| mark).collect();
    let metrics = version.metadata.metrics.iter();
    let metrics = metrics.map(|(name, value)| format!("{name} {}", number::value(*value)));
    let of_sample = reference.map(|(metric, value)| {
        let value = number::value(value);
        format!("{metric} {value} on its reference")
    });
    let metrics: Vec<_> = metrics.chain(of_sample).collect();
    let verdict = facts.standing.last.map(|_| facts.standing.to_string());
    let name = version.name.to_string();
    let parts = [name.clone(), marks.join(", "), metrics.join(", ")];
    let parts = parts.into_iter().chain(verdict);
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    Listed {
        name,
        label: parts.join("  "),
        is_live,
        is_retired,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::example::{standing, version, with_metrics};
    use crate::domain::names::AliasName;
    use crate::domain::verdict::Verdict;

    fn known(retired: Option<&str>, bad: bool, aliases: Vec<AliasName>) -> Facts {
        let mut version = with_metrics(version("v1", 1), &[("accuracy", 0.912), ("auc", 0.5)]);
        version.retired_reason = retired.map(str::to_owned);
        Facts {
            version,
            aliases,
            bad,
            live: Vec::new(),
            standing: standing(bad.then_some(Verdict::Degraded)),
        }
    }

    #[test]
    fn marks_come_before_metrics_and_the_verdict() {
        let plain = listed(&known(None, false, Vec::new()), None);
        assert_eq!(plain.label, "v1  accuracy 0.912, auc 0.500");
        assert!(plain.can_become_live());
        let bad = listed(&known(None, true, Vec::new()), None);
        assert_eq!(
            bad.label,
            "v1  bad  accuracy 0.912, auc 0.500  degraded when last judged"
        );
        assert!(bad.can_become_live());
    }

    #[test]
    fn what_recorded_nothing_is_known_by_its_sample() {
        let mut facts = known(None, false, Vec::new());
        facts.version.metadata.metrics.clear();
        let found = listed(&facts, Some((Metric::Accuracy, 0.9375)));
        assert_eq!(found.label, "v1  accuracy 0.938 on its reference");
    }

    #[test]
    fn what_is_live_or_retired_is_nowhere_to_go_back_to() {
        let live = listed(&known(None, false, vec![AliasName::production()]), None);
        assert!(live.label.starts_with("v1  live  "), "{}", live.label);
        assert!(!live.can_become_live());
        let retired = listed(&known(Some("old"), true, Vec::new()), None);
        assert!(
            retired.label.starts_with("v1  bad, retired  "),
            "{}",
            retired.label
        );
        assert!(!retired.can_become_live());
    }
}
