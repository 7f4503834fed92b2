//! `diwan command output --search`.

use diwan_client::{Channel, Client, OutputMatch, Query};
use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::safe;

/// Prints every line with the text in it, as soon as it is found.
pub(super) async fn run(
    door: &Door<'_>,
    client: &Client,
    id: &str,
    channels: &[Channel],
    (text, ignores_case): (&str, bool),
) -> Result<Done, Failure> {
    let mut all: Vec<OutputMatch> = vec![];
    let mut is_any = false;
    for channel in channels.iter().copied() {
        let mut place = (None, None);
        loop {
            let query = Query::new().with("ignore_case", Some(ignores_case)).with("limit", Some(500));
            let query = query.with("from", place.0).with("line", place.1);
            let answer = client.search_command_output(id, channel, text, query).await.map_err(super::unknown)?;
            let found = answer.read()?;
            is_any |= !found.matches.is_empty();
            if door.screen.is_json() {
                all.extend(found.matches);
            } else {
                for line in found.matches {
                    door.screen.verbatim(&format!("{}:{}: {}", line.channel, line.line, safe(&line.text)))?;
                }
            }
            place = (found.next_from, found.next_line);
            if place.0.is_none() {
                break;
            }
        }
    }
    if door.screen.is_json() {
        door.screen.json(&json!({ "matches": all }).to_string())?;
    }
    // As grep does, for whoever asks whether there is any.
    Ok(if is_any { Done::Well } else { Done::Status(1) })
}
