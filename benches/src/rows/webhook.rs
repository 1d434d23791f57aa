//! `palisade-webhook` against the bare MAC beneath it, and against `standardwebhooks`.

use std::error::Error;
use std::hint::black_box;
use std::time::SystemTime;

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use palisade_webhook::{MessageId, Scheme, SharedSecret, Signer, Verifier};
use sha2::Sha256;
use standardwebhooks::Webhook;

use super::Rows;
use crate::Comparison;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

pub(super) fn rows() -> Rows {
    Ok(vec![
        against_bare_mac("webhook/verify_glacis_1_kib", Scheme::GLACIS, KIB)?,
        against_bare_mac("webhook/verify_glacis_1_mib", Scheme::GLACIS, MIB)?,
        against_bare_mac("webhook/verify_standard_1_kib", Scheme::STANDARD, KIB)?,
        against_bare_mac("webhook/verify_standard_1_mib", Scheme::STANDARD, MIB)?,
        sixteen_signatures("webhook/sixteen_signatures_standard", Scheme::STANDARD)?,
        sixteen_signatures("webhook/sixteen_signatures_stripe", Scheme::STRIPE)?,
        against_standardwebhooks("webhook/standardwebhooks_1_kib", KIB)?,
        against_standardwebhooks("webhook/standardwebhooks_1_mib", MIB)?,
    ])
}

/// From the headers of a request to the proof, against the MAC of the body alone.
fn against_bare_mac(
    name: &'static str,
    scheme: Scheme,
    len: usize,
) -> Result<Comparison, Box<dyn Error>> {
    let Fixture { verifier, headers, body } = fixture(scheme, len)?;
    let secret = SharedSecret::from_whsec(SECRET)?;
    let keyed = Hmac::<Sha256>::new_from_slice(secret.expose_secret())?;
    let same = body.clone();
    Ok(Comparison::time(
        name,
        move || verifier.verify(black_box(&headers), black_box(&body), SystemTime::now()).map(drop),
        "a keyed hmac, cloned",
        move || keyed.clone().chain_update(black_box(&same)).finalize().into_bytes(),
    ))
}

/// A header with fifteen signatures of other keys before the right one, against one with that alone.
fn sixteen_signatures(name: &'static str, scheme: Scheme) -> Result<Comparison, Box<dyn Error>> {
    let Fixture { verifier, headers: one, body } = fixture(scheme, KIB)?;
    let name_of_header = scheme.headers().last().ok_or("a scheme has a signature header")?;
    let text = one.get(name_of_header).ok_or("signed")?.to_str()?;
    let separator = if text.starts_with("t=") { "," } else { " " };
    let (before, right) =
        text.rsplit_once(separator).map_or(("", text), |(before, right)| (before, right));
    let others = (0..15)
        .map(|n| right.replace(|c: char| c.is_ascii_digit() && c != '1', &n.to_string()[..1]));
    let entries: Vec<String> = others.chain([right.to_owned()]).collect();
    let mut list = entries.join(separator);
    if !before.is_empty() {
        list = format!("{before}{separator}{list}");
    }
    let mut sixteen = one.clone();
    sixteen
        .insert(HeaderName::from_bytes(name_of_header.as_bytes())?, HeaderValue::from_str(&list)?);
    verifier.verify(&sixteen, &body, SystemTime::now())?;
    let (theirs, same) = (verifier.clone(), body.clone());
    Ok(Comparison::time(
        name,
        move || verifier.verify(black_box(&sixteen), black_box(&body), SystemTime::now()).map(drop),
        "the same with one signature",
        move || theirs.verify(black_box(&one), black_box(&same), SystemTime::now()).map(drop),
    ))
}

/// The same message, header map and clock on both sides.
fn against_standardwebhooks(name: &'static str, len: usize) -> Result<Comparison, Box<dyn Error>> {
    let Fixture { verifier, headers, body } = fixture(Scheme::STANDARD, len)?;
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
    for (name, value) in signer.sign(&MessageId::generate()?, SystemTime::now(), &body)? {
        headers.insert(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(&value)?);
    }
    Ok(Fixture { verifier: builder.build()?, headers, body })
}
