//! One pass over what was signed, for all keys at once.

use palisade_secret::{KeyId, MacStream};
use sha2::{Digest, Sha256};

use crate::Encoding;
use crate::encode::Written;
use crate::key::VerifyingKind;
use crate::ring::MAX_KEYS;
use crate::{Algorithm, VerifyingKey};

/// Everything that hashes while the signed bytes go by.
pub(crate) struct Pass {
    /// The first `count` are there.
    macs: [Option<(KeyId, MacStream)>; MAX_KEYS],
    count: usize,
    digest: Option<Sha256>,
    #[cfg(feature = "asymmetric")]
    public: asymmetric::Public,
}

/// The signature that fits.
pub(crate) struct Hit {
    pub(crate) key: KeyId,
    /// The MAC that was computed, where it was one.
    pub(crate) mac: Option<[u8; 32]>,
}

/// What a pass ends with: which signature fits, if one does, and SHA-256 of what was signed, if it was asked
/// for.
pub(crate) struct End {
    pub(crate) hit: Option<Hit>,
    pub(crate) digest: Option<[u8; 32]>,
}

impl Pass {
    /// A pass for these keys, as far as there are signatures that could be theirs; `None` when those are too
    /// many.
    #[cfg_attr(
        not(feature = "asymmetric"),
        expect(clippy::unnecessary_wraps, reason = "the same call with the feature and without")
    )]
    pub(crate) fn new<'k, 's, S: Iterator<Item = &'s [u8]>>(
        keys: impl Iterator<Item = (&'k KeyId, &'k VerifyingKey)> + Clone,
        signatures: impl Fn(Algorithm) -> S,
        encoding: Encoding,
        digest: bool,
    ) -> Option<Self> {
        let mut pass = Self {
            macs: [const { None }; MAX_KEYS],
            count: 0,
            digest: digest.then(Sha256::new),
            #[cfg(feature = "asymmetric")]
            public: asymmetric::Public::with_room(
                &keys.clone().map(|(_, key)| key),
                &signatures,
                encoding,
            )?,
        };
        for (id, key) in keys {
            match &key.0 {
                VerifyingKind::Hmac(mac) if signatures(Algorithm::HmacSha256).next().is_some() => {
                    if let Some(place) = pass.macs.get_mut(pass.count) {
                        *place = Some((*id, mac.stream()));
                        pass.count += 1;
                    }
                }
                VerifyingKind::Hmac(_) => {}
                #[cfg(feature = "asymmetric")]
                VerifyingKind::Public(key) => {
                    let needs_digest = pass.public.add(*id, key, &signatures, encoding);
                    if needs_digest && pass.digest.is_none() {
                        pass.digest = Some(Sha256::new());
                    }
                }
            }
        }
        #[cfg(not(feature = "asymmetric"))]
        let _ = encoding;
        Some(pass)
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        for (_, stream) in self.macs[..self.count].iter_mut().flatten() {
            stream.update(bytes);
        }
        if let Some(digest) = &mut self.digest {
            digest.update(bytes);
        }
        #[cfg(feature = "asymmetric")]
        self.public.update(bytes);
    }

    pub(crate) fn finish<'s, S: Iterator<Item = &'s [u8]>>(
        self,
        signatures: impl Fn(Algorithm) -> S,
        encoding: Encoding,
    ) -> End {
        let digest = self.digest.map(|digest| <[u8; 32]>::from(digest.finalize()));
        let mut hit = None;
        for (id, stream) in self.macs.into_iter().take(self.count).flatten() {
            let mac = stream.finish().to_bytes();
            // Every key is asked, whichever fits: the time tells nothing of where in the ring it stands.
            if matches_any(&mac, signatures(Algorithm::HmacSha256), encoding) && hit.is_none() {
                hit = Some(Hit { key: id, mac: Some(mac) });
            }
        }
        #[cfg(feature = "asymmetric")]
        let hit = hit.or_else(|| self.public.finish(digest.as_ref()));
        End { hit, digest }
    }
}

/// Whether a MAC is among the signatures.
pub(crate) fn matches_any<'s>(
    mac: &[u8; 32],
    signatures: impl Iterator<Item = &'s [u8]>,
    encoding: Encoding,
) -> bool {
    let written = Written::new(encoding, mac);
    let mut found = false;
    for signature in signatures {
        found |= written.matches(signature);
    }
    found
}

#[cfg(feature = "asymmetric")]
mod asymmetric {
    use ed25519_dalek::StreamVerifier;
    use p256::ecdsa::signature::hazmat::PrehashVerifier;
    use palisade_secret::KeyId;

    use super::Hit;
    use crate::encode;
    use crate::key::Public as Key;
    use crate::{Algorithm, Encoding, VerifyingKey};

    /// The longest DER of two numbers of 32 bytes, each with a leading zero.
    const MAX_DER: usize = 72;

    /// The most pairs of a public key and a signature that are tried: each one of Ed25519 hashes the whole
    /// body, and each one costs as much as some hundred KiB of HMAC.
    const MAX_PAIRS: usize = 16;

    /// The pairs of key and signature that may fit.
    pub(super) struct Public {
        ed25519: Vec<(KeyId, StreamVerifier)>,
        p256: Vec<(KeyId, p256::ecdsa::VerifyingKey, p256::ecdsa::Signature)>,
    }

    impl Public {
        /// Nothing yet, with room for all that will be added, so that it is allocated once. `None` when that
        /// is too much.
        pub(super) fn with_room<'k, 's, S: Iterator<Item = &'s [u8]>>(
            keys: &(impl Iterator<Item = &'k VerifyingKey> + Clone),
            signatures: &impl Fn(Algorithm) -> S,
            encoding: Encoding,
        ) -> Option<Self> {
            let pairs = |of, read: fn(Encoding, &[u8]) -> bool| match keys
                .clone()
                .filter(|key| key.algorithm() == of)
                .count()
            {
                0 => 0,
                keys => keys * signatures(of).filter(|text| read(encoding, text)).count(),
            };
            let ed25519 =
                pairs(Algorithm::Ed25519, |encoding, text| ed25519(encoding, text).is_some());
            let p256 = pairs(Algorithm::EcdsaP256, |encoding, text| p256(encoding, text).is_some());
            (ed25519 + p256 <= MAX_PAIRS).then(|| Self {
                ed25519: Vec::with_capacity(ed25519),
                p256: Vec::with_capacity(p256),
            })
        }

        /// Adds a key with each signature that could be its own; says whether SHA-256 is needed.
        pub(super) fn add<'s, S: Iterator<Item = &'s [u8]>>(
            &mut self,
            id: KeyId,
            key: &Key,
            signatures: &impl Fn(Algorithm) -> S,
            encoding: Encoding,
        ) -> bool {
            match key {
                Key::Ed25519(key) => {
                    let found = signatures(Algorithm::Ed25519)
                        .filter_map(|text| ed25519(encoding, text))
                        .filter_map(|signature| Some((id, key.verify_stream(&signature).ok()?)));
                    self.ed25519.extend(found);
                    false
                }
                Key::P256(held) => {
                    let found = signatures(Algorithm::EcdsaP256)
                        .filter_map(|text| p256(encoding, text))
                        .map(|signature| (id, held.key, signature));
                    self.p256.extend(found);
                    !self.p256.is_empty()
                }
            }
        }

        pub(super) fn update(&mut self, bytes: &[u8]) {
            for (_, verifier) in &mut self.ed25519 {
                verifier.update(bytes);
            }
        }

        pub(super) fn finish(self, digest: Option<&[u8; 32]>) -> Option<Hit> {
            let ed25519 = self
                .ed25519
                .into_iter()
                .find_map(|(id, verifier)| verifier.finalize_and_verify().is_ok().then_some(id));
            let key = ed25519.or_else(|| {
                let digest = digest?;
                self.p256
                    .iter()
                    .find(|(_, key, signature)| key.verify_prehash(digest, signature).is_ok())
                    .map(|(id, ..)| *id)
            })?;
            Some(Hit { key, mac: None })
        }
    }

    pub(in crate::pass) fn ed25519(
        encoding: Encoding,
        text: &[u8],
    ) -> Option<ed25519_dalek::Signature> {
        ed25519_dalek::Signature::from_slice(encode::decode(encoding, text, &mut [0; 128])?).ok()
    }

    pub(in crate::pass) fn p256(encoding: Encoding, text: &[u8]) -> Option<p256::ecdsa::Signature> {
        let mut bytes = [0; 128];
        let der = encode::decode(encoding, text, &mut bytes)?;
        if der.len() > MAX_DER { None } else { p256::ecdsa::Signature::from_der(der).ok() }
    }
}

/// Whether a text has the form of a signature at all: what tells a malformed header from a wrong signature.
pub(crate) fn is_well_formed(algorithm: Algorithm, encoding: Encoding, text: &[u8]) -> bool {
    match algorithm {
        Algorithm::HmacSha256 => {
            crate::encode::decode(encoding, text, &mut [0; 128]).is_some_and(|mac| mac.len() == 32)
        }
        #[cfg(feature = "asymmetric")]
        Algorithm::Ed25519 => asymmetric::ed25519(encoding, text).is_some(),
        #[cfg(feature = "asymmetric")]
        Algorithm::EcdsaP256 => asymmetric::p256(encoding, text).is_some(),
        #[cfg(not(feature = "asymmetric"))]
        _ => true,
    }
}
