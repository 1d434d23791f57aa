//! Project Wycheproof's vectors, through the public API.

use palisade_secret::SecretBytes;
use palisade_webhook::{PublicKey, Scheme, SharedSecret, Signer, Verifier, VerifyingKey};
use wycheproof::{TestResult, ecdsa, eddsa, mac};

use crate::kit::{NOW, at, base64, hex, stream};

/// Whether a verifier with this key accepts the signature, at once and in chunks.
fn accepts(scheme: Scheme, key: impl Into<VerifyingKey>, signature: &str, body: &[u8]) -> bool {
    let verifier = Verifier::builder(scheme).key("a".parse().unwrap(), key).build().unwrap();
    let headers = [("x-signature", signature)];
    let at_once = verifier.verify(&headers, body, at(NOW)).map(drop);
    let streamed = stream(&verifier, &headers, body, 5, at(NOW)).map(drop);
    assert_eq!(at_once, streamed);
    at_once.is_ok()
}

#[test]
fn hmac_sha256() {
    const SCHEME: Scheme = Scheme::hmac_sha256("wycheproof", "x-signature");
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    let (mut accepted, mut rejected) = (0, 0);
    for group in set.test_groups {
        for test in group.tests {
            let key = SecretBytes::dangerous_unchecked(test.key.to_vec());
            let secret = SharedSecret::from_bytes(key).unwrap();
            let good = match group.tag_size {
                256 => accepts(SCHEME, &secret, &hex(&test.tag), &test.msg),
                // No scheme cuts a MAC short. A cut one is refused, and equals the start of the whole one
                // where it is good.
                bits => {
                    assert!(!accepts(SCHEME, &secret, &hex(&test.tag), &test.msg));
                    let signer = Signer::builder(SCHEME).key("a".parse().unwrap(), &secret);
                    let signed = signer.build().unwrap();
                    let signed = signed.sign(&"m".parse().unwrap(), at(NOW), &test.msg).unwrap();
                    let (_, whole) = signed.into_iter().next().unwrap();
                    whole[..bits / 4] == hex(&test.tag)
                }
            };
            // There are no acceptable ones in this set.
            assert_ne!(test.result, TestResult::Acceptable);
            assert_eq!(good, test.result == TestResult::Valid, "case {}", test.tc_id);
            *if good { &mut accepted } else { &mut rejected } += 1;
        }
    }
    assert!(accepted > 50 && rejected > 50, "{accepted} accepted, {rejected} rejected");
}

#[test]
fn ed25519() {
    const SCHEME: Scheme = Scheme::ed25519("wycheproof", "x-signature");
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let (mut accepted, mut rejected) = (0, 0);
    for group in set.test_groups {
        // SPKI ends with the key itself.
        let raw = &group.der[group.der.len() - 32..];
        let key = PublicKey::from_ed25519_hex(&hex(raw)).unwrap();
        assert_eq!(key.to_string(), format!("whpk_{}", base64(raw)));
        for test in group.tests {
            let good = accepts(SCHEME, &key, &hex(&test.sig), &test.msg);
            assert_ne!(test.result, TestResult::Acceptable);
            assert_eq!(good, test.result == TestResult::Valid, "case {}", test.tc_id);
            *if good { &mut accepted } else { &mut rejected } += 1;
        }
    }
    assert!(accepted > 50 && rejected > 40, "{accepted} accepted, {rejected} rejected");
}

#[test]
fn ecdsa_p256() {
    const SCHEME: Scheme = Scheme::ecdsa_p256("wycheproof", "x-signature");
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256).unwrap();
    let (mut accepted, mut rejected) = (0, 0);
    for group in set.test_groups {
        let key = PublicKey::from_pem(&group.pem).unwrap();
        let same = PublicKey::from_spki_base64(&base64(&group.der)).unwrap();
        assert_eq!(key.fingerprint(), same.fingerprint());
        for test in group.tests {
            let good = accepts(SCHEME, &key, &base64(&test.sig), &test.msg);
            assert_ne!(test.result, TestResult::Acceptable);
            assert_eq!(
                good,
                test.result == TestResult::Valid,
                "case {}: {}",
                test.tc_id,
                test.comment
            );
            *if good { &mut accepted } else { &mut rejected } += 1;
        }
    }
    assert!(accepted > 100 && rejected > 100, "{accepted} accepted, {rejected} rejected");
}
