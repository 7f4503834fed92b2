//! Signing in at a command line by approving it in the browser (the shape of RFC 8628).

use std::time::Duration;

use axum::http::StatusCode;
use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, DbError, Entry, Problem, World};

use crate::identity::Identity;
use crate::opaque::Opaque;
use crate::sign_in::{Deliver, SignInMethod, SignInResult, TokenPair};
use crate::table::device_login::{self, DeviceLogin, Stage};
use crate::table::user;
use crate::table::user::Status;
use crate::throttle::Tried;

/// How long somebody has to approve.
pub(crate) const LIFETIME: Duration = Duration::from_secs(600);
/// How often a program may ask.
pub(crate) const INTERVAL: Duration = Duration::from_secs(2);
/// How much slower a program must be that asks too often.
const SLOWER_BY_MS: i64 = 5_000;
/// So many may wait at a time, whoever asks: the table stays small. One network alone is stopped
/// long before.
const MOST_PENDING: i64 = 10_000;
/// Consonants that are not mistaken for each other, and that spell no words.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// A device login that was begun.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) device_code: String,
    pub(crate) user_code: String,
}

/// A code to type: eight letters in two groups.
fn fresh_user_code(world: &World) -> String {
    let mut letters = String::with_capacity(9);
    while letters.len() < 9 {
        let [byte]: [u8; 1] = world.random();
        // 240 is the greatest multiple of 20 in a byte: beyond it some letters would be likelier.
        if byte < 240 {
            letters.push(char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
        }
        if letters.len() == 4 {
            letters.push('-');
        }
    }
    letters
}

/// Reads a code as people type it: small letters, without the dash, with blanks.
pub(crate) fn read_user_code(text: &str) -> Option<String> {
    let letters: String =
        text.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).take(9).collect();
    let is_code = letters.len() == 8 && letters.bytes().all(|b| LETTERS.contains(&b));
    is_code.then(|| format!("{}-{}", &letters[..4], &letters[4..]))
}

impl Identity {
    /// Begins a device login.
    ///
    /// # Errors
    /// 429 when too many are waiting.
    pub(crate) async fn begin_device_login(&self, ctx: &Ctx, client_name: String) -> Result<Begun, Problem> {
        // Every one counts as a try that failed: nobody needs many.
        let _counted = self.begin_attempt(ctx, Tried::DeviceLogin, "").await?;
        let secret = Opaque::fresh(&ctx.world);
        let now = ctx.now();
        let login = DeviceLogin {
            user_code: fresh_user_code(&ctx.world),
            client_name,
            address: ctx.address().map(|a| a.to_string()),
            stage: Stage::Pending,
            user: None,
            created_at: now,
            expires_at: now.plus(LIFETIME),
        };
        let mut tx = self.db().begin(ctx).await?;
        if device_login::count_pending(&mut tx, now).await? >= MOST_PENDING {
            let detail = "Too many command lines are waiting to be approved.";
            return Err(Problem::too_many("too_many_attempts", detail, Duration::from_secs(60)));
        }
        let interval_ms = i64::try_from(INTERVAL.as_millis()).unwrap_or(SLOWER_BY_MS);
        device_login::insert(&mut tx, secret.digest(), &login, interval_ms).await?;
        tx.commit(Entry::done("device_login.start").with("client", login.client_name.as_str())).await?;
        Ok(Begun { device_code: secret.text(), user_code: login.user_code })
    }

    /// The device login that waits under this code.
    ///
    /// # Errors
    /// 404 when none does.
    pub(crate) async fn get_device_login(&self, ctx: &Ctx, user_code: &str) -> Result<DeviceLogin, Problem> {
        let code = read_user_code(user_code).ok_or_else(unknown_code)?;
        device_login::find_pending(self.db(), &code, ctx.now()).await?.ok_or_else(unknown_code)
    }

    /// Approves or denies a device login.
    ///
    /// # Errors
    /// 404 when none waits under this code.
    pub(crate) async fn decide_device_login(&self, ctx: &Ctx, user_code: &str, stage: Stage) -> Result<(), Problem> {
        let login = self.get_device_login(ctx, user_code).await?;
        let mut tx = self.db().begin(ctx).await?;
        if !device_login::decide(&mut tx, &login.user_code, stage, ctx.user_id()?, ctx.now()).await? {
            return Err(unknown_code());
        }
        let action = if stage == Stage::Approved { "device_login.approve" } else { "device_login.deny" };
        let entry = Entry::done(action).with("client", login.client_name).with("client_address", login.address);
        Ok(tx.commit(entry).await?)
    }

    /// Gives a program its tokens once it was approved.
    ///
    /// # Errors
    /// 400 `authorization_pending`, `slow_down`, `access_denied`, `device_code_expired`.
    pub(crate) async fn poll_device_login(&self, ctx: &Ctx, device_code: &str) -> Result<TokenPair, Problem> {
        self.check_address(ctx.address())?;
        let hash = Opaque::parse(device_code).ok_or_else(expired)?.digest();
        let login = device_login::find_by_hash(self.db(), hash).await?.ok_or_else(expired)?;
        if login.expires_at <= ctx.now() {
            return Err(expired());
        }
        if !self.note_poll(ctx, hash).await? {
            return Err(not_yet("slow_down", "The program asks too often.", "Wait five seconds longer each time."));
        }
        match (login.stage, login.user) {
            (Stage::Pending, _) => {
                Err(not_yet("authorization_pending", "Nobody has approved this yet.", "Ask again in a few seconds."))
            }
            (Stage::Approved, Some(person)) => self.finish_device_login(ctx, hash, &login, person).await,
            (Stage::Denied, _) => {
                Err(not_yet("access_denied", "The request was denied.", "Start again if that was a mistake."))
            }
            (Stage::Approved | Stage::Done, _) => Err(expired()),
        }
    }

    async fn note_poll(&self, ctx: &Ctx, hash: [u8; 32]) -> Result<bool, DbError> {
        let bookkeeping = Ctx { idempotency: None, ..ctx.clone() };
        let mut tx = self.db().begin(&bookkeeping).await?;
        let in_time = device_login::poll(&mut tx, hash, ctx.now(), SLOWER_BY_MS).await?;
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
        Ok(in_time)
    }

    async fn finish_device_login(
        &self,
        ctx: &Ctx,
        hash: [u8; 32],
        login: &DeviceLogin,
        person: diwan_kernel::id::UserId,
    ) -> Result<TokenPair, Problem> {
        let person = user::find(self.db(), person).await?.filter(|u| u.status == Status::Active).ok_or_else(expired)?;
        let opening = self.prepare_session(ctx, &person, SignInMethod::Device, Deliver::Tokens);
        let opening = opening.named(&login.client_name);
        let mut tx = self.db().begin(ctx).await?;
        // Whoever ends this person's sessions comes before or after.
        user::lock(&mut tx, person.id).await?;
        if !device_login::finish(&mut tx, hash, ctx.now()).await? {
            return Err(expired());
        }
        let entry = self.save_session(&mut tx, ctx, &person, &opening).await?;
        tx.commit(entry).await?;
        match self.welcome(person, &opening, StatusCode::OK).result {
            SignInResult::SignedIn { tokens: Some(tokens), .. } => Ok(tokens),
            _ => Err(expired()),
        }
    }
}

fn unknown_code() -> Problem {
    Problem::not_found("code waiting to be approved")
}

fn expired() -> Problem {
    not_yet("device_code_expired", "The code has expired, was used, or never was.", "Start again with `diwan login`.")
}

fn not_yet(code: &'static str, detail: &'static str, next: &'static str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, code, "Not signed in", detail, next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = fresh_user_code(&World::real());
        assert_eq!(code.len(), 9);
        for typed in
            [code.clone(), code.to_lowercase(), code.replace('-', ""), code.replace('-', " "), format!(" {code} ")]
        {
            assert_eq!(read_user_code(&typed), Some(code.clone()), "{typed}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in ["", "ABCD-EFGH", "BCDF-GHJ", "BCDF-GHJKL", "BCDF-GH1K", "BCDF_GHJK", "ВСDF-GHJK"] {
            assert_eq!(read_user_code(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,30}") {
            let _ = read_user_code(&text);
        }
    }
}
