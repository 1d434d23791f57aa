//! `cargo bench -p palisade-benches --bench allowlist`
#![allow(missing_docs, reason = "a program")]

use criterion::{criterion_group, criterion_main};

criterion_group!(allowlist,);
criterion_main!(allowlist);
