//! What the API speaks of. Fields that a later server adds are passed over; the text of an answer
//! always has all of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A part of a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// A person.
#[derive(Debug, Clone, Deserialize)]
pub struct User {
    /// Their id.
    pub id: String,
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// What they are here.
    pub role: String,
    /// Their quota set.
    pub plan: String,
    /// `active` or `disabled`.
    pub status: String,
    /// Since when.
    pub created_at: String,
    /// When they were last seen.
    pub last_seen_at: Option<String>,
    /// Whether they have a second factor.
    #[serde(default)]
    pub two_factor: bool,
    /// Their language.
    #[serde(default)]
    pub language: String,
    /// Their time zone.
    #[serde(default)]
    pub time_zone: String,
}

/// Who is asking.
#[derive(Debug, Clone, Deserialize)]
pub struct Me {
    /// The person.
    pub user: User,
    /// What they may do.
    pub permissions: Vec<String>,
    /// The session, if it is one.
    pub session: Option<CurrentSession>,
}

/// The session that is asking.
#[derive(Debug, Clone, Deserialize)]
pub struct CurrentSession {
    /// Its id.
    pub id: String,
    /// Until when dangerous actions are open.
    pub step_up_until: Option<String>,
}

/// A fresh pair of tokens.
#[derive(Clone, Deserialize)]
pub struct TokenPair {
    /// For requests.
    pub access_token: String,
    /// For the next pair.
    pub refresh_token: String,
    /// How long the access token lives.
    pub expires_in_s: u64,
}

impl std::fmt::Debug for TokenPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenPair").field("expires_in_s", &self.expires_in_s).finish_non_exhaustive()
    }
}

/// A sign-in that waits for approval in the browser.
#[derive(Debug, Clone, Deserialize)]
pub struct DeviceLogin {
    /// What to ask with.
    pub device_code: String,
    /// What a person compares.
    pub user_code: String,
    /// Where a person approves.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: String,
    /// How long it waits.
    pub expires_in_s: u64,
    /// How often to ask.
    pub interval_s: u64,
}

/// An API token, without its secret.
#[derive(Debug, Clone, Deserialize)]
pub struct ApiToken {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How its secret begins.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Since when.
    pub created_at: String,
    /// Until when.
    pub expires_at: Option<String>,
    /// When it was last used.
    pub last_used_at: Option<String>,
    /// From where it may be used.
    #[serde(default)]
    pub allowed_addresses: Option<Vec<String>>,
}

/// A new API token with its secret, which is shown once.
#[derive(Debug, Clone, Deserialize)]
pub struct CreatedApiToken {
    /// The token.
    pub token: ApiToken,
    /// Its secret.
    pub secret: String,
}

/// Who is to be invited.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Invite<'a> {
    /// Their address.
    pub email: &'a str,
    /// What they will be.
    pub role: &'a str,
    /// A few words to go with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'a str>,
    /// The language of the mail: `en` or `ar`; left out: the installation's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<&'a str>,
}

/// An invitation.
#[derive(Debug, Clone, Deserialize)]
pub struct Invitation {
    /// Its id.
    pub id: String,
    /// Whom it is for.
    pub email: String,
    /// What they will be.
    pub role: String,
    /// `pending`, `accepted`, `expired` or `revoked`.
    pub status: String,
    /// Until when.
    pub expires_at: String,
}

/// An invitation and how it went out.
#[derive(Debug, Clone, Deserialize)]
pub struct InvitationDelivery {
    /// The invitation.
    pub invitation: Invitation,
    /// The link in it.
    pub link: String,
    /// `sent` or `outbox`.
    pub mail: String,
}

/// How the platform is doing.
#[derive(Debug, Clone, Deserialize)]
pub struct Status {
    /// The version that runs.
    pub version: String,
    /// When it was started.
    pub started_at: String,
    /// How long ago that was.
    pub uptime_s: u64,
    /// The database.
    pub database: DatabaseStatus,
    /// The people.
    pub people: PeopleStatus,
    /// How many sessions are open.
    pub sessions: i64,
    /// `smtp` or `outbox`.
    pub mail: String,
    /// What somebody must look after.
    pub warnings: Vec<Warning>,
}

/// How the database is doing.
#[derive(Debug, Clone, Deserialize)]
pub struct DatabaseStatus {
    /// Which engine.
    pub engine: String,
    /// Whether it works.
    pub healthy: bool,
    /// Its schema.
    pub schema_version: i64,
    /// How large it is.
    pub size_bytes: Option<i64>,
}

/// How many people there are.
#[derive(Debug, Clone, Deserialize)]
pub struct PeopleStatus {
    /// All of them.
    pub total: i64,
    /// Those who were here today.
    pub active_today: i64,
}

/// Something that somebody must look after.
#[derive(Debug, Clone, Deserialize)]
pub struct Warning {
    /// What it is, stable for programs.
    pub code: String,
    /// What it is, in a sentence.
    pub detail: String,
    /// What to do.
    pub next: String,
}

/// Who did something.
#[derive(Debug, Clone, Deserialize)]
pub struct AuditActor {
    /// `user`, `token`, `system` or `anonymous`.
    pub kind: String,
    /// Their id.
    pub id: Option<String>,
    /// Their name at that time.
    pub name: String,
}

/// On what something was done.
#[derive(Debug, Clone, Deserialize)]
pub struct AuditResource {
    /// What kind of thing.
    pub kind: String,
    /// Which one.
    pub id: String,
}

/// An entry of the audit trail.
#[derive(Debug, Clone, Deserialize)]
pub struct AuditEntry {
    /// Its place.
    pub seq: i64,
    /// When.
    pub at: String,
    /// Who.
    pub actor: AuditActor,
    /// What.
    pub action: String,
    /// On what.
    pub resource: Option<AuditResource>,
    /// How it ended.
    pub outcome: String,
    /// From where.
    pub address: Option<String>,
    /// Why it did not succeed.
    pub error: Option<String>,
    /// What else is known.
    #[serde(default)]
    pub metadata: BTreeMap<String, Value>,
}

/// What a verification of the audit trail found.
#[derive(Debug, Clone, Deserialize)]
pub struct AuditVerification {
    /// Whether nothing is wrong.
    pub ok: bool,
    /// How many entries were good.
    pub entries: i64,
    /// How many checkpoints were good.
    pub checkpoints: i64,
    /// Where the trail begins.
    pub first_seq: i64,
    /// The last entry that was good.
    pub last_seq: i64,
    /// Its hash.
    pub head_hash: String,
    /// What the copy outside the database says.
    pub anchor: String,
    /// How long it took.
    pub duration_ms: i64,
    /// The first thing that is wrong.
    pub fault: Option<AuditFault>,
}

/// The first thing that is wrong with the audit trail.
#[derive(Debug, Clone, Deserialize)]
pub struct AuditFault {
    /// What it is.
    pub kind: String,
    /// The first entry that cannot be relied on.
    pub seq: i64,
    /// What was found.
    pub detail: String,
}

/// The key that vouches for the audit trail.
#[derive(Debug, Clone, Deserialize)]
pub struct AuditKey {
    /// Its id.
    pub key_id: String,
    /// Its public half.
    pub public_key: String,
}

/// A signed checkpoint of the audit trail.
#[derive(Debug, Clone, Deserialize)]
pub struct AuditCheckpoint {
    /// Where the trail ended.
    pub seq: i64,
    /// With which hash.
    pub hash: String,
    /// When.
    pub at: String,
    /// Signed by which key.
    pub key_id: String,
}

/// Something that an admin should look at.
#[derive(Debug, Clone, Deserialize)]
pub struct SuspiciousActivity {
    /// What makes it suspicious.
    pub kind: String,
    /// Who it was.
    pub actor: AuditActor,
    /// How often.
    pub count: i64,
    /// When it began.
    pub first_at: String,
    /// When it happened last.
    pub last_at: String,
    /// From where.
    pub address: Option<String>,
    /// What happened.
    pub detail: String,
}

/// What everybody may know of a server.
#[derive(Debug, Clone, Deserialize)]
pub struct Setup {
    /// Whether nobody owns it yet.
    pub needs_owner: bool,
    /// Its version.
    pub product_version: String,
    /// What it calls itself.
    pub instance_name: String,
}
