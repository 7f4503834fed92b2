//! `diwan audit suspicious`.

use clap::Args;
use diwan_client::{Query, SuspiciousActivity};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::paging::Paging;
use super::super::screen::moment;

#[derive(Debug, Args)]
pub(in crate::cli) struct Suspicious {
    #[command(flatten)]
    paging: Paging,
}

impl Suspicious {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let headings = ["LAST (UTC)", "KIND", "COUNT", "FROM", "WHAT"];
        let fetch = async |query| client.list_suspicious_activities(query).await;
        self.paging.show(door, &headings, Query::new(), fetch, row).await
    }
}

fn row(activity: &SuspiciousActivity) -> Vec<String> {
    vec![
        moment(&activity.last_at),
        activity.kind.clone(),
        activity.count.to_string(),
        activity.address.clone().unwrap_or_default(),
        activity.detail.clone(),
    ]
}
