//! Which machines are meant, and what to say when there are none.

use clap::Args;
use diwan_client::{Client, ClientError, Query};
use serde_json::{Value, json};

use super::super::failure::Failure;
use super::super::machine;

const LARGEST_PAGE: u32 = 200;

/// Which machines.
#[derive(Debug, Clone, Args)]
pub(super) struct Targets {
    /// This machine, by its name or id; repeat it for several [default: the only one there is]
    #[arg(short, long = "machine", value_name = "NAME", conflicts_with = "on")]
    machines: Vec<String>,
    /// All machines with these labels, like env=prod,gpu; repeated, they must have all of them
    #[arg(long, value_name = "SELECTOR")]
    on: Vec<String>,
}

impl Targets {
    /// One machine.
    pub(super) fn of(machine: &str) -> Self {
        Self { machines: vec![machine.to_owned()], on: vec![] }
    }

    /// The same; where nothing was said and there is one machine only, that one.
    pub(super) async fn or_the_only_one(&self, client: &Client) -> Result<Self, Failure> {
        if !self.machines.is_empty() || !self.on.is_empty() {
            return Ok(self.clone());
        }
        let names = machine::names(client).await?;
        match names.as_slice() {
            [only] => Ok(Self::of(only)),
            [] => Err(Failure::refused("there is no machine", &machine::among(&names))),
            _ => {
                let next = format!("Name it with -m, or several by their labels with --on. {}", machine::among(&names));
                Err(Failure::usage("it is not said on which machine", &next))
            }
        }
    }

    /// The machine, if one is meant by its name.
    pub(super) fn single(&self) -> Option<&str> {
        match self.machines.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    fn selector(&self) -> String {
        self.on.join(",")
    }

    /// As the API takes them.
    pub(super) fn put_into(&self, body: &mut Value) {
        match (self.single(), self.on.is_empty()) {
            (_, false) => body["selector"] = json!(self.selector()),
            (Some(machine), true) => body["machine"] = json!(machine),
            (None, true) => body["machines"] = json!(self.machines),
        }
    }

    /// Their ids and names.
    pub(super) async fn resolve(&self, client: &Client) -> Result<Vec<(String, String)>, Failure> {
        let mut found = vec![];
        for name in &self.machines {
            found.push((machine::id_of(client, name).await?, name.clone()));
        }
        if self.on.is_empty() {
            return Ok(found);
        }
        let mut cursor: Option<String> = None;
        loop {
            let query = Query::new().with("labels", Some(self.selector())).with("limit", Some(LARGEST_PAGE));
            let page = client.list_machines(query.with("cursor", cursor)).await?.read()?;
            let there = page.items.into_iter().filter(|machine| machine.state != "revoked");
            found.extend(there.map(|machine| (machine.id, machine.name)));
            cursor = page.next_cursor;
            match (&cursor, found.is_empty()) {
                (Some(_), _) => {}
                (None, false) => return Ok(found),
                (None, true) => return Err(self.nothing(client).await),
            }
        }
    }

    /// What the server says of machines that it does not find, with those that there are.
    pub(super) async fn explain(&self, client: &Client, error: ClientError) -> Failure {
        let failure = Failure::from(error);
        if failure.is_called("nothing_selected") {
            return self.nothing(client).await;
        }
        if !failure.is_called("machine_unknown") {
            return failure;
        }
        for name in &self.machines {
            if let Ok(None) = machine::find(client, name).await {
                return machine::unknown(client, name).await;
            }
        }
        failure
    }

    async fn nothing(&self, client: &Client) -> Failure {
        let labels = match labels(client).await {
            Ok(labels) => labels,
            Err(error) => return error.into(),
        };
        let next = match labels.as_slice() {
            [] => "No machine has a label: `diwan machine label NAME env=prod` gives one.".to_owned(),
            labels => format!("Labels that machines have: {}.", labels.join(", ")),
        };
        Failure::refused(format!("no machine has the labels {}", self.selector()), &next)
    }
}

/// The labels of the first machines.
async fn labels(client: &Client) -> Result<Vec<String>, ClientError> {
    let page = client.list_machines(Query::new().with("limit", Some(LARGEST_PAGE))).await?.read()?;
    let mut labels: Vec<String> = page.items.into_iter().flat_map(|machine| machine.labels).collect();
    labels.sort();
    labels.dedup();
    labels.truncate(20);
    Ok(labels)
}
