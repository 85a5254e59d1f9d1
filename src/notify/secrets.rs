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
/// What parts an address.
const DELIMITERS: [char; 5] = ['/', '?', '&', '=', '#'];
/// Parts of addresses that are no secret: a server's answer may well hold them, as in `no_service`.
const PLAIN: [&str; 16] = [
    "alert",
    "alerts",
    "api",
    "events",
    "hook",
    "hooks",
    "incoming",
    "integrations",
    "notify",
    "rest",
    "services",
    "token",
    "triggers",
    "webhook",
    "webhooks",
    "workflows",
];
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
        let secrets: Vec<String> = self.url.clone().into_iter().chain(self.parts()).collect();
        let mut forms = forms_of(secrets.iter().map(String::as_str));
        for digits in secrets.iter().map(|secret| hexadecimal(secret)) {
            forms.push(digits.to_ascii_uppercase());
            forms.push(digits);
        }
        let whole = forms
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
        // A server may encode more letters than are usual, and more than once.
        let mut text = text.to_owned();
        for _ in 0..3 {
            if self.repeats_as_it_stands(&text, part) {
                return true;
            }
            text = percent_decoded(&text);
        }
        // As JSON and HTML write them, and hexadecimal digits with something between the bytes.
        let spread: String = text.chars().filter(|c| c.is_ascii_hexdigit()).collect();
        self.repeats_as_it_stands(&unescaped(&text), part)
            || self.repeats_in_hexadecimal(&spread.to_ascii_lowercase(), part)
    }

    fn repeats_as_it_stands(&self, text: &str, part: usize) -> bool {
        let text = text.to_ascii_lowercase();
        let address = self.url.as_deref().unwrap_or_default();
        if !address.is_empty() && text.contains(&address.to_ascii_lowercase()) {
            return true;
        }
        let forms = forms_of(self.parts().iter().map(String::as_str));
        forms.iter().any(|form| shares(&text, form, part))
            || self.repeats_in_hexadecimal(&text, part)
    }

    /// The text is in lower case.
    fn repeats_in_hexadecimal(&self, text: &str, part: usize) -> bool {
        let parts = self.parts();
        let mut digits = parts.iter().filter(|secret| !secret.is_empty());
        digits.any(|secret| shares(text, &hexadecimal(secret), 2 * part))
    }

    /// What is secret, and of an address what is secret in it: as it stands there, and as its server reads it.
    fn parts(&self) -> Vec<String> {
        let of_address = self.url.as_deref().map(parts_of).unwrap_or_default();
        let mut parts: Vec<String> = of_address
            .iter()
            .map(|part| percent_decoded(part))
            .collect();
        let others = [self.token.as_deref(), self.password.as_deref()];
        let as_they_stand = of_address.into_iter().chain(others.into_iter().flatten());
        for part in as_they_stand {
            if !parts.iter().any(|known| known == part) {
                parts.push(part.to_owned());
            }
        }
        parts
    }
}

/// What is secret in an address: credentials, and what stands behind the host but for words that many have.
fn parts_of(address: &str) -> Vec<&str> {
    let (host, path) = match address.split_once("://") {
        Some((_, rest)) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", address),
    };
    let mut parts = Vec::new();
    let (mut begin, mut at) = (0, 0);
    for piece in path.split(DELIMITERS) {
        if PLAIN.contains(&piece.to_ascii_lowercase().as_str()) {
            parts.push(&path[begin..at]);
            begin = at + piece.len();
        }
        at += piece.len() + 1;
    }
    parts.push(&path[begin..]);
    parts.extend(host.rsplit_once('@').map(|(credentials, _)| credentials));
    let parts = parts.into_iter();
    // What is shorter is in any text by chance.
    parts
        .map(|part| part.trim_matches(DELIMITERS))
        .filter(|part| part.chars().count() >= PART)
        .collect()
}

/// Every form that secrets take on their way: as they are, for an address, in base64 wherever it begins.
fn forms_of<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut forms = Vec::new();
    for secret in secrets {
        if secret.is_empty() {
            continue;
        }
        forms.push(secret.to_owned());
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

/// Whether a text in lower case holds so many characters in a row of the form.
fn shares(text: &str, form: &str, part: usize) -> bool {
    let form: Vec<char> = form.to_ascii_lowercase().chars().collect();
    let parts = form.windows(part.min(form.len()).max(1));
    parts
        .map(|part| part.iter().collect::<String>())
        .any(|part| text.contains(&part))
}

/// The text without what JSON and HTML write before or instead of some letters.
fn unescaped(text: &str) -> String {
    let mut text = text.replace('\\', "");
    for (written, meant) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&amp;", "&"),
    ] {
        text = text.replace(written, meant);
    }
    text
}

/// Each byte in two digits, which is why of this form a part is twice as long.
fn hexadecimal(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
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

/// The text with each `%41` as the letter that it stands for.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.first_chunk::<2>().filter(|_| *first == b'%');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
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
            // `printf Canary/7 | xxd -p`, as a server may say it that encodes every byte, and that once more.
            "%43%61%6e%61%72%79%2F%37",
            "%2543%2561%256e%2561%2572%2579",
            "Q2FuYXJ5Lzc%2FK3NlY3JldD3DqcO%2B",
            // `printf 'Canary/7?+secret=éþ' | xxd -p`, in large letters too, cut on both sides, and within more.
            "43616e6172792f373f2b7365637265743dc3a9c3be",
            "43616E6172792F373F2B7365637265743DC3A9C3BE",
            "0x43616e6172792f373f2b",
            "e6172792f373f2b736563",
            "00677561726400 43616e6172792f37",
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
    fn what_an_answer_writes_otherwise_is_not_quoted() {
        let of_token = |token: &str| Secrets {
            token: Some(token.to_owned()),
            ..Secrets::default()
        };
        for (token, said) in [
            ("Jv2Qx9Lm4", "bad 4a 76 32 51 78 39 4c 6d 34"),
            ("Jv2Qx9Lm4", "bad 4A:76:32:51:78:39:4C:6D:34"),
            ("a<b&c>d\"e'f", "bad a&lt;b&amp;c&gt;d&quot;e&#39;f"),
            ("a/b\"c/d\"e", "bad a\\/b\\\"c\\/d\\\"e"),
        ] {
            assert_eq!(of_token(token).quotable(said, 200), None, "{said}");
        }
        let escaped = Secrets {
            url: Some("http://u:%2B9d%2F@h/hook?key=%2B9d%2FxQ7%3Dk2%21vB".to_owned()),
            ..Secrets::default()
        };
        for said in ["bad key +9d/xQ7=k2!vB", "bad %2b9d%2FxQ7%3dk2"] {
            assert_eq!(escaped.quotable(said, 200), None, "{said}");
        }
        assert!(escaped.quotable("no such key", 200).is_some());
    }

    #[test]
    fn what_an_address_shares_with_many_is_no_secret() {
        let of = |url: &str| Secrets {
            url: Some(url.to_owned()),
            ..Secrets::default()
        };
        let slack = of("https://hooks.slack.com/services/T0Zeisig/B0Stieglitz/xV9q2LmT7rKd");
        for said in [
            "no_service",
            "503 Service Unavailable",
            "no such thing: /services/",
            "hooks.slack.com is down",
            "invalid_token",
        ] {
            assert_eq!(slack.quotable(said, 99).as_deref(), Some(said));
        }
        for said in [
            "T0Zeisig",
            "b0stie",
            "q2LmT7",
            "gone: /services/T0Zeis",
            "sig/B0St",
            "tz%2FxV9q",
            "no https://hooks.slack.com/services/T0Zeisig/B0Stieglitz/xV9q2LmT7rKd",
        ] {
            assert_eq!(slack.quotable(said, 99), None, "{said}");
        }
        let other = of("https://guard:Zr5pass@example.com/api/hooks?token=Jv2Token9&x=1#Qx7Part");
        for said in ["Zr5pas", "guard:", "v2Token", "Qx7Part"] {
            assert_eq!(other.quotable(said, 99), None, "{said}");
        }
        assert!(
            other
                .quotable("example.com has no /api/hooks", 99)
                .is_some()
        );
        let bare = of("http://127.0.0.1:1/hook");
        assert!(bare.quotable("a/b = hook?", 99).is_some());
        assert_eq!(bare.quotable("no http://127.0.0.1:1/hook", 99), None);
    }

    #[test]
    fn a_number_that_a_secret_has_in_hexadecimal_too_is_quoted() {
        let token = Secrets {
            token: Some("0123456789".to_owned()),
            ..Secrets::default()
        };
        // "0123456789" is 30313233343536373839; six digits of it are in any text by chance.
        let said = "request 333435 is refused";
        assert_eq!(token.quotable(said, 99).as_deref(), Some(said));
        assert_eq!(token.quotable("no 3334353637383", 99), None);
    }

    #[test]
    fn our_own_words_hold_no_whole_secret() {
        for secrets in secrets() {
            for form in [
                CANARY,
                "43616e6172792f373f2b7365637265743dc3a9c3be",
                "43616E6172792F373F2B7365637265743DC3A9C3BE",
            ] {
                let leaked = format!("cannot post to {form}");
                assert!(!secrets.without(leaked).contains(form));
            }
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
