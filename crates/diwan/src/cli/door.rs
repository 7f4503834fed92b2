//! The way to a server: which one, whom to believe, as whom; and the second proof that dangerous
//! actions ask for.

use std::io::{IsTerminal, Read};
use std::path::PathBuf;

use clap::Args;
use diwan_client::{
    Client, ClientError, CredentialsFile, Fingerprint, Options, Problem, Reply, ServerUrl, ServerUrlError, Trust,
};
use zeroize::Zeroizing;

use super::failure::Failure;
use super::screen::Screen;

const USUAL_SERVER: &str = "http://127.0.0.1:7400";

/// The longest secret that is read, in bytes.
const LONGEST_SECRET: u64 = 64 * 1024;

/// Which server, and whom to believe that they are it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Server")]
pub(super) struct Connection {
    /// The server to talk to [default: the one signed in to last, or http://127.0.0.1:7400] [env: DIWAN_SERVER]
    #[arg(long, global = true, value_name = "URL")]
    server: Option<ServerUrl>,
    /// Believe only servers that the authorities in this PEM file vouch for
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "fingerprint")]
    ca_file: Option<PathBuf>,
    /// Believe only the server whose certificate has this SHA-256 fingerprint
    #[arg(long, global = true, value_name = "SHA256")]
    fingerprint: Option<Fingerprint>,
}

impl Connection {
    /// With the server that the environment names, unless a flag names one.
    pub(super) fn or_of_environment(mut self) -> Result<Self, Failure> {
        let named = std::env::var("DIWAN_SERVER").ok().filter(|server| !server.is_empty());
        if let (None, Some(server)) = (&self.server, named) {
            let next = "Correct the variable DIWAN_SERVER, or name a server with --server.";
            self.server = Some(server.parse().map_err(|e: ServerUrlError| Failure::usage(e.to_string(), next))?);
        }
        Ok(self)
    }
}

/// The token that stands for a sign-in.
fn token_of_environment() -> Result<Option<String>, Failure> {
    let Some(token) = std::env::var("DIWAN_TOKEN").ok().filter(|token| !token.is_empty()) else { return Ok(None) };
    if token.trim().chars().all(|c| c.is_ascii_graphic()) {
        return Ok(Some(token.trim().to_owned()));
    }
    Err(Failure::usage(
        "the variable DIWAN_TOKEN does not hold a token",
        "A token begins with dwn_ and is one word; `diwan token create` makes one.",
    ))
}

/// The way to a server.
pub(super) struct Door<'a> {
    connection: Connection,
    /// Where to print.
    pub(super) screen: &'a Screen,
}

impl<'a> Door<'a> {
    pub(super) const fn new(connection: Connection, screen: &'a Screen) -> Self {
        Self { connection, screen }
    }

    /// A client of the server that is meant.
    pub(super) fn client(&self) -> Result<Client, Failure> {
        self.client_with(token_of_environment()?)
    }

    /// A failure with what can be found out about its cause: somebody who is not signed in may have
    /// a server that does not run, or one that nobody owns yet.
    pub(super) async fn explain(&self, failure: Failure) -> Failure {
        if !failure.is_about_sign_in() {
            return failure;
        }
        if matches!(token_of_environment(), Ok(Some(_))) {
            return failure.with_next("Correct the token in DIWAN_TOKEN, or unset it and run `diwan login`.");
        }
        let Ok(client) = self.client_with(None) else { return failure };
        match client.get_setup().await {
            Err(error @ (ClientError::Unreachable { .. } | ClientError::Untrusted { .. })) => error.into(),
            Ok(reply) if reply.read().is_ok_and(|setup| setup.needs_owner) => failure.with_next(
                "Nobody owns this installation yet: open the link that its start printed, then run `diwan login`.",
            ),
            _ => failure,
        }
    }

    /// The same with another token than the environment's.
    pub(super) fn client_with(&self, token: Option<String>) -> Result<Client, Failure> {
        let credentials = CredentialsFile::of_user(|name| std::env::var(name).ok());
        let server = match &self.connection.server {
            Some(server) => server.clone(),
            None => self.usual_server(credentials.as_ref())?,
        };
        Ok(Client::new(Options {
            server,
            trust: self.trust(),
            token,
            credentials,
            user_agent: format!("diwan-cli/{}", env!("CARGO_PKG_VERSION")),
        })?)
    }

    /// A client of the server at this address, without credentials.
    pub(super) fn stranger(&self, server: ServerUrl) -> Result<Client, Failure> {
        let user_agent = format!("diwan-cli/{}", env!("CARGO_PKG_VERSION"));
        Ok(Client::new(Options { server, trust: self.trust(), token: None, credentials: None, user_agent })?)
    }

    /// The server that was named, if one was.
    pub(super) const fn named_server(&self) -> Option<&ServerUrl> {
        self.connection.server.as_ref()
    }

    fn usual_server(&self, credentials: Option<&CredentialsFile>) -> Result<ServerUrl, Failure> {
        let current = credentials.map(CredentialsFile::read).transpose()?.and_then(|kept| kept.current);
        match current {
            Some(server) => Ok(server),
            None => USUAL_SERVER.parse().map_err(|e| Failure::usage(format!("{e}"), "Name a server with --server.")),
        }
    }

    fn trust(&self) -> Option<Trust> {
        let Connection { ca_file, fingerprint, .. } = &self.connection;
        fingerprint.map(Trust::Pinned).or_else(|| ca_file.clone().map(Trust::CaFile))
    }

    /// Carries out a dangerous operation; when the server asks for a fresh proof of identity, asks
    /// for it and carries it out then.
    pub(super) async fn stepped_up<T>(
        &self,
        client: &Client,
        operation: impl AsyncFn() -> Result<Reply<T>, ClientError>,
    ) -> Result<Reply<T>, Failure> {
        match operation().await {
            Err(error) if error.code() == Some("step_up_required") && can_ask() => {}
            Err(ClientError::Refused(problem)) if problem.code == "step_up_required" => {
                let next = "Run it in a terminal, where your password or an authenticator code can be asked for.";
                return Err(ClientError::Refused(Box::new(Problem { next: next.into(), ..*problem })).into());
            }
            other => return Ok(other?),
        }
        let secret = ask_secret("This needs a fresh proof that it is you.\nPassword or authenticator code: ")?;
        client.step_up(kind_of_proof(&secret), &secret).await.map_err(Failure::of_proof)?;
        Ok(operation().await?)
    }

    /// Asks whether to go on; without a terminal only `--yes` goes on.
    pub(super) fn confirm(&self, question: &str, yes: bool) -> Result<(), Failure> {
        if yes {
            return Ok(());
        }
        if !can_ask() {
            return Err(Failure::usage(
                "this asks for a confirmation, and there is no terminal",
                "Repeat it with --yes.",
            ));
        }
        eprint!("{question} [y/N] ");
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        read.map_err(|e| Failure::usage(e.to_string(), "Repeat it with --yes."))?;
        if matches!(answer.trim(), "y" | "Y" | "yes") {
            return Ok(());
        }
        Err(Failure::refused("nothing was changed", "Answer y to go on."))
    }
}

fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks for something that must not show.
pub(super) fn ask_secret(question: &str) -> Result<String, Failure> {
    let answer = rpassword::prompt_password(question);
    let answer = answer.map_err(|e| Failure::usage(format!("cannot ask: {e}"), "Run it in a terminal."))?;
    Ok(answer.trim_end_matches(['\r', '\n']).to_owned())
}

/// A new passphrase: asked for twice at a terminal, where a slip would lock its owner out.
pub(super) fn new_passphrase(question: &str) -> Result<Zeroizing<String>, Failure> {
    let passphrase = given_secret(question)?;
    if std::io::stdin().is_terminal() && ask_secret("The same again: ")? != *passphrase {
        return Err(Failure::usage("the two are not the same", "Type it again."));
    }
    Ok(passphrase)
}

/// A value that must not stand on the command line: asked for at a terminal, else read from standard
/// input without its last line break.
pub(super) fn given_secret(question: &str) -> Result<Zeroizing<String>, Failure> {
    let next = "Give the value on standard input, or run it in a terminal.";
    if std::io::stdin().is_terminal() {
        let value = ask_secret(question)?;
        return if value.is_empty() { Err(Failure::usage("the value is empty", next)) } else { Ok(value.into()) };
    }
    let mut text = Zeroizing::new(String::new());
    let read = std::io::stdin().lock().take(LONGEST_SECRET + 2).read_to_string(&mut text);
    read.map_err(|e| Failure::usage(format!("the value cannot be read: {e}"), next))?;
    if let Some(rest) = text.strip_suffix('\n') {
        let length = rest.strip_suffix('\r').unwrap_or(rest).len();
        text.truncate(length);
    }
    if text.is_empty() { Err(Failure::usage("the value is empty", next)) } else { Ok(text) }
}

/// What somebody typed: six digits are a code of the authenticator app.
fn kind_of_proof(secret: &str) -> &'static str {
    if secret.len() == 6 && secret.bytes().all(|b| b.is_ascii_digit()) { "totp" } else { "password" }
}
