//! POSTs a message to an address: as JSON for programs, or in Slack's blocks for people.

use std::time::Duration;

use serde_json::{Value, json};

use super::message::document;
use super::{Secrets, SendError};
use crate::domain::notification::Message;
use crate::http::{self, Post};

/// By which a receiver tells a message that comes twice.
const DELIVERY: &str = "X-Modelguard-Delivery";
/// Slack's limits, in characters.
const HEADER: usize = 150;
const SECTION: usize = 3000;

/// Posts the message as the JSON that every program gets.
pub(super) fn post_json(
    message: &Message,
    secrets: &Secrets,
    ca_pem: Option<&[u8]>,
    timeout: Duration,
) -> Result<(), SendError> {
    let mut headers = vec![(DELIVERY, message.delivery_id.clone())];
    if let Some(token) = &secrets.token {
        headers.push(("Authorization", format!("Bearer {token}")));
    }
    post(&document(message), &headers, secrets, ca_pem, timeout)
}

/// Posts the message as Slack shows it.
pub(super) fn post_blocks(
    message: &Message,
    secrets: &Secrets,
    ca_pem: Option<&[u8]>,
    timeout: Duration,
) -> Result<(), SendError> {
    let headers = [(DELIVERY, message.delivery_id.clone())];
    post(&blocks(message), &headers, secrets, ca_pem, timeout)
}

fn post(
    body: &Value,
    headers: &[(&'static str, String)],
    secrets: &Secrets,
    ca_pem: Option<&[u8]>,
    timeout: Duration,
) -> Result<(), SendError> {
    let Some(url) = &secrets.url else {
        return Err(SendError::again("it has no address"));
    };
    let answer = http::post(&Post {
        url,
        headers,
        body: &body.to_string(),
        ca_pem,
        timeout,
    })
    .map_err(|error| SendError::again(error.to_string()))?;
    match answer.status {
        200..300 => Ok(()),
        // Following it would carry the address, or what is posted, to somebody who was not named.
        status @ 300..400 => Err(SendError::again(format!(
            "the server answered {status}, a redirect, which is not followed"
        ))),
        status => {
            let what = format!("the server answered {status}");
            let text = secrets.with_quote(&what, &answer.text);
            // A token is read anew each time, so that whoever mends it still gets the message; the others are about
            // the message or the address itself.
            let again = matches!(status, 401 | 403 | 407 | 408 | 425 | 429);
            Err(if (400..500).contains(&status) && !again {
                SendError::never(text)
            } else {
                SendError::again(text)
            })
        }
    }
}

/// The message in Slack's blocks: a header, the lines as they are, and whose they are.
fn blocks(message: &Message) -> Value {
    let title = escaped(&[&message.title], HEADER);
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": title, "emoji": false },
    })];
    if !message.lines.is_empty() {
        // Within a fence nothing is bold, a link or a mention, and numbers stand below each other.
        let lines: Vec<_> = message
            .lines
            .iter()
            .map(|line| line.replace("```", "'''"))
            .collect();
        let lines = escaped(&lines, SECTION - 8);
        blocks.push(json!({
            "type": "section",
            "text": { "type": "mrkdwn", "text": format!("```\n{lines}\n```"), "verbatim": true },
        }));
    }
    let mut about = vec![message.model.as_str()];
    about.extend(message.version.as_deref());
    let (host, at) = (message.host.as_str(), message.at.to_string());
    about.extend([host, &at, &message.delivery_id]);
    let about = escaped(&[about.join(" · ")], SECTION);
    blocks.push(json!({
        "type": "context",
        "elements": [{ "type": "plain_text", "text": about, "emoji": false }],
    }));
    json!({ "text": escaped(&[&message.title], SECTION), "blocks": blocks })
}

/// Lines with Slack's control characters written out, cut to so many characters, never within one of these.
fn escaped(lines: &[impl AsRef<str>], most: usize) -> String {
    let mut text = String::new();
    let mut length = 0;
    let all = lines.iter().enumerate().flat_map(|(number, line)| {
        let end = (number > 0).then_some('\n');
        end.into_iter().chain(line.as_ref().chars())
    });
    let pieces: Vec<String> = all
        .map(|letter| match letter {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            other => other.to_string(),
        })
        .collect();
    let whole: usize = pieces.iter().map(|piece| piece.chars().count()).sum();
    let room = if whole > most { most - 1 } else { most };
    for piece in pieces {
        length += piece.chars().count();
        if length > room {
            text.push('…');
            break;
        }
        text += &piece;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::tests::message;
    use super::*;

    #[test]
    fn slack_gets_a_header_the_lines_and_whose_they_are() {
        let blocks = blocks(&message());
        assert_eq!(
            blocks,
            json!({
                "text": "churn is degraded: RMSE &gt; 5 % worse",
                "blocks": [
                    { "type": "header", "text": { "type": "plain_text", "emoji": false,
                      "text": "churn is degraded: RMSE &gt; 5 % worse" } },
                    { "type": "section", "text": { "type": "mrkdwn", "verbatim": true,
                      "text": "```\nrolled back to 20260101_000000\n&lt;!channel&gt; &amp; ''' *é*\n```" } },
                    { "type": "context", "elements": [{ "type": "plain_text", "emoji": false,
                      "text": "churn · 20260105_143022 · ops.example · 2026-01-05T14:30:22Z · d-7-ops" }] },
                ],
            })
        );
    }

    #[test]
    fn slacks_limits_hold_for_any_length_and_no_entity_is_cut() {
        for length in [140, 149, 150, 151, 750, 3000, 9000] {
            let mut long = message();
            long.title = "<".repeat(length);
            long.lines = vec!["&é".repeat(length), "x".repeat(length)];
            let blocks = blocks(&long);
            let text = |pointer: &str| {
                blocks
                    .pointer(pointer)
                    .unwrap()
                    .as_str()
                    .unwrap()
                    .to_owned()
            };
            let header = text("/blocks/0/text/text");
            let section = text("/blocks/1/text/text");
            assert!(header.chars().count() <= HEADER, "{header}");
            assert!(section.chars().count() <= SECTION, "{section}");
            assert!(section.ends_with("\n```"));
            assert_eq!(header.replace("&lt;", "").replace('…', ""), "");
        }
        let mut bare = message();
        bare.lines.clear();
        assert_eq!(blocks(&bare)["blocks"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn a_text_that_just_fits_is_not_cut() {
        assert_eq!(escaped(&["a".repeat(150)], 150), "a".repeat(150));
        assert_eq!(escaped(&["ab", "c"], 4), "ab\nc");
        assert_eq!(escaped(&["ab", "cd"], 4), "ab\n…");
    }
}
