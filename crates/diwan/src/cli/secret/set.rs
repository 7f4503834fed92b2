//! `diwan secret set`.

use clap::Args;
use diwan_client::Client;
use serde_json::{Value, json};

use super::super::door::{Door, given_secret};
use super::super::failure::{Done, Failure};
use super::super::screen::safe;
use super::{KindName, find};

#[derive(Debug, Args)]
pub(in crate::cli) struct Set {
    /// Its name: a path like git/github-token
    name: String,
    /// What it is, for a new secret
    #[arg(long, default_value = "free")]
    kind: KindName,
    /// What it is for, for a new secret
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: String,
    /// Whose service it opens, for a new secret
    #[arg(long, value_name = "NAME", default_value = "")]
    provider: String,
    /// Where its values are kept, for a new secret
    #[arg(long, value_name = "BACK END")]
    backend: Option<String>,
    /// After how many days a new value is due, for a new secret
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=3650))]
    rotate_every: Option<u16>,
    /// Have the value made, now and at every rotation
    #[arg(long)]
    generate: bool,
    /// How long a generated value is
    #[arg(long, value_name = "N", default_value_t = 32, requires = "generate")]
    length: u16,
}

impl Set {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let reply = match find(&client, &self.name).await? {
            Some(known) if self.generate => client.rotate_secret(&known.id).await?,
            Some(known) => client.set_secret_value(&known.id, &given_secret("Value: ")?).await?,
            None => self.create(&client).await?,
        };
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
        } else {
            let secret = reply.read()?;
            let text = format!("{} has version {} now.", secret.name, secret.current_version);
            door.screen.line(&safe(&text))?;
        }
        Ok(Done::Well)
    }

    async fn create(&self, client: &Client) -> Result<diwan_client::Reply<diwan_client::Secret>, Failure> {
        let mut body = json!({
            "name": self.name,
            "kind": self.kind.as_str(),
            "description": self.description,
            "provider": self.provider,
        });
        if let Some(backend) = &self.backend {
            body["backend"] = json!(backend);
        }
        if let Some(days) = self.rotate_every {
            body["rotation_days"] = json!(days);
        }
        if self.generate {
            body["generate"] = json!({"length": self.length});
        } else {
            body["value"] = Value::String(given_secret("Value: ")?.to_string());
        }
        Ok(client.create_secret(body).await?)
    }
}
