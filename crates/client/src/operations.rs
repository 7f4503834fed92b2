//! The operations of the API, by their names.

use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

use crate::call::{Call, Query};
use crate::client::Client;
use crate::error::ClientError;
use crate::model::{
    ApiToken, AuditCheckpoint, AuditEntry, AuditKey, AuditVerification, CreatedApiToken, DeviceLogin, Invitation,
    InvitationDelivery, Invite, Me, Page, Setup, Status, SuspiciousActivity, TokenPair, User,
};
use crate::reply::Reply;

pub(crate) type Answer<T> = Result<Reply<T>, ClientError>;

/// A part of a path that holds nothing but itself.
pub(crate) fn part(text: &str) -> String {
    // Dots alone would lead upwards, however they are escaped; no id consists of them.
    if text.bytes().all(|byte| byte == b'.') {
        return "-".to_owned();
    }
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            escaped.push(byte as char);
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

fn object(value: impl Serialize) -> Option<Value> {
    serde_json::to_value(value).ok()
}

impl Client {
    pub(crate) async fn get<T>(&self, path: &str, query: Query) -> Answer<T> {
        self.call(Call::get(format!("/api/v1{path}"), query)).await
    }

    pub(crate) async fn write<T>(&self, method: Method, path: &str, body: Option<Value>) -> Answer<T> {
        self.call(Call::write(method, format!("/api/v1{path}"), body)?).await
    }

    async fn post<T>(&self, path: &str, body: Option<Value>) -> Answer<T> {
        self.write(Method::POST, path, body).await
    }

    /// What everybody may know of the server.
    ///
    /// # Errors
    /// When there is no answer; so for all operations.
    pub async fn get_setup(&self) -> Answer<Setup> {
        self.get_openly("/api/v1/setup").await
    }

    /// Whether the process runs.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get_health(&self) -> Answer<Value> {
        self.get_openly("/healthz").await
    }

    /// Whether it can do its work.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get_readiness(&self) -> Answer<Value> {
        self.get_openly("/readyz").await
    }

    /// The description of the API.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn get_openapi(&self) -> Answer<Value> {
        self.get_openly("/api/v1/openapi.json").await
    }

    /// Begins a sign-in that a person approves in the browser.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn start_device_login(&self, client_name: &str) -> Answer<DeviceLogin> {
        let body = json!({"client_name": client_name});
        self.call_openly(Call::write(Method::POST, "/api/v1/auth/device", Some(body))?).await
    }

    /// Asks whether the sign-in was approved.
    ///
    /// # Errors
    /// `authorization_pending` while it was not; when the server refuses or does not answer.
    pub async fn poll_device_login(&self, device_code: &str) -> Answer<TokenPair> {
        let body = json!({"device_code": device_code});
        self.call_openly(Call::write(Method::POST, "/api/v1/auth/device/token", Some(body))?).await
    }

    /// Proves again who is signed in.
    ///
    /// # Errors
    /// When the proof is wrong.
    pub async fn step_up(&self, method: &str, secret: &str) -> Answer<Value> {
        self.post("/auth/step-up", Some(json!({"method": method, "secret": secret}))).await
    }

    /// Who is signed in.
    ///
    /// # Errors
    /// When nobody is.
    pub async fn get_me(&self) -> Answer<Me> {
        self.get("/me", Query::new()).await
    }

    /// How the platform is doing.
    ///
    /// # Errors
    /// When that may not be known.
    pub async fn get_status(&self) -> Answer<Status> {
        self.get("/status", Query::new()).await
    }

    /// The people.
    ///
    /// # Errors
    /// When they may not be seen.
    pub async fn list_users(&self, query: Query) -> Answer<Page<User>> {
        self.get("/users", query).await
    }

    /// One person.
    ///
    /// # Errors
    /// When they are not there or may not be seen.
    pub async fn get_user(&self, id: &str) -> Answer<User> {
        self.get(&format!("/users/{}", part(id)), Query::new()).await
    }

    /// Changes a person.
    ///
    /// # Errors
    /// When that is not allowed.
    pub async fn update_user(&self, id: &str, change: &Value) -> Answer<User> {
        self.write(Method::PATCH, &format!("/users/{}", part(id)), object(change)).await
    }

    /// Removes a person.
    ///
    /// # Errors
    /// When that is not allowed.
    pub async fn delete_user(&self, id: &str) -> Answer<()> {
        self.write(Method::DELETE, &format!("/users/{}", part(id)), None).await
    }

    /// Removes somebody's authenticator app and recovery codes, and their passkeys if that is asked for.
    ///
    /// # Errors
    /// When that is not allowed, or there is nothing to remove.
    pub async fn reset_second_factor(&self, id: &str, passkeys: bool) -> Answer<()> {
        let path = format!("/api/v1/users/{}/second-factor", part(id));
        let mut call = Call::write(Method::DELETE, path, None)?;
        call.query = Query::new().with("passkeys", passkeys.then_some("true"));
        self.call(call).await
    }

    /// Invites somebody.
    ///
    /// # Errors
    /// When that is not allowed.
    pub async fn create_invitation(&self, invite: &Invite<'_>) -> Answer<InvitationDelivery> {
        self.post("/invitations", object(invite)).await
    }

    /// The invitations, newest first.
    ///
    /// # Errors
    /// When they may not be seen.
    pub async fn list_invitations(&self, query: Query) -> Answer<Page<Invitation>> {
        self.get("/invitations", query).await
    }

    /// Sends an invitation again, with another link.
    ///
    /// # Errors
    /// When it is not open, or that is not allowed.
    pub async fn resend_invitation(&self, id: &str) -> Answer<InvitationDelivery> {
        self.post(&format!("/invitations/{}/resend", part(id)), None).await
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// When it is not open, or that is not allowed.
    pub async fn revoke_invitation(&self, id: &str) -> Answer<()> {
        self.write(Method::DELETE, &format!("/invitations/{}", part(id)), None).await
    }

    /// One's own API tokens.
    ///
    /// # Errors
    /// When nobody is signed in.
    pub async fn list_api_tokens(&self, query: Query) -> Answer<Page<ApiToken>> {
        self.get("/me/tokens", query).await
    }

    /// Makes an API token.
    ///
    /// # Errors
    /// When that is not allowed.
    pub async fn create_api_token(&self, body: Value) -> Answer<CreatedApiToken> {
        self.post("/me/tokens", Some(body)).await
    }

    /// Revokes an API token.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn revoke_api_token(&self, id: &str) -> Answer<()> {
        self.write(Method::DELETE, &format!("/me/tokens/{}", part(id)), None).await
    }

    /// What was done, newest first.
    ///
    /// # Errors
    /// When that may not be known.
    pub async fn list_audit_entries(&self, query: Query) -> Answer<Page<AuditEntry>> {
        self.get("/audit", query).await
    }

    /// What was done, as a file that arrives in chunks.
    ///
    /// # Errors
    /// When it may not be taken away.
    pub async fn export_audit_entries(&self, query: Query) -> Result<reqwest::Response, ClientError> {
        let response = self.respond(&Call::get("/api/v1/audit/export", query)).await?;
        self.accepted(response).await
    }

    /// Has the audit trail verified.
    ///
    /// # Errors
    /// When that may not be known.
    pub async fn verify_audit_chain(&self) -> Answer<AuditVerification> {
        self.post("/audit/verify", None).await
    }

    /// The signed checkpoints, newest first.
    ///
    /// # Errors
    /// When they may not be seen.
    pub async fn list_audit_checkpoints(&self, query: Query) -> Answer<Page<AuditCheckpoint>> {
        self.get("/audit/checkpoints", query).await
    }

    /// The key that vouches for the audit trail.
    ///
    /// # Errors
    /// When it may not be seen.
    pub async fn get_audit_key(&self) -> Answer<AuditKey> {
        self.get("/audit/key", Query::new()).await
    }

    /// What looks suspicious, the latest first.
    ///
    /// # Errors
    /// When that may not be known.
    pub async fn list_suspicious_activities(&self, query: Query) -> Answer<Page<SuspiciousActivity>> {
        self.get("/audit/suspicious", query).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_path_stays_one_part() {
        assert_eq!(part("usr_01k9"), "usr_01k9");
        assert_eq!((part(".."), part("")), ("-".to_owned(), "-".to_owned()));
        assert_eq!(part("../../me?x=1#y"), "%2E%2E%2F%2E%2E%2Fme%3Fx%3D1%23y");
    }
}
