//! Certificates made on the spot, and what somebody may bring with them by mistake.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};

use super::*;

/// An authority, one below it, and a certificate of a server that the latter issued; with their keys.
struct Issued {
    root: String,
    middle: String,
    leaf: String,
    keys: [String; 3],
}

fn params(name: &str, is_ca: bool, last_year: i32) -> CertificateParams {
    let mut params = CertificateParams::new([format!("{name}.example")]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = if is_ca { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::NoCa };
    (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(last_year, 1, 1));
    params
}

fn issued(ends_of_middle: i32) -> Issued {
    let [of_root, of_middle, of_leaf] = [(); 3].map(|()| KeyPair::generate().unwrap());
    let keys = [of_root.serialize_pem(), of_middle.serialize_pem(), of_leaf.serialize_pem()];
    let root = CertifiedIssuer::self_signed(params("root", true, 2046), of_root).unwrap();
    let middle = CertifiedIssuer::signed_by(params("middle", true, ends_of_middle), of_middle, &root).unwrap();
    let leaf = params("leaf", false, 2030).signed_by(&of_leaf, &middle).unwrap().pem();
    Issued { root: root.pem(), middle: middle.pem(), leaf, keys }
}

fn expires(value: &str) -> String {
    check(value).unwrap().expires_at.unwrap().to_string()
}

fn day(year: i32) -> String {
    Timestamp::from_millis(date_time_ymd(year, 1, 1).unix_timestamp() * 1000).to_string()
}

#[test]
fn a_chain_is_read_from_its_leaf_and_ends_with_the_first_that_ends() {
    let Issued { root, middle, leaf, keys } = issued(2036);
    let whole = format!("{leaf}{middle}{root}{}", keys[2]);
    let facts = check(&whole).unwrap().facts;
    assert_eq!((&*facts["names"], &*facts["issuer"]), ("leaf.example", "CN=middle"));
    assert_eq!(expires(&whole), day(2030));
    assert_eq!(expires(&format!("{}{leaf}", keys[2])), day(2030), "the key may stand before it");
    assert_eq!(expires(&root), day(2046));
    let early = issued(2028);
    let chain = format!("{}{}", early.leaf, early.middle);
    assert_eq!(expires(&chain), day(2028), "whoever vouches for it ends earlier");
    assert_eq!(check(&chain).unwrap().facts["not_after"], day(2030));
}

#[test]
fn a_chain_in_the_wrong_order_is_named() {
    let Issued { root, middle, leaf, keys } = issued(2036);
    for wrong in [format!("{middle}{leaf}"), format!("{root}{middle}{leaf}"), format!("{leaf}{root}{middle}")] {
        let why = check(&wrong).unwrap_err();
        assert!(why.contains("wrong order") || why.contains("issued none"), "{why}");
    }
    assert!(check(&format!("{middle}{leaf}")).unwrap_err().contains("wrong order"));
    assert!(check(&format!("{leaf}{root}")).unwrap_err().contains("issued none"));
    assert!(check(&format!("{leaf}{middle}{}", keys[1])).unwrap_err().contains("comes first"));
}

#[test]
fn a_private_key_must_be_whole_and_fit() {
    let Issued { leaf, keys, .. } = issued(2036);
    assert_eq!(check(&format!("{leaf}{}", keys[0])), Err("The private key does not fit the certificate."));
    assert!(check(&format!("{leaf}{}{}", keys[2], keys[2])).unwrap_err().contains("more than one"));
    let key = Pem::iter_from_buffer(keys[2].as_bytes()).next().unwrap().unwrap();
    let written = |der: &[u8], label: &str| {
        use base64::Engine;
        let body = base64::engine::general_purpose::STANDARD.encode(der);
        format!("{leaf}-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    };
    assert!(check(&written(&key.contents, "PRIVATE KEY")).is_ok());
    assert!(check(&written(&[0; 3], "PRIVATE KEY")).unwrap_err().contains("damaged"));
    for label in ["RSA PRIVATE KEY", "EC PRIVATE KEY"] {
        assert!(check(&written(&key.contents, label)).unwrap_err().contains("damaged"), "{label}");
    }
    assert!(check(&written(&key.contents, "ENCRYPTED PRIVATE KEY")).unwrap_err().contains("passphrase"));
    for length in 0..key.contents.len() {
        assert!(check(&written(&key.contents[..length], "PRIVATE KEY")).is_err(), "cut at {length}");
    }
}

/// Made by OpenSSL: a key in each form that it writes, with its certificate.
#[test]
fn keys_of_openssl_are_taken() {
    for pair in include_str!("pairs_of_openssl.txt").split("\n\n") {
        assert!(check(pair).is_ok(), "{:?}: {pair}", check(pair));
    }
}
