//! `palisade-webhook` against the bare MAC beneath it, and against `standardwebhooks`.

use std::error::Error;
use std::hint::black_box;
use std::time::SystemTime;

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use palisade_webhook::{Headers, MessageId, Scheme, SharedSecret, Signer, Verifier};
use sha2::Sha256;
use standardwebhooks::Webhook;

use super::Rows;
use crate::Comparison;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

pub(super) fn rows() -> Rows {
    Ok(vec![
        against_bare_mac("webhook/glacis_1_kib", fixture(Scheme::GLACIS, KIB)?, |map| map)?,
        against_bare_mac("webhook/glacis_1_mib", fixture(Scheme::GLACIS, MIB)?, |map| map)?,
        against_bare_mac("webhook/github_1_kib", fixture(Scheme::GITHUB, KIB)?, |map| map)?,
        against_bare_mac("webhook/standard_1_kib", fixture(Scheme::STANDARD, KIB)?, |map| map)?,
        against_bare_mac("webhook/standard_pairs_1_kib", fixture(Scheme::STANDARD, KIB)?, pairs)?,
        against_bare_mac("webhook/standard_1_mib", fixture(Scheme::STANDARD, MIB)?, |map| map)?,
        sixteen_signatures("webhook/sixteen_signatures_standard", Scheme::STANDARD)?,
        sixteen_signatures("webhook/sixteen_signatures_stripe", Scheme::STRIPE)?,
        against_standardwebhooks("webhook/standardwebhooks_1_kib", KIB)?,
        against_standardwebhooks("webhook/standardwebhooks_1_mib", MIB)?,
    ])
}

/// From the headers of a request to the proof, against the MAC of the same bytes and nothing else.
fn against_bare_mac<H: Headers + 'static>(
    name: &'static str,
    fixture: Fixture,
    headers: impl FnOnce(HeaderMap) -> H,
) -> Result<Comparison, Box<dyn Error>> {
    let Fixture { verifier, headers: map, body, now } = fixture;
    let secret = SharedSecret::from_whsec(SECRET)?;
    let keyed = Hmac::<Sha256>::new_from_slice(secret.expose_secret())?;
    let mut signed = Vec::new();
    if verifier.scheme().has_message_id() {
        for part in ["webhook-id", "webhook-timestamp"] {
            signed.extend_from_slice(map.get(part).ok_or("signed")?.as_bytes());
            signed.push(b'.');
        }
    }
    signed.extend_from_slice(&body);
    let headers = headers(map);
    Ok(Comparison::time(
        name,
        move || verifier.verify(black_box(&headers), black_box(&body), now).map(drop),
        "a keyed hmac, cloned",
        move || keyed.clone().chain_update(black_box(&signed)).finalize().into_bytes(),
    ))
}

/// The headers as pairs of texts, as frameworks without the `http` crate have them.
fn pairs(headers: HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect()
}

/// A header with fifteen signatures of other keys before the right one, against one with that alone.
fn sixteen_signatures(name: &'static str, scheme: Scheme) -> Result<Comparison, Box<dyn Error>> {
    let Fixture { verifier, headers: one, body, now } = fixture(scheme, KIB)?;
    let name_of_header = scheme.headers().last().ok_or("a scheme has a signature header")?;
    let text = one.get(name_of_header).ok_or("signed")?.to_str()?;
    let separator = if text.starts_with("t=") { "," } else { " " };
    let (before, right) =
        text.rsplit_once(separator).map_or(("", text), |(before, right)| (before, right));
    let (label, value) = right.split_at(right.len() - 40);
    // Of the same form, and each one different.
    let others = ('a'..='o').map(|letter| {
        format!("{label}{}", value.replace(char::is_alphanumeric, &letter.to_string()))
    });
    let list: Vec<String> = others.chain([right.to_owned()]).collect();
    let list = list.join(separator);
    let list = if before.is_empty() { list } else { format!("{before}{separator}{list}") };
    let mut sixteen = one.clone();
    sixteen
        .insert(HeaderName::from_bytes(name_of_header.as_bytes())?, HeaderValue::from_str(&list)?);
    verifier.verify(&sixteen, &body, now)?;
    let (theirs, same) = (verifier.clone(), body.clone());
    Ok(Comparison::time(
        name,
        move || verifier.verify(black_box(&sixteen), black_box(&body), now).map(drop),
        "the same with one signature",
        move || theirs.verify(black_box(&one), black_box(&same), now).map(drop),
    ))
}

/// The same message, header map and clock on both sides.
fn against_standardwebhooks(name: &'static str, len: usize) -> Result<Comparison, Box<dyn Error>> {
    let Fixture { verifier, headers, body, .. } = fixture(Scheme::STANDARD, len)?;
    let peer = Webhook::new(SECRET)?;
    peer.verify(&body, &headers)?;
    let (same_headers, same_body) = (headers.clone(), body.clone());
    Ok(Comparison::time(
        name,
        move || verifier.verify(black_box(&headers), black_box(&body), SystemTime::now()).map(drop),
        "standardwebhooks",
        move || peer.verify(black_box(&same_body), black_box(&same_headers)),
    ))
}

struct Fixture {
    verifier: Verifier,
    headers: HeaderMap,
    body: Vec<u8>,
    now: SystemTime,
}

/// A message signed now, among the headers that a request has anyway. The time may be off by an hour, so
/// that a long run does not outlive it.
fn fixture(scheme: Scheme, len: usize) -> Result<Fixture, Box<dyn Error>> {
    let secret = SharedSecret::from_whsec(SECRET)?;
    let signer = Signer::builder(scheme).key("2026".parse()?, &secret).build()?;
    let mut builder = Verifier::builder(scheme).key("2026".parse()?, &secret);
    if scheme.has_time() {
        builder = builder.tolerance(std::time::Duration::from_hours(1));
    }
    let body: Vec<u8> =
        br#"{"type":"invoice.paid","amount":4200}"#.iter().copied().cycle().take(len).collect();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("host", "api.example.com"),
        ("content-type", "application/json"),
        ("user-agent", "sender/1.0"),
        ("accept", "*/*"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let now = SystemTime::now();
    for (name, value) in signer.sign(&MessageId::generate()?, now, &body)? {
        headers.insert(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(&value)?);
    }
    Ok(Fixture { verifier: builder.build()?, headers, body, now })
}
