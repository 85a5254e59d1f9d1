//! Who holds an alias: the stack of holders, and what undo and redo take back. Pure.

/// A version's row in the store; ordered by registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VersionId(pub i64);

/// An operation's row in the log, printed as `op_41`; ordered by commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationId(pub i64);

impl std::fmt::Display for OperationId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "op_{}", self.0)
    }
}

/// The holders of one alias of one model, the present one on top.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holders(Vec<VersionId>);

impl Holders {
    /// Takes the entries, the bottom one first.
    #[must_use]
    pub const fn from_bottom(entries: Vec<VersionId>) -> Self {
        Self(entries)
    }

    /// The entries, the bottom one first.
    #[must_use]
    pub fn entries(&self) -> &[VersionId] {
        &self.0
    }

    /// The present holder.
    #[must_use]
    pub fn holder(&self) -> Option<VersionId> {
        self.0.last().copied()
    }

    /// The entry `depth` below the top; 0 is the holder.
    #[must_use]
    pub fn below(&self, depth: usize) -> Option<VersionId> {
        let index = self.0.len().checked_sub(depth.checked_add(1)?)?;
        self.0.get(index).copied()
    }

    /// The entries below the top, the newest first.
    pub fn lower(&self) -> impl Iterator<Item = VersionId> + '_ {
        self.0.iter().rev().skip(1).copied()
    }

    /// The entries below the newest entry of `version`, the newest first; nothing if it has none.
    pub fn lower_than(&self, version: VersionId) -> impl Iterator<Item = VersionId> + '_ {
        let end = self.newest_entry_of(version).unwrap_or(0);
        self.0.iter().take(end).rev().copied()
    }

    /// Puts a version on top. False: it was there already.
    pub fn promote(&mut self, version: VersionId) -> bool {
        let changes = self.holder() != Some(version);
        if changes {
            self.0.push(version);
        }
        changes
    }

    /// Takes the holder off. `None`, and nothing changes, where nothing lies below it.
    pub fn go_back_one(&mut self) -> Option<VersionId> {
        let next = self.below(1)?;
        self.0.pop();
        Some(next)
    }

    /// Goes back to the newest entry of a version, or puts it on top if it has none. False: it is on top already.
    pub fn go_back_to(&mut self, version: VersionId) -> bool {
        match self.newest_entry_of(version) {
            Some(index) if index + 1 == self.0.len() => return false,
            Some(index) => self.0.truncate(index + 1),
            None => self.0.push(version),
        }
        true
    }

    fn newest_entry_of(&self, version: VersionId) -> Option<usize> {
        self.0.iter().rposition(|entry| *entry == version)
    }
}

/// What undo and redo need to know of one operation that changed a holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewStep {
    pub id: OperationId,
    pub kind: ViewKind,
}

/// How an operation changed a holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewKind {
    /// A promote, a rollback, an alias set or removed.
    Change,
    /// Took back the change it names.
    Undo(OperationId),
    /// Took back the undo it names.
    Redo(OperationId),
}

/// A model's view operations, folded into what can be undone and redone.
#[derive(Clone, Debug, Default)]
pub struct UndoHistory {
    /// Changes that stand, oldest first.
    standing: Vec<OperationId>,
    /// Undos that can be taken back and the change each took back, oldest first.
    redoable: Vec<(OperationId, OperationId)>,
    /// Changes that were undone and not redone.
    undone: Vec<OperationId>,
}

/// Why `undo op_N` is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UndoRefusal {
    /// It is undone already.
    AlreadyUndone,
    /// These newer ones would have to go first, the newest first.
    NewerStand(Vec<OperationId>),
    /// It is no view operation of this model.
    Unknown,
}

impl UndoHistory {
    /// Folds a model's view operations, given in the order of the log.
    pub fn from_steps(steps: impl IntoIterator<Item = ViewStep>) -> Self {
        let mut history = Self::default();
        for step in steps {
            match step.kind {
                ViewKind::Change => {
                    history.standing.push(step.id);
                    history.redoable.clear();
                }
                ViewKind::Undo(change) => {
                    history.standing.retain(|id| *id != change);
                    history.undone.push(change);
                    history.redoable.push((step.id, change));
                }
                ViewKind::Redo(undo) => {
                    if let Some(index) = history.redoable.iter().position(|(id, _)| *id == undo) {
                        let (_, change) = history.redoable.remove(index);
                        history.undone.retain(|id| *id != change);
                        history.standing.push(change);
                        history.standing.sort_unstable();
                    }
                }
            }
        }
        history
    }

    /// The change that `undo` takes back: the newest that stands.
    #[must_use]
    pub fn undoable(&self) -> Option<OperationId> {
        self.standing.last().copied()
    }

    /// The undo that `redo` takes back, and the change that comes back with it.
    #[must_use]
    pub fn redoable(&self) -> Option<(OperationId, OperationId)> {
        self.redoable.last().copied()
    }

    /// Whether a change was undone and not redone.
    #[must_use]
    pub fn is_undone(&self, change: OperationId) -> bool {
        self.undone.contains(&change)
    }

    /// Whether `undo op_N` may go ahead.
    ///
    /// # Errors
    /// It is undone already, newer changes stand above it, or it is none of this model's changes.
    pub fn may_undo(&self, id: OperationId) -> Result<(), UndoRefusal> {
        if self.is_undone(id) {
            return Err(UndoRefusal::AlreadyUndone);
        }
        if !self.standing.contains(&id) {
            return Err(UndoRefusal::Unknown);
        }
        let newer: Vec<_> = self
            .standing
            .iter()
            .rev()
            .take_while(|standing| **standing != id)
            .copied()
            .collect();
        if newer.is_empty() {
            Ok(())
        } else {
            Err(UndoRefusal::NewerStand(newer))
        }
    }
}

#[cfg(test)]
mod laws;

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(entries: &[i64]) -> Holders {
        Holders::from_bottom(entries.iter().copied().map(VersionId).collect())
    }

    fn history(steps: &[(i64, ViewKind)]) -> UndoHistory {
        UndoHistory::from_steps(steps.iter().map(|(id, kind)| ViewStep {
            id: OperationId(*id),
            kind: *kind,
        }))
    }

    #[test]
    fn going_back_twice_goes_two_holders_back() {
        let mut holders = stack(&[1, 2, 3]);
        assert_eq!(holders.go_back_one(), Some(VersionId(2)));
        assert_eq!(holders.go_back_one(), Some(VersionId(1)));
        assert_eq!(holders.go_back_one(), None);
        assert_eq!(holders, stack(&[1]));
    }

    #[test]
    fn promoting_the_holder_changes_nothing() {
        let mut holders = stack(&[1]);
        assert!(!holders.promote(VersionId(1)));
        assert!(holders.promote(VersionId(2)));
        assert!(holders.promote(VersionId(1)));
        assert_eq!(holders, stack(&[1, 2, 1]));
    }

    #[test]
    fn going_back_to_a_version_stops_at_its_newest_entry() {
        let mut holders = stack(&[1, 2, 1, 3, 4]);
        assert!(holders.go_back_to(VersionId(1)));
        assert_eq!(holders, stack(&[1, 2, 1]));
        assert!(!holders.go_back_to(VersionId(1)));
        assert!(holders.go_back_to(VersionId(9)));
        assert_eq!(holders, stack(&[1, 2, 1, 9]));
    }

    #[test]
    fn what_lies_below_is_counted_from_the_top() {
        let holders = stack(&[1, 2, 3]);
        assert_eq!(holders.below(0), Some(VersionId(3)));
        assert_eq!(holders.below(2), Some(VersionId(1)));
        assert_eq!(holders.below(3), None);
        assert_eq!(holders.below(usize::MAX), None);
        assert_eq!(
            holders.lower_than(VersionId(2)).collect::<Vec<_>>(),
            [VersionId(1)]
        );
        assert_eq!(holders.lower_than(VersionId(9)).count(), 0);
    }

    #[test]
    fn undoing_twice_takes_back_two_changes() {
        let two_undone = history(&[
            (1, ViewKind::Change),
            (2, ViewKind::Change),
            (3, ViewKind::Undo(OperationId(2))),
            (4, ViewKind::Undo(OperationId(1))),
        ]);
        assert_eq!(two_undone.undoable(), None);
        assert_eq!(
            two_undone.redoable(),
            Some((OperationId(4), OperationId(1)))
        );
    }

    #[test]
    fn only_a_change_clears_redo() {
        let redone = [
            (1, ViewKind::Change),
            (2, ViewKind::Change),
            (3, ViewKind::Undo(OperationId(2))),
            (4, ViewKind::Undo(OperationId(1))),
            (5, ViewKind::Redo(OperationId(4))),
        ];
        assert_eq!(
            history(&redone).redoable(),
            Some((OperationId(3), OperationId(2)))
        );
        assert_eq!(history(&redone).undoable(), Some(OperationId(1)));
        let changed: Vec<_> = redone.into_iter().chain([(6, ViewKind::Change)]).collect();
        assert_eq!(history(&changed).redoable(), None);
    }

    #[test]
    fn an_older_change_waits_for_the_newer_ones() {
        let history = history(&[
            (1, ViewKind::Change),
            (2, ViewKind::Change),
            (3, ViewKind::Change),
            (4, ViewKind::Undo(OperationId(3))),
        ]);
        assert_eq!(
            history.may_undo(OperationId(1)),
            Err(UndoRefusal::NewerStand(vec![OperationId(2)]))
        );
        assert_eq!(
            history.may_undo(OperationId(3)),
            Err(UndoRefusal::AlreadyUndone)
        );
        assert_eq!(history.may_undo(OperationId(4)), Err(UndoRefusal::Unknown));
        assert_eq!(history.may_undo(OperationId(2)), Ok(()));
    }
}
