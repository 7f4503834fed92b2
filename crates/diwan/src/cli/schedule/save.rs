//! `diwan schedule create` and `update`.

use clap::Args;
use diwan_client::{Client, JobSchedule};
use serde_json::{Map, Value, json};

use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::job::{place_alone, spec::Spec, target::Target};
use super::super::machine;
use super::super::run::{Place, Work};
use super::super::screen::{exact_moment, safe};
use super::find::find;
use super::when::{Otherwise, When};

const AFTER_CREATE: &str = "\
Examples:
  diwan schedule create nightly --cron '0 3 * * *' --zone Europe/Berlin \\
      --missed once -m web-1 --retries 2 --script backup.sh
  diwan schedule create deploy --webhook github --branch main \\
      -m web-1 --dir shop --git pull
  diwan schedule create alarm --on job.ended --filter state=failed \\
      -m desk --overlap allow --script ring.sh

For a webhook the address and the secret are printed, the secret only this once.
With --webhook, --branch names the branch whose pushes count.";

const AFTER_UPDATE: &str = "\
Examples:
  diwan schedule update nightly --cron '30 4 * * 1-5'
  diwan schedule update nightly --zone Asia/Amman --missed all
  diwan schedule update nightly --retries 5 --timeout 2h
  diwan schedule update nightly --script backup-all.sh

What is not said stays as it is. Jobs that were made already stay as they are.";

/// Make a schedule
#[derive(Debug, Args)]
#[command(after_help = AFTER_CREATE, mut_arg("branch", |arg| arg.help(BRANCH)))]
pub(in crate::cli) struct Create {
    /// What the schedule is called
    #[arg(value_name = "NAME", id = "schedule")]
    schedule: String,
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    otherwise: Otherwise,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    spec: Spec,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    work: Work,
}

const BRANCH: &str = "Which branch to clone; with --webhook, whose pushes count";

/// Change a schedule
#[derive(Debug, Args)]
#[command(after_help = AFTER_UPDATE, mut_arg("branch", |arg| arg.help(BRANCH)))]
#[command(mut_group("work", |group| group.required(false)), mut_group("when", |group| group.required(false)))]
pub(in crate::cli) struct Update {
    /// Its name or id
    #[arg(value_name = "NAME", id = "schedule")]
    schedule: String,
    /// Call it so from now on
    #[arg(long, value_name = "NAME")]
    rename: Option<String>,
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    otherwise: Otherwise,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    spec: Spec,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    work: Work,
}

/// What is done, and the branch as far as it is the webhook's.
fn split(when: &When, work: &Work, place: &Place) -> (Place, Option<String>) {
    let mut place = place.clone();
    let branch = match when.is_webhook() && !work.is_clone() {
        true => place.take_branch(),
        false => place.branch().filter(|_| when.is_webhook()).map(str::to_owned),
    };
    (place, branch)
}

impl Create {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let (place, branch) = split(&self.when, &self.work, &self.place);
        let mut job = self.spec.fields(&Value::Null)?;
        job.insert("operation".to_owned(), self.work.operation(&place)?);
        job.insert("target".to_owned(), self.target.or_the_only_one(&client).await?);
        let mut body = self.otherwise.fields();
        body.insert("name".to_owned(), json!(self.schedule));
        body.insert("job".to_owned(), job.into());
        let when = self.when.fields(&Value::Null, branch.as_deref())?;
        body.extend(by_id(&client, when).await?.map(|when| ("when".to_owned(), when)));
        let reply = client.create_job_schedule(body.into()).await?;
        if door.screen.is_json() {
            door.screen.json(reply.text())?;
            return Ok(Done::Well);
        }
        let raw: Value = serde_json::from_str(reply.text()).unwrap_or_default();
        tell(door, &reply.read()?, "is there")?;
        if let Some(secret) = raw["secret"].as_str() {
            eprintln!("This is the secret that webhooks are signed with; it is not shown again:");
            door.screen.line(&safe(secret))?;
        }
        Ok(Done::Well)
    }
}

impl Update {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let (schedule, text) = find(&client, &self.schedule).await?;
        let before: Value = serde_json::from_str(&text).unwrap_or_default();
        let change = self.change(&client, &before).await?;
        if change.is_empty() {
            return Err(Failure::usage("nothing is to be changed", "Say what: diwan schedule update --help"));
        }
        let reply = client.update_job_schedule(&schedule.id, change.into()).await?;
        match door.screen.is_json() {
            true => door.screen.json(reply.text())?,
            false => tell(door, &reply.read()?, "was changed")?,
        }
        Ok(Done::Well)
    }

    async fn change(&self, client: &Client, before: &Value) -> Result<Map<String, Value>, Failure> {
        let (place, branch) = split(&self.when, &self.work, &self.place);
        let mut change = self.otherwise.fields();
        change.extend(self.rename.as_ref().map(|name| ("name".to_owned(), json!(name))));
        let when = self.when.fields(&before["when"], branch.as_deref())?;
        change.extend(by_id(client, when).await?.map(|when| ("when".to_owned(), when)));
        let mut fields = self.spec.fields(&before["job"])?;
        fields.extend(self.target.if_given(client).await?.map(|target| ("target".to_owned(), target)));
        if self.work.is_given() {
            fields.insert("operation".to_owned(), self.work.operation(&place)?);
        } else if !place.is_usual() {
            return Err(place_alone());
        }
        if !fields.is_empty() {
            // The job is changed as a whole.
            let mut job = before["job"].as_object().cloned().unwrap_or_default();
            job.extend(fields);
            change.insert("job".to_owned(), job.into());
        }
        Ok(change)
    }
}

/// The machine whose pushes count is named by its id.
async fn by_id(client: &Client, when: Option<Value>) -> Result<Option<Value>, Failure> {
    let Some(mut when) = when else { return Ok(None) };
    if let Some(name) = when["filter"]["machine"].as_str() {
        when["filter"]["machine"] = json!(machine::id_of(client, name).await?);
    }
    Ok(Some(when))
}

fn tell(door: &Door<'_>, schedule: &JobSchedule, what: &str) -> Result<(), Failure> {
    let next = match (&schedule.paused_at, &schedule.next_at) {
        (Some(_), _) => "; it is paused".to_owned(),
        (None, Some(at)) => format!("; its next job is for {} UTC", exact_moment(at)),
        (None, None) => String::new(),
    };
    door.screen.line(&safe(&format!("The schedule {} {what}{next}.", schedule.name)))?;
    match &schedule.hook_url {
        Some(url) => door.screen.line(&safe(&format!("Send webhooks to {url}"))),
        None => Ok(()),
    }
}
