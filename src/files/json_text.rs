//! Checks the text of one JSON object and finds its keys and values, each as it is written.

use std::borrow::Cow;
use std::ops::Range;

use serde::de::IgnoredAny;

use super::error::FileErrorKind;

/// Whether a line is one JSON object; else the trouble and its offset.
pub(super) fn check(raw: &str) -> Result<(), (FileErrorKind, usize)> {
    let start = raw.len() - raw.trim_start().len();
    let wrong = |text: &str, offset| Err((FileErrorKind::JsonSyntax(text.to_owned()), offset));
    match raw.as_bytes().get(start) {
        Some(b'{') => {}
        Some(b'[') => return wrong("an array; write one object a line", start),
        _ => return wrong("a line holds one object, in braces", start),
    }
    let Err(error) = serde_json::from_str::<IgnoredAny>(raw) else {
        return Ok(());
    };
    let offset = error.column().saturating_sub(1);
    if error.is_eof() {
        return Err(if raw.ends_with('\n') {
            let text = "the object does not end on its line; write one object a line";
            (
                FileErrorKind::JsonSyntax(text.to_owned()),
                raw.trim_end().len(),
            )
        } else {
            (
                FileErrorKind::Truncated("in the middle of an object"),
                raw.len(),
            )
        });
    }
    // An unfinished number at the end of the text is no end of file to the parser.
    if offset + 1 >= raw.len() && !raw.ends_with(['\n', '}']) {
        return Err((
            FileErrorKind::Truncated("in the middle of an object"),
            raw.len(),
        ));
    }
    let around = raw.get(offset.saturating_sub(1)..).unwrap_or_default();
    if ["NaN", "Infinity", "-Infinity", "nan", "inf"]
        .iter()
        .any(|word| {
            around.starts_with(word) || around.get(1..).is_some_and(|a| a.starts_with(word))
        })
    {
        return wrong("NaN and Infinity are no JSON numbers; write null", offset);
    }
    let text = error.to_string();
    wrong(text.split(" at line ").next().unwrap_or(&text), offset)
}

/// The text of a JSON string with its quotes; borrowed where it has no escapes.
pub(super) fn decoded(quoted: &str) -> Result<Cow<'_, str>, FileErrorKind> {
    let bare = quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(quoted);
    if !bare.contains('\\') {
        return Ok(Cow::Borrowed(bare));
    }
    serde_json::from_str(quoted)
        .map(Cow::Owned)
        .map_err(|error| {
            let text = error.to_string();
            let text = text.split(" at line ").next().unwrap_or(&text);
            FileErrorKind::JsonSyntax(text.to_owned())
        })
}

/// Where the keys (with their quotes) and the values of a sound object stand.
pub(super) fn members(object: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let bytes = object.as_bytes();
    let mut found = Vec::new();
    let mut at = after_space(bytes, 0) + 1;
    loop {
        let key = after_space(bytes, at);
        if bytes.get(key) != Some(&b'"') {
            return found;
        }
        let key_end = after_string(bytes, key);
        let value = after_space(bytes, after_space(bytes, key_end) + 1);
        let value_end = after_value(bytes, value);
        found.push((key..key_end, value..value_end));
        at = after_space(bytes, value_end) + 1;
    }
}

fn after_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// `at` is the opening quote.
fn after_string(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn after_value(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at = after_string(bytes, at);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            byte if depth == 0 && byte.is_ascii_whitespace() => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(object: &str) -> Vec<(&str, &str)> {
        members(object)
            .into_iter()
            .map(|(key, value)| (&object[key], &object[value]))
            .collect()
    }

    #[test]
    fn keys_and_values_are_found_as_written() {
        assert_eq!(
            pairs(r#" { "a\"}" : [1,"]",{"x":2}] ,"b":-1.50e3,"c":null , "d" : "x,\\" } "#),
            [
                (r#""a\"}""#, r#"[1,"]",{"x":2}]"#),
                (r#""b""#, "-1.50e3"),
                (r#""c""#, "null"),
                (r#""d""#, r#""x,\\""#),
            ]
        );
        assert_eq!(pairs("{}"), []);
    }

    #[test]
    fn text_that_is_no_object_does_no_harm() {
        for text in [
            "",
            "{",
            "{\"",
            "{\"a",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":\"",
            "{\"a\":[[",
            "}{",
            "\\",
            "{\"a\":1",
        ] {
            assert!(check(text).is_err(), "{text}");
            members(text);
        }
    }

    #[test]
    fn escapes_are_decoded_and_plain_text_is_borrowed() {
        assert!(matches!(decoded("\"é\""), Ok(Cow::Borrowed("é"))));
        assert_eq!(decoded(r#""\u00e9\n""#).unwrap(), "é\n");
        assert!(decoded(r#""\ud800""#).is_err());
    }

    proptest::proptest! {
        /// What serde_json writes is taken apart into what it was made of.
        #[test]
        fn any_object_comes_apart_as_it_was_put_together(
            object in proptest::collection::btree_map(".*", ".*", 0..6)
        ) {
            let text = serde_json::to_string(&object).unwrap();
            let back: std::collections::BTreeMap<String, String> = members(&text)
                .into_iter()
                .map(|(key, value)| {
                    (decoded(&text[key]).unwrap().into_owned(), decoded(&text[value]).unwrap().into_owned())
                })
                .collect();
            proptest::prop_assert_eq!(check(&text).is_ok(), true);
            proptest::prop_assert_eq!(back, object);
        }
    }
}
