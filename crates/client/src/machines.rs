//! Operations about machines.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::{Call, Query};
use crate::client::Client;
use crate::commands::CommandProblem;
use crate::model::Page;
use crate::operations::{Answer, part};

/// A machine.
#[derive(Debug, Clone, Deserialize)]
pub struct Machine {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// How it is: `online`, `busy`, `offline`, `error`, `locked`, `revoked`.
    pub state: String,
    /// What about it needs a person.
    #[serde(default)]
    pub troubles: Vec<String>,
    /// What it says it is.
    pub facts: MachineFacts,
    /// SHA-256 of its policy.
    pub policy_hash: Option<String>,
    /// What is wrong with a newer policy, which is not in force therefore.
    pub policy_fault: Option<String>,
    /// How far its clock was ahead.
    pub clock_skew_ms: Option<i64>,
    /// How it was doing a moment ago.
    pub pulse: Option<SamplePoint>,
    /// When it joined.
    pub joined_at: String,
    /// When it was last there.
    pub last_seen_at: Option<String>,
}

/// What a machine says it is.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct MachineFacts {
    /// What it calls itself.
    pub hostname: String,
    /// Its system, for people.
    pub release: String,
    /// The version of its kernel.
    pub kernel: String,
    /// Like `x86_64`.
    pub architecture: String,
    /// How many processors it has.
    pub processors: u32,
    /// What they are.
    pub processor: String,
    /// How much memory it has.
    pub memory_bytes: u64,
    /// Which bridge runs there.
    pub bridge_version: String,
    /// The layers of its sandbox.
    #[serde(default)]
    pub layers: Vec<SandboxLayer>,
    /// Its graphics processors.
    #[serde(default)]
    pub graphics: Vec<String>,
}

/// A layer of a machine's sandbox.
#[derive(Debug, Clone, Deserialize)]
pub struct SandboxLayer {
    /// Which.
    pub name: String,
    /// Whether it is there.
    pub is_active: bool,
    /// Its version, or why it is not there.
    pub detail: String,
}

/// How a machine was doing at one moment, in short.
#[derive(Debug, Clone, Deserialize)]
pub struct SamplePoint {
    /// When.
    pub at: String,
    /// Share of all processors in use, from 0 to 1.
    pub processor: f64,
    /// Memory in use.
    pub memory_used_bytes: u64,
    /// Bytes that came in a second.
    pub received_bytes_s: u64,
    /// Bytes that went in a second.
    pub sent_bytes_s: u64,
}

/// A machine, with what is long about it.
#[derive(Debug, Clone, Deserialize)]
pub struct MachineDetail {
    /// What is known of it.
    #[serde(flatten)]
    pub machine: Machine,
    /// Its policy.
    pub policy_text: Option<String>,
    /// How it was doing a moment ago.
    pub sample: Option<MachineSample>,
}

/// How a machine was doing at one moment.
#[derive(Debug, Clone, Deserialize)]
pub struct MachineSample {
    /// When.
    pub at: String,
    /// How long it runs.
    pub uptime_s: u64,
    /// Share of all processors in use, from 0 to 1.
    pub processor: f64,
    /// Share of each processor.
    pub processors: Vec<f64>,
    /// Load of 1, 5 and 15 minutes.
    pub load: Vec<f64>,
    /// Memory in use.
    pub memory_used_bytes: u64,
    /// Memory there is.
    pub memory_bytes: u64,
    /// Swap in use.
    pub swap_used_bytes: u64,
    /// Swap there is.
    pub swap_bytes: u64,
    /// File systems.
    pub disks: Vec<MachineDisk>,
    /// Bytes that come in a second.
    pub received_bytes_s: u64,
    /// Bytes that go in a second.
    pub sent_bytes_s: u64,
    /// What takes most.
    pub processes: Vec<MachineProcess>,
    /// Graphics processors.
    pub graphics: Vec<MachineGraphics>,
    /// How many commands run there.
    pub commands: u32,
}

/// A file system of a machine.
#[derive(Debug, Clone, Deserialize)]
pub struct MachineDisk {
    /// Where it is mounted.
    pub path: String,
    /// In use.
    pub used_bytes: u64,
    /// In all.
    pub bytes: u64,
}

/// A process of a machine.
#[derive(Debug, Clone, Deserialize)]
pub struct MachineProcess {
    /// Its number.
    pub pid: u32,
    /// Its name.
    pub name: String,
    /// Processors that it uses.
    pub processor: f64,
    /// Memory that it uses.
    pub memory_bytes: u64,
}

/// A graphics processor of a machine.
#[derive(Debug, Clone, Deserialize)]
pub struct MachineGraphics {
    /// What it is.
    pub name: String,
    /// Share in use, from 0 to 1.
    pub processor: f64,
    /// Memory in use.
    pub memory_used_bytes: u64,
    /// Memory there is.
    pub memory_bytes: u64,
    /// In degrees Celsius.
    pub temperature: Option<u32>,
}

/// A watch that began.
#[derive(Debug, Clone, Deserialize)]
pub struct MachineWatch {
    /// For how long it lasts unless it is renewed.
    pub lasts_s: u64,
    /// How it was doing a moment ago.
    pub sample: Option<MachineSample>,
}

/// An SSH key of the vault that is wanted on a machine.
#[derive(Debug, Clone, Deserialize)]
pub struct MachineSshKey {
    /// Its id.
    pub id: String,
    /// Which secret of the vault, by its name.
    pub secret_name: String,
    /// The user of the machine whose key it is.
    pub user: String,
    /// Where the machine's own SSH server listens.
    pub port: u16,
    /// How it is doing.
    pub state: String,
    /// What is in the way.
    pub problem: Option<CommandProblem>,
    /// The versions that are on the machine, or may be, oldest first.
    pub versions: Vec<MachineSshKeyVersion>,
}

/// A version of a key on a machine.
#[derive(Debug, Clone, Deserialize)]
pub struct MachineSshKeyVersion {
    /// Its number in the vault.
    pub version: i64,
    /// SHA-256 of its public half.
    pub fingerprint: String,
    /// Since when it is there.
    pub installed_at: Option<String>,
    /// When a login last proved that it opens the door.
    pub proven_at: Option<String>,
}

/// A certificate of a machine.
#[derive(Debug, Clone, Deserialize)]
pub struct MachineCertificate {
    /// Its serial number.
    pub serial: String,
    /// SHA-256 of its key.
    pub key: String,
    /// When it was given out.
    pub issued_at: String,
    /// When it ends.
    pub ends_at: String,
    /// When it stopped counting.
    pub voided_at: Option<String>,
}

/// A join token, without the token.
#[derive(Debug, Clone, Deserialize)]
pub struct JoinToken {
    /// Its id.
    pub id: String,
    /// `waiting`, `joined`, `connected`, `expired`, `withdrawn`.
    pub state: String,
    /// What the machine will be called.
    pub name: String,
    /// The labels that it will have.
    pub labels: Vec<String>,
    /// The machine that joined with it.
    pub machine: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// Until when it may be used.
    pub expires_at: String,
}

/// What joins a machine.
#[derive(Clone, Deserialize)]
pub struct NewJoinToken {
    /// The id of the token.
    pub id: String,
    /// The token.
    pub token: String,
    /// SHA-256 of the control plane's authority: what the machine knows it by.
    pub fingerprint: String,
    /// Until when it may be used.
    pub expires_at: String,
    /// The lines to choose from.
    pub lines: JoinLines,
}

/// The lines that join a machine; the token is in each.
#[derive(Clone, Deserialize)]
pub struct JoinLines {
    /// Installs the bridge and joins.
    pub script: String,
    /// Runs the bridge in a container and joins.
    pub docker: String,
    /// Joins where the bridge is already.
    pub command: String,
}

impl std::fmt::Debug for NewJoinToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewJoinToken").field("id", &self.id).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for JoinLines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JoinLines(•••)")
    }
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) -> $answer:ty = $method:ident $path:expr, $body:expr;)+) => {
        impl Client {$(
            $(#[$doc])*
            ///
            /// # Errors
            /// When the server refuses or does not answer.
            pub async fn $name(&self $(, $argument: $type)*) -> Answer<$answer> {
                self.write(Method::$method, $path.as_ref(), $body).await
            }
        )+}
    };
}

operations! {
    /// Makes the lines that join a machine.
    create_join_token(body: Value) -> NewJoinToken = POST "/join-tokens", Some(body);
    /// Withdraws a join token.
    withdraw_join_token(id: &str) -> () = DELETE format!("/join-tokens/{}", part(id)), None;
    /// Names and labels a machine.
    update_machine(id: &str, body: Value) -> Machine = PATCH format!("/machines/{}", part(id)), Some(body);
    /// Puts a machine out.
    revoke_machine(id: &str) -> Machine = POST format!("/machines/{}/revoke", part(id)), None;
    /// Unlocks a machine that has joined anew.
    unlock_machine(id: &str) -> Machine = POST format!("/machines/{}/unlock", part(id)), None;
    /// Removes a machine.
    delete_machine(id: &str) -> () = DELETE format!("/machines/{}", part(id)), None;
    /// Wants an SSH key of the vault on a machine.
    add_machine_ssh_key(id: &str, body: Value) -> MachineSshKey = POST format!("/machines/{}/ssh-keys", part(id)), Some(body);
    /// Has a key on a machine seen to at once, and proven once more.
    check_machine_ssh_key(id: &str, key: &str) -> MachineSshKey = POST format!("/machines/{}/ssh-keys/{}/check", part(id), part(key)), None;
    /// Has a machine report more often for half a minute, on the live feed.
    watch_machine(id: &str) -> MachineWatch = POST format!("/machines/{}/watch", part(id)), Some(json!({}));
}

impl Client {
    /// The machines, by name.
    ///
    /// # Errors
    /// When they may not be seen.
    pub async fn list_machines(&self, query: Query) -> Answer<Page<Machine>> {
        self.get("/machines", query).await
    }

    /// One machine.
    ///
    /// # Errors
    /// When it is not there or may not be seen.
    pub async fn get_machine(&self, id: &str) -> Answer<MachineDetail> {
        self.get(&format!("/machines/{}", part(id)), Query::new()).await
    }

    /// The certificates of a machine, newest first.
    ///
    /// # Errors
    /// When it is not there or may not be seen.
    pub async fn list_machine_certificates(&self, id: &str) -> Answer<Page<MachineCertificate>> {
        self.get(&format!("/machines/{}/certificates", part(id)), Query::new()).await
    }

    /// Takes an SSH key away from a machine, or only forgets it.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn remove_machine_ssh_key(&self, id: &str, key: &str, forget: bool) -> Answer<MachineSshKey> {
        let path = format!("/api/v1/machines/{}/ssh-keys/{}", part(id), part(key));
        let mut call = Call::write(Method::DELETE, path, None)?;
        call.query = Query::new().with("forget", forget.then_some(true));
        self.call(call).await
    }

    /// The SSH keys of the vault that are wanted on a machine.
    ///
    /// # Errors
    /// When they may not be seen.
    pub async fn list_machine_ssh_keys(&self, id: &str) -> Answer<Page<MachineSshKey>> {
        self.get(&format!("/machines/{}/ssh-keys", part(id)), Query::new()).await
    }

    /// How a machine was doing in the last minutes.
    ///
    /// # Errors
    /// When it is not there or may not be seen.
    pub async fn list_machine_samples(&self, id: &str) -> Answer<Page<SamplePoint>> {
        self.get(&format!("/machines/{}/samples", part(id)), Query::new()).await
    }

    /// The join tokens, newest first.
    ///
    /// # Errors
    /// When they may not be seen.
    pub async fn list_join_tokens(&self, query: Query) -> Answer<Page<JoinToken>> {
        self.get("/join-tokens", query).await
    }

    /// What became of a join token.
    ///
    /// # Errors
    /// When it is not there or may not be seen.
    pub async fn get_join_token(&self, id: &str) -> Answer<JoinToken> {
        self.get(&format!("/join-tokens/{}", part(id)), Query::new()).await
    }
}
