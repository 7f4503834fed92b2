//! Keys and tokens of a provider that exists only in tests.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use serde_json::{Value, json};

/// An RSA key that was made for these tests and is used nowhere else.
const RSA_DER: &str = "\
MIIEowIBAAKCAQEA8sxCIbjBp1Ob8xItBIxc0eScKmtMS1+8NmpkDn6e4bsQrm1VjP3O8l0nTQx6DB2mZIXa9empP8I+BLC9bSzp\
U1DyZ1Z5RjQlU8QZgI6Iox3zxaa0sjYPslmhyxng1Mi3JboiYELRRIV9nJjcr4hJ0GzjtIzv1p78b3dr4bCzRSAFw4q4nwexgeHB\
763XsxExctw/HAb4Z1IojzRZeO4ruKCiP9HSd7546bMxxd1gb+MBqyqFOzJwlUcHQcmUYjTc4spjUZWbbc3421F1FolKLNUXFJd4\
kaciOyfvFUNnVwFf0pUkNNImH2HCDWClr1TJLsM9FaE6NLYRUg3QRCje3QIDAQABAoIBAA3Nyxy7slbfDAi/yctuZ4CPbMmEnCvU\
35CAb/va+xF+Xy5rjOedLnzdCvT4dp/lt6YTbiV5CWRUmM4PdlWUrhdMjNuPMQnqwQyII6MJd38+nrNoDPHs3OuY6PfxGrU+TBta\
/8VVRyyMIl4a2sEoEHpHFpMXSDN9ioCT25BTSX3ufcqDNtm2ndphPkbzoRn5zvHfQl31KSohDawOqCLpRT6wrGqEuxDhBVKoCfJE\
h321hPys16Q8wL3Q6Y9U+dhgFm0xOUHXWcQKwPzSk/NZcMBXxLyrH70xZkmVzncYDZFkn/fa5NGiFFw/lraP5aT7KaixIGDGMVg/\
7eDWqj7dQokCgYEA/pLLs0UBEffa9aophj4drQTol7HuLJRtMXQibFzj7MIMHdTiwh+062qC/fU2D3rXwcyqtTXb3nu1AlF/FQ+P\
xj7iFUmt6NN5rTbeDE9mGW2ooOfriYq0OtqSMUh3BbwKErdJLgyTFo3eMBdeVuNnjTgxOjHq71PKzTtuj5Tr7GsCgYEA9CiR2xoq\
YVwxWcsWqL23rfM6Z7VudvOVarsiIKtDz6lcGh2hCryeFQIMkjJSRjj+bBpJGbzB0qURcZ2IHWRgMIX5ubB4AhG0jRR42kkr+lig\
xqsZ1f8JwAJzYn78tIDYJwKj/zC0Rjx1fO0sNFpeR+2Vpd4tJXjPXMUZVpDEM9cCgYEA6OL9+qgbzIZEBw1+I1Lb7xZYeb3Kt3mp\
Ut59R0jLMiJq1zeToidDaUHtR8p1hD/K9X34hQIafDQLaW2Ipomv65pHVVYsBJzB6VYSWIyiSIzrARhpf1AmhNjDeNZkHBjj1i9a\
gQf731w1cSVPpokuiCBp2GUmGX88Pfgqsqt4ELUCgYAu+J8Wx7HfiRz1aVyymcz8ag6SZRUbTUExh07JeilRigNuAsU4i5Dd+cbx\
WTz6xXwsz+HAUc/39kmk0emdvfHDZALm9kwgGcfiXE3jsLAFOYe0sLYHtUjq543LJSL4ltD+sENclMIZwQfZQMeASuJYdByWDGgj\
DVrXPhPh03frgQKBgGw6FiI2eKqIXsTSWOgnbLKyMfJtUBgq2X7bHIZrjTC3Jr4fMRwD3JbNdVV7xu7q4CTCT1cazsZDJ7gkN0AU\
e8DXvRh0RlnyQdMAfvSAj75z4Lfel1eXoPmhgj/IBsNT407oT7SuP4UvgB/8YkQEFyJTsNIsNZYqzcJBZOm/4a3f";

/// A key pair of one kind.
pub(crate) enum TestKey {
    Rsa(Box<RsaKeyPair>),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl TestKey {
    pub(crate) fn rsa() -> Self {
        Self::Rsa(Box::new(RsaKeyPair::from_der(&STANDARD.decode(RSA_DER).unwrap()).unwrap()))
    }

    pub(crate) fn p256() -> Self {
        let rng = SystemRandom::new();
        let algorithm = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &rng).unwrap();
        Self::P256(EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &rng).unwrap())
    }

    pub(crate) fn ed25519() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::Ed25519(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    /// The public half, as a provider publishes it.
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Rsa(pair) => {
                let public = signature::RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "kid": kid, "use": "sig", "n": text(&public.n), "e": text(&public.e)})
            }
            Self::P256(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": text(&point[1..33]), "y": text(&point[33..])})
            }
            Self::Ed25519(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": text(pair.public_key().as_ref())})
            }
        }
    }

    /// A token with this header and these claims, signed as the header says.
    pub(crate) fn token(&self, header: &Value, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = self.sign(header["alg"].as_str() == Some("PS256"), message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn sign(&self, pss: bool, message: &[u8]) -> Vec<u8> {
        let rng = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let padding: &dyn signature::RsaEncoding =
                    if pss { &signature::RSA_PSS_SHA256 } else { &signature::RSA_PKCS1_SHA256 };
                pair.sign(padding, &rng, message, &mut signature).unwrap();
                signature
            }
            Self::P256(pair) => pair.sign(&rng, message).unwrap().as_ref().to_vec(),
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}
