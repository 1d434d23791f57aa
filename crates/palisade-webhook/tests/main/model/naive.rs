//! A verifier that is too simple to be wrong: everything is copied, concatenated and compared.

use palisade_webhook::{Encoding, Part};

use super::plans::{Plan, Shape, Time};
use crate::kit::{Fields, URL, base64, hex, mac};

/// What stands in a header.
type Text = Vec<u8>;

/// A key of the naive verifier: its id, its bytes and when it ends.
pub(super) type Key = (String, Vec<u8>, Option<u64>);

/// The id of the first key whose signature is among those presented.
pub(super) fn verify(
    plan: &Plan,
    keys: &[Key],
    fields: &Fields,
    body: &[u8],
    now: u64,
) -> Option<String> {
    let id = match plan.id {
        Some(name) => one(fields, name).filter(|id| is_id(plan, id))?,
        None => Vec::new(),
    };
    let named = match plan.key {
        Some(name) => Some(one(fields, name)?),
        None => None,
    };
    let value = one(fields, plan.header)?;
    let (signatures, label_time) = signatures(plan, &value)?;
    let time = match plan.time {
        Time::Untold => Vec::new(),
        Time::Header(name) => one(fields, name)?,
        Time::Label(_) => label_time?,
    };
    if !matches!(plan.time, Time::Untold) {
        let told = seconds(&time)
            .filter(|_| plan.parts.last() != Some(&Part::Time) || time.len() == 10)?;
        if u128::from(told.abs_diff(now)) > u128::from(plan.tolerance) {
            return None;
        }
    }
    let mut content = Vec::new();
    for part in plan.parts {
        content.extend_from_slice(match part {
            Part::Text(text) => text.as_bytes(),
            Part::Id => &id,
            Part::Time => &time,
            Part::Url => URL.as_bytes(),
            other => panic!("{other:?} is not understood"),
        });
    }
    content.extend_from_slice(body);
    keys.iter()
        .filter(|(_, _, end)| end.is_none_or(|end| now < end))
        .filter(|(id, ..)| named.as_ref().is_none_or(|named| id.as_bytes() == named))
        .find(|(_, key, _)| {
            let right = written(plan.encoding, &mac(key, &[&content]));
            signatures.iter().any(|signature| *signature == right.as_bytes())
        })
        .map(|(id, ..)| id.clone())
}

/// The one value of a field.
fn one(fields: &Fields, name: &str) -> Option<Vec<u8>> {
    let mut found = fields.iter().filter(|(given, _)| given.to_lowercase() == name);
    let value = &found.next()?.1;
    (found.next().is_none() && value.len() <= 8192).then(|| trimmed(value))
}

fn trimmed(value: &[u8]) -> Vec<u8> {
    let mut value = value.to_vec();
    while value.last().is_some_and(|byte| b" \t".contains(byte)) {
        value.pop();
    }
    while value.first().is_some_and(|byte| b" \t".contains(byte)) {
        value.remove(0);
    }
    value
}

fn is_id(plan: &Plan, id: &[u8]) -> bool {
    let place = plan.parts.iter().position(|part| *part == Part::Id).unwrap();
    let Part::Text(after) = plan.parts[place + 1] else { panic!("a text ends the id") };
    (1..=128).contains(&id.len())
        && id.iter().all(|byte| (b'!'..=b'~').contains(byte) && *byte != after.as_bytes()[0])
}

fn seconds(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let told: u64 = text.parse().ok()?;
    (told.to_string() == text).then_some(told)
}

/// The signatures of MACs and the time, as the signature header has them.
fn signatures(plan: &Plan, value: &[u8]) -> Option<(Vec<Text>, Option<Text>)> {
    let (separator, assign, labels) = match plan.shape {
        Shape::One(prefix) => {
            return Some((vec![value.strip_prefix(prefix.as_bytes())?.to_vec()], None));
        }
        Shape::Many(separator, assign, labels) => (separator, assign, labels),
    };
    let (mut macs, mut times, mut count) = (Vec::new(), Vec::new(), 0);
    for entry in value.split(|byte| *byte == separator) {
        let entry = if separator == b' ' { entry.to_vec() } else { trimmed(entry) };
        let Some(place) = entry.iter().position(|byte| *byte == assign) else { continue };
        let (label, text) = (&entry[..place], entry[place + 1..].to_vec());
        if let Some((_, is_mac)) = labels.iter().find(|(known, _)| known.as_bytes() == label) {
            count += 1;
            if *is_mac {
                macs.push(text);
            }
        } else if matches!(plan.time, Time::Label(known) if known.as_bytes() == label) {
            times.push(text);
        }
    }
    let timed = !matches!(plan.time, Time::Label(_)) || times.len() == 1;
    (timed && (1..=16).contains(&count)).then(|| (macs, times.pop()))
}

fn written(encoding: Encoding, mac: &[u8]) -> String {
    match encoding {
        Encoding::LowerHex => hex(mac),
        Encoding::UpperHex => hex(mac).to_uppercase(),
        Encoding::Base64 => base64(mac),
        Encoding::Base64Url => {
            base64(mac).trim_end_matches('=').replace('+', "-").replace('/', "_")
        }
        other => panic!("{other:?} is not understood"),
    }
}
