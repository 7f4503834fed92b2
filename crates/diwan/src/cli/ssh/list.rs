//! `diwan ssh MACHINE --list`: the terminals that are open on a machine.

use diwan_client::{Client, Command, Query};
use serde_json::{Value, json};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::machine;
use super::super::screen::exact_moment;

const LARGEST_PAGE: u32 = 200;

pub(super) async fn run(door: &Door<'_>, client: &Client, name: &str) -> Result<Done, Failure> {
    let machine = machine::id_of(client, name).await?;
    let (mut open, mut cursor) = (vec![], None::<String>);
    loop {
        let query = Query::new().with("machine", Some(&machine)).with("state", Some("running"));
        let query = query.with("limit", Some(LARGEST_PAGE)).with("cursor", cursor);
        let reply = client.list_commands(query).await?;
        let (page, raw) = (reply.read()?, serde_json::from_str::<Value>(reply.text()).unwrap_or_default());
        let raw = raw["items"].as_array().cloned().unwrap_or_default();
        let both = page.items.into_iter().zip(raw);
        open.extend(both.filter(|(command, _)| command.operation["kind"] == "terminal" && command.is_open()));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    if door.screen.is_json() {
        let items: Vec<Value> = open.into_iter().map(|(_, raw)| raw).collect();
        door.screen.json(&json!({"items": items}).to_string())?;
    } else if open.is_empty() {
        door.screen.line(&format!("No terminal is open on {name}."))?;
    } else {
        let rows = open.iter().map(|(command, raw)| row(command, raw)).collect();
        door.screen.table(&["ID", "WHO", "SINCE (UTC)", "WHERE", "LOOKING ON"], rows)?;
    }
    Ok(Done::Well)
}

fn row(command: &Command, raw: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let recorded = if command.operation["record"] == true { ", recorded" } else { "" };
    let viewers = raw["terminal"]["viewers"].as_array().cloned().unwrap_or_default();
    let names: Vec<String> = viewers.iter().map(|viewer| text(&viewer["name"])).collect();
    vec![
        command.id.clone(),
        command.actor.name.clone(),
        exact_moment(command.started_at.as_deref().unwrap_or(&command.issued_at)),
        format!("{}:{}{recorded}", text(&command.operation["root"]), text(&command.operation["path"])),
        names.join(", "),
    ]
}
