//! What a committed change is, and the bytes that its hash covers.

use std::fmt;

use super::hash::Hash;
use super::holders::{OperationId, VersionId};
use super::time::Timestamp;

/// What an operation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperationKind {
    Init,
    Register,
    Tag,
    Retire,
    Unretire,
    Promote,
    Rollback,
    Undo,
    Redo,
    AliasSet,
    AliasRemove,
    Ingest,
    IngestUndo,
    /// A file of the inbox can't be used; its alert opened.
    Refuse,
    Check,
    Acknowledge,
    Upgrade,
}

impl OperationKind {
    pub const ALL: [Self; 17] = [
        Self::Init,
        Self::Register,
        Self::Tag,
        Self::Retire,
        Self::Unretire,
        Self::Promote,
        Self::Rollback,
        Self::Undo,
        Self::Redo,
        Self::AliasSet,
        Self::AliasRemove,
        Self::Ingest,
        Self::IngestUndo,
        Self::Refuse,
        Self::Check,
        Self::Acknowledge,
        Self::Upgrade,
    ];

    /// The word for it in the log, the store and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Register => "register",
            Self::Tag => "tag",
            Self::Retire => "retire",
            Self::Unretire => "unretire",
            Self::Promote => "promote",
            Self::Rollback => "rollback",
            Self::Undo => "undo",
            Self::Redo => "redo",
            Self::AliasSet => "alias_set",
            Self::AliasRemove => "alias_remove",
            Self::Ingest => "ingest",
            Self::IngestUndo => "ingest_undo",
            Self::Refuse => "refuse",
            Self::Check => "check",
            Self::Acknowledge => "acknowledge",
            Self::Upgrade => "upgrade",
        }
    }

    /// Reads its word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for OperationKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// Who commits, when, and with which words; the same for every operation of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    pub at: Timestamp,
    /// The clock was set by `MODELGUARD_NOW`.
    pub clock_overridden: bool,
    pub actor: String,
    pub host: String,
    pub command_line: String,
}

/// What a change of a holder did, as its operation records it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewChange {
    pub alias: String,
    pub from: Option<VersionId>,
    pub to: Option<VersionId>,
    /// The stack after it, the bottom entry first.
    pub stack: Vec<VersionId>,
    /// Undo: the change that it took back. Redo: the undo that it took back.
    pub restores: Option<OperationId>,
    /// `from` was left because it was degraded.
    pub left_degraded: bool,
}

/// An operation that is about to be committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOperation {
    pub kind: OperationKind,
    /// The model's row.
    pub model: Option<i64>,
    /// The version that a recording operation speaks of.
    pub version: Option<VersionId>,
    pub view: Option<ViewChange>,
    pub reason: Option<String>,
    /// Further facts, as one JSON object.
    pub detail: String,
}

impl NewOperation {
    /// An operation that records, and changes no holder.
    #[must_use]
    pub fn recording(kind: OperationKind, model: i64) -> Self {
        Self {
            model: Some(model),
            ..Self::without_model(kind)
        }
    }

    /// An operation on the store as a whole.
    #[must_use]
    pub fn without_model(kind: OperationKind) -> Self {
        Self {
            kind,
            model: None,
            version: None,
            view: None,
            reason: None,
            detail: "{}".to_owned(),
        }
    }
}

/// A committed operation: one row of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    pub id: OperationId,
    pub author: Author,
    pub content: NewOperation,
    pub previous: Hash,
    pub entry: Hash,
}

/// The bytes whose BLAKE3 hash is an operation's entry hash.
///
/// Every field in a fixed order, each as its length (u64, little-endian) and its bytes, so that no two rows share
/// their bytes; an absent field has length `u64::MAX` and no bytes. Numbers are decimal text.
#[must_use]
pub fn canonical_bytes(
    id: OperationId,
    author: &Author,
    content: &NewOperation,
    previous: Hash,
) -> Vec<u8> {
    let mut bytes = b"modelguard operation 1\n".to_vec();
    let mut field = |value: Option<&[u8]>| match value {
        None => bytes.extend_from_slice(&u64::MAX.to_le_bytes()),
        Some(value) => {
            bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
            bytes.extend_from_slice(value);
        }
    };
    let number = |value: Option<i64>| value.map(|value| value.to_string().into_bytes());
    let view = content.view.as_ref();
    field(Some(&previous.0));
    field(number(Some(id.0)).as_deref());
    field(number(Some(author.at.micros())).as_deref());
    field(Some(if author.clock_overridden {
        b"override"
    } else {
        b"system"
    }));
    field(Some(content.kind.name().as_bytes()));
    field(number(content.model).as_deref());
    field(number(content.version.map(|version| version.0)).as_deref());
    field(view.map(|view| view.alias.as_bytes()));
    field(number(view.and_then(|view| view.from).map(|version| version.0)).as_deref());
    field(number(view.and_then(|view| view.to).map(|version| version.0)).as_deref());
    field(
        view.map(|view| stack_text(&view.stack).into_bytes())
            .as_deref(),
    );
    field(number(view.and_then(|view| view.restores).map(|id| id.0)).as_deref());
    field(view.map(|view| -> &[u8] {
        if view.left_degraded { b"1" } else { b"0" }
    }));
    field(Some(author.actor.as_bytes()));
    field(Some(author.host.as_bytes()));
    field(Some(author.command_line.as_bytes()));
    field(content.reason.as_deref().map(str::as_bytes));
    field(Some(content.detail.as_bytes()));
    bytes
}

/// A stack as the log keeps it: a JSON array of version rows, the bottom entry first.
#[must_use]
pub fn stack_text(stack: &[VersionId]) -> String {
    let entries: Vec<_> = stack.iter().map(|version| version.0.to_string()).collect();
    format!("[{}]", entries.join(","))
}

/// Reads what [`stack_text`] wrote.
#[must_use]
pub fn stack_from_text(text: &str) -> Option<Vec<VersionId>> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    if inner.is_empty() {
        return Some(Vec::new());
    }
    inner
        .split(',')
        .map(|entry| entry.parse().ok().map(VersionId))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn author() -> Author {
        Author {
            at: Timestamp::read("2026-01-05T14:30:22Z").unwrap().at,
            clock_overridden: false,
            actor: "ana".into(),
            host: "srv1".into(),
            command_line: "modelguard promote latest".into(),
        }
    }

    fn promote() -> NewOperation {
        NewOperation {
            view: Some(ViewChange {
                alias: "production".into(),
                from: None,
                to: Some(VersionId(1)),
                stack: vec![VersionId(1)],
                restores: None,
                left_degraded: false,
            }),
            ..NewOperation::recording(OperationKind::Promote, 1)
        }
    }

    #[test]
    fn every_field_is_covered() {
        let base = canonical_bytes(OperationId(1), &author(), &promote(), Hash::ZERO);
        let mut variants = vec![
            canonical_bytes(OperationId(2), &author(), &promote(), Hash::ZERO),
            canonical_bytes(OperationId(1), &author(), &promote(), Hash([1; 32])),
        ];
        let changes: [fn(&mut Author); 5] = [
            |a| a.at = Timestamp::from_micros(0).unwrap(),
            |a| a.clock_overridden = true,
            |a| a.actor.push('x'),
            |a| a.host.push('x'),
            |a| a.command_line.push('x'),
        ];
        for change in changes {
            let mut author = author();
            change(&mut author);
            variants.push(canonical_bytes(
                OperationId(1),
                &author,
                &promote(),
                Hash::ZERO,
            ));
        }
        let changes: [fn(&mut NewOperation); 12] = [
            |o| o.kind = OperationKind::Rollback,
            |o| o.model = None,
            |o| o.version = Some(VersionId(1)),
            |o| o.view = None,
            |o| o.reason = Some(String::new()),
            |o| o.detail.push(' '),
            |o| o.view.as_mut().unwrap().alias.push('x'),
            |o| o.view.as_mut().unwrap().from = Some(VersionId(1)),
            |o| o.view.as_mut().unwrap().to = None,
            |o| o.view.as_mut().unwrap().stack.push(VersionId(1)),
            |o| o.view.as_mut().unwrap().restores = Some(OperationId(1)),
            |o| o.view.as_mut().unwrap().left_degraded = true,
        ];
        for change in changes {
            let mut operation = promote();
            change(&mut operation);
            variants.push(canonical_bytes(
                OperationId(1),
                &author(),
                &operation,
                Hash::ZERO,
            ));
        }
        variants.push(base);
        let distinct: std::collections::HashSet<_> = variants.iter().collect();
        assert_eq!(distinct.len(), variants.len());
    }

    #[test]
    fn text_cannot_move_between_fields() {
        let mut one = author();
        let mut two = author();
        one.actor = "ab".into();
        one.host = "c".into();
        two.actor = "a".into();
        two.host = "bc".into();
        assert_ne!(
            canonical_bytes(OperationId(1), &one, &promote(), Hash::ZERO),
            canonical_bytes(OperationId(1), &two, &promote(), Hash::ZERO)
        );
    }

    #[test]
    fn stacks_round_trip() {
        for stack in [
            vec![],
            vec![VersionId(7)],
            vec![VersionId(1), VersionId(-2)],
        ] {
            assert_eq!(stack_from_text(&stack_text(&stack)), Some(stack));
        }
        for text in ["", "[", "[x]", "[1,]", "1"] {
            assert_eq!(stack_from_text(text), None, "{text}");
        }
    }

    #[test]
    fn kinds_read_back() {
        for kind in OperationKind::ALL {
            assert_eq!(OperationKind::from_name(kind.name()), Some(kind));
        }
    }
}
