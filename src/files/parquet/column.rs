//! Reads the values of one column in one row group, a few of a page at a time.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once};

use parquet::basic::Repetition;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{
    BoolType, ByteArrayType, DataType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type,
    Int64Type, Int96Type,
};
use parquet::schema::types::{ColumnDescriptor, ColumnPath, Type as SchemaType};

use super::meaning::{
    Meaning, write_bytes, write_fraction, write_large, write_old_time, write_small, write_truth,
};
use super::pages::{Current, Pages};
use super::schema::Leaf;
use super::trouble::Trouble;

pub struct Column {
    meaning: Meaning,
    values: Values,
}

enum Values {
    Truths(Batch<BoolType>),
    Small(Batch<Int32Type>),
    Large(Batch<Int64Type>),
    OldTimes(Batch<Int96Type>),
    Single(Batch<FloatType>),
    Double(Batch<DoubleType>),
    Bytes(Batch<ByteArrayType>),
    Fixed(Batch<FixedLenByteArrayType>),
}

impl Column {
    pub fn new(leaf: Leaf, current: &Arc<Current>, pages: Pages) -> Result<Self, Trouble> {
        let repetition = if leaf.optional {
            Repetition::OPTIONAL
        } else {
            Repetition::REQUIRED
        };
        let schema = SchemaType::primitive_type_builder("value", leaf.physical)
            .with_repetition(repetition)
            .with_length(leaf.width)
            .build()
            .map_err(Trouble::from_crate)?;
        let path = ColumnPath::from("value");
        let described = ColumnDescriptor::new(Arc::new(schema), i16::from(leaf.optional), 0, path);
        let reader = get_column_reader(Arc::new(described), Box::new(pages));
        let optional = leaf.optional;
        Ok(Self {
            meaning: leaf.meaning,
            values: match reader {
                ColumnReader::BoolColumnReader(reader) => {
                    Values::Truths(Batch::new(reader, optional, current))
                }
                ColumnReader::Int32ColumnReader(reader) => {
                    Values::Small(Batch::new(reader, optional, current))
                }
                ColumnReader::Int64ColumnReader(reader) => {
                    Values::Large(Batch::new(reader, optional, current))
                }
                ColumnReader::Int96ColumnReader(reader) => {
                    Values::OldTimes(Batch::new(reader, optional, current))
                }
                ColumnReader::FloatColumnReader(reader) => {
                    Values::Single(Batch::new(reader, optional, current))
                }
                ColumnReader::DoubleColumnReader(reader) => {
                    Values::Double(Batch::new(reader, optional, current))
                }
                ColumnReader::ByteArrayColumnReader(reader) => {
                    Values::Bytes(Batch::new(reader, optional, current))
                }
                ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                    Values::Fixed(Batch::new(reader, optional, current))
                }
            },
        })
    }

    /// Writes the next value; false: it is null.
    pub fn write_next(&mut self, out: &mut String) -> Result<bool, Trouble> {
        let meaning = self.meaning;
        match &mut self.values {
            Values::Truths(batch) => batch.next()?.map(|value| write_truth(*value, out)),
            Values::Small(batch) => batch.next()?.map(|value| write_small(meaning, *value, out)),
            Values::Large(batch) => batch.next()?.map(|value| write_large(meaning, *value, out)),
            Values::OldTimes(batch) => batch.next()?.map(|value| {
                write_old_time(value, false, out);
            }),
            Values::Single(batch) => batch.next()?.map(|value| {
                write_fraction((*value).into(), out);
            }),
            Values::Double(batch) => batch.next()?.map(|value| write_fraction(*value, out)),
            Values::Bytes(batch) => match batch.next()? {
                Some(value) => Some(write_text_or_bytes(meaning, value.data(), out)?),
                None => None,
            },
            Values::Fixed(batch) => match batch.next()? {
                Some(value) => Some(write_text_or_bytes(meaning, value.data(), out)?),
                None => None,
            },
        }
        .map_or(Ok(false), |()| Ok(true))
    }
}

fn write_text_or_bytes(meaning: Meaning, bytes: &[u8], out: &mut String) -> Result<(), Trouble> {
    if meaning == Meaning::Text {
        let text = str::from_utf8(bytes).map_err(|error| {
            let byte = bytes.get(error.valid_up_to()).copied().unwrap_or(0);
            Trouble::broken(format!("byte {byte:#04x} is not UTF-8"))
        })?;
        out.push_str(text);
        return Ok(());
    }
    if write_bytes(meaning, bytes, out) {
        Ok(())
    } else {
        Err(Trouble::broken("a decimal has more than 256 bits"))
    }
}

/// Values that were decoded and not given yet.
struct Batch<T: DataType> {
    reader: ColumnReaderImpl<T>,
    current: Arc<Current>,
    optional: bool,
    /// For each value whether it is there: 1, or 0 for null. Empty where none can be null.
    levels: Vec<i16>,
    /// Those that are not null.
    values: Vec<T::T>,
    read: usize,
    given: usize,
    values_given: usize,
}

impl<T: DataType> Batch<T> {
    fn new(reader: ColumnReaderImpl<T>, optional: bool, current: &Arc<Current>) -> Self {
        Self {
            reader,
            current: Arc::clone(current),
            optional,
            levels: Vec::new(),
            values: Vec::new(),
            read: 0,
            given: 0,
            values_given: 0,
        }
    }

    /// The next value; `None` for null.
    fn next(&mut self) -> Result<Option<&T::T>, Trouble> {
        if self.given == self.read {
            self.fill()?;
        }
        let is_there = !self.optional || self.levels.get(self.given) == Some(&1);
        self.given += 1;
        if !is_there {
            return Ok(None);
        }
        self.values_given += 1;
        match self.values.get(self.values_given - 1) {
            Some(value) => Ok(Some(value)),
            None => Err(Trouble::broken("it has fewer values than it claims")),
        }
    }

    /// Decodes a few more values of one page, so that no other page is held.
    fn fill(&mut self) -> Result<(), Trouble> {
        let count = self.current.at_once();
        self.levels.clear();
        self.values.clear();
        (self.read, self.given, self.values_given) = (0, 0, 0);
        let levels = self.optional.then_some(&mut self.levels);
        let (reader, values) = (&mut self.reader, &mut self.values);
        let (records, _, _) = guarded(|| {
            reader
                .read_records(count, levels, None, values)
                .map_err(Trouble::from_crate)
        })?;
        if records == 0 {
            return Err(Trouble::broken("it has fewer values than rows"));
        }
        self.current.consumed(records);
        self.read = records;
        Ok(())
    }
}

std::thread_local! {
    static IS_GUARDED: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Takes a panic for an error, and lets it say nothing.
///
/// The crate's decoders trust their bytes: one that lies makes them index beyond an end, divide by zero or fail an
/// assertion. A damaged file is no bug of ours and must not look like one. Nothing is used of the reader afterwards.
fn guarded<T>(work: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !IS_GUARDED.get() {
                before(panic);
            }
        }));
    });
    IS_GUARDED.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    IS_GUARDED.set(false);
    outcome.unwrap_or_else(|_| Err(Trouble::broken("its values make no sense")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_decoder_is_an_error_and_later_ones_are_panics_again() {
        let outcome = guarded(|| -> Result<(), Trouble> { panic!("a decoder trusts its bytes") });
        assert!(matches!(outcome, Err(Trouble::Broken(_))));
        assert!(!IS_GUARDED.get());
        assert!(catch_unwind(|| panic!("this one is shown")).is_err());
        assert!(matches!(guarded(|| Ok(7)), Ok(7)));
    }
}
