//! One member of `Signature-Input`: what is covered, and the parameters of the signature.

use std::fmt::{self, Write as _};

use super::component::Component;
use super::error::MessageRefused;
use crate::structured::{Item, Member, Value};

/// The parameters of a signature (RFC 9421 section 2.3).
#[derive(Debug, Default)]
pub(super) struct Params<'v> {
    pub(super) created: Option<u64>,
    pub(super) expires: Option<u64>,
    pub(super) nonce: Option<&'v str>,
    pub(super) alg: Option<&'v str>,
    pub(super) keyid: Option<&'v str>,
    pub(super) tag: Option<&'v str>,
}

/// What a signature is said to cover.
#[derive(Debug)]
pub(super) struct Input<'v> {
    pub(super) components: Vec<Component>,
    pub(super) params: Params<'v>,
    /// The member, written anew: the last line of the signature base.
    pub(super) text: String,
}

/// A parameter of text: the `keyid` and the `tag` tell whether the rest is worth reading.
pub(super) fn text<'m>(member: &'m Member<'_>, name: &str) -> Option<&'m str> {
    member.params.list.iter().find_map(|(key, value)| match value {
        Value::Text(text) if *key == name => Some(&**text),
        _ => None,
    })
}

impl<'m> Input<'m> {
    /// Reads a member. What is not understood is refused rather than skipped: a parameter may narrow what
    /// the signature means.
    pub(super) fn read(member: &'m Member<'_>) -> Result<Self, MessageRefused> {
        if member.value.is_some() {
            return Err(MessageRefused::MalformedHeader(super::SIGNATURE_INPUT));
        }
        let mut components = Vec::with_capacity(member.items.len());
        for item in &member.items {
            let component = component(item)?;
            if components.contains(&component) {
                return Err(MessageRefused::MalformedHeader(super::SIGNATURE_INPUT));
            }
            components.push(component);
        }
        let mut params = Params::default();
        let mut text = String::with_capacity(256);
        write_components(&mut text, &components);
        for (key, value) in &member.params.list {
            params.take(key, value)?;
            // Writing to a `String` does not fail.
            let _ = match value {
                Value::Integer(number) => write!(text, ";{key}={number}"),
                Value::Text(value) => {
                    write!(text, ";{key}=").and_then(|()| write_text(&mut text, value))
                }
                Value::Bytes(_) | Value::Other => Ok(()),
            };
        }
        Ok(Self { components, params, text })
    }
}

impl<'m> Params<'m> {
    /// Takes a parameter of the right type.
    fn take(&mut self, key: &str, value: &'m Value<'_>) -> Result<(), MessageRefused> {
        let malformed = MessageRefused::MalformedHeader(super::SIGNATURE_INPUT);
        let place = match (key, value) {
            ("created", Value::Integer(at)) => {
                self.created = Some(u64::try_from(*at).map_err(|_| malformed)?);
                return Ok(());
            }
            ("expires", Value::Integer(at)) => {
                self.expires = Some(u64::try_from(*at).map_err(|_| malformed)?);
                return Ok(());
            }
            ("nonce", _) => &mut self.nonce,
            ("alg", _) => &mut self.alg,
            ("keyid", _) => &mut self.keyid,
            ("tag", _) => &mut self.tag,
            ("created" | "expires", _) => return Err(malformed),
            _ => return Err(MessageRefused::UnsupportedParameter),
        };
        let Value::Text(text) = value else { return Err(malformed) };
        *place = Some(text);
        Ok(())
    }
}

impl fmt::Display for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, at) in [("created", self.created), ("expires", self.expires)] {
            if let Some(at) = at {
                write!(f, ";{key}={at}")?;
            }
        }
        let texts =
            [("nonce", self.nonce), ("alg", self.alg), ("keyid", self.keyid), ("tag", self.tag)];
        for (key, text) in texts {
            if let Some(text) = text {
                write!(f, ";{key}=")?;
                write_text(f, text)?;
            }
        }
        Ok(())
    }
}

fn component(item: &Item<'_>) -> Result<Component, MessageRefused> {
    let Some(Value::Text(text)) = &item.value else {
        return Err(MessageRefused::MalformedHeader(super::SIGNATURE_INPUT));
    };
    let name = match &*item.params.list {
        [] => None,
        [("name", Value::Text(name))] => Some(&**name),
        _ => return Err(MessageRefused::UnsupportedComponent),
    };
    Component::from_wire(text, name).ok_or(MessageRefused::UnsupportedComponent)
}

/// Writes the inner list of identifiers.
pub(super) fn write_components(text: &mut String, components: &[Component]) {
    text.push('(');
    for (at, component) in components.iter().enumerate() {
        let space = if at == 0 { "" } else { " " };
        // Writing to a `String` does not fail.
        let _ = write!(text, "{space}{component}");
    }
    text.push(')');
}

/// Writes a string of structured fields (RFC 9651 section 4.1.6). The text is visible ASCII and spaces.
pub(super) fn write_text(f: &mut impl fmt::Write, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for letter in text.chars() {
        if matches!(letter, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(letter)?;
    }
    f.write_char('"')
}
