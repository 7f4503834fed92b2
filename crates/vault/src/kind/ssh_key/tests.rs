//! Keys that OpenSSH made, and what is left of them when something is changed.

use proptest::prelude::*;

use super::super::ssh_halves::APART;
use super::*;

/// Made by `ssh-keygen -C 'a comment'` for these tests: what it calls the public half, then the file. The last three
/// have a passphrase.
const KEYS: &str = include_str!("keys_of_openssh.txt");
const OPEN: usize = 5;

fn keys() -> Vec<(&'static str, &'static str)> {
    KEYS.split("\n\n").map(|key| key.split_once('\n').unwrap()).collect()
}

/// A file in its parts: what stands before the public half, the two halves, and what follows.
#[derive(Clone)]
struct Parts {
    head: Vec<u8>,
    public: Vec<u8>,
    private: Vec<u8>,
    seal: Vec<u8>,
}

impl Parts {
    fn of(file: &str) -> Self {
        let body = file.trim_end().strip_prefix(BEGIN).unwrap().strip_suffix(END).unwrap();
        let bytes = STANDARD.decode(body.split_whitespace().collect::<String>()).unwrap();
        let mut reader = Reader(bytes.strip_prefix(MAGIC).unwrap());
        for _ in 0..3 {
            reader.string().unwrap();
        }
        reader.number().unwrap();
        let head = bytes[..bytes.len() - reader.0.len()].to_vec();
        let (public, private) = (reader.string().unwrap().to_vec(), reader.string().unwrap().to_vec());
        Self { head, public, private, seal: reader.0.to_vec() }
    }

    fn check(&self) -> Result<Checked, Wrong> {
        let mut file = self.head.clone();
        put(&mut file, &self.public);
        put(&mut file, &self.private);
        file.extend(&self.seal);
        check(&armoured(&file))
    }
}

#[test]
fn keys_of_openssh_are_taken_and_their_public_half_is_shown() {
    for (n, (public, file)) in keys().into_iter().enumerate() {
        let facts = check(file).unwrap().facts;
        assert_eq!(facts["public_key"], public);
        assert_eq!(facts["algorithm"], public.split_once(' ').unwrap().0);
        assert_eq!(facts.contains_key("private_half"), n >= OPEN, "what could not be checked is said");
    }
}

#[test]
fn a_generated_key_is_one_that_the_check_accepts() {
    for comment in ["", "diwan", "a longer comment"] {
        let facts = check(&SshKeyPair::generate(&World::real(), comment).unwrap()).unwrap().facts;
        assert_eq!(facts["algorithm"], ED25519);
        assert!(facts["fingerprint"].starts_with("SHA256:") && facts["fingerprint"].len() == 50);
    }
}

#[test]
fn no_byte_of_a_private_half_can_be_changed_or_left_out() {
    for (public, file) in &keys()[..OPEN] {
        let whole = Parts::of(file);
        let comment = whole.private.windows(9).position(|part| part == b"a comment").unwrap();
        for at in (0..whole.private.len()).filter(|at| !(comment..comment + 9).contains(at)) {
            for bit in [1, 128] {
                let mut changed = whole.clone();
                changed.private[at] ^= bit;
                assert!(changed.check().is_err(), "{public}: byte {at}");
            }
            let mut cut = whole.clone();
            cut.private.truncate(at);
            assert!(cut.check().is_err(), "{public}: cut at {at}");
        }
    }
}

#[test]
fn no_byte_of_a_public_half_can_be_changed() {
    for (public, file) in &keys()[..OPEN] {
        for at in 0..Parts::of(file).public.len() {
            let mut changed = Parts::of(file);
            changed.public[at] ^= 1;
            assert!(changed.check().is_err(), "{public}: byte {at}");
        }
    }
}

#[test]
fn halves_of_different_keys_are_refused() {
    let others = [Parts::of(&SshKeyPair::generate(&World::real(), "").unwrap())];
    for one in keys()[..OPEN].iter().map(|(_, file)| Parts::of(file)) {
        for other in keys()[..OPEN].iter().map(|(_, file)| Parts::of(file)).chain(others.clone()) {
            let mixed = Parts { private: other.private, ..one.clone() };
            assert_eq!(mixed.check().err(), (other.public != one.public).then_some(APART));
        }
    }
}

#[test]
fn what_is_known_of_a_locked_key_must_have_its_form() {
    for (_, file) in &keys()[OPEN..] {
        let whole = Parts::of(file);
        let mut changed = [whole.clone(), whole.clone(), whole.clone(), whole.clone()];
        changed[0].private.pop();
        changed[1].private.clear();
        changed[2].seal.push(0);
        changed[3].public.push(0);
        assert_eq!(changed.map(|c| c.check().is_ok()), [false; 4]);
    }
}

#[test]
fn padding_counts_from_one_and_is_never_longer_than_a_byte_can_count() {
    let whole = Parts::of(keys()[0].1);
    let comment = whole.private.windows(9).position(|part| part == b"a comment").unwrap() + 9;
    for length in 0..=1024 {
        let mut padded = whole.clone();
        padded.private.truncate(comment);
        padded.private.extend((1..=length).map(|n: u32| n.to_le_bytes()[0]));
        assert_eq!(padded.check().is_ok(), padded.private.len().is_multiple_of(8) && length < 256, "{length}");
    }
}

#[test]
fn only_known_kinds_of_keys_are_taken() {
    for name in ["ssh-evil\n<script>", "ssh-dss", "sk-ssh-ed25519@openssh.com", ""] {
        let mut parts = Parts::of(keys()[0].1);
        let mut public = vec![];
        put(&mut public, name.as_bytes());
        parts.public = public;
        let why = parts.check().unwrap_err();
        assert!(why.contains("not a kind of key that is known"), "{why}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut file = MAGIC.to_vec();
        file.extend(&bytes);
        prop_assert!(check(&armoured(&file)).is_err());
        let parts = Parts::of(keys()[1].1);
        let private = Parts { private: bytes.clone(), ..parts.clone() };
        prop_assert!(private.check().is_err());
        let public = Parts { public: bytes, ..parts };
        prop_assert!(public.check().is_err());
    }
}
