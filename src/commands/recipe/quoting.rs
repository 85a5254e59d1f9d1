//! Quotes the words of a command for each format: a shell, crontab, systemd, Jinja, Nagios, Windows, XML, Python.

use super::super::call::quoted;

/// A command line of a POSIX shell.
pub fn shell(words: &[String]) -> String {
    joined(words, |word| quoted(word))
}

/// The same in a crontab, where a bare `%` is a line feed.
///
/// Some crons also make one backslash of two, so no backslash is followed by another one or by a `%` that is meant.
pub fn cron(words: &[String]) -> String {
    joined(words, |word| {
        if !word.contains(['%', '\\']) {
            return quoted(word);
        }
        let inner: String = word
            .chars()
            .map(|character| match character {
                '%' => r"\%".to_owned(),
                '\\' => r"\''".to_owned(),
                '\'' => r"'\''".to_owned(),
                other => other.to_string(),
            })
            .collect();
        format!("'{inner}'")
    })
}

/// The same in a text in which `{{`, `{%` and `{#` would be read by a template engine: Jinja, or GitHub's expressions.
pub fn shell_in_template(words: &[String]) -> String {
    joined(words, |word| quoted(word).replace('{', "{''"))
}

/// The command line of a systemd unit, or one variable of it. The first word, the program, is not searched for `$`.
pub fn systemd(words: &[String]) -> String {
    let mut is_program = true;
    joined(words, |word| {
        let dollar = if is_program { "$" } else { "$$" };
        is_program = false;
        let plain =
            |character: char| character.is_ascii_alphanumeric() || "-_./:@=,+".contains(character);
        if word.chars().all(plain) && !word.is_empty() {
            return word.to_owned();
        }
        let inner = word
            .replace('\\', r"\\")
            .replace('"', "\\\"")
            .replace('%', "%%")
            .replace('$', dollar);
        format!("\"{inner}\"")
    })
}

/// A shell's command line in an object of Nagios, where `$` begins a macro and `;` a comment.
pub fn nagios(words: &[String]) -> String {
    shell(words).replace('$', "$$").replace(';', r"\;")
}

/// Arguments as a program of Windows parts them.
pub fn windows(words: &[String]) -> String {
    joined(words, |word| {
        if !word.is_empty() && !word.contains([' ', '"']) {
            return word.to_owned();
        }
        let mut text = String::from('"');
        let mut backslashes = 0;
        for character in word.chars() {
            match character {
                '\\' => backslashes += 1,
                '"' => {
                    // Before a quote each backslash counts twice, and one more is for the quote.
                    text.push_str(&"\\".repeat(backslashes + 1));
                    backslashes = 0;
                }
                _ => backslashes = 0,
            }
            text.push(character);
        }
        text.push_str(&"\\".repeat(backslashes));
        text.push('"');
        text
    })
}

/// The content of an element.
pub fn xml(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A string of Python.
pub fn python(text: &str) -> String {
    let inner = text.replace('\\', r"\\").replace('"', "\\\"");
    format!("\"{inner}\"")
}

/// A list of strings of Python.
pub fn python_list(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| python(word)).collect();
    format!("[{}]", words.join(", "))
}

fn joined(words: &[String], quote: impl FnMut(&String) -> String) -> String {
    words.iter().map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(quote: fn(&[String]) -> String, word: &str) -> String {
        quote(&[word.to_owned()])
    }

    #[test]
    fn a_plain_word_stays_as_it_is() {
        let plain = [
            "/usr/bin/modelguard".to_owned(),
            "-C".to_owned(),
            "/srv/a_b-1.0".to_owned(),
        ];
        let line = "/usr/bin/modelguard -C /srv/a_b-1.0";
        for quote in [shell, cron, shell_in_template, systemd, nagios, windows] {
            assert_eq!(quote(&plain), line);
        }
        assert_eq!(python_list(&plain[..2]), r#"["/usr/bin/modelguard", "-C"]"#);
    }

    #[test]
    fn a_percent_sign_is_no_line_feed_of_cron() {
        assert_eq!(one(cron, "a%b"), r"'a\%b'");
        assert_eq!(one(cron, "a b"), "'a b'");
        assert_eq!(one(cron, "it's 5%"), r"'it'\''s 5\%'");
        // Neither two backslashes in a row, nor one before the escaped sign.
        assert_eq!(one(cron, r"a\\%"), r"'a\''\''\%'");
    }

    #[test]
    fn systemd_reads_percent_and_dollar_itself() {
        let words = [
            "/a $b%/x".to_owned(),
            "c \"$d\" 5%\\".to_owned(),
            String::new(),
        ];
        assert_eq!(systemd(&words), r#""/a $b%%/x" "c \"$$d\" 5%%\\" """#);
    }

    #[test]
    fn a_template_engine_finds_nothing_to_read() {
        for word in ["{{ x }}", "{% raw %}", "${{ secrets.x }}", "{# no #}"] {
            let text = one(shell_in_template, word);
            for opening in ["{{", "{%", "{#"] {
                assert!(!text.contains(opening), "{text}");
            }
        }
        assert_eq!(one(shell_in_template, "{%"), "'{''%'");
    }

    #[test]
    fn nagios_has_macros_and_comments() {
        assert_eq!(one(nagios, "a $b; c"), r"'a $$b\; c'");
    }

    #[test]
    fn windows_counts_backslashes_before_a_quote() {
        assert_eq!(one(windows, r"C:\a\b"), r"C:\a\b");
        assert_eq!(one(windows, r"C:\my folder\"), r#""C:\my folder\\""#);
        assert_eq!(one(windows, r#"a\"b"#), r#""a\\\"b""#);
        assert_eq!(one(windows, ""), "\"\"");
        assert_eq!(xml(r#"<a & "b">"#), r#"&lt;a &amp; "b"&gt;"#);
    }

    #[test]
    fn a_string_of_python_ends_where_it_should() {
        assert_eq!(python(r#"a"b\"#), r#""a\"b\\""#);
    }
}
