//! Tests of the bytes of versions: what is shared, what goes with an unfinished artifact, what stays.
#![cfg(test)]

use super::*;
use crate::store::StoreError;
use crate::store::example::{Example, author, minute};
use crate::store::{Change, artifact_reader};

/// Stores an unfinished artifact of these pieces.
fn begun(example: &mut Example, owner: &Owner, pieces: &[&[u8]]) -> i64 {
    example
        .store
        .change(&author(), |tx| {
            let artifact = begin(tx, ArtifactKind::File, owner, minute(0))?;
            for (sequence, piece) in (0..).zip(pieces) {
                append_chunk(tx, artifact, sequence, piece)?;
            }
            Ok::<_, StoreError>(Change::staged(artifact))
        })
        .unwrap()
}

fn content(pieces: &[&[u8]]) -> Content {
    let bytes = pieces.concat();
    Content {
        blake3: hash_bytes(&bytes),
        size_bytes: bytes.len() as u64,
        chunks_count: pieces.len() as u64,
    }
}

fn finished(example: &mut Example, artifact: i64, kind: ArtifactKind, pieces: &[&[u8]]) -> i64 {
    example
        .store
        .change(&author(), |tx| {
            finish(tx, artifact, kind, content(pieces)).map(Change::staged)
        })
        .unwrap()
}

/// A ready artifact of these pieces.
fn ready(example: &mut Example, pieces: &[&[u8]]) -> i64 {
    let artifact = begun(example, &Owner::present(), pieces);
    finished(example, artifact, ArtifactKind::File, pieces)
}

fn discarded(example: &mut Example, artifact: i64) {
    example
        .store
        .change(&author(), |tx| discard(tx, artifact).map(Change::staged))
        .unwrap();
}

/// How many artifacts, pieces of artifacts, and pieces there are.
fn counts(example: &mut Example) -> [u64; 3] {
    example.read(|tx| {
        let counted = |sql| tx.sql.query_row(sql, [], |row| count(row, 0));
        Ok([
            counted("SELECT count(*) FROM artifact")?,
            counted("SELECT count(*) FROM artifact_chunk")?,
            counted("SELECT count(*) FROM chunk")?,
        ])
    })
}

fn read_back(example: &mut Example, artifact: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut reader = artifact_reader::open(&mut example.store, artifact).unwrap();
    std::io::Read::read_to_end(&mut reader, &mut bytes).unwrap();
    reader.finish().unwrap();
    bytes
}

/// A process that lived before the machine started again.
fn dead() -> Owner {
    Owner {
        pid: u32::MAX,
        boot: Owner::present().boot,
    }
}

#[test]
fn pieces_come_back_in_their_order() {
    let mut example = Example::new();
    let pieces: &[&[u8]] = &[b"zwei", b"eins", b"zwei", b"\0\xff"];
    let artifact = ready(&mut example, pieces);
    assert_eq!(read_back(&mut example, artifact), pieces.concat());
    example.assert_whole();
}

#[test]
fn equal_pieces_are_stored_once_within_one_artifact_and_between_two() {
    let mut example = Example::new();
    let first = ready(&mut example, &[b"same", b"same", b"other"]);
    assert_eq!(counts(&mut example), [1, 3, 2]);
    assert_eq!(example.read(|tx| stored_bytes(tx, first)), 9);
    let second = ready(&mut example, &[b"same", b"third"]);
    assert_eq!(counts(&mut example), [2, 5, 3]);
    assert_eq!(example.read(|tx| stored_bytes(tx, second)), 9);
    assert_eq!(read_back(&mut example, second), b"samethird");
    example.assert_whole();
}

#[test]
fn an_unfinished_artifact_is_not_found() {
    let mut example = Example::new();
    let pieces: &[&[u8]] = &[b"a"];
    let pending = begun(&mut example, &Owner::present(), pieces);
    let blake3 = content(pieces).blake3;
    let mut found = |kind| example.read(|tx| find(tx, blake3, kind));
    assert_eq!(found(ArtifactKind::File), None);
    finished(&mut example, pending, ArtifactKind::File, pieces);
    let mut found = |kind| example.read(|tx| find(tx, blake3, kind));
    assert_eq!(found(ArtifactKind::File), Some(pending));
    assert_eq!(
        found(ArtifactKind::Directory),
        None,
        "a file with the bytes of a tar stream is no directory"
    );
    let listed = example.read(list_ready);
    let expected = Ready {
        id: pending,
        blake3,
        size_bytes: 1,
    };
    assert_eq!(listed, [expected]);
}

#[test]
fn the_same_bytes_finished_twice_are_one_artifact() {
    let mut example = Example::new();
    let pieces: &[&[u8]] = &[b"a", b"b"];
    let first = begun(&mut example, &Owner::present(), pieces);
    let second = begun(&mut example, &Owner::present(), pieces);
    assert_eq!(counts(&mut example), [2, 4, 2]);
    let kept = finished(&mut example, second, ArtifactKind::File, pieces);
    assert_eq!(kept, second);
    let same = finished(&mut example, first, ArtifactKind::File, pieces);
    assert_eq!(same, second, "whoever was ready first");
    assert_eq!(counts(&mut example), [1, 2, 2]);
    assert_eq!(read_back(&mut example, second), b"ab");
    example.assert_whole();
}

#[test]
fn discarding_keeps_the_pieces_that_another_artifact_uses() {
    let mut example = Example::new();
    let kept = ready(&mut example, &[b"shared", b"kept"]);
    let pending = begun(
        &mut example,
        &Owner::present(),
        &[b"shared", b"gone", b"gone"],
    );
    discarded(&mut example, pending);
    assert_eq!(counts(&mut example), [1, 2, 2]);
    assert_eq!(read_back(&mut example, kept), b"sharedkept");
    example.assert_whole();
}

#[test]
fn a_piece_shared_by_two_unfinished_artifacts_goes_with_the_second() {
    let mut example = Example::new();
    let first = begun(&mut example, &Owner::present(), &[b"shared"]);
    let second = begun(&mut example, &Owner::present(), &[b"shared"]);
    discarded(&mut example, first);
    assert_eq!(counts(&mut example), [1, 1, 1]);
    discarded(&mut example, second);
    assert_eq!(counts(&mut example), [0, 0, 0]);
}

#[test]
fn an_artifact_of_a_version_can_not_be_discarded() {
    let mut example = Example::new();
    example.version("a");
    let artifact = example.read(list_ready)[0].id;
    discarded(&mut example, artifact);
    assert_eq!(read_back(&mut example, artifact), b"a");
    example.assert_whole();
}

#[test]
fn only_what_dead_processes_left_is_reaped() {
    let mut example = Example::new();
    let living = begun(&mut example, &Owner::present(), &[b"living", b"both"]);
    if Owner::present().boot.is_empty() {
        return; // Where the system does not tell, nothing is ever reaped.
    }
    begun(&mut example, &dead(), &[b"dead", b"both"]);
    begun(&mut example, &dead(), &[b"dead, too"]);
    let done = begun(&mut example, &dead(), &[b"done"]);
    finished(&mut example, done, ArtifactKind::File, &[b"done"]);
    let mut reaped = || {
        example
            .store
            .change(&author(), |tx| reap(tx).map(Change::staged))
            .unwrap()
    };
    assert_eq!(reaped(), 2);
    assert_eq!(reaped(), 0);
    assert_eq!(counts(&mut example), [2, 3, 3]);
    finished(
        &mut example,
        living,
        ArtifactKind::File,
        &[b"living", b"both"],
    );
    assert_eq!(read_back(&mut example, living), b"livingboth");
    assert_eq!(read_back(&mut example, done), b"done");
    example.assert_whole();
}

#[test]
fn an_empty_artifact_has_no_pieces() {
    let mut example = Example::new();
    let artifact = ready(&mut example, &[]);
    assert_eq!(read_back(&mut example, artifact), b"");
    assert_eq!(example.read(|tx| stored_bytes(tx, artifact)), 0);
    example.assert_whole();
}

#[test]
fn an_artifact_with_fewer_pieces_than_it_says_is_found() {
    let mut example = Example::new();
    ready(&mut example, &[b"a", b"b", b"c"]);
    for sql in [
        "DELETE FROM artifact_chunk WHERE sequence = 2",
        "DELETE FROM artifact_chunk WHERE sequence = 0",
        "UPDATE artifact_chunk SET sequence = 7 WHERE sequence = 2",
        "UPDATE artifact SET size_bytes = 4",
        "UPDATE artifact SET chunks_count = 4",
    ] {
        let broken = example.planted(sql, crate::store::maintain::violations);
        assert_eq!(
            broken,
            [("invariant_artifact_is_whole".to_owned(), 1)],
            "{sql}"
        );
    }
}

#[test]
fn a_piece_has_at_most_one_mebibyte() {
    let mut example = Example::new();
    let full = vec![7; CHUNK_BYTES];
    begun(&mut example, &Owner::present(), &[&full]);
    let refused = example.store.change(&author(), |tx| {
        let artifact = begin(tx, ArtifactKind::File, &Owner::present(), minute(0))?;
        append_chunk(tx, artifact, 0, &vec![7; CHUNK_BYTES + 1])?;
        Ok::<_, StoreError>(Change::staged(()))
    });
    let said = refused.unwrap_err().to_string();
    assert!(said.contains("CHECK"), "{said}");
}
