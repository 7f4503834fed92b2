//! People who use the product through its front door.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use reqwest::{Method, StatusCode};
use serde_json::Value;

/// An answer of the server.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, when it is JSON.
    pub json: Value,
    /// Its body.
    pub text: String,
}

impl Answer {
    /// The body, when the status is as expected.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn expect(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json
    }

    /// The problem's code, when it is a problem document.
    ///
    /// # Panics
    /// When it is not one.
    #[track_caller]
    pub fn problem(&self) -> &str {
        let kind = self.headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
        assert_eq!(kind, "application/problem+json", "{} {}", self.status, self.text);
        for field in ["title", "detail", "next", "request_id"] {
            assert!(self.json[field].as_str().is_some_and(|t| !t.is_empty()), "{field} in {}", self.text);
        }
        self.json["code"].as_str().expect("a code")
    }
}

/// Somebody with a browser (or a program): keeps cookies, sends what the dashboard sends.
#[derive(Debug)]
pub struct Person {
    http: reqwest::Client,
    base: String,
    cookies: Mutex<BTreeMap<String, String>>,
    bearer: Option<String>,
}

impl Person {
    pub(crate) fn new(base: String) -> Self {
        // One provider everywhere; a second installation in this process is a no-op.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("a client can be made");
        Self { http, base, cookies: Mutex::default(), bearer: None }
    }

    /// A program with this token and no cookies.
    pub fn with_token(&self, token: &str) -> Self {
        Self { bearer: Some(token.to_owned()), ..Self::new(self.base.clone()) }
    }

    /// Where it sends its requests.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A cookie's value.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Sets a cookie.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).insert(name.into(), value.into());
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, &[]).await
    }

    /// POST.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body), &[]).await
    }

    /// PATCH.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body), &[]).await
    }

    /// PUT.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body), &[]).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None, &[]).await
    }

    /// All leases of secrets.
    ///
    /// # Panics
    /// When they are not shown.
    pub async fn leases(&self) -> Vec<Value> {
        let found = self.get("/api/v1/secret-leases").await.expect(StatusCode::OK);
        found["items"].as_array().expect("items").clone()
    }

    /// Any request, with further headers. A header given here replaces the usual one; an empty
    /// value leaves it out.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Answer {
        let mut all = HeaderMap::new();
        if method != Method::GET {
            all.insert("x-diwan-csrf", HeaderValue::from_static("1"));
            all.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
        }
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !cookies.is_empty() {
            let line = cookies.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; ");
            all.insert("cookie", line.parse().expect("a header"));
        }
        if let Some(token) = &self.bearer {
            all.insert("authorization", format!("Bearer {token}").parse().expect("a header"));
        }
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a header");
            all.remove(&name);
            if !value.is_empty() {
                all.insert(name, value.parse().expect("a header"));
            }
        }
        let mut request = self.http.request(method, format!("{}{path}", self.base)).headers(all);
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.keep(request.send().await.expect("the server answers")).await
    }

    async fn keep(&self, response: reqwest::Response) -> Answer {
        let (status, headers) = (response.status(), response.headers().clone());
        for line in headers.get_all(SET_COOKIE).iter().filter_map(|v| v.to_str().ok()) {
            let (name, rest) = line.split_once('=').expect("a cookie");
            let value = rest.split(';').next().unwrap_or_default();
            let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
            if value.is_empty() || rest.to_lowercase().contains("max-age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let text = response.text().await.unwrap_or_default();
        Answer { status, headers, json: serde_json::from_str(&text).unwrap_or_default(), text }
    }
}
