//! Proving who one is with a passkey: to sign in, or once more for a dangerous action.

use axum::http::HeaderMap;
use diwan_kernel::db::Unrecorded;
use diwan_kernel::id::User;
use diwan_kernel::{Ctx, Entry, Id, Problem};
use serde_json::Value;
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, Passkey, PasskeyAuthentication, PublicKeyCredential, Webauthn,
    WebauthnError,
};

use super::{Purpose, Question, Ticket, ceremony_over, hand_out, read_answer, recall, refused, remember, take_back};
use crate::identity::Identity;
use crate::sign_in::{Candidate, Proof, SignInMethod};
use crate::step_up::SteppedUp;
use crate::table;
use crate::table::passkey::Passkey as Stored;

/// Asks any device for any passkey of this installation: it says by itself whose it is.
///
/// # Errors
/// When the page was not opened by a name.
pub(crate) fn start_sign_in(identity: &Identity, ctx: &Ctx, headers: &HeaderMap) -> Result<Question, Problem> {
    let webauthn = identity.factors().passkeys().at(headers)?;
    let (mut question, state) = webauthn.start_discoverable_authentication().map_err(Problem::internal)?;
    // Whether it is a button or the browser's autofill is for the page to decide.
    question.mediation = None;
    let options = serde_json::to_value(question).map_err(Problem::internal)?;
    hand_out(identity, ctx, options, &state)
}

/// Checks what the device answered, and says who it was.
///
/// # Errors
/// `passkey_refused`, whatever is wrong with it.
pub(crate) async fn finish_sign_in(
    identity: &Identity,
    ctx: &Ctx,
    challenge_id: &str,
    credential: Value,
) -> Result<Candidate, Problem> {
    let answer: PublicKeyCredential = read_answer(credential)?;
    let (ticket, state) = take_back::<DiscoverableAuthentication>(identity, ctx, challenge_id).await?;
    let webauthn = identity.factors().passkeys().webauthn()?;
    let named = webauthn.identify_discoverable_authentication(&answer).map_err(|e| refused().because(e))?;
    let user = Id::from_bits(named.0.as_u128());
    check(identity, ctx, user, named.1, Some(ticket), |webauthn, passkey| {
        webauthn.finish_discoverable_authentication_v2(&answer, state, passkey)
    })
    .await?;
    Ok(Candidate { user, method: SignInMethod::Passkey, proves: Proof::TwoFactors })
}

/// Asks for one of the caller's own passkeys.
///
/// # Errors
/// When they have none, or the page was not opened by a name.
pub(crate) async fn start_step_up(
    identity: &Identity,
    ctx: &Ctx,
    headers: &HeaderMap,
    user: Id<User>,
) -> Result<Question, Problem> {
    let webauthn = identity.factors().passkeys().at(headers)?;
    let own = table::passkey::list(identity.db(), user).await?;
    if own.is_empty() {
        return Err(none());
    }
    let own = own.into_iter().map(|p| serde_json::from_value(p.credential)).collect::<Result<Vec<Passkey>, _>>();
    let started = webauthn.start_passkey_authentication(&own.map_err(Problem::internal)?);
    let (question, state) = started.map_err(Problem::internal)?;
    let options = serde_json::to_value(question).map_err(Problem::internal)?;
    remember(identity, ctx, Purpose::StepUp, user, options, &state).await
}

/// Checks what the device answered, and says until when the proof counts.
///
/// # Errors
/// `passkey_refused`, whatever is wrong with it.
pub(crate) async fn finish_step_up(
    identity: &Identity,
    ctx: &Ctx,
    user: Id<User>,
    challenge_id: &str,
    credential: Value,
) -> Result<SteppedUp, Problem> {
    let answer: PublicKeyCredential = read_answer(credential)?;
    let state: PasskeyAuthentication = recall(identity, ctx, Purpose::StepUp, user, challenge_id).await?;
    check(identity, ctx, user, answer.get_credential_id(), None, |webauthn, _| {
        webauthn.finish_passkey_authentication(&answer, &state)
    })
    .await?;
    identity.record_step_up(ctx, "passkey").await
}

/// Finds the passkey of this person that was named, lets it be judged, and notes its use and that of
/// the ticket, if there is one.
async fn check(
    identity: &Identity,
    ctx: &Ctx,
    user: Id<User>,
    credential_id: &[u8],
    ticket: Option<Ticket>,
    judge: impl FnOnce(&Webauthn, &Passkey) -> Result<AuthenticationResult, WebauthnError> + Send,
) -> Result<(), Problem> {
    let webauthn = identity.factors().passkeys().webauthn()?;
    let stored = table::passkey::find_by_credential(identity.db(), user, credential_id).await?.ok_or_else(refused)?;
    let mut passkey: Passkey = serde_json::from_value(stored.credential.clone()).map_err(Problem::internal)?;
    let judged = match judge(webauthn, &passkey) {
        Ok(judged) if judged.user_verified() => judged,
        Ok(_) => return refuse(identity, ctx, &stored, "not_verified").await,
        Err(WebauthnError::CredentialPossibleCompromise) => {
            return refuse(identity, ctx, &stored, "counter_went_back").await;
        }
        Err(e) => {
            tracing::info!(passkey = %stored.id, error = ?e, "a passkey was refused");
            return refuse(identity, ctx, &stored, "signature_wrong").await;
        }
    };
    passkey.update_credential(&judged);
    let credential = serde_json::to_value(&passkey).map_err(Problem::internal)?;
    let mut tx = identity.db().begin(ctx).await?;
    if let Some(Ticket { digest, expires_at }) = ticket
        && !table::passkey_ceremony::use_ticket_up(&mut tx, digest, expires_at).await?
    {
        return Err(ceremony_over());
    }
    if !table::passkey::note_use(&mut tx, stored.id, credential, judged.counter(), ctx.now()).await? {
        // The same count twice at once: two devices hold this key.
        drop(tx);
        return refuse(identity, ctx, &stored, "counter_went_back").await;
    }
    // What the passkey was used for leaves the entry.
    tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
    Ok(())
}

/// Writes down that a passkey was refused: a counter that goes back means that there is a copy.
async fn refuse(identity: &Identity, ctx: &Ctx, stored: &Stored, why: &'static str) -> Result<(), Problem> {
    let entry = Entry::denied("passkey.use", why).on("passkey", stored.id).with("user", stored.user.to_string());
    identity.record(ctx, entry).await?;
    Err(refused())
}

fn none() -> Problem {
    Problem::conflict(
        "no_passkey",
        "You have no passkey",
        "There is no passkey on your account to confirm with.",
        "Confirm with your password or a code instead.",
    )
}
