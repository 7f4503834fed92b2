//! `diwan machine tokens`.

use clap::Args;
use diwan_client::{JoinToken, Query};
use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::paging::Paging;
use super::super::screen::{moment, safe};

#[derive(Debug, Args)]
pub(in crate::cli) struct Tokens {
    /// Withdraw this one (jtk_…): no machine joins with it any more
    #[arg(long, value_name = "ID", conflicts_with_all = ["limit", "cursor", "all"])]
    withdraw: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

impl Tokens {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let Some(id) = &self.withdraw else {
            let headings = ["MACHINE", "STATE", "ID", "ENDS (UTC)", "MADE (UTC)", "LABELS"];
            let query = Query::new();
            return self.paging.show(door, &headings, query, async |q| client.list_join_tokens(q).await, row).await;
        };
        client.withdraw_join_token(id).await?;
        if door.screen.is_json() {
            door.screen.json(&json!({"withdrawn": id}).to_string())?;
        } else {
            door.screen.line(&safe(&format!("{id} was withdrawn.")))?;
        }
        Ok(Done::Well)
    }
}

fn row(token: &JoinToken) -> Vec<String> {
    let labels = if token.labels.is_empty() { "–".to_owned() } else { token.labels.join(" ") };
    let [made, ends] = [&token.created_at, &token.expires_at].map(|at| moment(at));
    vec![token.name.clone(), token.state.clone(), token.id.clone(), ends, made, labels]
}
