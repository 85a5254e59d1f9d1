//! The policy's text as it may be shown: a secret that somebody wrote into it is blotted out.

/// The words of keys that hold a secret, or name where it is.
const SECRETS: [&str; 3] = ["url", "password", "token"];

/// The text with a mark for every character of a value of `url`, `password` or `token`, and of a value that is no name
/// of a variable or a file behind `_env` or `_file`. Every other character stays at its place, so that carets fit.
///
/// Works on text that is not TOML too: that is when a line is shown most often.
pub(super) fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, value, after)) = next_secret(rest) {
        out.push_str(before);
        out.extend(value.chars().map(blot));
        rest = after;
    }
    out + rest
}

/// A mark of as many bytes, because places in the text are counted in bytes as well as in characters.
const fn blot(c: char) -> char {
    match (c, c.len_utf8()) {
        ('\n' | '\r', _) => c,
        (_, 1) => '*',
        (_, 2) => '·',
        (_, 3) => '•',
        _ => '🞄',
    }
}

/// What stands before the next value to blot out, the value, and what follows.
fn next_secret(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let found = SECRETS
            .iter()
            .filter_map(|word| Some((from + text[from..].find(word)?, word.len())))
            .min()?;
        let (at, length) = found;
        from = at + length;
        let begins = text[..at].chars().next_back().is_none_or(|c| !is_bare(c));
        let Some((kind, value_at)) = assigned(text, from) else {
            continue;
        };
        let end = value_at + value_length(&text[value_at..]);
        let value = text[value_at..end].trim_matches(['"', '\'']);
        let is_source = match kind {
            "" => value.is_empty(),
            "_env" => is_variable(value),
            _ => !value.contains("://"),
        };
        if begins && !is_source {
            return Some((&text[..value_at], &text[value_at..end], &text[end..]));
        }
    }
}

fn is_bare(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

/// Whether the text can be the name of an environment variable.
pub(super) fn is_variable(text: &str) -> bool {
    let mut bytes = text.bytes();
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    bytes.next().is_some_and(letter) && bytes.all(|byte| letter(byte) || byte.is_ascii_digit())
}

/// What ends the key that began before `from` (nothing, `_env`, `_file`) and where its value begins, if it is a key.
fn assigned(text: &str, from: usize) -> Option<(&'static str, usize)> {
    let rest = &text[from..];
    let kind = ["_env", "_file"]
        .into_iter()
        .find(|kind| rest.starts_with(kind))
        .unwrap_or("");
    let rest = rest[kind.len()..].trim_start_matches(['"', '\'']);
    let rest = rest.trim_start_matches([' ', '\t']);
    let value = rest.strip_prefix('=')?.trim_start_matches([' ', '\t']);
    Some((kind, text.len() - value.len()))
}

/// How long the value is that the text begins with: to its closing quote, else to the end of the line.
fn value_length(text: &str) -> usize {
    for quote in ["\"\"\"", "'''"] {
        if let Some(inner) = text.strip_prefix(quote) {
            let end = inner.find(quote);
            return end.map_or(text.len(), |end| end + 2 * quote.len());
        }
    }
    let line = text.find('\n').unwrap_or(text.len());
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        return line;
    };
    let mut escaped = false;
    for (at, c) in text[..line].char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && quote == '"' && !escaped;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_the_text_is_blotted_out_and_all_else_stays_where_it_is() {
        for (text, expected) in [
            ("url = \"https://x\" # y", "url = *********** # y"),
            ("url=\"a\\\"b\", x = 1", "url=******, x = 1"),
            (
                "\"password\" = 'p w'\r\nname = 1",
                "\"password\" = *****\r\nname = 1",
            ),
            ("token = abc def\nk = 1", "token = *******\nk = 1"),
            ("url = \"not closed\nk = 1", "url = ***********\nk = 1"),
            ("token = \"\"\"a\nbé\"\"\"\nk", "token = ****\n*·***\nk"),
            ("url_env = \"SLACK_URL\"", "url_env = \"SLACK_URL\""),
            ("url_env = \"https://x\"", "url_env = ***********"),
            ("url_file = \"secrets/url\"", "url_file = \"secrets/url\""),
            ("url_file = \"https://x\"", "url_file = ***********"),
            ("curl = \"x\"\nurls = \"y\"", "curl = \"x\"\nurls = \"y\""),
            ("# the url of it", "# the url of it"),
            ("a.url = \"x\" ; token='y'", "a.url = *** ; token=***"),
        ] {
            assert_eq!(masked(text), expected);
            assert_eq!(masked(text).len(), text.len());
            assert_eq!(masked(text).chars().count(), text.chars().count());
        }
    }

    #[test]
    fn a_variable_has_a_name() {
        for (text, is) in [
            ("A", true),
            ("_a1", true),
            ("", false),
            ("1a", false),
            ("a b", false),
            ("a-b", false),
        ] {
            assert_eq!(is_variable(text), is, "{text}");
        }
    }
}
