//! `diwan user remove`.

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::safe;
use super::id_of;

pub(super) async fn run(door: &Door<'_>, who: &str, yes: bool) -> Result<Done, Failure> {
    let client = door.client()?;
    let id = id_of(&client, who).await?;
    let user = client.get_user(&id).await?.read()?;
    let whom = format!("{} <{}> ({})", user.name, user.email, user.role);
    door.confirm(&safe(&format!("Remove {whom} from {} for good?", client.server())), yes)?;
    door.stepped_up(&client, async || client.delete_user(&id).await).await?;
    if door.screen.is_json() {
        door.screen.json(&serde_json::json!({"removed": id}).to_string())?;
    } else {
        door.screen.line(&safe(&format!("{whom} was removed.")))?;
    }
    Ok(Done::Well)
}
