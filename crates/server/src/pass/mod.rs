//! The way of a request through the edge, in the order in which it is judged:
//! its target, the name it was addressed to, what it asks for, where it comes from, who is calling,
//! how fast; then it is carried out, and the answer is made fit to leave.

use std::net::SocketAddr;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use diwan_kernel::{Actor, Ctx, Problem};

pub(crate) mod body;
pub(crate) mod carry;
mod client;
mod compress;
mod cors;
mod forgery;
mod headers;
pub(crate) mod host;
pub(crate) mod limits;
mod log;
pub(crate) mod problems;
pub(crate) mod promise;
pub(crate) mod rate;
pub(crate) mod refusals;
mod target;
mod visit;

use crate::authenticator::Caller;
use crate::dashboard::knows;
use crate::edge::Inner;
use crate::health;
use crate::listen::Slot;
use crate::operation::Operation;
use carry::Carrier;
use host::Authority;
use refusals::Refusal;
use visit::{Asked, Visit};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Refusals that say something about the caller, and not only about the request.
const TELLING: [&str; 4] = ["not_allowed", "session_required", "cross_site_refused", "csrf_header_missing"];

/// Where a request came in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entrance {
    /// Whether over TLS.
    pub tls: bool,
    /// The place of its connection at the door.
    pub slot: Option<Slot>,
}

impl Inner {
    /// Answers a request.
    pub(crate) async fn answer<B>(&self, request: Request<B>, peer: SocketAddr, entrance: &Entrance) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let (parts, body) = request.into_parts();
        let visit = Visit::begin(self, &parts, peer, entrance.tls);
        let body = body::guard(body, visit.body_limit(), &visit.fate);
        self.see_through(visit, parts, body, entrance).await
    }

    async fn see_through(&self, mut visit: Visit<'_>, parts: Parts, body: Body, entrance: &Entrance) -> Response {
        let _in_flight = self.metrics.in_flight.mark();
        let answer = self.judge(&mut visit, parts, body, entrance).await;
        let answer = answer.unwrap_or_else(IntoResponse::into_response);
        self.see_off(visit, answer).await
    }

    async fn judge(
        &self,
        visit: &mut Visit<'_>,
        parts: Parts,
        body: Body,
        entrance: &Entrance,
    ) -> Result<Response, Problem> {
        match visit.asked {
            Asked::Alive => return Ok(health::alive()),
            Asked::Ready => return Ok(self.readiness.ready(&self.db, &self.supervisor).await),
            Asked::Bridge => {
                // Under whatever name it was found: what counts is proved behind the door.
                let (from, settings) = (visit.client.address, visit.settings.clone());
                let opened = self.let_machine_in(&mut Request::from_parts(parts, body), from, &settings);
                return opened.map_err(|problem| self.charge(visit, problem));
            }
            _ => {}
        }
        let further = &visit.settings.allowed_hosts;
        let authority = target::check(&parts.uri).and_then(|()| self.hosts.check(&parts, further));
        let authority = authority.map_err(|problem| self.charge(visit, problem))?;
        if visit.cors.is_some()
            && let Some(answer) = cors::preflight(&parts)
        {
            return Ok(answer);
        }
        match visit.asked {
            Asked::Operation(operation) => self.operate(operation, visit, parts, body, &authority, entrance).await,
            Asked::Screen => self.dashboard.as_ref().ok_or_else(problems::no_such_route)?.answer(&parts),
            asked => {
                self.take_unknown(visit)?;
                match asked {
                    Asked::Document => Ok(self.document(&parts)),
                    Asked::HandedOut => self.hand_out(&parts).await,
                    Asked::OtherMethods(allow) => Ok(not_with_this_method(allow)),
                    _ => Err(problems::no_such_route()),
                }
            }
        }
    }

    async fn operate(
        &self,
        operation: &Operation,
        visit: &mut Visit<'_>,
        mut parts: Parts,
        body: Body,
        authority: &Authority,
        entrance: &Entrance,
    ) -> Result<Response, Problem> {
        let (credential, secure) = (visit.credential, visit.client.secure);
        let may_open = || forgery::may_open_socket(&parts.headers, credential, &self.hosts, authority, secure);
        if operation.is_socket && !may_open() {
            return Err(self.charge(visit, forgery::cross_site()));
        }
        let own = forgery::check(&parts, credential, &self.hosts, authority, secure);
        own.map_err(|problem| self.charge(visit, problem))?;
        let mut caller = self.authenticator.authenticate(&parts, visit.facts.clone()).await?;
        visit.ctx = Some(caller.ctx.clone());
        visit.set_cookies = std::mem::take(&mut caller.set_cookies);
        visit.refused = caller.refused.take();
        self.take(operation, visit, &caller)?;
        let ctx = caller.ctx;
        if let Some(problem) = visit.fate.problem() {
            return Err(problem);
        }
        body::check_encoding(&parts.headers)?;
        let is_kept = operation.is_write() && !operation.streams_body;
        let key = if is_kept { promise::key_of(&parts.headers)? } else { None };
        if operation.is_socket {
            parts.extensions.insert(visit.settings.clone());
            parts.extensions.insert(entrance.slot.clone());
        }
        let (router, metrics) = (self.router.clone(), self.metrics.clone());
        let carrier = Carrier { router, time_limit: visit.time_limit(operation), metrics };
        match key.filter(|_| matches!(ctx.actor, Actor::User { .. } | Actor::Token { .. })) {
            Some(key) => {
                // Before the key is looked at: an answer from before is not for who may no longer ask.
                operation.authorise(&ctx)?;
                self.promises.keep(carrier, (parts, body), ctx, key, &visit.fate).await
            }
            None => {
                parts.extensions.insert(ctx);
                Ok(carrier.carry(Request::from_parts(parts, body)).await)
            }
        }
    }

    fn take(&self, operation: &Operation, visit: &mut Visit<'_>, caller: &Caller) -> Result<(), Problem> {
        let verdict = self.limits.take(&visit.settings, operation, caller, visit.client.address, visit.facts.arrived);
        self.note_verdict(visit, verdict)
    }

    fn take_unknown(&self, visit: &mut Visit<'_>) -> Result<(), Problem> {
        let verdict = self.limits.take_unknown(&visit.settings, visit.client.address, visit.facts.arrived);
        self.note_verdict(visit, verdict)
    }

    /// Refusals that ask nobody are quickly given, but not without end.
    fn charge(&self, visit: &mut Visit<'_>, problem: Problem) -> Problem {
        self.take_unknown(visit).err().unwrap_or(problem)
    }

    fn note_verdict(&self, visit: &mut Visit<'_>, verdict: rate::Verdict) -> Result<(), Problem> {
        visit.verdict = Some(verdict);
        if verdict.passes {
            return Ok(());
        }
        self.metrics.rate_limited.add(1);
        Err(limits::over_limit(&verdict))
    }

    fn document(&self, parts: &Parts) -> Response {
        let tag = HeaderValue::from_static;
        let (kind, keeps) = (tag("application/json"), tag("no-cache"));
        let fixed = [(header::CACHE_CONTROL, keeps), (header::ETAG, self.document_tag.clone())];
        if self.document_tag.to_str().is_ok_and(|tag| knows(&parts.headers, tag)) {
            return (StatusCode::NOT_MODIFIED, fixed).into_response();
        }
        (fixed, [(header::CONTENT_TYPE, kind)], self.document.clone()).into_response()
    }

    /// Makes an answer fit to leave, counts it and writes it down.
    async fn see_off(&self, mut visit: Visit<'_>, answer: Response) -> Response {
        let spoilt = visit.fate.problem();
        let closes = visit.is_http1 && (visit.closes || spoilt.is_some() || visit.fate.is_unread());
        let answer = spoilt.map_or(answer, IntoResponse::into_response);
        let answer = say_why(answer, &visit);
        let (mut answer, problem) = match visit.asked {
            Asked::Alive | Asked::Ready => (answer, None),
            _ => problems::finish(answer, &visit.id),
        };
        let status = answer.status();
        let kind = visit.kind();
        if kind == headers::Kind::Data && status != StatusCode::SWITCHING_PROTOCOLS {
            answer = compress::compress(answer, visit.accepts.clone()).await;
        }
        let sent = answer.headers_mut();
        headers::dress(sent, kind, visit.client.secure || self.is_https);
        if let Some(origin) = visit.cors.take() {
            cors::open(sent, origin);
        }
        if let Some(verdict) = &visit.verdict {
            limits::tell(sent, verdict);
        }
        if let Ok(id) = HeaderValue::try_from(&visit.id) {
            sent.insert(REQUEST_ID, id);
        }
        for cookie in &visit.set_cookies {
            sent.append(header::SET_COOKIE, cookie.clone());
        }
        if closes {
            sent.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let took = self.world.monotonic().saturating_sub(visit.facts.arrived);
        self.metrics.answered(visit.target(), status, took);
        log::request(&visit, status, problem.as_ref(), took);
        self.note_refusal(visit, problem);
        answer
    }

    fn note_refusal(&self, visit: Visit<'_>, problem: Option<Problem>) {
        let (Asked::Operation(operation), Some(problem)) = (visit.asked, problem) else { return };
        let bad_proof = visit.refused.is_some_and(|refused| refused.code() == problem.code());
        if bad_proof || TELLING.contains(&problem.code()) {
            let ctx = visit.ctx.unwrap_or_else(|| Ctx::anonymous(&self.world, visit.facts));
            self.refusals.note(Refusal { ctx, code: problem.code(), operation: operation.id.clone() });
        }
    }
}

/// Somebody whose proof no longer counts is told that, rather than that they have none.
fn say_why(answer: Response, visit: &Visit<'_>) -> Response {
    let unknown = answer.extensions().get::<Problem>().is_some_and(|p| p.code() == "sign_in_required");
    match &visit.refused {
        Some(refused) if unknown => refused.clone().into_response(),
        _ => answer,
    }
}

fn not_with_this_method(allow: &str) -> Response {
    let mut response = problems::method_not_allowed().into_response();
    if let Ok(allow) = HeaderValue::try_from(allow) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}
