use hmac::{Hmac, KeyInit, Mac};
use palisade_secret::{MacKey, SecretBytes};
use proptest::prelude::*;
use serde_json::Value;
use sha2::Sha256;

fn hex(value: &Value) -> Vec<u8> {
    base16ct::lower::decode_vec(value.as_str().unwrap()).unwrap()
}

#[test]
fn rfc_4231() {
    let file: Value = serde_json::from_str(include_str!("../vectors/rfc4231.json")).unwrap();
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let expected = hex(&case["tag"]);
        let tag = MacKey::dangerous_any_length(&hex(&case["key"])).mac(&[&hex(&case["data"])]);
        assert_eq!(tag.to_bytes()[..expected.len()], expected, "case {}", case["name"]);
    }
    assert_eq!(cases.len(), 6);
}

proptest! {
    /// The key schedule is ours to call (padding, long keys): the crate's own entry is the oracle.
    #[test]
    fn equals_the_plain_construction(
        key in prop::collection::vec(any::<u8>(), 0..200),
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 0..5),
    ) {
        let whole = parts.concat();
        let expected =
            Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(&whole).finalize().into_bytes();
        let ours = MacKey::dangerous_any_length(&key);
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let one_shot = ours.mac(&parts);
        prop_assert_eq!(&one_shot.to_bytes()[..], &expected[..]);

        let mut stream = ours.stream();
        whole.chunks(7).for_each(|chunk| stream.update(chunk));
        stream.finish().verify(&expected).unwrap();
    }

    #[test]
    fn any_changed_bit_is_a_mismatch(bit in 0_usize..256) {
        let tag = MacKey::dangerous_any_length(b"key").mac(&[b"data"]);
        let mut bytes = tag.to_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(tag.verify(&bytes).is_err());
    }
}

#[test]
fn a_tag_of_another_length_is_a_mismatch() {
    let tag = MacKey::dangerous_any_length(b"key").mac(&[b"data"]);
    let bytes = tag.to_bytes();
    tag.verify(&bytes).unwrap();
    for len in 0..32 {
        assert!(tag.verify(&bytes[..len]).is_err(), "{len} bytes");
    }
    assert!(tag.verify(&[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn a_short_key_is_refused() {
    assert!(MacKey::new(SecretBytes::generate(31).unwrap()).is_err());
    assert!(MacKey::new(SecretBytes::generate(32).unwrap()).is_ok());
}
