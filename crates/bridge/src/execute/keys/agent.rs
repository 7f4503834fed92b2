//! The agent that `ssh` asks while it logs in for a proof. It offers two keys: that of the vault, for which it never
//! signs, since being asked to is the answer that is wanted; and one that was made for this proof, which opens the
//! door. Pure but for its last function.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, Ordering};

use ring::signature::{Ed25519KeyPair, KeyPair};

const FAILURE: u8 = 5;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
const ED25519: &[u8] = b"ssh-ed25519";
/// No message that is understood here is longer.
const LONGEST: usize = 64 * 1024;

/// It.
#[derive(Debug)]
pub(super) struct Agent {
    /// The key of the vault, of which only the public half is here.
    wanted: Vec<u8>,
    /// The key of this proof.
    own: Ed25519KeyPair,
    /// Whether the server took the vault's key: `ssh` asks for a signature only then.
    was_accepted: AtomicBool,
}

impl Agent {
    pub(super) const fn new(wanted: Vec<u8>, own: Ed25519KeyPair) -> Self {
        Self { wanted, own, was_accepted: AtomicBool::new(false) }
    }

    /// Whether the server took the vault's key.
    pub(super) fn was_accepted(&self) -> bool {
        self.was_accepted.load(Ordering::SeqCst)
    }

    /// The public half of the key of this proof, as OpenSSH has it.
    pub(super) fn own_blob(&self) -> Vec<u8> {
        [string(ED25519), string(self.own.public_key().as_ref())].concat()
    }

    /// What is answered to a message.
    pub(super) fn answer(&self, message: &[u8]) -> Vec<u8> {
        match message.split_first() {
            Some((&REQUEST_IDENTITIES, _)) => self.identities(),
            Some((&SIGN_REQUEST, body)) => self.sign(body).unwrap_or_else(|| vec![FAILURE]),
            _ => vec![FAILURE],
        }
    }

    /// The vault's key first: whether it is taken is known before the other one opens the door.
    fn identities(&self) -> Vec<u8> {
        let keys = [self.wanted.clone(), self.own_blob()].map(|blob| [string(&blob), string(b"proof")].concat());
        [&[IDENTITIES_ANSWER][..], &2u32.to_be_bytes(), &keys.concat()].concat()
    }

    fn sign(&self, body: &[u8]) -> Option<Vec<u8>> {
        let (blob, rest) = take(body)?;
        let (data, _) = take(rest)?;
        if blob == self.wanted {
            self.was_accepted.store(true, Ordering::SeqCst);
            return None;
        }
        if blob != self.own_blob() {
            return None;
        }
        let signature = [string(ED25519), string(self.own.sign(data).as_ref())].concat();
        Some([&[SIGN_RESPONSE][..], &string(&signature)].concat())
    }

    /// Answers whoever connects, for as long as this process lives.
    pub(super) fn serve(&self, listener: &UnixListener) {
        for caller in listener.incoming() {
            // One who breaks off has got no signature.
            let _ = caller.and_then(|caller| self.talk(caller));
        }
    }

    fn talk(&self, mut caller: UnixStream) -> std::io::Result<()> {
        loop {
            let mut length = [0; 4];
            caller.read_exact(&mut length)?;
            let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
            if length > LONGEST {
                return Err(std::io::ErrorKind::InvalidData.into());
            }
            let mut message = vec![0; length];
            caller.read_exact(&mut message)?;
            caller.write_all(&string(&self.answer(&message)))?;
        }
    }
}

/// Bytes behind their length.
pub(super) fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], bytes].concat()
}

/// Bytes behind their length, and what follows.
fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ring::signature::{ED25519 as VERIFY, UnparsedPublicKey};

    use super::*;

    fn agent() -> Agent {
        let own = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed");
        Agent::new([string(ED25519), string(&[9; 32])].concat(), own)
    }

    fn request(blob: &[u8], data: &[u8]) -> Vec<u8> {
        [&[SIGN_REQUEST][..], &string(blob), &string(data), &0u32.to_be_bytes()].concat()
    }

    #[test]
    fn the_key_of_the_vault_is_offered_and_signs_nothing() {
        let agent = agent();
        let offered = agent.answer(&[REQUEST_IDENTITIES]);
        assert!(offered.windows(agent.wanted.len()).any(|part| part == agent.wanted));
        assert!(!agent.was_accepted());
        for data in [&b""[..], b"a login", &[0; 4096]] {
            assert_eq!(agent.answer(&request(&agent.wanted.clone(), data)), [FAILURE]);
        }
        assert!(agent.was_accepted(), "whoever asks for its signature has been told that it is taken");
    }

    #[test]
    fn the_key_of_the_proof_signs_what_is_asked() {
        let agent = agent();
        let answer = agent.answer(&request(&agent.own_blob(), b"a login"));
        let signature = &answer[answer.len() - 64..];
        UnparsedPublicKey::new(&VERIFY, agent.own.public_key()).verify(b"a login", signature).expect("it is right");
        assert!(!agent.was_accepted());
    }

    proptest! {
        #[test]
        fn whatever_else_is_asked_fails(message in proptest::collection::vec(any::<u8>(), 0..200)) {
            let agent = agent();
            let answer = agent.answer(&message);
            prop_assert!(answer == [FAILURE] || message.first() == Some(&REQUEST_IDENTITIES));
        }
    }
}
