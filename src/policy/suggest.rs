//! Which key was perhaps meant by an unknown one, in its table or in another.

use super::channels::NOTIFY;
use super::diagnose::nearest;
use super::keys::{KEYS, Key, MODELS};

/// What an unknown key was perhaps meant to be: a neighbour in its table, else a key of another table in full.
pub(super) fn similar(prefix: &str, within: &str, part: &str) -> Vec<String> {
    let known = || {
        KEYS.iter()
            .filter(|key| prefix.is_empty() || key.is_per_model())
    };
    let mut here: Vec<&str> = known()
        .filter_map(|key| {
            let rest = if within.is_empty() {
                Some(key.name)
            } else {
                key.name.strip_prefix(within)?.strip_prefix('.')
            };
            rest?.split('.').next()
        })
        .collect();
    if prefix.is_empty() && within.is_empty() {
        here.extend([MODELS, NOTIFY]);
    }
    here.dedup();
    let near = nearest(part, here);
    if !near.is_empty() {
        return near.into_iter().map(str::to_owned).collect();
    }
    let elsewhere = nearest(part, known().map(Key::leaf));
    let full = |leaf: &str| {
        let key = known().find(|key| key.leaf() == leaf);
        key.map(|key| {
            format!(
                "{}{}",
                if key.is_per_model() { prefix } else { "" },
                key.name
            )
        })
    };
    elsewhere.into_iter().filter_map(full).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_neighbour_is_meant_before_a_key_of_another_table() {
        for (prefix, within, part, expected) in [
            ("", "check", "treshold", &["threshold_pct"][..]),
            ("", "", "threshold", &["check.threshold_pct"]),
            ("", "", "model", &["models"]),
            ("", "", "chek", &["check"]),
            ("", "action", "windw", &["check.window"]),
            ("", "check", "lock_timeout", &["store.lock_timeout"]),
            ("models.a.", "check", "lock_timeout", &[]),
            ("models.a.", "action", "windw", &["models.a.check.window"]),
            ("", "columns", "probas", &["proba"]),
            ("", "", "notfy", &["notify"]),
        ] {
            assert_eq!(
                similar(prefix, within, part),
                expected,
                "{prefix} {within} {part}"
            );
        }
    }
}
