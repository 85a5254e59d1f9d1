//! Makes any text safe to print on one line, whatever a file name or a cell of a CSV contains.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Escapes whatever could end the line, move the cursor or reorder what is read.
///
/// Line feeds, tabs and carriage returns become `\n`, `\t` and `\r`; other control characters,
/// line separators and characters that change the direction of writing become `\u{…}`. All else,
/// every alphabet included, stays as it is.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            other if is_unsafe(other) => {
                // Writing into a String cannot fail.
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(other));
            }
            other => safe.push(other),
        }
    }
    Cow::Owned(safe)
}

/// Is true for what a terminal acts on instead of showing it.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{061c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_text_of_any_alphabet_is_left_alone() {
        for text in [
            "churn",
            "größe",
            "予測.csv",
            "тест",
            "a b",
            "",
            "👩‍🔬",
            "C:\\x",
        ] {
            assert!(matches!(one_line(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn line_ends_and_tabs_are_spelt_out() {
        assert_eq!(one_line("a\r\nb\tc"), "a\\r\\nb\\tc");
    }

    #[test]
    fn a_file_name_cannot_colour_or_clear_the_screen() {
        assert_eq!(one_line("x\u{1b}[2J"), "x\\u{1b}[2J");
        assert_eq!(one_line("x\u{9b}2J"), "x\\u{9b}2J");
        assert_eq!(one_line("bell\u{7}"), "bell\\u{7}");
    }

    #[test]
    fn a_file_name_cannot_be_read_backwards() {
        assert_eq!(one_line("gpj\u{202e}exe"), "gpj\\u{202e}exe");
        assert_eq!(one_line("a\u{2028}b"), "a\\u{2028}b");
    }

    proptest! {
        #[test]
        fn the_result_is_always_one_line_without_controls(text in any::<String>()) {
            let safe = one_line(&text);
            prop_assert!(!safe.chars().any(is_unsafe));
            prop_assert_eq!(safe.lines().count().max(1), 1);
            prop_assert_eq!(one_line(&safe), safe.as_ref());
        }
    }
}
