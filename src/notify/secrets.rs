//! Keeps what is secret out of what is said: foreign words that repeat any part of it are not repeated.

/// What a channel needs and the policy only names, read at the moment of use. It has no `Debug` on purpose.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The address of a webhook or of Slack.
    pub url: Option<String>,
    /// A webhook's token.
    pub token: Option<String>,
    /// The mail server's password.
    pub password: Option<String>,
}

/// So many characters in a row of a secret are a part of it.
const PART: usize = 6;
/// Our own words are searched for whole secrets of at least this length; a shorter one is in any text by chance.
const WHOLE: usize = 8;

impl Secrets {
    /// What somebody else said, in one line of at most `most` characters; nothing where it repeats a part of a
    /// secret, in any of its forms, because a part is worth withholding and what was cut off can't be seen.
    pub(super) fn quotable(&self, said: &str, most: usize) -> Option<String> {
        let line: String = said
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .collect();
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() || self.repeats(&line, PART) {
            return None;
        }
        Some(match line.char_indices().nth(most) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        })
    }

    /// `what`, then in brackets what somebody else said, if that can be repeated.
    pub(super) fn with_quote(&self, what: &str, said: &str) -> String {
        match self.quotable(said, 200) {
            Some(said) => format!("{what} ({said})"),
            None => what.to_owned(),
        }
    }

    /// The last look at a text: it never holds a secret as a whole.
    pub(super) fn without(&self, text: String) -> String {
        let whole = self
            .forms()
            .iter()
            .any(|form| form.len() >= WHOLE && text.contains(form.as_str()));
        if whole {
            "it did not arrive; why is not said here, because that repeats a secret".to_owned()
        } else {
            text
        }
    }

    /// A text about another channel, without the foreign words in it that repeat a part of these secrets: a program
    /// may read the file of a secret that is not its own.
    #[must_use]
    pub fn out_of(&self, text: String) -> String {
        match text.split_once(" (") {
            Some((own, quoted)) if self.repeats(quoted, PART) => self.without(own.to_owned()),
            _ => self.without(text),
        }
    }

    fn repeats(&self, text: &str, part: usize) -> bool {
        let text = text.to_ascii_lowercase();
        self.forms().iter().any(|form| {
            let form: Vec<char> = form.to_ascii_lowercase().chars().collect();
            let parts = form.windows(part.min(form.len()).max(1));
            parts
                .map(|part| part.iter().collect::<String>())
                .any(|part| text.contains(&part))
        })
    }

    /// Every form that a secret takes on its way: as it is, for an address, in base64 wherever it begins.
    fn forms(&self) -> Vec<String> {
        let secrets = [&self.url, &self.token, &self.password];
        let mut forms = Vec::new();
        for secret in secrets.into_iter().flatten() {
            if secret.is_empty() {
                continue;
            }
            forms.push(secret.clone());
            forms.push(percent_encoded(secret));
            for skipped in 0..3 {
                let encoded = base64_within(secret.as_bytes(), skipped);
                forms.push(encoded.replace('+', "-").replace('/', "_"));
                forms.push(encoded);
            }
        }
        forms.retain(|form| !form.is_empty());
        forms
    }
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    encoded
}

/// The part of base64 that depends on these bytes alone when `skipped` unknown ones stand before them.
fn base64_within(bytes: &[u8], skipped: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    let (mut buffer, mut bits) = (0_u32, 0_u32);
    for byte in std::iter::repeat_n(&0, skipped).chain(bytes) {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 6 {
            bits -= 6;
            let index = (buffer >> bits) & 63;
            encoded.push(char::from(LETTERS[index as usize]));
        }
    }
    // What a skipped byte has a share in is unknown; so is a last letter that is not full.
    encoded.drain(..(skipped * 8).div_ceil(6).min(encoded.len()));
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "Canary/7?+secret=\u{e9}\u{fe}";

    fn secrets() -> Vec<Secrets> {
        let canary = || Some(CANARY.to_owned());
        vec![
            Secrets {
                url: canary(),
                ..Secrets::default()
            },
            Secrets {
                token: canary(),
                ..Secrets::default()
            },
            Secrets {
                password: canary(),
                ..Secrets::default()
            },
        ]
    }

    #[test]
    fn what_repeats_a_secret_in_any_form_is_not_quoted() {
        // `printf '\0user\0Canary/7?+secret=éþ' | base64`, with 0 to 2 letters less before it, and as URLs have it.
        let plain = [
            "AHVzZXIAQ2FuYXJ5Lzc/K3NlY3JldD3Dqc O+",
            "Q2FuYXJ5Lzc/K3NlY3JldD3DqcO+",
            "Q2FuYXJ5Lzc_K3NlY3JldD3DqcO-",
            "WENhbmFyeS83PytzZWNyZXQ9w6nDvg==",
            "WFhDYW5hcnkvNz8rc2VjcmV0PcOpw74=",
            "Canary%2F7%3F%2Bsecret%3D%C3%A9%C3%BE",
            "canary%2f7%3f%2bsecret%3d%c3%a9%c3%be",
            CANARY,
            "cut off: Canary/",
        ];
        for secrets in secrets() {
            for form in plain {
                let said = format!("no such thing: {form}.");
                assert_eq!(secrets.quotable(&said, 500), None, "{form}");
                assert_eq!(secrets.with_quote("404", &said), "404");
            }
            assert_eq!(
                secrets.quotable("no_service\r\n", 500).unwrap(),
                "no_service"
            );
        }
    }

    #[test]
    fn our_own_words_hold_no_whole_secret() {
        for secrets in secrets() {
            let leaked = format!("cannot post to {CANARY}");
            assert!(!secrets.without(leaked).contains("Canary"));
            assert_eq!(secrets.without("401".to_owned()), "401");
        }
    }

    #[test]
    fn a_quote_is_one_line_and_cut() {
        let none = Secrets::default();
        assert_eq!(none.quotable("a\r\n\tb\u{1b}[2J", 99).unwrap(), "a b [2J");
        assert_eq!(none.quotable("abcdef", 3).unwrap(), "abc…");
        assert_eq!(none.quotable(" \n", 3), None);
    }

    #[test]
    fn a_short_secret_is_withheld_whole() {
        let short = Secrets {
            password: Some("x9".to_owned()),
            ..Secrets::default()
        };
        assert_eq!(short.quotable("bad password x9", 99), None);
        assert!(short.quotable("bad password", 99).is_some());
    }
}
