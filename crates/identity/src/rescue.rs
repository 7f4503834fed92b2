//! The way back for somebody who lost every other one: a link that whoever has the server's files makes
//! for them, on the machine itself. Their owner or admin could not sign in with a mailbox alone, and
//! nobody above an owner could help.
//!
//! Making the link ([`RescueLink::make`]) needs the database and nothing else, so that it works while
//! the server runs and while it does not. Using it is an operation of the server like any other.

use std::time::Duration;

use axum::http::StatusCode;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, Db, DbError, Entry, Problem, Role, Secret};
use url::Url;

use crate::email::Email;
use crate::factor::mail;
use crate::factor::mail::template::Change;
use crate::identity::Identity;
use crate::opaque::Opaque;
use crate::password::policy::{self, Owner};
use crate::people::announce_change;
use crate::table::rescue::{self, Rescue};
use crate::table::user::{self, Status, User};
use crate::table::{challenge, magic_link, seen_from};
use crate::{factor, refusal, session};

/// How long a link counts.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// A link with which one person sets a new password.
#[derive(Debug)]
pub struct RescueLink {
    /// The link. Whoever has it becomes that person.
    pub url: Secret<String>,
    /// Until when it counts.
    pub expires_at: Timestamp,
    /// Their name.
    pub name: String,
    /// What they are here.
    pub role: Role,
    /// Whether they will be asked for a second factor after it.
    pub second_factor_stays: bool,
}

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
pub enum RescueRefused {
    /// What was given is no address.
    #[error("{0} is not an e-mail address")]
    NoAddress(String),
    /// Nobody has the address.
    #[error("nobody here has the address {0}")]
    Unknown(String),
    /// They may not come in.
    #[error("the account {0} is disabled")]
    Disabled(String),
    /// The database did not take it.
    #[error(transparent)]
    Database(#[from] DbError),
}

impl RescueLink {
    /// Makes a link for the person with this address; the one before is void. With
    /// `drops_second_factor` using it also removes their authenticator app, recovery codes and passkeys.
    ///
    /// # Errors
    /// When there is nobody to make it for, or the database does not take it.
    pub async fn make(
        db: &Db,
        public_url: &Url,
        email: &str,
        drops_second_factor: bool,
    ) -> Result<Self, RescueRefused> {
        let address = Email::parse("email", email).map_err(|_| RescueRefused::NoAddress(email.to_owned()))?;
        let ctx = Ctx::system(db.world(), "local");
        let (secret, expires_at) = (Opaque::fresh(&ctx.world), ctx.now().plus(LIFETIME));
        let person = user::find_by_email(db, &address).await?;
        let person = person.ok_or_else(|| RescueRefused::Unknown(address.to_string()))?;
        let mut tx = db.begin(&ctx).await?;
        user::lock(&mut tx, person.id).await?;
        let person = user::find_in(&mut tx, person.id).await?;
        let person = person.ok_or_else(|| RescueRefused::Unknown(address.to_string()))?;
        if person.status != Status::Active {
            return Err(RescueRefused::Disabled(address.to_string()));
        }
        let link = Rescue { user: person.id, drops_second_factor, expires_at };
        rescue::put(&mut tx, secret.digest(), link, ctx.now()).await?;
        let entry = Entry::done("user.rescue_link").on("user", person.id);
        tx.commit(entry.with("drops_second_factor", drops_second_factor)).await?;
        let base = public_url.as_str().trim_end_matches('/');
        Ok(Self {
            url: Secret::new(format!("{base}/rescue#token={}", secret.text())),
            expires_at,
            name: person.name,
            role: person.role,
            second_factor_stays: person.two_factor && !drops_second_factor,
        })
    }
}

impl Identity {
    /// Whom a link is for.
    ///
    /// # Errors
    /// 403 `rescue_link_invalid`.
    pub(crate) async fn open_rescue(&self, ctx: &Ctx, token: &str) -> Result<(Rescue, User), Problem> {
        let hash = Opaque::parse(token).ok_or_else(invalid)?.digest();
        let link = rescue::find(self.db(), hash, ctx.now()).await?.ok_or_else(invalid)?;
        let person = user::find(self.db(), link.user).await?.ok_or_else(invalid)?;
        if person.status == Status::Active { Ok((link, person)) } else { Err(refusal::account_disabled()) }
    }

    /// Sets a new password with a link and ends all sessions. It signs nobody in: whoever still has a
    /// second factor proves it at the sign-in that follows.
    ///
    /// # Errors
    /// 403 `rescue_link_invalid` or `account_disabled`, 422 `password_too_weak`.
    pub(crate) async fn rescue(&self, ctx: &Ctx, token: &str, password: &Secret<String>) -> Result<(), Problem> {
        self.check_address(ctx.address())?;
        // Before the expensive hash: a stranger without the link must not keep the machine busy.
        let (link, person) = self.open_rescue(ctx, token).await?;
        let drops = link.drops_second_factor;
        let owner = Owner { email: &person.email, name: &person.name, second_factor: person.two_factor && !drops };
        policy::judge("password", password.expose(), owner).map_err(refusal::password_too_weak)?;
        let hash = self.passwords().hash(password).await?;
        let token_hash = Opaque::parse(token).ok_or_else(invalid)?.digest();
        let mut tx = self.db().begin(ctx).await?;
        self.forget_tries(&mut tx, ctx, &person).await?;
        user::lock(&mut tx, person.id).await?;
        if !rescue::use_up(&mut tx, token_hash, ctx.now()).await? {
            return Err(invalid());
        }
        user::set_password(&mut tx, person.id, &hash, policy::needs_second_factor(password.expose())).await?;
        if drops {
            factor::drop_all_of(&mut tx, person.id).await?;
        }
        challenge::delete_of(&mut tx, person.id).await?;
        magic_link::delete_all(&mut tx, person.id).await?;
        // A thief's browser is no longer a known one.
        seen_from::forget_devices(&mut tx, person.id, "").await?;
        let ended = session::end_all(&mut tx, person.id, None).await?;
        announce_change(&mut tx, person.id);
        mail::tell(self, ctx, &mut tx, person.id, Change::Rescued { second_factor: drops }).await?;
        let entry = Entry::done("user.rescue").on("user", person.id).with("dropped_second_factor", drops);
        tx.commit(entry.with("ended_sessions", ended)).await?;
        mail::wake(self);
        self.forget_user(person.id);
        Ok(())
    }
}

fn invalid() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "rescue_link_invalid",
        "This rescue link does not count",
        "The link is wrong, was used, is older than 15 minutes, or a newer one was made.",
        "Make a new one on the server: `diwan user rescue EMAIL`.",
    )
}
