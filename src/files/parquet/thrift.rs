//! Reads Thrift's compact protocol, in which Parquet writes its footer and the headers of its pages.
//!
//! The `parquet` crate has a reader of its own. This one is used because it keeps nothing that was not asked for: a
//! footer that claims a billion columns costs the reading of its bytes, and no memory.

/// What follows is of this kind. A truth value stands in the kind itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    True,
    False,
    Byte,
    /// Of 16, 32 or 64 bits; they are written alike.
    Integer,
    Double,
    Text,
    /// A list or a set.
    List,
    Map,
    Struct,
    Uuid,
}

/// Why reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The bytes end in the middle.
    Short,
    /// The bytes are no Thrift.
    Malformed,
}

pub type Read<T> = Result<T, Broken>;

/// Structures within structures; Parquet needs 8.
const DEEPEST: usize = 32;

/// A place in bytes.
#[derive(Clone, Debug)]
pub struct Thrift<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Thrift<'a> {
    pub const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self {
            bytes,
            at,
            depth: 0,
        }
    }

    /// How many bytes were read.
    pub const fn at(&self) -> usize {
        self.at
    }

    fn byte(&mut self) -> Read<u8> {
        let byte = *self.bytes.get(self.at).ok_or(Broken::Short)?;
        self.at += 1;
        Ok(byte)
    }

    fn take(&mut self, count: usize) -> Read<&'a [u8]> {
        let end = self.at.checked_add(count).ok_or(Broken::Malformed)?;
        let taken = self.bytes.get(self.at..end).ok_or(Broken::Short)?;
        self.at = end;
        Ok(taken)
    }

    fn unsigned(&mut self) -> Read<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Broken::Malformed)
    }

    /// A whole number of any width.
    pub fn integer(&mut self) -> Read<i64> {
        let number = self.unsigned()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// A whole number of 32 bits.
    pub fn small(&mut self) -> Read<i32> {
        i32::try_from(self.integer()?).map_err(|_| Broken::Malformed)
    }

    /// A whole number that is no less than zero.
    pub fn count(&mut self) -> Read<u64> {
        u64::try_from(self.integer()?).map_err(|_| Broken::Malformed)
    }

    pub fn text(&mut self) -> Read<&'a [u8]> {
        let length = usize::try_from(self.unsigned()?).map_err(|_| Broken::Malformed)?;
        self.take(length)
    }

    /// The kind and the number of what a list holds.
    pub fn list(&mut self) -> Read<(Kind, u64)> {
        let header = self.byte()?;
        let count = match header >> 4 {
            15 => self.unsigned()?,
            few => u64::from(few),
        };
        Ok((kind(header & 0x0f)?, count))
    }

    /// Goes over the fields of a structure. `take` says whether it has read the field's value; else it is passed over.
    pub fn fields(&mut self, mut take: impl FnMut(&mut Self, i64, Kind) -> Read<bool>) -> Read<()> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Broken::Malformed);
        }
        let mut id = 0_i64;
        loop {
            let header = self.byte()?;
            if header == 0 {
                self.depth -= 1;
                return Ok(());
            }
            id = match header >> 4 {
                0 => self.integer()?,
                step => id.wrapping_add(i64::from(step)),
            };
            let kind = kind(header & 0x0f)?;
            if !take(self, id, kind)? {
                self.pass(kind)?;
            }
        }
    }

    /// Goes over the structures of a list.
    pub fn structures(
        &mut self,
        kind: Kind,
        mut take: impl FnMut(&mut Self) -> Read<()>,
    ) -> Read<()> {
        if kind != Kind::List {
            return Err(Broken::Malformed);
        }
        let (kind, count) = self.list()?;
        if kind != Kind::Struct && count > 0 {
            return Err(Broken::Malformed);
        }
        for _ in 0..count {
            take(self)?;
        }
        Ok(())
    }

    /// Passes over a field's value.
    pub fn pass(&mut self, kind: Kind) -> Read<()> {
        match kind {
            Kind::True | Kind::False => {}
            Kind::Byte => {
                self.byte()?;
            }
            Kind::Integer => {
                self.unsigned()?;
            }
            Kind::Double => {
                self.take(8)?;
            }
            Kind::Text => {
                self.text()?;
            }
            Kind::Uuid => {
                self.take(16)?;
            }
            Kind::Struct => self.fields(|_, _, _| Ok(false))?,
            Kind::List | Kind::Map => {
                self.depth += 1;
                if self.depth > DEEPEST {
                    return Err(Broken::Malformed);
                }
                if kind == Kind::List {
                    let (kind, count) = self.list()?;
                    for _ in 0..count {
                        self.pass_element(kind)?;
                    }
                } else {
                    self.pass_map()?;
                }
                self.depth -= 1;
            }
        }
        Ok(())
    }

    fn pass_map(&mut self) -> Read<()> {
        let count = self.unsigned()?;
        if count == 0 {
            return Ok(());
        }
        let kinds = self.byte()?;
        let (key, value) = (kind(kinds >> 4)?, kind(kinds & 0x0f)?);
        for _ in 0..count {
            self.pass_element(key)?;
            self.pass_element(value)?;
        }
        Ok(())
    }

    /// In lists and maps a truth value takes a byte, so that each element takes at least one.
    fn pass_element(&mut self, kind: Kind) -> Read<()> {
        match kind {
            Kind::True | Kind::False => self.byte().map(|_| ()),
            other => self.pass(other),
        }
    }
}

fn kind(code: u8) -> Read<Kind> {
    Ok(match code {
        1 => Kind::True,
        2 => Kind::False,
        3 => Kind::Byte,
        4..=6 => Kind::Integer,
        7 => Kind::Double,
        8 => Kind::Text,
        9 | 10 => Kind::List,
        11 => Kind::Map,
        12 => Kind::Struct,
        13 => Kind::Uuid,
        _ => return Err(Broken::Malformed),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_thrift_writes_them() {
        for (bytes, number) in [
            (&[0x00][..], 0),
            (&[0x01], -1),
            (&[0x02], 1),
            (&[0xfe, 0xff, 0xff, 0xff, 0x0f], i64::from(i32::MAX)),
            (
                &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
                i64::MIN,
            ),
        ] {
            assert_eq!(Thrift::new(bytes, 0).integer(), Ok(number), "{bytes:?}");
        }
        assert_eq!(
            Thrift::new(&[0x80; 11], 0).integer(),
            Err(Broken::Malformed)
        );
        assert_eq!(Thrift::new(&[0x80], 0).integer(), Err(Broken::Short));
        assert_eq!(
            Thrift::new(&[0x80, 0x80, 0x80, 0x80, 0x20], 0).small(),
            Err(Broken::Malformed),
            "more than 32 bits"
        );
        assert_eq!(Thrift::new(&[0x01], 0).count(), Err(Broken::Malformed));
    }

    #[test]
    fn fields_that_nobody_asks_for_are_passed_over() {
        // 1: true, 2: [3 × text], 4: {1: 7}, 5: map of 1, 6: double, 20 (long form): -2
        let bytes = [
            &[0x11][..],
            &[0x19, 0x38, 1, b'a', 0, 2, b'b', b'c'],
            &[0x2c, 0x15, 14, 0x00],
            &[0x1b, 1, 0x58, 2, 1, b'x'],
            &[0x17, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0x05, 40, 0x03],
            &[0x00],
        ]
        .concat();
        let mut thrift = Thrift::new(&bytes, 0);
        let mut seen = Vec::new();
        let mut last = 0;
        thrift
            .fields(|thrift, id, kind| {
                seen.push((id, kind));
                if id == 20 {
                    last = thrift.integer()?;
                }
                Ok(id == 20)
            })
            .unwrap();
        assert_eq!(last, -2);
        assert_eq!(thrift.at(), bytes.len());
        assert_eq!(
            seen.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
            [1, 2, 4, 5, 6, 20]
        );
        for end in 0..bytes.len() {
            let cut = Thrift::new(&bytes[..end], 0).fields(|_, _, _| Ok(false));
            assert_eq!(cut, Err(Broken::Short), "{end}");
        }
    }

    #[test]
    fn depth_and_claimed_counts_cost_no_more_than_their_bytes() {
        for byte in [0x1c, 0x19] {
            let deep = vec![byte; 1 << 20];
            let read = Thrift::new(&deep, 0).fields(|_, _, _| Ok(false));
            assert_eq!(read, Err(Broken::Malformed), "{byte:#x}");
        }
        // A list of 2⁶³ structures, and no byte of them.
        let list = [
            0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
        ];
        let read = Thrift::new(&list, 0).fields(|_, _, _| Ok(false));
        assert_eq!(read, Err(Broken::Short));
        // A text that is longer than all there is.
        let text = [0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        let read = Thrift::new(&text, 0).fields(|_, _, _| Ok(false));
        assert!(read.is_err());
    }
}
