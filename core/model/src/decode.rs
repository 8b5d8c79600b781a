//! From PostgreSQL's binary wire format to rows, led by the view's column table.
//!
//! The result's columns are matched by name, so that a version with fewer columns leaves the others absent. A
//! column that the table does not describe, or a type that does not fit its kind, is an error of ours.

use std::fmt;

use crate::rows::{RawText, Rows, Series};
use crate::time::Timestamp;
use crate::view::{Kind, View};

/// Rows of one result beyond which reading stops with an error: a bound on memory.
pub const MAX_ROWS: usize = 200_000;
/// Bytes of one label; longer ones are cut. Identifiers have 63, application names and settings may be longer.
pub const MAX_LABEL_BYTES: usize = 4_096;

/// Why a result could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The result has a column that the view does not describe.
    UnknownColumn {
        /// The view.
        view: &'static str,
        /// The column as the server named it.
        column: String,
    },
    /// The column's type cannot hold what the view says of it.
    UnexpectedType {
        /// The view.
        view: &'static str,
        /// The column.
        column: &'static str,
        /// Oid of the type that came.
        type_oid: u32,
    },
    /// The value has a length that its type does not allow.
    MalformedValue {
        /// The view.
        view: &'static str,
        /// The column.
        column: &'static str,
    },
    /// More than [`MAX_ROWS`] rows.
    TooManyRows {
        /// The view.
        view: &'static str,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::UnknownColumn { view, column } => {
                write!(f, "{view} returned the column {column:?}, which this version does not know")
            }
            DecodeError::UnexpectedType { view, column, type_oid } => {
                write!(f, "{view}.{column} came as the type with oid {type_oid}")
            }
            DecodeError::MalformedValue { view, column } => {
                write!(f, "{view}.{column} holds a value of a wrong length")
            }
            DecodeError::TooManyRows { view } => write!(f, "{view} has more than {MAX_ROWS} rows"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// The wire types that our statements return. All are built in, so that no type look-up is ever needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Bool,
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Text,
    Timestamptz,
    Int4Array,
    Lsn,
}

impl Wire {
    fn of(type_oid: u32) -> Option<Wire> {
        Some(match type_oid {
            16 => Wire::Bool,
            20 => Wire::Int8,
            21 => Wire::Int2,
            23 => Wire::Int4,
            25 | 19 | 1043 => Wire::Text,
            26 | 28 => Wire::Oid,
            700 => Wire::Float4,
            701 => Wire::Float8,
            1184 => Wire::Timestamptz,
            1007 => Wire::Int4Array,
            3220 => Wire::Lsn,
            _ => return None,
        })
    }

    fn fits(self, kind: Kind) -> bool {
        match kind {
            Kind::Counter | Kind::Gauge | Kind::LabelInt => {
                matches!(self, Wire::Int2 | Wire::Int4 | Wire::Int8 | Wire::Oid | Wire::Lsn)
            }
            Kind::CounterFloat | Kind::GaugeFloat => matches!(self, Wire::Float4 | Wire::Float8),
            Kind::Label | Kind::Text => self == Wire::Text,
            Kind::Flag => self == Wire::Bool,
            Kind::Time => self == Wire::Timestamptz,
            Kind::IntList => self == Wire::Int4Array,
        }
    }
}

/// One column of a result that is being decoded.
struct Field {
    column_index: usize,
    wire: Wire,
    series: Series,
}

/// Collects the rows of one result set of one view.
pub struct Decoder {
    view: &'static View,
    fields: Vec<Field>,
    row_count: usize,
}

impl Decoder {
    /// Matches the result's columns (name and type oid) with the view's.
    pub fn new<'c>(
        view: &'static View,
        columns: impl Iterator<Item = (&'c str, u32)>,
    ) -> Result<Decoder, DecodeError> {
        let fields = columns.map(|(name, oid)| field(view, name, oid)).collect::<Result<_, _>>()?;
        Ok(Decoder { view, fields, row_count: 0 })
    }

    /// Adds one row; `cell` gives the bytes of the n-th column, or nothing for NULL.
    pub fn push<'r>(&mut self, cell: impl Fn(usize) -> Option<&'r [u8]>) -> Result<(), DecodeError> {
        if self.row_count == MAX_ROWS {
            return Err(DecodeError::TooManyRows { view: self.view.name });
        }
        for (position, field) in self.fields.iter_mut().enumerate() {
            push_cell(field, cell(position)).ok_or(DecodeError::MalformedValue {
                view: self.view.name,
                column: self.view.columns[field.column_index].name,
            })?;
        }
        self.row_count += 1;
        Ok(())
    }

    /// Returns the rows; columns that did not come are absent.
    pub fn finish(self) -> Rows {
        let mut series = vec![None; self.view.columns.len()];
        for field in self.fields {
            series[field.column_index] = Some(field.series);
        }
        Rows::from_series(series, self.row_count)
    }
}

fn field(view: &'static View, name: &str, type_oid: u32) -> Result<Field, DecodeError> {
    let column_index = view
        .column_index(name)
        .ok_or_else(|| DecodeError::UnknownColumn { view: view.name, column: name.to_owned() })?;
    let column = &view.columns[column_index];
    let wire = Wire::of(type_oid)
        .filter(|wire| wire.fits(column.kind))
        .ok_or(DecodeError::UnexpectedType { view: view.name, column: column.name, type_oid })?;
    Ok(Field { column_index, wire, series: Series::of(column.kind) })
}

/// Appends the cell, or returns nothing if its bytes do not fit its type.
fn push_cell(field: &mut Field, cell: Option<&[u8]>) -> Option<()> {
    let wire = field.wire;
    match &mut field.series {
        Series::Int(values) => values.push(map(cell, |bytes| int(wire, bytes))?),
        Series::Float(values) => values.push(map(cell, |bytes| float(wire, bytes))?),
        Series::Flag(values) => values.push(map(cell, |bytes| Some(*bytes.first()? != 0))?),
        Series::Label(values) => values.push(map(cell, |bytes| Some(label(bytes)))?),
        Series::Time(values) => {
            values.push(map(cell, |bytes| Some(Timestamp::from_postgres(int(Wire::Int8, bytes)?)))?);
        }
        Series::IntList(values) => values.push(map(cell, int_list)?),
        Series::Text(values) => values.push(cell.map(RawText::new)),
    }
    Some(())
}

/// NULL stays NULL; a value is read or fails.
fn map<'b, T>(cell: Option<&'b [u8]>, read: impl FnOnce(&'b [u8]) -> Option<T>) -> Option<Option<T>> {
    match cell {
        None => Some(None),
        Some(bytes) => read(bytes).map(Some),
    }
}

fn int(wire: Wire, bytes: &[u8]) -> Option<i64> {
    Some(match wire {
        Wire::Int2 => i64::from(i16::from_be_bytes(bytes.try_into().ok()?)),
        Wire::Int4 => i64::from(i32::from_be_bytes(bytes.try_into().ok()?)),
        Wire::Oid => i64::from(u32::from_be_bytes(bytes.try_into().ok()?)),
        _ => i64::from_be_bytes(bytes.try_into().ok()?),
    })
}

fn float(wire: Wire, bytes: &[u8]) -> Option<f64> {
    Some(match wire {
        Wire::Float4 => f64::from(f32::from_be_bytes(bytes.try_into().ok()?)),
        _ => f64::from_be_bytes(bytes.try_into().ok()?),
    })
}

/// A SQL_ASCII database may hold any bytes: what is not UTF-8 becomes U+FFFD.
fn label(bytes: &[u8]) -> Box<str> {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    if text.len() > MAX_LABEL_BYTES {
        let end = (0..=MAX_LABEL_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text.into_boxed_str()
}

/// A one-dimensional `int4[]`: dimensions, null flag, element oid, length, lower bound, then the elements.
fn int_list(bytes: &[u8]) -> Option<Box<[i64]>> {
    const HEADER_BYTES: usize = 12;
    const DIMENSION_BYTES: usize = 8;
    const ELEMENT_BYTES: usize = 8;
    let dimensions = i32::from_be_bytes(bytes.get(0..4)?.try_into().ok()?);
    if dimensions == 0 {
        return Some(Box::default());
    }
    let elements = bytes.get(HEADER_BYTES + DIMENSION_BYTES..)?;
    if dimensions != 1 || elements.len() % ELEMENT_BYTES != 0 {
        return None;
    }
    elements.chunks(ELEMENT_BYTES).map(|chunk| int(Wire::Int4, &chunk[4..])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::Unit;
    use crate::view::{counter, counter_ms, int_list as list, label as name, time};

    static VIEW: View = View {
        name: "pg_test",
        key: &["name"],
        columns: &[name("name"), counter("n", Unit::Count), counter_ms("ms"), time("at"), list("pids")],
        ..View::BASE
    };

    fn decode(columns: &[(&str, u32)], rows: &[&[Option<&[u8]>]]) -> Result<Rows, DecodeError> {
        let mut decoder = Decoder::new(&VIEW, columns.iter().copied())?;
        for row in rows {
            decoder.push(|position| row[position])?;
        }
        Ok(decoder.finish())
    }

    #[test]
    fn decodes_by_name_and_leaves_the_rest_absent() {
        let rows =
            decode(&[("n", 20), ("name", 19)], &[&[Some(&7i64.to_be_bytes()), Some(b"caf\xff")]]).unwrap();
        assert_eq!(rows.int(1, 0), Some(7));
        assert_eq!(rows.label(0, 0), Some("caf\u{fffd}"));
        assert!(rows.series(2).is_none());
    }

    #[test]
    fn refuses_what_the_table_does_not_describe() {
        assert_eq!(
            decode(&[("x", 20)], &[]).unwrap_err().to_string(),
            "pg_test returned the column \"x\", which this version does not know"
        );
        assert_eq!(
            decode(&[("n", 1700)], &[]).unwrap_err().to_string(),
            "pg_test.n came as the type with oid 1700"
        );
        assert_eq!(
            decode(&[("n", 20)], &[&[Some(b"123")]]).unwrap_err().to_string(),
            "pg_test.n holds a value of a wrong length"
        );
    }

    #[test]
    fn reads_lists_and_nulls() {
        let mut array = Vec::new();
        for number in [1i32, 0, 23, 2, 1, 4, 41, 4, 42] {
            array.extend(number.to_be_bytes());
        }
        let rows = decode(&[("pids", 1007), ("at", 1184)], &[&[Some(&array), None]]).unwrap();
        assert_eq!(rows.int_list(4, 0), Some(&[41, 42][..]));
        assert_eq!(rows.time(3, 0), None);
        assert!(decode(&[("pids", 1007)], &[&[Some(&array[..30])]]).is_err());
    }

    #[test]
    fn cuts_a_long_label_at_a_character() {
        let cut = label("é".repeat(MAX_LABEL_BYTES).as_bytes());
        assert!(cut.ends_with("é…") && cut.len() <= MAX_LABEL_BYTES + '…'.len_utf8());
    }
}
