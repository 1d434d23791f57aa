//! The cost of each kind of session token: to make, to check, and to refuse.
#![allow(missing_docs, reason = "criterion's macro makes an undocumented function")]
#![allow(clippy::unwrap_used, reason = "a bench may panic")]

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use criterion::{Criterion, criterion_group, criterion_main};
use palisade_benches::now_or_never;
use palisade_secret::{Keyring, MacKey, SecretBytes};
use palisade_session::{
    MemoryStore, NewClaims, NewSession, Origin, SessionId, SessionPolicy, SessionTokens, Sessions,
    SigningKeys, TokenProfile, UserId,
};

const DAY: Duration = Duration::from_hours(24);

fn signed(criterion: &mut Criterion) {
    let key = MacKey::new(SecretBytes::generate(32).unwrap()).unwrap();
    let keys = SigningKeys::hs256(Keyring::new("2026a".parse().unwrap(), key));
    let profile = TokenProfile::new("https://auth.example.com", "app").unwrap();
    let tokens = SessionTokens::new(keys, profile);
    let user: UserId = "usr_01KA5M8Z3V9QXW4R7T2Y6B1CDE".parse().unwrap();
    let session = SessionId::generate().unwrap();
    let now = SystemTime::now();
    let new = NewClaims {
        user: &user,
        session: &session,
        generation: 3,
        issued: now,
        expires: now + DAY,
    };
    let token = tokens.issue(&new);
    let forged = token.expose_secret().replace('e', "f");
    let mut group = criterion.benchmark_group("session signed");
    group.bench_function("issue", |bencher| bencher.iter(|| tokens.issue(black_box(&new))));
    group.bench_function("verify", |bencher| {
        bencher.iter(|| tokens.verify(black_box(token.expose_secret()), now));
    });
    group.bench_function("refuse a forged one", |bencher| {
        bencher.iter(|| tokens.verify(black_box(&forged), now));
    });
    group.bench_function("refuse a megabyte", |bencher| {
        let long = "a".repeat(1 << 20);
        bencher.iter(|| tokens.verify(black_box(&long), now));
    });
    group.finish();
}

fn service(criterion: &mut Criterion) {
    let now = SystemTime::now();
    let origin = Origin::unknown();
    let user: UserId = "usr_01".parse().unwrap();
    let mut group = criterion.benchmark_group("session service, in memory");
    for (name, staleness) in [("from the store", 0), ("from the cache", 5)] {
        let policy = SessionPolicy::builder().cache(1000, Duration::from_secs(staleness));
        let sessions = Sessions::opaque(MemoryStore::new(), policy.build().unwrap());
        let sign_in = now_or_never(sessions.begin(&user)).unwrap().unwrap();
        let created = now_or_never(sessions.create(sign_in, NewSession::default(), now));
        let (token, _) = created.unwrap().unwrap();
        group.bench_function(format!("validate {name}"), |bencher| {
            bencher.iter(|| {
                now_or_never(sessions.validate(black_box(token.expose_secret()), &origin, now))
                    .unwrap()
                    .unwrap()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, signed, service);
criterion_main!(benches);
