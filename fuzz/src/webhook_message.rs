//! A target for HTTP Message Signatures and content digests of `palisade-webhook`.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use palisade_webhook::{ContentDigest, MessageRequest, MessageVerifier, SharedSecret};

use crate::canary::assert_silent;

/// When the seeds are good.
const NOW: Duration = Duration::from_secs(1_700_000_000);

const SECRET: &str = "a secret of the seeds, of no use elsewhere";

type Fields<'d> = Vec<(String, &'d [u8])>;

static VERIFIER: LazyLock<Option<MessageVerifier>> = LazyLock::new(|| {
    let secret = SharedSecret::from_text(SECRET).ok()?;
    MessageVerifier::builder().key("k".parse().ok()?, secret).build().ok()
});

/// Verifying any request: what is accepted is refused with another body and a day later; a content digest says the
/// same in one piece and in chunks; nothing is repeated.
///
/// The first line is the method, a space and the URI. Header fields follow up to an empty line, and then the body.
pub fn webhook_message(data: &[u8]) {
    let Some((line, rest)) = split(data, b"\n") else { return };
    let (head, body) = split(rest, b"\n\n").unwrap_or((rest, b""));
    let line = String::from_utf8_lossy(line);
    let Some((method, uri)) = line.split_once(' ') else { return };
    let fields = read(head);
    digest(&fields, body);
    let Some(verifier) = VERIFIER.as_ref() else { return };
    let now = SystemTime::UNIX_EPOCH + NOW;
    let request = match MessageRequest::new(method, uri, &fields) {
        Ok(request) => request,
        Err(refused) => return assert_silent(&refused),
    };
    match verifier.verify(&request, body, now) {
        Ok(_) => {
            let longer = [body, b"\n"].concat();
            assert!(verifier.verify(&request, &longer, now).is_err(), "another body is accepted");
            let later = now + Duration::from_hours(24);
            assert!(verifier.verify(&request, body, later).is_err(), "an old message is accepted");
        }
        Err(refused) => assert_silent(&refused),
    }
}

fn digest(fields: &Fields<'_>, body: &[u8]) {
    match ContentDigest::from_headers(fields) {
        Ok(digest) => {
            let mut stream = digest.start();
            body.chunks(3).for_each(|chunk| stream.update(chunk));
            assert_eq!(digest.verify(body).is_ok(), stream.finish().is_ok());
        }
        Err(refused) => assert_silent(&refused),
    }
}

fn read(head: &[u8]) -> Fields<'_> {
    head.split(|byte| *byte == b'\n')
        .filter_map(|line| split(line, b":"))
        .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), value))
        .collect()
}

fn split<'d>(data: &'d [u8], at: &[u8]) -> Option<(&'d [u8], &'d [u8])> {
    let place = data.windows(at.len()).position(|window| window == at)?;
    Some((data.get(..place)?, data.get(place + at.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A seed that the verifier refuses would reach little.
    #[test]
    fn every_seed_is_accepted() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/webhook_message");
        for seed in std::fs::read_dir(folder).unwrap() {
            let seed = std::fs::read(seed.unwrap().path()).unwrap();
            let (line, rest) = split(&seed, b"\n").unwrap();
            let (fields, body) = split(rest, b"\n\n").unwrap();
            let (method, uri) = std::str::from_utf8(line).unwrap().split_once(' ').unwrap();
            let fields = read(fields);
            let request = MessageRequest::new(method, uri, &fields).unwrap();
            let verifier = VERIFIER.as_ref().unwrap();
            verifier.verify(&request, body, SystemTime::UNIX_EPOCH + NOW).unwrap();
        }
    }
}
