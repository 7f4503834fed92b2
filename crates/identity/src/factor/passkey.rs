//! Passkeys (WebAuthn): a key on a device that checks its owner itself, so that one touch is two
//! factors. What the server must remember between question and answer counts for a few minutes and for
//! one answer. For somebody who is signed in it is sealed in the database. A sign-in can be begun by
//! anybody, without end, so that nothing is kept for it: it travels sealed in the ticket, and only a
//! ticket that signed somebody in is remembered.

mod own;
mod prove;
mod register;

use std::time::Duration;

use axum::http::header::ORIGIN;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diwan_kernel::db::Unrecorded;
use diwan_kernel::id::User;
use diwan_kernel::world::Timestamp;
use diwan_kernel::{Ctx, Id, Problem};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::{Host, Url};
use webauthn_rs::prelude::{Webauthn, WebauthnBuilder};

pub(crate) use own::{delete, rename};
pub(crate) use prove::{finish_sign_in, finish_step_up, start_sign_in, start_step_up};
pub(crate) use register::{finish_registration, start_registration};

use super::row_name;
use crate::error::StartError;
use crate::identity::Identity;
use crate::keys::digest;
use crate::opaque::Opaque;
use crate::table::passkey_ceremony::{self, Ceremony};

/// As long as browsers wait for their people, and a little.
const PATIENCE: Duration = Duration::from_secs(330);

/// Where passkeys belong: they are bound to a name, and an installation without one has none.
#[derive(Debug)]
pub(crate) struct Home {
    webauthn: Option<Webauthn>,
    /// The address under which the dashboard must be open for passkeys to work.
    origin: Url,
}

impl Home {
    /// The home that an installation's address makes.
    ///
    /// # Errors
    /// Never in practice: only when the address cannot be an origin.
    pub(crate) fn new(public_url: &Url, instance_name: &str) -> Result<Self, StartError> {
        let mut origin = public_url.clone();
        let is_loopback = match public_url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            _ => false,
        };
        if is_loopback {
            // Browsers take `localhost` for a safe name, and it leads to the same door.
            let _ = origin.set_host(Some("localhost"));
        }
        let Some(name) = origin.domain().map(str::to_owned) else { return Ok(Self { webauthn: None, origin }) };
        let unusable = |e: webauthn_rs::prelude::WebauthnError| StartError::Setting {
            name: "server.public_url",
            why: format!("passkeys cannot be bound to it: {e:?}"),
        };
        let builder = WebauthnBuilder::new(&name, &origin).map_err(unusable)?;
        let webauthn = builder.rp_name(instance_name).build().map_err(unusable)?;
        Ok(Self { webauthn: Some(webauthn), origin })
    }

    /// Whether passkeys can be used at all.
    pub(crate) const fn is_named(&self) -> bool {
        self.webauthn.is_some()
    }

    /// What checks passkeys, for a page that was opened where they work. Browsers say where that is;
    /// programs do not, and have no device to ask.
    ///
    /// # Errors
    /// 409 `passkeys_need_a_name` for a page that was opened under another name or by a number.
    pub(super) fn at(&self, headers: &HeaderMap) -> Result<&Webauthn, Problem> {
        let is_elsewhere = |page: &HeaderValue| {
            let page = page.to_str().ok().and_then(|text| Url::parse(text).ok());
            page.is_none_or(|page| page.origin() != self.origin.origin())
        };
        match &self.webauthn {
            None => Err(nameless(
                "This installation is reached by a number, not by a name, and passkeys are bound to names.",
                "Give it a name and set it as server.public_url, for example https://diwan.example.org.".to_owned(),
            )),
            Some(_) if headers.get(ORIGIN).is_some_and(is_elsewhere) => Err(nameless(
                "This page was opened under an address that passkeys cannot be bound to.",
                format!("Open {} instead and try again.", self.origin),
            )),
            Some(webauthn) => Ok(webauthn),
        }
    }

    /// What checks the answer to a question that was asked where passkeys work.
    fn webauthn(&self) -> Result<&Webauthn, Problem> {
        self.webauthn.as_ref().ok_or_else(|| ceremony_over().because("this installation has no name any more"))
    }
}

fn nameless(detail: &str, next: String) -> Problem {
    Problem::conflict("passkeys_need_a_name", "Passkeys need a name", detail, next)
}

/// A question to a device, and the ticket under which the answer comes back.
#[derive(Debug)]
pub(crate) struct Question {
    /// The ticket.
    pub(crate) challenge_id: String,
    /// What the browser is to ask the device.
    pub(crate) options: Value,
}

/// What a ceremony is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    StepUp,
    Registration,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::StepUp => "step_up",
            Self::Registration => "registration",
        }
    }
}

/// What a sign-in's ticket holds.
#[derive(Serialize, Deserialize)]
struct Sealed<S> {
    expires_at: Timestamp,
    state: S,
}

/// A sign-in's ticket that was opened.
struct Ticket {
    digest: [u8; 32],
    expires_at: Timestamp,
}

/// Puts what was asked at a sign-in into its ticket.
fn hand_out(identity: &Identity, ctx: &Ctx, options: Value, state: &impl Serialize) -> Result<Question, Problem> {
    let sealed = Sealed { expires_at: ctx.now().plus(PATIENCE), state };
    let json = serde_json::to_vec(&sealed).map_err(Problem::internal)?;
    let sealed = identity.sealer().seal(&json, passkey_ceremony::TICKET).map_err(Problem::internal)?;
    Ok(Question { challenge_id: URL_SAFE_NO_PAD.encode(sealed), options })
}

/// Recalls what was asked at a sign-in. Whoever acts on it must use the ticket up.
async fn take_back<S: DeserializeOwned>(identity: &Identity, ctx: &Ctx, ticket: &str) -> Result<(Ticket, S), Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(ticket).map_err(|_| ceremony_over())?;
    let json = identity.sealer().unseal(&bytes, passkey_ceremony::TICKET).map_err(|_| ceremony_over())?;
    let Sealed { expires_at, state } = serde_json::from_slice(&json).map_err(Problem::internal)?;
    let ticket = Ticket { digest: digest(&bytes), expires_at };
    let is_over = expires_at <= ctx.now() || passkey_ceremony::is_ticket_used(identity.db(), ticket.digest).await?;
    if is_over { Err(ceremony_over()) } else { Ok((ticket, state)) }
}

/// Remembers what was asked.
async fn remember(
    identity: &Identity,
    ctx: &Ctx,
    purpose: Purpose,
    user: Id<User>,
    options: Value,
    state: &impl Serialize,
) -> Result<Question, Problem> {
    let ticket = Opaque::fresh(&ctx.world);
    let json = serde_json::to_vec(state).map_err(Problem::internal)?;
    let row = row_name(&ticket.digest());
    let state = identity.sealer().seal(&json, passkey_ceremony::place(&row)).map_err(Problem::internal)?;
    let mut tx = identity.db().begin(ctx).await?;
    let expires_at = ctx.now().plus(PATIENCE);
    let ceremony = Ceremony { user, state };
    if !passkey_ceremony::insert(&mut tx, ticket.digest(), purpose.as_str(), ceremony, expires_at).await? {
        let detail = "You began this too often without finishing it.";
        return Err(Problem::too_many("too_many_sign_ins", detail, PATIENCE));
    }
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
    Ok(Question { challenge_id: ticket.text(), options })
}

/// Recalls what was asked, for the last time.
async fn recall<S: DeserializeOwned>(
    identity: &Identity,
    ctx: &Ctx,
    purpose: Purpose,
    user: Id<User>,
    challenge_id: &str,
) -> Result<S, Problem> {
    let ticket = Opaque::parse(challenge_id).ok_or_else(ceremony_over)?;
    let mut tx = identity.db().begin(ctx).await?;
    let ceremony = passkey_ceremony::take(&mut tx, ticket.digest(), purpose.as_str(), ctx.now()).await?;
    // Whatever comes of the answer: there is no second one.
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
    let ceremony = ceremony.filter(|c| c.user == user).ok_or_else(ceremony_over)?;
    let row = row_name(&ticket.digest());
    let json = identity.sealer().unseal(&ceremony.state, passkey_ceremony::place(&row)).map_err(Problem::internal)?;
    serde_json::from_slice(&json).map_err(Problem::internal)
}

/// Reads what a browser says that a device answered.
fn read_answer<A: DeserializeOwned>(credential: Value) -> Result<A, Problem> {
    serde_json::from_value(credential).map_err(|_| {
        let message = "It is not what navigator.credentials gives, with its bytes in base64url.";
        Problem::invalid_field("credential", "credential_malformed", message)
    })
}

fn ceremony_over() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "challenge_expired",
        "Too much time has passed",
        "The question to your device has expired, or was answered already.",
        "Try again from the start.",
    )
}

fn refused() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "passkey_refused",
        "The passkey was not accepted",
        "The answer of your device does not fit a passkey that can be used here.",
        "Try again with another passkey, or sign in another way.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(url: &str) -> Home {
        Home::new(&Url::parse(url).unwrap(), "Diwan").unwrap()
    }

    fn at(home: &Home, page: &'static str) -> Result<(), &'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(ORIGIN, HeaderValue::from_static(page));
        home.at(&headers).map(drop).map_err(|problem| problem.code())
    }

    #[test]
    fn a_page_opened_by_its_name_can_use_passkeys() {
        assert_eq!(at(&home("https://diwan.example.org"), "https://diwan.example.org"), Ok(()));
        assert_eq!(at(&home("https://diwan.example.org:8443"), "https://diwan.example.org:8443"), Ok(()));
        assert_eq!(at(&home("http://127.0.0.1:7400"), "http://localhost:7400"), Ok(()));
        assert_eq!(at(&home("http://[::1]:7400"), "http://localhost:7400"), Ok(()));
        assert!(home("http://localhost:7400").at(&HeaderMap::new()).is_ok(), "a program does not say where it is");
    }

    #[test]
    fn a_page_opened_by_a_number_is_told_where_to_go() {
        for (url, page) in [
            ("http://127.0.0.1:7400", "http://127.0.0.1:7400"),
            ("http://127.0.0.1:7400", "http://[::1]:7400"),
            ("http://192.168.1.5:7400", "http://192.168.1.5:7400"),
            ("https://diwan.example.org", "https://other.example.org"),
            ("https://diwan.example.org", "http://diwan.example.org"),
            ("https://diwan.example.org", "https://diwan.example.org:8443"),
            ("https://diwan.example.org", "null"),
            ("https://diwan.example.org", ""),
        ] {
            assert_eq!(at(&home(url), page), Err("passkeys_need_a_name"), "{url} {page}");
        }
        assert!(!home("http://192.168.1.5:7400").is_named());
    }
}
