//! AWS Signature Version 4, as object storages want it: every request says which key it was made with, and proves it
//! over its method, path, query, headers and the SHA-256 of its body.

use ring::digest::{SHA256, digest};
use ring::hmac::{self, HMAC_SHA256};
use time::OffsetDateTime;
use url::Url;
use zeroize::Zeroizing;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SERVICE: &str = "s3";

/// What a program proves itself with at an object storage.
#[derive(Clone)]
pub struct Keys {
    /// Which key it is.
    pub id: String,
    /// What nobody else has.
    pub secret: Zeroizing<String>,
    /// In which region the bucket is; storages of one's own mostly take `us-east-1`.
    pub region: String,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("id", &self.id).field("region", &self.region).finish_non_exhaustive()
    }
}

/// What of a request is signed.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a Url,
    /// Further headers, by their names in small letters.
    pub(crate) headers: &'a [(&'static str, String)],
    /// SHA-256 of the body, in hexadecimal digits.
    pub(crate) body: &'a str,
    pub(crate) at: OffsetDateTime,
}

impl Keys {
    /// The headers that a request needs besides its own.
    pub(crate) fn sign(&self, request: &Request<'_>) -> Vec<(&'static str, String)> {
        let (day, moment) = (day_of(request.at), moment_of(request.at));
        let mut headers: Vec<(&'static str, String)> = request.headers.to_vec();
        headers.push(("host", host_of(request.url)));
        headers.push(("x-amz-content-sha256", request.body.to_owned()));
        headers.push(("x-amz-date", moment.clone()));
        headers.sort();
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
        let path = request.url.path();
        let query = request.url.query().unwrap_or_default();
        let canonical = format!("{}\n{path}\n{query}\n{lines}\n{names}\n{}", request.method, request.body);
        let scope = format!("{day}/{}/{SERVICE}/aws4_request", self.region);
        let words = format!("{ALGORITHM}\n{moment}\n{scope}\n{}", hex(digest(&SHA256, canonical.as_bytes()).as_ref()));
        let signature = hex(hmac::sign(&self.key_of(&day), words.as_bytes()).as_ref());
        let proof = format!("{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", self.id);
        headers.retain(|(name, _)| name.starts_with("x-amz-"));
        headers.push(("authorization", proof));
        headers
    }

    /// The key of a day.
    fn key_of(&self, day: &str) -> hmac::Key {
        let secret = Zeroizing::new(format!("AWS4{}", self.secret.as_str()));
        let first = hmac::Key::new(HMAC_SHA256, secret.as_bytes());
        [day, &self.region, SERVICE, "aws4_request"]
            .iter()
            .fold(first, |key, word| hmac::Key::new(HMAC_SHA256, hmac::sign(&key, word.as_bytes()).as_ref()))
    }
}

/// A name of an object as it stands in a path: what has no meaning of its own there stays, everything else is spelled in
/// bytes.
pub(crate) fn spelled(name: &str) -> String {
    let mut path = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => path.push(char::from(byte)),
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As the header says it that is sent: without a port that goes without saying.
fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn day_of(at: OffsetDateTime) -> String {
    format!("{:04}{:02}{:02}", at.year(), u8::from(at.month()), at.day())
}

fn moment_of(at: OffsetDateTime) -> String {
    format!("{}T{:02}{:02}{:02}Z", day_of(at), at.hour(), at.minute(), at.second())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The keys and the moment of the examples that AWS publishes.
    fn keys() -> Keys {
        let secret = Zeroizing::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned());
        Keys { id: "AKIAIOSFODNN7EXAMPLE".to_owned(), secret, region: "us-east-1".to_owned() }
    }

    fn signature(method: &str, url: &str, headers: &[(&'static str, String)], body: &[u8]) -> String {
        let (url, body) = (Url::parse(url).expect("an address"), hex(digest(&SHA256, body).as_ref()));
        let at = OffsetDateTime::from_unix_timestamp(1_369_353_600).expect("24 May 2013");
        let signed = keys().sign(&Request { method, url: &url, headers, body: &body, at });
        let proof = signed.into_iter().find(|(name, _)| *name == "authorization").expect("it is there").1;
        proof.split("Signature=").nth(1).expect("a signature").to_owned()
    }

    #[test]
    fn requests_are_signed_as_the_published_examples_are() {
        let range = [("range", "bytes=0-9".to_owned())];
        assert_eq!(
            signature("GET", "https://examplebucket.s3.amazonaws.com/test.txt", &range, b""),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
        let headers = [
            ("date", "Fri, 24 May 2013 00:00:00 GMT".to_owned()),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY".to_owned()),
        ];
        assert_eq!(
            signature(
                "PUT",
                "https://examplebucket.s3.amazonaws.com/test%24file.text",
                &headers,
                b"Welcome to Amazon S3."
            ),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        );
        assert_eq!(
            signature("GET", "https://examplebucket.s3.amazonaws.com/?lifecycle=", &[], b""),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        );
    }

    #[test]
    fn what_is_signed_with_is_not_shown() {
        assert!(!format!("{:?}", keys()).contains("wJalr"));
    }

    proptest! {
        #[test]
        fn a_spelled_name_is_a_path_that_stays_as_it_is(name in "\\PC{1,40}") {
            // What leads elsewhere is no path of a file.
            prop_assume!(name.split('/').all(|part| part != "." && part != ".."));
            let spelled = format!("/{}", spelled(&name));
            let mut url = Url::parse("http://storage.example").expect("an address");
            url.set_path(&spelled);
            prop_assert_eq!(url.path(), &spelled);
            prop_assert!(spelled.is_ascii());
        }
    }
}
