//! The bytes that are hashed: one encoding for each content, and no two contents with the same one.
//!
//! A version byte, then every field in the order of [`FIELDS`], each as a tag and, where it has one, a
//! length. The hash of an entry covers the hash before it and its own place:
//! `h_i = SHA-256(0x00 ‖ h_{i-1} ‖ i ‖ bytes)`.

use diwan_kernel::db::Cell;
use ring::digest;

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// What stands before the first entry.
pub const GENESIS: Hash = [0; 32];

/// Which layout the bytes have.
const VERSION: u8 = 1;
/// Tells the hash of an entry from every other hash made here.
const ENTRY: u8 = 0;

/// The columns that the hash covers, in this order; `seq` is covered by the chain itself.
pub const FIELDS: [&str; 17] = [
    "id",
    "at",
    "actor_kind",
    "actor_id",
    "actor_name",
    "action",
    "resource_kind",
    "resource_id",
    "outcome",
    "command",
    "machine",
    "address",
    "user_agent",
    "request_id",
    "duration_ms",
    "error",
    "metadata",
];

/// Writes the canonical bytes of an entry into an empty buffer.
pub fn encode<'a>(fields: impl IntoIterator<Item = Cell<'a>>, bytes: &mut Vec<u8>) {
    bytes.push(VERSION);
    for field in fields {
        match field {
            Cell::Null => bytes.push(0),
            Cell::Int(v) => tagged(bytes, 1, &v.to_be_bytes()),
            Cell::Text(v) => sized(bytes, 2, v.as_bytes()),
            // No column holds these, but a changed database may.
            Cell::Blob(v) => sized(bytes, 3, v),
            Cell::Real(v) => tagged(bytes, 4, &v.to_bits().to_be_bytes()),
        }
    }
}

fn tagged(bytes: &mut Vec<u8>, tag: u8, content: &[u8]) {
    bytes.push(tag);
    bytes.extend_from_slice(content);
}

fn sized(bytes: &mut Vec<u8>, tag: u8, content: &[u8]) {
    bytes.push(tag);
    bytes.extend_from_slice(&(content.len() as u64).to_be_bytes());
    bytes.extend_from_slice(content);
}

/// The hash of the entry at `seq` that follows the hash `previous`.
pub fn entry_hash(previous: &Hash, seq: i64, bytes: &[u8]) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&[ENTRY]);
    context.update(previous);
    context.update(&seq.to_be_bytes());
    context.update(bytes);
    finish(context)
}

/// The hash of some bytes that begin with a purpose of their own.
pub fn digest_of(bytes: &[u8]) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(bytes);
    finish(context)
}

fn finish(context: digest::Context) -> Hash {
    let mut hash = GENESIS;
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Bytes as people and files see them.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Reads what [`hex`] wrote.
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let value = |digit: u8| (digit as char).to_digit(16);
        *byte = u8::try_from(value(pair[0])? << 4 | value(pair[1])?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use diwan_kernel::db::Value;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Int),
            "[a\u{0}\u{1}\u{2}]{0,4}".prop_map(Value::Text),
            proptest::collection::vec(0u8..4, 0..4).prop_map(Value::Blob),
        ]
    }

    fn bytes(fields: &[Value]) -> Vec<u8> {
        let mut bytes = vec![];
        encode(fields.iter().map(Cell::from), &mut bytes);
        bytes
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn different_contents_have_different_bytes(
            a in proptest::collection::vec(value(), 0..5),
            b in proptest::collection::vec(value(), 0..5),
        ) {
            prop_assert_eq!(a == b, bytes(&a) == bytes(&b));
        }

        #[test]
        fn hex_reads_back(given: [u8; 9]) {
            prop_assert_eq!(unhex::<9>(&hex(&given)), Some(given));
        }
    }

    #[test]
    fn what_is_not_hex_is_refused() {
        for text in ["", "0", "0g", "000", "éé"] {
            assert_eq!(unhex::<1>(text), None, "{text}");
        }
    }

    /// Chains written by one version must verify in the next: these bytes may never change.
    #[test]
    fn the_layout_is_the_one_that_was_published() {
        let fields = [Value::Text("aud_1".into()), Value::Int(7), Value::Null];
        assert_eq!(hex(&bytes(&fields)), "010200000000000000056175645f3101000000000000000700");
        let first = entry_hash(&GENESIS, 1, &bytes(&fields));
        assert_eq!(hex(&first), "671f9917949894687be8b316a68e978c0c59c429a5fbf695c8b2de5d503f37d0");
    }
}
