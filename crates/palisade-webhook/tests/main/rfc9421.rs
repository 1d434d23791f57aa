//! The test cases of RFC 9421 appendix B that use our algorithms, with the keys of appendix B.1.
//!
//! B.2.4 signs a response: its published signature is verified in a unit test beside the algorithms.

#![allow(clippy::similar_names, reason = "a verifier verifies what is verified")]

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use palisade_webhook::{
    Component, MessageRefused, MessageRequest, MessageSigner, MessageVerifier, PrivateKey,
    PublicKey, SharedSecret, VerifiedMessage,
};

/// `created` of every case.
const CREATED: u64 = 1_618_884_473;

const BODY: &[u8] = br#"{"hello": "world"}"#;
const URI: &str = "https://example.com/foo?param=Value&Pet=dog";

/// The request of appendix B.2.
const REQUEST: [(&str, &str); 5] = [
    ("Host", "example.com"),
    ("Date", "Tue, 20 Apr 2021 02:07:55 GMT"),
    ("Content-Type", "application/json"),
    (
        "Content-Digest",
        "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJw\
         ew==:",
    ),
    ("Content-Length", "18"),
];

/// B.1.3.
const P256: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf\n\
    w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==\n\
    -----END PUBLIC KEY-----\n";
/// B.1.4, the public half and the seed.
const ED25519: &str = "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
const ED25519_SEED: &str = "n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=";
/// B.1.5.
const SHARED: &str =
    "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(CREATED)
}

fn shared() -> SharedSecret {
    SharedSecret::from_base64(SHARED).unwrap()
}

fn verifier() -> MessageVerifier {
    MessageVerifier::builder()
        .key("test-key-ecc-p256".parse().unwrap(), PublicKey::from_pem(P256).unwrap())
        .key("test-key-ed25519".parse().unwrap(), PublicKey::from_whpk(ED25519).unwrap())
        .key("test-shared-secret".parse().unwrap(), shared())
        .dangerous_require_only([Component::AUTHORITY])
        .dangerous_body_uncovered()
        .build()
        .unwrap()
}

fn fields(names: &[&str]) -> Vec<Component> {
    names
        .iter()
        .map(|name| match *name {
            "@method" => Component::METHOD,
            "@path" => Component::PATH,
            "@authority" => Component::AUTHORITY,
            name => Component::field(name).unwrap(),
        })
        .collect()
}

fn verify<'b>(
    method: &str,
    uri: &str,
    headers: &[(&str, &str)],
    signed: [(&str, &str); 2],
    body: &'b [u8],
) -> Result<VerifiedMessage<'b>, MessageRefused> {
    let headers: Vec<_> = headers.iter().copied().chain(signed).collect();
    verifier().verify(&MessageRequest::new(method, uri, &headers)?, body, now())
}

#[test]
fn b_2_5_hmac() {
    let signed = [
        (
            "Signature-Input",
            r#"sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#,
        ),
        ("Signature", "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:"),
    ];
    let verified = verify("POST", URI, &REQUEST, signed, BODY).unwrap();
    assert_eq!(verified.components(), fields(&["date", "@authority", "content-type"]));
    assert_eq!(verified.key_id().as_str(), "test-shared-secret");
    assert_eq!((verified.created(), verified.nonce(), verified.tag()), (now(), None, None));
    assert_eq!(verified.body(), None);

    let signer = MessageSigner::builder("test-shared-secret".parse().unwrap(), shared())
        .components(fields(&["date", "@authority", "content-type"]))
        .dangerous_body_uncovered()
        .without_nonce()
        .label("sig-b25")
        .build()
        .unwrap();
    let request = MessageRequest::new("POST", URI, &REQUEST).unwrap();
    let headers = signer.sign(&request, BODY, now()).unwrap();
    assert_eq!(headers.iter().collect::<Vec<_>>(), signed);
}

#[test]
fn b_2_6_ed25519() {
    let signed = [
        (
            "Signature-Input",
            r#"sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#,
        ),
        (
            "Signature",
            "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPp\
             BKRCw==:",
        ),
    ];
    let verified = verify("POST", URI, &REQUEST, signed, BODY).unwrap();
    assert!(verified.covers(&Component::METHOD) && !verified.covers(&Component::QUERY));

    let mut pair = BASE64_STANDARD.decode(ED25519_SEED).unwrap();
    pair.extend(BASE64_STANDARD.decode(ED25519).unwrap());
    let key = PrivateKey::from_whsk(&format!("whsk_{}", BASE64_STANDARD.encode(pair))).unwrap();
    let names = ["date", "@method", "@path", "@authority", "content-type", "content-length"];
    let signer = MessageSigner::builder("test-key-ed25519".parse().unwrap(), key)
        .components(fields(&names))
        .dangerous_body_uncovered()
        .without_nonce()
        .label("sig-b26")
        .build()
        .unwrap();
    let request = MessageRequest::new("POST", URI, &REQUEST).unwrap();
    let headers = signer.sign(&request, BODY, now()).unwrap();
    assert_eq!(headers.iter().collect::<Vec<_>>(), signed);
}

#[test]
fn b_3_tls_terminating_proxy() {
    let certificate = ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNh\
        dGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJ\
        BgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5\
        F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYC\
        uiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4\
        YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4u\
        rmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:";
    let signed = [
        (
            "Signature-Input",
            r#"ttrp=("@path" "@query" "@method" "@authority" "client-cert");created=1618884473;keyid="test-key-ecc-p256""#,
        ),
        (
            "Signature",
            "ttrp=:xVMHVpawaAC/0SbHrKRs9i8I3eOs5RtTMGCWXm/9nvZzoHsIg6Mce9315T6xoklyy0yzhD9ah4JHRwMLOgmi\
             zw==:",
        ),
    ];
    let uri = "https://service.internal.example/foo?param=Value&Pet=dog";
    let verified = verify("POST", uri, &[("Client-Cert", certificate)], signed, BODY).unwrap();
    assert_eq!(verified.key_id().as_str(), "test-key-ecc-p256");
    assert_eq!(
        verify("POST", uri, &[("Client-Cert", &certificate[1..])], signed, BODY).unwrap_err(),
        MessageRefused::BadSignature
    );
}

/// Which changes on the way a signature survives, and which not.
#[test]
fn b_4_transformations() {
    let signed = [
        (
            "Signature-Input",
            r#"transform=("@method" "@path" "@authority" "accept");created=1618884473;keyid="test-key-ed25519""#,
        ),
        (
            "Signature",
            "transform=:ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0\
             pmj3NDA==:",
        ),
    ];
    let uri = "https://example.org/demo?name1=Value1&Name2=value2";
    let accept = [("Accept", "application/json"), ("Accept", "*/*")];
    for (method, uri, headers) in [
        ("GET", uri, accept.as_slice()),
        // A parameter and a field more, neither of which is covered.
        (
            "GET",
            "https://example.org/demo?name1=Value1&Name2=value2&param=added",
            &[accept[0], accept[1], ("Accept-Language", "en-US,en;q=0.5")],
        ),
        // Fields joined, in other case, and with other white space around.
        ("GET", uri, &[("accept", " application/json, */*\t"), ("Referer", "https://a.example/")]),
        // Other fields between them, and HTTP/2's way of writing the authority.
        ("GET", "https://EXAMPLE.org:443/demo", &[accept[0], ("Date", "now"), accept[1]]),
    ] {
        assert!(verify(method, uri, headers, signed, b"").is_ok(), "{method} {uri} {headers:?}");
    }
    for (method, uri, headers) in [
        ("POST", "https://example.com/demo?name1=Value1&Name2=value2", accept.as_slice()),
        ("GET", uri, &[accept[1], accept[0]]),
        ("get", uri, &accept),
        ("GET", "https://example.org/demo/", &accept),
        ("GET", uri, &accept[..1]),
    ] {
        let refused = verify(method, uri, headers, signed, b"").unwrap_err();
        assert_eq!(refused, MessageRefused::BadSignature, "{method} {uri} {headers:?}");
    }
    assert_eq!(verify("GET", uri, &[], signed, b"").unwrap_err(), MessageRefused::MissingComponent);
}
