//! Whatever is changed about a signed message, be it one bit: it is refused.

use palisade_webhook::{Algorithm, Scheme};

use crate::kit::{Kit, every_kind};

const BODY: &[u8] = br#"{"paid":true}"#;

#[test]
fn every_flipped_bit_of_every_header_is_refused() {
    for (scheme, algorithm) in every_kind() {
        let kit = Kit::new(scheme, algorithm);
        let good = kit.sign(BODY);
        assert_eq!(kit.judge(&good, BODY), Ok(()), "{}", scheme.name());
        assert_eq!(good.len(), scheme.headers().count());
        for field in 0..good.len() {
            for bit in 0..good[field].1.len() * 8 {
                let mut bad = good.clone();
                bad[field].1[bit / 8] ^= 1 << (bit % 8);
                let verdict = kit.judge(&bad, BODY);
                let (name, value) = (&bad[field].0, bad[field].1.escape_ascii());
                assert!(verdict.is_err(), "{}: {name}: {value}", scheme.name());
            }
        }
    }
}

#[test]
fn every_flipped_bit_of_the_body_is_refused() {
    for (scheme, algorithm) in every_kind() {
        let kit = Kit::new(scheme, algorithm);
        let fields = kit.sign(BODY);
        for bit in 0..BODY.len() * 8 {
            let mut body = BODY.to_vec();
            body[bit / 8] ^= 1 << (bit % 8);
            assert!(kit.judge(&fields, &body).is_err(), "{}: bit {bit}", scheme.name());
        }
        for end in 0..BODY.len() {
            assert!(kit.judge(&fields, &BODY[..end]).is_err(), "{}: {end} bytes", scheme.name());
        }
        for more in ["\n", "\0", " "] {
            let longer = [BODY, more.as_bytes()].concat();
            assert!(kit.judge(&fields, &longer).is_err(), "{}: {more:?}", scheme.name());
        }
    }
}

#[test]
fn every_truncation_of_the_signature_is_refused() {
    for (scheme, algorithm) in every_kind() {
        let kit = Kit::new(scheme, algorithm);
        let good = kit.sign(BODY);
        let last = good.len() - 1;
        let value = good[last].1.clone();
        for cut in 0..value.len() {
            for part in [&value[..cut], &value[cut + 1..]] {
                let mut bad = good.clone();
                bad[last].1 = part.to_vec();
                assert!(kit.judge(&bad, BODY).is_err(), "{}: cut at {cut}", scheme.name());
            }
        }
    }
}

/// A byte more is refused, but for the bytes that mean nothing where they stand: white space around the
/// value or around an entry, and a separator beside another one or at either end.
#[test]
fn every_inserted_byte_is_refused_unless_it_means_nothing() {
    for (scheme, algorithm) in every_kind() {
        let kit = Kit::new(scheme, algorithm);
        let good = kit.sign(BODY);
        let last = good.len() - 1;
        let value = good[last].1.clone();
        let mut meaningless = 0;
        for place in 0..=value.len() {
            for byte in 0..=u8::MAX {
                let mut changed = good.clone();
                changed[last].1.insert(place, byte);
                let same = entries(&scheme, &changed[last].1) == entries(&scheme, &value);
                meaningless += usize::from(same);
                let verdict = kit.judge(&changed, BODY);
                assert_eq!(verdict.is_ok(), same, "{}: {byte:#x} at {place}", scheme.name());
            }
        }
        // Two kinds of white space at both ends, at least.
        assert!(meaningless >= 2, "{}", scheme.name());
    }
}

/// What a signature header says, read naively: its entries without the space around them.
fn entries(scheme: &Scheme, value: &[u8]) -> Vec<Vec<u8>> {
    let separator = match scheme.name() {
        "standard" | "svix" => b' ',
        "stripe" => b',',
        "paddle" => b';',
        _ => return vec![trimmed(value).to_vec()],
    };
    trimmed(value)
        .split(|byte| *byte == separator)
        .map(|entry| if separator == b' ' { entry } else { trimmed(entry) })
        .filter(|entry| !entry.is_empty())
        .map(<[u8]>::to_vec)
        .collect()
}

fn trimmed(value: &[u8]) -> &[u8] {
    let solid = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let start = value.iter().position(solid).unwrap_or(value.len());
    let end = value.iter().rposition(solid).map_or(start, |last| last + 1);
    &value[start..end]
}

/// An entry that the scheme does not know is not signed: the message verifies whatever happens to it.
#[test]
fn a_flipped_bit_of_an_unknown_entry_changes_nothing() {
    let algorithm = Algorithm::HmacSha256;
    for (scheme, entry, separator) in [
        (Scheme::STRIPE, "v0=abc", ','),
        (Scheme::PADDLE, "h9=abc", ';'),
        (Scheme::STANDARD, "v7,abc", ' '),
    ] {
        let kit = Kit::new(scheme, algorithm);
        let mut fields = kit.sign(BODY);
        let signature = &mut fields.last_mut().unwrap().1;
        let start = signature.len() + 1;
        signature.extend(format!("{separator}{entry}").bytes());
        for bit in start * 8..(start + entry.len()) * 8 {
            let mut changed = fields.clone();
            changed.last_mut().unwrap().1[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(kit.judge(&changed, BODY), Ok(()), "{}: bit {bit}", scheme.name());
        }
    }
}
