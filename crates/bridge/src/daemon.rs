//! The daemon: dials the control plane, talks with it, and dials again, for as long as it lives.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use diwan_kernel::{Supervisor, TaskPolicy, World};
use diwan_link::{Ended, Link, Priority, ResetCode};
use diwan_protocol::control::{Hello, VERSION, Welcome, ability};
use diwan_protocol::facts::Facts;
use diwan_protocol::{Opening, decode, encode};
use tokio::sync::watch;

use crate::artifacts;
use crate::backoff::Backoff;
use crate::commands::{self, Commands, Intake, OpenTerminals, Parts, Spool};
use crate::control::{self, Conversation};
use crate::dial::{self, Target};
use crate::error::RunError;
use crate::light;
use crate::machine::Machine;
use crate::policy_file::{InForce, PolicyFile};
use crate::rules::{Ground, Rules, Shelf};
use crate::self_knowledge::SelfKnowledge;
use crate::sleep::Sleep;
use crate::state::State;

/// How many commands run at once.
pub(crate) const COMMANDS_AT_ONCE: usize = 64;
/// The room for output of commands that are not forgotten yet.
const SPOOL_BYTES: u64 = 16 * 1024 * 1024 * 1024;
/// How long the last words may take.
const FAREWELL: Duration = Duration::from_secs(2);
/// What the farewells begin with after which nobody there commands this machine any more.
const PUT_OUT: [&str; 2] = ["revoked:", "unknown:"];
/// How long commands may take to stop: what they are given, and a little more.
const COMMANDS_STOP: Duration = Duration::from_secs(8);

/// How a bridge runs.
#[derive(Debug, Clone)]
pub struct RunParams {
    /// The directory of its state.
    pub state_dir: PathBuf,
    /// The owner's policy.
    pub policy: PathBuf,
}

impl RunParams {
    /// The usual places, for the user of this process.
    pub fn usual(home: Option<&Path>) -> Self {
        Self { state_dir: State::usual_place(home), policy: PolicyFile::usual_place(home) }
    }
}

/// A bridge that runs.
struct Daemon {
    world: World,
    supervisor: Supervisor,
    knowledge: SelfKnowledge,
    commands: Commands,
    intake: Intake,
    rules: Rules,
    machine: Arc<dyn Machine>,
    boot: [u8; 16],
    facts: Facts,
    leaving: watch::Sender<bool>,
}

/// What became of a connection.
struct Over {
    /// How long it lived after it was welcome.
    lived: Option<Duration>,
    /// After how long the control plane wants to see us again, if it said so.
    away: Option<Duration>,
}

/// Runs the bridge of a machine until it is told to stop.
///
/// # Errors
/// [`RunError`] when it cannot start. Once it runs, it goes on whatever happens.
pub async fn serve(
    world: &World,
    machine: Arc<dyn Machine>,
    params: &RunParams,
    stop: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let supervisor = Supervisor::new();
    let daemon = Daemon::start(world, &supervisor, machine, params)?;
    let watched = daemon.knowledge.policy.clone();
    let leaving = supervisor.clone();
    supervisor.spawn("watch over the policy", TaskPolicy::Once, async move {
        tokio::select! {
            biased;
            never = watched.watch() => never,
            () = leaving.stopping() => {}
        }
    });
    let mut dialling = std::pin::pin!(daemon.dial_for_ever());
    tokio::select! {
        biased;
        () = daemon.until_stopped(stop) => {
            // The conversation says its last words, if there is one.
            let _ = tokio::time::timeout(FAREWELL, &mut dialling).await;
        }
        () = &mut dialling => {}
    }
    supervisor.shut_down(FAREWELL).await;
    Ok(())
}

impl Daemon {
    fn start(
        world: &World,
        supervisor: &Supervisor,
        machine: Arc<dyn Machine>,
        params: &RunParams,
    ) -> Result<Self, RunError> {
        let state = State::open(world, &params.state_dir)?;
        let (journal, spool, kept) = (state.journal(), state.spool(), state.artifacts());
        let terminals = OpenTerminals::begin(world, &state.terminals()).map_err(RunError::System)?;
        let policy = PolicyFile::open(world, &params.policy, vec![params.state_dir.clone()]);
        let knowledge = SelfKnowledge::new(world, state, policy)?;
        let boot = world.random();
        let rules = Rules::new(Ground {
            world: world.clone(),
            machine: knowledge.membership().machine,
            boot,
            keys: knowledge.keys(),
            policy: knowledge.policy.clone(),
            shelf: Shelf::new(world, &params.state_dir),
        });
        let facts = machine.facts();
        let commands = Commands::restore(Parts {
            world: world.clone(),
            supervisor: supervisor.clone(),
            machine: knowledge.membership().machine,
            boot,
            keys: knowledge.keys(),
            policy: knowledge.policy.clone(),
            journal: commands::open_journal(world, &journal).map_err(RunError::Journal)?,
            terminals,
            spool: Arc::new(Spool::open(world, &spool, SPOOL_BYTES).map_err(RunError::System)?),
            artifacts: Arc::new(
                artifacts::Store::open(world, &kept, artifacts::Limits::USUAL).map_err(RunError::System)?,
            ),
            executor: Arc::clone(&machine),
            most_at_once: COMMANDS_AT_ONCE,
        });
        let commands = commands.map_err(RunError::Journal)?;
        let intake = Intake::begin(&commands);
        let (world, supervisor, leaving) = (world.clone(), supervisor.clone(), watch::Sender::new(false));
        Ok(Self { world, supervisor, knowledge, commands, intake, rules, machine, boot, facts, leaving })
    }

    /// Waits for the word, then stops commands and lets the conversation end.
    async fn until_stopped(&self, stop: impl Future<Output = ()>) {
        stop.await;
        tracing::info!("stops");
        if tokio::time::timeout(COMMANDS_STOP, self.commands.leave()).await.is_err() {
            tracing::warn!("some commands did not stop in time");
        }
        self.leaving.send_replace(true);
    }

    async fn dial_for_ever(&self) {
        let mut backoff = Backoff::default();
        loop {
            let over = match self.connect_once().await {
                Ok(over) => over,
                Err(error) => {
                    tracing::warn!("{error}");
                    Over { lived: None, away: error.retry_after() }
                }
            };
            if *self.leaving.borrow() {
                return;
            }
            over.lived.into_iter().for_each(|lived| backoff.lived(lived));
            let wait = backoff.next(u64::from_ne_bytes(self.world.random()), over.away);
            tracing::info!("tries again in {:.1} s", wait.as_secs_f64());
            let mut leaving = self.leaving.subscribe();
            // Whoever waits to leave does not wait to come back.
            let _ = tokio::time::timeout(wait, leaving.wait_for(|leaving| *leaving)).await;
        }
    }

    async fn connect_once(&self) -> Result<Over, ConnectError> {
        let connections = self.knowledge.count_connection().await?;
        let membership = self.knowledge.membership();
        let target: Target = membership.url.parse().map_err(RunError::Identity)?;
        let (link, driver) = self.dial(&target).await?;
        self.supervisor.spawn("link", TaskPolicy::Once, async move {
            driver.await;
        });
        let began = self.world.monotonic();
        let said = self.talk(&link, connections, &target).await;
        let is_leaving = *self.leaving.borrow();
        if is_leaving {
            link.close(Duration::ZERO, "the bridge is being stopped");
        }
        let ended = match tokio::time::timeout(FAREWELL, link.ended()).await {
            Ok(ended) => ended,
            Err(_) => Ended::Here,
        };
        link.close(Duration::ZERO, "done");
        let is_welcome = said.is_ok();
        match said {
            Ok(()) => tracing::info!("disconnected: {ended}"),
            // Why we are sent away says more than that nothing can be read any more.
            Err(_) if matches!(ended, Ended::GoneAway { .. }) => tracing::warn!("disconnected: {ended}"),
            Err(error) => tracing::warn!("disconnected: {error}"),
        }
        let lived = is_welcome.then(|| self.world.monotonic().saturating_sub(began));
        let away = match ended {
            Ended::GoneAway { retry_after_ms, reason } => {
                if PUT_OUT.iter().any(|word| reason.starts_with(word)) {
                    self.commands.disown();
                }
                Some(Duration::from_millis(retry_after_ms.into()))
            }
            _ => None,
        };
        Ok(Over { lived, away })
    }

    /// Dials with the keys that the machine knows, and where nobody knows those, with the ones from before.
    async fn dial(&self, target: &Target) -> Result<(Link, diwan_link::Driver), ConnectError> {
        match dial::dial(&self.world, target, self.knowledge.tls()?).await {
            Err(dial::DialError::Stranger) => match self.knowledge.former_tls() {
                Some(former) => Ok(dial::dial(&self.world, target, former).await?),
                None => Err(dial::DialError::Stranger.into()),
            },
            other => Ok(other?),
        }
    }

    /// Presents the machine and does what the control plane wants, until the connection ends.
    async fn talk(&self, link: &Link, connections: u64, target: &Target) -> Result<(), control::ControlError> {
        let opened = link.open(Priority::Control, encode(&Opening::Control).into());
        let mut stream = opened.map_err(diwan_link::Reset::Link)?;
        let mut policy = self.knowledge.policy.changes();
        let hello = self.hello(connections, &policy.borrow_and_update());
        let welcome = control::present(&mut stream, &hello).await?;
        self.welcomed(&welcome, target).await;
        let mut conversation = Conversation {
            world: &self.world,
            knowledge: &self.knowledge,
            commands: &self.commands,
            rules: &self.rules,
            machine: &*self.machine,
            sampler: None,
            sample_every: control::pace(welcome.sample_every_ms),
            leaving: self.leaving.subscribe(),
            policy,
        };
        let sleep = Sleep::new(&self.world);
        tokio::select! {
            biased;
            held = conversation.hold(stream) => match held {
                // That the link ended is told by the link.
                Err(control::ControlError::Reset(_)) => Ok(()),
                other => other,
            },
            () = self.accept(link) => Ok(()),
            never = sleep.watch(link) => match never {},
        }
    }

    async fn welcomed(&self, welcome: &Welcome, target: &Target) {
        let skew = welcome.now_ms - self.world.now().as_millis();
        tracing::info!(name = welcome.name, control_plane = %target, "connected");
        if skew.abs() > 30_000 {
            tracing::warn!(
                "the clocks of control plane and machine differ by {} s: commands will be refused",
                skew / 1000
            );
        }
        self.knowledge.keys_are(&welcome.keys);
        self.knowledge.name_is(welcome.name.clone()).await;
    }

    fn hello(&self, connections: u64, policy: &InForce) -> Hello {
        Hello {
            version: VERSION,
            boot: self.boot.into(),
            connections,
            seen: self.commands.seen(),
            now_ms: self.world.now().as_millis(),
            facts: self.facts.clone(),
            policy: policy.told(),
            commands: self.commands.ids(),
            abilities: Some(ability::ALL.iter().map(|able| (*able).to_owned()).collect()),
        }
    }

    /// Takes what the control plane opens.
    async fn accept(&self, link: &Link) {
        while let Some((stream, opening)) = link.accept().await {
            let commands = self.commands.clone();
            match decode::<Opening>(&opening) {
                Ok(Some(Opening::Run)) => self.intake.put(stream).await,
                Ok(Some(Opening::Follow(follow))) => {
                    self.supervisor.spawn(
                        "follower",
                        commands::ONCE,
                        async move { commands.follow(follow, stream).await },
                    );
                }
                Ok(Some(Opening::Judge)) => {
                    self.supervisor.spawn("question", commands::ONCE, async move { commands.judge(stream).await });
                }
                Ok(Some(Opening::Pipe(command))) => {
                    self.supervisor.spawn("pipe of a command", commands::ONCE, async move {
                        commands.pipe(&command, stream).await;
                    });
                }
                Ok(Some(Opening::Artifact(wanted))) => {
                    self.supervisor.spawn("file of a command", commands::ONCE, async move {
                        commands.give(wanted, stream).await;
                    });
                }
                Ok(Some(Opening::Light)) => {
                    let world = self.world.clone();
                    self.supervisor.spawn(
                        "light work",
                        commands::ONCE,
                        async move { light::work(&world, stream).await },
                    );
                }
                Ok(Some(Opening::Rules)) => {
                    let rules = self.rules.clone();
                    self.supervisor.spawn("request for rules", commands::ONCE, async move { rules.hear(stream).await });
                }
                Ok(_) => stream.reset(ResetCode::Refused, "this bridge knows no such stream"),
                Err(error) => stream.reset(ResetCode::Protocol, &error.to_string()),
            }
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
enum ConnectError {
    #[error(transparent)]
    Dial(#[from] dial::DialError),
    #[error(transparent)]
    State(#[from] crate::error::StateError),
    #[error(transparent)]
    Run(#[from] RunError),
}

impl ConnectError {
    fn retry_after(&self) -> Option<Duration> {
        if let Self::Dial(error) = self { error.retry_after() } else { None }
    }
}
