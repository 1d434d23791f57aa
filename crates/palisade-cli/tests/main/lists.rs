//! Lists for the tests of `palisade allowlist`.

use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::command::{Answer, palisade};

pub(crate) const LIST: &str = "\
# Offices
10.0.0.0/8     Internal
10.20.0.0/16   VPN

192.0.2.0/25   East
2001:db8::/32  Büro
";

/// A folder with files in it.
pub(crate) struct Files(TempDir);

impl Files {
    pub(crate) fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, bytes) in files {
            std::fs::write(folder.path(name), bytes).unwrap();
        }
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `palisade allowlist` in the folder: what has a dot in it is a file there.
    pub(crate) fn run(&self, args: &[&str], stdin: &[u8]) -> Answer {
        let is_file = |arg: &str| Path::new(arg).extension().is_some() && self.path(arg).exists();
        let args: Vec<String> =
            args.iter()
                .map(|arg| {
                    if is_file(arg) { self.path(arg).display().to_string() } else { (*arg).into() }
                })
                .collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        palisade(&[&["allowlist"], &args[..]].concat(), stdin)
    }
}

pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn lines(count: u32, line: impl Fn(u32) -> String) -> String {
    let lines: Vec<String> = (0..count).map(|n| line(n) + "\n").collect();
    lines.concat()
}

/// The answers on stdout, with nothing on stderr.
pub(crate) fn said(answer: &Answer) -> (i32, &str) {
    assert_eq!(answer.stderr, "", "{answer:?}");
    (answer.code, &answer.stdout)
}

pub(crate) fn error(answer: &Answer) -> (i32, String) {
    (answer.code, answer.json()["error"].as_str().unwrap().to_owned())
}
