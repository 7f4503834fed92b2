//! What is done to the bytes of an `authorized_keys`: a line of ours more, a line of ours less. Lines of others stay
//! as they are, to the last byte.

use diwan_protocol::ssh_line::{OURS, SshLine};

/// What the comment of a key begins with that is made for one proof.
const PROOF: &str = "diwan:proof:";

/// The bytes with this line; `None` when it is there already.
pub(super) fn with(bytes: &[u8], line: &SshLine) -> Option<Vec<u8>> {
    if holds(bytes, line) { None } else { Some(appended(bytes, &line.text())) }
}

/// The bytes without this line, however often it is there; `None` when it is not.
pub(super) fn without(bytes: &[u8], line: &SshLine) -> Option<Vec<u8>> {
    filtered(bytes, |words| is_it(words, line))
}

/// Whether the line is there, as it was put there or behind options that somebody added.
pub(super) fn holds(bytes: &[u8], line: &SshLine) -> bool {
    bytes.split_inclusive(|b| *b == b'\n').any(|there| is_it(&words_of(there), line))
}

/// The bytes with a key that is worth something for one proof only, and from this machine only.
pub(super) fn with_proof(bytes: &[u8], key: &str, name: &str) -> Vec<u8> {
    appended(bytes, &format!("restrict,from=\"127.0.0.1\" {key} {PROOF}{name}"))
}

/// The bytes without keys of proofs, also of those that were cut off; `None` when there are none.
pub(super) fn without_proofs(bytes: &[u8]) -> Option<Vec<u8>> {
    filtered(bytes, |words| {
        let is_proof = words.last().is_some_and(|last| last.starts_with(PROOF.as_bytes()));
        is_proof && words.first().is_some_and(|first| first.starts_with(b"restrict,"))
    })
}

fn appended(bytes: &[u8], line: &str) -> Vec<u8> {
    let mut all = bytes.to_vec();
    if all.last().is_some_and(|last| *last != b'\n') {
        all.push(b'\n');
    }
    all.extend_from_slice(line.as_bytes());
    all.push(b'\n');
    all
}

fn filtered(bytes: &[u8], goes: impl Fn(&[&[u8]]) -> bool) -> Option<Vec<u8>> {
    let lines = bytes.split_inclusive(|b| *b == b'\n');
    let left: Vec<u8> = lines.filter(|line| !goes(&words_of(line))).flatten().copied().collect();
    (left.len() != bytes.len()).then_some(left)
}

fn words_of(line: &[u8]) -> Vec<&[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect()
}

/// Whether a line ends with this key and our word for it. What is commented out is somebody's note.
fn is_it(words: &[&[u8]], line: &SshLine) -> bool {
    debug_assert!(line.tag().starts_with(OURS));
    let is_note = words.first().is_some_and(|first| first.starts_with(b"#"));
    let text = line.text();
    let wanted: Vec<&[u8]> = text.split(' ').map(str::as_bytes).collect();
    !is_note && words.ends_with(&wanted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(version: u64) -> SshLine {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f".to_owned();
        SshLine { user: "deploy".into(), secret: "sec_1".into(), version, key }
    }

    #[test]
    fn a_line_is_put_there_once_and_taken_away_alone() {
        let theirs = b"# mine\r\nssh-rsa AAAA me@home\n\tfrom=\"10.0.0.0/8\" ssh-rsa BBBB  \xff".to_vec();
        let one = with(&theirs, &line(1)).expect("it was not there");
        assert!(one.starts_with(&theirs));
        assert_eq!(with(&one, &line(1)), None);
        let two = with(&one, &line(11)).expect("another version is another line");
        assert_eq!(without(&two, &line(1)).map(|left| holds(&left, &line(11))), Some(true));
        let left = without(&one, &line(1)).expect("it was there");
        assert_eq!(left, [&theirs[..], b"\n"].concat());
        assert_eq!(without(&left, &line(1)), None);
    }

    #[test]
    fn what_somebody_put_before_the_line_goes_with_it_and_a_note_stays() {
        let text = line(1).text();
        let guarded = format!("from=\"10.0.0.0/8\" {text}\n");
        assert_eq!(without(guarded.as_bytes(), &line(1)), Some(vec![]));
        for other in [format!("# {text}\n"), format!("#{text}\n"), format!("{text}0\n"), format!("{text} more\n")] {
            assert_eq!(without(other.as_bytes(), &line(1)), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn lines_of_others_stay_to_the_last_byte(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let ended = bytes.is_empty() || bytes.ends_with(b"\n");
            let before = if ended { bytes.clone() } else { [&bytes[..], b"\n"].concat() };
            let with_ours = with(&bytes, &line(1)).expect("it was not there");
            let with_proof = with_proof(&with_ours, "ssh-ed25519 AAAA", "1");
            let proven = without_proofs(&with_proof).expect("it was there");
            prop_assert_eq!(&proven, &with_ours);
            prop_assert_eq!(without(&proven, &line(1)), Some(before));
        }
    }
}
