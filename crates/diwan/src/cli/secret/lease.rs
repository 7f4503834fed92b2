//! `diwan secret leases` and `diwan secret lease`.

use clap::{Args, Subcommand};
use diwan_client::{Query, SecretLease};
use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::paging::Paging;
use super::super::screen::{moment, safe};

#[derive(Debug, Args)]
pub(in crate::cli) struct Leases {
    #[command(flatten)]
    paging: Paging,
}

/// End what machines, jobs and agents hold
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Lease {
    /// End a lease: whoever holds the value has to forget it
    Revoke {
        /// Its id (lea_…); `diwan secret leases` shows it
        id: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

impl Leases {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let headings = ["SECRET", "VERSION", "HELD BY", "FOR", "SINCE (UTC)", "UNTIL (UTC)", "STATE", "ID"];
        let fetch = async |query| client.list_secret_leases(query).await;
        self.paging.show(door, &headings, Query::new(), fetch, row).await
    }
}

fn row(lease: &SecretLease) -> Vec<String> {
    vec![
        lease.secret_name.clone(),
        lease.version.to_string(),
        format!("{}:{}", lease.holder_kind, lease.holder),
        lease.purpose.clone(),
        moment(&lease.issued_at),
        moment(lease.ended_at.as_ref().unwrap_or(&lease.expires_at)),
        lease.ended_why.clone().unwrap_or_else(|| "held".to_owned()),
        lease.id.clone(),
    ]
}

impl Lease {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let Self::Revoke { id, yes } = self;
        let client = door.client()?;
        door.confirm(&safe(&format!("End the lease {id}? Whoever holds the value has to forget it.")), *yes)?;
        client.revoke_secret_lease(id).await?;
        if door.screen.is_json() {
            door.screen.json(&json!({"revoked": id}).to_string())?;
        } else {
            door.screen.line(&safe(&format!("The lease {id} has ended. Rotate the secret if that is not enough.")))?;
        }
        Ok(Done::Well)
    }
}
