//! The way through an HTTP proxy: which one the environment names, and `CONNECT`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::http::Uri;

use super::target::Target;

/// No answer to `CONNECT` is longer.
const LONGEST_ANSWER: usize = 8 * 1024;

/// A proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// `user:password` as the header wants them.
    credentials: Option<String>,
}

/// The proxy for this target, as the environment says it. Names of variables count in small letters first.
pub(crate) fn for_target(target: &Target, variable: impl Fn(&str) -> Option<String>) -> Result<Option<Proxy>, String> {
    let either = |name: &str| variable(name).or_else(|| variable(&name.to_uppercase())).filter(|v| !v.is_empty());
    if either("no_proxy").is_some_and(|exempt| is_exempt(&target.host, &exempt)) {
        return Ok(None);
    }
    // Servers that are run as CGI get HTTP_PROXY from whoever calls them; a daemon is none.
    let named = either(if target.is_secure { "https_proxy" } else { "http_proxy" }).or_else(|| either("all_proxy"));
    named.map(|url| read(&url)).transpose()
}

fn read(url: &str) -> Result<Proxy, String> {
    let whole = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let wrong = || "the proxy of the environment is not of the form http://user:password@host:port".to_owned();
    let uri: Uri = whole.parse().map_err(|_| wrong())?;
    if uri.scheme_str() != Some("http") {
        return Err(wrong());
    }
    let authority = uri.authority().ok_or_else(wrong)?;
    let user = authority.as_str().rsplit_once('@').map(|(user, _)| unescape(user));
    let host = authority.host().trim_matches(['[', ']']).to_owned();
    Ok(Proxy { host, port: authority.port_u16().unwrap_or(80), credentials: user.map(|user| STANDARD.encode(user)) })
}

/// Whether a host is reached without the proxy: `*`, the host itself, or what ends in it.
fn is_exempt(host: &str, exempt: &str) -> bool {
    let host = host.to_lowercase();
    exempt.split([',', ' ']).map(|entry| entry.trim().to_lowercase()).filter(|entry| !entry.is_empty()).any(|entry| {
        let ending = entry.trim_start_matches('.');
        entry == "*" || host == ending || host.strip_suffix(ending).is_some_and(|rest| rest.ends_with('.'))
    })
}

/// Turns `%40` into `@`.
fn unescape(text: &str) -> Vec<u8> {
    let mut plain = vec![];
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        match code.filter(|_| *first == b'%') {
            Some(byte) => (plain.push(byte), rest = &after[2..]).1,
            None => (plain.push(*first), rest = after).1,
        }
    }
    plain
}

/// Asks the proxy for a way to the target.
///
/// # Errors
/// What the proxy answered instead.
pub(crate) async fn connect<S>(stream: &mut S, proxy: &Proxy, target: &Target) -> Result<(), String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let authority = target.authority();
    let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
    if let Some(credentials) = &proxy.credentials {
        request.push_str(&format!("Proxy-Authorization: Basic {credentials}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await.map_err(|e| e.to_string())?;
    let answer = read_head(stream).await?;
    let status = answer.split(' ').nth(1).unwrap_or_default();
    match status {
        "200" => Ok(()),
        "407" => Err("it wants a user and a password: http://user:password@host:port".to_owned()),
        _ => Err(format!("it answered {:?}", answer.lines().next().unwrap_or_default())),
    }
}

/// Reads to the empty line and not a byte further: what follows is the target's.
async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Result<String, String> {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        let byte = stream.read_u8().await.map_err(|_| "it closed the connection without an answer".to_owned())?;
        head.push(byte);
        if head.len() > LONGEST_ANSWER {
            return Err("its answer does not end".to_owned());
        }
    }
    String::from_utf8(head).map_err(|_| "its answer is not HTTP".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(url: &str, environment: &[(&str, &str)]) -> Option<(String, u16)> {
        let target = url.parse().unwrap();
        let variable = |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        for_target(&target, variable).unwrap().map(|proxy| (proxy.host, proxy.port))
    }

    #[test]
    fn the_environment_says_which_proxy_is_for_whom() {
        let both = [("https_proxy", "http://secure:3128"), ("HTTP_PROXY", "plain:8080")];
        assert_eq!(found("https://a.example", &both), Some(("secure".into(), 3128)));
        assert_eq!(found("http://a.example", &both), Some(("plain".into(), 8080)));
        assert_eq!(found("http://a.example", &[("ALL_PROXY", "http://[::1]")]), Some(("::1".into(), 80)));
        assert_eq!(found("http://a.example", &[("http_proxy", "")]), None);
    }

    #[test]
    fn some_hosts_are_reached_without_it() {
        let with = |exempt| [("http_proxy", "p:1"), ("no_proxy", exempt)];
        for (host, exempt, is_reached_so) in [
            ("http://a.example", "a.example", true),
            ("http://a.example", "b, .example", true),
            ("http://A.example", "*", true),
            ("http://a.example", "b.a.example,ample", false),
            ("http://127.0.0.1", "localhost 127.0.0.1", true),
        ] {
            assert_eq!(found(host, &with(exempt)).is_none(), is_reached_so, "{host} {exempt}");
        }
    }

    #[tokio::test]
    async fn a_proxy_is_asked_politely_and_nothing_of_the_target_is_swallowed() {
        let (mut near, mut far) = tokio::io::duplex(4096);
        let target: Target = "https://a.example".parse().unwrap();
        let proxy = read("http://me:p%40ss@proxy:3128").unwrap();
        let asked = async {
            let head = read_head(&mut far).await.unwrap();
            far.write_all(b"HTTP/1.1 200 Fine\r\nVia: x\r\n\r\nafter").await.unwrap();
            head
        };
        let (connected, head) = tokio::join!(connect(&mut near, &proxy, &target), asked);
        connected.unwrap();
        let credentials = STANDARD.encode("me:p@ss");
        assert_eq!(
            head,
            format!(
                "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nProxy-Authorization: Basic {credentials}\r\n\r\n"
            )
        );
        let mut after = [0; 5];
        near.read_exact(&mut after).await.unwrap();
        assert_eq!(&after, b"after");
    }

    #[tokio::test]
    async fn f36_what_a_proxy_refuses_is_told() {
        for (answer, told) in [
            (&b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"[..], "user and a password"),
            (b"HTTP/1.1 403 Forbidden\r\n\r\n", "403 Forbidden"),
            (b"", "without an answer"),
            (&[b'x'; 9000], "does not end"),
        ] {
            let (mut near, mut far) = tokio::io::duplex(16 * 1024);
            far.write_all(answer).await.unwrap();
            far.shutdown().await.unwrap();
            let error = connect(&mut near, &read("proxy").unwrap(), &"http://a".parse().unwrap()).await.unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }
}
