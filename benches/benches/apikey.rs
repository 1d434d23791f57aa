//! The cost of each step of an API key's check, and of minting one.
#![allow(missing_docs, reason = "criterion's macro makes an undocumented function")]
#![allow(clippy::unwrap_used, reason = "a bench may panic")]

use std::hint::black_box;
use std::time::SystemTime;

use criterion::{Criterion, criterion_group, criterion_main};
use palisade_apikey::{
    ApiKeys, DigestRing, Formats, KeyFormat, MaxStaleness, MemoryStore, NewKey, Policy, Scopes,
};
use palisade_benches::now_or_never;
use palisade_secret::{Keyring, MacKey, SecretBytes};

fn ring(peppers: usize) -> DigestRing {
    let pepper = || MacKey::new(SecretBytes::generate(32).unwrap()).unwrap();
    let first = Keyring::new("p0".parse().unwrap(), pepper());
    DigestRing::new(
        (1..peppers).fold(first, |ring, n| {
            ring.accept(format!("p{n}").parse().unwrap(), pepper()).unwrap()
        }),
    )
}

fn steps(criterion: &mut Criterion) {
    let format = KeyFormat::new("gmk_acct_live").unwrap();
    let formats = Formats::new([format.clone()]).unwrap();
    let key = format.mint().unwrap().reveal();
    let presented = format.parse(&key).unwrap();
    let now = SystemTime::now();
    let mut group = criterion.benchmark_group("apikey");
    group.bench_function("parse", |bencher| bencher.iter(|| formats.parse(black_box(&key))));
    let one = ring(1);
    group.bench_function("digest", |bencher| bencher.iter(|| one.digest(black_box(&presented))));
    for peppers in 1..=3 {
        let ring = ring(peppers);
        group.bench_function(format!("candidates, {peppers} peppers"), |bencher| {
            bencher.iter(|| ring.candidates(black_box(&presented), now));
        });
    }
    group.bench_function("mint", |bencher| bencher.iter(|| format.mint()));
    let granted: Scopes = "read:controls write:evidence write:metrics".parse().unwrap();
    let needed = "write:metrics".parse().unwrap();
    group.bench_function("scope covers", |bencher| {
        bencher.iter(|| black_box(&granted).covers(black_box(&needed)));
    });
    group.finish();
}

fn service(criterion: &mut Criterion) {
    let format = KeyFormat::new("gmk_acct_live").unwrap();
    let now = SystemTime::now();
    let mut group = criterion.benchmark_group("apikey/authenticate");
    for (name, policy) in [
        ("cached", Policy::default()),
        ("uncached", Policy::default().staleness(MaxStaleness::none())),
    ] {
        let formats = Formats::new([format.clone()]).unwrap();
        let keys = ApiKeys::new(formats, ring(1), MemoryStore::new(), policy);
        let name_of_key = "bench".parse().unwrap();
        let new = NewKey::new("org".parse().unwrap(), &format, name_of_key, Scopes::none());
        let key = now_or_never(keys.issue(new, now)).unwrap().unwrap().key.reveal();
        group.bench_function(name, |bencher| {
            bencher.iter(|| now_or_never(keys.authenticate(black_box(&key), now)));
        });
    }
    group.finish();
}

criterion_group!(benches, steps, service);
criterion_main!(benches);
