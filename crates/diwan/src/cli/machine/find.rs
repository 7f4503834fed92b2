//! Which machine somebody means; and what to say when there is none.

use diwan_client::{Client, ClientError, Machine, Query};
use diwan_kernel::config::nearest;

use super::super::failure::Failure;
use super::super::screen::{Mark, Tone};

/// Nobody reads more names than this in an error.
const MOST_NAMES: usize = 12;
const LARGEST_PAGE: u32 = 200;

/// The machine with this name. One that was put out is meant only if its name was not given anew.
pub(in crate::cli) async fn find(client: &Client, name: &str) -> Result<Option<Machine>, Failure> {
    let (mut cursor, mut put_out): (Option<String>, _) = (None, None);
    loop {
        let query = Query::new().with("search", Some(name)).with("limit", Some(LARGEST_PAGE)).with("cursor", cursor);
        let page = client.list_machines(query).await?.read()?;
        for machine in page.items.into_iter().filter(|machine| machine.name == name) {
            if machine.state != "revoked" {
                return Ok(Some(machine));
            }
            put_out = Some(machine);
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(put_out);
        }
    }
}

/// The id of the machine with this name or id.
pub(in crate::cli) async fn id_of(client: &Client, name: &str) -> Result<String, Failure> {
    if name.starts_with("mch_") {
        return Ok(name.to_owned());
    }
    match find(client, name).await? {
        Some(machine) => Ok(machine.id),
        None => Err(unknown(client, name).await),
    }
}

/// There is no machine of this name; perhaps one is called nearly so.
pub(in crate::cli) async fn unknown(client: &Client, name: &str) -> Failure {
    let names = match names(client).await {
        Ok(names) => names,
        Err(error) => return error.into(),
    };
    let next = match nearest(name, names.clone()) {
        Some(meant) => format!("Did you mean {meant}? `diwan machine list` shows all."),
        None => among(&names),
    };
    Failure::refused(format!("there is no machine {name}"), &next)
}

/// What there is to choose from.
pub(in crate::cli) fn among(names: &[String]) -> String {
    if names.is_empty() {
        return "No machine has joined yet: `diwan machine add NAME` makes the line that joins one.".to_owned();
    }
    let mut some = names.iter().take(MOST_NAMES).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > MOST_NAMES {
        some.push_str(", …");
    }
    format!("There are: {some}. `diwan machine list` shows more about them.")
}

/// The names of the first machines.
pub(in crate::cli) async fn names(client: &Client) -> Result<Vec<String>, ClientError> {
    let page = client.list_machines(Query::new().with("limit", Some(LARGEST_PAGE))).await?.read()?;
    Ok(page.items.into_iter().filter(|machine| machine.state != "revoked").map(|machine| machine.name).collect())
}

/// Whether a machine is connected.
pub(in crate::cli) fn is_there(machine: &Machine) -> bool {
    matches!(machine.state.as_str(), "online" | "busy" | "error")
}

/// How a machine is, as a mark before its name.
pub(in crate::cli) fn mark_of(state: &str) -> Mark {
    match state {
        "online" => Mark { sign: '●', tone: Some(Tone::Good) },
        "busy" => Mark { sign: '◐', tone: Some(Tone::Doubtful) },
        "error" | "locked" | "revoked" => Mark { sign: '✗', tone: Some(Tone::Bad) },
        _ => Mark { sign: '○', tone: None },
    }
}
