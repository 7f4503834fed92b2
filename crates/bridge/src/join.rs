//! Joining: a machine shows the token that it was given, and gets a certificate for a key of its own.

use bytes::Bytes;
use diwan_kernel::{Supervisor, TaskPolicy, World};
use diwan_link::tls::{self, Fingerprint};
use diwan_link::{Link, Priority};
use diwan_protocol::facts::Facts;
use diwan_protocol::join::{JoinAnswer, JoinRequest, Joined};
use diwan_protocol::{Opening, decode, encode};
use rustls::pki_types::CertificateDer;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::dial::{self, Target};
use crate::error::JoinError;
use crate::identity::MachineKey;
use crate::membership::{Identity, Membership};
use crate::state::State;
use crate::tls_time::WorldTime;

/// The control plane thinks no longer about a token.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the line says that joins a machine.
#[derive(Debug, Clone, Copy)]
pub struct JoinParams<'a> {
    /// `https://host:port#fingerprint`.
    pub target: &'a str,
    /// The token.
    pub token: &'a str,
    /// The directory of the bridge's state.
    pub state_dir: &'a Path,
    /// Whether a membership that is there is given up for the new one.
    pub force: bool,
}

/// Joins, and writes down whose machine this is.
///
/// # Errors
/// [`JoinError`] says what is wrong and what to do. After any of them the same line can be tried again.
pub async fn join(world: &World, params: JoinParams<'_>, facts: Facts) -> Result<Membership, JoinError> {
    let (url, fingerprint) = read_target(params.target)?;
    let state = State::open(world, params.state_dir)?;
    // With --force even an identity that cannot be read gives way.
    let before = if params.force { None } else { state.identity()? };
    if let Some(Identity { membership, .. }) = before.as_ref() {
        return Err(JoinError::AlreadyJoined { url: membership.url.clone(), name: membership.name.clone() });
    }
    let key = next_key(&state)?;
    let request = key.request().map_err(JoinError::Key)?.into();
    let request = JoinRequest { token: params.token.trim().to_owned(), request, facts };
    let joined = ask(world, &url, fingerprint, &request).await?;
    let membership = membership(&url, fingerprint, joined)?;
    let identity = Identity { membership: membership.clone(), key: key.bytes().to_vec().into() };
    state.forget_connections()?;
    state.keep(&identity)?;
    state.forget_next_key()?;
    Ok(membership)
}

/// The address and the fingerprint in `https://host:port#fingerprint`.
pub(crate) fn read_target(text: &str) -> Result<(Target, Fingerprint), JoinError> {
    let (url, fingerprint) = text.trim().split_once('#').unwrap_or((text, ""));
    let url = url.parse().map_err(JoinError::Target)?;
    let fingerprint = fingerprint.parse().map_err(|e| JoinError::Target(format!("{fingerprint:?}: {e}")))?;
    Ok((url, fingerprint))
}

/// The key that was asked with before, if the answer to that was lost; otherwise a new one.
fn next_key(state: &State) -> Result<MachineKey, JoinError> {
    if let Some(key) = state.next_key()?.and_then(|bytes| MachineKey::read(&bytes).ok()) {
        return Ok(key);
    }
    let key = MachineKey::generate().map_err(JoinError::Key)?;
    state.keep_next_key(&key.bytes())?;
    Ok(key)
}

/// Asks over a connection of its own. The token is said only after the other end has proved itself.
pub(crate) async fn ask(
    world: &World,
    url: &Target,
    fingerprint: Fingerprint,
    request: &JoinRequest,
) -> Result<Joined, JoinError> {
    let time = Arc::new(WorldTime(world.clone()));
    let config = tls::joining(fingerprint, time).map_err(|e| JoinError::Key(e.to_string()))?;
    let (link, driver) = dial::dial(world, url, config).await?;
    let supervisor = Supervisor::new();
    supervisor.spawn("link", TaskPolicy::Once, async move {
        driver.await;
    });
    let answer = tokio::time::timeout(PATIENCE, exchange(&link, request)).await;
    link.close(Duration::ZERO, "joined");
    supervisor.shut_down(Duration::from_secs(1)).await;
    match answer.map_err(|_| JoinError::Lost("it took too long".to_owned()))?? {
        JoinAnswer::Joined(joined) => Ok(joined),
        JoinAnswer::Refused(refused) => Err(JoinError::Refused { code: refused.code, words: refused.words }),
    }
}

async fn exchange(link: &Link, request: &JoinRequest) -> Result<JoinAnswer, JoinError> {
    let lost = |e: &dyn std::fmt::Display| JoinError::Lost(e.to_string());
    let mut stream = link.open(Priority::Control, encode(&Opening::Join).into()).map_err(|e| lost(&e))?;
    stream.send(Bytes::from(encode(request))).await.map_err(|e| lost(&e))?;
    let answer = stream.receive().await.map_err(|e| lost(&e))?.ok_or_else(|| lost(&"it was empty"))?;
    let answer = decode(&answer).map_err(|e| JoinError::Answer(e.to_string()))?;
    answer.ok_or_else(|| JoinError::Answer("an answer of another kind".to_owned()))
}

/// What is kept, once it is sure that the authority is the one that was pinned.
pub(crate) fn membership(url: &Target, fingerprint: Fingerprint, joined: Joined) -> Result<Membership, JoinError> {
    let authority = joined.chain.last().map(|der| Fingerprint::of(&CertificateDer::from(der.as_slice())));
    if joined.chain.len() < 2 || authority != Some(fingerprint) {
        return Err(JoinError::Answer("a certificate of another authority".to_owned()));
    }
    Ok(Membership {
        url: url.to_string(),
        fingerprint: fingerprint.to_string(),
        machine: joined.machine,
        name: joined.name,
        chain: joined.chain,
        keys: joined.keys,
        joined_ms: joined.now_ms,
        former: None,
    })
}
