//! What every run begins with: a server that has an owner and machines that have joined, made once and copied.

use std::fs::Permissions;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use diwan::compose::server;
use diwan_bridge::{JoinParams, Machine};
use diwan_testkit::server::PASSWORD;
use diwan_testkit::sim::{self, SimPerson};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::hosts::{PORT, SERVER, config};
use super::ledger::Ledger;
use super::machine::SimMachine;

pub(crate) const MACHINES: usize = 3;

const POLICY: &str = r#"
version = 1
require_sandbox = false

[roots.work]
path = "ROOT"
writable = true

[programs.true]
path = ["/usr/bin/true", "/bin/true"]

[profiles.steps]
limits = { wall_time_s = 600, output_mib = 64 }

[[rules]]
name = "steps"
operations = ["exec"]
program = "true"
positionals = [{ value = "name", at_least = 1, at_most = 4 }]
class = "reads"
profile = "steps"
decision = "allow"
"#;

/// What every run begins with. Its files are kept in memory: what is never dropped would leave a directory behind.
pub(crate) struct Ground {
    files: Vec<File>,
    /// What the person proves themselves with.
    pub(crate) token: String,
    /// The ids of the machines.
    pub(crate) machines: Vec<String>,
}

/// A place that forgets when the machine does: nothing of a run is worth waiting for a disk.
pub(crate) fn place() -> TempDir {
    let quick = Path::new("/dev/shm");
    let made = if quick.is_dir() { tempfile::tempdir_in(quick) } else { tempfile::tempdir() };
    made.or_else(|_| tempfile::tempdir()).unwrap()
}

pub(crate) fn ground() -> &'static Ground {
    static GROUND: OnceLock<Ground> = OnceLock::new();
    GROUND.get_or_init(prepare)
}

impl Ground {
    /// A copy for one run.
    pub(crate) fn copy(&self) -> TempDir {
        let place = place();
        for File { path, bytes, permissions } in &self.files {
            let path = place.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, bytes).unwrap();
            std::fs::set_permissions(&path, permissions.clone()).unwrap();
        }
        lay_out(place.path());
        place
    }
}

/// What names the place itself.
fn lay_out(place: &Path) {
    let work = place.join("work");
    std::fs::create_dir_all(&work).unwrap();
    std::fs::write(place.join("policy.toml"), POLICY.replace("ROOT", &work.to_string_lossy())).unwrap();
}

/// A file of the ground, by its path below it.
struct File {
    path: PathBuf,
    bytes: Vec<u8>,
    permissions: Permissions,
}

fn files_below(ground: &Path, dir: &Path, found: &mut Vec<File>) {
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let (path, about) = (entry.path(), entry.metadata().unwrap());
        if about.is_dir() {
            files_below(ground, &path, found);
        } else {
            let (bytes, permissions) = (std::fs::read(&path).unwrap(), about.permissions());
            found.push(File { path: path.strip_prefix(ground).unwrap().to_owned(), bytes, permissions });
        }
    }
}

fn prepare() -> Ground {
    let dir = place();
    lay_out(dir.path());
    let mut sim = turmoil::Builder::new()
        .simulation_duration(Duration::from_secs(60))
        .tick_duration(Duration::from_millis(5))
        .rng_seed(0)
        .build();
    let setup: Arc<Mutex<Option<String>>> = Arc::default();
    let told: Arc<Mutex<Option<Settled>>> = Arc::default();
    let (data, link) = (dir.path().to_owned(), Arc::clone(&setup));
    sim.host(SERVER, move || {
        let (data, link) = (data.clone(), Arc::clone(&link));
        async move {
            let product = server::start(config(&data), sim::world(1)).await.map_err(|e| e.to_string())?;
            *link.lock().unwrap() = product.setup_link.as_ref().map(|link| link.expose().clone());
            product.supervisor.stopping().await;
            Ok(())
        }
    });
    let (place, tell) = (dir.path().to_owned(), Arc::clone(&told));
    sim.client("person", async move {
        *tell.lock().unwrap() = Some(settle_in(&place, &setup).await);
        Ok(())
    });
    sim.run().unwrap();
    drop(sim);
    let (token, machines) = told.lock().unwrap().take().unwrap();
    let mut files = vec![];
    files_below(dir.path(), dir.path(), &mut files);
    Ground { files, token, machines }
}

/// What the person proves themselves with, and the ids of the machines.
type Settled = (String, Vec<String>);

async fn settle_in(dir: &Path, setup: &Mutex<Option<String>>) -> Settled {
    let mut owner = SimPerson::visiting(SERVER, PORT);
    let link = loop {
        if let Some(link) = setup.lock().unwrap().clone() {
            break link;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let setup = link.split("#token=").nth(1).unwrap();
    let body = json!({"token": setup, "email": "owner@example.org", "name": "Omar", "password": PASSWORD});
    done(&mut owner, "/api/v1/setup/owner", body).await;
    let scopes = ["jobs.read", "jobs.run", "jobs.manage", "commands.run", "machines.read", "audit.read"];
    let made = done(&mut owner, "/api/v1/me/tokens", json!({"name": "simulation", "scopes": scopes})).await;
    let mut machines = vec![];
    for number in 0..MACHINES {
        machines.push(join(&mut owner, dir, number).await);
    }
    (made["secret"].as_str().unwrap().to_owned(), machines)
}

async fn join(owner: &mut SimPerson, dir: &Path, number: usize) -> String {
    let name = format!("machine-{number}");
    let label = if number == 0 { "role=first" } else { "role=other" };
    let invited = done(owner, "/api/v1/join-tokens", json!({"name": name, "labels": [label]})).await;
    let fingerprint = invited["fingerprint"].as_str().unwrap();
    let target = format!("http://{SERVER}:{PORT}#{fingerprint}");
    let state_dir: PathBuf = dir.join(&name);
    let params =
        JoinParams { target: &target, token: invited["token"].as_str().unwrap(), state_dir: &state_dir, force: false };
    let facts = SimMachine { number, ledger: Ledger::new(vec![], vec![]) }.facts();
    let joined = diwan_bridge::join(&sim::world(100 + number as u64), params, facts).await.unwrap();
    joined.machine
}

async fn done(person: &mut SimPerson, path: &str, body: Value) -> Value {
    match person.send("POST", path, &body, "").await {
        Ok((200..=299, answer)) => answer,
        other => panic!("{path}: {other:?}"),
    }
}
