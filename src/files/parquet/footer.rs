//! Reads a Parquet file's footer: its row groups, and where the bytes of a column lie in each.

use super::super::error::FileErrorKind;
use super::super::seekable::Seekable;
use super::schema::{Element, Field, Leaf, Schema};
use super::thrift::{Broken, Kind, Read, Thrift};
use super::trouble::Trouble;

pub const MAGIC: &[u8] = b"PAR1";
const ENCRYPTED_MAGIC: &[u8] = b"PARE";
/// The length of the footer and the magic bytes.
const TAIL_BYTES: u64 = 8;
/// The largest footer that is read. One of 10,000 columns takes about 2 MiB for each row group.
const FOOTER_LIMIT_BYTES: u64 = 64 << 20;
/// The most row groups. Their numbers have 16 bits where a writer gives numbers.
const GROUP_LIMIT: usize = 1_000_000;

pub struct Footer {
    bytes: Vec<u8>,
    pub fields: Vec<Field>,
    pub groups: Vec<Group>,
    pub rows_count: u64,
    leaves_count: u64,
    /// Where the footer begins: the columns lie before it.
    begins_at: u64,
}

pub struct Group {
    pub rows_count: u64,
    /// Where its columns stand in the footer.
    columns_at: usize,
}

/// The bytes of one column in one row group.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    pub offset: u64,
    pub size_bytes: u64,
    pub codec: i32,
}

impl Footer {
    /// Reads it from the end of the file.
    ///
    /// # Errors
    /// There is none, it is none, it claims what can't be, or it breaks a limit.
    pub fn read(file: &Seekable) -> Result<Self, FileErrorKind> {
        let broken = |text: String| FileErrorKind::ParquetSyntax(text);
        let size_bytes = file.size_bytes();
        let magic_bytes = MAGIC.len() as u64;
        if size_bytes < magic_bytes + TAIL_BYTES {
            return Err(broken("it ends too early".to_owned()));
        }
        let tail_at = size_bytes - TAIL_BYTES;
        let read = |at: u64, count: u64| {
            file.read_at(at, usize::try_from(count).unwrap_or(usize::MAX))
                .map_err(FileErrorKind::Unreadable)
        };
        let tail = read(tail_at, TAIL_BYTES)?;
        let (length, magic) = tail.split_at_checked(4).unwrap_or_default();
        if magic == ENCRYPTED_MAGIC {
            return Err(FileErrorKind::ParquetUnsupported(
                "its footer is encrypted".to_owned(),
            ));
        }
        if magic != MAGIC {
            return Err(broken(
                "it ends too early: its last bytes are not PAR1".to_owned(),
            ));
        }
        let length = length.try_into().map_or(0, u32::from_le_bytes).into();
        if length > tail_at - magic_bytes {
            return Err(broken(format!(
                "its footer claims {length} bytes, more than the file has"
            )));
        }
        if length > FOOTER_LIMIT_BYTES {
            return Err(broken(format!(
                "its footer has {length} bytes, the limit is {FOOTER_LIMIT_BYTES}"
            )));
        }
        let begins_at = tail_at - length;
        let mut footer = Self {
            bytes: Vec::new(),
            fields: Vec::new(),
            groups: Vec::new(),
            rows_count: 0,
            leaves_count: 0,
            begins_at,
        };
        let bytes = read(begins_at, length)?;
        footer.parse(&bytes)?;
        footer.bytes = bytes;
        Ok(footer)
    }

    fn parse(&mut self, bytes: &[u8]) -> Result<(), FileErrorKind> {
        let mut schema = Schema::default();
        let mut rows_count = 0_u64;
        let mut groups = Vec::new();
        // Thrift's errors say nothing of ours: what is refused on the way is kept beside.
        let mut refused = None;
        let read = Thrift::new(bytes, 0).fields(|thrift, id, kind| {
            match id {
                2 => thrift.structures(kind, |thrift| {
                    let element = Element::read(thrift)?;
                    schema.add(&element).map_err(|kind| {
                        refused = Some(kind);
                        Broken::Malformed
                    })
                })?,
                3 if kind == Kind::Integer => rows_count = thrift.count()?,
                4 => thrift.structures(kind, |thrift| {
                    if groups.len() >= GROUP_LIMIT {
                        let text = format!("it has more than {GROUP_LIMIT} row groups");
                        refused = Some(FileErrorKind::ParquetUnsupported(text));
                        return Err(Broken::Malformed);
                    }
                    groups.push(Group::read(thrift)?);
                    Ok(())
                })?,
                _ => return Ok(false),
            }
            Ok(true)
        });
        if let Some(refused) = refused {
            return Err(refused);
        }
        let in_footer = |trouble: Trouble| trouble.kind(Some("the footer"));
        read.map_err(|broken| in_footer(broken.into()))?;
        if !schema.is_complete() {
            return Err(in_footer(Trouble::broken("it lacks columns")));
        }
        if schema.fields.is_empty() {
            return Err(in_footer(Trouble::broken("it names no column")));
        }
        let sum = groups
            .iter()
            .try_fold(0_u64, |sum, group| sum.checked_add(group.rows_count));
        if sum != Some(rows_count) {
            return Err(in_footer(Trouble::broken(format!(
                "it claims {rows_count} rows, and its row groups claim others"
            ))));
        }
        self.fields = schema.fields;
        self.leaves_count = schema.leaves_count;
        self.rows_count = rows_count;
        self.groups = groups;
        Ok(())
    }

    /// Where the bytes of these columns lie in a row group, in their order.
    ///
    /// # Errors
    /// The footer says nothing of one, or places it where it can't be.
    pub fn chunks(&self, group: &Group, leaves: &[Leaf]) -> Result<Vec<Chunk>, Trouble> {
        let mut found: Vec<Option<Placed>> = vec![None; leaves.len()];
        let mut seen = 0_u64;
        Thrift::new(&self.bytes, group.columns_at).structures(Kind::List, |thrift| {
            let index = seen;
            seen += 1;
            let mut wanted = (leaves.iter().zip(&mut found))
                .filter(|(leaf, _)| leaf.index == index)
                .peekable();
            if wanted.peek().is_none() {
                return thrift.pass(Kind::Struct);
            }
            let placed = Placed::read(thrift)?;
            for (_, found) in wanted {
                *found = Some(placed);
            }
            Ok(())
        })?;
        if seen != self.leaves_count {
            return Err(Trouble::broken(format!(
                "a row group has {seen} columns, the file {}",
                self.leaves_count
            )));
        }
        leaves
            .iter()
            .zip(found)
            .map(|(leaf, placed)| self.checked(placed.unwrap_or_default(), leaf))
            .collect()
    }

    fn checked(&self, placed: Placed, leaf: &Leaf) -> Result<Chunk, Trouble> {
        if placed.elsewhere {
            let text = "its values lie in another file";
            return Err(Trouble::Unsupported(text.to_owned()));
        }
        if placed.encrypted {
            return Err(Trouble::Unsupported("it is encrypted".to_owned()));
        }
        if placed.physical != Some(leaf.code) {
            return Err(Trouble::broken("its type is another one in a row group"));
        }
        // Some writers give 0 where there is no dictionary.
        let offset = placed
            .dictionary_offset
            .filter(|offset| *offset > 0)
            .map_or(placed.data_offset, |offset| offset.min(placed.data_offset));
        let end = offset.checked_add(placed.size_bytes);
        if offset < MAGIC.len() as u64 || end.is_none_or(|end| end > self.begins_at) {
            return Err(Trouble::broken("its bytes would lie outside the file"));
        }
        Ok(Chunk {
            offset,
            size_bytes: placed.size_bytes,
            codec: placed.codec,
        })
    }
}

impl Group {
    fn read(thrift: &mut Thrift<'_>) -> Read<Self> {
        let mut columns_at = None;
        let mut rows_count = 0;
        thrift.fields(|thrift, id, kind| match (id, kind) {
            (1, Kind::List) => {
                columns_at = Some(thrift.at());
                Ok(false)
            }
            (3, Kind::Integer) => {
                rows_count = thrift.count()?;
                Ok(true)
            }
            _ => Ok(false),
        })?;
        Ok(Self {
            rows_count,
            columns_at: columns_at.ok_or(Broken::Malformed)?,
        })
    }
}

/// What the footer says of a column in a row group.
#[derive(Clone, Copy, Default)]
struct Placed {
    physical: Option<i32>,
    codec: i32,
    size_bytes: u64,
    data_offset: u64,
    dictionary_offset: Option<u64>,
    elsewhere: bool,
    encrypted: bool,
}

impl Placed {
    fn read(thrift: &mut Thrift<'_>) -> Read<Self> {
        let mut placed = Self::default();
        thrift.fields(|thrift, id, kind| {
            match (id, kind) {
                (1, Kind::Text) => placed.elsewhere = !thrift.text()?.is_empty(),
                (3, Kind::Struct) => placed.describe(thrift)?,
                (8, Kind::Struct) => {
                    placed.encrypted = true;
                    return Ok(false);
                }
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(placed)
    }

    fn describe(&mut self, thrift: &mut Thrift<'_>) -> Read<()> {
        thrift.fields(|thrift, id, kind| {
            match (id, kind) {
                (1, Kind::Integer) => self.physical = Some(thrift.small()?),
                (4, Kind::Integer) => self.codec = thrift.small()?,
                (7, Kind::Integer) => self.size_bytes = thrift.count()?,
                (9, Kind::Integer) => self.data_offset = thrift.count()?,
                (11, Kind::Integer) => self.dictionary_offset = Some(thrift.count()?),
                _ => return Ok(false),
            }
            Ok(true)
        })
    }
}
