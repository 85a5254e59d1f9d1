//! Unpacks what gzip and zstd packed: texts as a stream, and pages of Parquet into the size that they claim.

use std::io::{self, BufReader, Read};

use ::zstd::stream::read::Decoder as ZstdReader;
use flate2::read::MultiGzDecoder;

/// How a text is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    Gzip,
    Zstd,
}

impl Compression {
    /// By the first bytes.
    #[must_use]
    pub fn of(first: &[u8]) -> Option<Self> {
        const GZIP: &[u8] = b"\x1f\x8b";
        const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
        if first.starts_with(GZIP) {
            Some(Self::Gzip)
        } else if first.starts_with(ZSTD) {
            Some(Self::Zstd)
        } else {
            None
        }
    }

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// The unpacked bytes: of all members of a file that was put together from several. It reads the packed ones to
    /// their end, and bytes behind the last member are an error. Zstandard may ask for a window of up to 128 MiB; more
    /// is refused.
    ///
    /// # Errors
    /// The system has no memory for it.
    pub fn reader(self, packed: Box<dyn Read>) -> io::Result<Box<dyn Read>> {
        Ok(match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Self::Zstd => Box::new(ZstdReader::with_buffer(BufReader::new(packed))?),
        })
    }
}

/// How a page of Parquet is packed.
#[cfg(feature = "parquet")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    Snappy,
    Gzip,
    Zstd,
    Lz4,
}

#[cfg(feature = "parquet")]
impl Packing {
    /// What a byte can be unpacked to at most.
    const fn most(self) -> usize {
        match self {
            // Three bytes stand for 64.
            Self::Snappy => 22,
            Self::Gzip => 1_032,
            // Four bytes stand for a block of 128 KiB.
            Self::Zstd => 32_768,
            Self::Lz4 => 256,
        }
    }
}

/// Unpacks a page; `None` if it is broken, or is not of just this size. Memory is given only for a size that the packed
/// bytes can have.
#[cfg(feature = "parquet")]
#[must_use]
pub fn unpack(packing: Packing, packed: &[u8], size_bytes: usize) -> Option<Vec<u8>> {
    const HEADERS: usize = 1_024;
    if size_bytes
        > packed
            .len()
            .saturating_mul(packing.most())
            .saturating_add(HEADERS)
    {
        return None;
    }
    let unpacked = match packing {
        Packing::Snappy => {
            if snap::raw::decompress_len(packed).ok()? != size_bytes {
                return None;
            }
            snap::raw::Decoder::new().decompress_vec(packed).ok()?
        }
        Packing::Gzip => {
            // One byte more than it should have shows that it has more.
            let room = u64::try_from(size_bytes).ok()?.checked_add(1)?;
            let mut unpacked = Vec::with_capacity(size_bytes);
            let mut reader = MultiGzDecoder::new(packed).take(room);
            reader.read_to_end(&mut unpacked).ok()?;
            unpacked
        }
        Packing::Zstd => ::zstd::bulk::decompress(packed, size_bytes).ok()?,
        Packing::Lz4 => lz4_flex::block::decompress(packed, size_bytes).ok()?,
    };
    (unpacked.len() == size_bytes).then_some(unpacked)
}

/// The CRC-32 of some bytes.
#[cfg(feature = "parquet")]
#[must_use]
pub fn checksum(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use super::*;

    pub fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    pub fn zstd(bytes: &[u8]) -> Vec<u8> {
        ::zstd::bulk::compress(bytes, 1).unwrap()
    }

    fn unpacked(packed: Vec<u8>) -> io::Result<Vec<u8>> {
        let compression = Compression::of(&packed).unwrap();
        let mut unpacked = Vec::new();
        compression
            .reader(Box::new(io::Cursor::new(packed)))?
            .read_to_end(&mut unpacked)?;
        Ok(unpacked)
    }

    #[test]
    fn what_was_packed_is_unpacked_of_one_member_or_several() {
        let (first, second) = (b"id,prediction\n".as_slice(), b"1,0.5\n".repeat(50_000));
        let text = [first, &second].concat();
        for pack in [gzip, zstd] {
            assert_eq!(unpacked(pack(&text)).unwrap(), text);
            let members = [pack(first), pack(b""), pack(&second)].concat();
            assert_eq!(unpacked(members).unwrap(), text);
        }
        assert_eq!(Compression::of(b"id,prediction"), None);
        assert_eq!(Compression::of(b""), None);
    }

    #[test]
    fn a_cut_is_an_early_end_and_other_damage_is_none() {
        let text = b"id,prediction\n1,0.5\n".repeat(1_000);
        for pack in [gzip, zstd] {
            let packed = pack(&text);
            for length in 4..packed.len() {
                let error = unpacked(packed[..length].to_vec()).unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{length}");
            }
            let behind = [packed.as_slice(), b"more"].concat();
            assert!(unpacked(behind).is_err());
        }
        let mut wrong = gzip(&text);
        let end = wrong.len() - 8;
        wrong[end] ^= 1;
        assert_ne!(
            unpacked(wrong).unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
    }

    #[test]
    fn a_window_that_needs_more_memory_than_128_mib_is_refused() {
        // A frame by hand: magic, no flags, the window's exponent above 10, one last block of 14 plain bytes.
        let packed = |exponent: u8| -> Vec<u8> {
            let mut frame = b"\x28\xb5\x2f\xfd\0".to_vec();
            frame.push(exponent << 3);
            frame.extend_from_slice(b"\x71\0\0id,prediction\n");
            frame
        };
        assert_eq!(unpacked(packed(17)).unwrap(), b"id,prediction\n");
        let error = unpacked(packed(18)).unwrap_err();
        assert_ne!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[cfg(feature = "parquet")]
    #[test]
    fn a_page_is_unpacked_to_the_size_that_it_claims_and_to_no_other() {
        let page = b"0123456789".repeat(100);
        let snappy = snap::raw::Encoder::new().compress_vec(&page).unwrap();
        for (packing, packed) in [
            (Packing::Snappy, snappy),
            (Packing::Gzip, gzip(&page)),
            (Packing::Zstd, zstd(&page)),
            (Packing::Lz4, lz4_flex::block::compress(&page)),
        ] {
            assert_eq!(unpack(packing, &packed, page.len()), Some(page.clone()));
            for other in [0, page.len() - 1, page.len() + 1, 1 << 40] {
                assert_eq!(unpack(packing, &packed, other), None, "{packing:?} {other}");
            }
            assert_eq!(
                unpack(packing, &packed[..packed.len() - 1], page.len()),
                None
            );
            assert_eq!(unpack(packing, b"", 1 << 30), None);
        }
    }

    #[cfg(feature = "parquet")]
    #[test]
    fn what_grows_most_is_still_unpacked() {
        let zeros = vec![0; 8 << 20];
        let snappy = snap::raw::Encoder::new().compress_vec(&zeros).unwrap();
        let mut best = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        best.write_all(&zeros).unwrap();
        let best = best.finish().unwrap();
        for (packing, packed) in [
            (Packing::Snappy, snappy),
            (Packing::Gzip, best),
            (Packing::Zstd, ::zstd::bulk::compress(&zeros, 19).unwrap()),
            (Packing::Lz4, lz4_flex::block::compress(&zeros)),
        ] {
            let size = packed.len();
            assert!(
                unpack(packing, &packed, zeros.len()).as_deref() == Some(&zeros[..]),
                "{packing:?} {size}"
            );
        }
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
    }
}
