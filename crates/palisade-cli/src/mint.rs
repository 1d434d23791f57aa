//! `palisade key mint`.

use palisade::apikey::DigestRing;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::args::MintArgs;
use crate::output::{Failure, Output};
use crate::peppers;

#[derive(Serialize)]
struct Minted<'a> {
    key: &'a str,
    format: &'a str,
    environment: Option<&'a str>,
    mask: String,
    server_bound: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'a str>,
}

pub(crate) fn mint(args: &MintArgs) -> Result<Output, Failure> {
    let format = &args.format.0;
    // Before the key: a key without the digest that was asked for would be of no use.
    let ring = peppers::load(&args.peppers)?.map(DigestRing::new);

    let text = Zeroizing::new(format.mint()?.reveal());
    let key = format.parse(&text)?;
    let digest = ring.map(|ring| ring.digest(&key).to_text());
    let minted = Minted {
        key: &text,
        format: format.prefix(),
        environment: format.environment(),
        mask: key.mask().to_string(),
        server_bound: format.is_server_bound(),
        digest: digest.as_deref(),
    };
    let lines = match &digest {
        Some(digest) => format!("{}\n{digest}\n", &*text),
        None => format!("{}\n", &*text),
    };
    Output::new(lines, &minted)
}
