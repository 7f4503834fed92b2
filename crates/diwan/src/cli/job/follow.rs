//! Follows a job through all its attempts: what they say is heard once and in order, over as many connections and
//! starts of the server as that takes.

use std::time::Duration;

use bytes::Bytes;
use diwan_client::{Attachment, Channel, Client, ClientError, FromCommand, JobDetail, Lost, Reply};
use serde_json::Value;
use tokio::time::MissedTickBehavior;

use super::super::failure::Failure;
use super::super::run::{Collected, Gone, Hears, Writer, may_pass, note};
use super::super::screen::safe;
use super::changes::Changes;
use super::patience::Patience;
use super::teller::Teller;

const SECOND: Duration = Duration::from_secs(1);
/// All was said.
const OVER: u16 = 1000;
/// Whoever looks on for long is asked to come again.
const COME_AGAIN: u16 = 1012;

/// Whoever wants to know what a job says, and how it stands.
pub(super) trait Listens: Hears {
    /// Another attempt begins to speak.
    fn begin_attempt(&mut self) {}

    /// Hears how the job stands.
    async fn note(&mut self, text: &str) -> Result<(), Gone>;
}

impl Listens for Writer {
    async fn note(&mut self, text: &str) -> Result<(), Gone> {
        // On the same way as the errors, so that the order is kept.
        self.write(Channel::Errors, Bytes::from(format!("{}\n", safe(&format!("diwan: {text}"))))).await
    }
}

impl Listens for Collected {
    fn begin_attempt(&mut self) {
        *self = Self::default();
    }

    async fn note(&mut self, text: &str) -> Result<(), Gone> {
        note(text);
        Ok(())
    }
}

/// How the following went.
pub(super) enum Followed {
    /// The job is over; and the same as the server said it.
    Over(Box<JobDetail>, Value),
    /// Nobody hears what it says any more.
    Unheard,
}

/// Why it does not go on.
enum Left {
    Unheard,
    Failed(Failure),
}

impl From<Gone> for Left {
    fn from(Gone: Gone) -> Self {
        Self::Unheard
    }
}

impl From<Failure> for Left {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Somebody who follows a job.
pub(super) struct Follower<'a, L> {
    client: &'a Client,
    id: &'a str,
    listens: &'a mut L,
    teller: Teller,
    changes: Changes<'a>,
    log: Option<Attachment>,
    /// The attempt that is heard, whether it has a log, and how much of its output and its errors was heard.
    attempt: u32,
    has_log: bool,
    heard: [u64; 2],
    /// Everything up to this attempt was heard.
    done: u32,
    /// The server said that this attempt has nothing more to say.
    is_silent: bool,
    patience: Patience,
}

impl<'a, L: Listens> Follower<'a, L> {
    /// One that begins with this attempt.
    pub(super) async fn new(
        client: &'a Client,
        id: &'a str,
        listens: &'a mut L,
        teller: Teller,
        first_attempt: u32,
    ) -> Self {
        let changes = Changes::listen(client).await;
        let done = first_attempt.saturating_sub(1);
        Self {
            client,
            id,
            listens,
            teller,
            changes,
            log: None,
            attempt: done,
            has_log: false,
            heard: [0; 2],
            done,
            is_silent: false,
            patience: Patience::default(),
        }
    }

    /// Follows it to its end.
    pub(super) async fn run(mut self) -> Result<Followed, Failure> {
        let followed = self.follow().await;
        self.teller.step_aside();
        match followed {
            Ok((detail, raw)) => Ok(Followed::Over(Box::new(detail), raw)),
            Err(Left::Unheard) => Ok(Followed::Unheard),
            Err(Left::Failed(failure)) => Err(failure),
        }
    }

    async fn follow(&mut self) -> Result<(JobDetail, Value), Left> {
        loop {
            let reply = self.look().await?;
            let detail = reply.read().map_err(Failure::from)?;
            let last = detail.job.attempt;
            // Attempts that are over have said everything.
            let over = if detail.job.is_under_way() { last.saturating_sub(1) } else { last };
            while self.done < over {
                self.turn_to(self.done + 1, &detail);
                self.hear_the_rest().await?;
                self.done += 1;
                let news = self.teller.attempt_over(&detail, self.done);
                self.say(news).await?;
            }
            let news = self.teller.news(&detail);
            self.say(news).await?;
            if !detail.job.is_open() {
                return Ok((detail, serde_json::from_str(reply.text()).unwrap_or_default()));
            }
            if last > over.max(self.done) && !self.is_silent {
                self.turn_to(last, &detail);
                self.open_log().await?;
            }
            self.wait().await?;
        }
    }

    async fn say(&mut self, news: Option<String>) -> Result<(), Left> {
        let Some(news) = news else { return Ok(()) };
        self.teller.step_aside();
        Ok(self.listens.note(&news).await?)
    }

    /// How the job stands; a server that is away for a while is waited for.
    async fn look(&mut self) -> Result<Reply<JobDetail>, Failure> {
        let mut patience = Patience::default();
        loop {
            match self.client.get_job(self.id).await {
                Ok(reply) => return Ok(reply),
                Err(error) => patience.bear(error, self.id).await?,
            }
        }
    }

    fn turn_to(&mut self, attempt: u32, detail: &JobDetail) {
        if self.attempt != attempt {
            (self.attempt, self.heard, self.log, self.is_silent) = (attempt, [0; 2], None, false);
            self.listens.begin_attempt();
        }
        self.has_log = has_log(detail, attempt);
    }

    async fn open_log(&mut self) -> Result<(), Failure> {
        if self.log.is_some() || !self.has_log {
            return Ok(());
        }
        match self.client.follow_job_log(self.id, self.attempt, self.heard).await {
            Ok(log) => self.log = Some(log),
            Err(error) if may_pass(&error) => self.patience.pause().await,
            // It is not to be had: the job itself says how it goes on.
            Err(ClientError::Refused(_)) => self.is_silent = true,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Hears what is said until the job may stand otherwise.
    async fn wait(&mut self) -> Result<(), Left> {
        let mut second = tokio::time::interval(SECOND);
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        second.reset();
        loop {
            tokio::select! {
                heard = next_of(&mut self.log) => match heard {
                    Ok(FromCommand::Piece(channel, at, bytes)) => self.take(channel, at, bytes).await?,
                    // How the job stands is told elsewhere.
                    Ok(FromCommand::State(..) | FromCommand::Refused(_)) => {}
                    Err(lost) => {
                        self.log = None;
                        self.is_silent = lost == Lost::Closed(OVER);
                        self.changes.expect();
                        if !matches!(lost, Lost::Closed(OVER | COME_AGAIN)) {
                            self.patience.pause().await;
                        }
                        return Ok(());
                    }
                },
                () = self.changes.next_about(self.id) => {
                    self.is_silent = false;
                    return Ok(());
                }
                _ = second.tick() => self.teller.tick(),
            }
        }
    }

    async fn take(&mut self, channel: Channel, at: u64, bytes: Bytes) -> Result<(), Left> {
        let heard = &mut self.heard[usize::from(channel == Channel::Errors)];
        let Some(known) = heard.checked_sub(at).and_then(|known| usize::try_from(known).ok()) else {
            // Something is missing: it is asked for anew, from where it stopped.
            self.log = None;
            return Ok(());
        };
        let new = bytes.slice(known.min(bytes.len())..);
        if new.is_empty() {
            return Ok(());
        }
        *heard += new.len() as u64;
        self.patience = Patience::default();
        self.teller.give_way();
        Ok(self.listens.hear(channel, new).await?)
    }

    /// What an attempt that is over said and was not heard.
    async fn hear_the_rest(&mut self) -> Result<(), Left> {
        self.log = None;
        if !self.has_log {
            return Ok(());
        }
        let mut patience = Patience::default();
        for channel in [Channel::Output, Channel::Errors] {
            loop {
                let at = self.heard[usize::from(channel == Channel::Errors)];
                let part = match self.client.read_job_log(self.id, self.attempt, channel, at).await {
                    Ok(part) => part,
                    Err(ClientError::Refused(problem)) if problem.status == 410 => {
                        self.listens
                            .note(&format!("what attempt {} said is not kept any longer", self.attempt))
                            .await?;
                        return Ok(());
                    }
                    Err(error) => {
                        patience.bear(error, self.id).await?;
                        continue;
                    }
                };
                self.take(channel, at, part.bytes.clone()).await?;
                if part.is_end || part.bytes.is_empty() {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Whether an attempt can have said something: one that never came to its machine has not.
pub(super) fn has_log(detail: &JobDetail, attempt: u32) -> bool {
    detail.attempts.iter().any(|one| one.attempt == attempt && one.command_id.is_some())
}

async fn next_of(log: &mut Option<Attachment>) -> Result<FromCommand, Lost> {
    match log {
        Some(log) => log.next().await,
        None => std::future::pending().await,
    }
}
