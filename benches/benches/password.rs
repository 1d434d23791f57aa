//! The cost of what stands around a password hash: the parser, the queue, the policy, the lookup of
//! breached passwords. What the hash itself costs is in `password_cost`.
#![allow(missing_docs, reason = "criterion's macro makes an undocumented function")]
#![allow(clippy::unwrap_used, reason = "a bench may panic")]

use std::hint::black_box;
use std::io::Cursor;
use std::time::SystemTime;

use criterion::{Criterion, criterion_group, criterion_main};
use palisade_password::{
    Argon2id, FilterBuilder, Fingerprint, HashPool, Hasher, MemoryBudget, Normalization, Password,
    PasswordContext, PasswordPolicy, Queue,
};

const STORED: [(&str, &str); 5] = [
    (
        "argon2id",
        "$argon2id$v=19$m=19456,t=2,p=1$pU3KGCUwux1tEyze1iN7Lg$HSaEf/QxV4jS+A1Ubu7HA3SFpWT0u8Las2vB1ivAnfM",
    ),
    ("bcrypt", "$2b$12$CiFFE2zcHAfzTPCmSH/dVey6yQTjiZirMnyQb9DI/ebKPNgibO2hO"),
    (
        "scrypt",
        "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI",
    ),
    ("pbkdf2", "pbkdf2_sha256$390000$seasalt$8xBlGd3jVgvJ+92hWPxi5ww0uuAuAnKgC45eudxro7c="),
    (
        "wrapped",
        "$hmac-sha256$2026a$wrap$argon2id$v=19$m=19456,t=2,p=1$GH8jTnfRBLtRLopWJbi/FQ$UrKgkpH9iQoHlULajwCzJX73q+kO1a24MznM0s5Mm4Y$$2b$12$GrC.5W8ObxjMxTDl36QGiO*31",
    ),
];

fn around(c: &mut Criterion) {
    let hasher = Hasher::builder().build().unwrap();
    for (name, stored) in STORED {
        c.bench_function(&format!("password/parse_{name}"), |b| {
            b.iter(|| hasher.needs_rehash(black_box(stored)).unwrap());
        });
    }

    // The least that Argon2 can be, so that what is around it shows.
    let now = SystemTime::UNIX_EPOCH;
    let hasher = Hasher::builder().mint(Argon2id::new(8, 1, 1).unwrap()).build().unwrap();
    let password = Password::new("correct horse battery staple").unwrap();
    let stored = hasher.hash(&password).unwrap();
    c.bench_function("password/verify_8_kib", |b| {
        b.iter(|| hasher.verify(black_box(&password), stored.as_str(), now).unwrap());
    });
    let pool = HashPool::with_workers(hasher, 1, MemoryBudget::mib(1), Queue::bounded(8)).unwrap();
    c.bench_function("password/verify_8_kib_in_a_pool", |b| {
        b.iter(|| pool.verify(black_box(&password), stored.as_str(), now).wait().unwrap());
    });

    let policy = PasswordPolicy::single_factor(Normalization::Nfc).word("acme").build().unwrap();
    let context = PasswordContext::none().login("ann@example.com");
    c.bench_function("password/policy", |b| {
        b.iter(|| policy.check(black_box(&password), &context).is_ok());
    });

    let list: Vec<String> =
        (0..100_000).map(|number| format!("password number {number}")).collect();
    let mut builder = FilterBuilder::new(Fingerprint::Bits8);
    builder.add_passwords(Cursor::new(list.join("\n")), |_| {}).unwrap();
    let filter = builder.build().unwrap();
    c.bench_function("password/filter", |b| b.iter(|| filter.look_up(black_box(&password))));
}

criterion_group!(benches, around);
criterion_main!(benches);
