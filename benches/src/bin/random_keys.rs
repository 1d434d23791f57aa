//! Ten million random, well-formed keys against ten thousand stored ones: none may be accepted.
//!
//! Run by hand: `cargo run --release -p palisade-benches --bin random_keys [-- COUNT]`. It ends with
//! status 1 when a key was accepted.

use std::error::Error;
use std::process::ExitCode;
use std::time::{Instant, SystemTime};

use indicatif::ProgressBar;
use palisade_apikey::{
    ApiKeys, DigestRing, Formats, KeyFormat, MemoryStore, NewKey, Policy, Refused,
};
use palisade_benches::now_or_never;
use palisade_secret::{Keyring, MacKey, SecretBytes};

const STORED: u64 = 10_000;
const PRESENTED: u64 = 10_000_000;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let presented = std::env::args().nth(1).map_or(Ok(PRESENTED), |count| count.parse())?;
    let now = SystemTime::now();
    let format = KeyFormat::new("gmk_acct_live")?;
    let ring = Keyring::new("2026a".parse()?, MacKey::new(SecretBytes::generate(32)?)?);
    let keys = ApiKeys::new(
        Formats::new([format.clone()])?,
        DigestRing::new(ring),
        MemoryStore::new(),
        Policy::default(),
    );
    for _ in 0..STORED {
        let new = NewKey::new("org".parse()?, &format, "stored".parse()?, "admin".parse()?);
        let issued = now_or_never(keys.issue(new, now)).ok_or("the store is in memory")??;
        // Each stored key works, or the count below would mean nothing.
        now_or_never(keys.authenticate(&issued.key.reveal(), now)).ok_or("in memory")??;
    }

    let start = Instant::now();
    let bar = ProgressBar::new(presented);
    let mut accepted = 0_u64;
    for count in 0..presented {
        let key = format.mint()?.reveal();
        match now_or_never(keys.authenticate(&key, now)).ok_or("in memory")? {
            Err(Refused::Unknown) => {}
            Err(refused) => return Err(refused.into()),
            Ok(_) => accepted += 1,
        }
        if count % 10_000 == 0 {
            bar.set_position(count);
        }
    }
    bar.finish_and_clear();
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{presented} random keys against {STORED} stored: {accepted} accepted, {seconds:.1} s"
    );
    Ok(if accepted == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
