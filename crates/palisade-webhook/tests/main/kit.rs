//! For each scheme a signer and a verifier that hold the same keys.

use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit as _, Mac as _};
use p256::pkcs8::{EncodePrivateKey as _, LineEnding};
use palisade_secret::SecretBytes;
use palisade_webhook::{
    Algorithm, Headers, PrivateKey, Refused, Scheme, SharedSecret, Signer, SigningKey,
    VerifiedStream, Verifier, VerifyingKey,
};
use sha2::Sha256;

pub(crate) const NOW: u64 = 1_700_000_000;
pub(crate) const URL: &str = "https://example.com/hook";

/// Header fields as they come in.
pub(crate) type Fields = Vec<(String, Vec<u8>)>;

pub(crate) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(crate) fn secret(bytes: &[u8]) -> SharedSecret {
    SharedSecret::from_bytes(SecretBytes::dangerous_unchecked(bytes.to_vec())).unwrap()
}

/// HMAC-SHA256 by the library, over the parts one after the other.
pub(crate) fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(&parts.concat());
    mac.finalize().into_bytes().into()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(bytes)
}

/// Every scheme with each algorithm that its signatures may be of.
pub(crate) fn every_kind() -> impl Iterator<Item = (Scheme, Algorithm)> {
    Scheme::ALL.into_iter().flat_map(|scheme| {
        scheme.algorithms().map(move |algorithm| (scheme, algorithm)).collect::<Vec<_>>()
    })
}

pub(crate) struct Kit {
    pub(crate) signer: Signer,
    pub(crate) verifier: Verifier,
}

impl Kit {
    /// With one key.
    pub(crate) fn new(scheme: Scheme, algorithm: Algorithm) -> Self {
        Self::with_keys(scheme, algorithm, 1)
    }

    /// With so many keys, of which the signer knows the last one alone.
    pub(crate) fn with_keys(scheme: Scheme, algorithm: Algorithm, count: usize) -> Self {
        let mut verifier = Verifier::builder(scheme);
        let mut signer = Signer::builder(scheme);
        if scheme.signs_url() {
            (verifier, signer) = (verifier.url(URL), signer.url(URL));
        }
        for n in 1..=count {
            let id = format!("key-{n}").parse().unwrap();
            let (signs, verifies) = pair(algorithm);
            verifier = verifier.key(id, verifies);
            if n == count {
                signer = signer.key(id, signs);
            }
        }
        Self { signer: signer.build().unwrap(), verifier: verifier.build().unwrap() }
    }

    /// The fields that go with a body signed at [`NOW`].
    pub(crate) fn sign(&self, body: &[u8]) -> Fields {
        let id = "msg_1".parse().unwrap();
        let signed = self.signer.sign(&id, at(NOW), body).unwrap();
        signed.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())).collect()
    }

    /// What both ways of verifying say, which has to be the same.
    #[track_caller]
    pub(crate) fn judge(&self, fields: &Fields, body: &[u8]) -> Result<(), Refused> {
        let at_once = self.verifier.verify(fields, body, at(NOW)).map(drop);
        let streamed = stream(&self.verifier, fields, body, 3, at(NOW)).map(drop);
        assert_eq!(at_once, streamed, "in one piece and in chunks differ");
        at_once
    }
}

/// A key and what verifies its signatures.
fn pair(algorithm: Algorithm) -> (SigningKey, VerifyingKey) {
    let private = match algorithm {
        Algorithm::HmacSha256 => {
            let secret = SharedSecret::generate().unwrap();
            return ((&secret).into(), (&secret).into());
        }
        Algorithm::Ed25519 => PrivateKey::generate_ed25519().unwrap(),
        Algorithm::EcdsaP256 => {
            let drawn = SharedSecret::generate().unwrap();
            let key = p256::SecretKey::from_slice(drawn.expose_secret()).unwrap();
            PrivateKey::from_pem(&key.to_pkcs8_pem(LineEnding::LF).unwrap()).unwrap()
        }
        other => panic!("{other:?} is not understood"),
    };
    ((&private).into(), private.public_key().into())
}

/// Verifies a body in chunks of one length.
pub(crate) fn stream<H: Headers + ?Sized>(
    verifier: &Verifier,
    headers: &H,
    body: &[u8],
    chunk: usize,
    now: SystemTime,
) -> Result<VerifiedStream, Refused> {
    let mut stream = verifier.start(headers, now)?;
    for chunk in body.chunks(chunk) {
        stream.update(chunk)?;
    }
    stream.finish(now)
}
