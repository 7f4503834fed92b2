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
            Self::Enterprise => 2_000,
        }
    }

    /// How many requests may come at once.
    pub const fn request_burst(self) -> u32 {
        self.requests_per_s() * 4
    }
}
