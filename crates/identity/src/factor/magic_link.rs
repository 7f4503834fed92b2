//! Signing in by a link that came by mail.
//!
//! The link opens a page with a button, and only the button redeems it: a mail scanner that follows
//! links uses nothing up. It counts in the browser that asked for it, for ten minutes, once. Whether
//! an account exists shows neither in the answer nor in its time: the work is done after the answer.
//!
//! A mailbox is one factor, and the weakest. It is never the only one for owners and admins: whoever
//! has such a role and no authenticator app is refused after redeeming the link, and told why
//! (`Identity::complete_sign_in` sees to that).

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, Entry, Problem, TaskPolicy};

use super::mail;
use super::mail::template::{Letter, write};
use super::oidc::return_to::ReturnTo;
use crate::cookie::SameSite;
use crate::email::Email;
use crate::identity::Identity;
use crate::keys::same;
use crate::opaque::Opaque;
use crate::password::Standing;
use crate::sign_in::{Candidate, Proof, SignInMethod};
use crate::table;
use crate::table::magic_link::MagicLink;
use crate::table::user::Status;
use crate::throttle::Tried;

/// Ties a link to the browser that asked for it. It opens nothing by itself.
const COOKIE: &str = "diwan_link";
const GOOD_FOR: Duration = Duration::from_secs(600);
/// So many links to one person within that time, whoever asks: strangers fill nobody's mailbox. A
/// browser that the person signed in with before has an allowance of its own, so that strangers who use
/// this one up keep nobody from theirs.
const MOST: u32 = 5;
const WITHIN: Duration = Duration::from_secs(900);

/// Takes the wish for a link; gives the cookie for the browser.
///
/// # Errors
/// When too many were asked for.
pub(crate) async fn request(
    identity: &Identity,
    ctx: &Ctx,
    headers: &HeaderMap,
    email: Email,
    return_to: ReturnTo,
) -> Result<HeaderValue, Problem> {
    // Every one counts, whether or not there is such an account.
    let counted = identity.begin_attempt(ctx, Tried::Mail, email.as_str()).await?;
    let most = if counted.standing() == Standing::Known { u32::MAX } else { MOST };
    // A link that this browser asked for before stays good.
    let browser = identity.read_cookie(headers, COOKIE).and_then(Opaque::parse);
    let browser = browser.unwrap_or_else(|| Opaque::fresh(&ctx.world));
    let cookie = identity.set_cookie(COOKIE, &browser.text(), SameSite::Strict, Some(GOOD_FOR));
    let this = identity.clone();
    // The answer is out before this begins: its key, if it has one, stands for the answer alone.
    let ctx = Ctx { idempotency: None, ..ctx.clone() };
    identity.supervisor().spawn("sign-in link", TaskPolicy::Once, async move {
        if let Err(problem) = post(&this, &ctx, &email, browser.digest(), &return_to, most).await {
            tracing::error!(error = ?problem, "a sign-in link could not be sent");
        }
    });
    Ok(cookie)
}

/// Writes the link and its mail down, if there is somebody to write to. If not, the same is done as far
/// as it goes: the letter is written and thrown away, and that somebody asked is written down.
async fn post(
    identity: &Identity,
    ctx: &Ctx,
    email: &Email,
    browser_hash: [u8; 32],
    return_to: &ReturnTo,
    most: u32,
) -> Result<(), Problem> {
    let found = table::user::find_by_email(identity.db(), email).await?;
    let token = Opaque::fresh(&ctx.world);
    let link = address(identity, &token, return_to);
    let letter = Letter::SignInLink { link: &link, minutes: GOOD_FOR.as_secs() / 60 };
    let language = found.as_ref().map_or(identity.config().default_language, |person| person.language);
    let letter = write(letter, language.as_str(), identity.instance_name(), email.as_str());
    let prepared = mail::prepare(identity, ctx, letter)?;
    let person = match found {
        Some(person) if person.status == Status::Active => person,
        Some(person) => {
            let entry = Entry::denied("magic_link.request", "account_disabled").on("user", person.id);
            return identity.record(ctx, entry).await;
        }
        None => return identity.record(ctx, Entry::denied("magic_link.request", "unknown_account")).await,
    };
    let now = ctx.now();
    let kept = MagicLink { user: person.id, browser_hash };
    let mut tx = identity.db().begin(ctx).await?;
    let limit = (most, now.minus(WITHIN));
    // Those who ask at once take turns, so that the limit holds.
    table::user::lock(&mut tx, person.id).await?;
    if !table::magic_link::insert(&mut tx, token.digest(), &kept, (now, now.plus(GOOD_FOR)), limit).await? {
        drop(tx);
        return identity.record(ctx, Entry::denied("magic_link.request", "too_many_links").on("user", person.id)).await;
    }
    prepared.queue(&mut tx).await?;
    tx.commit(Entry::done("magic_link.request").on("user", person.id)).await?;
    mail::wake(identity);
    Ok(())
}

/// The token stands behind the `#`, which browsers send to nobody.
fn address(identity: &Identity, token: &Opaque, return_to: &ReturnTo) -> String {
    let query = if *return_to == ReturnTo::default() {
        String::new()
    } else {
        let encoded: String = url::form_urlencoded::byte_serialize(return_to.to_string().as_bytes()).collect();
        format!("?return_to={encoded}")
    };
    identity.link(&format!("sign-in/link{query}#token={}", token.text()))
}

/// Uses a link up and says whom it signs in.
///
/// # Errors
/// When it is not good, not in this browser, or not enough for this person.
pub(crate) async fn redeem(
    identity: &Identity,
    ctx: &Ctx,
    headers: &HeaderMap,
    token: &str,
) -> Result<Candidate, Problem> {
    let token = Opaque::parse(token).ok_or_else(invalid)?;
    let link = table::magic_link::find(identity.db(), token.digest(), ctx.now()).await?.ok_or_else(invalid)?;
    let browser = identity.read_cookie(headers, COOKIE).and_then(Opaque::parse);
    if !browser.is_some_and(|browser| same(&browser.digest(), &link.browser_hash)) {
        let refusal = other_browser();
        identity.record(ctx, Entry::denied("magic_link.redeem", refusal.code()).on("user", link.user)).await?;
        return Err(refusal);
    }
    let mut tx = identity.db().begin(ctx).await?;
    if !table::magic_link::use_up(&mut tx, token.digest(), link.user, ctx.now()).await? {
        return Err(invalid());
    }
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
    Ok(Candidate { user: link.user, method: SignInMethod::MagicLink, proves: Proof::OneFactor })
}

fn invalid() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "link_invalid",
        "The link is no longer good",
        "The link was used before, is older than ten minutes, or was not copied whole.",
        "Ask for a new link.",
    )
}

fn other_browser() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "link_other_browser",
        "The link belongs to another browser",
        "The link works only in the browser in which it was asked for.",
        "Open it there, or ask for a new link here.",
    )
}
