//! `diwan job logs`.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use clap::Args;
use diwan_client::{Channel, Client, Job};

use super::super::command::Kept;
use super::super::door::Door;
use super::super::failure::{Done, Failure};
use super::super::run::{Collected, Gone, Hears, Writer};
use super::super::screen::safe;
use super::follow::{Followed, Follower, Listens, has_log};
use super::patience::Patience;
use super::teller::Teller;

const AFTER_HELP: &str = "\
Examples:
  diwan job logs job_01k9…
  diwan job logs -f job_01k9…                  until it has ended
  diwan job logs job_01k9… --attempt 1 --errors
  diwan job logs job_01k9… --download build.log

Without --attempt it is the last one that is printed; -f goes on with those that
follow. Output is printed on standard output and errors on standard error, byte
for byte; after a connection that broke it goes on at the next byte. With
--download output goes into the file, and errors into FILE.err, if there are any.";

/// Print what a job said, byte for byte; follow it while it runs
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct Logs {
    /// Its id (job_…)
    id: String,
    /// Go on while the job runs, through all attempts that follow
    #[arg(short, long)]
    follow: bool,
    /// What this attempt said, from 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    attempt: Option<u32>,
    /// Only its error output, and that on standard output
    #[arg(long)]
    errors: bool,
    /// Write it into this new file, and errors into FILE.err
    #[arg(long, value_name = "FILE", conflicts_with = "follow")]
    download: Option<PathBuf>,
}

/// Passes the errors on as output, and nothing else.
struct ErrorsOnly(Writer);

impl Hears for ErrorsOnly {
    async fn hear(&mut self, channel: Channel, bytes: Bytes) -> Result<(), Gone> {
        if channel == Channel::Errors { self.0.write(Channel::Output, bytes).await } else { Ok(()) }
    }
}

impl Listens for ErrorsOnly {
    async fn note(&mut self, text: &str) -> Result<(), Gone> {
        self.0.note(text).await
    }
}

impl Logs {
    pub(super) async fn run(&self, door: &Door<'_>) -> Result<Done, Failure> {
        let client = door.client()?;
        let reply = client.get_job(&self.id).await.map_err(super::unknown)?;
        let detail = reply.read()?;
        let attempt = self.attempt.unwrap_or(detail.job.attempt).max(1);
        let log = Log { client: &client, id: &self.id, attempt, is_there: has_log(&detail, attempt) };
        if !(self.follow && detail.job.is_open()) {
            self.check_attempt(&detail.job)?;
        }
        if detail.job.attempt == 0 && !self.follow && !door.screen.is_json() {
            eprintln!("{} has not begun and said nothing; -f waits for it.", safe(&self.id));
        }
        if let Some(path) = &self.download {
            return self.download(&log, path).await;
        }
        if door.screen.is_json() {
            let mut collected = Collected::default();
            self.print(&log, &mut collected).await?;
            // What follows while it runs changes how it stands.
            let raw =
                if self.follow { client.get_job(&self.id).await?.text().to_owned() } else { reply.text().to_owned() };
            let raw = serde_json::from_str(&raw).unwrap_or_default();
            door.screen.json(&collected.report(raw).to_string())?;
            return Ok(Done::Well);
        }
        let mut writer = Writer::begin().map_err(|e| Failure::unwritable(&e))?;
        if self.errors {
            let mut only = ErrorsOnly(writer);
            self.print(&log, &mut only).await?;
            writer = only.0;
        } else {
            self.print(&log, &mut writer).await?;
        }
        match writer.finish().await {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::unwritable(&error)),
            _ => Ok(Done::Well),
        }
    }

    const fn channels(&self) -> &'static [Channel] {
        if self.errors { &[Channel::Errors] } else { &[Channel::Output, Channel::Errors] }
    }

    /// Whether there is the attempt that is wanted.
    fn check_attempt(&self, job: &Job) -> Result<(), Failure> {
        if self.attempt.is_none_or(|attempt| attempt <= job.attempt) {
            return Ok(());
        }
        let next = format!("`diwan job show {}` lists the attempts.", self.id);
        Err(Failure::refused(format!("{} was not tried so often", self.id), &next))
    }

    /// Hands over what the attempt said; with `-f` also what is said from now on.
    async fn print(&self, log: &Log<'_>, listens: &mut impl Listens) -> Result<(), Failure> {
        if self.follow {
            // Whoever does not read any more needs no word about it.
            let follower = Follower::new(log.client, log.id, listens, Teller::new(true), log.attempt).await;
            return match follower.run().await? {
                Followed::Over(detail, _) => self.check_attempt(&detail.job),
                Followed::Unheard => Ok(()),
            };
        }
        for channel in self.channels() {
            let take = async |bytes: Bytes| listens.hear(*channel, bytes).await.is_ok();
            if !log.read(*channel, take).await? {
                break;
            }
        }
        Ok(())
    }

    /// Writes what the attempt said into files, as far as it has come.
    async fn download(&self, log: &Log<'_>, path: &Path) -> Result<Done, Failure> {
        let mut kept = Kept::create(path, self.channels())?;
        for channel in self.channels() {
            let mut written = Ok(());
            let take = async |bytes: Bytes| {
                written = kept.write(*channel, &bytes);
                written.is_ok()
            };
            log.read(*channel, take).await?;
            written.map_err(|e| Failure::unwritable(&e))?;
        }
        kept.finish()?;
        Ok(Done::Well)
    }
}

/// What an attempt says.
struct Log<'a> {
    client: &'a Client,
    id: &'a str,
    attempt: u32,
    is_there: bool,
}

impl Log<'_> {
    /// Reads it to what is its end now; goes on where it stopped when the server is away for a while. Says whether
    /// everything was taken.
    async fn read(&self, channel: Channel, mut take: impl AsyncFnMut(Bytes) -> bool) -> Result<bool, Failure> {
        if !self.is_there {
            return Ok(true);
        }
        let (mut at, mut patience) = (0, Patience::default());
        loop {
            let part = match self.client.read_job_log(self.id, self.attempt, channel, at).await {
                Ok(part) => part,
                Err(error) => {
                    patience.bear_quietly(error).await?;
                    continue;
                }
            };
            at = part.next;
            let is_over = part.is_end || part.bytes.is_empty();
            if !take(part.bytes).await {
                return Ok(false);
            }
            if is_over {
                return Ok(true);
            }
            patience = Patience::default();
        }
    }
}
