//! Changing the code that a browser brought back for what the provider says about a person.

use diwan_kernel::Ctx;
use serde::Deserialize;

use super::account;
use super::client::read;
use super::flow::{Failure, Secrets, redirect_uri};
use super::id_token::{self, Claims, Expected, Person, Refused};
use super::provider::{Introduction, Provider};
use crate::identity::Identity;

/// Whether the answer is from the provider that was asked (RFC 9207): otherwise one provider could
/// be made to take the code of another.
///
/// # Errors
/// When it is not.
pub(super) fn check_sender(provider: &Provider, introduction: &Introduction, iss: Option<&str>) -> Result<(), Failure> {
    match iss {
        Some(iss) if iss == provider.settings.issuer => Ok(()),
        Some(_) => Err(Failure::new("oidc_failed", "the answer is from another provider")),
        None if introduction.metadata.names_itself => {
            Err(Failure::new("oidc_failed", "the answer does not say who it is from"))
        }
        None => Ok(()),
    }
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    #[serde(flatten)]
    person: Person,
}

/// Changes the code for what the provider says about a person, and checks that.
///
/// # Errors
/// When the provider refuses, or what it says is not to be believed.
pub(super) async fn exchange(
    identity: &Identity,
    ctx: &Ctx,
    provider: &Provider,
    introduction: &Introduction,
    code: &str,
    secrets: &Secrets,
) -> Result<Claims, Failure> {
    let settings = &provider.settings;
    let secret = settings.client_secret.read(identity.secrets(), "oidc").await;
    let secret = secret.map_err(|problem| Failure::new("oidc_failed", problem))?;
    let (secret, redirect) = (secret.expose().as_str(), redirect_uri(identity, provider));
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &redirect),
        ("code_verifier", &secrets.verifier),
    ];
    let in_header = !secret.is_empty() && !introduction.metadata.secret_in_body;
    if !in_header {
        form.push(("client_id", &settings.client_id));
    }
    if introduction.metadata.secret_in_body && !secret.is_empty() {
        form.push(("client_secret", secret));
    }
    let basic = in_header.then_some((settings.client_id.as_str(), secret));
    let tokens: Tokens = provider.client().post(&introduction.metadata.token, &form, basic).await?;
    let expected =
        Expected { issuer: &settings.issuer, client_id: &settings.client_id, nonce: &secrets.nonce, now: ctx.now() };
    let mut judged = id_token::verify(&tokens.id_token, &introduction.keys, expected);
    if judged == Err(Refused::UnknownKey) {
        // Providers change their keys.
        let introduction = provider.fresh_keys(&ctx.world).await?;
        judged = id_token::verify(&tokens.id_token, &introduction.keys, expected);
    }
    let mut claims = judged.map_err(|refused| Failure::new("oidc_failed", refused))?;
    // Whoever is known by their subject needs no address.
    if claims.email.is_none() && account::find_linked(identity, provider, &claims).await?.is_none() {
        ask_for_more(provider, introduction, tokens.access_token.as_deref(), &mut claims).await?;
    }
    Ok(claims)
}

/// Some providers say more only when they are asked once more.
async fn ask_for_more(
    provider: &Provider,
    introduction: &Introduction,
    access_token: Option<&str>,
    claims: &mut Claims,
) -> Result<(), Failure> {
    let (Some(address), Some(token)) = (&introduction.metadata.userinfo, access_token) else { return Ok(()) };
    let info: UserInfo = match provider.client().get(address, Some(token)).await.and_then(|json| read(&json)) {
        Ok(info) => info,
        Err(trouble) => {
            tracing::info!(provider = %provider.settings.id, error = %trouble, "the provider says no more about a person");
            return Ok(());
        }
    };
    if info.sub != claims.subject {
        return Err(Failure::new("oidc_failed", "the userinfo is about somebody else"));
    }
    claims.email_verified = info.person.is_email_verified();
    claims.email = info.person.email;
    claims.name = claims.name.take().or(info.person.name);
    Ok(())
}
