//! Which values a policy may have and hardly means.

use super::{CheckRules, Policy, key_part};

/// A smaller threshold is seldom meant: what one row changes is more.
const SMALLEST_MEANT_PCT: f64 = 0.5;

/// A value that is allowed and hardly meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The key in full: `models.NAME.check.threshold_pct`.
    pub key: String,
    /// A sentence without the key's name at its beginning: "is 0.05 percent: …".
    pub message: String,
}

impl CheckRules {
    /// What speaks against the threshold, if anything does: a share where percents are meant.
    #[must_use]
    pub fn threshold_doubt(&self) -> Option<String> {
        let threshold = self.threshold_pct;
        (threshold < SMALLEST_MEANT_PCT).then(|| {
            let meant = (threshold * 10_000.0).round() / 100.0;
            format!(
                "is {threshold}: that is {threshold} %, and chance alone makes larger changes; for {meant} % write {meant:?}"
            )
        })
    }
}

impl Policy {
    /// Every value that is hardly meant. What a model merely inherits is said once, for all models.
    #[must_use]
    pub fn doubts(&self) -> Vec<Doubt> {
        let common = self.common().check.threshold_doubt();
        let mut doubts: Vec<_> = common
            .clone()
            .map(|message| Doubt {
                key: "check.threshold_pct".to_owned(),
                message,
            })
            .into_iter()
            .collect();
        for (name, overrides) in &self.models {
            let own = self.common().with(overrides).check.threshold_doubt();
            doubts.extend(
                own.filter(|own| Some(own) != common.as_ref())
                    .map(|message| Doubt {
                        key: format!("models.{}.check.threshold_pct", key_part(name.as_str())),
                        message,
                    }),
            );
        }
        doubts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::Overrides;

    fn doubts(threshold: f64, of_model: Option<f64>) -> Vec<(String, String)> {
        let mut policy = Policy::default();
        policy.check.threshold_pct = threshold;
        let mut overrides = Overrides::default();
        overrides.check.threshold_pct = of_model;
        policy.models.insert("churn".parse().unwrap(), overrides);
        let doubts = policy.doubts().into_iter();
        doubts.map(|doubt| (doubt.key, doubt.message)).collect()
    }

    #[test]
    fn a_share_in_the_place_of_percents_is_doubted() {
        let found = doubts(0.05, None);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, "check.threshold_pct");
        assert!(found[0].1.ends_with("for 5 % write 5.0"), "{found:?}");
        assert!(doubts(0.07, None)[0].1.ends_with("for 7 % write 7.0"));
        assert!(doubts(0.499, None).len() == 1 && doubts(0.5, None).is_empty());
    }

    #[test]
    fn a_model_is_doubted_for_what_it_does_not_inherit() {
        let keys = |found: Vec<(String, String)>| found.into_iter().map(|(key, _)| key).collect();
        let found: Vec<String> = keys(doubts(5.0, Some(0.1)));
        assert_eq!(found, ["models.churn.check.threshold_pct"]);
        assert!(doubts(5.0, None).is_empty());
        assert_eq!(doubts(0.1, Some(5.0)).len(), 1);
    }
}
