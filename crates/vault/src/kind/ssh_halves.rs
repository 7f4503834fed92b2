//! The two halves of an SSH key: how OpenSSH writes them, and whether they belong together.

use num_bigint::BigUint;
use ring::signature::{Ed25519KeyPair, KeyPair};

use super::Wrong;

pub(super) const DAMAGED: Wrong = "The key is damaged: what it is made of is cut, too long or not in its order.";
const UNKNOWN: Wrong = "It is not a kind of key that is known here: Ed25519, RSA, or ECDSA on P-256, P-384 or P-521.";
const TOO_SHORT: Wrong = "An RSA key has 1024 to 16384 bits.";
pub(super) const APART: Wrong = "The private and the public half of the key do not belong together.";

/// Fewer bits OpenSSH refuses too, and more.
const RSA_BITS: std::ops::RangeInclusive<u64> = 1024..=16384;

/// Reads the lengths, strings and numbers that the format is made of.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn number(&mut self) -> Result<u32, Wrong> {
        let (head, rest) = self.0.split_first_chunk::<4>().ok_or(DAMAGED)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*head))
    }

    pub(super) fn string(&mut self) -> Result<&'a [u8], Wrong> {
        let length = self.number()? as usize;
        let (head, rest) = self.0.split_at_checked(length).ok_or(DAMAGED)?;
        self.0 = rest;
        Ok(head)
    }

    /// A number above zero of any length, written in one way only: no zeros before it but the one that says
    /// that it is not negative. Says its bytes.
    fn natural(&mut self) -> Result<&'a [u8], Wrong> {
        match self.string()? {
            [0, rest @ ..] if rest.first().is_some_and(|first| *first > 127) => Ok(rest),
            bytes @ [1..128, ..] => Ok(bytes),
            _ => Err(DAMAGED),
        }
    }

    fn large(&mut self) -> Result<BigUint, Wrong> {
        self.natural().map(BigUint::from_bytes_be)
    }

    pub(super) fn end(&self) -> Result<(), Wrong> {
        if self.0.is_empty() { Ok(()) } else { Err(DAMAGED) }
    }
}

/// The public half.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Public<'a> {
    pub(super) algorithm: &'static str,
    numbers: Numbers<'a>,
}

#[derive(Debug, PartialEq, Eq)]
enum Numbers<'a> {
    Ed25519(&'a [u8]),
    Rsa { modulus: BigUint, exponent: BigUint },
    Ecdsa(Curve, &'a [u8]),
}

impl<'a> Public<'a> {
    /// Reads what stands in the file for everybody to see.
    pub(super) fn read(blob: &'a [u8]) -> Result<Self, Wrong> {
        let mut reader = Reader(blob);
        let algorithm = algorithm(reader.string()?)?;
        let numbers = Numbers::read(algorithm, &mut reader)?;
        reader.end()?;
        Ok(Self { algorithm, numbers })
    }

    /// Reads the private half, which repeats the public one, up to the comment.
    pub(super) fn expect_private(&self, reader: &mut Reader<'_>) -> Result<(), Wrong> {
        if algorithm(reader.string()?)? != self.algorithm {
            return Err(APART);
        }
        let fits = match &self.numbers {
            Numbers::Ed25519(public) => {
                let (repeated, both) = (reader.string()?, reader.string()?);
                let (seed, again) = both.split_at_checked(32).ok_or(DAMAGED)?;
                let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| DAMAGED)?;
                pair.public_key().as_ref() == *public && repeated == *public && again == *public
            }
            Numbers::Rsa { modulus, exponent } => {
                let repeats = reader.large()? == *modulus && reader.large()? == *exponent;
                repeats && RsaPrivate::read(reader)?.fits(modulus, exponent)
            }
            Numbers::Ecdsa(curve, _) => {
                let repeats = Numbers::read(self.algorithm, reader)? == self.numbers;
                repeats && curve.point_of(reader.natural()?).is_some_and(|point| self.is_at(&point))
            }
        };
        if fits { Ok(()) } else { Err(APART) }
    }

    fn is_at(&self, other: &[u8]) -> bool {
        matches!(&self.numbers, Numbers::Ecdsa(_, point) if *point == other)
    }
}

fn algorithm(name: &[u8]) -> Result<&'static str, Wrong> {
    const KNOWN: [&str; 5] =
        ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"];
    KNOWN.into_iter().find(|known| known.as_bytes() == name).ok_or(UNKNOWN)
}

impl<'a> Numbers<'a> {
    fn read(algorithm: &str, reader: &mut Reader<'a>) -> Result<Self, Wrong> {
        match algorithm {
            "ssh-ed25519" => match reader.string()? {
                public if public.len() == 32 => Ok(Self::Ed25519(public)),
                _ => Err(DAMAGED),
            },
            "ssh-rsa" => {
                let (exponent, modulus) = (reader.large()?, reader.large()?);
                let is_sane = exponent.bit(0) && exponent > BigUint::from(1u8) && exponent < modulus;
                if !RSA_BITS.contains(&modulus.bits()) {
                    return Err(TOO_SHORT);
                }
                if is_sane { Ok(Self::Rsa { modulus, exponent }) } else { Err(DAMAGED) }
            }
            _ => {
                let (name, point) = (reader.string()?, reader.string()?);
                let curve = algorithm.strip_prefix("ecdsa-sha2-").filter(|curve| curve.as_bytes() == name);
                let curve = curve.and_then(Curve::named).filter(|curve| curve.has(point)).ok_or(DAMAGED)?;
                Ok(Self::Ecdsa(curve, point))
            }
        }
    }
}

/// What only the owner of an RSA key knows.
struct RsaPrivate {
    exponent: BigUint,
    coefficient: BigUint,
    primes: [BigUint; 2],
}

impl RsaPrivate {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Wrong> {
        let (exponent, coefficient) = (reader.large()?, reader.large()?);
        Ok(Self { exponent, coefficient, primes: [reader.large()?, reader.large()?] })
    }

    /// Whether it undoes what the public half does: by what the numbers must be to each other (RFC 8017, 3.2).
    fn fits(&self, modulus: &BigUint, exponent: &BigUint) -> bool {
        let (one, three) = (BigUint::from(1u8), BigUint::from(3u8));
        let [p, q] = &self.primes;
        let undoes = |prime: &BigUint| *prime >= three && exponent * &self.exponent % (prime - &one) == one;
        p * q == *modulus && undoes(p) && undoes(q) && self.coefficient < *p && &self.coefficient * q % p == one
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    fn named(name: &str) -> Option<Self> {
        match name {
            "nistp256" => Some(Self::P256),
            "nistp384" => Some(Self::P384),
            "nistp521" => Some(Self::P521),
            _ => None,
        }
    }

    /// Whether a point is on the curve, written with both its numbers.
    fn has(self, point: &[u8]) -> bool {
        let is_on = match self {
            Self::P256 => p256::PublicKey::from_sec1_bytes(point).is_ok(),
            Self::P384 => p384::PublicKey::from_sec1_bytes(point).is_ok(),
            Self::P521 => p521::PublicKey::from_sec1_bytes(point).is_ok(),
        };
        is_on && point.first() == Some(&4)
    }

    /// The point that belongs to a private number.
    fn point_of(self, number: &[u8]) -> Option<Box<[u8]>> {
        let length: usize = match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        };
        let mut whole = vec![0; length.checked_sub(number.len())?];
        whole.extend(number);
        match self {
            Self::P256 => Some(p256::SecretKey::from_slice(&whole).ok()?.public_key().to_sec1_bytes()),
            Self::P384 => Some(p384::SecretKey::from_slice(&whole).ok()?.public_key().to_sec1_bytes()),
            Self::P521 => Some(p521::SecretKey::from_slice(&whole).ok()?.public_key().to_sec1_bytes()),
        }
    }
}
