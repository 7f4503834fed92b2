//! `diwan login`: sign in through the browser, or with an API token.

use std::io::{IsTerminal, Read};
use std::time::Duration;

use clap::Args;
use diwan_client::{Client, ClientError, DeviceLogin, TokenPair};

use super::browser;
use super::door::{Door, ask_secret};
use super::failure::{Done, Failure};
use super::screen::safe;

const AFTER_HELP: &str = "\
Examples:
  diwan login                                   the server on this machine
  diwan login --server https://diwan.example
  diwan login --token < token.txt               with an API token, for automation

Without --token, an address and a code are shown. Open the address in any browser
where you are signed in, compare the code and approve. The sign-in is kept in
~/.config/diwan/credentials.json.";

/// How long to wait longer when the server says that it is asked too often.
const SLOWER: Duration = Duration::from_secs(5);

/// Sign in to a server
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Login {
    /// Read an API token from standard input (or ask for it) instead of opening the browser
    #[arg(long)]
    token: bool,
    /// Do not try to open a browser
    #[arg(long)]
    no_browser: bool,
    /// Sign in even though everything would travel unencrypted
    #[arg(long)]
    allow_unencrypted: bool,
}

impl Login {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client_with(None)?;
        if client.server().is_in_clear() && !self.allow_unencrypted {
            return Err(Failure::usage(
                format!("everything sent to {} could be read on the way, your sign-in too", client.server()),
                "Use the https:// address, or add --allow-unencrypted if the network is your own.",
            ));
        }
        if self.token {
            self.with_token(door, &client).await?;
        } else {
            self.with_browser(&client).await?;
        }
        let me = match door.client_with(None)?.get_me().await {
            Err(error) if self.token && is_narrow(&error) => return tell_of_token(door, &client),
            me => me?,
        };
        if door.screen.is_json() {
            door.screen.json(me.text())?;
        } else {
            let user = me.read()?.user;
            let line = format!("Signed in to {} as {} <{}> ({}).", client.server(), user.name, user.email, user.role);
            door.screen.line(&safe(&line))?;
        }
        Ok(Done::Well)
    }

    async fn with_token(&self, door: &Door<'_>, client: &Client) -> Result<(), Failure> {
        let token = if std::io::stdin().is_terminal() { ask_secret("API token: ")? } else { read_stdin()? };
        let token = token.trim();
        if token.is_empty() {
            return Err(Failure::usage("no token was given", "Pipe it in: diwan login --token < token.txt"));
        }
        // Kept only once it is known to work.
        match door.client_with(Some(token.to_owned()))?.get_me().await {
            Err(error) if is_narrow(&error) => {}
            answer => drop(answer.map_err(of_token)?),
        }
        Ok(client.keep_api_token(token).await?)
    }

    async fn with_browser(&self, client: &Client) -> Result<(), Failure> {
        let login = client.start_device_login(&client_name()).await?.read()?;
        eprintln!("To sign in, open this address in a browser:\n");
        eprintln!("  {}\n", safe(&login.verification_uri));
        eprintln!("and compare this code:  {}\n", safe(&login.user_code));
        if !self.no_browser && browser::open(&login.verification_uri_complete) {
            eprintln!("Your browser should be opening. Waiting for your approval there …");
        } else {
            eprintln!("Waiting for your approval there …");
        }
        let pair = wait_for_approval(client, &login).await?;
        Ok(client.keep_session(&pair).await?)
    }
}

/// A token may do just one thing, and reading its owner's profile need not be it: it is good all the same.
fn is_narrow(error: &ClientError) -> bool {
    error.code() == Some("not_allowed")
}

fn of_token(error: ClientError) -> Failure {
    let failure = Failure::from(error);
    let is_the_token = failure.is_about_sign_in();
    if is_the_token {
        failure.with_next("Check the token: it may be cut off, revoked, or at its end.")
    } else {
        failure
    }
}

fn tell_of_token(door: &Door<'_>, client: &Client) -> Result<Done, Failure> {
    let server = client.server();
    if door.screen.is_json() {
        let told = serde_json::json!({"server": server.to_string(), "signed_in_with": "api_token"});
        door.screen.json(&told.to_string())?;
    } else {
        door.screen.line(&safe(&format!("Signed in to {server} with an API token.")))?;
    }
    Ok(Done::Well)
}

/// Asks as often as the server wants to be asked, until somebody decides or the time is over.
async fn wait_for_approval(client: &Client, login: &DeviceLogin) -> Result<TokenPair, Failure> {
    let mut pause = Duration::from_secs(login.interval_s.clamp(1, 60));
    let mut waited = Duration::ZERO;
    while waited.as_secs() <= login.expires_in_s {
        tokio::time::sleep(pause).await;
        waited += pause;
        match client.poll_device_login(&login.device_code).await {
            Ok(pair) => return Ok(pair.read()?),
            Err(error) => match error.code() {
                Some("authorization_pending") => {}
                Some("slow_down") => pause += SLOWER,
                None if matches!(error, ClientError::Unreachable { .. }) => {}
                _ => return Err(error.into()),
            },
        }
    }
    Err(Failure::refused("nobody approved the sign-in in time", "Run `diwan login` again."))
}

fn read_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let read = std::io::stdin().take(4096).read_to_string(&mut text);
    read.map_err(|e| Failure::usage(format!("cannot read the token: {e}"), "Pipe it in as text."))?;
    Ok(text)
}

/// What the person sees when asked to approve: the program, on which machine.
fn client_name() -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let name = format!("diwan on {host}");
    safe(&name).chars().take(60).collect()
}
