//! Which texts are e-mail addresses, and which mail servers are this machine: one rule for the policy and for sending.

use std::net::{IpAddr, Ipv6Addr};

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

/// Whether the text can be a mail server alone: no user, no password, no path, no port.
#[must_use]
pub fn is_mail_host(text: &str) -> bool {
    let is_other = |c: char| matches!(c, '@' | '/' | '\\') || c.is_whitespace() || c.is_control();
    let is_one = !text.contains(':') || is_sixth_version(text);
    !text.is_empty() && !text.contains(is_other) && is_one
}

/// Whether the host is an address of IPv6, with brackets, a zone (`%eth0`), or neither.
fn is_sixth_version(host: &str) -> bool {
    let host = without_brackets(host);
    let address = host.split_once('%').map_or(host, |(address, _)| address);
    address.parse::<Ipv6Addr>().is_ok()
}

/// The port that somebody wrote behind a mail server: that of `mail.example.org:587`, none of `::1`.
#[must_use]
pub fn port_behind(text: &str) -> Option<u16> {
    let (host, digits) = text.rsplit_once(':')?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let port = digits.parse().ok().filter(|port| *port > 0 && is_number)?;
    (is_mail_host(host) && !is_mail_host(text)).then_some(port)
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
            "fe80::1%eth0",
            "[2001:db8::25]",
        ] {
            assert!(is_mail_host(host), "{host}");
            assert_eq!(port_behind(host), None, "{host}");
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
            "mail.example.org:587",
            "[::1]:25",
            "a:b",
            ":25",
        ] {
            assert!(!is_mail_host(host), "{host}");
        }
    }

    #[test]
    fn a_port_is_told_from_the_end_of_an_address() {
        for (host, port) in [
            ("mail.example.org:587", Some(587)),
            ("10.0.0.1:1", Some(1)),
            ("[::1]:25", Some(25)),
            ("::1:25", None),
            ("mail.example.org:", None),
            ("mail.example.org:0", None),
            ("mail.example.org:65536", None),
            ("mail.example.org:+25", None),
            ("u:p:25", None),
            (":25", None),
        ] {
            assert_eq!(port_behind(host), port, "{host}");
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
