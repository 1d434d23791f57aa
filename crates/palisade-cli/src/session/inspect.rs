//! `palisade session inspect`.

use std::fmt::Write;
use std::time::SystemTime;

use palisade::session::{CompactJws, SessionId, TokenRefused};
use serde::Serialize;

use super::keys::{self, Keys};
use super::members::{Member, Members};
use super::source;
use crate::args::InspectTokenArgs;
use crate::output::{Failure, Output};
use crate::units::{shown_seconds, visible};

const NOTHING: &str = "NOTHING WAS VERIFIED: anyone may have written this token";

#[derive(Serialize)]
struct Inspected<'a> {
    kind: &'static str,
    /// Nothing but the signature is ever verified here: an expired token has a right one too.
    signature_verified: bool,
    /// Why the signature was not found right.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    algorithm: &'a str,
    #[serde(rename = "type")]
    typ: Option<&'a str>,
    key: Option<&'a str>,
    header: Option<Members>,
    claims: Option<&'a Members>,
    /// Names that stand twice in one object of the claims, at any depth: every verifier here refuses
    /// such a token.
    twice: Vec<&'a str>,
}

#[derive(Serialize)]
struct Opaque<'a> {
    kind: &'static str,
    signature_verified: bool,
    session: &'a str,
}

pub(crate) fn inspect(args: &InspectTokenArgs) -> Result<Output, Failure> {
    // Before the token: someone may be about to type it.
    let keys = keys::load(&args.keys)?;
    let token = source::token(&args.source)?;
    if let Some(session) = source::opaque_id(&token) {
        return opaque(session);
    }
    let (has_prefix, compact) = match token.strip_prefix("wt_") {
        Some(compact) => (true, compact),
        None => (false, token.as_str()),
    };
    signed(&CompactJws::parse(compact)?, has_prefix, keys.as_ref())
}

fn opaque(session: SessionId) -> Result<Output, Failure> {
    let text = format!(
        "verdict    {NOTHING}\n\
         kind       opaque session token: its store alone knows more\n\
         session    {session}\n\
         secret     not shown\n"
    );
    Output::new(
        text,
        &Opaque { kind: "opaque", signature_verified: false, session: session.as_str() },
    )
}

fn signed(jws: &CompactJws<'_>, has_prefix: bool, keys: Option<&Keys>) -> Result<Output, Failure> {
    let (kind, kind_text) = match (has_prefix, jws.token_type()) {
        (true, Some("wt+jwt")) => ("epoch", "epoch token"),
        (false, Some("JWT")) => ("session", "signed session token, or a JWT of another service"),
        (true, _) => ("other", "none of ours: `wt_` stands before a token of another type"),
        (false, Some("wt+jwt")) => ("other", "none of ours: an epoch token without its `wt_`"),
        (false, _) => ("other", "signed token of a type that is none of ours"),
    };
    let checked = keys.map(|keys| keys.check(jws, SystemTime::now()));
    let verdict = match &checked {
        None => NOTHING.to_owned(),
        Some(Ok(())) => "the signature is right; claims and times WERE NOT JUDGED".to_owned(),
        Some(Err(refused)) => {
            let why = why_not(jws, *refused);
            format!("NOTHING WAS VERIFIED: {why} ({})", refused.reason())
        }
    };
    let claims = Members::parse(jws.dangerous_unverified_payload());
    let claims = claims.as_ref();
    let inspected = Inspected {
        kind,
        signature_verified: matches!(checked, Some(Ok(()))),
        reason: checked.as_ref().and_then(|checked| checked.err()).map(|refused| refused.reason()),
        algorithm: jws.algorithm(),
        typ: jws.token_type(),
        key: jws.key_id(),
        header: Members::parse(jws.header_json().as_bytes()),
        claims,
        twice: claims.map(|claims| claims.twice().collect()).unwrap_or_default(),
    };
    let mut text = format!("verdict    {verdict}\nkind       {kind_text}\n");
    add_members(&mut text, "header", inspected.header.as_ref());
    add_members(&mut text, "claims", claims);
    let is_wrong = matches!(checked, Some(Err(_)));
    Ok(Output::new(text, &inspected)?.in_ascii().with_status(u8::from(is_wrong)))
}

fn why_not(jws: &CompactJws<'_>, refused: TokenRefused) -> String {
    match refused {
        TokenRefused::UnknownKey if jws.key_id().is_none() => "the token names no key".to_owned(),
        TokenRefused::UnknownKey => {
            "none of the keys that are in use has the id that the token names".to_owned()
        }
        TokenRefused::Algorithm => {
            "the token names another algorithm than that of the key".to_owned()
        }
        TokenRefused::Signature => "the signature is not right".to_owned(),
        other => other.to_string(),
    }
}

/// One line for each member. All of it is a stranger's text.
fn add_members(text: &mut String, what: &str, members: Option<&Members>) {
    let Some(members) = members else {
        let _ = writeln!(text, "{what:10} no JSON object");
        return;
    };
    for (index, Member { name, value, twice_inside }) in members.0.iter().enumerate() {
        let what = if index == 0 { what } else { "" };
        // Writing to a String does not fail.
        let _ = write!(text, "{what:10} {} = {}", visible(name), visible(&value.to_string()));
        let time = ["iat", "nbf", "exp", "auth_time"].contains(&name.as_str()).then_some(value);
        if let Some(time) = time.and_then(serde_json::Value::as_f64).and_then(shown_seconds) {
            let _ = write!(text, "  ({time})");
        }
        if members.is_repeated(index) {
            text.push_str("  STANDS TWICE");
        }
        if !twice_inside.is_empty() {
            text.push_str("  HOLDS A NAME TWICE");
        }
        text.push('\n');
    }
}
