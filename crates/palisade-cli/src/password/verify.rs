//! `palisade password verify`.

use std::time::{Duration, SystemTime};

use palisade::password::{Scheme, Schemes, Verdict};
use serde::Serialize;

use super::policy;
use super::source::{self, Ask};
use crate::args::VerifyPasswordArgs;
use crate::output::{Failure, Output};

#[derive(Serialize)]
struct Verified {
    #[serde(rename = "match")]
    matches: bool,
    rehash: Option<&'static str>,
    scheme: &'static str,
}

pub(crate) fn verify(args: &VerifyPasswordArgs) -> Result<Output, Failure> {
    let now = SystemTime::now();
    let mut builder = policy::builder(&args.policy)?.normalization(args.normalization.into());
    if args.accept_2x {
        builder = builder.accept(Schemes::ALL.with(Scheme::Bcrypt2x));
    }
    if args.allow_unpeppered {
        // The flag is for this one comparison.
        builder = builder.accept_unpeppered_until(now + Duration::from_secs(1));
    }
    let hasher = builder.build()?;

    // What cannot be read is told before anyone types a password.
    let stored = source::stored_hash(args)?;
    let scheme = hasher.inspect(&stored)?.scheme().name();
    let password = if args.hash_stdin {
        source::password_beside_stdin(&args.source)?
    } else {
        source::password(&args.source, Ask::Once)?
    };
    let Verdict::Match { rehash, .. } = hasher.verify(&password, &stored, now)? else {
        return Err(Failure::wrong_password());
    };
    let rehash = rehash.map(palisade::password::RehashReason::name);
    let text = match rehash {
        None => "match\n".to_owned(),
        Some(reason) => format!("match; the hash should be made anew: {reason}\n"),
    };
    Output::new(text, &Verified { matches: true, rehash, scheme })
}
