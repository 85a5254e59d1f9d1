//! Tests of reading an artifact: what is damaged or missing is found, however it is read.
#![cfg(test)]

use super::*;
use crate::files::hash::hash_bytes;
use crate::files::owner::Owner;
use crate::store::Change;
use crate::store::artifacts::{self, Content};
use crate::store::example::{Example, author, minute};
use crate::store::versions::ArtifactKind;

const PIECES: [&[u8]; 3] = [b"first ", b"second ", b"third"];

fn stored() -> (Example, i64) {
    let mut example = Example::new();
    let artifact = example
        .store
        .change(&author(), |tx| {
            let kind = ArtifactKind::File;
            let artifact = artifacts::begin(tx, kind, &Owner::present(), minute(0))?;
            for (sequence, piece) in (0..).zip(PIECES) {
                artifacts::append_chunk(tx, artifact, sequence, piece)?;
            }
            let content = Content {
                blake3: hash_bytes(&PIECES.concat()),
                size_bytes: PIECES.concat().len() as u64,
                chunks_count: 3,
            };
            artifacts::finish(tx, artifact, kind, content).map(Change::staged)
        })
        .unwrap();
    (example, artifact)
}

fn finished(example: &mut Example, artifact: i64) -> String {
    match open(&mut example.store, artifact).and_then(ArtifactReader::finish) {
        Ok(bytes) => format!("{bytes} bytes"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn any_size_of_buffer_reads_the_same_bytes() {
    let (mut example, artifact) = stored();
    for size in [1, 2, 5, 6, 7, 100] {
        let mut reader = open(&mut example.store, artifact).unwrap();
        let (mut bytes, mut buffer) = (Vec::new(), vec![0; size]);
        loop {
            let count = reader.read(&mut buffer).unwrap();
            bytes.extend_from_slice(&buffer[..count]);
            if count == 0 {
                break;
            }
        }
        assert_eq!(bytes, PIECES.concat(), "{size}");
        assert_eq!(reader.finish().unwrap(), 18);
    }
}

#[test]
fn finishing_early_still_proves_the_whole() {
    let (mut example, artifact) = stored();
    let last = "UPDATE chunk SET data = CAST('THIRD' AS BLOB) WHERE data = CAST('third' AS BLOB)";
    assert_eq!(finished(&mut example, artifact), "18 bytes");
    example.tampered(last);
    let mut reader = open(&mut example.store, artifact).unwrap();
    let mut first = [0; 6];
    reader.read_exact(&mut first).unwrap();
    assert_eq!(&first, PIECES[0]);
    let said = reader.finish().unwrap_err().to_string();
    let hash = hash_bytes(&PIECES.concat());
    assert_eq!(said, format!("artifact {hash} does not match its hash"));
}

#[test]
fn a_missing_piece_is_an_error_for_whoever_reads_and_whoever_finishes() {
    let (mut example, artifact) = stored();
    let said = format!("artifact {} has lost pieces", hash_bytes(&PIECES.concat()));
    let sql = "DELETE FROM artifact_chunk WHERE sequence = 1";
    example.tampered(sql);
    let mut reader = open(&mut example.store, artifact).unwrap();
    let read = reader.read_to_end(&mut Vec::new()).unwrap_err();
    let finish = reader.finish().unwrap_err();
    assert!(matches!(finish, StoreError::ArtifactTorn(_)));
    assert_eq!(read.to_string(), said);
    assert_eq!(finished(&mut example, artifact), said);
}

#[test]
fn pieces_in_another_order_are_not_the_artifact() {
    let (mut example, artifact) = stored();
    let sql = "UPDATE artifact_chunk SET sequence = 9 WHERE sequence = 0;
               UPDATE artifact_chunk SET sequence = 0 WHERE sequence = 1;
               UPDATE artifact_chunk SET sequence = 1 WHERE sequence = 9";
    example.tampered(sql);
    let said = finished(&mut example, artifact);
    assert!(said.ends_with("does not match its hash"), "{said}");
}

#[test]
fn a_slow_reader_keeps_no_writer_waiting() {
    let (mut example, artifact) = stored();
    let path = example.store.path().to_path_buf();
    let mut reader = open(&mut example.store, artifact).unwrap();
    reader.read_exact(&mut [0; 3]).unwrap();
    let timeout = crate::domain::time::Length::from_seconds(0);
    let access = crate::store::Access::Write;
    let mut writer = Store::open(&path, access, timeout, &author()).unwrap();
    let wrote = writer.change(&author(), |_| Ok::<_, StoreError>(Change::staged(())));
    assert!(wrote.is_ok(), "{wrote:?}");
    assert_eq!(reader.finish().unwrap(), 18);
}

#[test]
fn an_artifact_that_is_not_finished_can_not_be_read() {
    let (mut example, artifact) = stored();
    let sql = "UPDATE artifact SET state = 'pending'";
    example.tampered(sql);
    let said = finished(&mut example, artifact);
    assert_eq!(
        said,
        format!("the stored artifact \"{artifact}\" has no meaning")
    );
}
