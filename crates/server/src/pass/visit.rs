//! One request on its way through the edge: what is known of it from the start, and what is found out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, Uri, Version};
use diwan_kernel::ctx::RequestFacts;
use diwan_kernel::{Ctx, Id, Problem};

use super::body::Fate;
use super::client::Client;
use super::forgery::Credential;
use super::headers::Kind;
use super::rate::Verdict;
use crate::bridges;
use crate::config::ServerConfig;
use crate::edge::Inner;
use crate::metrics::Target;
use crate::operation::{BASE, Found, Operation};

const LONGEST_USER_AGENT: usize = 256;

/// What a request asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked<'a> {
    /// An operation of the API.
    Operation(&'a Operation),
    /// Something of the API with another method than these.
    OtherMethods(&'a str),
    /// Something of the API that is not there.
    Nothing,
    /// The OpenAPI document.
    Document,
    /// Whether the process runs.
    Alive,
    /// Whether it can do its work.
    Ready,
    /// To connect as a machine.
    Bridge,
    /// What machines fetch before they join.
    HandedOut,
    /// A file or a screen of the dashboard.
    Screen,
}

/// A request on its way.
pub(crate) struct Visit<'a> {
    /// By what it is judged, from beginning to end.
    pub settings: Arc<ServerConfig>,
    /// Its id.
    pub id: String,
    /// What operations may know of it.
    pub facts: Arc<RequestFacts>,
    pub method: Method,
    pub uri: Uri,
    /// Who sent it, after trusted proxies.
    pub client: Client,
    /// What proves who sent it.
    pub credential: Credential,
    /// What it asks for.
    pub asked: Asked<'a>,
    /// What becomes of its body.
    pub fate: Fate,
    /// What compressions the client understands.
    pub accepts: Option<HeaderValue>,
    /// The other origin it comes from, if that is allowed.
    pub cors: Option<HeaderValue>,
    /// Whether it came over HTTP/1.
    pub is_http1: bool,
    /// Whether the connection cannot be trusted to be in step after it: a chunked body is where two
    /// servers can disagree about the end of a request (smuggling). Whatever a proxy took it for,
    /// nothing more is read from the same connection.
    pub closes: bool,
    /// Who is calling, once that is known.
    pub ctx: Option<Ctx>,
    /// What the limits say, once they were asked.
    pub verdict: Option<Verdict>,
    /// Why its proof proved nothing, if it brought one.
    pub refused: Option<Problem>,
    /// Cookies that go with the answer, whatever it is.
    pub set_cookies: Vec<HeaderValue>,
}

impl<'a> Visit<'a> {
    /// Looks at a request.
    pub(crate) fn begin(edge: &'a Inner, parts: &Parts, peer: SocketAddr, tls: bool) -> Self {
        let settings = edge.settings.get();
        let client = Client::of(peer.ip(), tls, &parts.headers, &settings.trusted_proxies);
        let id = Id::new(&edge.world);
        let facts = RequestFacts {
            id,
            address: Some(client.address),
            user_agent: user_agent(&parts.headers),
            arrived: edge.world.monotonic(),
        };
        Self {
            id: id.to_string(),
            facts: Arc::new(facts),
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            client,
            credential: Credential::of(&parts.headers),
            asked: asked(edge, &parts.method, parts.uri.path()),
            fate: Fate::default(),
            accepts: parts.headers.get(header::ACCEPT_ENCODING).cloned(),
            cors: super::cors::allowed(&parts.headers, &settings.cors_origins),
            is_http1: parts.version < Version::HTTP_2,
            closes: parts.headers.contains_key(header::TRANSFER_ENCODING),
            ctx: None,
            verdict: None,
            refused: None,
            set_cookies: vec![],
            settings,
        }
    }

    /// How large its body may be.
    pub(crate) fn body_limit(&self) -> usize {
        let own = match self.asked {
            Asked::Operation(operation) => operation.max_body_bytes,
            _ => None,
        };
        own.unwrap_or(self.settings.max_body_bytes)
    }

    /// How long its operation may take.
    pub(crate) fn time_limit(&self, operation: &Operation) -> Duration {
        operation.time_limit.unwrap_or(Duration::from_secs(self.settings.request_timeout_s))
    }

    /// As what it is counted.
    pub(crate) fn target(&self) -> Target {
        match self.asked {
            Asked::Operation(operation) => Target::Operation(operation.index),
            Asked::OtherMethods(_) | Asked::Nothing => Target::Nothing,
            Asked::Document | Asked::Alive | Asked::Ready | Asked::Bridge | Asked::HandedOut => Target::Edge,
            Asked::Screen => Target::Dashboard,
        }
    }

    /// What a browser may do with the answer.
    pub(crate) fn kind(&self) -> Kind {
        match self.asked {
            Asked::Screen => Kind::Page,
            _ => Kind::Data,
        }
    }
}

fn asked<'a>(edge: &'a Inner, method: &Method, path: &str) -> Asked<'a> {
    match path {
        "/healthz" => return Asked::Alive,
        "/readyz" => return Asked::Ready,
        bridges::PATH => return Asked::Bridge,
        _ if bridges::is_handed_out(path) => return Asked::HandedOut,
        _ if !(path == "/api" || path.starts_with("/api/")) => return Asked::Screen,
        _ => {}
    }
    if path.strip_prefix(BASE) == Some("/openapi.json") {
        let reads = matches!(*method, Method::GET | Method::HEAD);
        return if reads { Asked::Document } else { Asked::OtherMethods("GET, HEAD") };
    }
    match edge.operations.find(method, path) {
        Found::Operation(operation) => Asked::Operation(operation),
        Found::OtherMethods(allow) => Asked::OtherMethods(allow),
        Found::Nothing => Asked::Nothing,
    }
}

/// What the client calls itself: visible characters, and not too many.
fn user_agent(headers: &HeaderMap) -> Option<Arc<str>> {
    let text = headers.get(header::USER_AGENT)?.to_str().ok()?;
    Some(text.get(..LONGEST_USER_AGENT).unwrap_or(text).into())
}
