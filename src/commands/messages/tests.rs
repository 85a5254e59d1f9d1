//! Tests of what is said of messages: short, however many there were.

use super::*;

fn sent(channel: &str, event: Event) -> Sent {
    Sent {
        channel: channel.to_owned(),
        required: false,
        alert: None,
        event,
        state: DeliveryState::Delivered,
        attempts_count: 1,
        error: None,
        was_cut_short: false,
        is_held_up: false,
        is_news: false,
        last_error: None,
        kind: Some("file"),
    }
}

#[test]
fn a_few_messages_are_named_and_many_are_counted() {
    let few = [Event::Degraded, Event::Recovered, Event::Degraded];
    let mut all: Vec<_> = few.map(|event| sent("team", event)).into();
    assert_eq!(
        summary(&all),
        "Told team (file): degraded, recovered, degraded.\n"
    );
    all.push(sent("team", Event::RefusedFile));
    assert_eq!(
        summary(&all),
        "Told team (file): 4 messages (2 degraded, 1 recovered, 1 refused file).\n"
    );
    let many = std::iter::repeat_n(sent("file", Event::RefusedFile), 3_000);
    all.extend(many);
    assert_eq!(
        summary(&all),
        "Told channel file: 3,000 messages (refused file).\n\
         Told team (file): 4 messages (2 degraded, 1 recovered, 1 refused file).\n"
    );
}

#[test]
fn what_waits_and_what_is_given_up_with_a_failure_is_counted() {
    let untried = |state, is_held_up| Sent {
        state,
        attempts_count: 0,
        is_held_up,
        ..sent("team", Event::RefusedFile)
    };
    let mut all = vec![untried(DeliveryState::Queued, false); 1_200];
    assert_eq!(
        missed(&all),
        "Left for the next run, team (file): 1,200 messages.\n"
    );
    all.truncate(1);
    all.push(Sent {
        error: Some("refused".to_owned()),
        is_news: true,
        ..untried(DeliveryState::Queued, false)
    });
    all.push(untried(DeliveryState::Failed, false));
    all.extend(vec![untried(DeliveryState::Queued, true); 1_200]);
    assert_eq!(
        missed(&all),
        "Not told team (file): refused file; 1,200 others wait behind it; 1 other was given up.\n\
         Left for the next run, team (file): 1 message.\n"
    );
    let told = |sent: &[Sent]| new_failures(sent)[0].text.clone();
    let begin = "channel team did not take the message (refused_file): refused; ";
    assert_eq!(
        told(&all),
        format!("{begin}a later run tries again; 1 other was given up")
    );
    for one in &mut all {
        one.state = DeliveryState::Failed;
    }
    assert_eq!(
        told(&all),
        format!("{begin}it was given up, with 1,202 others")
    );
}
