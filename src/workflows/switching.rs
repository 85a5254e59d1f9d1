//! Changes who holds an alias: plans what would happen, and carries out what was agreed to.

use crate::domain::holders::{Holders, OperationId, UndoRefusal, VersionId};
use crate::domain::metric::Metric;
use crate::domain::names::{AliasName, ModelName, VersionName};
use crate::domain::operation::{Author, NewOperation, OperationKind, ViewChange};
use crate::domain::policy::ModelPolicy;
use crate::domain::time::Timestamp;
use crate::domain::verdict::{Standing, Verdict};
use crate::store::aliases::{self, Periods, Switch};
use crate::store::models::Model;
use crate::store::versions::{self, Version};
use crate::store::{Change, Store, StoreError, Tx, operations};

use super::reference_numbers;

#[cfg(test)]
pub mod example;
mod since;

/// What somebody wants to happen to an alias.
#[derive(Clone, Debug)]
pub enum Wish {
    /// Puts a version on top; it went live at the given time, else now.
    Promote {
        version: VersionId,
        since: Option<Timestamp>,
    },
    /// Takes the holder off.
    RollBackOne,
    /// Goes back to a version.
    RollBackTo(VersionId),
    /// Goes back to the newest entry that was healthy when last judged.
    RollBackToLastGood,
    /// Takes back a change: the newest that stands, or the one that is named.
    Undo(Option<OperationId>),
    /// Takes back the newest undo.
    Redo,
    /// Puts a version on top of an alias that is not production.
    SetAlias(VersionId),
    /// Empties an alias.
    RemoveAlias,
}

/// Why a wish can't be granted.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    #[error("no version of model {model} holds @{alias}")]
    NobodyHolds { model: ModelName, alias: AliasName },
    #[error("nothing lies below {holder} of model {model}")]
    NothingBelow {
        model: ModelName,
        holder: VersionName,
    },
    #[error("no version below the live one of model {0} was healthy when last judged")]
    NoLastGood(ModelName),
    #[error("there is nothing to undo in model {0}")]
    NothingToUndo(ModelName),
    #[error("there is nothing to redo in model {0}")]
    NothingToRedo(ModelName),
    #[error("{id} lies below newer changes of {model} that stand: {}", listed(.newer))]
    NewerStand {
        id: OperationId,
        model: ModelName,
        newer: Vec<OperationId>,
    },
    #[error("there is no operation {0}")]
    NoOperation(OperationId),
    #[error("{id} is an operation of kind {kind}, which can't be undone")]
    NotUndoable {
        id: OperationId,
        kind: OperationKind,
    },
    #[error("{since} is in the future")]
    SinceInFuture { since: Timestamp },
    #[error("{since} is before {begin}, when the present tenure began")]
    SinceTooEarly { since: Timestamp, begin: Timestamp },
    #[error("{version} holds @production already, {}, and --since can't change that", .from.map_or("from the beginning".to_owned(), |from| format!("since {from}")))]
    HoldsAlready {
        version: VersionName,
        from: Option<Timestamp>,
    },
    #[error("what holds @{alias} changed after the plan was made")]
    ChangedMeanwhile { alias: AliasName },
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn listed(ids: &[OperationId]) -> String {
    let ids: Vec<_> = ids.iter().map(OperationId::to_string).collect();
    ids.join(", ")
}

/// What a version is to the person who reads a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Party {
    pub version: Version,
    pub bad: bool,
    pub standing: Standing,
    /// What its reference sample says, where that is told instead of what was recorded.
    pub reference: Option<(Metric, f64)>,
}

/// What a wish would change.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub model: Model,
    pub alias: AliasName,
    pub kind: OperationKind,
    pub from: Option<Party>,
    pub to: Option<Party>,
    /// When the present holder took over; `None` without a holder or a beginning.
    pub from_since: Option<Timestamp>,
    pub after: Holders,
    /// False: everything is as wished already.
    pub changes: bool,
    at: Timestamp,
    at_was_given: bool,
    restores: Option<OperationId>,
    left_degraded: bool,
}

/// What was changed.
#[derive(Clone, Debug)]
pub struct Switched {
    pub plan: Plan,
    /// `None`: nothing was changed.
    pub operation: Option<OperationId>,
    /// The names of the stack after it, the bottom entry first.
    pub stack: Vec<VersionName>,
}

fn party(tx: &Tx<'_>, id: VersionId) -> Result<Party, StoreError> {
    Ok(Party {
        version: versions::get(tx, id)?,
        bad: versions::is_bad(tx, id)?,
        standing: versions::standing(tx, id)?,
        reference: None,
    })
}

/// The names of a stack, the bottom entry first.
///
/// # Errors
/// The store can't be read.
pub fn stack_names(tx: &Tx<'_>, holders: &Holders) -> Result<Vec<VersionName>, StoreError> {
    let names = holders
        .entries()
        .iter()
        .map(|id| versions::get(tx, *id).map(|version| version.name));
    names.collect()
}

/// Works out what a wish would change, and changes nothing.
///
/// # Errors
/// The wish can't be granted.
pub fn plan(
    tx: &Tx<'_>,
    model: &Model,
    alias: &AliasName,
    wish: &Wish,
    now: Timestamp,
) -> Result<Plan, SwitchError> {
    let before = aliases::holders(tx, model.id, alias)?;
    let mut after = before.clone();
    let mut at = now;
    let mut at_was_given = false;
    let kind = match wish {
        Wish::Promote { version, since } => {
            if let Some(since) = since {
                since::refuse_another(tx, model, alias, *version, *since)?;
                at = since::checked(tx, model, alias, *since, now)?;
                at_was_given = true;
            }
            after.promote(*version);
            OperationKind::Promote
        }
        Wish::SetAlias(version) => {
            after.promote(*version);
            OperationKind::AliasSet
        }
        Wish::RemoveAlias => {
            holder(&before, model, alias)?;
            after = Holders::default();
            OperationKind::AliasRemove
        }
        Wish::RollBackOne => {
            let holder = holder(&before, model, alias)?;
            if after.go_back_one().is_none() {
                return Err(SwitchError::NothingBelow {
                    model: model.name.clone(),
                    holder: versions::get(tx, holder)?.name,
                });
            }
            OperationKind::Rollback
        }
        Wish::RollBackTo(version) => {
            after.go_back_to(*version);
            OperationKind::Rollback
        }
        Wish::RollBackToLastGood => {
            holder(&before, model, alias)?;
            let good = last_good(tx, &before)?
                .ok_or_else(|| SwitchError::NoLastGood(model.name.clone()))?;
            after.go_back_to(good);
            OperationKind::Rollback
        }
        Wish::Undo(id) => return plan_undo(tx, model, *id, now),
        Wish::Redo => return plan_redo(tx, model, now),
    };
    let mut plan = drafted(tx, model, alias, kind, &before, after, at)?;
    plan.at_was_given = at_was_given;
    plan.left_degraded =
        kind == OperationKind::Rollback && plan.from.as_ref().is_some_and(|from| from.bad);
    Ok(plan)
}

fn holder(before: &Holders, model: &Model, alias: &AliasName) -> Result<VersionId, SwitchError> {
    before.holder().ok_or_else(|| SwitchError::NobodyHolds {
        model: model.name.clone(),
        alias: alias.clone(),
    })
}

fn drafted(
    tx: &Tx<'_>,
    model: &Model,
    alias: &AliasName,
    kind: OperationKind,
    before: &Holders,
    after: Holders,
    at: Timestamp,
) -> Result<Plan, SwitchError> {
    let present = aliases::periods(tx, model.id, alias, Periods::PresentTenure)?;
    Ok(Plan {
        model: model.clone(),
        alias: alias.clone(),
        kind,
        from: before.holder().map(|id| party(tx, id)).transpose()?,
        to: after.holder().map(|id| party(tx, id)).transpose()?,
        from_since: present.first().and_then(|period| period.from),
        changes: before != &after,
        after,
        at,
        at_was_given: false,
        restores: None,
        left_degraded: false,
    })
}

/// The newest entry below the top whose last verdict that decided was healthy, and which is not retired.
fn last_good(tx: &Tx<'_>, holders: &Holders) -> Result<Option<VersionId>, StoreError> {
    for id in holders.lower() {
        if Some(id) != holders.holder()
            && versions::standing(tx, id)?.decided == Some(Verdict::Healthy)
            && !versions::is_bad(tx, id)?
            && versions::get(tx, id)?.retired_reason.is_none()
        {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Where an automatic act would go: the newest entry below the top that is neither bad nor retired; with
/// `healthy_only` the newest that was also healthy when last judged.
///
/// # Errors
/// The store can't be read.
pub fn automatic_target(
    tx: &Tx<'_>,
    holders: &Holders,
    healthy_only: bool,
) -> Result<Option<VersionId>, StoreError> {
    if healthy_only {
        return last_good(tx, holders);
    }
    for id in holders.lower() {
        if Some(id) != holders.holder()
            && !versions::is_bad(tx, id)?
            && versions::get(tx, id)?.retired_reason.is_none()
        {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

fn plan_undo(
    tx: &Tx<'_>,
    model: &Model,
    wanted: Option<OperationId>,
    now: Timestamp,
) -> Result<Plan, SwitchError> {
    let history = operations::undo_history(tx, model.id)?;
    let mut undone_already = false;
    let id = match wanted {
        None => history
            .undoable()
            .ok_or_else(|| SwitchError::NothingToUndo(model.name.clone()))?,
        Some(id) => {
            let found = operations::find(tx, id)?.ok_or(SwitchError::NoOperation(id))?;
            match history.may_undo(id) {
                Ok(()) => {}
                Err(UndoRefusal::AlreadyUndone) => undone_already = true,
                Err(UndoRefusal::NewerStand(newer)) => {
                    return Err(SwitchError::NewerStand {
                        id,
                        model: model.name.clone(),
                        newer,
                    });
                }
                Err(UndoRefusal::Unknown) => {
                    return Err(SwitchError::NotUndoable {
                        id,
                        kind: found.content.kind,
                    });
                }
            }
            id
        }
    };
    let mut plan = restoring(tx, model, OperationKind::Undo, id, id, now)?;
    if undone_already {
        plan.after = aliases::holders(tx, model.id, &plan.alias)?;
        plan.to = plan.from.clone();
        plan.changes = false;
    }
    Ok(plan)
}

fn plan_redo(tx: &Tx<'_>, model: &Model, now: Timestamp) -> Result<Plan, SwitchError> {
    let history = operations::undo_history(tx, model.id)?;
    let (undo, change) = history
        .redoable()
        .ok_or_else(|| SwitchError::NothingToRedo(model.name.clone()))?;
    restoring(tx, model, OperationKind::Redo, undo, change, now)
}

/// Plans to restore the stack before `restores`; `change` is the promote, rollback or alias operation concerned.
fn restoring(
    tx: &Tx<'_>,
    model: &Model,
    kind: OperationKind,
    restores: OperationId,
    change: OperationId,
    now: Timestamp,
) -> Result<Plan, SwitchError> {
    let view = |id| {
        operations::find(tx, id)?
            .and_then(|operation| operation.content.view)
            .ok_or(SwitchError::NoOperation(id))
    };
    let restored: ViewChange = view(restores)?;
    let alias: AliasName = restored
        .alias
        .parse()
        .map_err(|_| SwitchError::NoOperation(restores))?;
    let before = aliases::holders(tx, model.id, &alias)?;
    let stack = operations::stack_before(tx, model.id, alias.as_str(), restores)?;
    let after = Holders::from_bottom(stack);
    let mut plan = drafted(tx, model, &alias, kind, &before, after, now)?;
    plan.restores = Some(restores);
    // In the log, taking the undo of a leaving back is leaving again. Who is bad is read from the leaving itself.
    plan.left_degraded = kind == OperationKind::Redo && view(change)?.left_degraded;
    Ok(plan)
}

impl Plan {
    /// Adds what the reference samples say, for whoever reads the plan: see [`reference_numbers::told`].
    ///
    /// # Errors
    /// The store can't be read.
    pub fn look_at_references(
        &mut self,
        tx: &Tx<'_>,
        policy: &ModelPolicy,
    ) -> Result<(), StoreError> {
        let mut parties: Vec<_> = self.from.iter_mut().chain(&mut self.to).collect();
        let versions: Vec<_> = parties.iter().map(|party| &party.version).collect();
        let told = reference_numbers::told(tx, &versions, self.model.task, policy)?;
        for (party, reference) in parties.iter_mut().zip(told) {
            party.reference = reference;
        }
        Ok(())
    }

    /// Whether a plan made later is what was agreed to.
    fn is_as_agreed(&self, agreed: &Self) -> bool {
        let ids = |plan: &Self| {
            let id = |party: &Option<Party>| party.as_ref().map(|party| party.version.id);
            (
                plan.alias.clone(),
                id(&plan.from),
                id(&plan.to),
                plan.restores,
            )
        };
        ids(self) == ids(agreed) && self.after == agreed.after && self.kind == agreed.kind
    }

    /// Marks the holder as left because it is degraded: what an automatic act does.
    pub const fn leave_degraded(&mut self) {
        self.left_degraded = true;
    }

    /// Writes the change into the store; the operation that it returns must be appended as `operation`.
    ///
    /// # Errors
    /// The store can't be written.
    pub fn apply(
        &self,
        tx: &Tx<'_>,
        operation: OperationId,
        reason: Option<String>,
        detail: String,
    ) -> Result<NewOperation, StoreError> {
        let view = aliases::switch(
            tx,
            operation,
            Switch {
                model: self.model.id,
                alias: &self.alias,
                after: self.after.clone(),
                at: self.at,
                at_was_given: self.at_was_given,
                restores: self.restores,
                left_degraded: self.left_degraded,
            },
        )?;
        Ok(NewOperation {
            kind: self.kind,
            model: Some(self.model.id),
            version: view.to,
            view: Some(view),
            reason,
            detail,
        })
    }
}

/// Carries a wish out in one transaction, after it was agreed to.
///
/// With `agreed` the plan is made anew inside the transaction and has to come out the same.
///
/// # Errors
/// The wish can't be granted, the holder changed since the plan was shown, or the store can't be written.
pub fn carry_out(
    store: &mut Store,
    author: &Author,
    model: &Model,
    alias: &AliasName,
    wish: &Wish,
    agreed: Option<&Plan>,
    reason: Option<String>,
) -> Result<Switched, SwitchError> {
    store.change(author, |tx| {
        let plan = plan(tx, model, alias, wish, author.at)?;
        if agreed.is_some_and(|agreed| !plan.is_as_agreed(agreed)) {
            return Err(SwitchError::ChangedMeanwhile { alias: plan.alias });
        }
        let stack = stack_names(tx, &plan.after)?;
        if !plan.changes {
            let operation = None;
            return Ok(Change::nothing(Switched {
                plan,
                operation,
                stack,
            }));
        }
        let id = tx.next_operation()?;
        let operation = plan.apply(tx, id, reason, "{}".to_owned())?;
        let switched = Switched {
            plan,
            operation: Some(id),
            stack,
        };
        Ok(Change::recorded(switched, operation))
    })
}

#[cfg(test)]
mod tests;
