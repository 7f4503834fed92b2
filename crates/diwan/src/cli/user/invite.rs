//! `diwan user invite`.

use clap::{Args, ValueEnum};
use diwan_client::{InvitationDelivery, Invite as Wanted, Reply};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::screen::{moment, safe};
use super::RoleName;

#[derive(Debug, Args)]
pub(in crate::cli) struct Invite {
    /// The address to invite
    email: String,
    /// What they will be
    #[arg(long, default_value = "developer")]
    role: RoleName,
    /// A few words to go with it
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    /// The language of the mail and of the page it opens [default: the installation's]
    #[arg(long)]
    language: Option<LanguageName>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LanguageName {
    /// English
    En,
    /// Arabic
    Ar,
}

impl Invite {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let language = self.language.map(|language| match language {
            LanguageName::En => "en",
            LanguageName::Ar => "ar",
        });
        let (role, message) = (self.role.as_str(), self.message.as_deref());
        let wanted = Wanted { email: &self.email, role, message, language };
        let invite = async || client.create_invitation(&wanted).await;
        let reply = door.stepped_up(&client, invite).await?;
        tell(door, &reply)
    }
}

/// Tells how an invitation went out, and its link.
pub(super) fn tell(door: &Door<'_>, reply: &Reply<InvitationDelivery>) -> Result<Done, Failure> {
    if door.screen.is_json() {
        door.screen.json(reply.text())?;
        return Ok(Done::Well);
    }
    let sent = reply.read()?;
    let until = moment(&sent.invitation.expires_at);
    eprintln!("{} is invited as {}, until {until} UTC.", safe(&sent.invitation.email), safe(&sent.invitation.role));
    if sent.mail == "smtp" || sent.mail == "sent" {
        eprintln!("The invitation was sent. Its link, should it not arrive:");
    } else {
        eprintln!("No mail server is set up, so nothing was sent. Pass this link on:");
    }
    door.screen.line(&safe(&sent.link))?;
    Ok(Done::Well)
}
