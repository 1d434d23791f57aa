//! The sections of the corpus about the client's address: `client_ip`, `forwarded_element`, `rate_key`.
//!
//! Each function judges one row, fails on a wrong verdict and on a field that it does not know, and says whether the
//! row is one to accept.

use std::net::IpAddr;
use std::path::Path;

use palisade_allowlist::{
    AddressRefused, ClientIp, HopProblem, InvalidPeer, Peer, Provenance, RateKeys, TrustPolicy,
};
use serde_json::Value;

use crate::client_support::{FORWARDED, XFF, proxies, ranges};

/// Whether a row is one to accept.
type Judge = fn(&Value) -> bool;

#[test]
fn the_bundled_corpus() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/allowlist.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let sections: [(&str, Judge); 3] = [
        ("client_ip", client_ip),
        ("forwarded_element", forwarded_element),
        ("rate_key", rate_key),
    ];
    for (name, judge) in sections {
        let rows = file[name].as_array().unwrap();
        assert_eq!(file["meta"]["counts"][name], rows.len());
        let accepted = rows.iter().filter(|row| judge(row)).count();
        println!(
            "allowlist {name}: {} cases, {accepted} accepted, {} rejected",
            rows.len(),
            rows.len() - accepted
        );
    }
}

/// A peer, headers and a policy, and who the client is.
///
/// `expect` is our rule. What another project asserts stands in `upstream`, and may differ where `divergent` says so.
pub(crate) fn client_ip(row: &Value) -> bool {
    assert_fields(
        row,
        &["id", "src", "peer", "headers", "source", "trusted", "trusted_count", "expect"],
    );
    let expect = &row["expect"];
    for field in expect.as_object().unwrap().keys() {
        assert!(["outcome", "ip", "hop_from_right", "last_trusted"].contains(&field.as_str()));
    }
    let headers: Vec<(String, String)> = serde_json::from_value(row["headers"].clone()).unwrap();
    let resolved = match text(row, "peer") {
        "unix" | "@" => Ok(Peer::UnixSocket),
        peer if peer.starts_with("unix:") => Ok(Peer::UnixSocket),
        peer => peer.parse(),
    }
    .map(|peer: Peer| policy(row).resolve(peer, &headers));
    let outcome = outcome(resolved);
    assert_eq!(outcome.word, word(row), "{row}");
    if let Some(address) = outcome.address {
        assert_eq!(address.to_string(), text(expect, "ip"), "{row}");
    }
    if let Some((index, last_trusted)) = outcome.hop {
        assert_eq!(expect["hop_from_right"], index, "{row}");
        // The rows that count hops do not say whom they trust.
        if let Some(given) = expect.get("last_trusted") {
            assert_eq!(given.as_str().map(|text| text.parse().unwrap()), last_trusted, "{row}");
        }
    }
    outcome.address.is_some()
}

/// The outcome of a row. A peer that is the client by itself is one of the untrusted ones to us.
fn word(row: &Value) -> &str {
    match (text(row, "source"), text(&row["expect"], "outcome")) {
        ("peer", "client") => "peer_untrusted",
        (_, "peer_trusted_no_header") => "missing_header",
        (_, outcome) => outcome,
    }
}

fn policy(row: &Value) -> TrustPolicy {
    let trusted =
        proxies(row["trusted"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()));
    let count =
        row.get("trusted_count").map(|count| usize::try_from(count.as_u64().unwrap()).unwrap());
    let builder = |trusted| match count {
        Some(count) => TrustPolicy::hops(count, trusted),
        None => TrustPolicy::ranges(trusted),
    };
    let builder = match text(row, "source") {
        "peer" => return TrustPolicy::direct(),
        "xff" => builder(trusted).header(XFF),
        "forwarded" => builder(trusted).header(FORWARDED),
        source => match source.strip_prefix("single:") {
            Some(name) => TrustPolicy::single(name, trusted),
            None => panic!("an unknown source: {source}"),
        },
    };
    // A few rows of other projects trust everybody.
    let everyone = row["trusted"].to_string().contains("0.0.0.0/0");
    if everyone { builder.dangerous_trust_everyone() } else { builder }.build().unwrap()
}

struct Outcome {
    word: &'static str,
    address: Option<IpAddr>,
    hop: Option<(usize, Option<IpAddr>)>,
}

fn outcome(resolved: Result<Result<ClientIp, AddressRefused>, InvalidPeer>) -> Outcome {
    let (word, address, hop) = match resolved {
        Ok(Ok(client)) => {
            let word = match client.provenance() {
                Provenance::Peer => "peer_untrusted",
                Provenance::Header => "client",
                Provenance::AllTrusted => "all_trusted",
            };
            (word, Some(client.address()), None)
        }
        Ok(Err(AddressRefused::InvalidHop { index, last_trusted, .. })) => {
            ("invalid_hop", None, Some((index, last_trusted)))
        }
        Ok(Err(AddressRefused::ChainTooShort { .. })) => ("chain_too_short", None, None),
        Ok(Err(AddressRefused::MissingHeader { .. })) => ("missing_header", None, None),
        Ok(Err(AddressRefused::InvalidHeader { .. })) => ("invalid_header", None, None),
        Ok(Err(AddressRefused::NoPeerAddress)) | Err(InvalidPeer::Empty) => {
            ("no_peer_ip", None, None)
        }
        Err(_) => ("invalid_peer", None, None),
        Ok(Err(refused)) => panic!("no row expects {refused:?}"),
    };
    Outcome { word, address, hop }
}

/// One element of `Forwarded`, and its class.
pub(crate) fn forwarded_element(row: &Value) -> bool {
    assert_fields(row, &["id", "src", "input", "strict", "strict_ip", "upstream_lenient"]);
    let headers = [("Forwarded", text(row, "input"))];
    let resolved = ranges(FORWARDED, &[]).resolve(Peer::UnixSocket, &headers);
    let class = match resolved {
        Ok(_) => "ip",
        Err(AddressRefused::InvalidHop { problem, .. }) => match problem {
            HopProblem::Unknown => "unknown",
            HopProblem::Obfuscated => "obf",
            HopProblem::NoFor => "none",
            _ => "bad",
        },
        Err(refused) => panic!("{row}: {refused:?}"),
    };
    assert_eq!(class, text(row, "strict"), "{row}");
    let address = resolved.ok().map(|client| client.address().to_string());
    assert_eq!(address.as_deref(), row["strict_ip"].as_str(), "{row}");
    address.is_some()
}

/// An address and two prefix lengths, and the network that is counted.
pub(crate) fn rate_key(row: &Value) -> bool {
    assert_fields(row, &["id", "src", "ip", "v4_bits", "v6_bits", "expect"]);
    let bits = |name: &str| u8::try_from(row[name].as_u64().unwrap()).unwrap();
    let keys = RateKeys::new(bits("v4_bits"), bits("v6_bits")).unwrap();
    assert_eq!(keys.of(text(row, "ip").parse().unwrap()).to_string(), text(row, "expect"), "{row}");
    true
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("no text `{name}` in {value}"))
}

/// A field that is not known may be a verdict that would be ignored. Three of them are remarks.
fn assert_fields(row: &Value, known: &[&str]) {
    for field in row.as_object().unwrap().keys() {
        let known = known.iter().chain(&["upstream", "divergent", "note"]);
        assert!(known.into_iter().any(|name| name == field), "an unknown field `{field}` in {row}");
    }
}
