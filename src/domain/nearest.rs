//! Which known word was perhaps meant by an unknown one: the nearest by single letters.

/// Nobody means a name by a text of this length, and the distance takes time that grows with it.
const LONGEST_BYTES: usize = 128;
/// So many edits away a word is still near.
const NEAR: usize = 2;
/// So many words are worth suggesting.
const SUGGESTED: usize = 3;

/// How many letters have to be changed, added, left out or swapped with their neighbour; `None` for long texts.
#[must_use]
pub fn edits(one: &str, other: &str) -> Option<usize> {
    let short = one.len() <= LONGEST_BYTES && other.len() <= LONGEST_BYTES;
    short.then(|| strsim::damerau_levenshtein(one, other))
}

/// The words at most two edits away, the nearest first, equally near ones in their order; at most three.
///
/// `edits` counts, so that the caller says what two words have to have in common; `None` is never near.
pub fn nearest<T>(
    words: impl IntoIterator<Item = T>,
    edits: impl Fn(&T) -> Option<usize>,
) -> Vec<T> {
    let mut near: Vec<(usize, T)> = words
        .into_iter()
        .filter_map(|word| Some((edits(&word).filter(|edits| *edits <= NEAR)?, word)))
        .collect();
    near.sort_by_key(|(edits, _)| *edits);
    near.into_iter()
        .take(SUGGESTED)
        .map(|(_, word)| word)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near<'a>(given: &str, words: &[&'a str]) -> Vec<&'a str> {
        nearest(words.iter().copied(), |word| edits(given, word))
    }

    #[test]
    fn the_nearest_comes_first_and_equals_keep_their_order() {
        assert_eq!(
            near(
                "chrun",
                &["churns", "chunk", "churn", "model", "chr", "chrune"]
            ),
            ["churn", "chrune", "churns"]
        );
    }

    #[test]
    fn three_edits_are_too_many() {
        assert_eq!(near("abc", &["abcxyz", "xyz"]), [""; 0]);
        assert_eq!(near("abc", &["abcxy"]), ["abcxy"]);
    }

    #[test]
    fn swapped_neighbours_are_one_edit() {
        assert_eq!(edits("20260105_143022", "20260105_143202"), Some(1));
    }

    #[test]
    fn long_texts_are_near_nothing() {
        let long = "a".repeat(LONGEST_BYTES + 1);
        assert_eq!(edits(&long, &long), None);
        assert_eq!(near(&long, &[&long]), [""; 0]);
    }
}
