//! `diwan queue limit` and `machines NAME --limit`.

use clap::Args;
use serde_json::json;

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::machine;
use super::{change, said};

#[derive(Debug, Args)]
pub(in crate::cli) struct Limit {
    /// Its name
    #[arg(value_name = "QUEUE")]
    name: String,
    /// How many at once, or none to take the limit away
    #[arg(value_name = "N|none", value_parser = read)]
    limit: Limited,
}

/// How many, if not any number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limited(Option<u32>);

fn read(text: &str) -> Result<Limited, String> {
    match text {
        "none" => Ok(Limited(None)),
        _ => match text.parse() {
            Ok(limit @ 1..) => Ok(Limited(Some(limit))),
            _ => Err("it is a number from 1 on, or none; `diwan queue pause` begins nothing at all".to_owned()),
        },
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Machines {
    /// The machine to limit, by its name or id
    #[arg(value_name = "NAME", requires = "limit")]
    name: Option<String>,
    /// How many jobs it does at once, from 0 to 64
    #[arg(long, value_name = "N", requires = "name", value_parser = clap::value_parser!(u32).range(0..=64))]
    limit: Option<u32>,
}

impl Limit {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        // The API says any number by 0.
        let limit = self.limit.0.unwrap_or_default();
        change(door, &self.name, json!({"limit": limit})).await?;
        let words = match self.limit.0 {
            Some(limit) => format!("At most {limit} jobs of {} are done at once.", self.name),
            None => format!("Any number of jobs of {} is done at once.", self.name),
        };
        said(door, &words, &json!({"queue": self.name, "limit": self.limit.0}))
    }
}

impl Machines {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let (Some(name), Some(limit)) = (&self.name, self.limit) else { return super::list::machines(door).await };
        let client = door.client()?;
        let id = machine::id_of(&client, name).await?;
        client.update_job_machine(&id, json!({"limit": limit})).await?;
        let words = match limit {
            0 => format!("{name} begins no jobs any more."),
            1 => format!("{name} does 1 job at once."),
            many => format!("{name} does {many} jobs at once."),
        };
        said(door, &words, &json!({"machine_id": id, "limit": limit}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_or_none() {
        assert_eq!((read("3"), read("none")), (Ok(Limited(Some(3))), Ok(Limited(None))));
        assert!(read("0").is_err() && read("many").is_err());
    }
}
