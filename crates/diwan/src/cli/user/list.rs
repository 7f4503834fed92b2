//! `diwan user list`.

use clap::{Args, ValueEnum};
use diwan_client::{Query, User};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::paging::Paging;
use super::super::screen::moment_or_dash;
use super::RoleName;

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Only those whose name or address holds this
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only those with this role
    #[arg(long)]
    role: Option<RoleName>,
    /// Only those with this status
    #[arg(long)]
    status: Option<StatusName>,
    #[command(flatten)]
    paging: Paging,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum StatusName {
    Active,
    Disabled,
}

impl List {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let query =
            Query::new().with("search", self.search.as_ref()).with("role", self.role.map(RoleName::as_str)).with(
                "status",
                self.status.map(|status| match status {
                    StatusName::Active => "active",
                    StatusName::Disabled => "disabled",
                }),
            );
        let headings = ["NAME", "E-MAIL", "ROLE", "PLAN", "STATUS", "2ND FACTOR", "LAST SEEN (UTC)", "ID"];
        self.paging.show(door, &headings, query, async |q| client.list_users(q).await, row).await
    }
}

fn row(user: &User) -> Vec<String> {
    let second = if user.two_factor { "yes" } else { "no" };
    vec![
        user.name.clone(),
        user.email.clone(),
        user.role.clone(),
        user.plan.clone(),
        user.status.clone(),
        second.into(),
        moment_or_dash(user.last_seen_at.as_deref()),
        user.id.clone(),
    ]
}
