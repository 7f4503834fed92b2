//! The client itself: where the server is, whom to believe, and who we are.

use std::time::Duration;

use reqwest::redirect::Policy;

use crate::credentials::{Account, CredentialsFile};
use crate::error::ClientError;
use crate::server::ServerUrl;
use crate::tls::Trust;

const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// The server limits its operations itself; this is for one that has died.
const PATIENCE: Duration = Duration::from_secs(120);

/// How to reach a server, and as whom.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the server is.
    pub server: ServerUrl,
    /// Whom to believe that they are the server; what is kept for it when not given.
    pub trust: Option<Trust>,
    /// An API token to use instead of what is kept.
    pub token: Option<String>,
    /// Where credentials are kept.
    pub credentials: Option<CredentialsFile>,
    /// What the client calls itself.
    pub user_agent: String,
}

/// A client of one server.
#[derive(Debug, Clone)]
pub struct Client {
    options: Options,
    http: reqwest::Client,
}

impl Client {
    /// A client of this server. Nothing is sent yet.
    ///
    /// # Errors
    /// When the options cannot work.
    pub fn new(mut options: Options) -> Result<Self, ClientError> {
        if options.trust.is_none() {
            options.trust = kept(&options)?.map(|account| account.trust);
        }
        let builder = reqwest::Client::builder()
            .user_agent(&options.user_agent)
            .connect_timeout(CONNECT_PATIENCE)
            .read_timeout(PATIENCE)
            .tcp_nodelay(true)
            // A token must not follow a redirect to somebody else.
            .redirect(Policy::none());
        // What is on this machine needs no proxy, whatever the environment says.
        let builder = if options.server.is_here() { builder.no_proxy() } else { builder };
        let trust = options.trust.clone().unwrap_or_default();
        let http = trust.apply(builder)?.build().map_err(|e| ClientError::Setup(e.to_string()))?;
        Ok(Self { options, http })
    }

    /// Where the server is.
    pub const fn server(&self) -> &ServerUrl {
        &self.options.server
    }

    /// Whom it believes that they are the server.
    pub fn trust(&self) -> Trust {
        self.options.trust.clone().unwrap_or_default()
    }

    pub(crate) const fn http(&self) -> &reqwest::Client {
        &self.http
    }

    pub(crate) const fn options(&self) -> &Options {
        &self.options
    }

    pub(crate) fn kept(&self) -> Result<Option<Account>, ClientError> {
        kept(&self.options)
    }
}

fn kept(options: &Options) -> Result<Option<Account>, ClientError> {
    let Some(file) = &options.credentials else { return Ok(None) };
    Ok(file.read()?.servers.remove(&options.server))
}
