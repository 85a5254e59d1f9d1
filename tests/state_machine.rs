//! Live, previous, undo: random sequences over two models and two aliases, played on a real store and on a model that
//! is the text of the design's section "Live, previous, undo" and nothing else.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test touches the disk and SQLite directly"
)]

use std::path::{Path, PathBuf};

use modelguard::domain::holders::{OperationId, VersionId};
use modelguard::domain::metric::Task;
use modelguard::domain::names::{AliasName, VersionName};
use modelguard::domain::operation::{Author, NewOperation, OperationKind};
use modelguard::domain::time::{Length, Timestamp};
use modelguard::store::models::Model;
use modelguard::store::versions::{self, ArtifactKind, Metadata};
use modelguard::store::{Access, Change, Store, StoreError, aliases, maintain, models, operations};
use modelguard::workflows::registering::{Registration, Stager, register};
use modelguard::workflows::switching::{self, SwitchError, Wish};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const MODELS: usize = 2;
const ALIASES: [&str; 2] = ["production", "winter"];
const VERSIONS: usize = 4;

/// One thing that a person, or `monitor`, does to a model.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Promote(usize),
    /// On production or on the other alias.
    RollBackOne(usize),
    RollBackTo(usize),
    LastGood,
    /// The live version is degraded and `monitor` goes back.
    Act,
    SetAlias(usize),
    RemoveAlias,
    /// The change that stands at this place, counted from the newest.
    Undo(usize),
    Redo,
    Judge(usize, bool),
    Retire(usize),
}

// The model begins: at most 60 lines, no SQL, nothing of domain/holders.rs.
#[rustfmt::skip] // One rule a line, to be read beside the design.
mod told {
    use super::{Deed, VERSIONS};
    type Changed = (usize, Vec<usize>, bool); // alias, stack before, stands
    type Said = (usize, usize, Option<usize>, Says); // when, of whom, the change that it stands and falls with
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Says { Left, Degraded, Healthy, Clear }

    #[derive(Clone, Debug, Default)]
    pub struct Told {
        pub stacks: [Vec<usize>; 2], // production, winter; the holder last
        changes: Vec<Changed>,
        redoable: Vec<(usize, Vec<usize>, Vec<Said>)>, // the change that an undo took back, and what it took away
        said: Vec<Said>, now: usize, retired: [bool; VERSIONS],
    }

    impl Told {
        fn say(&mut self, v: usize, with: Option<usize>, says: Says) { self.said.push((self.now, v, with, says)); self.now += 1 }
        fn of(&self, v: usize) -> Vec<Says> { self.said.iter().filter(|one| one.1 == v).map(|one| one.3).collect() }
        fn decided(said: &[Says]) -> Option<&Says> { said.iter().rev().find(|says| matches!(says, Says::Degraded | Says::Healthy)) }
        pub fn bad(&self, v: usize) -> bool {
            let all = self.of(v); let since = all.rsplit(|says| *says == Says::Clear).next().unwrap_or_default();
            since.contains(&Says::Left) || Self::decided(since) == Some(&Says::Degraded)
        }
        fn live(&self, alias: usize) -> Option<usize> { self.stacks[alias].last().copied() }
        fn set(&mut self, alias: usize, after: Vec<usize>, left: Option<usize>) -> bool {
            left.into_iter().for_each(|v| self.say(v, Some(self.changes.len()), Says::Left));
            let before = std::mem::replace(&mut self.stacks[alias], after); self.changes.push((alias, before, true));
            self.redoable.clear(); true
        }
        fn push(&mut self, alias: usize, v: usize, left: Option<usize>) -> bool { self.live(alias) != Some(v) && self.set(alias, [self.stacks[alias].clone(), vec![v]].concat(), left) }
        fn left(&self, alias: usize, by_monitor: bool) -> Option<usize> { self.live(alias).filter(|v| alias == 0 && (by_monitor || self.bad(*v))) }
        fn pop_to(&mut self, alias: usize, height: usize, by_monitor: bool) -> bool { (1..self.stacks[alias].len()).contains(&height) && self.set(alias, self.stacks[alias][..height].to_vec(), self.left(alias, by_monitor)) }
        fn back_to(&mut self, v: usize, by_monitor: bool) -> bool {
            match self.stacks[0].iter().rposition(|entry| *entry == v) {
                Some(at) => self.pop_to(0, at + 1, by_monitor),
                None => self.push(0, v, self.left(0, by_monitor)),
            }
        }
        fn below(&self, fits: impl Fn(usize) -> bool) -> Option<usize> { self.stacks[0].iter().rev().skip(1).copied().find(|v| self.live(0) != Some(*v) && !self.bad(*v) && !self.retired[*v] && fits(*v)) }
        fn undo(&mut self, depth: usize) -> bool {
            let Some(at) = (0..self.changes.len()).rev().filter(|at| self.changes[*at].2).nth(depth).filter(|_| depth == 0) else { return false }; // newer ones stand: refused
            let (alias, before, ..) = self.changes[at].clone();
            self.changes[at].2 = false;
            let taken = std::mem::replace(&mut self.stacks[alias], before);
            let gone = self.said.extract_if(.., |one| alias == 0 && one.2 >= Some(at)).collect();
            self.live(0).filter(|_| alias == 0).into_iter().for_each(|v| self.say(v, Some(at), Says::Clear));
            self.redoable.push((at, taken, gone)); true
        }
        fn redo(&mut self) -> bool {
            let Some((at, taken, gone)) = self.redoable.pop() else { return false };
            let (alias, _, stands) = &mut self.changes[at];
            (*stands, self.stacks[*alias]) = (true, taken);
            self.said.retain(|one| one.2 != Some(at));
            self.said.extend(gone); self.said.sort_by_key(|one| one.0); true
        }
        pub fn play(&mut self, deed: Deed) -> bool { // false: refused, or nothing changes
            match deed {
                Deed::Promote(v) => { let at = self.changes.len(); self.push(0, v, None) && { self.say(v, Some(at), Says::Clear); true } }
                Deed::SetAlias(v) => self.push(1, v, None),
                Deed::RemoveAlias => self.live(1).is_some() && self.set(1, Vec::new(), None),
                Deed::RollBackOne(alias) => self.pop_to(alias, self.stacks[alias].len().saturating_sub(1), false),
                Deed::RollBackTo(v) => self.back_to(v, false),
                Deed::LastGood => self.below(|v| Self::decided(&self.of(v)) == Some(&Says::Healthy)).is_some_and(|v| self.back_to(v, false)),
                Deed::Act => self.live(0).is_some_and(|live| { self.say(live, None, Says::Degraded); self.below(|_| true).is_some_and(|v| self.back_to(v, true)) }),
                Deed::Undo(depth) => self.undo(depth),
                Deed::Redo => self.redo(),
                Deed::Judge(v, degraded) => { self.say(v, None, if degraded { Says::Degraded } else { Says::Healthy }); true }
                Deed::Retire(v) => { if self.live(0) != Some(v) { self.retired[v] = !self.retired[v] } true }
            }
        }
    }
}
// The model ends.
use told::Told;

/// The real thing: a store with two models of four versions each.
struct Real {
    store: Store,
    path: PathBuf,
    models: Vec<Model>,
    versions: Vec<Vec<VersionId>>,
    clock: i64,
    /// The operations that changed a holder and stand in the log as changes, by model.
    changes: Vec<Vec<OperationId>>,
}

impl Real {
    fn author(&mut self) -> Author {
        self.clock += 1;
        author(self.clock)
    }

    fn switch(&mut self, model: usize, alias: usize, wish: &Wish) -> bool {
        let author = self.author();
        let alias: AliasName = ALIASES[alias].parse().unwrap();
        let undoes = matches!(wish, Wish::Undo(_) | Wish::Redo);
        let (store, named) = (&mut self.store, &self.models[model]);
        let done = switching::carry_out(store, &author, named, &alias, wish, None, None);
        match done {
            Ok(switched) => {
                if let Some(id) = switched.operation.filter(|_| !undoes) {
                    self.changes[model].push(id);
                }
                switched.operation.is_some()
            }
            Err(SwitchError::Store(error)) => panic!("{error}"),
            Err(_) => false,
        }
    }

    fn play(&mut self, model: usize, deed: Deed) -> bool {
        let version = |v: usize| self.versions[model][v];
        match deed {
            Deed::Promote(v) => {
                let (version, since) = (version(v), None);
                self.switch(model, 0, &Wish::Promote { version, since })
            }
            Deed::SetAlias(v) => {
                let wish = Wish::SetAlias(version(v));
                self.switch(model, 1, &wish)
            }
            Deed::RemoveAlias => self.switch(model, 1, &Wish::RemoveAlias),
            Deed::RollBackOne(alias) => self.switch(model, alias, &Wish::RollBackOne),
            Deed::RollBackTo(v) => {
                let wish = Wish::RollBackTo(version(v));
                self.switch(model, 0, &wish)
            }
            Deed::LastGood => self.switch(model, 0, &Wish::RollBackToLastGood),
            Deed::Act => self.act(model),
            Deed::Undo(0) => self.switch(model, 0, &Wish::Undo(None)),
            Deed::Undo(depth) => {
                let standing = self.standing(model, depth);
                standing.is_some_and(|id| self.switch(model, 0, &Wish::Undo(Some(id))))
            }
            Deed::Redo => self.switch(model, 0, &Wish::Redo),
            Deed::Judge(v, degraded) => {
                self.judge(model, version(v), degraded);
                true
            }
            Deed::Retire(v) => {
                self.retire(model, version(v));
                true
            }
        }
    }

    /// The change that stands at that depth below the newest, by asking which undos are refused.
    fn standing(&mut self, model: usize, depth: usize) -> Option<OperationId> {
        let id = self.models[model].id;
        let history = self
            .store
            .read(|tx| operations::undo_history(tx, id))
            .unwrap();
        let stands = |id: &OperationId| {
            use modelguard::domain::holders::UndoRefusal;
            !matches!(
                history.may_undo(*id),
                Err(UndoRefusal::AlreadyUndone | UndoRefusal::Unknown)
            )
        };
        let standing = self.changes[model].iter().rev().filter(|id| stands(id));
        standing.copied().nth(depth)
    }

    fn act(&mut self, model: usize) -> bool {
        let id = self.models[model].id;
        let production = AliasName::production();
        let live = self
            .store
            .read(|tx| aliases::holders(tx, id, &production))
            .unwrap()
            .holder();
        let Some(live) = live else { return false };
        self.judge(model, live, true);
        let author = self.author();
        let named = &self.models[model];
        let acted = self
            .store
            .change(&author, |tx| {
                let holders = aliases::holders(tx, id, &production)?;
                let Some(target) = switching::automatic_target(tx, &holders, false)? else {
                    return Ok::<_, SwitchError>(Change::nothing(None));
                };
                let wish = Wish::RollBackTo(target);
                let mut plan = switching::plan(tx, named, &production, &wish, author.at)?;
                plan.leave_degraded();
                let operation = tx.next_operation()?;
                let change = plan.apply(tx, operation, None, "{}".to_owned())?;
                Ok(Change::recorded(Some(operation), change))
            })
            .unwrap();
        self.changes[model].extend(acted);
        acted.is_some()
    }

    /// Records a verdict as a check does.
    fn judge(&mut self, model: usize, version: VersionId, degraded: bool) {
        let author = self.author();
        let id = self.models[model].id;
        let operation = self
            .store
            .change(&author, |tx| {
                let operation = tx.next_operation()?;
                let check = NewOperation {
                    version: Some(version),
                    ..NewOperation::recording(OperationKind::Check, id)
                };
                Ok::<_, StoreError>(Change::recorded(operation, check))
            })
            .unwrap();
        let (verdict, severity) = if degraded {
            ("degraded", Some("low"))
        } else {
            ("healthy", None)
        };
        rusqlite::Connection::open(&self.path)
            .unwrap()
            .execute(
                "INSERT INTO evaluation (model_id, version_id, operation_id, checked_at, verdict, severity, was_live,
                     by_policy, document)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, 1, '{}')",
                rusqlite::params![id, version.0, operation.0, author.at.micros(), verdict, severity],
            )
            .unwrap();
    }

    fn retire(&mut self, model: usize, version: VersionId) {
        let author = self.author();
        let id = self.models[model].id;
        self.store
            .change(&author, |tx| {
                let live = aliases::holders(tx, id, &AliasName::production())?.holder();
                if live == Some(version) {
                    return Ok(Change::nothing(()));
                }
                let retired = versions::get(tx, version)?.retired_reason.is_some();
                versions::set_retired(tx, version, (!retired).then_some("old"))?;
                let operation = NewOperation::recording(OperationKind::Retire, id);
                Ok::<_, StoreError>(Change::recorded((), operation))
            })
            .unwrap();
    }

    /// The stacks and who is bad, as indexes into the model's versions.
    fn seen(&mut self, model: usize) -> ([Vec<usize>; 2], [bool; VERSIONS]) {
        let id = self.models[model].id;
        let versions = self.versions[model].clone();
        self.store
            .read(|tx| {
                let stack = |alias: &str| {
                    let holders = aliases::holders(tx, id, &alias.parse().unwrap())?;
                    let index = |entry| versions.iter().position(|version| version == entry);
                    let entries = holders.entries().iter().map(|entry| index(entry).unwrap());
                    Ok::<_, StoreError>(entries.collect())
                };
                let mut bad = [false; VERSIONS];
                for (bad, version) in bad.iter_mut().zip(&versions) {
                    *bad = versions::is_bad(tx, *version)?;
                }
                Ok::<_, StoreError>(([stack(ALIASES[0])?, stack(ALIASES[1])?], bad))
            })
            .unwrap()
    }
}

fn author(clock: i64) -> Author {
    Author {
        at: Timestamp::from_micros(1_700_000_000_000_000 + clock * 1_000_000).unwrap(),
        clock_overridden: true,
        actor: "test".into(),
        host: "test".into(),
        command_line: "modelguard".into(),
    }
}

/// A store with two models of four versions, made once and copied for each sequence.
fn template(folder: &Path) -> PathBuf {
    let path = folder.join("template.db");
    Store::create(&path, &author(0), |tx| {
        for name in ["a", "b"] {
            models::insert(tx, &name.parse().unwrap(), Task::Regression, author(0).at)?;
        }
        Ok(Change::recorded(
            (),
            NewOperation::without_model(OperationKind::Init),
        ))
    })
    .unwrap();
    let mut store = open(&path);
    for model in store.read(models::list).unwrap() {
        for v in 0..VERSIONS {
            let stager = Stager::new(&mut store, &AUTHOR, ArtifactKind::File);
            let staged = stager
                .stage(|out| {
                    out.write_all(format!("{} {v}", model.name).as_bytes())
                        .unwrap();
                    Ok(())
                })
                .unwrap();
            let name: VersionName = format!("v{v}").parse().unwrap();
            let registration = Registration {
                model: &model,
                name: Some(&name),
                file_name: "artifact",
                metadata: &Metadata::default(),
                reference_blake3: None,
                alias: None,
            };
            register(&mut store, &AUTHOR, &staged, &registration, |_, _| Ok(())).unwrap();
        }
    }
    path
}

static AUTHOR: std::sync::LazyLock<Author> = std::sync::LazyLock::new(|| author(0));

fn open(path: &Path) -> Store {
    Store::open(path, Access::Write, Length::from_seconds(5), &AUTHOR).unwrap()
}

fn begin(template: &Path, folder: &Path) -> Real {
    let path = folder.join("store.db");
    std::fs::copy(template, &path).unwrap();
    let mut store = open(&path);
    let models = store.read(models::list).unwrap();
    let versions = models
        .iter()
        .map(|model| {
            let (mut list, _) = store
                .read(|tx| versions::list(tx, model.id, None, None, 100))
                .unwrap();
            list.reverse();
            list.into_iter().map(|version| version.id).collect()
        })
        .collect();
    Real {
        store,
        path,
        models,
        versions,
        clock: 0,
        changes: vec![Vec::new(); MODELS],
    }
}

fn deeds() -> impl Strategy<Value = Vec<(usize, Deed)>> {
    let v = || 0..VERSIONS;
    let deed = prop_oneof![
        6 => v().prop_map(Deed::Promote),
        4 => (0..ALIASES.len()).prop_map(Deed::RollBackOne),
        2 => v().prop_map(Deed::RollBackTo),
        1 => Just(Deed::LastGood),
        4 => Just(Deed::Act),
        2 => v().prop_map(Deed::SetAlias),
        1 => Just(Deed::RemoveAlias),
        7 => prop_oneof![5 => Just(0), 2 => 0..3_usize].prop_map(Deed::Undo),
        4 => Just(Deed::Redo),
        3 => (v(), any::<bool>()).prop_map(|(v, degraded)| Deed::Judge(v, degraded)),
        1 => v().prop_map(Deed::Retire),
    ];
    proptest::collection::vec((0..MODELS, deed), 1..16)
}

/// Tests run beside the memory where the system offers that: the sequences are about words, not about disks.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

fn sequences(cases: u32, seed: u8) {
    let folder = folder();
    let template = template(folder.path());
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    let random = proptest::test_runner::TestRng::from_seed(
        proptest::test_runner::RngAlgorithm::ChaCha,
        &[seed; 32],
    );
    let mut runner = TestRunner::new_with_rng(config, random);
    let result = runner.run(&deeds(), |deeds| {
        let mut real = begin(&template, folder.path());
        let mut told: [Told; MODELS] = Default::default();
        for (model, deed) in deeds {
            let expected = told[model].play(deed);
            let happened = real.play(model, deed);
            prop_assert_eq!(happened, expected, "{:?} of model {}", deed, model);
            for (model, told) in told.iter().enumerate() {
                let (stacks, bad) = real.seen(model);
                prop_assert_eq!(&stacks, &told.stacks, "stacks after {:?}", deed);
                let expected = std::array::from_fn(|v| told.bad(v));
                prop_assert_eq!(bad, expected, "bad after {:?}", deed);
            }
        }
        let violations = real.store.read(maintain::violations).unwrap();
        prop_assert!(violations.is_empty(), "{:?}", violations);
        let chain = real.store.read(|tx| operations::verify_chain(tx, None));
        prop_assert!(chain.is_ok(), "{:?}", chain);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn a_thousand_sequences_go_as_the_design_tells() {
    sequences(1_000, 1);
}

#[test]
fn another_thousand_sequences_go_as_the_design_tells() {
    sequences(1_000, 2);
}

#[test]
fn the_model_is_short() {
    let source = include_str!("state_machine.rs");
    let (_, model) = source.split_once("// The model begins").unwrap();
    let (model, _) = model.split_once("// The model ends").unwrap();
    let rules = model.lines().skip(1).filter(|line| !line.trim().is_empty());
    let rules = rules.filter(|line| !line.trim_matches([' ', '}', ')', ';']).is_empty());
    assert!(rules.clone().count() <= 60, "{}", rules.count());
}
