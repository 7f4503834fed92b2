//! Certificates: when they end and whom they name.

use diwan_kernel::world::Timestamp;
use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::{Checked, Wrong};

pub(super) fn check(value: &str) -> Result<Checked, Wrong> {
    let mut first = None;
    for block in Pem::iter_from_buffer(value.as_bytes()) {
        let block = block.map_err(|_| "The text is not PEM: blocks between BEGIN and END lines.")?;
        match block.label.as_str() {
            "CERTIFICATE" if first.is_none() => first = Some(block),
            "CERTIFICATE" => drop(parse(&block.contents)?),
            "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" => {}
            _ => return Err("Only certificates and their private key belong here."),
        }
    }
    let first = first.ok_or("There is no certificate in it.")?;
    let certificate = parse(&first.contents)?;
    let validity = certificate.validity();
    let at = |moment: x509_parser::time::ASN1Time| Timestamp::from_millis(moment.timestamp().saturating_mul(1000));
    let (from, until) = (at(validity.not_before), at(validity.not_after));
    let mut checked = Checked::with([
        ("subject", certificate.subject().to_string()),
        ("issuer", certificate.issuer().to_string()),
        ("names", names(&certificate).join(", ")),
        ("not_before", from.to_string()),
        ("not_after", until.to_string()),
    ]);
    checked.expires_at = Some(until);
    Ok(checked)
}

fn parse(der: &[u8]) -> Result<X509Certificate<'_>, Wrong> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err("A certificate in it is damaged."),
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
