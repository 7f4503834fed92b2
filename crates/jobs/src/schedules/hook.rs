//! Calls of other services: who is believed, and that each call counts once.

use std::time::Duration;

use axum::http::HeaderMap;
use diwan_kernel::{Ctx, DbError, Problem, Timestamp};
use ring::digest::{SHA256, digest};
use ring::hmac;
use serde::Deserialize;

use super::change::place;
use super::schedule::{HookProvider, Schedule, ScheduleWhen};
use super::trigger::Trigger;
use crate::id::ScheduleId;
use crate::job::Job;
use crate::jobs::Jobs;
use crate::table::schedule;

/// A call of our own kind is not older, by the clocks of both.
const FRESH: Duration = Duration::from_secs(300);

/// What came of a call.
#[derive(Debug)]
pub(crate) enum Called {
    /// A job.
    Fired(Box<Job>),
    /// Nothing: it was for something else.
    Passed,
    /// Nothing: the job of the last fire goes on and must not be overtaken.
    Skipped,
    /// Nothing: the same call came before.
    Again,
}

/// What code hosts say of a push.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Push {
    #[serde(rename = "ref")]
    reference: Option<String>,
    /// The commit that the branch is at from then on: none but zeros when it was deleted.
    after: Option<String>,
}

impl Push {
    fn is_deletion(&self) -> bool {
        self.after.as_ref().is_some_and(|commit| !commit.is_empty() && commit.bytes().all(|digit| digit == b'0'))
    }
}

impl Jobs {
    /// Takes a call.
    ///
    /// # Errors
    /// 401 when it is not believed, whatever is wrong.
    pub(crate) async fn take_call(
        &self,
        ctx: &Ctx,
        id: ScheduleId,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Called, Problem> {
        let found = schedule::find(self.db(), id).await?;
        let Some(one) = found else { return Err(not_believed()) };
        let ScheduleWhen::Webhook { provider, branch } = &one.when else { return Err(not_believed()) };
        let secret = self.secret_of(&one)?;
        let delivery = believe(*provider, &secret, headers, body, ctx.now()).ok_or_else(not_believed)?;
        if one.paused_at.is_some() || !is_push(*provider, headers) {
            return Ok(Called::Passed);
        }
        let push: Push = match provider {
            HookProvider::Diwan => Push::default(),
            _ => match serde_json::from_slice(body) {
                Ok(push) => push,
                Err(_) => {
                    self.tell_trouble(&one, &not_json()).await;
                    return Err(not_json());
                }
            },
        };
        if push.is_deletion()
            || branch.as_ref().is_some_and(|branch| push.reference != Some(format!("refs/heads/{branch}")))
        {
            return Ok(Called::Passed);
        }
        if !self.is_new(&one, &delivery, ctx.now()).await? {
            return Ok(Called::Again);
        }
        let by = Trigger::of_call(push.reference, push.after);
        let fired = self.fire_now(&self.ctx(), &one, &by).await;
        if !matches!(fired, Ok(Some(_))) {
            // Whoever called may call again.
            let mut tx = self.db().begin(&self.ctx()).await?;
            schedule::forget_delivery(&mut tx, one.id, &delivery).await?;
            tx.commit_unrecorded(diwan_kernel::db::Unrecorded::Bookkeeping).await?;
        }
        match fired {
            Ok(Some(job)) => Ok(Called::Fired(Box::new(job))),
            Ok(None) => {
                self.note_skip(&one, ("by", by.kind.to_owned())).await?;
                Ok(Called::Skipped)
            }
            Err(problem) => {
                self.tell_trouble(&one, &problem).await;
                Err(problem)
            }
        }
    }

    fn secret_of(&self, one: &Schedule) -> Result<Vec<u8>, Problem> {
        let sealed = one.secret.as_deref().ok_or_else(not_believed)?;
        let id = one.id.to_string();
        Ok(self.sealer().unseal(sealed, place(&id)).map_err(Problem::internal)?.to_vec())
    }

    async fn is_new(&self, one: &Schedule, delivery: &[u8; 32], now: Timestamp) -> Result<bool, DbError> {
        let mut tx = self.db().begin(&self.ctx()).await?;
        match schedule::note_delivery(&mut tx, one.id, delivery, now).await {
            Err(DbError::Unique(_)) => return Ok(false),
            other => other?,
        }
        tx.commit_unrecorded(diwan_kernel::db::Unrecorded::Bookkeeping).await?;
        Ok(true)
    }
}

/// What a believed call is known by.
fn believe(
    provider: HookProvider,
    secret: &[u8],
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Option<[u8; 32]> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    // A call is known by what nobody but its sender can make: ids in headers are not signed.
    let signed = |signature: &str, bytes: &[u8]| {
        unhex(signature).filter(|signature| hmac::verify(&key, bytes, signature).is_ok())
    };
    let known_by = match provider {
        HookProvider::Diwan => {
            let at = header("x-diwan-timestamp")?;
            let signature = header("x-diwan-signature")?.strip_prefix("v1=")?;
            let stamped = [at.as_bytes(), b".", body].concat();
            let sent = Timestamp::from_millis(at.parse::<i64>().ok()?.checked_mul(1000)?);
            let is_fresh = now.as_millis().abs_diff(sent.as_millis()) <= u64::try_from(FRESH.as_millis()).ok()?;
            signed(signature, &stamped).filter(|_| is_fresh)?
        }
        HookProvider::Github => signed(header("x-hub-signature-256")?.strip_prefix("sha256=")?, body)?,
        HookProvider::Gitea => signed(header("x-gitea-signature").or_else(|| header("x-forgejo-signature"))?, body)?,
        HookProvider::Gitlab => {
            // It signs nothing, and shows the secret instead: whoever overheard one call can make others.
            let shown = hmac::sign(&key, header("x-gitlab-token")?.as_bytes());
            hmac::verify(&key, secret, shown.as_ref()).ok()?;
            header("x-gitlab-event-uuid").map_or(body, str::as_bytes).to_vec()
        }
    };
    digest(&SHA256, &known_by).as_ref().try_into().ok()
}

/// Code hosts call for other reasons too.
fn is_push(provider: HookProvider, headers: &HeaderMap) -> bool {
    let is = |name: &str, wanted: &str| headers.get(name).is_some_and(|value| value == wanted);
    match provider {
        HookProvider::Diwan => true,
        HookProvider::Github => is("x-github-event", "push"),
        HookProvider::Gitea => is("x-gitea-event", "push") || is("x-forgejo-event", "push"),
        HookProvider::Gitlab => is("x-gitlab-event", "Push Hook"),
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.bytes().all(|b| b.is_ascii_hexdigit()) || !text.len().is_multiple_of(2) || text.len() > 128 {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

fn not_json() -> Problem {
    Problem::new(
        axum::http::StatusCode::UNPROCESSABLE_ENTITY,
        "call_not_json",
        "The call cannot be read",
        "The body of a signed call is not the JSON with which code hosts tell of a push.",
        "Have it sent as application/json, where the webhook was made.",
    )
}

fn not_believed() -> Problem {
    Problem::new(
        axum::http::StatusCode::UNAUTHORIZED,
        "call_not_believed",
        "The call is not believed",
        "There is no such schedule, or the call is not signed with its secret, or it is too old.",
        "Sign it with the secret that was shown when the schedule was made, and look at the clock.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"{\"ref\":\"refs/heads/main\"}";

    fn signed(secret: &[u8], bytes: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        hmac::sign(&key, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn headers(pairs: &[(&'static str, String)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| ((*name).parse().expect("a name"), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn a_call_is_believed_with_the_right_secret_only() {
        let now = Timestamp::from_millis(1_767_690_000_000);
        let stamp = "1767690000";
        let with_stamp = [stamp.as_bytes(), b".", BODY].concat();
        let github = || headers(&[("x-hub-signature-256", format!("sha256={}", signed(b"s3", BODY)))]);
        let gitea = || headers(&[("x-gitea-signature", signed(b"s3", BODY))]);
        let gitlab = || headers(&[("x-gitlab-token", "s3".to_owned())]);
        let own = || {
            let signature = format!("v1={}", signed(b"s3", &with_stamp));
            headers(&[("x-diwan-timestamp", stamp.to_owned()), ("x-diwan-signature", signature)])
        };
        let all = [
            (HookProvider::Github, github()),
            (HookProvider::Gitea, gitea()),
            (HookProvider::Gitlab, gitlab()),
            (HookProvider::Diwan, own()),
        ];
        for (provider, headers) in all {
            assert!(believe(provider, b"s3", &headers, BODY, now).is_some(), "{provider:?}");
            assert!(believe(provider, b"s4", &headers, BODY, now).is_none(), "{provider:?}, another secret");
            assert!(believe(provider, b"s3", &HeaderMap::new(), BODY, now).is_none(), "{provider:?}, unsigned");
            if provider != HookProvider::Gitlab {
                assert!(believe(provider, b"s3", &headers, b"{}", now).is_none(), "{provider:?}, another body");
            }
        }
        let late = now.plus(FRESH + Duration::from_secs(1));
        assert!(believe(HookProvider::Diwan, b"s3", &own(), BODY, late).is_none(), "too old");
        let early = now.minus(FRESH + Duration::from_secs(1));
        assert!(believe(HookProvider::Diwan, b"s3", &own(), BODY, early).is_none(), "from the future");
    }

    #[test]
    fn a_call_is_known_by_its_signature_whatever_else_it_says() {
        let now = Timestamp::from_millis(1_767_690_000_000);
        let github = |signature: String, id: &str| {
            headers(&[("x-hub-signature-256", format!("sha256={signature}")), ("x-github-delivery", id.to_owned())])
        };
        let gitea = |signature: String, id: &str| {
            headers(&[("x-gitea-signature", signature), ("x-gitea-delivery", id.to_owned())])
        };
        let (usual, large) = (signed(b"s3", BODY), signed(b"s3", BODY).to_ascii_uppercase());
        for (provider, first, second) in [
            (HookProvider::Github, github(usual.clone(), "1"), github(large.clone(), "2")),
            (HookProvider::Gitea, gitea(usual, "1"), gitea(large, "2")),
        ] {
            let known = believe(provider, b"s3", &first, BODY, now);
            assert!(known.is_some() && known == believe(provider, b"s3", &second, BODY, now), "{provider:?}");
        }
    }

    #[test]
    fn what_is_no_signature_is_none() {
        for odd in ["", "zz", "abc", "é", "+1", &"ab".repeat(65)] {
            assert!(unhex(odd).is_none_or(|bytes| bytes.is_empty()), "{odd}");
        }
        assert_eq!(unhex("00ff"), Some(vec![0, 255]));
    }
}
