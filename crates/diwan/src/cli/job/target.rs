//! On which machine a job is to be done.

use std::collections::BTreeMap;

use clap::Args;
use diwan_client::Client;
use serde_json::{Value, json};

use super::super::failure::Failure;
use super::super::machine;

/// Where a job is to be done.
#[derive(Debug, Clone, Default, Args)]
pub(in crate::cli) struct Target {
    /// On this machine, by its name or id [default: the only one there is]
    #[arg(short, long, value_name = "NAME", conflicts_with_all = ["target_labels", "any"])]
    machine: Option<String>,
    /// On a machine with this label, like env=prod or gpu; repeated, it must have all of them
    #[arg(long = "label", id = "target_labels", value_name = "LABEL", conflicts_with = "any")]
    labels: Vec<String>,
    /// On any machine
    #[arg(long)]
    any: bool,
}

impl Target {
    /// As the API takes it, if something was said.
    pub(in crate::cli) async fn if_given(&self, client: &Client) -> Result<Option<Value>, Failure> {
        Ok(match &self.machine {
            Some(name) => Some(json!({"kind": "machine", "machine_id": machine::id_of(client, name).await?})),
            None if self.any => Some(json!({"kind": "any"})),
            None if self.labels.is_empty() => None,
            None => Some(json!({"kind": "labels", "selector": self.selector()?})),
        })
    }

    /// All labels. A machine has one value of each: a job for two would wait for ever.
    fn selector(&self) -> Result<String, Failure> {
        let selector = self.labels.join(",");
        let mut values = BTreeMap::new();
        for (name, value) in selector.split(',').filter_map(|label| label.trim().split_once('=')) {
            if let Some(other) = values.insert(name, value)
                && other != value
            {
                let detail = format!("no machine has both {name}={other} and {name}={value}");
                return Err(Failure::usage(detail, "Give each --label another name."));
            }
        }
        Ok(selector)
    }

    /// As the API takes it; where nothing was said and there is one machine only, that one.
    pub(in crate::cli) async fn or_the_only_one(&self, client: &Client) -> Result<Value, Failure> {
        if let Some(given) = self.if_given(client).await? {
            return Ok(given);
        }
        let names = machine::names(client).await?;
        match names.as_slice() {
            [only] => Ok(json!({"kind": "machine", "machine_id": machine::id_of(client, only).await?})),
            [] => {
                let next = "`diwan machine add NAME` makes the line that joins one. A job for --any waits for it.";
                Err(Failure::refused("there is no machine", next))
            }
            _ => {
                let next = format!("Name it with -m, or choose by --label, or take --any. {}", machine::among(&names));
                Err(Failure::usage("it is not said on which machine", &next))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_no_machine_has_together_are_refused() {
        let of = |labels: &[&str]| Target {
            machine: None,
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            any: false,
        };
        for sound in [&["env=prod", "gpu"][..], &["gpu", "gpu=a100"], &["env=prod", "env=prod"]] {
            assert_eq!(of(sound).selector().ok(), Some(sound.join(",")));
        }
        for wrong in [&["env=prod", "env=test"][..], &["env=prod,env=test"]] {
            assert!(of(wrong).selector().is_err(), "{wrong:?}");
        }
    }
}
