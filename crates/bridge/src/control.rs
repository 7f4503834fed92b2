//! The control stream of one connection: the machine presents itself, and both say what changes.

use std::sync::Arc;
use std::time::Duration;

use diwan_kernel::World;
use diwan_link::{Receiving, Reset, Sending, Stream};
use diwan_protocol::control::{FromBridge, Hello, ToBridge, VERSION, Welcome};
use diwan_protocol::{decode, encode};
use tokio::sync::watch;

use crate::commands::Commands;
use crate::machine::{Machine, Sampler};
use crate::policy_file::InForce;
use crate::rules::Rules;
use crate::self_knowledge::SelfKnowledge;

/// The control plane is this quick to know us.
const PATIENCE: Duration = Duration::from_secs(15);
/// Samples are taken no faster, whatever is asked.
const FASTEST: Duration = Duration::from_secs(1);
/// And looked at this often even when nobody wants any, so that a share means something when they do.
const SLOWEST: Duration = Duration::from_secs(3600);
/// After so long a second look says how busy the machine is.
const TO_COMPARE: Duration = Duration::from_secs(1);
/// How often it is looked whether the certificate comes of age.
const RENEWAL: Duration = Duration::from_secs(60);

/// Why the conversation is over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ControlError {
    #[error("the connection ended before the control plane answered")]
    NoWelcome,
    #[error("it speaks version {0} of the conversation, which this bridge does not")]
    Version(u16),
    #[error("what it says makes no sense: {0}")]
    Malformed(String),
    #[error(transparent)]
    Reset(#[from] Reset),
}

/// Presents the machine, and waits until it is welcome.
pub(crate) async fn present(stream: &mut Stream, hello: &Hello) -> Result<Welcome, ControlError> {
    stream.send(encode(hello).into()).await?;
    let first = tokio::time::timeout(PATIENCE, stream.receive()).await.map_err(|_| ControlError::NoWelcome)??;
    let first = first.ok_or(ControlError::NoWelcome)?;
    match decode(&first).map_err(|e| ControlError::Malformed(e.to_string()))? {
        Some(ToBridge::Welcome(welcome)) if welcome.version == VERSION => Ok(welcome),
        Some(ToBridge::Welcome(welcome)) => Err(ControlError::Version(welcome.version)),
        _ => Err(ControlError::NoWelcome),
    }
}

/// A conversation with the control plane that has begun.
pub(crate) struct Conversation<'a> {
    pub(crate) world: &'a World,
    pub(crate) knowledge: &'a SelfKnowledge,
    pub(crate) commands: &'a Commands,
    pub(crate) rules: &'a Rules,
    pub(crate) machine: &'a dyn Machine,
    pub(crate) sampler: Option<Box<dyn Sampler>>,
    pub(crate) sample_every: Duration,
    pub(crate) leaving: watch::Receiver<bool>,
    /// As it was when the machine presented itself, and every change since.
    pub(crate) policy: watch::Receiver<Arc<InForce>>,
}

impl Conversation<'_> {
    /// Goes on until the stream ends or the machine leaves.
    pub(crate) async fn hold(&mut self, stream: Stream) -> Result<(), ControlError> {
        let (mut sending, mut receiving) = stream.split();
        let mut samples = tokio::time::interval(self.sample_every);
        samples.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut renewal = tokio::time::interval(RENEWAL);
        let mut asked_for_renewal = false;
        let mut leaving = self.leaving.clone();
        self.tell_of_rules(&mut sending).await?;
        loop {
            tokio::select! {
                biased;
                () = word(&mut leaving) => {
                    return leave(sending, receiving).await;
                }
                _ = samples.tick() => {
                    let sample = self.sample().await;
                    if sample.is_none() {
                        samples.reset_after(TO_COMPARE);
                    }
                    say(&mut sending, sample.map(FromBridge::Sample)).await?;
                }
                Ok(()) = self.policy.changed() => {
                    let told = self.policy.borrow_and_update().told();
                    say(&mut sending, Some(FromBridge::Policy(told))).await?;
                    self.tell_of_rules(&mut sending).await?;
                }
                _ = renewal.tick() => if !asked_for_renewal && self.knowledge.wants_renewal() {
                    let request = self.knowledge.request();
                    asked_for_renewal = request.is_some();
                    say(&mut sending, request.map(FromBridge::Renew)).await?;
                },
                message = next(&mut receiving) => match message? {
                    None => return Ok(()),
                    Some(ToBridge::SampleEvery(ms)) => {
                        self.sample_every = pace(ms);
                        samples = tokio::time::interval(self.sample_every);
                    }
                    Some(ToBridge::Renewed(chain)) => {
                        let has_succeeded = self.knowledge.renewed(chain).await;
                        say(&mut sending, has_succeeded.then_some(FromBridge::Succeeded)).await?;
                        asked_for_renewal = false;
                    }
                    Some(ToBridge::Succession(signed)) => {
                        let request = self.knowledge.request_after(&signed);
                        say(&mut sending, request.map(FromBridge::Succeed)).await?;
                    }
                    Some(message) => self.heard(message).await,
                },
            }
        }
    }

    async fn heard(&self, message: ToBridge) {
        match message {
            ToBridge::Forget(ids) => self.commands.forget(ids).await,
            ToBridge::Keys(keys) => self.knowledge.keys_are(&keys),
            ToBridge::Name(name) => self.knowledge.name_is(name).await,
            ToBridge::ForgetRules(ids) => self.rules.forget(ids).await,
            ToBridge::Welcome(_) | ToBridge::SampleEvery(_) | ToBridge::Renewed(_) | ToBridge::Succession(_) => {}
        }
    }

    /// What the owner decided meanwhile, or what the policy makes of it now.
    async fn tell_of_rules(&self, sending: &mut Sending) -> Result<(), ControlError> {
        for news in self.rules.news().await {
            say(sending, Some(FromBridge::Rules(news))).await?;
        }
        Ok(())
    }

    /// Reading all of it takes some milliseconds, which are not the event loop's. The first look gives nothing: how
    /// busy a machine is shows between two.
    async fn sample(&mut self) -> Option<diwan_protocol::facts::Sample> {
        let Some(mut sampler) = self.sampler.take() else {
            let mut sampler = self.machine.sampler(self.world);
            let looked = self.world.heavy(move || {
                sampler.take(0);
                sampler
            });
            self.sampler = looked.await.ok();
            return None;
        };
        let running = self.commands.running();
        let taken = self.world.heavy(move || (sampler.take(running), sampler)).await.ok()?;
        self.sampler = Some(taken.1);
        Some(taken.0)
    }
}

/// Says the last words, and waits until they are heard: the link would not carry them once it is closed.
async fn leave(mut sending: Sending, mut receiving: Receiving) -> Result<(), ControlError> {
    say(&mut sending, Some(FromBridge::Leaving("the bridge is being stopped".to_owned()))).await?;
    sending.finish();
    while next(&mut receiving).await?.is_some() {}
    Ok(())
}

/// Waits for the word to leave.
async fn word(leaving: &mut watch::Receiver<bool>) {
    // Without anybody who could say it, there is nothing to stay for either.
    let _ = leaving.wait_for(|leaving| *leaving).await;
}

/// How often samples are taken when they are wanted this often.
pub(crate) fn pace(ms: u64) -> Duration {
    if ms == 0 { SLOWEST } else { Duration::from_millis(ms).clamp(FASTEST, SLOWEST) }
}

/// The next message that is known here.
pub(crate) async fn next(receiving: &mut Receiving) -> Result<Option<ToBridge>, ControlError> {
    loop {
        let Some(message) = receiving.receive().await? else { return Ok(None) };
        if let Some(message) = decode(&message).map_err(|e| ControlError::Malformed(e.to_string()))? {
            return Ok(Some(message));
        }
    }
}

async fn say(sending: &mut Sending, message: Option<FromBridge>) -> Result<(), ControlError> {
    match message {
        Some(message) => Ok(sending.send(encode(&message).into()).await?),
        None => Ok(()),
    }
}
