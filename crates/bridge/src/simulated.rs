//! A machine that is not there: it joins, presents itself, reports and comes back like a bridge, and does
//! nothing that it is told. It is for finding out how many machines a control plane bears.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use diwan_kernel::World;
use diwan_link::{Link, Priority, ResetCode};
use diwan_policy::{Preset, hash_of};
use diwan_protocol::control::{FromBridge, Hello, ToBridge, VERSION};
use diwan_protocol::facts::{Disk, Facts, PolicyInForce, Process, Sample};
use diwan_protocol::join::JoinRequest;
use diwan_protocol::{Opening, decode, encode};
use rustls::ClientConfig;

use crate::backoff::Backoff;
use crate::control::{self, ControlError};
use crate::dial::{self, Target};
use crate::error::JoinError;
use crate::identity::MachineKey;
use crate::join;
use crate::tls_time::WorldTime;

const PROCESSORS: u32 = 8;
const MEMORY: u64 = 32 << 30;

/// What happens to a simulated machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// It is welcome.
    Connected,
    /// It says for the so manieth time how it is doing. The number is told as its uptime.
    Reports(u64),
    /// Its connection is over.
    Lost,
}

/// A machine that is not there.
#[derive(Debug)]
pub struct Simulated {
    world: World,
    target: Target,
    machine: String,
    proof: ClientConfig,
    boot: [u8; 16],
    connections: u64,
    reports: u64,
}

impl Simulated {
    /// Joins with a token.
    ///
    /// # Errors
    /// [`JoinError`] says what is wrong and what to do.
    pub async fn join(world: &World, target: &str, token: &str) -> Result<Self, JoinError> {
        let (target, fingerprint) = join::read_target(target)?;
        let key = MachineKey::generate().map_err(JoinError::Key)?;
        let request = key.request().map_err(JoinError::Key)?.into();
        let request = JoinRequest { token: token.to_owned(), request, facts: facts() };
        let joined = join::ask(world, &target, fingerprint, &request).await?;
        let membership = join::membership(&target, fingerprint, joined)?;
        let chain = membership.certificates();
        let authority = chain.last().cloned().ok_or_else(|| JoinError::Answer("no certificate".to_owned()))?;
        let identity = diwan_link::tls::Identity { chain, key: key.private() };
        let time = Arc::new(WorldTime(world.clone()));
        let proof = diwan_link::tls::machine(identity, &authority, time).map_err(|e| JoinError::Key(e.to_string()))?;
        let (world, boot) = (world.clone(), world.random());
        let (connections, reports) = (0, 0);
        Ok(Self { world, target, machine: membership.machine, proof, boot, connections, reports })
    }

    /// Its id: `mch_…`.
    pub fn machine(&self) -> &str {
        &self.machine
    }

    /// Is there, reports at least as often as this, and comes back whenever it is cut off.
    pub async fn live(mut self, every: Duration, tell: impl Fn(Happened)) -> ! {
        let mut backoff = Backoff::default();
        loop {
            let began = self.world.monotonic();
            let away = self.connect(every, &tell).await;
            backoff.lived(self.world.monotonic().saturating_sub(began));
            tokio::time::sleep(backoff.next(u64::from_ne_bytes(self.world.random()), away)).await;
        }
    }

    /// One connection to its end; how long the control plane wants it to stay away.
    async fn connect(&mut self, every: Duration, tell: &impl Fn(Happened)) -> Option<Duration> {
        self.connections += 1;
        let (link, driver) = match dial::dial(&self.world, &self.target, self.proof.clone()).await {
            Ok(dialled) => dialled,
            Err(error) => return error.retry_after(),
        };
        tokio::select! {
            biased;
            ended = driver => match ended {
                diwan_link::Ended::GoneAway { retry_after_ms, .. } => Some(Duration::from_millis(retry_after_ms.into())),
                _ => None,
            },
            // Whatever is wrong with the conversation: it comes back, as a bridge does.
            _ = self.talk(&link, every, tell) => None,
        }
    }

    async fn talk(&mut self, link: &Link, every: Duration, tell: &impl Fn(Happened)) -> Result<(), ControlError> {
        let opened = link.open(Priority::Control, encode(&Opening::Control).into());
        let mut stream = opened.map_err(diwan_link::Reset::Link)?;
        let welcome = control::present(&mut stream, &self.hello()).await?;
        let _stay = Stay::begin(tell);
        let mut pace = every.min(control::pace(welcome.sample_every_ms));
        let mut next = std::pin::pin!(tokio::time::sleep(self.part_of(pace)));
        let (mut sending, mut receiving) = stream.split();
        let mut light: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(std::future::pending());
        loop {
            tokio::select! {
                biased;
                message = control::next(&mut receiving) => match message? {
                    None => return Ok(()),
                    Some(ToBridge::SampleEvery(ms)) => {
                        pace = every.min(control::pace(ms));
                        next.set(tokio::time::sleep(self.part_of(pace)));
                    }
                    Some(_) => {}
                },
                () = &mut next => {
                    next.set(tokio::time::sleep(pace));
                    self.reports += 1;
                    tell(Happened::Reports(self.reports));
                    sending.send(encode(&FromBridge::Sample(self.sample())).into()).await?;
                }
                Some((stream, opening)) = link.accept() => match decode::<Opening>(&opening) {
                    // What does nothing, a machine that is not there can do as well.
                    Ok(Some(Opening::Light)) => {
                        let world = self.world.clone();
                        light = Box::pin(async move { crate::light::work(&world, stream).await });
                    }
                    _ => stream.reset(ResetCode::Refused, "this machine is simulated"),
                },
                () = &mut light => light = Box::pin(std::future::pending()),
            }
        }
    }

    /// A part of a span of time, by lot: not all of them report in the same moment.
    fn part_of(&self, span: Duration) -> Duration {
        span.mul_f64(f64::from(u16::from_ne_bytes(self.world.random())) / f64::from(u16::MAX))
    }

    fn hello(&self) -> Hello {
        Hello {
            version: VERSION,
            boot: self.boot.into(),
            connections: self.connections,
            seen: 0,
            now_ms: self.world.now().as_millis(),
            facts: facts(),
            policy: policy(),
            commands: vec![],
            abilities: None,
        }
    }

    /// As long as that of a machine that is there.
    fn sample(&self) -> Sample {
        let share = |salt: u64| u32::try_from((self.reports * 7 + salt * 13) % 10_000).unwrap_or_default();
        let disk = |path: &str| Disk { path: path.to_owned(), used_bytes: 120 << 30, bytes: 500 << 30 };
        let process = |number: u32| Process {
            pid: 1000 + number,
            name: format!("process-{number}"),
            processor: share(number.into()),
            memory_bytes: u64::from(number + 1) << 26,
        };
        Sample {
            at_ms: self.world.now().as_millis(),
            uptime_s: self.reports,
            processor: share(0),
            processors: (0..PROCESSORS).map(|at| share(at.into())).collect(),
            load: vec![share(1), share(2), share(3)],
            memory_used_bytes: MEMORY / 3,
            memory_bytes: MEMORY,
            swap_used_bytes: 0,
            swap_bytes: 0,
            disks: vec![disk("/"), disk("/home")],
            received_bytes_s: 12_345,
            sent_bytes_s: 67_890,
            processes: (0..8).map(process).collect(),
            graphics: vec![],
            commands: 0,
        }
    }
}

/// From the welcome to the end of a connection, however that comes.
struct Stay<'a, F: Fn(Happened)>(&'a F);

impl<'a, F: Fn(Happened)> Stay<'a, F> {
    fn begin(tell: &'a F) -> Self {
        tell(Happened::Connected);
        Self(tell)
    }
}

impl<F: Fn(Happened)> Drop for Stay<'_, F> {
    fn drop(&mut self) {
        (self.0)(Happened::Lost);
    }
}

fn facts() -> Facts {
    Facts {
        hostname: "simulated".to_owned(),
        system: std::env::consts::OS.to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        release: "Simulated".to_owned(),
        kernel: "0".to_owned(),
        processors: PROCESSORS,
        processor: "Simulated processor".to_owned(),
        memory_bytes: MEMORY,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        layers: vec![],
        graphics: vec![],
    }
}

/// The usual policy, which is as long as those of machines that are there.
fn policy() -> PolicyInForce {
    let text = Preset::Standard.text(Path::new("/srv/projects"));
    PolicyInForce { hash: hash_of(&text).into(), text, fault: None }
}
