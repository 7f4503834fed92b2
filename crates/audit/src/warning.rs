//! What the status page must say about the trail until somebody has looked after it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// Something that somebody must look after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditWarning {
    /// What it is, stable for programs.
    pub code: &'static str,
    /// What it is, in a sentence.
    pub detail: String,
    /// What to do.
    pub next: String,
}

impl AuditWarning {
    pub(crate) fn rolled_back(detail: &str, anchor: &std::path::Path) -> Self {
        let next = format!(
            "If a backup was restored on purpose, remove {} and restart. Otherwise somebody replaced the database: find out who, and restore the newest backup.",
            anchor.display()
        );
        Self { code: "audit_rolled_back", detail: detail.to_owned(), next }
    }

    pub(crate) fn anchor_lost(why: &str) -> Self {
        Self {
            code: "audit_anchor_lost",
            detail: format!("The copy of the latest signed checkpoint outside the database is gone: {why}."),
            next: "If nobody removed it on purpose, compare the trail with a backup or an exported copy. A new one is written with the next checkpoint.".into(),
        }
    }

    pub(crate) fn anchor_unwritable(why: &str) -> Self {
        Self {
            code: "audit_anchor_unwritable",
            detail: format!("The latest signed checkpoint cannot be kept outside the database: {why}."),
            next: "Make the data directory writable for Diwan and free some space.".into(),
        }
    }

    pub(crate) fn broken(detail: &str) -> Self {
        Self {
            code: "audit_chain_broken",
            detail: detail.to_owned(),
            next:
                "Run `diwan audit verify`, keep a copy of the database as evidence, and restore the newest good backup."
                    .into(),
        }
    }
}

/// The warnings that stand.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Mutex<BTreeMap<&'static str, AuditWarning>>);

impl Warnings {
    /// Raises a warning; it is logged when it is new.
    pub(crate) fn raise(&self, warning: AuditWarning) {
        let mut standing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if standing.get(warning.code) != Some(&warning) {
            tracing::error!(code = warning.code, next = warning.next, "audit trail: {}", warning.detail);
            standing.insert(warning.code, warning);
        }
    }

    pub(crate) fn clear(&self, code: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(code);
    }

    pub(crate) fn all(&self) -> Vec<AuditWarning> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}
