//! The control stream: the machine opens it with [`Hello`] as the first thing it says, the control plane
//! answers with [`ToBridge::Welcome`], and it stays open as long as the connection does.

use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};

use crate::facts::{Facts, PolicyInForce, Sample};
use crate::rules::RuleNews;
use crate::signed::VerifyingKey;
use crate::succession::SignedSuccession;

/// The version of the conversation that is spoken here.
pub const VERSION: u16 = 1;
/// The oldest that is understood.
pub const OLDEST: u16 = 1;

/// A machine presents itself. Who it is, its certificate has said.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Hello {
    /// [`VERSION`].
    #[n(0)]
    pub version: u16,
    /// What the bridge drew by lot when it started.
    #[n(1)]
    pub boot: ByteArray<16>,
    /// How often this identity has connected, this time included; it is written down before each time.
    /// Two who have the same identity cannot both count on.
    #[n(2)]
    pub connections: u64,
    /// The highest number of a command that was seen.
    #[n(3)]
    pub seen: u64,
    /// The machine's clock, in milliseconds since 1970.
    #[n(4)]
    pub now_ms: i64,
    /// What the machine is.
    #[n(5)]
    pub facts: Facts,
    /// Its policy.
    #[n(6)]
    pub policy: PolicyInForce,
    /// The commands that it remembers, until it is told to forget them.
    #[n(7)]
    pub commands: Vec<String>,
    /// What it can do that earlier bridges cannot, as [`ability`] names it.
    #[n(8)]
    pub abilities: Option<Vec<String>>,
}

impl Hello {
    /// Whether it can do that.
    pub fn is_able(&self, ability: &str) -> bool {
        self.abilities.iter().flatten().any(|able| able == ability)
    }
}

/// What not every bridge can do.
pub mod ability {
    /// Commands may be given variables and secrets.
    pub const VARIABLES: &str = "variables";
    /// Scripts are run, and projects begun.
    pub const SCRIPTS: &str = "scripts";
    /// Files that commands leave are kept.
    pub const ARTIFACTS: &str = "artifacts";
    /// Commands may have limits of their own.
    pub const LIMITS: &str = "limits";
    /// What a bridge of this version can do.
    pub const ALL: &[&str] = &[VARIABLES, SCRIPTS, ARTIFACTS, LIMITS];
}

/// What a machine says on the control stream.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum FromBridge {
    /// How it is doing.
    #[n(0)]
    Sample(#[n(0)] Sample),
    /// Its policy is another now, or its file became faulty or sound.
    #[n(1)]
    Policy(#[n(0)] PolicyInForce),
    /// Its certificate comes of age: it asks for another, for the same or a new key of its own.
    #[n(2)]
    Renew(#[n(0)] ByteVec),
    /// It is something else now: updated, more memory.
    #[n(3)]
    Facts(#[n(0)] Facts),
    /// It stops on purpose.
    #[n(4)]
    Leaving(#[n(0)] String),
    /// Where something stands that rules were asked with.
    #[n(5)]
    Rules(#[n(0)] RuleNews),
    /// It believes a succession, and asks for a certificate of the new authority, for the same key of its own.
    #[n(6)]
    Succeed(#[n(0)] ByteVec),
    /// It has written the new keys down.
    #[n(7)]
    Succeeded,
}

/// What the control plane says on the control stream.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum ToBridge {
    /// The machine is known and expected.
    #[n(0)]
    Welcome(#[n(0)] Welcome),
    /// How often samples are wanted from now on, in milliseconds.
    #[n(1)]
    SampleEvery(#[n(0)] u64),
    /// A certificate: it first, the authority's last (DER).
    #[n(2)]
    Renewed(#[n(0)] Vec<ByteVec>),
    /// These commands are written down whole: the machine need not remember them.
    #[n(3)]
    Forget(#[n(0)] Vec<String>),
    /// The keys that sign commands from now on.
    #[n(4)]
    Keys(#[n(0)] Vec<VerifyingKey>),
    /// The machine is called so from now on.
    #[n(5)]
    Name(#[n(0)] String),
    /// These rules are not asked for any longer.
    #[n(6)]
    ForgetRules(#[n(0)] Vec<String>),
    /// The control plane has other keys from now on.
    #[n(7)]
    Succession(#[n(0)] SignedSuccession),
}

/// The first answer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Welcome {
    /// The version that both speak.
    #[n(0)]
    pub version: u16,
    /// The control plane's clock, in milliseconds since 1970.
    #[n(1)]
    pub now_ms: i64,
    /// How often samples are wanted, in milliseconds.
    #[n(2)]
    pub sample_every_ms: u64,
    /// What the machine is called.
    #[n(3)]
    pub name: String,
    /// The keys that sign commands.
    #[n(4)]
    pub keys: Vec<VerifyingKey>,
}
