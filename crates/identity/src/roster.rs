//! Who is here, for other capabilities whose rules speak of people.

use diwan_kernel::id::UserId;
use diwan_kernel::{DbError, Role};

use crate::identity::Identity;
use crate::person::Status;
use crate::table::user::{self, Filter};

/// A person who may come in.
#[derive(Debug, Clone)]
pub struct Member {
    /// Who.
    pub id: UserId,
    /// What they are called.
    pub name: String,
    /// What they are here.
    pub role: Role,
}

/// So many are read at once.
const AT_ONCE: usize = 500;

impl Identity {
    /// Everybody who may come in, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn members(&self) -> Result<Vec<Member>, DbError> {
        let mut members = vec![];
        let mut before = None;
        loop {
            let active = Filter { search: None, role: None, status: Some(Status::Active) };
            let some = user::list(self.db(), active, before, AT_ONCE).await?;
            before = some.last().map(|user| user.id);
            let was_last = some.len() < AT_ONCE;
            members.extend(some.into_iter().map(|u| Member { id: u.id, name: u.name, role: u.role }));
            if was_last {
                return Ok(members);
            }
        }
    }
}
