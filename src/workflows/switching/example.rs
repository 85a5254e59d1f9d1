//! Hand-made plans for tests of how they are shown.

#![cfg(test)]

use super::{Party, Plan};
use crate::domain::holders::Holders;
use crate::domain::names::AliasName;
use crate::domain::operation::OperationKind;
use crate::domain::time::Timestamp;
use crate::store::models::Model;

/// A change of `alias` from one version to another, wished for at `at`.
pub fn plan(
    model: Model,
    alias: AliasName,
    kind: OperationKind,
    (from, to): (Option<Party>, Option<Party>),
    at: Timestamp,
) -> Plan {
    let holders = from.iter().chain(&to).map(|party| party.version.id);
    Plan {
        model,
        alias,
        kind,
        after: Holders::from_bottom(holders.collect()),
        from,
        to,
        from_since: None,
        changes: true,
        at,
        at_was_given: false,
        restores: None,
        left_degraded: false,
    }
}
