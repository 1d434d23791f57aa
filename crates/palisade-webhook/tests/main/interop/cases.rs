//! What the receivers are asked, and what our own verifier says to it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use palisade_webhook::{MessageId, Scheme, SharedSecret, Signer, Verifier};

pub(super) const WHSEC: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
pub(super) const NOW: u64 = 1_700_000_000;
pub(super) const JSON: &str =
    r#"{"type":"invoice.paid","data":{"id":"inv_123","amount":4200,"note":"café ✓ 😀"}}"#;

pub(super) type Sent = BTreeMap<String, String>;

/// A request, and the secret of the receiver that gets it.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) what: &'static str,
    pub(super) scheme: &'static str,
    pub(super) secret: String,
    pub(super) headers: Sent,
    pub(super) body: Vec<u8>,
    pub(super) now: u64,
    /// A part, a header or `body` or `now`, and the odd form in which the language's driver hands it over.
    pub(super) odd: (String, &'static str),
}

impl Case {
    /// A request that is to be believed.
    pub(super) fn good(scheme: &'static str) -> Self {
        let (text, decoded) = secrets();
        let headers = match scheme {
            "glacis" => sign(Scheme::GLACIS, &[&text], b"{}"),
            _ => sign(Scheme::STANDARD, &[&decoded], b"{}"),
        };
        Self::new("good", scheme, headers, b"{}", NOW)
    }

    pub(super) fn new(
        what: &'static str,
        scheme: &'static str,
        headers: Sent,
        body: &[u8],
        now: u64,
    ) -> Self {
        let (secret, body) = (WHSEC.to_owned(), body.to_vec());
        Self { what, scheme, secret, headers, body, now, odd: (String::new(), "") }
    }
}

pub(super) fn sign(scheme: Scheme, secrets: &[&SharedSecret], body: &[u8]) -> Sent {
    let mut signer = Signer::builder(scheme);
    for (at, secret) in secrets.iter().enumerate() {
        signer = signer.key(format!("k{at}").parse().unwrap(), *secret);
    }
    let id: MessageId = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W".parse().unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
    signer
        .build()
        .unwrap()
        .sign(&id, now, body)
        .unwrap()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The text is the secret of GLACIS, and what it decodes to that of Standard Webhooks.
pub(super) fn secrets() -> (SharedSecret, SharedSecret) {
    (SharedSecret::from_text(WHSEC).unwrap(), SharedSecret::from_whsec(WHSEC).unwrap())
}

pub(super) fn cases() -> Vec<Case> {
    let (text, decoded) = secrets();
    let other =
        SharedSecret::from_bytes(palisade_secret::SecretBytes::dangerous_unchecked(vec![7; 32]))
            .unwrap();
    let mut cases = Vec::new();
    for (scheme, name, secret) in
        [(Scheme::GLACIS, "glacis", &text), (Scheme::STANDARD, "standard", &decoded)]
    {
        let header = if name == "glacis" { "x-glacis-signature" } else { "webhook-signature" };
        let mut add = |what, headers: Sent, body: &[u8], now| {
            cases.push(Case::new(what, name, headers, body, now));
        };
        for (what, body) in [
            ("JSON", JSON.as_bytes()),
            ("empty", b""),
            ("a byte that is no UTF-8", b"\xff"),
            ("NUL", b"\0"),
            ("a newline", b"{}\r\n"),
        ] {
            add(what, sign(scheme, &[secret], body), body, NOW);
        }
        let good = sign(scheme, &[secret], b"{}");
        add("another body", good.clone(), b"{ }", NOW);
        add("a newline more", good.clone(), b"{}\n", NOW);
        add("U+FFFD for a byte", sign(scheme, &[secret], "\u{fffd}".as_bytes()), b"\xff", NOW);
        add("another key", sign(scheme, &[&other], b"{}"), b"{}", NOW);
        add("no header", Sent::new(), b"{}", NOW);
        for (what, change) in [
            ("upper case", str::to_uppercase as fn(&str) -> String),
            ("truncated", |value| value[..value.len() - 1].to_owned()),
            ("longer", |value| format!("{value}0")),
            ("a newline after it", |value| format!("{value}\n")),
            ("not ASCII", |value| value.replace('=', "＝")),
            ("full-width", |value| value.replace('1', "１").replace('2', "２")),
            ("empty", |_| String::new()),
            ("nothing but its prefix", |value| value[..3].to_owned()),
            ("garbage between", |value| value.replacen(|c: char| c.is_ascii_digit(), "g!", 9)),
        ] {
            let mut headers = good.clone();
            headers.insert(header.into(), change(&good[header]));
            add(what, headers, b"{}", NOW);
        }
        if name == "standard" {
            for (what, now) in [
                ("300 s old", NOW + 300),
                ("301 s old", NOW + 301),
                ("300 s ahead", NOW - 300),
                ("301 s ahead", NOW - 301),
            ] {
                add(what, good.clone(), b"{}", now);
            }
            add("a rotation", sign(scheme, &[&other, secret], b"{}"), b"{}", NOW);
            for (what, field, value) in [
                ("full-width time", "webhook-timestamp", "１７００００００００"),
                ("fraction", "webhook-timestamp", "1700000000.0"),
                ("sign", "webhook-timestamp", "+1700000000"),
                ("i64::MIN", "webhook-timestamp", "-9223372036854775808"),
                ("huge", "webhook-timestamp", "99999999999999999999999999"),
                ("a dot in the id", "webhook-id", "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W.1"),
                ("no id", "webhook-id", ""),
                ("another id", "webhook-id", "msg_1"),
            ] {
                let mut headers = good.clone();
                headers.insert(field.into(), value.into());
                add(what, headers, b"{}", NOW);
            }
        }
    }
    cases
}

/// Texts that are no secret of this scheme. Whoever starts with one of them must learn of it at once.
pub(super) fn no_secrets(scheme: &str) -> Vec<String> {
    let whpk = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    let newline = format!("{WHSEC}\n");
    let mut texts = vec!["", " ", "undefined", "null", "whsec_", whpk, &newline];
    let (bare, long) = (&WHSEC[6..], format!("whsec_{}", "AAAA".repeat(22)));
    let (inside, twice) = (format!("whsec_C2FV\nsBQI{}", &WHSEC[14..]), format!("whsec_{WHSEC}"));
    if scheme == "standard" {
        texts.extend([bare, &long, &inside, &twice]);
        texts.extend([
            "whsec_!!!!",
            "WHSEC_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            "whsec_C2FVsBQIhrscChlQIMV-b5sSYspob7oD",
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7o=!",
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDAA",
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDAB==",
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7o=",
            "whsk_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            "whsec_Ｃ2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        ]);
    }
    texts.into_iter().map(Into::into).collect()
}

/// What our own verifier says.
pub(super) fn ours(case: &Case) -> bool {
    let (text, decoded) = secrets();
    let (scheme, secret) =
        if case.scheme == "glacis" { (Scheme::GLACIS, text) } else { (Scheme::STANDARD, decoded) };
    let verifier = Verifier::builder(scheme).key("k".parse().unwrap(), secret).build().unwrap();
    let headers: Vec<(&str, &str)> =
        case.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(case.now);
    verifier.verify(&headers, &case.body, now).is_ok()
}
