//! The certificate authority of the fleet: no browser and no system knows it. It vouches for the machines, and
//! for the control plane towards them.

use std::time::Duration;

use diwan_kernel::World;
use diwan_kernel::world::Timestamp;
use diwan_link::tls::{CONTROL_PLANE, Fingerprint, Identity};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, Error, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData, SanType, SerialNumber,
};
use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::machine::MachineId;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long the authority lives: every machine knows it by its fingerprint.
const LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// How long a certificate of a machine lives. It is renewed from half of it on.
pub(crate) const MACHINE_LIFE: Duration = DAY;
/// How long the control plane's own lives; it is made anew in memory long before that.
const OWN_LIFE: Duration = Duration::from_secs(2 * 24 * 3600);
/// Clocks differ: what is made now counts from a while ago on.
const SKEW: Duration = Duration::from_secs(5 * 60);
/// What stands before the id of a machine in its certificate.
pub(crate) const MACHINE_NAME: &str = "diwan:machine:";

/// The authority.
pub(crate) struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("fingerprint", &self.fingerprint()).finish_non_exhaustive()
    }
}

/// A certificate that was just made.
#[derive(Debug)]
pub(crate) struct Issued {
    /// It first, the authority's last.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) serial: String,
    pub(crate) ends_at: Timestamp,
}

impl Authority {
    /// Makes one: its certificate and its key, as they are kept.
    pub(crate) fn make(now: Timestamp) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut params = lasting(now.minus(DAY), now.plus(LIFE))?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "Diwan fleet authority");
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let secret = Zeroizing::new(key.serialize_der());
        let length = u32::try_from(certificate.der().len()).unwrap_or(u32::MAX).to_be_bytes();
        Ok(Zeroizing::new([&length[..], certificate.der(), &secret].concat()))
    }

    /// Takes up one that was kept.
    pub(crate) fn open(kept: &[u8]) -> Option<Self> {
        let (length, rest) = kept.split_first_chunk()?;
        let (certificate, key) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        let certificate = CertificateDer::from(certificate.to_vec());
        let issuer = Issuer::from_ca_cert_der(&certificate, KeyPair::try_from(key).ok()?).ok()?;
        Some(Self { certificate, issuer })
    }

    /// Its certificate.
    pub(crate) const fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// What machines know it by.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate)
    }

    /// Vouches for a machine that has this key.
    pub(crate) fn vouch(&self, world: &World, machine: MachineId, key: &impl PublicKeyData) -> Result<Issued, Error> {
        let (now, serial) = (world.now(), serial(world));
        let ends_at = now.plus(MACHINE_LIFE);
        let mut params = lasting(now.minus(SKEW), ends_at)?;
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.distinguished_name.push(DnType::CommonName, machine.to_string());
        params.subject_alt_names = vec![SanType::URI(format!("{MACHINE_NAME}{machine}").try_into()?)];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(key, &self.issuer)?;
        let chain = vec![certificate.der().clone(), self.certificate.clone()];
        Ok(Issued { chain, serial: hex(&serial), ends_at })
    }

    /// Vouches for the control plane; says also until when that is to be used.
    pub(crate) fn vouch_for_control_plane(&self, now: Timestamp) -> Result<(Identity, Timestamp), Error> {
        // A machine whose clock is behind must be able to come in, and be told so.
        let mut params = lasting(now.minus(DAY), now.plus(OWN_LIFE))?;
        params.subject_alt_names = vec![SanType::DnsName(CONTROL_PLANE.to_owned().try_into()?)];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let chain = vec![certificate.der().clone(), self.certificate.clone()];
        Ok((Identity { chain, key: key.into() }, now.plus(OWN_LIFE / 2)))
    }
}

fn lasting(from: Timestamp, to: Timestamp) -> Result<CertificateParams, Error> {
    let moment = |at: Timestamp| OffsetDateTime::from_unix_timestamp(at.as_secs()).map_err(|_| Error::Time);
    let mut params = CertificateParams::default();
    (params.not_before, params.not_after) = (moment(from)?, moment(to)?);
    params.distinguished_name = rcgen::DistinguishedName::new();
    Ok(params)
}

/// Sixteen bytes of chance that are a positive number of that length.
fn serial(world: &World) -> [u8; 16] {
    let mut serial: [u8; 16] = world.random();
    serial[0] = serial[0] & 0x3f | 0x40;
    serial
}

/// As serial numbers are written down.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_that_was_kept_is_the_same_and_a_piece_of_one_is_none() {
        let kept = Authority::make(Timestamp::from_millis(1_800_000_000_000)).unwrap();
        let (one, again) = (Authority::open(&kept).unwrap(), Authority::open(&kept).unwrap());
        assert_eq!(one.fingerprint(), again.fingerprint());
        for length in [0, 3, 4, 200, kept.len() - 1] {
            assert!(Authority::open(&kept[..length]).is_none(), "{length}");
        }
        assert!(!format!("{one:?}").to_lowercase().contains("key"));
    }
}
