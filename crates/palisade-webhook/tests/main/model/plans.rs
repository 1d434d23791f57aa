//! Schemes, and beside each the same once more in the words of the naive verifier.

use std::time::Duration;

use palisade_webhook::{Algorithm, Encoding, Part, Scheme};

/// What the naive verifier knows of a scheme.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) scheme: Scheme,
    pub(super) header: &'static str,
    pub(super) shape: Shape,
    pub(super) encoding: Encoding,
    pub(super) parts: &'static [Part],
    pub(super) time: Time,
    /// In seconds.
    pub(super) tolerance: u64,
    pub(super) id: Option<&'static str>,
    pub(super) key: Option<&'static str>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// One signature after a prefix.
    One(&'static str),
    /// Entries between separators; of each label, whether it is one of a MAC.
    Many(u8, u8, &'static [(&'static str, bool)]),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Time {
    Untold,
    Header(&'static str),
    Label(&'static str),
}

const HMAC: Algorithm = Algorithm::HmacSha256;
const DOT: Part = Part::Text(".");
const COLON: Part = Part::Text(":");
const LINE: Part = Part::Text("\n");

const TWO_LABELS: &[(&str, Algorithm)] = &[("h", HMAC), ("k", HMAC)];
const OF_TWO_KINDS: &[(&str, Algorithm)] = &[("m", HMAC), ("mm", Algorithm::Ed25519)];

/// A scheme that signs the body alone, in lower-case hex.
const fn plain(scheme: Scheme, header: &'static str) -> Plan {
    Plan {
        scheme,
        header,
        shape: Shape::One(""),
        encoding: Encoding::LowerHex,
        parts: &[],
        time: Time::Untold,
        tolerance: 0,
        id: None,
        key: None,
    }
}

const fn own(name: &'static str) -> Scheme {
    Scheme::hmac_sha256(name, "x-own")
}

pub(super) const PLANS: &[Plan] = &[
    // Those of the crate whose signatures are MACs; Linear's time in the body has tests of its own.
    Plan { shape: Shape::One("sha256="), ..plain(Scheme::GLACIS, "x-glacis-signature") },
    Plan { shape: Shape::One("sha256="), ..plain(Scheme::GITHUB, "x-hub-signature-256") },
    Plan {
        shape: Shape::Many(b' ', b',', &[("v1", true), ("v1a", false)]),
        encoding: Encoding::Base64,
        parts: &[Part::Id, DOT, Part::Time, DOT],
        time: Time::Header("webhook-timestamp"),
        tolerance: 300,
        id: Some("webhook-id"),
        ..plain(Scheme::STANDARD, "webhook-signature")
    },
    Plan {
        shape: Shape::Many(b',', b'=', &[("v1", true)]),
        parts: &[Part::Time, DOT],
        time: Time::Label("t"),
        tolerance: 300,
        ..plain(Scheme::STRIPE, "stripe-signature")
    },
    Plan {
        shape: Shape::One("v0="),
        parts: &[Part::Text("v0:"), Part::Time, COLON],
        time: Time::Header("x-slack-request-timestamp"),
        tolerance: 300,
        ..plain(Scheme::SLACK, "x-slack-signature")
    },
    Plan { encoding: Encoding::Base64, ..plain(Scheme::SHOPIFY, "x-shopify-hmac-sha256") },
    Plan {
        encoding: Encoding::Base64,
        parts: &[Part::Url],
        ..plain(Scheme::SQUARE, "x-square-hmacsha256-signature")
    },
    Plan {
        shape: Shape::Many(b';', b'=', &[("h1", true)]),
        parts: &[Part::Time, COLON],
        time: Time::Label("ts"),
        tolerance: 5,
        ..plain(Scheme::PADDLE, "paddle-signature")
    },
    // Schemes of one's own.
    plain(own("plain"), "x-own"),
    Plan {
        shape: Shape::One("SIG:"),
        encoding: Encoding::UpperHex,
        parts: &[Part::Time, DOT],
        time: Time::Header("x-time"),
        tolerance: 60,
        ..plain(
            own("upper")
                .prefix("SIG:")
                .encoding(Encoding::UpperHex)
                .time_header("X-Time", Duration::from_mins(1))
                .signs(&[Part::Time, DOT]),
            "x-own",
        )
    },
    Plan {
        shape: Shape::Many(b'|', b':', &[("h", true), ("k", true)]),
        encoding: Encoding::Base64Url,
        parts: &[Part::Text("x"), Part::Time, Part::Text("|")],
        time: Time::Label("ts"),
        tolerance: 0,
        ..plain(
            own("labels")
                .labelled('|', ':', TWO_LABELS)
                .encoding(Encoding::Base64Url)
                .time_label("ts", Duration::ZERO)
                .signs(&[Part::Text("x"), Part::Time, Part::Text("|")]),
            "x-own",
        )
    },
    Plan {
        parts: &[Part::Id, COLON],
        id: Some("x-id"),
        ..plain(own("id").id_header("X-Id").signs(&[Part::Id, COLON]), "x-own")
    },
    Plan {
        encoding: Encoding::Base64,
        parts: &[Part::Url, LINE, Part::Id, LINE, Part::Time, LINE],
        time: Time::Header("x-time"),
        tolerance: 1,
        id: Some("x-id"),
        ..plain(
            own("all")
                .encoding(Encoding::Base64)
                .id_header("X-Id")
                .time_header("X-Time", Duration::from_secs(1))
                .signs(&[Part::Url, LINE, Part::Id, LINE, Part::Time, LINE]),
            "x-own",
        )
    },
    Plan {
        shape: Shape::Many(b' ', b'=', &[("m", true), ("mm", false)]),
        parts: &[Part::Time],
        time: Time::Header("x-time"),
        tolerance: 300,
        ..plain(
            own("bare-time")
                .labelled(' ', '=', OF_TWO_KINDS)
                .time_header("X-Time", Duration::from_mins(5))
                .signs(&[Part::Time]),
            "x-own",
        )
    },
    Plan {
        parts: &[Part::Time, DOT, Part::Id, COLON, Part::Url],
        time: Time::Header("x-time"),
        tolerance: 10,
        id: Some("x-id"),
        ..plain(
            own("turned")
                .id_header("X-Id")
                .time_header("X-Time", Duration::from_secs(10))
                .signs(&[Part::Time, DOT, Part::Id, COLON, Part::Url]),
            "x-own",
        )
    },
    Plan {
        shape: Shape::One("sha256="),
        key: Some("x-key"),
        ..plain(own("named").prefix("sha256=").key_header("X-Key"), "x-own")
    },
];
