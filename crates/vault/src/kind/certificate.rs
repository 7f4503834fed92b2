//! Certificates: when they end, whom they name, and whether what is brought with one belongs to it.

use diwan_kernel::world::Timestamp;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};
use x509_parser::time::ASN1Time;

use super::{Checked, Wrong};

pub(super) fn check(value: &str) -> Result<Checked, Wrong> {
    let (mut chain, mut keys) = (vec![], vec![]);
    for block in Pem::iter_from_buffer(value.as_bytes()) {
        let block = block.map_err(|_| "The text is not PEM: blocks between BEGIN and END lines.")?;
        match block.label.as_str() {
            "CERTIFICATE" => chain.push(block.contents),
            "PRIVATE KEY" => keys.push(PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(block.contents))),
            "RSA PRIVATE KEY" => keys.push(PrivateKeyDer::Pkcs1(PrivatePkcs1KeyDer::from(block.contents))),
            "EC PRIVATE KEY" => keys.push(PrivateKeyDer::Sec1(PrivateSec1KeyDer::from(block.contents))),
            "ENCRYPTED PRIVATE KEY" => {
                return Err("The private key has a passphrase of its own. Remove it: the vault protects the key.");
            }
            _ => return Err("Only certificates and their private key belong here."),
        }
    }
    let chain = chain.iter().map(|der| parse(der)).collect::<Result<Vec<_>, _>>()?;
    let leaf = chain.first().ok_or("There is no certificate in it.")?;
    check_order(&chain)?;
    match &*keys {
        [] => {}
        [key] => check_key(key, &chain)?,
        _ => return Err("There is more than one private key in it."),
    }
    let mut checked = Checked::with([
        ("subject", leaf.subject().to_string()),
        ("issuer", leaf.issuer().to_string()),
        ("names", names(leaf).join(", ")),
        ("not_before", at(leaf.validity().not_before).to_string()),
        ("not_after", at(leaf.validity().not_after).to_string()),
    ]);
    // Nobody believes a certificate after one of those that vouch for it has ended.
    checked.expires_at = chain.iter().map(|one| at(one.validity().not_after)).min();
    Ok(checked)
}

fn at(moment: ASN1Time) -> Timestamp {
    Timestamp::from_millis(moment.timestamp().saturating_mul(1000))
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, Wrong> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) if certificate.validity().not_before <= certificate.validity().not_after => {
            Ok(certificate)
        }
        _ => Err("A certificate in it is damaged."),
    }
}

/// Whoever is shown a chain reads it from the leaf upwards.
fn check_order(chain: &[X509Certificate<'_>]) -> Result<(), Wrong> {
    let issued = |above: &X509Certificate<'_>, below: &X509Certificate<'_>| below.issuer() == above.subject();
    for (n, above) in chain.iter().enumerate().skip(1) {
        if chain[..n].iter().any(|below| issued(above, below)) {
            continue;
        }
        return if issued(&chain[n - 1], above) {
            Err(
                "The certificates are in the wrong order: the leaf comes first, then the one that issued it, and so on.",
            )
        } else {
            Err("A certificate in it has issued none of those before it: each is followed by the one that issued it.")
        };
    }
    Ok(())
}

fn check_key(key: &PrivateKeyDer<'_>, chain: &[X509Certificate<'_>]) -> Result<(), Wrong> {
    let key = any_supported_type(key).map_err(|_| {
        "The private key is damaged or of a kind that is not known here: RSA with 2048 to 4096 bits, ECDSA on P-256 or P-384, Ed25519."
    })?;
    let public = key.public_key().ok_or("The private key has no public half.")?;
    match chain.iter().position(|one| one.public_key().raw == public.as_ref()) {
        Some(0) => Ok(()),
        Some(_) => Err("The private key fits a certificate that vouches for another one: the one it fits comes first."),
        None => Err("The private key does not fit the certificate."),
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let extension = certificate.subject_alternative_name().ok().flatten();
    let names = extension.map(|e| e.value.general_names.as_slice()).unwrap_or_default();
    let dns = names.iter().filter_map(|n| match n {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    });
    dns.take(20).collect()
}

#[cfg(test)]
mod tests;
