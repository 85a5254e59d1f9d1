//! Which texts are e-mail addresses, and which mail servers are this machine: one rule for the policy and for sending.

use std::net::IpAddr;

/// The longest that a mail server takes.
const ADDRESS_BYTES: usize = 254;
const USER_BYTES: usize = 64;
const LABEL_BYTES: usize = 63;

/// Whether every mail server takes the text as an address: ASCII, a user and a host, no name, quotes or brackets.
#[must_use]
pub fn is_mail_address(text: &str) -> bool {
    let Some((user, host)) = text.split_once('@') else {
        return false;
    };
    let is_atom = |part: &str| {
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        !part.is_empty() && part.bytes().all(is_plain)
    };
    let is_label = |part: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=LABEL_BYTES).contains(&part.len())
            && part.bytes().all(is_plain)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    text.len() <= ADDRESS_BYTES
        && user.len() <= USER_BYTES
        && user.split('.').all(is_atom)
        && host.split('.').all(is_label)
}

/// Whether the text can be a mail server alone: no user, no password, no path.
#[must_use]
pub fn is_mail_host(text: &str) -> bool {
    let is_other = |c: char| matches!(c, '@' | '/' | '\\') || c.is_whitespace() || c.is_control();
    !text.is_empty() && !text.contains(is_other)
}

/// Whether a host is this machine, which may be spoken to without encryption.
#[must_use]
pub fn is_this_machine(host: &str) -> bool {
    let address = without_brackets(host).parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// `::1` for `[::1]`; any other host as it is.
#[must_use]
pub fn without_brackets(host: &str) -> &str {
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    inner.unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_user_and_a_host_and_nothing_else() {
        for text in [
            "a@b",
            "ana.b+c@mail-1.example.org",
            "o'neil@example.org",
            "1@2",
        ] {
            assert!(is_mail_address(text), "{text}");
        }
        let long = format!("a@{}", "b.".repeat(130) + "c");
        for text in [
            "",
            "ana",
            "@b",
            "a@",
            "a@b@c",
            "a b@c",
            "a@b c",
            "Ana <a@b>",
            "<a@b>",
            "a,b@c",
            "a;b@c",
            "\"a\"@b",
            "a@(b)",
            "a@[1.2.3.4]",
            "a\\@b",
            "a:b@c",
            "ana@b\u{fc}ro.example",
            "a..b@c",
            ".a@b",
            "a.@b",
            "a@b..c",
            "a@-b",
            "a@b-",
            "a@b_c",
            "a@b\r\n",
            &long,
        ] {
            assert!(!is_mail_address(text), "{text}");
        }
    }

    #[test]
    fn a_host_has_no_user_and_no_path() {
        for host in [
            "mail.example.org",
            "localhost",
            "::1",
            "[::1]",
            "b\u{fc}ro.example",
        ] {
            assert!(is_mail_host(host), "{host}");
        }
        for host in [
            "",
            "u:p@mail.example.org",
            "smtp://mail.example.org",
            "mail.example.org/x",
            "mail example",
            " mail.example.org",
            "mail.example.org\n",
            "a\0b",
            "a\\u0040b",
        ] {
            assert!(!is_mail_host(host), "{host}");
        }
    }

    #[test]
    fn this_machine_is_known_by_its_address_and_not_by_how_that_begins() {
        for host in [
            "localhost",
            "LOCALHOST",
            "127.0.0.1",
            "127.8.9.1",
            "::1",
            "[::1]",
        ] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "127.evil.example",
            "localhost.example.com",
            "10.0.0.1",
            "mail.example.com",
            "",
            "0.0.0.0",
            "[::1",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
        assert_eq!(without_brackets("[::1]"), "::1");
        assert_eq!(without_brackets("a"), "a");
    }
}
