//! Writes a message as an e-mail: ASCII throughout, so that every server takes it and nothing in it can add a header.

use super::SendError;
use crate::domain::notification::Message;
use crate::domain::policy::is_mail_address;

/// The longest line that mail programs like.
const LINE: usize = 76;

/// Checks an address of the kind that every mail server takes.
///
/// # Errors
/// It is none.
pub(super) fn checked(address: &str) -> Result<&str, SendError> {
    if !is_mail_address(address) {
        return Err(SendError::never(format!(
            "{address:?} is no e-mail address"
        )));
    }
    Ok(address)
}

/// The whole e-mail with CRLF at its line ends.
///
/// # Errors
/// One of the addresses is none.
pub(super) fn mail(message: &Message, from: &str, to: &[String]) -> Result<String, SendError> {
    let from = checked(from)?;
    let to = to
        .iter()
        .map(|to| checked(to))
        .collect::<Result<Vec<_>, _>>()?;
    let id = host(&message.delivery_id);
    let mut mail = String::new();
    for (name, value) in [
        ("From", from.to_owned()),
        ("To", to.join(",\r\n ")),
        (
            "Subject",
            subject(&format!("[modelguard] {}", message.title)),
        ),
        ("Date", message.at.mail_date()),
        ("Message-ID", format!("<{id}@{}>", host(&message.host))),
        ("X-Modelguard-Delivery", id.clone()),
        // No "I am on holiday" comes back.
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("MIME-Version", "1.0".to_owned()),
        ("Content-Type", "text/plain; charset=utf-8".to_owned()),
        ("Content-Transfer-Encoding", "quoted-printable".to_owned()),
    ] {
        mail += &format!("{name}: {value}\r\n");
    }
    mail += "\r\n";
    for line in [message.title.as_str(), ""]
        .into_iter()
        .chain(message.lines.iter().map(String::as_str))
    {
        mail += &quoted_printable(line);
        mail += "\r\n";
    }
    Ok(mail)
}

/// A name as mail headers and EHLO take it: letters, digits, dots and dashes.
pub(super) fn host(name: &str) -> String {
    let host: String = name
        .chars()
        .map(|letter| match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => letter,
            _ => '-',
        })
        .collect();
    let host = host.trim_matches(['.', '-']);
    if host.is_empty() {
        "localhost".to_owned()
    } else {
        host.to_owned()
    }
}

/// As it is, or encoded where it is not plain.
fn subject(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else {
        encoded(text)
    }
}

fn is_plain(text: &str) -> bool {
    text.len() < LINE - 10
        && !text.contains("=?")
        && text
            .chars()
            .all(|letter| letter == ' ' || letter.is_ascii_graphic())
}

/// RFC 2047: words of at most 75 characters, none of which ends within a letter. Control characters become spaces.
fn encoded(text: &str) -> String {
    const BEGINNING: &str = "=?utf-8?Q?";
    let mut words = vec![String::new()];
    for letter in text.chars() {
        let mut code = String::new();
        match letter {
            _ if letter.is_control() || letter == ' ' => code.push('_'),
            _ if letter.is_ascii_alphanumeric() => code.push(letter),
            _ => {
                let mut bytes = [0; 4];
                for byte in letter.encode_utf8(&mut bytes).bytes() {
                    code += &format!("={byte:02X}");
                }
            }
        }
        // The first one stands behind the header's name.
        let room = LINE - 1 - BEGINNING.len() - 2 - if words.len() == 1 { 12 } else { 0 };
        match words.last_mut() {
            Some(word) if word.len() + code.len() <= room => word.push_str(&code),
            _ => words.push(code),
        }
    }
    let words: Vec<_> = words
        .iter()
        .map(|word| format!("{BEGINNING}{word}?="))
        .collect();
    words.join("\r\n ")
}

/// RFC 2045: one line of text as lines of at most 76 characters.
fn quoted_printable(line: &str) -> String {
    let mut text = String::new();
    let mut length = 0;
    let last = line.len().saturating_sub(1);
    for (place, byte) in line.bytes().enumerate() {
        let is_plain = match byte {
            b'=' => false,
            b' ' => place != last,
            _ => byte.is_ascii_graphic(),
        };
        let code = if is_plain {
            char::from(byte).to_string()
        } else {
            format!("={byte:02X}")
        };
        if length + code.len() > LINE - 1 {
            text += "=\r\n";
            length = 0;
        }
        length += code.len();
        text += &code;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::message;
    use super::*;

    const FROM: &str = "modelguard@example.com";

    fn to(address: &str) -> Vec<String> {
        vec![address.to_owned()]
    }

    #[test]
    fn a_mail_is_as_servers_and_people_want_it() {
        let to = ["ana@example.com", "on-call@example.com"].map(str::to_owned);
        assert_eq!(
            mail(&message(), FROM, &to).unwrap(),
            "From: modelguard@example.com\r\n\
             To: ana@example.com,\r\n on-call@example.com\r\n\
             Subject: [modelguard] churn is degraded: RMSE > 5 % worse\r\n\
             Date: Mon, 05 Jan 2026 14:30:22 +0000\r\n\
             Message-ID: <d-7-ops@ops.example>\r\n\
             X-Modelguard-Delivery: d-7-ops\r\n\
             Auto-Submitted: auto-generated\r\n\
             MIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: quoted-printable\r\n\
             \r\n\
             churn is degraded: RMSE > 5 % worse\r\n\
             \r\n\
             rolled back to 20260101_000000\r\n\
             <!channel> & ``` *=C3=A9*\r\n"
        );
    }

    #[test]
    fn nothing_in_a_message_adds_a_header_or_ends_them() {
        let mut evil = message();
        evil.title = "a\r\nBcc: eve@example.com\r\n\r\nbody".to_owned();
        evil.delivery_id = "d\r\nBcc: eve@example.com".to_owned();
        evil.host = "h>\r\nBcc: eve@example.com".to_owned();
        evil.lines = vec!["one\r\n.\r\nQUIT".to_owned()];
        let text = mail(&evil, FROM, &to("ana@example.com")).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let names: Vec<_> = head
            .split("\r\n")
            .filter(|line| !line.starts_with(' '))
            .map(|line| line.split_once(':').unwrap().0)
            .collect();
        assert_eq!(
            names,
            [
                "From",
                "To",
                "Subject",
                "Date",
                "Message-ID",
                "X-Modelguard-Delivery",
                "Auto-Submitted",
                "MIME-Version",
                "Content-Type",
                "Content-Transfer-Encoding"
            ]
        );
        assert!(text.is_ascii());
        assert!(body.ends_with("one=0D=0A.=0D=0AQUIT\r\n"), "{body}");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "ana",
            "@example.com",
            "ana@",
            "a b@example.com",
            "a@b@c",
            "a@b>\r\nRCPT TO:<c@d",
            "Ana <a@b>",
            "ana@b\u{fc}ro.example",
            "a,b@example.com",
            "<>",
        ] {
            let error = checked(text).unwrap_err();
            assert!(error.is_permanent && !error.text.contains('\n'), "{error}");
        }
    }

    #[test]
    fn lines_stay_short_and_no_letter_is_torn() {
        let mut long = message();
        long.title = "é=€".repeat(300);
        long.lines = vec!["=€ x".repeat(200), " ".repeat(200), String::new()];
        let text = mail(&long, FROM, &to("n@example.com")).unwrap();
        for line in text.split("\r\n") {
            assert!(line.len() <= LINE, "{} {line}", line.len());
            assert!(!line.ends_with(' '), "{line:?}");
        }
        let words = text.split("=?utf-8?Q?").skip(1);
        for word in words {
            let word = word.split("?=").next().unwrap();
            assert!(
                word.ends_with("=C3=A9") || word.ends_with("=3D") || word.ends_with("=E2=82=AC"),
                "{word}"
            );
        }
    }
}
