//! What a machine showed of itself: its certificate, which the handshake has found genuine.

use diwan_kernel::world::Timestamp;
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::authority::{MACHINE_NAME, hex};
use crate::certificate_request::hash_of;
use crate::machine::MachineId;

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) machine: MachineId,
    pub(crate) serial: String,
    /// SHA-256 of its key.
    pub(crate) key_hash: [u8; 32],
    pub(crate) ends_at: Timestamp,
}

impl Shown {
    /// Reads a certificate; `None` when it names no machine, or more than one.
    pub(crate) fn read(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        let names = certificate.subject_alternative_name().ok()??;
        let [GeneralName::URI(name)] = names.value.general_names.as_slice() else { return None };
        Some(Self {
            machine: name.strip_prefix(MACHINE_NAME)?.parse().ok()?,
            serial: hex(certificate.raw_serial()),
            key_hash: hash_of(&certificate.public_key().subject_public_key.data),
            ends_at: Timestamp::from_millis(certificate.validity().not_after.timestamp().saturating_mul(1000)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::Authority;
    use diwan_kernel::World;
    use rcgen::KeyPair;

    #[test]
    fn what_was_vouched_for_is_what_is_read() {
        let world = World::real();
        let authority = Authority::open(&Authority::make(world.now()).unwrap()).unwrap();
        let (machine, key) = (MachineId::new(&world), KeyPair::generate().unwrap());
        let issued = authority.vouch(&world, machine, &key).unwrap();
        let shown = Shown::read(&issued.chain[0]).unwrap();
        assert_eq!((shown.machine, &shown.serial), (machine, &issued.serial));
        assert_eq!(shown.key_hash, hash_of(key.public_key_raw()));
        assert_eq!(shown.ends_at.as_secs(), issued.ends_at.as_secs());
        assert!(Shown::read(authority.certificate()).is_none());
        let (own, _) = authority.vouch_for_control_plane(world.now()).unwrap();
        assert!(Shown::read(&own.chain[0]).is_none(), "the control plane is no machine");
    }
}
