//! The algorithms (RFC 9421 section 3.3).

use p256::ecdsa::signature::Verifier as _;

use crate::key::{Private, Public, SigningKind, VerifyingKind};
use crate::{Algorithm, SigningKey, VerifyingKey};

/// The name of an algorithm in the registry of section 6.2.2.
pub(super) fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HmacSha256 => "hmac-sha256",
        Algorithm::Ed25519 => "ed25519",
        Algorithm::EcdsaP256 => "ecdsa-p256-sha256",
    }
}

/// The signature is of another length, by another key, or of another text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wrong;

/// Whether the key signed the base. The key decides on the algorithm, never the message.
pub(super) fn verify(key: &VerifyingKey, base: &[u8], signature: &[u8]) -> Result<(), Wrong> {
    match &key.0 {
        VerifyingKind::Hmac(key) => key.mac(&[base]).verify(signature).map_err(|_| Wrong),
        VerifyingKind::Public(Public::Ed25519(key)) => {
            let signature = ed25519_dalek::Signature::from_slice(signature).map_err(|_| Wrong)?;
            key.verify_strict(base, &signature).map_err(|_| Wrong)
        }
        VerifyingKind::Public(Public::P256(held)) => {
            // 64 bytes, r and s (section 3.3.4); never DER.
            let signature = p256::ecdsa::Signature::from_slice(signature).map_err(|_| Wrong)?;
            held.key.verify(base, &signature).map_err(|_| Wrong)
        }
    }
}

/// Signs the base.
pub(super) fn sign(key: &SigningKey, base: &[u8]) -> Vec<u8> {
    use ed25519_dalek::Signer as _;

    match &key.0 {
        SigningKind::Hmac(key) => key.mac(&[base]).to_bytes().to_vec(),
        SigningKind::Private(Private::Ed25519(key)) => key.sign(base).to_bytes().to_vec(),
        SigningKind::Private(Private::P256(key)) => {
            let signature: p256::ecdsa::Signature = key.sign(base);
            signature.to_bytes().to_vec()
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    use super::*;
    use crate::PublicKey;

    /// RFC 9421 appendix B.1.3.
    const P256: &str = "-----BEGIN PUBLIC KEY-----\n\
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf\n\
        w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==\n\
        -----END PUBLIC KEY-----\n";

    /// RFC 9421 appendix B.2.4. It signs a response, which only this level can verify.
    #[test]
    fn the_published_signature_of_a_response_fits() {
        let base = "\"@status\": 200\n\
            \"content-type\": application/json\n\
            \"content-digest\": sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69w\
            WdXymyU0rjJuahq4l5aGgfLQ==:\n\
            \"content-length\": 23\n\
            \"@signature-params\": (\"@status\" \"content-type\" \"content-digest\" \"content-length\");\
            created=1618884473;keyid=\"test-key-ecc-p256\"";
        let signature = BASE64_STANDARD
            .decode(
                "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oi\
                 asw==",
            )
            .unwrap();
        let key = PublicKey::from_pem(P256).unwrap().into();
        assert!(verify(&key, base.as_bytes(), &signature).is_ok());
        for at in 0..signature.len() * 8 {
            let mut other = signature.clone();
            other[at / 8] ^= 1 << (at % 8);
            assert!(verify(&key, base.as_bytes(), &other).is_err());
        }
        let der = p256::ecdsa::Signature::from_slice(&signature).unwrap().to_der();
        assert!(verify(&key, base.as_bytes(), der.as_bytes()).is_err());
        assert!(verify(&key, &base.as_bytes()[1..], &signature).is_err());
        assert!(verify(&key, base.as_bytes(), &[]).is_err());
        assert!(verify(&key, base.as_bytes(), &[0; 64]).is_err());
    }
}
