//! `diwan secret hook`: who is told when a secret has a new value.

use clap::Subcommand;
use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::{moment_or_dash, safe};
use super::{Which, id_of};

const AFTER_HELP: &str = "\
Examples:
  diwan secret hook add db/password https://deploy.example.org/hooks/password
  diwan secret hook list db/password
  diwan secret hook test hok_01k9…

The address is told by POST, signed and without the value, whenever the secret
has a new value or needs one. docs/vault.md says how a receiver checks it.";

/// Have addresses told when a secret has a new value
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) enum Hook {
    /// Have an address told; prints the key that signs, once
    Add {
        /// Its name or id
        name: String,
        /// An https address; plain http is for this machine only
        url: String,
    },
    /// List the addresses that are told, and how it went last
    List(Which),
    /// Tell an address no more
    Remove {
        /// The hook's id (hok_…)
        id: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Try it now, and say how it went
    Test {
        /// The hook's id (hok_…)
        id: String,
    },
}

impl Hook {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        match self {
            Self::Add { name, url } => add(door, name, url).await,
            Self::List(which) => list(door, &which.name).await,
            Self::Remove { id, yes } => remove(door, id, *yes).await,
            Self::Test { id } => test(door, id).await,
        }
    }
}

async fn add(door: &Door<'_>, name: &str, url: &str) -> Result<Done, Failure> {
    let client = door.client()?;
    let id = id_of(&client, name).await?;
    let reply = door.stepped_up(&client, async || client.create_secret_hook(&id, url).await).await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let made = reply.read()?;
    door.screen
        .line(&safe(&format!("{} is told of new values of {name} from now on ({}).", made.hook.url, made.hook.id)))?;
    door.screen.line("What it is told is signed with this key, which is not shown again:")?;
    door.screen.line(&safe(&made.key))?;
    Ok(Done::Well)
}

async fn list(door: &Door<'_>, name: &str) -> Result<Done, Failure> {
    let client = door.client()?;
    let reply = client.list_secret_hooks(&id_of(&client, name).await?).await?;
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let rows = reply.read()?.items.into_iter().map(|hook| {
        let last = hook.last_delivery.as_ref();
        let dash = || "–".to_owned();
        vec![
            hook.url,
            last.map_or_else(dash, |l| l.event.clone()),
            last.map_or_else(dash, |l| l.state.clone()),
            moment_or_dash(last.and_then(|l| l.tried_at.as_deref())),
            last.and_then(|l| l.error.clone()).unwrap_or_else(dash),
            hook.id,
        ]
    });
    door.screen.table(&["ADDRESS", "LAST TOLD", "HOW IT WENT", "TRIED (UTC)", "WHY NOT", "ID"], rows.collect())?;
    Ok(Done::Well)
}

async fn remove(door: &Door<'_>, id: &str, yes: bool) -> Result<Done, Failure> {
    let client = door.client()?;
    door.confirm(&safe(&format!("Remove the hook {id}? Its address is told nothing any more.")), yes)?;
    door.stepped_up(&client, async || client.delete_secret_hook(id).await).await?;
    if door.screen.is_json() {
        door.screen.json(&json!({"removed": id}).to_string())?;
    } else {
        door.screen.line(&safe(&format!("The hook {id} was removed.")))?;
    }
    Ok(Done::Well)
}

/// Ends with 1 when it was not taken, so that scripts notice.
async fn test(door: &Door<'_>, id: &str) -> Result<Done, Failure> {
    let reply = door.client()?.test_secret_hook(id).await?;
    let tried = reply.read()?;
    let was_taken = tried.state == "delivered";
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
    } else {
        let how = tried.error.map_or_else(|| "It was taken.".to_owned(), |why| format!("It was not taken: {why}."));
        door.screen.line(&safe(&how))?;
    }
    Ok(if was_taken { Done::Well } else { Done::Found })
}
