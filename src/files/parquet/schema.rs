//! Reads which columns a Parquet file has: a tree, of which the plain columns at its top are the columns of a table.

use parquet::basic::Type as Physical;

use super::super::error::FileErrorKind;
use super::super::table::{COLUMN_LIMIT, NAME_LIMIT_BYTES};
use super::meaning::{Logical, Meaning, Unit};
use super::thrift::{Kind, Read, Thrift};

/// Groups of columns within groups.
const DEEPEST: usize = 100;

/// A column as people name it.
pub struct Field {
    pub name: String,
    /// Else why it can't be read.
    pub leaf: Result<Leaf, &'static str>,
}

/// A column with at most one value a row.
#[derive(Clone, Copy, Debug)]
pub struct Leaf {
    /// Among the columns that hold values, those within others counted.
    pub index: u64,
    /// Parquet's number for the physical type.
    pub code: i32,
    pub physical: Physical,
    pub width: i32,
    pub optional: bool,
    pub meaning: Meaning,
}

/// The tree of columns, which stands in the footer as a list, parents first.
#[derive(Default)]
pub struct Schema {
    pub fields: Vec<Field>,
    pub leaves_count: u64,
    begun: bool,
    /// For each group that is open how many of its columns are still to come.
    open: Vec<u64>,
}

impl Schema {
    /// Whether all columns that were announced have come.
    pub fn is_complete(&self) -> bool {
        self.begun && self.open.is_empty()
    }

    /// Takes the next entry of the list.
    ///
    /// # Errors
    /// It fits nowhere, or breaks a limit.
    pub fn add(&mut self, element: &Element<'_>) -> Result<(), FileErrorKind> {
        let broken = || FileErrorKind::ParquetSyntax("its columns make no sense".to_owned());
        let children = u64::try_from(element.children.unwrap_or(0)).map_err(|_| broken())?;
        if !self.begun {
            let have = usize::try_from(children).unwrap_or(usize::MAX);
            if have > COLUMN_LIMIT {
                return Err(FileErrorKind::TooManyColumns {
                    have,
                    limit: COLUMN_LIMIT,
                });
            }
            self.begun = true;
            self.open.push(children);
        } else {
            let depth = self.open.len();
            let to_come = self.open.last_mut().ok_or_else(broken)?;
            *to_come -= 1;
            if depth == 1 {
                let field = self.field(element, children)?;
                self.fields.push(field);
            }
            if children > 0 {
                if depth >= DEEPEST {
                    return Err(broken());
                }
                self.open.push(children);
            } else if element.physical.is_some() {
                self.leaves_count += 1;
            }
        }
        while self.open.last() == Some(&0) {
            self.open.pop();
        }
        Ok(())
    }

    /// A column of the table.
    fn field(&self, element: &Element<'_>, children: u64) -> Result<Field, FileErrorKind> {
        if element.name.len() > NAME_LIMIT_BYTES {
            return Err(FileErrorKind::NameTooLong {
                limit_bytes: NAME_LIMIT_BYTES,
            });
        }
        let name = str::from_utf8(element.name).map_err(|_| {
            FileErrorKind::ParquetSyntax("the name of a column is not UTF-8".to_owned())
        })?;
        Ok(Field {
            name: name.to_owned(),
            leaf: self.leaf(element, children),
        })
    }

    fn leaf(&self, element: &Element<'_>, children: u64) -> Result<Leaf, &'static str> {
        const LIST: i32 = 3;
        const MAPS: [i32; 2] = [1, 2];
        const REPEATED: i32 = 2;
        let code = match element.physical {
            Some(code) if children == 0 => code,
            _ => {
                let converted = element.converted.unwrap_or(-1);
                return Err(match element.logical {
                    Some(Logical::List) => "a list",
                    Some(Logical::Map) => "a map",
                    Some(Logical::Other(what)) => what,
                    _ if converted == LIST => "a list",
                    _ if MAPS.contains(&converted) => "a map",
                    _ => "a structure",
                });
            }
        };
        if element.repetition == REPEATED {
            return Err("a list");
        }
        let physical = match code {
            0 => Physical::BOOLEAN,
            1 => Physical::INT32,
            2 => Physical::INT64,
            3 => Physical::INT96,
            4 => Physical::FLOAT,
            5 => Physical::DOUBLE,
            6 => Physical::BYTE_ARRAY,
            7 => Physical::FIXED_LEN_BYTE_ARRAY,
            _ => return Err("of an unknown type"),
        };
        let width = element.width.unwrap_or(0);
        Ok(Leaf {
            index: self.leaves_count,
            code,
            physical,
            width,
            optional: element.repetition == 1,
            meaning: Meaning::of(
                physical,
                element.logical,
                element.converted,
                element.scale.unwrap_or(0),
                width,
            )?,
        })
    }
}

/// One entry of the list of columns.
#[derive(Default)]
pub struct Element<'a> {
    physical: Option<i32>,
    width: Option<i32>,
    repetition: i32,
    name: &'a [u8],
    children: Option<i32>,
    converted: Option<i32>,
    scale: Option<i32>,
    logical: Option<Logical>,
}

impl<'a> Element<'a> {
    pub fn read(thrift: &mut Thrift<'a>) -> Read<Self> {
        let mut element = Self::default();
        thrift.fields(|thrift, id, kind| {
            match (id, kind) {
                (1, Kind::Integer) => element.physical = Some(thrift.small()?),
                (2, Kind::Integer) => element.width = Some(thrift.small()?),
                (3, Kind::Integer) => element.repetition = thrift.small()?,
                (4, Kind::Text) => element.name = thrift.text()?,
                (5, Kind::Integer) => element.children = Some(thrift.small()?),
                (6, Kind::Integer) => element.converted = Some(thrift.small()?),
                (7, Kind::Integer) => element.scale = Some(thrift.small()?),
                (10, Kind::Struct) => element.logical = logical(thrift)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(element)
    }
}

/// A union: a structure of which one field is there.
fn logical(thrift: &mut Thrift<'_>) -> Read<Option<Logical>> {
    let mut logical = None;
    thrift.fields(|thrift, id, kind| {
        if kind != Kind::Struct {
            return Ok(false);
        }
        logical = Some(match id {
            1 | 4 | 12 => Logical::Text,
            2 => Logical::Map,
            3 => Logical::List,
            5 => {
                let mut scale = 0;
                thrift.fields(|thrift, id, kind| {
                    let taken = id == 1 && kind == Kind::Integer;
                    if taken {
                        scale = thrift.small()?;
                    }
                    Ok(taken)
                })?;
                logical = Some(Logical::Decimal { scale });
                return Ok(true);
            }
            6 => Logical::Date,
            7 => Logical::Other("a time of day"),
            8 => {
                logical = Some(timestamp(thrift)?);
                return Ok(true);
            }
            10 => {
                let mut signed = true;
                thrift.fields(|_, id, kind| {
                    if id == 2 {
                        signed = kind == Kind::True;
                    }
                    Ok(false)
                })?;
                logical = Some(Logical::Integer { signed });
                return Ok(true);
            }
            11 => Logical::Null,
            13 => Logical::Other("BSON"),
            14 => Logical::Uuid,
            15 => Logical::Half,
            16 => Logical::Other("a variant"),
            17 | 18 => Logical::Other("a shape on the map"),
            _ => Logical::Other("of an unknown type"),
        });
        Ok(false)
    })?;
    Ok(logical)
}

fn timestamp(thrift: &mut Thrift<'_>) -> Read<Logical> {
    let mut utc = false;
    let mut unit = Unit::Micros;
    thrift.fields(|thrift, id, kind| match (id, kind) {
        (1, kind) => {
            utc = kind == Kind::True;
            Ok(false)
        }
        (2, Kind::Struct) => {
            thrift.fields(|_, id, _| {
                unit = match id {
                    1 => Unit::Millis,
                    3 => Unit::Nanos,
                    _ => Unit::Micros,
                };
                Ok(false)
            })?;
            Ok(true)
        }
        _ => Ok(false),
    })?;
    Ok(Logical::Timestamp { unit, utc })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(children: i32) -> Element<'static> {
        Element {
            name: b"group",
            children: Some(children),
            ..Element::default()
        }
    }

    fn plain() -> Element<'static> {
        Element {
            name: b"plain",
            physical: Some(2),
            ..Element::default()
        }
    }

    fn read(elements: &[Element<'_>]) -> Option<Schema> {
        let mut schema = Schema::default();
        for element in elements {
            schema.add(element).ok()?;
        }
        schema.is_complete().then_some(schema)
    }

    #[test]
    fn what_stands_within_a_column_is_counted_and_is_no_column() {
        let tree = [
            group(3),
            plain(),
            group(2),
            group(1),
            plain(),
            plain(),
            plain(),
        ];
        let schema = read(&tree).unwrap();
        assert_eq!(schema.leaves_count, 4);
        let places: Vec<_> = schema
            .fields
            .iter()
            .map(|field| field.leaf.map(|leaf| leaf.index))
            .collect();
        assert_eq!(places, [Ok(0), Err("a structure"), Ok(3)]);
    }

    #[test]
    fn a_tree_that_claims_other_columns_than_it_has_is_refused() {
        for tree in [
            &[][..],
            &[group(1)],
            &[group(2), plain()],
            &[group(1), plain(), plain()],
            &[group(-1), plain()],
            &[group(1), group(i32::MAX), plain()],
        ] {
            assert!(read(tree).is_none());
        }
        let deep: Vec<_> = (0..200).map(|_| group(1)).chain([plain()]).collect();
        assert!(read(&deep).is_none());
    }

    #[test]
    fn a_list_by_any_name_is_one() {
        let list = Element {
            logical: Some(Logical::List),
            ..group(1)
        };
        let old_map = Element {
            converted: Some(1),
            ..group(1)
        };
        let repeated = Element {
            repetition: 2,
            ..plain()
        };
        let unknown = Element {
            physical: Some(99),
            ..plain()
        };
        let tree = [group(4), list, plain(), old_map, plain(), repeated, unknown];
        let schema = read(&tree).unwrap();
        let what: Vec<_> = schema
            .fields
            .iter()
            .map(|field| field.leaf.map(|_| ()).unwrap_err())
            .collect();
        assert_eq!(what, ["a list", "a map", "a list", "of an unknown type"]);
    }
}
