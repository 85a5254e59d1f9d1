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
fn the_time_that_opening_the_store_took_counts_for_what_a_run_claims() {
    use crate::commands::example::call;
    use crate::domain::operation::{NewOperation, OperationKind};
    use crate::store::{Access, Change, Store};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let mut call = call(&["--db", path.to_str().unwrap(), "monitor"]);
    Store::create(&path, &call.author(), |_| {
        let operation = NewOperation::without_model(OperationKind::Init);
        Ok(Change::recorded((), operation))
    })
    .unwrap();
    call.began -= std::time::Duration::from_secs(40);
    let session = call.session(Access::Read).unwrap();
    let listeners = Listeners::of(&call, &session, false);
    assert_eq!(listeners.terms(false).began, call.began);
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

#[test]
fn only_what_a_failure_holds_up_waits_behind_it() {
    let of = |state, error: Option<&str>, is_held_up| Sent {
        state,
        error: error.map(str::to_owned),
        is_held_up,
        ..sent("team", Event::Degraded)
    };
    let queued = |error, is_held_up| of(DeliveryState::Queued, error, is_held_up);
    let refused = queued(Some("404"), false);
    let delivered = of(DeliveryState::Delivered, None, false);
    let all = [
        refused,
        delivered,
        queued(None, true),
        queued(None, false),
        queued(None, false),
    ];
    assert_eq!(
        missed(&all),
        "Not told team (file): degraded; 1 other waits behind it.\n\
         Left for the next run, team (file): 2 messages.\n"
    );
    assert_eq!(
        missed(&all[..2]),
        "Not told team (file): degraded.\n",
        "nothing else was due"
    );
}
