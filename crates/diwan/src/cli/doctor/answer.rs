//! The running server: does it answer, which version is it, what time does it think it is?

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use diwan_client::{ClientError, Reply, ServerUrl, Setup};
use diwan_kernel::{Timestamp, World};

use super::super::door::Door;
use super::Findings;
use crate::compose::config::Config;

const OFF_BY: Duration = Duration::from_secs(30);

/// Asks the server.
pub(super) async fn look(config: &Config, door: &Door<'_>, world: &World, found: &mut Findings) {
    let Some(server) = place(config, door) else { return };
    let Ok(client) = door.stranger(server.clone()) else { return };
    match client.get_setup().await {
        Ok(reply) => {
            version(&server, &reply, found);
            clock(&reply, world, found);
            readiness(&client, found).await;
        }
        Err(ClientError::Unreachable { why, .. }) => {
            found.look(
                "server",
                format!("No server answers at {server}: {why}."),
                "Start it with `diwan up` or `diwan server`, if it should run.",
            );
        }
        Err(ClientError::Untrusted { why, .. }) => found.look(
            "server",
            format!("The server at {server} answers, but this machine does not trust it: {why}."),
            "If the certificate is your own, name it with --ca-file or --fingerprint.",
        ),
        Err(error) => found.mend(
            "server",
            format!("Something else than Diwan answers at {server}: {error}."),
            "Stop what uses the port, or choose another one with --listen.",
        ),
    }
}

/// Where the server of this configuration is to be found.
fn place(config: &Config, door: &Door<'_>) -> Option<ServerUrl> {
    if let Some(server) = door.named_server() {
        return Some(server.clone());
    }
    if config.server.tls_cert.is_some() {
        // Its certificate is for its public name.
        return config.server.public_url.as_deref()?.parse().ok();
    }
    let listen = config.server.listen;
    let here = if listen.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { listen.ip() };
    format!("http://{}", SocketAddr::new(here, listen.port())).parse().ok()
}

fn version(server: &ServerUrl, reply: &Reply<Setup>, found: &mut Findings) {
    let own = env!("CARGO_PKG_VERSION");
    match reply.read() {
        Ok(setup) if setup.product_version == own => found.good("server", format!("Diwan {own} answers at {server}.")),
        Ok(setup) => found.look(
            "server",
            format!("Diwan {} answers at {server}, but this program is {own}.", setup.product_version),
            "Restart the server with this program, or use the program of its version.",
        ),
        Err(error) => found.mend("server", error.to_string(), "Is the server another version?"),
    }
}

fn clock(reply: &Reply<Setup>, world: &World, found: &mut Findings) {
    let Some(there) = reply.date().and_then(http_date) else { return };
    let here = world.now();
    let off = here.since(there).max(there.since(here));
    if off > OFF_BY {
        found.mend(
            "clock",
            format!("The clocks of this machine and of the server are {} seconds apart.", off.as_secs()),
            "Set the clocks by NTP: codes, tokens and signatures depend on them.",
        );
    } else {
        found.good("clock", "The clock agrees with the server's.");
    }
}

async fn readiness(client: &diwan_client::Client, found: &mut Findings) {
    match client.get_readiness().await {
        Ok(_) => found.good("ready", "The server is ready to do its work."),
        Err(error) => found.mend(
            "ready",
            format!("The server runs but is not ready: {error}."),
            "Look at its log; its database may not answer.",
        ),
    }
}

/// Reads `Fri, 20 Nov 2026 10:00:00 GMT`.
fn http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split(' ').skip(1);
    let (day, month, year, time) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    Timestamp::parse(&format!("{year}-{month:02}-{day}T{time}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_header_is_a_moment() {
        let moment = http_date("Fri, 20 Nov 2026 10:00:01 GMT").map(|at| at.to_string());
        assert_eq!(moment.as_deref(), Some("2026-11-20T10:00:01.000Z"));
        assert_eq!(http_date("yesterday"), None);
    }
}
