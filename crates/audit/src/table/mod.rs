//! The tables of the audit trail, one a file.

pub(crate) mod audit_checkpoint;
pub(crate) mod audit_entry;
pub(crate) mod audit_floor;
pub(crate) mod audit_head;
pub(crate) mod suspicious_activity;
