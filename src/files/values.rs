//! What a cell's text means: a number, a failed prediction, a class label; and how a text is shown in an error.

/// A cell read as a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NumberReading {
    Empty,
    NaN,
    /// Written as infinite, or too large for a number.
    Infinite,
    Finite(f64),
    /// The text is no number; the words say what to write instead, if that is evident.
    NoNumber(Option<&'static str>),
}

/// Reads a number as data files write it: decimal, with a point, in any case for `nan` and `inf`.
#[must_use]
pub fn number(text: &str) -> NumberReading {
    let text = text.trim();
    if text.is_empty() {
        return NumberReading::Empty;
    }
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    if bare.eq_ignore_ascii_case("nan") {
        return NumberReading::NaN;
    }
    if bare.eq_ignore_ascii_case("inf") || bare.eq_ignore_ascii_case("infinity") {
        return NumberReading::Infinite;
    }
    let plain = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    match text.parse::<f64>() {
        Ok(number) if plain && number.is_finite() => NumberReading::Finite(number),
        Ok(_) if plain => NumberReading::Infinite,
        _ => NumberReading::NoNumber(advice(text)),
    }
}

fn advice(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    if matches!(
        lower.as_str(),
        "na" | "n/a" | "null" | "none" | "nil" | "-" | "." | "?"
    ) {
        return Some("leave the field empty where there is no value");
    }
    if text.ends_with('%') {
        return Some("write a fraction or a plain number without %");
    }
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits_and_marks = bare
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b',' | b'.' | b'_' | b'\'' | b' '));
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    if digits_and_marks && has_digit {
        return Some("write a decimal point and no thousands separators");
    }
    None
}

/// A cell read as a class label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelReading {
    Empty,
    /// `nan`.
    NaN,
    /// `inf` or `-inf`.
    Infinite,
    Label(String),
}

/// Reads a class label, in its canonical form.
#[must_use]
pub fn label(text: &str) -> LabelReading {
    match number(text) {
        NumberReading::Empty => LabelReading::Empty,
        NumberReading::NaN => LabelReading::NaN,
        NumberReading::Infinite if !text.bytes().any(|byte| byte.is_ascii_digit()) => {
            LabelReading::Infinite
        }
        _ => LabelReading::Label(canonical_label(text)),
    }
}

/// The form in which labels are compared: trimmed; whole numbers without a zero fraction (`1.0` is `1`); Python's and
/// R's truth values in lower case.
#[must_use]
pub fn canonical_label(text: &str) -> String {
    let text = text.trim();
    match text {
        "True" | "TRUE" => return "true".to_owned(),
        "False" | "FALSE" => return "false".to_owned(),
        _ => {}
    }
    let Some((whole, fraction)) = text.split_once('.') else {
        return text.to_owned();
    };
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_whole_number = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    let is_zero = !fraction.is_empty() && fraction.bytes().all(|byte| byte == b'0');
    match (is_whole_number && is_zero, whole) {
        (true, "-0") => "0".to_owned(),
        (true, _) => whole.to_owned(),
        (false, _) => text.to_owned(),
    }
}

/// A text as it is shown in a message: one line, without control characters, cut after 60 characters.
#[must_use]
pub fn excerpt(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == SHOWN {
            shown.push('…');
            break;
        }
        if character.is_control() || is_direction_mark(character) {
            shown.extend(character.escape_debug());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// The name of a column where a command or a policy can be told it: one that is shown whole, without blanks around it.
#[must_use]
pub fn whole(name: &str) -> Option<&str> {
    (excerpt(name) == name && name.trim() == name && !name.is_empty()).then_some(name)
}

/// Marks that turn the direction of the text around them, so that it reads as something else.
const fn is_direction_mark(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_written() {
        for (text, expected) in [
            ("1", 1.0),
            (" 0.5 ", 0.5),
            ("-1e-3", -0.001),
            ("+2", 2.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("1E3", 1000.0),
            ("007", 7.0),
            ("5e-324", 5e-324),
            ("0.1", 0.1),
        ] {
            assert_eq!(number(text), NumberReading::Finite(expected), "{text}");
        }
        match number("-0.0") {
            NumberReading::Finite(zero) => assert_eq!(zero.to_bits(), (-0.0_f64).to_bits()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn absent_and_endless_numbers_are_told_apart() {
        for text in ["", "  ", "\t"] {
            assert_eq!(number(text), NumberReading::Empty, "{text:?}");
        }
        for text in ["nan", "NaN", "NAN", "-nan", "+NaN"] {
            assert_eq!(number(text), NumberReading::NaN, "{text}");
        }
        for text in ["inf", "-Infinity", "INF", "+inf", "1e999", "-1e999"] {
            assert_eq!(number(text), NumberReading::Infinite, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused_with_advice_where_there_is_some() {
        for text in [
            "abc", "0x1f", "1e", "e5", "--1", "1-2", "+", "½", "١", "1 e5", "true",
        ] {
            assert_eq!(number(text), NumberReading::NoNumber(None), "{text}");
        }
        for text in [
            "1,5", "1_000", "1,234.5", "1.234,5", "1 000", "1'000", "-1,5", "1.2.3",
        ] {
            assert!(
                matches!(number(text), NumberReading::NoNumber(Some(_))),
                "{text}"
            );
        }
        for text in ["NA", "null", "None", "-", "5 %", "?"] {
            assert!(
                matches!(number(text), NumberReading::NoNumber(Some(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn labels_that_mean_the_same_are_equal() {
        for (text, expected) in [
            ("1", "1"),
            ("1.0", "1"),
            (" 1.000 ", "1"),
            ("-3.0", "-3"),
            ("-0.0", "0"),
            ("0.0", "0"),
            ("True", "true"),
            ("FALSE", "false"),
            ("true", "true"),
            ("yes", "yes"),
            ("Yes", "Yes"),
            ("1.5", "1.5"),
            ("1.", "1."),
            ("01.0", "01.0"),
            (".0", ".0"),
            ("1.0.0", "1.0.0"),
            ("v1.0", "v1.0"),
            ("1e999", "1e999"),
        ] {
            assert_eq!(
                label(text),
                LabelReading::Label(expected.to_owned()),
                "{text}"
            );
            assert_eq!(
                canonical_label(&canonical_label(text)),
                canonical_label(text)
            );
        }
        assert_eq!(label(" "), LabelReading::Empty);
        assert_eq!(label("NaN"), LabelReading::NaN);
        assert_eq!(label("-inf"), LabelReading::Infinite);
    }

    #[test]
    fn excerpts_are_short_and_harmless() {
        assert_eq!(excerpt("a\nb\u{1b}[0m"), "a\\nb\\u{1b}[0m");
        assert_eq!(excerpt(&"é".repeat(61)), format!("{}…", "é".repeat(60)));
        assert_eq!(excerpt("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(whole("a b"), Some("a b"));
        let long = "é".repeat(61);
        for name in ["a\nb", "a\u{202e}b", " a", "", &long] {
            assert_eq!(whole(name), None, "{name:?}");
        }
    }
}
