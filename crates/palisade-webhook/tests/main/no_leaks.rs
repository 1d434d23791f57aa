//! No message and no `Debug` shows anything of a secret or of the MAC that would have been right.

use std::fmt::Debug;

use palisade_webhook::{
    MemoryReplays, PrivateKey, PublicKey, ReplayGuard, Scheme, SharedSecret, Sighting, Signer,
    SigningKey, Verifier, VerifyingKey,
};
use proptest::prelude::*;

use crate::kit::{NOW, at, base64, hex, mac};

/// Everything that was said, and what it must not hold: six bytes in a row, however they are written.
struct Said(Vec<String>);

impl Said {
    fn debug(&mut self, value: &dyn Debug) {
        self.0.push(format!("{value:?}"));
        self.0.push(format!("{value:#?}").split_whitespace().collect::<Vec<_>>().join(" "));
    }

    fn error<T>(&mut self, result: Result<T, impl std::error::Error + 'static>) {
        if let Err(error) = result {
            let mut next: Option<&(dyn std::error::Error + 'static)> = Some(&error);
            while let Some(error) = next {
                self.0.push(error.to_string());
                self.debug(&error);
                next = error.source();
            }
        }
    }

    #[track_caller]
    fn assert_silent(&self, bytes: &[u8]) {
        for window in bytes.windows(6) {
            let numbers: Vec<String> = window.iter().map(u8::to_string).collect();
            let shapes = [
                hex(window),
                hex(window).to_uppercase(),
                numbers.join(", "),
                String::from_utf8_lossy(window).into_owned(),
            ];
            self.assert_none(&shapes);
        }
        for start in 0..3.min(bytes.len()) {
            let text = base64(&bytes[start..]);
            let shapes: Vec<String> = text
                .trim_end_matches('=')
                .as_bytes()
                .windows(8)
                .map(|window| String::from_utf8(window.to_vec()).unwrap())
                .collect();
            self.assert_none(&shapes);
        }
    }

    #[track_caller]
    fn assert_none(&self, shapes: &[String]) {
        for said in &self.0 {
            for shape in shapes {
                assert!(!said.contains(shape.as_str()), "{said:?} shows {shape:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn nothing_shows_a_shared_secret(text in "[A-Za-z0-9]{24,48}", body in any::<[u8; 8]>()) {
        let mut said = Said(Vec::new());
        let secret = SharedSecret::from_text(&text).unwrap();
        said.debug(&secret);
        said.debug(&SigningKey::from(&secret));
        said.debug(&VerifyingKey::from(&secret));
        let id = "2026a".parse().unwrap();
        for scheme in [Scheme::GLACIS, Scheme::STANDARD, Scheme::STRIPE, Scheme::SLACK] {
            let signer = Signer::builder(scheme).key(id, &secret);
            let verifier = Verifier::builder(scheme).key(id, &secret);
            said.debug(&signer);
            said.debug(&verifier);
            said.error(signer.clone().key(id, &secret).build());
            said.error(verifier.clone().url("x").build());
            let (signer, verifier) = (signer.build().unwrap(), verifier.build().unwrap());
            said.debug(&signer);
            said.debug(&verifier);
            let headers = signer.sign(&"msg_1".parse().unwrap(), at(NOW), &body).unwrap();
            said.debug(&headers);
            said.error(verifier.verify(&headers, b"forged", at(NOW)));
            said.error(verifier.verify(&headers, &body, at(NOW * 2)));
            let stream = verifier.start(&headers, at(NOW)).unwrap();
            said.debug(&stream);
            said.error(stream.finish(at(NOW)));
            let verified = verifier.verify(&headers, &body, at(NOW)).unwrap();
            said.debug(&verified);
            said.debug(&verified.replay_key());
            said.debug(&verified.replay_key().to_bytes());
            said.debug(&Sighting::from(&verified));
            let guard = ReplayGuard::builder(MemoryReplays::new(1), "s").build().unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let fresh = runtime.block_on(guard.admit(&verified, at(NOW))).unwrap();
            said.debug(&fresh);
            said.error(runtime.block_on(guard.admit(&verified, at(NOW))));
            said.debug(&guard);
            let time = NOW.to_string();
            let parts: &[&[u8]] = match scheme.name() {
                "standard" => &[b"msg_1.", time.as_bytes(), b"."],
                "stripe" => &[time.as_bytes(), b"."],
                "slack" => &[b"v0:", time.as_bytes(), b":"],
                _ => &[],
            };
            let expected = mac(text.as_bytes(), &[&parts.concat(), &body]);
            let shown = headers.iter().map(|(_, value)| value).collect::<String>();
            assert!(shown.contains(&hex(&expected)) || shown.contains(&base64(&expected)));
            said.assert_silent(&expected);
        }
        said.assert_silent(text.as_bytes());
    }

    /// A text that is no key is not repeated.
    #[test]
    fn no_refusal_of_a_key_shows_it(text in "[A-Za-z0-9]{18,40}") {
        let mut said = Said(Vec::new());
        for before in ["", " ", "whsec_", "whsk_", "whpk_", "-----BEGIN PUBLIC KEY-----\n", "é"] {
            for after in ["", " ", "\n", "=", "===", "!", "-_"] {
                let marked = format!("{before}{text}{after}");
                said.error(SharedSecret::from_whsec(&marked));
                said.error(SharedSecret::from_text(&marked));
                said.error(SharedSecret::from_verbatim_text(&marked));
                said.error(SharedSecret::from_base64(&marked));
                said.error(SharedSecret::from_hex(&marked));
                said.error(PrivateKey::from_whsk(&marked));
                said.error(PrivateKey::from_pem(&marked));
                said.error(PublicKey::from_whpk(&marked));
                said.error(PublicKey::from_pem(&marked));
                said.error(PublicKey::from_ed25519_hex(&marked));
                said.error(PublicKey::from_spki_base64(&marked));
            }
        }
        prop_assert!(!said.0.is_empty());
        said.assert_silent(text.as_bytes());
    }
}

#[test]
fn nothing_shows_a_private_key() {
    for _ in 0..8 {
        let key = PrivateKey::generate_ed25519().unwrap();
        let shown = key.expose_whsk().unwrap();
        let mut said = Said(Vec::new());
        said.debug(&key);
        said.debug(&SigningKey::from(&key));
        let signer = Signer::builder(Scheme::STANDARD).key("a".parse().unwrap(), &key);
        said.debug(&signer);
        said.debug(&signer.build().unwrap());
        let seed = palisade_webhook::SharedSecret::from_base64(&shown["whsk_".len()..]).unwrap();
        said.assert_silent(&seed.expose_secret()[..32]);
    }
}
