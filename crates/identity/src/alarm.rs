//! Mails to those who look after the installation, about what they must not find out by chance.

use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, Problem, Role, Tx};

use crate::factor::mail::template::{Letter, write};
use crate::factor::mail::{prepare, wake};
use crate::identity::Identity;
use crate::person::Status;
use crate::table::user::{self, Filter};

/// A secret that somebody read past the policies.
#[derive(Debug, Clone, Copy)]
pub struct GlassBroken<'a> {
    /// Who.
    pub who: &'a str,
    /// Which.
    pub secret: &'a str,
    /// Why, in their own words.
    pub reason: &'a str,
    /// When.
    pub at: Timestamp,
}

/// So many of each role are written to.
const MOST: usize = 200;

impl Identity {
    /// Writes a mail to every owner and admin down with the change that it is about; without a mail server
    /// it is kept in the outbox. After the commit, call [`Identity::send_mails`].
    ///
    /// # Errors
    /// When the database does not take it.
    pub async fn warn_of_broken_glass(&self, ctx: &Ctx, tx: &mut Tx, news: GlassBroken<'_>) -> Result<(), Problem> {
        for role in [Role::Owner, Role::Admin] {
            let active = Filter { search: None, role: Some(role), status: Some(Status::Active) };
            for person in user::list(self.db(), active, None, MOST).await? {
                let letter = Letter::GlassBroken(news);
                let mail = write(letter, person.language.as_str(), self.instance_name(), &person.email);
                prepare(self, ctx, mail)?.queue(tx).await?;
            }
        }
        Ok(())
    }

    /// Says that there may be mails to send.
    pub fn send_mails(&self) {
        wake(self);
    }
}
