//! What an ID token must survive: every attack on its header, its signature and its claims.

use proptest::prelude::*;
use serde_json::json;

use super::super::jwks;
use super::super::test_provider::TestKey;
use super::*;

const ISSUER: &str = "https://login.example";
const CLIENT: &str = "diwan";
const NONCE: &str = "n-0S6_WzA2Mj";
const NOW_S: i64 = 1_800_000_000;

fn expected() -> Expected<'static> {
    Expected { issuer: ISSUER, client_id: CLIENT, nonce: NONCE, now: Timestamp::from_millis(NOW_S * 1000) }
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "user-1", "aud": CLIENT, "exp": NOW_S + 300, "iat": NOW_S - 2, "nonce": NONCE,
        "email": "amina@example.org", "email_verified": true, "name": "Amina", "groups": ["a", {"b": 1}]
    })
}

fn keys(keys: &[(&TestKey, &str)]) -> Vec<VerifyingKey> {
    let published: Vec<Value> = keys.iter().map(|(key, kid)| key.jwk(kid)).collect();
    jwks::parse(json!({ "keys": published }).to_string().as_bytes()).unwrap()
}

/// What comes of these claims under a good signature.
fn judge(claims: &Value) -> Result<Claims, Refused> {
    let key = TestKey::ed25519();
    let token = key.token(&json!({"alg": "EdDSA", "kid": "k1"}), claims);
    verify(&token, &keys(&[(&key, "k1")]), expected())
}

fn changed(change: impl FnOnce(&mut Value)) -> Result<Claims, Refused> {
    let mut claims = claims();
    change(&mut claims);
    judge(&claims)
}

#[test]
fn every_accepted_kind_of_signature_is_checked() {
    let (rsa, p256, ed25519) = (TestKey::rsa(), TestKey::p256(), TestKey::ed25519());
    let published = keys(&[(&rsa, "r"), (&p256, "p"), (&ed25519, "e")]);
    for (key, alg, kid) in [(&rsa, "RS256", "r"), (&rsa, "PS256", "r"), (&p256, "ES256", "p"), (&ed25519, "EdDSA", "e")]
    {
        let token = key.token(&json!({"alg": alg, "kid": kid, "typ": "JWT"}), &claims());
        assert_eq!(verify(&token, &published, expected()).unwrap().subject, "user-1", "{alg}");
        let last = if token.ends_with('A') { "B" } else { "A" };
        let forged = format!("{}{last}{}", &token[..token.len() - 8], &token[token.len() - 7..]);
        if forged != token {
            assert_eq!(verify(&forged, &published, expected()), Err(Refused::Signature), "{alg}");
        }
    }
}

#[test]
fn a_token_says_who_it_is() {
    let claims = judge(&claims()).unwrap();
    assert_eq!(claims.email.as_deref(), Some("amina@example.org"));
    assert_eq!((claims.email_verified, claims.name.as_deref()), (true, Some("Amina")));
}

#[test]
fn unsigned_and_symmetrically_signed_tokens_are_refused() {
    let key = TestKey::rsa();
    let published = keys(&[(&key, "k1")]);
    for alg in ["none", "None", "", "HS256", "HS512", "RS1", "RSA1_5", "ES256K", "rs256"] {
        let token = key.token(&json!({"alg": alg, "kid": "k1"}), &claims());
        assert_eq!(verify(&token, &published, expected()), Err(Refused::Algorithm), "{alg}");
        let bare = format!("{}.", token.rsplit_once('.').unwrap().0);
        assert!(verify(&bare, &published, expected()).is_err(), "{alg} without a signature");
    }
    // The public key taken as a shared secret: the classic confusion.
    let header = URL_SAFE_NO_PAD.encode(json!({"alg": "HS256", "kid": "k1"}).to_string());
    let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims().to_string()));
    let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key.jwk("k1")["n"].as_str().unwrap().as_bytes());
    let tag = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&secret, message.as_bytes()));
    assert_eq!(verify(&format!("{message}.{tag}"), &published, expected()), Err(Refused::Algorithm));
}

#[test]
fn a_key_checks_only_what_it_is_for() {
    let (rsa, p256, other) = (TestKey::rsa(), TestKey::p256(), TestKey::p256());
    let published = keys(&[(&rsa, "r"), (&p256, "p")]);
    let sign = |key: &TestKey, header: Value| verify(&key.token(&header, &claims()), &published, expected());
    assert_eq!(sign(&other, json!({"alg": "ES256", "kid": "p"})), Err(Refused::Signature));
    assert_eq!(sign(&p256, json!({"alg": "ES256", "kid": "r"})), Err(Refused::UnknownKey));
    assert_eq!(sign(&p256, json!({"alg": "ES256", "kid": "gone"})), Err(Refused::UnknownKey));
    assert_eq!(sign(&p256, json!({"alg": "RS256", "kid": "r"})), Err(Refused::Signature));
    // A key that a token brings along, or points at, is nothing to us.
    let brought = json!({"alg": "ES256", "kid": "x", "jwk": other.jwk("x"), "jku": "https://evil.example/k", "x5u": "https://evil.example/c"});
    assert_eq!(sign(&other, brought), Err(Refused::UnknownKey));
    for bad in ["../../etc/passwd", "k1' OR '1'='1", "\u{0}", "https://evil.example/jwks"] {
        assert_eq!(sign(&p256, json!({"alg": "ES256", "kid": bad})), Err(Refused::UnknownKey));
    }
}

#[test]
fn without_a_key_id_the_key_must_be_beyond_doubt() {
    let (one, two, rsa) = (TestKey::p256(), TestKey::p256(), TestKey::rsa());
    let token = one.token(&json!({"alg": "ES256"}), &claims());
    assert!(verify(&token, &keys(&[(&one, "1"), (&rsa, "r")]), expected()).is_ok());
    assert_eq!(verify(&token, &keys(&[(&one, "1"), (&two, "2")]), expected()), Err(Refused::UnknownKey));
    assert_eq!(verify(&token, &[], expected()), Err(Refused::UnknownKey));
}

#[test]
fn keys_for_other_purposes_are_left_out() {
    let mut jwk = TestKey::p256().jwk("k");
    for (field, value) in
        [("use", "enc"), ("alg", "ES384"), ("alg", "ECDH-ES"), ("crv", "P-384"), ("kty", "oct"), ("x", "AA")]
    {
        let before = jwk[field].clone();
        jwk[field] = json!(value);
        assert!(jwks::parse(json!({"keys": [jwk]}).to_string().as_bytes()).unwrap().is_empty(), "{field} {value}");
        jwk[field] = before;
        if jwk[field].is_null() {
            jwk.as_object_mut().unwrap().remove(field);
        }
    }
    // A key that says PS256 does not check RS256.
    let rsa = TestKey::rsa();
    let mut only_pss = rsa.jwk("k");
    only_pss["alg"] = json!("PS256");
    let published = jwks::parse(json!({"keys": [only_pss]}).to_string().as_bytes()).unwrap();
    let token = |alg: &str| rsa.token(&json!({"alg": alg, "kid": "k"}), &claims());
    assert!(verify(&token("PS256"), &published, expected()).is_ok());
    assert_eq!(verify(&token("RS256"), &published, expected()), Err(Refused::UnknownKey));
}

#[test]
fn other_kinds_of_tokens_are_no_proof_of_a_sign_in() {
    let key = TestKey::ed25519();
    let published = keys(&[(&key, "k")]);
    for header in [
        json!({"alg": "EdDSA", "kid": "k", "typ": "at+jwt"}),
        json!({"alg": "EdDSA", "kid": "k", "typ": "logout+jwt"}),
        json!({"alg": "EdDSA", "kid": "k", "typ": "dpop+jwt"}),
        json!({"alg": "EdDSA", "kid": "k", "crit": ["b64"], "b64": false}),
    ] {
        assert_eq!(verify(&key.token(&header, &claims()), &published, expected()), Err(Refused::Algorithm), "{header}");
    }
}

#[test]
fn a_token_of_another_issuer_is_refused() {
    for iss in
        ["https://login.example/", "https://login.example.evil", "http://login.example", "HTTPS://LOGIN.EXAMPLE", ""]
    {
        assert_eq!(changed(|c| c["iss"] = json!(iss)), Err(Refused::Issuer), "{iss}");
    }
}

#[test]
fn a_token_for_another_client_is_refused() {
    for (aud, azp) in [
        (json!("other"), Value::Null),
        (json!(["other"]), Value::Null),
        (json!([]), Value::Null),
        (json!(["diwan", "other"]), Value::Null),
        (json!(["diwan", "other"]), json!("other")),
        (json!(["a", "b"]), json!("diwan")),
        (json!("diwan"), json!("other")),
    ] {
        let judged = changed(|c| {
            c["aud"] = aud.clone();
            c["azp"] = azp.clone();
        });
        assert_eq!(judged, Err(Refused::Audience), "{aud} {azp}");
    }
    assert!(changed(|c| c["aud"] = json!(["diwan"])).is_ok());
    let both = changed(|c| {
        c["aud"] = json!(["diwan", "other"]);
        c["azp"] = json!("diwan");
    });
    assert!(both.is_ok());
}

#[test]
fn time_is_judged_by_the_given_clock() {
    assert_eq!(changed(|c| c["exp"] = json!(NOW_S - 61)), Err(Refused::Expired));
    assert!(changed(|c| c["exp"] = json!(NOW_S - 59)).is_ok(), "clocks differ a little");
    assert_eq!(changed(|c| c["iat"] = json!(NOW_S - 3600)), Err(Refused::Expired), "issued long before this sign-in");
    assert_eq!(changed(|c| c["iat"] = json!(NOW_S + 120)), Err(Refused::Early));
    assert_eq!(changed(|c| c["nbf"] = json!(NOW_S + 120)), Err(Refused::Early));
    assert!(changed(|c| c["exp"] = json!(NOW_S as f64 + 60.5)).is_ok(), "fractions are allowed");
    for broken in [json!("1800000300"), json!(null), json!([1]), json!(true)] {
        assert_eq!(changed(|c| c["exp"] = broken.clone()), Err(Refused::Malformed), "{broken}");
    }
}

#[test]
fn a_token_of_another_sign_in_is_refused() {
    for nonce in [json!("other"), json!(""), Value::Null, json!("n-0S6_WzA2M"), json!("n-0S6_WzA2Mj ")] {
        assert_eq!(changed(|c| c["nonce"] = nonce.clone()), Err(Refused::Nonce), "{nonce}");
    }
}

#[test]
fn a_token_must_name_somebody() {
    for sub in [String::new(), "a\u{0}b".into(), "a\nb".into(), "x".repeat(256)] {
        assert_eq!(changed(|c| c["sub"] = json!(sub)), Err(Refused::Subject));
    }
    assert_eq!(changed(|c| c["sub"] = json!(7)), Err(Refused::Malformed));
    assert_eq!(changed(|c| c["sub"] = Value::Null), Err(Refused::Malformed));
}

#[test]
fn an_address_counts_as_verified_only_when_the_provider_says_so() {
    for (said, counts) in [
        (json!(true), true),
        (json!("true"), true),
        (json!(false), false),
        (json!("yes"), false),
        (json!(1), false),
        (Value::Null, false),
    ] {
        assert_eq!(changed(|c| c["email_verified"] = said.clone()).unwrap().email_verified, counts, "{said}");
    }
}

#[test]
fn a_claim_said_twice_is_refused() {
    let key = TestKey::ed25519();
    let body = claims().to_string().replacen('{', r#"{"sub":"somebody-else","#, 1);
    let header = URL_SAFE_NO_PAD.encode(json!({"alg": "EdDSA", "kid": "k"}).to_string());
    let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(body));
    let TestKey::Ed25519(pair) = &key else { panic!("another kind of key") };
    let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes())));
    assert_eq!(verify(&token, &keys(&[(&key, "k")]), expected()), Err(Refused::Malformed));
}

#[test]
fn an_oversized_token_is_not_even_read() {
    assert_eq!(changed(|c| c["filler"] = json!("x".repeat(MAX_BYTES))), Err(Refused::Malformed));
}

proptest! {
    #[test]
    fn no_text_makes_the_check_panic(text in "[A-Za-z0-9._=-]{0,200}|\\PC{0,80}") {
        let key = TestKey::ed25519();
        prop_assert!(verify(&text, &keys(&[(&key, "k")]), expected()).is_err());
    }

    #[test]
    fn no_changed_byte_passes(at in 0usize..10_000, to in "[A-Za-z0-9_-]") {
        let key = TestKey::ed25519();
        let token = key.token(&json!({"alg": "EdDSA", "kid": "k"}), &claims());
        let at = at % token.len();
        let mut forged = token.clone();
        forged.replace_range(at..=at, &to);
        // The last letter of a part may hold bits that do not count, and those must be zero.
        prop_assume!(forged != token);
        prop_assert!(verify(&forged, &keys(&[(&key, "k")]), expected()).is_err());
    }
}
