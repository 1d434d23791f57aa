//! `key digest` and `key verify`.

use palisade::apikey::{DigestScheme, KeyDigest};
use palisade::secret::{MacKey, SecretBytes};

use crate::command::{KEY, PEPPER, palisade, palisade_in};

const OTHER_PEPPER: &str = "Ko3FZQcX1nP9nq0T8bT2u6cV4kq7vXW2yJrLQ8dSx5A";

/// Keys of the published vectors, with their SHA-256.
const VECTORS: [(&str, &str); 3] = [
    (
        "gmk_acct_live_0000000000000000000000000000000000000000000_F2Qs",
        "9a2c8219e3653a013f8fe55310064c51b5c5d8b1987bf0870a215dafd81196fd",
    ),
    (KEY, "e73f6be6e489f4a5302b7e00c75938e4535b88f35557a110164279bf84a128ad"),
    (
        "gmk_acct_live_zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJ_rQzj",
        "b082f1ede80c3a2b33a0a5a5b33a27a9443a33f23f948e6f64a6d9362c08c14e",
    ),
];

fn hex(bytes: &[u8]) -> String {
    SecretBytes::dangerous_unchecked(bytes.to_vec()).expose_hex().to_string()
}

/// HMAC-SHA256 of the whole key, computed without the digest code.
fn expected(pepper: &str, id: &str, key: &str) -> String {
    let mac = MacKey::new(SecretBytes::from_text(pepper).unwrap()).unwrap();
    let bytes = mac.mac(&[key.as_bytes()]).to_bytes();
    KeyDigest::from_parts(DigestScheme::Hmac(id.parse().unwrap()), bytes).to_text()
}

#[test]
fn the_vectors_digest_as_published() {
    for (key, sha256) in VECTORS {
        let plain = palisade(&["key", "digest", "--legacy-sha256"], key.as_bytes());
        let digest: KeyDigest = plain.stdout.trim_end().parse().unwrap();
        assert_eq!(digest.scheme(), &DigestScheme::Sha256);
        assert_eq!(hex(digest.as_bytes()), sha256);

        let peppers = format!("2026b:{PEPPER} 2026a:{OTHER_PEPPER}");
        let args = ["key", "digest", "--peppers-env", "PEPPERS"];
        let peppered = palisade_in(&args, key.as_bytes(), &[("PEPPERS", &peppers)]);
        assert_eq!(peppered.stdout.trim_end(), expected(PEPPER, "2026b", key));
    }
}

#[test]
fn peppers_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("peppers");
    std::fs::write(&path, format!("2026a:{PEPPER}\n")).unwrap();
    let env = [("PEPPERS_FILE", path.to_str().unwrap())];
    let args = ["--json", "key", "digest", "--peppers-env", "PEPPERS"];
    let digest = palisade_in(&args, KEY.as_bytes(), &env).json();
    assert_eq!(digest["digest"], expected(PEPPER, "2026a", KEY));
    assert_eq!(digest["scheme"], "hmac-sha256$2026a");
    assert_eq!(digest["mask"], "gmk_acct_live_…VZS5");
}

#[test]
fn a_pepper_without_an_id_is_an_error_that_names_the_variable() {
    let args = ["key", "digest", "--peppers-env", "PEPPERS"];
    let refused = palisade_in(&args, KEY.as_bytes(), &[("PEPPERS", PEPPER)]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("PEPPERS: entry 1: not of the form `id:secret`"));
    assert!(!refused.stderr.contains(&PEPPER[..8]));
}

/// The wrapped forms of the format page, whose peppers no service would load.
#[test]
fn a_wrapped_digest_verifies() {
    let pepper = |text: &str| MacKey::new(SecretBytes::from_text(text).unwrap()).unwrap();
    let inner = pepper(PEPPER).mac(&[KEY.as_bytes()]).to_bytes();
    let outer = pepper(OTHER_PEPPER).mac(&[&inner]).to_bytes();
    let scheme = "hmac-sha256+hmac-sha256$2026b,2026a".parse().unwrap();
    let digest = palisade::apikey::KeyDigest::from_parts(scheme, outer).to_text();
    let args = ["key", "verify", "--peppers-env", "PEPPERS", "--digest", &digest];
    let both = format!("2026b:{OTHER_PEPPER},2026a:{PEPPER}");
    assert_eq!(palisade_in(&args, KEY.as_bytes(), &[("PEPPERS", &both)]).code, 0);
    let one = format!("2026b:{OTHER_PEPPER}");
    assert_eq!(palisade_in(&args, KEY.as_bytes(), &[("PEPPERS", &one)]).code, 2);
}

#[test]
fn a_key_verifies_against_its_own_digest_only() {
    let (other_key, _) = VECTORS[0];
    let peppers = format!("2026b:{OTHER_PEPPER},2026a:{PEPPER}");
    let env = [("PEPPERS", peppers.as_str())];
    let digest = expected(PEPPER, "2026a", KEY);
    let args = ["key", "verify", "--peppers-env", "PEPPERS", "--digest", &digest];

    let same = palisade_in(&args, KEY.as_bytes(), &env);
    assert_eq!(same.code, 0, "{same:?}");
    assert!(same.stdout.starts_with("match: gmk_acct_live_…VZS5"), "{same:?}");

    let other = palisade_in(&args, other_key.as_bytes(), &env);
    assert_eq!((other.code, other.stdout.as_str()), (1, ""));
    assert!(other.stderr.starts_with("no match"));

    let args = [&["--json"], &args[..]].concat();
    let same = palisade_in(&args, KEY.as_bytes(), &env).json();
    assert_eq!((&same["valid"], &same["match"]), (&true.into(), &true.into()));
    let other = palisade_in(&args, other_key.as_bytes(), &env).json();
    assert_eq!((&other["valid"], &other["match"]), (&true.into(), &false.into()));
    assert_eq!(other["reason"], "key_mismatch");
    let malformed = palisade_in(&args, b"gmk_acct_live_", &env);
    assert_eq!((malformed.code, &malformed.json()["valid"]), (1, &false.into()));
}

#[test]
fn legacy_and_file_digests_verify() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("digest");
    let digest = palisade(&["key", "digest", "--legacy-sha256"], KEY.as_bytes()).stdout;
    std::fs::write(&path, digest).unwrap();
    let args = ["key", "verify", "--digest-file", path.to_str().unwrap()];
    assert_eq!(palisade(&args, KEY.as_bytes()).code, 0);
    assert_eq!(palisade(&args, VECTORS[0].0.as_bytes()).code, 1);
}

#[test]
fn what_cannot_be_compared_is_an_error_and_no_mismatch() {
    let digest = expected(PEPPER, "2026a", KEY);
    let env = [("PEPPERS", &*format!("2026b:{PEPPER}"))];
    for (args, reason) in [
        (vec!["--digest", &digest], "pepper_missing"),
        (vec!["--digest", &digest, "--peppers-env", "PEPPERS"], "pepper_missing"),
        (vec!["--digest", &digest, "--peppers-env", "NOT_SET"], "peppers"),
        (vec!["--digest", KEY, "--peppers-env", "PEPPERS"], "digest"),
        (vec!["--digest", &digest[..60], "--peppers-env", "PEPPERS"], "digest"),
        (vec!["--digest-file", "/nowhere", "--peppers-env", "PEPPERS"], "input"),
        (vec!["--peppers-env", "PEPPERS"], "usage"),
    ] {
        let args = [vec!["--json", "key", "verify"], args].concat();
        let answer = palisade_in(&args, KEY.as_bytes(), &env);
        assert_eq!(answer.code, 2, "{args:?}");
        assert_eq!(answer.json()["error"], reason, "{args:?}");
    }
}

#[test]
fn weak_and_missing_peppers_name_the_variable() {
    let counting = format!("2026a:{}", hex(&(0..32).collect::<Vec<u8>>()));
    let args = ["key", "digest", "--peppers-env", "THE_PEPPER"];
    for (env, why) in [
        (vec![], "not set"),
        (vec![("THE_PEPPER", counting.as_str())], "pattern"),
        (vec![("THE_PEPPER", "2026a:changeme")], "placeholder"),
        (vec![("THE_PEPPER", "changeme")], "id:secret"),
        (vec![("THE_PEPPER", "2026a:q83vEjRWeJA")], "8 bytes"),
        (vec![("THE_PEPPER", "")], "empty"),
        (vec![("THE_PEPPER", "?!")], "id:secret"),
        (vec![("THE_PEPPER", PEPPER), ("THE_PEPPER_FILE", "/nowhere")], "set twice"),
    ] {
        let answer = palisade_in(&args, KEY.as_bytes(), &env);
        assert_eq!((answer.code, answer.stdout.as_str()), (2, ""), "{why}");
        assert!(answer.stderr.contains("THE_PEPPER"), "{answer:?}");
        assert!(answer.stderr.contains(why), "{answer:?}");
    }
}

#[test]
fn a_digest_needs_a_scheme() {
    let answer = palisade(&["key", "digest"], KEY.as_bytes());
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("--peppers-env"), "{answer:?}");
    let both = ["key", "digest", "--legacy-sha256", "--peppers-env", "PEPPERS"];
    assert_eq!(palisade(&both, KEY.as_bytes()).code, 2);
}
