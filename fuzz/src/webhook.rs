//! Targets for the signatures of `palisade-webhook`.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use palisade_webhook::{
    Algorithm, Headers, MessageId, PrivateKey, PublicKey, Refused, ReplayKey, Scheme, SharedSecret,
    Signer, Verifier,
};

use crate::canary::{CANARY, assert_silent};

/// When the seeds are good.
const NOW: Duration = Duration::from_secs(1_700_000_000);

const URL: &str = "https://example.com/hook";

/// The secrets of the seeds, as text.
const SECRETS: [&str; 7] = [
    "glacis_whk_51c0ffee",
    "gh_whk_9f8e7d6c5b4a",
    "lin_wh_abcdef0123",
    "shpss_0123456789abcdef",
    "8f742231b10e8888abcd99yyyzzz85a5",
    "whsec_test_secret_8Zk3",
    "k",
];

const WHSEC: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const WHPK: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
const DISCORD: &str = "b0b252c8b44e7bda4d9c14a200e6baa2b6e26f1e2a707ee6a58f6470f17f0a73";
const P256: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAdAjPuDPRcXU22YxgBrz\
                    +zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==";

type Fields<'d> = Vec<(String, &'d [u8])>;

/// What verifying said: the refusal, or the key, the time and the replay key.
type Verdict = Result<(String, Option<SystemTime>, ReplayKey), Refused>;

/// Verifying any headers and body by every scheme: the length of the chunks changes nothing; what is
/// accepted is refused with another body, with a header twice and a day later; nothing is repeated.
///
/// The first line says how long the chunks are, one byte each. Header fields follow up to an empty line, and
/// then the body.
pub fn webhook_verify(data: &[u8]) {
    let Some((chunks, rest)) = split(data, b"\n") else { return };
    let (head, body) = split(rest, b"\n\n").unwrap_or((rest, b""));
    let fields: Fields<'_> = head
        .split(|byte| *byte == b'\n')
        .filter_map(|line| split(line, b":"))
        .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), value))
        .collect();
    for verifier in VERIFIERS.iter() {
        let now = SystemTime::UNIX_EPOCH + NOW;
        let verdict = at_once(verifier, &fields, body, now);
        let name = verifier.scheme().name();
        assert_eq!(verdict, streamed(verifier, &fields, body, chunks, now), "{name}");
        match verdict {
            Ok(_) => accepted(verifier, &fields, body, now),
            Err(refused) => assert_silent(&refused),
        }
        let marked = |value: &[u8]| [CANARY.as_bytes(), value].concat();
        let marked: Vec<(&str, Vec<u8>)> =
            fields.iter().map(|(name, value)| (name.as_str(), marked(value))).collect();
        if let Err(refused) = at_once(verifier, &marked, body, now) {
            assert_silent(&refused);
        }
    }
}

fn accepted(verifier: &Verifier, fields: &Fields<'_>, body: &[u8], now: SystemTime) {
    let longer = [body, b"\n"].concat();
    assert!(at_once(verifier, fields, &longer, now).is_err(), "another body is accepted");
    if let Some((_, shorter)) = body.split_last() {
        assert!(at_once(verifier, fields, shorter, now).is_err(), "a shorter body is accepted");
    }
    let held = |name: &str| fields.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
    // Where the message came under the scheme's other names, a lone header under one of these is not read.
    let own = verifier.scheme().headers().last().is_some_and(|signature| held(signature).is_some());
    for name in verifier.scheme().headers().filter(|_| own) {
        let mut twice = fields.clone();
        if let Some((_, value)) = held(name) {
            twice.push((name.to_uppercase(), value));
            assert_eq!(
                at_once(verifier, &twice, body, now),
                Err(Refused::DuplicateHeader(name)),
                "a header is accepted twice"
            );
        }
    }
    if verifier.scheme().has_time() && verifier.scheme().name() != "linear" {
        let later = now + Duration::from_hours(24);
        assert_eq!(at_once(verifier, fields, body, later), Err(Refused::TooOld));
        let earlier = now - Duration::from_hours(24);
        assert_eq!(at_once(verifier, fields, body, earlier), Err(Refused::TooNew));
    }
}

fn split<'d>(data: &'d [u8], at: &[u8]) -> Option<(&'d [u8], &'d [u8])> {
    let place = data.windows(at.len()).position(|window| window == at)?;
    Some((data.get(..place)?, data.get(place + at.len()..)?))
}

fn at_once<H: Headers + ?Sized>(
    verifier: &Verifier,
    headers: &H,
    body: &[u8],
    now: SystemTime,
) -> Verdict {
    let proof = verifier.verify(headers, body, now)?;
    assert_eq!(proof.body(), body);
    Ok((proof.key_id().to_string(), proof.timestamp(), proof.replay_key()))
}

fn streamed<H: Headers + ?Sized>(
    verifier: &Verifier,
    headers: &H,
    body: &[u8],
    chunks: &[u8],
    now: SystemTime,
) -> Verdict {
    let mut stream = verifier.start(headers, now)?;
    let mut rest = body;
    // A chunk may be empty; the last one takes what is left.
    for len in chunks {
        let (chunk, after) = rest.split_at(usize::from(*len).min(rest.len()));
        stream.update(chunk)?;
        rest = after;
    }
    stream.update(rest)?;
    let proof = stream.finish(now)?;
    assert_eq!(proof.body_len(), body.len() as u64);
    Ok((proof.key_id().to_string(), proof.timestamp(), proof.replay_key()))
}

/// One for each scheme.
static VERIFIERS: LazyLock<Vec<Verifier>> =
    LazyLock::new(|| Scheme::ALL.into_iter().filter_map(verifier).collect());

/// A verifier with every key of the seeds that the scheme can have.
fn verifier(scheme: Scheme) -> Option<Verifier> {
    let mut builder = Verifier::builder(scheme);
    if scheme.signs_url() {
        builder = builder.url(URL);
    }
    for algorithm in scheme.algorithms() {
        builder = match algorithm {
            Algorithm::HmacSha256 => {
                builder = builder.key("whsec".parse().ok()?, SharedSecret::from_whsec(WHSEC).ok()?);
                for (n, text) in SECRETS.iter().enumerate() {
                    let id = format!("text-{n}").parse().ok()?;
                    builder = builder.key(id, SharedSecret::from_text(text).ok()?);
                }
                builder
            }
            Algorithm::Ed25519 => builder
                .key("whpk".parse().ok()?, PublicKey::from_whpk(WHPK).ok()?)
                .key("discord".parse().ok()?, PublicKey::from_ed25519_hex(DISCORD).ok()?),
            _ => builder.key("p256".parse().ok()?, PublicKey::from_spki_base64(P256).ok()?),
        };
    }
    builder.build().ok()
}

/// Signing any body by any scheme and key: it verifies at once and in chunks, with the same replay key; with
/// another byte in the body, or by another key, it does not.
///
/// The bytes: the scheme, a day since 2001, the length of a chunk, which byte to change, the key up to a
/// newline, the id up to a newline, the body.
pub fn webhook_sign_verify(data: &[u8]) {
    let [scheme, day, chunk, change, rest @ ..] = data else { return };
    let Some(scheme) = Scheme::ALL.get(usize::from(*scheme) % Scheme::ALL.len()) else { return };
    let Some((key, rest)) = split(rest, b"\n") else { return };
    let Some((id, body)) = split(rest, b"\n") else { return };
    let Ok(id) = String::from_utf8_lossy(id).parse::<MessageId>() else { return };
    // Schemes whose time stands right before the body know times of ten digits, the first one in 2001.
    let now = SystemTime::UNIX_EPOCH
        + Duration::from_secs(1_000_000_000)
        + Duration::from_hours(24) * u32::from(*day);
    let Some((signer, verifier, stranger)) = parties(*scheme, key) else { return };
    let written = signer.sign(&id, now, body);
    assert!(written.is_ok(), "nothing was signed: {written:?}");
    let Ok(headers) = written else { return };
    assert_eq!(
        headers.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        scheme.headers().collect::<Vec<_>>()
    );

    let verdict = at_once(&verifier, &headers, body, now);
    let chunks = vec![*chunk; body.len() / usize::from(*chunk).max(1)];
    assert_eq!(verdict, streamed(&verifier, &headers, body, &chunks, now));
    // A time in the body is the sender's own affair.
    assert!(
        verdict.is_ok() || scheme.name() == "linear",
        "what was signed is refused: {verdict:?}"
    );
    assert!(at_once(&stranger, &headers, body, now).is_err(), "another key accepts it");
    let mut other = body.to_vec();
    match other.get_mut(usize::from(*change)) {
        Some(byte) => *byte ^= 1,
        None => other.push(0),
    }
    assert!(at_once(&verifier, &headers, &other, now).is_err(), "another body is accepted");
}

/// A signer, its verifier, and a verifier with another key.
fn parties(scheme: Scheme, key: &[u8]) -> Option<(Signer, Verifier, Verifier)> {
    let id = "a".parse().ok()?;
    let (mut signer, mut verifier) = (Signer::builder(scheme), Verifier::builder(scheme));
    let mut stranger = Verifier::builder(scheme);
    if scheme.signs_url() {
        (signer, verifier, stranger) = (signer.url(URL), verifier.url(URL), stranger.url(URL));
    }
    let secret = |bytes: Vec<u8>| {
        SharedSecret::from_bytes(palisade_secret::SecretBytes::dangerous_unchecked(bytes)).ok()
    };
    let (signer, verifier, stranger) = match scheme.algorithms().next()? {
        Algorithm::HmacSha256 => {
            // A zero byte at the end of a short key would be the same key.
            let (own, other) = (secret(key.to_vec())?, secret([key, b"x"].concat())?);
            (signer.key(id, &own), verifier.key(id, &own), stranger.key(id, &other))
        }
        Algorithm::Ed25519 => {
            let (own, other) =
                (PrivateKey::generate_ed25519().ok()?, PrivateKey::generate_ed25519().ok()?);
            (
                signer.key(id, &own),
                verifier.key(id, own.public_key()),
                stranger.key(id, other.public_key()),
            )
        }
        // The crate draws no keys of P-256.
        _ => return None,
    };
    Some((signer.build().ok()?, verifier.build().ok()?, stranger.build().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise the fuzzer would have to find a signature by chance.
    #[test]
    fn each_seed_is_accepted_by_a_scheme() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/seeds/webhook_verify");
        let now = SystemTime::UNIX_EPOCH + NOW;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let seed = std::fs::read(&path).unwrap();
            let (_, rest) = split(&seed, b"\n").unwrap();
            let (head, body) = split(rest, b"\n\n").unwrap();
            let fields: Fields<'_> = head
                .split(|byte| *byte == b'\n')
                .filter_map(|line| split(line, b":"))
                .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), value))
                .collect();
            assert_eq!(VERIFIERS.len(), Scheme::ALL.len());
            let accepted =
                VERIFIERS.iter().any(|verifier| at_once(verifier, &fields, body, now).is_ok());
            assert!(accepted, "{}", path.display());
        }
    }
}
