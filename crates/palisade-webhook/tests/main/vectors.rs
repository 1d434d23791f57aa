//! The corpora: the bundled ones, and every file of the same schema under `$PALISADE_VECTORS/webhook`.

mod case;
mod run;

use std::path::{Path, PathBuf};

use serde_json::Value;

/// Rows that we judge otherwise, each with the reason.
const JUDGED_OTHERWISE: &[(&str, &str)] = &[];

/// Rows that lost the newline that they are about, and where it was: what is left of them equals, byte for
/// byte, a row that rightly expects to be accepted. They run with the newline put back.
const LOST_NEWLINE: &[(&str, Lost)] = &[
    ("glacis/secret-trailing-newline", Lost::Secret),
    ("glacis/tampered-trailing-newline", Lost::Body),
    ("shopify/tampered-trailing-newline", Lost::Body),
    ("slack/secret-trailing-nl", Lost::Secret),
    ("stripe/wrong-secret", Lost::Secret),
    ("stripe/tampered-body", Lost::Body),
    ("twilio/bodysha256-tampered", Lost::Body),
];

/// What the newline stood after.
#[derive(Clone, Copy)]
enum Lost {
    Secret,
    Body,
}

/// The row as it was meant.
fn mended(row: &Value) -> Value {
    let mut row = row.clone();
    let lost = LOST_NEWLINE.iter().find(|(id, _)| row["id"] == *id).map(|(_, lost)| *lost);
    let place = match lost {
        Some(Lost::Secret) => &mut row["secrets"][0]["value"],
        Some(Lost::Body) => &mut row["body"]["utf8"],
        None => return row,
    };
    *place = Value::String(format!("{}\n", place.as_str().expect("text")));
    row
}

/// How many rows of a file were judged, and how.
#[derive(Default)]
struct Score {
    accepted: usize,
    rejected: usize,
    wrong: Vec<String>,
}

#[test]
fn every_row_of_every_corpus_is_judged_as_it_says() {
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/webhooks.json");
    let mut files = vec![bundled];
    if let Some(root) = std::env::var_os("PALISADE_VECTORS") {
        files.extend(json_files(&Path::new(&root).join("webhook")));
    }
    for file in files {
        let text =
            std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let corpus: Value = serde_json::from_slice(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        if corpus["meta"]["format"] != "webhook-vectors/1" {
            continue;
        }
        let score = score(&corpus);
        let Score { accepted, rejected, wrong } = &score;
        println!(
            "webhook: {} cases, {accepted} accepted, {rejected} rejected ({})",
            accepted + rejected + wrong.len(),
            file.display()
        );
        assert!(wrong.is_empty(), "{}:\n{}", file.display(), wrong.join("\n"));
        assert!(accepted + rejected > 0, "{} has no cases", file.display());
    }
}

fn score(corpus: &Value) -> Score {
    let mut score = Score::default();
    for row in corpus["cases"].as_array().expect("cases") {
        let id = row["id"].as_str().expect("id");
        let verdict = run::row(&mended(row));
        let expected = match row["expect"].as_str() {
            Some(expected @ ("accept" | "reject" | "sequence")) => expected,
            other => panic!("{id}: expect {other:?} is not understood"),
        };
        let otherwise = JUDGED_OTHERWISE.iter().any(|(row, _)| *row == id);
        match (verdict, expected) {
            (Ok(()), "accept" | "sequence") if !otherwise => score.accepted += 1,
            (Err(_), "reject") if !otherwise => score.rejected += 1,
            (Ok(()), "reject") if otherwise => score.accepted += 1,
            (Err(_), "accept") if otherwise => score.rejected += 1,
            (verdict, _) => score.wrong.push(format!("{id}: expected {expected}, got {verdict:?}")),
        }
    }
    score
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
}
