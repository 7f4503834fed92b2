//! `diwan user rescue`: the way back for somebody who lost every other one, made on the server itself.

use clap::Args;
use diwan_identity::{RescueLink, RescueRefused};
use diwan_kernel::db::Db;
use diwan_kernel::{DbError, Events, Sealer, Supervisor, World};
use serde_json::json;
use url::Url;

use super::super::database::{known_steps, steps};
use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::installation::{Installation, data_dir};
use super::super::screen::{moment, safe};
use crate::compose::config::Config;
use crate::compose::server::public_url;

const AFTER_HELP: &str = "\
Examples:
  diwan user rescue amina@example.org
  sudo -u diwan diwan user rescue amina@example.org --config /etc/diwan.yaml \\
      --drop-second-factor

Run it on the machine of the server, as the user that the server runs as. It
needs no sign-in, but the data directory; the server may be running. The link
works once, for 15 minutes: with it the person sets a new password, which ends
all their sessions. Making and using it are written into the audit trail, and the
person is told by mail. Whoever has the link becomes that person, so hand it over
safely.";

/// Make somebody a link to set a new password with, on the machine of the server
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Rescue {
    /// Their e-mail address
    email: String,
    /// Let the link remove their authenticator app, recovery codes and passkeys too
    #[arg(long)]
    drop_second_factor: bool,
    /// The address people open, which the link begins with [env: DIWAN_PUBLIC_URL]
    #[arg(long, value_name = "URL")]
    public_url: Option<Url>,
    #[command(flatten)]
    installation: Installation,
}

impl Rescue {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let config = self.installation.load()?;
        let is_guessed = self.public_url.is_none() && config.server.public_url.is_none();
        let link = self.make(&config).await?;
        let until = link.expires_at.to_string();
        if door.screen.is_json() {
            let told = json!({
                "link": link.url.expose(),
                "expires_at": until,
                "name": link.name,
                "role": link.role.as_str(),
                "second_factor_stays": link.second_factor_stays,
            });
            door.screen.json(&told.to_string())?;
            return Ok(Done::Well);
        }
        let whom = format!("{} <{}> ({})", link.name, self.email, link.role.as_str());
        eprintln!("{} can set a new password with this link, once, until {} UTC.", safe(&whom), moment(&until));
        if link.second_factor_stays {
            eprintln!(
                "Signing in will still ask for the second factor; --drop-second-factor makes a link that removes it."
            );
        }
        if is_guessed {
            eprintln!("Should people reach the server under another address, name it with --public-url.");
        }
        door.screen.line(&safe(link.url.expose()))?;
        Ok(Done::Well)
    }

    async fn make(&self, config: &Config) -> Result<RescueLink, Failure> {
        let (world, key) = (World::real(), data_dir(config).seal_key());
        if !key.exists() {
            let what = format!("there is no installation here: {} is missing or may not be read", key.display());
            return Err(Failure::usage(what, "Name its --data-dir, and run this as the user that the server runs as."));
        }
        let base = match &self.public_url {
            Some(url) => url.clone(),
            None => public_url(config, config.server.listen).map_err(|e| Failure::usage(e.to_string(), e.next()))?,
        };
        let location = config.server.location();
        check_schema(&Db::open_for_reading(&location, &world).await.map_err(unusable)?).await?;
        // Whatever is written from here on is this user's alone.
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
        let sealer = Sealer::open(&world, &key);
        let sealer = sealer.map_err(|e| Failure::usage(e.to_string(), "Put back the key file of this database."))?;
        let supervisor = Supervisor::new();
        let link = async {
            let db = Db::open(&location, &world, &supervisor, &Events::new(&world)).await.map_err(unusable)?;
            let trail = diwan_audit::write_offline(&db, &sealer).await;
            trail.map_err(|e| Failure::refused(e.to_string(), "`diwan doctor` looks closer."))?;
            RescueLink::make(&db, &base, &self.email, self.drop_second_factor).await.map_err(refused)
        };
        let link = link.await;
        supervisor.shut_down(std::time::Duration::from_secs(5)).await;
        link
    }
}

/// Refuses a schema that is not this version's: only the server changes that.
async fn check_schema(db: &Db) -> Result<(), Failure> {
    let (taken, known) = (steps(db).await.map_err(unusable)?, known_steps());
    if taken.iter().any(|step| !known.contains(step)) {
        return Err(Failure::usage("a newer version of Diwan made this database", "Run the newer version's `diwan`."));
    }
    if known.iter().any(|step| !taken.contains(step)) {
        let next = "Start the server of this version once, then repeat this.";
        return Err(Failure::usage("the database still has the schema of an older version", next));
    }
    Ok(())
}

fn unusable(error: DbError) -> Failure {
    Failure::usage(error.to_string(), "Check --data-dir and --database-url, and that this user may write there.")
}

fn refused(refused: RescueRefused) -> Failure {
    let next = match &refused {
        RescueRefused::NoAddress(_) => {
            return Failure::usage(refused.to_string(), "Name them by their e-mail address.");
        }
        RescueRefused::Unknown(_) => "Is it written as they signed up? An owner sees all addresses under People.",
        RescueRefused::Disabled(_) => "Let another owner or admin enable the account first (`diwan user enable`).",
        RescueRefused::Database(_) => "`diwan doctor` looks closer.",
    };
    Failure::refused(refused.to_string(), next)
}
