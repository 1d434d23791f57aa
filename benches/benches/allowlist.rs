//! `cargo bench -p palisade-benches --bench allowlist`
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench stops at the first surprise")]

use std::hint::black_box;
use std::net::IpAddr;

use criterion::{Criterion, criterion_group, criterion_main};
use palisade_allowlist::{Allowlist, Network};
use palisade_benches::allowlist::{Probes, cloud_text, full_table, probes, text_of};

fn lookups(criterion: &mut Criterion) {
    let table = full_table().unwrap();
    let text = text_of(&table);
    let (list, _) = Allowlist::builder().extend_lines(text.as_bytes()).unwrap().build().unwrap();
    let mut group = criterion.benchmark_group("allowlist/full_table");
    for (family, is_ipv4) in [("ipv4", true), ("ipv6", false)] {
        let mut addresses = Probes::new(probes(&table, &list, is_ipv4));
        group.bench_function(format!("check_{family}"), |b| {
            b.iter(|| list.check(addresses.next()).entry());
        });
        group.bench_function(format!("contains_{family}"), |b| {
            b.iter(|| list.contains(addresses.next()));
        });
        group.bench_function(format!("matches_{family}"), |b| {
            b.iter(|| list.matches(addresses.next()).count());
        });
    }
    group.finish();
}

fn few_entries(criterion: &mut Criterion) {
    let (list, _) = Allowlist::builder()
        .push("10.0.0.0/8", "Internal network")
        .push("192.168.1.0/24", "Office VPN")
        .push("203.0.113.0/24", "CI/CD pipeline")
        .push("2001:db8::/32", "Data centre")
        .build()
        .unwrap();
    let [hit, miss]: [IpAddr; 2] = ["203.0.113.9".parse().unwrap(), "2001:db9::1".parse().unwrap()];
    criterion
        .bench_function("allowlist/few/hit", |b| b.iter(|| list.check(black_box(hit)).entry()));
    criterion
        .bench_function("allowlist/few/miss", |b| b.iter(|| list.check(black_box(miss)).entry()));
}

fn building(criterion: &mut Criterion) {
    let text = cloud_text().unwrap();
    let mut group = criterion.benchmark_group("allowlist/build");
    group.sample_size(20);
    group.bench_function("cloud_ranges", |b| {
        b.iter(|| Allowlist::builder().extend_lines(text.as_bytes()).unwrap().build().unwrap());
    });
    group.finish();
    criterion.bench_function("allowlist/parse/ipv4", |b| {
        b.iter(|| Network::parse(black_box("203.0.113.0/24")));
    });
    criterion.bench_function("allowlist/parse/ipv6", |b| {
        b.iter(|| Network::parse(black_box("2001:db8:1::/48")));
    });
}

criterion_group!(allowlist, lookups, few_entries, building);
criterion_main!(allowlist);
