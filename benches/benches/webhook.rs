//! The cost of verifying and signing webhooks: by scheme, size, number of keys and size of chunks; and of the
//! replay guard.
#![allow(missing_docs, reason = "criterion's macro makes an undocumented function")]
#![allow(clippy::unwrap_used, reason = "a bench may panic")]

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use palisade_benches::now_or_never;
use palisade_webhook::{
    Algorithm, MemoryReplays, MessageId, PrivateKey, ReplayGuard, Scheme, SharedSecret,
    SignedHeaders, Signer, SigningKey, Verifier, VerifyingKey,
};

const BODY: &[u8] = &[b'x'; 1024];

/// A key to sign with, and the one to verify with. P-256 is left out: its cost is that of the curve.
fn key(scheme: Scheme) -> Option<(SigningKey, VerifyingKey)> {
    match scheme.algorithms().next()? {
        Algorithm::HmacSha256 => {
            let secret = SharedSecret::generate().unwrap();
            Some(((&secret).into(), (&secret).into()))
        }
        Algorithm::Ed25519 => {
            let key = PrivateKey::generate_ed25519().unwrap();
            Some(((&key).into(), key.public_key().into()))
        }
        _ => None,
    }
}

struct Pair {
    verifier: Verifier,
    signer: Signer,
    headers: SignedHeaders,
    now: SystemTime,
}

/// A verifier with so many keys, of which the last one signed.
fn pair(scheme: Scheme, body: &[u8], keys: usize) -> Option<Pair> {
    let now = SystemTime::now();
    let (mut verifier, mut signer) = (Verifier::builder(scheme), Signer::builder(scheme));
    if scheme.signs_url() {
        (verifier, signer) = (verifier.url("https://a.example/"), signer.url("https://a.example/"));
    }
    for n in 0..keys {
        let (sign, verify) = key(scheme)?;
        let id = format!("k{n}").parse().unwrap();
        verifier = verifier.key(id, verify);
        if n + 1 == keys {
            signer = signer.key(id, sign);
        }
    }
    let signer = signer.build().unwrap();
    let headers = signer.sign(&MessageId::generate().unwrap(), now, body).unwrap();
    Some(Pair { verifier: verifier.build().unwrap(), signer, headers, now })
}

fn schemes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("webhook/1 KiB");
    for scheme in Scheme::ALL {
        let Some(Pair { verifier, signer, headers, now }) = pair(scheme, BODY, 1) else { continue };
        group.bench_function(format!("verify {}", scheme.name()), |bencher| {
            bencher.iter(|| verifier.verify(black_box(&headers), black_box(BODY), now).map(drop));
        });
        let id = MessageId::generate().unwrap();
        group.bench_function(format!("sign {}", scheme.name()), |bencher| {
            bencher.iter(|| signer.sign(&id, now, black_box(BODY)));
        });
    }
    group.finish();
}

fn keys(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("webhook/keys, GLACIS 1 KiB");
    for keys in [1, 2, 4, 16] {
        let Pair { verifier, headers, now, .. } = pair(Scheme::GLACIS, BODY, keys).unwrap();
        group.bench_function(keys.to_string(), |bencher| {
            bencher.iter(|| verifier.verify(black_box(&headers), black_box(BODY), now).map(drop));
        });
    }
    group.finish();
}

fn sizes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("webhook/GLACIS");
    let body = vec![b'x'; 1 << 20];
    for len in [0, 64, 1 << 10, 1 << 14, 1 << 20] {
        let body = &body[..len];
        let Pair { verifier, headers, now, .. } = pair(Scheme::GLACIS, body, 1).unwrap();
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function(format!("{len} bytes"), |bencher| {
            bencher.iter(|| verifier.verify(black_box(&headers), black_box(body), now).map(drop));
        });
    }
    let Pair { verifier, headers, now, .. } = pair(Scheme::GLACIS, &body, 1).unwrap();
    for chunk in [1, 64, 1 << 10, 1 << 16] {
        group.bench_function(format!("1 MiB in chunks of {chunk}"), |bencher| {
            bencher.iter(|| {
                let mut stream = verifier.start(&headers, now).unwrap();
                for chunk in black_box(&body).chunks(chunk) {
                    stream.update(chunk).unwrap();
                }
                stream.finish(now).map(drop)
            });
        });
    }
    group.finish();
}

fn replays(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("webhook/replays");
    let Pair { verifier, headers, now, .. } = pair(Scheme::GLACIS, BODY, 1).unwrap();
    let guard = ReplayGuard::builder(MemoryReplays::new(1_000_000), "test").build().unwrap();
    let verified = verifier.verify(&headers, BODY, now).unwrap();
    group.bench_function("duplicate", |bencher| {
        bencher.iter(|| now_or_never(guard.admit(&verified, now)));
    });
    let signer = pair(Scheme::STANDARD, BODY, 1).unwrap();
    group.bench_function("sign, verify and admit", |bencher| {
        bencher.iter(|| {
            let id = MessageId::generate().unwrap();
            let headers = signer.signer.sign(&id, signer.now, BODY).unwrap();
            let verified = signer.verifier.verify(&headers, BODY, signer.now).unwrap();
            now_or_never(guard.admit(&verified, signer.now + Duration::from_secs(1)))
        });
    });
    group.finish();
}

criterion_group!(benches, schemes, keys, sizes, replays);
criterion_main!(benches);
