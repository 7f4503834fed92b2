//! What this capability announces once it is committed.

use diwan_kernel::Permission;
use diwan_kernel::events::{Audience, DomainEvent, Ending};
use diwan_kernel::id::{ApiTokenId, SessionId, UserId};
use serde::Serialize;

use crate::invitation::InvitationId;

macro_rules! events {
    ($($(#[$meta:meta])* $name:ident { $($field:ident: $type:ty),* } = $topic:literal $text:literal
        for $audience:expr $(, ends $ending:expr)?;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Serialize)]
        pub(crate) struct $name {$(pub(crate) $field: $type),*}

        impl DomainEvent for $name {
            const TOPIC: &'static str = $topic;
            const NAME: &'static str = $text;

            fn audience(&self) -> Audience {
                let audience: fn(&Self) -> Audience = $audience;
                audience(self)
            }

            $(fn ends(&self) -> Ending {
                let ending: fn(&Self) -> Ending = $ending;
                ending(self)
            })?
        }
    )+};
}

const PEOPLE: Audience = Audience::Permission(Permission::UsersRead);
const INVITATIONS: Audience = Audience::Permission(Permission::InvitationsManage);

events! {
    /// Somebody is new here.
    UserCreated { id: UserId } = "users" "user.created" for |_| PEOPLE;
    /// Something about somebody changed.
    UserUpdated { id: UserId } = "users" "user.updated" for |_| PEOPLE;
    /// Somebody was removed.
    UserDeleted { id: UserId } = "users" "user.deleted" for |_| PEOPLE, ends |e| Ending::User(e.id);
    /// Something about oneself changed.
    MeUpdated { user: UserId } = "me" "me.updated" for |e| Audience::User(e.user);
    /// A session began.
    SessionStarted { id: SessionId, user: UserId } = "sessions" "session.started" for |e| Audience::User(e.user);
    /// A session ended.
    SessionEnded { id: SessionId, user: UserId } = "sessions" "session.ended"
        for |e| Audience::User(e.user), ends |e| Ending::Session(e.id);
    /// All sessions of somebody ended.
    SessionsEnded { user: UserId } = "sessions" "sessions.ended"
        for |e| Audience::User(e.user), ends |e| Ending::User(e.user);
    /// Somebody made an API token.
    ApiTokenCreated { id: ApiTokenId, user: UserId } = "me" "api_token.created" for |e| Audience::User(e.user);
    /// Somebody revoked an API token.
    ApiTokenRevoked { id: ApiTokenId, user: UserId } = "me" "api_token.revoked"
        for |e| Audience::User(e.user), ends |e| Ending::Token(e.id);
    /// Somebody was invited.
    InvitationCreated { id: InvitationId } = "invitations" "invitation.created" for |_| INVITATIONS;
    /// An invitation was renewed, accepted or revoked.
    InvitationUpdated { id: InvitationId } = "invitations" "invitation.updated" for |_| INVITATIONS;
}
