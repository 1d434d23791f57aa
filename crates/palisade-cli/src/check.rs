//! The commands that take a key: `parse`, `mask`, `digest` and `verify`.

use std::time::SystemTime;

use palisade::apikey::{
    Checksum, DigestRefused, DigestRing, DigestScheme, Formats, InvalidDigest, KeyDigest,
    KeyFormat, Malformed, PresentedKey,
};
use serde::Serialize;

use crate::args::{DigestArgs, KeyArgs, VerifyArgs};
use crate::output::{Failure, Output};
use crate::{input, known, peppers};

#[derive(Serialize)]
struct Parsed<'a> {
    valid: bool,
    format: &'a str,
    shape: String,
    environment: Option<&'a str>,
    mask: String,
    check: &'static str,
    server_bound: bool,
}

pub(crate) fn parse(args: KeyArgs) -> Result<Output, Failure> {
    with_key(args, |key| {
        let format = key.format();
        let parsed = Parsed {
            valid: true,
            format: format.prefix(),
            shape: format.to_string(),
            environment: format.environment(),
            mask: key.mask().to_string(),
            check: known::check_name(format),
            server_bound: format.is_server_bound(),
        };
        let verdict = match format.checksum_kind() {
            Checksum::None => "well formed (keys of this format have no checksum to check)",
            _ => "well formed, and the checksum is right",
        };
        let text = format!(
            "verdict      {verdict}\n\
             format       {}\n\
             environment  {}\n\
             bound        {}\n\
             mask         {}\n",
            parsed.shape,
            parsed.environment.unwrap_or("none"),
            if parsed.server_bound { "to one server" } else { "no" },
            parsed.mask,
        );
        Output::new(text, &parsed)
    })
}

#[derive(Serialize)]
struct Masked<'a> {
    valid: bool,
    format: &'a str,
    mask: String,
}

pub(crate) fn mask(args: KeyArgs) -> Result<Output, Failure> {
    with_key(args, |key| {
        let mask = key.mask().to_string();
        Output::new(
            format!("{mask}\n"),
            &Masked { valid: true, format: key.format().prefix(), mask },
        )
    })
}

#[derive(Serialize)]
struct Digested<'a> {
    valid: bool,
    format: &'a str,
    mask: String,
    scheme: String,
    digest: String,
}

pub(crate) fn digest(args: DigestArgs) -> Result<Output, Failure> {
    // No peppers: the plain digest was asked for, as clap sees to.
    let ring = peppers::load(&args.peppers)?.map(DigestRing::new);
    with_key(args.key, |key| {
        let digest = match &ring {
            Some(ring) => ring.digest(key),
            None => KeyDigest::legacy_sha256_of(key),
        };
        let digested = Digested {
            valid: true,
            format: key.format().prefix(),
            mask: key.mask().to_string(),
            scheme: digest.scheme().to_string(),
            digest: digest.to_text(),
        };
        Output::new(format!("{}\n", digested.digest), &digested)
    })
}

#[derive(Serialize)]
struct Verified<'a> {
    valid: bool,
    #[serde(rename = "match")]
    matches: bool,
    format: &'a str,
    mask: String,
    scheme: String,
}

pub(crate) fn verify(args: VerifyArgs) -> Result<Output, Failure> {
    let stored = stored_digest(&args)?;
    let scheme = stored.scheme().to_string();
    let ring = peppers::load(&args.peppers)?;
    let ring = ring.map(|ring| DigestRing::new(ring).accept_legacy_sha256());
    with_key(args.key, |key| {
        let verdict = match ring {
            Some(ring) => ring.verify(key, &stored, SystemTime::now()),
            None if *stored.scheme() == DigestScheme::Sha256 => {
                KeyDigest::legacy_sha256_of(key).verify(&stored)
            }
            None => Err(DigestRefused::Unusable),
        };
        verdict.map_err(|refused| match refused {
            DigestRefused::Unusable => pepper_missing(&scheme),
            _ => Failure::no_match("the digest was made of another key, or under another pepper"),
        })?;
        let verified = Verified {
            valid: true,
            matches: true,
            format: key.format().prefix(),
            mask: key.mask().to_string(),
            scheme,
        };
        Output::new(format!("match: {} ({})\n", verified.mask, verified.scheme), &verified)
    })
}

fn pepper_missing(scheme: &str) -> Failure {
    let message = format!(
        "the stored digest is `{scheme}`, and no pepper of that id is given; add its entry \
         `id:secret` to the keyring that --peppers-env names"
    );
    Failure::error("pepper_missing", &message)
}

fn stored_digest(args: &VerifyArgs) -> Result<KeyDigest, Failure> {
    let (text, hint) = match (&args.digest, &args.digest_file) {
        (_, Some(path)) => (input::read_file(path, "--digest-file")?, ""),
        // The shell takes `$2026a` in double quotes for a variable.
        (text, None) => {
            let text = text.clone().unwrap_or_default();
            (text.into_bytes().into(), "; on the command line it stands in single quotes")
        }
    };
    std::str::from_utf8(&text)
        .ok()
        .and_then(|text| input::without_line_end(text).parse().ok())
        .ok_or_else(|| Failure::error("digest", &format!("{InvalidDigest}{hint}")))
}

/// Reads the key, finds its format and goes on.
fn with_key(
    args: KeyArgs,
    go_on: impl FnOnce(&PresentedKey<'_, '_>) -> Result<Output, Failure>,
) -> Result<Output, Failure> {
    // Before the key: someone may be about to type it.
    let formats = known::formats(args.formats)?;
    let text = input::read_key(&args.source)?;
    let key = formats.parse(&text).map_err(|malformed| no_key(malformed, &formats))?;
    go_on(&key)
}

/// The library speaks of "this service"; here it is the formats that were asked for.
fn no_key(malformed: Malformed, formats: &Formats) -> Failure {
    match malformed {
        Malformed::Prefix => Failure::no_key(
            malformed.reason(),
            format!(
                "the text does not begin like a key of the format {}; give yours with --format",
                formats.iter().map(KeyFormat::prefix).collect::<Vec<_>>().join(", ")
            ),
        ),
        other => other.into(),
    }
}
