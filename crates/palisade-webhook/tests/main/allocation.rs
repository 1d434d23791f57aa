//! What a stranger's message costs in memory: next to nothing, however large it is.

use allocation_counter::measure;
use palisade_webhook::{Algorithm, Headers, Scheme, Signer, Verifier};

use crate::kit::{Fields, Kit, NOW, at, every_kind, secret};

const BODY: &[u8] = br#"{"paid":true}"#;

#[track_caller]
fn assert_most<H: Headers + ?Sized>(
    most: u64,
    what: &str,
    kit: &Kit,
    headers: &H,
    body: &[u8],
    good: bool,
) {
    let verify = || assert_eq!(kit.verifier.verify(headers, body, at(NOW)).is_ok(), good, "{what}");
    verify(); // Whatever is made once is made now.
    let info = measure(verify);
    assert!(info.count_total <= most, "{what}: {info:?}");
}

/// The same fields as a service gets them.
fn header_map(fields: &Fields) -> http::HeaderMap {
    let field = |(name, value): &(String, Vec<u8>)| {
        (name.parse::<http::HeaderName>().unwrap(), http::HeaderValue::from_bytes(value).unwrap())
    };
    fields.iter().map(field).collect()
}

#[test]
fn verification_at_once_allocates_nothing_or_next_to_nothing() {
    for (scheme, algorithm) in every_kind() {
        let most = u64::from(!matches!(scheme.name(), "glacis" | "github"));
        for keys in [1, 3, 16] {
            let kit = Kit::with_keys(scheme, algorithm, keys);
            let fields = kit.sign(BODY);
            let what = format!("{} by {algorithm:?} with {keys} keys", scheme.name());
            assert_most(most, &what, &kit, &fields, BODY, true);
            assert_most(most, &what, &kit, &header_map(&fields), BODY, true);
            assert_most(most, &format!("{what}, forged"), &kit, &fields, b"{}", false);
        }
    }
}

/// Sixteen signatures, of which the last one is good.
#[test]
fn several_signatures_take_no_more() {
    for (scheme, algorithm, label, separator) in [
        (Scheme::STANDARD, Algorithm::HmacSha256, "v1,", ' '),
        (Scheme::STANDARD, Algorithm::Ed25519, "v1a,", ' '),
        (Scheme::STRIPE, Algorithm::HmacSha256, "v1=", ','),
        (Scheme::PADDLE, Algorithm::HmacSha256, "h1=", ';'),
    ] {
        // More pairs of a public key and a signature are refused.
        let public = algorithm == Algorithm::Ed25519;
        for keys in [1, 3].into_iter().filter(|keys| !public || *keys == 1) {
            let kit = Kit::with_keys(scheme, algorithm, keys);
            let other = Kit::new(scheme, algorithm).sign(b"another");
            let other = String::from_utf8(other.last().unwrap().1.clone()).unwrap();
            let (_, forged) = other.split_once(label).unwrap();
            let mut fields = kit.sign(BODY);
            let good = String::from_utf8(fields.last().unwrap().1.clone()).unwrap();
            let many = format!("{label}{forged}{separator}").repeat(15) + &good;
            fields.last_mut().unwrap().1 = many.into_bytes();
            let what = format!("{} by {algorithm:?} with {keys} keys", scheme.name());
            assert_most(1, &what, &kit, &fields, BODY, true);
            assert_most(1, &what, &kit, &header_map(&fields), BODY, true);
        }
    }
}

/// A refusal for the headers alone costs nothing, so nobody makes the service work by sending nonsense.
#[test]
fn nonsense_allocates_nothing() {
    for (scheme, algorithm) in every_kind() {
        let kit = Kit::new(scheme, algorithm);
        let good = kit.sign(BODY);
        for garbage in
            [Vec::new(), vec![b'a'; 64 * 1024], b"\xff\xfe".to_vec(), b",=;: ".repeat(500)]
        {
            let mut fields = good.clone();
            fields.last_mut().unwrap().1 = garbage;
            assert_most(0, scheme.name(), &kit, &fields, BODY, false);
        }
        assert_most(0, scheme.name(), &kit, &Fields::new(), BODY, false);
    }
}

/// A gibibyte in chunks of 64 KiB: after `start`, nothing is allocated, and `finish` needs less than a
/// kibibyte.
#[test]
fn a_streamed_body_of_a_gibibyte_keeps_memory_flat() {
    let chunk = vec![b'x'; 64 * 1024];
    let (id, secret) = ("a".parse().unwrap(), secret(b"k"));
    let signer = Signer::builder(Scheme::STANDARD).key(id, &secret).build().unwrap();
    let headers: Fields = signer
        .sign(&"m".parse().unwrap(), at(NOW), BODY)
        .unwrap()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into_bytes()))
        .collect();
    let verifier = Verifier::builder(Scheme::STANDARD).key(id, &secret).max_body(1 << 30);
    assert_flat(&verifier.build().unwrap(), 1 << 30, &headers, &chunk);
}

#[test]
fn small_chunks_keep_memory_flat_for_every_scheme() {
    let chunk = vec![b'x'; 64 * 1024];
    for (scheme, algorithm) in every_kind() {
        let kit = Kit::with_keys(scheme, algorithm, 2);
        let headers = kit.sign(BODY);
        assert_flat(&kit.verifier, 1 << 18, &headers, &chunk[..1]);
        for len in [7, 4096, 65_536] {
            assert_flat(&kit.verifier, 1 << 22, &headers, &chunk[..len]);
        }
    }
}

fn assert_flat(verifier: &Verifier, total: u64, headers: &Fields, chunk: &[u8]) {
    let name = verifier.scheme().name();
    let started = measure(|| drop(verifier.start(headers, at(NOW)).unwrap()));
    assert!(started.bytes_max < 16 * 1024, "{name}: {started:?}");
    let mut stream = verifier.start(headers, at(NOW)).unwrap();
    let rounds = total / chunk.len() as u64;
    let mut taken = 0;
    let updates = measure(|| {
        for _ in 0..rounds {
            taken += u64::from(stream.update(chunk).is_ok());
        }
    });
    assert_eq!(updates.count_total, 0, "{name}: {updates:?}");
    assert_eq!(taken, rounds, "{name}: a chunk was not taken");
    let finished = measure(|| assert!(stream.finish(at(NOW)).is_err()));
    assert!(finished.bytes_max < 1024, "{name}: {finished:?}");
}
