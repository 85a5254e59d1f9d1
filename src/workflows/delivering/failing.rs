//! What a failure means for the message, for its channel and for what waits there: when they are tried again.

use std::collections::BTreeSet;

use super::{Run, Sent};
use crate::domain::time::{Length, Timestamp};
use crate::notify::SendError;
use crate::store::outbox::{self, Delivery, DeliveryState, Settlement};
use crate::store::{Change, StoreError};

/// The first wait after a failure; each further failure doubles it.
const FIRST_WAIT: Length = Length::from_seconds(60);
/// The longest wait, which is also that after a failure that trying again can't help.
const LONGEST_WAIT: Length = Length::from_seconds(6 * 3_600);

/// How long to wait after the n-th failure: a minute, doubled each time, at most six hours.
fn wait(attempts_count: u64, is_permanent: bool) -> Length {
    let doublings = u32::try_from(attempts_count.saturating_sub(1)).unwrap_or(u32::MAX);
    let factor = 2_u64.checked_pow(doublings).unwrap_or(u64::MAX);
    let seconds = FIRST_WAIT.seconds().saturating_mul(factor);
    if is_permanent || seconds > LONGEST_WAIT.seconds() {
        LONGEST_WAIT
    } else {
        Length::from_seconds(seconds)
    }
}

/// Whether the failure is one of the channel and not of this message: nothing else goes through it now either. Where some
/// of the recipients have the message, the channel works.
pub(super) fn is_out_of_order(delivery: &Delivery, error: &SendError) -> bool {
    !error.is_permanent && error.reached.is_empty() && delivery.reached.is_empty()
}

impl Run<'_> {
    /// Records that a message was not taken, and where its channel is out of order, that all others failed with it.
    pub(super) fn fail(
        &mut self,
        mut delivery: Delivery,
        error: SendError,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let give_up_after = self.terms.rules.give_up_after;
        let next = now.later_by(wait(delivery.attempts_count, error.is_permanent));
        let is_given_up = now.since(delivery.first_failed_at.unwrap_or(now)) >= give_up_after;
        let (state, settlement) = if is_given_up {
            (DeliveryState::Failed, Settlement::GivenUp(&error.text))
        } else {
            let again = Settlement::Again(&error.text, next);
            (DeliveryState::Queued, again)
        };
        let is_channels = is_out_of_order(&delivery, &error);
        let (before, given_up) = self.store.change(self.author, |tx| {
            let before = outbox::standing(tx, &delivery.channel)?;
            outbox::settle(tx, delivery.id, now, settlement, &error.reached)?;
            let given_up = if is_channels {
                let (channel, why) = (&delivery.channel, &error.text);
                outbox::fail_rest(tx, channel, now, why, next, give_up_after)?
            } else {
                BTreeSet::new()
            };
            Ok::<_, StoreError>(Change::staged((before, given_up)))
        })?;
        let mut rest: Vec<Delivery> = Vec::new();
        if is_channels {
            let same = |one: &Delivery| one.channel.eq_ignore_ascii_case(&delivery.channel);
            let open = self.open.extract_if(.., |_, one| same(one));
            rest.extend(open.map(|(_, one)| one));
            rest.extend(self.left.extract_if(.., |one| same(one)));
        }
        let mut failed = std::iter::once(&delivery).chain(&rest);
        let fails_first = failed.any(|one| one.first_failed_at.is_none());
        let gives_up = is_given_up || !given_up.is_empty();
        let is_news = fails_first && !before.has_failed || gives_up && !before.has_given_up;
        delivery.last_error = Some(error.text.clone());
        let tried = Sent {
            is_news,
            ..self.said(&delivery, state, Some(error.text.clone()))
        };
        self.sent.push(tried);
        for mut one in rest {
            let (state, is_held_up) = if given_up.contains(&one.id) {
                one.last_error.get_or_insert_with(|| error.text.clone());
                (DeliveryState::Failed, false)
            } else {
                (DeliveryState::Queued, true)
            };
            let sent = Sent {
                is_held_up,
                ..self.said(&one, state, None)
            };
            self.sent.push(sent);
        }
        if error.reached.is_empty() {
            self.failed.push(delivery);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_six_hours() {
        let waits: Vec<_> = (1..=11).map(|n| wait(n, false).seconds() / 60).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]);
        assert_eq!(wait(u64::MAX, false), LONGEST_WAIT);
        assert_eq!(wait(1, true), LONGEST_WAIT);
    }
}
