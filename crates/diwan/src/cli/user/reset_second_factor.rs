//! `diwan user reset-second-factor`.

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::safe;
use super::id_of;

pub(super) async fn run(door: &Door<'_>, who: &str, passkeys: bool, yes: bool) -> Result<Done, Failure> {
    let client = door.client()?;
    let id = id_of(&client, who).await?;
    let user = client.get_user(&id).await?.read()?;
    let whom = format!("{} <{}> ({})", user.name, user.email, user.role);
    let what = if passkeys {
        "authenticator app, recovery codes and passkeys"
    } else {
        "authenticator app and recovery codes"
    };
    door.confirm(&safe(&format!("Remove the {what} of {whom} and end all their sessions?")), yes)?;
    door.stepped_up(&client, async || client.reset_second_factor(&id, passkeys).await).await?;
    if door.screen.is_json() {
        door.screen.json(&serde_json::json!({"reset": id, "passkeys": passkeys}).to_string())?;
    } else {
        door.screen.line(&safe(&format!("The {what} of {whom} were removed.")))?;
    }
    Ok(Done::Well)
}
