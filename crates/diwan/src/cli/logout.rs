//! `diwan logout`: end the session and forget the credentials.

use diwan_client::SignedOut;

use super::door::Door;
use super::failure::{Done, Failure};

pub(super) async fn run(door: &Door<'_>) -> Result<Done, Failure> {
    let client = door.client_with(None)?;
    let server = client.server().to_string();
    let outcome = client.sign_out().await?;
    if door.screen.is_json() {
        let name = match outcome {
            SignedOut::Done => "signed_out",
            SignedOut::HereOnly(_) => "forgotten",
            SignedOut::WasNot => "was_not_signed_in",
        };
        door.screen.json(&serde_json::json!({"server": server, "result": name}).to_string())?;
        return Ok(Done::Well);
    }
    door.screen.line(&match outcome {
        SignedOut::Done => format!("Signed out of {server}."),
        SignedOut::HereOnly(error) => {
            format!("The credentials for {server} are forgotten here, but the session there was not ended: {error}")
        }
        SignedOut::WasNot => format!("You were not signed in to {server}."),
    })?;
    Ok(Done::Well)
}
