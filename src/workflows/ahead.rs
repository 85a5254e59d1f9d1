//! Finds what a store says of a time that is still to come: a clock was set, or was wrong.

use crate::domain::holders::OperationId;
use crate::domain::names::AliasName;
use crate::domain::time::{Length, Timestamp};
use crate::store::models::Model;
use crate::store::{StoreError, Tx, aliases, operations};

/// A run that waited for the store while another one committed reads times that are a little after its own.
const OVERTAKEN: Length = Length::from_seconds(60);

/// An operation that lies after the present moment, or made a version live from a moment after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ahead {
    pub operation: OperationId,
    pub at: Timestamp,
    /// `MODELGUARD_NOW` set its clock.
    pub clock_overridden: bool,
}

/// The latest of the store's newest operation and of what made versions live, where that lies ahead.
///
/// # Errors
/// The store can't be read.
pub fn ahead<'a>(
    tx: &Tx<'_>,
    models: impl IntoIterator<Item = &'a Model>,
    now: Timestamp,
) -> Result<Option<Ahead>, StoreError> {
    let mut latest = match operations::head(tx)?.0 {
        None => None,
        Some(id) => operations::find(tx, id)?.map(|newest| (newest.author.at, id)),
    };
    for model in models {
        let held = aliases::list(tx, model.id)?.into_iter();
        let live = held.filter(|held| held.alias == AliasName::production());
        let began = live.filter_map(|held| Some((held.since?, held.operation)));
        latest = latest.into_iter().chain(began).max();
    }
    let Some((at, operation)) = latest else {
        return Ok(None);
    };
    if at <= now || at.since(now) <= OVERTAKEN {
        return Ok(None);
    }
    let found = operations::find(tx, operation)?;
    Ok(Some(Ahead {
        operation,
        at,
        clock_overridden: found.is_some_and(|found| found.author.clock_overridden),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::example::minute;
    use crate::workflows::example::Scene;

    fn seen(scene: &mut Scene, minutes: i64) -> Option<Ahead> {
        let model = scene.model.clone();
        scene
            .example
            .read(|tx| ahead(tx, [&model], minute(minutes)))
    }

    #[test]
    fn a_store_of_the_past_is_not_ahead() {
        let mut scene = Scene::new();
        assert_eq!(seen(&mut scene, 1_000_000), None);
        let a = scene.version("a");
        scene.promote(a, 10);
        assert_eq!(seen(&mut scene, 10), None);
    }

    #[test]
    fn the_newest_operation_is_ahead_and_a_minute_is_none() {
        let mut scene = Scene::new();
        let a = scene.version("a");
        let promote = scene.promote(a, 1_000_000);
        assert_eq!(seen(&mut scene, 999_999), None);
        let found = seen(&mut scene, 999_998).unwrap();
        assert_eq!((found.operation, found.at), (promote, minute(1_000_000)));
    }

    #[test]
    fn who_is_live_from_a_later_moment_stays_ahead_of_newer_operations() {
        let mut scene = Scene::new();
        let (a, b) = (scene.version("a"), scene.version("b"));
        scene.promote(a, 0);
        let promote = scene.promote(b, 1_000_000);
        scene.check(10);
        let found = seen(&mut scene, 20).unwrap();
        assert_eq!((found.operation, found.at), (promote, minute(1_000_000)));
    }
}
