//! How people and mails get through: addresses, encryption, the mail server.

use std::net::IpAddr;
use std::time::Duration;

use diwan_kernel::World;
use diwan_server::check_certificate;
use url::{Host, Url};

use super::Findings;
use crate::compose::config::Config;

const PATIENCE: Duration = Duration::from_secs(5);

/// Looks at what the configuration promises.
pub(super) async fn look(config: &Config, world: &World, found: &mut Findings) {
    address(config, found);
    certificate(config, world, found);
    mail(config, found).await;
}

fn address(config: &Config, found: &mut Findings) {
    let server = &config.server;
    let is_open = !server.listen.ip().is_loopback();
    let Some(url) = server.public_url.as_deref().and_then(|url| Url::parse(url).ok()) else {
        if is_open {
            found.look(
                "public_url",
                format!(
                    "The server listens at {} for other machines, but does not know by which name people open it.",
                    server.listen
                ),
                "Set server.public_url, like https://diwan.example.org: links, cookies and passkeys need it.",
            );
        } else {
            found.good("public_url", "The server is for this machine only.");
        }
        return;
    };
    let is_name = matches!(url.host(), Some(Host::Domain(_)));
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    };
    if url.scheme() == "http" && !is_local {
        found.mend(
            "public_url",
            format!("People open {url} without encryption: passwords and sessions can be read on the way."),
            "Serve https: server.tls_cert and server.tls_key, or a proxy in front and an https:// public_url.",
        );
    } else if url.scheme() == "https" && server.tls_cert.is_none() && server.trusted_proxies.is_empty() {
        found.look("public_url", "People come by https, so a proxy must be in front, but none is trusted: every visitor looks like the proxy.", "Set server.trusted_proxies to the proxy's address.");
    } else if !is_name {
        found.look(
            "public_url",
            format!("People open {url}: passkeys work with names only, not with addresses."),
            "Give the server a name and set server.public_url to it.",
        );
    } else {
        found.good("public_url", format!("People open {}.", url.as_str().trim_end_matches('/')));
    }
}

fn certificate(config: &Config, world: &World, found: &mut Findings) {
    let (Some(certificate), Some(key)) = (&config.server.tls_cert, &config.server.tls_key) else { return };
    match check_certificate(world, certificate, key) {
        Ok(()) => found.good("tls", "The certificate and its key can be read and belong together."),
        Err(error) => found.mend(
            "tls",
            format!("{error}."),
            "Correct server.tls_cert and server.tls_key, or give this user the files.",
        ),
    }
}

async fn mail(config: &Config, found: &mut Findings) {
    let mail = &config.mail;
    if mail.host.is_empty() {
        found.look(
            "mail",
            "No mail server is set up: mails are kept in the outbox, which the owner sees in the dashboard.",
            "Set mail.host and mail.from to send them.",
        );
        return;
    }
    let port = match (mail.port, mail.security) {
        (0, diwan_identity::MailSecurity::Starttls) => 587,
        (0, diwan_identity::MailSecurity::Tls) => 465,
        (0, diwan_identity::MailSecurity::None) => 25,
        (port, _) => port,
    };
    let at = format!("{}:{port}", mail.host);
    match tokio::time::timeout(PATIENCE, tokio::net::TcpStream::connect(&at)).await {
        Ok(Ok(_)) => found.good("mail", format!("The mail server {at} answers.")),
        Ok(Err(error)) => found.mend(
            "mail",
            format!("The mail server {at} cannot be reached: {error}."),
            "Check mail.host, mail.port and the firewall.",
        ),
        Err(_) => found.mend(
            "mail",
            format!("The mail server {at} does not answer."),
            "Check mail.host, mail.port and the firewall.",
        ),
    }
}
