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
