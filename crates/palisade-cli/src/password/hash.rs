//! `palisade password hash`.

use serde::Serialize;

use super::describe::Described;
use super::policy;
use super::source::{self, Ask};
use crate::args::HashArgs;
use crate::output::{Failure, Output};

#[derive(Serialize)]
struct Hashed<'a> {
    hash: &'a str,
    #[serde(flatten)]
    described: Described,
}

pub(crate) fn hash(args: &HashArgs) -> Result<Output, Failure> {
    // Before the password: someone may be about to type it.
    let hasher = policy::builder(&args.policy)?.normalization(args.normalization.into()).build()?;
    let password = source::password(&args.source, Ask::Twice)?;
    if password.expose_secret().is_empty() && !args.allow_empty {
        let message = "the password is empty; if that is what is meant, add --allow-empty";
        return Err(Failure::error("password_empty", &message));
    }
    let hash = hasher.hash(&password)?;
    let described = Described::of(&hasher.inspect(hash.as_str())?);
    Output::new(format!("{}\n", hash.as_str()), &Hashed { hash: hash.as_str(), described })
}
