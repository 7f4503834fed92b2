//! Why the control plane was not reached, in words that say what to do.

use std::time::Duration;

use rustls::{CertificateError, Error as TlsError};
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::http::header::RETRY_AFTER;

use super::Target;

/// Why the control plane was not reached.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// Nobody answers there.
    #[error("{0} cannot be reached ({1}): is the address right, is the control plane running, is a firewall between?")]
    Unreachable(String, std::io::Error),
    /// It took too long.
    #[error("{0} does not answer in time: is a firewall or a captive portal between?")]
    TooSlow(String),
    /// The proxy of the environment.
    #[error("the proxy does not let us through: {0}")]
    Proxy(String),
    /// The TLS of the web.
    #[error("no TLS with {0} ({1}): is its certificate valid for this name, and known to this system?")]
    Outer(String, String),
    /// Somebody answers who is no control plane.
    #[error("{0} is no control plane of Diwan, or something between does not let WebSockets through ({1})")]
    NotDiwan(String, String),
    /// It takes nobody now.
    #[error("{0} takes no connections right now")]
    Busy(String, Option<Duration>),
    /// Whoever answers cannot prove to be the control plane.
    #[error(
        "whoever answers is not the control plane with this fingerprint. Nothing was told to them. Either somebody \
         listens in between, such as a captive portal, or the control plane has a new identity: compare the \
         fingerprint with the one that its dashboard shows. A machine that was away for more than 30 days while \
         the keys were changed has to join again, with a new line and --force"
    )]
    Stranger,
    /// The clocks do not agree.
    #[error("the control plane's certificate is not valid at the time that this machine's clock shows: set the clock")]
    Clock,
    /// Something else about the inner TLS.
    #[error("the control plane and this machine do not understand each other: {0}")]
    Inner(String),
}

impl DialError {
    /// What the other end asked for, if it did: to come again no sooner.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        if let Self::Busy(_, after) = self { *after } else { None }
    }

    pub(super) fn from_websocket(target: &Target, error: WsError) -> Self {
        let WsError::Http(answer) = &error else {
            return Self::NotDiwan(target.to_string(), error.to_string());
        };
        if matches!(answer.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
            return Self::Busy(target.to_string(), seconds.map(Duration::from_secs));
        }
        Self::NotDiwan(target.to_string(), format!("it answered {}", answer.status()))
    }

    pub(super) fn from_inner(error: std::io::Error) -> Self {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>());
        match tls {
            Some(TlsError::InvalidCertificate(why)) => match why {
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. } => Self::Clock,
                _ => Self::Stranger,
            },
            _ => Self::Inner(error.to_string()),
        }
    }
}
