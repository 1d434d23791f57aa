//! The verifier beside a naive one, which concatenates and compares: over messages that were signed and then
//! mangled, both say the same.

mod mangle;
mod naive;
mod plans;

use palisade_webhook::{SharedSecret, Signer, Verifier};
use proptest::prelude::*;

use crate::kit::{Fields, NOW, URL, at, secret};
use mangle::{Change, change};
use naive::Key;
use plans::{PLANS, Plan, Shape};

/// The secrets that keys are drawn from.
const SECRETS: usize = 5;

fn material(n: usize) -> Vec<u8> {
    vec![u8::try_from(n).unwrap() + 1; 1 + n * 20]
}

fn shared(n: usize) -> SharedSecret {
    secret(&material(n))
}

fn id(n: usize) -> palisade_secret::KeyId {
    format!("key-{n}").parse().unwrap()
}

fn chosen(mask: usize) -> impl Iterator<Item = usize> {
    (0..SECRETS).filter(move |n| mask & (1 << n) != 0)
}

fn signer(plan: &Plan, mask: usize) -> Signer {
    let builder =
        chosen(mask).fold(Signer::builder(plan.scheme), |builder, n| builder.key(id(n), shared(n)));
    let builder = if plan.scheme.signs_url() { builder.url(URL) } else { builder };
    builder.build().unwrap()
}

fn verifier(plan: &Plan, mask: usize, ends: &[Option<u64>]) -> Verifier {
    let builder = chosen(mask).fold(Verifier::builder(plan.scheme), |builder, n| match ends[n] {
        Some(end) => builder.key_until(id(n), shared(n), at(end)),
        None => builder.key(id(n), shared(n)),
    });
    let builder = if plan.scheme.signs_url() { builder.url(URL) } else { builder };
    builder.build().unwrap()
}

fn sign(signer: &Signer, body: &[u8]) -> Fields {
    let signed = signer.sign(&"msg_1".parse().unwrap(), at(NOW), body).unwrap();
    signed.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())).collect()
}

/// Verifies in chunks of these lengths, taken in turns.
fn streamed(
    verifier: &Verifier,
    fields: &Fields,
    body: &[u8],
    chunks: &[usize],
    now: u64,
) -> Result<palisade_webhook::VerifiedStream, palisade_webhook::Refused> {
    let mut stream = verifier.start(fields, at(now))?;
    let mut rest = body;
    for len in chunks.iter().cycle() {
        let (chunk, after) = rest.split_at((*len).min(rest.len()));
        stream.update(chunk)?;
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    stream.finish(at(now))
}

fn now() -> impl Strategy<Value = u64> {
    let steps: &[i64] =
        &[-301, -300, -61, -11, -10, -6, -5, -2, -1, 0, 0, 0, 1, 2, 5, 6, 10, 11, 60, 300, 301];
    prop::sample::select(steps).prop_map(|step| NOW.checked_add_signed(step).unwrap())
}

fn ends() -> impl Strategy<Value = Vec<Option<u64>>> {
    let end = prop_oneof![4 => Just(None), 1 => (NOW - 2..NOW + 3).prop_map(Some)];
    prop::collection::vec(end, SECRETS)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn both_say_the_same(
        plan in prop::sample::select(PLANS),
        signing in 1..1_usize << SECRETS,
        verifying in 1..1_usize << SECRETS,
        ends in ends(),
        body in prop::collection::vec(any::<u8>(), 0..150),
        chunks in prop::collection::vec(1..90_usize, 1..4),
        now in now(),
        changes in prop_oneof![1 => Just(Vec::new()), 4 => prop::collection::vec(change(), 1..4)],
    ) {
        let mut fields = sign(&signer(&plan, signing), &body);
        let mut received = body.clone();
        for change in &changes {
            Change::apply(change, &plan, &mut fields, &mut received);
        }

        let keys: Vec<Key> =
            chosen(verifying).map(|n| (id(n).to_string(), material(n), ends[n])).collect();
        let expected = naive::verify(&plan, &keys, &fields, &received, now);
        let verifier = verifier(&plan, verifying, &ends);
        let at_once = verifier.verify(&fields, &received, at(now));
        let found = at_once.as_ref().ok().map(|verified| verified.key_id().to_string());
        prop_assert_eq!(&found, &expected, "{:?}", fields);

        let streamed = streamed(&verifier, &fields, &received, &chunks, now);
        match (at_once, streamed) {
            (Ok(at_once), Ok(streamed)) => {
                prop_assert_eq!(at_once.body(), &received);
                prop_assert_eq!(streamed.body_len(), received.len() as u64);
                prop_assert_eq!(at_once.key_id(), streamed.key_id());
                prop_assert_eq!(at_once.message_id(), streamed.message_id());
                prop_assert_eq!(at_once.timestamp(), streamed.timestamp());
                prop_assert_eq!(at_once.replay_key(), streamed.replay_key());
            }
            (at_once, streamed) => {
                prop_assert_eq!(at_once.err(), streamed.err());
            }
        }
    }

    /// What is signed verifies, by the first of the keys that both sides hold.
    #[test]
    fn what_is_signed_verifies(
        plan in prop::sample::select(PLANS),
        signing in 1..1_usize << SECRETS,
        more in 0..1_usize << SECRETS,
        body in prop::collection::vec(any::<u8>(), 0..150),
    ) {
        let fields = sign(&signer(&plan, signing), &body);
        let verifier = verifier(&plan, signing | more, &[None; SECRETS]);
        let verified = verifier.verify(&fields, &body, at(NOW)).unwrap();
        let first = chosen(signing).next().unwrap();
        prop_assert_eq!(verified.key_id().to_string(), format!("key-{first}"));
        prop_assert_eq!(verified.message_id(), plan.id.map(|_| "msg_1"));
        prop_assert_eq!(verified.timestamp(), plan.scheme.has_time().then(|| at(NOW)));
    }

    /// Whoever drops signatures of a message, reorders them or adds some does not make another message of it.
    #[test]
    fn replay_keys_do_not_depend_on_which_signatures_are_there(
        plan in prop::sample::select(PLANS),
        signing in 1..1_usize << SECRETS,
        kept in 1..1_usize << SECRETS,
        body in prop::collection::vec(any::<u8>(), 0..50),
        junk in any::<bool>(),
    ) {
        let Shape::Many(separator, assign, labels) = plan.shape else { return Ok(()) };
        let fields = sign(&signer(&plan, signing), &body);
        let all = verifier(&plan, (1 << SECRETS) - 1, &[None; SECRETS]);
        let whole = all.verify(&fields, &body, at(NOW)).unwrap().replay_key();

        let value = &fields.last().unwrap().1;
        let mut entries: Vec<&[u8]> = value.split(|byte| *byte == separator).collect();
        let first = usize::from(matches!(plan.time, plans::Time::Label(_)));
        let signatures = entries.split_off(first);
        let kept: Vec<&[u8]> = signatures
            .iter()
            .enumerate()
            .filter(|(at, _)| *at == 0 || kept & (1 << at) != 0)
            .map(|(_, entry)| *entry)
            .rev()
            .collect();
        let last = signatures.last().copied().unwrap();
        let other: Vec<Vec<&[u8]>> = vec![kept, vec![last]];
        for mut kept in other {
            let wrong = [labels[0].0.as_bytes(), &[assign], b"junk"].concat();
            if junk {
                kept.insert(0, &wrong);
            }
            let mut fewer = fields.clone();
            fewer.last_mut().unwrap().1 = [entries.clone(), kept].concat().join(&separator);
            let verified = all.verify(&fewer, &body, at(NOW)).unwrap();
            prop_assert_eq!(verified.replay_key(), whole);
            let streamed = streamed(&all, &fewer, &body, &[7], NOW).unwrap();
            prop_assert_eq!(streamed.replay_key(), whole);
        }
    }
}

/// Each scheme of the table is what its plan says: otherwise both might be wrong together.
#[test]
fn plans_name_the_headers_of_their_schemes() {
    for plan in PLANS {
        assert_eq!(plan.scheme.check(), Ok(()));
        let time = if let plans::Time::Header(name) = plan.time { Some(name) } else { None };
        let named: Vec<&str> =
            [plan.id, time, plan.key, Some(plan.header)].into_iter().flatten().collect();
        let headers: Vec<String> = plan.scheme.headers().map(str::to_lowercase).collect();
        assert_eq!(headers, named);
    }
}
