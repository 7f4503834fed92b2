//! Whether a key opens the door: a real login by the system's `ssh` at this machine's own server. The key of the
//! vault is offered there and taken or not, but it signs nothing; what goes through the door is a key that is made
//! for this proof, lies in the same file, and is gone with it.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diwan_kernel::World;
use diwan_protocol::ssh_line::{SshLine, blob_of};
use ring::signature::Ed25519KeyPair;

use super::Failed;
use super::agent::Agent;
use super::key_file::KeyFile;
use super::lines;

/// A server on the same machine answers at once, or is none.
const REACH: Duration = Duration::from_secs(5);
/// A login takes no longer, also where the shell of the user reads much before it begins.
const LOGIN: Duration = Duration::from_secs(30);
/// Somebody else may change the file just then: what is left there is taken away with the next try.
const TRIES: usize = 5;

/// How `ssh` is told to use nothing but this: no settings, no files of the user, no questions.
const OPTIONS: [&str; 18] = [
    "BatchMode=yes",
    "PreferredAuthentications=publickey",
    "IdentityFile=none",
    "IdentitiesOnly=no",
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/dev/null",
    "GlobalKnownHostsFile=/dev/null",
    "UpdateHostKeys=no",
    "ControlMaster=no",
    "ControlPath=none",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "ProxyCommand=none",
    "ConnectionAttempts=1",
    "ConnectTimeout=10",
    "LogLevel=ERROR",
];

/// Finds out whether the line opens the door.
///
/// # Errors
/// [`Failed`], in words, when it does not.
pub(super) fn prove(home: &Path, line: &SshLine, port: u16, ssh: &Path) -> Result<(), Failed> {
    reach(port)?;
    let absent = || Failed::place("the line is not there");
    let file = KeyFile::open(home, false)?.ok_or_else(absent)?;
    let found = file.read()?;
    if !lines::holds(&found.bytes, line) {
        return Err(absent());
    }
    let world = World::real();
    let agent = Arc::new(agent(&world, line)?);
    let name = hex(&world.random::<8>());
    let key = format!("ssh-ed25519 {}", STANDARD.encode(agent.own_blob()));
    let clean = lines::without_proofs(&found.bytes).unwrap_or_else(|| found.bytes.clone());
    file.replace(&found, &lines::with_proof(&clean, &key, &name), &name)?;
    let judged = Room::make(&name).and_then(|room| log_in(&room, &agent, line, port, ssh));
    judged.and(tidy(&file, &name))
}

fn agent(world: &World, line: &SshLine) -> Result<Agent, Failed> {
    let made = Ed25519KeyPair::from_seed_unchecked(&world.random::<32>()).ok().zip(blob_of(&line.key));
    let (own, wanted) = made.ok_or_else(|| Failed::place("no key could be made for the proof"))?;
    Ok(Agent::new(wanted, own))
}

/// Takes the key of the proof away again.
fn tidy(file: &KeyFile, name: &str) -> Result<(), Failed> {
    let mut last = Ok(());
    for _ in 0..TRIES {
        let found = file.read()?;
        let Some(left) = lines::without_proofs(&found.bytes) else { return Ok(()) };
        last = file.replace(&found, &left, name);
        if last.is_ok() {
            break;
        }
    }
    last
}

fn reach(port: u16) -> Result<(), Failed> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let reached = TcpStream::connect_timeout(&address, REACH);
    reached.map(drop).map_err(|error| Failed::server(format!("no SSH server answers at {address}: {error}")))
}

/// A directory that nobody else may look into, for the socket of the agent.
struct Room(PathBuf);

impl Room {
    fn make(name: &str) -> Result<Self, Failed> {
        let path = std::env::temp_dir().join(format!("diwan-proof-{name}"));
        let made = std::fs::DirBuilder::new().mode(0o700).create(&path);
        made.map(|()| Self(path)).map_err(|error| Failed::disk(&error))
    }

    fn socket(&self) -> PathBuf {
        self.0.join("agent")
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // An empty directory with a dead socket harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn log_in(room: &Room, agent: &Arc<Agent>, line: &SshLine, port: u16, ssh: &Path) -> Result<(), Failed> {
    let listener = UnixListener::bind(room.socket()).map_err(|error| Failed::disk(&error))?;
    let serving = Arc::clone(agent);
    std::thread::spawn(move || serving.serve(&listener));
    let mut command = Command::new(ssh);
    command.args(["-F", "none", "-T", "-p", &port.to_string(), "-l", &line.user]);
    command.args(OPTIONS.iter().flat_map(|option| ["-o", option]));
    command.arg("-o").arg(format!("IdentityAgent={}", room.socket().display()));
    command.args(["127.0.0.1", "true"]).env_clear();
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let child = child.map_err(|error| Failed::ssh(format!("{} cannot be started: {error}", ssh.display())))?;
    let (is_in, said) = wait_for(child)?;
    verdict(is_in, agent.was_accepted(), &said)
}

/// Waits for the login to be over, and ends it when that takes too long.
fn wait_for(mut child: Child) -> Result<(bool, String), Failed> {
    let (sender, over) = mpsc::channel();
    if let Some(mut errors) = child.stderr.take() {
        std::thread::spawn(move || {
            let mut said = vec![];
            // What cannot be read was not said.
            let _ = std::io::Read::read_to_end(&mut errors, &mut said);
            let _ = sender.send(said);
        });
    }
    let said = over.recv_timeout(LOGIN);
    if said.is_err() {
        // One that is over already needs no end.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| Failed::ssh(error.to_string()))?;
    match said {
        Ok(said) => Ok((status.success(), String::from_utf8_lossy(&said).into_owned())),
        Err(_) => Err(Failed::login("the login did not come to an end in time")),
    }
}

fn verdict(is_in: bool, was_accepted: bool, said: &str) -> Result<(), Failed> {
    let last = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("ssh did not say why");
    match (is_in, was_accepted) {
        (true, true) => Ok(()),
        (true, false) => Err(Failed::refused("the server lets this user in, but not with this key")),
        (false, true) => Err(Failed::login(format!("the server takes the key, but the login does not go on: {last}"))),
        (false, false) => Err(Failed::refused(format!("the server does not take the key: {last}"))),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
