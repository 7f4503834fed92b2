//! Writes that may be repeated safely: the same `Idempotency-Key` with the same request gives the same
//! answer, and nothing is done twice.
//!
//! The first unit of work of the operation writes the key down in the transaction of the change, so
//! that a change without its key cannot exist. The edge adds the answer afterwards. When the process
//! dies in between, the write was done and its answer is lost: a repetition is told so at once, and is
//! neither done again nor kept waiting for somebody who is gone. Keys belong to whoever is signed in;
//! for everybody else they mean nothing, since "everybody else" is no one.
//!
//! An answer that no cache may keep holds a secret that is shown once. It is not kept here either: a
//! repetition is told that the write was done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use diwan_kernel::ctx::Idempotency;
use diwan_kernel::seal::Place;
use diwan_kernel::{Ctx, Db, DbError, Problem, Sealer, Supervisor, TaskPolicy, Timestamp};
use ring::digest::{Context as Digest, SHA256};
use tokio::sync::oneshot;

use super::body::Fate;
use super::carry::Carrier;
use crate::table::idempotency::{self, Kept};

/// How long a key is remembered.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);
const SWEEP_EVERY: Duration = Duration::from_secs(600);
/// Larger answers are not kept; a repetition is then told that the write was done.
const LARGEST_KEPT: usize = 256 * 1024;
/// The headers that are part of the answer. Cookies are not: they belong to one browser, once.
const KEPT_HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Another node that shares the database may need so long beyond the time limit to keep an answer.
const OTHER_NODE: Duration = Duration::from_secs(15);

/// Keeps answers.
#[derive(Clone)]
pub(crate) struct Promises {
    db: Db,
    sealer: Sealer,
    supervisor: Supervisor,
    under_way: UnderWay,
}

/// An actor and their key.
type Name = (String, Arc<str>);

/// The writes that this process is carrying out.
#[derive(Clone, Default)]
struct UnderWay(Arc<Mutex<BTreeSet<Name>>>);

impl UnderWay {
    /// Takes a write on; `None` while it is being carried out.
    fn begin(&self, actor: &str, key: &Arc<str>) -> Option<Begun> {
        let name = (actor.to_owned(), key.clone());
        let is_first = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone());
        is_first.then(|| Begun { name, among: self.clone() })
    }
}

/// A write that is under way until this is dropped.
struct Begun {
    name: Name,
    among: UnderWay,
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.among.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

/// The key of a request, if it has one.
///
/// # Errors
/// 400 when it is not 1 to 255 visible ASCII characters, or there are several.
pub(crate) fn key_of(headers: &HeaderMap) -> Result<Option<Arc<str>>, Problem> {
    let mut lines = headers.get_all("idempotency-key").iter();
    let Some(key) = lines.next() else { return Ok(None) };
    let text = key.to_str().ok().filter(|k| (1..=255).contains(&k.len()) && k.bytes().all(|b| b.is_ascii_graphic()));
    match (text, lines.next()) {
        (Some(text), None) => Ok(Some(text.into())),
        _ => Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "idempotency_key_invalid",
            "The idempotency key is not valid",
            "The header Idempotency-Key must be one value of 1 to 255 visible ASCII characters.",
            "Send a fresh random value, such as a UUID, for every new write.",
        )),
    }
}

impl Promises {
    pub(crate) fn new(db: Db, sealer: Sealer, supervisor: Supervisor) -> Self {
        Self { db, sealer, supervisor, under_way: UnderWay::default() }
    }

    /// Carries a write out, or gives the answer that it had.
    ///
    /// # Errors
    /// 409 when the key was used for another request, its write is under way, or its answer is lost.
    pub(crate) async fn keep(
        &self,
        carrier: Carrier,
        (parts, body): (Parts, Body),
        mut ctx: Ctx,
        key: Arc<str>,
        fate: &Fate,
    ) -> Result<Response, Problem> {
        let body = axum::body::to_bytes(body, usize::MAX).await;
        let body =
            body.map_err(|_| fate.problem().unwrap_or_else(|| Problem::invalid("The body could not be read.")))?;
        let digest = digest(&parts, &body);
        let actor = ctx.actor.key();
        // Before looking: what is written down and not under way here has nobody who could answer it.
        let begun = self.under_way.begin(&actor, &key);
        if let Some(written) = idempotency::find(&self.db, &actor, &key).await? {
            if written.digest != digest {
                return Err(key_reused());
            }
            return match written.answer {
                Some(kept) => self.replay(kept, &actor, &key),
                None if begun.is_some() && self.is_given_up(written.at, carrier.time_limit) => Err(answer_lost()),
                None => Err(DbError::KeyInUse.into()),
            };
        }
        let begun = begun.ok_or(DbError::KeyInUse)?;
        let promise = Idempotency::new(key.clone(), digest);
        ctx.idempotency = Some(promise.clone());
        let request_id = ctx.request.as_ref().map(|r| r.id.to_string()).unwrap_or_default();
        let mut request = Request::from_parts(parts, Body::from(body));
        request.extensions_mut().insert(ctx);
        let (this, (tell, told)) = (self.clone(), oneshot::channel());
        // A client that hangs up must not stop the write between its commit and the keeping of its answer.
        self.supervisor.spawn("idempotent write", TaskPolicy::Once, async move {
            let mut response = carrier.carry(request).await;
            if promise.is_written() {
                response = this.store(response, &actor, &promise.key, &request_id).await;
            }
            drop(begun);
            let _ = tell.send(response);
        });
        told.await.map_err(|_| Problem::internal("an idempotent write was cut short"))
    }

    /// Whether nobody is carrying out a write that is not under way here. A SQLite database has one
    /// process; a PostgreSQL database may have others, which end within the time limit.
    fn is_given_up(&self, at: Timestamp, time_limit: Duration) -> bool {
        self.db.engine() == "sqlite" || at.plus(time_limit + OTHER_NODE) <= self.db.world().now()
    }

    /// Keeps the answer of a write that was done. An answer that cannot be kept is still given.
    async fn store(&self, response: Response, actor: &str, key: &str, request_id: &str) -> Response {
        use axum::body::HttpBody;
        let size = response.body().size_hint().exact();
        // Our own failure says nothing about the write, which was done.
        if response.status().is_server_error() || size.is_none_or(|s| s > LARGEST_KEPT as u64) {
            return response;
        }
        let (parts, body) = response.into_parts();
        let Ok(bytes) = axum::body::to_bytes(body, LARGEST_KEPT).await else {
            return Problem::internal("an answer could not be read").into_response_for(None);
        };
        let problem = parts.extensions.get::<Problem>().cloned();
        let problem = problem.or_else(|| holds_secret(&parts.headers).then(answer_not_kept));
        let (status, headers, told) = match problem {
            Some(problem) => {
                let (told, body) = problem.into_response_for(Some(request_id)).into_parts();
                let body = axum::body::to_bytes(body, LARGEST_KEPT).await.unwrap_or_default();
                (told.status, kept_headers(&told.headers), body)
            }
            None => (parts.status, kept_headers(&parts.headers), bytes.clone()),
        };
        let row = format!("{actor}/{key}");
        match self.sealer.seal(&told, place(&row)) {
            Ok(body) => {
                let kept = Kept { status: status.as_u16(), headers, body };
                if let Err(error) = idempotency::keep(&self.db, actor, key, kept).await {
                    tracing::warn!(%error, "the answer of an idempotent write could not be kept");
                }
            }
            Err(error) => tracing::error!(%error, "the answer of an idempotent write could not be sealed"),
        }
        Response::from_parts(parts, Body::from(bytes))
    }

    fn replay(&self, kept: Kept, actor: &str, key: &str) -> Result<Response, Problem> {
        let row = format!("{actor}/{key}");
        let body = self.sealer.unseal(&kept.body, place(&row)).map_err(Problem::internal)?;
        let mut response = Response::new(Body::from(body.to_vec()));
        *response.status_mut() = StatusCode::from_u16(kept.status).map_err(Problem::internal)?;
        let headers: BTreeMap<String, String> = serde_json::from_str(&kept.headers).map_err(Problem::internal)?;
        for (name, value) in headers {
            let name: HeaderName = name.parse().map_err(Problem::internal)?;
            response.headers_mut().insert(name, value.parse().map_err(Problem::internal)?);
        }
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        Ok(response)
    }

    /// Forgets keys that are older than a day, again and again.
    pub(crate) async fn sweep(self) {
        loop {
            let before = self.db.world().now().minus(REMEMBERED);
            if let Err(error) = idempotency::forget(&self.db, before).await {
                tracing::warn!(%error, "old idempotency keys could not be forgotten");
            }
            if !self.supervisor.pause(SWEEP_EVERY).await {
                return;
            }
        }
    }
}

fn place(row: &str) -> Place<'_> {
    Place { table: "idempotency", column: "answer", row }
}

/// Whether a handler said that nobody may keep its answer.
fn holds_secret(headers: &HeaderMap) -> bool {
    headers.get(header::CACHE_CONTROL).is_some_and(|value| value == "no-store")
}

fn kept_headers(headers: &HeaderMap) -> String {
    let kept = KEPT_HEADERS.iter().filter_map(|name| Some((name.as_str(), headers.get(name)?.to_str().ok()?)));
    serde_json::to_string(&kept.collect::<BTreeMap<_, _>>()).unwrap_or_else(|_| "{}".into())
}

/// What makes two requests the same request.
fn digest(parts: &Parts, body: &[u8]) -> [u8; 32] {
    let mut digest = Digest::new(&SHA256);
    let target = parts.uri.path_and_query().map_or("", |t| t.as_str());
    let kind = parts.headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    for part in [parts.method.as_str().as_bytes(), target.as_bytes(), kind, body] {
        digest.update(&(part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.finish().as_ref());
    bytes
}

fn key_reused() -> Problem {
    Problem::conflict(
        "idempotency_key_reused",
        "This idempotency key was used for another request",
        "The same Idempotency-Key came before with another method, address or body.",
        "Send a fresh key with every new write.",
    )
}

fn answer_lost() -> Problem {
    Problem::conflict(
        "idempotency_answer_lost",
        "This was begun before, and its answer is lost",
        "A request with the same Idempotency-Key was carried out, but the server ended or failed before it could keep the answer.",
        "Look at the resource to see what came of it; only if it is not there, repeat the request with a fresh key.",
    )
}

fn answer_not_kept() -> Problem {
    Problem::conflict(
        "idempotency_secret_not_kept",
        "This was done before, and its secret is not shown again",
        "A request with the same Idempotency-Key was carried out. Its answer held a secret, which is shown once and not kept.",
        "If that answer did not reach you, remove what was made and make it again with a fresh key.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_and_single() {
        let key = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("idempotency-key", HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            key_of(&headers).map(|k| k.map(|k| k.to_string())).map_err(|p| p.code())
        };
        assert_eq!(key(&[]), Ok(None));
        assert_eq!(key(&["a-1"]), Ok(Some("a-1".into())));
        assert_eq!(key(&[&"k".repeat(255)]), Ok(Some("k".repeat(255))));
        for wrong in [vec![""], vec!["a b"], vec!["é"], vec!["a", "b"], vec![&*"k".repeat(256)]] {
            assert_eq!(key(&wrong), Err("idempotency_key_invalid"), "{wrong:?}");
        }
    }

    #[test]
    fn requests_differ_by_every_part() {
        let of = |method: &str, uri: &str, kind: &str, body: &str| {
            let request = Request::builder().method(method).uri(uri).header("content-type", kind).body(()).unwrap();
            digest(&request.into_parts().0, body.as_bytes())
        };
        let all = [
            of("POST", "/a", "x", "b"),
            of("PUT", "/a", "x", "b"),
            of("POST", "/a?b", "x", "b"),
            of("POST", "/a", "y", "b"),
            of("POST", "/a", "x", "c"),
            of("POST", "/a", "xb", ""),
        ];
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len());
    }
}
