//! `diwan secret set`.

use clap::Args;
use diwan_client::{Client, Reply, Secret as Known};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::super::door::{Door, given_secret};
use super::super::failure::{Done, Failure};
use super::{KindName, change, find};

#[derive(Debug, Args)]
pub(in crate::cli) struct Set {
    /// Its name: a path like git/github-token; or its id (sec_…)
    name: String,
    /// What it is [default: free]; a secret that is there keeps its kind
    #[arg(long)]
    kind: Option<KindName>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Whose service it opens
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Where its values are kept; a secret that is there keeps its back end
    #[arg(long, value_name = "BACK END")]
    backend: Option<String>,
    /// After how many days a new value is due
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=3650))]
    rotate_every: Option<u16>,
    /// Have the value made, now and at every rotation
    #[arg(long)]
    generate: bool,
    /// How many characters a generated value has [default: 32]
    #[arg(long, value_name = "N", requires = "generate", value_parser = clap::value_parser!(u16).range(16..=256))]
    length: Option<u16>,
}

impl Set {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let reply = match find(&client, &self.name).await? {
            Some(known) => self.renew(&client, &known).await?,
            None => self.create(&client).await?,
        };
        change::say_version(door, &reply)
    }

    /// What is said about a secret besides its value.
    fn facts(&self) -> Map<String, Value> {
        let days = self.rotate_every.map(|days| json!(days));
        let facts = [
            ("description", self.description.as_ref().map(|text| json!(text))),
            ("provider", self.provider.as_ref().map(|name| json!(name))),
            ("rotation_days", days),
        ];
        facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    async fn create(&self, client: &Client) -> Result<Reply<Known>, Failure> {
        let kind = self.kind.unwrap_or(KindName::Free);
        let mut body = self.facts();
        body.insert("name".into(), json!(self.name));
        body.insert("kind".into(), json!(kind.as_str()));
        if let Some(backend) = &self.backend {
            body.insert("backend".into(), json!(backend));
        }
        let (name, value) = match self.recipe(kind.as_str(), None)? {
            Some(recipe) => ("generate", recipe),
            None => ("value", json!(*given_secret("Value: ")?)),
        };
        body.insert(name.into(), value);
        Ok(client.create_secret(Value::Object(body)).await?)
    }

    /// Gives a secret that is there a new value, and changes what else was said of it.
    async fn renew(&self, client: &Client, known: &Known) -> Result<Reply<Known>, Failure> {
        self.keeps("kind", self.kind.map(KindName::as_str), &known.kind)?;
        self.keeps("back end", self.backend.as_deref(), &known.backend)?;
        let mut changes = self.facts();
        let recipe = self.recipe(&known.kind, known.generate.as_ref())?;
        // It is asked for before anything changes: without one nothing does.
        let value: Option<Zeroizing<String>> = if self.generate { None } else { Some(given_secret("Value: ")?) };
        changes.extend(recipe.filter(|recipe| known.generate.as_ref() != Some(recipe)).map(|r| ("generate".into(), r)));
        if !changes.is_empty() {
            client.update_secret(&known.id, Value::Object(changes)).await?;
        }
        Ok(match value {
            Some(value) => client.set_secret_value(&known.id, &value).await?,
            None => client.rotate_secret(&known.id).await?,
        })
    }

    fn keeps(&self, what: &str, wanted: Option<&str>, is: &str) -> Result<(), Failure> {
        let Some(wanted) = wanted.filter(|wanted| *wanted != is) else { return Ok(()) };
        Err(Failure::refused(
            format!("{} is there already, and its {what} is {is}, not {wanted}; nothing was changed", self.name),
            "Leave the option out, or bring it in under another name.",
        ))
    }

    /// How the value is made, if it is: as before, but for what was said now.
    fn recipe(&self, kind: &str, before: Option<&Value>) -> Result<Option<Value>, Failure> {
        if !self.generate {
            return Ok(None);
        }
        let mut recipe = before.cloned().unwrap_or_else(|| json!({}));
        if let Some(length) = self.length {
            if matches!(kind, "totp" | "ssh_key") {
                let next = "Leave --length out: it is for passwords, keys of services and free text.";
                return Err(Failure::usage("what is generated here has a length of its own", next));
            }
            recipe["length"] = json!(length);
        }
        Ok(Some(recipe))
    }
}
