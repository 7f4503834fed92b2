//! What the API shows of people, sessions, tokens and invitations.

use diwan_kernel::id::{ApiTokenId, SessionId, UserId};
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Permission, Role};
use serde::Serialize;

use crate::invitation::InvitationId;
use crate::person::{Language, SessionKind, Status, Theme};
use crate::plan::Plan;
use crate::sign_in::SignInMethod;
use crate::table;

/// A person.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct User {
    /// Their id.
    pub(crate) id: UserId,
    /// Their e-mail address.
    pub(crate) email: String,
    /// What they are called.
    pub(crate) name: String,
    /// What they are here.
    pub(crate) role: Role,
    /// Which quotas hold for them.
    pub(crate) plan: Plan,
    /// The language of their dashboard and mails.
    pub(crate) language: Language,
    /// How their dashboard looks.
    pub(crate) theme: Theme,
    /// The time zone that times are shown in.
    pub(crate) time_zone: String,
    /// Where their picture is.
    pub(crate) avatar_url: Option<String>,
    /// Whether they may come in.
    pub(crate) status: Status,
    /// Since when they are here.
    pub(crate) created_at: Timestamp,
    /// When they were last here.
    pub(crate) last_seen_at: Option<Timestamp>,
    /// Whether a second factor is enrolled.
    pub(crate) two_factor: bool,
}

impl From<table::user::User> for User {
    fn from(user: table::user::User) -> Self {
        // The version makes browsers ask anew after a change.
        let picture = |_| format!("/api/v1/users/{}/avatar?v={}", user.id, user.avatar_version);
        Self {
            id: user.id,
            avatar_url: user.avatar_type.as_ref().map(picture),
            email: user.email,
            name: user.name,
            role: user.role,
            plan: user.plan,
            language: user.language,
            theme: user.theme,
            time_zone: user.time_zone,
            status: user.status,
            created_at: user.created_at,
            last_seen_at: user.last_seen_at,
            two_factor: user.two_factor,
        }
    }
}

/// A signed-in browser or program.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Session {
    /// Its id.
    pub(crate) id: SessionId,
    /// Whether it is the one that asks.
    pub(crate) current: bool,
    /// What carries it.
    pub(crate) kind: SessionKind,
    /// What the client calls itself.
    pub(crate) client_name: String,
    /// The address that it was begun from.
    pub(crate) address: Option<String>,
    /// When it began.
    pub(crate) created_at: Timestamp,
    /// When it was last used.
    pub(crate) last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub(crate) expires_at: Timestamp,
    /// How its person signed in.
    pub(crate) method: SignInMethod,
}

impl Session {
    /// A session as somebody who carries `current` sees it.
    pub(crate) fn new(session: table::session::Session, current: Option<SessionId>) -> Self {
        Self {
            id: session.id,
            current: current == Some(session.id),
            kind: session.kind,
            client_name: session.client_name,
            address: session.address,
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
            expires_at: session.expires_at,
            method: session.method,
        }
    }
}

/// A token for automation.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ApiToken {
    /// Its id.
    pub(crate) id: ApiTokenId,
    /// What it is for.
    pub(crate) name: String,
    /// How its secret begins.
    pub(crate) prefix: String,
    /// What it allows, as far as its owner may do it.
    pub(crate) scopes: Vec<Permission>,
    /// When it was made.
    pub(crate) created_at: Timestamp,
    /// When it stops counting; null: never.
    pub(crate) expires_at: Option<Timestamp>,
    /// When it was last used.
    pub(crate) last_used_at: Option<Timestamp>,
    /// Addresses and networks that it may be used from; empty: all.
    pub(crate) allowed_addresses: Vec<String>,
}

impl From<table::api_token::ApiToken> for ApiToken {
    fn from(token: table::api_token::ApiToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            prefix: token.prefix,
            scopes: token.scopes.iter().collect(),
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            allowed_addresses: token.allowed_addresses.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Somebody, in passing.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct UserMention {
    /// Their id.
    pub(crate) id: UserId,
    /// What they are called.
    pub(crate) name: String,
}

/// How far an invitation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InvitationStatus {
    /// It can be accepted.
    Pending,
    /// It was.
    Accepted,
    /// Nobody accepted it in time.
    Expired,
    /// It was taken back.
    Revoked,
}

/// An invitation.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Invitation {
    /// Its id.
    pub(crate) id: InvitationId,
    /// Whom it is for.
    pub(crate) email: String,
    /// What they will be.
    pub(crate) role: Role,
    /// How far it is.
    pub(crate) status: InvitationStatus,
    /// What it is written in.
    pub(crate) language: Language,
    /// Who sent it; null when they are no longer here.
    pub(crate) invited_by: Option<UserMention>,
    /// When it was sent.
    pub(crate) created_at: Timestamp,
    /// Until when it can be accepted.
    pub(crate) expires_at: Timestamp,
}

impl Invitation {
    /// An invitation as it stands now.
    pub(crate) fn new(invitation: table::invitation::Invitation, now: Timestamp) -> Self {
        let status = match (invitation.accepted_at, invitation.revoked_at) {
            (Some(_), _) => InvitationStatus::Accepted,
            (None, Some(_)) => InvitationStatus::Revoked,
            (None, None) if invitation.expires_at <= now => InvitationStatus::Expired,
            (None, None) => InvitationStatus::Pending,
        };
        Self {
            id: invitation.id,
            email: invitation.email,
            role: invitation.role,
            status,
            language: invitation.language,
            invited_by: invitation.invited_by.map(|(id, name)| UserMention { id, name }),
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}
