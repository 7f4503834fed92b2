//! What is kept between two commands: who is signed in to which server. The file is readable by its
//! owner only, replaced whole, and changed by one process at a time.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::error::ClientError;
use crate::server::ServerUrl;
use crate::tls::Trust;

const LOCK_RETRY: Duration = Duration::from_millis(25);
const LOCK_PATIENCE: Duration = Duration::from_secs(30);
const OWNER_ONLY: u32 = 0o600;

/// What is kept for all servers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// The server that is meant when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<ServerUrl>,
    /// What is kept for each.
    #[serde(default)]
    pub servers: BTreeMap<ServerUrl, Account>,
}

/// What is kept for one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Whom to believe that they are the server.
    #[serde(default)]
    pub trust: Trust,
    /// What proves who we are.
    pub secrets: Secrets,
}

/// What proves who we are.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Secrets {
    /// An API token.
    ApiToken {
        /// The token.
        token: String,
    },
    /// A session of a person.
    Session {
        /// For requests; lives for an hour.
        access_token: String,
        /// For the next pair; works once.
        refresh_token: String,
        /// When the access token ends, in seconds since 1970 by this machine's clock.
        expires_at_s: u64,
    },
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ApiToken { .. } => "ApiToken(•••)",
            Self::Session { .. } => "Session(•••)",
        })
    }
}

/// The file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialsFile {
    path: PathBuf,
}

/// The right to change the file, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    _lock: File,
}

impl CredentialsFile {
    /// The file at this path.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The person's own file: `$XDG_CONFIG_HOME/diwan/credentials.json`, which is
    /// `~/.config/diwan/credentials.json` unless set. None when neither is known.
    pub fn of_user(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let set = |name: &str| variable(name).filter(|value| Path::new(value).is_absolute());
        let config = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| format!("{home}/.config")))?;
        Some(Self::at(Path::new(&config).join("diwan").join("credentials.json")))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it holds; nothing when there is no file.
    ///
    /// # Errors
    /// When it cannot be read, is not ours to read, or is not what we write.
    pub fn read(&self) -> Result<Credentials, ClientError> {
        let content = match std::fs::read(&self.path) {
            Ok(content) => content,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Credentials::default()),
            Err(e) => return Err(self.unusable(e)),
        };
        let mode = std::fs::metadata(&self.path).map_err(|e| self.unusable(e))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(self.unusable("others can read it"));
        }
        serde_json::from_slice(&content).map_err(|e| self.unusable(e))
    }

    /// Changes what it holds, while nobody else does.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub async fn change<T>(&self, change: impl FnOnce(&mut Credentials) -> T) -> Result<T, ClientError> {
        let turn = self.take_turn().await?;
        let mut credentials = self.read()?;
        let answer = change(&mut credentials);
        self.write(&turn, &credentials)?;
        Ok(answer)
    }

    /// Waits for the right to change the file.
    pub(crate) async fn take_turn(&self) -> Result<Turn, ClientError> {
        if let Some(dir) = self.path.parent() {
            let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
            made.map_err(|e| self.unusable(e))?;
        }
        let path = self.path.with_extension("lock");
        let open = OpenOptions::new().create(true).truncate(false).write(true).mode(OWNER_ONLY).open(path);
        let lock = open.map_err(|e| self.unusable(e))?;
        let waiting = async {
            loop {
                match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                    Ok(()) => return Ok(()),
                    Err(rustix::io::Errno::WOULDBLOCK) => tokio::time::sleep(LOCK_RETRY).await,
                    Err(e) => return Err(self.unusable(e)),
                }
            }
        };
        let waited = tokio::time::timeout(LOCK_PATIENCE, waiting).await;
        waited.map_err(|_| self.unusable("another diwan command keeps it locked"))??;
        Ok(Turn { _lock: lock })
    }

    /// Replaces the file: after a crash it is the old one or the new one.
    pub(crate) fn write(&self, _turn: &Turn, credentials: &Credentials) -> Result<(), ClientError> {
        let aside = self.path.with_extension("new");
        let write = || {
            match std::fs::remove_file(&aside) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
                _ => {}
            }
            let mut file = OpenOptions::new().create_new(true).write(true).mode(OWNER_ONLY).open(&aside)?;
            file.write_all(&serde_json::to_vec_pretty(credentials)?)?;
            file.sync_all()?;
            std::fs::rename(&aside, &self.path)
        };
        write().map_err(|e| self.unusable(e))
    }

    fn unusable(&self, why: impl ToString) -> ClientError {
        ClientError::Credentials { path: self.path.display().to_string(), why: why.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Checked = Result<(), Box<dyn std::error::Error>>;

    fn account(token: &str) -> Account {
        Account { trust: Trust::System, secrets: Secrets::ApiToken { token: token.to_owned() } }
    }

    #[tokio::test]
    async fn what_is_kept_is_private_and_reads_back() -> Checked {
        let dir = tempfile::tempdir()?;
        let file = CredentialsFile::at(dir.path().join("deep").join("credentials.json"));
        assert_eq!(file.read()?, Credentials::default());
        let server: ServerUrl = "http://127.0.0.1:7400".parse()?;
        file.change(|c| c.servers.insert(server.clone(), account("dwn_1"))).await?;
        assert_eq!(file.read()?.servers.get(&server), Some(&account("dwn_1")));
        assert_eq!(std::fs::metadata(file.path())?.permissions().mode() & 0o777, 0o600);
        assert!(!format!("{:?}", file.read()?).contains("dwn_1"), "secrets are not printed");
        Ok(())
    }

    #[tokio::test]
    async fn changes_at_once_are_all_kept() -> Checked {
        let dir = tempfile::tempdir()?;
        let file = CredentialsFile::at(dir.path().join("credentials.json"));
        let changes = (0..20u16).map(|n| {
            let file = file.clone();
            async move {
                let server: ServerUrl = format!("http://127.0.0.1:{}", 8000 + n).parse().map_err(|_| ()).ok()?;
                file.change(|c| c.servers.insert(server, account("x"))).await.ok()
            }
        });
        let mut running = tokio::task::JoinSet::new();
        changes.for_each(|change| drop(running.spawn(change)));
        running.join_all().await;
        assert_eq!(file.read()?.servers.len(), 20);
        Ok(())
    }

    #[test]
    fn a_file_that_others_can_read_or_that_is_damaged_is_refused() -> Checked {
        let dir = tempfile::tempdir()?;
        let file = CredentialsFile::at(dir.path().join("credentials.json"));
        std::fs::write(file.path(), "{}")?;
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644))?;
        assert!(file.read().is_err());
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o600))?;
        assert_eq!(file.read()?, Credentials::default());
        std::fs::write(file.path(), "{")?;
        assert!(file.read().is_err());
        Ok(())
    }

    #[test]
    fn the_file_is_where_the_desktop_says() {
        let place = |name: &'static str, value: &'static str| {
            let file = CredentialsFile::of_user(|asked| (asked == name).then(|| value.to_owned()));
            file.map(|f| f.path().display().to_string())
        };
        assert_eq!(place("XDG_CONFIG_HOME", "/c").as_deref(), Some("/c/diwan/credentials.json"));
        assert_eq!(place("HOME", "/h").as_deref(), Some("/h/.config/diwan/credentials.json"));
        assert_eq!(place("HOME", "relative"), None);
    }
}
