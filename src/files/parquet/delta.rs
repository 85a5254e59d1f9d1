//! Checks how many values a page of delta-encoded texts claims, since the crate makes room for all of them at once.

use parquet::basic::Encoding;

use super::trouble::Trouble;

/// Whether the lists of lengths that `data` begins with are no longer than the page.
///
/// # Errors
/// One is longer, or is broken.
pub fn check(encoding: Encoding, data: &[u8], values: u32) -> Result<(), Trouble> {
    let wrong = || Trouble::broken("a page claims more lengths than it has values");
    let values = u64::from(values);
    let count = match encoding {
        Encoding::DELTA_LENGTH_BYTE_ARRAY => List::read(data).ok_or_else(wrong)?.count,
        Encoding::DELTA_BYTE_ARRAY => {
            let mut prefixes = List::read(data).ok_or_else(wrong)?;
            if prefixes.count > values {
                return Err(wrong());
            }
            let suffixes = prefixes.rest().ok_or_else(wrong)?;
            List::read(suffixes).ok_or_else(wrong)?.count
        }
        _ => 0,
    };
    if count > values {
        return Err(wrong());
    }
    Ok(())
}

/// A list of delta-encoded numbers, its header read.
struct List<'a> {
    data: &'a [u8],
    block: u64,
    parts: u64,
    count: u64,
}

impl<'a> List<'a> {
    fn read(mut data: &'a [u8]) -> Option<Self> {
        let block = unsigned(&mut data)?;
        let parts = unsigned(&mut data)?;
        let count = unsigned(&mut data)?;
        // The first number.
        unsigned(&mut data)?;
        let sound = block > 0 && parts > 0 && block.is_multiple_of(parts);
        sound.then_some(Self {
            data,
            block,
            parts,
            count,
        })
    }

    /// What comes behind the list.
    fn rest(&mut self) -> Option<&'a [u8]> {
        let each = self.block / self.parts;
        let mut left = self.count.saturating_sub(1);
        while left > 0 {
            // The least difference of the block.
            unsigned(&mut self.data)?;
            let parts = usize::try_from(self.parts).ok()?;
            let (widths, mut rest) = self.data.split_at_checked(parts)?;
            for width in widths {
                if left == 0 {
                    break;
                }
                let bytes = u64::from(*width).checked_mul(each)? / 8;
                rest = rest.get(usize::try_from(bytes).ok()?..)?;
                left = left.saturating_sub(each);
            }
            self.data = rest;
        }
        Some(self.data)
    }
}

fn unsigned(data: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = data.split_first()?;
        *data = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks of 128 in 4 parts, `count` numbers, all differences zero.
    fn list(count: u8) -> Vec<u8> {
        let mut bytes = vec![0x80, 0x01, 4, count, 0];
        for _ in 0..u64::from(count).saturating_sub(1).div_ceil(128) {
            bytes.extend([0, 0, 0, 0, 0]);
        }
        bytes
    }

    #[test]
    fn more_lengths_than_values_are_refused() {
        let lengths = Encoding::DELTA_LENGTH_BYTE_ARRAY;
        assert!(check(lengths, &list(3), 3).is_ok());
        assert!(check(lengths, &list(2), 3).is_ok(), "one is null");
        assert!(check(lengths, &list(4), 3).is_err());
        assert!(check(lengths, &[], 3).is_err());
        let claims = [0x80, 0x01, 4, 0xff, 0xff, 0xff, 0xff, 0x0f, 0];
        assert!(check(lengths, &claims, 3).is_err());
        assert!(check(Encoding::PLAIN, &claims, 3).is_ok());
    }

    #[test]
    fn the_second_list_of_prefixed_texts_is_found_behind_the_first() {
        let both = Encoding::DELTA_BYTE_ARRAY;
        for count in [0, 1, 2, 100] {
            let sound = [list(count), list(count)].concat();
            assert!(check(both, &sound, count.into()).is_ok(), "{count}");
            let lying = [list(count), list(count + 1)].concat();
            assert!(check(both, &lying, count.into()).is_err(), "{count}");
            let lying = [list(count + 1), list(count)].concat();
            assert!(check(both, &lying, count.into()).is_err(), "{count}");
        }
        assert!(check(both, &list(3), 3).is_err(), "no second list");
        // No parts, or parts that do not divide the block.
        for parts in [0, 3] {
            assert!(check(both, &[0x80, 0x01, parts, 1, 0], 1).is_err());
        }
    }
}
