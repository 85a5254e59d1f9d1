//! Which known word was perhaps meant by an unknown one.

use super::keys::{KEYS, Key, MODELS};

/// The nearest of `known` to `given`, the likeliest first, at most three.
///
/// Near is two edits or fewer, or one edit from its beginning up to a `_`: `treshold` is near `threshold_pct`.
/// Case, and `-` for `_`, are no edits.
pub(super) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let plain = |text: &str| text.to_ascii_lowercase().replace('-', "_");
    let given = plain(given);
    // Nobody means a key by a text of this length, and the distance takes time that grows with it.
    if given.len() > 64 {
        return Vec::new();
    }
    let edits = |name: &str| strsim::damerau_levenshtein(&given, name);
    let mut found: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|name| {
            let whole = plain(name);
            let beginning = whole
                .match_indices('_')
                .map(|(at, _)| edits(&whole[..at]) + 1);
            let distance = beginning.chain([edits(&whole)]).min()?;
            // As many edits as letters make any word of any other.
            (distance <= 2 && distance < given.chars().count()).then_some((distance, name))
        })
        .collect();
    found.sort_by_key(|(distance, _)| *distance);
    found.into_iter().map(|(_, name)| name).take(3).collect()
}

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
        here.push(MODELS);
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
    fn slips_of_the_hand_are_near_and_other_words_are_not() {
        let known = [
            "threshold_pct",
            "min_rows",
            "max_age",
            "mode",
            "metric",
            "id",
            "time",
            "truth_time",
        ];
        for (given, expected) in [
            ("treshold", &["threshold_pct"][..]),
            ("threshold", &["threshold_pct"]),
            ("threshold-pct", &["threshold_pct"]),
            ("MinRows", &["min_rows"]),
            ("min_row", &["min_rows"]),
            ("metrics", &["metric"]),
            ("tiem", &["time"]),
            ("di", &["id"]),
            ("x", &[]),
            ("", &[]),
            ("notify", &[]),
            (&"m".repeat(100_000), &[]),
        ] {
            assert_eq!(nearest(given, known), expected, "{given}");
        }
    }
}
