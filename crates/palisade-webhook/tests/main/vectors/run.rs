//! Running one row through the public API. `Err` says why it was refused.

use std::time::Duration;

use palisade_webhook::{
    BuildError, Component, ContentDigest, MemoryReplays, MessageId, MessageRequest,
    MessageVerifier, PublicKey, ReplayError, ReplayGuard, Scheme, SharedSecret, Signer,
    TwilioVerifier, Verifier,
};
use serde_json::Value;

use super::case::{self, at, number, text};

type Verdict = Result<(), String>;

pub(super) fn row(row: &Value) -> Verdict {
    match (text(&row["op"], "op"), text(&row["scheme"], "scheme")) {
        ("verify", "twilio") => twilio(row),
        ("verify", "content-digest") => content_digest(row),
        ("verify", "rfc9421") => rfc9421(row),
        ("verify", _) => verify(row),
        ("sign", _) => sign(row),
        ("parse_secret", _) => parse_secret(row),
        ("replay", _) => replay(row),
        ("hmac", _) => hmac(row),
        ("ed25519", _) => ed25519(row),
        (op, _) => panic!("{}: the operation {op} is not understood", row["id"]),
    }
}

fn said(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}

fn verifier(row: &Value) -> Result<Verifier, String> {
    let scheme = case::scheme(row);
    let mut builder = Verifier::builder(scheme);
    if scheme.has_time() {
        // Linear's minute is not of the corpus, which gives every row the same tolerance.
        builder =
            builder.tolerance(Duration::from_secs(number(&row["tolerance_s"], "tolerance_s")));
    }
    if let Some(url) = row["url"].as_str() {
        builder = builder.url(url);
    }
    for (at_key, secret) in row["secrets"].as_array().expect("secrets").iter().enumerate() {
        let id = format!("key-{at_key}").parse().unwrap();
        let key = case::verifying_key(secret)?;
        builder = match secret["not_after"].as_u64() {
            Some(end) => builder.key_until(id, key, at(end)),
            None => builder.key(id, key),
        };
    }
    builder.build().map_err(|error: BuildError| error.to_string())
}

fn verify(row: &Value) -> Verdict {
    let verifier = verifier(row)?;
    let (headers, body) = (case::headers(row), case::body(&row["body"]));
    let now = at(number(&row["now"], "now"));
    let at_once = verifier.verify(&headers, &body, now).map(|verified| {
        assert_eq!(verified.body(), body);
        (verified.replay_key(), *verified.key_id(), verified.timestamp())
    });

    let chunks: Vec<usize> = match row["chunks"].as_array() {
        Some(chunks) => {
            chunks.iter().map(|chunk| usize::try_from(number(chunk, "chunk")).unwrap()).collect()
        }
        None => vec![7, 1, 64],
    };
    let streamed = verifier.start(&headers, now).and_then(|mut stream| {
        let mut rest = body.as_slice();
        for chunk in chunks.iter().cycle() {
            let (chunk, after) = rest.split_at((*chunk).min(rest.len()));
            stream.update(chunk)?;
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        let proof = stream.finish(now)?;
        assert_eq!(proof.body_len(), body.len() as u64);
        Ok((proof.replay_key(), *proof.key_id(), proof.timestamp()))
    });
    assert_eq!(at_once, streamed, "{}: in one piece and in chunks differ", row["id"]);
    at_once.map(drop).map_err(said)
}

fn sign(row: &Value) -> Verdict {
    let scheme = case::scheme(row);
    let mut builder = Signer::builder(scheme);
    for (at_key, secret) in row["secrets"].as_array().expect("secrets").iter().enumerate() {
        builder = builder.key(format!("key-{at_key}").parse().unwrap(), case::signing_key(secret));
    }
    let signer = builder.build().map_err(said)?;
    let input = &row["input"];
    let id: MessageId = input["id"].as_str().unwrap_or("unused").parse().map_err(said)?;
    let now = at(input["timestamp"].as_u64().unwrap_or(1_700_000_000));
    let sent = signer.sign(&id, now, &case::body(&input["body"])).map_err(said)?;
    let wanted: Vec<(&str, &str)> = row["expect_headers"]
        .as_array()
        .expect("expect_headers")
        .iter()
        .map(|pair| (text(&pair[0], "name"), text(&pair[1], "value")))
        .collect();
    assert_eq!(sent.iter().collect::<Vec<_>>(), wanted, "{}", row["id"]);
    Ok(())
}

fn parse_secret(row: &Value) -> Verdict {
    let secret = SharedSecret::from_whsec(text(&row["input"], "input")).map_err(said)?;
    assert_eq!(secret.expose_secret(), case::hex(&row["key_hex"]), "{}", row["id"]);
    Ok(())
}

/// Steps against one store, each with a verdict of its own.
fn replay(row: &Value) -> Verdict {
    let verifier = verifier(row)?;
    let steps = row["steps"].as_array().expect("steps");
    let capacity = steps[0]["cache_capacity"].as_u64().unwrap_or(1_000);
    let store = std::sync::Arc::new(MemoryReplays::new(usize::try_from(capacity).unwrap()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for step in steps {
        let scope = step["endpoint"].as_str().unwrap_or("only");
        let guard = ReplayGuard::builder(std::sync::Arc::clone(&store), scope).build().unwrap();
        let (headers, body) = (case::headers(step), case::body(&step["body"]));
        let now = at(number(&step["now"], "now"));
        let verdict = match verifier.verify(&headers, &body, now) {
            Err(refused) => refused.reason(),
            Ok(proof) => match runtime.block_on(guard.admit(&proof, now)) {
                Ok(_) => "accept",
                Err(ReplayError::Duplicate) => "replay",
                Err(ReplayError::Full) => "cache_full",
                Err(error) => panic!("{error}"),
            },
        };
        let fits = match text(&step["expect"], "expect") {
            "too_old" => verdict == "webhook_too_old",
            "replay_or_bad_signature" => matches!(verdict, "replay" | "webhook_bad_signature"),
            expected @ ("accept" | "replay" | "cache_full") => verdict == expected,
            other => panic!("the step {other} is not understood"),
        };
        if !fits {
            return Err(format!("expected {}, got {verdict}", step["expect"]));
        }
    }
    Ok(())
}

fn twilio(row: &Value) -> Verdict {
    let mut builder = TwilioVerifier::builder();
    for (at_key, secret) in row["secrets"].as_array().expect("secrets").iter().enumerate() {
        let token = SharedSecret::from_text(text(&secret["value"], "secret")).map_err(said)?;
        builder = builder.key(format!("key-{at_key}").parse().unwrap(), &token);
    }
    let verifier = builder.build().map_err(said)?;
    let (headers, body) = (case::headers(row), case::body(&row["body"]));
    let now = at(number(&row["now"], "now"));
    // A row stands for one endpoint, which knows in which way its requests are signed.
    let url = text(&row["url"], "url");
    let verified = if url.contains("bodySHA256=") {
        verifier.verify_digested(&headers, url, &body, now)
    } else {
        verifier.verify_form(&headers, url, &body, now)
    };
    verified.map(drop).map_err(said)
}

fn content_digest(row: &Value) -> Verdict {
    let body = case::body(&row["body"]);
    let digest = ContentDigest::from_headers(&case::headers(row)).map_err(said)?;
    let mut stream = digest.start();
    body.chunks(7).for_each(|chunk| stream.update(chunk));
    let at_once = digest.verify(&body);
    assert_eq!(at_once, stream.finish(), "{}: in one piece and in chunks differ", row["id"]);
    at_once.map_err(said)
}

/// The row covers no digest of the body, so its policy asks for what it covers only.
fn rfc9421(row: &Value) -> Verdict {
    let keyid = "test-key-ed25519";
    let secret = &row["secrets"][0];
    let verifier = MessageVerifier::builder()
        .key(keyid.parse().unwrap(), case::verifying_key(secret)?)
        .dangerous_require_only([Component::METHOD, Component::PATH, Component::AUTHORITY])
        .dangerous_body_uncovered()
        .tolerance(Duration::from_secs(number(&row["tolerance_s"], "tolerance_s")))
        .build()
        .map_err(said)?;
    let (headers, body) = (case::headers(row), case::body(&row["body"]));
    let (method, url) = (text(&row["method"], "method"), text(&row["url"], "url"));
    let request = MessageRequest::new(method, url, &headers).map_err(said)?;
    let now = at(number(&row["now"], "now"));
    let proof = verifier.verify(&request, &body, now).map_err(said)?;
    assert_eq!(proof.body(), None, "{}: the body is not covered", row["id"]);
    Ok(())
}

/// HMAC-SHA256 through a scheme that signs the body alone; of truncated tags, the first bits of the whole.
fn hmac(row: &Value) -> Verdict {
    let bytes = palisade_secret::SecretBytes::dangerous_unchecked(case::hex(&row["key_hex"]));
    let secret = SharedSecret::from_bytes(bytes).map_err(said)?;
    let (message, tag) = (case::hex(&row["msg_hex"]), case::hex(&row["tag_hex"]));
    if number(&row["tag_bits"], "tag_bits") == 256 {
        let verifier =
            Verifier::builder(Scheme::GITHUB).key("k".parse().unwrap(), &secret).build().unwrap();
        let value = format!("sha256={}", base16ct::lower::encode_string(&tag));
        return verifier
            .verify(&[("x-hub-signature-256", value)], &message, at(0))
            .map(drop)
            .map_err(said);
    }
    let signer =
        Signer::builder(Scheme::GITHUB).key("k".parse().unwrap(), &secret).build().unwrap();
    let sent = signer.sign(&"m".parse().unwrap(), at(0), &message).unwrap();
    let (_, value) = sent.iter().next().unwrap();
    let same = value["sha256=".len()..].starts_with(&base16ct::lower::encode_string(&tag));
    if same { Ok(()) } else { Err("another tag".into()) }
}

fn ed25519(row: &Value) -> Verdict {
    const SCHEME: Scheme = Scheme::ed25519("vectors", "x-signature");
    let key = PublicKey::from_ed25519_hex(text(&row["public_key_hex"], "key")).map_err(said)?;
    let verifier = Verifier::builder(SCHEME).key("k".parse().unwrap(), key).build().unwrap();
    let headers = [("x-signature", text(&row["sig_hex"], "signature"))];
    verifier.verify(&headers, &case::hex(&row["msg_hex"]), at(0)).map(drop).map_err(said)
}
