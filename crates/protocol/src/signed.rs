//! Why a machine believes a command: the control plane signed its exact bytes.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::artifacts;
use crate::command::{
    Command, LONGEST_ARGUMENTS, LONGEST_LIFE_MS, LONGEST_SOURCE, Limits, MOST_ARGUMENTS, Operation, VERSION,
};
use crate::environment::Environment;

/// What a signature is over besides the command, so that it is worth nothing anywhere else.
const CONTEXT: &[u8] = b"diwan command 1\0";
/// No command is longer: there is room for a script, its arguments and what surrounds them.
pub const LONGEST: usize = 128 * 1024;

/// A command as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SignedCommand {
    /// The bytes that were signed: they are read only after the signature was found right.
    #[n(0)]
    pub bytes: ByteVec,
    /// Ed25519.
    #[n(1)]
    pub signature: ByteVec,
    /// Which of the control plane's keys signed.
    #[n(2)]
    pub key: String,
}

/// Why a command is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Longer than any.
    #[error("the command is too long")]
    TooLong,
    /// Not signed with this key, or changed since.
    #[error("the signature is not right")]
    Signature,
    /// Not written as this version writes it: a field more, a field twice, another form.
    #[error("the command is not in the form that is known here")]
    Form,
    /// Of another version.
    #[error("the command is of version {0}")]
    Version(u16),
    /// For another machine.
    #[error("the command is for another machine")]
    Machine,
    /// For an earlier life of the bridge.
    #[error("the command is from before the bridge started")]
    Boot,
    /// Its time is over, or it was to live too long.
    #[error("the command has expired")]
    Expired,
    /// The clocks are too far apart to judge.
    #[error("the command comes from the future: the clocks of control plane and machine differ")]
    ClockSkew,
    /// Judged by another policy than the one in force.
    #[error("the command was judged by another policy")]
    Policy,
    /// Carried out before, or overtaken.
    #[error("the command was seen before, or a later one was")]
    Replay,
}

impl Refusal {
    /// Stable for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Signature => "signature",
            Self::Form => "form",
            Self::Version(_) => "version",
            Self::Machine => "other_machine",
            Self::Boot => "earlier_boot",
            Self::Expired => "expired",
            Self::ClockSkew => "clock_skew",
            Self::Policy => "other_policy",
            Self::Replay => "replay",
        }
    }
}

/// How far ahead the control plane's clock may be.
pub(crate) const SKEW_MS: i64 = 30_000;

/// Signs commands.
pub struct SigningKey {
    id: String,
    pair: Ed25519KeyPair,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Knows what the control plane signed.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct VerifyingKey {
    /// Its id.
    #[n(0)]
    pub id: String,
    /// Its 32 bytes.
    #[n(1)]
    pub bytes: ByteVec,
}

impl SigningKey {
    /// The key of these 32 secret bytes; `None` when they are not so many.
    pub fn from_seed(id: &str, seed: &[u8]) -> Option<Self> {
        Some(Self { id: id.to_owned(), pair: Ed25519KeyPair::from_seed_unchecked(seed).ok()? })
    }

    /// What a machine has to know to check.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey { id: self.id.clone(), bytes: self.pair.public_key().as_ref().to_vec().into() }
    }

    /// Signs.
    pub fn sign(&self, command: &Command) -> SignedCommand {
        let bytes = encode(command);
        let (signature, key) = self.seal(CONTEXT, &bytes);
        SignedCommand { bytes: bytes.into(), signature: signature.into(), key }
    }

    /// A signature for one purpose, and the id of the key.
    pub(crate) fn seal(&self, context: &[u8], bytes: &[u8]) -> (Vec<u8>, String) {
        (self.pair.sign(&[context, bytes].concat()).as_ref().to_vec(), self.id.clone())
    }
}

impl VerifyingKey {
    /// Whether these bytes were signed for this purpose.
    pub(crate) fn check(&self, context: &[u8], bytes: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        let key = UnparsedPublicKey::new(&ED25519, self.bytes.as_slice());
        key.verify(&[context, bytes].concat(), signature).map_err(|_| Refusal::Signature)
    }
}

/// What a machine judges a command by.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// Its own id.
    pub machine: &'a str,
    /// What the bridge drew by lot when it started.
    pub boot: [u8; 16],
    /// SHA-256 of the policy in force.
    pub policy: [u8; 32],
    /// Milliseconds since 1970, by its own clock.
    pub now_ms: i64,
    /// The highest number that it has seen.
    pub seen: u64,
}

impl SignedCommand {
    /// The command, when it is to be believed. Whoever carries it out writes its number down first.
    ///
    /// # Errors
    /// The first reason against it.
    pub fn open(&self, keys: &[VerifyingKey], standing: Standing<'_>) -> Result<Command, Refusal> {
        if self.bytes.len() > LONGEST {
            return Err(Refusal::TooLong);
        }
        let key = keys.iter().find(|key| key.id == self.key).ok_or(Refusal::Signature)?;
        key.check(CONTEXT, &self.bytes, &self.signature)?;
        let command: Command = minicbor::decode(&self.bytes).map_err(|_| Refusal::Form)?;
        if encode(&command) != self.bytes.as_slice() || !is_sane(&command) {
            return Err(Refusal::Form);
        }
        judge(&command, standing).map(|()| command)
    }
}

fn judge(command: &Command, standing: Standing<'_>) -> Result<(), Refusal> {
    let Command { issued_ms, expires_ms, .. } = *command;
    let refused = [
        (command.version != VERSION, Refusal::Version(command.version)),
        (command.machine != standing.machine, Refusal::Machine),
        (*command.boot != standing.boot, Refusal::Boot),
        (issued_ms > standing.now_ms.saturating_add(SKEW_MS), Refusal::ClockSkew),
        (expires_ms <= standing.now_ms, Refusal::Expired),
        (expires_ms.saturating_sub(issued_ms) > LONGEST_LIFE_MS, Refusal::Expired),
        (*command.policy != standing.policy, Refusal::Policy),
        (command.sequence <= standing.seen, Refusal::Replay),
    ];
    refused.into_iter().find(|(is_so, _)| *is_so).map_or(Ok(()), |(_, why)| Err(why))
}

fn is_sane(command: &Command) -> bool {
    let is_given_sanely = command.environment.as_ref().is_none_or(Environment::is_sane);
    let leaves_sanely = command.artifacts.as_deref().is_none_or(artifacts::are_sane);
    let is_held_sanely = command.limits.as_ref().is_none_or(Limits::are_sane);
    is_given_sanely && leaves_sanely && is_held_sanely && can_be_meant(&command.operation)
}

fn can_be_meant(operation: &Operation) -> bool {
    match operation {
        Operation::Exec(exec) => !exec.argv.is_empty() && are_sane(&exec.argv),
        Operation::SshKey(key) => key.line().flaw().is_none(),
        Operation::Script(script) => {
            are_sane(&script.arguments) && script.source.len() <= LONGEST_SOURCE && !script.source.contains('\0')
        }
        _ => true,
    }
}

fn are_sane(arguments: &[String]) -> bool {
    let length: usize = arguments.iter().map(|argument| argument.len() + 1).sum();
    arguments.len() <= MOST_ARGUMENTS
        && length <= LONGEST_ARGUMENTS
        && arguments.iter().all(|argument| !argument.contains('\0'))
}

/// Writing into memory cannot fail.
fn encode(command: &Command) -> Vec<u8> {
    minicbor::to_vec(command).unwrap_or_default()
}
