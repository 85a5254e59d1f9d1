//! What the header of a Parquet page says.

use super::thrift::{Broken, Kind, Read, Thrift};

pub struct Header {
    pub packed_bytes: u64,
    pub unpacked_bytes: u64,
    /// CRC-32 of the packed bytes.
    pub checksum: Option<u32>,
    pub body: Body,
}

impl Header {
    /// What the page takes while it is in use.
    pub fn held_bytes(&self) -> u64 {
        self.packed_bytes.max(self.unpacked_bytes)
    }
}

/// What the page holds. Encodings are Parquet's numbers.
#[derive(Clone, Copy)]
pub enum Body {
    Dictionary {
        values: u32,
        encoding: i32,
    },
    /// Values, and before them the marks of what is null, all packed together.
    First {
        values: u32,
        encoding: i32,
        levels: i32,
    },
    /// Values, and before them the marks, which are not packed.
    Second(Second),
    /// Nothing to read.
    Other,
}

#[derive(Clone, Copy)]
pub struct Second {
    pub values: u32,
    pub nulls: u32,
    pub rows: u32,
    pub encoding: i32,
    pub definition_bytes: u32,
    pub repetition_bytes: u32,
    pub packed: bool,
}

pub fn read(thrift: &mut Thrift<'_>) -> Read<Header> {
    const DATA: i32 = 0;
    const DICTIONARY: i32 = 2;
    const DATA_SECOND: i32 = 3;
    let (mut kind, mut packed, mut unpacked, mut checksum) = (None, None, None, None);
    let (mut first, mut dictionary, mut second) = (None, None, None);
    thrift.fields(|thrift, id, field| {
        match (id, field) {
            (1, Kind::Integer) => kind = Some(thrift.small()?),
            (2, Kind::Integer) => unpacked = Some(small_count(thrift)?),
            (3, Kind::Integer) => packed = Some(small_count(thrift)?),
            (4, Kind::Integer) => checksum = Some(thrift.small()?.cast_unsigned()),
            (5, Kind::Struct) => first = Some(read_first(thrift)?),
            (7, Kind::Struct) => dictionary = Some(read_dictionary(thrift)?),
            (8, Kind::Struct) => second = Some(read_second(thrift)?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let body = match kind.ok_or(Broken::Malformed)? {
        DATA => first.ok_or(Broken::Malformed)?,
        DICTIONARY => dictionary.ok_or(Broken::Malformed)?,
        DATA_SECOND => second.ok_or(Broken::Malformed)?,
        _ => Body::Other,
    };
    Ok(Header {
        packed_bytes: packed.ok_or(Broken::Malformed)?.into(),
        unpacked_bytes: unpacked.ok_or(Broken::Malformed)?.into(),
        checksum,
        body,
    })
}

/// No less than zero, and of 31 bits.
fn small_count(thrift: &mut Thrift<'_>) -> Read<u32> {
    u32::try_from(thrift.small()?).map_err(|_| Broken::Malformed)
}

fn read_first(thrift: &mut Thrift<'_>) -> Read<Body> {
    let (mut values, mut encoding, mut levels) = (0, 0, 0);
    thrift.fields(|thrift, id, field| {
        match (id, field) {
            (1, Kind::Integer) => values = small_count(thrift)?,
            (2, Kind::Integer) => encoding = thrift.small()?,
            (3, Kind::Integer) => levels = thrift.small()?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Body::First {
        values,
        encoding,
        levels,
    })
}

fn read_dictionary(thrift: &mut Thrift<'_>) -> Read<Body> {
    let (mut values, mut encoding) = (0, 0);
    thrift.fields(|thrift, id, field| {
        match (id, field) {
            (1, Kind::Integer) => values = small_count(thrift)?,
            (2, Kind::Integer) => encoding = thrift.small()?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Body::Dictionary { values, encoding })
}

fn read_second(thrift: &mut Thrift<'_>) -> Read<Body> {
    let mut second = Second {
        values: 0,
        nulls: 0,
        rows: 0,
        encoding: 0,
        definition_bytes: 0,
        repetition_bytes: 0,
        packed: true,
    };
    thrift.fields(|thrift, id, field| {
        match (id, field) {
            (1, Kind::Integer) => second.values = small_count(thrift)?,
            (2, Kind::Integer) => second.nulls = small_count(thrift)?,
            (3, Kind::Integer) => second.rows = small_count(thrift)?,
            (4, Kind::Integer) => second.encoding = thrift.small()?,
            (5, Kind::Integer) => second.definition_bytes = small_count(thrift)?,
            (6, Kind::Integer) => second.repetition_bytes = small_count(thrift)?,
            (7, Kind::False) => {
                second.packed = false;
                return Ok(false);
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Body::Second(second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_without_what_it_needs_is_none() {
        // 1: page of the first kind, 2: 10 bytes, 3: 8 bytes, 5: {1: 3 values, 2: 0, 3: 3}
        let sound = [
            0x15, 0x00, 0x15, 20, 0x15, 16, 0x2c, 0x15, 6, 0x15, 0, 0x15, 6, 0, 0,
        ];
        let header = read(&mut Thrift::new(&sound, 0)).unwrap();
        assert_eq!((header.unpacked_bytes, header.packed_bytes), (10, 8));
        assert!(matches!(
            header.body,
            Body::First {
                values: 3,
                encoding: 0,
                levels: 3
            }
        ));
        for (at, byte) in [(1, 4), (3, 21), (5, 1)] {
            let mut wrong = sound;
            wrong[at] = byte;
            let read = read(&mut Thrift::new(&wrong, 0));
            assert!(matches!(read, Err(Broken::Malformed)), "{at}");
        }
        for end in 0..sound.len() {
            let cut = read(&mut Thrift::new(&sound[..end], 0));
            assert!(matches!(cut, Err(Broken::Short)), "{end}");
        }
    }
}
