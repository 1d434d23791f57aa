//! The protected header of a token (RFC 7515 section 4).

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use palisade_secret::KeyId;
use serde_json::Deserializer;

use super::json::{Strict, Text, UnknownMembers, set_once};
use crate::TokenRefused;

/// The longest header, in base64url: a hundred bytes are common, and a stranger's header is parsed
/// before its signature is known.
const MAX_HEADER_LEN: usize = 1024;

/// Members that change what the signature covers or what the payload is: refused, for a verifier that
/// ignored them would read another token than the one that was signed.
const REFUSED: [&str; 4] = ["b64", "crit", "cty", "zip"];

/// The header of the tokens that a key signs.
pub(super) fn header_text(algorithm: &str, typ: &str, id: &KeyId) -> String {
    // None of the three holds a character that JSON escapes.
    let json = format!(r#"{{"alg":"{algorithm}","typ":"{typ}","kid":"{id}"}}"#);
    URL_SAFE_NO_PAD.encode(json)
}

/// A header as it was presented. Members that name a key or where to find one (`jwk`, `jku`, `x5c`, …)
/// are passed over: a token does not choose the key that it is verified with.
#[derive(Debug)]
pub(super) struct Header {
    /// As it was presented.
    pub(super) json: String,
    pub(super) alg: String,
    pub(super) typ: Option<String>,
    pub(super) kid: Option<String>,
}

impl Header {
    pub(super) fn decode(text: &str) -> Result<Self, TokenRefused> {
        if text.len() > MAX_HEADER_LEN {
            return Err(TokenRefused::TooLong);
        }
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenRefused::Malformed)?;
        let json = String::from_utf8(json).map_err(|_| TokenRefused::Malformed)?;
        let mut members = Members::default();
        let mut input = Deserializer::from_str(&json);
        serde::Deserializer::deserialize_map(&mut input, &mut members)
            .and_then(|()| input.end())
            .map_err(|_| TokenRefused::Malformed)?;
        if members.refused {
            return Err(TokenRefused::Extension);
        }
        let alg = members.alg.ok_or(TokenRefused::Algorithm)?.into_owned();
        let (typ, kid) = (members.typ.map(Cow::into_owned), members.kid.map(Cow::into_owned));
        Ok(Self { json, alg, typ, kid })
    }
}

#[derive(Default)]
struct Members<'h> {
    alg: Option<Cow<'h, str>>,
    typ: Option<Cow<'h, str>>,
    kid: Option<Cow<'h, str>>,
    refused: bool,
}

impl<'h> serde::de::Visitor<'h> for &mut Members<'h> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a header")
    }

    fn visit_map<A: serde::de::MapAccess<'h>>(self, mut map: A) -> Result<(), A::Error> {
        let mut unknown = UnknownMembers::default();
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "alg" => set_once(&mut self.alg, map.next_value::<Text<'h>>()?.0)?,
                "typ" => set_once(&mut self.typ, map.next_value::<Text<'h>>()?.0)?,
                "kid" => set_once(&mut self.kid, map.next_value::<Text<'h>>()?.0)?,
                _ => {
                    self.refused |= REFUSED.contains(&&*name);
                    unknown.add(name)?;
                    map.next_value_seed(Strict)?;
                }
            }
        }
        Ok(())
    }
}
