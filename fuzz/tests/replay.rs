//! Every target over every seed, every truncation of it and every change of one byte: the part of
//! fuzzing that runs in each test run, without libFuzzer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use palisade_fuzz::{TARGETS, Target};

#[test]
fn seeds_and_their_neighbours() {
    for &(name, target) in TARGETS {
        let seeds = files(&folder("seeds").join(name));
        assert!(!seeds.is_empty(), "{name} needs a seed in fuzz/seeds/{name}");
        for path in &seeds {
            let seed = fs::read(path).unwrap();
            target(&seed);
            truncations(target, &seed);
            mutations(target, &seed);
        }
        println!("{name}: {} seeds and their neighbours", seeds.len());
    }
}

fn truncations(target: Target, seed: &[u8]) {
    for end in 0..seed.len() {
        target(&seed[..end]);
        target(&seed[end..]);
    }
}

fn mutations(target: Target, seed: &[u8]) {
    let mut bytes = seed.to_vec();
    for (position, &original) in seed.iter().enumerate() {
        for change in changes(seed.len()) {
            bytes[position] = original ^ change;
            target(&bytes);
        }
        bytes[position] = original;
    }
}

/// The changes that each byte of a seed goes through: the longer the seed, the fewer, so that the
/// test stays within seconds. Keep seeds short.
fn changes(len: usize) -> Vec<u8> {
    match len {
        ..=32 => (1..=u8::MAX).collect(),
        33..=256 => (0..u8::BITS).map(|bit| 1 << bit).collect(),
        _ => vec![1],
    }
}

#[test]
fn every_target_is_whole() {
    let names: BTreeSet<&str> = TARGETS.iter().map(|&(name, _)| name).collect();
    let sources: Vec<PathBuf> = files(&folder("fuzz_targets"));
    let stems = sources.iter().map(|path| path.file_stem().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, stems, "`TARGETS` and the files of fuzz_targets differ");
    for name in names {
        let dictionary = folder("dictionaries").join(format!("{name}.dict"));
        assert!(dictionary.is_file(), "{name} needs the dictionary {}", dictionary.display());
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}
