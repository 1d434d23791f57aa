//! `palisade webhook headers`.

use std::fmt::Write;

use palisade::webhook::{Algorithm, HeaderForm, Scheme};
use serde::Serialize;

use super::keys;
use crate::args::{SecretWriting, Sender, WireArgs};
use crate::output::{Failure, Output};

#[derive(Serialize)]
struct Listed {
    schemes: Vec<Described>,
}

#[derive(Serialize)]
struct Described {
    scheme: &'static str,
    headers: Vec<Header>,
    signed: String,
    /// `header`, `body` or null.
    time: Option<&'static str>,
    time_member: Option<&'static str>,
    tolerance_seconds: Option<u64>,
    message_id: bool,
    keys: Vec<&'static str>,
    /// How a sender writes the secret: a value of `--secret-form`.
    secret_form: &'static str,
}

#[derive(Serialize)]
struct Header {
    name: &'static str,
    alias: Option<&'static str>,
    value: String,
}

pub(crate) fn headers(args: &WireArgs) -> Result<Output, Failure> {
    let one = match args.scheme {
        Some(Sender::Data(scheme)) => Some(Described::of(&scheme)),
        Some(Sender::Twilio) => Some(Described::twilio()),
        None => None,
    };
    let (text, schemes) = if let Some(one) = one {
        (one.sheet(), vec![one])
    } else {
        let all = Scheme::ALL.iter().map(Described::of);
        let all: Vec<_> = all.chain([Described::twilio()]).collect();
        (table(&all), all)
    };
    Output::new(text, &Listed { schemes })
}

impl Described {
    fn of(scheme: &Scheme) -> Self {
        let time = match scheme.time_member() {
            Some(_) => Some("body"),
            None => scheme.has_time().then_some("header"),
        };
        Self {
            scheme: scheme.name(),
            headers: scheme.header_forms().into_iter().map(Header::of).collect(),
            signed: scheme.signed_form(),
            time,
            time_member: scheme.time_member(),
            tolerance_seconds: scheme.tolerance().map(|tolerance| tolerance.as_secs()),
            message_id: scheme.has_message_id(),
            keys: scheme.algorithms().map(algorithm).collect(),
            secret_form: match keys::default_writing(scheme) {
                SecretWriting::Whsec => "whsec",
                SecretWriting::Whsk => "whsk",
                SecretWriting::Pem => "pem",
                _ => "text",
            },
        }
    }

    /// What cannot be told of data.
    fn twilio() -> Self {
        Self {
            scheme: "twilio",
            headers: vec![Header {
                name: "X-Twilio-Signature",
                alias: None,
                value: "<base64>".to_owned(),
            }],
            signed: "<url><sorted form>".to_owned(),
            time: None,
            time_member: None,
            tolerance_seconds: None,
            message_id: false,
            keys: vec!["HMAC-SHA1"],
            secret_form: "text",
        }
    }

    /// All of one scheme, a line each.
    fn sheet(&self) -> String {
        let mut text = format!("scheme     {}\n", self.scheme);
        for (index, header) in self.headers.iter().enumerate() {
            let what = if index == 0 { "headers" } else { "" };
            // Writing to a String does not fail.
            let _ = write!(text, "{what:10} {}: {}", header.name, header.value);
            if let Some(alias) = header.alias {
                let _ = write!(text, "  (also read as {alias})");
            }
            text.push('\n');
        }
        let keys = self.keys.join(", ");
        let secret = match self.secret_form {
            "whsec" => "`whsec_` and base64; of Ed25519 `whsk_` and base64",
            "whsk" => "`whsk_` and base64; receivers are given the public key in hex",
            "pem" => "PEM; receivers are given the public key in PEM or base64",
            _ => "the text itself is the key",
        };
        let _ = write!(
            text,
            "signed     {}\n\
             time       {}\n\
             key        {keys}\n\
             secret     {secret}\n",
            self.signed,
            self.time_rule(),
        );
        text
    }

    fn time_rule(&self) -> String {
        match (self.tolerance_seconds, self.time_member) {
            (None, _) => "none: a captured message stays valid, so keep its replay key".to_owned(),
            (Some(seconds), Some(member)) => {
                format!("milliseconds since 1970 in the body's {member}, {seconds} s both ways")
            }
            (Some(seconds), None) => format!("seconds since 1970, {seconds} s both ways"),
        }
    }
}

impl Header {
    fn of(form: HeaderForm) -> Self {
        let HeaderForm { name, alias, value, .. } = form;
        Self { name, alias, value }
    }
}

fn algorithm(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HmacSha256 => "HMAC-SHA256",
        Algorithm::Ed25519 => "Ed25519",
        Algorithm::EcdsaP256 => "ECDSA P-256",
        _ => "another",
    }
}

fn table(schemes: &[Described]) -> String {
    let signature = |one: &Described| {
        one.headers
            .last()
            .map(|header| format!("{}: {}", header.name, header.value))
            .unwrap_or_default()
    };
    let widest = |width: &dyn Fn(&Described) -> usize| schemes.iter().map(width).max().unwrap_or(0);
    let name = widest(&|one| one.scheme.len());
    let signed = widest(&|one| one.signed.len());
    let mut table = format!("{:name$}  {:signed$}  TIME   SIGNATURE\n", "SCHEME", "SIGNED");
    for one in schemes {
        let time =
            one.tolerance_seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds} s"));
        // Writing to a String does not fail.
        let _ = writeln!(
            table,
            "{:name$}  {:signed$}  {time:5}  {}",
            one.scheme,
            one.signed,
            signature(one),
        );
    }
    table
}
