//! Asking for rules: what the control plane may do instead of changing a machine's policy.
//!
//! What is asked is signed, and kept by the machine until its owner has decided. A yes from afar is the same
//! once more with a [`Grant`], which holds for one policy, one life of the bridge, and a minute.

use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};

use crate::command::{Actor, Approval, LONGEST_LIFE_MS};
use crate::run::Reason;
use crate::signed::{Refusal, SKEW_MS, SigningKey, VerifyingKey};

/// The version that is written here, and the only one that is read.
pub const VERSION: u16 = 1;
/// No text of rules is longer.
pub const LONGEST_TEXT: usize = 16 * 1024;
/// Nor is a whole request, with what surrounds it.
const LONGEST: usize = 64 * 1024;
/// No reason is longer, in bytes.
pub const LONGEST_REASON: usize = 2000;
/// What is asked waits no longer for the machine's owner.
pub const LONGEST_WAIT_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// So much may wait for the owner of one machine at once.
pub const MOST_OPEN: usize = 20;

/// What a signature is over besides the bytes, so that it is worth nothing for a command.
const CONTEXT: &[u8] = b"diwan rules 1\0";

/// Rules that somebody asks a machine's owner for.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RuleAsk {
    /// [`VERSION`].
    #[n(0)]
    pub version: u16,
    /// Its id: `rrq_…`.
    #[n(1)]
    pub id: String,
    /// The machine it is for, and no other.
    #[n(2)]
    pub machine: String,
    /// When it was signed, in milliseconds since 1970.
    #[n(3)]
    pub issued_ms: i64,
    /// From when on it is not granted any more.
    #[n(4)]
    pub expires_ms: i64,
    /// Who asks.
    #[n(5)]
    pub actor: Actor,
    /// What for.
    #[n(6)]
    pub reason: String,
    /// The rules: `[[rules]]` and nothing else.
    #[n(7)]
    pub text: String,
    /// Somebody's yes from afar; without it the owner of the machine decides.
    #[n(8)]
    pub grant: Option<Grant>,
}

/// A yes from afar.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Grant {
    /// Who said it, and when. It counts once.
    #[n(0)]
    pub approval: Approval,
    /// What the bridge drew by lot when it started.
    #[n(1)]
    pub boot: ByteArray<16>,
    /// SHA-256 of the policy that the rules are added to: to another one they would say something else.
    #[n(2)]
    pub policy: ByteArray<32>,
}

/// The same as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SignedRules {
    /// The bytes that were signed.
    #[n(0)]
    pub bytes: ByteVec,
    /// Ed25519.
    #[n(1)]
    pub signature: ByteVec,
    /// Which of the control plane's keys signed.
    #[n(2)]
    pub key: String,
}

/// What became of what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RuleNews {
    /// The id of what was asked.
    #[n(0)]
    pub id: String,
    /// Where it stands.
    #[n(1)]
    pub standing: RuleStanding,
}

/// Where it stands on the machine.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum RuleStanding {
    /// The rules are sound, and the owner decides.
    #[n(0)]
    Waiting(#[n(0)] Judged),
    /// They are not rules, or do not go with the policy.
    #[n(1)]
    Faulty(#[n(0)] Vec<RuleFault>),
    /// The policy in force holds them.
    #[n(2)]
    Granted,
    /// The owner said no: why.
    #[n(3)]
    Refused(#[n(0)] String),
    /// It was not even judged, or not granted.
    #[n(4)]
    NotTaken(#[n(0)] Reason),
}

/// What sound rules would come to.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Judged {
    /// What each rule would newly say, in English.
    #[n(0)]
    pub words: Vec<String>,
    /// SHA-256 of the policy that they were judged with.
    #[n(1)]
    pub policy: ByteArray<32>,
    /// Whether the policy lets a signed yes from afar be enough.
    #[n(2)]
    pub from_afar: bool,
}

/// Something that is wrong with the text.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RuleFault {
    /// The line of the text, from 1.
    #[n(0)]
    pub line: u32,
    /// What, in English.
    #[n(1)]
    pub words: String,
}

/// What a machine judges it by.
#[derive(Debug, Clone, Copy)]
pub struct RuleStand<'a> {
    /// Its own id.
    pub machine: &'a str,
    /// What the bridge drew by lot when it started.
    pub boot: [u8; 16],
    /// SHA-256 of the policy in force.
    pub policy: [u8; 32],
    /// Milliseconds since 1970, by its own clock.
    pub now_ms: i64,
}

impl SigningKey {
    /// Signs what is asked for.
    pub fn sign_rules(&self, ask: &RuleAsk) -> SignedRules {
        let bytes = crate::encode(ask);
        let (signature, key) = self.seal(CONTEXT, &bytes);
        SignedRules { bytes: bytes.into(), signature: signature.into(), key }
    }
}

impl SignedRules {
    /// What is asked, when it is to be believed.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn open(&self, keys: &[VerifyingKey], stand: RuleStand<'_>) -> Result<RuleAsk, Refusal> {
        if self.bytes.len() > LONGEST {
            return Err(Refusal::TooLong);
        }
        let key = keys.iter().find(|key| key.id == self.key).ok_or(Refusal::Signature)?;
        key.check(CONTEXT, &self.bytes, &self.signature)?;
        let ask: RuleAsk = minicbor::decode(&self.bytes).map_err(|_| Refusal::Form)?;
        if crate::encode(&ask) != self.bytes.as_slice() || !is_sane(&ask) {
            return Err(Refusal::Form);
        }
        judge(&ask, stand).map(|()| ask)
    }
}

fn judge(ask: &RuleAsk, stand: RuleStand<'_>) -> Result<(), Refusal> {
    let grant = ask.grant.as_ref();
    let longest = if grant.is_some() { LONGEST_LIFE_MS } else { LONGEST_WAIT_MS };
    let refused = [
        (ask.version != VERSION, Refusal::Version(ask.version)),
        (ask.machine != stand.machine, Refusal::Machine),
        (grant.is_some_and(|grant| *grant.boot != stand.boot), Refusal::Boot),
        (ask.issued_ms > stand.now_ms.saturating_add(SKEW_MS), Refusal::ClockSkew),
        (ask.expires_ms <= stand.now_ms, Refusal::Expired),
        (ask.expires_ms.saturating_sub(ask.issued_ms) > longest, Refusal::Expired),
        (grant.is_some_and(|grant| *grant.policy != stand.policy), Refusal::Policy),
    ];
    refused.into_iter().find(|(is_so, _)| *is_so).map_or(Ok(()), |(_, why)| Err(why))
}

/// Its id becomes the name of a file.
fn is_sane(ask: &RuleAsk) -> bool {
    is_id(&ask.id) && ask.text.len() <= LONGEST_TEXT && ask.reason.len() <= LONGEST_REASON
}

/// Whether a text can be the id of what was asked.
pub fn is_id(text: &str) -> bool {
    text.strip_prefix("rrq_").is_some_and(|rest| {
        (1..=60).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}
