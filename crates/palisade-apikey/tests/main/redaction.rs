//! No message and no `Debug` output holds any part of a key.

use std::fmt::{Debug, Display};

use palisade_apikey::{ApiKeys, Issued, KeyDigest, MemoryStore, Overlap, Policy, RevocationReason};
use proptest::prelude::*;

use crate::support::{SECOND, account, formats, new_key, owner, ring, start, uncached};

/// Whether any six characters in a row of the key's body stand in the text. The last four of the
/// key are meant to be seen.
fn leaks(text: &str, key: &str) -> bool {
    let body = &key.as_bytes()["gmk_acct_live_".len()..key.len() - 5];
    body.windows(6).any(|part| text.as_bytes().windows(6).any(|seen| seen == part))
}

fn shown<T: Debug, E: Debug + Display>(result: Result<T, E>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{error} {error:?}"),
    }
}

#[test]
fn debug_output_holds_no_key() {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        let keys = ApiKeys::new(formats(), ring(&["b", "a"]), MemoryStore::new(), uncached());
        let issued = keys.issue(new_key(&account()), start()).await.unwrap();
        let first = format!("{issued:?}");
        let Issued { key, record } = issued;
        let key = key.reveal();
        let formats = formats();
        let presented = formats.parse(&key).unwrap();
        let proof = keys.authenticate(&key, start()).await.unwrap();
        let digest = format!("{:?} {:?}", ring(&["a"]).digest(&presented), ring(&["a"]));
        let all = [
            first,
            format!("{record:?} {proof:?} {presented:?} {} {keys:?}", presented.mask()),
            digest.clone(),
        ];
        for text in all {
            assert!(!leaks(&text, &key), "{text}");
        }
        let digest_text = record.digest.to_text();
        let encoded = digest_text.rsplit('$').next().unwrap();
        assert!(!digest.contains(encoded), "a digest is for the store alone");
        let bytes = format!("{:?}", record.digest.as_bytes());
        let inside = format!("{keys:?}");
        assert!(!inside.contains(bytes.trim_matches(['[', ']'])), "a digest in {inside}");
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is presented, and wherever: no refusal repeats any of it.
    #[test]
    fn no_refusal_repeats_what_was_presented(
        at in 0_usize..62, other in any::<char>(), how in 0_u8..7,
    ) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            let keys = ApiKeys::new(formats(), ring(&["a"]), MemoryStore::new(), Policy::default());
            let issued = keys.issue(new_key(&account()).expires_at(start() + SECOND), start()).await;
            let Issued { key, record } = issued.unwrap();
            let key = key.reveal();
            let mutated = match how {
                0 => format!("{}{other}{}", &key[..at], &key[at + 1..]),
                1 => format!("{}{other}{}", &key[..at], &key[at..]),
                2 => key[..at].to_owned(),
                3 => key.replacen("live", "test", 1),
                4 => format!("Bearer {key}"),
                5 => key.repeat(100),
                _ => key.clone(),
            };
            for now in [start(), start() + SECOND] {
                let text = shown(keys.authenticate(&mutated, now).await);
                assert!(!leaks(&text, &key), "{text}");
            }
            // What these accept is no key and may be shown; a refusal may be about one.
            for text in [
                shown(mutated.parse::<KeyDigest>().map(drop)),
                shown(mutated.parse::<palisade_apikey::Scopes>().map(drop)),
                shown(mutated.parse::<palisade_apikey::ApiKeyId>().map(drop)),
                shown(mutated.parse::<palisade_apikey::Owner>().map(drop)),
                shown(mutated.parse::<RevocationReason>().map(drop)),
                shown(palisade_apikey::KeyFormat::new(&mutated).map(drop)),
            ] {
                assert!(!leaks(&text, &key), "{text}");
            }
            let rotated =
                keys.rotate(&owner(), &record.id, Overlap::of(SECOND).unwrap(), start() + SECOND).await;
            assert!(!leaks(&shown(rotated), &key));
        });
    }
}
