//! The dashboard's files: found by path, sent as small as the client can read them, kept by browsers
//! for as long as they stay the same. Addresses of screens lead to the one page that draws them all.

use std::borrow::Cow;

use axum::body::{Body, Bytes};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use diwan_kernel::Problem;

use crate::pass::problems;

mod embedded;

const INDEX: &str = "index.html";
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// One file, with its compressed forms where they are smaller.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Its path below the root: `assets/main-1a2b3c.js`.
    pub path: &'static str,
    /// What tells this version from others.
    pub digest: &'static str,
    /// Its content.
    pub plain: &'static [u8],
    /// The same, compressed with Brotli.
    pub br: Option<&'static [u8]>,
    /// The same, compressed with gzip.
    pub gz: Option<&'static [u8]>,
}

/// The files of a dashboard.
#[derive(Debug, Clone)]
pub struct Dashboard {
    files: Cow<'static, [File]>,
}

impl Dashboard {
    /// The one that was built into the binary.
    pub const fn embedded() -> Self {
        Self { files: Cow::Borrowed(embedded::FILES) }
    }

    /// One of these files.
    pub fn of(mut files: Vec<File>) -> Self {
        files.sort_by_key(|f| f.path);
        Self { files: Cow::Owned(files) }
    }

    /// Answers a request for a file or a screen.
    pub(crate) fn answer(&self, parts: &Parts) -> Result<Response, Problem> {
        let path = parts.uri.path().trim_start_matches('/');
        let found = self.find(if path.is_empty() { INDEX } else { path });
        let found = found.or_else(|| is_navigation(path, &parts.headers).then(|| self.find(INDEX)).flatten());
        let file = found.ok_or_else(problems::no_such_route)?;
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            return Err(problems::method_not_allowed());
        }
        Ok(send(file, &parts.headers))
    }

    fn find(&self, path: &str) -> Option<&File> {
        let at = self.files.binary_search_by_key(&path, |f| f.path).ok()?;
        self.files.get(at)
    }
}

/// Whether a person opens a screen, rather than a page asking for a file that is missing.
fn is_navigation(path: &str, headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let is_file = path.starts_with("assets/");
    !is_file && accepts.contains("text/html")
}

fn send(file: &File, headers: &HeaderMap) -> Response {
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let (content, encoding) = match (file.br, file.gz) {
        (Some(br), _) if accepts_encoding(accepts, "br") => (br, Some("br")),
        (_, Some(gz)) if accepts_encoding(accepts, "gzip") => (gz, Some("gzip")),
        _ => (file.plain, None),
    };
    let tag = format!("\"{}{}\"", file.digest, encoding.map(|e| format!("-{e}")).unwrap_or_default());
    let keeps = if file.path.starts_with("assets/") { FOR_EVER } else { ASK_AGAIN };
    let fixed: [(HeaderName, HeaderValue); 2] =
        [(header::CACHE_CONTROL, keeps), (header::VARY, HeaderValue::from_static("accept-encoding"))];
    let mut response = if knows(headers, &tag) {
        (StatusCode::NOT_MODIFIED, fixed).into_response()
    } else {
        let kind = HeaderValue::from_static(media_type(file.path));
        (fixed, [(header::CONTENT_TYPE, kind)], Body::from(Bytes::from_static(content))).into_response()
    };
    let sent = response.headers_mut();
    if let Ok(tag) = HeaderValue::try_from(tag) {
        sent.insert(header::ETAG, tag);
    }
    if let Some(encoding) = encoding {
        sent.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// Whether an `Accept-Encoding` names this encoding and does not forbid it.
fn accepts_encoding(accepts: &str, encoding: &str) -> bool {
    accepts.split(',').any(|part| {
        let (name, quality) = part.split_once(';').unwrap_or((part, ""));
        let refused = quality.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok()) == Some(0.0);
        name.trim().eq_ignore_ascii_case(encoding) && !refused
    })
}

/// Whether the client has this version already.
pub(crate) fn knows(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()).unwrap_or_default();
    known.split(',').any(|t| t.trim().trim_start_matches("W/") == tag || t.trim() == "*")
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn dashboard() -> Dashboard {
        let file = |path, br, gz| File { path, digest: "d1", plain: b"plain", br, gz };
        Dashboard::of(vec![
            file("index.html", Some(b"br"), Some(b"gz")),
            file("assets/main-1.js", None, Some(b"gz")),
            file("theme.js", None, None),
        ])
    }

    fn get(method: &str, path: &str, headers: &[(&str, &str)]) -> Result<Response, &'static str> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        dashboard().answer(&request.body(()).unwrap().into_parts().0).map_err(|p| p.code())
    }

    fn header(response: &Response, name: &str) -> String {
        response.headers().get(name).map_or("", |v| v.to_str().unwrap()).to_owned()
    }

    #[test]
    fn the_smallest_form_that_the_client_reads_is_sent() {
        for (path, accepts, encoding) in [
            ("/", "gzip, br", "br"),
            ("/", "gzip, br;q=0", "gzip"),
            ("/", "", ""),
            ("/assets/main-1.js", "br, gzip", "gzip"),
            ("/theme.js", "br, gzip", ""),
        ] {
            let response = get("GET", path, &[("accept-encoding", accepts)]).unwrap();
            assert_eq!(header(&response, "content-encoding"), encoding, "{path} {accepts}");
            assert_eq!(header(&response, "vary"), "accept-encoding");
        }
    }

    #[test]
    fn screens_lead_to_the_page_and_missing_files_to_nothing() {
        let page = [("accept", "text/html,application/xhtml+xml")];
        let screen = get("GET", "/people/invitations", &page).unwrap();
        assert_eq!(header(&screen, "content-type"), "text/html; charset=utf-8");
        assert_eq!(header(&screen, "cache-control"), "no-cache");
        assert_eq!(get("GET", "/people", &[("accept", "*/*")]).unwrap_err(), "not_found");
        assert_eq!(get("GET", "/assets/gone-2.js", &page).unwrap_err(), "not_found");
        assert_eq!(get("POST", "/", &page).unwrap_err(), "method_not_allowed");
    }

    #[test]
    fn named_by_content_is_kept_for_ever_and_known_is_not_sent_again() {
        let asset = get("GET", "/assets/main-1.js", &[]).unwrap();
        assert_eq!(header(&asset, "cache-control"), "public, max-age=31536000, immutable");
        let tag = header(&asset, "etag");
        let again = get("GET", "/assets/main-1.js", &[("if-none-match", &format!("\"other\", W/{tag}"))]).unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let other = get("GET", "/assets/main-1.js", &[("if-none-match", &tag), ("accept-encoding", "gzip")]).unwrap();
        assert_eq!(other.status(), StatusCode::OK, "a tag belongs to one form");
    }

    #[test]
    fn the_binary_carries_a_page() {
        assert!(Dashboard::embedded().find(INDEX).is_some_and(|f| !f.plain.is_empty()));
    }
}
