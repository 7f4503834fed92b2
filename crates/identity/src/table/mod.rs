//! The tables, one file each: all the SQL of this capability is here.

pub(crate) mod user;
