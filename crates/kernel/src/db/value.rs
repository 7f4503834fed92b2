//! Values as both engines understand them: null, integer, real, text, bytes. Moments are integers
//! (milliseconds), truths are 0 and 1, ids and JSON are text.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::DbError;
use crate::id::{Id, Kind};
use crate::world::Timestamp;

/// A value that goes into or comes out of the database.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number, a truth or a moment.
    Int(i64),
    /// A real number.
    Real(f64),
    /// Text, an id or JSON.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// The parameters of a statement: `params![id, name]` for `$1` and `$2`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::Value::from($value)),*] };
}

macro_rules! into_value {
    ($($from:ty: $value:ident => $into:expr),+ $(,)?) => {$(
        impl From<$from> for Value {
            fn from($value: $from) -> Self {
                $into
            }
        }
    )+};
}

into_value! {
    i64: v => Self::Int(v),
    i32: v => Self::Int(v.into()),
    u32: v => Self::Int(v.into()),
    u16: v => Self::Int(v.into()),
    bool: v => Self::Int(v.into()),
    f64: v => Self::Real(v),
    String: v => Self::Text(v),
    &str: v => Self::Text(v.to_owned()),
    &String: v => Self::Text(v.clone()),
    Vec<u8>: v => Self::Blob(v),
    &[u8]: v => Self::Blob(v.to_vec()),
    Timestamp: v => Self::Int(v.as_millis()),
    serde_json::Value: v => Self::Text(v.to_string()),
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(v: [u8; N]) -> Self {
        Self::Blob(v.to_vec())
    }
}

impl<K: Kind> From<Id<K>> for Value {
    fn from(v: Id<K>) -> Self {
        Self::Text(v.to_string())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Self::Null, Into::into)
    }
}

/// What can be read from a column.
pub trait FromValue: Sized {
    /// Reads it; `None` when the column holds something else.
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! from_value {
    ($($to:ty: $pattern:pat => $read:expr),+ $(,)?) => {$(
        impl FromValue for $to {
            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    $pattern => $read,
                    _ => None,
                }
            }
        }
    )+};
}

from_value! {
    i64: Value::Int(v) => Some(*v),
    i32: Value::Int(v) => i32::try_from(*v).ok(),
    u32: Value::Int(v) => u32::try_from(*v).ok(),
    u64: Value::Int(v) => u64::try_from(*v).ok(),
    bool: Value::Int(v) => Some(*v != 0),
    f64: Value::Real(v) => Some(*v),
    String: Value::Text(v) => Some(v.clone()),
    Arc<str>: Value::Text(v) => Some(v.as_str().into()),
    Vec<u8>: Value::Blob(v) => Some(v.clone()),
    Timestamp: Value::Int(v) => Some(Timestamp::from_millis(*v)),
    serde_json::Value: Value::Text(v) => serde_json::from_str(v).ok(),
}

impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Blob(bytes) => bytes.as_slice().try_into().ok(),
            _ => None,
        }
    }
}

impl<K: Kind> FromValue for Id<K> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            other => T::from_value(other).map(Some),
        }
    }
}

/// The names of an answer's columns. All of them in one text: every answer brings them along.
#[derive(Debug, Default)]
pub(super) struct Columns {
    names: String,
    ends: Vec<usize>,
}

impl Columns {
    pub(super) const fn len(&self) -> usize {
        self.ends.len()
    }

    fn position(&self, wanted: &str) -> Option<usize> {
        let mut begin = 0;
        self.ends.iter().position(|end| {
            let name = self.names.get(begin..*end);
            begin = *end;
            name == Some(wanted)
        })
    }
}

impl<'a> FromIterator<&'a str> for Columns {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let names = names.into_iter();
        let many = names.size_hint().0;
        let mut columns = Self { names: String::with_capacity(many * 16), ends: Vec::with_capacity(many) };
        for name in names {
            columns.names.push_str(name);
            columns.ends.push(columns.names.len());
        }
        columns
    }
}

/// One row of an answer.
#[derive(Debug, Clone)]
pub struct Row {
    pub(super) columns: Arc<Columns>,
    pub(super) values: Vec<Value>,
}

impl Row {
    /// The value of a column.
    ///
    /// # Errors
    /// When there is no such column or it holds another type: the query and the code disagree.
    pub fn get<T: FromValue>(&self, column: &str) -> Result<T, DbError> {
        let mismatch = || DbError::Mismatch { column: column.to_owned() };
        let value = self.columns.position(column).and_then(|at| self.values.get(at));
        value.and_then(T::from_value).ok_or_else(mismatch)
    }
}

/// A value that is only looked at.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// A real number.
    Real(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Blob(&'a [u8]),
}

impl<'a> From<&'a Value> for Cell<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Int(v) => Self::Int(*v),
            Value::Real(v) => Self::Real(*v),
            Value::Text(v) => Self::Text(Cow::Borrowed(v)),
            Value::Blob(v) => Self::Blob(v),
        }
    }
}

/// A row that is only looked at, while the engine stands on it.
pub struct RowRef<'r> {
    cells: &'r dyn Fn(usize) -> Cell<'r>,
}

impl std::fmt::Debug for RowRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowRef").finish_non_exhaustive()
    }
}

impl<'r> RowRef<'r> {
    pub(super) const fn new(cells: &'r dyn Fn(usize) -> Cell<'r>) -> Self {
        Self { cells }
    }

    /// The value at this place of the query.
    pub fn cell(&self, at: usize) -> Cell<'r> {
        (self.cells)(at)
    }
}

/// PostgreSQL wants to know which width an integer has; the statement tells.
impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut bytes::BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(v) if *ty == Type::INT4 => i32::try_from(*v)?.to_sql(ty, out),
            Self::Int(v) if *ty == Type::INT2 => i16::try_from(*v)?.to_sql(ty, out),
            Self::Int(v) if *ty == Type::BOOL => (*v != 0).to_sql(ty, out),
            Self::Int(v) => v.to_sql(&Type::INT8, out),
            Self::Real(v) => v.to_sql(&Type::FLOAT8, out),
            Self::Text(v) => v.to_sql(&Type::TEXT, out),
            Self::Blob(v) => v.to_sql(&Type::BYTEA, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
