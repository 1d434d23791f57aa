//! The members of a JSON object as they stand there, also one that stands twice.

mod twice;

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde_json::Value;

pub(super) struct Members(pub(super) Vec<Member>);

pub(super) struct Member {
    pub(super) name: String,
    /// Of what stands twice in it, it has the last.
    pub(super) value: Value,
    /// Names that stand twice in one object of the value.
    pub(super) twice_inside: Vec<String>,
}

impl Members {
    /// The members, or nothing when this is no JSON object.
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        let Pairs(pairs) = serde_json::from_slice(json).ok()?;
        let mut twice = twice::in_each_member(json)?.into_iter();
        let member = |(name, value)| {
            let twice_inside = twice.next().unwrap_or_default();
            Member { name, value, twice_inside }
        };
        Some(Self(pairs.into_iter().map(member).collect()))
    }

    /// Whether an earlier member has the name of this one.
    pub(super) fn is_repeated(&self, index: usize) -> bool {
        self.0[..index].iter().any(|earlier| earlier.name == self.0[index].name)
    }

    /// The names that stand more than once in one object, this one or one inside.
    pub(super) fn twice(&self) -> impl Iterator<Item = &str> {
        self.0.iter().enumerate().flat_map(|(index, member)| {
            let own = self.is_repeated(index).then_some(&member.name);
            own.into_iter().chain(&member.twice_inside).map(String::as_str)
        })
    }
}

/// As an object. Of what stands twice it has the first; [`Members::twice`] names it.
impl serde::Serialize for Members {
    fn serialize<S: serde::Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        let once = self.0.iter().enumerate().filter(|(index, _)| !self.is_repeated(*index));
        output.collect_map(once.map(|(_, member)| (&member.name, &member.value)))
    }
}

struct Pairs(Vec<(String, Value)>);

impl<'j> serde::Deserialize<'j> for Pairs {
    fn deserialize<D: serde::Deserializer<'j>>(input: D) -> Result<Self, D::Error> {
        struct PairsVisitor;

        impl<'j> Visitor<'j> for PairsVisitor {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        input.deserialize_map(PairsVisitor)
    }
}
