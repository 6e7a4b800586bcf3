//! Salted password hashes in RabbitMQ's format, so that definitions can be carried over.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Octets of salt.
const SALT: usize = 4;
/// Octets of a SHA-256 digest.
const DIGEST: usize = 32;

/// A password as it is kept: four octets of salt, and SHA-256 over salt and password
/// (RabbitMQ: `rabbit_password_hashing_sha256`).
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    salt: [u8; SALT],
    digest: [u8; DIGEST],
}

impl PasswordHash {
    /// Hashes `password` with a salt that is random for each call.
    pub fn new(password: &[u8], salt: [u8; SALT]) -> Self {
        let digest = Sha256::new().chain_update(salt).chain_update(password).finalize();
        Self { salt, digest: digest.into() }
    }

    /// Reads the base64 form that definitions hold; `None` when it is not one.
    pub fn parse(base64: &str) -> Option<Self> {
        let octets = STANDARD.decode(base64).ok()?;
        let (salt, digest) = octets.split_first_chunk()?;
        Some(Self { salt: *salt, digest: digest.try_into().ok()? })
    }

    /// The base64 form that definitions hold.
    pub fn to_base64(&self) -> String {
        STANDARD.encode([&self.salt[..], &self.digest[..]].concat())
    }

    /// Whether it was made of `password`; takes the same time for every wrong one.
    pub fn verify(&self, password: &[u8]) -> bool {
        Self::new(password, self.salt).digest.ct_eq(&self.digest).into()
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hash in RabbitMQ's format that was computed apart from this code.
    const TEST12: &str = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR";

    #[test]
    fn a_hash_is_the_one_that_rabbitmq_stores() {
        let hash = PasswordHash::new(b"test12", [0x90, 0x8d, 0xc6, 0x0a]);

        assert_eq!(hash.to_base64(), TEST12);
        assert_eq!(PasswordHash::parse(TEST12), Some(hash));
    }

    #[test]
    fn only_the_right_password_verifies() {
        let hash = PasswordHash::parse(TEST12).unwrap();

        assert!(hash.verify(b"test12"));
        assert!(!hash.verify(b"test1"));
        assert!(!hash.verify(b""));
    }

    #[test]
    fn what_has_another_length_is_no_hash() {
        for text in ["", "kI3GCg==", "not base64!", "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV"]
        {
            assert_eq!(PasswordHash::parse(text), None, "{text}");
        }
    }
}
