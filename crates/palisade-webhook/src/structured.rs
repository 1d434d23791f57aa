//! Dictionaries of structured fields (RFC 9651), read more strictly than the RFC demands.
//!
//! The RFC lets the last of equal keys win, and reads base64 without padding or with stray bits at its end.
//! Where two programs read one header, the second may take the first of equal keys: such a header is refused
//! here, and so is base64 in any but its one form.

use std::borrow::Cow;
use std::convert::Infallible;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sfv::visitor::{
    DictionaryVisitor, EntryVisitor, InnerListVisitor, ItemVisitor, ParameterVisitor,
};
use sfv::{BareItemFromInput, KeyRef, Parser};

/// The longest header that is read, in bytes: sixteen signatures with what they cover fit.
pub(crate) const MAX_HEADER: usize = 8 * 1024;

/// The most items of an inner list, and the most parameters of anything.
pub(crate) const MAX_ITEMS: usize = 32;

/// What is wrong with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Missing,
    Twice,
    TooLong,
    Malformed,
    TooManyMembers,
}

/// A member of a dictionary: a value or an inner list, with parameters.
#[derive(Debug)]
pub(crate) struct Member<'v> {
    pub(crate) key: &'v str,
    /// `None`: an inner list.
    pub(crate) value: Option<Value<'v>>,
    pub(crate) items: Vec<Item<'v>>,
    pub(crate) params: Params<'v>,
    too_many_items: bool,
}

/// An item of an inner list.
#[derive(Debug, Default)]
pub(crate) struct Item<'v> {
    pub(crate) value: Option<Value<'v>>,
    pub(crate) params: Params<'v>,
}

/// Parameters, in their order.
#[derive(Debug, Default)]
pub(crate) struct Params<'v> {
    pub(crate) list: Vec<(&'v str, Value<'v>)>,
    unsound: bool,
}

#[derive(Debug)]
pub(crate) enum Value<'v> {
    Bytes(Vec<u8>),
    Integer(i64),
    Text(Cow<'v, str>),
    Other,
}

/// The one value of a header, without the white space that HTTP allows around it (RFC 9110 section 5.5).
pub(crate) fn one_value<'h, H: crate::Headers + ?Sized>(
    headers: &'h H,
    name: &'h str,
) -> Result<&'h [u8], Fault> {
    let mut values = headers.values(name);
    let value = values.next().ok_or(Fault::Missing)?;
    if values.next().is_some() {
        return Err(Fault::Twice);
    }
    if value.len() > MAX_HEADER { Err(Fault::TooLong) } else { Ok(trim(value)) }
}

/// Without spaces and tabs at the ends.
pub(crate) fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Reads a dictionary of at most `max` members.
pub(crate) fn dictionary(header: &[u8], max: usize) -> Result<Vec<Member<'_>>, Fault> {
    let visitor = Collect { members: Vec::new(), max, fault: None };
    let members = match Parser::new(header).parse_dictionary_with_visitor(visitor) {
        Ok(members) => members?,
        Err(_) => return Err(Fault::Malformed),
    };
    if members.iter().all(|member| member.is_sound(header)) {
        Ok(members)
    } else {
        Err(Fault::Malformed)
    }
}

impl Member<'_> {
    fn is_sound(&self, header: &[u8]) -> bool {
        let canonical = match &self.value {
            Some(Value::Bytes(bytes)) => {
                let written = format!("=:{}:", BASE64_STANDARD.encode(bytes));
                self.after_key(header).is_some_and(|rest| rest.starts_with(written.as_bytes()))
            }
            _ => true,
        };
        canonical
            && !self.too_many_items
            && !self.params.unsound
            && !self.items.iter().any(|item| item.params.unsound)
    }

    /// The header from behind the key on: the parser tells no places, but the key is a part of the header.
    fn after_key<'h>(&self, header: &'h [u8]) -> Option<&'h [u8]> {
        let at = self.key.as_ptr().addr().checked_sub(header.as_ptr().addr())?;
        header.get(at.checked_add(self.key.len())?..)
    }
}

struct Collect<'v> {
    members: Vec<Member<'v>>,
    max: usize,
    fault: Option<Fault>,
}

impl<'v> DictionaryVisitor<'v> for Collect<'v> {
    type Out = Result<Vec<Member<'v>>, Fault>;
    type Error = Infallible;

    fn entry(&mut self, key: &'v KeyRef) -> Result<impl EntryVisitor<'v>, Infallible> {
        let key = key.as_str();
        if self.members.len() == self.max {
            self.fault.get_or_insert(Fault::TooManyMembers);
            return Ok(None);
        }
        if self.members.iter().any(|member| member.key == key) {
            self.fault.get_or_insert(Fault::Malformed);
        }
        self.members.push(Member {
            key,
            value: None,
            items: Vec::new(),
            params: Params::default(),
            too_many_items: false,
        });
        Ok(self.members.last_mut())
    }

    fn finish(self) -> Result<Self::Out, Infallible> {
        Ok(self.fault.map_or(Ok(self.members), Err))
    }
}

impl<'v> EntryVisitor<'v> for &mut Member<'v> {
    type Error = Infallible;

    fn item(self) -> Result<impl ItemVisitor<'v>, Infallible> {
        Ok(self)
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'v>, Infallible> {
        Ok(self)
    }
}

impl<'v> ItemVisitor<'v> for &mut Member<'v> {
    type Out = ();
    type Error = Infallible;

    fn bare_item(
        self,
        item: BareItemFromInput<'v>,
    ) -> Result<impl ParameterVisitor<'v, Out = ()>, Infallible> {
        self.value = Some(item.into());
        Ok(&mut self.params)
    }
}

impl<'v> InnerListVisitor<'v> for &mut Member<'v> {
    type Error = Infallible;

    fn item(&mut self) -> Result<impl ItemVisitor<'v>, Infallible> {
        if self.items.len() == MAX_ITEMS {
            self.too_many_items = true;
            return Ok(None);
        }
        self.items.push(Item::default());
        Ok(self.items.last_mut())
    }

    fn finish(self) -> Result<impl ParameterVisitor<'v>, Infallible> {
        Ok(&mut self.params)
    }
}

impl<'v> ItemVisitor<'v> for &mut Item<'v> {
    type Out = ();
    type Error = Infallible;

    fn bare_item(
        self,
        item: BareItemFromInput<'v>,
    ) -> Result<impl ParameterVisitor<'v, Out = ()>, Infallible> {
        self.value = Some(item.into());
        Ok(&mut self.params)
    }
}

impl<'v> ParameterVisitor<'v> for &mut Params<'v> {
    type Out = ();
    type Error = Infallible;

    fn parameter(
        &mut self,
        key: &'v KeyRef,
        value: BareItemFromInput<'v>,
    ) -> Result<(), Infallible> {
        let key = key.as_str();
        if self.list.len() == MAX_ITEMS || self.list.iter().any(|(known, _)| *known == key) {
            self.unsound = true;
        } else {
            self.list.push((key, value.into()));
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl<'v> From<BareItemFromInput<'v>> for Value<'v> {
    fn from(item: BareItemFromInput<'v>) -> Self {
        match item {
            BareItemFromInput::ByteSequence(bytes) => Self::Bytes(bytes),
            BareItemFromInput::Integer(number) => Self::Integer(number.into()),
            BareItemFromInput::String(Cow::Borrowed(text)) => {
                Self::Text(Cow::Borrowed(text.as_str()))
            }
            BareItemFromInput::String(Cow::Owned(text)) => {
                Self::Text(Cow::Owned(text.as_str().to_owned()))
            }
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_with_their_parameters() {
        let members =
            dictionary(br#"a=:AAE=:, b=("x" "y";name="\"z");created=7;q=tok"#, 2).unwrap();
        let [a, b] = &*members else { panic!("two members") };
        assert!(matches!(&a.value, Some(Value::Bytes(bytes)) if bytes == &[0, 1]));
        assert!(b.value.is_none());
        let [_, y] = &*b.items else { panic!("two items") };
        assert!(matches!(&y.params.list[..], [("name", Value::Text(text))] if text == "\"z"));
        assert!(matches!(
            &b.params.list[..],
            [("created", Value::Integer(7)), ("q", Value::Other)]
        ));
    }

    #[test]
    fn two_readings_of_one_header_are_refused() {
        for header in [
            "a=:AAE=:, a=:AAE=:",
            "a=:AAE:",
            "a=:AAF=:",
            "a=:AA E=:",
            "a=:AAF=:, b=:AAE=:",
            r#"a=:AAF=:;p="a=:AAE=:""#,
            r#"a=("x");created=1;created=2"#,
            r#"a=("x";name="1";name="2")"#,
            "a=:AAE=:,",
            "a=:AAE=",
            "A=:AAE=:",
            "a=:AAE=:\r\n",
            "a=:AAE=: b",
            "\u{e4}=1",
        ] {
            assert!(matches!(dictionary(header.as_bytes(), 4), Err(Fault::Malformed)), "{header}");
        }
        assert!(matches!(dictionary(b"a=1, b=1, c=1", 2), Err(Fault::TooManyMembers)));
        let list = format!("a=({})", r#""x" "#.repeat(MAX_ITEMS + 1));
        assert!(matches!(dictionary(list.as_bytes(), 2), Err(Fault::Malformed)));
    }
}
