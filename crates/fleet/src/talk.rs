//! The conversation with a machine that is one of ours, from its greeting to its end.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use diwan_kernel::db::Unrecorded;
use diwan_kernel::{Ctx, NewEvent, Problem, TaskPolicy};
use diwan_link::{Link, Receiving, Sending};
use diwan_protocol::control::{FromBridge, Hello, ToBridge, VERSION, Welcome};
use diwan_protocol::facts::{Facts, PolicyInForce, Sample};
use diwan_protocol::{Opening, decode};
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use crate::certificate_request::ProvedKey;
use crate::connections::Connected;
use crate::event::{MachineChanged, MachineSampled};
use crate::facts::{MachineFacts, clean};
use crate::farewell::Farewell;
use crate::fleet::Fleet;
use crate::gateway::PATIENCE;
use crate::machine::MachineId;
use crate::patience::Patience;
use crate::samples::MachineSample;
use crate::shown::Shown;
use crate::table::{self, machine};

/// No policy is longer.
const LONGEST_POLICY: usize = 256 * 1024;
/// A second of break for so many machines: when all come back at once, nobody gets in.
const MACHINES_A_SECOND: usize = 250;
const SHORTEST_BREAK: Duration = Duration::from_secs(2);
const LONGEST_BREAK: Duration = Duration::from_secs(60);

impl Fleet {
    /// Talks to a machine that showed this. There may be ten thousand of these, nearly all of them waiting: what
    /// happens seldom has its place in a box, and takes none while it does not happen.
    pub(crate) async fn talk(&self, link: Link, generation: u64, shown: Shown, from: IpAddr) -> Farewell {
        let greeted = timeout(PATIENCE, greeting(&link)).await;
        let Ok(Some((sending, receiving, mut hello))) = greeted else {
            return Farewell::protocol("the first thing a machine does is to present itself");
        };
        if hello.policy.text.len() > LONGEST_POLICY {
            return Farewell::protocol("the policy is too long");
        }
        let (name, skew_ms) = match Box::pin(self.recognise(&shown, &hello, from)).await {
            Ok(known) => known,
            Err(farewell) => return farewell,
        };
        hello.facts = Facts::default();
        let policy = watch::Sender::new(without_text(&mut hello.policy));
        let connected = Arc::new(Connected {
            machine: shown.machine,
            link: link.clone(),
            generation,
            hello,
            policy,
            since: self.world().now(),
            skew_ms: skew_ms.into(),
            control: Mutex::new(sending),
            leaving: watch::Sender::new(None),
        });
        let Ok(welcome) = Box::pin(self.welcome(&connected, name)).await else {
            return Farewell::later(PATIENCE);
        };
        connected.tell(&ToBridge::Welcome(welcome)).await;
        let present = self.enter(connected);
        Box::pin(self.tell_of_succession(&present)).await;
        crate::commands::on_connected(self, &present);
        crate::rules::on_connected(self, &present);
        let _here = Here { fleet: self.clone(), connected: Arc::clone(&present) };
        // Whoever put it out before it had its place could not send it away.
        if let Some(farewell) = Box::pin(self.is_unwelcome(&shown)).await {
            return farewell;
        }
        tokio::select! {
            biased;
            farewell = present.sent_away() => farewell,
            () = self.supervisor().stopping() => Farewell::later(self.a_break()),
            farewell = self.listen(&present, receiving) => farewell,
        }
    }

    async fn welcome(&self, connected: &Connected, name: String) -> Result<Welcome, Problem> {
        let keys = self.keys().await?;
        Ok(Welcome {
            version: connected.hello.version.min(VERSION),
            now_ms: self.world().now().as_millis(),
            sample_every_ms: millis(self.watchers().interval(connected.machine)),
            name,
            keys: vec![keys.of(connected.generation).signing.verifying_key()],
        })
    }

    /// From here on the machine is there. Whoever had its place goes.
    fn enter(&self, connected: Arc<Connected>) -> Arc<Connected> {
        if let Some(before) = self.connections().put(Arc::clone(&connected)) {
            before.send_away(Farewell::replaced());
        }
        self.announce(connected.machine);
        connected
    }

    /// Says how a machine that may come in is now.
    pub(crate) fn announce(&self, machine: MachineId) {
        let state = self.presence(machine);
        self.events().publish(vec![NewEvent::from(&MachineChanged { id: machine, state })]);
    }

    /// Hears what the machine says until it says no more.
    async fn listen(&self, connected: &Arc<Connected>, mut receiving: Receiving) -> Farewell {
        let mut patience = Patience::new(self.world());
        loop {
            let message = tokio::select! {
                biased;
                message = receiving.receive() => message,
                stray = connected.link.accept() => match stray {
                    Some(_) => return Farewell::protocol("a machine opens one stream and no other"),
                    None => return Farewell::done(),
                },
            };
            let Ok(Some(message)) = message else { return Farewell::done() };
            if !patience.bears_one_more() {
                return Farewell::protocol("it talks too much");
            }
            let Ok(message) = decode::<FromBridge>(&message) else {
                return Farewell::protocol("what it says makes no sense");
            };
            // A kind that a later version brought is passed over.
            let Some(message) = message else { continue };
            if let FromBridge::Leaving(why) = &message {
                tracing::debug!(machine = %connected.machine, why = clean(why), "a machine leaves");
                return Farewell::done();
            }
            if let Err(problem) = self.hear(connected, message).await {
                tracing::warn!(?problem, machine = %connected.machine, "what a machine said could not be taken up");
            }
        }
    }

    async fn hear(&self, connected: &Arc<Connected>, message: FromBridge) -> Result<(), Problem> {
        match message {
            FromBridge::Sample(sample) => self.take_sample(connected, sample),
            FromBridge::Policy(policy) => return Box::pin(self.take_policy(connected, policy)).await,
            FromBridge::Renew(request) => return Box::pin(self.renew(connected, &request, connected.generation)).await,
            FromBridge::Facts(facts) => return Box::pin(self.take_facts(connected.machine, facts)).await,
            FromBridge::Succeed(request) => return Box::pin(self.let_succeed(connected, &request)).await,
            FromBridge::Succeeded => return Box::pin(self.has_succeeded(connected.machine)).await,
            FromBridge::Rules(news) => return Box::pin(self.take_rule_news(connected, news)).await,
            FromBridge::Leaving(_) => {}
        }
        Ok(())
    }

    fn take_sample(&self, connected: &Connected, sample: Sample) {
        let machine = connected.machine;
        let (now, was) = (self.world().now(), self.presence(machine));
        connected.clock_shows(sample.at_ms, now);
        self.samples().add(machine, &sample, now);
        if self.presence(machine) != was {
            self.announce(machine);
        }
        let watching = self.watchers().of(machine, self.world().monotonic());
        if watching.is_empty() {
            return;
        }
        let sample = MachineSample::new(sample, now);
        let told = |watcher| NewEvent::from(&MachineSampled { id: machine, sample: &sample, watcher });
        self.events().publish(watching.into_iter().map(told).collect());
    }

    async fn take_facts(&self, machine: MachineId, facts: Facts) -> Result<(), Problem> {
        let ctx = Ctx::system(self.world(), "fleet");
        let mut tx = self.db().begin(&ctx).await?;
        machine::set_facts(&mut tx, machine, &MachineFacts::from(facts)).await?;
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
        self.announce(machine);
        Ok(())
    }

    async fn take_policy(&self, connected: &Connected, mut policy: PolicyInForce) -> Result<(), Problem> {
        if policy.text.len() > LONGEST_POLICY {
            connected.send_away(Farewell::protocol("the policy is too long"));
            return Ok(());
        }
        policy.fault = policy.fault.map(|fault| clean(&fault));
        let ctx = Ctx::system(self.world(), "fleet");
        let mut tx = self.db().begin(&ctx).await?;
        machine::set_policy(&mut tx, connected.machine, &policy).await?;
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await?;
        connected.policy.send_replace(without_text(&mut policy));
        self.announce(connected.machine);
        Ok(())
    }

    /// Gives the machine a certificate for a key that it has proved to have.
    pub(crate) async fn renew(&self, connected: &Connected, request: &[u8], generation: u64) -> Result<(), Problem> {
        let Some(key) = ProvedKey::read(request) else {
            connected.send_away(Farewell::protocol("what it asks a certificate with is no request"));
            return Ok(());
        };
        let keys = self.keys().await?;
        let authority = &keys.of(generation).authority;
        let issued = authority.vouch(self.world(), connected.machine, &key.key).map_err(Problem::internal)?;
        self.give_certificate(connected.machine, &key, &issued).await?;
        let chain = issued.chain.iter().map(|der| der.to_vec().into()).collect();
        connected.tell(&ToBridge::Renewed(chain)).await;
        Ok(())
    }

    /// Writes a certificate down by itself.
    pub(crate) async fn give_certificate(
        &self,
        machine: MachineId,
        key: &ProvedKey,
        issued: &crate::authority::Issued,
    ) -> Result<(), Problem> {
        let ctx = Ctx::system(self.world(), "fleet");
        let mut tx = self.db().begin(&ctx).await?;
        self.write_down(&mut tx, machine, key, issued).await?;
        Ok(tx.commit_unrecorded(Unrecorded::Bookkeeping).await?)
    }

    /// Ends the connection of a machine, if there is one.
    pub(crate) fn send_away(&self, machine: MachineId, farewell: Farewell) {
        if let Some(connected) = self.connections().find(machine) {
            connected.send_away(farewell);
        }
    }

    /// How long a machine stays away when the server stops: a time of its own, the more machines the longer.
    fn a_break(&self) -> Duration {
        let seconds = u64::try_from(self.connections().count() / MACHINES_A_SECOND).unwrap_or(u64::MAX);
        let window = Duration::from_secs(seconds).clamp(SHORTEST_BREAK, LONGEST_BREAK);
        window.mul_f64(f64::from(u16::from_be_bytes(self.world().random())) / f64::from(u16::MAX))
    }
}

/// The control stream and the first thing said on it.
async fn greeting(link: &Link) -> Option<(Sending, Receiving, Hello)> {
    let (mut stream, opening) = link.accept().await?;
    if !matches!(decode(&opening), Ok(Some(Opening::Control))) {
        return None;
    }
    let message = stream.receive().await.ok()??;
    let hello = decode(&message).ok()??;
    let (sending, receiving) = stream.split();
    Some((sending, receiving, hello))
}

fn without_text(policy: &mut PolicyInForce) -> PolicyInForce {
    policy.text = String::new();
    policy.clone()
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A machine is there as long as this is.
struct Here {
    fleet: Fleet,
    connected: Arc<Connected>,
}

impl Drop for Here {
    fn drop(&mut self) {
        if !self.fleet.connections().take_out(&self.connected) {
            return;
        }
        let (fleet, machine) = (self.fleet.clone(), self.connected.machine);
        fleet.announce(machine);
        fleet.clone().supervisor().spawn("machine left", TaskPolicy::Once, async move {
            if let Err(error) = fleet.note_seen(&[machine]).await {
                tracing::debug!(%error, %machine, "when a machine was last seen is not noted");
            }
        });
    }
}

impl Fleet {
    /// Notes that these machines were there until now.
    pub(crate) async fn note_seen(&self, machines: &[MachineId]) -> Result<(), diwan_kernel::DbError> {
        let ctx = Ctx::system(self.world(), "fleet");
        let mut tx = self.db().begin(&ctx).await?;
        for machine in machines {
            table::machine::set_last_seen(&mut tx, *machine, ctx.now()).await?;
        }
        tx.commit_unrecorded(Unrecorded::Bookkeeping).await
    }
}
