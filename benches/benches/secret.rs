//! The cost of a MAC by length and by way.
#![allow(missing_docs, reason = "criterion's macro makes an undocumented function")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use palisade_secret::MacKey;

/// The size of the pieces of a stream, in bytes.
const PIECE: usize = 64;

fn mac(criterion: &mut Criterion) {
    let key = MacKey::dangerous_any_length(&[0x5a; 32]);
    let data = [0xa5; 1024];
    let mut group = criterion.benchmark_group("secret/mac");
    for len in [62, data.len()] {
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function(format!("{len} bytes"), |bencher| {
            bencher.iter(|| key.mac(&[black_box(&data[..len])]));
        });
    }
    group.bench_function("1024 bytes, streamed", |bencher| {
        bencher.iter(|| {
            let mut stream = key.stream();
            for piece in black_box(&data).chunks(PIECE) {
                stream.update(piece);
            }
            stream.finish()
        });
    });
    group.finish();
}

criterion_group!(benches, mac);
criterion_main!(benches);
