//! JSON that means one thing only: no member twice, at any depth (RFC 8725 section 2.4 and RFC 7519
//! section 4 leave that to the reader), numbers that are numbers, strings that are strings.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::de::{DeserializeSeed, Deserializer as _, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer;

use crate::TokenRefused;

/// The members of a payload that some kind of token asks for, each of the right JSON type.
#[derive(Debug, Default)]
pub(crate) struct RawClaims<'p> {
    pub(crate) iss: Option<Cow<'p, str>>,
    /// Whether the audience that was asked for is among those named.
    pub(crate) aud: Option<bool>,
    pub(crate) sub: Option<Cow<'p, str>>,
    pub(crate) sid: Option<Cow<'p, str>>,
    pub(crate) generation: Option<u64>,
    /// Times are counted from 1970.
    pub(crate) iat: Option<Duration>,
    pub(crate) nbf: Option<Duration>,
    pub(crate) exp: Option<Duration>,
    pub(crate) epoch: Option<Cow<'p, str>>,
    pub(crate) scope: Option<Cow<'p, str>>,
    pub(crate) sidecar: Option<Cow<'p, str>>,
}

/// Reads a payload. Members that are not asked for must be sound JSON, and are passed over.
pub(crate) fn claims<'p>(payload: &'p str, audience: &str) -> Result<RawClaims<'p>, TokenRefused> {
    let mut input = Deserializer::from_str(payload);
    let claims =
        input.deserialize_map(ClaimsVisitor { audience }).map_err(|_| TokenRefused::Malformed)?;
    input.end().map_err(|_| TokenRefused::Malformed)?;
    Ok(claims)
}

struct ClaimsVisitor<'a> {
    audience: &'a str,
}

impl<'p> Visitor<'p> for ClaimsVisitor<'_> {
    type Value = RawClaims<'p>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("claims")
    }

    fn visit_map<A: MapAccess<'p>>(self, mut map: A) -> Result<RawClaims<'p>, A::Error> {
        let mut claims = RawClaims::default();
        let mut unknown = UnknownMembers::default();
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "iss" => set_once(&mut claims.iss, map.next_value::<Text<'p>>()?.0)?,
                "aud" => set_once(&mut claims.aud, map.next_value_seed(Audience(self.audience))?)?,
                "sub" => set_once(&mut claims.sub, map.next_value::<Text<'p>>()?.0)?,
                "sid" => set_once(&mut claims.sid, map.next_value::<Text<'p>>()?.0)?,
                "gen" => set_once(&mut claims.generation, map.next_value()?)?,
                "iat" => set_once(&mut claims.iat, map.next_value_seed(NumericDate)?)?,
                "nbf" => set_once(&mut claims.nbf, map.next_value_seed(NumericDate)?)?,
                "exp" => set_once(&mut claims.exp, map.next_value_seed(NumericDate)?)?,
                "epoch" => set_once(&mut claims.epoch, map.next_value::<Text<'p>>()?.0)?,
                "scope" => set_once(&mut claims.scope, map.next_value::<Text<'p>>()?.0)?,
                "sidecar" => set_once(&mut claims.sidecar, map.next_value::<Text<'p>>()?.0)?,
                _ => {
                    unknown.add(name)?;
                    map.next_value_seed(Strict)?;
                }
            }
        }
        Ok(claims)
    }
}

pub(super) fn set_once<T, E: Error>(place: &mut Option<T>, value: T) -> Result<(), E> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::custom("a member stands twice")),
    }
}

/// The names of the members that nobody asks for. Ordinary tokens have none, so nothing is allocated.
#[derive(Default)]
pub(super) struct UnknownMembers<'j>(Vec<Cow<'j, str>>);

impl<'j> UnknownMembers<'j> {
    pub(super) fn add<E: Error>(&mut self, name: Cow<'j, str>) -> Result<(), E> {
        // A token holds a few hundred members at most, so a search through them all is short.
        if self.0.contains(&name) {
            return Err(E::custom("a member stands twice"));
        }
        self.0.push(name);
        Ok(())
    }
}

/// A string, and nothing that could be taken for one.
pub(crate) struct Text<'j>(pub(crate) Cow<'j, str>);

impl<'j> serde::Deserialize<'j> for Text<'j> {
    fn deserialize<D: serde::Deserializer<'j>>(input: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'j> Visitor<'j> for TextVisitor {
            type Value = Text<'j>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'j str) -> Result<Text<'j>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'j>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        input.deserialize_str(TextVisitor)
    }
}

/// A string, or an array of strings, one of which must be the audience (RFC 7519 section 4.1.3).
struct Audience<'a>(&'a str);

impl<'j> DeserializeSeed<'j> for Audience<'_> {
    type Value = bool;

    fn deserialize<D: serde::Deserializer<'j>>(self, input: D) -> Result<bool, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'j> Visitor<'j> for Audience<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an audience")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        Ok(text == self.0)
    }

    fn visit_seq<A: SeqAccess<'j>>(self, mut array: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(Text(text)) = array.next_element()? {
            found |= text == self.0;
        }
        Ok(found)
    }
}

/// Seconds since 1970, with or without a fraction (RFC 7519 section 2): finite and not negative.
struct NumericDate;

impl<'j> DeserializeSeed<'j> for NumericDate {
    type Value = Duration;

    fn deserialize<D: serde::Deserializer<'j>>(self, input: D) -> Result<Duration, D::Error> {
        // Not `deserialize_any`: another crate of the program may switch on serde_json's feature that
        // shows numbers as maps.
        input.deserialize_f64(self)
    }
}

impl Visitor<'_> for NumericDate {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds since 1970")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Duration, E> {
        Ok(Duration::from_secs(seconds))
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Duration, E> {
        if seconds.is_sign_negative() {
            return Err(E::custom("a time before 1970"));
        }
        Duration::try_from_secs_f64(seconds).map_err(E::custom)
    }
}

/// Any value, as long as it is sound and no member stands twice in it.
pub(super) struct Strict;

impl<'j> DeserializeSeed<'j> for Strict {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'j>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_any(self)
    }
}

impl<'j> Visitor<'j> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'j>>(self, mut array: A) -> Result<(), A::Error> {
        while array.next_element_seed(Strict)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = UnknownMembers::default();
        while let Some(Text(name)) = map.next_key()? {
            names.add(name)?;
            map.next_value_seed(Strict)?;
        }
        Ok(())
    }
}
