//! The hosts of a simulation: the server and machines, each with doors of its own.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use diwan::compose::config::Config;
use diwan::compose::server;
use diwan_bridge::RunParams;
use diwan_kernel::World;
use diwan_kernel::world::Heavy;
use diwan_testkit::sim::{SeededChance, SimClock, SimDisk, SimNet};
use turmoil::Sim;

use super::ground::MACHINES;
use super::ledger::Ledger;
use super::machine::SimMachine;

pub(crate) const PORT: u16 = 7400;
pub(crate) const SERVER: &str = "server";
pub(crate) const PERSON: &str = "person";

/// What a machine is called.
pub(crate) fn name(machine: usize) -> String {
    format!("machine-{machine}")
}

/// What of the hosts is steered from outside.
#[derive(Debug)]
pub(crate) struct Hosts {
    pub(crate) clock: SimClock,
    pub(crate) machines: [MachineDoors; MACHINES],
}

#[derive(Debug)]
pub(crate) struct MachineDoors {
    pub(crate) clock: SimClock,
    pub(crate) disk: SimDisk,
}

/// A server with cheap passwords, and with limits that are far away.
pub(crate) fn config(dir: &Path) -> Config {
    let mut config = Config::default();
    config.server.data_dir = dir.join("data").display().to_string();
    config.server.listen = format!("127.0.0.1:{PORT}").parse().unwrap();
    config.server.public_url = Some(format!("http://{SERVER}:{PORT}"));
    config.server.rate_limit_burst = 1_000_000;
    config.server.rate_limit_per_s = 1_000_000;
    config.server.sign_in_rate_limit_burst = 1_000_000;
    config.server.account_rate_limit_burst = 1_000_000;
    config.server.account_rate_limit_per_s = 1_000_000;
    config.identity.password_memory_kib = 64;
    // Clocks are wrong by months here, and whatever is old by such a clock would be removed.
    (config.outputs.keep_days, config.jobs.keep_days) = (0, 3650);
    config
}

/// The dice of each start of each host: with the same ones, ids would repeat.
fn dice(seed: u64, host: u64, starts: &AtomicU64) -> Arc<SeededChance> {
    let start = starts.fetch_add(1, Ordering::Relaxed) + 1;
    Arc::new(SeededChance::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ (host << 56) ^ (start << 40)))
}

/// Adds the server and its machines, which have their files below this directory.
pub(crate) fn settle(sim: &mut Sim<'_>, dir: &Path, seed: u64, ledger: &Ledger) -> Hosts {
    let clock = SimClock::default();
    server_host(sim, dir, seed, &clock);
    let machines = std::array::from_fn(|number| {
        let state_dir = dir.join(name(number));
        let disk = SimDisk::with_files_of(&state_dir, seed ^ (number as u64 + 1)).unwrap();
        let doors = MachineDoors { clock: SimClock::default(), disk };
        machine_host(sim, dir, (number, seed), &doors, ledger);
        doors
    });
    Hosts { clock, machines }
}

fn server_host(sim: &mut Sim<'_>, dir: &Path, seed: u64, clock: &SimClock) {
    let (dir, starts, clock) = (dir.to_owned(), Arc::new(AtomicU64::new(0)), clock.clone());
    sim.host(SERVER, move || {
        let (dir, starts, clock) = (dir.clone(), Arc::clone(&starts), clock.clone());
        async move {
            let disk = Arc::new(diwan_kernel::world::RealDisk);
            let world = World::new(Arc::new(clock), dice(seed, 0, &starts), disk, Arc::new(SimNet), Heavy::InPlace);
            let product = server::start(config(&dir), world).await.map_err(|e| e.to_string())?;
            product.supervisor.stopping().await;
            Ok(())
        }
    });
}

fn machine_host(sim: &mut Sim<'_>, dir: &Path, (number, seed): (usize, u64), doors: &MachineDoors, ledger: &Ledger) {
    let starts = Arc::new(AtomicU64::new(0));
    let (dir, ledger, clock, disk) = (dir.to_owned(), ledger.clone(), doors.clock.clone(), doors.disk.clone());
    sim.host(name(number), move || {
        let (dir, starts, ledger) = (dir.clone(), Arc::clone(&starts), ledger.clone());
        let (clock, disk) = (clock.clone(), disk.clone());
        async move {
            let dice = dice(seed, 1 + number as u64, &starts);
            let world = World::new(Arc::new(clock), dice, Arc::new(disk), Arc::new(SimNet), Heavy::InPlace);
            let params = RunParams { state_dir: dir.join(name(number)), policy: dir.join("policy.toml") };
            let machine = Arc::new(SimMachine { number, ledger });
            diwan_bridge::serve(&world, machine, &params, std::future::pending()).await.map_err(|e| e.to_string())?;
            Ok(())
        }
    });
}
