//! `Content-Digest` (RFC 9530).

use palisade_webhook::{ContentDigest, DigestRefused};
use proptest::prelude::*;

/// RFC 9530 appendix B.1 and B.2: the body ends with a newline there.
const BODY: &[u8] = b"{\"hello\": \"world\"}\n";
const SHA256: &str = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
const SHA512: &str = "sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:";

fn check(header: &str, body: &[u8]) -> Result<(), DigestRefused> {
    ContentDigest::from_headers(&[("content-digest", header)])?.verify(body)
}

#[test]
fn the_published_digests_fit() {
    assert_eq!(check(SHA256, BODY), Ok(()));
    assert_eq!(check(SHA512, BODY), Ok(()));
    assert_eq!(ContentDigest::sha256_of(BODY).to_string(), SHA256);
    assert_eq!(ContentDigest::sha512_of(BODY).to_string(), SHA512);
}

#[test]
fn every_known_digest_must_fit() {
    let other = ContentDigest::sha512_of(b"other").to_string();
    assert_eq!(check(&format!("{SHA256}, {SHA512}"), BODY), Ok(()));
    assert_eq!(check(&format!("{SHA256},{SHA512};a=1"), BODY), Ok(()));
    assert_eq!(check(&format!("{SHA256}, {other}"), BODY), Err(DigestRefused::Mismatch));
    assert_eq!(check(&format!("{other}, {SHA256}"), BODY), Err(DigestRefused::Mismatch));
}

#[test]
fn unknown_algorithms_do_not_count() {
    let md5 = "md5=:AAAAAAAAAAAAAAAAAAAAAA==:";
    assert_eq!(check(&format!("{md5}, future=tok, {SHA256}"), BODY), Ok(()));
    for header in [md5, "", "future=(a b)"] {
        assert_eq!(check(header, BODY), Err(DigestRefused::NoKnownAlgorithm), "{header}");
    }
}

#[test]
fn what_can_be_read_in_two_ways_is_refused() {
    let bare = SHA256.replace("=:", "=").replace("=:", "");
    for header in [
        format!("{SHA256}, {SHA256}"),
        format!("{SHA256},"),
        bare,
        SHA256.replace("Dg=:", "Dg:"),
        SHA256.replace("Dg=:", "Dh=:"),
        SHA256.replace('/', "_"),
        SHA256.replace("sha-256", "SHA-256"),
        "sha-256=:AAAA:".into(),
        "sha-256=::".into(),
        "sha-256".into(),
        "sha-256=(1)".into(),
        format!("{SHA256}\u{e9}"),
        format!("{SHA256}\n"),
    ] {
        assert_eq!(check(&header, BODY), Err(DigestRefused::Malformed), "{header}");
    }
    let twice = [("Content-Digest", SHA256), ("content-digest", SHA256)];
    assert_eq!(ContentDigest::from_headers(&twice).unwrap_err(), DigestRefused::Duplicate);
    let none: [(&str, &str); 0] = [];
    assert_eq!(ContentDigest::from_headers(&none).unwrap_err(), DigestRefused::Missing);
    let long = format!("{SHA256}{}", " ".repeat(64 * 1024));
    assert_eq!(check(&long, BODY), Err(DigestRefused::TooLong));
    let many: Vec<String> = (0..1_000).map(|at| format!("a{at}=1")).collect();
    assert_eq!(check(&many.join(","), BODY), Err(DigestRefused::Malformed));
}

#[test]
fn every_flipped_bit_is_noticed() {
    for at in 0..SHA256.len() * 8 {
        let mut header = SHA256.as_bytes().to_vec();
        header[at / 8] ^= 1 << (at % 8);
        let checked = ContentDigest::from_headers(&[("content-digest", &header)])
            .and_then(|digest| digest.verify(BODY));
        assert!(checked.is_err(), "{}", header.escape_ascii());
    }
    for at in 0..BODY.len() * 8 {
        let mut body = BODY.to_vec();
        body[at / 8] ^= 1 << (at % 8);
        assert_eq!(check(SHA256, &body), Err(DigestRefused::Mismatch));
        assert_eq!(check(SHA512, &body), Err(DigestRefused::Mismatch));
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(body: Vec<u8>, cut in 1_usize..9, other: Vec<u8>) {
        for digest in [ContentDigest::sha256_of(&body), ContentDigest::sha512_of(&body)] {
            let read = ContentDigest::from_headers(&[("Content-Digest", digest.to_string())]).unwrap();
            let mut stream = read.start();
            body.chunks(cut).for_each(|chunk| stream.update(chunk));
            prop_assert_eq!(stream.finish(), Ok(()));
            prop_assert_eq!(read.verify(&other).is_ok(), other == body);
        }
    }

    #[test]
    fn no_header_panics(header: Vec<u8>) {
        let _ = ContentDigest::from_headers(&[("content-digest", header)]);
    }
}
