//! Which season it is for a model, whose version that is, and whether it has had its turn.

use std::collections::BTreeMap;

use crate::domain::holders::{OperationId, VersionId};
use crate::domain::names::AliasName;
use crate::domain::season::{Season, Seasons, YearDay};
use crate::domain::time::Timestamp;
use crate::store::aliases::{self, Period, Periods};
use crate::store::models::Model;
use crate::store::operations;
use crate::store::versions::{self, Version};
use crate::store::{StoreError, Tx};

/// The season of this moment, for one model.
#[derive(Clone, Debug)]
pub struct Turn {
    pub season: Season,
    /// Who holds the season's alias.
    pub version: Option<Version>,
    /// An automatic act never makes it the live one.
    pub is_bad: bool,
    /// A version of the season has been live since it began: a promote, or a rollback from it, is not done again.
    pub had: Option<Version>,
    pub live: Option<Version>,
}

/// The season of this moment; none where there are no seasons.
///
/// # Errors
/// The store can't be read.
pub fn turn(
    tx: &Tx<'_>,
    model: &Model,
    seasons: &Seasons,
    now: Timestamp,
) -> Result<Option<Turn>, StoreError> {
    let Some(season) = seasons.at(now) else {
        return Ok(None);
    };
    let held = aliases::holders(tx, model.id, &season.alias)?.holder();
    let live = aliases::holders(tx, model.id, &AliasName::production())?.holder();
    let had = live_in(tx, model, &season)?;
    let version = |id: Option<VersionId>| id.map(|id| versions::get(tx, id)).transpose();
    Ok(Some(Turn {
        version: version(held)?,
        is_bad: held.map_or(Ok(false), |id| versions::is_bad(tx, id))?,
        had: version(had)?,
        live: version(live)?,
        season,
    }))
}

/// The version of a season that was live in it: one that held both its alias and production at one moment since it
/// began.
///
/// That is read from who held what when, which undo and rollback do not take back; so neither is undone by the next
/// run. An alias that was given by mistake and taken back was never the season's.
fn live_in(tx: &Tx<'_>, model: &Model, season: &Season) -> Result<Option<VersionId>, StoreError> {
    let mut of_season = aliases::periods(tx, model.id, &season.alias, Periods::All)?;
    if of_season.is_empty() {
        return Ok(None);
    }
    let history = operations::undo_history(tx, model.id)?;
    let given = first_operations(&of_season);
    of_season.retain(|period| {
        let change = given.get(&period.tenure);
        change.is_none_or(|change| !history.is_undone(*change))
    });
    let mut live = aliases::periods(tx, model.id, &AliasName::production(), Periods::All)?;
    for period in &mut live {
        period.from = begun(tx, period)?;
    }
    let was_live = |live: &&Period| {
        let same = |held: &&Period| held.version == live.version;
        of_season
            .iter()
            .filter(same)
            .any(|held| overlap(held, live, season.from))
    };
    Ok(live.iter().rev().find(was_live).map(|live| live.version))
}

/// The change by which each tenure began; undo and redo, which begin further periods of it, are none.
fn first_operations(periods: &[Period]) -> BTreeMap<i64, OperationId> {
    let mut first = BTreeMap::new();
    for period in periods {
        first.entry(period.tenure).or_insert(period.from_operation);
    }
    first
}

/// When a period began. The first holder of production has no beginning as far as rows are concerned; before somebody
/// made it live it had no turn.
fn begun(tx: &Tx<'_>, period: &Period) -> Result<Option<Timestamp>, StoreError> {
    if period.from.is_some() {
        return Ok(period.from);
    }
    let made = operations::find(tx, period.from_operation)?.map(|made| made.author.at);
    // A clock that was turned back ends it before that.
    Ok(made.map(|made| period.to.map_or(made, |to| to.min(made))))
}

/// Whether two periods share a moment at or after `since`. One that ended at the instant when it began is a moment.
fn overlap(one: &Period, other: &Period, since: Timestamp) -> bool {
    let from = [one.from, other.from]
        .into_iter()
        .flatten()
        .fold(since, Timestamp::max);
    let to = [one.to, other.to].into_iter().flatten().min();
    let is_moment = |period: &Period| period.from.is_some() && period.from == period.to;
    to.is_none_or(|to| from < to || (from == to && (is_moment(one) || is_moment(other))))
}

/// One season of the list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub alias: AliasName,
    pub from_day: YearDay,
    pub version: Option<Version>,
    pub is_active: bool,
    pub next_at: Option<Timestamp>,
}

/// Every season, in the order of the year.
///
/// # Errors
/// The store can't be read.
pub fn list(
    tx: &Tx<'_>,
    model: &Model,
    seasons: &Seasons,
    now: Timestamp,
) -> Result<Vec<Listed>, StoreError> {
    let active = seasons.at(now).map(|season| season.alias);
    let listed = seasons.by_day().into_iter().map(|(alias, from_day)| {
        let holder = aliases::holders(tx, model.id, alias)?.holder();
        Ok(Listed {
            alias: alias.clone(),
            from_day,
            version: holder.map(|id| versions::get(tx, id)).transpose()?,
            is_active: active.as_ref() == Some(alias),
            next_at: seasons.next_begin(alias, now),
        })
    });
    listed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::example::minute;
    use crate::workflows::example::Scene;
    use crate::workflows::switching::Wish;

    /// The minute of the example's clock at which summer begins: 20 May 2026.
    const SUMMER: i64 = 139 * 1_440;

    fn seasons() -> Seasons {
        let mut seasons = Seasons::default();
        for (alias, from) in [("winter", "01-01"), ("summer", "05-20")] {
            seasons.insert(alias.parse().unwrap(), from.parse().unwrap());
        }
        seasons
    }

    /// a is winter's and live, b is summer's.
    fn scene() -> (Scene, [VersionId; 2]) {
        let mut scene = Scene::new();
        let versions = [scene.version("a"), scene.version("b")];
        scene.promote(versions[0], 10);
        for (alias, version) in [("winter", versions[0]), ("summer", versions[1])] {
            let wish = Wish::SetAlias(version);
            scene.wish_on(&alias.parse().unwrap(), &wish, 20).unwrap();
        }
        (scene, versions)
    }

    fn turn_at(scene: &mut Scene, minutes: i64) -> Turn {
        let model = scene.model.clone();
        scene
            .example
            .read(|tx| turn(tx, &model, &seasons(), minute(minutes)))
            .unwrap()
    }

    fn had(scene: &mut Scene, minutes: i64) -> Option<VersionId> {
        turn_at(scene, minutes).had.map(|version| version.id)
    }

    #[test]
    fn a_season_whose_version_is_live_has_its_turn() {
        let (mut scene, [a, _]) = scene();
        let turn = turn_at(&mut scene, 100);
        assert_eq!(turn.season.alias.as_str(), "winter");
        assert_eq!(turn.had.map(|version| version.id), Some(a));
    }

    #[test]
    fn the_next_season_is_due_until_its_version_was_live() {
        let (mut scene, [_, b]) = scene();
        let begun = SUMMER;
        assert_eq!(had(&mut scene, begun), None);
        scene.promote(b, begun + 1);
        assert_eq!(had(&mut scene, begun + 2), Some(b));
    }

    #[test]
    fn a_rollback_and_an_undo_within_the_season_stay() {
        let begun = SUMMER;
        for wish in [Wish::RollBackOne, Wish::Undo(None)] {
            let (mut scene, [a, b]) = scene();
            scene.promote(b, begun);
            // At the very same instant as well.
            scene.wish(&wish, begun).unwrap();
            let turn = turn_at(&mut scene, begun + 5_000);
            assert_eq!(turn.live.map(|version| version.id), Some(a));
            assert_eq!(turn.had.map(|version| version.id), Some(b), "{wish:?}");
        }
    }

    #[test]
    fn what_was_live_before_the_season_was_not_its_turn() {
        let (mut scene, [_, b]) = scene();
        scene.promote(b, 1_000);
        scene.wish(&Wish::RollBackOne, 2_000).unwrap();
        assert_eq!(had(&mut scene, SUMMER + 100), None);
    }

    #[test]
    fn a_new_version_for_a_season_that_had_its_turn_waits_for_the_next() {
        let (mut scene, [_, b]) = scene();
        let begun = SUMMER;
        scene.promote(b, begun);
        let c = scene.version("c");
        let summer = "summer".parse().unwrap();
        scene
            .wish_on(&summer, &Wish::SetAlias(c), begun + 10)
            .unwrap();
        let turn = turn_at(&mut scene, begun + 20);
        assert_eq!(turn.had.map(|version| version.id), Some(b));
        assert_eq!(turn.version.map(|version| version.id), Some(c));
        assert_eq!(had(&mut scene, begun + 366 * 1_440), None);
    }

    #[test]
    fn a_version_that_gets_the_alias_after_it_was_live_has_not_had_its_turn() {
        let (mut scene, [a, b]) = scene();
        let (begun, summer) = (SUMMER, "summer".parse().unwrap());
        let c = scene.version("c");
        // a is live on the first day, c follows; then a becomes summer's.
        scene.promote(c, begun + 10);
        scene
            .wish_on(&summer, &Wish::SetAlias(a), begun + 20)
            .unwrap();
        assert_eq!(had(&mut scene, begun + 30), None);
        // Once it is live again, and where the live one gets the alias, that is its turn.
        scene.promote(a, begun + 40);
        assert_eq!(had(&mut scene, begun + 50), Some(a));
        scene.promote(b, begun + 60);
        scene
            .wish_on(&summer, &Wish::SetAlias(b), begun + 70)
            .unwrap();
        assert_eq!(had(&mut scene, begun + 80), Some(b));
    }

    #[test]
    fn an_alias_that_was_given_by_mistake_and_taken_back_is_no_turn() {
        let (mut scene, [a, _]) = scene();
        let (begun, summer) = (SUMMER, "summer".parse().unwrap());
        scene
            .wish_on(&summer, &Wish::SetAlias(a), begun + 10)
            .unwrap();
        assert_eq!(had(&mut scene, begun + 11), Some(a));
        scene
            .wish_on(&summer, &Wish::Undo(None), begun + 20)
            .unwrap();
        assert_eq!(had(&mut scene, begun + 30), None);
        scene.wish_on(&summer, &Wish::Redo, begun + 40).unwrap();
        assert_eq!(had(&mut scene, begun + 50), Some(a));
        scene
            .wish_on(&summer, &Wish::Undo(None), begun + 60)
            .unwrap();
        assert_eq!(had(&mut scene, begun + 70), None);
    }

    #[test]
    fn an_alias_that_was_given_twice_and_taken_back_twice_is_no_turn() {
        let (mut scene, [a, b]) = scene();
        let (begun, summer) = (SUMMER, "summer".parse().unwrap());
        let c = scene.version("c");
        for (version, at) in [(a, 10), (c, 20)] {
            let wish = Wish::SetAlias(version);
            scene.wish_on(&summer, &wish, begun + at).unwrap();
        }
        assert_eq!(had(&mut scene, begun + 25), Some(a));
        for at in [30, 40] {
            let wish = Wish::Undo(None);
            scene.wish_on(&summer, &wish, begun + at).unwrap();
        }
        let turn = turn_at(&mut scene, begun + 50);
        assert_eq!(turn.had.map(|version| version.id), None);
        assert_eq!(turn.version.map(|version| version.id), Some(b));
    }

    #[test]
    fn nobody_holds_an_alias_before_it_is_given_the_first_time() {
        let mut scene = Scene::new();
        let [a, b, c] = ["a", "b", "c"].map(|name| scene.version(name));
        let (begun, summer) = (SUMMER, "summer".parse().unwrap());
        scene.promote(a, 10);
        scene.promote(b, begun + 10);
        scene.promote(c, begun + 20);
        // To correct a slip is no turn of what was meant by it either.
        for (version, at) in [(a, 30), (b, 40)] {
            let wish = Wish::SetAlias(version);
            scene.wish_on(&summer, &wish, begun + at).unwrap();
            assert_eq!(had(&mut scene, begun + at + 1), None);
        }
        scene.promote(b, begun + 50);
        assert_eq!(had(&mut scene, begun + 51), Some(b));
    }

    #[test]
    fn nobody_is_live_before_the_first_promote() {
        let mut scene = Scene::new();
        let [a, b] = ["a", "b"].map(|name| scene.version(name));
        let (begun, summer) = (SUMMER, "summer".parse().unwrap());
        for (version, at) in [(a, 10), (b, 20)] {
            let wish = Wish::SetAlias(version);
            scene.wish_on(&summer, &wish, begun + at).unwrap();
        }
        scene.promote(a, begun + 30);
        assert_eq!(had(&mut scene, begun + 40), None);
        scene.promote(b, begun + 50);
        assert_eq!(had(&mut scene, begun + 60), Some(b));
    }
}
