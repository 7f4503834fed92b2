//! A bucket: where it is, and what is asked of it.

use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use reqwest::redirect::Policy;
use reqwest::{Body, Certificate, Client, ClientBuilder, Method, Response, StatusCode};
use time::OffsetDateTime;
use url::Url;

use crate::ObjectError;
use crate::sign::{Keys, Request, hex, spelled};

/// A storage answers within this time, and goes on within it.
const PATIENCE: Duration = Duration::from_secs(60);
/// What is put there arrives at this pace at the least, in bytes a second.
const SLOWEST: u64 = 64 * 1024;
/// What it complains about is listened to for so long.
const COMPLAINT_PATIENCE: Duration = Duration::from_secs(10);
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// No name of an object may be longer, what stands before it in a path included.
const LONGEST_NAME: usize = 1024;
/// No more of a complaint is read.
const LONGEST_COMPLAINT: usize = 64 * 1024;
/// SHA-256 of nothing.
const NOTHING: [u8; 32] = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
    0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// Where a bucket is.
#[derive(Debug, Clone)]
pub struct BucketParts<'a> {
    /// The address of the bucket, and of a place in it: `https://storage.example/bucket/place`.
    pub address: &'a str,
    /// Certificates that are believed instead of the usual ones, as PEM.
    pub believed: Option<&'a [u8]>,
    /// What we prove ourselves with.
    pub keys: Keys,
}

/// What storages call an object that they never take.
const UNFIT: [&str; 3] = ["KeyTooLong", "EntityTooLarge", "XMinioInvalidObjectName"];

/// A bucket, or a place in one. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// For what is fetched: whoever gives it goes on giving.
    getting: Client,
    /// For what is put there: nothing is heard until all of it has arrived.
    putting: Client,
    base: Url,
    keys: Keys,
}

/// An object on its way here.
pub struct Object {
    /// How many bytes come.
    pub length: u64,
    response: Response,
}

impl std::fmt::Debug for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Object").field("length", &self.length).finish_non_exhaustive()
    }
}

impl Object {
    /// What comes next; nothing at the end.
    ///
    /// # Errors
    /// When it breaks off.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ObjectError> {
        self.response.chunk().await.map_err(|error| ObjectError::Away(plain(&error)))
    }
}

impl Bucket {
    /// A way to a bucket; nothing is asked yet.
    ///
    /// # Errors
    /// When the address or the certificates make no sense.
    pub fn new(parts: BucketParts<'_>) -> Result<Self, ObjectError> {
        // Another part of the process may have chosen the same before: then this changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let base = address(parts.address)?;
        let unusable = |_| ObjectError::Setting("there are no certificates in that file".to_owned());
        let believed = parts.believed.map(|pem| Certificate::from_pem_bundle(pem).map_err(unusable)).transpose()?;
        let http = || {
            let http = Client::builder()
                .redirect(Policy::none())
                .connect_timeout(CONNECT_PATIENCE)
                .pool_idle_timeout(Duration::from_secs(30))
                .referer(false)
                .no_proxy()
                .user_agent(concat!("diwan/", env!("CARGO_PKG_VERSION")));
            match &believed {
                Some(authorities) => http.tls_certs_only(authorities.clone()),
                None => http,
            }
        };
        let built = |http: ClientBuilder| http.build().map_err(|error| ObjectError::Setting(plain(&error)));
        let (getting, putting) = (built(http().read_timeout(PATIENCE))?, built(http())?);
        Ok(Self { getting, putting, base, keys: parts.keys })
    }

    /// Puts an object there, of which length and SHA-256 are known: the storage keeps nothing else.
    ///
    /// # Errors
    /// See [`ObjectError`].
    pub async fn put<S, E>(
        &self,
        at: OffsetDateTime,
        name: &str,
        (length, sha256): (u64, &[u8; 32]),
        content: S,
    ) -> Result<(), ObjectError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>> + 'static,
    {
        let headers = [("content-length", length.to_string()), ("content-type", "application/octet-stream".to_owned())];
        let mut request = self.request(&self.putting, Method::PUT, name, &headers, sha256, at);
        for (header, value) in headers {
            request = request.header(if header == "content-length" { CONTENT_LENGTH } else { CONTENT_TYPE }, value);
        }
        let body = if length == 0 { Body::from("") } else { Body::wrap_stream(content) };
        let patience = PATIENCE + Duration::from_secs(length / SLOWEST);
        let answer = tokio::time::timeout(patience, request.body(body).send()).await;
        let answer = answer.map_err(|_| ObjectError::Away("it does not take it fast enough".to_owned()))?;
        judged(answer.map_err(|error| ObjectError::Away(plain(&error)))?).await.map(drop)
    }

    /// Fetches an object, or so many bytes of it from a place on.
    ///
    /// # Errors
    /// See [`ObjectError`].
    pub async fn get(&self, at: OffsetDateTime, name: &str, part: Option<(u64, u64)>) -> Result<Object, ObjectError> {
        let range = part.map(|(from, length)| format!("bytes={from}-{}", from + length.max(1) - 1));
        let headers: Vec<_> = range.iter().map(|range| ("range", range.clone())).collect();
        let mut request = self.request(&self.getting, Method::GET, name, &headers, &NOTHING, at);
        if let Some(range) = range {
            request = request.header(RANGE, range);
        }
        let answer = request.send().await.map_err(|error| ObjectError::Away(plain(&error)))?;
        let wanted = if part.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
        let answer = judged(answer).await?;
        if answer.status() != wanted {
            return Err(ObjectError::Malformed(format!("it answered {}", answer.status())));
        }
        if let Some((from, length)) = part {
            let told = answer.headers().get(CONTENT_RANGE).and_then(|told| told.to_str().ok()).unwrap_or_default();
            if !told.starts_with(&format!("bytes {from}-{}/", from + length.max(1) - 1)) {
                return Err(ObjectError::Malformed("it gave another part than it was asked for".to_owned()));
            }
        }
        let length =
            answer.content_length().ok_or_else(|| ObjectError::Malformed("it does not say how long it is".into()))?;
        Ok(Object { length, response: answer })
    }

    /// Whether a storage takes names of this length, there.
    pub fn takes(&self, name: &str) -> bool {
        self.base.path().trim_matches('/').len() + 1 + name.len() <= LONGEST_NAME
    }

    fn request(
        &self,
        http: &Client,
        method: Method,
        name: &str,
        headers: &[(&'static str, String)],
        sha256: &[u8; 32],
        at: OffsetDateTime,
    ) -> reqwest::RequestBuilder {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{}", self.base.path().trim_end_matches('/'), spelled(name)));
        let body = hex(sha256);
        let signed = self.keys.sign(&Request { method: method.as_str(), url: &url, headers, body: &body, at });
        signed.into_iter().fold(http.request(method, url), |request, (name, value)| request.header(name, value))
    }
}

/// The address of a bucket that can be meant.
fn address(text: &str) -> Result<Url, ObjectError> {
    let wrong = |why: String| ObjectError::Setting(format!("{text} is no address of a bucket: {why}"));
    let url = Url::parse(text).map_err(|error| wrong(error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("it begins with neither https:// nor http://".to_owned()));
    }
    if url.host_str().is_none() || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it has no host, or keys in it".to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("there is something behind its path".to_owned()));
    }
    Ok(url)
}

/// An answer that says yes; otherwise what it complains about.
async fn judged(answer: Response) -> Result<Response, ObjectError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let said = tokio::time::timeout(COMPLAINT_PATIENCE, complaint_of(answer)).await.unwrap_or_default();
    let is_unfit = |code: &str| said.starts_with(&format!(": {code}"));
    let complaint = format!("{status}{said}");
    Err(match status {
        StatusCode::NOT_FOUND => ObjectError::Missing,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ObjectError::Denied(complaint),
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG => ObjectError::Unfit(complaint),
        StatusCode::BAD_REQUEST if UNFIT.into_iter().any(is_unfit) => ObjectError::Unfit(complaint),
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => ObjectError::Away(complaint),
        status if status.is_client_error() => ObjectError::Refused(complaint),
        _ => ObjectError::Malformed(complaint),
    })
}

/// The code and the message of a complaint, as far as it has them.
async fn complaint_of(answer: Response) -> String {
    let mut text = vec![];
    let mut parts = answer.bytes_stream();
    while let Some(Ok(part)) = parts.next().await {
        text.extend_from_slice(&part);
        if text.len() > LONGEST_COMPLAINT {
            break;
        }
    }
    let text = String::from_utf8_lossy(&text);
    let between = |open: &str, close: &str| Some(text.split_once(open)?.1.split_once(close)?.0.to_owned());
    let told = [between("<Code>", "</Code>"), between("<Message>", "</Message>")];
    let told: Vec<String> = told.into_iter().flatten().map(|part| words(&part)).collect();
    if told.is_empty() { String::new() } else { format!(": {}", told.join(": ")) }
}

/// One line that hides nothing.
fn words(text: &str) -> String {
    text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).take(200).collect()
}

/// What went wrong, without the address: that is known, and may be long.
fn plain(error: &reqwest::Error) -> String {
    let mut error: &dyn std::error::Error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    words(&error.to_string())
}
