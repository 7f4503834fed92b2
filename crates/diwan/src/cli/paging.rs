//! Lists: a page, or all pages.

use clap::Args;
use diwan_client::{ClientError, Page, Query, Reply};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::door::Door;
use super::failure::{Done, Failure};
use super::screen::Row;

const LARGEST_PAGE: u32 = 200;

/// Which part of a list is wanted.
#[derive(Debug, Clone, Args)]
pub(super) struct Paging {
    /// How many at the most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: u32,
    /// Where the list before ended (its next_cursor)
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
    /// The whole list, however long
    #[arg(long, conflicts_with_all = ["limit", "cursor"])]
    all: bool,
}

impl Paging {
    /// How many at the most.
    pub(super) const fn limit(&self) -> u32 {
        self.limit
    }

    /// Fetches and shows it.
    pub(super) async fn show<T: DeserializeOwned, R: Into<Row>>(
        &self,
        door: &Door<'_>,
        headings: &[&str],
        query: Query,
        fetch: impl AsyncFn(Query) -> Result<Reply<Page<T>>, ClientError>,
        row: impl Fn(&T) -> R,
    ) -> Result<Done, Failure> {
        if self.all {
            return self.show_all(door, headings, query, fetch, row).await;
        }
        let reply = fetch(query.with("limit", Some(self.limit)).with("cursor", self.cursor.as_ref())).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
            return Ok(Done::Well);
        }
        let page = reply.read()?;
        show(door, headings, page.items.iter().map(|item| row(item).into()).collect())?;
        if let Some(cursor) = page.next_cursor {
            eprintln!("There is more: --cursor {cursor}, or --all for everything.");
        }
        Ok(Done::Well)
    }

    async fn show_all<T: DeserializeOwned, R: Into<Row>>(
        &self,
        door: &Door<'_>,
        headings: &[&str],
        query: Query,
        fetch: impl AsyncFn(Query) -> Result<Reply<Page<T>>, ClientError>,
        row: impl Fn(&T) -> R,
    ) -> Result<Done, Failure> {
        let (mut items, mut rows, mut cursor) = (vec![], vec![], None);
        loop {
            let reply = fetch(query.clone().with("limit", Some(LARGEST_PAGE)).with("cursor", cursor)).await?;
            let page = reply.read()?;
            rows.extend(page.items.iter().map(|item| row(item).into()));
            if let Ok(Value::Object(mut whole)) = serde_json::from_str(reply.text())
                && let Some(Value::Array(more)) = whole.remove("items")
            {
                items.extend(more);
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        if door.screen.is_json() {
            door.screen.json(&serde_json::json!({"items": items, "next_cursor": null}).to_string())?;
        } else {
            show(door, headings, rows)?;
        }
        Ok(Done::Well)
    }
}

/// Shows rows, or that there are none.
pub(super) fn show(door: &Door<'_>, headings: &[&str], rows: Vec<Row>) -> Result<(), Failure> {
    if rows.is_empty() {
        eprintln!("There is nothing here.");
        return Ok(());
    }
    door.screen.rows(headings, rows)
}
