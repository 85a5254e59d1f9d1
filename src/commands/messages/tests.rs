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
