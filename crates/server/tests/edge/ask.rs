//! A request as it is sent to the house, and what came back.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;

/// A request in the making: what a browser on our own page would send, unless told otherwise.
#[derive(Clone)]
pub(crate) struct Ask<'a> {
    method: &'a str,
    path: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: Option<&'a str>,
    pub(crate) peer: &'a str,
}

pub(crate) fn get(path: &str) -> Ask<'_> {
    ask("GET", path)
}

pub(crate) fn post<'a>(path: &'a str, body: &'a str) -> Ask<'a> {
    Ask { body: Some(body), ..ask("POST", path) }
}

pub(crate) fn ask<'a>(method: &'a str, path: &'a str) -> Ask<'a> {
    Ask { method, path, headers: vec![("host", "localhost:7400")], body: None, peer: "203.0.113.7:5000" }
}

impl<'a> Ask<'a> {
    pub(crate) fn header(mut self, name: &'a str, value: &'a str) -> Self {
        self.headers.retain(|(n, _)| *n != name);
        self.headers.push((name, value));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(n, _)| *n != name);
        self
    }

    pub(crate) fn from(mut self, peer: &'a str) -> Self {
        self.peer = peer;
        self
    }

    /// In the browser of this person.
    pub(crate) fn browser(self, cookie: &'a str) -> Self {
        self.header("cookie", cookie).header("sec-fetch-site", "same-origin").header("x-diwan-csrf", "1")
    }

    /// By a program with this token.
    pub(crate) fn token(self, authorization: &'a str) -> Self {
        self.header("authorization", authorization)
    }

    pub(crate) fn build(&self) -> Request<Body> {
        let mut request = Request::builder().method(self.method).uri(self.path);
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        if self.body.is_some() && !self.headers.iter().any(|(n, _)| *n == "content-type") {
            request = request.header("content-type", "application/json");
        }
        request.body(self.body.map_or_else(Body::empty, |b| Body::from(b.to_owned()))).unwrap()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// Status and code of a problem document, which must be complete.
    #[track_caller]
    pub(crate) fn problem(&self) -> (u16, &str) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{} {}", self.status, self.text);
        assert_eq!(self.json["status"], self.status.as_u16(), "{}", self.text);
        assert_eq!(self.json["request_id"], self.header("x-request-id"), "{}", self.text);
        for field in ["type", "title", "detail", "next"] {
            assert!(self.json[field].as_str().is_some_and(|t| !t.is_empty()), "{field} in {}", self.text);
        }
        (self.status.as_u16(), self.json["code"].as_str().unwrap())
    }
}
