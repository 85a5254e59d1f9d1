//! Reads the pages of a column one after the other, and refuses what a page claims before memory is given to it.
//!
//! The `parquet` crate has such a reader. It gives a page the memory that its header claims, up to 2 GiB, and unpacks
//! gzip to any size; a dictionary that claims two billion values costs it 64 GiB. No memory, no error: the process
//! dies. So the pages are found and unpacked here, and the crate decodes what stands in them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::Result as CrateResult;

use super::super::compress::{self, Packing};
use super::super::seekable::Seekable;
use super::delta;
use super::footer::Chunk;
use super::page_header::{self, Body, Header};
use super::schema::Leaf;
use super::thrift::{Broken, Thrift};
use super::trouble::Trouble;

/// What the pages and dictionaries that are in use at the same time may take, of all columns together.
pub const HELD_LIMIT_BYTES: u64 = 512 << 20;
/// The first look at a page's header; most are shorter.
const HEADER_BYTES: u64 = 256;
/// A header holds a column's least and greatest value, which may be long.
const HEADER_LIMIT_BYTES: u64 = 16 << 20;
/// What the lengths of a value and of its prefix take, which are all decoded at once.
const LENGTHS_BYTES: u64 = 8;
/// What a value takes in a decoded dictionary.
const VALUE_BYTES: u64 = 32;

/// What all columns hold together.
#[derive(Debug, Default)]
pub struct Held(AtomicU64);

impl Held {
    fn take(&self, size_bytes: u64) -> Result<(), Trouble> {
        let now = self.0.fetch_add(size_bytes, Ordering::Relaxed);
        if now.saturating_add(size_bytes) > HELD_LIMIT_BYTES {
            self.give(size_bytes);
            return Err(Trouble::Unsupported(format!(
                "its pages need more than {HELD_LIMIT_BYTES} bytes at once; write smaller row groups"
            )));
        }
        Ok(())
    }

    fn give(&self, size_bytes: u64) {
        self.0.fetch_sub(size_bytes, Ordering::Relaxed);
    }

    #[cfg(test)]
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What the column knows of the page that it is reading.
#[derive(Debug, Default)]
pub struct Current {
    values: AtomicUsize,
    /// Each value that is read has memory of its own, instead of a piece of the page.
    grows: AtomicBool,
}

impl Current {
    /// How many values can be read from the page without holding more memory than the page.
    pub fn at_once(&self) -> usize {
        const MOST: usize = 1_024;
        if self.grows.load(Ordering::Relaxed) {
            return 1;
        }
        // One, so that the next page is opened and known.
        self.values.load(Ordering::Relaxed).clamp(1, MOST)
    }

    pub fn consumed(&self, count: usize) {
        let left = self.values.load(Ordering::Relaxed).saturating_sub(count);
        self.values.store(left, Ordering::Relaxed);
    }

    fn begin(&self, count: u32, grows: bool) {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        self.values.store(count, Ordering::Relaxed);
        self.grows.store(grows, Ordering::Relaxed);
    }
}

/// The pages of one column in one row group.
pub struct Pages {
    file: Arc<Seekable>,
    held: Arc<Held>,
    current: Arc<Current>,
    leaf: Leaf,
    packing: Option<Packing>,
    offset: u64,
    bytes_left: u64,
    rows_left: u64,
    page_bytes: u64,
    /// `None`: no dictionary was read yet.
    dictionary_bytes: Option<u64>,
}

impl Pages {
    pub fn new(
        file: Arc<Seekable>,
        held: Arc<Held>,
        current: Arc<Current>,
        leaf: Leaf,
        chunk: Chunk,
        rows_count: u64,
    ) -> Result<Self, Trouble> {
        Ok(Self {
            file,
            held,
            current,
            leaf,
            packing: packing(chunk.codec)?,
            offset: chunk.offset,
            bytes_left: chunk.size_bytes,
            rows_left: rows_count,
            page_bytes: 0,
            dictionary_bytes: None,
        })
    }

    fn next_page(&mut self) -> Result<Option<Page>, Trouble> {
        loop {
            self.held.give(std::mem::take(&mut self.page_bytes));
            if self.bytes_left == 0 || self.rows_left == 0 {
                return Ok(None);
            }
            let header = self.header()?;
            if header.packed_bytes > self.bytes_left {
                return Err(Trouble::broken("a page claims more bytes than there are"));
            }
            let (offset, size_bytes) = (self.offset, header.packed_bytes);
            self.offset += size_bytes;
            self.bytes_left -= size_bytes;
            let page = match header.body {
                Body::Other => continue,
                Body::Dictionary { values, encoding } => {
                    self.check_dictionary(&header, values)?;
                    Page::DictionaryPage {
                        buf: self.unpacked(&header, offset, 0, true)?,
                        num_values: values,
                        encoding: self::encoding(encoding)?,
                        is_sorted: false,
                    }
                }
                Body::First {
                    values,
                    encoding,
                    levels,
                } => {
                    let encoding = self.begin(&header, values, encoding)?;
                    let buf = self.unpacked(&header, offset, 0, true)?;
                    let level_encoding = self::encoding(levels)?;
                    let begins_at = if self.leaf.optional {
                        first_levels_end(&buf, level_encoding, values)?
                    } else {
                        0
                    };
                    delta::check(encoding, buf.get(begins_at..).unwrap_or_default(), values)?;
                    Page::DataPage {
                        buf,
                        num_values: values,
                        encoding,
                        def_level_encoding: level_encoding,
                        rep_level_encoding: Encoding::RLE,
                        statistics: None,
                    }
                }
                Body::Second(body) => {
                    if body.rows != body.values || body.nulls > body.values {
                        return Err(Trouble::broken("a page has other values than rows"));
                    }
                    let encoding = self.begin(&header, body.values, body.encoding)?;
                    let levels =
                        u64::from(body.definition_bytes) + u64::from(body.repetition_bytes);
                    let buf = self.unpacked(&header, offset, levels, body.packed)?;
                    let begins_at = usize::try_from(levels).unwrap_or(usize::MAX);
                    let data = buf
                        .get(begins_at..)
                        .ok_or_else(|| Trouble::broken("a page is shorter than it claims"))?;
                    delta::check(encoding, data, body.values)?;
                    Page::DataPageV2 {
                        buf,
                        num_values: body.values,
                        encoding,
                        num_nulls: body.nulls,
                        num_rows: body.rows,
                        def_levels_byte_len: body.definition_bytes,
                        rep_levels_byte_len: body.repetition_bytes,
                        is_compressed: body.packed,
                        statistics: None,
                    }
                }
            };
            return Ok(Some(page));
        }
    }

    /// Reads the header of the next page.
    fn header(&mut self) -> Result<Header, Trouble> {
        let mut wanted = HEADER_BYTES;
        loop {
            let count = wanted.min(self.bytes_left);
            let size = usize::try_from(count).unwrap_or(usize::MAX);
            let bytes = self.file.read_at(self.offset, size).map_err(Trouble::Io)?;
            let mut thrift = Thrift::new(&bytes, 0);
            match page_header::read(&mut thrift) {
                Ok(header) => {
                    let length = thrift.at() as u64;
                    self.offset += length;
                    self.bytes_left -= length;
                    return Ok(header);
                }
                Err(Broken::Short) if count < self.bytes_left && wanted < HEADER_LIMIT_BYTES => {
                    wanted *= 8;
                }
                Err(_) => return Err(Trouble::broken("the header of a page makes no sense")),
            }
        }
    }

    /// A page of values begins.
    fn begin(&mut self, header: &Header, values: u32, encoding: i32) -> Result<Encoding, Trouble> {
        let encoding = self::encoding(encoding)?;
        self.rows_left = self
            .rows_left
            .checked_sub(u64::from(values))
            .ok_or_else(|| Trouble::broken("it has more values than rows"))?;
        let from_dictionary = matches!(
            encoding,
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY
        );
        if from_dictionary && self.dictionary_bytes.is_none() {
            return Err(Trouble::broken(
                "a page needs a dictionary that is not there",
            ));
        }
        self.current
            .begin(values, encoding == Encoding::DELTA_BYTE_ARRAY);
        let has_lengths = matches!(
            encoding,
            Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY
        );
        let lengths_bytes = u64::from(values) * LENGTHS_BYTES * u64::from(has_lengths);
        self.page_bytes = header.held_bytes() + lengths_bytes;
        if let Err(trouble) = self.held.take(self.page_bytes) {
            self.page_bytes = 0;
            return Err(trouble);
        }
        Ok(encoding)
    }

    /// A dictionary can't hold more values than its bytes have room for.
    fn check_dictionary(&mut self, header: &Header, values: u32) -> Result<(), Trouble> {
        if self.dictionary_bytes.is_some() {
            return Err(Trouble::broken("it has two dictionaries"));
        }
        let least = match self.leaf.physical {
            Physical::INT64 | Physical::DOUBLE => 8,
            Physical::INT96 => 12,
            Physical::FIXED_LEN_BYTE_ARRAY => u64::try_from(self.leaf.width).unwrap_or(1).max(1),
            // A text has its length before it.
            Physical::INT32 | Physical::FLOAT | Physical::BYTE_ARRAY => 4,
            Physical::BOOLEAN => 1,
        };
        let values = u64::from(values);
        if values * least > header.unpacked_bytes {
            return Err(Trouble::broken(
                "a dictionary claims more values than it has room for",
            ));
        }
        let size_bytes = header.held_bytes() + values * VALUE_BYTES;
        self.held.take(size_bytes)?;
        self.dictionary_bytes = Some(size_bytes);
        Ok(())
    }

    /// The bytes of a page, of which the first `plain` are not packed.
    fn unpacked(
        &self,
        header: &Header,
        offset: u64,
        plain: u64,
        is_packed: bool,
    ) -> Result<Bytes, Trouble> {
        let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        let packed = self
            .file
            .read_at(offset, size(header.packed_bytes))
            .map_err(Trouble::Io)?;
        if let Some(sum) = header.checksum
            && sum != compress::checksum(&packed)
        {
            return Err(Trouble::broken("the checksum of a page does not fit"));
        }
        let Some(packing) = self.packing.filter(|_| is_packed) else {
            return Ok(packed.into());
        };
        let short = || Trouble::broken("a page is shorter than it claims");
        let (levels, rest) = packed.split_at_checked(size(plain)).ok_or_else(short)?;
        let left = header.unpacked_bytes.checked_sub(plain).ok_or_else(short)?;
        if left == 0 {
            return Ok(levels.to_vec().into());
        }
        let mut bytes = compress::unpack(packing, rest, size(left)).ok_or_else(|| {
            Trouble::broken("a page can't be unpacked to the size that it claims")
        })?;
        if !levels.is_empty() {
            bytes.splice(..0, levels.iter().copied());
        }
        Ok(bytes.into())
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.held
            .give(self.page_bytes + self.dictionary_bytes.unwrap_or(0));
    }
}

impl Iterator for Pages {
    type Item = CrateResult<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_page().map_err(Trouble::into_crate).transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> CrateResult<Option<Page>> {
        self.next_page().map_err(Trouble::into_crate)
    }

    /// Only columns within others are looked ahead in, and those are not read.
    fn peek_next_page(&mut self) -> CrateResult<Option<PageMetadata>> {
        Err(Trouble::broken("a page can't be looked at ahead").into_crate())
    }

    fn skip_next_page(&mut self) -> CrateResult<()> {
        Err(Trouble::broken("a page can't be passed over").into_crate())
    }
}

fn packing(codec: i32) -> Result<Option<Packing>, Trouble> {
    let unread = |name: &str| {
        let text = format!("its pages are packed with {name}; write it with snappy, gzip or zstd");
        Err(Trouble::Unsupported(text))
    };
    match codec {
        0 => Ok(None),
        1 => Ok(Some(Packing::Snappy)),
        2 => Ok(Some(Packing::Gzip)),
        3 => unread("LZO"),
        4 => unread("Brotli"),
        5 => unread("the older LZ4 of Hadoop"),
        6 => Ok(Some(Packing::Zstd)),
        7 => Ok(Some(Packing::Lz4)),
        _ => unread("something unknown"),
    }
}

fn encoding(code: i32) -> Result<Encoding, Trouble> {
    Ok(match code {
        0 => Encoding::PLAIN,
        2 => Encoding::PLAIN_DICTIONARY,
        3 => Encoding::RLE,
        #[expect(deprecated, reason = "old files have it")]
        4 => Encoding::BIT_PACKED,
        5 => Encoding::DELTA_BINARY_PACKED,
        6 => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        7 => Encoding::DELTA_BYTE_ARRAY,
        8 => Encoding::RLE_DICTIONARY,
        9 => Encoding::BYTE_STREAM_SPLIT,
        other => {
            let text = format!("the encoding {other} of its values is not known");
            return Err(Trouble::Unsupported(text));
        }
    })
}

/// Where the values begin in a page of the first kind, behind the marks of what is null.
fn first_levels_end(page: &[u8], encoding: Encoding, values: u32) -> Result<usize, Trouble> {
    let short = || Trouble::broken("a page ends in its levels");
    let end = match encoding {
        Encoding::RLE => {
            let length = page.first_chunk::<4>().ok_or_else(short)?;
            u64::from(u32::from_le_bytes(*length)) + 4
        }
        #[expect(deprecated, reason = "old files have it")]
        Encoding::BIT_PACKED => u64::from(values).div_ceil(8),
        _ => return Err(Trouble::broken("its levels are encoded as nothing known")),
    };
    usize::try_from(end)
        .ok()
        .filter(|end| *end <= page.len())
        .ok_or_else(short)
}
