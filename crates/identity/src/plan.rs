//! Plans: sets of quotas.

use serde::{Deserialize, Serialize};

/// How much a person may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PlanName)]
pub enum Plan {
    /// For trying out.
    Free,
    /// For daily work.
    Pro,
    /// For a house full of people and automation.
    Enterprise,
}

impl Plan {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Free, Self::Pro, Self::Enterprise];

    /// The name used in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Pro => "pro",
            Self::Enterprise => "enterprise",
        }
    }

    /// Reads a plan's name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|p| p.as_str() == name)
    }

    /// How many requests a second are let through in the long run.
    pub const fn requests_per_s(self) -> u32 {
        match self {
            Self::Free => 50,
            Self::Pro => 200,
            Self::Enterprise => 10_000,
        }
    }

    /// How many requests may come at once.
    pub const fn request_burst(self) -> u32 {
        self.requests_per_s() * 4
    }

    /// Everything that the plan bounds.
    pub const fn quotas(self) -> Quotas {
        let (api_tokens, sessions, pending_invitations) = match self {
            Self::Free => (Some(5), Some(10), Some(20)),
            Self::Pro => (Some(50), Some(50), Some(200)),
            Self::Enterprise => (None, None, None),
        };
        Quotas { api_tokens, sessions, pending_invitations, requests_per_s: Some(self.requests_per_s()) }
    }
}

/// What a plan bounds; null: without bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Quotas {
    /// API tokens of one person.
    pub api_tokens: Option<u32>,
    /// Sessions of one person; beyond it the one that was not used for longest ends.
    pub sessions: Option<u32>,
    /// Invitations of one person that nobody accepted yet.
    pub pending_invitations: Option<u32>,
    /// Requests a second.
    pub requests_per_s: Option<u32>,
}

/// A plan and what it bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Plan)]
pub(crate) struct PlanQuotas {
    /// Its name.
    pub(crate) name: Plan,
    /// What it bounds.
    pub(crate) quotas: Quotas,
}

impl From<Plan> for PlanQuotas {
    fn from(name: Plan) -> Self {
        Self { name, quotas: name.quotas() }
    }
}
