//! SSH keys of the vault in the files of users: this same program again, with the rights of the user whose key it is.
//! It runs outside the sandbox, since it is about the home of a user, which no sandbox shows; what it is told comes
//! from the plan alone.

mod agent;
mod key_file;
mod lines;
mod prove;

use std::io::Write;
use std::path::{Path, PathBuf};

use diwan_kernel::World;
use diwan_policy::{KeysPlan, Plan};
use diwan_protocol::command::SshKey;
use diwan_protocol::ssh_line::SshLine;
use rustix::io::Errno;

use self::key_file::KeyFile;
use super::users;

/// What it is called: nobody types this as a command.
const ROLE: &str = "--ssh-key-agent";
const INSTALL: &str = "install";
const PROVE: &str = "prove";
const REMOVE: &str = "remove";
/// This program as it runs: also where the user may not get to its file, and after an update replaced it.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// Why something was not done with a key, and the status that says so to programs.
#[derive(Debug)]
struct Failed {
    status: i32,
    words: String,
}

impl Failed {
    /// Where the keys lie is not as it must be.
    fn place(words: impl Into<String>) -> Self {
        Self { status: 20, words: words.into() }
    }

    fn io(words: &str, errno: Errno) -> Self {
        Self::place(format!("{words}: {errno}"))
    }

    /// No server answers.
    fn server(words: impl Into<String>) -> Self {
        Self { status: 21, words: words.into() }
    }

    /// There is one, and it does not take the key.
    fn refused(words: impl Into<String>) -> Self {
        Self { status: 22, words: words.into() }
    }

    /// It takes the key, and nobody gets in.
    fn login(words: impl Into<String>) -> Self {
        Self { status: 23, words: words.into() }
    }

    /// There is no `ssh` to ask with.
    fn ssh(words: impl Into<String>) -> Self {
        Self { status: 24, words: words.into() }
    }
}

/// What has to be run for something with a key.
///
/// # Errors
/// A code and words, when it can be done for no such user.
pub(crate) fn plan(keys: &KeysPlan, wanted: &SshKey) -> Result<Plan, (&'static str, String)> {
    let line = wanted.line();
    let account = users::account(&line.user);
    let account = account.ok_or_else(|| ("user_absent", format!("there is no user {} on this machine", line.user)))?;
    let own = rustix::process::geteuid();
    if !own.is_root() && own.as_raw() != account.user.uid {
        let words = format!("the bridge is not root: it cannot put keys into the home of {}", line.user);
        return Err(("user_foreign", words));
    }
    let (action, port) = match wanted {
        SshKey::Install(_) => (INSTALL, 0),
        SshKey::Prove { port, .. } => (PROVE, *port),
        SshKey::Remove(_) => (REMOVE, 0),
    };
    let ssh = keys.ssh.as_ref().map(|ssh| ssh.to_string_lossy().into_owned()).unwrap_or_default();
    let (version, port) = (line.version.to_string(), port.to_string());
    let words =
        [ROLE, action, &account.home, &line.user, &line.secret, &version, &line.key, &port, &ssh].map(str::to_owned);
    Ok(Plan {
        program: PathBuf::from(THIS_PROGRAM),
        argv: std::iter::once(THIS_PROGRAM.to_owned()).chain(words).collect(),
        env: vec![],
        root: None,
        dir: String::new(),
        profile: keys.profile.clone(),
        wall_time_ms: keys.wall_time_ms,
        output_limit_bytes: keys.output_limit_bytes,
        run_as: Some(line.user.clone()),
        class: keys.class,
        script: None,
    })
}

/// Does it if this program was started for that, and never returns then.
// It is another program that ends here, which has nothing of the daemon to shut down.
#[allow(clippy::disallowed_methods)]
pub(crate) fn serve_if_asked() {
    let arguments: Vec<String> = std::env::args_os().filter_map(|argument| argument.into_string().ok()).collect();
    let [_, role, action, home, user, secret, version, key, port, ssh] = arguments.as_slice() else { return };
    if role != ROLE {
        return;
    }
    let line = SshLine {
        user: user.clone(),
        secret: secret.clone(),
        version: version.parse().unwrap_or_default(),
        key: key.clone(),
    };
    let done = serve(action, Path::new(home), &line, (port.parse().unwrap_or_default(), Path::new(ssh)));
    let status = done.map_or_else(
        |failed| {
            let _ = writeln!(std::io::stderr(), "{}", failed.words);
            failed.status
        },
        |()| 0,
    );
    std::process::exit(status);
}

fn serve(action: &str, home: &Path, line: &SshLine, (port, ssh): (u16, &Path)) -> Result<(), Failed> {
    if let Some(flaw) = line.flaw() {
        return Err(Failed::place(flaw));
    }
    match action {
        INSTALL => install(home, line),
        PROVE => prove::prove(home, line, port, ssh),
        REMOVE => remove(home, line),
        _ => Err(Failed::place("that is nothing that can be done with a key")),
    }
}

fn install(home: &Path, line: &SshLine) -> Result<(), Failed> {
    let Some(file) = KeyFile::open(home, true)? else { return Ok(()) };
    let found = file.read()?;
    lines::with(&found.bytes, line).map_or(Ok(()), |bytes| file.replace(&found, &bytes, &beside()))
}

fn remove(home: &Path, line: &SshLine) -> Result<(), Failed> {
    let Some(file) = KeyFile::open(home, false)? else { return Ok(()) };
    let found = file.read()?;
    lines::without(&found.bytes, line).map_or(Ok(()), |bytes| file.replace(&found, &bytes, &beside()))
}

/// A name that nobody has beside the file.
fn beside() -> String {
    World::real().random::<8>().iter().map(|byte| format!("{byte:02x}")).collect()
}
