//! The way to the provider and back.
//!
//! What leaves with the browser is a state of 256 bits; what it means stays here, for ten minutes
//! and one return, and counts only in the browser that left. The answer is believed only when it
//! comes from the provider that was asked, for this very sign-in.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diwan_kernel::db::Unrecorded;
use diwan_kernel::id::User;
use diwan_kernel::{Ctx, Entry, Id, Problem};
use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::account;
use super::client::Trouble;
use super::exchange::{check_sender, exchange};
use super::provider::{Introduction, Provider};
use super::return_to::ReturnTo;
use crate::cookie::SameSite;
use crate::factor::row_name;
use crate::identity::Identity;
use crate::keys::{digest, same};
use crate::opaque::Opaque;
use crate::table::oidc_flow::{self, Flow};

/// Ties a sign-in to the browser that began it. It must come along when the provider sends the
/// browser back, so it is `Lax`; it opens nothing by itself.
const COOKIE: &str = "diwan_oidc";
const PATIENCE: Duration = Duration::from_secs(600);

/// Where to send the browser, and what it is to keep.
#[derive(Debug)]
pub(crate) struct Departure {
    pub(crate) url: Url,
    pub(crate) cookie: HeaderValue,
}

/// What a provider sends the browser back with.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Answer {
    /// What the provider gives for a token.
    pub(crate) code: Option<String>,
    /// What we sent along.
    pub(crate) state: Option<String>,
    /// Who answers.
    pub(crate) iss: Option<String>,
    /// Why it did not work.
    pub(crate) error: Option<String>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// Somebody to let in, and where they want to go.
    SignIn { user: Id<User>, return_to: ReturnTo },
    /// The account was linked to the person who asked for it.
    Linked { return_to: ReturnTo },
}

/// Why nothing came of it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Stable, for the page that says it.
    pub(crate) code: &'static str,
    /// Where it is said: to somebody who signs in, or who links.
    pub(crate) while_linking: bool,
    cause: String,
}

impl Failure {
    pub(super) fn new(code: &'static str, cause: impl ToString) -> Self {
        Self { code, while_linking: false, cause: cause.to_string() }
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        let code =
            if matches!(trouble, Trouble::Unreachable(_) | Trouble::Away) { "oidc_unreachable" } else { "oidc_failed" };
        Self::new(code, trouble)
    }
}

impl<E: Into<Problem>> From<E> for Failure {
    fn from(error: E) -> Self {
        let problem: Problem = error.into();
        Self::new(problem.code(), format!("{problem:?}"))
    }
}

/// What is sealed of a flow.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(super) struct Secrets {
    pub(super) nonce: String,
    pub(super) verifier: String,
    return_to: String,
}

/// Begins a sign-in, or the linking of an account to `link_to`.
///
/// # Errors
/// When the provider cannot be reached.
pub(crate) async fn start(
    identity: &Identity,
    ctx: &Ctx,
    headers: &HeaderMap,
    provider: &Provider,
    return_to: &ReturnTo,
    link_to: Option<Id<User>>,
) -> Result<Departure, Problem> {
    let introduction = provider.introduce(&ctx.world).await.map_err(|e| unreachable(provider).because(e))?;
    let state = Opaque::fresh(&ctx.world);
    // Sign-ins that were begun in other tabs go on.
    let browser = identity.read_cookie(headers, COOKIE).and_then(Opaque::parse);
    let browser = browser.unwrap_or_else(|| Opaque::fresh(&ctx.world));
    let secrets = Secrets {
        nonce: Opaque::fresh(&ctx.world).text(),
        verifier: Opaque::fresh(&ctx.world).text(),
        return_to: return_to.to_string(),
    };
    let json = zeroize::Zeroizing::new(serde_json::to_vec(&secrets).map_err(Problem::internal)?);
    let row = row_name(&state.digest());
    let sealed = identity.sealer().seal(&json, oidc_flow::place(&row)).map_err(Problem::internal)?;
    let flow = Flow { browser_hash: browser.digest(), user: link_to, secrets: sealed };
    let mut tx = identity.db().begin(ctx).await?;
    let expires_at = ctx.now().plus(PATIENCE);
    if !oidc_flow::insert(&mut tx, state.digest(), &provider.settings.id, flow, expires_at).await? {
        return Err(Problem::too_many("too_many_sign_ins", "Too many sign-ins are under way.", PATIENCE));
    }
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
    let url = departure(identity, provider, &introduction, &state, &secrets);
    Ok(Departure { url, cookie: identity.set_cookie(COOKIE, &browser.text(), SameSite::Lax, Some(PATIENCE)) })
}

fn departure(
    identity: &Identity,
    provider: &Provider,
    introduction: &Introduction,
    state: &Opaque,
    secrets: &Secrets,
) -> Url {
    let mut url = introduction.metadata.authorization.clone();
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", &provider.settings.client_id)
        .append_pair("redirect_uri", &redirect_uri(identity, provider))
        .append_pair("scope", &scope(provider))
        .append_pair("state", &state.text())
        .append_pair("nonce", &secrets.nonce)
        .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(digest(secrets.verifier.as_bytes())))
        .append_pair("code_challenge_method", "S256");
    url
}

fn scope(provider: &Provider) -> String {
    let others = provider.settings.scopes.iter().map(String::as_str).filter(|scope| *scope != "openid");
    std::iter::once("openid").chain(others).collect::<Vec<_>>().join(" ")
}

/// Where the provider is to send the browser back to, exactly.
pub(super) fn redirect_uri(identity: &Identity, provider: &Provider) -> String {
    identity.link(&format!("api/v1/auth/oidc/{}/callback", provider.settings.id))
}

/// Ends what was begun: believes the answer or says why not.
///
/// # Errors
/// Why not.
pub(crate) async fn finish(
    identity: &Identity,
    ctx: &Ctx,
    headers: &HeaderMap,
    provider: &Provider,
    answer: Answer,
) -> Result<Arrival, Failure> {
    let (flow, secrets) = recall(identity, ctx, headers, provider, answer.state.as_deref()).await?;
    let result = believe(identity, ctx, provider, answer, &secrets, &flow).await;
    match result {
        Ok(arrival) => Ok(arrival),
        Err(failure) => {
            let failure = Failure { while_linking: flow.user.is_some(), ..failure };
            tracing::warn!(provider = %provider.settings.id, code = failure.code, cause = %failure.cause, "a sign-in through a provider failed");
            let entry = Entry::denied("oidc.sign_in", failure.code).with("provider", provider.settings.id.as_str());
            let entry = match flow.user {
                Some(user) => entry.on("user", user),
                None => entry,
            };
            identity.record(ctx, entry).await?;
            Err(failure)
        }
    }
}

/// Takes the flow out of memory, if this is the browser and the provider that it belongs to.
async fn recall(
    identity: &Identity,
    ctx: &Ctx,
    headers: &HeaderMap,
    provider: &Provider,
    state: Option<&str>,
) -> Result<(Flow, Secrets), Failure> {
    let over = |cause: &str| Failure::new("oidc_expired", cause);
    let state = state.and_then(Opaque::parse).ok_or_else(|| over("no state that we gave"))?;
    let mut tx = identity.db().begin(ctx).await?;
    let flow = oidc_flow::take(&mut tx, state.digest(), &provider.settings.id, ctx.now()).await?;
    // Whatever comes of it: there is no second return.
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
    let flow = flow.ok_or_else(|| over("the state is unknown, used or old"))?;
    let browser = identity.read_cookie(headers, COOKIE).and_then(Opaque::parse);
    if !browser.is_some_and(|browser| same(&browser.digest(), &flow.browser_hash)) {
        return Err(over("another browser"));
    }
    let row = row_name(&state.digest());
    let json = identity.sealer().unseal(&flow.secrets, oidc_flow::place(&row)).map_err(Problem::internal)?;
    let secrets = serde_json::from_slice(&json).map_err(Problem::internal)?;
    Ok((flow, secrets))
}

async fn believe(
    identity: &Identity,
    ctx: &Ctx,
    provider: &Provider,
    answer: Answer,
    secrets: &Secrets,
    flow: &Flow,
) -> Result<Arrival, Failure> {
    let introduction = provider.introduce(&ctx.world).await?;
    check_sender(provider, &introduction, answer.iss.as_deref())?;
    if let Some(error) = answer.error {
        let code = if error == "access_denied" { "oidc_denied" } else { "oidc_failed" };
        let error: String = error.chars().filter(|c| !c.is_control()).take(80).collect();
        return Err(Failure::new(code, error));
    }
    let code = answer.code.ok_or_else(|| Failure::new("oidc_failed", "neither a code nor an error"))?;
    let claims = exchange(identity, ctx, provider, &introduction, &code, secrets).await?;
    let return_to = ReturnTo::parse(&secrets.return_to).unwrap_or_default();
    match flow.user {
        Some(user) => {
            account::link(identity, ctx, provider, user, &claims).await?;
            Ok(Arrival::Linked { return_to })
        }
        None => Ok(Arrival::SignIn { user: account::find(identity, ctx, provider, &claims).await?, return_to }),
    }
}

fn unreachable(provider: &Provider) -> Problem {
    Problem::unavailable(
        "oidc_unreachable",
        format!("{} cannot be reached, or does not answer as it should.", provider.settings.label),
        Duration::from_secs(30),
    )
}
